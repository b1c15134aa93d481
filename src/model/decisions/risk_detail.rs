//! What a risk says beyond its score and its plan: after NIST SP 800-30 and what OCR asks to see. All of it
//! is optional.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::shapes;

/// Shared by decisions on findings and by the risks that people name themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RiskDetail {
    /// `adversarial`, `accidental`, `structural` or `environmental` (SP 800-30, appendix D).
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::ThreatSource")]
    pub threat_source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub threat_event: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vulnerability: String,
    /// What already stands against it, each with its evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// Without any measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherent: Option<RiskScore>,
    /// Once the plan is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<RiskScore>,
    /// How well it is known: `low`, `moderate` or `high`.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::HowKnown")]
    pub confidence: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RiskStep>,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::DateOrNothing")]
    pub last_reviewed: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::DateOrNothing")]
    pub next_review: String,
    /// Suggestions from the incident-response plan (`R-` and six digits) that this risk is about too: the
    /// register lists it once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shapes::SuggestionId>")]
    pub in_place_of: Vec<String>,
    /// What happened to it, oldest first; the commands add to it and take nothing away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<RiskEvent>,
}

impl RiskDetail {
    pub fn is_empty(&self) -> bool {
        *self == RiskDetail::default()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub measure: String,
    #[serde(default)]
    pub evidence: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskScore {
    #[schemars(with = "shapes::Scale")]
    pub likelihood: String,
    #[schemars(with = "shapes::Scale")]
    pub impact: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskStep {
    pub action: String,
    #[serde(default)]
    pub owner: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub due: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub done: String,
    /// The run, or the document, in which it was seen.
    #[serde(default)]
    pub proof: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskEvent {
    #[schemars(with = "shapes::Date")]
    pub on: String,
    pub by: String,
    pub what: String,
}

/// A named person closes a risk, and says what it was seen closed by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskClosure {
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Words")]
    pub reason: String,
    #[serde(default)]
    pub run: String,
}
