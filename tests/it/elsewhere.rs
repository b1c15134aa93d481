//! What is exported opens in programs of others, with the same cells and days, and nothing in it runs:
//! openpyxl and LibreOffice on the register's workbook and CSV, a calendar library on the calendar. A program
//! that is not here is said to be missing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::Sandbox;

const TITLE: &str = "=HYPERLINK(\"http://example.com\",\"open\") may run";

/// Runs a script in the Python of the judges; none where that lacks the module.
fn python(script: &str, module: &str, args: &[&Path]) -> Option<Value> {
    let python = std::env::var("AFFIANT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .output()
        .is_ok_and(|ran| ran.status.success());
    if !has {
        println!("{module} is not here");
        return None;
    }
    let ran = Command::new(&python).args(["-c", script]).args(args).output().expect("Python");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).expect("JSON"))
}

/// LibreOffice writes a file anew in another form; `false` where it is not here.
fn office(folder: &Path, to: &str, file: &str) -> bool {
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let args = [&profile, "--headless", "--convert-to", to, "--outdir", "office", file];
    let ran = Command::new("soffice").args(args).current_dir(folder).output();
    let done = ran.is_ok_and(|ran| ran.status.success());
    if !done {
        println!("LibreOffice is not here");
    }
    done
}

/// The cells of each sheet as texts, and how many hold a formula.
const CELLS: &str = r#"import json, sys
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
cells = {s.title: [["" if c.value is None else str(c.value) for c in row] for row in s.iter_rows()]
         for s in book}
formulas = sum(c.data_type == "f" for s in book for row in s.iter_rows() for c in row)
print(json.dumps({"cells": cells, "formulas": formulas, "links": sum(len(s._hyperlinks) for s in book)}))
"#;

/// Days and summaries of a calendar's events, and their number of ids.
const DAYS: &str = r#"import json, sys
from icalendar import Calendar
calendar = Calendar.from_ical(open(sys.argv[1], "rb").read())
events = [e for e in calendar.walk("VEVENT")]
assert all(e["DTSTAMP"].dt for e in events)
print(json.dumps({"days": sorted([str(e["DTSTART"].dt), str(e["SUMMARY"])] for e in events),
                  "ids": len({str(e["UID"]) for e in events})}))
"#;

fn workspace() -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let add = [
        "risks",
        "add",
        "--by",
        "Casey Example",
        "--likelihood",
        "low",
        "--impact",
        "low",
        "--owner",
        "@SUM(1)",
    ];
    box_.affiant(&[&add[..], &["--title", TITLE, "--rationale", "+1+1 \u{201E}\u{FC}ber\u{201C}"]].concat())
        .exits(0);
    box_
}

/// Ids and titles of a sheet of the register, and its resources.
fn told(book: &Value) -> (BTreeMap<String, String>, usize) {
    let sheet =
        |name: &str| book["cells"][name].as_array().unwrap_or_else(|| panic!("no sheet {name}")).clone();
    let text = |row: &Value, at: usize| row[at].as_str().expect("a text").to_string();
    (
        sheet("Risks").iter().skip(1).map(|row| (text(row, 0), text(row, 1))).collect(),
        sheet("Resources").len() - 1,
    )
}

#[test]
fn the_register_opens_in_openpyxl_and_libreoffice() {
    let box_ = workspace();
    for name in ["risks.xlsx", "risks.csv"] {
        box_.affiant(&["risks", "export", name]).exits(0);
    }
    let list = crate::spine::json(&box_.affiant(&["risks", "list", "--format", "json"]).exits(0).out);
    let rows = list["risks"].as_array().expect("risks").iter();
    let titles: BTreeMap<String, String> = rows
        .map(|r| (r["id"].as_str().expect("an id").into(), r["title"].as_str().expect("a title").into()))
        .collect();
    assert!(titles.values().any(|title| title == TITLE));
    let Some(book) = python(CELLS, "openpyxl", &[&box_.path().join("risks.xlsx")]) else { return };
    let (read, resources) = told(&book);
    assert_eq!((&read, &book["formulas"], &book["links"]), (&titles, &0.into(), &0.into()));
    assert!(resources > 50, "{resources}");
    let heads = &book["cells"]["Resources"][0];
    assert_eq!((&heads[2], &heads[3]), (&"First seen".into(), &"Last seen".into()));
    if office(box_.path(), "xlsx", "risks.xlsx") {
        let again =
            python(CELLS, "openpyxl", &[&box_.path().join("office/risks.xlsx")]).expect("it was here");
        assert_eq!(again["formulas"], 0);
        assert_eq!(told(&again), (titles.clone(), resources), "LibreOffice reads what was written");
    }
    // the record, as a spreadsheet opens it
    if office(box_.path(), "xlsx:Calc MS Excel 2007 XML", "risks.csv") {
        let record =
            python(CELLS, "openpyxl", &[&box_.path().join("office/risks.xlsx")]).expect("it was here");
        assert_eq!(record["formulas"], 0);
        assert!(record["cells"].to_string().contains("'=HYPERLINK"), "the apostrophe keeps it a text");
    }
}

#[test]
fn the_calendar_opens_in_a_calendar_library() {
    let box_ = workspace();
    let ics = box_.affiant(&["calendar", "--days", "900", "--format", "ics"]).exits(0).out;
    let file = box_.write("year.ics", &ics);
    let entries =
        crate::spine::json(&box_.affiant(&["calendar", "--days", "900", "--format", "json"]).exits(0).out);
    let text = |e: &Value, key: &str| e[key].as_str().expect("text").to_string();
    let mut days: Vec<(String, String)> =
        entries.as_array().expect("entries").iter().map(|e| (text(e, "day"), text(e, "what"))).collect();
    days.sort();
    assert!(days.len() > 10, "{days:?}");
    let Some(read) = python(DAYS, "icalendar", &[&file]) else { return };
    assert_eq!(read["days"], serde_json::to_value(&days).expect("JSON"));
    assert_eq!(read["ids"], days.iter().collect::<std::collections::BTreeSet<_>>().len());
}
