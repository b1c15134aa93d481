//! Delay at the request of a law enforcement official, 45 CFR 164.412.

use chrono::NaiveDate;

use super::dates::{day, plus_days};
use crate::model::breach::Hold;

/// An oral statement holds notice for no longer than this from its day.
const ORAL_DAYS: u64 = 30;

/// A statement as the rule reads it: from its day to the end of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    made: NaiveDate,
    until: NaiveDate,
}

#[derive(Debug, Default)]
pub struct Holds {
    spans: Vec<Span>,
    pub notes: Vec<String>,
}

/// Reads the statements. A written one within the thirty days of an oral one takes its place; a second oral
/// one adds nothing.
pub fn read(holds: &[Hold]) -> Result<Holds, Vec<String>> {
    let mut problems = Vec::new();
    let mut read: Vec<(NaiveDate, Option<NaiveDate>)> = Vec::new();
    let mut notes = Vec::new();
    for hold in holds {
        let made = day(&hold.made);
        let until = hold.until.as_deref().map(day).transpose();
        match (made, until) {
            (Ok(made), Ok(Some(until))) if until < made => {
                problems.push(format!("the written statement of {made} ends before it was made, on {until}"));
            }
            (Ok(made), Ok(until)) => {
                if until.is_none() && hold.official.trim().is_empty() {
                    notes.push(format!(
                        "The oral statement of {made} must be documented with the identity of the official \
                         who made it (164.412(b))."
                    ));
                }
                read.push((made, until));
            }
            (made, until) => problems.extend([made.err(), until.err()].into_iter().flatten()),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    read.sort();
    let spans = spans(&read, &mut notes);
    Ok(Holds { spans, notes })
}

fn spans(read: &[(NaiveDate, Option<NaiveDate>)], notes: &mut Vec<String>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut oral: Option<Span> = None;
    for (made, until) in read {
        match (until, &oral) {
            (None, None) => {
                let span = Span { made: *made, until: plus_days(*made, ORAL_DAYS) };
                oral = Some(span.clone());
                spans.push(span);
            }
            (None, Some(first)) => notes.push(format!(
                "The oral statement of {made} adds nothing to that of {}: only a written one holds notice \
                 longer than {ORAL_DAYS} days.",
                first.made
            )),
            // once a written one has taken its place, the oral one carries no other
            (Some(until), Some(first)) if *made <= first.until && spans.contains(first) => {
                spans.retain(|span| span != first);
                let made = first.made;
                spans.push(Span { made, until: *until });
            }
            (Some(until), _) => spans.push(Span { made: *made, until: *until }),
        }
    }
    spans.sort_by_key(|span| (span.made, span.until));
    spans
}

impl Holds {
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// A limit moved by the statements that were made while it had not passed, and the day before whose end
    /// nobody is told.
    pub fn over(&self, limit: NaiveDate) -> (NaiveDate, Option<NaiveDate>) {
        let mut due = limit;
        let mut not_before = None;
        for span in &self.spans {
            if span.made > due {
                break;
            }
            due = due.max(span.until);
            not_before = not_before.max(Some(span.until));
        }
        (due, not_before)
    }
}
