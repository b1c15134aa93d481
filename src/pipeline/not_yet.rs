//! Decisions that are dated after the time of a judgement: they are not in force there, or were made of
//! something that had not happened. `lint` and `package` say so, and it stops nothing: people decide while
//! the newest run is some days old.

use crate::diag::{Diagnostic, Gravity};
use crate::workspace::{FILES, Workspace};

/// A warning for each, for a judgement as of a day (`YYYY-MM-DD`).
pub fn not_yet(workspace: &Workspace, as_of: &str) -> Vec<Diagnostic> {
    let d = &workspace.decisions;
    let mut days: Vec<(&str, String, &str, &str)> = Vec::new();
    let none = "it has no effect there";
    let mut of = |file, path: String, day, what| days.push((file, path, day, what));
    for (i, e) in d.workspace.exclude.iter().enumerate() {
        of(FILES[0], format!("exclude/{i}/on"), &e.on, "it takes resources out of scope all the same");
    }
    for (i, e) in d.exceptions.exceptions.iter().enumerate() {
        of(FILES[1], format!("exceptions/{i}/accepted"), &e.accepted, none);
    }
    for (i, a) in d.attestations.attestations.iter().enumerate() {
        of(FILES[2], format!("attestations/{i}/on"), &a.on, none);
    }
    for (i, risk) in d.risks.entries.iter().enumerate() {
        let on = risk.confirmed_on.as_deref().unwrap_or_default();
        of(FILES[4], format!("entries/{i}/confirmed_on"), on, "nobody can have confirmed it by then");
    }
    for (i, risk) in d.risks.entries.iter().enumerate() {
        for (n, step) in risk.detail.steps.iter().enumerate() {
            let path = format!("entries/{i}/detail/steps/{n}/done");
            of(FILES[4], path, &step.done, "it cannot have been done by then");
        }
    }
    for (i, role) in d.incident.iter().flat_map(|plan| &plan.roles).enumerate() {
        of(FILES[5], format!("roles/{i}/tested"), &role.tested, "nobody can have been reached by then");
    }
    for (i, drill) in d.incident.iter().flat_map(|plan| &plan.drills).enumerate() {
        of(FILES[5], format!("drills/{i}/date"), &drill.date, "it was not held by then");
    }
    for (i, c) in d.clearances.clearances.iter().enumerate() {
        of(FILES[6], format!("clearances/{i}/on"), &c.on, none);
    }
    for (i, a) in d.agreements.agreements.iter().enumerate() {
        of(FILES[8], format!("agreements/{i}/signed"), &a.signed, "it was not signed by then");
    }
    for (i, r) in d.records.records.iter().enumerate() {
        of(FILES[9], format!("records/{i}/on"), &r.on, "it was not done by then");
    }
    let late = days
        .into_iter()
        .filter(|(_, _, day, _)| day.starts_with(|c: char| c.is_ascii_digit()) && *day > as_of);
    late.map(|(file, path, day, what)| {
        let message = format!("{day} is after {as_of}, the day that is judged: {what}");
        let hint = "mend the date if it is wrong; otherwise it counts from the next run on";
        workspace.mark(file, &path, Diagnostic::new("AFW-084", message).level(Gravity::Warning).hint(hint))
    })
    .collect()
}
