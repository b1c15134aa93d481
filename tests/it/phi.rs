//! Secrets and PHI: how much of a planted corpus is found, how much of healthy configuration is taken for
//! one, and what stops a package. The corpus is made here, the same each time; healthy configuration is that
//! and the sample's own run.

use std::collections::BTreeMap;

use affiant::redact::scan::{self, Findings};
use serde_json::{Value, json};

use crate::harness::{Sandbox, files, item, repository};

/// Repeats with other digits and letters, without chance.
pub fn letters(seed: usize, n: usize, alphabet: &str) -> String {
    let all: Vec<char> = alphabet.chars().collect();
    let mut x = seed as u64 * 2_654_435_761 + 12_345;
    (0..n)
        .map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all[(x >> 33) as usize % all.len()]
        })
        .collect()
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";

/// One planted value, where it stands, and the words that must be gone afterwards.
struct Planted {
    kind: &'static str,
    document: Value,
    needle: String,
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A value in the place of the number `n`: an environment variable, a tag, a description, a document, a
/// pair, JSON in a string.
fn placed(kind: &'static str, n: usize, name: &str, value: &str) -> Planted {
    let free = json!({ name: value });
    let pair = json!([{ "name": "LOG_LEVEL", "value": "info" }, { "name": name, "value": value }]);
    let configuration = match n % 5 {
        0 => json!({ "environment": { "variables": free } }),
        1 => json!({ "tags": free }),
        2 => json!({ "containerDefinitions": [{ "environment": pair }] }),
        3 => json!({ "configuration": json!({ "environment": { "variables": free } }).to_string() }),
        _ => json!({ "Tags": [{ "Key": name, "Value": value }] }),
    };
    Planted {
        kind,
        document: item("AWS::Lambda::Function", &format!("planted-{n}"), configuration),
        needle: value.into(),
    }
}

/// A value that shows itself, in running text: a description, a name, user data, a command.
fn shown(kind: &'static str, n: usize, text: &str, needle: &str) -> Planted {
    let configuration = match n % 5 {
        0 => json!({ "description": format!("see {text} for the rest") }),
        1 => json!({ "tags": { "note": text } }),
        2 => json!({ "command": ["sh", "-c", format!("run --with {text}")] }),
        3 => {
            json!({
                "policy": json!({ "Statement": [{ "Sid": "x",
                    "Condition": { "StringEquals": { "x": text } } }] }).to_string()
            })
        }
        _ => json!({ "userData": base64(&format!("#!/bin/sh\nexport X='{text}'\n")) }),
    };
    let needle =
        if n % 5 == 4 { base64(&format!("#!/bin/sh\nexport X='{text}'\n")) } else { needle.to_string() };
    Planted { kind, document: item("AWS::EC2::Instance", &format!("shown-{n}"), configuration), needle }
}

/// Ten values of each kind; the last kinds are beyond the rules and are counted all the same.
fn corpus() -> Vec<Planted> {
    let mut all = Vec::new();
    // as people write them, and not as the rules expect
    let spellings = [
        "SSN 078 05 1120",
        "ssn=078051120",
        "078.05.1120",
        "078 05 1120",
        "social security no. 078-05-1120",
        "patient_078-05-1120_scan",
        "MRN#0012345",
        "MR 0012345",
        "medical record number: 0012345",
        "MRN is 0012345",
        "born 2 January 1970",
        "DOB 1/2/70",
        "date of birth: 1970.01.02",
        "b. 1970-01-02",
        "202 555 0147",
        "tel. 2025550147",
        "+44 20 7946 0958",
        "call 202-555-0147 x12",
        "phone (202)555-0147",
        "fax: 202.555.0147",
    ];
    for text in spellings {
        let needle = text
            .split(|c: char| !(c.is_ascii_digit() || ".-/".contains(c)))
            .rfind(|t| t.len() > 3 || (text.len() < 20 && t.len() > 1))
            .unwrap_or(text);
        all.push(shown("PHI in other spellings", 0, text, needle));
    }
    for n in 0..10 {
        let x = |len, alphabet| letters(n + 1, len, alphabet);
        let tokens: [(&'static str, String); 20] = [
            ("aws-access-key", format!("AKIA{}", x(16, UPPER))),
            ("aws-session-token", format!("IQoJb3JpZ2lu{}", x(80, ALNUM))),
            (
                "private-key",
                format!("-----BEGIN RSA PRIVATE KEY----- {} -----END RSA PRIVATE KEY-----", x(60, ALNUM)),
            ),
            ("json-web-token", format!("eyJ{}.eyJ{}.{}", x(20, ALNUM), x(30, ALNUM), x(40, ALNUM))),
            ("url-password", format!("postgres://app:{}@db.example:5432/ehr", x(14, ALNUM))),
            (
                "github-token",
                if n % 2 == 0 {
                    format!("ghp_{}", x(36, ALNUM))
                } else {
                    format!("github_pat_{}", x(40, ALNUM))
                },
            ),
            ("gitlab-token", format!("glpat-{}", x(20, ALNUM))),
            ("slack-token", format!("xox{}-{}", ["b", "p", "e"][n % 3], x(24, ALNUM))),
            (
                "slack-webhook",
                format!(
                    "https://hooks.slack.com/services/T{}/B{}/{}",
                    x(8, UPPER),
                    x(8, UPPER),
                    x(24, ALNUM)
                ),
            ),
            ("stripe-key", format!("{}_{}", ["sk_live", "rk_live", "sk_test"][n % 3], x(24, ALNUM))),
            ("google-key", format!("AIza{}", x(35, ALNUM))),
            ("sendgrid-key", format!("SG.{}.{}", x(22, ALNUM), x(43, ALNUM))),
            ("twilio-key", format!("SK{}", x(32, HEX))),
            ("package-token", format!("npm_{}", x(36, ALNUM))),
            ("model-key", format!("sk-proj-{}", x(40, ALNUM))),
            ("newrelic-key", format!("NRAK-{}", x(27, UPPER))),
            ("vault-token", format!("hvs.{}", x(30, ALNUM))),
            ("azure-key", format!("DefaultEndpointsProtocol=https;AccountKey={}==", x(86, ALNUM))),
            ("authorization", format!("Authorization: Bearer 1{}", x(40, ALNUM))),
            ("assigned-secret", format!("AWS_SECRET_ACCESS_KEY={}", x(40, ALNUM))),
        ];
        for (kind, token) in tokens {
            all.push(shown(kind, n, &token, &token));
        }
        let name = [
            "DB_PASSWORD",
            "API_KEY",
            "clientSecret",
            "SMTP_PASS",
            "ENCRYPTION_KEY",
            "auth-token",
            "REDIS_DSN",
            "app.passphrase",
        ][n % 8];
        all.push(placed("named-secret", n, name, &format!("v{}", x(15, ALNUM))));
        let ssn = format!("{}-{:02}-{:04}", 101 + 37 * n, 11 + 7 * n, 1201 + 311 * n);
        all.push(if n % 2 == 0 {
            shown("phi-ssn", n, &ssn, &ssn)
        } else {
            placed("phi-ssn", n, "SSN", &ssn.replace('-', ""))
        });
        let mrn = format!("00{}", x(6, DIGITS));
        all.push(if n % 2 == 0 {
            shown("phi-mrn", n, &format!("MRN {mrn}"), &mrn)
        } else {
            placed("phi-mrn", n, "patient-mrn", &mrn)
        });
        let born = format!("19{:02}-0{}-1{}", 40 + n, 1 + n % 9, n % 10);
        all.push(if n % 2 == 0 {
            shown("phi-birth-date", n, &format!("DOB: {born}"), &born)
        } else {
            placed("phi-birth-date", n, ["dob", "birthDate", "date_of_birth"][n % 3], &born)
        });
        let area = 202 + n;
        let phone = [
            format!("({area}) 555-01{n}7"),
            format!("{area}-555-01{n}7"),
            format!("+1 {area} 555 01{n}7"),
            format!("{area}.555.01{n}7"),
        ];
        all.push(shown("phi-telephone", n, &phone[n % 4], &phone[n % 4]));
        all.push(placed(
            "phi-patient-name",
            n,
            "patient-name",
            ["Quinn Example", "Example, Avery", "Jo Q. Example"][n % 3],
        ));
        // beyond the rules, and so the page says
        let bare = x(40, ALNUM);
        all.push(shown("beyond: a key without shape or name", n - n % 5, &format!("setup {bare}"), &bare));
        all.push(shown("beyond: a birth date without a word", 0, &born, &born));
        all.push(shown("beyond: a person's name alone", 0, "Quinn Example", "Quinn Example"));
        let hidden = base64(&format!("password={}", x(12, ALNUM)));
        all.push(shown("beyond: base64 outside user data", 0, &hidden, &hidden));
    }
    all
}

/// Healthy values that look alike: identifiers, dates, references, words.
fn alike() -> Vec<Value> {
    let mut all = Vec::new();
    for n in 0..50 {
        let x = |len, alphabet| letters(n + 101, len, alphabet);
        let uuid = format!("{}-{}-4{}-8{}-{}", x(8, HEX), x(4, HEX), x(3, HEX), x(3, HEX), x(12, HEX));
        let environment = json!({
            "SECRET_ARN": format!("arn:aws:secretsmanager:us-east-1:111122223333:secret:ehr/db-{}",
                x(6, ALNUM)),
            "DB_PASSWORD_SECRET": "{{resolve:secretsmanager:ehr/db}}",
            "TOKEN_URL": "https://idp.example/oauth/token", "TOKEN_TTL": "3600",
            "PASSWORD_MIN_LENGTH": "14", "API_KEY_HEADER": "x-api-key", "KMS_KEY_ID": uuid,
            "SECRET_NAME": "ehr/app/db", "USE_TOKEN": "true",
            "ENCRYPTION_KEY": "alias/ehr-app", "DB_PASSWORD_PARAMETER": "/ehr/prod/db-password",
            "PHONE_VALIDATION": "enabled",
            "PATIENT_PORTAL_URL": "https://portal.example/", "REPORTING_DATE": "2026-07-31",
        });
        all.push(item(
            "AWS::Lambda::Function",
            &format!("ehr-{n}"),
            json!({ "environment": { "variables": environment }, "codeSha256": base64(&x(32, ALNUM)) }),
        ));
        all.push(item(
            "AWS::EC2::Volume",
            &format!("vol-{}", x(17, HEX)),
            json!({
                "createTime": format!("2026-0{}-1{}T12:{}:00.000Z", 1 + n % 9, n % 10, 10 + n),
                "kmsKeyId": format!("arn:aws:kms:us-east-1:111122223333:key/{uuid}"),
                "snapshotId": format!("snap-{}", x(17, HEX)), "iops": 3000 + n, "httpTokens": "required",
                "tags": {
                    "owner": "platform", "cost-center": format!("{}-{}", x(3, DIGITS), x(4, DIGITS)),
                    "ticket": format!("CHG-{}", x(7, DIGITS)), "backup": "daily",
                    "application": "patient-portal",
                    "version": format!("{}.{}.{}", n, n % 7, x(4, DIGITS)), "data-classification": "phi"
                }
            }),
        ));
        all.push(item(
            "AWS::EC2::NetworkInterface",
            &format!("eni-{}", x(17, HEX)),
            json!({
                "privateIpAddress": format!("10.{}.{}.{}", n, 200 - n, 2 * n),
                "macAddress": "0a:1b:2c:3d:4e:5f", "attachTime": 1_790_000_000 + n,
                "description": format!("ELB app/ehr-{n}/{}", x(16, HEX)), "ownerId": "111122223333",
                "userData": base64("#!/bin/sh\nyum -y update\n"),
                "policy": format!(
                    "{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"{}\",\
                     \"Action\":\"secretsmanager:GetSecretValue\"}}]}}",
                    x(12, ALNUM)
                )
            }),
        ));
    }
    all
}

fn found(document: &Value) -> (String, Findings) {
    let text = document.to_string();
    let mut findings = Findings::default();
    let quick = scan::suspicious(text.as_bytes());
    let new =
        if quick { scan::json(&text, &mut findings).unwrap_or_else(|| text.clone()) } else { text.clone() };
    (new, findings)
}

/// The table of the page: kind, planted, found.
fn measured() -> String {
    let mut kinds: Vec<&'static str> = Vec::new();
    let mut counts: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
    for planted in corpus() {
        let (new, _) = found(&planted.document);
        serde_json::from_str::<Value>(&new).expect("still JSON");
        let escaped = json!(planted.needle).to_string();
        let gone = !new.contains(escaped.trim_matches('"'));
        if !kinds.contains(&planted.kind) {
            kinds.push(planted.kind);
        }
        let count = counts.entry(planted.kind).or_default();
        *count = (count.0 + 1, count.1 + u64::from(gone));
    }
    let rows = kinds.iter().map(|kind| format!("| {kind} | {} | {} |\n", counts[kind].0, counts[kind].1));
    let within = counts
        .iter()
        .filter(|(kind, _)| !kind.starts_with("beyond"))
        .fold((0, 0), |(a, b), (_, (n, m))| (a + n, b + m));
    let beyond = counts
        .iter()
        .filter(|(kind, _)| kind.starts_with("beyond"))
        .fold((0, 0), |(a, b), (_, (n, m))| (a + n, b + m));
    let healthy = alike();
    let wrong: u64 = healthy.iter().map(|document| found(document).1.rules.values().sum::<u64>()).sum();
    format!(
        "| kind | planted | found |\n|---|---|---|\n{}\nWithin the rules: {} of {}. With those beyond them: \
         {} of {}. False findings in {} healthy items that look alike: {wrong}.\n",
        rows.collect::<String>(),
        within.1,
        within.0,
        within.1 + beyond.1,
        within.0 + beyond.0,
        healthy.len(),
    )
}

#[test]
fn recall_and_false_findings_are_those_on_the_page() {
    let page = std::fs::read_to_string(repository().join("docs/src/redaction.md")).expect("a page");
    let table = measured();
    assert!(page.contains(&table), "docs/src/redaction.md must hold what was measured:\n{table}");
}

#[test]
fn nothing_in_the_sample_is_taken_for_a_secret() {
    for (name, bytes) in files(&repository().join("evidence")) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if !name.contains("/data/aws/") && !name.contains("/data/documents/") {
            continue;
        }
        let mut findings = Findings::default();
        match name.ends_with(".json") {
            true => drop(scan::json(&text, &mut findings)),
            false => drop(scan::text(&text, String::new, &mut findings)),
        }
        assert!(findings.is_empty(), "{name}: {findings:?}");
    }
}

/// A run with one thing planted outside the reach of redaction, and one inside.
fn planted(documents: &[(&str, &str)]) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.snapshot(
        "in",
        &[item(
            "AWS::EC2::Volume",
            "vol-1",
            json!({ "encrypted": true, "tags": { "078-05-1120": "x", "MRN": "00123456" } }),
        )],
    );
    for (name, text) in documents {
        box_.write(&format!("in/documents/{name}"), text);
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_
}

#[test]
fn phi_in_text_is_redacted_before_anything_is_packaged() {
    let box_ = planted(&[("plan.md", "Call the ward: (202) 555-0147. DOB 1970-01-02.")]);
    let made = box_.affiant(&["package"]).exits(0);
    assert!(made.err.contains("were redacted"), "{}", made.err);
    let package = box_
        .path()
        .join(made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP").trim())
        .with_extension("");
    let mut seen = false;
    for (name, bytes) in files(&package) {
        let text = String::from_utf8_lossy(&bytes);
        for value in ["078-05-1120", "00123456", "555-0147", "1970-01-02"] {
            assert!(!text.contains(value), "{name} holds {value}");
        }
        seen |= name.ends_with("redactions.jsonl")
            && text.contains("phi-telephone")
            && text.contains("phi-mrn")
            && text.contains("phi-ssn");
    }
    assert!(seen, "redactions.jsonl names the rules");
}

#[test]
fn phi_that_redaction_cannot_reach_stops_the_package_until_it_is_cleared() {
    let box_ = planted(&[("scan 078-05-1120.md", "nothing")]);
    let refused = box_.affiant(&["package"]).exits(2);
    assert!(
        refused.err.contains("phi-ssn in the file's name") && !refused.err.contains("078-05-1120"),
        "{}",
        refused.err
    );
    let run = files(&box_.path().join("evidence"));
    let (path, bytes) =
        run.iter().find(|(name, _)| name.contains("/data/documents/scan")).expect("the document");
    let path = &path[path.find("data/").expect("in the run")..];
    let digest = affiant::model::digest::Digest::of(bytes).to_string();
    let clear = |sha256: &str, until: &str| {
        let entry = format!(
            "  - {{path: '{path}', sha256: '{sha256}', rules: [phi-ssn], by: Casey Example, on: 2026-01-01, \
             until: {until}, reason: 'a form number, no person.'}}\n"
        );
        box_.write("program/clearances.yaml", format!("format: affiant.clearances/1\nclearances:\n{entry}"));
    };
    clear(&digest, "2026-09-29");
    let lapsed = box_.affiant(&["package"]).exits(2);
    assert!(lapsed.err.contains("does not hold on this day"), "{}", lapsed.err);
    clear(&"0".repeat(64), "2027-01-01");
    assert!(box_.affiant(&["package"]).exits(2).err.contains("another content"));
    clear(&digest, "2027-01-01");
    let zip = box_.package();
    let page =
        std::fs::read_to_string(zip.with_extension("").join("data/report/index.html")).expect("a page");
    assert!(page.contains("Casey Example cleared phi-ssn"), "the report says who cleared what");
    box_.affiant(&["verify", &zip.display().to_string(), "--recompute"]);
}

#[test]
fn what_people_wrote_is_looked_at_too() {
    let box_ = planted(&[]);
    let text = std::fs::read_to_string(box_.path().join("program/alternatives.yaml")).expect("decisions");
    box_.write(
        "program/alternatives.yaml",
        text.replace("An entry explains", "Patient MRN 0012345. An entry explains"),
    );
    let refused = box_.affiant(&["package"]).exits(2);
    assert!(
        refused.err.contains("phi-mrn") && refused.err.contains("program/alternatives.yaml"),
        "{}",
        refused.err
    );
}
