//! The link file: what joins an edition to its original. It stays with the holder, signed with the
//! workspace's key, and is in no package.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::commitments::{Commitment, SCHEME};
use super::record::EditionRecord;
use crate::model::digest::Digest;
pub use crate::model::edition_link::{EditionLink, FORMAT, LinkedFile};
use crate::pipeline::Error;
use crate::pipeline::keys::Sealer;
use crate::pipeline::record::pretty;
use crate::seal::sign_detached;
use crate::store::atomic::{self, Access, Existing};

pub(super) fn linked(commitments: &[Commitment]) -> Vec<LinkedFile> {
    let file = |c: &Commitment| LinkedFile {
        path: c.path.clone(),
        token: c.token.clone(),
        salt: c.salt,
        commitment: c.commitment,
    };
    commitments.iter().map(file).collect()
}

/// The digests of both lists.
pub(super) struct Manifests {
    pub edition: Digest,
    pub original: Digest,
}

/// Writes the link file and its signature, both for the holder alone.
pub(super) fn write(
    folder: &Path,
    record: &EditionRecord,
    manifests: Manifests,
    commitments: &[Commitment],
    holder: &Sealer,
    now: DateTime<Utc>,
) -> Result<PathBuf, Error> {
    let link = EditionLink {
        format: FORMAT.into(),
        edition: record.id.clone(),
        audience: record.shared.audience.clone(),
        recipient: record.shared.recipient.clone(),
        date: record.shared.date.clone(),
        edition_manifest: manifests.edition,
        original_manifest: manifests.original,
        scheme: SCHEME.into(),
        files: linked(commitments),
    };
    let bytes = pretty(&link);
    let path = folder.join(format!("{}.link.json", record.id));
    let signature = sign_detached(&bytes, &*holder.key, now).map_err(crate::seal::bag::SealError::from)?;
    let beside = signature_of(&path);
    atomic::write(&beside, &signature, Access::Private, Existing::Replace)
        .map_err(Error::io("write", &beside))?;
    atomic::write(&path, &bytes, Access::Private, Existing::Replace).map_err(Error::io("write", &path))?;
    Ok(path)
}

pub(super) fn signature_of(link: &Path) -> PathBuf {
    let mut name = link.as_os_str().to_os_string();
    name.push(".p7s");
    PathBuf::from(name)
}
