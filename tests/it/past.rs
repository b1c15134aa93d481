//! The time before the run: what AWS Config's history shows as broken and repaired, and what was stopped. It
//! never claims what it did not read.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Sandbox, gzip, item, unzip};

const CHECK: &str = "s3.versioning";

fn bucket(name: &str, versioning: &str, captured: &str) -> Value {
    let mut bucket = item("AWS::S3::Bucket", name, json!({ "name": name }));
    bucket["ARN"] = json!(format!("arn:aws:s3:::{name}"));
    bucket["supplementaryConfiguration"] =
        json!({ "BucketVersioningConfiguration": { "status": versioning, "isMfaDeleteEnabled": null } });
    bucket["configurationItemCaptureTime"] = json!(captured);
    bucket["resourceCreationTime"] = json!("2024-01-01T00:00:00.000Z");
    bucket
}

fn gone(mut bucket: Value) -> Value {
    bucket["configurationItemStatus"] = json!("ResourceDeleted");
    bucket["configuration"] = Value::Null;
    bucket
}

/// A file of history as AWS Config delivers it.
fn history(box_: &Sandbox, items: &[Value]) -> String {
    let name = "111122223333_Config_us-east-1_ConfigHistory_AWS::S3::\
                Bucket_20260701T000000Z_20260930T000000Z_1.json.gz";
    let body = json!({ "fileVersion": "1.0", "configurationItems": items });
    box_.write(&format!("in/snapshots/{name}"), gzip(body.to_string().as_bytes()));
    name.into()
}

const NOW: &str = "2026-09-30T11:00:00.000Z";

fn five() -> Sandbox {
    let box_ = Sandbox::default().workspace();
    let now = ["repaired", "before", "still", "lately", "steady"];
    box_.snapshot(
        "in",
        &now.map(|name| {
            bucket(name, if matches!(name, "still" | "lately") { "Suspended" } else { "Enabled" }, NOW)
        }),
    );
    let mut made = bucket("made-and-gone", "Suspended", "2026-08-10T00:00:00.000Z");
    made["resourceCreationTime"] = json!("2026-08-10T00:00:00.000Z");
    let mut versions = vec![
        bucket("repaired", "Enabled", "2026-07-02T00:00:00.000Z"),
        bucket("repaired", "Suspended", "2026-08-03T04:05:06.000Z"),
        bucket("repaired", "Suspended", "2026-08-04T00:00:00.000Z"),
        bucket("repaired", "Enabled", "2026-08-05T06:07:08.000Z"),
        bucket("before", "Suspended", "2026-07-20T00:00:00.000Z"),
        bucket("before", "Enabled", "2026-07-21T00:00:00.000Z"),
        bucket("still", "Enabled", "2026-07-03T00:00:00.000Z"),
        bucket("still", "Suspended", "2026-09-09T00:00:00.000Z"),
        // what broke it is in no file, only in the run's own item
        bucket("lately", "Enabled", "2026-07-05T00:00:00.000Z"),
        gone(bucket("made-and-gone", "Suspended", "2026-08-12T00:00:00.000Z")),
        made,
    ];
    versions.reverse(); // the order in a file says nothing
    history(&box_, &versions);
    box_
}

fn assessed(box_: &Sandbox) -> Value {
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    crate::spine::json(&box_.affiant(&["assess", "--format", "json"]).exits(3).out)
}

/// Resource, both times and the end of every episode of the check.
fn told(assessment: &Value) -> Vec<[String; 4]> {
    let text = |v: &Value| v.as_str().unwrap_or("-").to_string();
    let episodes = assessment["history"]["episodes"].as_array().expect("episodes");
    let of_check = episodes.iter().filter(|e| e["check"] == CHECK);
    let mut told: Vec<_> = of_check
        .map(|e| {
            [
                text(&e["resource"]).replace("arn:aws:s3:::", ""),
                text(&e["broken_at"]),
                text(&e["ended_at"]),
                text(&e["ended"]),
            ]
        })
        .collect();
    told.sort();
    told
}

#[test]
fn what_was_broken_shows_when_it_began_and_how_it_ended() {
    let box_ = five();
    let assessment = assessed(&box_);
    let expected = [
        ["before", "-", "2026-07-21T00:00:00Z", "repaired"],
        ["lately", "2026-09-30T11:00:00Z", "-", "-"],
        ["made-and-gone", "2026-08-10T00:00:00Z", "2026-08-12T00:00:00Z", "gone"],
        ["repaired", "2026-08-03T04:05:06Z", "2026-08-05T06:07:08Z", "repaired"],
        ["still", "2026-09-09T00:00:00Z", "-", "-"],
    ];
    assert_eq!(told(&assessment), expected.map(|row| row.map(str::to_string)));
    assert_eq!(assessment["history"]["changes"], 11);

    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let part = &html[html.find("id=\"past\"").expect("the part")
        ..html.find("Trails and recorders that were stopped").expect("its end")];
    for words in [
        "2026-08-03T04:05:06Z",
        "2026-08-05T06:07:08Z",
        "after 2 days 2 hours",
        "before the first change",
        "still so",
        "gone",
    ] {
        assert!(part.contains(words), "{words}: {part}");
    }
    assert!(!part.contains("steady"));
    let csv = fs::read_to_string(folder.join("data/tables/episode.csv")).expect("the table");
    assert!(csv.contains("2026-08-03T04:05:06Z") && csv.lines().count() >= 5, "{csv}");
    let zip = box_.path().join("packages/2026-Q3");
    let zip = fs::read_dir(zip)
        .expect("packages")
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "zip"));
    let verified = box_.affiant(&["verify", "--recompute", &zip.expect("a ZIP").display().to_string()]);
    assert!(verified.out.contains("evidence database  built again, byte for byte"), "{}", verified.out);
}

/// The tables of the run are as they are without its history: judging the past leaves nothing behind.
#[test]
fn the_past_changes_no_verdict_of_the_present() {
    let with = assessed(&five());
    let without = five();
    for entry in fs::read_dir(without.path().join("in/snapshots")).expect("files").flatten() {
        if entry.file_name().to_string_lossy().contains("ConfigHistory") {
            fs::remove_file(entry.path()).expect("removed");
        }
    }
    let without = assessed(&without);
    assert_eq!(without["history"], Value::Null);
    assert_eq!((&with["results"], &with["resources"]), (&without["results"], &without["resources"]));
}

#[test]
fn a_history_that_breaks_off_is_a_gap_and_what_came_before_is_told() {
    let box_ = five();
    let path = fs::read_dir(box_.path().join("in/snapshots")).expect("files").flatten().map(|e| e.path());
    let path = path.into_iter().find(|p| p.to_string_lossy().contains("ConfigHistory")).expect("the file");
    let bytes = fs::read(&path).expect("bytes");
    fs::write(&path, &bytes[..bytes.len() - 12]).expect("cut");
    let assessment = assessed(&box_);
    let gap = assessment["sources"]
        .as_array()
        .expect("sources")
        .iter()
        .find(|s| s["source"] == "config:ConfigHistory" && s["state"] == "unreadable");
    assert!(gap.is_some_and(|g| g["detail"].as_str().is_some_and(|d| d.contains("after"))), "{gap:?}");
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    assert!(html.contains("could not be read in full; “Coverage” says which"));
}

#[test]
fn without_history_the_report_says_that_it_does_not_know() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[bucket("steady", "Enabled", NOW)]);
    assert_eq!(assessed(&box_)["history"], Value::Null);
    let html =
        fs::read_to_string(unzip(&box_.package(), &box_.path().join("x")).join("data/report/index.html"))
            .expect("HTML");
    assert!(
        html.contains("history was not read for this package")
            && html.contains("event history was not read, so")
    );
}

/// The past is evidence like any other: names are escaped, secrets are taken out before anything is loaded.
#[test]
fn history_is_escaped_and_redacted() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[bucket("steady", "Enabled", NOW)]);
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";
    let named = |status: &str, at: &str| {
        let mut bucket = bucket("<b>bold</b>", status, at);
        bucket["tags"] = json!({ "note": format!("password={secret}") });
        bucket
    };
    let versions =
        [named("Enabled", "2026-07-02T00:00:00.000Z"), named("Suspended", "2026-08-03T00:00:00.000Z")];
    history(&box_, &versions);
    let assessment = assessed(&box_);
    assert!(
        told(&assessment).iter().any(|row| row[0].contains("bold") && row[3] == "gone"),
        "{assessment:#}"
    );
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    assert!(!html.contains("<b>bold</b>") && html.contains("bold"));
    for (path, bytes) in crate::harness::files(&folder) {
        let bytes = if path.ends_with(".gz") { unzipped(&folder.join(&path)) } else { bytes };
        assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{path} holds the secret");
    }
}

fn unzipped(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::MultiGzDecoder::new(fs::File::open(path).expect("a file")),
        &mut bytes,
    )
    .expect("gzip");
    bytes
}

fn event(name: &str, at: &str, error: Option<&str>) -> Value {
    let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    let mut whole = json!({ "eventName": name, "userIdentity": { "type": "AssumedRole" } });
    if let Some(code) = error {
        whole["errorCode"] = json!(code);
    }
    json!({ "EventId": at, "EventName": name, "EventTime": at, "Username": "night-shift",
        "AccessKeyId": "ASIAEXAMPLEEXAMPLE00",
        "Resources": [{ "ResourceType": "AWS::CloudTrail::Trail", "ResourceName": arn }],
        "CloudTrailEvent": whole.to_string() })
}

#[test]
fn a_stopped_trail_shows_both_dates_and_a_refused_attempt_is_none() {
    let box_ = Sandbox::default().workspace();
    let mut trail = item(
        "AWS::CloudTrail::Trail",
        "main",
        json!({ "name": "main", "homeRegion": "us-east-1", "isMultiRegionTrail": true }),
    );
    trail["ARN"] = json!("arn:aws:cloudtrail:us-east-1:111122223333:trail/main");
    box_.snapshot("in", &[trail]);
    let answer = |name: &str, events: Value| {
        let key =
            format!("%5B%7B%22AttributeKey%22%3A%22EventName%22%2C%22AttributeValue%22%3A%22{name}%22%7D%5D");
        box_.write(
            &format!("in/aws/111122223333/us-east-1/cloudtrail/LookupEvents/{key}.json"),
            json!({ "Events": events }).to_string(),
        );
    };
    let stops = [
        event("StopLogging", "2026-08-20T11:40:00+00:00", None),
        event("StopLogging", "2026-09-11T00:00:00+00:00", Some("AccessDenied")),
    ];
    answer("StopLogging", json!(stops));
    answer("StartLogging", json!([event("StartLogging", "2026-08-20T13:40:00-04:00", None)]));
    let assessment = assessed(&box_);
    let stops = assessment["stops"].as_array().expect("stops");
    assert_eq!(stops.len(), 1, "{stops:?}");
    assert_eq!(
        (&stops[0]["stopped_at"], &stops[0]["started_at"]),
        (&json!("2026-08-20T11:40:00Z"), &json!("2026-08-20T17:40:00Z"))
    );
    let run =
        fs::read_dir(box_.path().join("evidence")).expect("runs").flatten().next().expect("a run").path();
    for (path, bytes) in crate::harness::files(&run) {
        assert!(
            !String::from_utf8_lossy(&bytes).contains("ASIAEXAMPLEEXAMPLE00"),
            "{path}: `never_store` holds for saved answers too"
        );
    }
}

/// An account that only items tell of: the recorder's own item says what it leaves out, and never
/// that nothing is there.
#[test]
fn the_recorders_item_says_what_is_not_recorded() {
    let box_ = Sandbox::default().workspace();
    let group = json!({ "AllSupported": false,
        "RecordingStrategy": { "UseOnly": "INCLUSION_BY_RESOURCE_TYPES" },
        "ResourceTypes": ["AWS::S3::Bucket", "AWS::EC2::Volume"] });
    let recorder = item(
        "AWS::Config::ConfigurationRecorder",
        "default",
        json!({ "Name": "default", "RecordingGroup": group }),
    );
    box_.snapshot("in", &[bucket("steady", "Enabled", NOW), recorder]);
    fs::remove_file(
        box_.path().join("in/aws/111122223333/us-east-1/config/DescribeConfigurationRecorders.json"),
    )
    .expect("removed");
    let assessment = assessed(&box_);
    let state = |source: &str| {
        let found = assessment["sources"]
            .as_array()
            .expect("sources")
            .iter()
            .find(|s| s["source"] == source && s["region"] == "us-east-1");
        found.map(|s| s["state"].as_str().expect("a state").to_string())
    };
    assert_eq!(state("AWS::S3::Bucket").as_deref(), Some("read"));
    assert_eq!(state("AWS::EC2::Volume").as_deref(), Some("not-collected"));
    assert_eq!(state("AWS::RDS::DBInstance").as_deref(), Some("not-recorded"));
}
