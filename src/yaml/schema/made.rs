//! Schemas as they are made of the types, strict or for drafts.

use super::{PLACEHOLDER, Strictness};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value as Json, json};

/// The schema of a type, draft 7, which every editor knows.
pub fn schema_of<T: JsonSchema>(strictness: Strictness) -> Json {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    let mut schema = serde_json::to_value(schema).expect("a schema serialises");
    if strictness == Strictness::Filled {
        forbid_placeholders(&mut schema);
    }
    schema
}

fn forbid_placeholders(schema: &mut Json) {
    match schema {
        Json::Object(members) => {
            members.values_mut().for_each(forbid_placeholders);
            let text = match members.get("type") {
                Some(Json::String(kind)) => kind == "string",
                Some(Json::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
                _ => false,
            };
            if text && !members.contains_key("enum") && !members.contains_key("const") {
                members.insert("not".into(), json!({ "type": "string", "pattern": PLACEHOLDER }));
            }
        }
        Json::Array(items) => items.iter_mut().for_each(forbid_placeholders),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}
