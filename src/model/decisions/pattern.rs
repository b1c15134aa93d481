//! Which resources a person means: an ARN in which `*` stands for any run of characters.

use super::{Exclude, WorkspaceFacts};
use crate::model::run::GLOBAL;

impl WorkspaceFacts {
    /// Whether a named person took the resource out of scope.
    pub fn excludes(&self, arn: &str) -> bool {
        self.exclude.iter().any(|e| e.covers(arn))
    }

    /// Whether a region is none of those in scope: lists of a whole account name resources there too.
    pub fn is_beyond(&self, region: &str) -> bool {
        !self.regions.is_empty() && region != GLOBAL && !self.regions.iter().any(|r| r == region)
    }
}

impl Exclude {
    pub fn covers(&self, arn: &str) -> bool {
        matches_pattern(&self.pattern, arn)
    }
}

/// Matches `text` against a pattern in which `*` stands for any run of characters.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut rest = rest;
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + str::len(previous)..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(tail) => rest.ends_with(tail),
    }
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn patterns_match_as_people_expect() {
        for (pattern, text, expected) in [
            ("arn:a", "arn:a", true),
            ("arn:a", "arn:ab", false),
            ("arn:*", "arn:ab", true),
            ("*dev*", "x-dev-y", true),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "a1c2b", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
