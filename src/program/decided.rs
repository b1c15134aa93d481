//! What people decided about risks that no finding of this run shows any more, and what their decisions still
//! lack.

use super::Inputs;
use super::risk_level::{SCALE, level, rank};
use crate::model::assessment::FindingGroup;
use crate::model::decisions::{RiskDecision, RiskMatch};
use crate::model::digest::Digest;
use crate::model::dossier::RiskReport;
use crate::model::verdict::Verdict;

/// The asset class of what was not read. A decision that names it is about that, and any other never is.
const UNREAD: &str = "evidence";

/// The entry that decides about this group: the one that names its id, else the first that is about it.
pub fn decision_of<'a>(group: &FindingGroup, inputs: &Inputs<'a>) -> Option<(usize, &'a RiskDecision)> {
    let entries = || inputs.decisions.risks.entries.iter().enumerate();
    let id = risk_id(group);
    entries()
        .find(|(_, d)| d.id.as_ref() == Some(&id) && fits(d, group))
        .or_else(|| entries().find(|(_, d)| covers(d, group, inputs)))
}

/// A decision is about one group unless it says that it is about all: of those that it fits, the one whose id
/// it names, or the one in PHI scope, then the most severe.
fn covers(decision: &RiskDecision, group: &FindingGroup, inputs: &Inputs<'_>) -> bool {
    if !fits(decision, group) {
        return false;
    }
    let named = |g: &FindingGroup| decision.id.as_ref().is_some_and(|id| *id == risk_id(g));
    let key = |g: &FindingGroup| (named(g), g.phi, g.severity, g.resources);
    let fitting = inputs.assessment.findings.iter().filter(|g| fits(decision, g));
    // Of equals the first in the order of findings.
    let one = fitting.reduce(|best, g| if key(g) > key(best) { g } else { best });
    decision.matches.all || one == Some(group)
}

/// Whether a decision could be about this group of findings.
fn fits(decision: &RiskDecision, group: &FindingGroup) -> bool {
    let m = &decision.matches;
    (group.verdict == Verdict::NotEvidenced) == (m.asset_class.as_deref() == Some(UNREAD))
        && m.control == group.control
        && m.account.as_ref().is_none_or(|a| *a == group.account)
        && m.asset_class.as_ref().is_none_or(|c| *c == group.asset_class)
        && m.phi.is_none_or(|phi| phi == group.phi)
}

/// `R-` and six digits of a digest over the group's key: the same group has the same id in every run.
pub fn risk_id(group: &FindingGroup) -> String {
    id_of_key(
        &group.control,
        &group.account,
        &group.asset_class,
        group.phi,
        group.verdict == Verdict::NotEvidenced,
    )
}

fn id_of_key(control: &str, account: &str, asset_class: &str, phi: bool, unread: bool) -> String {
    let key = format!("{control}\0{account}\0{asset_class}\0{phi}\0{unread}");
    format!("R-{}", &Digest::of(key.as_bytes()).to_string()[..6])
}

/// `Casey Example, security official, 2026-09-29`.
pub fn confirmed(by: Option<&str>, on: Option<&str>) -> String {
    [by, on].into_iter().flatten().filter(|t| !t.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

/// Entries that fit no finding of this run: somebody mends, a machine observes, and a person closes.
pub fn without_finding(inputs: &Inputs<'_>) -> Vec<RiskReport> {
    let entries = inputs.decisions.risks.entries.iter().enumerate();
    let alone = entries.filter(|(_, d)| !inputs.assessment.findings.iter().any(|group| fits(d, group)));
    alone.map(|(index, decision)| report(index, decision, inputs)).collect()
}

fn report(index: usize, decision: &RiskDecision, inputs: &Inputs<'_>) -> RiskReport {
    let m = &decision.matches;
    let unread = inputs.assessment.findings.iter().any(|g| {
        g.verdict == Verdict::NotEvidenced
            && g.control == m.control
            && m.account.as_ref().is_none_or(|a| *a == g.account)
    });
    let likelihood = decision.likelihood.clone().unwrap_or_else(|| SCALE[2].into());
    let impact = decision.impact.clone().unwrap_or_else(|| SCALE[2].into());
    let (status, seen) = match (&decision.closed, unread) {
        (Some(closed), _) => {
            ("closed", format!("Closed by {} on {}: {}", closed.by, closed.on, closed.reason.trim()))
        }
        (None, true) => (
            "open",
            "No finding of this run fits, but evidence of the control is missing: whether it is \
                      mended is not known."
                .into(),
        ),
        (None, false) => (
            "remediation observed",
            format!(
                "No finding of the run {} fits any more. Observed, not closed: a named person reviews \
                     and closes it.",
                inputs.run.id
            ),
        ),
    };
    let control = inputs.catalog.controls.iter().find(|c| c.id == m.control);
    RiskReport {
        id: decision.id.clone().unwrap_or_else(|| id_of(m)),
        title: decision
            .title
            .clone()
            .map_or_else(|| control.map(|c| c.title.clone()).unwrap_or_default(), |t| t.trim().into()),
        status: status.into(),
        origin: "finding".into(),
        control: Some(m.control.clone()),
        citations: control
            .map(|c| c.citations.iter().take(3).map(ToString::to_string).collect())
            .unwrap_or_default(),
        account: m.account.clone().unwrap_or_default(),
        asset_class: m.asset_class.clone().unwrap_or_default(),
        level: level(&likelihood, &impact),
        likelihood,
        impact,
        rationale: seen,
        suggested: decision.confirmed_by.is_none(),
        confirmed: confirmed(decision.confirmed_by.as_deref(), decision.confirmed_on.as_deref()),
        owner: decision.owner.clone(),
        treatment: decision.treatment.clone(),
        plan: decision.plan.trim().into(),
        due: decision.due.clone(),
        acceptance: None,
        entry: Some(index as u64),
        phi: m.phi,
        decided: decision.detail.clone(),
        ..RiskReport::default()
    }
}

/// The id of an entry that was never written down: as that of a finding in PHI scope where the match is
/// whole.
fn id_of(m: &RiskMatch) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    id_of_key(
        &m.control,
        &part(&m.account),
        &part(&m.asset_class),
        m.phi.unwrap_or(true),
        m.asset_class.as_deref() == Some(UNREAD),
    )
}

/// How many there are, in words for one or for many; nothing where there is none.
pub fn told(n: usize, one: &str, many: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}

/// What an auditor would object to in decisions, beyond owner, treatment and dates. `rows` are those of the
/// register.
pub fn lint(rows: &[RiskReport], inputs: &Inputs<'_>) -> Vec<String> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let lapsed = |r: &RiskReport| r.acceptance.as_ref().is_some_and(|a| a.expired);
    let mut lint = Vec::new();
    let mut count = |n: usize, one: &str, many: &str| lint.extend(told(n, one, many));
    let open = || rows.iter().filter(|r| r.status != "closed");
    let observed = rows.iter().filter(|r| r.status == "remediation observed").count();
    count(
        observed,
        "risk shows no finding any more and waits for a person to close it",
        "risks show no finding any more and wait for a person to close them",
    );
    count(
        rows.iter().filter(|r| r.status == "reopened" && !lapsed(r)).count(),
        "closed risk is open again",
        "closed risks are open again",
    );
    let steps = || open().flat_map(|r| &r.decided.steps);
    let late = steps().filter(|s| s.done.is_empty() && !s.due.is_empty() && s.due.as_str() < today).count();
    count(late, "step of a plan is past its date", "steps of plans are past their date");
    let unproved = steps().filter(|s| !s.done.is_empty() && s.proof.trim().is_empty()).count();
    count(
        unproved,
        "step is said to be done and names no proof",
        "steps are said to be done and name no proof",
    );
    let decided = || open().filter(|r| !r.suggested);
    let overdue = decided()
        .filter(|r| !r.decided.next_review.is_empty() && r.decided.next_review.as_str() < today)
        .count();
    count(overdue, "risk is past its next review", "risks are past their next review");
    let vague = decided().filter(|r| !r.title.to_lowercase().contains(" may ")).count();
    count(
        vague,
        "title does not say what may happen: write it as cause may lead to event with impact",
        "titles do not say what may happen: write them as cause may lead to event with impact",
    );
    if let Some(most) = &inputs.decisions.risks.tolerance_level {
        let beyond = open().filter(|r| rank(&r.level) > rank(most) && r.status != "accepted").count();
        count(
            beyond,
            &format!("risk is above what management tolerates ({most}) and is not accepted"),
            &format!("risks are above what management tolerates ({most}) and are not accepted"),
        );
    }
    let levels: std::collections::BTreeSet<&str> = decided().map(|r| r.level.as_str()).collect();
    if levels.len() == 1 && decided().count() >= 8 {
        lint.push(format!("all {} confirmed risks have the same level", decided().count()));
    }
    lint
}
