//! Evidence is untrusted: names and tags that would be code somewhere are text everywhere.

use std::fs;

use serde_json::json;

use crate::harness::{Sandbox, files, item, unzip};
use crate::spine::contains;

const NAMES: [&str; 10] = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "#eval(\"x\")",
    "../../etc/passwd",
    "\u{202e}gnirts thgir-ot-tfel",
    "🦠 emoji 数据",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\"; DROP TABLE resource; --",
    "seen\u{ad}\u{200b}\u{2060}\u{fe0f}\u{e0041}\u{85}\u{3164}\u{2800}\u{1d159}\u{180e}\u{2028}\u{7f}unseen",
    "]]></svg><img src=x onerror=alert(1)> {{ 7*1093 }} {% raw %}",
];

fn hostile() -> Sandbox {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    let items: Vec<serde_json::Value> = NAMES
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let mut volume = item(
                "AWS::EC2::Volume",
                &format!("vol-{i:017}"),
                json!({ "volumeId": format!("vol-{i:017}"), "encrypted": false, "size": 8 }),
            );
            volume["ARN"] = json!(format!("arn:aws:ec2:us-east-1:111122223333:volume/{name}"));
            volume["resourceName"] = json!(name);
            volume["tags"] = json!({ "Name": name, *name: name });
            volume
        })
        .collect();
    // stores of ePHI and their readers stand in a figure, too
    let long = "x".repeat(2_000);
    let mut items = items;
    for name in [NAMES[5], NAMES[0], &long] {
        let policy = json!({
            "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }]
        });
        let mut bucket = item("AWS::S3::Bucket", name, json!({ "name": name }));
        bucket["ARN"] = json!(format!("arn:aws:s3:::{name}"));
        bucket["tags"] = json!({ "data-classification": "phi" });
        let own = json!([{ "policyName": name, "policyDocument": policy.to_string() }]);
        let mut role = item(
            "AWS::IAM::Role",
            name,
            json!({ "path": "/", "roleName": name, "rolePolicyList": own, "assumeRolePolicyDocument": "{}" }),
        );
        role["ARN"] = json!(format!("arn:aws:iam::111122223333:role/{name}"));
        role["awsRegion"] = json!("global");
        items.extend([bucket, role]);
    }
    box_.snapshot("in", &items);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    box_
}

#[test]
fn hostile_names_are_text_in_every_output() {
    let box_ = hostile();
    let zip = box_.package();
    let folder = unzip(&zip, &box_.path().join("x"));
    let all = files(&folder);
    assert!(
        all.keys().all(|n| !n.contains("..") && n.bytes().all(|b| (0x20..0x7f).contains(&b))),
        "a path is not portable"
    );

    let html = String::from_utf8(all["data/report/index.html"].clone()).expect("UTF-8");
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "HTML injection");
    assert!(html.contains("&lt;script&gt;"), "the name is not shown at all");
    assert!(html.contains("🦠 emoji 数据"), "emoji are lost");
    assert!(!html.contains('\u{202e}') && !html.contains('\u{1b}'), "control characters reach the HTML");
    assert!(html.contains("\\u{202e}"), "a bidirectional override is not shown as an escape");
    assert!(!html.contains("7651"), "a template was evaluated");

    let csv = String::from_utf8(all["data/tables/result.csv"].clone()).expect("UTF-8");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for record in reader.records() {
        for cell in record.expect("a record").iter() {
            assert!(!cell.starts_with(['=', '+', '@']), "a formula: {cell}");
            assert!(!cell.chars().any(|c| c.is_control()), "a control character: {cell:?}");
        }
    }
    for (name, bytes) in all.iter().filter(|(name, _)| !name.starts_with("data/evidence/")) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let hidden = text.chars().find(|c| affiant::diag::is_hazard(*c) && !matches!(c, '\n' | '\r' | '\t'));
        assert_eq!(hidden, None, "{name} holds a character that nobody sees");
    }
    assert!(all["data/report/audit-package.pdf"].starts_with(b"%PDF-1.7"));
    assert!(
        !contains(&all["data/report/audit-package.pdf"], b"/JavaScript")
            && !contains(&all["data/report/audit-package.pdf"], b"/Launch")
    );
    stays_on_its_pages(&folder.join("data/report/audit-package.pdf"));
    box_.affiant(&["verify", zip.to_str().expect("UTF-8"), "--recompute"]).exits(3);
}

/// No word runs over the right margin, however long its name: at least a centimeter stays free.
fn stays_on_its_pages(pdf: &std::path::Path) {
    let ran = std::process::Command::new("pdftotext").arg("-bbox").arg(pdf).arg("-").output();
    let boxes = String::from_utf8_lossy(&ran.expect("pdftotext is installed").stdout).into_owned();
    let number = |line: &str, key: &str| -> Option<f64> {
        line.split_once(&format!("{key}=\""))?.1.split('"').next()?.parse().ok()
    };
    let (mut width, mut words) = (0.0, 0);
    for line in boxes.lines() {
        if line.trim_start().starts_with("<page ") {
            width = number(line, "width").expect("a width");
        } else if let Some(right) = number(line, "xMax") {
            words += 1;
            assert!(right < width - 28.0, "over the margin: {line}");
        }
    }
    assert!(words > 1_000, "{words} words");
}

#[test]
fn the_terminal_is_not_commanded() {
    let box_ = hostile();
    let hidden =
        |text: &str| text.chars().find(|c| affiant::diag::is_hazard(*c) && !matches!(c, '\n' | '\r' | '\t'));
    for args in [
        &["assess", "--checks"][..],
        &["assess", "--format", "csv"],
        &["assess", "--format", "json"],
        &["services"],
        &["services", "--format", "json"],
        &["risks"],
        &["risks", "list", "--format", "json"],
        &["risks", "lint"],
        &["runs"],
        &["calendar", "--format", "ics"],
        &["review", "access"],
        &["lint"],
        &["package"],
    ] {
        let ran = box_.affiant(args);
        assert!(ran.code < 4 || ran.out.is_empty(), "{args:?}: {}", ran.err);
        assert_eq!((hidden(&ran.out), hidden(&ran.err)), (None, None), "{args:?} writes what nobody sees");
        let json = args.ends_with(&["json"]);
        assert!(
            !json || serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(),
            "{args:?}: {}",
            ran.out
        );
    }
    // what is made for people beside the package: the workbook of the access review
    for (name, bytes) in files(box_.path()).iter().filter(|(name, _)| name.ends_with(".xlsx")) {
        for sheet in affiant::evidence::workbook::sheets(bytes).expect("a workbook") {
            for (place, text) in &sheet.cells {
                assert_eq!(hidden(text), None, "{name}: {}, {place:?}", sheet.name);
            }
        }
    }
}

#[test]
fn hostile_file_names_become_portable_paths() {
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    for name in ["CON.md", "a:b.md", "\u{202e}evil.md", "UPPER.md", "upper.md", "line\nbreak.md", "50%.md"] {
        box_.write(&format!("in/documents/{name}"), "text");
    }
    box_.write(
        "in/aws/111122223333/us-east-1/rds/DescribeDBParameters/..%2F..%2Fetc%2Fpasswd.json",
        r#"{"Parameters":[]}"#,
    );
    let ran = box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let run = std::path::Path::new(ran.out.trim()).to_path_buf();
    let paths: Vec<String> = files(&run).into_keys().collect();
    assert!(paths.iter().filter(|p| p.starts_with("data/documents/")).count() >= 7, "{paths:?}");
    assert!(
        paths.iter().all(|p| p.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'%' && b != b':')),
        "{paths:?}"
    );
    box_.affiant(&["verify", run.to_str().expect("UTF-8")]).exits(3);
    let custody = fs::read_to_string(run.join("data/custody.jsonl")).expect("custody");
    assert!(custody.contains("../../etc/passwd"), "the true parameter is kept in the record");
}
