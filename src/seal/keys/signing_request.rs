//! Requests for an authority to certify a key (PKCS #10, RFC 2986): for a key made here, or for one that
//! stays elsewhere.

use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1};
use der::asn1::{Any, BitString, Null, SetOfVec};
use der::{Decode, Encode};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::name::Name;
use x509_cert::request::{self, CertReq, CertReqInfo};
use zeroize::Zeroizing;

use crate::seal::keys::algorithm::RsaPadding;
use crate::seal::keys::algorithm::{self, Algorithm, KeyKind};
use crate::seal::keys::key::{KeyError, NewKey, Pair, Remote};
use crate::seal::keys::pem;

/// A fresh key as PKCS #8 in PEM, and the request for it, in PEM.
pub fn make_request(kind: NewKey, subject: &str) -> Result<(Zeroizing<String>, String), KeyError> {
    let name = name(subject)?;
    let encoded = kind.generate().ok_or(KeyError::Generate)?;
    let pair = Pair::from_pkcs8(&encoded).ok_or(KeyError::Generate)?;
    let algorithm = pair.algorithm(RsaPadding::Pkcs1);
    let public_key = public_key(algorithm, pair.public()).map_err(|_| KeyError::Generate)?;
    let sign = |message: &[u8]| pair.sign(algorithm, message).map_err(|_| KeyError::Generate);
    Ok((Zeroizing::new(pem::encode("PRIVATE KEY", &encoded)), signed(public_key, algorithm, name, sign)?))
}

/// The request for a key that stays where it is, signed there, in PEM.
pub fn remote_request(remote: &Remote, subject: &str) -> Result<String, KeyError> {
    let name = name(subject)?;
    let public_key =
        SubjectPublicKeyInfoOwned::from_der(&remote.public_key).map_err(|_| KeyError::Unsupported)?;
    let algorithm =
        Algorithm::of(KeyKind::of(&public_key), RsaPadding::Pkcs1).ok_or(KeyError::Unsupported)?;
    let sign =
        |message: &[u8]| (remote.sign)(algorithm, message).map_err(|why| KeyError::Remote(why.to_string()));
    signed(public_key, algorithm, name, sign)
}

fn name(subject: &str) -> Result<Name, KeyError> {
    let name: Name = subject.parse().map_err(|_| KeyError::Name(subject.to_owned()))?;
    if name.0.is_empty() { Err(KeyError::Name(subject.to_owned())) } else { Ok(name) }
}

/// `sign` signs with the key itself, which shows that whoever asks has it; the result is checked before it
/// goes out.
fn signed(
    public_key: SubjectPublicKeyInfoOwned,
    algorithm: Algorithm,
    subject: Name,
    sign: impl Fn(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<String, KeyError> {
    let encoding = |_| KeyError::Generate;
    let info =
        CertReqInfo { version: request::Version::V1, subject, public_key, attributes: SetOfVec::new() };
    let message = info.to_der().map_err(encoding)?;
    let value = sign(&message)?;
    let identifier = algorithm.identifier().map_err(encoding)?;
    let checked = algorithm::verify(&info.public_key, &identifier, None, &message, &value);
    checked.map_err(|why| KeyError::Remote(why.to_string()))?;
    let signature = BitString::from_bytes(&value).map_err(encoding)?;
    let der = CertReq { info, algorithm: identifier, signature }.to_der().map_err(encoding)?;
    Ok(pem::encode("CERTIFICATE REQUEST", &der))
}

fn public_key(algorithm: Algorithm, bytes: &[u8]) -> der::Result<SubjectPublicKeyInfoOwned> {
    let (oid, parameters) = match algorithm {
        Algorithm::EcdsaP256Sha256 => (ID_EC_PUBLIC_KEY, Any::encode_from(&SECP_256_R_1)?),
        Algorithm::EcdsaP384Sha384 => (ID_EC_PUBLIC_KEY, Any::encode_from(&SECP_384_R_1)?),
        Algorithm::RsaPkcs1Sha256 | Algorithm::RsaPssSha256 => (RSA_ENCRYPTION, Any::encode_from(&Null)?),
    };
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid, parameters: Some(parameters) },
        subject_public_key: BitString::from_bytes(bytes)?,
    })
}
