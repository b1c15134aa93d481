//! The buyer's page: twelve questions that procurement asks first, each answered from what the package holds,
//! with its population, its day and its exhibit. What nothing supports is unknown, and says what would answer
//! it.

mod events;

use super::super::{Inputs, References, plural};
use crate::model::decisions::Plan;
use crate::model::dossier::{AttestationReport, BuyerAnswer, ControlReport, Dossier, EvidenceRef};
use crate::model::verdict::Verdict;

const YES: &str = "yes";
const NO: &str = "no";
const PART: &str = "in part";
const UNKNOWN: &str = "unknown";

pub fn answers(dossier: &Dossier, inputs: &Inputs<'_>, refs: &References) -> Vec<BuyerAnswer> {
    let absent = Plan::default();
    let page = Page { dossier, plan: inputs.decisions.incident.as_ref().unwrap_or(&absent), refs };
    vec![
        page.own_agreement(),
        page.addendum(),
        page.services(),
        page.encryption(),
        page.second_factor(),
        page.readers(),
        page.notice(),
        page.restore(),
        page.incidents(),
        page.reports(),
        page.subcontractors(),
        page.repairs(),
    ]
}

struct Page<'a> {
    dossier: &'a Dossier,
    plan: &'a Plan,
    refs: &'a References,
}

/// Counts with their words; what is none is left out.
fn counted(parts: &[(u64, &str)]) -> String {
    let some = parts.iter().filter(|(n, _)| *n > 0);
    some.map(|(n, words)| format!("{n} {words}")).collect::<Vec<_>>().join(", ")
}

/// An answer that nothing supports yet.
fn open(id: &str, question: &str, anchor: &str, words: &str) -> BuyerAnswer {
    BuyerAnswer {
        id: id.into(),
        question: question.into(),
        answer: UNKNOWN.into(),
        words: words.into(),
        population: String::new(),
        date: String::new(),
        evidence: Vec::new(),
        anchor: anchor.into(),
    }
}

impl Page<'_> {
    /// The statement of this id that still holds.
    fn said(&self, id: &str) -> Option<&AttestationReport> {
        self.dossier.attestations.iter().find(|a| a.id == id && !a.expired)
    }

    fn day(&self) -> String {
        self.dossier.as_of.get(..10).unwrap_or_default().to_string()
    }

    fn control(&self, id: &str) -> Option<&ControlReport> {
        self.dossier.controls.iter().find(|c| c.id == id)
    }

    fn stated(&self, answer: &mut BuyerAnswer, said: &AttestationReport) {
        answer.date.clone_from(&said.on);
        answer.evidence.clone_from(&said.evidence);
        answer.words = format!("{}, {}, stated: {}", said.by, said.role.to_lowercase(), said.statement);
    }

    fn own_agreement(&self) -> BuyerAnswer {
        let mut a = open(
            "own-agreement",
            "Is a business associate agreement in force between us and this organization?",
            "control-incident-response",
            "This package holds no statement on the agreement with you. Your own copy answers it; ask the \
             contact on the cover.",
        );
        if let Some(said) = self.said("agreements-in-force") {
            self.stated(&mut a, said);
            a.answer = YES.into();
            a.population = "every covered entity served, as stated".into();
        }
        a
    }

    fn addendum(&self) -> BuyerAnswer {
        let baa = &self.dossier.baa;
        let mut a =
            open("addendum", "Is AWS\u{2019}s own addendum with this organization in force?", "baa", "");
        a.words.clone_from(&baa.words);
        a.answer = match baa.state.as_str() {
            "in force" => YES,
            "none found" | "terminated" => NO,
            _ => UNKNOWN,
        }
        .into();
        a.evidence = baa.agreements.iter().flat_map(|g| g.evidence.iter().cloned()).collect();
        a.evidence.dedup();
        a.population = plural(baa.accounts.len(), "account");
        if a.answer != UNKNOWN {
            a.date = self.day();
        }
        a
    }

    fn services(&self) -> BuyerAnswer {
        let s = &self.dossier.services;
        let mut a = open(
            "services",
            "Which AWS services and regions are used, and are they on AWS\u{2019}s list of eligible \
             services?",
            "services",
            "No service was read.",
        );
        if s.in_use == 0 || self.dossier.totals.resources == 0 {
            return a;
        }
        let listed = s.on_list + s.with_condition;
        a.answer = if listed == s.in_use { YES } else { PART }.into();
        let rest = counted(&[
            (s.with_condition, "with a condition"),
            (s.not_on_list, "not on it"),
            (s.unknown, "unknown"),
        ]);
        let rest = if rest.is_empty() { rest } else { format!(" ({rest})") };
        a.words = format!(
            "{listed} of {} services in use are on the copy of AWS\u{2019}s list dated {}{rest}. Regions: \
             {}.",
            s.in_use,
            s.list_date,
            self.dossier.scope.regions.join(", ")
        );
        a.population = format!(
            "{} in {}",
            plural(self.dossier.totals.resources, "resource"),
            plural(self.dossier.scope.accounts.len(), "account")
        );
        a.date = self.day();
        let first = |wanted: fn(&EvidenceRef) -> bool, most: usize| -> Vec<String> {
            let found = self.dossier.evidence.iter().filter(|e| wanted(e));
            found.take(most).map(|e| e.id.clone()).collect()
        };
        a.evidence = first(|e| e.source.contains("Config") || e.path.contains("/config/"), 2);
        if a.evidence.is_empty() {
            a.evidence = first(|e| e.path.starts_with("aws/"), 1);
        }
        a
    }

    /// What the controls of these ids say together.
    fn judged(&self, a: &mut BuyerAnswer, ids: &[&str]) {
        let controls: Vec<&ControlReport> = ids.iter().filter_map(|id| self.control(id)).collect();
        let worst = Verdict::worst(controls.iter().map(|c| c.verdict));
        let met: u64 = controls.iter().map(|c| c.counts.met).sum();
        let failing: u64 = controls.iter().map(|c| c.counts.not_met).sum();
        let unread: u64 = controls.iter().map(|c| c.counts.not_evidenced).sum();
        let accepted: u64 = controls.iter().map(|c| c.counts.accepted).sum();
        let judged = met + failing + accepted;
        a.answer = match worst {
            _ if judged == 0 => UNKNOWN,
            Verdict::NotMet if met == 0 => NO,
            Verdict::NotMet | Verdict::Accepted => PART,
            Verdict::NotEvidenced => UNKNOWN,
            Verdict::Attested | Verdict::Met => YES,
            Verdict::NotApplicable => UNKNOWN,
        }
        .into();
        let rest = counted(&[(failing, "not met"), (accepted, "under an approved exception")]);
        a.words = format!("{met} of {judged} answers are met");
        if !rest.is_empty() {
            a.words += &format!("; {rest}");
        }
        a.words += &if unread > 0 {
            format!("; {unread} could not be answered for want of evidence.")
        } else {
            ".".into()
        };
        let worst_rows = controls
            .iter()
            .flat_map(|c| &c.checks)
            .filter(|c| c.counts.not_met > 0 && c.severity >= crate::model::verdict::Severity::High);
        let named: Vec<String> = worst_rows
            .take(2)
            .map(|c| {
                let (failing, of) = (c.counts.not_met, c.population);
                format!("\u{201c}{}\u{201d} fails for {failing} of {of}", c.title)
            })
            .collect();
        if !named.is_empty() {
            a.words += &format!(" Worst: {}.", named.join("; "));
        }
        let mut checks: Vec<_> = controls.iter().flat_map(|c| &c.checks).collect();
        checks.sort_by_key(|c| (c.verdict, std::cmp::Reverse(c.severity)));
        let rows = checks.iter().flat_map(|c| &c.rows).flat_map(|r| &r.evidence);
        for id in rows.chain(checks.iter().flat_map(|c| &c.evidence)) {
            if a.evidence.len() < 2 && !a.evidence.contains(id) {
                a.evidence.push(id.clone());
            }
        }
        a.population = format!(
            "{} of {}",
            plural(judged, "answer"),
            plural(controls.iter().map(|c| c.checks.len()).sum::<usize>(), "check")
        );
        if judged > 0 {
            a.date = self.day();
        }
    }

    fn encryption(&self) -> BuyerAnswer {
        let mut a = open(
            "encryption",
            "Is data encrypted at rest and in transit, and where is it not?",
            "control-encryption-at-rest",
            "",
        );
        self.judged(&mut a, &["encryption-at-rest", "encryption-in-transit"]);
        a
    }

    fn second_factor(&self) -> BuyerAnswer {
        let mut a = open(
            "second-factor",
            "Does everyone who signs in use a second factor?",
            "control-multi-factor-authentication",
            "",
        );
        self.judged(&mut a, &["multi-factor-authentication"]);
        a
    }

    fn readers(&self) -> BuyerAnswer {
        let m = &self.dossier.readers;
        let mut a = open(
            "readers",
            "Who can read our records, and when was that reviewed?",
            "control-least-privilege",
            "No store in PHI scope was read.",
        );
        if m.stores_total == 0 {
            return a;
        }
        let everyone: u64 = m.stores.iter().filter(|s| s.everyone > 0).count() as u64;
        let foreign: u64 = m.stores.iter().filter(|s| s.foreign > 0).count() as u64;
        a.words = format!(
            "{} may read at least one of {}; {everyone} open to everyone, {foreign} readable from other \
             accounts.",
            plural(m.readers_total, "user or role").replace("roles", "role").replace(
                "user or role",
                if m.readers_total == 1 { "user or role" } else { "users and roles" }
            ),
            plural(m.stores_total, "store"),
        );
        a.population = plural(m.stores_total, "store");
        a.date = self.day();
        match self.said("access-reviewed") {
            Some(said) => {
                a.words += &format!(" Reviewed: {}, {}, on {}.", said.by, said.role.to_lowercase(), said.on);
                a.evidence.clone_from(&said.evidence);
                a.answer = if everyone == 0 { YES } else { PART }.into();
            }
            None => {
                a.words += " Nobody has stated a review that still holds.";
                a.answer = PART.into();
            }
        }
        if let Some(control) = self.control("least-privilege") {
            a.evidence.extend(
                control
                    .checks
                    .iter()
                    .filter(|c| c.id.starts_with("access."))
                    .flat_map(|c| &c.evidence)
                    .take(1)
                    .cloned(),
            );
        }
        a
    }

    fn notice(&self) -> BuyerAnswer {
        let clocks = &self.dossier.incident.clocks;
        let mut a = open(
            "notice",
            "Within how many hours are we told of an incident?",
            "incident",
            "No plan says it.",
        );
        let contract = clocks.iter().filter(|c| c.basis == "contract" && c.binds && c.days.is_some());
        let first = contract.min_by(|x, y| x.days.partial_cmp(&y.days).unwrap_or(std::cmp::Ordering::Equal));
        match first {
            Some(clock) => {
                let hours = clock.days.unwrap_or_default() * 24.0;
                a.answer = YES.into();
                a.words = format!("{hours} hours from discovery: {} ({}).", clock.who, clock.source);
                a.population = plural(
                    clocks.iter().filter(|c| c.basis == "contract" && c.binds).count() as u64,
                    "contract clock",
                );
                a.date.clone_from(&self.dossier.incident.approved_at);
                a.evidence = self.documents(&["incident-response", "agreement"]);
            }
            None if self.dossier.incident.present => {
                a.answer = NO.into();
                a.words =
                    "The plan holds no hours of a contract. What the law sets at the outside stands in the \
                     incident-response plan."
                        .into();
                a.date.clone_from(&self.dossier.incident.approved_at);
            }
            None => {}
        }
        a
    }

    fn reports(&self) -> BuyerAnswer {
        let found = self.documents(&[
            "soc2",
            "soc-2",
            "iso27001",
            "iso-27001",
            "hitrust",
            "penetration",
            "pentest",
            "pen-test",
            "independent-report",
        ]);
        let mut a = open(
            "reports",
            "Are there independent reports or penetration tests?",
            "manifest",
            "The evidence holds no independent report and no penetration test. AWS\u{2019}s own reports \
             cover its data centers and not this organization.",
        );
        if !found.is_empty() {
            a.answer = YES.into();
            a.words = format!("{} among the evidence.", plural(found.len(), "document"));
            a.population = plural(found.len(), "document");
            let of = self.dossier.evidence.iter().filter(|e| found.contains(&e.id));
            a.date = of
                .map(|e| e.collected_at.get(..10).unwrap_or_default().to_string())
                .max()
                .unwrap_or_default();
            a.evidence = found;
        }
        a
    }

    fn subcontractors(&self) -> BuyerAnswer {
        let mut a = open(
            "subcontractors",
            "Which subcontractors handle our records, under which agreements?",
            "control-incident-response",
            "This package names no subcontractor and holds no register of agreements.",
        );
        let register = self.documents(&["agreements-register", "subcontractor", "vendor"]);
        let said = self.said("agreements-in-force");
        if let Some(said) = said {
            self.stated(&mut a, said);
        }
        a.answer = match (said, register.is_empty()) {
            (Some(_), false) => YES,
            (Some(_), true) | (None, false) => PART,
            (None, true) => UNKNOWN,
        }
        .into();
        if said.is_none() && !register.is_empty() {
            a.words =
                "A register of agreements is among the evidence; nobody has stated that it is complete."
                    .into();
        }
        if !register.is_empty() {
            a.population = plural(register.len(), "document");
        }
        a.evidence.extend(register);
        a.evidence.sort();
        a.evidence.dedup();
        a
    }

    /// Documents of the run whose name holds one of the words.
    fn documents(&self, words: &[&str]) -> Vec<String> {
        let named = self.dossier.evidence.iter().filter(|e| e.path.starts_with("documents/"));
        let found = named.filter(|e| words.iter().any(|w| e.path.to_lowercase().contains(w)));
        found.map(|e| e.id.clone()).collect()
    }
}
