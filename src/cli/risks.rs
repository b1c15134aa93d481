//! `affiant risks`: the register, machine findings joined with what people decided.

use clap::{Args, Subcommand};

use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, wrong};
use crate::diag::printable;
use crate::model::dossier::RiskReport;
use crate::pipeline::Error;

/// The risk register
#[derive(Debug, Args)]
pub struct RisksArgs {
    #[command(subcommand)]
    command: Option<RisksCommand>,
}

#[derive(Debug, Subcommand)]
enum RisksCommand {
    /// List the risks, highest first
    List,
    /// Show one risk
    Show {
        /// Its id, such as R-1a2b3c
        id: String,
    },
    /// What an auditor would object to
    Lint,
}

pub fn cmd_risks(args: RisksArgs, context: &Context) -> Result<Exit, Error> {
    let register = dossier(context, None)?.risks;
    let style = Style::of_stdout();
    match args.command.unwrap_or(RisksCommand::List) {
        RisksCommand::List => {
            let line = |r: &RiskReport| {
                let owner = if r.owner.is_empty() { "no owner" } else { &r.owner };
                format!(
                    "{} {} {} {}\n",
                    style.column(&r.id, 10),
                    style.column(&r.level, 10),
                    style.column(&r.status, 14),
                    style.fit(&format!("{} ({owner})", r.title), 110)
                )
            };
            data(&register.rows.iter().map(line).collect::<String>());
            Ok(Exit::Done)
        }
        RisksCommand::Show { id } => match register.rows.iter().find(|r| r.id == id) {
            Some(risk) => {
                data(&printable(&show(risk)));
                Ok(Exit::Done)
            }
            None => Err(wrong(format!("no risk has the id `{id}`"), "see `affiant risks list`")),
        },
        RisksCommand::Lint => {
            data(&register.lint.iter().map(|l| format!("{l}\n")).collect::<String>());
            Ok(if register.lint.is_empty() { Exit::Done } else { Exit::Findings })
        }
    }
}

fn show(r: &RiskReport) -> String {
    let suggested = if r.suggested { " (suggested, not confirmed)" } else { "" };
    let mut out =
        format!("{}  {}\n\nlevel       {}: likelihood {}, impact {}{suggested}\n", r.id, r.title, r.level, r.likelihood, r.impact);
    for (name, value) in [
        ("status", &r.status),
        ("from", &r.origin),
        ("account", &r.account),
        ("assets", &r.asset_class),
        ("owner", &r.owner),
        ("treatment", &r.treatment),
        ("plan", &r.plan),
        ("due", &r.due),
        ("why", &r.rationale),
    ] {
        if !value.is_empty() {
            out.push_str(&format!("{name:<11} {value}\n"));
        }
    }
    if let Some(a) = &r.acceptance {
        let expired = if a.expired { ", EXPIRED" } else { "" };
        out.push_str(&format!("accepted    by {} until {}{expired}: {}\n", a.approver, a.expires, a.reason));
    }
    r.examples.iter().for_each(|e| out.push_str(&format!("resource    {e}\n")));
    out
}
