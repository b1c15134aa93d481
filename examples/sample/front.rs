//! What the public meets first: CloudFront, the web ACLs before it and before the balancers, and the
//! names in Route 53.

use serde_json::{Value, json};

use crate::item::{Item, lower_tags, pascal_tags, tags};
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

pub fn build(region: &mut Region, story: &mut Story) {
    web_acl(region, "twin-regional", "regional");
    if region.primary {
        zone(region, "twin.example.org.", false);
        let acl = web_acl(region, "twin-edge", "global");
        distribution(region, "portal", "portal.twin.example.org", &acl);
        distribution(region, "dashboard", "www.twin.example.org", &acl);
        zone(region, "twin.example.net.", true);
    }
    stack(region, story);
}

pub fn web_acl(region: &mut Region, name: &str, scope: &str) -> String {
    let id = region.rng.uuid();
    let arn = if scope == "global" {
        format!("arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/{name}/{id}")
    } else {
        region.arn("wafv2", &format!("regional/webacl/{name}/{id}"))
    };
    let tags = tags(name, "internal", "prod", "security");
    let visibility = |metric: &str| {
        json!({
            "sampledRequestsEnabled": true, "cloudWatchMetricsEnabled": true, "metricName": metric
        })
    };
    let configuration = json!({
        "id": id, "name": name, "resourceARN": arn, "description": "Managed rules and a rate limit",
        "capacity": 902, "defaultAction": "ALLOW", "visibilityConfig": visibility(name), "rules": [
            {"name": "common", "priority": 0, "overrideAction": {"none": {}},
                "visibilityConfig": visibility("common"),
             "statement": {"managedRuleGroupStatement": {"vendorName": "AWS",
                 "name": "AWSManagedRulesCommonRuleSet"}}},
            {"name": "rate", "priority": 1, "action": {"block": {}}, "visibilityConfig": visibility("rate"),
             "statement": {"rateBasedStatement": {"limit": 2000, "aggregateKeyType": "IP"}}}
        ]
    });
    let extra = json!({"Tags": lower_tags(&tags)});
    let item = Item::new("AWS::WAFv2::WebACL", id, &arn, configuration).named(name).tagged(&tags);
    region.push(item.supplementary(extra));
    arn
}

fn distribution(region: &mut Region, name: &str, alias: &str, acl: &str) {
    let id = format!("E{}", region.rng.upper(13));
    let arn = format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{id}");
    let tags = tags(name, "public", "prod", "platform");
    let changed = region.past(10, 200);
    let configuration = json!({
        "id": id, "arn": arn, "domainName": format!("d{}.cloudfront.net", region.rng.lower(13)),
        "lastModifiedTime": changed.iso(), "activeTrustedSigners": {"enabled": false, "quantity": 0},
        "distributionConfig": distribution_config(region, name, alias, acl)
    });
    let item = Item::new("AWS::CloudFront::Distribution", &id, &arn, configuration)
        .global()
        .created(changed)
        .tagged(&tags);
    region.push(item.discovered());
}

fn distribution_config(region: &Region, name: &str, alias: &str, acl: &str) -> Value {
    let origin = format!("{name}-origin");
    json!({
        "callerReference": format!("twin-{name}"), "aliases": {"quantity": 1, "items": [alias]},
        "comment": format!("County twin {name}"),
        "enabled": true, "isIPV6Enabled": true, "httpVersion": "http2and3", "priceClass": "PriceClass_100",
        "webACLId": acl, "defaultRootObject": "", "viewerCertificate": {
            "cloudFrontDefaultCertificate": false, "acmCertificateArn": region.certificates["edge"],
            "sslSupportMethod": "sni-only",
            "minimumProtocolVersion": "TLSv1.2_2021", "certificate": region.certificates["edge"],
            "certificateSource": "acm"
        },
        "logging": logging(name),
        "origins": {"quantity": 1, "items": [{
            "id": origin, "domainName": "origin.twin.example.org", "originPath": "",
            "customHeaders": {"quantity": 0},
            "customOriginConfig": {"httpPort": 80, "httpsPort": 443, "originProtocolPolicy": "https-only",
                "originReadTimeout": 30, "originKeepaliveTimeout": 5,
                "originSslProtocols": {"quantity": 1, "items": ["TLSv1.2"]}}
        }]},
        "defaultCacheBehavior": behavior(&origin, "redirect-to-https"),
        "cacheBehaviors": {"quantity": 1, "items": [path(behavior(&origin, "https-only"))]},
        "originGroups": {"quantity": 0}, "customErrorResponses": {"quantity": 0},
        "restrictions": {"geoRestriction": {"restrictionType": "whitelist", "quantity": 1, "items": ["US"]}}
    })
}

/// The portal logs in the older way; the dashboard's newer log does not show in its item.
fn logging(name: &str) -> Value {
    let on = name == "portal";
    let bucket =
        if on { format!("example-log-archive-edge-{LOG_ACCOUNT}.s3.amazonaws.com") } else { String::new() };
    json!({"enabled": on, "includeCookies": false, "bucket": bucket, "prefix": if on { name } else { "" }})
}

fn behavior(origin: &str, viewers: &str) -> Value {
    json!({
        "targetOriginId": origin, "viewerProtocolPolicy": viewers, "compress": true,
        "smoothStreaming": false, "fieldLevelEncryptionId": "",
        "trustedSigners": {"enabled": false, "quantity": 0}, "lambdaFunctionAssociations": {"quantity": 0},
        "allowedMethods": {"quantity": 2, "items": ["HEAD", "GET"],
            "cachedMethods": {"quantity": 2, "items": ["HEAD", "GET"]}},
        "minTTL": 0, "defaultTTL": 0, "maxTTL": 0
    })
}

fn path(mut behavior: Value) -> Value {
    behavior["pathPattern"] = json!("/api/*");
    behavior
}

/// A public zone with a query log, or a private one of the VPC.
fn zone(region: &mut Region, name: &str, private: bool) {
    let id = format!("Z0{}", region.rng.upper(19));
    let tags = tags(name.trim_end_matches('.'), "internal", "prod", "platform");
    let mut configuration = json!({
        "Id": id, "HostedZoneConfig": {"Comment": "County surveillance twin"}, "Name": name, "VPCs": [],
        "HostedZoneTags": pascal_tags(&tags),
        "NameServers": ["ns-1.dns.example.net", "ns-2.dns.example.org"]
    });
    if private {
        configuration["VPCs"] = json!([{"VPCId": region.vpc, "VPCRegion": region.name}]);
        configuration["NameServers"] = json!([]);
    } else {
        let group = region.log_group("/aws/route53/twin.example.org");
        configuration["QueryLoggingConfig"] =
            json!({"CloudWatchLogsLogGroupArn": region.arn("logs", &format!("log-group:{group}"))});
    }
    let item = Item::new(
        "AWS::Route53::HostedZone",
        &id,
        format!("arn:aws:route53:::hostedzone/{id}"),
        configuration,
    )
    .named(name);
    region.push(item.tagged(&tags));
}

/// The stack that all of this came from.
fn stack(region: &mut Region, story: &Story) {
    let name = format!("twin-foundation-{}", story.suffix);
    let id = region.rng.uuid();
    let arn = region.arn("cloudformation", &format!("stack/{name}/{id}"));
    let tags = tags(&name, "internal", "prod", "platform");
    let created = region.past(400, 1000);
    let configuration = json!({
        "stackId": arn, "stackName": name, "description": "Network, keys and stores of the digital twin",
        "creationTime": created.iso(),
        "lastUpdatedTime": region.past(5, 60).iso(), "stackStatus": "UPDATE_COMPLETE",
        "disableRollback": false, "notificationARNs": [], "capabilities": ["CAPABILITY_NAMED_IAM"],
        "parameters": [{"parameterKey": "Stage", "parameterValue": "prod"}], "outputs": [],
        "enableTerminationProtection": true, "driftInformation": {"stackDriftStatus": "IN_SYNC"},
        "rollbackConfiguration": {"rollbackTriggers": []}
    });
    let extra = json!({"EnableTerminationProtection": true, "StackResourceSummaries": []});
    let item = Item::new("AWS::CloudFormation::Stack", &arn, &arn, configuration)
        .named(&name)
        .created(created)
        .tagged(&tags);
    region.push(item.supplementary(extra));
}
