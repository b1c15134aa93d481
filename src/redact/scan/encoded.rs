//! Secrets inside what is encoded: base64 and percent-encoding, undone and read again.

use std::sync::OnceLock;

use regex::Regex;

use super::{Look, MAX_DEPTH, strike, walk};
use crate::redact::findings::Findings;
use crate::redact::quick::may_be_encoded;
use crate::redact::{gitleaks, undone};

/// Parts of a text that are base64 and hold a finding.
pub(super) fn encoded_parts(
    text: &str,
    findings: &Findings,
    depth: u32,
) -> Vec<(&'static str, std::ops::Range<usize>)> {
    static RUN: OnceLock<Regex> = OnceLock::new();
    let run = RUN.get_or_init(|| Regex::new(r"[A-Za-z0-9+/]{24,}={0,2}").expect("our own pattern compiles"));
    if depth >= MAX_DEPTH || !may_be_encoded(text) {
        return Vec::new();
    }
    let runs = run.find_iter(text).take(200);
    runs.filter_map(|found| {
        Some((inside_encoded(&undone::base64_text(found.as_str())?, findings, depth)?, found.range()))
    })
    .collect()
}

/// The rule that strikes in a text that was encoded, if one does.
pub(super) fn inside_encoded(inner: &str, findings: &Findings, depth: u32) -> Option<&'static str> {
    let mut found = Findings::clearing(&findings.cleared);
    let document = inner.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(inner).is_ok();
    match document {
        true => drop(walk(inner, "", 1, depth + 1, &mut found)),
        false => {
            let look =
                Look { telephones: true, issuers: gitleaks::possible(inner.as_bytes()), depth: depth + 1 };
            drop(strike(inner, look, &String::new, &mut found));
        }
    }
    found.rules.into_keys().next()
}
