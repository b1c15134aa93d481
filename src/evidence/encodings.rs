//! The one place where encodings that SQL cannot undo are undone, before an item's JSON reaches the database:
//!
//! | as AWS sends it | as it is stored |
//! |---|---|
//! | `configuration` as a JSON string (API envelope) | the object |
//! | JSON in a string (`BucketPolicy.policyText`, KMS `Policy`, `AccessControlList`) | the object or array |
//! | percent-encoded JSON (IAM policy documents) | the object |
//! | members of `supplementaryConfiguration` as JSON text of anything (API envelope) | what they say |
//! | integral doubles (`35.0`, query rows) | integers |
//! | `{"value": x}` around a member (query rows) | `x` |
//! | tags as `[{tag, key, value}]` (query rows) | one object |
//!
//! Key names and their case stay as AWS sent them. A document that needs none of this keeps its bytes.

use std::borrow::Cow;
use std::sync::OnceLock;

use percent_encoding::percent_decode_str;
use regex::bytes::Regex;
use serde_json::{Map, Number, Value};

/// How deep JSON may lie inside JSON strings.
const DEPTH: u32 = 8;

/// Undoes the encodings of one `configuration` or `supplementaryConfiguration`. `row` is true for query rows.
pub fn document(raw: &str, row: bool) -> Cow<'_, str> {
    if !row && !needs_work(raw) {
        return Cow::Borrowed(raw);
    }
    match serde_json::from_str::<Value>(raw) {
        Ok(value) => {
            let value = undo(value, row, DEPTH);
            Cow::Owned(value.to_string())
        }
        Err(_) => Cow::Borrowed(raw),
    }
}

/// Undoes a `supplementaryConfiguration`. Beyond [`document`], each of its members may be JSON text of
/// anything, as the API envelope sends them: `"false"`, or a policy as a string inside a string.
pub fn supplementary(raw: &str, row: bool) -> Cow<'_, str> {
    static ENCODED: OnceLock<Regex> = OnceLock::new();
    if !words(&ENCODED, &["\"true\"", "\"false\"", "\"\\\""]).is_match(raw.as_bytes()) {
        return document(raw, row);
    }
    let Ok(Value::Object(map)) = serde_json::from_str::<Value>(raw) else { return document(raw, row) };
    let members = map.into_iter().map(|(name, value)| match &value {
        Value::String(text) => (name, serde_json::from_str(text).unwrap_or(value)),
        _ => (name, value),
    });
    Cow::Owned(undo(Value::Object(members.collect()), row, DEPTH).to_string())
}

/// One element of an API answer, undone in place.
pub fn element(value: Value) -> Value {
    undo(value, false, DEPTH)
}

/// Tags as one object, whichever form they came in.
pub fn tags(raw: &str) -> Value {
    match serde_json::from_str::<Value>(raw) {
        Ok(Value::Object(map)) => Value::Object(map),
        Ok(Value::Array(list)) => Value::Object(list.iter().filter_map(pair).collect()),
        Ok(Value::String(text)) if text != raw => tags(&text),
        _ => Value::Object(Map::new()),
    }
}

fn pair(tag: &Value) -> Option<(String, Value)> {
    let member = |names: [&str; 3]| names.iter().find_map(|n| tag.get(n)).cloned();
    let key = member(["key", "Key", "tagKey"])?.as_str()?.to_string();
    Some((key, member(["value", "Value", "tagValue"]).unwrap_or(Value::Null)))
}

fn needs_work(raw: &str) -> bool {
    static NESTED: OnceLock<Regex> = OnceLock::new();
    raw.starts_with('"')
        || words(&NESTED, &["\"{", "\"[", "\"%7B", "\"%7b", "\"%5B", "\"\\n{", "\" {"])
            .is_match(raw.as_bytes())
}

/// Looks for several words in one pass.
fn words<'a>(made: &'a OnceLock<Regex>, words: &[&str]) -> &'a Regex {
    made.get_or_init(|| {
        Regex::new(&words.iter().map(|w| regex::escape(w)).collect::<Vec<_>>().join("|"))
            .expect("our own words compile")
    })
}

fn undo(value: Value, row: bool, depth: u32) -> Value {
    match value {
        Value::String(text) => match (depth, inner(&text)) {
            (0, _) | (_, None) => Value::String(text),
            (_, Some(inner)) => undo(inner, row, depth - 1),
        },
        Value::Number(number) => Value::Number(integral(number)),
        Value::Array(list) => Value::Array(list.into_iter().map(|v| undo(v, row, depth)).collect()),
        Value::Object(mut map) if row && map.len() == 1 && map.contains_key("value") => {
            undo(map.remove("value").unwrap_or_default(), row, depth)
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(k, v)| (k, undo(v, row, depth))).collect()),
        other @ (Value::Null | Value::Bool(_)) => other,
    }
}

/// The JSON object or array inside a string, percent-encoded or plain.
fn inner(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if trimmed.starts_with(['{', '[']) {
        return structure(text);
    }
    let encoded = trimmed.get(..3)?;
    if !["%7B", "%7b", "%5B", "%5b"].contains(&encoded) {
        return None;
    }
    structure(&percent_decode_str(text).decode_utf8().ok()?)
}

fn structure(text: &str) -> Option<Value> {
    serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array())
}

fn integral(number: Number) -> Number {
    match number.as_f64() {
        Some(f) if number.is_f64() && f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0 => {
            Number::from(f as i64)
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_undone() {
        for (raw, row, expected) in [
            (r#""{\"a\":1}""#, false, r#"{"a":1}"#),
            (r#"{"p":"%7B%22Version%22%3A%222012-10-17%22%7D"}"#, false, r#"{"p":{"Version":"2012-10-17"}}"#),
            (
                r#"{"BucketPolicy":{"policyText":"{\"a\":[1]}"}}"#,
                false,
                r#"{"BucketPolicy":{"policyText":{"a":[1]}}}"#,
            ),
            (r#"{"n":35.0,"state":{"value":"available"}}"#, true, r#"{"n":35,"state":"available"}"#),
            (r#"{"text":"{not json"}"#, false, r#"{"text":"{not json"}"#),
        ] {
            assert_eq!(document(raw, row), expected, "{raw}");
        }
    }

    #[test]
    fn members_of_the_api_envelope_are_json_text() {
        let raw = concat!(
            r#"{"KeyRotationStatus":"true","Policy":"\"{\\\"a\\\":1}\"","Arn":"arn:aws:x","#,
            r#""LoadBalancerAttributes":"[{\"value\":\"true\"}]"}"#,
        );
        let expected = serde_json::json!({
            "KeyRotationStatus": true, "Policy": { "a": 1 }, "Arn": "arn:aws:x",
            "LoadBalancerAttributes": [{ "value": "true" }]
        });
        assert_eq!(serde_json::from_str::<Value>(&supplementary(raw, false)).expect("JSON"), expected);
    }

    #[test]
    fn what_needs_nothing_keeps_its_bytes() {
        let raw = r#"{ "b" : 1.25, "a":[ true ] }"#;
        assert!(matches!(document(raw, false), Cow::Borrowed(kept) if kept == raw));
    }

    #[test]
    fn tags_become_one_object() {
        assert_eq!(tags(r#"[{"tag":"a=b","key":"a","value":"b"}]"#), serde_json::json!({"a": "b"}));
        assert_eq!(tags(r#"{"a":"b"}"#), serde_json::json!({"a": "b"}));
        assert_eq!(tags("null"), serde_json::json!({}));
    }
}
