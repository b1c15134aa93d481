//! Changes single values of a YAML file in place. Every comment and every other byte stays; what comes out is read again, and
//! if anything but the value that was meant differs, nothing is changed.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::spans::{Shape, SpanNode, comments, parse, scalar, to_json};
use super::write::{block_below, block_item, block_member, block_scalar, flow_value};

pub use super::spans::EditError;
pub use super::write::Value;

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
    let newline = newline(text);
    let made = match members.iter().find(|(key, _)| scalar(key) == Some(member)) {
        Some((key, old)) => replaced(text, key, old, *flow, indent_of(text, key), newline, value)?,
        None if *flow => flow_insert(text, map, members, member, value),
        None => {
            let Some((first, _)) = members.first() else { return Err(EditError::Style(words(path))) };
            let indent = indent_of(text, first);
            let end = end_of_members(text, members);
            let line = format!("{newline}{}{}", " ".repeat(indent), block_member(member, value, indent, newline));
            splice(text, end..end, &line)
        }
    };
    let mut steps = path.to_vec();
    steps.push(PathStep::Member(member.into()));
    proved(text, made, &steps, value, false)
}

/// Adds an item to the end of the list that is `member` of the mapping at `path`; the list is made where there is none.
pub fn push(text: &str, path: &[PathStep], member: &str, value: &Value) -> Result<String, EditError> {
    let root = parse(text)?;
    let map = at(&root, path)?;
    let Shape::Map { members, flow } = &map.kind else { return Err(EditError::Style(words(path))) };
    let newline = newline(text);
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
                    let end = line_end(text, end_of(text, last));
                    let item = format!("{newline}{}- {}", " ".repeat(dash), block_item(value, dash + 2, newline));
                    splice(text, end..end, &item)
                }
            }
        }
        found => {
            let whole = Value::List(vec![value.clone()]);
            match (found, flow) {
                (Some((key, old)), _) => replaced(text, key, old, *flow, indent_of(text, key), newline, &whole)?,
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
fn proved(old: &str, new: String, path: &[PathStep], value: &Value, pushed: bool) -> Result<String, EditError> {
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
        Value::Map(members) => Json::Object(members.iter().map(|(k, v)| (k.clone(), plain(v))).collect::<Map<_, _>>()),
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

fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
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
        Shape::List { flow: false, items } if !items.is_empty() => end_of(text, items.last().expect("not empty")),
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

/// The text with one member's value replaced.
fn replaced(
    text: &str,
    key: &SpanNode,
    old: &SpanNode,
    flow: bool,
    indent: usize,
    newline: &str,
    value: &Value,
) -> Result<String, EditError> {
    let (start, end) = match old.range.is_empty() {
        true => (colon(text, key), colon(text, key)),
        false => (old.range.start, end_of(text, old)),
    };
    let gap = if old.range.is_empty() { " " } else { "" };
    match (flow, value) {
        (true, value) => Ok(splice(text, start..end, &format!("{gap}{}", flow_value(value)))),
        (false, Value::Text(_) | Value::Plain(_)) if text[start..end].starts_with(['|', '>']) => {
            // the comment behind `>-` goes behind the value
            let line = line_end(text, start);
            let header = &text[start..line];
            let behind = header.find('#').map_or("", |i| &header[header[..i].trim_end().len()..]);
            Ok(splice(text, start..end, &format!("{}{behind}", block_scalar(value, indent, newline, !behind.is_empty()))))
        }
        (false, Value::Text(_) | Value::Plain(_)) => {
            // what stands behind the value on its last line, a comment, would become a part of a folded text
            let followed = !text[end..line_end(text, end)].trim().is_empty();
            Ok(splice(text, start..end, &format!("{gap}{}", block_scalar(value, indent, newline, followed))))
        }
        (false, Value::Map(_) | Value::List(_)) => {
            let from = colon(text, key);
            Ok(splice(text, from..end, &block_below(value, indent, newline)))
        }
    }
}

fn flow_insert(text: &str, map: &SpanNode, members: &[(SpanNode, SpanNode)], member: &str, value: &Value) -> String {
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# the register\nformat: x/1 # stays\n\nentries:\n  # the first\n  - match: { control: a, account: \"1\" }\n    owner: A. Example\n    \
        plan: >-\n      Do this,\n      then that.\n    due: 2026-08-31 # overdue; the report says so\n\n  - match: { control: b } # flow\n    owner: ''\n    \
        plan:\n\n# what no finding shows\nown: []\n";

    fn entry(n: usize) -> Vec<PathStep> {
        vec![PathStep::Member("entries".into()), PathStep::Item(n)]
    }

    #[test]
    fn a_value_is_replaced_and_its_comment_stays() {
        let made = set(FILE, &entry(0), "due", &Value::text("2027-01-31")).expect("it is set");
        assert_eq!(made, FILE.replace("2026-08-31 #", "2027-01-31 #"));
        let made = set(FILE, &entry(0), "plan", &Value::text("Nothing")).expect("it is set");
        assert_eq!(made, FILE.replace(">-\n      Do this,\n      then that.", "Nothing"));
        let made = set(FILE, &entry(1), "plan", &Value::text("Something")).expect("an empty value is filled");
        assert_eq!(made, FILE.replace("plan:\n\n", "plan: Something\n\n"));
    }

    #[test]
    fn a_block_of_text_is_replaced_with_its_header_and_the_comment_there_stays() {
        for (header, behind) in [("|", ""), (">", ""), ("|2-", ""), (">- # as the board said | > x", " # as the board said | > x")] {
            let old = format!("a: {header}\n  One\n\n  > two\n# next\nb: 1\n");
            let made = set(&old, &[], "a", &Value::text("New")).expect("it is set");
            assert_eq!(made, format!("a: New{behind}\n# next\nb: 1\n"));
            let long = set(&old, &[], "a", &Value::text("word ".repeat(40).trim())).expect("it is set");
            assert_eq!(long.starts_with("a: >-\n  word"), behind.is_empty(), "{long}");
        }
        let made = set("a: >-\nb: 1\n", &[], "a", &Value::text("New")).expect("an empty block");
        assert_eq!(made, "a: New\nb: 1\n");
        let made = push("a:\n  - >-\n    x\n  - |\n    y\n", &[], "a", &Value::text("z")).expect("it is added");
        assert_eq!(made, "a:\n  - >-\n    x\n  - |\n    y\n  - z\n");
    }

    #[test]
    fn a_change_that_would_lose_a_comment_is_refused() {
        let old = "a:\n  b: 1 # why\n  c: 2\n";
        assert_eq!(set(old, &[], "a", &Value::text("x")), Err(EditError::Unsure));
        let new = Value::Map(vec![("b".into(), Value::text("2"))]);
        assert_eq!(set(old, &[], "a", &new), Err(EditError::Unsure));
        assert_eq!(members(old, &[PathStep::Member("a".into())]), Ok(vec!["b".into(), "c".into()]));
    }

    #[test]
    fn a_member_is_added_after_the_last_one_of_its_own_mapping() {
        let made = set(FILE, &entry(0), "confirmed_by", &Value::text("C. Example")).expect("it is set");
        assert_eq!(made, FILE.replace("says so\n", "says so\n    confirmed_by: C. Example\n"));
        let acceptance = Value::Map(vec![("approver".into(), Value::text("R")), ("reason".into(), Value::text("no: way"))]);
        let made = set(FILE, &entry(1), "acceptance", &acceptance).expect("it is set");
        assert_eq!(made, FILE.replace("plan:\n\n", "plan:\n    acceptance:\n      approver: R\n      reason: \"no: way\"\n\n"));
    }

    #[test]
    fn items_go_to_the_end_of_their_list() {
        let item = Value::Map(vec![("id".into(), Value::text("R-P01")), ("title".into(), Value::text("x"))]);
        let made = push(FILE, &[], "own", &item).expect("it is added");
        assert_eq!(made, FILE.replace("own: []\n", "own:\n  - id: R-P01\n    title: x\n"));
        let made = push(FILE, &[], "entries", &item).expect("it is added");
        assert_eq!(made, FILE.replace("    plan:\n\n", "    plan:\n  - id: R-P01\n    title: x\n\n"));
        let history = push(FILE, &entry(1), "history", &item).expect("a list is made");
        assert_eq!(history, FILE.replace("    plan:\n\n", "    plan:\n    history:\n      - id: R-P01\n        title: x\n\n"));
    }

    #[test]
    fn long_text_is_folded_and_lines_keep_their_ends() {
        let text = "word ".repeat(40).trim().to_string();
        let made = set(FILE, &entry(0), "plan", &Value::text(text.clone())).expect("it is set");
        assert!(made.contains("plan: >-\n      word"), "{made}");
        let behind = set(FILE, &entry(0), "due", &Value::text(text.clone())).expect("it is set");
        assert!(behind.contains(&format!("due: {text} # overdue")), "a comment behind it keeps it on one line: {behind}");
        let crlf = FILE.replace('\n', "\r\n");
        let made = set(&crlf, &entry(0), "note", &Value::text(text)).expect("it is set");
        assert_eq!(made.matches('\n').count(), made.matches("\r\n").count());
    }

    #[test]
    fn flow_mappings_and_files_without_a_list_are_edited_too() {
        let made = set("a: { b: 1 } # c\n", &[PathStep::Member("a".into())], "d", &Value::text("x, y")).expect("it is set");
        assert_eq!(made, "a: { b: 1, d: \"x, y\" } # c\n");
        let made = push("format: x/1", &[], "entries", &Value::text("one")).expect("it is added");
        assert_eq!(made, "format: x/1\nentries:\n  - one");
        assert!(set("a: &x { b: 1 }\n", &[], "a", &Value::text("y")).is_err(), "an anchor is not edited");
    }

    proptest! {
        /// Whatever is written comes back, and every line that is not the value's own is the same, in the same order.
        #[test]
        fn nothing_but_the_value_changes(
            text in "[ -~\\n\u{e9}\u{2028}]{0,140}",
            member in prop::sample::select(vec!["owner", "plan", "due", "confirmed_by", "rationale"]),
            n in 0usize..2,
            crlf in any::<bool>(),
        ) {
            let file = if crlf { FILE.replace('\n', "\r\n") } else { FILE.to_string() };
            let made = set(&file, &entry(n), member, &Value::text(text.clone())).expect("it is set");
            let read = json(&made).expect("it parses");
            prop_assert_eq!(read["entries"][n][member].as_str(), Some(text.as_str()));
            let prefix = file.bytes().zip(made.bytes()).take_while(|(a, b)| a == b).count();
            let suffix = file.bytes().rev().zip(made.bytes().rev()).take_while(|(a, b)| a == b).count();
            let touched = &file[prefix.min(file.len() - suffix)..file.len() - suffix];
            prop_assert!(!touched.contains('#'), "a comment was touched: {touched:?}");
            for comment in ["# the register", "# stays", "# the first", "# overdue; the report says so", "# flow", "# what no finding shows"] {
                prop_assert_eq!(made.matches(comment).count(), 1 + text.matches(comment).count());
            }
        }

        /// A value that is set twice is as if it had been set once; setting what is there already changes nothing that is read.
        #[test]
        fn editing_again_is_editing_once(text in "[ -~]{1,100}") {
            let once = set(FILE, &entry(0), "plan", &Value::text(text.clone())).expect("it is set");
            let twice = set(&once, &entry(0), "plan", &Value::text(text)).expect("it is set again");
            prop_assert_eq!(once, twice);
        }
    }
}
