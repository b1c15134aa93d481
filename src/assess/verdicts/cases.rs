//! Runs the checks' own fixtures: every case as written, and again with each column that the check reads set
//! to NULL, one cell at a time, since what is unknown must never read as a pass.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rusqlite::types::ToSqlOutput;
use serde_json::Value;

use crate::assess::database::guard::{self, Reads};
use crate::assess::database::{schema, tables};
use crate::assess::input::Fault;
use crate::assess::verdicts::engine;
use crate::catalog::closure;
use crate::model::catalog::{Case, Catalog, Check};
use crate::model::decisions::Decisions;
use crate::model::verdict::Verdict;

/// The time that cases are judged at.
pub const AS_OF: &str = "2026-09-30T12:00:00Z";

/// Columns that say whose a row is; they are never unknown.
pub const IDENTITY: [&str; 3] = ["arn", "account", "region"];

/// What running a catalog's fixtures found.
#[derive(Debug, Default)]
pub struct CaseReport {
    pub checks: usize,
    pub cases: usize,
    pub nulls: usize,
    /// Tables of cases that were emptied, as if what feeds them had not been read.
    pub drops: usize,
    /// Tables whose missing rows a check declares to matter, or not to.
    pub declared: usize,
    /// (check, what is wrong)
    pub failures: Vec<(String, String)>,
}

/// Resource, verdict and reason of each row that a query gave.
pub type Rows = Vec<(String, Verdict, String)>;

/// The rows of each table, as a case gives them.
pub type Given = BTreeMap<String, Vec<BTreeMap<String, Value>>>;

/// Compiles every table and check and runs all cases; `only` names one check.
pub fn run(catalog: &Catalog, only: Option<&str>) -> Result<CaseReport, Fault> {
    let mut bench = Bench::new(catalog)?;
    let mut report = CaseReport::default();
    for check in catalog.checks.values().filter(|c| only.is_none_or(|id| c.id == id)) {
        report.checks += 1;
        one(&mut bench, check, &mut report)?;
    }
    Ok(report)
}

fn one(bench: &mut Bench<'_>, check: &Check, report: &mut CaseReport) -> Result<(), Fault> {
    let reads = match bench.reads(&check.sql) {
        Ok(reads) => reads,
        Err(what) => {
            report.failures.push((check.id.clone(), what));
            return Ok(());
        }
    };
    for (member, text) in [("title", &check.title), ("why", &check.why), ("fix", &check.fix)] {
        if text.trim().is_empty() || (text.trim().starts_with('<') && text.trim().ends_with('>')) {
            report.failures.push((check.id.clone(), format!("`{member}` is not filled in")));
        }
    }
    if check.cases.is_empty() {
        report.failures.push((check.id.clone(), "it has no cases".into()));
    }
    if !check.cases.iter().any(|c| c.expect.is_empty()) {
        report.failures.push((check.id.clone(), "no case shows an empty population".into()));
    }
    for case in &check.cases {
        report.cases += 1;
        let wrong = |what: String| (check.id.clone(), format!("case `{}`: {what}", case.name));
        match bench.ask(case, &case.given, &[&check.sql])?.remove(0) {
            Err(what) => report.failures.push(wrong(what)),
            Ok(rows) => report.failures.extend(differences(case, &rows).into_iter().map(wrong)),
        }
        let (tried, faults) = unknowns(bench, check, case, &reads, &check.sql)?;
        report.nulls += tried;
        report.failures.extend(faults.into_iter().map(|what| (check.id.clone(), what)));
        let (tried, faults) = unread(bench, check, case)?;
        report.drops += tried;
        report.failures.extend(faults.into_iter().map(|what| (check.id.clone(), what)));
    }
    report.declared += check.rests_on_absence.len() + check.in_favor.len();
    Ok(())
}

/// Where the rows are not what the case expects, in words; nothing where they are.
pub fn differences(case: &Case, rows: &Rows) -> Vec<String> {
    let expected: BTreeSet<(&str, Verdict)> =
        case.expect.iter().map(|e| (e.resource.as_str(), e.verdict)).collect();
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

/// Sets each given column that the check reads to NULL, one cell at a time, and asks `sql`. A row that then
/// still reads `met`, or any resource that only then reads `met`, is a fault unless the check declares the
/// column. Gives how many cells were tried, and the faults in words.
pub fn unknowns(
    bench: &mut Bench<'_>,
    check: &Check,
    case: &Case,
    reads: &Reads,
    sql: &str,
) -> Result<(usize, Vec<String>), Fault> {
    let met: BTreeSet<&str> =
        case.expect.iter().filter(|e| e.verdict == Verdict::Met).map(|e| e.resource.as_str()).collect();
    let (mut tried, mut faults) = (0, Vec::new());
    for (table, rows) in &case.given {
        for (index, row) in rows.iter().enumerate() {
            for column in row.keys().filter(|c| reads.contains(&(table.clone(), (*c).clone()))) {
                if IDENTITY.contains(&column.as_str())
                    || row[column].is_null()
                    || check.null_ok.contains_key(column)
                {
                    continue;
                }
                tried += 1;
                let mut given = case.given.clone();
                given.get_mut(table).expect("it is there")[index].insert(column.clone(), Value::Null);
                let rows = bench.ask(case, &given, &[sql])?.remove(0).unwrap_or_default();
                let own = row.get("arn").and_then(Value::as_str).unwrap_or_default();
                for (resource, ..) in rows
                    .iter()
                    .filter(|(r, v, _)| *v == Verdict::Met && (r == own || !met.contains(r.as_str())))
                {
                    let what = if met.contains(resource.as_str()) {
                        "unknown still reads met"
                    } else {
                        "unknown turns into met"
                    };
                    faults.push(format!("case `{}`: `{table}.{column}` {what} for `{resource}`", case.name));
                }
            }
        }
    }
    Ok((tried, faults))
}

fn offset(db: &Connection, sql: &str) -> Option<usize> {
    match db.prepare(sql) {
        Err(rusqlite::Error::SqlInputError { offset, .. }) => usize::try_from(offset).ok(),
        Err(_) | Ok(_) => None,
    }
}

/// Where SQLite finds the SELECT of a table wrong: the byte.
pub fn table_offset(catalog: &Catalog, table: &str) -> Option<usize> {
    let mut db = Connection::open_in_memory().ok()?;
    schema::create(&db).ok()?;
    guard::functions(&db).ok()?;
    let at = catalog.tables.iter().position(|t| t.name == table)?;
    let before = Catalog { tables: catalog.tables[..at].to_vec(), ..catalog.clone() };
    tables::make(&mut db, &before).ok()?;
    offset(&db, &catalog.tables[at].sql)
}

/// What a fault says, without whose it is.
pub fn words(fault: &Fault) -> String {
    match fault {
        Fault::Table { source: rusqlite::Error::InvalidParameterName(what), .. } => what.clone(),
        Fault::Table { source, .. } | Fault::Sql(source) => guard::words(source),
        Fault::Bound { words, .. } => words.clone(),
        Fault::Check { what, .. } | Fault::Parameter { what, .. } => what.clone(),
        Fault::Io(error) => error.to_string(),
        Fault::Items(error) => error.to_string(),
    }
}

/// Empties each given table in turn, as if what feeds it had not been read, and asks anew. The engine takes
/// `met` away then, but not `not met`: a resource that only then reads so is accused of what was not read,
/// unless the check declares the table. Of a table that is declared to speak in favor, no row may be `met`
/// for the lack of it. What feeds other given tables too was read.
fn unread(bench: &mut Bench<'_>, check: &Check, case: &Case) -> Result<(usize, Vec<String>), Fault> {
    let of = |rows: &Rows, verdict| {
        rows.iter().filter(|(_, v, _)| *v == verdict).map(|(r, ..)| r.clone()).collect::<BTreeSet<_>>()
    };
    let Ok(whole) = bench.ask(case, &case.given, &[&check.sql])?.remove(0) else {
        return Ok((0, Vec::new()));
    };
    let (before_not, before_met) = (of(&whole, Verdict::NotMet), of(&whole, Verdict::Met));
    let absence = closure(bench.catalog, &check.rests_on_absence.iter().cloned().collect());
    let (mut tried, mut faults) = (0, Vec::new());
    for table in case.given.iter().filter(|(_, rows)| !rows.is_empty()).map(|(table, _)| table) {
        let mut given = case.given.clone();
        given.insert(table.clone(), Vec::new());
        let Ok(rows) = bench.ask(case, &given, &[&check.sql])?.remove(0) else { continue };
        tried += 1;
        let made_of = closure(bench.catalog, &BTreeSet::from([table.clone()]));
        let declared = check.in_favor.contains_key(table) || !made_of.is_disjoint(&absence);
        if !declared && !bench.read_all_the_same(table, &given) {
            let accused =
                of(&rows, Verdict::NotMet).into_iter().filter(|resource| !before_not.contains(resource));
            faults.extend(accused.map(|resource| {
                format!("case `{}`: without `{table}`, `{resource}` turns not met", case.name)
            }));
        }
        if check.in_favor.contains_key(table) {
            let excused =
                of(&rows, Verdict::Met).into_iter().filter(|resource| !before_met.contains(resource));
            faults.extend(
                excused.map(|resource| {
                    format!("case `{}`: without `{table}`, `{resource}` turns met", case.name)
                }),
            );
        }
    }
    Ok((tried, faults))
}

/// A database with the catalog's tables, all empty, in which queries are tried on cases.
pub struct Bench<'a> {
    db: Connection,
    catalog: &'a Catalog,
}

impl<'a> Bench<'a> {
    pub fn new(catalog: &'a Catalog) -> Result<Self, Fault> {
        let mut db = Connection::open_in_memory()?;
        schema::create(&db)?;
        guard::functions(&db)?;
        tables::make(&mut db, catalog)?;
        param(&db, catalog, &BTreeMap::new())?;
        Ok(Bench { db, catalog })
    }

    /// The columns of a table, in order.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, Fault> {
        let statement = self.db.prepare(&format!("SELECT * FROM \"{}\"", table.replace('"', "")))?;
        Ok(statement.column_names().map(str::to_string).collect())
    }

    /// Where SQLite finds a query wrong: the byte.
    pub fn offset(&self, sql: &str) -> Option<usize> {
        offset(&self.db, sql)
    }

    /// The tables and columns that a query reads; why it may not run, if it may not.
    pub fn reads(&mut self, sql: &str) -> Result<Reads, String> {
        guard::compile(&mut self.db, sql, false)
    }

    /// Whether the other tables with rows tell that everything which feeds this one was read.
    fn read_all_the_same(&self, table: &str, given: &Given) -> bool {
        let sources = |names: BTreeSet<String>| {
            let all = closure(self.catalog, &names);
            let tables = self.catalog.tables.iter().filter(|t| all.contains(&t.name));
            tables.flat_map(|t| t.sources.iter().cloned()).collect::<BTreeSet<String>>()
        };
        let own = sources(BTreeSet::from([table.to_string()]));
        let others = given
            .iter()
            .filter(|(name, rows)| *name != table && !rows.is_empty())
            .map(|(name, _)| name.clone())
            .collect();
        !own.is_empty() && own.is_subset(&sources(others))
    }

    /// Fills the tables with `given` and asks each query in turn, under the parameters of `case`. Afterwards
    /// the tables are empty again. What a query gets wrong (syntax, a column missing or NULL, too much work)
    /// is its answer.
    pub fn ask(
        &mut self,
        case: &Case,
        given: &Given,
        queries: &[&str],
    ) -> Result<Vec<Result<Rows, String>>, Fault> {
        self.given(&case.params, given, |db, filled| {
            queries.iter().map(|sql| filled.clone().and_then(|()| query(db, sql))).collect()
        })
    }

    /// Fills the tables with `given`, does `what` under `params`, and empties the tables again. `what` hears
    /// whether they could be filled.
    pub(super) fn given<T>(
        &mut self,
        params: &BTreeMap<String, Value>,
        given: &Given,
        what: impl FnOnce(&mut Connection, Result<(), String>) -> T,
    ) -> Result<T, Fault> {
        self.db.execute_batch("SAVEPOINT given")?;
        if !params.is_empty() {
            param(&self.db, self.catalog, params)?;
        }
        let filled = given.iter().try_for_each(|(table, rows)| fill(&self.db, table, rows));
        let answer = what(&mut self.db, filled);
        self.db.execute_batch("ROLLBACK TO given; RELEASE given")?;
        Ok(answer)
    }
}

/// Bound on the work of one query on one case, in thousands of steps of SQLite's machine.
pub(super) const STEPS: u64 = 10_000;

fn fill(db: &Connection, table: &str, rows: &[BTreeMap<String, Value>]) -> Result<(), String> {
    let name = table.replace('"', "");
    db.execute_batch(&format!("DELETE FROM \"{name}\"")).map_err(|e| guard::words(&e))?;
    if rows.is_empty() {
        return Ok(());
    }
    let needed = needed(db, &name).map_err(|e| guard::words(&e))?;
    for row in rows {
        let mut row = row.clone();
        for (column, value) in &needed {
            row.entry(column.clone()).or_insert_with(|| value.clone());
        }
        let columns =
            row.keys().map(|c| format!("\"{}\"", c.replace('"', ""))).collect::<Vec<_>>().join(", ");
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

/// What a row of the loaded evidence cannot leave out, with what stands there where a case does not say: the
/// first artifact of an account of its own, in PHI scope.
fn needed(db: &Connection, table: &str) -> rusqlite::Result<Vec<(String, Value)>> {
    let mut columns = db.prepare_cached(
        "SELECT name, type FROM pragma_table_info(?) WHERE \"notnull\" AND NOT pk AND dflt_value IS NULL",
    )?;
    let usual = |name: &str, kind: &str| match name {
        "account" => Value::from("111122223333"),
        "region" => "us-east-1".into(),
        "tags" => "{}".into(),
        "phi_scope" => "in".into(),
        "status" => "OK".into(),
        "captured_at" | "created_at" => AS_OF.into(),
        "artifact" => 1.into(),
        _ if kind == "INTEGER" => 0.into(),
        _ => "".into(),
    };
    let rows = columns.query_map([table], |row| {
        let (name, kind) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
        Ok((name.clone(), usual(&name, &kind)))
    })?;
    rows.collect()
}

fn sql_value(value: &Value) -> ToSqlOutput<'static> {
    use rusqlite::types::Value as Sql;
    ToSqlOutput::Owned(match value {
        Value::Null => Sql::Null,
        Value::Bool(b) => Sql::Integer(i64::from(*b)),
        Value::Number(n) => {
            n.as_i64().map_or_else(|| Sql::Real(n.as_f64().unwrap_or_default()), Sql::Integer)
        }
        Value::String(s) => Sql::Text(s.clone()),
        list @ (Value::Array(_) | Value::Object(_)) => Sql::Text(list.to_string()),
    })
}

fn query(db: &mut Connection, sql: &str) -> Result<Rows, String> {
    guard::limit(db, STEPS).map_err(|e| e.to_string())?;
    let mut statement = db.prepare(sql).map_err(|e| guard::words(&e))?;
    if !statement.column_names().eq(engine::COLUMNS) {
        return Err(format!("it must return the columns {}", engine::COLUMNS.join(", ")));
    }
    let mut rows = statement.query([]).map_err(|e| guard::words(&e))?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(|e| guard::words(&e))? {
        let text = |i: usize| {
            row.get::<_, Option<String>>(i)
                .map_err(|e| e.to_string())?
                .ok_or_else(|| format!("`{}` is NULL", engine::COLUMNS[i]))
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
