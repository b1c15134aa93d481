//! What a responder finds in this environment, out of the evidence of the run: what is there, what is
//! missing, and what was not read. `assess` fills the first half from the database, `program` adds the words
//! and the commands.

use serde::{Deserialize, Serialize};

/// What an incident needs of the environment. The order is the report's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    Place,
    Topic,
    BreakGlass,
    Trail,
    Bucket,
    LogGroup,
    Detector,
    Vault,
    Key,
    Quarantine,
}

impl Means {
    pub const ALL: [Means; 10] = [
        Means::Place,
        Means::Topic,
        Means::BreakGlass,
        Means::Trail,
        Means::Bucket,
        Means::LogGroup,
        Means::Detector,
        Means::Vault,
        Means::Key,
        Means::Quarantine,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Means::Place => "place",
            Means::Topic => "topic",
            Means::BreakGlass => "break-glass",
            Means::Trail => "trail",
            Means::Bucket => "bucket",
            Means::LogGroup => "log-group",
            Means::Detector => "detector",
            Means::Vault => "vault",
            Means::Key => "key",
            Means::Quarantine => "quarantine",
        }
    }
}

/// How many things of one kind an assessment names; the rest is in the table that holds them.
pub const THINGS: usize = 24;

/// One kind, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeansFound {
    pub means: Means,
    /// At most [`THINGS`], those that matter most first.
    pub things: Vec<MeansThing>,
    pub total: u64,
    /// Where one is expected, the evidence was read, and there is none; or what is wrong with one.
    pub missing: Vec<MeansGap>,
    /// Where the evidence does not tell.
    pub unread: Vec<MeansGap>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeansThing {
    pub arn: String,
    /// What a command calls it by.
    pub name: String,
    pub account: String,
    pub region: String,
    /// What it does for a responder.
    pub facts: String,
    /// Why it is of no use as it stands; empty where nothing is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
    /// It ends unless somebody acts: a key that waits for its deletion, a log that is kept for less than a
    /// year.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
}

/// A place where a responder looks for something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeansGap {
    pub account: String,
    pub region: String,
    /// What is missing there, or why it is not known.
    pub reason: String,
}

/// The environment's part of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEnvironment {
    /// What the names rest on, and how much is missing.
    pub words: String,
    /// One a kind.
    pub rows: Vec<ResponseRow>,
    /// In the order in which they are typed; at most two hundred.
    pub commands: Vec<ResponseCommand>,
    /// What to set before the first of them.
    pub preamble: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseRow {
    pub means: Means,
    pub label: String,
    pub things: Vec<MeansThing>,
    pub total: u64,
    /// What is missing in the environment or in the plan's file, a sentence each.
    pub defects: Vec<String>,
    /// What the evidence does not tell, a sentence each.
    pub unread: Vec<String>,
}

/// One line to type, with names of this environment in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseCommand {
    /// What it is for.
    pub step: String,
    /// Whose credentials it takes; empty where any will do.
    pub account: String,
    pub command: String,
    /// One of the ten for the first page: the first of its purpose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}
