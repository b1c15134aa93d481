//! What came of people's exceptions in a judged database: how many rows of the check each one names, and how
//! many it covers. An exception that names nothing is a mistake that no verdict shows.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};

use crate::assess::input::Fault;
use crate::model::decisions::{ExceptionRecord, matches_pattern};

/// One exception of `program/exceptions.yaml`, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionUse {
    /// Rows of its check that its `resource` names.
    pub named: u64,
    /// Of these, failing ones.
    pub failing: u64,
    /// Rows that the check has at all, without those that say that evidence is missing.
    pub rows: u64,
    /// Rows that say so: among them what it names may hide.
    pub unread: u64,
    /// Some resources of the check, for somebody who mistyped one.
    pub resources: Vec<String>,
}

const EXAMPLES: usize = 2_000;

/// Reads the results of a database that `assess` left.
pub fn exception_uses(database: &Path, exceptions: &[ExceptionRecord]) -> Result<Vec<ExceptionUse>, Fault> {
    if exceptions.is_empty() {
        return Ok(Vec::new());
    }
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement =
        db.prepare("SELECT resource, sql_verdict FROM result WHERE check_id = ? ORDER BY resource")?;
    let mut uses = Vec::new();
    for exception in exceptions {
        let mut used = ExceptionUse::default();
        let mut rows = statement.query([&exception.check])?;
        while let Some(row) = rows.next()? {
            let (resource, verdict): (String, String) = (row.get(0)?, row.get(1)?);
            let read = verdict != "not evidenced";
            *(if read { &mut used.rows } else { &mut used.unread }) += 1;
            if matches_pattern(&exception.resource, &resource) {
                used.named += 1;
                used.failing += u64::from(verdict == "not met");
            } else if read && used.resources.len() < EXAMPLES {
                used.resources.push(resource);
            }
        }
        if used.named > 0 {
            used.resources.clear();
        }
        uses.push(used);
    }
    Ok(uses)
}
