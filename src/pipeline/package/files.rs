//! Files of a package in the making: a free name for it, what an interrupted one left behind, and the run
//! copied into it.

use std::path::Path;

use super::MAX_LIST;
use crate::model::digest::Digest;
use crate::pipeline::{Error, sealed};
use crate::store::bag::{BagError, Payload};
use crate::store::manifest::{MANIFEST, Manifest, TAG_MANIFEST};
use crate::store::run::Reader;
use crate::store::{BagPath, Tree};

/// A name that neither a folder nor a ZIP has yet: a package is never replaced.
pub(super) fn unoccupied(parent: &Path, id: &str) -> String {
    let taken = |name: &str| parent.join(name).exists() || parent.join(format!("{name}.zip")).exists();
    let numbered = (2..).map(|n| format!("{id}-{n}"));
    std::iter::once(id.to_string()).chain(numbered).find(|name| !taken(name)).expect("numbers do not end")
}

/// Removes what packages that were cut short left behind: the unfinished folder of this name, and unfinished
/// archives.
pub(super) fn clear_partial(parent: &Path, name: &str) -> Result<(), Error> {
    let partial = parent.join(format!(".{name}.partial"));
    match std::fs::remove_dir_all(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &partial)(error));
        }
        Ok(()) | Err(_) => {}
    }
    for entry in std::fs::read_dir(parent).map_err(Error::io("read", parent))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let unfinished = name.starts_with('.')
            && name.ends_with(".partial")
            && entry.file_type().is_ok_and(|kind| kind.is_file());
        if unfinished {
            std::fs::remove_file(entry.path()).map_err(Error::io("remove", entry.path()))?;
        }
    }
    Ok(())
}

pub(super) fn add(bag: &mut Payload, path: &str, bytes: &[u8]) -> Result<(), BagError> {
    bag.add(path, &mut &*bytes).map(drop)
}

/// The run with its seal, file by file. What it lists must have the digest listed, and links are not
/// followed: a run that changes while it is being packaged is refused.
pub(super) fn copy_run(bag: &mut Payload, run: &Reader, inner: &str) -> Result<(), Error> {
    let tree = Tree::open_folder(&run.root)?;
    if let Some(problem) = tree.problems().first() {
        return Err(sealed::changed(&run.root, &problem.subject, problem.kind.words()));
    }
    let list = |name: &str| {
        let bytes =
            BagPath::new(name).ok().and_then(|path| tree.read(&path, MAX_LIST).ok()).unwrap_or_default();
        (Digest::of(&bytes), Manifest::parse(&bytes).unwrap_or_default())
    };
    let ((digest, payload), (_, tags)) = (list(MANIFEST), list(TAG_MANIFEST));
    if digest != run.manifest {
        return Err(sealed::changed(&run.root, MANIFEST, "it changed while it was being packaged"));
    }
    for (path, _) in tree.entries() {
        let mut source = tree.open(path).map_err(Error::io("read", path.under(&run.root)))?;
        let copied = bag.add(&format!("{inner}/{path}"), &mut *source)?;
        let listed = payload.digest(path).or_else(|| tags.digest(path));
        if listed.is_some_and(|listed| listed != copied.digest) {
            return Err(sealed::changed(&run.root, path.as_str(), "it changed while it was being packaged"));
        }
    }
    Ok(())
}
