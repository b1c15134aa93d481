//! A control of the dossier: its citations, its checks with their rows, and what people attest.

use serde::{Deserialize, Serialize};

use super::TallyResult;
use crate::model::verdict::{Counts, Severity, Verdict};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ControlReport {
    /// 1 to 10.
    pub number: u32,
    pub id: String,
    pub title: String,
    /// One sentence: what the control demands.
    pub demand: String,
    /// What of that is law.
    pub law: String,
    /// What of that is policy beyond the rule.
    pub policy: String,
    /// The AWS mechanism.
    pub mechanism: String,
    pub citations: Vec<CitationReport>,
    pub verdict: Verdict,
    /// Result rows of all its checks, by verdict.
    pub counts: Counts,
    pub check_counts: Counts,
    #[serde(default)]
    pub tallies: Vec<TallyResult>,
    pub as_of: String,
    pub parameters: Vec<ParameterReport>,
    /// In order of trouble: worst verdict first, then severity.
    pub checks: Vec<CheckReport>,
    pub attestations: Vec<AttestationReport>,
    /// What only a person can say and nobody has said yet.
    pub unattested: Vec<String>,
    pub alternatives: Vec<Alternative>,
    /// A note where a required specification is accepted as a risk but stays `not met`, and the like.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CitationReport {
    /// `164.312(a)(2)(iv)`.
    pub citation: String,
    pub title: String,
    /// `standard`, `required`, `addressable`.
    pub status: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ParameterReport {
    pub name: String,
    pub value: String,
    pub unit: String,
    pub why: String,
    /// True when `affiant.yaml` changed the catalog's default.
    pub changed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckReport {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub why: String,
    pub fix: String,
    pub verdict: Verdict,
    pub counts: Counts,
    /// Rows judged (excluded ones not counted).
    pub population: u64,
    pub excluded: u64,
    /// Worst first; at most `limits.html_rows`.
    pub rows: Vec<ResultRow>,
    pub rows_total: u64,
    /// Why evidence is missing, in words; empty if nothing is.
    pub gaps: Vec<String>,
    /// References into `evidence`.
    pub evidence: Vec<String>,
    pub corroboration: Vec<Corroboration>,
    pub tables: Vec<String>,
    pub sql: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ResultRow {
    pub resource: String,
    /// A short name for people: the last part of the ARN, or its Name tag.
    pub name: String,
    pub account: String,
    pub region: String,
    pub verdict: Verdict,
    pub reason: String,
    /// `AWS::RDS::DBInstance`; empty where no item stands behind the row.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asset_class: String,
    /// Where the row has none of its own, the check's.
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Corroboration {
    /// AWS Config managed rule.
    pub rule: String,
    /// `agrees`, `disagrees`, `nothing to compare`, `other parameters`, `not deployed`, `not collected`.
    pub state: String,
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttestationReport {
    pub id: String,
    pub control: String,
    pub statement: String,
    pub by: String,
    pub role: String,
    pub on: String,
    pub valid_until: String,
    pub expired: bool,
    /// Exhibits of the documents that the statement cites; a path where the run does not hold one.
    #[serde(default)]
    pub evidence: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next_review: String,
    /// Who signed it, or that it was changed since; empty for one that is typed and not signed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signed: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// What the signatures of a statement say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementStanding {
    /// Whether the statement is what was signed.
    pub holds: bool,
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alternative {
    pub citation: String,
    pub why_not: String,
    pub measure: String,
    pub approver: String,
    pub date: String,
}
