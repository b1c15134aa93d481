//! Secrets by where they stand in a text: after a flag of a command, behind a name and a colon, in a
//! connection string, in XML, in the files that programs keep their passwords in. The value is replaced, what
//! stands around it stays.

mod code;
mod commands;
mod places;

use std::ops::Range;
use std::sync::OnceLock;

use regex::Captures;

use super::literals::looks_random;
use super::rules::{OwnPattern, is_call, patterns};
use code::CODE;
use commands::COMMANDS;
use places::{PLACES, SecretPlace, ValueTest, WORDS, XML};

struct Compiled {
    pattern: OwnPattern,
    rule: &'static str,
    check: ValueTest,
    need: &'static [&'static str],
    and: &'static [&'static str],
}

fn compiled() -> &'static [Compiled] {
    static COMPILED: OnceLock<Vec<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let xml = XML.iter().map(|pattern| SecretPlace {
            rule: "xml-secret",
            pattern,
            check: ValueTest::Plausible,
            need: WORDS,
            and: &["<", "&lt;", "value"],
        });
        let compile = |p: SecretPlace| Compiled {
            pattern: OwnPattern::new(p.pattern),
            rule: p.rule,
            check: p.check,
            need: p.need,
            and: p.and,
        };
        PLACES.into_iter().chain(COMMANDS).chain(CODE).chain(xml).map(compile).collect()
    })
}

/// What stands in such places, each with its rule, in the order of the text.
pub fn find(text: &str) -> Vec<(&'static str, Range<usize>)> {
    let small = format!(" {}", text.to_ascii_lowercase());
    let holds_one = |words: &[&str]| words.is_empty() || words.iter().any(|word| small.contains(word));
    let mut found = Vec::new();
    for Compiled { pattern, rule, check, .. } in
        compiled().iter().filter(|c| holds_one(c.need) && holds_one(c.and))
    {
        let mut from = 0;
        while let Some(captures) = pattern.regex().captures_at(text, from) {
            let whole = captures.get(0).map_or(from..from + 1, |m| m.range());
            let value = value(&captures);
            let called = |range: &Range<usize>| {
                let with_next = text[range.start..].chars().take(text[range.clone()].chars().count() + 1);
                *rule == "assigned-secret" && is_call(&with_next.collect::<String>())
            };
            let held = |range: &Range<usize>| holds(&captures, &text[range.clone()], *check);
            match value.filter(|range| held(range) && !called(range)) {
                Some(range) => {
                    from = range.end.max(from + 1);
                    found.push((*rule, range));
                }
                // what was passed over may hide the next: go on behind its beginning
                None => {
                    from = text[whole.start..]
                        .char_indices()
                        .nth(1)
                        .map_or(text.len(), |(n, _)| (whole.start + n).max(from + 1))
                }
            }
            while from < text.len() && !text.is_char_boundary(from) {
                from += 1;
            }
            if from >= text.len() {
                break;
            }
        }
    }
    apart(found)
}

/// In the order of the text; of two that overlap, the one that begins first.
pub fn apart(mut found: Vec<(&'static str, Range<usize>)>) -> Vec<(&'static str, Range<usize>)> {
    found.sort_by_key(|(_, range)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(_, range)| {
        let keep = range.start >= end && !range.is_empty();
        end = if keep { range.end } else { end };
        keep
    });
    found
}

fn value(captures: &Captures<'_>) -> Option<Range<usize>> {
    let name = captures.name("n").map(|n| n.range());
    let groups = (1..captures.len()).filter_map(|n| captures.get(n)).map(|m| m.range());
    groups.filter(|range| Some(range) != name.as_ref()).find(|range| !range.is_empty())
}

fn holds(captures: &Captures<'_>, value: &str, check: ValueTest) -> bool {
    let pointer = captures.name("n").is_some_and(|n| patterns().only_points(n.as_str(), value));
    !pointer
        && plausible(value)
        && match check {
            ValueTest::Plausible => true,
            ValueTest::Strong => strong(value),
            ValueTest::Random => looks_random(value),
        }
}

/// Not a variable, a reference, a place holder, a flag, a port or a word that says that there is none.
pub fn plausible(value: &str) -> bool {
    let value = value.trim();
    let starts = ["$", "%(", "{{", "<", "@", "-", "[redacted", "*", "file:", "fileb:", "env:", "\\$"];
    let port = || {
        value.split(['/', ':', '-']).all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
            && value.len() <= 11
    };
    let one = || value.chars().all(|c| value.starts_with(c));
    let variable = || value.starts_with('%') && value.ends_with('%');
    let port_path = || {
        value.split_once('/').is_some_and(|(port, _)| {
            !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit())
        })
    };
    value.len() >= 3
        && !starts.iter().any(|s| value.starts_with(s))
        && !port()
        && !one()
        && !variable()
        && !port_path()
        && !patterns().refers(value)
}

/// A digit, or a sign that words and paths do not have.
pub fn strong(value: &str) -> bool {
    value.bytes().any(|b| b.is_ascii_digit() || b"!@#$%^&*+=~?|".contains(&b))
}

#[cfg(test)]
mod tests;
