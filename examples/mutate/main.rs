//! Do the cases of a check or a table notice a fault in its SQL? Puts one small fault after another into
//! each, does what `controls test` does (the cases as written, and of checks again with each cell set to
//! NULL), and prints how many faults were noticed, and which were not.
//!
//! ```text
//! cargo run --release --example mutate -- [--catalog DIR] [--check ID]... [--table NAME]... [--quiet]
//! ```
//!
//! Ends with 1 where fewer than 95 of 100 faults were noticed, or where a NULL turns into `met` and the
//! check does not say why.

#![allow(clippy::disallowed_methods)] // a program of its own

mod mutants;
mod tables;
mod tokens;

use std::collections::BTreeMap;
use std::process::ExitCode;

use affiant::assess::verdicts::cases::{self, Bench, Given, IDENTITY, differences};
use affiant::model::catalog::{Case, Catalog, Check};
use mutants::Mutant;
use serde_json::Value;

/// Of 100 faults, how many the cases must notice.
const GOAL: usize = 95;

#[derive(Default)]
struct Options {
    catalog: Option<std::path::PathBuf>,
    checks: Vec<String>,
    tables: Vec<String>,
    quiet: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--catalog" => options.catalog = Some(value()?.into()),
            "--check" => options.checks.push(value()?),
            "--table" => options.tables.push(value()?),
            "--quiet" => options.quiet = true,
            other => {
                return Err(format!(
                    "no such option: {other}; use --catalog DIR, --check ID, --table NAME, --quiet"
                ));
            }
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(what) => {
            eprintln!("{what}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool, String> {
    let catalog =
        affiant::catalog::load(options.catalog.as_deref()).map_err(|problems| problems.to_string())?;
    if let Some(id) = options.checks.iter().find(|id| !catalog.checks.contains_key(*id)) {
        return Err(format!("no check is called {id}"));
    }
    if let Some(name) =
        options.tables.iter().find(|name| !catalog.tables.iter().any(|table| table.name == **name))
    {
        return Err(format!("no table is called {name}"));
    }
    let mut bench = Bench::new(&catalog).map_err(|e| e.to_string())?;
    let named = !(options.checks.is_empty() && options.tables.is_empty());
    let tables = tables::run(
        &mut bench,
        &catalog,
        |name| !named || options.tables.iter().any(|wanted| wanted == name),
        options.quiet,
    )?;
    let (mut killed, mut total, mut nulls) = (0, 0, 0);
    for check in catalog.checks.values().filter(|c| !named || options.checks.contains(&c.id)) {
        let tried = Tried::of(&mut bench, check)?;
        let unknown = unknown(&catalog, check)?;
        (killed, total, nulls) = (killed + tried.killed, total + tried.total, nulls + unknown.len());
        if !(options.quiet && tried.survivors.is_empty() && unknown.is_empty()) {
            println!("{:<52} {:>4} of {:<4}", check.id, tried.killed, tried.total);
        }
        unknown.iter().for_each(|what| println!("    NULL  {what}"));
        tried
            .survivors
            .iter()
            .filter(|_| !options.quiet)
            .for_each(|m| println!("    alive {}\n{}", m.what, indented(&m.sql)));
        tried.survivors.iter().filter(|_| options.quiet).for_each(|m| println!("    alive {}", m.what));
    }
    println!(
        "{killed} of {total} faults noticed ({:.1} %), {nulls} NULLs that turn into met",
        killed as f64 * 100.0 / total.max(1) as f64
    );
    println!(
        "{} of {} faults in {} tables with cases noticed ({:.1} %)",
        tables.killed,
        tables.total,
        tables.tables,
        tables.percent()
    );
    Ok(killed * 100 >= total * GOAL && nulls == 0 && tables.killed * 100 >= tables.total * GOAL)
}

fn indented(sql: &str) -> String {
    if sql.is_empty() {
        String::new()
    } else {
        sql.trim_end().lines().map(|line| format!("        | {line}")).collect::<Vec<_>>().join("\n")
    }
}

/// What `controls test` says of the check itself: its cases as written, and NULLs.
fn unknown(catalog: &Catalog, check: &Check) -> Result<Vec<String>, String> {
    let report = cases::run(catalog, Some(&check.id)).map_err(|e| e.to_string())?;
    Ok(report.failures.into_iter().map(|(_, what)| what).collect())
}

struct Tried {
    killed: usize,
    total: usize,
    survivors: Vec<Mutant>,
}

impl Tried {
    fn of(bench: &mut Bench<'_>, check: &Check) -> Result<Tried, String> {
        let all = mutants::of(&check.sql);
        let mut total = all.len();
        let mut alive = all;
        for case in &check.cases {
            let queries: Vec<&str> = alive.iter().map(|m| m.sql.as_str()).collect();
            let answers = bench.ask(case, &case.given, &queries).map_err(|e| e.to_string())?;
            let mut noticed = answers
                .into_iter()
                .map(|answer| answer.map_or(true, |rows| !differences(case, &rows).is_empty()));
            alive.retain(|_| !noticed.next().unwrap_or(false));
        }
        alive = still_alive(bench, check, alive)?;
        let columns = blanks(bench, check)?;
        total += columns.len();
        for (table, column) in columns {
            if !notices_blank(bench, check, &table, &column)? {
                alive.push(Mutant {
                    what: format!("unread: {table}.{column} is NULL in every row of every case"),
                    sql: String::new(),
                });
            }
        }
        Ok(Tried { killed: total - alive.len(), total, survivors: alive })
    }
}

/// The mutants that `controls test` does not notice either when it sets cells to NULL.
fn still_alive(bench: &mut Bench<'_>, check: &Check, mutants: Vec<Mutant>) -> Result<Vec<Mutant>, String> {
    let reads = bench.reads(&check.sql)?;
    let mut alive = Vec::new();
    'next: for mutant in mutants {
        for case in &check.cases {
            let (_, faults) =
                cases::unknowns(bench, check, case, &reads, &mutant.sql).map_err(|e| e.to_string())?;
            if !faults.is_empty() {
                continue 'next;
            }
        }
        alive.push(mutant);
    }
    Ok(alive)
}

/// Columns that the check reads and that some case gives a value.
fn blanks(bench: &mut Bench<'_>, check: &Check) -> Result<Vec<(String, String)>, String> {
    let reads = bench.reads(&check.sql)?;
    let given = |table: &str, column: &str| {
        let rows = check.cases.iter().filter_map(|c| c.given.get(table)).flatten();
        rows.into_iter().any(|row| row.get(column).is_some_and(|v| !v.is_null()))
    };
    Ok(reads
        .into_iter()
        .filter(|(table, column)| !IDENTITY.contains(&column.as_str()) && given(table, column))
        .collect())
}

fn notices_blank(bench: &mut Bench<'_>, check: &Check, table: &str, column: &str) -> Result<bool, String> {
    for case in &check.cases {
        let Some(given) = blanked(case, table, column) else { continue };
        let answer = bench.ask(case, &given, &[&check.sql]).map_err(|e| e.to_string())?.remove(0);
        if answer.map_or(true, |rows| !differences(case, &rows).is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The case's rows with the column unknown in all of them; none where it gives no value anyway.
fn blanked(case: &Case, table: &str, column: &str) -> Option<Given> {
    let mut given = case.given.clone();
    let mut any = false;
    for row in given.get_mut(table)? {
        any |= blank(row, column);
    }
    any.then_some(given)
}

fn blank(row: &mut BTreeMap<String, Value>, column: &str) -> bool {
    row.insert(column.to_string(), Value::Null).is_some_and(|old| !old.is_null())
}
