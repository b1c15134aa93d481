//! What people decided about risks: `program/risks.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::risk_detail::{RiskClosure, RiskDetail};
use crate::model::citation::Citation;
use crate::model::shapes;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Risks {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.risks/1"))]
    pub format: String,
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub tolerance: String,
    /// The highest level that management tolerates without an acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Scale>")]
    pub tolerance_level: Option<String>,
    #[serde(default)]
    pub entries: Vec<RiskDecision>,
    #[serde(default)]
    pub own: Vec<OwnRisk>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskDecision {
    #[serde(rename = "match")]
    pub matches: RiskMatch,
    /// The id that the register gave the risk when somebody decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default)]
    pub title: Option<String>,
    #[schemars(with = "shapes::Words")]
    pub owner: String,
    #[schemars(with = "shapes::Treatment")]
    pub treatment: String,
    #[serde(default)]
    pub plan: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub due: String,
    #[serde(default)]
    #[schemars(with = "Option<shapes::Scale>")]
    pub likelihood: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<shapes::Scale>")]
    pub impact: Option<String>,
    #[serde(default)]
    pub rationale: String,
    #[serde(default)]
    pub confirmed_by: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<shapes::Date>")]
    pub confirmed_on: Option<String>,
    #[serde(default)]
    pub acceptance: Option<RiskAcceptance>,
    /// Who closed it, once no finding showed it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<RiskClosure>,
    #[serde(default, skip_serializing_if = "RiskDetail::is_empty")]
    pub detail: RiskDetail,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskMatch {
    #[schemars(with = "shapes::Words")]
    pub control: String,
    #[serde(default)]
    #[schemars(with = "Option<shapes::Account>")]
    pub account: Option<String>,
    #[serde(default)]
    pub asset_class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phi: Option<bool>,
    /// True: the decision is about every group that fits. Otherwise it is about one: in PHI scope before
    /// others, then the most severe.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskAcceptance {
    #[schemars(with = "shapes::Words")]
    pub approver: String,
    #[schemars(with = "shapes::Words")]
    pub reason: String,
    #[schemars(with = "shapes::Date")]
    pub accepted: String,
    #[schemars(with = "shapes::Date")]
    pub expires: String,
    /// What is done instead, in the meantime.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub compensating: String,
}

/// A risk that no finding shows: people name it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnRisk {
    #[schemars(with = "shapes::Words")]
    pub id: String,
    #[schemars(with = "shapes::Words")]
    pub title: String,
    #[serde(default)]
    pub category: String,
    #[schemars(with = "shapes::Scale")]
    pub likelihood: String,
    #[schemars(with = "shapes::Scale")]
    pub impact: String,
    #[schemars(with = "shapes::Words")]
    pub rationale: String,
    #[schemars(with = "shapes::Words")]
    pub owner: String,
    #[schemars(with = "shapes::Treatment")]
    pub treatment: String,
    #[serde(default)]
    pub plan: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub due: String,
    #[serde(default)]
    pub citations: Vec<Citation>,
    /// Who confirmed the scores; without it they stay suggestions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Date>")]
    pub confirmed_on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<RiskAcceptance>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<RiskClosure>,
    #[serde(default, skip_serializing_if = "RiskDetail::is_empty")]
    pub detail: RiskDetail,
}
