//! A derived run: the same evidence with secrets and PHI replaced. Pure: the same run and rules give the same bytes. Files
//! without a finding are copied byte for byte; the original stays with its owner.

pub mod rules;
pub mod scan;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::evidence::config_files::{self, Found};
use super::store::bag::Closed;
use super::store::run::{Reader, RunError, Writer};
use crate::model::decisions::Clearance;
use crate::model::digest::Digest;
use crate::model::run::{Artifact, Redaction, Source};
use scan::Findings;

#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Bag(#[from] super::store::bag::BagError),
    #[error("cannot redact `{path}`: {source}")]
    Io { path: String, source: io::Error },
}

/// Writes the derived run of `run` into `folder`, or returns `None` when nothing was found. A derived run of the same
/// original and rules that is already there is used again. `finish` seals the bag, or just finishes it.
pub fn derive<E: From<RedactError>>(
    run: &Reader,
    cleared: &Cleared<'_>,
    folder: &Path,
    finish: impl FnOnce(Closed) -> Result<PathBuf, E>,
) -> Result<Option<Reader>, E> {
    match prepare(run, cleared, folder)? {
        Prepared::Nothing => Ok(None),
        Prepared::There(reader) => Ok(Some(*reader)),
        Prepared::Written(closed) => {
            let path = finish(*closed)?;
            Ok(Some(Reader::open_run(&path).map_err(RedactError::from)?))
        }
    }
}

/// What named persons cleared, as of a day: those rules do not strike in those bytes.
pub struct Cleared<'a> {
    pub clearances: &'a [Clearance],
    /// `2026-09-30`.
    pub day: &'a str,
}

impl Cleared<'_> {
    /// The rules that are cleared for a file of this content.
    pub fn for_file(&self, path: &str, sha256: &str) -> BTreeSet<String> {
        let entries = self
            .clearances
            .iter()
            .filter(|c| c.path.strip_prefix("data/").unwrap_or(&c.path) == path && c.sha256 == sha256 && c.in_force(self.day));
        entries.flat_map(|c| c.rules.iter().cloned()).collect()
    }

    fn rules(&self, artifact: &Artifact) -> BTreeSet<String> {
        if self.clearances.is_empty() { BTreeSet::new() } else { self.for_file(&artifact.path, &artifact.sha256.to_string()) }
    }

    /// The rules' version, and a digest of what was cleared in this run: other clearances give other bytes.
    fn redactor(&self, run: &Reader) -> String {
        let cleared: Vec<String> = run
            .artifacts
            .iter()
            .map(|a| (a, self.rules(a)))
            .filter(|(_, r)| !r.is_empty())
            .map(|(a, r)| format!("{}{r:?}", a.path))
            .collect();
        match cleared.is_empty() {
            true => scan::REDACTOR.to_string(),
            false => format!("{} cleared {}", scan::REDACTOR, Digest::of(cleared.concat().as_bytes()).short()),
        }
    }
}

/// PHI that redaction does not reach: in the names of files, in what a call was asked for, in documents that are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The file, as a clearance names it; not to be printed.
    pub path: String,
    /// The same with the finding replaced.
    pub shown: String,
    pub rule: &'static str,
    pub what: &'static str,
    /// SHA-256 of the file, for a clearance.
    pub sha256: String,
}

/// A name as it was before a bag took it: what is not portable stands there as `~` and two digits.
fn plain(path: &str) -> String {
    percent_encoding::percent_decode_str(&path.replace('~', "%")).decode_utf8_lossy().into_owned()
}

/// What is left in a run that is about to be packaged.
pub fn remaining(run: &Reader, cleared: &Cleared<'_>) -> Result<Vec<Remaining>, RedactError> {
    let mut left = Vec::new();
    for artifact in &run.artifacts {
        let known = cleared.rules(artifact);
        let mut note = |text: &str, what, telephones: bool| {
            let mut found = Findings::clearing(&known);
            let whole = plain(&artifact.path);
            let shown = scan::text(&whole, String::new, &mut Findings::default()).unwrap_or(whole);
            scan::text(text, String::new, &mut found);
            let plain = plain(text);
            if plain != text {
                scan::text(&plain, String::new, &mut found);
            }
            let rules = found.rules.into_keys().filter(|rule| rule.starts_with("phi-") && (telephones || *rule != rules::PHONE));
            left.extend(rules.map(|rule| Remaining {
                path: artifact.path.clone(),
                shown: shown.clone(),
                rule,
                what,
                sha256: artifact.sha256.to_string(),
            }));
        };
        note(&artifact.path, "in the file's name", true);
        match &artifact.source {
            Source::Response { key, .. } => note(key, "in what the call was asked for", true),
            Source::Document { .. } if small(run, artifact)?.is_none() => {
                let bytes = std::fs::read(run.path(artifact)).map_err(io_fault(&artifact.path))?;
                note(&String::from_utf8_lossy(&bytes), "in a document that is no text", false);
            }
            Source::Snapshot { .. } | Source::Document { .. } => {}
        }
    }
    left.dedup();
    Ok(left)
}

enum Prepared {
    Nothing,
    There(Box<Reader>),
    Written(Box<Closed>),
}

fn prepare(run: &Reader, cleared: &Cleared<'_>, folder: &Path) -> Result<Prepared, RedactError> {
    if run.record.derived_from.is_some() {
        return Ok(Prepared::Nothing);
    }
    let redactor = cleared.redactor(run);
    let name = format!("{}-redacted", run.record.id);
    let target = folder.join(&name);
    if let Ok(there) = Reader::open_run(&target) {
        if there.record.derived_from == Some(run.manifest) && there.record.redactor.as_deref() == Some(&redactor) {
            return Ok(Prepared::There(Box::new(there)));
        }
        let _ = std::fs::remove_dir_all(&target);
    }
    let found = run.artifacts.iter().map(|a| search(run, a, &cleared.rules(a))).collect::<Result<Vec<bool>, _>>()?;
    if !found.contains(&true) {
        return Ok(Prepared::Nothing);
    }
    let _ = std::fs::remove_dir_all(folder.join(format!(".{name}.partial")));
    super::store::atomic::create_dir_all(folder, super::store::atomic::Access::Private).map_err(io_fault("the derived run"))?;
    let mut writer = Writer::create(folder, &name)?;
    let mut redactions = Vec::new();
    for (artifact, found) in run.artifacts.iter().zip(found) {
        let mut original = File::open(run.path(artifact)).map_err(io_fault(&artifact.path))?;
        if found {
            redactions.extend(rewrite(run, artifact, &cleared.rules(artifact), &mut writer)?);
        } else {
            writer.add(&artifact.path, &mut original, &artifact.collected_at, artifact.source.clone())?;
        }
    }
    redactions.sort_by(|a, b| a.path.cmp(&b.path));
    let mut record = run.record.clone();
    record.derived_from = Some(run.manifest);
    record.redactor = Some(redactor);
    Ok(Prepared::Written(Box::new(writer.close(&record, &run.coverage, &redactions)?)))
}

fn io_fault(path: &str) -> impl Fn(io::Error) -> RedactError {
    let path = path.to_string();
    move |source| RedactError::Io { path: path.clone(), source }
}

enum Stop {
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
fn search(run: &Reader, artifact: &Artifact, cleared: &BTreeSet<String>) -> Result<bool, RedactError> {
    match artifact.source {
        Source::Snapshot { .. } => {
            let input = run.open(artifact).map_err(io_fault(&artifact.path))?;
            let walked = config_files::walk(input, |found| match found {
                Found::Item(bytes) | Found::Row(bytes) => match redacted(bytes, &mut Findings::clearing(cleared)) {
                    Searched::Found(_) | Searched::Unsearchable => Err(Stop::Found),
                    Searched::Clean => Ok(()),
                },
                Found::Bad(_) => Err(Stop::Found),
            });
            Ok(!matches!(walked, Ok(())))
        }
        Source::Response { .. } | Source::Document { .. } => {
            Ok(small(run, artifact)?.is_some_and(|text| text_of(artifact, &text, &mut Findings::clearing(cleared)).is_some()))
        }
    }
}

fn rewrite(run: &Reader, artifact: &Artifact, cleared: &BTreeSet<String>, writer: &mut Writer) -> Result<Option<Redaction>, RedactError> {
    let mut findings = Findings::clearing(cleared);
    let mut copy = tempfile::tempfile().map_err(io_fault(&artifact.path))?;
    match artifact.source {
        Source::Snapshot { .. } => items_of(run, artifact, &mut copy, &mut findings)?,
        Source::Response { .. } | Source::Document { .. } => {
            let text = small(run, artifact)?.unwrap_or_default();
            let new = text_of(artifact, &text, &mut findings).unwrap_or(text);
            copy.write_all(new.as_bytes()).map_err(io_fault(&artifact.path))?;
        }
    }
    io::Seek::rewind(&mut copy).map_err(io_fault(&artifact.path))?;
    let copied = writer.add(&artifact.path, &mut copy, &artifact.collected_at, artifact.source.clone())?;
    Ok(Some(Redaction {
        path: artifact.path.clone(),
        original: artifact.sha256,
        redacted: copied.sha256,
        rules: findings.rules.iter().map(|(rule, n)| ((*rule).to_string(), *n)).collect(),
        places: findings.places,
    }))
}

/// Writes a snapshot anew: the items in order, each as it was but for what was found in it. What could not be read as an item
/// (and whatever follows a break in the file) cannot be searched either, so it is left out; the coverage lists it as unreadable.
fn items_of(run: &Reader, artifact: &Artifact, out: &mut File, findings: &mut Findings) -> Result<(), RedactError> {
    let fault = io_fault(&artifact.path);
    let input = run.open(artifact).map_err(&fault)?;
    let mut head = [0; 2];
    let gzip = File::open(run.path(artifact)).and_then(|mut f| f.read_exact(&mut head)).is_ok() && head == [0x1f, 0x8b];
    let mut sink = if gzip { Sink::Gzip(GzEncoder::new(out, Compression::new(3))) } else { Sink::Plain(io::BufWriter::new(out)) };
    let mut first = true;
    let walked = config_files::walk(input, |found| -> Result<(), Stop> {
        let (bytes, row) = match found {
            Found::Item(bytes) => (bytes, false),
            Found::Row(bytes) => (bytes, true),
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
            true => serde_json::to_writer(&mut sink, &String::from_utf8_lossy(bytes)).map_err(io::Error::from),
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

enum Sink<'a> {
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

enum Searched {
    Clean,
    Found(String),
    /// Suspicious, and not text or not JSON: it cannot be redacted, so it is left out.
    Unsearchable,
}

fn redacted(item: &[u8], findings: &mut Findings) -> Searched {
    if !scan::suspicious(item) {
        return Searched::Clean;
    }
    let text = std::str::from_utf8(item).ok();
    match text.filter(|t| serde_json::from_str::<serde::de::IgnoredAny>(t).is_ok()) {
        Some(text) => scan::json(text, findings).map_or(Searched::Clean, Searched::Found),
        None => Searched::Unsearchable,
    }
}

fn text_of(artifact: &Artifact, text: &str, findings: &mut Findings) -> Option<String> {
    if artifact.path.ends_with(".json") && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        scan::json(text, findings)
    } else {
        scan::text(text, || artifact.path.clone(), findings)
    }
}

/// The text of an answer or document; `None` for what is not UTF-8 (a PDF, a picture).
fn small(run: &Reader, artifact: &Artifact) -> Result<Option<String>, RedactError> {
    let mut bytes = Vec::new();
    File::open(run.path(artifact)).and_then(|mut f| f.read_to_end(&mut bytes)).map_err(io_fault(&artifact.path))?;
    Ok(String::from_utf8(bytes).ok())
}

/// The digest that a redacted artifact had before.
pub fn original<'a>(redactions: &'a [Redaction], path: &str) -> Option<&'a Digest> {
    redactions.iter().find(|r| r.path == path).map(|r| &r.original)
}
