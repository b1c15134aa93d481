//! A YAML document as nodes that know the bytes they were read from.

use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};
use serde_json::{Map, Value as Json};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("it does not parse: {0}")]
    Syntax(String),
    #[error("there is nothing at {0}")]
    Missing(String),
    #[error("{0} is written in a way that cannot be edited here")]
    Style(String),
    #[error("the change would touch more than it should")]
    Unsure,
}

/// A node with the bytes that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanNode {
    pub range: Range<usize>,
    pub kind: Shape,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// What it says.
    Scalar(String),
    Map {
        flow: bool,
        members: Vec<(SpanNode, SpanNode)>,
    },
    List {
        flow: bool,
        items: Vec<SpanNode>,
    },
    /// `*name`, or what carries an anchor or a tag: not edited.
    Other,
}

pub fn to_json(text: &str, node: &SpanNode) -> Json {
    match &node.kind {
        Shape::Scalar(value) => Json::String(value.clone()),
        Shape::Other => Json::String(text.get(node.range.clone()).unwrap_or_default().into()),
        Shape::List { items, .. } => Json::Array(items.iter().map(|n| to_json(text, n)).collect()),
        Shape::Map { members, .. } => Json::Object(
            members
                .iter()
                .map(|(k, v)| (scalar(k).unwrap_or_default().to_string(), to_json(text, v)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// What a scalar says.
pub fn scalar(node: &SpanNode) -> Option<&str> {
    match &node.kind {
        Shape::Scalar(value) => Some(value),
        Shape::Map { .. } | Shape::List { .. } | Shape::Other => None,
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Read {
    Scalar(String),
    Map(bool),
    List(bool),
    End,
    Other,
}

type Events = Vec<(Read, Range<usize>)>;

/// The events of one document, without comments.
fn events(text: &str) -> Result<Events, EditError> {
    let mut options = Options::default();
    options.emit_comments = false;
    let mut out = Vec::new();
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|e| EditError::Syntax(e.to_string()))?;
        let mut range = span.byte_range().ok_or(EditError::Unsure)?;
        let read = match event {
            Event::Scalar(value, style, 0, None) => {
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    range.start = header(text, range.start);
                }
                Read::Scalar(value.into_owned())
            }
            Event::MappingStart(style, 0, None) => Read::Map(style == StructureStyle::Flow),
            Event::SequenceStart(style, 0, None) => Read::List(style == StructureStyle::Flow),
            Event::MappingEnd | Event::SequenceEnd => Read::End,
            Event::Scalar(..) | Event::Alias(_) => Read::Other,
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                return Err(EditError::Style("an anchor or a tag".into()));
            }
            _ => continue,
        };
        out.push((read, range));
    }
    Ok(out)
}

/// The parser gives the first character of a block of text; what is edited begins at its `|` or `>`.
fn header(text: &str, content: usize) -> usize {
    let before = text[..content].trim_end();
    if !text[before.len()..content].contains('\n') {
        return content;
    }
    let line = before.rfind('\n').map_or(0, |i| i + 1);
    let found = before[line..].char_indices().find(|(i, _)| {
        let (ahead, from) = before[line..].split_at(*i);
        let Some(rest) = from.strip_prefix(['|', '>']) else { return false };
        let rest = rest.trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
        (ahead.is_empty() || ahead.ends_with([' ', '\t'])) && (rest.is_empty() || comment)
    });
    found.map_or(content, |(i, _)| line + i)
}

/// Every comment, in its order.
pub fn comments(text: &str) -> Result<Vec<String>, EditError> {
    let mut options = Options::default();
    options.emit_comments = true;
    let mut out = Vec::new();
    for event in Parser::new_from_str_with_options(text, options) {
        if let (Event::Comment(comment, _), _) = event.map_err(|e| EditError::Syntax(e.to_string()))? {
            out.push(comment.trim_end().to_string());
        }
    }
    Ok(out)
}

pub fn parse(text: &str) -> Result<SpanNode, EditError> {
    let mut events = events(text)?.into_iter();
    let first = events.next().ok_or_else(|| EditError::Missing("the top".into()))?;
    node(first, &mut events)
}

fn node(
    (read, range): (Read, Range<usize>),
    rest: &mut std::vec::IntoIter<(Read, Range<usize>)>,
) -> Result<SpanNode, EditError> {
    let cut = || EditError::Syntax("it ends too early".into());
    match read {
        Read::Scalar(value) => Ok(SpanNode { range, kind: Shape::Scalar(value) }),
        Read::Other => Ok(SpanNode { range, kind: Shape::Other }),
        Read::End => Err(cut()),
        Read::Map(flow) => {
            let mut members = Vec::new();
            loop {
                let next = rest.next().ok_or_else(cut)?;
                if next.0 == Read::End {
                    return Ok(SpanNode {
                        range: range.start..next.1.end,
                        kind: Shape::Map { flow, members },
                    });
                }
                let key = node(next, rest)?;
                let value = rest.next().ok_or_else(cut)?;
                members.push((key, node(value, rest)?));
            }
        }
        Read::List(flow) => {
            let mut items = Vec::new();
            loop {
                let next = rest.next().ok_or_else(cut)?;
                if next.0 == Read::End {
                    return Ok(SpanNode {
                        range: range.start..next.1.end,
                        kind: Shape::List { flow, items },
                    });
                }
                items.push(node(next, rest)?);
            }
        }
    }
}
