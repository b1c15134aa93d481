//! Questions of a buyer, what may answer them, and the answers: the words of `affiant answer`. Nothing here
//! decides one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::aws_answers::AwsQuotes;
use super::shapes;

/// The answers of a sheet: `affiant.answer-sheet/1`.
pub const SHEET: &str = "affiant.answer-sheet/1";
/// What people state for a sheet: `affiant.answers/1`.
pub const STATEMENTS: &str = "affiant.answers/1";
/// A buyer's file and which of our questions stands behind each of theirs: `affiant.questionnaire/1`.
pub const QUESTIONNAIRE: &str = "affiant.questionnaire/1";

/// Our own questions, and topics that we do not answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionSet {
    pub format: String,
    pub questions: Vec<BuyerQuestion>,
    pub elsewhere: Vec<ForeignTopic>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyerQuestion {
    /// Stable: a buyer's file names it.
    pub id: String,
    pub section: String,
    pub question: String,
    pub kind: QuestionKind,
    /// `vendor`, `aws`, `customer` or `shared`.
    pub responsibility: String,
    /// Whether `yes` is what nobody hopes for: incidents, actions of a court.
    #[serde(default)]
    pub adverse: bool,
    /// The first is the one without which there is no answer.
    pub supports: Vec<Support>,
    /// Words by which buyers ask the same.
    pub terms: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionKind {
    YesNo,
    List,
    Text,
    Date,
}

/// What can answer a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// Ids of checks; `kms.*` is all of a service.
    Checks(Vec<String>),
    /// All checks of these controls.
    Controls(Vec<String>),
    /// Something that the dossier holds by itself.
    Fact(Fact),
    /// A statement of `program/attestations.yaml`.
    Attested(String),
    /// A document of the run whose name holds one of these words.
    Document(Vec<String>),
    /// What a named person must state for this sheet, in these words or their own.
    Statement(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The state of AWS's Business Associate Addendum.
    Addendum,
    /// Services in use beside the dated list.
    Services,
    Role,
    /// Security and privacy official of the plan.
    Officials,
    RiskRegister,
    Retention,
    /// Alternative measures for addressable specifications.
    Alternatives,
    Plan,
    Drill,
    /// Hours of notice by contract.
    Notice,
    /// How evidence is kept in an incident.
    Preservation,
    /// Where resources were read.
    Regions,
    /// That all of those are in the United States.
    Domestic,
    /// Who can read stores in PHI scope.
    Readers,
    NetworkMap,
    /// Services of AWS that run models, among those in use.
    AiServices,
}

/// A topic of buyers that no question of ours is about.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignTopic {
    pub topic: String,
    pub terms: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum AnswerWord {
    #[serde(rename = "yes")]
    Yes,
    #[serde(rename = "no")]
    No,
    #[serde(rename = "partial")]
    Partial,
    #[serde(rename = "not applicable")]
    NotApplicable,
    #[serde(rename = "unknown")]
    Unknown,
}

impl AnswerWord {
    pub const ALL: [AnswerWord; 5] = [
        AnswerWord::Yes,
        AnswerWord::No,
        AnswerWord::Partial,
        AnswerWord::NotApplicable,
        AnswerWord::Unknown,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            AnswerWord::Yes => "yes",
            AnswerWord::No => "no",
            AnswerWord::Partial => "partial",
            AnswerWord::NotApplicable => "not applicable",
            AnswerWord::Unknown => "unknown",
        }
    }
}

/// On what an answer rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Evidence of AWS alone.
    Automated,
    /// Evidence of AWS, and a person or a document beside it.
    Reviewed,
    /// People or documents alone.
    Asserted,
}

impl Confidence {
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Automated => "automated",
            Confidence::Reviewed => "reviewed",
            Confidence::Asserted => "asserted",
        }
    }
}

/// One thing that an answer rests on, by which anyone finds it in the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// `evidence`, `document`, `record`, `statement`.
    pub kind: String,
    /// An exhibit (`E12`), or the id of a statement.
    pub id: String,
    /// From the package's folder on; of a statement, the file that holds it.
    pub path: String,
    pub sha256: String,
    pub as_of: String,
}

/// What is missing, who carries the risk, and by when it is put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerGap {
    pub gap: String,
    /// An id of the register; empty where it names none.
    pub risk: String,
    /// A day; empty where none is set.
    pub due: String,
}

/// An answer to one of our questions.
#[derive(Debug, Clone, Serialize)]
pub struct AnsweredQuestion {
    pub id: String,
    pub section: String,
    pub question: String,
    pub answer: AnswerWord,
    pub narrative: String,
    pub responsibility: String,
    /// None where nothing is known.
    pub confidence: Option<Confidence>,
    /// The oldest day of what it rests on.
    pub as_of: String,
    pub evidence: Vec<Proof>,
    pub gaps: Vec<AnswerGap>,
}

/// All answers to one package, with who approved them.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerSheet {
    pub format: String,
    pub organization: String,
    pub package: String,
    /// SHA-256 of the package's manifest.
    pub package_manifest: String,
    pub sample: bool,
    /// Nobody approved these answers.
    pub draft: bool,
    pub answered_on: String,
    /// The first twelve digits of a SHA-256 over the answers: what an approval names.
    pub digest: String,
    pub approved: Option<Approval>,
    pub answers: Vec<AnsweredQuestion>,
    /// What AWS itself answered, where a file of it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsQuotes>,
}

/// What people state beside the package, and who approves the whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Statements {
    #[schemars(extend("const" = "affiant.answers/1"))]
    pub format: String,
    #[serde(default)]
    pub approved: Option<Approval>,
    #[serde(default)]
    pub statements: Vec<StatementRecord>,
}

/// A named person's approval of one set of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    /// The digest that the draft shows: another set of answers is not approved.
    pub answers: String,
}

/// A dated statement of a named person that answers one question.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementRecord {
    pub question: String,
    pub answer: AnswerWord,
    #[schemars(with = "shapes::Words")]
    pub words: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Date")]
    pub valid_until: String,
    /// Documents of the run: `documents/change-management.md`.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// How and by when what is missing is put right.
    #[serde(default)]
    pub plan: Option<StatementPlan>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementPlan {
    #[schemars(with = "shapes::Words")]
    pub gap: String,
    #[serde(default)]
    pub risk: String,
    #[schemars(with = "shapes::Date")]
    pub due: String,
}

/// A buyer's file: where its columns are, which words it takes, and what a person picked for each row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireMap {
    #[schemars(extend("const" = "affiant.questionnaire/1"))]
    pub format: String,
    /// SHA-256 of the buyer's file.
    pub sha256: String,
    /// The line of the heads, from 1.
    pub header: u64,
    pub columns: QuestionnaireColumns,
    pub words: QuestionnaireWords,
    pub rows: Vec<QuestionnaireRow>,
}

/// Heads of columns; empty where the file has no such column.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireColumns {
    pub question: String,
    pub answer: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub evidence: String,
}

/// What the file takes for each answer; empty leaves the cell as it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireWords {
    pub yes: String,
    pub no: String,
    pub partial: String,
    #[serde(rename = "not applicable")]
    pub not_applicable: String,
    #[serde(default)]
    pub unknown: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionnaireRow {
    /// The record's place in the file, from 1.
    pub row: u64,
    pub text: String,
    /// The id of one of our questions, or `none`; empty until a person picks.
    #[serde(default)]
    pub pick: String,
    /// The map of an earlier file in which a person picked this for the same question.
    #[serde(default)]
    pub picked_in: String,
    #[serde(default)]
    pub proposals: Vec<Proposed>,
}

/// A question of ours that may be the same, best first. A score is for reading, and decides nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// An id, or `none`.
    pub question: String,
    pub score: f64,
    pub text: String,
    /// What proposed it, where it is not the words of the question: `id pack HECVAT 4`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// The ids of one questionnaire.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdPack {
    #[schemars(extend("const" = "affiant.id-pack/1"))]
    pub format: String,
    pub name: String,
    pub checked: String,
    /// So many ids of the pack make a sheet one of its kind: two questionnaires may use the same id.
    pub at_least: usize,
    /// Ids of ours by ids of theirs.
    pub ids: BTreeMap<String, String>,
}
