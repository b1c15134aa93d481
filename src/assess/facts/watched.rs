//! Which of the events that must be told of each metric filter and each EventBridge rule takes in: the tables
//! `metric_filter_event` and `events_rule_event`. Where it takes in none there is no row. The events stand in
//! the catalog's table `cloudtrail_watched_event`, the patterns in those of filters and rules; this file only
//! asks one of the other, so that stock `sqlite3` repeats every check that joins the answers.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::event_pattern::EventPattern;
use super::log_pattern::LogFilter;
use super::taken::Taken;
use crate::assess::input::Fault;
use crate::model::partition::Partition;

/// An account that no filter and no rule belongs to: a member of the organization whose trail feeds the log
/// group.
const MEMBER: &str = "000000000000";

/// An event of the catalog's list.
struct Watched {
    question: String,
    event: String,
    /// As CloudTrail writes it into a log group; `None` for what is no event of CloudTrail.
    logged: Option<String>,
    /// As EventBridge delivers it.
    delivered: String,
}

/// A pattern, and whose it is.
struct Asking {
    arn: String,
    account: String,
    region: String,
    pattern: String,
}

/// Fills one of the tables, anew.
pub fn fill(db: &Connection, table: &str) -> Result<(), Fault> {
    db.execute(&format!("DELETE FROM {table}"), [])?;
    match table {
        "metric_filter_event" => filters(db),
        _ => rules(db),
    }
}

fn filters(db: &Connection) -> Result<(), Fault> {
    let events = events(db)?;
    let mut insert = db.prepare("INSERT INTO metric_filter_event VALUES (?,?,?,?,?,?,?,?)")?;
    let asking = asking(db, "cloudwatch_metric_filter")?;
    for there in asking.chunk_by(Asking::beside) {
        let own = placed(&events, |e| e.logged.as_deref(), &there[0].account, &there[0].region);
        let members = placed(&events, |e| e.logged.as_deref(), MEMBER, &there[0].region);
        for Asking { arn, account, region, pattern } in there {
            let read = LogFilter::read(pattern);
            for ((watched, own), (_, other)) in own.iter().zip(&members) {
                let (own, other) = (read.takes(own), read.takes(other));
                if (own.taken, other.taken) == (Taken::No, Taken::No) {
                    continue;
                }
                // of an account that is not the filter's own nothing is known but what both have in common
                let members = if own.taken == other.taken { other.as_str() } else { "unknown" };
                let why = own.open.join("; ");
                insert.execute(params![
                    arn,
                    account,
                    region,
                    watched.question,
                    watched.event,
                    own.as_str(),
                    members,
                    why
                ])?;
            }
        }
    }
    Ok(())
}

fn rules(db: &Connection) -> Result<(), Fault> {
    let events = events(db)?;
    let mut insert = db.prepare("INSERT INTO events_rule_event VALUES (?,?,?,?,?,?,?)")?;
    let asking = asking(db, "events_rule")?;
    for there in asking.chunk_by(Asking::beside) {
        let delivered = placed(&events, |e| Some(e.delivered.as_str()), &there[0].account, &there[0].region);
        for Asking { arn, account, region, pattern } in there {
            let read = EventPattern::read(pattern);
            for (watched, event) in &delivered {
                let asked = read.takes(event);
                if asked.taken != Taken::No {
                    let why = asked.open.join("; ");
                    insert.execute(params![
                        arn,
                        account,
                        region,
                        watched.question,
                        watched.event,
                        asked.as_str(),
                        why
                    ])?;
                }
            }
        }
    }
    Ok(())
}

fn events(db: &Connection) -> Result<Vec<Watched>, Fault> {
    let mut statement =
        db.prepare("SELECT question, event, logged, delivered FROM cloudtrail_watched_event ORDER BY 1, 2")?;
    let rows = statement.query_map([], |row| {
        Ok(Watched { question: row.get(0)?, event: row.get(1)?, logged: row.get(2)?, delivered: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The patterns of a table; evidence of another form than text has none.
fn asking(db: &Connection, table: &str) -> Result<Vec<Asking>, Fault> {
    let text = ["arn", "account", "region", "pattern"]
        .map(|column| format!("typeof({column}) = 'text'"))
        .join(" AND ");
    let mut statement = db.prepare(&format!(
        "SELECT DISTINCT arn, account, region, pattern FROM {table} WHERE {text} ORDER BY 2, 3, 1, 4"
    ))?;
    let rows = statement.query_map([], |row| {
        Ok(Asking { arn: row.get(0)?, account: row.get(1)?, region: row.get(2)?, pattern: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Asking {
    /// Whether two belong to one account and region, and so are asked about the same events.
    fn beside(&self, other: &Asking) -> bool {
        (&self.account, &self.region) == (&other.account, &other.region)
    }
}

/// The events as they would come from an account and region; what is no JSON is an event of which nothing is
/// known.
fn placed<'e>(
    events: &'e [Watched],
    template: impl Fn(&Watched) -> Option<&str>,
    account: &str,
    region: &str,
) -> Vec<(&'e Watched, Value)> {
    let read = |text: &str| {
        let text = text
            .replace("{account}", account)
            .replace("{region}", region)
            .replace("{partition}", Partition::of(region).name);
        serde_json::from_str(&text).unwrap_or_else(|_| Value::Object(serde_json::Map::new()))
    };
    events.iter().filter_map(|watched| Some((watched, read(template(watched)?)))).collect()
}
