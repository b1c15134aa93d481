//! The risk register as sheets: the risks, their resources, their steps and what happened to them.

use super::csv::member_rows;
use super::xlsx::{Column, Sheet, SheetCell};
use crate::model::dossier::{Dossier, RiskReport};

/// Columns of the first sheet with their widths, in characters.
const RISK_COLUMNS: [(&str, f64); 23] = [
    ("Id", 11.0),
    ("Risk", 52.0),
    ("Level", 11.0),
    ("Likelihood", 11.0),
    ("Impact", 11.0),
    ("Scores", 11.0),
    ("Status", 18.0),
    ("Owner", 26.0),
    ("Treatment", 11.0),
    ("Plan", 52.0),
    ("Due", 11.0),
    ("Next review", 12.0),
    ("Rationale", 52.0),
    ("Threat", 26.0),
    ("Weakness", 30.0),
    ("Control", 24.0),
    ("Citations", 24.0),
    ("Account", 15.0),
    ("Asset class", 28.0),
    ("Resources", 10.0),
    ("Accepted by", 24.0),
    ("Accepted until", 14.0),
    ("From", 13.0),
];

/// Four sheets. The record is the CSV; this is for reading and sorting.
pub fn sheets(dossier: &Dossier) -> Vec<Sheet> {
    let rows = &dossier.risks.rows;
    vec![
        Sheet {
            name: "Risks".into(),
            columns: RISK_COLUMNS.map(|(head, width)| Column::new(head, width)).to_vec(),
            rows: rows.iter().map(risk).collect(),
        },
        table(
            "Resources",
            &[
                ("Id", 11.0),
                ("Resource", 90.0),
                ("First seen", 22.0),
                ("Last seen", 22.0),
                ("In this run", 12.0),
            ],
            rows,
            |r| {
                let of = member_rows(r).into_iter();
                of.map(|row| std::iter::once(r.id.clone()).chain(row).map(SheetCell::from).collect())
                    .collect()
            },
        ),
        table(
            "Steps",
            &[("Id", 11.0), ("Step", 60.0), ("Owner", 26.0), ("Due", 11.0), ("Done", 11.0), ("Proof", 40.0)],
            rows,
            |r| {
                let of = r.decided.steps.iter();
                of.map(|s| {
                    let text = |t: &String| SheetCell::from(t.clone());
                    let (due, done) = (SheetCell::day(&s.due), SheetCell::day(&s.done));
                    vec![text(&r.id), text(&s.action), text(&s.owner), due, done, text(&s.proof)]
                })
                .collect()
            },
        ),
        table("History", &[("Id", 11.0), ("On", 11.0), ("By", 26.0), ("What", 80.0)], rows, |r| {
            r.decided
                .history
                .iter()
                .map(|h| {
                    let text = |t: &String| SheetCell::from(t.clone());
                    vec![text(&r.id), SheetCell::day(&h.on), text(&h.by), text(&h.what)]
                })
                .collect()
        }),
    ]
}

fn table(
    name: &str,
    columns: &[(&'static str, f64)],
    rows: &[RiskReport],
    of: impl Fn(&RiskReport) -> Vec<Vec<SheetCell>>,
) -> Sheet {
    Sheet {
        name: name.into(),
        columns: columns.iter().map(|(head, width)| Column::new(head, *width)).collect(),
        rows: rows.iter().flat_map(of).collect(),
    }
}

fn risk(r: &RiskReport) -> Vec<SheetCell> {
    let accepted = r.acceptance.as_ref();
    let text = |t: &str| SheetCell::Text(t.to_string());
    vec![
        text(&r.id),
        text(&r.title),
        text(&r.level),
        text(&r.likelihood),
        text(&r.impact),
        text(if r.suggested { "suggested" } else { "confirmed" }),
        text(&r.status),
        text(&r.owner),
        text(&r.treatment),
        text(&r.plan),
        SheetCell::day(&r.due),
        SheetCell::day(&r.decided.next_review),
        text(&r.rationale),
        text(&r.decided.threat_event),
        text(&r.decided.vulnerability),
        text(r.control.as_deref().unwrap_or_default()),
        text(&r.citations.join(" ")),
        text(&r.account),
        text(&r.asset_class),
        SheetCell::from(r.resources),
        text(accepted.map_or("", |a| &a.approver)),
        SheetCell::day(accepted.map_or("", |a| &a.expires)),
        text(&r.origin),
    ]
}
