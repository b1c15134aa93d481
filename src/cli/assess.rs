//! `affiant assess`: the ten controls in the terminal, or as data.

use clap::{Args, ValueEnum};

use super::style::Style;
use super::{Context, Exit, data, say, wrong};
use crate::diag::{Gravity, printable, safe_cell};
use crate::model::assessment::{Assessment, BaaFacts, BaaState, CheckResult, ControlResult, PhiAsked};
use crate::model::catalog::Catalog;
use crate::model::dossier::TallyResult;
use crate::model::numbers::plural;
use crate::model::verdict::{Severity, Verdict};
use crate::pipeline::{Error, assess, lint};
use crate::store::run::Reader;
use crate::workspace::Workspace;

/// Judge a run: the ten controls, what to look at first, what was not evidenced
#[derive(Debug, Args)]
pub struct AssessArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The time to judge at, RFC 3339 [default: the end of the run]
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Exit with 1 if a check of this severity or higher is not met
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// Do not exit with 3 where evidence is missing
    #[arg(long, conflicts_with = "max_gaps")]
    allow_gaps: bool,
    /// Exit with 3 only if more than this many sources were not read
    #[arg(long, value_name = "N", value_parser = super::values::count, allow_hyphen_values = true)]
    max_gaps: Option<u64>,
    /// Show every check, not only the controls
    #[arg(long)]
    checks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Low,
    Medium,
    High,
    Critical,
}

impl FailOn {
    pub fn severity(self) -> Severity {
        match self {
            FailOn::Low => Severity::Low,
            FailOn::Medium => Severity::Medium,
            FailOn::High => Severity::High,
            FailOn::Critical => Severity::Critical,
        }
    }
}

pub fn cmd_assess(args: AssessArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let catalog = context.catalog()?;
    let run = context.run(&workspace, args.run.as_deref())?;
    let as_of = as_of(args.as_of.as_deref(), &run, context)?;
    let known = run.clone();
    let (assessment, seen) = assess::assess_and_see(&workspace, &catalog, run, as_of.as_deref())?;
    match args.format {
        Format::Table => data(&table(&assessment, Style::of_stdout(), args.checks)),
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&assessment))),
        Format::Csv => data(&csv(&assessment)),
    }
    assess::beside(&workspace, &known).iter().for_each(|words| say(&printable(words)));
    left_open(&workspace);
    unheard(&workspace, &catalog, &known, as_of.as_deref(), &seen);
    let allowed = if args.allow_gaps { u64::MAX } else { args.max_gaps.unwrap_or(0) };
    Ok(exit(&assessment, args.fail_on, allowed))
}

/// Checks and normalises a time given on the command line. Evidence does not speak of a time before it was
/// gathered.
pub fn as_of(text: Option<&str>, run: &Reader, context: &Context) -> Result<Option<String>, Error> {
    let Some(text) = text else { return Ok(None) };
    let time = crate::clock::parse(text).map_err(|_| {
        wrong(
            format!("--as-of: `{text}` is not a time with its zone (RFC 3339)"),
            "write it as 2026-09-30T12:00:00Z",
        )
    })?;
    let record = &run.record;
    if crate::clock::parse(&record.started).is_ok_and(|started| time < started) {
        let message = format!("--as-of: {text} is before the run {} began, {}", record.id, record.started);
        return Err(wrong(
            message,
            "its evidence does not speak of that time; name a later one, or an earlier run",
        ));
    }
    if time > context.clock.now() {
        say(&format!("note: --as-of: {text} is yet to come; what ends by then counts no more"));
    }
    Ok(Some(crate::clock::stamp(time)))
}

/// What the workspace still lacks, in a line.
fn left_open(workspace: &Workspace) {
    let open = workspace.notes.iter().filter(|note| note.level == Gravity::Unfinished).count();
    if open > 0 {
        say(&format!(
            "note: {} in the workspace; `affiant lint` names each, and `package` waits for them",
            plural(open, "placeholder")
        ));
    }
}

/// Decisions that name nothing, and so changed no verdict.
fn unheard(
    workspace: &Workspace,
    catalog: &Catalog,
    run: &Reader,
    as_of: Option<&str>,
    seen: &assess::DecisionsSeen,
) {
    let mut found = lint::references(workspace, catalog, Some(run), as_of);
    found.extend(lint::after(workspace, catalog, run, seen));
    let wrong = found
        .into_iter()
        .filter(|problem| problem.level == Gravity::Error)
        .map(|problem| problem.level(Gravity::Warning));
    super::lint::print(&[], &wrong.collect::<Vec<_>>());
}

/// 1 for findings, only when asked; otherwise 3 where more evidence is missing than is allowed.
fn exit(assessment: &Assessment, fail_on: Option<FailOn>, allowed: u64) -> Exit {
    let checks = || assessment.controls.iter().flat_map(|c| &c.checks);
    let contradicted = |c: &CheckResult| c.corroboration.iter().any(|r| r.disagree > 0);
    let failing = |c: &CheckResult| c.counts.not_met > 0 || c.verdict == Verdict::NotMet || contradicted(c);
    if fail_on.is_some_and(|at| checks().any(|c| failing(c) && c.severity >= at.severity())) {
        return Exit::Findings;
    }
    let missing = assessment.coverage.gaps > allowed;
    match missing && checks().any(|c| c.verdict == Verdict::NotEvidenced || !c.gaps.is_empty()) {
        true => Exit::Incomplete,
        false => Exit::Done,
    }
}

/// 80 columns: ten rows with bars, then at most five lines to look at first.
pub fn table(assessment: &Assessment, style: Style, all_checks: bool) -> String {
    let mut out = String::new();
    let sample = if assessment.sample { "  SAMPLE" } else { "" };
    out.push_str(&format!("{}{sample}\n", style.strong(&style.fit(&format!("Run {}", assessment.run), 70))));
    out.push_str(&style.faint(&format!(
        "as of {}   {} resources   {} of {} sources read",
        assessment.as_of, assessment.resources, assessment.coverage.read, assessment.coverage.expected
    )));
    if assessment.custom_catalog {
        out.push_str(&format!("\ncustom catalog {}", assessment.catalog.short()));
    }
    out.push_str("\n\n");
    for control in &assessment.controls {
        out.push_str(&row(control, style));
        if all_checks {
            control.tallies.iter().for_each(|tally| out.push_str(&tally_row(tally, style)));
            control.checks.iter().for_each(|check| out.push_str(&check_row(check, style)));
        }
    }
    out.push_str(&legend(style));
    out.push_str(&agreement(assessment, style));
    out.push_str(&unread(assessment, style));
    out.push_str(&past(assessment, style));
    out.push_str(&scope_asked(assessment, style));
    out.push_str(&look_first(assessment, style));
    out
}

fn row(control: &ControlResult, style: Style) -> String {
    let c = &control.counts;
    let judged = c.total() - c.not_applicable;
    let good = c.met + c.attested + c.accepted;
    let mark = style.paint(control.verdict, style.mark(control.verdict));
    let verdict = style.paint(control.verdict, &style.column(control.verdict.as_str(), 13));
    format!(
        "{mark} {:>2} {} {verdict} {} {:>6} of {:<6}\n",
        control.number,
        style.column(&control.title, 29),
        style.bar(c, 14),
        good,
        judged
    )
}

/// `idle timers: not met, 2 of 3 rows met`.
fn tally_row(tally: &TallyResult, style: Style) -> String {
    let c = &tally.counts;
    let words =
        format!("{}: {}, {} of {} rows met", tally.name, tally.verdict, c.met, c.total() - c.not_applicable);
    format!("     {}\n", style.faint(&style.fit(&words, 74)))
}

fn check_row(check: &CheckResult, style: Style) -> String {
    let mark = style.paint(check.verdict, style.mark(check.verdict));
    let bad = check.counts.not_met + check.counts.not_evidenced;
    let count = if bad > 0 { format!("{bad} of {}", check.population) } else { check.population.to_string() };
    format!("     {mark} {} {:>12}  {}\n", style.column(&check.id, 42), count, check.severity)
}

fn legend(style: Style) -> String {
    let parts: Vec<String> =
        Verdict::ALL.iter().map(|v| format!("{} {v}", style.paint(*v, style.mark(*v)))).collect();
    format!("\n{}\n", parts.join("  "))
}

/// The state of AWS's Business Associate Addendum, a line an account: those that need someone first, at most
/// six.
fn agreement(assessment: &Assessment, style: Style) -> String {
    let mut accounts: Vec<&BaaFacts> = assessment.baa.iter().collect();
    accounts.sort_by_key(|f| (std::cmp::Reverse(f.state), &f.account));
    let line = |f: &&BaaFacts| {
        let joint = if f.state == BaaState::NoneFound { " " } else { ": " };
        format!(
            "{}\n",
            style.fit(&format!("BAA {}  {}{joint}{}", f.account, f.state.as_str(), f.summary), 80)
        )
    };
    let heading = format!("\n{}\n", style.faint("AWS's own Business Associate Addendum (BAA)"));
    let mut out: String = std::iter::once(heading).chain(accounts.iter().take(6).map(line)).collect();
    if accounts.len() > 6 {
        let in_force = accounts[6..].iter().filter(|f| f.state == BaaState::InForce).count();
        out.push_str(&format!(
            "BAA in {} more accounts, in force in {in_force} of them: --format json\n",
            accounts.len() - 6
        ));
    }
    out
}

/// What is stored and no table reads: how much, and the first kinds by name.
fn unread(assessment: &Assessment, style: Style) -> String {
    let Some(first) = assessment.unread.first() else { return String::new() };
    let items: u64 = assessment.unread.iter().map(|u| u.items).sum();
    let rest = match assessment.unread.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let line = format!("{} stored, and read by no table: {}{rest}", plural(items, "item"), first.source);
    format!("{}\n", style.fit(&line, 80))
}

/// What was broken within the period, where its history was read, and what was stopped; nothing where there
/// is nothing to tell.
fn past(assessment: &Assessment, style: Style) -> String {
    let mut lines = Vec::new();
    if let Some(history) = &assessment.history {
        let since = history.since.get(..10).unwrap_or(&history.since);
        let ended = plural(history.ended, "break");
        lines.push(format!(
            "Since {since}  {ended} ended before the run, {} began and last still",
            history.open
        ));
    }
    let stops = assessment.stops.len();
    if stops > 0 {
        let open = assessment.stops.iter().filter(|stop| stop.started_at.is_none()).count();
        lines.push(format!(
            "Trails and recorders  {} in 90 days, {open} without a start that follows",
            plural(stops, "stop")
        ));
    }
    lines.iter().map(|line| format!("{}\n", style.fit(line, 80))).collect()
}

/// Tags that do not say clearly whether a resource holds PHI: a line each, at most three.
fn scope_asked(assessment: &Assessment, style: Style) -> String {
    let asked = &assessment.phi_asked;
    let line = |a: &PhiAsked| {
        format!(
            "{}\n",
            style.fit(&format!("PHI? kept in scope, tag value `{}`: {}", a.value, a.resource), 80)
        )
    };
    let mut out: String = asked.iter().take(3).map(line).collect();
    if asked.len() > 3 {
        out.push_str(&format!("PHI? and {} more such tags: --format json\n", asked.len() - 3));
    }
    out
}

fn look_first(assessment: &Assessment, style: Style) -> String {
    let mut checks: Vec<&CheckResult> =
        assessment.controls.iter().flat_map(|c| &c.checks).filter(|c| c.verdict == Verdict::NotMet).collect();
    checks.sort_by_key(|c| (std::cmp::Reverse(c.severity), std::cmp::Reverse(c.counts.not_met), &c.id));
    let mut out = format!("\n{}\n", style.strong("Look first"));
    if checks.is_empty() {
        out.push_str("  nothing is not met\n");
    }
    for check in checks.iter().take(5) {
        let count = format!("{} of {} not met", check.counts.not_met, check.population);
        out.push_str(&format!(
            "  {} {} {count}\n",
            style.column(check.severity.as_str(), 8),
            style.column(&check.id, 44)
        ));
    }
    let against: u64 = assessment
        .controls
        .iter()
        .flat_map(|c| &c.checks)
        .flat_map(|c| &c.corroboration)
        .map(|r| r.disagree)
        .sum();
    if against > 0 {
        let checks: std::collections::BTreeSet<&str> =
            assessment.disagreements.iter().map(|d| d.check.as_str()).collect();
        let named = checks.into_iter().collect::<Vec<_>>().join(", ");
        out.push_str(&format!(
            "  {}\n",
            style.fit(&format!("AWS Config's rules contradict {}: {named}", plural(against, "row")), 78)
        ));
    }
    let unknown: u64 = assessment.controls.iter().map(|c| c.counts.not_evidenced).sum();
    let unsaid: usize = assessment.controls.iter().map(|c| c.unattested.len()).sum();
    out.push_str(&format!(
        "\n{} not met, {} not evidenced, {}, {} not made\nmore: affiant assess --checks\n",
        plural(checks.len(), "check"),
        plural(unknown, "row"),
        plural(assessment.coverage.gaps, "gap"),
        plural(unsaid, "statement"),
    ));
    out
}

fn csv(assessment: &Assessment) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        ["control", "check", "severity", "resource", "account", "region", "verdict", "reason", "as_of"];
    let _ = writer.write_record(header);
    let mut cut = 0;
    for control in &assessment.controls {
        for check in &control.checks {
            cut += check.rows_total - check.rows.len() as u64;
            for row in &check.rows {
                let cells = [
                    &control.id,
                    &check.id,
                    check.severity.as_str(),
                    &row.resource,
                    &row.account,
                    &row.region,
                    row.verdict.as_str(),
                    &row.reason,
                    &assessment.as_of,
                ];
                let _ = writer.write_record(cells.map(safe_cell));
            }
        }
    }
    if cut > 0 {
        say(&format!(
            "note: {cut} more rows are not shown; `affiant package` writes them all to data/tables/result.csv"
        ));
    }
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
}
