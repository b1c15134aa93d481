//! The first hour of a new user: from an empty folder to files that `lint` has nothing against.

use std::fs;

use serde_json::json;

use crate::harness::{Sandbox, files, item};

const SAID: [&str; 18] = [
    "--organization",
    "Example Clinic",
    "--role",
    "business associate",
    "--system",
    "Scheduling",
    "--description",
    "It schedules visits. Clinics use it.",
    "--contact",
    "security-official@example.com",
    "--account",
    "111122223333=production",
    "--regions",
    "us-east-1,us-west-2",
    "--person",
    "Security official=Casey Example; +1 202-555-0101; chat outside the tenant; Rowan Example",
    "--person",
    "Incident commander=Jordan Example",
];

#[test]
fn options_alone_make_a_workspace_that_lint_is_content_with() {
    let box_ = Sandbox::default();
    let ran = box_.affiant(&[&["init", "."][..], &SAID].concat()).exits(0);
    assert!(ran.out.contains("affiant lint"), "{}", ran.out);
    let lint = box_.affiant(&["lint"]).exits(0);
    assert_eq!(lint.out, "no problems\n", "{}", lint.err);
    let plan = fs::read_to_string(box_.path().join("program/incident-response.yaml")).expect("a plan");
    for part in [
        "Casey Example, security official",
        "Scheduling: account 111122223333 (production)",
        "+1 202-555-0101",
    ] {
        assert!(plan.contains(part), "`{part}` is missing:\n{plan}");
    }
    // what nobody said is no less missing for being empty
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    box_.affiant(&["collect", "--snapshot", "in"]).exits(3);
    let data = box_.affiant(&["plan", "--format", "json"]).out;
    for part in ["The plan names no approver.", "The role Scribe has no name.", "No drill was held"] {
        assert!(data.contains(part), "`{part}` is missing:\n{data}");
    }
    let add =
        ["risks", "add", "--by", "Casey Example", "--title", "A may lead to B with C", "--likelihood", "low"];
    let rest = ["--impact", "low", "--rationale", "It is so.", "--owner", "Rowan Example"];
    box_.affiant(&[&add[..], &rest].concat()).exits(0);
    box_.affiant(&["lint"]).exits(0);
}

#[test]
fn wrong_options_are_told_at_once_and_nothing_is_written() {
    let box_ = Sandbox::default();
    let ran = box_.affiant(&[
        "init",
        ".",
        "--role",
        "vendor",
        "--contact",
        "nobody",
        "--account",
        "12",
        "--regions",
        "moon",
        "--period",
        "2026",
    ]);
    let ran = ran.exits(2);
    for flag in ["--role", "--contact", "--account", "--regions", "--period"] {
        assert!(ran.err.contains(&format!("{flag}: ")), "{flag} is not told:\n{}", ran.err);
    }
    assert!(files(box_.path()).is_empty(), "nothing is written");
    // without a word the starters are as they were, placeholders and all
    let ran = box_.affiant(&["init", "."]).exits(0);
    let ways = ["affiant collect --aws\n", "affiant policy --script", "affiant collect --cli-json"];
    assert!(ways.iter().all(|way| ran.out.contains(way)), "both ways in:\n{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 80), "{}", ran.out);
    assert!(box_.affiant(&["lint"]).exits(2).err.contains("organization.name"));
}
