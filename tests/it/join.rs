//! Runs of parts as one: the same results as one run over all, custody and seals kept, and what
//! does not fit refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::Sandbox;
use crate::spine::json as parse;

const ACCOUNTS: [&str; 4] = ["111122223333", "123456789012", "444455556666", "777788889999"];

fn settings(label: &str) -> String {
    let accounts: String = ACCOUNTS.iter().map(|id| format!("  - {{ id: \"{id}\" }}\n")).collect();
    format!(
        "format: affiant.workspace/1\norganization: {{ name: Example Clinic, role: covered entity, \
         system: Records, contact: security-official@example.com }}\nperiod: {{ label: {label}, \
         start: 2026-07-01, end: 2026-09-30 }}\naccounts:\n{accounts}regions: [us-east-1]\n"
    )
}

/// The evidence of one account below a folder: a database, a bucket, a recorder, and a password policy that
/// is refused in one.
fn evidence(box_: &Sandbox, folder: &str, account: &str) {
    let item = |kind: &str, name: &str, configuration: Value| {
        json!({ "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-09-30T11:00:00.000Z",
            "configurationStateId": 1,
            "awsAccountId": account, "configurationItemStatus": "OK", "resourceType": kind,
            "resourceId": name, "resourceName": name,
            "ARN": format!("arn:aws:rds:us-east-1:{account}:db:{name}"), "awsRegion": "us-east-1",
            "tags": {}, "configuration": configuration })
    };
    let encrypted = account != ACCOUNTS[1];
    let items = [item(
        "AWS::RDS::DBInstance",
        "db-1",
        json!({ "storageEncrypted": encrypted, "engine": "postgres", "multiAZ": true }),
    )];
    let name = format!(
        "{folder}/snapshots/{account}_Config_us-east-1_ConfigSnapshot_20260930T114000Z_\
         11111111-2222-4333-8444-555555555555.json"
    );
    box_.write(
        &name,
        json!({ "fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": items }).to_string(),
    );
    let answer = |place: &str, body: Value| {
        drop(box_.write(&format!("{folder}/aws/{account}/{place}.json"), body.to_string()))
    };
    let group = json!({ "allSupported": true, "includeGlobalResourceTypes": true });
    answer(
        "us-east-1/config/DescribeConfigurationRecorders",
        json!({ "ConfigurationRecorders": [{ "name": "default", "recordingGroup": group }] }),
    );
    answer(
        "aws-global/sts/GetCallerIdentity",
        json!({ "Account": account, "Arn": format!("arn:aws:iam::{account}:role/affiant-read") }),
    );
    let policy = if encrypted {
        json!({ "Error": { "Code": "AccessDenied" } })
    } else {
        json!({ "PasswordPolicy": { "MinimumPasswordLength": 14 } })
    };
    answer("aws-global/iam/GetAccountPasswordPolicy", policy);
}

fn place(label: &str) -> Sandbox {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", settings(label));
    box_
}

fn collected(box_: &Sandbox, folder: &str, accounts: &[&str]) -> PathBuf {
    let mut words = vec!["collect", "--snapshot", folder];
    accounts.iter().for_each(|id| words.extend(["--account", id]));
    let ran = box_.affiant(&words).exits(3);
    box_.path().join(ran.out.trim())
}

fn part(accounts: &[&str]) -> (Sandbox, PathBuf) {
    let box_ = place("2026-Q3");
    accounts.iter().for_each(|id| evidence(&box_, "in", id));
    let run = collected(&box_, "in", accounts);
    (box_, run)
}

/// Custody or coverage, line by line, in no order.
fn lines(run: &Path, name: &str) -> BTreeSet<String> {
    fs::read_to_string(run.join("data").join(name)).expect("a file").lines().map(str::to_string).collect()
}

fn assessed(box_: &Sandbox) -> Value {
    parse(&box_.affiant(&["assess", "--format", "json"]).out)
}

#[test]
fn a_joined_run_is_judged_as_one_run_over_all() {
    let whole = place("2026-Q3");
    ACCOUNTS.iter().for_each(|id| evidence(&whole, "in", id));
    let one = collected(&whole, "in", &[]);
    let parts: Vec<(Sandbox, PathBuf)> =
        [&ACCOUNTS[..1], &ACCOUNTS[1..3], &ACCOUNTS[3..]].into_iter().map(part).collect();
    let box_ = place("2026-Q3");
    let mut words = vec!["join".to_string()];
    words.extend(parts.iter().map(|(_, run)| run.display().to_string()));
    let ran = box_.affiant(&words.iter().map(String::as_str).collect::<Vec<_>>()).exits(3);
    let joined = box_.path().join(ran.out.trim());
    for name in ["custody.jsonl", "coverage.jsonl"] {
        assert_eq!(lines(&joined, name), lines(&one, name), "{name}");
    }
    let (as_one, as_many) = (assessed(&whole), assessed(&box_));
    assert_eq!(as_many["results"], as_one["results"]);
    assert_eq!(as_many["controls"], as_one["controls"]);
    assert!(as_one["controls"].to_string().contains("not met"), "there is something to find");
    box_.affiant(&["verify", &joined.display().to_string()]).exits(3); // whose key it is, nobody pinned
    // each part is named with its manifest, and its seal lies beside
    let record = parse(&fs::read_to_string(joined.join("data/run.json")).expect("a record"));
    for ((_, run), told) in parts.iter().zip(record["joined"].as_array().expect("parts")) {
        let id = told["id"].as_str().expect("an id");
        let manifest =
            fs::read(joined.join("joined").join(id).join("manifest-sha256.txt")).expect("its manifest");
        assert_eq!(told["manifest"], affiant::model::digest::Digest::of(&manifest).to_string());
        assert_eq!(manifest, fs::read(run.join("manifest-sha256.txt")).expect("the part's"));
        assert!(joined.join("joined").join(id).join("seal/manifest-sha256.txt.p7s").is_file());
    }
}

#[test]
fn what_does_not_make_one_run_is_refused() {
    let (one, first) = part(&ACCOUNTS[..2]);
    let (_keep, overlapping) = part(&ACCOUNTS[1..3]);
    let (other, last) = part(&ACCOUNTS[3..]);
    let box_ = place("2026-Q3");
    let join =
        |a: &Path, b: &Path| box_.affiant(&["join", &a.display().to_string(), &b.display().to_string()]);
    let said = join(&first, &overlapping).exits(2).err;
    assert!(said.contains("AFR-003") && said.contains(&format!("account {} too", ACCOUNTS[1])), "{said}");
    assert!(join(&first, &first).exits(2).err.contains("too"), "the same run twice");
    assert!(
        fs::read_dir(box_.path().join("evidence")).map_or(true, |mut folder| folder.next().is_none()),
        "nothing is left"
    );
    // another affiant.yaml
    other.write("affiant.yaml", settings("2026-Q4"));
    let changed = collected(&other, "in", &ACCOUNTS[3..]);
    assert!(join(&first, &changed).exits(2).err.contains("another affiant.yaml"));
    // a part that is not as it was sealed
    let custody = fs::read_to_string(last.join("data/coverage.jsonl")).expect("coverage");
    fs::write(last.join("data/coverage.jsonl"), custody.replace("denied", "absent")).expect("a write");
    assert!(join(&first, &last).exits(4).err.contains("not as it was sealed"));
    // files of an account that the part does not name, and an account that nobody knows
    let said = one.affiant(&["collect", "--snapshot", "in", "--account", ACCOUNTS[0]]).exits(2).err;
    assert!(said.contains("AFE-007") && said.contains(ACCOUNTS[1]), "{said}");
    assert!(
        one.affiant(&["collect", "--snapshot", "in", "--account", "999900001111"])
            .exits(2)
            .err
            .contains("does not name")
    );
}

#[test]
fn a_part_alone_says_what_it_lacks() {
    let (box_, run) = part(&ACCOUNTS[..2]);
    let record = parse(&fs::read_to_string(run.join("data/run.json")).expect("a record"));
    assert_eq!(record["accounts"], json!(ACCOUNTS[..2]));
    let said = box_.affiant(&["assess"]).err;
    assert!(
        said.contains(&format!("asks for account {}, account {} too", ACCOUNTS[2], ACCOUNTS[3])),
        "{said}"
    );
}
