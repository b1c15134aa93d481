//! X.509 certificates (RFC 5280) as this program needs them: read, named, judged fit for signing, and
//! chained.

use std::fmt;

use chrono::{DateTime, Utc};
use const_oid::db::rfc4519::COMMON_NAME;
use const_oid::{AssociatedOid, ObjectIdentifier};
use der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};

use crate::model::Digest;
use crate::seal::keys::algorithm::{self, KeyKind};
use crate::seal::keys::pem;
use crate::store::manifest::clean;

/// A certificate whose DER is canonical, so that its fingerprint means one thing.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    inner: x509_cert::Certificate,
}

/// A signer's certificate and those above it, each issued by the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Vec<Certificate>);

#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("no `BEGIN CERTIFICATE` block in the file")]
    Missing,
    #[error("a certificate cannot be read: {0}")]
    Unreadable(String),
    #[error("no certificate fits the private key")]
    NoneFits,
    #[error("the certificate `{0}` is not part of the signer's chain")]
    Stray(String),
}

/// Why a certificate may not sign at a given time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the certificate is valid from {0} on")]
    NotYetValid(DateTime<Utc>),
    #[error("the certificate expired at {0}")]
    Expired(DateTime<Utc>),
    #[error("the certificate's key usage allows neither digitalSignature nor nonRepudiation")]
    KeyUsage,
    #[error("the certificate is for something else than signing documents")]
    ExtendedKeyUsage,
    #[error("the certificate is not for timestamping alone")]
    NotForStamping,
    #[error("the RSA key has {0} bits; at least 2048 are needed")]
    ShortRsa(usize),
    #[error("the certificate's kind of key is not supported")]
    KeyKind,
    #[error("the certificate holds an extension that restricts its use and is not worked out here: {0}")]
    Critical(String),
    #[error("the certificate holds an extension that cannot be read: {0}")]
    Extension(String),
}

impl Unfit {
    /// Whether nothing speaks against the certificate here but that something in it is not worked out.
    pub(in crate::seal) fn is_unsettled(&self) -> bool {
        match self {
            Unfit::KeyKind | Unfit::Critical(_) => true,
            Unfit::NotYetValid(_)
            | Unfit::Expired(_)
            | Unfit::KeyUsage
            | Unfit::ExtendedKeyUsage
            | Unfit::NotForStamping
            | Unfit::ShortRsa(_)
            | Unfit::Extension(_) => false,
        }
    }
}

/// How every workspace key's name begins; no person's certificate may be taken for one, or one for a
/// person's.
pub const WORKSPACE_KEY_NAME: &str = "Affiant workspace key ";

/// Extended key usages with which documents are signed: any, client authentication, e-mail, document signing
/// (RFC 9336), Microsoft's and Adobe's.
const SIGNING_PURPOSES: &[ObjectIdentifier] = &[
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
    ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.5"),
];

const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");

/// Critical extensions that are understood here: basic constraints, key usage, extended key usage. Policies
/// and names restrict nothing that we rely on; name constraints do, and are therefore refused when critical.
const UNDERSTOOD: &[&str] = &["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.32", "2.5.29.17"];

/// They restrict what stands below an authority, marked critical or not, and are not worked out here: name
/// constraints, and constraints of policies (which may ask for a policy that nobody below has).
const RESTRICTING: [&str; 2] = ["2.5.29.30", "2.5.29.36"];

impl Certificate {
    pub fn from_der(der: &[u8]) -> Result<Certificate, CertificateError> {
        let unreadable = |e: der::Error| CertificateError::Unreadable(e.to_string());
        let inner = x509_cert::Certificate::from_der(der).map_err(unreadable)?;
        if inner.to_der().map_err(unreadable)? != der {
            return Err(CertificateError::Unreadable("not in DER form".to_owned()));
        }
        Ok(Certificate { der: der.to_vec(), inner })
    }

    /// All certificates of a PEM file, in its order.
    pub fn all_from_pem(text: &str) -> Result<Vec<Certificate>, CertificateError> {
        let blocks = pem::blocks(text).filter(|(label, _)| *label == "CERTIFICATE");
        let read = |(_, der): (_, Option<Vec<u8>>)| {
            Certificate::from_der(
                &der.ok_or_else(|| CertificateError::Unreadable("not in PEM form".to_owned()))?,
            )
        };
        let certificates = blocks.map(read).collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() { Err(CertificateError::Missing) } else { Ok(certificates) }
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.der)
    }

    /// SHA-256 over the DER: what `openssl x509 -fingerprint -sha256` prints with colons.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// The subject as RFC 4514 text, on one line.
    pub fn subject(&self) -> String {
        clean(&self.inner.tbs_certificate.subject.to_string())
    }

    pub fn issuer(&self) -> String {
        clean(&self.inner.tbs_certificate.issuer.to_string())
    }

    /// The common name, else the whole subject; on one line.
    pub fn name(&self) -> String {
        let attributes = self.inner.tbs_certificate.subject.0.iter().flat_map(|rdn| rdn.0.iter());
        let text = |value: &der::Any| -> Option<String> {
            let utf8 = value.decode_as::<Utf8StringRef<'_>>().map(|s| s.as_str().to_owned());
            let printable = || value.decode_as::<PrintableStringRef<'_>>().map(|s| s.as_str().to_owned());
            let ia5 = || value.decode_as::<Ia5StringRef<'_>>().map(|s| s.as_str().to_owned());
            let teletex = || value.decode_as::<TeletexStringRef<'_>>().map(|s| s.as_str().to_owned());
            utf8.or_else(|_| printable()).or_else(|_| ia5()).or_else(|_| teletex()).ok()
        };
        let common = attributes.filter(|a| a.oid == COMMON_NAME).find_map(|a| text(&a.value));
        common.map_or_else(|| self.subject(), |name| clean(&name))
    }

    pub fn not_before(&self) -> DateTime<Utc> {
        time(&self.inner.tbs_certificate.validity.not_before)
    }

    pub fn not_after(&self) -> DateTime<Utc> {
        time(&self.inner.tbs_certificate.validity.not_after)
    }

    pub fn key_kind(&self) -> KeyKind {
        KeyKind::of(&self.inner.tbs_certificate.subject_public_key_info)
    }

    /// Made by `make_workspace_key`: self-signed under the reserved name. It says which workspace, not who.
    pub fn is_workspace_key(&self) -> bool {
        self.name().starts_with(WORKSPACE_KEY_NAME) && self.is_self_signed()
    }

    pub fn is_self_signed(&self) -> bool {
        self.is_issued_by(self)
    }

    /// Whether names match and `issuer`'s key made this certificate's signature; whether it was allowed to is
    /// asked elsewhere.
    pub fn is_issued_by(&self, issuer: &Certificate) -> bool {
        let (tbs, above) = (&self.inner.tbs_certificate, &issuer.inner.tbs_certificate);
        let Ok(message) = tbs.to_der() else { return false };
        let signature = self.inner.signature.as_bytes().unwrap_or_default();
        tbs.issuer == above.subject
            && tbs.signature == self.inner.signature_algorithm
            && algorithm::verify(
                &above.subject_public_key_info,
                &self.inner.signature_algorithm,
                None,
                &message,
                signature,
            )
            .is_ok()
    }

    /// Everything that forbids using this certificate to sign at `at`.
    pub fn unfit_to_sign(&self, at: DateTime<Utc>) -> Vec<Unfit> {
        let mut unfit = self.unfit_at(at);
        match self.extension::<KeyUsage>() {
            Ok(Some(usage))
                if !usage.0.contains(KeyUsages::DigitalSignature)
                    && !usage.0.contains(KeyUsages::NonRepudiation) =>
            {
                unfit.push(Unfit::KeyUsage);
            }
            Ok(_) => {}
            Err(e) => unfit.push(e),
        }
        match self.extension::<ExtendedKeyUsage>() {
            Ok(Some(purposes)) if !purposes.0.iter().any(|p| SIGNING_PURPOSES.contains(p)) => {
                unfit.push(Unfit::ExtendedKeyUsage)
            }
            Ok(_) => {}
            Err(e) => unfit.push(e),
        }
        unfit
    }

    /// Everything that forbids using this certificate to issue timestamps at `at` (RFC 3161 section 2.3: that
    /// purpose alone, and critical).
    pub fn unfit_to_stamp(&self, at: DateTime<Utc>) -> Vec<Unfit> {
        let mut unfit = self.unfit_at(at);
        let critical = self
            .inner
            .tbs_certificate
            .extensions
            .iter()
            .flatten()
            .any(|e| e.extn_id == ExtendedKeyUsage::OID && e.critical);
        match self.extension::<ExtendedKeyUsage>() {
            Ok(Some(purposes)) if critical && purposes.0 == [TIME_STAMPING] => {}
            Ok(_) => unfit.push(Unfit::NotForStamping),
            Err(e) => unfit.push(e),
        }
        match self.extension::<KeyUsage>() {
            Ok(Some(usage))
                if !usage.0.contains(KeyUsages::DigitalSignature)
                    && !usage.0.contains(KeyUsages::NonRepudiation) =>
            {
                unfit.push(Unfit::KeyUsage);
            }
            Ok(_) => {}
            Err(e) => unfit.push(e),
        }
        unfit
    }

    /// What forbids relying on the certificate at all, or at `at`.
    pub(in crate::seal) fn unfit_at(&self, at: DateTime<Utc>) -> Vec<Unfit> {
        let mut unfit = Vec::new();
        if at < self.not_before() {
            unfit.push(Unfit::NotYetValid(self.not_before()));
        }
        if at > self.not_after() {
            unfit.push(Unfit::Expired(self.not_after()));
        }
        match self.key_kind() {
            KeyKind::Rsa(bits @ ..2048) => unfit.push(Unfit::ShortRsa(bits)),
            KeyKind::Other => unfit.push(Unfit::KeyKind),
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 | KeyKind::Rsa(_) => {}
        }
        let extensions = self.inner.tbs_certificate.extensions.iter().flatten();
        let unknown = extensions.filter(|e| {
            let id = e.extn_id.to_string();
            RESTRICTING.contains(&id.as_str()) || (e.critical && !UNDERSTOOD.contains(&id.as_str()))
        });
        unfit.extend(unknown.map(|e| Unfit::Critical(e.extn_id.to_string())));
        unfit
    }

    /// For an issuing certificate: how many further CA certificates may stand below it; `None` if it may
    /// issue none.
    pub(in crate::seal) fn may_issue(&self) -> Option<u8> {
        let constraints = self.extension::<BasicConstraints>().ok()??;
        let usage = self.extension::<KeyUsage>().ok()?;
        let signs = usage.is_none_or(|usage| usage.0.contains(KeyUsages::KeyCertSign));
        (constraints.ca && signs).then(|| constraints.path_len_constraint.unwrap_or(u8::MAX))
    }

    pub(in crate::seal) fn x509(&self) -> &x509_cert::Certificate {
        &self.inner
    }

    pub(in crate::seal) fn extension<'a, T: Decode<'a> + AssociatedOid>(
        &'a self,
    ) -> Result<Option<T>, Unfit> {
        let mut found =
            self.inner.tbs_certificate.extensions.iter().flatten().filter(|e| e.extn_id == T::OID);
        let unreadable = || Unfit::Extension(T::OID.to_string());
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(extension), None) => {
                T::from_der(extension.extn_value.as_bytes()).map(Some).map_err(|_| unreadable())
            }
            (Some(_), Some(_)) => Err(unreadable()),
        }
    }
}

impl Chain {
    /// Puts certificates in order, beginning with the one that `is_signer` picks; each must belong.
    pub fn order(
        mut pool: Vec<Certificate>,
        is_signer: impl Fn(&Certificate) -> bool,
    ) -> Result<Chain, CertificateError> {
        let first = pool.iter().position(is_signer).ok_or(CertificateError::NoneFits)?;
        let mut chain = vec![pool.swap_remove(first)];
        while let Some(next) = pool
            .iter()
            .position(|c| chain.last().is_some_and(|last| !last.is_self_signed() && last.is_issued_by(c)))
        {
            chain.push(pool.swap_remove(next));
        }
        pool.retain(|c| !chain.contains(c));
        match pool.first() {
            Some(stray) => Err(CertificateError::Stray(stray.name())),
            None => Ok(Chain(chain)),
        }
    }

    /// A chain from a PEM file whose first certificate is the signer's: for keys that live elsewhere, such as
    /// in a KMS.
    pub fn from_pem(text: &str) -> Result<Chain, CertificateError> {
        let pool = Certificate::all_from_pem(text)?;
        let signer = pool[0].clone();
        Chain::order(pool, |c| *c == signer)
    }

    pub fn signer(&self) -> &Certificate {
        self.0.first().expect("a chain has a signer")
    }

    /// The signer's certificate first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    pub fn to_pem(&self) -> String {
        self.0.iter().map(Certificate::to_pem).collect()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, {})", self.subject(), self.fingerprint().short())
    }
}

/// Whole seconds; X.509 knows no finer time.
pub(in crate::seal) fn time(time: &x509_cert::time::Time) -> DateTime<Utc> {
    let seconds = time.to_unix_duration().as_secs();
    i64::try_from(seconds)
        .ok()
        .and_then(|s| DateTime::from_timestamp(s, 0))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
