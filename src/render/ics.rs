//! A calendar that other programs read: iCalendar (RFC 5545). The same events give the same bytes, except for
//! the stamp that is handed in.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::diag::is_hazard;
use crate::model::digest::Digest;

/// Something with a date, and when to be reminded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEvent {
    /// What makes the event itself: the same key is the same event in a later file.
    pub key: String,
    pub at: Moment,
    pub summary: String,
    pub description: String,
    /// Hours before it.
    pub alarms: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Day(NaiveDate),
    Time(DateTime<Utc>),
}

/// The whole file, with CRLF and lines of at most 75 octets.
pub fn calendar(name: &str, stamp: DateTime<Utc>, events: &[CalendarEvent]) -> String {
    let mut out = String::new();
    let mut line = |text: String| fold(&text, &mut out);
    line("BEGIN:VCALENDAR".into());
    line("VERSION:2.0".into());
    line("PRODID:-//Affiant//EN".into());
    line("CALSCALE:GREGORIAN".into());
    line(format!("X-WR-CALNAME:{}", text(name)));
    for event in events {
        line("BEGIN:VEVENT".into());
        line(format!("UID:{}@affiant.invalid", Digest::of(event.key.as_bytes()).short()));
        line(format!("DTSTAMP:{}", utc(stamp)));
        match event.at {
            Moment::Day(day) => {
                let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
                line(format!("DTSTART;VALUE=DATE:{}", day.format("%Y%m%d")));
                line(format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
            }
            Moment::Time(at) => line(format!("DTSTART:{}", utc(at))),
        }
        line(format!("SUMMARY:{}", text(&event.summary)));
        line(format!("DESCRIPTION:{}", text(&event.description)));
        line("TRANSP:TRANSPARENT".into());
        for hours in &event.alarms {
            line("BEGIN:VALARM".into());
            line("ACTION:DISPLAY".into());
            line(format!("DESCRIPTION:{}", text(&event.summary)));
            line(format!("TRIGGER:-PT{hours}H"));
            line("END:VALARM".into());
        }
        line("END:VEVENT".into());
    }
    line("END:VCALENDAR".into());
    out
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of type TEXT: new lines and separators escaped, what nobody sees made visible.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.trim().chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\r' => {}
            c if is_hazard(c) => out.push_str(&format!("\\\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// Content lines are folded after 75 octets, never within a character.
fn fold(line: &str, out: &mut String) {
    let mut used = 0;
    for c in line.chars() {
        if used + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_and_nothing_can_leave_its_value() {
        let event = CalendarEvent {
            key: "a".into(),
            at: Moment::Day(NaiveDate::from_ymd_opt(2028, 2, 29).expect("a leap day")),
            summary: "Tell; the County, of \\ Example\r\nEND:VEVENT".into(),
            description: format!("a\u{202e}b\u{1b}{}", "é".repeat(200)),
            alarms: vec![48],
        };
        let made = calendar("x", DateTime::UNIX_EPOCH, &[event]);
        assert!(made.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{made}");
        assert!(made.contains("DTSTART;VALUE=DATE:20280229\r\nDTEND;VALUE=DATE:20280301\r\n"), "{made}");
        assert!(made.contains("SUMMARY:Tell\\; the County\\, of \\\\ Example\\nEND:VEVENT\r\n"), "{made}");
        assert!(
            made.contains("DESCRIPTION:a\\\\u{202e}b\\\\u{1b}é") && !made.contains(['\u{202e}', '\u{1b}']),
            "{made}"
        );
        assert_eq!(made.matches("\r\nEND:VEVENT\r\n").count(), 1);
    }
}
