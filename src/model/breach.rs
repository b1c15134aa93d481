//! A breach to count from, and what follows of it: who must be told by when. Pure data; `program::breach`
//! counts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const TIMELINE: &str = "affiant.breach-clock/1";

/// What is known when somebody asks who must be told. Counts are those of one covered entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// One of [`super::shapes::ROLES`].
    pub role: String,
    /// The business associate (or subcontractor) acts as the agent of the party above it.
    #[serde(default)]
    pub agent: bool,
    /// Who knew, and when: at least one entry.
    pub known: Vec<Knowledge>,
    /// The organization's time zone, as the IANA names it: its days end at its midnight.
    pub zone: String,
    /// Affected residents by State or jurisdiction (`CA`, `PR`); `other` lives elsewhere.
    #[serde(default)]
    pub residents: BTreeMap<String, u64>,
    /// All affected individuals; absent, those of `residents`. Neither: not known yet.
    #[serde(default)]
    pub individuals: Option<u64>,
    #[serde(default)]
    pub contracts: Vec<Promise>,
    #[serde(default)]
    pub holds: Vec<Hold>,
    /// The days on which somebody was told already: `individuals`, `hhs`.
    #[serde(default)]
    pub told: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    pub by: Knower,
    /// A day, a local time, or a time with its offset.
    pub at: String,
    /// Where that was; else the organization's own.
    #[serde(default)]
    pub zone: Option<String>,
}

/// Whose knowledge makes a discovery: 164.404(a)(2) and 164.410(a)(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Knower {
    /// A member of the workforce other than the one who did it.
    Workforce,
    /// An agent by the federal common law of agency.
    Agent,
    /// Nobody knew; with reasonable diligence somebody would have.
    Diligence,
    /// A contractor who is no agent: its knowledge is not ours.
    Contractor,
    /// The person who committed the breach.
    Wrongdoer,
}

impl Knower {
    pub const ALL: [Knower; 5] =
        [Knower::Workforce, Knower::Agent, Knower::Diligence, Knower::Contractor, Knower::Wrongdoer];

    pub fn as_str(self) -> &'static str {
        match self {
            Knower::Workforce => "workforce",
            Knower::Agent => "agent",
            Knower::Diligence => "diligence",
            Knower::Contractor => "contractor",
            Knower::Wrongdoer => "wrongdoer",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Knower::Workforce => "a member of the workforce knew",
            Knower::Agent => "an agent knew, whose knowledge counts as ours",
            Knower::Diligence => "reasonable diligence would have shown it",
            Knower::Contractor => "a contractor who is no agent knew",
            Knower::Wrongdoer => "the person who did it knew",
        }
    }

    /// Whether this knowledge starts the clock.
    pub fn counts(self) -> bool {
        match self {
            Knower::Workforce | Knower::Agent | Knower::Diligence => true,
            Knower::Contractor | Knower::Wrongdoer => false,
        }
    }
}

/// What a contract promises.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promise {
    pub who: String,
    pub amount: f64,
    pub unit: Unit,
    #[serde(default)]
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Hours as they pass, whatever the clocks on the wall do.
    Hours,
    Days,
    /// Monday to Friday; holidays count as such days, which is never late.
    #[serde(rename = "business days")]
    BusinessDays,
}

/// A law enforcement official says that notice would impede an investigation or harm national security:
/// 164.412.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The day of the statement.
    pub made: String,
    /// The time that a written statement asks for; absent: it was oral.
    #[serde(default)]
    pub until: Option<String>,
    #[serde(default)]
    pub official: String,
}

/// What the laws of the States ask, as far as somebody checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateClocks {
    pub format: String,
    #[serde(default)]
    pub checked: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub states: Vec<StateLaw>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateLaw {
    /// The postal code.
    pub state: String,
    pub name: String,
    pub rules: Vec<StateRule>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    pub who: String,
    pub source: String,
    /// Whether the text was compared with a source. If not, no date is printed.
    pub verified: bool,
    /// Where it was compared, and when; or what is in doubt.
    pub checked: String,
    pub amount: u32,
    pub unit: Unit,
    pub from: StateStart,
    /// Owed from this many residents on; absent: from the first.
    #[serde(default)]
    pub at_least: Option<u64>,
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StateStart {
    #[serde(rename = "discovery")]
    Discovery,
    #[serde(rename = "individuals told")]
    IndividualsTold,
    #[serde(rename = "HHS told")]
    HhsTold,
}

/// Who must be told by when.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Timeline {
    pub format: String,
    pub role: String,
    pub agent: bool,
    pub discovered: Discovered,
    pub zone: String,
    /// The version of the time zone data that the times rest on.
    pub zones: String,
    pub individuals: Option<u64>,
    pub residents: BTreeMap<String, u64>,
    /// Ours before those of others, then by time; what is not owed last.
    pub duties: Vec<Duty>,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Discovered {
    /// The day from which the law's days are counted.
    pub day: String,
    /// The moment from which hours are counted, UTC.
    pub at: String,
    /// That moment in the organization's zone.
    pub local: String,
    pub by: Knower,
    pub words: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Duty {
    pub id: String,
    pub who: String,
    pub by: String,
    /// Whether the organization itself owes it.
    pub ours: bool,
    /// `law`, `state law` or `contract`.
    pub basis: String,
    pub source: String,
    pub due: Due,
    /// A law enforcement official asked that nobody is told before the end of this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    pub words: String,
}

/// The outer limit; the standard is without unreasonable delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Due {
    /// The end of a day in the organization's zone; `until` is that moment in UTC.
    Day {
        day: String,
        until: String,
    },
    /// A moment: local, and in UTC.
    Moment {
        local: String,
        until: String,
    },
    NotDetermined {
        why: String,
    },
    NotOwed {
        why: String,
    },
}

impl Due {
    /// The outer limit in UTC, RFC 3339.
    pub fn until(&self) -> Option<&str> {
        match self {
            Due::Day { until, .. } | Due::Moment { until, .. } => Some(until),
            Due::NotDetermined { .. } | Due::NotOwed { .. } => None,
        }
    }
}
