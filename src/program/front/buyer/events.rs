//! Answers of the buyer's page on what happened: incidents, restores and repairs.

use super::{NO, PART, Page, UNKNOWN, YES, open};
use crate::model::dossier::BuyerAnswer;
use crate::model::verdict::Verdict;
use crate::program::plural;

impl Page<'_> {
    pub(super) fn restore(&self) -> BuyerAnswer {
        let mut a = open(
            "restore",
            "When was a restore last tried, when a drill, and what are the recovery targets (RTO, RPO)?",
            "control-backup-and-retention",
            "",
        );
        let restored = self.said("restore-result-accepted");
        let recent = |date: &str| {
            crate::program::incident::days(date, &self.dossier.as_of).is_some_and(|n| (0..=365).contains(&n))
        };
        let drill = self.plan.drills.iter().filter(|d| recent(&d.date)).max_by(|x, y| x.date.cmp(&y.date));
        let mut words = Vec::new();
        words.push(restored.map_or_else(
            || "No restore is attested within its time.".into(),
            |r| format!("Restore accepted on {} by {}.", r.on, r.by),
        ));
        words.push(drill.map_or_else(
            || "No drill within a year is on record.".into(),
            |d| format!("Drill {} on {}, {} people.", d.id, d.date, d.participants),
        ));
        let plan = self.said("contingency-plan-current");
        words.push(match plan {
            Some(p) if !p.evidence.is_empty() => {
                format!(
                    "RTO and RPO: in the contingency plan that {} stated to be current on {}.",
                    p.by, p.on
                )
            }
            Some(_) | None => "RTO and RPO are not stated in this package.".into(),
        });
        a.words = words.join(" ");
        a.answer = match (restored, drill) {
            (Some(_), Some(_)) => YES,
            (None, None) => NO,
            (Some(_), None) | (None, Some(_)) => PART,
        }
        .into();
        a.population = format!("{} on record", plural(self.plan.drills.len(), "drill"));
        a.date = restored.map(|r| r.on.clone()).or(drill.map(|d| d.date.clone())).unwrap_or_default();
        a.evidence.extend(restored.into_iter().flat_map(|r| r.evidence.iter().cloned()));
        a.evidence.extend(drill.into_iter().flat_map(|d| self.refs.of(&d.evidence)));
        a.evidence.extend(plan.into_iter().flat_map(|p| p.evidence.iter().cloned()));
        a.evidence.dedup();
        a
    }

    pub(super) fn incidents(&self) -> BuyerAnswer {
        let mut a = open(
            "incidents",
            "Were there incidents or breaches in this period?",
            "clock-starts",
            "Nobody has stated that the incident log of this period is complete.",
        );
        let unexamined = self.dossier.clock_starts.iter().filter(|s| s.state == "unexamined").count() as u64;
        let records = self.plan.incidents.len() as u64;
        if let Some(said) = self.said("incident-log-complete") {
            self.stated(&mut a, said);
            a.answer = if unexamined == 0 { YES } else { PART }.into();
        }
        a.words += &format!(
            " {} on record; {} that may start a clock stand unexamined.",
            plural(records, "incident"),
            plural(unexamined, "finding")
        );
        a.population = format!(
            "{}, {}",
            plural(records, "incident"),
            plural(self.dossier.clock_starts.len(), "finding")
        );
        // A statement without a document rests on what it is about: the findings that it does not name, else
        // the plan.
        if a.evidence.is_empty() && a.answer != UNKNOWN {
            a.evidence =
                self.dossier.clock_starts.iter().flat_map(|s| &s.evidence).take(2).cloned().collect();
            a.evidence.dedup();
        }
        if a.evidence.is_empty() && a.answer != UNKNOWN {
            a.evidence = self.documents(&["incident", "log-review"]);
        }
        a
    }

    pub(super) fn repairs(&self) -> BuyerAnswer {
        let mut a = open(
            "repairs",
            "When is what failed put right, and who answers for it?",
            "risks",
            "Nothing was judged.",
        );
        if self.dossier.totals.results.met + self.dossier.totals.results.not_met == 0 {
            return a;
        }
        let today = self.day();
        let failing: Vec<_> =
            self.dossier.risks.rows.iter().filter(|r| r.origin == "finding" && r.is_open()).collect();
        let dated: Vec<_> = failing.iter().filter(|r| !r.owner.is_empty() && !r.due.is_empty()).collect();
        let late = dated.iter().filter(|r| r.due < today).count();
        let next = dated.iter().map(|r| r.due.as_str()).filter(|d| *d >= today.as_str()).min();
        a.answer = if failing.len() == dated.len() && late == 0 {
            YES
        } else if dated.is_empty() {
            NO
        } else {
            PART
        }
        .into();
        a.words = format!(
            "{} of {} with failing resources have an owner and a date; {late} past due.",
            dated.len(),
            plural(failing.len(), "open risk")
        );
        if let Some(next) = next {
            a.words += &format!(" The next date is {next}.");
        }
        a.words += &format!(
            " Contact: {}.",
            if self.dossier.organization.contact.is_empty() {
                "none named"
            } else {
                &self.dossier.organization.contact
            }
        );
        a.population = plural(failing.len(), "risk");
        a.date = today;
        let rows = self
            .dossier
            .controls
            .iter()
            .flat_map(|c| &c.checks)
            .flat_map(|c| &c.rows)
            .filter(|r| r.verdict == Verdict::NotMet);
        a.evidence = rows.flat_map(|r| r.evidence.first()).take(1).cloned().collect();
        a
    }
}
