//! `affiant join`: runs of parts of an estate as one.

use clap::Args;

use super::{Context, Exit, data, say};
use crate::pipeline::{Error, join};

/// Make one run of many, each of other accounts: custody, coverage and seals are kept
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Runs: their folders, or their names in evidence/
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<String>,
}

pub fn cmd_join(args: JoinArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let sealer = context.sealer(&workspace)?;
    let watch = context.progress();
    watch.step("joining runs");
    let made = join::run(&workspace, &args.runs, context.clock, context.command.clone(), &sealer)?;
    drop(watch);
    let gaps = made.coverage.iter().filter(|line| line.state.is_gap()).count();
    let (read, all) = (made.coverage.len() - gaps, made.coverage.len());
    say(&format!(
        "{} runs joined: {} artifacts; {read} of {all} sources read, {gaps} gaps",
        args.runs.len(),
        made.artifacts
    ));
    data(&format!("{}\n", made.path.display()));
    Ok(if gaps == 0 { Exit::Done } else { Exit::Incomplete })
}
