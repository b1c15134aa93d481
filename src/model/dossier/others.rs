//! What other programs found, as the dossier carries it from an earlier import.

use serde::{Deserialize, Serialize};

/// One `affiant import --keep`: findings of other programs beside an earlier package. It bears on no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherFindings {
    /// The exhibit that holds all of it.
    pub evidence: Vec<String>,
    /// The package that they were set beside, and the time it speaks for.
    pub package: String,
    pub as_of: String,
    pub products: Vec<String>,
    pub agrees: u64,
    pub disagrees: u64,
    pub not_comparable: u64,
    /// Those that disagree, at most [`OTHERS`].
    pub rows: Vec<OtherDisagreement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherDisagreement {
    pub check: String,
    pub resource: String,
    /// Our verdict then.
    pub ours: String,
    pub theirs: String,
    pub product: String,
}

/// How many disagreements of one import are told; the exhibit has all.
pub const OTHERS: usize = 10;
