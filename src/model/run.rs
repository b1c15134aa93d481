//! A run and what is known of each artifact's origin: the lines of `run.json`, `custody.jsonl`,
//! `coverage.jsonl` and `redactions.jsonl`. It does not know how a run is gathered or stored.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::digest::Digest;

pub const RUN_FORMAT: &str = "affiant.run/1";

/// The region name of account-wide services (IAM, Artifact, STS).
pub const GLOBAL: &str = "aws-global";

/// The source name of AWS Config's delivered history in coverage; no table of the catalog reads it.
pub const HISTORY: &str = "config:ConfigHistory";

/// The source name of every AWS Config type of a place, in coverage.
pub const ITEMS: &str = "*";

/// The source name of everything there is to know of a place, in coverage.
pub const EVERYTHING: &str = "**";

/// `data/run.json`: what ran, with what, for whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunRecord {
    pub format: String,
    pub id: String,
    /// True for synthetic evidence and for any run under a pinned clock.
    pub sample: bool,
    pub program: ProgramRecord,
    pub command: Vec<String>,
    /// SHA-256 of the `affiant.yaml` in force, if there was one.
    pub configuration: Option<Digest>,
    /// SHA-256 over the catalog's files.
    pub catalog: Digest,
    pub callers: Vec<String>,
    pub started: String,
    pub ended: String,
    /// `system` or `pinned`.
    pub clock: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// How AWS was asked, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// The runs of parts of the estate that were joined to make this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<JoinedRun>,
    /// Manifest digest of the run before this one.
    pub previous: Option<Digest>,
    /// Set on a derived (redacted) run: the original's manifest digest.
    pub derived_from: Option<Digest>,
    pub redactor: Option<String>,
}

/// How AWS was asked: the ways chosen, and whose accounts they were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// How AWS Config was read, and where.
    pub config: Vec<Way>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationAccounts>,
    /// The day from which AWS Config's history was asked for, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// One way of reading AWS Config, in words, with its accounts and regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// `aggregator`, `account`, `snapshot` or `none`.
    pub way: String,
    pub words: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
}

/// The accounts of the organization, as its own account listed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationAccounts {
    /// The account that was asked.
    pub listed_by: String,
    /// Accounts that were active, and so were asked.
    pub active: u64,
    /// Accounts that were not, each with its state: named, and not asked.
    pub inactive: BTreeMap<String, String>,
}

/// A run that became part of another: what it was, so that whoever holds it can tell that this is it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedRun {
    pub id: String,
    pub manifest: Digest,
    /// Manifest digest of the run before it.
    pub previous: Option<Digest>,
    pub accounts: Vec<String>,
    pub started: String,
    pub ended: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProgramRecord {
    pub name: String,
    pub version: String,
    pub commit: String,
    /// SHA-256 of the running binary; absent under a pinned clock, so that the sample is the same everywhere.
    pub binary: Option<Digest>,
}

/// One artifact and its custody record: a line of `custody.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Relative to the run's `data/`, with forward slashes.
    pub path: String,
    pub sha256: Digest,
    pub size: u64,
    pub collected_at: String,
    pub source: Source,
}

/// Where an artifact came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// A file of AWS Config items, as delivered or exported.
    Snapshot {
        file: String,
        /// The type of items that do not name their own, told by the file's path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_type: Option<String>,
        /// A file of AWS Config's history: items of changes, not of what is there now.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        history: bool,
        /// Of a page that AWS Config itself answered with: the exchange, as for an answer below.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        custody: BTreeMap<String, String>,
    },
    /// One answer of an AWS API operation.
    Response {
        account: String,
        region: String,
        service: String,
        operation: String,
        /// The parameter it was asked for, or empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        key: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        custody: BTreeMap<String, String>,
    },
    /// A policy, a drill report, an agreement: read by people.
    Document { file: String },
}

impl Source {
    /// For people: `iam:GetAccountSummary`, `delivered AWS Config snapshot`, `document`.
    pub fn words(&self) -> String {
        match self {
            Source::Snapshot { history: true, .. } => "AWS Config history".into(),
            Source::Snapshot { .. } => "AWS Config items".into(),
            Source::Response { service, operation, key, .. } if key.is_empty() => {
                format!("{service}:{operation}")
            }
            Source::Response { service, operation, key, .. } => format!("{service}:{operation} {key}"),
            Source::Document { .. } => "document".into(),
        }
    }
}

/// What became of one source in one account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Read, with at least one element.
    Read,
    /// Read, and there was nothing.
    Empty,
    /// The API itself said that there is none.
    Absent,
    Denied,
    Failed,
    /// AWS Config does not record this type here.
    NotRecorded,
    /// Nobody asked, or nothing says whether it is recorded.
    NotCollected,
    /// Bytes were there and could not be read.
    Unreadable,
    /// The recorder was stopped or failing, so what was read may be old.
    Stale,
}

impl State {
    pub const ALL: [State; 9] = [
        State::Read,
        State::Empty,
        State::Absent,
        State::Denied,
        State::Failed,
        State::NotRecorded,
        State::NotCollected,
        State::Unreadable,
        State::Stale,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Read => "read",
            State::Empty => "empty",
            State::Absent => "absent",
            State::Denied => "denied",
            State::Failed => "failed",
            State::NotRecorded => "not recorded",
            State::NotCollected => "not collected",
            State::Unreadable => "unreadable",
            State::Stale => "stale",
        }
    }

    /// True when evidence is missing, so nothing that needs it may read as a pass.
    pub fn is_gap(self) -> bool {
        match self {
            State::Read | State::Empty | State::Absent => false,
            State::Denied
            | State::Failed
            | State::NotRecorded
            | State::NotCollected
            | State::Unreadable
            | State::Stale => true,
        }
    }
}

/// A line of `coverage.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    pub account: String,
    /// A region name or [`GLOBAL`].
    pub region: String,
    /// `AWS::S3::Bucket`, `rds:DescribeDBParameters`, [`ITEMS`] or [`EVERYTHING`].
    pub source: String,
    pub state: State,
    pub expected: u64,
    pub read: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Resources that were read but for one part, which was refused or not asked: their rows stand, and what the
/// part would say is unknown of them alone. Without a member the part is the whole: they are listed, and
/// nothing more is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadPart {
    pub account: String,
    pub region: String,
    pub resource_type: String,
    /// The operation that answers it.
    pub operation: String,
    /// The member of the resource that it fills.
    pub member: String,
    pub arns: BTreeSet<String>,
}

impl UnreadPart {
    /// Whether nothing of the resources was read but that a list names them.
    pub fn is_whole(&self) -> bool {
        self.member.is_empty()
    }
}

impl Coverage {
    /// The source, for people.
    pub fn source_words(&self) -> &str {
        match self.source.as_str() {
            ITEMS => "AWS Config items",
            EVERYTHING => "everything",
            source => source,
        }
    }
}

/// A line of `redactions.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    pub path: String,
    pub original: Digest,
    pub redacted: Digest,
    /// How often each rule struck in this file.
    pub rules: BTreeMap<String, u64>,
    /// Where, in words that hold no secret: resource and member, at most twenty a file.
    pub places: Vec<String>,
}
