//! Findings by where a value is: the member or pair that it belongs to, and percent codes undone.

use super::super::literals::{Named, looks_random, lowered, place};
use super::super::members;
use super::super::rules::{patterns, sounds};
use super::super::{texts, undone};
use super::encoded::inside_encoded;
use super::{Findings, Look, Walk, strike};

/// Headers of HTTP that every proxy sets, or what their names begin with: their values are no secrets.
const PLAIN_HEADERS: [&str; 20] = [
    "accept",
    "accept-",
    "access-control-",
    "cache-control",
    "content-",
    "cross-origin-",
    "expires",
    "feature-policy",
    "host",
    "origin",
    "permissions-policy",
    "referer",
    "referrer-policy",
    "server",
    "strict-transport-security",
    "user-agent",
    "vary",
    "x-content-type-options",
    "x-forwarded-",
    "x-frame-options",
];

impl<'a> Walk<'a, '_> {
    /// The rule by which a value is a finding because of where it stands.
    pub(super) fn named(&self, value: &str, name: Option<Named<'a>>, key: &str) -> Option<&'static str> {
        let named = name?;
        if named.pointer {
            return None;
        }
        let patterns = patterns();
        let free = self.free > 0 || named.pair;
        let beside = |member: &&str| members::is_one_of(&["\"headervalue\"", "\"attributevalue\""], member);
        if !(named.secret || sounds(key) || self.path.last().is_some_and(beside)) {
            return None;
        }
        if named.secret && !patterns.refers(value) {
            return Some("named-secret");
        }
        if named.pair || self.free > 0 {
            let rule = patterns
                .by_name(key, value)
                .filter(|rule| self.free > 0 || !rule.starts_with("phi-") || named.pair);
            if rule.is_some() {
                return rule;
            }
        }
        let small = key.to_ascii_lowercase();
        let member = self.path.last().map(|literal| lowered(literal)).unwrap_or_default();
        let long = value.len() >= 16 && !value.contains(char::is_whitespace) && texts::strong(value);
        let likely = patterns.secret_by_name(key, value) || long && !is_plain_header(&small);
        if member == "headervalue" && likely && value.len() >= 6 && texts::plausible(value) {
            return Some("header-secret");
        }
        if member == "attributevalue" && value.len() >= 16 && looks_random(value) {
            return Some("header-secret");
        }
        if members::is_secret(&small) && value.len() >= 4 && !patterns.refers(value) {
            return Some("sensitive-member");
        }
        if small == "auth" && undone::base64_text(value).is_some_and(|inner| inner.contains(':')) {
            return Some("authorization");
        }
        let bare = !free
            && value.len() >= 6
            && !value.contains(char::is_whitespace)
            && !key.contains(':')
            && !members::is_harmless(&small);
        if bare && patterns.secret_by_name(key, value) { Some("named-secret") } else { None }
    }

    /// Percent codes undone: a policy goes back as it came, with the finding replaced; anything else is
    /// replaced whole.
    pub(super) fn percent(&mut self, value: &str, key: &str) -> Option<String> {
        let mut decoded = undone::percent_text(value)?;
        if let Some(deeper) = undone::percent_text(&decoded).filter(|_| decoded.starts_with('%')) {
            decoded = undone::percent_text(&deeper).unwrap_or(deeper);
            let rule = inside_encoded(&decoded, self.findings, self.depth)?;
            return Some(self.findings.mark(rule, value, || place(self.above, &self.path)));
        }
        let document = decoded.trim_start().starts_with(['{', '[']);
        if document && serde_json::from_str::<serde::de::IgnoredAny>(&decoded).is_ok() {
            let new = self.inside(&decoded, key)?;
            return Some(
                percent_encoding::utf8_percent_encode(&new, percent_encoding::NON_ALPHANUMERIC).to_string(),
            );
        }
        let mut found = Findings::clearing(&self.findings.cleared);
        let look = Look { depth: self.depth + 1, ..self.look(false) };
        strike(&decoded, look, &String::new, &mut found)?;
        let mut plain = Findings::clearing(&self.findings.cleared);
        if strike(value, look, &String::new, &mut plain).is_some() {
            return None;
        }
        let rule = found.rules.into_keys().next()?;
        Some(self.findings.mark(rule, value, || place(self.above, &self.path)))
    }
}

/// Whether a header of this name holds a setting.
fn is_plain_header(lowered: &str) -> bool {
    PLAIN_HEADERS.iter().any(|known| lowered == *known || known.ends_with('-') && lowered.starts_with(known))
}
