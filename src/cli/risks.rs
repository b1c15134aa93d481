//! `affiant risks`: the register, machine findings joined with what people decided.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, wrong};
use crate::diag::{Diagnostic, Gravity, Problems, near, printable};
use crate::model::dossier::RiskReport;
use crate::pipeline::Error;

/// The risk register
#[derive(Debug, Args)]
pub struct RisksArgs {
    #[command(subcommand)]
    command: Option<RisksCommand>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
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
    refer(context)?;
    let register = dossier(context, None)?.risks;
    let style = Style::of_stdout();
    let json = args.format == Format::Json;
    match args.command.unwrap_or(RisksCommand::List) {
        RisksCommand::List if json => {
            data(&format!("{:#}\n", json!({ "format": "affiant.risks-list/1", "risks": register.rows })));
            Ok(Exit::Done)
        }
        RisksCommand::Lint if json => {
            data(&format!("{:#}\n", json!({ "format": "affiant.risks-lint/1", "objections": register.lint })));
            Ok(if register.lint.is_empty() { Exit::Done } else { Exit::Findings })
        }
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
                data(&match json {
                    true => format!("{:#}\n", json!(risk)),
                    false => printable(&show(risk)),
                });
                Ok(Exit::Done)
            }
            None => {
                let hint = near::hint(&id, register.rows.iter().map(|r| r.id.as_str()), "`affiant risks list` shows the ids");
                Err(wrong(format!("no risk has the id `{id}`"), hint))
            }
        },
        RisksCommand::Lint => {
            data(&register.lint.iter().map(|l| format!("{l}\n")).collect::<String>());
            Ok(if register.lint.is_empty() { Exit::Done } else { Exit::Findings })
        }
    }
}

/// Refuses a register that names what does not exist: an entry for nothing decides nothing.
fn refer(context: &Context) -> Result<(), Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    let found = crate::pipeline::lint::references(&workspace, &catalog, None, None).into_iter();
    let of_register = |p: &Diagnostic| p.level == Gravity::Error && p.file.as_deref() == Some("program/risks.yaml");
    Ok(found.filter(of_register).collect::<Problems>().or(())?)
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
    if r.owner.is_empty() && r.origin == "finding" {
        out.push_str(&snippet(r));
    }
    out
}

/// The entry of `program/risks.yaml` that decides about it, with what is known filled in.
fn snippet(r: &RiskReport) -> String {
    let account = if r.account.is_empty() { String::new() } else { format!(", account: \"{}\"", r.account) };
    let class = if r.asset_class.is_empty() { String::new() } else { format!(", asset_class: \"{}\"", r.asset_class) };
    format!(
        "\nto decide about it, under `entries` in program/risks.yaml:
  - match: {{ control: {}{account}{class} }}
    title: {}
    owner: <one accountable person, role>
    treatment: mitigate # or transfer, avoid, accept
    plan: <steps>
    due: <YYYY-MM-DD>
    likelihood: {}
    impact: {}
    rationale: <why these levels>
    confirmed_by: <name, role>
    confirmed_on: <YYYY-MM-DD>
",
        r.control.as_deref().unwrap_or_default(),
        serde_json::to_string(&r.title).unwrap_or_default(),
        r.likelihood,
        r.impact
    )
}
