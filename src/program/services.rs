//! AWS services in use, joined with the dated list of those that AWS's BAA covers.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Inputs;
use crate::model::catalog::{ServiceEntry, ServiceList};
use crate::model::digest::Digest;
use crate::model::dossier::{ServiceRow, Services};

/// A list older than this is said to be old.
const OLD_AFTER_DAYS: i64 = 90;

pub fn in_use(inputs: &Inputs<'_>) -> Services {
    let list = &inputs.catalog.services;
    let mut rows: BTreeMap<String, ServiceRow> = BTreeMap::new();
    for class in &inputs.assessment.inventory {
        let entry = lookup(list, &class.resource_type);
        let (service, status, condition) = describe(entry, &class.resource_type);
        let row = rows.entry(service.clone()).or_insert_with(|| ServiceRow {
            service,
            status,
            condition,
            resources: 0,
            phi: 0,
            types: Vec::new(),
        });
        row.resources += class.count;
        row.phi += class.phi;
        if row.types.last() != Some(&class.resource_type) {
            row.types.push(class.resource_type.clone());
        }
    }
    let mut rows: Vec<ServiceRow> = rows.into_values().collect();
    rows.sort_by(|a, b| (trouble(&a.status), &a.service).cmp(&(trouble(&b.status), &b.service)));
    let count = |status: &str| rows.iter().filter(|r| r.status == status).count() as u64;
    Services {
        list_date: list.list_date.clone(),
        list_source: list.source.trim().into(),
        list_digest: digest(inputs).to_string(),
        list_age_days: age(list, &inputs.assessment.as_of),
        note: note(list, &inputs.assessment.as_of),
        on_list: count(ON),
        with_condition: count(CONDITION),
        not_on_list: count(OFF),
        unknown: count(UNKNOWN) + count(TOOL),
        rows,
    }
}

const ON: &str = "on the list";
const CONDITION: &str = "on the list with a condition";
const OFF: &str = "not on the list";
const UNKNOWN: &str = "unknown";
const TOOL: &str = "not named by the list";

fn describe(entry: Option<&ServiceEntry>, resource_type: &str) -> (String, String, String) {
    let Some(entry) = entry else {
        let service = resource_type.split("::").take(2).collect::<Vec<_>>().join("::");
        return (service, UNKNOWN.into(), "No entry of the list is known for this resource type.".into());
    };
    let status = match (entry.status.as_str(), entry.condition.is_empty()) {
        ("listed", true) => ON,
        ("listed", false) => CONDITION,
        ("infrastructure", _) => TOOL,
        _ => OFF,
    };
    (entry.name.clone(), status.into(), entry.condition.trim().into())
}

fn trouble(status: &str) -> u8 {
    match status {
        OFF => 0,
        UNKNOWN => 1,
        CONDITION => 2,
        TOOL => 3,
        _ => 4,
    }
}

/// The entry with the longest prefix that fits.
fn lookup<'a>(list: &'a ServiceList, resource_type: &str) -> Option<&'a ServiceEntry> {
    let fits = |e: &&ServiceEntry| e.types.iter().filter(|t| resource_type.starts_with(t.as_str())).map(String::len).max();
    list.services.iter().filter(|e| fits(e).is_some()).max_by_key(fits)
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

fn note(list: &ServiceList, as_of: &str) -> String {
    let age = age(list, as_of);
    let old = if age > OLD_AFTER_DAYS {
        format!(" The list was {age} days old at the time of this assessment: compare with AWS's page before relying on it.")
    } else {
        String::new()
    };
    format!(
        "{}{old} Services are seen through their resources in AWS Config; a service that leaves no resource there is not seen.",
        list.note.trim()
    )
}
