//! Operating records as the reports show them, and the log of what is withheld.

use serde::{Deserialize, Serialize};

/// Something that was done on a day, from `program/records.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordReport {
    pub kind: String,
    pub citation: String,
    pub title: String,
    pub on: String,
    pub by: String,
    pub population: String,
    pub result: String,
    /// The day by which it is due again; empty where it is done once.
    pub due: String,
    pub overdue: bool,
    pub evidence: Vec<String>,
}

/// A document that exists and is kept out of the package.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WithheldItem {
    pub title: String,
    pub on: String,
    pub basis: String,
}
