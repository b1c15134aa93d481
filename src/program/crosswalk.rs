//! The Security Rule, row by row: how evidence of each can exist, what is here, what a person must add.

use super::{Inputs, References};
use crate::model::catalog::{Proposal, ProposalRow, RuleRow};
use crate::model::dossier::{CrosswalkControl, CrosswalkRow, ProposalLine, ProposalReport};
use crate::model::verdict::Verdict;

/// What OCR asks for on each row: the policy, what shows that it is carried out, and its review.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Policy,
    Implementation,
    Review,
}

/// Documents by a word of their names: what they are, and the rows that they answer, by the beginning of the
/// citation.
const DOCUMENTS: [(&str, Asked, &[&str]); 24] = [
    (
        "risk-management-policy",
        Asked::Policy,
        &["164.308(a)(1)(i)", "164.308(a)(1)(ii)(A)", "164.308(a)(1)(ii)(B)"],
    ),
    ("risk-analysis-policy", Asked::Policy, &["164.308(a)(1)(i)", "164.308(a)(1)(ii)(A)"]),
    (
        "risk-analysis",
        Asked::Implementation,
        &["164.308(a)(1)(i)", "164.308(a)(1)(ii)(A)", "164.308(a)(1)(ii)(B)"],
    ),
    ("sanction", Asked::Policy, &["164.308(a)(1)(ii)(C)"]),
    ("log-review", Asked::Review, &["164.308(a)(1)(ii)(D)", "164.312(b)"]),
    (
        "access-control-policy",
        Asked::Policy,
        &["164.308(a)(3)", "164.308(a)(4)", "164.310(b)", "164.310(c)", "164.312(a)", "164.312(d)"],
    ),
    (
        "access-review",
        Asked::Review,
        &["164.308(a)(3)", "164.308(a)(4)", "164.312(a)(1)", "164.312(a)(2)(i)"],
    ),
    ("training", Asked::Implementation, &["164.308(a)(5)"]),
    ("incident-response-plan", Asked::Policy, &["164.308(a)(6)", "164.314(a)(2)(i)(C)"]),
    ("tabletop", Asked::Review, &["164.308(a)(6)", "164.308(a)(7)(ii)(D)"]),
    ("drill", Asked::Review, &["164.308(a)(6)", "164.308(a)(7)(ii)(D)"]),
    ("contingency-plan", Asked::Policy, &["164.308(a)(7)", "164.310(a)(2)(i)"]),
    ("restore-test", Asked::Review, &["164.308(a)(7)"]),
    ("evaluation", Asked::Review, &["164.308(a)(8)"]),
    ("agreements-register", Asked::Implementation, &["164.308(b)", "164.314(a)"]),
    ("baa", Asked::Implementation, &["164.308(b)", "164.314(a)"]),
    ("facility", Asked::Policy, &["164.310(a)"]),
    ("device", Asked::Policy, &["164.310(d)"]),
    ("encryption-policy", Asked::Policy, &["164.312(a)(2)(iv)", "164.312(e)"]),
    ("interface-list", Asked::Implementation, &["164.312(e)"]),
    ("network-and-data-flow", Asked::Implementation, &["164.312(e)", "164.308(a)(1)(ii)(A)"]),
    ("idle-logoff", Asked::Review, &["164.312(a)(2)(iii)"]),
    ("emergency-access", Asked::Policy, &["164.312(a)(2)(ii)", "164.308(a)(7)(ii)(C)"]),
    ("pgaudit", Asked::Implementation, &["164.312(b)"]),
];

pub fn rows(inputs: &Inputs<'_>, refs: &References) -> Vec<CrosswalkRow> {
    inputs.catalog.rule.rows.iter().map(|row| one(row, inputs, refs)).collect()
}

/// The exhibits of the documents that answer this for the row.
fn supplied(row: &RuleRow, asked: Asked, inputs: &Inputs<'_>, refs: &References) -> Vec<String> {
    let citation = row.citation.to_string();
    let answers = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        let fitting = || DOCUMENTS.iter().filter(|(word, ..)| name.contains(word));
        // the policy on risk analysis is no risk analysis
        let longer =
            |word: &str| fitting().any(|(other, ..)| other.len() > word.len() && other.contains(word));
        fitting().any(|(word, kind, rows)| {
            *kind == asked && !longer(word) && rows.iter().any(|r| citation.starts_with(r))
        })
    };
    let documents = inputs.artifacts.iter().map(|a| &a.path).filter(|path| path.starts_with("documents/"));
    refs.of(documents.filter(|path| answers(path)))
}

fn one(row: &RuleRow, inputs: &Inputs<'_>, refs: &References) -> CrosswalkRow {
    let results = inputs.assessment.controls.iter().filter(|c| row.controls.contains(&c.id));
    let controls: Vec<CrosswalkControl> = results
        .map(|c| CrosswalkControl { number: c.number, id: c.id.clone(), verdict: c.verdict })
        .collect();
    let judged = !controls.is_empty() && row.modes.first().is_some_and(|mode| mode == "configuration");
    let verdict = judged.then(|| Verdict::worst(controls.iter().map(|c| c.verdict)));
    CrosswalkRow {
        citation: row.citation.to_string(),
        title: row.title.clone(),
        family: row.family.clone(),
        status: row.status.clone(),
        paraphrase: row.paraphrase.trim().into(),
        modes: row.modes.clone(),
        controls,
        verdict,
        policy: supplied(row, Asked::Policy, inputs, refs),
        implementation: supplied(row, Asked::Implementation, inputs, refs),
        review: supplied(row, Asked::Review, inputs, refs),
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
    let name = |id: &String| {
        inherited
            .reports
            .get(id)
            .map_or(id.as_str(), |text| text.split(" (").next().unwrap_or(text))
            .to_string()
    };
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
