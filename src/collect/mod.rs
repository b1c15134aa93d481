//! Gathers evidence into a run and judges nothing: from files (delivered AWS Config snapshots, exported
//! items, saved API answers, documents) and from AWS Config itself. What was expected and could not be read
//! becomes a gap, never an error.

pub mod archive_policy;
mod coverage;
mod elsewhere;
pub mod error;
mod history_files;
mod import;
#[cfg(feature = "aws")]
pub mod live;
mod order;
pub mod permissions;
pub mod policy;
mod recorder;
pub mod role;
mod saved_counts;
pub mod script;
mod seen;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use error::CollectError;

use crate::clock::{Clock, stamp};
use crate::diag::Diagnostic;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::model::run::{Artifact, Asked, Coverage, ProgramRecord, RUN_FORMAT, RunRecord};
use crate::store::bag::Closed;
use crate::store::run::Writer;

/// What to gather, from where, in whose name.
pub struct Request<'a> {
    pub inputs: &'a [PathBuf],
    /// Documents of the workspace that statements name: their names below `documents/`, and where they lie.
    pub papers: &'a [(String, PathBuf)],
    /// Ask AWS too.
    #[cfg(feature = "aws")]
    pub live: Option<Live<'a>>,
    /// The accounts that this run is about; empty: all there are.
    pub part: &'a BTreeSet<String>,
    /// The folder that holds runs.
    pub evidence: &'a Path,
    pub catalog: &'a Catalog,
    pub decisions: &'a Decisions,
    pub configuration: Option<Digest>,
    pub clock: Clock,
    pub command: Vec<String>,
    pub program: ProgramRecord,
    pub previous: Option<Digest>,
    pub sample: bool,
}

/// AWS, as a run asks it.
#[cfg(feature = "aws")]
pub struct Live<'a> {
    pub target: &'a live::Target,
    /// The unfinished run to go on with.
    pub resume: Option<String>,
    pub watch: &'a dyn Fn(live::Progress),
}

/// A run with everything in it but its seal.
pub struct Gathered {
    pub closed: Closed,
    pub record: RunRecord,
    pub coverage: Vec<Coverage>,
    pub artifacts: usize,
    pub items: u64,
    /// Files that are no evidence of a kind we know.
    pub skipped: Vec<String>,
}

/// Stores every input as an artifact of a new run, byte for byte, and works out what was covered.
pub fn files(request: Request<'_>) -> Result<Gathered, CollectError> {
    let Begun { started, id, mut writer, kept } = begin(&request)?;
    let mut seen = seen::Seen::default();
    seen.part.clone_from(request.part);
    for input in request.inputs {
        import::path(input, &mut writer, &mut seen, &request.clock, request.catalog)?;
    }
    saved_counts::settle(&mut seen, request.catalog);
    saved_counts::settle_lists(&mut seen, request.decisions);
    for (name, path) in request.papers {
        if !writer.artifacts().iter().any(|artifact| artifact.path == format!("documents/{name}")) {
            import::document(path, name, &mut writer, &mut seen, &request.clock, request.catalog)?;
        }
    }
    #[cfg(feature = "aws")]
    if let Some(live) = &request.live {
        let place = live::Destination {
            writer: &mut writer,
            seen: &mut seen,
            clock: &request.clock,
            catalog: request.catalog,
            kept,
            run_id: &id,
            watch: live.watch,
        };
        live::ask(live.target, place)?;
    }
    #[cfg(not(feature = "aws"))]
    let _ = kept;
    something(&seen, request.inputs)?;
    only_its_part(&seen)?;
    let coverage = coverage::work_out(&seen, request.catalog, request.decisions);
    let record = RunRecord {
        format: RUN_FORMAT.into(),
        id,
        sample: request.sample || request.clock.is_pinned(),
        program: request.program,
        command: request.command,
        configuration: request.configuration,
        catalog: request.catalog.digest,
        callers: seen.callers(),
        started: stamp(started),
        ended: stamp(request.clock.now()),
        clock: request.clock.kind().into(),
        accounts: seen.accounts(request.decisions).into_iter().collect(),
        regions: seen.regions(request.catalog, request.decisions).into_iter().collect(),
        asked: (seen.ways != Asked::default()).then(|| seen.ways.clone()),
        joined: Vec::new(),
        previous: request.previous,
        derived_from: None,
        redactor: None,
    };
    let artifacts = writer.artifacts().len();
    let closed = writer.close(&record, &coverage, &[])?;
    Ok(Gathered { closed, record, coverage, artifacts, items: seen.items, skipped: seen.skipped })
}

/// Refuses to make a run in which nothing could be read.
fn something(seen: &seen::Seen, inputs: &[PathBuf]) -> Result<(), CollectError> {
    if seen.items > 0 || !seen.responses.is_empty() {
        return Ok(());
    }
    let paths = inputs.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", ");
    let why = seen.faults.first().map_or(String::new(), |fault| format!(": {}: {}", fault.file, fault.what));
    let hint = "give AWS Config snapshot files (.json, .json.gz), or a folder of them or of what `affiant \
                policy --script` saved";
    Err(CollectError::Input(Box::new(
        Diagnostic::new("AFE-002", format!("nothing in {paths} is evidence that could be read{why}"))
            .hint(hint),
    )))
}

/// Refuses what is of another account than those that the run is about: a join would find it twice.
fn only_its_part(seen: &seen::Seen) -> Result<(), CollectError> {
    let Some(other) = seen.outside_of_its_part() else { return Ok(()) };
    let what = format!("there is evidence of account {other}, which `--account` does not name");
    let hint = "give the files of these accounts alone, or name the other account too";
    Err(CollectError::Input(Box::new(Diagnostic::new("AFE-007", what).hint(hint))))
}

/// A run as it begins, or goes on.
struct Begun {
    started: DateTime<Utc>,
    id: String,
    writer: Writer,
    /// Artifacts of an earlier attempt.
    kept: Vec<Artifact>,
}

fn begin(request: &Request<'_>) -> Result<Begun, CollectError> {
    #[cfg(feature = "aws")]
    if let Some(live) = &request.live {
        if let Some(id) = &live.resume {
            return resume(request, id);
        }
        let started = request.clock.now();
        let id = run_id(request, started);
        let line = serde_json::json!({
            "begun": stamp(started), "catalog": request.catalog.digest, "configuration": request.configuration
        });
        let writer = Writer::create_resumable(request.evidence, &id, &line)?;
        return Ok(Begun { started, id, writer, kept: Vec::new() });
    }
    let started = request.clock.now();
    let id = run_id(request, started);
    let writer = Writer::create(request.evidence, &id)?;
    Ok(Begun { started, id, writer, kept: Vec::new() })
}

/// Goes on with a run, if catalog and configuration are still those it was begun with.
#[cfg(feature = "aws")]
fn resume(request: &Request<'_>, id: &str) -> Result<Begun, CollectError> {
    let (writer, line, kept) = Writer::resume(request.evidence, id)?;
    let same = |name: &str, digest: Option<Digest>| {
        line.get(name).and_then(|v| v.as_str()) == digest.map(|d| d.to_string()).as_deref()
    };
    if !same("catalog", Some(request.catalog.digest)) || !same("configuration", request.configuration) {
        let what = format!("run {id} was begun with another catalog or affiant.yaml");
        return Err(CollectError::Input(Box::new(
            Diagnostic::new("AFE-006", what).hint("begin a new run: `affiant collect --aws`"),
        )));
    }
    let started = line["begun"]
        .as_str()
        .and_then(|t| DateTime::parse_from_rfc3339(t).ok())
        .map(|t| t.with_timezone(&Utc));
    Ok(Begun { started: started.unwrap_or_else(|| request.clock.now()), id: id.to_string(), writer, kept })
}

/// `2026-09-30T120000Z-1a2b3c4d`: the start, and digits of a digest over what was asked.
fn run_id(request: &Request<'_>, started: DateTime<Utc>) -> String {
    let salt = if request.clock.is_pinned() {
        String::new()
    } else {
        format!("{:?}{}", started, std::process::id())
    };
    let asked = format!("{}\0{:?}\0{:?}\0{salt}", stamp(started), request.command, request.previous);
    format!("{}-{}", started.format("%Y-%m-%dT%H%M%SZ"), &Digest::of(asked.as_bytes()).to_string()[..8])
}
