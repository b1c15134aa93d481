//! A buyer's workbook (Office Open XML), read as far as answers need it and written in place: values are
//! spliced into the XML of a sheet, and every part that holds none is copied as it lies in the ZIP,
//! compressed bytes and all. So drop-downs, comments, charts, macros and protection stay, whether this
//! program knows of them or not. It decides no answer.

mod parts;
mod rules;
mod sheet;
mod splice;
mod takes;

use std::collections::BTreeMap;

pub use crate::evidence::workbook::place;
use crate::evidence::workbook::xml;
pub use place::CellPlace;
pub use rules::{ListWord, NumberBounds, Takes};
pub use sheet::{Barrier, GridSheet};
pub use splice::CellValue;

use parts::ZipParts;
use xml::{attribute, child, children, document, flag};

/// What a cell can hold (Excel's limit), in UTF-16 units.
pub const CELL: usize = 32_767;

#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    #[error("no workbook can be read from it: {0}")]
    Zip(String),
    #[error("it is a workbook under a password, or of the older format `.xls`")]
    Sealed,
    #[error("`{part}`: {what}")]
    Part { part: String, what: String },
    #[error("`{sheet}!{place}` is not written: {why}")]
    Forbidden { sheet: String, place: CellPlace, why: &'static str },
}

/// A workbook as its sheets.
#[derive(Debug)]
pub struct BuyerWorkbook {
    bytes: Vec<u8>,
    /// The part that names the sheets.
    home: String,
    pub sheets: Vec<GridSheet>,
    /// Which formats lock a cell.
    locked: Vec<bool>,
    names: Vec<DefinedName>,
    /// Whether someone signed it: what is written breaks the signature.
    pub signed: bool,
}

/// For a sheet the column of its answers, and what stands there before anybody answers: that counts as empty.
pub type Unanswered = BTreeMap<usize, (u32, String)>;

#[derive(Debug)]
struct DefinedName {
    name: String,
    /// The sheet that alone knows it.
    sheet: Option<usize>,
    formula: String,
}

/// A part of a workbook with the parts that it names.
struct Links(BTreeMap<String, (String, String)>);

impl BuyerWorkbook {
    pub fn read(bytes: &[u8]) -> Result<BuyerWorkbook, WorkbookError> {
        let mut parts = ZipParts::open(bytes)?;
        let top = Links::of(&mut parts, "")?;
        let home =
            top.kind("/officeDocument").ok_or_else(|| WorkbookError::Zip("it names no main part".into()))?;
        let home = parts.spelled(&home).unwrap_or(&home).to_string();
        let links = Links::of(&mut parts, &home)?;
        let text = parts.text(&home)?.ok_or_else(|| missing(&home))?;
        let strings = match links.kind("/sharedStrings") {
            Some(part) => parts
                .text(&part)?
                .map_or_else(|| Ok(Vec::new()), |text| sheet::shared(&text).map_err(in_part(&part)))?,
            None => Vec::new(),
        };
        let locked = match links.kind("/styles") {
            Some(part) => parts
                .text(&part)?
                .map_or_else(|| Ok(Vec::new()), |text| locking(&text).map_err(in_part(&part)))?,
            None => Vec::new(),
        };
        let (listed, names) = contents(&text).map_err(in_part(&home))?;
        let mut sheets = Vec::new();
        for entry in listed {
            let sheet = match links.0.get(&entry.link) {
                // charts and dialogs are sheets without cells
                Some((kind, part)) if kind.ends_with("/worksheet") => {
                    let part = parts.spelled(part).ok_or_else(|| missing(part))?.to_string();
                    let text = parts.text(&part)?.ok_or_else(|| missing(&part))?;
                    GridSheet::read(&entry.name, entry.hidden, &part, text, &strings)
                        .map_err(in_part(&part))?
                }
                Some(_) | None => {
                    GridSheet::read(&entry.name, true, "", "<worksheet><sheetData/></worksheet>".into(), &[])
                        .map_err(in_part(""))?
                }
            };
            sheets.push(sheet);
        }
        let signed =
            parts.names().iter().any(|name| name.to_ascii_lowercase().starts_with("_xmlsignatures/"));
        Ok(BuyerWorkbook { bytes: bytes.to_vec(), home, sheets, locked, names, signed })
    }

    /// The sheet of a name.
    pub fn sheet(&self, name: &str) -> Option<usize> {
        self.sheets.iter().position(|sheet| sheet.name == name)
    }

    /// What forbids to write a cell.
    pub fn barrier(&self, sheet: usize, place: CellPlace) -> Option<Barrier> {
        self.sheets[sheet].barrier(place, &self.locked)
    }

    /// The same, where what stands in a column of answers before anybody answers forbids nothing.
    pub fn barrier_over(&self, sheet: usize, place: CellPlace, unanswered: &Unanswered) -> Option<Barrier> {
        let barrier = self.barrier(sheet, place)?;
        let stands = |(column, text): &(u32, String)| {
            *column == place.column && self.sheets[sheet].text(place) == text.as_str()
        };
        match barrier == Barrier::Occupied && unanswered.get(&sheet).is_some_and(stands) {
            false => Some(barrier),
            true => self.sheets[sheet].row_hidden(place.row).then_some(Barrier::Hidden),
        }
    }

    /// What a name stands for: one of the sheet's own before one of all.
    fn defined(&self, sheet: usize, name: &str) -> Option<&str> {
        let find = |own: Option<usize>| {
            self.names.iter().find(|n| n.sheet == own && n.name.eq_ignore_ascii_case(name))
        };
        find(Some(sheet)).or_else(|| find(None)).map(|n| n.formula.as_str())
    }

    /// The workbook with these cells. A cell that may not be written ends it, whoever asks; one that is
    /// hidden is written.
    pub fn written(
        &self,
        values: &BTreeMap<(usize, CellPlace), CellValue>,
    ) -> Result<Vec<u8>, WorkbookError> {
        self.written_over(values, &Unanswered::new())
    }

    /// The same over what stands there before anybody answers.
    pub fn written_over(
        &self,
        values: &BTreeMap<(usize, CellPlace), CellValue>,
        unanswered: &Unanswered,
    ) -> Result<Vec<u8>, WorkbookError> {
        let mut sheets: BTreeMap<usize, BTreeMap<CellPlace, CellValue>> = BTreeMap::new();
        for ((sheet, place), value) in values {
            let barrier = self.barrier_over(*sheet, *place, unanswered);
            if let Some(barrier) = barrier.filter(|barrier| *barrier != Barrier::Hidden) {
                let sheet = self.sheets[*sheet].name.clone();
                return Err(WorkbookError::Forbidden { sheet, place: *place, why: barrier.as_str() });
            }
            sheets.entry(*sheet).or_default().insert(*place, value.clone());
        }
        if sheets.is_empty() {
            return Ok(self.bytes.clone());
        }
        let mut changed: BTreeMap<String, String> = sheets
            .iter()
            .map(|(at, values)| (self.sheets[*at].part.clone(), self.sheets[*at].spliced(values)))
            .collect();
        let home = ZipParts::open(&self.bytes)?.text(&self.home)?.ok_or_else(|| missing(&self.home))?;
        if let Some(text) = splice::recalculated(&home).map_err(in_part(&self.home))? {
            changed.insert(self.home.clone(), text);
        }
        parts::replaced(&self.bytes, &changed)
    }
}

fn missing(part: &str) -> WorkbookError {
    WorkbookError::Part { part: part.into(), what: "it is not there".into() }
}

fn in_part(part: &str) -> impl Fn(String) -> WorkbookError + '_ {
    move |what| WorkbookError::Part { part: part.into(), what }
}

impl Links {
    /// What a part names; empty is the package itself.
    fn of(parts: &mut ZipParts<'_>, part: &str) -> Result<Links, WorkbookError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let file = format!("{folder}{}_rels/{name}.rels", if folder.is_empty() { "" } else { "/" });
        let Some(text) = parts.text(&file)? else { return Ok(Links(BTreeMap::new())) };
        let document = document(&text).map_err(in_part(&file))?;
        let link = |node| {
            let target = attribute(node, "Target")?;
            let inside = attribute(node, "TargetMode") != Some("External");
            inside.then_some((
                attribute(node, "Id")?.to_string(),
                (attribute(node, "Type")?.to_string(), below(folder, target)),
            ))
        };
        let links = children(document.root_element(), "Relationship").filter_map(link).collect();
        Ok(Links(links))
    }

    /// The part of a kind; kinds have a name in each of the two namespaces, which end alike.
    fn kind(&self, end: &str) -> Option<String> {
        self.0.values().find(|(kind, _)| kind.ends_with(end)).map(|(_, part)| part.clone())
    }
}

/// The name of a part that another names.
fn below(folder: &str, target: &str) -> String {
    let from = if target.starts_with('/') { "" } else { folder };
    let mut out: Vec<&str> = Vec::new();
    for step in from.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(out.pop()),
            step => out.push(step),
        }
    }
    out.join("/")
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    link: String,
    hidden: bool,
}

fn contents(text: &str) -> Result<(Vec<Listed>, Vec<DefinedName>), String> {
    let document = document(text)?;
    let root = document.root_element();
    let sheets = child(root, "sheets").ok_or("it names no sheets")?;
    let mut listed = Vec::new();
    for node in children(sheets, "sheet") {
        let name = attribute(node, "name").ok_or("a sheet has no name")?.to_string();
        if listed.iter().any(|known: &Listed| known.name.eq_ignore_ascii_case(&name)) {
            return Err(format!("the sheet `{name}` stands twice"));
        }
        let hidden = matches!(attribute(node, "state"), Some("hidden" | "veryHidden"));
        listed.push(Listed { name, link: attribute(node, "id").unwrap_or_default().into(), hidden });
    }
    let named_all = child(root, "definedNames")
        .into_iter()
        .flat_map(|all| children(all, "definedName").collect::<Vec<_>>());
    let name = |node| DefinedName {
        name: attribute(node, "name").unwrap_or_default().into(),
        sheet: attribute(node, "localSheetId").and_then(|id| id.parse().ok()),
        formula: node.text().unwrap_or_default().into(),
    };
    Ok((listed, named_all.map(name).collect()))
}

/// For each format of cells whether it locks: it does unless it says otherwise.
fn locking(text: &str) -> Result<Vec<bool>, String> {
    let document = document(text)?;
    let formats = child(document.root_element(), "cellXfs")
        .into_iter()
        .flat_map(|all| children(all, "xf").collect::<Vec<_>>());
    let locks =
        |xf| child(xf, "protection").is_none_or(|p| attribute(p, "locked").is_none() || flag(p, "locked"));
    Ok(formats.map(locks).collect())
}
