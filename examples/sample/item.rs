//! One configuration item, before it takes one of AWS Config's envelopes.
//! Knows the members that every type shares; what a type configures comes from its builder.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use crate::moment::{Moment, SNAPSHOT};

pub type Tags = BTreeMap<String, String>;

/// RFC 3986 unreserved characters stay as they are.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub struct Link {
    pub kind: &'static str,
    pub id: Option<String>,
    pub name: Option<String>,
    pub label: &'static str,
}

pub struct Item {
    pub kind: &'static str,
    pub id: String,
    pub name: Option<String>,
    /// A few types have none, as on AWS.
    pub arn: Option<String>,
    pub region: String,
    pub zone: String,
    pub created: Option<Moment>,
    pub captured: Moment,
    pub status: &'static str,
    pub tags: Tags,
    pub links: Vec<Link>,
    pub configuration: Value,
    pub supplementary: Value,
}

impl Item {
    pub fn new(
        kind: &'static str,
        id: impl Into<String>,
        arn: impl Into<String>,
        configuration: Value,
    ) -> Item {
        Item {
            kind,
            id: id.into(),
            name: None,
            arn: Some(arn.into()),
            region: String::new(),
            zone: "Regional".into(),
            created: None,
            captured: SNAPSHOT,
            status: "OK",
            tags: Tags::new(),
            links: Vec::new(),
            configuration,
            supplementary: Value::Object(Map::new()),
        }
    }

    pub fn named(mut self, name: impl Into<String>) -> Item {
        self.name = Some(name.into());
        self
    }

    pub fn zone(mut self, zone: impl Into<String>) -> Item {
        self.zone = zone.into();
        self
    }

    /// Types without a place: `Not Applicable`.
    pub fn nowhere(self) -> Item {
        self.zone("Not Applicable")
    }

    /// Types of the whole account, which AWS Config calls region `global`.
    pub fn global(mut self) -> Item {
        self.region = "global".into();
        self.nowhere()
    }

    pub fn created(mut self, at: Moment) -> Item {
        self.created = Some(at);
        self
    }

    pub fn discovered(mut self) -> Item {
        self.status = "ResourceDiscovered";
        self
    }

    pub fn tagged(mut self, tags: &Tags) -> Item {
        self.tags = tags.clone();
        self
    }

    pub fn supplementary(mut self, value: Value) -> Item {
        self.supplementary = value;
        self
    }

    pub fn link(mut self, kind: &'static str, id: &str, label: &'static str) -> Item {
        self.links.push(Link { kind, id: Some(id.into()), name: None, label });
        self
    }

    /// A relationship that AWS knows by name only, as a function's to its role.
    pub fn link_name(mut self, kind: &'static str, name: &str, label: &'static str) -> Item {
        self.links.push(Link { kind, id: None, name: Some(name.into()), label });
        self
    }

    pub fn link_both(mut self, kind: &'static str, id: &str, name: &str, label: &'static str) -> Item {
        self.links.push(Link { kind, id: Some(id.into()), name: Some(name.into()), label });
        self
    }

    pub fn arn(&self) -> &str {
        self.arn.as_deref().unwrap_or_default()
    }
}

/// The four tags of this organization.
pub fn tags(name: &str, class: &str, environment: &str, owner: &str) -> Tags {
    [("Name", name), ("data-classification", class), ("environment", environment), ("owner", owner)]
        .into_iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

/// `[{"key":..,"value":..}]`, as the older types carry tags.
pub fn lower_tags(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// `[{"Key":..,"Value":..}]`, as the types of the CloudFormation registry carry them.
pub fn pascal_tags(tags: &Tags) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// An IAM document as it travels in an item: compact JSON, percent-encoded.
pub fn document(policy: &Value) -> String {
    percent(&policy.to_string())
}
