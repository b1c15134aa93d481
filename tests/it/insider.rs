//! What somebody who holds the workspace's own key could pass off: evidence changed between collecting and packaging, and packages
//! whose record, tables or instructions say more than follows. Each is refused with its own code.

use std::fs;
use std::path::{Path, PathBuf};

use affiant::seal::{LocalKey, RsaPadding, sign_detached};
use serde_json::{Value, json};

use crate::harness::{Sandbox, files, item, unzip};
use crate::seal::fixture;

fn collected() -> (Sandbox, PathBuf) {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let function = json!({ "functionName": "f", "environment": { "variables": { "DB_PASSWORD": "Xy7kLm92qa" } } });
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" })), item("AWS::Lambda::Function", "f", function)]);
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
    let key = LocalKey::from_pem(&text("key.pem"), &text("certificate.pem"), RsaPadding::Pkcs1).expect("the workspace's key");
    for list in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        fixture::rehash(folder);
        let signature = sign_detached(&fs::read(folder.join(list)).expect("a list"), &key, at).expect("signed");
        fs::write(folder.join(format!("seal/{list}.p7s")), signature).expect("written");
    }
}

/// Every command that reads a run refuses it with exit code 4 and the file's name.
#[track_caller]
fn refused_everywhere(box_: &Sandbox, file: &str) {
    for args in [&["assess"][..], &["package"], &["services"], &["policy", "--missing"]] {
        let ran = box_.affiant(args);
        assert_eq!(ran.code, 4, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(file) && ran.err.contains("AFR-001"), "{args:?} does not name {file}: {}", ran.err);
    }
    assert!(!box_.path().join("packages").exists() || files(&box_.path().join("packages")).is_empty(), "something was packaged");
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
    std::os::unix::fs::symlink(box_.path().join(".affiant/seal/key.pem"), run.join("data/documents/notes.md")).expect("a link");
    refused_everywhere(&box_, "data/documents/notes.md");
    let (box_, run) = collected();
    let plan = run.join("data/documents/plan.md");
    fs::rename(&plan, box_.path().join("elsewhere.md")).expect("moved");
    std::os::unix::fs::symlink(box_.path().join("elsewhere.md"), &plan).expect("a link");
    refused_everywhere(&box_, "data/documents/plan.md");
    let (box_, run) = collected();
    let made = std::process::Command::new("mkfifo").arg(run.join("data/pipe")).status().is_ok_and(|s| s.success());
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
    let ran = box_.affiant(&["verify", folder.to_str().expect("UTF-8"), "--trust", ".affiant/seal/certificate.pem", "--recompute"]);
    (ran.code, format!("{}{}", ran.out, ran.err))
}

#[test]
fn what_was_resealed_unchanged_still_holds() {
    let (code, said) = forged(|_| {});
    assert_eq!(code, 0, "{said}");
}

type Change = (&'static str, &'static str, fn(&Path));

fn record(folder: &Path, change: impl Fn(&mut Value)) {
    let path = folder.join("data/package.json");
    let mut value: Value = serde_json::from_slice(&fs::read(&path).expect("a record")).expect("JSON");
    change(&mut value);
    let mut bytes = serde_json::to_vec_pretty(&value).expect("JSON");
    bytes.push(b'\n');
    fs::write(path, bytes).expect("written");
}

fn run_of(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("data/evidence")).expect("runs").flatten().next().expect("a run").path()
}

const CHANGES: &[Change] = &[
    ("another edition", "AFV-601", |f| record(f, |r| r["edition"] = json!("shareable"))),
    ("no sample any more", "AFV-601", |f| {
        record(f, |r| r["sample"] = json!(false));
        replace(&f.join("bag-info.txt"), "Affiant-Sample: true", "Affiant-Sample: false");
    }),
    ("another organization", "AFV-601", |f| {
        record(f, |r| r["organization"] = json!("Borealis"));
        let text = fs::read_to_string(f.join("bag-info.txt")).expect("text");
        let lines = text.lines().map(|l| if l.starts_with("Source-Organization") { "Source-Organization: Borealis" } else { l });
        fs::write(f.join("bag-info.txt"), lines.map(|l| format!("{l}\n")).collect::<String>()).expect("written");
    }),
    ("another day until which it must be kept", "AFV-601", |f| record(f, |r| r["retain_until"] = json!("2027-01-01"))),
    ("another end of the certificate", "AFV-601", |f| record(f, |r| r["certificate_until"] = json!("2099-01-01"))),
    ("another paper", "AFV-601", |f| record(f, |r| r["paper"] = json!("a3"))),
    ("other words on the seal", "AFV-601", |f| record(f, |r| r["seal"]["words"] = json!("Signed by the regulator."))),
    ("another kind of seal", "AFV-601", |f| record(f, |r| r["seal"]["kind"] = json!("named"))),
    ("an unknown format", "AFV-105", |f| record(f, |r| r["format"] = json!("affiant.package/9"))),
    ("a record without a member", "AFV-141", |f| record(f, |r| drop(r.as_object_mut().expect("an object").remove("paper")))),
    ("a record with one more member", "AFV-141", |f| record(f, |r| r["certified"] = json!(true))),
    ("a record that is no JSON", "AFV-1", |f| fs::write(f.join("data/package.json"), "{").expect("written")),
    ("a run that is not inside", "AFV-142", |f| record(f, |r| r["run"] = json!("data/evidence/elsewhere"))),
    ("a run that climbs out", "AFV-142", |f| record(f, |r| r["run"] = json!("data/evidence/../../x"))),
    ("another run's manifest", "AFV-105", |f| {
        let digest = "0".repeat(64);
        record(f, |r| r["run_manifest"] = json!(digest));
    }),
    ("no PDF, it says", "AFV-143", |f| record(f, |r| r["pdf"] = json!(!r["pdf"].as_bool().expect("a flag")))),
    ("a second report", "AFV-144", |f| fs::write(f.join("data/report/summary.html"), "<p>all met</p>").expect("written")),
    ("a journal beside the database", "AFV-144", |f| fs::write(f.join("data/tables/evidence.sqlite-journal"), "x").expect("written")),
    ("a table of one's own", "AFV-144", |f| fs::write(f.join("data/tables/summary.csv"), "control,verdict\n1,met\n").expect("written")),
    ("a decision that nobody reads", "AFV-144", |f| {
        fs::create_dir_all(f.join("data/decisions/program")).expect("a folder");
        fs::write(f.join("data/decisions/program/note.yaml"), "x: 1\n").expect("written");
    }),
    ("one line more in bag-info", "AFV-146", |f| {
        let text = fs::read_to_string(f.join("bag-info.txt")).expect("text");
        fs::write(f.join("bag-info.txt"), format!("Contact-Name: A regulator\n{text}")).expect("written");
    }),
    ("a second list", "AFV-124", |f| fs::write(f.join("manifest-md5.txt"), "x").expect("written")),
    ("two certificates", "AFV-203", |f| {
        let path = f.join("seal/certificates.pem");
        let text = fs::read_to_string(&path).expect("PEM");
        fs::write(path, format!("{text}{text}")).expect("written");
    }),
    ("a table with another verdict", "AFV-606", |f| replace(&f.join("data/tables/result.csv"), "not evidenced", "met")),
    ("risks with another owner", "AFV-606", |f| {
        let path = f.join("data/tables/crosswalk.csv");
        let text = fs::read_to_string(&path).expect("text");
        fs::write(path, format!("{text}x\r\n")).expect("written");
    }),
    ("a dossier with another verdict", "AFV-607", |f| replace(&f.join("data/dossier.json"), "not evidenced", "met")),
    ("an assessment with another verdict", "AFV-604", |f| replace(&f.join("data/assessment.json"), "not evidenced", "met")),
    ("instructions that run something", "AFV-610", |f| replace(&f.join("VERIFY.md"), "sha256sum --quiet", "true; sha256sum --quiet")),
    ("a weaker catalog that is called the program's own", "AFV-603", |f| {
        let folder = f.join("data/catalog/checks/s3");
        let check = fs::read_dir(&folder).expect("checks").flatten().next().expect("a check").path();
        replace(&check, "severity: ", "severity: low # ");
    }),
    ("a query that never ends", "AFV-611", |f| {
        query(
            f,
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT 'a' || x AS resource, '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason FROM n",
        )
    }),
    ("a query that fills memory", "AFV-611", |f| {
        query(
            f,
            "SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, replace(printf('%.*c', 900000000, 'x'), 'x', 'xxxxxxxxxx') AS reason",
        )
    }),
    ("a query that doubles and doubles", "AFV-611", |f| {
        let doubled = (0..40).fold("'xx'".to_string(), |inner, _| format!("replace({inner}, 'x', 'xx')"));
        query(f, &format!("SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, {doubled} AS reason"));
    }),
    ("a product of everything with itself", "AFV-611", |f| {
        query(
            f,
            "SELECT 'a' AS resource, '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason FROM artifact a, artifact b, artifact c, artifact d, coverage e, coverage f, coverage g, coverage h, coverage i",
        )
    }),
    ("pragmas in the form of tables", "AFV-600", |f| {
        query(f, "SELECT name AS resource, '' AS account, '' AS region, 'met' AS verdict, 'x' AS reason FROM pragma_database_list")
    }),
    ("custody with another digest", "AFV-145", |f| {
        let run = run_of(f);
        let path = run.join("data/custody.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        let at = text.find("\"sha256\":\"").expect("a digest") + 10;
        let digit = if &text[at..=at] == "0" { "1" } else { "0" };
        fs::write(&path, format!("{}{digit}{}", &text[..at], &text[at + 1..])).expect("written");
    }),
    ("custody of a file outside", "AFV-145", |f| {
        let path = run_of(f).join("data/custody.jsonl");
        let text = fs::read_to_string(&path).expect("text");
        let at = text.find("\"path\":\"").expect("a path") + 8;
        fs::write(&path, format!("{}../../../../../../dev/zero\",\"x\":\"{}", &text[..at], &text[at..])).expect("written");
    }),
];

/// Puts another query into a check and calls the catalog the customer's own.
fn query(folder: &Path, sql: &str) {
    let checks = folder.join("data/catalog/checks/s3");
    let check = fs::read_dir(&checks).expect("checks").flatten().map(|e| e.path()).min().expect("a check");
    let text = fs::read_to_string(&check).expect("YAML");
    let before = &text[..text.find("\nsql:").expect("SQL") + 1];
    let rest = text[text.find("\nsql:").expect("SQL") + 1..].lines().skip(1);
    let after: String = rest.skip_while(|l| l.starts_with(' ') || l.is_empty()).map(|l| format!("{l}\n")).collect();
    fs::write(&check, format!("{before}sql: |\n  {sql}\n{after}")).expect("written");
    record(folder, |r| r["custom_catalog"] = json!(true));
}

/// The run inside has seals of its own, which the workspace's key makes anew.
fn reseal_run(box_: &Sandbox, folder: &Path) {
    let run = run_of(folder);
    reseal(box_, &run);
    let manifest = affiant::model::digest::Digest::of(&fs::read(run.join("manifest-sha256.txt")).expect("a list")).to_string();
    record(folder, |r| r["run_manifest"] = json!(manifest));
    let text = fs::read_to_string(folder.join("bag-info.txt")).expect("text");
    let lines = text.lines().map(|l| if l.starts_with("Affiant-Run: ") { format!("Affiant-Run: {manifest}\n") } else { format!("{l}\n") });
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
        let ran = box_.affiant(&["verify", folder.to_str().expect("UTF-8"), "--trust", ".affiant/seal/certificate.pem", "--recompute"]);
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

/// A tag that nearly says PHI never takes a resource out of scope in silence; one that says the opposite does.
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
    let asked: Vec<&str> = assessment["phi_asked"].as_array().expect("a list").iter().filter_map(|a| a["resource"].as_str()).collect();
    assert_eq!(asked, ["arn:aws:s3:::b0", "arn:aws:s3:::b1", "arn:aws:s3:::b2", "arn:aws:s3:::b3", "arn:aws:s3:::b4", "arn:aws:s3:::b5"]);
    assert!(box_.affiant(&["assess"]).out.contains("PHI? kept in scope"));
}
