//! The time before the run, for readers: what was broken and when it ended, and what recorded nothing.

use super::controls::short_name;
use super::{Inputs, References, plural};
use crate::clock;
use crate::model::assessment::{Episode, History, RecordingStop};
use crate::model::dossier::{EpisodeReport, PastReport, StopReport};
use crate::model::run::HISTORY;

/// The operation that tells of stops.
const EVENTS: &str = "cloudtrail:LookupEvents";

pub fn report(inputs: &Inputs<'_>, refs: &References) -> PastReport {
    let history = inputs.assessment.history.as_ref();
    PastReport {
        words: history.map_or_else(
            || {
                "AWS Config's history was not read for this package, so it does not say what was broken and \
                 repaired before its verdicts. `affiant collect --aws --since` reads it."
                    .into()
            },
            |history| words(history, inputs),
        ),
        since: history.map(|h| h.since.clone()).unwrap_or_default(),
        episodes: history
            .map_or_else(Vec::new, |h| h.episodes.iter().map(|e| episode(e, inputs, refs)).collect()),
        episodes_total: history.map_or(0, |h| h.ended + h.open),
        stops_words: stops_words(inputs),
        stops: inputs.assessment.stops.iter().map(|s| stop(s, refs)).collect(),
    }
}

fn words(history: &History, inputs: &Inputs<'_>) -> String {
    let gaps =
        inputs.assessment.sources.iter().filter(|line| line.source == HISTORY && line.state.is_gap()).count()
            as u64;
    let found = match (history.ended, history.open) {
        (0, 0) => "No check was broken within that time, as far as these changes show.".to_string(),
        (0, 1) => "1 began in that time and is still so.".to_string(),
        (0, open) => format!("{open} began in that time and are still so."),
        (ended, 0) => format!("{} ended before the run; none is left.", plural(ended, "break")),
        (ended, open) => {
            let still = if open == 1 { "is" } else { "are" };
            format!(
                "{} ended before the run; {open} began in that time and {still} still so.",
                plural(ended, "break")
            )
        }
    };
    let cut = history.judged_from.as_ref().map_or_else(String::new, |from| {
        format!(
            " There were too many changes to judge them all: those before {from} were taken together and \
                 not judged one by one."
        )
    });
    let unread = match gaps {
        0 => String::new(),
        n => format!(
            " {} of the history could not be read in full; “Coverage” says which: what was broken there is \
             not known.",
            plural(n, "place")
        ),
    };
    format!(
        "Since {}, AWS Config delivered {} in {}. The checks that a change bears on were run again on the \
         configuration as it then stood, with today's parameters; changes to different resources that follow \
         one another were judged together ({} in all). What other AWS APIs answered is known only as of the \
         run. Each time is that of the resource's own change or, where a change elsewhere broke or repaired \
         it, of the last change judged with it. {found}{cut}{unread}",
        history.since,
        plural(history.changes, "change"),
        plural(history.files, "file"),
        plural(history.steps, "step")
    )
}

fn episode(episode: &Episode, inputs: &Inputs<'_>, refs: &References) -> EpisodeReport {
    EpisodeReport {
        check: episode.check.clone(),
        title: inputs.catalog.checks.get(&episode.check).map(|check| check.title.clone()).unwrap_or_default(),
        resource: episode.resource.clone(),
        name: short_name(&episode.resource),
        account: episode.account.clone(),
        region: episode.region.clone(),
        reason: episode.reason.clone(),
        broken_at: episode.broken_at.clone(),
        ended_at: episode.ended_at.clone(),
        ended: episode.ended.clone().unwrap_or_else(|| "still so".into()),
        lasted: lasted(episode.broken_at.as_deref(), episode.ended_at.as_deref()),
        evidence: refs.of(episode
            .broken_artifact
            .iter()
            .chain(&episode.ended_artifact)
            .collect::<std::collections::BTreeSet<_>>()),
    }
}

/// Whether CloudTrail's event history was read everywhere: without it nobody can say that nothing was
/// stopped.
fn stops_words(inputs: &Inputs<'_>) -> String {
    let lines: Vec<_> = inputs.assessment.sources.iter().filter(|line| line.source == EVENTS).collect();
    let gaps = lines.iter().filter(|line| line.state.is_gap()).count() as u64;
    let reach = "CloudTrail keeps that history for 90 days, also while a trail is stopped.";
    let stops = inputs.assessment.stops.len() as u64;
    match (lines.len() as u64 - gaps, gaps, stops) {
        (0, _, 0) => {
            "CloudTrail's event history was not read, so whether somebody stopped a trail or the recorder of \
             AWS Config is not known."
                .into()
        }
        (_, 0, 0) => {
            format!("CloudTrail's event history shows that nobody stopped a trail or a recorder. {reach}")
        }
        (_, 0, n) => format!("CloudTrail's event history shows {}. {reach}", plural(n, "stop")),
        (_, gaps, n) => {
            format!(
                "CloudTrail's event history shows {}, and was not read in full in {}. {reach}",
                plural(n, "stop"),
                plural(gaps, "place")
            )
        }
    }
}

fn stop(stop: &RecordingStop, refs: &References) -> StopReport {
    StopReport {
        what: if stop.kind == "trail" { "trail".into() } else { "AWS Config recorder".into() },
        resource: stop.resource.clone(),
        account: stop.account.clone(),
        region: stop.region.clone(),
        event: stop.event.clone(),
        by: stop.by.clone(),
        stopped_at: stop.stopped_at.clone(),
        started_at: stop.started_at.clone(),
        lasted: lasted(Some(&stop.stopped_at), stop.started_at.as_deref()),
        evidence: refs.of(&stop.artifact),
    }
}

/// The time between, in the two largest units that are not nothing: `3 days 4 hours`.
fn lasted(from: Option<&str>, to: Option<&str>) -> String {
    let (Some(Ok(from)), Some(Ok(to))) = (from.map(clock::parse), to.map(clock::parse)) else {
        return String::new();
    };
    let minutes = (to - from).num_minutes().max(0) as u64;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let parts: Vec<String> = [(days, "day"), (hours, "hour"), (minutes, "minute")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .take(2)
        .map(|(n, word)| plural(n, word))
        .collect();
    if parts.is_empty() { "under a minute".into() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::lasted;

    #[test]
    fn a_time_between_is_said_in_two_units_at_most() {
        let between = |from: &str, to: &str| lasted(Some(from), Some(to));
        assert_eq!(between("2026-08-01T00:00:00Z", "2026-08-04T05:59:00Z"), "3 days 5 hours");
        assert_eq!(between("2026-08-01T00:00:00Z", "2026-08-01T01:00:30Z"), "1 hour");
        assert_eq!(between("2026-08-01T00:00:00Z", "2026-08-01T00:00:30Z"), "under a minute");
        assert_eq!(lasted(None, Some("2026-08-01T00:00:00Z")), "");
    }
}
