//! What is kept of a check's rows while they stream by: counts, places, and the rows that an assessment
//! shows.

use std::collections::{BTreeSet, BinaryHeap};

use crate::model::assessment::ROWS;
use crate::model::verdict::{Counts, Verdict};

/// Account and region.
pub type Place = (String, String);

#[derive(Default)]
pub struct CheckTally {
    pub counts: Counts,
    pub excluded: u64,
    /// Where there is any row.
    pub places: PlaceSet,
    /// Where a row says something of a resource.
    pub judged: PlaceSet,
    /// Where a row says more than that nothing is there.
    pub said: PlaceSet,
    shown: BinaryHeap<Shown>,
    seen: u64,
}

/// One row as it is stored.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    pub resource: &'a str,
    pub account: &'a str,
    pub region: &'a str,
    pub verdict: Verdict,
    pub reason: &'a str,
    pub excluded: bool,
}

/// A row that may be shown. The order is the report's: worst first, then by resource and reason; of equals
/// the first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    pub verdict: Verdict,
    pub resource: String,
    pub reason: String,
    number: u64,
    pub account: String,
    pub region: String,
}

impl CheckTally {
    pub fn add(&mut self, row: Judged<'_>) {
        self.places.add(row.account, row.region);
        if matches!(row.verdict, Verdict::Met | Verdict::NotMet | Verdict::Accepted) {
            self.judged.add(row.account, row.region);
        }
        if row.verdict != Verdict::NotApplicable {
            self.said.add(row.account, row.region);
        }
        if row.excluded {
            self.excluded += 1;
            return;
        }
        self.counts.add(row.verdict, 1);
        self.seen += 1;
        let full = self.shown.len() as u64 >= ROWS;
        let last = self.shown.peek().map(|s| (s.verdict, s.resource.as_str(), s.reason.as_str()));
        if full && last.is_some_and(|last| last <= (row.verdict, row.resource, row.reason)) {
            return;
        }
        if full {
            self.shown.pop();
        }
        self.shown.push(Shown {
            verdict: row.verdict,
            resource: row.resource.to_string(),
            reason: row.reason.to_string(),
            number: self.seen,
            account: row.account.to_string(),
            region: row.region.to_string(),
        });
    }

    /// The rows to show, in order.
    pub fn shown(&mut self) -> Vec<Shown> {
        std::mem::take(&mut self.shown).into_sorted_vec()
    }
}

/// A set of places. Rows come place by place, so the last one is looked at first.
#[derive(Default)]
pub struct PlaceSet {
    all: BTreeSet<Place>,
    last: Option<Place>,
}

impl PlaceSet {
    fn add(&mut self, account: &str, region: &str) {
        if self.last.as_ref().is_none_or(|(a, r)| a != account || r != region) {
            let place = (account.to_string(), region.to_string());
            self.last = Some(place.clone());
            self.all.insert(place);
        }
    }

    pub fn has(&self, account: &str, region: &str) -> bool {
        self.all.contains(&(account.to_string(), region.to_string()))
    }

    pub fn into_set(self) -> BTreeSet<Place> {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(resource: &str, verdict: Verdict) -> Judged<'_> {
        Judged {
            resource,
            account: "111122223333",
            region: "us-east-1",
            verdict,
            reason: "so it is",
            excluded: false,
        }
    }

    #[test]
    fn the_worst_rows_are_shown_whatever_order_they_come_in() {
        let names: Vec<String> = (0..ROWS + 50).map(|n| format!("r{n:04}")).collect();
        let mut tally = CheckTally::default();
        for name in names.iter().rev() {
            tally.add(row(name, Verdict::Met));
        }
        tally.add(row("z", Verdict::NotMet));
        tally.add(Judged { excluded: true, ..row("a", Verdict::NotMet) });
        let shown: Vec<String> = tally.shown().into_iter().map(|s| s.resource).collect();
        let expected = std::iter::once("z".to_string()).chain(names.into_iter().take(ROWS as usize - 1));
        assert_eq!(shown, expected.collect::<Vec<_>>());
        assert_eq!((tally.counts.total(), tally.excluded), (ROWS + 51, 1));
    }

    #[test]
    fn of_rows_that_are_the_same_the_first_is_kept() {
        let mut tally = CheckTally::default();
        for n in 0..=ROWS {
            let region = format!("region-{n:04}");
            tally.add(Judged { region: &region, ..row("r", Verdict::Met) });
        }
        let shown = tally.shown();
        assert_eq!(
            (shown.len() as u64, shown[0].region.as_str(), shown[499].region.as_str()),
            (ROWS, "region-0000", "region-0499")
        );
        assert!(tally.places.has("111122223333", "region-0500") && !tally.places.has("111122223333", ""));
        assert_eq!(tally.judged.into_set().len() as u64, ROWS + 1);
    }
}
