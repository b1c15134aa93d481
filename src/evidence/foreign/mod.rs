//! Findings that other programs wrote: OCSF, ASFF, and evaluations of AWS Config rules. Untrusted like all
//! evidence: everything has a bound, what says neither pass nor fail is counted and left, and no text is
//! taken for more than text.

mod asff;
mod config;
mod ocsf;

use serde_json::Value;

use crate::model::corroboration::{ForeignFinding, ForeignFormat, ForeignState};

/// The largest file that is read.
pub const MAX_FILE: u64 = 512 << 20;
const MAX_FINDINGS: usize = 1_000_000;
/// So many characters of a name or a sentence are kept.
const MAX_TEXT: usize = 2_000;

/// What a file holds.
#[derive(Debug, Default)]
pub struct ForeignFindings {
    pub format: Option<ForeignFormat>,
    pub findings: Vec<ForeignFinding>,
    /// With versions, sorted.
    pub products: Vec<String>,
    /// Entries that say neither pass nor fail, or name no rule or no resource.
    pub unread: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignProblem {
    #[error("it is larger than {} MiB", MAX_FILE >> 20)]
    Size,
    #[error("it is no JSON: {0}")]
    Json(String),
    #[error("it holds more than {MAX_FINDINGS} findings")]
    Many,
    #[error(
        "entry {0} is no finding in OCSF (class 2003 or 2004), no finding in ASFF and no evaluation of an \
         AWS Config rule"
    )]
    Unknown(usize),
    #[error("it mixes formats, or holds no finding")]
    Mixed,
}

/// One entry as its format tells it; no finding where it says neither pass nor fail.
struct Told {
    /// One for each resource.
    findings: Vec<ForeignFinding>,
    product: String,
}

/// Reads a file: one JSON document (a list, or an object with a list), or one finding a line.
pub fn read(bytes: &[u8], file: u32) -> Result<ForeignFindings, ForeignProblem> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(ForeignProblem::Size);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut out = ForeignFindings::default();
    let mut entries = Vec::new();
    for document in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        let document = document.map_err(|e| ForeignProblem::Json(e.to_string()))?;
        flatten(document, &mut entries);
        if entries.len() > MAX_FINDINGS {
            return Err(ForeignProblem::Many);
        }
    }
    for (at, entry) in entries.iter().enumerate() {
        let Some(format) = format_of(entry) else { return Err(ForeignProblem::Unknown(at + 1)) };
        if *out.format.get_or_insert(format) != format {
            return Err(ForeignProblem::Mixed);
        }
        let told = match format {
            ForeignFormat::Ocsf => ocsf::told(entry, file),
            ForeignFormat::Asff => asff::told(entry, file),
            ForeignFormat::Config => config::told(entry, file),
        };
        if !told.product.is_empty() && !out.products.contains(&told.product) {
            out.products.push(told.product);
        }
        let before = out.findings.len();
        out.findings
            .extend(told.findings.into_iter().filter(|f| !f.rule.is_empty() && !f.resource.is_empty()));
        out.unread += u64::from(out.findings.len() == before);
        if out.findings.len() > MAX_FINDINGS {
            return Err(ForeignProblem::Many);
        }
    }
    out.products.sort();
    if out.format.is_none() { Err(ForeignProblem::Mixed) } else { Ok(out) }
}

/// The lists by which AWS's answers hold their entries.
const LISTS: [&str; 4] =
    ["Findings", "EvaluationResults", "AggregateEvaluationResults", "ConformancePackRuleEvaluationResults"];

fn flatten(document: Value, entries: &mut Vec<Value>) {
    match document {
        Value::Array(list) => entries.extend(list),
        Value::Object(mut map) => {
            match LISTS.iter().find(|name| map.get(**name).is_some_and(Value::is_array)) {
                Some(name) => {
                    if let Some(Value::Array(list)) = map.remove(*name) {
                        entries.extend(list);
                    }
                }
                None => entries.push(Value::Object(map)),
            }
        }
        other => entries.push(other),
    }
}

fn format_of(entry: &Value) -> Option<ForeignFormat> {
    match (&entry["class_uid"], &entry["SchemaVersion"], &entry["EvaluationResultIdentifier"]) {
        (Value::Number(class), ..) => {
            matches!(class.as_u64(), Some(2003 | 2004)).then_some(ForeignFormat::Ocsf)
        }
        (_, Value::String(_), _) => entry["Resources"].is_array().then_some(ForeignFormat::Asff),
        (_, _, Value::Object(_)) => Some(ForeignFormat::Config),
        (_, _, _) => None,
    }
}

/// The text of a member, cut where it is too long; empty where there is none.
fn text(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{} [cut]", &text[..at]),
        None => text.to_string(),
    }
}

/// A time as RFC 3339, of text or of seconds (or milliseconds) since 1970.
fn time(value: &Value) -> String {
    use chrono::DateTime;
    let of_number = |n: f64| {
        let seconds = if n > 100_000_000_000.0 { n / 1000.0 } else { n };
        DateTime::from_timestamp(seconds as i64, 0).map(crate::clock::stamp)
    };
    let found = match value {
        Value::String(text) => crate::clock::parse(text).ok().map(crate::clock::stamp),
        Value::Number(number) => number.as_f64().and_then(of_number),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    found.unwrap_or_default()
}

/// The entries of a list; none where it is no list.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The first that says something.
fn first<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// A program with its version, where it gives one.
fn product(name: &str, version: &str) -> String {
    if version.is_empty() { name.to_string() } else { format!("{name} {version}") }
}

fn state(word: &str) -> Option<ForeignState> {
    match word.to_ascii_uppercase().as_str() {
        "PASS" | "PASSED" | "COMPLIANT" => Some(ForeignState::Pass),
        "FAIL" | "FAILED" | "NON_COMPLIANT" => Some(ForeignState::Fail),
        _ => None,
    }
}

/// The managed rule behind the name that Security Hub or a conformance pack gives its copy.
fn config_rule(name: &str) -> String {
    let name = name.trim();
    let without = |rest: &str| rest.rsplit_once('-').map_or(rest, |(rule, _)| rule).to_string();
    if let Some(rest) = name.strip_prefix("securityhub-") {
        return without(rest);
    }
    match name.find("-conformance-pack-") {
        Some(at) => name[..at].to_string(),
        None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_known_by_the_names_of_their_copies() {
        assert_eq!(config_rule("securityhub-rds-storage-encrypted-0a1b2c3d"), "rds-storage-encrypted");
        assert_eq!(config_rule("rds-storage-encrypted-conformance-pack-abcd1234"), "rds-storage-encrypted");
        assert_eq!(config_rule("rds-storage-encrypted"), "rds-storage-encrypted");
    }

    #[test]
    fn what_is_no_finding_is_refused_or_counted() {
        assert_eq!(read(b"[{\"a\":1}]", 0).expect_err("no finding"), ForeignProblem::Unknown(1));
        assert!(matches!(read(b"{", 0), Err(ForeignProblem::Json(_))));
        assert_eq!(read(b"[]", 0).expect_err("nothing"), ForeignProblem::Mixed);
        assert!(
            matches!(read("[".repeat(100_000).as_bytes(), 0), Err(ForeignProblem::Json(_))),
            "deep nesting is no overflow"
        );
        let other = concat!(
            r#"[{"class_uid":2004,"status_code":"MANUAL","metadata":"#,
            r#"{"event_code":"x","product":{"name":"Prowler"}},"resources":[{"uid":"arn:a"}]}]"#,
        );
        let read_ = read(other.as_bytes(), 0).expect("a file");
        assert_eq!((read_.findings.len(), read_.unread), (0, 1));
        let mixed = br#"{"class_uid":2004}{"SchemaVersion":"2018-10-08","Resources":[]}"#;
        assert_eq!(read(mixed, 0).expect_err("two formats"), ForeignProblem::Mixed);
    }
}
