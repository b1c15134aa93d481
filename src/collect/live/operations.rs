//! Asks the operations of the registry, level by level: once a place, or for each value that an earlier level
//! named. After the first denial an operation stops for that account and region, unless the policy of the one
//! resource refuses; what was not asked then is part of the gap.

mod jobs;
mod wanted;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use self::jobs::jobs;
use self::wanted::wanted;
use super::exchange::{Exchange, expired, state, unregistered};
use super::paged_call::next_page;
use super::run_log::RunLog;
use super::scope::{CollectScope, Inquiry};
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::collect::order::levels;
use crate::evidence::api_answer::Answer;
use crate::evidence::stand_in::{self, Call};

/// A table is asked for again so often while the service makes it.
const WAITS: u32 = 20;

/// How often an operation is asked about what its own answers name: organizational units nest five deep.
const DEPTH: u32 = 8;

/// One call to make, and those of its kind that wait for its outcome.
struct Job {
    of: Inquiry,
    exchange: Exchange,
    members: Map<String, Value>,
    waits: u32,
    /// It starts what another call reads; its own answer is not kept.
    starter: Option<Box<Job>>,
    rest: Vec<Job>,
}

impl Job {
    /// The job with those of its kind that were not asked before, or nothing.
    fn unless(mut self, asked: &mut BTreeSet<String>) -> Option<Job> {
        let rest = std::mem::take(&mut self.rest);
        let mut fresh = std::iter::once(self).chain(rest).filter(|job| asked.insert(job.exchange.call()));
        let mut first = fresh.next()?;
        first.rest = fresh.collect();
        Some(first)
    }
}

/// Every operation, for every account and region in scope.
pub fn operations(scope: &CollectScope<'_>, log: &mut RunLog<'_>) -> Result<(), CollectError> {
    let levels = levels(scope.catalog);
    let wanted = wanted(scope, log.seen);
    let last = levels.values().max().copied().unwrap_or_default();
    for level in 0..=last {
        let mut asked = BTreeSet::new();
        // what names more of its own kind is asked about these, as deep as AWS nests what it lists
        for depth in 0..DEPTH {
            let mut calls = Vec::new();
            for (account, names) in wanted.iter().enumerate() {
                for (name, regions) in names.iter().filter(|(name, _)| levels.get(*name) == Some(&level)) {
                    let deeper = scope.catalog.operations.get(name).is_some_and(|o| o.goes_deeper(name));
                    match (deeper, depth) {
                        (true, _) => {
                            calls.extend(
                                jobs(scope, log, account, name, regions)
                                    .into_iter()
                                    .filter_map(|job| job.unless(&mut asked)),
                            );
                        }
                        (false, 0) => calls.extend(jobs(scope, log, account, name, regions)),
                        (false, _) => {}
                    }
                }
            }
            if calls.is_empty() {
                break;
            }
            let known: usize = calls.iter().map(|job| 1 + job.rest.len()).sum();
            log.level(level + 1, last + 1, known);
            run(scope, log, calls)?;
        }
    }
    Ok(())
}

/// Makes the calls, and those that follow from them; answers of an earlier attempt are taken from the run.
fn run(scope: &CollectScope<'_>, log: &mut RunLog<'_>, calls: Vec<Job>) -> Result<(), CollectError> {
    let mut first = Vec::new();
    for job in calls {
        begin(scope, log, job, &mut first)?;
    }
    scope.session.work(first, |job, _, outcome| {
        let mut next = Vec::new();
        for job in done(scope, log, job, outcome)? {
            begin(scope, log, job, &mut next)?;
        }
        log.show();
        Ok(next)
    })
}

/// Asks, or takes what an earlier attempt kept and goes on from there.
fn begin<'a>(
    scope: &CollectScope<'a>,
    log: &mut RunLog<'_>,
    job: Job,
    asks: &mut Vec<(Job, Ask<'a>)>,
) -> Result<(), CollectError> {
    let mut waiting = vec![job];
    while let Some(job) = waiting.pop() {
        if job.starter.is_none()
            && let Some((_, answer)) = log.kept_answer(&job.exchange)
        {
            log.answered();
            waiting.extend(follow(scope, log, job, &answer));
            continue;
        }
        match request(scope, &job) {
            Some(ask) => asks.push((job, ask)),
            None => log.refused(&job.exchange, &unregistered(&job.exchange.full())),
        }
    }
    Ok(())
}

/// The request of a call. What starts a report has no entry of its own in the registry: that of the report
/// names it.
fn request<'a>(scope: &CollectScope<'a>, job: &Job) -> Option<Ask<'a>> {
    let mut ask = scope.ask(&job.of, &job.exchange.full(), job.members.clone())?;
    if job.starter.is_some() {
        (ask.service, ask.name) = ask.operation.before.as_deref()?.split_once(':')?;
        ask.api = scope.catalog.apis.get(ask.service)?;
    }
    Some(ask)
}

/// What is to be asked next, by what came of a call.
fn done(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    mut job: Job,
    outcome: Result<Reply, Refusal>,
) -> Result<Vec<Job>, CollectError> {
    log.answered();
    if let Some(waiting) = job.starter.take() {
        if let Err(refusal) = outcome {
            log.refused(&waiting.exchange, &refusal);
            return Ok(waiting.rest);
        }
        return Ok(vec![*waiting]);
    }
    let operation = &scope.catalog.operations[&job.exchange.full()];
    match outcome {
        Ok(reply) => {
            log.progress.throttled += u64::from(reply.throttled);
            let (_, answer) = log.keep_answer(&job.exchange, &reply, None)?;
            Ok(follow(scope, log, job, &answer))
        }
        Err(refusal) if operation.wait.contains(&refusal.code) && job.waits < WAITS => {
            job.waits += 1;
            if refusal.code.ends_with("InProgress") || operation.before.is_none() {
                std::thread::sleep(std::time::Duration::from_millis(500));
                return Ok(vec![job]);
            }
            let (of, exchange) = (job.of.clone(), job.exchange.clone());
            Ok(vec![Job {
                of,
                exchange,
                members: Map::new(),
                waits: 0,
                starter: Some(Box::new(job)),
                rest: Vec::new(),
            }])
        }
        Err(refusal) => turned_down(scope, log, job, &refusal),
    }
}

/// Keeps a refusal, and gives up what the same refusal would meet.
fn turned_down(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    job: Job,
    refusal: &Refusal,
) -> Result<Vec<Job>, CollectError> {
    log.progress.throttled += refusal.reply.as_ref().map_or(0, |r| u64::from(r.throttled));
    if refusal.kind == Kind::Expired {
        return Err(expired(refusal));
    }
    let full = job.exchange.full();
    match &refusal.reply {
        Some(reply) if scope.catalog.operations[&full].means_absent(&refusal.code, &refusal.message) => {
            log.keep_answer(&job.exchange, reply, None)?;
            return Ok(job.rest);
        }
        _ => log.keep_refusal(&job.exchange, refusal)?,
    }
    // a first call that was throttled to its last attempt says that the others would only wait, and slow down
    // somebody's work
    let stops = matches!(
        refusal.kind,
        Kind::Denied | Kind::DeniedByOrganization | Kind::RegionOff | Kind::NotOffered | Kind::Throttled
    );
    if !stops || refusal.is_of_one_resource() {
        return Ok(job.rest);
    }
    log.progress.known = log.progress.known.saturating_sub(job.rest.len() as u64);
    let place = (job.exchange.account.clone(), job.exchange.region.clone(), full);
    if !job.rest.is_empty() && log.denied.insert(place.clone()) {
        let words = format!("{}; {} more were not asked", refusal.words(), job.rest.len());
        log.seen.responses.entry(place).or_default().push((state(refusal), words));
    }
    Ok(Vec::new())
}

/// Takes from an answer what later calls need, and goes to its next page.
fn follow(scope: &CollectScope<'_>, log: &mut RunLog<'_>, job: Job, answer: &Answer) -> Vec<Job> {
    let Job { of, exchange, members, rest, .. } = job;
    let mut next = rest;
    let Answer::Body(body) = answer else { return next };
    let full = exchange.full();
    let operation = &scope.catalog.operations[&full];
    log.harvest.answer(&full, body, &exchange.account, &exchange.asked_in, &members);
    for entry in operation.fill.iter().filter(|f| f.into.is_none() && f.tags_of.is_none()) {
        let call = Call { account: &exchange.account, region: &exchange.asked_in, key: &exchange.key };
        for filled in stand_in::resources(body, operation, entry, call) {
            log.progress.items += 1;
            log.harvest.filled(&exchange.account, &filled);
        }
    }
    match next_page(operation, body, &members) {
        Err(refusal) => log.refused(&exchange, &refusal),
        Ok(None) => {}
        Ok(Some(members)) => {
            let mut exchange = Exchange { page: exchange.page + 1, ..exchange };
            exchange.parameters = Value::Object(members.clone()).to_string();
            log.progress.known += 1;
            next.push(Job { of, exchange, members, waits: 0, starter: None, rest: Vec::new() });
        }
    }
    next
}
