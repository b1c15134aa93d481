//! An auditor's workpapers as sheets: a line a check, the sample to be tested, the whole population, and how
//! it was drawn.

use super::xlsx::{Column, Sheet, SheetCell};
use crate::model::workpapers::{DrawnRow, Workpaper, WorkpaperFile};

const RESULTS: [&str; 3] = ["agrees", "differs", "not tested"];
/// A sheet holds no more lines of the population than this; all of it is in the CSV.
const POPULATION: usize = 100_000;

/// `draw` says in words how the sample was drawn.
pub fn sheets(file: &WorkpaperFile, draw: &str) -> Vec<Sheet> {
    vec![papers(file), sample(file), population(file), about(file, draw)]
}

fn filled(head: &'static str, width: f64) -> Column {
    Column { to_fill: true, ..Column::new(head, width) }
}

fn papers(file: &WorkpaperFile) -> Sheet {
    let columns = vec![
        Column::new("Check", 30.0),
        Column::new("Control", 20.0),
        Column::new("Objective", 60.0),
        Column::new("Citations", 24.0),
        Column::new("Population", 11.0),
        Column::new("By verdict", 30.0),
        Column::new("Evidence that is missing", 36.0),
        Column::new("Drawn", 8.0),
        Column::new("Seed", 16.0),
        Column::new("Result by the machine", 16.0),
        filled("Result of the test", 36.0),
        filled("Conclusion", 48.0),
        filled("Auditor", 22.0),
        filled("Date", 12.0),
    ];
    let line = |p: &Workpaper| {
        let gaps = if p.gaps.is_empty() {
            "none: the population is complete".to_string()
        } else {
            p.gaps.join("\n")
        };
        let mut cells: Vec<SheetCell> = vec![
            p.check.clone().into(),
            p.control.clone().into(),
            format!("{}\n{}", p.title, p.objective).into(),
            p.citations.join(" ").into(),
            (p.rows.len() as u64).into(),
            p.counts().into(),
            gaps.into(),
            (p.drawn().len() as u64).into(),
            file.seed.clone().into(),
            p.verdict.clone().into(),
        ];
        cells.extend(["", "", "", ""].map(SheetCell::from));
        cells
    };
    Sheet { name: "Workpapers".into(), columns, rows: file.papers.iter().map(line).collect() }
}

fn sample(file: &WorkpaperFile) -> Sheet {
    let columns = vec![
        Column::new("Check", 30.0),
        Column::new("Number", 8.0),
        Column::new("Resource", 70.0),
        Column::new("Account", 15.0),
        Column::new("Region", 14.0),
        Column::new("Verdict", 14.0),
        Column::new("Reason", 48.0),
        Column::new("Evidence", 60.0),
        Column::new("SHA-256", 20.0),
        filled("What was looked at", 40.0),
        Column { choices: &RESULTS, ..filled("Result", 12.0) },
        filled("Note", 40.0),
    ];
    let line = |p: &Workpaper, d: &DrawnRow| {
        let r = &d.row;
        let mut cells: Vec<SheetCell> = vec![p.check.clone().into(), d.number.unwrap_or_default().into()];
        cells.extend(
            [&r.resource, &r.account, &r.region, &r.verdict, &r.reason, &r.evidence, &r.sha256]
                .map(|t| t.clone().into()),
        );
        cells.extend(["", "", ""].map(SheetCell::from));
        cells
    };
    let rows = file
        .papers
        .iter()
        .flat_map(|p| p.drawn().into_iter().map(|d| line(p, d)).collect::<Vec<_>>())
        .collect();
    Sheet { name: "Sample".into(), columns, rows }
}

fn population(file: &WorkpaperFile) -> Sheet {
    let columns = [
        ("Check", 30.0),
        ("Drawn", 8.0),
        ("Resource", 70.0),
        ("Account", 15.0),
        ("Region", 14.0),
        ("Verdict", 20.0),
        ("Rank", 20.0),
    ]
    .map(|(head, width)| Column::new(head, width))
    .to_vec();
    let line = |p: &Workpaper, d: &DrawnRow| -> Vec<SheetCell> {
        let verdict =
            if d.row.excluded { format!("excluded ({})", d.row.verdict) } else { d.row.verdict.clone() };
        let drawn = d.number.map(|n| n.to_string()).unwrap_or_default();
        [&p.check, &drawn, &d.row.resource, &d.row.account, &d.row.region, &verdict, &d.rank]
            .map(|t| SheetCell::from(t.clone()))
            .to_vec()
    };
    let all = file.papers.iter().flat_map(|p| p.rows.iter().map(move |d| line(p, d)));
    Sheet { name: "Population".into(), columns, rows: all.take(POPULATION).collect() }
}

fn about(file: &WorkpaperFile, draw: &str) -> Sheet {
    let total: usize = file.papers.iter().map(|p| p.rows.len()).sum();
    let shown = match total > POPULATION {
        true => format!(
            "{total} rows; the sheet Population shows the first {POPULATION}, the CSV beside this file has \
             all"
        ),
        false => format!("{total} rows, all on the sheet Population and in the CSV beside this file"),
    };
    let lines = [
        ("Run", file.run.clone()),
        ("Manifest of the run", file.manifest.clone()),
        ("As of", file.as_of.clone()),
        ("Catalog", file.catalog.clone()),
        ("Seed", file.seed.clone()),
        ("Asked for", format!("{} of each check", file.size)),
        ("Population", shown),
        ("How it was drawn", draw.to_string()),
        (
            "Whose conclusion",
            "The verdicts are the program's. What was tested, what came of it and what follows is the \
             auditor's to write."
                .into(),
        ),
    ];
    let queries = file.papers.iter().map(|p| (format!("Query of {}", p.check), p.sql.clone()));
    let lines = lines.into_iter().map(|(what, value)| (what.to_string(), value)).chain(queries);
    Sheet {
        name: "About".into(),
        columns: vec![Column::new("What", 30.0), Column::new("Value", 120.0)],
        rows: lines.map(|(what, value)| vec![what.into(), value.into()]).collect(),
    }
}
