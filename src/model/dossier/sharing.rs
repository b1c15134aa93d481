//! What a shareable edition says of itself: for whom it was made, what was replaced in it, and what was left
//! out.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// Whose pseudonyms these are; another audience gets others.
    pub audience: String,
    /// Whose copy this is; empty where nobody was named.
    pub recipient: String,
    /// The day on which the edition was made.
    pub date: String,
    /// One sentence: what cannot be derived again from it.
    pub words: String,
    pub removals: Vec<Removal>,
    pub left_out: Vec<String>,
}

/// How much of a kind was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// The beginning of its pseudonyms: `acct`, `name` ...
    pub kind: String,
    pub what: String,
    /// How many places.
    pub places: u64,
    /// How many different originals.
    pub originals: u64,
}
