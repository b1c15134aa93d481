//! The words that every place of an archive shares: a file to keep, how it came there, what a place says of
//! it.

use std::path::PathBuf;

use crate::clock::Clock;
use crate::model::archived::{HoldState, LockState};
use crate::model::digest::{Digest, Fixity};

/// The least that a part of an upload may hold, the last one apart, in bytes (S3's own limit).
pub const LEAST_PART: u64 = 5 << 20;

/// A file that is put away.
#[derive(Debug, Clone)]
pub struct KeptFile {
    pub name: String,
    pub content_type: &'static str,
    pub path: PathBuf,
    pub fixity: Fixity,
}

/// How a file came to be in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was there.
    There,
    /// In one piece.
    Whole,
    /// In parts; some of them were there from an earlier attempt.
    Parts { there: usize, sent: usize },
}

/// What a place says of a file.
#[derive(Debug, Clone)]
pub struct PlaceFacts {
    pub size: u64,
    /// The digest that was noted beside it.
    pub noted: Option<Digest>,
    pub lock: LockState,
    pub hold: HoldState,
}

/// With which credentials a bucket is asked, and how.
#[derive(Debug, Clone)]
pub struct BucketReach {
    pub profile: Option<String>,
    pub region: Option<String>,
    /// The account that must own the bucket.
    pub owner: Option<String>,
    /// Files above so many bytes go up in parts of that size.
    pub part: u64,
    pub clock: Clock,
}
