//! What AWS Config delivered as history: files of changes, one a type and six hours, beside the snapshots in
//! its bucket. Read on request (`--since`), as delivered; AWS Config's API is not asked for it, since that
//! takes a call a resource and week.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::bucket::{BucketCache, delivers_to, fetch, listing};
use super::bucket_names::{Base, Object};
use super::counts::Spot;
use crate::collect::error::CollectError;
use crate::collect::history_files::{history_path, tally_history};
use crate::collect::live::exchange::state;
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::CollectScope;
use crate::model::run::{HISTORY, State};

/// The delivered history of every place, from the day that was named.
pub fn history(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
) -> Result<(), CollectError> {
    let Some(since) = scope.target.since else { return Ok(()) };
    log.seen.ways.since = Some(since.to_string());
    let spots: Vec<Spot> =
        (0..scope.accounts.len()).flat_map(|a| scope.regions.iter().map(move |r| (a, r.clone()))).collect();
    for spot in &spots {
        history_of(scope, log, buckets, spot, since)?;
        log.show();
    }
    Ok(())
}

fn history_of(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
    spot: &Spot,
    since: NaiveDate,
) -> Result<(), CollectError> {
    let account = scope.accounts[spot.0].id.clone();
    if let Some((state, words)) = scope.accounts[spot.0].refusal.clone() {
        log.lost(&account, &spot.1, HISTORY, words, state);
        return Ok(());
    }
    let Some(channel) = delivers_to(scope, log, buckets, spot)? else {
        let words = "AWS Config has no delivery channel here, and `aws.delivered.bucket` names no bucket";
        log.lost(&account, &spot.1, HISTORY, words, State::NotCollected);
        return Ok(());
    };
    let base = Base { prefix: &channel.prefix, account: &account, region: &spot.1 };
    let mut files: Vec<(Object, String)> = Vec::new();
    for prefix in months(since, scope.clock.now().date_naive())
        .map(|(year, month)| format!("{}{year}/{month}/", base.folder()))
    {
        match listing(scope, log, &channel, &prefix, false)? {
            Ok((objects, _)) => files.extend(objects.into_iter().filter_map(|object| {
                let (day, kind) = base.history(&object.key)?;
                (day >= since).then_some((object, kind))
            })),
            Err(refusal) => {
                let words = format!("the bucket {} could not be listed: {}", channel.bucket, refusal.words());
                log.lost(&account, &spot.1, HISTORY, words, state(&refusal));
                return Ok(());
            }
        }
    }
    let sources: BTreeSet<&str> = scope.catalog.sources();
    // changes of what no table reads can break no check
    files.retain(|(_, kind)| sources.contains(kind.as_str()));
    log.seen.histories.entry((account.clone(), spot.1.clone())).or_default();
    for (index, (file, _)) in files.iter().enumerate() {
        let name = file.key.rsplit('/').next().unwrap_or_default();
        match fetch(scope, log, &channel, file, &history_path(name), BTreeMap::new())? {
            Ok(stored) => tally_history(log.writer, &stored, name, log.seen),
            Err(refusal) => {
                let words = format!("{index} of {} files were read, then: {}", files.len(), refusal.words());
                log.lost(&account, &spot.1, HISTORY, words, state(&refusal));
                return Ok(());
            }
        }
        log.show();
    }
    Ok(())
}

/// Year and month of every month from one day to another.
fn months(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = (i32, u32)> {
    let count = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
    (count(from)..=count(to)).map(|n| (n.div_euclid(12), n.rem_euclid(12) as u32 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_of_the_period_is_listed_across_the_turn_of_a_year() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let found: Vec<_> = months(day("2026-11-30"), day("2027-02-01")).collect();
        assert_eq!(found, [(2026, 11), (2026, 12), (2027, 1), (2027, 2)]);
    }
}
