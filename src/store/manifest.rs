//! The text files of a BagIt bag (RFC 8493): declaration, manifests, bag-info. Reading is as strict as
//! writing is regular: text that we would not have written is an error, so nothing can hide in a variant.

use std::collections::BTreeMap;

use crate::diag::is_hazard;
use crate::model::Digest;
use crate::store::path::{BagPath, PathProblem};

pub const DECLARATION: &str = "bagit.txt";
pub const INFO: &str = "bag-info.txt";
pub const MANIFEST: &str = "manifest-sha256.txt";
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
pub const PAYLOAD: &str = "data/";
/// The only declaration we write or accept (section 2.1.1).
pub const DECLARATION_TEXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// The label whose value is `<bytes>.<files>` of the payload (section 2.2.2).
pub const OXUM: &str = "Payload-Oxum";

/// Paths and digests, sorted by path (section 2.1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<BagPath, Digest>);

/// The pairs of bag-info.txt in their order (section 2.2.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BagInfo(Vec<(String, String)>);

/// What is wrong with a tag file, and in which line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TagFileError {
    #[error("not UTF-8 text whose every line ends in a line feed")]
    NotLines,
    #[error("line {0} is not a digest, two spaces and a path")]
    NotAnEntry(usize),
    #[error("line {0} names a path that is not allowed: {1}")]
    Path(usize, PathProblem),
    #[error("line {0} names a path twice or out of order")]
    Order(usize),
    #[error("line {0} is not `Label: value`")]
    NotAPair(usize),
}

impl Manifest {
    /// Returns false if the path is already there.
    pub fn insert(&mut self, path: BagPath, digest: Digest) -> bool {
        self.0.insert(path, digest).is_none()
    }

    pub fn digest(&self, path: &BagPath) -> Option<Digest> {
        self.0.get(path).copied()
    }

    pub fn entries(&self) -> impl Iterator<Item = (&BagPath, Digest)> {
        self.0.iter().map(|(path, digest)| (path, *digest))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `<digest>  <path>` lines: also what `sha256sum -c` reads.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|(path, digest)| format!("{digest}  {}\n", encode(path.as_str()))).collect()
    }

    pub fn parse(bytes: &[u8]) -> Result<Manifest, TagFileError> {
        let mut manifest = Manifest::default();
        for (number, line) in lines(bytes)? {
            let (digest, path) = line.split_once("  ").ok_or(TagFileError::NotAnEntry(number))?;
            let digest = digest.parse().map_err(|_| TagFileError::NotAnEntry(number))?;
            let path = BagPath::new(&decode(path)).map_err(|problem| TagFileError::Path(number, problem))?;
            if manifest.0.last_key_value().is_some_and(|(last, _)| *last >= path) {
                return Err(TagFileError::Order(number));
            }
            manifest.insert(path, digest);
        }
        Ok(manifest)
    }
}

impl BagInfo {
    /// Pairs as they will be written: see [`clean`] for values. Labels are the caller's constants.
    pub fn new<L: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (L, V)>) -> BagInfo {
        BagInfo(
            pairs
                .into_iter()
                .map(|(label, value)| (label.as_ref().to_owned(), clean(value.as_ref())))
                .collect(),
        )
    }

    /// The value of a label that occurs exactly once.
    pub fn value(&self, label: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(l, _)| l == label).map(|(_, v)| v.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The pairs that its writer states; the size of the payload is counted when the bag is closed.
    pub fn stated(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(label, _)| label != OXUM).cloned().collect()
    }

    pub fn push(&mut self, label: &str, value: &str) {
        self.0.push((label.to_owned(), clean(value)));
    }

    pub fn to_text(&self) -> String {
        self.0.iter().map(|(label, value)| format!("{label}: {value}\n")).collect()
    }

    pub fn parse(bytes: &[u8]) -> Result<BagInfo, TagFileError> {
        let pair = |(number, line): (usize, &str)| {
            let (label, value) = line.split_once(": ").ok_or(TagFileError::NotAPair(number))?;
            let regular = !label.is_empty() && !label.contains(char::is_whitespace) && clean(value) == value;
            regular.then(|| (label.to_owned(), value.to_owned())).ok_or(TagFileError::NotAPair(number))
        };
        lines(bytes)?.map(pair).collect::<Result<_, _>>().map(BagInfo)
    }
}

/// A value as bag-info.txt can hold it: one line; control and direction characters and runs of spaces become
/// one space.
pub fn clean(value: &str) -> String {
    value
        .split(|c: char| c.is_whitespace() || is_hazard(c))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn lines(bytes: &[u8]) -> Result<impl Iterator<Item = (usize, &str)>, TagFileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| TagFileError::NotLines)?;
    let body =
        if text.is_empty() { Some("") } else { text.strip_suffix('\n') }.ok_or(TagFileError::NotLines)?;
    let lines = if text.is_empty() { None } else { Some(body.split('\n')) };
    Ok(lines.into_iter().flatten().enumerate().map(|(i, line)| (i + 1, line)))
}

/// Section 2.1.3: CR, LF and the percent sign are percent-encoded in paths. Our own paths hold none.
fn encode(path: &str) -> String {
    path.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

fn decode(path: &str) -> String {
    path.replace("%0A", "\n")
        .replace("%0a", "\n")
        .replace("%0D", "\r")
        .replace("%0d", "\r")
        .replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn manifest(paths: &[&str]) -> Manifest {
        let mut manifest = Manifest::default();
        for path in paths {
            manifest.insert(BagPath::new(path).unwrap(), Digest::of(path.as_bytes()));
        }
        manifest
    }

    #[test]
    fn manifests_round_trip_and_variants_are_refused() {
        let m = manifest(&["data/b", "data/a/z.json"]);
        let text = m.to_text();
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(m));
        assert_eq!(Manifest::parse(b""), Ok(Manifest::default()));
        let reversed: String = text.lines().rev().map(|l| format!("{l}\n")).collect();
        for wrong in [
            text.trim_end().to_owned(),
            text.replace("  ", " *"),
            text.replace('\n', "\r\n"),
            text.to_uppercase(),
            format!("{text}\n"),
            format!("{text}{text}"),
            reversed,
            text.replace("data/b", "data/../b"),
            text.replace("data/b", "data/b%0A"),
        ] {
            assert!(Manifest::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn info_values_stay_on_one_line() {
        let info = BagInfo::new([("Source-Organization", "Meridian\r\nPayload-Oxum: 1.1 \u{202e}x")]);
        assert_eq!(info.to_text(), "Source-Organization: Meridian Payload-Oxum: 1.1 x\n");
        assert_eq!(BagInfo::parse(info.to_text().as_bytes()), Ok(info));
        assert!(BagInfo::parse(b"A: 1\nA: 2\n").unwrap().value("A").is_none(), "said twice is not said");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_the_inverse_of_writing(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            if let Ok(m) = Manifest::parse(&bytes) {
                prop_assert_eq!(m.to_text().into_bytes(), bytes.clone());
            }
            if let Ok(i) = BagInfo::parse(&bytes) {
                prop_assert_eq!(i.to_text().into_bytes(), bytes);
            }
        }
    }
}
