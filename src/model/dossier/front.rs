//! The first pages: the board, twelve answers for a buyer, what may start a breach clock, and where what
//! people said and what the evidence shows differ.

use serde::{Deserialize, Serialize};

use crate::model::verdict::{Counts, Severity, Verdict};

/// One control on the board: what differs between controls comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    pub number: u32,
    pub id: String,
    pub title: String,
    pub citation: String,
    /// `standard`, `required` or `addressable`.
    pub citation_status: String,
    pub verdict: Verdict,
    /// The worst severity of its failing checks; none where nothing fails.
    pub worst: Option<Severity>,
    pub failing_checks: u64,
    pub checks: u64,
    pub counts: Counts,
    /// Since when the oldest failure lasts, in words; empty where nothing fails.
    pub since: String,
    /// Who answers for the risks of its failures: a name, with how many more; empty where nobody does.
    pub owner: String,
    /// The earliest date of their plans.
    pub due: String,
    pub overdue: bool,
    /// Open risks of its failures, and those that nobody owns.
    pub risks: u64,
    pub unowned: u64,
    /// Against the run before; empty where none was compared.
    #[serde(default)]
    pub change: String,
}

/// One of the twelve answers that a buyer looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuyerAnswer {
    /// A stable name: `own-agreement`, `addendum` ...
    pub id: String,
    pub question: String,
    /// `yes`, `no`, `in part` or `unknown`.
    pub answer: String,
    pub words: String,
    /// Of what and how many the answer speaks.
    pub population: String,
    /// The day on which it was true or was said.
    pub date: String,
    pub evidence: Vec<String>,
    pub anchor: String,
}

/// A finding of a kind that may be, or may hide, a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockStart {
    pub kind: String,
    /// The severity that the plan gives to the kind; empty where the plan names none.
    pub level: String,
    /// What the plan says of the clock at that severity.
    pub clock: String,
    pub resource: String,
    pub name: String,
    pub reason: String,
    pub check: String,
    /// `examined`, `open` or `unexamined`.
    pub state: String,
    pub words: String,
    pub evidence: Vec<String>,
}

/// What a person said beside what the evidence shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradiction {
    /// `C-` and six hexadecimal digits, stable across runs.
    pub id: String,
    /// Who said it, when and where.
    pub by: String,
    pub said: String,
    pub shown: String,
    pub evidence: Vec<String>,
    pub anchor: String,
}
