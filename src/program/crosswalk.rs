//! The Security Rule, row by row: how evidence of each can exist, what is here, what a person must add.

use super::Inputs;
use crate::model::catalog::{Proposal, ProposalRow, RuleRow};
use crate::model::dossier::{CrosswalkControl, CrosswalkRow, ProposalLine, ProposalReport};
use crate::model::verdict::Verdict;

pub fn rows(inputs: &Inputs<'_>) -> Vec<CrosswalkRow> {
    inputs.catalog.rule.rows.iter().map(|row| one(row, inputs)).collect()
}

fn one(row: &RuleRow, inputs: &Inputs<'_>) -> CrosswalkRow {
    let results = inputs.assessment.controls.iter().filter(|c| row.controls.contains(&c.id));
    let controls: Vec<CrosswalkControl> =
        results.map(|c| CrosswalkControl { number: c.number, id: c.id.clone(), verdict: c.verdict }).collect();
    let verdict = (!controls.is_empty()).then(|| Verdict::worst(controls.iter().map(|c| c.verdict)));
    CrosswalkRow {
        citation: row.citation.to_string(),
        title: row.title.clone(),
        family: row.family.clone(),
        status: row.status.clone(),
        paraphrase: row.paraphrase.trim().into(),
        modes: row.modes.clone(),
        controls,
        verdict,
        evidence: row.evidence.trim().into(),
        missing: row.missing.trim().into(),
        nist: row.nist.clone(),
        nist_added: row.nist_added.iter().filter(|n| !row.nist.contains(n)).cloned().collect(),
        responsibility: row.responsibility.clone(),
        reports: reports(row, inputs),
    }
}

/// Where AWS's audit reports carry the row: the report, and the place in it.
fn reports(row: &RuleRow, inputs: &Inputs<'_>) -> Vec<String> {
    let inherited = &inputs.catalog.inherited;
    let found = inherited.rows.iter().find(|r| r.citation == row.citation).map(|r| &r.reports);
    let name = |id: &String| inherited.reports.get(id).map_or(id.as_str(), |text| text.split(" (").next().unwrap_or(text)).to_string();
    found.into_iter().flatten().map(|(id, place)| format!("{}: {place}", name(id))).collect()
}

/// The proposed rules that the workspace names. They change no verdict.
pub fn proposals(inputs: &Inputs<'_>) -> Vec<ProposalReport> {
    let wanted = &inputs.decisions.workspace.profiles;
    inputs.catalog.proposals.iter().filter(|p| wanted.contains(&p.id)).map(|p| proposal(p, inputs)).collect()
}

fn proposal(p: &Proposal, inputs: &Inputs<'_>) -> ProposalReport {
    let (kept, changed): (Vec<_>, Vec<_>) = p.rows.iter().partition(|row| row.would == "Kept.");
    let line = |row: &ProposalRow| {
        let today = inputs.catalog.rule.rows.iter().find(|r| r.citation == row.citation);
        ProposalLine {
            citation: row.citation.to_string(),
            title: today.map(|r| r.title.clone()).unwrap_or_default(),
            today: today.map(|r| r.status.clone()).unwrap_or_default(),
            would: row.would.trim().into(),
        }
    };
    ProposalReport {
        title: p.title.clone(),
        status: p.status.clone(),
        source: p.source.clone(),
        note: p.note.trim().into(),
        rows: changed.into_iter().map(line).collect(),
        kept: kept.len() as u64,
        also: p.also.clone(),
    }
}
