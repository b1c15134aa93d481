//! A buyer's file on the command line: its map is proposed and told, and by the map that a person confirmed
//! it is filled.

use std::path::{Path, PathBuf};

use super::{Exit, data, say, wrong};
use crate::model::answers::{AnswerSheet, QuestionSet};
use crate::model::workbook_map::MappedSheet;
use crate::pipeline::Error;
use crate::pipeline::answer::{self, BuyerFile};
use crate::pipeline::answer_workbook::{FilledWorkbook, RowFate, WorkbookFile};
use crate::pipeline::earlier::EarlierPicks;
use crate::render::answer_report::AskedQuestion;
use crate::render::answers;
use crate::store::atomic::{self, Access, Existing};
use crate::store::given;

const RECORDS: &str = "# Check the columns and the words that the file takes; then write into each `pick` \
                       the id of a question, or none.\n";
const WORKBOOK: &str =
    "# Check of each sheet: is it filled, in which row are the heads, which columns hold what. Check the \
     words of each list.
# Write into each `pick` the id of a question, or none. Then write your name into `confirmed_by`: \
until then nothing is filled.\n";

/// A buyer's file with its map.
pub struct Buyer {
    file: BuyersFile,
    path: PathBuf,
    map: PathBuf,
    earlier: EarlierPicks,
}

enum BuyersFile {
    Records(BuyerFile),
    Workbook(Box<WorkbookFile>),
}

/// A file that a person named.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    given::read(path).map_err(|e| wrong(format!("{}: {e}", path.display()), "name a file that can be read"))
}

impl Buyer {
    pub fn read(path: &Path, map: Option<&Path>) -> Result<Buyer, Error> {
        let (name, bytes) = (path.display().to_string(), read(path)?);
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
        let file = match WorkbookFile::is_one(&bytes) {
            false if ["xlsx", "xlsm", "xls"].contains(&end.as_str()) => {
                let hint = "get it anew from who sent it; a text of values is named `.csv`";
                return Err(wrong(format!("{name}: this is named as a workbook, and is none"), hint));
            }
            true => BuyersFile::Workbook(Box::new(WorkbookFile::read(&name, &bytes)?)),
            false => BuyersFile::Records(BuyerFile::read(&name, &bytes)?),
        };
        let map = map.map_or_else(|| PathBuf::from(format!("{name}.affiant.yaml")), Path::to_path_buf);
        let earlier = EarlierPicks::beside(&map);
        Ok(Buyer { file, path: path.into(), map, earlier })
    }

    /// Whether a person can have checked its map.
    pub fn is_mapped(&self) -> bool {
        self.map.exists()
    }

    /// Writes the map for a person to check, and nothing else.
    pub fn propose(&self, set: &QuestionSet) -> Result<Exit, Error> {
        let (value, told, check) = match &self.file {
            BuyersFile::Records(file) => {
                let map = file.proposed(&self.path.display().to_string(), set, &self.earlier)?;
                let picked = map.rows.iter().filter(|row| !row.pick.is_empty()).count();
                (serde_json::to_value(&map), asked(map.rows.len(), picked), RECORDS)
            }
            BuyersFile::Workbook(file) => {
                let map = file.proposed(set, &self.earlier)?;
                map.sheets.iter().for_each(|sheet| say(&shown(sheet)));
                let rows = || map.sheets.iter().flat_map(|sheet| &sheet.rows);
                let picked = rows().filter(|row| !row.pick.is_empty()).count();
                (serde_json::to_value(&map), asked(rows().count(), picked), WORKBOOK)
            }
        };
        let text = format!("{check}{}", answers::block(&value.expect("a map serialises")));
        atomic::write(&self.map, text.as_bytes(), Access::Private, Existing::Refuse)
            .map_err(Error::io("write", &self.map))?;
        data(&format!("{}\n", self.map.display()));
        say(&told);
        Ok(Exit::Done)
    }

    /// Their questions as the map has them, with what was picked for each.
    pub fn asked(&self) -> Result<Vec<AskedQuestion>, Error> {
        let (name, bytes) = (self.map.display().to_string(), read(&self.map)?);
        let one = |place: String, text: &str, pick: &str| AskedQuestion {
            place,
            text: text.into(),
            pick: pick.into(),
        };
        Ok(match &self.file {
            BuyersFile::Records(file) => {
                let map = answer::map(&name, &bytes, file)?;
                map.rows.iter().map(|row| one(format!("row {}", row.row), &row.text, &row.pick)).collect()
            }
            BuyersFile::Workbook(file) => {
                let map = file.map(&name, &bytes)?;
                let sheets = map.sheets.iter().filter(|sheet| sheet.fill);
                let rows = sheets.flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)));
                rows.map(|(sheet, row)| one(place(&sheet.sheet, &row.id, row.row), &row.text, &row.pick))
                    .collect()
            }
        })
    }

    /// The filled file, and of a workbook the report of its rows.
    pub fn filled(&self, sheet: &AnswerSheet, mark: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let (name, bytes) = (self.map.display().to_string(), read(&self.map)?);
        match &self.file {
            BuyersFile::Records(file) => {
                let map = answer::map(&name, &bytes, file)?;
                self.earlier.agrees(
                    &name,
                    map.rows
                        .iter()
                        .map(|row| (format!("row {}", row.row), row.text.as_str(), row.pick.as_str())),
                )?;
                let filled = file.filled(&map, sheet)?;
                say(&format!(
                    "{} rows filled; {} that nobody picked for, {} picked as none, {} without a word for the \
                     answer, {} that held something already",
                    filled.filled, filled.open, filled.declined, filled.without_word, filled.occupied
                ));
                Ok(vec![(format!("questionnaire{mark}.csv"), filled.bytes)])
            }
            BuyersFile::Workbook(file) => {
                let map = file.map(&name, &bytes)?;
                let sheets = map.sheets.iter().filter(|sheet| sheet.fill);
                let rows = sheets.flat_map(|sheet| sheet.rows.iter().map(move |row| (&sheet.sheet, row)));
                let placed = rows.map(|(sheet, row)| {
                    (format!("row {} of the sheet `{sheet}`", row.row), row.text.as_str(), row.pick.as_str())
                });
                self.earlier.agrees(&name, placed)?;
                let filled = file.filled(&map, sheet)?;
                counted(&filled);
                let rows = filled
                    .rows
                    .iter()
                    .map(|r| [r.sheet.as_str(), &r.cell, &r.id, &r.pick, r.fate.as_str(), &r.why]);
                let report = answers::report(&rows.collect::<Vec<_>>());
                let macros = self.path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xlsm"));
                let ending = if macros { "xlsm" } else { "xlsx" };
                Ok(vec![
                    (format!("questionnaire{mark}.{ending}"), filled.bytes),
                    (format!("questionnaire{mark}-report.csv"), report),
                ])
            }
        }
    }
}

/// By its own id where the workbook has one.
fn place(sheet: &str, id: &str, row: u32) -> String {
    if id.is_empty() { format!("{sheet}, row {row}") } else { format!("{sheet}, {id}") }
}

fn asked(rows: usize, picked: usize) -> String {
    let before = if picked > 0 {
        format!("; {picked} are picked as in earlier maps of this folder")
    } else {
        String::new()
    };
    format!(
        "{rows} questions, each with at most three proposals{before}; nothing else is picked until a person \
         does"
    )
}

/// A sheet as it seems to be.
fn shown(sheet: &MappedSheet) -> String {
    let name = &sheet.sheet;
    if sheet.columns.answer.is_empty() {
        return format!("`{name}`: no column looks like answers");
    }
    let of = |what: &str, letter: &str, head: &str| match (letter, head) {
        ("", _) => format!("no {what}"),
        (letter, "") => format!("{what} {letter}"),
        (letter, head) => format!("{what} {letter} `{}`", head.replace('\n', " ")),
    };
    let (c, h) = (&sheet.columns, &sheet.heads);
    let columns = [
        of("question", &c.question, &h.question),
        of("answer", &c.answer, &h.answer),
        of("comment", &c.comment, &h.comment),
        of("evidence", &c.evidence, &h.evidence),
        of("id", &c.id, &h.id),
    ];
    let state = match (sheet.hidden, sheet.fill) {
        (true, _) => ", hidden, not filled unless the map says so",
        (false, true) => "",
        (false, false) => ", not filled",
    };
    let standing = match sheet.unanswered.as_str() {
        "" => String::new(),
        text => format!("; each answer cell holds `{text}`, see `unanswered`"),
    };
    format!(
        "`{name}`{state}: heads in row {}; {}; {} questions, {} whose answer cell is not written{standing}",
        sheet.header,
        columns.join(", "),
        sheet.rows.len(),
        sheet.left.len()
    )
}

fn counted(filled: &FilledWorkbook) {
    let count = |fate: RowFate| filled.rows.iter().filter(|row| row.fate == fate).count();
    let told: Vec<String> =
        RowFate::ALL.iter().map(|fate| format!("{} {}", count(*fate), fate.as_str())).collect();
    say(&format!("rows of the workbook: {}; the report names each", told.join(", ")));
    if filled.unsigned {
        say("note: the workbook was signed; what was filled in breaks that signature");
    }
}
