//! What other programs found, beside what this one judged: whose file it is, and for each finding whether it
//! agrees. A finding of others is never a verdict of this program.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `affiant import` writes: `affiant.corroboration/1`.
pub const CORROBORATION: &str = "affiant.corroboration/1";

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ForeignFormat {
    /// Open Cybersecurity Schema Framework: detection findings (class 2004) and compliance findings (class
    /// 2003).
    #[serde(rename = "ocsf")]
    Ocsf,
    /// AWS Security Finding Format.
    #[serde(rename = "asff")]
    Asff,
    /// Evaluations of AWS Config rules, as its API and its command line give them.
    #[serde(rename = "config")]
    Config,
}

impl ForeignFormat {
    pub fn as_str(self) -> &'static str {
        match self {
            ForeignFormat::Ocsf => "ocsf",
            ForeignFormat::Asff => "asff",
            ForeignFormat::Config => "config",
        }
    }
}

/// Where findings come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignFile {
    /// The file's name, without folders.
    pub name: String,
    pub sha256: String,
    pub size: u64,
    pub format: ForeignFormat,
    /// As the file says: `Prowler`, with its version where it has one.
    pub products: Vec<String>,
    /// The earliest and the latest time of its findings; empty where they have none.
    pub first: String,
    pub last: String,
    pub findings: u64,
    /// Entries that say neither pass nor fail, or name no rule or no resource.
    pub unread: u64,
}

/// What a finding of others says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForeignState {
    Pass,
    Fail,
}

impl ForeignState {
    pub fn as_str(self) -> &'static str {
        match self {
            ForeignState::Pass => "pass",
            ForeignState::Fail => "fail",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignFinding {
    /// The place of its file, from 0.
    pub file: u32,
    pub product: String,
    /// Its own name of the rule: `rds_instance_storage_encrypted`.
    pub rule: String,
    /// The managed rule of AWS Config that stands behind it, where it names one.
    pub config_rule: String,
    pub resource: String,
    /// The type and id that AWS Config knows it by, where there is no ARN.
    pub resource_type: String,
    pub account: String,
    pub region: String,
    pub state: ForeignState,
    pub at: String,
    pub words: String,
}

/// How a finding of others stands to ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ForeignAgreement {
    #[serde(rename = "disagrees")]
    Disagrees,
    #[serde(rename = "agrees")]
    Agrees,
    #[serde(rename = "not comparable")]
    NotComparable,
}

impl ForeignAgreement {
    pub const ALL: [ForeignAgreement; 3] =
        [ForeignAgreement::Disagrees, ForeignAgreement::Agrees, ForeignAgreement::NotComparable];

    pub fn as_str(self) -> &'static str {
        match self {
            ForeignAgreement::Disagrees => "disagrees",
            ForeignAgreement::Agrees => "agrees",
            ForeignAgreement::NotComparable => "not comparable",
        }
    }
}

/// A finding beside the row of ours that is about the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    pub finding: ForeignFinding,
    /// The check of ours; empty where none is known to ask the same.
    pub check: String,
    /// Our verdict on the resource; empty where we have none.
    pub ours: String,
    pub agreement: ForeignAgreement,
    /// Why.
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corroborated {
    #[schemars(extend("const" = "affiant.corroboration/1"))]
    pub format: String,
    /// The package that is set beside: its id, the time it speaks for, SHA-256 of its list of digests.
    pub package: String,
    pub as_of: String,
    pub manifest: String,
    pub sample: bool,
    pub files: Vec<ForeignFile>,
    /// Disagreements first.
    pub compared: Vec<Compared>,
}

/// Which check of ours asks what a rule of another program asks.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignRules {
    #[schemars(extend("const" = "affiant.foreign-rules/1"))]
    pub format: String,
    /// As its files name it.
    pub product: String,
    pub checked: String,
    pub rules: Vec<ForeignRule>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignRule {
    pub rule: String,
    pub check: String,
    #[serde(default)]
    pub tells: ForeignTells,
}

/// What of the other rule says something about our verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForeignTells {
    #[default]
    Both,
    /// It is narrower than our check: only what it fails is comparable.
    Fail,
    /// It asks the same with parameters that its file does not tell.
    Nothing,
}
