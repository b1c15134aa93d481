//! `affiant breach clock`: who must be told by when. Here are the flags and the words; `program::breach`
//! counts.

use std::collections::BTreeMap;

use clap::{Args, Subcommand, ValueEnum};

use super::style::Style;
use super::{Context, Exit, data, say};
use crate::clock;
use crate::diag::{Diagnostic, Problems, printable};
use crate::model::agreements::PartyKind;
use crate::model::breach::{Due, Duty, Hold, Incident, Knower, Knowledge, Promise, Timeline, Unit};
use crate::model::decisions::Decisions;
use crate::pipeline::Error;
use crate::program::breach;
use crate::render::ics::{self, CalendarEvent, Moment};

/// When a breach is suspected
#[derive(Debug, Subcommand)]
pub enum BreachCommand {
    Clock(ClockArgs),
}

/// Who must be told by when: the breach rule, the laws of the States as far as they are known, and contracts
///
/// Prints outer limits; the standard is "without unreasonable delay". What it cannot determine it says. Times
/// are a day (2026-09-30), a local time (2026-09-30T23:30) or a time with its offset, with @ZONE behind it
/// where they happened elsewhere.
#[derive(Debug, Args)]
pub struct ClockArgs {
    /// When a member of the workforce first knew: TIME or TIME@ZONE
    #[arg(long, value_name = "TIME")]
    discovered: String,
    /// Others who knew: agent=TIME, diligence=TIME (when it should have been known), contractor=TIME,
    /// wrongdoer=TIME
    #[arg(long = "known-by", value_name = "WHO=TIME")]
    known_by: Vec<String>,
    /// The organization's time zone, such as America/Chicago [default: that of --discovered]
    #[arg(long)]
    zone: Option<String>,
    /// The role under HIPAA [default: that of affiant.yaml]
    #[arg(long)]
    role: Option<String>,
    /// A business associate or subcontractor that is an agent of the party above it
    #[arg(long)]
    agent: bool,
    /// Affected residents: CA=120,TX=501,other=3
    #[arg(long, value_name = "STATE=N", value_delimiter = ',')]
    residents: Vec<String>,
    /// All affected individuals, where that is more than the residents named
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    individuals: Option<u64>,
    /// What a contract asks: 24h=WHO, 3d=WHO (calendar days), 5bd=WHO (business days); beside those of the
    /// plan
    #[arg(long, value_name = "TIME=WHO")]
    contract: Vec<String>,
    /// A law enforcement official's statement: oral=DAY, or written=DAY..DAY (made, until)
    #[arg(long, value_name = "KIND=DAY")]
    hold: Vec<String>,
    /// Who made the oral statement
    #[arg(long, value_name = "NAME", default_value = "")]
    official: String,
    /// Who was told already, and when: individuals=DAY, hhs=DAY
    #[arg(long, value_name = "WHOM=DAY", value_delimiter = ',')]
    told: Vec<String>,
    /// How to print; ics is a calendar file
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Ics,
}

pub fn cmd_breach(command: BreachCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        BreachCommand::Clock(args) => cmd_clock(args, context),
    }
}

fn cmd_clock(args: ClockArgs, context: &Context) -> Result<Exit, Error> {
    let catalog = context.catalog()?;
    // who is woken at night must not have to mend a file first
    let decisions = match context.workspace() {
        Ok(workspace) => workspace.decisions,
        Err(Error::Problems(problems)) => {
            say(&format!("warning: the workspace was not read, only what is said here counts\n{problems}"));
            Decisions::default()
        }
        Err(error) => return Err(error),
    };
    let (incident, mut problems) = incident(&args, &decisions);
    super::values::doubts(&args.discovered, &args.told, context.clock.now())
        .iter()
        .for_each(|words| say(&format!("warning: {words}")));
    let counted = breach::timeline(&incident, &catalog.clocks, &catalog.states);
    let timeline = match (counted, problems.is_empty()) {
        (Ok(timeline), true) => timeline,
        (counted, _) => {
            problems.extend(counted.err().unwrap_or_default());
            let all = problems
                .into_iter()
                .map(|what| Diagnostic::new("AFU-020", what).hint("see `affiant breach clock --help`"));
            return Err(Problems(all.collect()).into());
        }
    };
    match args.format {
        Format::Json => data(&String::from_utf8_lossy(&crate::pipeline::package::pretty(&timeline))),
        Format::Ics => data(&ics::calendar("Breach notification", context.clock.now(), &events(&timeline))),
        Format::Text => data(&text(&timeline, context.clock.now(), Style::of_stdout())),
    }
    let open = timeline.duties.iter().any(|d| matches!(d.due, Due::NotDetermined { .. }));
    Ok(if open { Exit::Incomplete } else { Exit::Done })
}

/// People affected by state of residence.
fn residents(entries: &[String], keep: &mut dyn FnMut(Result<(), String>)) -> BTreeMap<String, u64> {
    let mut residents = BTreeMap::new();
    for entry in entries {
        keep(pair(entry, "--residents").and_then(|(state, n)| {
            let n: u64 = n.parse().map_err(|_| format!("`{entry}` names no number; write CA=120"))?;
            if n == 0 {
                return Err(format!("`{entry}` names nobody; leave out states without affected residents"));
            }
            let code =
                if state.eq_ignore_ascii_case("other") { "other".to_string() } else { state.to_uppercase() };
            match residents.insert(code, n) {
                Some(before) => Err(format!("`{state}` is named twice, with {before} and {n}; name it once")),
                None => Ok(()),
            }
        }));
    }
    residents
}

/// What was typed, laid over what the workspace says.
fn incident(args: &ClockArgs, decisions: &Decisions) -> (Incident, Vec<String>) {
    let mut problems = Vec::new();
    let mut keep = |what: Result<(), String>| problems.extend(what.err());
    let (at, zone) = placed(&args.discovered);
    let mut known = vec![Knowledge { by: Knower::Workforce, at: at.into(), zone: zone.map(String::from) }];
    for entry in &args.known_by {
        keep(knowledge(entry).map(|k| known.push(k)));
    }
    let own = args
        .zone
        .clone()
        .or(zone.map(String::from))
        .or_else(|| clock::parse(at).ok().map(|_| "UTC".to_string()));
    if own.is_none() {
        keep(Err(
            "the time zone is not known; add --zone America/Chicago, or write the zone behind the time: \
             2026-09-30T23:30@America/Chicago"
                .into(),
        ));
    }
    let residents = residents(&args.residents, &mut keep);
    let role = args.role.clone().unwrap_or_else(|| decisions.workspace.organization.role.clone());
    let mut contracts = of_plan(decisions, &role);
    for entry in &args.contract {
        keep(promise(entry).map(|p| contracts.push(p)));
    }
    let mut holds = Vec::new();
    for entry in &args.hold {
        keep(hold(entry, &args.official).map(|h| holds.push(h)));
    }
    let mut told = BTreeMap::new();
    for entry in &args.told {
        keep(pair(entry, "--told").and_then(|(whom, day)| match whom {
            "individuals" | "hhs" => {
                told.insert(whom.to_string(), day.to_string());
                Ok(())
            }
            other => Err(format!("`{other}` is not asked about; write individuals=DAY or hhs=DAY")),
        }));
    }
    let zone = own.unwrap_or_else(|| "UTC".into());
    let incident = Incident {
        role,
        agent: args.agent,
        known,
        zone,
        residents,
        individuals: args.individuals,
        contracts,
        holds,
        told,
    };
    (incident, problems)
}

/// The contract clocks of the plan, and the hours of customers' agreements, that bind the organization in its
/// role.
fn of_plan(decisions: &Decisions, role: &str) -> Vec<Promise> {
    let clocks = decisions.incident.iter().flat_map(|plan| &plan.contract_clocks);
    let ours = clocks.filter(|c| c.by == role || (c.by == "covered entity" && role == "hybrid entity"));
    // what the plan says of a party is finer than what the list of agreements says
    let told = |party: &str| {
        decisions
            .incident
            .iter()
            .flat_map(|p| &p.contract_clocks)
            .any(|c| c.who.contains(party) || c.source.contains(party))
    };
    let signed = decisions
        .agreements
        .agreements
        .iter()
        .filter(|a| a.kind == PartyKind::Customer && a.phi && !told(&a.party));
    let signed = signed.filter_map(|a| {
        let source = format!("agreement signed {}, program/agreements.yaml", a.signed);
        Some(Promise { who: a.party.clone(), amount: a.notice_hours?, unit: Unit::Hours, source })
    });
    let upstream = ["business associate", "subcontractor"].contains(&role);
    let of_plan = ours.map(|c| Promise {
        who: c.who.clone(),
        amount: c.hours,
        unit: Unit::Hours,
        source: c.source.clone(),
    });
    of_plan.chain(signed.filter(|_| upstream)).collect()
}

/// `TIME@ZONE` in its parts.
fn placed(text: &str) -> (&str, Option<&str>) {
    text.split_once('@').map_or((text, None), |(at, zone)| (at, Some(zone)))
}

fn pair<'a>(entry: &'a str, flag: &str) -> Result<(&'a str, &'a str), String> {
    entry
        .split_once('=')
        .map(|(a, b)| (a.trim(), b.trim()))
        .ok_or_else(|| format!("`{flag} {entry}` lacks its `=`"))
}

fn knowledge(entry: &str) -> Result<Knowledge, String> {
    let (who, time) = pair(entry, "--known-by")?;
    let known: Vec<&str> = Knower::ALL.iter().map(|k| k.as_str()).collect();
    let by = Knower::ALL.into_iter().find(|k| k.as_str() == who);
    let by = by.ok_or_else(|| format!("`{who}` is none of {}", known.join(", ")))?;
    let (at, zone) = placed(time);
    Ok(Knowledge { by, at: at.into(), zone: zone.map(String::from) })
}

fn promise(entry: &str) -> Result<Promise, String> {
    let (time, who) = pair(entry, "--contract")?;
    let split = time.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(time.len());
    let (number, unit) = time.split_at(split);
    let unit = match unit {
        "h" => Unit::Hours,
        "d" => Unit::Days,
        "bd" => Unit::BusinessDays,
        _ => return Err(format!("`{time}` is not a time; write 24h, 3d or 5bd")),
    };
    let amount: f64 = number.parse().map_err(|_| format!("`{time}` is not a time; write 24h, 3d or 5bd"))?;
    if !(amount.is_finite() && (0.0..=87_600.0).contains(&amount)) {
        return Err(format!("`{time}` is no time that a contract asks for"));
    }
    if unit != Unit::Hours && amount.fract() != 0.0 {
        return Err(format!("`{time}` is a part of a day; write it in hours, such as 12h"));
    }
    Ok(Promise { who: who.into(), amount, unit, source: "as given on the command line".into() })
}

fn hold(entry: &str, official: &str) -> Result<Hold, String> {
    let (kind, days) = pair(entry, "--hold")?;
    match (kind, days.split_once("..")) {
        ("oral", None) => Ok(Hold { made: days.into(), until: None, official: official.into() }),
        ("written", Some((made, until))) => {
            Ok(Hold { made: made.into(), until: Some(until.into()), official: official.into() })
        }
        _ => Err(format!(
            "`{entry}` is not a statement; write oral=2026-04-20, or written=2026-04-20..2026-06-15 with the \
             day it holds until"
        )),
    }
}

fn text(t: &Timeline, now: chrono::DateTime<chrono::Utc>, style: Style) -> String {
    let agent = if t.agent { ", an agent of the party above it" } else { "" };
    let counted = t.individuals.map_or("not counted yet".to_string(), |n| n.to_string());
    let states: Vec<String> = t.residents.iter().map(|(state, n)| format!("{state} {n}")).collect();
    let states = if states.is_empty() { String::new() } else { format!(" ({})", states.join(", ")) };
    let mut out = format!(
        "{}\nrole         {}{agent}\ndiscovered   {}, {}: \
         {}\nindividuals  {counted}{states}\nzone         {}, time zone data {}\n\n{}\n",
        style.strong("Breach clock"),
        printable(&t.role),
        t.discovered.day,
        t.discovered.local,
        t.discovered.words,
        t.zone,
        t.zones,
        style.strong("Without unreasonable delay, and no later than")
    );
    t.duties.iter().for_each(|duty| out.push_str(&line(duty, t, now, style)));
    out.push('\n');
    t.notes.iter().for_each(|note| out.push_str(&format!("{}\n", wrapped(&printable(note), "note  ", 98))));
    out
}

fn line(d: &Duty, t: &Timeline, now: chrono::DateTime<chrono::Utc>, style: Style) -> String {
    let due = match &d.due {
        Due::Day { day, .. } => format!("{day} (end of day)"),
        Due::Moment { local, .. } => local.clone(),
        Due::NotDetermined { .. } => "not determined".into(),
        Due::NotOwed { .. } => "not owed".into(),
    };
    let left = d
        .due
        .until()
        .and_then(|until| clock::parse(until).ok())
        .map_or(String::new(), |until| left(until - now));
    let by = if d.ours { String::new() } else { format!("by the {}: ", d.by) };
    let why = match &d.due {
        Due::NotDetermined { why } | Due::NotOwed { why } => why.as_str(),
        Due::Day { .. } | Due::Moment { .. } => d.words.as_str(),
    };
    let held = d
        .not_before
        .as_ref()
        .map(|day| format!("Held: nobody is told before the end of {day} in {}. ", t.zone))
        .unwrap_or_default();
    let source = if d.source.is_empty() { d.basis.clone() } else { format!("{}, {}", d.basis, d.source) };
    let body = printable(&format!("{held}{why} [{source}]"));
    format!(
        "\n{}{left}\n{}\n{}\n",
        style.strong(&due),
        wrapped(&printable(&format!("{by}{}", d.who)), "  ", 98),
        wrapped(&body, "  ", 98)
    )
}

/// How long is left, in the largest unit that says something.
fn left(delta: chrono::TimeDelta) -> String {
    let hours = delta.num_minutes().abs() as f64 / 60.0;
    let amount =
        if hours < 72.0 { format!("{hours:.1} hours") } else { format!("{} days", (hours / 24.0).floor()) };
    if delta < chrono::TimeDelta::zero() {
        format!("   PAST by {amount}")
    } else {
        format!("   {amount} left")
    }
}

/// Text in lines of a width; every line but the first stands under the first's text.
fn wrapped(text: &str, head: &str, width: usize) -> String {
    let indent = " ".repeat(head.len());
    let mut lines = vec![head.to_string()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("one from the start");
        if last.len() + word.len() + 1 > width && last.trim().len() > head.trim().len() {
            lines.push(format!("{indent}{word}"));
        } else {
            let gap = if last.ends_with(' ') || last.is_empty() { "" } else { " " };
            last.push_str(&format!("{gap}{word}"));
        }
    }
    lines.join("\n")
}

/// One event a duty with a date; a day is reminded of ten days and two days before, a moment two hours.
fn events(t: &Timeline) -> Vec<CalendarEvent> {
    let dated = t.duties.iter().filter_map(|duty| {
        let (at, alarms) = match &duty.due {
            Due::Day { day, .. } => (Moment::Day(breach::dates::day(day).ok()?), vec![240, 48]),
            Due::Moment { until, .. } => (Moment::Time(clock::parse(until).ok()?), vec![2]),
            Due::NotDetermined { .. } | Due::NotOwed { .. } => return None,
        };
        let held = duty
            .not_before
            .as_ref()
            .map(|day| format!("\nNot before the end of {day} (164.412)."))
            .unwrap_or_default();
        Some(CalendarEvent {
            key: format!("breach\0{}\0{}\0{}", t.discovered.day, duty.id, duty.who),
            at,
            summary: format!("Latest notice: {}", duty.who),
            description: format!(
                "By: {}\nWithout unreasonable delay, and no later than this. {}\n{}: {}{held}",
                duty.by, duty.words, duty.basis, duty.source
            ),
            alarms,
        })
    });
    dated.collect()
}
