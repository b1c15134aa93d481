//! Operating records for the reports: what was done, when it is due again, and what is withheld as
//! privileged.

use super::{Inputs, References};
use crate::model::dossier::{RecordReport, WithheldItem};

/// Every record that may be handed over, newest first within its kind.
pub fn done(inputs: &Inputs<'_>, refs: &References) -> Vec<RecordReport> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let records = &inputs.decisions.records;
    let newest: Vec<_> = records.newest().collect();
    let mut open: Vec<_> = records.records.iter().filter(|r| !r.privileged).collect();
    open.sort_by(|a, b| {
        (a.kind, &a.title, std::cmp::Reverse(&a.on)).cmp(&(b.kind, &b.title, std::cmp::Reverse(&b.on)))
    });
    let report = |r: &crate::model::records::OperatingRecord| {
        // of a series only the newest can be late
        let due = r.due().filter(|_| newest.contains(&r)).map(|due| due.to_string()).unwrap_or_default();
        RecordReport {
            kind: r.kind.as_str().into(),
            citation: r.kind.citation().into(),
            title: r.title.clone(),
            on: r.on.clone(),
            by: r.by.clone(),
            population: r.population.clone(),
            result: r.result.clone(),
            overdue: !due.is_empty() && due.as_str() < today,
            due,
            evidence: refs.of([&r.file].into_iter().filter(|f| !f.is_empty())),
        }
    };
    open.into_iter().map(report).collect()
}

/// The log of what is withheld: title, day and basis, and no more.
pub fn withheld(inputs: &Inputs<'_>) -> Vec<WithheldItem> {
    let privileged = inputs.decisions.records.records.iter().filter(|r| r.privileged);
    privileged
        .map(|r| WithheldItem { title: r.title.clone(), on: r.on.clone(), basis: r.basis.clone() })
        .collect()
}
