//! A certificate authority for tests: any key kind, any mistake.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use chrono::{DateTime, Duration, TimeZone, Utc};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912 as oid;
use der::Encode;
use der::asn1::{Any, BitString, Null, OctetString, UtcTime};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::{TbsCertificateInner, Version};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use affiant::seal::{Certificate, LocalKey, RsaPadding};

pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 9, 30, 12, 0, 0).unwrap()
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    P256,
    P384,
    Rsa,
}

pub enum Private {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

pub struct Identity {
    pub private: Private,
    pub name: Name,
    pub certificate: Certificate,
}

/// What a certificate says; change the parts that a test is about.
#[derive(Clone)]
pub struct Wish {
    pub cn: &'static str,
    pub kind: Kind,
    pub ca: Option<Option<u8>>,
    pub usage: Option<KeyUsages>,
    pub purposes: Vec<ObjectIdentifier>,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub critical_unknown: bool,
    /// Further extensions.
    pub more: Vec<Extension>,
}

pub fn person(cn: &'static str) -> Wish {
    Wish {
        cn,
        kind: Kind::P256,
        ca: None,
        usage: Some(KeyUsages::DigitalSignature),
        purposes: vec![],
        from: noon() - Duration::days(100),
        until: noon() + Duration::days(600),
        critical_unknown: false,
        more: vec![],
    }
}

pub fn authority(cn: &'static str) -> Wish {
    Wish { ca: Some(None), usage: Some(KeyUsages::KeyCertSign), ..person(cn) }
}

pub fn self_signed(wish: &Wish) -> Identity {
    let private = private(wish.kind);
    let name = name(wish.cn);
    let certificate = certify(wish, &private, &private, &name);
    Identity { private, name, certificate }
}

pub fn issue(wish: &Wish, issuer: &Identity) -> Identity {
    let private = private(wish.kind);
    let certificate = certify(wish, &private, &issuer.private, &issuer.name);
    Identity { private, name: name(wish.cn), certificate }
}

impl Identity {
    pub fn key_pem(&self) -> String {
        let der = match &self.private {
            Private::Ec(pair) => pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            Private::Rsa(pair) => pair.as_der().unwrap().as_ref().to_vec(),
        };
        der::pem::encode_string("PRIVATE KEY", der::pem::LineEnding::LF, &der).unwrap()
    }

    pub fn signer(&self) -> LocalKey {
        self.signer_with(&[], RsaPadding::Pkcs1)
    }

    pub fn signer_with(&self, above: &[&Identity], padding: RsaPadding) -> LocalKey {
        let chain: String =
            std::iter::once(self).chain(above.iter().copied()).map(|i| i.certificate.to_pem()).collect();
        LocalKey::from_pem(&self.key_pem(), &chain, padding).unwrap()
    }
}

fn name(cn: &str) -> Name {
    format!("CN={cn},O=Meridian Twin Systems (example)").parse().unwrap()
}

fn private(kind: Kind) -> Private {
    match kind {
        Kind::P256 => Private::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()),
        Kind::P384 => Private::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap()),
        Kind::Rsa => Private::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
    }
}

fn public_key_info(private: &Private) -> SubjectPublicKeyInfoOwned {
    let (oid, parameters, bytes) = match private {
        Private::Ec(pair) => {
            let curve = if *pair.algorithm() == ECDSA_P256_SHA256_ASN1_SIGNING {
                oid::SECP_256_R_1
            } else {
                oid::SECP_384_R_1
            };
            (oid::ID_EC_PUBLIC_KEY, Any::encode_from(&curve).unwrap(), pair.public_key().as_ref().to_vec())
        }
        Private::Rsa(pair) => {
            (oid::RSA_ENCRYPTION, Any::encode_from(&Null).unwrap(), pair.public_key().as_ref().to_vec())
        }
    };
    SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid, parameters: Some(parameters) },
        subject_public_key: BitString::from_bytes(&bytes).unwrap(),
    }
}

fn certify(wish: &Wish, own: &Private, issuer: &Private, issuer_name: &Name) -> Certificate {
    let signature = match issuer {
        Private::Ec(pair) if *pair.algorithm() == ECDSA_P256_SHA256_ASN1_SIGNING => {
            AlgorithmIdentifierOwned { oid: oid::ECDSA_WITH_SHA_256, parameters: None }
        }
        Private::Ec(_) => AlgorithmIdentifierOwned { oid: oid::ECDSA_WITH_SHA_384, parameters: None },
        Private::Rsa(_) => AlgorithmIdentifierOwned {
            oid: oid::SHA_256_WITH_RSA_ENCRYPTION,
            parameters: Some(Any::encode_from(&Null).unwrap()),
        },
    };
    let own_name = name(wish.cn);
    let tbs = TbsCertificateInner {
        version: Version::V3,
        serial_number: SerialNumber::new(&own_name.to_der().unwrap()[..12]).unwrap(),
        signature: signature.clone(),
        issuer: issuer_name.clone(),
        validity: Validity { not_before: time(wish.from), not_after: time(wish.until) },
        subject: own_name,
        subject_public_key_info: public_key_info(own),
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions(wish)),
    };
    let message = tbs.to_der().unwrap();
    let random = SystemRandom::new();
    let value = match issuer {
        Private::Ec(pair) => pair.sign(&random, &message).unwrap().as_ref().to_vec(),
        Private::Rsa(pair) => {
            let mut value = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut value).unwrap();
            value
        }
    };
    let certificate = x509_cert::Certificate {
        tbs_certificate: tbs,
        signature_algorithm: signature,
        signature: BitString::from_bytes(&value).unwrap(),
    };
    Certificate::from_der(&certificate.to_der().unwrap()).unwrap()
}

pub fn extension(oid: &str, critical: bool, der: Vec<u8>) -> Extension {
    Extension {
        extn_id: ObjectIdentifier::new(oid).unwrap(),
        critical,
        extn_value: OctetString::new(der).unwrap(),
    }
}

fn extensions(wish: &Wish) -> Vec<Extension> {
    let extension = |oid: &str, der: Vec<u8>| extension(oid, true, der);
    let mut extensions = wish.more.clone();
    if let Some(usage) = wish.usage {
        extensions.push(extension("2.5.29.15", KeyUsage(usage.into()).to_der().unwrap()));
    }
    if let Some(path_len_constraint) = wish.ca {
        extensions.push(extension(
            "2.5.29.19",
            BasicConstraints { ca: true, path_len_constraint }.to_der().unwrap(),
        ));
    }
    if !wish.purposes.is_empty() {
        extensions.push(extension("2.5.29.37", ExtendedKeyUsage(wish.purposes.clone()).to_der().unwrap()));
    }
    if wish.critical_unknown {
        extensions.push(extension("2.5.29.30", vec![0x30, 0]));
    }
    extensions
}

pub fn time(at: DateTime<Utc>) -> Time {
    let seconds = std::time::Duration::from_secs(u64::try_from(at.timestamp()).unwrap());
    Time::UtcTime(UtcTime::from_unix_duration(seconds).unwrap())
}
