//! The signed receipt of an archiving: what was stored where, with the digest and the lock that were read
//! back, and when. It stays with whoever archived, so that a bucket that was emptied, or filled with
//! something else, cannot also replace what speaks of it.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::ArchivedPackage;
use super::kept::CheckedPackage;
use crate::diag::Diagnostic;
use crate::model::archived::{DEPOSIT_FORMAT, Deposit, DepositedFile, LockState};
use crate::pipeline::Error;
use crate::pipeline::keys::Sealer;
use crate::pipeline::record::pretty;
use crate::pipeline::verify::Pins;
use crate::seal::sign_detached;
use crate::seal::verify::detached_signer;
use crate::store::atomic::{self, Access, Existing};

/// The most that such a receipt may hold.
const MOST: u64 = 1 << 20;

/// Writes the receipt and its signature beside the package's ZIP: `….archived.json`, `….archived-2.json` and
/// so on.
pub fn write(
    zip: &Path,
    archived: &ArchivedPackage,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<PathBuf, Error> {
    let file = |file: &super::Archived| DepositedFile {
        address: file.address.clone(),
        size: file.fixity.len,
        sha256: file.fixity.digest,
        lock: file.lock.clone(),
    };
    let deposit = Deposit {
        format: DEPOSIT_FORMAT.into(),
        package: archived.receipt.package.clone(),
        manifest: archived.receipt.manifest,
        retain_until: archived.receipt.retain_until,
        read_back: now,
        files: archived.files.iter().map(file).collect(),
    };
    let bytes = pretty(&deposit);
    let signature = sign_detached(&bytes, &*sealer.key, now).map_err(crate::seal::bag::SealError::from)?;
    let numbered =
        (1u32..).map(|n| if n == 1 { "archived.json".to_string() } else { format!("archived-{n}.json") });
    let free = |path: &PathBuf| !path.exists() && !signature_of(path).exists();
    let path = numbered.map(|ending| zip.with_extension(ending)).find(free).expect("numbers do not end");
    for (path, bytes) in [(signature_of(&path), &signature), (path.clone(), &bytes)] {
        atomic::write(&path, bytes, Access::Shared, Existing::Refuse).map_err(Error::io("write", &path))?;
    }
    Ok(path)
}

fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".p7s");
    PathBuf::from(name)
}

/// A receipt whose signature holds, and what is known of its signer.
pub struct SignedDeposit {
    pub deposit: Deposit,
    /// Whether a pinned certificate signed it; `None` where none was pinned.
    pub pinned: Option<String>,
}

/// Reads a receipt and its signature beside it. One that was changed, or that no pinned certificate signed,
/// is refused.
pub fn read(path: &Path, pins: &Pins, now: DateTime<Utc>) -> Result<SignedDeposit, Error> {
    let shown = path.display().to_string();
    let whole = |path: &Path| -> Result<Vec<u8>, Error> {
        let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size > MOST {
            return Err(Error::io("read", path)(std::io::ErrorKind::InvalidData.into()));
        }
        std::fs::read(path).map_err(Error::io("read", path))
    };
    let refused = |words: &str| {
        let problem = Diagnostic::new("AFU-091", format!("the receipt `{shown}`: {words}"));
        Error::Changed(Box::new(
            problem.hint("use the receipt and the `.p7s` beside it as `affiant archive` wrote them"),
        ))
    };
    let (bytes, signature) = (whole(path)?, whole(&signature_of(path))?);
    let signer = detached_signer(&signature, &bytes).ok_or_else(|| refused("its signature does not hold"))?;
    let standing = pins.trust.judge(&signer, &[], now);
    if !pins.trust.is_empty() && !standing.is_trusted() {
        return Err(refused(&format!("none of the pinned certificates signed it: {}", standing.words())));
    }
    let deposit: Deposit =
        serde_json::from_slice(&bytes).map_err(|error| refused(&format!("it cannot be read: {error}")))?;
    if deposit.format != DEPOSIT_FORMAT {
        return Err(refused(&format!("its format is `{}`", deposit.format)));
    }
    Ok(SignedDeposit { deposit, pinned: (!pins.trust.is_empty()).then(|| signer.name()) })
}

/// Holds what lies in the archive now against what was read back then; what does not fit goes into `checked`.
/// A package that is not there at all is told by one line.
pub fn compare(deposit: &Deposit, checked: &mut [CheckedPackage]) -> Vec<String> {
    let address = |package: &CheckedPackage, name: &str| {
        place_of(&format!("{}/{name}", package.at.trim_end_matches('/')))
    };
    let mut missing = Vec::new();
    for file in &deposit.files {
        let home = checked.iter_mut().find_map(|package| {
            let found =
                package.files.iter().position(|f| address(package, &f.name) == place_of(&file.address))?;
            Some((package, found))
        });
        let Some((package, found)) = home else {
            missing.push(format!("`{}` was stored on {} and is not there", file.address, file_day(deposit)));
            continue;
        };
        let now = package.files[found].clone();
        if (now.size, now.sha256) != (file.size, file.sha256) {
            package.wrong.push(format!(
                "`{}` has the digest {}, and the signed receipt says {}",
                now.name, now.sha256, file.sha256
            ));
        }
        match (&file.lock, &now.lock) {
            (LockState::Locked { .. }, LockState::Unknown { .. }) => {}
            (LockState::Locked { mode, until }, lock)
                if lock.binding().is_none_or(|locked| locked < *until) =>
            {
                let until = until.format("%Y-%m-%d");
                package.wrong.push(format!(
                    "`{}` was locked in mode {mode} until {until}, by the signed receipt",
                    now.name
                ));
            }
            (
                LockState::Locked { .. }
                | LockState::Absent
                | LockState::Unknown { .. }
                | LockState::NotClaimed,
                _,
            ) => {}
        }
    }
    missing
}

/// An address as two receipts can be compared by it: of a folder, which may be named from anywhere, its last
/// three parts.
fn place_of(address: &str) -> String {
    if address.starts_with("s3://") {
        return address.to_string();
    }
    let parts: Vec<&str> = address.rsplit(['/', '\\']).take(3).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn file_day(deposit: &Deposit) -> String {
    deposit.read_back.format("%Y-%m-%d").to_string()
}
