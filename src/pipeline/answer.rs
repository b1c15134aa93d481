//! Answers from a package that verified: a sheet of our own questions, and a buyer's CSV file filled by what
//! a person picked.

use std::collections::BTreeMap;

use super::Error;
use super::earlier::EarlierPicks;
use super::handed::HeldPackage;
use crate::catalog;
use crate::diag::{Diagnostic, Problems, near};
use crate::evidence::inquiry;
use crate::model::answers::{
    AnswerSheet, Approval, IdPack, QUESTIONNAIRE, QuestionSet, QuestionnaireColumns, QuestionnaireMap,
    QuestionnaireRow, QuestionnaireWords, SHEET, STATEMENTS, Statements,
};
use crate::model::aws_answers::AwsQuotes;
use crate::model::digest::Digest;
use crate::program::answer::matching::QuestionIndex;
use crate::program::answer::{self, AnswerInputs};
use crate::render::answers::cells;
use crate::store::given;
use crate::yaml::{Document, Strictness, is_placeholder, schema_of, yaml};

/// Our own questions.
pub fn questions() -> Result<QuestionSet, Error> {
    let (path, bytes) = catalog::questions().first().expect("the questions are embedded");
    yaml(path, bytes).map_err(|problems| Problems(problems).into())
}

/// Which of our questions stands behind the ids of known questionnaires.
pub fn id_packs() -> Result<Vec<IdPack>, Error> {
    let packs = catalog::questions().iter().filter(|(path, _)| path.starts_with("packs/"));
    packs.map(|(path, bytes)| yaml(path, bytes).map_err(|problems| Problems(problems).into())).collect()
}

/// What AWS answered to a compliance inquiry, from a file that the user exported.
pub fn aws_quotes(path: &std::path::Path) -> Result<AwsQuotes, Error> {
    let bytes = given::read(path).map_err(Error::io("read", path))?;
    let (quotes, unanswered) = inquiry::quotes(&bytes).map_err(|words| {
        let problem = Diagnostic::new("AFU-088", words.to_string()).file(path.display().to_string());
        problem.hint("give what `aws artifact list-compliance-inquiry-queries` prints, as JSON")
    })?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(AwsQuotes { file, sha256: Digest::of(&bytes).to_string(), quotes, unanswered })
}

/// What people stated for a sheet.
pub struct StatementsFile {
    pub statements: Statements,
    pub name: String,
    pub sha256: String,
}

impl StatementsFile {
    /// Nobody stated anything.
    pub fn none() -> StatementsFile {
        StatementsFile { statements: Statements::default(), name: String::new(), sha256: String::new() }
    }

    pub fn read(name: &str, bytes: &[u8], set: &QuestionSet) -> Result<StatementsFile, Error> {
        let statements: Statements = yaml(name, bytes).map_err(Problems)?;
        format_is(name, bytes, &statements.format, STATEMENTS)?;
        let (document, _) = Document::read(name, bytes)?;
        let mut found = document.check(&schema_of::<Statements>(Strictness::Filled), Strictness::Filled);
        for (i, said) in statements.statements.iter().enumerate() {
            let at = |member: &str| format!("statements/{i}/{member}");
            if !set.questions.iter().any(|q| q.id == said.question) {
                let problem = Diagnostic::new("AFU-025", format!("there is no question `{}`", said.question));
                let otherwise = "`affiant answer` prints the ids in the column `id`";
                let hint = near::hint(&said.question, set.questions.iter().map(|q| q.id.as_str()), otherwise);
                found.push(document.mark(problem.hint(hint), &at("question")));
            }
            if said.valid_until < said.on && found.is_empty() {
                let message = format!("`valid_until` is {}, before `on`, {}", said.valid_until, said.on);
                let hint = "write the last day on which the statement holds as `valid_until`";
                found.push(document.mark(Diagnostic::new("AFU-025", message).hint(hint), &at("valid_until")));
            }
        }
        if !found.is_empty() {
            return Err(Problems(found).into());
        }
        // the name alone: where the file lies is no part of what is approved
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        Ok(StatementsFile { statements, name: name.into(), sha256: Digest::of(bytes).to_string() })
    }
}

/// Refuses a file that says to be of another format.
pub(super) fn format_is(name: &str, bytes: &[u8], format: &str, wanted: &str) -> Result<(), Error> {
    if format == wanted {
        return Ok(());
    }
    let problem = Diagnostic::new("AFU-026", format!("the format is `{format}`"));
    let problem = problem.hint(format!("write `format: {wanted}`"));
    let (document, _) = Document::read(name, bytes)?;
    Err(document.mark(problem, "format").into())
}

/// All answers of a package on a day, approved where the approval names exactly these.
pub fn sheet(
    package: &HeldPackage,
    set: &QuestionSet,
    said: &StatementsFile,
    aws: Option<AwsQuotes>,
    today: &str,
    max_age: i64,
) -> AnswerSheet {
    let parts: BTreeMap<String, String> = package.parts();
    let manifest = package.manifest();
    let asked = AnswerInputs {
        questions: set,
        dossier: &package.dossier,
        run: &package.record.run,
        parts: &parts,
        statements: &said.statements,
        statements_file: (&said.name, ""),
        today,
        max_age,
    };
    let mut answers = answer::answers(&asked);
    let mut digest = answer::digest(&answers, &manifest);
    // who approves what is handed over approves what is quoted in it
    if let Some(aws) = &aws {
        digest = Digest::of(format!("{digest}\0{}", aws.sha256).as_bytes()).short().to_string();
    }
    // the file of the statements holds the approval too: its digest is told, and is no part of what is
    // approved
    let own = answers.iter_mut().flat_map(|a| &mut a.evidence).filter(|proof| proof.kind == "statement");
    own.for_each(|proof| proof.sha256.clone_from(&said.sha256));
    let approved = said.statements.approved.clone().filter(|a| approves(a, &digest, today));
    AnswerSheet {
        format: SHEET.into(),
        organization: package.dossier.organization.name.clone(),
        package: package.record.id.clone(),
        package_manifest: manifest,
        sample: package.record.sample,
        draft: approved.is_none() || package.record.draft,
        answered_on: today.into(),
        digest,
        approved,
        answers,
        aws,
    }
}

/// A named person, on a day that has come, for exactly these answers.
fn approves(approval: &Approval, digest: &str, today: &str) -> bool {
    let named =
        [&approval.by, &approval.role].iter().all(|text| !is_placeholder(text) && !text.trim().is_empty());
    let day =
        chrono::NaiveDate::parse_from_str(&approval.on, "%Y-%m-%d").is_ok() && approval.on.as_str() <= today;
    named && day && approval.answers == digest
}

/// A buyer's file as records.
pub struct BuyerFile {
    pub sha256: String,
    records: Vec<csv::StringRecord>,
    delimiter: u8,
    marked: bool,
}

impl BuyerFile {
    pub fn read(name: &str, bytes: &[u8]) -> Result<BuyerFile, Error> {
        let marked = bytes.starts_with(b"\xef\xbb\xbf");
        let text = if marked { &bytes[3..] } else { bytes };
        let count = |wanted: u8| memchr::memchr_iter(wanted, text).count();
        let delimiter =
            [b',', b';', b'\t'].into_iter().max_by_key(|d| (count(*d), *d == b',')).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text);
        let records: Result<Vec<_>, _> = reader.records().collect();
        let records = records.map_err(|e| {
            let line = e.position().map_or(1, csv::Position::line);
            let what = match (text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]), e.kind()) {
                (true, _) => "the file is written in UTF-16",
                (false, csv::ErrorKind::Utf8 { .. }) => "this line is not UTF-8",
                (false, _) => "this line is no CSV",
            };
            Diagnostic::new("AFU-027", what).file(name).at(line, 1).hint("save the file as CSV in UTF-8")
        })?;
        Ok(BuyerFile { sha256: Digest::of(bytes).to_string(), records, delimiter, marked })
    }

    /// The columns as they seem to be, and for each question the three of ours that fit best. Only what a
    /// person picked for the same question before is picked.
    pub fn proposed(
        &self,
        name: &str,
        set: &QuestionSet,
        earlier: &EarlierPicks,
    ) -> Result<QuestionnaireMap, Error> {
        let has = |cell: &str, words: &[&str]| words.iter().any(|word| cell.to_lowercase().contains(word));
        let header = self.records.iter().position(|r| {
            r.len() > 1
                && r.iter().any(|c| has(c, &["question", "requirement"]))
                && r.iter().any(|c| has(c, &["answer", "response"]))
        });
        let header = header.ok_or_else(|| {
            Diagnostic::new("AFU-028", "no line has a head for the question and one for the answer")
                .file(name)
                .hint("name the columns `Question` and `Answer`")
        })?;
        let heads = &self.records[header];
        // one head may hold two of the words (`Question response`): a column is taken once, answers first
        let mut taken: Vec<&str> = Vec::new();
        let mut find = |words: &[&str]| {
            let found = heads.iter().find(|c| has(c, words) && !taken.contains(c)).unwrap_or_default();
            taken.push(found);
            found.to_string()
        };
        let answer = find(&["answer", "response"]);
        let question = find(&["question", "requirement"]);
        let comment = find(&["comment", "narrative", "explanation", "additional", "notes"]);
        let columns =
            QuestionnaireColumns { question, answer, comment, evidence: find(&["evidence", "artifact"]) };
        let index = QuestionIndex::new(set).map_err(crate::assess::input::Fault::from)?;
        let at = column(heads, &columns.question).unwrap_or(0);
        let mut rows = Vec::new();
        for (place, record) in self.records.iter().enumerate().skip(header + 1) {
            let text = record.get(at).unwrap_or_default().trim();
            if !text.is_empty() {
                let proposals = index.proposals(text).map_err(crate::assess::input::Fault::from)?;
                let (pick, file) = earlier.pick(text).unwrap_or_default();
                rows.push(QuestionnaireRow {
                    row: place as u64 + 1,
                    text: text.into(),
                    pick: pick.into(),
                    picked_in: file.into(),
                    proposals,
                });
            }
        }
        let words = plain_words();
        Ok(QuestionnaireMap {
            format: QUESTIONNAIRE.into(),
            sha256: self.sha256.clone(),
            header: header as u64 + 1,
            columns,
            words,
            rows,
        })
    }

    /// The file with the answers that a person picked. Only empty cells are written.
    pub fn filled(&self, map: &QuestionnaireMap, sheet: &AnswerSheet) -> Result<FilledFile, Error> {
        let heads = self.records.get((map.header.max(1) - 1) as usize).cloned().unwrap_or_default();
        let place = |head: &str| {
            (!head.is_empty()).then(|| column(&heads, head).ok_or_else(|| no_column(head))).transpose()
        };
        let (answer, comment, evidence) =
            (place(&map.columns.answer)?, place(&map.columns.comment)?, place(&map.columns.evidence)?);
        let mut records: Vec<Vec<String>> =
            self.records.iter().map(|r| r.iter().map(String::from).collect()).collect();
        let mut out = FilledFile::default();
        for row in &map.rows {
            let answered = match row.pick.as_str() {
                "" => {
                    out.open += 1;
                    continue;
                }
                "none" => {
                    out.declined += 1;
                    continue;
                }
                pick => {
                    sheet.answers.iter().find(|a| a.id == pick).ok_or_else(|| no_question(pick, row.row))?
                }
            };
            let record = records
                .get_mut((row.row.max(1) - 1) as usize)
                .ok_or_else(|| no_question(&row.pick, row.row))?;
            let Some(texts) = cells(sheet, &map.words, answered) else {
                out.without_word += 1;
                continue;
            };
            let wanted: Vec<(usize, String)> = [answer, comment, evidence]
                .into_iter()
                .zip(texts)
                .filter_map(|(at, text)| Some((at?, text)))
                .collect();
            let width = wanted.iter().map(|(at, _)| at + 1).max().unwrap_or(0).max(record.len());
            record.resize(width, String::new());
            if wanted.iter().any(|(at, _)| !record[*at].trim().is_empty()) {
                out.occupied += 1;
                continue;
            }
            wanted.into_iter().for_each(|(at, text)| record[at] = text);
            out.filled += 1;
        }
        out.bytes = self.written(&records);
        Ok(out)
    }

    fn written(&self, records: &[Vec<String>]) -> Vec<u8> {
        let start = if self.marked { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        let mut writer = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(self.delimiter)
            .terminator(csv::Terminator::CRLF)
            .from_writer(start);
        let memory = "memory takes all";
        records.iter().for_each(|record| writer.write_record(record).expect(memory));
        writer.into_inner().expect(memory)
    }
}

/// A buyer's file with answers, and what became of its rows.
#[derive(Debug, Default)]
pub struct FilledFile {
    pub bytes: Vec<u8>,
    pub filled: u64,
    /// Nobody has picked.
    pub open: u64,
    /// Picked as `none`.
    pub declined: u64,
    /// The file has no word for the answer.
    pub without_word: u64,
    /// Something stood in the cells.
    pub occupied: u64,
}

fn column(heads: &csv::StringRecord, head: &str) -> Option<usize> {
    heads.iter().position(|cell| cell.trim() == head.trim())
}

fn no_column(head: &str) -> Error {
    Diagnostic::new("AFU-029", format!("the file has no column `{head}`"))
        .hint("write the head as it stands in the file, or leave it empty")
        .into()
}

pub(super) fn no_question(pick: &str, row: u64) -> Error {
    let problem =
        Diagnostic::new("AFU-030", format!("row {row} picks `{pick}`, and there is no such question or row"));
    problem.hint("pick one of the proposals, another id of ours, or `none`").into()
}

/// The map that a person edited, if it is of this file.
pub fn map(name: &str, bytes: &[u8], file: &BuyerFile) -> Result<QuestionnaireMap, Error> {
    let map: QuestionnaireMap = yaml(name, bytes).map_err(Problems)?;
    format_is(name, bytes, &map.format, QUESTIONNAIRE)?;
    of_this_file(name, &map.sha256, &file.sha256)?;
    honest(name, &map.words)?;
    Ok(map)
}

/// Refuses the map of another file.
pub(super) fn of_this_file(name: &str, said: &str, sha256: &str) -> Result<(), Error> {
    if said != sha256 {
        let problem = Diagnostic::new(
            "AFU-031",
            "the map was made for another questionnaire, or for an older state of this one",
        )
        .file(name);
        return Err(problem.hint("name a map that is not there yet, and it is made").into());
    }
    Ok(())
}

/// The words that a file takes by default.
pub(super) fn plain_words() -> QuestionnaireWords {
    let word = String::from;
    QuestionnaireWords {
        yes: word("Yes"),
        no: word("No"),
        partial: word("Partial"),
        not_applicable: word("N/A"),
        unknown: word(""),
    }
}

/// Refuses words by which what is no yes would read as one.
pub(super) fn honest(name: &str, words: &QuestionnaireWords) -> Result<(), Error> {
    let others = [
        ("no", &words.no),
        ("partial", &words.partial),
        ("not applicable", &words.not_applicable),
        ("unknown", &words.unknown),
    ];
    let same = |word: &str| !word.is_empty() && word.trim().eq_ignore_ascii_case(words.yes.trim());
    match others.into_iter().find(|(_, word)| same(word)) {
        Some((which, word)) => {
            let problem =
                Diagnostic::new("AFU-040", format!("`{word}` stands for `yes` and for `{which}`")).file(name);
            Err(problem.hint("leave the word of the other answer empty: its cells stay as they are").into())
        }
        None => Ok(()),
    }
}
