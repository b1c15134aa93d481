//! Sealing a bag: a detached signature over the payload manifest, and one over the tag manifest, so that
//! everything in the bag is under a signature; then a timestamp over the second. What comes later (a
//! timestamp fetched by another machine, renewals) stands outside the tag manifest, and each covers what was
//! there before.

pub mod care;
pub mod renewal;
pub mod verify_md;
mod verify_windows;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::seal::keys::key::Signer;
use crate::seal::signature::authorities::Authorities;
use crate::seal::signature::cms::{self, Form, SignError};
use crate::seal::signature::revocation::Revocation;
use crate::seal::signature::timestamp::{self, Token};
use crate::store::bag::{BagError, Closed};
use crate::store::manifest::{DECLARATION, INFO, MANIFEST, TAG_MANIFEST};

/// The signature over `manifest-sha256.txt`, and the chain of who made it.
pub const MANIFEST_SIGNATURE: &str = "seal/manifest-sha256.txt.p7s";
pub const CERTIFICATES: &str = "seal/certificates.pem";
/// The signature over `tagmanifest-sha256.txt`, which therefore cannot list it.
pub const TAG_MANIFEST_SIGNATURE: &str = "seal/tagmanifest-sha256.txt.p7s";
/// The timestamp over that signature: an RFC 3161 response, as `openssl ts -verify` reads it.
pub const TIMESTAMP: &str = "seal/tagmanifest-sha256.txt.p7s.tsr";
/// Which authorities were asked and what they said: the maker's own record, a line each.
pub const TIMESTAMP_RECORD: &str = "seal/timestamps.jsonl";
/// Revocation lists and answers for the signer's chain: `0001.crl`, `0002.ocsp`.
pub const REVOCATION: &str = "seal/revocation/";
/// The timestamp of the run before, which shows that this seal was made after it.
pub const PREVIOUS_TIMESTAMP: &str = "seal/previous.tsr";
/// One numbered folder a renewal.
pub const RENEWALS: &str = "seal/renewals/";
/// How a detached signature beside a file is named.
pub const SIGNATURE_SUFFIX: &str = ".p7s";
pub const VERIFY_MD: &str = "VERIFY.md";

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Bag(#[from] BagError),
}

/// What stands in a seal beside signatures.
#[derive(Debug, Default)]
pub struct Extras<'a> {
    /// Further tag files, such as [`VERIFY_MD`].
    pub tags: &'a [(&'a str, &'a [u8])],
    pub authorities: Option<&'a Authorities>,
    pub revocation: Option<&'a Revocation>,
    /// [`PREVIOUS_TIMESTAMP`].
    pub previous: Option<&'a [u8]>,
}

/// A finished bag and the timestamp that it got.
#[derive(Debug)]
pub struct Sealed {
    pub path: PathBuf,
    pub token: Option<Token>,
}

/// Whether a file of the bag is left out of the tag manifest: its own list and signature, and what may be
/// added later.
pub fn is_outside(path: &str) -> bool {
    [TAG_MANIFEST, TAG_MANIFEST_SIGNATURE, TIMESTAMP, TIMESTAMP_RECORD].contains(&path)
        || path.starts_with(RENEWALS)
}

/// Whether a file beside the payload is one that sealing puts there.
pub fn is_own_tag(path: &str) -> bool {
    let fixed =
        [DECLARATION, INFO, MANIFEST, VERIFY_MD, MANIFEST_SIGNATURE, CERTIFICATES, PREVIOUS_TIMESTAMP];
    fixed.contains(&path) || is_outside(path) || is_revocation(path)
}

/// `seal/revocation/0001.crl`, `seal/revocation/0002.ocsp`.
fn is_revocation(path: &str) -> bool {
    let parts = path.strip_prefix(REVOCATION).and_then(|name| name.split_once('.'));
    parts.is_some_and(|(number, kind)| {
        number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && ["crl", "ocsp"].contains(&kind)
    })
}

/// Seals and finishes a bag as of `at`, without a timestamp. Returns the bag's place.
pub fn seal_bag(
    bag: Closed,
    signer: &dyn Signer,
    at: DateTime<Utc>,
    tags: &[(&str, &[u8])],
) -> Result<PathBuf, SealError> {
    seal_bag_with(bag, signer, at, &Extras { tags, ..Extras::default() }).map(|sealed| sealed.path)
}

/// Seals and finishes a bag as of `at`. That no authority answers is no error: it is in the record, and the
/// seal says so.
pub fn seal_bag_with(
    mut bag: Closed,
    signer: &dyn Signer,
    at: DateTime<Utc>,
    extras: &Extras<'_>,
) -> Result<Sealed, SealError> {
    let signature = sign_detached(bag.manifest(), signer, at)?;
    bag.add_tag(MANIFEST_SIGNATURE, &signature)?;
    bag.add_tag(CERTIFICATES, signer.chain().to_pem().as_bytes())?;
    for (path, bytes) in extras.tags {
        bag.add_tag(path, bytes)?;
    }
    for (path, bytes) in extras.revocation.map(revocation_files).unwrap_or_default() {
        bag.add_tag(&path, &bytes)?;
    }
    if let Some(previous) = extras.previous {
        bag.add_tag(PREVIOUS_TIMESTAMP, previous)?;
    }
    let outer = sign_detached(&bag.tag_manifest(), signer, at)?;
    let mut outside = vec![(TAG_MANIFEST_SIGNATURE, outer.clone())];
    let mut token = None;
    if let Some(authorities) = extras.authorities.filter(|authorities| !authorities.is_empty()) {
        token = authorities.stamp(&outer, "seal");
        outside.extend(token.as_ref().map(|token| (TIMESTAMP, timestamp::as_response(token))));
        let lines = authorities
            .attempts()
            .iter()
            .map(|a| serde_json::to_string(a).expect("a record serialises") + "\n")
            .collect::<String>();
        outside.push((TIMESTAMP_RECORD, lines.into_bytes()));
    }
    let outside: Vec<_> = outside.iter().map(|(path, bytes)| (*path, bytes.as_slice())).collect();
    Ok(Sealed { path: bag.finish(&outside)?, token })
}

fn revocation_files(revocation: &Revocation) -> Vec<(String, Vec<u8>)> {
    let kinds = revocation
        .crls
        .iter()
        .map(|der| ("crl", der))
        .chain(revocation.answers.iter().map(|der| ("ocsp", der)));
    kinds
        .enumerate()
        .map(|(i, (kind, der))| (format!("{REVOCATION}{:04}.{kind}", i + 1), der.clone()))
        .collect()
}

/// A CAdES-BES signature for a file that is listed beside it, such as the HTML report's.
pub fn sign_detached(content: &[u8], signer: &dyn Signer, at: DateTime<Utc>) -> Result<Vec<u8>, SignError> {
    cms::sign(signer, &mut { content }, at, Form::Cades)
}
