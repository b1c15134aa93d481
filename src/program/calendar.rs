//! The year's calendar: every day on which a decision ends, a review is due or a step should be done, from
//! what people wrote and from the register.

use chrono::{Days, NaiveDate};
use serde::Serialize;

use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::dossier::Dossier;

/// One day, and what is due on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DueDay {
    pub day: NaiveDate,
    /// `attestation`, `exception`, `acceptance`, `risk`, `review`, `step`, `plan`, `drill`, `contact`,
    /// `clearance`, `agreement`, `record`, `list`.
    pub kind: &'static str,
    pub what: String,
    /// Who has to do something, where somebody is named.
    pub who: String,
    /// The file that says so.
    pub file: &'static str,
}

/// A drill is held at least this often, and a contact tried; the same numbers as in the plan's own lint.
const DRILL_DAYS: u64 = 365;
const CONTACT_DAYS: u64 = 90;
/// The age at which the list of eligible services is called old.
const LIST_DAYS: u64 = 90;

/// All entries, by day. Without a dossier those of findings are missing.
pub fn entries(decisions: &Decisions, catalog: &Catalog, dossier: Option<&Dossier>) -> Vec<DueDay> {
    let mut all = Vec::new();
    statements(decisions, catalog, &mut all);
    plan(decisions, &mut all);
    if let Some(dossier) = dossier {
        risks(dossier, &mut all);
        agreements(dossier, &mut all);
    }
    let list = after(&catalog.services.list_date, LIST_DAYS);
    add(
        &mut all,
        list,
        "list",
        "the list of HIPAA-eligible services is 90 days old: look for a newer one".into(),
        "",
        "the catalog",
    );
    all.sort();
    all
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
}

fn after(text: &str, days: u64) -> Option<NaiveDate> {
    day(text)?.checked_add_days(Days::new(days))
}

fn add(
    all: &mut Vec<DueDay>,
    day: Option<NaiveDate>,
    kind: &'static str,
    what: String,
    who: &str,
    file: &'static str,
) {
    all.extend(day.map(|day| DueDay { day, kind, what, who: who.trim().into(), file }));
}

fn statements(decisions: &Decisions, catalog: &Catalog, all: &mut Vec<DueDay>) {
    let asked = |id: &str| catalog.controls.iter().flat_map(|c| &c.attest).find(|item| item.id == id);
    for a in &decisions.attestations.attestations {
        let until = asked(&a.id).map_or_else(|| a.valid_until.clone(), |item| a.holds_until(item.valid_days));
        add(
            all,
            day(&until),
            "attestation",
            format!("the statement {} ends", a.id),
            &a.by,
            "program/attestations.yaml",
        );
    }
    for e in &decisions.exceptions.exceptions {
        let what = format!("the exception of {} for {} ends", e.resource, e.check);
        add(all, day(&e.expires), "exception", what, &e.owner, "program/exceptions.yaml");
    }
    for a in decisions.agreements.agreements.iter().filter(|a| !a.ends.is_empty()) {
        let what = format!("the agreement with {} ends", a.party);
        add(all, day(&a.ends), "agreement", what, &a.owner, "program/agreements.yaml");
    }
    for r in decisions.records.newest().filter(|r| r.every_days.is_some()) {
        add(
            all,
            r.due(),
            "record",
            format!("{} is due again: {}", r.kind.as_str(), r.title),
            &r.by,
            "program/records.yaml",
        );
    }
    for c in &decisions.clearances.clearances {
        add(
            all,
            day(&c.until),
            "clearance",
            format!("the clearance of {} ends", c.path),
            &c.by,
            "program/clearances.yaml",
        );
    }
}

fn plan(decisions: &Decisions, all: &mut Vec<DueDay>) {
    let file = "program/incident-response.yaml";
    let Some(plan) = &decisions.incident else { return };
    add(
        all,
        day(&plan.next_review),
        "plan",
        "the incident-response plan is to be reviewed".into(),
        &plan.owner,
        file,
    );
    let last = plan.drills.iter().filter_map(|d| day(&d.date)).max();
    let next = last.and_then(|day| day.checked_add_days(Days::new(DRILL_DAYS)));
    add(all, next, "drill", "a drill is due: the last one was a year ago".into(), &plan.owner, file);
    for role in plan.roles.iter().filter(|r| !r.name.trim().is_empty()) {
        let what = format!("try the contact of the {}: it was last tried 90 days ago", role.role);
        add(all, after(&role.tested, CONTACT_DAYS), "contact", what, &role.name, file);
    }
}

fn risks(dossier: &Dossier, all: &mut Vec<DueDay>) {
    let file = "program/risks.yaml";
    for r in dossier.risks.rows.iter().filter(|r| r.status != "closed") {
        if r.status != "accepted" {
            add(all, day(&r.due), "risk", format!("{} is due: {}", r.id, r.title), &r.owner, file);
        }
        add(
            all,
            day(&r.decided.next_review),
            "review",
            format!("{} is to be reviewed: {}", r.id, r.title),
            &r.owner,
            file,
        );
        for step in r.decided.steps.iter().filter(|s| s.done.is_empty()) {
            let who = if step.owner.is_empty() { &r.owner } else { &step.owner };
            add(all, day(&step.due), "step", format!("{}: {}", r.id, step.action), who, file);
        }
        if let (Some(a), "accepted") = (&r.acceptance, r.status.as_str()) {
            add(
                all,
                day(&a.expires),
                "acceptance",
                format!("the acceptance of {} ends: {}", r.id, r.title),
                &r.owner,
                file,
            );
        }
    }
}

fn agreements(dossier: &Dossier, all: &mut Vec<DueDay>) {
    for a in &dossier.baa.agreements {
        let end = a.effective_end.as_deref().and_then(day);
        add(
            all,
            end,
            "agreement",
            format!("the agreement {} of account {} ends", a.name, a.account),
            "",
            "AWS Artifact",
        );
    }
}
