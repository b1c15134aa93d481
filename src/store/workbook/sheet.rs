//! The XML of one sheet as cells with their place in the text: what each holds, and what forbids to write it.

use std::collections::BTreeMap;
use std::ops::Range;

use roxmltree::{Document, Node};

use super::place::{Area, CellPlace, LAST};
use super::rules::{CellRule, rules};
use super::xml::{attribute, child, children, document, flag, named, start_tag, strings_of};

/// A sheet as it stands.
#[derive(Debug)]
pub struct GridSheet {
    pub name: String,
    /// Not shown in the tabs.
    pub hidden: bool,
    pub(super) part: String,
    pub(super) text: String,
    pub(super) rows: BTreeMap<u32, GridRow>,
    pub(super) data: DataBlock,
    merges: Vec<Area>,
    /// Blocks that one formula fills.
    arrays: Vec<Area>,
    protected: bool,
    columns: Vec<ColumnBlock>,
    pub(super) rules: Vec<CellRule>,
}

/// Where `sheetData` and `dimension` are in the text.
#[derive(Debug, Default)]
pub(super) struct DataBlock {
    /// With a colon, where the sheet's elements have one.
    pub prefix: String,
    pub range: Range<usize>,
    pub start: Range<usize>,
    pub dimension: Option<(Range<usize>, Area)>,
}

#[derive(Debug)]
pub(super) struct GridRow {
    pub hidden: bool,
    pub style: Option<usize>,
    pub range: Range<usize>,
    pub start: Range<usize>,
    /// The value of `spans`, and the two columns that it names.
    pub spans: Option<(Range<usize>, u32, u32)>,
    pub cells: BTreeMap<u32, GridCell>,
}

#[derive(Debug)]
pub(super) struct GridCell {
    pub text: String,
    pub number: bool,
    pub formula: bool,
    /// Something beside text, number or formula.
    pub other: bool,
    pub style: Option<usize>,
    pub range: Range<usize>,
}

#[derive(Debug)]
struct ColumnBlock {
    first: u32,
    last: u32,
    style: Option<usize>,
    hidden: bool,
}

/// Why a cell is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Barrier {
    Formula,
    Locked,
    Merged,
    Hidden,
    Occupied,
}

impl Barrier {
    pub fn as_str(self) -> &'static str {
        match self {
            Barrier::Formula => "a formula stands in it",
            Barrier::Locked => "the sheet is protected and the cell is locked",
            Barrier::Merged => "it is covered by a merged cell",
            Barrier::Hidden => "it is hidden",
            Barrier::Occupied => "it holds something already",
        }
    }
}

impl GridSheet {
    /// # Errors
    /// Says what of the sheet cannot be read without doubt.
    pub(super) fn read(
        name: &str,
        hidden: bool,
        part: &str,
        text: String,
        strings: &[String],
    ) -> Result<GridSheet, String> {
        let document = document(&text)?;
        let root = document.root_element();
        if !named(root, "worksheet") {
            return Err(format!("the part is a `{}`, no sheet", root.tag_name().name()));
        }
        let data = child(root, "sheetData").ok_or("it has no `sheetData`")?;
        let tag = start_tag(&text, data.range());
        let prefix = text[tag.clone()]
            .split("sheetData")
            .next()
            .unwrap_or_default()
            .trim_start_matches('<')
            .to_string();
        let dimension = child(root, "dimension")
            .and_then(|d| d.attribute_node("ref"))
            .and_then(|a| Some((a.range_value(), Area::parse(a.value())?)));
        let block = DataBlock { prefix, range: data.range(), start: tag, dimension };
        let rows = rows(data, &text, strings)?;
        let (merges, arrays) = (areas(root, "mergeCells", "mergeCell"), arrays(data));
        let protected = child(root, "sheetProtection").is_some_and(|p| flag(p, "sheet"));
        let (columns, rules) = (columns(root), rules(root));
        let (name, part) = (name.to_string(), part.to_string());
        drop(document);
        Ok(GridSheet {
            name,
            hidden,
            part,
            text,
            rows,
            data: block,
            merges,
            arrays,
            protected,
            columns,
            rules,
        })
    }

    /// What stands in a cell; empty where nothing does.
    pub fn text(&self, place: CellPlace) -> &str {
        self.cell(place).map_or("", |cell| cell.text.trim())
    }

    pub(super) fn cell(&self, place: CellPlace) -> Option<&GridCell> {
        self.rows.get(&place.row).and_then(|row| row.cells.get(&place.column))
    }

    /// The rows that hold something, in order.
    pub fn row_numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.rows.keys().copied()
    }

    /// The columns of a row that hold text, with it.
    pub fn texts(&self, row: u32) -> impl Iterator<Item = (u32, &str)> + '_ {
        let cells = self.rows.get(&row).into_iter().flat_map(|row| &row.cells);
        cells.map(|(column, cell)| (*column, cell.text.trim())).filter(|(_, text)| !text.is_empty())
    }

    pub fn row_hidden(&self, row: u32) -> bool {
        self.rows.get(&row).is_some_and(|row| row.hidden)
    }

    fn column_block(&self, column: u32) -> Option<&ColumnBlock> {
        self.columns.iter().find(|block| (block.first..=block.last).contains(&column))
    }

    /// The format that a cell has, or would have if it were made.
    pub(super) fn style(&self, place: CellPlace) -> Option<usize> {
        let row = self.rows.get(&place.row);
        match row.and_then(|row| row.cells.get(&place.column)) {
            Some(cell) => cell.style,
            None => row
                .and_then(|row| row.style)
                .or_else(|| self.column_block(place.column).and_then(|block| block.style)),
        }
    }

    /// What forbids to write a cell, the strongest first; `locked` are the formats that lock.
    pub(super) fn barrier(&self, place: CellPlace, locked: &[bool]) -> Option<Barrier> {
        let cell = self.cell(place);
        let covered = |areas: &[Area]| areas.iter().any(|area| area.holds(place));
        let hidden =
            self.row_hidden(place.row) || self.column_block(place.column).is_some_and(|block| block.hidden);
        if cell.is_some_and(|cell| cell.formula) || covered(&self.arrays) {
            Some(Barrier::Formula)
        } else if self.protected && locked.get(self.style(place).unwrap_or(0)).copied().unwrap_or(true) {
            Some(Barrier::Locked)
        } else if self.merges.iter().any(|area| area.holds(place) && area.first != place) {
            Some(Barrier::Merged)
        } else if cell.is_some_and(|cell| cell.other || !cell.text.trim().is_empty()) {
            Some(Barrier::Occupied)
        } else if hidden {
            Some(Barrier::Hidden)
        } else {
            None
        }
    }
}

fn areas(root: Node<'_, '_>, list: &str, item: &str) -> Vec<Area> {
    let all = child(root, list).into_iter().flat_map(|list| children(list, item).collect::<Vec<_>>());
    all.filter_map(|node| Area::parse(attribute(node, "ref")?)).collect()
}

/// What formulas of an array or a data table fill.
fn arrays(data: Node<'_, '_>) -> Vec<Area> {
    let formulas = data.descendants().filter(|node| named(*node, "f"));
    formulas
        .filter(|f| matches!(attribute(*f, "t"), Some("array" | "dataTable")))
        .filter_map(|f| Area::parse(attribute(f, "ref")?))
        .collect()
}

fn columns(root: Node<'_, '_>) -> Vec<ColumnBlock> {
    let number = |node, name| attribute(node, name).and_then(|text| text.parse().ok());
    let all = child(root, "cols").into_iter().flat_map(|list| children(list, "col").collect::<Vec<_>>());
    let block = |node| {
        let style = attribute(node, "style").and_then(|text| text.parse().ok());
        Some(ColumnBlock {
            first: number(node, "min")?,
            last: number(node, "max")?,
            style,
            hidden: flag(node, "hidden"),
        })
    };
    all.filter_map(block).collect()
}

/// The rows; a place that stands twice or out of order could be read in two ways.
fn rows(data: Node<'_, '_>, text: &str, strings: &[String]) -> Result<BTreeMap<u32, GridRow>, String> {
    let mut rows: BTreeMap<u32, GridRow> = BTreeMap::new();
    let mut before = 0;
    for node in data.children().filter(Node::is_element) {
        if !named(node, "row") {
            return Err(format!("`{}` stands among its rows", node.tag_name().name()));
        }
        let number = match attribute(node, "r") {
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| *n <= LAST.row)
                .ok_or_else(|| format!("row `{text}` is none of a sheet"))?,
            None => before + 1,
        };
        if number <= before {
            return Err(format!("row {number} stands behind row {before}"));
        }
        before = number;
        let spans = node.attribute_node("spans").and_then(|a| {
            let (first, last) = a.value().split_once(':')?;
            Some((a.range_value(), first.parse().ok()?, last.parse().ok()?))
        });
        let style = attribute(node, "s").filter(|_| flag(node, "customFormat")).and_then(|s| s.parse().ok());
        let start = start_tag(text, node.range());
        let cells = cells(node, number, strings)?;
        rows.insert(
            number,
            GridRow { hidden: flag(node, "hidden"), style, range: node.range(), start, spans, cells },
        );
    }
    Ok(rows)
}

fn cells(row: Node<'_, '_>, number: u32, strings: &[String]) -> Result<BTreeMap<u32, GridCell>, String> {
    let mut cells = BTreeMap::new();
    let mut before = 0;
    for node in children(row, "c") {
        let column = match attribute(node, "r") {
            Some(text) => {
                let place = CellPlace::parse(text).filter(|place| place.row == number);
                place.ok_or_else(|| format!("`{text}` stands in row {number}"))?.column
            }
            None => before + 1,
        };
        if column <= before || column > LAST.column {
            return Err(format!("the cells of row {number} are out of order"));
        }
        before = column;
        cells.insert(column, cell(node, strings));
    }
    Ok(cells)
}

fn cell(node: Node<'_, '_>, strings: &[String]) -> GridCell {
    let value = child(node, "v").and_then(|v| v.text()).unwrap_or_default();
    let kind = attribute(node, "t").unwrap_or("n");
    let text = match kind {
        "s" => value.trim().parse::<usize>().ok().and_then(|at| strings.get(at)).cloned().unwrap_or_default(),
        "inlineStr" => child(node, "is").map(strings_of).unwrap_or_default(),
        "str" => super::xml::unescaped(value),
        "b" if value == "1" => "TRUE".into(),
        "b" if value == "0" => "FALSE".into(),
        _ => value.to_string(),
    };
    let other = node.children().any(|n| n.is_element() && !["v", "is", "f"].contains(&n.tag_name().name()));
    GridCell {
        number: matches!(kind, "n" | "d") && !text.is_empty(),
        text,
        formula: child(node, "f").is_some(),
        other,
        style: attribute(node, "s").and_then(|s| s.parse().ok()),
        range: node.range(),
    }
}

/// The strings that cells share, by their number.
pub(super) fn shared(text: &str) -> Result<Vec<String>, String> {
    let document: Document<'_> = document(text)?;
    Ok(children(document.root_element(), "si").map(strings_of).collect())
}
