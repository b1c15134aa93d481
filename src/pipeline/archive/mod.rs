//! A package put away for years: into a bucket with Object Lock, or a folder. What is put there is read back
//! whole, the receipt comes last, and a second time finds everything as it is. Nothing is ever deleted or
//! replaced.

#[cfg(feature = "aws")]
mod bucket;
pub mod deposit;
mod folder;
pub mod kept;
mod offered;
pub mod place;
pub mod terms;

use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, Utc};

pub use offered::OfferedPackage;
use place::ArchivePlace;
use terms::{Added, KeptFile};

use crate::diag::Diagnostic;
use crate::model::archived::{LockState, RECEIPT, Receipt, end_of};
use crate::model::digest::{Digest, Fixity};
use crate::pipeline::Error;
use crate::pipeline::record::pretty;
use crate::store::atomic::{self, Access, Existing};

/// The most that a receipt may hold.
const MAX_RECEIPT: u64 = 1 << 20;

/// What came of one file.
#[derive(Debug, Clone)]
pub struct Archived {
    pub address: String,
    pub added: Added,
    pub fixity: Fixity,
    /// Until when it is locked; `None` in a folder.
    pub locked: Option<DateTime<Utc>>,
    /// The lock as the place tells it, read once more.
    pub lock: LockState,
}

/// What was archived, and under which receipt.
#[derive(Debug, Clone)]
pub struct ArchivedPackage {
    pub receipt: Receipt,
    pub files: Vec<Archived>,
}

impl ArchivedPackage {
    /// Whether everything was there before.
    pub fn was_there(&self) -> bool {
        self.files.iter().all(|file| file.added == Added::There)
    }
}

/// The day until which it is kept, as it was typed: refused if it is none, too early, or past.
pub fn typed_day(offered: &OfferedPackage, typed: NaiveDate, now: DateTime<Utc>) -> Result<NaiveDate, Error> {
    let computed = offered.receipt.computed;
    let wrong = |message: String| -> Error {
        let line = format!("type `--retain-until {computed}`, or a later day");
        Diagnostic::new("AFU-050", message).hint(line).into()
    };
    if typed < computed {
        return Err(wrong(format!(
            "{typed} is before {computed}, until which the package is to be kept; nothing was archived"
        )));
    }
    if end_of(typed) <= now {
        return Err(wrong(format!(
            "{typed} has passed, so nothing could be locked until then; nothing was archived"
        )));
    }
    Ok(typed)
}

/// Puts the package into its place. `step` is told what begins.
pub fn archive(
    offered: &OfferedPackage,
    place: &ArchivePlace,
    day: NaiveDate,
    step: &dyn Fn(&str),
) -> Result<ArchivedPackage, Error> {
    let folder = format!("{:04}/{}", offered.year(), offered.stem);
    let mut receipt = Receipt { retain_until: day, ..offered.receipt.clone() };
    let earlier = place.bytes(&format!("{folder}/{RECEIPT}"), MAX_RECEIPT)?;
    let mut bytes = pretty(&receipt);
    if let Some(earlier) = earlier {
        receipt = same(&earlier, &receipt, &place.address(&folder), place.locks())?;
        bytes = earlier;
    }
    let scratch = offered.scratch().join(RECEIPT);
    atomic::write(&scratch, &bytes, Access::Private, Existing::Replace)
        .map_err(Error::io("write", &scratch))?;
    let own = Fixity { digest: Digest::of(&bytes), len: bytes.len() as u64 };
    let last =
        KeptFile { name: RECEIPT.into(), content_type: "application/json", path: scratch, fixity: own };
    let files: Vec<&KeptFile> = offered.files.iter().chain([&last]).collect();
    let until = end_of(day);
    // before anything is written: no lock would be shortened, and nothing else lies there
    for file in &files {
        fits(place, &format!("{folder}/{}", file.name), file, until)?;
    }
    let keep = |file: &&KeptFile| {
        keep(place, &format!("{folder}/{}", file.name), file, &receipt.package, until, step)
    };
    Ok(ArchivedPackage { files: files.iter().map(keep).collect::<Result<_, _>>()?, receipt: receipt.clone() })
}

/// The receipt that is there already, if it is of the same package and says no later day.
fn same(earlier: &[u8], ours: &Receipt, at: &str, locks: bool) -> Result<Receipt, Error> {
    let other = |words: &str| Error::from(Other { at, words });
    let there: Receipt = serde_json::from_slice(earlier).map_err(|_| other("its receipt cannot be read"))?;
    if !there.is_of_same_package(ours) {
        return Err(other("another package, or another state of this one, is archived under this name"));
    }
    if ours.retain_until < there.retain_until {
        return Err(shortened(at, there.retain_until));
    }
    if ours.retain_until > there.retain_until && !locks {
        let message =
            format!("`{at}` is kept until {} already, and a folder notes the day once", there.retain_until);
        return Err(Diagnostic::new("AFU-051", message)
            .hint("archive it in a bucket with Object Lock to keep it longer")
            .into());
    }
    Ok(there)
}

fn shortened(at: &str, until: NaiveDate) -> Error {
    let message = format!("`{at}` is kept until {until}, and what is kept is never shortened");
    Diagnostic::new("AFU-052", message).hint(format!("type `--retain-until {until}`, or a later day")).into()
}

/// Refuses before the first write: a shorter lock, and a file of another length.
fn fits(place: &ArchivePlace, key: &str, file: &KeptFile, until: DateTime<Utc>) -> Result<(), Error> {
    let Some(facts) = place.facts(key)? else { return Ok(()) };
    let at = place.address(key);
    if facts.size != file.fixity.len || facts.noted.is_some_and(|noted| noted != file.fixity.digest) {
        return Err(Other { at: &at, words: "another file lies there, and nothing is ever replaced" }.into());
    }
    match facts.lock.binding() {
        Some(locked) if locked > until => Err(shortened(&at, locked.date_naive())),
        Some(_) | None => Ok(()),
    }
}

/// One file: there, read back, and locked.
fn keep(
    place: &ArchivePlace,
    key: &str,
    file: &KeptFile,
    package: &str,
    until: DateTime<Utc>,
    step: &dyn Fn(&str),
) -> Result<Archived, Error> {
    let address = place.address(key);
    step(&format!("writing {address}"));
    let added = place.add(key, file, package, until)?;
    step(&format!("reading back {address}"));
    let fixity = place
        .fixity(key)?
        .ok_or_else(|| Error::from(Other { at: &address, words: "it is not there any more" }))?;
    if fixity != file.fixity {
        let words = format!("its digest is {}, and the file's is {}", fixity.digest, file.fixity.digest);
        return Err(Other { at: &address, words: &words }.into());
    }
    let locked = place.secure(key, until)?;
    let lock = place.facts(key)?.map_or(LockState::Absent, |facts| facts.lock);
    Ok(Archived { address, added, fixity, locked, lock })
}

/// Something else is there than was to be there.
struct Other<'a> {
    at: &'a str,
    words: &'a str,
}

impl From<Other<'_>> for Error {
    fn from(other: Other<'_>) -> Error {
        let problem = Diagnostic::new("AFU-053", format!("`{}`: {}", other.at, other.words));
        Error::Changed(Box::new(
            problem.hint("nothing is replaced or deleted; look at it with `affiant archive verify`"),
        ))
    }
}

impl OfferedPackage {
    fn year(&self) -> i32 {
        self.as_of.year()
    }

    /// The line to type, so that the day is typed by a person.
    pub fn line(&self, package: &Path, destination: &str) -> String {
        format!(
            "affiant archive {} {destination} --retain-until {}",
            package.display(),
            self.receipt.computed
        )
    }
}
