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
        let [roles, ann] = ["role/*", "user/ann"].map(|of| format!("arn:{partition}:iam::111122223333:{of}"));
        let statements = serde_json::json!([
            {"Effect": "Allow", "Action": "iam:UpdateAssumeRolePolicy", "Resource": roles},
            {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": ann},
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

#[test]
fn a_role_of_administrators_is_taken_by_whom_its_trust_lets_in() {
    let around = |condition: serde_json::Value, who: &str| {
        let statement =
            serde_json::json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": condition});
        let trust = Policy::read(&serde_json::json!({ "Statement": statement })).expect("a policy");
        let trusted =
            Trusted { who: [who.to_string()].into(), conditions: trust.statements[0].conditions.clone() };
        let trusting = [("arn:aws:iam::111122223333:role/ops".to_string(), vec![trusted])].into();
        Surroundings { trusting, ..Surroundings::default() }
    };
    let assume = |around: &Surroundings| {
        open(&serde_json::json!("sts:AssumeRole"), "arn:aws:iam::111122223333:role/*", around)
    };
    let way = |answer| [("take the administrator's role ops".to_string(), answer)];
    let none = serde_json::json!({});
    assert_eq!(assume(&around(none.clone(), "111122223333")), way(Answer::Yes));
    assert_eq!(assume(&around(none.clone(), "arn:aws:iam::111122223333:role/deployer")), way(Answer::Yes));
    assert_eq!(assume(&around(none, "arn:aws:iam::111122223333:role/other")), []);
    // with a second factor it may, and whether there is one nobody knows
    let mfa = serde_json::json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    assert_eq!(assume(&around(mfa, "111122223333")), way(Answer::Unknown));
    // it is another role that is meant, or this one
    let other =
        serde_json::json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/other"}});
    assert_eq!(assume(&around(other, "*")), []);
    let own = serde_json::json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/deploy*"}});
    assert_eq!(assume(&around(own, "*")), way(Answer::Yes));
}
