//! The secrets of an audience, in `.affiant/editions/<audience>/`, readable for their owner alone: the key of
//! its pseudonyms and commitments, and the key that seals its editions, whose certificate names neither
//! workspace nor person.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::diag::Diagnostic;
use crate::model::digest::Digest;
use crate::pipeline::Error;
use crate::pipeline::keys::{private_folder, read_pair};
use crate::redact::pseudonyms::AudienceKey;
use crate::seal::{Signer, make_workspace_key, random_secret};
use crate::store::atomic::{self, Access, Existing};
use crate::store::{given, portable_name};
use crate::workspace::Workspace;

pub const KEY: &str = "key.hex";
const SEAL_KEY: &str = "seal-key.pem";
const CERTIFICATE: &str = "seal-certificate.pem";
const AUDIENCE: &str = "audience.txt";

pub(super) struct Secret {
    pub folder: PathBuf,
    pub key: AudienceKey,
    pub signer: Box<dyn Signer>,
    pub first: bool,
}

/// Where the secrets of an audience lie. Two names that look alike as folders have different ones.
pub fn folder(workspace: &Workspace, audience: &str) -> PathBuf {
    let name = format!("{}-{}", portable_name(audience), &Digest::of(audience.as_bytes()).to_string()[..8]);
    workspace.private().join("editions").join(name)
}

/// The secrets of an audience; made where there are none.
pub(super) fn open(workspace: &Workspace, audience: &str, now: DateTime<Utc>) -> Result<Secret, Error> {
    private_folder(workspace)?;
    let folder = folder(workspace, audience);
    atomic::create_dir_all(&folder, Access::Private).map_err(Error::io("create", &folder))?;
    let key = folder.join(KEY);
    let first = !key.exists();
    if first {
        let secret = random_secret()?;
        let text = Zeroizing::new(secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
        atomic::write(&key, text.as_bytes(), Access::Private, Existing::Refuse)
            .map_err(Error::io("write", &key))?;
        let about = folder.join(AUDIENCE);
        atomic::write(&about, format!("{audience}\n").as_bytes(), Access::Private, Existing::Replace)
            .map_err(Error::io("write", &about))?;
    }
    let (seal, certificate) = (folder.join(SEAL_KEY), folder.join(CERTIFICATE));
    if !seal.exists() {
        make_workspace_key(now)?.write(&seal, &certificate).map_err(Error::io("write the key", &seal))?;
    }
    let audience_key = read(&key)?;
    let signer = Box::new(read_pair(&seal, &certificate)?);
    Ok(Secret { folder, key: audience_key, signer, first })
}

/// The key of an audience from its file.
pub(super) fn read(path: &std::path::Path) -> Result<AudienceKey, Error> {
    crate::pipeline::keys::private(path)?;
    let text = Zeroizing::new(given::read_text(path).map_err(Error::io("read the key", path))?);
    AudienceKey::parse(&text).ok_or_else(|| {
        let problem =
            Diagnostic::new("AFW-092", "this is no key of an audience: it holds 64 hexadecimal digits");
        problem
            .file(path.display().to_string())
            .hint("name `key.hex` of `.affiant/editions/AUDIENCE/`")
            .into()
    })
}
