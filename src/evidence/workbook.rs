//! Reads the cells of a workbook (Office Open XML) that somebody filled in, whichever program wrote it:
//! shared strings, inline strings, numbers and truth values. A formula is told apart from what it shows, and
//! everything has a bound.

pub mod place;
pub mod xml;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use roxmltree::{Document, Node};
use zip::ZipArchive;

use place::CellPlace;
use xml::{bounded, child, children, named, strings_of, unescaped};

/// No part of a workbook that we read is larger, unpacked.
const MAX_PART: u64 = 64 << 20;
const MAX_FILE: usize = 64 << 20;
const MAX_PARTS: usize = 4096;
const MAX_SHEETS: usize = 64;
const MAX_COLUMNS: u32 = 1024;
const MAX_ROWS: u32 = 1_048_576;
const MAX_CELLS: usize = 4_000_000;
const NODES: u32 = 8_000_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkbookProblem {
    #[error("this is no workbook: {0}")]
    Form(String),
    #[error("it is larger than any workbook that is read here: {0}")]
    Size(&'static str),
    #[error("the part `{part}` cannot be read: {why}")]
    Part { part: String, why: String },
    #[error("sheet `{sheet}`, cell {cell}: {why}")]
    Place { sheet: String, cell: String, why: String },
}

/// A sheet by row and column, both from 0. A cell that is not there is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grid {
    pub name: String,
    pub cells: BTreeMap<(u32, u32), String>,
    /// Cells that hold a formula.
    pub formulas: Vec<(u32, u32)>,
}

impl Grid {
    pub fn text(&self, row: u32, column: u32) -> &str {
        self.cells.get(&(row, column)).map_or("", String::as_str)
    }

    /// Rows up to the last that holds anything.
    pub fn rows(&self) -> u32 {
        self.cells
            .iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|((row, _), _)| row + 1)
            .max()
            .unwrap_or(0)
    }
}

/// `C12` for column 2 of row 11.
pub fn cell_name(row: u32, column: u32) -> String {
    CellPlace { row: row + 1, column: column + 1 }.to_string()
}

/// Every sheet, in the workbook's order.
pub fn sheets(bytes: &[u8]) -> Result<Vec<Grid>, WorkbookProblem> {
    if bytes.len() > MAX_FILE {
        return Err(WorkbookProblem::Size("the file"));
    }
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| WorkbookProblem::Form(e.to_string()))?;
    if archive.len() > MAX_PARTS {
        return Err(WorkbookProblem::Size("its parts"));
    }
    let mut parts = Parts(archive);
    let book = parts.text("xl/workbook.xml")?;
    let targets = parts.targets()?;
    let mut listed = Vec::new();
    for node in parse("xl/workbook.xml", &book)?.descendants().filter(|n| named(*n, "sheet")) {
        let id = node.attributes().find(|a| a.name() == "id").map(|a| a.value()).unwrap_or_default();
        let target = targets
            .get(id)
            .ok_or_else(|| WorkbookProblem::Form(format!("a sheet names `{id}`, which is nothing")))?;
        listed.push((node.attribute("name").unwrap_or_default().to_string(), target.clone()));
    }
    if listed.len() > MAX_SHEETS {
        return Err(WorkbookProblem::Size("its sheets"));
    }
    let shared = parts.shared()?;
    listed.into_iter().map(|(name, part)| grid(name, &part, &parts.text(&part)?, &shared)).collect()
}

struct Parts<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl Parts<'_> {
    fn text(&mut self, part: &str) -> Result<String, WorkbookProblem> {
        let fault = |why: String| WorkbookProblem::Part { part: part.to_string(), why };
        let entry = self.0.by_name(part).map_err(|e| fault(e.to_string()))?;
        let mut bytes = Vec::new();
        entry.take(MAX_PART + 1).read_to_end(&mut bytes).map_err(|e| fault(e.to_string()))?;
        if bytes.len() as u64 > MAX_PART {
            return Err(WorkbookProblem::Size("one of its parts"));
        }
        String::from_utf8(bytes).map_err(|_| fault("it is not UTF-8".into()))
    }

    fn has(&self, part: &str) -> bool {
        self.0.index_for_name(part).is_some()
    }

    /// Parts by the id of the relation that names them: below `xl/`, or from the top where the target begins
    /// with `/`.
    fn targets(&mut self) -> Result<BTreeMap<String, String>, WorkbookProblem> {
        let part = "xl/_rels/workbook.xml.rels";
        let text = self.text(part)?;
        let mut out = BTreeMap::new();
        for node in parse(part, &text)?.descendants().filter(|n| named(*n, "Relationship")) {
            let (id, target) =
                (node.attribute("Id").unwrap_or_default(), node.attribute("Target").unwrap_or_default());
            let whole = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), String::from);
            out.insert(id.to_string(), whole);
        }
        Ok(out)
    }

    fn shared(&mut self) -> Result<Vec<String>, WorkbookProblem> {
        let part = "xl/sharedStrings.xml";
        if !self.has(part) {
            return Ok(Vec::new());
        }
        let text = self.text(part)?;
        Ok(parse(part, &text)?
            .root_element()
            .children()
            .filter(|n| named(*n, "si"))
            .map(strings_of)
            .collect())
    }
}

fn parse<'a>(part: &str, text: &'a str) -> Result<Document<'a>, WorkbookProblem> {
    bounded(text, NODES).map_err(|why| WorkbookProblem::Part { part: part.to_string(), why })
}

fn grid(name: String, part: &str, text: &str, shared: &[String]) -> Result<Grid, WorkbookProblem> {
    let mut grid = Grid { name, ..Grid::default() };
    let document = parse(part, text)?;
    let mut row = 0u32;
    for line in document.descendants().filter(|n| named(*n, "row")) {
        row = line.attribute("r").and_then(|r| r.parse::<u32>().ok()).unwrap_or(row.saturating_add(1));
        let mut column = 0;
        for cell in children(line, "c") {
            let place = match cell.attribute("r") {
                Some(name) => place(name).ok_or(WorkbookProblem::Size("one of its sheets"))?,
                None => (row.saturating_sub(1), column),
            };
            if place.1 >= MAX_COLUMNS || place.0 >= MAX_ROWS || grid.cells.len() >= MAX_CELLS {
                return Err(WorkbookProblem::Size("one of its sheets"));
            }
            column = place.1 + 1;
            if child(cell, "f").is_some() {
                grid.formulas.push(place);
            }
            let shown = shown(&cell, shared).map_err(|why| WorkbookProblem::Place {
                sheet: grid.name.clone(),
                cell: cell_name(place.0, place.1),
                why,
            })?;
            if !shown.is_empty() {
                grid.cells.insert(place, shown);
            }
        }
    }
    Ok(grid)
}

/// Row and column of `C12`.
fn place(name: &str) -> Option<(u32, u32)> {
    CellPlace::parse(name).map(|place| (place.row - 1, place.column - 1))
}

fn shown(cell: &Node<'_, '_>, shared: &[String]) -> Result<String, String> {
    let value = || child(*cell, "v").and_then(|n| n.text()).unwrap_or_default();
    match cell.attribute("t") {
        Some("s") if value().is_empty() => Ok(String::new()),
        Some("s") => {
            let number = value().trim();
            let found = number.parse::<usize>().ok().and_then(|n| shared.get(n));
            found.cloned().ok_or_else(|| format!("it names the shared string {number}, and there is none"))
        }
        Some("inlineStr") => Ok(child(*cell, "is").map(strings_of).unwrap_or_default()),
        Some("b") => Ok(if value() == "1" { "TRUE" } else { "FALSE" }.into()),
        Some("str") => Ok(unescaped(value())),
        _ => Ok(value().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn book(sheet: &str, shared: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let parts = [
            (
                "xl/workbook.xml",
                r#"<workbook xmlns:r="x"><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>"#,
            ),
            (
                "xl/_rels/workbook.xml.rels",
                concat!(
                    r#"<Relationships>"#,
                    r#"<Relationship Id="rId1" Target="/xl/worksheets/sheet1.xml"/></Relationships>"#,
                ),
            ),
            ("xl/worksheets/sheet1.xml", sheet),
            ("xl/sharedStrings.xml", shared),
        ];
        for (name, text) in parts {
            zip.start_file(name, options).expect("a part");
            zip.write_all(text.as_bytes()).expect("its bytes");
        }
        zip.finish().expect("a file").into_inner()
    }

    #[test]
    fn cells_are_read_whoever_wrote_them() {
        let sheet = concat!(
            r#"<worksheet><sheetData><row r="2"><c r="A2" t="s"><v>0</v></c>"#,
            r#"<c t="inlineStr"><is><t>in</t><r><t> line</t></r></is></c>
            <c r="AB2"><v>4.5</v></c></row>"#,
            r#"<row><c t="str"><f>1+1</f><v>2</v></c><c t="b"><v>1</v></c></row></sheetData></worksheet>"#,
        );
        let shared = "<sst><si><r><t>two</t></r><r><t xml:space=\"preserve\"> \
                      runs_x000A_</t></r><rPh><t>no</t></rPh></si></sst>";
        let read = sheets(&book(sheet, shared)).expect("a workbook");
        let grid = &read[0];
        assert_eq!((grid.text(1, 0), grid.text(1, 1), grid.text(1, 27)), ("two runs\n", "in line", "4.5"));
        assert_eq!((grid.text(2, 0), grid.text(2, 1), grid.rows()), ("2", "TRUE", 3));
        assert_eq!(grid.formulas, [(2, 0)]);
        assert_eq!((cell_name(1, 27), place("AB2")), ("AB2".to_string(), Some((1, 27))));
    }

    #[test]
    fn damage_is_told_and_nothing_is_read_beyond_its_bounds() {
        assert!(matches!(sheets(b"nothing"), Err(WorkbookProblem::Form(_))));
        let far =
            r#"<worksheet><sheetData><row r="1"><c r="ZZZ1"><v>1</v></c></row></sheetData></worksheet>"#;
        assert!(matches!(sheets(&book(far, "<sst/>")), Err(WorkbookProblem::Size(_))));
        let lost =
            r#"<worksheet><sheetData><row r="1"><c r="B1" t="s"><v>7</v></c></row></sheetData></worksheet>"#;
        assert!(sheets(&book(lost, "<sst/>")).expect_err("no such string").to_string().contains("cell B1"));
        let dtd = "<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet/>";
        assert!(sheets(&book(dtd, "<sst/>")).is_err());
    }
}
