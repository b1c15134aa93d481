//! Which key seals: the one that `affiant.yaml` names, or one made for this workspace, which identifies no
//! person; who signs beside it; and who stamps the time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use super::Error;
#[cfg(feature = "aws")]
use crate::aws::Kms;
#[cfg(feature = "aws")]
use crate::clock::Clock;
use crate::diag::Diagnostic;
use crate::model::decisions::SealFacts;
use crate::model::dossier::SealInfo;
use crate::seal::keys::algorithm::RsaPadding;
use crate::seal::keys::certificate::Certificate;
use crate::seal::keys::key::{self, LocalKey, NewKey, Remote, RemoteKey, Signer};
use crate::seal::keys::signing_request::{make_request, remote_request};
use crate::seal::signature::authorities::Authorities;
use crate::seal::{Revocation, Trust, make_workspace_key};
use crate::store::atomic::{self, Access, Existing};
use crate::store::given;
use crate::workspace::Workspace;

/// Gives the password of a PKCS#12 file; the second argument is the environment variable that its owner
/// named.
pub type AskPassword<'a> = &'a dyn Fn(&Path, Option<&str>) -> std::io::Result<Zeroizing<String>>;
/// Finds a key of AWS KMS by its ARN, id or alias.
pub type FindKey<'a> = &'a dyn Fn(&str) -> Result<Remote, Error>;

/// How secrets and distant keys are reached.
pub struct KeyReach<'a> {
    /// The password of a PKCS#12 file; the second argument is the environment variable that its owner named.
    pub password: AskPassword<'a>,
    /// A key of AWS KMS; absent in builds without AWS.
    pub kms: Option<FindKey<'a>>,
}

impl KeyReach<'_> {
    fn find(&self, key: &str) -> Result<Remote, Error> {
        let kms = self.kms.ok_or_else(|| {
            Diagnostic::new("AFW-014", "this build cannot sign with AWS KMS")
                .hint("use a build with the feature `aws`")
        })?;
        kms(key)
    }
}

/// The key that `key` names: an ARN, a key id, or `alias/NAME`. Asks kms:GetPublicKey now and kms:Sign for
/// each signature.
#[cfg(feature = "aws")]
pub fn kms(key: &str, clock: Clock) -> Result<Remote, Error> {
    let opened = Kms::open(key, clock)
        .map_err(|refusal| Error::Kms { key: key.to_string(), words: refusal.words() })?;
    let public_key = opened.public_key().to_vec();
    let sign = move |algorithm: crate::seal::Algorithm, message: &[u8]| {
        opened.sign(algorithm.kms_name(), message).map_err(|refusal| refusal.words().into())
    };
    Ok(Remote { public_key, sign: Box::new(sign) })
}

/// How far PDF signatures go (ETSI EN 319 142-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Basic,
    Stamped,
    LongTerm,
    Archival,
}

/// A person who signs the PDF.
pub struct Person {
    pub role: String,
    pub key: Box<dyn Signer>,
}

/// A key ready to seal, and what goes with it.
pub struct Sealer {
    pub key: Box<dyn Signer>,
    /// Those who sign the PDF beside it, in order.
    pub people: Vec<Person>,
    pub authorities: Authorities,
    pub level: Level,
    /// From configured files.
    pub revocation: Revocation,
    /// For each question about revocation.
    pub limit: Duration,
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
        seal_info(self.certificate(), !self.authorities.is_empty())
    }
}

/// What the reports say of a seal by the holder of `certificate`; `asked`: whether an authority was asked for
/// the time.
pub fn seal_info(certificate: &Certificate, asked: bool) -> SealInfo {
    let fingerprint = certificate.fingerprint().to_string();
    let (kind, words) = if certificate.is_workspace_key() {
        (
            "workspace",
            "Sealed by an unpinned workspace key. It shows that nothing changed since sealing; it does not \
             say who sealed. To pin it, compare this fingerprint with the one that the organization gives \
             you by another way, then verify with --trust."
                .to_string(),
        )
    } else {
        (
            "named",
            format!(
                "Signed with the certificate of {}, issued by {}. Pin its fingerprint or its issuer when you \
                 verify.",
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
        time_words: match asked {
            false => "Time not independently attested: the seal's time is that of the sealing machine's \
                      clock."
                .into(),
            true => "A timestamp authority was asked when this was sealed. If it answered, the folder seal \
                     holds its token (.tsr); without one, the time is not independently attested."
                .into(),
        },
    }
}

/// Where a workspace's own key lies.
pub fn paths(workspace: &Workspace) -> (PathBuf, PathBuf) {
    let folder = workspace.private().join("seal");
    (folder.join("key.pem"), folder.join("certificate.pem"))
}

/// The key that `facts` name (the workspace's own, or those laid over them); makes the workspace's own if
/// they name none and none is there.
pub fn sealer(
    workspace: &Workspace,
    facts: &SealFacts,
    now: DateTime<Utc>,
    reach: &KeyReach<'_>,
) -> Result<Sealer, Error> {
    let padding = padding(facts)?;
    let named = Named {
        pkcs12: &facts.pkcs12,
        key: &facts.key,
        certificate: &facts.certificate,
        kms: &facts.kms,
        password_env: None,
    };
    let (key, made) = match named.open(workspace, padding, reach)? {
        Some(key) => (key, false),
        None => own(workspace, now)?,
    };
    let mut warnings = key::check(&*key, now)?;
    let mut people = Vec::new();
    for person in &facts.signers {
        let named = Named {
            pkcs12: &person.pkcs12,
            key: &person.key,
            certificate: &person.certificate,
            kms: &person.kms,
            password_env: person.password_env.as_deref(),
        };
        let key = named.open(workspace, padding, reach)?.ok_or_else(|| halves("a signer names no key"))?;
        warnings.extend(key::check(&*key, now)?);
        people.push(Person { role: person.role.clone(), key });
    }
    let mut revocation = Revocation::default();
    for file in &facts.revocation {
        let path = workspace.root.join(file);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        if !revocation.add(&bytes) {
            let message = format!("`{file}` is neither a revocation list nor an OCSP answer");
            return Err(Diagnostic::new("AFW-015", message)
                .file("affiant.yaml")
                .hint("give files in DER, or lists in PEM")
                .into());
        }
    }
    let authorities = authorities(workspace)?;
    let level = level(facts, &authorities)?;
    let limit = Duration::from_secs(facts.timestamp.as_ref().map_or(10, |t| t.seconds.clamp(1, 120)).into());
    Ok(Sealer { key, people, authorities, level, revocation, limit, made, warnings })
}

/// The timestamp authorities that `affiant.yaml` names.
pub fn authorities(workspace: &Workspace) -> Result<Authorities, Error> {
    let Some(facts) = &workspace.decisions.workspace.seal.timestamp else {
        return Ok(Authorities::default());
    };
    let trust = facts.trust.as_ref().map(|file| {
        let path = workspace.root.join(file);
        let pem = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        Trust::from_pem(&pem).map_err(|e| {
            Error::from(
                Diagnostic::new("AFW-016", format!("`{file}`: {e}"))
                    .file("affiant.yaml")
                    .hint("give the authorities' roots as PEM"),
            )
        })
    });
    let limit = Duration::from_secs(facts.seconds.clamp(1, 120).into());
    Ok(Authorities::new(facts.authorities.clone(), limit, trust.transpose()?.unwrap_or_default()))
}

fn padding(facts: &SealFacts) -> Result<RsaPadding, Error> {
    match facts.padding.as_str() {
        "" | "pkcs1" => Ok(RsaPadding::Pkcs1),
        "pss" => Ok(RsaPadding::Pss),
        other => {
            let message = format!("`padding: {other}` is not a way in which RSA keys sign");
            Err(Diagnostic::new("AFW-012", message).file("affiant.yaml").hint("write pkcs1 or pss").into())
        }
    }
}

fn level(facts: &SealFacts, authorities: &Authorities) -> Result<Level, Error> {
    match (facts.level.as_str(), authorities.is_empty()) {
        ("", true) | ("b-b", _) => Ok(Level::Basic),
        ("" | "b-t", false) => Ok(Level::Stamped),
        ("b-lt", false) => Ok(Level::LongTerm),
        ("b-lta", false) => Ok(Level::Archival),
        ("b-t" | "b-lt" | "b-lta", true) => {
            let message = format!("`level: {}` takes a timestamp authority", facts.level);
            Err(Diagnostic::new("AFW-013", message)
                .file("affiant.yaml")
                .hint("name one under `seal.timestamp.authorities`")
                .into())
        }
        (other, _) => {
            let message = format!("`level: {other}` is not a level");
            Err(Diagnostic::new("AFW-013", message)
                .file("affiant.yaml")
                .hint("write b-b, b-t, b-lt or b-lta")
                .into())
        }
    }
}

/// The ways in which a key is named; exactly one, or none at all.
struct Named<'a> {
    pkcs12: &'a Option<String>,
    key: &'a Option<String>,
    certificate: &'a Option<String>,
    kms: &'a Option<String>,
    password_env: Option<&'a str>,
}

impl Named<'_> {
    fn open(
        &self,
        workspace: &Workspace,
        padding: RsaPadding,
        reach: &KeyReach<'_>,
    ) -> Result<Option<Box<dyn Signer>>, Error> {
        let at = |name: &str| workspace.root.join(name);
        Ok(match (self.pkcs12, self.key, self.certificate, self.kms) {
            (Some(file), None, None, None) => {
                let path = at(file);
                private(&path)?;
                let bytes = Zeroizing::new(given::read(&path).map_err(Error::io("read the key", &path))?);
                let password = (reach.password)(&path, self.password_env)
                    .map_err(Error::io("read the password of", &path))?;
                Some(Box::new(LocalKey::from_pkcs12(&bytes, &password, padding)?))
            }
            (None, Some(key), Some(certificate), None) => {
                Some(Box::new(pem(&at(key), &at(certificate), padding)?))
            }
            (None, None, Some(certificate), Some(arn)) => {
                let path = at(certificate);
                let chain = given::read_text(&path).map_err(Error::io("read the certificate", &path))?;
                Some(Box::new(RemoteKey::new(&chain, padding, reach.find(arn)?)?))
            }
            (None, None, None, None) => None,
            _ => return Err(halves("`seal` names a key in two ways, or in half")),
        })
    }
}

fn halves(what: &str) -> Error {
    Diagnostic::new("AFW-008", what.to_string())
        .file("affiant.yaml")
        .hint("give `key` and `certificate` (PEM), or `pkcs12`, or `kms` and `certificate`, or nothing")
        .into()
}

fn own(workspace: &Workspace, now: DateTime<Utc>) -> Result<(Box<dyn Signer>, bool), Error> {
    let (key, certificate) = paths(workspace);
    let made = !key.exists();
    if made {
        make(workspace, now)?;
    }
    Ok((Box::new(pem(&key, &certificate, RsaPadding::Pkcs1)?), made))
}

/// Makes the workspace's key (0600) and certificate in `.affiant/seal/`, which git ignores.
pub fn make(workspace: &Workspace, now: DateTime<Utc>) -> Result<(), Error> {
    let (key, certificate) = paths(workspace);
    private_folder(workspace)?;
    let folder = key.parent().expect("it lies in a folder");
    atomic::create_dir_all(folder, Access::Private).map_err(Error::io("create", folder))?;
    make_workspace_key(now)?.write(&key, &certificate).map_err(Error::io("write the key", &key))
}

/// Makes a key (0600) and a request for an authority to certify it. Neither replaces a file.
pub fn request(
    workspace: &Workspace,
    key: &Path,
    csr: &Path,
    subject: &str,
    kind: NewKey,
) -> Result<(), Error> {
    private_folder(workspace)?;
    let (key_pem, csr_pem) = make_request(kind, subject)?;
    let folder = key.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    atomic::create_dir_all(folder, Access::Private).map_err(Error::io("create", folder))?;
    if csr.exists() {
        return Err(Diagnostic::new("AFS-005", "there is such a file already")
            .file(csr.display().to_string())
            .into());
    }
    atomic::write(key, key_pem.as_bytes(), Access::Private, Existing::Refuse)
        .map_err(Error::io("write the key", key))?;
    atomic::write(csr, csr_pem.as_bytes(), Access::Shared, Existing::Refuse).map_err(Error::io("write", csr))
}

/// Makes a request for an authority to certify a key of AWS KMS, which signs it.
pub fn request_for(kms: &str, csr: &Path, subject: &str, reach: &KeyReach<'_>) -> Result<(), Error> {
    let pem = remote_request(&reach.find(kms)?, subject)?;
    atomic::write(csr, pem.as_bytes(), Access::Shared, Existing::Refuse).map_err(Error::io("write", csr))
}

/// `.affiant/`, private and ignored by git.
pub fn private_folder(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.private();
    atomic::create_dir_all(&folder, Access::Private).map_err(Error::io("create", &folder))?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        atomic::write(&ignore, b"*\n", Access::Private, Existing::Replace)
            .map_err(Error::io("write", &ignore))?;
    }
    Ok(folder)
}

/// A key and its certificate from their files.
pub(super) fn read_pair(key: &Path, certificate: &Path) -> Result<LocalKey, Error> {
    pem(key, certificate, RsaPadding::Pkcs1)
}

fn pem(key: &Path, certificate: &Path, padding: RsaPadding) -> Result<LocalKey, Error> {
    private(key)?;
    let text = Zeroizing::new(given::read_text(key).map_err(Error::io("read the key", key))?);
    let chain = given::read_text(certificate).map_err(Error::io("read the certificate", certificate))?;
    Ok(LocalKey::from_pem(&text, &chain, padding)?)
}

/// A key that others on this machine can read is refused.
#[cfg(unix)]
pub(super) fn private(key: &Path) -> Result<(), Error> {
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
pub(super) fn private(_: &Path) -> Result<(), Error> {
    Ok(())
}
