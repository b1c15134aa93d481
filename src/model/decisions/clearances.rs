//! What named persons permit beyond the rules: PHI findings that are none, and AWS's terms for its audit reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `program/clearances.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clearances {
    pub format: String,
    #[serde(default)]
    pub clearances: Vec<Clearance>,
}

impl Clearances {
    pub fn is_empty(&self) -> bool {
        self.clearances.is_empty()
    }
}

/// Someone looked at a file and says that what the rules find in it is no PHI, or may be handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clearance {
    /// A file of the run, such as `data/documents/plan.md`, or of the workspace, such as `program/risks.yaml`.
    pub path: String,
    /// SHA-256 of the file that was looked at, in lower-case hexadecimal: another content is not cleared.
    pub sha256: String,
    /// Rules that do not strike in it, such as `phi-telephone`.
    pub rules: Vec<String>,
    pub by: String,
    /// The first and the last day it holds.
    pub on: String,
    pub until: String,
    pub reason: String,
}

impl Clearance {
    pub fn in_force(&self, day: &str) -> bool {
        self.on.as_str() <= day && day <= self.until.as_str()
    }
}

/// `program/artifact-terms.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactTerms {
    pub format: String,
    #[serde(default)]
    pub accepted: Vec<AcceptedTerms>,
}

impl ArtifactTerms {
    pub fn is_empty(&self) -> bool {
        self.accepted.is_empty()
    }
}

/// Someone read AWS's terms for one report in AWS Artifact and accepts them for the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptedTerms {
    /// `report-` and 16 characters.
    pub report: String,
    pub by: String,
    pub on: String,
}

/// What to ask AWS Artifact for beside the agreements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFacts {
    /// AWS's audit reports by id (`report-` and 16 characters): their metadata, and the document where its terms were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<String>,
    /// Agreements that are a business associate addendum under another name: their id, agreement ARN or name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baa: Vec<String>,
}

impl ArtifactFacts {
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.baa.is_empty()
    }
}
