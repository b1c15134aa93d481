//! XML of a workbook: a tree without declarations, found by local names, and text put into it.

use std::fmt::Write;
use std::ops::Range;

use roxmltree::{Document, Node, ParsingOptions};

/// No sheet that is answered by hand has more elements.
const NODES: u32 = 4_000_000;

/// # Errors
/// Refuses declarations of a document type, and with them entities.
pub fn document(text: &str) -> Result<Document<'_>, String> {
    bounded(text, NODES)
}

/// The same with a bound of its own on the number of elements and texts.
///
/// # Errors
/// As [`document`].
pub fn bounded(text: &str, nodes: u32) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: nodes, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|e| e.to_string())
}

pub fn named(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

pub fn children<'a, 'i>(node: Node<'a, 'i>, name: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| named(*child, name))
}

pub fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| named(*child, name))
}

/// An attribute by its local name: `id` is `r:id` too.
pub fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name).map(|a| a.value())
}

pub fn flag(node: Node<'_, '_>, name: &str) -> bool {
    matches!(attribute(node, name), Some("1" | "true" | "on"))
}

/// The start tag of an element, from `<` to behind `>`.
pub fn start_tag(text: &str, element: Range<usize>) -> Range<usize> {
    let mut quote = None;
    for (at, byte) in text.as_bytes()[element.clone()].iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return element.start..element.start + at + 1,
            (None, _) => {}
        }
    }
    element
}

/// The text of a string of cells: plain, or runs of rich text; how a word is spoken is no part of it.
pub fn strings_of(node: Node<'_, '_>) -> String {
    let mut out = String::new();
    for part in node.children() {
        if named(part, "t") {
            out.push_str(part.text().unwrap_or_default());
        } else if named(part, "r") {
            children(part, "t").for_each(|t| out.push_str(t.text().unwrap_or_default()));
        }
    }
    unescaped(&out)
}

/// `_x000D_` is a character (ECMA-376, part 1, 22.9.2.19).
pub fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut left = text;
    while let Some(at) = left.find("_x") {
        let (before, rest) = left.split_at(at);
        out.push_str(before);
        match escaped(rest) {
            Some(c) => {
                out.push(c);
                left = &rest[7..];
            }
            None => {
                out.push_str("_x");
                left = &rest[2..];
            }
        }
    }
    out.push_str(left);
    out
}

/// The character that `_x000D_` at the beginning means.
fn escaped(text: &str) -> Option<char> {
    let digits = text.get(2..6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let whole = text.get(6..7) == Some("_");
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).filter(|_| whole)
}

/// Text as the content of an element: what XML means is escaped, and so is what would read as an escape.
pub fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '_' if text[at..].starts_with("_x") && escaped(&text[at..]).is_some() => out.push_str("_x005F_"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                write!(out, "_x{:04X}_", u32::from(c)).expect("memory takes all");
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went() {
        for text in ["a < b & c > d", "_x0041_", "line\nline", "bell \u{7}", "_x", "=1+1", "_x00e4_ä"] {
            let xml = format!("<is><t xml:space=\"preserve\">{}</t></is>", content(text));
            let document = document(&xml).expect("XML");
            assert_eq!(strings_of(document.root_element()), text);
        }
        assert_eq!(unescaped("a_x000D_b"), "a\rb");
    }

    #[test]
    fn entities_are_refused() {
        assert!(document("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>").is_err());
    }

    #[test]
    fn a_start_tag_ends_where_it_ends() {
        let text = "<a b='>' c=\">\"/>";
        assert_eq!(start_tag(text, 0..text.len()), 0..text.len());
    }
}
