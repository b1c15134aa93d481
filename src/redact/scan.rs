//! Secrets and PHI in text: what to look for and where. Works on the strings of a JSON document, in place, so that everything
//! around a finding keeps its bytes. It decides what is redacted; `redact` decides what becomes of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::rules::{PHONE, VALUES, patterns, possible};
pub use super::rules::{REDACTOR, suspicious};

/// Members below which names and values are the customer's own.
const FREE: [&str; 11] = [
    "environment",
    "variables",
    "environmentvariables",
    "tags",
    "taglist",
    "tagset",
    "labels",
    "userdata",
    "environmentfiles",
    "buildargs",
    "hyperparameters",
];

/// What was found in one document.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    pub rules: BTreeMap<&'static str, u64>,
    /// Paths of members, without values.
    pub places: Vec<String>,
    /// Rules that a named person cleared for this document: they do not strike.
    pub cleared: BTreeSet<String>,
}

impl Findings {
    pub fn clearing(cleared: &BTreeSet<String>) -> Findings {
        Findings { cleared: cleared.clone(), ..Findings::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn add(&mut self, rule: &'static str, path: impl FnOnce() -> String) {
        *self.rules.entry(rule).or_default() += 1;
        if self.places.len() < 20 {
            self.places.push(path());
        }
    }
}

/// Redacts plain text. Returns the new text when something was found. `path` says where, when it is asked.
pub fn text(text: &str, path: impl Fn() -> String, findings: &mut Findings) -> Option<String> {
    strike(text, true, path, findings)
}

/// `telephones`: whether numbers of telephones count here.
fn strike(text: &str, telephones: bool, path: impl Fn() -> String, findings: &mut Findings) -> Option<String> {
    if !possible(text) {
        return None;
    }
    let patterns = patterns();
    let hits = patterns.set.matches(text);
    let mut current = None;
    for index in hits.iter() {
        let rule = VALUES[index].name;
        if (rule == PHONE && !telephones) || findings.cleared.contains(rule) {
            continue;
        }
        let mut found = 0;
        let replaced = patterns.each[index].replace_all(current.as_deref().unwrap_or(text), |_: &regex::Captures<'_>| {
            found += 1;
            marker(rule)
        });
        if found > 0 {
            current = Some(replaced.into_owned());
            (0..found).for_each(|_| findings.add(rule, &path));
        }
    }
    current
}

/// What stands in place of a finding. It says nothing of the value, not even a digest: short values could be guessed from one.
fn marker(rule: &str) -> String {
    format!("[redacted {rule}]")
}

/// Redacts the strings of a JSON document. Returns the new document when something was found; bytes around a finding stay as
/// they are. JSON inside strings is looked into.
pub fn json(document: &str, findings: &mut Findings) -> Option<String> {
    Walk { document, at: 0, out: String::new(), copied: 0, above: "", path: Vec::new(), free: 0, findings }.run()
}

struct Walk<'a, 'f> {
    document: &'a str,
    at: usize,
    out: String,
    copied: usize,
    /// The path of the string that holds this document, if one does.
    above: &'a str,
    /// Names of members as they stand in the document, quotes included.
    path: Vec<&'a str>,
    /// How many members of the path hold free names and values.
    free: usize,
    findings: &'f mut Findings,
}

/// A string literal as text; nothing where it is none.
fn unquoted(literal: &str) -> Option<Cow<'_, str>> {
    match literal.strip_prefix('"').and_then(|l| l.strip_suffix('"')) {
        // A control character makes the literal invalid, a backslash makes it longer than its text.
        Some(inner) if !inner.bytes().any(|b| b == b'\\' || b < 0x20) => Some(Cow::Borrowed(inner)),
        _ => serde_json::from_str::<String>(literal).ok().map(Cow::Owned),
    }
}

/// The path in words: members with dots between.
fn place(above: &str, path: &[&str]) -> String {
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    if !above.is_empty() {
        names.push(Cow::Borrowed(above));
    }
    names.extend(path.iter().map(|literal| unquoted(literal).unwrap_or_default()));
    names.join(".")
}

impl<'a> Walk<'a, '_> {
    fn run(mut self) -> Option<String> {
        self.value(None);
        if self.copied == 0 && self.out.is_empty() {
            return None;
        }
        self.out.push_str(&self.document[self.copied..]);
        Some(self.out)
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.document.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Walks one value; `sibling` is the name given by a `{"Name": …, "Value": …}` pair around it, as it stands there.
    fn value(&mut self, sibling: Option<&'a str>) {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string_value(sibling),
            Some(b'}' | b']') | None => {}
            Some(_) => {
                let rest = &self.document.as_bytes()[self.at..];
                let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
                self.at += end.unwrap_or(rest.len()).max(1);
            }
        }
    }

    fn array(&mut self) {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return;
                }
                None | Some(b'}') => return,
                Some(_) => self.value(None),
            }
        }
    }

    fn object(&mut self) {
        self.at += 1;
        let mut name: Option<&'a str> = None;
        loop {
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return;
                }
                Some(b'"') => {
                    let literal = self.raw_string();
                    let key = unquoted(literal).unwrap_or_default();
                    self.name(literal, &key);
                    let is = |word: &str| key.eq_ignore_ascii_case(word);
                    let free = FREE.iter().any(|word| is(word));
                    self.free += usize::from(free);
                    let in_pair = name.is_some() && is("value");
                    if (is("name") || is("key")) && self.peek() == Some(b'"') {
                        let here = self.at;
                        name = Some(self.raw_string()).filter(|l| unquoted(l).is_some());
                        self.at = here;
                    }
                    self.path.push(literal);
                    self.value(if in_pair { name } else { Some(literal) });
                    self.path.pop();
                    self.free -= usize::from(free);
                }
                _ => return,
            }
        }
    }

    /// The string literal at the current place, quotes included; moves behind it.
    fn raw_string(&mut self) -> &'a str {
        let bytes = self.document.as_bytes();
        let start = self.at;
        let mut at = start + 1;
        while let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            at += step;
            if bytes[at] == b'"' {
                at += 1;
                self.at = at;
                return &self.document[start..at];
            }
            at += 2;
        }
        self.at = bytes.len();
        "\"\""
    }

    fn string_value(&mut self, name: Option<&'a str>) {
        let start = self.at;
        let Some(text) = unquoted(self.raw_string()) else { return };
        if let Some(new) = self.redacted(&text, name) {
            self.out.push_str(&self.document[self.copied..start]);
            self.out.push_str(&serde_json::Value::String(new).to_string());
            self.copied = self.at;
        }
    }

    /// A name of a member is the customer's own where it is a tag's: PHI in it is replaced, too.
    fn name(&mut self, literal: &str, key: &str) {
        if let Some(new) = strike(key, self.free > 0, || place(self.above, &self.path), self.findings) {
            self.out.push_str(&self.document[self.copied..self.at - literal.len()]);
            self.out.push_str(&serde_json::Value::String(new).to_string());
            self.copied = self.at;
        }
    }

    fn redacted(&mut self, value: &str, name: Option<&str>) -> Option<String> {
        let inner = value.trim_start();
        if (inner.starts_with('{') || inner.starts_with('[')) && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() {
            return self.inside(value);
        }
        let key = name.and_then(unquoted).unwrap_or_default();
        if self.free > 0 {
            if let Some(rule) = patterns().by_name(&key, value).filter(|rule| !self.findings.cleared.contains(*rule)) {
                self.findings.add(rule, || place(self.above, &self.path));
                return Some(marker(rule));
            }
            if let Some(rule) = self.encoded(value) {
                return Some(marker(rule));
            }
        }
        let own_field = ["endpoint", "phonenumber", "phone", "fax"].iter().any(|word| key.eq_ignore_ascii_case(word));
        strike(value, !own_field, || place(self.above, &self.path), self.findings)
    }

    /// User data is base64: a finding in it takes the whole value, since its parts cannot be replaced in place.
    fn encoded(&mut self, value: &str) -> Option<&'static str> {
        let in_user_data = self.path.iter().any(|literal| literal.trim_matches('"').eq_ignore_ascii_case("userdata"));
        if !in_user_data || value.len() < 12 {
            return None;
        }
        let bytes = STANDARD.decode(value.trim()).ok()?;
        let inner = String::from_utf8(bytes).ok()?;
        let mut found = Findings::clearing(&self.findings.cleared);
        text(&inner, String::new, &mut found)?;
        let rule = *found.rules.keys().next()?;
        self.findings.add(rule, || place(self.above, &self.path));
        Some(rule)
    }

    /// A document inside a string.
    fn inside(&mut self, document: &str) -> Option<String> {
        let above = place(self.above, &self.path);
        let walk = Walk {
            document,
            at: 0,
            out: String::new(),
            copied: 0,
            above: &above,
            path: Vec::new(),
            free: self.free,
            findings: &mut *self.findings,
        };
        walk.run()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(document: &str) -> (Option<String>, Findings) {
        let mut findings = Findings::default();
        let new = json(document, &mut findings);
        (new, findings)
    }

    #[test]
    fn secrets_by_name_only_where_names_are_free() {
        let (new, findings) =
            redact(r#"{"environment": {"variables":{"DB_PASSWORD":"hunter22","MODE":"fast"}}, "PasswordLastUsed":"2026-01-01"}"#);
        let new = new.expect("found");
        assert!(!new.contains("hunter22") && new.contains("\"MODE\":\"fast\"") && new.contains("\"PasswordLastUsed\":\"2026-01-01\""));
        assert_eq!(findings.rules.get("named-secret"), Some(&1));
    }

    #[test]
    fn name_value_pairs_and_json_in_strings() {
        let (new, _) = redact(r#"{"configuration":"{\"Environment\":[{\"Name\":\"API_KEY\",\"Value\":\"abcdef123456\"}]}"}"#);
        let new = new.expect("found");
        assert!(!new.contains("abcdef123456"));
        serde_json::from_str::<serde_json::Value>(&new).expect("still JSON");
    }

    #[test]
    fn references_and_clean_documents_keep_their_bytes() {
        assert_eq!(redact(r#"{"environment":{"DB_SECRET":"arn:aws:secretsmanager:us-east-1:111122223333:secret:x"}}"#).0, None);
        assert_eq!(redact(r#"{ "a" : [1, 2.5e3, null, true, "x\"y"] }"#).0, None);
    }

    /// The quick look must not miss what a rule would find.
    #[test]
    fn the_quick_look_lets_every_rule_through() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "-----BEGIN RSA PRIVATE KEY-----x",
            "eyJhbGciOiJI.eyJhbGciOiJI.abcdefghij",
            "amqps://user:secretword@host",
            "ghr_0123456789012345678901234567890123456789",
            "xoxb-0123456789-abc",
            "PASSWORD = swordfish",
            "passwd=swordfish",
            "pwd\t=\tswordfish",
            "api_key=swordfish",
            "API-KEY = swordfish",
            "access-key=swordfish",
            "accesskey\n= swordfish",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
            "redis://:secretword@host",
            "github_pat_0123456789012345678901",
            "DOB 1970-01-02",
            "(202) 555-0199",
            "+12025550199",
            "\u{17f}ecret=swordfish",
            "to\u{212a}en=swordfish",
            "078-05-1120",
            "x 078-05-1120.",
            "mrn#12345",
        ] {
            assert!(patterns().set.is_match(text), "{text} is a finding");
            assert!(possible(text), "{text} is passed over");
        }
        for text in ["arn:aws:ec2:us-east-1:111122223333:volume/vol-1", "2026-09-30T12:00:00Z", "0123-45-6789x", "us-east-1"] {
            assert!(!patterns().set.is_match(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_quick_look_is_never_stricter(text in "[ -~\\t\\n]{0,12}(password|api_?key|access-key|mrn|[0-9]{3}-[0-9]{2}-[0-9]{4}|gh[pousr]_[a-z]{36}|AKIA[A-Z]{16})[ =:#\\t-]{0,3}[ -~]{0,12}") {
            proptest::prop_assert!(!patterns().set.is_match(&text) || possible(&text), "{text}");
        }
    }

    #[test]
    fn places_name_the_members() {
        let (_, findings) = redact(r#"{"tags":{"a\u0062":{"password":"swordfish"}},"x":"{\"environment\":{\"DB_PWD\":\"hunter22\"}}"}"#);
        assert_eq!(findings.places, ["tags.ab.password", "x.environment.DB_PWD"]);
    }

    #[test]
    fn patterns_strike_anywhere() {
        for text in ["AKIAIOSFODNN7EXAMPLE", "ssn 078-05-1120", "MRN 0012345", "postgres://u:pa55word@db/x", "password=swordfish1"] {
            let (new, findings) = redact(&format!(r#"{{"d":"{text}"}}"#));
            assert!(new.is_some() && !findings.is_empty(), "{text}");
            assert!(suspicious(text.as_bytes()), "{text}");
        }
    }
}
