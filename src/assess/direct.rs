//! Direct answers in the place of AWS Config items: gathered while answers are loaded, put together when all are there, and
//! inserted as resources. A resource of which a part was not answered is left out: what was not read is not judged.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::Fault;
use super::load::read_tags;
use crate::model::catalog::Catalog;
use crate::model::decisions::{Decisions, matches_pattern};
use crate::model::registry::Operation;
use crate::store::answer::Answer;
use crate::store::fill::{self, Call, Filled};

/// (type, account, key of the call, operation)
type PartKey = (String, String, String, String);

#[derive(Default)]
pub struct Direct {
    whole: Vec<Whole>,
    /// Where a part goes, and what it is.
    parts: BTreeMap<PartKey, (String, Value)>,
    /// (account, ARN) to tags, from the tagging API.
    tags: BTreeMap<(String, String), Value>,
    /// Whether any item of AWS Config says that its resource is gone.
    pub deleted: bool,
}

struct Whole {
    account: String,
    filled: Filled,
    artifact: i64,
    at: String,
}

impl Direct {
    /// Notes what one answer says of resources.
    pub fn take(&mut self, answer: &Answer, operation: &Operation, name: &str, call: Call<'_>, artifact: (i64, &str)) {
        for fill in &operation.fill {
            match (&fill.tags_of, &fill.into, answer) {
                (Some(member), _, Answer::Body(body)) => {
                    for element in fill::elements(body, operation.list.as_deref()) {
                        let (Some(arn), Some(tags)) = (element.get(member).and_then(Value::as_str), fill.tags.as_ref()) else { continue };
                        let tags = element.get(tags).map(|t| crate::store::undo::tags(&t.to_string()));
                        self.tags.insert((call.account.into(), arn.into()), tags.unwrap_or_default());
                    }
                }
                (None, Some(into), Answer::Body(_) | Answer::Absent(_)) => {
                    let body = if let Answer::Body(body) = answer { Some(body) } else { None };
                    if let Answer::Absent(code) = answer
                        && operation.means_gone(code, "")
                    {
                        continue;
                    }
                    let key = (fill.resource_type.clone(), call.account.to_string(), call.key.to_string(), format!("{name} {into}"));
                    let value = fill::part(body, operation, fill);
                    match self.parts.get_mut(&key) {
                        // a further page of a list
                        Some((_, Value::Array(list))) if fill.all => list.extend(value.as_array().into_iter().flatten().cloned()),
                        _ => drop(self.parts.insert(key, (into.clone(), value))),
                    }
                }
                (None, None, Answer::Body(body)) => {
                    for filled in fill::resources(body, operation, fill, call) {
                        self.whole.push(Whole { account: call.account.into(), filled, artifact: artifact.0, at: artifact.1.into() });
                    }
                }
                _ => {}
            }
        }
    }

    /// Inserts every resource of which all parts were answered, and the tags that AWS Config did not give.
    pub fn insert(self, db: &Connection, catalog: &Catalog, decisions: &Decisions) -> Result<(), Fault> {
        let mut insert = db.prepare_cached(
            "INSERT INTO resource (arn, type, resource_id, name, account, region, availability_zone, tags, phi_scope, excluded, status,
             captured_at, created_at, configuration, supplementary, artifact) VALUES (?,?,?,?,?,?,?,?,?,?,'live',?,?,?,?,?)",
        )?;
        let needed = partial_operations(catalog);
        for whole in &self.whole {
            let Some(item) = self.put_together(whole, &needed) else { continue };
            let filled = &whole.filled;
            let tags = self.tags.get(&(whole.account.clone(), filled.arn.clone())).unwrap_or(&filled.tags);
            let tags = read_tags(Some(&tags.to_string()), decisions);
            let excluded = decisions.workspace.exclude.iter().any(|e| matches_pattern(&e.pattern, &filled.arn));
            insert.execute(params![
                filled.arn,
                filled.resource_type,
                filled.id,
                filled.name.as_deref().or(tags.name.as_deref()),
                whole.account,
                filled.region,
                filled.zone,
                tags.text,
                if excluded { "out" } else { tags.phi },
                excluded,
                whole.at,
                filled.created.clone().unwrap_or_default(),
                item["configuration"].to_string(),
                item["supplementaryConfiguration"].to_string(),
                whole.artifact
            ])?;
        }
        let mut update =
            db.prepare_cached("UPDATE resource SET tags = ?, phi_scope = iif(excluded, 'out', ?) WHERE arn = ? AND tags = '{}'")?;
        for ((_, arn), tags) in &self.tags {
            let tags = read_tags(Some(&tags.to_string()), decisions);
            update.execute(params![tags.text, tags.phi, arn])?;
        }
        Ok(())
    }

    fn put_together(&self, whole: &Whole, needed: &BTreeMap<&str, BTreeSet<(String, Option<&str>)>>) -> Option<Value> {
        let filled = &whole.filled;
        let mut item = serde_json::json!({ "configuration": filled.configuration, "supplementaryConfiguration": {} });
        for (part, by) in needed.get(filled.resource_type.as_str()).into_iter().flatten() {
            let key = match by {
                Some("arn") => filled.arn.clone(),
                Some("name") => filled.name.clone().unwrap_or_default(),
                _ => filled.id.clone(),
            };
            let (into, value) = self.parts.get(&(filled.resource_type.clone(), whole.account.clone(), key, part.clone()))?;
            fill::put(&mut item, into, value.clone());
        }
        Some(item)
    }
}

/// By type, the parts of its resources (operation and place), and how a call names the resource.
fn partial_operations(catalog: &Catalog) -> BTreeMap<&str, BTreeSet<(String, Option<&str>)>> {
    let mut needed: BTreeMap<&str, BTreeSet<(String, Option<&str>)>> = BTreeMap::new();
    for (name, operation) in catalog.operations.iter().filter(|(_, o)| o.opt_in.is_none()) {
        for fill in &operation.fill {
            let Some(into) = &fill.into else { continue };
            for kind in fill.also.iter().chain([&fill.resource_type]) {
                needed.entry(kind).or_default().insert((format!("{name} {into}"), fill.by.as_deref()));
            }
        }
    }
    needed
}
