//! Files that a person names on the command line. What would never end is refused before it is opened: a pipe
//! without a writer, a device. It knows nothing of what the files hold.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// The largest file that is read whole, in bytes.
const MOST: u64 = 1 << 30;

/// Opens a file. Of pipes only those that a shell makes for a command are taken, which have a writer.
pub fn open(path: &Path) -> Result<File> {
    let about = std::fs::metadata(path)?;
    let handed = ["/dev/fd", "/dev/stdin", "/proc/self/fd"].iter().any(|ours| path.starts_with(ours));
    if about.is_file() || about.is_dir() || handed {
        return File::open(path);
    }
    Err(Error::new(ErrorKind::InvalidInput, "this is a pipe, a socket or a device, and should be a file"))
}

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "this is a folder, and should be a file"));
    }
    let mut bytes = Vec::new();
    open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()).is_ok_and(|length| length <= MOST) {
        true => Ok(bytes),
        false => Err(Error::new(ErrorKind::FileTooLarge, "this is larger than 1 GiB")),
    }
}

/// Reads a file of text whole.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "this is no text: some of its bytes are not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_refused_at_once() {
        assert!(open(Path::new("/dev/zero")).is_err_and(|e| e.to_string().contains("a device")));
        assert!(read(Path::new("/dev")).is_err_and(|e| e.to_string().contains("a folder")));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        assert!(read(&file).is_err_and(|e| e.kind() == ErrorKind::NotFound));
        std::fs::write(&file, "text").unwrap();
        assert_eq!(read_text(&file).unwrap(), "text");
        std::fs::write(&file, [0xff]).unwrap();
        assert!(read_text(&file).is_err_and(|e| e.to_string().contains("no text")));
    }
}
