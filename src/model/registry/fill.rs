//! How an answer stands in for items of AWS Config: which member becomes what.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer that stands in for AWS Config items of a type.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    #[serde(default, rename = "type")]
    pub resource_type: String,
    /// Types whose resources stand under this one too.
    #[serde(default, deserialize_with = "one_or_more")]
    #[schemars(with = "Value")]
    pub also: Vec<String>,
    /// No resource of its own: the tags of the resource whose ARN stands here.
    #[serde(default)]
    pub tags_of: Option<String>,
    /// Absent: the operation's `list`. Null: the whole answer.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Value")]
    pub list: Option<Option<String>>,
    #[serde(default)]
    pub id: Option<Pick>,
    #[serde(default)]
    pub name: Option<Pick>,
    /// A template: `{partition} {region} {account} {key} {Path.In.Element}`.
    #[serde(default)]
    pub arn: Option<String>,
    #[serde(default)]
    pub arn_at: Option<String>,
    /// The same of a resource that a list names, `{key}`, and that this operation does not describe: whoever
    /// reads the type is told of it.
    #[serde(default)]
    pub listed: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub region_at: Option<String>,
    #[serde(default)]
    pub zone: Option<String>,
    #[serde(default)]
    pub created: Option<String>,
    #[serde(default)]
    pub tags: Option<String>,
    #[serde(default)]
    pub case: LetterCase,
    /// Members whose content keeps its names: policy documents, maps.
    #[serde(default)]
    pub keep: BTreeSet<String>,
    /// Path to a new last name, after `case`.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// A path whose last name is new, to the path beside it that is copied there.
    #[serde(default)]
    pub lift: BTreeMap<String, String>,
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    pub default: BTreeMap<String, Value>,
    /// Path to a template, last.
    #[serde(default)]
    pub put: BTreeMap<String, String>,
    /// A partial fill: where it goes in the resource that the call was made for.
    #[serde(default)]
    pub into: Option<String>,
    /// How the call's key names the resource: `arn` or `name`; its id otherwise.
    #[serde(default)]
    pub by: Option<String>,
    /// The one member that is taken.
    #[serde(default)]
    pub member: Option<String>,
    /// With `into`: the list of all elements, of all pages.
    #[serde(default)]
    pub all: bool,
    /// With `into`: what stands for "there is none".
    #[serde(default)]
    pub none: Option<Value>,
    /// What stands for a member that is missing.
    #[serde(default)]
    pub missing: Option<Value>,
}

/// A path, or what follows the last of some character in the value there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Pick {
    Path(String),
    After { at: String, after: String },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LetterCase {
    /// Every member's first letter lowered, as in Config's old types.
    Camel,
    /// The leading run of capitals lowered: `DBClusterArn` becomes `dbclusterArn`.
    Bean,
    /// Every member's first letter raised.
    Pascal,
    #[default]
    Asis,
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        More(Vec<String>),
    }
    Ok(match Either::deserialize(input)? {
        Either::One(one) => vec![one],
        Either::More(more) => more,
    })
}

fn given<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(input).map(Some)
}
