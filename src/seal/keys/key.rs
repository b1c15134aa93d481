//! Private keys and what they sign with. Keys stay inside the library that uses them; their encodings are
//! wiped.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use chrono::{DateTime, Utc};
use der::Encode;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use zeroize::Zeroizing;

use crate::seal::keys::algorithm::{Algorithm, KeyKind, RsaPadding};
use crate::seal::keys::certificate::{Certificate, CertificateError, Chain, Unfit};
use crate::seal::keys::pem;

/// Whoever can sign: a key in a file, or one that stays in a KMS.
pub trait Signer {
    fn chain(&self) -> &Chain;

    fn algorithm(&self) -> Algorithm;

    /// A signature over `message` itself (not over its hash), in the form X.509 uses: DER for ECDSA, octets
    /// for RSA.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// A private key in this process's memory, with its certificates.
pub struct LocalKey {
    pair: Pair,
    algorithm: Algorithm,
    chain: Chain,
}

/// Signs a message elsewhere. It gets the algorithm and the whole message (for AWS KMS: MessageType RAW, at
/// most 4096 bytes; what is signed here has some hundred) and returns the signature as [`Signer::sign`] does.
pub type RemoteSign =
    Box<dyn Fn(Algorithm, &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>>;

/// What there is of a private key that stays elsewhere.
pub struct Remote {
    /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) in DER, as whoever keeps the key tells it.
    pub public_key: Vec<u8>,
    pub sign: RemoteSign,
}

/// A private key that never comes here, with its certificates from configuration.
pub struct RemoteKey {
    algorithm: Algorithm,
    chain: Chain,
    remote: Remote,
}

impl RemoteKey {
    /// `certificates` is PEM, the signer's first; its kind of key decides on the algorithm. It must certify
    /// the very key that is to sign.
    pub fn new(certificates: &str, padding: RsaPadding, remote: Remote) -> Result<RemoteKey, KeyError> {
        let chain = Chain::from_pem(certificates)?;
        let signer = chain.signer();
        let certified = signer
            .x509()
            .tbs_certificate
            .subject_public_key_info
            .to_der()
            .map_err(|_| KeyError::Unsupported)?;
        if certified != remote.public_key {
            return Err(KeyError::OtherKey(signer.name()));
        }
        let algorithm = Algorithm::of(signer.key_kind(), padding).ok_or(KeyError::Unsupported)?;
        Ok(RemoteKey { algorithm, chain, remote })
    }
}

impl Signer for RemoteKey {
    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        (self.remote.sign)(self.algorithm, message)
    }
}

pub(in crate::seal) enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no private key in the PEM file")]
    Missing,
    #[error(
        "the PEM file's private key is encrypted; hint: use a PKCS #12 file, which holds key and \
         certificates under a password"
    )]
    Encrypted,
    #[error(
        "the private key is neither RSA (2048 to 8192 bits) nor on the curves P-256 or P-384, or it is \
         damaged"
    )]
    Unsupported,
    #[error("the PKCS #12 file cannot be opened: wrong password, damaged, or of an unknown kind")]
    Pkcs12,
    #[error("the PKCS #12 file holds no private key with its certificate")]
    Pkcs12Empty,
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("the certificate `{name}` cannot sign: {unfit}")]
    Unfit { name: String, unfit: Unfit },
    #[error("a key could not be made")]
    Generate,
    #[error("the certificate `{0}` is for another public key than the one that is to sign")]
    OtherKey(String),
    #[error("the key that is kept elsewhere did not sign: {0}")]
    Remote(String),
    #[error("`{0}` is not a name such as `CN=Jordan Example,O=Example Clinic`")]
    Name(String),
}

impl LocalKey {
    /// A key as PKCS #8, SEC 1 or PKCS #1 in PEM, and the PEM of its certificate and those above it, in any
    /// order.
    pub fn from_pem(key: &str, certificates: &str, padding: RsaPadding) -> Result<LocalKey, KeyError> {
        let certificates = Certificate::all_from_pem(certificates)?;
        if key.contains("BEGIN ENCRYPTED PRIVATE KEY") || key.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let mut keys = pem::blocks(key).filter(|(label, _)| label.ends_with("PRIVATE KEY"));
        let (label, der) = keys.next().ok_or(KeyError::Missing)?;
        let der = Zeroizing::new(der.ok_or(KeyError::Unsupported)?);
        let pair = match label {
            "PRIVATE KEY" => Pair::from_pkcs8(&der),
            "EC PRIVATE KEY" => Pair::from_sec1(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().map(Pair::Rsa),
            _ => None,
        };
        LocalKey::new(pair.ok_or(KeyError::Unsupported)?, certificates, padding)
    }

    /// The first private key of a PKCS #12 file (RFC 7292) with the certificates of its chain.
    pub fn from_pkcs12(file: &[u8], password: &str, padding: RsaPadding) -> Result<LocalKey, KeyError> {
        let store = KeyStore::from_pkcs12(file, password, Pkcs12ImportPolicy::Strict)
            .map_err(|_| KeyError::Pkcs12)?;
        let (_, entry) = store.private_key_chain().ok_or(KeyError::Pkcs12Empty)?;
        let certificates =
            entry.certs().iter().map(|c| Certificate::from_der(c.as_der())).collect::<Result<Vec<_>, _>>()?;
        let pair = Pair::from_pkcs8(entry.key().as_der()).ok_or(KeyError::Unsupported)?;
        LocalKey::new(pair, certificates, padding)
    }

    fn new(pair: Pair, certificates: Vec<Certificate>, padding: RsaPadding) -> Result<LocalKey, KeyError> {
        let public = pair.public();
        let fits = |c: &Certificate| {
            c.x509().tbs_certificate.subject_public_key_info.subject_public_key.as_bytes() == Some(public)
        };
        let chain = Chain::order(certificates, fits)?;
        let algorithm = pair.algorithm(padding);
        Ok(LocalKey { pair, algorithm, chain })
    }
}

impl Signer for LocalKey {
    fn chain(&self) -> &Chain {
        &self.chain
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.pair.sign(self.algorithm, message)?)
    }
}

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewKey {
    P256,
    P384,
    Rsa3072,
    Rsa4096,
}

impl NewKey {
    /// PKCS #8.
    pub(in crate::seal) fn generate(self) -> Option<Zeroizing<Vec<u8>>> {
        let elliptic = |curve| Some(EcdsaKeyPair::generate(curve).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec());
        let rsa = |size| Some(RsaKeyPair::generate(size).ok()?.as_der().ok()?.as_ref().to_vec());
        let encoded = match self {
            NewKey::P256 => elliptic(&ECDSA_P256_SHA256_ASN1_SIGNING),
            NewKey::P384 => elliptic(&ECDSA_P384_SHA384_ASN1_SIGNING),
            NewKey::Rsa3072 => rsa(KeySize::Rsa3072),
            NewKey::Rsa4096 => rsa(KeySize::Rsa4096),
        };
        encoded.map(Zeroizing::new)
    }
}

/// Refuses a signer whose certificate may not sign at `at`; returns what a person should know of one that
/// may.
pub fn check(signer: &dyn Signer, at: DateTime<Utc>) -> Result<Vec<String>, KeyError> {
    let certificate = signer.chain().signer();
    if let Some(unfit) = certificate.unfit_to_sign(at).into_iter().next() {
        return Err(KeyError::Unfit { name: certificate.name(), unfit });
    }
    let fits = match (signer.algorithm(), certificate.key_kind()) {
        (Algorithm::EcdsaP256Sha256, KeyKind::P256) | (Algorithm::EcdsaP384Sha384, KeyKind::P384) => true,
        (Algorithm::RsaPkcs1Sha256 | Algorithm::RsaPssSha256, KeyKind::Rsa(_)) => true,
        (
            Algorithm::EcdsaP256Sha256
            | Algorithm::EcdsaP384Sha384
            | Algorithm::RsaPkcs1Sha256
            | Algorithm::RsaPssSha256,
            _,
        ) => false,
    };
    if !fits {
        return Err(KeyError::Certificate(CertificateError::NoneFits));
    }
    let mut notes = Vec::new();
    if let KeyKind::Rsa(bits @ ..3072) = certificate.key_kind() {
        let name = certificate.name();
        notes.push(format!(
            "the RSA key of `{name}` has {bits} bits; signatures that must last beyond 2030 \
                            want 3072 (NIST SP 800-57)"
        ));
    }
    if certificate.not_after() - at < chrono::Duration::days(30) {
        notes.push(format!(
            "the certificate `{}` expires at {}",
            certificate.name(),
            certificate.not_after()
        ));
    }
    Ok(notes)
}

impl Pair {
    pub(in crate::seal) fn from_pkcs8(der: &[u8]) -> Option<Pair> {
        let ecdsa = |curve| EcdsaKeyPair::from_pkcs8(curve, der).ok().map(Pair::Ecdsa);
        let p256 = ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING).or_else(|| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING));
        p256.or_else(|| RsaKeyPair::from_pkcs8(der).ok().map(Pair::Rsa))
    }

    fn from_sec1(der: &[u8]) -> Option<Pair> {
        let ecdsa = |curve| EcdsaKeyPair::from_private_key_der(curve, der).ok().map(Pair::Ecdsa);
        ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING).or_else(|| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING))
    }

    pub(in crate::seal) fn algorithm(&self, padding: RsaPadding) -> Algorithm {
        match (self, padding) {
            (Pair::Ecdsa(pair), _) if *pair.algorithm() == ECDSA_P256_SHA256_ASN1_SIGNING => {
                Algorithm::EcdsaP256Sha256
            }
            (Pair::Ecdsa(_), _) => Algorithm::EcdsaP384Sha384,
            (Pair::Rsa(_), RsaPadding::Pkcs1) => Algorithm::RsaPkcs1Sha256,
            (Pair::Rsa(_), RsaPadding::Pss) => Algorithm::RsaPssSha256,
        }
    }

    pub(in crate::seal) fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Pair::Ecdsa(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let padding =
                    if algorithm == Algorithm::RsaPssSha256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    pub(in crate::seal) fn public(&self) -> &[u8] {
        match self {
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        }
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKey({}, {:?})", self.algorithm.name(), self.chain.signer())
    }
}
