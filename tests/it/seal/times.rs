//! Timestamps: over a seal, carried to another machine, renewed, and every way in which one
//! may not be believed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration as Wait;

use affiant::pipeline::timestamps::{self, Over};
use affiant::pipeline::verify::Pins;
use affiant::seal::bag::renewal::ListHash;
use affiant::seal::bag::{Extras, TIMESTAMP, seal_bag_with};
use affiant::seal::verify::{Options, Report, State, verify};
use affiant::seal::{Authorities, LocalKey, Revocation, Trust};
use affiant::store::atomic::Access;
use affiant::store::bag::Payload;
use affiant::store::manifest::BagInfo;
use chrono::{DateTime, Duration, Utc};

use super::authority::{self, Identity, Wish, noon};
use super::fixture::{failures, files, zip};
use super::tsa::{Tsa, openssl, openssl_refuses};

struct Case {
    dir: tempfile::TempDir,
    folder: PathBuf,
    signer: Identity,
}

fn bag(parent: &Path, signer: &LocalKey, authorities: Option<&Authorities>) -> PathBuf {
    let mut bag = Payload::create(parent, "small", Access::Shared).unwrap();
    bag.add("data/a.txt", &mut &b"stored"[..]).unwrap();
    let info = BagInfo::new([("External-Identifier", "small")]);
    seal_bag_with(bag.close(info).unwrap(), signer, noon(), &Extras { authorities, ..Extras::default() })
        .unwrap()
        .path
}

fn case(authorities: Option<&Authorities>) -> Case {
    let signer = authority::self_signed(&authority::person("Jordan Example"));
    let dir = tempfile::tempdir().unwrap();
    let folder = bag(dir.path(), &signer.signer(), authorities);
    Case { dir, folder, signer }
}

fn check(path: &Path, signer: &Identity, authorities: &Trust, now: DateTime<Utc>) -> Report {
    let trust = Trust::new(vec![signer.certificate.clone()]);
    verify(path, &Options { authorities, ..Options::new(&trust, now, &[]) }).unwrap().report
}

fn later() -> DateTime<Utc> {
    Utc::now() + Duration::minutes(1)
}

#[test]
fn a_pinned_authority_attests_the_time_and_openssl_agrees() {
    let tsa = Tsa::start();
    let case = case(Some(&tsa.authorities()));
    let report = check(&case.folder, &case.signer, &tsa.trust(), later());
    assert_eq!(failures(&report), Vec::<&str>::new(), "{report:#?}");
    assert_eq!((report.time.state, report.authenticity.state), (State::Held, State::Held), "{report:#?}");
    assert!(
        report.time.words.contains("1.3.6.1.4.1.57264.9.1")
            && report.time.words.contains("accurate to 1.5 s"),
        "{report:#?}"
    );
    assert!(report.existed_by.is_some_and(|by| (by - Utc::now()).num_minutes().abs() < 5));
    let seal = "seal/tagmanifest-sha256.txt.p7s";
    let root = tsa.root().display().to_string();
    openssl(&case.folder, &format!("ts -verify -data {seal} -in {seal}.tsr -CAfile {root}"));
    openssl_refuses(&case.folder, &format!("ts -verify -data bagit.txt -in {seal}.tsr -CAfile {root}"));
    let unpinned = check(&case.folder, &case.signer, &Trust::default(), later());
    assert_eq!(unpinned.time.state, State::Unknown);
    assert!(unpinned.existed_by.is_none());
    let zipped = zip(&case.folder, &case.dir.path().join("p.zip"));
    assert_eq!(check(&zipped, &case.signer, &tsa.trust(), later()).time.state, State::Held);
}

#[test]
fn a_wrong_authority_and_a_wrong_token_are_refused() {
    let (tsa, other) = (Tsa::start(), Tsa::start());
    let case = case(Some(&tsa.authorities()));
    let wrong = check(&case.folder, &case.signer, &other.trust(), later());
    assert_eq!((wrong.time.state, failures(&wrong)), (State::Failed, vec!["AFV-403"]), "{wrong:#?}");
    let place = case.folder.join(TIMESTAMP);
    let good = fs::read(&place).unwrap();
    let foreign = self::case(Some(&tsa.authorities()));
    fs::copy(foreign.folder.join(TIMESTAMP), &place).unwrap();
    let swapped = check(&case.folder, &case.signer, &tsa.trust(), later());
    assert_eq!((swapped.time.state, failures(&swapped)), (State::Failed, vec!["AFV-402"]), "{swapped:#?}");
    // The signature's last byte, and what is signed. (The authority's own certificates inside a token prove
    // nothing and bind nothing: the pinned ones count.)
    for at in [good.len() - 1, 60, 90] {
        let mut forged = good.clone();
        forged[at] ^= 1;
        fs::write(&place, forged).unwrap();
        let report = check(&case.folder, &case.signer, &tsa.trust(), later());
        assert_ne!(report.time.state, State::Held, "byte {at}: {report:#?}");
    }
}

#[test]
fn an_authority_for_something_else_is_refused() {
    let tsa = Tsa::of("emailProtection", 7300);
    // openssl itself refuses to stamp with such a certificate; so does the client when it is pinned.
    let authorities = Authorities::new(vec![tsa.url()], Wait::from_secs(5), tsa.trust());
    assert!(authorities.stamp(b"x", "test").is_none());
}

#[test]
fn silence_is_recorded_and_the_next_authority_is_asked() {
    let (mut gone, tsa) = (Tsa::start(), Tsa::start());
    let dead = gone.url();
    gone.stop();
    let authorities = Authorities::new(vec![dead.clone(), tsa.url()], Wait::from_secs(20), Trust::default());
    let case = case(Some(&authorities));
    let record = fs::read_to_string(case.folder.join("seal/timestamps.jsonl")).unwrap();
    assert!(
        record.lines().count() == 2 && record.contains(&dead) && record.contains("\"stamped\":true"),
        "{record}"
    );
    assert_eq!(check(&case.folder, &case.signer, &tsa.trust(), later()).time.state, State::Held);
    let alone = Authorities::new(vec![dead], Wait::from_secs(5), Trust::default());
    let without = self::case(Some(&alone));
    let report = check(&without.folder, &without.signer, &tsa.trust(), later());
    assert!(
        report.time.state == State::Unknown && report.time.words.contains("no timestamp is inside"),
        "{report:#?}"
    );
}

#[test]
fn a_seal_outlives_its_signer_only_with_a_timestamp() {
    let tsa = Tsa::start();
    let wish = Wish {
        from: noon() - Duration::days(1),
        until: Utc::now() + Duration::days(1),
        ..authority::person("Jordan Example")
    };
    let signer = authority::self_signed(&wish);
    let dir = tempfile::tempdir().unwrap();
    let stamped = bag(dir.path(), &signer.signer(), Some(&tsa.authorities()));
    let plain = bag(&dir.path().join("plain"), &signer.signer(), None);
    let years = Utc::now() + Duration::days(800);
    assert_eq!(check(&stamped, &signer, &tsa.trust(), years).authenticity.state, State::Held);
    let report = check(&plain, &signer, &tsa.trust(), years);
    assert_eq!(report.authenticity.state, State::Unknown, "{report:#?}");
    assert!(report.steps.iter().any(|s| s.code.id() == "AFV-301"));
}

#[test]
fn a_request_is_carried_to_another_machine_and_its_answer_applied() {
    let (tsa, other) = (Tsa::start(), Tsa::start());
    let case = case(None);
    let zipped = zip(&case.folder, &case.dir.path().join("p.zip"));
    for path in [&case.folder, &zipped] {
        let before = files(&case.folder).remove("data/a.txt");
        let question = timestamps::request(path, Over::Seal).unwrap();
        let answer = tsa.answer(question.der());
        let apply = |answer: &[u8], question: Option<&[u8]>, trust: &Trust| {
            timestamps::apply(path, Over::Seal, answer, question, trust, later())
        };
        assert!(apply(&answer, Some(question.der()), &other.trust()).is_err(), "another authority is pinned");
        let second = timestamps::request(path, Over::Seal).unwrap();
        assert!(apply(&answer, Some(second.der()), &tsa.trust()).is_err(), "another nonce");
        let foreign = tsa.answer(affiant::seal::signature::timestamp::Question::about(b"else").der());
        assert!(apply(&foreign, None, &tsa.trust()).is_err(), "other content");
        apply(&answer, Some(question.der()), &tsa.trust()).unwrap();
        assert!(apply(&answer, None, &tsa.trust()).is_err(), "it has one already");
        let report = check(path, &case.signer, &tsa.trust(), later());
        assert_eq!((report.time.state, failures(&report)), (State::Held, vec![]), "{report:#?}");
        assert_eq!(files(&case.folder).remove("data/a.txt"), before);
    }
}

#[test]
fn renewals_carry_a_seal_beyond_its_first_authority() {
    let (first, second) = (Tsa::of("timeStamping", 30), Tsa::start());
    let case = case(Some(&first.authorities()));
    let both =
        Trust::from_pem(&[first.root(), second.root()].map(|p| fs::read_to_string(p).unwrap()).concat())
            .unwrap();
    let zipped = zip(&case.folder, &case.dir.path().join("p.zip"));
    let missed = Utc::now() + Duration::days(60);
    let report = check(&zipped, &case.signer, &both, missed);
    assert_eq!(report.time.state, State::Unknown, "{report:#?}");
    for hash in [ListHash::Sha256, ListHash::Sha512] {
        timestamps::renew(&zipped, Over::Renewal(hash), &second.authorities()).unwrap();
    }
    let report = check(&zipped, &case.signer, &both, missed);
    assert_eq!((report.time.state, failures(&report)), (State::Held, vec![]), "{report:#?}");
    let status = timestamps::status(&zipped).unwrap();
    assert_eq!(
        status.parts.iter().map(|p| p.what.as_str()).collect::<Vec<_>>(),
        ["seal", "timestamp", "renewal 0001", "renewal 0002"]
    );
    assert!(status.care.until > missed);
    // Stock tools agree.
    let out = case.dir.path().join("unpacked");
    let done = std::process::Command::new("unzip")
        .args(["-q", zipped.to_str().unwrap(), "-d", out.to_str().unwrap()])
        .status()
        .unwrap();
    assert!(done.success());
    let top = out.join("package");
    let root = second.root().display().to_string();
    for (number, sums) in [("0001", "sha256"), ("0002", "sha512")] {
        let list = format!("seal/renewals/{number}/files.{sums}");
        openssl(&top, &format!("ts -verify -data {list} -in {list}.tsr -CAfile {root}"));
        let sum = std::process::Command::new(format!("{sums}sum"))
            .args(["-c", "--quiet", &list])
            .current_dir(&top)
            .status()
            .unwrap();
        assert!(sum.success());
    }
    assert!(fs::read_to_string(top.join("seal/renewals/0002/files.sha512")).unwrap().contains("data/a.txt"));
    // A renewal's list with a line less, or a renewal taken away, is noticed.
    let list = top.join("seal/renewals/0001/files.sha256");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.lines().skip(1).map(|l| format!("{l}\n")).collect::<String>()).unwrap();
    assert!(failures(&check(&top, &case.signer, &both, later())).contains(&"AFV-410"));
    fs::write(&list, text).unwrap();
    fs::remove_dir_all(top.join("seal/renewals/0001")).unwrap();
    assert!(failures(&check(&top, &case.signer, &both, later())).contains(&"AFV-410"));
}

/// A revoked signer, by a list that the verifier has or that is inside.
#[test]
fn a_revoked_signer_is_refused_unless_the_seal_is_older() {
    let tsa = Tsa::start();
    let at = tsa.dir.path();
    openssl(
        at,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=Jordan-Example \
         -keyout s.key -out s.csr",
    );
    fs::write(at.join("sext"), "keyUsage=critical,digitalSignature\n").unwrap();
    openssl(
        at,
        "x509 -req -in s.csr -CA ca.pem -CAkey ca.key -set_serial 4660 -days 900 -extfile sext -out s.pem",
    );
    let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
    let key = LocalKey::from_pem(
        &read("s.key"),
        &(read("s.pem") + &read("ca.pem")),
        affiant::seal::RsaPadding::Pkcs1,
    )
    .unwrap();
    let now = Utc::now() + Duration::seconds(5);
    let seal = |parent: &str, authorities: Option<&Authorities>, revocation: Option<&Revocation>| {
        let mut bag = Payload::create(&at.join(parent), "small", Access::Shared).unwrap();
        bag.add("data/a.txt", &mut &b"stored"[..]).unwrap();
        let extras = Extras { authorities, revocation, ..Extras::default() };
        let closed = bag.close(BagInfo::new([("External-Identifier", "small")])).unwrap();
        seal_bag_with(closed, &key, now, &extras).unwrap().path
    };
    openssl(at, "ca -gencrl -config tsa.cnf -name c -out good.crl");
    let mut good = Revocation::default();
    assert!(good.add(&fs::read(at.join("good.crl")).unwrap()));
    let with_list = seal("one", None, Some(&good));
    let stamped = seal("two", Some(&tsa.authorities()), None);
    let plain = seal("three", None, None);
    std::thread::sleep(Wait::from_secs(3));
    fs::write(
        at.join("index"),
        format!(
            "R\t{}\t{}\t1234\tunknown\t/CN=Jordan-Example\n",
            "400101000000Z",
            Utc::now().format("%y%m%d%H%M%SZ")
        ),
    )
    .unwrap();
    openssl(at, "ca -gencrl -config tsa.cnf -name c -out revoked.crl");
    let judged = |path: &Path, lists: &[(String, Vec<u8>)]| {
        let pins = Pins::read(Some(&read("ca.pem")), Some(&read("ca.pem")), lists).unwrap();
        affiant::pipeline::verify::verify(path, &pins, false, None, later()).unwrap().report
    };
    let bare = |path: &Path, revocation: &Revocation| {
        let trust = tsa.trust();
        verify(path, &Options { authorities: &trust, revocation, ..Options::new(&trust, later(), &[]) })
            .unwrap()
            .report
    };
    let mut bad = Revocation::default();
    assert!(bad.add(&fs::read(at.join("revoked.crl")).unwrap()));
    assert_eq!(bare(&with_list, &Revocation::default()).authenticity.state, State::Held);
    assert!(
        bare(&with_list, &Revocation::default())
            .steps
            .iter()
            .any(|s| s.code.id() == "AFV-304" && s.words.contains("not revoked"))
    );
    let report = bare(&plain, &bad);
    assert_eq!(
        (report.authenticity.state, failures(&report)),
        (State::Failed, vec!["AFV-304"]),
        "{report:#?}"
    );
    assert_eq!(bare(&stamped, &bad).authenticity.state, State::Held, "{:#?}", bare(&stamped, &bad));
    let listed = [("revoked.crl".to_owned(), fs::read(at.join("revoked.crl")).unwrap())];
    assert!(failures(&judged(&plain, &listed)).contains(&"AFV-304"));
    assert!(Pins::read(None, None, &[("x".into(), b"junk".to_vec())]).is_err());
    // the key was lost before the authority saw the seal, and revoked only afterwards
    let days = [Utc::now(), now - Duration::days(1)];
    let [revoked, lost] = [days[0].format("%y%m%d%H%M%SZ"), days[1].format("%Y%m%d%H%M%SZ")];
    let entry = format!("R\t400101000000Z\t{revoked},keyTime,{lost}\t1234\tunknown\t/CN=Jordan-Example\n");
    fs::write(at.join("index"), entry).unwrap();
    openssl(at, "ca -gencrl -config tsa.cnf -name c -out lost.crl");
    let mut lost = Revocation::default();
    assert!(lost.add(&fs::read(at.join("lost.crl")).unwrap()));
    let report = bare(&stamped, &lost);
    assert_eq!(report.authenticity.state, State::Failed, "{report:#?}");
}
