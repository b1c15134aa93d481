//! Agreements with customers and subcontractors: who sees ePHI, on what paper, until when, with how many
//! hours of notice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shapes;

/// `program/agreements.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreements {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.agreements/1"))]
    pub format: String,
    #[serde(default)]
    pub agreements: Vec<PartyAgreement>,
}

impl Agreements {
    pub fn is_empty(&self) -> bool {
        self.agreements.is_empty()
    }
}

/// One party, also one with which nothing is signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyAgreement {
    #[schemars(with = "shapes::Words")]
    pub party: String,
    pub kind: PartyKind,
    /// Whether it gives us ePHI, or sees ours.
    pub phi: bool,
    /// What it gets or gives.
    #[serde(default)]
    pub services: String,
    #[serde(default)]
    pub agreement: Paper,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub signed: String,
    /// The last day; empty: until it is ended.
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub ends: String,
    /// Hours of notice that it asks for.
    #[serde(default)]
    #[schemars(range(min = 1, max = 8760))]
    pub notice_hours: Option<f64>,
    /// SHA-256 of the signed document.
    #[serde(default)]
    #[schemars(with = "shapes::DigestOrNothing")]
    pub sha256: String,
    /// Who answers for it here.
    #[serde(default)]
    pub owner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartyKind {
    /// Whose information it is: a covered entity, or a business associate above us.
    Customer,
    /// Who works for us.
    Subcontractor,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Paper {
    #[serde(rename = "business associate agreement")]
    Baa,
    /// Between government entities, 164.504(e)(3).
    #[serde(rename = "memorandum of understanding")]
    Mou,
    #[default]
    #[serde(rename = "none")]
    None,
}

impl PartyAgreement {
    /// Whether something signed holds on a day (`YYYY-MM-DD`).
    pub fn in_force(&self, day: &str) -> bool {
        let signed = !self.signed.is_empty() && self.signed.as_str() <= day;
        match self.agreement {
            Paper::Baa | Paper::Mou => signed && (self.ends.is_empty() || self.ends.as_str() >= day),
            Paper::None => false,
        }
    }
}
