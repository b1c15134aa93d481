//! Texts with pseudonyms in place of what leads to somebody: known names first, the longest before the
//! shorter, then whatever looks like an account, an identifier, an address, a host or a person. Pure: the
//! same key, names and text give the same text.

mod encoded;
mod leftover;
mod names;
mod normal;
mod patterns;
mod public;
mod tokens;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::dossier::Removal;

pub use leftover::{Leftover, Searcher};
pub use names::OwnTexts;
pub use tokens::{AudienceKey, Original};

use names::Dictionary;
use tokens::Tokens;

/// How far a known name reaches before it is asked for: shorter ones are only replaced in the place of a
/// name.
const SHORTEST: usize = 3;
const LONGEST: usize = 300;

/// Whether a value of a member that names things is worth knowing.
pub fn is_name(value: &str) -> bool {
    let length = value.chars().count();
    let shaped = (SHORTEST..=LONGEST).contains(&length)
        && value.chars().any(|c| c.is_alphabetic() || c == '.' || c == ':');
    let account = length == 12 && value.bytes().all(|b| b.is_ascii_digit());
    let flag = ["true", "false", "none", "null", "yes", "no", "enabled", "disabled"]
        .contains(&value.to_ascii_lowercase().as_str());
    let time = value.len() >= 10
        && value.as_bytes()[4] == b'-'
        && value.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    let public = value.split(['/', ':']).all(|part| part.is_empty() || public::is_public_segment(part));
    (shaped || account) && !flag && !time && !public && !public::is_aws_value(value)
}

/// What kind of thing a name is, by its shape.
pub fn kind_of(name: &str) -> Original {
    patterns::kind_of(name)
}

/// The parts of an ARN, of a path or of any name in parts that are names by themselves.
pub fn parts(name: &str) -> Vec<String> {
    let rest = match patterns::Arn::split(name) {
        Some(arn) if arn.account == "aws" => return Vec::new(),
        Some(arn) => arn.named().1,
        None => name,
    };
    let cut: Vec<&str> = rest.split(['/', ':']).collect();
    let single = cut.len() == 1 && rest == name;
    let kept = cut.into_iter().filter(|part| !single && is_name(part) && !public::is_public_segment(part));
    kept.map(str::to_string).collect()
}

/// Replaces what leads to somebody by pseudonyms of one audience.
pub struct Pseudonyms {
    names: Dictionary,
    tokens: Tokens,
    own: OwnTexts,
    /// Digests that everybody can have: of the catalog, of the list of services.
    known_digests: BTreeSet<String>,
}

/// A piece of a text on its way.
enum Piece {
    Raw(String),
    Done(String),
}

impl Pseudonyms {
    pub fn new(
        key: AudienceKey,
        names: impl IntoIterator<Item = (Original, String)>,
        own: OwnTexts,
        known_digests: BTreeSet<String>,
    ) -> Pseudonyms {
        Pseudonyms { names: Dictionary::new(names, &own), tokens: Tokens::new(key), own, known_digests }
    }

    /// Prose, of the evidence or of people.
    pub fn text(&self, text: &str) -> String {
        self.with_own_words(text, None)
    }

    /// A sentence that a query wrote, whose own words are `own` in lower case: any other word that is a name
    /// is one.
    pub fn sentence(&self, text: &str, own: &BTreeSet<String>) -> String {
        self.with_own_words(text, Some(own))
    }

    fn with_own_words(&self, text: &str, own: Option<&BTreeSet<String>>) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mut pieces = split(vec![Piece::Raw(text.to_string())], &|raw| self.encoded(raw, own));
        if text.contains("arn:") {
            // first those that hold what no pattern expects, such as spaces
            pieces = split(pieces, &|raw| self.known(raw, own, &|known| known.starts_with("arn:")));
        }
        pieces = split(pieces, &|raw| {
            patterns::arns(raw).into_iter().map(|range| (range.clone(), self.arn(&raw[range]))).collect()
        });
        pieces = split(pieces, &|raw| self.shapes(raw, &patterns::BEFORE));
        pieces = split(pieces, &|raw| self.known(raw, own, &|_| true));
        pieces = split(pieces, &|raw| self.shapes(raw, &patterns::AFTER));
        join(pieces)
    }

    /// A text of the program's own, in which only known names can stand.
    pub fn own_text(&self, text: &str) -> String {
        join(split(vec![Piece::Raw(text.to_string())], &|raw| self.known(raw, None, &|_| true)))
    }

    /// A value that names a thing, as a whole: an ARN, an id, a name in parts.
    pub fn name(&self, value: &str) -> String {
        if value.trim().is_empty() || public::is_aws_value(value) {
            return value.to_string();
        }
        if patterns::Arn::split(value).is_some() {
            return self.arn(value);
        }
        if value.starts_with("program/") {
            return self.text(value);
        }
        if self.names.kind(value).is_some() || patterns::kind_of(value) != Original::Name {
            return self.leaf(value);
        }
        let known = |part: &str| {
            public::is_aws_value(part) || (self.names.kind(part).is_none() && self.own.has_word(part))
        };
        in_parts(value, &['/', '|', '#'], &|part| {
            if known(part) { part.to_string() } else { self.leaf(part) }
        })
    }

    /// A value that names a person, with what follows the name after a comma as prose. A role that the
    /// program's own texts know is nobody.
    pub fn person(&self, value: &str) -> String {
        if value.trim().is_empty() || value == "–" {
            return value.to_string();
        }
        let at = value.find([',', '(', '<']).unwrap_or(value.len());
        let (name, rest) = value.split_at(at);
        let trimmed = name.trim();
        let replaced = match patterns::kind_of(trimmed) {
            kind @ (Original::Mail | Original::Phone) => self.tokens.token(kind, trimmed),
            _ if self.names.kind(trimmed).is_none() && self.own.has_word(trimmed) => trimmed.to_string(),
            _ => self.tokens.token(Original::Person, trimmed),
        };
        format!("{}{}", name.replacen(trimmed, &replaced, 1), self.text(rest))
    }

    /// The pseudonym of something whose kind is known.
    pub fn token(&self, kind: Original, original: &str) -> String {
        self.tokens.token(kind, original)
    }

    pub fn removals(&self) -> Vec<Removal> {
        self.tokens.removals()
    }

    /// Looks for what is still there.
    pub fn searcher(&self) -> Searcher {
        Searcher::new(&self.names)
    }

    fn known(
        &self,
        raw: &str,
        own: Option<&BTreeSet<String>>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Vec<(Range<usize>, String)> {
        let found = self.names.find(raw, own).into_iter().filter(|(_, known)| wanted(&known.original));
        found.map(|(range, known)| (range, self.known_token(known.kind, &known.original))).collect()
    }

    /// Base 64 of a text in which something leads to somebody, as a whole.
    fn encoded(&self, raw: &str, own: Option<&BTreeSet<String>>) -> Replacements {
        let leads = |plain: &str| self.with_own_words(plain, own) != plain;
        let found = encoded::encoded(raw).into_iter().filter(|(_, plain)| leads(plain));
        found.map(|(range, plain)| (range, self.tokens.token(Original::Name, &plain))).collect()
    }

    fn known_token(&self, kind: Original, original: &str) -> String {
        match kind {
            Original::Name if original.starts_with("arn:") => self.arn(original),
            Original::Name => self.leaf(original),
            Original::Account
            | Original::Address
            | Original::Digest
            | Original::Host
            | Original::Id
            | Original::Mail
            | Original::Person
            | Original::Phone
            | Original::Reference => self.tokens.token(kind, original),
        }
    }

    fn shapes(&self, raw: &str, shapes: &[patterns::TextShape]) -> Vec<(Range<usize>, String)> {
        let found = patterns::find(raw, shapes);
        let ours = found.into_iter().filter(|(range, kind)| !self.is_public(&raw[range.clone()], *kind));
        ours.map(|(range, kind)| {
            let original = &raw[range.clone()];
            (range, self.tokens.token(self.names.kind(original).unwrap_or(kind), original))
        })
        .collect()
    }

    fn is_public(&self, text: &str, kind: Original) -> bool {
        match kind {
            Original::Address => public::is_public_address(text),
            Original::Digest => self.known_digests.contains(text),
            Original::Host => {
                self.names.kind(text).is_none()
                    && (public::is_service_principal(text)
                        || text.starts_with("com.amazonaws.")
                        || self.own.holds(text))
            }
            Original::Id => text.bytes().all(|b| b == b'0' || b == b'-'),
            Original::Account
            | Original::Mail
            | Original::Name
            | Original::Person
            | Original::Phone
            | Original::Reference => false,
        }
    }

    /// An ARN that keeps what everybody may know: partition, service, region and type.
    fn arn(&self, text: &str) -> String {
        let Some(arn) = patterns::Arn::split(text) else { return self.leaf(text) };
        if arn.account == "aws" {
            return text.to_string();
        }
        let account = match arn.account {
            "" | "*" | "aws-marketplace" => arn.account.to_string(),
            account => self.tokens.token(Original::Account, account),
        };
        let region = if arn.region.is_empty() || arn.region == "*" || public::is_region(arn.region) {
            arn.region.to_string()
        } else {
            self.tokens.token(Original::Name, arn.region)
        };
        let (kind, rest) = arn.named();
        format!("arn:{}:{}:{region}:{account}:{kind}{}", arn.partition, arn.service, self.leaf(rest))
    }

    /// A name in parts, each part by itself, so that a part is the same wherever it stands.
    fn leaf(&self, name: &str) -> String {
        let whole = patterns::kind_of(name);
        if whole != Original::Name {
            return self.tokens.token(self.names.kind(name).unwrap_or(whole), name);
        }
        in_parts(name, &['/', ':'], &|part| {
            let known = self.names.kind(part);
            if part.is_empty()
                || (known.is_none() && (public::is_public_segment(part) || part.starts_with("${")))
            {
                return part.to_string();
            }
            self.tokens.token(known.unwrap_or_else(|| patterns::kind_of(part)), part)
        })
    }
}

fn in_parts(text: &str, at: &[char], replace: &dyn Fn(&str) -> String) -> String {
    text.split_inclusive(at)
        .map(|part| {
            let (name, end) = match part.chars().next_back() {
                Some(c) if at.contains(&c) => part.split_at(part.len() - c.len_utf8()),
                Some(_) | None => (part, ""),
            };
            replace(name) + end
        })
        .collect()
}

/// What was found in a text, in order: where, and what replaces it.
type Replacements = Vec<(Range<usize>, String)>;

/// Takes out of the raw pieces what `find` finds, in order.
fn split(pieces: Vec<Piece>, find: &dyn Fn(&str) -> Replacements) -> Vec<Piece> {
    let mut out = Vec::new();
    for piece in pieces {
        let Piece::Raw(raw) = piece else {
            out.push(piece);
            continue;
        };
        let mut from = 0;
        for (range, replacement) in find(&raw) {
            out.push(Piece::Raw(raw[from..range.start].to_string()));
            out.push(Piece::Done(replacement));
            from = range.end;
        }
        out.push(Piece::Raw(raw[from..].to_string()));
    }
    out
}

fn join(pieces: Vec<Piece>) -> String {
    let text = |piece| match piece {
        Piece::Raw(text) | Piece::Done(text) => text,
    };
    pieces.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests;
