//! A package in machine formats: every reference resolves in its own document, every digest is that of a file
//! of the package, each verdict keeps its word, and the same package gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use affiant::model::digest::Digest;
use affiant::model::verdict::Verdict;
use serde_json::Value;

use crate::harness::{Sandbox, files};

/// A package of the sample and its export, made once.
pub struct Exported {
    pub box_: Sandbox,
    pub zip: PathBuf,
}

pub fn exported() -> &'static Exported {
    static MADE: OnceLock<Exported> = OnceLock::new();
    MADE.get_or_init(|| {
        let box_ = Sandbox::default().workspace();
        let zip = box_.package_sample(1);
        box_.affiant(&["export", &zip.display().to_string(), "--output", "out"]).exits(0);
        Exported { box_, zip }
    })
}

impl Exported {
    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.box_.path().join("out").join(name)).expect(name)).expect("JSON")
    }

    fn package(&self) -> PathBuf {
        self.zip.with_extension("")
    }

    fn dossier(&self) -> Value {
        serde_json::from_slice(&fs::read(self.package().join("data/dossier.json")).expect("a dossier"))
            .expect("JSON")
    }

    fn events(&self) -> Vec<Value> {
        let text =
            fs::read_to_string(self.box_.path().join("out/ocsf/compliance-findings.jsonl")).expect("events");
        text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect()
    }
}

const OSCAL: [&str; 5] = [
    "oscal/assessment-results.json",
    "oscal/poam.json",
    "oscal/component-definition.json",
    "oscal/catalog.json",
    "oscal/mapping-collection.json",
];

fn each(value: &Value, see: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                see(key, inner);
                each(inner, see);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| each(inner, see)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// What dangles, by the path of its key; and UUIDs that stand twice.
fn dangling(document: &Value) -> Vec<String> {
    let (mut made, mut twice, mut asked) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut objectives = BTreeSet::new();
    each(document, &mut |key, value| {
        let Some(text) = value.as_str() else { return };
        match key {
            "uuid" if !made.insert(text.to_string()) => twice.push(format!("{text} stands twice")),
            "subject-uuid" | "actor-uuid" | "observation-uuid" | "risk-uuid" | "finding-uuid"
            | "party-uuid" => {
                asked.push((key.to_string(), text.to_string()));
            }
            "href" | "source" => {
                asked.extend(text.strip_prefix('#').map(|id| (key.to_string(), id.to_string())))
            }
            "id" => drop(objectives.insert(text.to_string())),
            _ => {}
        }
    });
    each(document, &mut |key, value| {
        if key == "target-id" && !objectives.contains(value.as_str().unwrap_or_default()) {
            twice.push(format!("no objective {value}"));
        }
    });
    let gone =
        asked.into_iter().filter(|(_, id)| !made.contains(id)).map(|(key, id)| format!("{key} {id} dangles"));
    twice.into_iter().chain(gone).collect()
}

#[test]
fn every_reference_of_oscal_resolves() {
    for name in OSCAL {
        let document = exported().json(name);
        let found = dangling(&document);
        assert!(found.is_empty(), "{name}: {}", found.join("; "));
        let mut ids = 0;
        each(&document, &mut |key, value| {
            let text = value.as_str().unwrap_or_default();
            if key == "uuid" || key.ends_with("-uuid") {
                assert_eq!((text.len(), &text[14..15]), (36, "5"), "{name}: {text} is no UUID of version 5");
                ids += 1;
            }
        });
        // a catalog names its controls by ids and not by UUIDs
        assert!(ids > if name.ends_with("catalog.json") { 1 } else { 10 }, "{name}");
    }
}

/// A control of NIST's catalog: `ac-2` or `ac-2.1`.
fn is_nist(id: &str) -> bool {
    let (family, number) = id.split_once('-').unwrap_or_default();
    family.len() == 2
        && family.bytes().all(|b| b.is_ascii_lowercase())
        && number.split('.').all(|n| n.parse::<u32>().is_ok())
}

#[test]
fn every_id_of_a_mapping_is_one_of_its_catalog() {
    let exported = exported();
    let mut ids = BTreeSet::new();
    each(&exported.json("oscal/catalog.json"), &mut |key, value| {
        if key == "id" && !ids.insert(value.as_str().expect("text").to_string()) {
            panic!("{value} stands twice");
        }
    });
    let collection = exported.json("oscal/mapping-collection.json");
    let mappings = collection["mapping-collection"]["mappings"].as_array().expect("mappings");
    let refs = |of: &Value, side: &str| -> BTreeSet<String> {
        let items = of[side].as_array().expect("items").iter();
        items.map(|item| item["id-ref"].as_str().expect("an id").to_string()).collect()
    };
    let mut covered = BTreeSet::new();
    for map in mappings[0]["maps"].as_array().expect("maps") {
        assert!(refs(map, "sources").union(&refs(map, "targets")).all(|id| ids.contains(id)), "{map}");
        covered.extend(refs(map, "targets"));
    }
    for map in mappings[1]["maps"].as_array().expect("maps") {
        assert!(
            refs(map, "sources").is_subset(&ids) && refs(map, "targets").iter().all(|id| is_nist(id)),
            "{map}"
        );
    }
    // every row of the law is on one side of the first mapping or is named as one that no check bears on
    let left = &mappings[0]["target-gap-summary"]["unmapped-controls"][0]["with-ids"];
    let left: BTreeSet<String> =
        left.as_array().expect("ids").iter().map(|id| id.as_str().expect("text").to_string()).collect();
    let rows: BTreeSet<String> =
        ids.iter().filter(|id| id.starts_with("hipaa-") && !id.ends_with("_smt")).cloned().collect();
    assert_eq!(covered.union(&left).cloned().collect::<BTreeSet<_>>(), rows);
    assert!(
        covered.is_disjoint(&left) && covered.iter().filter(|id| id.starts_with("hipaa-164.312")).count() > 8,
        "{covered:?}"
    );
    let checks: usize = exported.dossier()["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .map(|c| c["checks"].as_array().map_or(0, Vec::len))
        .sum();
    let named: BTreeSet<String> =
        mappings[0]["maps"].as_array().expect("maps").iter().flat_map(|map| refs(map, "sources")).collect();
    assert_eq!(named.len(), checks, "every check bears on a row");
}

/// The test must be able to fail.
#[test]
fn a_reference_that_dangles_is_found() {
    let mut document = exported().json(OSCAL[0]);
    let observations =
        document["assessment-results"]["results"][0]["observations"].as_array_mut().expect("observations");
    observations.remove(0);
    assert_eq!(dangling(&document).len(), 2, "the finding of the check and that of its control");
    document["assessment-results"]["back-matter"]["resources"].as_array_mut().expect("resources").clear();
    assert!(dangling(&document).len() > 100);
}

#[test]
fn every_digest_is_that_of_a_file_of_the_package() {
    let exported = exported();
    let mut links: BTreeMap<String, String> = BTreeMap::new();
    for name in OSCAL {
        each(&exported.json(name), &mut |key, value| {
            if key != "rlinks" {
                return;
            }
            for link in value.as_array().expect("a list") {
                let text = |value: &Value| value.as_str().expect("text").to_string();
                links.insert(text(&link["href"]), text(&link["hashes"][0]["value"]));
            }
        });
    }
    let sarif = exported.json("sarif/affiant.sarif");
    for artifact in sarif["runs"][0]["artifacts"].as_array().expect("artifacts") {
        let uri = artifact["location"]["uri"].as_str().expect("a URI");
        assert_eq!(links.get(uri).map(String::as_str), artifact["hashes"]["sha-256"].as_str(), "{uri}");
    }
    assert!(links.len() > 100, "{}", links.len());
    for (href, sha256) in links {
        let path = percent_encoding::percent_decode_str(&href).decode_utf8().expect("UTF-8").to_string();
        let folder =
            if path.contains('/') { exported.package() } else { exported.box_.path().join("out/oscal") };
        let bytes = fs::read(folder.join(&path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(Digest::of(&bytes).to_string(), sha256, "{path}");
    }
}

#[test]
fn the_same_package_gives_the_same_bytes_from_zip_and_folder() {
    let exported = exported();
    let (out, folder) = (exported.box_.path(), exported.package().display().to_string());
    exported.box_.affiant(&["export", &folder, "--output", "again"]).exits(0);
    assert_eq!(files(&out.join("out")), files(&out.join("again")));
    let refused = exported.box_.affiant(&["export", &folder, "--output", "again"]).exits(2);
    assert!(refused.err.contains("is not an empty folder"), "{}", refused.err);
}

type Tally = BTreeMap<(String, String), usize>;

/// Rows by check and verdict, as the dossier lists them.
fn rows(dossier: &Value) -> Tally {
    let mut rows = Tally::new();
    each(dossier, &mut |key, value| {
        if key != "checks" {
            return;
        }
        for check in value.as_array().into_iter().flatten().filter(|check| check["rows"].is_array()) {
            for row in check["rows"].as_array().expect("rows") {
                let name = |value: &Value| value.as_str().expect("text").to_string();
                *rows.entry((name(&check["id"]), name(&row["verdict"]))).or_default() += 1;
            }
        }
    });
    rows
}

#[test]
fn each_verdict_keeps_its_word_and_met_alone_passes() {
    let exported = exported();
    let rows = rows(&exported.dossier());
    let (mut sarif, mut ocsf) = (Tally::default(), Tally::default());
    let text = |value: &Value| value.as_str().expect("text").to_string();
    for result in exported.json("sarif/affiant.sarif")["runs"][0]["results"].as_array().expect("results") {
        let verdict = text(&result["properties"]["verdict"]);
        assert_eq!(result["kind"] == "pass", verdict == "met", "{result}");
        assert_eq!(result["kind"] == "open", verdict == "not evidenced", "{result}");
        assert_eq!(result["level"] == "none", result["kind"] != "fail", "{result}");
        assert_eq!(result["suppressions"].is_array(), verdict == "accepted", "{result}");
        *sarif.entry((text(&result["ruleId"]), verdict)).or_default() += 1;
    }
    for event in exported.events() {
        let verdict = text(&event["compliance"]["status_code"]);
        assert_eq!(event["compliance"]["status_id"] == 1, verdict == "met", "{event}");
        assert_eq!(event["compliance"]["status_id"] == 0, verdict == "not evidenced", "{event}");
        *ocsf.entry((text(&event["compliance"]["control"]), verdict)).or_default() += 1;
    }
    assert_eq!(sarif, ocsf);
    for (key, n) in &rows {
        assert_eq!(sarif.get(key), Some(n), "{key:?}");
    }
    let words: BTreeSet<String> = sarif.into_keys().map(|(_, verdict)| verdict).collect();
    assert_eq!(words.len(), Verdict::ALL.len(), "{words:?}");
}

#[test]
fn oscal_is_satisfied_by_what_is_met_alone() {
    let exported = exported();
    let result = &exported.json(OSCAL[0])["assessment-results"]["results"][0];
    let mut verdicts: BTreeMap<String, Value> = BTreeMap::new();
    for control in exported.dossier()["controls"].as_array().expect("controls") {
        verdicts.insert(control["id"].as_str().expect("an id").into(), control["verdict"].clone());
        for check in control["checks"].as_array().expect("checks") {
            verdicts.insert(check["id"].as_str().expect("an id").into(), check["verdict"].clone());
        }
    }
    let findings = result["findings"].as_array().expect("findings");
    for finding in findings {
        let target = &finding["target"];
        let verdict = &verdicts[target["target-id"].as_str().expect("an id")];
        assert_eq!(target["status"]["state"] == "satisfied", verdict == "met", "{target}");
        assert_eq!(&finding["props"][0]["value"], verdict, "{target}");
        assert_ne!(verdict, "not applicable");
    }
    let judged = verdicts.values().filter(|verdict| *verdict != "not applicable").count();
    assert_eq!(findings.len(), judged);
}

#[test]
fn sarif_points_at_the_lines_that_name_the_resource() {
    let exported = exported();
    let sarif = exported.json("sarif/affiant.sarif");
    let mut found = 0;
    for result in sarif["runs"][0]["results"].as_array().expect("results") {
        for location in result["locations"].as_array().into_iter().flatten() {
            let region = &location["physicalLocation"]["region"];
            let (Some(line), Some(name)) = (
                region["startLine"].as_u64(),
                result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].as_str(),
            ) else {
                continue;
            };
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a URI");
            let path = percent_encoding::percent_decode_str(uri).decode_utf8().expect("UTF-8").to_string();
            let text = fs::read_to_string(exported.package().join(path)).expect("an exhibit");
            let line: Vec<char> = text.lines().nth(line as usize - 1).expect("the line").chars().collect();
            let at = |name: &str| region[name].as_u64().expect("a column") as usize - 1;
            assert_eq!(line[at("startColumn")..at("endColumn")].iter().collect::<String>(), name);
            found += 1;
        }
    }
    assert!(found > 50, "{found} places");
}

/// One file and one row of the index a request, complete: what the report counts and does not list is there.
#[test]
fn every_request_has_its_file_its_days_and_all_rows() {
    let made = exported();
    let read = |path: &Path| -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(path).expect("CSV");
        reader.deserialize().map(|row| row.expect("a row")).collect()
    };
    let out = made.box_.path().join("out");
    let index = read(&out.join("requests/index.csv"));
    let named: BTreeSet<&String> = index.iter().map(|row| &row["file"]).collect();
    let there = files(&out.join("requests"));
    assert_eq!(named.len() + 1, there.len(), "the index and the files it names are all that is there");
    let dossier = made.dossier();
    let controls = dossier["controls"].as_array().expect("controls");
    let judged = read(&made.package().join("data/tables/result.csv"));
    assert!(controls.len() == 10 && judged.len() > 500);
    let mut told = 0;
    for row in &index {
        let path = out.join(&row["file"]);
        let rows = read(&path);
        let digest = Digest::of(&fs::read(&path).expect("a file")).to_string();
        assert_eq!((digest, rows.len().to_string()), (row["sha256"].clone(), row["rows"].clone()), "{row:?}");
        let failing = rows.iter().filter(|r| r["verdict"] == "not met" && r["out_of_scope"] == "0").count();
        assert_eq!(failing.to_string(), row["not_met"], "{row:?}");
        let control = controls.iter().find(|c| c["id"] == row["request"].as_str());
        if let Some(control) = control {
            assert_eq!(control["verdict"], row["verdict"].as_str());
            assert_eq!(control["counts"]["not_met"].to_string(), row["not_met"], "{row:?}");
            told += rows.len();
        } else {
            let own = judged.iter().filter(|r| r["check_id"] == row["request"]).count();
            assert_eq!(own.to_string(), row["rows"], "{row:?}");
        }
        // a check of what nothing reads has no exhibits
        let days = (row["evidence_from"].len(), row["evidence_until"].len());
        assert_eq!(days, if row["exhibits"].is_empty() { (0, 0) } else { (10, 10) }, "{row:?}");
        assert!(row["evidence_from"] <= row["evidence_until"], "{row:?}");
    }
    let shared = |row: &&BTreeMap<String, String>| {
        controls
            .iter()
            .flat_map(|c| c["checks"].as_array().expect("checks"))
            .filter(|c| c["id"] == row["check_id"].as_str())
            .count()
    };
    assert_eq!(
        told,
        judged.iter().map(|row| shared(&row)).sum::<usize>(),
        "a row is in the file of each control"
    );
}

#[test]
fn a_package_that_does_not_verify_is_not_read() {
    let exported = exported();
    let box_ = Sandbox::default();
    let copy = |name: &str, bytes: Vec<u8>| box_.write(&format!("package/{name}"), bytes);
    for (name, bytes) in files(&exported.package()) {
        copy(&name, bytes);
    }
    let path = box_.path().join("package/data/dossier.json");
    let text = fs::read_to_string(&path).expect("a dossier").replace("\"not met\"", "\"met\"");
    fs::write(&path, text).expect("written");
    let ran = box_.affiant(&["export", "package", "--output", "out"]).exits(4);
    assert!(ran.err.contains("AFU-023") && ran.err.contains("data/dossier.json"), "{}", ran.err);
    assert!(!box_.path().join("out").exists());
    let other = Sandbox::default().workspace();
    other.affiant(&["seal", "key"]);
    other.collect_sample(1);
    let foreign = other.path().join(".affiant/seal/certificate.pem");
    let zip = exported.zip.display().to_string();
    let args = ["export", &zip, "--output", "out", "--trust", &foreign.display().to_string()];
    box_.affiant(&args).exits(4);
    assert!(!Path::new(&box_.path().join("out")).exists());
}
