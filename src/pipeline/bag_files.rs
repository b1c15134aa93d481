//! Files of a bag: of one that verified whole, as JSON, or copied to the disk; of one in the making searched
//! before it is sealed.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::diag::{Diagnostic, Problems};
use crate::model::digest::copy;
use crate::pipeline::Error;
use crate::redact;
use crate::seal::verify::{Bag, Verified};
use crate::store::bag::Payload;
use crate::store::{BagPath, Tree};

/// The most that a JSON file of a package may hold.
pub const MAX_JSON: u64 = 1 << 30;
/// The same for a file of its catalog or its decisions, which people write.
const MAX_YAML: u64 = 8 << 20;

pub fn path(text: &str) -> Option<BagPath> {
    BagPath::new(text).ok()
}

pub fn bytes(bag: &Verified<Bag>, name: &str) -> Result<Vec<u8>, Error> {
    let found = path(name).map(|p| bag.read(&p, MAX_JSON));
    match found {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Some(Err(error)) => Err(Error::io("read", name)(error)),
        None => Ok(Vec::new()),
    }
}

pub fn read<T: serde::de::DeserializeOwned>(bag: &Verified<Bag>, name: &str) -> Result<Option<T>, Error> {
    let bytes = bytes(bag, name)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::io("read", name)(e.into()))
}

/// A last look at every layer of a bag that is not sealed yet: what redaction overlooked stops it. `skipped`
/// says which files are not looked into, by path; `problem` words what a rule of redaction found.
pub fn search(
    bag: &Payload,
    skipped: impl Fn(&str) -> bool,
    problem: impl Fn(&str) -> Diagnostic,
) -> Result<(), Error> {
    let tree = Tree::open_folder(bag.folder())?;
    let mut problems = Problems::default();
    for (path, _) in tree.entries().filter(|(path, _)| !skipped(path.as_str())) {
        let file = tree.open(path).map_err(Error::io("read", path.as_str()))?;
        // what cannot be unpacked to its end was searched as far as it goes
        if let Ok(Some(rule)) = redact::search_layer(file) {
            problems.push(problem(rule).file(path.as_str()));
        }
    }
    Ok(problems.or(())?)
}

/// The files of a folder of the catalog or the decisions.
pub fn files_below(bag: &Verified<Bag>, folder: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    below(bag, folder, MAX_YAML)
}

/// The files of a folder that the program writes; they grow with the evidence.
pub fn json_below(bag: &Verified<Bag>, folder: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    below(bag, folder, MAX_JSON)
}

fn below(bag: &Verified<Bag>, folder: &str, most: u64) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for (path, _) in bag.entries() {
        if let Some(inner) = path.as_str().strip_prefix(folder) {
            files.insert(inner.to_string(), bag.read(path, most).map_err(Error::io("read", path.as_str()))?);
        }
    }
    Ok(files)
}

/// Copies one file of a verified bag to the disk.
pub fn copy_out(bag: &Verified<Bag>, name: &str, target: &Path) -> Result<(), Error> {
    let none = || std::io::Error::from(std::io::ErrorKind::NotFound);
    let path = path(name).ok_or_else(none).map_err(Error::io("read", name))?;
    let mut source = bag.open(&path).map_err(Error::io("read", name))?;
    let mut file = std::fs::File::create(target).map_err(Error::io("write", target))?;
    copy(&mut source as &mut dyn Read, &mut file).map_err(Error::io("write", target))?;
    Ok(())
}
