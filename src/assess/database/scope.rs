//! What the workspace asks for and the run does not hold: accounts and regions that `affiant.yaml` names
//! since. Each is a gap of everything there.

use crate::model::decisions::Decisions;
use crate::model::run::{Coverage, EVERYTHING, GLOBAL, RunRecord, State};
use crate::yaml::is_placeholder;

/// Accounts and regions that `affiant.yaml` names and the run knows nothing of.
pub fn added(record: &RunRecord, decisions: &Decisions) -> (Vec<String>, Vec<String>) {
    let named = &decisions.workspace;
    let accounts = named.accounts.iter().map(|a| &a.id).filter(|id| !record.accounts.contains(id));
    let regions = named.regions.iter().filter(|region| !record.regions.contains(region));
    let told = |name: &&String| !is_placeholder(name);
    (accounts.filter(told).cloned().collect(), regions.filter(told).cloned().collect())
}

/// A line for each of them.
pub fn gaps(record: &RunRecord, decisions: &Decisions) -> Vec<Coverage> {
    let (accounts, regions) = added(record, decisions);
    let line = |account: &String, region: &str, what: &str| Coverage {
        account: account.clone(),
        region: region.into(),
        source: EVERYTHING.into(),
        state: State::NotCollected,
        expected: 1,
        read: 0,
        detail: format!("affiant.yaml names the {what}, and this run does not hold it"),
    };
    let of_accounts = accounts.iter().map(|account| line(account, GLOBAL, "account"));
    let of_regions = record
        .accounts
        .iter()
        .flat_map(|account| regions.iter().map(move |region| line(account, region, "region")));
    of_accounts.chain(of_regions).collect()
}
