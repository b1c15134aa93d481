//! `affiant collect`: a run from files, from AWS, or both.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, data, say, wrong};
use crate::diag::printable;
use crate::model::run::Coverage;
use crate::pipeline::{Error, collect};

/// Gather evidence into a new run in evidence/
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// A file of AWS Config items (.json, .json.gz) or a folder of evidence; may be repeated
    #[arg(long, value_name = "PATH", num_args = 1..)]
    snapshot: Vec<PathBuf>,
    /// Ask AWS Config and AWS Artifact, with the usual credential chain
    #[cfg(feature = "aws")]
    #[arg(long)]
    aws: bool,
    /// The credentials' profile
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "NAME", requires = "aws")]
    profile: Option<String>,
    /// A region to ask; may be repeated [default: `regions` of affiant.yaml, then the profile's]
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "REGION", requires = "aws")]
    region: Vec<String>,
}

pub fn cmd_collect(args: CollectArgs, context: &Context) -> Result<Exit, Error> {
    if nothing_asked(&args) {
        return Err(wrong("nothing to collect from", "give `--snapshot PATH`, or `--aws` to ask AWS itself"));
    }
    let workspace = context.workspace()?;
    #[cfg(feature = "aws")]
    let target = args.aws.then(|| crate::collect::live::Target {
        profile: args.profile.clone(),
        regions: if args.region.is_empty() { workspace.decisions.workspace.regions.clone() } else { args.region.clone() },
    });
    let catalog = context.catalog()?;
    let sealer = context.sealer(&workspace)?;
    let made = collect::run(
        &workspace,
        &catalog,
        &args.snapshot,
        #[cfg(feature = "aws")]
        target.as_ref(),
        context.clock,
        context.command.clone(),
        &sealer,
    )?;
    for name in made.skipped.iter().take(5) {
        say(&format!("skipped: {} is no evidence of a kind this version knows", printable(name)));
    }
    if made.skipped.len() > 5 {
        say(&format!("skipped: {} more files", made.skipped.len() - 5));
    }
    let gaps: Vec<&Coverage> = made.coverage.iter().filter(|c| c.state.is_gap()).collect();
    say(&format!(
        "{} artifacts, {} items; {} of {} sources read",
        made.artifacts,
        made.items,
        made.coverage.len() - gaps.len(),
        made.coverage.len()
    ));
    say(&gap_words(&gaps));
    data(&format!("{}\n", made.path.display()));
    Ok(if gaps.is_empty() { Exit::Done } else { Exit::Incomplete })
}

#[cfg(feature = "aws")]
fn nothing_asked(args: &CollectArgs) -> bool {
    args.snapshot.is_empty() && !args.aws
}

#[cfg(not(feature = "aws"))]
fn nothing_asked(args: &CollectArgs) -> bool {
    args.snapshot.is_empty()
}

/// Gaps by state, and the first few in full.
fn gap_words(gaps: &[&Coverage]) -> String {
    if gaps.is_empty() {
        return "no gaps".into();
    }
    let mut by_state: BTreeMap<&str, usize> = BTreeMap::new();
    gaps.iter().for_each(|g| *by_state.entry(g.state.as_str()).or_default() += 1);
    let states: Vec<String> = by_state.iter().map(|(state, n)| format!("{n} {state}")).collect();
    let mut text = format!("gaps: {}", states.join(", "));
    for gap in gaps.iter().filter(|g| g.source == "*").chain(gaps.iter().filter(|g| g.source != "*")).take(6) {
        let detail = if gap.detail.is_empty() { String::new() } else { format!(" ({})", gap.detail) };
        let source = if gap.source == "*" { "AWS Config items" } else { &gap.source };
        text.push_str(&printable(&format!("\n  {} {} {source}: {}{detail}", gap.account, gap.region, gap.state.as_str())));
    }
    text
}
