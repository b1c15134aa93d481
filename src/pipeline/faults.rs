//! What is wrong in a catalog's SQL and cases, with the file, the line and the column where it stands.

use std::path::Path;

use super::Error;
use crate::assess::input::Fault;
use crate::assess::verdicts::cases::{self, Bench};
use crate::catalog;
use crate::diag::{Diagnostic, near};
use crate::model::catalog::{Catalog, Table};
use crate::yaml::{Document, within};

/// An error of the engine as one of the catalog's file, where it is one.
pub fn located(catalog: &Catalog, fault: Fault) -> Error {
    let found = match &fault {
        Fault::Check { check, what } => of_check(catalog, None, check, what),
        Fault::Table { table, .. } => of_table(catalog, None, table, &cases::words(&fault)),
        Fault::Sql(_) | Fault::Io(_) | Fault::Items(_) | Fault::Bound { .. } | Fault::Parameter { .. } => {
            None
        }
    };
    found.map_or(Error::Assess(fault), Error::from)
}

/// What `controls test` found in a check: at the SQL, at the case, or at the member that it names. `folder`
/// is the user's catalog.
pub fn of_check(catalog: &Catalog, folder: Option<&Path>, check: &str, what: &str) -> Option<Diagnostic> {
    let path = format!("checks/{}.yaml", check.replacen('.', "/", 1));
    let document = document(catalog, &path)?;
    let sql = &catalog.checks.get(check)?.sql;
    let problem = Diagnostic::new("AFC-040", format!("{check}: {what}")).hint(advice(catalog, sql, what));
    let case = what.strip_prefix("case `").and_then(|rest| rest.split_once("`: "));
    let place = case.and_then(|(name, rest)| {
        Some((catalog.checks.get(check)?.cases.iter().position(|case| case.name == name)?, rest))
    });
    let member = what
        .strip_prefix('`')
        .and_then(|rest| rest.split_once("` is not filled in"))
        .map(|(member, _)| member);
    Some(shown(
        folder,
        &path,
        catalog,
        match (place, member) {
            (Some((index, _)), _) => document.mark(problem, &format!("cases/{index}/name")),
            (None, Some(member)) => document.mark(problem, member),
            (None, None) if what.contains("case") => document.mark_key(problem, "cases"),
            (None, None) => {
                at_sql(&document, problem, offset_of(sql, what, || Bench::new(catalog).ok()?.offset(sql)))
            }
        },
    ))
}

/// What `controls test` found in a table: at its SELECT, or at the case that it names.
pub fn of_table(catalog: &Catalog, folder: Option<&Path>, table: &str, what: &str) -> Option<Diagnostic> {
    let (path, document) =
        catalog.files.keys().filter(|path| path.starts_with("tables/")).find_map(|path| {
            let document = document(catalog, path)?;
            (document.root.find("table")?.text() == Some(table)).then(|| (path.clone(), document))
        })?;
    let Table { sql, cases, .. } = catalog.tables.iter().find(|t| t.name == table)?;
    let problem =
        Diagnostic::new("AFC-041", format!("table `{table}`: {what}")).hint(advice(catalog, sql, what));
    let case = what.strip_prefix("case `").and_then(|rest| rest.split_once("`: "));
    let place = case.and_then(|(name, _)| cases.iter().position(|case| case.name == name));
    let problem = match place {
        Some(index) => document.mark(problem, &format!("cases/{index}/name")),
        None => at_sql(&document, problem, offset_of(sql, what, || cases::table_offset(catalog, table))),
    };
    Some(shown(folder, &path, catalog, problem))
}

fn document(catalog: &Catalog, path: &str) -> Option<Document> {
    Document::read(path, catalog.files.get(path)?).ok().map(|(document, _)| document)
}

/// Where in the SQL it is: as SQLite says, or at the word that is refused.
fn offset_of(sql: &str, what: &str, of_sqlite: impl FnOnce() -> Option<usize>) -> Option<usize> {
    let refused = what.contains("is not allowed").then(|| what.split('`').nth(1)).flatten();
    match refused {
        Some(word) => sql.to_lowercase().find(&word.to_lowercase()),
        None => of_sqlite(),
    }
}

fn at_sql(document: &Document, problem: Diagnostic, offset: Option<usize>) -> Diagnostic {
    let place = document.root.find("sql").and_then(|sql| within(sql, &document.text, offset?));
    match place {
        Some(at) => {
            problem.file(document.file.clone()).at(at.line, at.column).quoting(&document.text, at.width)
        }
        None => document.mark_key(problem, "sql"),
    }
}

/// Under the name by which people find it: a file of their own folder with the folder.
fn shown(folder: Option<&Path>, path: &str, catalog: &Catalog, problem: Diagnostic) -> Diagnostic {
    let ours = catalog::own_files()
        .iter()
        .any(|(own, bytes)| *own == path && catalog.files.get(path).is_some_and(|file| file == bytes));
    match folder.filter(|_| !ours) {
        Some(folder) => problem.file(folder.join(path).display().to_string()),
        None => problem,
    }
}

/// The table or column that was meant.
fn advice(catalog: &Catalog, sql: &str, what: &str) -> String {
    let after = |words: &str| what.split_once(words).map(|(_, name)| name.trim().to_string());
    if let Some(name) = after("no such table: ") {
        let names = catalog.tables.iter().map(|t| t.name.as_str());
        return near::hint(&name, names, "`affiant controls tables` lists them");
    }
    let column = after("no such column: ").or_else(|| after("has no column named "));
    let Some(name) = column else { return String::new() };
    let name = name.rsplit('.').next().unwrap_or_default().to_string();
    let Ok(bench) = Bench::new(catalog) else { return String::new() };
    let read = catalog
        .tables
        .iter()
        .filter(|t| sql.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == t.name));
    let columns: Vec<String> = read.filter_map(|t| bench.columns(&t.name).ok()).flatten().collect();
    near::hint(&name, columns.iter().map(String::as_str), "`affiant controls tables` lists the columns")
}
