//! What a regulator asks for, item by item, and what is given for each from packages that were sealed at the
//! time. What nobody looked for is never said to be absent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::citation::Citation;
use super::records::RecordKind;
use super::shapes;

/// The request as a person writes it down: `affiant.request/1`.
pub const REQUEST: &str = "affiant.request/1";
/// `data/package.json` of what is handed over for it: `affiant.response/1`.
pub const RESPONSE: &str = "affiant.response/1";

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegulatorRequest {
    #[schemars(extend("const" = "affiant.request/1"))]
    pub format: String,
    /// The number under which they keep the matter.
    #[schemars(with = "shapes::Words")]
    pub reference: String,
    /// Who asks.
    #[schemars(with = "shapes::Words")]
    pub from: String,
    #[schemars(with = "shapes::Date")]
    pub received: String,
    #[serde(default)]
    #[schemars(with = "shapes::DateOrNothing")]
    pub due: String,
    pub items: Vec<RequestItem>,
    /// Which recognized security practices a named person says were in place (Pub. L. 116-321).
    #[serde(default)]
    pub recognized_practices: Option<PracticesClaim>,
}

/// One thing that is asked for. Without any list, its citation's row of the crosswalk says what is wanted:
/// the policy, what shows that it is carried out, and its review.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestItem {
    /// Their number of it.
    #[schemars(with = "shapes::Label")]
    pub id: String,
    pub citation: Citation,
    /// What they ask, in their words.
    #[schemars(with = "shapes::Words")]
    pub ask: String,
    /// A word of the names of documents: `risk-analysis`.
    #[serde(default)]
    pub documents: Vec<String>,
    /// The version in effect, or the ones before it too.
    #[serde(default)]
    pub versions: VersionsWanted,
    /// Ids of controls.
    #[serde(default)]
    pub controls: Vec<String>,
    #[serde(default)]
    pub records: Vec<RecordKind>,
    #[serde(default)]
    pub populations: Vec<PopulationKind>,
    #[serde(default)]
    pub registers: Vec<RegisterKind>,
    /// What a named person says does not exist.
    #[serde(default)]
    pub absent: Vec<AbsenceStatement>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VersionsWanted {
    #[default]
    Current,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PopulationKind {
    /// Everybody who holds access.
    Access,
    Users,
    Privileged,
    ServiceAccounts,
    PhiStores,
    Leavers,
    Incidents,
}

impl PopulationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            PopulationKind::Access => "access",
            PopulationKind::Users => "users",
            PopulationKind::Privileged => "privileged",
            PopulationKind::ServiceAccounts => "service-accounts",
            PopulationKind::PhiStores => "phi-stores",
            PopulationKind::Leavers => "leavers",
            PopulationKind::Incidents => "incidents",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterKind {
    Risks,
    IncidentPlan,
    Agreements,
    AlternativeMeasures,
}

impl RegisterKind {
    pub fn as_str(self) -> &'static str {
        match self {
            RegisterKind::Risks => "risks",
            RegisterKind::IncidentPlan => "incident-plan",
            RegisterKind::Agreements => "agreements",
            RegisterKind::AlternativeMeasures => "alternative-measures",
        }
    }
}

/// A named person's statement that something does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbsenceStatement {
    /// The part that is missing: `policy`, `implementation`, `review`, or an entry of the item's lists.
    #[schemars(with = "shapes::Words")]
    pub part: String,
    #[schemars(with = "shapes::Words")]
    pub words: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
}

/// A named person's statement on recognized security practices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticesClaim {
    /// Such as `NIST Cybersecurity Framework 2.0`.
    #[schemars(with = "shapes::Words")]
    pub practices: String,
    #[schemars(with = "shapes::Date")]
    pub since: String,
    #[schemars(with = "shapes::Words")]
    pub words: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
}

/// What became of a part of an item, or of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum GivenState {
    #[serde(rename = "given")]
    Given,
    /// The population was read, all of it, and nothing is in it.
    #[serde(rename = "none in what was read")]
    Empty,
    /// Some of it is here, some is not.
    #[serde(rename = "in part")]
    InPart,
    /// A named person states that it does not exist.
    #[serde(rename = "stated absent")]
    Absent,
    /// It is not in the package, and nobody has said that it does not exist.
    #[serde(rename = "not evidenced")]
    NotEvidenced,
}

impl GivenState {
    pub fn as_str(self) -> &'static str {
        match self {
            GivenState::Given => "given",
            GivenState::Empty => "none in what was read",
            GivenState::InPart => "in part",
            GivenState::Absent => "stated absent",
            GivenState::NotEvidenced => "not evidenced",
        }
    }

    /// The verdict whose shape stands beside the word.
    pub fn mark(self) -> &'static str {
        match self {
            GivenState::Given => "met",
            GivenState::Empty => "not applicable",
            GivenState::InPart => "accepted",
            GivenState::Absent => "attested",
            GivenState::NotEvidenced => "not evidenced",
        }
    }

    /// Of an item, from its parts.
    pub fn of(parts: &[GivenState]) -> GivenState {
        let has = |state: GivenState| parts.contains(&state);
        let some = has(GivenState::Given) || has(GivenState::Empty) || has(GivenState::InPart);
        match (some, has(GivenState::Absent), has(GivenState::NotEvidenced)) {
            (true, false, false) => GivenState::Given,
            (true, _, _) => GivenState::InPart,
            (false, true, false) => GivenState::Absent,
            (false, _, _) => GivenState::NotEvidenced,
        }
    }
}

/// What is handed over, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseRecord {
    #[schemars(extend("const" = "affiant.response/1"))]
    pub format: String,
    pub id: String,
    pub organization: String,
    pub reference: String,
    pub from: String,
    pub received: String,
    /// The end of the day that was asked about, RFC 3339.
    pub as_of: String,
    /// The day on which this was made.
    pub made: String,
    pub sample: bool,
    pub program_version: String,
    /// SHA-256 of the request file, which is `data/request.yaml`.
    pub request: String,
    /// SHA-256 of the certificate that sealed this.
    pub sealed_by: String,
    /// The package in effect on the day is the last of them; the others are those of the twelve months
    /// before.
    pub packages: Vec<ResponseSource>,
    /// In the order of the regulation.
    pub items: Vec<ResponseItem>,
    /// Files beside those of the items, by path.
    pub files: Vec<ResponseFile>,
}

/// A package that was drawn from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseSource {
    pub id: String,
    pub as_of: String,
    /// SHA-256 of its list of digests.
    pub manifest: String,
    /// SHA-256 of the certificate that sealed it; empty where none did.
    pub sealed_by: String,
    pub sample: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseItem {
    pub id: String,
    pub citation: String,
    pub ask: String,
    pub state: GivenState,
    /// The folder that holds its files.
    pub folder: String,
    pub parts: Vec<ResponsePart>,
    pub files: Vec<ResponseFile>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponsePart {
    pub part: String,
    pub state: GivenState,
    pub words: String,
    /// What may be missing from what is given; empty where all was read.
    pub gaps: Vec<String>,
    #[serde(default)]
    pub absent: Option<AbsenceStatement>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponseFile {
    pub path: String,
    pub sha256: String,
    /// `document`, `population`, `register`, `item`, `statement of absence`, `index` ...
    pub kind: String,
    /// Where it was taken from, or what it was made of.
    pub source: String,
    pub as_of: String,
}
