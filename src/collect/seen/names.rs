//! What names tell: of an item that was read, of a file that AWS delivered.

use crate::evidence::config_item::{Item, Standing};
use serde_json::Value;

/// The same value, each member's first letter lowered.
pub(super) fn lowered(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let first_lowered = |name: &str| {
                name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect()
            };
            Value::Object(
                map.into_iter().map(|(name, value)| (first_lowered(&name), lowered(value))).collect(),
            )
        }
        Value::Array(list) => Value::Array(list.into_iter().map(lowered).collect()),
        other => other,
    }
}

/// Tells one resource from another, in the room of a number.
pub(super) fn identity(item: &Item<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (item.account(), item.resource_type(), item.arn(), item.standing() == Standing::NotRecorded)
        .hash(&mut hasher);
    hasher.finish()
}

/// The type that a broken item names, or `*`.
pub(super) fn type_in(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let found = text.split_once("\"resourceType\"").and_then(|(_, rest)| rest.split('"').nth(1));
    found.filter(|t| t.starts_with("AWS::") && t.len() < 100).unwrap_or("*").to_string()
}

/// Account and region in a delivered file's name: `111122223333_Config_us-east-1_ConfigSnapshot_…`.
pub fn place_in_name(file: &str) -> Option<(String, String)> {
    let (account, rest) = file.split_once("_Config_")?;
    let (region, rest) = rest.split_once('_')?;
    let account_ok = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (account_ok && rest.starts_with("Config")).then(|| (account.to_string(), region.to_string()))
}
