//! Faults in the SELECTs of tables, and whether the tables' own cases notice them.

use affiant::assess::verdicts::cases::Bench;
use affiant::assess::verdicts::table_cases::differences;
use affiant::model::catalog::{Catalog, Table};

use crate::mutants;

#[derive(Default)]
pub struct Tried {
    pub tables: usize,
    pub killed: usize,
    pub total: usize,
}

impl Tried {
    pub fn percent(&self) -> f64 {
        self.killed as f64 * 100.0 / self.total.max(1) as f64
    }
}

/// Tries every table that is `wanted` and has cases.
pub fn run(
    bench: &mut Bench<'_>,
    catalog: &Catalog,
    wanted: impl Fn(&str) -> bool,
    quiet: bool,
) -> Result<Tried, String> {
    let mut tried = Tried::default();
    for table in catalog.tables.iter().filter(|t| wanted(&t.name) && !t.cases.is_empty()) {
        let all = mutants::of(&table.sql);
        let total = all.len();
        let mut alive: Vec<(String, Table)> =
            all.into_iter().map(|m| (m.what, Table { sql: m.sql, ..table.clone() })).collect();
        for case in &table.cases {
            let made: Vec<&Table> = alive.iter().map(|(_, table)| table).collect();
            let answers = bench.make(case, &made).map_err(|e| e.to_string())?;
            let mut noticed = answers
                .into_iter()
                .map(|answer| answer.map_or(true, |rows| !differences(case, &rows).is_empty()));
            alive.retain(|_| !noticed.next().unwrap_or(false));
        }
        tried.tables += 1;
        tried.total += total;
        tried.killed += total - alive.len();
        if !(quiet && alive.is_empty()) {
            println!("{:<52} {:>4} of {:<4}", table.name, total - alive.len(), total);
        }
        alive.iter().for_each(|(what, _)| println!("    alive {what}"));
    }
    Ok(tried)
}
