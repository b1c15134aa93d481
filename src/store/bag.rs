//! Writing a BagIt 1.0 bag (RFC 8493): payload, then tag files, then the tag manifest, then the rename that
//! makes the bag exist. Each file is hashed once, while it is written.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::model::Digest;
use crate::model::digest::{self, Fixity, Hasher};
use crate::store::atomic::{self, Access};
use crate::store::manifest::{self as tags, BagInfo, Manifest};
use crate::store::path::{BagPath, Names, PathProblem};

/// A bag that still takes payload. It lies under `.<name>.partial`; dropped, it is removed unless
/// [`Payload::keep`].
pub struct Payload {
    work: Work,
    manifest: Manifest,
    bytes: u64,
}

/// A bag whose payload is complete and listed; it takes tag files and is then finished.
pub struct Closed {
    work: Work,
    manifest: Vec<u8>,
    tags: Manifest,
}

/// One payload file being written; it belongs to the bag when [`PayloadFile::finish`]ed, and is removed
/// otherwise.
pub struct PayloadFile<'a> {
    bag: &'a mut Payload,
    path: BagPath,
    file: Option<File>,
    hasher: Hasher,
}

#[derive(Debug, thiserror::Error)]
pub enum BagError {
    #[error("could not {what} `{path}`")]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("`{name}` cannot be a name in a bag: {problem}")]
    Name { name: String, problem: PathProblem },
    #[error("`{name}` cannot lie beside `{other}`: some file systems take them for the same name")]
    Collision { name: String, other: String },
    #[error("`{0}` is not below `data/`, or a tag file is")]
    Place(String),
    #[error("`{0}` exists already")]
    Exists(PathBuf),
}

/// The folder being built: everything about places, nothing about BagIt.
struct Work {
    partial: PathBuf,
    target: PathBuf,
    access: Access,
    names: Names,
    keep: bool,
}

impl Payload {
    /// Begins the bag `parent/name`. What an earlier run left under the temporary name is an error: see
    /// [`Payload::resume`].
    pub fn create(parent: &Path, name: &str, access: Access) -> Result<Payload, BagError> {
        let mut work = Work::new(parent, name, access)?;
        if work.partial.exists() {
            work.keep = true;
            return Err(BagError::Exists(work.partial.clone()));
        }
        Payload::begin(work)
    }

    /// Goes on with a folder that was kept; its files count once they are [`Payload::adopt`]ed.
    pub fn resume(parent: &Path, name: &str, access: Access) -> Result<Payload, BagError> {
        Payload::begin(Work::new(parent, name, access)?)
    }

    fn begin(work: Work) -> Result<Payload, BagError> {
        let data = work.partial.join("data");
        atomic::create_dir_all(&data, work.access).map_err(io("create", &data))?;
        Ok(Payload { work, manifest: Manifest::default(), bytes: 0 })
    }

    /// Whether the unfinished folder stays when this is dropped, so that a run can be resumed.
    pub fn keep(&mut self, keep: bool) {
        self.work.keep = keep;
    }

    /// Where the unfinished bag lies.
    /// What was added so far, with its SHA-256.
    pub fn entries(&self) -> impl Iterator<Item = (&BagPath, Digest)> {
        self.manifest.entries()
    }

    pub fn folder(&self) -> &Path {
        &self.work.partial
    }

    /// The wanted path, or one beside it if a name that differs in case alone is taken.
    pub fn unoccupied(&self, wanted: &str) -> Result<BagPath, BagError> {
        Ok(self.work.names.unoccupied(&payload_path(wanted)?))
    }

    pub fn add(&mut self, path: &str, content: &mut dyn Read) -> Result<Fixity, BagError> {
        let mut file = self.file(path)?;
        let place = file.path.under(&file.bag.work.partial);
        digest::copy(content, &mut file).map_err(io("write", &place))?;
        file.finish()
    }

    /// A payload file to write into piece by piece.
    pub fn file(&mut self, path: &str) -> Result<PayloadFile<'_>, BagError> {
        let path = payload_path(path)?;
        self.work
            .names
            .claim(&path)
            .map_err(|other| BagError::Collision { name: path.to_string(), other })?;
        let file = self.work.create_file(&path)?;
        Ok(PayloadFile { bag: self, path, file: Some(file), hasher: Hasher::default() })
    }

    /// Takes in a file that something else (SQLite, an earlier attempt) wrote at its place in
    /// [`Payload::folder`].
    pub fn adopt(&mut self, path: &str) -> Result<Fixity, BagError> {
        let path = payload_path(path)?;
        let place = path.under(&self.work.partial);
        let kind = fs::symlink_metadata(&place).map_err(io("read", &place))?.file_type();
        if !kind.is_file() {
            return Err(io("adopt", &place)(io::Error::other("not a regular file")));
        }
        self.work
            .names
            .claim(&path)
            .map_err(|other| BagError::Collision { name: path.to_string(), other })?;
        let mut file = File::open(&place).map_err(io("open", &place))?;
        self.work.set_mode(&file, &place)?;
        let fixity = Digest::of_reader(&mut file).map_err(io("read", &place))?;
        file.sync_all().map_err(io("sync", &place))?;
        self.record(path, fixity);
        Ok(fixity)
    }

    /// Writes `bagit.txt`, `bag-info.txt` (the pairs given, then Payload-Oxum) and the payload manifest.
    pub fn close(self, mut info: BagInfo) -> Result<Closed, BagError> {
        info.push(tags::OXUM, &format!("{}.{}", self.bytes, self.manifest.len()));
        let manifest = self.manifest.to_text().into_bytes();
        let mut closed = Closed { work: self.work, manifest: manifest.clone(), tags: Manifest::default() };
        closed.add_tag(tags::DECLARATION, tags::DECLARATION_TEXT.as_bytes())?;
        closed.add_tag(tags::INFO, info.to_text().as_bytes())?;
        closed.add_tag(tags::MANIFEST, &manifest)?;
        Ok(closed)
    }

    fn record(&mut self, path: BagPath, fixity: Fixity) {
        self.bytes += fixity.len;
        self.manifest.insert(path, fixity.digest);
    }
}

impl PayloadFile<'_> {
    pub fn finish(mut self) -> Result<Fixity, BagError> {
        let file = self.file.take().expect("taken here alone, and finish consumes");
        let place = self.path.under(&self.bag.work.partial);
        file.sync_all().map_err(io("sync", &place))?;
        let fixity = std::mem::take(&mut self.hasher).finish();
        let path = self.path.clone();
        self.bag.record(path, fixity);
        Ok(fixity)
    }
}

impl Write for PayloadFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.file.as_mut().expect("present until finish");
        let n = file.write(bytes)?;
        self.hasher.write_all(&bytes[..n])?;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PayloadFile<'_> {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(self.path.under(&self.bag.work.partial));
        }
    }
}

impl Closed {
    /// The bytes of `manifest-sha256.txt`: what a seal signs.
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// A tag file that the tag manifest will list.
    pub fn add_tag(&mut self, path: &str, bytes: &[u8]) -> Result<(), BagError> {
        let path = self.write_tag(path, bytes)?;
        self.tags.insert(path, Digest::of(bytes));
        Ok(())
    }

    /// The bytes that `tagmanifest-sha256.txt` will have if nothing more is added.
    pub fn tag_manifest(&self) -> Vec<u8> {
        self.tags.to_text().into_bytes()
    }

    /// Writes the tag manifest and the files that stand outside it, then gives the bag its name.
    pub fn finish(mut self, outside: &[(&str, &[u8])]) -> Result<PathBuf, BagError> {
        let text = self.tag_manifest();
        self.write_tag(tags::TAG_MANIFEST, &text)?;
        for (path, bytes) in outside {
            self.write_tag(path, bytes)?;
        }
        self.work.publish()
    }

    fn write_tag(&mut self, path: &str, bytes: &[u8]) -> Result<BagPath, BagError> {
        let path = named(path)?;
        if path.as_str().starts_with(tags::PAYLOAD) {
            return Err(BagError::Place(path.to_string()));
        }
        self.work
            .names
            .claim(&path)
            .map_err(|other| BagError::Collision { name: path.to_string(), other })?;
        let place = path.under(&self.work.partial);
        let mut file = self.work.create_file(&path)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("write", &place))?;
        Ok(path)
    }
}

impl Work {
    fn new(parent: &Path, name: &str, access: Access) -> Result<Work, BagError> {
        let name = named(name)?;
        if name.as_str().contains('/') {
            return Err(BagError::Place(name.to_string()));
        }
        let target = parent.join(name.as_str());
        if target.exists() {
            return Err(BagError::Exists(target));
        }
        let partial = parent.join(format!(".{name}.partial"));
        Ok(Work { partial, target, access, names: Names::default(), keep: false })
    }

    /// Created anew: what an earlier attempt left there is replaced, a link there is never followed.
    fn create_file(&self, path: &BagPath) -> Result<File, BagError> {
        let place = path.under(&self.partial);
        let folder = place.parent().expect("a bag path lies under its bag");
        atomic::create_dir_all(folder, self.access).map_err(io("create", folder))?;
        match fs::remove_file(&place) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(io("replace", &place)(e)),
        }
        let file = File::options().write(true).create_new(true).open(&place).map_err(io("create", &place))?;
        self.set_mode(&file, &place)?;
        Ok(file)
    }

    #[cfg(unix)]
    fn set_mode(&self, file: &File, place: &Path) -> Result<(), BagError> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(self.access.file_mode());
        file.set_permissions(mode).map_err(io("set the mode of", place))
    }

    #[cfg(not(unix))]
    fn set_mode(&self, _: &File, _: &Path) -> Result<(), BagError> {
        Ok(())
    }

    fn publish(mut self) -> Result<PathBuf, BagError> {
        sync_folders(&self.partial).map_err(io("sync", &self.partial))?;
        if self.target.exists() {
            return Err(BagError::Exists(self.target.clone()));
        }
        fs::rename(&self.partial, &self.target).map_err(io("rename", &self.partial))?;
        self.keep = true;
        let parent = self.target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        atomic::sync_dir(parent).map_err(io("sync", parent))?;
        Ok(self.target.clone())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    atomic::sync_dir(folder)
}

fn named(text: &str) -> Result<BagPath, BagError> {
    BagPath::new(text).map_err(|problem| BagError::Name { name: text.to_owned(), problem })
}

fn payload_path(text: &str) -> Result<BagPath, BagError> {
    let path = named(text)?;
    if path.as_str().starts_with(tags::PAYLOAD) { Ok(path) } else { Err(BagError::Place(path.to_string())) }
}

fn io<'a>(what: &'static str, path: &'a Path) -> impl Fn(io::Error) -> BagError + use<'a> {
    move |source| BagError::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
