//! Rules of EventBridge, members of an organization, and data events.

use serde_json::{Value, json};

use super::{Estate, KEYS, MAIN, MEMBER, TOPIC, TRAIL, arned, rule, try_all};
use crate::harness::item;

#[test]
fn a_rule_of_eventbridge_is_a_chain_too() {
    let without = |e: &mut Estate| e.filters = json!([]);
    let keys = || {
        json!({
            "source": ["aws.kms"], "detail-type": ["AWS API Call via CloudTrail"],
            "detail": { "eventName": ["DisableKey", "ScheduleKeyDeletion"] }
        })
    };
    try_all(
        KEYS,
        ":root",
        &[
            (
                "sound",
                &|e| {
                    without(e);
                    e.items.push(rule("keys", keys(), TOPIC));
                },
                "met",
                "trail main, rule keys, arn:aws:sns",
            ),
            (
                "no trail",
                &|e| {
                    without(e);
                    e.items.push(rule("keys", keys(), TOPIC));
                    e.status["IsLogging"] = json!(false);
                },
                "not met",
                "does not log",
            ),
            (
                "another detail type",
                &|e| {
                    without(e);
                    let mut pattern = keys();
                    pattern["detail-type"] = json!(["AWS Service Event via CloudTrail"]);
                    e.items.push(rule("keys", pattern, TOPIC));
                },
                "not met",
                "no metric filter",
            ),
            (
                "one of two calls",
                &|e| {
                    without(e);
                    e.items.push(rule(
                        "keys",
                        json!({ "source": ["aws.kms"], "detail": { "eventName": ["DisableKey"] } }),
                        TOPIC,
                    ));
                },
                "not met",
                "takes in ScheduleKeyDeletion",
            ),
            (
                "by their beginning",
                &|e| {
                    without(e);
                    e.items.push(rule(
                        "keys",
                        json!({
                            "detail": { "eventName": [{ "prefix": "Disable" },
                                { "wildcard": "*KeyDeletion" }] }
                        }),
                        TOPIC,
                    ));
                },
                "met",
                "",
            ),
            (
                "off",
                &|e| {
                    without(e);
                    let mut off = rule("keys", keys(), TOPIC);
                    off["configuration"]["State"] = json!("DISABLED");
                    e.items.push(off);
                },
                "not met",
                "switched off",
            ),
            (
                "to a log group",
                &|e| {
                    without(e);
                    e.items.push(rule("keys", keys(), "arn:aws:logs:us-east-1:111122223333:log-group:x"));
                },
                "not evidenced",
                "ends at",
            ),
            (
                "on a bus of its own",
                &|e| {
                    without(e);
                    let mut bus = rule("keys", keys(), TOPIC);
                    bus["configuration"]["EventBusName"] = json!("orders");
                    e.items.push(bus);
                },
                "not met",
                "no metric filter",
            ),
        ],
    );
}

/// The organization's trail is watched in its own account; what happens in a member raises the alarm there.
#[test]
fn a_member_is_watched_where_the_organizations_trail_is() {
    let joined = |e: &mut Estate, management: &'static str| {
        e.accounts = vec![MAIN, MEMBER];
        e.trail["isOrganizationTrail"] = json!(true);
        for account in [MAIN, MEMBER] {
            let organization =
                json!({ "Organization": { "Id": "o-exampleorgid", "MasterAccountId": management } });
            e.answers.push((account, "aws-global/organizations/DescribeOrganization", organization));
        }
        let mut bucket = arned(
            item("AWS::S3::Bucket", "example-member", json!({ "name": "example-member" })),
            "arn:aws:s3:::example-member",
        );
        bucket["awsAccountId"] = json!(MEMBER);
        e.items.push(bucket);
    };
    let root = "444455556666:root";
    try_all(
        KEYS,
        root,
        &[
            ("watched", &|e| joined(e, MAIN), "met", "of the organization, in account 111122223333"),
            (
                "broken there",
                &|e| {
                    joined(e, MAIN);
                    e.subscriptions = json!([]);
                },
                "not evidenced",
                "",
            ),
            (
                "its own account only",
                &|e| {
                    joined(e, MAIN);
                    e.filters[0]["filterPattern"] = json!(
                        "{ ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) \
                         && $.recipientAccountId = 111122223333 }"
                    );
                },
                "not evidenced",
                "",
            ),
            (
                "no organization trail",
                &|e| {
                    joined(e, MAIN);
                    e.trail["isOrganizationTrail"] = json!(false);
                },
                "not met",
                "no metric filter",
            ),
            ("another organization's", &|e| joined(e, "123456789012"), "not met", "no metric filter"),
            (
                "nothing tells",
                &|e| {
                    joined(e, MAIN);
                    e.answers.clear();
                },
                "not evidenced",
                "whether this account is recorded",
            ),
        ],
    );
    let all = |e: &mut Estate| {
        joined(e, MAIN);
        e.selectors["EventSelectors"][0]["DataResources"] =
            json!([{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3"] }]);
    };
    try_all(
        "cloudtrail.s3-data-events",
        "example-member",
        &[("all buckets", &all, "met", "of the organization"), ("none", &|e| joined(e, MAIN), "not met", "")],
    );
    try_all(
        "cloudtrail.multi-region-trail-logging",
        root,
        &[("recorded", &|e| joined(e, MAIN), "met", "of the organization")],
    );
}

#[test]
fn selectors_of_data_events_select_and_deselect_in_one_field() {
    let with = |field: Value| {
        move |e: &mut Estate| {
            e.items.push(arned(
                item("AWS::S3::Bucket", "example-phi", json!({ "name": "example-phi" })),
                "arn:aws:s3:::example-phi",
            ));
            let fields = json!([
                { "Field": "eventCategory", "Equals": ["Data"] },
                { "Field": "resources.type", "Equals": ["AWS::S3::Object"] }, field
            ]);
            e.selectors =
                json!({ "TrailARN": TRAIL, "AdvancedEventSelectors": [{ "FieldSelectors": fields }] });
        }
    };
    let arn = |body: Value| {
        let mut field = json!({ "Field": "resources.ARN" });
        field.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        with(field)
    };
    try_all(
        "cloudtrail.s3-data-events",
        "example-phi",
        &[
            (
                "start",
                &arn(json!({ "StartsWith": ["arn:aws:s3:::example-phi/"] })),
                "met",
                "trail main records",
            ),
            (
                "one of several",
                &arn(json!({ "StartsWith": ["arn:aws:s3:::other/", "arn:aws:s3:::example-"] })),
                "met",
                "",
            ),
            ("all but the log bucket", &arn(json!({ "NotStartsWith": ["arn:aws:s3:::logs/"] })), "met", ""),
            (
                "start, but not a folder of it",
                &arn(json!({
                    "StartsWith": ["arn:aws:s3:::example-phi/"],
                    "NotStartsWith": ["arn:aws:s3:::example-phi/tmp/"]
                })),
                "not met",
                "no trail records",
            ),
            (
                "start, but not another",
                &arn(json!({ "StartsWith": ["arn:aws:s3:::"], "NotStartsWith": ["arn:aws:s3:::logs/"] })),
                "met",
                "",
            ),
            (
                "all but this",
                &arn(json!({ "NotStartsWith": ["arn:aws:s3:::logs/", "arn:aws:s3:::example-phi"] })),
                "not met",
                "",
            ),
            (
                "all but one object",
                &arn(json!({ "NotEquals": ["arn:aws:s3:::example-phi/x"] })),
                "not met",
                "",
            ),
            (
                "all but an object elsewhere",
                &arn(json!({ "NotEquals": ["arn:aws:s3:::other/x"] })),
                "met",
                "",
            ),
            ("by equals", &arn(json!({ "Equals": ["arn:aws:s3:::example-phi/"] })), "not met", ""),
            ("by ending", &arn(json!({ "EndsWith": [".csv"] })), "not met", ""),
            ("all but an ending", &arn(json!({ "NotEndsWith": [".log"] })), "not met", ""),
            (
                "one name of events",
                &with(json!({ "Field": "eventName", "Equals": ["GetObject"] })),
                "not met",
                "",
            ),
            ("reads", &with(json!({ "Field": "readOnly", "Equals": ["true"] })), "not met", "not writes"),
        ],
    );
}

#[test]
fn a_trail_at_home_elsewhere_is_a_trail() {
    try_all(
        "cloudtrail.multi-region-trail-logging",
        ":root",
        &[
            (
                "home elsewhere",
                &|e| {
                    e.trail["homeRegion"] = json!("us-west-2");
                    e.trail["trailARN"] = json!("arn:aws:cloudtrail:us-west-2:111122223333:trail/main");
                    e.selectors["TrailARN"] = e.trail["trailARN"].clone();
                },
                "met",
                "trail main logs management events of all regions",
            ),
            (
                "without KMS",
                &|e| {
                    e.selectors["EventSelectors"][0]["ExcludeManagementEventSources"] =
                        json!(["kms.amazonaws.com"])
                },
                "not met",
                "kms.amazonaws.com",
            ),
        ],
    );
}
