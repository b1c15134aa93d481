//! What lies below a check: the tables that its tables are made from, and the sources of them all.

use std::collections::{BTreeMap, BTreeSet};

use super::link::WORKED_OUT;
use super::reads::tables;
use crate::model::catalog::Catalog;

/// `tables` and every table that they are made from.
pub fn closure(catalog: &Catalog, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all = tables.clone();
    for table in catalog.tables.iter().rev() {
        for (name, from) in &WORKED_OUT {
            if all.contains(*name) {
                all.extend(from.map(String::from));
            }
        }
        if all.contains(&table.name) {
            all.extend(table.uses.iter().cloned());
        }
    }
    all
}

/// By source, the checks that need it: those whose tables, or the tables these are made of, wait for it.
pub fn checks_by_source(catalog: &Catalog) -> BTreeMap<String, BTreeSet<String>> {
    let worked_out = WORKED_OUT.iter().map(|(name, _)| *name);
    let known: BTreeSet<&str> =
        catalog.tables.iter().map(|table| table.name.as_str()).chain(worked_out).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for check in catalog.checks.values() {
        let below = closure(catalog, &tables(&check.sql, &known));
        for source in catalog.tables.iter().filter(|t| below.contains(&t.name)).flat_map(|t| &t.sources) {
            found.entry(source.clone()).or_default().insert(check.id.clone());
        }
    }
    found
}
