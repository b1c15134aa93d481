//! IAM: who may do what. Customer policies, groups, users and roles as AWS Config records them,
//! documents percent-encoded.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::item::{Item, document, lower_tags, tags};
use crate::moment::Moment;
use crate::people::{Person, people};
use crate::region::{ACCOUNT, Region};
use crate::roles;
use crate::story::Story;

/// Everyone and everything that holds policies, and which ones.
pub struct Holder {
    pub kind: &'static str,
    pub id: String,
    pub name: String,
    /// Customer policies by name.
    pub policies: Vec<String>,
    /// AWS's policies by the end of their ARN.
    pub managed: Vec<&'static str>,
}

struct Policy {
    name: String,
    id: String,
    document: Value,
    /// What it said before, kept as version 1.
    before: Option<Value>,
}

const GROUPS: [(&str, &[&str], &[&str]); 5] = [
    ("modelers", &["twin-run-models", "twin-refuse-without-mfa"], &[]),
    ("data-stewards", &["twin-read-lake", "twin-refuse-without-mfa"], &[]),
    ("support", &["twin-support", "twin-refuse-without-mfa"], &["job-function/ViewOnlyAccess"]),
    ("feeds", &["twin-write-intake"], &[]),
    ("break-glass", &["twin-become-responder", "twin-refuse-without-mfa"], &["SecurityAudit"]),
];

/// Adds all IAM items; the people, for the credential report.
pub fn build(region: &mut Region, story: &mut Story) -> Vec<Person> {
    let people = people(region, story);
    let mut policies = policies(region, story);
    let mut holders = roles::holders(region, story);
    let groups = groups(region);
    if story.plants("iam.no-administrator-policy") {
        hand_admin(region, story, &mut policies, &mut holders);
    }
    hand_too_much(region, story, &mut policies, &mut holders);
    let all: Vec<&Holder> = people
        .iter()
        .map(|person| &person.holder)
        .chain(&groups)
        .chain(holders.iter().map(|role| &role.holder))
        .collect();
    let ids: BTreeMap<String, String> =
        policies.iter().map(|policy| (policy.name.clone(), policy.id.clone())).collect();
    let mut items: Vec<Item> = policies.iter().map(|policy| policy_item(region, policy, &all)).collect();
    items.extend(groups.iter().map(|group| group_item(region, group, &people, &ids)));
    items.extend(people.iter().map(|person| user_item(person, &groups, &ids)));
    items.extend(holders.iter().map(|role| roles::item(role, &ids)));
    items.into_iter().for_each(|item| region.push(item));
    people
}

fn groups(region: &mut Region) -> Vec<Holder> {
    let holder = |(name, policies, managed): &(&str, &[&str], &[&'static str])| Holder {
        kind: "AWS::IAM::Group",
        id: format!("AGPA{}", region.rng.base32(17)),
        name: name.to_string(),
        policies: policies.iter().map(|policy| policy.to_string()).collect(),
        managed: managed.to_vec(),
    };
    GROUPS.iter().map(holder).collect()
}

fn policies(region: &mut Region, story: &Story) -> Vec<Policy> {
    let lake = format!("arn:aws:s3:::meridian-twin-*-{}/*", story.suffix);
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let mut policy = |name: &str, statements: Value, before: Option<Value>| Policy {
        name: name.into(),
        id: format!("ANPA{}", region.rng.base32(17)),
        document: json!({"Version": "2012-10-17", "Statement": statements}),
        before: before.map(|before| json!({"Version": "2012-10-17", "Statement": [before]})),
    };
    let keys: Vec<String> = region.keys.values().cloned().collect();
    let own = |service: &str, rest: &str| format!("arn:aws:{service}:*:{ACCOUNT}:{rest}");
    vec![
        policy("twin-read-lake", json!([allow(&["s3:GetObject", "s3:GetObjectVersion"], &lake)]), None),
        policy(
            "twin-run-models",
            json!([
                allow(&["states:StartExecution"], &own("states", "stateMachine:twin-*")),
                allow(&["ecs:RunTask"], &own("ecs", "task-definition/twin-*"))
            ]),
            Some(everything),
        ),
        policy(
            "twin-support",
            json!([allow(
                &["logs:FilterLogEvents", "logs:GetLogEvents"],
                &own("logs", "log-group:/ecs/twin-*")
            )]),
            None,
        ),
        policy(
            "twin-write-intake",
            json!([
                allow(&["s3:PutObject"], &lake),
                allow(&["kinesis:PutRecord", "kinesis:PutRecords"], &own("kinesis", "stream/twin-*"))
            ]),
            None,
        ),
        policy(
            "twin-become-responder",
            json!({
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Resource": format!("arn:aws:iam::{ACCOUNT}:role/twin-responder")
            }),
            None,
        ),
        policy(
            "twin-refuse-without-mfa",
            json!([{"Sid": "RefuseWithoutMfa", "Effect": "Deny", "NotAction": ["iam:ListMFADevices",
                "iam:EnableMFADevice", "iam:CreateVirtualMFADevice", "sts:GetSessionToken"],
            "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]),
            None,
        ),
        policy(
            "twin-use-keys",
            json!([{"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": keys}]),
            None,
        ),
        policy(
            "twin-write-logs",
            json!([allow(&["logs:CreateLogStream", "logs:PutLogEvents"], &own("logs", "log-group:*"))]),
            None,
        ),
        policy(
            "twin-copy-lake",
            json!([allow(&["s3:GetObjectVersionForReplication", "s3:ReplicateObject"], &lake)]),
            None,
        ),
    ]
}

pub fn allow(actions: &[&str], resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resource})
}

/// The policy that allows everything, and the automation role that holds it.
fn hand_admin(region: &mut Region, story: &mut Story, policies: &mut Vec<Policy>, roles: &mut [roles::Role]) {
    let name = story.name("legacy-operator");
    let actions = if region.rng.below(2) == 0 { json!("*") } else { json!(["*"]) };
    policies.push(Policy {
        name: name.clone(),
        id: format!("ANPA{}", region.rng.base32(17)),
        document: json!({
            "Version": "2012-10-17",
            "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": actions, "Resource": "*"}]
        }),
        before: None,
    });
    let takers = ["twin-deploy", "twin-workflow", "twin-registry-sync"];
    let taker = *region.rng.pick(&takers);
    let role = roles.iter_mut().find(|role| role.holder.name == taker).expect("the role is in the list");
    role.holder.policies.push(name.clone());
    story.fault(
        "iam.no-administrator-policy",
        policy_arn(&name),
        format!("{name}, held by role {taker}, allows every action on everything"),
    );
    story.fault(
        "iam.no-full-service-access",
        policy_arn(&name),
        format!("{name} allows all of every service"),
    );
}

/// The pipeline may pass any role to a function that it makes; the workflow holds all of a service.
fn hand_too_much(
    region: &mut Region,
    story: &mut Story,
    policies: &mut Vec<Policy>,
    roles: &mut [roles::Role],
) {
    if story.plants("iam.no-unrestricted-pass-role") {
        hand_release(region, story, policies, roles);
    }
    let places = story.name("twin-places");
    give(
        region,
        policies,
        roles,
        "twin-workflow",
        &places,
        json!({"Effect": "Allow", "Action": "geo:*", "Resource": "*"}),
    );
    story.fault(
        "iam.no-full-service-access",
        policy_arn(&places),
        format!("{places} allows all of Amazon Location"),
    );
}

fn hand_release(
    region: &mut Region,
    story: &mut Story,
    policies: &mut Vec<Policy>,
    roles: &mut [roles::Role],
) {
    let release = story.name("twin-release");
    let statements = json!([
        {"Effect": "Allow", "Action": ["iam:GetRole", "iam:PassRole"], "Resource": "*"},
        {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"],
         "Resource": format!("arn:aws:lambda:*:{ACCOUNT}:function:twin-*")}
    ]);
    give(region, policies, roles, "twin-deploy", &release, statements);
    story.fault(
        "iam.no-unrestricted-pass-role",
        policy_arn(&release),
        format!("{release} passes every role to services"),
    );
    let holder = format!("arn:aws:iam::{ACCOUNT}:role/twin-deploy");
    story.fault("iam.no-privilege-escalation", holder, "twin-deploy can run a function with any role");
}

fn give(
    region: &mut Region,
    policies: &mut Vec<Policy>,
    roles: &mut [roles::Role],
    taker: &str,
    name: &str,
    statements: Value,
) {
    policies.push(Policy {
        name: name.into(),
        id: format!("ANPA{}", region.rng.base32(17)),
        document: json!({"Version": "2012-10-17", "Statement": statements}),
        before: None,
    });
    let role = roles.iter_mut().find(|role| role.holder.name == taker).expect("the role is in the list");
    role.holder.policies.push(name.into());
}

pub fn policy_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:policy/{name}")
}

fn policy_item(region: &mut Region, policy: &Policy, holders: &[&Holder]) -> Item {
    let created = region.past(400, 900);
    let changed = if policy.before.is_some() { region.past(100, 390) } else { created };
    let mut versions =
        vec![version(&policy.document, if policy.before.is_some() { "v2" } else { "v1" }, true, changed)];
    versions.extend(policy.before.as_ref().map(|before| version(before, "v1", false, created)));
    let takers: Vec<&&Holder> =
        holders.iter().filter(|holder| holder.policies.contains(&policy.name)).collect();
    let configuration = json!({
        "policyName": policy.name, "policyId": policy.id, "arn": policy_arn(&policy.name), "path": "/",
        "defaultVersionId": versions[0]["versionId"],
        "attachmentCount": takers.len(), "permissionsBoundaryUsageCount": 0, "isAttachable": true,
        "description": null, "createDate": created.iso(),
        "updateDate": changed.iso(), "policyVersionList": versions
    });
    let mut item = Item::new("AWS::IAM::Policy", &policy.id, policy_arn(&policy.name), configuration)
        .named(&policy.name)
        .global()
        .created(created);
    for holder in takers {
        let label = match holder.kind {
            "AWS::IAM::User" => "Is attached to User",
            "AWS::IAM::Group" => "Is attached to Group",
            _ => "Is attached to Role",
        };
        item = item.link_both(holder.kind, &holder.id, &holder.name, label);
    }
    item
}

fn version(policy: &Value, id: &str, default: bool, at: Moment) -> Value {
    json!({
        "document": document(policy), "versionId": id, "isDefaultVersion": default, "createDate": at.iso()
    })
}

/// Names and ARNs of all policies that a holder has, as items list them.
pub fn attached(holder: &Holder) -> Value {
    let own = holder.policies.iter().map(|name| json!({"policyName": name, "policyArn": policy_arn(name)}));
    let managed = holder.managed.iter().map(|path| {
        json!({
            "policyName": path.rsplit('/').next(), "policyArn": format!("arn:aws:iam::aws:policy/{path}")
        })
    });
    own.chain(managed).collect()
}

/// The relationships to customer policies.
pub fn with_policies(mut item: Item, holder: &Holder, ids: &BTreeMap<String, String>) -> Item {
    for name in &holder.policies {
        item = item.link_both("AWS::IAM::Policy", &ids[name], name, "Is attached to CustomerManagedPolicy");
    }
    item
}

fn group_item(
    region: &mut Region,
    group: &Holder,
    people: &[Person],
    ids: &BTreeMap<String, String>,
) -> Item {
    let arn = format!("arn:aws:iam::{ACCOUNT}:group/{}", group.name);
    let created = region.past(500, 1000);
    let configuration = json!({
        "path": "/", "groupName": group.name, "groupId": group.id, "arn": arn, "createDate": created.iso(),
        "groupPolicyList": [], "attachedManagedPolicies": attached(group)
    });
    let mut item =
        Item::new(group.kind, &group.id, arn, configuration).named(&group.name).global().created(created);
    for person in people.iter().filter(|person| person.group == group.name) {
        item = item.link_both("AWS::IAM::User", &person.holder.id, &person.holder.name, "Contains User");
    }
    with_policies(item, group, ids)
}

fn user_item(person: &Person, groups: &[Holder], ids: &BTreeMap<String, String>) -> Item {
    let tags = tags(&person.holder.name, "internal", "prod", person.group);
    let configuration = json!({
        "path": "/", "userName": person.holder.name, "userId": person.holder.id, "arn": person.arn(),
        "createDate": person.created.iso(), "userPolicyList": [], "groupList": [person.group],
        "attachedManagedPolicies": attached(&person.holder), "tags": lower_tags(&tags)
    });
    let mut item = Item::new(person.holder.kind, &person.holder.id, person.arn(), configuration);
    item = item.named(&person.holder.name).global().created(person.created).tagged(&tags);
    if let Some(group) = groups.iter().find(|group| group.name == person.group) {
        item = item.link_both("AWS::IAM::Group", &group.id, &group.name, "Is attached to Group");
    }
    with_policies(item, &person.holder, ids)
}
