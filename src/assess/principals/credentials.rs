//! The credential report: passwords, keys and MFA of each user, and when each was last used.

use chrono::NaiveDate;
use rusqlite::{Connection, Row};

use super::REPORT;
use crate::assess::input::Fault;

/// One credential of a user as the report has it: whether it can be used, since when, and when it last was.
struct Credential {
    active: Option<bool>,
    set: Option<String>,
    used: Option<String>,
}

pub(super) struct ReportLine {
    pub(super) arn: String,
    pub(super) account: String,
    pub(super) name: String,
    mfa: Option<bool>,
    credentials: [Credential; 3],
    pub(super) root: bool,
}

pub(super) fn report(db: &Connection) -> Result<Vec<ReportLine>, Fault> {
    let credential = |row: &Row<'_>, at: usize| -> rusqlite::Result<Credential> {
        Ok(Credential { active: row.get(at)?, set: row.get(at + 1)?, used: row.get(at + 2)? })
    };
    let mut statement = db.prepare(REPORT)?;
    let lines = statement.query_map([], |row| {
        Ok(ReportLine {
            arn: row.get(0)?,
            account: row.get(1)?,
            name: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            mfa: row.get(3)?,
            credentials: [credential(row, 4)?, credential(row, 7)?, credential(row, 10)?],
            root: row.get::<_, Option<bool>>(13)?.unwrap_or(false),
        })
    })?;
    Ok(lines.collect::<Result<_, _>>()?)
}

impl ReportLine {
    pub(super) fn last_used(&self) -> String {
        let last = self.credentials.iter().filter_map(|c| c.used.as_ref()).max();
        last.map_or_else(|| "no use is known".to_string(), |t| t.get(..10).unwrap_or(t).to_string())
    }

    pub(super) fn mfa(&self) -> String {
        match (self.mfa, self.credentials[0].active) {
            (Some(true), _) => "yes".into(),
            (Some(false), Some(false)) => "no, and no password".into(),
            (Some(false), Some(true)) => "NO, with a password".into(),
            (Some(false), None) => "no".into(),
            (None, _) => "unknown: the credential report does not say".into(),
        }
    }

    /// Each active access key with its age at `day`.
    pub(super) fn keys(&self, day: NaiveDate) -> String {
        let age = |set: &Option<String>| {
            let set = set.as_ref().and_then(|t| NaiveDate::parse_from_str(t.get(..10)?, "%Y-%m-%d").ok());
            set.map_or_else(
                || "of unknown age".to_string(),
                |set| format!("{} days old", (day - set).num_days()),
            )
        };
        let used = |used: &Option<String>| {
            used.as_ref().map_or_else(
                || "no use is known".into(),
                |t| format!("last used {}", t.get(..10).unwrap_or(t)),
            )
        };
        let keys = self.credentials[1..].iter().enumerate().filter_map(|(i, key)| match key.active {
            Some(true) => Some(format!("key {}: {}, {}", i + 1, age(&key.set), used(&key.used))),
            Some(false) => None,
            None => Some(format!("key {}: unknown, the credential report does not say", i + 1)),
        });
        let keys: Vec<String> = keys.collect();
        if keys.is_empty() { "none active".into() } else { keys.join("; ") }
    }
}
