//! One artifact at a time: what strikes in it, and the same file with that replaced.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::scan::{self, Findings, Numbers};
use super::{RedactError, io_fault, spoken, undone};
use crate::evidence::config_files::{self, Found};
use crate::model::run::{Artifact, Redaction, Source};
use crate::store::run::{Reader, Writer};
use crate::store::tree::open_plain;

pub(super) enum Stop {
    Found,
    Fault,
    Io(io::Error),
}

impl From<config_files::ItemsFault> for Stop {
    fn from(_: config_files::ItemsFault) -> Self {
        Stop::Fault
    }
}

/// Whether any rule strikes in an artifact.
pub(super) fn search(
    run: &Reader,
    artifact: &Artifact,
    cleared: &BTreeSet<String>,
) -> Result<bool, RedactError> {
    match artifact.source {
        Source::Snapshot { .. } => {
            let input = run.open(artifact).map_err(io_fault(&artifact.path))?;
            let walked = config_files::walk(input, |found| match found {
                Found::Item(bytes) | Found::Row(bytes) => {
                    match redacted(bytes, &mut Findings::clearing(cleared)) {
                        Searched::Found(_) | Searched::Unsearchable => Err(Stop::Found),
                        Searched::Clean => Ok(()),
                    }
                }
                Found::Around(bytes) => match redacted(&tidy(bytes), &mut Findings::clearing(cleared)) {
                    Searched::Found(_) | Searched::Unsearchable => Err(Stop::Found),
                    Searched::Clean => Ok(()),
                },
                Found::Bad(_) => Err(Stop::Found),
            });
            Ok(!matches!(walked, Ok(())))
        }
        Source::Response { .. } | Source::Document { .. } => Ok(small(run, artifact)?
            .is_some_and(|text| text_of(artifact, &text.words, &mut Findings::clearing(cleared)).is_some())),
    }
}

pub(super) fn rewrite(
    run: &Reader,
    artifact: &Artifact,
    cleared: &BTreeSet<String>,
    writer: &mut Writer,
    numbers: &mut Numbers,
) -> Result<Option<Redaction>, RedactError> {
    let mut findings = Findings::after(std::mem::take(numbers), cleared);
    let mut copy = tempfile::tempfile().map_err(io_fault(&artifact.path))?;
    match artifact.source {
        Source::Snapshot { .. } => items_of(run, artifact, &mut copy, &mut findings)?,
        Source::Response { .. } | Source::Document { .. } => {
            let text = small(run, artifact)?.unwrap_or_default();
            let new = text_of(artifact, &text.words, &mut findings).unwrap_or_else(|| text.words.clone());
            copy.write_all(&text.encoded(&new)).map_err(io_fault(&artifact.path))?;
        }
    }
    io::Seek::rewind(&mut copy).map_err(io_fault(&artifact.path))?;
    let (rules, places) =
        (findings.rules.iter().map(|(rule, n)| ((*rule).to_string(), *n)).collect(), findings.places.clone());
    *numbers = findings.into_numbers();
    let copied =
        writer.add(&artifact.path, &mut copy, &artifact.collected_at, spoken(&artifact.source, numbers))?;
    Ok(Some(Redaction {
        path: artifact.path.clone(),
        original: artifact.sha256,
        redacted: copied.sha256,
        rules,
        places,
    }))
}

/// Writes a snapshot anew: the items in order, each as it was but for what was found in it. What could not be
/// read as an item (and whatever follows a break in the file) cannot be searched either, so it is left out;
/// the coverage lists it as unreadable.
pub(super) fn items_of(
    run: &Reader,
    artifact: &Artifact,
    out: &mut File,
    findings: &mut Findings,
) -> Result<(), RedactError> {
    let fault = io_fault(&artifact.path);
    let input = run.open(artifact).map_err(&fault)?;
    let mut head = [0; 2];
    let gzip = File::open(run.path(artifact)).and_then(|mut f| f.read_exact(&mut head)).is_ok()
        && head == [0x1f, 0x8b];
    let mut sink = if gzip {
        Sink::Gzip(GzEncoder::new(out, Compression::new(3)))
    } else {
        Sink::Plain(io::BufWriter::new(out))
    };
    let mut first = true;
    let walked = config_files::walk(input, |found| -> Result<(), Stop> {
        let (bytes, row) = match found {
            Found::Item(bytes) => (bytes, false),
            Found::Row(bytes) => (bytes, true),
            // the frame is written anew, without what stood in the old one
            Found::Around(bytes) => {
                redacted(&tidy(bytes), findings);
                return Ok(());
            }
            Found::Bad(_) => return Ok(()),
        };
        let open: &[u8] = match (first, row) {
            (true, false) => b"{\"fileVersion\":\"1.0\",\"configurationItems\":[\n",
            (true, true) => b"{\"Results\":[\n",
            (false, _) => b",\n",
        };
        let new = match redacted(bytes, findings) {
            Searched::Found(new) => Some(new),
            Searched::Clean => None,
            Searched::Unsearchable => return Ok(()),
        };
        let bytes = new.as_deref().map_or(bytes, str::as_bytes);
        first = false;
        sink.write_all(open).map_err(Stop::Io)?;
        let written = match row {
            true => {
                serde_json::to_writer(&mut sink, &String::from_utf8_lossy(bytes)).map_err(io::Error::from)
            }
            false => sink.write_all(bytes),
        };
        written.map_err(Stop::Io)
    });
    if let Err(Stop::Io(error)) = walked {
        return Err(fault(error));
    }
    sink.write_all(if first { b"{\"configurationItems\":[]}\n" } else { b"\n]}\n" }).map_err(&fault)?;
    sink.finish().map_err(&fault)
}

pub(super) enum Sink<'a> {
    Gzip(GzEncoder<&'a mut File>),
    Plain(io::BufWriter<&'a mut File>),
}

impl Sink<'_> {
    fn finish(self) -> io::Result<()> {
        match self {
            Sink::Gzip(gzip) => gzip.finish().map(drop),
            Sink::Plain(mut plain) => plain.flush(),
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Gzip(gzip) => gzip.write(bytes),
            Sink::Plain(plain) => plain.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Gzip(gzip) => gzip.flush(),
            Sink::Plain(plain) => plain.flush(),
        }
    }
}

/// What stands around items, as JSON: where they were, commas are left over.
pub(super) fn tidy(around: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(around);
    let mut out = String::with_capacity(text.len());
    let (mut string, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if string => {
                string = escaped || c != '"';
                escaped = !escaped && c == '\\';
            }
            '"' => string = true,
            ',' if out.ends_with(['{', ',']) => continue,
            '}' if out.ends_with(',') => drop(out.pop()),
            _ => {}
        }
        out.push(c);
    }
    out.into_bytes()
}

pub(super) enum Searched {
    Clean,
    Found(String),
    /// Suspicious, and not text or not JSON: it cannot be redacted, so it is left out.
    Unsearchable,
}

pub(super) fn redacted(item: &[u8], findings: &mut Findings) -> Searched {
    if !scan::suspicious(item) {
        return Searched::Clean;
    }
    let text = std::str::from_utf8(item).ok();
    match text.filter(|t| serde_json::from_str::<serde::de::IgnoredAny>(t).is_ok()) {
        Some(text) => scan::json(text, findings).map_or(Searched::Clean, Searched::Found),
        None => Searched::Unsearchable,
    }
}

pub(super) fn text_of(artifact: &Artifact, text: &str, findings: &mut Findings) -> Option<String> {
    if artifact.path.ends_with(".json") && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        scan::json(text, findings)
    } else {
        scan::text(text, || artifact.path.clone(), findings)
    }
}

/// The words of a file, and how they were encoded.
#[derive(Default)]
pub(super) struct Text {
    words: String,
    /// The file's bytes, where it is UTF-16.
    wide: Option<Vec<u8>>,
}

impl Text {
    /// Other words in the same encoding.
    fn encoded(&self, words: &str) -> Vec<u8> {
        match &self.wide {
            Some(like) => undone::as_utf16(words, like),
            None => words.as_bytes().to_vec(),
        }
    }
}

/// The text of an answer or document, in UTF-8 or UTF-16; `None` for what is none (a PDF, a picture).
pub(super) fn small(run: &Reader, artifact: &Artifact) -> Result<Option<Text>, RedactError> {
    let mut bytes = Vec::new();
    open_plain(&run.path(artifact))
        .and_then(|mut f| f.read_to_end(&mut bytes))
        .map_err(io_fault(&artifact.path))?;
    if let Some(words) = undone::utf16(&bytes) {
        return Ok(Some(Text { words, wide: Some(bytes) }));
    }
    Ok(String::from_utf8(bytes).ok().map(|words| Text { words, wide: None }))
}
