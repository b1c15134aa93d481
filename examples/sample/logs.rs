//! CloudWatch Logs and the region's own switches: what AWS Config does not record about places. Comes last,
//! when all log groups are known.

use serde_json::{Value, json};

use crate::region::{ACCOUNT, Region};
use crate::story::Story;

/// CloudWatch's step of seven years.
const SEVEN_YEARS: u32 = 2557;

/// The log group of DNS queries, which nobody ever empties.
const ROUTE: &str = "/aws/route53/twin.example.org";

pub fn build(region: &mut Region, story: &mut Story) {
    let mut names = std::mem::take(&mut region.log_groups);
    names.sort();
    names.dedup();
    let forgetful: Vec<usize> = (0..names.len())
        .filter(|&index| names[index].starts_with("/ecs/twin-") || names[index].starts_with("/aws/lambda/"))
        .collect();
    let (brief, bare) = if region.primary {
        (Some(*region.rng.pick(&forgetful)), Some(*region.rng.pick(&forgetful)))
    } else {
        (None, None)
    };
    let days = *region.rng.pick(&[14, 30, 90, 180]);
    let keep = |index: usize, name: &str| match name {
        _ if brief == Some(index) => Some(days),
        ROUTE => None,
        _ => Some(SEVEN_YEARS),
    };
    let groups: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(index, name)| group(region, name, keep(index, name), bare != Some(index)))
        .collect();
    if let (Some(brief), Some(bare)) = (brief, bare) {
        story.fault(
            "logs.retention",
            arn(region, &names[brief]),
            format!("log group {} keeps its events {days} days", names[brief]),
        );
        story.fault(
            "logs.log-group-encrypted",
            arn(region, &names[bare]),
            format!("log group {} has no KMS key", names[bare]),
        );
    }
    story.answer(region.name, "logs", "DescribeLogGroups", &json!({"logGroups": groups}));
    default_encryption(region, story);
}

fn arn(region: &Region, name: &str) -> String {
    region.arn("logs", &format!("log-group:{name}"))
}

/// A log group that keeps its events for some days, or for ever.
fn group(region: &mut Region, name: &str, days: Option<u32>, keyed: bool) -> Value {
    let own = arn(region, name);
    let mut group = json!({
        "logGroupName": name, "creationTime": region.past(200, 1000).0,
        "metricFilterCount": if name.contains("organization-trail") { 14 } else { 0 },
        "arn": format!("{own}:*"), "storedBytes": region.rng.between(10_000, 90_000_000_000),
        "logGroupClass": "STANDARD", "logGroupArn": own
    });
    if let Some(days) = days {
        group["retentionInDays"] = json!(days);
    }
    if keyed {
        group["kmsKeyId"] = json!(region.key("logs"));
    }
    group
}

/// The recovery region was opened later, and nobody switched default encryption on there.
fn default_encryption(region: &Region, story: &mut Story) {
    let kind = if region.primary { "sse-kms" } else { "none" };
    story.answer(
        region.name,
        "ec2",
        "GetEbsEncryptionByDefault",
        &json!({"EbsEncryptionByDefault": region.primary, "SseType": kind}),
    );
    if !region.primary {
        let place = format!("AWS::EC2::EBSEncryptionByDefault/{ACCOUNT}/{}", region.name);
        story.fault(
            "ec2.ebs-encryption-by-default",
            place,
            format!("new volumes in {} are not encrypted by default", region.name),
        );
    }
}
