//! The time before the run: what was broken within the period, and when trails and recorders stood still.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastReport {
    /// What was read and judged, or that nothing was.
    pub words: String,
    /// The time from which changes were read; empty where no history was.
    #[serde(default)]
    pub since: String,
    /// Newest first.
    pub episodes: Vec<EpisodeReport>,
    pub episodes_total: u64,
    /// Whether the answers that tell of stops were read; without it their absence means nothing.
    pub stops_words: String,
    pub stops: Vec<StopReport>,
}

/// A time in which a resource did not meet a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpisodeReport {
    pub check: String,
    pub title: String,
    pub resource: String,
    pub name: String,
    pub account: String,
    pub region: String,
    pub reason: String,
    /// RFC 3339; absent where it was so already when the history begins.
    pub broken_at: Option<String>,
    /// RFC 3339; absent where it is so still.
    pub ended_at: Option<String>,
    /// `repaired`, `gone` or `still so`.
    pub ended: String,
    /// How long, as people say it; empty where either end is not known.
    pub lasted: String,
    pub evidence: Vec<String>,
}

/// A trail or a recorder that somebody stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopReport {
    /// `trail`, `AWS Config recorder`.
    pub what: String,
    pub resource: String,
    pub account: String,
    pub region: String,
    /// The API event that stopped it: `StopLogging`.
    pub event: String,
    pub by: String,
    pub stopped_at: String,
    /// Absent where no event that starts it again followed.
    pub started_at: Option<String>,
    pub lasted: String,
    pub evidence: Vec<String>,
}
