//! AWS KMS: a customer key for each service, its alias, and the kinds of key that a check must tell apart.

use serde_json::{Value, json};

use crate::item::{Item, Tags, tags};
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

const PRIMARY: [&str; 14] = [
    "rds", "s3", "ebs", "efs", "dynamodb", "logs", "sns", "sqs", "kinesis", "search", "secrets", "backup",
    "lambda", "ecr",
];
const RECOVERY: [&str; 9] = ["rds", "s3", "ebs", "efs", "dynamodb", "logs", "sns", "sqs", "backup"];

/// Keys whose rotation the story may forget.
const FORGETTABLE: [&str; 4] = ["kinesis", "search", "lambda", "ecr"];

pub fn build(region: &mut Region, story: &mut Story) {
    let mut purposes: Vec<&'static str> = if region.primary { PRIMARY.to_vec() } else { RECOVERY.to_vec() };
    if !region.primary && !story.plants("kms.separate-keys") {
        purposes.push("secrets");
    }
    let unrotated = region.primary.then(|| *region.rng.pick(&FORGETTABLE));
    for purpose in purposes {
        let arn = customer(region, purpose, unrotated != Some(purpose));
        if unrotated == Some(purpose) {
            story.fault("kms.key-rotation", &arn, format!("automatic rotation of the {purpose} key is off"));
        }
        region.keys.insert(purpose, arn);
    }
    managed(region);
    if region.primary {
        signing(region);
        imported(region);
        if story.plants("kms.key-not-pending-deletion") {
            leaving(region, story);
        }
    }
}

/// A customer key of one service with its alias; the ARN.
pub fn customer(region: &mut Region, purpose: &str, rotates: bool) -> String {
    let tags = tags(&format!("twin-{purpose}"), "internal", "prod", "platform");
    let key = symmetric(region, &format!("Encrypts {purpose} data of the digital twin"));
    let arn = arn(region, &key);
    let extra = extras(&policy(region, purpose), Some(rotates), &tags);
    alias(region, &format!("alias/twin-{purpose}"), &key);
    push(region, key, extra, &tags);
    arn
}

fn arn(region: &Region, key: &Value) -> String {
    region.arn("kms", &format!("key/{}", key["keyId"].as_str().unwrap_or_default()))
}

/// The configuration of a symmetric customer key.
fn symmetric(region: &mut Region, description: &str) -> Value {
    let id = region.rng.uuid();
    let created = region.past(200, 1100);
    json!({
        "keyId": id, "arn": region.arn("kms", &format!("key/{id}")), "creationDate": created.0,
        "enabled": true,
        "description": description, "keyUsage": "ENCRYPT_DECRYPT", "keyState": "Enabled", "origin": "AWS_KMS",
        "keyManager": "CUSTOMER", "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "keySpec": "SYMMETRIC_DEFAULT",
        "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"], "signingAlgorithms": [], "multiRegion": false,
        "awsaccountId": ACCOUNT
    })
}

fn push(region: &mut Region, key: Value, extra: Value, tags: &Tags) {
    let created = crate::moment::Moment(key["creationDate"].as_i64().unwrap_or_default());
    let id = key["keyId"].as_str().unwrap_or_default().to_string();
    let item = Item::new("AWS::KMS::Key", id, arn(region, &key), key)
        .nowhere()
        .created(created)
        .tagged(tags)
        .supplementary(extra);
    region.push(item);
}

fn alias(region: &mut Region, name: &str, key: &Value) {
    let target = key["keyId"].as_str().unwrap_or_default();
    let configuration = json!({"AliasName": name, "TargetKeyId": target});
    let item = Item::new("AWS::KMS::Alias", name, region.arn("kms", name), configuration).named(name);
    region.push(item.link("AWS::KMS::Key", target, "Is associated with "));
}

fn extras(policy: &Value, rotates: Option<bool>, tags: &Tags) -> Value {
    let tags: Vec<Value> =
        tags.iter().map(|(key, value)| json!({"tagKey": key, "tagValue": value})).collect();
    let mut extra = json!({"Policy": pretty(policy, ""), "Tags": tags});
    if let Some(rotates) = rotates {
        extra["KeyRotationStatus"] = json!(rotates);
    }
    extra
}

/// The account administers, one service uses.
fn policy(region: &Region, purpose: &str) -> Value {
    let mut statements = vec![json!({
        "Sid": "AccountAdministers", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "kms:*", "Resource": "*"
    })];
    if purpose == "logs" {
        statements.push(json!({
            "Sid": "LogsUses", "Effect": "Allow",
            "Principal": {"Service": format!("logs.{}.amazonaws.com", region.name)},
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*",
                "kms:Describe*"], "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": region.arn("logs", "*")}}
        }));
    }
    if purpose == "sns" {
        statements.push(json!({
            "Sid": "AlarmsPublish", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        }));
    }
    json!({"Version": "2012-10-17", "Id": format!("twin-{purpose}"), "Statement": statements})
}

/// The key that AWS made for volumes: its policy names every principal and narrows by condition,
/// as all of AWS's do.
fn managed(region: &mut Region) {
    let mut key = symmetric(region, "Default key that protects my EBS volumes when no other key is defined");
    key["keyManager"] = json!("AWS");
    let policy = json!({"Version": "2012-10-17", "Id": "auto-ebs-2", "Statement": [
        {"Sid": "Allow access through EBS for all principals in the account that are authorized to use EBS",
            "Effect": "Allow",
         "Principal": {"AWS": "*"},
         "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
             "kms:DescribeKey"],
         "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT,
             "kms:ViaService": format!("ec2.{}.amazonaws.com", region.name)}}},
        {"Sid": "Allow direct access to key metadata to the account", "Effect": "Allow",
         "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
         "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"], "Resource": "*"}
    ]});
    push(region, key, json!({"Policy": pretty(&policy, "")}), &Tags::new());
}

/// An asymmetric key, which KMS cannot rotate.
fn signing(region: &mut Region) {
    let tags = tags("twin-export-signing", "internal", "prod", "platform");
    let mut key = symmetric(region, "Signs exports to the state registry");
    key["keyUsage"] = json!("SIGN_VERIFY");
    key["customerMasterKeySpec"] = json!("ECC_NIST_P384");
    key["keySpec"] = json!("ECC_NIST_P384");
    key["encryptionAlgorithms"] = json!([]);
    key["signingAlgorithms"] = json!(["ECDSA_SHA_384"]);
    let extra = extras(&policy(region, "export-signing"), Some(false), &tags);
    alias(region, "alias/twin-export-signing", &key);
    push(region, key, extra, &tags);
}

/// A key whose material the county brought, shared with the log archive; KMS cannot rotate it.
fn imported(region: &mut Region) {
    let tags = tags("county-brought", "internal", "prod", "platform");
    let mut key = symmetric(region, "County's own key material for the records exchange");
    key["origin"] = json!("EXTERNAL");
    key["expirationModel"] = json!("KEY_MATERIAL_DOES_NOT_EXPIRE");
    let mut policy = policy(region, "county-brought");
    policy["Statement"] = json!([policy["Statement"][0], {
        "Sid": "ArchiveReads", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{LOG_ACCOUNT}:role/log-archive-reader")},
        "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"
    }]);
    let extra = extras(&policy, Some(false), &tags);
    alias(region, "alias/county-brought", &key);
    push(region, key, extra, &tags);
}

/// A key in its waiting period before deletion.
fn leaving(region: &mut Region, story: &mut Story) {
    let tags = tags("retired-exports", "internal", "prod", "platform");
    let mut key = symmetric(region, "Encrypted the exports before 2025");
    key["enabled"] = json!(false);
    key["keyState"] = json!("PendingDeletion");
    let days = region.rng.between(6, 24);
    key["deletionDate"] = json!(SNAPSHOT.plus_days(days).0);
    let arn = arn(region, &key);
    let extra = extras(&policy(region, "retired-exports"), Some(false), &tags);
    push(region, key, extra, &tags);
    story.fault(
        "kms.key-not-pending-deletion",
        arn,
        format!("the key of old exports will be deleted in {days} days"),
    );
}

/// JSON as KMS writes a key policy: two spaces, ` : ` after a member's name, lists on one line.
fn pretty(value: &Value, pad: &str) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let inner = format!("{pad}  ");
            let lines: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{inner}{} : {}", json!(name), pretty(value, &inner)))
                .collect();
            format!("{{\n{}\n{pad}}}", lines.join(",\n"))
        }
        Value::Array(elements) if !elements.is_empty() => {
            let parts: Vec<String> = elements.iter().map(|element| pretty(element, pad)).collect();
            format!("[ {} ]", parts.join(", "))
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => value.to_string(),
    }
}
