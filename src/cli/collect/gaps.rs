//! What a run could not read, told by what it costs: the sources that most checks need come first.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog;
use crate::diag::printable;
use crate::model::catalog::Catalog;
use crate::model::run::{Coverage, ITEMS};

/// So many sources are told one by one.
const MOST: usize = 8;

/// The gaps of one source in one state.
struct Lack<'a> {
    /// Checks that cannot speak everywhere without it.
    checks: usize,
    source: &'a str,
    state: &'a str,
    places: Vec<String>,
    detail: &'a str,
}

/// How many gaps of which state, what they cost, and where the others are.
pub fn words(gaps: &[&Coverage], catalog: &Catalog) -> String {
    if gaps.is_empty() {
        return "no gaps".into();
    }
    let readers = catalog::checks_by_source(catalog);
    let mut by_state: BTreeMap<&str, usize> = BTreeMap::new();
    gaps.iter().for_each(|gap| *by_state.entry(gap.state.as_str()).or_default() += 1);
    let states: Vec<String> = by_state.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let silent: BTreeSet<&String> =
        gaps.iter().filter_map(|gap| readers.get(&gap.source)).flatten().collect();
    let mut text = format!(
        "gaps: {}; {} of {} checks cannot speak of everything",
        states.join(", "),
        silent.len(),
        catalog.checks.len()
    );
    let lacks = lacks(gaps, &readers);
    for lack in lacks.iter().take(MOST) {
        text.push_str(&printable(&line(lack)));
    }
    let rest: usize = lacks.iter().skip(MOST).map(|lack| lack.places.len()).sum();
    if rest > 0 {
        text.push_str(&format!("\n  {rest} more: data/coverage.jsonl in the run's folder"));
    }
    text
}

/// Gaps by source and state: what was counted short first, then what most checks need.
fn lacks<'a>(gaps: &[&'a Coverage], readers: &BTreeMap<String, BTreeSet<String>>) -> Vec<Lack<'a>> {
    let mut found: BTreeMap<(&str, &str), Lack<'a>> = BTreeMap::new();
    for gap in gaps {
        let lack = found.entry((&gap.source, gap.state.as_str())).or_insert_with(|| Lack {
            checks: readers.get(&gap.source).map_or(0, BTreeSet::len),
            source: gap.source_words(),
            state: gap.state.as_str(),
            places: Vec::new(),
            detail: &gap.detail,
        });
        lack.places.push(format!("{} {}", gap.account, gap.region));
    }
    let mut all: Vec<((&str, &str), Lack<'a>)> = found.into_iter().collect();
    all.sort_by_key(|((source, state), lack)| {
        (*source != ITEMS, std::cmp::Reverse(lack.checks), source.to_string(), state.to_string())
    });
    all.into_iter().map(|(_, lack)| lack).collect()
}

fn line(lack: &Lack<'_>) -> String {
    let first = lack.places.first().map(String::as_str).unwrap_or_default();
    let places = match lack.places.len() {
        0 | 1 => first.to_string(),
        n => format!("{first} and {} more", n - 1),
    };
    let checks = if lack.checks == 1 { "1 check".to_string() } else { format!("{} checks", lack.checks) };
    let detail = if lack.detail.is_empty() { String::new() } else { format!(" ({})", lack.detail) };
    format!("\n  {checks}: {} {}, {places}{detail}", lack.source, lack.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::run::State;

    #[test]
    fn what_costs_most_comes_first_and_the_rest_is_named() {
        let catalog = catalog::load(None).expect("our own catalog");
        let gap = |region: &str, source: &str| Coverage {
            account: "111122223333".into(),
            region: region.into(),
            source: source.into(),
            state: State::Denied,
            expected: 1,
            read: 0,
            detail: "the caller is not permitted".into(),
        };
        let mut gaps = vec![gap("us-east-1", "connect:ListInstances"), gap("us-west-2", "AWS::S3::Bucket")];
        gaps.push(gap("us-east-1", "AWS::S3::Bucket"));
        gaps.extend((0..9).map(|n| gap("us-east-1", &format!("zz:Never{n}"))));
        let text = words(&gaps.iter().collect::<Vec<_>>(), &catalog);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("gaps: 12 denied; "), "{text}");
        assert!(lines[1].contains("AWS::S3::Bucket denied, 111122223333 us-west-2 and 1 more"), "{text}");
        assert_eq!(lines.last(), Some(&"  3 more: data/coverage.jsonl in the run's folder"), "{text}");
        assert_eq!(words(&[], &catalog), "no gaps");
    }
}
