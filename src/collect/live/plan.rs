//! Which operations a run asks, and in which order: those that a table reads, those that stand in for what
//! AWS Config does not record, and those that say what the others are asked about.

use std::collections::BTreeSet;

use crate::collect::order::levels;
use crate::model::catalog::Catalog;
use crate::model::registry::{Operation, OperationScope};

/// What the operations registry says a run would ask, for a dry run and the policy.
#[derive(Debug, Clone)]
pub struct Planned {
    pub name: String,
    pub scope: OperationScope,
    /// Asked once for each of something, rather than once a place.
    pub per_resource: bool,
    /// How often it is asked in one place, where fixed values say so; otherwise once.
    pub times: usize,
    /// Asked only where AWS Config does not record these types.
    pub fills: BTreeSet<String>,
    pub iam: Vec<String>,
    pub opt_in: Option<String>,
}

/// Every operation that a run may ask, in order.
pub fn plan(catalog: &Catalog, opt_in: &BTreeSet<String>) -> Vec<Planned> {
    let all: BTreeSet<String> =
        catalog.sources().into_iter().filter(|s| s.starts_with("AWS::")).map(str::to_string).collect();
    let plain = wanted(catalog, opt_in, &BTreeSet::new());
    let with_fill = wanted(catalog, opt_in, &all);
    let by_level = levels(catalog);
    let mut planned: Vec<Planned> = with_fill
        .iter()
        .filter_map(|name| {
            let operation = catalog.operations.get(name)?;
            let fills =
                if plain.contains(name) { BTreeSet::new() } else { stands_in_for(catalog, &with_fill, name) };
            Some(Planned {
                name: name.clone(),
                scope: operation.scope,
                times: operation.each.iter().map(|e| e.values.len()).sum::<usize>().max(1),
                per_resource: operation.each.iter().any(|e| !e.from.is_empty() && e.values.is_empty()),
                fills,
                iam: operation.iam.clone(),
                opt_in: operation.opt_in.clone(),
            })
        })
        .collect();
    planned.sort_by_key(|p| (by_level.get(&p.name).copied().unwrap_or_default(), p.name.clone()));
    planned
}

/// The types in whose place an operation is asked: its own and those of the operations, among `asked`, that
/// need its answer.
fn stands_in_for(catalog: &Catalog, asked: &BTreeSet<String>, name: &str) -> BTreeSet<String> {
    let (mut types, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![name]);
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        let fills = catalog.operations.get(name).map_or(&[][..], |o| &o.fill);
        types.extend(fills.iter().map(|f| f.resource_type.clone()));
        let needs = |child: &String| {
            catalog.operations.get(child).is_some_and(|o| o.each.iter().any(|e| e.from == name))
        };
        open.extend(asked.iter().filter(|child| needs(child)).map(String::as_str));
    }
    types
}

/// Operations of services that are asked in stages of their own.
fn elsewhere(name: &str) -> bool {
    let staged = [
        "config:BatchGetAggregateResourceConfig",
        "config:BatchGetResourceConfig",
        "config:DeliverConfigSnapshot",
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "config:DescribeConfigurationAggregators",
        "config:GetAggregateDiscoveredResourceCounts",
        "config:GetDiscoveredResourceCounts",
        "config:ListAggregateDiscoveredResources",
        "config:ListDiscoveredResources",
        "config:SelectAggregateResourceConfig",
        "config:SelectResourceConfig",
        "s3:GetObject",
        "s3:ListObjectsV2",
        "sts:GetCallerIdentity",
    ];
    staged.contains(&name)
}

/// The operations to ask where `unrecorded` are the types that AWS Config does not record.
pub fn wanted(
    catalog: &Catalog,
    opt_in: &BTreeSet<String>,
    unrecorded: &BTreeSet<String>,
) -> BTreeSet<String> {
    let read = catalog.read();
    let on = |operation: &Operation| operation.opt_in.as_ref().is_none_or(|name| opt_in.contains(name));
    let fills = |operation: &Operation| {
        operation.fill.iter().any(|f| f.tags_of.is_none() && unrecorded.contains(&f.resource_type))
            || operation.fill.iter().any(|f| f.tags_of.is_some())
    };
    let mut wanted: BTreeSet<String> = catalog
        .operations
        .iter()
        .filter(|(name, operation)| !elsewhere(name) && on(operation) && !operation.feeds)
        .filter(|(name, operation)| {
            read.contains(name.as_str()) || operation.facts.is_some() || fills(operation)
        })
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let parents: BTreeSet<String> = wanted
            .iter()
            .filter_map(|name| catalog.operations.get(name))
            .flat_map(|o| o.each.iter().map(|e| e.from.clone()))
            .filter(|from| catalog.operations.get(from).is_none_or(on))
            .filter(|from| {
                catalog.operations.contains_key(from) && !elsewhere(from) && !wanted.contains(from)
            })
            .collect();
        if parents.is_empty() {
            return wanted;
        }
        wanted.extend(parents);
    }
}
