//! The calls of one operation in one account: once a place, or for each value that an earlier answer named.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value};

use super::Job;
use crate::collect::live::exchange::Exchange;
use crate::collect::live::leads::Harvest;
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::CollectScope;
use crate::model::registry::{Operation, OperationScope};
use crate::model::run::GLOBAL;

/// The calls of an operation that asks about one thing after another, by place.
fn for_each(
    scope: &CollectScope<'_>,
    log: &RunLog<'_>,
    account: usize,
    full: &str,
    operation: &Operation,
    places: &[String],
) -> BTreeMap<String, Vec<Job>> {
    let mut by_place: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    for (region, value, carried) in values(scope, &log.harvest, account, full, places) {
        let with =
            if carried.is_empty() { String::new() } else { Value::Object(carried.clone()).to_string() };
        let mut members: Map<String, Value> = carried;
        let key = match (&operation.param, &value) {
            (Some(param), Value::Array(_)) => {
                members.insert(param.clone(), value.clone());
                format!("{}", by_place.get(&region).map_or(1, |jobs| jobs.len() + 1))
            }
            (Some(param), value) => {
                members.insert(param.clone(), value.clone());
                value.as_str().map_or_else(|| value.to_string(), str::to_string)
            }
            (None, _) => String::new(),
        };
        let Some(mut job) = job(scope, account, operation, full, &region, &key, members) else { continue };
        job.exchange.with = with;
        by_place.entry(region).or_default().push(job);
    }
    by_place
}

/// The calls of one operation in one account: one a place, or a chain of them whose first shows whether they
/// are permitted.
pub fn jobs(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    account: usize,
    full: &str,
    regions: &BTreeSet<String>,
) -> Vec<Job> {
    let Some(operation) = scope.catalog.operations.get(full) else { return Vec::new() };
    let home = scope.home();
    if log.settled.contains(&(account, full.to_string())) {
        return Vec::new();
    }
    if operation.scope == OperationScope::Organization && !scope.accounts[account].organization {
        return Vec::new();
    }
    if operation.each.is_empty() && operation.param.is_some() {
        return Vec::new();
    }
    let center = scope.target.aws.identity_center.as_ref().filter(|_| operation.every_region);
    let mut places: Vec<String> = match (operation.scope, operation.every_region, center) {
        // the one region that answers is known
        (OperationScope::Organization, true, Some(region)) => vec![region.clone()],
        (OperationScope::Region, _, _) | (_, true, _) => regions.iter().cloned().collect(),
        _ => vec![home.clone()],
    };
    places.retain(|region| !log.settled_in.contains(&((account, region.clone()), full.to_string())));
    if operation.each.is_empty() {
        return places
            .iter()
            .filter_map(|region| job(scope, account, operation, full, region, "", Map::new()))
            .collect();
    }
    let by_place = for_each(scope, log, account, full, operation, &places);
    let id = &scope.accounts[account].id;
    for region in places.iter().filter(|region| !by_place.contains_key(*region)) {
        let about = if operation.scope == OperationScope::Region { region } else { GLOBAL };
        log.seen.vacuous.insert((id.clone(), about.to_string(), full.to_string()));
    }
    by_place
        .into_values()
        .map(|mut jobs| {
            let rest = jobs.split_off(1);
            let mut first = jobs.remove(0);
            first.rest = rest;
            first
        })
        .collect()
}

/// Where to ask, about what, with which further members.
fn values(
    scope: &CollectScope<'_>,
    harvest: &Harvest,
    account: usize,
    full: &str,
    places: &[String],
) -> Vec<(String, Value, Map<String, Value>)> {
    let operation = &scope.catalog.operations[full];
    let mut found = Vec::new();
    for each in operation.each.iter().filter(|e| e.from.is_empty() || e.names_regions()) {
        let known_in = |region: &String| match each.home.is_empty() {
            true => scope.regions.contains(region),
            false => each.home(&scope.home()) == Some(region.as_str()),
        };
        for region in places.iter().filter(|region| known_in(region)) {
            found.extend(each.values.iter().map(|value| (region.clone(), value.clone(), Map::new())));
        }
    }
    let id = &scope.accounts[account].id;
    let mut batches: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    if let Some(each) = operation.each.iter().find(|e| e.names_regions()) {
        let further: BTreeSet<&str> =
            harvest.leads(full).filter(|lead| lead.account == *id).map(|lead| lead.value.as_str()).collect();
        let further = further
            .into_iter()
            .filter(|region| !scope.regions.iter().any(|r| r == region) && scope.is_of_our_partition(region));
        found.extend(further.flat_map(|region| {
            each.values.iter().map(|value| (region.to_string(), value.clone(), Map::new()))
        }));
        return found;
    }
    for lead in harvest.leads(full).filter(|lead| lead.account == *id) {
        let in_scope = scope.regions.contains(&lead.region);
        let center = scope.target.aws.identity_center.as_deref() == Some(lead.region.as_str());
        let region = match (operation.scope, in_scope || center) {
            (OperationScope::Region, true) if in_scope => lead.region.clone(),
            (OperationScope::Region, _) if operation.beyond && scope.is_of_our_partition(&lead.region) => {
                lead.region.clone()
            }
            // a resource of another region is not of this scope; one of no region is asked about at home
            (OperationScope::Region, _) if lead.region != GLOBAL && lead.region != "global" => continue,
            (OperationScope::Organization, true) => lead.region.clone(),
            _ => scope.home(),
        };
        batches.entry((region, lead.carried.clone())).or_default().push(Value::from(lead.value.clone()));
    }
    for ((region, carried), values) in batches {
        let carried: Map<String, Value> = serde_json::from_str(&carried).unwrap_or_default();
        match operation.batch {
            Some(size) => found.extend(
                values
                    .chunks(size.max(1))
                    .map(|c| (region.clone(), Value::Array(c.to_vec()), carried.clone())),
            ),
            None => found.extend(values.into_iter().map(|v| (region.clone(), v, carried.clone()))),
        }
    }
    found
}

/// One call, with its fixed members; None where the account cannot be asked.
fn job(
    scope: &CollectScope<'_>,
    account: usize,
    operation: &Operation,
    full: &str,
    asked_in: &str,
    key: &str,
    members: Map<String, Value>,
) -> Option<Job> {
    let region = if operation.scope == OperationScope::Region { asked_in } else { GLOBAL };
    let of = scope.inquiry(account, region, asked_in)?;
    let today = scope.clock.now().date_naive();
    let mut asked: Map<String, Value> =
        operation.ask.iter().map(|(name, value)| (name.clone(), dated(today, value))).collect();
    asked.extend(operation.size.iter().map(|(name, value)| (name.clone(), value.clone())));
    asked.extend(members);
    if full.starts_with("s3control:") {
        asked.insert("AccountId".into(), Value::from(of.account.clone()));
    }
    let mut exchange = Exchange::of(&of, full, key, 1);
    exchange.parameters = Value::Object(asked.clone()).to_string();
    Some(Job { of, exchange, members: asked, waits: 0, starter: None, rest: Vec::new() })
}

/// `{date}` and `{date-30}` in a fixed member: the day itself and thirty days before it.
fn dated(today: NaiveDate, value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("{date") => {
            let back = text
                .trim_start_matches("{date")
                .trim_end_matches('}')
                .trim_start_matches('-')
                .parse()
                .unwrap_or(0);
            Value::from(today.checked_sub_days(Days::new(back)).unwrap_or(today).to_string())
        }
        Value::Array(list) => Value::Array(list.iter().map(|v| dated(today, v)).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(n, v)| (n.clone(), dated(today, v))).collect()),
        other => other.clone(),
    }
}
