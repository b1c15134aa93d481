//! Packages put away in a folder: once, read back, found again, and refused where something is not as it
//! should be. Buckets are tried before the laboratory, in tests/lab/archive.py.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use affiant::store::archive;
use affiant::store::atomic::Existing;
use serde_json::{Value, json};

use crate::harness::{Sandbox, files, item, repository, unzip};
use crate::insider::reseal_at;

/// A package of real evidence, as far as the program can tell; the ZIP.
fn packaged() -> (Sandbox, PathBuf) {
    let box_ = Sandbox::default().with_system_clock();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let zip = box_.package();
    (box_, zip)
}

/// The day that the command prints together with the line to type.
#[track_caller]
fn computed(box_: &Sandbox, zip: &str) -> String {
    let ran = box_.affiant(&["archive", zip, "kept"]).exits(2);
    let line = format!("affiant archive {zip} kept --retain-until ");
    let day = ran.err.split(&line).nth(1).unwrap_or_else(|| panic!("no line to type: {}", ran.err));
    day[..10].to_string()
}

fn moved(day: &str, years: i32) -> String {
    format!("{:04}{}", day[..4].parse::<i32>().expect("a year") + years, &day[4..])
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_folder_takes_a_package_once_and_finds_it_again() {
    use std::os::unix::fs::PermissionsExt;
    let (box_, zip) = packaged();
    let zip = zip.display().to_string();
    let archive = |day: &str| box_.affiant(&["archive", &zip, "kept", "--retain-until", day]);
    let day = computed(&box_, &zip);
    let early = archive(&moved(&day, -1)).exits(2).err;
    assert!(early.contains("is before") && early.contains(&day), "{early}");
    assert!(!box_.path().join("kept").exists(), "something was made before a day was typed");

    let first = archive(&day).exits(0);
    assert!(
        first.err.contains("is archived") && first.err.contains("a folder locks nothing"),
        "{}",
        first.err
    );
    let kept = files(&box_.path().join("kept"));
    let names: Vec<&str> = kept.keys().map(|name| name.rsplit('.').next().expect("an ending")).collect();
    assert!(
        kept.keys().all(|name| name.starts_with("20") && name.matches('/').count() == 2),
        "{:?}",
        kept.keys()
    );
    assert_eq!(
        names,
        if cfg!(feature = "pdf") {
            vec!["html", "p7s", "pdf", "zip", "json"]
        } else {
            vec!["html", "p7s", "zip", "json"]
        }
    );
    for name in kept.keys() {
        let mode =
            fs::metadata(box_.path().join("kept").join(name)).expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode, 0o400, "{name}");
    }
    let archived = kept.iter().find(|(name, _)| name.ends_with(".zip")).expect("the ZIP").1;
    assert_eq!(*archived, fs::read(&zip).expect("the package"));

    let again = archive(&day).exits(0);
    assert!(
        again.err.contains("was archived already") && again.out.matches("  there\n").count() == kept.len(),
        "{}{}",
        again.out,
        again.err
    );
    assert_eq!(files(&box_.path().join("kept")), kept);
    let other = archive(&moved(&day, 1)).exits(2).err;
    assert!(other.contains("a folder notes the day once"), "{other}");
    let folder = Path::new(&zip).with_extension("").display().to_string();
    box_.affiant(&["archive", &folder, "file:kept", "--retain-until", &day]).exits(0);
}

#[test]
fn what_lies_there_is_read_again_and_told() {
    let (box_, zip) = packaged();
    let zip = zip.display().to_string();
    let day = computed(&box_, &zip);
    box_.affiant(&["archive", &zip, "kept", "--retain-until", &day]).exits(0);
    let checked = box_.affiant(&["archive", "verify", "kept"]).exits(0).out;
    assert!(
        checked.contains("holds") && checked.contains("no lock is claimed") && checked.contains(&day),
        "{checked}"
    );
    let listed = json_of(&box_.affiant(&["archive", "list", "kept", "--json"]).exits(0).out);
    crate::outputs::fits("archive-list", &listed);
    crate::outputs::fits(
        "archive-check",
        &json_of(&box_.affiant(&["archive", "verify", "kept", "--json"]).exits(0).out),
    );
    let entry = &listed["packages"][0];
    assert_eq!(
        (entry["retain_until"].as_str(), entry["period"].as_str()),
        (Some(day.as_str()), Some("2026-Q3"))
    );
    assert_eq!(entry["destruction"], json!({ "state": "not-before", "on": day }));
    assert_eq!(entry["lock"], json!({ "state": "not-claimed" }));
    assert!(box_.affiant(&["archive", "list", "kept"]).exits(0).out.contains("may be destroyed after"));

    let kept = box_.path().join("kept");
    let file = |ending: &str| {
        kept.join(files(&kept).keys().find(|name| name.ends_with(ending)).expect("a file").clone())
    };
    let whole = |ending: &str| fs::read(file(ending)).expect("read");
    // one changed byte, of the same length
    let (html, mut bytes) = (file(".html"), whole(".html"));
    *bytes.last_mut().expect("not empty") ^= 1;
    replace(&html, &bytes);
    let wrong = box_.affiant(&["archive", "verify", "kept"]).exits(4).out;
    assert!(wrong.contains(".html` has the digest") && wrong.contains("the receipt says"), "{wrong}");
    let refused = box_.affiant(&["archive", &zip, "kept", "--retain-until", &day]).exits(4).err;
    assert!(refused.contains("its digest is"), "{refused}");
    assert_eq!(fs::read(&html).expect("read"), bytes, "something was replaced");
    fs::remove_file(&html).expect("removed");
    assert!(box_.affiant(&["archive", "verify", "kept"]).exits(4).out.contains(".html` is missing"));
    // what is missing is put there again by the same command
    box_.affiant(&["archive", &zip, "kept", "--retain-until", &day]).exits(0);
    box_.affiant(&["archive", "verify", "kept"]).exits(0);

    // a receipt that says less, one that leads elsewhere, and none
    let (receipt, text) = (file("archive.json"), String::from_utf8(whole("archive.json")).expect("text"));
    replace(
        &receipt,
        text.replace(&format!("\"retain_until\": \"{day}\""), "\"retain_until\": \"2027-01-01\"").as_bytes(),
    );
    assert!(box_.affiant(&["archive", "verify", "kept"]).exits(4).out.contains("is to be kept until"));
    replace(&receipt, text.replace("\"name\": \"2026", "\"name\": \"../2026").as_bytes());
    assert!(box_.affiant(&["archive", "verify", "kept"]).exits(4).out.contains("no receipt of ours"));
    fs::remove_file(&receipt).expect("removed");
    assert!(box_.affiant(&["archive", "verify", "kept"]).exits(4).out.contains("there is no receipt"));
    let listed = box_.affiant(&["archive", "list", "kept"]).exits(3).out;
    assert!(listed.contains("not readable") && listed.contains("there is no receipt"), "{listed}");
}

/// The receipt that stays with the holder: signed, read again, and held against what lies in the archive,
/// wherever that is named from.
#[test]
fn the_holders_receipt_is_signed_and_tells_what_is_gone() {
    let (box_, zip) = packaged();
    let day = computed(&box_, &zip.display().to_string());
    let archive =
        || box_.affiant(&["archive", &zip.display().to_string(), "kept", "--retain-until", &day]).exits(0);
    let said = archive().err;
    let receipt = zip.with_extension("archived.json");
    assert!(said.contains(&format!("signed receipt: {}", receipt.display())), "{said}");
    archive();
    assert!(zip.with_extension("archived-2.json").exists(), "each archiving has its own");
    let deposit = json_of(&fs::read_to_string(&receipt).expect("a receipt"));
    let stored = deposit["files"].as_array().expect("files");
    assert_eq!(stored.len(), files(&box_.path().join("kept")).len());
    assert!(stored.iter().all(|file| file["lock"] == json!({ "state": "not-claimed" })
        && file["sha256"].as_str().is_some_and(|d| d.len() == 64)));
    let folder = receipt.parent().expect("a folder");
    let name = receipt.file_name().expect("a name").to_string_lossy().into_owned();
    let signature = format!("{name}.p7s");
    let args = [
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        &signature,
        "-content",
        &name,
        "-binary",
        "-noverify",
        "-out",
        "/dev/null",
    ];
    assert!(
        Command::new("openssl").args(args).current_dir(folder).output().expect("openssl").status.success()
    );

    let trust = box_.path().join(".affiant/seal/certificate.pem").display().to_string();
    let kept = box_.path().join("kept").display().to_string();
    let named = receipt.display().to_string();
    let check = |more: &[&str]| {
        box_.affiant(&[&["archive", "verify", &kept, "--receipt", &named][..], more].concat())
    };
    let held = check(&["--trust", &trust]).exits(0);
    assert!(held.err.contains("was signed by"), "{}", held.err);
    assert!(check(&[]).exits(0).err.contains("was not pinned"));
    let other = Sandbox::default().workspace();
    other.affiant(&["seal", "key"]).exits(0);
    let foreign = other.path().join(".affiant/seal/certificate.pem").display().to_string();
    assert!(check(&["--trust", &foreign]).exits(4).err.contains("none of the pinned certificates"));
    // a whole package that went away leaves no receipt of the archive's own, and this one tells it
    let gone =
        fs::read_dir(box_.path().join("kept")).expect("years").flatten().next().expect("a year").path();
    fs::rename(&gone, box_.path().join("aside")).expect("moved");
    box_.write("kept/2020/x/x.zip", "something else");
    let ran = check(&[]).exits(4);
    assert!(ran.out.contains("was stored on") && ran.out.contains("is not there"), "{}{}", ran.out, ran.err);
    let text = fs::read_to_string(&receipt).expect("a receipt");
    fs::write(&receipt, text.replace("\"size\": ", "\"size\": 1")).expect("written");
    assert!(check(&[]).exits(4).err.contains("its signature does not hold"));
}

fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).expect("written");
}

#[test]
fn the_years_say_what_is_due_and_what_may_be_destroyed() {
    let (box_, zip) = packaged();
    let zip = zip.display().to_string();
    let day = computed(&box_, &zip);
    box_.affiant(&["archive", &zip, "kept", "--retain-until", &day]).exits(0);
    let at = |day: &str| {
        box_.affiant_with(
            &["archive", "list", "kept"],
            &[("AFFIANT_PINNED_CLOCK", &format!("{day}T23:00:00Z"))],
        )
        .exits(0)
        .out
    };
    let last = at(&day);
    assert!(last.contains(&format!("may be destroyed after {day}")), "{last}");
    let gone = at(&moved(&day, 1));
    assert!(gone.contains(&format!("MAY BE DESTROYED since {day}")), "{gone}");
    let decades = at(&moved(&day, 40));
    assert!(decades.contains("OVERDUE since"), "{decades}");
}

#[test]
fn what_no_archive_takes_is_refused() {
    // a SAMPLE, which is made with a pinned clock
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let zip = box_.package().display().to_string();
    let refused = box_.affiant(&["archive", &zip, "kept", "--retain-until", "2040-01-01"]).exits(2).err;
    assert!(refused.contains("this is a SAMPLE"), "{refused}");

    let (box_, zip) = packaged();
    let day = computed(&box_, &zip.display().to_string());
    let refuse = |package: &Path, code: i32, words: &str| {
        let ran = box_
            .affiant(&["archive", &package.display().to_string(), "kept", "--retain-until", &day])
            .exits(code);
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
        assert!(!box_.path().join("kept").exists(), "{words}: something was archived");
    };
    let draft = box_.affiant(&["package", "--draft"]).exits(0).out;
    let draft = draft.lines().find_map(|line| line.strip_prefix("ZIP")).expect("a ZIP is named");
    refuse(&box_.path().join(draft.trim()), 2, "this is a DRAFT");

    // one byte of the package changed
    let mut bytes = fs::read(&zip).expect("the ZIP");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    refuse(&box_.write("changed.zip", bytes), 4, "does not verify");

    // a secret inside, under lists and a seal that are right
    let folder = unzip(&zip, &box_.path().join("x"));
    let mut risks = fs::read_to_string(folder.join("data/tables/risk.csv")).expect("a table");
    risks.push_str(
        "R-1,\"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n\
         -----END PRIVATE KEY-----\"\n",
    );
    fs::write(folder.join("data/tables/risk.csv"), risks).expect("written");
    reseal_at(&box_, &folder, chrono::Utc::now());
    let leaking = box_.path().join("leaking.zip");
    let top = folder.file_name().expect("a name").to_string_lossy().into_owned();
    archive::write(&folder, &top, &leaking, Existing::Refuse).expect("packed");
    box_.affiant(&["verify", &leaking.display().to_string()]).exits(3);
    refuse(&leaking, 2, "private-key is in `data/tables/risk.csv`");

    // nobody's, if somebody's was asked for
    let other = packaged().0;
    let pin = other.path().join(".affiant/seal/certificate.pem").display().to_string();
    let ran = box_
        .affiant(&["archive", &zip.display().to_string(), "kept", "--retain-until", &day, "--trust", &pin])
        .exits(4);
    assert!(ran.err.contains("does not verify"), "{}", ran.err);
}

#[test]
fn wrong_words_get_a_word_on_what_is_meant() {
    let (box_, zip) = packaged();
    let zip = zip.display().to_string();
    for (args, words) in [
        (&["archive", &zip, "s3://Example/x", "--retain-until", "2040-01-01"][..], "no name of a bucket"),
        (
            &["archive", &zip, "https://example.com", "--retain-until", "2040-01-01"],
            "neither a bucket nor a folder",
        ),
        (&["archive", &zip, "kept", "--retain-until", "2040"], "--retain-until"),
        (&["archive", "nothing.zip", "kept"], "there is no `nothing.zip`"),
        (&["archive", "verify", "nowhere"], "there is no folder `nowhere`"),
        (&["archive", "list", "in"], "no package is archived in `in`"),
        (&["archive", "hold", "in", "2026-Q3-0123456789ab"], "no package `2026-Q3-0123456789ab`"),
        (&["policy", "--archive", "Example"], "no name of a bucket"),
    ] {
        let ran = box_.affiant(args).exits(2);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
    }
    let policy = json_of(&box_.affiant(&["policy", "--archive", "s3://example-archive/clinic"]).exits(0).out);
    let refused = policy["Statement"]
        .as_array()
        .expect("statements")
        .iter()
        .find(|s| s["Effect"] == "Deny")
        .expect("a refusal");
    assert!(refused["Action"].as_array().expect("actions").contains(&json!("s3:DeleteObjectVersion")));
}

#[cfg(feature = "aws")]
#[test]
fn a_bucket_that_cannot_be_reached_is_no_usage_fault() {
    let (box_, zip) = packaged();
    let zip = zip.display().to_string();
    let day = computed(&box_, &zip);
    let env = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_REGION", "us-east-1"),
    ];
    let ran =
        box_.affiant_with(&["archive", &zip, "s3://example-archive", "--retain-until", &day], &env).exits(5);
    assert!(ran.err.contains("s3://example-archive"), "{}", ran.err);
}

/// The script of the book, from `init` to an archived and verified package with answers: it runs as it stands
/// there, and somebody types the two things that only a person types.
#[test]
fn the_walk_of_the_book_runs() {
    let page = fs::read_to_string(repository().join("docs/src/first-package.md")).expect("a page");
    let script = page.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a script");
    let box_ = Sandbox::default().with_system_clock();
    box_.snapshot("export", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    let bin = Path::new(env!("CARGO_BIN_EXE_affiant")).parent().expect("a folder");
    let mut command = Command::new("sh");
    command
        .args(["-eu", "-c", script])
        .current_dir(box_.path())
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("sh");
    let (mut typing, told) = (child.stdin.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let out = child.stdout.take().expect("a pipe");
    let out = std::thread::spawn(move || std::io::read_to_string(out).expect("text"));
    let mut typed = 0;
    let mut err = String::new();
    for line in BufReader::new(told).lines() {
        let line = line.expect("text");
        let digits = line.split("answers: \"").nth(1).and_then(|rest| rest.get(..12));
        let day = line.split("--retain-until ").nth(1).and_then(|rest| rest.get(..10));
        if let Some(answer) = digits.or(day) {
            writeln!(typing, "{answer}").expect("somebody reads");
            typed += 1;
        }
        err.push_str(&format!("{line}\n"));
    }
    let (status, out) = (child.wait().expect("ended"), out.join().expect("read"));
    assert!(status.success(), "{status}: {out}{err}");
    assert_eq!(typed, 2, "{err}");
    assert!(
        out.contains("holds") && out.contains("may be destroyed after") && err.contains("is archived"),
        "{out}{err}"
    );
    let answers = fs::read_to_string(box_.path().join("answers/answers.csv")).expect("the answers");
    assert!(answers.lines().count() > 64 && !answers.contains("DRAFT"), "{answers}");
}
