//! What other programs found, as a page: whose files, how many agree, and each disagreement.

use super::handed::{HandedBlock, HandedCell, HandedDocument, HandedFact, HandedWidth};
use crate::diag::printable;
use crate::model::corroboration::{Compared, Corroborated, ForeignAgreement, ForeignFile};
use crate::model::dossier::Dossier;

/// So many rows of a kind stand on the page; all are in the CSV.
const MOST: usize = 1_000;

pub fn document(made: &Corroborated, dossier: &Dossier) -> HandedDocument {
    let of = |agreement: ForeignAgreement| {
        made.compared.iter().filter(|c| c.agreement == agreement).collect::<Vec<_>>()
    };
    let counts: Vec<String> = ForeignAgreement::ALL
        .iter()
        .map(|agreement| format!("{} {}", of(*agreement).len(), words(*agreement)))
        .collect();
    let mut blocks = vec![
        HandedBlock::text(
            "What other programs found is quoted here beside the verdicts of the package. It changes none of \
             them, and is no verdict of this program: their rules, their time and what they read are theirs.",
        ),
        HandedBlock::section("Files"),
        files(&made.files),
    ];
    for agreement in ForeignAgreement::ALL {
        let rows = of(agreement);
        if rows.is_empty() {
            continue;
        }
        blocks.push(HandedBlock::section(format!("{} ({})", title(agreement), rows.len())));
        if rows.len() > MOST {
            blocks.push(HandedBlock::text(format!("The first {MOST}; `corroboration.csv` has all.")));
        }
        blocks.push(table(&rows));
    }
    HandedDocument {
        ident: format!("corroboration-{}", made.package),
        title: "What other programs found".into(),
        lead: format!("{} findings: {}.", made.compared.len(), counts.join(", ")),
        organization: dossier.organization.name.clone(),
        period: dossier.period.label.clone(),
        short_id: dossier.short_id.clone(),
        as_of: made.as_of.clone(),
        draft: false,
        sample: made.sample,
        warnings: if made.sample {
            vec!["SAMPLE: synthetic or replayed evidence".into()]
        } else {
            Vec::new()
        },
        facts: vec![
            HandedFact::text("Organization", &dossier.organization.name),
            HandedFact::code("Audit package", &made.package),
            HandedFact::text("Speaks for", &made.as_of),
            HandedFact::code("Its list of digests", &made.manifest),
        ],
        blocks,
    }
}

fn words(agreement: ForeignAgreement) -> &'static str {
    match agreement {
        ForeignAgreement::Disagrees => "disagree",
        ForeignAgreement::Agrees => "agree",
        ForeignAgreement::NotComparable => "are not comparable",
    }
}

fn title(agreement: ForeignAgreement) -> &'static str {
    match agreement {
        ForeignAgreement::Disagrees => "Disagree",
        ForeignAgreement::Agrees => "Agree",
        ForeignAgreement::NotComparable => "Not comparable",
    }
}

fn files(all: &[ForeignFile]) -> HandedBlock {
    let row = |file: &ForeignFile| {
        let products = if file.products.is_empty() {
            "a program that it does not name".to_string()
        } else {
            file.products.join(", ")
        };
        let words = format!(
            "{}, by {}: {} findings, {} not read",
            file.format.as_str(),
            printable(&products),
            file.findings,
            file.unread
        );
        let name = HandedCell {
            text: words,
            code: format!("{}\n{}", printable(&file.name), file.sha256),
            ..HandedCell::default()
        };
        vec![name, HandedCell::text(format!("{} to {}", or_none(&file.first), or_none(&file.last)))]
    };
    let widths = [HandedWidth::share(1), HandedWidth::points(130)];
    HandedBlock::table(&["File, SHA-256", "Times of its findings"], &widths, all.iter().map(row).collect())
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "no time" } else { text }
}

fn table(rows: &[&Compared]) -> HandedBlock {
    let row = |c: &&Compared| {
        let theirs =
            format!("{} by {}, rule {}", c.finding.state.as_str(), c.finding.product, c.finding.rule);
        let ours = if c.check.is_empty() {
            HandedCell::default()
        } else {
            let verdict = if c.ours.is_empty() { "no row" } else { &c.ours };
            HandedCell { text: verdict.to_string(), code: c.check.clone(), ..HandedCell::default() }
        };
        vec![
            HandedCell {
                text: printable(&theirs),
                code: printable(&c.finding.resource),
                ..HandedCell::default()
            },
            ours,
            HandedCell::text(printable(&c.words)),
        ]
    };
    let widths = [HandedWidth::share(1), HandedWidth::points(130), HandedWidth::share(1)];
    HandedBlock::table(&["Theirs", "Ours", "Why"], &widths, rows.iter().take(MOST).map(row).collect())
}
