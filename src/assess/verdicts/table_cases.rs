//! The fixtures of tables: rows given to what a SELECT reads, and the rows that the table must then have.
//! Most are given as AWS shapes them, so that what a table makes of an answer is held where it is made.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::assess::database::{guard, tables};
use crate::assess::input::Fault;
use crate::assess::verdicts::cases::{Bench, STEPS, words};
use crate::model::catalog::{Catalog, Table, TableCase};

/// The rows of a table, column by column.
pub type TableRows = Vec<BTreeMap<String, Value>>;

/// What running the fixtures of a catalog's tables found.
#[derive(Debug, Default)]
pub struct TableReport {
    /// Tables that have cases.
    pub tables: usize,
    pub cases: usize,
    /// (table, what is wrong)
    pub failures: Vec<(String, String)>,
}

/// Runs the cases of all tables, or of the one that is named.
pub fn run(catalog: &Catalog, only: Option<&str>) -> Result<TableReport, Fault> {
    let mut bench = Bench::new(catalog)?;
    let mut report = TableReport::default();
    for table in
        catalog.tables.iter().filter(|t| only.is_none_or(|name| t.name == name) && !t.cases.is_empty())
    {
        report.tables += 1;
        for case in &table.cases {
            report.cases += 1;
            let wrong = |what: String| (table.name.clone(), format!("case `{}`: {what}", case.name));
            match bench.make(case, &[table])?.remove(0) {
                Err(what) => report.failures.push(wrong(what)),
                Ok(rows) => report.failures.extend(differences(case, &rows).into_iter().map(wrong)),
            }
        }
    }
    Ok(report)
}

impl Bench<'_> {
    /// Fills what a case gives and makes each table from it, under its parameters: tables of one name whose
    /// SELECTs differ. Afterwards all is empty again. What a SELECT gets wrong is its answer.
    pub fn make(
        &mut self,
        case: &TableCase,
        made: &[&Table],
    ) -> Result<Vec<Result<TableRows, String>>, Fault> {
        self.given(&case.params, &case.given, |db, filled| {
            made.iter().map(|table| filled.clone().and_then(|()| rows(db, table))).collect()
        })
    }
}

/// Makes one table under its own name, beside the empty one, and reads it.
fn rows(db: &mut rusqlite::Connection, table: &Table) -> Result<TableRows, String> {
    guard::limit(db, STEPS).map_err(|e| e.to_string())?;
    let name = table.name.replace('"', "");
    tables::create(db, table, "TEMP TABLE").map_err(|fault| words(&fault))?;
    let read = read(db, &name).map_err(|e| guard::words(&e));
    db.execute_batch(&format!("DROP TABLE temp.\"{name}\"")).map_err(|e| guard::words(&e))?;
    read
}

fn read(db: &rusqlite::Connection, name: &str) -> rusqlite::Result<TableRows> {
    let mut statement = db.prepare(&format!("SELECT * FROM temp.\"{name}\""))?;
    let columns: Vec<String> = statement.column_names().map(str::to_string).collect();
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = columns.iter().enumerate().map(|(i, column)| Ok((column.clone(), json(row.get(i)?))));
        out.push(cells.collect::<rusqlite::Result<_>>()?);
    }
    Ok(out)
}

fn json(value: rusqlite::types::Value) -> Value {
    use rusqlite::types::Value as Sql;
    match value {
        Sql::Null => Value::Null,
        Sql::Integer(n) => n.into(),
        Sql::Real(n) => n.into(),
        Sql::Text(text) => text.into(),
        Sql::Blob(bytes) => format!("{} bytes", bytes.len()).into(),
    }
}

/// Where the rows are not what the case expects, in words; nothing where they are. An expected row names the
/// columns that it is about; each has a row of its own, and no row is left over.
pub fn differences(case: &TableCase, rows: &TableRows) -> Vec<String> {
    let mut left: Vec<&BTreeMap<String, Value>> = rows.iter().collect();
    let mut out = Vec::new();
    for expected in &case.expect {
        match left.iter().position(|row| {
            expected.iter().all(|(column, value)| row.get(column).is_some_and(|got| same(value, got)))
        }) {
            Some(at) => drop(left.remove(at)),
            None => out.push(format!("no row is {}", cells(expected, expected))),
        }
    }
    let about = case.expect.first();
    out.extend(
        left.into_iter().map(|row| format!("a row is not expected: {}", cells(row, about.unwrap_or(row)))),
    );
    out
}

/// The cells of a row in the columns that a case is about.
fn cells(row: &BTreeMap<String, Value>, about: &BTreeMap<String, Value>) -> String {
    let named = row.iter().filter(|(column, _)| about.contains_key(*column));
    named.map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ")
}

/// Whether a cell is what was expected: JSON by its meaning, true and false as SQLite keeps them.
fn same(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::Bool(yes), got) => got.as_i64() == Some(i64::from(*yes)),
        (Value::Array(_) | Value::Object(_), Value::String(text)) => {
            serde_json::from_str::<Value>(text).is_ok_and(|got| got == *expected)
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (expected, got) => expected == got,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(expect: Value) -> TableCase {
        serde_json::from_value(json!({ "name": "c", "expect": expect })).unwrap()
    }

    #[test]
    fn rows_are_matched_one_to_one() {
        let rows: TableRows = serde_json::from_value(
            json!([{ "arn": "a", "n": 1 }, { "arn": "a", "n": 1 }, { "arn": "b", "n": null }]),
        )
        .unwrap();
        assert!(
            differences(
                &case(json!([{ "arn": "b", "n": null }, { "arn": "a", "n": true }, { "arn": "a" }])),
                &rows
            )
            .is_empty()
        );
        assert_eq!(
            differences(&case(json!([{ "arn": "a" }, { "arn": "a" }])), &rows),
            ["a row is not expected: arn = \"b\""]
        );
        assert_eq!(
            differences(&case(json!([{ "arn": "a" }, { "arn": "a" }, { "arn": "b", "n": 0 }])), &rows).len(),
            2
        );
        assert!(
            same(&json!([1]), &json!("[ 1 ]"))
                && !same(&json!([1]), &json!("[2]"))
                && !same(&json!(null), &json!(0))
        );
    }
}
