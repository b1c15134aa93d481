//! How the AWS CLI spells the commands and options of an operation, and how a value stands in a shell
//! command.

use serde_json::{Map, Value};

use crate::model::registry::Api;

/// `DescribeDBInstances` is `describe-db-instances` to the CLI, `ListWebACLs` is `list-web-acls`: botocore's
/// own rule, in its three steps.
pub fn command(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    // a plural of capitals at the end is one word
    if letters.last() == Some(&'s') {
        let run = letters[..letters.len() - 1].iter().rev().take_while(|c| c.is_ascii_uppercase()).count();
        if run >= 2 {
            let start = letters.len() - 1 - run;
            let tail: Vec<char> =
                letters.split_off(start).into_iter().map(|c| c.to_ascii_lowercase()).collect();
            letters.push('-');
            letters.extend(tail);
        }
    }
    let mut words = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        words.push(letters[at]);
        let is = |offset: usize, test: fn(&char) -> bool| letters.get(at + offset).is_some_and(test);
        if is(1, char::is_ascii_uppercase) && is(2, char::is_ascii_lowercase) {
            words.push('-');
            words.push(letters[at + 1]);
            at += 2;
            while letters.get(at).is_some_and(char::is_ascii_lowercase) {
                words.push(letters[at]);
                at += 1;
            }
            continue;
        }
        at += 1;
    }
    let mut made = String::new();
    let mut before = '-';
    for letter in words {
        if letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            made.push('-');
        }
        made.push(letter.to_ascii_lowercase());
        before = letter;
    }
    made
}

/// The command of a service.
pub fn service(name: &str) -> &str {
    match name {
        "config" => "configservice",
        "s3" => "s3api",
        other => other,
    }
}

/// The name that the CLI gives a request member of an operation.
pub fn member<'n>(api: &'n Api, operation: &str, name: &'n str) -> &'n str {
    let own = api.members.get(&format!("{operation}/{name}"));
    own.or_else(|| api.members.get(name)).map_or(name, String::as_str)
}

/// A member with a fixed value as an option.
pub fn option(api: &Api, operation: &str, name: &str, value: &Value) -> String {
    let option = command(member(api, operation, name));
    match value {
        Value::Bool(true) => format!("--{option}"),
        Value::Bool(false) => format!("--no-{option}"),
        Value::Array(list) => {
            let each: Vec<String> = list.iter().map(|one| element(&renamed(api, name, one))).collect();
            format!("--{option} {}", each.join(" "))
        }
        other => format!("--{option} {}", element(&renamed(api, name, other))),
    }
}

/// Members of a structure as the CLI names them: `Filter/Value` is `Values`.
fn renamed(api: &Api, within: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let named = |(name, value): (&String, &Value)| {
                let known = api.members.get(&format!("{within}/{name}")).unwrap_or(name);
                (known.clone(), renamed(api, name, value))
            };
            Value::Object(map.iter().map(named).collect())
        }
        other => other.clone(),
    }
}

/// A value as one argument: `Name=a,Values=b,c` where the CLI's own short form says it, JSON otherwise.
fn element(value: &Value) -> String {
    match value {
        Value::Object(map) => short(map).unwrap_or_else(|| argument(value)),
        Value::Number(number) => number.to_string(),
        other => argument(other),
    }
}

/// The short form of a flat structure; `{date-30}` becomes the day at which the script runs.
fn short(map: &Map<String, Value>) -> Option<String> {
    let mut parts = Vec::new();
    let mut dated = false;
    let plain = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/'))
    };
    for (name, value) in map {
        let texts: Vec<&str> = match value {
            Value::Array(list) => list.iter().map(Value::as_str).collect::<Option<_>>()?,
            other => vec![other.as_str()?],
        };
        let mut said = Vec::new();
        for text in texts {
            match text.strip_prefix("{date").and_then(|rest| rest.strip_suffix('}')) {
                Some(back) => {
                    dated = true;
                    let back: u32 = back.trim_start_matches('-').parse().unwrap_or(0);
                    said.push(format!("$(day {back})"));
                }
                None if plain(text) => said.push(text.to_string()),
                None => return None,
            }
        }
        parts.push(format!("{name}={}", said.join(",")));
    }
    let text = parts.join(",");
    Some(if dated { format!("\"{text}\"") } else { format!("'{text}'") })
}

/// A value as one argument of a shell command.
pub fn argument(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    quoted(&text)
}

pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A text as the script encodes it in the name of a file.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut made, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => made.push(char::from(byte)),
            _ => made.push_str(&format!("%{byte:02X}")),
        }
        made
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_the_cli_spells_them() {
        for (name, expected) in [
            ("DescribeDBParameters", "describe-db-parameters"),
            ("DBParameterGroupName", "db-parameter-group-name"),
            ("ListVirtualMFADevices", "list-virtual-mfa-devices"),
            ("GetEbsEncryptionByDefault", "get-ebs-encryption-by-default"),
            ("ListWebACLs", "list-web-acls"),
            ("ListResourcesForWebACL", "list-resources-for-web-acl"),
            ("DescribeSSLPolicies", "describe-ssl-policies"),
            ("ListObjectsV2", "list-objects-v2"),
            ("restApiId", "rest-api-id"),
        ] {
            assert_eq!(command(name), expected);
        }
    }

    #[test]
    fn values_become_options_of_the_cli() {
        let api: Api = serde_json::from_str(
            r#"{ "protocol": "ec2", "members": { "Filter": "Filters", "Filter/Value": "Values" } }"#,
        )
        .expect("an api");
        let made = |name: &str, value: Value| option(&api, "DescribeThings", name, &value);
        let filter = serde_json::json!([{ "Name": "state", "Value": ["a", "b"] }]);
        assert_eq!(made("Filter", filter), "--filters 'Name=state,Values=a,b'");
        assert_eq!(made("includeShadowTrails", Value::Bool(false)), "--no-include-shadow-trails");
        assert_eq!(made("MaxResults", Value::from(50)), "--max-results 50");
        assert_eq!(made("Names", serde_json::json!(["a b", "it's"])), r"--names 'a b' 'it'\''s'");
        assert_eq!(
            made("TimePeriod", serde_json::json!({ "Start": "{date-30}", "End": "{date}" })),
            r#"--time-period "End=$(day 0),Start=$(day 30)""#
        );
        assert_eq!(made("Includes", serde_json::json!({ "a": ["$(x)"] })), r#"--includes '{"a":["$(x)"]}'"#);
    }
}
