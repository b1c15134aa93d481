//! What was planted, as two lists: `faults.yaml` for the checks, `secrets.yaml` for the redaction.

use serde_json::{Value, json};

use crate::estate::Estate;
use crate::item::Item;
use crate::story::{Fault, Story};

/// `- {id, check, resource, what}`, in the order of the checks' names.
pub fn faults(story: &Story) -> String {
    let mut faults: Vec<&Fault> = story.faults.iter().collect();
    faults.sort_by_key(|fault| (fault.check, fault.resource.as_str()));
    let line = |(number, fault): (usize, &&Fault)| {
        format!(
            "- {{id: F{:02}, check: {}, resource: {}, what: {}}}\n",
            number + 1,
            fault.check,
            json!(fault.resource),
            json!(fault.what)
        )
    };
    faults.iter().enumerate().map(line).collect()
}

/// `- {id, kind, path, resource, pointers}`: where each value lies in the item that holds it.
pub fn secrets(estate: &Estate, paths: &[(&str, String)]) -> String {
    let mut lines = String::new();
    for (number, secret) in estate.story.secrets.iter().enumerate() {
        let region = if secret.region == estate.east.name { &estate.east } else { &estate.west };
        let path = paths.iter().find(|(name, _)| *name == secret.region).map_or("", |(_, path)| path);
        for item in &region.items {
            let pointers = pointers(item, &secret.value);
            if !pointers.is_empty() {
                let (path, arn) = (json!(path), json!(item.arn()));
                lines += &format!(
                    "- {{id: S{:02}, kind: {}, path: {path}, resource: {arn}, pointers: {}}}\n",
                    number + 1,
                    secret.kind,
                    json!(pointers)
                );
            }
        }
    }
    lines
}

/// JSON pointers, from the item, of all strings that contain the value.
fn pointers(item: &Item, value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let tags = json!(item.tags);
    for (name, part) in [
        ("configuration", &item.configuration),
        ("supplementaryConfiguration", &item.supplementary),
        ("tags", &tags),
    ] {
        search(part, &format!("/{name}"), value, &mut found);
    }
    found
}

fn search(part: &Value, at: &str, value: &str, found: &mut Vec<String>) {
    match part {
        Value::String(text) if text.contains(value) => found.push(at.to_string()),
        Value::Object(members) => members.iter().for_each(|(name, part)| {
            search(part, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), value, found)
        }),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, part)| search(part, &format!("{at}/{index}"), value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
