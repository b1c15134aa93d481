//! What was broken within the period, from AWS Config's history: after each group of changes, the checks that
//! it touches are asked again of the evidence as it was then. A group holds changes that follow one another,
//! each of another resource, so that no state of a resource is passed over. Temporary tables and a view
//! shadow those of the run, so that the catalog's SQL runs as it stands and the run's own tables are left
//! alone. What other APIs answered is known only as of the run, and stays as it is.

mod steps;

use std::collections::{BTreeMap, BTreeSet};

mod told;

use rusqlite::{Connection, OptionalExtension, params};

use crate::assess::database::bounds::{self, Bounds};
use crate::assess::database::place::place;
use crate::assess::database::{guard, tables};
use crate::assess::facts::policies;
use crate::assess::input::{Fault, Input};
use crate::catalog::closure;
use crate::model::assessment::{ControlResult, History};
use crate::model::catalog::{Catalog, Check, Table};
use crate::model::run::Source;
use steps::{cause, steps, types};
pub use told::stops;

/// Groups of changes that are judged at most, the newest: each asks the checks that its changes touch.
const STEPS: usize = 500;

/// The first and the last time of a group of changes (RFC 3339).
type Step = (String, String);

/// `version`: every state of a resource that differs from the one before. `moved`: the resources that have
/// any. `past`: those as they were at the time that is judged; the view `resource` is the run's, with them in
/// place of what they are now.
const SHADOWS: &str = "
CREATE TEMP TABLE version AS
  SELECT * FROM (
    SELECT h.*,
           lag(configuration || char(10) || coalesce(supplementary, '') || char(10) || tags || status) OVER w
             IS NOT (configuration || char(10) || coalesce(supplementary, '')
                     || char(10) || tags || status) AS news,
           row_number() OVER w AS nth
    FROM main.history AS h WHERE captured_at <> '' AND captured_at <= ?1
    WINDOW w AS (PARTITION BY type, arn ORDER BY captured_at, id)
  ) WHERE news OR nth = 1;
CREATE INDEX temp.version_time ON version (captured_at);
CREATE INDEX temp.version_arn ON version (type, arn, captured_at);
CREATE TEMP TABLE moved AS SELECT DISTINCT type, arn FROM temp.version;
CREATE INDEX temp.moved_arn ON moved (type, arn);
CREATE TEMP TABLE past AS SELECT * FROM main.resource WHERE 0;
CREATE INDEX temp.past_arn ON past (type, arn);
CREATE INDEX temp.past_any ON past (arn);
CREATE TEMP VIEW resource AS
  SELECT * FROM main.resource AS r
  WHERE NOT EXISTS (SELECT 1 FROM temp.moved AS m WHERE m.type = r.type AND m.arn = r.arn)
  UNION ALL SELECT * FROM temp.past;
CREATE TEMP TABLE held (check_id TEXT NOT NULL, resource TEXT NOT NULL, account TEXT NOT NULL,
  region TEXT NOT NULL, reason TEXT NOT NULL,
  broken_at TEXT, artifact INTEGER, PRIMARY KEY (check_id, resource)) WITHOUT ROWID;";

const COLUMNS: &str =
    "id, arn, type, resource_id, name, account, region, availability_zone, tags, phi_scope, excluded, \
     status, captured_at,
 created_at, configuration, supplementary, artifact";

/// Judges every time of the history; `None` where none was asked for and none was read.
pub fn judge(
    db: &mut Connection,
    input: &Input<'_>,
    controls: &[ControlResult],
) -> Result<Option<History>, Fault> {
    let files = input
        .run
        .artifacts
        .iter()
        .filter(|a| matches!(a.source, Source::Snapshot { history: true, .. }))
        .count() as u64;
    let asked = input.run.record.asked.as_ref().and_then(|asked| asked.since.clone());
    if files == 0 && asked.is_none() {
        return Ok(None);
    }
    let changes = db.query_row("SELECT count(*) FROM history", [], |row| row.get(0))?;
    let first: Option<String> =
        db.query_row("SELECT min(captured_at) FROM history WHERE captured_at <> ''", [], |row| row.get(0))?;
    let since = asked.or(first).unwrap_or_else(|| input.as_of.to_string());
    let mut history = History { since, files, changes, ..History::default() };
    if changes > 0 {
        let _meter = Bounds::of(db)?.whole().on(db)?;
        let walked = Walk { catalog: input.catalog, asked: asked_of(input.catalog, controls) }.run(
            db,
            input.as_of,
            &mut history,
        );
        bounds::unbound(db)?;
        walked?;
    }
    told::report(db, &mut history)?;
    Ok(Some(history))
}

/// Each check with every table that it reads, directly or through another.
fn asked_of<'a>(catalog: &'a Catalog, controls: &[ControlResult]) -> Vec<(&'a Check, BTreeSet<String>)> {
    let results = controls.iter().flat_map(|control| &control.checks);
    let mut asked: Vec<_> = results
        .map(|result| {
            (&catalog.checks[&result.id], closure(catalog, &result.tables.iter().cloned().collect()))
        })
        .collect();
    asked.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    asked.dedup_by(|a, b| a.0.id == b.0.id);
    asked
}

struct Walk<'a> {
    catalog: &'a Catalog,
    asked: Vec<(&'a Check, BTreeSet<String>)>,
}

/// A row that a check does not meet.
struct Broken {
    account: String,
    region: String,
    reason: String,
}

impl Walk<'_> {
    fn run(&self, db: &Connection, as_of: &str, history: &mut History) -> Result<(), Fault> {
        for statement in SHADOWS.split_inclusive(';') {
            // only the first takes the time
            if statement.contains("?1") {
                db.execute(statement, [as_of])?
            } else {
                db.execute(statement, [])?
            };
        }
        let steps = steps(db)?;
        let cut = steps.len().saturating_sub(STEPS);
        history.judged_from = (cut > 0).then(|| steps[cut].0.clone());
        history.steps = (steps.len() - cut) as u64;
        self.begin(db, history, if cut > 0 { &steps[cut - 1].1 } else { "" })?;
        for step in &steps[cut..] {
            self.step(db, step)?;
        }
        self.end(db, as_of)?;
        db.execute_batch(
            "DROP VIEW temp.resource; DROP TABLE temp.past; DROP TABLE temp.moved; DROP TABLE temp.version; \
             DROP TABLE temp.held;",
        )?;
        for table in self.tables(&types(db, "SELECT DISTINCT type FROM main.history", &[])?) {
            unshadow(db, table)?;
        }
        policies::unshadow(db)
    }

    /// The state before the first time: what was changed up to `cut`; of the rest, what was there before
    /// stands as its first change found it, since how it was before that is not known, and what was made
    /// later is not there yet.
    fn begin(&self, db: &Connection, history: &History, cut: &str) -> Result<(), Fault> {
        db.execute(
            &format!(
                "INSERT INTO past SELECT {COLUMNS} FROM (SELECT v.*, row_number() OVER (PARTITION BY type, \
                 arn ORDER BY
                   captured_at <= ?1 DESC, CASE WHEN captured_at <= ?1 THEN -julianday(captured_at)
                                                ELSE julianday(captured_at) END, id)
                   AS rank FROM version AS v)
                 WHERE rank = 1 AND status = 'live'
                   AND (captured_at <= ?1 OR created_at = '' OR created_at < ?2)"
            ),
            params![cut, history.since],
        )?;
        let all = types(db, "SELECT DISTINCT type FROM version", &[])?;
        self.shadow(db, &all, &history.since)?;
        let mut insert = db.prepare("INSERT INTO held VALUES (?, ?, ?, ?, ?, NULL, NULL)")?;
        for check in self.touched(&all) {
            for (resource, row) in broken(db, check)? {
                insert.execute(params![check.id, resource, row.account, row.region, row.reason])?;
            }
        }
        Ok(())
    }

    fn step(&self, db: &Connection, step: &Step) -> Result<(), Fault> {
        let (from, to) = step;
        let changed =
            types(db, "SELECT DISTINCT type FROM version WHERE captured_at BETWEEN ? AND ?", &[from, to])?;
        db.execute(
            "DELETE FROM past WHERE (type, arn) IN (SELECT type, arn FROM version WHERE captured_at \
                    BETWEEN ? AND ?)",
            [from, to],
        )?;
        db.execute(
            &format!(
                "INSERT INTO past SELECT {COLUMNS} FROM (SELECT v.*, row_number() OVER (PARTITION BY type, \
                 arn ORDER BY id DESC) AS rank
                 FROM version AS v WHERE captured_at BETWEEN ? AND ?) WHERE rank = 1 AND status = 'live'"
            ),
            [from, to],
        )?;
        self.shadow(db, &changed, from)?;
        for check in self.touched(&changed) {
            let now = broken(db, check)?;
            let held = held(db, check)?;
            for (resource, row) in now.iter().filter(|(resource, _)| !held.contains_key(*resource)) {
                let (time, artifact) = cause(db, resource, step)?;
                db.prepare_cached("INSERT INTO held VALUES (?,?,?,?,?,?,?)")?.execute(params![
                    check.id,
                    resource,
                    row.account,
                    row.region,
                    row.reason,
                    time,
                    artifact
                ])?;
            }
            for resource in held.keys().filter(|resource| !now.contains_key(*resource)) {
                let (time, artifact) = cause(db, resource, step)?;
                self.close(db, check, resource, (&time, Some(artifact)), "temp.resource")?;
            }
        }
        Ok(())
    }

    /// Moves a held row to the episodes; `resources` is the table that says whether its resource is still
    /// there.
    fn close(
        &self,
        db: &Connection,
        check: &Check,
        resource: &str,
        end: (&str, Option<i64>),
        resources: &str,
    ) -> Result<(), Fault> {
        db.prepare_cached(&format!(
            "INSERT INTO episode SELECT check_id, resource, account, region, broken_at, reason, artifact, ?3,
               CASE WHEN EXISTS (SELECT 1 FROM {resources} WHERE arn = ?2)
                      OR NOT EXISTS (SELECT 1 FROM version WHERE arn = ?2)
                    THEN 'repaired' ELSE 'gone' END, ?4
             FROM held WHERE check_id = ?1 AND resource = ?2"
        ))?
        .execute(params![check.id, resource, end.0, end.1])?;
        db.prepare_cached("DELETE FROM held WHERE check_id = ? AND resource = ?")?
            .execute([&check.id, resource])?;
        Ok(())
    }

    /// Joins the last state of the history with the run's own: what is not broken there was repaired since,
    /// and what is still broken, and was not when the history begins, is so still.
    fn end(&self, db: &Connection, as_of: &str) -> Result<(), Fault> {
        let checks = self.touched(&types(db, "SELECT DISTINCT type FROM version", &[])?);
        let mut now = db
            .prepare("SELECT DISTINCT resource FROM result WHERE check_id = ? AND sql_verdict = 'not met'")?;
        let mut seen = db.prepare("SELECT captured_at, artifact FROM main.resource WHERE arn = ? LIMIT 1")?;
        for check in checks {
            let rows = now.query_map([&check.id], |row| row.get::<_, String>(0))?;
            let now: BTreeSet<String> = rows.collect::<Result<_, _>>()?;
            for (resource, from) in held(db, check)? {
                if now.contains(&resource) {
                    if from.is_some() {
                        db.execute(
                            "INSERT INTO episode SELECT check_id, resource, account, region, broken_at, \
                             reason, artifact, NULL, NULL, NULL
                             FROM held WHERE check_id = ? AND resource = ?",
                            [&check.id, &resource],
                        )?;
                    }
                    continue;
                }
                let known: Option<(String, i64)> =
                    seen.query_row([&resource], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
                let later =
                    known.filter(|(at, _)| !at.is_empty() && from.as_ref().is_none_or(|from| at > from));
                let (at, artifact) =
                    later.map_or_else(|| (as_of.to_string(), None), |(at, artifact)| (at, Some(artifact)));
                self.close(db, check, &resource, (&at, artifact), "main.resource")?;
            }
            self.broken_last(db, check)?;
        }
        Ok(())
    }

    /// What was sound in the last state of the history and is broken in an item that is newer: the run alone
    /// shows that change.
    fn broken_last(&self, db: &Connection, check: &Check) -> Result<(), Fault> {
        db.prepare_cached(
            "INSERT INTO episode SELECT r.check_id, r.resource, r.account, r.region, n.captured_at, \
             r.reason, n.artifact, NULL, NULL, NULL
             FROM result AS r JOIN main.resource AS n ON n.arn = r.resource
               JOIN past AS p ON p.type = n.type AND p.arn = n.arn
             WHERE r.check_id = ?1 AND r.sql_verdict = 'not met' AND NOT r.excluded
               AND n.captured_at > p.captured_at
               AND NOT EXISTS (SELECT 1 FROM held AS h WHERE h.check_id = ?1 AND h.resource = r.resource)",
        )?
        .execute([&check.id])?;
        Ok(())
    }

    /// The catalog's tables that items of these types reach, in the order in which they are made.
    fn tables(&self, types: &BTreeSet<String>) -> Vec<&Table> {
        let mut reached = BTreeSet::new();
        self.catalog
            .tables
            .iter()
            .filter(|table| {
                let fed = table.sources.iter().any(|s| types.contains(s))
                    || table.uses.iter().any(|u| reached.contains(u.as_str()));
                fed && reached.insert(table.name.as_str())
            })
            .collect()
    }

    /// Makes these tables anew from the state that is judged.
    fn shadow(&self, db: &Connection, types: &BTreeSet<String>, as_of: &str) -> Result<(), Fault> {
        if policies::SOURCES.iter().any(|s| types.contains(*s)) {
            policies::unshadow(db)?;
            policies::create(db, true)?;
            policies::fill(db, as_of)?;
        }
        for table in self.tables(types) {
            unshadow(db, table)?;
            tables::create(db, table, "TEMP TABLE")?;
        }
        Ok(())
    }

    fn touched(&self, types: &BTreeSet<String>) -> Vec<&Check> {
        let tables: BTreeSet<&str> = self.tables(types).into_iter().map(|t| t.name.as_str()).collect();
        let reads =
            |read: &BTreeSet<String>| read.iter().any(|t| t == "resource" || tables.contains(t.as_str()));
        self.asked.iter().filter(|(_, read)| reads(read)).map(|(check, _)| *check).collect()
    }
}

fn unshadow(db: &Connection, table: &Table) -> Result<(), Fault> {
    Ok(db.execute_batch(&format!("DROP TABLE IF EXISTS temp.\"{}\"", tables::quoted(&table.name)))?)
}

/// What a check does not find met in the state that is judged, by resource.
fn broken(db: &Connection, check: &Check) -> Result<BTreeMap<String, Broken>, Fault> {
    let fault = |e: rusqlite::Error| Fault::Check {
        check: check.id.clone(),
        what: format!("over the history: {}", guard::words(&e)),
    };
    let mut statement = db
        .prepare(&format!(
            "SELECT c.* FROM ({}) AS c WHERE c.verdict = 'not met'
             AND NOT EXISTS (SELECT 1 FROM resource AS x WHERE x.arn = c.resource AND x.excluded)",
            check.sql
        ))
        .map_err(fault)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut out = BTreeMap::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let text = |n: usize| row.get::<_, Option<String>>(n).map_err(fault);
        let Some(resource) = text(0)? else { continue };
        let (account, region) = (text(1)?, text(2)?);
        let (account, region) = place(&resource, account.as_deref(), region.as_deref());
        let found = Broken {
            account: account.to_string(),
            region: region.to_string(),
            reason: text(4)?.unwrap_or_default(),
        };
        out.entry(resource).or_insert(found);
    }
    Ok(out)
}

/// What a check did not find met before, and since when.
fn held(db: &Connection, check: &Check) -> Result<BTreeMap<String, Option<String>>, Fault> {
    let mut statement = db.prepare_cached("SELECT resource, broken_at FROM held WHERE check_id = ?")?;
    Ok(statement.query_map([&check.id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}
