//! The crosswalk of the dossier: each standard of the Security Rule with what is shown for it, and rules that
//! are proposed.

use serde::{Deserialize, Serialize};

use crate::model::verdict::Verdict;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CrosswalkRow {
    pub citation: String,
    pub title: String,
    /// `administrative`, `physical`, `technical`, `organizational`, `documentation`.
    pub family: String,
    /// `standard`, `required`, `addressable`.
    pub status: String,
    pub paraphrase: String,
    /// How evidence can exist: `configuration`, `document`, `attestation`, `inherited`, `not applicable`;
    /// main source first.
    pub modes: Vec<String>,
    pub controls: Vec<CrosswalkControl>,
    /// The worst verdict of its controls, where configuration is the main source; none where documents or
    /// people answer.
    pub verdict: Option<Verdict>,
    /// Exhibits of the policy or procedure, of what shows that it is carried out, and of its last review.
    #[serde(default)]
    pub policy: Vec<String>,
    #[serde(default)]
    pub implementation: Vec<String>,
    #[serde(default)]
    pub review: Vec<String>,
    pub evidence: String,
    pub missing: String,
    /// SP 800-53 r5 controls by NIST's own mapping in SP 800-66 r2, and those that the catalog adds.
    pub nist: Vec<String>,
    #[serde(default)]
    pub nist_added: Vec<String>,
    /// Who answers for it: `customer`, `AWS data centers` ...
    pub responsibility: String,
    /// AWS's audit reports that carry it, each with the place to look.
    pub reports: Vec<String>,
}

/// A proposed rule beside the law of today.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProposalReport {
    pub title: String,
    /// `not law`.
    pub status: String,
    pub source: String,
    pub note: String,
    /// Only rows that would change.
    pub rows: Vec<ProposalLine>,
    /// How many rows would stay as they are.
    pub kept: u64,
    pub also: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProposalLine {
    pub citation: String,
    pub title: String,
    /// `standard`, `required` or `addressable`: today's law.
    pub today: String,
    pub would: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CrosswalkControl {
    pub number: u32,
    pub id: String,
    pub verdict: Verdict,
}
