//! Workbooks (Office Open XML) for people who work in a spreadsheet. Every cell is text or a number, never a
//! formula; the same sheets give the same bytes.

use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::RenderError;
use crate::diag::printable;

/// One sheet: a head, rows, and what may be chosen in a column.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    pub name: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<SheetCell>>,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub head: &'static str,
    pub width: f64,
    /// The only words that a person may write here; empty: anything.
    pub choices: &'static [&'static str],
    /// Whether a person is to fill it in.
    pub to_fill: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SheetCell {
    Text(String),
    Number(f64),
    Day(NaiveDate),
}

impl SheetCell {
    /// A day as a date of the spreadsheet; what is none stays text.
    pub fn day(text: &str) -> SheetCell {
        match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) if (1900..10_000).contains(&day.year()) => SheetCell::Day(day),
            Ok(_) | Err(_) => text.into(),
        }
    }
}

impl From<&str> for SheetCell {
    fn from(text: &str) -> SheetCell {
        SheetCell::Text(text.into())
    }
}

impl From<String> for SheetCell {
    fn from(text: String) -> SheetCell {
        SheetCell::Text(text)
    }
}

impl From<u64> for SheetCell {
    fn from(number: u64) -> SheetCell {
        SheetCell::Number(number as f64)
    }
}

impl Column {
    pub const fn new(head: &'static str, width: f64) -> Column {
        Column { head, width, choices: &[], to_fill: false }
    }
}

/// What a cell of a spreadsheet can hold (Excel's limit); what is cut off says so.
const CELL: usize = 32_000;

/// The file. `day` is its date of creation: year, month, day.
pub fn workbook(sheets: &[Sheet], day: (u16, u8, u8)) -> Result<Vec<u8>, RenderError> {
    build(sheets, day).map_err(|error| RenderError::Workbook(error.to_string()))
}

fn build(sheets: &[Sheet], (year, month, day): (u16, u8, u8)) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(year, month, day)?;
    workbook.set_properties(&DocProperties::new().set_author("Affiant").set_creation_datetime(&created));
    let head = Format::new()
        .set_bold()
        .set_font_color(Color::White)
        .set_background_color(Color::RGB(0x0B_5563))
        .set_text_wrap();
    let plain = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let to_fill = plain.clone().set_background_color(Color::RGB(0xFF_F8E5));
    let dated = plain.clone().set_num_format("yyyy-mm-dd");
    for sheet in sheets {
        let page = workbook.add_worksheet();
        page.set_name(&sheet.name)?;
        for (x, column) in (0u16..).zip(&sheet.columns) {
            page.set_column_width(x, column.width)?;
            page.write_string_with_format(0, x, column.head, &head)?;
        }
        for (y, row) in (1u32..).zip(&sheet.rows) {
            for ((x, cell), column) in (0u16..).zip(row).zip(&sheet.columns) {
                let format = if column.to_fill { &to_fill } else { &plain };
                match cell {
                    SheetCell::Number(n) => page.write_number_with_format(y, x, *n, format)?,
                    SheetCell::Text(text) => page.write_string_with_format(y, x, fitting(text), format)?,
                    SheetCell::Day(day) => page.write_datetime_with_format(y, x, &date(*day)?, &dated)?,
                };
            }
            let lines = lines(row, &sheet.columns);
            if lines > 1.0 {
                page.set_row_height(y, (LINE * lines).min(TALLEST))?;
            }
        }
        let last = u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX - 1).max(1);
        for (x, column) in (0u16..).zip(&sheet.columns).filter(|(_, c)| !c.choices.is_empty()) {
            let list = DataValidation::new().allow_list_strings(column.choices)?;
            page.add_data_validation(1, x, last, x, &list)?;
        }
        if let Some(width) = u16::try_from(sheet.columns.len()).ok().and_then(|n| n.checked_sub(1)) {
            page.autofilter(0, 0, last, width)?;
        }
        page.set_freeze_panes(1, 0)?;
        on_paper(page, &sheet.columns)?;
    }
    workbook.save_to_buffer()
}

fn date(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(day.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, day.month() as u8, day.day() as u8)
}

/// The height of a line and of the tallest row, in points.
const LINE: f64 = 15.0;
const TALLEST: f64 = 405.0;

/// The lines that a row takes. Not every program measures them when it opens a file, and text that is not
/// given its height lies over the row below.
fn lines(row: &[SheetCell], columns: &[Column]) -> f64 {
    let wrapped = |line: &str, column: &Column| {
        (line.chars().count() as f64 * 1.08 / (column.width - 1.0).max(1.0)).ceil().max(1.0)
    };
    let of = |(cell, column): (&SheetCell, &Column)| match cell {
        SheetCell::Text(text) => text.split('\n').map(|line| wrapped(line, column)).sum::<f64>(),
        SheetCell::Number(_) | SheetCell::Day(_) => 1.0,
    };
    row.iter().zip(columns).map(of).fold(1.0, f64::max)
}

/// Characters that a landscape page holds side by side and that can still be read.
const PAGE: f64 = 190.0;

/// Landscape, as few pages wide as can be read, the head on each.
fn on_paper(page: &mut Worksheet, columns: &[Column]) -> Result<(), XlsxError> {
    let wide = columns.iter().map(|column| column.width).sum::<f64>();
    page.set_landscape();
    page.set_print_fit_to_pages((wide / PAGE).ceil().max(1.0) as u16, 0);
    page.set_repeat_rows(0, 0)?;
    Ok(())
}

fn fitting(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(CELL) {
        None => text,
        Some((at, _)) => format!("{} [cut]", &text[..at]),
    }
}
