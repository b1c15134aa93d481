//! Runs the checks' own fixtures: every case as written, and every `met` row again with each column it reads set to NULL, since
//! what is unknown must never read as a pass.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::types::ToSqlOutput;
use serde_json::Value;

use super::guard::{self, Reads};
use super::{Fault, engine, schema, tables};
use crate::model::catalog::{Case, Catalog, Check};
use crate::model::decisions::Decisions;
use crate::model::verdict::Verdict;

/// The time that cases are judged at.
pub const AS_OF: &str = "2026-09-30T12:00:00Z";

/// What running a catalog's fixtures found.
#[derive(Debug, Default)]
pub struct Report {
    pub checks: usize,
    pub cases: usize,
    pub nulls: usize,
    /// (check, what is wrong)
    pub failures: Vec<(String, String)>,
}

/// Compiles every table and check and runs all cases; `only` names one check.
pub fn run(catalog: &Catalog, only: Option<&str>) -> Result<Report, Fault> {
    let mut db = Connection::open_in_memory()?;
    schema::create(&db)?;
    guard::functions(&db)?;
    tables::make(&mut db, catalog)?;
    let mut report = Report::default();
    for check in catalog.checks.values().filter(|c| only.is_none_or(|id| c.id == id)) {
        report.checks += 1;
        one(&mut db, catalog, check, &mut report)?;
    }
    Ok(report)
}

fn one(db: &mut Connection, catalog: &Catalog, check: &Check, report: &mut Report) -> Result<(), Fault> {
    param(db, catalog, &BTreeMap::new())?;
    let reads = match guard::compile(db, &check.sql, false) {
        Ok(reads) => reads,
        Err(what) => {
            report.failures.push((check.id.clone(), what));
            return Ok(());
        }
    };
    if check.cases.is_empty() {
        report.failures.push((check.id.clone(), "it has no cases".into()));
    }
    if !check.cases.iter().any(|c| c.expect.is_empty()) {
        report.failures.push((check.id.clone(), "no case shows an empty population".into()));
    }
    for case in &check.cases {
        report.cases += 1;
        let wrong = |what: String| (check.id.clone(), format!("case `{}`: {what}", case.name));
        match answer(db, catalog, check, case, &case.given) {
            Err(what) => report.failures.push(wrong(what)),
            Ok(rows) => report.failures.extend(compare(case, &rows).into_iter().map(wrong)),
        }
        nulls(db, catalog, check, case, &reads, report)?;
    }
    Ok(())
}

type Rows = Vec<(String, Verdict, String)>;
type Given = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

fn compare(case: &Case, rows: &Rows) -> Vec<String> {
    let expected: BTreeSet<(&str, Verdict)> = case.expect.iter().map(|e| (e.resource.as_str(), e.verdict)).collect();
    let got: BTreeSet<(&str, Verdict)> = rows.iter().map(|(r, v, _)| (r.as_str(), *v)).collect();
    let missing = expected.difference(&got).map(|(r, v)| format!("expected `{r}` to be {v}"));
    let extra = got.difference(&expected).map(|(r, v)| format!("got `{r}` {v}, which is not expected"));
    let reasons = case.expect.iter().filter_map(|e| {
        let words = e.reason_has.as_ref()?;
        let (_, _, reason) = rows.iter().find(|(r, _, _)| *r == e.resource)?;
        (!reason.contains(words.as_str())).then(|| format!("the reason `{reason}` does not say `{words}`"))
    });
    missing.chain(extra).chain(reasons).collect()
}

/// Sets each given column that the check reads to NULL, one row at a time; a row that then still reads `met` is a failure
/// unless the check declares it.
fn nulls(db: &mut Connection, catalog: &Catalog, check: &Check, case: &Case, reads: &Reads, report: &mut Report) -> Result<(), Fault> {
    let met: BTreeSet<&str> = case.expect.iter().filter(|e| e.verdict == Verdict::Met).map(|e| e.resource.as_str()).collect();
    if met.is_empty() {
        return Ok(());
    }
    for (table, rows) in &case.given {
        for (index, row) in rows.iter().enumerate() {
            for column in row.keys().filter(|c| reads.contains(&(table.clone(), (*c).clone()))) {
                if ["arn", "account", "region"].contains(&column.as_str()) || row[column].is_null() || check.null_ok.contains_key(column) {
                    continue;
                }
                report.nulls += 1;
                let mut given = case.given.clone();
                given.get_mut(table).expect("it is there")[index].insert(column.clone(), Value::Null);
                let rows = answer(db, catalog, check, case, &given).unwrap_or_default();
                let resource = row.get("arn").and_then(Value::as_str).unwrap_or_default();
                if met.contains(resource) && rows.iter().any(|(r, v, _)| r == resource && *v == Verdict::Met) {
                    let what = format!("case `{}`: `{table}.{column}` unknown still reads met for `{resource}`", case.name);
                    report.failures.push((check.id.clone(), what));
                }
            }
        }
    }
    Ok(())
}

fn answer(db: &mut Connection, catalog: &Catalog, check: &Check, case: &Case, given: &Given) -> Result<Rows, String> {
    let outcome = (|| {
        db.execute_batch("SAVEPOINT given").map_err(|e| e.to_string())?;
        param(db, catalog, &case.params).map_err(|e| e.to_string())?;
        for (table, rows) in given {
            fill(db, table, rows)?;
        }
        query(db, check)
    })();
    db.execute_batch("ROLLBACK TO given; RELEASE given").map_err(|e| e.to_string())?;
    outcome
}

fn fill(db: &Connection, table: &str, rows: &[BTreeMap<String, Value>]) -> Result<(), String> {
    let name = table.replace('"', "");
    db.execute_batch(&format!("DELETE FROM \"{name}\"")).map_err(|e| guard::words(&e))?;
    for row in rows {
        let columns = row.keys().map(|c| format!("\"{}\"", c.replace('"', ""))).collect::<Vec<_>>().join(", ");
        let marks = vec!["?"; row.len()].join(", ");
        let sql = match row.len() {
            0 => format!("INSERT INTO \"{name}\" DEFAULT VALUES"),
            _ => format!("INSERT INTO \"{name}\" ({columns}) VALUES ({marks})"),
        };
        db.execute(&sql, rusqlite::params_from_iter(row.values().map(sql_value)))
            .map_err(|e| format!("table `{table}`: {}", guard::words(&e)))?;
    }
    Ok(())
}

fn sql_value(value: &Value) -> ToSqlOutput<'static> {
    use rusqlite::types::Value as Sql;
    ToSqlOutput::Owned(match value {
        Value::Null => Sql::Null,
        Value::Bool(b) => Sql::Integer(i64::from(*b)),
        Value::Number(n) => n.as_i64().map_or_else(|| Sql::Real(n.as_f64().unwrap_or_default()), Sql::Integer),
        Value::String(s) => Sql::Text(s.clone()),
        list @ (Value::Array(_) | Value::Object(_)) => Sql::Text(list.to_string()),
    })
}

fn query(db: &Connection, check: &Check) -> Result<Rows, String> {
    let mut statement = db.prepare(&check.sql).map_err(|e| guard::words(&e))?;
    if !statement.column_names().eq(engine::COLUMNS) {
        return Err(format!("it must return the columns {}", engine::COLUMNS.join(", ")));
    }
    let mut rows = statement.query([]).map_err(|e| guard::words(&e))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(|e| guard::words(&e))? {
        let text = |i: usize| {
            row.get::<_, Option<String>>(i).map_err(|e| e.to_string())?.ok_or_else(|| format!("`{}` is NULL", engine::COLUMNS[i]))
        };
        out.push((text(0)?, text(3)?.parse()?, text(4)?));
    }
    Ok(out)
}

fn param(db: &Connection, catalog: &Catalog, own: &BTreeMap<String, Value>) -> Result<(), Fault> {
    let mut decisions = Decisions::default();
    decisions.workspace.parameters = own.iter().filter_map(|(k, v)| Some((k.clone(), v.as_f64()?))).collect();
    let as_of = own.get("as_of").and_then(Value::as_str).unwrap_or(AS_OF);
    db.execute_batch("DROP TABLE IF EXISTS param")?;
    tables::parameters(db, catalog, &decisions, as_of)
}
