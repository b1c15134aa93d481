//! The folder of runs: which are whole, which were interrupted, and which one is meant.

use std::fs::{self};
use std::io::{self};
use std::path::{Path, PathBuf};

use super::{COVERAGE, CUSTODY, RECORD, RunError, journal_path};

/// Unfinished runs of a folder that can be resumed, oldest first: their ids.
pub fn unfinished(evidence: &Path) -> Vec<String> {
    let entries = fs::read_dir(evidence).into_iter().flatten().flatten();
    let mut ids: Vec<String> = entries
        .filter_map(|e| {
            e.file_name().to_str()?.strip_prefix('.')?.strip_suffix(".journal").map(str::to_string)
        })
        .filter(|id| evidence.join(format!(".{id}.partial")).is_dir())
        .collect();
    ids.sort();
    ids
}

/// Forgets the journal of a run that now has its name.
pub fn finished(evidence: &Path, id: &str) -> io::Result<()> {
    match fs::remove_file(journal_path(evidence, id)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes files that are not `known`.
pub(super) fn sweep(folder: &Path, known: &std::collections::BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sweep(&entry.path(), known)?,
            false if known.contains(&entry.path()) => {}
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// Whether a folder is a run, or what is left of one from which its record was taken: that one is refused by
/// name when it is opened, and not passed over for an older one.
fn is_run(folder: &Path) -> bool {
    [RECORD, CUSTODY, COVERAGE].iter().any(|file| folder.join(file).is_file())
}

/// Names of the runs in an evidence folder, oldest first (names begin with the time).
pub fn list(evidence: &Path) -> Vec<String> {
    let entries = fs::read_dir(evidence).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| is_run(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The newest folder that was sealed as a run and has lost its record: the one before it is not the newest.
fn torn(evidence: &Path) -> Option<String> {
    let entries = fs::read_dir(evidence).into_iter().flatten().flatten();
    let has = |entry: &fs::DirEntry, name: &str| entry.path().join(name).is_file();
    // a package beside the runs is none of them
    let sealed = entries.filter(|entry| has(entry, "bagit.txt") && !has(entry, "data/package.json"));
    let torn = sealed.filter(|entry| !has(entry, RECORD));
    torn.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| !name.starts_with('.')).max()
}

/// The run that `wanted` names (a path, or a name in the evidence folder), or the newest.
pub fn find(evidence: &Path, wanted: Option<&str>) -> Result<PathBuf, RunError> {
    match wanted {
        Some(name) if is_run(&evidence.join(name)) => Ok(evidence.join(name)),
        Some(path) if is_run(Path::new(path)) => Ok(PathBuf::from(path)),
        Some(path) if !Path::new(path).exists() => Err(RunError::Nowhere(PathBuf::from(path))),
        Some(path) => Err(RunError::NotARun(PathBuf::from(path))),
        None => match (list(evidence).pop(), torn(evidence)) {
            (newest, Some(torn)) if newest.as_ref().is_none_or(|newest| *newest < torn) => {
                Err(RunError::NotARun(evidence.join(torn)))
            }
            (Some(newest), _) => Ok(evidence.join(newest)),
            (None, _) => Err(RunError::None(evidence.to_path_buf())),
        },
    }
}
