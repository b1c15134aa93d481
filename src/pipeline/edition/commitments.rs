//! A commitment for each file of the original package: `SHA-256(salt || SHA-256(file))`, where the salt is an
//! HMAC of the path under the audience's key. It hides the file, and it cannot be opened to another one.

use serde::{Deserialize, Serialize};

use crate::model::digest::{Digest, keyed};
use crate::pipeline::Error;
use crate::seal::verify::{Bag, Verified};
use crate::store::manifest::{MANIFEST, TAG_MANIFEST};

pub const COMMITMENTS: &str = "data/commitments.json";
pub const COMMITMENTS_CSV: &str = "data/commitments.csv";
pub const FORMAT: &str = "affiant.commitments/1";
pub const SCHEME: &str =
    "SHA-256(salt || SHA-256(file)), salt = HMAC-SHA-256(key, \"affiant/commit/v1\" NUL edition NUL path)";

/// Lists that seal the rest, committed to beside the files.
const LISTS: [&str; 2] = [MANIFEST, TAG_MANIFEST];
const MAX_LIST: u64 = 1 << 30;

/// One file, with what only the holder knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    pub path: String,
    pub token: String,
    pub salt: Digest,
    pub commitment: Digest,
}

/// One file, as the edition shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommittedFile {
    pub token: String,
    pub commitment: Digest,
}

/// `data/commitments.json`, in the order of the tokens, which is no order of the paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    pub format: String,
    pub edition: String,
    pub scheme: String,
    pub files: Vec<CommittedFile>,
}

impl Committed {
    pub fn new(edition: &str, commitments: &[Commitment]) -> Committed {
        Committed {
            format: FORMAT.into(),
            edition: edition.to_string(),
            scheme: SCHEME.into(),
            files: listed(commitments),
        }
    }
}

fn listed(commitments: &[Commitment]) -> Vec<CommittedFile> {
    let mut files: Vec<_> = commitments
        .iter()
        .map(|c| CommittedFile { token: c.token.clone(), commitment: c.commitment })
        .collect();
    files.sort();
    files
}

pub(super) fn csv(commitments: &[Commitment]) -> Vec<u8> {
    csv_of(&listed(commitments))
}

pub(super) fn csv_of(files: &[CommittedFile]) -> Vec<u8> {
    let mut text = String::from("token,commitment\r\n");
    for file in files {
        text.push_str(&format!("{},{}\r\n", file.token, file.commitment));
    }
    text.into_bytes()
}

pub(super) fn salt(key: &[u8; 32], edition: &str, path: &str) -> Digest {
    keyed(key, &[b"affiant/commit/v1\0", edition.as_bytes(), b"\0", path.as_bytes()])
}

pub(super) fn commit(salt: Digest, file: Digest) -> Digest {
    Digest::of(&[*salt.as_bytes(), *file.as_bytes()].concat())
}

fn token(key: &[u8; 32], path: &str) -> String {
    format!("file-{}", keyed(key, &[b"affiant/path/v1\0", path.as_bytes()]).short())
}

/// Paths and digests of every file that is committed to: the payload, and the lists that are sealed.
pub(super) fn originals(bag: &Verified<Bag>) -> Result<Vec<(String, Digest)>, Error> {
    let mut all: Vec<(String, Digest)> =
        bag.entries().map(|(path, digest)| (path.to_string(), digest)).collect();
    for list in LISTS {
        let bytes = bag.tag(list, MAX_LIST).map_err(Error::io("read", list))?;
        all.push((list.to_string(), Digest::of(&bytes)));
    }
    Ok(all)
}

pub(super) fn of(bag: &Verified<Bag>, key: &[u8; 32], edition: &str) -> Result<Vec<Commitment>, Error> {
    let made = originals(bag)?.into_iter().map(|(path, digest)| {
        let salt = salt(key, edition, &path);
        Commitment { token: token(key, &path), salt, commitment: commit(salt, digest), path }
    });
    Ok(made.collect())
}
