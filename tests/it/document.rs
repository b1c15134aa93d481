//! The document as a reader holds it: nothing is cut in silence, every reference leads to its exhibit, all
//! outputs count alike, and the first pages say what the evidence says and no more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item, unzip};

/// A package unpacked, and its PDF as text.
struct Document {
    folder: PathBuf,
    dossier: Value,
    text: String,
    html: String,
}

fn open(box_: &Sandbox) -> Document {
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the package");
    let dossier = serde_json::from_str(&read("data/dossier.json")).expect("JSON");
    let text = pdf_text(&folder.join("data/report/audit-package.pdf"));
    let html = read("data/report/index.html");
    Document { dossier, text, html, folder }
}

fn pdf_text(path: &Path) -> String {
    let ran =
        Command::new("pdftotext").arg("-layout").arg(path).arg("-").output().expect("pdftotext is installed");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

fn pages(document: &Document) -> usize {
    document.text.matches('\u{c}').count()
}

fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = regex::Regex::new(pattern).expect("a literal pattern");
    pattern.captures_iter(text).map(|c| c[1].to_string()).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is a list"))
}

fn strings(values: &[Value], key: &str) -> BTreeSet<String> {
    values.iter().map(|v| v[key].as_str().expect("text").to_string()).collect()
}

fn checks(dossier: &Value) -> impl Iterator<Item = &Value> {
    list(dossier, "controls").iter().flat_map(|c| list(c, "checks"))
}

/// Every [E] and every risk of the PDF's text has its exhibit and its entry, and the HTML and the
/// CSV hold the same.
#[test]
fn every_reference_leads_to_its_exhibit_and_the_registers_are_whole() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let it = open(&box_);
    hold_every_reference(&it);
    let exhibits = strings(list(&it.dossier, "evidence"), "id");
    assert!(found(r"\[(E\d+)\]", &it.text).len() > 50, "few references");
    let in_html = found(r#"id="(E\d+)""#, &it.html);
    assert_eq!(exhibits, in_html);
    let artifacts = fs::read_to_string(it.folder.join("data/tables/artifact.csv")).expect("CSV");
    assert_eq!(csv_rows(&artifacts), exhibits.len());

    let risks = strings(list(&it.dossier["risks"], "rows"), "id");
    assert!(risks.iter().all(|id| it.html.contains(&format!("id=\"risk-{id}\""))));
    assert_eq!(
        csv_rows(&fs::read_to_string(it.folder.join("data/tables/risk.csv")).expect("CSV")),
        risks.len()
    );

    for check in checks(&it.dossier) {
        for row in list(check, "rows").iter().filter(|r| r["verdict"] == "not met") {
            assert!(
                !list(row, "evidence").is_empty(),
                "{} on {} has no exhibit",
                check["id"],
                row["resource"]
            );
        }
    }
    // faults for most checks: more than any reader is handed
    assert!(pages(&it) <= 110, "{} pages", pages(&it));
}

/// What a newcomer's first package holds, of an environment that is run well, is read in one sitting.
#[test]
fn the_document_of_the_vendor_has_at_most_a_hundred_pages() {
    let box_ = Sandbox::default().vendor();
    for (name, bytes) in crate::harness::files(&crate::harness::repository().join("evidence")) {
        box_.write(&format!("evidence/{name}"), bytes);
    }
    let it = open(&box_);
    assert!((20..=100).contains(&pages(&it)), "{} pages", pages(&it));
    // a document of people is an exhibit as AWS's answers are, and a thing is called what it is
    let drills = list(&it.dossier["incident"], "drills");
    assert!(
        !drills.is_empty()
            && drills.iter().all(|d| !list(d, "evidence").is_empty() && list(d, "absent").is_empty()),
        "{drills:?}"
    );
    assert!(!it.text.contains("[documents/"), "cited by path in place of the exhibit");
    let squeezed: String = it.text.split_whitespace().collect();
    assert!(!squeezed.contains("settingsnap-") && squeezed.contains("EBSsnapshotsnap-"));
}

/// The less was read, the shorter: registers stay whole, what was not read stands once. (20,000 items:
/// docs/src/measurements.md.)
#[test]
fn a_document_of_few_items_is_short_and_whole() {
    for (items, most, recorded) in [(12, 60, false), (12, 60, true), (89, 80, false)] {
        let box_ = Sandbox::default().vendor();
        let run = crate::harness::files(&crate::harness::repository().join("evidence"));
        let (_, bytes) = run
            .iter()
            .find(|(name, _)| name.contains("us-east-1_ConfigSnapshot"))
            .expect("the sample's snapshot");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut text)
            .expect("gzip");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        let all = list(&all, "configurationItems");
        let some: Vec<Value> = (0..items).map(|i| all[i * all.len() / items].clone()).collect();
        box_.snapshot("in", &some);
        // the items alone: nothing says what AWS Config records, so what is not among them is a gap; with a
        // recorder's settings most types read as empty where there is a snapshot
        if !recorded {
            fs::remove_dir_all(box_.path().join("in/aws")).expect("the recorder's settings");
        }
        box_.affiant(&["collect", "--snapshot", "in"]);
        let it = open(&box_);
        assert!(pages(&it) <= most, "{} pages of {items} items", pages(&it));
        hold_every_reference(&it);
        let gaps = list(&it.dossier["scope"], "coverage").iter().filter(|c| c["gap"] == true);
        let squeezed: String = it.text.split_whitespace().collect();
        for source in gaps.map(|c| c["source"].as_str().expect("a source")) {
            assert!(squeezed.contains(source), "{source} was not read and is nowhere named");
        }
    }
}

/// Every [E] and every risk of the PDF's text has its exhibit and its entry, and each of those is printed.
fn hold_every_reference(it: &Document) {
    let exhibits = strings(list(&it.dossier, "evidence"), "id");
    let cited = found(r"\[(E\d+)\]", &it.text);
    assert_eq!(
        cited.difference(&exhibits).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "cited and no exhibit"
    );
    let printed = found(r"(?m)^\s*(E\d+)\s", &it.text);
    assert_eq!(
        exhibits.difference(&printed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "exhibits that the PDF does not print"
    );
    let risks = strings(list(&it.dossier["risks"], "rows"), "id");
    let printed = found(r"\b(R-[0-9a-fP][0-9a-f]{1,5})\b", &it.text);
    assert_eq!(
        risks.difference(&printed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "risks that the PDF does not print"
    );
    assert_eq!(printed.difference(&risks).collect::<Vec<_>>(), Vec::<&String>::new(), "ids without an entry");
}

fn csv_rows(text: &str) -> usize {
    csv::Reader::from_reader(text.as_bytes()).records().count()
}

/// PDF, HTML, terminal and CSV count the same files, risks, sources, stores and rows.
#[test]
fn all_outputs_count_alike() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let terminal: Value =
        serde_json::from_str(&box_.affiant(&["assess", "--format", "json"]).out).expect("JSON");
    let it = open(&box_);
    let squeezed = it.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = it.html.split("</style>").last().expect("a body");
    let totals = &it.dossier["totals"];
    for (what, words) in [
        ("files", format!("{} files", totals["artifacts"])),
        ("sources", format!("{} of {}", totals["sources_read"], totals["sources_expected"])),
        ("resources", format!("{} resources", totals["resources"])),
    ] {
        assert!(squeezed.contains(&words), "the PDF counts other {what} than {words}");
        assert!(html.contains(&words), "the HTML counts other {what} than {words}");
    }
    let results = fs::read_to_string(it.folder.join("data/tables/result.csv")).expect("CSV");
    let mut counted = std::collections::BTreeMap::<(String, String), u64>::new();
    let mut reader = csv::Reader::from_reader(results.as_bytes());
    let names = reader.headers().expect("a head").clone();
    let at = |name: &str| {
        names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}: {names:?}"))
    };
    let (check, verdict, excluded) =
        (at("check_id"), at("verdict"), names.iter().position(|n| n == "excluded"));
    for row in reader.records().map(|r| r.expect("a row")) {
        if excluded.is_none_or(|i| row[i] == *"0" || row[i] == *"false" || row[i].is_empty()) {
            *counted.entry((row[check].to_string(), row[verdict].to_string())).or_default() += 1;
        }
    }
    for (report, judged) in list(&it.dossier, "controls").iter().zip(list(&terminal, "controls")) {
        assert_eq!(report["counts"], judged["counts"], "{}", report["id"]);
        for (v, key) in [("not met", "not_met"), ("met", "met"), ("accepted", "accepted")] {
            let ids = strings(list(report, "checks"), "id");
            let rows: u64 = counted
                .iter()
                .filter(|((c, verdict), _)| ids.contains(c) && verdict == v)
                .map(|(_, n)| n)
                .sum();
            assert_eq!(report["counts"][key].as_u64(), Some(rows), "{} {v}", report["id"]);
        }
        let board =
            list(&it.dossier, "board").iter().find(|r| r["id"] == report["id"]).expect("a row of the board");
        let failing = list(report, "checks").iter().filter(|c| c["verdict"] == "not met").count() as u64;
        assert_eq!(board["failing_checks"].as_u64(), Some(failing));
    }
}

/// The first decision is a critical fact about a named resource that is open to everyone, never the
/// first by the alphabet.
#[test]
fn decisions_are_facts_worst_first() {
    let box_ = Sandbox::default().workspace();
    let closed = json!({
        "dBInstanceIdentifier": "a-closed", "publiclyAccessible": false, "storageEncrypted": false,
        "engine": "postgres"
    });
    let open_ = json!({
        "dBInstanceIdentifier": "z-open", "publiclyAccessible": true, "storageEncrypted": false,
        "engine": "postgres"
    });
    let tagged = |name: &str, configuration: Value| {
        let mut made = item("AWS::RDS::DBInstance", name, configuration);
        made["ARN"] = json!(format!("arn:aws:rds:us-east-1:111122223333:db:{name}"));
        made["tags"] = json!({ "data-classification": "phi" });
        made
    };
    box_.snapshot("in", &[tagged("a-closed", closed), tagged("z-open", open_)]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let it = open(&box_);
    let decisions = list(&it.dossier, "decisions_needed");
    let place =
        |name: &str| decisions.iter().position(|d| d["text"].as_str().is_some_and(|t| t.contains(name)));
    let (open_at, closed_at) = (place("z-open"), place("a-closed"));
    assert!(open_at.is_some() && closed_at.is_none_or(|at| Some(at) > open_at), "{decisions:#?}");
    let fact = &decisions[open_at.expect("it is there")];
    assert!(
        fact["text"].as_str().is_some_and(|t| t.contains("RDS DB instance") && t.contains(';')),
        "findings of one resource stand together: {fact}"
    );
    assert!(!list(fact, "evidence").is_empty());
}

fn answer<'a>(dossier: &'a Value, id: &str) -> &'a str {
    let all = list(dossier, "buyer");
    assert_eq!(all.len(), 12);
    all.iter()
        .find(|a| a["id"] == id)
        .and_then(|a| a["answer"].as_str())
        .unwrap_or_else(|| panic!("no answer {id}"))
}

/// Each answer stands on what the package holds: with nothing in the workspace and nearly nothing read,
/// none of them is yes.
#[test]
fn answers_fall_with_their_evidence() {
    let full = Sandbox::default().workspace();
    full.collect_sample(1);
    let full = open(&full);
    for answer in list(&full.dossier, "buyer") {
        let supported = matches!(answer["answer"].as_str(), Some("yes" | "in part"));
        if supported {
            assert!(!list(answer, "evidence").is_empty(), "{} has no exhibit", answer["id"]);
            assert!(answer["date"].as_str().is_some_and(|d| !d.is_empty()), "{} has no date", answer["id"]);
            assert!(
                answer["population"].as_str().is_some_and(|d| !d.is_empty()),
                "{} has no population",
                answer["id"]
            );
        }
    }
    assert_eq!(answer(&full.dossier, "own-agreement"), "yes");
    assert_eq!(answer(&full.dossier, "addendum"), "yes");
    assert_eq!(answer(&full.dossier, "notice"), "yes");
    assert_eq!(answer(&full.dossier, "reports"), "unknown");

    let bare = Sandbox::default();
    bare.write(
        "affiant.yaml",
        fs::read(crate::harness::repository().join("affiant.yaml")).expect("the sample's workspace"),
    );
    bare.snapshot("in", &[]);
    bare.affiant(&["collect", "--snapshot", "in"]);
    let bare = open(&bare);
    for answer in list(&bare.dossier, "buyer") {
        let said = answer["answer"].as_str().expect("an answer");
        assert!(matches!(said, "unknown" | "no"), "{} is {said} without evidence: {answer}", answer["id"]);
    }
    assert!(pages(&bare) <= 60, "{} pages for nothing", pages(&bare));
}

fn snapshot_of(name: &str, shared: &str) -> Value {
    let mut made = item(
        "AWS::RDS::DBSnapshot",
        name,
        json!({
            "dBSnapshotIdentifier": name, "encrypted": false, "engine": "postgres",
            "snapshotType": "manual", "status": "available"
        }),
    );
    made["ARN"] = json!(format!("arn:aws:rds:us-east-1:111122223333:snapshot:{name}"));
    made["supplementaryConfiguration"] =
        json!({ "DBSnapshotAttributes": [{ "attributeName": "restore", "attributeValues": [shared] }] });
    made
}

/// A public snapshot asks for an incident record; with one it is open, with a decision examined. The incident
/// log that says "all is recorded" is contradicted as long as it is not.
#[test]
fn a_public_snapshot_starts_a_clock_until_somebody_decides() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[snapshot_of("contacts", "all")]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let plan =
        fs::read_to_string(box_.path().join("program/incident-response.yaml")).expect("the sample's plan");
    let state = |incidents: &str| {
        box_.write("program/incident-response.yaml", format!("{plan}\n{incidents}"));
        let folder = unzip(&box_.package(), &tempfile::tempdir().expect("a folder").keep());
        let dossier: Value =
            serde_json::from_str(&fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier"))
                .expect("JSON");
        let start = list(&dossier, "clock_starts")
            .iter()
            .find(|s| s["name"] == "contacts")
            .cloned()
            .expect("the snapshot is a start");
        let log = list(&dossier, "contradictions")
            .iter()
            .any(|c| c["shown"].as_str().is_some_and(|t| t.contains("without an incident record")));
        (start, log)
    };
    let (start, contradicted) = state("");
    assert_eq!(
        (start["state"].as_str(), start["level"].as_str()),
        (Some("unexamined"), Some("1 Critical")),
        "{start}"
    );
    assert!(start["words"].as_str().is_some_and(|w| w.starts_with("Unexamined since")), "{start}");
    assert!(contradicted, "the log is said to be complete and has no record of it");
    let record = "incidents:\n  - id: INC-1\n    discovered: 2026-09-20\n    \
                  resources: [\"arn:aws:rds:*:snapshot:contacts\"]\n";
    let (start, contradicted) = state(record);
    assert_eq!((start["state"].as_str(), contradicted), (Some("open"), false), "{start}");
    let decided =
        format!("{record}    breach: \"no\"\n    decided_by: Morgan Example\n    decided_on: 2026-09-25\n");
    let (start, _) = state(&decided);
    assert_eq!(start["state"], "examined", "{start}");
}

/// What people state against the evidence, planted one at a time; none of them stands where the two agree.
#[test]
fn contradictions_are_printed_and_none_is_invented() {
    let yaml = |id: &str, statement: &str, evidence: &str| {
        format!(
            "  - id: {id}\n    statement: {statement}\n    by: Casey Example\n    \
             role: Security official\n    on: 2026-09-20\n    valid_until: 2026-12-01\n{evidence}"
        )
    };
    let user = |name: &str| {
        let mut made = item("AWS::IAM::User", name, json!({ "userName": name, "path": "/", "userId": name }));
        made["ARN"] = json!(format!("arn:aws:iam::111122223333:user/{name}"));
        made["awsRegion"] = json!("global");
        made
    };
    let shown = |attestations: &str, plan: Option<(&str, &str)>| {
        let box_ = Sandbox::default().workspace();
        box_.write(
            "program/attestations.yaml",
            format!("format: affiant.attestations/1\nattestations:\n{attestations}"),
        );
        if let Some((from, to)) = plan {
            let text =
                fs::read_to_string(box_.path().join("program/incident-response.yaml")).expect("a plan");
            assert!(text.contains(from), "the plan has changed");
            box_.write("program/incident-response.yaml", text.replace(from, to));
        }
        box_.snapshot("in", &[user("a"), user("b")]);
        box_.affiant(&["collect", "--snapshot", "in"]);
        let it = open(&box_);
        let all = list(&it.dossier, "contradictions")
            .iter()
            .map(|c| c["shown"].as_str().expect("text").to_string())
            .collect::<Vec<_>>();
        let squeezed = it.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !all.is_empty() {
            assert!(squeezed.contains("one of the two sides is wrong"), "the PDF does not print them");
        }
        let risks =
            list(&it.dossier["risks"], "rows").iter().filter(|r| r["origin"] == "contradiction").count();
        assert_eq!(risks, all.len(), "each is a finding of its own");
        all
    };
    let holds = |all: &[String], words: &str| all.iter().any(|s| s.contains(words));
    let planted = shown(
        &[
            yaml("access-reviewed", "I reviewed 11 users.", ""),
            yaml("drill-took-place", "It took place, and its two gaps are in the risk register.", ""),
        ]
        .concat(),
        None,
    );
    for words in ["2 IAM users were read", "the register names 0 risks", "is deputy of"] {
        assert!(holds(&planted, words), "`{words}` is missing: {planted:#?}");
    }
    let agreed = shown(
        &yaml("access-reviewed", "I reviewed 2 users.", ""),
        Some((
            "Two roles shared one deputy and both were called away. Deputies were reassigned in version 3.2.",
            "The scribe was late.",
        )),
    );
    for words in ["IAM users were read", "the register names", "is deputy of"] {
        assert!(!holds(&agreed, words), "`{words}` is invented: {agreed:#?}");
    }
}
