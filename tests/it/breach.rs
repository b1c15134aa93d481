//! The breach clock against dated cases, and as a person uses it: what was typed, what is printed, what a
//! calendar takes in.

use std::collections::BTreeMap;
use std::fs;

use affiant::model::breach::{Due, Duty, Incident};
use affiant::program::breach;
use serde::Deserialize;

use crate::harness::{Sandbox, repository};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    incident: Incident,
    expect: BTreeMap<String, String>,
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(repository().join("tests/fixtures/breach/cases.yaml")).expect("cases");
    serde_saphyr::from_str(&text).expect("the cases parse")
}

fn outcome(duty: Option<&Duty>) -> String {
    let Some(duty) = duty else { return "absent".into() };
    let due = match &duty.due {
        Due::Day { day, .. } => day.clone(),
        Due::Moment { local, .. } => local.clone(),
        Due::NotDetermined { .. } => "not determined".into(),
        Due::NotOwed { .. } => "not owed".into(),
    };
    duty.not_before.as_ref().map_or(due.clone(), |day| format!("{due} held {day}"))
}

#[test]
fn the_clock_agrees_with_every_dated_case() {
    let catalog = affiant::catalog::load(None).expect("the catalog");
    let cases = cases();
    assert!(cases.len() >= 150, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let t = breach::timeline(&case.incident, &catalog.clocks, &catalog.states)
            .unwrap_or_else(|e| panic!("{}: {e:?}", case.name));
        for (id, expected) in &case.expect {
            let found = match id.as_str() {
                "discovered" => t.discovered.day.clone(),
                id => outcome(t.duties.iter().find(|d| d.id == id)),
            };
            if found != *expected {
                wrong.push(format!("{}: {id} is {found}, not {expected}", case.name));
            }
        }
        for duty in &t.duties {
            assert!(
                duty.basis == "contract"
                    || !duty.source.is_empty()
                    || matches!(duty.due, Due::NotDetermined { .. }),
                "{duty:?}"
            );
            assert!(
                t.duties.iter().filter(|d| d.id == duty.id).count() == 1,
                "{}: {} twice",
                case.name,
                duty.id
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A duty has a date in one answer only: nobody may read two.
#[test]
fn fewer_and_more_are_never_both_owed() {
    let catalog = affiant::catalog::load(None).expect("the catalog");
    for case in cases() {
        for n in [0, 1, 499, 500, 501, 100_000] {
            let incident = Incident {
                individuals: Some(n),
                residents: BTreeMap::new(),
                role: "covered entity".into(),
                ..case.incident.clone()
            };
            let t = breach::timeline(&incident, &catalog.clocks, &catalog.states).expect("it counts");
            let dated = |id: &str| t.duties.iter().any(|d| d.id == id && d.due.until().is_some());
            assert!(dated("hhs-500-or-more") != dated("hhs-fewer-than-500"), "{n}");
            assert_eq!(dated("hhs-500-or-more"), n >= 500);
        }
    }
}

const CLOCK: [&str; 4] = ["breach", "clock", "--discovered", "2026-09-30T23:30@America/Los_Angeles"];

#[test]
fn the_words_name_the_standard_the_limit_and_where_it_stands() {
    let box_ = Sandbox::default().workspace();
    let args =
        [&CLOCK[..], &["--zone", "America/New_York", "--agent", "--residents", "TX=501,ny=3,WY=1"]].concat();
    let ran = box_.affiant(&args).exits(3);
    for part in [
        "Without unreasonable delay, and no later than",
        "business associate, an agent of the party above it",
        "2026-09-30, 2026-10-01 02:30 EDT",
        "164.410(b)",
        "by the covered entity: Prominent media outlets of Texas: 501",
        "164.408(b)",
        "not determined: ask counsel; the law of Wyoming is not among the data",
        "The rule names no zone; the earlier is counted",
    ] {
        let flat = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "`{part}` is missing:\n{}", ran.out);
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    let json = crate::spine::json(&box_.affiant(&[&args[..], &["--format", "json"]].concat()).exits(3).out);
    assert_eq!(json["format"], "affiant.breach-clock/1");
    assert_eq!(
        json["duties"].as_array().expect("duties").iter().filter(|d| d["basis"] == "contract").count(),
        plan_clocks()
    );
}

/// The agreements of the sample's plan that bind its role.
fn plan_clocks() -> usize {
    let plan = fs::read_to_string(repository().join("program/incident-response.yaml")).expect("a plan");
    let clocks = plan
        .split("contract_clocks:")
        .nth(1)
        .and_then(|t| t.split("\nescalation:").next())
        .expect("its clocks");
    clocks.matches("by: business associate").count()
}

#[test]
fn a_calendar_has_every_dated_duty_and_no_other() {
    let box_ = Sandbox::default().workspace();
    let args = [&CLOCK[..], &["--role", "covered entity", "--residents", "CA=501"]].concat();
    let json = crate::spine::json(&box_.affiant(&[&args[..], &["--format", "json"]].concat()).out);
    let dated =
        json["duties"].as_array().expect("duties").iter().filter(|d| d["due"]["until"].is_string()).count();
    let ics = box_.affiant(&[&args[..], &["--format", "ics"]].concat()).out;
    assert!(
        ics.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && ics.ends_with("END:VCALENDAR\r\n"),
        "{ics}"
    );
    assert_eq!(ics.matches("BEGIN:VEVENT").count(), dated, "{ics}");
    assert!(ics.contains("DTSTART;VALUE=DATE:20261129\r\n"), "{ics}");
    let unfolded = ics.replace("\r\n ", "");
    let ids: Vec<&str> = unfolded.lines().filter_map(|l| l.strip_prefix("UID:")).collect();
    assert!(ids.iter().all(|id| ids.iter().filter(|other| other == &id).count() == 1), "{ids:?}");
}

#[test]
fn wrong_input_is_refused_all_at_once_and_a_broken_workspace_is_no_obstacle() {
    let box_ = Sandbox::default();
    let ran = box_.affiant(&[
        "breach",
        "clock",
        "--discovered",
        "2026-03-08T02:30",
        "--residents",
        "ZZ=1,CA=x",
        "--contract",
        "soon=me",
        "--hold",
        "oral",
    ]);
    let ran = ran.exits(2);
    for part in [
        "the time zone is not known",
        "`CA=x` names no number",
        "`ZZ` is no State",
        "`soon` is not a time",
        "lacks its `=`",
        "is not a role",
    ] {
        assert!(ran.err.contains(part), "`{part}` is missing:\n{}", ran.err);
    }
    let skipped = [
        "breach",
        "clock",
        "--role",
        "covered entity",
        "--discovered",
        "2026-03-08T02:30@America/Chicago",
        "--individuals",
        "3",
    ];
    assert!(box_.affiant(&skipped).exits(2).err.contains("did not happen"), "a time that the clocks skipped");
    box_.write("affiant.yaml", "organization: [");
    let ran = box_.affiant(&[
        "breach",
        "clock",
        "--role",
        "covered entity",
        "--discovered",
        "2026-03-08@America/Chicago",
        "--individuals",
        "3",
    ]);
    let ran = ran.exits(0);
    assert!(ran.err.contains("was not read") && ran.out.contains("2026-05-07"), "{}{}", ran.out, ran.err);
}
