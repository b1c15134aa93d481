//! The packages that a response is drawn from: those of the workspace, or those that are named; each verified
//! before it is read. The newest that speaks for the day, or for one before it, is in effect.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use super::super::Error;
use super::super::handed::{self, HeldPackage};
use super::super::record::{FORMAT, PackageRecord, RECORD};
use super::super::verify::Pins;
use crate::diag::Diagnostic;
use crate::store::{BagPath, Tree};
use crate::workspace::Workspace;

const MAX_RECORD: u64 = 64 << 20;

/// Opened packages, the oldest first; the last is in effect on `day`.
pub fn open(
    workspace: &Workspace,
    from: &[PathBuf],
    day: NaiveDate,
    pins: &Pins,
    now: DateTime<Utc>,
) -> Result<Vec<HeldPackage>, Error> {
    let mut found: BTreeMap<(String, String), PathBuf> = BTreeMap::new();
    for path in if from.is_empty() { within(&workspace.packages()) } else { from.to_vec() } {
        let Some(record) = record(&path) else {
            if from.is_empty() {
                continue;
            }
            let problem = Diagnostic::new("AFU-077", format!("`{}` is no package", path.display()));
            return Err(problem
                .hint("name the ZIP or the folder that `affiant package` made, not an edition")
                .into());
        };
        let then = record.as_of.get(..10).unwrap_or_default().to_string();
        if record.draft || then > day.to_string() {
            continue;
        }
        // the same inputs give the same id: a folder and its ZIP are one package
        found.entry((record.as_of, record.id)).or_insert(path);
    }
    if found.is_empty() {
        let problem =
            Diagnostic::new("AFU-078", format!("no package speaks for {day} or for a day before it"));
        return Err(problem
            .hint("name packages with `--from PACKAGE`, or a later day; a draft does not count")
            .into());
    }
    alone(&found)?;
    let all =
        found.into_values().map(|path| handed::open(&path, pins, now)).collect::<Result<Vec<_>, _>>()?;
    one_organization(&all)?;
    Ok(all)
}

/// Two packages that speak for the same moment and differ: a person says which is meant.
fn alone(found: &BTreeMap<(String, String), PathBuf>) -> Result<(), Error> {
    let keys: Vec<&(String, String)> = found.keys().collect();
    let Some(twice) = keys.windows(2).find(|pair| pair[0].0 == pair[1].0) else { return Ok(()) };
    let problem = Diagnostic::new(
        "AFU-079",
        format!("the packages `{}` and `{}` speak for the same time", twice[0].1, twice[1].1),
    );
    Err(problem.hint("name those that are meant with `--from PACKAGE`, once for each").into())
}

fn one_organization(all: &[HeldPackage]) -> Result<(), Error> {
    let Some(other) = all.windows(2).find(|pair| pair[0].record.organization != pair[1].record.organization)
    else {
        return Ok(());
    };
    let (a, b) = (&other[0].record, &other[1].record);
    let problem = Diagnostic::new(
        "AFU-080",
        format!("`{}` is of {}, and `{}` of {}", a.id, a.organization, b.id, b.organization),
    );
    Err(problem.hint("name the packages of one organization with `--from PACKAGE`").into())
}

fn within(packages: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let mut all: Vec<PathBuf> =
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        all.sort();
        all
    };
    let periods = entries(packages).into_iter().filter(|path| path.is_dir());
    periods
        .flat_map(|period| entries(&period))
        .filter(|path| path.is_dir() || path.extension().is_some_and(|e| e == "zip"))
        .collect()
}

/// What a package says of itself, not verified yet; none of what is no full package.
fn record(path: &Path) -> Option<PackageRecord> {
    let bytes = match path.is_dir() {
        true => std::fs::read(path.join(RECORD)).ok()?,
        false => Tree::open_any(path)
            .ok()
            .and_then(|tree| tree.read(&BagPath::new(RECORD).ok()?, MAX_RECORD).ok())?,
    };
    serde_json::from_slice::<PackageRecord>(&bytes).ok().filter(|record| record.format == FORMAT)
}
