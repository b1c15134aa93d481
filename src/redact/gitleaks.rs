//! The rules of gitleaks (MIT; `gitleaks.json` holds its licence), as data beside our own: what keys and
//! tokens of many issuers look like, alone or after the issuer's name.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use regex::{Captures, Regex};
use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    rules: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    regex: String,
    /// Without one of these, in any case, the rule cannot strike.
    keywords: Vec<String>,
    /// In bits a character; what is more regular is no key.
    #[serde(default)]
    entropy: f64,
    /// The group that is the secret; the first that matched, if it does not say.
    #[serde(default)]
    group: usize,
}

struct Rule {
    entry: Entry,
    pattern: OnceLock<Regex>,
}

fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| {
        let file: File = serde_json::from_str(include_str!("gitleaks.json")).expect("our own data");
        file.rules.into_iter().map(|entry| Rule { entry, pattern: OnceLock::new() }).collect()
    })
}

/// The rules are written for Go's engine, in which `\w` and `\d` are ASCII; Unicode's would make the counted
/// ones too large to compile.
fn compiled(pattern: &str) -> Result<Regex, regex::Error> {
    let ends = pattern.replace(ENDS, MORE_ENDS);
    Regex::new(&ends.replace(r"\w", "[0-9A-Za-z_]").replace(r"\d", "[0-9]"))
}

/// What may stand behind a key in the rules, and what does in prose, JSON and links as well.
const ENDS: &str = r#"(?:[\x60'"\s;]|"#;
const MORE_ENDS: &str = r#"(?:[\x60'"\s;,<&|)\]}]|"#;

/// A keyword of one rule that is a common part of names; the rule's pattern holds its other keywords itself.
const TOO_COMMON: &str = "intra";

/// The keywords of all rules, as one pattern over bytes.
pub fn any_keyword() -> String {
    let words: std::collections::BTreeSet<String> = rules()
        .iter()
        .flat_map(|r| &r.entry.keywords)
        .filter(|word| *word != TOO_COMMON)
        .map(|w| regex::escape(w))
        .collect();
    format!("(?i-u:{})", words.into_iter().collect::<Vec<_>>().join("|"))
}

/// Whether any rule can strike in these bytes: one pass for the keywords of all.
pub fn possible(bytes: &[u8]) -> bool {
    static ANY: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let any = ANY.get_or_init(|| regex::bytes::Regex::new(&any_keyword()).expect("escaped words compile"));
    any.is_match(bytes)
}

fn keywords() -> &'static regex::bytes::RegexSet {
    static WORDS: OnceLock<regex::bytes::RegexSet> = OnceLock::new();
    WORDS.get_or_init(|| {
        let of = |rule: &Rule| {
            let words: Vec<String> = rule.entry.keywords.iter().map(|word| regex::escape(word)).collect();
            format!("(?i-u:{})", words.join("|"))
        };
        regex::bytes::RegexSet::new(rules().iter().map(of)).expect("escaped words compile")
    })
}

/// What the rules find, each with its rule, in the order of the text; what overlaps an earlier find is left
/// out.
pub fn find(text: &str) -> Vec<(&'static str, Range<usize>)> {
    if !possible(text.as_bytes()) {
        return Vec::new();
    }
    let mut found: BTreeMap<usize, (&'static str, Range<usize>)> = BTreeMap::new();
    for index in keywords().matches(text.as_bytes()) {
        let rule = &rules()[index];
        let pattern =
            rule.pattern.get_or_init(|| compiled(&rule.entry.regex).expect("a test compiles every rule"));
        for captures in pattern.captures_iter(text) {
            let Some(secret) = secret(&captures, rule.entry.group) else { continue };
            if entropy(&text[secret.clone()]) >= rule.entry.entropy {
                found.entry(secret.start).or_insert((rule.entry.id.as_str(), secret));
            }
        }
    }
    let mut end = 0;
    let mut kept: Vec<_> = found.into_values().collect();
    kept.retain(|(_, range)| {
        let apart = range.start >= end;
        end = if apart { range.end } else { end };
        apart
    });
    kept
}

fn secret(captures: &Captures<'_>, group: usize) -> Option<Range<usize>> {
    let chosen =
        if group > 0 { captures.get(group) } else { (1..captures.len()).find_map(|n| captures.get(n)) };
    chosen.or_else(|| captures.get(0)).map(|found| found.range()).filter(|range| !range.is_empty())
}

/// Shannon's, over characters.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let total = f64::from(counts.values().sum::<u32>());
    counts.values().map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_compiles() {
        let broken: Vec<&str> = rules()
            .iter()
            .filter(|r| compiled(&r.entry.regex).is_err())
            .map(|r| r.entry.id.as_str())
            .collect();
        assert!(broken.is_empty(), "{broken:?}");
        assert!(rules().len() > 150);
    }

    #[test]
    fn the_keyword_left_out_is_missed_by_no_rule() {
        for rule in rules().iter().filter(|r| r.entry.keywords.iter().any(|word| word == TOO_COMMON)) {
            let others: Vec<&String> =
                rule.entry.keywords.iter().filter(|word| *word != TOO_COMMON).collect();
            assert!(!others.is_empty() && rule.entry.regex.contains("s-s4t2"), "{}", rule.entry.id);
        }
        let text = format!("s-s4t2ud-{}", "0123456789abcdef".repeat(4));
        assert_eq!(find(&text).len(), 1);
    }

    #[test]
    fn keys_are_found_where_they_stand() {
        let text = "export DO=dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef and \
                    DATADOG_API_KEY=0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
        let found = find(text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            text[found[0].1.clone()].starts_with("dop_v1_") && text[found[1].1.clone()].starts_with("0a1b")
        );
    }
}
