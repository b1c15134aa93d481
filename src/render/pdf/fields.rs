//! Members of the dossier as JSON, by name: a text, a list, an object.

use serde_json::{Map, Value};

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a mut Value, key: &str) -> &'a mut Vec<Value> {
    value.get_mut(key).and_then(Value::as_array_mut).expect("the dossier has this list")
}

pub(super) fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("a struct serialises as an object")
}
