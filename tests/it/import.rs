//! Findings of other programs beside a package: the same resource, the same question, or not comparable.
//! Hostile text stays text, and no verdict changes.

use std::collections::BTreeMap;
use std::fs;

use affiant::model::digest::Digest;
use serde_json::{Value, json};

use crate::harness::{Sandbox, files};
use crate::machine::exported;

/// Resources of a check by verdict, from the package's own table.
fn rows(check: &str) -> BTreeMap<String, Vec<String>> {
    let text = fs::read(exported().zip.with_extension("").join("data/tables/result.csv")).expect("results");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let heads = reader.headers().expect("heads").clone();
    let at = |name: &str| heads.iter().position(|h| h == name).expect("a column");
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in reader.records().map(|r| r.expect("a record")) {
        if &record[at("check_id")] == check && &record[at("excluded")] == "0" {
            all.entry(record[at("verdict")].to_string())
                .or_default()
                .push(record[at("resource")].to_string());
        }
    }
    all
}

/// As Prowler writes a result: a detection finding, OCSF 1.5.0.
fn prowler(rule: &str, status: &str, resource: &str) -> Value {
    json!({
        "message": format!("{resource} {status}"),
        "metadata": { "event_code": rule, "product": { "name": "Prowler", "uid": "prowler",
            "vendor_name": "Prowler", "version": "5.13.0" }, "version": "1.5.0" },
        "severity_id": 3, "severity": "Medium", "status": "New", "status_code": status,
        "status_detail": "=cmd|'/c calc'!A1 <script>alert(1)</script>",
        "status_id": 1, "unmapped": { "compliance": { "HIPAA": ["164_312_a_2_iv"] } },
        "activity_id": 1, "category_uid": 2, "class_uid": 2004, "type_uid": 200401, "time": 1790762400,
        "time_dt": "2026-09-30T10:00:00",
        "finding_info": { "title": "x", "uid": format!("prowler-aws-{rule}-{resource}") },
        "resources": [{ "uid": resource, "name": "x", "type": "AwsS3Bucket" }],
        "cloud": { "account": { "uid": "111122223333" }, "provider": "aws" }
    })
}

fn import(box_: &Sandbox, names: &[&str], out: &str) -> crate::harness::Ran {
    let zip = exported().zip.display().to_string();
    box_.affiant(&[&["import"], names, &["--beside", &zip, "--output", out]].concat())
}

fn made(box_: &Sandbox, out: &str) -> Value {
    serde_json::from_slice(&fs::read(box_.path().join(out).join("corroboration.json")).expect("a file"))
        .expect("JSON")
}

#[test]
fn what_prowler_wrote_agrees_disagrees_or_is_not_comparable() {
    let box_ = Sandbox::default();
    let found = rows("s3.versioning");
    let (met, not_met) = (&found["met"][0], &found["not met"][0]);
    let findings = json!([
        prowler("s3_bucket_object_versioning", "PASS", met),
        prowler("s3_bucket_object_versioning", "FAIL", not_met),
        prowler("s3_bucket_object_versioning", "PASS", not_met),
        prowler("s3_bucket_object_versioning", "FAIL", met),
        prowler("s3_bucket_object_versioning", "MANUAL", met),
        prowler("s3_bucket_object_versioning", "FAIL", "arn:aws:s3:::not-in-the-package"),
        prowler("a_rule_of_theirs", "FAIL", met),
    ]);
    let bytes = findings.to_string();
    box_.write("prowler.ocsf.json", &bytes);
    let before = files(&exported().zip.with_extension(""));
    import(&box_, &["prowler.ocsf.json"], "out").exits(0);
    assert_eq!(before, files(&exported().zip.with_extension("")), "the package stays as it was sealed");
    let made = made(&box_, "out");
    let file = &made["files"][0];
    assert_eq!(
        (&file["products"][0], &file["findings"], &file["unread"]),
        (&json!("Prowler 5.13.0"), &json!(6), &json!(1))
    );
    assert_eq!(file["sha256"], Digest::of(bytes.as_bytes()).to_string());
    let told: Vec<(String, String, String)> = made["compared"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| {
            [&c["agreement"], &c["finding"]["state"], &c["ours"]]
                .map(|v| v.as_str().expect("text").to_string())
                .into()
        })
        .collect();
    let wanted = [
        ("disagrees", "fail", "met"),
        ("disagrees", "pass", "not met"),
        ("agrees", "pass", "met"),
        ("agrees", "fail", "not met"),
        ("not comparable", "fail", ""),
        ("not comparable", "fail", ""),
    ];
    let mut wanted: Vec<(String, String, String)> =
        wanted.map(|(a, b, c)| (a.into(), b.into(), c.into())).to_vec();
    let mut sorted = told.clone();
    assert!(told[..2].iter().all(|t| t.0 == "disagrees"), "disagreements come first");
    sorted.sort();
    wanted.sort();
    assert_eq!(sorted, wanted);
    let html = fs::read_to_string(box_.path().join("out/corroboration.html")).expect("a page");
    assert!(!html.contains("<script") && !html.contains("unsafe-inline"));
    let csv = fs::read_to_string(box_.path().join("out/corroboration.csv")).expect("CSV");
    assert!(
        csv.contains("'=cmd|") && !csv.contains(",=cmd|") && !csv.contains("\"=cmd|"),
        "no cell is a formula"
    );
    let schema = crate::authors::schema("corroboration");
    assert_eq!(crate::authors::faults(&made, &schema, &schema, ""), Vec::<String>::new());
    // a finding a line says the same
    let lines: String = findings.as_array().expect("a list").iter().map(|f| format!("{f}\n")).collect();
    box_.write("lines.jsonl", lines);
    import(&box_, &["lines.jsonl"], "lines").exits(0);
    let again = self::made(&box_, "lines");
    assert_eq!(again["compared"], made["compared"]);
}

#[test]
fn security_hub_and_config_speak_of_the_managed_rule() {
    let box_ = Sandbox::default();
    let found = rows("rds.storage-encrypted");
    let (verdict, arns) =
        found.iter().find(|(v, _)| ["met", "not met"].contains(&v.as_str())).expect("a row");
    let (arn, opposite) = (&arns[0], if verdict == "met" { "FAILED" } else { "PASSED" });
    let finding = json!({
        "SchemaVersion": "2018-10-08", "Id": "x",
        "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub", "ProductName": "Security Hub",
        "GeneratorId": "aws-foundational-security-best-practices/v/1.0.0/RDS.3",
        "AwsAccountId": "111122223333", "Title": "t",
        "UpdatedAt": "2026-09-29T00:00:00Z", "RecordState": "ACTIVE",
        "Compliance": { "Status": opposite, "SecurityControlId": "RDS.3" },
        "ProductFields": { "RelatedAWSResources:0/name": "securityhub-rds-storage-encrypted-0a1b2c3d" },
        "Resources": [{ "Type": "AwsRdsDbInstance", "Id": arn,
            "Region": arn.split(':').nth(3).expect("a region") }]
    });
    let mut archived = finding.clone();
    archived["RecordState"] = json!("ARCHIVED");
    box_.write("hub.json", json!({ "Findings": [finding, archived] }).to_string());
    // as `aws configservice get-compliance-details-by-config-rule` prints it
    let name = rows("s3.versioning")["met"][0].rsplit(':').next().expect("a bucket").to_string();
    let evaluation = |id: &str, said: &str| {
        json!({
            "EvaluationResultIdentifier": { "EvaluationResultQualifier": {
                "ConfigRuleName": "s3-bucket-versioning-enabled-conformance-pack-ab12cd34e",
                "ResourceType": "AWS::S3::Bucket", "ResourceId": id } },
            "ComplianceType": said, "ResultRecordedTime": 1790700000.5, "Annotation": "x"
        })
    };
    let list = [
        evaluation(&name, "COMPLIANT"),
        evaluation(&name, "INSUFFICIENT_DATA"),
        evaluation("no-such-bucket", "NON_COMPLIANT"),
    ];
    box_.write("config.json", json!({ "EvaluationResults": list }).to_string());
    import(&box_, &["hub.json", "config.json"], "out").exits(0);
    let made = made(&box_, "out");
    let one = |rule: &str| -> Vec<&Value> {
        made["compared"]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|c| c["finding"]["config_rule"] == rule)
            .collect()
    };
    let hub = one("rds-storage-encrypted");
    assert_eq!(
        (hub.len(), &hub[0]["agreement"], &hub[0]["check"]),
        (1, &json!("disagrees"), &json!("rds.storage-encrypted"))
    );
    assert!(hub[0]["words"].as_str().expect("text").contains("theirs is of 2026-09-29, ours of 2026-09-30"));
    let config = one("s3-bucket-versioning-enabled");
    assert_eq!(
        config.iter().map(|c| c["agreement"].as_str().expect("text")).collect::<Vec<_>>(),
        ["agrees", "not comparable"]
    );
    assert_eq!(made["files"][1]["unread"], 1, "insufficient data says nothing");
}

#[test]
fn what_is_no_file_of_findings_is_refused() {
    let box_ = Sandbox::default();
    let deep = "[".repeat(50_000);
    for (name, bytes) in [
        ("empty.json", "[]"),
        ("text.json", "not JSON"),
        ("other.json", "{\"a\": 1}"),
        ("class.json", "[{\"class_uid\": 6003}]"),
        ("deep.json", deep.as_str()),
    ] {
        box_.write(name, bytes);
        let ran = import(&box_, &[name], "out").exits(2);
        assert!(ran.err.contains("AFU-085") && ran.err.contains(name), "{}", ran.err);
        assert!(!box_.path().join("out").exists(), "{name}");
    }
    let mut leak = prowler("a_rule", "FAIL", "arn:aws:s3:::a");
    leak["status_detail"] = json!(
        "the variable is AKIAIOSFODNN7EXAMPLQ with the patient 123-45-6789, -----BEGIN RSA PRIVATE KEY-----\n\
         MIIEowIBAAKCAQEA"
    );
    box_.write("leak.json", json!([leak]).to_string());
    let ran = import(&box_, &["leak.json"], "out");
    assert!(
        ran.code == 2 && ran.err.contains("AFU-086"),
        "what leaks is not handed on: {} {}",
        ran.code,
        ran.err
    );
}

/// Each rule of another program stands for a check that the catalog has, and stands there once.
#[test]
fn the_lists_of_foreign_rules_name_checks_of_the_catalog() {
    let catalog = affiant::catalog::load(None).expect("the catalog");
    for list in affiant::pipeline::import::rules().expect("the lists") {
        let mut seen = std::collections::BTreeSet::new();
        for rule in &list.rules {
            assert!(catalog.checks.contains_key(&rule.check), "{}: {}", rule.rule, rule.check);
            assert!(seen.insert(&rule.rule), "{} stands twice", rule.rule);
        }
    }
}

/// Files as Prowler 5.46.0 wrote them of a laboratory's account, with its texts replaced: first as they are,
/// then with buckets of the package in the place of the laboratory's.
#[test]
fn files_that_prowler_wrote_are_read() {
    let box_ = Sandbox::default();
    let file = |name: &str| {
        fs::read_to_string(crate::harness::repository().join("tests/fixtures/foreign").join(name))
            .expect("a fixture")
    };
    let names = ["prowler.ocsf.json", "prowler.asff.json"];
    for name in names {
        box_.write(name, file(name));
    }
    import(&box_, &names, "out").exits(0);
    let whole = made(&box_, "out");
    for (at, format, unread) in [(0, "ocsf", 1), (1, "asff", 0)] {
        let one = &whole["files"][at];
        let said = (&one["format"], &one["products"], &one["findings"], &one["unread"]);
        assert_eq!(
            said,
            (&json!(format), &json!(["Prowler 5.46.0"]), &json!(3), &json!(unread)),
            "what asks for a person says nothing"
        );
        assert!(one["first"].as_str().is_some_and(|at| at.starts_with("2026-11-30T19:5")), "{one}");
    }
    let compared = whole["compared"].as_array().expect("a list");
    assert!(compared.iter().all(|c| c["agreement"] == "not comparable"), "another account's");
    assert!(
        compared
            .iter()
            .all(|c| c["finding"]["region"] == "us-east-1" && c["finding"]["account"] == "123456789012")
    );
    let found = rows("s3.versioning");
    for name in names {
        let text = file(name).replace("arn:aws:s3:::ehr-access-logs-123456789012", &found["met"][0]);
        let text = text.replace("arn:aws:s3:::ehr-fault-noversion-123456789012", &found["not met"][0]);
        let text = text.replace("\"123456789012\"", "\"111122223333\"");
        box_.write(name, text.replace("egion\": \"us-east-1\"", "egion\": \"\""));
    }
    import(&box_, &names, "again").exits(0);
    let again = made(&box_, "again");
    let agreed: Vec<&Value> =
        again["compared"].as_array().expect("a list").iter().filter(|c| c["agreement"] == "agrees").collect();
    assert_eq!(
        agreed.len(),
        4,
        "the bucket that is versioned and the one that is not, in either file: {again}"
    );
    assert!(agreed.iter().all(|c| c["check"] == "s3.versioning"));
    let block = |c: &&Value| c["check"] == "s3.account-public-access-block";
    let block: Vec<&Value> = again["compared"].as_array().expect("a list").iter().filter(block).collect();
    assert!(
        block.len() == 2 && block.iter().all(|c| c["agreement"] == "disagrees"),
        "a stand-in for the account is the account: {again}"
    );
}

/// What was kept goes into the next run, and its package tells it: the counts, the row that
/// disagrees, the exhibit.
#[test]
fn a_kept_import_is_told_by_the_next_package() {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let mut bucket = crate::harness::item("AWS::S3::Bucket", "b", json!({ "name": "b" }));
    bucket["ARN"] = json!("arn:aws:s3:::b");
    bucket["supplementaryConfiguration"] =
        json!({ "BucketVersioningConfiguration": { "status": "Enabled" } });
    box_.snapshot("in", &[bucket]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let first = box_.package();
    let findings = json!([
        prowler("s3_bucket_object_versioning", "FAIL", "arn:aws:s3:::b"),
        prowler("a_rule_of_theirs", "FAIL", "arn:aws:s3:::b"),
    ]);
    box_.write("prowler.ocsf.json", findings.to_string());
    let args = [
        "import",
        "prowler.ocsf.json",
        "--beside",
        &first.display().to_string(),
        "--output",
        "out",
        "--keep",
    ];
    let said = box_.affiant(&args).exits(0).err;
    assert!(said.contains("kept as") && said.contains("1 disagrees"), "{said}");
    let later = |args: &[&str]| box_.affiant_with(args, &[("AFFIANT_PINNED_CLOCK", "2026-12-31T12:00:00Z")]);
    let again = later(&["collect", "--snapshot", "in"]);
    assert!(again.code == 0 || again.code == 3, "{}", again.err);
    let made = later(&["package"]).exits(0).out;
    let second =
        box_.path().join(made.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named").trim());
    let folder = crate::harness::unzip(&second, &box_.path().join("x"));
    let text = fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier");
    let told = &crate::spine::json(&text)["others"][0];
    assert_eq!(
        (&told["agrees"], &told["disagrees"], &told["not_comparable"]),
        (&json!(0), &json!(1), &json!(1)),
        "{told}"
    );
    assert_eq!((&told["rows"][0]["ours"], &told["rows"][0]["theirs"]), (&json!("met"), &json!("fail")));
    assert!(
        told["evidence"][0].as_str().is_some_and(|id| text.contains(&format!("\"id\": \"{id}\""))),
        "{told}"
    );
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("a page");
    assert!(html.contains("What other programs found") && html.contains("met here, fail by Prowler"));
    let checked = later(&[
        "verify",
        &second.display().to_string(),
        "--trust",
        ".affiant/seal/certificate.pem",
        "--recompute",
    ]);
    assert!(checked.out.contains("OSCAL files") && !checked.out.contains("differs"), "{}", checked.out);
}
