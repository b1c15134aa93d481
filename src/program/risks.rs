//! The risk register: findings grouped into risks, joined with what people decided, and the risks that people
//! name themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::decided;
use super::risk_level::{SCALE, found, level, rank};
use super::risk_title::title;
use super::{Inputs, gaps, nouns, plural, services, sightings};
use crate::model::assessment::{Disagreement, FindingGroup};
use crate::model::decisions::{OwnRisk, RiskDecision};
use crate::model::dossier::{Acceptance, RiskRegister, RiskReport, ServiceRow, Services};
use crate::model::verdict::{Severity, Verdict};

/// How the scores of findings are suggested; printed in the register.
const METHOD: &str = "Findings are grouped by control, account, asset class and PHI scope. Suggested impact \
                      follows the most severe check, one step lower outside PHI scope; suggested likelihood \
                      follows severity, one step higher for network, access and sign-in controls. Levels \
                      come from a five-by-five matrix after NIST SP 800-30 Rev. 1. A score stays a \
                      suggestion until a named person confirms it.";

pub fn register(inputs: &Inputs<'_>, services: &Services) -> RiskRegister {
    let groups = inputs.assessment.findings.iter();
    let mut rows: Vec<RiskReport> = groups.map(|group| from_group(group, inputs)).collect();
    rows.extend(contradicted(inputs));
    rows.extend(services::off_list(services).map(|row| unlisted(row, services)));
    rows.extend(services::off_list_unread(services).map(|row| unlisted_unread(row, services)));
    rows.extend(gaps::risks(inputs));
    rows.extend(decided::without_finding(inputs));
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    rows.extend(inputs.decisions.risks.own.iter().enumerate().map(|(i, risk)| own(i, risk, today)));
    ordered(rows, inputs)
}

/// Puts more risks into the register.
pub fn add(register: &mut RiskRegister, more: Vec<RiskReport>, inputs: &Inputs<'_>) {
    let mut rows = std::mem::take(&mut register.rows);
    rows.extend(more);
    *register = ordered(rows, inputs);
}

fn ordered(rows: Vec<RiskReport>, inputs: &Inputs<'_>) -> RiskRegister {
    let mut rows = listed_once(rows);
    for row in &mut rows {
        row.kind = nouns::nouns(&row.asset_class, &row.examples);
    }
    rows.sort_by_key(|r| {
        (r.status == "closed", std::cmp::Reverse(rank(&r.level)), r.origin == "not assessed", r.id.clone())
    });
    let mut heat: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for risk in rows.iter().filter(|r| r.status != "closed") {
        heat.entry(risk.likelihood.clone())
            .or_default()
            .entry(risk.impact.clone())
            .or_default()
            .push(risk.id.clone());
    }
    let own_method = inputs.decisions.risks.method.trim();
    let tolerance = inputs.decisions.risks.tolerance.trim();
    let method =
        [METHOD, own_method, tolerance].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ");
    RiskRegister {
        method,
        lint: lint(&rows, inputs),
        rows,
        scale: SCALE.map(String::from).to_vec(),
        heat,
        seen_from: String::new(),
        elements: Vec::new(),
        before: String::new(),
    }
}

/// Without the suggestions that nobody can decide on by themselves and that a confirmed, open risk says it is
/// about; that risk then names them.
fn listed_once(mut rows: Vec<RiskReport>) -> Vec<RiskReport> {
    let undecidable = |row: &RiskReport| row.control.is_none() && row.entry.is_none();
    let titles: BTreeMap<String, String> =
        rows.iter().filter(|row| undecidable(row)).map(|row| (row.id.clone(), row.title.clone())).collect();
    let mut taken = BTreeSet::new();
    for row in &mut rows {
        let open = !row.suggested && !["closed", "remediation observed"].contains(&row.status.as_str());
        for id in std::mem::take(&mut row.decided.in_place_of) {
            if let Some(title) = titles.get(&id).filter(|_| open) {
                row.rationale = format!("{} It also answers what the plan suggests: {title}.", row.rationale)
                    .trim()
                    .to_string();
                taken.insert(id);
            }
        }
    }
    rows.retain(|row| !(undecidable(row) && taken.contains(&row.id)));
    rows
}

fn from_group(group: &FindingGroup, inputs: &Inputs<'_>) -> RiskReport {
    let decision = decided::decision_of(group, inputs);
    let (entry, decision) = (decision.map(|(i, _)| i as u64), decision.map(|(_, d)| d));
    let (likelihood, impact) = suggestion(group);
    let likelihood = decision.and_then(|d| d.likelihood.clone()).unwrap_or_else(|| likelihood.to_string());
    let impact = decision.and_then(|d| d.impact.clone()).unwrap_or_else(|| impact.to_string());
    let acceptance = acceptance(group, decision, inputs);
    let control = inputs.catalog.controls.iter().find(|c| c.id == group.control);
    RiskReport {
        id: decided::risk_id(group),
        title: decision
            .and_then(|d| d.title.clone())
            .map_or_else(|| title(group, inputs), |t| t.trim().to_string()),
        status: status(group, decision, acceptance.as_ref()).into(),
        origin: if group.verdict == Verdict::NotEvidenced { "not assessed" } else { "finding" }.into(),
        control: Some(group.control.clone()),
        citations: control
            .map(|c| c.citations.iter().take(3).map(ToString::to_string).collect())
            .unwrap_or_default(),
        account: group.account.clone(),
        asset_class: group.asset_class.clone(),
        kind: String::new(),
        resources: group.resources,
        examples: group.examples.clone(),
        members: sightings::members(group),
        level: level(&likelihood, &impact),
        likelihood,
        impact,
        rationale: decision
            .map(|d| d.rationale.trim().to_string())
            .filter(|r| !r.is_empty())
            .unwrap_or_else(|| rationale(group)),
        suggested: decision.is_none_or(|d| d.confirmed_by.is_none()),
        confirmed: decision
            .map(|d| decided::confirmed(d.confirmed_by.as_deref(), d.confirmed_on.as_deref()))
            .unwrap_or_default(),
        owner: decision.map(|d| d.owner.clone()).unwrap_or_default(),
        treatment: decision.map(|d| d.treatment.clone()).unwrap_or_default(),
        plan: decision.map(|d| d.plan.trim().to_string()).unwrap_or_default(),
        due: decision.map(|d| d.due.clone()).unwrap_or_default(),
        acceptance,
        entry,
        phi: Some(group.phi),
        decided: decision.map(|d| d.detail.clone()).unwrap_or_default(),
    }
}

fn suggestion(group: &FindingGroup) -> (&'static str, &'static str) {
    if group.verdict == Verdict::NotEvidenced {
        return ("moderate", "moderate");
    }
    let severity: usize = match group.severity {
        Severity::Critical => 4,
        Severity::High => 3,
        Severity::Medium => 2,
        Severity::Low => 1,
    };
    let exposed = ["network-isolation", "least-privilege", "multi-factor-authentication"]
        .contains(&group.control.as_str());
    let likelihood = (severity - 1 + usize::from(exposed)).clamp(1, 4);
    let impact = if group.phi { severity } else { severity - 1 };
    (SCALE[likelihood], SCALE[impact])
}

fn rationale(group: &FindingGroup) -> String {
    let scope = if group.phi { "in PHI scope" } else { "outside PHI scope" };
    format!(
        "Suggested from the {} severity of {} over {} {scope}.",
        group.severity,
        group.checks.join(", "),
        plural(group.resources, "resource")
    )
}

fn status(
    group: &FindingGroup,
    decision: Option<&RiskDecision>,
    acceptance: Option<&Acceptance>,
) -> &'static str {
    match (group.verdict, acceptance, decision) {
        (_, a, Some(d))
            if d.closed.as_ref().is_some_and(|c| a.is_none_or(|a| a.expired || a.accepted < c.on)) =>
        {
            "reopened"
        }
        (Verdict::Accepted, _, _) => "accepted",
        (_, Some(a), _) if !a.expired => "accepted",
        // what was accepted for a time is nobody's decision after it
        (_, Some(_), _) => "reopened",
        (_, _, Some(d)) if !d.plan.trim().is_empty() => "in treatment",
        _ => "open",
    }
}

fn acceptance(
    group: &FindingGroup,
    decision: Option<&RiskDecision>,
    inputs: &Inputs<'_>,
) -> Option<Acceptance> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let made = |approver: &str, reason: &str, accepted: &str, expires: &str| Acceptance {
        approver: approver.into(),
        reason: reason.trim().into(),
        accepted: accepted.into(),
        expires: expires.into(),
        expired: expires < today,
    };
    if let Some(a) = decision.and_then(|d| d.acceptance.as_ref()) {
        return Some(made(&a.approver, &a.reason, &a.accepted, &a.expires));
    }
    if group.verdict != Verdict::Accepted {
        return None;
    }
    let all = &inputs.decisions.exceptions.exceptions;
    let e = all.iter().find(|e| group.checks.contains(&e.check) && e.expires.as_str() >= today)?;
    Some(made(&e.approver, &e.reason, &e.accepted, &e.expires))
}

/// One risk for each check and account of which AWS Config's rules say the opposite: one of the two is wrong
/// about ePHI.
fn contradicted(inputs: &Inputs<'_>) -> Vec<RiskReport> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Disagreement>> = BTreeMap::new();
    for d in &inputs.assessment.disagreements {
        groups.entry((&d.check, &d.account)).or_default().push(d);
    }
    let one = |((check, account), all): ((&str, &str), Vec<&Disagreement>)| {
        let severity = inputs.catalog.checks.get(check).map_or(Severity::Medium, |c| c.severity);
        let passed = all.iter().any(|d| d.ours == Verdict::Met);
        let likelihood = if passed { "moderate" } else { "low" };
        let rules: BTreeSet<&str> = all.iter().map(|d| d.rule.as_str()).collect();
        let resources: BTreeSet<&str> = all.iter().map(|d| d.resource.as_str()).collect();
        let control = inputs.catalog.control_of(check);
        let mut risk = found(
            &format!("disagreement\0{check}\0{account}"),
            "disagreement",
            format!("AWS Config says the opposite of {check} on {}", plural(resources.len(), "resource")),
            likelihood,
            SCALE[severity as usize + 1],
        );
        risk.control = control.map(|c| c.id.clone());
        risk.citations = control
            .map(|c| c.citations.iter().take(3).map(ToString::to_string).collect())
            .unwrap_or_default();
        risk.account = account.into();
        risk.resources = resources.len() as u64;
        risk.examples = resources.into_iter().take(5).map(String::from).collect();
        risk.rationale = format!(
            "Compared with {}, on evaluations later than the items. One of the two is wrong, or they ask \
             different questions: look at both.",
            rules.into_iter().collect::<Vec<_>>().join(", ")
        );
        risk
    };
    groups.into_iter().map(one).collect()
}

/// A service that the dated list does not name, with resources in PHI scope.
fn unlisted(row: &ServiceRow, services: &Services) -> RiskReport {
    let mut risk = found(
        &format!("service\0{}", row.service),
        "finding",
        format!(
            "{} is not on the list dated {} and has {} in PHI scope",
            row.service,
            services.list_date,
            plural(row.phi, "resource")
        ),
        "moderate",
        "high",
    );
    risk.citations = ["164.308(b)(1)", "164.314(a)(1)"].map(String::from).to_vec();
    risk.asset_class = row.types.first().cloned().unwrap_or_default();
    risk.resources = row.phi;
    risk.rationale = "AWS's BAA covers ePHI in the services that AWS lists. Suggested until somebody shows \
                      that no ePHI is there."
        .into();
    risk
}

fn unlisted_unread(row: &ServiceRow, services: &Services) -> RiskReport {
    let mut risk = found(
        &format!("service\0{}", row.service),
        "not assessed",
        format!(
            "{} is not on the list dated {} and is in use; whether it handles ePHI was not read",
            row.service, services.list_date
        ),
        "moderate",
        "moderate",
    );
    risk.citations = ["164.308(b)(1)", "164.314(a)(1)"].map(String::from).to_vec();
    risk.examples = vec![row.seen.clone()];
    risk.rationale =
        "AWS's BAA covers ePHI in the services that AWS lists. AWS Config shows no resource of this one, so \
         its PHI scope is not known. Suggested until somebody says what it handles."
            .into();
    risk
}

fn own(index: usize, risk: &OwnRisk, today: &str) -> RiskReport {
    let acceptance = risk.acceptance.as_ref().map(|a| Acceptance {
        approver: a.approver.clone(),
        reason: a.reason.trim().into(),
        accepted: a.accepted.clone(),
        expires: a.expires.clone(),
        expired: a.expires.as_str() < today,
    });
    let status = match (&risk.closed, &acceptance) {
        (Some(_), _) => "closed",
        (None, Some(a)) if !a.expired => "accepted",
        (None, Some(_)) => "reopened",
        (None, _) if risk.plan.trim().is_empty() => "open",
        (None, _) => "in treatment",
    };
    RiskReport {
        id: risk.id.clone(),
        title: risk.title.trim().into(),
        status: status.into(),
        origin: "program".into(),
        citations: risk.citations.iter().map(ToString::to_string).collect(),
        asset_class: risk.category.clone(),
        level: level(&risk.likelihood, &risk.impact),
        likelihood: risk.likelihood.clone(),
        impact: risk.impact.clone(),
        rationale: risk.rationale.trim().into(),
        suggested: risk.confirmed_by.is_none(),
        confirmed: decided::confirmed(risk.confirmed_by.as_deref(), risk.confirmed_on.as_deref()),
        owner: risk.owner.clone(),
        treatment: risk.treatment.clone(),
        plan: risk.plan.trim().into(),
        due: risk.due.clone(),
        acceptance,
        entry: Some(index as u64),
        decided: risk.detail.clone(),
        ..RiskReport::default()
    }
}

/// What an auditor would object to in the register.
fn lint(rows: &[RiskReport], inputs: &Inputs<'_>) -> Vec<String> {
    let today = inputs.assessment.as_of.get(..10).unwrap_or_default();
    let mut lint = Vec::new();
    let mut count = |n: usize, one: &str, many: &str| lint.extend(decided::told(n, one, many));
    let open = |r: &&RiskReport| r.status != "closed" && r.origin != "not assessed";
    count(
        rows.iter().filter(open).filter(|r| r.owner.is_empty()).count(),
        "risk has no named owner",
        "risks have no named owner",
    );
    count(
        rows.iter().filter(open).filter(|r| r.treatment.is_empty()).count(),
        "risk has no treatment",
        "risks have no treatment",
    );
    let late = rows.iter().filter(open).filter(|r| !r.due.is_empty() && r.due.as_str() < today).count();
    count(late, "risk is past its due date", "risks are past their due date");
    let suggested = rows.iter().filter(open).filter(|r| r.suggested).count();
    count(
        suggested,
        "score is a suggestion that nobody has confirmed",
        "scores are suggestions that nobody has confirmed",
    );
    let lapsed = rows.iter().filter(|r| r.acceptance.as_ref().is_some_and(|a| a.expired)).count();
    count(lapsed, "acceptance has expired", "acceptances have expired");
    lint.extend(decided::lint(rows, inputs));
    lint
}
