//! What an assessment says: every check's verdict and rows, rolled up by control. Pure data; `assess`
//! computes it.

use serde::{Deserialize, Serialize};

use super::access::UndoneDecision;
use super::digest::Digest;
use super::dossier::counts::{TallyResult, UnreadKind};
use super::dossier::inventory::AssetClass;
use super::dossier::readers_and_network::{NetworkMap, ReaderMatrix};
use super::dossier::response::MeansFound;
use super::run::Coverage;
use super::verdict::{Counts, Severity, Verdict};

pub const FORMAT: &str = "affiant.assessment/1";

/// Catalog x run x decisions at a time. The same inputs give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    pub format: String,
    pub run: String,
    /// SHA-256 of the run's manifest.
    pub manifest: Digest,
    pub sample: bool,
    pub catalog: Digest,
    pub custom_catalog: bool,
    pub decisions: Digest,
    pub as_of: String,
    pub controls: Vec<ControlResult>,
    pub coverage: CoverageTotals,
    pub resources: u64,
    /// Failing rows by control, account, asset class and PHI scope: what risks are made of.
    pub findings: Vec<FindingGroup>,
    /// Verdicts that an AWS Config rule contradicts: findings of their own, at most ten for a check and rule.
    #[serde(default)]
    pub disagreements: Vec<Disagreement>,
    /// What was broken within the period; absent where no history was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Trails and recorders that somebody stopped, as CloudTrail's event history tells, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<RecordingStop>,
    pub inventory: Vec<AssetClass>,
    /// Who can read each store of ePHI, and the network in tiers; without names for people and words.
    #[serde(default)]
    pub readers: ReaderMatrix,
    #[serde(default)]
    pub network: NetworkMap,
    /// What an incident needs of the environment, and where it is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response: Vec<MeansFound>,
    /// Hints at services beside their resources.
    #[serde(default)]
    pub traces: Vec<ServiceTrace>,
    /// Resources of types that several services share, by the engine that tells them apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<EngineCount>,
    /// Services and regions that AWS billed in the thirty days before the run, where Cost Explorer was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub usage: Vec<ServiceUsage>,
    /// Stored items that no table reads, by type, and answers of operations that the catalog does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadKind>,
    /// One line a source, gaps first.
    pub sources: Vec<Coverage>,
    pub agreements: Vec<AgreementFacts>,
    /// The state of AWS's Business Associate Addendum, one an account.
    #[serde(default)]
    pub baa: Vec<BaaFacts>,
    /// Resources that each exclusion of `affiant.yaml` takes out of scope, in its order.
    pub excluded: Vec<u64>,
    /// Resources whose PHI tag is near a value that means PHI: kept in scope, to be asked about; at most a
    /// hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phi_asked: Vec<PhiAsked>,
    /// Decisions of earlier access reviews that this evidence shows as not carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<UndoneDecision>,
    /// SHA-256 over every result row in order; two assessments agree when it does.
    pub results: Digest,
}

/// A resource whose PHI tag does not say clearly whether it holds PHI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhiAsked {
    pub resource: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageTotals {
    pub expected: u64,
    pub read: u64,
    pub gaps: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    pub number: u32,
    pub id: String,
    pub title: String,
    pub verdict: Verdict,
    /// Result rows by verdict.
    pub counts: Counts,
    /// Checks by verdict.
    pub check_counts: Counts,
    /// What the catalog counts by itself within the control.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tallies: Vec<TallyResult>,
    pub checks: Vec<CheckResult>,
    /// Attested statements in force, and what nobody has attested.
    pub attested: Vec<String>,
    pub unattested: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckResult {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub verdict: Verdict,
    pub counts: Counts,
    pub population: u64,
    pub excluded: u64,
    /// Worst first, at most [`ROWS`]; the rest is in the `result` table.
    pub rows: Vec<Row>,
    pub rows_total: u64,
    /// Why evidence is missing: account, region, source, state.
    pub gaps: Vec<String>,
    /// Paths of the artifacts that fed the check's tables, at most forty.
    pub artifacts: Vec<String>,
    pub tables: Vec<String>,
    pub corroboration: Vec<RuleAgreement>,
}

/// How many rows of a check an [`Assessment`] carries.
pub const ROWS: u64 = 500;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub resource: String,
    pub account: String,
    pub region: String,
    pub verdict: Verdict,
    pub reason: String,
    pub asset_class: String,
    pub artifact: Option<String>,
}

/// What AWS Config's own rule says of the same resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleAgreement {
    pub rule: String,
    pub state: RuleState,
    /// Resources on which both say the same; on which they contradict each other.
    pub agree: u64,
    pub disagree: u64,
    /// Evaluations from before the item, or without a time: not compared.
    pub older: u64,
    /// How the deployed parameters differ; empty if nothing is to say.
    pub detail: String,
    /// Resources on which it disagrees, at most ten.
    pub examples: Vec<String>,
}

impl RuleAgreement {
    /// A rule of which nothing is known yet.
    pub fn new(rule: &str) -> Self {
        RuleAgreement {
            rule: rule.to_string(),
            state: RuleState::NotCollected,
            agree: 0,
            disagree: 0,
            older: 0,
            detail: String::new(),
            examples: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleState {
    #[serde(rename = "agrees")]
    Agrees,
    #[serde(rename = "disagrees")]
    Disagrees,
    /// Its evaluations were collected, and none is of a resource judged here and later than its item.
    #[serde(rename = "nothing to compare")]
    NothingCompared,
    /// It is deployed with parameters that make it another question.
    #[serde(rename = "other parameters")]
    OtherParameters,
    /// The rules were listed and it is not among them.
    #[serde(rename = "not deployed")]
    NotDeployed,
    #[serde(rename = "not collected")]
    NotCollected,
}

impl RuleState {
    pub fn as_str(self) -> &'static str {
        match self {
            RuleState::Agrees => "agrees",
            RuleState::Disagrees => "disagrees",
            RuleState::NothingCompared => "nothing to compare",
            RuleState::OtherParameters => "other parameters",
            RuleState::NotDeployed => "not deployed",
            RuleState::NotCollected => "not collected",
        }
    }
}

/// A verdict that an AWS Config rule contradicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disagreement {
    pub check: String,
    pub rule: String,
    pub resource: String,
    pub account: String,
    pub region: String,
    pub ours: Verdict,
    /// AWS Config's word: `COMPLIANT` or `NON_COMPLIANT`.
    pub theirs: String,
}

/// What AWS Config's history shows of the time before the run: checks asked again of the evidence as it was
/// after each change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The day that was asked for, else the time of the first change that was read.
    pub since: String,
    pub files: u64,
    /// Changes that were read, and groups of them that were judged together: each holds a resource once.
    pub changes: u64,
    pub steps: u64,
    /// Changes before this time were too many to judge, and were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_from: Option<String>,
    pub ended: u64,
    pub open: u64,
    /// Newest first, at most [`EPISODES`]; all of them are in the `episode` table.
    pub episodes: Vec<Episode>,
}

/// A row of the table `cloudtrail_stop` or `config_recorder_stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingStop {
    /// `trail` or `recorder`.
    pub kind: String,
    pub resource: String,
    pub account: String,
    pub region: String,
    pub event: String,
    pub by: String,
    pub stopped_at: String,
    pub started_at: Option<String>,
    pub artifact: Option<String>,
}

/// How many episodes a [`History`] carries.
pub const EPISODES: u64 = 300;

/// A time in which a check was not met by a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    pub check: String,
    pub resource: String,
    pub account: String,
    pub region: String,
    /// RFC 3339; absent where it was so already when the history begins.
    pub broken_at: Option<String>,
    /// The check's words at that time.
    pub reason: String,
    pub broken_artifact: Option<String>,
    /// RFC 3339; absent where it is so still.
    pub ended_at: Option<String>,
    /// `repaired` or `gone`.
    pub ended: Option<String>,
    pub ended_artifact: Option<String>,
}

/// Failing rows that make one risk: 40 unencrypted volumes are one risk with 40 resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingGroup {
    pub control: String,
    pub account: String,
    pub asset_class: String,
    pub phi: bool,
    pub severity: Severity,
    pub verdict: Verdict,
    pub checks: Vec<String>,
    pub resources: u64,
    /// At most five.
    pub examples: Vec<String>,
    /// Every resource once, ordered by name; at most [`ROWS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

/// What hints at the use of a service without being one of its resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTrace {
    /// As principals and API names spell it: `guardduty`, `macie2`, `dynamodb.application-autoscaling`.
    pub service: String,
    pub words: String,
}

/// Resources of a type that run one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineCount {
    pub resource_type: String,
    /// As AWS spells it: `aurora-postgresql`, `docdb`.
    pub engine: String,
    pub count: u64,
    pub phi: u64,
}

/// A service that AWS billed (ce:GetCostAndUsage by SERVICE and REGION); amounts are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceUsage {
    pub account: String,
    /// As bills spell it: `Amazon Simple Storage Service`.
    pub service: String,
    /// Region names; `global` and `NoRegion` as AWS says them.
    pub regions: Vec<String>,
}

/// One agreement that AWS Artifact listed (ListCustomerAgreements).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementFacts {
    pub name: String,
    pub id: String,
    /// The account that accepted it.
    pub account: String,
    /// The account in which it was listed.
    #[serde(default)]
    pub seen_in: String,
    pub organization: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_arn: Option<String>,
    /// AWS's template of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_arn: Option<String>,
    pub state: String,
    pub effective_start: String,
    pub effective_end: Option<String>,
    pub artifact: String,
}

/// What is known of AWS's Business Associate Addendum in one account (artifact:ListCustomerAgreements).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaaFacts {
    pub account: String,
    pub state: BaaState,
    /// A few words after the state, for one line of a terminal.
    pub summary: String,
    /// The statement in full sentences.
    pub words: String,
    /// The id of the agreement that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
}

/// Ordered by how much it needs someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum BaaState {
    #[serde(rename = "in force")]
    InForce,
    #[serde(rename = "unknown")]
    Unknown,
    #[serde(rename = "denied")]
    Denied,
    #[serde(rename = "none found")]
    NoneFound,
    #[serde(rename = "terminated")]
    Terminated,
}

impl BaaState {
    pub const ALL: [BaaState; 5] =
        [BaaState::InForce, BaaState::Unknown, BaaState::Denied, BaaState::NoneFound, BaaState::Terminated];

    pub fn as_str(self) -> &'static str {
        match self {
            BaaState::InForce => "in force",
            BaaState::Unknown => "unknown",
            BaaState::Denied => "denied",
            BaaState::NoneFound => "none found",
            BaaState::Terminated => "terminated",
        }
    }
}
