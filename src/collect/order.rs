//! The order of operations: what names values comes before what is asked about them.

use std::collections::BTreeMap;

use crate::model::catalog::Catalog;

/// How many calls must have been answered before an operation's own values are known.
pub fn levels(catalog: &Catalog) -> BTreeMap<String, u32> {
    let mut filled_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, operation) in &catalog.operations {
        for fill in operation.fill.iter().filter(|f| f.into.is_none() && f.tags_of.is_none()) {
            filled_by.entry(&fill.resource_type).or_default().push(name);
        }
    }
    let mut levels: BTreeMap<String, u32> = catalog.operations.keys().map(|name| (name.clone(), 0)).collect();
    // a chain is never longer than the registry; a circle ends here too
    for _ in 0..12 {
        let mut changed = false;
        for (name, operation) in &catalog.operations {
            let parents =
                operation.each.iter().flat_map(|e| match catalog.operations.contains_key(&e.from) {
                    true => vec![e.from.as_str()],
                    false => filled_by.get(e.from.as_str()).cloned().unwrap_or_default(),
                });
            let least =
                parents.filter(|p| p != name).filter_map(|p| levels.get(p)).max().map_or(0, |l| l + 1);
            let level = levels.get_mut(name).expect("every name is there");
            if *level < least {
                *level = least;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    levels
}
