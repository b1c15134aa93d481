//! What checks say to a question: their rows, counted; for what is not met the risk of the register and its
//! date.

use std::collections::BTreeSet;

use super::{AnswerInputs, Outcome};
use crate::model::answers::{AnswerGap, AnswerWord};
use crate::model::dossier::{CheckReport, ControlReport, RiskReport};
use crate::model::numbers::plural;
use crate::model::verdict::{Counts, Verdict};

/// How many exhibits an answer names, and how many checks that are not met.
const NAMED: usize = 4;
/// How many checks an answer names with their rows.
const TOLD: usize = 12;
const RESULTS: &str = "data/tables/result.csv";

/// Whether an id of the questions means a check: `kms.*` is all of a service.
pub fn fits(wanted: &str, id: &str) -> bool {
    wanted.strip_suffix('*').map_or(wanted == id, |prefix| id.starts_with(prefix))
}

impl AnswerInputs<'_> {
    /// `ids` are those that must be there; a catalog without one of them cannot answer whole.
    pub(super) fn checks(
        &self,
        wanted: impl Fn(&ControlReport, &CheckReport) -> bool,
        ids: &[String],
    ) -> Outcome {
        let all = || {
            self.dossier
                .controls
                .iter()
                .flat_map(|control| control.checks.iter().map(move |check| (control, check)))
        };
        let mut found: Vec<(&ControlReport, &CheckReport)> =
            all().filter(|(control, check)| wanted(control, check)).collect();
        let absent: Vec<&str> =
            ids.iter().filter(|id| !found.iter().any(|(_, c)| fits(id, &c.id))).map(String::as_str).collect();
        found.sort_by_key(|(_, check)| (check.verdict, std::cmp::Reverse(check.severity)));
        let mut counts = Counts::default();
        found.iter().for_each(|(_, check)| counts.merge(&check.counts));
        let worst = Verdict::worst(found.iter().map(|(_, check)| check.verdict));
        let word = match worst {
            _ if found.is_empty() => AnswerWord::Unknown,
            Verdict::NotMet if counts.met == 0 => AnswerWord::No,
            Verdict::NotMet | Verdict::Accepted => AnswerWord::Partial,
            Verdict::NotEvidenced => AnswerWord::Unknown,
            Verdict::Attested | Verdict::Met if !absent.is_empty() => AnswerWord::Partial,
            Verdict::Attested | Verdict::Met => AnswerWord::Yes,
            Verdict::NotApplicable => AnswerWord::NotApplicable,
        };
        let words = format!("{}{}{}", counted(&counts, found.len()), named(&found), policy(&found));
        let mut outcome = Outcome::machine(word, words, self.of_checks(&found));
        // what is missing in AWS leaves no exhibit of its own: a `no` rests on the rows that say so
        if word == AnswerWord::No && outcome.proofs.is_empty() {
            outcome.proofs = self.part(RESULTS, &self.dossier.as_of);
        }
        outcome.gaps = found
            .iter()
            .filter(|(_, check)| check.counts.not_met > 0)
            .take(NAMED)
            .map(|(c, check)| self.missing(c, check))
            .collect();
        let unread: Vec<&str> = found
            .iter()
            .filter(|(_, check)| check.verdict == Verdict::NotEvidenced || check.counts.not_evidenced > 0)
            .map(|(_, check)| check.title.as_str())
            .collect();
        if !unread.is_empty() {
            outcome =
                outcome.gap(format!("evidence was not read, or not in whole, for: {}", unread.join("; ")));
        }
        if !absent.is_empty() {
            outcome = outcome.gap(format!("the catalog of this package lacks {}", absent.join(", ")));
        }
        outcome
    }

    /// Exhibits behind what is in trouble first.
    fn of_checks(&self, found: &[(&ControlReport, &CheckReport)]) -> Vec<crate::model::answers::Proof> {
        let mut ids: Vec<&String> = Vec::new();
        let rows = found.iter().flat_map(|(_, check)| &check.rows).flat_map(|row| &row.evidence);
        for id in rows.chain(found.iter().flat_map(|(_, check)| &check.evidence)) {
            if ids.len() < NAMED && !ids.contains(&id) {
                ids.push(id);
            }
        }
        self.exhibits(ids)
    }

    /// What is not met, with the open risks of the register that hold the resources in question: the latest
    /// of their dates, and none where one of them has none. Another risk of the same control is not its own.
    fn missing(&self, control: &ControlReport, check: &CheckReport) -> AnswerGap {
        let bad: BTreeSet<&str> = check
            .rows
            .iter()
            .filter(|row| row.verdict == Verdict::NotMet)
            .map(|row| row.resource.as_str())
            .collect();
        let held = |risk: &RiskReport| {
            risk.origin == "finding"
                && risk.status != "closed"
                && risk.control.as_ref() == Some(&control.id)
                && risk.members.iter().any(|m| m.here && bad.contains(m.resource.as_str()))
        };
        let risks: Vec<&RiskReport> = self.dossier.risks.rows.iter().filter(|r| held(r)).collect();
        let dated = risks.iter().all(|r| !r.due.is_empty());
        AnswerGap {
            gap: format!("{}: {} of {} not met", check.title, check.counts.not_met, check.population),
            risk: risks.iter().map(|r| r.id.as_str()).collect::<Vec<_>>().join(", "),
            due: risks.iter().map(|r| r.due.clone()).max().filter(|_| dated).unwrap_or_default(),
        }
    }
}

/// Check by check, those in trouble first, how many of the judged rows are met. What has no row is left:
/// nothing of the kind is there.
fn named(found: &[(&ControlReport, &CheckReport)]) -> String {
    let judged = |c: &Counts| c.met + c.not_met + c.accepted + c.attested;
    let all: Vec<String> = found
        .iter()
        .filter(|(_, check)| judged(&check.counts) > 0)
        .map(|(_, check)| format!("{} ({} of {})", check.title, check.counts.met, judged(&check.counts)))
        .collect();
    let more = match all.len().saturating_sub(TOLD) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    match all.is_empty() {
        true => String::new(),
        false => {
            format!(" Checked: {}{more}.", all.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; "))
        }
    }
}

/// The numbers of policy that the queries of these checks compare with.
fn policy(found: &[(&ControlReport, &CheckReport)]) -> String {
    let compares = |sql: &str, name: &str| {
        sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name)
    };
    let mut all: Vec<String> = Vec::new();
    for (control, check) in found {
        for asked in control.parameters.iter().filter(|p| compares(&check.sql, &p.name)) {
            let words = format!("{} {} {}", asked.name, asked.value, asked.unit);
            if !all.contains(&words) {
                all.push(words);
            }
        }
    }
    match all.is_empty() {
        true => String::new(),
        false => format!(" Policy asks: {}.", all.join(", ")),
    }
}

/// How many rows read how, in words.
fn counted(counts: &Counts, checks: usize) -> String {
    let judged = counts.met + counts.not_met + counts.accepted + counts.attested;
    match checks == 0 {
        true => "No check of this package is about it.".to_string(),
        false => format!(
            "{} of {} of {} are met, {} not met, {} not evidenced, {} under an approved \
             exception, {} attested.",
            counts.met,
            plural(judged, "row"),
            plural(checks, "check"),
            counts.not_met,
            counts.not_evidenced,
            counts.accepted,
            counts.attested
        ),
    }
}
