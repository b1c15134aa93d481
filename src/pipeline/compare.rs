//! Two sides to compare: runs of this workspace, or packages; and what a package carries of the time before
//! it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::Error;
use super::assess::{judge, redacted_for_now};
use super::bag_files::{copy_out, files_below, read};
use super::keys::private_folder;
use super::record::{
    ABOUT, ASSESSMENT, BEFORE, CATALOG, DATABASE, DECISIONS, DOSSIER, ITEMS, PackageRecord, RECORD,
    SIGHTINGS, TERMS, TREND, pretty,
};
use super::sealed;
use crate::assess::database::states;
use crate::catalog;
use crate::diag::Diagnostic;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::changes::{Before, Changes, ComparedSide, ItemState, Sightings, Terms, TrendPoint};
use crate::model::decisions::Decisions;
use crate::model::dossier::Dossier;
use crate::model::run::RunRecord;
use crate::program::{changes, sightings};
use crate::seal::Trust;
use crate::seal::verify::{self, Bag, DESCRIPTIONS, Options, State, Verified};
use crate::store::bag::Payload;
use crate::store::run::{self, Reader};
use crate::workspace::{self, Workspace};

/// One of two assessments, with the database that it came from.
pub struct Side {
    pub judged: ComparedSide,
    pub catalog: Catalog,
    pub trend: Vec<TrendPoint>,
    pub sightings: Sightings,
    database: PathBuf,
    /// Holds the database as long as it is needed.
    _scratch: TempDir,
}

#[derive(Serialize, Deserialize)]
struct About {
    format: String,
    source: String,
    /// Why there is nothing to compare with; else empty.
    why: String,
}

/// A run that another follows: judged as [`of_run`] judges, but not by what came into scope since. That is a
/// difference of terms, and no gap of the run.
pub fn of_earlier_run(workspace: &Workspace, catalog: &Catalog, run: Reader) -> Result<Side, Error> {
    let mut then = workspace.decisions.clone();
    then.workspace.accounts.retain(|account| run.record.accounts.contains(&account.id));
    then.workspace.regions.retain(|region| run.record.regions.contains(region));
    judged(workspace, catalog, run, &then)
}

/// A run, judged by this catalog and these decisions as of its own end.
pub fn of_run(workspace: &Workspace, catalog: &Catalog, run: Reader) -> Result<Side, Error> {
    judged(workspace, catalog, run, &workspace.decisions)
}

fn judged(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    decisions: &Decisions,
) -> Result<Side, Error> {
    let scratch = scratch(workspace)?;
    let until = run.record.ended.clone();
    let run = redacted_for_now(workspace, run, &until, scratch.path())?;
    let database = scratch.path().join("evidence.sqlite");
    let assessment = judge(catalog, decisions, &run, Some(&until), &database)?;
    let terms = changes::terms(catalog, decisions, &run.record, &assessment);
    let source = format!("run {}, judged with the catalog and the decisions of today", run.record.id);
    let sightings = sightings::with(&Sightings::default(), &assessment);
    let judged = ComparedSide { source, assessment, terms, items: Vec::new() };
    Ok(Side { judged, catalog: catalog.clone(), trend: Vec::new(), sightings, database, _scratch: scratch })
}

/// A package, as it was sealed: its assessment, its catalog, its decisions. What does not verify is not read.
pub fn of_package(workspace: &Workspace, path: &Path, now: DateTime<Utc>) -> Result<Side, Error> {
    let nobody = Trust::default();
    let checked = verify::verify(path, &Options::new(&nobody, now, DESCRIPTIONS))?;
    let shown = path.display();
    let Some(bag) = checked.bag.filter(|_| checked.report.integrity.state == State::Held) else {
        let words = checked.report.integrity.words;
        return Err(Diagnostic::new("AFU-021", format!("`{shown}` does not verify: {words}"))
            .hint("see `affiant verify`")
            .into());
    };
    let part = |what: &str| {
        Diagnostic::new("AFU-022", format!("`{shown}` holds no {what}"))
            .hint("name a run or a package of Affiant")
    };
    let record: PackageRecord = read(&bag, RECORD)?.ok_or_else(|| part("data/package.json"))?;
    let assessment: Assessment = read(&bag, ASSESSMENT)?.ok_or_else(|| part("assessment"))?;
    let run: RunRecord = read(&bag, &format!("{}/data/run.json", record.run))?.ok_or_else(|| part("run"))?;
    let catalog = catalog::from_files(files_below(&bag, CATALOG)?, record.custom_catalog)?;
    let decisions = workspace::decisions(&files_below(&bag, DECISIONS)?)?;
    let dossier = read::<Dossier>(&bag, DOSSIER)?;
    let sightings = dossier.as_ref().map(sightings::told).unwrap_or_default();
    let trend = dossier.and_then(|d| d.since).and_then(|s| s.changes).map(|c| c.trend).unwrap_or_default();
    let terms = changes::terms(&catalog, &decisions, &run, &assessment);
    let scratch = scratch(workspace)?;
    let database = scratch.path().join("evidence.sqlite");
    copy_out(&bag, DATABASE, &database)?;
    let judged = ComparedSide {
        source: format!("package {}, as it was sealed", record.id),
        assessment,
        terms,
        items: Vec::new(),
    };
    Ok(Side { judged, catalog, trend, sightings, database, _scratch: scratch })
}

fn scratch(workspace: &Workspace) -> Result<TempDir, Error> {
    let private = private_folder(workspace)?;
    tempfile::Builder::new()
        .prefix("compare-")
        .tempdir_in(&private)
        .map_err(Error::io("create a folder in", &private))
}

/// A package where the path is one, else a run by path or name.
pub fn open(
    workspace: &Workspace,
    catalog: &Catalog,
    wanted: &str,
    now: DateTime<Utc>,
) -> Result<Side, Error> {
    let path = Path::new(wanted);
    if path.join(RECORD).is_file() || path.is_file() {
        return of_package(workspace, path, now);
    }
    of_run(workspace, catalog, sealed::find(workspace, Some(wanted), now)?)
}

/// What changed, with the items of both that lie behind it.
pub fn between(old: &mut Side, new: &mut Side) -> Result<Changes, Error> {
    let wanted = changes::wanted(&old.judged, &new.judged);
    old.judged.items = states::items(&old.database, &wanted)?;
    new.judged.items = states::items(&new.database, &wanted)?;
    let trend: Vec<TrendPoint> = old.trend.iter().chain(&new.trend).cloned().collect();
    Ok(changes::compare(&old.judged, &new.judged, &new.catalog, &trend))
}

/// A point for each run of the workspace, judged with the catalog and the decisions of today.
pub fn trend(workspace: &Workspace, catalog: &Catalog, now: DateTime<Utc>) -> Result<Vec<TrendPoint>, Error> {
    let evidence = workspace.evidence();
    let mut points = Vec::new();
    for name in run::list(&evidence) {
        let side = of_earlier_run(workspace, catalog, sealed::open(&evidence.join(&name), now)?.reader)?;
        points.push(changes::point(&side.judged.assessment));
    }
    Ok(points)
}

/// The run that another names as the one before it, if it is in the workspace; verified.
pub fn run_before(
    workspace: &Workspace,
    run: &RunRecord,
    now: DateTime<Utc>,
) -> Result<Option<Reader>, Error> {
    let Some(previous) = run.previous else { return Ok(None) };
    let evidence = workspace.evidence();
    let mut readers =
        run::list(&evidence).into_iter().rev().filter_map(|name| Reader::open_run(&evidence.join(name)).ok());
    match readers.find(|reader| reader.manifest == previous) {
        Some(reader) => sealed::open(&reader.root, now).map(|run| Some(run.reader)),
        None => Ok(None),
    }
}

/// The side before a run: what is named, else the newest package of the run before it, else that run itself.
pub fn before(
    workspace: &Workspace,
    catalog: &Catalog,
    run: &RunRecord,
    against: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Result<Side, String>, Error> {
    if let Some(wanted) = against {
        return open(workspace, catalog, wanted, now).map(Ok);
    }
    let Some(previous) = run.previous else {
        return Ok(Err("This is the first run of its chain: there is nothing to compare it with.".into()));
    };
    let unread = |error: Error| {
        format!("The run before this one, manifest {}, could not be read: {error}.", previous.short())
    };
    let reader = match run_before(workspace, run, now) {
        Ok(Some(reader)) => reader,
        Ok(None) => {
            return Ok(Err(format!(
                "The run before this one, manifest {}, was not at hand.",
                previous.short()
            )));
        }
        Err(error) => return Ok(Err(unread(error))),
    };
    Ok(with_earlier(workspace, catalog, reader, now, EARLIER).map_err(unread))
}

/// How many runs without a package are judged, back through the chain, for the days on which resources were
/// seen.
const EARLIER: usize = 12;

/// A run's newest package, else the run itself with what the runs before it showed. Where the chain cannot be
/// followed it ends.
fn with_earlier(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    now: DateTime<Utc>,
    left: usize,
) -> Result<Side, Error> {
    if let Some(path) = package_of(workspace, &run) {
        return of_package(workspace, &path, now);
    }
    let earlier = if left == 0 { None } else { run_before(workspace, &run.record, now).unwrap_or(None) };
    let known = earlier
        .and_then(|earlier| with_earlier(workspace, catalog, earlier, now, left - 1).ok())
        .map(|side| side.sightings);
    let mut side = of_earlier_run(workspace, catalog, run)?;
    side.sightings = sightings::with(&known.unwrap_or_default(), &side.judged.assessment);
    Ok(side)
}

/// When the resources of risks were seen before a run.
pub fn sightings_before(
    workspace: &Workspace,
    catalog: &Catalog,
    run: &RunRecord,
    now: DateTime<Utc>,
) -> Result<Sightings, Error> {
    Ok(before(workspace, catalog, run, None, now)?.map(|side| side.sightings).unwrap_or_default())
}

/// The newest package in `packages/` that holds a run, or its redacted copy.
fn package_of(workspace: &Workspace, run: &Reader) -> Option<PathBuf> {
    let mut found: BTreeMap<(String, PathBuf), PathBuf> = BTreeMap::new();
    let folders = |folder: &Path| {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| p.is_dir())
    };
    for folder in folders(&workspace.packages()).flat_map(|period| folders(&period).collect::<Vec<_>>()) {
        let json = |path: PathBuf| std::fs::read(path).ok();
        let Some(record) =
            json(folder.join(RECORD)).and_then(|b| serde_json::from_slice::<PackageRecord>(&b).ok())
        else {
            continue;
        };
        let inner = folder.join(&record.run).join("data/run.json");
        let Some(held) = json(inner).and_then(|b| serde_json::from_slice::<RunRecord>(&b).ok()) else {
            continue;
        };
        if held.derived_from.unwrap_or(record.run_manifest) == run.manifest {
            found.insert((record.as_of, folder.clone()), folder);
        }
    }
    found.into_values().next_back()
}

/// Fetches what a comparison with the new assessment needs, and stores everything that repeats it.
pub fn store(
    side: Result<Side, String>,
    new: &mut ComparedSide,
    database: &Path,
    bag: &mut Payload,
) -> Result<Before, Error> {
    let mut add = |path: &str, bytes: Vec<u8>| bag.add(path, &mut bytes.as_slice()).map(drop);
    let about = |source: &str, why: &str| About {
        format: "affiant.previous/1".into(),
        source: source.into(),
        why: why.into(),
    };
    let mut side = match side {
        Ok(side) => side,
        Err(why) => {
            add(ABOUT, pretty(&about("", &why)))?;
            return Ok(Before::Nothing(why));
        }
    };
    let wanted = changes::wanted(&side.judged, new);
    side.judged.items = states::items(&side.database, &wanted)?;
    new.items = states::items(database, &wanted)?;
    add(ABOUT, pretty(&about(&side.judged.source, "")))?;
    add(BEFORE, pretty(&side.judged.assessment))?;
    add(TERMS, pretty(&side.judged.terms))?;
    add(ITEMS, pretty(&side.judged.items))?;
    add(TREND, pretty(&side.trend))?;
    add(SIGHTINGS, pretty(&side.sightings))?;
    Ok(Before::Known { judged: Box::new(side.judged), trend: side.trend, sightings: side.sightings })
}

/// What a package carries of the time before it, and the items of its own run that go with it; none in
/// packages that knew no such thing.
pub fn stored(bag: &Verified<Bag>, new: &mut ComparedSide, database: &Path) -> Result<Option<Before>, Error> {
    let Some(about) = read::<About>(bag, ABOUT)? else { return Ok(None) };
    let parts =
        (read::<Assessment>(bag, BEFORE)?, read::<Terms>(bag, TERMS)?, read::<Vec<ItemState>>(bag, ITEMS)?);
    let (Some(assessment), Some(terms), Some(items)) = parts else {
        return Ok(Some(Before::Nothing(about.why)));
    };
    let judged = ComparedSide { source: about.source, assessment, terms, items };
    new.items = states::items(database, &changes::wanted(&judged, new))?;
    let (trend, sightings) =
        (read(bag, TREND)?.unwrap_or_default(), read(bag, SIGHTINGS)?.unwrap_or_default());
    Ok(Some(Before::Known { judged: Box::new(judged), trend, sightings }))
}
