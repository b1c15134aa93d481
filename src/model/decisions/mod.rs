//! What people decided: scope, parameters, exceptions, attestations, alternative measures, risks and the
//! incident-response plan. An input like any other; it travels in the package.

pub mod aws;
pub mod clearances;
mod pattern;
mod plan;
pub mod risk_detail;
pub mod risks;
pub mod seal;
mod statements;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use aws::{AggregatorFacts, AwsFacts, ConfigWay, DeliveredFacts};
pub use clearances::{AcceptedTerms, ArtifactFacts, ArtifactTerms, Clearance, Clearances};
pub use pattern::matches_pattern;
pub use plan::{
    ContractClock, Plan, PlanDrill, PlanEnvironment, PlanEscalation, PlanIncident, PlanPlaybook, PlanRole,
    PlanSeverity,
};
pub use risk_detail::{Measure, RiskClosure, RiskDetail, RiskEvent, RiskScore, RiskStep};
pub use risks::{OwnRisk, RiskAcceptance, RiskDecision, RiskMatch, Risks};
pub use seal::{SealFacts, SignerFacts, TimestampFacts};
pub use statements::{
    AccessDecision, AlternativeMeasure, Alternatives, Attestation, Attestations, ExceptionRecord, Exceptions,
    StatedFile, StatementSignature, SupersededStatement,
};

use super::agreements::Agreements;
use super::records::OperatingRecords;
use super::shapes;

/// Everything in `affiant.yaml` and `program/`, as it was read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Decisions {
    pub workspace: WorkspaceFacts,
    pub exceptions: Exceptions,
    pub attestations: Attestations,
    pub alternatives: Alternatives,
    pub risks: Risks,
    pub incident: Option<Plan>,
    #[serde(default, skip_serializing_if = "Clearances::is_empty")]
    pub clearances: Clearances,
    #[serde(default, skip_serializing_if = "ArtifactTerms::is_empty")]
    pub terms: ArtifactTerms,
    #[serde(default, skip_serializing_if = "Agreements::is_empty")]
    pub agreements: Agreements,
    #[serde(default, skip_serializing_if = "OperatingRecords::is_empty")]
    pub records: OperatingRecords,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceFacts {
    #[schemars(extend("const" = "affiant.workspace/1"))]
    pub format: String,
    pub organization: OrganizationFacts,
    pub period: PeriodFacts,
    #[serde(default)]
    pub accounts: Vec<AccountFacts>,
    #[serde(default)]
    #[schemars(with = "shapes::Regions")]
    pub regions: Vec<String>,
    /// How `collect --aws` reaches AWS.
    #[serde(default, skip_serializing_if = "AwsFacts::is_empty")]
    pub aws: AwsFacts,
    #[serde(default)]
    pub phi: PhiRule,
    #[serde(default)]
    pub exclude: Vec<Exclude>,
    /// Catalog parameters, tightened.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, shapes::PolicyNumber>")]
    pub parameters: BTreeMap<String, f64>,
    /// Proposed rules to show beside the law, by id; none unless named here.
    #[serde(default)]
    pub profiles: Vec<String>,
    #[serde(default)]
    pub report: ReportFacts,
    #[serde(default)]
    pub retention: RetentionFacts,
    #[serde(default)]
    pub seal: SealFacts,
    #[serde(default, skip_serializing_if = "ArtifactFacts::is_empty")]
    pub artifact: ArtifactFacts,
    #[serde(default)]
    pub sample: bool,
}

impl Default for WorkspaceFacts {
    fn default() -> Self {
        WorkspaceFacts {
            format: "affiant.workspace/1".into(),
            organization: OrganizationFacts::default(),
            period: PeriodFacts::default(),
            accounts: Vec::new(),
            regions: Vec::new(),
            aws: AwsFacts::default(),
            phi: PhiRule::default(),
            exclude: Vec::new(),
            parameters: BTreeMap::new(),
            profiles: Vec::new(),
            report: ReportFacts::default(),
            retention: RetentionFacts::default(),
            seal: SealFacts::default(),
            artifact: ArtifactFacts::default(),
            sample: false,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationFacts {
    #[schemars(with = "shapes::Words")]
    pub name: String,
    #[schemars(with = "shapes::Role")]
    pub role: String,
    #[schemars(with = "shapes::Words")]
    pub system: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub contact: String,
}

impl Default for OrganizationFacts {
    fn default() -> Self {
        OrganizationFacts {
            name: "Organization not named".into(),
            role: "role not stated".into(),
            system: "System not named".into(),
            description: String::new(),
            contact: String::new(),
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodFacts {
    #[schemars(with = "shapes::Label")]
    pub label: String,
    #[schemars(with = "shapes::DateOrNothing")]
    pub start: String,
    #[schemars(with = "shapes::DateOrNothing")]
    pub end: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountFacts {
    #[schemars(with = "shapes::Account")]
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// The role that `collect --aws` takes on to read this account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::RoleArn>")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The management or delegated administrator account: it is asked what holds for the whole organization.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organization: bool,
}

/// How a resource shows that it holds PHI. Untagged resources are in scope.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhiRule {
    #[schemars(with = "shapes::Words")]
    pub tag: String,
    #[schemars(with = "Vec<shapes::Words>", length(min = 1))]
    pub values: Vec<String>,
}

/// What a tag says of a resource's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagScope {
    In,
    Out,
    /// The value is near one that means PHI, or empty: it stays in scope, and somebody is asked.
    Near,
}

impl PhiRule {
    /// The scope by the value of the tag; a resource without it is in scope.
    pub fn scope(&self, value: Option<&str>) -> TagScope {
        let Some(value) = value else { return TagScope::In };
        if self.values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
            return TagScope::In;
        }
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
        };
        let said = plain(value);
        // `non-phi` and `no phi` say the opposite
        let denied = ["non", "not", "no", "none", "without", "un"].iter().any(|word| said.starts_with(word));
        let near = |known: &String| {
            let known = plain(known);
            !known.is_empty() && (said.contains(&known) || one_apart(&said, &known))
        };
        match said.is_empty() || (!denied && self.values.iter().any(near)) {
            true => TagScope::Near,
            false => TagScope::Out,
        }
    }
}

/// Whether one letter more, less or other turns one word into the other.
fn one_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    (a.len() - start - end).max(b.len() - start - end) <= 1 && a.len().min(b.len()) >= 3
}

impl Default for PhiRule {
    fn default() -> Self {
        PhiRule { tag: "data-classification".into(), values: vec!["phi".into()] }
    }
}

/// A named person takes resources out of scope.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// An ARN, with `*` for any run of characters.
    #[serde(rename = "match")]
    #[schemars(with = "shapes::Arn")]
    pub pattern: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Words")]
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportFacts {
    /// `us-letter` or `a4`.
    #[schemars(with = "shapes::Paper")]
    pub paper: String,
    #[schemars(range(min = 1, max = 100))]
    pub pdf_rows: u64,
    #[schemars(range(min = 1, max = 500))]
    pub html_rows: u64,
}

impl Default for ReportFacts {
    fn default() -> Self {
        ReportFacts { paper: "us-letter".into(), pdf_rows: 12, html_rows: 500 }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionFacts {
    #[schemars(range(min = 6, max = 100))]
    #[schemars(extend("x-write" = "164.316(b)(2)(i) asks for six years; write 6 or more"))]
    pub years: u32,
    #[serde(default)]
    pub reason: String,
}

impl Default for RetentionFacts {
    fn default() -> Self {
        RetentionFacts { years: 6, reason: String::new() }
    }
}
