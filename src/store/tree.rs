//! The files of a bag, whether it lies in a folder or in a ZIP that stays packed. Reading streams; links are
//! not followed; whatever is not a plain file with a portable name is a [`Problem`], never skipped in
//! silence.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::store::path::{BagPath, MAX_PATH, Names};
use crate::store::problem::{Problem, ProblemKind, admit};
use crate::store::unzip::{Entry, Zip};

/// Files sorted by path, and what was wrong with the rest.
#[derive(Debug)]
pub struct Tree {
    files: BTreeMap<BagPath, Place>,
    problems: Vec<Problem>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Folder(PathBuf),
    Zip(Zip),
}

#[derive(Debug)]
enum Place {
    /// Length when enumerated; a file that grows meanwhile has another digest.
    File(u64),
    Entry(Entry),
}

#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("could not read `{path}`")]
    Read { path: PathBuf, source: io::Error },
}

impl Tree {
    /// A folder, or a file that must then be a ZIP.
    pub fn open_any(path: &Path) -> Result<Tree, TreeError> {
        let kind = fs::metadata(path).map_err(|source| TreeError::Read { path: path.to_owned(), source })?;
        if kind.is_dir() { Tree::open_folder(path) } else { Tree::open_zip(path) }
    }

    pub fn open_folder(root: &Path) -> Result<Tree, TreeError> {
        let mut tree =
            Tree { files: BTreeMap::new(), problems: Vec::new(), source: Source::Folder(root.to_owned()) };
        let mut names = Names::default();
        tree.walk(root, "", &mut names)?;
        Ok(tree)
    }

    pub fn open_zip(path: &Path) -> Result<Tree, TreeError> {
        let (zip, entries, problems) =
            Zip::open(path).map_err(|source| TreeError::Read { path: path.to_owned(), source })?;
        let files = entries.into_iter().map(|(path, entry)| (path, Place::Entry(entry))).collect();
        Ok(Tree { files, problems, source: Source::Zip(zip) })
    }

    /// An archive's top folder.
    pub fn top(&self) -> Option<&str> {
        match &self.source {
            Source::Folder(_) => None,
            Source::Zip(zip) => zip.top(),
        }
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Paths and lengths in bytes, unpacked.
    pub fn entries(&self) -> impl Iterator<Item = (&BagPath, u64)> {
        self.files.iter().map(|(path, place)| (path, place.len()))
    }

    pub fn contains(&self, path: &BagPath) -> bool {
        self.files.contains_key(path)
    }

    /// A stream of the file's bytes. For a ZIP entry it ends in an error unless length and CRC are as
    /// declared.
    pub fn open(&self, path: &BagPath) -> io::Result<Box<dyn Read + '_>> {
        let place = self
            .files
            .get(path)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file in the bag"))?;
        match (place, &self.source) {
            (Place::Entry(entry), Source::Zip(zip)) => zip.read(entry),
            (Place::File(_), Source::Folder(root)) => Ok(Box::new(open_plain(&path.under(root))?)),
            (Place::Entry(_), Source::Folder(_)) | (Place::File(_), Source::Zip(_)) => {
                unreachable!("places come from their own source")
            }
        }
    }

    /// A whole file of at most `limit` bytes.
    pub fn read(&self, path: &BagPath, limit: u64) -> io::Result<Vec<u8>> {
        let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {limit} bytes"));
        if self.files.get(path).is_some_and(|place| place.len() > limit) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        self.open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
    }

    fn walk(&mut self, folder: &Path, prefix: &str, names: &mut Names) -> Result<(), TreeError> {
        let fail = |source| TreeError::Read { path: folder.to_owned(), source };
        let mut entries =
            fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(fail)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            let metadata = fs::symlink_metadata(entry.path()).map_err(fail)?;
            if metadata.is_dir() && path.len() <= MAX_PATH {
                self.walk(&entry.path(), &format!("{path}/"), names)?;
                continue;
            }
            let kind = if metadata.is_symlink() {
                Some(ProblemKind::Link)
            } else {
                (!metadata.is_file()).then_some(ProblemKind::Special)
            };
            match (kind, name.to_str()) {
                (Some(kind), _) => self.problems.push(Problem { kind, subject: path }),
                (None, None) => self.problems.push(Problem { kind: ProblemKind::Unportable, subject: path }),
                (None, Some(_)) => match admit(&path, names) {
                    Ok(path) => drop(self.files.insert(path, Place::File(metadata.len()))),
                    Err(kind) => self.problems.push(Problem { kind, subject: path }),
                },
            }
        }
        Ok(())
    }
}

/// Opens what is still a plain file: a link or pipe put there since the walk is refused.
pub fn open_plain(path: &Path) -> io::Result<File> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    File::open(path)
}

impl Place {
    fn len(&self) -> u64 {
        match self {
            Place::File(len) => *len,
            Place::Entry(entry) => entry.size,
        }
    }
}
