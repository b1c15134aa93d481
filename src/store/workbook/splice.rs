//! Cells put into the XML of a sheet, and the order to calculate anew into that of the workbook. All else of
//! the text stays.

use std::collections::BTreeMap;
use std::ops::Range;

use super::place::{Area, CellPlace};
use super::sheet::{GridRow, GridSheet};
use super::xml::{attribute, children, content, document, named, start_tag};

/// What is put into a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellValue {
    /// An inline string: whatever it begins with, it is text.
    Text(String),
    Number(f64),
}

/// Pieces of text that replace others.
#[derive(Default)]
struct Pieces(Vec<(Range<usize>, String)>);

impl Pieces {
    fn put(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    fn over(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (range, piece) in self.0 {
            debug_assert!(range.start >= at, "pieces do not overlap");
            out.push_str(&text[at..range.start]);
            out.push_str(&piece);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }
}

impl GridSheet {
    /// The sheet's text with these cells.
    pub(super) fn spliced(&self, values: &BTreeMap<CellPlace, CellValue>) -> String {
        let mut rows: BTreeMap<u32, Vec<(CellPlace, &CellValue)>> = BTreeMap::new();
        values.iter().for_each(|(place, value)| rows.entry(place.row).or_default().push((*place, value)));
        let mut pieces = Pieces::default();
        let mut made: BTreeMap<usize, String> = BTreeMap::new();
        for (number, cells) in rows {
            match self.rows.get(&number) {
                Some(row) => self.in_row(row, &cells, &mut pieces),
                None => {
                    let inner: String =
                        cells.iter().map(|(place, value)| self.cell_text(*place, value)).collect();
                    let p = &self.data.prefix;
                    let at = self
                        .rows
                        .range(number..)
                        .next()
                        .map_or_else(|| self.data_end(), |(_, next)| next.range.start);
                    made.entry(at).or_default().push_str(&format!("<{p}row r=\"{number}\">{inner}</{p}row>"));
                }
            }
        }
        self.put_rows(made, &mut pieces);
        self.widen(values, &mut pieces);
        pieces.over(&self.text)
    }

    /// Where the rows end: before `</sheetData>`.
    fn data_end(&self) -> usize {
        self.text[self.data.range.clone()]
            .rfind("</")
            .map_or(self.data.range.end, |at| self.data.range.start + at)
    }

    fn put_rows(&self, made: BTreeMap<usize, String>, pieces: &mut Pieces) {
        let empty = self.text[self.data.start.clone()].ends_with("/>");
        for (at, rows) in made {
            match empty {
                true => {
                    pieces.put(self.data.range.clone(), self.opened(&self.data.start, "sheetData", &rows))
                }
                false => pieces.put(at..at, rows),
            }
        }
    }

    /// An element without content, with content.
    fn opened(&self, tag: &Range<usize>, name: &str, inner: &str) -> String {
        let start = self.text[tag.clone()].trim_end_matches("/>").trim_end();
        let p = &self.data.prefix;
        format!("{start}>{inner}</{p}{name}>")
    }

    fn in_row(&self, row: &GridRow, cells: &[(CellPlace, &CellValue)], pieces: &mut Pieces) {
        let mut made: BTreeMap<usize, String> = BTreeMap::new();
        let empty = self.text[row.start.clone()].ends_with("/>");
        for (place, value) in cells {
            let text = self.cell_text(*place, value);
            match row.cells.get(&place.column) {
                Some(cell) => pieces.put(cell.range.clone(), text),
                None => {
                    let end = if empty {
                        row.range.end
                    } else {
                        row.range.start + self.text[row.range.clone()].rfind("</").unwrap_or(0)
                    };
                    let at = row.cells.range(place.column..).next().map_or(end, |(_, next)| next.range.start);
                    made.entry(at).or_default().push_str(&text);
                }
            }
        }
        if empty {
            let inner: String = made.into_values().collect();
            pieces.put(row.range.clone(), self.opened(&row.start, "row", &inner));
            return;
        }
        made.into_iter().for_each(|(at, text)| pieces.put(at..at, text));
        let columns = cells.iter().map(|(place, _)| place.column);
        if let (Some((range, first, last)), Some(low), Some(high)) =
            (&row.spans, columns.clone().min(), columns.max())
            && (low < *first || high > *last)
        {
            pieces.put(range.clone(), format!("{}:{}", low.min(*first), high.max(*last)));
        }
    }

    /// The cell as XML; its format stays.
    fn cell_text(&self, place: CellPlace, value: &CellValue) -> String {
        let p = &self.data.prefix;
        let style = self.style(place).map(|s| format!(" s=\"{s}\"")).unwrap_or_default();
        match value {
            CellValue::Number(number) => format!("<{p}c r=\"{place}\"{style}><{p}v>{number}</{p}v></{p}c>"),
            CellValue::Text(text) => {
                let text = content(text);
                format!(
                    "<{p}c r=\"{place}\"{style} t=\"inlineStr\"><{p}is><{p}t \
                     xml:space=\"preserve\">{text}</{p}t></{p}is></{p}c>"
                )
            }
        }
    }

    /// The block that the sheet says to use, where a cell lies outside it.
    fn widen(&self, values: &BTreeMap<CellPlace, CellValue>, pieces: &mut Pieces) {
        let Some((range, area)) = &self.data.dimension else { return };
        if values.keys().all(|place| area.holds(*place)) {
            return;
        }
        let all = || values.keys().chain([&area.first, &area.last]);
        let corner = |row: Option<u32>, column: Option<u32>| CellPlace {
            row: row.unwrap_or(1),
            column: column.unwrap_or(1),
        };
        let first = corner(all().map(|p| p.row).min(), all().map(|p| p.column).min());
        let last = corner(all().map(|p| p.row).max(), all().map(|p| p.column).max());
        pieces.put(range.clone(), Area::of(first, last).to_string());
    }
}

/// What stands before `calcPr` in a workbook (ECMA-376, part 1, 18.2.27).
const BEFORE: [&str; 4] = ["sheets", "functionGroups", "externalReferences", "definedNames"];

/// The workbook's own part, with the order to calculate all formulas when it is opened; none where it has it
/// already.
pub(super) fn recalculated(text: &str) -> Result<Option<String>, String> {
    let document = document(text)?;
    let root = document.root_element();
    let mut pieces = Pieces::default();
    if let Some(node) = children(root, "calcPr").next() {
        match node.attribute_node("fullCalcOnLoad") {
            Some(_) if matches!(attribute(node, "fullCalcOnLoad"), Some("1" | "true")) => return Ok(None),
            Some(said) => pieces.put(said.range_value(), "1".into()),
            None => {
                let tag = start_tag(text, node.range());
                let end = tag.end - if text[tag.clone()].ends_with("/>") { 2 } else { 1 };
                let at = tag.start + text[tag.start..end].trim_end().len();
                pieces.put(at..at, " fullCalcOnLoad=\"1\"".into());
            }
        }
        return Ok(Some(pieces.over(text)));
    }
    let last = root.children().rfind(|node| BEFORE.iter().any(|name| named(*node, name)));
    let last = last.ok_or("it names no sheets")?;
    let tag = &text[start_tag(text, last.range())];
    let prefix = tag.split(last.tag_name().name()).next().unwrap_or_default().trim_start_matches('<');
    pieces.put(last.range().end..last.range().end, format!("<{prefix}calcPr fullCalcOnLoad=\"1\"/>"));
    Ok(Some(pieces.over(text)))
}

impl std::fmt::Display for CellValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CellValue::Text(text) => f.write_str(text),
            CellValue::Number(number) => write!(f, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::recalculated;

    #[test]
    fn the_order_to_calculate_stands_where_it_belongs() {
        let of = |inner: &str| recalculated(&format!("<w><sheets/>{inner}<z/></w>")).expect("XML");
        assert_eq!(of("").as_deref(), Some("<w><sheets/><calcPr fullCalcOnLoad=\"1\"/><z/></w>"));
        assert_eq!(
            of("<definedNames/>").as_deref(),
            Some("<w><sheets/><definedNames/><calcPr fullCalcOnLoad=\"1\"/><z/></w>")
        );
        assert_eq!(
            of("<calcPr calcId=\"1\" />").as_deref(),
            Some("<w><sheets/><calcPr calcId=\"1\" fullCalcOnLoad=\"1\" /><z/></w>")
        );
        assert_eq!(
            of("<calcPr fullCalcOnLoad='0'/>").as_deref(),
            Some("<w><sheets/><calcPr fullCalcOnLoad='1'/><z/></w>")
        );
        assert_eq!(of("<calcPr fullCalcOnLoad=\"1\"/>"), None);
        let prefixed = recalculated("<x:w xmlns:x=\"u\"><x:sheets/></x:w>").expect("XML").expect("changed");
        assert_eq!(prefixed, "<x:w xmlns:x=\"u\"><x:sheets/><x:calcPr fullCalcOnLoad=\"1\"/></x:w>");
    }
}
