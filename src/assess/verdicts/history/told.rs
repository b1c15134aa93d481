//! What the walk leaves behind: episodes in order, and the times at which recording stopped.

use rusqlite::Connection;

use crate::assess::input::Fault;
use crate::model::assessment::{EPISODES, Episode, History, RecordingStop};
use crate::model::catalog::Catalog;

/// Reads the episodes back, newest first.
pub(super) fn report(db: &Connection, history: &mut History) -> Result<(), Fault> {
    (history.ended, history.open) = db.query_row(
        "SELECT coalesce(sum(ended_at IS NOT NULL), 0), coalesce(sum(ended_at IS NULL), 0) FROM episode",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut statement = db.prepare(
        "SELECT e.check_id, e.resource, e.account, e.region, e.broken_at, e.reason, b.path, e.ended_at, \
         e.ended, n.path
         FROM episode AS e LEFT JOIN artifact AS b ON b.id = e.broken_artifact
           LEFT JOIN artifact AS n ON n.id = e.ended_artifact
         ORDER BY coalesce(e.broken_at, e.ended_at) DESC, e.check_id, e.resource LIMIT ?",
    )?;
    let rows = statement.query_map([EPISODES as i64], |row| {
        Ok(Episode {
            check: row.get(0)?,
            resource: row.get(1)?,
            account: row.get(2)?,
            region: row.get(3)?,
            broken_at: row.get(4)?,
            reason: row.get(5)?,
            broken_artifact: row.get(6)?,
            ended_at: row.get(7)?,
            ended: row.get(8)?,
            ended_artifact: row.get(9)?,
        })
    })?;
    history.episodes = rows.collect::<Result<_, _>>()?;
    Ok(())
}

/// The tables of stops, and what each is about.
pub(super) const STOPS: [(&str, &str); 2] =
    [("cloudtrail_stop", "trail"), ("config_recorder_stop", "recorder")];

/// Trails and recorders that somebody stopped, where the catalog has tables of them, newest first.
pub fn stops(db: &Connection, catalog: &Catalog) -> Result<Vec<RecordingStop>, Fault> {
    let mut stops = Vec::new();
    for (table, kind) in
        STOPS.into_iter().filter(|(name, _)| catalog.tables.iter().any(|table| table.name == *name))
    {
        let mut statement = db.prepare(&format!(
            "SELECT arn, account, region, event, coalesce(stopped_by, ''), coalesce(stopped_at, ''), \
             started_at,
                    (SELECT path FROM artifact WHERE id = s.artifact)
             FROM {table} AS s ORDER BY stopped_at DESC, arn, event LIMIT ?"
        ))?;
        let rows = statement.query_map([EPISODES as i64], |row| {
            Ok(RecordingStop {
                kind: kind.to_string(),
                resource: row.get(0)?,
                account: row.get(1)?,
                region: row.get(2)?,
                event: row.get(3)?,
                by: row.get(4)?,
                stopped_at: row.get(5)?,
                started_at: row.get(6)?,
                artifact: row.get(7)?,
            })
        })?;
        for row in rows {
            stops.push(row?);
        }
    }
    stops.sort_by(|a, b| (&b.stopped_at, &a.resource, &a.event).cmp(&(&a.stopped_at, &b.resource, &b.event)));
    Ok(stops)
}
