//! One row after another filled: which answer, in which words of the cell's own list, and what keeps a cell
//! from being written.

use super::{RowColumns, RowFate, Values, texts};
use crate::diag::Diagnostic;
use crate::model::answers::{AnswerSheet, AnsweredQuestion};
use crate::model::workbook_map::{MappedRow, WorkbookMap};
use crate::pipeline::Error;
use crate::pipeline::answer::no_question;
use crate::render::answers::{RowTexts, is_marked, marked, row_texts, word_for};
use crate::store::workbook::{
    Barrier, BuyerWorkbook, CELL, CellPlace, CellValue, ListWord, Takes, Unanswered,
};

/// One row on its way.
pub(super) struct Filling<'a> {
    pub(super) book: &'a BuyerWorkbook,
    pub(super) map: &'a WorkbookMap,
    pub(super) sheet: &'a AnswerSheet,
    pub(super) at: usize,
    /// Hidden cells are written.
    pub(super) hidden: bool,
    pub(super) unanswered: &'a Unanswered,
}

impl Filling<'_> {
    pub(super) fn row(
        &self,
        row: &MappedRow,
        columns: &RowColumns,
        place: CellPlace,
        values: &mut Values,
    ) -> Result<(RowFate, String), Error> {
        let answered = match row.pick.as_str() {
            "" => return Ok((RowFate::Open, String::new())),
            "none" => return Ok((RowFate::Declined, String::new())),
            pick => self
                .sheet
                .answers
                .iter()
                .find(|a| a.id == pick)
                .ok_or_else(|| no_question(pick, row.row.into()))?,
        };
        if let Some(barrier) = self.barrier(place) {
            return Ok((RowFate::Left, barrier.as_str().into()));
        }
        let texts = row_texts(answered);
        let (mut beside, mut told) = (Vec::new(), Vec::new());
        for (column, text) in columns.beside.iter().zip([&texts.comment, &texts.evidence]) {
            let Some(column) = column else { continue };
            let place = CellPlace { column: *column, ..place };
            match self.beside(place, text) {
                Ok(value) => beside.push((place, value)),
                Err(Some(Barrier::Occupied)) => {
                    return Ok((RowFate::Left, format!("{place}: {}", Barrier::Occupied.as_str())));
                }
                Err(Some(barrier)) => told.push(format!("{place}: {}", barrier.as_str())),
                Err(None) => told.push(format!("{place}: the cell does not take the text")),
            }
        }
        let value = match self.answer(answered, &texts, place, !beside.is_empty())? {
            Ok(value) => value,
            Err(fate) => return Ok(fate),
        };
        values.insert((self.at, place), value);
        beside.into_iter().for_each(|(place, value)| drop(values.insert((self.at, place), value)));
        Ok((RowFate::Filled, told.join("; ")))
    }

    fn barrier(&self, place: CellPlace) -> Option<Barrier> {
        let barrier = self.book.barrier_over(self.at, place, self.unanswered);
        barrier.filter(|barrier| !(self.hidden && *barrier == Barrier::Hidden))
    }

    /// Text beside the answer, or what forbids it; none where the cell takes no such text.
    fn beside(&self, place: CellPlace, text: &str) -> Result<CellValue, Option<Barrier>> {
        if let Some(barrier) = self.barrier(place) {
            return Err(Some(barrier));
        }
        let length = text.encode_utf16().count();
        let fits = match self.book.takes(self.at, place) {
            Takes::Anything => true,
            Takes::Length(bounds) => bounds.hold(length as f64),
            Takes::Words(_) | Takes::Number(_) | Takes::Unread(_) => false,
        };
        (fits && length <= CELL).then(|| CellValue::Text(marked(self.sheet, text))).ok_or(None)
    }

    /// The answer in the cell's own words. A draft, or a sample, must be able to say so: in the cell, or in
    /// one beside it.
    fn answer(
        &self,
        answered: &AnsweredQuestion,
        texts: &RowTexts,
        place: CellPlace,
        beside: bool,
    ) -> Result<Result<CellValue, (RowFate, String)>, Error> {
        let words = &self.map.words;
        let silent = || {
            Err((
                RowFate::Left,
                "it takes set words, and no cell beside it can say DRAFT or SAMPLE".to_string(),
            ))
        };
        let without = |why: &str| Err((RowFate::WithoutWord, format!("{}: {why}", texts.answer)));
        let free = word_for(words, answered.answer);
        Ok(match self.book.takes(self.at, place) {
            Takes::Unread(why) => Err((RowFate::Left, why)),
            Takes::Anything if free.is_empty() => without("`words` has none"),
            Takes::Anything => Ok(CellValue::Text(marked(self.sheet, free))),
            Takes::Words(_) | Takes::Number(_) | Takes::Length(_) if is_marked(self.sheet) && !beside => {
                silent()
            }
            Takes::Words(list) => match self.listed(&list, answered, place)? {
                Some(value) => Ok(value),
                None => without("its list has none, or the map gives none"),
            },
            Takes::Number(bounds) => match free.parse::<f64>().ok().filter(|number| bounds.hold(*number)) {
                Some(number) => Ok(CellValue::Number(number)),
                None => without("the cell takes a number, and `words` gives none that it takes"),
            },
            Takes::Length(bounds) if !free.is_empty() && bounds.hold(free.encode_utf16().count() as f64) => {
                Ok(CellValue::Text(free.into()))
            }
            Takes::Length(_) => without("the cell takes a text of another length"),
        })
    }

    /// The word of a cell's own list; a number of the list stays a number.
    fn listed(
        &self,
        list: &[ListWord],
        answered: &AnsweredQuestion,
        place: CellPlace,
    ) -> Result<Option<CellValue>, Error> {
        let Some(known) = self.map.lists.iter().find(|known| known.takes == texts(list)) else {
            return Ok(None);
        };
        let word = word_for(&known.words, answered.answer);
        if word.is_empty() {
            return Ok(None);
        }
        let Some(found) = list.iter().find(|item| item.text == word) else {
            let problem = Diagnostic::new(
                "AFU-038",
                format!("`{word}` is not in the list of {place}: {}", texts(list).join(", ")),
            );
            return Err(problem
                .hint("write a word of the list as it stands there, or leave it empty")
                .into());
        };
        let number = found.text.parse::<f64>().ok().filter(|_| found.number);
        Ok(Some(number.map_or_else(|| CellValue::Text(found.text.clone()), CellValue::Number)))
    }
}
