//! Verifies a package or a run: its seal, its signatures, its chain, and on request every verdict from the
//! bytes up.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

use super::edition::{EditionRecord, JoinSide, Joined, join, parse};
use super::recompute::{self, Recomputed};
use super::{Error, contents, sealed};
use crate::diag::Diagnostic;
use crate::model::dossier::Sharing;
use crate::seal::verify::{self, Code, DESCRIPTIONS, Options, Report, State, Verification};
use crate::seal::{Revocation, Trust};
use crate::store::run::{self, Reader};

/// The chain to the run before, as far as it can be seen from here.
#[derive(Debug, Clone, Serialize)]
pub struct ChainLink {
    /// `first`, `found`, `not here`, `broken`.
    pub state: &'static str,
    pub words: String,
}

#[derive(Debug, Serialize)]
pub struct VerifyOutcome {
    #[serde(flatten)]
    pub report: Report,
    pub chain: Option<ChainLink>,
    pub recompute: Option<Recomputed>,
    pub sample: bool,
    /// In a shareable edition: for whom it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<Sharing>,
    /// The edition against its original, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<Joined>,
    /// Whether the verifier pinned timestamp authorities, and none of them attests the time.
    pub time_missing: bool,
}

impl VerifyOutcome {
    /// Whether anything is known to be wrong.
    pub fn failed(&self) -> bool {
        let answers = [&self.report.integrity, &self.report.authenticity, &self.report.time];
        answers.iter().any(|a| a.state == State::Failed)
            || self.chain.as_ref().is_some_and(|c| c.state == "broken")
            || self.recompute.as_ref().is_some_and(|r| !r.agrees)
            || self.joined.as_ref().is_some_and(|joined| !joined.holds())
    }

    /// Whether something that was asked for is not there: a comparison, or the time by a pinned authority.
    pub fn incomplete(&self) -> bool {
        self.time_missing || self.recompute.as_ref().is_some_and(|r| !r.complete)
    }

    /// Whether who sealed it is unknown.
    pub fn authenticity_unknown(&self) -> bool {
        self.report.authenticity.state != State::Held
    }
}

/// What the verifier brings along, as read from files.
#[derive(Debug, Default)]
pub struct Pins {
    /// Sealers' certificates or their issuers'.
    pub trust: Trust,
    /// Timestamp authorities' certificates or their issuers'.
    pub authorities: Trust,
    pub revocation: Revocation,
    /// The verifier's clock is a pinned one: nothing is said to be yet to come by it.
    pub pinned_clock: bool,
}

/// How far an authority's clock may run ahead of the verifier's.
const MAX_SKEW: Duration = Duration::minutes(5);

impl Pins {
    /// `trust` and `authorities` are PEM text, `revocation` files with their names.
    pub fn read(
        trust: Option<&str>,
        authorities: Option<&str>,
        revocation: &[(String, Vec<u8>)],
    ) -> Result<Pins, Error> {
        let pinned = |pem: Option<&str>, option: &str| match pem {
            None => Ok(Trust::default()),
            Some(pem) => Trust::from_pem(pem).map_err(|e| {
                let problem = Diagnostic::new("AFV-900", format!("{option}: {e}"));
                Error::from(problem.hint("give a PEM file with one or more certificates"))
            }),
        };
        let mut pins = Pins {
            trust: pinned(trust, "--trust")?,
            authorities: pinned(authorities, "--tsa-trust")?,
            ..Pins::default()
        };
        for (name, bytes) in revocation {
            if !pins.revocation.add(bytes) {
                let problem = Diagnostic::new(
                    "AFV-901",
                    format!("--revocation {name}: neither a revocation list nor an OCSP answer"),
                );
                return Err(problem.hint("give files in DER, or lists in PEM").into());
            }
        }
        Ok(pins)
    }

    pub(super) fn check(&self, path: &Path, now: DateTime<Utc>) -> Result<Verification, Error> {
        let (trust, authorities, revocation) = (&self.trust, &self.authorities, &self.revocation);
        let mut checked = verify::verify(
            path,
            &Options { trust, authorities, revocation, now, descriptions: DESCRIPTIONS },
        )?;
        let early = checked.report.existed_by.filter(|by| !self.pinned_clock && *by > now + MAX_SKEW);
        if let Some(by) = early {
            checked.report.fail(Code::Authority, "", &format!("a timestamp says {by}, which is yet to come"));
            checked.report.existed_by = None;
        }
        Ok(checked)
    }
}

/// What joins an edition to its original: all three stay with the holder.
#[derive(Debug, Clone, Copy)]
pub struct JoinWith<'a> {
    pub link: &'a Path,
    pub original: &'a Path,
    pub key: &'a Path,
}

/// Verifies the bag at `path` (a folder or a ZIP); an edition also against its original, where `with` names
/// it.
pub fn verify(
    path: &Path,
    pins: &Pins,
    recompute: bool,
    with: Option<&JoinWith<'_>>,
    now: DateTime<Utc>,
) -> Result<VerifyOutcome, Error> {
    let checked = pins.check(path, now)?;
    let (mut report, bag) = (checked.report, checked.bag);
    if let Some(bag) = &bag {
        contents::check(bag, &mut report);
    }
    let sound = report.integrity.state == State::Held;
    let recomputed = match (bag.as_ref().zip(checked.signer.as_ref()).filter(|_| sound), recompute) {
        (Some((bag, signer)), true) => Some(recompute::recompute(bag, signer)?),
        (None, true) => Some(Recomputed::refused()),
        (_, false) => None,
    };
    let sample = bag.as_ref().is_some_and(recompute::is_sample);
    let time_missing = !pins.authorities.is_empty() && report.time.state != State::Held;
    let record = bag.as_ref().filter(|_| sound).and_then(parse);
    let joined = with.map(|with| match (&bag, &checked.signer, &record) {
        (Some(bag), Some(signer), Some(record)) => joined(&JoinSide { bag, signer }, record, with, now),
        (None | Some(_), None | Some(_), None | Some(_)) => {
            Ok(Joined::refused("what was to be joined is no shareable edition that verifies"))
        }
    });
    let joined = joined.transpose()?;
    let edition = record.map(|record| record.shared);
    Ok(VerifyOutcome {
        report,
        chain: chain(path, now),
        recompute: recomputed,
        sample,
        edition,
        joined,
        time_missing,
    })
}

fn joined(
    side: &JoinSide<'_>,
    record: &EditionRecord,
    with: &JoinWith<'_>,
    now: DateTime<Utc>,
) -> Result<Joined, Error> {
    let nobody = Pins::default();
    let mut checked = nobody.check(with.original, now)?;
    if let Some(bag) = &checked.bag {
        contents::check(bag, &mut checked.report);
    }
    match (checked.bag, checked.signer) {
        (Some(bag), Some(signer)) if checked.report.integrity.state == State::Held => {
            join(side, record, &JoinSide { bag: &bag, signer: &signer }, with.link, with.key)
        }
        (Some(_) | None, Some(_) | None) => {
            Ok(Joined::refused("the original does not verify, and nothing of it was read"))
        }
    }
}

/// Looks for the run that this one names as its predecessor among its neighbours. A neighbour that is not as
/// it was sealed is told, and nothing is taken from it.
fn chain(path: &Path, now: DateTime<Utc>) -> Option<ChainLink> {
    let this = Reader::open_run(path).ok()?;
    let Some(wanted) = this.record.previous else {
        return Some(ChainLink { state: "first", words: "this run names no run before it".into() });
    };
    let folder = path.canonicalize().ok()?.parent()?.to_path_buf();
    let neighbours = run::list(&folder);
    let found = neighbours
        .iter()
        .filter_map(|name| Reader::open_run(&folder.join(name)).ok())
        .find(|r| r.manifest == wanted);
    Some(match found {
        Some(before) if sealed::open(&before.root, now).is_err() => {
            let words = format!("the run before, {}, is here and not as it was sealed", before.record.id);
            ChainLink { state: "broken", words }
        }
        Some(before) if before.record.ended > this.record.started => ChainLink {
            state: "broken",
            words: format!("the run before, {}, ended after this one began", before.record.id),
        },
        Some(before) => {
            ChainLink { state: "found", words: format!("the run before is {}", before.record.id) }
        }
        None => ChainLink {
            state: "not here",
            words: format!("the run before has the manifest {} and is not in this folder", wanted.short()),
        },
    })
}
