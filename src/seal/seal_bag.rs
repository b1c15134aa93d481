//! Sealing a bag: a detached signature over the payload manifest, and one over the tag manifest, so that everything in the
//! bag is under a signature. Renewals and late timestamps go to `seal/renewals/` and stand outside the tag manifest.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::seal::cms::{self, Form, SignError};
use crate::seal::key::Signer;
use crate::store::bag::{BagError, Closed};

/// The signature over `manifest-sha256.txt`, and the chain of who made it.
pub const MANIFEST_SIGNATURE: &str = "seal/manifest-sha256.txt.p7s";
pub const CERTIFICATES: &str = "seal/certificates.pem";
/// The signature over `tagmanifest-sha256.txt`, which therefore cannot list it.
pub const TAG_MANIFEST_SIGNATURE: &str = "seal/tagmanifest-sha256.txt.p7s";
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

/// Seals and finishes a bag as of `at`. `tags` are further tag files, such as [`VERIFY_MD`]. Returns the bag's place.
pub fn seal_bag(mut bag: Closed, signer: &dyn Signer, at: DateTime<Utc>, tags: &[(&str, &[u8])]) -> Result<PathBuf, SealError> {
    let signature = sign_detached(bag.manifest(), signer, at)?;
    bag.add_tag(MANIFEST_SIGNATURE, &signature)?;
    bag.add_tag(CERTIFICATES, signer.chain().to_pem().as_bytes())?;
    for (path, bytes) in tags {
        bag.add_tag(path, bytes)?;
    }
    let outer = sign_detached(&bag.tag_manifest(), signer, at)?;
    Ok(bag.finish(&[(TAG_MANIFEST_SIGNATURE, &outer)])?)
}

/// A CAdES-BES signature for a file that is listed beside it, such as the HTML report's.
pub fn sign_detached(content: &[u8], signer: &dyn Signer, at: DateTime<Utc>) -> Result<Vec<u8>, SignError> {
    cms::sign(signer, &mut { content }, at, Form::Cades)
}
