//! The steps of a walk back through the recorded changes: which resources move together, and what a step
//! changed.

use super::Step;
use crate::assess::input::Fault;
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Groups of changes in order: as many as follow one another until a resource changes again.
pub(super) fn steps(db: &Connection) -> Result<Vec<Step>, Fault> {
    let mut statement =
        db.prepare("SELECT captured_at, type || ' ' || arn FROM version ORDER BY captured_at")?;
    let mut rows = statement.query([])?;
    let mut steps: Vec<Step> = Vec::new();
    let (mut group, mut at_once) = (BTreeSet::new(), BTreeSet::new());
    let mut time = String::new();
    let mut close = |time: &str, at_once: &mut BTreeSet<String>| {
        if at_once.is_empty() {
            return;
        }
        match steps.last_mut().filter(|_| group.is_disjoint(at_once)) {
            Some(step) => step.1 = time.to_string(),
            None => {
                steps.push((time.to_string(), time.to_string()));
                group.clear();
            }
        }
        group.append(at_once);
    };
    while let Some(row) = rows.next()? {
        let (captured, resource): (String, String) = (row.get(0)?, row.get(1)?);
        if captured != time {
            close(&time, &mut at_once);
            time = captured;
        }
        at_once.insert(resource);
    }
    close(&time, &mut at_once);
    Ok(steps)
}

/// Time and artifact of the change: of the resource itself, else the last of its group.
pub(super) fn cause(db: &Connection, resource: &str, (from, to): &Step) -> Result<(String, i64), Fault> {
    let mut statement = db.prepare_cached(
        "SELECT captured_at, artifact FROM version WHERE captured_at BETWEEN ?1 AND ?2 ORDER BY arn <> ?3, \
         captured_at DESC, id DESC LIMIT 1",
    )?;
    Ok(statement.query_row([from, to, resource], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

pub(super) fn types(
    db: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<BTreeSet<String>, Fault> {
    Ok(db.prepare_cached(sql)?.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?)
}
