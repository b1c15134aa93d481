//! One row of a SELECT that is reckoned with: what it is about, a source of addresses, and what a rule says
//! of it.

use rusqlite::{Row, types::Value};

use crate::model::address::Addresses;
use crate::model::catalog::Reckoning;

pub type Line = Vec<Value>;

/// One row of the SELECT: first what it is about (`key`), then a source.
pub struct SourceRow {
    /// Arn, account, region, and what else tells a group.
    pub key: Vec<Value>,
    pub rule: Option<PortRule>,
    pub words: String,
    pub set: Addresses,
}

/// What a rule or an entry says beside its addresses.
pub struct PortRule {
    /// `-1` is every protocol; `None` is not known.
    pub protocol: Option<String>,
    pub ports: Option<(i64, i64)>,
    /// Of an entry: whether it lets in; `None` is not known.
    pub allows: Option<bool>,
}

impl SourceRow {
    pub fn read(row: &Row<'_>, reckoning: Reckoning) -> rusqlite::Result<SourceRow> {
        let keys = match reckoning {
            Reckoning::AddressReach => 4,
            Reckoning::SecurityGroupReach => 5,
            Reckoning::NetworkAclReach => 3,
        };
        let rule = match reckoning {
            Reckoning::AddressReach => None,
            Reckoning::SecurityGroupReach | Reckoning::NetworkAclReach => Some(PortRule::read(row)?),
        };
        let mut set = Addresses::default();
        match row
            .get::<_, Option<String>>("ranges")?
            .and_then(|text| serde_json::from_str::<Vec<Option<String>>>(&text).ok())
        {
            Some(ranges) => ranges.iter().for_each(|range| {
                set.insert(range.as_deref().unwrap_or_default());
            }),
            None => set.insert_unknown(),
        }
        let words = row
            .get::<_, Option<String>>("source")?
            .unwrap_or_else(|| "a source that is not in the evidence".into());
        Ok(SourceRow { key: (0..keys).map(|i| row.get(i)).collect::<Result<_, _>>()?, rule, words, set })
    }

    pub fn line(&self, values: Line) -> Line {
        self.key.iter().cloned().chain(values).collect()
    }
}

impl PortRule {
    fn read(row: &Row<'_>) -> rusqlite::Result<PortRule> {
        let action = row.get::<_, Option<String>>("action")?;
        let (from, to) = (row.get::<_, Option<i64>>("from_port")?, row.get::<_, Option<i64>>("to_port")?);
        Ok(PortRule {
            protocol: row.get("protocol")?,
            ports: from.zip(to),
            allows: action.and_then(|action| match action.as_str() {
                "allow" => Some(true),
                "deny" => Some(false),
                _ => None,
            }),
        })
    }

    /// Its ports where it bears on a protocol: `None` where it does not or names none that could be read.
    pub fn ports_of(&self, protocol: &str) -> Option<(i64, i64)> {
        match self.protocol.as_deref()? {
            "-1" => Some(ALL_PORTS),
            own if own == protocol && has_ports(own) => self.ports,
            own if own == protocol => Some(ALL_PORTS),
            _ => None,
        }
    }

    /// Whether what it says is not known in full.
    pub fn is_unread(&self) -> bool {
        self.protocol.as_deref().is_none_or(|protocol| has_ports(protocol) && self.ports.is_none())
    }
}

const ALL_PORTS: (i64, i64) = (0, 65535);

pub fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp")
}

pub fn union<'a>(sets: impl Iterator<Item = &'a Addresses>) -> Addresses {
    let mut all = Addresses::default();
    sets.for_each(|set| all.union(set));
    all
}

/// The sources in words, the first four by name.
pub fn words<'a>(group: impl Iterator<Item = &'a SourceRow>, nobody: &str) -> String {
    let names: Vec<&str> = group.map(|given| given.words.as_str()).collect();
    match names.split_last() {
        None => nobody.into(),
        Some((last, [])) => (*last).into(),
        Some((last, first)) if first.len() < 4 => format!("{} and {last}", first.join(", ")),
        Some(_) => format!("{} and {} more", names[..4].join(", "), names.len() - 4),
    }
}
