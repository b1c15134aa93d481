//! `affiant verify`: three separate answers, and the reason for each.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::style::Style;
use super::{Context, Exit, data, wrong};
use crate::diag::printable;
use crate::model::verdict::Verdict;
use crate::pipeline::Error;
use crate::pipeline::verify::{self, Outcome};
use crate::seal::verify::{Answer, Outcome as StepOutcome, State};

/// Check a package or run: integrity, authenticity, time; with --recompute every verdict
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A package (ZIP or folder) or a run (folder)
    path: PathBuf,
    /// Pinned certificates, PEM: the sealer's own, or those of its issuer
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// Derive everything again from the packaged bytes and compare
    #[arg(long)]
    recompute: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn cmd_verify(args: VerifyArgs, context: &Context) -> Result<Exit, Error> {
    let trust = match &args.trust {
        Some(path) => {
            Some(std::fs::read_to_string(path).map_err(|e| wrong(format!("--trust {}: {e}", path.display()), "name a PEM file"))?)
        }
        None => None,
    };
    if !args.path.exists() {
        return Err(wrong(format!("there is no `{}`", args.path.display()), "name a package (ZIP or folder) or a run (folder)"));
    }
    let outcome = verify::verify(&args.path, trust.as_deref(), args.recompute, context.clock.now())?;
    match args.format {
        Format::Text => data(&text(&outcome, Style::of_stdout())),
        Format::Json => data(&format!("{}\n", serde_json::to_string_pretty(&outcome).expect("a report serialises"))),
    }
    Ok(match (outcome.failed(), outcome.authenticity_unknown()) {
        (true, _) => Exit::Refused,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    })
}

fn text(outcome: &Outcome, style: Style) -> String {
    let report = &outcome.report;
    let mut out = String::new();
    if outcome.sample {
        out.push_str("SAMPLE: synthetic or replayed evidence\n\n");
    }
    for (name, answer) in [("integrity", &report.integrity), ("authenticity", &report.authenticity), ("time", &report.time)] {
        out.push_str(&line(name, answer, style));
    }
    if let Some(sealer) = &report.sealer {
        out.push_str(&printable(&format!("\nsealed by  {}\n           sha256 {}\n", sealer.name, sealer.fingerprint)));
    }
    if let Some(chain) = &outcome.chain {
        out.push_str(&printable(&format!("chain      {}: {}\n", chain.state, chain.words)));
    }
    if let Some(again) = &outcome.recompute {
        out.push_str("\nrecomputed\n");
        for c in &again.comparisons {
            out.push_str(&printable(&format!("  {:<13} {:<18} {}\n", c.outcome, c.what, c.words)));
        }
    }
    let worth = report.steps.iter().filter(|s| matches!(s.outcome, StepOutcome::Fail | StepOutcome::Unknown));
    let lines: Vec<String> = worth
        .take(40)
        .map(|s| {
            let word = if s.outcome == StepOutcome::Fail { "wrong" } else { "open" };
            let subject = if s.subject.is_empty() { String::new() } else { format!("{}: ", s.subject) };
            printable(&format!("  {word:<6} {} {subject}{}", s.code.id(), s.words))
        })
        .collect();
    if !lines.is_empty() {
        out.push_str(&format!("\nwhy\n{}\n", lines.join("\n")));
    }
    out
}

fn line(name: &str, answer: &Answer, style: Style) -> String {
    let (verdict, word) = match answer.state {
        State::Held => (Verdict::Met, "held"),
        State::Failed => (Verdict::NotMet, "FAILED"),
        State::Unknown => (Verdict::NotEvidenced, "unknown"),
    };
    format!(
        "{} {name:<13}{}  {}\n",
        style.paint(verdict, style.mark(verdict)),
        style.paint(verdict, &format!("{word:<8}")),
        printable(&answer.words)
    )
}
