//! A derived run: the same evidence with secrets and PHI replaced. Pure: the same run and rules give the same
//! bytes. Files without a finding are copied byte for byte; the original stays with its owner.

mod artifacts;
mod findings;
mod gitleaks;
mod literals;
mod members;
pub mod pseudonyms;
mod quick;
pub mod rules;
pub mod scan;
mod texts;
mod undone;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::model::decisions::Clearance;
use crate::model::digest::Digest;
use crate::model::run::{Artifact, Coverage, Redaction, RunRecord, Source};
use crate::store::bag::Closed;
use crate::store::run::{Reader, RunError, Writer};
use crate::store::tree::open_plain;
use artifacts::{rewrite, search, small};
use scan::{Findings, Numbers};

#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Bag(#[from] crate::store::bag::BagError),
    #[error("cannot redact `{path}`: {source}")]
    Io { path: String, source: io::Error },
}

/// Writes the derived run of `run` into `folder`, or returns `None` when nothing was found. A derived run of
/// the same original and rules that is already there is used again if `again`, which verifies it, says so.
/// `finish` seals the bag, or just finishes it.
pub fn derive<E: From<RedactError>>(
    run: &Reader,
    cleared: &Cleared<'_>,
    folder: &Path,
    again: impl FnOnce(&Path) -> Result<Option<Reader>, E>,
    finish: impl FnOnce(Closed) -> Result<PathBuf, E>,
) -> Result<Option<Reader>, E> {
    let there = folder.join(copy_name(run));
    if run.record.derived_from.is_none() && there.symlink_metadata().is_ok() {
        let redactor = cleared.redactor(run);
        match again(&there)? {
            Some(copy) if copy.record.redactor.as_deref() == Some(&redactor) => return Ok(Some(copy)),
            Some(_) | None => remove(&there).map_err(io_fault("the derived run"))?,
        }
    }
    match prepare(run, cleared, folder)? {
        Prepared::Nothing => Ok(None),
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
        let entries = self.clearances.iter().filter(|c| {
            c.path.strip_prefix("data/").unwrap_or(&c.path) == path
                && c.sha256 == sha256
                && c.in_force(self.day)
        });
        entries.flat_map(|c| c.rules.iter().cloned()).collect()
    }

    fn rules(&self, artifact: &Artifact) -> BTreeSet<String> {
        if self.clearances.is_empty() {
            BTreeSet::new()
        } else {
            self.for_file(&artifact.path, &artifact.sha256.to_string())
        }
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
            false => {
                format!("{} cleared {}", scan::REDACTOR, Digest::of(cleared.concat().as_bytes()).short())
            }
        }
    }
}

/// Secrets and PHI that redaction does not reach: in the names of files, in what a call was asked for, in
/// documents that are no text.
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
            let rules = found.rules.into_keys().filter(|rule| telephones || *rule != rules::PHONE);
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
                let mut bytes = Vec::new();
                open_plain(&run.path(artifact))
                    .and_then(|mut f| f.read_to_end(&mut bytes))
                    .map_err(io_fault(&artifact.path))?;
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
    Written(Box<Closed>),
}

fn prepare(run: &Reader, cleared: &Cleared<'_>, folder: &Path) -> Result<Prepared, RedactError> {
    if run.record.derived_from.is_some() {
        return Ok(Prepared::Nothing);
    }
    let redactor = cleared.redactor(run);
    let name = copy_name(run);
    let found =
        run.artifacts.iter().map(|a| search(run, a, &cleared.rules(a))).collect::<Result<Vec<bool>, _>>()?;
    if !found.contains(&true) && !speaks(run) {
        return Ok(Prepared::Nothing);
    }
    let _ = std::fs::remove_dir_all(folder.join(format!(".{name}.partial")));
    crate::store::atomic::create_dir_all(folder, crate::store::atomic::Access::Private)
        .map_err(io_fault("the derived run"))?;
    let mut writer = Writer::create(folder, &name)?;
    let mut redactions = Vec::new();
    let mut numbers = Numbers::default();
    for (artifact, found) in run.artifacts.iter().zip(found) {
        let mut original = open_plain(&run.path(artifact)).map_err(io_fault(&artifact.path))?;
        if found {
            redactions.extend(rewrite(run, artifact, &cleared.rules(artifact), &mut writer, &mut numbers)?);
        } else {
            writer.add(
                &artifact.path,
                &mut original,
                &artifact.collected_at,
                spoken(&artifact.source, &mut numbers),
            )?;
        }
    }
    redactions.sort_by(|a, b| a.path.cmp(&b.path));
    let (record, coverage) = notes(run, &mut numbers);
    let record = RunRecord { derived_from: Some(run.manifest), redactor: Some(redactor), ..record };
    Ok(Prepared::Written(Box::new(writer.close(&record, &coverage, &redactions)?)))
}

/// One text of a run's own notes with what was found in it replaced.
fn told(text: &str, numbers: &mut Numbers) -> String {
    let mut findings = Findings::after(std::mem::take(numbers), &BTreeSet::new());
    let new = scan::text(text, String::new, &mut findings);
    *numbers = findings.into_numbers();
    new.unwrap_or_else(|| text.to_string())
}

/// What a run says of itself in free words: the command that was typed, what services answered where they
/// refused.
fn notes(run: &Reader, numbers: &mut Numbers) -> (RunRecord, Vec<Coverage>) {
    let mut record = run.record.clone();
    let line = record.command.join("\n");
    let spoken = told(&line, numbers);
    // a flag and its value are two words of the command
    record.command =
        if spoken == line { record.command } else { spoken.split('\n').map(str::to_string).collect() };
    let mut coverage = run.coverage.clone();
    coverage.iter_mut().for_each(|line| line.detail = told(&line.detail, numbers));
    (record, coverage)
}

/// A custody record with what was found in its words replaced.
fn spoken(source: &Source, numbers: &mut Numbers) -> Source {
    let mut source = source.clone();
    match &mut source {
        Source::Snapshot { custody, .. } | Source::Response { custody, .. } => {
            custody.values_mut().for_each(|words| *words = told(words, numbers));
        }
        Source::Document { .. } => {}
    }
    source
}

/// Whether the run's own notes hold something to be replaced.
fn speaks(run: &Reader) -> bool {
    let mut numbers = Numbers::default();
    let (record, coverage) = notes(run, &mut numbers);
    let custody =
        run.artifacts.iter().any(|artifact| spoken(&artifact.source, &mut numbers) != artifact.source);
    record.command != run.record.command || coverage != run.coverage || custody
}

fn copy_name(run: &Reader) -> String {
    format!("{}-redacted", run.record.id)
}

/// Removes a folder, or the link or file that stands in its place.
fn remove(place: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(place)?.is_dir() {
        true => std::fs::remove_dir_all(place),
        false => std::fs::remove_file(place),
    }
}

fn io_fault(path: &str) -> impl Fn(io::Error) -> RedactError {
    let path = path.to_string();
    move |source| RedactError::Io { path: path.clone(), source }
}

/// The rule that strikes in a file which is about to leave, if a sure one does: read in pieces that overlap,
/// unpacked where it is gzip. Nothing is replaced here: what is found stops the package.
pub fn search_layer(input: impl Read) -> io::Result<Option<&'static str>> {
    const PIECE: usize = 4 << 20;
    const OVERLAP: usize = 16 << 10;
    let mut input = io::BufReader::new(input);
    let packed = io::BufRead::fill_buf(&mut input)?.starts_with(&[0x1f, 0x8b]);
    let mut input: Box<dyn Read> =
        if packed { Box::new(flate2::read::MultiGzDecoder::new(input)) } else { Box::new(input) };
    let mut piece = Vec::new();
    loop {
        let kept = piece.len().min(OVERLAP);
        piece.drain(..piece.len() - kept);
        let read = input.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        if read == 0 {
            return Ok(None);
        }
        if let Some(rule) = rules::sure(&piece) {
            return Ok(Some(rule));
        }
    }
}

/// The digest that a redacted artifact had before.
pub fn original<'a>(redactions: &'a [Redaction], path: &str) -> Option<&'a Digest> {
    redactions.iter().find(|r| r.path == path).map(|r| &r.original)
}
