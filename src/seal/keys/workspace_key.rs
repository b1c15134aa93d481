//! The key a workspace makes for itself when nobody gave it one: it seals, and it identifies no person.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use chrono::{DateTime, Months, Utc};
use const_oid::AssociatedOid;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, SECP_256_R_1};
use der::asn1::{Any, BitString, GeneralizedTime, OctetString, UtcTime};
use der::{Encode, flagset::FlagSet};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::{TbsCertificateInner, Version};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};
use zeroize::Zeroizing;

use crate::model::Digest;
use crate::seal::keys::algorithm::Algorithm;
use crate::seal::keys::certificate::{Certificate, WORKSPACE_KEY_NAME};
use crate::seal::keys::key::KeyError;
use crate::seal::keys::pem;
use crate::store::atomic::{self, Access, Existing};

/// Six years is what 45 CFR 164.316(b)(2)(i) asks documentation to be kept, from creation or last effect; ten
/// covers a package made late in the key's life, and nobody renews a certificate that no authority issued.
const YEARS: u32 = 10;

/// A fresh key and its self-signed certificate, both PEM.
pub struct WorkspaceKey {
    pub key_pem: Zeroizing<String>,
    pub certificate: Certificate,
}

impl WorkspaceKey {
    /// Writes the certificate, then the key (0600). A key that is there is never replaced; a certificate
    /// without its key, left by an attempt that was cut short, is.
    pub fn write(&self, key: &Path, certificate: &Path) -> std::io::Result<()> {
        if key.exists() {
            return Err(std::io::ErrorKind::AlreadyExists.into());
        }
        atomic::write(certificate, self.certificate.to_pem().as_bytes(), Access::Shared, Existing::Replace)?;
        atomic::write(key, self.key_pem.as_bytes(), Access::Private, Existing::Refuse)
    }
}

/// 32 bytes that nobody can guess.
pub fn random_secret() -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| KeyError::Generate)?;
    Ok(bytes)
}

/// A P-256 key. The certificate's name ends in the first 8 hexadecimal digits of the key's own digest.
pub fn make_workspace_key(now: DateTime<Utc>) -> Result<WorkspaceKey, KeyError> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Generate)?;
    let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Generate)?;
    let der = self_signed(&pair, now).map_err(|_| KeyError::Generate)?;
    Ok(WorkspaceKey {
        key_pem: Zeroizing::new(pem::encode("PRIVATE KEY", pkcs8.as_ref())),
        certificate: Certificate::from_der(&der)?,
    })
}

fn self_signed(pair: &EcdsaKeyPair, now: DateTime<Utc>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let public = pair.public_key().as_ref();
    let id = Digest::of(public);
    let name: Name = format!("CN={WORKSPACE_KEY_NAME}{}", &id.to_string()[..8]).parse()?;
    let until = now.checked_add_months(Months::new(12 * YEARS)).ok_or("a date beyond all calendars")?;
    let signature = Algorithm::EcdsaP256Sha256.identifier()?;
    let tbs = TbsCertificateInner {
        version: Version::V3,
        serial_number: serial_number()?,
        signature: signature.clone(),
        issuer: name.clone(),
        validity: Validity { not_before: x509_time(now)?, not_after: x509_time(until)? },
        subject: name,
        subject_public_key_info: public_key_info(public)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions(&id)?),
    };
    let value = pair.sign(&SystemRandom::new(), &tbs.to_der()?)?;
    let certificate = x509_cert::Certificate {
        tbs_certificate: tbs,
        signature_algorithm: signature,
        signature: BitString::from_bytes(value.as_ref())?,
    };
    Ok(certificate.to_der()?)
}

/// Positive, 127 random bits (RFC 5280 section 4.1.2.2).
fn serial_number() -> Result<SerialNumber, Box<dyn std::error::Error>> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes)?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    Ok(SerialNumber::new(&bytes)?)
}

fn public_key_info(point: &[u8]) -> der::Result<SubjectPublicKeyInfoOwned> {
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid: ID_EC_PUBLIC_KEY,
            parameters: Some(Any::encode_from(&SECP_256_R_1)?),
        },
        subject_public_key: BitString::from_bytes(point)?,
    })
}

fn extensions(id: &Digest) -> der::Result<Vec<Extension>> {
    let usages: FlagSet<KeyUsages> = KeyUsages::DigitalSignature | KeyUsages::NonRepudiation;
    Ok(vec![
        extension(&KeyUsage(usages), true)?,
        extension(&BasicConstraints { ca: false, path_len_constraint: None }, true)?,
        extension(&SubjectKeyIdentifier(OctetString::new(&id.as_bytes()[..20])?), false)?,
    ])
}

fn extension<T: AssociatedOid + Encode>(value: &T, critical: bool) -> der::Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

/// UTCTime until 2049, then GeneralizedTime (RFC 5280 section 4.1.2.5).
pub(in crate::seal) fn x509_time(at: DateTime<Utc>) -> der::Result<Time> {
    let seconds = Duration::from_secs(u64::try_from(at.timestamp()).unwrap_or(0));
    match UtcTime::from_unix_duration(seconds) {
        Ok(time) => Ok(Time::UtcTime(time)),
        Err(_) => GeneralizedTime::from_unix_duration(seconds).map(Time::GeneralTime),
    }
}
