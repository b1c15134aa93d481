//! What a caller must be permitted, from the operations registry: IAM policies of read and list actions,
//! split where IAM's limit asks for it, and the actions that a run was denied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::catalog::Catalog;
use crate::model::registry::Operation;
use crate::model::run::{Coverage, State};

/// Characters of a managed policy, white space not counted (IAM quotas).
pub const LIMIT: usize = 6_144;

/// What the policy is for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// `aws`, `aws-us-gov` ...
    pub partition: String,
    /// Also what stands in for types that AWS Config does not record.
    pub fill: bool,
    pub opt_in: BTreeSet<String>,
}

/// The policies, each within [`LIMIT`]; together they permit what a run may ask, and nothing else.
pub fn policies(catalog: &Catalog, wanted: &Wanted) -> Vec<Value> {
    let sources = catalog.sources();
    let asked = catalog.operations.iter().filter(|(name, operation)| {
        let on = operation.opt_in.as_ref().is_none_or(|o| wanted.opt_in.contains(o));
        on && (wanted.fill || sources.contains(name.as_str()) || !only_fills(operation))
    });
    let mut grants: BTreeMap<Vec<String>, BTreeSet<String>> = BTreeMap::new();
    for (_, operation) in asked {
        let resources = match operation.resources.is_empty() {
            true => vec!["*".to_string()],
            false => {
                operation.resources.iter().map(|r| r.replace("{partition}", &wanted.partition)).collect()
            }
        };
        grants.entry(resources).or_default().extend(operation.iam.iter().cloned());
    }
    grants.retain(|_, actions| !actions.is_empty());
    // what is permitted everywhere need not be permitted again for one resource
    if let Some(everywhere) = grants.get(&vec!["*".to_string()]).cloned() {
        grants
            .iter_mut()
            .filter(|(r, _)| r.as_slice() != ["*"])
            .for_each(|(_, actions)| actions.retain(|a| !everywhere.contains(a)));
        grants.retain(|_, actions| !actions.is_empty());
    }
    split(grants)
}

fn only_fills(operation: &Operation) -> bool {
    !operation.fill.is_empty() || operation.feeds
}

fn split(grants: BTreeMap<Vec<String>, BTreeSet<String>>) -> Vec<Value> {
    let mut documents: Vec<Vec<(Vec<String>, Vec<String>)>> = vec![Vec::new()];
    for (resources, actions) in grants {
        for action in actions {
            let last = documents.last_mut().expect("never empty");
            match last.iter_mut().find(|(r, _)| *r == resources) {
                Some((_, list)) => list.push(action.clone()),
                None => last.push((resources.clone(), vec![action.clone()])),
            }
            if length(&document(last)) > LIMIT {
                let (_, list) = last.iter_mut().find(|(r, _)| *r == resources).expect("just put there");
                list.pop();
                last.retain(|(_, list)| !list.is_empty());
                documents.push(vec![(resources.clone(), vec![action])]);
            }
        }
    }
    documents.iter().filter(|d| !d.is_empty()).map(|d| document(d)).collect()
}

fn document(statements: &[(Vec<String>, Vec<String>)]) -> Value {
    let statement = |(index, (resources, actions)): (usize, &(Vec<String>, Vec<String>))| {
        let resource = if let [one] = resources.as_slice() { json!(one) } else { json!(resources) };
        json!({
            "Sid": format!("AffiantRead{}", index + 1), "Effect": "Allow", "Action": actions,
            "Resource": resource
        })
    };
    json!({
        "Version": "2012-10-17", "Statement": statements.iter().enumerate().map(statement).collect::<Vec<_>>()
    })
}

/// As IAM counts: without white space.
pub fn length(document: &Value) -> usize {
    document.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

/// The actions behind every call that a run was denied, each with what AWS said and where.
pub fn missing(catalog: &Catalog, coverage: &[Coverage]) -> BTreeMap<String, BTreeSet<String>> {
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in coverage.iter().filter(|line| line.state == State::Denied) {
        // a type's own line stands for the calls that read it
        let operations: Vec<&Operation> = match catalog.operations.get(&line.source) {
            Some(operation) => vec![operation],
            None => catalog
                .operations
                .values()
                .filter(|o| o.fill.iter().any(|f| f.resource_type == line.source))
                .collect(),
        };
        for action in operations.iter().flat_map(|o| &o.iam) {
            missing
                .entry(action.clone())
                .or_default()
                .insert(format!("{} {}: {}", line.account, line.region, line.detail));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_stay_within_the_limit_and_lose_no_action() {
        let actions: BTreeSet<String> =
            (0..400).map(|n| format!("service{}:DescribeSomething{n}", n % 7)).collect();
        let grants = BTreeMap::from([(vec!["*".to_string()], actions.clone())]);
        let documents = split(grants);
        assert!(documents.len() > 1 && documents.iter().all(|d| length(d) <= LIMIT));
        let listed = |d: &Value| d["Statement"][0]["Action"].as_array().expect("a list").clone();
        let all: BTreeSet<String> =
            documents.iter().flat_map(listed).map(|a| a.as_str().expect("text").to_string()).collect();
        assert_eq!(all, actions);
    }
}
