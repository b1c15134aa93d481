//! From one quarter to the next: a second quarter of the sample with planted changes, and what every
//! output says of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::harness::{Sandbox, files, gzip, sample, unzip};

const LATER: &str = "2026-12-31T12:00:00Z";
const TAKEN: &str = "2026-12-31T11:30:00.000Z";

/// Both quarters as packages, in the workspace that made them.
struct Quarters {
    box_: Sandbox,
    first: PathBuf,
    second: PathBuf,
    /// The changes of the second package's dossier.
    changes: Value,
}

impl Quarters {
    /// The program in the time of the second quarter.
    fn later(&self, args: &[&str]) -> crate::harness::Ran {
        self.box_.affiant_with(args, &[("AFFIANT_PINNED_CLOCK", LATER)])
    }

    /// The rows of a check that changed: class and the whole row, by the end of the resource's name.
    #[track_caller]
    fn row(&self, check: &str, resource: &str) -> Value {
        let rows = self.check(check)["rows"].as_array().expect("rows").clone();
        let row =
            rows.iter().find(|r| r["resource"].as_str().expect("a resource").ends_with(resource)).cloned();
        row.unwrap_or_else(|| panic!("{check} has no changed row of {resource}: {rows:#?}"))
    }

    #[track_caller]
    fn check(&self, check: &str) -> Value {
        let checks = self.changes["checks"].as_array().expect("checks");
        checks
            .iter()
            .find(|c| c["check"] == check)
            .cloned()
            .unwrap_or_else(|| panic!("nothing changed in {check}"))
    }
}

fn quarters() -> &'static Quarters {
    static MADE: OnceLock<Quarters> = OnceLock::new();
    MADE.get_or_init(make)
}

fn make() -> Quarters {
    let box_ = Sandbox::default().workspace();
    let first = box_.package_sample(1);
    let evidence = box_.path().join("second");
    second_quarter(&sample(1), &evidence);
    decide(&box_);
    let later = [("AFFIANT_PINNED_CLOCK", LATER)];
    let ran = box_.affiant_with(&["collect", "--snapshot", "second"], &later);
    assert!(ran.code == 0 || ran.code == 3, "{}{}", ran.out, ran.err);
    let made = box_.affiant_with(&["package", "--catalog", "changed"], &later).exits(0);
    let zip =
        made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named").trim().to_string();
    let second = box_.path().join(zip);
    let folder = unzip(&second, &box_.path().join("y"));
    let dossier =
        crate::spine::json(&fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier"));
    Quarters { box_, first, second, changes: dossier["since"]["changes"].clone() }
}

/// The sample's items, three months on: one database opened, one closed, one gone, one new, one
/// changed, a region added.
fn second_quarter(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let bytes = if name.contains("ConfigSnapshot") { changed(&name, &bytes) } else { bytes };
        let target = to.join(name.replace("20260930T114000Z", "20261231T114000Z"));
        fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
        fs::write(target, bytes).expect("a file");
    }
    let database = json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": TAKEN, "configurationStateId": 1,
        "awsAccountId": "111122223333",
        "configurationItemStatus": "OK", "resourceType": "AWS::RDS::DBInstance",
        "resourceId": "db-IRELAND", "resourceName": "ireland",
        "ARN": "arn:aws:rds:eu-west-1:111122223333:db:ireland", "awsRegion": "eu-west-1", "tags": {},
        "relationships": [], "relatedEvents": [],
        "configuration": { "dBInstanceIdentifier": "ireland", "storageEncrypted": false,
            "publiclyAccessible": true, "engine": "postgres" },
        "supplementaryConfiguration": {}
    });
    let snapshot = json!({
        "fileVersion": "1.0", "configSnapshotId": "11111111-2222-4333-8444-666666666666",
        "configurationItems": [database]
    });
    let name = "snapshots/111122223333_Config_eu-west-1_ConfigSnapshot_20261231T114000Z_\
                11111111-2222-4333-8444-666666666666.json.gz";
    fs::write(to.join(name), gzip(snapshot.to_string().as_bytes())).expect("a file");
}

fn changed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).expect("gzip");
    let mut snapshot = crate::spine::json(&text);
    let items = snapshot["configurationItems"].as_array_mut().expect("items");
    for item in items.iter_mut() {
        item["configurationItemCaptureTime"] = json!(TAKEN);
    }
    if name.contains("us-east-1") {
        items.retain(|item| item["ARN"] != "arn:aws:rds:us-east-1:111122223333:db:geocoder");
        let of = |items: &[Value], arn: &str| {
            items.iter().position(|i| i["ARN"] == arn).expect("the sample has it")
        };
        let analytics = of(items, "arn:aws:rds:us-east-1:111122223333:db:analytics");
        let mut copy = items[analytics].clone();
        items[analytics]["configuration"]["publiclyAccessible"] = json!(false);
        let primary = of(items, "arn:aws:rds:us-east-1:111122223333:db:twin-primary");
        items[primary]["configuration"]["publiclyAccessible"] = json!(true);
        let desk = of(items, "arn:aws:rds:us-east-1:111122223333:db:desk-6b10");
        items[desk]["configuration"]["backupRetentionPeriod"] = json!(2);
        for (member, value) in [
            ("ARN", "arn:aws:rds:us-east-1:111122223333:db:second"),
            ("resourceId", "db-SECOND"),
            ("resourceName", "second"),
        ] {
            copy[member] = json!(value);
        }
        copy["configuration"]["dBInstanceIdentifier"] = json!("second");
        items.push(copy);
        items.push(crate::harness::item(
            "AWS::MemoryDB::Cluster",
            "sessions",
            json!({ "Name": "sessions", "TLSEnabled": true }),
        ));
    }
    gzip(snapshot.to_string().as_bytes())
}

/// A quarter later: the next period, a region more, a number tightened, an exception granted, one
/// check asked otherwise.
fn decide(box_: &Sandbox) {
    let path = |name: &str| box_.path().join(name);
    let edit = |name: &str, changes: &[(&str, &str)]| {
        let mut text = fs::read_to_string(path(name)).expect("a file");
        for (from, to) in changes {
            assert!(text.contains(from), "{name} lacks {from}");
            text = text.replacen(from, to, 1);
        }
        fs::write(path(name), text).expect("written");
    };
    edit(
        "affiant.yaml",
        &[
            ("label: 2026-Q3", "label: 2026-Q4"),
            ("regions: [us-east-1, us-west-2]", "regions: [us-east-1, us-west-2, eu-west-1]"),
            ("parameters: {}", "parameters: { access_key_days: 60 }"),
        ],
    );
    edit(
        "program/exceptions.yaml",
        &[(
            "exceptions:\n",
            "exceptions:\n  - check: rds.storage-encrypted\n    resource: \"arn:aws:rds:us-east-1:\
             111122223333:db:contacts-6b10\"\n    approver: Rowan Example\n    owner: Peyton Example\n    \
             reason: The move is planned for January.\n    accepted: 2026-12-01\n    expires: 2027-02-28\n",
        )],
    );
    let check = crate::harness::repository().join("controls/checks/kms/rotation-period.yaml");
    let text =
        fs::read_to_string(check).expect("a check").replacen("sql: |\n", "sql: |\n  -- asked otherwise\n", 1);
    box_.write("changed/checks/kms/rotation-period.yaml", text);
}

#[test]
fn every_planted_change_has_its_class_and_its_cause() {
    let q = quarters();
    let broken = q.row("rds.not-public", ":db:twin-primary");
    assert_eq!(
        (&broken["class"], &broken["old"], &broken["new"]),
        (&json!("regressed"), &json!("met"), &json!("not met")),
        "{broken:#}"
    );
    let cause = &broken["causes"][0];
    assert_eq!(cause["member"], "configuration.publiclyAccessible", "{broken:#}");
    assert_eq!((&cause["before"], &cause["after"]), (&json!("false"), &json!("true")));
    assert!(
        cause["artifact_before"].as_str().expect("a path").contains("20260930")
            && cause["captured_after"] == "2026-12-31T11:30:00Z",
        "{cause:#}"
    );
    assert_eq!(q.row("rds.not-public", ":db:analytics")["class"], "fixed");
    assert_eq!(q.row("rds.not-public", ":db:second")["class"], "new");
    assert_eq!(q.row("rds.log-exports", ":db:geocoder")["class"], "gone");
    let drifted = q.row("rds.automated-backups", ":db:desk-6b10");
    assert_eq!(drifted["class"], "drifted", "{drifted:#}");
    assert_eq!(drifted["causes"][0]["member"], "configuration.backupRetentionPeriod", "{drifted:#}");
    assert_eq!(q.check("rds.automated-backups")["class"], "drifted");
    let accepted = q.row("rds.storage-encrypted", ":db:contacts-6b10");
    assert_eq!(accepted["class"], "accepted", "{accepted:#}");
    assert!(accepted["why"].as_str().expect("why").contains("2027-02-28"), "{accepted:#}");
    let expired = q.row("ec2.ebs-encryption-by-default", "us-west-2");
    assert_eq!(expired["class"], "expired", "{expired:#}");
    assert!(expired["why"].as_str().expect("why").contains("2026-12-15"), "{expired:#}");
    let elsewhere = q.row("rds.not-public", ":db:ireland");
    assert_eq!(elsewhere["class"], "not comparable", "{elsewhere:#}");
    assert!(elsewhere["why"].as_str().expect("why").contains("eu-west-1 was not read then"), "{elsewhere:#}");
}

#[test]
fn what_was_asked_otherwise_is_not_compared_and_says_why() {
    let q = quarters();
    let asked = q.check("kms.rotation-period");
    assert_eq!(asked["class"], "not comparable");
    assert!(asked["why"].as_str().expect("why").contains("another question"), "{asked:#}");
    let tightened = q.check("iam.access-key-age");
    assert!(
        tightened["why"].as_str().expect("why").contains("access_key_days was 90 and is 60"),
        "{tightened:#}"
    );
    let terms = q.changes["terms"].to_string();
    for part in ["Region added: eu-west-1", "access_key_days was 90 and is 60", "The catalog changed"] {
        assert!(terms.contains(part), "`{part}` is missing: {terms}");
    }
    assert!(q.changes["services_new"].to_string().contains("MemoryDB"), "{}", q.changes["services_new"]);
    let points: Vec<&Value> =
        q.changes["trend"].as_array().expect("points").iter().map(|p| &p["as_of"]).collect();
    assert_eq!(points, [&json!(crate::harness::NOW), &json!(LATER)]);
}

/// The words of a PDF in their order, without the commas of thousands.
fn pdf_text(path: &Path) -> String {
    let ran = std::process::Command::new("pdftotext").arg(path).arg("-").output();
    let text = String::from_utf8_lossy(&ran.expect("pdftotext is installed").stdout).replace(',', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn package_terminal_and_report_say_the_same_numbers() {
    let q = quarters();
    let (first, second) = (q.first.to_str().expect("UTF-8"), q.second.to_str().expect("UTF-8"));
    let diff = crate::spine::json(&q.later(&["diff", first, second, "--format", "json"]).exits(0).out);
    crate::outputs::fits("diff", &diff);
    for part in ["totals", "checks", "controls", "terms", "checks_not_comparable", "services_new"] {
        assert_eq!(diff[part], q.changes[part], "{part}");
    }
    let table = q.later(&["diff", first, second]).exits(0).out;
    let html = fs::read_to_string(q.second.with_extension("").join("data/report/index.html")).expect("HTML");
    for (class, n) in q.changes["totals"].as_object().expect("totals") {
        assert!(table.contains(&format!("{n} {class}")), "{n} {class} is not in the terminal:\n{table}");
        let count = html.matches(&format!("<td><b>{class}</b>")).count() as u64;
        assert_eq!(count, n.as_u64().expect("a number"), "rows of `{class}` in the HTML");
    }
    assert!(
        html.contains("configuration.publiclyAccessible") && html.contains("Region added: eu-west-1."),
        "the chapter is in the report"
    );
    let pdf = pdf_text(&q.second.with_extension("").join("data/report/audit-package.pdf"));
    for (class, n) in q.changes["totals"].as_object().expect("totals").iter().filter(|(_, n)| **n != json!(0))
    {
        assert!(pdf.contains(&format!("{n} {class}")), "{n} {class} is not in the PDF");
    }
    assert!(
        pdf.contains("Region added: eu-west-1.") && pdf.contains("MemoryDB"),
        "the chapter is in the PDF"
    );
    q.later(&["diff", first, second, "--fail-on", "critical"]);
    q.later(&["diff", first, second, "--fail-on", "low"]).exits(1);
    q.later(&["diff", second, second, "--fail-on", "low"]).exits(0);
}

#[test]
fn the_assessment_before_travels_and_is_compared_again() {
    let q = quarters();
    let args = [
        "verify",
        q.second.to_str().expect("UTF-8"),
        "--trust",
        ".affiant/seal/certificate.pem",
        "--recompute",
    ];
    let ran = q.later(&args).exits(0);
    assert!(ran.out.contains("dossier") && !ran.out.contains("differs"), "{}", ran.out);
    let folder = q.second.with_extension("");
    let before = fs::read(folder.join("data/previous/assessment.json")).expect("the assessment before");
    assert_eq!(
        before,
        fs::read(q.first.with_extension("").join("data/assessment.json")).expect("the first"),
        "byte for byte that of the first"
    );
    let items =
        crate::spine::json(&fs::read_to_string(folder.join("data/previous/items.json")).expect("items"));
    assert!(items.as_array().is_some_and(|i| !i.is_empty()), "items of the rows that changed");
}

/// Resources of the second package's risks: first and last run, by the end of the name.
fn member(dossier: &Value, name: &str) -> Vec<(String, String, bool)> {
    let rows = dossier["risks"]["rows"].as_array().expect("risks").iter();
    let members = rows.flat_map(|r| r["members"].as_array().expect("members").clone());
    let text = |m: &Value, key: &str| m[key].as_str().expect("text").to_string();
    let of = members.filter(|m| text(m, "resource").ends_with(name));
    of.map(|m| (text(&m, "first_seen"), text(&m, "last_seen"), m["here"] == true)).collect()
}

#[test]
fn resources_of_a_risk_keep_the_run_that_first_showed_them() {
    let q = quarters();
    let folder = q.second.with_extension("");
    let dossier =
        crate::spine::json(&fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier"));
    let now = crate::harness::NOW;
    assert_eq!(dossier["risks"]["seen_from"], now);
    let new = member(&dossier, ":db:second");
    assert!(!new.is_empty() && new.iter().all(|m| *m == (LATER.into(), LATER.into(), true)), "{new:?}");
    let old = member(&dossier, ":db:desk-6b10");
    assert!(!old.is_empty() && old.iter().all(|m| *m == (now.into(), LATER.into(), true)), "{old:?}");
    let gone = member(&dossier, ":db:geocoder");
    assert!(!gone.is_empty() && gone.iter().all(|m| *m == (now.into(), now.into(), false)), "{gone:?}");
    // the same in every output, and again the same
    let table = fs::read_to_string(folder.join("data/tables/risk-resource.csv")).expect("a table");
    let line = table.lines().find(|l| l.contains(":db:second")).expect("a row");
    assert!(line.ends_with(&format!("{LATER},{LATER},yes")), "{line}");
    let line = table.lines().find(|l| l.contains(":db:geocoder")).expect("a row");
    assert!(line.ends_with(&format!("{now},{now},no")), "{line}");
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    assert!(
        html.contains("2026-09-30, not in this run") && html.contains("as far back as the run of 2026-09-30")
    );
    let counts = |value: &Value| {
        value["risks"].as_array().expect("risks").iter().map(|r| r["members"].clone()).collect::<Vec<_>>()
    };
    let listed = crate::spine::json(
        &q.later(&["risks", "list", "--format", "json", "--catalog", "changed"]).exits(0).out,
    );
    assert_eq!(
        counts(&listed),
        counts(&dossier["risks"].as_object().map(|r| json!({ "risks": r["rows"] })).expect("a register"))
    );
    let id = listed["risks"]
        .as_array()
        .expect("risks")
        .iter()
        .find(|r| r["members"].to_string().contains(":db:second"))
        .expect("it is there");
    let shown =
        q.later(&["risks", "show", id["id"].as_str().expect("an id"), "--catalog", "changed"]).exits(0).out;
    assert!(shown.contains(&format!(":db:second  first seen {LATER}")), "{shown}");
}

#[test]
fn runs_are_compared_without_packages_and_what_is_missing_is_said() {
    let q = quarters();
    let runs = q.later(&["diff", "--format", "json"]).exits(0);
    let changes = crate::spine::json(&runs.out);
    assert!(
        changes["old"]["source"].as_str().expect("words").starts_with("run 2026-09-30"),
        "{}",
        changes["old"]
    );
    assert!(changes["totals"]["regressed"].as_u64().expect("a number") >= 1);
    let alone = Sandbox::default().workspace();
    alone.collect_sample(1);
    assert!(alone.affiant(&["diff"]).exits(2).err.contains("names no run before it"));
    let package = alone.package();
    let folder = unzip(&package, &alone.path().join("x"));
    let dossier =
        crate::spine::json(&fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier"));
    assert!(dossier["since"]["words"].as_str().expect("words").contains("first run"), "{}", dossier["since"]);
    assert!(alone.affiant(&["diff", "nowhere", "nothing"]).exits(2).err.contains("is not a run"));
}

/// A database as the kept packages of releases hold two: `records` open to the internet, `reports` not.
fn database(id: &str, public: bool) -> Value {
    let configuration = json!({
        "dBInstanceIdentifier": id, "engine": "postgres", "storageEncrypted": false,
            "publiclyAccessible": public
    });
    crate::harness::item("AWS::RDS::DBInstance", id, configuration)
}

/// The package that each release kept compares with one of today: what changed is told, or why it cannot be
/// compared.
#[test]
fn the_packages_of_releases_compare_with_todays() {
    let releases = crate::harness::repository().join("tests/fixtures/packages");
    let kept: Vec<PathBuf> = fs::read_dir(releases)
        .expect("releases")
        .map(|entry| entry.expect("a folder").path().join("assessed.zip"))
        .collect();
    assert!(!kept.is_empty());
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("in", &[database("records", false), database("reports", true)]);
    let later = [("AFFIANT_PINNED_CLOCK", LATER)];
    box_.affiant_with(&["collect", "--snapshot", "in"], &later).exits(3);
    let made = box_.affiant_with(&["package"], &later).exits(0);
    let today = made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named").trim();
    for package in kept {
        let args = ["diff", package.to_str().expect("UTF-8"), today, "--format", "json"];
        let diff = crate::spine::json(&box_.affiant_with(&args, &later).exits(0).out);
        crate::outputs::fits("diff", &diff);
        assert!(
            diff["old"]["source"].as_str().expect("words").starts_with("package 2026-Q3-"),
            "{}",
            diff["old"]
        );
        let check =
            diff["checks"].as_array().expect("checks").iter().find(|c| c["check"] == "rds.not-public");
        let check =
            check.unwrap_or_else(|| panic!("{}: nothing is said of rds.not-public", package.display()));
        if check["class"] == "not comparable" {
            assert!(check["why"].as_str().expect("why").contains("another question"), "{check:#}");
            continue;
        }
        let rows = check["rows"].as_array().expect("rows").iter();
        let classes: Vec<(&str, &str)> = rows
            .map(|r| (r["resource"].as_str().expect("a name"), r["class"].as_str().expect("a class")))
            .map(|(name, class)| (name.rsplit(':').next().unwrap_or_default(), class))
            .collect();
        assert_eq!(classes, [("reports", "regressed"), ("records", "fixed")]);
    }
}

/// What changed names digests of the run before, which an edition must not hold; rows stand in the order of
/// their pseudonyms.
#[test]
fn a_package_that_looks_back_has_an_edition() {
    let q = quarters();
    let package = q.second.display().to_string();
    let args = ["package", "--edition", "shareable", "--for", "county", "--recipient", "County", "--of"];
    let made = q.later(&[&args[..], &[package.as_str()]].concat()).exits(0);
    let zip = made.out.lines().find_map(|l| l.strip_prefix("EDITION")).expect("an edition is named").trim();
    let inside = files(&unzip(&q.box_.path().join(zip), &q.box_.path().join("shared")));
    let told: Vec<&str> = ["old", "new"]
        .into_iter()
        .flat_map(|side| ["run", "manifest", "catalog"].map(|member| &q.changes[side][member]))
        .map(|value| value.as_str().expect("a text"))
        .collect();
    for (name, bytes) in &inside {
        for original in &told {
            let found = memchr::memmem::find(bytes, original.as_bytes());
            let public = name.ends_with("package.json") || name.ends_with("dossier.json");
            let catalog = *original == q.changes["old"]["catalog"].as_str().expect("a text");
            assert!(found.is_none() || (public && catalog), "{name} holds {original}");
        }
    }
    let text = String::from_utf8_lossy(&inside["data/dossier.json"]).into_owned();
    let changes = crate::spine::json(&text)["since"]["changes"].clone();
    assert_eq!(changes["totals"], q.changes["totals"]);
    for check in changes["checks"].as_array().expect("checks") {
        let rows = check["rows"].as_array().expect("rows");
        for class in rows.iter().map(|row| &row["class"]) {
            let same = rows.iter().filter(|row| row["class"] == *class).map(|row| row["resource"].as_str());
            assert!(same.is_sorted(), "{check:#}");
        }
    }
}
