//! Which signature algorithms are made and accepted, their identifiers, and the one place that checks a
//! signature value. SHA-1 and RSA below 2048 bits are refused everywhere.

use std::io::{self, Read};

use aws_lc_rs::digest as lc_digest;
use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912 as oid;
use der::asn1::{Any, Null};
use der::{Decode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

/// How an RSA key signs. PKCS #1 v1.5 is what every PDF reader checks; PSS is the modern form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RsaPadding {
    #[default]
    Pkcs1,
    Pss,
}

/// What a signer signs with. Each names its hash, so content and attributes are hashed alike (RFC 5652
/// section 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    EcdsaP256Sha256,
    EcdsaP384Sha384,
    RsaPkcs1Sha256,
    RsaPssSha256,
}

/// The hashes that a signature may rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// What kind of public key a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    P256,
    P384,
    P521,
    /// Modulus length in bits.
    Rsa(usize),
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlgorithmProblem {
    #[error("the algorithm {0} is too weak to prove anything")]
    Weak(String),
    #[error("the algorithm {0} is not supported")]
    Unsupported(String),
    #[error("the signature does not fit the signed bytes and the key")]
    Mismatch,
}

const RSA_ENCRYPTION: ObjectIdentifier = oid::RSA_ENCRYPTION;
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
/// SHA-1 and MD5, alone and in signatures.
const WEAK: &[ObjectIdentifier] = &[
    ObjectIdentifier::new_unwrap("1.3.14.3.2.26"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"),
    oid::SHA_1_WITH_RSA_ENCRYPTION,
    oid::MD_5_WITH_RSA_ENCRYPTION,
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
];

/// RSASSA-PSS-params (RFC 4055 section 3.1). Missing members mean SHA-1 and are refused.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u32>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u32>,
}

/// RSAPublicKey (RFC 8017 appendix A.1.1).
#[derive(Sequence)]
struct RsaPublicKey {
    modulus: der::asn1::Uint,
    exponent: der::asn1::Uint,
}

impl Algorithm {
    /// With which a kind of key signs here, if it does.
    pub(in crate::seal) fn of(kind: KeyKind, padding: RsaPadding) -> Option<Algorithm> {
        match (kind, padding) {
            (KeyKind::P256, _) => Some(Algorithm::EcdsaP256Sha256),
            (KeyKind::P384, _) => Some(Algorithm::EcdsaP384Sha384),
            (KeyKind::Rsa(_), RsaPadding::Pkcs1) => Some(Algorithm::RsaPkcs1Sha256),
            (KeyKind::Rsa(_), RsaPadding::Pss) => Some(Algorithm::RsaPssSha256),
            (KeyKind::P521 | KeyKind::Other, _) => None,
        }
    }

    pub fn hash(self) -> Hash {
        match self {
            Algorithm::EcdsaP256Sha256 | Algorithm::RsaPkcs1Sha256 | Algorithm::RsaPssSha256 => Hash::Sha256,
            Algorithm::EcdsaP384Sha384 => Hash::Sha384,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Algorithm::EcdsaP256Sha256 => "ECDSA P-256 with SHA-256",
            Algorithm::EcdsaP384Sha384 => "ECDSA P-384 with SHA-384",
            Algorithm::RsaPkcs1Sha256 => "RSA PKCS #1 v1.5 with SHA-256",
            Algorithm::RsaPssSha256 => "RSA-PSS with SHA-256",
        }
    }

    /// As AWS KMS names it (SigningAlgorithm of kms:Sign).
    pub fn kms_name(self) -> &'static str {
        match self {
            Algorithm::EcdsaP256Sha256 => "ECDSA_SHA_256",
            Algorithm::EcdsaP384Sha384 => "ECDSA_SHA_384",
            Algorithm::RsaPkcs1Sha256 => "RSASSA_PKCS1_V1_5_SHA_256",
            Algorithm::RsaPssSha256 => "RSASSA_PSS_SHA_256",
        }
    }

    /// The signatureAlgorithm of a SignerInfo or certificate (RFC 5754 section 3, RFC 4056).
    pub(in crate::seal) fn identifier(self) -> der::Result<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match self {
            Algorithm::EcdsaP256Sha256 => (oid::ECDSA_WITH_SHA_256, None),
            Algorithm::EcdsaP384Sha384 => (oid::ECDSA_WITH_SHA_384, None),
            Algorithm::RsaPkcs1Sha256 => (oid::SHA_256_WITH_RSA_ENCRYPTION, Some(Any::encode_from(&Null)?)),
            Algorithm::RsaPssSha256 => {
                (oid::ID_RSASSA_PSS, Some(Any::encode_from(&pss_parameters(Hash::Sha256)?)?))
            }
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters })
    }
}

impl Hash {
    /// Parameters absent (RFC 5754 section 2).
    pub(in crate::seal) fn identifier(self) -> AlgorithmIdentifierOwned {
        AlgorithmIdentifierOwned { oid: self.oid(), parameters: None }
    }

    pub(in crate::seal) fn from_identifier(id: &AlgorithmIdentifierOwned) -> Result<Hash, AlgorithmProblem> {
        let hash = [Hash::Sha256, Hash::Sha384, Hash::Sha512].into_iter().find(|hash| hash.oid() == id.oid);
        let plain = id.parameters.as_ref().is_none_or(Any::is_null);
        hash.filter(|_| plain).ok_or_else(|| refuse(&id.oid))
    }

    /// The digest of a stream, 64 KiB at a time.
    pub(in crate::seal) fn of_reader(self, reader: &mut dyn Read) -> io::Result<Vec<u8>> {
        let mut context = lc_digest::Context::new(self.lc());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(context.finish().as_ref().to_vec()),
                Ok(n) => context.update(&buffer[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    pub(in crate::seal) fn of(self, bytes: &[u8]) -> Vec<u8> {
        lc_digest::digest(self.lc(), bytes).as_ref().to_vec()
    }

    fn lc(self) -> &'static lc_digest::Algorithm {
        match self {
            Hash::Sha256 => &lc_digest::SHA256,
            Hash::Sha384 => &lc_digest::SHA384,
            Hash::Sha512 => &lc_digest::SHA512,
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Hash::Sha256 => oid::ID_SHA_256,
            Hash::Sha384 => oid::ID_SHA_384,
            Hash::Sha512 => oid::ID_SHA_512,
        }
    }

    /// As `sha256sum` and its siblings are called.
    pub(in crate::seal) fn name(self) -> &'static str {
        match self {
            Hash::Sha256 => "sha256",
            Hash::Sha384 => "sha384",
            Hash::Sha512 => "sha512",
        }
    }

    fn bytes(self) -> u32 {
        match self {
            Hash::Sha256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }
}

impl KeyKind {
    pub(in crate::seal) fn of(key: &SubjectPublicKeyInfoOwned) -> KeyKind {
        let curve = || key.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        match key.algorithm.oid {
            oid::ID_EC_PUBLIC_KEY => match curve() {
                Some(oid::SECP_256_R_1) => KeyKind::P256,
                Some(oid::SECP_384_R_1) => KeyKind::P384,
                Some(oid::SECP_521_R_1) => KeyKind::P521,
                Some(_) | None => KeyKind::Other,
            },
            RSA_ENCRYPTION => rsa_bits(key).map_or(KeyKind::Other, KeyKind::Rsa),
            _ => KeyKind::Other,
        }
    }
}

/// Checks a signature value. `content_hash` is the SignerInfo's digest algorithm, which plain `rsaEncryption`
/// leaves open and every other identifier must repeat; certificates pass `None`.
pub(in crate::seal) fn verify(
    key: &SubjectPublicKeyInfoOwned,
    identifier: &AlgorithmIdentifierOwned,
    content_hash: Option<Hash>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), AlgorithmProblem> {
    let (scheme, hash) = scheme(identifier, content_hash)?;
    if content_hash.is_some_and(|expected| expected != hash) {
        return Err(AlgorithmProblem::Unsupported(format!("{} with another content digest", identifier.oid)));
    }
    let algorithm = verification(scheme, hash, KeyKind::of(key)).ok_or_else(|| refuse(&identifier.oid))?;
    let point = key.subject_public_key.as_bytes().ok_or(AlgorithmProblem::Mismatch)?;
    UnparsedPublicKey::new(algorithm, point)
        .verify(message, signature)
        .map_err(|_| AlgorithmProblem::Mismatch)
}

#[derive(Clone, Copy)]
enum Scheme {
    Ecdsa,
    Pkcs1,
    Pss,
}

fn scheme(
    id: &AlgorithmIdentifierOwned,
    content_hash: Option<Hash>,
) -> Result<(Scheme, Hash), AlgorithmProblem> {
    let no_parameters = id.parameters.is_none();
    let null_or_none = id.parameters.as_ref().is_none_or(Any::is_null);
    match (id.oid, content_hash) {
        (oid::ECDSA_WITH_SHA_256, _) if no_parameters => Ok((Scheme::Ecdsa, Hash::Sha256)),
        (oid::ECDSA_WITH_SHA_384, _) if no_parameters => Ok((Scheme::Ecdsa, Hash::Sha384)),
        (oid::ECDSA_WITH_SHA_512, _) if no_parameters => Ok((Scheme::Ecdsa, Hash::Sha512)),
        (oid::SHA_256_WITH_RSA_ENCRYPTION, _) if null_or_none => Ok((Scheme::Pkcs1, Hash::Sha256)),
        (oid::SHA_384_WITH_RSA_ENCRYPTION, _) if null_or_none => Ok((Scheme::Pkcs1, Hash::Sha384)),
        (oid::SHA_512_WITH_RSA_ENCRYPTION, _) if null_or_none => Ok((Scheme::Pkcs1, Hash::Sha512)),
        (RSA_ENCRYPTION, Some(hash)) if null_or_none => Ok((Scheme::Pkcs1, hash)),
        (oid::ID_RSASSA_PSS, _) => pss_hash(id).map(|hash| (Scheme::Pss, hash)),
        (oid, _) => Err(refuse(&oid)),
    }
}

/// Only the parameters that everybody uses: one hash throughout, salt as long as the hash.
fn pss_hash(id: &AlgorithmIdentifierOwned) -> Result<Hash, AlgorithmProblem> {
    let parameters = id
        .parameters
        .as_ref()
        .and_then(|p| p.decode_as::<PssParameters>().ok())
        .ok_or_else(|| refuse(&id.oid))?;
    let weak = || AlgorithmProblem::Weak("RSA-PSS with SHA-1".to_owned());
    let hash = Hash::from_identifier(parameters.hash.as_ref().ok_or_else(weak)?)?;
    let mask = parameters.mask.ok_or_else(weak)?;
    let inner = mask
        .parameters
        .and_then(|p| p.decode_as::<AlgorithmIdentifierOwned>().ok())
        .ok_or_else(|| refuse(&id.oid))?;
    let usual = mask.oid == MGF1
        && Hash::from_identifier(&inner)? == hash
        && parameters.salt_length == Some(hash.bytes())
        && parameters.trailer.is_none_or(|trailer| trailer == 1);
    usual.then_some(hash).ok_or_else(|| refuse(&id.oid))
}

fn pss_parameters(hash: Hash) -> der::Result<PssParameters> {
    let mask =
        AlgorithmIdentifierOwned { oid: MGF1, parameters: Some(Any::encode_from(&hash.identifier())?) };
    Ok(PssParameters {
        hash: Some(hash.identifier()),
        mask: Some(mask),
        salt_length: Some(hash.bytes()),
        trailer: None,
    })
}

fn verification(scheme: Scheme, hash: Hash, key: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (scheme, key, hash) {
        (Scheme::Ecdsa, KeyKind::P256, Hash::Sha256) => &lc::ECDSA_P256_SHA256_ASN1,
        (Scheme::Ecdsa, KeyKind::P256, Hash::Sha384) => &lc::ECDSA_P256_SHA384_ASN1,
        (Scheme::Ecdsa, KeyKind::P256, Hash::Sha512) => &lc::ECDSA_P256_SHA512_ASN1,
        (Scheme::Ecdsa, KeyKind::P384, Hash::Sha256) => &lc::ECDSA_P384_SHA256_ASN1,
        (Scheme::Ecdsa, KeyKind::P384, Hash::Sha384) => &lc::ECDSA_P384_SHA384_ASN1,
        (Scheme::Ecdsa, KeyKind::P384, Hash::Sha512) => &lc::ECDSA_P384_SHA512_ASN1,
        (Scheme::Ecdsa, KeyKind::P521, Hash::Sha256) => &lc::ECDSA_P521_SHA256_ASN1,
        (Scheme::Ecdsa, KeyKind::P521, Hash::Sha384) => &lc::ECDSA_P521_SHA384_ASN1,
        (Scheme::Ecdsa, KeyKind::P521, Hash::Sha512) => &lc::ECDSA_P521_SHA512_ASN1,
        (Scheme::Pkcs1, KeyKind::Rsa(2048..), Hash::Sha256) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (Scheme::Pkcs1, KeyKind::Rsa(2048..), Hash::Sha384) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (Scheme::Pkcs1, KeyKind::Rsa(2048..), Hash::Sha512) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (Scheme::Pss, KeyKind::Rsa(2048..), Hash::Sha256) => &lc::RSA_PSS_2048_8192_SHA256,
        (Scheme::Pss, KeyKind::Rsa(2048..), Hash::Sha384) => &lc::RSA_PSS_2048_8192_SHA384,
        (Scheme::Pss, KeyKind::Rsa(2048..), Hash::Sha512) => &lc::RSA_PSS_2048_8192_SHA512,
        (Scheme::Ecdsa | Scheme::Pkcs1 | Scheme::Pss, _, _) => return None,
    })
}

fn rsa_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let parsed = RsaPublicKey::from_der(key.subject_public_key.as_bytes()?).ok()?;
    let modulus = parsed.modulus.as_bytes();
    (parsed.exponent.as_bytes() != [1])
        .then(|| modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize))
}

/// Is the algorithm known to be weak, or merely unknown here?
fn refuse(oid: &ObjectIdentifier) -> AlgorithmProblem {
    if WEAK.contains(oid) {
        AlgorithmProblem::Weak(oid.to_string())
    } else {
        AlgorithmProblem::Unsupported(oid.to_string())
    }
}
