//! PAdES levels: timestamps, the security store and document timestamps, with one signer and with
//! two, judged offline.

use std::fs;

use affiant::seal::bag::Extras;
use affiant::seal::pades::{self, Held, Role, Signing};
use affiant::seal::verify::{Options, Report, State, verify};
use affiant::seal::{Authorities, LocalKey, Revocation, RsaPadding, Signer};
use chrono::{Duration, Utc};

use super::fixture::{self, DESCRIPTIONS, PDF, failures};
use super::tsa::{Tsa, openssl};

/// A person certified by the test authority, with the revocation list's address in the certificate.
fn person(tsa: &Tsa, name: &str, padding: RsaPadding, kind: &str) -> LocalKey {
    let at = tsa.dir.path();
    openssl(at, &format!("req -newkey {kind} -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    let points = format!(
        "keyUsage=critical,digitalSignature,nonRepudiation\n\
         crlDistributionPoints=URI:http://127.0.0.1:{}/ca.crl\n",
        tsa.port
    );
    fs::write(at.join("pext"), points).unwrap();
    openssl(
        at,
        &format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 900 -extfile pext -out {name}.pem"),
    );
    let read = |file: &str| fs::read_to_string(at.join(file)).unwrap();
    LocalKey::from_pem(
        &read(&format!("{name}.key")),
        &(read(&format!("{name}.pem")) + &read("ca.pem")),
        padding,
    )
    .unwrap()
}

fn signed(pdf: &[u8], signer: &dyn Signer, role: Role, authorities: Option<&Authorities>) -> Vec<u8> {
    pades::sign_with(
        pdf,
        &Signing { signer, at: Utc::now(), role, reason: "Test", field: None, appearance: None, authorities },
    )
    .unwrap()
}

fn judged(tsa: &Tsa, sealer: &LocalKey, pdf: &[u8], days: i64) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let folder = fixture::package_with(dir.path(), sealer, pdf, &Extras::default(), Utc::now());
    let trust = tsa.trust();
    let now = Utc::now() + Duration::days(days);
    verify(&folder, &Options { authorities: &trust, ..Options::new(&trust, now, DESCRIPTIONS) })
        .unwrap()
        .report
}

fn levels(report: &Report) -> Vec<String> {
    report
        .steps
        .iter()
        .filter(|s| s.code.id() == "AFV-224" && s.words.starts_with("PAdES"))
        .map(|s| s.words.clone())
        .collect()
}

#[test]
fn each_level_is_reached_and_said_with_one_signer_and_with_two() {
    let mut tsa = Tsa::start();
    openssl(tsa.dir.path(), "ca -gencrl -config tsa.cnf -name c -out ca.pem.crl");
    openssl(tsa.dir.path(), "crl -in ca.pem.crl -outform DER -out ca.crl");
    let kinds = [
        ("p256", RsaPadding::Pkcs1, "ec -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", RsaPadding::Pkcs1, "ec -pkeyopt ec_paramgen_curve:P-384"),
        ("rsa", RsaPadding::Pkcs1, "rsa:3072"),
        ("pss", RsaPadding::Pss, "rsa:3072"),
    ];
    let mut made = Vec::new();
    let authorities = tsa.authorities();
    for (name, padding, kind) in kinds {
        let sealer = person(&tsa, name, padding, kind);
        let approver = person(&tsa, &format!("{name}-approver"), padding, kind);
        let basic = signed(PDF, &sealer, Role::Certification, None);
        let stamped = signed(PDF, &sealer, Role::Certification, Some(&authorities));
        let two = signed(&stamped, &approver, Role::Approval, Some(&authorities));
        let (revocation, words) =
            Revocation::fetch(approver.chain().certificates(), std::time::Duration::from_secs(20));
        assert!(!revocation.is_empty(), "{words:?}");
        let mut certificates: Vec<_> =
            [&sealer, &approver].iter().flat_map(|k| k.chain().certificates().to_vec()).collect();
        let tokens = pades::verify(&two).signatures.into_iter().filter_map(|s| match s.facts {
            Ok(Held::Signature(facts)) => facts.token,
            Ok(Held::Timestamp(_)) | Err(_) => None,
        });
        certificates.extend(tokens.flat_map(|t| [vec![t.authority], t.others].concat()));
        let long = pades::add_validation(&two, &certificates, &revocation).unwrap();
        let archival = pades::add_timestamp(&long, &authorities).unwrap().unwrap();
        let again = pades::add_timestamp(
            &pades::add_validation(&archival, &certificates, &revocation).unwrap(),
            &authorities,
        )
        .unwrap()
        .unwrap();
        assert!(archival.starts_with(&two) && again.starts_with(&archival));
        made.push((
            sealer,
            [
                (basic, vec!["B-B"]),
                (stamped, vec!["B-T"]),
                (two, vec!["B-T"; 2]),
                (long, vec!["B-LT"; 2]),
                (archival, vec!["B-LTA"; 2]),
                (again, vec!["B-LTA"; 2]),
            ],
        ));
    }
    tsa.stop();
    for (sealer, files) in made {
        for (pdf, expected) in files {
            let report = judged(&tsa, &sealer, &pdf, 0);
            assert_eq!(failures(&report), Vec::<&str>::new(), "{expected:?}: {report:#?}");
            let expected: Vec<_> = expected.iter().map(|level| format!("PAdES baseline {level}")).collect();
            assert_eq!(levels(&report), expected);
            assert_eq!(report.integrity.state, State::Held);
        }
    }
}

/// What a security store or a document timestamp must not be a cover for.
#[test]
fn changes_under_a_later_timestamp_are_seen() {
    let tsa = Tsa::start();
    let sealer = person(&tsa, "sealer", RsaPadding::Pkcs1, "ec -pkeyopt ec_paramgen_curve:P-256");
    let pdf = signed(PDF, &sealer, Role::Certification, None);
    let mut update =
        lopdf::IncrementalDocument::create_from(pdf.clone(), lopdf::Document::load_mem(&pdf).unwrap());
    let page = update.get_prev_documents().page_iter().next().unwrap();
    update.opt_clone_object_to_new_document(page).unwrap();
    update.new_document.get_object_mut(page).unwrap().as_dict_mut().unwrap().set("Rotate", 90);
    let mut forged = Vec::new();
    update.save_to(&mut forged).unwrap();
    let covered = pades::add_timestamp(
        &pades::add_validation(&forged, &[], &Revocation::default()).unwrap(),
        &tsa.authorities(),
    )
    .unwrap()
    .unwrap();
    let report = judged(&tsa, &sealer, &covered, 0);
    assert!(failures(&report).contains(&"AFV-222"), "{report:#?}");
    let stamped = pades::add_timestamp(&pdf, &tsa.authorities()).unwrap().unwrap();
    let mut altered = stamped.clone();
    let at = stamped.len() - 40_000;
    altered[at] ^= 1;
    assert!(!failures(&judged(&tsa, &sealer, &altered, 0)).is_empty());
    // Behind the last signature, validation data may stand, and nothing beside it.
    let long = pades::add_validation(&pdf, sealer.chain().certificates(), &Revocation::default()).unwrap();
    assert_eq!(failures(&judged(&tsa, &sealer, &long, 0)), Vec::<&str>::new());
    for tail in [&b"\n"[..], b" ", b"%%EOF\n"] {
        assert!(failures(&judged(&tsa, &sealer, &[&long[..], tail].concat(), 0)).contains(&"AFV-222"));
    }
    let covered =
        pades::add_validation(&forged, sealer.chain().certificates(), &Revocation::default()).unwrap();
    assert!(failures(&judged(&tsa, &sealer, &covered, 0)).contains(&"AFV-222"));
    let none = pades::add_timestamp(&pdf, &Authorities::default()).unwrap();
    assert!(none.is_none(), "without an authority there is no timestamp");
}

#[test]
fn somebody_revoked_before_signing_is_refused() {
    let tsa = Tsa::start();
    let at = tsa.dir.path();
    let sealer = person(&tsa, "sealer", RsaPadding::Pkcs1, "ec -pkeyopt ec_paramgen_curve:P-256");
    let serial =
        openssl(at, "x509 -in sealer.pem -noout -serial").trim().trim_start_matches("serial=").to_owned();
    fs::write(at.join("index"), format!("R\t400101000000Z\t260101000000Z\t{serial}\tunknown\t/CN=sealer\n"))
        .unwrap();
    openssl(at, "ca -gencrl -config tsa.cnf -name c -out revoked.crl");
    let mut revocation = Revocation::default();
    assert!(revocation.add(&fs::read(at.join("revoked.crl")).unwrap()));
    let pdf = signed(PDF, &sealer, Role::Certification, Some(&tsa.authorities()));
    let pdf = pades::add_validation(&pdf, sealer.chain().certificates(), &revocation).unwrap();
    assert!(failures(&judged(&tsa, &sealer, &pdf, 0)).contains(&"AFV-225"));
}
