//! Where a buyer's sheet seems to have questions, answers and comments: by the heads of its columns, else by
//! its drop-downs and its longest texts. It is a guess for a person to confirm.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::answers::{AnswerWord, QuestionnaireWords};
use crate::model::workbook_map::MappedColumns;
use crate::store::workbook::place::{CellPlace, letters};
use crate::store::workbook::{Barrier, BuyerWorkbook, GridSheet, ListWord};

/// Heads stand no deeper.
const DEEPEST: u32 = 100;
/// A longer text is no head.
const HEAD: usize = 80;
/// Where half of the texts are shorter, they are no questions.
const QUESTION: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum HeadKind {
    Id,
    Question,
    Answer,
    Comment,
    Evidence,
}

/// Words that make a head, the surest kind first: `Question ID` is an id, and `Question response` an answer.
const HEADS: [(HeadKind, &[&str]); 4] = [
    (HeadKind::Answer, &["answer", "answers", "response", "responses", "reply"]),
    (
        HeadKind::Question,
        &["question", "questions", "requirement", "requirements", "specification", "inquiry"],
    ),
    (HeadKind::Evidence, &["evidence", "artifact", "artifacts", "attachment", "attachments"]),
    (
        HeadKind::Comment,
        &[
            "comment",
            "comments",
            "narrative",
            "explanation",
            "additional",
            "notes",
            "description",
            "remarks",
            "details",
            "justification",
        ],
    ),
];
const IDS: [&str; 6] = ["id", "no", "nr", "ref", "number", "#"];

/// Columns by number, each with its head, and the row of the first heads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GuessedColumns {
    pub header: u32,
    found: BTreeMap<&'static str, (u32, String)>,
}

impl GuessedColumns {
    pub fn question(&self) -> Option<u32> {
        self.column("question")
    }

    pub fn answer(&self) -> Option<u32> {
        self.column("answer")
    }

    pub fn id(&self) -> Option<u32> {
        self.column("id")
    }

    fn column(&self, name: &str) -> Option<u32> {
        self.found.get(name).map(|(column, _)| *column)
    }

    /// Each column as `show` puts it.
    fn shown(&self, show: impl Fn(&(u32, String)) -> String) -> MappedColumns {
        let of = |name: &str| self.found.get(name).map(&show).unwrap_or_default();
        MappedColumns {
            id: of("id"),
            question: of("question"),
            answer: of("answer"),
            comment: of("comment"),
            evidence: of("evidence"),
        }
    }

    pub fn letters(&self) -> MappedColumns {
        self.shown(|(column, _)| letters(*column))
    }

    pub fn heads(&self) -> MappedColumns {
        self.shown(|(_, head)| head.clone())
    }
}

fn kind(text: &str) -> Option<HeadKind> {
    if text.chars().count() > HEAD {
        return None;
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '#').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => None,
        [.., last] if *last == "id" || (words.len() <= 2 && IDS.contains(last)) => Some(HeadKind::Id),
        _ => HEADS
            .iter()
            .find(|(_, known)| words.iter().any(|word| known.contains(word)))
            .map(|(kind, _)| *kind),
    }
}

/// Columns of a row that look like heads, by kind.
type Heads = BTreeMap<HeadKind, Vec<(u32, String)>>;

fn heads(sheet: &GridSheet, row: u32) -> Heads {
    let mut found = Heads::new();
    for (column, text) in sheet.texts(row) {
        if let Some(kind) = kind(text) {
            found.entry(kind).or_default().push((column, text.into()));
        }
    }
    found
}

/// The columns of a sheet; none where nothing looks like an answer to a question.
pub fn guessed(book: &BuyerWorkbook, at: usize) -> Option<GuessedColumns> {
    let sheet = &book.sheets[at];
    let rows = || sheet.row_numbers().take_while(|row| *row <= DEEPEST).map(|row| (row, heads(sheet, row)));
    // the first of those that tell most
    let with_answer = rows().filter(|(_, found)| found.contains_key(&HeadKind::Answer) && found.len() > 1);
    let best = with_answer.reduce(|best, next| if next.1.len() > best.1.len() { next } else { best });
    let (mut header, mut found) = best.or_else(|| by_lists(book, at))?;
    let answer = found.get(&HeadKind::Answer)?.first()?.clone();
    // heads may stand again before each section, and one may tell what another does not
    for (row, other) in
        rows().filter(|(_, other)| other.get(&HeadKind::Answer).is_some_and(|all| all.contains(&answer)))
    {
        header = header.min(row);
        other.into_iter().for_each(|(kind, columns)| found.entry(kind).or_default().extend(columns));
    }
    found.values_mut().for_each(|columns| columns.sort());
    let texts = lengths(sheet, header);
    let asks = |column: u32| texts.get(&column).is_some_and(|all| all[all.len() / 2] >= QUESTION);
    let first = |kind, fits: &dyn Fn(u32) -> bool| {
        let all = found.get(&kind).into_iter().flatten();
        all.filter(|(column, _)| *column != answer.0 && fits(*column))
            .min_by_key(|(column, _)| *column)
            .cloned()
    };
    let known: Vec<u32> = found
        .iter()
        .filter(|(kind, _)| **kind != HeadKind::Question)
        .flat_map(|(_, all)| all)
        .map(|(c, _)| *c)
        .collect();
    let longest = |fits: &dyn Fn(u32) -> bool| {
        let long =
            texts.iter().filter(|(column, _)| !known.contains(column) && asks(**column) && fits(**column));
        long.max_by_key(|(column, all)| (all.iter().sum::<usize>(), u32::MAX - **column))
            .map(|(column, _)| (*column, String::new()))
    };
    // a question stands before its answer, and guidance behind it
    let question = first(HeadKind::Question, &asks)
        .or_else(|| longest(&|column| column < answer.0))
        .or_else(|| longest(&|_| true))?;
    let right = |kind| first(kind, &|column| column > question.0);
    let all = [
        (
            "id",
            first(HeadKind::Id, &|column| column != question.0).or_else(|| ids(sheet, header, question.0)),
        ),
        ("comment", right(HeadKind::Comment)),
        ("evidence", right(HeadKind::Evidence)),
        ("question", Some(question)),
        ("answer", Some(answer)),
    ];
    Some(GuessedColumns {
        header,
        found: all.into_iter().filter_map(|(name, column)| Some((name, column?))).collect(),
    })
}

/// The column with most drop-downs that a person may use, below the row before the first of them.
fn by_lists(book: &BuyerWorkbook, at: usize) -> Option<(u32, Heads)> {
    let sheet = &book.sheets[at];
    let open = |row: u32, column: u32| {
        let barrier = book.barrier(at, CellPlace { row, column });
        !matches!(barrier, Some(Barrier::Formula | Barrier::Locked | Barrier::Merged))
    };
    let used = sheet.listed_columns().into_iter().map(|(column, mut rows)| {
        rows.retain(|row| open(*row, column));
        (column, rows)
    });
    let (column, rows) = used
        .filter(|(_, rows)| rows.len() > 2)
        .max_by_key(|(column, rows)| (rows.len(), u32::MAX - column))?;
    let header = rows.first()?.saturating_sub(1).max(1);
    let mut found = heads(sheet, header);
    found.values_mut().for_each(|columns| columns.retain(|(other, _)| *other != column));
    let head = sheet.text(CellPlace { row: header, column }).chars().take(HEAD).collect();
    found.insert(HeadKind::Answer, vec![(column, head)]);
    Some((header, found))
}

/// For each column how many characters its cells below the heads have, in order.
fn lengths(sheet: &GridSheet, header: u32) -> BTreeMap<u32, Vec<usize>> {
    let mut lengths: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for row in sheet.row_numbers().filter(|row| *row > header) {
        for (column, text) in sheet.texts(row) {
            lengths.entry(column).or_default().push(text.chars().count());
        }
    }
    lengths.values_mut().for_each(|all| all.sort_unstable());
    lengths
}

/// The column before the questions, where it holds short words without blanks, each once.
fn ids(sheet: &GridSheet, header: u32, question: u32) -> Option<(u32, String)> {
    let column = question.checked_sub(1).filter(|column| *column > 0)?;
    let asked: Vec<u32> = sheet
        .row_numbers()
        .filter(|row| *row > header && !sheet.text(CellPlace { row: *row, column: question }).is_empty())
        .collect();
    let texts: Vec<&str> = asked.iter().map(|row| sheet.text(CellPlace { row: *row, column })).collect();
    let short: BTreeSet<&str> = texts
        .into_iter()
        .filter(|text| !text.is_empty() && text.len() <= 24 && !text.contains(' '))
        .collect();
    (short.len() * 2 > asked.len()).then(|| (column, String::new()))
}

/// The words by which people say each answer, without blanks and signs.
const SAID: [(AnswerWord, &[&str]); 5] = [
    (AnswerWord::Yes, &["yes", "y"]),
    (AnswerWord::No, &["no", "n"]),
    (AnswerWord::Partial, &["partial", "partially", "partly", "inpart", "partiallyimplemented"]),
    (AnswerWord::NotApplicable, &["na", "notapplicable"]),
    (AnswerWord::Unknown, &["unknown", "notknown", "dontknow"]),
];

/// For each answer the one word of a list that plainly says it, else none.
pub fn words_of(list: &[ListWord]) -> QuestionnaireWords {
    let folded = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let of = |wanted: AnswerWord| {
        let known = SAID.iter().find(|(word, _)| *word == wanted).map_or(&[][..], |(_, known)| *known);
        let fitting: Vec<&ListWord> =
            list.iter().filter(|word| known.contains(&folded(&word.text).as_str())).collect();
        match fitting.as_slice() {
            [one] => one.text.clone(),
            _ => String::new(),
        }
    };
    QuestionnaireWords {
        yes: of(AnswerWord::Yes),
        no: of(AnswerWord::No),
        partial: of(AnswerWord::Partial),
        not_applicable: of(AnswerWord::NotApplicable),
        unknown: of(AnswerWord::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_of_the_surest_kind() {
        let told = [
            ("Question ID", Some(HeadKind::Id)),
            ("#", Some(HeadKind::Id)),
            ("Vendor's response to question", Some(HeadKind::Answer)),
            ("Control specification", Some(HeadKind::Question)),
            ("Additional information", Some(HeadKind::Comment)),
            ("Evidence, with notes", Some(HeadKind::Evidence)),
            ("Domain", None),
            ("Answers", Some(HeadKind::Answer)),
        ];
        for (text, wanted) in told {
            assert_eq!(kind(text), wanted, "{text}");
        }
        assert_eq!(kind(&format!("answer {}", "x".repeat(HEAD))), None);
    }

    #[test]
    fn a_word_is_taken_only_where_one_says_it_plainly() {
        let list = |words: &[&str]| {
            words_of(&words.iter().map(|w| ListWord { text: (*w).into(), number: false }).collect::<Vec<_>>())
        };
        let words = list(&["Yes", "No", "N/A", "Partially"]);
        assert_eq!(
            (
                words.yes.as_str(),
                words.not_applicable.as_str(),
                words.partial.as_str(),
                words.unknown.as_str()
            ),
            ("Yes", "N/A", "Partially", "")
        );
        let words = list(&["Y", "Yes", "Fully met", "1", "Not sure"]);
        assert_eq!(
            [words.yes, words.no, words.partial, words.not_applicable, words.unknown],
            ["", "", "", "", ""]
        );
    }
}
