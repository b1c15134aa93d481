//! Cost Explorer, where it was asked: services and regions that were billed, as a denominator of those that the evidence shows.

use serde_json::json;

use crate::harness::{Sandbox, item};

const ACCOUNT: &str = "111122223333";

fn collected(with_usage: bool) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[item("AWS::EC2::Instance", "i-1", json!({ "instanceId": "i-1" }))]);
    if with_usage {
        let group = |service: &str, region: &str| json!({ "Keys": [service, region] });
        let groups = [
            group("Amazon Elastic Compute Cloud - Compute", "us-east-1"),
            group("Amazon Lightsail", "eu-central-1"),
            group("Amazon Unheard Of", "us-east-1"),
            group("Tax", "global"),
        ];
        let answer = json!({ "ResultsByTime": [{ "TimePeriod": { "Start": "2026-09-01", "End": "2026-10-01" }, "Groups": groups }] });
        box_.write(&format!("in/aws/{ACCOUNT}/aws-global/ce/GetCostAndUsage.json"), answer.to_string());
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    box_
}

#[test]
fn what_was_billed_is_a_denominator_of_what_is_seen() {
    let box_ = collected(true);
    let zip = box_.package();
    let text = std::fs::read_to_string(zip.with_extension("").join("data/dossier.json")).expect("a dossier");
    let dossier: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let note = dossier["services"]["note"].as_str().expect("a note");
    assert!(note.contains("AWS billed 3 services") && note.contains("2 of them left no other trace"), "{note}");
    assert!(note.contains("Billed in regions that were not read: eu-central-1."), "{note}");
    let rows = dossier["services"]["rows"].as_array().expect("rows");
    let row = |name: &str| rows.iter().find(|r| r["service"].as_str().is_some_and(|s| s.contains(name))).expect(name);
    assert_eq!(row("Elastic Compute Cloud")["resources"], 1);
    assert!(row("Elastic Compute Cloud")["seen"].as_str().is_some_and(|s| s.contains("billed to 111122223333 in us-east-1")));
    assert_eq!(row("Unheard Of")["status"], "unknown");
    assert!(rows.iter().all(|r| r["service"] != "Tax"));
}

#[test]
fn nothing_is_said_of_bills_that_nobody_asked_for() {
    let box_ = collected(false);
    let told = box_.affiant(&["services"]);
    assert!(!told.out.contains("billed"), "{}", told.out);
    let data = box_.affiant(&["assess", "--format", "json"]).out;
    assert!(!data.contains("ce:GetCostAndUsage"), "what is asked on request is no gap where nobody asked");
}
