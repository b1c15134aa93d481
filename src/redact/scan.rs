//! Secrets and PHI in text: what to look for and where. Works on the strings of a JSON document, in place, so
//! that everything around a finding keeps its bytes. It decides what is redacted; `redact` decides what
//! becomes of it.

mod by_place;
mod encoded;
mod words;

use std::borrow::Cow;

pub use super::findings::{Findings, Numbers};
use super::literals::{Named, flat_end, last_literal, literal_end, place, unquoted};
use super::members::{ENVELOPES, FREE, PAIR_NAMES, PAIR_VALUES, is_one_of};
use super::quick::possible;
pub use super::quick::suspicious;
pub use super::rules::REDACTOR;
use super::rules::{PHONE, VALUES, patterns};
use super::{gitleaks, texts, undone};
use encoded::{encoded_parts, inside_encoded};

/// How deep encodings may lie in one another.
const MAX_DEPTH: u32 = 6;

/// Redacts plain text. Returns the new text when something was found. `path` says where, when it is asked.
pub fn text(text: &str, path: impl Fn() -> String, findings: &mut Findings) -> Option<String> {
    let look = Look { telephones: true, issuers: gitleaks::possible(text.as_bytes()), depth: 0 };
    strike(text, look, &path, findings)
}

/// How a text is to be looked at.
#[derive(Clone, Copy)]
struct Look {
    /// Whether numbers of telephones count here.
    telephones: bool,
    /// Whether the document holds a word of some issuer of keys: asked once for all of its strings.
    issuers: bool,
    /// How many encodings the text lies in.
    depth: u32,
}

fn strike(text: &str, look: Look, path: &dyn Fn() -> String, findings: &mut Findings) -> Option<String> {
    let mut current = if possible(text) { by_shape_and_place(text, look, path, findings) } else { None };
    if look.issuers {
        let before = current.as_deref().unwrap_or(text);
        let found: Vec<_> =
            gitleaks::find(before).into_iter().filter(|(rule, _)| findings.strikes(rule)).collect();
        current = replaced(before, found, path, findings).or(current);
    }
    let before = current.as_deref().unwrap_or(text);
    let hidden = encoded_parts(before, findings, look.depth);
    replaced(before, hidden, path, findings).or(current)
}

fn by_shape_and_place(
    text: &str,
    look: Look,
    path: &dyn Fn() -> String,
    findings: &mut Findings,
) -> Option<String> {
    let patterns = patterns();
    let mut current: Option<String> = None;
    for index in patterns.set.matches(text).iter() {
        let rule = VALUES[index].name;
        if (rule == PHONE && !look.telephones) || !findings.strikes(rule) {
            continue;
        }
        let before = current.as_deref().unwrap_or(text);
        let replaced = patterns.each[index].regex().replace_all(before, |found: &regex::Captures<'_>| {
            let whole = &found[0];
            if patterns.is_reference(rule, whole) {
                whole.to_string()
            } else {
                findings.mark(rule, whole, path)
            }
        });
        if let Cow::Owned(new) = replaced {
            current = Some(new).filter(|new| new != before).or(current);
        }
    }
    let before = current.as_deref().unwrap_or(text);
    let found: Vec<_> = texts::find(before).into_iter().filter(|(rule, _)| findings.strikes(rule)).collect();
    replaced(before, found, path, findings).or(current)
}

/// The text with each range replaced by its marker; `None` if there is none.
fn replaced(
    text: &str,
    found: Vec<(&'static str, std::ops::Range<usize>)>,
    path: &dyn Fn() -> String,
    findings: &mut Findings,
) -> Option<String> {
    if found.is_empty() {
        return None;
    }
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    for (rule, range) in found {
        // a marker is no finding
        if text[range.clone()].contains("[redacted ") || text[..range.start].ends_with("[redacted ") {
            continue;
        }
        out.push_str(&text[copied..range.start]);
        out.push_str(&findings.mark(rule, &text[range.clone()], path));
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    (copied > 0).then_some(out)
}

/// Redacts the strings of a JSON document. Returns the new document when something was found; bytes around a
/// finding stay as they are. JSON inside strings is looked into.
pub fn json(document: &str, findings: &mut Findings) -> Option<String> {
    walk(document, "", 0, 0, findings)
}

fn walk(document: &str, above: &str, free: usize, depth: u32, findings: &mut Findings) -> Option<String> {
    let issuers = gitleaks::possible(document.as_bytes());
    Walk {
        document,
        at: 0,
        out: String::new(),
        copied: 0,
        above,
        path: Vec::new(),
        free,
        depth,
        issuers,
        findings,
    }
    .run()
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
    /// How many strings this document lies in.
    depth: u32,
    /// Whether it holds a word of some issuer of keys.
    issuers: bool,
    findings: &'f mut Findings,
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

    fn look(&self, telephones: bool) -> Look {
        Look { telephones, issuers: self.issuers, depth: self.depth }
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.document.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n' | b',' | b':')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Walks one value; `name` is the member's, or the one that a pair around it gives.
    fn value(&mut self, name: Option<Named<'a>>) {
        match self.peek() {
            Some(b'{') => self.object(name),
            Some(b'[') => self.array(name),
            Some(b'"') => self.string_value(name),
            Some(b'}' | b']') | None => {}
            Some(_) => {
                let start = self.at;
                let rest = &self.document.as_bytes()[self.at..];
                let end =
                    rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
                self.at += end.unwrap_or(rest.len()).max(1);
                self.bare_value(name, start);
            }
        }
    }

    /// A number beside a name that says that it is a secret or PHI.
    fn bare_value(&mut self, name: Option<Named<'a>>, start: usize) {
        let Some(named) = name.filter(|named| self.free > 0 || named.pair) else { return };
        let literal = self.document.get(start..self.at).unwrap_or_default();
        if literal.len() < 7 || !literal.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        let key = unquoted(named.literal).unwrap_or_default();
        if let Some(rule) = patterns().by_name(&key, literal).filter(|rule| self.findings.strikes(rule)) {
            let marker = self.findings.mark(rule, literal, || place(self.above, &self.path));
            self.put(start, &marker);
        }
    }

    /// Replaces what stands from `start` to here by a string.
    fn put(&mut self, start: usize, new: &str) {
        self.out.push_str(&self.document[self.copied..start]);
        self.out.push_str(&serde_json::Value::String(new.to_string()).to_string());
        self.copied = self.at;
    }

    fn array(&mut self, name: Option<Named<'a>>) {
        self.at += 1;
        let mut flag: Option<&'a str> = None;
        let struck = self.words();
        loop {
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return;
                }
                None | Some(b'}') => return,
                Some(b'"') => {
                    let literal = &self.document[self.at..literal_end(self.document, self.at)];
                    let after = flag.map(|literal| Named { pair: true, ..Named::member(literal) });
                    if !self.struck(&struck) {
                        self.value(after.or(name));
                    }
                    // the words of a command: a flag gives the next one its name
                    flag = Some(literal)
                        .filter(|l| l.starts_with("\"-") && !l.contains(['=', ' ']) && after.is_none());
                }
                Some(_) => {
                    flag = None;
                    self.value(name);
                }
            }
        }
    }

    fn object(&mut self, holder: Option<Named<'a>>) {
        let pair = self.pair();
        self.at += 1;
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
                    let free = is_one_of(&FREE, &key);
                    self.free += usize::from(free);
                    let value_of_pair = is_one_of(&PAIR_VALUES, &key) || key.eq_ignore_ascii_case("s");
                    let name = match (pair.filter(|_| value_of_pair), holder) {
                        (Some(pair), _) => pair,
                        (None, Some(holder)) if value_of_pair => holder,
                        (None, _) => Named::member(literal),
                    };
                    self.path.push(literal);
                    self.value(Some(name));
                    self.path.pop();
                    self.free -= usize::from(free);
                }
                _ => return,
            }
        }
    }

    /// The name that the object at the current place gives its value, whichever of the two comes first.
    fn pair(&self) -> Option<Named<'a>> {
        let bytes = self.document.as_bytes();
        let (mut at, mut members) = (self.at + 1, 0);
        let (mut named, mut weak): (Option<Named<'a>>, Option<Named<'a>>) = (None, None);
        let (mut secret, mut pointer) = (false, false);
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
        while members < 12 {
            at += bytes.get(at..)?.iter().take_while(|b| blank(b)).count();
            if bytes.get(at) != Some(&b'"') {
                break;
            }
            let end = literal_end(self.document, at);
            let key = unquoted(&self.document[at..end]).unwrap_or_default();
            at = end;
            at += bytes.get(at..)?.iter().take_while(|b| blank(b)).count();
            let start = at;
            match bytes.get(at)? {
                b'"' => at = literal_end(self.document, at),
                // what holds further values is skipped only if it is short: pairs are flat
                b'{' | b'[' => at += flat_end(&bytes[at..])?,
                _ => at += bytes[at..].iter().take_while(|b| !matches!(b, b',' | b'}' | b']')).count(),
            }
            let value = self.document.get(start..at)?;
            if named.is_none() && value.starts_with('"') && is_one_of(&PAIR_NAMES, &key) {
                named = Some(Named::member(value));
            } else if is_one_of(&["type", "settype"], &key) {
                secret |= value.eq_ignore_ascii_case("\"SecureString\"");
                pointer |= is_one_of(&["\"PARAMETER_STORE\"", "\"SECRETS_MANAGER\""], value);
            } else if is_one_of(&["isvaluesecret", "noecho", "issecret", "sensitive"], &key) {
                secret |= value.trim_matches('"').eq_ignore_ascii_case("true");
            } else if is_one_of(&["id"], &key) && value.starts_with('"') {
                weak = Some(Named::member(value));
            } else if is_one_of(&["fieldtomatch"], &key) {
                weak = last_literal(value).map(Named::member);
            } else if is_one_of(&["stagekeys"], &key) {
                // of the keys of an API with their values
                secret = true;
            }
            members += 1;
        }
        let named = named.or(weak).or(secret.then(|| Named::member("\"secret\"")));
        named.map(|named| Named { pair: true, secret, pointer, ..named })
    }

    /// The string literal at the current place, quotes included; moves behind it.
    fn raw_string(&mut self) -> &'a str {
        let start = self.at;
        let end = literal_end(self.document, start);
        self.at = end;
        let literal = &self.document[start..end];
        if literal.len() >= 2 && literal.ends_with('"') { literal } else { "\"\"" }
    }

    fn string_value(&mut self, name: Option<Named<'a>>) {
        let start = self.at;
        let Some(text) = unquoted(self.raw_string()) else { return };
        if let Some(new) = self.redacted(&text, name) {
            self.put(start, &new);
        }
    }

    /// A name of a member is the customer's own where it is a tag's: PHI in it is replaced, too.
    fn name(&mut self, literal: &str, key: &str) {
        if let Some(new) =
            strike(key, self.look(self.free > 0), &|| place(self.above, &self.path), self.findings)
        {
            self.out.push_str(&self.document[self.copied..self.at - literal.len()]);
            self.out.push_str(&serde_json::Value::String(new).to_string());
            self.copied = self.at;
        }
    }

    fn redacted(&mut self, value: &str, name: Option<Named<'a>>) -> Option<String> {
        if value.len() < 3 {
            return None;
        }
        let inner = value.trim_start();
        let key = name.and_then(|named| unquoted(named.literal)).unwrap_or_default().into_owned();
        if self.depth < MAX_DEPTH
            && inner.starts_with(['{', '[', '"'])
            && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok()
        {
            return self.inside(value, &key);
        }
        if let Some(rule) = self.named(value, name, &key).filter(|rule| self.findings.strikes(rule)) {
            return Some(self.findings.mark(rule, value, || place(self.above, &self.path)));
        }
        if let Some(new) = self.percent(value, &key) {
            return Some(new);
        }
        let own_field =
            ["endpoint", "phonenumber", "phone", "fax"].iter().any(|word| key.eq_ignore_ascii_case(word));
        let look = self.look(!own_field);
        let (above, path) = (self.above, &self.path);
        let hit = strike(value, look, &|| place(above, path), self.findings);
        if hit.is_some() || self.depth >= MAX_DEPTH || value.len() < 16 {
            return hit;
        }
        let rule = inside_encoded(&undone::base64_text(value)?, self.findings, self.depth)?;
        Some(self.findings.mark(rule, value, || place(self.above, &self.path)))
    }

    /// A document inside a string: its names are the customer's, unless it is one of AWS's own.
    fn inside(&mut self, document: &str, key: &str) -> Option<String> {
        let above = place(self.above, &self.path);
        let own = is_one_of(&ENVELOPES, key);
        walk(
            document,
            &above,
            self.free + usize::from(!own && self.depth_is_free(document)),
            self.depth + 1,
            self.findings,
        )
    }

    /// Policies are AWS's language even where the customer wrote them.
    fn depth_is_free(&self, document: &str) -> bool {
        !document.contains("\"Statement\"")
    }
}

#[cfg(test)]
mod tests;
