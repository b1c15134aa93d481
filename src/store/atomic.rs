//! Writing so that a file is there whole or not at all: temporary name in the same folder, fsync, rename,
//! fsync of the folder. A temporary file that was not committed is removed when dropped.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Runs and keys: files 0600, folders 0700.
    Private,
    /// Packages to hand over: files 0644, folders 0755.
    Shared,
    /// What is put away for years: files 0400, which nobody may write, folders 0700.
    Kept,
}

/// What to do when the target is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    Replace,
    Refuse,
}

/// A file that comes into being when committed.
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
}

impl AtomicFile {
    pub fn create(target: &Path, access: Access) -> io::Result<AtomicFile> {
        let folder = folder_of(target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".partial");
        #[cfg(unix)]
        builder.permissions(fs::Permissions::from_mode(access.file_mode()));
        #[cfg(not(unix))]
        let _ = access;
        Ok(AtomicFile { temporary: builder.tempfile_in(folder)?, target: target.to_owned() })
    }

    /// For writers that seek, such as a ZIP's.
    pub fn file(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    pub fn commit(self, existing: Existing) -> io::Result<()> {
        self.temporary.as_file().sync_all()?;
        match existing {
            Existing::Replace => self.temporary.persist(&self.target),
            Existing::Refuse => self.temporary.persist_noclobber(&self.target),
        }
        .map_err(|e| e.error)?;
        sync_dir(folder_of(&self.target))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// A whole file at once.
pub fn write(target: &Path, bytes: &[u8], access: Access, existing: Existing) -> io::Result<()> {
    let mut file = AtomicFile::create(target, access)?;
    file.write_all(bytes)?;
    file.commit(existing)
}

/// A folder with its parents; those already there keep their modes.
pub fn create_dir_all(path: &Path, access: Access) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, access.dir_mode());
    #[cfg(not(unix))]
    let _ = access;
    builder.create(path)
}

/// Makes a rename in the folder durable. Windows offers no such call and needs none for NTFS renames.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;

impl Access {
    #[cfg(unix)]
    pub(super) fn file_mode(self) -> u32 {
        match self {
            Access::Private => 0o600,
            Access::Shared => 0o644,
            Access::Kept => 0o400,
        }
    }

    #[cfg(unix)]
    fn dir_mode(self) -> u32 {
        match self {
            Access::Private | Access::Kept => 0o700,
            Access::Shared => 0o755,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_leaves_nothing_and_committed_leaves_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("x");
        drop(AtomicFile::create(&target, Access::Private).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        write(&target, b"one", Access::Private, Existing::Refuse).unwrap();
        assert!(write(&target, b"two", Access::Private, Existing::Refuse).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"one");
        write(&target, b"two", Access::Private, Existing::Replace).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn modes_are_as_said() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write(&dir.path().join("p"), b"", Access::Private, Existing::Refuse).unwrap();
        create_dir_all(&dir.path().join("a/b"), Access::Private).unwrap();
        assert_eq!((mode(&dir.path().join("p")), mode(&dir.path().join("a"))), (0o600, 0o700));
    }
}
