//! The risk register from the command line: decisions go into the file in place, and what a machine may
//! not do it does not.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};

fn register(box_: &Sandbox) -> String {
    fs::read_to_string(box_.path().join("program/risks.yaml")).expect("a register")
}

/// Every line that was there is there, in its order: only lines were added.
#[track_caller]
fn only_added(before: &str, after: &str) {
    let mut rest = after.lines();
    for line in before.lines() {
        assert!(rest.any(|l| l == line), "a line was changed or lost: {line}");
    }
}

/// The ids of the register whose risks are of one origin and say something in a member.
fn ids(box_: &Sandbox, origin: &str, member: &str, word: &str) -> Vec<String> {
    let list = crate::spine::json(&box_.affiant(&["risks", "list", "--format", "json"]).exits(0).out);
    let rows = list["risks"].as_array().expect("a list of risks").iter();
    let of = rows.filter(|r| r["origin"] == origin && r[member] == word);
    of.map(|r| r["id"].as_str().expect("an id").to_string()).collect()
}

#[test]
fn a_named_person_confirms_and_the_file_keeps_every_byte() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let before = register(&box_);
    let id = ids(&box_, "finding", "owner", "").first().expect("a finding that nobody decided on").clone();
    let confirm =
        ["risks", "confirm", &id, "--by", "Casey Example", "--likelihood", "low", "--impact", "high"];
    assert!(box_.affiant(&confirm).exits(2).err.contains("nobody owns"), "an owner is needed");
    let owned = [&confirm[..], &["--owner", "Riley Example, cloud platform lead"]].concat();
    assert!(box_.affiant(&owned).exits(2).err.contains("reason"), "a rationale is needed");
    assert_eq!(register(&box_), before, "nothing was written");
    let whole = [&owned[..], &["--rationale", "Only two hosts: neither holds records."]].concat();
    box_.affiant(&whole).exits(0);
    let after = register(&box_);
    only_added(&before, &after);
    let shown = box_.affiant(&["risks", "show", &id]).exits(0).out;
    for part in [
        "likelihood low, impact high",
        "Riley Example",
        "scores confirmed",
        "Only two hosts: neither holds records.",
    ] {
        assert!(shown.contains(part), "`{part}` is missing:\n{shown}");
    }
    assert!(!shown.contains("suggested"), "{shown}");
    box_.affiant(&["lint"]).exits(0);
    // a second decision on the same risk edits the same entry, and the id stays
    box_.affiant(&["risks", "confirm", &id, "--by", "Casey Example", "--due", "2027-01-31"]).exits(0);
    let again = register(&box_);
    only_added(&after, &again);
    assert_eq!(again.matches(&format!("id: {id}")).count(), 1, "{again}");
    assert!(again.contains("due: 2027-01-31") && again.matches("what: ").count() == 2, "{again}");
}

#[test]
fn an_acceptance_needs_a_second_person_a_reason_and_an_end() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let id = ids(&box_, "finding", "owner", "Riley Example, cloud platform lead")
        .first()
        .expect("a risk of Riley's")
        .clone();
    let before = register(&box_);
    let accept = |approver: &str, expires: &str| {
        box_.affiant(&[
            "risks",
            "accept",
            &id,
            "--approver",
            approver,
            "--reason",
            "It goes in March.",
            "--expires",
            expires,
        ])
    };
    assert!(accept("riley  example", "2027-03-31").exits(2).err.contains("cannot accept"), "the owner");
    assert!(
        accept("Rowan Example", "2026-09-30").exits(2).err.contains("ends after"),
        "an end that is no later"
    );
    assert!(accept("<name>", "2027-03-31").exits(2).err.contains("names nobody"), "a placeholder");
    assert_eq!(register(&box_), before, "nothing was written");
    accept("Rowan Example", "2027-03-31").exits(0);
    only_added(&before, &register(&box_));
    assert!(
        ids(&box_, "finding", "status", "accepted").contains(&id),
        "{}",
        box_.affiant(&["risks", "list"]).out
    );
    let calendar = box_.affiant(&["calendar", "--format", "ics"]).exits(0).out;
    assert!(calendar.contains("20270331"), "{calendar}");
}

#[test]
fn a_machine_closes_nothing() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let id =
        ids(&box_, "finding", "owner", "Riley Example, cloud platform lead").first().expect("a risk").clone();
    let close = ["risks", "close", id.as_str(), "--by", "Casey Example", "--reason", "Looked at."];
    assert!(box_.affiant(&close).exits(2).err.contains("still there"), "a finding that is still there");
    // one that was closed and shows again is open again, until somebody accepts it anew
    let reopened = register(&box_).replacen(
        "    owner: Riley Example, cloud platform lead\n",
        "    owner: Riley Example, cloud platform lead\n    \
         closed: { by: Casey Example, on: 2026-09-01, reason: Seen }\n",
        1,
    );
    let kept = register(&box_);
    box_.write("program/risks.yaml", &reopened);
    let id = ids(&box_, "finding", "status", "reopened").first().expect("a risk that is open again").clone();
    let accept = ["--approver", "Rowan Example", "--reason", "It goes.", "--expires", "2027-03-31"];
    box_.affiant(&[&["risks", "accept", &id][..], &accept].concat()).exits(0);
    assert!(ids(&box_, "finding", "status", "accepted").contains(&id));
    box_.write("program/risks.yaml", &kept);
    // one whose acceptance has ended is open again, whatever its plan says
    let ended = "    acceptance: { approver: Rowan Example, reason: It goes, accepted: 2026-01-01, \
                 expires: 2026-09-29 }\n";
    let owner = "    owner: Riley Example, cloud platform lead\n";
    box_.write("program/risks.yaml", kept.replacen(owner, &format!("{owner}{ended}"), 1));
    assert_eq!(ids(&box_, "finding", "status", "reopened").len(), 1);
    let lint = box_.affiant(&["risks", "lint"]).out;
    assert!(lint.contains("1 acceptance has expired") && !lint.contains("open again"), "{lint}");
    box_.write("program/risks.yaml", &kept);
    // an entry that fits no finding: observed, and then closed by a person
    let with = register(&box_).replacen(
        "entries:\n",
        "entries:\n  - match: { control: encryption-at-rest, account: \"111122223333\", \
         asset_class: AWS::EFS::FileSystem }\n    title: A thing may do harm\n    owner: Riley Example\n    \
         treatment: mitigate\n    confirmed_by: Casey Example\n    confirmed_on: 2026-09-29\n",
        1,
    );
    box_.write("program/risks.yaml", &with);
    let list = box_.affiant(&["risks", "list"]).exits(0).out;
    let line = list.lines().find(|l| l.contains("A thing may do harm")).expect("the entry is listed");
    let (id, observed) =
        (line.split_whitespace().next().expect("an id"), line.contains("remediation observed"));
    let gaps = box_.affiant(&["assess", "--format", "json"]).out;
    if observed {
        box_.affiant(&["risks", "close", id, "--by", "Casey Example", "--reason", "Seen in the console."])
            .exits(0);
        only_added(&with, &register(&box_));
        assert!(ids(&box_, "finding", "status", "closed").contains(&id.to_string()));
    } else {
        // evidence of the control is missing in the sample: then nothing may be said to be mended
        assert!(line.contains("open") && gaps.contains("not evidenced"), "{line}");
        assert!(
            box_.affiant(&["risks", "close", id, "--by", "Casey Example", "--reason", "x"])
                .exits(2)
                .err
                .contains("cannot be closed")
        );
    }
}

#[test]
fn own_risks_are_added_with_a_new_id_and_closed_by_a_person() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let before = register(&box_);
    let add = [
        "risks",
        "add",
        "--by",
        "Casey Example",
        "--title",
        "A vendor may be late: \"quoted\" # and so on",
        "--likelihood",
        "low",
        "--impact",
        "moderate",
        "--rationale",
        "Two of three were.",
        "--owner",
        "Morgan Example",
        "--citation",
        "164.308(b)(1)",
    ];
    let id = box_.affiant(&add).exits(0).out.trim().to_string();
    assert_eq!(id, "R-P07");
    only_added(&before, &register(&box_));
    let shown = box_.affiant(&["risks", "show", &id]).exits(0).out;
    assert!(shown.contains("A vendor may be late: \"quoted\" # and so on"), "{shown}");
    box_.affiant(&["risks", "close", &id, "--by", "Casey Example", "--reason", "The contract ended."])
        .exits(0);
    assert!(ids(&box_, "program", "status", "closed").contains(&id));
    let bad = [
        "risks",
        "add",
        "--by",
        "C",
        "--title",
        "x",
        "--likelihood",
        "low",
        "--impact",
        "low",
        "--rationale",
        "y",
        "--owner",
        "z",
        "--citation",
        "99.1",
    ];
    box_.affiant(&bad).exits(2);
}

#[test]
fn what_is_exported_runs_nothing() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let add = [
        "risks",
        "add",
        "--by",
        "C",
        "--title",
        "=HYPERLINK(\"http://example.com\") may run",
        "--likelihood",
        "low",
        "--impact",
        "low",
        "--rationale",
        "@SUM(1)",
        "--owner",
        "z",
        "--due",
        "2026-11-03",
    ];
    box_.affiant(&add).exits(0);
    box_.affiant(&["risks", "export", "risks.csv"]).exits(0);
    box_.affiant(&["risks", "export", "risks.xlsx"]).exits(0);
    assert!(box_.affiant(&["risks", "export", "risks.xlsx"]).code != 0, "a file is never replaced");
    let csv = fs::read_to_string(box_.path().join("risks.csv")).expect("CSV");
    assert!(csv.contains("'=HYPERLINK") && csv.contains("'@SUM"), "{csv}");
    let mut archive = zip::ZipArchive::new(fs::File::open(box_.path().join("risks.xlsx")).expect("a file"))
        .expect("a workbook");
    let mut sheet = String::new();
    std::io::Read::read_to_string(
        &mut archive.by_name("xl/worksheets/sheet1.xml").expect("a sheet"),
        &mut sheet,
    )
    .expect("XML");
    assert!(!sheet.contains("<f>") && sheet.contains("t=\"s\""), "no cell is a formula");
    // long text is given its height, and a day is a date: 46329 is 2026-11-03 counted from 1899-12-30
    assert!(sheet.contains("customHeight=\"1\""), "rows of several lines lie over one another");
    assert!(sheet.contains("<v>46329</v>"), "the due date is no date");
    let again = fs::read(box_.path().join("risks.xlsx")).expect("a file");
    box_.affiant(&["risks", "export", "again.xlsx"]).exits(0);
    assert_eq!(again, fs::read(box_.path().join("again.xlsx")).expect("a file"), "the same bytes");
}

#[test]
fn the_calendar_knows_what_ends() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let table = box_.affiant(&["calendar", "--days", "900"]).exits(0).out;
    for part in
        ["2026-12-15      exception", "2027-03-18      plan", "2026-08-12 PAST attestation", "R-P03 is due"]
    {
        assert!(table.contains(part), "`{part}` is missing:\n{table}");
    }
    let soon = box_.affiant(&["calendar", "--days", "30", "--format", "json"]).exits(0).out;
    let days: Vec<String> = crate::spine::json(&soon)
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| e["day"].as_str().expect("a day").into())
        .collect();
    assert!(days.is_sorted() && days.iter().all(|d| d.as_str() <= "2026-10-30"), "{days:?}");
    let page = box_.affiant(&["calendar", "--days", "900", "--format", "html"]).exits(0).out;
    for part in
        ["<h2>Past</h2>", "<h2>December 2026</h2>", "<h2>March 2027</h2>", "2026-12-15", "R-P03 is due"]
    {
        assert!(page.contains(part), "`{part}` is missing:\n{page}");
    }
    assert!(page.contains("Content-Security-Policy") && !page.contains("<script"), "{page}");
}

/// The same resources in another order and at another time are the same risks, and what a person confirmed of
/// one stands; so it does when a resource joins its group.
#[test]
fn ids_and_confirmed_scores_survive_reruns_and_reorderings() {
    let database = |id: &str| {
        let open = json!({
            "dBInstanceIdentifier": id, "engine": "postgres", "storageEncrypted": false,
            "publiclyAccessible": true
        });
        item("AWS::RDS::DBInstance", id, open)
    };
    let bucket = |id: &str| item("AWS::S3::Bucket", id, json!({ "name": id }));
    let mut items = vec![database("a"), bucket("b"), database("c"), bucket("d")];
    let box_ = Sandbox::default();
    box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
    box_.snapshot("first", &items);
    box_.affiant(&["collect", "--snapshot", "first"]).exits(3);
    let listed = |clock: &str| {
        let env = [("AFFIANT_PINNED_CLOCK", clock)];
        let list = box_.affiant_with(&["risks", "list", "--format", "json"], &env).exits(0).out;
        let rows = crate::spine::json(&list)["risks"].as_array().expect("risks").clone();
        let of = |r: &Value| (r["id"].as_str().expect("an id").to_string(), r.clone());
        rows.iter().map(of).collect::<BTreeMap<_, _>>()
    };
    let now = crate::harness::NOW;
    let before = listed(now);
    let open = before.values().find(|r| r["control"] == "network-isolation" && r["origin"] == "finding");
    let id = open.expect("open databases are a risk")["id"].as_str().expect("an id").to_string();
    let confirm = ["risks", "confirm", &id, "--by", "Casey Example", "--owner", "Riley Example"];
    let score = ["--likelihood", "very-low", "--impact", "low", "--rationale", "Nothing is in them."];
    box_.affiant(&[&confirm[..], &score].concat()).exits(0);
    items.reverse();
    items.insert(1, database("e"));
    box_.snapshot("again", &items);
    let later = "2026-10-01T12:00:00Z";
    box_.affiant_with(&["collect", "--snapshot", "again"], &[("AFFIANT_PINNED_CLOCK", later)]).exits(3);
    let after = listed(later);
    assert!(before.keys().eq(after.keys()), "{:?}\n{:?}", before.keys(), after.keys());
    let risk = &after[&id];
    assert_eq!((&risk["likelihood"], &risk["impact"]), (&json!("very low"), &json!("low")), "{risk:#}");
    assert_eq!((&risk["suggested"], &risk["owner"]), (&json!(false), &json!("Riley Example")), "{risk:#}");
    assert!(risk["members"].to_string().contains(":e\""), "{risk:#}");
}
