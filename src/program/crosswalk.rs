//! The Security Rule, row by row: how evidence of each can exist, what is here, what a person must add.

use super::Inputs;
use crate::model::catalog::RuleRow;
use crate::model::dossier::{CrosswalkControl, CrosswalkRow};
use crate::model::verdict::Verdict;

pub fn rows(inputs: &Inputs<'_>) -> Vec<CrosswalkRow> {
    inputs.catalog.rule.rows.iter().map(|row| one(row, inputs)).collect()
}

fn one(row: &RuleRow, inputs: &Inputs<'_>) -> CrosswalkRow {
    let results = inputs.assessment.controls.iter().filter(|c| row.controls.contains(&c.id));
    let controls: Vec<CrosswalkControl> =
        results.map(|c| CrosswalkControl { number: c.number, id: c.id.clone(), verdict: c.verdict }).collect();
    let verdict = (!controls.is_empty()).then(|| Verdict::worst(controls.iter().map(|c| c.verdict)));
    let mut nist = row.nist.clone();
    nist.extend(row.nist_added.iter().filter(|n| !row.nist.contains(n)).cloned());
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
        nist,
    }
}
