//! How a service is asked: its protocol, its hosts, and how its members are written on the wire.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::LetterCase;

/// How a service is called.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub protocol: Protocol,
    /// Query and EC2: the `Version` parameter.
    #[serde(default)]
    pub version: String,
    /// JSON: prefix of `X-Amz-Target`.
    #[serde(default)]
    pub target: String,
    /// JSON: 1.0 or 1.1.
    #[serde(default)]
    pub json: String,
    /// Host prefix; default: the file's name.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// SigV4 service name; default: the endpoint.
    #[serde(default)]
    pub signing: Option<String>,
    /// Services with one endpoint a partition; a partition that is missing has no such service.
    #[serde(default)]
    pub global: BTreeMap<String, GlobalHost>,
    /// Of a regional service that some partitions lack: those that have it.
    #[serde(default)]
    pub partitions: Vec<String>,
    /// Of a regional service that some regions lack: those that have it, as AWS says.
    #[serde(default)]
    pub offered: Option<OfferedRegions>,
    /// Fixed headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub host_prefix: String,
    #[serde(default)]
    pub path_style: bool,
    /// FIPS host prefix a partition, where it is not `<endpoint>-fips`.
    #[serde(default)]
    pub fips: BTreeMap<String, String>,
    /// Request member on the wire to the name that the AWS CLI gives it, where they differ;
    /// `Operation/member` and `member/inner` where it means two things.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    #[serde(default)]
    pub wire: Wire,
}

/// Where a service is offered. What AWS adds later is missing here, so it alone proves nothing: a region that
/// is not named is asked all the same.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferedRegions {
    pub regions: BTreeSet<String>,
    /// Where AWS says so.
    pub source: String,
    /// The day on which it was read, as `YYYY-MM-DD`.
    pub as_of: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalHost {
    pub host: String,
    pub region: String,
    /// The host with FIPS endpoints; none if AWS has none.
    #[serde(default)]
    pub fips: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Query,
    Ec2,
    Json,
    RestJson,
    RestXml,
}

impl Protocol {
    pub fn is_xml(self) -> bool {
        matches!(self, Protocol::Query | Protocol::Ec2 | Protocol::RestXml)
    }
}

/// How a service's answers become what the AWS CLI prints as JSON. Names are those of XML elements; one with
/// several meanings is qualified by what encloses it (`ebs/encrypted`), at most up to the operation's name.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wire {
    pub names: BTreeMap<String, String>,
    /// XML attribute to member.
    pub attributes: BTreeMap<String, String>,
    /// Element that wraps a list, to the tag of its items.
    pub lists: BTreeMap<String, String>,
    /// Repeated elements without a wrapper.
    pub flat: BTreeSet<String>,
    /// Wrapper to entry, key and value tags; without an entry tag the repeated element itself is the entry.
    #[serde(deserialize_with = "mapped")]
    #[schemars(with = "Value")]
    pub maps: BTreeMap<String, MapTags>,
    /// Structures, which matters when they are empty.
    pub objects: BTreeSet<String>,
    pub booleans: BTreeSet<String>,
    pub integers: BTreeSet<String>,
    pub floats: BTreeSet<String>,
    /// Percent-encoded JSON.
    pub documents: BTreeSet<String>,
    /// JSON: members that come as epoch seconds.
    pub times: BTreeSet<String>,
    /// JSON: `pascal` where the wire's members have a small first letter and the CLI's a capital.
    pub case: LetterCase,
}

/// Tags of a map's entry, key and value.
pub type MapTags = (Option<String>, String, String);

/// JSON services name their maps in a list: entries have no tags there.
fn mapped<'de, D: serde::Deserializer<'de>>(input: D) -> Result<BTreeMap<String, MapTags>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Names(Vec<String>),
        Tags(BTreeMap<String, MapTags>),
    }
    Ok(match Either::deserialize(input)? {
        Either::Names(names) => {
            names.into_iter().map(|n| (n, (None, String::new(), String::new()))).collect()
        }
        Either::Tags(tags) => tags,
    })
}
