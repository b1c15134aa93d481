//! Whose an account or an organization is: ours, a stranger's, or not known.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::keys::Membership;

/// Who is ours, as far as the evidence tells.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    /// Accounts in the evidence, and those that the organization lists.
    pub accounts: BTreeSet<String>,
    /// Of an account the id of its organization; an empty id where it is in none.
    pub organizations: BTreeMap<String, String>,
    /// Accounts whose organization was listed whole, or that are in none: who is not in `accounts` is a
    /// stranger to them.
    pub complete: BTreeSet<String>,
    /// VPCs and VPC endpoints in the evidence.
    pub networks: BTreeSet<String>,
    /// Canonical ids of accounts in the evidence.
    pub canonical: BTreeSet<String>,
    /// Buckets in the evidence.
    pub buckets: BTreeSet<String>,
}

impl Ours {
    /// What is known of the organization of a caller's account, from the side of the owner.
    pub(super) fn membership(&self, account: &str, owner: &str) -> Membership {
        match self.organizations.get(account) {
            Some(id) if !id.is_empty() => Membership::Of(id.clone()),
            Some(_) => Membership::Alone,
            None if self.complete.contains(owner) => {
                Membership::Outside(self.organizations.get(owner).cloned().unwrap_or_default())
            }
            None => Membership::Unknown,
        }
    }

    pub(super) fn whose_account(&self, account: &str, owner: &str) -> Whose {
        if account == owner || self.accounts.contains(account) {
            Whose::Own
        } else if self.complete.contains(owner) {
            Whose::Foreign
        } else {
            Whose::Unknown
        }
    }

    pub(super) fn whose_organization(&self, id: &str, owner: &str) -> Whose {
        // the organization of the owner, whichever it is
        if id.to_ascii_lowercase().starts_with("${aws:resourceorg") {
            return Whose::Own;
        }
        match self.organizations.get(owner) {
            Some(own) if own == id => Whose::Own,
            Some(_) => Whose::Foreign,
            None if self.organizations.values().any(|own| own == id) => Whose::Own,
            None => Whose::Unknown,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Own,
    Unknown,
    Foreign,
}
