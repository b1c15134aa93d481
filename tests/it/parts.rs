//! A resource of which one part was refused: its row stands, what that part would say is unknown, nothing
//! gets better by it, and its neighbors keep what was read of them. One run holds two accounts for each part:
//! in one that part alone is refused, in the other it finds fault, so that whatever it decides is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Sandbox, repository};
use crate::spine::json as parse;

/// The account in which everything was answered.
const WHOLE: &str = "111122223333";

/// One saved answer of `tests/fixtures/parts.yaml`; `@` in it stands for the account.
struct Saved {
    operation: String,
    about: String,
    body: String,
    /// Of a part: the answer that finds fault.
    faulty: String,
}

fn answers() -> Vec<Saved> {
    let text = std::fs::read_to_string(repository().join("tests/fixtures/parts.yaml")).expect("the answers");
    let all: Vec<Value> = serde_saphyr::from_str(&text).expect("YAML");
    let member = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_string();
    let saved = |one: &Value| Saved {
        operation: member(one, "operation"),
        about: member(one, "about"),
        body: member(one, "body"),
        faulty: member(one, "faulty"),
    };
    all.iter().map(saved).collect()
}

const REFUSED: &str = r#"{"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}"#;

/// Parts on which no verdict hangs here: a block makes access control lists void, no check asks of a backup
/// policy or a website by itself, no rule leads to a topic that was read, and what was locked or expires is
/// judged of trails and of stores without a plan.
const MUTE: [&str; 6] = [
    "efs:DescribeBackupPolicy",
    "events:ListTargetsByRule",
    "s3:GetBucketAcl",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketWebsite",
    "s3:GetObjectLockConfiguration",
];

type Key = (String, String);

/// Saves the answers of an account, with one operation refused of its first resource, or
/// finding fault with it.
fn save(box_: &Sandbox, saved: &[Saved], account: &str, (refused, faults): (&str, &str)) {
    for Saved { operation, about, body, faulty } in saved {
        let (service, name) = operation.split_once(':').expect("a service and an operation");
        let wide = matches!(operation.as_str(), "s3:ListBuckets" | "s3control:GetPublicAccessBlock");
        let place = if wide { "aws-global" } else { "us-east-1" };
        let keys = if about == "BUCKET" { vec!["records-@", "other-@"] } else { vec![about.as_str()] };
        for (at, key) in keys.iter().enumerate() {
            let body = match at == 0 {
                true if operation == refused => REFUSED,
                true if operation == faults => faulty,
                _ => body,
            };
            let file = match key.replace('@', account).replace(':', "%3A").replace('/', "%2F") {
                key if key.is_empty() => format!("in/aws/{account}/{place}/{service}/{name}.json"),
                key => format!("in/aws/{account}/{place}/{service}/{name}/{key}.json"),
            };
            box_.write(&file, body.replace('@', account));
        }
    }
    box_.write(
        &format!("in/aws/{account}/aws-global/sts/GetCallerIdentity.json"),
        json!({ "Account": account }).to_string(),
    );
}

/// Verdicts of an account's rows, by check and by resource as it is called in the account where
/// nothing was refused.
fn rows_of(assessment: &Value, account: &str) -> BTreeMap<Key, String> {
    let checks = assessment["controls"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|c| c["checks"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    checks
        .flat_map(|check| {
            check["rows"].as_array().into_iter().flatten().map(move |row| (text(&check["id"]), row))
        })
        .filter(|(_, row)| row["account"] == account)
        .map(|(check, row)| ((check, text(&row["resource"]).replace(account, WHOLE)), text(&row["verdict"])))
        .collect()
}

/// What is wrong with the rows of an account in which a part is refused, before those where it was answered
/// well and where it finds fault; and how many of its verdicts hang on that part.
fn compared(part: &str, [whole, faulty, refused]: [&BTreeMap<Key, String>; 3]) -> (Vec<String>, usize) {
    let (mut wrong, mut hang) = (Vec::new(), 0);
    for (key, good) in whole {
        let Some(bad) = faulty.get(key) else { continue };
        let said = refused.get(key).map(String::as_str);
        let (check, resource) = key;
        hang += usize::from(good != bad);
        let holds = match (said, good == bad) {
            // a part of another type may say something of a bucket, such as which one takes the logs
            // of a load balancer
            _ if resource.contains("other-") && part.starts_with("s3:") => said == Some(good),
            (Some("not evidenced"), _) => true,
            (Some(said), true) => said == good,
            (Some(_), false) | (None, _) => false,
        };
        if !holds {
            wrong.push(format!(
                "{part}: {check} of {resource}: {good} or {bad}, then {}",
                said.unwrap_or("no row")
            ));
        }
    }
    (wrong, hang)
}

#[test]
fn a_part_that_was_refused_costs_no_row_and_makes_no_verdict_better() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let parts: BTreeSet<&str> = catalog
        .operations
        .iter()
        .filter(|(_, o)| o.fill.iter().any(|f| f.into.is_some()))
        .map(|(name, _)| name.as_str())
        .collect();
    let saved = answers();
    let answered: BTreeSet<&str> =
        saved.iter().filter(|one| !one.faulty.is_empty()).map(|one| one.operation.as_str()).collect();
    assert_eq!(parts, answered, "each part has a good answer in this test and one that finds fault");
    let accounts: Vec<(String, String, &str)> = parts
        .iter()
        .enumerate()
        .map(|(i, part)| (format!("9999000011{i:02}"), format!("9999000022{i:02}"), *part))
        .collect();
    let box_ = Sandbox::default();
    let ids =
        accounts.iter().flat_map(|(refused, faulty, _)| [refused.as_str(), faulty.as_str()]).chain([WHOLE]);
    let listed: String = ids.map(|id| format!("  - {{ id: \"{id}\" }}\n")).collect();
    box_.write(
        "affiant.yaml",
        format!(
            "format: affiant.workspace/1\norganization: {{ name: Example Clinic, role: covered entity, \
             system: Records, contact: security-official@example.com }}\nperiod: {{ label: 2026-Q3, \
             start: 2026-07-01, end: 2026-09-30 }}\naccounts:\n{listed}regions: [us-east-1]\n"
        ),
    );
    save(&box_, &saved, WHOLE, ("", ""));
    for (refused, faulty, part) in &accounts {
        save(&box_, &saved, refused, (part, ""));
        save(&box_, &saved, faulty, ("", part));
    }
    let ran = box_.affiant(&["collect", "--cli-json", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    let whole = rows_of(&assessment, WHOLE);
    let (mut wrong, mut mute) = (Vec::new(), Vec::new());
    for (refused, faulty, part) in &accounts {
        let (found, hang) =
            compared(part, [&whole, &rows_of(&assessment, faulty), &rows_of(&assessment, refused)]);
        wrong.extend(found);
        mute.extend((hang == 0).then_some(*part));
    }
    assert!(wrong.is_empty(), "{}\n{wrong:#?}", wrong.len());
    // of these no check asks anything in this population
    assert_eq!(mute, MUTE, "parts on which no verdict hangs");
    let stands = |part: &str, check: &str| {
        let (account, ..) = accounts.iter().find(|(_, _, name)| *name == part).expect("a part");
        rows_of(&assessment, account).iter().any(|((id, _), verdict)| id == check && verdict == "met")
    };
    assert!(
        stands("s3:GetBucketPolicy", "s3.versioning") && stands("kms:GetKeyPolicy", "kms.key-rotation"),
        "one part spoils others"
    );
}
