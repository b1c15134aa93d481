//! Changes single values of a YAML file in place. Every comment and every other byte stays; what comes out is
//! read again, and if anything but the value that was meant differs, nothing is changed.

use std::ops::Range;

use serde_json::{Map, Value as Json};

pub use super::spans::EditError;
use super::spans::{Shape, SpanNode, comments, parse, scalar, to_json};
pub use super::write::Value;
use super::write::{block_below, block_item, block_member, block_scalar, flow_value};

/// A step from a node to one below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    Member(String),
    Item(usize),
}

/// Sets a member of the mapping at `path`: replaced where it is, added after the last member where it is not.
pub fn set(text: &str, path: &[PathStep], member: &str, value: &Value) -> Result<String, EditError> {
    let root = parse(text)?;
    let map = at(&root, path)?;
    let Shape::Map { flow, members } = &map.kind else { return Err(EditError::Style(words(path))) };
    let made = match members.iter().find(|(key, _)| scalar(key) == Some(member)) {
        Some((key, old)) => replaced(text, key, old, *flow, indent_of(text, key), value)?,
        None if *flow => flow_insert(text, map, members, member, value),
        None => {
            let Some((first, _)) = members.first() else { return Err(EditError::Style(words(path))) };
            let indent = indent_of(text, first);
            let end = past_comments(text, end_of_members(text, members), indent);
            let newline = newline(text, end);
            let line =
                format!("{newline}{}{}", " ".repeat(indent), block_member(member, value, indent, newline));
            splice(text, end..end, &line)
        }
    };
    let mut steps = path.to_vec();
    steps.push(PathStep::Member(member.into()));
    proved(text, made, &steps, value, false)
}

/// Adds an item to the end of the list that is `member` of the mapping at `path`; the list is made where
/// there is none.
pub fn push(text: &str, path: &[PathStep], member: &str, value: &Value) -> Result<String, EditError> {
    let root = parse(text)?;
    let map = at(&root, path)?;
    let Shape::Map { members, flow } = &map.kind else { return Err(EditError::Style(words(path))) };
    let found = members.iter().find(|(key, _)| scalar(key) == Some(member));
    let empty = |node: &SpanNode| match &node.kind {
        Shape::List { items, .. } => items.is_empty(),
        Shape::Scalar(_) => matches!(text[node.range.clone()].trim(), "" | "~" | "null"),
        Shape::Map { .. } | Shape::Other => false,
    };
    let mut steps = path.to_vec();
    steps.push(PathStep::Member(member.into()));
    let made = match found {
        Some((_, list)) if !empty(list) => {
            let Shape::List { flow, items } = &list.kind else { return Err(EditError::Style(words(&steps))) };
            let last = items.last().ok_or(EditError::Unsure)?;
            match flow {
                true => splice(text, last.range.end..last.range.end, &format!(", {}", flow_value(value))),
                false => {
                    let dash = dash_of(text, &items[0]).ok_or_else(|| EditError::Style(words(&steps)))?;
                    let end = past_comments(text, line_end(text, end_of(text, last)), dash);
                    let newline = newline(text, end);
                    let item =
                        format!("{newline}{}- {}", " ".repeat(dash), block_item(value, dash + 2, newline));
                    splice(text, end..end, &item)
                }
            }
        }
        found => {
            let whole = Value::List(vec![value.clone()]);
            match (found, flow) {
                (Some((key, old)), _) => replaced(text, key, old, *flow, indent_of(text, key), &whole)?,
                (None, _) => return set(text, path, member, &whole),
            }
        }
    };
    proved(text, made, &steps, value, true)
}

/// The document as JSON, to find the place of an edit; text stays text.
pub fn json(text: &str) -> Result<Json, EditError> {
    Ok(to_json(text, &parse(text)?))
}

/// The names of the members of the mapping at `path`; none where no mapping is there.
pub fn members(text: &str, path: &[PathStep]) -> Result<Vec<String>, EditError> {
    match at(&parse(text)?, path) {
        Ok(SpanNode { kind: Shape::Map { members, .. }, .. }) => {
            Ok(members.iter().filter_map(|(key, _)| scalar(key).map(String::from)).collect())
        }
        Ok(_) | Err(_) => Ok(Vec::new()),
    }
}

fn words(path: &[PathStep]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            PathStep::Member(name) => out.push_str(&format!(".{name}")),
            PathStep::Item(n) => out.push_str(&format!("[{n}]")),
        }
    }
    if out.is_empty() { "the top".into() } else { format!("`{}`", out.trim_start_matches('.')) }
}

/// Reads both again: the new one must be the old one with this value, the same comments, and nothing else.
fn proved(
    old: &str,
    new: String,
    path: &[PathStep],
    value: &Value,
    pushed: bool,
) -> Result<String, EditError> {
    let (mut expected, found) = (json(old)?, json(&new).map_err(|_| EditError::Unsure)?);
    let slot = path.iter().try_fold(&mut expected, |at, step| match (at, step) {
        (Json::Object(map), PathStep::Member(name)) => Some(map.entry(name.clone()).or_insert(Json::Null)),
        (Json::Array(items), PathStep::Item(n)) => items.get_mut(*n),
        _ => None,
    });
    let slot = slot.ok_or(EditError::Unsure)?;
    if pushed && !slot.is_array() {
        *slot = Json::Array(Vec::new());
    }
    match slot {
        Json::Array(items) if pushed => items.push(plain(value)),
        slot => *slot = plain(value),
    }
    if expected == found && comments(old)? == comments(&new)? { Ok(new) } else { Err(EditError::Unsure) }
}

/// What a value reads as.
fn plain(value: &Value) -> Json {
    match value {
        Value::Text(text) | Value::Plain(text) => Json::String(text.clone()),
        Value::Map(members) => {
            Json::Object(members.iter().map(|(k, v)| (k.clone(), plain(v))).collect::<Map<_, _>>())
        }
        Value::List(items) => Json::Array(items.iter().map(plain).collect()),
    }
}

fn at<'a>(root: &'a SpanNode, path: &[PathStep]) -> Result<&'a SpanNode, EditError> {
    path.iter().enumerate().try_fold(root, |node, (i, step)| {
        let found = match (&node.kind, step) {
            (Shape::Map { members, .. }, PathStep::Member(name)) => {
                members.iter().find(|(key, _)| scalar(key) == Some(name.as_str())).map(|(_, value)| value)
            }
            (Shape::List { items, .. }, PathStep::Item(n)) => items.get(*n),
            _ => None,
        };
        found.ok_or_else(|| EditError::Missing(words(&path[..=i])))
    })
}

/// How the line at a place ends; the last line of a text without an end, as the line before it.
fn newline(text: &str, at: usize) -> &'static str {
    let feed = text[at..].find('\n').map(|i| at + i).or_else(|| text[..at].rfind('\n'));
    if feed.is_some_and(|i| text[..i].ends_with('\r')) { "\r\n" } else { "\n" }
}

fn splice(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// The column of a key.
fn indent_of(text: &str, key: &SpanNode) -> usize {
    let line = text[..key.range.start].rfind('\n').map_or(0, |i| i + 1);
    text[line..key.range.start].chars().count()
}

/// The column of the dash before an item of a block list.
fn dash_of(text: &str, item: &SpanNode) -> Option<usize> {
    let before = text[..item.range.start].trim_end_matches([' ', '\t', '\r', '\n']);
    let dash = before.strip_suffix('-')?.len();
    let line = text[..dash].rfind('\n').map_or(0, |i| i + 1);
    Some(text[line..dash].chars().count())
}

/// Where the last byte of a node's own text stands, without the white space behind it.
fn end_of(text: &str, node: &SpanNode) -> usize {
    match &node.kind {
        Shape::Map { flow: false, members } if !members.is_empty() => own_end(text, members),
        Shape::List { flow: false, items } if !items.is_empty() => {
            end_of(text, items.last().expect("not empty"))
        }
        Shape::Map { .. } | Shape::List { .. } | Shape::Other | Shape::Scalar(_) => {
            let own = &text[node.range.start..node.range.end.min(text.len())];
            node.range.start + own.trim_end().len()
        }
    }
}

/// The end of the last member; of one without a value the end of its colon.
fn own_end(text: &str, members: &[(SpanNode, SpanNode)]) -> usize {
    let (key, value) = members.last().expect("not empty");
    match value.range.is_empty() {
        true => colon(text, key),
        false => end_of(text, value),
    }
}

fn end_of_members(text: &str, members: &[(SpanNode, SpanNode)]) -> usize {
    line_end(text, own_end(text, members))
}

/// Behind the colon of a key.
fn colon(text: &str, key: &SpanNode) -> usize {
    key.range.end + text[key.range.end..].find(':').map_or(0, |i| i + 1)
}

/// The end of the line, before its break: a comment there stays.
fn line_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let end = rest.find('\n').unwrap_or(rest.len());
    from + rest[..end].trim_end_matches('\r').len()
}

/// Behind the comments in the lines below that stand deeper than a column: they speak of what is above them.
fn past_comments(text: &str, from: usize, column: usize) -> usize {
    let (mut end, mut at) = (from, from);
    while let Some(feed) = text[at..].find('\n') {
        let start = at + feed + 1;
        at = line_end(text, start);
        let line = &text[start..at];
        let deep = line.len() - line.trim_start_matches([' ', '\t']).len() > column;
        match line.trim_start().starts_with('#') {
            true if deep => end = at,
            true => break,
            false if line.trim().is_empty() => {}
            false => break,
        }
    }
    end
}

/// The text with one member's value replaced.
fn replaced(
    text: &str,
    key: &SpanNode,
    old: &SpanNode,
    flow: bool,
    indent: usize,
    value: &Value,
) -> Result<String, EditError> {
    let newline = newline(text, key.range.start);
    let (start, end) = match old.range.is_empty() {
        true => (colon(text, key), colon(text, key)),
        false => (old.range.start, end_of(text, old)),
    };
    let gap = if old.range.is_empty() { " " } else { "" };
    if old.kind == Shape::Other && !text[start..end].starts_with('*') {
        // what is written here stands elsewhere too, by its anchor
        return Err(EditError::Style("an anchor or a tag".into()));
    }
    match (flow, value) {
        (true, value) => Ok(splice(text, start..end, &format!("{gap}{}", flow_value(value)))),
        (false, Value::Text(_) | Value::Plain(_)) if text[start..end].starts_with(['|', '>']) => {
            // the comment behind `>-` goes behind the value
            let line = line_end(text, start);
            let header = &text[start..line];
            let behind = header.find('#').map_or("", |i| &header[header[..i].trim_end().len()..]);
            Ok(splice(
                text,
                start..end,
                &format!("{}{behind}", block_scalar(value, indent, newline, !behind.is_empty())),
            ))
        }
        (false, Value::Text(_) | Value::Plain(_)) => {
            // what stands behind the value on its last line, a comment, would become a part of a folded text
            let followed = !text[end..line_end(text, end)].trim().is_empty();
            Ok(splice(text, start..end, &format!("{gap}{}", block_scalar(value, indent, newline, followed))))
        }
        (false, Value::Map(_) | Value::List(_)) => {
            let from = colon(text, key);
            let (line, below) = (line_end(text, end), block_below(value, indent, newline));
            // a comment behind the old value stays behind the key
            match below.starts_with(newline) {
                true => Ok(splice(text, from..line, &format!("{}{below}", &text[end..line]))),
                false => Ok(splice(text, from..end, &below)),
            }
        }
    }
}

fn flow_insert(
    text: &str,
    map: &SpanNode,
    members: &[(SpanNode, SpanNode)],
    member: &str,
    value: &Value,
) -> String {
    let new = format!("{member}: {}", flow_value(value));
    match members.last() {
        Some((_, last)) => {
            let end = end_of(text, last);
            splice(text, end..end, &format!(", {new}"))
        }
        None => splice(text, map.range.clone(), &format!("{{ {new} }}")),
    }
}

#[cfg(test)]
mod tests;
