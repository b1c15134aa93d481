//! Secrets in a list of strings that are the words of one command, or the pieces that a template joins: what
//! a flag gives stands in the next word, and a name and its value may come apart.

use std::borrow::Cow;
use std::ops::Range;

use super::{Walk, literal_end, place, possible, replaced, strike, texts, unquoted};

/// A find within one word: where the word's literal begins in the document, and the part of its text.
pub(super) type Struck = (usize, &'static str, Range<usize>);

/// Longer lists are no commands.
const MAX_WORDS: usize = 400;

impl<'a> Walk<'a, '_> {
    /// What strikes in the list whose first value is at the current place, if it is one of words.
    pub(super) fn words(&self) -> Vec<Struck> {
        let pieces = self.path.last() == Some(&"\"Fn::Join\"");
        let Some(words) = self.strings().filter(|words| words.len() > 1) else { return Vec::new() };
        if !pieces && !words.iter().any(|(_, word)| word.starts_with(['-', '/'])) {
            return Vec::new();
        }
        let (mut text, mut spans) = (String::new(), Vec::new());
        for (at, word) in &words {
            spans.push((*at, text.len()..text.len() + word.len()));
            text.push_str(word);
            text.push_str(if pieces { "" } else { " " });
        }
        if !possible(&text) {
            return Vec::new();
        }
        let found = texts::find(&text).into_iter().filter(|(rule, _)| self.findings.strikes(rule));
        let parts = |(rule, range): (&'static str, Range<usize>)| {
            spans.iter().filter_map(move |(at, span)| {
                let (start, end) = (range.start.max(span.start), range.end.min(span.end));
                (start < end).then(|| (*at, rule, start - span.start..end - span.start))
            })
        };
        found.flat_map(|hit| parts(hit).collect::<Vec<_>>()).collect()
    }

    /// The strings of the list at the current place, by where each begins; `None` if it holds anything else.
    fn strings(&self) -> Option<Vec<(usize, Cow<'a, str>)>> {
        let bytes = self.document.as_bytes();
        let (mut at, mut words) = (self.at, Vec::new());
        loop {
            at += bytes
                .get(at..)?
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b','))
                .count();
            match bytes.get(at)? {
                b'"' if words.len() < MAX_WORDS => {
                    let end = literal_end(self.document, at);
                    words.push((at, unquoted(&self.document[at..end])?));
                    at = end;
                }
                b']' => return Some(words),
                _ => return None,
            }
        }
    }

    /// Replaces what struck in the word at the current place and moves behind it; false if nothing did.
    pub(super) fn struck(&mut self, struck: &[Struck]) -> bool {
        let start = self.at;
        let here = struck.iter().filter(|(at, ..)| *at == start);
        let found: Vec<_> = here.map(|(_, rule, range)| (*rule, range.clone())).collect();
        if found.is_empty() {
            return false;
        }
        let Some(word) = unquoted(self.raw_string()) else { return false };
        let (above, path, look) = (self.above, self.path.clone(), self.look(true));
        let at = || place(above, &path);
        let new = replaced(&word, found, &at, self.findings).unwrap_or_else(|| word.into_owned());
        let new = strike(&new, look, &at, self.findings).unwrap_or(new);
        self.put(start, &new);
        true
    }
}
