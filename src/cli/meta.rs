//! Completions and the manual page, made from the same arguments that the program parses.

use clap::Args;
use clap_complete::Shell;

use super::{Exit, command, data};
use crate::pipeline::Error;

/// Print the completion script for a shell
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    shell: Shell,
}

/// Print the manual page (roff)
#[derive(Debug, Args)]
pub struct ManArgs {}

pub fn cmd_completions(args: CompletionsArgs) -> Result<Exit, Error> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "affiant", &mut out);
    data(&String::from_utf8_lossy(&out));
    Ok(Exit::Done)
}

pub fn cmd_man(_: ManArgs) -> Result<Exit, Error> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command()).render(&mut out).map_err(Error::io("write", "the manual page"))?;
    data(&String::from_utf8_lossy(&out));
    Ok(Exit::Done)
}

/// The command-line reference as Markdown; `docs/src/cli.md` is pinned to it by a test.
pub fn reference() -> String {
    let mut out = String::from("# Command line\n\nThis page is generated from the program's own help.\n");
    section(&mut command(), &mut Vec::new(), &mut out);
    out
}

fn section(command: &mut clap::Command, path: &mut Vec<String>, out: &mut String) {
    path.push(command.get_name().to_string());
    let title = path.join(" ");
    let help = command.clone().bin_name(&title).term_width(90).render_help().to_string();
    out.push_str(&format!("\n## `{title}`\n\n```text\n{}\n```\n", help.trim_end()));
    for sub in command.get_subcommands_mut().filter(|s| s.get_name() != "help") {
        section(sub, path, out);
    }
    path.pop();
}
