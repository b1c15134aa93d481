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

/// The number that somebody meant who wrote `24h`, or one that the schema takes.
pub fn near_number(text: &str, schema: &Map<String, Json>) -> String {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let least = schema.get("minimum").and_then(Json::as_f64);
    let shown = schema.get("examples").and_then(|some| some.get(0)).and_then(Json::as_f64).or(least);
    match digits.parse::<f64>().ok().filter(|number| digits.len() < 7 && least.is_none_or(|l| l <= *number)) {
        Some(number) => number.to_string(),
        None => shown.map_or_else(|| "60".to_string(), |number| number.to_string()),
    }
}

/// What to write where a value of another kind stands.
pub fn in_place(wanted: &str, leaf: &str, schema: &Map<String, Json>) -> String {
    match wanted {
        "string" => format!("write one text: `{leaf}: …`"),
        "array" => format!("write a list: `- ` before each entry, below `{leaf}:`"),
        "boolean" => format!("write `{leaf}: true` or `{leaf}: false`"),
        "integer" | "number" => format!("write one number, such as `{leaf}: {}`", near_number("", schema)),
        _ => match schema.get("properties").and_then(Json::as_object) {
            Some(members) if members.contains_key("format") => {
                let first = "write `member: value` lines";
                format!(
                    "{first}; its members are: {}",
                    members.keys().cloned().collect::<Vec<_>>().join(", ")
                )
            }
            Some(members) => {
                let names = members.keys().cloned().collect::<Vec<_>>().join(", ");
                format!("write its members as `name: value`, indented below it: {names}")
            }
            None => "write its members as `name: value`, indented below it".to_string(),
        },
    }
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

/// What looks right and is not: curly quotation marks are letters to YAML, digits of another script are no
/// digits to AWS, and a digest has one spelling.
pub fn straight(text: &str, otherwise: &str) -> String {
    if text.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}']) {
        return "quotation marks of a word processor (`\u{201c}`) are part of the text to YAML: write \
                straight ones (`\"`)"
            .to_string();
    }
    if text.chars().any(|c| c.is_numeric() && !c.is_ascii()) {
        return format!("these digits only look like 0 to 9: type them again; {otherwise}");
    }
    if text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()) {
        return "write its letters in lower case".to_string();
    }
    otherwise.to_string()
}
