//! The chapter on what changed since the assessment before this one: its words, and the comparison.

use super::{changes, plural};
use crate::model::catalog::Catalog;
use crate::model::changes::{Before, Changes, Class, ComparedSide};
use crate::model::dossier::SinceReport;

pub fn report(before: &Before, now: &ComparedSide, catalog: &Catalog) -> SinceReport {
    match before {
        Before::Nothing(why) => SinceReport { words: why.clone(), changes: None },
        Before::Known { judged, trend, .. } => {
            let changes = changes::compare(judged, now, catalog, trend);
            SinceReport { words: words(&changes), changes: Some(changes) }
        }
    }
}

/// One paragraph: what was compared, and every class that occurs with its number.
pub fn words(changes: &Changes) -> String {
    let counted: Vec<String> = changes
        .totals
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(class, n)| format!("{n} {}", class.as_str()))
        .collect();
    let rows = match counted.is_empty() {
        true => "No row changed that was or is not met.".to_string(),
        false => format!("Rows: {}.", counted.join(", ")),
    };
    let checks = match changes.checks_not_comparable {
        0 => String::new(),
        n => format!(" {} cannot be compared as a whole, and why stands with each.", plural(n, "check")),
    };
    let worse =
        Class::ALL.into_iter().filter(|c| c.is_worse()).filter_map(|c| changes.totals.get(&c)).sum::<u64>();
    format!(
        "Compared with the {}, as of {}. {rows}{checks} {} worse than then. A row is one resource judged by \
         one check; rows that were met and are met are not told.",
        changes.old.source,
        changes.old.as_of,
        if worse == 1 { "1 row is".to_string() } else { format!("{worse} rows are") }
    )
}
