//! Text that stands in another text in base 64, as tokens and dumps carry it.

use std::ops::Range;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;

/// Runs of base 64 that hold text, each with that text.
pub(super) fn encoded(text: &str) -> Vec<(Range<usize>, String)> {
    static RUN: OnceLock<Regex> = OnceLock::new();
    let run = RUN.get_or_init(|| Regex::new(r"[A-Za-z0-9+/_-]{20,}={0,2}").expect("a sound expression"));
    let held = |found: regex::Match<'_>| {
        let packed = found.as_str().trim_end_matches('=');
        let bytes = STANDARD_NO_PAD.decode(packed).or_else(|_| URL_SAFE_NO_PAD.decode(packed)).ok()?;
        let plain = String::from_utf8(bytes).ok()?;
        let shown = plain.chars().all(|c| !c.is_control() || c.is_whitespace());
        shown.then(|| (found.range(), plain))
    };
    run.find_iter(text).filter_map(held).collect()
}
