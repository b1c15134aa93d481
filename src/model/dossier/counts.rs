//! Counts that an assessment makes and a dossier shows: tallies of one question, and kinds of resources that
//! no check reads.

use serde::{Deserialize, Serialize};

use crate::model::verdict::{Counts, Verdict};

/// What lies in the evidence and no table of the catalog reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadKind {
    /// A resource type, or `service:Operation`.
    pub source: String,
    /// By the catalog's kinds; `answer` of an operation, empty of a type that they do not name.
    pub nature: String,
    pub items: u64,
    pub phi: u64,
}

/// Checks of a control that answer one question, counted by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyResult {
    pub name: String,
    pub about: String,
    /// The worst of its checks; `not applicable` only if all are.
    pub verdict: Verdict,
    /// Result rows by verdict.
    pub counts: Counts,
    pub check_counts: Counts,
}
