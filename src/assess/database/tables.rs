//! Makes the catalog's tables, and those that the engine fills itself: parameters and what people decided.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::bounds::{self, Bounds};
use crate::assess::database::guard::{self, Reads};
use crate::assess::database::reach;
use crate::assess::facts::watched;
use crate::assess::input::Fault;
use crate::catalog::{LATE, WORKED_OUT};
use crate::model::catalog::{Catalog, Table};
use crate::model::decisions::{Decisions, Plan};

/// A table that evidence of an unexpected form kept from being made: it stays empty, and is a gap.
pub struct BrokenTable {
    pub table: String,
    pub words: String,
}

/// One table after another, in dependency order. Each SELECT compiles under the guard before it runs; one
/// that fails over the evidence costs its own sources and no other. What the program works out from some of
/// them is filled in before the first that reads it.
pub fn make(db: &mut Connection, catalog: &Catalog) -> Result<Vec<BrokenTable>, Fault> {
    make_those(db, catalog, |_| true)
}

/// The tables made of what is known only when the others are there: which types a check reads.
pub fn late(catalog: &Catalog) -> BTreeSet<String> {
    let mut late: BTreeSet<String> = LATE.map(String::from).into();
    for table in &catalog.tables {
        if table.uses.iter().any(|used| late.contains(used)) {
            late.insert(table.name.clone());
        }
    }
    late
}

/// Of the catalog's tables those whose name is `wanted`.
pub fn make_those(
    db: &mut Connection,
    catalog: &Catalog,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<BrokenTable>, Fault> {
    let known: BTreeSet<&str> = catalog.tables.iter().map(|t| t.name.as_str()).collect();
    let meter = Bounds::of(db)?.on(db)?;
    let mut broken = Vec::new();
    let mut filled = BTreeSet::new();
    for table in catalog.tables.iter().filter(|table| wanted(&table.name)) {
        for (name, _) in WORKED_OUT.iter().filter(|(name, _)| table.uses.contains(*name)) {
            if filled.insert(*name) {
                watched::fill(db, name)?;
            }
        }
        let fault = |what| Fault::Table {
            table: table.name.clone(),
            source: rusqlite::Error::InvalidParameterName(what),
        };
        let reads = guard::compile(db, &table.sql, true).map_err(fault)?;
        if let Some(what) = undeclared(table, &reads, &known) {
            return Err(fault(what));
        }
        meter.begin();
        match create(db, table, "TABLE") {
            Ok(()) => {}
            Err(Fault::Table { source, .. }) if bounds::exceeded(&source).is_none() => {
                empty(db, table)?;
                broken.push(BrokenTable { table: table.name.clone(), words: guard::words(&source) });
            }
            Err(fault) => return Err(fault),
        }
    }
    bounds::unbound(db)?;
    Ok(broken)
}

/// The table with its columns and no rows.
fn empty(db: &Connection, table: &Table) -> Result<(), Fault> {
    let fault = |source| Fault::Table { table: table.name.clone(), source };
    let statement = db.prepare(&table.sql).map_err(fault)?;
    let columns: Vec<String> = statement.column_names().map(|n| format!("\"{}\"", quoted(n))).collect();
    drop(statement);
    db.execute_batch(&format!("CREATE TABLE \"{}\" ({})", quoted(&table.name), columns.join(", ")))
        .map_err(fault)
}

/// What SQLite saw a table read and the catalog does not know that it reads. Gaps are looked for in what the
/// catalog knows, so such a table could turn what was not read into a pass.
fn undeclared(table: &Table, reads: &Reads, known: &BTreeSet<&str>) -> Option<String> {
    let read: BTreeSet<&str> = reads.iter().map(|(name, _)| name.as_str()).collect();
    let evidence = ["resource", "response"].into_iter().find(|name| read.contains(name));
    if let Some(name) = evidence.filter(|_| table.named().next().is_none()) {
        return Some(format!("it reads `{name}` and names no source"));
    }
    let hidden = read.into_iter().find(|name| known.contains(name) && !table.uses.contains(*name))?;
    Some(format!("it reads `{hidden}` in a way that the catalog does not see: name it after FROM or JOIN"))
}

/// Makes one table, of a `kind` that SQLite knows: `TABLE` or `TEMP TABLE`.
pub fn create(db: &Connection, table: &Table, kind: &str) -> Result<(), Fault> {
    if let Some(reckoning) = table.reckons {
        return reach::create(db, table, reckoning, kind);
    }
    let sql = format!("CREATE {kind} \"{}\" AS {}", quoted(&table.name), table.sql);
    db.execute_batch(&sql).map_err(|source| match bounds::exceeded(&source) {
        Some(words) => Fault::Bound { what: format!("the table `{}`", table.name), words: words.into() },
        None => Fault::Table { table: table.name.clone(), source },
    })
}

pub fn quoted(name: &str) -> String {
    name.replace('"', "")
}

/// The one-row table `param`: a column for each parameter of the catalog, and `as_of`.
pub fn parameters(
    db: &Connection,
    catalog: &Catalog,
    decisions: &Decisions,
    as_of: &str,
) -> Result<(), Fault> {
    let mut columns = vec!["as_of TEXT".to_string()];
    let mut values = vec![format!("'{}'", as_of.replace('\'', "''"))];
    for parameter in catalog.parameters() {
        let value = decisions.workspace.parameters.get(&parameter.name).copied().unwrap_or(parameter.default);
        columns.push(format!("\"{}\" NUMERIC", parameter.name.replace('"', "")));
        values.push(number(value));
    }
    db.execute_batch(&format!(
        "CREATE TABLE param ({}); INSERT INTO param VALUES ({});",
        columns.join(", "),
        values.join(", ")
    ))?;
    Ok(())
}

/// A number as people write it: no fraction where there is none.
pub fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value}") }
}

/// `program_plan`, `program_role`, `program_drill`.
pub fn program(db: &Connection, decisions: &Decisions) -> Result<(), Fault> {
    let Some(plan) = &decisions.incident else { return Ok(()) };
    let filled =
        |text: &str| (!text.trim().is_empty() && !is_placeholder(text)).then(|| text.trim().to_string());
    db.execute(
        "INSERT INTO program_plan VALUES ('program/incident-response', '', '', ?,?,?,?,?,?)",
        params![
            filled(&plan.title),
            filled(&plan.version),
            filled(&plan.owner),
            filled(&plan.approved_by),
            filled(&plan.approved_at),
            filled(&plan.next_review)
        ],
    )?;
    roles_and_drills(db, plan, filled)
}

fn roles_and_drills(
    db: &Connection,
    plan: &Plan,
    filled: impl Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    for role in &plan.roles {
        db.execute(
            "INSERT INTO program_role VALUES (?, '', '', ?,?,?,?,?)",
            params![
                format!("program/incident-response#{}", role.role),
                filled(&role.role),
                filled(&role.name),
                filled(&role.deputy),
                filled(&role.contact),
                filled(&role.tested)
            ],
        )?;
    }
    for drill in &plan.drills {
        db.execute(
            "INSERT INTO program_drill VALUES (?, '', '', ?,?,?,?,?)",
            params![
                format!("program/incident-response#{}", drill.id),
                filled(&drill.id),
                filled(&drill.date),
                filled(&drill.scenario),
                filled(&drill.plan_version),
                (drill.participants > 0).then_some(drill.participants)
            ],
        )?;
    }
    Ok(())
}

/// `<…>` in a starter file that nobody has filled in.
pub fn is_placeholder(text: &str) -> bool {
    text.contains('<') && text.contains('>')
}
