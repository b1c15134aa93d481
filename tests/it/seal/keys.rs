//! Keys: every accepted encoding signs and verifies; everything else is refused in words; nothing is leaked.

use ::cms as cms_types;
use affiant::seal::keys::algorithm::AlgorithmProblem;
use affiant::seal::keys::key::{self, KeyError};
use affiant::seal::signature::attributes::{CmsProblem, Ess};
use affiant::seal::signature::cms;
use affiant::seal::{Algorithm, LocalKey, RsaPadding, Signer, make_workspace_key, sign_detached};
use p12_keystore::{
    Certificate as P12Certificate, KeyStore, KeyStoreEntry, LocalKeyId, PrivateKey, PrivateKeyChain,
};
use proptest::prelude::*;

use super::authority::{Identity, Kind, Wish, authority, issue, noon, person, self_signed};

fn round_trip(signer: &dyn Signer) {
    let signature = sign_detached(b"content", signer, noon()).unwrap();
    let facts = cms::verify(&signature, &mut &b"content"[..], Ess::Required).unwrap();
    assert_eq!(facts.signer, *signer.chain().signer());
    assert_eq!(facts.signing_time, Some(noon()));
    assert!(matches!(cms::verify(&signature, &mut &b"contenu"[..], Ess::Required), Err(CmsProblem::Digest)));
}

#[test]
fn every_algorithm_signs() {
    let expected = [
        (Kind::P256, RsaPadding::Pkcs1, Algorithm::EcdsaP256Sha256),
        (Kind::P384, RsaPadding::Pkcs1, Algorithm::EcdsaP384Sha384),
        (Kind::Rsa, RsaPadding::Pkcs1, Algorithm::RsaPkcs1Sha256),
        (Kind::Rsa, RsaPadding::Pss, Algorithm::RsaPssSha256),
    ];
    for (kind, padding, algorithm) in expected {
        let signer = self_signed(&Wish { kind, ..person("Jordan Example") }).signer_with(&[], padding);
        assert_eq!(signer.algorithm(), algorithm);
        round_trip(&signer);
    }
}

#[test]
fn short_rsa_is_warned_of() {
    let signer = self_signed(&Wish { kind: Kind::Rsa, ..person("Jordan Example") }).signer();
    assert!(key::check(&signer, noon()).unwrap()[0].contains("2048 bits"));
}

#[test]
fn pkcs12_opens_with_its_password_alone() {
    let root = self_signed(&authority("Example Root"));
    let signer = issue(&person("Jordan Example"), &root);
    let file = pkcs12(&signer, &root, "correct horse");
    round_trip(&LocalKey::from_pkcs12(&file, "correct horse", RsaPadding::Pkcs1).unwrap());
    assert!(matches!(LocalKey::from_pkcs12(&file, "wrong", RsaPadding::Pkcs1), Err(KeyError::Pkcs12)));
    assert!(matches!(LocalKey::from_pkcs12(b"junk", "x", RsaPadding::Pkcs1), Err(KeyError::Pkcs12)));
}

fn pkcs12(signer: &Identity, root: &Identity, password: &str) -> Vec<u8> {
    let pem = signer.key_pem();
    let (_, der) = der::pem::decode_vec(pem.as_bytes()).unwrap();
    let certificates = [signer, root].map(|i| P12Certificate::from_der(i.certificate.der()).unwrap());
    let chain =
        PrivateKeyChain::new(LocalKeyId::from(&b"1"[..]), PrivateKey::from_der(&der).unwrap(), certificates);
    let mut store = KeyStore::new();
    store.add_entry("jordan", KeyStoreEntry::PrivateKeyChain(chain));
    store.writer(password).write().unwrap()
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let (a, b) = (self_signed(&person("A")), self_signed(&person("B")));
    assert!(LocalKey::from_pem(&a.key_pem(), &b.certificate.to_pem(), RsaPadding::Pkcs1).is_err());
    let both = a.certificate.to_pem() + &b.certificate.to_pem();
    let error = LocalKey::from_pem(&a.key_pem(), &both, RsaPadding::Pkcs1).unwrap_err();
    assert!(error.to_string().contains("not part of the signer's chain"), "{error}");
}

#[test]
fn a_workspace_key_is_marked_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let (key_path, certificate_path) = (dir.path().join("key.pem"), dir.path().join("certificate.pem"));
    let made = make_workspace_key(noon()).unwrap();
    made.write(&key_path, &certificate_path).unwrap();
    assert!(made.write(&key_path, &certificate_path).is_err(), "an existing key is never replaced");
    let key = std::fs::read_to_string(&key_path).unwrap();
    let signer =
        LocalKey::from_pem(&key, &std::fs::read_to_string(&certificate_path).unwrap(), RsaPadding::Pkcs1)
            .unwrap();
    round_trip(&signer);
    let certificate = signer.chain().signer();
    assert!(
        certificate.is_workspace_key()
            && !self_signed(&person("Jordan Example")).certificate.is_workspace_key()
    );
    assert_eq!((certificate.not_after() - certificate.not_before()).num_days(), 3653);
    assert!(!format!("{signer:?}").contains(key.lines().nth(1).unwrap()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key_path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn encrypted_pem_says_what_to_use() {
    let signer = self_signed(&person("A"));
    let text = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let error = LocalKey::from_pem(text, &signer.certificate.to_pem(), RsaPadding::Pkcs1).unwrap_err();
    assert!(error.to_string().contains("PKCS #12"));
}

/// A signature whose digest algorithm is rewritten to SHA-1, or to one nobody knows.
#[test]
fn weak_algorithms_are_called_weak() {
    use cms_types::{
        content_info::ContentInfo,
        signed_data::{SignedData, SignerInfos},
    };
    use der::{
        Decode, Encode,
        asn1::{Any, SetOfVec},
    };
    let signature = sign_detached(b"x", &self_signed(&person("Jordan Example")).signer(), noon()).unwrap();
    for (oid, weak) in [("1.3.14.3.2.26", true), ("1.2.3.4", false)] {
        let mut content = ContentInfo::from_der(&signature).unwrap();
        let mut signed: SignedData = content.content.decode_as().unwrap();
        let mut info = signed.signer_infos.0.as_slice()[0].clone();
        info.digest_alg.oid = oid.parse().unwrap();
        signed.digest_algorithms = SetOfVec::try_from(vec![info.digest_alg.clone()]).unwrap();
        signed.signer_infos = SignerInfos::try_from(vec![info]).unwrap();
        content.content = Any::encode_from(&signed).unwrap();
        let problem = cms::verify(&content.to_der().unwrap(), &mut &b"x"[..], Ess::Required).unwrap_err();
        assert_eq!(matches!(problem, CmsProblem::Algorithm(AlgorithmProblem::Weak(_))), weak, "{problem}");
    }
}

#[test]
fn every_byte_of_a_lone_signature_counts() {
    let signer = self_signed(&person("Jordan Example")).signer();
    let signature = sign_detached(b"x", &signer, noon()).unwrap();
    for at in 0..signature.len() {
        for bit in 0..8 {
            let mut forged = signature.clone();
            forged[at] ^= 1 << bit;
            assert!(cms::verify(&forged, &mut &b"x"[..], Ess::Required).is_err(), "byte {at} bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn parsers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in ".{0,200}") {
        let _ = cms::verify(&bytes, &mut &b""[..], Ess::Required);
        let _ = affiant::seal::Certificate::from_der(&bytes);
        let _ = affiant::seal::Certificate::all_from_pem(&text);
        let _ = LocalKey::from_pkcs12(&bytes, &text, RsaPadding::Pkcs1);
        let framed = format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----");
        let _ = affiant::seal::Certificate::all_from_pem(&framed);
    }

    #[test]
    fn damaged_signatures_never_panic(at in 0usize..600, value: u8, cut in 0usize..900) {
        thread_local! {
            static SIGNATURE: Vec<u8> =
                sign_detached(b"x", &self_signed(&person("Jordan Example")).signer(), noon()).unwrap();
        }
        let mut bytes = SIGNATURE.with(Clone::clone);
        let n = bytes.len();
        bytes[at % n] = value;
        bytes.truncate(cut);
        let _ = cms::verify(&bytes, &mut &b"x"[..], Ess::Required);
    }
}
