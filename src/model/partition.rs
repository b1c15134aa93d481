//! Partitions of AWS: what a region's name says of the ARNs and hosts in it (AWS General Reference). The one
//! list of them.

/// A partition: its name in ARNs, the suffix of its hosts, and the region that stands for account-wide
/// services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub name: &'static str,
    pub suffix: &'static str,
    pub home: &'static str,
}

const COMMERCIAL: Partition = Partition { name: "aws", suffix: "amazonaws.com", home: "us-east-1" };

/// By how the names of a partition's regions begin.
const OTHERS: [(&str, Partition); 7] = [
    ("us-gov-", Partition { name: "aws-us-gov", suffix: "amazonaws.com", home: "us-gov-west-1" }),
    ("cn-", Partition { name: "aws-cn", suffix: "amazonaws.com.cn", home: "cn-north-1" }),
    ("us-iso-", Partition { name: "aws-iso", suffix: "c2s.ic.gov", home: "us-iso-east-1" }),
    ("us-isob-", Partition { name: "aws-iso-b", suffix: "sc2s.sgov.gov", home: "us-isob-east-1" }),
    ("eu-isoe-", Partition { name: "aws-iso-e", suffix: "cloud.adc-e.uk", home: "eu-isoe-west-1" }),
    ("us-isof-", Partition { name: "aws-iso-f", suffix: "csp.hci.ic.gov", home: "us-isof-south-1" }),
    ("eusc-", Partition { name: "aws-eusc", suffix: "amazonaws.eu", home: "eusc-de-east-1" }),
];

impl Partition {
    /// The name of every partition.
    pub const NAMES: [&str; 8] =
        ["aws", "aws-us-gov", "aws-cn", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

    /// The partition of a region, by its prefix.
    pub fn of(region: &str) -> Partition {
        OTHERS
            .iter()
            .find(|(prefix, _)| region.starts_with(prefix))
            .map_or(COMMERCIAL, |(_, partition)| *partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_is_named_and_found_by_its_home() {
        let all: Vec<&str> =
            [COMMERCIAL].iter().chain(OTHERS.iter().map(|(_, p)| p)).map(|p| p.name).collect();
        assert_eq!(all, Partition::NAMES);
        assert!(OTHERS.iter().all(|(_, p)| Partition::of(p.home) == *p));
        assert_eq!(Partition::of("eu-central-1").name, "aws");
    }
}
