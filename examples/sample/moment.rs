//! Points in time, and the forms in which AWS writes them. Nothing here reads a clock.

use chrono::{DateTime, Utc};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// When AWS Config delivered the snapshots: 2026-09-30T11:40:00Z.
pub const SNAPSHOT: Moment = Moment(1_790_768_400_000);

/// When the other answers were collected: 2026-09-30T11:52:00Z.
pub const ANSWERS: Moment = Moment(SNAPSHOT.0 + 12 * MINUTE);

impl Moment {
    pub fn minus_days(self, days: i64) -> Moment {
        Moment(self.0 - days * DAY)
    }

    pub fn plus_days(self, days: i64) -> Moment {
        self.minus_days(-days)
    }

    pub fn minus_minutes(self, minutes: i64) -> Moment {
        Moment(self.0 - minutes * MINUTE)
    }

    /// `2026-09-30T11:40:00.000Z`, as configuration items have it.
    pub fn iso(self) -> String {
        self.form("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// `2026-09-30T11:40:00Z`, as the API Gateway's query rows have it.
    pub fn short(self) -> String {
        self.form("%Y-%m-%dT%H:%M:%SZ")
    }

    /// `2026-09-30T11:40:00.000000+00:00`, as the AWS CLI prints timestamps.
    pub fn cli(self) -> String {
        self.form("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    }

    /// `2026-09-30T11:40:00+00:00`, as the credential report has it.
    pub fn report(self) -> String {
        self.form("%Y-%m-%dT%H:%M:%S+00:00")
    }

    /// `2026-09-30`.
    pub fn date(self) -> String {
        self.form("%Y-%m-%d")
    }

    /// `Sep 30, 2026 11:40:00 AM`, as the API Gateway's items have it.
    pub fn worded(self) -> String {
        self.form("%b %-d, %Y %-I:%M:%S %p")
    }

    /// `20260930T114000Z`, as in the name of a snapshot.
    pub fn compact(self) -> String {
        self.form("%Y%m%dT%H%M%SZ")
    }

    pub fn seconds(self) -> i64 {
        self.0 / 1000
    }

    /// Seconds with a fraction, as JSON protocols of AWS send a timestamp.
    pub fn epoch(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// In a form of `strftime`.
    pub fn form(self, pattern: &str) -> String {
        let time: DateTime<Utc> = DateTime::from_timestamp_millis(self.0).expect("within chrono's range");
        time.format(pattern).to_string()
    }
}
