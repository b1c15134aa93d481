//! The last look: whether any known name, or an account number within an ARN, is still in the bytes that are
//! about to leave.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use flate2::read::{GzDecoder, ZlibDecoder};
use regex::bytes::Regex;

use super::names::{Dictionary, Extent};
use super::tokens::Original;

/// The most that one packed part may unpack to.
const MAX_UNPACKED: u64 = 256 << 20;

/// Something that was left: its kind, and the name itself, for its owner alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    pub kind: Original,
    pub name: String,
}

pub struct Searcher {
    names: Vec<(Original, String)>,
    automaton: AhoCorasick,
}

impl Searcher {
    /// Names that are words of the program's own texts cannot be searched for as bytes.
    pub(super) fn new(names: &Dictionary) -> Searcher {
        let searched: Vec<_> =
            names.known().iter().filter(|known| known.extent == Extent::Anywhere).collect();
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .build(searched.iter().map(|known| known.original.as_bytes()))
            .expect("names fit into an automaton");
        Searcher {
            names: searched.iter().map(|known| (known.kind, known.original.clone())).collect(),
            automaton,
        }
    }

    /// Looks through one file and every layer in it: gzip as a whole, the streams of a PDF one by one.
    pub fn file(&self, name: &str, bytes: &[u8]) -> BTreeSet<Leftover> {
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut inner = Vec::new();
            let _ = GzDecoder::new(bytes).take(MAX_UNPACKED).read_to_end(&mut inner);
            return self.plain(&inner);
        }
        if bytes.starts_with(b"%PDF") {
            return self.pdf(bytes);
        }
        let shown = if name.ends_with(".html") { without_data(bytes) } else { bytes.to_vec() };
        self.plain(&shown)
    }

    fn plain(&self, bytes: &[u8]) -> BTreeSet<Leftover> {
        static ARN: OnceLock<Regex> = OnceLock::new();
        let arn = ARN.get_or_init(|| {
            Regex::new(r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:[0-9]{12}:").expect("a sound expression")
        });
        let mut found = BTreeSet::new();
        found.extend(arn.find(bytes).map(|m| Leftover {
            kind: Original::Account,
            name: String::from_utf8_lossy(m.as_bytes()).into_owned(),
        }));
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        for hit in self.automaton.find_overlapping_iter(bytes) {
            let (kind, name) = &self.names[hit.pattern().as_usize()];
            let longer =
                *kind == Original::Account && (digit(hit.start().checked_sub(1)) || digit(Some(hit.end())));
            if !longer {
                found.insert(Leftover { kind: *kind, name: name.clone() });
            }
        }
        found
    }

    /// What lies outside of streams, and what each packed stream unpacks to.
    fn pdf(&self, bytes: &[u8]) -> BTreeSet<Leftover> {
        let mut found = BTreeSet::new();
        let mut outside = Vec::new();
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&bytes[from..], b"stream") {
            let mut start = from + at + b"stream".len();
            outside.extend_from_slice(&bytes[from..start]);
            start += bytes[start..].iter().take(2).take_while(|b| matches!(b, b'\r' | b'\n')).count();
            let end =
                memchr::memmem::find(&bytes[start..], b"endstream").map_or(bytes.len(), |at| start + at);
            let mut inner = Vec::new();
            let packed = ZlibDecoder::new(&bytes[start..end]).take(MAX_UNPACKED).read_to_end(&mut inner);
            found.extend(if packed.is_ok() { self.plain(&inner) } else { self.plain(&bytes[start..end]) });
            from = (end + b"endstream".len()).min(bytes.len());
        }
        outside.extend_from_slice(&bytes[from..]);
        found.extend(self.plain(&outside));
        found
    }
}

/// A page without its embedded faces, whose letters are chance.
fn without_data(page: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.len());
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&page[from..], b";base64,") {
        let start = from + at;
        out.extend_from_slice(&page[from..start]);
        let end = page[start + 8..]
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')));
        from = end.map_or(page.len(), |end| start + 8 + end);
    }
    out.extend_from_slice(&page[from..]);
    out
}
