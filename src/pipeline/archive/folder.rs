//! A folder as an archive: files that appear whole and that nobody may write. It locks nothing, and says so.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::terms::{Added, KeptFile, PlaceFacts};
use crate::diag::Diagnostic;
use crate::model::archived::{HoldState, LockState};
use crate::model::digest::{self, Digest, Fixity};
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, AtomicFile, Existing};
use crate::store::tree::open_plain;

pub struct FolderPlace {
    root: PathBuf,
}

impl FolderPlace {
    pub fn open(root: &Path, make: bool) -> Result<FolderPlace, Error> {
        if make {
            atomic::create_dir_all(root, Access::Kept).map_err(Error::io("create", root))?;
        }
        if !root.is_dir() {
            let problem = Diagnostic::new("AFU-057", format!("there is no folder `{}`", root.display()));
            return Err(problem.hint("name the folder that packages were archived in").into());
        }
        Ok(FolderPlace { root: root.into() })
    }

    pub fn address(&self, key: &str) -> String {
        self.path(key).display().to_string()
    }

    fn path(&self, key: &str) -> PathBuf {
        key.split('/').filter(|part| !part.is_empty()).fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Plain files alone: what was not finished begins with a dot, and links are not followed.
    pub fn keys(&self) -> Result<BTreeMap<String, u64>, Error> {
        let mut found = BTreeMap::new();
        let mut waiting = vec![String::new()];
        while let Some(below) = waiting.pop() {
            let folder = self.path(&below);
            let entries = std::fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
            for entry in entries {
                let entry = entry.map_err(Error::io("read", &folder))?;
                let (name, kind) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type());
                let kind = kind.map_err(Error::io("read", entry.path()))?;
                let key = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
                if name.starts_with('.') {
                    continue;
                }
                if kind.is_dir() {
                    waiting.push(key);
                } else if kind.is_file() {
                    found.insert(key, entry.metadata().map_err(Error::io("read", entry.path()))?.len());
                }
            }
        }
        Ok(found)
    }

    pub fn facts(&self, key: &str) -> Result<Option<PlaceFacts>, Error> {
        let path = self.path(key);
        match std::fs::symlink_metadata(&path) {
            Ok(found) => Ok(Some(PlaceFacts {
                size: found.len(),
                noted: None,
                lock: LockState::NotClaimed,
                hold: HoldState::NotClaimed,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    pub fn fixity(&self, key: &str) -> Result<Option<Fixity>, Error> {
        let path = self.path(key);
        let Some(mut file) = opened(&path)? else { return Ok(None) };
        Digest::of_reader(&mut file).map(Some).map_err(Error::io("read", &path))
    }

    pub fn bytes(&self, key: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(key);
        let Some(file) = opened(&path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(limit).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        Ok(Some(bytes))
    }

    pub fn add(&self, key: &str, file: &KeptFile) -> Result<Added, Error> {
        let target = self.path(key);
        if std::fs::symlink_metadata(&target).is_ok() {
            return Ok(Added::There);
        }
        let folder = target.parent().expect("it lies below the root");
        atomic::create_dir_all(folder, Access::Kept).map_err(Error::io("create", folder))?;
        let mut source = open_plain(&file.path).map_err(Error::io("read", &file.path))?;
        let write = Error::io("write", &target);
        let made = AtomicFile::create(&target, Access::Kept).and_then(|mut made| {
            digest::copy(&mut source, &mut made)?;
            made.commit(Existing::Refuse)
        });
        match made {
            Ok(()) => Ok(Added::Whole),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Added::There),
            Err(error) => Err(write(error)),
        }
    }
}

fn opened(path: &Path) -> Result<Option<std::fs::File>, Error> {
    match open_plain(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}
