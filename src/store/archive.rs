//! One folder as one ZIP, the same bytes each time: sorted names, one date, one mode, no directory entries,
//! one top folder. What is compressed already is stored. Written under a temporary name and renamed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::model::digest::{self, Digest, Fixity};
use crate::store::atomic::{Access, AtomicFile, Existing};
use crate::store::path::BagPath;
use crate::store::problem::Problem;
use crate::store::tree::{Tree, TreeError};

/// Endings whose content deflate cannot make smaller.
const COMPRESSED: &[&str] = &[
    "gz", "zip", "pdf", "png", "jpg", "jpeg", "woff", "woff2", "p7s", "tsr", "xlsx", "docx", "zst", "xz",
    "bz2", "7z", "webp",
];
/// From this size on, an entry gets ZIP64 fields. Below 4 GiB by what deflate may add to incompressible
/// bytes.
const LARGE: u64 = 0xf000_0000;

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error("`{0}` cannot be archived: {1}")]
    Problem(PathBuf, Problem),
    #[error("`{0}` cannot be the name of an archive's top folder")]
    Top(String),
    #[error("could not write the archive `{path}`")]
    Write { path: PathBuf, source: io::Error },
}

/// Writes `folder` into `target` below the top folder `top`, a plain name.
pub fn write(folder: &Path, top: &str, target: &Path, existing: Existing) -> Result<Fixity, ArchiveError> {
    if top.contains('/') || BagPath::new(top).is_err() {
        return Err(ArchiveError::Top(top.to_owned()));
    }
    let tree = Tree::open_folder(folder)?;
    if let Some(problem) = tree.problems().first() {
        return Err(ArchiveError::Problem(folder.to_owned(), problem.clone()));
    }
    let fail = |source| ArchiveError::Write { path: target.to_owned(), source };
    let mut file = AtomicFile::create(target, Access::Shared).map_err(fail)?;
    write_entries(&tree, top, file.file()).map_err(fail)?;
    let fixity = read_back(file.file()).map_err(fail)?;
    file.commit(existing).map_err(fail)?;
    Ok(fixity)
}

/// Writes the archive at `target`, which is `tree`, anew with further files. What was there is copied; the
/// old archive stays until the new one is whole.
pub fn extend(target: &Path, tree: &Tree, added: Vec<(BagPath, Vec<u8>)>) -> Result<Fixity, ArchiveError> {
    let fail = |source| ArchiveError::Write { path: target.to_owned(), source };
    let top = tree.top().ok_or_else(|| ArchiveError::Top(String::new()))?.to_owned();
    if let Some((path, _)) = added.iter().find(|(path, _)| tree.contains(path)) {
        return Err(fail(io::Error::new(io::ErrorKind::AlreadyExists, path.to_string())));
    }
    let mut file = AtomicFile::create(target, Access::Shared).map_err(fail)?;
    write_all(tree, &added.into_iter().collect(), &top, file.file()).map_err(fail)?;
    let fixity = read_back(file.file()).map_err(fail)?;
    file.commit(Existing::Replace).map_err(fail)?;
    Ok(fixity)
}

fn write_entries(tree: &Tree, top: &str, file: &mut File) -> io::Result<()> {
    write_all(tree, &BTreeMap::new(), top, file)
}

fn write_all(tree: &Tree, added: &BTreeMap<BagPath, Vec<u8>>, top: &str, file: &mut File) -> io::Result<()> {
    let buffered = io::BufWriter::with_capacity(256 * 1024, file);
    let mut zip = ZipWriter::new(buffered);
    let lengths = tree.entries().chain(added.iter().map(|(path, bytes)| (path, bytes.len() as u64)));
    for (path, len) in lengths.collect::<BTreeMap<_, _>>() {
        zip.start_file(format!("{top}/{path}"), options(path, len)).map_err(io::Error::other)?;
        match added.get(path) {
            Some(bytes) => zip.write_all(bytes)?,
            None => drop(digest::copy(&mut *tree.open(path)?, &mut zip)?),
        }
    }
    zip.finish().map_err(io::Error::other)?.flush()
}

fn options(path: &BagPath, len: u64) -> SimpleFileOptions {
    let ending = path.as_str().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let stored = COMPRESSED.contains(&ending.as_str());
    SimpleFileOptions::default()
        .compression_method(if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated })
        .compression_level(if stored { None } else { Some(6) })
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .large_file(len >= LARGE)
}

fn read_back(file: &mut File) -> io::Result<Fixity> {
    file.seek(SeekFrom::Start(0))?;
    Digest::of_reader(file)
}
