//! Tables of the dossier as CSV (RFC 4180): the risk register and the crosswalk, for people who keep them in
//! a spreadsheet.

use crate::diag::safe_cell;
use crate::model::decisions::RiskScore;
use crate::model::dossier::{Dossier, RiskMember, RiskReport};

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

const RISK_RESOURCES: [&str; 8] =
    ["id", "title", "account", "asset_class", "resource", "first_seen", "last_seen", "in_this_run"];

/// `data/tables/risk-resource.csv`: a row for each resource of a risk, those of earlier runs included. Where
/// a risk has more than are named, a last row counts the rest, which `result.csv` has.
pub fn risk_resources(dossier: &Dossier) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(RISK_RESOURCES).expect(memory);
    for r in &dossier.risks.rows {
        for [resource, first, last, here] in member_rows(r) {
            let cells = [&r.id, &r.title, &r.account, &r.asset_class, &resource, &first, &last, &here];
            writer.write_record(cells.map(|c| safe_cell(c))).expect(memory);
        }
    }
    writer.into_inner().expect(memory)
}

/// Resource, first day, last day, and whether this run shows it. Risks that are not followed from run to run
/// have their resources alone.
pub fn member_rows(risk: &RiskReport) -> Vec<[String; 4]> {
    let plain = |resource: &String| [resource.clone(), String::new(), String::new(), String::new()];
    if risk.members.is_empty() {
        return risk.examples.iter().map(plain).collect();
    }
    let told = |time: &str| if time.is_empty() { "not known".to_string() } else { time.to_string() };
    let here = |member: &RiskMember| if member.here { "yes" } else { "no" }.to_string();
    let row = |m: &RiskMember| [m.resource.clone(), told(&m.first_seen), told(&m.last_seen), here(m)];
    let mut rows: Vec<[String; 4]> = risk.members.iter().map(row).collect();
    match risk.unnamed() {
        0 => {}
        n => rows.push([
            format!("and {n} more, in data/tables/result.csv"),
            String::new(),
            String::new(),
            String::new(),
        ]),
    }
    rows
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
