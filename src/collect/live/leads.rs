//! Parameter values for later calls, gathered while items and answers arrive: which trail, which parameter
//! group, which bucket.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::evidence::config_item::Item;
use crate::evidence::encodings;
use crate::evidence::stand_in::Filled;
use crate::model::catalog::Catalog;
use crate::model::registry::{Each, Operation, at};

/// A value to ask about: where, and with which further request members.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lead {
    pub account: String,
    pub region: String,
    pub value: String,
    /// JSON of the carried members.
    pub carried: String,
}

/// Leads by operation, without doubles.
#[derive(Default)]
pub struct Harvest {
    leads: BTreeMap<String, BTreeSet<Lead>>,
    /// Source (type or operation) to the operations that draw from it.
    drawn: BTreeMap<String, Vec<(String, Operation, Each)>>,
}

impl Harvest {
    pub fn new(catalog: &Catalog) -> Harvest {
        let mut drawn: BTreeMap<String, Vec<(String, Operation, Each)>> = BTreeMap::new();
        for (name, operation) in &catalog.operations {
            for each in operation.each.iter().filter(|e| !e.from.is_empty()) {
                drawn.entry(each.from.clone()).or_default().push((
                    name.clone(),
                    operation.clone(),
                    each.clone(),
                ));
            }
        }
        Harvest { leads: BTreeMap::new(), drawn }
    }

    pub fn leads(&self, operation: &str) -> impl Iterator<Item = &Lead> {
        self.leads.get(operation).into_iter().flatten()
    }

    /// Takes what an AWS Config item names.
    pub fn item(&mut self, account: &str, item: &Item<'_>, row: bool) {
        if !self.drawn.contains_key(item.resource_type()) {
            return;
        }
        let parsed =
            |text: std::borrow::Cow<'_, str>| serde_json::from_str::<Value>(&text).unwrap_or_default();
        let whole = serde_json::json!({
            "resourceId": item.resource_id(), "resourceName": item.resource_name.as_deref(),
            "arn": item.arn(), "awsRegion": item.region(),
            "configuration": item.configuration.map(|raw| parsed(encodings::document(raw.get(), row))),
            "supplementaryConfiguration": item
                .supplementary_configuration
                .map(|raw| parsed(encodings::supplementary(raw.get(), row))),
        });
        self.draw(item.resource_type(), &whole, account, item.region(), &Map::new(), true);
    }

    /// Takes what a direct answer shows of a resource.
    pub fn filled(&mut self, account: &str, filled: &Filled) {
        let whole = serde_json::json!({
            "resourceId": filled.id, "resourceName": filled.name, "arn": filled.arn,
            "awsRegion": filled.region,
            "configuration": filled.configuration, "supplementaryConfiguration": {},
        });
        self.draw(&filled.resource_type, &whole, account, &filled.region, &Map::new(), true);
    }

    /// Takes what an answer names; `request` are the members it was asked with.
    pub fn answer(
        &mut self,
        operation: &str,
        body: &Value,
        account: &str,
        region: &str,
        request: &Map<String, Value>,
    ) {
        self.draw(operation, body, account, region, request, false);
    }

    fn draw(
        &mut self,
        source: &str,
        body: &Value,
        account: &str,
        region: &str,
        request: &Map<String, Value>,
        item: bool,
    ) {
        for (name, operation, each) in self.drawn.get(source).into_iter().flatten() {
            for (level, value) in values(body, &each.at, item) {
                if !each.permits(level)
                    || each.has.as_ref().is_some_and(|part| !value.contains(part.as_str()))
                {
                    continue;
                }
                let value = match &each.after {
                    Some(mark) => value.rsplit(mark.as_str()).next().unwrap_or_default().to_string(),
                    None => value,
                };
                let carried: Map<String, Value> = operation
                    .carry
                    .iter()
                    .filter_map(|(member, path)| {
                        let here =
                            at(level, path).first().copied().or_else(|| at(body, path).first().copied());
                        Some((member.clone(), here.or_else(|| request.get(path))?.clone()))
                    })
                    .collect();
                let region = operation
                    .region_at
                    .as_ref()
                    .and_then(|p| at(level, p).first().and_then(|v| v.as_str()))
                    .unwrap_or(region);
                self.leads.entry(name.clone()).or_default().insert(Lead {
                    account: account.into(),
                    region: region.into(),
                    value,
                    carried: Value::Object(carried).to_string(),
                });
            }
        }
    }
}

/// Each value at a path with the object that it stands in; for an item, with the item.
fn values<'a>(body: &'a Value, path: &str, item: bool) -> Vec<(&'a Value, String)> {
    let text = |value: &Value| match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    if item {
        return at(body, path).into_iter().filter_map(|v| Some((body, text(v)?))).collect();
    }
    let (head, last) = path.rsplit_once('.').unwrap_or(("", path));
    let levels = at(body, head);
    levels
        .into_iter()
        .flat_map(|level| at(level, last).into_iter().filter_map(move |v| Some((level, text(v)?))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_with_what_stands_beside_them() {
        let body = serde_json::json!({
            "Policies": [{ "Id": "p-1", "AwsManaged": false }, { "Id": "p-2", "AwsManaged": true }]
        });
        let each = Each { only: [("AwsManaged".to_string(), Value::Bool(false))].into(), ..Each::default() };
        let found: Vec<String> = values(&body, "Policies.Id", false)
            .into_iter()
            .filter(|(l, _)| each.permits(l))
            .map(|(_, v)| v)
            .collect();
        assert_eq!(found, ["p-1"]);
        assert_eq!(values(&serde_json::json!({ "Names": ["a", "", "b"] }), "Names", false).len(), 2);
    }
}
