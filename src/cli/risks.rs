//! `affiant risks`: the register, machine findings joined with what people decided.

use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::risk_edits::{self, AcceptArgs, AddArgs, CloseArgs, ConfirmArgs};
use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, wrong};
use crate::diag::{Diagnostic, Gravity, Problems, near, printable};
use crate::model::dossier::{Dossier, RiskReport};
use crate::pipeline::{Error, compare};
use crate::program::sightings;
use crate::render::{csv, risk_sheets, xlsx};
use crate::store::atomic::{self, Access, Existing};
use crate::store::run::{self, Reader};

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
    /// Confirm the scores of a risk as a named person
    Confirm(ConfirmArgs),
    /// Accept a risk for a time, by somebody who does not own it
    Accept(AcceptArgs),
    /// Close a risk that no finding shows any more
    Close(CloseArgs),
    /// Add a risk that no finding shows
    Add(AddArgs),
    /// Write the register as a workbook (.xlsx) for people, or as CSV (.csv) for the record
    Export {
        /// The file; it must not be there yet
        file: PathBuf,
    },
}

pub fn cmd_risks(args: RisksArgs, context: &Context) -> Result<Exit, Error> {
    refer(context)?;
    if let Some(RisksCommand::Add(args)) = &args.command {
        return risk_edits::cmd_add(args, context);
    }
    let mut dossier = dossier(context, None)?;
    let json = args.format == Format::Json;
    let command = args.command.unwrap_or(RisksCommand::List);
    if json || matches!(command, RisksCommand::Show { .. } | RisksCommand::Export { .. }) {
        let (workspace, catalog) = (context.workspace()?, context.catalog()?);
        let run = context.run(&workspace, None)?;
        let before = compare::sightings_before(&workspace, &catalog, &run.record, context.clock.now())?;
        sightings::fill(&mut dossier, &before);
    }
    let register = &dossier.risks;
    match command {
        RisksCommand::List if json => {
            data(&format!("{:#}\n", json!({ "format": "affiant.risks-list/1", "risks": register.rows })))
        }
        RisksCommand::List => list(&dossier),
        RisksCommand::Show { id } => {
            let Some(risk) = register.rows.iter().find(|r| r.id.eq_ignore_ascii_case(&id)) else {
                let hint = near::hint(
                    &id,
                    register.rows.iter().map(|r| r.id.as_str()),
                    "`affiant risks list` shows the ids",
                );
                return Err(wrong(format!("no risk has the id `{id}`"), hint));
            };
            data(&if json { format!("{:#}\n", json!(risk)) } else { printable(&show(risk)) });
        }
        RisksCommand::Lint => {
            let lines = || register.lint.iter().map(|l| format!("{l}\n")).collect::<String>();
            data(&if json {
                format!("{:#}\n", json!({ "format": "affiant.risks-lint/1", "objections": register.lint }))
            } else {
                lines()
            });
            return Ok(if register.lint.is_empty() { Exit::Done } else { Exit::Findings });
        }
        RisksCommand::Confirm(args) => return risk_edits::cmd_confirm(&args, context, &dossier),
        RisksCommand::Accept(args) => return risk_edits::cmd_accept(&args, context, &dossier),
        RisksCommand::Close(args) => return risk_edits::cmd_close(&args, context, &dossier),
        RisksCommand::Add(args) => return risk_edits::cmd_add(&args, context),
        RisksCommand::Export { file } => export(&dossier, &file)?,
    }
    Ok(Exit::Done)
}

/// Refuses a register that names what does not exist: an entry for nothing decides nothing.
fn refer(context: &Context) -> Result<(), Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    // papers may lie in the run alone
    let run = run::find(&workspace.evidence(), None).ok().and_then(|path| Reader::open_run(&path).ok());
    let found = crate::pipeline::lint::references(&workspace, &catalog, run.as_ref(), None).into_iter();
    let of_register =
        |p: &Diagnostic| p.level == Gravity::Error && p.file.as_deref() == Some("program/risks.yaml");
    Ok(found.filter(of_register).collect::<Problems>().or(())?)
}

fn list(dossier: &Dossier) {
    let style = Style::of_stdout();
    let line = |r: &RiskReport| {
        let owner = if r.owner.is_empty() { "no owner" } else { &r.owner };
        format!(
            "{} {} {} {}\n",
            style.column(&r.id, 10),
            style.column(&r.level, 10),
            style.column(&r.status, 20),
            style.fit(&format!("{} ({owner})", r.title), 110)
        )
    };
    data(&dossier.risks.rows.iter().map(line).collect::<String>());
}

fn export(dossier: &Dossier, file: &Path) -> Result<(), Error> {
    let bytes = match file.extension().and_then(|e| e.to_str()) {
        Some("csv") => csv::risks(dossier),
        Some("xlsx") => {
            let day = crate::clock::parse(&dossier.as_of).unwrap_or_default();
            let parts = (day.year().clamp(1900, 9999) as u16, day.month() as u8, day.day() as u8);
            xlsx::workbook(&risk_sheets::sheets(dossier), parts)?
        }
        _ => {
            return Err(wrong(
                format!("`{}` names no kind of file", file.display()),
                "write a name that ends in .xlsx or .csv",
            ));
        }
    };
    atomic::write(file, &bytes, Access::Shared, Existing::Refuse).map_err(Error::io("write", file))?;
    data(&format!("{}\n", file.display()));
    Ok(())
}

/// What is in place, what is to be done, and the resources that it is about.
fn done(r: &RiskReport, out: &mut String) {
    let d = &r.decided;
    d.measures.iter().for_each(|m| out.push_str(&format!("measure     {} [{}]\n", m.measure, m.evidence)));
    for s in &d.steps {
        let done = if s.done.is_empty() {
            format!("due {}", s.due)
        } else {
            format!("done {}, seen in {}", s.done, s.proof)
        };
        out.push_str(&format!("step        {} ({}; {done})\n", s.action, s.owner));
    }
    for [resource, first, last, here] in csv::member_rows(r) {
        let seen = match (here.as_str(), last.is_empty()) {
            (_, true) => String::new(),
            ("no", _) => format!("  first seen {first}, last seen {last}"),
            (_, _) => format!("  first seen {first}"),
        };
        out.push_str(&format!("resource    {resource}{seen}\n"));
    }
}

fn show(r: &RiskReport) -> String {
    let suggested = if r.suggested { " (suggested, not confirmed)" } else { "" };
    let mut out = format!(
        "{}  {}\n\nlevel       {}: likelihood {}, impact {}{suggested}\n",
        r.id, r.title, r.level, r.likelihood, r.impact
    );
    let d = &r.decided;
    let scores = |s: &Option<crate::model::decisions::RiskScore>| {
        s.as_ref().map(|s| format!("likelihood {}, impact {}", s.likelihood, s.impact)).unwrap_or_default()
    };
    for (name, value) in [
        ("status", &r.status),
        ("from", &r.origin),
        ("account", &r.account),
        ("assets", &r.asset_class),
        (
            "threat",
            &[d.threat_source.as_str(), d.threat_event.as_str()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(": "),
        ),
        ("weakness", &d.vulnerability),
        ("before", &scores(&d.inherent)),
        ("target", &scores(&d.target)),
        ("confidence", &d.confidence),
        ("owner", &r.owner),
        ("treatment", &r.treatment),
        ("plan", &r.plan),
        ("due", &r.due),
        ("why", &r.rationale),
        ("next review", &d.next_review),
    ] {
        if !value.is_empty() {
            out.push_str(&format!("{name:<11} {value}\n"));
        }
    }
    if let Some(a) = &r.acceptance {
        let expired = if a.expired { ", EXPIRED" } else { "" };
        out.push_str(&format!("accepted    by {} until {}{expired}: {}\n", a.approver, a.expires, a.reason));
    }
    done(r, &mut out);
    d.history.iter().for_each(|h| out.push_str(&format!("{:<11} {}: {}\n", h.on, h.by, h.what)));
    if r.owner.is_empty() && r.origin == "finding" {
        out.push_str(&snippet(r));
    }
    out
}

/// The entry of `program/risks.yaml` that decides about it, with what is known filled in.
fn snippet(r: &RiskReport) -> String {
    let account = if r.account.is_empty() { String::new() } else { format!(", account: \"{}\"", r.account) };
    let class = if r.asset_class.is_empty() {
        String::new()
    } else {
        format!(", asset_class: \"{}\"", r.asset_class)
    };
    let phi = r.phi.map(|phi| format!(", phi: {phi}")).unwrap_or_default();
    format!(
        "\nto decide about it: `affiant risks confirm {}` or `accept`; or write under `entries` in \
         program/risks.yaml:
  - match: {{ control: {}{account}{class}{phi} }}
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
        r.id,
        r.control.as_deref().unwrap_or_default(),
        serde_json::to_string(&r.title).unwrap_or_default(),
        r.likelihood,
        r.impact
    )
}
