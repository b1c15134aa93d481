//! The incident-response plan as people wrote it, the clocks that law and contracts set, and what is still
//! missing.

use chrono::NaiveDate;

use super::{Inputs, References, environment};
use crate::model::decisions::Plan;
use crate::model::dossier::{
    Drill, Escalation, IncidentResponse, IncidentRole, IncidentSeverity, NotificationClock, Playbook,
};
use crate::model::numbers::amount;

pub fn response(inputs: &Inputs<'_>) -> IncidentResponse {
    let absent = Plan::default();
    let plan = inputs.decisions.incident.as_ref();
    let present = plan.is_some();
    let plan = plan.unwrap_or(&absent);
    IncidentResponse {
        present,
        title: plan.title.clone(),
        version: plan.version.clone(),
        owner: plan.owner.clone(),
        approved_by: plan.approved_by.clone(),
        approved_at: plan.approved_at.clone(),
        next_review: plan.next_review.clone(),
        scope: plan.scope.trim().into(),
        roles: roles(plan),
        severities: severities(plan),
        clocks: clocks(plan, inputs),
        escalation: escalation(plan),
        playbooks: plan
            .playbooks
            .iter()
            .map(|p| Playbook {
                name: p.name.clone(),
                trigger: p.trigger.trim().into(),
                steps: p.steps.clone(),
            })
            .collect(),
        preservation: plan.preservation.clone(),
        drills: drills(plan),
        missing: missing(plan, present, &inputs.assessment.as_of),
        environment: environment::environment(inputs),
    }
}

/// The documents of a drill by their exhibits; what the run does not hold stays named by its path.
pub fn cited(mut plan: IncidentResponse, refs: &References) -> IncidentResponse {
    for drill in &mut plan.drills {
        let (here, absent) =
            std::mem::take(&mut drill.evidence).into_iter().partition(|path| !refs.of([path]).is_empty());
        let here: Vec<String> = here;
        (drill.evidence, drill.absent) = (refs.of(&here), absent);
    }
    plan
}

fn roles(plan: &Plan) -> Vec<IncidentRole> {
    let role = |r: &crate::model::decisions::PlanRole| IncidentRole {
        role: r.role.clone(),
        name: r.name.clone(),
        deputy: r.deputy.clone(),
        contact: r.contact.clone(),
        out_of_band: r.out_of_band.clone(),
        tested: r.tested.clone(),
    };
    plan.roles.iter().map(role).collect()
}

fn severities(plan: &Plan) -> Vec<IncidentSeverity> {
    let severity = |s: &crate::model::decisions::PlanSeverity| IncidentSeverity {
        level: s.level.clone(),
        criteria: s.criteria.trim().into(),
        examples: s.examples.trim().into(),
        respond: s.respond.clone(),
        escalate: s.escalate.trim().into(),
        breach_clock: s.breach_clock.trim().into(),
    };
    plan.severities.iter().map(severity).collect()
}

fn escalation(plan: &Plan) -> Vec<Escalation> {
    let hop = |e: &crate::model::decisions::PlanEscalation| Escalation {
        from: e.from.clone(),
        to: e.to.clone(),
        minutes: e.minutes,
        channel: e.channel.clone(),
        fallback: e.fallback.clone(),
    };
    plan.escalation.iter().map(hop).collect()
}

fn drills(plan: &Plan) -> Vec<Drill> {
    let drill = |d: &crate::model::decisions::PlanDrill| Drill {
        id: d.id.clone(),
        date: d.date.clone(),
        scenario: d.scenario.trim().into(),
        plan_version: d.plan_version.clone(),
        participants: d.participants,
        outcome: d.outcome.trim().into(),
        evidence: d.evidence.clone(),
        absent: Vec::new(),
    };
    plan.drills.iter().map(drill).collect()
}

/// Contract clocks first, then the law's; those that bind the organization in its role before the others.
fn clocks(plan: &Plan, inputs: &Inputs<'_>) -> Vec<NotificationClock> {
    let role = inputs.decisions.workspace.organization.role.as_str();
    let contract = plan.contract_clocks.iter().map(|c| NotificationClock {
        who: c.who.clone(),
        by: c.by.clone(),
        days: Some(c.hours / 24.0),
        words: if c.words.is_empty() {
            format!("within {} of discovery", amount(c.hours, "hour"))
        } else {
            c.words.trim().into()
        },
        source: c.source.clone(),
        basis: "contract".into(),
        binds: binds(&c.by, role),
    });
    let law = inputs.catalog.clocks.iter().map(|c| NotificationClock {
        who: c.who.clone(),
        by: c.by.clone(),
        days: c.days,
        words: c.words.trim().into(),
        source: c.source.clone(),
        basis: c.basis.clone(),
        binds: binds(&c.by, role),
    });
    let mut all: Vec<NotificationClock> = contract.chain(law).collect();
    all.sort_by(|a, b| {
        (!a.binds, a.days.unwrap_or(f64::MAX))
            .partial_cmp(&(!b.binds, b.days.unwrap_or(f64::MAX)))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    all
}

/// A hybrid entity answers as a covered entity for its health care component (45 CFR 164.105).
fn binds(by: &str, role: &str) -> bool {
    by == role || (by == "covered entity" && role == "hybrid entity")
}

fn missing(plan: &Plan, present: bool, as_of: &str) -> Vec<String> {
    if !present {
        return vec![
            "There is no incident-response plan in program/incident-response.yaml (164.308(a)(6)).".into(),
        ];
    }
    let mut missing = Vec::new();
    for (what, value) in [
        ("owner", &plan.owner),
        ("approver", &plan.approved_by),
        ("approval date", &plan.approved_at),
        ("next review date", &plan.next_review),
    ] {
        if value.trim().is_empty() || value.contains('<') {
            missing.push(format!("The plan names no {what}."));
        }
    }
    for role in &plan.roles {
        if role.name.trim().is_empty() || role.name.contains('<') {
            missing.push(format!("The role {} has no name.", role.role));
        } else if days(&role.tested, as_of).is_none_or(|d| d > 90) {
            missing.push(format!("The contact of the {} was not tested in the last 90 days.", role.role));
        }
    }
    if !plan.drills.iter().any(|d| days(&d.date, as_of).is_some_and(|n| (0..=365).contains(&n))) {
        missing.push("No drill was held in the last 365 days.".into());
    }
    missing
}

pub fn days(date: &str, as_of: &str) -> Option<i64> {
    let day = |text: &str| NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok();
    Some((day(as_of)? - day(date)?).num_days())
}
