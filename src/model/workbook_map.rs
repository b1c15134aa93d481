//! A buyer's workbook as a person confirms it: its sheets and columns, the words that its cells take, and
//! what was picked for each row. It holds nothing of the workbook but what it shows to that person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::{Proposed, QuestionnaireWords};

/// The map of a buyer's workbook: `affiant.workbook/1`.
pub const WORKBOOK: &str = "affiant.workbook/1";

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkbookMap {
    #[schemars(extend("const" = "affiant.workbook/1"))]
    pub format: String,
    /// SHA-256 of the buyer's file.
    pub sha256: String,
    /// Who checked sheets, columns and words; until someone did, nothing is filled.
    #[serde(default)]
    pub confirmed_by: String,
    /// What is written where a cell takes any text.
    pub words: QuestionnaireWords,
    /// The lists that answer cells have, each with the word for each answer; empty leaves the cell as it is.
    #[serde(default)]
    pub lists: Vec<WordList>,
    pub sheets: Vec<MappedSheet>,
}

/// A drop-down of the file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordList {
    /// As the file has it.
    pub takes: Vec<String>,
    pub words: QuestionnaireWords,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedSheet {
    pub sheet: String,
    /// The workbook hides it.
    #[serde(default)]
    pub hidden: bool,
    /// Whether it is filled.
    pub fill: bool,
    /// Whether rows that the workbook hides are filled too.
    #[serde(default)]
    pub fill_hidden: bool,
    /// What every answer cell holds before anybody answers, such as the `1` of a scale: it counts as empty
    /// and is written over. Empty where what stands in a cell is an answer.
    #[serde(default)]
    pub unanswered: String,
    /// The row of the heads, from 1.
    pub header: u32,
    pub columns: MappedColumns,
    /// What stands in the row of the heads, for reading.
    #[serde(default)]
    pub heads: MappedColumns,
    /// Rows with a question whose answer cell is not written, and why.
    #[serde(default)]
    pub left: Vec<String>,
    #[serde(default)]
    pub rows: Vec<MappedRow>,
}

/// Letters of columns; empty where the sheet has no such column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedColumns {
    #[serde(default)]
    pub id: String,
    pub question: String,
    pub answer: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default)]
    pub evidence: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedRow {
    pub row: u32,
    #[serde(default)]
    pub id: String,
    pub text: String,
    /// The workbook hides the row.
    #[serde(default)]
    pub hidden: bool,
    /// The id of one of our questions, or `none`; empty until a person picks.
    #[serde(default)]
    pub pick: String,
    /// The map of an earlier file in which a person picked this for the same question.
    #[serde(default)]
    pub picked_in: String,
    #[serde(default)]
    pub proposals: Vec<Proposed>,
}
