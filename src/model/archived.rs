//! What is known of a package that was put away for years: the receipt that lies beside it, and how each file
//! is kept.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::digest::Digest;

pub const RECEIPT_FORMAT: &str = "affiant.archive/1";
/// What the receipt is called in a package's place.
pub const RECEIPT: &str = "archive.json";

/// `archive.json`: which files belong to an archived package, and until when they are to be kept. It holds no
/// time of its own, so that the same package gives the same receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub format: String,
    /// The package's id.
    pub package: String,
    /// How many renewals the seal had when it was archived: each renewed package is archived beside the older
    /// one.
    pub renewals: u32,
    pub organization: String,
    pub edition: String,
    pub period: String,
    pub as_of: String,
    /// SHA-256 of the package's payload manifest.
    pub manifest: Digest,
    /// SHA-256 of the sealer's certificate.
    pub sealed_by: Digest,
    /// The day that the package itself computed.
    pub computed: NaiveDate,
    /// The day that a person typed when it was archived: the computed one, or a later one.
    pub retain_until: NaiveDate,
    /// Until when the seal needs no care, and what is to be done then.
    pub care_until: DateTime<Utc>,
    pub care: String,
    pub files: Vec<ReceiptFile>,
}

/// One file beside the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptFile {
    pub name: String,
    pub size: u64,
    pub sha256: Digest,
}

impl Receipt {
    /// Everything but the typed day is the same.
    pub fn is_of_same_package(&self, other: &Receipt) -> bool {
        Receipt { retain_until: other.retain_until, ..self.clone() } == *other
    }

    /// Whether its names are plain ones, so that it leads nowhere else.
    pub fn is_plain(&self) -> bool {
        let files = self.files.iter().map(|file| file.name.as_str());
        !self.files.is_empty() && files.chain([self.package.as_str()]).all(is_plain_name)
    }
}

pub const DEPOSIT_FORMAT: &str = "affiant.deposit/1";

/// What the holder keeps of an archiving, signed: what was stored where, and what was read back of it. Each
/// archiving has its own, since it names its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deposit {
    pub format: String,
    pub package: String,
    /// SHA-256 of the package's payload manifest.
    pub manifest: Digest,
    /// The day that a person typed.
    pub retain_until: NaiveDate,
    /// When the last file was read back, by the clock of the machine that archived.
    pub read_back: DateTime<Utc>,
    pub files: Vec<DepositedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositedFile {
    /// `s3://bucket/prefix/2026/…`, or a path.
    pub address: String,
    pub size: u64,
    pub sha256: Digest,
    /// The lock as it was read back.
    pub lock: LockState,
}

/// A name that means the same in a folder and in a bucket: letters, digits, `-`, `_` and `.`, and it begins
/// with none of the marks.
pub fn is_plain_name(name: &str) -> bool {
    let marks = |c: char| matches!(c, '-' | '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || marks(c))
}

/// Whether something keeps a file from being deleted or replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum LockState {
    /// Object Lock, in the mode that the store named: only `COMPLIANCE` binds everyone.
    Locked { mode: String, until: DateTime<Utc> },
    /// The store answered that there is none.
    Absent,
    /// The store did not say.
    Unknown { why: String },
    /// A folder: it locks nothing, and nothing of the kind is claimed.
    NotClaimed,
}

/// Whether a legal hold lies on a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum HoldState {
    On,
    Off,
    Unknown { why: String },
    NotClaimed,
}

/// The mode that nobody can take back, not the account's root either.
pub const COMPLIANCE: &str = "COMPLIANCE";

impl LockState {
    /// Until when it is locked in a way that binds everyone.
    pub fn binding(&self) -> Option<DateTime<Utc>> {
        match self {
            LockState::Locked { mode, until } if mode == COMPLIANCE => Some(*until),
            LockState::Locked { .. }
            | LockState::Absent
            | LockState::Unknown { .. }
            | LockState::NotClaimed => None,
        }
    }
}

/// The end of a day, in UTC: a lock until a day lasts through it.
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(23, 59, 59).expect("every day has such a second").and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_not_plain() {
        for (name, plain) in [
            ("2026-Q3-0123456789ab.zip", true),
            ("a/b", false),
            ("..", false),
            (".hidden", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_plain_name(name), plain, "{name}");
        }
    }

    #[test]
    fn only_compliance_binds() {
        let until = end_of(NaiveDate::from_ymd_opt(2033, 12, 31).unwrap());
        assert_eq!(until.to_rfc3339(), "2033-12-31T23:59:59+00:00");
        assert_eq!(LockState::Locked { mode: "GOVERNANCE".into(), until }.binding(), None);
        assert_eq!(LockState::Locked { mode: COMPLIANCE.into(), until }.binding(), Some(until));
    }
}
