//! Runs of parts of an estate as one: what was gathered, its custody and its coverage are taken over as they
//! are, each part is named with its manifest, and its own seal is kept beside. Parts that overlap are
//! refused, since it would be open which one counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::collect::{Collected, previous, program, sealed};
use super::keys::Sealer;
use super::record::JOINED;
use super::{Error, lock, sealed as opened};
use crate::clock::Clock;
use crate::diag::{Diagnostic, Problems};
use crate::model::digest::Digest;
use crate::model::run::{Asked, Coverage, JoinedRun, RUN_FORMAT, RunRecord, Source};
use crate::store::atomic::{self, Access};
use crate::store::run::{self as runs, Reader, Writer};
use crate::store::tree::open_plain;
use crate::workspace::Workspace;

/// Makes one run of many; each is named by its path or its name in `evidence/`.
pub fn run(
    workspace: &Workspace,
    named: &[String],
    clock: Clock,
    command: Vec<String>,
    sealer: &Sealer,
) -> Result<Collected, Error> {
    let evidence = workspace.evidence();
    atomic::create_dir_all(&evidence, Access::Private).map_err(Error::io("create", &evidence))?;
    let _lock = lock::take(workspace)?;
    let mut parts = Vec::new();
    for name in named {
        parts.push(opened::open(&runs::find(&evidence, Some(name))?, clock.now())?.reader);
    }
    parts.sort_by(|a, b| (&a.record.accounts, &a.record.id).cmp(&(&b.record.accounts, &b.record.id)));
    fit(&parts)?;
    let newest = previous(workspace);
    let record = record(&parts, clock, command, newest.as_ref().map(|run| run.manifest));
    let mut writer = Writer::create(&evidence, &record.id)?;
    for part in &parts {
        take(part, &mut writer)?;
    }
    let mut coverage: Vec<Coverage> = parts.iter().flat_map(|part| part.coverage.iter().cloned()).collect();
    coverage.sort_by(|a, b| {
        (&a.account, &a.region, &a.source, a.state).cmp(&(&b.account, &b.region, &b.source, b.state))
    });
    coverage.dedup();
    let artifacts = writer.artifacts().len();
    let closed = writer.close(&record, &coverage, &[])?;
    let mut tags = Vec::new();
    for part in &parts {
        tags.extend(own_seal(part)?);
    }
    let path = sealed(closed, &record.id, &tags, newest.as_ref(), clock, sealer)?;
    Ok(Collected {
        path,
        id: record.id,
        artifacts,
        items: 0,
        coverage,
        skipped: Vec::new(),
        ways: Vec::new(),
    })
}

/// Refuses runs that do not make one: made with another catalog or affiant.yaml, redacted, or of the same
/// account.
fn fit(parts: &[Reader]) -> Result<(), Error> {
    let mut problems = Problems::default();
    let mut complain = |part: &Reader, what: String, hint: &str| {
        problems.push(Diagnostic::new("AFR-003", what).file(part.root.display().to_string()).hint(hint));
    };
    let Some(first) = parts.first() else { return Ok(()) };
    let mut owners: BTreeMap<&str, &Reader> = BTreeMap::new();
    for part in parts {
        let (record, known) = (&part.record, &first.record);
        if record.catalog != known.catalog {
            complain(
                part,
                format!("it was made with another catalog than {}", known.id),
                "collect every part with the same program and catalog",
            );
        }
        if record.configuration != known.configuration {
            complain(
                part,
                format!("it was made with another affiant.yaml than {}", known.id),
                "collect every part with the same affiant.yaml",
            );
        }
        if record.derived_from.is_some() {
            complain(
                part,
                "it is a redacted copy".into(),
                "join the runs as they were collected: the redacted copy is made of the whole",
            );
        }
        for account in accounts(part) {
            if let Some(other) = owners.insert(account, part) {
                let what = format!("{} is about account {account} too", other.record.id);
                complain(
                    part,
                    what,
                    "join runs of different accounts: `affiant collect --account ID` makes one of a part",
                );
            }
        }
    }
    Ok(problems.or(())?)
}

/// Every account that a run is about or has evidence of.
fn accounts(part: &Reader) -> BTreeSet<&str> {
    let answers = part.artifacts.iter().filter_map(|artifact| match &artifact.source {
        Source::Response { account, .. } => Some(account.as_str()),
        Source::Snapshot { .. } | Source::Document { .. } => None,
    });
    part.record.accounts.iter().map(String::as_str).chain(answers).collect()
}

fn record(parts: &[Reader], clock: Clock, command: Vec<String>, previous: Option<Digest>) -> RunRecord {
    let of = |list: fn(&RunRecord) -> &Vec<String>| -> Vec<String> {
        parts
            .iter()
            .flat_map(|p| list(&p.record))
            .cloned()
            .collect::<BTreeSet<String>>()
            .into_iter()
            .collect()
    };
    let joined: Vec<JoinedRun> = parts
        .iter()
        .map(|part| JoinedRun {
            id: part.record.id.clone(),
            manifest: part.manifest,
            previous: part.record.previous,
            accounts: part.record.accounts.clone(),
            started: part.record.started.clone(),
            ended: part.record.ended.clone(),
        })
        .collect();
    let first = &parts.first().expect("parts were named").record;
    let started = joined.iter().map(|part| part.started.clone()).min().unwrap_or_default();
    let ended = joined.iter().map(|part| part.ended.clone()).max().unwrap_or_default();
    let salt: String = joined.iter().map(|part| format!("{}\0", part.manifest)).collect();
    let digest = Digest::of(format!("{salt}{previous:?}").as_bytes());
    let stem = started.replace(':', "");
    RunRecord {
        format: RUN_FORMAT.into(),
        id: format!("{stem}-{}", &digest.to_string()[..8]),
        sample: parts.iter().any(|part| part.record.sample) || clock.is_pinned(),
        program: program(clock),
        command,
        configuration: first.configuration,
        catalog: first.catalog,
        callers: of(|r| &r.callers),
        started,
        ended,
        clock: parts
            .iter()
            .map(|part| part.record.clock.clone())
            .chain([clock.kind().to_string()])
            .find(|kind| kind == "pinned")
            .unwrap_or_else(|| clock.kind().into()),
        accounts: of(|r| &r.accounts),
        regions: of(|r| &r.regions),
        asked: asked(parts),
        joined,
        previous,
        derived_from: None,
        redactor: None,
    }
}

/// How the parts were asked: ways with the same words are one.
fn asked(parts: &[Reader]) -> Option<Asked> {
    let mut all: Option<Asked> = None;
    for asked in parts.iter().filter_map(|part| part.record.asked.as_ref()) {
        let whole = all.get_or_insert_default();
        whole.organization = whole.organization.take().or_else(|| asked.organization.clone());
        whole.since = whole.since.take().or_else(|| asked.since.clone());
        for way in &asked.config {
            match whole.config.iter_mut().find(|known| {
                known.way == way.way && known.words == way.words && known.regions == way.regions
            }) {
                Some(known) => known.accounts.extend(way.accounts.iter().cloned()),
                None => whole.config.push(way.clone()),
            }
        }
    }
    all
}

/// Takes over a part's artifacts, byte for byte, with their custody records; a document that another part
/// brought too stands once.
fn take(part: &Reader, writer: &mut Writer) -> Result<(), Error> {
    for artifact in &part.artifacts {
        let is = |known: &crate::model::run::Artifact| {
            known.path == artifact.path && known.sha256 == artifact.sha256
        };
        if matches!(artifact.source, Source::Document { .. }) && writer.artifacts().iter().any(is) {
            continue;
        }
        let path = part.path(artifact);
        let mut file = open_plain(&path).map_err(Error::io("read", &path))?;
        let stored =
            writer.add(&artifact.path, &mut file, &artifact.collected_at, artifact.source.clone())?;
        if stored.sha256 != artifact.sha256 {
            return Err(opened::changed(&part.root, &artifact.path, "it changed while it was being read"));
        }
    }
    Ok(())
}

/// A part's record, manifests and seal, as tag files: `joined/<run>/...`. Whoever has its key checks it with
/// these.
fn own_seal(part: &Reader) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut names = vec![
        "manifest-sha256.txt".to_string(),
        "tagmanifest-sha256.txt".to_string(),
        "data/run.json".to_string(),
    ];
    below(&part.root.join("seal"), "seal", &mut names)?;
    names.sort();
    let mut out = Vec::new();
    for name in names {
        let path = part.root.join(&name);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        out.push((format!("{JOINED}/{}/{}", part.record.id, name.trim_start_matches("data/")), bytes));
    }
    Ok(out)
}

/// The plain files of a folder of a verified bag.
fn below(folder: &Path, inner: &str, names: &mut Vec<String>) -> Result<(), Error> {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(Error::io("read", folder))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    for path in entries {
        let Some(name) =
            path.file_name().and_then(|name| name.to_str()).map(|name| format!("{inner}/{name}"))
        else {
            continue;
        };
        match path.is_dir() {
            true => below(&path, &name, names)?,
            false => names.push(name),
        }
    }
    Ok(())
}
