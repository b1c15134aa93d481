//! What named persons permit beyond the rules: PHI findings that are none, and AWS's terms for its audit
//! reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::shapes;

/// `program/clearances.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clearances {
    #[schemars(extend("const" = "affiant.clearances/1"))]
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
    /// A file of the run, such as `data/documents/plan.md`, or of the workspace, such as
    /// `program/risks.yaml`.
    #[schemars(with = "shapes::Words")]
    pub path: String,
    /// SHA-256 of the file that was looked at, in lower-case hexadecimal: another content is not cleared.
    #[schemars(with = "shapes::Digest")]
    pub sha256: String,
    /// Rules that do not strike in it, such as `phi-telephone`.
    #[schemars(with = "Vec<shapes::Rule>")]
    #[schemars(length(min = 1))]
    pub rules: Vec<String>,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    /// The first and the last day it holds.
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Date")]
    pub until: String,
    #[schemars(with = "shapes::Words")]
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
    #[schemars(extend("const" = "affiant.artifact-terms/1"))]
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
    #[schemars(with = "shapes::Report")]
    pub report: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
}

/// What to ask AWS Artifact for beside the agreements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFacts {
    /// AWS's audit reports by id (`report-` and 16 characters): their metadata, and the document where its
    /// terms were accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<shapes::Report>")]
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
