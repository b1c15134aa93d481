//! The access review from the command line: a workbook out, filled in by other programs, back in; and what
//! may not come back.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::Sandbox;

const FILE: &str = "access-review-2026-09-30.xlsx";

fn written() -> Sandbox {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    box_.write("documents/leavers.csv", "name,left\nRiley Example,2026-09-11\n");
    let ran = box_.affiant(&["review", "access"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    assert!(ran.err.contains("1 left"), "{}", ran.err);
    box_
}

/// Parts of a workbook by name.
fn parts(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).expect("a file")).expect("a workbook");
    let mut all = BTreeMap::new();
    for n in 0..archive.len() {
        let mut part = archive.by_index(n).expect("a part");
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("its bytes");
        all.insert(part.name().expect("a name").into_owned(), bytes);
    }
    all
}

fn pack(parts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("a file").into_inner()
}

/// Fills in every line of the first sheet with inline strings; `decide` gives decision, reason and reviewer
/// by the row's number.
fn fill(path: &Path, decide: &dyn Fn(u32) -> [String; 3]) {
    let mut all = parts(path);
    let sheet = String::from_utf8(all["xl/worksheets/sheet1.xml"].clone()).expect("XML");
    let cell = regex::Regex::new(r#"<c r="([LMN])(\d+)"[^>]*?(/>|>.*?</c>)"#).expect("a pattern");
    let filled = cell.replace_all(&sheet, |found: &regex::Captures<'_>| {
        let row: u32 = found[2].parse().expect("a number");
        if row == 1 {
            return found[0].to_string();
        }
        let column = ["L", "M", "N"].iter().position(|c| *c == &found[1]).expect("one of three");
        let text = decide(row)[column].replace('&', "&amp;").replace('<', "&lt;");
        format!(r#"<c r="{}{row}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#, &found[1])
    });
    assert_ne!(filled, sheet, "there are cells to fill in");
    all.insert("xl/worksheets/sheet1.xml".into(), filled.into_owned().into_bytes());
    fs::write(path, pack(&all)).expect("a file");
}

fn words(decision: &str, reason: &str, reviewer: &str) -> [String; 3] {
    [decision, reason, reviewer].map(String::from)
}

fn keep_all(_: u32) -> [String; 3] {
    words("keep", "", "Casey Example")
}

fn read(box_: &Sandbox, file: &str) -> crate::harness::Ran {
    box_.affiant(&["review", "access", "--read", file, "--by", "Casey Example", "--until", "2026-12-26"])
}

#[test]
fn a_review_comes_back_signed_and_is_the_statement_that_the_control_asks_for() {
    let box_ = written();
    let first = fs::read(box_.path().join(FILE)).expect("a workbook");
    box_.affiant(&["review", "access", "again.xlsx"]);
    assert_eq!(first, fs::read(box_.path().join("again.xlsx")).expect("a workbook"), "the same bytes");
    assert_eq!(box_.affiant(&["review", "access"]).code, 5, "a file is never replaced");
    let before = fs::read_to_string(box_.path().join("program/attestations.yaml")).expect("statements");
    fill(&box_.path().join(FILE), &|row| match row {
        3 => words("remove", "=HYPERLINK(\"http://example.com\")", "Casey Example"),
        4 => words("Change", "It reads too much.", "Riley Example"),
        _ => keep_all(row),
    });
    let ran = read(&box_, FILE);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let after = fs::read_to_string(box_.path().join("program/attestations.yaml")).expect("statements");
    for comment in before.lines().filter(|l| l.trim_start().starts_with('#')) {
        assert!(after.contains(comment), "lost: {comment}");
    }
    let words = after.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("change 1, remove 1, unknown 0."), "{after}");
    let folder = box_.path().join("documents");
    let csv = fs::read_to_string(folder.join("access-review-2026-09-30.csv")).expect("the record");
    assert!(csv.contains("\"'=HYPERLINK") && csv.contains("LEFT: Riley Example, left 2026-09-11"), "{csv}");
    let note = folder.join("access-review-2026-09-30.json");
    let json = crate::spine::json(&fs::read_to_string(&note).expect("the note"));
    assert_eq!((json["decided"]["remove"].as_u64(), json["decided"]["change"].as_u64()), (Some(1), Some(1)));
    let lines = csv::Reader::from_reader(csv.as_bytes()).records().count();
    assert_eq!(json["principals"].as_u64(), Some(lines as u64), "the population is whole");
    openssl(&folder, "access-review-2026-09-30.json.p7s", "access-review-2026-09-30.json");
    let lint = box_.affiant(&["lint"]);
    assert!(!lint.err.contains("AFW-075") && !lint.err.contains("AFW-076"), "{}", lint.err);
    // an edit after signing is told, in lint and in the report
    box_.write(
        "program/attestations.yaml",
        after.replacen("access-reviewed\n", "access-reviewed\n    scope: everything\n", 1),
    );
    assert!(box_.affiant(&["lint"]).err.contains("changed after it was signed"));
    box_.write("program/attestations.yaml", &after);
    fs::write(folder.join("access-review-2026-09-30.csv"), "other").expect("a file");
    assert!(box_.affiant(&["lint"]).err.contains("AFW-076"));
}

/// Stock `openssl` finds that the signature holds.
fn openssl(folder: &Path, signature: &str, content: &str) {
    let args = [
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        signature,
        "-content",
        content,
        "-binary",
        "-noverify",
        "-out",
        "/dev/null",
    ];
    let ran = Command::new("openssl").args(args).current_dir(folder).output().expect("openssl");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn what_was_to_be_removed_and_is_still_there_is_a_finding_of_the_next_quarter() {
    let box_ = written();
    fill(&box_.path().join(FILE), &|row| {
        if row == 3 { words("remove", "Left.", "Casey Example") } else { keep_all(row) }
    });
    let ran = read(&box_, FILE);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    // nothing is held against anybody on the day of the review itself
    let today = box_.affiant(&["risks", "list", "--format", "json"]).out;
    assert!(!today.contains("is still there"), "{today}");
    let later = |args: &[&str]| box_.affiant_with(args, &[("AFFIANT_PINNED_CLOCK", "2026-12-31T12:00:00Z")]);
    let collected = later(&["collect", "--snapshot", &crate::harness::sample(1).display().to_string()]);
    assert!(collected.code == 0 || collected.code == 3, "{}", collected.err);
    let list = later(&["risks", "list", "--format", "json"]).out;
    assert!(list.contains("is still there"), "{list}");
    let made = later(&["package", "--draft"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let zip = made.out.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named");
    let page =
        fs::read_to_string(PathBuf::from(zip.trim()).with_extension("").join("data/report/index.html"))
            .expect("a page");
    for part in ["Signed by the workspace", "is still there", "It is to be removed."] {
        assert!(page.contains(part), "`{part}` is not on the page");
    }
    assert_eq!(later(&["verify", zip.trim(), "--recompute"]).code, 3, "whole, and who sealed is not known");
    let second = later(&["review", "access"]);
    assert!(
        second.err.contains("NOT CARRIED OUT") && second.err.contains("1 decisions not carried out"),
        "{}",
        second.err
    );
    let shown = parts(&box_.path().join("access-review-2026-12-31.xlsx"));
    let strings = String::from_utf8_lossy(&shown["xl/sharedStrings.xml"]).into_owned();
    assert!(
        strings.contains("as on 2026-09-30 (keep)")
            && strings.contains("documents/access-review-2026-09-30.csv")
    );
}

/// Each fault alone: what is told, with sheet and cell, and nothing is kept.
#[test]
fn what_is_about_other_people_or_undecided_is_refused() {
    let box_ = written();
    let blank = fs::read(box_.path().join(FILE)).expect("a workbook");
    let tried = |name: &str, decide: &dyn Fn(u32) -> [String; 3], spoil: &dyn Fn(String) -> String| {
        let path = box_.write(name, &blank);
        fill(&path, decide);
        let mut all = parts(&path);
        let sheet = String::from_utf8(all["xl/worksheets/sheet1.xml"].clone()).expect("XML");
        all.insert("xl/worksheets/sheet1.xml".into(), spoil(sheet).into_bytes());
        fs::write(&path, pack(&all)).expect("a file");
        read(&box_, name).exits(2).err
    };
    let same = |sheet: String| sheet;
    let row = |sheet: &str, n: u32| {
        let from = sheet.find(&format!("<row r=\"{n}\"")).expect("the row");
        (from, from + sheet[from..].find("</row>").expect("its end") + "</row>".len())
    };
    let gone = tried("gone.xlsx", &keep_all, &|s| {
        let (from, to) = row(&s, 5);
        format!("{}{}", &s[..from], &s[to..])
    });
    assert!(gone.contains("1 of ") && gone.contains("are missing"), "{gone}");
    let other = tried("other.xlsx", &keep_all, &|s| {
        regex::Regex::new(r#"<c r="A5"[^>]*>.*?</c>"#)
            .expect("a pattern")
            .replace(
                &s,
                r#"<c r="A5" t="inlineStr"><is><t>arn:aws:iam::111122223333:user/nobody</t></is></c>"#,
            )
            .into_owned()
    });
    assert!(other.contains("cell A5: `arn:aws:iam::111122223333:user/nobody` is not among"), "{other}");
    let fact = tried("fact.xlsx", &keep_all, &|s| {
        regex::Regex::new(r#"<c r="G3"[^>]*>.*?</c>"#)
            .expect("a pattern")
            .replace(&s, r#"<c r="G3" t="inlineStr"><is><t>yes, of course</t></is></c>"#)
            .into_owned()
    });
    assert!(fact.contains("cell G3: `MFA`"), "{fact}");
    let leaver = tried("leaver.xlsx", &keep_all, &|s| {
        regex::Regex::new(r#"<c r="J3"[^>]*>.*?</c>"#)
            .expect("a pattern")
            .replace(&s, r#"<c r="J3" t="inlineStr"><is><t>fine</t></is></c>"#)
            .into_owned()
    });
    assert!(leaver.contains("cell J3"), "{leaver}");
    let formula = tried("formula.xlsx", &keep_all, &|s| {
        s.replacen("</row>", "<c r=\"K2\" t=\"str\"><f>1+1</f><v>2</v></c></row>", 1)
    });
    assert!(formula.contains("formula"), "{formula}");
    let unsaid = tried("unsaid.xlsx", &|row| if row == 7 { words("", "", "") } else { keep_all(row) }, &same);
    assert!(
        unsaid.contains("cell L7: nothing is decided") && unsaid.contains("cell N7: nobody is named"),
        "{unsaid}"
    );
    let word =
        tried("word.xlsx", &|row| if row == 7 { words("retain", "", "C") } else { keep_all(row) }, &same);
    assert!(word.contains("cell L7: `retain` is not a decision"), "{word}");
    let why =
        tried("why.xlsx", &|row| if row == 7 { words("remove", " ", "C") } else { keep_all(row) }, &same);
    assert!(why.contains("cell M7: `remove` has no reason"), "{why}");
    assert!(read(&box_, "affiant.yaml").exits(2).err.contains("AFU-046"));
    let kept: Vec<PathBuf> =
        fs::read_dir(box_.path().join("documents")).expect("documents").flatten().map(|e| e.path()).collect();
    assert!(
        !kept.iter().any(|p| p.to_string_lossy().contains("access-review-2026-09-30")),
        "nothing is kept: {kept:?}"
    );
}

/// openpyxl and, where it is installed, LibreOffice open the workbook, fill it in and write it anew.
#[test]
fn other_programs_carry_it_round() {
    let python = std::env::var("AFFIANT_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let has =
        Command::new(&python).args(["-c", "import openpyxl"]).output().is_ok_and(|ran| ran.status.success());
    let box_ = written();
    let script = box_.write("fill.py", PYTHON);
    let target = box_.path().join("filled.xlsx");
    if has {
        let ran =
            Command::new(&python).args([&script, &box_.path().join(FILE), &target]).output().expect("Python");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let ran = read(&box_, "filled.xlsx");
        assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    } else {
        println!("openpyxl is not here");
        fs::copy(box_.path().join(FILE), &target).expect("a copy");
        fill(&target, &keep_all);
    }
    let office = Command::new("soffice")
        .args(["--headless", "--convert-to", "xlsx", "--outdir", "office", "filled.xlsx"])
        .current_dir(box_.path())
        .output();
    match office {
        Ok(ran) if ran.status.success() => {
            let ran = read(&box_, "office/filled.xlsx");
            assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
        }
        Ok(_) | Err(_) => println!("LibreOffice is not here"),
    }
}

/// A workspace with assignments of Identity Center; `named` adds the identity store. Its review, as the
/// texts of the workbook.
fn center(named: bool) -> (Sandbox, String) {
    let box_ = Sandbox::default();
    box_.write(
        "affiant.yaml",
        "format: affiant.workspace/1\norganization: { name: Example Clinic, role: covered entity, \
         system: Records }\nperiod: { label: 2026-Q3, start: 2026-07-01, end: 2026-09-30 }\naccounts:\n  \
         - { id: \"111122223333\", name: clinic }\nregions: [us-east-1]\n",
    );
    box_.write("documents/leavers.csv", "name,left\nJordan Example,2026-09-11\n");
    let answer = |place: &str, body: &str| {
        drop(box_.write(&format!("in/aws/111122223333/aws-global/{place}.json"), body))
    };
    let set = r#""PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1""#;
    answer(
        "sso-admin/ListInstances",
        concat!(
            r#"{"Instances": [{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "#,
            r#""IdentityStoreId": "d-0123456789"}]}"#,
        ),
    );
    answer(
        "sso-admin/DescribePermissionSet/ps-1",
        &format!(r#"{{"PermissionSet": {{{set}, "Name": "Clinician"}}}}"#),
    );
    let to = |kind: &str, id: &str| {
        format!(r#"{{"AccountId": "111122223333", {set}, "PrincipalType": "{kind}", "PrincipalId": "{id}"}}"#)
    };
    let both = format!(r#"{{"AccountAssignments": [{}, {}]}}"#, to("GROUP", "g-1"), to("USER", "u-2"));
    answer("sso-admin/ListAccountAssignments/111122223333-ps-1", &both);
    if named {
        let user = |id: &str, name: &str, shown: &str, more: &str| {
            format!(
                "{{\"UserId\": \"{id}\", \"UserName\": \"{name}\", \"DisplayName\": \"{shown}\", \
                 \"IdentityStoreId\": \"d-0123456789\"{more}}}"
            )
        };
        let private = concat!(
            r#", "Emails": [{"Value": "kept.nowhere@example.com"}], "#,
            r#""PhoneNumbers": [{"Value": "kept nowhere"}]"#,
        );
        let users = [
            user("u-1", "je4711", "Jordan Example", private),
            user("u-2", "riley", "riley", r#", "UserStatus": "DISABLED""#),
        ];
        answer("identitystore/ListUsers/d-0123456789", &format!(r#"{{"Users": [{}]}}"#, users.join(",")));
        answer(
            "identitystore/ListGroups/d-0123456789",
            r#"{"Groups": [{"GroupId": "g-1", "DisplayName": "clinicians"}]}"#,
        );
        answer(
            "identitystore/ListGroupMemberships/g-1",
            r#"{"GroupMemberships": [{"GroupId": "g-1", "MemberId": {"UserId": "u-1"}}]}"#,
        );
    }
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let ran = box_.affiant(&["review", "access"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let texts =
        String::from_utf8(parts(&box_.path().join(FILE))["xl/sharedStrings.xml"].clone()).expect("XML");
    (box_, texts)
}

#[test]
fn people_of_identity_center_have_names_where_they_were_read_and_ids_where_not() {
    let (box_, texts) = center(true);
    for part in [
        "je4711 (Jordan Example)",
        "a person; in the group clinicians with permission set Clinician in 111122223333",
        "1 person is in the group: je4711 (Jordan Example); assigned permission set Clinician",
        "LEFT: Jordan Example, left 2026-09-11",
        "DISABLED in Identity Center; assigned permission set Clinician",
    ] {
        assert!(texts.contains(part), "`{part}` is missing: {texts}");
    }
    for (name, bytes) in crate::harness::files(&box_.path().join("evidence")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(
            !text.contains("kept.nowhere") && !text.contains("kept nowhere"),
            "{name} holds more of a person than a name"
        );
    }
    let (_, texts) = center(false);
    for part in [
        "g-1 (its name was not read)",
        "who is in the group was not read; assigned permission set Clinician",
        "u-2 (its name was not read)",
    ] {
        assert!(texts.contains(part), "`{part}` is missing: {texts}");
    }
    assert!(
        !texts.contains("LEFT:") && texts.contains("identitystore:ListUsers"),
        "the gap is named: {texts}"
    );
}

#[test]
fn a_sample_is_drawn_by_its_seed_from_the_whole_population() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let draw = |stem: &str, seed: &str, size: &str| {
        let ran = box_.affiant(&[
            "review",
            "sample",
            "encryption-at-rest",
            "--seed",
            seed,
            "--size",
            size,
            "--output",
            stem,
        ]);
        assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
        assert!(ran.err.contains(&format!("seed {seed}")), "{}", ran.err);
        fs::read_to_string(box_.path().join(format!("{stem}.csv"))).expect("the record")
    };
    let (first, again, other) =
        (draw("a", "2026 AB", "3"), draw("b", "2026 AB", "3"), draw("c", "2027", "3"));
    assert_eq!(first, again, "the same seed");
    let books = ["a.xlsx", "b.xlsx"].map(|name| fs::read(box_.path().join(name)).expect("a workbook"));
    assert_eq!(books[0], books[1], "the same bytes");
    let drawn = |csv: &str| -> Vec<(String, String)> {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows = reader.records().map(|r| r.expect("a row"));
        rows.filter(|r| !r[3].is_empty()).map(|r| (r[0].to_string(), r[5].to_string())).collect()
    };
    assert_ne!(drawn(&first), drawn(&other));
    // the population of each check is what the assessment counts, and the rank is as the words say
    let data = crate::spine::json(&box_.affiant(&["assess", "--format", "json"]).out);
    let control = data["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .find(|c| c["id"] == "encryption-at-rest")
        .expect("the control")
        .clone();
    let mut reader = csv::Reader::from_reader(first.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
    for check in control["checks"].as_array().expect("checks") {
        let all = rows.iter().filter(|r| &r[0] == check["id"].as_str().expect("an id"));
        let (inside, outside): (Vec<_>, Vec<_>) = all.partition(|r| !r[8].starts_with("excluded"));
        assert_eq!(check["rows_total"].as_u64(), Some(inside.len() as u64), "{}", check["id"]);
        assert_eq!(check["excluded"].as_u64(), Some(outside.len() as u64), "{}", check["id"]);
        assert_eq!(
            inside.iter().filter(|r| !r[3].is_empty()).count(),
            inside.len().min(3),
            "{}",
            check["id"]
        );
    }
    let row = rows.first().expect("a row");
    let text = format!("{}\n{}\n{}\n{}\n{}\n", &row[2], &row[0], &row[6], &row[7], &row[5]);
    assert_eq!(affiant::model::Digest::of(text.as_bytes()).to_string(), &row[4]);
    let wrong = box_.affiant(&["review", "sample", "encryption-at-rset"]).exits(2).err;
    assert!(wrong.contains("encryption-at-rest"), "{wrong}");
}

#[test]
fn a_statement_is_attested_in_place_and_an_unknown_one_is_not() {
    let box_ = Sandbox::default().workspace();
    let file = || fs::read_to_string(box_.path().join("program/attestations.yaml")).expect("statements");
    let before = file();
    let wrong = box_.affiant(&["attest", "root-custdy", "--by", "Casey Example"]).exits(2).err;
    assert!(wrong.contains("did you mean `root-custody`"), "{wrong}");
    let far = ["attest", "root-custody", "--by", "Casey Example", "--file", "affiant.yaml"];
    assert!(box_.affiant(&far).exits(2).err.contains("documents/"));
    let early = ["attest", "root-custody", "--by", "Casey Example", "--until", "2026-01-01"];
    assert!(box_.affiant(&early).exits(2).err.contains("before the day"));
    assert!(
        box_.affiant(&["attest", "root-custody", "--by", "<name>"]).exits(2).err.contains("names nobody")
    );
    assert_eq!(file(), before, "nothing was written");
    let args = [
        "attest",
        "root-custody",
        "--by",
        "Casey Example",
        "--scope",
        "account 111122223333",
        "--next-review",
        "2027-03-01",
    ];
    box_.affiant(&[&args[..], &["--file", "documents/access-control-policy.md"]].concat()).exits(0);
    let after = file();
    assert!(
        after
            .lines()
            .filter(|l| l.trim_start().starts_with('#'))
            .eq(before.lines().filter(|l| l.trim_start().starts_with('#')))
    );
    for part in [
        "scope: account 111122223333",
        "next_review: 2027-03-01",
        "sha256: ",
        "supersedes:",
        "signatures:",
        "role: seal",
    ] {
        assert!(after.contains(part), "`{part}` is missing:\n{after}");
    }
    let others = |text: &str| {
        text.split("  - id: ")
            .filter(|e| !e.starts_with("root-custody"))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&after), "no other entry changed");
    // folding the text anew is no change; another word is
    let lint = || box_.affiant(&["lint"]).err;
    assert!(!lint().contains("AFW-075"), "{}", lint());
    box_.write(
        "program/attestations.yaml",
        after.replacen("scope: account 111122223333", "scope: >-\n      account\n      111122223333", 1),
    );
    assert!(!lint().contains("AFW-075"), "{}", lint());
    box_.write(
        "program/attestations.yaml",
        after.replacen("scope: account 111122223333", "scope: account 444455556666", 1),
    );
    assert!(lint().contains("`root-custody` was changed after it was signed"), "{}", lint());
    box_.write("program/attestations.yaml", &before);
    box_.affiant(&["attest", "root-custody", "--by", "Casey Example", "--unsigned"]).exits(0);
    assert!(!file().contains("signatures:"));
}

const PYTHON: &str = r#"import sys
from openpyxl import load_workbook
book = load_workbook(sys.argv[1])
sheet = book["Principals"]
lists = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
assert lists and "keep,change,remove,unknown" in lists[0].formula1, lists
for row in sheet.iter_rows(min_row=2):
    assert all(c.data_type != "f" for c in row)
    row[11].value, row[12].value, row[13].value = "keep", None, "Casey Example"
book.save(sys.argv[2])
"#;
