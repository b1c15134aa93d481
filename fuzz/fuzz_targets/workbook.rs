//! A buyer's workbook: one of its parts is anything, the rest is whole. Reading it never panics; an answer
//! that is written is read again where it was written, every other cell stays as it was, and the reader of
//! filled-in sheets takes what comes out.
#![no_main]

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use affiant::evidence::workbook::sheets;
use affiant::store::workbook::{BuyerWorkbook, CellPlace, CellValue};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const LINKS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// The parts of a small workbook; the first is the one that the program reads most of.
fn parts() -> [(&'static str, String); 6] {
    let link = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
    };
    let links = |inner: String| format!("<Relationships xmlns=\"{LINKS}\">{inner}</Relationships>");
    let inner = [
        ("r1", "worksheet", "worksheets/sheet1.xml"),
        ("r2", "sharedStrings", "sharedStrings.xml"),
        ("r3", "styles", "styles.xml"),
    ];
    [
        ("xl/worksheets/sheet1.xml", format!("<worksheet xmlns=\"{MAIN}\"><sheetData/></worksheet>")),
        ("xl/sharedStrings.xml", format!("<sst xmlns=\"{MAIN}\"><si><t>Question</t></si></sst>")),
        ("xl/styles.xml", format!("<styleSheet xmlns=\"{MAIN}\"/>")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>\
                 <sheet name=\"A\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            links(inner.iter().map(|(id, kind, target)| link(id, kind, target)).collect()),
        ),
        ("_rels/.rels", links(link("r1", "officeDocument", "xl/workbook.xml"))),
    ]
}

fn packed(which: usize, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (at, (name, text)) in parts().iter().enumerate() {
        zip.start_file(*name, stored).expect("memory");
        zip.write_all(if at == which { bytes } else { text.as_bytes() }).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

type Cells = BTreeMap<(usize, u32, u32), String>;

fn cells(book: &BuyerWorkbook) -> Cells {
    let sheets = book.sheets.iter().enumerate();
    let rows = sheets.flat_map(|(at, sheet)| sheet.row_numbers().map(move |row| (at, sheet, row)));
    rows.flat_map(|(at, sheet, row)| {
        sheet.texts(row).map(move |(column, text)| ((at, row, column), text.to_owned()))
    })
    .collect()
}

fuzz_target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    let which = usize::from(first % 7);
    let file = if which == 6 { rest.to_vec() } else { packed(which, rest) };
    let _ = sheets(&file);
    let Ok(book) = BuyerWorkbook::read(&file) else { return };
    let place = CellPlace { row: 1 + u32::from(first / 7 % 4), column: 1 + u32::from(first / 28) };
    if book.sheets.is_empty() || book.barrier(0, place).is_some() {
        return;
    }
    let Ok(written) =
        book.written(&BTreeMap::from([((0, place), CellValue::Text("An answer & <more>".into()))]))
    else {
        return;
    };
    let again = BuyerWorkbook::read(&written).expect("what was written is a workbook");
    let (mut before, mut after) = (cells(&book), cells(&again));
    let own = (0, place.row, place.column);
    assert_eq!(after.remove(&own).as_deref(), Some("An answer & <more>"));
    before.remove(&own);
    assert!(before == after, "another cell changed");
});
