//! What an attacker may do to a package's files, and the diagnostic each meets.

use std::fs;
use std::path::{Path, PathBuf};

use affiant::seal::verify::{Options, Outcome, State, verify};
use affiant::seal::{LocalKey, RsaPadding, Trust};
use affiant::store::path::BagPath;

use super::authority::{self, noon};
use super::fixture::{self, check, failures, rejected};

struct Case {
    dir: tempfile::TempDir,
    folder: PathBuf,
    trust: Trust,
}

fn case() -> Case {
    let root = authority::self_signed(&authority::authority("Example Root"));
    let signer = authority::issue(&authority::person("Jordan Example"), &root);
    let dir = tempfile::tempdir().unwrap();
    let folder = fixture::package(dir.path(), &signer.signer_with(&[&root], RsaPadding::Pkcs1));
    Case { dir, folder, trust: Trust::new(vec![signer.certificate]) }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1 << (at % 8);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_good_package_holds_in_both_forms() {
    let case = case();
    let zip = fixture::zip(&case.folder, &case.dir.path().join("p.zip"));
    for path in [&case.folder, &zip] {
        let report = check(path, &case.trust);
        assert_eq!(failures(&report), Vec::<&str>::new(), "{report:#?}");
        assert_eq!(report.integrity.state, State::Held);
        assert_eq!(report.authenticity.state, State::Held);
        assert_eq!(report.time.state, State::Unknown);
        let unpinned = check(path, &Trust::default());
        assert_eq!(unpinned.authenticity.state, State::Unknown);
        assert!(unpinned.authenticity.words.contains(&unpinned.sealer.unwrap().fingerprint.to_string()));
    }
    let json = serde_json::to_value(check(&zip, &case.trust)).unwrap();
    assert_eq!(json["integrity"]["state"], "held");
    assert_eq!(json["steps"][0]["code"], "AFV-001");
}

#[test]
fn any_flipped_byte_of_any_file_is_noticed() {
    let case = case();
    for (path, bytes) in fixture::files(&case.folder) {
        let place = case.folder.join(&path);
        // What no hash covers, every byte; what one covers, the byte position classes.
        let last = bytes.len() - 1;
        let positions = if path.ends_with("tagmanifest-sha256.txt.p7s") {
            (0..=last).collect()
        } else {
            vec![0, 1, last / 3, last / 2, last]
        };
        for at in positions {
            flip(&place, at);
            let report = check(&case.folder, &case.trust);
            assert!(rejected(&report), "byte {at} of {path}: {report:#?}");
            fs::write(&place, &bytes).unwrap();
        }
    }
    assert!(!rejected(&check(&case.folder, &case.trust)));
}

#[test]
fn a_deleted_added_or_swapped_file_is_named() {
    let case = case();
    for (path, bytes) in fixture::files(&case.folder) {
        let place = case.folder.join(&path);
        fs::remove_file(&place).unwrap();
        let report = check(&case.folder, &case.trust);
        assert!(rejected(&report), "without {path}");
        assert!(
            report.steps.iter().any(|s| s.outcome == Outcome::Fail && s.subject == path),
            "without {path}: {report:#?}"
        );
        fs::write(&place, &bytes).unwrap();
    }
    for added in [
        "data/new.txt",
        "new.txt",
        "seal/x.p7s",
        "data/evidence/2026-01-01T000000Z-x/data/a",
        "data/report/b.pdf",
    ] {
        let place = case.folder.join(added);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "x").unwrap();
        assert!(rejected(&check(&case.folder, &case.trust)), "{added}");
        fs::remove_file(&place).unwrap();
        let _ = fs::remove_dir_all(case.folder.join("data/evidence/2026-01-01T000000Z-x"));
    }
    let (a, b) = (case.folder.join("data/package.json"), case.folder.join("data/report/index.html"));
    let (x, y) = (fs::read(&a).unwrap(), fs::read(&b).unwrap());
    fs::write(&a, y).unwrap();
    fs::write(&b, x).unwrap();
    assert!(failures(&check(&case.folder, &case.trust)).contains(&"AFV-110"));
}

/// (what is done, the first code that must appear)
#[test]
fn regenerated_lists_do_not_help() {
    type Attack = fn(&Path);
    let attacks: [(&str, Attack, &str); 8] = [
        (
            "a payload file and all lists",
            |f| fs::write(f.join("data/tables/evidence.sqlite"), "forged").unwrap(),
            "AFV-200",
        ),
        (
            "the instructions and the tag list",
            |f| fs::write(f.join("VERIFY.md"), "trust me").unwrap(),
            "AFV-201",
        ),
        (
            "bag-info.txt",
            |f| {
                fs::write(
                    f.join("bag-info.txt"),
                    "Source-Organization: other\nExternal-Identifier: meridian-2026-Q3\n",
                )
                .unwrap()
            },
            "AFV-105",
        ),
        ("an unlisted run file added", |f| fs::write(f.join("data/evidence/x"), "y").unwrap(), "AFV-200"),
        ("a file taken away", |f| fs::remove_file(f.join("data/report/index.html.p7s")).unwrap(), "AFV-200"),
        (
            "the seal taken away",
            |f| fs::remove_file(f.join("seal/manifest-sha256.txt.p7s")).unwrap(),
            "AFV-200",
        ),
        (
            "the outer seal taken away",
            |f| fs::remove_file(f.join("seal/tagmanifest-sha256.txt.p7s")).unwrap(),
            "AFV-201",
        ),
        (
            "one seal put in place of the other",
            |f| {
                assert!(
                    fs::copy(
                        f.join("seal/manifest-sha256.txt.p7s"),
                        f.join("seal/tagmanifest-sha256.txt.p7s")
                    )
                    .unwrap()
                        > 0
                )
            },
            "AFV-201",
        ),
    ];
    let case = case();
    for (what, attack, code) in attacks {
        let copy = tempfile::tempdir().unwrap();
        fixture::copy(&case.folder, copy.path());
        attack(copy.path());
        fixture::rehash(copy.path());
        let report = check(copy.path(), &case.trust);
        assert!(rejected(&report) && failures(&report).contains(&code), "{what}: {report:#?}");
        assert_eq!(report.integrity.state, State::Failed, "{what}");
    }
}

#[test]
fn a_missing_tag_manifest_is_an_error_even_if_all_else_is_right() {
    let case = case();
    fs::remove_file(case.folder.join("tagmanifest-sha256.txt")).unwrap();
    let report = check(&case.folder, &case.trust);
    assert!(failures(&report).contains(&"AFV-103"));
    assert_eq!(report.integrity.state, State::Failed);
}

/// An attacker who seals a forged package with a key of their own.
#[test]
fn another_key_is_refused_when_pinned_and_unknown_when_not() {
    let case = case();
    let other = authority::self_signed(&authority::person("Jordan Example"));
    let dir = tempfile::tempdir().unwrap();
    let forged = fixture::package(dir.path(), &other.signer());
    let report = check(&forged, &case.trust);
    assert_eq!((report.integrity.state, report.authenticity.state), (State::Held, State::Failed));
    assert!(failures(&report).contains(&"AFV-300"));
    assert_eq!(check(&forged, &Trust::default()).authenticity.state, State::Unknown);
}

/// The seal renewed by an attacker, the rest left: two signers in one package.
#[test]
fn one_seal_by_another_key_is_noticed_without_any_pin() {
    let case = case();
    let seal = |list: &str, who| {
        let signer: LocalKey = authority::self_signed(&authority::person(who)).signer();
        let signature =
            affiant::seal::sign_detached(&fs::read(case.folder.join(list)).unwrap(), &signer, noon())
                .unwrap();
        fs::write(case.folder.join(format!("seal/{list}.p7s")), signature).unwrap();
    };
    seal("manifest-sha256.txt", "Mallory Example");
    fixture::rehash(&case.folder);
    assert!(failures(&check(&case.folder, &Trust::default())).contains(&"AFV-201"));
    seal("tagmanifest-sha256.txt", "Trudy Example");
    let report = check(&case.folder, &Trust::default());
    assert!(rejected(&report) && failures(&report).contains(&"AFV-202"), "{report:#?}");
}

#[test]
fn a_run_of_another_package_is_noticed() {
    let (case, other) = (case(), case());
    let run = format!("data/evidence/{}", fixture::RUN_ID);
    fs::remove_dir_all(case.folder.join(&run)).unwrap();
    fixture::copy(&other.folder.join(&run), &case.folder.join(&run));
    let report = check(&case.folder, &case.trust);
    assert!(failures(&report).contains(&"AFV-110"), "{report:#?}");
    fixture::rehash(&case.folder);
    let report = check(&case.folder, &case.trust);
    assert!(failures(&report).contains(&"AFV-200"), "{report:#?}");
    assert!(
        report.steps.iter().any(|s| s.code.id() == "AFV-302" && s.words.contains("neither pinned"))
            || report.sealer.is_none()
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let case = case();
    let place = case.folder.join("data/tables/evidence.sqlite");
    let outside = case.dir.path().join("outside");
    fs::copy(&place, &outside).unwrap();
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink(&outside, &place).unwrap();
    assert_eq!(failures(&check(&case.folder, &case.trust)), ["AFV-017"]);
}

#[test]
fn what_was_verified_is_what_is_read() {
    let case = case();
    let options = Options::new(&case.trust, noon(), &[]);
    let bag = verify(&case.folder, &options).unwrap().bag.unwrap();
    let path = BagPath::new("data/package.json").unwrap();
    assert!(bag.read(&path, 1000).is_ok());
    flip(&case.folder.join("data/package.json"), 3);
    assert!(bag.read(&path, 1000).is_err());
    assert!(std::io::read_to_string(bag.open(&path).unwrap()).is_err());
}

#[test]
fn a_seal_from_the_future_fails_in_time_and_an_expired_one_is_unknown() {
    let case = case();
    let at = |now| verify(&case.folder, &Options::new(&case.trust, now, &[])).unwrap().report;
    let early = at(noon() - chrono::Duration::hours(1));
    assert_eq!(early.time.state, State::Failed);
    let late = at(noon() + chrono::Duration::days(3000));
    assert_eq!((late.integrity.state, late.authenticity.state), (State::Held, State::Unknown), "{late:#?}");
}
