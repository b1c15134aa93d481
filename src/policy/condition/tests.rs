//! Tests of the file above.

use super::*;

fn one(json: &str) -> Clause {
    clauses(Some(&serde_json::from_str(json).expect("JSON"))).expect("a condition").remove(0)
}

#[test]
fn absent_keys_follow_the_operator() {
    let absent = |_: &str| KeyValue::Absent;
    for (json, expected) in [
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}"#, Answer::No),
        (r#"{"StringNotEquals":{"aws:PrincipalOrgID":"o-a"}}"#, Answer::Yes),
        (r#"{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a"}}"#, Answer::Yes),
        (r#"{"ForAllValues:StringEquals":{"k":["a"]}}"#, Answer::Yes),
        (r#"{"ForAnyValue:StringNotEquals":{"k":["a"]}}"#, Answer::No),
        (r#"{"Null":{"k":"true"}}"#, Answer::Yes),
        (r#"{"Null":{"k":["false"]}}"#, Answer::No),
    ] {
        assert_eq!(one(json).answer(&absent), expected, "{json}");
    }
}

#[test]
fn variables_stand_for_what_the_request_holds() {
    let held = |key: &str| match key {
        "aws:username" => KeyValue::Values(vec!["pat".into()]),
        "s3:prefix" => KeyValue::Values(vec!["home/pat/x".into()]),
        "unknown" => KeyValue::Unknown,
        _ => KeyValue::Absent,
    };
    assert_eq!(one(r#"{"StringLike":{"s3:prefix":"home/${aws:username}/*"}}"#).answer(&held), Answer::Yes);
    assert_eq!(one(r#"{"StringLike":{"s3:prefix":"home/${aws:userid}/*"}}"#).answer(&held), Answer::No);
    assert_eq!(one(r#"{"StringLike":{"s3:prefix":"home/${unknown}/*"}}"#).answer(&held), Answer::Unknown);
    assert_eq!(one(r#"{"StringEquals":{"s3:prefix":"${*}"}}"#).answer(&held), Answer::No);
}

#[test]
fn unknown_operators_are_not_read() {
    assert_eq!(clauses(Some(&serde_json::json!({"StringMatches": {"k": "v"}}))), None);
    assert_eq!(clauses(Some(&serde_json::json!({"ForSomeValues:StringLike": {"k": "v"}}))), None);
}
