//! A tree against a JSON Schema: the schema that `affiant schema` prints is the one that files are read by,
//! so an editor refuses what the program refuses. It knows as much of draft 7 as our schemas use.

mod made;
mod path;

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::rule::{fits, in_place, is, kind_words, kinds, near_number, straight, values, what_of, words_of};
use super::tree::{At, MemberKey, Node, NodeKind, NodeValue};
use crate::diag::{Diagnostic, Gravity, near};
pub use made::schema_of;
use path::Path;

/// What a starter file leaves to fill in, `<name, role>`, and what people write for later. A mail address or
/// a link in angle brackets is none.
pub const PLACEHOLDER: &str = r"<[^<>@/\s]([^<>@/]*[^<>@/\s])?>|^\s*(TODO|TBD|FIXME|XXX)\s*$";

/// How close a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// The form alone.
    Shape,
    /// And no placeholder may be left: for what people write in a workspace.
    Filled,
}

/// Whether a text holds something that was left to fill in.
pub fn is_placeholder(text: &str) -> bool {
    if ["TODO", "TBD", "FIXME", "XXX"].contains(&text.trim()) {
        return true;
    }
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        let Some(close) = rest.find(['<', '>', '@', '/']) else { return false };
        let inner = &rest[..close];
        if rest[close..].starts_with('>') && !inner.is_empty() && inner.trim() == inner {
            return true;
        }
    }
    false
}

type Found = (At, Diagnostic);

pub fn check(root: &Node, schema: &Json, strictness: Strictness) -> Vec<Found> {
    let mut checker = Checker { root: schema, strictness, found: Vec::new(), patterns: BTreeMap::new() };
    let format = schema.pointer("/properties/format").filter(|format| format.get("const").is_some());
    if let (Some(rule), Some(node)) = (format, root.find("format")) {
        checker.node(node, rule, &Path("format".into()));
        // a file of another kind, or for another version, is told as that alone
        if !checker.found.is_empty() {
            return checker.found;
        }
    }
    checker.node(root, schema, &Path::default());
    checker.found
}

struct Checker<'s> {
    root: &'s Json,
    strictness: Strictness,
    found: Vec<Found>,
    /// Made once each: a register has hundreds of values of one pattern.
    patterns: BTreeMap<String, Option<Regex>>,
}

impl<'s> Checker<'s> {
    fn node(&mut self, node: &Node, schema: &'s Json, path: &Path) {
        let Some(schema) = self.resolved(schema) else { return };
        if let Some(all) = schema.get("allOf").and_then(Json::as_array) {
            all.iter().for_each(|part| self.node(node, part, path));
        }
        if let Some(allowed) = values(schema) {
            return self.one_of(node, &allowed, schema, path);
        }
        if let Some(any) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array) {
            return self.any(node, any, path);
        }
        if !self.kind(node, schema, path) {
            return;
        }
        match &node.value {
            NodeValue::Map(entries) => self.members(node, entries, schema, path),
            NodeValue::List(items) => {
                if let Some(least) = schema
                    .get("minItems")
                    .and_then(Json::as_u64)
                    .filter(|least| (items.len() as u64) < *least)
                {
                    let hint = "write one at least, behind `- `";
                    self.say(node.at, "AFC-022", format!("`{}` holds fewer than {least}", path.leaf()), hint);
                }
                let Some(rule) = schema.get("items") else { return };
                items.iter().enumerate().for_each(|(index, item)| self.node(item, rule, &path.item(index)));
            }
            NodeValue::Scalar { text, .. } => self.scalar(node, text, schema, path),
        }
    }

    /// Through `$ref`.
    fn resolved(&self, schema: &'s Json) -> Option<&'s Map<String, Json>> {
        let mut schema = schema.as_object()?;
        while let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
            schema = self.root.pointer(reference.trim_start_matches('#'))?.as_object()?;
        }
        Some(schema)
    }

    fn say(&mut self, at: At, code: &'static str, message: String, hint: impl Into<String>) {
        self.found.push((at, Diagnostic::new(code, message).hint(hint)));
    }

    fn any(&mut self, node: &Node, any: &'s [Json], path: &Path) {
        let fitting: Vec<&Json> = any
            .iter()
            .filter(|part| {
                let resolved = self.resolved(part);
                resolved.is_some_and(|part| {
                    kinds(part).is_empty() && values(part).is_none() || fits(node, &kinds(part), part)
                })
            })
            .collect();
        match fitting.as_slice() {
            [] => {
                let words: Vec<&str> = any
                    .iter()
                    .filter_map(|part| self.resolved(part))
                    .flat_map(kinds)
                    .filter(|k| *k != "null")
                    .collect();
                let kind = words.into_iter().map(kind_words).collect::<Vec<_>>().join(" or ");
                self.say(
                    node.at,
                    "AFC-022",
                    format!("{} is {kind}, and this is {}", path.named(), is(node)),
                    "",
                );
            }
            [one] => self.node(node, one, path),
            several => {
                let before = self.found.len();
                let mut best: Option<Vec<Found>> = None;
                for part in several {
                    self.node(node, part, path);
                    let found = self.found.split_off(before);
                    if best.as_ref().is_none_or(|best| found.len() < best.len()) {
                        best = Some(found);
                    }
                }
                self.found.extend(best.unwrap_or_default());
            }
        }
    }

    fn one_of(&mut self, node: &Node, allowed: &[&Json], schema: &Map<String, Json>, path: &Path) {
        let null = node.kind() == NodeKind::Null
            && (allowed.contains(&&Json::Null) || kinds(schema).contains(&"null"));
        let texts: Vec<&str> = allowed.iter().filter_map(|value| value.as_str()).collect();
        match node.text() {
            _ if null => {}
            Some(text) if self.unfinished(node, text, path) || texts.contains(&text) => {}
            Some(text) if node.kind() != NodeKind::Null && !text.trim().is_empty() => {
                let said = texts.iter().filter(|t| !t.is_empty());
                let list = said.map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
                let known = if texts.len() == 1 {
                    "this version reads"
                } else if texts.len() > 12 {
                    ""
                } else {
                    "write one of:"
                };
                let all =
                    if known.is_empty() { words_of(schema).to_string() } else { format!("{known} {list}") };
                let message = format!("`{text}` is not {}", what_of(schema, path.leaf()));
                self.say(
                    node.at,
                    "AFC-023",
                    message,
                    straight(text, &near::hint(text, texts.iter().copied(), &all)),
                );
            }
            _ => {
                let list = texts.iter().take(12).map(|t| format!("`{t}`")).collect::<Vec<_>>().join(", ");
                self.say(
                    node.at,
                    "AFC-022",
                    format!("`{}` is one word, and this is {}", path.leaf(), is(node)),
                    format!("write one of: {list}"),
                );
            }
        }
    }

    /// Whether the value is of a kind that the schema takes.
    fn kind(&mut self, node: &Node, schema: &Map<String, Json>, path: &Path) -> bool {
        let wanted = kinds(schema);
        if wanted.is_empty() || fits(node, &wanted, schema) {
            return true;
        }
        if node.text().is_some_and(|text| self.unfinished(node, text, path)) {
            return false;
        }
        let kind =
            wanted.iter().filter(|k| **k != "null").map(|k| kind_words(k)).collect::<Vec<_>>().join(" or ");
        let leaf = path.leaf().to_string();
        let text = node.text().unwrap_or_default();
        let (message, hint) = match (wanted[0], node.kind()) {
            (_, NodeKind::Null) => (
                format!("`{leaf}` has no value"),
                format!("write {kind}, or remove the member if it may be missing"),
            ),
            ("string", NodeKind::Integer | NodeKind::Number | NodeKind::Bool) => (
                format!("`{text}` reads as {}, and `{leaf}` is text", is(node)),
                format!("put it in quotes: `{leaf}: \"{text}\"`"),
            ),
            ("array", NodeKind::Text | NodeKind::Integer | NodeKind::Number | NodeKind::Bool) => {
                (format!("`{leaf}` is a list, and this is one value"), format!("write `{leaf}: [{text}]`"))
            }
            ("boolean", _) if node.text().is_some() => {
                let meant = if ["yes", "y", "on", "true", "1"].contains(&text.to_lowercase().as_str()) {
                    "true"
                } else {
                    "false"
                };
                (
                    format!("`{text}` is text, and `{leaf}` is true or false"),
                    format!("write `{leaf}: {meant}`"),
                )
            }
            ("integer" | "number", _) if node.text().is_some() => (
                format!("`{text}` is not {kind}"),
                format!(
                    "write a number without quotes or unit, such as `{leaf}: {}`",
                    near_number(text, schema)
                ),
            ),
            (first, _) => (
                format!("{} is {kind}, and this is {}", path.named(), is(node)),
                in_place(first, &leaf, schema),
            ),
        };
        self.say(node.at, "AFC-022", message, hint);
        false
    }

    fn members(
        &mut self,
        node: &Node,
        entries: &[(MemberKey, Node)],
        schema: &'s Map<String, Json>,
        path: &Path,
    ) {
        let empty = Map::new();
        let known = schema.get("properties").and_then(Json::as_object);
        let names = || known.unwrap_or(&empty).keys().map(String::as_str).collect::<Vec<_>>();
        let mut meant = Vec::new();
        for (key, value) in entries {
            let inner = path.member(&key.text);
            match (known.and_then(|known| known.get(&key.text)), schema.get("additionalProperties")) {
                (Some(rule), _) => self.node(value, rule, &inner),
                (None, Some(Json::Bool(false))) => {
                    let free: Vec<&str> =
                        names().into_iter().filter(|n| !entries.iter().any(|(k, _)| k.text == *n)).collect();
                    let near = near::nearest(&key.text, free.iter().copied());
                    meant.extend(near.map(str::to_string));
                    let list = format!("members here: {}", names().join(", "));
                    let hint = near.map_or(list, |near| format!("did you mean `{near}`?"));
                    let place = if path.0.is_empty() {
                        "of this file".to_string()
                    } else {
                        format!("of `{}`", path.0)
                    };
                    self.say(key.at, "AFC-020", format!("`{}` is not a member {place}", key.text), hint);
                }
                (None, Some(rule)) => self.node(value, rule, &inner),
                (None, None) => {}
            }
        }
        for name in
            schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
        {
            // a mistyped member is told once
            if !entries.iter().any(|(key, _)| key.text == name) && !meant.iter().any(|m| m == name) {
                let about = known
                    .and_then(|known| known.get(name))
                    .and_then(|rule| rule.get("description"))
                    .and_then(Json::as_str);
                let about = about.map(|text| {
                    format!("add `{name}: …`: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))
                });
                let hint = about.unwrap_or_else(|| format!("add `{name}: …`"));
                let place = entries.first().map_or(node.at, |(key, _)| key.at);
                self.say(place, "AFC-024", format!("the member `{name}`{} is missing", path.of()), hint);
            }
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, schema: &Map<String, Json>, path: &Path) {
        if node.kind() == NodeKind::Null && kinds(schema).contains(&"null")
            || self.unfinished(node, text, path)
        {
            return;
        }
        if let Some(number) =
            text.parse::<f64>().ok().filter(|_| matches!(node.kind(), NodeKind::Integer | NodeKind::Number))
        {
            let bound = |name: &str| schema.get(name).and_then(Json::as_f64);
            let (least, most) = (bound("minimum"), bound("maximum"));
            let most = most.or_else(|| largest(schema).filter(|most| number > *most));
            let least = least.filter(|_| bound("maximum").is_some() || most.is_none());
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                let range = match (least, most) {
                    (Some(least), Some(most)) => format!("from {least} to {most}"),
                    (Some(least), None) => format!("{least} or more"),
                    (None, most) => format!("{} or less", most.unwrap_or_default()),
                };
                let why = words_of(schema);
                let hint = if why.is_empty() { format!("write {range}") } else { why.to_string() };
                self.say(
                    node.at,
                    "AFC-025",
                    format!("`{}: {text}` is out of range: it is {range}", path.leaf()),
                    hint,
                );
            }
            return;
        }
        if matches!(node.kind(), NodeKind::Integer | NodeKind::Number) {
            let number = near_number("", schema);
            let hint = format!("write it in decimal digits, such as `{}: {number}`", path.leaf());
            return self.say(node.at, "AFC-022", format!("`{text}` is not a decimal number"), hint);
        }
        let pattern = self.pattern(schema);
        let blank = schema
            .get("minLength")
            .and_then(Json::as_u64)
            .is_some_and(|least| (text.chars().count() as u64) < least);
        if blank
            || pattern.as_ref().is_some_and(|_| text.trim().is_empty())
                && pattern.as_ref().is_some_and(|p| !p.is_match(text))
        {
            self.say(node.at, "AFC-026", format!("`{}` is empty", path.leaf()), words_of(schema));
        } else if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
            let what = what_of(schema, path.leaf());
            let message = match what == "a date" && text.len() == 10 && is_date(text) {
                true => format!("`{text}` lies in no year of ours: dates are of 1900 to 2199"),
                false => format!("`{text}` is not {what}"),
            };
            self.say(node.at, "AFC-026", message, straight(text, words_of(schema)));
        } else if schema.get("format").is_some_and(|format| format == "date")
            && !text.is_empty()
            && !is_date(text)
        {
            self.say(node.at, "AFC-026", format!("`{text}` is not a day of the calendar"), words_of(schema));
        }
    }

    fn pattern(&mut self, schema: &Map<String, Json>) -> Option<Regex> {
        let text = schema.get("pattern").and_then(Json::as_str)?;
        self.patterns.entry(text.to_string()).or_insert_with(|| Regex::new(text).ok()).clone()
    }

    /// Notes a placeholder; whatever else is wrong with it is not said.
    fn unfinished(&mut self, node: &Node, text: &str, path: &Path) -> bool {
        let is = self.strictness == Strictness::Filled && is_placeholder(text);
        if is {
            let shown = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let problem = Diagnostic::new("AFC-027", format!("`{}` is not filled in: `{shown}`", path.0))
                .level(Gravity::Unfinished);
            self.found.push((node.at, problem.hint("write what is true in its place")));
        }
        is
    }
}

/// What the number's own type can hold, where the schema sets no bound.
fn largest(schema: &Map<String, Json>) -> Option<f64> {
    match schema.get("format").and_then(Json::as_str)? {
        "uint8" => Some(u8::MAX.into()),
        "uint16" => Some(u16::MAX.into()),
        "uint32" => Some(u32::MAX.into()),
        // whole numbers up to here are exact in every reader
        "uint64" | "uint" => Some(9_007_199_254_740_991.0),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests;
