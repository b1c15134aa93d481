//! Queues, topics with their subscriptions, rules that start functions, and secrets.

use serde_json::{Value, json};

use crate::item::{Item, Tags, lower_tags, pascal_tags, tags};
use crate::moment::Moment;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

/// Who listens to a topic: protocol and endpoint. An endpoint that ends in `?` never confirmed.
type Listeners = &'static [(&'static str, &'static str)];

const TOPICS: [(&str, Listeners); 4] = [
    (
        "twin-security-alerts",
        &[("email", "security-oncall@example.org"), ("https", "https://pager.example.org/v1/aws")],
    ),
    ("twin-operations", &[("email", "operations@example.org")]),
    ("twin-backup-events", &[("email", "operations@example.org")]),
    ("twin-sign-in-watch", &[("email", "identity-desk@example.org?")]),
];

pub fn build(region: &mut Region, story: &mut Story) {
    let topics = if region.primary { &TOPICS[..] } else { &TOPICS[..3] };
    let mut subscriptions = Vec::new();
    for (name, listeners) in topics {
        let topic = push_topic(region, name);
        subscriptions.extend(listeners.iter().map(|listener| subscription(region, &topic, *listener)));
    }
    story.answer(region.name, "sns", "ListSubscriptions", &json!({"Subscriptions": subscriptions}));
    let queues = if region.primary { 3 + region.rng.below(3) } else { 1 };
    for number in 0..queues {
        let name =
            ["twin-elr-jobs", "twin-elr-dead", "twin-geocode-jobs", "twin-export-jobs", "twin-notify-jobs"]
                [number];
        let tags = tags(name, "phi", "prod", "ingest");
        let created = region.past(100, 800);
        let item = queue(region, name, &tags, created, story.vendor());
        region.push(item);
    }
    let purpose = if region.primary || !story.plants("kms.separate-keys") { "secrets" } else { "rds" };
    secrets(region, purpose);
    if region.primary {
        rules(region);
        workflow(region);
    }
}

fn push_topic(region: &mut Region, name: &str) -> String {
    let tags = tags(name, "internal", "prod", "security");
    let item = topic(region, name, &tags);
    let arn = item.arn().to_string();
    region.topics.insert(name.to_string(), arn.clone());
    region.push(item);
    arn
}

/// A topic under the region's SNS key, for this account's own services.
pub fn topic(region: &Region, name: &str, tags: &Tags) -> Item {
    let arn = region.arn("sns", name);
    let statement = json!({
        "Sid": "OwnAccount", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"], "Resource": arn
    });
    let refuse = json!({"Sid": "RefusePlainTransport", "Effect": "Deny", "Principal": "*",
        "Action": "SNS:Publish", "Resource": arn, "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    let configuration = json!({
        "TopicArn": arn, "Owner": ACCOUNT, "DisplayName": "", "KmsMasterKeyId": region.key("sns"),
        "Policy": json!({"Version": "2008-10-17", "Id": name, "Statement": [statement, refuse]}).to_string(),
        "EffectiveDeliveryPolicy": "{\"http\":{\"defaultHealthyRetryPolicy\":{\"minDelayTarget\":20,\
                                    \"maxDelayTarget\":20,\"numRetries\":3}}}"
    });
    Item::new("AWS::SNS::Topic", &arn, &arn, configuration)
        .named(name)
        .nowhere()
        .tagged(tags)
        .supplementary(json!({"Tags": lower_tags(tags)}))
}

fn subscription(region: &mut Region, topic: &str, (protocol, endpoint): (&str, &str)) -> Value {
    let confirmed = !endpoint.ends_with('?');
    let arn = if confirmed { format!("{topic}:{}", region.rng.uuid()) } else { "PendingConfirmation".into() };
    json!({
        "SubscriptionArn": arn, "Owner": ACCOUNT, "Protocol": protocol,
        "Endpoint": endpoint.trim_end_matches('?'), "TopicArn": topic
    })
}

/// A queue under the region's SQS key; numbers are strings, as SQS answers them. Its policy refuses plain
/// HTTP, and may name the own account besides.
pub fn queue(region: &Region, name: &str, tags: &Tags, created: Moment, named: bool) -> Item {
    let arn = region.arn("sqs", name);
    let seconds = created.seconds().to_string();
    let refuse = json!({"Sid": "RefusePlainTransport", "Effect": "Deny", "Principal": "*",
        "Action": "sqs:*", "Resource": arn, "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    let own = json!({"Sid": "OwnAccount", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": arn});
    let statements: Vec<Value> = named.then_some(own).into_iter().chain([refuse]).collect();
    let configuration = json!({
        "QueueArn": arn, "CreatedTimestamp": seconds, "LastModifiedTimestamp": seconds,
        "VisibilityTimeout": "300", "MaximumMessageSize": "262144",
        "MessageRetentionPeriod": "1209600", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "20",
        "KmsMasterKeyId": region.key("sqs"),
        "KmsDataKeyReusePeriodSeconds": "300", "SqsManagedSseEnabled": "false",
        "Policy": json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    });
    let id = format!("https://sqs.{}.amazonaws.com/{ACCOUNT}/{name}", region.name);
    let item = Item::new("AWS::SQS::Queue", id, arn, configuration)
        .named(name)
        .nowhere()
        .created(created)
        .tagged(tags);
    item.supplementary(json!({"Tags": tags}))
}

fn secrets(region: &mut Region, purpose: &str) {
    for name in ["twin/database/app", "twin/database/reports", "twin/registry/token"] {
        let class = if name.contains("database") { "phi" } else { "internal" };
        let tags = tags(name, class, "prod", "platform");
        let created = region.past(200, 800);
        let key = region.key(purpose);
        let tail = region.rng.lower(6);
        let item = secret(region, name, &tail, &key, &tags, created);
        region.push(item);
    }
}

/// A secret's record, never its value.
pub fn secret(region: &Region, name: &str, tail: &str, key: &str, tags: &Tags, created: Moment) -> Item {
    let arn = region.arn("secretsmanager", &format!("secret:{name}-{tail}"));
    let configuration = json!({
        "ARN": arn, "Name": name, "Description": "Rotated every thirty days", "KMSKeyId": key,
        "RotationEnabled": true, "Deleted": false, "RotationOccurringAsScheduled": true,
        "RotationLambdaARN": region.arn("lambda", "function:twin-rotate"),
        "RotationRules": {"AutomaticallyAfterDays": 30}, "Tags": pascal_tags(tags)
    });
    Item::new("AWS::SecretsManager::Secret", &arn, &arn, configuration)
        .named(name)
        .created(created)
        .tagged(tags)
}

fn rules(region: &mut Region) {
    for (name, schedule) in [
        ("twin-quality-report", "cron(0 7 * * ? *)"),
        ("twin-retention-sweep", "rate(1 day)"),
        ("twin-guardduty-findings", ""),
    ] {
        let arn = region.arn("events", &format!("rule/{name}"));
        let target = if schedule.is_empty() {
            region.topics["twin-security-alerts"].clone()
        } else {
            region.arn("lambda", &format!("function:{name}"))
        };
        let mut configuration = json!({
            "Id": name, "Name": name, "Arn": arn, "Description": "", "State": "ENABLED",
            "EventBusName": "default", "Targets": [{"Id": "1", "Arn": target}]
        });
        if schedule.is_empty() {
            configuration["EventPattern"] =
                json!({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]});
        } else {
            configuration["ScheduleExpression"] = json!(schedule);
        }
        let item = Item::new("AWS::Events::Rule", name, arn, configuration).named(name);
        region.push(item);
    }
}

fn workflow(region: &mut Region) {
    let name = "twin-nightly-calibration";
    let arn = region.arn("states", &format!("stateMachine:{name}"));
    let tags = tags(name, "phi", "prod", "modeling");
    let group = region.log_group(format!("/aws/vendedlogs/states/{name}"));
    let configuration = json!({
        "Arn": arn, "StateMachineName": name, "StateMachineType": "STANDARD",
        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-workflow"),
        "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": false,
            "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": region.arn("logs",
                &format!("log-group:{group}:*"))}}]},
        "TracingConfiguration": {"Enabled": true}, "Tags": pascal_tags(&tags)
    });
    let item =
        Item::new("AWS::StepFunctions::StateMachine", &arn, &arn, configuration).named(name).tagged(&tags);
    region.push(item);
}
