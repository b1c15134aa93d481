//! The one clock. Whoever needs the time is handed one; a pinned clock is named wherever its times show.

#![allow(clippy::disallowed_methods)] // the one clock

use chrono::{DateTime, SecondsFormat, Utc};

/// Where times come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A fixed time, for tests and the sample. Runs made with it are marked SAMPLE.
    Pinned(DateTime<Utc>),
}

impl Clock {
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Clock::System => Utc::now(),
            Clock::Pinned(at) => *at,
        }
    }

    /// `system` or `pinned`, as written into `run.json`.
    pub fn kind(&self) -> &'static str {
        match self {
            Clock::System => "system",
            Clock::Pinned(_) => "pinned",
        }
    }

    pub fn is_pinned(&self) -> bool {
        matches!(self, Clock::Pinned(_))
    }

    /// Parses an RFC 3339 time to pin.
    pub fn pinned(text: &str) -> Result<Clock, String> {
        parse(text).map(Clock::Pinned)
    }
}

/// RFC 3339 with seconds and `Z`, the only form we write.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads an RFC 3339 time.
pub fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .map_err(|error| format!("`{text}` is not an RFC 3339 time: {error}"))
}
