//! One row a control: worst open severity, failing checks, since when, who and until when.

use std::collections::BTreeSet;

use crate::model::dossier::{BoardRow, ControlReport, Dossier, RiskReport};
use crate::model::verdict::Verdict;

pub fn rows(dossier: &Dossier) -> Vec<BoardRow> {
    dossier.controls.iter().map(|control| row(control, dossier)).collect()
}

fn row(control: &ControlReport, dossier: &Dossier) -> BoardRow {
    let failing: Vec<_> = control.checks.iter().filter(|c| c.verdict == Verdict::NotMet).collect();
    let citation = control.citations.first();
    let open: Vec<&RiskReport> = dossier.risks.rows.iter().filter(|r| concerns(r, control)).collect();
    let due = open
        .iter()
        .filter(|r| !r.due.is_empty())
        .map(|r| r.due.as_str())
        .min()
        .unwrap_or_default()
        .to_string();
    let today = dossier.as_of.get(..10).unwrap_or_default();
    BoardRow {
        number: control.number,
        id: control.id.clone(),
        title: control.title.clone(),
        citation: citation.map(|c| c.citation.clone()).unwrap_or_default(),
        citation_status: citation.map(|c| c.status.clone()).unwrap_or_default(),
        verdict: control.verdict,
        worst: failing.iter().map(|c| c.severity).max(),
        failing_checks: failing.len() as u64,
        checks: control.checks.len() as u64,
        counts: control.counts,
        since: if failing.is_empty() { String::new() } else { since(control, &open, dossier) },
        owner: owner(&open, &due),
        overdue: !due.is_empty() && due.as_str() < today,
        due,
        risks: open.len() as u64,
        unowned: open.iter().filter(|r| r.owner.is_empty()).count() as u64,
        change: change(control, dossier),
    }
}

fn concerns(risk: &RiskReport, control: &ControlReport) -> bool {
    risk.is_open() && risk.origin == "finding" && risk.control.as_deref() == Some(control.id.as_str())
}

/// The one whose date comes first, and how many others there are.
fn owner(open: &[&RiskReport], due: &str) -> String {
    let short = |name: &str| name.split(',').next().unwrap_or(name).trim().to_string();
    let owned: Vec<_> = open.iter().filter(|r| !r.owner.is_empty()).collect();
    let names: BTreeSet<String> = owned.iter().map(|r| short(&r.owner)).collect();
    let Some(first) = owned.iter().find(|r| r.due == due).or(owned.first()).map(|r| short(&r.owner)) else {
        return String::new();
    };
    match names.len() {
        1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}

/// Rows that are not met, then and now; empty where no earlier assessment was compared.
fn change(control: &ControlReport, dossier: &Dossier) -> String {
    let compared = dossier.since.as_ref().and_then(|s| s.changes.as_ref());
    let Some(c) = compared.and_then(|c| c.controls.iter().find(|c| c.id == control.id)) else {
        return String::new();
    };
    match (c.failing_old, c.failing_new) {
        (old, new) if old == new => format!("{new} as before"),
        (old, new) => format!("{old} \u{2192} {new} not met"),
    }
}

/// Since when the oldest failure lasts: as AWS Config's history shows it, or since the first run that showed
/// one of the resources, whichever is earlier.
fn since(control: &ControlReport, open: &[&RiskReport], dossier: &Dossier) -> String {
    let members = open.iter().flat_map(|risk| &risk.members).filter(|member| member.here);
    let shown = members.map(|member| member.first_seen.as_str()).filter(|time| !time.is_empty()).min();
    let shown = shown.unwrap_or(&dossier.as_of);
    let broken = dossier
        .past
        .episodes
        .iter()
        .filter(|e| e.ended_at.is_none() && control.checks.iter().any(|c| c.id == e.check))
        .map(|e| e.broken_at.as_deref())
        .min();
    let day = |time: &str| time.get(..10).unwrap_or(time).to_string();
    match broken {
        Some(Some(time)) if time <= shown => day(time),
        Some(None) if dossier.past.since.is_empty() => "before the history".into(),
        Some(None) if dossier.past.since.as_str() <= shown => format!("before {}", day(&dossier.past.since)),
        _ => format!("at least {}", day(shown)),
    }
}
