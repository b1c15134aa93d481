//! What an auditor asks for, one file and one index row a request, as programs for governance and compliance
//! take evidence in: a request for each control, and one for each of its checks that judged something. The
//! index gives the evidence's own days apart from the day of the export.

use std::collections::{BTreeMap, BTreeSet};

use super::{Handed, MachineFile};
use crate::diag::safe_cell;
use crate::model::digest::Digest;
use crate::model::dossier::{CheckReport, ControlReport};

/// The columns of `requests/index.csv`.
const INDEX: [&str; 14] = [
    "request",
    "title",
    "control",
    "citations",
    "file",
    "sha256",
    "evidence_from",
    "evidence_until",
    "verdict",
    "rows",
    "not_met",
    "not_evidenced",
    "exhibits",
    "package",
];

/// The columns of a request's file: of `data/tables/result.csv`, without the SQL's own verdict.
const ROW: [&str; 8] =
    ["check", "resource", "account", "region", "verdict", "reason", "out_of_scope", "as_of"];

/// One row of `data/tables/result.csv`.
pub struct RequestRow {
    pub check: String,
    pub cells: [String; 7],
}

/// The rows of a table in the package; a row that is short counts as one with empty cells.
pub fn rows(csv: &[u8]) -> Vec<RequestRow> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
    let wanted = ["resource", "account", "region", "verdict", "reason", "excluded", "as_of"];
    let header = reader.headers().cloned().unwrap_or_default();
    let places = wanted.map(|name| header.iter().position(|column| column == name));
    let check = header.iter().position(|column| column == "check_id");
    let cell = |record: &csv::StringRecord, at: Option<usize>| {
        at.and_then(|at| record.get(at)).unwrap_or_default().to_string()
    };
    reader
        .records()
        .flatten()
        .map(|record| RequestRow {
            check: cell(&record, check),
            cells: places.map(|place| cell(&record, place)),
        })
        .collect()
}

/// The folder `requests/`: the index, and a file for each control and each check with rows.
pub fn files(handed: &Handed<'_>, rows: &[RequestRow]) -> Vec<MachineFile> {
    let mut by_check: BTreeMap<&str, Vec<&RequestRow>> = BTreeMap::new();
    for row in rows {
        by_check.entry(&row.check).or_default().push(row);
    }
    let mut index = vec![INDEX.map(String::from)];
    let mut files = Vec::new();
    for control in &handed.dossier.controls {
        let stem = format!("requests/{:02}-{}", control.number, control.id);
        let own: Vec<&RequestRow> = control
            .checks
            .iter()
            .flat_map(|check| by_check.get(check.id.as_str()).into_iter().flatten().copied())
            .collect();
        let asked = Request {
            id: control.id.clone(),
            title: control.title.clone(),
            verdict: control.verdict.as_str().to_string(),
            exhibits: control.checks.iter().flat_map(|check| &check.evidence).collect(),
        };
        add(handed, control, &asked, &own, format!("{stem}.csv"), &mut index, &mut files);
        for check in &control.checks {
            let Some(own) = by_check.get(check.id.as_str()) else { continue };
            let asked = Request::of(check);
            add(handed, control, &asked, own, format!("{stem}/{}.csv", check.id), &mut index, &mut files);
        }
    }
    let cells = index.iter().map(|row| row.iter().map(String::as_str));
    files.insert(0, made("requests/index.csv".into(), table(cells)));
    files
}

struct Request<'a> {
    id: String,
    title: String,
    verdict: String,
    exhibits: BTreeSet<&'a String>,
}

impl Request<'_> {
    fn of(check: &CheckReport) -> Request<'_> {
        Request {
            id: check.id.clone(),
            title: check.title.clone(),
            verdict: check.verdict.as_str().to_string(),
            exhibits: check.evidence.iter().collect(),
        }
    }
}

/// One file and its row in the index.
fn add(
    handed: &Handed<'_>,
    control: &ControlReport,
    asked: &Request<'_>,
    rows: &[&RequestRow],
    path: String,
    index: &mut Vec<[String; 14]>,
    files: &mut Vec<MachineFile>,
) {
    let body = rows
        .iter()
        .map(|row| std::iter::once(row.check.as_str()).chain(row.cells.iter().map(String::as_str)).collect());
    let lines: Vec<Vec<&str>> = std::iter::once(ROW.to_vec()).chain(body).collect();
    let file = made(path, table(lines.iter().map(|line| line.iter().copied())));
    // in the order of the list of exhibits
    let exhibits: Vec<_> =
        handed.dossier.evidence.iter().filter(|exhibit| asked.exhibits.contains(&exhibit.id)).collect();
    let days: BTreeSet<&str> = exhibits
        .iter()
        .map(|exhibit| exhibit.collected_at.get(..10).unwrap_or_default())
        .filter(|day| !day.is_empty())
        .collect();
    let count = |verdict: &str| {
        rows.iter().filter(|row| row.cells[3] == verdict && row.cells[5] == "0").count().to_string()
    };
    let citations: Vec<String> = control.citations.iter().map(|c| c.citation.clone()).collect();
    index.push([
        asked.id.clone(),
        asked.title.clone(),
        control.title.clone(),
        citations.join(" "),
        file.path.clone(),
        Digest::of(&file.bytes).to_string(),
        days.first().copied().unwrap_or_default().to_string(),
        days.last().copied().unwrap_or_default().to_string(),
        asked.verdict.clone(),
        rows.len().to_string(),
        count("not met"),
        count("not evidenced"),
        exhibits.iter().map(|exhibit| exhibit.id.as_str()).collect::<Vec<_>>().join(" "),
        handed.dossier.package_id.clone(),
    ]);
    files.push(file);
}

fn made(path: String, bytes: Vec<u8>) -> MachineFile {
    MachineFile { path, format: "CSV, evidence by request", bytes }
}

/// RFC 4180, inert in a spreadsheet.
fn table<'a, L: Iterator<Item = &'a str>>(lines: impl Iterator<Item = L>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    for line in lines {
        writer.write_record(line.map(safe_cell)).expect(memory);
    }
    writer.into_inner().expect(memory)
}
