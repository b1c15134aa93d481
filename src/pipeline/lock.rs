//! One at a time: what writes runs and packages takes the workspace's lock, so that two commands never work
//! on the same copy. The system gives it back when the program ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};

use super::Error;
use super::keys::private_folder;
use crate::diag::Diagnostic;
use crate::workspace::Workspace;

/// Held as long as this lives.
pub struct Lock(#[expect(dead_code, reason = "the lock goes with the file")] File);

/// Takes the lock, or says that another command has it.
pub fn take(workspace: &Workspace) -> Result<Lock, Error> {
    let path = private_folder(workspace)?.join("lock");
    if path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
        let problem =
            Diagnostic::new("AFW-048", "this is no plain file, so it cannot be the workspace's lock");
        return Err(problem
            .file(path.display().to_string())
            .hint("remove it; the program makes it anew")
            .into());
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(Error::io("open the lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Busy(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}
