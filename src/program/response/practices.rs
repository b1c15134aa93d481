//! Recognized security practices over the twelve months before a day (42 U.S.C. 17941, Pub. L. 116-321): what
//! sealed packages of that time show, control by control, and for which days nothing speaks. Whether they
//! were in place is not this program's to say.

use chrono::{Days, Months, NaiveDate};

use crate::model::dossier::Dossier;

/// What the packages of twelve months show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticesReport {
    pub from: String,
    pub to: String,
    /// The place of the first package that counts.
    pub first: usize,
    /// Whether a package speaks for the first day of the twelve months, or for one before it.
    pub whole: bool,
    /// For which days nothing speaks, and the longest time between two packages.
    pub gaps: Vec<String>,
    pub controls: Vec<PracticeControl>,
    /// What was done on a day within the time, as the packages' records say.
    pub records: Vec<String>,
    /// Documents, and since when each is in the packages with which versions.
    pub documents: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeControl {
    pub title: String,
    /// NIST SP 800-53 controls of the rows that it bears on, by NIST's own mapping.
    pub nist: String,
    /// `2025-12-31 met; 2026-03-31 not met`.
    pub over_time: String,
}

/// More days than this between two packages are told: a quarter and a week.
const QUARTER: i64 = 99;

/// `packages` are all up to the day, the oldest first.
pub fn practices(packages: &[&Dossier], day: NaiveDate) -> PracticesReport {
    let from = day.checked_sub_months(Months::new(12)).unwrap_or(day);
    let of = |d: &Dossier| d.as_of.get(..10).and_then(|t| NaiveDate::parse_from_str(t, "%Y-%m-%d").ok());
    // the last package at or before the first day says how things stood then
    let first = packages.iter().rposition(|d| of(d).is_some_and(|t| t <= from)).unwrap_or(0);
    let within = &packages[first.min(packages.len())..];
    let days: Vec<NaiveDate> = within.iter().filter_map(|d| of(d)).collect();
    let whole = days.first().is_some_and(|t| *t <= from);
    PracticesReport {
        from: from.to_string(),
        to: day.to_string(),
        first,
        whole,
        gaps: gaps(&days, from, day, whole),
        controls: controls(within),
        records: records(within, from, day),
        documents: super::history(&within.iter().map(|d| (d.package_id.as_str(), *d)).collect::<Vec<_>>())
            .values()
            .flatten()
            .map(super::DocumentVersion::words)
            .collect(),
    }
}

fn gaps(days: &[NaiveDate], from: NaiveDate, to: NaiveDate, whole: bool) -> Vec<String> {
    let mut gaps = Vec::new();
    match days.first() {
        None => gaps.push(format!("no package speaks for any day from {from} to {to}")),
        Some(first) if !whole => {
            let before = first.checked_sub_days(Days::new(1)).unwrap_or(*first);
            gaps.push(format!("no package speaks for the days from {from} to {before}: not evidenced"));
        }
        Some(_) => {}
    }
    let ends = days.iter().copied().chain(std::iter::once(to)).collect::<Vec<_>>();
    for pair in ends.windows(2).filter(|pair| (pair[1] - pair[0]).num_days() > QUARTER) {
        gaps.push(format!(
            "{} days without a package, from {} to {}",
            (pair[1] - pair[0]).num_days(),
            pair[0],
            pair[1]
        ));
    }
    gaps
}

fn controls(within: &[&Dossier]) -> Vec<PracticeControl> {
    let Some(last) = within.last() else { return Vec::new() };
    let one = |control: &crate::model::dossier::ControlReport| {
        let at = |d: &&Dossier| {
            let day = d.as_of.get(..10).unwrap_or_default();
            let verdict = d
                .controls
                .iter()
                .find(|c| c.id == control.id)
                .map_or("not among the controls then", |c| c.verdict.as_str());
            format!("{day} {verdict}")
        };
        let rows = last.crosswalk.iter().filter(|row| row.controls.iter().any(|c| c.id == control.id));
        let nist: std::collections::BTreeSet<&str> =
            rows.flat_map(|row| &row.nist).map(String::as_str).collect();
        PracticeControl {
            title: format!("{} {}", control.number, control.title),
            nist: nist.into_iter().collect::<Vec<_>>().join(", "),
            over_time: within.iter().map(at).collect::<Vec<_>>().join("; "),
        }
    };
    last.controls.iter().map(one).collect()
}

fn records(within: &[&Dossier], from: NaiveDate, to: NaiveDate) -> Vec<String> {
    let mut all: Vec<(String, String)> = Vec::new();
    let (from, to) = (from.to_string(), to.to_string());
    for dossier in within {
        let records = dossier
            .records
            .iter()
            .map(|r| (r.on.clone(), format!("{} on {} by {} ({})", r.title, r.on, r.by, r.kind)));
        let drills = dossier
            .incident
            .drills
            .iter()
            .map(|d| (d.date.clone(), format!("drill on {}: {}", d.date, d.scenario)));
        all.extend(records.chain(drills).filter(|(on, _)| *on >= from && *on <= to));
    }
    all.sort();
    all.dedup();
    all.into_iter().map(|(_, words)| words).collect()
}
