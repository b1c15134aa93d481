//! Days and hours in a time zone, and where clocks are changed.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
    Weekday,
};
use chrono_tz::Tz;

/// The version of the IANA data that is built in.
pub const ZONES: &str = chrono_tz::IANA_TZDB_VERSION;

pub fn zone(name: &str) -> Result<Tz, String> {
    name.parse().map_err(|_| format!("`{name}` is not a time zone; write one such as America/Chicago"))
}

pub fn day(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| format!("`{text}` is not a date; write it as 2026-09-30"))
}

/// A point in time that somebody wrote: its day where it happened, and the first moment that it can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    /// Whether only a day was given.
    pub day_only: bool,
    pub note: Option<String>,
}

/// Reads a day, a local time of `zone`, or a time with its offset.
pub fn when(text: &str, zone: Tz) -> Result<When, String> {
    let text = text.trim();
    if let Ok(written) = DateTime::parse_from_rfc3339(text) {
        let at = written.with_timezone(&Utc);
        // UTC names no place; another offset says which day it was there
        let day = match written.offset().local_minus_utc() {
            0 => at.with_timezone(&zone).date_naive(),
            _ => written.date_naive(),
        };
        return Ok(When { day, at, day_only: false, note: None });
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let note = Some("only a day is known: hours are counted from its beginning".to_string());
        return Ok(When { day, at: start_of(day, zone), day_only: true, note });
    }
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok());
    let local = local.ok_or_else(|| {
        format!("`{text}` is not a time; write 2026-09-30, 2026-09-30T23:30 or 2026-09-30T23:30:00Z")
    })?;
    let (at, note) = match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => (at, None),
        LocalResult::Ambiguous(first, _) => (
            first,
            Some(format!(
                "{} happened twice in {zone} on that day: the first is taken",
                local.format("%H:%M")
            )),
        ),
        LocalResult::None => {
            return Err(format!("`{text}` did not happen in {zone}: the clocks were put forward over it"));
        }
    };
    Ok(When { day: local.date(), at: at.with_timezone(&Utc), day_only: false, note })
}

/// The first moment of a day; not midnight where the clocks are put forward over it.
pub fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let first = (0..=24 * 4).find_map(|quarter| {
        zone.from_local_datetime(&(midnight + TimeDelta::minutes(15 * quarter))).earliest()
    });
    first.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

/// The last second of a day.
pub fn end_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    start_of(plus_days(day, 1), zone) - TimeDelta::seconds(1)
}

pub fn plus_days(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Monday to Friday. Holidays are not known here and count: the day that comes out may be early, and is never
/// late.
pub fn plus_business_days(mut day: NaiveDate, days: u64) -> NaiveDate {
    for _ in 0..days {
        day = plus_days(day, 1);
        while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            day = plus_days(day, 1);
        }
    }
    day
}

/// Hours as they pass: a change of the clocks adds none and takes none.
pub fn plus_hours(at: DateTime<Utc>, hours: f64) -> DateTime<Utc> {
    at + TimeDelta::seconds((hours * 3600.0).floor() as i64)
}

/// Sixty days after the end of the year of a discovery, 164.408(c): March 1, or February 29.
pub fn after_year_end(day: NaiveDate, days: u64) -> NaiveDate {
    let end = NaiveDate::from_ymd_opt(day.year(), 12, 31).expect("every year has that day");
    plus_days(end, days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        day(text).expect("a date")
    }

    #[test]
    fn a_year_ends_sixty_days_before_march_or_before_a_leap_day() {
        assert_eq!(after_year_end(on("2026-01-01"), 60), on("2027-03-01"));
        assert_eq!(after_year_end(on("2027-12-31"), 60), on("2028-02-29"));
    }

    #[test]
    fn hours_pass_also_while_clocks_are_changed() {
        let zone = zone("America/New_York").expect("a zone");
        let at = when("2026-03-07T12:00", zone).expect("a time").at;
        assert_eq!(
            plus_hours(at, 24.0).with_timezone(&zone).format("%F %H:%M").to_string(),
            "2026-03-08 13:00"
        );
        assert!(when("2026-03-08T02:30", zone).is_err(), "that time did not happen");
        assert!(when("2026-11-01T01:30", zone).expect("the first of two").note.is_some());
    }

    #[test]
    fn a_day_without_midnight_has_a_beginning() {
        let zone = zone("America/Santiago").expect("a zone");
        let start = start_of(on("2026-09-06"), zone);
        assert_eq!(start.with_timezone(&zone).date_naive(), on("2026-09-06"));
        assert_eq!((start - TimeDelta::seconds(1)).with_timezone(&zone).date_naive(), on("2026-09-05"));
    }

    #[test]
    fn a_weekend_holds_no_business_day() {
        assert_eq!(plus_business_days(on("2026-10-02"), 1), on("2026-10-05"));
        assert_eq!(plus_business_days(on("2026-10-03"), 5), on("2026-10-09"));
    }
}
