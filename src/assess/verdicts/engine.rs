//! Asks every check and rolls up. The engine decides what a row may say: a gap takes `met` away (and `not
//! met` too where that rests on rows that were not read), an unexpired exception turns `not met` into
//! `accepted` where the specification is addressable, an exclusion takes a row out of the count.

mod unread;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::check_tally::{CheckTally, Judged, Place, Shown};
use super::corroborate::Rules;
use crate::assess::database::bounds::{self, Bounds};
use crate::assess::database::coverage::Gaps;
use crate::assess::database::guard;
use crate::assess::database::part_gaps::{PartGaps, PartReach};
use crate::assess::database::place::{class_of, place, place_words};
use crate::assess::facts::{self, kinds::Silent};
use crate::assess::input::{Fault, Input};
use crate::catalog::closure;
use crate::model::assessment::{CheckResult, ControlResult, Disagreement, Row};
use crate::model::catalog::{AttestItem, Check, Control, TallyOf};
use crate::model::citation::Citation;
use crate::model::decisions::{ExceptionRecord, matches_pattern};
use crate::model::digest::{Digest, Hasher};
use crate::model::dossier::TallyResult;
use crate::model::verdict::{Counts, Verdict};

/// What the authorizer names like a table and is none of evidence.
const NO_TABLES: [&str; 3] = ["param", "json_each", "json_tree"];

/// The columns that a check returns, in this order.
pub const COLUMNS: [&str; 5] = ["resource", "account", "region", "verdict", "reason"];

/// The ten controls, and where AWS Config's own rules contradict a verdict.
pub fn controls(
    db: &mut Connection,
    input: &Input<'_>,
) -> Result<(Vec<ControlResult>, Vec<Disagreement>), Fault> {
    facts::feeds(db)?;
    let bounds = Bounds::of(db)?;
    let meter = bounds.on(db)?;
    let silent = Silent::read(db, input.catalog)?;
    let parts = PartReach::of(db, input.run, input.catalog)?;
    let mut results = Vec::new();
    let mut judged = BTreeMap::new();
    for control in &input.catalog.controls {
        let mut checks = Vec::new();
        for id in &control.checks {
            let check = &input.catalog.checks[id];
            meter.begin();
            let (result, places) =
                Asked { control, check, input, bounds, silent: &silent, parts: &parts }.run(db)?;
            checks.push(result);
            judged.insert(id.as_str(), places);
        }
        results.push(roll_up(control, checks, input));
    }
    let rules = Rules::read(db, input)?;
    let mut disagreements = Vec::new();
    for check in results.iter_mut().flat_map(|control| &mut control.checks) {
        meter.begin();
        let (agreements, against) = rules.of(db, check, &judged[check.id.as_str()])?;
        check.corroboration = agreements;
        disagreements.extend(against);
    }
    bounds::unbound(db)?;
    Ok((results, disagreements))
}

fn roll_up(control: &Control, checks: Vec<CheckResult>, input: &Input<'_>) -> ControlResult {
    let mut counts = Counts::default();
    checks.iter().for_each(|check| counts.merge(&check.counts));
    let check_counts: Counts = checks.iter().map(|check| check.verdict).collect();
    let tallies = control.tallies.iter().map(|tally| tally_of(tally, &checks)).collect();
    let said = |item: &AttestItem| {
        let statements = &input.decisions.attestations.attestations;
        statements
            .iter()
            .any(|a| a.id == item.id && in_force(&a.on, &a.holds_until(item.valid_days), input.as_of))
    };
    let (attested, unattested): (Vec<&AttestItem>, Vec<&AttestItem>) =
        control.attest.iter().partition(|item| said(item));
    let ids = |items: Vec<&AttestItem>| items.into_iter().map(|a| a.id.clone()).collect::<Vec<String>>();
    let (attested, unattested) = (ids(attested), ids(unattested));
    let people =
        attested.iter().map(|_| Verdict::Attested).chain(unattested.iter().map(|_| Verdict::NotEvidenced));
    let machine = checks.iter().map(|c| c.verdict).filter(|v| *v != Verdict::NotApplicable);
    ControlResult {
        number: control.number,
        id: control.id.clone(),
        title: control.title.clone(),
        verdict: Verdict::worst(machine.chain(people)),
        counts,
        check_counts,
        tallies,
        checks,
        attested,
        unattested,
    }
}

fn tally_of(tally: &TallyOf, checks: &[CheckResult]) -> TallyResult {
    let mut counts = Counts::default();
    let own: Vec<&CheckResult> = checks.iter().filter(|check| tally.checks.contains(&check.id)).collect();
    own.iter().for_each(|check| counts.merge(&check.counts));
    TallyResult {
        name: tally.name.clone(),
        about: tally.about.trim().into(),
        verdict: Verdict::worst(own.iter().map(|check| check.verdict)),
        counts,
        check_counts: own.iter().map(|check| check.verdict).collect(),
    }
}

/// Whether a statement made `on` a day and valid until another holds at `as_of`.
pub fn in_force(on: &str, until: &str, as_of: &str) -> bool {
    let day = |text: &str| NaiveDate::parse_from_str(text.get(..10).unwrap_or_default(), "%Y-%m-%d").ok();
    match (day(on), day(until), day(as_of)) {
        (Some(on), Some(until), Some(at)) => on <= at && at <= until,
        _ => false,
    }
}

struct Asked<'a> {
    control: &'a Control,
    check: &'a Check,
    input: &'a Input<'a>,
    bounds: Bounds,
    silent: &'a Silent,
    parts: &'a PartReach<'a>,
}

impl Asked<'_> {
    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault::Check { check: self.check.id.clone(), what: what.into() }
    }

    /// The check's result, and where it judged something.
    fn run(&self, db: &mut Connection) -> Result<(CheckResult, BTreeSet<Place>), Fault> {
        let reads = guard::compile(db, &self.check.sql, false).map_err(|what| self.fault(what))?;
        let in_favor = |table: &String| self.check.in_favor.contains_key(table);
        let tables: BTreeSet<String> =
            reads.iter().map(|(t, _)| t).filter(|t| !NO_TABLES.contains(&t.as_str())).cloned().collect();
        let needed = tables.iter().filter(|table| !in_favor(table)).cloned().collect();
        let columns = reads.into_iter().filter(|(table, _)| !in_favor(table)).collect();
        let gaps = Gaps::of(self.input.run, self.input.catalog, &needed);
        let absence = self.check.rests_on_absence.iter().cloned().collect();
        let unread = Gaps::of(self.input.run, self.input.catalog, &absence);
        let parts = (self.parts.on_columns(&columns), self.parts.on_tables(&absence));
        let mut tally = CheckTally::default();
        match self.ask(db, (&gaps, &unread), (&parts.0, &parts.1), &mut tally) {
            Ok(()) => {}
            Err(Fault::Check { what, .. }) => {
                tally = CheckTally::default();
                self.lost(db, &what, &mut tally)?;
            }
            Err(fault) => return Err(fault),
        }
        self.missing(db, &gaps, &mut tally)?;
        self.passed_over(db, &parts.0, &mut tally)?;
        self.siblings(db, &mut tally)?;
        let mut result = self.summary(db, &tables, &gaps, &mut tally)?;
        let more = parts.0.places().map(|(account, region, words)| place_words(account, region, &words));
        result.gaps.extend(more.take(40_usize.saturating_sub(result.gaps.len())));
        Ok((result, tally.judged.into_set()))
    }

    /// An error of a query: too much of something, or of the query's own.
    fn failed(&self, error: &rusqlite::Error) -> Fault {
        match bounds::exceeded(error) {
            Some(words) => self.too_much(words),
            None => self.fault(guard::words(error)),
        }
    }

    fn too_much(&self, words: &str) -> Fault {
        Fault::Bound { what: format!("the check `{}`", self.check.id), words: words.into() }
    }

    /// Runs the SQL and stores each row with the verdict that the engine lets it have. Of both pairs of gaps,
    /// the first keeps a row from being a pass, and the second, of tables whose emptiness speaks against it,
    /// from being a finding.
    fn ask(
        &self,
        db: &Connection,
        (gaps, unread): (&Gaps, &Gaps),
        (parts, absent): (&PartGaps<'_>, &PartGaps<'_>),
        tally: &mut CheckTally,
    ) -> Result<(), Fault> {
        let (mut count, mut bytes) = (0u64, 0u64);
        let mut statement = db.prepare(&self.check.sql).map_err(|e| self.failed(&e))?;
        if !statement.column_names().eq(COLUMNS) {
            return Err(self.fault(format!("it must return the columns {}", COLUMNS.join(", "))));
        }
        let mut excluded = db.prepare_cached("SELECT max(excluded) FROM resource WHERE arn = ?")?;
        let any_excluded = !self.input.decisions.workspace.exclude.is_empty();
        let mut insert = db.prepare_cached("INSERT INTO result VALUES (?,?,?,?,?,?,?,?)")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next().map_err(|e| self.failed(&e))? {
            let text = |i: usize| {
                row.get_ref(i)?.as_str_or_null().map_err(|e| self.fault(format!("{}: {e}", COLUMNS[i])))
            };
            let long = (0..COLUMNS.len())
                .map(|i| text(i).map(|t| t.unwrap_or_default().len()))
                .collect::<Result<Vec<_>, _>>()?;
            (count, bytes) = (count + 1, bytes + long.iter().sum::<usize>() as u64);
            if count > self.bounds.results()
                || bytes > self.bounds.result_bytes()
                || long.iter().any(|len| *len > bounds::MAX_VALUE)
            {
                return Err(self.too_much("it returns too many rows, or too long ones"));
            }
            let resource = text(0)?.ok_or_else(|| self.fault("a row without a resource"))?;
            let (account, region) = place(resource, text(1)?, text(2)?);
            let sql_verdict: Verdict =
                text(3)?.unwrap_or_default().parse().map_err(|e: String| self.fault(e))?;
            let reason = text(4)?.ok_or_else(|| self.fault(format!("`{resource}` has no reason")))?;
            let out = any_excluded
                && excluded.query_row([resource], |r| r.get::<_, Option<bool>>(0))?.unwrap_or(false);
            let (whole, part) = if sql_verdict == Verdict::NotMet { (unread, absent) } else { (gaps, parts) };
            let gap = match whole.on(account, region) {
                Some(words) => Some(Cow::from(words)),
                None => part.on(db, resource, account, region)?.map(Cow::from),
            };
            let (verdict, reason) = self.allowed(sql_verdict, reason, resource, gap.as_deref());
            insert.execute(params![
                self.check.id,
                resource,
                account,
                region,
                verdict.as_str(),
                reason,
                sql_verdict.as_str(),
                out
            ])?;
            tally.add(Judged { resource, account, region, verdict, reason: &reason, excluded: out });
        }
        Ok(())
    }

    fn allowed<'t>(
        &self,
        verdict: Verdict,
        reason: &'t str,
        resource: &str,
        gap: Option<&str>,
    ) -> (Verdict, Cow<'t, str>) {
        match (verdict, gap) {
            (Verdict::Met | Verdict::NotApplicable | Verdict::NotMet, Some(gap)) => {
                (Verdict::NotEvidenced, format!("{reason}; but evidence is missing: {gap}").into())
            }
            (Verdict::NotMet, None) => match self.exception(resource) {
                Some(e) if self.addressable() => (
                    Verdict::Accepted,
                    format!("{reason}; accepted by {} until {}: {}", e.approver, e.expires, e.reason).into(),
                ),
                Some(e) => (
                    Verdict::NotMet,
                    format!(
                        "{reason}; the risk is accepted by {} until {}, but the specification is required",
                        e.approver, e.expires
                    )
                    .into(),
                ),
                None => (Verdict::NotMet, reason.into()),
            },
            _ => (verdict, reason.into()),
        }
    }

    fn exception(&self, resource: &str) -> Option<&ExceptionRecord> {
        let all = &self.input.decisions.exceptions.exceptions;
        all.iter().find(|e| {
            e.check == self.check.id
                && matches_pattern(&e.resource, resource)
                && in_force(&e.accepted, &e.expires, self.input.as_of)
        })
    }

    /// Whether an exception may read `accepted`: the control's first citation is an addressable
    /// specification, and none of its citations is a required one.
    fn addressable(&self) -> bool {
        let rows = &self.input.catalog.rule.rows;
        let status = |citation: &Citation| {
            rows.iter().find(|row| row.citation == *citation).map(|row| row.status.as_str())
        };
        let mut all = self.control.citations.iter().map(status);
        all.next() == Some(Some("addressable")) && all.all(|status| status != Some("required"))
    }

    fn summary(
        &self,
        db: &Connection,
        tables: &BTreeSet<String>,
        gaps: &Gaps,
        tally: &mut CheckTally,
    ) -> Result<CheckResult, Fault> {
        let check = self.check;
        let counts = tally.counts;
        Ok(CheckResult {
            id: check.id.clone(),
            title: check.title.clone(),
            severity: check.severity,
            verdict: counts.worst(),
            population: counts.total(),
            rows_total: counts.total(),
            counts,
            excluded: tally.excluded,
            rows: self.rows(db, tally)?,
            gaps: gaps
                .places()
                .map(|(account, region, words)| place_words(account, region, &words))
                .take(40)
                .collect(),
            artifacts: facts::artifacts(db, self.input.catalog, &closure(self.input.catalog, tables))?,
            tables: tables.iter().cloned().collect(),
            corroboration: Vec::new(),
        })
    }

    /// The rows to show, each with what its resource is and where that was read.
    fn rows(&self, db: &Connection, tally: &mut CheckTally) -> Result<Vec<Row>, Fault> {
        let mut known = db.prepare_cached("SELECT type, artifact FROM resource WHERE arn = ? LIMIT 1")?;
        let mut rows = Vec::new();
        for shown in tally.shown() {
            let found: Option<(String, usize)> =
                known.query_row([&shown.resource], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
            let (asset_class, artifact) = match found {
                Some((class, id)) => (
                    class,
                    id.checked_sub(1).and_then(|at| self.input.run.artifacts.get(at)).map(|a| a.path.clone()),
                ),
                None => (class_of(&shown.resource), None),
            };
            let Shown { resource, account, region, verdict, reason, .. } = shown;
            rows.push(Row { resource, account, region, verdict, reason, asset_class, artifact });
        }
        Ok(rows)
    }
}

/// SHA-256 over every result row: check by check in name order, its rows by resource, each value with its
/// length.
pub fn digest(db: &Connection) -> Result<Digest, Fault> {
    // By resource and not by verdict: the index on results then gives the order, and only ties are sorted.
    let mut statement = db.prepare(
        "SELECT check_id, resource, account, region, verdict, reason, sql_verdict, excluded FROM result
         ORDER BY check_id, resource, verdict, reason, account, region, sql_verdict, excluded",
    )?;
    let mut rows = statement.query([])?;
    let mut hasher = Hasher::default();
    let mut line = Vec::new();
    while let Some(row) = rows.next()? {
        line.clear();
        for i in 0..7 {
            let text = row.get_ref(i)?.as_str().map_err(rusqlite::Error::from)?;
            write!(line, "{}:", text.len())?;
            line.extend_from_slice(text.as_bytes());
        }
        write!(line, "{}", row.get::<_, i64>(7)?)?;
        hasher.write_all(&line)?;
    }
    Ok(hasher.finish().digest)
}
