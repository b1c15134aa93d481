//! Which key seals: the one that `affiant.yaml` names, or one made for this workspace, which identifies no person.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Error;
use crate::diag::Diagnostic;
use crate::model::dossier::SealInfo;
use crate::seal::certificate::Certificate;
use crate::seal::key::{self, LocalKey, RsaPadding, Signer};
use crate::seal::make_workspace_key;
use crate::store::atomic::{self, Access, Existing};
use crate::workspace::Workspace;

/// A key ready to seal.
pub struct Sealer {
    pub key: LocalKey,
    /// Made just now, because there was none.
    pub made: bool,
    /// Things to know about the key, such as a certificate that ends soon.
    pub warnings: Vec<String>,
}

impl Sealer {
    pub fn certificate(&self) -> &Certificate {
        self.key.chain().signer()
    }

    /// What the reports say of the seal.
    pub fn info(&self) -> SealInfo {
        let certificate = self.certificate();
        let fingerprint = certificate.fingerprint().to_string();
        let (kind, words) = if certificate.is_workspace_key() {
            (
                "workspace",
                "Sealed by an unpinned workspace key. It shows that nothing changed since sealing; it does not say who sealed. To pin it, \
                compare this fingerprint with the one that the organization gives you by another way, then verify with --trust."
                    .to_string(),
            )
        } else {
            (
                "named",
                format!(
                    "Signed with the certificate of {}, issued by {}. Pin its fingerprint or its issuer when you verify.",
                    certificate.name(),
                    certificate.issuer()
                ),
            )
        };
        SealInfo {
            kind: kind.into(),
            subject: certificate.subject(),
            fingerprint,
            words,
            time_words: "Time not independently attested: the seal's time is that of the sealing machine's clock.".into(),
        }
    }
}

/// Where a workspace's own key lies.
pub fn paths(workspace: &Workspace) -> (PathBuf, PathBuf) {
    let folder = workspace.private().join("seal");
    (folder.join("key.pem"), folder.join("certificate.pem"))
}

/// The key of the workspace as configured; makes the workspace's own if nothing is configured and none is there.
/// `password` is asked for only when a PKCS#12 file needs one.
pub fn sealer(
    workspace: &Workspace,
    now: DateTime<Utc>,
    password: impl FnOnce() -> Result<String, std::io::Error>,
) -> Result<Sealer, Error> {
    let facts = &workspace.decisions.workspace.seal;
    let at = |name: &str| workspace.root.join(name);
    let (key, made) = match (&facts.pkcs12, &facts.key, &facts.certificate) {
        (Some(file), None, None) => {
            let bytes = std::fs::read(at(file)).map_err(Error::io("read the key", at(file)))?;
            private(&at(file))?;
            let password = password().map_err(Error::io("read the password of", at(file)))?;
            (LocalKey::from_pkcs12(&bytes, &password, RsaPadding::Pkcs1)?, false)
        }
        (None, Some(key), Some(certificate)) => (pem(&at(key), &at(certificate))?, false),
        (None, None, None) => own(workspace, now)?,
        _ => {
            return Err(Diagnostic::new("AFW-008", "`seal` names a key in two ways, or in half")
                .file("affiant.yaml")
                .hint("give `key` and `certificate` (PEM), or `pkcs12`, or nothing")
                .into());
        }
    };
    let warnings = key::check(&key, now)?;
    Ok(Sealer { key, made, warnings })
}

fn own(workspace: &Workspace, now: DateTime<Utc>) -> Result<(LocalKey, bool), Error> {
    let (key, certificate) = paths(workspace);
    let made = !key.exists();
    if made {
        make(workspace, now)?;
    }
    Ok((pem(&key, &certificate)?, made))
}

/// Makes the workspace's key (0600) and certificate in `.affiant/seal/`, which git ignores.
pub fn make(workspace: &Workspace, now: DateTime<Utc>) -> Result<(), Error> {
    let (key, certificate) = paths(workspace);
    private_folder(workspace)?;
    let folder = key.parent().expect("it lies in a folder");
    atomic::create_dir_all(folder, Access::Private).map_err(Error::io("create", folder))?;
    make_workspace_key(now)?.write(&key, &certificate).map_err(Error::io("write the key", &key))
}

/// `.affiant/`, private and ignored by git.
pub fn private_folder(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.private();
    atomic::create_dir_all(&folder, Access::Private).map_err(Error::io("create", &folder))?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        atomic::write(&ignore, b"*\n", Access::Private, Existing::Replace).map_err(Error::io("write", &ignore))?;
    }
    Ok(folder)
}

fn pem(key: &Path, certificate: &Path) -> Result<LocalKey, Error> {
    private(key)?;
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(key).map_err(Error::io("read the key", key))?);
    let chain = std::fs::read_to_string(certificate).map_err(Error::io("read the certificate", certificate))?;
    Ok(LocalKey::from_pem(&text, &chain, RsaPadding::Pkcs1)?)
}

/// A key that others on this machine can read is refused.
#[cfg(unix)]
fn private(key: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(key).map_err(Error::io("read the key", key))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Diagnostic::new("AFW-009", format!("others can read this private key (mode {:o})", mode & 0o777))
        .file(key.display().to_string())
        .hint("run `chmod 600` on it")
        .into())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), Error> {
    Ok(())
}
