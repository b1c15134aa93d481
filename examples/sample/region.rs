//! One region of the account while it is being furnished: its items, and the ids that later builders need.

use std::collections::BTreeMap;

use crate::item::{Item, Tags, lower_tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::rng::Rng;
use crate::story::Story;

/// The workload.
pub const ACCOUNT: &str = "111122223333";
/// Where logs go; never a subject of the sample.
pub const LOG_ACCOUNT: &str = "123456789012";

/// Relationship labels that many types share.
pub const IN_VPC: &str = "Is contained in Vpc";
pub const IN_SUBNET: &str = "Is contained in Subnet";
pub const WITH_GROUP: &str = "Is associated with SecurityGroup";

#[derive(Clone)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub zone: String,
    /// The first three numbers of its addresses.
    pub network: String,
}

/// A place where data rests that AWS Backup can protect.
pub struct Store {
    pub arn: String,
    /// As AWS Backup names it: `RDS`, `S3`, `DynamoDB`, `EFS`.
    pub kind: &'static str,
    pub phi: bool,
}

pub struct Region {
    pub name: &'static str,
    pub primary: bool,
    pub zones: &'static [&'static str],
    pub rng: Rng,
    pub items: Vec<Item>,
    pub vpc: String,
    pub public: Vec<Subnet>,
    pub app: Vec<Subnet>,
    pub data: Vec<Subnet>,
    /// Security groups of the main VPC by role: id.
    pub groups: BTreeMap<&'static str, String>,
    /// Customer keys by purpose: ARN.
    pub keys: BTreeMap<&'static str, String>,
    /// Topics by name: ARN.
    pub topics: BTreeMap<String, String>,
    /// Target groups by load balancer.
    pub targets: BTreeMap<String, String>,
    pub certificates: BTreeMap<&'static str, String>,
    pub stores: Vec<Store>,
    pub log_groups: Vec<String>,
}

impl Region {
    pub fn new(name: &'static str, zones: &'static [&'static str], primary: bool, story: &Story) -> Region {
        Region {
            name,
            primary,
            zones,
            rng: story.rng(name),
            items: Vec::new(),
            vpc: String::new(),
            public: Vec::new(),
            app: Vec::new(),
            data: Vec::new(),
            groups: BTreeMap::new(),
            keys: BTreeMap::new(),
            topics: BTreeMap::new(),
            targets: BTreeMap::new(),
            certificates: BTreeMap::new(),
            stores: Vec::new(),
            log_groups: Vec::new(),
        }
    }

    /// `arn:aws:<service>:<region>:<account>:<rest>`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{ACCOUNT}:{rest}", self.name)
    }

    pub fn push(&mut self, mut item: Item) {
        if item.region.is_empty() {
            item.region = self.name.into();
        }
        item.captured = Moment(SNAPSHOT.0 - self.rng.between(1_000, 119_000));
        self.items.push(item);
    }

    /// A day between `newest` and `oldest` days before the snapshot, at some hour.
    pub fn past(&mut self, newest: i64, oldest: i64) -> Moment {
        let days = self.rng.between(newest, oldest - 1);
        Moment(SNAPSHOT.minus_days(days).0 - self.rng.between(0, 86_399) * 1000)
    }

    pub fn key(&self, purpose: &str) -> String {
        self.keys[purpose].clone()
    }

    pub fn group(&self, role: &str) -> String {
        self.groups[role].clone()
    }

    pub fn subnet_ids(subnets: &[Subnet]) -> Vec<String> {
        subnets.iter().map(|subnet| subnet.id.clone()).collect()
    }

    pub fn log_group(&mut self, name: impl Into<String>) -> String {
        let name = name.into();
        self.log_groups.push(name.clone());
        name
    }

    pub fn store(&mut self, arn: &str, kind: &'static str, phi: bool) {
        self.stores.push(Store { arn: arn.into(), kind, phi });
    }
}

/// An item of the EC2 family: its ARN follows from its id, its tags repeat in the configuration.
pub fn ec2(
    region: &Region,
    kind: &'static str,
    path: &str,
    id: &str,
    mut configuration: serde_json::Value,
    tags: &Tags,
) -> Item {
    let member = if kind == "AWS::EC2::NetworkInterface" { "tagSet" } else { "tags" };
    configuration[member] = lower_tags(tags);
    Item::new(kind, id, region.arn("ec2", &format!("{path}/{id}")), configuration).nowhere().tagged(tags)
}
