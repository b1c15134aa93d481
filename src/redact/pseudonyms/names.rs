//! The names that are known, and where each may stand. A distinctive name is replaced wherever it stands,
//! inside longer words too; a short one only as a whole word; a name that is also a word of the program's own
//! texts only in the place of a name.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::normal::readings;
use super::tokens::Original;

/// From so many characters on, a name with a sign or digit in it, or without, is no accident inside another
/// word.
const DISTINCTIVE: usize = 6;
const LONG: usize = 9;

/// Where a name is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Anywhere,
    Word,
    /// A word of the program's own texts: replaced between quotes, after the kind of thing it names, and as a
    /// whole value.
    Place,
}

#[derive(Debug)]
pub(super) struct KnownName {
    pub original: String,
    pub kind: Original,
    pub extent: Extent,
}

/// The program's own texts, in lower case.
pub struct OwnTexts {
    text: String,
    /// Words that were asked for, since the same few come again and again.
    asked: RefCell<BTreeMap<String, bool>>,
}

impl OwnTexts {
    pub fn new<'a>(texts: impl Iterator<Item = &'a str>) -> OwnTexts {
        let mut all = String::new();
        for text in texts {
            all.push_str(&text.to_ascii_lowercase());
            all.push('\n');
        }
        OwnTexts { text: all, asked: RefCell::default() }
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        memchr::memmem::find(self.text.as_bytes(), text.to_ascii_lowercase().as_bytes()).is_some()
    }

    pub(super) fn has_word(&self, text: &str) -> bool {
        if let Some(known) = self.asked.borrow().get(text) {
            return *known;
        }
        let lower = text.to_ascii_lowercase();
        let found = memchr::memmem::find_iter(self.text.as_bytes(), lower.as_bytes())
            .any(|at| is_word(&self.text, &(at..at + lower.len())));
        self.asked.borrow_mut().insert(text.to_string(), found);
        found
    }
}

/// Whether neither end of the range lies within a word.
pub(super) fn is_word(text: &str, range: &Range<usize>) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !inside(text[..range.start].chars().next_back()) && !inside(text[range.end..].chars().next())
}

/// A number that is part of a longer one is another number.
fn is_number(text: &str, range: &Range<usize>) -> bool {
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    !digit(text[..range.start].chars().next_back()) && !digit(text[range.end..].chars().next())
}

#[derive(Debug)]
pub(super) struct Dictionary {
    known: Vec<KnownName>,
    exact: BTreeMap<String, usize>,
    automaton: AhoCorasick,
    /// The entry of each pattern; a name has several spellings.
    owner: Vec<usize>,
}

impl Dictionary {
    /// `names` come with their kinds; the first kind of a name counts.
    pub fn new(names: impl IntoIterator<Item = (Original, String)>, own: &OwnTexts) -> Dictionary {
        let mut exact = BTreeMap::new();
        let mut known: Vec<KnownName> = Vec::new();
        for (kind, original) in names {
            if original.trim().is_empty() || exact.contains_key(&original) {
                continue;
            }
            exact.insert(original.clone(), known.len());
            known.push(KnownName { original, kind, extent: Extent::Anywhere });
        }
        classify(&mut known, own);
        let (mut patterns, mut owner) = (Vec::new(), Vec::new());
        for (i, entry) in known.iter().enumerate() {
            for spelling in spellings(entry.kind, &entry.original) {
                patterns.push(spelling);
                owner.push(i);
            }
        }
        Dictionary { known, exact, automaton: automaton(&patterns), owner }
    }

    pub fn kind(&self, text: &str) -> Option<Original> {
        self.exact.get(text).map(|i| self.known[*i].kind)
    }

    pub fn known(&self) -> &[KnownName] {
        &self.known
    }

    /// The names in `text`, longest first, none over another, in the order in which they stand. `own`: words
    /// that are not names here, though they may be elsewhere.
    pub fn find(&self, text: &str, own: Option<&BTreeSet<String>>) -> Vec<(Range<usize>, &KnownName)> {
        let mut found: Vec<(Range<usize>, &KnownName)> = Vec::new();
        for reading in readings(text) {
            for hit in self.automaton.find_overlapping_iter(&reading.text) {
                let spelled = &reading.text[hit.range()];
                let entry =
                    self.exact.get(spelled).map_or_else(|| self.owner[hit.pattern().as_usize()], |i| *i);
                let known = &self.known[entry];
                if stands(&reading.text, &hit.range(), known, own) {
                    found.push((reading.range(hit.range()), known));
                }
            }
        }
        found.sort_by_key(|(range, _)| (std::cmp::Reverse(range.len()), range.start));
        let mut taken: BTreeMap<usize, (usize, &KnownName)> = BTreeMap::new();
        for (range, known) in found {
            let before = taken.range(..range.end).next_back().is_some_and(|(_, (end, _))| *end > range.start);
            if !before {
                taken.insert(range.start, (range.end, known));
            }
        }
        taken.into_iter().map(|(start, (end, known))| (start..end, known)).collect()
    }
}

fn automaton(patterns: &[String]) -> AhoCorasick {
    AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(patterns)
        .expect("names fit into an automaton")
}

/// A name as it is, and as URLs and policies spell it; an account number in groups of four; an id without its
/// hyphens or what stands before the last.
fn spellings(kind: Original, name: &str) -> BTreeSet<String> {
    use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
    const URL: percent_encoding::AsciiSet =
        NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    const PATH: percent_encoding::AsciiSet = URL.remove(b'/').remove(b':').remove(b'@');
    let mut all = BTreeSet::from([name.to_string()]);
    all.insert(utf8_percent_encode(name, &URL).to_string());
    all.insert(utf8_percent_encode(name, &PATH).to_string());
    all.insert(name.replace(' ', "+"));
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    if !decoded.trim().is_empty() && !decoded.contains('\u{fffd}') {
        all.insert(decoded.into_owned());
    }
    if kind == Original::Account && name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit()) {
        all.extend(["-", " ", "."].map(|sign| [&name[..4], &name[4..8], &name[8..]].join(sign)));
    }
    if kind == Original::Id {
        all.extend(bare(name));
    }
    all
}

/// `0a54ca290f6cfd326` of `sg-0a54ca290f6cfd326`; the 32 digits of a UUID; the first eight of either, as
/// people cut them short.
fn bare(id: &str) -> Vec<String> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let flat = id.replace('-', "");
    let tail = id.rsplit_once('-').map(|(_, tail)| tail).filter(|tail| tail.len() == 17 && digits(tail));
    let whole = match tail {
        _ if id.len() == 36 && flat.len() == 32 && digits(&flat) => flat,
        Some(tail) => tail.to_string(),
        None => return Vec::new(),
    };
    // digits alone may be a date, letters alone a word
    let short = whole[..8].to_string();
    let mixed = short.bytes().any(|b| b.is_ascii_digit()) && short.bytes().any(|b| b.is_ascii_alphabetic());
    [Some(whole), mixed.then_some(short)].into_iter().flatten().collect()
}

fn stands(text: &str, range: &Range<usize>, known: &KnownName, own: Option<&BTreeSet<String>>) -> bool {
    match known.extent {
        Extent::Anywhere if known.kind == Original::Account => is_number(text, range),
        Extent::Anywhere => true,
        Extent::Word => is_word(text, range),
        Extent::Place => {
            let said = own.is_some_and(|own| !own.contains(&known.original.to_ascii_lowercase()));
            is_word(text, range)
                && (said || text.len() == range.len() || is_quoted(text, range) || is_called(text, range))
        }
    }
}

fn is_quoted(text: &str, range: &Range<usize>) -> bool {
    let quote = |c: Option<char>| c.is_some_and(|c| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’'));
    quote(text[..range.start].chars().next_back()) && quote(text[range.end..].chars().next())
}

/// `bucket NAME (in PHI scope)`.
fn is_called(text: &str, range: &Range<usize>) -> bool {
    const THINGS: [&str; 22] = [
        "bucket",
        "table",
        "database",
        "instance",
        "cluster",
        "function",
        "queue",
        "topic",
        "secret",
        "role",
        "user",
        "group",
        "key",
        "trail",
        "alias",
        "stream",
        "repository",
        "vault",
        "domain",
        "service",
        "snapshot",
        "pool",
    ];
    let head = &text[..range.start];
    // `log group /aws/trail/NAME`: what names the thing stands before the path
    let path = if head.ends_with('/') { head.trim_end_matches(|c: char| !c.is_whitespace()) } else { head };
    let before = path
        .strip_suffix(' ')
        .and_then(|t| t.rsplit(|c: char| !c.is_alphanumeric()).next())
        .unwrap_or_default();
    let after = text[range.end..].trim_start_matches(' ').chars().next();
    THINGS.iter().any(|thing| before.eq_ignore_ascii_case(thing))
        && after.is_none_or(|c| "(:,;.)".contains(c))
}

/// What of the program's own texts holds a name decides where that name may be replaced.
fn classify(known: &mut [KnownName], own: &OwnTexts) {
    let patterns: Vec<String> = known.iter().map(|k| k.original.clone()).collect();
    let mut held = vec![(false, false); known.len()];
    for hit in automaton(&patterns).find_overlapping_iter(&own.text) {
        let flags = &mut held[hit.pattern().as_usize()];
        flags.0 = true;
        flags.1 |= is_word(&own.text, &hit.range());
    }
    // two spellings of one pattern are told apart by case alone, and both are held
    for (entry, (inside, word)) in known.iter_mut().zip(held) {
        let length = entry.original.chars().count();
        let plain = entry.original.chars().all(char::is_alphabetic);
        let distinctive = length >= LONG || (length >= DISTINCTIVE && !plain);
        let certain = match entry.kind {
            Original::Account | Original::Mail | Original::Id | Original::Digest => length >= DISTINCTIVE,
            Original::Reference => length >= DISTINCTIVE && !inside,
            Original::Address | Original::Host | Original::Name | Original::Person | Original::Phone => {
                distinctive && !inside
            }
        };
        entry.extent = match (certain, word) {
            (true, _) => Extent::Anywhere,
            (false, true) => Extent::Place,
            (false, false) => Extent::Word,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(names: &[&str]) -> Dictionary {
        let own = OwnTexts::new(["keeps records of every bucket policy; the vault is encrypted"].into_iter());
        Dictionary::new(names.iter().map(|n| (Original::Name, (*n).to_string())), &own)
    }

    fn found(dictionary: &Dictionary, text: &str) -> Vec<String> {
        dictionary.find(text, None).into_iter().map(|(range, _)| text[range].to_string()).collect()
    }

    #[test]
    fn the_longest_name_wins_and_a_short_one_is_a_whole_word() {
        let names = dictionary(&["twin-prod", "twin-prod-db", "abc", "Zürich-9"]);
        assert_eq!(found(&names, "see TWIN-PROD-DB and twin-prodx"), ["TWIN-PROD-DB", "twin-prod"]);
        assert_eq!(found(&names, "abc, xabc, abcd, x-abc"), ["abc", "abc"]);
        assert_eq!(found(&names, "https://h/Z%C3%BCrich-9/"), ["Z%C3%BCrich-9"]);
    }

    #[test]
    fn a_name_that_is_a_common_word_goes_only_where_a_name_stands() {
        let names = dictionary(&["records"]);
        assert!(found(&names, "keeps records of every call").is_empty());
        assert_eq!(found(&names, "the bucket \"records\" is open").len(), 1);
        assert_eq!(found(&names, "S3 bucket records (in PHI scope): open").len(), 1);
        assert_eq!(found(&names, "feeds log group /aws/trail/records; last").len(), 1);
        assert!(found(&names, "reads and/or writes records; last").is_empty());
        assert_eq!(found(&names, "records").len(), 1);
        let own = BTreeSet::from(["logs".to_string()]);
        assert_eq!(
            names.find("logs go to records", Some(&own)).len(),
            1,
            "a word that the query does not say is a name"
        );
    }
}
