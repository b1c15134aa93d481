//! `affiant runs`: the runs of the workspace in order, each with the one it names as the run before.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::style::Style;
use super::{Context, Exit, data, say};
use crate::diag::printable;
use crate::pipeline::Error;
use crate::store::run::{self, Reader};

/// List the runs in evidence/, the oldest first, and how they are chained
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn cmd_runs(args: RunsArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let evidence = workspace.evidence();
    let mut runs = Vec::new();
    for name in run::list(&evidence) {
        match Reader::open_run(&evidence.join(&name)) {
            Ok(run) => runs.push(run),
            Err(error) => say(&printable(&format!("warning: {name} cannot be read: {error}"))),
        }
    }
    runs.sort_by(|a, b| (&a.record.started, &a.record.id).cmp(&(&b.record.started, &b.record.id)));
    data(&match args.format {
        Format::Text => text(&runs, Style::of_stdout()),
        Format::Json => {
            let all: Vec<_> = runs.iter().map(|run| as_json(run, &runs)).collect();
            format!("{:#}\n", json!({ "format": "affiant.runs/1", "runs": all }))
        }
    });
    Ok(Exit::Done)
}

/// What the run before is, in words: its id, that it is the first, or that the one it names is not here.
fn before(run: &Reader, all: &[Reader]) -> String {
    match run.record.previous {
        None => "the first of its chain".into(),
        Some(wanted) => match all.iter().find(|other| other.manifest == wanted) {
            Some(other) => format!("after {}", other.record.id),
            None => format!("after a run with manifest {}, which is not here", wanted.short()),
        },
    }
}

fn gaps(run: &Reader) -> usize {
    run.coverage.iter().filter(|line| line.state.is_gap()).count()
}

fn text(runs: &[Reader], style: Style) -> String {
    let mut out = String::new();
    if !runs.is_empty() {
        let head = format!("{:<31} {:<20} {:>9} {:>6}", "run", "ended", "artifacts", "gaps");
        out.push_str(&format!("{}\n", style.faint(&head)));
    }
    for run in runs {
        let r = &run.record;
        let sample = if r.sample { "  SAMPLE" } else { "" };
        out.push_str(&format!(
            "{} {} {:>9} {:>6}{sample}\n    {}\n",
            style.column(&r.id, 31),
            style.column(&r.ended, 20),
            run.artifacts.len(),
            gaps(run),
            style.faint(&printable(&before(run, runs)))
        ));
    }
    match runs.len() {
        0 => out.push_str("no runs yet: `affiant collect` makes one\n"),
        n => out.push_str(&format!(
            "{n} {}; `affiant verify evidence --chain` checks them all\n",
            if n == 1 { "run" } else { "runs" }
        )),
    }
    out
}

fn as_json(run: &Reader, all: &[Reader]) -> serde_json::Value {
    let r = &run.record;
    let known = r.previous.and_then(|wanted| all.iter().find(|other| other.manifest == wanted));
    json!({
        "id": r.id,
        "folder": run.root.display().to_string(),
        "started": r.started,
        "ended": r.ended,
        "sample": r.sample,
        "accounts": r.accounts,
        "regions": r.regions,
        "artifacts": run.artifacts.len(),
        "sources": run.coverage.len(),
        "gaps": gaps(run),
        "manifest": run.manifest,
        "previous": r.previous,
        "previous_run": known.map(|other| &other.record.id),
    })
}
