//! What people state: exceptions to a check, attestations, and alternative measures for addressable
//! specifications.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::citation::Citation;
use crate::model::digest::Digest;
use crate::model::shapes;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exceptions {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.exceptions/1"))]
    pub format: String,
    #[serde(default)]
    pub exceptions: Vec<ExceptionRecord>,
}

/// An approved exception: covers failing rows of a check until it expires. The approver is never the owner.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionRecord {
    #[schemars(with = "shapes::Words")]
    pub check: String,
    /// An ARN, with `*` for any run of characters.
    #[schemars(with = "shapes::Arn")]
    pub resource: String,
    #[schemars(with = "shapes::Words")]
    pub approver: String,
    #[schemars(with = "shapes::Words")]
    pub owner: String,
    #[schemars(with = "shapes::Words")]
    pub reason: String,
    #[serde(default)]
    pub compensating: String,
    #[schemars(with = "shapes::Date")]
    pub accepted: String,
    #[schemars(with = "shapes::Date")]
    pub expires: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestations {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.attestations/1"))]
    pub format: String,
    #[serde(default)]
    pub attestations: Vec<Attestation>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    #[schemars(with = "shapes::Words")]
    pub id: String,
    #[schemars(with = "shapes::Words")]
    pub statement: String,
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Words")]
    pub role: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Date")]
    pub valid_until: String,
    #[serde(default)]
    #[schemars(with = "Vec<shapes::Words>")]
    pub evidence: Vec<String>,
    /// What it holds for, where that is less than the whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(with = "shapes::DateOrNothing")]
    pub next_review: String,
    /// Cited files as they were when it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<StatedFile>,
    /// Earlier statements in whose place this one stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<SupersededStatement>,
    /// Of an access review: whose access is to be removed or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<AccessDecision>,
    /// Written by `affiant attest`: signatures over all of the above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<StatementSignature>,
}

/// A file that a statement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedFile {
    #[schemars(with = "shapes::Words")]
    pub path: String,
    #[schemars(with = "shapes::Digest")]
    pub sha256: Digest,
}

/// A statement that another stands in place of; the digest is of its signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupersededStatement {
    #[schemars(with = "shapes::Words")]
    pub by: String,
    #[schemars(with = "shapes::Date")]
    pub on: String,
    #[schemars(with = "shapes::Digest")]
    pub sha256: Digest,
}

/// What a reviewer of access decided on one principal, to be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessDecision {
    pub principal: String,
    /// `remove` or `change`.
    #[schemars(with = "shapes::AccessChange")]
    pub decision: String,
    pub by: String,
    /// Short digest of the access as it was reviewed.
    pub access: String,
}

/// A detached CMS signature over the statement's text, in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementSignature {
    /// The signer's role in `affiant.yaml`, or `seal` for the workspace's own key.
    pub role: String,
    pub cms: String,
}

impl Attestation {
    /// What is signed: every member but the signatures, as JSON in the order of this type. White space in
    /// texts does not count, so that a text may be folded anew.
    pub fn signed_text(&self) -> String {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let bare = Attestation {
            statement: plain(&self.statement),
            by: plain(&self.by),
            role: plain(&self.role),
            scope: plain(&self.scope),
            signatures: Vec::new(),
            ..self.clone()
        };
        format!(
            "affiant.statement/1\n{}\n",
            serde_json::to_string_pretty(&bare).expect("a statement serialises")
        )
    }

    pub fn digest(&self) -> Digest {
        Digest::of(self.signed_text().as_bytes())
    }

    /// The last day on which the statement counts: its own end, or `days` after it was made, whichever comes
    /// first.
    pub fn holds_until(&self, days: u32) -> String {
        let on = NaiveDate::parse_from_str(&self.on, "%Y-%m-%d").ok();
        let longest = on.and_then(|on| on.checked_add_days(chrono::Days::new(u64::from(days))));
        longest.map_or_else(
            || self.valid_until.clone(),
            |day| day.format("%Y-%m-%d").to_string().min(self.valid_until.clone()),
        )
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternatives {
    #[serde(default)]
    #[schemars(extend("const" = "affiant.alternatives/1"))]
    pub format: String,
    #[serde(default)]
    pub alternatives: Vec<AlternativeMeasure>,
}

/// Why an addressable specification is not implemented and what stands in its place: 164.306(d)(3).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlternativeMeasure {
    pub citation: Citation,
    #[schemars(with = "shapes::Words")]
    pub control: String,
    #[schemars(with = "shapes::Words")]
    pub why_not: String,
    #[schemars(with = "shapes::Words")]
    pub measure: String,
    #[schemars(with = "shapes::Words")]
    pub approver: String,
    #[schemars(with = "shapes::Date")]
    pub date: String,
}

#[cfg(test)]
mod tests {
    use super::Attestation;

    #[test]
    fn a_statement_holds_no_longer_than_the_catalog_lets_it() {
        let said = |until: &str| Attestation {
            id: "x".into(),
            statement: String::new(),
            by: String::new(),
            role: String::new(),
            on: "2026-01-31".into(),
            valid_until: until.into(),
            evidence: Vec::new(),
            scope: String::new(),
            next_review: String::new(),
            files: Vec::new(),
            supersedes: Vec::new(),
            decided: Vec::new(),
            signatures: Vec::new(),
        };
        assert_eq!(said("2030-01-01").holds_until(365), "2027-01-31");
        assert_eq!(said("2026-03-01").holds_until(365), "2026-03-01");
    }
}
