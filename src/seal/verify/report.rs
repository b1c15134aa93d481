//! What verification found: ordered steps, and from them the three answers.

use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::diag::is_hazard;
use crate::model::Digest;
use crate::seal::signature::trust::ChainStanding;
use crate::seal::verify::codes::{Aspect, Code};

/// Something that passed [`crate::seal::verify::verify`]; nothing else can make one.
#[derive(Debug)]
pub struct Verified<T>(T);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub code: Code,
    /// A path in the bag, a signature, or empty for the whole. Foreign text is escaped.
    pub subject: String,
    pub outcome: Outcome,
    pub words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    Fail,
    Unknown,
    Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Held,
    Failed,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AspectAnswer {
    pub state: State,
    pub words: String,
}

/// Who sealed, as far as the seal itself tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealedBy {
    pub name: String,
    pub subject: String,
    pub issuer: String,
    /// SHA-256 of the certificate.
    pub fingerprint: Digest,
    /// Made by the program for a workspace: it identifies no person.
    pub workspace_key: bool,
    pub valid_until: DateTime<Utc>,
    /// By the sealer's own clock.
    pub claimed_at: Option<DateTime<Utc>>,
}

/// The whole result; serializes to the JSON that `affiant verify --format json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub format: &'static str,
    pub integrity: AspectAnswer,
    pub authenticity: AspectAnswer,
    pub time: AspectAnswer,
    pub sealer: Option<SealedBy>,
    /// When a pinned authority saw the seal: everything inside existed then.
    pub existed_by: Option<DateTime<Utc>>,
    /// What a pinned authority had stamped before this seal was made: the run before, whose timestamp is
    /// inside.
    pub sealed_after: Option<DateTime<Utc>>,
    pub files: usize,
    pub bytes: u64,
    pub steps: Vec<Step>,
}

impl Report {
    /// Takes in a step that failed after the answers had been given, and lets it bear on them.
    pub fn fail(&mut self, code: Code, subject: &str, words: &str) {
        let step = Step { code, subject: plain(subject), outcome: Outcome::Fail, words: plain(words) };
        for aspect in code.aspects() {
            let answer = match aspect {
                Aspect::Integrity => &mut self.integrity,
                Aspect::Authenticity => &mut self.authenticity,
                Aspect::Time => &mut self.time,
            };
            if answer.state != State::Failed {
                let subject = if subject.is_empty() { String::new() } else { format!("{}: ", step.subject) };
                *answer = AspectAnswer { state: State::Failed, words: format!("{subject}{}", step.words) };
            }
        }
        self.steps.push(step);
    }

    /// The first failed step that bears on integrity.
    pub fn first_failure(&self) -> Option<&Step> {
        let bears =
            |step: &&Step| step.outcome == Outcome::Fail && step.code.aspects().contains(&Aspect::Integrity);
        self.steps.iter().find(bears)
    }
}

/// Steps as they happen.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub steps: Vec<Step>,
    pub sealer: Option<SealedBy>,
    pub standing: Option<ChainStanding>,
    pub existed_by: Option<DateTime<Utc>>,
    pub sealed_after: Option<DateTime<Utc>>,
    pub files: usize,
    pub bytes: u64,
}

impl Steps {
    pub fn ok(&mut self, code: Code, subject: &str, words: impl AsRef<str>) {
        self.push(code, subject, Outcome::Ok, words.as_ref());
    }

    pub fn fail(&mut self, code: Code, subject: &str, words: impl AsRef<str>) {
        self.push(code, subject, Outcome::Fail, words.as_ref());
    }

    pub fn unknown(&mut self, code: Code, subject: &str, words: impl AsRef<str>) {
        self.push(code, subject, Outcome::Unknown, words.as_ref());
    }

    pub fn note(&mut self, code: Code, subject: &str, words: impl AsRef<str>) {
        self.push(code, subject, Outcome::Note, words.as_ref());
    }

    pub fn failed(&self) -> bool {
        self.steps.iter().any(|step| step.outcome == Outcome::Fail)
    }

    fn push(&mut self, code: Code, subject: &str, outcome: Outcome, words: &str) {
        self.steps.push(Step { code, subject: plain(subject), outcome, words: plain(words) });
    }

    /// Each answer fails with one step that fails, is unknown with one that is, and holds only if its
    /// decisive step is ok.
    pub fn report(self) -> Report {
        let integrity = self.answer(Aspect::Integrity, Code::ManifestSeal, || {
            format!(
                "all {} files ({} bytes) are as listed, and the list is as sealed",
                self.files, self.bytes
            )
        });
        let authenticity = self.answer(Aspect::Authenticity, Code::Sealer, || self.who());
        let time = self.answer(Aspect::Time, Code::IndependentTime, || self.when());
        Report {
            format: "affiant-verification/1",
            integrity,
            authenticity,
            time,
            sealer: self.sealer,
            existed_by: self.existed_by,
            sealed_after: self.sealed_after,
            files: self.files,
            bytes: self.bytes,
            steps: self.steps,
        }
    }

    fn answer(&self, aspect: Aspect, decisive: Code, held: impl Fn() -> String) -> AspectAnswer {
        let bearing = |outcome| {
            self.steps.iter().filter(move |s| s.outcome == outcome && s.code.aspects().contains(&aspect))
        };
        for (outcome, state) in [(Outcome::Fail, State::Failed), (Outcome::Unknown, State::Unknown)] {
            if let Some(first) = bearing(outcome).next() {
                let subject =
                    if first.subject.is_empty() { String::new() } else { format!("{}: ", first.subject) };
                let more = match bearing(outcome).count() {
                    1 => String::new(),
                    n => format!(" (and {} more)", n - 1),
                };
                return AspectAnswer { state, words: format!("{subject}{}{more}", first.words) };
            }
        }
        if self.steps.iter().any(|s| s.code == decisive && s.outcome == Outcome::Ok) {
            AspectAnswer { state: State::Held, words: held() }
        } else {
            AspectAnswer { state: State::Failed, words: format!("not shown: {}", decisive.meaning()) }
        }
    }

    fn when(&self) -> String {
        let decisive = self.steps.iter().find(|s| s.code == Code::IndependentTime);
        decisive.map(|s| s.words.clone()).unwrap_or_default()
    }

    fn who(&self) -> String {
        match (&self.sealer, &self.standing) {
            (Some(sealer), Some(ChainStanding::Issued(by))) => {
                format!(
                    "sealed with the key of `{}`, whose certificate the pinned `{by}` issued",
                    sealer.name
                )
            }
            (Some(sealer), Some(_)) => {
                format!("sealed with the key of `{}`, whose certificate is pinned", sealer.name)
            }
            (_, _) => String::new(),
        }
    }
}

impl<T> Verified<T> {
    pub(super) fn new(value: T) -> Verified<T> {
        Verified(value)
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Foreign text without control and direction characters, so that no name can rewrite the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_hazard(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}
