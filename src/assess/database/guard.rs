//! What a check may do: read the evidence tables, with functions that depend on nothing but their arguments.
//! A check that asks for more does not compile; one that runs for too long is an error, never a shorter
//! answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::ValueRef;

use crate::assess::database::texts;
use crate::assess::input::Fault;
use crate::clock;

/// SQLite functions that a check may call. None of them knows the time, the machine or chance.
const ALLOWED: [&str; 61] = [
    "abs",
    "avg",
    "cast",
    "ceil",
    "char",
    "coalesce",
    "concat",
    "count",
    "dense_rank",
    "exists",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_each",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_object",
    "json_quote",
    "json_tree",
    "json_type",
    "json_valid",
    "julianday",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "printf",
    "quote",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "total",
    "trim",
    "typeof",
    "unicode",
    "upper",
    "->",
    "->>",
];

/// Functions that a table of the catalog may call beside these: they turn epochs into text.
const TABLES_TOO: [&str; 4] = ["strftime", "datetime", "date", "unixepoch"];

/// Columns that a statement reads, by table.
pub type Reads = BTreeSet<(String, String)>;

#[derive(Default)]
struct Seen {
    reads: Reads,
    denied: Option<String>,
}

/// Registers our `julianday`, which refuses `now`, and text functions of which one call ends.
pub fn functions(db: &Connection) -> Result<(), Fault> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("julianday", 1, flags, |context| {
        Ok(match context.get_raw(0) {
            ValueRef::Text(text) => std::str::from_utf8(text).ok().and_then(julian_day),
            // SQLite takes a number for a Julian day already
            ValueRef::Integer(day) => Some(day as f64).filter(|d| JULIAN_DAYS.contains(d)),
            ValueRef::Real(day) => Some(day).filter(|d| JULIAN_DAYS.contains(d)),
            ValueRef::Null | ValueRef::Blob(_) => None,
        })
    })?;
    texts::functions(db)?;
    // The first use of a table-valued function registers it, which the authorizer would see as a write.
    db.execute_batch("SELECT 1 FROM json_each('[]'), json_tree('[]')")?;
    Ok(())
}

/// The Julian days that SQLite knows: to the end of the year 9999.
const JULIAN_DAYS: std::ops::Range<f64> = 0.0..5_373_484.5;

/// Days since noon of 24 November 4714 BC (proleptic Gregorian), as SQLite counts them; `None` for what is no
/// date.
fn julian_day(text: &str) -> Option<f64> {
    let text = text.trim();
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ if text.ends_with('Z') || text.get(10..)?.contains(['+', '-']) => text.replacen(' ', "T", 1),
        _ => format!("{}Z", text.replacen(' ', "T", 1)),
    };
    let time = clock::parse(&full).ok()?;
    Some(time.timestamp_millis() as f64 / 86_400_000.0 + 2_440_587.5)
}

/// Compiles `sql` under the rules and tells which columns it reads; `extra` allows the functions of tables.
pub fn compile(db: &mut Connection, sql: &str, extra: bool) -> Result<Reads, String> {
    forbidden_words(sql)?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    watch(db, extra, &seen).map_err(|e| e.to_string())?;
    let outcome = db.prepare(sql).map(|statement| statement.readonly());
    unwatch(db).map_err(|e| e.to_string())?;
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    match (outcome, seen.denied) {
        (_, Some(what)) => Err(format!("{what} is not allowed here")),
        (Err(error), None) => Err(words(&error)),
        (Ok(false), None) => Err("only SELECT is allowed here".into()),
        (Ok(true), None) => Ok(seen.reads),
    }
}

/// An SQL error without rusqlite's wrapping.
pub fn words(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(text))
            if code.code == rusqlite::ErrorCode::OperationInterrupted =>
        {
            format!("stopped: it needs too many steps ({text})")
        }
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// Bounds the work of all statements that follow, in thousands of steps.
pub fn limit(db: &mut Connection, kilo_steps: u64) -> Result<(), Fault> {
    let grain = if kilo_steps > 1_000_000 { 1_000_000 } else { 10_000 };
    let mut steps = 0u64;
    db.progress_handler(
        grain,
        Some(move || {
            steps += 1;
            steps * grain as u64 > kilo_steps * 1000
        }),
    )?;
    Ok(())
}

/// SQLite's date functions take `now` as text, so the word is refused wherever it stands as a literal.
fn forbidden_words(sql: &str) -> Result<(), String> {
    let lower = sql.to_ascii_lowercase();
    match ["'now'", "\"now\"", "current_timestamp", "current_date", "current_time", "random(", "randomblob("]
        .iter()
        .find(|w| lower.contains(**w))
    {
        Some(word) => Err(format!("`{word}` is not allowed: use `param.as_of`")),
        None => Ok(()),
    }
}

/// Tables of SQLite's own: its schema, and pragmas and statistics in the form of tables.
fn is_inner(table: &str) -> bool {
    let table = table.to_ascii_lowercase();
    ["sqlite_", "pragma_", "dbstat", "bytecode", "tables_used", "fts", "rtree", "stmt", "completion"]
        .iter()
        .any(|word| table.starts_with(word))
}

fn watch(db: &mut Connection, extra: bool, seen: &Arc<Mutex<Seen>>) -> rusqlite::Result<()> {
    let seen = Arc::clone(seen);
    db.authorizer(Some(move |context: AuthContext<'_>| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match decide(&context.action, extra, &mut seen.reads) {
            Ok(()) => Authorization::Allow,
            Err(what) => {
                seen.denied.get_or_insert(what);
                Authorization::Deny
            }
        }
    }))
}

/// The SQL word for what was refused.
fn action_words(action: &AuthAction<'_>) -> String {
    let debug = format!("{action:?}");
    let name = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}

fn unwatch(db: &mut Connection) -> rusqlite::Result<()> {
    db.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)
}

fn decide(action: &AuthAction<'_>, extra: bool, reads: &mut Reads) -> Result<(), String> {
    match action {
        AuthAction::Select | AuthAction::Recursive => Ok(()),
        AuthAction::Read { table_name, column_name } if is_inner(table_name) => {
            Err(format!("reading `{table_name}.{column_name}`"))
        }
        AuthAction::Read { table_name, column_name } => {
            reads.insert(((*table_name).to_string(), (*column_name).to_string()));
            Ok(())
        }
        AuthAction::Function { function_name } => {
            let name = function_name.to_ascii_lowercase();
            let known = ALLOWED.contains(&name.as_str()) || (extra && TABLES_TOO.contains(&name.as_str()));
            let clock = ["date", "time", "datetime", "strftime", "unixepoch"].contains(&name.as_str());
            match (known, clock) {
                (true, _) => Ok(()),
                (false, true) => {
                    Err(format!("the function `{name}` (the time is `param.as_of`; julianday counts days)"))
                }
                (false, false) => Err(format!("the function `{name}`")),
            }
        }
        other => Err(format!("`{}`: a check may only read, and this", action_words(other))),
    }
}
