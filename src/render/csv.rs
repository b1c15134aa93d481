//! Tables of the dossier as CSV (RFC 4180): the risk register and the crosswalk, for people who keep them in a spreadsheet.

use crate::diag::safe_cell;
use crate::model::decisions::RiskScore;
use crate::model::dossier::Dossier;

const RISKS: [&str; 27] = [
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
    "confirmed",
    "owner",
    "treatment",
    "plan",
    "due",
    "next_review",
    "threat_source",
    "threat_event",
    "vulnerability",
    "inherent",
    "target",
    "accepted_by",
    "accepted_until",
    "rationale",
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
            r.confirmed.clone(),
            r.owner.clone(),
            r.treatment.clone(),
            r.plan.clone(),
            r.due.clone(),
            r.decided.next_review.clone(),
            r.decided.threat_source.clone(),
            r.decided.threat_event.clone(),
            r.decided.vulnerability.clone(),
            score(&r.decided.inherent),
            score(&r.decided.target),
            r.acceptance.as_ref().map(|a| a.approver.clone()).unwrap_or_default(),
            r.acceptance.as_ref().map(|a| a.expires.clone()).unwrap_or_default(),
            r.rationale.clone(),
        ];
        writer.write_record(cells.map(|c| safe_cell(&c))).expect(memory);
    }
    writer.into_inner().expect(memory)
}

fn score(score: &Option<RiskScore>) -> String {
    score.as_ref().map(|s| format!("{} x {}", s.likelihood, s.impact)).unwrap_or_default()
}

const CROSSWALK: [&str; 16] = [
    "citation",
    "title",
    "family",
    "status",
    "asks",
    "evidence_modes",
    "controls",
    "verdict_of_controls",
    "policy",
    "implementation",
    "review",
    "evidence_here",
    "missing",
    "sp_800_53r5_by_sp_800_66r2",
    "sp_800_53r5_added",
    "responsibility",
];

/// `data/tables/crosswalk.csv`: a row a standard or specification of 45 CFR 164.308 to 164.316.
pub fn crosswalk(dossier: &Dossier) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(CROSSWALK).expect(memory);
    for r in &dossier.crosswalk {
        let cells = [
            r.citation.clone(),
            r.title.clone(),
            r.family.clone(),
            r.status.clone(),
            r.paraphrase.clone(),
            r.modes.join(", "),
            r.controls.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(" "),
            r.verdict.map(|v| v.as_str().to_string()).unwrap_or_default(),
            r.policy.join(" "),
            r.implementation.join(" "),
            r.review.join(" "),
            r.evidence.clone(),
            r.missing.clone(),
            r.nist.join(" "),
            r.nist_added.join(" "),
            r.responsibility.clone(),
        ];
        writer.write_record(cells.map(|c| safe_cell(&c))).expect(memory);
    }
    writer.into_inner().expect(memory)
}
