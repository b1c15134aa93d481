//! Two pictures as data: who can read each store of ePHI, and the network in tiers from the internet to the
//! data. `assess` fills them from the tables `phi_store_reader` and `network_place`; both are bounded, and
//! say how much they leave to the tables.

use serde::{Deserialize, Serialize};

/// The minimum-necessary matrix (45 CFR 164.308(a)(4)(i), 164.502(b), 164.514(d)): the stores with most
/// readers, and the users and roles that read most of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderMatrix {
    /// At most [`STORES`], those with most readers first.
    pub stores: Vec<StoreReaders>,
    pub stores_total: u64,
    /// At most [`READERS`] users and roles of the stores' own accounts, those that read most stores first.
    pub readers: Vec<ReadingPrincipal>,
    pub readers_total: u64,
    /// Whom IAM Identity Center lets be one of these readers, by permission set and account; names as far as
    /// they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The whole in words, for those who do not see the figure.
    pub words: String,
}

/// How many stores and how many users and roles the matrix shows by name.
pub const STORES: usize = 14;
pub const READERS: usize = 12;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreReaders {
    pub arn: String,
    pub name: String,
    /// `bucket`, `table`, `secret` or `key`.
    pub kind: String,
    pub account: String,
    pub region: String,
    pub why: String,
    /// False where the store's own policy was not read: then nobody can say who else it names.
    pub policy_read: bool,
    /// Statements for everyone without a bound on who calls; those with one.
    pub everyone: u64,
    pub everyone_bounded: u64,
    /// Principals of other accounts, and identity providers.
    pub foreign: u64,
    pub services: u64,
    /// Users and roles of the store's own account.
    pub own: u64,
    /// Those of them that are not among the matrix's readers.
    pub own_more: u64,
    pub total: u64,
    /// One a reader of the matrix, in its order.
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingPrincipal {
    pub arn: String,
    pub name: String,
    /// `user` or `role`.
    pub kind: String,
    /// Stores of ePHI that it may read, of all.
    pub stores: u64,
}

/// How far the widest policy goes that lets this reader read this store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub reach: Reach,
    /// Every such policy has a condition, which is not evaluated.
    pub conditional: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    #[default]
    None,
    /// The store by its name or pattern.
    Store,
    /// Every store of its kind.
    Kind,
    /// Every action on everything.
    Everything,
}

/// The network in tiers. What stands in no VPC is counted over all accounts and regions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkMap {
    /// Answers the internet outside any VPC.
    pub edge: Vec<Places>,
    /// At most [`VPCS`], those with most PHI first.
    pub vpcs: Vec<VpcMap>,
    pub vpcs_total: u64,
    /// VPCs in which nothing of the map stands; they are not drawn.
    pub vpcs_empty: u64,
    /// Reached at endpoints of AWS.
    pub regional: Vec<Places>,
    /// In a VPC that the evidence does not name.
    pub unplaced: Vec<Places>,
    pub words: String,
}

pub const VPCS: usize = 3;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcMap {
    pub vpc_id: String,
    pub name: String,
    pub account: String,
    pub region: String,
    pub cidr: String,
    /// An internet gateway is attached.
    pub internet_gateway: bool,
    /// Default routes lead to other networks: transit gateway, peering, VPN or an appliance.
    pub other_networks: bool,
    /// Short names of the services that have an endpoint here: `s3`, `kms`.
    pub endpoints: Vec<String>,
    /// `public`, `private`, `isolated`, and `unknown` where something stands there.
    pub tiers: Vec<Tier>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    pub tier: String,
    pub subnets: u64,
    pub places: Vec<Places>,
}

/// Things of one kind in one tier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// As `network_place` says it: `RDS database`.
    pub kind: String,
    /// `entry`, `compute` or `data`.
    pub class: String,
    pub count: u64,
    /// Those in PHI scope.
    pub phi: u64,
}
