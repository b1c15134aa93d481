//! A buyer's workbook is filled in place: what may be written is, in the cell's own words; what may not is
//! told; and every part beside keeps its bytes.

mod fixture;

use std::collections::BTreeMap;
use std::fs;

use affiant::model::answers::{AnswerSheet, AnswerWord, SHEET};
use affiant::model::workbook_map::WorkbookMap;
use affiant::pipeline::answer::questions;
use affiant::pipeline::answer_workbook::{FilledWorkbook, RowFate, WorkbookFile};
use affiant::pipeline::earlier::EarlierPicks;
use affiant::store::workbook::{Barrier, BuyerWorkbook, CellPlace, CellValue, Takes};

use crate::answer::Ground;
use crate::harness::{NOW, Sandbox};
use crate::machine::exported;
use fixture::{packed, parts, text, with, zipped};

/// What a person picks in the fixture, by the beginning of the question.
const PICKS: [(&str, &str); 9] = [
    ("Is multi-factor", "mfa"),
    ("Do you sign", "baa"),
    ("Do you support single", "sso"),
    ("How long are audit", "log-protection"),
    ("Do you have a tested", "incident-plan"),
    ("Is a web app", "network-defense"),
    ("Do you keep a risk", "risk-register"),
    ("Background screening", "background-checks"),
    ("How often are", "backups"),
];

fn sheet_of(sample: bool) -> AnswerSheet {
    AnswerSheet {
        format: SHEET.into(),
        organization: "Example Health".into(),
        package: "p".into(),
        package_manifest: String::new(),
        sample,
        draft: false,
        answered_on: NOW[..10].into(),
        digest: String::new(),
        approved: None,
        answers: Ground::sample().on(&NOW[..10]),
        aws: None,
    }
}

fn picked(map: &mut WorkbookMap) {
    for row in map.sheets.iter_mut().flat_map(|sheet| &mut sheet.rows) {
        if let Some((_, pick)) = PICKS.iter().find(|(start, _)| row.text.starts_with(start)) {
            row.pick = (*pick).into();
        }
    }
    map.confirmed_by = "Casey Example".into();
}

fn proposed(bytes: &[u8]) -> (WorkbookFile, WorkbookMap) {
    let file = WorkbookFile::read("buyer.xlsm", bytes).expect("a workbook");
    let map = file.proposed(&questions().expect("our questions"), &EarlierPicks::default()).expect("a map");
    (file, map)
}

fn place(text: &str) -> CellPlace {
    CellPlace::parse(text).expect("a place")
}

fn cell(bytes: &[u8], sheet: &str, at: &str) -> String {
    let book = BuyerWorkbook::read(bytes).expect("a workbook");
    book.sheets[book.sheet(sheet).expect("the sheet")].text(place(at)).to_string()
}

fn fate(filled: &FilledWorkbook, sheet: &str, at: &str) -> (RowFate, String) {
    let row = filled
        .rows
        .iter()
        .find(|row| row.sheet == sheet && row.cell == at)
        .unwrap_or_else(|| panic!("{sheet}!{at} is not told"));
    (row.fate, row.why.clone())
}

#[test]
fn sheets_and_columns_are_guessed_and_shown() {
    let (_, map) = proposed(&zipped(&parts()));
    let [security, access, lists, hidden] = map.sheets.as_slice() else { panic!("four sheets") };
    let letters = |sheet: &affiant::model::workbook_map::MappedSheet| {
        let c = &sheet.columns;
        [&c.id, &c.question, &c.answer, &c.comment, &c.evidence].map(|s| s.as_str().to_string()).join(",")
    };
    assert_eq!((security.header, letters(security).as_str(), security.fill), (4, "A,B,C,D,E", true));
    assert_eq!(
        (access.header, letters(access).as_str(), access.heads.answer.as_str()),
        (1, "A,B,C,D,", "Vendor response")
    );
    assert_eq!((lists.fill, lists.hidden, lists.columns.answer.as_str()), (false, true, ""));
    assert_eq!(
        (hidden.fill, hidden.hidden, hidden.rows.len()),
        (false, true, 1),
        "a hidden sheet is not filled unless the map says so"
    );
    let rows: Vec<(u32, &str, bool)> =
        security.rows.iter().map(|row| (row.row, row.id.as_str(), row.hidden)).collect();
    assert_eq!(
        rows,
        [
            (5, "SEC-01", false),
            (6, "SEC-02", false),
            (10, "", true),
            (11, "", false),
            (13, "", false),
            (14, "", false),
            (18, "", false)
        ]
    );
    assert_eq!(
        security.rows[0].text, "Is multi-factor authentication required for administrators?",
        "the cached value of a formula"
    );
    assert_eq!(security.rows[1].text, "Do you sign a business associate agreement?", "runs of rich text");
    let left: Vec<&str> = security.left.iter().map(|told| told.split(':').next().expect("a cell")).collect();
    assert_eq!(left, ["C7", "C8", "C9", "C12", "C16", "C17"]);
    assert!(
        map.sheets.iter().flat_map(|s| &s.rows).all(|row| row.pick.is_empty() && row.proposals.len() <= 3),
        "no score picks"
    );
    let takes: Vec<String> = map.lists.iter().map(|list| list.takes.join("|")).collect();
    assert_eq!(takes, ["Yes|No|N/A", "1|2|3|4|5", "Yes|Partially|No", "Yes|No|Partial|N/A"]);
    assert_eq!(
        (
            map.lists[0].words.partial.as_str(),
            map.lists[2].words.partial.as_str(),
            map.lists[1].words.yes.as_str()
        ),
        ("", "Partially", "")
    );
}

#[test]
fn answers_go_where_they_may_and_all_else_keeps_its_bytes() {
    let before = zipped(&parts());
    let (file, mut map) = proposed(&before);
    picked(&mut map);
    map.lists[1].words.yes = "5".into();
    map.lists[1].words.partial = "3".into();
    let sheet = sheet_of(false);
    let filled = file.filled(&map, &sheet).expect("filled");
    let word = |id: &str| sheet.answers.iter().find(|a| a.id == id).expect("a question").answer;
    assert_eq!(
        (word("mfa"), word("baa"), word("network-defense")),
        (AnswerWord::Partial, AnswerWord::Yes, AnswerWord::Partial)
    );
    assert_eq!(fate(&filled, "Security", "C5").0, RowFate::WithoutWord, "the list has no word for partial");
    assert_eq!(
        (fate(&filled, "Security", "C6").0, cell(&filled.bytes, "Security", "C6").as_str()),
        (RowFate::Filled, "Yes")
    );
    assert!(cell(&filled.bytes, "Security", "D6").contains("addendum"));
    assert_eq!(cell(&filled.bytes, "Security", "C14"), "Partially", "a name stands for the list");
    for (at, why) in [
        ("C7", "formula"),
        ("C8", "formula"),
        ("C9", "locked"),
        ("C10", "hidden"),
        ("C12", "merged"),
        ("C16", "holds"),
        ("C17", "formula"),
        ("C18", "rule"),
    ] {
        let (fate, told) = fate(&filled, "Security", at);
        assert!(fate == RowFate::Left && told.contains(why), "{at}: {fate:?} {told}");
    }
    let xml = text(&filled.bytes, "xl/worksheets/sheet1.xml");
    assert!(xml.contains("<c r=\"C13\" s=\"1\"><v>"), "a number of the list stays a number");
    assert!(
        xml.contains(
            "<c r=\"C6\" s=\"2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">Yes</t></is></c>\
             <c r=\"D6\" s=\"1\" t="
        ),
        "{xml}"
    );
    assert!(xml.contains("r=\"C14\" s=\"1\""), "the format of the column");
    let original = text(&before, "xl/worksheets/sheet1.xml");
    let tail = |xml: &str| xml.split("</sheetData>").nth(1).expect("what is behind the rows").to_string();
    assert_eq!(tail(&xml), tail(&original), "protection, merges, both kinds of validation");
    assert!(
        text(&filled.bytes, "xl/workbook.xml").contains("<calcPr calcId=\"191029\" fullCalcOnLoad=\"1\"/>")
    );
    let (was, is) = (packed(&before), packed(&filled.bytes));
    let changed: Vec<&String> = was.keys().filter(|name| was[*name] != is[*name]).collect();
    assert_eq!(changed, ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"]);
    assert_eq!(was.keys().collect::<Vec<_>>(), is.keys().collect::<Vec<_>>());
}

#[test]
fn a_hidden_row_is_filled_where_the_map_says_so_and_a_short_cell_takes_no_long_text() {
    let (file, mut map) = proposed(&zipped(&parts()));
    picked(&mut map);
    map.sheets[0].fill_hidden = true;
    map.words.unknown = "Not known".into();
    let filled = file.filled(&map, &sheet_of(false)).expect("filled");
    assert_ne!(fate(&filled, "Security", "C10").0, RowFate::Left);
    let (became, why) = fate(&filled, "Access", "C2");
    assert!(became == RowFate::WithoutWord || why.contains("D2"), "{became:?} {why}");
    assert_eq!(cell(&filled.bytes, "Access", "D2"), "", "40 characters are all that it takes");
}

#[test]
fn what_is_no_yes_cannot_be_mapped_to_one() {
    let (file, mut map) = proposed(&zipped(&parts()));
    picked(&mut map);
    let said = |map: &WorkbookMap| {
        let text = affiant::render::answers::block(&serde_json::to_value(map).expect("a map"));
        file.map("map.yaml", text.as_bytes()).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(said(&map), Ok(()));
    map.lists[0].words.unknown = "yes".into();
    assert!(said(&map).expect_err("refused").contains("AFU-040"));
    map.lists[0].words.unknown = String::new();
    map.confirmed_by = " ".into();
    assert!(said(&map).expect_err("refused").contains("AFU-035"));
    map.confirmed_by = "Casey Example".into();
    map.lists[0].words.yes = "Perhaps".into();
    let error = file.filled(&map, &sheet_of(false)).err().expect("refused").to_string();
    assert!(error.contains("AFU-038"), "{error}");
}

#[test]
fn a_draft_fills_no_drop_down_that_cannot_be_told_from_an_approved_one() {
    let (file, mut map) = proposed(&zipped(&parts()));
    picked(&mut map);
    let filled = file.filled(&map, &sheet_of(true)).expect("filled");
    assert!(cell(&filled.bytes, "Security", "D6").starts_with("SAMPLE: "));
    map.sheets[0].columns.comment.clear();
    map.sheets[0].columns.evidence.clear();
    let filled = file.filled(&map, &sheet_of(true)).expect("filled");
    let (fate, why) = fate(&filled, "Security", "C6");
    assert!(fate == RowFate::Left && why.contains("DRAFT or SAMPLE"), "{fate:?} {why}");
    assert!(
        cell(&filled.bytes, "Security", "C11").starts_with("SAMPLE: "),
        "a cell that takes any text says it itself"
    );
}

/// A scale whose lowest value stands in every cell before anybody answers.
#[test]
fn what_stands_before_anybody_answers_is_written_over_where_a_person_says_so() {
    let row = |n: u32| {
        format!(
            "<row r=\"{n}\"><c r=\"B{n}\" t=\"inlineStr\"><is><t>Is multi-factor authentication required for \
             administrators? ({n})</t></is></c><c r=\"C{n}\"><v>1</v></c></row>"
        )
    };
    let bytes = with("xl/worksheets/sheet2.xml", |text| {
        let (head, rest) = text.split_once("<row r=\"2\">").expect("rows");
        let (_, tail) = rest.split_once("</sheetData>").expect("an end");
        let rows: String = (2..6).map(row).collect();
        format!(
            "{head}{rows}</sheetData>{}",
            tail.replace("Yes,No,Partial,N/A", "1,2,3").replace("C2:C4", "C2:C5")
        )
    });
    let (file, mut map) = proposed(&bytes);
    let at = map.sheets.iter().position(|sheet| sheet.sheet == "Access").expect("the sheet");
    let told = &map.sheets[at];
    assert_eq!((told.unanswered.as_str(), told.fill, told.rows.len(), told.left.len()), ("1", false, 4, 0));
    map.sheets.iter_mut().for_each(|sheet| sheet.fill = sheet.sheet == "Access");
    map.sheets[at].rows.iter_mut().for_each(|row| row.pick = "none".into());
    map.sheets[at].rows[0].pick = "mfa".into();
    map.confirmed_by = "Casey Example".into();
    let list = map.lists.iter_mut().find(|list| list.takes == ["1", "2", "3"]).expect("the scale");
    (list.words.no, list.words.partial, list.words.yes) = ("1".into(), "2".into(), "3".into());
    let filled = file.filled(&map, &sheet_of(false)).expect("filled");
    assert_eq!(
        (cell(&filled.bytes, "Access", "C2"), cell(&filled.bytes, "Access", "C3")),
        ("2".into(), "1".into())
    );
    assert!(text(&filled.bytes, "xl/worksheets/sheet2.xml").contains("<c r=\"C2\"><v>2</v></c>"), "a number");
    map.sheets[at].unanswered.clear();
    let filled = file.filled(&map, &sheet_of(false)).expect("filled");
    let (fate, why) = fate(&filled, "Access", "C2");
    assert!(fate == RowFate::Left && why.contains("holds something"), "{fate:?} {why}");
}

#[test]
fn cells_and_rows_that_are_not_there_are_made_in_order() {
    let before = zipped(&parts());
    let book = BuyerWorkbook::read(&before).expect("a workbook");
    let access = book.sheet("Access").expect("the sheet");
    let values: BTreeMap<(usize, CellPlace), CellValue> = ["A3", "B7", "C2", "D2", "F9", "C3"]
        .into_iter()
        .map(|at| ((access, place(at)), CellValue::Text(format!("=1+1 <{at}>"))))
        .collect();
    let after = book.written(&values).expect("written");
    let xml = text(&after, "xl/worksheets/sheet2.xml");
    let at = |part: &str| xml.find(part).unwrap_or_else(|| panic!("{part} is not in {xml}"));
    let order = [
        "r=\"A2\"",
        "r=\"B2\"",
        "r=\"C2\"",
        "r=\"D2\"",
        "<row r=\"3\">",
        "r=\"A3\"",
        "r=\"C3\"",
        "<row r=\"4\"",
        "<row r=\"7\">",
        "<row r=\"9\">",
        "</sheetData>",
    ];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{xml}");
    assert!(!xml.contains("<f>"), "what begins with = is text");
    for place in values.keys().map(|(_, place)| place.to_string()) {
        assert_eq!(cell(&after, "Access", &place), format!("=1+1 <{place}>"));
    }
    let security = book.sheet("Security").expect("the sheet");
    for (at, barrier) in [
        ("C7", Barrier::Formula),
        ("C9", Barrier::Locked),
        ("C12", Barrier::Merged),
        ("C16", Barrier::Occupied),
        ("A20", Barrier::Locked),
    ] {
        assert_eq!(book.barrier(security, place(at)), Some(barrier), "{at}");
        let one = BTreeMap::from([((security, place(at)), CellValue::Number(1.0))]);
        assert!(book.written(&one).is_err(), "{at} is written by nobody");
    }
    assert_eq!(book.barrier(security, place("C20")), None, "the column's format is unlocked");
    let wide =
        book.written(&BTreeMap::from([((security, place("C20")), CellValue::Number(2.5))])).expect("written");
    assert!(text(&wide, "xl/worksheets/sheet1.xml").contains("<dimension ref=\"A1:E20\"/>"));
}

#[test]
fn a_sheet_in_another_spelling_reads_and_is_written_alike() {
    let prefixed = |xml: &str| {
        let xml = regex::Regex::new(r"<(/?)([a-z]\w*)")
            .expect("a pattern")
            .replace_all(xml, "<${1}m:$2")
            .into_owned();
        format!(
            "\u{feff}{}",
            xml.replace("xmlns=", "xmlns:m=")
                .replace("<m:row r=\"2\">", "<m:row>")
                .replace("<m:c r=\"B2\"", "<m:c")
        )
    };
    let before = with("xl/worksheets/sheet2.xml", prefixed);
    let book = BuyerWorkbook::read(&before).expect("a workbook");
    let access = book.sheet("Access").expect("the sheet");
    assert_eq!(book.sheets[access].text(place("B2")), "Background screening of employees before hire");
    assert!(matches!(book.takes(access, place("C2")), Takes::Words(words) if words.len() == 4));
    let after = book
        .written(&BTreeMap::from([((access, place("C3")), CellValue::Text("Yes".into()))]))
        .expect("written");
    let xml = text(&after, "xl/worksheets/sheet2.xml");
    assert!(
        xml.starts_with('\u{feff}')
            && xml.contains("<m:row r=\"3\"><m:c r=\"C3\" t=\"inlineStr\"><m:is><m:t"),
        "{xml}"
    );
    assert_eq!(cell(&after, "Access", "C3"), "Yes");
}

#[test]
fn hostile_workbooks_are_refused() {
    let refused = |bytes: &[u8]| BuyerWorkbook::read(bytes).err().map(|e| e.to_string()).expect("refused");
    let sheet = "xl/worksheets/sheet2.xml";
    let entity =
        with(sheet, |xml| xml.replacen("<worksheet", "<!DOCTYPE w [<!ENTITY e \"x\">]><worksheet", 1));
    assert!(refused(&entity).contains(sheet));
    assert!(
        refused(&with(sheet, |xml| xml.replace("r=\"4\"", "r=\"4000000000\""))).contains("none of a sheet")
    );
    assert!(
        refused(&with(sheet, |xml| xml.replace("<row r=\"4\">", "<row r=\"2\">"))).contains("stands behind")
    );
    assert!(refused(&with(sheet, |xml| xml.replace("r=\"C4\"", "r=\"A4\""))).contains("out of order"));
    assert!(refused(&with(sheet, |xml| xml.replace("r=\"C4\"", "r=\"C9\""))).contains("stands in row"));
    assert!(
        refused(&with("xl/workbook.xml", |xml| xml.replace("\"Access\"", "\"security\""))).contains("twice")
    );
    let bomb = with("xl/sharedStrings.xml", |xml| {
        xml.replacen("<si>", &format!("<si><t>{}</t></si><si>", " ".repeat(65 << 20)), 1)
    });
    assert!(bomb.len() < 2 << 20 && refused(&bomb).contains("MiB"));
    assert!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on").contains("password"));
    assert!(refused(b"PK\x03\x04").contains("no workbook"));
    let mut twice = parts();
    let again = twice[5].clone();
    twice.push((again.0.to_uppercase(), again.1));
    assert!(refused(&zipped(&twice)).contains("twice"));
    // a list that names itself, and one of a million cells, are not read
    let endless = with("xl/workbook.xml", |xml| xml.replace("Lists!$B$1:$B$3", "Vocabulary"));
    let huge = with("xl/workbook.xml", |xml| xml.replace("Lists!$B$1:$B$3", "Lists!$B$1:$B$1000000"));
    for bytes in [endless, huge] {
        let book = BuyerWorkbook::read(&bytes).expect("a workbook");
        assert!(matches!(book.takes(0, place("C14")), Takes::Unread(_)));
    }
}

#[test]
fn on_the_command_line_nothing_is_filled_before_a_person_confirms() {
    let box_ = Sandbox::default();
    let zip = exported().zip.display().to_string();
    let before = zipped(&parts());
    fs::write(box_.path().join("buyer.xlsm"), &before).expect("a file");
    let answer = |more: &[&str]| {
        box_.affiant(&[&["answer", &zip, "--questionnaire", "buyer.xlsm", "--draft"], more].concat())
    };
    let told = answer(&[]).exits(0);
    assert!(
        told.err.contains("`Security`: heads in row 4; question B `Question`, answer C `Answer`"),
        "{}",
        told.err
    );
    assert!(told.err.contains("`Questions`, hidden"), "{}", told.err);
    let map = fs::read_to_string(box_.path().join("buyer.xlsm.affiant.yaml")).expect("a map beside the file");
    assert!(answer(&["--output", "out"]).exits(2).err.contains("AFU-035"));
    assert!(map.contains("confirmed_by: \"\"") && !map.contains("pick: \"m"), "{map}");
    let (_, mut read) = proposed(&before);
    picked(&mut read);
    let write = |map: &WorkbookMap| {
        let text = affiant::render::answers::block(&serde_json::to_value(map).expect("a map"));
        box_.write("buyer.xlsm.affiant.yaml", text);
    };
    write(&read);
    let told = answer(&["--output", "out"]).exits(3);
    assert!(told.err.contains("rows of the workbook: "), "{}", told.err);
    let after = fs::read(box_.path().join("out/questionnaire-draft.xlsm")).expect("the filled file");
    assert!(cell(&after, "Security", "D6").starts_with("SAMPLE: DRAFT, not approved: "));
    assert_eq!(cell(&after, "Security", "C6"), "Yes");
    assert_eq!(packed(&before)["xl/vbaProject.bin"], packed(&after)["xl/vbaProject.bin"]);
    let report =
        fs::read_to_string(box_.path().join("out/questionnaire-draft-report.csv")).expect("a report");
    assert!(
        report.contains("Security,C9,,,not written,the sheet is protected and the cell is locked"),
        "{report}"
    );
    // the next file with the same question gets the same pick, and may not get another
    fs::write(
        box_.path().join("next.csv"),
        "Question,Answer\nDo you sign a business-associate agreement,\nAnything else?,\n",
    )
    .expect("a file");
    let next = |more: &[&str]| {
        box_.affiant(&[&["answer", &zip, "--questionnaire", "next.csv", "--draft"], more].concat())
    };
    assert!(next(&[]).exits(0).err.contains("1 are picked as in earlier maps"));
    let map = fs::read_to_string(box_.path().join("next.csv.affiant.yaml")).expect("a map");
    assert!(map.contains("pick: \"baa\"") && map.contains("picked_in: \"buyer.xlsm.affiant.yaml\""), "{map}");
    box_.write("next.csv.affiant.yaml", map.replace("pick: \"baa\"", "pick: \"mfa\""));
    assert!(next(&["--output", "next"]).exits(2).err.contains("AFU-039"));
    read.sheets[0].rows[0].text = "Something else?".into();
    write(&read);
    box_.write("next.csv.affiant.yaml", "");
    assert!(answer(&["--output", "moved"]).exits(2).err.contains("AFU-037"));
}
