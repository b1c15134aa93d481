//! What the dossier holds by itself to a question: the addendum, the services, the plan, the register.

use super::{AnswerInputs, Outcome};
use crate::model::answers::{AnswerWord, Fact, Proof};
use crate::model::dossier::{RiskReport, ServiceRow};
use crate::model::numbers::plural;
use crate::program::incident::days;

const SETTINGS: &str = "data/decisions/affiant.yaml";
const PLAN: &str = "data/decisions/program/incident-response.yaml";
const ALTERNATIVES: &str = "data/decisions/program/alternatives.yaml";
const REGISTER: &str = "data/tables/risk.csv";
const READERS: &str = "data/tables/phi_store_reader.csv";
const NETWORK: &str = "data/tables/network_place.csv";
const INVENTORY: &str = "data/tables/resource.csv";
/// A year, as plans and drills count it.
const YEAR: i64 = 366;
/// Words in the names of services that run models.
const MODELS: [&str; 12] = [
    "bedrock",
    "sagemaker",
    "comprehend",
    "transcribe",
    "textract",
    "rekognition",
    "healthscribe",
    "lex",
    "polly",
    "translate",
    "kendra",
    "q business",
];

/// A service with its place on the list, the condition that the list sets, and what was read of it.
fn service(row: &ServiceRow) -> String {
    let condition = match row.status.as_str() {
        "on the list with a condition" => format!(": {}", row.condition.trim().trim_end_matches('.')),
        _ => String::new(),
    };
    let read = match row.resources {
        0 => "no resource of it was read".to_string(),
        n => format!("{}, {} in PHI scope", plural(n, "resource"), row.phi),
    };
    format!("{} ({}{condition}; {read})", row.service, row.status)
}

impl AnswerInputs<'_> {
    pub(super) fn fact(&self, fact: Fact) -> Outcome {
        match fact {
            Fact::Addendum => self.addendum(),
            Fact::Services => self.services(),
            Fact::Role => self.role(),
            Fact::Officials => self.officials(),
            Fact::RiskRegister => self.register(),
            Fact::Retention => self.retention(),
            Fact::Alternatives => self.alternatives(),
            Fact::Plan => self.plan(),
            Fact::Drill => self.drill(),
            Fact::Notice => self.notice(),
            Fact::Preservation => self.preservation(),
            Fact::Regions => self.regions(),
            Fact::Domestic => self.domestic(),
            Fact::Readers => self.readers(),
            Fact::NetworkMap => self.network_map(),
            Fact::AiServices => self.models(),
        }
    }

    fn day(&self) -> &str {
        self.dossier.as_of.get(..10).unwrap_or_default()
    }

    fn person(outcome: Outcome) -> Outcome {
        Outcome { person: true, ..outcome }
    }

    fn addendum(&self) -> Outcome {
        let baa = &self.dossier.baa;
        let proofs = self.exhibits(baa.agreements.iter().flat_map(|a| &a.evidence));
        let word = match baa.state.as_str() {
            "in force" => AnswerWord::Yes,
            "none found" | "terminated" => AnswerWord::No,
            _ => AnswerWord::Unknown,
        };
        Outcome::machine(word, format!("AWS's own addendum: {}", baa.words), proofs)
    }

    fn services(&self) -> Outcome {
        let s = &self.dossier.services;
        if s.in_use == 0 || self.dossier.totals.resources == 0 {
            return Outcome::unknown("No service was read.");
        }
        let listed = s.on_list + s.with_condition;
        let named: Vec<String> = s.rows.iter().map(service).collect();
        let age = match s.old {
            true => format!(" That copy was {} days old on the day of the evidence.", s.list_age_days),
            false => String::new(),
        };
        let words = format!(
            "{listed} of {} services in use are on the copy of AWS's list dated {}.{age} Seen: {}.",
            s.in_use,
            s.list_date,
            named.join("; ")
        );
        let mut proofs = self.part(INVENTORY, &self.dossier.as_of);
        let list = self.parts.iter().find(|(_, sha256)| **sha256 == s.list_digest);
        proofs.extend(list.map(|(path, sha256)| Proof {
            kind: "record".into(),
            id: format!("AWS's list of {}", s.list_date),
            path: path.clone(),
            sha256: sha256.clone(),
            as_of: s.list_date.clone(),
        }));
        let mut outcome = Outcome::machine(AnswerWord::Yes, words, proofs);
        if listed < s.in_use {
            outcome.word = AnswerWord::Partial;
            let off: Vec<&str> = s
                .rows
                .iter()
                .filter(|r| matches!(r.status.as_str(), "not on the list" | "unknown"))
                .map(|r| r.service.as_str())
                .collect();
            outcome = outcome.gap(format!("not on the list, or not assigned to it: {}", off.join(", ")));
        }
        outcome
    }

    fn role(&self) -> Outcome {
        let o = &self.dossier.organization;
        match o.role.trim() {
            "" => Outcome::unknown("No role is set in affiant.yaml."),
            role => Self::person(Outcome::machine(
                AnswerWord::Yes,
                format!("{}: {role}.", o.name),
                self.part(SETTINGS, self.day()),
            )),
        }
    }

    fn officials(&self) -> Outcome {
        let plan = &self.dossier.incident;
        let holder = |kind: &str| {
            plan.roles.iter().find(|r| r.role.to_lowercase().contains(kind) && !r.name.trim().is_empty())
        };
        let (security, privacy) = (holder("security official"), holder("privacy official"));
        let words: Vec<String> = [security, privacy]
            .into_iter()
            .flatten()
            .map(|r| format!("{}: {}, deputy {}.", r.role, r.name, r.deputy))
            .collect();
        let word = match (security, privacy) {
            (Some(_), Some(_)) => AnswerWord::Yes,
            (Some(_), None) | (None, Some(_)) => AnswerWord::Partial,
            (None, None) => {
                return Outcome::unknown("The plan names no security official and no privacy official.");
            }
        };
        Self::person(Outcome::machine(word, words.join(" "), self.part(PLAN, &plan.approved_at)))
    }

    fn register(&self) -> Outcome {
        let rows = &self.dossier.risks.rows;
        let open: Vec<&RiskReport> =
            rows.iter().filter(|r| matches!(r.status.as_str(), "open" | "in treatment")).collect();
        let dated = open.iter().filter(|r| !r.owner.is_empty() && !r.due.is_empty()).count();
        let high = open.iter().filter(|r| matches!(r.level.as_str(), "high" | "very high")).count();
        if rows.is_empty() {
            return Outcome::unknown("The register of this package is empty.");
        }
        let words = format!(
            "The register holds {} risks, {} of them open, {high} of these high or very high; {dated} open \
             ones have an owner and a date.",
            rows.len(),
            open.len()
        );
        let mut outcome = Outcome::machine(AnswerWord::Yes, words, self.part(REGISTER, &self.dossier.as_of));
        if dated < open.len() {
            outcome.word = AnswerWord::Partial;
            outcome = outcome.gap(format!(
                "{} of {} open risks have no owner or no date",
                open.len() - dated,
                open.len()
            ));
        }
        outcome
    }

    fn retention(&self) -> Outcome {
        let kept = &self.dossier.retention;
        let words = format!("{} This package: until {}.", kept.words, kept.until);
        Self::person(Outcome::machine(AnswerWord::Yes, words, self.part(SETTINGS, self.day())))
    }

    fn alternatives(&self) -> Outcome {
        let all: Vec<_> = self.dossier.controls.iter().flat_map(|c| &c.alternatives).collect();
        if all.is_empty() {
            return Outcome::unknown("The package holds no record of an alternative measure.");
        }
        let words: Vec<String> =
            all.iter().map(|a| format!("{}, approved by {} on {}", a.citation, a.approver, a.date)).collect();
        let since = all.iter().map(|a| a.date.as_str()).min().unwrap_or_default();
        let words = format!("Recorded for {}.", words.join("; "));
        Self::person(Outcome::machine(AnswerWord::Yes, words, self.part(ALTERNATIVES, since)))
    }

    fn plan(&self) -> Outcome {
        let plan = &self.dossier.incident;
        if !plan.present {
            return Outcome::unknown("The package holds no incident response plan.");
        }
        let words = format!(
            "{}, version {}, approved by {} on {}.",
            plan.title, plan.version, plan.approved_by, plan.approved_at
        );
        let mut outcome =
            Self::person(Outcome::machine(AnswerWord::Yes, words, self.part(PLAN, &plan.approved_at)));
        if !days(&plan.approved_at, self.today).is_some_and(|age| (0..=YEAR).contains(&age)) {
            outcome.word = AnswerWord::Partial;
            outcome = outcome.gap(format!("the plan was not approved within a year: {}", plan.approved_at));
        }
        if !plan.missing.is_empty() {
            outcome.word = AnswerWord::Partial;
            outcome = outcome.gap(format!("the plan lacks: {}", plan.missing.join("; ")));
        }
        outcome
    }

    fn drill(&self) -> Outcome {
        let plan = &self.dossier.incident;
        let Some(last) =
            plan.drills.iter().filter(|d| d.date.as_str() <= self.today).max_by(|a, b| a.date.cmp(&b.date))
        else {
            return match plan.present {
                true => Self::person(Outcome::machine(
                    AnswerWord::No,
                    "No drill is on record.",
                    self.part(PLAN, &plan.approved_at),
                )),
                false => Outcome::unknown("No drill is on record."),
            };
        };
        let words = format!(
            "Last drill {} on {}, {} people: {}",
            last.id, last.date, last.participants, last.outcome
        );
        let mut proofs = self.part(PLAN, &last.date);
        proofs.extend(
            self.exhibits(&last.evidence).into_iter().map(|p| Proof { as_of: last.date.clone(), ..p }),
        );
        let mut outcome = Self::person(Outcome::machine(AnswerWord::Yes, words, proofs));
        if days(&last.date, self.today).is_none_or(|age| age > YEAR) {
            outcome.word = AnswerWord::Partial;
            outcome = outcome.gap(format!("the last drill was on {}, more than a year ago", last.date));
        }
        outcome
    }

    fn notice(&self) -> Outcome {
        let plan = &self.dossier.incident;
        let contract = plan.clocks.iter().filter(|c| c.basis == "contract" && c.binds && c.days.is_some());
        let words: Vec<String> = contract
            .map(|c| format!("{} hours: {} ({})", c.days.unwrap_or_default() * 24.0, c.who, c.source))
            .collect();
        match (words.is_empty(), plan.present) {
            (false, _) => {
                let words = format!("From discovery, by contract: {}.", words.join("; "));
                Self::person(Outcome::machine(AnswerWord::Yes, words, self.part(PLAN, &plan.approved_at)))
            }
            (true, true) => {
                let words =
                    "The plan holds no hours of a contract; what the law sets at the outside stands in it.";
                Self::person(Outcome::machine(AnswerWord::No, words, self.part(PLAN, &plan.approved_at)))
            }
            (true, false) => Outcome::unknown("No plan says it."),
        }
    }

    fn preservation(&self) -> Outcome {
        let plan = &self.dossier.incident;
        if !plan.present || plan.preservation.is_empty() {
            return Outcome::unknown("No plan says how evidence is kept.");
        }
        Self::person(Outcome::machine(
            AnswerWord::Yes,
            plan.preservation.join(" "),
            self.part(PLAN, &plan.approved_at),
        ))
    }

    fn regions(&self) -> Outcome {
        let scope = &self.dossier.scope;
        if scope.regions.is_empty() || self.dossier.totals.resources == 0 {
            return Outcome::unknown("No region was read.");
        }
        let words = format!(
            "{} were read in {}; other regions were not.",
            plural(self.dossier.totals.resources, "resource"),
            scope.regions.join(", ")
        );
        Outcome::machine(AnswerWord::Yes, words, self.part(INVENTORY, &self.dossier.as_of))
    }

    fn domestic(&self) -> Outcome {
        let outcome = self.regions();
        let abroad: Vec<&str> = self
            .dossier
            .scope
            .regions
            .iter()
            .map(String::as_str)
            .filter(|r| !r.starts_with("us-") && !r.contains("global"))
            .collect();
        match (outcome.word, abroad.is_empty()) {
            (AnswerWord::Yes, false) => Outcome { word: AnswerWord::No, ..outcome }
                .gap(format!("regions outside the United States: {}", abroad.join(", "))),
            (..) => outcome,
        }
    }

    fn readers(&self) -> Outcome {
        let m = &self.dossier.readers;
        if m.stores_total == 0 {
            return Outcome::unknown("No store in PHI scope was read.");
        }
        let open = m.stores.iter().filter(|s| s.everyone > 0 || s.foreign > 0).count();
        let words = format!(
            "{} users and roles may read at least one of {} stores in PHI scope; {open} are open to everyone \
             or to other accounts.",
            m.readers_total, m.stores_total
        );
        let mut outcome = Outcome::machine(AnswerWord::Yes, words, self.part(READERS, &self.dossier.as_of));
        if open > 0 {
            outcome.word = AnswerWord::Partial;
            outcome =
                outcome.gap(format!("{open} stores in PHI scope are open to everyone or to other accounts"));
        }
        outcome
    }

    fn network_map(&self) -> Outcome {
        let map = &self.dossier.network;
        match map.vpcs_total {
            0 => Outcome::unknown("No network was read."),
            n => Outcome::machine(
                AnswerWord::Yes,
                format!("The report draws {n} networks from the evidence."),
                self.part(NETWORK, &self.dossier.as_of),
            ),
        }
    }

    fn models(&self) -> Outcome {
        let s = &self.dossier.services;
        if s.in_use == 0 {
            return Outcome::unknown("No service was read.");
        }
        let runs = |name: &str| MODELS.iter().any(|word| name.to_lowercase().contains(word));
        let named: Vec<&str> =
            s.rows.iter().map(|row| row.service.as_str()).filter(|name| runs(name)).collect();
        let words = match named.is_empty() {
            true => {
                "Among the services of AWS that were read, none runs models; models elsewhere are not seen."
                    .to_string()
            }
            false => format!(
                "Services of AWS that run models, among those read: {}; models elsewhere are not seen.",
                named.join(", ")
            ),
        };
        Outcome::machine(AnswerWord::Yes, words, self.part(INVENTORY, &self.dossier.as_of))
    }
}
