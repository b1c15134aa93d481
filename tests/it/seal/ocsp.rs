//! OCSP: `openssl ocsp` answers on loopback, its answers go into the PDF, and the PDF is judged when
//! nobody answers any more.

use std::fs;
use std::time::Duration;

use affiant::seal::bag::Extras;
use affiant::seal::pades::{self, Role, Signing};
use affiant::seal::signature::revocation::Status;
use affiant::seal::verify::{Options, verify};
use affiant::seal::{LocalKey, Revocation, RsaPadding, Signer};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use chrono::Utc;
use der::asn1::{BitString, GeneralizedTime, OctetString};
use der::{Decode, Encode};
use x509_ocsp::{BasicOcspResponse, OcspGeneralizedTime, OcspResponse};

use super::fixture::{self, DESCRIPTIONS, PDF, failures};
use super::tsa::{Tsa, openssl, openssl_says};

const CURVE: &str = "ec -pkeyopt ec_paramgen_curve:P-256";

/// A certificate of the test authority, with more extensions.
fn certify(tsa: &Tsa, name: &str, extensions: &str) -> LocalKey {
    let at = tsa.dir.path();
    openssl(at, &format!("req -newkey {CURVE} -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    fs::write(at.join("oext"), format!("keyUsage=critical,digitalSignature\n{extensions}\n")).unwrap();
    openssl(
        at,
        &format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 900 -extfile oext -out {name}.pem"),
    );
    let read = |file: &str| fs::read_to_string(at.join(file)).unwrap();
    LocalKey::from_pem(
        &read(&format!("{name}.key")),
        &(read(&format!("{name}.pem")) + &read("ca.pem")),
        RsaPadding::Pkcs1,
    )
    .unwrap()
}

/// Somebody whose certificate says to ask `responder`, and what the authority's register says of them.
fn person(tsa: &Tsa, name: &str, responder: &str, entry: Option<&str>) -> LocalKey {
    let key = certify(
        tsa,
        name,
        &format!("authorityInfoAccess=OCSP;URI:http://127.0.0.1:{}/ocsp/{responder}", tsa.port),
    );
    let at = tsa.dir.path();
    let serial = openssl(at, &format!("x509 -in {name}.pem -noout -serial"))
        .trim()
        .trim_start_matches("serial=")
        .to_owned();
    if let Some(entry) = entry {
        let line = format!("{entry}\t{serial}\tunknown\t/CN={name}\n");
        fs::write(at.join("index"), fs::read_to_string(at.join("index")).unwrap() + &line).unwrap();
    }
    key
}

/// The same answer as it would have been last month, signed again by its responder; it ended so many days
/// ago, or does not say when it ends.
fn stale(tsa: &Tsa, answer: &[u8], ended: Option<i64>) -> Vec<u8> {
    let mut response = OcspResponse::from_der(answer).unwrap();
    let bytes = response.response_bytes.as_mut().unwrap();
    let mut basic = BasicOcspResponse::from_der(bytes.response.as_bytes()).unwrap();
    let ago = |days: i64| {
        let seconds = u64::try_from((Utc::now() - chrono::Duration::days(days)).timestamp()).unwrap();
        OcspGeneralizedTime(GeneralizedTime::from_unix_duration(Duration::from_secs(seconds)).unwrap())
    };
    let single = &mut basic.tbs_response_data.responses[0];
    (single.this_update, single.next_update) = (ago(30), ended.map(&ago));
    let pem = fs::read_to_string(tsa.dir.path().join("responder.key")).unwrap();
    let (_, key) = der::pem::decode_vec(pem.as_bytes()).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key).unwrap();
    let value = key.sign(&SystemRandom::new(), &basic.tbs_response_data.to_der().unwrap()).unwrap();
    basic.signature = BitString::from_bytes(value.as_ref()).unwrap();
    bytes.response = OctetString::new(basic.to_der().unwrap()).unwrap();
    response.to_der().unwrap()
}

const GOOD: Option<&str> = Some("V\t400101000000Z\t");
const REVOKED: Option<&str> = Some("R\t400101000000Z\t260101000000Z");

#[test]
fn answers_are_asked_for_embedded_and_judged_offline() {
    let mut tsa = Tsa::start();
    certify(&tsa, "responder", "extendedKeyUsage=OCSPSigning\nnoCheck=ignored");
    certify(&tsa, "undelegated", "extendedKeyUsage=clientAuth");
    openssl(
        tsa.dir.path(),
        &format!(
            "req -x509 -newkey {CURVE} -nodes -subj /CN=Stranger -keyout stranger.key -out stranger.pem \
             -addext extendedKeyUsage=OCSPSigning"
        ),
    );
    let authorities = tsa.authorities();
    let mut made = Vec::new();
    for (name, responder, entry, level, refused) in [
        ("good", "responder", GOOD, "B-LT", false),
        ("by-the-issuer", "ca", GOOD, "B-LT", false),
        ("revoked", "responder", REVOKED, "B-LT", true),
        ("unknown", "responder", None, "B-T", false),
        ("expired", "responder", GOOD, "B-T", false),
        ("open-ended", "responder", GOOD, "B-T", false),
        ("undelegated", "undelegated", GOOD, "B-T", false),
        ("undelegated-revoked", "undelegated", REVOKED, "B-T", false),
        ("stranger", "stranger", GOOD, "B-T", false),
    ] {
        let key = person(&tsa, &format!("p-{name}"), responder, entry);
        let chain = key.chain().certificates();
        let (mut revocation, words) = Revocation::fetch(chain, Duration::from_secs(20));
        assert_eq!((revocation.answers.len(), revocation.crls.len()), (1, 0), "{name}: {words:?}");
        if ["expired", "open-ended"].contains(&name) {
            let ended = (name == "expired").then_some(23);
            revocation.answers[0] = stale(&tsa, &revocation.answers[0], ended);
        }
        // What openssl thinks of the same answer.
        let at = tsa.dir.path();
        fs::write(at.join("embedded"), &revocation.answers[0]).unwrap();
        let said = openssl_says(
            at,
            &format!("ocsp -respin embedded -issuer ca.pem -cert p-{name}.pem -CAfile ca.pem -no_nonce"),
        );
        let believed = said.contains("Response verify OK") && !said.contains("WARNING: Status times invalid");
        let now = Utc::now() + chrono::Duration::seconds(2);
        let status = revocation.status(&chain[0], &chain[1], now);
        match (&status, name) {
            (Status::Good(_), "good" | "by-the-issuer") => {
                assert!(said.contains(": good") && believed, "{name}: {said}")
            }
            (Status::Revoked(_), "revoked") => assert!(said.contains(": revoked") && believed, "{said}"),
            (Status::Unknown, "unknown") => assert!(said.contains(": unknown"), "{said}"),
            (Status::Unknown, "expired") => {
                assert!(said.contains("Response verify OK") && !believed, "{said}")
            }
            // openssl believes for ever what does not say how long it holds
            (Status::Unknown, "open-ended") => assert!(believed, "{said}"),
            (Status::Unknown, _) => assert!(!believed, "{name}: {said}"),
            _ => panic!("{name}: {status:?}, openssl: {said}"),
        }
        // A good answer of last month says nothing of today.
        assert_eq!(
            revocation.status(&chain[0], &chain[1], now + chrono::Duration::days(30)),
            match refused {
                true => status,
                false => Status::Unknown,
            }
        );
        let signing = Signing {
            signer: &key,
            at: Utc::now(),
            role: Role::Certification,
            reason: "Test",
            field: None,
            appearance: None,
            authorities: Some(&authorities),
        };
        let pdf =
            pades::add_validation(&pades::sign_with(PDF, &signing).unwrap(), chain, &revocation).unwrap();
        made.push((name, key, pdf, level, refused));
    }
    tsa.stop();
    let trust = tsa.trust();
    for (name, key, pdf, level, refused) in made {
        let dir = tempfile::tempdir().unwrap();
        let folder = fixture::package_with(dir.path(), &key, &pdf, &Extras::default(), Utc::now());
        let report = verify(
            &folder,
            &Options { authorities: &trust, ..Options::new(&trust, Utc::now(), DESCRIPTIONS) },
        )
        .unwrap()
        .report;
        let words = format!("PAdES baseline {level}");
        assert!(
            report.steps.iter().any(|s| s.code.id() == "AFV-224" && s.words == words),
            "{name}: no {words}: {report:#?}"
        );
        assert_eq!(failures(&report).contains(&"AFV-225"), refused, "{name}: {report:#?}");
    }
}
