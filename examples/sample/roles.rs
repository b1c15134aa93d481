//! IAM roles: the twin's services, AWS's own service-linked ones, those of Identity Center, and one
//! that trusts everybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::containers;
use crate::functions;
use crate::identity::{Holder, allow, attached, with_policies};
use crate::item::{Item, Tags, document, lower_tags, tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

pub struct Role {
    pub holder: Holder,
    path: String,
    trust: Value,
    inline: Option<Value>,
    created: Moment,
    tags: Tags,
}

/// Name, the service that takes it, customer policies, AWS policies.
type Service = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const SERVICES: [Service; 12] = [
    ("twin-ecs-execution", "ecs-tasks", &[], &["service-role/AmazonECSTaskExecutionRolePolicy"]),
    ("twin-worker", "ec2", &["twin-read-lake", "twin-run-models"], &["AmazonSSMManagedInstanceCore"]),
    ("twin-workflow", "states", &["twin-run-models"], &[]),
    ("twin-registry-sync", "ecs-tasks", &["twin-read-lake"], &[]),
    ("twin-rds-monitoring", "monitoring.rds", &[], &["service-role/AmazonRDSEnhancedMonitoringRole"]),
    (
        "twin-backup",
        "backup",
        &[],
        &[
            "service-role/AWSBackupServiceRolePolicyForBackup",
            "service-role/AWSBackupServiceRolePolicyForRestores",
        ],
    ),
    ("twin-flow-logs", "vpc-flow-logs", &["twin-write-logs"], &[]),
    ("twin-trail-logs", "cloudtrail", &["twin-write-logs"], &[]),
    ("twin-api-logs", "apigateway", &[], &["service-role/AmazonAPIGatewayPushToCloudWatchLogs"]),
    ("twin-replication", "s3", &["twin-copy-lake"], &[]),
    ("twin-rotate", "lambda", &["twin-use-keys"], &["service-role/AWSLambdaBasicExecutionRole"]),
    ("twin-search", "es", &[], &[]),
];

const LINKED: [(&str, &str); 6] = [
    ("AWSServiceRoleForECS", "ecs"),
    ("AWSServiceRoleForRDS", "rds"),
    ("AWSServiceRoleForConfig", "config"),
    ("AWSServiceRoleForAutoScaling", "autoscaling"),
    ("AWSServiceRoleForBackup", "backup"),
    ("AWSServiceRoleForAmazonGuardDuty", "guardduty"),
];

pub fn holders(region: &mut Region, story: &mut Story) -> Vec<Role> {
    let mut roles: Vec<Role> = SERVICES.iter().map(|service| service_role(region, service)).collect();
    roles.extend(program_roles(region, story));
    if story.plants("iam.no-inline-policy") {
        story.fault(
            "iam.no-inline-policy",
            format!("arn:aws:iam::{ACCOUNT}:role/twin-search"),
            "twin-search holds a policy of its own",
        );
    } else if let Some(search) = roles.iter_mut().find(|role| role.holder.name == "twin-search") {
        search.inline = None;
        search.holder.policies.push("twin-write-logs".into());
    }
    roles.extend(LINKED.iter().map(|(name, service)| linked(region, name, service)));
    if story.plants("sso.no-administrator-set") {
        roles.push(reserved(region, "AdministratorAccess", &["AdministratorAccess"]));
    }
    roles.push(reserved(region, "AuditReader", &["SecurityAudit"]));
    roles.extend(people_roles(region));
    if story.plants("iam.role-trust-not-open") {
        roles.push(open(region, story));
    }
    roles
}

/// A role by name, under `path`, with `trust` statements.
pub fn role(region: &mut Region, name: &str, path: &str, trust: Value) -> Role {
    let created = region.past(200, 900);
    Role {
        holder: Holder {
            kind: "AWS::IAM::Role",
            id: format!("AROA{}", region.rng.base32(17)),
            name: name.into(),
            policies: vec![],
            managed: vec![],
        },
        path: path.into(),
        trust: json!({"Version": "2012-10-17", "Statement": [trust]}),
        inline: None,
        created,
        tags: tags(name, "internal", "prod", "platform"),
    }
}

pub fn trusts_service(service: &str) -> Value {
    json!({
        "Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")},
        "Action": "sts:AssumeRole"
    })
}

fn service_role(region: &mut Region, (name, service, policies, managed): &Service) -> Role {
    let mut role = role(region, name, "/", trusts_service(service));
    role.holder.policies = policies.iter().map(|policy| policy.to_string()).collect();
    role.holder.managed = managed.to_vec();
    if policies.is_empty() && managed.is_empty() {
        let target = format!("arn:aws:logs:*:{ACCOUNT}:log-group:*");
        role.inline = Some(json!({
            "Version": "2012-10-17",
            "Statement": [allow(&["logs:CreateLogStream", "logs:PutLogEvents"], &target)]
        }));
    }
    role
}

/// A role for each task family, and for each function but one, which shares its neighbor's.
fn program_roles(region: &mut Region, story: &Story) -> Vec<Role> {
    let tasks = containers::FAMILIES.iter().map(|name| {
        (format!("twin-task-{name}"), "ecs-tasks", vec!["twin-read-lake", "twin-use-keys"], vec![])
    });
    let made = |name: &&&str| **name != "pilot-index" || story.plants("lambda.function-not-in-public-subnet");
    let own = |name: &&&str| functions::taken(name, story) == functions::role(name);
    let functions = functions::NAMES.iter().filter(made).filter(own).map(|name| {
        let managed = vec!["service-role/AWSLambdaVPCAccessExecutionRole"];
        (functions::role(name), "lambda", vec!["twin-write-intake", "twin-use-keys"], managed)
    });
    let wanted: Vec<_> = tasks.chain(functions).collect();
    let made = wanted.into_iter().map(|(name, service, policies, managed)| {
        let mut role = role(region, &name, "/", trusts_service(service));
        role.holder.policies = policies.into_iter().map(str::to_string).collect();
        role.holder.managed = managed;
        role
    });
    made.collect()
}

fn linked(region: &mut Region, name: &str, service: &str) -> Role {
    let mut role =
        role(region, name, &format!("/aws-service-role/{service}.amazonaws.com/"), trusts_service(service));
    role.tags = Tags::new();
    role
}

/// What IAM Identity Center makes of a permission set.
fn reserved(region: &mut Region, set: &str, managed: &[&'static str]) -> Role {
    let name = format!("AWSReservedSSO_{set}_{}", region.rng.hex(16));
    let provider =
        format!("arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_{}_DO_NOT_DELETE", region.rng.hex(16));
    let trust = json!({"Effect": "Allow", "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}});
    let mut role = role(region, &name, "/aws-reserved/sso.amazonaws.com/", trust);
    role.holder.managed = managed.to_vec();
    role.tags = Tags::new();
    role
}

/// Roles that people and pipelines take from outside.
fn people_roles(region: &mut Region) -> Vec<Role> {
    let archive = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{LOG_ACCOUNT}:root")},
        "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "meridian-log-archive"},
            "ArnLike": {"aws:PrincipalArn": format!("arn:aws:iam::{LOG_ACCOUNT}:role/log-archive-reader")}}});
    let pipeline = json!({"Effect": "Allow",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example.org")},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {
            "ci.example.org:aud": "sts.amazonaws.com",
            "ci.example.org:sub": "project:county-twin:branch:main"}}});
    let responder = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": "sts:AssumeRole", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"aws:PrincipalAccount": ACCOUNT}}});
    let mut roles = vec![
        role(region, "log-archive-reader", "/", archive),
        role(region, "twin-deploy", "/", pipeline),
        role(region, "twin-responder", "/", responder),
    ];
    roles[0].holder.managed = vec!["SecurityAudit"];
    roles[1].holder.policies = vec!["twin-run-models".into()];
    roles[2].holder.managed = vec!["AWSSupportAccess", "job-function/ViewOnlyAccess"];
    let mut reader = role(
        region,
        "affiant-read-only",
        "/",
        json!({
            "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
            "Action": "sts:AssumeRole"
        }),
    );
    reader.holder.managed = vec!["SecurityAudit", "job-function/ViewOnlyAccess"];
    roles.push(reader);
    roles
}

/// Anyone with an AWS account may take this role.
fn open(region: &mut Region, story: &mut Story) -> Role {
    let name = story.name("partner-upload");
    let principal = if region.rng.below(2) == 0 { json!({"AWS": "*"}) } else { json!("*") };
    let mut role = role(
        region,
        &name,
        "/",
        json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}),
    );
    role.holder.policies = vec!["twin-write-intake".into()];
    story.fault(
        "iam.role-trust-not-open",
        role.arn(),
        format!("{name} trusts every AWS principal without a condition"),
    );
    role
}

impl Role {
    pub fn arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role{}{}", self.path, self.holder.name)
    }
}

pub fn item(role: &Role, ids: &BTreeMap<String, String>) -> Item {
    let inline: Vec<Value> = role
        .inline
        .iter()
        .map(|policy| json!({"policyName": "own", "policyDocument": document(policy)}))
        .collect();
    let profiles = if role.holder.name == "twin-worker" { profile(role) } else { json!([]) };
    let configuration = json!({
        "path": role.path, "roleName": role.holder.name, "roleId": role.holder.id, "arn": role.arn(),
        "createDate": role.created.iso(),
        "assumeRolePolicyDocument": document(&role.trust), "instanceProfileList": profiles,
        "rolePolicyList": inline,
        "attachedManagedPolicies": attached(&role.holder), "tags": lower_tags(&role.tags),
        "roleLastUsed": {"lastUsedDate": SNAPSHOT.minus_minutes(90).iso(), "region": "us-east-1"}
    });
    let item = Item::new(role.holder.kind, &role.holder.id, role.arn(), configuration)
        .named(&role.holder.name)
        .global();
    with_policies(item.created(role.created).tagged(&role.tags), &role.holder, ids)
}

fn profile(role: &Role) -> Value {
    json!([{
        "path": "/", "instanceProfileName": role.holder.name, "instanceProfileId": "AIPA4EXAMPLE4TWINWORK",
        "arn": format!("arn:aws:iam::{ACCOUNT}:instance-profile/{}", role.holder.name),
        "createDate": role.created.iso()
    }])
}
