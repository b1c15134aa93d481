//! The bag's own promises: hashes, completeness, counts, and what bag-info.txt repeats.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use crate::model::digest::{Digest, Fixity};
use crate::seal::bag::is_outside;
use crate::seal::verify::codes::Code;
use crate::seal::verify::report::Steps;
use crate::store::manifest::{self as tags, BagInfo, Manifest, clean};
use crate::store::path::BagPath;
use crate::store::tree::Tree;

/// What bag-info.txt repeats of a JSON file: labels and JSON pointers (RFC 6901). Of several descriptions,
/// exactly one file must be in a bag.
#[derive(Debug, Clone, Copy)]
pub struct Description<'a> {
    pub file: &'a str,
    pub pairs: &'a [(&'a str, &'a str)],
}

/// The most that manifests and JSON descriptions may hold, in bytes.
const MAX_TEXT: u64 = 512 << 20;
const MAX_DESCRIPTION: u64 = 64 << 20;

/// Every file's fixity, or why it could not be read.
pub(super) type Hashed = BTreeMap<BagPath, Result<Fixity, String>>;

/// A bag at the top of the tree (prefix empty) or inside another (prefix with its closing `/`).
pub(super) struct BagView<'a> {
    pub tree: &'a Tree,
    pub hashed: &'a Hashed,
    pub prefix: &'a str,
}

/// Whether the files' declared lengths exceed what bag-info.txt announces by more than tag files and
/// carelessness explain: then hashing them would be work for an attacker.
pub(super) fn outgrows(tree: &Tree) -> bool {
    let info = BagPath::new(tags::INFO).ok().and_then(|path| tree.read(&path, 1 << 20).ok());
    let oxum = info.and_then(|bytes| {
        BagInfo::parse(&bytes).ok()?.value(tags::OXUM)?.split('.').next()?.parse::<u64>().ok()
    });
    let declared = tree.entries().fold(0u64, |sum, (_, len)| sum.saturating_add(len));
    declared > oxum.unwrap_or(0).saturating_mul(2).saturating_add(1 << 30)
}

/// Hashes all files once, streaming, on as many threads as there are processors, four at most.
pub(super) fn hash_all(tree: &Tree) -> Hashed {
    let mut largest_first: Vec<_> = tree.entries().collect();
    largest_first.sort_by_key(|(_, len)| *len);
    let queue = Mutex::new(largest_first);
    let hashed = Mutex::new(Hashed::new());
    let work = || {
        while let Some((path, _)) = queue.lock().expect("no thread panics while holding it").pop() {
            let fixity = tree
                .open(path)
                .and_then(|mut reader| Digest::of_reader(&mut *reader))
                .map_err(|e| e.to_string());
            hashed.lock().expect("no thread panics while holding it").insert(path.clone(), fixity);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    hashed.into_inner().expect("all threads have ended")
}

/// What a bag lists of itself.
pub(super) struct Lists {
    pub payload: Manifest,
    pub tags: Manifest,
}

/// Checks everything but signatures. Returns the lists if they can be read.
pub(super) fn check(bag: &BagView<'_>, descriptions: &[Description<'_>], steps: &mut Steps) -> Option<Lists> {
    check_declaration(bag, steps);
    let info = parsed(bag, tags::INFO, Code::BagInfo, BagInfo::parse, steps);
    let manifest = parsed(bag, tags::MANIFEST, Code::Manifest, Manifest::parse, steps);
    let tag_manifest = parsed(bag, tags::TAG_MANIFEST, Code::TagManifest, Manifest::parse, steps);
    if let Some(manifest) = &manifest {
        check_payload(bag, manifest, steps);
    }
    if let Some(tag_manifest) = &tag_manifest {
        check_tags(bag, tag_manifest, steps);
    }
    if let Some(info) = &info {
        check_oxum(bag, info, steps);
        check_description(bag, info, descriptions, steps);
    }
    check_side_doors(bag, steps);
    Some(Lists { payload: manifest?, tags: tag_manifest? })
}

/// What other readers of BagIt would go by and this one does not: lists with other hashes, files to be
/// fetched from elsewhere.
fn check_side_doors(bag: &BagView<'_>, steps: &mut Steps) {
    for (path, _) in bag.files() {
        let name = path.as_str();
        let list = (name.starts_with("manifest-") || name.starts_with("tagmanifest-"))
            && name.ends_with(".txt")
            && !name.contains('/');
        let subject = bag.full(name);
        if list && name != tags::MANIFEST && name != tags::TAG_MANIFEST {
            steps.fail(
                Code::OtherManifest,
                &subject,
                "it is a second list of the bag; ours has one, with SHA-256",
            );
        } else if name == "fetch.txt" {
            steps.fail(
                Code::OtherManifest,
                &subject,
                "it tells readers to fetch files from elsewhere; ours are all inside",
            );
        }
    }
}

impl BagView<'_> {
    /// A path as steps name it: from the top of the tree.
    pub fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// A file of the bag, as long as it still is what was hashed.
    pub fn read(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let path = BagPath::new(&self.full(path)).map_err(io::Error::other)?;
        let bytes = self.tree.read(&path, limit)?;
        match self.hashed.get(&path) {
            Some(Ok(fixity)) if fixity.digest == Digest::of(&bytes) => Ok(bytes),
            Some(_) | None => Err(io::Error::other("it changed while it was being verified")),
        }
    }

    pub fn contains(&self, path: &str) -> bool {
        BagPath::new(&self.full(path)).is_ok_and(|path| self.tree.contains(&path))
    }

    /// The bag's files, named from its own root.
    pub fn files(&self) -> impl Iterator<Item = (BagPath, &Result<Fixity, String>)> {
        let strip = |path: &BagPath| {
            if self.prefix.is_empty() { Some(path.clone()) } else { path.strip(self.prefix) }
        };
        self.hashed.iter().filter_map(move |(path, fixity)| Some((strip(path)?, fixity)))
    }
}

fn check_declaration(bag: &BagView<'_>, steps: &mut Steps) {
    let subject = bag.full(tags::DECLARATION);
    match bag.read(tags::DECLARATION, 4096) {
        Ok(bytes) if bytes == tags::DECLARATION_TEXT.as_bytes() => {
            steps.ok(Code::Declaration, &subject, "BagIt 1.0, UTF-8")
        }
        Ok(_) => steps.fail(Code::Declaration, &subject, "it does not declare BagIt 1.0 and UTF-8"),
        Err(e) => steps.fail(Code::Declaration, &subject, format!("it cannot be read: {e}")),
    }
}

fn parsed<T, E: std::fmt::Display>(
    bag: &BagView<'_>,
    file: &str,
    code: Code,
    parse: impl Fn(&[u8]) -> Result<T, E>,
    steps: &mut Steps,
) -> Option<T> {
    let subject = bag.full(file);
    if !bag.contains(file) {
        steps.fail(code, &subject, "it is missing");
        return None;
    }
    let result = bag
        .read(file, MAX_TEXT)
        .map_err(|e| e.to_string())
        .and_then(|bytes| parse(&bytes).map_err(|e| e.to_string()));
    match result {
        Ok(value) => {
            steps.ok(code, &subject, "readable");
            Some(value)
        }
        Err(why) => {
            steps.fail(code, &subject, why);
            None
        }
    }
}

fn check_payload(bag: &BagView<'_>, manifest: &Manifest, steps: &mut Steps) {
    let codes = [Code::PayloadAltered, Code::PayloadMissing, Code::PayloadUnlisted, Code::Payload];
    let is_payload = |path: &BagPath| path.as_str().starts_with(tags::PAYLOAD);
    check_files(bag, manifest, is_payload, codes, steps);
}

/// All tag files must be listed but the tag manifest, its signature and what may come later: RFC 8493 lets a
/// bag leave some out, ours does not.
fn check_tags(bag: &BagView<'_>, manifest: &Manifest, steps: &mut Steps) {
    let codes = [Code::TagAltered, Code::TagMissing, Code::TagUnlisted, Code::Tags];
    let is_tag = |path: &BagPath| !path.as_str().starts_with(tags::PAYLOAD) && !is_outside(path.as_str());
    check_files(bag, manifest, is_tag, codes, steps);
}

fn check_files(
    bag: &BagView<'_>,
    manifest: &Manifest,
    belongs: impl Fn(&BagPath) -> bool,
    codes: [Code; 4],
    steps: &mut Steps,
) {
    let [altered, missing, unlisted, complete] = codes;
    let (mut bad, mut good) = (0, 0);
    for (path, fixity) in bag.files().filter(|(path, _)| belongs(path)) {
        let subject = bag.full(path.as_str());
        let (code, words) = match (manifest.digest(&path), fixity) {
            (Some(listed), Ok(fixity)) if listed == fixity.digest => {
                good += 1;
                continue;
            }
            (Some(listed), Ok(fixity)) => {
                (altered, format!("its digest is {}, listed is {}", fixity.digest, listed))
            }
            (_, Err(why)) => (Code::Unreadable, why.clone()),
            (None, Ok(_)) => (unlisted, "it is not listed".to_owned()),
        };
        bad += 1;
        steps.fail(code, &subject, words);
    }
    for (path, _) in manifest.entries() {
        if !belongs(path) || !bag.contains(path.as_str()) {
            bad += 1;
            steps.fail(missing, &bag.full(path.as_str()), "it is listed and not there");
        }
    }
    if bad == 0 {
        steps.ok(complete, bag.prefix, format!("{good} files, each with the digest listed"));
    }
}

fn check_oxum(bag: &BagView<'_>, info: &BagInfo, steps: &mut Steps) {
    let payload = bag.files().filter(|(path, _)| path.as_str().starts_with(tags::PAYLOAD));
    let (bytes, files) = payload.fold((0u64, 0usize), |(bytes, files), (_, fixity)| {
        (bytes + fixity.as_ref().map_or(0, |f| f.len), files + 1)
    });
    let (subject, counted) = (bag.full(tags::INFO), format!("{bytes}.{files}"));
    match info.value(tags::OXUM) {
        Some(stated) if stated == counted => {
            steps.ok(Code::PayloadOxum, &subject, format!("Payload-Oxum {counted}"))
        }
        Some(stated) => {
            steps.fail(Code::PayloadOxum, &subject, format!("Payload-Oxum says {stated}, counted {counted}"))
        }
        None => steps.fail(Code::PayloadOxum, &subject, "Payload-Oxum is not stated once"),
    }
}

fn check_description(bag: &BagView<'_>, info: &BagInfo, descriptions: &[Description<'_>], steps: &mut Steps) {
    if descriptions.is_empty() {
        return;
    }
    let present: Vec<_> = descriptions.iter().filter(|d| bag.contains(d.file)).collect();
    let [description] = present[..] else {
        return steps.fail(Code::Described, bag.prefix, "the bag holds no description of itself, or several");
    };
    let subject = bag.full(description.file);
    let json = bag
        .read(description.file, MAX_DESCRIPTION)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let Some(json) = json else { return steps.fail(Code::Described, &subject, "it is not readable JSON") };
    let mut agree = true;
    for (label, pointer) in description.pairs {
        let said = json
            .pointer(pointer)
            .map(|value| clean(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        if said.as_deref() != info.value(label) {
            agree = false;
            let shown = |value: Option<&str>| value.map_or("nothing".to_owned(), |v| format!("{v:?}"));
            let words = format!(
                "bag-info.txt says {} for {label}, the file {}",
                shown(info.value(label)),
                shown(said.as_deref())
            );
            steps.fail(Code::Described, &subject, words);
        }
    }
    if agree {
        steps.ok(Code::Described, &subject, "bag-info.txt repeats it rightly");
    }
}
