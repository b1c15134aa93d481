//! The plan for incidents as people write it: roles, severities, playbooks, drills and records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::shapes;

/// `program/incident-response.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    #[schemars(extend("const" = "affiant.incident-response/1"))]
    pub format: String,
    #[schemars(with = "shapes::Words")]
    pub title: String,
    #[schemars(with = "shapes::Words")]
    pub version: String,
    #[schemars(with = "shapes::Words")]
    pub owner: String,
    #[serde(default)]
    pub approved_by: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub approved_at: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub next_review: String,
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub roles: Vec<PlanRole>,
    #[serde(default)]
    pub severities: Vec<PlanSeverity>,
    #[serde(default)]
    pub contract_clocks: Vec<ContractClock>,
    #[serde(default)]
    pub escalation: Vec<PlanEscalation>,
    #[serde(default)]
    pub playbooks: Vec<PlanPlaybook>,
    #[serde(default)]
    pub preservation: Vec<String>,
    /// What responders take in hand, named by the plan before anybody needs it.
    #[serde(default, skip_serializing_if = "PlanEnvironment::is_empty")]
    pub environment: PlanEnvironment,
    #[serde(default)]
    pub drills: Vec<PlanDrill>,
    /// Incidents of the period: what was found, and what was decided about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<PlanIncident>,
}

/// What people chose for an incident. The evidence of a run shows whether it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlanEnvironment {
    /// Security groups without rules that isolate an instance, by id: one for each VPC that holds instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shapes::SecurityGroupId>")]
    pub quarantine_groups: Vec<String>,
    /// ARNs of roles and users kept for an emergency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shapes::PrincipalArn>")]
    pub break_glass: Vec<String>,
    /// The account that copies go to, apart from those that are examined.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::AccountOrNothing")]
    pub evidence_account: String,
    /// The bucket there.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::BucketOrNothing")]
    pub evidence_bucket: String,
}

impl PlanEnvironment {
    pub fn is_empty(&self) -> bool {
        *self == PlanEnvironment::default()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRole {
    pub role: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub deputy: String,
    #[serde(default)]
    pub contact: String,
    #[serde(default)]
    pub out_of_band: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub tested: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSeverity {
    pub level: String,
    pub criteria: String,
    #[serde(default)]
    pub examples: String,
    pub respond: String,
    pub escalate: String,
    #[serde(default)]
    pub breach_clock: String,
}

/// A deadline that a contract sets, in hours from discovery.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractClock {
    pub who: String,
    #[schemars(with = "shapes::Role")]
    pub by: String,
    #[schemars(range(min = 1, max = 8760))]
    pub hours: f64,
    pub source: String,
    #[serde(default)]
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanEscalation {
    pub from: String,
    pub to: String,
    #[schemars(range(min = 1, max = 10080))]
    pub minutes: u64,
    pub channel: String,
    #[serde(default)]
    pub fallback: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanPlaybook {
    pub name: String,
    pub trigger: String,
    #[schemars(with = "Vec<shapes::Words>", length(min = 1))]
    pub steps: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDrill {
    pub id: String,
    #[schemars(with = "shapes::Date")]
    pub date: String,
    pub scenario: String,
    #[serde(default)]
    pub plan_version: String,
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub participants: u64,
    #[serde(default)]
    pub outcome: String,
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// A security incident on record. A finding on one of its resources counts as examined once a named person
/// has decided.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanIncident {
    pub id: String,
    /// The day on which it was known, or would have been known with reasonable diligence.
    #[schemars(with = "shapes::Date")]
    pub discovered: String,
    /// The plan's severity.
    #[serde(default)]
    pub severity: String,
    /// ARNs, with `*` for any run of characters.
    #[serde(default)]
    #[schemars(with = "Vec<shapes::Arn>")]
    pub resources: Vec<String>,
    #[serde(default)]
    pub outcome: String,
    /// `yes`, `no` or `undecided`: the decision on the four factors of 45 CFR 164.402(2).
    #[serde(default)]
    #[schemars(with = "shapes::FourFactors")]
    pub breach: String,
    /// The document that holds the signed assessment.
    #[serde(default)]
    pub assessment: String,
    #[serde(default)]
    pub decided_by: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub decided_on: String,
}
