//! Years of runs and packages in one folder: each run names the one before by its manifest's digest, so a run
//! that is missing, told twice or rewritten shows to whoever holds its neighbours; and a timestamp bounds
//! when it existed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Error;
use super::package::{PackageRecord, RECORD};
use super::verify::Pins;
use crate::model::digest::Digest;
use crate::model::run::RunRecord;
use crate::seal::verify::{Bag, Code, State, Verified};
use crate::store::BagPath;

/// A run, wherever it was found.
#[derive(Debug, Serialize)]
pub struct Link {
    pub id: String,
    /// The manifest of the run as collected; a redacted copy names it.
    pub manifest: Digest,
    pub previous: Option<Digest>,
    pub started: String,
    pub ended: String,
    /// The earliest time at which a pinned authority saw a seal over it.
    pub existed_by: Option<DateTime<Utc>>,
    /// What a pinned authority had stamped before it was sealed.
    pub sealed_after: Option<DateTime<Utc>>,
    pub places: Vec<RunCopy>,
}

/// One copy of a run: its own folder, or a package that holds it.
#[derive(Debug, Clone, Serialize)]
pub struct RunCopy {
    pub path: String,
    pub failed: bool,
    /// Whether nothing pinned says who sealed it.
    pub unknown: bool,
    pub words: String,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: Code,
    /// `fork`, `gap`, `rewritten`, `order`, `copies`, `failed`.
    pub kind: &'static str,
    pub words: String,
}

#[derive(Debug, Serialize)]
pub struct Walked {
    pub format: &'static str,
    /// The oldest first.
    pub links: Vec<Link>,
    pub findings: Vec<Finding>,
}

/// How deep folders are searched, and the most bags that are looked at.
const MAX_DEPTH: usize = 6;
const MAX_BAGS: usize = 100_000;
const MAX_RECORD: u64 = 64 << 20;

impl Link {
    pub fn failed(&self) -> bool {
        self.places.iter().any(|place| place.failed)
    }

    /// When it must have come into being, in words.
    pub fn interval(&self) -> String {
        let show = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        match (self.sealed_after, self.existed_by) {
            (Some(after), Some(by)) => format!("sealed after {} and existed by {}", show(after), show(by)),
            (None, Some(by)) => format!("existed by {}", show(by)),
            (Some(after), None) => {
                format!("sealed after {}; nobody independent says by when it existed", show(after))
            }
            (None, None) => format!("its own clock says {}; nobody independent does", self.ended),
        }
    }
}

impl Walked {
    pub fn failed(&self) -> bool {
        !self.findings.is_empty()
    }

    pub fn authenticity_unknown(&self) -> bool {
        self.links.iter().any(|link| link.places.iter().any(|place| place.unknown))
    }
}

/// A run of the chain of which no copy was counted yet.
fn unplaced(record: &RunRecord, manifest: Digest) -> Link {
    Link {
        id: record.id.clone(),
        manifest,
        previous: record.previous,
        started: record.started.clone(),
        ended: record.ended.clone(),
        existed_by: None,
        sealed_after: None,
        places: Vec::new(),
    }
}

/// Verifies every run and package below `folder` and joins them.
pub fn walk(folder: &Path, pins: &Pins, now: DateTime<Utc>) -> Result<Walked, Error> {
    let mut bags = Vec::new();
    find(folder, 0, &mut bags)?;
    bags.sort();
    let mut links: BTreeMap<(Digest, String), Link> = BTreeMap::new();
    // by original, id and rules: the same rules make the same copy
    let mut copies: BTreeMap<(Digest, String, Option<String>), BTreeSet<Digest>> = BTreeMap::new();
    let mut findings = Vec::new();
    for path in bags {
        let checked = pins.check(&path, now)?;
        let shown = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let report = &checked.report;
        let (integrity, who) = (report.integrity.state, report.authenticity.state);
        let place = RunCopy {
            path: shown.clone(),
            failed: [integrity, who, report.time.state].contains(&State::Failed),
            unknown: who == State::Unknown,
            words: format!(
                "integrity {}, authenticity {}, time {}",
                word(integrity),
                word(who),
                word(report.time.state)
            ),
        };
        if place.failed {
            let why = [&report.integrity, &report.authenticity, &report.time]
                .into_iter()
                .find(|a| a.state == State::Failed);
            let words = format!("{shown} does not verify: {}", why.map_or("", |answer| &answer.words));
            findings.push(Finding { code: Code::ChainFailed, kind: "failed", words });
        }
        let Some(bag) = checked.bag else { continue };
        for (record, manifest) in runs(&bag) {
            if let Some(original) = record.derived_from {
                copies
                    .entry((original, record.id.clone(), record.redactor.clone()))
                    .or_default()
                    .insert(manifest);
            }
            let manifest = record.derived_from.unwrap_or(manifest);
            let link =
                links.entry((manifest, record.id.clone())).or_insert_with(|| unplaced(&record, manifest));
            link.existed_by = [link.existed_by, report.existed_by].into_iter().flatten().min();
            link.sealed_after = link.sealed_after.max(report.sealed_after);
            link.places.push(place.clone());
        }
    }
    let mut links: Vec<Link> = links.into_values().collect();
    links.sort_by(|a, b| (&a.started, &a.id).cmp(&(&b.started, &b.id)));
    findings.extend(join(&links));
    for ((original, id, _), different) in copies.iter().filter(|(_, different)| different.len() > 1) {
        let words = format!(
            "{} redacted copies of the run {id} (manifest {}) differ",
            different.len(),
            original.short()
        );
        findings.push(Finding { code: Code::ChainCopies, kind: "copies", words });
    }
    Ok(Walked { format: "affiant.chain/1", links, findings })
}

/// What the links say of one another.
fn join(links: &[Link]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let known: BTreeMap<Digest, &Link> = links.iter().map(|link| (link.manifest, link)).collect();
    let mut after: BTreeMap<Option<Digest>, Vec<&Link>> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, BTreeSet<Digest>> = BTreeMap::new();
    for link in links {
        after.entry(link.previous).or_default().push(link);
        by_id.entry(&link.id).or_default().insert(link.manifest);
    }
    for (id, manifests) in by_id.iter().filter(|(_, manifests)| manifests.len() > 1) {
        let words = format!("the run {id} is here with {} different contents", manifests.len());
        findings.push(Finding { code: Code::ChainRewritten, kind: "rewritten", words });
    }
    for (previous, links) in &after {
        let ids: BTreeSet<&str> = links.iter().map(|link| link.id.as_str()).collect();
        let before = previous.map_or("no run before them".to_string(), |digest| {
            known
                .get(&digest)
                .map_or_else(|| format!("the run with manifest {}", digest.short()), |link| link.id.clone())
        });
        if ids.len() > 1 {
            let ids = ids.into_iter().collect::<Vec<_>>().join(", ");
            findings.push(Finding {
                code: Code::ChainFork,
                kind: "fork",
                words: format!("{ids} all name {before}"),
            });
        }
    }
    for link in links {
        let Some(previous) = link.previous else { continue };
        match known.get(&previous) {
            None => {
                let words = format!(
                    "{} names a run before it, manifest {}, that is not here",
                    link.id,
                    previous.short()
                );
                findings.push(Finding { code: Code::ChainGap, kind: "gap", words });
            }
            Some(before) if before.ended > link.started => {
                let words = format!(
                    "{} began before {}, which it names as the run before, had ended",
                    link.id, before.id
                );
                findings.push(Finding { code: Code::ChainOrder, kind: "order", words });
            }
            Some(_) => {}
        }
    }
    findings
}

/// The runs of a verified bag: itself, or those that a package holds.
fn runs(bag: &Verified<Bag>) -> Vec<(RunRecord, Digest)> {
    let record = |path: &str| -> Option<RunRecord> {
        let bytes = bag.read(&BagPath::new(path).ok()?, MAX_RECORD).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    if let Some(own) = record("data/run.json") {
        return vec![(own, bag.manifest_digest())];
    }
    let package = BagPath::new(RECORD).ok().and_then(|path| bag.read(&path, MAX_RECORD).ok());
    let Some(package) = package.and_then(|bytes| serde_json::from_slice::<PackageRecord>(&bytes).ok()) else {
        return Vec::new();
    };
    record(&format!("{}/data/run.json", package.run))
        .map(|run| (run, package.run_manifest))
        .into_iter()
        .collect()
}

/// Folders and archives that may be bags; what lies inside a bag is not looked for.
fn find(folder: &Path, depth: usize, bags: &mut Vec<PathBuf>) -> Result<(), Error> {
    if folder.join("bagit.txt").exists() {
        bags.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))?.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if bags.len() >= MAX_BAGS || hidden {
            continue;
        }
        if kind.is_dir() && depth < MAX_DEPTH {
            find(&path, depth + 1, bags)?;
        } else if kind.is_file() && path.extension().is_some_and(|e| e == "zip") {
            bags.push(path);
        }
    }
    Ok(())
}

fn word(state: State) -> &'static str {
    match state {
        State::Held => "held",
        State::Failed => "FAILED",
        State::Unknown => "unknown",
    }
}
