//! The link between a shareable edition and its original, as its holder keeps it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Digest;

pub const FORMAT: &str = "affiant.link/1";

/// `<edition>.link.json`, with its CMS signature beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionLink {
    #[schemars(extend("const" = "affiant.link/1"))]
    pub format: String,
    /// The id of the edition.
    pub edition: String,
    pub audience: String,
    pub recipient: String,
    /// The day on which the edition was made.
    pub date: String,
    /// SHA-256 of the edition's `manifest-sha256.txt`.
    #[schemars(with = "String")]
    pub edition_manifest: Digest,
    /// SHA-256 of the original package's `manifest-sha256.txt`.
    #[schemars(with = "String")]
    pub original_manifest: Digest,
    /// How salts and commitments are made.
    pub scheme: String,
    /// Every file of the original, by its path.
    pub files: Vec<LinkedFile>,
}

/// What opens the commitment of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkedFile {
    pub path: String,
    /// Its name in the edition.
    pub token: String,
    /// 64 hexadecimal digits.
    #[schemars(with = "String")]
    pub salt: Digest,
    #[schemars(with = "String")]
    pub commitment: Digest,
}
