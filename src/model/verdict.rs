//! Verdicts, severities and counts: the six answers, their order of trouble, and nothing about how they are
//! reached.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of a resource, check or control. The order is the roll-up's: worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Verdict {
    /// Evidence shows that the demand is not fulfilled.
    #[serde(rename = "not met")]
    NotMet,
    /// Data that the answer needs was not read.
    #[serde(rename = "not evidenced")]
    NotEvidenced,
    /// Not fulfilled, and covered by an unexpired, approved exception.
    #[serde(rename = "accepted")]
    Accepted,
    /// A person's dated statement; no machine evidence.
    #[serde(rename = "attested")]
    Attested,
    /// Evidence shows that the demand is fulfilled.
    #[serde(rename = "met")]
    Met,
    /// The population was read and is empty.
    #[serde(rename = "not applicable")]
    NotApplicable,
}

impl Verdict {
    pub const ALL: [Verdict; 6] = [
        Verdict::NotMet,
        Verdict::NotEvidenced,
        Verdict::Accepted,
        Verdict::Attested,
        Verdict::Met,
        Verdict::NotApplicable,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::NotMet => "not met",
            Verdict::NotEvidenced => "not evidenced",
            Verdict::Accepted => "accepted",
            Verdict::Attested => "attested",
            Verdict::Met => "met",
            Verdict::NotApplicable => "not applicable",
        }
    }

    /// The worst of several; `NotApplicable` only if all are, and for none at all.
    pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        verdicts.into_iter().min().unwrap_or(Verdict::NotApplicable)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Verdict::ALL
            .into_iter()
            .find(|v| v.as_str() == text)
            .ok_or_else(|| format!("unknown verdict `{text}`"))
    }
}

/// How much a failure matters. The order is from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many of each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub not_met: u64,
    pub not_evidenced: u64,
    pub accepted: u64,
    pub attested: u64,
    pub met: u64,
    pub not_applicable: u64,
}

impl Counts {
    pub fn add(&mut self, verdict: Verdict, n: u64) {
        *self.slot(verdict) += n;
    }

    pub fn of(&self, verdict: Verdict) -> u64 {
        *self.clone().slot(verdict)
    }

    pub fn total(&self) -> u64 {
        Verdict::ALL.into_iter().map(|v| self.of(v)).sum()
    }

    pub fn merge(&mut self, other: &Counts) {
        for verdict in Verdict::ALL {
            self.add(verdict, other.of(verdict));
        }
    }

    /// The worst verdict that occurs; `NotApplicable` if none does.
    pub fn worst(&self) -> Verdict {
        Verdict::worst(Verdict::ALL.into_iter().filter(|v| self.of(*v) > 0))
    }

    fn slot(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::NotMet => &mut self.not_met,
            Verdict::NotEvidenced => &mut self.not_evidenced,
            Verdict::Accepted => &mut self.accepted,
            Verdict::Attested => &mut self.attested,
            Verdict::Met => &mut self.met,
            Verdict::NotApplicable => &mut self.not_applicable,
        }
    }
}

impl FromIterator<Verdict> for Counts {
    fn from_iter<I: IntoIterator<Item = Verdict>>(verdicts: I) -> Self {
        let mut counts = Counts::default();
        verdicts.into_iter().for_each(|v| counts.add(v, 1));
        counts
    }
}
