//! `affiant diff`: what changed between two runs or packages.

use clap::{Args, ValueEnum};

use super::assess::FailOn;
use super::style::Style;
use super::{Context, Exit, data, say, wrong};
use crate::diag::printable;
use crate::model::changes::{Changes, CheckChange, Class, ControlChange, RowChange, TrendPoint};
use crate::pipeline::{Error, compare, sealed};

/// What changed between two runs or packages: regressed, fixed, drifted, new, gone, accepted, expired, not
/// comparable
///
/// A run is judged with the catalog and the decisions of today, a package is taken as it was sealed. Behind a
/// row stands the change of configuration that the check reads, where both runs hold the resource's item.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A run or a package (folder or ZIP) [default: the run before NEW]
    old: Option<String>,
    /// A run or a package [default: the newest run]
    new: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Show every row, not the first five of a check
    #[arg(long)]
    all: bool,
    /// Judge every run in evidence/ for the trend of each control
    #[arg(long)]
    trend: bool,
    /// Exit with 1 if a row of a check of this severity or higher is worse than before
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub fn cmd_diff(args: DiffArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let catalog = context.catalog()?;
    let now = context.clock.now();
    let newest = || sealed::find(&workspace, None, now);
    let (mut old, mut new) = match (&args.old, &args.new) {
        (Some(old), Some(new)) => {
            (compare::open(&workspace, &catalog, old, now)?, compare::open(&workspace, &catalog, new, now)?)
        }
        (Some(old), None) => (
            compare::open(&workspace, &catalog, old, now)?,
            compare::of_run(&workspace, &catalog, newest()?)?,
        ),
        (None, _) => {
            let run = newest()?;
            let before = compare::run_before(&workspace, &run.record, now)?.ok_or_else(|| {
                wrong(
                    format!("the run `{}` names no run before it that is in the workspace", run.record.id),
                    "name two: affiant diff OLD NEW; each is a run or a package",
                )
            })?;
            let before = compare::of_earlier_run(&workspace, &catalog, before)?;
            (before, compare::of_run(&workspace, &catalog, run)?)
        }
    };
    if args.trend {
        old.trend.extend(compare::trend(&workspace, &catalog, now)?);
    }
    if old.judged.source == new.judged.source {
        say(&format!(
            "note: both are {}; name another as OLD to see what changed",
            printable(&new.judged.source)
        ));
    }
    let changes = compare::between(&mut old, &mut new)?;
    match args.format {
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&changes))),
        Format::Table => data(&table(&changes, Style::of_stdout(), args.all)),
    }
    Ok(exit(&changes, args.fail_on))
}

fn exit(changes: &Changes, fail_on: Option<FailOn>) -> Exit {
    let worse = |check: &CheckChange| check.counts.iter().any(|(class, n)| class.is_worse() && *n > 0);
    match fail_on {
        Some(at) if changes.checks.iter().any(|c| c.severity >= at.severity() && worse(c)) => Exit::Findings,
        _ => Exit::Done,
    }
}

fn table(changes: &Changes, style: Style, all: bool) -> String {
    let mut out = format!(
        "{}\nfrom {}, as of {}\nto   {}, as of {}\n\n",
        style.strong("Changes"),
        printable(&changes.old.source),
        changes.old.as_of,
        printable(&changes.new.source),
        changes.new.as_of
    );
    let totals: Vec<String> = Class::ALL
        .iter()
        .map(|c| format!("{} {}", changes.totals.get(c).unwrap_or(&0), c.as_str()))
        .collect();
    out.push_str(&format!("Rows    {}\n", totals.join(", ")));
    out.push_str(&format!("Checks  {} not comparable as a whole\n", changes.checks_not_comparable));
    changes.terms.iter().for_each(|line| out.push_str(&format!("Terms   {}\n", printable(line))));
    for (what, names) in [("new", &changes.services_new), ("gone", &changes.services_gone)] {
        if !names.is_empty() {
            out.push_str(&format!("Service lines {what}: {}\n", printable(&names.join(", "))));
        }
    }
    out.push('\n');
    changes.controls.iter().for_each(|control| out.push_str(&control_line(control, &changes.trend, style)));
    changes.checks.iter().for_each(|check| out.push_str(&check_lines(check, style, all)));
    if changes.checks.is_empty() {
        say("nothing that is or was not met changed");
    }
    out
}

fn control_line(control: &ControlChange, trend: &[TrendPoint], style: Style) -> String {
    let old = control.old.map_or("not there", |v| v.as_str());
    let change =
        if old == control.new.as_str() { old.to_string() } else { format!("{old} -> {}", control.new) };
    format!(
        "{} {:>2} {} {} {:>5} -> {:<5} not met  {}\n",
        style.paint(control.new, style.mark(control.new)),
        control.number,
        style.column(&control.title, 29),
        style.column(&change, 30),
        control.failing_old,
        control.failing_new,
        spark(&control.id, trend, style)
    )
}

/// Rows that are not met over the runs that are known, low to high of this control.
fn spark(control: &str, trend: &[TrendPoint], style: Style) -> String {
    let values: Vec<u64> = trend
        .iter()
        .filter_map(|p| p.controls.iter().find(|c| c.control == control))
        .map(|c| c.not_met)
        .collect();
    let most = values.iter().copied().max().unwrap_or(0);
    let bars: &[char] = if style.unicode {
        &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
    } else {
        &['_', '.', ':', '-', '=', '+', '*', '#']
    };
    let level = |n: u64| if most == 0 { 0 } else { (n * (bars.len() as u64 - 1)).div_ceil(most) as usize };
    values.iter().rev().take(24).rev().map(|n| bars[level(*n)]).collect()
}

fn check_lines(check: &CheckChange, style: Style, all: bool) -> String {
    let verdict = |v: Option<crate::model::verdict::Verdict>| v.map_or("not there", |v| v.as_str());
    let mut out = format!(
        "\n{} {} {}  {} -> {}\n",
        style.strong(&style.column(check.class.as_str(), 14)),
        style.column(check.severity.as_str(), 8),
        printable(&check.check),
        verdict(check.old),
        verdict(check.new)
    );
    if !check.why.is_empty() {
        out.push_str(&format!("  {}\n", printable(&check.why)));
    }
    let shown = if all { check.rows.len() } else { 5 };
    check.rows.iter().take(shown).for_each(|row| out.push_str(&row_lines(row)));
    if check.rows.len() > shown {
        out.push_str(&format!("  {} more: --all\n", check.rows.len() - shown));
    }
    out
}

fn row_lines(row: &RowChange) -> String {
    let verdict = |v: Option<crate::model::verdict::Verdict>| v.map_or("not there", |v| v.as_str());
    let place = [&row.account, &row.region]
        .into_iter()
        .filter(|p| !p.is_empty() && !row.resource.contains(p.as_str()));
    let place: Vec<&str> = place.map(String::as_str).collect();
    let mut out = format!("  {:<14} {} {}\n", row.class.as_str(), row.resource, place.join(" "));
    let reason = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    out.push_str(&format!(
        "      {}{} -> {}{}\n",
        verdict(row.old),
        reason(&row.reason_old),
        verdict(row.new),
        reason(&row.reason_new)
    ));
    if !row.why.is_empty() {
        out.push_str(&format!("      {}\n", row.why));
    }
    for cause in &row.causes {
        let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "nothing".into());
        out.push_str(&format!(
            "      {}: {} -> {}\n",
            cause.member,
            value(&cause.before),
            value(&cause.after)
        ));
        out.push_str(&format!("        {} {}\n", cause.captured_before, cause.artifact_before));
        out.push_str(&format!("        {} {}\n", cause.captured_after, cause.artifact_after));
    }
    if row.old.is_some() && row.new.is_some() && !row.causes_words.is_empty() {
        out.push_str(&format!("      {}\n", row.causes_words));
    }
    printable(&out)
}
