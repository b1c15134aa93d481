//! The incident-response plan of an environment: it names what the evidence holds, each thing taken away
//! shows as a defect and as a risk, what was not read is not called missing, and names of the evidence do no
//! harm in commands.

use std::collections::BTreeMap;
use std::process::Command;

use affiant::model::digest::Digest;
use serde_json::{Value, json};

use crate::harness::{Sandbox, item, repository};
use crate::spine::json as parse;

const ACCOUNT: &str = "111122223333";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:security-alerts";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/records";
const ROLE: &str = "arn:aws:iam::111122223333:role/responder";

/// Items of AWS Config and answers of other APIs, by a name of their own.
#[derive(Clone)]
struct Evidence {
    items: BTreeMap<&'static str, Value>,
    answers: BTreeMap<&'static str, Value>,
}

fn of(mut item: Value, arn: &str) -> Value {
    item["ARN"] = json!(arn);
    item
}

fn phi(mut item: Value) -> Value {
    item["tags"] = json!({ "data-classification": "phi" });
    item
}

/// An environment that lacks nothing.
fn whole() -> Evidence {
    let key = "arn:aws:kms:us-east-1:111122223333:key/0a1b";
    let trail = json!({ "name": "records", "s3BucketName": "example-trail", "isMultiRegionTrail": true,
        "homeRegion": "us-east-1",
        "isOrganizationTrail": false, "includeGlobalServiceEvents": true, "logFileValidationEnabled": true,
        "cloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:/trail:*" });
    let alarm = json!({ "alarmName": "security-root", "actionsEnabled": true, "alarmActions": [TOPIC] });
    let database = json!({ "dBInstanceIdentifier": "records", "engine": "postgres",
        "storageEncrypted": true, "kmsKeyId": key, "enabledCloudwatchLogsExports": ["postgresql"] });
    let group = |id: &str, name: &str| {
        json!({
            "groupId": id, "groupName": name, "vpcId": "vpc-1", "ipPermissions": [], "ipPermissionsEgress": []
        })
    };
    let items = BTreeMap::from([
        ("trail", of(item("AWS::CloudTrail::Trail", "records", trail), TRAIL)),
        (
            "bucket",
            of(
                item("AWS::S3::Bucket", "example-trail", json!({ "name": "example-trail" })),
                "arn:aws:s3:::example-trail",
            ),
        ),
        (
            "topic",
            of(item("AWS::SNS::Topic", "security-alerts", json!({ "TopicName": "security-alerts" })), TOPIC),
        ),
        (
            "alarm",
            of(
                item("AWS::CloudWatch::Alarm", "security-root", alarm),
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:security-root",
            ),
        ),
        (
            "key",
            phi(of(
                item(
                    "AWS::KMS::Key",
                    "0a1b",
                    json!({ "keyId": "0a1b", "keyManager": "CUSTOMER", "keyState": "Enabled" }),
                ),
                key,
            )),
        ),
        (
            "database",
            phi(of(
                item("AWS::RDS::DBInstance", "records", database),
                "arn:aws:rds:us-east-1:111122223333:db:records",
            )),
        ),
        (
            "detector",
            of(
                item("AWS::GuardDuty::Detector", "d1", json!({ "Id": "d1", "Enable": true })),
                "arn:aws:guardduty:us-east-1:111122223333:detector/d1",
            ),
        ),
        (
            "quarantine",
            of(
                item("AWS::EC2::SecurityGroup", "sg-0a", group("sg-0a", "hold")),
                "arn:aws:ec2:us-east-1:111122223333:security-group/sg-0a",
            ),
        ),
        (
            "instance",
            of(
                item(
                    "AWS::EC2::Instance",
                    "i-1",
                    json!({ "vpcId": "vpc-1", "state": { "name": "running" } }),
                ),
                "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            ),
        ),
        (
            "role",
            of(
                item(
                    "AWS::IAM::Role",
                    "responder",
                    json!({
                        "roleName": "responder", "path": "/", "rolePolicyList": [],
                        "attachedManagedPolicies": []
                    }),
                ),
                ROLE,
            ),
        ),
    ]);
    let log = |name: &str| {
        json!({
            "logGroupName": name, "arn": format!("arn:aws:logs:us-east-1:111122223333:log-group:{name}:*"),
            "retentionInDays": 30
        })
    };
    let subscription = json!({
        "SubscriptionArn": format!("{TOPIC}:1"), "Owner": ACCOUNT, "Protocol": "email",
        "Endpoint": "duty@example.com", "TopicArn": TOPIC
    });
    let vault = json!({
        "BackupVaultName": "safe",
        "BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:safe", "Locked": true,
        "NumberOfRecoveryPoints": 3
    });
    let recorder = json!({
        "ConfigurationRecorders": [{ "name": "default",
            "recordingGroup": { "allSupported": true, "includeGlobalResourceTypes": true } }]
    });
    let answers = BTreeMap::from([
        ("us-east-1/config/DescribeConfigurationRecorders", recorder),
        (
            "us-east-1/logs/DescribeLogGroups",
            json!({ "logGroups": [log("/trail"), log("/aws/rds/instance/records/postgresql")] }),
        ),
        ("us-east-1/sns/ListSubscriptions", json!({ "Subscriptions": [subscription] })),
        ("us-east-1/backup/ListBackupVaults", json!({ "BackupVaultList": [vault] })),
        ("aws-global/sts/GetCallerIdentity", json!({ "Account": ACCOUNT })),
    ]);
    Evidence { items, answers }
}

const PLAN: &str = "format: affiant.incident-response/1\ntitle: Plan\nversion: \"1\"\n\
    owner: Casey Example\napproved_by: Rowan Example\n\
    approved_at: 2026-03-18\nnext_review: 2027-03-18\nscope: account 111122223333 in us-east-1\n\
    environment:\n  quarantine_groups: [sg-0a]\n  \
    break_glass: [\"arn:aws:iam::111122223333:role/responder\"]\n  evidence_account: \"444455556666\"\n  \
    evidence_bucket: example-evidence\n";

fn workspace(evidence: &Evidence, plan: &str) -> Sandbox {
    let box_ = Sandbox::default();
    box_.write(
        "affiant.yaml",
        "format: affiant.workspace/1\norganization: { name: Example Clinic, role: covered entity, \
         system: Records }\nperiod: { label: 2026-Q3, start: 2026-07-01, end: 2026-09-30 }\naccounts:\n  \
         - { id: \"111122223333\", name: clinic }\nregions: [us-east-1]\n",
    );
    box_.write("program/incident-response.yaml", plan);
    let name = format!(
        "in/snapshots/{ACCOUNT}_Config_us-east-1_ConfigSnapshot_20260930T114000Z_\
         11111111-2222-4333-8444-555555555555.json"
    );
    let items: Vec<&Value> = evidence.items.values().collect();
    box_.write(
        &name,
        json!({ "fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": items }).to_string(),
    );
    for (place, body) in &evidence.answers {
        box_.write(&format!("in/aws/{ACCOUNT}/{place}.json"), body.to_string());
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_
}

/// Defects and what is not evidenced, by kind; and the ids of the register.
struct Shown {
    defects: BTreeMap<String, Vec<String>>,
    unread: BTreeMap<String, Vec<String>>,
    commands: Vec<String>,
    risks: Vec<String>,
}

fn shown(box_: &Sandbox) -> Shown {
    let plan = parse(&box_.affiant(&["plan", "--format", "json"]).out);
    let rows = plan["environment"]["rows"].as_array().expect("rows").clone();
    let list = |row: &Value, member: &str| -> Vec<String> {
        row[member].as_array().into_iter().flatten().map(|s| s.as_str().expect("words").to_string()).collect()
    };
    let by = |member: &str| {
        rows.iter()
            .map(|row| (row["means"].as_str().expect("a kind").to_string(), list(row, member)))
            .collect()
    };
    let commands = plan["environment"]["commands"].as_array().expect("commands").iter();
    let risks = parse(&box_.affiant(&["risks", "list", "--format", "json"]).out);
    let risks = risks["rows"].as_array().or_else(|| risks["risks"].as_array()).expect("risks").iter();
    Shown {
        defects: by("defects"),
        unread: by("unread"),
        commands: commands.map(|c| c["command"].as_str().expect("a command").to_string()).collect(),
        risks: risks.map(|risk| risk["id"].as_str().expect("an id").to_string()).collect(),
    }
}

/// As the register makes it of its key.
fn risk(means: &str) -> String {
    format!("R-{}", &Digest::of(format!("plan\0{means}").as_bytes()).to_string()[..6])
}

#[test]
fn whatever_is_taken_away_is_a_defect_of_the_plan_and_a_risk() {
    let all = shown(&workspace(&whole(), PLAN));
    let lacks: Vec<_> = all.defects.iter().filter(|(_, list)| !list.is_empty()).collect();
    assert!(lacks.is_empty(), "{lacks:?}");
    let open: Vec<_> = all.unread.iter().filter(|(_, list)| !list.is_empty()).collect();
    assert!(open.is_empty(), "{open:?}");
    for name in [TOPIC, ROLE, TRAIL, "example-trail", "d1", "safe", "key/0a1b", "sg-0a", "example-evidence"] {
        let found =
            all.commands.iter().any(|c| c.contains(&format!("{name}'"))) || name == "example-evidence";
        assert!(found, "{name}: {:#?}", all.commands);
    }
    let empty = |member: &str| json!({ member: [] });
    type Change = Box<dyn Fn(&mut Evidence)>;
    let without = |name: &'static str| -> Change {
        Box::new(move |e: &mut Evidence| drop(e.items.remove(name).expect("it is there")))
    };
    let answer = |name: &'static str, body: Value| -> Change {
        Box::new(move |e: &mut Evidence| drop(e.answers.insert(name, body.clone())))
    };
    let set = |name: &'static str, pointer: &'static str, value: Value| -> Change {
        Box::new(move |e: &mut Evidence| {
            e.items.get_mut(name).expect("it is there")["configuration"][pointer] = value.clone()
        })
    };
    // the topic is deleted, and the subscriptions to it with it
    let unheard = || -> Change {
        Box::new(move |e: &mut Evidence| {
            e.items.remove("topic").expect("it is there");
            e.answers.insert("us-east-1/sns/ListSubscriptions", json!({ "Subscriptions": [] }));
        })
    };
    let walk: Vec<(&str, &str, Change)> = vec![
        ("trail", "no trail that records the account", without("trail")),
        ("topic", "no alarm or rule whose topic", without("alarm")),
        ("topic", "it is not among the topics of its region", unheard()),
        (
            "topic",
            "no alarm or rule whose topic",
            answer("us-east-1/sns/ListSubscriptions", empty("Subscriptions")),
        ),
        ("break-glass", "responder`, which the plan names", without("role")),
        (
            "log-group",
            "`/trail`, which trail records feeds",
            answer("us-east-1/logs/DescribeLogGroups", empty("logGroups")),
        ),
        (
            "detector",
            "no GuardDuty detector that is on (account 111122223333, us-east-1)",
            without("detector"),
        ),
        ("detector", "it is suspended", set("detector", "Enable", json!(false))),
        (
            "vault",
            "no backup vault beside databases",
            answer("us-east-1/backup/ListBackupVaults", empty("BackupVaultList")),
        ),
        (
            "key",
            "it is to be deleted on 2026-10-21",
            Box::new(|e: &mut Evidence| {
                let key = &mut e.items.get_mut("key").expect("a key")["configuration"];
                key["keyState"] = json!("PendingDeletion");
                key["deletionDate"] = json!("2026-10-21T00:00:00Z");
            }),
        ),
        ("quarantine", "`vpc-1`, which holds 1 instance", without("quarantine")),
        (
            "quarantine",
            "it lets traffic through",
            set(
                "quarantine",
                "ipPermissionsEgress",
                json!([{ "ipProtocol": "-1", "ipRanges": ["0.0.0.0/0"] }]),
            ),
        ),
    ];
    for (means, words, change) in walk {
        let mut evidence = whole();
        change(&mut evidence);
        let now = shown(&workspace(&evidence, PLAN));
        assert!(
            now.defects[means].iter().any(|defect| defect.contains(words)),
            "{means}, {words}: {:?} {:?}",
            now.defects,
            now.unread
        );
        let id = risk(means);
        assert!(now.risks.contains(&id) && !all.risks.contains(&id), "{means}: no {id} in {:?}", now.risks);
    }
}

/// A key that stores of ePHI name and nobody read may be AWS's own, of another account, or gone: it is not
/// evidenced.
#[test]
fn a_key_that_is_taken_away_is_no_longer_evidenced() {
    let mut evidence = whole();
    let second = "arn:aws:kms:us-east-1:111122223333:key/2c3d";
    let mut other = evidence.items["database"].clone();
    other["ARN"] = json!("arn:aws:rds:us-east-1:111122223333:db:other");
    other["resourceId"] = json!("other");
    other["configuration"]["dBInstanceIdentifier"] = json!("other");
    other["configuration"]["enabledCloudwatchLogsExports"] = json!([]);
    other["configuration"]["kmsKeyId"] = json!(second);
    evidence.items.insert("other", other);
    let now = shown(&workspace(&evidence, PLAN));
    assert!(now.unread["key"].iter().any(|words| words.contains(second)), "{:?}", now.unread["key"]);
    assert!(now.risks.contains(&risk("not evidenced")), "{:?}", now.risks);
    let mut key = evidence.items["key"].clone();
    key["ARN"] = json!(second);
    key["resourceId"] = json!("2c3d");
    key["configuration"]["keyId"] = json!("2c3d");
    evidence.items.insert("second", key);
    let now = shown(&workspace(&evidence, PLAN));
    assert!(now.unread["key"].is_empty() && now.defects["key"].is_empty(), "{:?}", now.unread["key"]);
}

#[test]
fn what_the_plans_file_leaves_out_is_a_defect_too() {
    let bare = PLAN
        .split("environment:")
        .next()
        .expect("a head")
        .replace("account 111122223333 in us-east-1", "the clinic's records");
    let now = shown(&workspace(&whole(), &bare));
    for (means, words) in [
        ("quarantine", "names no quarantine group"),
        ("break-glass", "names no role or user for an emergency"),
        ("bucket", "names no bucket for evidence"),
        ("place", "0 of 1 region"),
    ] {
        assert!(
            now.defects[means].iter().any(|defect| defect.contains(words)),
            "{means}: {:?}",
            now.defects[means]
        );
        assert!(now.risks.contains(&risk(means)), "{means}");
    }
    let same = PLAN.replace("444455556666", ACCOUNT);
    let now = shown(&workspace(&whole(), &same));
    assert!(
        now.defects["bucket"].iter().any(|defect| defect.contains("the one examined")),
        "{:?}",
        now.defects["bucket"]
    );
}

/// An item of another account than the plan's role is in.
fn elsewhere(name: &str, trusted: &str) -> Value {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": trusted } }]
    });
    let role = json!({
        "roleName": name, "path": "/", "rolePolicyList": [], "attachedManagedPolicies": [],
        "assumeRolePolicyDocument": trust
    });
    let mut role = of(item("AWS::IAM::Role", name, role), &format!("arn:aws:iam::444455556666:role/{name}"));
    role["awsAccountId"] = json!("444455556666");
    role
}

#[test]
fn each_account_has_its_emergency_role_or_one_that_the_named_one_may_take_on() {
    let two = |role: Value| {
        let mut evidence = whole();
        evidence.items.insert("elsewhere", role);
        let box_ = workspace(&evidence, PLAN);
        let mut yaml = std::fs::read_to_string(box_.path().join("affiant.yaml")).expect("a workspace");
        yaml = yaml.replace("accounts:\n", "accounts:\n  - { id: \"444455556666\", name: archive }\n");
        box_.write("affiant.yaml", yaml);
        box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
        let plan = parse(&box_.affiant(&["plan", "--format", "json"]).out);
        let row = plan["environment"]["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .find(|r| r["means"] == "break-glass")
            .expect("a row")
            .clone();
        (row["defects"].to_string(), row["unread"].to_string())
    };
    let (defects, unread) = two(elsewhere("reports", "arn:aws:iam::444455556666:root"));
    let told = [&defects, &unread]
        .into_iter()
        .any(|words| words.contains("kept for an emergency") && words.contains("account 444455556666"));
    assert!(told && !defects.contains("account 111122223333"), "{defects} {unread}");
    let (defects, unread) = two(elsewhere("responder-there", ROLE));
    assert!(!defects.contains("444455556666") && !unread.contains("444455556666"), "{defects} {unread}");
}

#[test]
fn what_was_not_read_is_not_evidenced_and_never_missing() {
    for (means, place) in [
        ("log-group", "us-east-1/logs/DescribeLogGroups"),
        ("vault", "us-east-1/backup/ListBackupVaults"),
        ("topic", "us-east-1/sns/ListSubscriptions"),
    ] {
        let mut evidence = whole();
        evidence.answers.remove(place).expect("it is there");
        let now = shown(&workspace(&evidence, PLAN));
        assert!(now.defects[means].is_empty(), "{means}: {:?}", now.defects[means]);
        assert!(!now.unread[means].is_empty(), "{means} says nothing");
        assert!(
            now.risks.contains(&risk("not evidenced")) && !now.risks.contains(&risk(means)),
            "{means}: {:?}",
            now.risks
        );
    }
    // a recorder that leaves types out, and none of them in the evidence
    let mut evidence = whole();
    let group = json!({
        "allSupported": false, "includeGlobalResourceTypes": false,
        "resourceTypes": ["AWS::EC2::Instance", "AWS::RDS::DBInstance"]
    });
    evidence.answers.insert(
        "us-east-1/config/DescribeConfigurationRecorders",
        json!({ "ConfigurationRecorders": [{ "name": "default", "recordingGroup": group }] }),
    );
    evidence.items.retain(|name, _| ["instance", "database"].contains(name));
    let now = shown(&workspace(&evidence, PLAN));
    for means in ["trail", "topic", "break-glass", "detector", "key", "quarantine"] {
        assert!(
            now.defects[means].is_empty() && !now.unread[means].is_empty(),
            "{means}: {:?} {:?}",
            now.defects[means],
            now.unread[means]
        );
    }
    // the bucket lies in another account
    let mut evidence = whole();
    evidence.items.remove("bucket");
    let now = shown(&workspace(&evidence, PLAN));
    assert!(
        now.defects["bucket"].is_empty() && now.unread["bucket"][0].contains("example-trail"),
        "{:?}",
        now.unread["bucket"]
    );
}

/// Each command goes through a shell in which `aws` writes its arguments down and nothing else is there.
#[test]
fn names_of_the_evidence_do_nothing_in_a_command() {
    let attacks = [
        "x'; touch owned; '",
        "$(touch owned)",
        "`touch owned`",
        "x\ntouch owned",
        "-rf",
        "file:///etc/passwd",
        "a b",
        "\u{202e}safe",
    ];
    for attack in attacks {
        let mut evidence = whole();
        let vault = json!({
            "BackupVaultName": attack,
            "BackupVaultArn": "arn:aws:backup:us-east-1:111122223333:backup-vault:x", "Locked": true
        });
        evidence.answers.insert("us-east-1/backup/ListBackupVaults", json!({ "BackupVaultList": [vault] }));
        evidence.items.get_mut("detector").expect("a detector")["configuration"]["Id"] = json!(attack);
        evidence.items.get_mut("trail").expect("a trail")["configuration"]["s3BucketName"] = json!(attack);
        let log = json!({
            "logGroupName": attack, "arn": "arn:aws:logs:us-east-1:111122223333:log-group:x:*",
            "retentionInDays": 3
        });
        evidence.answers.insert("us-east-1/logs/DescribeLogGroups", json!({ "logGroups": [log] }));
        let box_ = workspace(&evidence, PLAN);
        let now = shown(&box_);
        for means in ["vault", "detector", "bucket", "log-group"] {
            assert!(
                now.defects[means].iter().any(|d| d.contains("no command is made of it")),
                "{attack:?} {means}: {:?}",
                now.defects[means]
            );
        }
        run(&box_, &now.commands);
        assert!(!box_.path().join("owned").exists(), "{attack:?}");
    }
    // what AWS itself permits goes through whole
    let mut evidence = whole();
    let log = json!({
        "logGroupName": "/a#b/c.d_e-f", "arn": "arn:aws:logs:us-east-1:111122223333:log-group:x:*",
        "retentionInDays": 3
    });
    evidence.answers.insert("us-east-1/logs/DescribeLogGroups", json!({ "logGroups": [log] }));
    let box_ = workspace(&evidence, PLAN);
    let typed = run(&box_, &shown(&box_).commands);
    assert!(typed.lines().any(|line| line == "/a#b/c.d_e-f"), "{typed}");
}

fn run(box_: &Sandbox, commands: &[String]) -> String {
    box_.write("bin/aws", "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$OUT\"\n");
    let stub = box_.path().join("bin/aws");
    assert!(
        Command::new("chmod").args(["+x", &stub.display().to_string()]).status().expect("chmod").success()
    );
    let script = format!("PATH={}:$PATH\n{}\n", box_.path().join("bin").display(), commands.join("\n"));
    let done = Command::new("sh")
        .args(["-c", &script])
        .current_dir(box_.path())
        .env("OUT", box_.path().join("typed"))
        .output()
        .expect("a shell");
    assert!(done.status.success() || done.status.code().is_some(), "{done:?}");
    std::fs::read_to_string(box_.path().join("typed")).unwrap_or_default()
}

#[test]
fn the_plan_of_the_sample_names_the_samples_own_resources() {
    let root = repository().display().to_string();
    let box_ = Sandbox::default();
    let text = box_.affiant(&["--workspace", &root, "plan"]);
    for name in [
        "trail/twin-organization-trail",
        "example-log-archive-trail-123456789012",
        "/aws/rds/instance/twin-primary/postgresql",
        "c4b2d0e4e3d4fda59e2ce5ab27bc6b0e",
        "twin-security-alerts",
        "twin-vault",
        "alias/twin-rds",
        "role/twin-responder",
        "no quarantine group in `vpc-0ded09bd75e4fc501`, which holds 8 instances",
        "aws backup create-legal-hold --region 'us-west-2'",
        "aws kms cancel-key-deletion",
    ] {
        assert!(text.out.contains(name), "{name} is not in\n{}", text.out);
    }
    let page = box_.path().join("plan.html");
    box_.affiant(&[
        "--workspace",
        &root,
        "plan",
        "--format",
        "html",
        "--output",
        &page.display().to_string(),
    ]);
    let html = std::fs::read_to_string(&page).expect("a page");
    assert!(
        html.contains("The first ten commands")
            && html.contains("twin-security-alerts")
            && !html.contains("<script")
    );
}

/// Two sheets that fit a telephone; what people and the evidence call a thing does nothing in them.
#[test]
fn the_incident_card_has_two_sheets_and_holds_no_markup_of_others() {
    let box_ = workspace(
        &whole(),
        &format!(
            "{PLAN}roles:\n  - {{ role: \"<img src=x>`*_$#[\", name: \"Casey *Example*\", \
             contact: \"+1 202-555-0101\" }}\n"
        ),
    );
    let made = |format: &str| {
        let ran = box_.affiant(&["plan", "--card", "--format", format]);
        std::path::PathBuf::from(ran.out.trim())
    };
    let html = std::fs::read_to_string(made("html")).expect("a page");
    for held in [
        "&lt;img src=x&gt;`*_$#[",
        "Casey *Example*",
        "+1 202-555-0101",
        "aws sts get-caller-identity",
        "version 1",
        "approved by Rowan",
    ] {
        assert!(html.contains(held), "{held} is not in the card");
    }
    assert!(
        !html.contains("<img") && !html.contains("<script") && html.matches("class=\"sheet\"").count() == 2
    );
    let pdf = Command::new("pdftotext")
        .arg("-layout")
        .arg(made("pdf"))
        .arg("-")
        .output()
        .expect("pdftotext is installed");
    let text = String::from_utf8_lossy(&pdf.stdout).into_owned();
    assert_eq!(text.matches('\u{c}').count(), 2, "{text}");
    assert!(text.contains("<img src=x>`*_$#[") && text.contains("Casey *Example*"), "{text}");
    let refused = box_.affiant(&["plan", "--card"]);
    assert!(refused.code == 2 && refused.err.contains("--card --format html"), "{}", refused.err);
}
