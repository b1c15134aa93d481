//! A run on disk: a BagIt bag whose payload is artifacts and four files that say what they are. Writing
//! streams; reading checks shapes, not hashes (that is `verify`'s).

mod folder;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::atomic::{self, Access, Existing};
use super::bag::{BagError, Closed, Payload};
use super::manifest::{BagInfo, MANIFEST, Manifest};
use super::path::{BagPath, fitting};
use super::tree::open_plain;
use crate::model::digest::Digest;
use crate::model::run::{Artifact, Coverage, RUN_FORMAT, Redaction, RunRecord, Source, UnreadPart};
use folder::sweep;
pub use folder::{find, finished, list, unfinished};

const RECORD: &str = "data/run.json";
pub const CUSTODY: &str = "data/custody.jsonl";
const COVERAGE: &str = "data/coverage.jsonl";
const REDACTIONS: &str = "data/redactions.jsonl";

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Bag(#[from] BagError),
    #[error("cannot read `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` line {line}: {what}")]
    Shape { path: PathBuf, line: usize, what: String },
    #[error("`{0}` is not a run: it has no data/run.json")]
    NotARun(PathBuf),
    #[error(
        "`{0}` is not a run: there is nothing of that name here or in evidence/; `affiant runs` lists the \
         runs"
    )]
    Nowhere(PathBuf),
    #[error("`{path}` is of format `{format}`; this version reads `{RUN_FORMAT}`")]
    Format { path: PathBuf, format: String },
    #[error("`{path}` does not fit the run: {what} [AFR-002]")]
    Custody { path: PathBuf, what: String },
    #[error("no run in `{0}`")]
    None(PathBuf),
}

/// Beside the folder of an unfinished run: what was begun, and a line an artifact, so that the run can be
/// resumed.
fn journal_path(evidence: &Path, id: &str) -> PathBuf {
    evidence.join(format!(".{id}.journal"))
}

/// A run being written. Dropped unfinished, it leaves nothing, unless it keeps a journal and holds an
/// artifact.
pub struct Writer {
    payload: Payload,
    artifacts: Vec<Artifact>,
    journal: Option<Journal>,
}

struct Journal {
    path: PathBuf,
    /// The first line; written with the first artifact, so that a run that never began leaves nothing.
    begun: String,
    file: Option<File>,
}

impl Journal {
    /// One write a line, so that a kill leaves whole lines but perhaps the last.
    fn note(&mut self, artifact: &Artifact) -> io::Result<()> {
        let mut line = serde_json::to_vec(artifact).expect("an artifact serialises");
        line.push(b'\n');
        if self.file.is_none() {
            atomic::write(
                &self.path,
                format!("{}\n", self.begun).as_bytes(),
                Access::Private,
                Existing::Replace,
            )?;
            self.file = Some(File::options().append(true).open(&self.path)?);
        }
        self.file.as_mut().expect("just opened").write_all(&line)
    }
}

impl Writer {
    /// Begins the run `evidence/<id>`.
    pub fn create(evidence: &Path, id: &str) -> Result<Writer, RunError> {
        Ok(Writer {
            payload: Payload::create(evidence, id, Access::Private)?,
            artifacts: Vec::new(),
            journal: None,
        })
    }

    /// Begins a run that can be resumed; `begun` is the journal's first line.
    pub fn create_resumable(
        evidence: &Path,
        id: &str,
        begun: &serde_json::Value,
    ) -> Result<Writer, RunError> {
        let mut writer = Writer::create(evidence, id)?;
        writer.journal =
            Some(Journal { path: journal_path(evidence, id), begun: begun.to_string(), file: None });
        Ok(writer)
    }

    /// Goes on with an unfinished run: gives its journal's first line and the artifacts that are whole. What
    /// lies there and is not whole is removed.
    pub fn resume(evidence: &Path, id: &str) -> Result<(Writer, serde_json::Value, Vec<Artifact>), RunError> {
        let mut payload = Payload::resume(evidence, id, Access::Private)?;
        payload.keep(true);
        let path = journal_path(evidence, id);
        let fault = |source| RunError::Read { path: path.clone(), source };
        let text = String::from_utf8_lossy(&fs::read(&path).map_err(fault)?).into_owned();
        // a last line without its end was being written when the run was cut short
        let mut whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let shape = |line, what: String| RunError::Shape { path: path.clone(), line, what };
        let begun: serde_json::Value = whole
            .next()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| shape(1, "no beginning".into()))?;
        let mut artifacts: Vec<Artifact> = Vec::new();
        for artifact in whole.filter_map(|line| serde_json::from_str::<Artifact>(line).ok()) {
            let place = format!("data/{}", artifact.path);
            let same =
                fs::File::open(payload.folder().join(&place)).and_then(|mut f| Digest::of_reader(&mut f));
            if same.is_ok_and(|f| f.digest == artifact.sha256)
                && !artifacts.iter().any(|a| a.path == artifact.path)
            {
                payload.adopt(&place)?;
                artifacts.push(artifact);
            }
        }
        let known: std::collections::BTreeSet<PathBuf> =
            artifacts.iter().map(|a| payload.folder().join("data").join(&a.path)).collect();
        sweep(&payload.folder().join("data"), &known).map_err(fault)?;
        let lines: Vec<u8> = [format!("{begun}\n").into_bytes(), lines(&artifacts)].concat();
        atomic::write(&path, &lines, Access::Private, Existing::Replace).map_err(fault)?;
        let file = Some(File::options().append(true).open(&path).map_err(fault)?);
        let journal = Some(Journal { path, begun: begun.to_string(), file });
        Ok((Writer { payload, artifacts: artifacts.clone(), journal }, begun, artifacts))
    }

    /// Stores `content` under `wanted` (below `data/`; beside it, if that name is taken), byte for byte, and
    /// its custody record.
    pub fn add(
        &mut self,
        wanted: &str,
        content: &mut dyn Read,
        at: &str,
        source: Source,
    ) -> Result<Artifact, RunError> {
        let path = self.payload.unoccupied(&format!("data/{}", fitting(wanted)))?;
        let fixity = self.payload.add(path.as_str(), content)?;
        let artifact = Artifact {
            path: path.as_str()["data/".len()..].to_string(),
            sha256: fixity.digest,
            size: fixity.len,
            collected_at: at.to_string(),
            source,
        };
        if let Some(journal) = &mut self.journal {
            journal
                .note(&artifact)
                .map_err(|source| RunError::Read { path: journal.path.clone(), source })?;
            self.payload.keep(true);
        }
        self.artifacts.push(artifact.clone());
        Ok(artifact)
    }

    pub fn artifacts(&self) -> &[Artifact] {
        &self.artifacts
    }

    /// Opens an artifact that was just written, un-gzipped.
    pub fn open(&self, path: &str) -> io::Result<Box<dyn Read>> {
        plain(&self.payload.folder().join("data").join(path))
    }

    /// Writes what is known of the run and closes the payload; the caller seals and finishes the bag.
    pub fn close(
        mut self,
        record: &RunRecord,
        coverage: &[Coverage],
        redactions: &[Redaction],
    ) -> Result<Closed, RunError> {
        self.artifacts.sort_by(|a, b| a.path.cmp(&b.path));
        let mut pretty = serde_json::to_vec_pretty(record).expect("a record serialises");
        pretty.push(b'\n');
        self.payload.add(RECORD, &mut pretty.as_slice())?;
        self.payload.add(CUSTODY, &mut lines(&self.artifacts).as_slice())?;
        self.payload.add(COVERAGE, &mut lines(coverage).as_slice())?;
        if record.derived_from.is_some() {
            self.payload.add(REDACTIONS, &mut lines(redactions).as_slice())?;
        }
        Ok(self.payload.close(info(record))?)
    }
}

/// `bag-info.txt`: what `verify` compares with `run.json`.
pub fn info(record: &RunRecord) -> BagInfo {
    BagInfo::new([
        ("Bag-Software-Agent", format!("affiant {}", record.program.version)),
        ("Bagging-Date", record.ended.get(..10).unwrap_or_default().to_string()),
        ("External-Identifier", record.id.clone()),
        ("Affiant-Format", RUN_FORMAT.to_string()),
        ("Affiant-Clock", record.clock.clone()),
        ("Affiant-Sample", record.sample.to_string()),
        ("Affiant-Catalog", record.catalog.to_string()),
        ("Affiant-Previous", record.previous.map_or("none".into(), |d| d.to_string())),
    ])
}

fn lines<T: Serialize>(values: &[T]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        serde_json::to_writer(&mut out, value).expect("a record serialises");
        out.push(b'\n');
    }
    out
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct Reader {
    pub root: PathBuf,
    pub record: RunRecord,
    pub artifacts: Vec<Artifact>,
    pub coverage: Vec<Coverage>,
    /// Worked out when the run is loaded, and empty before.
    pub unread_parts: Vec<UnreadPart>,
    pub redactions: Vec<Redaction>,
    /// SHA-256 of `manifest-sha256.txt`.
    pub manifest: Digest,
}

impl Reader {
    pub fn open_run(root: &Path) -> Result<Reader, RunError> {
        let record_path = root.join(RECORD);
        if !record_path.is_file() {
            return Err(RunError::NotARun(root.to_path_buf()));
        }
        let record: RunRecord = serde_json::from_slice(&read(&record_path)?).map_err(|error| {
            RunError::Shape { path: record_path.clone(), line: error.line(), what: error.to_string() }
        })?;
        if record.format != RUN_FORMAT {
            return Err(RunError::Format { path: record_path, format: record.format });
        }
        let manifest = read(&root.join(MANIFEST))?;
        if let Some(what) = custody_problem(&read(&root.join(CUSTODY))?, &manifest) {
            return Err(RunError::Custody { path: root.join(CUSTODY), what });
        }
        let redactions =
            if record.derived_from.is_some() { read_lines(&root.join(REDACTIONS))? } else { Vec::new() };
        Ok(Reader {
            artifacts: read_lines(&root.join(CUSTODY))?,
            coverage: read_lines(&root.join(COVERAGE))?,
            unread_parts: Vec::new(),
            redactions,
            manifest: Digest::of(&manifest),
            root: root.to_path_buf(),
            record,
        })
    }

    /// Digest over every artifact's path and digest: what the run says, apart from its seal.
    pub fn manifest_of_content(&self) -> Digest {
        let lines: String = self.artifacts.iter().map(|a| format!("{} {}\n", a.sha256, a.path)).collect();
        Digest::of(lines.as_bytes())
    }

    /// An artifact's content, un-gzipped where it is gzip.
    pub fn open(&self, artifact: &Artifact) -> io::Result<Box<dyn Read>> {
        plain(&self.path(artifact))
    }

    /// Where an artifact lies.
    pub fn path(&self, artifact: &Artifact) -> PathBuf {
        self.root.join("data").join(&artifact.path)
    }
}

/// What is wrong with the custody records `lines` of a run with this manifest: each must be of a file that
/// the manifest lists, with that digest; each file must have one.
pub fn custody_problem(lines: &[u8], manifest: &[u8]) -> Option<String> {
    let Ok(manifest) = Manifest::parse(manifest) else { return Some("the manifest cannot be read".into()) };
    let mut recorded = BTreeSet::new();
    for (index, line) in lines.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        let at = index + 1;
        let Ok(artifact) = serde_json::from_slice::<Artifact>(line) else {
            return Some(format!("line {at} is no custody record"));
        };
        let Ok(path) = BagPath::new(&format!("data/{}", artifact.path)) else {
            return Some(format!("line {at} names a place outside the run: {:?}", artifact.path));
        };
        match manifest.digest(&path) {
            None => {
                return Some(format!(
                    "line {at} names `{}`, which the manifest does not list",
                    artifact.path
                ));
            }
            Some(digest) if digest != artifact.sha256 => {
                return Some(format!(
                    "line {at} gives `{}` the digest {}, the manifest {digest}",
                    artifact.path, artifact.sha256
                ));
            }
            Some(_) => {}
        }
        if !recorded.insert(path) {
            return Some(format!("line {at} names `{}` a second time", artifact.path));
        }
    }
    let own = [RECORD, CUSTODY, COVERAGE, REDACTIONS];
    let without = manifest
        .entries()
        .map(|(path, _)| path)
        .find(|path| !recorded.contains(path) && !own.contains(&path.as_str()));
    without.map(|path| format!("`{path}` has no custody record"))
}

/// More unpacked bytes than this for each packed one end a file ...
const MAX_RATIO: u64 = 200;
/// ... once they are more than this.
const RATIO_FLOOR: u64 = 256 << 20;

/// Opens a plain file, following no link, and un-gzips it if it starts like gzip (RFC 1952: 1f 8b).
pub fn plain(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = open_plain(path)?;
    let most = RATIO_FLOOR.max(MAX_RATIO.saturating_mul(file.metadata()?.len()));
    let mut input = BufReader::with_capacity(256 * 1024, file);
    let gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip {
        Box::new(Bounded { inner: MultiGzDecoder::new(input), left: most })
    } else {
        Box::new(input)
    })
}

/// Ends in an error where a file unpacks to far more than evidence does.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it unpacks to more than {MAX_RATIO} times its size"),
            )
        })?;
        Ok(n)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    let bytes = || {
        let mut bytes = Vec::new();
        open_plain(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    bytes().map_err(|source| RunError::Read { path: path.to_path_buf(), source })
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, RunError> {
    let bytes = read(path)?;
    bytes
        .split(|b| *b == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|error| RunError::Shape {
                path: path.to_path_buf(),
                line: index + 1,
                what: error.to_string(),
            })
        })
        .collect()
}

/// The bytes of a small artifact source, for those that only words are wanted of.
pub fn is_snapshot(artifact: &Artifact) -> bool {
    matches!(artifact.source, Source::Snapshot { .. })
}
