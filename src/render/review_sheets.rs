//! A review of access as sheets: what to decide on, who is gone, and what it was made from.

use super::xlsx::{Column, Sheet, SheetCell};
use crate::model::access::{AccessReview, AccessVerdict, PastAccess, REVIEW_HEADS, ReviewLine};

/// The sheet that reviewers fill in, and that of the run.
pub const PRINCIPALS: &str = "Principals";
pub const ABOUT: &str = "About";

const WIDTHS: [f64; 14] =
    [44.0, 16.0, 24.0, 15.0, 44.0, 18.0, 18.0, 30.0, 52.0, 26.0, 34.0, 12.0, 36.0, 22.0];

pub fn sheets(review: &AccessReview) -> Vec<Sheet> {
    let column = |(i, (head, width)): (usize, (&'static str, f64))| Column {
        choices: if i == 11 { &AccessVerdict::WORDS } else { &[] },
        to_fill: i > 10,
        ..Column::new(head, width)
    };
    let columns = REVIEW_HEADS.into_iter().zip(WIDTHS).enumerate().map(column).collect();
    vec![
        Sheet { name: PRINCIPALS.into(), columns, rows: review.lines.iter().map(line).collect() },
        Sheet {
            name: "Gone".into(),
            columns: [
                ("Principal", 44.0),
                ("Kind", 16.0),
                ("Name", 24.0),
                ("Account", 15.0),
                ("Decided", 12.0),
                ("By", 22.0),
            ]
            .map(|(head, width)| Column::new(head, width))
            .to_vec(),
            rows: review.gone.iter().map(gone).collect(),
        },
        Sheet {
            name: ABOUT.into(),
            columns: vec![Column::new("What", 26.0), Column::new("Value", 110.0)],
            rows: review
                .about
                .iter()
                .map(|(what, value)| vec![what.clone().into(), value.clone().into()])
                .collect(),
        },
    ]
}

fn line(line: &ReviewLine) -> Vec<SheetCell> {
    let decision = line.decision.map_or("", AccessVerdict::as_str);
    line.facts().into_iter().chain([decision, &line.reason, &line.reviewer]).map(SheetCell::from).collect()
}

fn gone(past: &PastAccess) -> Vec<SheetCell> {
    [&past.id, &past.kind, &past.name, &past.account, &past.decision, &past.reviewer]
        .map(|t| SheetCell::from(t.clone()))
        .to_vec()
}
