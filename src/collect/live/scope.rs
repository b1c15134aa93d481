//! What a run asks of whom: the accounts with their credentials, the regions, and the catalog that says how.
//! Fixed once it is known who may be asked.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::Target;
use crate::aws::{Ask, Identity, Session};
use crate::clock::Clock;
use crate::model::catalog::Catalog;
use crate::model::partition::Partition;
use crate::model::regions::partition_of;
use crate::model::run::State;

/// One account in scope, with the credentials to ask it.
pub struct AskedAccount {
    pub id: String,
    pub caller: String,
    /// None: the account itself cannot be asked, for the reason beside it. An aggregator may still tell of
    /// it.
    pub identity: Option<Rc<Identity>>,
    pub refusal: Option<(State, String)>,
    /// It may be asked about the whole organization.
    pub organization: bool,
}

/// What is asked of whom.
pub struct CollectScope<'a> {
    pub session: &'a Session,
    pub clock: &'a Clock,
    pub catalog: &'a Catalog,
    pub target: &'a Target,
    pub accounts: Vec<AskedAccount>,
    pub regions: Vec<String>,
    /// RoleSessionName of every role that is assumed.
    pub session_name: String,
}

/// Whom to ask, and about whom.
#[derive(Clone)]
pub struct Inquiry {
    pub identity: Rc<Identity>,
    /// The account that is asked; calls to it share a pace.
    pub asked: String,
    /// The account and region that the answer is about.
    pub account: String,
    pub region: String,
    pub asked_in: String,
    pub caller: String,
}

impl<'a> CollectScope<'a> {
    /// The region where what belongs to no region is asked.
    pub fn home(&self) -> String {
        self.regions.first().map_or_else(|| Partition::of("").home.to_string(), Clone::clone)
    }

    /// Whether credentials of the run are good in a region that an answer names: they end at the partition's
    /// border.
    pub fn is_of_our_partition(&self, region: &str) -> bool {
        partition_of(region).is_some() && partition_of(region) == partition_of(&self.home())
    }

    /// An account of the run, asked about itself.
    pub fn inquiry(&self, account: usize, region: &str, asked_in: &str) -> Option<Inquiry> {
        let account = &self.accounts[account];
        Some(Inquiry {
            identity: Rc::clone(account.identity.as_ref()?),
            asked: account.id.clone(),
            account: account.id.clone(),
            region: region.into(),
            asked_in: asked_in.into(),
            caller: account.caller.clone(),
        })
    }

    /// The request for an operation of the catalog; None where the catalog does not say how it is asked.
    pub fn ask(&self, of: &Inquiry, full: &str, members: Map<String, Value>) -> Option<Ask<'a>> {
        let catalog: &'a Catalog = self.catalog;
        let (name, operation) = catalog.operations.get_key_value(full)?;
        let (service, name) = name.split_once(':')?;
        Some(Ask {
            identity: Rc::clone(&of.identity),
            account: of.asked.clone(),
            region: of.asked_in.clone(),
            service,
            name,
            api: catalog.apis.get(service)?,
            operation,
            members,
        })
    }
}
