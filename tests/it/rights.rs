//! Who can raise his own rights, from items as AWS Config writes them: within boundaries, under conditions,
//! in every partition, and by roles of administrators that trust him.

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};
use crate::spine::json as parse;

const ACCOUNT: &str = "111122223333";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A role with one inline policy, and whatever else its item says.
fn role(partition: &str, name: &str, statements: Value, more: Value) -> Value {
    let arn = format!("arn:{partition}:iam::{ACCOUNT}:role/{name}");
    let trust =
        json!({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"});
    let mut configuration = json!({
        "arn": arn, "path": "/", "roleName": name, "assumeRolePolicyDocument": policy(trust),
        "attachedManagedPolicies": [], "permissionsBoundary": null,
        "rolePolicyList": [{"policyName": "own", "policyDocument": policy(statements)}],
    });
    let members = configuration.as_object_mut().expect("an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    let mut role = item("AWS::IAM::Role", name, configuration);
    role["ARN"] = json!(arn);
    role
}

/// A policy that roles have as their boundary.
fn boundary(name: &str, statements: Value) -> Value {
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
    let version = json!({"versionId": "v1", "isDefaultVersion": true, "document": policy(statements)});
    let configuration = json!({
        "arn": arn, "policyName": name, "defaultVersionId": "v1", "attachmentCount": 0,
        "policyVersionList": [version]
    });
    let mut policy = item("AWS::IAM::Policy", name, configuration);
    policy["ARN"] = json!(arn);
    policy
}

fn within(name: &str) -> Value {
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
    json!({"permissionsBoundary": {"permissionsBoundaryArn": arn}})
}

/// The verdict and reason on each role of the list.
fn judged(items: &[Value], roles: &[&str]) -> Vec<(String, String)> {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", items);
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    let checks = assessment["controls"].as_array().into_iter().flatten().flat_map(|c| c["checks"].as_array());
    let check = checks.flatten().find(|c| c["id"] == "iam.no-privilege-escalation").expect("the check");
    let rows = check["rows"].as_array().cloned().unwrap_or_default();
    let verdict = |name: &&str| {
        let ends = format!(":role/{name}");
        let row = rows.iter().find(|r| r["resource"].as_str().is_some_and(|arn| arn.ends_with(&ends)));
        let text = |member: &str| row.map_or("", |r| r[member].as_str().unwrap_or_default()).to_string();
        (text("verdict"), text("reason"))
    };
    roles.iter().map(verdict).collect()
}

#[test]
fn an_administrator_within_a_boundary_is_asked_for_each_way() {
    let everything = || json!([allow("*", "*")]);
    let administrator = json!({
        "policyName": "AdministratorAccess", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"
    });
    let by_aws = json!({"attachedManagedPolicies": [administrator]});
    let mut both = within("wide");
    both.as_object_mut().expect("an object").extend(by_aws.as_object().cloned().unwrap_or_default());
    let items = [
        boundary(
            "wide",
            json!([allow("*", "*"), {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]),
        ),
        boundary("narrow", json!([allow("s3:GetObject", "arn:aws:s3:::records/*")])),
        role("aws", "wide", everything(), within("wide")),
        role("aws", "by-aws", json!([allow("s3:ListAllMyBuckets", "*")]), both),
        role("aws", "narrow", everything(), within("narrow")),
        role("aws", "identity", json!([allow("iam:*", "*")]), within("narrow")),
        role("aws", "unread", everything(), within("elsewhere")),
        role("aws", "free", everything(), json!({})),
        role(
            "aws",
            "second-factor",
            json!([{
                "Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            }]),
            json!({}),
        ),
    ];
    let names = ["wide", "by-aws", "narrow", "identity", "unread", "free", "second-factor"];
    let verdicts: Vec<String> = judged(&items, &names).into_iter().map(|(verdict, _)| verdict).collect();
    assert_eq!(
        verdicts,
        ["not met", "not met", "met", "met", "not evidenced", "not applicable", "not evidenced"]
    );
}

#[test]
fn the_ways_are_the_same_in_every_partition() {
    for partition in ["aws", "aws-us-gov", "aws-cn"] {
        let roles = format!("arn:{partition}:iam::{ACCOUNT}:role/*");
        let one = format!("arn:{partition}:iam::{ACCOUNT}:role/app");
        let items = [
            role(partition, "rewrites", json!([allow("iam:UpdateAssumeRolePolicy", &roles)]), json!({})),
            role(
                partition,
                "starts",
                json!([allow("iam:PassRole", &roles), allow("ec2:RunInstances", "*")]),
                json!({}),
            ),
            role(
                partition,
                "hands",
                json!([allow("iam:PassRole", &one), allow("ec2:RunInstances", "*")]),
                json!({}),
            ),
        ];
        let verdicts: Vec<String> = judged(&items, &["rewrites", "starts", "hands"])
            .into_iter()
            .map(|(verdict, _)| verdict)
            .collect();
        assert_eq!(verdicts, ["not met", "not met", "met"], "{partition}");
    }
}

#[test]
fn a_role_of_administrators_behind_a_condition_may_be_taken() {
    let trusting = |condition: Value| {
        let root = format!("arn:aws:iam::{ACCOUNT}:root");
        let statement = json!({
            "Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole", "Condition": condition
        });
        json!({"assumeRolePolicyDocument": policy(statement)})
    };
    let taker = || role("aws", "taker", json!([allow("sts:AssumeRole", "*")]), json!({}));
    for (condition, verdict, why) in [
        (json!({}), "not met", "take the administrator's role ops"),
        (
            json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            "not evidenced",
            "aws:multifactorauthpresent",
        ),
        (
            json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/other"}}),
            "met",
            "no policy",
        ),
    ] {
        let ops = role("aws", "ops", json!([allow("*", "*")]), trusting(condition.clone()));
        let found = judged(&[ops, taker()], &["taker"]);
        assert!(found[0].0 == verdict && found[0].1.contains(why), "{condition}: {found:?}");
    }
}
