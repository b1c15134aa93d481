//! `affiant calendar`: what ends, what is due and what is to be reviewed, by day.

use clap::{Args, ValueEnum};

use super::services::dossier;
use super::style::Style;
use super::{Context, Exit, data, say};
use crate::diag::printable;
use crate::pipeline::Error;
use crate::program::calendar::{self, DueDay};
use crate::render::ics::{self, CalendarEvent, Moment};

/// The year's calendar: statements and exceptions that end, reviews, drills, steps and risks that are due
#[derive(Debug, Args)]
pub struct CalendarArgs {
    /// How to print; ics is a calendar file
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
    let last = today.checked_add_days(chrono::Days::new(args.days)).unwrap_or(chrono::NaiveDate::MAX);
    let mut entries = calendar::entries(&workspace.decisions, &catalog, dossier.as_ref());
    entries.retain(|e| e.day <= last);
    match args.format {
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&entries))),
        Format::Ics => data(&ics::calendar(
            "Affiant",
            context.clock.now(),
            &entries.iter().map(event).collect::<Vec<_>>(),
        )),
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
