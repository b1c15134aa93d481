//! What resource types are by nature, and on which controls a nature bears: so that a store which no check
//! reads is named and not passed over. It does not say which types a check reads; that follows from the
//! catalog's tables.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decisions::matches_pattern;

/// `kinds/*.yaml`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceKinds {
    pub format: String,
    #[serde(default)]
    pub source: String,
    /// By name: `database`, `workload`.
    pub natures: BTreeMap<String, Nature>,
    /// The nature of a type that nothing here names, where a resource's tags say that it holds PHI.
    pub tagged: String,
    pub kinds: Vec<ResourceKind>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nature {
    /// `a store of data`.
    pub words: String,
    /// Ids of the controls that it bears on.
    pub controls: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceKind {
    pub nature: String,
    /// `a directory bucket of S3 Express`.
    pub what: String,
    /// Resource types, with `*` for any run of characters.
    pub types: Vec<String>,
    /// Operations that tell of the same things: where a check reads one of them, it reads the kind.
    #[serde(default)]
    pub answers: Vec<String>,
    /// How answers of operations that the catalog does not know name such a thing.
    #[serde(default)]
    pub arns: Vec<String>,
    /// In place of the nature's controls.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Checks that judge sibling kinds: a whole id, or the word before its first dot.
    #[serde(default)]
    pub beside: Vec<String>,
    /// ARNs or ids of things that AWS makes in every account.
    #[serde(default)]
    pub except: Vec<String>,
}

impl ResourceKinds {
    /// The kind of a type: of several that fit the one that leaves least open.
    pub fn of(&self, resource_type: &str) -> Option<&ResourceKind> {
        let fits = |kind: &ResourceKind| {
            let patterns = kind.types.iter().filter(|p| matches_pattern(p, resource_type));
            patterns.map(|p| (!p.contains('*'), p.chars().filter(|c| *c != '*').count())).max()
        };
        let fitting = self.kinds.iter().filter_map(|kind| fits(kind).map(|closeness| (closeness, kind)));
        // of equals the first
        fitting.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, kind)| kind)
    }

    /// The controls that a kind bears on.
    pub fn controls<'a>(&'a self, kind: &'a ResourceKind) -> &'a [String] {
        if kind.controls.is_empty() { self.of_nature(&kind.nature) } else { &kind.controls }
    }

    /// The controls that a nature bears on.
    pub fn of_nature(&self, nature: &str) -> &[String] {
        self.natures.get(nature).map_or(&[], |n| &n.controls)
    }
}

impl ResourceKind {
    /// Whether a check judges what is a sibling of this kind.
    pub fn is_beside(&self, check: &str) -> bool {
        self.beside
            .iter()
            .any(|b| check == b || check.strip_prefix(b.as_str()).is_some_and(|rest| rest.starts_with('.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(what: &str, types: &[&str]) -> ResourceKind {
        ResourceKind {
            nature: "store".into(),
            what: what.into(),
            types: types.iter().map(ToString::to_string).collect(),
            answers: Vec::new(),
            arns: Vec::new(),
            controls: Vec::new(),
            beside: vec!["s3".into()],
            except: Vec::new(),
        }
    }

    #[test]
    fn the_closest_name_decides() {
        let kinds = ResourceKinds {
            kinds: vec![
                kind("by its name", &["AWS::*::*Store"]),
                kind("setting", &["AWS::CloudFront::*"]),
                kind("exact", &["AWS::New::BlobStore"]),
            ],
            ..ResourceKinds::default()
        };
        for (resource_type, what) in [
            ("AWS::New::BlobStore", Some("exact")),
            ("AWS::Newer::BlobStore", Some("by its name")),
            ("AWS::CloudFront::KeyValueStore", Some("setting")),
            ("AWS::New::Rule", None),
        ] {
            assert_eq!(kinds.of(resource_type).map(|k| k.what.as_str()), what, "{resource_type}");
        }
    }

    #[test]
    fn siblings_are_told_by_the_first_word_of_a_check() {
        let kind = kind("a bucket", &["AWS::S3Express::DirectoryBucket"]);
        assert!(kind.is_beside("s3.versioning") && kind.is_beside("s3"));
        assert!(!kind.is_beside("s3control.block") && !kind.is_beside("rds.not-public"));
    }
}
