//! A sheet of answers as a document of its own, with an index of the evidence: each file that an answer rests
//! on stands there once, by exhibit, path, whole digest and day.

use super::handed::{
    HandedAnswer, HandedBlock, HandedCell, HandedDocument, HandedFact, HandedRow, HandedWidth,
};
use crate::diag::printable;
use crate::model::answers::{AnswerSheet, AnswerWord, AnsweredQuestion, Proof};
use crate::model::aws_answers::{AwsQuote, AwsQuotes};

/// A question of the buyer's own file, and what a person picked for it.
#[derive(Debug, Clone)]
pub struct AskedQuestion {
    /// `row 12`, or `Sheet1!C12`.
    pub place: String,
    pub text: String,
    /// One of our ids, `none`, or empty.
    pub pick: String,
}

/// What the page is made from beside the sheet.
pub struct AnswerFacts<'a> {
    /// Of the package: the label of its period and its short id.
    pub period: &'a str,
    pub short_id: &'a str,
    /// What the buyer asked, where there is a file of theirs.
    pub asked: &'a [AskedQuestion],
    /// The words on who seals; empty for a draft, which nobody seals.
    pub seal: &'a str,
    /// Whether the key that seals names nobody.
    pub unpinned: bool,
    pub max_age: i64,
}

pub fn document(sheet: &AnswerSheet, facts: &AnswerFacts<'_>) -> HandedDocument {
    let index = Index::of(sheet);
    let mut blocks = vec![HandedBlock::text(format!(
        "An answer is yes only where files of the package show it. What was not read is unknown, and \
         evidence more than {} days old takes a step off an answer. Each answer names its exhibits; the \
         index at the end has the path, digest and day of each.",
        facts.max_age
    ))];
    blocks.extend(asked(sheet, facts.asked));
    let mut section = "";
    for (at, answer) in sheet.answers.iter().enumerate() {
        if answer.section != section {
            section = &answer.section;
            blocks.push(HandedBlock::section(section));
        }
        blocks.push(HandedBlock::Answer(answered(at + 1, answer, &index)));
    }
    blocks.extend(sheet.aws.iter().flat_map(quoted));
    blocks.push(HandedBlock::section("Index of evidence"));
    blocks.push(HandedBlock::text(
        "Paths begin in the folder of the package. `sha256sum` over a file gives the digest; the package's \
         list of digests, which is sealed, has the same. A statement lies beside the package.",
    ));
    blocks.push(index.table());
    HandedDocument {
        ident: format!("answers-{}-{}", sheet.package, sheet.digest),
        title: "Answers for a buyer".into(),
        lead: lead(sheet),
        organization: sheet.organization.clone(),
        period: facts.period.into(),
        short_id: facts.short_id.into(),
        as_of: format!("{}T00:00:00Z", sheet.answered_on),
        draft: sheet.draft,
        sample: sheet.sample,
        warnings: warnings(sheet, facts.unpinned),
        facts: head(sheet, facts),
        blocks,
    }
}

fn warnings(sheet: &AnswerSheet, unpinned: bool) -> Vec<String> {
    let all = [
        (sheet.draft, "DRAFT: approved by nobody, not to be handed over"),
        (sheet.sample, "SAMPLE: synthetic or replayed evidence"),
        (sheet.draft, "NOT SIGNED"),
        (!sheet.draft && unpinned, "UNPINNED KEY"),
    ];
    all.iter().filter(|(true_of_it, _)| *true_of_it).map(|(_, words)| (*words).to_string()).collect()
}

fn lead(sheet: &AnswerSheet) -> String {
    let count = |word: AnswerWord| sheet.answers.iter().filter(|a| a.answer == word).count();
    let words: Vec<String> = AnswerWord::ALL
        .iter()
        .filter(|w| count(**w) > 0)
        .map(|w| format!("{} {}", count(*w), w.as_str()))
        .collect();
    format!("{} questions: {}.", sheet.answers.len(), words.join(", "))
}

fn head(sheet: &AnswerSheet, facts: &AnswerFacts<'_>) -> Vec<HandedFact> {
    let approved = match &sheet.approved {
        Some(a) if !sheet.draft => format!("{}, {}, on {}", a.by, a.role, a.on),
        Some(a) => format!("{}, {}, on {}; the package itself is a draft", a.by, a.role, a.on),
        None => "nobody: this is a draft".to_string(),
    };
    let mut all = vec![
        HandedFact::text("Organization", &sheet.organization),
        HandedFact::text("Answered on", &sheet.answered_on),
        HandedFact::text("Approved by", approved),
        HandedFact::code("Audit package", &sheet.package),
        HandedFact::code("Its list of digests", &sheet.package_manifest),
        HandedFact::code("These answers", &sheet.digest),
    ];
    let seal = if facts.seal.is_empty() { "A draft is not signed." } else { facts.seal };
    all.push(HandedFact::text("Signature", seal));
    all
}

/// The buyer's own questions, and under which of ours each is answered.
fn asked(sheet: &AnswerSheet, asked: &[AskedQuestion]) -> Vec<HandedBlock> {
    if asked.is_empty() {
        return Vec::new();
    }
    let row = |question: &AskedQuestion| {
        let found = sheet.answers.iter().position(|a| a.id == question.pick);
        let answered = match (found, question.pick.as_str()) {
            (Some(at), _) => HandedCell {
                mark: mark(sheet.answers[at].answer).into(),
                text: format!("{} (question {})", sheet.answers[at].answer.as_str(), at + 1),
                to: anchor(&sheet.answers[at]),
                ..HandedCell::default()
            },
            (None, "none") => HandedCell::text("not among our questions"),
            (None, _) => HandedCell::text("not assigned by anybody yet"),
        };
        vec![HandedCell::code(&question.place), HandedCell::text(printable(&question.text)), answered]
    };
    vec![
        HandedBlock::section("Your questions"),
        HandedBlock::table(
            &["Where", "Your question", "Our answer"],
            &[HandedWidth::points(84), HandedWidth::share(1), HandedWidth::points(120)],
            asked.iter().map(row).collect(),
        ),
    ]
}

fn answered(number: usize, answer: &AnsweredQuestion, index: &Index<'_>) -> HandedAnswer {
    let known =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_string() } else { text.to_string() };
    let day = |time: &str| time.get(..10).unwrap_or(time).to_string();
    let confidence =
        answer.confidence.map_or_else(|| "nothing known".to_string(), |c| c.as_str().to_string());
    let gap = |g: &crate::model::answers::AnswerGap| {
        printable(&format!(
            "{} (risk: {}; by: {})",
            g.gap,
            known(&g.risk, "none on record"),
            known(&g.due, "no date set")
        ))
    };
    let as_of =
        if answer.as_of.is_empty() { "no day".to_string() } else { format!("as of {}", day(&answer.as_of)) };
    HandedAnswer {
        anchor: anchor(answer),
        number: number.to_string(),
        question: answer.question.clone(),
        mark: mark(answer.answer).into(),
        word: answer.answer.as_str().into(),
        text: printable(&answer.narrative),
        points: answer.gaps.iter().map(gap).collect(),
        meta: format!(
            "responsible: {}; {confidence}; {as_of}",
            known(&answer.responsibility, "nobody named")
        ),
        refs: index.of_answer(answer),
    }
}

fn anchor(answer: &AnsweredQuestion) -> String {
    format!("q-{}", answer.id)
}

/// What AWS answered, in its own words.
fn quoted(aws: &AwsQuotes) -> Vec<HandedBlock> {
    let row = |q: &AwsQuote| {
        let by = match q.review.as_str() {
            "HUMAN" => "reviewed by a person of AWS",
            "AI" => "written by AI, reviewed by nobody",
            _ => "AWS does not say who reviewed it",
        };
        let cited =
            if q.citations.is_empty() { "no source named".to_string() } else { q.citations.join("; ") };
        let on = if q.on.is_empty() { "no day" } else { &q.on };
        vec![
            HandedCell::text(printable(&q.query)),
            HandedCell::text(format!("\u{201C}{}\u{201D}", printable(&q.response))),
            HandedCell::text(printable(&format!("{on}; {by}; {cited}"))),
        ]
    };
    vec![
        HandedBlock::section("What AWS answered"),
        HandedBlock::text(format!(
            "Quoted from a compliance inquiry of AWS Artifact, file `{}`, sha256 {}. These are words of AWS \
             on what AWS owns; they bear on no answer above. Queries without a finished answer: {}.",
            printable(&aws.file),
            aws.sha256,
            aws.unanswered
        )),
        HandedBlock::table(
            &["Asked of AWS", "AWS answered", "When, by whom, from what"],
            &[HandedWidth::share(1), HandedWidth::share(2), HandedWidth::points(110)],
            aws.quotes.iter().map(row).collect(),
        ),
    ]
}

/// The verdict whose shape stands beside an answer.
fn mark(word: AnswerWord) -> &'static str {
    match word {
        AnswerWord::Yes => "met",
        AnswerWord::No => "not met",
        AnswerWord::Partial => "accepted",
        AnswerWord::NotApplicable => "not applicable",
        AnswerWord::Unknown => "not evidenced",
    }
}

/// Every file behind the answers once, in the order in which answers name them.
struct Index<'a>(Vec<&'a Proof>);

impl<'a> Index<'a> {
    fn of(sheet: &'a AnswerSheet) -> Index<'a> {
        let mut seen = std::collections::BTreeSet::new();
        let all = sheet.answers.iter().flat_map(|answer| &answer.evidence);
        Index(all.filter(|p| seen.insert((&p.path, &p.sha256, &p.as_of, &p.id))).collect())
    }

    fn of_answer(&self, answer: &AnsweredQuestion) -> Vec<String> {
        let mut all = Vec::new();
        for proof in &answer.evidence {
            let at = self.0.iter().position(|known| *known == proof || same(known, proof));
            let name = format!("X{}", at.map_or(0, |at| at + 1));
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    fn table(&self) -> HandedBlock {
        let row = |(at, proof): (usize, &&Proof)| {
            let name = format!("X{}", at + 1);
            let file = HandedCell {
                text: format!("{}: {}", proof.kind, printable(&proof.id)),
                code: format!("{}\n{}", printable(&proof.path), proof.sha256),
                ..HandedCell::default()
            };
            let day = proof.as_of.get(..10).unwrap_or(&proof.as_of).to_string();
            HandedRow { cells: vec![HandedCell::text(&name), file, HandedCell::text(day)], anchor: name }
        };
        HandedBlock::Table {
            heads: ["Ref", "Exhibit, path in the package, SHA-256", "As of"].map(String::from).to_vec(),
            widths: vec![HandedWidth::points(30), HandedWidth::share(1), HandedWidth::points(56)],
            rows: self.0.iter().enumerate().map(row).collect(),
        }
    }
}

fn same(a: &Proof, b: &Proof) -> bool {
    (&a.path, &a.sha256, &a.as_of, &a.id) == (&b.path, &b.sha256, &b.as_of, &b.id)
}
