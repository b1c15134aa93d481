//! Detached CMS signatures (RFC 5652) with the CAdES-BES attributes (RFC 5035, ETSI EN 319 122-1): made, and
//! verified strictly. Whether the signer is to be believed is `trust`'s question.

use std::io::{self, Read};

use chrono::{DateTime, Utc};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedAttributes, SignedData, SignerIdentifier, SignerInfo,
    SignerInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AA_SIGNING_CERTIFICATE_V_2, ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA,
    ID_SIGNING_TIME,
};
use der::asn1::{Any, OctetString, SetOfVec};
use der::{Decode, Encode};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::time::Time;

use crate::seal::keys::algorithm::{self, AlgorithmProblem, Hash};
use crate::seal::keys::certificate::Certificate;
use crate::seal::keys::key::{self, KeyError, Signer};
use crate::seal::keys::workspace_key::x509_time;
use crate::seal::signature::attributes::{
    CmsProblem, Ess, EssCertIdV2, SigningCertificateV2, attribute, certificates, check_signing_certificate,
    few_certificates, find_signer, optional, syntax,
};
use crate::seal::signature::canonical;
use crate::seal::signature::timestamp::{self, Token};

/// Where the claimed time of signing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Into the signing-time attribute.
    Cades,
    /// Into the PDF's signature dictionary instead (EN 319 142-1 section 6.3).
    Pades,
}

/// What a signature that holds says. The signer is who holds the key of `signer`, whoever that is.
#[derive(Debug, Clone)]
pub struct Facts {
    pub signer: Certificate,
    /// The other certificates inside. The signature binds the signer's alone, so they prove nothing by being
    /// there.
    pub others: Vec<Certificate>,
    /// Claimed by the signer.
    pub signing_time: Option<DateTime<Utc>>,
    /// The timestamp over the signature value that it carries (EN 319 122-1 section 5.3), checked.
    pub token: Option<Token>,
    /// What in its bytes could have been changed without the key, if anything is as this program never writes
    /// it.
    pub unusual: Option<&'static str>,
}

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the signer failed: {0}")]
    Signer(String),
    #[error("the signature that came back does not fit the certificate: {0}")]
    SelfCheck(AlgorithmProblem),
    #[error("the signature could not be encoded: {0}")]
    Encode(#[from] der::Error),
    #[error("the content could not be read")]
    Content(#[from] io::Error),
}

/// RFC 3161 appendix A.
const ID_AA_TIME_STAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// Signs what `content` yields, as of `at`. The result is checked against the signer's certificate before it
/// is returned.
pub fn sign(
    signer: &dyn Signer,
    content: &mut dyn Read,
    at: DateTime<Utc>,
    form: Form,
) -> Result<Vec<u8>, SignError> {
    key::check(signer, at)?;
    let digest = signer.algorithm().hash().of_reader(content)?;
    let certificate = signer.chain().signer();
    let attributes = signed_attributes(&digest, certificate, (form == Form::Cades).then_some(at))?;
    let message = attributes.to_der()?;
    let value = signer.sign(&message).map_err(|e| SignError::Signer(e.to_string()))?;
    let identifier = signer.algorithm().identifier()?;
    let public = &certificate.x509().tbs_certificate.subject_public_key_info;
    let value = canonical::lowered(&value, certificate).unwrap_or(value);
    algorithm::verify(public, &identifier, Some(signer.algorithm().hash()), &message, &value)
        .map_err(SignError::SelfCheck)?;
    Ok(encode(signer, attributes, identifier, value)?)
}

/// Checks structure, digest, attributes and signature value.
pub fn verify(der: &[u8], content: &mut dyn Read, ess: Ess) -> Result<Facts, CmsProblem> {
    let (signed, info) = parse(der)?;
    let certificates = certificates(&signed)?;
    let signer = find_signer(&info, &certificates).ok_or(CmsProblem::NoCertificate)?;
    let hash = Hash::from_identifier(&info.digest_alg)?;
    let attributes = info.signed_attrs.as_ref().ok_or(CmsProblem::Attribute("signed attributes"))?;
    let digest: OctetString = attribute(attributes, ID_MESSAGE_DIGEST, "message-digest")?;
    if attribute::<ObjectIdentifier>(attributes, ID_CONTENT_TYPE, "content-type")? != ID_DATA {
        return Err(CmsProblem::Attribute("content-type"));
    }
    check_signing_certificate(attributes, signer, ess)?;
    let signing_time = signing_time(attributes)?;
    let message = attributes.to_der().map_err(syntax)?;
    let public = &signer.x509().tbs_certificate.subject_public_key_info;
    algorithm::verify(public, &info.signature_algorithm, Some(hash), &message, info.signature.as_bytes())?;
    // Last, so that "another content" is said only of a signature that is otherwise whole.
    if hash.of_reader(content)? != digest.as_bytes() {
        return Err(CmsProblem::Digest);
    }
    let token = token_inside(&info)?;
    let unusual = match (&info.unsigned_attrs, canonical::lowered(info.signature.as_bytes(), signer)) {
        (Some(_), _) => Some("it carries attributes that nobody signed"),
        (None, Some(_)) => {
            Some("its signature value is the other of the two that fit, which anybody can make of it")
        }
        (None, None) => None,
    };
    let signer = signer.clone();
    let others = certificates.into_iter().filter(|c| *c != signer).collect();
    Ok(Facts { signer, others, signing_time, token, unusual })
}

/// The same signature with a timestamp as unsigned attribute. `stamp` is given the signature value and
/// returns a token.
pub fn with_token<E: From<der::Error>>(
    der: &[u8],
    stamp: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let content = ContentInfo::from_der(der)?;
    let mut signed: SignedData = content.content.decode_as()?;
    let mut infos = signed.signer_infos.0.into_vec();
    if let [info] = infos.as_mut_slice() {
        let token = Any::from_der(&stamp(info.signature.as_bytes())?)?;
        let attribute = Attribute { oid: ID_AA_TIME_STAMP_TOKEN, values: SetOfVec::try_from(vec![token])? };
        info.unsigned_attrs = Some(SetOfVec::try_from(vec![attribute])?);
    }
    signed.signer_infos = SignerInfos::try_from(infos)?;
    Ok(ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()?)
}

/// At most one timestamp, over the signature value.
fn token_inside(info: &SignerInfo) -> Result<Option<Token>, CmsProblem> {
    let Some(attributes) = &info.unsigned_attrs else { return Ok(None) };
    let Some(token): Option<Any> = optional(attributes, ID_AA_TIME_STAMP_TOKEN, "signature-time-stamp")?
    else {
        return Ok(None);
    };
    let der = token.to_der().map_err(syntax)?;
    timestamp::verify(&der, info.signature.as_bytes()).map(Some).map_err(|e| CmsProblem::Token(e.to_string()))
}

fn signed_attributes(
    digest: &[u8],
    certificate: &Certificate,
    at: Option<DateTime<Utc>>,
) -> der::Result<SignedAttributes> {
    let id = EssCertIdV2 {
        hash_algorithm: None,
        cert_hash: OctetString::new(Hash::Sha256.of(certificate.der()))?,
        issuer_serial: None,
    };
    let mut attributes = vec![
        single(ID_CONTENT_TYPE, &ID_DATA)?,
        single(ID_MESSAGE_DIGEST, &OctetString::new(digest)?)?,
        single(ID_AA_SIGNING_CERTIFICATE_V_2, &SigningCertificateV2 { certs: vec![id], policies: None })?,
    ];
    if let Some(at) = at {
        attributes.push(single(ID_SIGNING_TIME, &x509_time(at)?)?);
    }
    SetOfVec::try_from(attributes)
}

fn single<T: der::EncodeValue + der::Tagged>(oid: ObjectIdentifier, value: &T) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::encode_from(value)?])? })
}

fn encode(
    signer: &dyn Signer,
    attributes: SignedAttributes,
    signature_algorithm: AlgorithmIdentifierOwned,
    value: Vec<u8>,
) -> der::Result<Vec<u8>> {
    let certificate = &signer.chain().signer().x509().tbs_certificate;
    let digest_alg = signer.algorithm().hash().identifier();
    let info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.issuer.clone(),
            serial_number: certificate.serial_number.clone(),
        }),
        digest_alg: digest_alg.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm,
        signature: OctetString::new(value)?,
        unsigned_attrs: None,
    };
    let set = signer
        .chain()
        .certificates()
        .iter()
        .map(|c| CertificateChoices::Certificate(c.x509().clone()))
        .collect::<Vec<_>>();
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![digest_alg])?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet::try_from(set)?),
        crls: None,
        signer_infos: SignerInfos::try_from(vec![info])?,
    };
    ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed)? }.to_der()
}

/// One signer, detached, and encoded as DER would encode it again: nothing that a reader skips may hide in
/// between.
fn parse(der: &[u8]) -> Result<(SignedData, SignerInfo), CmsProblem> {
    few_certificates(der)?;
    let content = ContentInfo::from_der(der).map_err(syntax)?;
    if content.content_type != ID_SIGNED_DATA {
        return Err(CmsProblem::Syntax("not SignedData".to_owned()));
    }
    let signed: SignedData = content.content.decode_as().map_err(syntax)?;
    let again =
        ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed).map_err(syntax)? };
    if again.to_der().map_err(syntax)? != der {
        return Err(CmsProblem::Syntax("not in DER form".to_owned()));
    }
    if signed.encap_content_info.econtent_type != ID_DATA || signed.encap_content_info.econtent.is_some() {
        return Err(CmsProblem::Syntax("not detached data".to_owned()));
    }
    let [info] = signed.signer_infos.0.as_slice() else {
        return Err(CmsProblem::Syntax("not exactly one signer".to_owned()));
    };
    let info = info.clone();
    let version = match info.sid {
        SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
        SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
    };
    if info.version != version
        || signed.version != version
        || !signed.digest_algorithms.iter().eq([&info.digest_alg])
    {
        return Err(CmsProblem::Syntax("versions or digest algorithms disagree".to_owned()));
    }
    Ok((signed, info))
}

fn signing_time(attributes: &SignedAttributes) -> Result<Option<DateTime<Utc>>, CmsProblem> {
    let time: Option<Time> = optional(attributes, ID_SIGNING_TIME, "signing-time")?;
    let chrono = |time: Time| {
        i64::try_from(time.to_unix_duration().as_secs()).ok().and_then(|s| DateTime::from_timestamp(s, 0))
    };
    time.map(|time| chrono(time).ok_or(CmsProblem::Attribute("signing-time"))).transpose()
}
