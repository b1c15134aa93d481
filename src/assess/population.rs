//! Every row that a check judged, from a database that `assess` left: also those that an assessment has no
//! room for.

use std::collections::BTreeMap;
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
         LEFT JOIN artifact AS a ON a.id = (SELECT min(x.artifact) FROM resource AS x
                                            WHERE x.arn = r.resource)
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

/// ARNs by the type and the id, or the name, by which AWS Config knows a resource.
pub fn by_config_id(database: &Path) -> Result<BTreeMap<(String, String), Vec<String>>, Fault> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = db.prepare(
        "SELECT DISTINCT type, resource_id, name, arn FROM resource WHERE arn <> '' ORDER BY 1, 4",
    )?;
    let mut all: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, arn): (String, String) = (row.get(0)?, row.get(3)?);
        for at in [1, 2] {
            let id: String = row.get::<_, Option<String>>(at)?.unwrap_or_default();
            let arns = all.entry((kind.clone(), id)).or_default();
            if !arns.contains(&arn) {
                arns.push(arn.clone());
            }
        }
    }
    Ok(all)
}

/// Every store that counts as holding PHI, and what was not read of such stores.
pub fn phi_stores(database: &Path) -> Result<(Vec<Vec<String>>, Vec<String>), Fault> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let read = |sql: &str, columns: usize| -> Result<Vec<Vec<String>>, Fault> {
        let mut statement = db.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            (0..columns)
                .map(|i| row.get::<_, Option<String>>(i).map(Option::unwrap_or_default))
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    };
    let stores =
        read("SELECT DISTINCT arn, account, region, kind, name, why FROM phi_store ORDER BY 2, 3, 4, 1", 6)?;
    let gaps = read(
        "SELECT DISTINCT source, account, region, state FROM coverage WHERE gap AND \"table\" = 'phi_store' \
         ORDER BY 1, 2, 3",
        4,
    )?;
    Ok((
        stores,
        gaps.into_iter().map(|g| format!("{} in account {}, {}: {}", g[0], g[1], g[2], g[3])).collect(),
    ))
}
