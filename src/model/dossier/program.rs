//! The parts of the dossier that people decide: the risk register and the incident-response plan.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::response::ResponseEnvironment;
use crate::model::decisions::RiskDetail;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RiskRegister {
    /// How levels were reached, with the scale's name.
    pub method: String,
    pub rows: Vec<RiskReport>,
    /// Levels low to high: `very low`, `low`, `moderate`, `high`, `very high`.
    pub scale: Vec<String>,
    /// Ids by `likelihood` then `impact` (keys are levels of `scale`).
    pub heat: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    pub lint: Vec<String>,
    /// The end of the earliest run that first and last days of resources rest on; empty where only this run
    /// was looked at.
    #[serde(default)]
    pub seen_from: String,
    /// OCR's nine elements of a risk analysis, in their order.
    #[serde(default)]
    pub elements: Vec<AnalysisElement>,
    /// The analysis before this one beside this, in words; or that none was supplied.
    #[serde(default)]
    pub before: String,
}

/// One of the nine elements that OCR's guidance of July 2010 asks of a risk analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisElement {
    pub number: u64,
    pub name: String,
    /// `supplied`, `in part` or `none supplied`: whether it is here, not whether it suffices.
    pub state: String,
    pub words: String,
    /// The chapter in which it stands.
    pub anchor: String,
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RiskReport {
    /// `R-` and six hexadecimal digits, stable across runs.
    pub id: String,
    pub title: String,
    /// `open`, `in treatment`, `accepted`, `closed`, `reopened`, `remediation observed`.
    pub status: String,
    /// `finding` (from results), `disagreement` (AWS Config contradicts a verdict), `contradiction` (evidence
    /// against what people stated), `not assessed` (from gaps), `program` (named by people), `agreement`,
    /// `plan` or `attestation` (from what people have not signed, written or said).
    pub origin: String,
    pub control: Option<String>,
    pub citations: Vec<String>,
    pub account: String,
    /// What a decision matches: a type of AWS Config, or `SERVICE setting` where no item told the type.
    pub asset_class: String,
    /// What people call that: `EBS snapshot`.
    #[serde(default)]
    pub kind: String,
    pub resources: u64,
    pub examples: Vec<String>,
    /// Its resources, those of earlier runs included, ordered by name; what was there at last comes first. At
    /// most as many as an assessment names.
    #[serde(default)]
    pub members: Vec<RiskMember>,
    pub likelihood: String,
    pub impact: String,
    pub level: String,
    pub rationale: String,
    /// Scores are suggestions until a named person confirms them.
    pub suggested: bool,
    /// Who confirmed them and when; empty where nobody did.
    #[serde(default)]
    pub confirmed: String,
    pub owner: String,
    pub treatment: String,
    pub plan: String,
    pub due: String,
    pub acceptance: Option<Acceptance>,
    /// Where the decision stands in `program/risks.yaml`: its place in `entries`, or in `own` for those of
    /// the program.
    #[serde(default)]
    pub entry: Option<u64>,
    #[serde(default)]
    pub phi: Option<bool>,
    /// Threat, measures, scores before and after, steps, reviews and history, as people wrote them.
    #[serde(default)]
    pub decided: RiskDetail,
}

/// A resource of a risk, and in which runs of the chain it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskMember {
    pub resource: String,
    /// The end of the first run that shows it; empty where that is not known.
    pub first_seen: String,
    /// The end of the last run that shows it.
    pub last_seen: String,
    /// Whether the run of this register shows it.
    pub here: bool,
}

impl RiskReport {
    /// How many of its resources are counted and not named.
    pub fn unnamed(&self) -> u64 {
        self.resources.saturating_sub(self.members.iter().filter(|member| member.here).count() as u64)
    }

    /// Whether somebody has to do something about it: nobody accepted or closed it, and it was not seen
    /// mended.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "open" | "in treatment" | "reopened")
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Acceptance {
    pub approver: String,
    pub reason: String,
    pub accepted: String,
    pub expires: String,
    pub expired: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IncidentResponse {
    pub present: bool,
    pub title: String,
    pub version: String,
    pub owner: String,
    pub approved_by: String,
    pub approved_at: String,
    pub next_review: String,
    pub scope: String,
    pub roles: Vec<IncidentRole>,
    pub severities: Vec<IncidentSeverity>,
    pub clocks: Vec<NotificationClock>,
    pub escalation: Vec<Escalation>,
    pub playbooks: Vec<Playbook>,
    pub preservation: Vec<String>,
    pub drills: Vec<Drill>,
    /// What the plan still lacks: placeholders, roles without names, drills overdue.
    pub missing: Vec<String>,
    /// What it finds in the environment of the run.
    #[serde(default)]
    pub environment: ResponseEnvironment,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IncidentRole {
    pub role: String,
    pub name: String,
    pub deputy: String,
    pub contact: String,
    pub out_of_band: String,
    pub tested: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IncidentSeverity {
    pub level: String,
    pub criteria: String,
    pub examples: String,
    pub respond: String,
    pub escalate: String,
    pub breach_clock: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotificationClock {
    pub who: String,
    pub by: String,
    /// Days from discovery; fractional for hours. None where the deadline is a calendar rule.
    pub days: Option<f64>,
    pub words: String,
    /// Citation or contract.
    pub source: String,
    /// `law` or `contract` or `policy`.
    pub basis: String,
    /// Whether this clock binds the organisation in its role.
    pub binds: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Escalation {
    pub from: String,
    pub to: String,
    pub minutes: u64,
    pub channel: String,
    pub fallback: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Playbook {
    pub name: String,
    pub trigger: String,
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Drill {
    pub id: String,
    pub date: String,
    pub scenario: String,
    pub plan_version: String,
    pub participants: u64,
    pub outcome: String,
    /// Exhibits.
    pub evidence: Vec<String>,
    /// Documents that the record cites and the run does not hold, by path.
    #[serde(default)]
    pub absent: Vec<String>,
}
