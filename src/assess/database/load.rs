//! Fills the evidence database from a run: items stream into `resource`, API answers into `response`. What
//! cannot be read is already a gap in the run's coverage; here it is passed over.

use std::io::Read;

use rusqlite::{Connection, params};

use super::stand_ins::Direct;
use super::tags::read_tags;
use crate::assess::input::Fault;
use crate::evidence::api_answer::{self, Answer, MAX_ANSWER};
use crate::evidence::config_files::{self, Found};
use crate::evidence::config_item::{self, Item, Standing};
use crate::evidence::encodings;
use crate::evidence::stand_in::Call;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::run::{Artifact, Source};
use crate::store::run::Reader;

/// Loads every artifact of the run; what stands in for AWS Config items is left to be inserted.
pub fn load(
    db: &Connection,
    run: &Reader,
    catalog: &Catalog,
    decisions: &Decisions,
) -> Result<Direct, Fault> {
    let mut direct = Direct::default();
    for (index, artifact) in run.artifacts.iter().enumerate() {
        let id = index as i64 + 1;
        record(db, id, artifact)?;
        match &artifact.source {
            Source::Snapshot { resource_type, history, .. } => {
                let deleted = snapshot(db, id, run, artifact, resource_type.as_deref(), decisions)?;
                // a resource that was deleted stays in its history
                if !history {
                    direct.deleted.extend(deleted);
                }
            }
            Source::Response { .. } => answer(db, id, run, artifact, catalog, &mut direct)?,
            Source::Document { .. } => {}
        }
    }
    Ok(direct)
}

fn record(db: &Connection, id: i64, artifact: &Artifact) -> Result<(), Fault> {
    let mut insert = db.prepare_cached("INSERT INTO artifact VALUES (?,?,?,?,?,?,?,?,?,?,?)")?;
    let (kind, account, region, service, operation, key) = match &artifact.source {
        Source::Snapshot { history: true, .. } => ("history", "", "", "config", "", ""),
        Source::Snapshot { .. } => ("snapshot", "", "", "config", "", ""),
        Source::Response { account, region, service, operation, key, .. } => (
            "response",
            account.as_str(),
            region.as_str(),
            service.as_str(),
            operation.as_str(),
            key.as_str(),
        ),
        Source::Document { .. } => ("document", "", "", "", "", ""),
    };
    let (path, digest) = (&artifact.path, artifact.sha256.to_string());
    insert.execute(params![
        id,
        path,
        digest,
        artifact.size,
        artifact.collected_at,
        kind,
        account,
        region,
        service,
        operation,
        key
    ])?;
    Ok(())
}

/// Loads one file of items, of what is or of what was; the rows of those that say that their resource is
/// gone.
fn snapshot(
    db: &Connection,
    id: i64,
    run: &Reader,
    artifact: &Artifact,
    hint: Option<&str>,
    decisions: &Decisions,
) -> Result<Vec<i64>, Fault> {
    let mut deleted = Vec::new();
    let into = if matches!(artifact.source, Source::Snapshot { history: true, .. }) {
        "history"
    } else {
        "resource"
    };
    let input = run.open(artifact)?;
    let mut insert = db.prepare_cached(&format!(
        "INSERT INTO {into} (arn, type, resource_id, name, account, region, availability_zone, tags, \
         phi_scope, excluded, status, captured_at, created_at, configuration, supplementary, artifact)
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    ))?;
    let walked = config_files::walk(input, |found| -> Result<(), Fault> {
        let (bytes, row) = match found {
            Found::Item(bytes) => (bytes, false),
            Found::Row(bytes) => (bytes, true),
            Found::Around(_) | Found::Bad(_) => return Ok(()),
        };
        let Ok(item) = config_item::parse(bytes, hint) else { return Ok(()) };
        insert_item(&mut insert, id, &item, row, decisions)?;
        if item.standing() == Standing::Deleted {
            deleted.push(db.last_insert_rowid());
        }
        Ok(())
    });
    match walked {
        Err(Fault::Items(_)) | Ok(()) => Ok(deleted),
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
    let excluded = decisions.workspace.excludes(&arn);
    let phi = if excluded { "out" } else { tags.phi };
    let given =
        |raw: Option<&'a serde_json::value::RawValue>| raw.map(|r| r.get()).filter(|text| *text != "null");
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
        given(item.configuration).map(|text| encodings::document(text, row)),
        given(item.supplementary_configuration).map(|text| encodings::supplementary(text, row)),
        artifact
    ])?;
    Ok(())
}

fn answer(
    db: &Connection,
    id: i64,
    run: &Reader,
    artifact: &Artifact,
    catalog: &Catalog,
    direct: &mut Direct,
) -> Result<(), Fault> {
    let Source::Response { account, region, service, operation: name, key, custody } = &artifact.source
    else {
        return Ok(());
    };
    let mut bytes = Vec::new();
    if run.open(artifact)?.take(MAX_ANSWER).read_to_end(&mut bytes).is_err() {
        return Ok(());
    }
    let operation = catalog.operations.get(&format!("{service}:{name}"));
    let read = api_answer::read(&bytes, service, name, custody, artifact.path.ends_with(".csv"), catalog);
    let mut insert = db.prepare_cached(
        "INSERT INTO response (account, region, service, operation, key, position, body, artifact) VALUES \
         (?,?,?,?,?,?,?,?)",
    )?;
    for (position, body) in read.elements(operation).into_iter().enumerate() {
        let body = encodings::element(body);
        insert.execute(params![
            account,
            region,
            service,
            name,
            key,
            position as i64,
            body.to_string(),
            id
        ])?;
    }
    if let Answer::Body(body) = &read {
        direct.list(catalog, &format!("{service}:{name}"), body, Call { account, region, key });
    }
    if let Some(operation) = operation.filter(|o| !o.fill.is_empty()) {
        direct.take(
            &read,
            operation,
            &format!("{service}:{name}"),
            Call { account, region, key },
            (id, &artifact.collected_at),
        );
    }
    Ok(())
}

/// Keeps the newest item of each resource, one of AWS Config before a direct answer, and drops what no longer
/// exists. `deleted` are the items that say so: to look for them would read the whole table, configurations
/// and all.
pub fn settle(db: &Connection, deleted: &[i64]) -> Result<(), Fault> {
    db.execute_batch(
        "DELETE FROM resource WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER
           (PARTITION BY type, arn
            ORDER BY (SELECT kind = 'response' FROM artifact WHERE artifact.id = resource.artifact),
            captured_at DESC, id DESC) AS rank FROM resource
            WHERE (type, arn) IN (SELECT type, arn FROM resource GROUP BY type, arn HAVING count(*) > 1))
           WHERE rank > 1)",
    )?;
    let mut delete = db.prepare("DELETE FROM resource WHERE id = ?")?;
    for id in deleted {
        delete.execute([id])?;
    }
    Ok(())
}
