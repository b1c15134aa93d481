//! Tables of the dossier as CSV (RFC 4180): the risk register, for people who keep it in a spreadsheet.

use crate::diag::safe_cell;
use crate::model::dossier::Dossier;

const RISKS: [&str; 17] = [
    "id",
    "title",
    "status",
    "origin",
    "control",
    "citations",
    "account",
    "asset_class",
    "resources",
    "likelihood",
    "impact",
    "level",
    "suggested",
    "owner",
    "treatment",
    "plan",
    "due",
];

/// `data/tables/risk.csv`.
pub fn risks(dossier: &Dossier) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(RISKS).expect(memory);
    for r in &dossier.risks.rows {
        let cells = [
            r.id.clone(),
            r.title.clone(),
            r.status.clone(),
            r.origin.clone(),
            r.control.clone().unwrap_or_default(),
            r.citations.join(" "),
            r.account.clone(),
            r.asset_class.clone(),
            r.resources.to_string(),
            r.likelihood.clone(),
            r.impact.clone(),
            r.level.clone(),
            r.suggested.to_string(),
            r.owner.clone(),
            r.treatment.clone(),
            r.plan.clone(),
            r.due.clone(),
        ];
        writer.write_record(cells.map(|c| safe_cell(&c))).expect(memory);
    }
    writer.into_inner().expect(memory)
}
