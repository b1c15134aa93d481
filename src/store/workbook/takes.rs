//! What a cell takes, by the validation that stands over it: the words of a list, a range or a name, a
//! number, a text of some length.

use std::collections::{BTreeMap, BTreeSet};

use super::BuyerWorkbook;
use super::place::{Area, CellPlace, Corner};
use super::rules::{CellRule, ListWord, Takes, bounds, listed, unread};
use super::sheet::GridSheet;

/// No list that a person chooses from is longer.
const WORDS: u64 = 10_000;
/// How often one name may stand for another.
const DEPTH: u32 = 4;
/// A validation over more columns is not of a column of answers.
const WIDE: u32 = 8;

impl BuyerWorkbook {
    /// What a cell takes.
    pub fn takes(&self, sheet: usize, place: CellPlace) -> Takes {
        let rule =
            self.sheets[sheet].rules.iter().find(|rule| rule.areas.iter().any(|area| area.holds(place)));
        let Some(rule) = rule else { return Takes::Anything };
        match rule.kind.as_str() {
            "" | "none" => Takes::Anything,
            "list" => self.words(sheet, rule, place),
            "whole" | "decimal" => {
                bounds(rule, rule.kind == "whole").map_or_else(|| unread(rule), Takes::Number)
            }
            "textLength" => bounds(rule, true).map_or_else(|| unread(rule), Takes::Length),
            _ => unread(rule),
        }
    }

    fn words(&self, sheet: usize, rule: &CellRule, place: CellPlace) -> Takes {
        let from = rule.areas[0].first;
        let words = match rule.first.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(literal) => Some(listed(&literal.replace("\"\"", "\""))),
            None => self.range_words(sheet, &rule.first, (from, place), DEPTH),
        };
        match words {
            Some(words) if !words.is_empty() => Takes::Words(words),
            Some(_) | None => unread(rule),
        }
    }

    /// The words of a range, of this sheet or another, or of what a name stands for.
    fn range_words(
        &self,
        sheet: usize,
        formula: &str,
        seen: (CellPlace, CellPlace),
        depth: u32,
    ) -> Option<Vec<ListWord>> {
        let formula = formula.trim().trim_start_matches('=');
        let (home, reference) = match formula.rsplit_once('!') {
            Some((name, reference)) => {
                let bare = name
                    .strip_prefix('\'')
                    .and_then(|n| n.strip_suffix('\''))
                    .map_or_else(|| name.to_string(), |n| n.replace("''", "'"));
                (self.sheets.iter().position(|s| s.name.eq_ignore_ascii_case(&bare))?, reference)
            }
            None => (sheet, formula),
        };
        let (a, b) = reference.split_once(':').unwrap_or((reference, reference));
        let Some((a, b)) = Corner::parse(a).zip(Corner::parse(b)) else {
            let meant = self.defined(sheet, formula).filter(|_| depth > 0)?;
            let meant = meant.to_string();
            // a name's own relative references are seen from the first cell of a sheet
            return self.range_words(sheet, &meant, (CellPlace { row: 1, column: 1 }, seen.1), depth - 1);
        };
        let area = Area::of(a.seen(seen.0, seen.1), b.seen(seen.0, seen.1));
        (area.size() <= WORDS).then(|| self.sheets[home].words_of(area))
    }
}

impl GridSheet {
    /// Columns whose cells take words of a list, with the rows that are there.
    pub fn listed_columns(&self) -> BTreeMap<u32, BTreeSet<u32>> {
        let mut all: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        let areas = self.rules.iter().filter(|rule| rule.kind == "list").flat_map(|rule| &rule.areas);
        // a rule over a whole sheet tells nothing of its columns
        for area in areas.filter(|area| area.last.column - area.first.column < WIDE) {
            for column in area.first.column..=area.last.column {
                all.entry(column)
                    .or_default()
                    .extend(self.rows.range(area.first.row..=area.last.row).map(|(row, _)| *row));
            }
        }
        all
    }

    fn words_of(&self, area: Area) -> Vec<ListWord> {
        let rows = self.rows.range(area.first.row..=area.last.row);
        let cells = rows.flat_map(|(_, row)| row.cells.range(area.first.column..=area.last.column));
        let word = |text: &str, number| ListWord { text: text.into(), number };
        cells
            .map(|(_, cell)| word(cell.text.trim(), cell.number))
            .filter(|word| !word.text.is_empty())
            .collect()
    }
}
