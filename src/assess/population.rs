//! Every row that a check judged, from a database that `assess` left: also those that an assessment has no room for.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::input::Fault;
use crate::model::workpapers::JudgedRow;

/// The rows of each check, in the order of the checks and then of resources.
pub fn populations(database: &Path, checks: &[&str]) -> Result<Vec<Vec<JudgedRow>>, Fault> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = db.prepare(
        "SELECT r.resource, r.account, r.region, r.verdict, r.reason, r.excluded, a.path, a.sha256
         FROM result AS r
         LEFT JOIN artifact AS a ON a.id = (SELECT min(x.artifact) FROM resource AS x WHERE x.arn = r.resource)
         WHERE r.check_id = ? ORDER BY r.resource, r.account, r.region, r.verdict, r.reason",
    )?;
    let mut all = Vec::new();
    for check in checks {
        let rows = statement.query_map([check], |row| {
            let text = |i: usize| row.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
            Ok(JudgedRow {
                resource: text(0)?,
                account: text(1)?,
                region: text(2)?,
                verdict: text(3)?,
                reason: text(4)?,
                excluded: row.get(5)?,
                evidence: text(6)?,
                sha256: text(7)?,
            })
        })?;
        all.push(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(all)
}
