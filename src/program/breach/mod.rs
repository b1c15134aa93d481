//! From a discovery to the outer limits of every notice: 45 CFR 164.404 to 164.412, the laws of the States as
//! far as they are known, and contracts. Pure: it reads no clock, prints nothing, and says what it cannot
//! determine.

pub mod dates;
mod holds;
mod remarks;
mod states;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::clock::stamp;
use crate::model::breach::{Discovered, Due, Duty, Incident, Promise, StateClocks, TIMELINE, Timeline, Unit};
use crate::model::catalog::LawClock;
use crate::model::numbers::{amount, plural};
use crate::model::shapes::ROLES;
use holds::Holds;
use remarks::remarks;

/// Where "500 or more" and "more than 500" part.
const THRESHOLD: u64 = 500;

/// Everything that the duties are counted from.
struct Count<'a> {
    incident: &'a Incident,
    clocks: &'a [LawClock],
    states: &'a StateClocks,
    zone: Tz,
    day: NaiveDate,
    at: DateTime<Utc>,
    holds: Holds,
    /// All affected individuals, and how many of them live where nobody said; none while nobody has counted.
    individuals: Option<(u64, u64)>,
}

/// Counts the limits. Every problem of the input is reported at once.
pub fn timeline(
    incident: &Incident,
    clocks: &[LawClock],
    states: &StateClocks,
) -> Result<Timeline, Vec<String>> {
    let mut problems = Vec::new();
    if !ROLES.contains(&incident.role.as_str()) {
        problems.push(format!(
            "`{}` is not a role under HIPAA; write one of: {}",
            incident.role,
            ROLES.join(", ")
        ));
    }
    let zone = dates::zone(&incident.zone).map_err(|problem| problems.push(problem));
    let holds = holds::read(&incident.holds).map_err(|all| problems.extend(all));
    let individuals = individuals(incident).map_err(|problem| problems.push(problem));
    states::unknown(&incident.residents, &mut problems);
    for (whom, told) in &incident.told {
        if let Err(problem) = dates::day(told) {
            problems.push(format!("{whom} told: {problem}"));
        }
    }
    let (Ok(zone), Ok(holds), Ok(individuals)) = (zone, holds, individuals) else { return Err(problems) };
    let mut notes = holds.notes.clone();
    let discovered = discovery(incident, zone, &mut notes).map_err(|all| problems.extend(all));
    let Ok((discovered, day, at)) = discovered else { return Err(problems) };
    let missing = |id: &&&str| !clocks.iter().any(|c| c.id == ***id);
    problems.extend(
        LAW.iter().filter(missing).map(|id| format!("the catalog's breach clocks have none called `{id}`")),
    );
    if !problems.is_empty() {
        return Err(problems);
    }
    let count = Count { incident, clocks, states, zone, day, at, holds, individuals };
    let mut duties = duties(&count);
    duties.extend(incident.contracts.iter().enumerate().map(|(i, promise)| count.promise(i, promise)));
    duties.sort_by_key(|d| (rank(&d.due), !d.ours, d.due.until().map(String::from)));
    notes.extend(remarks(&count));
    Ok(Timeline {
        format: TIMELINE.into(),
        role: incident.role.clone(),
        agent: incident.agent,
        discovered,
        zone: zone.name().into(),
        zones: dates::ZONES.into(),
        individuals: individuals.map(|(all, _)| all),
        residents: incident.residents.clone(),
        duties,
        notes,
    })
}

/// The clocks of the catalog that are counted from here.
const LAW: [&str; 6] =
    ["individuals", "hhs-500-or-more", "hhs-fewer-than-500", "media", "covered-entity", "business-associate"];

/// What has a date first, then what nobody can say, then what is not owed.
fn rank(due: &Due) -> u8 {
    match due {
        Due::Day { .. } | Due::Moment { .. } => 0,
        Due::NotDetermined { .. } => 1,
        Due::NotOwed { .. } => 2,
    }
}

/// All individuals, and those whose State is not known.
fn individuals(incident: &Incident) -> Result<Option<(u64, u64)>, String> {
    let named: u64 = incident.residents.values().sum();
    match incident.individuals {
        None if incident.residents.is_empty() => Ok(None),
        None => Ok(Some((named, 0))),
        Some(all) if all < named => {
            Err(format!("{all} individuals are fewer than the {named} residents that are named"))
        }
        Some(all) => Ok(Some((all, all - named))),
    }
}

/// The first day on which somebody whose knowledge counts knew. Where that moment lies on two days in two
/// zones, the earlier.
fn discovery(
    incident: &Incident,
    own: Tz,
    notes: &mut Vec<String>,
) -> Result<(Discovered, NaiveDate, DateTime<Utc>), Vec<String>> {
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for k in &incident.known {
        let zone = k.zone.as_deref().map_or(Ok(own), dates::zone);
        match zone.and_then(|zone| dates::when(&k.at, zone)) {
            Ok(when) => read.push((k.by, when)),
            Err(problem) => problems.push(problem),
        }
    }
    for (by, when) in read.iter().filter(|(by, _)| !by.counts()) {
        notes.push(format!("That {} on {} does not start the clock.", by.words(), when.day));
    }
    let day_of = |when: &dates::When| match when.day_only {
        true => when.day,
        false => when.day.min(when.at.with_timezone(&own).date_naive()),
    };
    let first =
        read.iter().filter(|(by, _)| by.counts()).min_by_key(|(by, when)| (day_of(when), when.at, *by));
    if problems.is_empty() && first.is_none() {
        problems.push("nobody is named whose knowledge starts the clock".into());
    }
    let Some((by, when)) = first.filter(|_| problems.is_empty()) else { return Err(problems) };
    let at = read.iter().filter(|(by, _)| by.counts()).map(|(_, when)| when.at).min().unwrap_or(when.at);
    let day = day_of(when);
    if !when.day_only && when.day != when.at.with_timezone(&own).date_naive() {
        notes.push(format!(
            "The discovery lies on two days: {} where it was made, {} in {}. The rule names no zone; the \
             earlier is counted.",
            when.day,
            when.at.with_timezone(&own).date_naive(),
            own.name()
        ));
    }
    notes.extend(when.note.iter().map(|note| format!("Discovery: {note}.")));
    let local = at.with_timezone(&own).format("%Y-%m-%d %H:%M %Z").to_string();
    let words = by.words().to_string();
    Ok((Discovered { day: day.to_string(), at: stamp(at), local, by: *by, words }, day, at))
}

/// Who owes what, by role.
fn duties(count: &Count<'_>) -> Vec<Duty> {
    let agent = count.incident.agent;
    let mut all = Vec::new();
    match count.incident.role.as_str() {
        "covered entity" | "hybrid entity" => covered_entity(count, true, &mut all),
        "business associate" => {
            all.push(count.law("covered-entity", true));
            match agent {
                true => covered_entity(count, false, &mut all),
                false => states::of_owner(count.incident, &mut all),
            }
        }
        "subcontractor" => {
            all.push(count.law("business-associate", true));
            match agent {
                true => all.push(count.law("covered-entity", false)),
                false => states::of_owner(count.incident, &mut all),
            }
        }
        _ => {
            let why = "subpart D of 45 CFR part 164 binds covered entities and business associates; whether \
                       another rule does, such as 16 CFR part 318, ask counsel";
            for id in ["individuals", "hhs-500-or-more", "media"] {
                let due = Due::NotOwed { why: why.into() };
                all.push(Duty { due, not_before: None, ..count.law(id, false) });
            }
            states::duties(count, true, &mut all);
        }
    }
    all
}

fn covered_entity(count: &Count<'_>, ours: bool, all: &mut Vec<Duty>) {
    all.push(count.law("individuals", ours));
    count.hhs(ours, all);
    count.media(ours, all);
    states::duties(count, ours, all);
}

impl Count<'_> {
    fn clock(&self, id: &str) -> &LawClock {
        self.clocks.iter().find(|c| c.id == id).expect("looked for before counting began")
    }

    fn day_due(&self, day: NaiveDate) -> Due {
        Due::Day { day: day.to_string(), until: stamp(dates::end_of(day, self.zone)) }
    }

    /// A clock of the rule that runs from discovery, with what law enforcement asked for.
    fn law(&self, id: &str, ours: bool) -> Duty {
        let clock = self.clock(id);
        let days = clock.days.map_or(60, |days| days as u64);
        self.held(clock, ours, dates::plus_days(self.day, days))
    }

    fn held(&self, clock: &LawClock, ours: bool, limit: NaiveDate) -> Duty {
        let (due, not_before) = self.holds.over(limit);
        // what ended before anybody knew holds nothing
        let not_before = not_before.filter(|day| *day >= self.day);
        Duty {
            id: clock.id.clone(),
            who: clock.who.clone(),
            by: clock.by.clone(),
            ours,
            basis: "law".into(),
            source: clock.source.clone(),
            due: self.day_due(due),
            not_before: not_before.map(|day| day.to_string()),
            words: clock.words.trim().into(),
        }
    }

    /// HHS: 500 or more with the individuals, fewer in the log of the year.
    fn hhs(&self, ours: bool, all: &mut Vec<Duty>) {
        let told = self.incident.told.get("individuals").and_then(|day| dates::day(day).ok());
        let now = match told {
            // at the same time as the individuals
            Some(told) if told < dates::plus_days(self.day, 60) => {
                let due = self.day_due(told.max(self.day));
                Duty { due, not_before: None, ..self.law("hhs-500-or-more", ours) }
            }
            Some(_) | None => self.law("hhs-500-or-more", ours),
        };
        let log = self.held(self.clock("hhs-fewer-than-500"), ours, dates::after_year_end(self.day, 60));
        let undone =
            |duty: &Duty, why: String| Duty { due: Due::NotOwed { why }, not_before: None, ..duty.clone() };
        match self.individuals {
            None => {
                let day = |duty: &Duty| match &duty.due {
                    Due::Day { day, .. } => day.clone(),
                    Due::Moment { .. } | Due::NotDetermined { .. } | Due::NotOwed { .. } => String::new(),
                };
                let why = format!(
                    "nobody has counted the individuals: 500 or more, no later than {}; fewer, no later than \
                     {}",
                    day(&now),
                    day(&log)
                );
                all.push(Duty {
                    due: Due::NotDetermined { why },
                    who: "HHS".into(),
                    source: "164.408".into(),
                    ..now
                });
            }
            Some((n, _)) if n >= THRESHOLD => {
                all.push(undone(&log, format!("{n} individuals are not fewer than 500")));
                all.push(now);
            }
            Some((n, _)) => {
                all.push(undone(&now, format!("fewer than 500: {}", plural(n, "individual"))));
                all.push(log);
            }
        }
    }

    /// Media: more than 500 residents, counted for each State by itself.
    fn media(&self, ours: bool, all: &mut Vec<Duty>) {
        let one = self.law("media", ours);
        let homeless = self.individuals.map(|(_, unplaced)| unplaced);
        let states = self.incident.residents.iter().filter(|(code, _)| *code != states::ELSEWHERE);
        let mut largest = 0;
        for (code, n) in states {
            largest = largest.max(*n);
            if *n > THRESHOLD {
                let who = format!(
                    "Prominent media outlets of {}: {n} of its residents are affected",
                    states::name(code)
                );
                all.push(Duty { id: format!("media-{}", code.to_lowercase()), who, ..one.clone() });
            }
        }
        let open = match homeless {
            None => Some(
                "nobody has counted the residents of each State: owed where more than 500 of one \
                          are affected"
                    .to_string(),
            ),
            Some(0) => None,
            Some(n) if largest + n > THRESHOLD => Some(format!(
                "the State of {} is not known: more than 500 of one may be among them",
                plural(n, "individual")
            )),
            Some(_) => None,
        };
        match open {
            Some(why) => all.push(Duty { due: Due::NotDetermined { why }, not_before: None, ..one }),
            None if largest <= THRESHOLD => {
                let why = format!("no State has more than 500 affected residents; the most is {largest}");
                all.push(Duty { due: Due::NotOwed { why }, not_before: None, ..one });
            }
            None => {}
        }
    }

    /// A contract runs on its own: 164.412 delays what subpart D asks and nothing else.
    fn promise(&self, index: usize, promise: &Promise) -> Duty {
        let (due, words) = match promise.unit {
            Unit::Hours => {
                let at = dates::plus_hours(self.at, promise.amount);
                let local = at.with_timezone(&self.zone).format("%Y-%m-%d %H:%M %Z").to_string();
                (
                    Due::Moment { local, until: stamp(at) },
                    format!("{} from discovery, as they pass", amount(promise.amount, "hour")),
                )
            }
            Unit::Days => {
                let day = dates::plus_days(self.day, promise.amount as u64);
                (self.day_due(day), format!("{} from discovery", amount(promise.amount, "calendar day")))
            }
            Unit::BusinessDays => {
                let day = dates::plus_business_days(self.day, promise.amount as u64);
                (
                    self.day_due(day),
                    format!(
                        "{} from discovery; holidays are not known and count",
                        amount(promise.amount, "business day")
                    ),
                )
            }
        };
        let held = if self.holds.is_empty() {
            ""
        } else {
            ". Whether the contract lets law enforcement delay it, ask counsel"
        };
        Duty {
            id: format!("contract-{}", index + 1),
            who: promise.who.clone(),
            by: self.incident.role.clone(),
            ours: true,
            basis: "contract".into(),
            source: promise.source.clone(),
            due,
            not_before: None,
            words: format!("{words}{held}"),
        }
    }
}
