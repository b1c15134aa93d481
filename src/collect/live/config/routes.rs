//! Which way AWS Config is read: through an aggregator that is named or found, of each account itself, or
//! from delivered snapshots. The choice is reported with the run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::bucket::{BucketCache, delivered};
use super::counts::Spot;
use super::items::{Route, config, recorders};
use super::requests::AskedOf;
use crate::aws::Refusal;
use crate::clock::stamp;
use crate::collect::error::CollectError;
use crate::collect::live::exchange::state;
use crate::collect::live::paged_call::pages;
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::CollectScope;
use crate::model::decisions::ConfigWay;
use crate::model::run::{GLOBAL, State};

/// An aggregator that answers.
struct Aggregator {
    name: String,
    asker: usize,
    region: String,
    /// Accounts and regions that it covers, with what became of its last update.
    sources: Sources,
}

/// What an aggregator says of its sources.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sources {
    covered: BTreeSet<(String, String)>,
    /// Sources that are failed or out of date, and why.
    bad: BTreeMap<(String, String), (State, String)>,
    /// The organization's accounts could not be read by the aggregator itself.
    organization: Option<(State, String)>,
}

/// Reads AWS Config of everything in scope, each place by the way that is there.
pub fn by_ways(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
) -> Result<(), CollectError> {
    let way = if scope.target.use_config { scope.target.aws.config } else { ConfigWay::None };
    let spots: Vec<Spot> =
        (0..scope.accounts.len()).flat_map(|a| scope.regions.iter().map(move |r| (a, r.clone()))).collect();
    let aggregator = match way {
        ConfigWay::Auto | ConfigWay::Aggregator => aggregator(scope, log)?,
        ConfigWay::Account | ConfigWay::Snapshot | ConfigWay::None => None,
    };
    if way == ConfigWay::None {
        // whether AWS Config records is evidence by itself, whoever reads what it recorded
        recorders(scope, log, &spots)?;
        log.report(scope, "none", "AWS Config was passed by: every service was asked directly", &spots);
        return Ok(());
    }
    recorders(scope, log, &spots)?;
    if way == ConfigWay::Snapshot {
        return delivered(scope, log, buckets, &spots);
    }
    let routes = routes(scope, log, way, &spots, aggregator);
    config(scope, log, &routes)
}

/// Whom to ask about each place, and what no way leads to.
fn routes(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    way: ConfigWay,
    spots: &[Spot],
    aggregator: Option<Aggregator>,
) -> BTreeMap<Spot, Route> {
    let mut routes = BTreeMap::new();
    let (mut aggregated, mut own) = (Vec::new(), Vec::new());
    for spot in spots {
        let id = scope.accounts[spot.0].id.clone();
        let place = (id.clone(), spot.1.clone());
        if let Some(found) = aggregator.as_ref().filter(|found| found.sources.covered.contains(&place)) {
            for region in [spot.1.clone(), GLOBAL.to_string()] {
                let form = AskedOf::Aggregate { name: found.name.clone() };
                routes.insert(
                    (spot.0, region),
                    Route { form, asker: found.asker, region: found.region.clone() },
                );
            }
            if let Some((state, why)) = found.sources.bad.get(&place).or(found.sources.organization.as_ref())
            {
                log.lost(&id, &spot.1, "*", format!("the aggregator {}: {why}", found.name), *state);
            }
            aggregated.push(spot.clone());
        } else if way == ConfigWay::Aggregator {
            let words = match &aggregator {
                Some(found) => {
                    format!("the aggregator {} does not cover this account and region", found.name)
                }
                None => "no aggregator answers".to_string(),
            };
            log.lost(&id, &spot.1, "*", words, State::NotCollected);
        } else if scope.accounts[spot.0].identity.is_some() {
            routes.insert(spot.clone(), Route { form: AskedOf::Own, asker: spot.0, region: spot.1.clone() });
            own.push(spot.clone());
        }
    }
    if let Some(found) = &aggregator {
        let words = format!(
            "through the aggregator {} of account {} in {}",
            found.name, scope.accounts[found.asker].id, found.region
        );
        log.report(scope, "aggregator", &words, &aggregated);
    }
    log.report(scope, "account", "AWS Config of the account itself was asked", &own);
    routes
}

/// Sources whose date is not told: that it is up to date is not known of any account that the aggregator
/// counts.
fn undated(counted: &BTreeSet<String>, regions: &[String], refusal: &Refusal) -> Sources {
    let covered = counted
        .iter()
        .flat_map(|id| regions.iter().map(move |region| (id.clone(), region.clone())))
        .collect();
    let words = format!("whether its sources are up to date is not known: {}", refusal.words());
    Sources { covered, organization: Some((state(refusal), words)), ..Sources::default() }
}

/// The aggregator that is named, or that the organization's account has; none if there is none or it does not
/// answer.
fn aggregator(scope: &CollectScope<'_>, log: &mut RunLog<'_>) -> Result<Option<Aggregator>, CollectError> {
    let named = scope.target.aws.aggregator.clone();
    let asker = match named.as_ref().and_then(|n| n.account.as_ref()) {
        Some(id) => scope.accounts.iter().position(|a| a.id == *id),
        None => scope.accounts.iter().position(|a| a.organization).or_else(|| named.as_ref().map(|_| 0)),
    };
    let region = named.as_ref().and_then(|n| n.region.clone()).unwrap_or_else(|| scope.home());
    let Some((asker, of)) = asker.and_then(|asker| Some((asker, scope.inquiry(asker, GLOBAL, &region)?)))
    else {
        return Ok(None);
    };
    let members = match &named {
        Some(named) => Map::from_iter([("ConfigurationAggregatorNames".to_string(), json!([named.name]))]),
        None => Map::new(),
    };
    let Ok(found) = pages(scope, log, &of, "config:DescribeConfigurationAggregators", "", members)? else {
        return Ok(None);
    };
    let wanted = named.as_ref().map(|n| n.name.as_str());
    let Some(name) = chosen(&found, wanted) else { return Ok(None) };
    let aggregator = |extra: Value| {
        let Value::Object(mut members) = extra else { return Map::new() };
        members.insert("ConfigurationAggregatorName".into(), Value::from(name.as_str()));
        members
    };
    // whether it counts for us shows whether it can be used at all
    let counts = pages(
        scope,
        log,
        &of,
        "config:GetAggregateDiscoveredResourceCounts",
        "by account",
        aggregator(json!({ "GroupByKey": "ACCOUNT_ID" })),
    )?;
    let Ok(counts) = counts else { return Ok(None) };
    let counted: BTreeSet<String> = counts
        .iter()
        .flat_map(|body| {
            AskedOf::Aggregate { name: name.clone() }.counted(body).map(|(id, _)| id).collect::<Vec<_>>()
        })
        .collect();
    let sources = match pages(
        scope,
        log,
        &of,
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "",
        aggregator(json!({})),
    )? {
        Ok(pages) => sources(&pages),
        Err(refusal) => undated(&counted, &scope.regions, &refusal),
    };
    Ok(Some(Aggregator { name, asker, region, sources }))
}

/// The aggregator that is named; without a name one of the whole organization, else the first by name.
fn chosen(pages: &[Value], wanted: Option<&str>) -> Option<String> {
    let all = pages.iter().flat_map(|body| body["ConfigurationAggregators"].as_array().into_iter().flatten());
    let mut found: Vec<(bool, &str)> = all
        .filter_map(|a| {
            Some((
                !a["OrganizationAggregationSource"].is_object(),
                a["ConfigurationAggregatorName"].as_str()?,
            ))
        })
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .map(|(_, name)| name)
        .find(|name| wanted.is_none_or(|wanted| wanted == *name))
        .map(str::to_string)
}

/// Reads `AggregatedSourceStatusList`: OUTDATED and FAILED are gaps of their account and region.
fn sources(pages: &[Value]) -> Sources {
    let mut sources = Sources::default();
    for element in
        pages.iter().flat_map(|body| body["AggregatedSourceStatusList"].as_array().into_iter().flatten())
    {
        let text = |name: &str| element[name].as_str().unwrap_or_default();
        let at = element["LastUpdateTime"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let updated = at.map(|at| format!(", last updated {}", stamp(at.to_utc()))).unwrap_or_default();
        let words = |what: &str| {
            let code = if text("LastErrorCode").is_empty() {
                String::new()
            } else {
                format!(" ({})", text("LastErrorCode"))
            };
            format!("its source {} {} {what}{code}{updated}", text("SourceId"), text("AwsRegion"))
        };
        let bad = match text("LastUpdateStatus") {
            "SUCCEEDED" => None,
            "OUTDATED" => Some((State::Stale, words("is out of date"))),
            "FAILED" => Some((State::Failed, words("failed"))),
            _ => Some((State::Failed, words("has no status"))),
        };
        match (text("SourceType"), bad) {
            ("ORGANIZATION", bad) => sources.organization = bad.or(sources.organization),
            (_, bad) => {
                let place = (text("SourceId").to_string(), text("AwsRegion").to_string());
                if let Some(bad) = bad {
                    sources.bad.insert(place.clone(), bad);
                }
                sources.covered.insert(place);
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_out_of_date_or_failed_is_a_gap_of_its_account_and_region() {
        let one = |id: &str, status: &str| {
            json!({
                "SourceId": id, "SourceType": "ACCOUNT", "AwsRegion": "us-east-1", "LastUpdateStatus": status
            })
        };
        let page = json!({ "AggregatedSourceStatusList": [
            one("111122223333", "SUCCEEDED"), one("123456789012", "OUTDATED"), one("210987654321", "FAILED"),
            one("333322221111", "")
        ] });
        let found = sources(&[page]);
        let state_of =
            |id: &str| found.bad.get(&(id.to_string(), "us-east-1".to_string())).map(|(state, _)| *state);
        assert_eq!(found.covered.len(), 4);
        assert_eq!(state_of("111122223333"), None);
        assert_eq!(state_of("123456789012"), Some(State::Stale));
        assert_eq!(state_of("210987654321"), Some(State::Failed));
        assert_eq!(state_of("333322221111"), Some(State::Failed));
        let mut old = one("111122223333", "OUTDATED");
        old["LastUpdateTime"] = json!("2026-09-30T08:00:00Z");
        let found = sources(&[json!({ "AggregatedSourceStatusList": [old] })]);
        let words: Vec<&str> = found.bad.values().map(|(_, words)| words.as_str()).collect();
        assert!(words.len() == 1 && words[0].ends_with("last updated 2026-09-30T08:00:00Z"), "{words:?}");
        let organization = json!({
            "AggregatedSourceStatusList": [{ "SourceId": "o-1", "SourceType": "ORGANIZATION",
                "LastUpdateStatus": "FAILED" }]
        });
        assert_eq!(sources(&[organization]).organization.map(|(state, _)| state), Some(State::Failed));
    }

    #[test]
    fn an_aggregator_of_the_organization_goes_before_others() {
        let page = json!({ "ConfigurationAggregators": [
            { "ConfigurationAggregatorName": "a", "AccountAggregationSources": [] },
            { "ConfigurationAggregatorName": "z", "OrganizationAggregationSource": { "RoleArn": "r" } }
        ] });
        assert_eq!(chosen(std::slice::from_ref(&page), None).as_deref(), Some("z"));
        assert_eq!(chosen(std::slice::from_ref(&page), Some("a")).as_deref(), Some("a"));
        assert_eq!(chosen(&[page], Some("b")), None);
    }
}
