//! What signatures and timestamps have in common: certificates inside, signed attributes, and what may be
//! wrong with them.

use std::io;

use cms::cert::CertificateChoices;
use cms::signed_data::{SignedAttributes, SignedData, SignerIdentifier, SignerInfo};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{ID_AA_SIGNING_CERTIFICATE, ID_AA_SIGNING_CERTIFICATE_V_2};
use der::asn1::{Any, OctetString};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

use crate::seal::keys::algorithm::{AlgorithmProblem, Hash};
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::canonical;

/// Whether signing-certificate-v2 must be there: always in CAdES and PAdES, not in older PDF signatures of
/// other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ess {
    Required,
    Optional,
}

#[derive(Debug, thiserror::Error)]
pub enum CmsProblem {
    #[error("it is not a detached CMS signature in DER form: {0}")]
    Syntax(String),
    #[error("its attribute {0} is missing, repeated or wrong")]
    Attribute(&'static str),
    #[error("it does not hold the certificate of its signer")]
    NoCertificate,
    #[error("the signed content is another: its digest differs")]
    Digest,
    #[error(transparent)]
    Algorithm(#[from] AlgorithmProblem),
    #[error("the signed content could not be read: {0}")]
    Content(#[from] io::Error),
    #[error("the timestamp inside it does not hold: {0}")]
    Token(String),
}

/// RFC 5035 section 3. The default hash is SHA-256, so ours name none.
#[derive(Sequence)]
pub(super) struct SigningCertificateV2 {
    pub(super) certs: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    pub(super) policies: Option<Vec<Any>>,
}

#[derive(Sequence)]
pub(super) struct EssCertIdV2 {
    #[asn1(optional = "true")]
    pub(super) hash_algorithm: Option<AlgorithmIdentifierOwned>,
    pub(super) cert_hash: OctetString,
    #[asn1(optional = "true")]
    pub(super) issuer_serial: Option<IssuerSerial>,
}

/// RFC 2634 section 5.4, as timestamp authorities of the older kind write it.
#[derive(Sequence)]
struct SigningCertificate {
    certs: Vec<EssCertId>,
    #[asn1(optional = "true")]
    policies: Option<Vec<Any>>,
}

#[derive(Sequence)]
struct EssCertId {
    cert_hash: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<IssuerSerial>,
}

#[derive(Sequence)]
pub(super) struct IssuerSerial {
    issuer: Any,
    serial_number: der::asn1::Int,
}

/// Refuses, before anything is decoded, a CMS with more certificates than a chain can have.
pub(in crate::seal) fn few_certificates(der: &[u8]) -> Result<(), CmsProblem> {
    match canonical::certificates_inside(der) {
        Some(count) if count > canonical::MAX_CERTIFICATES => {
            Err(CmsProblem::Syntax(format!("it holds {count} certificates")))
        }
        Some(_) => Ok(()),
        None => Err(CmsProblem::Syntax("not SignedData in DER form".to_owned())),
    }
}

pub(in crate::seal) fn certificates(signed: &SignedData) -> Result<Vec<Certificate>, CmsProblem> {
    let read = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(certificate) => {
            let der = certificate.to_der().map_err(syntax)?;
            Certificate::from_der(&der).map_err(|e| CmsProblem::Syntax(e.to_string()))
        }
        CertificateChoices::Other(_) => Err(CmsProblem::Syntax("a certificate that is not X.509".to_owned())),
    };
    signed.certificates.iter().flat_map(|set| set.0.iter()).map(read).collect()
}

pub(in crate::seal) fn find_signer<'a>(
    info: &SignerInfo,
    certificates: &'a [Certificate],
) -> Option<&'a Certificate> {
    let matches = |certificate: &&Certificate| {
        let tbs = &certificate.x509().tbs_certificate;
        match &info.sid {
            SignerIdentifier::IssuerAndSerialNumber(id) => {
                id.issuer == tbs.issuer && id.serial_number == tbs.serial_number
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => tbs
                .get::<x509_cert::ext::pkix::SubjectKeyIdentifier>()
                .is_ok_and(|own| own.is_some_and(|(_, own)| own == *id)),
        }
    };
    certificates.iter().find(matches)
}

/// An attribute that occurs once with one value.
pub(in crate::seal) fn attribute<T: for<'a> Decode<'a>>(
    attributes: &SignedAttributes,
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<T, CmsProblem> {
    optional(attributes, oid, name)?.ok_or(CmsProblem::Attribute(name))
}

pub(super) fn optional<T: for<'a> Decode<'a>>(
    attributes: &SignedAttributes,
    oid: ObjectIdentifier,
    name: &'static str,
) -> Result<Option<T>, CmsProblem> {
    let mut found = attributes.iter().filter(|a| a.oid == oid);
    let (first, second) = (found.next(), found.next());
    match (first.map(|a| a.values.as_slice()), second) {
        (None, None) => Ok(None),
        (Some([value]), None) => {
            let der = value.to_der().map_err(syntax)?;
            T::from_der(&der).map(Some).map_err(|_| CmsProblem::Attribute(name))
        }
        (_, _) => Err(CmsProblem::Attribute(name)),
    }
}

/// The first ESSCertIDv2 names the signer's certificate by hash; without it, a look-alike certificate for the
/// same key could be put in its place (RFC 5035 section 1.1).
pub(super) fn check_signing_certificate(
    attributes: &SignedAttributes,
    signer: &Certificate,
    ess: Ess,
) -> Result<(), CmsProblem> {
    const NAME: &str = "signing-certificate-v2";
    let found: Option<SigningCertificateV2> = optional(attributes, ID_AA_SIGNING_CERTIFICATE_V_2, NAME)?;
    let Some(found) = found else {
        return if ess == Ess::Optional { Ok(()) } else { Err(CmsProblem::Attribute(NAME)) };
    };
    let first = found.certs.first().ok_or(CmsProblem::Attribute(NAME))?;
    let hash = first.hash_algorithm.as_ref().map_or(Ok(Hash::Sha256), Hash::from_identifier)?;
    if hash.of(signer.der()) == first.cert_hash.as_bytes() {
        Ok(())
    } else {
        Err(CmsProblem::Attribute(NAME))
    }
}

/// In a timestamp token, the older attribute with a SHA-1 hash may name the certificate instead (RFC 3161
/// section 2.4.2). It only tells which certificate is meant; what is signed does not rest on it.
pub(in crate::seal) fn check_token_certificate(
    attributes: &SignedAttributes,
    signer: &Certificate,
) -> Result<(), CmsProblem> {
    const NAME: &str = "signing-certificate";
    if attributes.iter().any(|a| a.oid == ID_AA_SIGNING_CERTIFICATE_V_2) {
        return check_signing_certificate(attributes, signer, Ess::Required);
    }
    let older: SigningCertificate = attribute(attributes, ID_AA_SIGNING_CERTIFICATE, NAME)?;
    let first = older.certs.first().ok_or(CmsProblem::Attribute(NAME))?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, signer.der());
    if digest.as_ref() == first.cert_hash.as_bytes() { Ok(()) } else { Err(CmsProblem::Attribute(NAME)) }
}

pub(super) fn syntax(e: der::Error) -> CmsProblem {
    CmsProblem::Syntax(e.to_string())
}
