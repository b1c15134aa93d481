//! A population as CSV, which is the record, and as a workbook for people who draw from it.

use super::RenderError;
use super::xlsx::{Column, Sheet, SheetCell, workbook};
use crate::diag::safe_cell;

/// One population, with what it was made from.
pub struct PopulationTable<'a> {
    pub name: &'a str,
    pub heads: &'a [&'static str],
    pub rows: &'a [Vec<String>],
    /// What and value, line by line.
    pub about: &'a [(String, String)],
}

/// RFC 4180, UTF-8, with a line of heads; no cell can become a formula.
pub fn csv(table: &PopulationTable<'_>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(table.heads).expect(memory);
    for row in table.rows {
        writer.write_record(row.iter().map(|cell| safe_cell(cell))).expect(memory);
    }
    writer.into_inner().expect(memory)
}

/// Two sheets. `day` is the file's date of creation.
pub fn book(table: &PopulationTable<'_>, day: (u16, u8, u8)) -> Result<Vec<u8>, RenderError> {
    let width = |head: &str| if head.len() > 12 { 40.0 } else { 24.0 };
    let text = |cells: &[String]| cells.iter().cloned().map(SheetCell::from).collect();
    let sheets = [
        Sheet {
            name: "Population".into(),
            columns: table.heads.iter().map(|head| Column::new(head, width(head))).collect(),
            rows: table.rows.iter().map(|row| text(row)).collect(),
        },
        Sheet {
            name: "About".into(),
            columns: vec![Column::new("What", 26.0), Column::new("Value", 110.0)],
            rows: table
                .about
                .iter()
                .map(|(what, value)| vec![what.clone().into(), value.clone().into()])
                .collect(),
        },
    ];
    workbook(&sheets, day)
}
