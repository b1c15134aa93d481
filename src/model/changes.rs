//! What changed between two assessments: rows, checks and controls by class, and what in the configuration
//! lies behind a row. Pure data; `program::changes` compares.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assessment::Assessment;
use super::digest::Digest;
use super::verdict::{Severity, Verdict};

pub const CHANGES: &str = "affiant.changes/1";
pub const TERMS: &str = "affiant.terms/1";

/// What became of a row or a check. The order is the report's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// It was fulfilled and is not any more.
    #[serde(rename = "regressed")]
    Regressed,
    /// An acceptance covered it and does not any more.
    #[serde(rename = "expired")]
    Expired,
    /// A resource that was not there, and is not met.
    #[serde(rename = "new")]
    New,
    /// The same verdict, for another reason or on other rows.
    #[serde(rename = "drifted")]
    Drifted,
    /// The two cannot be set against each other, and why is said.
    #[serde(rename = "not comparable")]
    NotComparable,
    /// Not fulfilled, and now covered by an approved exception.
    #[serde(rename = "accepted")]
    Accepted,
    /// It was not met and is met.
    #[serde(rename = "fixed")]
    Fixed,
    /// It was not met, and the resource is not there any more.
    #[serde(rename = "gone")]
    Gone,
}

impl Class {
    pub const ALL: [Class; 8] = [
        Class::Regressed,
        Class::Expired,
        Class::New,
        Class::Drifted,
        Class::NotComparable,
        Class::Accepted,
        Class::Fixed,
        Class::Gone,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Class::Regressed => "regressed",
            Class::Expired => "expired",
            Class::New => "new",
            Class::Drifted => "drifted",
            Class::NotComparable => "not comparable",
            Class::Accepted => "accepted",
            Class::Fixed => "fixed",
            Class::Gone => "gone",
        }
    }

    /// Whether it is worse than before.
    pub fn is_worse(self) -> bool {
        match self {
            Class::Regressed | Class::Expired | Class::New => true,
            Class::Drifted | Class::NotComparable | Class::Accepted | Class::Fixed | Class::Gone => false,
        }
    }
}

/// On what terms an assessment was made: what must be alike for two to be compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub format: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// Exclusions and exceptions by their patterns, so that a row that went away can be told from one that
    /// was taken out.
    pub excluded: Vec<String>,
    pub exceptions: Vec<ExceptionTerm>,
    pub catalog: Digest,
    /// The list of HIPAA-eligible services.
    pub list: String,
    pub checks: BTreeMap<String, CheckTerms>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionTerm {
    pub check: String,
    pub resource: String,
    pub expires: String,
}

/// What decides a check: its question, and the numbers that it asks with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckTerms {
    /// SHA-256 over its SQL and that of every table below it.
    pub question: Digest,
    pub parameters: BTreeMap<String, f64>,
    /// How PHI scope is told, where the check asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phi: Option<String>,
}

/// A resource as one run holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemState {
    pub resource: String,
    pub account: String,
    pub region: String,
    pub captured_at: String,
    /// The artifact that holds it, below the run's `data/`.
    pub artifact: String,
    /// `configuration`, `supplementary` and `tags`.
    pub body: Value,
}

/// One of the two assessments, with what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedSide {
    /// What was read: a run, or a package.
    pub source: String,
    pub assessment: Assessment,
    pub terms: Terms,
    /// Items of resources whose rows changed, by resource, account and region.
    pub items: Vec<ItemState>,
}

/// Everything that a package carries of the time before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Nothing to compare with, and why.
    Nothing(String),
    Known {
        judged: Box<ComparedSide>,
        trend: Vec<TrendPoint>,
        sightings: Sightings,
    },
}

/// When each resource of each risk was seen, over the runs of the chain that were at hand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// The end of the earliest run that was looked at; empty where none was.
    pub from: String,
    /// By the id of the risk.
    pub risks: BTreeMap<String, RiskSightings>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskSightings {
    /// Whether more resources were found than are named here: of those nobody knows since when they are
    /// there.
    pub cut: bool,
    pub resources: BTreeMap<String, Sighting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The end of the first run that shows it; none where that is not known.
    pub first: Option<String>,
    /// The end of the last run that shows it.
    pub last: String,
}

/// What both outputs and data say of two assessments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    pub format: String,
    pub old: SideInfo,
    pub new: SideInfo,
    /// What differs in scope, catalog, list or parameters; empty if nothing does.
    pub terms: Vec<String>,
    /// Rows by class; every class is named.
    pub totals: BTreeMap<Class, u64>,
    /// Checks that cannot be compared as a whole.
    pub checks_not_comparable: u64,
    pub controls: Vec<ControlChange>,
    /// Checks of which something changed, worst first.
    pub checks: Vec<CheckChange>,
    pub services_new: Vec<String>,
    pub services_gone: Vec<String>,
    /// One point an assessment, oldest first, this one last.
    pub trend: Vec<TrendPoint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideInfo {
    pub source: String,
    pub run: String,
    /// SHA-256 of the run's manifest.
    pub manifest: Digest,
    pub as_of: String,
    pub catalog: Digest,
    pub resources: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlChange {
    pub number: u32,
    pub id: String,
    pub title: String,
    pub old: Option<Verdict>,
    pub new: Verdict,
    /// Rows by class; only classes that occur.
    pub counts: BTreeMap<Class, u64>,
    /// Rows that are not met, then and now.
    pub failing_old: u64,
    pub failing_new: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckChange {
    pub check: String,
    pub title: String,
    pub control: String,
    pub severity: Severity,
    /// That of the whole check.
    pub class: Class,
    pub old: Option<Verdict>,
    pub new: Option<Verdict>,
    /// Why it is not comparable; else empty.
    pub why: String,
    pub counts: BTreeMap<Class, u64>,
    /// Worst first.
    pub rows: Vec<RowChange>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowChange {
    pub class: Class,
    pub resource: String,
    pub account: String,
    pub region: String,
    pub old: Option<Verdict>,
    pub new: Option<Verdict>,
    pub reason_old: String,
    pub reason_new: String,
    /// What else is to say: an exception that ended, a region that was added.
    pub why: String,
    /// Members of its configuration that the check reads and that changed; at most [`CAUSES`].
    pub causes: Vec<Cause>,
    /// Where nothing of that is known, the reason for it.
    pub causes_words: String,
}

/// How many members of a row's configuration are shown.
pub const CAUSES: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// `configuration.publiclyAccessible`.
    pub member: String,
    /// As JSON, cut to [`VALUE`] characters; absent where there was none.
    pub before: Option<String>,
    pub after: Option<String>,
    pub artifact_before: String,
    pub artifact_after: String,
    pub captured_before: String,
    pub captured_after: String,
}

/// How many characters of a value are shown.
pub const VALUE: usize = 160;

/// What one assessment said of each control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendPoint {
    pub run: String,
    pub as_of: String,
    pub catalog: Digest,
    pub controls: Vec<TrendCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendCount {
    pub control: String,
    pub verdict: Verdict,
    pub not_met: u64,
    pub not_evidenced: u64,
    pub total: u64,
}
