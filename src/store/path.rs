//! Names that are safe on every system a package may be opened on. One rule for writing and for reading, so
//! an archive holds no name that a file system, a shell or a reader's eye could take for another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::model::Digest;
use crate::model::device_names::reserved;

/// The longest path inside a bag, in bytes. With a folder of 40 before it, Windows' 260 still hold.
pub const MAX_PATH: usize = 220;
/// The longest name that [`portable_name`] makes, in bytes.
pub const MAX_NAME: usize = 80;

/// A path inside a bag: relative, `/` between its parts, printable ASCII without what Windows, shells or
/// BagIt manifests (RFC 8493 section 2.1.3) would need to escape. ASCII alone rules out look-alikes,
/// right-to-left overrides and Unicode normalization; names from outside go through [`portable_name`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BagPath(String);

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathProblem {
    #[error("the name is empty or has an empty part")]
    Empty,
    #[error("the name is absolute or climbs out of its folder")]
    Escapes,
    #[error("the name holds the character {0:?}, which is not portable")]
    Character(char),
    #[error("a part of the name is reserved on Windows")]
    Reserved,
    #[error("a part of the name begins or ends with a space, or ends with a dot")]
    Edge,
    #[error("the name is longer than {MAX_PATH} bytes")]
    TooLong,
}

impl BagPath {
    pub fn new(text: &str) -> Result<BagPath, PathProblem> {
        if text.starts_with('/') || text.split(['/', '\\']).any(|part| part == "..") {
            return Err(PathProblem::Escapes);
        }
        if text.as_bytes().get(1) == Some(&b':') {
            return Err(PathProblem::Escapes);
        }
        if let Some(c) = text.chars().find(|&c| c != '/' && !portable(c)) {
            return Err(PathProblem::Character(c));
        }
        if text.len() > MAX_PATH {
            return Err(PathProblem::TooLong);
        }
        text.split('/').try_for_each(check_part)?;
        Ok(BagPath(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the file lies under `root`.
    pub fn under(&self, root: &Path) -> PathBuf {
        self.0.split('/').fold(root.to_owned(), |path, part| path.join(part))
    }

    /// The rest after a folder written with its closing `/`.
    pub fn strip(&self, folder: &str) -> Option<BagPath> {
        self.0.strip_prefix(folder).filter(|rest| !rest.is_empty()).map(|rest| BagPath(rest.to_owned()))
    }

    /// The name before its last dot (after the last slash) and the rest with the dot.
    fn split_extension(&self) -> (&str, &str) {
        let name = self.0.rfind('/').map_or(0, |slash| slash + 1);
        match self.0[name..].rfind('.') {
            Some(dot) if dot > 0 => self.0.split_at(name + dot),
            Some(_) | None => (&self.0, ""),
        }
    }
}

fn portable(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '%')
}

fn check_part(part: &str) -> Result<(), PathProblem> {
    match part {
        "" | "." => Err(PathProblem::Empty),
        _ if part.starts_with(' ') || part.ends_with([' ', '.']) => Err(PathProblem::Edge),
        _ if reserved(part) => Err(PathProblem::Reserved),
        _ => Ok(()),
    }
}

/// Any text as one part of a [`BagPath`]: letters, digits, `.`, `_` and `-` stay, each other byte of its
/// UTF-8 becomes `~` and two hexadecimal digits. Long names are cut and end in `~~`, sixteen digits of
/// their digest, and their extension. Two texts never give the same name (but names may differ in case
/// alone: see `Payload::unoccupied`).
pub fn portable_name(text: &str) -> String {
    let edge = |i: usize| i == 0 || i + 1 == text.len();
    let mut name: String = text
        .bytes()
        .enumerate()
        .map(|(i, byte)| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            b'.' if !edge(i) => ".".to_owned(),
            _ => format!("~{byte:02X}"),
        })
        .collect();
    if reserved(&name) {
        name = format!("~{:02X}{}", name.as_bytes()[0], &name[1..]);
    }
    if name.is_empty() {
        name.push('~');
    }
    if name.len() > MAX_NAME {
        let digest = Digest::of(text.as_bytes()).to_string();
        let end = format!("~~{}{}", &digest[..16], extension(&name));
        name = format!("{}{end}", &name[..MAX_NAME - end.len()]);
    }
    name
}

/// What a portable name ends in and is told by: `.json.gz`, or a dot and up to eight letters and digits.
fn extension(name: &str) -> &str {
    const PACKED: &str = ".json.gz";
    if name.ends_with(PACKED) {
        return &name[name.len() - PACKED.len()..];
    }
    let last = name.rfind('.').map_or("", |dot| &name[dot..]);
    let plain = last.bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric());
    match (2..=9).contains(&last.len()) && plain {
        true => last,
        false => "",
    }
}

/// Longest path of an artifact below a run's `data/`. A package keeps a run in
/// `<package>/data/evidence/<run>-redacted/data/`, and there the whole must not be longer than 200: Explorer
/// unpacks into a folder of the package's name once more, below `C:\Users\name\Downloads\`, and Windows
/// ends at 260. Runs made before hold paths of up to 150, which are read as they are.
pub const MAX_ARTIFACT: usize = 123;

/// A path of portable names whose last name is cut where the whole is longer than [`MAX_ARTIFACT`]; it then
/// ends in `~~`, sixteen digits of the path's digest, and its extension. Two paths never become one.
pub fn fitting(path: &str) -> String {
    if path.len() <= MAX_ARTIFACT {
        return path.to_string();
    }
    let (folder, leaf) = path.rsplit_once('/').unwrap_or(("", path));
    let dot = leaf.len() - extension(leaf).len();
    let digest = Digest::of(path.as_bytes()).to_string();
    let end = format!("~~{}{}", &digest[..16], &leaf[dot..]);
    let room = MAX_ARTIFACT.saturating_sub(folder.len() + 1 + end.len()).clamp(1, dot.max(1));
    // an escape is not cut in two
    let kept = &leaf[..room.min(dot)];
    let kept = kept.rfind('~').filter(|at| kept.len() - at < 3).map_or(kept, |at| &kept[..at]);
    format!("{folder}/{kept}{end}")
}

/// The names of one bag, compared as the least discerning file system would: without case.
#[derive(Debug, Default, Clone)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Takes a name, or says which earlier file or folder it collides with.
    pub fn claim(&mut self, path: &BagPath) -> Result<(), String> {
        if let Some(other) = self.collision(path) {
            return Err(other);
        }
        for (end, _) in path.0.match_indices('/') {
            self.0.insert(format!("{}/", path.0[..end].to_ascii_lowercase()), format!("{}/", &path.0[..end]));
        }
        self.0.insert(path.0.to_ascii_lowercase(), path.0.clone());
        Ok(())
    }

    /// The same name, or one made different by `~2`, `~3` ... before its extension.
    pub fn unoccupied(&self, wanted: &BagPath) -> BagPath {
        if self.collision(wanted).is_none() {
            return wanted.clone();
        }
        let (stem, extension) = wanted.split_extension();
        (2..)
            .map(|n| BagPath(format!("{stem}~{n}{extension}")))
            .find(|p| self.collision(p).is_none())
            .unwrap_or_else(|| wanted.clone())
    }

    /// A file of that name; a folder of that name; a file or an otherwise spelled folder where it needs a
    /// folder.
    fn collision(&self, path: &BagPath) -> Option<String> {
        let file = path.0.to_ascii_lowercase();
        let taken = self.0.get(&file).or_else(|| self.0.get(&format!("{file}/")));
        let folders = path.0.match_indices('/').map(|(end, _)| &path.0[..end]);
        let blocked = |folder: &str| {
            let key = folder.to_ascii_lowercase();
            let spelled =
                self.0.get(&format!("{key}/")).filter(|known| known.trim_end_matches('/') != folder);
            self.0.get(&key).or(spelled).cloned()
        };
        taken.cloned().or_else(|| folders.into_iter().find_map(blocked))
    }
}

impl fmt::Display for BagPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for BagPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_run_holds_fits_into_a_package() {
        let run = "data/evidence/2026-09-30T120000Z-0123abcd-redacted/data/";
        let package = "2026-Q3-0123456789ab/";
        assert!(package.len() + run.len() + MAX_ARTIFACT <= 200);
        let explorer = r"C:\Users\name\Downloads\".len() + 2 * package.len() + run.len() + MAX_ARTIFACT;
        assert!(explorer < 260, "{explorer}");
        let folder =
            "aws/111122223333/aws-global/sso-admin/ListCustomerManagedPolicyReferencesInPermissionSet";
        let name = |n: u32| {
            format!("{folder}/{}~0000{n}.json", portable_name(&"arn:aws:sso:::permissionSet/".repeat(4)))
        };
        let (first, second) = (fitting(&name(2)), fitting(&name(3)));
        assert!(
            first.len() <= MAX_ARTIFACT
                && first != second
                && first.ends_with(".json")
                && first.starts_with(folder),
            "{first}"
        );
        assert!(BagPath::new(&format!("{run}{first}")).is_ok());
        let csv = fitting(&format!("{folder}/{}.json.gz", "a".repeat(300)));
        assert!(csv.ends_with(".json.gz") && csv.len() <= MAX_ARTIFACT, "{csv}");
        assert_eq!(fitting("aws/1/2.json"), "aws/1/2.json");
    }

    #[test]
    fn refuses_what_some_system_would_misread() {
        let refused = [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a\\b",
            "a//b",
            "a/./b",
            "C:x",
            "a:b",
            "a\nb",
            "a%25",
            "con",
            "a/NUL.txt",
            "lpt1.json",
            "a /b",
            "a./b",
            "a ",
            "\u{202e}txt",
            "é",
            "a\u{7f}",
            "com7",
            " a",
        ];
        for name in refused {
            assert!(BagPath::new(name).is_err(), "{name:?}");
        }
        assert_eq!(BagPath::new(&"a".repeat(MAX_PATH + 1)), Err(PathProblem::TooLong));
        for name in ["data/x.json", "data/a b.pdf", "bagit.txt", "data/.hidden", "console", "com10"] {
            assert!(BagPath::new(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn collisions_are_found_without_case_and_across_kinds() {
        let path = |text| BagPath::new(text).unwrap();
        let mut names = Names::default();
        names.claim(&path("data/A/x")).unwrap();
        assert!(names.claim(&path("data/a/X")).is_err());
        assert!(names.claim(&path("data/a/y")).is_err(), "folders differ in case alone");
        assert!(names.claim(&path("data/A/x/z")).is_err(), "a file where a folder is needed");
        assert!(names.claim(&path("data/a")).is_err(), "a folder where a file is wanted");
        assert!(names.claim(&path("data/A/y")).is_ok());
        names.claim(&path("data/A/k.json")).unwrap();
        assert_eq!(names.unoccupied(&path("data/A/K.json")), path("data/A/K~2.json"));
    }

    proptest! {
        #[test]
        fn portable_names_are_valid_and_distinct(a in ".{0,120}", b in ".{0,120}") {
            prop_assert!(BagPath::new(&portable_name(&a)).is_ok(), "{}", portable_name(&a));
            prop_assert!(a == b || portable_name(&a) != portable_name(&b));
        }
    }

    #[test]
    fn portable_names_by_example() {
        assert_eq!(portable_name("/aws/rds:x"), "~2Faws~2Frds~3Ax");
        assert_eq!(portable_name("nul.txt"), "~6Eul.txt");
        assert_eq!(portable_name(".."), "~2E~2E");
        assert!(portable_name(&"x".repeat(500)).len() <= MAX_NAME);
        for (end, kept) in [(".json.gz", ".json.gz"), (".pdf", ".pdf"), (".a b", ""), (".x/y", "")] {
            let long = portable_name(&format!("{}{end}", "x".repeat(500)));
            assert!(long.len() <= MAX_NAME && long.ends_with(kept), "{long}");
            assert_eq!(long.rsplit("~~").next().map(str::len), Some(16 + kept.len()), "{long}");
        }
    }
}
