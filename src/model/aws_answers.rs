//! What AWS itself answered to a compliance inquiry of AWS Artifact, quoted: it speaks for the half that AWS
//! owns, and changes no answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One file of such answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsQuotes {
    /// The file's name, without folders.
    pub file: String,
    pub sha256: String,
    pub quotes: Vec<AwsQuote>,
    /// Queries without an answer, or with one that is not finished.
    pub unanswered: u64,
}

/// A question to AWS with its answer, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwsQuote {
    /// AWS's number of the query.
    pub number: u64,
    pub query: String,
    pub response: String,
    /// `AI`, or `HUMAN` where a person of AWS reviewed it; empty where AWS does not say.
    pub review: String,
    /// The day of the query; empty where AWS gives none.
    pub on: String,
    /// The sources that AWS names.
    pub citations: Vec<String>,
}
