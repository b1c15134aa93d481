//! For people who write checks: a new file, what a check explains, and schemas that know what
//! the program accepts.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Sandbox, files, repository};

#[test]
fn a_new_check_passes_its_tests_once_it_is_filled_in() {
    let box_ = Sandbox::default();
    let args = [
        "controls",
        "new",
        "rds.multi-az-example",
        "--table",
        "rds_database",
        "--column",
        "deletion_protection",
        "--control",
        "9",
    ];
    let made = box_.affiant(&args).exits(0);
    assert!(made.out.contains("my-catalog/checks/rds/multi-az-example.yaml"), "{}", made.out);
    let test = ["--catalog", "my-catalog", "controls", "test", "rds.multi-az-example"];
    let empty = box_.affiant(&test).exits(2);
    for member in ["title", "why", "fix"] {
        assert!(empty.out.contains(&format!("`{member}` is not filled in")), "{}", empty.out);
    }
    let path = box_.path().join("my-catalog/checks/rds/multi-az-example.yaml");
    let text = fs::read_to_string(&path).expect("a file");
    let filled: String = text
        .lines()
        .map(|line| match line.split_once(": <") {
            Some((member, _)) => format!("{member}: What stands here now\n"),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&path, filled).expect("written");
    let ran = box_.affiant(&test).exits(0);
    assert!(ran.out.contains("1 checks, 5 cases") && ran.out.contains("all as expected"), "{}", ran.out);
    let list = box_.affiant(&["--catalog", "my-catalog", "controls", "list"]).exits(0).out;
    assert!(list.contains("rds.multi-az-example"), "the control lists it:\n{list}");
}

#[test]
fn a_new_check_replaces_nothing() {
    let box_ = Sandbox::default();
    box_.affiant(&["controls", "new", "rds.mine"]).exits(0);
    let before = files(box_.path());
    assert!(box_.affiant(&["controls", "new", "rds.mine"]).exits(2).err.contains("is there already"));
    assert!(box_.affiant(&["controls", "new", "rds.storage-encrypted"]).exits(2).err.contains("already"));
    for (args, what) in [
        (&["controls", "new", "Rds.Mine"][..], "cannot name a check"),
        (&["controls", "new", "../x.y"], "cannot name a check"),
        (&["controls", "new", "rds.x", "--table", "no_such"], "no table"),
        (&["controls", "new", "rds.x", "--table", "rds_database", "--column", "no_such"], "no column"),
        (&["controls", "new", "rds.x", "--control", "eleven"], "no control"),
    ] {
        let ran = box_.affiant(args).exits(2);
        assert!(ran.err.contains(what), "{args:?}: {}", ran.err);
    }
    assert_eq!(files(box_.path()), before, "nothing was written");
}

#[test]
fn a_check_is_explained_with_rows() {
    let shown = Sandbox::default().affiant(&["controls", "show", "ec2.volume-encrypted"]).exits(0).out;
    for part in [
        "examples",
        "ec2_volume: arn = ",
        "encrypted = 0",
        "not met arn:aws:ec2:us-east-1:111122223333:volume/vol-1",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

// Schemas

const KINDS: [(&str, &str); 26] = [
    ("affiant", "affiant.yaml"),
    ("exceptions", "program/exceptions.yaml"),
    ("attestations", "program/attestations.yaml"),
    ("alternatives", "program/alternatives.yaml"),
    ("risks", "program/risks.yaml"),
    ("incident-response", "program/incident-response.yaml"),
    ("clearances", "program/clearances.yaml"),
    ("artifact-terms", "program/artifact-terms.yaml"),
    ("agreements", "program/agreements.yaml"),
    ("answers", "tests/fixtures/answers/statements.yaml"),
    ("questionnaire-map", "tests/fixtures/answers/questionnaire-map.yaml"),
    ("workbook-map", "tests/fixtures/answers/workbook-map.yaml"),
    ("records", "program/records.yaml"),
    ("link", "tests/fixtures/edition/q3.link.json"),
    ("request", "tests/fixtures/handover/request.yaml"),
    ("response", "tests/fixtures/handover/response.json"),
    ("corroboration", "tests/fixtures/handover/corroboration.json"),
    ("control", "controls/technical/"),
    ("check", "controls/checks/"),
    ("table", "controls/tables/"),
    ("operations", "controls/operations/"),
    ("kinds", "controls/kinds/"),
    ("security-rule", "controls/hipaa/security-rule.yaml"),
    ("breach-clocks", "controls/hipaa/breach-clocks.yaml"),
    ("state-clocks", "controls/hipaa/state-clocks.yaml"),
    ("services", "controls/services/"),
];

pub fn schema(kind: &str) -> Value {
    crate::spine::json(&Sandbox::default().affiant(&["schema", kind]).exits(0).out)
}

/// As much of JSON Schema (draft 7) as the schemas use.
pub fn faults(value: &Value, schema: &Value, root: &Value, path: &str) -> Vec<String> {
    let Some(schema) = schema.as_object() else {
        return if schema == &json!(false) { vec![format!("{path} is not allowed")] } else { Vec::new() };
    };
    let mut out = Vec::new();
    for (word, rule) in schema {
        match word.as_str() {
            "$ref" => {
                let target = root
                    .pointer(rule.as_str().expect("a reference").trim_start_matches('#'))
                    .expect("it is there");
                out.extend(faults(value, target, root, path));
            }
            "type" => {
                let names = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                let is = |name: &str| match name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    "integer" => value.is_i64() || value.is_u64(),
                    "null" => value.is_null(),
                    other => panic!("an unknown type {other}"),
                };
                if !names.iter().any(|n| is(n.as_str().expect("a name"))) {
                    out.push(format!("{path} is not {rule}"));
                }
            }
            "required" => {
                let missing = rule.as_array().expect("names").iter().map(|n| n.as_str().expect("a name"));
                out.extend(
                    missing
                        .filter(|n| value.is_object() && value.get(n).is_none())
                        .map(|n| format!("{path} lacks {n}")),
                );
            }
            "properties" | "additionalProperties" => {}
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    out.extend(faults(item, rule, root, &format!("{path}[{i}]")));
                }
            }
            "enum" if !rule.as_array().expect("values").contains(value) => {
                out.push(format!("{path} is none of {rule}"))
            }
            "const" if rule != value => out.push(format!("{path} is not {rule}")),
            "anyOf" | "oneOf"
                if !rule
                    .as_array()
                    .expect("schemas")
                    .iter()
                    .any(|s| faults(value, s, root, path).is_empty()) =>
            {
                out.push(format!("{path} fits none"));
            }
            "allOf" => rule
                .as_array()
                .expect("schemas")
                .iter()
                .for_each(|s| out.extend(faults(value, s, root, path))),
            "not" if faults(value, rule, root, path).is_empty() => {
                out.push(format!("{path} is what it must not be"))
            }
            "minimum" if value.as_f64().is_some_and(|n| rule.as_f64().is_some_and(|least| n < least)) => {
                out.push(format!("{path} is less than {rule}"));
            }
            "maximum" if value.as_f64().is_some_and(|n| rule.as_f64().is_some_and(|most| n > most)) => {
                out.push(format!("{path} is more than {rule}"));
            }
            "minItems"
                if value
                    .as_array()
                    .is_some_and(|items| (items.len() as u64) < rule.as_u64().expect("a number")) =>
            {
                out.push(format!("{path} has fewer than {rule}"));
            }
            "pattern" => {
                let pattern = regex::Regex::new(rule.as_str().expect("a pattern")).expect("a pattern");
                if value.as_str().is_some_and(|text| !pattern.is_match(text)) {
                    out.push(format!("{path} does not look like {rule}"));
                }
            }
            _ => {}
        }
    }
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match (known.and_then(|k| k.get(name)), schema.get("additionalProperties")) {
            (Some(rule), _) => out.extend(faults(member, rule, root, &path)),
            (None, Some(rule)) => out.extend(faults(member, rule, root, &path)),
            (None, None) => {}
        }
    }
    out
}

fn yaml(bytes: &[u8]) -> Value {
    serde_saphyr::from_str(std::str::from_utf8(bytes).expect("UTF-8")).expect("YAML")
}

#[test]
fn every_file_of_ours_fits_its_schema() {
    for (kind, place) in KINDS {
        let schema = schema(kind);
        assert!(schema["$schema"].as_str().is_some_and(|s| s.contains("draft-07")), "{kind}: {schema}");
        let there: Vec<(String, Vec<u8>)> = match place.ends_with('/') {
            true => files(&repository().join(place)).into_iter().collect(),
            false => vec![(place.to_string(), fs::read(repository().join(place)).expect("a file"))],
        };
        assert!(!there.is_empty(), "{place}");
        for (name, bytes) in there.iter().filter(|(name, _)| name.ends_with(".yaml")) {
            let found = faults(&yaml(bytes), &schema, &schema, "");
            assert!(found.is_empty(), "{kind} {name}: {found:?}");
        }
    }
}

/// A schema that accepts everything would pass the test above.
#[test]
fn a_schema_refuses_what_the_program_refuses() {
    let check = schema("check");
    let good =
        yaml(&fs::read(repository().join("controls/checks/ec2/volume-encrypted.yaml")).expect("a check"));
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        !faults(&value, &check, &check, "").is_empty()
    };
    assert!(!wrong(&|_| ()));
    assert!(wrong(&|v| v["severity"] = json!("severe")));
    assert!(wrong(&|v| v["reason"] = json!("x")), "an unknown member");
    assert!(wrong(&|v| drop(v.as_object_mut().expect("an object").remove("sql"))), "no SQL");
    assert!(wrong(&|v| v["cases"][0]["expect"][0]["verdict"] = json!("passed")));
    assert!(wrong(&|v| v["corroborated_by"] = json!([{ "rule": 7 }])));
    let table = schema("table");
    assert!(!faults(&json!({ "table": "x" }), &table, &table, "").is_empty());
    let control = schema("control");
    let mut own =
        yaml(&fs::read(repository().join("controls/technical/07-session-timeout.yaml")).expect("a control"));
    own["citations"][0] = json!("312(a)");
    assert!(!faults(&own, &control, &control, "").is_empty(), "a citation has its form");
}

#[test]
fn the_kinds_of_files_are_listed() {
    let listed = Sandbox::default().affiant(&["schema"]).exits(0).out;
    assert_eq!(listed.lines().filter(|line| !line.starts_with("--output ")).count(), KINDS.len(), "{listed}");
    assert!(KINDS.iter().all(|(kind, _)| listed.lines().any(|l| l.starts_with(kind))), "{listed}");
}
