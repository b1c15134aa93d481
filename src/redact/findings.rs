//! What was found in a document, and what stands in its place.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::digest::Digest;

/// What was found in one document.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    pub rules: BTreeMap<&'static str, u64>,
    /// Paths of members, without values.
    pub places: Vec<String>,
    /// Rules that a named person cleared for this document: they do not strike.
    pub cleared: BTreeSet<String>,
    numbers: Numbers,
}

/// Which originals each rule struck, by digest, in the order in which they were met: the same original has
/// the same marker wherever it stands in a run, and two originals never have the same. What is numbered never
/// leaves memory.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Numbers(BTreeMap<&'static str, BTreeMap<Digest, usize>>);

impl Findings {
    pub fn clearing(cleared: &BTreeSet<String>) -> Findings {
        Findings { cleared: cleared.clone(), ..Findings::default() }
    }

    /// For the next document of the same run.
    pub fn after(numbers: Numbers, cleared: &BTreeSet<String>) -> Findings {
        Findings { cleared: cleared.clone(), numbers, ..Findings::default() }
    }

    pub fn into_numbers(self) -> Numbers {
        self.numbers
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn strikes(&self, rule: &str) -> bool {
        !self.cleared.contains(rule)
    }

    /// Notes a finding, and gives what stands in its place. It says nothing of the value, not even a digest:
    /// short values could be guessed from one.
    pub(super) fn mark(
        &mut self,
        rule: &'static str,
        original: &str,
        path: impl FnOnce() -> String,
    ) -> String {
        *self.rules.entry(rule).or_default() += 1;
        if self.places.len() < 20 {
            self.places.push(path());
        }
        let known = self.numbers.0.entry(rule).or_default();
        let next = known.len() + 1;
        match *known.entry(Digest::of(original.as_bytes())).or_insert(next) {
            1 => format!("[redacted {rule}]"),
            number => format!("[redacted {rule} {number}]"),
        }
    }
}
