//! The part of `affiant.yaml` that says who seals, who signs beside, and who attests the time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::shapes;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealFacts {
    /// PEM private key, relative to the workspace.
    #[serde(default)]
    pub key: Option<String>,
    /// PEM certificate chain, the signer's first.
    #[serde(default)]
    pub certificate: Option<String>,
    /// PKCS#12 file; its password comes from `AFFIANT_SEAL_PASSWORD`, a file descriptor or a prompt.
    #[serde(default)]
    pub pkcs12: Option<String>,
    /// An asymmetric signing key of AWS KMS, by ARN; `certificate` names its chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms: Option<String>,
    /// How RSA keys sign: `pkcs1` (the default) or `pss`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::Padding")]
    pub padding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<TimestampFacts>,
    /// The PDF's level: `b-b`, `b-t`, `b-lt` or `b-lta`; without it, `b-t` where an authority is named.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::Level")]
    pub level: String,
    /// Revocation lists or OCSP answers to put into seals, beside those that are fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation: Vec<String>,
    /// People who sign the PDF's sign-off page, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<SignerFacts>,
}

/// Timestamp authorities (RFC 3161), asked in this order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimestampFacts {
    #[schemars(with = "Vec<shapes::Url>")]
    pub authorities: Vec<String>,
    /// For each authority, at most.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 120))]
    pub seconds: u32,
    /// PEM file: only tokens of these authorities, or of those below, are taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
}

fn ten() -> u32 {
    10
}

/// A person who signs, and with what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignerFacts {
    /// As the sign-off page says it: `Prepared by`, `Reviewed by`, `Approved by`.
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs12: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms: Option<String>,
    /// The environment variable with the PKCS#12 file's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
}
