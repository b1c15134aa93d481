//! Operating records: that something was done on a day by somebody, over which population, and how often it
//! is due. A privileged one stays out of every package; a log tells that it exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::shapes;

/// `program/records.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingRecords {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.records/1"))]
    pub format: String,
    #[serde(default)]
    pub records: Vec<OperatingRecord>,
}

impl OperatingRecords {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The newest record of each kind, with what it is about.
    pub fn newest(&self) -> impl Iterator<Item = &OperatingRecord> {
        let later = |a: &OperatingRecord, b: &OperatingRecord| a.same_series(b) && a.on > b.on;
        self.records.iter().filter(move |r| !self.records.iter().any(|other| later(other, r)))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatingRecord {
    pub kind: RecordKind,
    /// What was done; records of one kind and title are one series.
    #[schemars(with = "shapes::Words")]
    pub title: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    /// Who did it or reviewed it, by name.
    #[schemars(with = "shapes::Words")]
    pub by: String,
    /// Over what: 13 weeks, 41 people, all databases.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub population: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub result: String,
    /// How often it is due, in days; nothing: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3660), extend("examples" = [92]))]
    pub every_days: Option<u32>,
    /// A file in `documents/`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Digest>")]
    pub sha256: Option<Digest>,
    /// Kept out of every package.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub privileged: bool,
    /// On what the privilege rests.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub basis: String,
}

impl OperatingRecord {
    pub fn same_series(&self, other: &OperatingRecord) -> bool {
        self.kind == other.kind && self.title.eq_ignore_ascii_case(&other.title)
    }

    /// The day by which it is due again.
    pub fn due(&self) -> Option<chrono::NaiveDate> {
        let on = chrono::NaiveDate::parse_from_str(&self.on, "%Y-%m-%d").ok()?;
        on.checked_add_days(chrono::Days::new(u64::from(self.every_days?)))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    AccessReview,
    LogReview,
    Training,
    Leavers,
    Sanctions,
    PenetrationTest,
    ContingencyTest,
    RestoreTest,
    Incident,
    BreachLog,
    PolicyReview,
    Evaluation,
}

impl RecordKind {
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::AccessReview => "access review",
            RecordKind::LogReview => "log review",
            RecordKind::Training => "training",
            RecordKind::Leavers => "leavers",
            RecordKind::Sanctions => "sanctions",
            RecordKind::PenetrationTest => "penetration test",
            RecordKind::ContingencyTest => "contingency test",
            RecordKind::RestoreTest => "restore test",
            RecordKind::Incident => "incident",
            RecordKind::BreachLog => "breaches under 500",
            RecordKind::PolicyReview => "policy review",
            RecordKind::Evaluation => "evaluation",
        }
    }

    /// What of the Security or Breach Notification Rule asks for it.
    pub fn citation(self) -> &'static str {
        match self {
            RecordKind::AccessReview => "164.308(a)(4)(ii)(C)",
            RecordKind::LogReview => "164.308(a)(1)(ii)(D)",
            RecordKind::Training => "164.308(a)(5)(i)",
            RecordKind::Leavers => "164.308(a)(3)(ii)(C)",
            RecordKind::Sanctions => "164.308(a)(1)(ii)(C)",
            RecordKind::PenetrationTest | RecordKind::Evaluation => "164.308(a)(8)",
            RecordKind::ContingencyTest | RecordKind::RestoreTest => "164.308(a)(7)(ii)(D)",
            RecordKind::Incident => "164.308(a)(6)(ii)",
            RecordKind::BreachLog => "164.408(c)",
            RecordKind::PolicyReview => "164.316(b)(2)(iii)",
        }
    }
}
