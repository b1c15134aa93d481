//! Values of options, read so that a wrong one is told in words.

use std::ffi::OsString;

use chrono::{DateTime, Days, NaiveDate, Utc};

/// A day of the calendar.
pub fn day(text: &str) -> Result<NaiveDate, String> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    read.ok_or_else(|| "it is not a day of the calendar; write dates as 2026-09-30".to_string())
}

/// A count, nothing among them.
pub fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, 0 or more, without a unit".to_string())
}

/// A number of days.
pub fn days(text: &str) -> Result<i64, String> {
    let days = count(text)?;
    i64::try_from(days).ok().filter(|n| *n <= 36_500).ok_or_else(|| "write at most 36500 days".to_string())
}

/// A number of days that is shown.
pub fn ahead(text: &str) -> Result<u64, String> {
    days(text).map(i64::unsigned_abs)
}

/// What to write for an option that begins with the dash of a word processor.
pub fn dashes(args: &[OsString]) -> Option<String> {
    let long =
        |text: &str| text.trim_start_matches(['\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}']).to_string();
    let mut typed = args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let typed = typed.find(|arg| long(arg) != **arg)?;
    Some(format!(
        "  hint: `{typed}` begins with the dash of a word processor; type two hyphens: `--{}`",
        long(&typed)
    ))
}

/// A number of something that there must be some of; only options of AWS ask for one.
#[cfg(any(feature = "aws", test))]
pub fn some(text: &str) -> Result<u64, String> {
    count(text)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "write a whole number, 1 or more, without a unit".to_string())
}

#[cfg(any(feature = "aws", test))]
fn up_to(text: &str, most: u16) -> Result<u16, String> {
    let read = text.parse().ok().filter(|n| (1..=most).contains(n));
    read.ok_or_else(|| format!("write a whole number from 1 to {most}"))
}

/// Attempts of a call.
#[cfg(any(feature = "aws", test))]
pub fn attempts(text: &str) -> Result<u16, String> {
    up_to(text, 20)
}

/// Calls at once.
#[cfg(any(feature = "aws", test))]
pub fn parallel(text: &str) -> Result<u16, String> {
    up_to(text, 64)
}

/// The number of a file descriptor.
pub fn descriptor(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "write the number of a file descriptor that is open, such as 3".to_string())
}

/// Days of a breach that cannot be right, where the rest can be counted all the same.
pub fn doubts(discovered: &str, told: &[String], now: DateTime<Utc>) -> Vec<String> {
    let day = discovered.get(..10).unwrap_or_default();
    // it may be tomorrow somewhere
    let tomorrow = (now + Days::new(1)).format("%Y-%m-%d").to_string();
    let mut doubts = Vec::new();
    if day.starts_with(|c: char| c.is_ascii_digit()) && day > tomorrow.as_str() {
        doubts.push(format!("`--discovered {discovered}` is yet to come; mend the date if it is wrong"));
    }
    let told = told.iter().filter_map(|entry| entry.split_once('='));
    doubts.extend(told.filter(|(_, told)| *told < day).map(|(whom, told)| {
        format!("`--told {whom}={told}` is before the discovery; mend the date if it is wrong")
    }));
    doubts
}

#[cfg(test)]
mod tests {
    use super::{ahead, attempts, count, dashes, day, descriptor, parallel, some};

    #[test]
    fn only_what_is_meant_is_read() {
        assert!(day("2026-09-30").is_ok());
        assert!(
            ["2026-02-30", "2026-9-30", "30/09/2026", "yesterday", ""].iter().all(|text| day(text).is_err())
        );
        assert_eq!((count("0"), some("12")), (Ok(0), Ok(12)));
        assert!(["-1", "all", "1.5", "9h", ""].iter().all(|text| count(text).is_err()));
        assert!(some("0").is_err());
        assert_eq!((attempts("20"), parallel("64"), descriptor("3")), (Ok(20), Ok(64), Ok(3)));
        assert!(["0", "65", "-1", "many"].iter().all(|text| parallel(text).is_err()));
        assert!(attempts("21").is_err() && descriptor("x").is_err());
        assert_eq!(ahead("365"), Ok(365));
        assert!(ahead("999999999999").is_err());
    }

    #[test]
    fn a_dash_that_is_no_hyphen_is_told() {
        let told = |typed: &str| dashes(&["affiant".into(), "assess".into(), typed.into()]);
        assert!(told("\u{2013}format").is_some_and(|hint| hint.contains("`--format`")));
        assert_eq!(told("--format"), None);
        assert_eq!(told("2026-09-30"), None);
    }
}
