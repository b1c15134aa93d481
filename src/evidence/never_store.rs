//! Members of answers that must never be stored, dropped before the first write (`never_store` of the
//! operations registry).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::digest::Digest;
use crate::model::registry::Operation;

/// The body without members of these names; where some were there, the custody record says which. It holds
/// the digest of the whole only where nothing of what was dropped can be guessed: everything else of the
/// answer is kept, so a digest without a key would let whoever holds the package try passwords, telephone
/// numbers and addresses until one fits.
pub fn noted(bytes: &[u8], operation: Option<&Operation>, custody: &mut BTreeMap<String, String>) -> Vec<u8> {
    let Some(Operation { never_store: never, names_of, keep_digest, .. }) = operation else {
        return bytes.to_vec();
    };
    let (kept, pruned) = body(bytes, never, names_of);
    if pruned {
        if *keep_digest {
            custody.insert("sha256-as-received".into(), Digest::of(bytes).to_string());
        }
        custody.insert("members-dropped".into(), never.join(", "));
    }
    kept
}

/// The body without members of these names, wherever they stand; the same bytes where there are none.
fn body(body: &[u8], never: &[String], names: &BTreeMap<String, String>) -> (Vec<u8>, bool) {
    if never.is_empty() || !never.iter().any(|name| memchr::memmem::find(body, name.as_bytes()).is_some()) {
        return (body.to_vec(), false);
    }
    if body.first() == Some(&b'<') {
        return prune_xml(body, never);
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return (body.to_vec(), false) };
    if !drop_members(&mut value, never, names) {
        return (body.to_vec(), false);
    }
    (serde_json::to_vec(&value).expect("JSON serialises"), true)
}

/// Cuts `<Name>…</Name>` out of the text, for each name; elements of such names hold no element of the same
/// name.
fn prune_xml(body: &[u8], never: &[String]) -> (Vec<u8>, bool) {
    let Ok(mut text) = String::from_utf8(body.to_vec()) else { return (body.to_vec(), false) };
    let mut pruned = false;
    for name in never {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        while let Some(start) = text.find(&open) {
            let Some(end) = text[start..].find(&close) else { break };
            text.replace_range(start..start + end + close.len(), "");
            pruned = true;
        }
    }
    (text.into_bytes(), pruned)
}

fn drop_members(value: &mut Value, never: &[String], names: &BTreeMap<String, String>) -> bool {
    match value {
        Value::Object(map) => {
            let within =
                |(member, kept): (&String, &String)| Some((kept.clone(), names_within(map.get(member)?)?));
            let called: Vec<(String, Value)> = names.iter().filter_map(within).collect();
            let before = map.len();
            map.retain(|name, _| !never.contains(name));
            let here = map.len() < before;
            let below = map.values_mut().filter_map(|v| drop_members(v, never, names).then_some(())).count();
            map.extend(called);
            here || below > 0
        }
        Value::Array(list) => {
            list.iter_mut().filter_map(|v| drop_members(v, never, names).then_some(())).count() > 0
        }
        // JSON in a string, as CloudTrail's events are
        Value::String(text)
            if text.starts_with('{') && never.iter().any(|name| text.contains(name.as_str())) =>
        {
            let Ok(mut inner) = serde_json::from_str::<Value>(text) else { return false };
            let pruned = drop_members(&mut inner, never, names);
            if pruned {
                *text = inner.to_string();
            }
            pruned
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The names of a map's entries, or of a list of pairs such as `{ "name": "STAGE", "value": "x" }`.
fn names_within(value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) => Some(map.keys().cloned().collect()),
        Value::Array(pairs) => Some(pairs.iter().filter_map(|pair| pair.get("name").cloned()).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::model::registry::Operation;

    fn operation(more: &str) -> Operation {
        let names = r#""names_of": { "environment": "environmentNames" }"#;
        let text = format!(r#"{{ "scope": "region", "never_store": ["environment"], {names}{more} }}"#);
        serde_json::from_str(&text).expect("an operation")
    }

    #[test]
    fn names_of_pairs_are_kept_and_no_digest_lets_their_values_be_guessed() {
        let whole =
            br#"{"c":[{"environment":[{"name":"PIN","value":"4711"},{"name":"STAGE","value":"live"}]}]}"#;
        let mut custody = BTreeMap::new();
        let kept = super::noted(whole, Some(&operation("")), &mut custody);
        assert_eq!(String::from_utf8_lossy(&kept), r#"{"c":[{"environmentNames":["PIN","STAGE"]}]}"#);
        assert_eq!(custody.get("members-dropped").map(String::as_str), Some("environment"));
        let guess = crate::model::digest::Digest::of(whole).to_string();
        assert!(!custody.values().any(|value| value.contains(&guess)), "{custody:?}");
        super::noted(whole, Some(&operation(r#", "keep_digest": true"#)), &mut custody);
        assert_eq!(custody.get("sha256-as-received"), Some(&guess));
    }

    #[test]
    fn of_variables_that_must_not_be_stored_the_names_are_kept() {
        let never = vec!["Variables".to_string()];
        let names = BTreeMap::from([("Variables".to_string(), "VariableNames".to_string())]);
        let whole = concat!(
            r#"{"Functions":[{"Environment":{"Variables":{"TOKEN":"x","STAGE":"y"}}},"#,
            r#"{"Environment":{"Variables":{}}},{}]}"#,
        )
        .as_bytes();
        let kept = concat!(
            r#"{"Functions":[{"Environment":{"VariableNames":["STAGE","TOKEN"]}},"#,
            r#"{"Environment":{"VariableNames":[]}},{}]}"#,
        )
        .as_bytes();
        let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
        let (body, pruned) = super::body(whole, &never, &names);
        let mut sorted = json(&body);
        sorted["Functions"][0]["Environment"]["VariableNames"]
            .as_array_mut()
            .expect("names")
            .sort_by_key(ToString::to_string);
        assert!(pruned && sorted == json(kept), "{sorted}");
    }

    #[test]
    fn what_must_never_be_stored_is_dropped_and_the_rest_keeps_its_bytes() {
        let (never, none) = (vec!["terminateTerms".to_string()], BTreeMap::new());
        let (body, pruned) =
            super::body(br#"{"customerAgreements":[{"name":"A","terminateTerms":["x"]}]}"#, &never, &none);
        assert!(pruned && !String::from_utf8_lossy(&body).contains("terminateTerms"));
        let within = br#"{"Event":"{\"a\":1,\"terminateTerms\":2}"}"#;
        assert_eq!(super::body(within, &never, &none), (br#"{"Event":"{\"a\":1}"}"#.to_vec(), true));
        let clean = br#"{ "customerAgreements" : [] }"#;
        assert_eq!(super::body(clean, &never, &none), (clean.to_vec(), false));
        let (body, pruned) = super::body(b"<A><terminateTerms>x</terminateTerms><B>1</B></A>", &never, &none);
        assert_eq!((body.as_slice(), pruned), (b"<A><B>1</B></A>".as_slice(), true));
    }
}
