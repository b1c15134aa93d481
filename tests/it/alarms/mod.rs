//! Chains from an event to a person, link by link, over answers in AWS's own form: one sound chain, and one
//! link after another that is open, unknown or merely spelled otherwise.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};

const MAIN: &str = "111122223333";
const MEMBER: &str = "444455556666";
const KEYS: &str = "cloudwatch.key-deletion-alarm-chain";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:alerts";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";

mod chains;
mod notices;
mod routes;

/// What AWS would answer for accounts whose chain for the deletion of keys is whole.
struct Estate {
    accounts: Vec<&'static str>,
    regions: &'static str,
    trail: Value,
    status: Value,
    selectors: Value,
    filters: Value,
    alarm: Value,
    composites: Value,
    subscriptions: Value,
    /// Items beside these, of any account.
    items: Vec<Value>,
    /// Answers beside these: account, place below it, body.
    answers: Vec<(&'static str, &'static str, Value)>,
}

impl Estate {
    fn sound() -> Estate {
        Estate {
            accounts: vec![MAIN],
            regions: "us-east-1",
            trail: json!({ "name": "main", "includeGlobalServiceEvents": true, "isMultiRegionTrail": true,
                "homeRegion": "us-east-1", "trailARN": TRAIL, "isOrganizationTrail": false,
                "cloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:trail:*" }),
            status: json!({ "IsLogging": true, "LatestDeliveryTime": "2026-09-30T11:30:00+00:00" }),
            selectors: json!({
                "TrailARN": TRAIL, "EventSelectors": [{ "ReadWriteType": "All",
                    "IncludeManagementEvents": true, "DataResources": [] }]
            }),
            filters: json!([filter(
                "keys",
                "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) \
                 || ($.eventName = ScheduleKeyDeletion)) }"
            )]),
            alarm: json!({ "alarmName": "keys", "actionsEnabled": true, "alarmActions": [TOPIC],
                "metricName": "keys", "namespace": "Trail", "statistic": "Sum",
                "dimensions": [], "period": 300, "evaluationPeriods": 1, "threshold": 1.0,
                "comparisonOperator": "GreaterThanOrEqualToThreshold" }),
            composites: json!([]),
            subscriptions: json!([subscription("email", "on-call@example.com")]),
            items: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// Verdict and reason of one check about the resource whose name holds `resource`.
    fn asks(&self, check: &str, resource: &str) -> (String, String) {
        let box_ = Sandbox::default();
        let accounts: Vec<String> =
            self.accounts.iter().map(|id| format!("{{ id: \"{id}\", name: a{id} }}")).collect();
        let mut text = String::from(
            "format: affiant.workspace/1\n\
             organization: { name: Example, role: business associate, system: Example }\n",
        );
        text += "period: { label: 2026-Q3, start: 2026-07-01, end: 2026-09-30 }\n\
                 phi: { tag: data-classification, values: [phi] }\n";
        writeln!(text, "accounts: [{}]\nregions: [{}]", accounts.join(", "), self.regions).expect("a string");
        box_.write("affiant.yaml", text);
        box_.write("program/keep", "");
        self.answer(&box_);
        box_.affiant(&["collect", "--snapshot", "in"]);
        let assessed = box_.affiant(&["assess", "--format", "json"]);
        let report: Value =
            serde_json::from_str(&assessed.out).unwrap_or_else(|e| panic!("{e}: {}", assessed.err));
        let checks = report["controls"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|c| c["checks"].as_array().into_iter().flatten());
        let rows =
            checks.filter(|c| c["id"] == check).flat_map(|c| c["rows"].as_array().into_iter().flatten());
        let row = rows
            .into_iter()
            .find(|r| r["resource"].as_str().is_some_and(|arn| arn.contains(resource)))
            .expect("a row");
        (
            row["verdict"].as_str().unwrap_or_default().to_string(),
            row["reason"].as_str().unwrap_or_default().to_string(),
        )
    }

    fn answer(&self, box_: &Sandbox) {
        let mut own = vec![
            arned(
                item("AWS::CloudTrail::Trail", "main", self.trail.clone()),
                self.trail["trailARN"].as_str().expect("an ARN"),
            ),
            arned(
                item("AWS::CloudWatch::Alarm", "keys", self.alarm.clone()),
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:keys",
            ),
            arned(
                item("AWS::SNS::Topic", "alerts", json!({ "TopicArn": TOPIC, "TopicName": "alerts" })),
                TOPIC,
            ),
        ];
        own.extend(self.items.iter().cloned());
        for account in &self.accounts {
            let items: Vec<&Value> = own.iter().filter(|i| i["awsAccountId"] == *account).collect();
            let body = json!({
                "fileVersion": "1.0", "configSnapshotId": format!("11111111-2222-4333-8444-{account}"),
                "configurationItems": items
            });
            box_.write(
                &format!(
                    "in/snapshots/{account}_Config_us-east-1_ConfigSnapshot_20260930T114000Z_\
                     11111111-2222-4333-8444-{account}.json"
                ),
                body.to_string(),
            );
            let recorders = json!({
                "ConfigurationRecorders": [{ "name": "default",
                    "recordingGroup": { "allSupported": true, "includeGlobalResourceTypes": true } }]
            });
            let place = |name: &str| format!("in/aws/{account}/us-east-1/{name}.json");
            box_.write(&place("config/DescribeConfigurationRecorders"), recorders.to_string());
            box_.write(
                &place("config/DescribeConfigurationRecorderStatus"),
                json!({ "ConfigurationRecordersStatus": [{ "name": "default", "recording": true }] })
                    .to_string(),
            );
            box_.write(
                &format!("in/aws/{account}/aws-global/sts/GetCallerIdentity.json"),
                json!({ "Account": account }).to_string(),
            );
            let main = *account == MAIN;
            let of = |list: &Value| if main { list.clone() } else { json!([]) };
            box_.write(
                &place("logs/DescribeMetricFilters"),
                json!({ "metricFilters": of(&self.filters) }).to_string(),
            );
            box_.write(
                &place("sns/ListSubscriptions"),
                json!({ "Subscriptions": of(&self.subscriptions) }).to_string(),
            );
            box_.write(
                &place("cloudwatch/DescribeCompositeAlarms"),
                json!({ "CompositeAlarms": of(&self.composites) }).to_string(),
            );
        }
        if !self.status.is_null() {
            box_.write(
                "in/aws/111122223333/us-east-1/cloudtrail/GetTrailStatus/main.json",
                self.status.to_string(),
            );
        }
        if !self.selectors.is_null() {
            box_.write(
                "in/aws/111122223333/us-east-1/cloudtrail/GetEventSelectors/main.json",
                self.selectors.to_string(),
            );
        }
        for (account, place, body) in &self.answers {
            box_.write(&format!("in/aws/{account}/{place}.json"), body.to_string());
        }
    }
}

fn filter(name: &str, pattern: &str) -> Value {
    json!({ "filterName": name, "filterPattern": pattern, "logGroupName": "trail",
        "metricTransformations": [{ "metricName": name, "metricNamespace": "Trail", "metricValue": "1" }] })
}

fn subscription(protocol: &str, endpoint: &str) -> Value {
    json!({
        "SubscriptionArn": format!("{TOPIC}:11111111-1111-4111-8111-111111111111"), "Owner": MAIN,
        "Protocol": protocol, "Endpoint": endpoint, "TopicArn": TOPIC
    })
}

fn arned(mut item: Value, arn: &str) -> Value {
    item["ARN"] = json!(arn);
    item
}

fn rule(name: &str, pattern: Value, target: &str) -> Value {
    let rule = json!({
        "Name": name, "State": "ENABLED", "EventBusName": "default", "EventPattern": pattern.to_string(),
        "Targets": [{ "Id": "0", "Arn": target }]
    });
    arned(
        item("AWS::Events::Rule", name, rule),
        &format!("arn:aws:events:us-east-1:111122223333:rule/{name}"),
    )
}

/// A change of the sound estate, the verdict, and words of its reason.
type Try<'a> = (&'a str, &'a dyn Fn(&mut Estate), &'a str, &'a str);

fn try_all(check: &str, resource: &str, tries: &[Try<'_>]) {
    let mut wrong = String::new();
    for (name, change, verdict, words) in tries {
        let mut estate = Estate::sound();
        change(&mut estate);
        let (got, reason) = estate.asks(check, resource);
        if got != *verdict || !reason.contains(words) {
            writeln!(wrong, "{name}: {got} ({reason}), not {verdict} ({words})").expect("a string");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
