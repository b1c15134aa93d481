//! What commands print with `--format json`, held to the schemas that `affiant schema --output` publishes:
//! each output fits its schema, and has no member that the schema does not name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};
use crate::spine::json;

/// The schema with every object closed: what it does not name is a fault.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut out: serde_json::Map<String, Value> =
                members.iter().map(|(name, rule)| (name.clone(), closed(rule))).collect();
            let of_object = out.get("type").is_some_and(|kind| kind == "object");
            if of_object && out.contains_key("properties") && !out.contains_key("additionalProperties") {
                out.insert("additionalProperties".into(), json!(false));
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(closed).collect()),
        other => other.clone(),
    }
}

/// Holds what was printed to the schema of that name.
pub fn fits(name: &str, printed: &Value) {
    let schema = closed(&json(&Sandbox::default().affiant(&["schema", "--output", name]).exits(0).out));
    let found = crate::authors::faults(printed, &schema, &schema, "");
    assert!(found.is_empty(), "{name}: {:?}", &found[..found.len().min(5)]);
}

/// A run of two volumes, one of which fails.
fn small() -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.snapshot(
        "in",
        &["vol-0a1", "vol-0b2"]
            .map(|id| item("AWS::EC2::Volume", id, json!({ "encrypted": id == "vol-0a1" }))),
    );
    box_
}

#[test]
fn what_is_printed_fits_its_schema() {
    let box_ = small();
    // these are tried where archives and quarters are made
    let mut tried: BTreeSet<&str> = ["archive-check", "archive-list", "diff"].into();
    let mut print = |name: &'static str, args: &[&str]| {
        let ran = box_.affiant(args);
        assert!([0, 1, 3].contains(&ran.code), "{args:?}: {}", ran.err);
        let value = json(&ran.out);
        fits(name, &value);
        tried.insert(name);
        value
    };
    let json_of = |args: &[&'static str]| -> Vec<&'static str> {
        args.iter().copied().chain(["--format", "json"]).collect()
    };
    print("collect", &json_of(&["collect", "--snapshot", "in"]));
    for (name, args) in [
        ("assess", &["assess"][..]),
        ("breach-clock", &["breach", "clock", "--discovered", "2026-09-20", "--zone", "America/Chicago"]),
        ("calendar", &["calendar"]),
        ("controls", &["controls", "list"]),
        ("lint", &["lint"]),
        ("plan", &["plan"]),
        ("risks-lint", &["risks", "lint"]),
        ("runs", &["runs"]),
        ("services", &["services"]),
        ("tables", &["controls", "tables"]),
        ("chain", &["verify", "evidence", "--chain"]),
    ] {
        print(name, &json_of(args));
    }
    let risks = print("risks", &json_of(&["risks", "list"]));
    let id = risks["risks"][0]["id"].as_str().expect("a risk").to_string();
    print("risk", &["risks", "show", &id, "--format", "json"]);
    let run = json(&box_.affiant(&["runs", "--format", "json"]).out)["runs"][0]["id"]
        .as_str()
        .expect("a run")
        .to_string();
    print("verify", &["verify", &format!("evidence/{run}"), "--format", "json"]);
    let listed = box_.affiant(&["schema"]).exits(0).out;
    let outputs: BTreeSet<&str> = listed
        .lines()
        .filter_map(|l| l.strip_prefix("--output "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert_eq!(outputs, tried, "every output that has a schema is tried");
}

/// A schema that takes anything would pass the test above.
#[test]
fn a_schema_of_an_output_refuses_what_is_none() {
    let schema = closed(&json(&Sandbox::default().affiant(&["schema", "--output", "runs"]).exits(0).out));
    let run = json!({
        "id": "2026-09-30T120000Z-a59ab7db", "folder": "evidence/x", "started": "2026-09-30T12:00:00Z",
        "ended": "2026-09-30T12:00:00Z",
        "sample": true, "accounts": ["111122223333"], "regions": ["us-east-1"], "artifacts": 1,
        "sources": 1, "gaps": 0, "manifest": "0".repeat(64), "previous": null, "previous_run": null,
    });
    let faults = |change: &dyn Fn(&mut Value)| {
        let mut run = run.clone();
        change(&mut run);
        let all = json!({ "format": "affiant.runs/1", "runs": [run] });
        crate::authors::faults(&all, &schema, &schema, "").len()
    };
    assert_eq!(faults(&|_| ()), 0);
    assert_ne!(faults(&|run| run["gaps"] = json!(-1)), 0);
    assert_ne!(faults(&|run| run["manifest"] = json!("abc")), 0);
    assert_ne!(faults(&|run| run["unnamed"] = json!(1)), 0);
    assert_ne!(faults(&|run| drop(run.as_object_mut().expect("an object").remove("id"))), 0);
}
