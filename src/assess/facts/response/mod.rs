//! What an incident needs of the environment: trails, log groups, detectors, alarm topics, vaults, keys,
//! quarantine groups and emergency roles. It names what the tables hold, and says where one is expected and
//! is not there. Where the evidence does not tell, it says that, and never that something is missing. It
//! judges nothing; a catalog of other tables has no such list.

mod queries;

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::assess::database::coverage::Gaps;
use crate::assess::input::{Fault, Input};
use crate::model::decisions::PlanEnvironment;
use crate::model::dossier::{Means, MeansFound, MeansGap, MeansThing, THINGS};
use queries::{QUERIES, Query};

/// What the plan's file names, for the queries that look for it.
const NAMED: &str = "CREATE TEMP TABLE named_means (means TEXT NOT NULL, name TEXT NOT NULL)";

pub fn means(db: &Connection, input: &Input<'_>) -> Result<Vec<MeansFound>, Fault> {
    db.execute_batch(NAMED)?;
    let absent = PlanEnvironment::default();
    let named = input.decisions.incident.as_ref().map_or(&absent, |plan| &plan.environment);
    let mut insert = db.prepare("INSERT INTO temp.named_means VALUES (?, ?)")?;
    for (means, names) in
        [(Means::Quarantine, &named.quarantine_groups), (Means::BreakGlass, &named.break_glass)]
    {
        for name in names {
            insert.execute(params![means.as_str(), name])?;
        }
    }
    drop(insert);
    // a package of an earlier version brings its own tables, which may have other columns
    let known = |query: &&Query| {
        let there = query.tables.iter().all(|name| input.catalog.tables.iter().any(|t| t.name == *name));
        there && [query.things, query.expected].iter().all(|sql| db.prepare(sql).is_ok())
    };
    let found = QUERIES.iter().filter(known).map(|query| one(db, input, query)).collect();
    db.execute_batch("DROP TABLE temp.named_means")?;
    found
}

fn one(db: &Connection, input: &Input<'_>, query: &Query) -> Result<MeansFound, Fault> {
    let tables: BTreeSet<String> = query.absence.iter().map(|t| (*t).to_string()).collect();
    let gaps = Gaps::of(input.run, input.catalog, &tables);
    let (things, total) = things(db, query.things)?;
    let mut found = MeansFound { means: query.means, things, total, missing: Vec::new(), unread: Vec::new() };
    for thing in found.things.iter_mut().filter(|thing| query.fault_of_absence && !thing.fault.is_empty()) {
        if let Some(why) = gap(&gaps, &thing.account, &thing.region) {
            thing.fault.clear();
            let (account, region) = (thing.account.clone(), thing.region.clone());
            found.unread.push(MeansGap {
                account,
                region,
                reason: format!("who hears `{}`: {why}", thing.name),
            });
        }
    }
    let mut statement = db.prepare(query.expected)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (account, region): (String, String) = (row.get(0)?, row.get(1)?);
        let what = row.get::<_, Option<String>>(2)?.unwrap_or_default();
        let there: Option<bool> = row.get(3)?;
        let why = match (there, gap(&gaps, &account, &region)) {
            (Some(true), _) => continue,
            (Some(false), None) => {
                found.missing.push(MeansGap { account, region, reason: what });
                continue;
            }
            (_, Some(gap)) => gap,
            (None, None) => query.untold.to_string(),
        };
        let reason = if what.is_empty() { why } else { format!("{what}: {why}") };
        found.unread.push(MeansGap { account, region, reason });
    }
    Ok(found)
}

/// Why a place is not known. What is expected once in the whole environment suffers from a gap anywhere.
fn gap(gaps: &Gaps, account: &str, region: &str) -> Option<String> {
    match account {
        "" => gaps.places().next().map(|(_, _, words)| words),
        _ => gaps.on(account, region).map(str::to_string),
    }
}

fn things(db: &Connection, sql: &str) -> Result<(Vec<MeansThing>, u64), Fault> {
    let mut statement = db.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let text = |i: usize| row.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
        Ok(MeansThing {
            arn: text(0)?,
            name: text(1)?,
            account: text(2)?,
            region: text(3)?,
            facts: text(4)?,
            fault: text(5)?,
            urgent: row.get::<_, Option<bool>>(6)?.unwrap_or(false),
        })
    })?;
    let mut named = Vec::new();
    let mut total = 0;
    for thing in rows {
        total += 1;
        if named.len() < THINGS {
            named.push(thing?);
        }
    }
    Ok((named, total))
}
