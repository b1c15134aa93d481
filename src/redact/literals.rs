//! Literals of a JSON document as they stand in it: where they end, and what they say.

use std::borrow::Cow;

/// A string literal as text; nothing where it is none.
pub(super) fn unquoted(literal: &str) -> Option<Cow<'_, str>> {
    match literal.strip_prefix('"').and_then(|l| l.strip_suffix('"')) {
        // A control character makes the literal invalid, a backslash makes it longer than its text.
        Some(inner) if !inner.bytes().any(|b| b == b'\\' || b < 0x20) => Some(Cow::Borrowed(inner)),
        _ => serde_json::from_str::<String>(literal).ok().map(Cow::Owned),
    }
}

/// The path in words: members with dots between.
pub(super) fn place(above: &str, path: &[&str]) -> String {
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    if !above.is_empty() {
        names.push(Cow::Borrowed(above));
    }
    names.extend(path.iter().map(|literal| unquoted(literal).unwrap_or_default()));
    names.join(".")
}

pub(super) fn lowered(literal: &str) -> String {
    unquoted(literal).unwrap_or_default().to_ascii_lowercase()
}

/// The end of the string literal that begins at `start`, behind its closing quote.
pub(super) fn literal_end(document: &str, start: usize) -> usize {
    let bytes = document.as_bytes();
    let mut at = start + 1;
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

/// The last string literal in a piece of a document, quotes included.
pub(super) fn last_literal(piece: &str) -> Option<&str> {
    let end = piece.rfind('"')?;
    let start = piece[..end].rfind('"')?;
    Some(&piece[start..=end])
}

/// Where a short array or object ends that holds no other; `None` for anything longer.
pub(super) fn flat_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0i32;
    let mut at = 0;
    while at < bytes.len().min(4096) {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b'"' => {
                let mut end = at + 1;
                while end < bytes.len() && bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Letters and digits without a word or a separator in them.
pub(super) fn looks_random(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 2 && letters >= 4 && digits + letters + 2 >= value.len() && !value.contains([' ', '/', ':'])
}

/// What the name of a value is, and how it came to it.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    /// As it stands in the document, quotes included.
    pub literal: &'a str,
    /// A name that the customer chose, in a pair with its value.
    pub pair: bool,
    /// The pair says itself that its value is a secret.
    pub secret: bool,
    /// The pair says that its value only names where the secret lies.
    pub pointer: bool,
}

impl<'a> Named<'a> {
    pub fn member(literal: &'a str) -> Named<'a> {
        Named { literal, pair: false, secret: false, pointer: false }
    }
}
