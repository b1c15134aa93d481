//! Fills the evidence database from a run: items stream into `resource`, API answers into `response`. What cannot be read is
//! already a gap in the run's coverage; here it is passed over.

use std::collections::BTreeMap;
use std::io::Read;

use rusqlite::{Connection, params};
use serde_json::Value;

use super::{Fault, undo};
use crate::model::catalog::{Catalog, Operation};
use crate::model::decisions::{Decisions, matches_pattern};
use crate::model::run::{Artifact, Source};
use crate::store::item::{self, Item, Standing};
use crate::store::items::{self, Found};
use crate::store::run::Reader;

/// An API answer larger than this is not evidence we can use (AWS's own limit is far lower).
const MAX_ANSWER: u64 = 256 << 20;

/// Loads every artifact of the run.
pub fn load(db: &Connection, run: &Reader, catalog: &Catalog, decisions: &Decisions) -> Result<(), Fault> {
    for (index, artifact) in run.artifacts.iter().enumerate() {
        let id = index as i64 + 1;
        record(db, id, artifact)?;
        match &artifact.source {
            Source::Snapshot { resource_type, .. } => snapshot(db, id, run, artifact, resource_type.as_deref(), decisions)?,
            Source::Response { service, operation, .. } => {
                let known = catalog.operations.get(&format!("{service}:{operation}"));
                answer(db, id, run, artifact, known)?;
            }
            Source::Document { .. } => {}
        }
    }
    Ok(())
}

fn record(db: &Connection, id: i64, artifact: &Artifact) -> Result<(), Fault> {
    let mut insert = db.prepare_cached("INSERT INTO artifact VALUES (?,?,?,?,?,?,?,?,?,?,?)")?;
    let (kind, account, region, service, operation, key) = match &artifact.source {
        Source::Snapshot { .. } => ("snapshot", "", "", "config", "", ""),
        Source::Response { account, region, service, operation, key, .. } => {
            ("response", account.as_str(), region.as_str(), service.as_str(), operation.as_str(), key.as_str())
        }
        Source::Document { .. } => ("document", "", "", "", "", ""),
    };
    let (path, digest) = (&artifact.path, artifact.sha256.to_string());
    insert.execute(params![id, path, digest, artifact.size, artifact.collected_at, kind, account, region, service, operation, key])?;
    Ok(())
}

fn snapshot(db: &Connection, id: i64, run: &Reader, artifact: &Artifact, hint: Option<&str>, decisions: &Decisions) -> Result<(), Fault> {
    let input = run.open(artifact)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO resource (arn, type, resource_id, name, account, region, availability_zone, tags, phi_scope, excluded, status,
         captured_at, created_at, configuration, supplementary, artifact) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    )?;
    let walked = items::walk(input, |found| -> Result<(), Fault> {
        let (bytes, row) = match found {
            Found::Item(bytes) => (bytes, false),
            Found::Row(bytes) => (bytes, true),
            Found::Bad(_) => return Ok(()),
        };
        let Ok(item) = item::parse(bytes, hint) else { return Ok(()) };
        insert_item(&mut insert, id, &item, row, decisions)
    });
    match walked {
        Err(Fault::Items(_)) | Ok(()) => Ok(()),
        Err(other) => Err(other),
    }
}

fn insert_item<'a>(
    insert: &mut rusqlite::CachedStatement<'_>,
    artifact: i64,
    item: &Item<'a>,
    row: bool,
    decisions: &Decisions,
) -> Result<(), Fault> {
    let status = match item.standing() {
        Standing::Live => "live",
        Standing::Deleted => "deleted",
        Standing::NotRecorded => return Ok(()),
    };
    let arn = item.arn();
    let tags = read_tags(item.tags.map(|raw| raw.get()), decisions);
    let excluded = decisions.workspace.exclude.iter().any(|e| matches_pattern(&e.pattern, &arn));
    let phi = if excluded { "out" } else { tags.phi };
    let given = |raw: Option<&'a serde_json::value::RawValue>| raw.map(|r| r.get()).filter(|text| *text != "null");
    let name = item.resource_name.as_deref().or(tags.name.as_deref());
    insert.execute(params![
        arn,
        item.resource_type(),
        item.resource_id(),
        name,
        item.account(),
        item.region(),
        item.availability_zone,
        tags.text,
        phi,
        excluded,
        status,
        item.captured_at(),
        item.created_at(),
        given(item.configuration).map(|text| undo::document(text, row)),
        given(item.supplementary_configuration).map(|text| undo::supplementary(text, row)),
        artifact
    ])?;
    Ok(())
}

/// What an item's tags say, read once.
struct Tags {
    /// One JSON object.
    text: String,
    name: Option<String>,
    phi: &'static str,
}

/// `in` PHI scope unless the PHI tag is there with another value: an untagged resource is in scope.
fn read_tags(raw: Option<&str>, decisions: &Decisions) -> Tags {
    let raw = raw.unwrap_or("{}");
    if matches!(raw, "{}" | "null" | "[]") {
        return Tags { text: "{}".into(), name: None, phi: "in" };
    }
    let tags = undo::tags(raw);
    let rule = &decisions.workspace.phi;
    let value = |key: &str| tags.get(key).and_then(Value::as_str);
    let out = value(&rule.tag).is_some_and(|v| !rule.values.iter().any(|known| known.eq_ignore_ascii_case(v)));
    Tags {
        name: value("Name").map(str::to_string),
        phi: if out { "out" } else { "in" },
        text: if raw.starts_with('{') { raw.to_string() } else { tags.to_string() },
    }
}

fn answer(db: &Connection, id: i64, run: &Reader, artifact: &Artifact, operation: Option<&Operation>) -> Result<(), Fault> {
    let Source::Response { account, region, service, operation: name, key, .. } = &artifact.source else { return Ok(()) };
    let mut text = String::new();
    let readable = run.open(artifact)?.take(MAX_ANSWER).read_to_string(&mut text).is_ok();
    if !readable {
        return Ok(());
    }
    let elements = if artifact.path.ends_with(".csv") { csv_rows(&text) } else { elements(&text, operation) };
    let mut insert = db.prepare_cached(
        "INSERT INTO response (account, region, service, operation, key, position, body, artifact) VALUES (?,?,?,?,?,?,?,?)",
    )?;
    for (position, body) in elements.into_iter().enumerate() {
        insert.execute(params![account, region, service, name, key, position as i64, body.to_string(), id])?;
    }
    Ok(())
}

/// The elements of an answer; one `{"_absent": code}` where the API said that there is none; nothing for other errors.
fn elements(text: &str, operation: Option<&Operation>) -> Vec<Value> {
    let Ok(body) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { return Vec::new() };
    if let Some(code) = error_code(&body) {
        let absent = operation.is_some_and(|o| o.absent.iter().chain(&o.not_enabled).any(|a| a == code));
        return if absent { vec![serde_json::json!({ "_absent": code })] } else { Vec::new() };
    }
    match operation.and_then(|o| o.list.as_deref()) {
        Some(list) => match body.get(list) {
            Some(Value::Array(elements)) => elements.iter().cloned().map(undo::element).collect(),
            _ => Vec::new(),
        },
        None => vec![undo::element(body)],
    }
}

/// The code of an API error kept as an answer.
pub fn error_code(body: &Value) -> Option<&str> {
    body.get("Error")?.get("Code")?.as_str()
}

fn csv_rows(text: &str) -> Vec<Value> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    reader
        .deserialize::<BTreeMap<String, String>>()
        .filter_map(Result::ok)
        .map(|row| Value::Object(row.into_iter().map(|(k, v)| (k, Value::String(v))).collect()))
        .collect()
}

/// Keeps the newest item of each resource and drops what no longer exists.
pub fn settle(db: &Connection) -> Result<(), Fault> {
    let doubles: bool =
        db.query_row("SELECT EXISTS (SELECT 1 FROM resource GROUP BY type, arn HAVING count(*) > 1)", [], |row| row.get(0))?;
    if doubles {
        db.execute_batch(
            "DELETE FROM resource WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER
               (PARTITION BY type, arn ORDER BY captured_at DESC, id DESC) AS rank FROM resource) WHERE rank > 1)",
        )?;
    }
    db.execute_batch("DELETE FROM resource WHERE status <> 'live'")?;
    Ok(())
}
