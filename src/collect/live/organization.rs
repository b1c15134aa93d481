//! The accounts of the organization, listed once from the account that may ask: the active ones are asked,
//! the others are named.

use serde_json::{Map, Value};

use super::exchange::state;
use super::paged_call::pages;
use super::run_log::RunLog;
use super::scope::CollectScope;
use crate::collect::error::CollectError;
use crate::model::decisions::AccountFacts;
use crate::model::partition::Partition;
use crate::model::run::{GLOBAL, OrganizationAccounts, State};

/// What stands for the accounts of which nothing is known.
const UNLISTED: &str = "other accounts of the organization";

/// The accounts of `affiant.yaml`, and the active ones of the organization where it says so.
pub fn members(scope: &CollectScope<'_>, log: &mut RunLog<'_>) -> Result<Vec<AccountFacts>, CollectError> {
    let mut found = Vec::new();
    if !scope.target.aws.organization {
        return Ok(found);
    }
    let home = scope.home();
    let speaker = scope.accounts.iter().position(|a| a.organization);
    let Some((speaker, of)) = speaker.and_then(|at| Some((at, scope.inquiry(at, GLOBAL, &home)?))) else {
        log.lost(
            UNLISTED,
            GLOBAL,
            "*",
            "the account that lists the others could not be asked",
            State::Failed,
        );
        return Ok(found);
    };
    let full = "organizations:ListAccounts";
    let pages = pages(scope, log, &of, full, "", Map::new())?;
    log.settled.insert((speaker, full.to_string()));
    let listed_by = scope.accounts[speaker].id.clone();
    let pages = match pages {
        Ok(pages) => pages,
        Err(refusal) => {
            log.lost(
                UNLISTED,
                GLOBAL,
                "*",
                format!("{listed_by} does not list them: {}", refusal.words()),
                state(&refusal),
            );
            return Ok(found);
        }
    };
    let (active, inactive) = divided(&pages);
    let partition = Partition::of(&home).name;
    log.seen.ways.organization = Some(OrganizationAccounts {
        listed_by,
        active: active.len() as u64,
        inactive: inactive.into_iter().collect(),
    });
    for (id, name) in active.into_iter().filter(|(id, _)| !scope.target.accounts.iter().any(|a| a.id == *id))
    {
        let role = scope.target.aws.role_in(&id, partition);
        let external_id = scope.target.aws.external_id.clone();
        found.push(AccountFacts { id, name, role, external_id, organization: false });
    }
    Ok(found)
}

type Named = Vec<(String, String)>;

/// Ids and names of active accounts; ids and states of the others.
pub(super) fn divided(pages: &[Value]) -> (Named, Named) {
    let (mut active, mut inactive) = (Vec::new(), Vec::new());
    for element in pages.iter().flat_map(|body| body["Accounts"].as_array().into_iter().flatten()) {
        let text = |name: &str| element[name].as_str().unwrap_or_default().to_string();
        // `State` is the newer member of the two
        let standing = if text("State").is_empty() { text("Status") } else { text("State") };
        match standing.as_str() {
            "ACTIVE" => active.push((text("Id"), text("Name"))),
            _ => inactive.push((text("Id"), standing.to_lowercase().replace('_', " "))),
        }
    }
    (active, inactive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspended_accounts_are_named_and_not_asked() {
        let page = serde_json::json!({ "Accounts": [
            { "Id": "111122223333", "Name": "clinic", "Status": "ACTIVE" },
            { "Id": "123456789012", "Name": "old", "Status": "SUSPENDED" },
            { "Id": "210987654321", "Name": "closing", "Status": "ACTIVE", "State": "PENDING_CLOSURE" }
        ] });
        let (active, inactive) = divided(&[page]);
        assert_eq!(active, [("111122223333".to_string(), "clinic".to_string())]);
        let states: Vec<&str> = inactive.iter().map(|(_, state)| state.as_str()).collect();
        assert_eq!(states, ["suspended", "pending closure"]);
    }
}
