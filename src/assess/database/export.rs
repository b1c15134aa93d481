//! What leaves the database for the package: a description inside it, and its tables as CSV (RFC 4180, UTF-8,
//! header line).

use std::io::Write;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params};

use crate::assess::input::{Fault, Input};
use crate::diag::safe_cell;
use crate::model::assessment::Assessment;
use crate::model::catalog::Reckoning;

/// Tables that become CSV files, and their columns: what people look for. The rest is in `evidence.sqlite`.
pub const CSV: [(&str, &str); 7] = [
    ("result", "*, (SELECT value FROM about WHERE name = 'as of') AS as_of"),
    ("coverage", "*"),
    ("episode", "*"),
    ("artifact", "*"),
    ("phi_store_reader", "*"),
    ("network_place", "*"),
    (
        "resource",
        "arn, type, resource_id, name, account, region, availability_zone, tags, phi_scope, excluded, \
         captured_at, created_at, artifact",
    ),
];

/// Writes the `about` table (what this file is and which inputs made it) and the checks' own SQL.
pub fn describe(db: &Connection, input: &Input<'_>, assessment: &Assessment) -> Result<(), Fault> {
    db.execute_batch(
        "CREATE TABLE about (name TEXT NOT NULL, value TEXT NOT NULL) STRICT;
         CREATE TABLE check_sql (check_id TEXT NOT NULL, control TEXT NOT NULL, title TEXT NOT NULL, \
           severity TEXT NOT NULL, sql TEXT NOT NULL) STRICT;
         CREATE TABLE table_sql (position INTEGER NOT NULL, name TEXT NOT NULL, about TEXT NOT NULL, \
           sources TEXT NOT NULL, sql TEXT NOT NULL,
           reckons TEXT NOT NULL) STRICT;",
    )?;
    let facts = [
        ("format", "affiant.evidence/1".to_string()),
        ("run", assessment.run.clone()),
        ("run manifest", assessment.manifest.to_string()),
        ("catalog", assessment.catalog.to_string()),
        ("decisions", assessment.decisions.to_string()),
        ("as of", assessment.as_of.clone()),
        ("sample", assessment.sample.to_string()),
        ("results", assessment.results.to_string()),
    ];
    for (name, value) in facts {
        db.execute("INSERT INTO about VALUES (?, ?)", [name, &value])?;
    }
    for control in &input.catalog.controls {
        for id in &control.checks {
            let check = &input.catalog.checks[id];
            db.execute(
                "INSERT INTO check_sql VALUES (?,?,?,?,?)",
                [id, &control.id, &check.title, check.severity.as_str(), &check.sql],
            )?;
        }
    }
    for (position, table) in input.catalog.tables.iter().enumerate() {
        let sources = table.sources.join(", ");
        let reckons = table.reckons.map_or("", Reckoning::as_str);
        db.execute(
            "INSERT INTO table_sql VALUES (?,?,?,?,?,?)",
            params![position as i64, table.name, table.about, sources, table.sql, reckons],
        )?;
    }
    Ok(())
}

/// Streams one table as CSV. A cell that a spreadsheet would run as a formula gets an apostrophe before it.
pub fn csv(database: &Path, table: &str, columns: &str, out: &mut dyn Write) -> Result<(), Fault> {
    let db = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = db.prepare(&format!("SELECT {columns} FROM \"{table}\" ORDER BY rowid"))?;
    let names: Vec<String> = statement.column_names().map(str::to_string).collect();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let fault = |error: csv::Error| Fault::Io(std::io::Error::other(error));
    writer.write_record(&names).map_err(fault)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for i in 0..names.len() {
            writer.write_field(cell(row.get_ref(i)?)).map_err(fault)?;
        }
        writer.write_record(None::<&[u8]>).map_err(fault)?;
    }
    writer.flush()?;
    Ok(())
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(n) => n.to_string(),
        ValueRef::Text(text) => safe_cell(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("{} bytes", bytes.len()),
    }
}
