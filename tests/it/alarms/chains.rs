//! The chain from a trail through a filter and an alarm, link by link.

use serde_json::{Value, json};

use super::{Estate, KEYS, MAIN, TOPIC, TRAIL, arned, subscription, try_all};
use crate::harness::item;

#[test]
fn the_trail_must_write_the_event_where_the_filter_looks() {
    try_all(
        KEYS,
        ":root",
        &[
            (
                "sound",
                &|_| {},
                "met",
                "trail main, filter keys, alarm keys at sum >= 1, \
                 arn:aws:sns:us-east-1:111122223333:alerts reaches a person by email",
            ),
            ("stopped", &|e| e.status["IsLogging"] = json!(false), "not met", "trail main does not log"),
            ("unread status", &|e| e.status = Value::Null, "not evidenced", ""),
            ("unread selectors", &|e| e.selectors = Value::Null, "not evidenced", ""),
            (
                "reads",
                &|e| e.selectors["EventSelectors"][0]["ReadWriteType"] = json!("ReadOnly"),
                "not met",
                "no writing management events",
            ),
            (
                "writes",
                &|e| e.selectors["EventSelectors"][0]["ReadWriteType"] = json!("WriteOnly"),
                "met",
                "",
            ),
            (
                "no KMS",
                &|e| {
                    e.selectors["EventSelectors"][0]["ExcludeManagementEventSources"] =
                        json!(["kms.amazonaws.com"])
                },
                "not met",
                "of kms.amazonaws.com",
            ),
            (
                "no RDS data",
                &|e| {
                    e.selectors["EventSelectors"][0]["ExcludeManagementEventSources"] =
                        json!(["rdsdata.amazonaws.com"])
                },
                "met",
                "",
            ),
            (
                "no management",
                &|e| {
                    e.selectors["EventSelectors"][0] = json!({ "IncludeManagementEvents": false,
                        "DataResources": [{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3"] }] });
                },
                "not met",
                "no writing management",
            ),
            (
                "advanced",
                &|e| {
                    e.selectors = json!({ "TrailARN": TRAIL, "AdvancedEventSelectors": [{ "FieldSelectors": [
                { "Field": "eventCategory", "Equals": ["Management"] },
                { "Field": "eventSource", "NotEquals": ["kms.amazonaws.com"] }] }] })
                },
                "not met",
                "of kms",
            ),
            (
                "advanced reads",
                &|e| {
                    e.selectors = json!({ "TrailARN": TRAIL, "AdvancedEventSelectors": [{ "FieldSelectors": [
                { "Field": "eventCategory", "Equals": ["Management"] },
                { "Field": "readOnly", "Equals": ["true"] }] }] })
                },
                "not met",
                "no writing",
            ),
            (
                "log group that gets nothing",
                &|e| e.status["LatestCloudWatchLogsDeliveryError"] = json!("AccessDenied"),
                "not met",
                "AccessDenied",
            ),
            (
                "another log group",
                &|e| {
                    e.trail["cloudWatchLogsLogGroupArn"] =
                        json!("arn:aws:logs:us-east-1:111122223333:log-group:other:*")
                },
                "not met",
                "no metric filter",
            ),
            (
                "of another region",
                &|e| {
                    e.trail["cloudWatchLogsLogGroupArn"] =
                        json!("arn:aws:logs:us-west-2:111122223333:log-group:trail:*")
                },
                "not met",
                "no metric filter",
            ),
            ("one region, which is all", &|e| e.trail["isMultiRegionTrail"] = json!(false), "met", ""),
            (
                "one region of two",
                &|e| {
                    e.trail["isMultiRegionTrail"] = json!(false);
                    e.regions = "us-east-1, us-west-2";
                    let group = json!({
                        "logGroupName": "x", "arn": "arn:aws:logs:us-west-2:111122223333:log-group:x:*"
                    });
                    e.answers.push((
                        MAIN,
                        "us-west-2/logs/DescribeLogGroups",
                        json!({ "logGroups": [group] }),
                    ));
                },
                "not evidenced",
                "trail main records us-east-1 alone",
            ),
        ],
    );
}

#[test]
fn the_filter_must_take_in_every_one_of_the_events() {
    let pattern = |text: &'static str| move |e: &mut Estate| e.filters[0]["filterPattern"] = json!(text);
    try_all(
        KEYS,
        ":root",
        &[
            (
                "other order, no source",
                &pattern("{($.eventName=\"ScheduleKeyDeletion\")||($.eventName=DisableKey)}"),
                "met",
                "",
            ),
            (
                "one of two",
                &pattern("{ $.eventName = ScheduleKeyDeletion }"),
                "not met",
                "takes in DisableKey",
            ),
            (
                "wrong service",
                &pattern(
                    "{ $.eventSource = s3.amazonaws.com && ($.eventName = DisableKey \
                     || $.eventName = ScheduleKeyDeletion) }",
                ),
                "not met",
                "takes in DisableKey",
            ),
            (
                "&& before ||",
                &pattern(
                    "{ $.eventName = DisableKey || $.eventName = ScheduleKeyDeletion \
                     && $.eventSource = s3.amazonaws.com }",
                ),
                "not met",
                "takes in ScheduleKeyDeletion",
            ),
            (
                "one user",
                &pattern(
                    "{ ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) \
                     && $.userIdentity.userName = nobody }",
                ),
                "not met",
                "only where $.userIdentity.userName = nobody",
            ),
            (
                "but for one user",
                &pattern(
                    "{ ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) \
                     && $.userIdentity.userName != robot }",
                ),
                "not evidenced",
                "$.userIdentity.userName != robot",
            ),
            (
                "successful calls",
                &pattern(
                    "{ ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) \
                     && $.errorCode NOT EXISTS }",
                ),
                "met",
                "",
            ),
            (
                "its own account",
                &pattern(
                    "{ ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) \
                     && $.recipientAccountId = 111122223333 }",
                ),
                "met",
                "",
            ),
            ("wildcards", &pattern("{ $.eventName = \"*Key*\" }"), "met", ""),
            ("expression", &pattern("{ $.eventName = %^(DisableKey|ScheduleKeyDeletion)$% }"), "met", ""),
            ("everything", &pattern(""), "met", ""),
            ("words", &pattern("?DisableKey ?ScheduleKeyDeletion"), "met", ""),
            (
                "letter case",
                &pattern("{ $.eventName = disablekey || $.eventName = schedulekeydeletion }"),
                "not met",
                "no metric filter",
            ),
            ("columns", &pattern("[a, b]"), "not evidenced", "columns"),
            (
                "counts nothing",
                &|e| e.filters[0]["metricTransformations"][0]["metricValue"] = json!("0"),
                "not met",
                "one event makes 0",
            ),
            (
                "counts a member",
                &|e| e.filters[0]["metricTransformations"][0]["metricValue"] = json!("$.x"),
                "not evidenced",
                "whether an event sets off alarm keys",
            ),
            (
                "by dimension",
                &|e| {
                    e.filters[0]["metricTransformations"][0]["dimensions"] =
                        json!({ "User": "$.userIdentity.arn" })
                },
                "not evidenced",
                "by dimension",
            ),
        ],
    );
}

#[test]
fn one_event_must_set_off_an_alarm_that_reaches_a_person() {
    let set = |name: &'static str, value: Value| move |e: &mut Estate| e.alarm[name] = value.clone();
    let only = |protocol: &'static str, endpoint: &'static str| {
        move |e: &mut Estate| e.subscriptions = json!([subscription(protocol, endpoint)])
    };
    try_all(
        KEYS,
        ":root",
        &[
            ("a million", &set("threshold", json!(1_000_000.0)), "not met", "waits for sum >= 1000000"),
            (
                "more than one",
                &set("comparisonOperator", json!("GreaterThanThreshold")),
                "not met",
                "waits for sum > 1",
            ),
            (
                "more than none",
                &|e| {
                    e.alarm["comparisonOperator"] = json!("GreaterThanThreshold");
                    e.alarm["threshold"] = json!(0);
                },
                "met",
                "",
            ),
            ("too few", &set("comparisonOperator", json!("LessThanThreshold")), "not met", "waits for"),
            ("maximum", &set("statistic", json!("Maximum")), "met", "at maximum >= 1"),
            ("average of what stands", &set("statistic", json!("AVERAGE")), "met", ""),
            (
                "average with a default",
                &|e| {
                    e.alarm["statistic"] = json!("Average");
                    e.filters[0]["metricTransformations"][0]["defaultValue"] = json!(0.0);
                },
                "not evidenced",
                "holds down",
            ),
            (
                "sum with a default",
                &|e| e.filters[0]["metricTransformations"][0]["defaultValue"] = json!(0.0),
                "met",
                "",
            ),
            (
                "three periods",
                &|e| {
                    e.alarm["evaluationPeriods"] = json!(3);
                    e.alarm["treatMissingData"] = json!("notBreaching");
                },
                "not met",
                "3 periods",
            ),
            (
                "one of three",
                &|e| {
                    e.alarm["evaluationPeriods"] = json!(3);
                    e.alarm["datapointsToAlarm"] = json!(1);
                    e.alarm["treatMissingData"] = json!("notBreaching");
                },
                "met",
                "",
            ),
            ("always", &set("treatMissingData", json!("breaching")), "not met", "without any event"),
            ("another metric", &set("metricName", json!("other")), "not met", "no alarm watches"),
            (
                "one of many",
                &set("dimensions", json!([{ "name": "a", "value": "b" }])),
                "not met",
                "with dimensions",
            ),
            ("silenced", &set("actionsEnabled", json!(false)), "not met", "acts on nothing"),
            ("no action", &set("alarmActions", json!([])), "not met", "acts on nothing"),
            (
                "a program",
                &set("alarmActions", json!(["arn:aws:lambda:us-east-1:111122223333:function:x"])),
                "not evidenced",
                "does not show whom",
            ),
            (
                "a foreign topic",
                &set("alarmActions", json!(["arn:aws:sns:us-east-1:123456789012:x"])),
                "not evidenced",
                "does not show whom",
            ),
            (
                "composite",
                &|e| {
                    e.alarm["alarmActions"] = json!([]);
                    e.composites = json!([{ "AlarmName": "any",
                        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:any",
                        "ActionsEnabled": true, "AlarmActions": [TOPIC],
                    "AlarmRule": "ALARM(\"other\") OR\n ALARM( keys )" }]);
                },
                "met",
                "by way of any",
            ),
            (
                "composite of both",
                &|e| {
                    e.alarm["alarmActions"] = json!([]);
                    e.composites = json!([{ "AlarmName": "both",
                        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:both",
                        "ActionsEnabled": true, "AlarmActions": [TOPIC],
                    "AlarmRule": "ALARM(\"keys\") AND NOT ALARM(\"maintenance\")" }]);
                },
                "not evidenced",
                "only where its rule",
            ),
            (
                "composite of another",
                &|e| {
                    e.alarm["alarmActions"] = json!([]);
                    e.composites = json!([{ "AlarmName": "x",
                        "AlarmArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:x",
                        "ActionsEnabled": true, "AlarmActions": [TOPIC],
                    "AlarmRule": "ALARM(\"keys-too\")" }]);
                },
                "not met",
                "acts on nothing",
            ),
            ("telephone", &only("sms", "+15550100"), "met", "by sms"),
            (
                "pager",
                &only("https", "https://events.pagerduty.com/integration/x/enqueue"),
                "met",
                "events.pagerduty.com",
            ),
            ("chat", &only("https", "https://global.sns-api.chatbot.amazonaws.com"), "met", "chatbot"),
            ("some web page", &only("https", "https://example.com/hook"), "not evidenced", "ends at https"),
            ("queue", &only("sqs", "arn:aws:sqs:us-east-1:111122223333:q"), "not evidenced", "ends at sqs"),
            (
                "not confirmed",
                &|e| e.subscriptions[0]["SubscriptionArn"] = json!("PendingConfirmation"),
                "not met",
                "no confirmed subscription",
            ),
            ("nobody", &|e| e.subscriptions = json!([]), "not met", "no confirmed subscription"),
            (
                "not listed",
                &|e| {
                    e.subscriptions = json!([]);
                    e.items.push(arned(
                        item(
                            "AWS::SNS::Topic",
                            "alerts",
                            json!({
                                "TopicArn": TOPIC, "TopicName": "alerts", "SubscriptionsConfirmed": "1"
                            }),
                        ),
                        TOPIC,
                    ));
                },
                "not evidenced",
                "does not show",
            ),
        ],
    );
}
