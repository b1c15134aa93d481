//! Compares two assessments: what regressed, what was repaired, what cannot be compared and why, and which
//! change of configuration lies behind a row. Pure: it judges nothing anew and reads no file.

mod causes;
mod rows;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

pub use terms::terms;

use crate::model::assessment::{Assessment, CheckResult, ControlResult};
use crate::model::catalog::Catalog;
use crate::model::changes::{
    CHANGES, Changes, CheckChange, Class, ComparedSide, ControlChange, ItemState, RowChange, SideInfo,
    TrendCount, TrendPoint,
};
use crate::model::verdict::Verdict;
use rows::RowPair;

/// The most resources whose items are fetched to look for what lies behind a row.
pub const ITEMS: usize = 5_000;

/// Resources whose items of both runs a comparison needs.
pub fn wanted(old: &ComparedSide, new: &ComparedSide) -> BTreeSet<String> {
    let pairs = checks(&new.assessment)
        .into_iter()
        .filter_map(|(_, now)| Some(pair(old, new, find(&old.assessment, &now.id)?, now)));
    let comparable =
        pairs.filter(|pair| terms::check_difference(&pair.new.id, &old.terms, &new.terms).is_empty());
    let all: BTreeSet<String> = comparable.flat_map(|pair| pair.changes()).map(|row| row.resource).collect();
    all.into_iter().take(ITEMS).collect()
}

fn pair<'a>(
    before: &'a ComparedSide,
    now: &'a ComparedSide,
    old: &'a CheckResult,
    new: &'a CheckResult,
) -> RowPair<'a> {
    RowPair { old, new, before, now }
}

fn checks(assessment: &Assessment) -> Vec<(&ControlResult, &CheckResult)> {
    assessment
        .controls
        .iter()
        .flat_map(|control| control.checks.iter().map(move |check| (control, check)))
        .collect()
}

fn find<'a>(assessment: &'a Assessment, id: &str) -> Option<&'a CheckResult> {
    assessment.controls.iter().flat_map(|c| &c.checks).find(|c| c.id == id)
}

/// What changed from `old` to `new`. The catalog is the new one's: it tells what a check reads. `trend` is
/// what was known before.
pub fn compare(old: &ComparedSide, new: &ComparedSide, catalog: &Catalog, trend: &[TrendPoint]) -> Changes {
    let mut checks = changed(old, new, catalog);
    checks.sort_by(|a, b| {
        (a.class, std::cmp::Reverse(a.severity), &a.check).cmp(&(
            b.class,
            std::cmp::Reverse(b.severity),
            &b.check,
        ))
    });
    let mut totals: BTreeMap<Class, u64> = Class::ALL.into_iter().map(|class| (class, 0)).collect();
    for (class, n) in checks.iter().flat_map(|c| &c.counts) {
        *totals.entry(*class).or_default() += n;
    }
    let services =
        |a: &Assessment| a.inventory.iter().map(|line| line.service.clone()).collect::<BTreeSet<String>>();
    let (before, now) = (services(&old.assessment), services(&new.assessment));
    Changes {
        format: CHANGES.into(),
        old: side(old),
        new: side(new),
        terms: terms::differences(&old.terms, &new.terms),
        totals,
        checks_not_comparable: checks.iter().filter(|c| !c.why.is_empty()).count() as u64,
        controls: new
            .assessment
            .controls
            .iter()
            .map(|control| control_change(control, &old.assessment, &checks))
            .collect(),
        services_new: now.difference(&before).cloned().collect(),
        services_gone: before.difference(&now).cloned().collect(),
        trend: trend_with(trend, &[&old.assessment, &new.assessment]),
        checks,
    }
}

fn side(judged: &ComparedSide) -> SideInfo {
    let a = &judged.assessment;
    SideInfo {
        source: judged.source.clone(),
        run: a.run.clone(),
        manifest: a.manifest,
        as_of: a.as_of.clone(),
        catalog: a.catalog,
        resources: a.resources,
    }
}

fn changed(old: &ComparedSide, new: &ComparedSide, catalog: &Catalog) -> Vec<CheckChange> {
    let mut out = Vec::new();
    let (items_old, items_new) = (causes::index(&old.items), causes::index(&new.items));
    for (control, now) in checks(&new.assessment) {
        let before = find(&old.assessment, &now.id);
        let why = terms::check_difference(&now.id, &old.terms, &new.terms);
        match before {
            Some(before) if why.is_empty() => {
                let mut rows = pair(old, new, before, now).changes();
                let reads = causes::ReadNames::of(catalog, now);
                rows.iter_mut().for_each(|row| explain(row, &reads, &items_old, &items_new));
                out.extend(check_change(control, now, Some(before.verdict), rows));
            }
            before => {
                out.push(incomparable(&control.id, now, before.map(|c| c.verdict), Some(now.verdict), why))
            }
        }
    }
    for (control, before) in checks(&old.assessment) {
        if find(&new.assessment, &before.id).is_none() {
            let why = terms::check_difference(&before.id, &old.terms, &new.terms);
            out.push(incomparable(&control.id, before, Some(before.verdict), None, why));
        }
    }
    out
}

fn incomparable(
    control: &str,
    check: &CheckResult,
    old: Option<Verdict>,
    new: Option<Verdict>,
    why: String,
) -> CheckChange {
    CheckChange {
        check: check.id.clone(),
        title: check.title.clone(),
        control: control.into(),
        severity: check.severity,
        class: Class::NotComparable,
        old,
        new,
        why,
        counts: BTreeMap::new(),
        rows: Vec::new(),
    }
}

/// A check of which something changed. What its rows did worst is what the check did, unless its own verdict
/// stayed.
fn check_change(
    control: &ControlResult,
    now: &CheckResult,
    old: Option<Verdict>,
    rows: Vec<RowChange>,
) -> Option<CheckChange> {
    let worst = rows.iter().map(|row| row.class).min()?;
    let mut counts = BTreeMap::new();
    for row in &rows {
        *counts.entry(row.class).or_insert(0) += 1;
    }
    let class = match (old, now.verdict) {
        (Some(Verdict::NotMet), Verdict::NotMet) => Class::Drifted,
        (Some(Verdict::NotMet), Verdict::Accepted) => Class::Accepted,
        (Some(Verdict::NotMet | Verdict::Accepted), Verdict::Met) if counts.contains_key(&Class::Fixed) => {
            Class::Fixed
        }
        (_, _) => worst,
    };
    Some(CheckChange {
        check: now.id.clone(),
        title: now.title.clone(),
        control: control.id.clone(),
        severity: now.severity,
        class,
        old,
        new: Some(now.verdict),
        why: String::new(),
        counts,
        rows,
    })
}

type Index<'a> = BTreeMap<(&'a str, &'a str, &'a str), &'a ItemState>;

/// Puts the configuration change behind a row, or says why none is known.
fn explain(row: &mut RowChange, reads: &causes::ReadNames<'_>, old: &Index<'_>, new: &Index<'_>) {
    let key = (row.resource.as_str(), row.account.as_str(), row.region.as_str());
    let (before, now) = (old.get(&key), new.get(&key));
    row.causes_words = match (before, now) {
        (Some(before), Some(now)) => {
            row.causes = causes::between(reads, before, now);
            match row.causes.is_empty() {
                true => {
                    "its own items show no change in what the check reads: another resource, a time or a \
                     decision lies behind it"
                        .into()
                }
                false => String::new(),
            }
        }
        (None, Some(_)) => "it has no item in the earlier run".into(),
        (Some(_), None) => "it has no item in this run".into(),
        (None, None) => "it has no AWS Config item in either run".into(),
    };
}

fn control_change(control: &ControlResult, old: &Assessment, checks: &[CheckChange]) -> ControlChange {
    let before = old.controls.iter().find(|c| c.id == control.id);
    let mut counts: BTreeMap<Class, u64> = BTreeMap::new();
    for (class, n) in checks.iter().filter(|c| c.control == control.id).flat_map(|c| &c.counts) {
        *counts.entry(*class).or_default() += n;
    }
    ControlChange {
        number: control.number,
        id: control.id.clone(),
        title: control.title.clone(),
        old: before.map(|c| c.verdict),
        new: control.verdict,
        counts,
        failing_old: before.map_or(0, |c| c.counts.not_met),
        failing_new: control.counts.not_met,
    }
}

/// What an assessment adds to the trend.
pub fn point(a: &Assessment) -> TrendPoint {
    let count = |c: &ControlResult| TrendCount {
        control: c.id.clone(),
        verdict: c.verdict,
        not_met: c.counts.not_met,
        not_evidenced: c.counts.not_evidenced,
        total: c.counts.total(),
    };
    TrendPoint {
        run: a.run.clone(),
        as_of: a.as_of.clone(),
        catalog: a.catalog,
        controls: a.controls.iter().map(count).collect(),
    }
}

/// Known points and those of these assessments, oldest first, one a run.
fn trend_with(known: &[TrendPoint], assessments: &[&Assessment]) -> Vec<TrendPoint> {
    let mut points: BTreeMap<(String, String), TrendPoint> = BTreeMap::new();
    for point in known.iter().cloned().chain(assessments.iter().map(|a| point(a))) {
        points.insert((point.as_of.clone(), point.run.clone()), point);
    }
    points.into_values().collect()
}
