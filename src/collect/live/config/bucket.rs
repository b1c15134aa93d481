//! What AWS Config delivered to its bucket: the newest snapshot of each account and region, as delivered. The
//! bucket may lie in a log account with a role of its own. Only `--deliver-snapshot` asks AWS Config to write
//! a new one.

#![allow(clippy::disallowed_methods)] // waits for AWS Config to deliver

mod channel;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Map, Value, json};

use super::bucket_names::{Base, Object, late, latest, listed, newest_first};
use super::counts::Spot;
use super::object_stream::StreamedParts;
use crate::aws::{Kind, Refusal};
use crate::clock::stamp;
use crate::collect::error::CollectError;
use crate::collect::history_files::is_history;
use crate::collect::live::exchange::{Exchange, expired, unregistered};
use crate::collect::live::paged_call::pages;
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::CollectScope;
use crate::collect::seen::tally_items;
use crate::model::run::{Source, State};
use crate::store::portable_name;
use channel::channel;
pub use channel::{Channel, delivers_to};

/// What switches on asking AWS Config to write.
pub const DELIVER: &str = "deliver-snapshot";
const LIST: &str = "s3:ListObjectsV2";
/// Days that are looked through for the newest snapshot.
const DAYS: usize = 60;

/// AWS Config takes minutes.
const PATIENCE: Duration = Duration::from_secs(900);

/// Objects, and the folders beside them.
type Listing = (Vec<Object>, Vec<String>);

/// A snapshot, and when it was taken by its name.
type Dated = (Object, chrono::DateTime<Utc>);

/// Delivery channels, and the regions of buckets, as far as they are known.
#[derive(Default)]
pub struct BucketCache {
    channels: BTreeMap<Spot, Value>,
    bucket_regions: BTreeMap<String, String>,
}

/// The newest snapshot of every place.
pub fn delivered(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
    spots: &[Spot],
) -> Result<(), CollectError> {
    for spot in spots {
        let Some(channel) = channel(scope, log, buckets, spot)? else { continue };
        let made =
            if scope.target.opt_in.contains(DELIVER) { deliver(scope, log, spot, &channel)? } else { None };
        match newest(scope, log, spot, &channel, made.as_deref())? {
            Ok((object, at)) => snapshot(scope, log, spot, &channel, &object, at, made.is_some())?,
            Err(refusal) => {
                let words = format!("no snapshot from the bucket {}: {}", channel.bucket, refusal.words());
                log.report(scope, "none", &words, std::slice::from_ref(spot));
            }
        }
        log.show();
    }
    Ok(())
}

/// Objects and folders below a prefix.
pub fn listing(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    channel: &Channel,
    prefix: &str,
    folders: bool,
) -> Result<Result<Listing, Refusal>, CollectError> {
    let mut members = Map::from_iter([
        ("Bucket".to_string(), Value::from(channel.bucket.as_str())),
        ("prefix".to_string(), Value::from(prefix)),
    ]);
    if folders {
        members.insert("delimiter".into(), Value::from("/"));
    }
    // everything below a prefix and its first level are two questions
    let all = if folders { "" } else { "*" };
    let found = pages(scope, log, &channel.of, LIST, &format!("{}/{prefix}{all}", channel.bucket), members)?;
    Ok(found.map(|pages| listed(&pages)))
}

/// The newest snapshot: that with the id, if one was asked for; else of the newest day that has any.
fn newest(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    spot: &Spot,
    channel: &Channel,
    id: Option<&str>,
) -> Result<Result<Dated, Refusal>, CollectError> {
    let account = scope.accounts[spot.0].id.clone();
    let base = Base { prefix: &channel.prefix, account: &account, region: &spot.1 };
    let mut waiting = vec![(0, base.folder())];
    let mut days = 0;
    while let Some((depth, folder)) = waiting.pop() {
        if depth == 3 {
            days += 1;
            let (objects, _) = match listing(scope, log, channel, &format!("{folder}ConfigSnapshot/"), false)?
            {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut objects = objects;
            objects.retain(|object| id.is_none_or(|id| object.key.contains(id)));
            if let Some(found) = latest(base, &objects) {
                return Ok(Ok(found));
            }
            if days == DAYS {
                break;
            }
            continue;
        }
        let folders = match listing(scope, log, channel, &folder, true)? {
            Ok((_, folders)) => folders,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // the last one pushed is looked through first
        waiting.extend(newest_first(&folders).into_iter().rev().map(|(_, folder)| (depth + 1, folder)));
    }
    let words = format!("no snapshot lies below {} in the newest {DAYS} days", base.folder());
    let refusal = Refusal::ours(Kind::Service, "no snapshot", words.clone());
    log.lost(&account, &spot.1, "*", words, State::NotCollected);
    Ok(Err(refusal))
}

/// Stores a snapshot as delivered and counts its items.
fn snapshot(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    spot: &Spot,
    channel: &Channel,
    object: &Object,
    at: chrono::DateTime<Utc>,
    made: bool,
) -> Result<(), CollectError> {
    let account = scope.accounts[spot.0].id.clone();
    let age = scope.clock.now() - at;
    let name = object.key.rsplit('/').next().unwrap_or_default().to_string();
    let facts = BTreeMap::from([("age-hours".to_string(), age.num_hours().max(0).to_string())]);
    // the file's own name is in its custody record; names in bags are short
    let short = format!("{account}_Config_{}_ConfigSnapshot_{}.json.gz", spot.1, at.format("%Y%m%dT%H%M%SZ"));
    let stored =
        match fetch(scope, log, channel, object, &format!("snapshots/{}", portable_name(&short)), facts)? {
            Ok(stored) => stored,
            Err(refusal) => {
                let words = format!("the snapshot of {} could not be read: {}", stamp(at), refusal.words());
                log.report(scope, "none", &words, std::slice::from_ref(spot));
                return Ok(());
            }
        };
    let (harvest, progress) = (&mut log.harvest, &mut log.progress);
    tally_items(log.writer, &stored, &name, None, log.seen, &mut |item, row| {
        progress.items += 1;
        harvest.item(&account, item, row);
    });
    if let Some(why) = late(channel.frequency.as_deref(), age) {
        log.lost(&account, &spot.1, "*", why, State::Stale);
    }
    let how = if made { "the snapshot that this run asked for" } else { "the newest snapshot" };
    let words = format!(
        "{how}, delivered {} ({} hours before) to the bucket {}",
        stamp(at),
        age.num_hours().max(0),
        channel.bucket
    );
    log.report(scope, "snapshot", &words, std::slice::from_ref(spot));
    Ok(())
}

/// Streams an object into the run; its path there. A refusal is noted as a gap of its place.
pub fn fetch(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    channel: &Channel,
    object: &Object,
    wanted: &str,
    more: BTreeMap<String, String>,
) -> Result<Result<String, Refusal>, CollectError> {
    let of = &channel.of;
    let key = format!("{}/{}", channel.bucket, object.key);
    let mut exchange = Exchange::of(of, "s3:GetObject", &key, 1);
    exchange.parameters =
        json!({ "Bucket": channel.bucket, "Key": object.key, "If-Match": object.etag }).to_string();
    if let Some(artifact) = log.kept.remove(&exchange.call()) {
        return Ok(Ok(artifact.path));
    }
    let members = Map::from_iter([
        ("Bucket".to_string(), Value::from(channel.bucket.as_str())),
        ("Key".to_string(), Value::from(object.key.as_str())),
        ("If-Match".to_string(), Value::from(object.etag.as_str())),
    ]);
    let Some(ask) = scope.ask(of, "s3:GetObject", members) else {
        return Ok(Err(unregistered("s3:GetObject")));
    };
    let mut parts = StreamedParts::new(scope.session, ask, object.size);
    let started = scope.clock.now();
    let mut custody = BTreeMap::from([
        ("call".to_string(), exchange.call()),
        ("caller".to_string(), of.caller.clone()),
        ("asked-in".to_string(), of.asked_in.clone()),
        ("started".to_string(), stamp(started)),
        ("parameters".to_string(), exchange.parameters.clone()),
        ("etag".to_string(), object.etag.clone()),
        ("last-modified".to_string(), object.modified.clone()),
    ]);
    custody.extend(more);
    let file = object.key.rsplit('/').next().unwrap_or_default().to_string();
    let history = is_history(&file);
    let source = Source::Snapshot { file, resource_type: None, history, custody };
    let stored = log.writer.add(wanted, &mut parts, &stamp(started), source);
    log.progress.calls += u64::from(parts.calls);
    match (stored, parts.refusal) {
        (Ok(stored), _) => Ok(Ok(stored.path)),
        (Err(_), Some(refusal)) if refusal.kind == Kind::Expired => Err(expired(&refusal)),
        (Err(_), Some(mut refusal)) => {
            if refusal.message.to_lowercase().contains("kms") {
                refusal.code.push_str(", the bucket's KMS key");
            }
            log.progress.refused += 1;
            log.refused(&exchange, &refusal);
            Ok(Err(refusal))
        }
        (Err(fault), None) => Err(fault.into()),
    }
}

/// Asks AWS Config to write a snapshot and waits until it lies in the bucket; its id, if it does.
fn deliver(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    spot: &Spot,
    channel: &Channel,
) -> Result<Option<String>, CollectError> {
    let Some(own) = scope.inquiry(spot.0, &spot.1, &spot.1) else { return Ok(None) };
    let members = Map::from_iter([("deliveryChannelName".to_string(), Value::from(channel.name.as_str()))]);
    let asked = pages(scope, log, &own, "config:DeliverConfigSnapshot", "", members)?;
    let Some(id) =
        asked.ok().and_then(|pages| pages.first()?["configSnapshotId"].as_str().map(str::to_string))
    else {
        return Ok(None);
    };
    let began = Instant::now();
    let account = scope.accounts[spot.0].id.clone();
    let base = Base { prefix: &channel.prefix, account: &account, region: &spot.1 };
    let mut pause = Duration::from_secs(1);
    while began.elapsed() < PATIENCE {
        let day = Utc::now().date_naive();
        // around midnight it may lie under the day before
        for day in [Some(day), day.pred_opt()].into_iter().flatten() {
            let members = Map::from_iter([
                ("Bucket".to_string(), Value::from(channel.bucket.as_str())),
                ("prefix".to_string(), Value::from(base.day(day, "ConfigSnapshot"))),
            ]);
            log.progress.calls += 1;
            match scope
                .ask(&channel.of, LIST, members)
                .ok_or_else(|| unregistered(LIST))
                .and_then(|ask| scope.session.call(&ask))
            {
                Ok(reply) if memchr::memmem::find(&reply.body, id.as_bytes()).is_some() => {
                    return Ok(Some(id));
                }
                Ok(_) => {}
                // what keeps us from looking keeps us from reading, and is noted there
                Err(_) => return Ok(None),
            }
        }
        log.show();
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(15));
    }
    let words = format!(
        "the snapshot {id} that was asked for was not delivered within {} minutes",
        PATIENCE.as_secs() / 60
    );
    log.lost(&account, &spot.1, "*", words, State::Stale);
    Ok(None)
}
