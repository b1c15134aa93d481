//! The main line: collect, assess, package, verify, and that it gives the same bytes twice.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::{Sandbox, files, unzip};

#[test]
fn the_sample_becomes_a_package_that_verifies_and_recomputes() {
    let box_ = Sandbox::default().workspace();
    let zip = box_.package_sample(1);
    let zip = zip.to_str().expect("UTF-8");
    let unknown = box_.affiant(&["verify", zip]).exits(3);
    assert!(unknown.out.contains("SAMPLE") && unknown.out.contains("authenticity"), "{}", unknown.out);
    let pinned =
        box_.affiant(&["verify", zip, "--trust", ".affiant/seal/certificate.pem", "--recompute"]).exits(0);
    assert!(!pinned.out.contains("differs"), "{}", pinned.out);
    for what in ["results", "evidence database", "dossier", "HTML report", "PDF report"] {
        assert!(pinned.out.contains(what), "{what} was not compared:\n{}", pinned.out);
    }
}

#[test]
fn a_key_that_is_not_the_sealers_does_not_verify() {
    let box_ = Sandbox::default().workspace();
    let zip = box_.package_sample(1);
    let other = Sandbox::default().workspace();
    other.affiant(&["seal", "key"]).exits(0);
    let trust = other.path().join(".affiant/seal/certificate.pem");
    let ran = box_
        .affiant(&["verify", zip.to_str().expect("UTF-8"), "--trust", trust.to_str().expect("UTF-8")])
        .exits(4);
    assert!(ran.out.contains("FAILED"), "{}", ran.out);
}

/// Signatures carry the time and, with ECDSA, chance; nothing else may differ.
#[test]
fn two_packages_of_one_run_differ_only_in_signatures() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let (first, second) = (box_.package(), box_.package());
    assert_ne!(first, second, "a package is never replaced");
    let a = files(&unzip(&first, &box_.path().join("a")));
    let b = files(&unzip(&second, &box_.path().join("b")));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let signed =
        |name: &str| name.ends_with(".p7s") || name.ends_with(".pdf") || name.contains("manifest-sha256");
    // Payload-Oxum counts bytes, and an ECDSA signature has seventy or seventy-two of them.
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .lines()
            .filter(|l| !l.starts_with("Payload-Oxum"))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    for (name, bytes) in a.iter().filter(|(name, _)| !signed(name)) {
        let same =
            if name.ends_with("bag-info.txt") { text(bytes) == text(&b[name]) } else { bytes == &b[name] };
        assert!(same, "{name} differs");
    }
    let (pa, pb) = (&a["data/report/audit-package.pdf"], &b["data/report/audit-package.pdf"]);
    let revision = pa
        .windows(6)
        .position(|w| w == b"%%EOF\n")
        .or_else(|| pa.windows(5).position(|w| w == b"%%EOF"))
        .expect("an end");
    assert!(pa[..revision] == pb[..revision], "the PDF before its signature differs");
    let lines = |m: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        let text = String::from_utf8(m["manifest-sha256.txt"].clone()).expect("UTF-8");
        text.lines()
            .filter(|l| !l.ends_with(".p7s") && !l.ends_with(".pdf") && !l.contains("manifest-sha256"))
            .map(String::from)
            .collect()
    };
    assert_eq!(lines(&a), lines(&b));
}

#[test]
fn a_run_names_the_one_before_it() {
    let box_ = Sandbox::default().workspace();
    let first = box_.collect_sample(1);
    let second = box_.collect_sample(2);
    let ran = box_.affiant(&["verify", second.to_str().expect("UTF-8")]).exits(3);
    assert!(ran.out.contains("found: the run before is"), "{}", ran.out);
    fs::remove_dir_all(first).expect("removed");
    let ran = box_.affiant(&["verify", second.to_str().expect("UTF-8")]).exits(3);
    assert!(ran.out.contains("not here"), "{}", ran.out);
}

#[test]
fn what_was_not_read_is_never_a_pass() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let whole = json(&box_.affiant(&["assess", "--format", "json"]).out);
    let sample = crate::harness::sample(1);
    let poor = Sandbox::default().workspace();
    copy(&sample, &poor.path().join("poor"));
    for name in ["us-east-1/rds/DescribeDBParameters", "us-east-1/cloudtrail/GetTrailStatus"] {
        fs::remove_dir_all(poor.path().join("poor/aws/111122223333").join(name)).expect("removed");
    }
    poor.affiant(&["collect", "--snapshot", "poor"]).exits(3);
    let less = json(&poor.affiant(&["assess", "--format", "json"]).out);
    for id in ["rds.pgaudit-loaded", "rds.connection-logging", "cloudtrail.multi-region-trail-logging"] {
        let (before, after) = (check(&whole, id), check(&less, id));
        assert!(before["counts"]["met"].as_u64() > Some(0), "{id} had nothing to lose");
        let east = after["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .filter(|r| r["region"] == "us-east-1" && r["verdict"] == "met")
            .count();
        assert_eq!(east, 0, "{id} still reads met in us-east-1 without its evidence");
        assert!(!after["gaps"].as_array().expect("gaps").is_empty(), "{id} does not say what is missing");
    }
}

/// SAMPLE is for pinned clocks and synthetic evidence; a real run must not carry it.
#[test]
fn a_run_under_the_machines_clock_is_no_sample() {
    let box_ = Sandbox::default().with_system_clock();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("in", &[crate::harness::item("AWS::S3::Bucket", "b", serde_json::json!({ "name": "b" }))]);
    let run = box_.affiant(&["collect", "--snapshot", "in"]).exits(3).out;
    let ran = box_.affiant(&["verify", run.trim()]).exits(3);
    assert!(!ran.out.contains("SAMPLE"), "{}", ran.out);
    let record =
        json(&fs::read_to_string(std::path::Path::new(run.trim()).join("data/run.json")).expect("a record"));
    assert_eq!((record["sample"].as_bool(), record["clock"].as_str()), (Some(false), Some("system")));
    assert!(record["program"]["binary"].is_string() && record["program"]["commit"].is_string());
}

#[test]
fn exit_codes_say_what_happened() {
    let box_ = Sandbox::default().workspace();
    box_.affiant(&["assess"]).exits(2);
    box_.affiant(&["frobnicate"]).exits(2);
    box_.affiant(&["collect", "--snapshot", "nowhere"]).exits(2);
    box_.affiant(&["verify", "nowhere"]).exits(2);
    box_.collect_sample(1);
    let ran = box_.affiant(&["assess", "--fail-on", "critical"]);
    assert!(ran.code == 1 || ran.code == 3, "{}", ran.code);
    box_.affiant(&["--version"]).exits(0);
}

#[test]
fn the_private_key_stays_private() {
    use std::os::unix::fs::PermissionsExt;
    let box_ = Sandbox::default().workspace();
    let zip = box_.package_sample(1);
    let key = box_.path().join(".affiant/seal/key.pem");
    assert_eq!(fs::metadata(&key).expect("a key").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(box_.path().join(".affiant/.gitignore")).expect("ignored"), "*\n");
    let secret = fs::read_to_string(&key).expect("PEM");
    let secret = secret.lines().nth(1).expect("base64").to_string();
    for (name, bytes) in files(&unzip(&zip, &box_.path().join("x"))) {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{name} holds the private key");
        assert!(
            !bytes.windows(11).any(|w| w == b"PRIVATE KEY") || name.ends_with(".yaml"),
            "{name} mentions a private key"
        );
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("chmod");
    let ran = box_.affiant(&["package"]).exits(2);
    assert!(ran.err.contains("AFW-009"), "{}", ran.err);
}

#[test]
fn secrets_and_identifiers_do_not_leave() {
    let box_ = Sandbox::default().workspace();
    let zip = box_.package_sample(1);
    let all = files(&unzip(&zip, &box_.path().join("x")));
    for secret in ["wJalrXUtnFEMI/K7MDENG", "AKIAIOSFODNN7EXAMPLE", "078-05-1120"] {
        let seen = crate::harness::sample(1);
        let there = files(&seen).values().any(|b| contains(&plain(b), secret.as_bytes()));
        assert!(there, "the sample does not plant {secret}");
        for (name, bytes) in &all {
            assert!(!contains(&plain(bytes), secret.as_bytes()), "{name} holds {secret}");
        }
    }
    let name = all.keys().find(|n| n.ends_with("data/redactions.jsonl")).expect("a list of redactions");
    let lines = String::from_utf8(all[name].clone()).expect("UTF-8");
    assert!(lines.lines().count() > 0 && lines.contains("\"original\""));
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    match bytes.starts_with(&[0x1f, 0x8b])
        && flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).is_ok()
    {
        true => out,
        false => bytes.to_vec(),
    }
}

pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}:\n{text}"))
}

/// One check of an assessment.
pub fn check<'a>(assessment: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    let controls = assessment["controls"].as_array().expect("controls");
    controls
        .iter()
        .flat_map(|c| c["checks"].as_array().expect("checks"))
        .find(|c| c["id"] == id)
        .unwrap_or_else(|| panic!("no check {id}"))
}

pub fn copy(from: &std::path::Path, to: &std::path::Path) {
    for (name, bytes) in files(from) {
        let target = to.join(name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
        fs::write(target, bytes).expect("a file");
    }
}
