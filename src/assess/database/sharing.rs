//! What an edition for others takes from the database: the names that it knows, rows of the tables that
//! people look for, and a new database of those rows alone, which therefore has no free page with anything
//! else in it.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde_json::Value;

use crate::assess::input::Fault;

/// How a column of a shared table is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnUse {
    /// Words of the program: verdicts, regions, times, check names.
    Own,
    /// Names one thing.
    Name,
    /// What a query wrote.
    Sentence,
    /// Free text.
    Prose,
}

use ColumnUse::{Name, Own, Prose, Sentence};

/// A table of the edition and its columns. Tags, times of creation and the texts of policies are in none.
pub type SharedTable = (&'static str, &'static [(&'static str, ColumnUse)]);

pub const SHARED: [SharedTable; 6] = [
    (
        "result",
        &[
            ("check_id", Own),
            ("resource", Name),
            ("account", Name),
            ("region", Own),
            ("verdict", Own),
            ("reason", Sentence),
            ("excluded", Own),
        ],
    ),
    (
        "coverage",
        &[
            ("account", Name),
            ("region", Own),
            ("table", Own),
            ("source", Prose),
            ("state", Own),
            ("expected", Own),
            ("read", Own),
            ("gap", Own),
            ("detail", Prose),
        ],
    ),
    (
        "episode",
        &[
            ("check_id", Own),
            ("resource", Name),
            ("account", Name),
            ("region", Own),
            ("broken_at", Own),
            ("reason", Sentence),
            ("ended_at", Own),
            ("ended", Own),
        ],
    ),
    (
        "phi_store_reader",
        &[
            ("arn", Name),
            ("account", Name),
            ("region", Own),
            ("store_kind", Own),
            ("store", Name),
            ("store_why", Prose),
            ("principal", Name),
            ("principal_kind", Own),
            ("principal_account", Name),
            ("found_by", Own),
            ("policy", Name),
            ("read_action", Own),
            ("all_of_kind", Own),
            ("everything", Own),
            ("certain", Own),
            ("has_condition", Own),
            ("not_evaluated", Prose),
        ],
    ),
    (
        "network_place",
        &[
            ("arn", Name),
            ("account", Name),
            ("region", Own),
            ("kind", Own),
            ("class", Own),
            ("tier", Own),
            ("vpc_id", Name),
            ("subnets", Own),
            ("public_subnets", Own),
            ("phi_scope", Own),
        ],
    ),
    (
        "resource",
        &[
            ("arn", Name),
            ("type", Own),
            ("name", Name),
            ("account", Name),
            ("region", Own),
            ("phi_scope", Own),
            ("excluded", Own),
        ],
    ),
];

/// A member of the evidence and the value that it names something with.
pub type MemberValue = (String, String);

/// Every value of the evidence that names something: of tables, of tags, and of members in items and answers
/// whose names say so.
pub fn names(database: &Path) -> Result<BTreeSet<MemberValue>, Fault> {
    let db = open(database)?;
    let mut found = BTreeSet::new();
    for table in ["resource", "history"] {
        let sql = format!(
            "SELECT arn, resource_id, name, account, tags, configuration, supplementary FROM {table}"
        );
        each(&db, &sql, &mut |cells| {
            for (member, cell) in ["arn", "resourceId", "resourceName", "account"].iter().zip(cells) {
                keep(member, cell, &mut found);
            }
            if let Ok(Value::Object(tags)) = serde_json::from_str(&cells[4]) {
                tags.iter().for_each(|(key, value)| walk(&format!("tag {key}"), value, true, &mut found));
            }
            cells[5..].iter().for_each(|json| nested(json, &mut found));
        })?;
    }
    each(&db, "SELECT account, key, body FROM response", &mut |cells| {
        keep("account", &cells[0], &mut found);
        keep("key", &cells[1], &mut found);
        nested(&cells[2], &mut found);
    })?;
    for (table, columns) in SHARED {
        let named: Vec<_> = columns.iter().filter(|(_, kind)| *kind == Name).map(|(name, _)| *name).collect();
        each(&db, &format!("SELECT DISTINCT {} FROM \"{table}\"", quoted(&named)), &mut |cells| {
            named.iter().zip(cells).for_each(|(name, cell)| keep(name, cell, &mut found));
        })?;
    }
    Ok(found)
}

/// Hands over each row of a table, its columns in their order.
pub fn rows(
    database: &Path,
    shared: SharedTable,
    row: &mut dyn FnMut(Vec<Cell>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (table, columns) = shared;
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let db = open(database)?;
    let mut statement = db.prepare(&format!("SELECT {} FROM \"{table}\" ORDER BY rowid", quoted(&names)))?;
    let mut found = statement.query([])?;
    while let Some(cells) = found.next()? {
        let cells: Result<Vec<Cell>, rusqlite::Error> = (0..names.len()).map(|i| cells.get(i)).collect();
        row(cells?)?;
    }
    Ok(())
}

/// A cell as text; none where it holds none.
pub fn text(cell: &mut Cell) -> Option<&mut String> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => None,
    }
}

/// A cell as a CSV file shows it.
pub fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Integer(n) => n.to_string(),
        Cell::Real(n) => n.to_string(),
        Cell::Text(text) => crate::diag::safe_cell(text),
        Cell::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// A database that is made of what it is given and nothing else.
pub struct SharedDatabase(Connection);

impl SharedDatabase {
    pub fn create(path: &Path) -> Result<SharedDatabase, Fault> {
        let db = Connection::open(path)?;
        db.execute_batch("PRAGMA journal_mode = OFF; BEGIN")?;
        Ok(SharedDatabase(db))
    }

    pub fn table(&self, name: &str, columns: &[&str]) -> Result<(), Fault> {
        Ok(self.0.execute_batch(&format!("CREATE TABLE \"{name}\" ({})", quoted(columns)))?)
    }

    pub fn insert(&self, table: &str, cells: &[Cell]) -> Result<(), Fault> {
        let places = vec!["?"; cells.len()].join(", ");
        self.0
            .prepare_cached(&format!("INSERT INTO \"{table}\" VALUES ({places})"))?
            .execute(params_from_iter(cells))?;
        Ok(())
    }

    pub fn finish(self) -> Result<(), Fault> {
        Ok(self.0.execute_batch("COMMIT")?)
    }
}

fn open(database: &Path) -> Result<Connection, Fault> {
    Ok(Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

fn each(db: &Connection, sql: &str, row: &mut dyn FnMut(&[String])) -> Result<(), Fault> {
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(cells) = rows.next()? {
        let mut texts = Vec::with_capacity(columns);
        for i in 0..columns {
            texts.push(match cells.get_ref(i)? {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => {
                    String::new()
                }
            });
        }
        row(&texts);
    }
    Ok(())
}

fn keep(member: &str, value: &str, found: &mut BTreeSet<MemberValue>) {
    if !value.is_empty() {
        found.insert((member.to_string(), value.to_string()));
    }
}

fn nested(json: &str, found: &mut BTreeSet<MemberValue>) {
    if let Ok(value) = serde_json::from_str::<Value>(json) {
        walk("", &value, false, found);
    }
}

/// Ends of members whose values name something of the owner's.
const NAMING: [&str; 33] = [
    "name",
    "id",
    "ids",
    "names",
    "arn",
    "arns",
    "identifier",
    "address",
    "endpoint",
    "host",
    "hostname",
    "domain",
    "user",
    "owner",
    "alias",
    "aliases",
    "sid",
    "bucket",
    "table",
    "queue",
    "topic",
    "cluster",
    "group",
    "groups",
    "role",
    "principal",
    "email",
    "emailaddress",
    "path",
    "title",
    "contact",
    "database",
    "repository",
];

fn names_something(member: &str) -> bool {
    let lower = member.to_ascii_lowercase();
    let lower = lower.strip_suffix('s').unwrap_or(&lower);
    NAMING.iter().any(|end| lower.ends_with(end.strip_suffix('s').unwrap_or(end)))
}

fn walk(member: &str, value: &Value, all: bool, found: &mut BTreeSet<MemberValue>) {
    match value {
        Value::String(text) => {
            if text.starts_with(['{', '[']) {
                nested(text, found);
            } else if all || text.starts_with("arn:") || names_something(member) {
                keep(member, text, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(member, item, all, found)),
        Value::Object(members) => {
            let text =
                |names: [&str; 2]| names.iter().find_map(|name| members.get(*name).and_then(Value::as_str));
            if let (Some(key), Some(value), true) =
                (text(["key", "Key"]), text(["value", "Value"]), members.len() == 2)
            {
                return keep(&format!("tag {key}"), value, found);
            }
            members.iter().for_each(|(name, value)| walk(name, value, all, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
