//! Keys that stay elsewhere, keys with a request, and that a private key is nowhere but in its file.

use std::fs;
use std::sync::{Arc, Mutex};

use affiant::seal::keys::key::{KeyError, NewKey};
use affiant::seal::keys::signing_request::{make_request, remote_request};
use affiant::seal::signature::attributes::Ess;
use affiant::seal::signature::cms;
use affiant::seal::{LocalKey, Remote, RemoteKey, RemoteSign, RsaPadding, Signer, sign_detached};

use der::{Decode, Encode};

use super::authority::{self, Kind, Wish, noon};
use super::tsa::openssl;
use crate::harness::{Sandbox, files};

#[test]
fn a_distant_key_signs_and_a_wrong_answer_is_noticed() {
    for (kind, padding, name) in [
        (Kind::P256, RsaPadding::Pkcs1, "ECDSA_SHA_256"),
        (Kind::P384, RsaPadding::Pkcs1, "ECDSA_SHA_384"),
        (Kind::Rsa, RsaPadding::Pkcs1, "RSASSA_PKCS1_V1_5_SHA_256"),
        (Kind::Rsa, RsaPadding::Pss, "RSASSA_PSS_SHA_256"),
    ] {
        let identity = authority::self_signed(&Wish { kind, ..authority::person("Jordan Example") });
        let local = identity.signer_with(&[], padding);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let remote: RemoteSign = Box::new(move |algorithm, message| {
            seen.lock().unwrap().push((algorithm.kms_name(), message.len()));
            local.sign(message)
        });
        let spki = |identity: &authority::Identity| {
            let certificate = x509_cert::Certificate::from_der(identity.certificate.der()).unwrap();
            certificate.tbs_certificate.subject_public_key_info.to_der().unwrap()
        };
        let made = |sign| {
            RemoteKey::new(
                &identity.certificate.to_pem(),
                padding,
                Remote { public_key: spki(&identity), sign },
            )
        };
        let key = made(remote).unwrap();
        let signature = sign_detached(b"content", &key, noon()).unwrap();
        cms::verify(&signature, &mut &b"content"[..], Ess::Required).unwrap();
        let asked = asked.lock().unwrap();
        assert!(asked.len() == 1 && asked[0].0 == name && asked[0].1 <= 4096, "{asked:?}");
        let other = authority::self_signed(&Wish { kind, ..authority::person("Mallory Example") });
        let stranger = other.signer_with(&[], padding);
        let key = made(Box::new(move |_, message| stranger.sign(message))).unwrap();
        assert!(sign_detached(b"content", &key, noon()).is_err(), "an answer by another key");
        let key = made(Box::new(|_, _| Err("access denied".into()))).unwrap();
        assert!(sign_detached(b"content", &key, noon()).unwrap_err().to_string().contains("access denied"));
        // A certificate of another key is noticed before anything is signed.
        let unasked: RemoteSign = Box::new(|_, _| panic!("asked to sign"));
        let refused = RemoteKey::new(
            &identity.certificate.to_pem(),
            padding,
            Remote { public_key: spki(&other), sign: unasked },
        );
        assert!(matches!(refused.err(), Some(KeyError::OtherKey(name)) if name == "Jordan Example"));
        let stranger = other.signer_with(&[], RsaPadding::Pkcs1);
        let lying =
            Remote { public_key: spki(&identity), sign: Box::new(move |_, message| stranger.sign(message)) };
        assert!(remote_request(&lying, "CN=Jordan Example").is_err(), "a request that its key did not sign");
    }
}

#[test]
fn a_request_is_certified_by_openssl_and_the_key_then_signs() {
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    openssl(
        at,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Root -days 90 \
         -keyout ca.key -out ca.pem",
    );
    fs::write(at.join("ext"), "keyUsage=critical,digitalSignature\n").unwrap();
    for (kind, name) in [(NewKey::P256, "p256"), (NewKey::P384, "p384"), (NewKey::Rsa3072, "rsa")] {
        let (key, csr) = make_request(kind, "CN=Jordan Example,O=Example Clinic").unwrap();
        fs::write(at.join("r.csr"), csr).unwrap();
        let said = openssl(at, "req -in r.csr -verify -noout -subject");
        assert!(said.contains("Jordan Example"), "{name}: {said}");
        openssl(at, "x509 -req -in r.csr -CA ca.pem -CAkey ca.key -days 30 -extfile ext -out r.pem");
        let chain =
            fs::read_to_string(at.join("r.pem")).unwrap() + &fs::read_to_string(at.join("ca.pem")).unwrap();
        let signer = LocalKey::from_pem(&key, &chain, RsaPadding::Pkcs1).unwrap();
        sign_detached(b"x", &signer, chrono::Utc::now() + chrono::Duration::seconds(2)).unwrap();
    }
    assert!(make_request(NewKey::P256, "no name").is_err() && make_request(NewKey::P256, "").is_err());
}

/// The key's own bytes, in any of the forms in which they could get out.
fn traces(key_pem: &str) -> Vec<Vec<u8>> {
    let (_, der) = der::pem::decode_vec(key_pem.as_bytes()).unwrap();
    let middle = der[36..60].to_vec();
    let hex = |upper: bool| {
        middle.iter().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect::<String>()
    };
    let line = key_pem.lines().nth(1).unwrap()[20..60].to_owned();
    vec![
        middle.clone(),
        hex(false).into_bytes(),
        hex(true).into_bytes(),
        line.into_bytes(),
        format!("{middle:?}").into_bytes(),
    ]
}

#[test]
fn a_private_key_is_nowhere_but_in_its_file() {
    let sandbox = Sandbox::default();
    let configuration = include_str!("../../fixtures/small/affiant.yaml");
    sandbox.write("affiant.yaml", configuration);
    let made = sandbox.affiant(&["seal", "key"]).exits(0);
    let own = fs::read_to_string(sandbox.path().join(".affiant/seal/key.pem")).unwrap();
    let asked =
        sandbox.affiant(&["seal", "key", "--csr", "r.csr", "--subject", "CN=Jordan Example"]).exits(0);
    let place = sandbox.path().join(".affiant/seal/requested.pem");
    let requested = fs::read_to_string(&place).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    }
    sandbox.affiant(&["seal", "key", "--csr", "r2.csr", "--subject", "CN=Other"]).exits(5);
    assert!(!sandbox.path().join("r2.csr").exists());
    let snapshot = sandbox.snapshot("in", &[]);
    let collected = sandbox.affiant(&[
        "collect",
        "--snapshot",
        snapshot.parent().unwrap().parent().unwrap().to_str().unwrap(),
    ]);
    let packaged = sandbox.affiant(&["package"]);
    let verified = sandbox.affiant(&[
        "verify",
        "--format",
        "json",
        packaged.out.lines().last().and_then(|l| l.split_whitespace().last()).unwrap_or("."),
    ]);
    // A key that cannot be read: the error must not quote it.
    let broken = own.replace(&own.lines().nth(1).unwrap()[0..4], "AAAA");
    sandbox.write("broken.pem", &broken);
    let named = "seal:\n  key: broken.pem\n  certificate: .affiant/seal/certificate.pem\n";
    sandbox.write("affiant.yaml", format!("{configuration}\n{named}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let refused = sandbox.affiant(&["seal", "status"]);
        assert_ne!(refused.code, 0, "a key that others can read is refused");
        fs::set_permissions(sandbox.path().join("broken.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let failed = sandbox.affiant(&["seal", "status"]);
    assert_ne!(failed.code, 0, "{}", failed.out);
    fs::remove_file(sandbox.path().join("broken.pem")).unwrap();
    let outputs = [&made, &asked, &collected, &packaged, &verified, &failed];
    for trace in traces(&own).iter().chain(&traces(&requested)) {
        for ran in outputs {
            for text in [&ran.out, &ran.err] {
                assert!(
                    !text.as_bytes().windows(trace.len()).any(|w| w == trace.as_slice()),
                    "a private key in the output"
                );
            }
        }
        for (name, bytes) in files(sandbox.path()) {
            let holds = bytes.windows(trace.len()).any(|w| w == trace.as_slice());
            assert!(
                !holds || name.ends_with("seal/key.pem") || name.ends_with("seal/requested.pem"),
                "a private key in {name}"
            );
        }
    }
    assert!(fs::read_to_string(sandbox.path().join(".affiant/.gitignore")).unwrap().contains('*'));
}
