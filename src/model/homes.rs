//! Where what belongs to no region can be known: the regions whose recorder of AWS Config holds it, by
//! partition. It knows nothing of what a run read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::partition::Partition;

/// Resource types that are known at home only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// Config types; one that ends with `::` stands for all of a service.
    pub types: BTreeSet<String>,
    /// Partition to the one region that records them. Empty: every region may, but those of `never_in`.
    #[serde(default, rename = "in")]
    pub by_partition: BTreeMap<String, String>,
    /// Regions whose recorder cannot hold them.
    #[serde(default)]
    pub never_in: BTreeSet<String>,
    /// Every region has resources of these types; some, which belong to no region, are known at home alone.
    #[serde(default)]
    pub in_part: bool,
    /// A recorder of all types holds them only where `includeGlobalResourceTypes` says so.
    #[serde(default)]
    pub on_request: bool,
    /// Where AWS says so.
    #[serde(default)]
    pub source: String,
}

impl Home {
    fn names(&self, source: &str) -> bool {
        self.types.iter().any(|t| t == source || (t.ends_with("::") && source.starts_with(t.as_str())))
    }

    /// Whether the recorder of a region may hold these types.
    pub fn recorded_in(&self, region: &str) -> bool {
        let home = self.by_partition.get(Partition::of(region).name);
        !self.never_in.contains(region)
            && (self.by_partition.is_empty() || home.is_some_and(|home| home == region))
    }

    /// The one region that knows them, in the partition of another.
    pub fn region(&self, near: &str) -> Option<&str> {
        self.by_partition.get(Partition::of(near).name).map(String::as_str)
    }
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Homes(pub Vec<Home>);

impl Homes {
    /// The home of a type whose items belong to the account, not to a region.
    pub fn of(&self, source: &str) -> Option<&Home> {
        self.0.iter().find(|home| !home.in_part && home.names(source))
    }

    /// Whether a type's items belong to the account.
    pub fn is_global(&self, source: &str) -> bool {
        self.of(source).is_some()
    }

    /// The home of those resources of a type that belong to no region, where others of it do.
    pub fn in_part(&self, source: &str) -> Option<&Home> {
        self.0.iter().find(|home| home.in_part && home.names(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn homes() -> Homes {
        let home = |types: &[&str]| Home {
            types: types.iter().map(|t| (*t).to_string()).collect(),
            ..Home::default()
        };
        let at = [("aws".to_string(), "us-east-1".to_string())];
        Homes(vec![
            Home { by_partition: at.clone().into(), ..home(&["AWS::CloudFront::"]) },
            Home { never_in: ["eu-south-2".to_string()].into(), ..home(&["AWS::IAM::Role"]) },
            Home { in_part: true, by_partition: at.into(), ..home(&["AWS::WAFv2::WebACL"]) },
        ])
    }

    #[test]
    fn a_type_is_held_by_the_recorder_of_its_home_alone() {
        let homes = homes();
        let front = homes.of("AWS::CloudFront::Distribution").expect("a home");
        assert!(
            front.recorded_in("us-east-1")
                && !front.recorded_in("us-west-2")
                && !front.recorded_in("us-gov-west-1")
        );
        assert_eq!((front.region("eu-west-1"), front.region("us-gov-west-1")), (Some("us-east-1"), None));
        let role = homes.of("AWS::IAM::Role").expect("a home");
        assert!(role.recorded_in("us-west-2") && !role.recorded_in("eu-south-2"));
        assert!(homes.of("AWS::IAM::RoleAlias").is_none() && homes.of("AWS::WAFv2::WebACL").is_none());
        assert!(homes.in_part("AWS::WAFv2::WebACL").is_some());
    }
}
