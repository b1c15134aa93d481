//! Answers to a buyer: each rests on files of the package that are there, and with its evidence gone none of
//! them says yes. Nothing leaves without an approval of exactly these answers; no score picks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use affiant::model::answers::{
    AnswerWord, AnsweredQuestion, BuyerQuestion, Fact, QuestionSet, StatementRecord, Statements, Support,
};
use affiant::model::digest::Digest;
use affiant::model::dossier::{CheckReport, ControlReport, Dossier};
use affiant::model::verdict::{Counts, Verdict};
use affiant::pipeline::answer::questions;
use affiant::program::answer::matching::QuestionIndex;
use affiant::program::answer::{AnswerInputs, answers};

use crate::harness::{NOW, Sandbox, files};
use crate::machine::exported;

/// All that answers are made from.
#[derive(Clone)]
pub struct Ground {
    set: QuestionSet,
    dossier: Dossier,
    run: String,
    parts: BTreeMap<String, String>,
    statements: Statements,
}

impl Ground {
    pub fn sample() -> Ground {
        let folder = exported().zip.with_extension("");
        let bytes = fs::read(folder.join("data/dossier.json")).expect("a dossier");
        let record: serde_json::Value =
            serde_json::from_slice(&fs::read(folder.join("data/package.json")).expect("a record"))
                .expect("JSON");
        let run = record["run"].as_str().expect("a run").to_string();
        let all = files(&folder).into_iter().filter(|(name, _)| !name.starts_with(&run));
        let parts = all.map(|(name, bytes)| (name, Digest::of(&bytes).to_string())).collect();
        let set = questions().expect("our questions");
        let statements = stated(&set);
        Ground { dossier: serde_json::from_slice(&bytes).expect("a dossier"), run, parts, statements, set }
    }

    pub fn on(&self, today: &str) -> Vec<AnsweredQuestion> {
        answers(&AnswerInputs {
            questions: &self.set,
            dossier: &self.dossier,
            run: &self.run,
            parts: &self.parts,
            statements: &self.statements,
            statements_file: ("statements.yaml", "0"),
            today,
            max_age: 92,
        })
    }

    fn answer(&self, id: &str) -> AnsweredQuestion {
        self.on(&NOW[..10]).into_iter().find(|a| a.id == id).expect("a question")
    }

    /// Takes away what one support rests on.
    fn without(&mut self, support: &Support, question: &BuyerQuestion) {
        match support {
            Support::Checks(ids) => {
                self.blind(|_, check| {
                    ids.iter().any(|id| {
                        id.strip_suffix('*').map_or(*id == check.id, |start| check.id.starts_with(start))
                    })
                });
            }
            Support::Controls(ids) => self.blind(|control, _| ids.iter().any(|id| id == control)),
            Support::Attested(id) => self.dossier.attestations.retain(|a| a.id != *id),
            Support::Document(_) => self.dossier.evidence.retain(|e| !e.path.starts_with("documents/")),
            Support::Statement(_) => self.statements.statements.retain(|s| s.question != question.id),
            Support::Fact(fact) => self.without_fact(*fact),
        }
    }

    /// As if nothing that these checks read had been read.
    fn blind(&mut self, wanted: impl Fn(&str, &CheckReport) -> bool) {
        for ControlReport { id, checks, .. } in &mut self.dossier.controls {
            for check in checks.iter_mut().filter(|check| wanted(id, check)) {
                check.verdict = Verdict::NotEvidenced;
                check.counts = Counts { not_evidenced: 1, ..Counts::default() };
                check.rows.clear();
                check.evidence.clear();
            }
        }
    }

    fn without_fact(&mut self, fact: Fact) {
        let d = &mut self.dossier;
        match fact {
            Fact::Addendum => {
                d.baa.state = "unknown".into();
                d.baa.agreements.clear();
            }
            Fact::Services | Fact::AiServices => d.services.in_use = 0,
            Fact::Role => d.organization.role.clear(),
            Fact::Retention => drop(self.parts.remove("data/decisions/affiant.yaml")),
            Fact::RiskRegister => d.risks.rows.clear(),
            Fact::Alternatives => d.controls.iter_mut().for_each(|c| c.alternatives.clear()),
            Fact::Officials | Fact::Plan | Fact::Drill | Fact::Notice | Fact::Preservation => {
                let plan = &mut d.incident;
                plan.present = false;
                plan.roles.clear();
                plan.drills.clear();
                plan.clocks.clear();
                plan.preservation.clear();
            }
            Fact::Regions | Fact::Domestic => d.scope.regions.clear(),
            Fact::Readers => d.readers.stores_total = 0,
            Fact::NetworkMap => d.network.vpcs_total = 0,
        }
    }
}

/// A statement for each question that asks for one: what everybody hopes for.
fn stated(set: &QuestionSet) -> Statements {
    let asks = |q: &&BuyerQuestion| q.supports.iter().any(|s| matches!(s, Support::Statement(_)));
    let record = |q: &BuyerQuestion| StatementRecord {
        question: q.id.clone(),
        answer: if q.adverse { AnswerWord::No } else { AnswerWord::Yes },
        words: format!("So it is with {}.", q.id),
        by: "Casey Example".into(),
        role: "Security official".into(),
        on: "2026-09-01".into(),
        valid_until: "2027-09-01".into(),
        evidence: Vec::new(),
        plan: None,
    };
    Statements {
        statements: set.questions.iter().filter(asks).map(record).collect(),
        ..Statements::default()
    }
}

#[test]
fn every_question_names_checks_and_statements_of_the_catalog() {
    let (set, catalog) =
        (questions().expect("our questions"), affiant::catalog::load(None).expect("the catalog"));
    assert_eq!(set.questions.len(), 64);
    let ids: std::collections::BTreeSet<&str> = set.questions.iter().map(|q| q.id.as_str()).collect();
    assert_eq!(ids.len(), 64);
    for question in &set.questions {
        assert!(!question.supports.is_empty(), "{}", question.id);
        for support in &question.supports {
            let unknown: Vec<&String> = match support {
                Support::Checks(ids) => ids
                    .iter()
                    .filter(|id| {
                        !catalog
                            .checks
                            .values()
                            .any(|c| id.strip_suffix('*').map_or(**id == c.id, |s| c.id.starts_with(s)))
                    })
                    .collect(),
                Support::Controls(ids) => {
                    ids.iter().filter(|id| !catalog.controls.iter().any(|c| c.id == **id)).collect()
                }
                Support::Attested(id)
                    if !catalog.controls.iter().any(|c| c.attest.iter().any(|a| a.id == *id)) =>
                {
                    vec![id]
                }
                Support::Attested(_) | Support::Document(_) | Support::Statement(_) | Support::Fact(_) => {
                    Vec::new()
                }
            };
            assert!(unknown.is_empty(), "{}: {unknown:?}", question.id);
        }
    }
}

#[test]
fn with_its_evidence_gone_no_answer_says_yes() {
    let ground = Ground::sample();
    let full = ground.on(&NOW[..10]);
    let known = full.iter().filter(|a| a.answer != AnswerWord::Unknown).count();
    assert!(known >= 50, "only {known} of 64 are answered");
    for (question, answer) in ground.set.questions.clone().iter().zip(&full) {
        let good = |word: AnswerWord| match (word, question.adverse) {
            (AnswerWord::Unknown, _) | (AnswerWord::No, false) | (AnswerWord::Yes, true) => false,
            (AnswerWord::Yes | AnswerWord::Partial | AnswerWord::NotApplicable | AnswerWord::No, _) => true,
        };
        let mut all = ground.clone();
        question.supports.iter().for_each(|support| all.without(support, question));
        assert!(!good(all.answer(&question.id).answer), "{} without any evidence", question.id);
        let mut first = ground.clone();
        first.without(&question.supports[0], question);
        let left = first.answer(&question.id);
        assert!(!good(left.answer), "{} without its first support says {:?}", question.id, left.answer);
        for support in &question.supports[1..] {
            let mut less = ground.clone();
            less.without(support, question);
            let left = less.answer(&question.id);
            let raised =
                answer.answer == AnswerWord::Partial && left.answer == AnswerWord::Yes && !question.adverse;
            assert!(!raised, "{} gains where it loses {support:?}", question.id);
            let whole = if question.adverse { AnswerWord::No } else { AnswerWord::Yes };
            assert_ne!(left.answer, whole, "{} is whole without {support:?}", question.id);
        }
    }
    let mut bare = ground;
    bare.dossier.evidence.clear();
    bare.parts.clear();
    bare.statements.statements.clear();
    for (question, answer) in bare.set.questions.iter().zip(bare.on(&NOW[..10])) {
        let fits = matches!(answer.answer, AnswerWord::Unknown)
            || answer.answer == AnswerWord::No && !question.adverse;
        assert!(fits, "{} says {:?} with nothing in the package", question.id, answer.answer);
    }
}

#[test]
fn each_answer_rests_on_files_of_the_package_with_their_digest() {
    let folder = exported().zip.with_extension("");
    let mut opened = 0;
    for answer in Ground::sample().on(&NOW[..10]) {
        let unknown = answer.answer == AnswerWord::Unknown;
        assert_eq!(answer.evidence.is_empty(), unknown, "{}", answer.id);
        assert_eq!(answer.confidence.is_none(), unknown, "{}", answer.id);
        assert!(!answer.narrative.is_empty(), "{}", answer.id);
        if matches!(answer.answer, AnswerWord::No | AnswerWord::Partial | AnswerWord::Unknown)
            && answer.id != "enforcement"
        {
            let turned =
                ["enforcement", "offshore", "incidents", "ai-training"].contains(&answer.id.as_str());
            assert!(!answer.gaps.is_empty() || turned, "{} tells no gap", answer.id);
        }
        for proof in answer.evidence.iter().filter(|p| p.kind != "statement") {
            let bytes = fs::read(folder.join(&proof.path))
                .unwrap_or_else(|e| panic!("{}: {}: {e}", answer.id, proof.path));
            assert_eq!(Digest::of(&bytes).to_string(), proof.sha256, "{}: {}", answer.id, proof.path);
            opened += 1;
        }
    }
    assert!(opened > 100, "{opened}");
}

/// Another risk of the same control, with another date, is not the gap's own.
#[test]
fn the_risk_of_a_gap_holds_its_resources() {
    let ground = Ground::sample();
    let all = ground.dossier.controls.iter().flat_map(|control| &control.checks);
    let checks: BTreeMap<&str, &CheckReport> = all.map(|check| (check.title.as_str(), check)).collect();
    let (answers, mut held) = (ground.on(&NOW[..10]), 0);
    for gap in answers.iter().flat_map(|answer| &answer.gaps) {
        let Some(check) = gap.gap.rsplit_once(": ").and_then(|(title, _)| checks.get(title)) else {
            continue;
        };
        let not_met = |resource: &str| {
            check.rows.iter().any(|r| r.verdict == Verdict::NotMet && r.resource == resource)
        };
        for id in gap.risk.split(", ").filter(|id| !id.is_empty()) {
            let risk = ground.dossier.risks.rows.iter().find(|risk| risk.id == id).expect("a risk");
            assert!(
                risk.members.iter().any(|member| not_met(&member.resource)),
                "{id} is not of {}",
                gap.gap
            );
            held += 1;
        }
    }
    assert!(held > 40, "{held}");
}

/// A count of rows is no answer to a question of numbers.
#[test]
fn an_answer_names_what_was_checked_and_what_policy_asks() {
    let ground = Ground::sample();
    for (id, words) in [
        ("backup-retention", "backup_retention_days 2557 days"),
        ("log-protection", "log_retention_days 2557 days"),
        ("passwords-secrets", "password_min_length 14 characters"),
        ("root", "The root user has no access keys (1 of 1)"),
    ] {
        let said = ground.answer(id).narrative;
        assert!(said.contains(words), "{id}: {said}");
    }
}

#[test]
fn what_is_old_takes_a_step_down_and_what_has_ended_does_not_count() {
    let ground = Ground::sample();
    let (fresh, old) = (ground.on("2026-12-31"), ground.on("2027-01-01"));
    let word =
        |all: &[AnsweredQuestion], id: &str| all.iter().find(|a| a.id == id).expect("a question").answer;
    assert_eq!(
        (word(&fresh, "aws-services"), word(&old, "aws-services")),
        (AnswerWord::Partial, AnswerWord::Unknown)
    );
    assert_eq!(
        (word(&fresh, "hipaa-role"), word(&old, "hipaa-role")),
        (AnswerWord::Yes, AnswerWord::Partial)
    );
    assert_eq!(word(&old, "insurance"), AnswerWord::Unknown, "no document is in the sample");
    assert_eq!(
        (word(&old, "test-data"), word(&ground.on("2027-09-02"), "test-data")),
        (AnswerWord::Yes, AnswerWord::Unknown)
    );
    for (a, b) in fresh.iter().zip(&old) {
        let rose = b.answer == AnswerWord::Yes && a.answer != AnswerWord::Yes;
        assert!(!rose, "{} gains by age", a.id);
    }
}

#[test]
fn a_statement_takes_from_what_the_evidence_shows_and_adds_nothing() {
    let mut ground = Ground::sample();
    let before = ground.answer("encryption-at-rest");
    assert_eq!(before.answer, AnswerWord::Partial);
    assert!(before.gaps.iter().any(|g| g.risk.starts_with("R-")), "{:?}", before.gaps);
    let mut said = ground.statements.statements[0].clone();
    said.question = "encryption-at-rest".into();
    ground.statements.statements.push(said.clone());
    assert_eq!(ground.answer("encryption-at-rest").answer, AnswerWord::Partial);
    said.answer = AnswerWord::No;
    said.question = "hipaa-role".into();
    ground.statements.statements.push(said.clone());
    assert_eq!(ground.answer("hipaa-role").answer, AnswerWord::Partial);
    said.question = "test-data".into();
    said.answer = AnswerWord::Yes;
    said.on = "2026-09-29".into();
    said.evidence = vec!["documents/not-there.md".into()];
    ground.statements.statements.push(said);
    assert_eq!(ground.answer("test-data").answer, AnswerWord::Unknown, "the paper is not in the package");
    // what the evidence contradicts is no whole answer: paths without TLS were found
    assert_eq!(ground.answer("encryption-in-transit").answer, AnswerWord::Partial);
}

/// How buyers put it, and which question of ours is meant.
const ASKED: [(&str, &str); 26] = [
    ("Do you sign a HIPAA business associate agreement (BAA)?", "baa"),
    ("Is multi-factor authentication required for administrators?", "mfa"),
    ("Are all data at rest encrypted using AES-256 or stronger?", "encryption-at-rest"),
    ("Do all connections use TLS 1.2 or higher?", "encryption-in-transit"),
    ("Provide the date of your most recent security risk assessment.", "risk-analysis"),
    ("Do employees undergo criminal background screening prior to employment?", "background-checks"),
    ("Describe your annual security awareness training program.", "training"),
    ("Is customer data accessed or stored by personnel overseas?", "offshore"),
    ("Do you support single sign-on via SAML 2.0?", "sso"),
    ("How long are audit logs retained?", "log-protection"),
    ("How frequently do you perform penetration testing by a third party?", "scans-and-tests"),
    ("What is your recovery time objective?", "recovery"),
    ("How often are backups taken and where are they held?", "backups"),
    ("List all subprocessors with access to our data.", "subcontractors"),
    ("What happens to our data upon termination of the contract?", "destruction"),
    ("Have you experienced a data breach in the past three years?", "incidents"),
    ("Within how many hours will you notify us of a security incident?", "notice"),
    ("Is customer data used to train AI models?", "ai-training"),
    ("Do you hold a current SOC 2 Type II report?", "independent-reports"),
    ("Do you carry cyber liability insurance?", "insurance"),
    ("Are user sessions automatically locked after a period of inactivity?", "idle-logoff"),
    ("How quickly are accounts of terminated employees disabled?", "leavers"),
    ("Who manages the encryption keys?", "key-custody"),
    ("Do you have a documented incident response plan that is tested annually?", "incident-plan"),
    ("Is a web application firewall in place?", "network-defense"),
    ("Does the product conform to WCAG 2.1 AA?", "none"),
];

#[test]
fn the_question_that_is_meant_is_among_three_proposals() {
    let index = QuestionIndex::new(&questions().expect("our questions")).expect("an index");
    let (mut first, mut among) = (0, 0);
    let mut missed = Vec::new();
    for (text, meant) in ASKED {
        let proposed = index.proposals(text).expect("a search");
        assert!(proposed.len() <= 3 && proposed.windows(2).all(|w| w[0].score >= w[1].score));
        first += usize::from(proposed.first().is_some_and(|p| p.question == meant));
        among += usize::from(proposed.iter().any(|p| p.question == meant));
        if !proposed.iter().any(|p| p.question == meant) {
            missed.push(text);
        }
    }
    assert!(
        among >= 24 && first >= 18,
        "{first} first and {among} among three of {}; missed: {missed:?}",
        ASKED.len()
    );
    assert!(index.proposals("\" OR * NEAR( a").expect("no syntax of a buyer reaches the search").len() <= 3);
}

const STATEMENTS: &str = "format: affiant.answers/1
statements:
  - question: background-checks
    answer: yes
    words: Everyone was checked before access was given.
    by: Casey Example
    role: Security official
    on: 2026-09-01
    valid_until: 2027-09-01
";

fn listed(folder: &Path) -> Vec<String> {
    files(folder).into_keys().collect()
}

#[test]
fn nothing_leaves_without_an_approval_of_exactly_these_answers() {
    let box_ = Sandbox::default();
    let zip = exported().zip.display().to_string();
    box_.write("said.yaml", STATEMENTS);
    let answer = |out: &str, more: &[&str]| {
        let args = [&["answer", &zip, "--statements", "said.yaml", "--output", out], more].concat();
        box_.affiant(&args)
    };
    let refused = answer("out", &[]).exits(2);
    assert!(refused.err.contains("AFU-032"), "{}", refused.err);
    assert!(!box_.path().join("out").exists());
    let draft = answer("draft", &["--draft"]).exits(3);
    let text = fs::read_to_string(box_.path().join("draft/answers-draft.csv")).expect("a sheet");
    assert_eq!(text.matches("DRAFT, not approved: ").count(), 64);
    assert_eq!(
        listed(&box_.path().join("draft")),
        ["answers-draft.csv", "answers-draft.yaml", "evidence-draft.csv"]
    );
    let digest = draft.err.split("answers: \"").nth(1).expect("a digest")[..12].to_string();
    let approved = format!(
        "{STATEMENTS}approved: {{ by: Rowan Example, role: Chief executive, on: 2026-09-30, \
         answers: \"{digest}\" }}\n"
    );
    box_.write("said.yaml", &approved);
    answer("out", &[]).exits(3);
    let text = fs::read_to_string(box_.path().join("out/answers.csv")).expect("a sheet");
    assert!(!text.contains("DRAFT") && text.contains("Rowan Example"));
    box_.write("said.yaml", approved.replace("Everyone was", "Nearly everyone was"));
    answer("other", &[]).exits(2);
    box_.write("said.yaml", approved.replace("Rowan Example", "<name>"));
    answer("other", &[]).exits(2);
    box_.write("said.yaml", approved.replace("on: 2026-09-30", "on: 2026-10-30"));
    answer("other", &[]).exits(2);
}

const BUYER: &str = "Vendor security questionnaire,,,
No,Question,Response,Comments
1,Is multi-factor authentication required for administrators?,,
2,\"Do you sign a business associate agreement, yes or no?\",,
3,Is the data encrypted at rest?,=VLOOKUP(1),
4,Does the product conform to WCAG 2.1 AA?,,
";

#[test]
fn a_buyers_file_is_filled_with_what_a_person_picked() {
    let box_ = Sandbox::default();
    let zip = exported().zip.display().to_string();
    box_.write("buyer.csv", BUYER);
    let answer = |more: &[&str]| {
        let args = [&["answer", &zip, "--questionnaire", "buyer.csv", "--map", "map.yaml", "--draft"], more]
            .concat();
        box_.affiant(&args)
    };
    answer(&[]).exits(0);
    let map = fs::read_to_string(box_.path().join("map.yaml")).expect("a map");
    assert_eq!(map.matches("pick: \"\"").count(), 4, "{map}");
    answer(&["--output", "none"]).exits(3);
    let filled = |folder: &str| {
        fs::read_to_string(box_.path().join(folder).join("questionnaire-draft.csv")).expect("a file")
    };
    let lines = |text: &str| text.replace("\r\n", "\n");
    assert_eq!(lines(&filled("none")), BUYER, "nobody picked, so nothing is filled");
    let mut left = map.as_str();
    let mut picked = String::new();
    for pick in ["mfa", "baa", "encryption-at-rest", "none"] {
        let (before, after) = left.split_once("pick: \"\"").expect("a pick");
        picked.push_str(&format!("{before}pick: {pick}"));
        left = after;
    }
    picked.push_str(left);
    box_.write("map.yaml", &picked);
    answer(&["--output", "out"]).exits(3);
    let text = filled("out");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
    assert_eq!(&rows[2][2], "SAMPLE: DRAFT, not approved: Partial");
    assert!(rows[3][2].ends_with("Yes") && rows[3][3].contains("addendum"), "{:?}", &rows[3]);
    assert_eq!(&rows[4][2], "=VLOOKUP(1)", "a cell that holds something is left");
    assert_eq!((&rows[5][2], &rows[5][3]), ("", ""));
    box_.write("buyer.csv", format!("{BUYER}5,And this?,,\n"));
    assert!(answer(&["--output", "late"]).exits(2).err.contains("AFU-031"));
}

/// Ids of known questionnaires lead to questions of ours, and hold no text of anybody.
#[test]
fn id_packs_hold_ids_alone_and_lead_to_questions_of_ours() {
    let set = questions().expect("our questions");
    let packs = affiant::pipeline::answer::id_packs().expect("the packs");
    assert_eq!(packs.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["CAIQ 4", "HECVAT 4"]);
    let form = regex::Regex::new(r"^[A-Z&]{2,4}-[0-9]{2}(\.[0-9])?$").expect("a pattern");
    for pack in &packs {
        assert!(pack.ids.len() > 50 && pack.at_least >= 10, "{}", pack.name);
        for (theirs, ours) in &pack.ids {
            assert!(form.is_match(theirs), "{theirs} is an id");
            assert!(set.questions.iter().any(|q| q.id == *ours), "{}: {ours}", pack.name);
        }
    }
}
