//! What people say to a question: attestations of the package, documents of the run, and statements made for
//! the sheet. What has expired, what the evidence contradicts and what cites a paper that is not there does
//! not count in full.

use super::{AnswerInputs, Outcome};
use crate::model::answers::{AnswerGap, AnswerWord, BuyerQuestion, Proof, StatementRecord};
use crate::yaml::is_placeholder;

const ATTESTATIONS: &str = "data/decisions/program/attestations.yaml";

impl AnswerInputs<'_> {
    pub(super) fn attested(&self, id: &str) -> Outcome {
        let Some(said) = self.dossier.attestations.iter().find(|a| a.id == id) else {
            return Outcome::unknown(format!("Nobody has stated `{id}`."));
        };
        if said.expired || said.valid_until.as_str() < self.today {
            return Outcome::unknown(format!(
                "The statement `{id}` of {} held until {}.",
                said.by, said.valid_until
            ));
        }
        let mut proofs = self.part(ATTESTATIONS, &said.on);
        let papers = self.exhibits(&said.evidence);
        let missing = said.evidence.len() - papers.len();
        proofs.extend(papers.into_iter().map(|paper| Proof { as_of: said.on.clone(), ..paper }));
        let words =
            format!("{}, {}, stated on {}: {}", said.by, said.role.to_lowercase(), said.on, said.statement);
        let mut outcome =
            Outcome { person: true, dated: false, ..Outcome::machine(AnswerWord::Yes, words, proofs) };
        let against = self.dossier.contradictions.iter().find(|c| c.said == said.statement);
        if let Some(against) = against {
            outcome.word = AnswerWord::Partial;
            outcome = outcome.gap(format!("what was stated stands against the evidence: {}", against.shown));
        }
        if missing > 0 {
            outcome.word = AnswerWord::Partial;
            outcome = outcome
                .gap(format!("the statement `{id}` cites {missing} papers that the package does not hold"));
        }
        outcome
    }

    /// Documents whose name holds one of the words between separators.
    pub(super) fn document(&self, words: &[String]) -> Outcome {
        let plain = |text: &str| {
            let parts: Vec<String> =
                text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
            format!("-{}-", parts.join("-"))
        };
        let named = |path: &str| {
            words.iter().any(|word| plain(path.rsplit('/').next().unwrap_or(path)).contains(&plain(word)))
        };
        let papers =
            || self.dossier.evidence.iter().filter(|e| e.path.starts_with("documents/") && named(&e.path));
        let proofs: Vec<Proof> = papers().map(|e| self.exhibit_proof(e)).collect();
        if proofs.is_empty() {
            return Outcome::unknown(format!(
                "The package holds no document on it (by name: {}).",
                words.join(", ")
            ));
        }
        let names: Vec<String> = papers()
            .map(|e| format!("{} ({})", e.path.rsplit('/').next().unwrap_or(&e.path), e.id))
            .collect();
        let words = format!("Documents in the package: {}.", names.join(", "));
        Outcome { person: true, ..Outcome::machine(AnswerWord::Yes, words, proofs) }
    }

    /// The newest statement for the question that holds on this day.
    pub(super) fn stated(&self, question: &BuyerQuestion, wanted: &str) -> Outcome {
        let all = || self.statements.statements.iter().filter(|said| said.question == question.id);
        let held = |said: &&StatementRecord| {
            said.on.as_str() <= self.today && self.today <= said.valid_until.as_str()
        };
        let named = |said: &&StatementRecord| {
            [&said.by, &said.role, &said.words]
                .iter()
                .all(|text| !is_placeholder(text) && !text.trim().is_empty())
        };
        let Some(said) = all().filter(held).filter(named).max_by(|a, b| a.on.cmp(&b.on)) else {
            let over = all().map(|said| said.valid_until.as_str()).max();
            return Outcome::unknown(match over {
                Some(until) => format!(
                    "The statement made for it does not hold on {} (until {until}), or names nobody.",
                    self.today
                ),
                None => format!("Nobody has stated it. What to state: {wanted}"),
            });
        };
        let papers = self.exhibits(&said.evidence);
        if papers.len() < said.evidence.len() {
            return Outcome::unknown(format!(
                "The statement of {} cites papers that the package does not hold.",
                said.by
            ));
        }
        let (path, sha256) = self.statements_file;
        let own = Proof {
            kind: "statement".into(),
            id: question.id.clone(),
            path: path.into(),
            sha256: sha256.into(),
            as_of: said.on.clone(),
        };
        let words =
            format!("{}, {}, stated on {}: {}", said.by, said.role.to_lowercase(), said.on, said.words);
        let proofs = std::iter::once(own).chain(papers).collect();
        let word = if question.adverse { super::turned(said.answer) } else { said.answer };
        let mut outcome = Outcome { person: true, dated: false, ..Outcome::machine(word, words, proofs) };
        outcome.gaps.extend(said.plan.iter().map(|p| AnswerGap {
            gap: p.gap.clone(),
            risk: p.risk.clone(),
            due: p.due.clone(),
        }));
        outcome
    }
}
