//! Renewing a seal: before a certificate ends or a hash ages, a new timestamp is put over everything that
//! proves the old time. This is what an evidence record does (RFC 4998), in a form that stock tools check:
//! the list is `sha256sum`'s, the timestamp over it is `openssl ts`'s. Renewal number N lists the tag
//! manifest and all of `seal/` before it; a renewal with another hash lists every file of the bag, so that
//! nothing rests on the old hash any more (RFC 4998 section 5.3).

use std::io;

use crate::seal::bag::{RENEWALS, TIMESTAMP_RECORD};
use crate::seal::keys::algorithm::Hash;
use crate::store::manifest::TAG_MANIFEST;
use crate::store::tree::Tree;

/// The hash of a renewal's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListHash {
    /// The bag's own: lists the seal alone.
    #[default]
    Sha256,
    /// Lists every file anew.
    Sha512,
}

/// A renewal about to be made: its list, and where list and timestamp go.
#[derive(Debug, Clone)]
pub struct Renewal {
    pub number: u32,
    pub list_path: String,
    pub list: Vec<u8>,
    pub token_path: String,
}

impl ListHash {
    pub const ALL: [ListHash; 2] = [ListHash::Sha256, ListHash::Sha512];

    pub(in crate::seal) fn hash(self) -> Hash {
        match self {
            ListHash::Sha256 => Hash::Sha256,
            ListHash::Sha512 => Hash::Sha512,
        }
    }

    pub fn list_path(self, number: u32) -> String {
        format!("{RENEWALS}{number:04}/files.{}", self.hash().name())
    }

    /// Whether renewal `number` must list the file.
    pub fn covers(self, path: &str, number: u32) -> bool {
        if let Some(below) = path.strip_prefix(RENEWALS) {
            return below.split('/').next().and_then(|n| n.parse::<u32>().ok()).is_some_and(|n| n < number);
        }
        match self {
            ListHash::Sha256 => {
                path == TAG_MANIFEST || (path.starts_with("seal/") && path != TIMESTAMP_RECORD)
            }
            ListHash::Sha512 => path != TIMESTAMP_RECORD,
        }
    }
}

/// What the list of renewal `number` says: digests in hexadecimal and paths, as `sha256sum -c` reads them.
pub fn list(tree: &Tree, prefix: &str, number: u32, hash: ListHash) -> io::Result<Vec<u8>> {
    let mut text = String::new();
    for (full, _) in tree.entries() {
        let Some(path) = full.as_str().strip_prefix(prefix).filter(|path| hash.covers(path, number)) else {
            continue;
        };
        let digest = hash.hash().of_reader(&mut *tree.open(full)?)?;
        digest.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
        text.push_str(&format!("  {path}\n"));
    }
    Ok(text.into_bytes())
}

/// The next renewal of the bag in `tree`.
pub fn next(tree: &Tree, hash: ListHash) -> io::Result<Renewal> {
    let numbers = tree
        .entries()
        .filter_map(|(path, _)| path.as_str().strip_prefix(RENEWALS)?.split('/').next()?.parse::<u32>().ok());
    let number = numbers.max().unwrap_or(0) + 1;
    let list_path = hash.list_path(number);
    let token_path = format!("{list_path}.tsr");
    Ok(Renewal { number, list: list(tree, "", number, hash)?, list_path, token_path })
}
