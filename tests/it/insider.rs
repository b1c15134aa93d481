//! What somebody who holds the workspace's own key could pass off: evidence changed between collecting and
//! packaging, and packages whose record, tables or instructions say more than follows. Each is refused with
//! its own code.

mod changes;

use std::fs;
use std::path::{Path, PathBuf};

use affiant::seal::{LocalKey, RsaPadding, sign_detached};
use serde_json::{Value, json};

use changes::{CHANGES, record, run_of};

use crate::harness::{Sandbox, files, item, unzip};
use crate::seal::{authority, fixture};

fn collected() -> (Sandbox, PathBuf) {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let function =
        json!({ "functionName": "f", "environment": { "variables": { "DB_PASSWORD": "Xy7kLm92qa" } } });
    box_.snapshot(
        "in",
        &[item("AWS::S3::Bucket", "b", json!({ "name": "b" })), item("AWS::Lambda::Function", "f", function)],
    );
    box_.write("in/documents/plan.md", "A plan.\n");
    let ran = box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let run = PathBuf::from(ran.out.trim());
    (box_, run)
}

/// A package in a folder, unpacked.
fn packed() -> (Sandbox, PathBuf) {
    let (box_, _) = collected();
    let zip = box_.package();
    let folder = unzip(&zip, &box_.path().join("x"));
    (box_, folder)
}

#[track_caller]
fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("text");
    assert!(text.contains(from), "{} does not hold `{from}`", path.display());
    fs::write(path, text.replacen(from, to, 1)).expect("written");
}

/// Makes every list right again and seals with the workspace's own key.
fn reseal(box_: &Sandbox, folder: &Path) {
    reseal_at(box_, folder, "2026-09-30T12:00:00Z".parse().expect("a time"));
}

/// The same, at another time.
pub fn reseal_at(box_: &Sandbox, folder: &Path, at: chrono::DateTime<chrono::Utc>) {
    let text = |name: &str| fs::read_to_string(box_.path().join(".affiant/seal").join(name)).expect("a key");
    let key = LocalKey::from_pem(&text("key.pem"), &text("certificate.pem"), RsaPadding::Pkcs1)
        .expect("the workspace's key");
    reseal_by(&key, folder, at);
}

/// The same, by whoever holds `key`.
fn reseal_by(key: &LocalKey, folder: &Path, at: chrono::DateTime<chrono::Utc>) {
    for list in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        fixture::rehash(folder);
        let signature =
            sign_detached(&fs::read(folder.join(list)).expect("a list"), key, at).expect("signed");
        fs::write(folder.join(format!("seal/{list}.p7s")), signature).expect("written");
    }
}

/// Every command that reads a run refuses it with exit code 4 and the file's name.
#[track_caller]
fn refused_everywhere(box_: &Sandbox, file: &str) {
    for args in [&["assess"][..], &["package"], &["services"], &["policy", "--missing"]] {
        let ran = box_.affiant(args);
        assert_eq!(ran.code, 4, "{args:?}: {}{}", ran.out, ran.err);
        assert!(
            ran.err.contains(file) && ran.err.contains("AFR-001"),
            "{args:?} does not name {file}: {}",
            ran.err
        );
    }
    assert!(
        !box_.path().join("packages").exists() || files(&box_.path().join("packages")).is_empty(),
        "something was packaged"
    );
}

#[test]
fn a_run_that_was_changed_after_its_seal_is_not_used() {
    for (file, from, to) in [
        ("data/coverage.jsonl", "not-collected", "empty"),
        ("data/custody.jsonl", "data", "dat4"),
        ("data/run.json", "2026", "2025"),
        ("data/documents/plan.md", "A plan", "No plan"),
    ] {
        let (box_, run) = collected();
        let path = run.join(file);
        let text = fs::read_to_string(&path).expect("text");
        let forged = if text.contains(from) { text.replacen(from, to, 1) } else { format!("{text} ") };
        fs::write(&path, forged).expect("written");
        refused_everywhere(&box_, file);
        // and with the lists made right again: the seal is over the old ones
        fixture::rehash(&run);
        refused_everywhere(&box_, if file == "data/run.json" { file } else { "p7s" });
    }
}

/// Whoever can write the runs and does not hold the key can only seal anew with another: whose that is, is
/// told.
#[test]
fn a_run_that_a_stranger_sealed_anew_is_told() {
    let (box_, run) = collected();
    let elsewhere = "not with this workspace's";
    assert!(!box_.affiant(&["assess"]).err.contains(elsewhere));
    let coverage = run.join("data/coverage.jsonl");
    let text = fs::read_to_string(&coverage).expect("text");
    fs::write(&coverage, text.replacen("not-collected", "empty", 1)).expect("written");
    let stranger = authority::self_signed(&authority::person("Mallory Example"));
    fs::write(run.join("seal/certificates.pem"), stranger.certificate.to_pem()).expect("written");
    reseal_by(&stranger.signer(), &run, authority::noon());
    for args in [&["assess"][..], &["package"]] {
        let said = box_.affiant(args).err;
        assert!(said.contains("`Mallory Example`") && said.contains(elsewhere), "{args:?}: {said}");
    }
}

/// A run from which its record was taken is no reason to take an older one.
#[test]
fn a_run_without_its_record_is_not_passed_over() {
    let (box_, run) = collected();
    fs::remove_file(run.join("data/run.json")).expect("removed");
    refused_everywhere(&box_, "data/run.json");
}

#[test]
fn a_file_added_to_a_run_is_not_packaged() {
    let (box_, run) = collected();
    fs::write(run.join("data/extra.json"), "{}").expect("written");
    refused_everywhere(&box_, "data/extra.json");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_run_are_refused_by_name() {
    let (box_, run) = collected();
    std::os::unix::fs::symlink(
        box_.path().join(".affiant/seal/key.pem"),
        run.join("data/documents/notes.md"),
    )
    .expect("a link");
    refused_everywhere(&box_, "data/documents/notes.md");
    let (box_, run) = collected();
    let plan = run.join("data/documents/plan.md");
    fs::rename(&plan, box_.path().join("elsewhere.md")).expect("moved");
    std::os::unix::fs::symlink(box_.path().join("elsewhere.md"), &plan).expect("a link");
    refused_everywhere(&box_, "data/documents/plan.md");
    let (box_, run) = collected();
    let made =
        std::process::Command::new("mkfifo").arg(run.join("data/pipe")).status().is_ok_and(|s| s.success());
    if made {
        refused_everywhere(&box_, "data/pipe");
    }
}

/// The redacted copy that an earlier package left is looked at, too.
#[test]
fn a_changed_redacted_copy_is_not_used() {
    let (box_, _) = collected();
    box_.package();
    let derived = box_.path().join(".affiant/derived");
    let copy = fs::read_dir(&derived).expect("copies").flatten().next().expect("a redacted copy").path();
    let again = box_.affiant(&["package"]).exits(0);
    assert!(again.out.contains("ZIP"), "a copy that is as it was sealed is used again");
    let coverage = copy.join("data/coverage.jsonl");
    let text = fs::read_to_string(&coverage).expect("text");
    fs::write(&coverage, text.replacen("\"state\":\"", "\"state\": \"", 1)).expect("written");
    let ran = box_.affiant(&["package"]).exits(4);
    assert!(ran.err.contains("data/coverage.jsonl") && ran.err.contains("AFR-001"), "{}", ran.err);
}

/// Changes of a package by the holder of its key; all lists and seals are right.
fn forged(change: impl Fn(&Path)) -> (i32, String) {
    let (box_, folder) = packed();
    change(&folder);
    reseal(&box_, &folder);
    let ran = box_.affiant(&[
        "verify",
        folder.to_str().expect("UTF-8"),
        "--trust",
        ".affiant/seal/certificate.pem",
        "--recompute",
    ]);
    (ran.code, format!("{}{}", ran.out, ran.err))
}

#[test]
fn what_was_resealed_unchanged_still_holds() {
    let (code, said) = forged(|_| {});
    assert_eq!(code, 0, "{said}");
}

/// The run inside has seals of its own, which the workspace's key makes anew.
fn reseal_run(box_: &Sandbox, folder: &Path) {
    let run = run_of(folder);
    reseal(box_, &run);
    let manifest =
        affiant::model::digest::Digest::of(&fs::read(run.join("manifest-sha256.txt")).expect("a list"))
            .to_string();
    record(folder, |r| r["run_manifest"] = json!(manifest));
    let text = fs::read_to_string(folder.join("bag-info.txt")).expect("text");
    let lines = text.lines().map(|l| {
        if l.starts_with("Affiant-Run: ") { format!("Affiant-Run: {manifest}\n") } else { format!("{l}\n") }
    });
    fs::write(folder.join("bag-info.txt"), lines.collect::<String>()).expect("written");
}

#[test]
fn what_a_package_says_of_itself_must_follow() {
    let (box_, whole) = packed();
    let mut wrong = Vec::new();
    for (name, code, change) in CHANGES {
        let folder = box_.path().join("forged/package");
        let _ = fs::remove_dir_all(&folder);
        fixture::copy(&whole, &folder);
        change(&folder);
        if name.starts_with("custody") {
            reseal_run(&box_, &folder);
        }
        reseal(&box_, &folder);
        let began = std::time::Instant::now();
        let ran = box_.affiant(&[
            "verify",
            folder.to_str().expect("UTF-8"),
            "--trust",
            ".affiant/seal/certificate.pem",
            "--recompute",
        ]);
        let (seconds, said) = (began.elapsed().as_secs(), format!("{}{}", ran.out, ran.err));
        if ran.code != 4 || !said.contains(code) || seconds > 60 {
            wrong.push(format!("{name}: expected {code}, exit code {} after {seconds} s:\n{said}", ran.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever comes second is told so, and nothing is half made.
#[test]
fn two_packages_at_once_do_not_work_on_the_same_copy() {
    let (box_, _) = collected();
    let lock = box_.path().join(".affiant/lock");
    let held = fs::OpenOptions::new().create(true).append(true).open(&lock).expect("a lock");
    held.lock().expect("locked");
    for args in [&["package"][..], &["collect", "--snapshot", "in"]] {
        let ran = box_.affiant(args);
        assert_eq!(ran.code, 5, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("AFW-047"), "{args:?}: {}", ran.err);
    }
    drop(held);
    box_.package();
}

/// A tag that nearly says PHI never takes a resource out of scope in silence; one that says
/// the opposite does.
#[test]
fn tags_that_nearly_say_phi_are_asked_about() {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let tagged = |(n, value): (usize, &&str)| {
        let mut bucket = item("AWS::S3::Bucket", &format!("b{n}"), json!({ "name": format!("b{n}") }));
        bucket["ARN"] = json!(format!("arn:aws:s3:::b{n}"));
        bucket["tags"] = json!({ "data-classification": value });
        bucket
    };
    let near = ["phi ", "ePHI", "PHI/PII", "", "ph1", " phi"];
    let clear = ["public", "non-phi", "not PHI", "internal"];
    let items: Vec<Value> = near.iter().chain(&clear).enumerate().map(tagged).collect();
    box_.snapshot("in", &items);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let ran = box_.affiant(&["assess", "--format", "json"]);
    let assessment: Value = serde_json::from_str(&ran.out).expect("JSON");
    let asked: Vec<&str> = assessment["phi_asked"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|a| a["resource"].as_str())
        .collect();
    assert_eq!(
        asked,
        [
            "arn:aws:s3:::b0",
            "arn:aws:s3:::b1",
            "arn:aws:s3:::b2",
            "arn:aws:s3:::b3",
            "arn:aws:s3:::b4",
            "arn:aws:s3:::b5"
        ]
    );
    assert!(box_.affiant(&["assess"]).out.contains("PHI? kept in scope"));
}
