//! Path validation against NIST's Public Key Interoperability Test Suite, where somebody has its files:
//! `AFFIANT_PKITS` names a folder with `pkits.json`, `certs/` and `crls/`, as the source distribution of
//! pyhanko-certvalidator carries it in `tests/fixtures/nist_pkits`. Nothing of it is kept here; what matters
//! most is made anew in `paths.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use affiant::seal::verify::{Options, State, judge_signer};
use affiant::seal::{Certificate, Revocation, Trust};
use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;

/// Within the life of the suite's certificates.
fn today() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2022, 5, 1, 0, 0, 0).unwrap()
}

/// What came of one case.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Agrees,
    /// The suite lets it hold; here something in it is not worked out, and that is said.
    Stricter(String),
    /// It hangs on a policy that the suite's reader asks for; nobody here asks for one.
    Unasked,
    /// The suite asks for word of revocation; here that there is none is a note.
    Unchecked,
}

/// `--nocapture` prints how each section of the suite came out, and why.
#[test]
fn nothing_holds_that_the_suite_refuses() {
    let Some(folder) = std::env::var_os("AFFIANT_PKITS") else { return };
    let cases: Vec<Value> =
        serde_json::from_slice(&fs::read(Path::new(&folder).join("pkits.json")).unwrap()).unwrap();
    let (mut sections, mut wrong) = (BTreeMap::<String, BTreeMap<Agreement, usize>>::new(), Vec::new());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let section = format!("{}.{}", &id[..1], id[1..3].trim_start_matches('0'));
        match agreement(Path::new(&folder), case) {
            Ok(agreement) => *sections.entry(section).or_default().entry(agreement).or_default() += 1,
            Err(words) => wrong.push(format!("{id} {}: {words}", case["name"])),
        }
    }
    for (section, found) in &sections {
        found.iter().for_each(|(agreement, count)| println!("{section:<5} {count:>3} {agreement:?}"));
    }
    assert!(
        wrong.is_empty() && cases.len() > 200,
        "{} cases, held and refused by the suite:\n{}",
        cases.len(),
        wrong.join("\n")
    );
}

/// An error is what holds and may not.
fn agreement(folder: &Path, case: &Value) -> Result<Agreement, String> {
    let valid = case.get("error").is_none();
    let (state, words, notes) = judged(folder, case);
    match (state, valid) {
        (State::Held, true) | (State::Failed | State::Unknown, false) => Ok(Agreement::Agrees),
        (State::Failed | State::Unknown, true) => Ok(Agreement::Stricter(without_names(&words))),
        (State::Held, false) if case.get("params").is_some() => Ok(Agreement::Unasked),
        (State::Held, false) if notes.contains("not checked") => Ok(Agreement::Unchecked),
        (State::Held, false) => Err(format!("{words}; {notes}")),
    }
}

/// What is said of a certificate without which one it is.
fn without_names(words: &str) -> String {
    words
        .split_once(": ")
        .map_or(words, |(_, words)| words)
        .split("; fingerprint")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn judged(folder: &Path, case: &Value) -> (State, String, String) {
    let certificate = |name: &str| Certificate::from_der(&fs::read(folder.join("certs").join(name)).unwrap());
    let names = |member: &str| {
        case[member].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let mut known = Revocation::default();
    for name in ["TrustAnchorRootCRL.crl"].into_iter().chain(names("crls")) {
        known.add(&fs::read(folder.join("crls").join(name)).unwrap());
    }
    let signer = match certificate(case["cert"].as_str().unwrap()) {
        Ok(signer) => signer,
        Err(error) => return (State::Failed, format!(": {error}"), String::new()),
    };
    let between = names("other_certs").into_iter().chain(names("path_intermediates"));
    let others: Vec<Certificate> = between.filter_map(|name| certificate(name).ok()).collect();
    let trust = Trust::new(vec![certificate("TrustAnchorRootCertificate.crt").unwrap()]);
    let options = Options { revocation: &known, ..Options::new(&trust, today(), &[]) };
    let report = judge_signer(&signer, &others, &options);
    let notes: Vec<&str> = report.steps.iter().map(|step| step.words.as_str()).collect();
    (report.authenticity.state, report.authenticity.words.clone(), notes.join("; "))
}
