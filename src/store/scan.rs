//! Secrets and PHI in text: what to look for and where. Works on the strings of a JSON document, in place, so that everything
//! around a finding keeps its bytes. It decides what is redacted; `redact` decides what becomes of it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Regex, RegexSet};

/// Version of the rules; part of every derived run, because other rules give other bytes.
pub const REDACTOR: &str = "affiant.redactor/1";

/// A kind of finding.
struct Rule {
    name: &'static str,
    pattern: &'static str,
}

/// What gives a value away by its own shape. Key shapes are those their issuers document.
const VALUES: [Rule; 9] = [
    Rule { name: "aws-access-key", pattern: r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b" },
    Rule { name: "private-key", pattern: r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)" },
    Rule { name: "json-web-token", pattern: r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}" },
    Rule { name: "url-password", pattern: r"\b[a-z][a-z0-9+.-]{1,20}://[^/\s:@]{1,64}:[^/\s:@]{3,128}@" },
    Rule { name: "github-token", pattern: r"\bgh[pousr]_[A-Za-z0-9]{36,}\b" },
    Rule { name: "slack-token", pattern: r"\bxox[abprs]-[A-Za-z0-9-]{10,}" },
    Rule {
        name: "assigned-secret",
        pattern: r#"(?i)\b(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|token)\s*=\s*[^\s'"&;,]{6,}"#,
    },
    Rule {
        name: "phi-ssn",
        pattern: r"\b(?:00[1-9]|0[1-9]\d|[1-578]\d\d|6[0-57-9]\d|66[0-57-9])-(?:0[1-9]|[1-9]\d)-(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})\b",
    },
    Rule { name: "phi-mrn", pattern: r"(?i)\bMRN[\s:#=_-]{0,3}\d{5,10}\b" },
];

/// Names whose values are secrets wherever names and values are free (environment variables, tags, parameters).
const SECRET_NAME: &str =
    r"(?i)(?:passw(?:or)?d|passwd|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|connection_?-?string|conn_?-?str)";

/// Values under such a name that only point to a secret kept elsewhere.
const REFERENCE: &str = r"^(?:arn:aws[a-z-]*:(?:secretsmanager|ssm|kms):|\{\{resolve:|ssm:|secretsmanager:|/aws/reference/|(?:true|false|\d{1,6}|none|null|required|optional|disabled|enabled)$)";

/// Members below which names and values are the customer's own.
const FREE: [&str; 8] =
    ["environment", "variables", "environmentvariables", "tags", "userdata", "environmentfiles", "buildargs", "hyperparameters"];

/// What was found in one document.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Findings {
    pub rules: BTreeMap<&'static str, u64>,
    /// Paths of members, without values.
    pub places: Vec<String>,
}

impl Findings {
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

struct Patterns {
    set: RegexSet,
    each: Vec<Regex>,
    name: Regex,
    reference: Regex,
}

fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let compile = |p: &str| Regex::new(p).expect("our own patterns compile");
        Patterns {
            set: RegexSet::new(VALUES.iter().map(|r| r.pattern)).expect("our own patterns compile"),
            each: VALUES.iter().map(|r| compile(r.pattern)).collect(),
            name: compile(SECRET_NAME),
            reference: compile(REFERENCE),
        }
    })
}

/// A quick look at raw bytes: false means that no rule can strike.
pub fn suspicious(bytes: &[u8]) -> bool {
    static QUICK: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let quick = QUICK.get_or_init(|| {
        let pattern = r"(?i-u)AKIA|ASIA|PRIVATE KEY|eyJ|://[^/\s:@]{1,64}:[^/\s:@]{3,128}@|gh[pousr]_|xox|passw|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|conn(?:ection)?_?-?str|\d\d\d-\d\d-\d\d\d\d|mrn";
        regex::bytes::Regex::new(pattern).expect("our own pattern compiles")
    });
    quick.is_match(bytes)
}

/// What some rule needs to strike in ASCII text: each rule but that of the social security number holds one of these.
const NEEDLES: &str = r"(?i-u)akia|asia|private key|eyj|://|gh[pousr]_|xox|passw|pwd|secret|token|key[= ]|mrn";

/// A look at one string that is cheaper than the rules: false means that none of them can strike.
fn possible(text: &str) -> bool {
    static NEEDLE: OnceLock<regex::bytes::Regex> = OnceLock::new();
    let needle = NEEDLE.get_or_init(|| regex::bytes::Regex::new(NEEDLES).expect("our own words compile"));
    // Beyond ASCII, letters fold and digits count that the words do not know; and white space may stand before `=`.
    if !text.is_ascii() || text.bytes().any(|b| b.is_ascii_control()) {
        return true;
    }
    text.len() >= 6 && (needle.is_match(text.as_bytes()) || social_security_number(text.as_bytes()))
}

/// Three digits, two, four, with hyphens between.
fn social_security_number(bytes: &[u8]) -> bool {
    let digits = |part: Option<&[u8]>| part.is_some_and(|p| p.iter().all(u8::is_ascii_digit));
    memchr::memchr_iter(b'-', bytes).any(|at| {
        at >= 3
            && bytes.get(at + 3) == Some(&b'-')
            && digits(bytes.get(at - 3..at))
            && digits(bytes.get(at + 1..at + 3))
            && digits(bytes.get(at + 4..at + 8))
    })
}

/// Redacts plain text. Returns the new text when something was found. `path` says where, when it is asked.
pub fn text(text: &str, path: impl Fn() -> String, findings: &mut Findings) -> Option<String> {
    if !possible(text) {
        return None;
    }
    let patterns = patterns();
    let hits = patterns.set.matches(text);
    if !hits.matched_any() {
        return None;
    }
    let mut current = text.to_string();
    for index in hits.iter() {
        let rule = VALUES[index].name;
        let replaced = patterns.each[index].replace_all(&current, |_: &regex::Captures<'_>| {
            findings.add(rule, &path);
            marker(rule)
        });
        current = replaced.into_owned();
    }
    Some(current)
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

    fn redacted(&mut self, value: &str, name: Option<&str>) -> Option<String> {
        let inner = value.trim_start();
        if (inner.starts_with('{') || inner.starts_with('[')) && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() {
            return self.inside(value);
        }
        let patterns = patterns();
        let secret_name = |literal: &str| unquoted(literal).is_some_and(|n| patterns.name.is_match(&n));
        if self.free > 0 && value.len() > 3 && name.is_some_and(secret_name) && !patterns.reference.is_match(value) {
            self.findings.add("named-secret", || place(self.above, &self.path));
            return Some(marker("named-secret"));
        }
        text(value, || place(self.above, &self.path), self.findings)
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
