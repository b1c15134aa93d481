//! The catalog as values: ten controls, their checks, the tables these read, the Security Rule, the eligible
//! services and the API operations. How they are found and parsed is `crate::catalog`'s affair.

mod lists;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::breach::StateClocks;
use super::citation::Citation;
use super::digest::Digest;
use super::homes::Homes;
use super::kinds::ResourceKinds;
use super::registry::{Api, Operation};
use super::verdict::{Severity, Verdict};
pub use lists::{
    Inherited, InheritedRow, LawClock, ListStatus, Proposal, ProposalRow, RuleRow, SecurityRule,
    ServiceEntry, ServiceList,
};

/// A whole, cross-checked catalog.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// SHA-256 over path and content of every file, in path order.
    pub digest: Digest,
    /// True when a user's own files replaced or extended ours.
    pub custom: bool,
    pub controls: Vec<Control>,
    pub checks: BTreeMap<String, Check>,
    /// In dependency order.
    pub tables: Vec<Table>,
    pub rule: SecurityRule,
    pub services: ServiceList,
    pub operations: BTreeMap<String, Operation>,
    /// How each service of these operations is called.
    pub apis: BTreeMap<String, Api>,
    /// Where what belongs to no region is recorded.
    pub homes: Homes,
    pub clocks: Vec<LawClock>,
    pub states: StateClocks,
    /// What resource types are by nature; empty in catalogs from before it was known.
    pub kinds: ResourceKinds,
    /// Where AWS's own audit reports carry a safeguard.
    pub inherited: Inherited,
    /// Proposed rules, shown only when a workspace asks for one.
    pub proposals: Vec<Proposal>,
    /// The files as read, for the package.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Catalog {
    /// The control that lists a check.
    pub fn control_of(&self, check: &str) -> Option<&Control> {
        self.controls.iter().find(|c| c.checks.iter().any(|id| id == check))
    }

    /// Every source (Config type or operation) that some table reads.
    pub fn sources(&self) -> BTreeSet<&str> {
        self.tables.iter().flat_map(|t| t.sources.iter().map(String::as_str)).collect()
    }

    /// Every source that some table reads, also those that it does not wait for.
    pub fn read(&self) -> BTreeSet<&str> {
        self.tables.iter().flat_map(|t| t.sources.iter().chain(&t.if_read)).map(String::as_str).collect()
    }

    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.controls.iter().flat_map(|c| c.parameters.iter())
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Control {
    #[serde(rename = "control")]
    pub id: String,
    pub number: u32,
    pub title: String,
    pub demand: String,
    pub law: String,
    pub policy: String,
    pub mechanism: String,
    pub citations: Vec<Citation>,
    #[serde(default)]
    pub nist: Vec<String>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    #[serde(default)]
    pub attest: Vec<AttestItem>,
    /// Checks that answer one question of several, counted by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tallies: Vec<TallyOf>,
    pub checks: Vec<String>,
}

/// Some checks of a control that are counted by themselves: idle timers, absolute limits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TallyOf {
    pub name: String,
    pub about: String,
    pub checks: Vec<String>,
}

/// A number of policy that `affiant.yaml` may tighten, never loosen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: String,
    pub default: f64,
    #[serde(default)]
    pub unit: String,
    pub tighten: Tighten,
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tighten {
    Up,
    Down,
}

/// What only a person can say about a control.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttestItem {
    pub id: String,
    pub statement: String,
    pub role: String,
    pub valid_days: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub id: String,
    pub title: String,
    pub severity: Severity,
    pub why: String,
    pub fix: String,
    #[serde(default)]
    pub corroborated_by: Vec<Corroborator>,
    /// Columns whose NULL may still read `met`, each with its reason.
    #[serde(default)]
    pub null_ok: BTreeMap<String, String>,
    /// Tables whose missing rows are what makes a row `not met` ("no restore was tested"): a gap in one of
    /// them makes that row `not evidenced`.
    #[serde(default)]
    pub rests_on_absence: Vec<String>,
    /// Tables whose rows can only turn a verdict to `met`, each with the reason why a row may be `not met`
    /// without them: a gap in one of them takes no `met` away.
    #[serde(default)]
    pub in_favor: BTreeMap<String, String>,
    pub sql: String,
    #[serde(default)]
    pub cases: Vec<Case>,
}

/// An AWS Config managed rule that asks nearly the same: its name, or its name with the parameters that make
/// it the same question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "CorroboratorText", deny_unknown_fields)]
pub struct Corroborator {
    pub rule: String,
    /// The rule's parameter, and what it must be: a parameter of ours by name, or a value.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// As people write it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum CorroboratorText {
    Name(String),
    Full { rule: String, parameters: BTreeMap<String, String> },
}

impl From<CorroboratorText> for Corroborator {
    fn from(text: CorroboratorText) -> Self {
        match text {
            CorroboratorText::Name(rule) => Corroborator { rule, parameters: BTreeMap::new() },
            CorroboratorText::Full { rule, parameters } => Corroborator { rule, parameters },
        }
    }
}

/// A check's own fixture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub given: BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>,
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    pub expect: Vec<Expect>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub resource: String,
    pub verdict: Verdict,
    #[serde(default)]
    pub reason_has: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[serde(rename = "table")]
    pub name: String,
    pub about: String,
    /// Config types and `service:Operation` names that feed it.
    pub sources: Vec<String>,
    /// What it reads beside them where that was answered. Whoever reads the table takes a missing row or NULL
    /// for unknown, so what was not answered is no gap of it.
    #[serde(default)]
    pub if_read: Vec<String>,
    /// Other tables of the catalog that its SELECT names; read off the SQL, not written.
    #[serde(skip)]
    pub uses: BTreeSet<String>,
    /// Tables of these in which it looks up what its own rows name. What is not found there is unknown in
    /// that row alone, so that nobody asked for them is no gap of this table; an answer that came in part is.
    #[serde(default)]
    pub looks_up: Vec<String>,
    /// Any one of its sources is enough: where one was read in an account, it is no gap that another was not.
    #[serde(default)]
    pub either: bool,
    /// Documented columns that hold JSON, and other notes.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// What is worked out of the rows of the SELECT, in their order, where SQL cannot say it well. The table
    /// then has the columns of that.
    #[serde(default)]
    pub reckons: Option<Reckoning>,
    pub sql: String,
    /// What it makes of given rows.
    #[serde(default)]
    pub cases: Vec<TableCase>,
}

/// Rows given to what a table's SELECT reads (`resource`, `response`, other tables), and the rows that it
/// must then have. An expected row names the columns that it is about; none may be left over. What a given
/// row leaves out and cannot be NULL is filled in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableCase {
    pub name: String,
    #[serde(default)]
    pub given: BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>>,
    #[serde(default)]
    pub params: BTreeMap<String, serde_json::Value>,
    pub expect: Vec<BTreeMap<String, serde_json::Value>>,
}

/// What the program works out of the rows of a SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reckoning {
    /// How far each list of address ranges reaches.
    AddressReach,
    /// Through which ports a security group is open further than to known addresses.
    SecurityGroupReach,
    /// Which ports a network ACL opens further than to known addresses, its entries taken in their order.
    NetworkAclReach,
}

impl Reckoning {
    pub const fn as_str(self) -> &'static str {
        match self {
            Reckoning::AddressReach => "address-reach",
            Reckoning::SecurityGroupReach => "security-group-reach",
            Reckoning::NetworkAclReach => "network-acl-reach",
        }
    }
}

impl Table {
    /// Everything of the evidence that it says it reads.
    pub fn named(&self) -> impl Iterator<Item = &String> {
        self.sources.iter().chain(&self.if_read)
    }
}
