//! What only IAM, IAM Access Analyzer and AWS Organizations can tell: the last use of roles, what strangers
//! reach, and which calls the organization refuses to all its accounts.

use serde_json::{Value, json};

use crate::item::{Item, tags};
use crate::moment::ANSWERS;
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::{GLOBAL, Story};

/// The sample's organization, which this account manages.
pub const ORGANIZATION: &str = "o-exampletwin";

pub fn build(east: &mut Region, west: &mut Region, story: &mut Story) {
    roles(east, story);
    analyzer(east, story);
    analyzer(west, story);
    organization(story);
}

/// IAM's own account of each role. One role of a rotated-out program was last used long ago.
fn roles(region: &mut Region, story: &mut Story) {
    let takers = ["twin-rotate", "twin-registry-sync", "log-archive-reader"];
    // the vendor's secrets are rotated and its log archive is read, so there it is the
    // program that was retired
    let idle = *region.rng.pick(if story.vendor() { &takers[1..2] } else { &takers });
    let details: Vec<Value> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::IAM::Role")
        .map(|item| detail(item, idle))
        .collect();
    story.answer(GLOBAL, "iam", "GetAccountAuthorizationDetails", &json!({"RoleDetailList": details}));
    story.fault(
        "iam.unused-role",
        format!("arn:aws:iam::{ACCOUNT}:role/{idle}"),
        format!("{idle} was last used months ago"),
    );
}

fn detail(item: &Item, idle: &str) -> Value {
    let is = &item.configuration;
    let days = if is["roleName"] == idle { 214 } else { 2 };
    json!({
        "Path": is["path"], "RoleName": is["roleName"], "RoleId": is["roleId"], "Arn": is["arn"],
        "CreateDate": is["createDate"],
        "RoleLastUsed": {"LastUsedDate": ANSWERS.minus_days(days).cli(), "Region": "us-east-1"}
    })
}

/// An analyzer for access from outside. In the primary region it found the open role and the open secret.
fn analyzer(region: &mut Region, story: &mut Story) {
    let name = "twin-outside";
    let arn = region.arn("access-analyzer", &format!("analyzer/{name}"));
    let tags = tags(name, "internal", "prod", "security");
    let configuration = json!({
        "AnalyzerName": name, "Arn": arn, "Type": "ACCOUNT", "ArchiveRules": [],
        "Tags": crate::item::pascal_tags(&tags)
    });
    let item =
        Item::new("AWS::AccessAnalyzer::Analyzer", &arn, &arn, configuration).named(name).tagged(&tags);
    region.push(item);
    let seen = ANSWERS.minus_minutes(40).cli();
    let one = json!({"arn": arn, "name": name, "type": "ACCOUNT", "status": "ACTIVE",
        "createdAt": ANSWERS.minus_days(500).cli(), "lastResourceAnalyzedAt": seen, "tags": {}});
    story.answer(region.name, "accessanalyzer", "ListAnalyzers", &json!({"analyzers": [one]}));
    let strangers = story.plants("accessanalyzer.no-open-findings");
    let findings = if region.primary { findings(region, &seen, strangers) } else { Vec::new() };
    if strangers && !findings.is_empty() {
        story.fault("accessanalyzer.no-open-findings", &arn, "an open role and an open secret");
    }
    story.answer_of(region.name, "accessanalyzer", "ListFindings", &arn, &json!({"findings": findings}));
}

fn findings(region: &mut Region, seen: &str, strangers: bool) -> Vec<Value> {
    let open = |item: &&Item| {
        item.name
            .as_deref()
            .is_some_and(|name| name.starts_with("partner-upload") || name == "twin/database/reports")
    };
    let wanted: Vec<(String, &'static str)> = region
        .items
        .iter()
        .filter(|_| strangers)
        .filter(open)
        .map(|item| (item.arn().to_string(), item.kind))
        .collect();
    let mut findings: Vec<Value> = wanted
        .into_iter()
        .map(|(arn, kind)| {
            json!({"id": region.rng.uuid(), "resource": arn, "resourceType": kind,
                "resourceOwnerAccount": ACCOUNT, "isPublic": true,
                "principal": {"AWS": "*"}, "action": ["sts:AssumeRole"], "condition": {},
                "status": "ACTIVE", "createdAt": seen, "analyzedAt": seen, "updatedAt": seen})
        })
        .collect();
    let reader = format!("arn:aws:iam::{ACCOUNT}:role/log-archive-reader");
    findings.push(json!({"id": region.rng.uuid(), "resource": reader, "resourceType": "AWS::IAM::Role",
        "resourceOwnerAccount": ACCOUNT,
        "isPublic": false, "principal": {"AWS": LOG_ACCOUNT}, "action": ["sts:AssumeRole"],
        "condition": {}, "status": "ARCHIVED", "createdAt": seen, "analyzedAt": seen, "updatedAt": seen}));
    findings
}

/// Identifier, name, where it is attached, and the statement that refuses.
type Guard = (&'static str, &'static str, bool, Value);

/// The organization refuses to stop trails, to weaken buckets and to leave; keys too, detection nowhere.
fn organization(story: &mut Story) {
    let arn = format!("arn:aws:organizations::{ACCOUNT}:organization/{ORGANIZATION}");
    let body = json!({"Organization": {
        "Id": ORGANIZATION, "Arn": arn, "FeatureSet": "ALL", "MasterAccountId": ACCOUNT,
        "MasterAccountArn": format!("arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{ACCOUNT}"),
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]
    }});
    story.answer(GLOBAL, "organizations", "DescribeOrganization", &body);
    let accounts: Vec<Value> = [(ACCOUNT, "twin-prod"), (LOG_ACCOUNT, "log-archive")]
        .iter()
        .map(|(id, name)| {
            json!({"Id": id, "Arn": format!("arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{id}"),
                "Name": name, "Status": "ACTIVE",
                "JoinedMethod": "CREATED", "JoinedTimestamp": ANSWERS.minus_days(1480).cli()})
        })
        .collect();
    story.answer(GLOBAL, "organizations", "ListAccounts", &json!({"Accounts": accounts}));
    let unguarded = story.plants("organizations.scp-protects-detection");
    let guards = guards(!unguarded);
    let listed: Vec<Value> = guards.iter().map(|(id, name, _, _)| summary(id, name)).collect();
    story.answer_of(
        GLOBAL,
        "organizations",
        "ListPolicies",
        "SERVICE_CONTROL_POLICY",
        &json!({"Policies": listed}),
    );
    for (id, name, _, statement) in &guards {
        let content = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let body = json!({"Policy": {"PolicySummary": summary(id, name), "Content": content}});
        story.answer_of(GLOBAL, "organizations", "DescribePolicy", id, &body);
    }
    for (id, _, at_root, _) in &guards {
        let target = if *at_root {
            json!({
                "TargetId": "r-ex4m",
                "Arn": format!("arn:aws:organizations::{ACCOUNT}:root/{ORGANIZATION}/r-ex4m"),
                "Name": "Root", "Type": "ROOT"
            })
        } else {
            let unit = "ou-ex4m-workload";
            json!({"TargetId": unit,
                "Arn": format!("arn:aws:organizations::{ACCOUNT}:ou/{ORGANIZATION}/{unit}"), "Name": "Trials",
                "Type": "ORGANIZATIONAL_UNIT"})
        };
        story.answer_of(GLOBAL, "organizations", "ListTargetsForPolicy", id, &json!({"Targets": [target]}));
    }
    if unguarded {
        story.fault(
            "organizations.scp-protects-detection",
            arn,
            "no organization policy refuses to switch off GuardDuty",
        );
    }
}

fn summary(id: &str, name: &str) -> Value {
    json!({"Id": id,
        "Arn": format!("arn:aws:organizations::{ACCOUNT}:policy/{ORGANIZATION}/service_control_policy/{id}"),
        "Name": name, "Description": "", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false})
}

fn guards(detection: bool) -> Vec<Guard> {
    let deny = |actions: &[&str]| json!({"Effect": "Deny", "Action": actions, "Resource": "*"});
    let mut trails = deny(&["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail"]);
    trails["Condition"] =
        json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/twin-trail-keeper"}});
    let mut guards = vec![
        ("p-ex1trails", "keep-trails", true, trails),
        (
            "p-ex2buckets",
            "keep-buckets",
            true,
            deny(&["s3:PutEncryptionConfiguration", "s3:PutAccountPublicAccessBlock"]),
        ),
        ("p-ex3leaving", "keep-accounts", true, deny(&["organizations:LeaveOrganization"])),
        ("p-ex4keys", "keep-keys", true, deny(&["kms:ScheduleKeyDeletion", "kms:DisableKey"])),
        ("p-ex5trials", "keep-trials-small", false, deny(&["ec2:RunInstances"])),
    ];
    if detection {
        let stops = [
            "guardduty:DeleteDetector",
            "config:StopConfigurationRecorder",
            "config:DeleteConfigurationRecorder",
        ];
        guards.push(("p-ex6detection", "keep-detection", true, deny(&stops)));
    }
    guards
}
