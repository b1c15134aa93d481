//! Two generated pages: what others check and where it stands here (`docs/peers.yaml`), and which recordable
//! properties some table reads (`docs/properties.yaml`). Every row has an answer: checks or tables that
//! exist, or a reason.

use std::collections::BTreeSet;
use std::fs;

use affiant::model::catalog::Catalog;
use serde_json::Value;

use crate::harness::repository;

fn catalog() -> Catalog {
    affiant::catalog::load(None).expect("our own catalog")
}

/// The data of a page; none where neither data nor page is there.
fn data(name: &str) -> Option<Value> {
    let (path, page) =
        (repository().join(format!("docs/{name}.yaml")), repository().join(format!("docs/src/{name}.md")));
    assert_eq!(
        path.exists(),
        page.exists() || std::env::var_os("AFFIANT_BLESS").is_some() && path.exists(),
        "docs/{name}.yaml without its page, or the page without its data"
    );
    path.exists()
        .then(|| serde_saphyr::from_str(&fs::read_to_string(&path).expect("readable")).expect("YAML"))
}

fn text<'a>(row: &'a Value, members: &[&str]) -> &'a str {
    members.iter().find_map(|m| row.get(m).and_then(Value::as_str)).unwrap_or_default().trim()
}

/// A member that is one name or a list of names.
fn names(row: &Value, members: &[&str]) -> Vec<String> {
    let found = members.iter().find_map(|m| row.get(m)).cloned().unwrap_or_default();
    match found {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(|v| v.as_str().map(String::from)).collect(),
        _ => Vec::new(),
    }
}

fn list<'a>(value: &'a Value, members: &[&str]) -> &'a [Value] {
    members.iter().find_map(|m| value.get(m).and_then(Value::as_array)).map(Vec::as_slice).unwrap_or_default()
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('<', "&lt;")
}

/// What is wrong with a peer's rows: no answer, an unknown check, a doubled id.
fn faults(rows: &[Value], known: &dyn Fn(&str) -> bool, ours: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for row in rows {
        let key = format!("{} {}", text(row, &["type"]), text(row, &["id", "rule", "check", "property"]))
            .trim()
            .to_string();
        let named = names(row, ours);
        out.extend(named.iter().filter(|n| !known(n)).map(|n| format!("{key}: there is no `{n}`")));
        if named.is_empty() && text(row, &["reason", "why"]).len() < 10 {
            out.push(format!("{key}: neither an answer nor a reason"));
        }
        if key.is_empty() || !seen.insert(key.clone()) {
            out.push(format!("`{key}` stands twice, or has no name"));
        }
    }
    out
}

fn peers_page(data: &Value) -> String {
    let mut out = String::from(
        "# Beside what others check\n\n\
         This page is generated from `docs/peers.yaml`; a test holds it to the catalog.\n",
    );
    for peer in list(data, &["peers"]) {
        let rows = list(peer, &["rows", "rules", "checks"]);
        let here = rows.iter().filter(|row| !names(row, &["ours"]).is_empty()).count();
        out.push_str(&format!("\n## {}\n\n", cell(text(peer, &["name", "peer", "title"]))));
        out.push_str(&format!(
            "{} {} of {} rows have a check here; the others say why not.\n\n",
            cell(text(peer, &["source", "about"])),
            here,
            rows.len()
        ));
        out.push_str("| theirs | here | why not, or what differs |\n|---|---|---|\n");
        for row in rows {
            let ours: Vec<String> = names(row, &["ours"]).iter().map(|n| format!("`{n}`")).collect();
            out.push_str(&format!(
                "| `{}` | {} | {} |\n",
                text(row, &["id", "rule", "check"]),
                ours.join(", "),
                cell(text(row, &["reason", "why", "note"]))
            ));
        }
    }
    out
}

fn properties_page(data: &Value) -> String {
    let rows = list(data, &["rows", "properties"]);
    let read = rows.iter().filter(|row| !names(row, &["tables", "table", "ours"]).is_empty()).count();
    let mut out = format!(
        "# Properties that AWS Config records\n\n\
         This page is generated from `docs/properties.yaml`; a test holds it to the catalog. Listed are the\n\
         properties that bear on the ten controls: {read} of {} are read by a table, \
         the others say why not.\n\n| type | property | table | why not |\n|---|---|---|---|\n",
        rows.len()
    );
    for row in rows {
        let tables: Vec<String> =
            names(row, &["tables", "table", "ours"]).iter().map(|n| format!("`{n}`")).collect();
        out.push_str(&format!(
            "| {} | `{}` | {} | {} |\n",
            text(row, &["type"]),
            text(row, &["property", "id"]),
            tables.join(", "),
            cell(text(row, &["reason", "why"]))
        ));
    }
    out
}

#[test]
fn every_rule_of_a_peer_has_a_check_here_or_a_reason() {
    let Some(data) = data("peers") else { return };
    let catalog = catalog();
    let known = |id: &str| catalog.checks.contains_key(id);
    let peers = list(&data, &["peers"]);
    let mut sizes: Vec<usize> = peers.iter().map(|p| list(p, &["rows", "rules", "checks"]).len()).collect();
    sizes.sort_unstable();
    assert!(
        sizes.len() >= 2 && sizes[0] >= 95 && sizes[sizes.len() - 1] >= 130,
        "95 checks of one peer and 130 rules of AWS: {sizes:?}"
    );
    let bad: Vec<String> =
        peers.iter().flat_map(|p| faults(list(p, &["rows", "rules", "checks"]), &known, &["ours"])).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    crate::docs::pinned("docs/src/peers.md", &peers_page(&data));
}

#[test]
fn every_property_is_read_or_has_a_reason() {
    let Some(data) = data("properties") else { return };
    let catalog = catalog();
    let known = |name: &str| catalog.tables.iter().any(|t| t.name == name);
    let rows = list(&data, &["rows", "properties"]);
    assert!(rows.len() > 100, "{} properties", rows.len());
    let bad = faults(rows, &known, &["tables", "table", "ours"]);
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    crate::docs::pinned("docs/src/properties.md", &properties_page(&data));
}

#[test]
fn a_row_without_an_answer_is_seen() {
    let rows = serde_json::json!([
        { "id": "a", "ours": ["rds.storage-encrypted"] },
        { "id": "b", "ours": ["no.such"] },
        { "id": "c" },
        { "id": "d", "reason": "AWS retired the service in 2023" },
        { "id": "a", "reason": "the same row a second time" }
    ]);
    let catalog = catalog();
    let found = faults(rows.as_array().expect("rows"), &|id| catalog.checks.contains_key(id), &["ours"]);
    assert_eq!(found.len(), 3, "{found:?}");
}
