//! AWS Lambda and the API Gateway in front of it: the ways in for laboratories. One function carries a
//! password in its environment.

use serde_json::{Value, json};

use crate::item::{Item, Tags, tags};
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

const FUNCTIONS: [(&str, &str); 7] = [
    ("ingest-elr", "apigateway"),
    ("ingest-syndromic", "kinesis"),
    ("normalize-loinc", "s3"),
    ("geocode-cases", "sqs"),
    ("alert-fanout", "events"),
    ("quality-report", "events"),
    ("retention-sweep", "events"),
];

/// The functions' names, each after `twin-`.
pub const NAMES: [&str; 8] = [
    "ingest-elr",
    "ingest-syndromic",
    "normalize-loinc",
    "geocode-cases",
    "alert-fanout",
    "quality-report",
    "retention-sweep",
    "pilot-index",
];

/// The role that a function should run with, which is its own.
pub fn role(name: &str) -> String {
    format!("twin-fn-{name}")
}

/// The role that it does run with: one of them may borrow.
pub fn taken(name: &str, story: &Story) -> String {
    let borrows = name == "retention-sweep" && story.plants("iam.role-not-shared");
    role(if borrows { "quality-report" } else { name })
}

pub fn build(region: &mut Region, story: &mut Story) {
    let leaky = *region.rng.pick(&["geocode-cases", "quality-report", "retention-sweep"]);
    for (name, caller) in FUNCTIONS {
        let mut item = function(region, name, caller, &taken(name, story));
        if name == leaky {
            let password = format!("Wd7{}!q", region.rng.lower(12));
            item.configuration["environment"]["variables"]["DB_PASSWORD"] = json!(password);
            story.secret("password", password, region.name);
        }
        region.push(item);
    }
    if story.plants("iam.role-not-shared") {
        let shared = format!("arn:aws:iam::{ACCOUNT}:role/{}", taken("retention-sweep", story));
        story.fault("iam.role-not-shared", shared, "two functions run with one role");
    }
    gateway(region);
}

/// A function that one AWS service may call.
pub fn function(region: &mut Region, name: &str, caller: &str, role: &str) -> Item {
    let full = format!("twin-{name}");
    let arn = region.arn("lambda", &format!("function:{full}"));
    region.log_group(format!("/aws/lambda/{full}"));
    let tags = tags(&full, "phi", "prod", "ingest");
    let configuration = configuration(region, name, role, &full, &arn);
    let subnets = Region::subnet_ids(&region.app);
    let mut item =
        Item::new("AWS::Lambda::Function", &full, &arn, configuration).named(&full).nowhere().tagged(&tags);
    item = item.link_name("AWS::IAM::Role", role, "Is associated with ");
    item = item.link("AWS::EC2::SecurityGroup", &region.group("functions"), "Is associated with ");
    for subnet in subnets {
        item = item.link("AWS::EC2::Subnet", &subnet, "Is contained in ");
    }
    item.supplementary(extras(region, caller, &arn, &tags))
}

fn configuration(region: &mut Region, name: &str, role: &str, full: &str, arn: &str) -> Value {
    json!({
        "functionName": full, "functionArn": arn, "runtime": "python3.13",
        "role": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        "handler": "handler.main", "codeSize": region.rng.between(40_000, 9_000_000),
        "description": format!("{name} of the digital twin"),
        "timeout": 60, "memorySize": 512, "lastModified": region.past(5, 90).iso().replace('Z', "+0000"),
        "codeSha256": format!("{}=", region.rng.lower(43)),
        "version": "$LATEST", "kmskeyArn": region.key("lambda"), "tracingConfig": {"mode": "Active"},
        "revisionId": region.rng.uuid(), "vpcConfig": {"subnetIds": Region::subnet_ids(&region.app),
            "securityGroupIds": [region.group("functions")]},
        "packageType": "Zip", "architectures": ["arm64"], "ephemeralStorage": {"size": 512},
        "layers": [], "state": "Active",
        "environment": {"variables": {"TWIN_STAGE": "prod", "DB_HOST": "twin-primary.example.net"}}
    })
}

/// Who may call the function: one AWS service, for this account only.
fn extras(region: &Region, caller: &str, arn: &str, tags: &Tags) -> Value {
    let statement = json!({
        "Sid": format!("{caller}-calls"), "Effect": "Allow",
        "Principal": {"Service": format!("{caller}.amazonaws.com")},
        "Action": "lambda:InvokeFunction", "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": region.arn(caller, "*")}}
    });
    let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": [statement]});
    json!({"Policy": policy.to_string(), "Tags": tags})
}

fn gateway(region: &mut Region) {
    let id = region.rng.lower(10);
    let arn = format!("arn:aws:apigateway:{}::/restapis/{id}", region.name);
    let tags = tags("twin-intake", "phi", "prod", "ingest");
    let created = region.past(300, 900);
    let configuration = json!({
        "id": id, "name": "twin-intake", "createdDate": created.worded(), "apiKeySource": "HEADER",
        "description": "Electronic laboratory reports",
        "endpointConfiguration": {"types": ["REGIONAL"]}
    });
    let item =
        Item::new("AWS::ApiGateway::RestApi", &arn, &arn, configuration).named("twin-intake").nowhere();
    region.push(item.created(created).tagged(&tags));
    let group = region.log_group("/aws/apigateway/twin-intake");
    let acl = crate::reach::regional_acl(region);
    let stage = json!({
        "webAclArn": acl,
        "deploymentId": region.rng.lower(6), "stageName": "prod", "cacheClusterEnabled": false,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {"*/*": {"metricsEnabled": true, "loggingLevel": "INFO",
            "dataTraceEnabled": false, "cacheDataEncrypted": false}},
        "tracingEnabled": true, "createdDate": created.worded(),
        "lastUpdatedDate": created.plus_days(40).worded(),
        "accessLogSettings": {"destinationArn": region.arn("logs", &format!("log-group:{group}")),
            "format": "$context.requestId"}
    });
    let stage_arn = format!("{arn}/stages/prod");
    let item = Item::new("AWS::ApiGateway::Stage", &stage_arn, &stage_arn, stage)
        .named("prod")
        .nowhere()
        .created(created)
        .tagged(&tags);
    region.push(item.link_both("AWS::ApiGateway::RestApi", &arn, "twin-intake", "Is contained in "));
}
