//! The quarter before: the same account at the end of June. What was repaired since is still broken, what
//! broke since is sound, and the partners' intake is not there yet. Comes after all builders, so that names
//! and ids stay those of the later quarter.

use std::sync::LazyLock;

use chrono::NaiveDateTime;
use regex::{Captures, Regex};
use serde_json::{Value, json};

use crate::estate::Estate;
use crate::hops::of;
use crate::item::Item;
use crate::moment::{ANSWERS, Moment, SNAPSHOT};
use crate::region::Region;
use crate::story::{Fault, Story};

/// From 30 June to 30 September.
const QUARTER: i64 = 92;

/// Turns the estate back.
pub fn rewind(estate: &mut Estate) {
    let (east, story) = (&mut estate.east, &mut estate.story);
    story.answers.retain(|path, _| !path.contains("_ConfigHistory_"));
    still_broken(east, story);
    not_yet_broken(east, story);
    not_yet_there(east, story);
    let gone = |check: &str| SINCE.contains(&check);
    story.faults.retain(|fault| !gone(fault.check) && !fault.resource.contains("-partner-inbox-"));
}

/// What broke in the last quarter.
const SINCE: [&str; 4] = [
    "acm.certificate-not-expiring",
    "ec2.snapshot-not-shared",
    "kms.key-not-pending-deletion",
    "sqs.policy-denies-plain-transport",
];

fn still_broken(east: &mut Region, story: &mut Story) {
    let intake = of(east, "AWS::S3::Bucket").find(|item| item.id.contains("-raw-intake-"));
    let intake = intake.expect("the intake bucket");
    intake.supplementary["BucketVersioningConfiguration"]["status"] = json!("Suspended");
    breaks_the_rule(story, "s3-bucket-versioning-enabled", &intake.id);
    broken(story, "s3.versioning", intake.arn(), "the intake bucket keeps no earlier versions");
    broken(
        story,
        "s3.mfa-delete-where-claimed",
        intake.arn(),
        "versioning of the intake bucket is suspended",
    );

    let geocoder = database(east, "geocoder");
    geocoder.configuration["deletionProtection"] = json!(false);
    breaks_the_rule(story, "rds-instance-deletion-protection-enabled", &geocoder.id);
    broken(story, "rds.deletion-protection", geocoder.arn(), "one call deletes the geocoder's database");

    let analytics = database(east, "analytics");
    analytics.configuration["backupRetentionPeriod"] = json!(5);
    broken(story, "rds.automated-backups", analytics.arn(), "backups of analytics are kept five days");

    for name in ["/aws/lambda/twin-ingest-elr", "/aws/lambda/twin-ingest-syndromic"] {
        answers(story, "logs/DescribeLogGroups", |answer| {
            for group in answer["logGroups"].as_array_mut().into_iter().flatten() {
                if group["logGroupName"] == name {
                    group["retentionInDays"] = json!(90);
                }
            }
        });
        let arn = east.arn("logs", &format!("log-group:{name}"));
        broken(story, "logs.retention", &arn, "the log group keeps its events 90 days");
    }
}

fn database<'a>(east: &'a mut Region, name: &str) -> &'a mut Item {
    of(east, "AWS::RDS::DBInstance")
        .find(|item| item.arn().ends_with(&format!(":{name}")))
        .expect("a database")
}

fn broken(story: &mut Story, check: &'static str, resource: &str, what: &str) {
    story.faults.push(Fault { check, resource: resource.into(), what: what.into() });
}

fn not_yet_broken(east: &mut Region, story: &mut Story) {
    let sound = of(east, "AWS::SQS::Queue").find(|item| item.arn().ends_with(":twin-elr-jobs"));
    let policy = sound.expect("the queue of reports").configuration["Policy"].clone();
    let policy = policy.as_str().expect("a policy is text").replace("twin-elr-jobs", "twin-elr-dead");
    let dead = of(east, "AWS::SQS::Queue").find(|item| item.arn().ends_with(":twin-elr-dead"));
    dead.expect("the dead letters").configuration["Policy"] = json!(policy);
    for key in of(east, "AWS::KMS::Key").filter(|key| key.configuration["keyState"] == "PendingDeletion") {
        key.configuration["keyState"] = json!("Enabled");
        key.configuration["enabled"] = json!(true);
        key.configuration.as_object_mut().expect("an object").remove("deletionDate");
        key.supplementary["KeyRotationStatus"] = json!(true);
    }
    answers(story, "ec2/DescribeSnapshotAttribute/", |answer| answer["CreateVolumePermissions"] = json!([]));
}

/// The bucket and the server over which partners send files came in August.
fn not_yet_there(east: &mut Region, story: &mut Story) {
    east.items.retain(|item| item.kind != "AWS::Transfer::Server" && !item.id.contains("-partner-inbox-"));
    story.answers.retain(|path, _| !path.contains("-partner-inbox-"));
    answers(story, "/", |answer| forget(answer, "-partner-inbox-"));
}

/// Changes every JSON answer whose path holds `part`.
fn answers(story: &mut Story, part: &str, change: impl Fn(&mut Value)) {
    for (path, bytes) in &mut story.answers {
        if path.contains(part) && path.ends_with(".json") {
            let mut answer: Value = serde_json::from_slice(bytes).expect("an answer is JSON");
            change(&mut answer);
            *bytes = crate::story::printed(&answer);
        }
    }
}

/// AWS Config's own rule says so too.
fn breaks_the_rule(story: &mut Story, rule: &str, resource: &str) {
    answers(story, &format!("GetComplianceDetailsByConfigRule/{rule}."), |answer| {
        for result in answer["EvaluationResults"].as_array_mut().into_iter().flatten() {
            let of = &result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"];
            if of == resource {
                result["ComplianceType"] = json!("NON_COMPLIANT");
            }
        }
    });
}

/// Entries of lists that name what is not there yet.
fn forget(value: &mut Value, name: &str) {
    match value {
        Value::Array(list) => {
            list.retain(|entry| !entry.to_string().contains(name));
            list.iter_mut().for_each(|entry| forget(entry, name));
        }
        Value::Object(members) => members.values_mut().for_each(|member| forget(member, name)),
        _ => {}
    }
}

/// When AWS writes a time: as a day or a moment, in names of files, in words, in milliseconds and in seconds.
static TIMES: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"(?P<day>\b\d{4}-\d\d-\d\d)(?P<time>[T ]\d\d:\d\d:\d\d)?",
        r"(?P<compact>[0-9]{8}T[0-9]{6}Z)",
        r"(?P<worded>\b[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M)",
        r"(?P<millis>\b1[78]\d{11}\b)",
        r"(?P<seconds>\b1[78]\d{8}\b)",
    ];
    Regex::new(&forms.join("|")).expect("a pattern")
});

/// The same text, a quarter earlier: the times of the last quarter are moved to the one before. Older times
/// stay, and so do those to come: what was made before both quarters was made once.
pub fn back(text: &str) -> String {
    TIMES.replace_all(text, |found: &Captures<'_>| moved(found)).into_owned()
}

fn moved(found: &Captures<'_>) -> String {
    let whole = found[0].to_string();
    let written = |text: &str, form: &str| {
        NaiveDateTime::parse_from_str(text, form).ok().map(|at| Moment(at.and_utc().timestamp_millis()))
    };
    let earlier =
        |at: Option<Moment>| at.filter(|at| of_the_last_quarter(*at)).map(|at| at.minus_days(QUARTER));
    if let (Some(day), Some(time)) = (found.name("day"), found.name("time")) {
        let form = if time.as_str().starts_with('T') { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        let at = earlier(written(&format!("{}{}", day.as_str(), time.as_str()), form));
        return at.map_or(whole, |at| at.form(form));
    }
    if let Some(day) = found.name("day") {
        let at = earlier(written(&format!("{} 00:00:00", day.as_str()), "%Y-%m-%d %H:%M:%S"));
        return at.map_or(whole, Moment::date);
    }
    if let Some(compact) = found.name("compact") {
        return earlier(written(compact.as_str(), "%Y%m%dT%H%M%SZ")).map_or(whole, Moment::compact);
    }
    if let Some(worded) = found.name("worded") {
        return earlier(written(worded.as_str(), "%b %d, %Y %I:%M:%S %p")).map_or(whole, Moment::worded);
    }
    let number: i64 = whole.parse().expect("digits");
    match found.name("millis") {
        Some(_) => earlier(Some(Moment(number))).map_or(whole, |at| at.0.to_string()),
        None => earlier(Some(Moment(number * 1000))).map_or(whole, |at| at.seconds().to_string()),
    }
}

/// After the end of the quarter before, and no later than the collection itself.
fn of_the_last_quarter(at: Moment) -> bool {
    at > SNAPSHOT.minus_days(QUARTER) && at < ANSWERS.plus_days(1)
}
