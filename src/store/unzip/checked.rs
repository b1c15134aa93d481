//! A file of the archive as it is unpacked: it ends with an error unless length and CRC-32 are those that the
//! directory says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::DeflateDecoder;

use super::Entry;
use crate::store::problem::ProblemKind;

pub(super) enum Inner {
    Stored(BufReader<io::Take<File>>),
    Deflated(DeflateDecoder<BufReader<io::Take<File>>>),
}

/// Passes on at most the declared length, then insists on the checksum and on nothing being left over.
pub(super) struct Checked {
    pub(super) inner: Inner,
    pub(super) crc: flate2::Crc,
    pub(super) entry: Entry,
    pub(super) seen: u64,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.inner {
            Inner::Stored(reader) => reader.read(buffer)?,
            Inner::Deflated(reader) => reader.read(buffer)?,
        };
        self.crc.update(&buffer[..n]);
        self.seen += n as u64;
        let whole = || self.seen == self.entry.size && self.crc.sum() == self.entry.crc;
        if self.seen > self.entry.size || (n == 0 && !buffer.is_empty() && !(whole() && self.used_up()?)) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, ProblemKind::Damaged.words()));
        }
        Ok(n)
    }
}

impl Checked {
    fn used_up(&mut self) -> io::Result<bool> {
        match &mut self.inner {
            Inner::Stored(reader) => Ok(reader.fill_buf()?.is_empty()),
            Inner::Deflated(reader) => Ok(reader.total_in() == self.entry.compressed),
        }
    }
}
