//! Who else watches: Security Hub, Macie, Inspector, the recovery region's own trail, CloudFront's newer
//! logs, the list of all buckets, and what S3 says of their policies.

use serde_json::{Value, json};

use crate::item::{Item, tags};
use crate::moment::ANSWERS;
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::rng::Rng;
use crate::story::{GLOBAL, Story};

pub const RECOVERY_TRAIL: &str = "twin-recovery-trail";

pub fn build(region: &mut Region, story: &mut Story) {
    security_hub(region, story);
    macie(region, story);
    inspector(region, story);
    deliveries(region, story);
    if !region.primary && story.plants("cloudtrail.not-interrupted") {
        recovery_trail(region, story);
    }
}

/// On at home; in the recovery region nobody subscribed.
fn security_hub(region: &Region, story: &mut Story) {
    let hub = region.arn("securityhub", "hub/default");
    let answer = if region.primary || !story.plants("securityhub.enabled") {
        json!({"HubArn": hub, "SubscribedAt": ANSWERS.minus_days(900).iso(), "AutoEnableControls": true,
            "ControlFindingGenerator": "SECURITY_CONTROL"})
    } else {
        story.fault("securityhub.enabled", hub, format!("Security Hub is not on in {}", region.name));
        let message = format!("Account {ACCOUNT} is not subscribed to AWS Security Hub");
        json!({"Error": {"Code": "InvalidAccessException", "Message": message}})
    };
    story.answer(region.name, "securityhub", "DescribeHub", &answer);
}

/// On at home; suspended in the recovery region, whose buckets hold copies of ePHI.
fn macie(region: &Region, story: &mut Story) {
    let paused = !region.primary && story.plants("macie2.enabled");
    let status = if paused { "PAUSED" } else { "ENABLED" };
    let answer = json!({
        "createdAt": ANSWERS.minus_days(700).cli(), "findingPublishingFrequency": "FIFTEEN_MINUTES",
        "status": status,
        "serviceRole": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/macie.amazonaws.com/\
                                AWSServiceRoleForAmazonMacie"),
        "updatedAt": ANSWERS.minus_days(30).cli()
    });
    story.answer(region.name, "macie2", "GetMacieSession", &answer);
    if paused {
        let place = format!("AWS::Macie::Session/{ACCOUNT}/{}", region.name);
        story.fault("macie2.enabled", place, format!("Macie is suspended in {}", region.name));
    }
}

/// Instances and images are scanned, functions were forgotten.
fn inspector(region: &Region, story: &mut Story) {
    let forgotten = story.plants("inspector2.functions-scanned");
    let state = |on: bool| {
        json!({
            "status": if on { "ENABLED" } else { "DISABLED" }, "errorCode": null, "errorMessage": null
        })
    };
    let account = json!({
        "accountId": ACCOUNT, "state": state(true),
        "resourceState": {"ec2": state(true), "ecr": state(true), "lambda": state(!forgotten),
            "lambdaCode": state(!forgotten), "codeRepository": state(false)}
    });
    story.answer(
        region.name,
        "inspector2",
        "BatchGetAccountStatus",
        &json!({"accounts": [account], "failedAccounts": []}),
    );
    if region.primary && forgotten {
        let place = format!("AWS::InspectorV2::Account/{ACCOUNT}/{}/lambda", region.name);
        story.fault(
            "inspector2.functions-scanned",
            place,
            format!("Inspector does not scan functions in {}", region.name),
        );
    }
}

/// The dashboard hands its access log to CloudWatch Logs, which its item does not show.
fn deliveries(region: &Region, story: &mut Story) {
    let edge = region
        .items
        .iter()
        .rfind(|item| item.kind == "AWS::CloudFront::Distribution")
        .map(|item| item.arn().to_string());
    let (mut sources, mut deliveries) = (Vec::new(), Vec::new());
    if let Some(edge) = edge {
        let id = story.rng("edge delivery").upper(16);
        sources.push(json!({
            "name": "twin-edge", "arn": region.arn("logs", "delivery-source:twin-edge"),
            "resourceArns": [edge], "service": "cloudfront", "logType": "ACCESS_LOGS"
        }));
        deliveries.push(json!({
            "id": id, "arn": region.arn("logs", &format!("delivery:{id}")), "deliverySourceName": "twin-edge",
            "deliveryDestinationType": "S3",
            "deliveryDestinationArn": format!("arn:aws:logs:{}:{LOG_ACCOUNT}:delivery-destination:edge",
                region.name)
        }));
    }
    story.answer(region.name, "logs", "DescribeDeliverySources", &json!({"deliverySources": sources}));
    story.answer(region.name, "logs", "DescribeDeliveries", &json!({"deliveries": deliveries}));
}

/// Made for a drill and left running: it writes to a bucket beside it, which nothing locks.
fn recovery_trail(region: &mut Region, story: &mut Story) {
    let arn = region.arn("cloudtrail", &format!("trail/{RECOVERY_TRAIL}"));
    let group = region.log_group(format!("/aws/cloudtrail/{RECOVERY_TRAIL}"));
    let bucket = region
        .items
        .iter()
        .find(|item| item.kind == "AWS::S3::Bucket" && item.id.contains("config-delivery"));
    let bucket = bucket.expect("the recovery region has one").id.clone();
    let tags = tags(RECOVERY_TRAIL, "internal", "prod", "security");
    let configuration = json!({
        "name": RECOVERY_TRAIL, "s3BucketName": bucket, "includeGlobalServiceEvents": false,
        "isMultiRegionTrail": false, "isOrganizationTrail": false, "homeRegion": region.name, "trailARN": arn,
        "logFileValidationEnabled": true,
        "cloudWatchLogsLogGroupArn": region.arn("logs", &format!("log-group:{group}:*")),
        "cloudWatchLogsRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-trail-logs"),
        "kmsKeyId": region.key("logs"), "hasCustomEventSelectors": false, "hasInsightSelectors": false
    });
    region.push(
        Item::new("AWS::CloudTrail::Trail", RECOVERY_TRAIL, &arn, configuration)
            .named(RECOVERY_TRAIL)
            .tagged(&tags),
    );
    let minutes = |minutes: i64| ANSWERS.minus_minutes(minutes).cli();
    let status = json!({
        "IsLogging": true, "LatestDeliveryTime": minutes(6),
        "StartLoggingTime": ANSWERS.minus_days(130).cli(),
        "LatestDigestDeliveryTime": minutes(52), "LatestCloudWatchLogsDeliveryTime": minutes(3)
    });
    story.answer_of(region.name, "cloudtrail", "GetTrailStatus", RECOVERY_TRAIL, &status);
    let selectors = json!({"TrailARN": arn, "EventSelectors": [
        {"ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [],
            "ExcludeManagementEventSources": []}]});
    story.answer_of(region.name, "cloudtrail", "GetEventSelectors", RECOVERY_TRAIL, &selectors);
    story.fault(
        "cloudtrail.bucket-other-account",
        &arn,
        format!("{RECOVERY_TRAIL} delivers to {bucket} of the same account"),
    );
    story.fault(
        "cloudtrail.bucket-object-lock",
        &arn,
        format!("{bucket}, which takes its files, has no Object Lock"),
    );
}

/// The account's own list of its buckets, in every region.
pub fn bucket_list(regions: [&Region; 2], story: &mut Story) {
    let bucket = |item: &Item, region: &Region| {
        json!({
            "Name": item.id, "CreationDate": item.created.unwrap_or(ANSWERS).cli(),
            "BucketRegion": region.name, "BucketArn": item.arn()
        })
    };
    let of = |region: &&Region| -> Vec<Value> {
        region
            .items
            .iter()
            .filter(|item| item.kind == "AWS::S3::Bucket")
            .map(|item| bucket(item, region))
            .collect()
    };
    let mut buckets: Vec<Value> = regions.iter().flat_map(of).collect();
    buckets.sort_by_key(|bucket| bucket["Name"].to_string());
    let owner = json!({"ID": "5f0c1e2d3b4a59687786a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"});
    story.answer(GLOBAL, "s3", "ListBuckets", &json!({"Buckets": buckets, "Owner": owner}));
    for region in regions {
        policy_statuses(region, story);
    }
}

/// What S3 answers of each policy. The fault is one that it takes for public, though it lets nobody in.
fn policy_statuses(region: &Region, story: &mut Story) {
    let held = |item: &&Item| {
        item.kind == "AWS::S3::Bucket" && !item.supplementary["BucketPolicy"]["policyText"].is_null()
    };
    for item in region.items.iter().filter(held) {
        let differs = item.id.contains("-public-maps-") && story.plants("s3.policy-status-agrees");
        if differs {
            story.fault(
                "s3.policy-status-agrees",
                item.arn(),
                format!("S3 takes the policy of {} for public", item.id),
            );
        }
        let answer = json!({"PolicyStatus": {"IsPublic": differs}});
        story.answer_of(region.name, "s3", "GetBucketPolicyStatus", &item.id, &answer);
    }
}

/// Data events of every function but one, as the trail names them; the forgotten one is the fault.
pub fn watched_functions(region: &Region, story: &mut Story) -> Vec<String> {
    let mut functions: Vec<String> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::Lambda::Function")
        .map(|item| item.arn().to_string())
        .collect();
    if !story.plants("cloudtrail.lambda-data-events") {
        return functions;
    }
    let mut rng: Rng = story.rng("watched functions");
    let forgotten = functions.remove(rng.below(functions.len()));
    story.fault("cloudtrail.lambda-data-events", &forgotten, "no trail records who calls it");
    functions.push(region.arn("lambda", "function:twin-pilot-index")); // made later, by the pilot
    functions
}
