//! The dated lists of the catalog: the Security Rule, eligible services, what AWS inherits, proposals and
//! clocks of the law.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::citation::Citation;

/// 45 CFR part 164 subpart C, row by row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityRule {
    pub format: String,
    pub source: String,
    #[serde(default)]
    pub checked: String,
    #[serde(default)]
    pub note: String,
    pub rows: Vec<RuleRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleRow {
    pub citation: Citation,
    pub title: String,
    pub family: String,
    pub kind: String,
    /// `standard`, `required` or `addressable`.
    pub status: String,
    pub paraphrase: String,
    #[serde(default)]
    pub nist: Vec<String>,
    #[serde(default)]
    pub nist_added: Vec<String>,
    #[serde(default)]
    pub controls: Vec<String>,
    pub modes: Vec<String>,
    pub evidence: String,
    pub missing: String,
    #[serde(default)]
    pub responsibility: String,
}

/// The dated list of services that AWS's BAA covers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceList {
    #[schemars(extend("const" = "affiant.services/1"))]
    pub format: String,
    pub list_date: String,
    pub source: String,
    #[serde(default)]
    pub note: String,
    /// Services that make a role linked to them in every account: no sign of use.
    #[serde(default)]
    pub every_account: Vec<String>,
    /// What stands on a bill and is no service, with `*` for any run of characters.
    #[serde(default)]
    pub charges: Vec<String>,
    pub services: Vec<ServiceEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceEntry {
    pub name: String,
    pub status: ListStatus,
    #[serde(default)]
    pub condition: String,
    /// Resource type prefixes; the longest that fits wins.
    #[serde(default)]
    pub types: Vec<String>,
    /// Names that the service's API or its principal has, where the prefixes do not tell them: `elbv2`,
    /// `sso-admin`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
    /// Engines that make a resource of a shared type this service's: `docdb` of `AWS::RDS::DBCluster`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<String>,
    /// Names on bills (Cost Explorer's dimension SERVICE) that are other than this name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bills: Vec<String>,
    #[serde(default)]
    pub category: String,
}

/// What the list of one date says of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ListStatus {
    #[serde(rename = "listed")]
    Listed,
    #[serde(rename = "not listed")]
    NotListed,
    /// Absent from the list, and a tool that normally holds no PHI.
    #[serde(rename = "infrastructure")]
    Infrastructure,
}

/// `hipaa/inherited.yaml`: safeguards that AWS's audit reports carry for its data centers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inherited {
    pub format: String,
    #[serde(default)]
    pub checked: String,
    /// The reports, by a short name.
    pub reports: BTreeMap<String, String>,
    pub rows: Vec<InheritedRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InheritedRow {
    pub citation: Citation,
    /// Where to look: report by its short name, and criterion, control or requirement.
    pub reports: BTreeMap<String, String>,
}

/// A proposed rule. It is not law: it is shown beside the law when a workspace names it, and changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    pub format: String,
    pub id: String,
    pub title: String,
    /// `not law`.
    pub status: String,
    pub source: String,
    pub checked: String,
    pub note: String,
    pub rows: Vec<ProposalRow>,
    /// What has no row in the rule of today.
    #[serde(default)]
    pub also: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRow {
    pub citation: Citation,
    pub would: String,
}

/// A notification deadline of the breach rule (45 CFR 164.404 to 164.412).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LawClock {
    pub id: String,
    pub who: String,
    pub by: String,
    #[serde(default)]
    pub days: Option<f64>,
    pub words: String,
    pub source: String,
    pub basis: String,
}
