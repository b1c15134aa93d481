//! What there is to ask about the parts of a resource that a saved answer shows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::evidence::stand_in::Filled;
use crate::model::catalog::Catalog;
use crate::model::registry::{Fill, Operation};

/// (account, region, `service:Operation`) to types of resources and the values to ask it about.
pub type CalledFor = BTreeMap<(String, String, String), BTreeSet<(String, String)>>;

/// Notes the operations that tell of parts of the resource, and what each is to be asked about.
pub fn note(called_for: &mut CalledFor, catalog: &Catalog, account: &str, filled: &Filled) {
    let kind = &filled.resource_type;
    let is_part =
        |fill: &Fill| fill.into.is_some() && (fill.resource_type == *kind || fill.also.contains(kind));
    let tells = |operation: &Operation| operation.opt_in.is_none() && operation.fill.iter().any(is_part);
    let telling: Vec<_> = catalog.operations.iter().filter(|(_, operation)| tells(operation)).collect();
    if telling.is_empty() {
        return;
    }
    let item = json!({
        "resourceId": filled.id, "resourceName": filled.name, "arn": filled.arn,
        "awsRegion": filled.region, "configuration": filled.configuration,
    });
    for (name, operation) in telling {
        let own = operation.each.iter().filter(|each| each.from == *kind);
        let values = own.flat_map(|each| each.named(&item)).map(|value| (kind.clone(), value));
        let place = (account.to_string(), filled.region.clone(), name.clone());
        called_for.entry(place).or_default().extend(values);
    }
}
