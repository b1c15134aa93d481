//! What an item's tags say: its name, and whether it is in PHI scope.

use serde_json::Value;

use crate::evidence::encodings;
use crate::model::decisions::{Decisions, TagScope};

/// What an item's tags say, read once.
pub(in crate::assess) struct Tags {
    /// One JSON object.
    pub text: String,
    pub name: Option<String>,
    pub phi: &'static str,
}

/// `in` PHI scope unless the PHI tag is there with another value that is not near one that means PHI: an
/// untagged resource is in scope.
pub(in crate::assess) fn read_tags(raw: Option<&str>, decisions: &Decisions) -> Tags {
    let raw = raw.unwrap_or("{}");
    if matches!(raw, "{}" | "null" | "[]") {
        return Tags { text: "{}".into(), name: None, phi: "in" };
    }
    let tags = encodings::tags(raw);
    let rule = &decisions.workspace.phi;
    let value = |key: &str| tags.get(key).and_then(Value::as_str);
    let out = rule.scope(value(&rule.tag)) == TagScope::Out;
    Tags {
        name: value("Name").map(str::to_string),
        phi: if out { "out" } else { "in" },
        text: if raw.starts_with('{') { raw.to_string() } else { tags.to_string() },
    }
}
