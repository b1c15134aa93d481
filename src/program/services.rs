//! AWS services in use, joined with the dated list of those that AWS's BAA covers. What is said of a service
//! is always said of the list of that date.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Inputs, plural};
use crate::model::catalog::{ListStatus, ServiceEntry, ServiceList};
use crate::model::decisions::matches_pattern;
use crate::model::digest::Digest;
use crate::model::dossier::{ServiceRow, Services};

/// A list older than this is said to be old.
pub const OLD_AFTER_DAYS: i64 = 90;

pub fn in_use(inputs: &Inputs<'_>) -> Services {
    let list = &inputs.catalog.services;
    let mut rows: BTreeMap<String, ServiceRow> = BTreeMap::new();
    for class in classes(inputs, list) {
        let row = entry_row(&mut rows, list, class.entry, class.resource_type);
        row.resources += class.count;
        row.phi += class.phi;
        if row.types.last().is_none_or(|last| last != class.resource_type) {
            row.types.push(class.resource_type.to_string());
        }
    }
    for trace in &inputs.assessment.traces {
        let entry = by_name(list, &trace.service);
        let key = entry.map_or_else(|| trace.service.clone(), |e| e.name.clone());
        if rows.get(&key).is_none_or(|row| row.resources == 0) {
            let row = entry_row(&mut rows, list, entry, &trace.service);
            row.seen = [row.seen.as_str(), &trace.words]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join("; ");
        }
    }
    let billed = billed(inputs, list, &mut rows);
    let mut rows: Vec<ServiceRow> = rows.into_values().collect();
    rows.sort_by(|a, b| {
        (trouble(&a.status), a.resources == 0, &a.service).cmp(&(
            trouble(&b.status),
            b.resources == 0,
            &b.service,
        ))
    });
    let count = |status: &str| rows.iter().filter(|r| r.status == status).count() as u64;
    let age = age(list, &inputs.assessment.as_of);
    Services {
        list_date: list.list_date.clone(),
        list_source: list.source.trim().into(),
        list_digest: digest(inputs).to_string(),
        list_age_days: age,
        old: age > OLD_AFTER_DAYS,
        note: note(list, age) + &billed,
        on_list: count(ON),
        with_condition: count(CONDITION),
        not_on_list: count(OFF),
        unknown: count(UNKNOWN),
        infrastructure: count(TOOL),
        in_use: rows.len() as u64 - count(TOOL),
        rows,
    }
}

/// Resources of one type that belong to one service.
struct Class<'a> {
    entry: Option<&'a ServiceEntry>,
    resource_type: &'a str,
    count: u64,
    phi: u64,
}

/// The inventory by type and service: what runs an engine of another service than its type says is that
/// one's.
fn classes<'a>(inputs: &'a Inputs<'_>, list: &'a ServiceList) -> Vec<Class<'a>> {
    let mut classes = Vec::new();
    let of_engine =
        |engine: &str| list.services.iter().find(|e| e.engines.iter().any(|known| known == engine));
    let told: Vec<Class<'a>> = inputs
        .assessment
        .engines
        .iter()
        .filter_map(|e| {
            Some(Class {
                entry: Some(of_engine(&e.engine)?),
                resource_type: &e.resource_type,
                count: e.count,
                phi: e.phi,
            })
        })
        .collect();
    let mut left: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for class in &inputs.assessment.inventory {
        let (count, phi) = left.entry(&class.resource_type).or_default();
        (*count, *phi) = (*count + class.count, *phi + class.phi);
    }
    for class in &told {
        let (count, phi) = left.entry(class.resource_type).or_default();
        (*count, *phi) = (count.saturating_sub(class.count), phi.saturating_sub(class.phi));
    }
    let plain = left.into_iter().filter(|(_, (count, _))| *count > 0);
    classes.extend(plain.map(|(resource_type, (count, phi))| Class {
        entry: lookup(list, resource_type),
        resource_type,
        count,
        phi,
    }));
    classes.extend(told);
    classes
}

/// Adds what Cost Explorer says was used, and says how much of it the evidence shows. Nothing where it was
/// not asked.
fn billed(inputs: &Inputs<'_>, list: &ServiceList, rows: &mut BTreeMap<String, ServiceRow>) -> String {
    let usage = &inputs.assessment.usage;
    if usage.is_empty() {
        return String::new();
    }
    let (mut names, mut unseen, mut beyond) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let is_service = |name: &str| !list.charges.iter().any(|charge| matches_pattern(charge, name));
    for used in usage.iter().filter(|u| is_service(&u.service)) {
        let entry = by_bill(list, &used.service);
        let key = entry.map_or_else(|| used.service.clone(), |e| e.name.clone());
        if rows.get(&key).is_none_or(|row| row.resources == 0 && row.seen.is_empty()) {
            unseen.insert(key.clone());
        }
        names.insert(key);
        let named = |region: &&String| region.matches('-').count() >= 2;
        beyond.extend(used.regions.iter().filter(named).filter(|r| !inputs.run.regions.contains(r)).cloned());
        let row = entry_row(rows, list, entry, &used.service);
        let words = format!("billed to {} in {}", used.account, used.regions.join(", "));
        row.seen =
            [row.seen.as_str(), &words].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ");
    }
    let mut text = format!(
        " AWS billed {} in the thirty days before the run (Cost Explorer); {} of them left no other trace in \
         the evidence.",
        plural(names.len(), "service"),
        unseen.len()
    );
    if !beyond.is_empty() {
        text.push_str(&format!(
            " Billed in regions that were not read: {}.",
            beyond.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    text
}

/// The entry of a service as bills spell it: `Amazon Elastic Compute Cloud - Compute`, `AmazonCloudWatch`,
/// `EC2 - Other`.
pub fn by_bill<'a>(list: &'a ServiceList, name: &str) -> Option<&'a ServiceEntry> {
    let plain = |text: &str| -> String {
        let cut = [" (", " [", " - ", " a service sold by"]
            .iter()
            .filter_map(|mark| text.find(mark))
            .min()
            .unwrap_or(text.len());
        let text = text[..cut].to_ascii_lowercase();
        let text = text.trim_start_matches("amazon").trim_start_matches("aws");
        text.chars().filter(char::is_ascii_alphanumeric).collect()
    };
    let short = |text: &str| text.split_once('(').map(|(_, rest)| plain(rest.trim_end_matches(')')));
    let wanted = plain(name);
    let edition = short(name);
    let find = |fits: &dyn Fn(&ServiceEntry) -> bool| list.services.iter().find(|e| fits(e));
    find(&|e| plain(&e.name) == wanted)
        .or_else(|| find(&|e| e.bills.iter().any(|bill| plain(bill) == wanted)))
        .or_else(|| find(&|e| short(&e.name).is_some_and(|s| s == wanted)))
        // models are billed by their own names: `Claude (Amazon Bedrock Edition)`
        .or_else(|| {
            find(&|e| {
                e.bills.iter().any(|bill| edition.as_ref().is_some_and(|edition| plain(bill) == *edition))
            })
        })
}

/// Services that the list does not name, in use by what their API answers or by a service-linked role, of
/// which no resource was read: whether they handle ePHI is open.
pub fn off_list_unread(services: &Services) -> impl Iterator<Item = &ServiceRow> {
    services.rows.iter().filter(|row| row.status == OFF && row.resources == 0)
}

/// Services that the list does not name, with resources in PHI scope: each is a finding.
pub fn off_list(services: &Services) -> impl Iterator<Item = &ServiceRow> {
    services.rows.iter().filter(|row| row.status == OFF && row.phi > 0)
}

const ON: &str = "on the list";
const CONDITION: &str = "on the list with a condition";
const OFF: &str = "not on the list";
const UNKNOWN: &str = "unknown";
const TOOL: &str = "not named by the list";

/// The row of an entry, made when it is first seen. Without an entry, `seen` names the service.
fn entry_row<'a>(
    rows: &'a mut BTreeMap<String, ServiceRow>,
    list: &ServiceList,
    entry: Option<&ServiceEntry>,
    seen: &str,
) -> &'a mut ServiceRow {
    let (service, status, condition) = describe(entry, seen);
    rows.entry(service.clone()).or_insert_with(|| ServiceRow {
        words: words(&status, &list.list_date),
        service,
        status,
        condition,
        resources: 0,
        phi: 0,
        types: Vec::new(),
        seen: String::new(),
    })
}

fn describe(entry: Option<&ServiceEntry>, seen: &str) -> (String, String, String) {
    let Some(entry) = entry else {
        let service = seen.split("::").take(2).collect::<Vec<_>>().join("::");
        return (
            service,
            UNKNOWN.into(),
            "Which entry of the list this belongs to is not known here.".into(),
        );
    };
    let status = match (entry.status, entry.condition.is_empty()) {
        (ListStatus::Listed, true) => ON,
        (ListStatus::Listed, false) => CONDITION,
        (ListStatus::Infrastructure, _) => TOOL,
        (ListStatus::NotListed, _) => OFF,
    };
    (entry.name.clone(), status.into(), entry.condition.trim().into())
}

/// A status with the date of the list, as every output says it.
fn words(status: &str, date: &str) -> String {
    match status {
        CONDITION => format!("on the list dated {date}, with a condition"),
        UNKNOWN => format!("unknown to the list dated {date}"),
        TOOL => format!("not named by the list dated {date}"),
        status => format!("{status} dated {date}"),
    }
}

fn trouble(status: &str) -> u8 {
    match status {
        OFF => 0,
        UNKNOWN => 1,
        CONDITION => 2,
        TOOL => 4,
        _ => 3,
    }
}

/// The entry with the longest prefix that fits.
fn lookup<'a>(list: &'a ServiceList, resource_type: &str) -> Option<&'a ServiceEntry> {
    let fits = |e: &&ServiceEntry| {
        e.types.iter().filter(|t| resource_type.starts_with(t.as_str())).map(String::len).max()
    };
    list.services.iter().filter(|e| fits(e).is_some()).max_by_key(fits)
}

/// The entry of a service as APIs and principals name it: `guardduty`, `elasticloadbalancing`, `macie2`,
/// `replication.ecr`.
pub fn by_name<'a>(list: &'a ServiceList, name: &str) -> Option<&'a ServiceEntry> {
    let plain = |text: &str| {
        let text = text.to_ascii_lowercase().replace('-', "");
        text.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('v').to_string()
    };
    let segment = |t: &str| t.split("::").nth(1).map(plain);
    let of = |name: &str| {
        let named = |e: &&ServiceEntry| e.apis.iter().any(|api| api == name);
        let whole = |e: &&ServiceEntry| {
            e.types.iter().any(|t| t.ends_with("::") && segment(t).is_some_and(|s| s == plain(name)))
        };
        let typed = |e: &&ServiceEntry| e.types.iter().any(|t| segment(t).is_some_and(|s| s == plain(name)));
        let all = || list.services.iter();
        all().find(named).or_else(|| all().find(whole)).or_else(|| all().find(typed))
    };
    // `replication.ecr` is ECR's, `dynamodb.application-autoscaling` DynamoDB's
    let (first, last) = (name.split('.').next().unwrap_or(name), name.rsplit('.').next().unwrap_or(name));
    let order = if last == "application-autoscaling" { [first, last] } else { [last, first] };
    of(name).or_else(|| order.into_iter().find_map(of))
}

fn digest(inputs: &Inputs<'_>) -> Digest {
    let date = inputs.catalog.services.list_date.as_str();
    let files = inputs.catalog.files.iter().filter(|(path, _)| path.starts_with("services/"));
    let newest = files.filter(|(path, _)| path.contains(date)).map(|(_, bytes)| bytes).next_back();
    Digest::of(newest.map(Vec::as_slice).unwrap_or_default())
}

fn age(list: &ServiceList, as_of: &str) -> i64 {
    let day = |text: &str| NaiveDate::parse_from_str(text.get(..10).unwrap_or_default(), "%Y-%m-%d").ok();
    day(as_of).zip(day(&list.list_date)).map_or(0, |(now, then)| (now - then).num_days())
}

fn note(list: &ServiceList, age: i64) -> String {
    let old = if age > OLD_AFTER_DAYS {
        format!(
            " The list was {} old at the time of this assessment: compare with AWS's page before relying on \
             it.",
            plural(age, "day")
        )
    } else {
        String::new()
    };
    let note = format!(
        "{}{old} Services are seen through their resources in AWS Config. Where there are none, \
         service-linked roles, answers of a service's own API, what IAM tells of its last use and events in \
         CloudTrail's history hint at use; they do not show what it holds. A service that leaves none of \
         these is not seen.",
        list.note.trim()
    );
    note.trim_start().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, types: &[&str]) -> ServiceEntry {
        ServiceEntry {
            name: name.into(),
            status: ListStatus::Listed,
            condition: String::new(),
            types: types.iter().map(ToString::to_string).collect(),
            apis: Vec::new(),
            engines: Vec::new(),
            bills: Vec::new(),
            category: String::new(),
        }
    }

    fn list(services: Vec<ServiceEntry>) -> ServiceList {
        ServiceList {
            format: String::new(),
            list_date: String::new(),
            source: String::new(),
            note: String::new(),
            every_account: Vec::new(),
            charges: Vec::new(),
            services,
        }
    }

    #[test]
    fn services_are_known_by_the_names_that_apis_use() {
        let mut balancers = entry("ELB", &["AWS::ElasticLoadBalancing::", "AWS::ElasticLoadBalancingV2::"]);
        balancers.apis = vec!["elbv2".into()];
        let services = vec![
            balancers,
            entry("Macie", &["AWS::Macie::"]),
            entry("Secure Browser", &["AWS::WorkSpacesWeb::"]),
        ];
        let list = list(services);
        for (name, expected) in [
            ("elasticloadbalancing", Some("ELB")),
            ("elbv2", Some("ELB")),
            ("elb", None),
            ("macie2", Some("Macie")),
            ("macie", Some("Macie")),
            ("workspaces-web", Some("Secure Browser")),
        ] {
            assert_eq!(by_name(&list, name).map(|e| e.name.as_str()), expected, "{name}");
        }
    }

    #[test]
    fn services_are_known_by_the_names_on_bills() {
        let services = vec![
            entry("Amazon Elastic Compute Cloud (Amazon EC2)", &[]),
            entry("Amazon CloudWatch", &[]),
            entry("AWS Lambda", &[]),
        ];
        let list = list(services);
        for (name, expected) in [
            ("Amazon Elastic Compute Cloud - Compute", Some("Amazon Elastic Compute Cloud (Amazon EC2)")),
            ("EC2 - Other", Some("Amazon Elastic Compute Cloud (Amazon EC2)")),
            ("AmazonCloudWatch", Some("Amazon CloudWatch")),
            ("AWS Lambda", Some("AWS Lambda")),
            ("Amazon Lightsail", None),
        ] {
            assert_eq!(by_bill(&list, name).map(|e| e.name.as_str()), expected, "{name}");
        }
    }

    #[test]
    fn every_status_names_the_date_of_the_list() {
        for status in [ON, CONDITION, OFF, UNKNOWN, TOOL] {
            let words = words(status, "2026-05-22");
            assert!(words.contains("the list dated 2026-05-22") && !words.contains("current"), "{words}");
        }
    }
}
