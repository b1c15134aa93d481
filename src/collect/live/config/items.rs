//! AWS Config of every account and region, of the account itself or of an aggregator: what it says it records
//! and holds, every item by query, and by id what queries do not know. What is read is counted against AWS
//! Config's own counts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::counts::{LEFT_OUT, Ledger, Spot};
use super::requests::{AskedOf, Kinds, PAGE, Subject};
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::collect::live::exchange::{Exchange, expired, state};
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::{CollectScope, Inquiry};
use crate::model::homes::Homes;
use crate::model::run::{GLOBAL, State};

/// Whom to ask about a place.
#[derive(Clone)]
pub struct Route {
    pub form: AskedOf,
    /// The account that is asked, by its place in the run, and the region.
    pub asker: usize,
    pub region: String,
}

/// One call of AWS Config about a place.
struct Step {
    spot: Spot,
    route: Route,
    of: Inquiry,
    exchange: Exchange,
    members: Map<String, Value>,
    kind: Kinds,
}

/// Reads AWS Config of each place by its route.
pub fn config(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    routes: &BTreeMap<Spot, Route>,
) -> Result<(), CollectError> {
    let mut ledger = Ledger::default();
    let counts = routes.iter().filter_map(|(spot, route)| {
        let members = route.form.counts(subject(scope, spot));
        step(scope, spot, route, route.form.operation(&Kinds::Counts), "", members, Kinds::Counts)
    });
    make(scope, log, counts.collect(), &mut ledger)?;
    divide(&mut ledger, routes, &scope.catalog.homes);
    let selects = ledger
        .expected
        .iter()
        .flat_map(|(spot, counts)| queries(scope, spot, &routes[spot], counts))
        .collect();
    make(scope, log, selects, &mut ledger)?;
    let short = ledger.short();
    let lists = short.iter().filter_map(|(spot, name, _)| {
        let (route, kind) = (&routes[spot], Kinds::Identifiers(name.clone()));
        step(
            scope,
            spot,
            route,
            route.form.operation(&kind),
            name,
            route.form.identifiers(subject(scope, spot), name),
            kind,
        )
    });
    make(scope, log, lists.collect(), &mut ledger)?;
    // one id twice is one resource: what it stands for beside is missing from the count
    for ids in ledger.ids.values_mut() {
        ids.sort_unstable();
        ids.dedup();
    }
    let batches = ledger.ids.iter().flat_map(|((spot, name), ids)| {
        let (route, kind) = (&routes[spot], Kinds::Batch(name.clone()));
        ids.chunks(PAGE).enumerate().filter_map(move |(index, chunk)| {
            let members = route.form.batch(subject(scope, spot), name, chunk);
            step(
                scope,
                spot,
                route,
                route.form.operation(&kind),
                &format!("{name},{}", index + 1),
                members,
                kind.clone(),
            )
        })
    });
    let batches = batches.collect();
    make(scope, log, batches, &mut ledger)?;
    balance(scope, log, routes, &ledger);
    Ok(())
}

/// What the recorder of each place records, and whether it runs: asked of the account itself, since an
/// aggregator does not say.
pub fn recorders(scope: &CollectScope<'_>, log: &mut RunLog<'_>, spots: &[Spot]) -> Result<(), CollectError> {
    let names = ["DescribeConfigurationRecorders", "DescribeConfigurationRecorderStatus"];
    let settings = spots.iter().flat_map(|spot| {
        let route = Route { form: AskedOf::Own, asker: spot.0, region: spot.1.clone() };
        names.iter().filter_map(move |name| step(scope, spot, &route, name, "", Map::new(), Kinds::Settings))
    });
    make(scope, log, settings.collect(), &mut Ledger::default())
}

fn subject<'s>(scope: &'s CollectScope<'_>, spot: &'s Spot) -> Subject<'s> {
    Subject { account: &scope.accounts[spot.0].id, region: &spot.1 }
}

/// A call about a place; None where the account that would be asked cannot be.
fn step(
    scope: &CollectScope<'_>,
    spot: &Spot,
    route: &Route,
    name: &str,
    key: &str,
    members: Map<String, Value>,
    kind: Kinds,
) -> Option<Step> {
    let mut of = scope.inquiry(route.asker, &spot.1, &route.region)?;
    of.account.clone_from(&scope.accounts[spot.0].id);
    let mut exchange = Exchange::of(&of, &format!("config:{name}"), key, 1);
    exchange.parameters =
        if members.is_empty() { String::new() } else { Value::Object(members.clone()).to_string() };
    Some(Step { spot: spot.clone(), route: route.clone(), of, exchange, members, kind })
}

fn queries(
    scope: &CollectScope<'_>,
    spot: &Spot,
    route: &Route,
    counts: &BTreeMap<String, u64>,
) -> Vec<Step> {
    let wanted = counts.iter().filter(|(name, n)| **n > 0 && !LEFT_OUT.contains(&name.as_str()));
    let queries = route.form.queries(subject(scope, spot), wanted.map(|(name, _)| name.as_str()));
    let name = route.form.operation(&Kinds::Select);
    let queries = queries.into_iter().enumerate();
    queries
        .filter_map(|(index, members)| {
            step(scope, spot, route, name, &format!("{}", index + 1), members, Kinds::Select)
        })
        .collect()
}

/// Makes the calls, and those that ask for what follows.
fn make(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    mut steps: Vec<Step>,
    ledger: &mut Ledger,
) -> Result<(), CollectError> {
    // one account answers for all of them: if it may not be asked, that should be denied once
    if steps.first().is_some_and(|step| step.route.form != AskedOf::Own) && steps.len() > 1 {
        let rest = steps.split_off(1);
        together(scope, log, steps, ledger)?;
        return together(scope, log, rest, ledger);
    }
    together(scope, log, steps, ledger)
}

fn together(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    steps: Vec<Step>,
    ledger: &mut Ledger,
) -> Result<(), CollectError> {
    let mut first = Vec::new();
    for step in steps {
        first.extend(begin(scope, log, step, ledger)?);
    }
    scope.session.work(first, |step, _, outcome| {
        let mut next = Vec::new();
        if let Some(step) = done(log, step, outcome, ledger)? {
            next.extend(begin(scope, log, step, ledger)?);
        }
        log.show();
        Ok(next)
    })
}

/// The request, unless an earlier attempt kept its answer and those of all pages after it, or it was denied
/// before.
fn begin<'a>(
    scope: &CollectScope<'a>,
    log: &mut RunLog<'_>,
    mut step: Step,
    ledger: &mut Ledger,
) -> Result<Option<(Step, Ask<'a>)>, CollectError> {
    while let Some(bytes) = kept(log, &step, ledger)? {
        match after(step, &bytes, ledger) {
            Some(next) => step = next,
            None => return Ok(None),
        }
    }
    let full = step.exchange.full();
    if let Some(why) = ledger.stopped.get(&(step.route.asker, full.clone())).cloned() {
        turned_away(log, &step, why, ledger);
        return Ok(None);
    }
    Ok(scope.ask(&step.of, &full, step.members.clone()).map(|ask| (step, ask)))
}

/// The bytes that an earlier attempt kept of a call.
fn kept(log: &mut RunLog<'_>, step: &Step, ledger: &mut Ledger) -> Result<Option<Vec<u8>>, CollectError> {
    let bytes = match step.kind {
        Kinds::Select | Kinds::Batch(_) => match log.kept_items(&step.exchange)? {
            Some((bytes, counts)) => {
                add(log, step, counts, ledger);
                bytes
            }
            None => return Ok(None),
        },
        Kinds::Settings | Kinds::Counts | Kinds::Identifiers(_) => match log.kept_answer(&step.exchange) {
            Some((artifact, _)) => log.bytes_of(&artifact)?,
            None => return Ok(None),
        },
    };
    log.progress.calls += 1;
    Ok(Some(bytes))
}

/// What is to be asked next, by what came of a call.
fn done(
    log: &mut RunLog<'_>,
    step: Step,
    outcome: Result<Reply, Refusal>,
    ledger: &mut Ledger,
) -> Result<Option<Step>, CollectError> {
    log.progress.calls += 1;
    let reply = match outcome {
        Ok(reply) => reply,
        Err(refusal) if refusal.kind == Kind::Expired => return Err(expired(&refusal)),
        Err(refusal) => return turned_down(log, &step, &refusal, ledger).map(|()| None),
    };
    log.progress.throttled += u64::from(reply.throttled);
    match step.kind {
        Kinds::Select | Kinds::Batch(_) => {
            let counts = log.keep_items(&step.exchange, &reply)?;
            add(log, &step, counts, ledger);
        }
        Kinds::Settings | Kinds::Counts | Kinds::Identifiers(_) => {
            drop(log.keep_answer(&step.exchange, &reply, None)?)
        }
    }
    Ok(after(step, &reply.body, ledger))
}

/// Keeps a refusal, and gives up what the same refusal would meet.
fn turned_down(
    log: &mut RunLog<'_>,
    step: &Step,
    refusal: &Refusal,
    ledger: &mut Ledger,
) -> Result<(), CollectError> {
    let full = step.exchange.full();
    let why = (state(refusal), format!("{full}: {}", refusal.words()));
    let stops = matches!(refusal.kind, Kind::Denied | Kind::DeniedByOrganization | Kind::NotOffered);
    if step.route.form != AskedOf::Own && stops {
        ledger.stopped.insert((step.route.asker, full), why.clone());
    }
    match step.kind {
        Kinds::Settings | Kinds::Counts => log.keep_refusal(&step.exchange, refusal),
        Kinds::Select | Kinds::Identifiers(_) | Kinds::Batch(_) => {
            log.progress.refused += 1;
            turned_away(log, step, why, ledger);
            Ok(())
        }
    }
}

/// Notes that a call was not answered, or not made after a denial.
fn turned_away(log: &mut RunLog<'_>, step: &Step, why: (State, String), ledger: &mut Ledger) {
    if matches!(step.kind, Kinds::Select | Kinds::Settings | Kinds::Counts) {
        let key = (step.exchange.account.clone(), step.exchange.region.clone(), step.exchange.full());
        log.seen.responses.entry(key).or_default().push(why.clone());
    }
    let name = match &step.kind {
        Kinds::Identifiers(name) | Kinds::Batch(name) => name.clone(),
        // its types are short of their counts and are asked for by id; that it was refused stays a gap of its
        // own
        Kinds::Select => "*".to_string(),
        Kinds::Settings | Kinds::Counts => return,
    };
    ledger.refused.insert((step.spot.clone(), name), why);
}

/// Counts the items of a page.
fn add(log: &mut RunLog<'_>, step: &Step, counts: BTreeMap<String, u64>, ledger: &mut Ledger) {
    for (name, n) in counts {
        log.progress.items += n;
        ledger.add(&step.spot, &name, n, matches!(step.kind, Kinds::Batch(_)));
    }
}

/// What AWS Config counts and was not read is a gap of that type; what balances shows that a type without
/// items is empty.
fn balance(scope: &CollectScope<'_>, log: &mut RunLog<'_>, routes: &BTreeMap<Spot, Route>, ledger: &Ledger) {
    for (spot, name, (expected, read)) in ledger.short() {
        let account = scope.accounts[spot.0].id.clone();
        let (kind, why) = ledger.why(&spot, &name).unwrap_or((State::Failed, String::new()));
        let counted = format!("AWS Config counts {expected}, {read} were read");
        let words = if why.is_empty() { counted } else { format!("{counted}: {why}") };
        log.lost(&account, &spot.1, &name, words, kind);
    }
    for spot in routes.keys().filter(|spot| ledger.expected.contains_key(*spot) && spot.1 != GLOBAL) {
        log.seen.whole.insert((scope.accounts[spot.0].id.clone(), spot.1.clone()));
    }
}

/// Through an aggregator, what belongs to no region is asked for once an account: regions keep the rest.
fn divide(ledger: &mut Ledger, routes: &BTreeMap<Spot, Route>, homes: &Homes) {
    for (spot, counts) in &mut ledger.expected {
        if routes[spot].form != AskedOf::Own {
            counts.retain(|name, _| homes.is_global(name) == (spot.1 == GLOBAL));
        }
    }
}

/// Reads what the answer says of counts and ids, and gives the step for the next page.
fn after(step: Step, bytes: &[u8], ledger: &mut Ledger) -> Option<Step> {
    match &step.kind {
        Kinds::Settings | Kinds::Select | Kinds::Batch(_) => {}
        Kinds::Counts => {
            let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let counts = ledger.expected.entry(step.spot.clone()).or_default();
            counts.extend(step.route.form.counted(&body));
        }
        Kinds::Identifiers(name) => {
            let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let ids = ledger.ids.entry((step.spot.clone(), name.clone())).or_default();
            ids.extend(step.route.form.identified(&body));
        }
    }
    let members = step.route.form.next(&step.kind, &step.members, step.exchange.page, bytes)?;
    let mut exchange = Exchange { page: step.exchange.page + 1, ..step.exchange };
    exchange.parameters = Value::Object(members.clone()).to_string();
    Some(Step { exchange, members, ..step })
}
