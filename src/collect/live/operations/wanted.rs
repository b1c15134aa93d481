//! Which operations to ask in which regions of an account: what tables read, and what stands in for what AWS
//! Config does not hold.

use std::collections::{BTreeMap, BTreeSet};

use crate::collect::live::plan;
use crate::collect::live::scope::CollectScope;
use crate::collect::recorder::holds;
use crate::collect::seen::Seen;
use crate::model::catalog::Catalog;
use crate::model::run::GLOBAL;

/// By account, the operations to ask and the regions to ask them in.
pub fn wanted(scope: &CollectScope<'_>, seen: &Seen) -> Vec<BTreeMap<String, BTreeSet<String>>> {
    let mut all = Vec::new();
    let beyond = beyond(scope);
    for account in &scope.accounts {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for region in scope.regions.iter().filter(|_| account.identity.is_some()) {
            let unrecorded = unrecorded(scope, seen, &account.id, region);
            for name in plan::wanted(scope.catalog, &scope.target.opt_in, &unrecorded) {
                names.entry(name).or_default().insert(region.clone());
            }
        }
        for (name, regions) in beyond.iter().filter(|_| account.identity.is_some()) {
            names.entry(name.clone()).or_default().extend(regions.iter().cloned());
        }
        all.push(names);
    }
    all
}

/// The operations that are asked in regions out of scope, where what belongs to no region is at home, and
/// these regions.
fn beyond(scope: &CollectScope<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let near = scope.home();
    let all = fillable(scope.catalog).collect();
    let wanted = plan::wanted(scope.catalog, &scope.target.opt_in, &all);
    let homes = |name: &str| -> BTreeSet<String> {
        let of = |name: &str| scope.catalog.operations.get(name).into_iter().flat_map(|o| o.homes(&near));
        let parents =
            scope.catalog.operations.get(name).into_iter().filter(|o| o.beyond).flat_map(|o| &o.each);
        of(name)
            .chain(parents.flat_map(|each| of(&each.from)))
            .filter(|h| !scope.regions.iter().any(|r| r == h))
            .map(str::to_string)
            .collect()
    };
    wanted
        .into_iter()
        .map(|name| (homes(&name), name))
        .filter(|(homes, _)| !homes.is_empty())
        .map(|(homes, name)| (name, homes))
        .collect()
}

/// The types that some operation can stand in for.
fn fillable(catalog: &Catalog) -> impl Iterator<Item = String> + '_ {
    catalog
        .operations
        .values()
        .flat_map(|o| o.fill.iter().map(|f| f.resource_type.clone()))
        .filter(|t| !t.is_empty())
}

/// The types of which AWS Config holds nothing for this account and region: not recorded, or not asked.
fn unrecorded(scope: &CollectScope<'_>, seen: &Seen, account: &str, region: &str) -> BTreeSet<String> {
    let homes = &scope.catalog.homes;
    let tally = |region: &str, name: &str| {
        seen.types
            .get(&(account.to_string(), region.to_string(), name.to_string()))
            .copied()
            .unwrap_or_default()
    };
    let recorded = |region: &str, name: &str| {
        let place = (account.to_string(), region.to_string());
        seen.whole.contains(&place)
            && seen.recorders.get(&place).is_some_and(|r| holds(r, homes, name, region))
    };
    let none = seen.no_recorder.contains(&(account.to_string(), region.to_string()));
    fillable(scope.catalog)
        .filter(|name| match homes.is_global(name) {
            true => {
                let mut everywhere = scope.regions.iter().map(String::as_str).chain([GLOBAL]);
                !everywhere.any(|region| tally(region, name).live > 0 || recorded(region, name))
            }
            false => none || !(tally(region, name).live > 0 || recorded(region, name)),
        })
        .collect()
}
