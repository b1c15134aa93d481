//! A buyer's workbook: the map that a person confirms, and the workbook filled by it. What cannot be written
//! is told row by row, and what was written is read back.

mod filling;

use std::collections::BTreeMap;

use super::Error;
use super::answer::format_is;
use super::earlier::EarlierPicks;
use crate::diag::{Diagnostic, Problems};
use crate::model::answers::{AnswerSheet, QuestionSet};
use crate::model::digest::Digest;
use crate::model::workbook_map::{MappedColumns, MappedRow, MappedSheet, WORKBOOK, WordList, WorkbookMap};
use crate::program::answer::columns::{GuessedColumns, guessed, words_of};
use crate::program::answer::id_packs::{pack_of, with_pack};
use crate::program::answer::matching::QuestionIndex;
use crate::store::workbook::{
    Barrier, BuyerWorkbook, CellPlace, CellValue, ListWord, Takes, Unanswered, WorkbookError, place,
};
use crate::yaml::{is_placeholder, yaml};
use filling::Filling;

/// Nobody answers more questions by hand.
const ROWS: usize = 20_000;

/// A workbook as it came.
pub struct WorkbookFile {
    pub sha256: String,
    name: String,
    book: BuyerWorkbook,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowFate {
    Filled,
    /// Nobody has picked.
    Open,
    /// Picked as `none`.
    Declined,
    /// The cell takes no word for the answer.
    WithoutWord,
    /// The cell is not written.
    Left,
}

impl RowFate {
    pub const ALL: [RowFate; 5] =
        [RowFate::Filled, RowFate::Open, RowFate::Declined, RowFate::WithoutWord, RowFate::Left];

    pub fn as_str(self) -> &'static str {
        match self {
            RowFate::Filled => "filled",
            RowFate::Open => "nobody picked",
            RowFate::Declined => "picked as none",
            RowFate::WithoutWord => "no word for the answer",
            RowFate::Left => "not written",
        }
    }
}

/// A row of the report: what became of a question of the buyer.
#[derive(Debug, Clone)]
pub struct FilledRow {
    pub sheet: String,
    pub cell: String,
    pub id: String,
    pub pick: String,
    pub fate: RowFate,
    pub why: String,
}

/// A workbook with answers.
pub struct FilledWorkbook {
    pub bytes: Vec<u8>,
    pub rows: Vec<FilledRow>,
    /// Someone had signed it, and the signature holds no more.
    pub unsigned: bool,
}

/// The columns of a sheet by number.
struct RowColumns {
    question: u32,
    answer: u32,
    beside: [Option<u32>; 2],
}

type Values = BTreeMap<(usize, CellPlace), CellValue>;

impl WorkbookFile {
    /// Whether bytes are those of a workbook, of the newer or the older format.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
    }

    pub fn read(name: &str, bytes: &[u8]) -> Result<WorkbookFile, Error> {
        let book = BuyerWorkbook::read(bytes).map_err(|e| {
            Diagnostic::new("AFU-033", e.to_string())
                .file(name)
                .hint("save it anew as `.xlsx`, without a password to open it")
        })?;
        Ok(WorkbookFile { sha256: Digest::of(bytes).to_string(), name: name.into(), book })
    }

    /// The columns as they seem to be, and for each question the three of ours that fit best. Only what a
    /// person picked for the same question before is picked.
    pub fn proposed(&self, set: &QuestionSet, earlier: &EarlierPicks) -> Result<WorkbookMap, Error> {
        let index = QuestionIndex::new(set).map_err(crate::assess::input::Fault::from)?;
        let packs = super::answer::id_packs()?;
        let (mut sheets, mut lists, mut count) = (Vec::new(), Vec::<WordList>::new(), 0);
        for (at, sheet) in self.book.sheets.iter().enumerate() {
            let Some(columns) = guessed(&self.book, at) else {
                sheets.push(MappedSheet { sheet: sheet.name.clone(), hidden: sheet.hidden, ..unmapped() });
                continue;
            };
            let mut mapped = self.mapped(at, &columns);
            let ids: Vec<&str> = mapped.rows.iter().map(|row| row.id.as_str()).collect();
            let pack = pack_of(&packs, &ids);
            for row in &mut mapped.rows {
                row.proposals = index.proposals(&row.text).map_err(crate::assess::input::Fault::from)?;
                if let Some(pack) = pack {
                    row.proposals = with_pack(pack, &row.id, set, std::mem::take(&mut row.proposals));
                }
                if let Some((pick, file)) = earlier.pick(&row.text) {
                    (row.pick, row.picked_in) = (pick.into(), file.into());
                }
                let place = CellPlace { row: row.row, column: columns.answer().unwrap_or(1) };
                if let Takes::Words(words) = self.book.takes(at, place)
                    && !lists.iter().any(|known| known.takes == texts(&words))
                {
                    lists.push(WordList { takes: texts(&words), words: words_of(&words) });
                }
            }
            count += mapped.rows.len();
            sheets.push(mapped);
        }
        if count > ROWS {
            let problem =
                Diagnostic::new("AFU-034", format!("{count} rows look like questions; {ROWS} is the limit"))
                    .file(&self.name);
            return Err(problem.hint("take out the sheets that ask nothing").into());
        }
        let words = super::answer::plain_words();
        Ok(WorkbookMap {
            format: WORKBOOK.into(),
            sha256: self.sha256.clone(),
            confirmed_by: String::new(),
            words,
            lists,
            sheets,
        })
    }

    /// A sheet with its rows; where no answer cell can be written, it is not filled. Where the same text
    /// stands in all of them, it may be none: the rows are told, and a person has the sheet filled.
    fn mapped(&self, at: usize, columns: &GuessedColumns) -> MappedSheet {
        let mapped = self.with_rows(at, columns, "");
        if !mapped.rows.is_empty() {
            return MappedSheet { fill: !mapped.hidden, ..mapped };
        }
        self.standing(at, columns).map_or(mapped, |text| self.with_rows(at, columns, text))
    }

    /// The one text in all answer cells of a sheet that hold any, where they are more than two.
    fn standing(&self, at: usize, columns: &GuessedColumns) -> Option<&str> {
        let (sheet, head) = (&self.book.sheets[at], columns.heads().answer);
        let (question, column) = (columns.question()?, columns.answer()?);
        let asked = sheet.row_numbers().filter(|row| {
            *row > columns.header && !sheet.text(CellPlace { row: *row, column: question }).is_empty()
        });
        let places = asked.map(|row| CellPlace { row, column });
        let texts: Vec<&str> = places
            .filter(|place| self.book.barrier(at, *place) == Some(Barrier::Occupied))
            .map(|place| sheet.text(place))
            .filter(|text| *text != head)
            .collect();
        let first = *texts.first()?;
        (texts.len() > 2 && texts.iter().all(|text| *text == first)).then_some(first)
    }

    fn with_rows(&self, at: usize, columns: &GuessedColumns, unanswered: &str) -> MappedSheet {
        let sheet = &self.book.sheets[at];
        let (question, answer) = (columns.question().unwrap_or(1), columns.answer().unwrap_or(1));
        let over = unanswered_of(at, answer, unanswered);
        let head = columns.heads().answer;
        let mut mapped = MappedSheet {
            sheet: sheet.name.clone(),
            hidden: sheet.hidden,
            header: columns.header,
            unanswered: unanswered.into(),
            columns: columns.letters(),
            heads: columns.heads(),
            ..unmapped()
        };
        for row in sheet.row_numbers().filter(|row| *row > columns.header) {
            let text = sheet.text(CellPlace { row, column: question });
            let place = CellPlace { row, column: answer };
            // heads stand again before each section
            if text.is_empty() || (!head.is_empty() && sheet.text(place) == head) {
                continue;
            }
            match self.book.barrier_over(at, place, &over) {
                Some(barrier) if barrier != Barrier::Hidden => {
                    mapped.left.push(format!("{place}: {}", barrier.as_str()))
                }
                Some(_) | None => mapped.rows.push(MappedRow {
                    row,
                    id: columns
                        .id()
                        .map(|column| sheet.text(CellPlace { row, column }).to_string())
                        .unwrap_or_default(),
                    text: text.into(),
                    hidden: sheet.row_hidden(row),
                    pick: String::new(),
                    picked_in: String::new(),
                    proposals: Vec::new(),
                }),
            }
        }
        mapped
    }

    /// The map that a person confirmed, if it is of this file.
    pub fn map(&self, name: &str, bytes: &[u8]) -> Result<WorkbookMap, Error> {
        let map: WorkbookMap = yaml(name, bytes).map_err(Problems)?;
        format_is(name, bytes, &map.format, WORKBOOK)?;
        super::answer::of_this_file(name, &map.sha256, &self.sha256)?;
        if map.confirmed_by.trim().is_empty() || is_placeholder(&map.confirmed_by) {
            let problem =
                Diagnostic::new("AFU-035", "nobody has confirmed the sheets, columns and words of the map")
                    .file(name);
            return Err(problem
                .hint("check them and the picks, then write your name into `confirmed_by`")
                .into());
        }
        let all = map.lists.iter().map(|list| &list.words).chain([&map.words]);
        all.into_iter().try_for_each(|words| super::answer::honest(name, words))?;
        Ok(map)
    }

    /// The workbook with the answers that a person picked. Only empty cells that may be written are.
    pub fn filled(&self, map: &WorkbookMap, sheet: &AnswerSheet) -> Result<FilledWorkbook, Error> {
        let (mut values, mut rows, mut unanswered) = (Values::new(), Vec::new(), Unanswered::new());
        for mapped in map.sheets.iter().filter(|mapped| mapped.fill) {
            let at = self
                .book
                .sheet(&mapped.sheet)
                .ok_or_else(|| self.no_place(format!("there is no sheet `{}`", mapped.sheet)))?;
            let columns = self.columns(&mapped.sheet, &mapped.columns)?;
            unanswered.extend(unanswered_of(at, columns.answer, &mapped.unanswered));
            rows.extend(mapped.left.iter().filter_map(|told| told.split_once(": ")).map(|(cell, why)| {
                FilledRow {
                    sheet: mapped.sheet.clone(),
                    cell: cell.into(),
                    id: String::new(),
                    pick: String::new(),
                    fate: RowFate::Left,
                    why: why.into(),
                }
            }));
            for row in &mapped.rows {
                let asked = CellPlace { row: row.row.max(1), column: columns.question };
                if self.book.sheets[at].text(asked) != row.text.trim() {
                    return Err(self.no_place(format!(
                        "`{}!{asked}` holds another question than the map says",
                        mapped.sheet
                    )));
                }
                let place = CellPlace { column: columns.answer, ..asked };
                let (book, hidden) = (&self.book, mapped.fill_hidden);
                let (fate, why) = Filling { book, map, sheet, at, hidden, unanswered: &unanswered }.row(
                    row,
                    &columns,
                    place,
                    &mut values,
                )?;
                let (id, pick) = (row.id.clone(), row.pick.clone());
                rows.push(FilledRow {
                    sheet: mapped.sheet.clone(),
                    cell: place.to_string(),
                    id,
                    pick,
                    fate,
                    why,
                });
            }
        }
        let bytes = self.book.written_over(&values, &unanswered);
        let bytes = bytes.and_then(|bytes| read_back(&bytes, &values).map(|()| bytes));
        let bytes = bytes.map_err(|e| {
            Diagnostic::new("AFU-036", e.to_string()).file(&self.name).hint("nothing was written")
        })?;
        Ok(FilledWorkbook { bytes, rows, unsigned: self.book.signed && !values.is_empty() })
    }

    fn columns(&self, sheet: &str, said: &MappedColumns) -> Result<RowColumns, Error> {
        let wrong = |letters: &str| self.no_place(format!("`{letters}` is no column of the sheet `{sheet}`"));
        let of = |letters: &str| place::column(letters.trim()).ok_or_else(|| wrong(letters));
        let beside = |letters: &str| if letters.trim().is_empty() { Ok(None) } else { of(letters).map(Some) };
        Ok(RowColumns {
            question: of(&said.question)?,
            answer: of(&said.answer)?,
            beside: [beside(&said.comment)?, beside(&said.evidence)?],
        })
    }

    fn no_place(&self, what: String) -> Error {
        Diagnostic::new("AFU-037", what)
            .file(&self.name)
            .hint("correct the map, or name one that is not there yet, and it is made")
            .into()
    }
}

fn unanswered_of(at: usize, column: u32, text: &str) -> Unanswered {
    let text = text.trim();
    if text.is_empty() { Unanswered::new() } else { Unanswered::from([(at, (column, text.to_string()))]) }
}

fn unmapped() -> MappedSheet {
    MappedSheet {
        sheet: String::new(),
        hidden: false,
        fill: false,
        fill_hidden: false,
        unanswered: String::new(),
        header: 1,
        columns: MappedColumns::default(),
        heads: MappedColumns::default(),
        left: Vec::new(),
        rows: Vec::new(),
    }
}

fn texts(list: &[ListWord]) -> Vec<String> {
    list.iter().map(|word| word.text.clone()).collect()
}

/// Whether what was written reads as what was meant.
fn read_back(bytes: &[u8], values: &Values) -> Result<(), WorkbookError> {
    let book = BuyerWorkbook::read(bytes)?;
    for ((sheet, place), value) in values {
        if book.sheets[*sheet].text(*place) != value.to_string().trim() {
            let sheet = book.sheets[*sheet].name.clone();
            return Err(WorkbookError::Forbidden {
                sheet,
                place: *place,
                why: "it does not read as what was put there",
            });
        }
    }
    Ok(())
}
