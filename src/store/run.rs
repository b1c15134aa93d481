//! A run on disk: a BagIt bag whose payload is artifacts and four files that say what they are. Writing streams; reading
//! checks shapes, not hashes (that is `verify`'s).

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::atomic::Access;
use super::bag::{BagError, Closed, Payload};
use super::manifest::{BagInfo, MANIFEST};
use crate::model::digest::Digest;
use crate::model::run::{Artifact, Coverage, RUN_FORMAT, Redaction, RunRecord, Source};

const RECORD: &str = "data/run.json";
const CUSTODY: &str = "data/custody.jsonl";
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
    #[error("`{path}` is of format `{format}`; this version reads `{RUN_FORMAT}`")]
    Format { path: PathBuf, format: String },
    #[error("no run in `{0}`")]
    None(PathBuf),
}

/// A run being written. Dropped unfinished, it leaves nothing.
pub struct Writer {
    payload: Payload,
    artifacts: Vec<Artifact>,
}

impl Writer {
    /// Begins the run `evidence/<id>`.
    pub fn create(evidence: &Path, id: &str) -> Result<Writer, RunError> {
        Ok(Writer { payload: Payload::create(evidence, id, Access::Private)?, artifacts: Vec::new() })
    }

    /// Stores `content` under `wanted` (below `data/`; beside it, if that name is taken), byte for byte, and its custody record.
    pub fn add(&mut self, wanted: &str, content: &mut dyn Read, at: &str, source: Source) -> Result<Artifact, RunError> {
        let path = self.payload.unoccupied(&format!("data/{wanted}"))?;
        let fixity = self.payload.add(path.as_str(), content)?;
        let artifact = Artifact {
            path: path.as_str()["data/".len()..].to_string(),
            sha256: fixity.digest,
            size: fixity.len,
            collected_at: at.to_string(),
            source,
        };
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
    pub fn close(mut self, record: &RunRecord, coverage: &[Coverage], redactions: &[Redaction]) -> Result<Closed, RunError> {
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
        let record: RunRecord = serde_json::from_slice(&read(&record_path)?).map_err(|error| RunError::Shape {
            path: record_path.clone(),
            line: error.line(),
            what: error.to_string(),
        })?;
        if record.format != RUN_FORMAT {
            return Err(RunError::Format { path: record_path, format: record.format });
        }
        let redactions = if record.derived_from.is_some() { read_lines(&root.join(REDACTIONS))? } else { Vec::new() };
        Ok(Reader {
            artifacts: read_lines(&root.join(CUSTODY))?,
            coverage: read_lines(&root.join(COVERAGE))?,
            redactions,
            manifest: Digest::of(&read(&root.join(MANIFEST))?),
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

/// Names of the runs in an evidence folder, oldest first (names begin with the time).
pub fn list(evidence: &Path) -> Vec<String> {
    let entries = fs::read_dir(evidence).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().join(RECORD).is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// The run that `wanted` names (a path, or a name in the evidence folder), or the newest.
pub fn find(evidence: &Path, wanted: Option<&str>) -> Result<PathBuf, RunError> {
    match wanted {
        Some(name) if evidence.join(name).join(RECORD).is_file() => Ok(evidence.join(name)),
        Some(path) if Path::new(path).join(RECORD).is_file() => Ok(PathBuf::from(path)),
        Some(path) => Err(RunError::NotARun(PathBuf::from(path))),
        None => match list(evidence).pop() {
            Some(name) => Ok(evidence.join(name)),
            None => Err(RunError::None(evidence.to_path_buf())),
        },
    }
}

/// Opens a file and un-gzips it if it starts like gzip (RFC 1952: 1f 8b).
pub fn plain(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut input = BufReader::with_capacity(256 * 1024, File::open(path)?);
    let gzip = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}

fn read(path: &Path) -> Result<Vec<u8>, RunError> {
    fs::read(path).map_err(|source| RunError::Read { path: path.to_path_buf(), source })
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
