//! A run: gathered, sealed, and joined to the run before it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::keys::Sealer;
use super::record::instructions_of_run;
use super::{Error, kept_import, lock};
use crate::clock::Clock;
use crate::collect::{self, Request};
use crate::model::catalog::Catalog;
use crate::model::digest::Digest;
use crate::model::run::{Coverage, ProgramRecord, Way};
use crate::seal::bag::{Extras, TIMESTAMP, seal_bag_with};
use crate::store::atomic::{self, Access};
use crate::store::bag::Closed;
use crate::store::run::{self as runs, Reader};
use crate::workspace::Workspace;

/// What a collection left behind.
pub struct Collected {
    pub path: PathBuf,
    pub id: String,
    pub artifacts: usize,
    pub items: u64,
    pub coverage: Vec<Coverage>,
    pub skipped: Vec<String>,
    /// How AWS Config was read, in words; empty where AWS was not asked.
    pub ways: Vec<String>,
}

/// What to gather from.
pub struct Origins<'a> {
    pub files: &'a [PathBuf],
    #[cfg(feature = "aws")]
    pub live: Option<collect::Live<'a>>,
    /// The accounts that the run is about; empty: all there are.
    pub part: BTreeSet<String>,
}

pub fn run(
    workspace: &Workspace,
    catalog: &Catalog,
    inputs: Origins<'_>,
    clock: Clock,
    command: Vec<String>,
    sealer: &Sealer,
) -> Result<Collected, Error> {
    let evidence = workspace.evidence();
    atomic::create_dir_all(&evidence, Access::Private).map_err(Error::io("create", &evidence))?;
    let _lock = lock::take(workspace)?;
    let newest = previous(workspace);
    let gathered = collect::files(Request {
        inputs: inputs.files,
        papers: &papers(workspace),
        #[cfg(feature = "aws")]
        live: inputs.live,
        part: &inputs.part,
        evidence: &evidence,
        catalog,
        decisions: &workspace.decisions,
        configuration: workspace.files.get("affiant.yaml").map(|bytes| Digest::of(bytes)),
        clock,
        command,
        program: program(clock),
        previous: newest.as_ref().map(|run| run.manifest),
        sample: workspace.decisions.workspace.sample,
    })?;
    let id = gathered.record.id.clone();
    let path = sealed(gathered.closed, &id, &[], newest.as_ref(), clock, sealer)?;
    runs::finished(&evidence, &id).map_err(Error::io("remove the journal of", &path))?;
    let ways = gathered.record.asked.iter().flat_map(|asked| &asked.config).map(in_words).collect();
    let (artifacts, items) = (gathered.artifacts, gathered.items);
    Ok(Collected { path, id, artifacts, items, coverage: gathered.coverage, skipped: gathered.skipped, ways })
}

/// Seals a run, with `VERIFY.md` and further tag files; the timestamp of the run before shows that it was
/// made after it.
pub(super) fn sealed(
    closed: Closed,
    id: &str,
    tags: &[(String, Vec<u8>)],
    newest: Option<&Reader>,
    clock: Clock,
    sealer: &Sealer,
) -> Result<PathBuf, Error> {
    let text = instructions_of_run(id, sealer.certificate());
    let stamped = newest.and_then(|run| std::fs::read(run.root.join(TIMESTAMP)).ok());
    let more = tags.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let tags: Vec<(&str, &[u8])> = [("VERIFY.md", text.as_bytes())].into_iter().chain(more).collect();
    let extras = Extras {
        tags: &tags,
        authorities: Some(&sealer.authorities),
        revocation: Some(&sealer.revocation),
        previous: stamped.as_deref(),
    };
    Ok(seal_bag_with(closed, &*sealer.key, clock.now(), &extras)?.path)
}

/// One way of reading AWS Config, with how many accounts and which regions it served.
fn in_words(way: &Way) -> String {
    let accounts = match way.accounts.as_slice() {
        [one] => format!("account {one}"),
        many => format!("{} accounts", many.len()),
    };
    format!("{}: {accounts}, {}", way.words, way.regions.join(", "))
}

/// The files in `documents/` that statements, drills and records rest on, as far as they are there, and kept
/// imports; none that is privileged.
fn papers(workspace: &Workspace) -> Vec<(String, PathBuf)> {
    let decisions = &workspace.decisions;
    let said = decisions.attestations.attestations.iter().flat_map(|a| &a.evidence);
    let drilled = decisions.incident.iter().flat_map(|plan| &plan.drills).flat_map(|drill| &drill.evidence);
    let recorded = decisions.records.records.iter().map(|record| &record.file);
    let imported = kept_import::names(&workspace.root);
    let all = said.chain(drilled).chain(recorded).chain(&imported);
    let mut names: BTreeSet<&str> = all.filter_map(|path| path.strip_prefix("documents/")).collect();
    for record in decisions.records.records.iter().filter(|record| record.privileged) {
        names.remove(record.file.strip_prefix("documents/").unwrap_or_default());
    }
    let inside = |name: &&str| !name.split('/').any(|part| part.is_empty() || part == "..");
    let place = |name: &str| (name.to_string(), workspace.root.join("documents").join(name));
    names.into_iter().filter(inside).map(place).filter(|(_, path)| path.is_file()).collect()
}

/// The newest run that can be read.
pub(super) fn previous(workspace: &Workspace) -> Option<Reader> {
    let evidence = workspace.evidence();
    runs::list(&evidence).iter().rev().find_map(|name| Reader::open_run(&evidence.join(name)).ok())
}

/// This program, as a run records it. Under a pinned clock the binary's digest and commit are left out, so
/// that the sample is the same on every machine.
pub fn program(clock: Clock) -> ProgramRecord {
    let binary = || {
        std::env::current_exe().and_then(std::fs::File::open).and_then(|mut f| Digest::of_reader(&mut f)).ok()
    };
    ProgramRecord {
        name: "affiant".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        commit: if clock.is_pinned() { "pinned".into() } else { env!("AFFIANT_COMMIT").into() },
        binary: if clock.is_pinned() { None } else { binary().map(|f| f.digest) },
    }
}
