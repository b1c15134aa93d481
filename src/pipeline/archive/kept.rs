//! What lies in an archive: read and held against its receipts, listed through the years, put on hold.
//! Receipts are input like any other: what they name is looked for below their own folder alone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;

use super::MAX_RECEIPT;
use super::place::ArchivePlace;
use crate::diag::{Diagnostic, near};
use crate::model::archived::{HoldState, LockState, RECEIPT, RECEIPT_FORMAT, Receipt, end_of};
use crate::model::digest::Digest;
use crate::pipeline::Error;

/// Renewal is announced so many days ahead.
const AHEAD: Days = Days::new(90);

/// One package's folder in an archive.
struct Home {
    /// Relative to the destination; empty if the destination is the folder itself.
    folder: String,
    receipt: Result<Receipt, String>,
    /// The files in it, by name, with their sizes.
    files: BTreeMap<String, u64>,
}

impl Home {
    fn key(&self, name: &str) -> String {
        if self.folder.is_empty() { name.into() } else { format!("{}/{name}", self.folder) }
    }
}

/// The folders of packages: those with a receipt, and those that were to have one.
fn homes(place: &ArchivePlace) -> Result<Vec<Home>, Error> {
    let mut folders: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (key, size) in place.keys()? {
        let (folder, name) = key.rsplit_once('/').unwrap_or(("", &key));
        folders.entry(folder.into()).or_default().insert(name.into(), size);
    }
    let own = |folder: &str, files: &BTreeMap<String, u64>| {
        let leaf = folder.rsplit('/').next().unwrap_or_default();
        files.contains_key(RECEIPT)
            || ["zip", "pdf", "html"].iter().any(|end| files.contains_key(&format!("{leaf}.{end}")))
    };
    let mut found = Vec::new();
    for (folder, files) in folders.into_iter().filter(|(folder, files)| own(folder, files)) {
        let mut home = Home { folder, receipt: Err(String::new()), files };
        home.receipt = receipt(place, &home.key(RECEIPT))?;
        found.push(home);
    }
    Ok(found)
}

fn receipt(place: &ArchivePlace, key: &str) -> Result<Result<Receipt, String>, Error> {
    let Some(bytes) = place.bytes(key, MAX_RECEIPT)? else {
        return Ok(Err("there is no receipt: archiving was not finished, or it was removed".into()));
    };
    let read: Result<Receipt, _> = serde_json::from_slice(&bytes);
    Ok(match read {
        Ok(receipt) if receipt.format != RECEIPT_FORMAT => {
            Err(format!("the receipt's format is `{}`", receipt.format))
        }
        Ok(receipt) if !receipt.is_plain() => Err("the receipt names what no receipt of ours names".into()),
        Ok(receipt) => Ok(receipt),
        Err(error) => Err(format!("the receipt cannot be read: {error}")),
    })
}

/// One archived package, as it was found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedPackage {
    pub at: String,
    pub package: String,
    pub period: String,
    pub retain_until: Option<NaiveDate>,
    pub files: Vec<CheckedFile>,
    /// What does not hold.
    pub wrong: Vec<String>,
    /// What the place did not tell.
    pub unknown: Vec<String>,
    /// What lies there beside.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct CheckedFile {
    pub name: String,
    pub size: u64,
    pub sha256: Digest,
    pub lock: LockState,
    pub hold: HoldState,
}

/// Reads everything of every package and holds it against its receipt.
pub fn check(place: &ArchivePlace, step: &dyn Fn(&str)) -> Result<Vec<CheckedPackage>, Error> {
    homes(place)?.iter().map(|home| check_one(place, home, step)).collect()
}

fn check_one(place: &ArchivePlace, home: &Home, step: &dyn Fn(&str)) -> Result<CheckedPackage, Error> {
    let mut checked = CheckedPackage {
        at: place.address(&home.folder),
        package: home.folder.rsplit('/').next().unwrap_or_default().into(),
        period: String::new(),
        retain_until: None,
        files: Vec::new(),
        wrong: Vec::new(),
        unknown: Vec::new(),
        notes: Vec::new(),
    };
    let receipt = match &home.receipt {
        Ok(receipt) => receipt,
        Err(words) => {
            checked.wrong.push(words.clone());
            return Ok(checked);
        }
    };
    (checked.package, checked.period) = (receipt.package.clone(), receipt.period.clone());
    checked.retain_until = Some(receipt.retain_until);
    if receipt.retain_until < receipt.computed {
        checked.wrong.push(format!(
            "the receipt says {}, and the package is to be kept until {}",
            receipt.retain_until, receipt.computed
        ));
    }
    for file in &receipt.files {
        check_file(place, home, &file.name, Some((file.size, file.sha256)), receipt, &mut checked, step)?;
    }
    check_file(place, home, RECEIPT, None, receipt, &mut checked, step)?;
    let listed: BTreeSet<&str> = receipt.files.iter().map(|f| f.name.as_str()).chain([RECEIPT]).collect();
    for name in home.files.keys().filter(|name| !listed.contains(name.as_str())) {
        checked.notes.push(format!("`{name}` lies there and is in no receipt"));
    }
    Ok(checked)
}

/// One file: there, of the digest that it should have, and locked as long as the receipt says.
fn check_file(
    place: &ArchivePlace,
    home: &Home,
    name: &str,
    expected: Option<(u64, Digest)>,
    receipt: &Receipt,
    checked: &mut CheckedPackage,
    step: &dyn Fn(&str),
) -> Result<(), Error> {
    let key = home.key(name);
    step(&format!("reading {}", place.address(&key)));
    let (Some(facts), Some(fixity)) = (place.facts(&key)?, place.fixity(&key)?) else {
        checked.wrong.push(format!("`{name}` is missing"));
        return Ok(());
    };
    if let Some((size, sha256)) = expected
        && (fixity.len, fixity.digest) != (size, sha256)
    {
        checked
            .wrong
            .push(format!("`{name}` has the digest {}, and the receipt says {sha256}", fixity.digest));
    }
    if let Some(noted) = facts.noted.filter(|noted| *noted != fixity.digest) {
        checked.wrong.push(format!(
            "`{name}` has the digest {}, and {noted} was noted when it was written",
            fixity.digest
        ));
    }
    let wanted = end_of(receipt.retain_until);
    match &facts.lock {
        LockState::NotClaimed => {}
        LockState::Absent => checked.wrong.push(format!("`{name}` is not locked")),
        LockState::Unknown { why } => checked.unknown.push(format!("whether `{name}` is locked: {why}")),
        LockState::Locked { mode, until } if facts.lock.binding().is_none() => {
            checked.wrong.push(format!(
                "`{name}` is locked in mode {mode} until {}, which can be lifted",
                until.format("%Y-%m-%d")
            ));
        }
        LockState::Locked { until, .. } if *until < wanted => {
            let until = until.format("%Y-%m-%d");
            checked.wrong.push(format!(
                "`{name}` is locked until {until}, and the receipt says {}",
                receipt.retain_until
            ));
        }
        LockState::Locked { .. } => {}
    }
    if let HoldState::Unknown { why } = &facts.hold {
        checked.unknown.push(format!("whether a legal hold lies on `{name}`: {why}"));
    }
    checked.files.push(CheckedFile {
        name: name.into(),
        size: fixity.len,
        sha256: fixity.digest,
        lock: facts.lock,
        hold: facts.hold,
    });
    Ok(())
}

/// One archived package in the list of years.
#[derive(Debug, Clone, Serialize)]
pub struct ListedPackage {
    pub at: String,
    pub year: String,
    pub package: String,
    pub renewals: u32,
    pub organization: String,
    pub period: String,
    pub as_of: String,
    pub retain_until: NaiveDate,
    /// Of the ZIP.
    pub lock: LockState,
    pub hold: HoldState,
    pub renewal: RenewalDue,
    pub destruction: Destruction,
}

/// What the seal needs: the certificates under it end.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum RenewalDue {
    Later {
        on: NaiveDate,
        words: String,
    },
    Soon {
        on: NaiveDate,
        words: String,
    },
    Overdue {
        on: NaiveDate,
        words: String,
    },
    /// A younger renewal of this package is archived, too.
    Renewed,
}

/// Whether it may be destroyed, as far as the archive tells. Nothing here destroys it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Destruction {
    NotBefore { on: NaiveDate },
    PossibleSince { on: NaiveDate },
    Held,
    Unknown { why: String },
}

/// What lies in an archive, and folders whose receipt says nothing.
#[derive(Debug, Clone, Serialize)]
pub struct ArchiveList {
    pub packages: Vec<ListedPackage>,
    pub unreadable: Vec<String>,
}

/// Every package, the oldest first.
pub fn list(place: &ArchivePlace, now: DateTime<Utc>) -> Result<ArchiveList, Error> {
    let (mut packages, mut unreadable) = (Vec::new(), Vec::new());
    let homes = homes(place)?;
    let newest = |receipt: &Receipt| {
        let same = homes
            .iter()
            .filter_map(|home| home.receipt.as_ref().ok())
            .filter(|other| other.package == receipt.package);
        same.map(|other| other.renewals).max() == Some(receipt.renewals)
    };
    for home in &homes {
        let at = place.address(&home.folder);
        let receipt = match &home.receipt {
            Ok(receipt) => receipt,
            Err(words) => {
                unreadable.push(format!("{at}: {words}"));
                continue;
            }
        };
        let zip =
            receipt.files.iter().find(|file| file.name.ends_with(".zip")).map(|file| home.key(&file.name));
        let facts = match zip {
            Some(zip) => place.facts(&zip)?,
            None => None,
        };
        let Some(facts) = facts else {
            unreadable.push(format!("{at}: its ZIP is missing"));
            continue;
        };
        packages.push(ListedPackage {
            at,
            year: receipt.as_of.chars().take(4).collect(),
            package: receipt.package.clone(),
            renewals: receipt.renewals,
            organization: receipt.organization.clone(),
            period: receipt.period.clone(),
            as_of: receipt.as_of.clone(),
            retain_until: receipt.retain_until,
            renewal: if newest(receipt) { renewal(receipt, now) } else { RenewalDue::Renewed },
            destruction: destruction(receipt, &facts.lock, &facts.hold, now),
            lock: facts.lock,
            hold: facts.hold,
        });
    }
    packages.sort_by(|a, b| (&a.as_of, &a.package, a.renewals).cmp(&(&b.as_of, &b.package, b.renewals)));
    Ok(ArchiveList { packages, unreadable })
}

fn renewal(receipt: &Receipt, now: DateTime<Utc>) -> RenewalDue {
    let (on, words) = (receipt.care_until.date_naive(), receipt.care.clone());
    match receipt.care_until {
        end if end <= now => RenewalDue::Overdue { on, words },
        end if end <= now + AHEAD => RenewalDue::Soon { on, words },
        _ => RenewalDue::Later { on, words },
    }
}

fn destruction(receipt: &Receipt, lock: &LockState, hold: &HoldState, now: DateTime<Utc>) -> Destruction {
    let unknown = |why: &str| Destruction::Unknown { why: why.into() };
    let locked = match lock {
        LockState::Locked { until, .. } => Some(*until),
        LockState::Absent | LockState::NotClaimed => None,
        LockState::Unknown { why } => return unknown(why),
    };
    let last =
        end_of(receipt.retain_until.max(receipt.computed)).max(locked.unwrap_or(DateTime::<Utc>::MIN_UTC));
    match hold {
        HoldState::On => Destruction::Held,
        HoldState::Unknown { why } => unknown(why),
        HoldState::Off | HoldState::NotClaimed if now > last => {
            Destruction::PossibleSince { on: last.date_naive() }
        }
        HoldState::Off | HoldState::NotClaimed => Destruction::NotBefore { on: last.date_naive() },
    }
}

/// Lays a legal hold on every file of a package, all its renewals with it, or takes it off; their addresses.
pub fn hold(place: &ArchivePlace, package: &str, on: bool) -> Result<Vec<String>, Error> {
    let homes = homes(place)?;
    let named: Vec<(&Home, &Receipt)> =
        homes.iter().filter_map(|home| home.receipt.as_ref().ok().map(|receipt| (home, receipt))).collect();
    let mut done = Vec::new();
    for (home, receipt) in named.iter().filter(|(_, receipt)| receipt.package == package) {
        for name in receipt.files.iter().map(|file| file.name.as_str()).chain([RECEIPT]) {
            let key = home.key(name);
            place.hold(&key, on)?;
            done.push(place.address(&key));
        }
    }
    if done.is_empty() {
        let known = named.iter().map(|(_, receipt)| receipt.package.as_str());
        let hint = near::hint(package, known, "`affiant archive list` shows the ids");
        return Err(Diagnostic::new("AFU-064", format!("no package `{package}` is archived here"))
            .hint(hint)
            .into());
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
