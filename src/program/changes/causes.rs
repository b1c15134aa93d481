//! The configuration change behind a verdict: which members of a resource's item differ between two runs, of
//! those that the check reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::terms::{texts, words};
use crate::model::assessment::CheckResult;
use crate::model::catalog::Catalog;
use crate::model::changes::{CAUSES, Cause, ItemState, VALUE};

/// What a check reads: the names in its own SQL, and in that of its tables.
pub struct ReadNames<'a> {
    own: BTreeSet<String>,
    tables: Vec<&'a str>,
    names: BTreeSet<String>,
}

impl<'a> ReadNames<'a> {
    pub fn of(catalog: &'a Catalog, check: &CheckResult) -> ReadNames<'a> {
        let own = catalog.checks.get(&check.id).map_or("", |c| c.sql.as_str());
        let tables = texts(catalog, check);
        let names = tables.iter().flat_map(|text| words(text)).collect();
        ReadNames { own: words(own).collect(), tables, names }
    }

    /// Whether some table of the check takes this member out of an item.
    fn reads(&self, path: &[String]) -> bool {
        match path.first().map(String::as_str) {
            Some("tags") => ["tags", "phi_scope"].iter().any(|w| self.own.contains(*w)),
            _ => path.iter().skip(1).any(|part| self.names.contains(&part.to_lowercase())),
        }
    }

    /// Whether the column that a table makes of this member stands in the check's own SQL.
    fn asks_for(&self, path: &[String]) -> bool {
        let named =
            path.iter().skip(1).rev().map(|part| part.to_lowercase()).find(|part| self.names.contains(part));
        let Some(named) = named else { return path.first().is_some_and(|p| p == "tags") };
        self.tables.iter().any(|text| {
            let lower = text.to_lowercase();
            let places: Vec<usize> = lower.match_indices(&named).map(|(at, _)| at + named.len()).collect();
            places.into_iter().any(|at| alias(&lower[at..]).is_some_and(|column| self.own.contains(column)))
        })
    }
}

/// The name behind the first `as` of a text.
fn alias(text: &str) -> Option<&str> {
    let after = text.match_indices("as").find_map(|(at, _)| {
        let free = |c: Option<char>| c.is_some_and(char::is_whitespace);
        (free(text[..at].chars().next_back()) && free(text[at + 2..].chars().next())).then(|| &text[at + 2..])
    })?;
    let name = after.trim_start();
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
    Some(&name[..end])
}

/// The members that differ and that the check reads: those that it asks for itself where there are any.
pub fn between(reads: &ReadNames<'_>, old: &ItemState, new: &ItemState) -> Vec<Cause> {
    let mut differ = Vec::new();
    compare(&mut Vec::new(), Some(&old.body), Some(&new.body), &mut differ);
    differ.retain(|(path, _, _)| reads.reads(path));
    let direct: Vec<_> = differ.iter().filter(|(path, _, _)| reads.asks_for(path)).cloned().collect();
    let shown = if direct.is_empty() { differ } else { direct };
    shown
        .into_iter()
        .take(CAUSES)
        .map(|(path, before, after)| Cause {
            member: member(&path),
            before,
            after,
            artifact_before: old.artifact.clone(),
            artifact_after: new.artifact.clone(),
            captured_before: old.captured_at.clone(),
            captured_after: new.captured_at.clone(),
        })
        .collect()
}

type Difference = (Vec<String>, Option<String>, Option<String>);

/// Walks two values together. Lists of other lengths, and lists of plain values, are shown whole.
fn compare(path: &mut Vec<String>, old: Option<&Value>, new: Option<&Value>, out: &mut Vec<Difference>) {
    if old == new {
        return;
    }
    match (old, new) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                path.push(key.clone());
                compare(path, a.get(key), b.get(key), out);
                path.pop();
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b)))
            if a.len() == b.len() && a.iter().chain(b).all(Value::is_object) =>
        {
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                path.push(format!("[{i}]"));
                compare(path, Some(x), Some(y), out);
                path.pop();
            }
        }
        _ => out.push((path.clone(), old.map(shown), new.map(shown))),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn member(path: &[String]) -> String {
    let mut out = String::new();
    for part in path {
        match part.starts_with('[') || out.is_empty() {
            true => out.push_str(part),
            false => out.extend([".", part]),
        }
    }
    out
}

/// Items by resource, account and region.
pub fn index(items: &[ItemState]) -> BTreeMap<(&str, &str, &str), &ItemState> {
    items
        .iter()
        .map(|item| ((item.resource.as_str(), item.account.as_str(), item.region.as_str()), item))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: Value) -> ItemState {
        let text = |t: &str| t.to_string();
        ItemState {
            resource: text("r"),
            account: text("a"),
            region: text("b"),
            captured_at: text("t"),
            artifact: text("f"),
            body,
        }
    }

    #[test]
    fn what_the_check_asks_for_comes_before_what_its_table_reads() {
        let tables = vec![
            "SELECT c ->> '$.publiclyAccessible' AS publicly_accessible, c ->> '$.engineVersion' AS \
             engine_version FROM resource",
        ];
        let names = tables.iter().flat_map(|t| words(t)).collect();
        let own = words("SELECT arn, publicly_accessible FROM rds_instance").collect();
        let reads = ReadNames { own, tables, names };
        let old = item(serde_json::json!({
            "configuration": { "publiclyAccessible": false, "engineVersion": "14", "port": 1 }, "tags": {}
        }));
        let new = item(serde_json::json!({
            "configuration": { "publiclyAccessible": true, "engineVersion": "15", "port": 2 }, "tags": {}
        }));
        let causes = between(&reads, &old, &new);
        assert_eq!(causes.len(), 1, "{causes:?}");
        assert_eq!(causes[0].member, "configuration.publiclyAccessible");
        assert_eq!((causes[0].before.as_deref(), causes[0].after.as_deref()), (Some("false"), Some("true")));
    }

    #[test]
    fn lists_are_walked_where_they_have_the_same_length_and_shown_whole_elsewhere() {
        let mut out = Vec::new();
        let old = serde_json::json!({ "a": [{ "x": 1 }, { "x": 2 }], "b": [1, 2], "c": "same" });
        let new = serde_json::json!({ "a": [{ "x": 1 }, { "x": 3 }], "b": [1], "c": "same" });
        compare(&mut Vec::new(), Some(&old), Some(&new), &mut out);
        let shown: Vec<_> =
            out.iter().map(|(path, a, b)| (member(path), a.as_deref(), b.as_deref())).collect();
        assert_eq!(
            shown,
            [("a[1].x".to_string(), Some("2"), Some("3")), ("b".to_string(), Some("[1,2]"), Some("[1]"))]
        );
    }
}
