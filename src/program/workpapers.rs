//! Draws an auditor's sample: rows in the order of a digest over seed, check and row, so that the same seed
//! draws the same rows on every machine and with stock tools, and nobody can choose them.

use crate::diag::safe_cell;
use crate::model::digest::Digest;
use crate::model::workpapers::{DrawnRow, JudgedRow, WorkpaperFile};

/// How a rank is made, for whoever repeats the draw.
pub const DRAW: &str = "The rank of a row is the SHA-256 of seed, check, account, region and resource with a \
                        line feed (0x0A) after each; rows that are alike in all of these are told apart by \
                        their place among them, counted from 1, with a line feed after it. The rows with the \
                        lowest ranks are drawn. Rows that a named person took out of scope are counted, and \
                        not drawn.";

/// The population with `size` of its rows drawn.
pub fn draw(seed: &str, check: &str, size: u64, rows: Vec<JudgedRow>) -> Vec<DrawnRow> {
    let mut drawn: Vec<DrawnRow> = Vec::with_capacity(rows.len());
    let mut alike = 1;
    for row in rows {
        let same = |r: &DrawnRow| {
            (&r.row.account, &r.row.region, &r.row.resource) == (&row.account, &row.region, &row.resource)
        };
        alike = if drawn.last().is_some_and(same) { alike + 1 } else { 1 };
        let mut text: String =
            [seed, check, &row.account, &row.region, &row.resource].map(|part| format!("{part}\n")).concat();
        if alike > 1 {
            text.push_str(&format!("{alike}\n"));
        }
        drawn.push(DrawnRow { row, rank: Digest::of(text.as_bytes()).to_string(), number: None });
    }
    let mut order: Vec<usize> = (0..drawn.len()).filter(|i| !drawn[*i].row.excluded).collect();
    order.sort_by(|a, b| drawn[*a].rank.cmp(&drawn[*b].rank));
    for (number, at) in (1..=size).zip(order) {
        drawn[at].number = Some(number);
    }
    drawn
}

const RECORD: [&str; 12] = [
    "check", "control", "seed", "number", "rank", "resource", "account", "region", "verdict", "reason",
    "evidence", "sha256",
];

/// The whole population of every paper, as CSV; `number` is empty where a row was not drawn.
pub fn record(file: &WorkpaperFile) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(RECORD).expect(memory);
    for paper in &file.papers {
        for drawn in &paper.rows {
            let row = &drawn.row;
            let verdict =
                if row.excluded { format!("excluded ({})", row.verdict) } else { row.verdict.clone() };
            let number = drawn.number.map(|n| n.to_string()).unwrap_or_default();
            let cells: [&str; 12] = [
                &paper.check,
                &paper.control,
                &file.seed,
                &number,
                &drawn.rank,
                &row.resource,
                &row.account,
                &row.region,
                &verdict,
                &row.reason,
                &row.evidence,
                &row.sha256,
            ];
            writer.write_record(cells.map(safe_cell)).expect(memory);
        }
    }
    writer.into_inner().expect(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<JudgedRow> {
        (0..n)
            .map(|i| JudgedRow { resource: format!("r{i:03}"), account: "1".into(), ..JudgedRow::default() })
            .collect()
    }

    fn numbers(drawn: &[DrawnRow]) -> Vec<(String, u64)> {
        drawn.iter().filter_map(|d| Some((d.row.resource.clone(), d.number?))).collect()
    }

    #[test]
    fn a_seed_draws_the_same_rows_and_another_seed_others() {
        let first = draw("2026", "a.b", 25, rows(400));
        assert_eq!(numbers(&first), numbers(&draw("2026", "a.b", 25, rows(400))));
        assert_ne!(numbers(&first), numbers(&draw("2027", "a.b", 25, rows(400))));
        assert_ne!(numbers(&first), numbers(&draw("2026", "a.c", 25, rows(400))));
        assert_eq!((first.len(), numbers(&first).len()), (400, 25), "the population is whole");
        // a larger sample holds the smaller one, and what is not there draws nothing
        let larger = numbers(&draw("2026", "a.b", 30, rows(400)));
        assert!(numbers(&first).iter().all(|one| larger.contains(one)));
        assert_eq!(numbers(&draw("2026", "a.b", 25, rows(3))).len(), 3);
        let expected = Digest::of(b"2026\na.b\n1\n\nr000\n").to_string();
        assert_eq!(first[0].rank, expected, "as the words say");
    }

    #[test]
    fn rows_out_of_scope_are_counted_and_not_drawn_and_twins_are_two() {
        let mut some = rows(2);
        some[0].excluded = true;
        assert_eq!(numbers(&draw("s", "c", 5, some)), [("r001".to_string(), 1)]);
        let twins = draw("s", "c", 5, vec![rows(1)[0].clone(), rows(1)[0].clone()]);
        assert_ne!(twins[0].rank, twins[1].rank);
    }
}
