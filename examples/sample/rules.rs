//! What AWS Config's managed rules say: evaluated from the items themselves, with one result left over
//! from before a change.

use serde_json::{Value, json};

use crate::item::Item;
use crate::moment::{Moment, SNAPSHOT};
use crate::people::Person;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

/// Whether the resource passes; none where the rule does not apply to it.
type Judge = fn(&Item) -> Option<bool>;

const INSTANCE: &str = "AWS::RDS::DBInstance";
const BUCKET: &str = "AWS::S3::Bucket";
const GROUP: &str = "AWS::EC2::SecurityGroup";

/// Rules of one type whose answer is in the item.
const RULES: [(&str, &str, Judge); 16] = [
    ("rds-storage-encrypted", INSTANCE, |item| item.configuration["storageEncrypted"].as_bool()),
    ("rds-instance-public-access-check", INSTANCE, |item| {
        item.configuration["publiclyAccessible"].as_bool().map(|public| !public)
    }),
    ("rds-logging-enabled", INSTANCE, |item| {
        Some(item.configuration["enabledCloudwatchLogsExports"] != json!([]))
    }),
    ("rds-instance-deletion-protection-enabled", INSTANCE, |item| {
        item.configuration["deletionProtection"].as_bool()
    }),
    ("rds-snapshot-encrypted", "AWS::RDS::DBSnapshot", |item| item.configuration["encrypted"].as_bool()),
    ("rds-snapshots-public-prohibited", "AWS::RDS::DBSnapshot", |item| {
        Some(!item.supplementary.to_string().contains("\"all\""))
    }),
    ("encrypted-volumes", "AWS::EC2::Volume", |item| {
        (item.configuration["state"] == "in-use").then_some(item.configuration["encrypted"] == true)
    }),
    ("s3-bucket-ssl-requests-only", BUCKET, |item| {
        Some(item.supplementary["BucketPolicy"].to_string().contains("aws:SecureTransport"))
    }),
    ("s3-bucket-versioning-enabled", BUCKET, |item| {
        Some(item.supplementary["BucketVersioningConfiguration"]["status"] == "Enabled")
    }),
    ("ec2-imdsv2-check", "AWS::EC2::Instance", |item| {
        Some(item.configuration["metadataOptions"]["httpTokens"] == "required")
    }),
    ("restricted-incoming-traffic", GROUP, |item| Some(!admits_world(item))),
    ("vpc-default-security-group-closed", GROUP, |item| {
        (item.name.as_deref() == Some("default"))
            .then(|| !item.configuration.to_string().contains("ipProtocol"))
    }),
    ("dynamodb-pitr-enabled", "AWS::DynamoDB::Table", |item| {
        Some(item.supplementary.to_string().contains("earliestRestorableDateTime"))
    }),
    ("cmk-backing-key-rotation-enabled", "AWS::KMS::Key", rotates),
    ("efs-encrypted-check", "AWS::EFS::FileSystem", |item| item.configuration["Encrypted"].as_bool()),
    ("iam-user-no-policies-check", "AWS::IAM::User", |item| {
        item.configuration["attachedManagedPolicies"].as_array().map(Vec::is_empty)
    }),
];

/// The rule looks at enabled customer keys whose material KMS made itself.
fn rotates(item: &Item) -> Option<bool> {
    let wanted = [
        ("keyManager", "CUSTOMER"),
        ("keyState", "Enabled"),
        ("origin", "AWS_KMS"),
        ("keySpec", "SYMMETRIC_DEFAULT"),
    ];
    let judged = wanted.iter().all(|(member, value)| item.configuration[*member] == *value);
    judged.then_some(item.supplementary["KeyRotationStatus"] == true)
}

/// The rule is deployed with the ports of SSH, Remote Desktop and PostgreSQL.
fn admits_world(item: &Item) -> bool {
    let world = |rule: &Value| {
        let ranges = [&rule["ipv4Ranges"], &rule["ipv6Ranges"]].map(Value::to_string).concat();
        ranges.contains("\"0.0.0.0/0\"") || ranges.contains("\"::/0\"")
    };
    let blocked = |rule: &Value| {
        [22, 3389, 5432]
            .iter()
            .any(|port| rule["fromPort"].as_i64() <= Some(*port) && rule["toPort"].as_i64() >= Some(*port))
    };
    let rules = item.configuration["ipPermissions"].as_array().into_iter().flatten();
    rules.filter(|rule| rule["ipProtocol"] == "tcp").any(|rule| world(rule) && blocked(rule))
}

pub fn build(region: &mut Region, story: &mut Story, people: &[Person]) {
    for (rule, kind, judge) in RULES {
        let judged: Vec<(String, bool)> = region
            .items
            .iter()
            .filter(|item| item.kind == kind)
            .filter_map(|item| Some((item.id.clone(), judge(item)?)))
            .collect();
        let results = judged.iter().map(|(id, good)| result(region, rule, kind, id, *good)).collect();
        answer(region, story, rule, results);
    }
    flow_logs(region, story);
    credentials(region, story, people);
    let detector = result(region, "guardduty-enabled-centralized", "AWS::::Account", ACCOUNT, true);
    answer(region, story, "guardduty-enabled-centralized", vec![detector]);
    listing(region, story);
}

/// Rules beside [`RULES`], and the parameters that some are deployed with.
const MORE: [&str; 4] = [
    "access-keys-rotated",
    "guardduty-enabled-centralized",
    "mfa-enabled-for-iam-console-access",
    "vpc-flow-logs-enabled",
];
const PARAMETERS: [(&str, &str); 2] = [
    ("access-keys-rotated", r#"{"maxAccessKeyAge":"90"}"#),
    ("restricted-incoming-traffic", r#"{"blockedPort1":"22","blockedPort2":"3389","blockedPort3":"5432"}"#),
];

/// Every rule that is deployed in the region.
fn listing(region: &Region, story: &mut Story) {
    let mut names: Vec<&str> = RULES.iter().map(|(name, ..)| *name).chain(MORE).collect();
    names.sort_unstable();
    let rules: Vec<Value> = names.iter().map(|name| deployed(region, name)).collect();
    story.answer(region.name, "config", "DescribeConfigRules", &json!({"ConfigRules": rules}));
}

fn deployed(region: &Region, name: &str) -> Value {
    let identifier = name.to_uppercase().replace('-', "_");
    let id: u64 = name.bytes().fold(7, |sum, b| (sum * 31 + u64::from(b)) % 2_176_782_336);
    let mut rule = json!({
        "ConfigRuleName": name,
        "ConfigRuleArn": region.arn("config", &format!("config-rule/config-rule-{id:06}")),
        "ConfigRuleId": format!("config-rule-{id:06}"),
        "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
        "ConfigRuleState": "ACTIVE",
        "EvaluationModes": [{"Mode": "DETECTIVE"}]
    });
    if let Some((_, parameters)) = PARAMETERS.iter().find(|(rule, _)| *rule == name) {
        rule["InputParameters"] = json!(parameters);
    }
    rule
}

/// A VPC passes when a flow log names it.
fn flow_logs(region: &mut Region, story: &mut Story) {
    let logged: Vec<Value> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::EC2::FlowLog")
        .map(|item| item.configuration["resourceId"].clone())
        .collect();
    let vpcs: Vec<String> =
        region.items.iter().filter(|item| item.kind == "AWS::EC2::VPC").map(|item| item.id.clone()).collect();
    let rule = "vpc-flow-logs-enabled";
    let results = vpcs
        .iter()
        .map(|id| result(region, rule, "AWS::EC2::VPC", id, logged.contains(&json!(id))))
        .collect();
    answer(region, story, rule, results);
}

/// Rules that read the credential report, in the region that records IAM.
fn credentials(region: &mut Region, story: &mut Story, people: &[Person]) {
    let here: Vec<&Person> = people.iter().filter(|_| region.primary).collect();
    let console = here.iter().filter(|person| person.console);
    let results = console
        .map(|person| {
            result(
                region,
                "mfa-enabled-for-iam-console-access",
                "AWS::IAM::User",
                &person.holder.id,
                person.mfa,
            )
        })
        .collect();
    answer(region, story, "mfa-enabled-for-iam-console-access", results);
    let fresh = SNAPSHOT.minus_days(90);
    let results = here
        .iter()
        .filter_map(|person| Some((person, person.key?.0)))
        .map(|(person, made)| {
            result(region, "access-keys-rotated", "AWS::IAM::User", &person.holder.id, made >= fresh)
        })
        .collect();
    answer(region, story, "access-keys-rotated", results);
}

fn result(region: &mut Region, rule: &str, kind: &str, id: &str, good: bool) -> Value {
    let recorded = Moment(SNAPSHOT.0 - region.rng.between(600, 80_000) * 1000);
    json!({
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {"ConfigRuleName": rule, "ResourceType": kind,
                "ResourceId": id, "EvaluationMode": "DETECTIVE"},
            "OrderingTimestamp": Moment(recorded.0 - 4_000).cli()
        },
        "ComplianceType": if good { "COMPLIANT" } else { "NON_COMPLIANT" },
        "ResultRecordedTime": recorded.cli(), "ConfigRuleInvokedTime": Moment(recorded.0 - 700).cli()
    })
}

fn answer(region: &Region, story: &mut Story, rule: &str, mut results: Vec<Value>) {
    if rule == "s3-bucket-versioning-enabled" && region.primary {
        results.iter_mut().filter(|result| result["ComplianceType"] == "NON_COMPLIANT").for_each(outdate);
    }
    story.answer_of(
        region.name,
        "config",
        "GetComplianceDetailsByConfigRule",
        rule,
        &json!({"EvaluationResults": results}),
    );
}

/// The rule last ran weeks before somebody suspended versioning, and still says that all is well.
fn outdate(result: &mut Value) {
    let then = SNAPSHOT.minus_days(47);
    result["ComplianceType"] = json!("COMPLIANT");
    result["ResultRecordedTime"] = json!(then.cli());
    result["ConfigRuleInvokedTime"] = json!(Moment(then.0 - 700).cli());
    result["EvaluationResultIdentifier"]["OrderingTimestamp"] = json!(Moment(then.0 - 4_000).cli());
}
