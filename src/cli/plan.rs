//! `affiant plan`: the incident-response plan with the names of the environment, for the one who is woken; on
//! the terminal, as data, or as a page to print.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, say};
use crate::catalog;
use crate::diag::printable;
use crate::model::dossier::{Dossier, IncidentResponse, ResponseEnvironment};
use crate::pipeline::Error;
use crate::render::{Templates, figures, html};
use crate::store::atomic::{self, Access, Existing};

/// The incident-response plan: who decides, whom to call, what the environment holds, and the commands that
/// keep evidence
///
/// Names come out of the evidence of the run. What is missing in the environment or in
/// program/incident-response.yaml is said with each and stands in the risk register; what was not read is
/// said too, and is not called missing.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
    /// How to print; html and pdf write a file
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only the incident card, two sheets as wide as a telephone: who decides, whom to call, the first ten
    /// commands
    #[arg(long)]
    card: bool,
    /// The file to write [default: incident-response-plan-DAY or incident-card-DAY in the workspace]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Html,
    Pdf,
}

pub fn cmd_plan(args: &PlanArgs, context: &Context) -> Result<Exit, Error> {
    let whole = dossier(context, args.run.as_deref())?;
    if args.card && matches!(args.format, Format::Text | Format::Json) {
        return Err(super::wrong("a card is a page", "take `--card --format html` or `--card --format pdf`"));
    }
    match args.format {
        Format::Text => data(&text(&whole, Style::of_stdout())),
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&whole.incident))),
        Format::Html | Format::Pdf => write(args, &whole, context)?,
    }
    let rows = &whole.incident.environment.rows;
    let unread = rows.iter().map(|row| row.unread.len()).sum::<usize>();
    let lacks = rows.iter().map(|row| row.defects.len()).sum::<usize>() + whole.incident.missing.len();
    if lacks > 0 {
        say(&format!("the plan lacks {lacks} things; `affiant risks list` shows what follows from them"));
    }
    Ok(if unread > 0 { Exit::Incomplete } else { Exit::Done })
}

fn write(args: &PlanArgs, whole: &Dossier, context: &Context) -> Result<(), Error> {
    let workspace = context.workspace()?;
    let alone = alone(whole);
    let templates = Templates::new(catalog::templates());
    let paper = (!args.card).then_some(workspace.decisions.workspace.report.paper.as_str());
    let (end, bytes) = match args.format {
        Format::Pdf => ("pdf", pdf(&alone, paper, &templates)?),
        Format::Html | Format::Text | Format::Json if args.card => {
            ("html", html::card(&alone, &templates)?.into_bytes())
        }
        Format::Html | Format::Text | Format::Json => {
            ("html", html::plan(&alone, &figures::draw(&alone, &templates)?, &templates)?.into_bytes())
        }
    };
    let day = alone.as_of.get(..10).unwrap_or_default();
    let name = if args.card { "incident-card" } else { "incident-response-plan" };
    let path = args.output.clone().unwrap_or_else(|| workspace.root.join(format!("{name}-{day}.{end}")));
    atomic::write(&path, &bytes, Access::Private, Existing::Refuse).map_err(Error::io("write", &path))?;
    data(&format!("{}\n", path.display()));
    Ok(())
}

/// Without exhibits and chapters that the plan would point to and does not hold.
fn alone(whole: &Dossier) -> Dossier {
    let mut alone = whole.clone();
    alone.evidence.clear();
    alone.controls.clear();
    alone.incident.drills.iter_mut().for_each(|drill| drill.evidence.clear());
    alone
}

/// The plan on paper of a size, or the card.
#[cfg(feature = "pdf")]
fn pdf(dossier: &Dossier, paper: Option<&str>, templates: &Templates) -> Result<Vec<u8>, Error> {
    Ok(match paper {
        Some(paper) => {
            crate::render::pdf::plan(dossier, &figures::draw(dossier, templates)?, paper, templates)?
        }
        None => crate::render::pdf::card(dossier, templates)?,
    })
}

#[cfg(not(feature = "pdf"))]
fn pdf(_: &Dossier, _: Option<&str>, _: &Templates) -> Result<Vec<u8>, Error> {
    Err(super::wrong("this build renders no PDF", "take `--format html`"))
}

fn text(whole: &Dossier, style: Style) -> String {
    let plan = &whole.incident;
    let mut out = String::new();
    let mut line = |words: String| out.push_str(&format!("{}\n", printable(&words)));
    let version = if plan.present { format!(", version {}", plan.version) } else { String::new() };
    let title = if plan.present {
        plan.title.as_str()
    } else {
        "No plan: program/incident-response.yaml is not there"
    };
    line(format!("{title}{version}"));
    line(format!("{}, as of {}, run {}", whole.organization.name, whole.as_of, whole.run.id));
    people(plan, &mut line);
    out.push_str(&environment(&plan.environment, style));
    out
}

fn people(plan: &IncidentResponse, line: &mut impl FnMut(String)) {
    for missing in &plan.missing {
        line(format!("LACKS  {missing}"));
    }
    line(String::new());
    for r in plan.roles.iter().take(4) {
        line(format!("{}: {}; deputy {}; {}; {}", r.role, r.name, r.deputy, r.contact, r.out_of_band));
    }
    line(String::new());
    for e in &plan.escalation {
        line(format!("{} -> {}: {} minutes, {}; else {}", e.from, e.to, e.minutes, e.channel, e.fallback));
    }
}

fn environment(env: &ResponseEnvironment, style: Style) -> String {
    let mut out = format!("\n{}\n{}\n", style.strong("What the environment holds"), printable(&env.words));
    for row in &env.rows {
        out.push_str(&format!("\n{}\n", style.strong(&format!("{} ({})", row.label, row.total))));
        for t in &row.things {
            out.push_str(&format!(
                "  {}\n",
                printable(&format!("{}  {} {}  {}", t.name, t.account, t.region, t.facts))
            ));
        }
        row.defects.iter().for_each(|s| out.push_str(&format!("  DEFECT         {}\n", printable(s))));
        row.unread.iter().for_each(|s| out.push_str(&format!("  NOT EVIDENCED  {}\n", printable(s))));
    }
    out.push_str(&format!(
        "\n{}\n{}\n",
        style.strong("Commands that keep evidence"),
        printable(&env.preamble)
    ));
    let mut step = "";
    for c in &env.commands {
        if c.step != step {
            step = &c.step;
            out.push_str(&format!("\n# {}\n", printable(step)));
        }
        out.push_str(&format!("{}\n", printable(&c.command)));
    }
    out
}
