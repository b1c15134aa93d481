//! Answers to a buyer's questions from the dossier of a package and what people stated. A `yes` needs
//! evidence that is in the package; what is missing leaves an answer unknown, what is old takes a step from
//! it, and nothing adds one.

pub mod columns;
mod facts;
pub mod id_packs;
pub mod matching;
mod people;
mod verdicts;

use std::collections::BTreeMap;

use crate::model::answers::{
    AnswerGap, AnswerWord, AnsweredQuestion, BuyerQuestion, Confidence, Proof, QuestionSet, Statements,
    Support,
};
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, EvidenceRef};
use crate::program::incident::days;

/// What questions are answered from.
pub struct AnswerInputs<'a> {
    pub questions: &'a QuestionSet,
    pub dossier: &'a Dossier,
    /// The folder of the run in the package.
    pub run: &'a str,
    /// SHA-256 of the parts of the package beside the run, by path.
    pub parts: &'a BTreeMap<String, String>,
    pub statements: &'a Statements,
    /// The file of the statements, and its SHA-256.
    pub statements_file: (&'a str, &'a str),
    /// The day of answering: `2026-09-30`.
    pub today: &'a str,
    /// After how many days the evidence of a package is old.
    pub max_age: i64,
}

/// What one support says. `Yes` is what the asker hopes for; questions whose `yes` is bad are turned round at
/// the end.
struct Outcome {
    word: AnswerWord,
    words: String,
    proofs: Vec<Proof>,
    gaps: Vec<AnswerGap>,
    /// A person or a document says it, and no evidence of AWS.
    person: bool,
    /// It rests on the evidence of the package, whose age counts.
    dated: bool,
}

impl Outcome {
    fn unknown(words: impl Into<String>) -> Outcome {
        Outcome {
            word: AnswerWord::Unknown,
            words: words.into(),
            proofs: Vec::new(),
            gaps: Vec::new(),
            person: false,
            dated: false,
        }
    }

    fn machine(word: AnswerWord, words: impl Into<String>, proofs: Vec<Proof>) -> Outcome {
        Outcome { word, words: words.into(), proofs, gaps: Vec::new(), person: false, dated: true }
    }

    fn gap(mut self, gap: impl Into<String>) -> Outcome {
        self.gaps.push(AnswerGap { gap: gap.into(), risk: String::new(), due: String::new() });
        self
    }
}

/// All answers, in the order of the questions.
pub fn answers(asked: &AnswerInputs<'_>) -> Vec<AnsweredQuestion> {
    asked.questions.questions.iter().map(|question| asked.answer(question)).collect()
}

/// What an approval names: twelve digits over every answer.
pub fn digest(answers: &[AnsweredQuestion], manifest: &str) -> String {
    let all = serde_json::to_string(answers).expect("answers serialise");
    Digest::of(format!("{manifest}\0{all}").as_bytes()).short()
}

impl AnswerInputs<'_> {
    fn answer(&self, question: &BuyerQuestion) -> AnsweredQuestion {
        let mut all: Vec<Outcome> =
            question.supports.iter().map(|support| proven(self.support(question, support))).collect();
        let decides = question.supports.iter().any(|support| matches!(support, Support::Statement(_)));
        if !decides && self.statements.statements.iter().any(|said| said.question == question.id) {
            all.push(proven(self.stated(question, "")));
        }
        let word = self.aged(combined(&all), &mut all);
        let known: Vec<&Outcome> = all.iter().filter(|o| o.word != AnswerWord::Unknown).collect();
        let evidence = if word == AnswerWord::Unknown { Vec::new() } else { proofs(&known) };
        let (people, machines) = (known.iter().any(|o| o.person), known.iter().any(|o| !o.person));
        let confidence = match (word, people, machines) {
            (AnswerWord::Unknown, ..) | (_, false, false) => None,
            (_, false, true) => Some(Confidence::Automated),
            (_, true, true) => Some(Confidence::Reviewed),
            (_, true, false) => Some(Confidence::Asserted),
        };
        let (narrative, gaps) = (narrative(&all), gaps(&all, word));
        AnsweredQuestion {
            id: question.id.clone(),
            section: question.section.clone(),
            question: question.question.clone(),
            answer: if question.adverse { turned(word) } else { word },
            narrative,
            responsibility: question.responsibility.clone(),
            confidence,
            as_of: evidence
                .iter()
                .map(|p| p.as_of.get(..10).unwrap_or_default())
                .filter(|d| !d.is_empty())
                .min()
                .unwrap_or_default()
                .into(),
            evidence,
            gaps,
        }
    }

    fn support(&self, question: &BuyerQuestion, support: &Support) -> Outcome {
        match support {
            Support::Checks(ids) => {
                self.checks(|_, check| ids.iter().any(|id| verdicts::fits(id, &check.id)), ids)
            }
            Support::Controls(ids) => self.checks(|control, _| ids.contains(&control.id), &[]),
            Support::Fact(fact) => self.fact(*fact),
            Support::Attested(id) => self.attested(id),
            Support::Document(words) => self.document(words),
            Support::Statement(wanted) => self.stated(question, wanted),
        }
    }

    /// A step down where the package is older than it may be.
    fn aged(&self, word: AnswerWord, all: &mut [Outcome]) -> AnswerWord {
        let age = days(&self.dossier.as_of, self.today).unwrap_or(i64::MAX);
        let Some(first) = all.iter_mut().find(|o| o.dated && o.word != AnswerWord::Unknown) else {
            return word;
        };
        if age <= self.max_age {
            return word;
        }
        let gap =
            format!("the evidence of the package is {age} days old; {} days is the limit", self.max_age);
        first.gaps.push(AnswerGap { gap, risk: String::new(), due: String::new() });
        match word {
            AnswerWord::Yes => AnswerWord::Partial,
            AnswerWord::No => AnswerWord::No,
            AnswerWord::Partial | AnswerWord::NotApplicable | AnswerWord::Unknown => AnswerWord::Unknown,
        }
    }

    fn exhibit_proof(&self, exhibit: &EvidenceRef) -> Proof {
        let document = exhibit.path.starts_with("documents/");
        Proof {
            kind: if document { "document" } else { "evidence" }.into(),
            id: exhibit.id.clone(),
            path: format!("{}/data/{}", self.run, exhibit.path),
            sha256: exhibit.sha256.clone(),
            as_of: exhibit.collected_at.clone(),
        }
    }

    /// Exhibits by id, as far as the package has them.
    fn exhibits<'a>(&self, ids: impl IntoIterator<Item = &'a String>) -> Vec<Proof> {
        let find = |id: &String| self.dossier.evidence.iter().find(|e| e.id == *id || e.path == *id);
        ids.into_iter().filter_map(find).map(|e| self.exhibit_proof(e)).collect()
    }

    /// A part of the package that holds what was decided or counted; none where it has no such part.
    fn part(&self, path: &str, as_of: &str) -> Vec<Proof> {
        let proof = |sha256: &String| Proof {
            kind: "record".into(),
            id: path.rsplit('/').next().unwrap_or(path).into(),
            path: path.into(),
            sha256: sha256.clone(),
            as_of: as_of.into(),
        };
        self.parts.get(path).map(proof).into_iter().collect()
    }
}

/// What says yes or partly yes and shows nothing is unknown.
fn proven(outcome: Outcome) -> Outcome {
    let claims = matches!(outcome.word, AnswerWord::Yes | AnswerWord::Partial | AnswerWord::NotApplicable);
    match claims && outcome.proofs.is_empty() {
        true => Outcome::unknown(format!("{} Nothing in the package shows it.", outcome.words)),
        false => outcome,
    }
}

/// The first support bears the answer; the others can only take from it.
fn combined(all: &[Outcome]) -> AnswerWord {
    let any = |word| all.iter().any(|o| o.word == word);
    let first = all.first().map_or(AnswerWord::Unknown, |o| o.word);
    let known_yes = any(AnswerWord::Yes) || any(AnswerWord::Partial);
    match first {
        _ if any(AnswerWord::No) && known_yes && first != AnswerWord::Unknown => AnswerWord::Partial,
        _ if any(AnswerWord::No) => AnswerWord::No,
        AnswerWord::Unknown => AnswerWord::Unknown,
        _ if any(AnswerWord::Partial) || any(AnswerWord::Unknown) => AnswerWord::Partial,
        _ if any(AnswerWord::Yes) => AnswerWord::Yes,
        other => other,
    }
}

fn turned(word: AnswerWord) -> AnswerWord {
    match word {
        AnswerWord::Yes => AnswerWord::No,
        AnswerWord::No => AnswerWord::Yes,
        AnswerWord::Partial => AnswerWord::Partial,
        AnswerWord::NotApplicable => AnswerWord::NotApplicable,
        AnswerWord::Unknown => AnswerWord::Unknown,
    }
}

fn proofs(known: &[&Outcome]) -> Vec<Proof> {
    let mut all: Vec<Proof> = Vec::new();
    for proof in known.iter().flat_map(|o| &o.proofs) {
        if !all.iter().any(|known| (&known.kind, &known.path) == (&proof.kind, &proof.path)) {
            all.push(proof.clone());
        }
    }
    all
}

fn narrative(all: &[Outcome]) -> String {
    let words = all.iter().map(|o| o.words.trim()).filter(|words| !words.is_empty());
    words.map(|words| words.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" ")
}

/// For what is no yes: each gap once; what is unknown is one.
fn gaps(all: &[Outcome], word: AnswerWord) -> Vec<AnswerGap> {
    if matches!(word, AnswerWord::Yes | AnswerWord::NotApplicable) {
        return Vec::new();
    }
    let mut gaps: Vec<AnswerGap> = all.iter().flat_map(|o| o.gaps.iter().cloned()).collect();
    let bare = all.iter().filter(|o| {
        o.gaps.is_empty() && matches!(o.word, AnswerWord::Unknown | AnswerWord::No | AnswerWord::Partial)
    });
    gaps.extend(bare.map(|o| AnswerGap { gap: o.words.clone(), risk: String::new(), due: String::new() }));
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(word: AnswerWord) -> Outcome {
        Outcome { word, ..Outcome::unknown("") }
    }

    #[test]
    fn nothing_adds_to_a_first_support_that_is_unknown() {
        for other in AnswerWord::ALL {
            let word = combined(&[outcome(AnswerWord::Unknown), outcome(other)]);
            assert_eq!(
                word,
                if other == AnswerWord::No { AnswerWord::No } else { AnswerWord::Unknown },
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_yes_needs_all_of_its_supports() {
        for other in AnswerWord::ALL {
            let word = combined(&[outcome(AnswerWord::Yes), outcome(other)]);
            let whole = matches!(other, AnswerWord::Yes | AnswerWord::NotApplicable);
            assert_eq!(word == AnswerWord::Yes, whole, "{other:?}");
        }
        assert_eq!(combined(&[]), AnswerWord::Unknown);
    }

    #[test]
    fn what_shows_nothing_is_unknown() {
        for word in [AnswerWord::Yes, AnswerWord::Partial, AnswerWord::NotApplicable] {
            assert_eq!(proven(outcome(word)).word, AnswerWord::Unknown);
        }
    }
}
