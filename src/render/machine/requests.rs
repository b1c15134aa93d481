//! What an auditor asks for, one file and one index row a request, as programs for governance and compliance
//! take evidence in: a request for each control, and one for each of its checks that judged something. The
//! index gives the evidence's own days apart from the day of the export.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

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

/// One row of `data/tables/result.csv`, as far as requests show it.
#[derive(Deserialize)]
pub struct RequestRow {
    check_id: String,
    resource: String,
    account: String,
    region: String,
    verdict: String,
    reason: String,
    excluded: String,
    as_of: String,
}

impl RequestRow {
    fn cells(&self) -> [&str; 8] {
        [
            &self.check_id,
            &self.resource,
            &self.account,
            &self.region,
            &self.verdict,
            &self.reason,
            &self.excluded,
            &self.as_of,
        ]
    }
}

/// The rows of `data/tables/result.csv`: all of them, or an error.
pub fn rows(csv: &[u8]) -> Result<Vec<RequestRow>, csv::Error> {
    csv::Reader::from_reader(csv).deserialize().collect()
}

/// The folder `requests/`: the index, and a file for each control and each check with rows.
pub fn files(handed: &Handed<'_>, rows: &[RequestRow]) -> Vec<MachineFile> {
    let mut by_check: BTreeMap<&str, Vec<&RequestRow>> = BTreeMap::new();
    for row in rows {
        by_check.entry(&row.check_id).or_default().push(row);
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
    let lines = std::iter::once(ROW).chain(rows.iter().map(|row| row.cells()));
    let file = made(path, table(lines.map(|line| line.into_iter())));
    // in the order of the list of exhibits
    let exhibits: Vec<_> =
        handed.dossier.evidence.iter().filter(|exhibit| asked.exhibits.contains(&exhibit.id)).collect();
    let days: BTreeSet<&str> = exhibits
        .iter()
        .map(|exhibit| exhibit.collected_at.get(..10).unwrap_or_default())
        .filter(|day| !day.is_empty())
        .collect();
    let count = |verdict: &str| {
        rows.iter().filter(|row| row.verdict == verdict && row.excluded == "0").count().to_string()
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
