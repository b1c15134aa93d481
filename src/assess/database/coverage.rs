//! The `coverage` table: what is known of each catalog table in each account and region, and the gaps that a
//! check must answer for. The engine, not a check's author, decides what is known.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::tables::BrokenTable;
use crate::assess::input::Fault;
use crate::catalog::closure;
use crate::model::catalog::{Catalog, Table};
use crate::model::run::{Coverage, EVERYTHING, GLOBAL, ITEMS, State};
use crate::store::run::Reader;

/// Joins the run's coverage with the tables that each source feeds.
pub fn fill(db: &Connection, run: &Reader, catalog: &Catalog) -> Result<(), Fault> {
    let mut insert = db.prepare("INSERT INTO coverage VALUES (?,?,?,?,?,?,?,?,?)")?;
    for line in &run.coverage {
        let mut tables: Vec<&str> =
            catalog.tables.iter().filter(|t| feeds(line, t)).map(|t| t.name.as_str()).collect();
        if tables.is_empty() {
            tables.push("");
        }
        for table in tables {
            let (state, gap) = (line.state.as_str(), line.state.is_gap());
            insert.execute(params![
                line.account,
                line.region,
                table,
                line.source,
                state,
                line.expected,
                line.read,
                gap,
                line.detail
            ])?;
        }
    }
    Ok(())
}

/// Makes a gap of every source of tables that could not be made from what it answered.
pub fn lose(run: &mut Reader, catalog: &Catalog, broken: &[BrokenTable]) {
    for lost in broken {
        let detail = format!("the table `{}` cannot be made of it: {}", lost.table, lost.words);
        let all = closure(catalog, &BTreeSet::from([lost.table.clone()]));
        let used: Vec<&Table> = catalog.tables.iter().filter(|t| all.contains(&t.name)).collect();
        let mut any = false;
        for line in run.coverage.iter_mut().filter(|line| used.iter().any(|t| feeds(line, t))) {
            any = true;
            if !line.state.is_gap() {
                line.state = State::Unreadable;
                line.detail = detail.clone();
            }
        }
        let source = used.iter().flat_map(|t| &t.sources).next().filter(|_| !any);
        run.coverage.extend(source.map(|source| Coverage {
            account: String::new(),
            region: String::new(),
            source: source.clone(),
            state: State::Unreadable,
            expected: 0,
            read: 0,
            detail,
        }));
    }
}

/// Whether a coverage line bears on a table: the same source, any Config type where all of them are meant, or
/// anything.
fn feeds(line: &Coverage, table: &Table) -> bool {
    let is = |s: &String| match line.source.as_str() {
        ITEMS => s.starts_with("AWS::"),
        EVERYTHING => true,
        source => s == source,
    };
    table.sources.iter().any(is)
}

/// The gaps that bear on a check, by account and region.
#[derive(Debug, Default)]
pub struct Gaps(BTreeMap<(String, String), BTreeSet<String>>);

impl Gaps {
    /// Gaps in any of `tables`, and in the tables these are made from.
    pub fn of(run: &Reader, catalog: &Catalog, tables: &BTreeSet<String>) -> Gaps {
        let (needed, all) = (needed(catalog, tables), closure(catalog, tables));
        let of = |names: &BTreeSet<String>| {
            catalog.tables.iter().filter(|t| names.contains(&t.name)).collect::<Vec<&Table>>()
        };
        let looked_up: BTreeSet<String> = all.difference(&needed).cloned().collect();
        let (needed, looked_up) = (of(&needed), of(&looked_up));
        let mut gaps = Gaps::default();
        for line in run.coverage.iter().filter(|l| l.state.is_gap()) {
            let bears = |t: &&Table| feeds(line, t) && !(t.either && replaced(run, line, t));
            if needed.iter().any(bears) || (in_part(line.state) && looked_up.iter().any(bears)) {
                gaps.0.entry((line.account.clone(), line.region.clone())).or_default().insert(words(line));
            }
        }
        gaps
    }

    /// Why a row of this account and region cannot be a pass, if it cannot: a gap there, in the account as a
    /// whole, or anywhere (an unreadable file of unknown origin). A row for the whole account suffers from a
    /// gap in any of its regions.
    pub fn on(&self, account: &str, region: &str) -> Option<&str> {
        if account.is_empty() {
            return None;
        }
        let wide = region.is_empty() || region == GLOBAL;
        self.0
            .iter()
            .find(|((a, r), _)| {
                a.is_empty() || (a == account && (wide || r == region || r == GLOBAL || r.is_empty()))
            })
            .and_then(|(_, words)| words.iter().next())
            .map(String::as_str)
    }

    /// Every account and region with a gap, and the gap in words.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.0.iter().map(|((account, region), words)| {
            (account.as_str(), region.as_str(), words.iter().cloned().collect::<Vec<_>>().join("; "))
        })
    }
}

fn words(line: &Coverage) -> String {
    let what = line.source_words();
    match line.detail.as_str() {
        "" => format!("{what} {}", line.state.as_str()),
        detail => format!("{what} {}: {detail}", line.state.as_str()),
    }
}

/// Whether another source of the table was read in the account of a gap.
fn replaced(run: &Reader, gap: &Coverage, table: &Table) -> bool {
    run.coverage.iter().any(|line| {
        let other = line.source != gap.source && table.sources.contains(&line.source);
        other
            && line.account == gap.account
            && line.region == gap.region
            && matches!(line.state, State::Read | State::Absent)
    })
}

/// Whether an answer may have come in part.
fn in_part(state: State) -> bool {
    match state {
        State::Failed | State::Unreadable | State::Stale => true,
        State::Read
        | State::Empty
        | State::Absent
        | State::Denied
        | State::NotCollected
        | State::NotRecorded => false,
    }
}

/// `tables` and every table without whose rows theirs are not whole.
fn needed(catalog: &Catalog, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = tables.clone();
    for table in catalog.tables.iter().rev() {
        if all.contains(&table.name) {
            all.extend(table.uses.iter().filter(|name| !table.looks_up.contains(name)).cloned());
        }
    }
    all
}
