//! The ZIP of a workbook: a part read under bounds, and a copy in which some parts are new and every other
//! one keeps its compressed bytes.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::WorkbookError;

/// No workbook of a buyer has more parts ...
const PARTS: usize = 10_000;
/// ... or a larger one among those that are read.
const PART: u64 = 64 << 20;
const ALL: u64 = 256 << 20;
/// How a file of the older format, or one under a password, begins.
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

pub struct ZipParts<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    /// Bytes that were unpacked so far.
    unpacked: u64,
}

fn no_zip(e: impl ToString) -> WorkbookError {
    WorkbookError::Zip(e.to_string())
}

impl<'a> ZipParts<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<ZipParts<'a>, WorkbookError> {
        if bytes.starts_with(&COMPOUND) {
            return Err(WorkbookError::Sealed);
        }
        // the crate's words name parts of the format
        let cut = |_| no_zip("it is not a ZIP archive, as workbooks are, or it is cut short");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(cut)?;
        if archive.len() > PARTS {
            return Err(no_zip(format!("it has {} parts; {PARTS} is the limit", archive.len())));
        }
        // the crate keeps the last of two entries of a name, and a copy would lose the first
        let counted = listed(bytes);
        if counted != Some(archive.len() as u64) {
            return Err(no_zip("a part stands twice in it, or its directory cannot be counted"));
        }
        let mut names: Vec<String> = Vec::new();
        for index in 0..archive.len() {
            names.push(archive.by_index_raw(index).map_err(no_zip)?.name().map_err(no_zip)?.into_owned());
        }
        let mut folded: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        folded.sort();
        match folded.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(no_zip(format!("the part `{}` stands twice in it", pair[0]))),
            None => Ok(ZipParts { archive, names, unpacked: 0 }),
        }
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name as the archive spells it: names of parts are equal whatever their case.
    pub fn spelled(&self, name: &str) -> Option<&str> {
        self.names.iter().find(|known| known.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    /// A part as text, without a byte order mark; none where it is not there.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, WorkbookError> {
        let Some(index) = self.names.iter().position(|known| known.eq_ignore_ascii_case(name)) else {
            return Ok(None);
        };
        let fault = |what: String| WorkbookError::Part { part: name.into(), what };
        let file = self.archive.by_index(index).map_err(|e| fault(e.to_string()))?;
        let room = PART.min(ALL - self.unpacked);
        let mut bytes = Vec::new();
        file.take(room + 1).read_to_end(&mut bytes).map_err(|e| fault(e.to_string()))?;
        if bytes.len() as u64 > room {
            return Err(fault(format!("it unpacks to more than {} MiB", room >> 20)));
        }
        self.unpacked += bytes.len() as u64;
        let text = String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8".into()))?;
        Ok(Some(text))
    }
}

/// How many entries the directory says to have.
fn listed(bytes: &[u8]) -> Option<u64> {
    let end = memchr::memmem::rfind(bytes, b"PK\x05\x06")?;
    let short = u16::from_le_bytes(bytes.get(end + 10..end + 12)?.try_into().ok()?);
    if short != u16::MAX {
        return Some(short.into());
    }
    let long = memchr::memmem::rfind(&bytes[..end], b"PK\x06\x06")?;
    Some(u64::from_le_bytes(bytes.get(long + 32..long + 40)?.try_into().ok()?))
}

/// The archive with the named parts anew.
pub fn replaced(bytes: &[u8], changed: &BTreeMap<String, String>) -> Result<Vec<u8>, WorkbookError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(no_zip)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_raw_comment(archive.comment().into()).map_err(no_zip)?;
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(no_zip)?;
        let name = file.name().map_err(no_zip)?.into_owned();
        match changed.get(&name) {
            None => writer.raw_copy_file(file).map_err(no_zip)?,
            Some(text) => {
                let day = file.last_modified().unwrap_or_default();
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .last_modified_time(day);
                writer.start_file(name.as_str(), options).map_err(no_zip)?;
                writer.write_all(text.as_bytes()).map_err(no_zip)?;
            }
        }
    }
    Ok(writer.finish().map_err(no_zip)?.into_inner())
}
