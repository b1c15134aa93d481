//! From an operation of the registry and its members to the parts of an HTTP request, in the five wire
//! protocols that AWS services speak (query, EC2, JSON, REST-JSON, REST-XML). It signs nothing and sends
//! nothing.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::model::registry::{Api, Operation, Protocol};

/// What SigV4 leaves unescaped (RFC 3986 unreserved characters).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ESCAPED_PATH: &AsciiSet = &ESCAPED.remove(b'/');

/// A request without its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestParts {
    pub method: String,
    /// Path and query, escaped.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Builds the request of `name` with `members`.
pub fn parts(api: &Api, name: &str, operation: &Operation, members: &Map<String, Value>) -> RequestParts {
    let name = operation.operation.as_deref().unwrap_or(name);
    let mut parts = match api.protocol {
        Protocol::Query => form(api, name, members, ".member"),
        Protocol::Ec2 => form(api, name, members, ""),
        Protocol::Json => RequestParts {
            method: "POST".into(),
            path: "/".into(),
            headers: vec![
                (
                    "content-type".to_string(),
                    format!("application/x-amz-json-{}", if api.json.is_empty() { "1.1" } else { &api.json }),
                ),
                ("x-amz-target".to_string(), format!("{}.{name}", api.target)),
            ],
            body: serde_json::to_vec(members).expect("JSON serialises"),
        },
        Protocol::RestJson | Protocol::RestXml => rest(api, operation, members),
    };
    parts.headers.extend(api.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())));
    parts
}

fn form(api: &Api, name: &str, members: &Map<String, Value>, list: &str) -> RequestParts {
    let mut pairs =
        vec![("Action".to_string(), name.to_string()), ("Version".to_string(), api.version.clone())];
    members.iter().for_each(|(member, value)| flatten(member, value, list, &mut pairs));
    RequestParts {
        method: "POST".into(),
        path: "/".into(),
        headers: vec![(
            "content-type".to_string(),
            "application/x-www-form-urlencoded; charset=utf-8".into(),
        )],
        body: encode(&pairs).into_bytes(),
    }
}

/// `Filter: [{Name: x}]` becomes `Filter.1.Name=x` (EC2) or `Filter.member.1.Name=x` (query).
fn flatten(name: &str, value: &Value, list: &str, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                flatten(&format!("{name}{list}.{}", index + 1), element, list, pairs);
            }
        }
        Value::Object(map) => {
            map.iter().for_each(|(member, value)| flatten(&format!("{name}.{member}"), value, list, pairs))
        }
        scalar => pairs.push((name.to_string(), text(scalar))),
    }
}

fn rest(api: &Api, operation: &Operation, members: &Map<String, Value>) -> RequestParts {
    let method = operation.method.clone().unwrap_or_else(|| "GET".into());
    let (mut path, mut query, mut body) =
        (operation.path.clone().unwrap_or_else(|| "/".into()), Vec::new(), Map::new());
    let mut headers = Vec::new();
    for (name, value) in members {
        if operation.in_header.contains(name) {
            headers.push((name.to_lowercase(), text(value)));
            continue;
        }
        // it stands in the host's name
        if api.host_prefix.contains(&format!("{{{name}}}")) {
            continue;
        }
        let (place, greedy) = (format!("{{{name}}}"), format!("{{{name}+}}"));
        if path.contains(&place) {
            path = path.replace(&place, &utf8_percent_encode(&text(value), ESCAPED).to_string());
        } else if path.contains(&greedy) {
            path = path.replace(&greedy, &utf8_percent_encode(&text(value), ESCAPED_PATH).to_string());
        } else if method == "GET" || operation.in_query.contains(name) {
            match value {
                Value::Array(list) => query.extend(list.iter().map(|v| (name.clone(), text(v)))),
                scalar => query.push((name.clone(), text(scalar))),
            }
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
    let encoded = encode(&query);
    if !encoded.is_empty() {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(&encoded);
    }
    let body = match method.as_str() {
        "GET" | "HEAD" => Vec::new(),
        _ => {
            headers.push(("content-type".to_string(), "application/json".to_string()));
            serde_json::to_vec(&body).expect("JSON serialises")
        }
    };
    RequestParts { method, path, headers, body }
}

fn encode(pairs: &[(String, String)]) -> String {
    let escape = |text: &str| utf8_percent_encode(text, ESCAPED).to_string();
    pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(api: &str, operation: &str, members: Value) -> RequestParts {
        let api = serde_json::from_str(api).expect("an api");
        let operation = serde_json::from_str(operation).expect("an operation");
        parts(&api, "DescribeThings", &operation, members.as_object().expect("an object"))
    }

    #[test]
    fn lists_are_numbered_as_each_protocol_wants_them() {
        let members = serde_json::json!({ "Filter": [{ "Name": "a b", "Values": ["1", "2"] }], "Max": 5 });
        let ec2 = built(
            r#"{ "protocol": "ec2", "version": "2016-11-15" }"#,
            r#"{ "scope": "region" }"#,
            members.clone(),
        );
        let body = String::from_utf8(ec2.body).expect("ASCII");
        assert_eq!(
            body,
            "Action=DescribeThings&Version=2016-11-15&Filter.1.Name=a%20b&Filter.1.Values.1=1\
             &Filter.1.Values.2=2&Max=5"
        );
        let query = built(r#"{ "protocol": "query", "version": "1" }"#, r#"{ "scope": "region" }"#, members);
        assert!(String::from_utf8(query.body).expect("ASCII").contains("Filter.member.1.Values.member.2=2"));
    }

    #[test]
    fn rest_places_members_in_path_query_and_body() {
        let get = built(
            r#"{ "protocol": "rest-json" }"#,
            r#"{ "scope": "region", "method": "GET", "path": "/v1/{Name}/things" }"#,
            serde_json::json!({ "Name": "a/b?c", "next": "t=1", "types": ["x", "y"] }),
        );
        assert_eq!(
            (get.path.as_str(), get.body.len()),
            ("/v1/a%2Fb%3Fc/things?next=t%3D1&types=x&types=y", 0)
        );
        let post = built(
            r#"{ "protocol": "rest-json" }"#,
            r#"{ "scope": "region", "method": "POST", "path": "/list", "in_query": ["next"] }"#,
            serde_json::json!({ "next": "t", "max": 5 }),
        );
        assert_eq!((post.path.as_str(), post.body.as_slice()), ("/list?next=t", br#"{"max":5}"#.as_slice()));
        let host = built(
            r#"{ "protocol": "rest-xml", "host_prefix": "{AccountId}." }"#,
            r#"{ "scope": "account", "path": "/block" }"#,
            serde_json::json!({ "AccountId": "111122223333" }),
        );
        assert_eq!(host.path, "/block");
        let part = built(
            r#"{ "protocol": "rest-xml" }"#,
            r#"{ "scope": "region", "path": "/{Bucket}/{Key+}", "in_header": ["Range"] }"#,
            serde_json::json!({ "Bucket": "b", "Key": "a/AWS::S3::Bucket.json", "Range": "bytes=0-9" }),
        );
        assert_eq!(part.path, "/b/a/AWS%3A%3AS3%3A%3ABucket.json");
        assert_eq!(part.headers, [("range".to_string(), "bytes=0-9".to_string())]);
    }
}
