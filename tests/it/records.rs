//! Operating records: what is late is a risk and a day of the calendar, and what is
//! privileged is in no package.

use std::fs;

use crate::harness::{Sandbox, files};

const SECRET: &str = "The test found the door open.";

fn with(records: &str) -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.write("program/records.yaml", format!("format: affiant.records/1\nrecords:\n{records}"));
    box_.write("documents/training-2026.md", "41 people were trained.\n");
    box_.write("documents/pentest-2026.md", format!("{SECRET}\n"));
    box_
}

const TRAINING: &str = "  - kind: training\n    title: Security training of the workforce\n    \
                        on: 2025-03-02\n    by: Casey Example, security official\n    \
                        population: 41 of 41 people\n    result: All passed\n    every_days: 365\n    \
                        file: documents/training-2026.md\n";
const PENTEST: &str = "  - kind: penetration-test\n    title: Test of the portal from outside\n    \
                       on: 2026-08-01\n    by: Riley Example\n    every_days: 365\n    file: documents/\
                       pentest-2026.md\n    privileged: true\n    basis: At the request of counsel\n";

#[test]
fn what_is_late_is_a_risk_and_what_is_privileged_is_in_no_package() {
    let box_ = with(&format!("{TRAINING}{PENTEST}"));
    let run = box_.collect_sample(1);
    let held = |name: &str| files(&run).keys().any(|path| path.contains(name));
    assert!(held("training-2026.md") && !held("pentest-2026"), "the run takes what is not privileged");
    let risks = box_.affiant(&["risks", "list"]).exits(0).out;
    assert!(risks.contains("was due on 2026-03-02"), "{risks}");
    assert!(!risks.contains("Test of the portal"), "a test of August is not late: {risks}");
    let calendar = box_.affiant(&["calendar"]).exits(0).out;
    assert!(
        calendar.contains("2027-08-01") && calendar.contains("penetration test is due again"),
        "{calendar}"
    );
    let zip = box_.package();
    let folder = zip.with_extension("");
    for (path, bytes) in files(&folder) {
        assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{path} holds what is privileged");
    }
    let page = fs::read_to_string(folder.join("data/report/index.html")).expect("a page");
    for part in [
        "What is withheld",
        "Test of the portal from outside",
        "At the request of counsel",
        "41 of 41 people",
        "overdue 2026-03-02",
    ] {
        assert!(page.contains(part), "`{part}` is not on the page");
    }
}

#[test]
fn a_privileged_document_is_refused_wherever_else_it_stands() {
    let open = PENTEST.replace("    privileged: true\n    basis: At the request of counsel\n", "");
    let box_ = with(&open);
    box_.collect_sample(1);
    let all = |text: &str| format!("format: affiant.records/1\nrecords:\n{text}");
    // the run has it, and it became privileged since: under its name, and under another with the same content
    for text in [PENTEST.to_string(), PENTEST.replace("pentest-2026.md", "other.md")] {
        box_.write("documents/other.md", format!("{SECRET}\n"));
        box_.write("program/records.yaml", all(&text));
        assert!(box_.affiant(&["package"]).exits(2).err.contains("AFW-083"), "{text}");
    }
    for (change, code) in [
        (PENTEST.replace("    basis: At the request of counsel\n", ""), "AFW-080"),
        (format!("{PENTEST}    result: Bad\n"), "AFW-081"),
        (PENTEST.replace("pentest-2026.md", "access-control-policy.md"), "AFW-082"),
        (TRAINING.replace("kind: training", "kind: trainin"), "training"),
    ] {
        box_.write("program/records.yaml", all(&change));
        let lint = box_.affiant(&["lint"]).exits(2).err;
        assert!(lint.contains(code), "{code}: {lint}");
    }
}
