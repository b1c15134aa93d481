//! Values of options, read so that a wrong one is told in words.

use chrono::NaiveDate;

/// A day of the calendar.
pub fn day(text: &str) -> Result<NaiveDate, String> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    read.ok_or_else(|| "it is not a day of the calendar; write dates as 2026-09-30".to_string())
}

/// A count, nothing among them.
pub fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, 0 or more, without a unit".to_string())
}

/// A number of something that there must be some of.
pub fn some(text: &str) -> Result<u64, String> {
    count(text)
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| "write a whole number, 1 or more, without a unit".to_string())
}

#[cfg(test)]
mod tests {
    use super::{count, day, some};

    #[test]
    fn only_what_is_meant_is_read() {
        assert!(day("2026-09-30").is_ok());
        assert!(
            ["2026-02-30", "2026-9-30", "30/09/2026", "yesterday", ""].iter().all(|text| day(text).is_err())
        );
        assert_eq!((count("0"), some("12")), (Ok(0), Ok(12)));
        assert!(["-1", "all", "1.5", "9h", ""].iter().all(|text| count(text).is_err()));
        assert!(some("0").is_err());
    }
}
