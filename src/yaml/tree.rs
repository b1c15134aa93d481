//! A YAML document as a tree in which every key and value knows where it stands.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::culprit::culprit;
use super::words;
use crate::diag::Diagnostic;

/// Where something stands: line and column from 1, and its length on that line, in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct At {
    pub line: u64,
    pub column: u64,
    pub width: u64,
}

#[derive(Debug, Clone)]
pub struct Node {
    pub value: NodeValue,
    pub at: At,
}

#[derive(Debug, Clone)]
pub enum NodeValue {
    Scalar { text: String, style: Written },
    List(Vec<Node>),
    Map(Vec<(MemberKey, Node)>),
}

/// How a scalar is written: only a plain one can be a number, a truth value or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Plain,
    Quoted,
    /// `|`: the lines below are the text's own.
    Literal,
    Folded,
}

#[derive(Debug, Clone)]
pub struct MemberKey {
    pub text: String,
    pub at: At,
}

/// What a value is by the core schema of YAML 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    Null,
    Bool,
    Integer,
    Number,
    Text,
    List,
    Map,
}

impl Node {
    pub fn kind(&self) -> NodeKind {
        match &self.value {
            NodeValue::List(_) => NodeKind::List,
            NodeValue::Map(_) => NodeKind::Map,
            NodeValue::Scalar { text, style: Written::Plain } => plain(text),
            NodeValue::Scalar { .. } => NodeKind::Text,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar { text, .. } => Some(text),
            NodeValue::List(_) | NodeValue::Map(_) => None,
        }
    }

    pub fn entries(&self) -> &[(MemberKey, Node)] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            NodeValue::Scalar { .. } | NodeValue::List(_) => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            NodeValue::List(items) => items,
            NodeValue::Scalar { .. } | NodeValue::Map(_) => &[],
        }
    }

    fn step(&self, step: &str) -> Option<(Option<&MemberKey>, &Node)> {
        match &self.value {
            NodeValue::Map(entries) => {
                entries.iter().find(|(key, _)| key.text == step).map(|(key, node)| (Some(key), node))
            }
            NodeValue::List(items) => items.get(step.parse::<usize>().ok()?).map(|node| (None, node)),
            NodeValue::Scalar { .. } => None,
        }
    }

    /// Where the value at a path stands (`exceptions/1/check`); where it is missing, the nearest thing that
    /// holds it.
    pub fn at(&self, path: &str) -> At {
        let mut here = self;
        for step in path.split('/').filter(|step| !step.is_empty()) {
            match here.step(step) {
                Some((_, node)) => here = node,
                None => break,
            }
        }
        here.at
    }

    /// Where the key at a path stands; for an item of a list, the item.
    pub fn at_key(&self, path: &str) -> At {
        let (mut here, mut at) = (self, self.at);
        for step in path.split('/').filter(|step| !step.is_empty()) {
            let Some((key, node)) = here.step(step) else { break };
            at = key.map_or(node.at, |key| key.at);
            here = node;
        }
        at
    }

    pub fn find(&self, path: &str) -> Option<&Node> {
        path.split('/')
            .filter(|step| !step.is_empty())
            .try_fold(self, |here, step| here.step(step).map(|(_, node)| node))
    }
}

fn plain(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return NodeKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return NodeKind::Bool,
        ".inf" | ".Inf" | "-.inf" | "+.inf" | ".nan" | ".NaN" => return NodeKind::Number,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    if digits(unsigned)
        || unsigned.strip_prefix("0x").is_some_and(hex)
        || unsigned.strip_prefix("0o").is_some_and(digits)
    {
        return NodeKind::Integer;
    }
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    if numeric && unsigned.parse::<f64>().is_ok() { NodeKind::Number } else { NodeKind::Text }
}

/// Deeper than any file of ours; and so many nodes that aliases cannot fill the memory.
const DEPTH: usize = 64;
const NODES: usize = 500_000;
/// In bytes.
const LONGEST: usize = 8 << 20;

/// Tags such as `!!str`, that YAML itself defines.
const CORE: &str = "tag:yaml.org,2002:";

fn too_large() -> Diagnostic {
    Diagnostic::new("AFC-003", "this is nested deeper, or is larger, than any file of this kind")
}

/// Reads one document. Keys that stand twice are problems of their own; the first is kept.
pub fn read(text: &str) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
    if text.len() > LONGEST {
        return Err(too_large().at(1, 1));
    }
    let options = granit_parser::options! { emit_comments: false };
    let events = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder { text, events, anchors: BTreeMap::new(), nodes: 0, twice: Vec::new() };
    let root = builder.document()?;
    Ok((root, builder.twice))
}

struct Builder<'i> {
    text: &'i str,
    events: Parser<'i, StrInput<'i>>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    twice: Vec<Diagnostic>,
}

type Step<'i> = (Event<'i>, Span);

impl<'i> Builder<'i> {
    fn next(&mut self) -> Result<Option<Step<'i>>, Diagnostic> {
        match self.events.next() {
            None => Ok(None),
            Some(Ok(step)) => Ok(Some(step)),
            Some(Err(error)) => {
                let marker = error.marker();
                let (line, column) = (marker.line() as u64, marker.col() as u64 + 1);
                if let Some(quote) = unclosed(self.text, line) {
                    let (message, hint) = words::syntax(&granit_parser::ErrorKind::UnclosedQuotedScalar);
                    return Err(Diagnostic::new("AFC-003", message).at(line - 1, quote).hint(hint));
                }
                let item = matches!(error.kind(), granit_parser::ErrorKind::ExpectedBlockSequenceEntry);
                if let Some(found) = culprit(self.text, line, item) {
                    return Err(Diagnostic::new("AFC-003", found.message)
                        .at(found.line, found.column)
                        .hint(found.hint));
                }
                let (message, hint) = words::syntax(error.kind());
                let tab = message.starts_with("a tab").then(|| tab_after(self.text, line)).flatten();
                let (line, column) = tab.unwrap_or((line.max(1), column));
                Err(Diagnostic::new("AFC-003", message).at(line, column).hint(hint))
            }
        }
    }

    fn document(&mut self) -> Result<Node, Diagnostic> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    let at = at(&span);
                    let problem =
                        Diagnostic::new("AFC-003", "a second document begins here").at(at.line, at.column);
                    return Err(problem
                        .hint("one file holds one document; remove the line `---` and what follows it"));
                }
                Event::DocumentStart(..) => {}
                Event::StreamEnd => break,
                event => root = Some(self.node(event, &span, 0)?),
            }
        }
        let nothing =
            Node { value: scalar(String::new(), Written::Plain), at: At { line: 1, column: 1, width: 1 } };
        Ok(root.unwrap_or(nothing))
    }

    fn node(&mut self, event: Event<'i>, span: &Span, depth: usize) -> Result<Node, Diagnostic> {
        self.nodes += 1;
        let here = at(span);
        if depth > DEPTH || self.nodes > NODES {
            return Err(too_large().at(here.line, here.column));
        }
        let (anchor, node) = match event {
            Event::Alias(id) => {
                let node = self.anchors.get(&id).cloned().ok_or_else(|| {
                    Diagnostic::new("AFC-003", "this alias names a value that holds itself")
                        .at(here.line, here.column)
                })?;
                self.nodes += weight(&node);
                (0, Node { at: here, ..node })
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = tag.filter(|tag| !is_core(tag.handle(), tag.suffix())) {
                    let handle = if tag.handle() == CORE { "!!" } else { tag.handle() };
                    let message = format!("the tag `{handle}{}` means nothing in this file", tag.suffix());
                    let problem = Diagnostic::new("AFC-003", message).at(here.line, here.column);
                    return Err(problem.hint("remove the tag, or quote the text if the `!` belongs to it"));
                }
                let style = match style {
                    ScalarStyle::Plain => Written::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Written::Quoted,
                    ScalarStyle::Literal => Written::Literal,
                    ScalarStyle::Folded => Written::Folded,
                };
                (anchor, Node { value: scalar(text.into_owned(), style), at: here })
            }
            Event::SequenceStart(_, anchor, _) => {
                (anchor, Node { value: NodeValue::List(self.items(depth)?), at: here })
            }
            Event::MappingStart(_, anchor, _) => {
                (anchor, Node { value: NodeValue::Map(self.entries(depth)?), at: here })
            }
            _ => (0, Node { value: scalar(String::new(), Written::Plain), at: here }),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Diagnostic> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, &span, depth + 1)?);
        }
        Ok(items)
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<(MemberKey, Node)>, Diagnostic> {
        let mut entries: Vec<(MemberKey, Node)> = Vec::new();
        let mut merged = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, &span, depth + 1)?;
            let key = MemberKey { text: key.text().unwrap_or_default().to_string(), at: key.at };
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, &span, depth + 1)?;
            if key.text == "<<" {
                merged.extend(value.entries().to_vec());
                continue;
            }
            match entries.iter().find(|(other, _)| other.text == key.text) {
                Some((first, _)) => self.twice.push(twice(&key, first)),
                None => entries.push((key, value)),
            }
        }
        merged.retain(|(key, _)| !entries.iter().any(|(own, _)| own.text == key.text));
        entries.extend(merged);
        Ok(entries)
    }
}

fn twice(key: &MemberKey, first: &MemberKey) -> Diagnostic {
    let message = format!("`{}` stands twice; the first is in line {}", key.text, first.at.line);
    let mut problem =
        Diagnostic::new("AFC-021", message).at(key.at.line, key.at.column).hint("keep one of the two");
    // carried to where the text is known
    problem.excerpt = Some(Box::new(crate::diag::Excerpt {
        line: String::new(),
        column: key.at.column,
        width: key.at.width,
    }));
    problem
}

/// A tag that YAML itself defines, or the bare `!`.
fn is_core(handle: &str, suffix: &str) -> bool {
    suffix.is_empty()
        || (handle == CORE && ["bool", "float", "int", "map", "null", "seq", "str"].contains(&suffix))
}

fn scalar(text: String, style: Written) -> NodeValue {
    NodeValue::Scalar { text, style }
}

/// The tab before a line's text that ended a value, where the parser names the line on which the value began.
fn tab_after(text: &str, line: u64) -> Option<(u64, u64)> {
    let mut lines = (1u64..).zip(text.lines()).skip_while(|(n, _)| *n < line);
    let begun = lines.next()?;
    if begun.1.contains('\t') {
        return None;
    }
    lines.find_map(|(n, text)| {
        let margin = text.len() - text.trim_start().len();
        Some((n, text[..margin].find('\t')? as u64 + 1))
    })
}

/// Where the line before has a quotation mark that nothing on it closes: the parser notices it only a line
/// later.
fn unclosed(text: &str, line: u64) -> Option<u64> {
    let before = text.lines().nth(usize::try_from(line.checked_sub(2)?).ok()?)?;
    let opens: Vec<usize> = before.char_indices().filter(|(_, c)| *c == '"').map(|(at, _)| at).collect();
    let at = *opens.last().filter(|_| opens.len() % 2 == 1)?;
    let value = before[..at].trim_end().ends_with([':', '-', '[', ',', '{']);
    value.then(|| before[..at].chars().count() as u64 + 1)
}

fn weight(node: &Node) -> usize {
    1 + node.items().iter().map(weight).sum::<usize>()
        + node.entries().iter().map(|(_, node)| weight(node)).sum::<usize>()
}

/// What ends on another line is marked by its first character.
fn at(span: &Span) -> At {
    let same = span.start.line() == span.end.line();
    let width = if same { span.end.col().saturating_sub(span.start.col()).max(1) } else { 1 };
    At { line: span.start.line() as u64, column: span.start.col() as u64 + 1, width: width as u64 }
}

#[cfg(test)]
mod tests;
