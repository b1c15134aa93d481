//! What one rule of a JSON Schema asks of a value, and the words for it.

use serde_json::{Map, Value as Json};

use super::tree::{Node, NodeKind};

/// The words of a value that may only be one of some.
pub fn values(schema: &Map<String, Json>) -> Option<Vec<&Json>> {
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return Some(values.iter().collect());
    }
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    // an enumeration whose values are described one by one
    let one_of = schema.get("oneOf").and_then(Json::as_array)?;
    let parts: Vec<Vec<&Json>> =
        one_of.iter().map(|part| part.as_object().and_then(values)).collect::<Option<_>>()?;
    Some(parts.concat())
}

pub fn kinds(schema: &Map<String, Json>) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

pub fn fits(node: &Node, kinds: &[&str], schema: &Map<String, Json>) -> bool {
    let kind = node.kind();
    let of = |wanted: &&str| match *wanted {
        "string" => kind == NodeKind::Text,
        "integer" => kind == NodeKind::Integer,
        "number" => matches!(kind, NodeKind::Integer | NodeKind::Number),
        "boolean" => kind == NodeKind::Bool,
        "array" => kind == NodeKind::List,
        "object" => kind == NodeKind::Map,
        "null" => kind == NodeKind::Null,
        _ => false,
    };
    // an enumeration says no type in some generators
    kinds.iter().any(of) || (kinds.is_empty() && values(schema).is_some() && kind == NodeKind::Text)
}

pub fn kind_words(kind: &str) -> &'static str {
    match kind {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        _ => "a group of members",
    }
}

pub fn is(node: &Node) -> &'static str {
    match node.kind() {
        NodeKind::Null => "nothing",
        NodeKind::Bool => "true or false",
        NodeKind::Integer | NodeKind::Number => "a number",
        NodeKind::Text => "text",
        NodeKind::List => "a list",
        NodeKind::Map => "a group of members",
    }
}

pub fn example(schema: &Map<String, Json>) -> String {
    schema
        .get("minimum")
        .map_or_else(|| "60".to_string(), |least| least.to_string().trim_end_matches(".0").to_string())
}

/// What to write, in the schema's own words.
pub fn words_of(schema: &Map<String, Json>) -> &str {
    schema.get("x-write").and_then(Json::as_str).unwrap_or_default()
}

/// What the value should have been.
pub fn what_of(schema: &Map<String, Json>, leaf: &str) -> String {
    match schema.get("x-what").and_then(Json::as_str) {
        Some(what) => what.to_string(),
        None => format!("a value of `{}`", leaf),
    }
}
