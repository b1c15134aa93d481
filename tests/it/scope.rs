//! Where a question was asked: what belongs to no region is known at home alone, what was asked about nothing
//! is empty, a trail may be at home elsewhere, and what `affiant.yaml` names since the run is a gap.

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};
use crate::spine::json as parse;

const ACCOUNT: &str = "111122223333";
const MEMBER: &str = "444455556666";

fn settings(accounts: &[&str], regions: &str) -> String {
    let accounts: String = accounts.iter().map(|id| format!("  - {{ id: \"{id}\" }}\n")).collect();
    format!(
        "format: affiant.workspace/1\norganization: {{ name: Example Clinic, role: covered entity, \
         system: Records, contact: security-official@example.com }}\nperiod: {{ label: 2026-Q3, \
         start: 2026-07-01, end: 2026-09-30 }}\naccounts:\n{accounts}regions: [{regions}]\n"
    )
}

/// A workspace of these regions and what is saved in `in/`.
fn workspace(accounts: &[&str], regions: &str) -> Sandbox {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", settings(accounts, regions));
    for account in accounts {
        box_.write(
            &format!("in/aws/{account}/aws-global/sts/GetCallerIdentity.json"),
            json!({ "Account": account }).to_string(),
        );
    }
    box_
}

fn snapshot(box_: &Sandbox, account: &str, region: &str, items: &[Value]) {
    let name = format!(
        "in/snapshots/{account}_Config_{region}_ConfigSnapshot_20260930T114000Z_\
         11111111-2222-4333-8444-555555555555.json"
    );
    box_.write(
        &name,
        json!({ "fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": items }).to_string(),
    );
}

fn answer(box_: &Sandbox, account: &str, place: &str, body: &Value) {
    box_.write(&format!("in/aws/{account}/{place}.json"), body.to_string());
}

fn recorder(box_: &Sandbox, account: &str, region: &str) {
    let group = json!({ "allSupported": true, "includeGlobalResourceTypes": true });
    let body = json!({ "ConfigurationRecorders": [{ "name": "default", "recordingGroup": group }] });
    answer(box_, account, &format!("{region}/config/DescribeConfigurationRecorders"), &body);
}

fn at(mut item: Value, account: &str, region: &str) -> Value {
    item["awsAccountId"] = json!(account);
    item["awsRegion"] = json!(region);
    item
}

/// State and detail of a source, as the run has it.
fn collected(box_: &Sandbox) -> Vec<(String, String, String, String)> {
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let lines = std::fs::read_to_string(box_.path().join(ran.out.trim()).join("data/coverage.jsonl"))
        .expect("coverage");
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_string();
    let all = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line"));
    all.map(|line| {
        (text(&line, "region"), text(&line, "source"), text(&line, "state"), text(&line, "detail"))
    })
    .collect()
}

#[track_caller]
fn is(lines: &[(String, String, String, String)], region: &str, source: &str, state: &str, words: &str) {
    let found = lines.iter().find(|(r, s, ..)| r == region && s == source);
    let (.., got, detail) = found.unwrap_or_else(|| panic!("{region} {source} is not expected"));
    assert_eq!(got, state, "{region} {source}: {detail}");
    assert!(detail.contains(words), "{region} {source}: {detail}");
}

/// Verdict and reason of a check for a resource whose ARN ends so.
fn judged(box_: &Sandbox, check: &str, end: &str) -> Option<(String, String)> {
    let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let checks = list(&assessment["controls"]).into_iter().flat_map(|control| list(&control["checks"]));
    let rows = checks.filter(|c| c["id"] == check).flat_map(|c| list(&c["rows"]));
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_string();
    rows.filter(|row| text(row, "resource").ends_with(end))
        .map(|row| (text(&row, "verdict"), text(&row, "reason")))
        .next()
}

#[test]
fn with_the_home_out_of_scope_what_belongs_to_no_region_is_a_gap_and_not_empty() {
    let box_ = workspace(&[ACCOUNT], "us-west-2");
    snapshot(
        &box_,
        ACCOUNT,
        "us-west-2",
        &[at(item("AWS::S3::Bucket", "records", json!({ "name": "records" })), ACCOUNT, "us-west-2")],
    );
    recorder(&box_, ACCOUNT, "us-west-2");
    let lines = collected(&box_);
    is(
        &lines,
        "aws-global",
        "AWS::CloudFront::Distribution",
        "not-collected",
        "in us-east-1 only, which is not among the regions",
    );
    is(&lines, "us-east-1", "AWS::WAFv2::WebACL", "not-collected", "in us-east-1 only");
    is(&lines, "aws-global", "AWS::IAM::User", "empty", "");
    assert!(
        !lines.iter().any(|(region, source, ..)| region == "us-east-1" && source == "AWS::S3::Bucket"),
        "the home is not in scope"
    );
    let (verdict, reason) =
        judged(&box_, "cloudfront.viewer-https", "aws-global").expect("a row for the gap");
    assert_eq!(verdict, "not evidenced", "{reason}");
    // at home the same recorder answers for it
    let home = workspace(&[ACCOUNT], "us-east-1");
    snapshot(
        &home,
        ACCOUNT,
        "us-east-1",
        &[item("AWS::S3::Bucket", "records", json!({ "name": "records" }))],
    );
    recorder(&home, ACCOUNT, "us-east-1");
    is(&collected(&home), "aws-global", "AWS::CloudFront::Distribution", "empty", "");
}

#[test]
fn a_region_without_recorder_leaves_nothing_out_and_an_empty_list_is_read() {
    let box_ = workspace(&[ACCOUNT], "us-west-2");
    answer(
        &box_,
        ACCOUNT,
        "us-west-2/config/DescribeConfigurationRecorders",
        &json!({ "ConfigurationRecorders": [] }),
    );
    answer(&box_, ACCOUNT, "us-west-2/sns/ListTopics", &json!({ "Topics": [] }));
    answer(&box_, ACCOUNT, "us-west-2/ec2/DescribeImages", &json!({ "Images": [] }));
    answer(
        &box_,
        ACCOUNT,
        "us-west-2/ec2/DescribeVolumes",
        &json!({ "Volumes": [{ "VolumeId": "vol-1", "Encrypted": true }] }),
    );
    answer(
        &box_,
        ACCOUNT,
        "aws-global/cloudfront/ListDistributions",
        &json!({ "DistributionList": { "Items": [] } }),
    );
    let lines = collected(&box_);
    is(&lines, "us-west-2", "AWS::RDS::DBInstance", "not-recorded", "has no recorder");
    assert!(
        lines.iter().all(|(.., detail)| !detail.contains("leaves this type out")),
        "there is nothing that could leave it out"
    );
    is(&lines, "aws-global", "AWS::CloudFront::Distribution", "empty", "in us-east-1 only, out of scope");
    is(&lines, "us-west-2", "AWS::SNS::Topic", "empty", "read directly");
    is(&lines, "us-west-2", "ec2:DescribeImageAttribute", "empty", "nothing to ask it about");
    let (verdict, reason) = judged(&box_, "config.recorder-on", "us-west-2").expect("a row");
    assert_eq!(
        (verdict.as_str(), reason.as_str()),
        ("not met", "the region has no recorder"),
        "what was read directly is no item of a recorder"
    );
}

#[test]
fn an_answer_of_one_region_is_not_missed_in_another() {
    let box_ = workspace(&[ACCOUNT], "us-east-1, us-west-2");
    for region in ["us-east-1", "us-west-2"] {
        snapshot(
            &box_,
            ACCOUNT,
            region,
            &[at(item("AWS::S3::Bucket", region, json!({ "name": region })), ACCOUNT, region)],
        );
    }
    recorder(&box_, ACCOUNT, "us-east-1");
    answer(&box_, ACCOUNT, "us-west-2/ec2/DescribeVolumes", &json!({ "Volumes": [] }));
    let lines = collected(&box_);
    is(&lines, "us-west-2", "ec2:DescribeVolumes", "empty", "");
    assert!(
        !lines.iter().any(|(region, source, ..)| region == "us-east-1" && source == "ec2:DescribeVolumes"),
        "the recorder of us-east-1 stands for it"
    );
}

/// A table, a function, a repository and a cluster of the same names in a region, guarded or not, and a
/// multi-Region key whose policy there is as open.
fn namesakes(box_: &Sandbox, region: &str, guarded: bool) {
    let save = |place: &str, body: Value| answer(box_, ACCOUNT, &format!("{region}/{place}"), &body);
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{region}:{ACCOUNT}:{rest}");
    let principal = if guarded { format!("arn:aws:iam::{ACCOUNT}:root") } else { "*".into() };
    let policy = |action: &str| {
        let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action,
            "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    save("dynamodb/ListTables", json!({ "TableNames": ["visits"] }));
    let table = json!({ "TableName": "visits", "TableArn": arn("dynamodb", "table/visits") });
    save("dynamodb/DescribeTable/visits", json!({ "Table": table }));
    let status = json!({ "PointInTimeRecoveryStatus": if guarded { "ENABLED" } else { "DISABLED" } });
    let backups = json!({ "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": status });
    save("dynamodb/DescribeContinuousBackups/visits", json!({ "ContinuousBackupsDescription": backups }));
    let function = json!({ "FunctionName": "intake", "FunctionArn": arn("lambda", "function:intake") });
    save("lambda/ListFunctions", json!({ "Functions": [function] }));
    save("lambda/GetPolicy/intake", json!({ "Policy": policy("lambda:InvokeFunction") }));
    let repository = json!({ "repositoryArn": arn("ecr", "repository/web"), "repositoryName": "web" });
    save("ecr/DescribeRepositories", json!({ "repositories": [repository] }));
    save("ecr/GetRepositoryPolicy/web", json!({ "policyText": policy("ecr:BatchGetImage") }));
    save("redshift/DescribeClusters", json!({ "Clusters": [{ "ClusterIdentifier": "dw" }] }));
    save("redshift/DescribeLoggingStatus/dw", json!({ "LoggingEnabled": guarded }));
    let key = json!({ "KeyId": "mrk-1", "Arn": arn("kms", "key/mrk-1"), "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyState": "Enabled", "MultiRegion": true });
    save("kms/ListKeys", json!({ "Keys": [{ "KeyId": "mrk-1", "KeyArn": arn("kms", "key/mrk-1") }] }));
    save("kms/DescribeKey/mrk-1", json!({ "KeyMetadata": key }));
    save("kms/GetKeyPolicy/mrk-1", json!({ "Policy": policy("kms:Decrypt") }));
    save("kms/GetKeyRotationStatus/mrk-1", json!({ "KeyRotationEnabled": guarded }));
}

#[test]
fn what_one_region_answers_of_a_name_is_not_said_of_its_namesake_in_another() {
    let named = [
        ("dynamodb.point-in-time-recovery", "table/visits"),
        ("ecr.repository-not-public", "repository/web"),
        ("kms.key-policy-no-wildcard", "key/mrk-1"),
        ("kms.key-rotation", "key/mrk-1"),
        ("lambda.policy-not-public", "function:intake"),
        ("redshift.audit-logging", "cluster:dw"),
    ];
    for (guarded, open) in [("us-east-1", "us-west-2"), ("us-west-2", "us-east-1")] {
        let box_ = workspace(&[ACCOUNT], "us-east-1, us-west-2");
        namesakes(&box_, guarded, true);
        namesakes(&box_, open, false);
        collected(&box_);
        for (check, rest) in named {
            for (region, wanted) in [(guarded, "met"), (open, "not met")] {
                let end = format!(":{region}:{ACCOUNT}:{rest}");
                let (verdict, reason) = judged(&box_, check, &end).unwrap_or_else(|| panic!("{check} {end}"));
                assert_eq!(verdict, wanted, "{check} of {end}: {reason}");
            }
        }
    }
}

/// The gaps that `collect` tells, and those that `assess` counts of the same run.
fn both_counts(box_: &Sandbox) -> (usize, u64) {
    let ran = box_.affiant(&["collect", "--snapshot", "in", "--format", "json"]);
    let told = parse(&ran.out)["gaps"].as_array().map_or(0, Vec::len);
    let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    (told, assessment["coverage"]["gaps"].as_u64().expect("a number"))
}

#[test]
fn collect_and_assess_count_the_same_gaps_of_what_people_saved() {
    for left_out in ["", "GetKeyPolicy", "GetKeyRotationStatus", "DescribeKey"] {
        let box_ = workspace(&[ACCOUNT], "us-east-1");
        let save =
            |place: &str, body: Value| answer(&box_, ACCOUNT, &format!("us-east-1/kms/{place}"), &body);
        let arn = |id: &str| format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{id}");
        let keys: Vec<Value> =
            ["a", "b"].iter().map(|id| json!({ "KeyId": id, "KeyArn": arn(id) })).collect();
        save("ListKeys", json!({ "Keys": keys }));
        for id in ["a", "b"] {
            let key = json!({ "KeyId": id, "Arn": arn(id), "KeyManager": "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "KeyState": "Enabled" });
            let answers = [
                ("DescribeKey", json!({ "KeyMetadata": key })),
                ("GetKeyPolicy", json!({ "Policy": "{}" })),
                ("GetKeyRotationStatus", json!({ "KeyRotationEnabled": true })),
            ];
            for (name, body) in answers.into_iter().filter(|(name, _)| id == "a" || *name != left_out) {
                save(&format!("{name}/{id}"), body);
            }
        }
        let (told, counted) = both_counts(&box_);
        assert_eq!(told as u64, counted, "without {left_out} of one key");
    }
}

#[test]
fn a_parameter_group_that_no_cluster_uses_is_not_missed_and_one_in_use_is() {
    for (used, wanted) in [("other", "read"), ("idle", "not-collected")] {
        let box_ = workspace(&[ACCOUNT], "us-east-1");
        let save = |place: &str, body: Value| answer(&box_, ACCOUNT, &format!("us-east-1/{place}"), &body);
        let group = |name: &str| json!({ "ParameterGroupName": name });
        let cluster = json!({ "ClusterIdentifier": "dw", "ClusterParameterGroups": [group(used)] });
        save("redshift/DescribeClusters", json!({ "Clusters": [cluster] }));
        let groups = json!({ "ParameterGroups": [group("idle"), group("other")] });
        save("redshift/DescribeClusterParameterGroups", groups);
        let parameter = json!({ "ParameterName": "require_ssl", "ParameterValue": "true" });
        save("redshift/DescribeClusterParameters/other", json!({ "Parameters": [parameter] }));
        collected(&box_);
        let assessment = parse(&box_.affiant(&["assess", "--format", "json"]).out);
        let lines = assessment["sources"].as_array().expect("the sources");
        let line = lines.iter().find(|line| line["source"] == "redshift:DescribeClusterParameters");
        assert_eq!(line.expect("a line")["state"], wanted, "where {used} is in use");
    }
}

fn trail(name: &str, owner: &str, organization: bool) -> Value {
    json!({ "Name": name, "TrailARN": format!("arn:aws:cloudtrail:us-east-1:{owner}:trail/{name}"),
        "HomeRegion": "us-east-1", "S3BucketName": "trails",
        "IsMultiRegionTrail": true, "IsOrganizationTrail": organization, "IncludeGlobalServiceEvents": true,
        "LogFileValidationEnabled": true })
}

/// A member whose region is us-west-2, what CloudTrail lists there, and what it says of a trail at
/// home in us-east-1.
fn member(listed: Option<&[Value]>) -> Sandbox {
    let box_ = workspace(&[MEMBER], "us-west-2");
    snapshot(
        &box_,
        MEMBER,
        "us-west-2",
        &[at(item("AWS::S3::Bucket", "records", json!({ "name": "records" })), MEMBER, "us-west-2")],
    );
    recorder(&box_, MEMBER, "us-west-2");
    if let Some(list) = listed {
        answer(&box_, MEMBER, "us-west-2/cloudtrail/DescribeTrails", &json!({ "trailList": list }));
        for trail in list {
            let arn = trail["TrailARN"].as_str().expect("an ARN");
            let key = arn.replace(':', "%3A").replace('/', "%2F");
            answer(
                &box_,
                MEMBER,
                &format!("us-east-1/cloudtrail/GetTrailStatus/{key}"),
                &json!({ "IsLogging": true }),
            );
            let selectors =
                json!([{ "ReadWriteType": "All", "IncludeManagementEvents": true, "DataResources": [] }]);
            answer(
                &box_,
                MEMBER,
                &format!("us-east-1/cloudtrail/GetEventSelectors/{key}"),
                &json!({ "TrailARN": arn, "EventSelectors": selectors }),
            );
        }
    }
    collected(&box_);
    box_
}

#[test]
fn a_trail_at_home_elsewhere_is_a_trail_and_one_of_the_organization_is_named_as_such() {
    let check = "cloudtrail.multi-region-trail-logging";
    let told = |listed: Option<&[Value]>| judged(&member(listed), check, ":root").expect("a row");
    let (verdict, reason) = told(Some(&[trail("all", MEMBER, false)]));
    assert_eq!(
        (verdict.as_str(), reason.as_str()),
        ("met", "trail all logs management events of all regions")
    );
    let (verdict, reason) = told(Some(&[trail("org", ACCOUNT, true)]));
    assert_eq!(verdict, "met", "CloudTrail lists it to the member: {reason}");
    assert!(reason.contains(&format!("trail org of the organization, in account {ACCOUNT}")), "{reason}");
    let (verdict, reason) = told(Some(&[]));
    assert_eq!((verdict.as_str(), reason.as_str()), ("not met", "the account has no trail"));
    let (verdict, reason) = told(None);
    assert_eq!(
        verdict, "not evidenced",
        "one may be at home elsewhere, and CloudTrail was not asked: {reason}"
    );
}

#[test]
fn what_affiant_yaml_names_since_the_run_is_a_gap_of_everything_there() {
    let box_ = workspace(&[ACCOUNT], "us-east-1");
    snapshot(
        &box_,
        ACCOUNT,
        "us-east-1",
        &[item("AWS::RDS::DBInstance", "db-1", json!({ "storageEncrypted": true, "engine": "postgres" }))],
    );
    recorder(&box_, ACCOUNT, "us-east-1");
    collected(&box_);
    let before = parse(&box_.affiant(&["assess", "--format", "json"]).out);
    assert!(!box_.affiant(&["assess"]).err.contains("asks for"), "nothing was added");
    box_.write("affiant.yaml", settings(&[ACCOUNT, MEMBER], "us-east-1, eu-west-1"));
    let ran = box_.affiant(&["assess", "--format", "json"]);
    assert!(
        ran.err.contains(&format!("the run covers accounts {ACCOUNT}; regions us-east-1")),
        "{}",
        ran.err
    );
    assert!(ran.err.contains(&format!("asks for account {MEMBER}, region eu-west-1 too")), "{}", ran.err);
    let after = parse(&ran.out);
    let gaps = |a: &Value| a["coverage"]["gaps"].as_u64().expect("a number");
    assert_eq!(gaps(&after), gaps(&before) + 2);
    assert_eq!(
        judged(&box_, "rds.storage-encrypted", ":db-1").expect("a row").0,
        "met",
        "what was read stays read"
    );
    for place in [format!("{MEMBER}/aws-global"), format!("{ACCOUNT}/eu-west-1")] {
        let (verdict, reason) = judged(&box_, "rds.storage-encrypted", &place).expect("a row for the gap");
        assert_eq!(verdict, "not evidenced", "{reason}");
        assert!(reason.contains("everything not collected"), "{reason}");
    }
}

#[test]
fn an_operation_that_nothing_reads_is_not_asked() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let on = catalog.operations.values().filter_map(|o| o.opt_in.clone()).collect();
    let planned = affiant::collect::live::plan(&catalog, &on);
    let read = catalog.read();
    let names: Vec<&str> = planned.iter().map(|p| p.name.as_str()).collect();
    let feeds =
        |name: &str| names.iter().any(|other| catalog.operations[*other].each.iter().any(|e| e.from == name));
    let fills = |name: &str| {
        let of = |fill: &affiant::model::registry::Fill| {
            fill.tags_of.is_some()
                || read.contains(fill.resource_type.as_str())
                || fill.also.iter().any(|t| read.contains(t.as_str()))
        };
        catalog.operations[name].fill.iter().any(of)
    };
    let idle = |name: &&str| {
        !read.contains(*name) && !feeds(name) && !fills(name) && catalog.operations[*name].facts.is_none()
    };
    let unread: Vec<&str> = names.iter().copied().filter(idle).collect();
    assert!(unread.is_empty(), "asked and read by nothing: {unread:?}");
    // what is not asked, and not by the collector itself either, has no place in the registry
    let by_itself = ["config", "sts", "s3", "artifact"];
    let known = |name: &&String| {
        catalog.operations[*name].via.is_none()
            && !by_itself.contains(&name.split(':').next().unwrap_or_default())
    };
    let never: Vec<&String> =
        catalog.operations.keys().filter(known).filter(|name| !names.contains(&name.as_str())).collect();
    assert!(never.is_empty(), "in the registry and never asked: {never:?}");
}
