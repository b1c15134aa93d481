//! Tests of the file above.

use super::*;
use crate::policy::document::Policy;

fn open(actions: &serde_json::Value, resource: &str, around: &Surroundings) -> Vec<(String, Answer)> {
    let statement = serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    let policy = Policy::read(&serde_json::json!({"Statement": statement})).expect("a policy");
    let rights = Rights::by_one("arn:aws:iam::111122223333:role/deployer", &policy);
    ways(&rights, around).into_iter().map(|w| (w.way, w.answer)).collect()
}

#[test]
fn a_project_may_be_given_another_role() {
    let found = open(
        &serde_json::json!(["iam:PassRole", "codebuild:UpdateProject", "codebuild:StartBuild"]),
        "*",
        &Surroundings::default(),
    );
    assert!(found.contains(&("run a build with any role".into(), Answer::Yes)), "{found:?}");
    let found = open(
        &serde_json::json!(["codebuild:UpdateProject", "codebuild:StartBuild"]),
        "*",
        &Surroundings::default(),
    );
    assert_eq!(found, []);
}

#[test]
fn stacks_that_were_not_read_may_run_under_a_role_of_their_own() {
    let change = serde_json::json!(["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"]);
    let way = || ("change any stack that runs under a role of its own".to_string(), Answer::Unknown);
    assert_eq!(open(&change, "*", &Surroundings::default()), [way()]);
    assert_eq!(
        open(&serde_json::json!("cloudformation:UpdateStack"), "*", &Surroundings::default()),
        [way()]
    );
    // half of it, one stack by its name, and stacks that were read
    assert_eq!(open(&serde_json::json!("cloudformation:CreateChangeSet"), "*", &Surroundings::default()), []);
    assert_eq!(
        open(&change, "arn:aws:cloudformation:us-east-1:111122223333:stack/app-*", &Surroundings::default()),
        []
    );
    assert_eq!(open(&change, "*", &Surroundings { stacks: true, ..Surroundings::default() }), []);
}

#[test]
fn ways_are_the_same_in_every_partition() {
    for partition in ["aws", "aws-us-gov", "aws-cn", "aws-eusc"] {
        let statements = serde_json::json!([
            {"Effect": "Allow", "Action": "iam:UpdateAssumeRolePolicy", "Resource": format!("arn:{partition}:iam::111122223333:role/*")},
            {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": format!("arn:{partition}:iam::111122223333:user/ann")},
        ]);
        let policy = Policy::read(&serde_json::json!({ "Statement": statements })).expect("a policy");
        let arn = format!("arn:{partition}:iam::111122223333:role/deployer");
        let found: Vec<String> = ways(&Rights::by_one(&arn, &policy), &Surroundings::default())
            .into_iter()
            .map(|w| w.way)
            .collect();
        assert_eq!(found, ["rewrite who may take a role"], "{partition}");
    }
}
