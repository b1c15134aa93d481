//! What a regulator asked for: a folder for each item out of packages that verify, in a bag that verifies.
//! Nothing is absent unless a named person says so, nobody's word stands against what is there, and what was
//! not read is not evidenced.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use affiant::model::digest::Digest;
use affiant::model::dossier::Dossier;
use affiant::model::request::{GivenState, PopulationKind, RegulatorRequest};
use affiant::program::response::{PlannedItem, PopulationList, ResponseInputs, history, plan, practices};
use serde_json::Value;

use crate::harness::{Ran, Sandbox, unzip};
use crate::machine::exported;

const REQUEST: &str = r#"format: affiant.request/1
reference: OCR 26-000123
from: HHS Office for Civil Rights (example)
received: 2026-09-30
due: 2026-10-14
items:
  - id: "3"
    citation: 164.312(a)(1)
    ask: Privileged users; default, generic and service accounts
    populations: [privileged, service-accounts, users, phi-stores, leavers, incidents]
  - id: "1"
    citation: 164.308(a)(1)(ii)(A)
    ask: Current and prior risk analyses
    documents: [risk-analysis]
    versions: all
    registers: [risks]
    absent:
      - part: risk-analysis
        words: No written risk analysis was made before 2026-10-01; the register is what there is.
        by: Casey Example
        role: Security official
        on: 2026-09-30
  - id: "2"
    citation: 164.308(a)(1)(ii)(C)
    ask: Sanction policy
  - id: "4"
    citation: 164.312(a)(2)(iv)
    ask: "=cmd|'/c calc'!A1 <script>alert(1)</script> #panic() encryption"
"#;

struct Answered {
    box_: Sandbox,
    folder: PathBuf,
    record: Value,
}

fn respond(box_: &Sandbox, text: &str, more: &[&str]) -> Ran {
    box_.write("request.yaml", text);
    let zip = exported().zip.display().to_string();
    box_.affiant(
        &[&["package", "--request", "request.yaml", "--as-of", "2026-09-30", "--from", &zip], more].concat(),
    )
}

fn answered(text: &str) -> Answered {
    let box_ = Sandbox::default().workspace();
    let ran = respond(&box_, text, &[]).exits(3);
    let zip = PathBuf::from(ran.out.trim().strip_prefix("RESPONSE ").expect("a path"));
    let folder = unzip(&zip, &box_.path().join("x"));
    let record =
        serde_json::from_slice(&fs::read(folder.join("data/package.json")).expect("a record")).expect("JSON");
    box_.affiant(&["verify", &zip.display().to_string()]).exits(3);
    Answered { box_, folder, record }
}

impl Answered {
    fn item(&self, id: &str) -> &Value {
        self.record["items"].as_array().expect("items").iter().find(|i| i["id"] == id).expect("the item")
    }

    fn part(&self, id: &str, part: &str) -> &Value {
        self.item(id)["parts"]
            .as_array()
            .expect("parts")
            .iter()
            .find(|p| p["part"] == part)
            .unwrap_or_else(|| panic!("{id} {part}"))
    }

    fn path(&self, id: &str, name: &str) -> PathBuf {
        self.folder.join(self.item(id)["folder"].as_str().expect("a folder")).join(name)
    }
}

fn pdf_text(path: &Path) -> String {
    let ran =
        Command::new("pdftotext").arg("-raw").arg(path).arg("-").output().expect("pdftotext is installed");
    String::from_utf8_lossy(&ran.stdout).replace('\n', " ")
}

#[test]
fn each_item_has_its_files_and_the_bag_verifies() {
    let a = answered(REQUEST);
    let order: Vec<&str> = a.record["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|i| i["citation"].as_str().expect("text"))
        .collect();
    assert_eq!(
        order,
        ["164.308(a)(1)(ii)(A)", "164.308(a)(1)(ii)(C)", "164.312(a)(1)", "164.312(a)(2)(iv)"],
        "the regulation's order"
    );
    let package = exported().zip.with_extension("");
    let mut listed = 0;
    let items = a.record["items"]
        .as_array()
        .expect("items")
        .iter()
        .flat_map(|i| i["files"].as_array().expect("files"));
    for file in items.chain(a.record["files"].as_array().expect("files")) {
        let bytes = fs::read(a.folder.join(file["path"].as_str().expect("a path"))).expect("a file");
        assert_eq!(Digest::of(&bytes).to_string(), file["sha256"], "{}", file["path"]);
        listed += 1;
        if file["kind"] == "document" {
            let run = serde_json::from_slice::<Value>(
                &fs::read(package.join("data/package.json")).expect("a record"),
            )
            .expect("JSON");
            let name = file["source"].as_str().expect("text").split(", ").nth(1).expect("a path").to_string();
            let held = fs::read(package.join(run["run"].as_str().expect("a run")).join("data").join(name))
                .expect("a document");
            assert_eq!(bytes, held, "{}", file["path"]);
        }
        if file["path"].as_str().expect("a path").ends_with(".pdf") {
            let report = affiant::seal::pades::verify(&bytes);
            assert!(
                report.signatures.len() == 1
                    && report.signatures[0].facts.is_ok()
                    && report.problems.is_empty(),
                "{}",
                file["path"]
            );
        }
    }
    let index = fs::read_to_string(a.folder.join("data/index.csv")).expect("an index");
    // the index is in no list of its own, and the PDF of it comes after
    assert_eq!(index.lines().count(), listed - 1, "{index}");
    assert!(
        index.contains("\"'=cmd|'/c calc'!A1") || index.contains("'=cmd|"),
        "no cell is a formula: {index}"
    );
    let text = pdf_text(&a.path("4", "response.pdf"));
    assert!(
        text.contains("<script>alert(1)</script> #panic() encryption") && text.contains("SAMPLE"),
        "{text}"
    );
    let schema = crate::authors::schema("response");
    assert_eq!(crate::authors::faults(&a.record, &schema, &schema, ""), Vec::<String>::new());
    // a byte of a document, and the bag says so
    let page = a.path("4", "response.pdf");
    let mut bytes = fs::read(&page).expect("a page");
    bytes[100] ^= 1;
    fs::write(&page, bytes).expect("a page");
    a.box_.affiant(&["verify", &a.folder.display().to_string()]).exits(4);
}

#[test]
fn absent_is_what_a_person_says_and_the_rest_is_not_evidenced() {
    let a = answered(REQUEST);
    assert_eq!(a.part("1", "risk-analysis")["state"], "stated absent");
    assert_eq!(
        (&a.item("1")["state"], &a.part("1", "risks")["state"]),
        (&Value::from("in part"), &Value::from("given"))
    );
    let page = pdf_text(&a.path("1", "statement-of-absence.pdf"));
    for words in [
        "No written risk analysis was made before 2026-10-01",
        "Casey Example, Security official, on 2026-09-30",
    ] {
        assert!(page.contains(words), "{page}");
    }
    assert_eq!(
        a.part("2", "policy")["state"],
        "not evidenced",
        "nobody said that there is no sanction policy"
    );
    assert!(!a.path("2", "statement-of-absence.pdf").exists());
    for part in ["leavers", "incidents"] {
        assert_eq!(
            a.part("3", part)["state"],
            "not evidenced",
            "an empty list that nobody read shows nothing"
        );
        assert!(!a.path("3", &format!("population-{part}.csv")).exists());
    }
    let practices = pdf_text(&a.folder.join("data/recognized-security-practices.pdf"));
    assert!(practices.contains("from 2025-09-30 to 2026-09-29: not evidenced"), "{practices}");
    assert!(practices.contains("nobody has stated which recognized security practices were chosen"));
}

#[test]
fn a_population_is_the_same_as_csv_and_as_workbook() {
    let a = answered(REQUEST);
    for kind in ["users", "service-accounts", "privileged", "phi-stores"] {
        let text = fs::read(a.path("3", &format!("population-{kind}.csv"))).expect("a population");
        let rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_slice())
            .records()
            .map(|r| r.expect("a record").iter().map(String::from).collect())
            .collect();
        assert!(rows.len() > 1, "{kind}");
        let book = fs::read(a.path("3", &format!("population-{kind}.xlsx"))).expect("a workbook");
        let grids = affiant::evidence::workbook::sheets(&book).expect("a workbook");
        let grid = &grids[0];
        for (y, row) in rows.iter().enumerate() {
            for (x, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let there = grid.text(y as u32, x as u32);
                assert_eq!(there.trim_start_matches('\''), cell.trim_start_matches('\''), "{kind} {y} {x}");
            }
        }
    }
    let count = |kind: &str| {
        fs::read_to_string(a.path("3", &format!("population-{kind}.csv"))).expect("CSV").lines().count()
    };
    assert!(count("users") < count("service-accounts"));
}

#[test]
fn nobodys_word_stands_against_what_is_there() {
    let box_ = Sandbox::default().workspace();
    let told = |from: &str, to: &str| {
        assert!(REQUEST.contains(from), "{from}");
        let ran = respond(&box_, &REQUEST.replace(from, to), &[]).exits(2);
        assert!(
            !box_.path().join("packages/responses").exists()
                || fs::read_dir(box_.path().join("packages/responses")).expect("a folder").next().is_none()
        );
        ran.err
    };
    let said = told("part: risk-analysis", "part: risks");
    assert!(
        said.contains("AFU-075") && said.contains("request.yaml:18:15") && said.contains("^^^^^"),
        "{said}"
    );
    let said = told("part: risk-analysis", "part: risk-analysys");
    assert!(said.contains("AFU-074") && said.contains("risk-analysis"), "{said}");
    let said = told("by: Casey Example", "by: <name>");
    assert!(said.contains("AFU-076") && said.contains("request.yaml:20:"), "{said}");
    let said = told("on: 2026-09-30", "on: 2026-10-30");
    assert!(said.contains("AFU-076") && said.contains("has come"), "{said}");
    let said = told("citation: 164.308(a)(1)(ii)(C)", "citation: 164.502(b)");
    assert!(said.contains("AFU-073"), "{said}");
    let said = told("citation: 164.312(a)(1)\n", "citation: 164.312(a)(9)\n");
    assert!(said.contains("AFU-073") && said.contains("request.yaml:8:15"), "{said}");
    let said = told("citation: 164.312(a)(1)\n", "citation: 164.999(a)\n");
    assert!(said.contains("AFU-073"), "{said}");
    for due in ["tomorrow", "2026-02-31", "2026-09-01"] {
        let said = told("due: 2026-10-14", &format!("due: {due}"));
        assert!(said.contains("AFU-076") && said.contains("request.yaml:5:6"), "{said}");
    }
    let said = told("affiant.request/1", "affiant.request/9");
    assert!(said.contains("AFU-026") && said.contains("request.yaml:1:9"), "{said}");
    let said = told("id: \"2\"", "id: \"1\"");
    assert!(said.contains("AFU-070"), "{said}");
    let said = told("registers: [risks]", "registers: [risk]");
    assert!(said.contains("AFC-") && said.contains("request.yaml:"), "{said}");
    let said = told("  - id: \"2\"\n", "  - id: \"1\"\n    controls: [encryption]\n");
    assert!(said.contains("AFU-070") && said.contains("AFU-072"), "all at once: {said}");
}

#[test]
fn a_package_of_a_later_day_and_a_draft_are_not_in_effect() {
    let box_ = Sandbox::default().workspace();
    box_.write("request.yaml", REQUEST);
    let zip = exported().zip.display().to_string();
    let ran = box_
        .affiant(&["package", "--request", "request.yaml", "--as-of", "2026-09-29", "--from", &zip])
        .exits(2);
    assert!(ran.err.contains("AFU-078"), "{}", ran.err);
    let ran = box_
        .affiant(&["package", "--request", "request.yaml", "--as-of", "2026-10-01", "--from", &zip])
        .exits(2);
    assert!(ran.err.contains("yet to come"), "{}", ran.err);
    let ran = box_.affiant(&["package", "--request", "request.yaml", "--from", &zip]).exits(2);
    assert!(ran.err.contains("--as-of"), "{}", ran.err);
    let ran = box_.affiant(&["package", "--request", "request.yaml", "--as-of", "2026-09-30"]).exits(2);
    assert!(ran.err.contains("AFU-078"), "no package is in this workspace: {}", ran.err);
}

fn dossier(day: &str) -> Dossier {
    let bytes = fs::read(exported().zip.with_extension("").join("data/dossier.json")).expect("a dossier");
    let mut dossier: Dossier = serde_json::from_slice(&bytes).expect("a dossier");
    dossier.as_of = format!("{day}T12:00:00Z");
    dossier.package_id = format!("package-{day}");
    dossier
}

fn read(text: &str) -> RegulatorRequest {
    let now = affiant::clock::parse(crate::harness::NOW).expect("a time");
    affiant::pipeline::response::request("r.yaml", text.as_bytes(), now).expect("a request")
}

fn planned(
    dossier: &Dossier,
    item: &str,
    populations: &BTreeMap<PopulationKind, PopulationList>,
) -> PlannedItem {
    let text = format!(
        "format: affiant.request/1\nreference: r\nfrom: f\nreceived: 2026-09-30\nitems:\n  \
         - id: a\n    ask: b\n{item}"
    );
    let request: RegulatorRequest = read(&text);
    let documents = history(&[("p", dossier)]);
    plan(&ResponseInputs { request: &request, dossier, documents: &documents, populations })
        .expect("a plan")
        .remove(0)
}

#[test]
fn an_empty_population_is_none_only_where_all_of_it_was_read() {
    let dossier = dossier("2026-09-30");
    let item = "    citation: 164.312(a)(1)\n    populations: [privileged]\n";
    let list = |rows: usize, gaps: usize, read: bool| PopulationList {
        heads: vec!["Who"],
        rows: vec![vec!["x".to_string()]; rows],
        gaps: vec!["iam:ListUsers in account 111122223333: denied".to_string(); gaps],
        about: "who".into(),
        read,
    };
    let state = |list: PopulationList| {
        planned(&dossier, item, &BTreeMap::from([(PopulationKind::Privileged, list)])).state
    };
    assert_eq!(state(list(0, 0, true)), GivenState::Given, "none is an answer");
    assert_eq!(state(list(0, 1, true)), GivenState::NotEvidenced);
    assert_eq!(state(list(0, 0, false)), GivenState::NotEvidenced);
    let some = planned(&dossier, item, &BTreeMap::from([(PopulationKind::Privileged, list(2, 1, true))]));
    assert_eq!((some.state, some.parts[0].gaps.len()), (GivenState::Given, 1));
    assert_eq!(planned(&dossier, item, &BTreeMap::new()).state, GivenState::NotEvidenced);
}

#[test]
fn the_version_of_the_day_is_the_one_in_effect() {
    let (old, mut new) = (dossier("2026-06-30"), dossier("2026-09-30"));
    let at = new.evidence.iter().position(|e| e.path.ends_with("contingency-plan.md")).expect("a document");
    new.evidence[at].sha256 = "0".repeat(64);
    let gone =
        new.evidence.iter().position(|e| e.path.ends_with("encryption-policy.md")).expect("a document");
    new.evidence.remove(gone);
    let documents = history(&[("old", &old), ("new", &new)]);
    let versions = &documents["documents/contingency-plan.md"];
    assert_eq!(
        versions.iter().map(|v| (v.package.as_str(), v.in_effect)).collect::<Vec<_>>(),
        [("old", false), ("new", true)]
    );
    assert!(documents["documents/encryption-policy.md"].iter().all(|v| !v.in_effect));
    let kept = &documents["documents/access-control-policy.md"];
    assert_eq!((kept.len(), kept[0].since.as_str(), kept[0].last.as_str()), (1, "2026-06-30", "2026-09-30"));
    let none = BTreeMap::new();
    let ask = |versions: &str, word: &str| {
        let text = format!(
            "format: affiant.request/1\nreference: r\nfrom: f\nreceived: 2026-09-30\nitems:\n  \
             - {{ id: a, ask: b, citation: 164.308(a)(7)(i), documents: [{word}], versions: {versions} }}\n"
        );
        let request: RegulatorRequest = read(&text);
        let inputs =
            ResponseInputs { request: &request, dossier: &new, documents: &documents, populations: &none };
        let item = plan(&inputs).expect("a plan").remove(0);
        (item.state, item.parts[0].documents.len())
    };
    assert_eq!(ask("current", "contingency"), (GivenState::Given, 1));
    assert_eq!(ask("all", "contingency"), (GivenState::Given, 2));
    assert_eq!(
        ask("all", "encryption-policy"),
        (GivenState::NotEvidenced, 1),
        "what was in effect once is no answer for the day"
    );
}

#[test]
fn twelve_months_are_whole_only_where_a_package_speaks_for_their_first_day() {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 9, 30).expect("a day");
    let all: Vec<Dossier> = ["2025-06-30", "2025-09-30", "2025-12-31", "2026-09-30"].map(dossier).to_vec();
    let whole = practices(&all.iter().collect::<Vec<_>>(), day);
    assert!(whole.whole && whole.first == 1, "the package of the first day is the first that counts");
    assert_eq!(whole.gaps, ["273 days without a package, from 2025-12-31 to 2026-09-30"]);
    assert!(whole.controls.iter().all(|c| c.over_time.matches(';').count() == 2), "{:?}", whole.controls[0]);
    let part = practices(&all[2..].iter().collect::<Vec<_>>(), day);
    assert!(
        !part.whole
            && part.gaps[0] == "no package speaks for the days from 2025-09-30 to 2025-12-30: not evidenced",
        "{:?}",
        part.gaps
    );
}
