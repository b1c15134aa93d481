//! What the laws of the States ask. A law that is not among the data, or that nobody compared with its text,
//! gets no date.

use std::collections::BTreeMap;

use super::{Count, dates};
use crate::model::breach::{Due, Duty, Incident, StateRule, StateStart, Unit};
use crate::model::numbers::plural;

/// Individuals who live in no State or jurisdiction of the United States.
pub const ELSEWHERE: &str = "other";

/// The States and jurisdictions of 45 CFR 160.103, by postal code.
const STATES: [(&str, &str); 56] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AS", "American Samoa"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "the District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("GU", "Guam"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("MP", "the Northern Mariana Islands"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("VI", "the U.S. Virgin Islands"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

pub fn name(code: &str) -> &str {
    STATES.iter().find(|(c, _)| *c == code).map_or(code, |(_, name)| name)
}

/// Complains about codes that are none.
pub fn unknown(residents: &BTreeMap<String, u64>, problems: &mut Vec<String>) {
    let known = |code: &str| code == ELSEWHERE || STATES.iter().any(|(c, _)| *c == code);
    problems.extend(residents.keys().filter(|code| !known(code)).map(|code| {
        format!(
            "`{code}` is no State or jurisdiction; write its postal code, such as CA or PR, or \
                 `{ELSEWHERE}` for other countries"
        )
    }));
}

/// The duties under each State's law toward its residents.
pub(super) fn duties(count: &Count<'_>, ours: bool, all: &mut Vec<Duty>) {
    for (code, n) in count.incident.residents.iter().filter(|(_, n)| **n > 0) {
        match count.states.states.iter().find(|law| law.state == *code) {
            Some(law) => {
                all.extend(law.rules.iter().enumerate().map(|(i, r)| rule(count, ours, code, i, r, *n)))
            }
            None => all.push(open(
                code,
                *n,
                ours,
                by(count),
                format!("not determined: ask counsel; the law of {} is not among the data", name(code)),
            )),
        }
    }
}

/// A business associate holds data of another; what a State asks of it then is not in the data.
pub fn of_owner(incident: &Incident, all: &mut Vec<Duty>) {
    for (code, n) in incident.residents.iter().filter(|(_, n)| **n > 0) {
        let why = "not determined: ask counsel; what a State asks of one that keeps data for another is not \
                   among the data"
            .to_string();
        all.push(open(code, *n, true, incident.role.clone(), why));
    }
}

fn by(count: &Count<'_>) -> String {
    match count.incident.role.as_str() {
        "business associate" | "subcontractor" => "covered entity".into(),
        role => role.into(),
    }
}

fn open(code: &str, n: u64, ours: bool, by: String, why: String) -> Duty {
    Duty {
        id: format!("state-{}", code.to_lowercase()),
        who: match code {
            ELSEWHERE => format!("Whoever the law of other countries names, for {}", plural(n, "resident")),
            code => format!("Whoever the law of {} names, for {}", name(code), plural(n, "resident")),
        },
        by,
        ours,
        basis: "state law".into(),
        source: String::new(),
        due: Due::NotDetermined { why },
        not_before: None,
        words: String::new(),
    }
}

fn rule(count: &Count<'_>, ours: bool, code: &str, index: usize, rule: &StateRule, residents: u64) -> Duty {
    let unplaced = count.individuals.map_or(0, |(_, unplaced)| unplaced);
    let due = match rule.at_least {
        _ if !rule.verified => {
            Due::NotDetermined { why: format!("not determined: ask counsel; {}", rule.checked.trim()) }
        }
        Some(least) if residents + unplaced < least => Due::NotOwed {
            why: format!("fewer than {least}: {} of {}", plural(residents, "resident"), name(code)),
        },
        Some(least) if residents < least => Due::NotDetermined {
            why: format!(
                "the State of {} is not known: with {} named, {least} or more may live in {}",
                plural(unplaced, "individual"),
                plural(residents, "resident"),
                name(code)
            ),
        },
        _ => limit(count, rule),
    };
    let held = if count.holds.is_empty() {
        ""
    } else {
        " Whether law enforcement may delay it follows from that law: ask counsel."
    };
    Duty {
        id: format!("state-{}-{}", code.to_lowercase(), index + 1),
        who: rule.who.clone(),
        by: by(count),
        ours,
        basis: "state law".into(),
        source: rule.source.clone(),
        due,
        not_before: None,
        words: format!("{}{held}", rule.words.trim()),
    }
}

/// Counted from the day on which it starts; where that has not come yet, from the last day on which it may.
fn limit(count: &Count<'_>, rule: &StateRule) -> Due {
    let last = |id: &str| {
        let told = count.incident.told.get(id).and_then(|day| dates::day(day).ok());
        told.unwrap_or_else(|| dates::plus_days(count.day, 60))
    };
    let start = match rule.from {
        StateStart::Discovery => count.day,
        StateStart::IndividualsTold => individuals_told(count, rule).unwrap_or_else(|| last("individuals")),
        StateStart::HhsTold => last("hhs"),
    };
    match rule.unit {
        Unit::Hours if rule.from == StateStart::Discovery => {
            let at = dates::plus_hours(count.at, f64::from(rule.amount));
            let local = at.with_timezone(&count.zone).format("%Y-%m-%d %H:%M %Z").to_string();
            Due::Moment { local, until: crate::clock::stamp(at) }
        }
        Unit::Hours => count.day_due(dates::plus_days(start, u64::from(rule.amount / 24))),
        Unit::Days => count.day_due(dates::plus_days(start, u64::from(rule.amount))),
        Unit::BusinessDays => count.day_due(dates::plus_business_days(start, u64::from(rule.amount))),
    }
}

/// The day on which the individuals were told, else the State's own limit for telling them.
fn individuals_told(count: &Count<'_>, rule: &StateRule) -> Option<chrono::NaiveDate> {
    if let Some(told) = count.incident.told.get("individuals") {
        return dates::day(told).ok();
    }
    let law = count.states.states.iter().find(|law| law.rules.iter().any(|r| std::ptr::eq(r, rule)))?;
    let own =
        law.rules.iter().find(|r| r.from == StateStart::Discovery && r.verified && r.unit == Unit::Days)?;
    Some(dates::plus_days(count.day, u64::from(own.amount.min(60))))
}
