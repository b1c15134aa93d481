//! The quarter before the snapshots: what was broken and repaired, as AWS Config's history files tell it, and
//! who stopped a trail, as CloudTrail's event history tells it.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};

use crate::envelope::{Format, encode};
use crate::item::Item;
use crate::moment::{ANSWERS, Moment, SNAPSHOT};
use crate::oversight::RECOVERY_TRAIL;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;
use crate::watch::TRAIL;

/// The events that are looked up, one call each.
const EVENTS: [&str; 6] = [
    "StopLogging",
    "StartLogging",
    "DeleteTrail",
    "StopConfigurationRecorder",
    "StartConfigurationRecorder",
    "DeleteConfigurationRecorder",
];

pub fn build(east: &Region, west: &Region, story: &mut Story) {
    lookups(east, story, &[("StopLogging", SNAPSHOT.minus_days(19), TRAIL, Some("AccessDenied"))]);
    doors(east, story);
    versions(east, story);
    if !story.plants("cloudtrail.not-interrupted") {
        lookups(west, story, &[]);
        return;
    }
    let stopped = SNAPSHOT.minus_days(41);
    let events = [
        ("StopLogging", stopped, RECOVERY_TRAIL, None),
        ("StartLogging", stopped.plus_days(1).minus_minutes(1080), RECOVERY_TRAIL, None),
    ];
    lookups(west, story, &events);
    story.fault(
        "cloudtrail.not-interrupted",
        west.arn("cloudtrail", &format!("trail/{RECOVERY_TRAIL}")),
        format!("{RECOVERY_TRAIL} stood still for six hours"),
    );
}

/// One answer an event name, most of them empty.
fn lookups(region: &Region, story: &mut Story, events: &[(&str, Moment, &str, Option<&str>)]) {
    for name in EVENTS {
        let of_name = events.iter().filter(|(event, ..)| *event == name);
        let found: Vec<Value> =
            of_name.map(|(_, at, trail, refused)| event(region, name, *at, trail, *refused)).collect();
        let key = json!([{"AttributeKey": "EventName", "AttributeValue": name}]).to_string();
        story.answer_of(region.name, "cloudtrail", "LookupEvents", &key, &json!({"Events": found}));
    }
}

/// An event as the CLI prints it, without the key id of whoever made the call.
fn event(region: &Region, name: &str, at: Moment, trail: &str, refused: Option<&str>) -> Value {
    let arn = region.arn("cloudtrail", &format!("trail/{trail}"));
    let id = crate::rng::Rng::labelled(at.0.unsigned_abs(), name).uuid();
    let mut whole = json!({
        "eventVersion": "1.11", "eventTime": at.short(), "eventSource": "cloudtrail.amazonaws.com",
        "eventName": name,
        "awsRegion": region.name, "sourceIPAddress": "192.0.2.44", "userAgent": "aws-cli/2",
        "requestParameters": {"name": arn}, "userIdentity": {"type": "AssumedRole", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/twin-operator/night-shift")},
        "readOnly": false, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"
    });
    if let Some(code) = refused {
        whole["errorCode"] = json!(code);
    }
    json!({
        "EventId": id, "EventName": name, "ReadOnly": "false", "EventTime": at.report(),
        "EventSource": "cloudtrail.amazonaws.com", "Username": "night-shift",
        "Resources": [{"ResourceType": "AWS::CloudTrail::Trail", "ResourceName": arn}],
        "CloudTrailEvent": whole.to_string()
    })
}

/// A group that took SSH from everywhere for a morning, and the jump host's, which was closed
/// until three weeks ago.
fn doors(region: &Region, story: &mut Story) {
    let world = json!([{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv6Ranges": [],
        "prefixListIds": [], "userIdGroupPairs": [],
        "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipRanges": ["0.0.0.0/0"]}]);
    let files = named(region, "AWS::EC2::SecurityGroup", "twin-files");
    let opened = SNAPSHOT.minus_days(63);
    let mut changes = vec![
        at(files, opened.minus_days(20), |_| {}),
        at(files, opened, |body| body["configuration"]["ipPermissions"] = world),
        at(files, opened.plus_days(1).minus_minutes(1223), |_| {}),
    ];
    if let Some(jump) = story.spoiled("ec2.security-group-no-world-open-admin", "jump-host") {
        let jump = named(region, "AWS::EC2::SecurityGroup", &jump);
        changes
            .push(at(jump, opened.minus_days(14), |body| body["configuration"]["ipPermissions"] = json!([])));
        changes.push(at(jump, SNAPSHOT.minus_days(22), |_| {}));
    }
    file(region, story, "AWS::EC2::SecurityGroup", opened, &changes);
}

/// A bucket whose versioning was suspended for ten days: it was so already when the history begins.
fn versions(region: &Region, story: &mut Story) {
    let bucket = region
        .items
        .iter()
        .find(|item| {
            item.kind == "AWS::S3::Bucket"
                && item.supplementary["BucketVersioningConfiguration"]["status"] == "Enabled"
        })
        .expect("a bucket with versions");
    let seen = SNAPSHOT.minus_days(80);
    let suspended = |body: &mut Value| {
        body["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"] = json!("Suspended")
    };
    file(
        region,
        story,
        "AWS::S3::Bucket",
        seen,
        &[at(bucket, seen, suspended), at(bucket, seen.plus_days(10), |_| {})],
    );
}

fn named<'a>(region: &'a Region, kind: &str, name: &str) -> &'a Item {
    region
        .items
        .iter()
        .find(|item| item.kind == kind && item.name.as_deref() == Some(name))
        .expect("it was made before")
}

/// The item as it was at another time.
fn at(item: &Item, captured: Moment, change: impl FnOnce(&mut Value)) -> Value {
    let text = encode(item, Format::Snapshot).expect("every item has this form");
    let mut body: Value = serde_json::from_str(&text).expect("JSON");
    body["configurationItemCaptureTime"] = json!(captured.iso());
    body["configurationStateId"] = json!(captured.0);
    change(&mut body);
    body
}

/// A file of history, named as AWS Config names it.
fn file(region: &Region, story: &mut Story, kind: &str, from: Moment, items: &[Value]) {
    let body = json!({"fileVersion": "1.0", "configurationItems": items}).to_string();
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    gzip.write_all(body.as_bytes()).expect("memory takes it");
    let until = ANSWERS.compact();
    let name =
        format!("{ACCOUNT}_Config_{}_ConfigHistory_{kind}_{}_{until}_1.json.gz", region.name, from.compact());
    story.keep(format!("snapshots/{name}"), gzip.finish().expect("memory takes it"));
}
