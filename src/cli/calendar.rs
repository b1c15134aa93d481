//! `affiant calendar`: what ends, what is due and what is to be reviewed, by day.

use chrono::{Datelike, NaiveDate};
use clap::{Args, ValueEnum};

use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, say};
use crate::catalog as built_in;
use crate::diag::printable;
use crate::model::decisions::Decisions;
use crate::pipeline::Error;
use crate::program::calendar::{self, DueDay};
use crate::render::Templates;
use crate::render::handed::{self, HandedBlock, HandedCell, HandedDocument, HandedFact, HandedWidth};
use crate::render::ics::{self, CalendarEvent, Moment};

/// The year's calendar: statements and exceptions that end, reviews, drills, steps and risks that are due
#[derive(Debug, Args)]
pub struct CalendarArgs {
    /// How to print; ics is a calendar file, html a page
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Days from today that are shown; what is past is always shown
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = super::values::ahead,
        allow_hyphen_values = true)]
    days: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Ics,
    Html,
}

pub fn cmd_calendar(args: CalendarArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let catalog = context.catalog()?;
    let dossier = match dossier(context, None) {
        Ok(dossier) => Some(dossier),
        Err(Error::Run(error)) => {
            say(&format!("note: {error}; what follows of findings is not in the calendar"));
            None
        }
        Err(error) => return Err(error),
    };
    let today = context.clock.now().date_naive();
    let last = today.checked_add_days(chrono::Days::new(args.days)).unwrap_or(NaiveDate::MAX);
    let mut entries = calendar::entries(&workspace.decisions, &catalog, dossier.as_ref());
    entries.retain(|e| e.day <= last);
    match args.format {
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&entries))),
        Format::Ics => data(&ics::calendar(
            "Affiant",
            context.clock.now(),
            &entries.iter().map(event).collect::<Vec<_>>(),
        )),
        Format::Html => {
            let page = page(&entries, &workspace.decisions, today);
            data(&handed::page(&page, &Templates::new(built_in::templates()))?);
        }
        Format::Table => {
            let style = Style::of_stdout();
            for e in &entries {
                let past = if e.day < today { "PAST" } else { "" };
                let who = if e.who.is_empty() { String::new() } else { format!(" ({})", e.who) };
                data(&format!(
                    "{} {past:<4} {:<11} {}\n",
                    e.day,
                    e.kind,
                    style.fit(&format!("{}{who}", printable(&e.what)), 120)
                ));
            }
        }
    }
    Ok(Exit::Done)
}

/// What is past first, then a section for each month.
fn page(entries: &[DueDay], decisions: &Decisions, today: NaiveDate) -> HandedDocument {
    let (past, coming): (Vec<&DueDay>, Vec<&DueDay>) = entries.iter().partition(|e| e.day < today);
    let mut blocks = Vec::new();
    if !past.is_empty() {
        blocks.push(HandedBlock::section("Past"));
        blocks.push(table(&past));
    }
    let month = |e: &&DueDay| (e.day.year(), e.day.month());
    for due in coming.chunk_by(|a, b| month(a) == month(b)) {
        blocks.push(HandedBlock::section(due[0].day.format("%B %Y").to_string()));
        blocks.push(table(due));
    }
    let facts = &decisions.workspace;
    let sample = facts.sample.then(|| "SAMPLE: synthetic or replayed evidence".to_string());
    HandedDocument {
        ident: format!("calendar-{today}"),
        title: "Calendar of reviews and expiries".into(),
        lead: format!(
            "{} days past and {} to come, as files and evidence have them.",
            past.len(),
            coming.len()
        ),
        organization: printable(&facts.organization.name),
        period: printable(&facts.period.label),
        short_id: today.to_string(),
        as_of: format!("{today}T00:00:00Z"),
        draft: false,
        sample: facts.sample,
        warnings: sample.into_iter().collect(),
        facts: vec![
            HandedFact::text("Organization", printable(&facts.organization.name)),
            HandedFact::text("System", printable(&facts.organization.system)),
            HandedFact::text("Made on", today.to_string()),
        ],
        blocks,
    }
}

fn table(rows: &[&DueDay]) -> HandedBlock {
    let row = |e: &&DueDay| {
        let who = if e.who.is_empty() { "nobody is named".to_string() } else { printable(&e.who) };
        let kind = HandedCell { text: e.kind.into(), code: e.file.into(), ..HandedCell::default() };
        let day = HandedCell::text(e.day.format("%a %Y-%m-%d").to_string());
        vec![day, HandedCell::text(printable(&e.what)), HandedCell::text(who), kind]
    };
    let widths =
        [HandedWidth::points(84), HandedWidth::share(3), HandedWidth::share(1), HandedWidth::points(150)];
    HandedBlock::table(&["Day", "What", "Who", "Where it is said"], &widths, rows.iter().map(row).collect())
}

fn event(entry: &DueDay) -> CalendarEvent {
    CalendarEvent {
        key: format!("calendar\0{}\0{}\0{}", entry.day, entry.kind, entry.what),
        at: Moment::Day(entry.day),
        summary: entry.what.clone(),
        description: format!(
            "{}\n{}",
            if entry.who.is_empty() { "nobody is named" } else { &entry.who },
            entry.file
        ),
        alarms: vec![24 * 14],
    }
}
