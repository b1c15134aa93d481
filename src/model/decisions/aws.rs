//! How a run reaches AWS: the organization's accounts, and the way in which AWS Config is read. The section
//! `aws` of `affiant.yaml`. It knows no credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::shapes;

/// The section `aws`; without it the accounts that are named are asked one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AwsFacts {
    /// Ask every account of the organization, listed from the account that `accounts` marks with
    /// `organization: true`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub organization: bool,
    /// The role to take on in accounts without a `role` of their own: its name, or an ARN with `{account}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub config: ConfigWay,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<AggregatorFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<DeliveredFacts>,
    /// The home region of IAM Identity Center: only there does it answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Region>")]
    pub identity_center: Option<String>,
}

impl AwsFacts {
    pub fn is_empty(&self) -> bool {
        *self == AwsFacts::default()
    }

    /// The role to take on in an account that names none: an ARN.
    pub fn role_in(&self, account: &str, partition: &str) -> Option<String> {
        let role = self.role.as_deref()?;
        Some(match role.starts_with("arn:") {
            true => role.replace("{account}", account),
            false => format!("arn:{partition}:iam::{account}:role/{}", role.trim_start_matches('/')),
        })
    }
}

/// How AWS Config is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConfigWay {
    /// An aggregator that is named, or that the organization's account has; otherwise each account itself.
    #[default]
    Auto,
    /// As `auto`; an account or region that the aggregator does not cover is a gap.
    Aggregator,
    /// Each account itself.
    Account,
    /// The newest snapshot that AWS Config delivered to its bucket.
    Snapshot,
    /// Not at all: every service is asked directly.
    None,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AggregatorFacts {
    #[schemars(with = "shapes::Words")]
    pub name: String,
    /// The account that has it; by default the one marked with `organization: true`, or the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Account>")]
    pub account: Option<String>,
    /// Its region; by default the first of `regions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Region>")]
    pub region: Option<String>,
}

/// Where delivered snapshots and history lie, and who may read them there; by default as the delivery channel
/// says, by the account's own role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveredFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Bucket>")]
    pub bucket: Option<String>,
    /// What stands before `AWSLogs/`: of Control Tower, the organization's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The bucket's region.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::Region>")]
    pub region: Option<String>,
    /// The role that may read the bucket (and use its KMS key), in a log account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<shapes::RoleArn>")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_of_the_organization_is_a_name_or_a_pattern() {
        let facts = |role: &str| AwsFacts { role: Some(role.into()), ..AwsFacts::default() };
        let of = |role| facts(role).role_in("111122223333", "aws-us-gov").expect("a role");
        assert_eq!(of("audit/affiant-read"), "arn:aws-us-gov:iam::111122223333:role/audit/affiant-read");
        assert_eq!(of("arn:aws:iam::{account}:role/r"), "arn:aws:iam::111122223333:role/r");
        assert_eq!(AwsFacts::default().role_in("111122223333", "aws"), None);
    }
}
