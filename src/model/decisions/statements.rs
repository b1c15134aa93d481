//! What people state: exceptions to a check, attestations, and alternative measures for addressable specifications.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::citation::Citation;
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
    pub evidence: Vec<String>,
}

impl Attestation {
    /// The last day on which the statement counts: its own end, or `days` after it was made, whichever comes first.
    pub fn holds_until(&self, days: u32) -> String {
        let on = NaiveDate::parse_from_str(&self.on, "%Y-%m-%d").ok();
        let longest = on.and_then(|on| on.checked_add_days(chrono::Days::new(u64::from(days))));
        longest.map_or_else(|| self.valid_until.clone(), |day| day.format("%Y-%m-%d").to_string().min(self.valid_until.clone()))
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
        };
        assert_eq!(said("2030-01-01").holds_until(365), "2027-01-31");
        assert_eq!(said("2026-03-01").holds_until(365), "2026-03-01");
    }
}
