//! Reading the one shape of ZIP that [`crate::store::archive`] writes, and naming whatever differs from it.
//! Entries must follow one another from the first byte to the directory, and every header field must be what
//! we write; so two readers can never see two different archives in the same bytes. (APPNOTE 6.3.10; the
//! `zip` crate reads leniently, keeps the last of two equal names and skips prepended bytes, which is why it
//! is not used here.)

mod checked;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::DeflateDecoder;

use crate::store::given;
use crate::store::path::{BagPath, Names};
use crate::store::problem::{Problem, ProblemKind, admit};
use checked::{Checked, Inner};

/// Where an archive's entries are read from.
#[derive(Debug)]
pub struct Zip {
    path: PathBuf,
    top: Option<String>,
}

/// One file in the archive; sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub size: u64,
    compressed: u64,
    crc: u32,
    deflated: bool,
    data: u64,
}

/// More unpacked bytes than this for each packed one are refused for the whole archive ...
const MAX_RATIO: u64 = 200;
/// ... once they are more than this. Deflate cannot exceed 1032 for one entry.
const RATIO_FLOOR: u64 = 256 << 20;
const DEFLATE_LIMIT: u64 = 1032;
/// 1980-01-01 00:00:00 in DOS form, time then date.
const DOS_TIME: [u8; 4] = [0, 0, 0x21, 0];
const REGULAR_FILE: u32 = 0o100_644 << 16;
const EOCD: [u8; 4] = *b"PK\x05\x06";
const EOCD_LEN: u64 = 22;
const ZIP64_EOCD: [u8; 4] = *b"PK\x06\x06";
const ZIP64_EOCD_LEN: u64 = 56;
const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const ZIP64_LOCATOR_LEN: u64 = 20;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

/// What opening yields: the archive, its good entries, and what is wrong with the others or with the whole.
type Opened = (Zip, Entries, Vec<Problem>);
type Entries = Vec<(BagPath, Entry)>;

/// A finding about the archive's structure ends the parse; an I/O error ends the verification.
enum Stop {
    Problem(Problem),
    Io(io::Error),
}

impl Zip {
    /// Reads the directory and every local header; no entry is unpacked. Below the top folder, whose name is
    /// dropped.
    pub fn open(path: &Path) -> io::Result<Opened> {
        let mut directory = BufReader::new(given::open(path)?);
        let mut locals = BufReader::with_capacity(512, File::open(path)?);
        let zip = |top| Zip { path: path.to_owned(), top };
        let stop = |problem| Ok((zip(None), Vec::new(), vec![problem]));
        match read_directory(&mut directory, &mut locals) {
            Ok((entries, problems, top)) => Ok((zip(top), entries, problems)),
            Err(Stop::Problem(problem)) => stop(problem),
            Err(Stop::Io(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
                stop(whole(ProblemKind::NotAnArchive))
            }
            Err(Stop::Io(e)) => Err(e),
        }
    }

    /// The one folder that holds everything.
    pub fn top(&self) -> Option<&str> {
        self.top.as_deref()
    }

    /// The entry's bytes; the last read fails unless they are exactly what the headers declare.
    pub fn read(&self, entry: &Entry) -> io::Result<Box<dyn Read + '_>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(entry.data))?;
        let packed = BufReader::with_capacity(64 * 1024, file.take(entry.compressed));
        let inner =
            if entry.deflated { Inner::Deflated(DeflateDecoder::new(packed)) } else { Inner::Stored(packed) };
        Ok(Box::new(Checked { inner, crc: flate2::Crc::new(), entry: entry.clone(), seen: 0 }))
    }
}

/// The end record: where the directory is and how many entries it has.
struct End {
    directory: u64,
    directory_len: u64,
    count: u64,
}

fn read_directory(
    file: &mut BufReader<File>,
    locals: &mut BufReader<File>,
) -> Result<(Entries, Vec<Problem>, Option<String>), Stop> {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let archive_len = file.seek(SeekFrom::End(0)).map_err(Stop::Io)?;
    let end = read_end(file, archive_len)?;
    let mut top = None;
    let mut names = Names::default();
    let (mut at, mut next_data) = (end.directory, 0);
    for _ in 0..end.count {
        let header = Central::read(file, at, end.directory + end.directory_len)?;
        at += header.len();
        let data = header.check_local(locals, next_data)?;
        next_data = data
            .checked_add(header.compressed)
            .filter(|&n| n <= end.directory)
            .ok_or_else(|| header.stop(ProblemKind::Layout))?;
        match header.name_below(&mut top).and_then(|name| admit(name, &mut names)) {
            Ok(path) => entries.push((path, header.entry(data))),
            Err(kind) => problems.push(Problem { kind, subject: header.name.clone() }),
        }
    }
    if next_data != end.directory || at != end.directory + end.directory_len {
        return Err(Stop::Problem(whole(ProblemKind::Layout)));
    }
    let unpacked = entries.iter().fold(0u64, |sum, (_, entry)| sum.saturating_add(entry.size));
    if unpacked > RATIO_FLOOR && unpacked / MAX_RATIO > archive_len {
        return Err(Stop::Problem(whole(ProblemKind::Bomb)));
    }
    Ok((entries, problems, top))
}

/// The end record must be the last 22 bytes, right behind the directory (and its ZIP64 records).
fn read_end(file: &mut BufReader<File>, len: u64) -> Result<End, Stop> {
    let start = len.checked_sub(EOCD_LEN).ok_or(Stop::Problem(whole(ProblemKind::NotAnArchive)))?;
    let record: [u8; EOCD_LEN as usize] = read_at(file, start)?;
    if record[..4] != EOCD || u16_at(&record, 20) != 0 {
        return Err(Stop::Problem(whole(find_earlier_end(file, len)?)));
    }
    let short = End {
        directory: u32_at(&record, 16).into(),
        directory_len: u32_at(&record, 12).into(),
        count: u16_at(&record, 10).into(),
    };
    if u32_at(&record, 4) != 0 || u16_at(&record, 8) != u16_at(&record, 10) {
        return Err(Stop::Problem(whole(ProblemKind::Unsupported)));
    }
    let (end, behind) = read_zip64_end(file, start, short)?;
    match end.directory.checked_add(end.directory_len) {
        Some(n) if n == behind => Ok(end),
        Some(n) if n < behind => Err(Stop::Problem(whole(ProblemKind::PrependedData))),
        Some(_) | None => Err(Stop::Problem(whole(ProblemKind::Layout))),
    }
}

/// With ZIP64 records the short fields must be either the same or "see there" (APPNOTE 4.4.1.4). Records that
/// say nothing which the short fields could not are none of ours.
fn read_zip64_end(file: &mut BufReader<File>, eocd: u64, short: End) -> Result<(End, u64), Stop> {
    let Some(start) = eocd.checked_sub(ZIP64_LOCATOR_LEN + ZIP64_EOCD_LEN) else { return Ok((short, eocd)) };
    let locator: [u8; ZIP64_LOCATOR_LEN as usize] = read_at(file, start + ZIP64_EOCD_LEN)?;
    if locator[..4] != ZIP64_LOCATOR {
        return Ok((short, eocd));
    }
    let record: [u8; ZIP64_EOCD_LEN as usize] = read_at(file, start)?;
    let regular = record[..4] == ZIP64_EOCD
        && u64_at(&locator, 8) == start
        && (u32_at(&locator, 4), u32_at(&locator, 16)) == (0, 1)
        && u64_at(&record, 4) == ZIP64_EOCD_LEN - 12
        && (u32_at(&record, 16), u32_at(&record, 20)) == (0, 0)
        && u64_at(&record, 24) == u64_at(&record, 32);
    let end = End {
        directory: u64_at(&record, 48),
        directory_len: u64_at(&record, 40),
        count: u64_at(&record, 32),
    };
    let agrees = |short: u64, long: u64, see_there: u64| short == long || short == see_there;
    let same = agrees(short.directory, end.directory, u32::MAX.into())
        && agrees(short.directory_len, end.directory_len, u32::MAX.into())
        && agrees(short.count, end.count, u16::MAX.into());
    let needed =
        end.directory.max(end.directory_len) >= u64::from(u32::MAX) || end.count >= u64::from(u16::MAX);
    match (regular && same, needed) {
        (true, true) => Ok((end, start)),
        (true, false) => Err(Stop::Problem(whole(ProblemKind::Unsupported))),
        (false, _) => Err(Stop::Problem(whole(ProblemKind::Layout))),
    }
}

/// Tells an archive with bytes behind it from a file that is none.
fn find_earlier_end(file: &mut BufReader<File>, len: u64) -> Result<ProblemKind, Stop> {
    let window = len.min(1 << 20);
    file.seek(SeekFrom::Start(len - window)).map_err(Stop::Io)?;
    let mut tail = Vec::new();
    file.by_ref().take(window).read_to_end(&mut tail).map_err(Stop::Io)?;
    let found = tail.windows(4).any(|bytes| bytes == EOCD);
    Ok(if found { ProblemKind::TrailingData } else { ProblemKind::NotAnArchive })
}

/// One entry of the central directory, checked field by field.
struct Central {
    name: String,
    fixed: [u8; 46],
    extra: Vec<u8>,
    compressed: u64,
    size: u64,
    local: u64,
}

impl Central {
    fn read(file: &mut BufReader<File>, at: u64, end: u64) -> Result<Central, Stop> {
        let fixed: [u8; 46] = read_at(file, at)?;
        let (name_len, extra_len) = (u16_at(&fixed, 28), u16_at(&fixed, 30));
        if fixed[..4] != CENTRAL || at + 46 + u64::from(name_len) + u64::from(extra_len) > end {
            return Err(Stop::Problem(whole(ProblemKind::Layout)));
        }
        let name = read_vec(file, name_len)?;
        let extra = read_vec(file, extra_len)?;
        let mut header = Central {
            name: String::from_utf8_lossy(&name).into_owned(),
            fixed,
            extra,
            compressed: 0,
            size: 0,
            local: 0,
        };
        header.check(&name)?;
        header.read_sizes()?;
        Ok(header)
    }

    fn len(&self) -> u64 {
        46 + self.name.len() as u64 + self.extra.len() as u64
    }

    fn check(&self, name: &[u8]) -> Result<(), Stop> {
        let f = &self.fixed;
        let (flags, method, mode) = (u16_at(f, 8), u16_at(f, 10), u32_at(f, 38));
        let problem = match () {
            () if flags & (1 | 1 << 6 | 1 << 13) != 0 || method == 99 => ProblemKind::Encrypted,
            () if flags & (1 << 3) != 0 => ProblemKind::DataDescriptor,
            () if mode >> 28 == 0o12 => ProblemKind::Link,
            () if name.ends_with(b"/") || mode != REGULAR_FILE => ProblemKind::Special,
            () if !name.is_ascii() => ProblemKind::Unportable,
            () if flags != 0 || !matches!(method, 0 | 8) => ProblemKind::Unsupported,
            () if f[12..16] != DOS_TIME || f[5] != 3 || f[4] != f[6] || f[7] != 0 => ProblemKind::Unsupported,
            () if u16_at(f, 32) != 0 || u16_at(f, 34) != 0 || u16_at(f, 36) != 0 => ProblemKind::Unsupported,
            () => return Ok(()),
        };
        Err(self.stop(problem))
    }

    /// Sizes and offset, from the ZIP64 field (APPNOTE 4.5.3) where the short ones say so.
    fn read_sizes(&mut self) -> Result<(), Stop> {
        let short = [u32_at(&self.fixed, 24), u32_at(&self.fixed, 20), u32_at(&self.fixed, 42)];
        let mut long =
            zip64_values(&self.extra).ok_or_else(|| self.stop(ProblemKind::Unsupported))?.into_iter();
        let mut value = |short: u32| if short == u32::MAX { long.next() } else { Some(short.into()) };
        let values = (value(short[0]), value(short[1]), value(short[2]));
        let (Some(size), Some(compressed), Some(local)) = values else {
            return Err(self.stop(ProblemKind::HeaderMismatch));
        };
        (self.size, self.compressed, self.local) = (size, compressed, local);
        if long.next().is_some() || (!self.deflated() && size != compressed) {
            return Err(self.stop(ProblemKind::HeaderMismatch));
        }
        if self.size / DEFLATE_LIMIT > self.compressed {
            return Err(self.stop(ProblemKind::Bomb));
        }
        Ok(())
    }

    /// The local header must lie where the last entry ended and say the same. Returns where the data begins.
    fn check_local(&self, file: &mut BufReader<File>, expected: u64) -> Result<u64, Stop> {
        if self.local != expected {
            return Err(self.stop(if expected == 0 {
                ProblemKind::PrependedData
            } else {
                ProblemKind::Layout
            }));
        }
        let fixed: [u8; 30] = read_at(file, self.local)?;
        let name = read_vec(file, u16_at(&fixed, 26))?;
        let extra = read_vec(file, u16_at(&fixed, 28))?;
        if fixed[..4] == LOCAL && u16_at(&fixed, 6) & (1 << 3) != 0 {
            return Err(self.stop(ProblemKind::DataDescriptor));
        }
        // Version, flags, method, time and checksum stand in the same order in both headers.
        let same = fixed[..4] == LOCAL && fixed[4..18] == self.fixed[6..20] && name == self.name.as_bytes();
        let sizes = [u32_at(&fixed, 22), u32_at(&fixed, 18)];
        let long = zip64_values(&extra).ok_or_else(|| self.stop(ProblemKind::Unsupported))?;
        let sized = match long.as_slice() {
            [] => sizes.map(u64::from) == [self.size, self.compressed],
            [size, compressed] => {
                sizes == [u32::MAX; 2] && [*size, *compressed] == [self.size, self.compressed]
            }
            _ => false,
        };
        if !same || !sized {
            return Err(self.stop(ProblemKind::HeaderMismatch));
        }
        Ok(self.local + 30 + name.len() as u64 + extra.len() as u64)
    }

    /// The name without the top folder, which must be the same for all.
    fn name_below<'a>(&'a self, top: &mut Option<String>) -> Result<&'a str, ProblemKind> {
        if self.name.starts_with('/')
            || self.name.contains('\\')
            || self.name.split('/').any(|part| part == "..")
        {
            return Err(ProblemKind::Traversal);
        }
        let (first, rest) = self.name.split_once('/').ok_or(ProblemKind::SeveralTops)?;
        BagPath::new(first).map_err(|_| ProblemKind::Unportable)?;
        match top {
            Some(top) if top != first => Err(ProblemKind::SeveralTops),
            Some(_) => Ok(rest),
            None => {
                *top = Some(first.to_owned());
                Ok(rest)
            }
        }
    }

    fn deflated(&self) -> bool {
        u16_at(&self.fixed, 10) == 8
    }

    fn entry(&self, data: u64) -> Entry {
        Entry {
            size: self.size,
            compressed: self.compressed,
            crc: u32_at(&self.fixed, 16),
            deflated: self.deflated(),
            data,
        }
    }

    fn stop(&self, kind: ProblemKind) -> Stop {
        Stop::Problem(Problem { kind, subject: self.name.clone() })
    }
}

/// The values of the one extra field we write; `None` if there is any other.
fn zip64_values(extra: &[u8]) -> Option<Vec<u64>> {
    if extra.is_empty() {
        return Some(Vec::new());
    }
    let (head, values) = extra.split_at_checked(4)?;
    let whole = u16_at(head, 0) == 1 && usize::from(u16_at(head, 2)) == values.len() && values.len() % 8 == 0;
    whole.then(|| values.chunks_exact(8).map(|value| u64_at(value, 0)).collect())
}

fn whole(kind: ProblemKind) -> Problem {
    Problem { kind, subject: String::new() }
}

fn read_at<const N: usize>(file: &mut BufReader<File>, at: u64) -> Result<[u8; N], Stop> {
    // Relative, so that a sequential scan keeps its buffer.
    let position = file.stream_position().map_err(Stop::Io)?;
    let step = i64::try_from(i128::from(at) - i128::from(position))
        .map_err(|_| Stop::Problem(whole(ProblemKind::Layout)))?;
    file.seek_relative(step).map_err(Stop::Io)?;
    let mut bytes = [0; N];
    file.read_exact(&mut bytes).map_err(Stop::Io)?;
    Ok(bytes)
}

fn read_vec(file: &mut BufReader<File>, len: u16) -> Result<Vec<u8>, Stop> {
    let mut bytes = vec![0; len.into()];
    file.read_exact(&mut bytes).map_err(Stop::Io)?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
