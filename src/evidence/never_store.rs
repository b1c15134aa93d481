//! Members of answers that must never be stored, dropped before the first write (`never_store` of the operations registry).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::digest::Digest;

/// The body without members of these names; where some were there, the custody record says which, and holds the digest of the whole.
pub fn noted(bytes: &[u8], never: &[String], custody: &mut BTreeMap<String, String>) -> Vec<u8> {
    let (kept, pruned) = body(bytes, never);
    if pruned {
        custody.insert("sha256-as-received".into(), Digest::of(bytes).to_string());
        custody.insert("members-dropped".into(), never.join(", "));
    }
    kept
}

/// The body without members of these names, wherever they stand; the same bytes where there are none.
fn body(body: &[u8], never: &[String]) -> (Vec<u8>, bool) {
    if never.is_empty() || !never.iter().any(|name| memchr::memmem::find(body, name.as_bytes()).is_some()) {
        return (body.to_vec(), false);
    }
    if body.first() == Some(&b'<') {
        return prune_xml(body, never);
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return (body.to_vec(), false) };
    if !drop_members(&mut value, never) {
        return (body.to_vec(), false);
    }
    (serde_json::to_vec(&value).expect("JSON serialises"), true)
}

/// Cuts `<Name>…</Name>` out of the text, for each name; elements of such names hold no element of the same name.
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

fn drop_members(value: &mut Value, never: &[String]) -> bool {
    match value {
        Value::Object(map) => {
            let before = map.len();
            map.retain(|name, _| !never.contains(name));
            let here = map.len() < before;
            let below = map.values_mut().filter_map(|v| drop_members(v, never).then_some(())).count();
            here || below > 0
        }
        Value::Array(list) => list.iter_mut().filter_map(|v| drop_members(v, never).then_some(())).count() > 0,
        // JSON in a string, as CloudTrail's events are
        Value::String(text) if text.starts_with('{') && never.iter().any(|name| text.contains(name.as_str())) => {
            let Ok(mut inner) = serde_json::from_str::<Value>(text) else { return false };
            let pruned = drop_members(&mut inner, never);
            if pruned {
                *text = inner.to_string();
            }
            pruned
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_must_never_be_stored_is_dropped_and_the_rest_keeps_its_bytes() {
        let never = vec!["terminateTerms".to_string()];
        let (body, pruned) = super::body(br#"{"customerAgreements":[{"name":"A","terminateTerms":["x"]}]}"#, &never);
        assert!(pruned && !String::from_utf8_lossy(&body).contains("terminateTerms"));
        let within = br#"{"Event":"{\"a\":1,\"terminateTerms\":2}"}"#;
        assert_eq!(super::body(within, &never), (br#"{"Event":"{\"a\":1}"}"#.to_vec(), true));
        let clean = br#"{ "customerAgreements" : [] }"#;
        assert_eq!(super::body(clean, &never), (clean.to_vec(), false));
        let (body, pruned) = super::body(b"<A><terminateTerms>x</terminateTerms><B>1</B></A>", &never);
        assert_eq!((body.as_slice(), pruned), (b"<A><B>1</B></A>".as_slice(), true));
    }
}
