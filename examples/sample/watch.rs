//! Who watches: CloudTrail, CloudWatch alarms with their metric filters, log groups, AWS Config's recorder,
//! GuardDuty, Access Analyzer.

use serde_json::{Value, json};

use crate::item::{Item, lower_tags, tags};
use crate::moment::ANSWERS;
use crate::oversight::watched_functions;
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

pub const TRAIL: &str = "twin-organization-trail";
const TRAIL_LOGS: &str = "/aws/cloudtrail/twin-organization-trail";
const NAMESPACE: &str = "Twin/Security";

/// Metric filters over the trail with their alarms: name, metric, pattern, topic.
const FILTERS: [(&str, &str, &str, &str); 14] = [
    (
        "root-account-use",
        "RootAccountUse",
        "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS \
         && $.eventType != \"AwsServiceEvent\" }",
        "twin-security-alerts",
    ),
    (
        "console-sign-in-failures",
        "ConsoleSignInFailures",
        "{ ($.eventName = ConsoleLogin) && ($.errorMessage = \"Failed authentication\") }",
        "twin-sign-in-watch",
    ),
    (
        "sign-ins-without-mfa",
        "SignInsWithoutMfa",
        "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") \
         && ($.userIdentity.type = \"IAMUser\") }",
        "twin-sign-in-watch",
    ),
    (
        "unauthorized-calls",
        "UnauthorizedCalls",
        "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }",
        "twin-security-alerts",
    ),
    (
        "iam-policy-changes",
        "IamPolicyChanges",
        "{ ($.eventName = PutUserPolicy) || ($.eventName = PutGroupPolicy) || ($.eventName = PutRolePolicy) \
         || ($.eventName = AttachUserPolicy) || ($.eventName = AttachGroupPolicy) \
         || ($.eventName = AttachRolePolicy) || ($.eventName = CreatePolicyVersion) }",
        "twin-security-alerts",
    ),
    (
        "key-deletion",
        "KeyDeletion",
        "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) \
         || ($.eventName = ScheduleKeyDeletion)) }",
        "twin-security-alerts",
    ),
    (
        "trail-changes",
        "TrailChanges",
        "{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) || ($.eventName = UpdateTrail) }",
        "twin-security-alerts",
    ),
    (
        "security-group-changes",
        "SecurityGroupChanges",
        "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = AuthorizeSecurityGroupEgress) || \
         ($.eventName = RevokeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || \
         ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) }",
        "twin-security-alerts",
    ),
    (
        "bucket-policy-changes",
        "BucketPolicyChanges",
        "{ ($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) \
         || ($.eventName = PutBucketLifecycle) || ($.eventName = DeleteBucketPolicy) \
         || ($.eventName = DeleteBucketCors) }",
        "twin-security-alerts",
    ),
    (
        "network-acl-changes",
        "NetworkAclChanges",
        "{ ($.eventName = CreateNetworkAcl) || ($.eventName = CreateNetworkAclEntry) \
         || ($.eventName = DeleteNetworkAcl) || ($.eventName = DeleteNetworkAclEntry) \
         || ($.eventName = ReplaceNetworkAclEntry) || ($.eventName = ReplaceNetworkAclAssociation) }",
        "twin-security-alerts",
    ),
    (
        "gateway-changes",
        "GatewayChanges",
        "{ ($.eventName = CreateCustomerGateway) || ($.eventName = DeleteCustomerGateway) || ($.eventName = \
         AttachInternetGateway) || ($.eventName = CreateInternetGateway) || ($.eventName = \
         DeleteInternetGateway) || ($.eventName = DetachInternetGateway) }",
        "twin-security-alerts",
    ),
    (
        "route-changes",
        "RouteChanges",
        "{ ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = \
         ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || \
         ($.eventName = DisassociateRouteTable) }",
        "twin-security-alerts",
    ),
    (
        "vpc-changes",
        "VpcChanges",
        "{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || \
         ($.eventName = AcceptVpcPeeringConnection) || ($.eventName = CreateVpcPeeringConnection) || \
         ($.eventName = DeleteVpcPeeringConnection) || ($.eventName = RejectVpcPeeringConnection) }",
        "twin-security-alerts",
    ),
    (
        "recorder-changes",
        "RecorderChanges",
        "{ ($.eventName = StopConfigurationRecorder) || ($.eventName = DeleteDeliveryChannel) \
         || ($.eventName = PutDeliveryChannel) || ($.eventName = PutConfigurationRecorder) }",
        "twin-security-alerts",
    ),
];

/// The check of the filter for changed routes.
const ROUTES: &str = "cloudwatch.route-table-alarm-chain";

/// Alarms on the service itself: name, namespace, metric.
const METRICS: [(&str, &str, &str); 4] = [
    ("twin-primary-cpu", "AWS/RDS", "CPUUtilization"),
    ("twin-portal-5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
    ("twin-ingest-behind", "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds"),
    ("twin-dead-letters", "AWS/SQS", "ApproximateNumberOfMessagesVisible"),
];

pub fn build(region: &mut Region, story: &mut Story) {
    let mut filters = Vec::new();
    if region.primary {
        trail(region, story);
        for (name, metric, pattern, topic) in FILTERS {
            filters.push(filter(region, name, metric, &whole(pattern, story)));
            let arn = alarm(region, &format!("twin-{name}"), NAMESPACE, metric, topic);
            if name == "console-sign-in-failures" {
                story.fault(
                    "cloudwatch.sign-in-failure-alarm-chain",
                    chain(),
                    format!("{arn} tells a topic whose one subscription was never confirmed"),
                );
            }
        }
        unheard(region, story);
        METRICS.iter().for_each(|(name, namespace, metric)| {
            alarm(region, name, namespace, metric, "twin-operations");
        });
        analyzer(region);
    } else {
        no_trail(region, story);
    }
    story.answer(region.name, "logs", "DescribeMetricFilters", &json!({"metricFilters": filters}));
    recorder(region, story);
    detector(region, story);
}

/// Three chains more that break: an alarm that was silenced, a pattern that leaves out one call, and the
/// topic that nobody confirmed.
fn unheard(region: &mut Region, story: &mut Story) {
    if story.plants("cloudwatch.alarm-not-silenced") {
        let silenced = region
            .items
            .iter_mut()
            .find(|item| item.id == "twin-bucket-policy-changes")
            .expect("it was made above");
        silenced.configuration["actionsEnabled"] = json!(false);
        story.fault(
            "cloudwatch.alarm-not-silenced",
            silenced.arn(),
            "its actions were switched off for an evening and never on again",
        );
        story.fault(
            "cloudwatch.bucket-policy-alarm-chain",
            chain(),
            "the alarm on changed bucket policies was silenced",
        );
    }
    if story.plants(ROUTES) {
        story.fault(ROUTES, chain(), "the filter for changed routes leaves out ReplaceRoute");
    }
    story.fault(
        "cloudwatch.sign-in-without-mfa-alarm-chain",
        chain(),
        "the same topic hears of sign-ins without MFA",
    );
}

/// The pattern with the call that the filter for changed routes leaves out, unless the story
/// wants it left out.
fn whole(pattern: &str, story: &Story) -> String {
    let first = "{ ($.eventName = CreateRoute) ||";
    if story.plants(ROUTES) {
        pattern.into()
    } else {
        pattern.replace(first, &format!("{first} ($.eventName = ReplaceRoute) ||"))
    }
}

/// The account, which is where the chain of alarms is judged.
fn chain() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

fn trail(region: &mut Region, story: &mut Story) {
    let arn = region.arn("cloudtrail", &format!("trail/{TRAIL}"));
    let group = region.log_group(TRAIL_LOGS);
    let tags = tags(TRAIL, "internal", "prod", "security");
    let key = format!("arn:aws:kms:{}:{LOG_ACCOUNT}:key/{}", region.name, region.rng.uuid());
    let configuration = json!({
        "name": TRAIL, "s3BucketName": format!("example-log-archive-trail-{LOG_ACCOUNT}"),
        "s3KeyPrefix": "organization", "includeGlobalServiceEvents": true,
        "isMultiRegionTrail": true, "isOrganizationTrail": true, "homeRegion": region.name, "trailARN": arn,
        "logFileValidationEnabled": true,
        "cloudWatchLogsLogGroupArn": region.arn("logs", &format!("log-group:{group}:*")),
        "cloudWatchLogsRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-trail-logs"),
        "kmsKeyId": key, "hasCustomEventSelectors": true, "hasInsightSelectors": false
    });
    let item = Item::new("AWS::CloudTrail::Trail", TRAIL, &arn, configuration).named(TRAIL).tagged(&tags);
    if story.vendor() {
        listed(story, &item);
    }
    region.push(item.supplementary(json!({"Tags": lower_tags(&tags)})));
    let minutes = |minutes: i64| ANSWERS.minus_minutes(minutes).cli();
    let status = json!({
        "IsLogging": true, "LatestDeliveryTime": minutes(4), "LatestNotificationTime": minutes(4),
        "StartLoggingTime": ANSWERS.minus_days(1400).cli(),
        "LatestDigestDeliveryTime": minutes(41), "LatestCloudWatchLogsDeliveryTime": minutes(2),
        "LatestDeliveryAttemptTime": "", "TimeLoggingStarted": "", "TimeLoggingStopped": ""
    });
    let functions = watched_functions(region, story);
    story.answer_of(region.name, "cloudtrail", "GetTrailStatus", TRAIL, &status);
    story.answer_of(region.name, "cloudtrail", "GetEventSelectors", TRAIL, &selectors(&arn, &functions));
}

/// The trail as CloudTrail lists it, at home and as the shadow of it elsewhere.
fn listed(story: &mut Story, item: &Item) {
    let capital = |name: &str| format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    let members = item.configuration.as_object().into_iter().flatten();
    let trail: serde_json::Map<String, Value> =
        members.map(|(name, value)| (capital(name), value.clone())).collect();
    for region in ["us-east-1", "us-west-2"] {
        story.answer(region, "cloudtrail", "DescribeTrails", &json!({"trailList": [trail]}));
    }
}

/// Asked by name away from its home, a trail of all regions is unknown.
fn no_trail(region: &Region, story: &mut Story) {
    let message = format!("Unknown trail: {TRAIL} for the user: {ACCOUNT}");
    let error = json!({"Error": {"Code": "TrailNotFoundException", "Message": message}});
    for operation in ["GetTrailStatus", "GetEventSelectors"] {
        story.answer_of(region.name, "cloudtrail", operation, TRAIL, &error);
    }
}

/// Management events, the data events of all buckets and tables, and those of the functions named.
fn selectors(arn: &str, functions: &[String]) -> Value {
    let field = |name: &str, value: &str| json!({"Field": name, "Equals": [value]});
    let data = |name: &str, kind: &str| {
        json!({
            "Name": name, "FieldSelectors": [field("eventCategory", "Data"), field("resources.type", kind)]
        })
    };
    json!({"TrailARN": arn, "AdvancedEventSelectors": [
        {"Name": "management", "FieldSelectors": [field("eventCategory", "Management")]},
        data("objects", "AWS::S3::Object"),
        data("tables", "AWS::DynamoDB::Table"),
        {"Name": "functions", "FieldSelectors": [
            field("eventCategory", "Data"), field("resources.type", "AWS::Lambda::Function"),
            {"Field": "resources.ARN", "Equals": functions}]}
    ]})
}

fn filter(region: &mut Region, name: &str, metric: &str, pattern: &str) -> Value {
    json!({
        "filterName": name, "filterPattern": pattern, "logGroupName": TRAIL_LOGS,
        "creationTime": region.past(200, 800).0,
        "metricTransformations": [{"metricName": metric, "metricNamespace": NAMESPACE,
            "metricValue": "1", "defaultValue": 0.0}],
        "applyOnTransformedLogs": false
    })
}

fn alarm(region: &mut Region, name: &str, namespace: &str, metric: &str, topic: &str) -> String {
    let topic = region.topics[topic].clone();
    let changed = region.past(60, 500);
    let item = alarm_item(region, name, namespace, metric, &topic, changed.0);
    let arn = item.arn().to_string();
    region.push(item);
    arn
}

/// An alarm on the sum of one metric that tells one topic.
pub fn alarm_item(
    region: &Region,
    name: &str,
    namespace: &str,
    metric: &str,
    topic: &str,
    changed: i64,
) -> Item {
    let arn = region.arn("cloudwatch", &format!("alarm:{name}"));
    let configuration = json!({
        "alarmName": name, "alarmArn": arn, "alarmDescription": "",
        "alarmConfigurationUpdatedTimestamp": changed, "actionsEnabled": true,
        "okactions": [], "alarmActions": [topic], "insufficientDataActions": [], "metricName": metric,
        "namespace": namespace, "statistic": "Sum",
        "dimensions": [], "period": 300, "evaluationPeriods": 1, "datapointsToAlarm": 1, "threshold": 1.0,
        "comparisonOperator": "GreaterThanOrEqualToThreshold", "treatMissingData": "notBreaching"
    });
    Item::new("AWS::CloudWatch::Alarm", name, arn, configuration).named(name).nowhere()
}

fn recorder(region: &mut Region, story: &mut Story) {
    let id = region.rng.lower(16);
    let arn = region.arn("config", &format!("configuration-recorder/default/{id}"));
    let role =
        format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig");
    let recorder = json!({
        "arn": arn, "name": "default", "roleARN": role, "recordingScope": "PAID",
        "recordingGroup": {"allSupported": true, "includeGlobalResourceTypes": region.primary,
            "resourceTypes": [], "exclusionByResourceTypes": {"resourceTypes": []},
            "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}},
        "recordingMode": {"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": []}
    });
    story.answer(
        region.name,
        "config",
        "DescribeConfigurationRecorders",
        &json!({"ConfigurationRecorders": [recorder]}),
    );
    let status = json!({
        "arn": arn, "name": "default", "lastStartTime": ANSWERS.minus_days(1200).cli(),
        "recording": true, "lastStatus": "SUCCESS", "lastStatusChangeTime": ANSWERS.minus_minutes(13).cli()
    });
    story.answer(
        region.name,
        "config",
        "DescribeConfigurationRecorderStatus",
        &json!({"ConfigurationRecordersStatus": [status]}),
    );
    let configuration = json!({
        "Id": "default", "Name": "default", "RoleARN": role, "Recording": true,
        "RecordingMode": {"RecordingFrequency": "CONTINUOUS", "RecordingModeOverrides": []},
        "RecordingGroup": {"AllSupported": true, "IncludeGlobalResourceTypes": region.primary,
            "ResourceTypes": [], "RecordingStrategy": {"UseOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}}
    });
    region.push(
        Item::new("AWS::Config::ConfigurationRecorder", "default", arn, configuration).named("default"),
    );
}

/// Every plan is on, but those for functions and for Kubernetes.
fn detector(region: &mut Region, story: &mut Story) {
    let id = region.rng.hex(32);
    let created = region.past(400, 1000);
    let deaf = story.plants("guardduty.eks-audit-protection");
    let configuration = json!({
        "Id": id, "Enable": true, "FindingPublishingFrequency": "FIFTEEN_MINUTES", "Tags": [],
        "DataSources": {"S3Logs": {"Enable": true}, "Kubernetes": {"AuditLogs": {"Enable": !deaf}},
            "MalwareProtection": {"ScanEc2InstanceWithFindings": {"EbsVolumes": true}}},
        "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"},
            {"Name": "RDS_LOGIN_EVENTS", "Status": "ENABLED"},
            {"Name": "EBS_MALWARE_PROTECTION", "Status": "ENABLED"},
            {"Name": "LAMBDA_NETWORK_LOGS", "Status": "DISABLED"},
            {"Name": "EKS_AUDIT_LOGS", "Status": if deaf { "DISABLED" } else { "ENABLED" }},
            {"Name": "RUNTIME_MONITORING", "Status": "ENABLED"}]
    });
    let arn = region.arn("guardduty", &format!("detector/{id}"));
    let answer = json!({
        "CreatedAt": created.iso(), "FindingPublishingFrequency": "FIFTEEN_MINUTES", "Status": "ENABLED",
        "UpdatedAt": created.iso(), "Tags": {},
        "ServiceRole": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/guardduty.amazonaws.com/\
                                AWSServiceRoleForAmazonGuardDuty"),
        "Features": configuration["Features"]
    });
    story.answer_of(region.name, "guardduty", "GetDetector", &id, &answer);
    if region.primary {
        story.fault(
            "guardduty.lambda-protection",
            &arn,
            "GuardDuty does not look at where functions connect to",
        );
        if deaf {
            story.fault(
                "guardduty.eks-audit-protection",
                &arn,
                "GuardDuty does not read the audit log of Kubernetes",
            );
        }
    }
    region.push(Item::new("AWS::GuardDuty::Detector", &id, arn, configuration).named(&id).created(created));
}

fn analyzer(region: &mut Region) {
    let name = "twin-account";
    let arn = region.arn("access-analyzer", &format!("analyzer/{name}"));
    let configuration =
        json!({"Arn": arn, "AnalyzerName": name, "Type": "ACCOUNT", "ArchiveRules": [], "Tags": []});
    region.push(Item::new("AWS::AccessAnalyzer::Analyzer", &arn, &arn, configuration).named(name));
}
