//! Amazon S3: the data lake and the buckets around it, the account's public access block, and five buckets
//! with one fault each.

use serde_json::{Value, json};

use crate::item::{Item, Tags, tags};
use crate::moment::Moment;
use crate::region::{ACCOUNT, Region};
use crate::story::{GLOBAL, Story};

/// What a bucket has switched on.
#[derive(Clone, Copy)]
pub struct Guards {
    pub tls: bool,
    pub kms: bool,
    pub versions: bool,
    pub logging: bool,
    pub blocked: bool,
}

pub const ALL: Guards = Guards { tls: true, kms: true, versions: true, logging: true, blocked: true };

const EAST: [(&str, &str); 14] = [
    ("raw-intake", "phi"),
    ("curated", "phi"),
    ("simulation-state", "phi"),
    ("exports", "phi"),
    ("lab-feeds", "phi"),
    ("query-results", "phi"),
    ("syndromic-feeds", "phi"),
    ("registry-extracts", "phi"),
    ("model-artifacts", "internal"),
    ("geodata", "internal"),
    ("config-delivery", "internal"),
    ("build-artifacts", "internal"),
    ("public-maps", "public"),
    ("access-logs", "internal"),
];
const WEST: [(&str, &str); 4] = [
    ("recovery-raw", "phi"),
    ("recovery-curated", "phi"),
    ("config-delivery", "internal"),
    ("access-logs", "internal"),
];

/// Buckets that the story may spoil; all hold PHI.
const LAX: [&str; 6] =
    ["curated", "exports", "lab-feeds", "query-results", "syndromic-feeds", "registry-extracts"];

pub fn build(region: &mut Region, story: &mut Story) {
    let spoiled = if region.primary && story.plants("s3.versioning") {
        region.rng.shuffled(LAX.to_vec())
    } else {
        Vec::new()
    };
    let buckets = if region.primary { &EAST[..] } else { &WEST[..] };
    for (role, class) in buckets {
        let name = bucket_name(region, story, role);
        let mut guards =
            if *role == "access-logs" { Guards { kms: false, logging: false, ..ALL } } else { ALL };
        if let Some(number) = spoiled.iter().position(|spoiled| spoiled == role) {
            guards = spoil(story, &name, number);
        }
        push(region, story, role, class, &name, guards);
    }
    if region.primary {
        account_block(region, story);
    }
}

fn bucket_name(region: &Region, story: &Story, role: &str) -> String {
    let place = if region.primary { "use1" } else { "usw2" };
    format!("meridian-twin-{role}-{place}-{}", story.suffix)
}

/// The fault of the first five; the others stay whole.
fn spoil(story: &mut Story, name: &str, number: usize) -> Guards {
    let arn = format!("arn:aws:s3:::{name}");
    let (check, what, guards) = match number {
        0 => (
            "s3.policy-denies-plain-transport",
            "has no policy that refuses plain HTTP",
            Guards { tls: false, ..ALL },
        ),
        1 => ("s3.default-encryption-kms", "encrypts with Amazon's own key", Guards { kms: false, ..ALL }),
        2 => ("s3.versioning", "has suspended versioning", Guards { versions: false, ..ALL }),
        3 => ("s3.access-logging", "writes no access log", Guards { logging: false, ..ALL }),
        4 => (
            "s3.bucket-public-access-block",
            "does not block public policies",
            Guards { blocked: false, ..ALL },
        ),
        _ => return ALL,
    };
    story.fault(check, arn, format!("{name} {what}"));
    guards
}

fn push(region: &mut Region, story: &mut Story, role: &str, class: &str, name: &str, guards: Guards) {
    let mut tags = tags(name, class, "prod", "data");
    if role == "simulation-state" {
        tags.insert("contact".into(), "chart owner 078-05-1120".into());
        story.secret("social-security-number", "078-05-1120", region.name);
    }
    let claimed = ["raw-intake", "simulation-state"].contains(&role);
    if claimed {
        tags.insert("mfa-delete".into(), "required".into());
    }
    let created = region.past(300, 1100);
    let logs = bucket_name(region, story, "access-logs");
    let target = role == "access-logs";
    let mut item = item(region, name, &tags, created, guards, &logs);
    if target {
        log_target(&mut item, name);
    }
    if target && !region.primary && story.plants("s3.log-bucket-retention") {
        let brief = json!({"expirationInDays": 90, "noncurrentVersionExpirationInDays": 30});
        let rule = &mut item.supplementary["BucketLifecycleConfiguration"]["rules"][0];
        brief.as_object().into_iter().flatten().for_each(|(member, days)| rule[member] = days.clone());
        story.fault(
            "s3.log-bucket-retention",
            item.arn(),
            format!("{name} deletes access logs after 120 days"),
        );
    }
    let kept = role == "simulation-state" || !story.plants("s3.mfa-delete-where-claimed");
    if claimed && kept {
        item.supplementary["BucketVersioningConfiguration"]["isMfaDeleteEnabled"] = json!(true);
    } else if claimed {
        story.fault(
            "s3.mfa-delete-where-claimed",
            item.arn(),
            format!("{name} is tagged mfa-delete and deletes without a second factor"),
        );
    }
    region.store(&format!("arn:aws:s3:::{name}"), "S3", class == "phi");
    region.push(item);
}

/// The item of a bucket that writes its access log to `logs`.
pub fn item(region: &Region, name: &str, tags: &Tags, created: Moment, guards: Guards, logs: &str) -> Item {
    let owner = "5f0c1e2d3b4a59687786a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let configuration =
        json!({"name": name, "owner": {"displayName": null, "id": owner}, "creationDate": created.iso()});
    let grants = json!([{"grantee": {"id": owner, "displayName": null}, "permission": "FullControl"}]);
    let acl = json!({
        "grantSet": null, "grantList": grants, "owner": {"displayName": null, "id": owner},
        "isRequesterCharged": false
    });
    let extra = json!({
        "AccessControlList": acl.to_string(), "BucketAccelerateConfiguration": {"status": null},
        "BucketNotificationConfiguration": {"configurations": {}},
        "BucketLoggingConfiguration": if guards.logging {
            json!({"destinationBucketName": logs, "logFilePrefix": format!("{name}/")})
        } else {
            json!({"destinationBucketName": null, "logFilePrefix": null})
        },
        "BucketPolicy": {"policyText": policy(name, guards)},
        "BucketTaggingConfiguration": {"tagSets": [{"tags": tags}]},
        "BucketVersioningConfiguration": {"status": if guards.versions { "Enabled" } else { "Suspended" },
            "isMfaDeleteEnabled": null},
        "BucketLifecycleConfiguration": {"rules": [lifecycle()]}, "IsRequesterPaysEnabled": false,
        "PublicAccessBlockConfiguration": {"blockPublicAcls": true, "ignorePublicAcls": true,
            "blockPublicPolicy": guards.blocked, "restrictPublicBuckets": guards.blocked},
        "ServerSideEncryptionConfiguration": {"rules": [encryption(region, guards)]}
    });
    let item = Item::new("AWS::S3::Bucket", name, format!("arn:aws:s3:::{name}"), configuration);
    item.named(name).created(created).tagged(tags).supplementary(extra)
}

fn encryption(region: &Region, guards: Guards) -> Value {
    let rule = if guards.kms {
        json!({"sseAlgorithm": "aws:kms", "kmsMasterKeyID": region.key("s3")})
    } else {
        json!({"sseAlgorithm": "AES256", "kmsMasterKeyID": null})
    };
    json!({"applyServerSideEncryptionByDefault": rule, "bucketKeyEnabled": guards.kms})
}

/// Old versions go after seven years; nothing else expires.
fn lifecycle() -> Value {
    json!({
        "id": "seven-years", "prefix": null, "status": "Enabled",
        "filter": {"predicate": {"type": "LifecyclePrefixPredicate", "prefix": ""}},
        "expirationInDays": -1, "expiredObjectDeleteMarker": false, "noncurrentVersionExpirationInDays": 2557,
        "transitions": [{"days": 90, "date": null, "storageClass": "GLACIER_IR"}],
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}
    })
}

/// The policy as one JSON text, or null where there is none.
fn policy(name: &str, guards: Guards) -> Value {
    if !guards.tls {
        return Value::Null;
    }
    json!(json!({"Version": "2012-10-17", "Statement": [deny_plain(name)]}).to_string())
}

fn deny_plain(name: &str) -> Value {
    json!({
        "Sid": "RefusePlainTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{name}"), format!("arn:aws:s3:::{name}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}
    })
}

/// The bucket that takes the others' access logs: S3 can deliver them only under its own key,
/// and not in a circle.
fn log_target(item: &mut Item, name: &str) {
    let deliver = json!({
        "Sid": "LogDelivery", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{name}/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [deny_plain(name), deliver]});
    item.supplementary["BucketPolicy"] = json!({"policyText": policy.to_string()});
}

/// All four switches for the whole account, as AWS Config and as S3 Control tell it.
fn account_block(region: &mut Region, story: &mut Story) {
    let configuration = json!({
        "blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": true,
        "restrictPublicBuckets": true
    });
    let mut item = Item::new("AWS::S3::AccountPublicAccessBlock", ACCOUNT, "", configuration).nowhere();
    item.arn = None;
    region.push(item);
    let answer = json!({
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true,
            "BlockPublicPolicy": true, "RestrictPublicBuckets": true}
    });
    story.answer(GLOBAL, "s3control", "GetPublicAccessBlock", &answer);
}
