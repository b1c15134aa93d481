//! Items of single resources out of an evidence database, for comparing two runs.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::assess::input::Fault;
use crate::model::changes::ItemState;

/// The items of these resources, ordered by resource, account and region. The database may come from a
/// package of somebody else: its schema is not trusted.
pub fn items(database: &Path, resources: &BTreeSet<String>) -> Result<Vec<ItemState>, Fault> {
    let db = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")?;
    let mut statement = db.prepare(
        "SELECT r.arn, r.account, r.region, r.captured_at, a.path, r.configuration, r.supplementary, r.tags
         FROM resource AS r JOIN artifact AS a ON a.id = r.artifact
         WHERE r.arn = ?1 ORDER BY r.account, r.region, r.id",
    )?;
    let mut out = Vec::new();
    for resource in resources {
        let rows = statement.query_map([resource], |row| {
            let json = |text: Option<String>| {
                text.and_then(|t| serde_json::from_str::<Value>(&t).ok()).unwrap_or(Value::Null)
            };
            Ok(ItemState {
                resource: row.get(0)?,
                account: row.get(1)?,
                region: row.get(2)?,
                captured_at: row.get(3)?,
                artifact: row.get(4)?,
                body: json!({
                    "configuration": json(row.get(5)?), "supplementary": json(row.get(6)?),
                    "tags": json(row.get(7)?)
                }),
            })
        })?;
        for row in rows {
            out.push(row?);
        }
    }
    Ok(out)
}
