//! What other programs found, carried on: the comparison of an import among the documents of a workspace, and
//! so of the next run and of the packages of that run.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Error;
use super::record::pretty;
use crate::evidence::foreign::MAX_FILE;
use crate::model::corroboration::{CORROBORATION, Corroborated};
use crate::model::digest::Digest;
use crate::model::run::Artifact;
use crate::store::atomic::{self, Access, Existing};
use crate::store::run::Reader;

/// What `affiant import --keep` calls the file that the next run takes along.
const KEPT: &str = "documents/corroboration-";

/// Keeps what was compared among the workspace's documents: the next run holds it, and each package of that
/// run tells it.
pub fn keep(root: &Path, made: &Corroborated) -> Result<PathBuf, Error> {
    let bytes = pretty(made);
    let day = made.as_of.get(..10).unwrap_or("undated");
    let path = root.join(format!("{KEPT}{day}-{}.json", Digest::of(&bytes).short()));
    let folder = path.parent().expect("it lies in documents/");
    atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
    if !path.exists() {
        atomic::write(&path, &bytes, Access::Shared, Existing::Refuse).map_err(Error::io("write", &path))?;
    }
    Ok(path)
}

/// The kept imports of a workspace, from its root on.
pub fn names(root: &Path) -> Vec<String> {
    let folder = std::fs::read_dir(root.join("documents")).into_iter().flatten().flatten();
    let named = folder.map(|entry| format!("documents/{}", entry.file_name().to_string_lossy()));
    let mut all: Vec<String> =
        named.filter(|name| name.starts_with(KEPT) && name.ends_with(".json")).collect();
    all.sort();
    all
}

/// The imports that a run holds. A document of such a name that is none stays an exhibit like any other.
pub fn kept(run: &Reader) -> Vec<(String, Corroborated)> {
    let of = run
        .artifacts
        .iter()
        .filter(|a| a.path.starts_with(KEPT) && a.path.ends_with(".json") && a.size <= MAX_FILE);
    let read = |artifact: &Artifact| {
        let mut bytes = Vec::new();
        run.open(artifact).ok()?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
        let said: Corroborated = serde_json::from_slice(&bytes).ok()?;
        (said.format == CORROBORATION).then(|| (artifact.path.clone(), said))
    };
    of.filter_map(read).collect()
}
