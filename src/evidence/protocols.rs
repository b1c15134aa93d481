//! From an answer as it came over the wire to the JSON that the AWS CLI prints for it, by the dictionary of
//! the operations registry. XML that declares entities is refused, and so is nesting without end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use percent_encoding::percent_decode_str;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Number, Value};

use crate::model::registry::{Api, LetterCase, Operation, Protocol, Wire};

/// Deeper nesting than any AWS answer has.
const DEPTH: u32 = 64;
/// No AWS answer has more elements than this.
const NODES: u32 = 8_000_000;

/// The answer of operation `name` as the CLI prints it.
///
/// # Errors
/// Says what is wrong with bytes that are no answer of this protocol.
pub fn to_json(bytes: &[u8], name: &str, api: &Api, operation: &Operation) -> Result<Value, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_string())?.trim_start_matches('\u{feff}');
    let wrapped = |payload: &str, value: Value| Value::Object(Map::from_iter([(payload.to_string(), value)]));
    if let (Some(payload), true) = (&operation.payload, operation.payload_text) {
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|e| e.to_string())?;
        return Ok(wrapped(payload, Value::from(text)));
    }
    let value = match (text.trim().is_empty(), api.protocol.is_xml()) {
        (true, _) => Value::Object(Map::new()),
        (false, true) => xml(text, name, api.protocol, &api.wire)?,
        (false, false) => {
            json(serde_json::from_str(text).map_err(|e| e.to_string())?, name, &api.wire, DEPTH)
        }
    };
    Ok(match &operation.payload {
        Some(payload) => wrapped(payload, value),
        None => value,
    })
}

/// Code and message of an error, in whichever protocol it came; `header` is `x-amzn-ErrorType`.
pub fn error(bytes: &[u8], header: &str) -> Option<(String, String)> {
    let named = |code: &str| {
        let code = code.rsplit('#').next().unwrap_or(code);
        code.split(':').next().unwrap_or(code).to_string()
    };
    let text = std::str::from_utf8(bytes).unwrap_or_default().trim_start();
    if text.starts_with('<') {
        let document = document(text).ok()?;
        let error = document.root().descendants().find(|n| n.has_tag_name_local("Code"))?.parent()?;
        let child = |name: &str| {
            error
                .children()
                .find(|n| n.has_tag_name_local(name))
                .and_then(|n| n.text())
                .unwrap_or_default()
                .to_string()
        };
        return Some((child("Code"), child("Message")));
    }
    let body = serde_json::from_str::<Value>(text).unwrap_or_default();
    let member = |names: &[&str]| {
        names.iter().find_map(|n| body.get(*n)).and_then(Value::as_str).unwrap_or_default().to_string()
    };
    let saved = body.get("Error").and_then(|e| e.get("Code")).and_then(Value::as_str);
    let code = match (header.is_empty(), saved) {
        (false, _) => named(header),
        (true, Some(code)) => code.to_string(),
        (true, None) => named(&member(&["__type", "code", "Code"])),
    };
    (!code.is_empty()).then(|| (code, member(&["message", "Message", "errorMessage"])))
}

fn document(text: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|e| e.to_string())
}

trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn xml(text: &str, name: &str, protocol: Protocol, wire: &Wire) -> Result<Value, String> {
    let document = document(text)?;
    let root = document.root_element();
    let reader = Reader { wire, protocol };
    let body = match protocol {
        Protocol::Query => {
            match root.children().find(|n| n.is_element() && n.tag_name().name().ends_with("Result")) {
                Some(result) => result,
                None => return Ok(Value::Object(Map::new())),
            }
        }
        _ => root,
    };
    if !body.children().any(|n| n.is_element()) {
        return Ok(Value::Object(Map::new()));
    }
    let mut value = reader.item(body, &mut vec![name], None, DEPTH)?;
    if let (Protocol::Ec2, Value::Object(map)) = (protocol, &mut value) {
        map.remove("RequestId");
    }
    Ok(value)
}

/// The dictionary's word on the element at `path`: the longest key that ends the path wins.
fn find<'w, V>(table: &'w BTreeMap<String, V>, path: &[&str]) -> Option<&'w V> {
    if table.is_empty() {
        return None;
    }
    (0..path.len()).find_map(|from| table.get(&path[from..].join("/")))
}

fn holds(set: &BTreeSet<String>, path: &[&str]) -> bool {
    !set.is_empty() && (0..path.len()).any(|from| set.contains(&path[from..].join("/")))
}

struct Reader<'a> {
    wire: &'a Wire,
    protocol: Protocol,
}

impl<'a> Reader<'a> {
    /// An element that may wrap a list or a map. `path` ends with its tag.
    fn value(&self, node: Node<'a, 'a>, path: &mut Vec<&'a str>, depth: u32) -> Result<Value, String> {
        if let Some(tag) = find(&self.wire.lists, path) {
            let items: Vec<_> = node.children().filter(|n| n.has_tag_name_local(tag)).collect();
            return items
                .into_iter()
                .map(|n| self.item(n, path, Some(n.tag_name().name()), depth))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array);
        }
        if let Some((Some(entry), key, value)) = find(&self.wire.maps, path) {
            let mut map = Map::new();
            for child in node.children().filter(|n| n.has_tag_name_local(entry)) {
                self.entry(child, (key, value), path, depth, &mut map)?;
            }
            return Ok(Value::Object(map));
        }
        self.item(node, path, None, depth)
    }

    fn entry(
        &self,
        node: Node<'a, 'a>,
        tags: (&str, &str),
        path: &mut Vec<&'a str>,
        depth: u32,
        map: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let child = |name: &str| node.children().find(|n| n.has_tag_name_local(name));
        let key = child(tags.0).and_then(|n| n.text()).unwrap_or_default().to_string();
        let value = match child(tags.1) {
            Some(found) => self.item(found, path, Some(found.tag_name().name()), depth)?,
            None => Value::Null,
        };
        map.insert(key, value);
        Ok(())
    }

    /// An element's own content: an object or a scalar. Children have `path` as parent; `tag` is the tag of a
    /// list's item or a map's value, which is transparent to its children but names the kind of a scalar.
    fn item(
        &self,
        node: Node<'a, 'a>,
        path: &mut Vec<&'a str>,
        tag: Option<&'a str>,
        depth: u32,
    ) -> Result<Value, String> {
        if depth == 0 {
            return Err("nested too deep".into());
        }
        let attributes =
            node.attributes().filter_map(|a| Some((self.wire.attributes.get(a.name())?, a.value())));
        let mut map: Map<String, Value> =
            attributes.map(|(name, value)| (name.clone(), Value::from(value))).collect();
        let children: Vec<_> = node.children().filter(Node::is_element).collect();
        if children.is_empty() && map.is_empty() {
            path.extend(tag);
            let text: String = node.children().filter_map(|n| n.text()).collect();
            let scalar = match holds(&self.wire.objects, path) {
                true => Value::Object(map),
                false => self.scalar(path, &text),
            };
            path.truncate(path.len() - usize::from(tag.is_some()));
            return Ok(scalar);
        }
        if self.protocol == Protocol::Query
            && tag.is_none()
            && children.iter().all(|n| n.has_tag_name_local("member"))
        {
            return children
                .into_iter()
                .map(|n| self.item(n, path, Some("member"), depth - 1))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array);
        }
        for child in children {
            path.push(child.tag_name().name());
            let placed = self.place(child, path, depth - 1, &mut map);
            path.pop();
            placed?;
        }
        Ok(Value::Object(map))
    }

    fn place(
        &self,
        child: Node<'a, 'a>,
        path: &mut Vec<&'a str>,
        depth: u32,
        map: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let name = self.name(path);
        if holds(&self.wire.flat, path) {
            let value = self.item(child, path, None, depth)?;
            match map.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.push(value),
                other => *other = value,
            }
        } else if let Some((None, key, value)) = find(&self.wire.maps, path) {
            if let Value::Object(entries) = map.entry(name).or_insert_with(|| Value::Object(Map::new())) {
                self.entry(child, (key, value), path, depth, entries)?;
            }
        } else {
            let value = self.value(child, path, depth)?;
            map.insert(name, value);
        }
        Ok(())
    }

    fn scalar(&self, path: &[&str], text: &str) -> Value {
        let plain = || Value::String(text.to_string());
        if holds(&self.wire.booleans, path) {
            return Value::Bool(text == "true");
        }
        if holds(&self.wire.integers, path) {
            return text.parse::<i64>().map_or_else(|_| plain(), Value::from);
        }
        if holds(&self.wire.floats, path) {
            return text.parse::<f64>().ok().and_then(Number::from_f64).map_or_else(plain, Value::Number);
        }
        if holds(&self.wire.documents, path) {
            let decoded = percent_decode_str(text).decode_utf8_lossy();
            return serde_json::from_str(&decoded).unwrap_or_else(|_| plain());
        }
        plain()
    }

    fn name(&self, path: &[&str]) -> String {
        if let Some(name) = find(&self.wire.names, path) {
            return name.clone();
        }
        let tag = path.last().copied().unwrap_or_default();
        if self.protocol == Protocol::Ec2 { raised(tag) } else { tag.to_string() }
    }
}

fn raised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// JSON services: members named as the CLI names them, and epoch seconds as ISO 8601 text where the
/// dictionary says so.
fn json(value: Value, parent: &str, wire: &Wire, depth: u32) -> Value {
    let plain = wire.times.is_empty() && wire.names.is_empty() && wire.case == LetterCase::Asis;
    if plain || depth == 0 {
        return value;
    }
    match value {
        Value::Object(map) => {
            // the keys of a map are data, not members
            let data = wire.maps.contains_key(parent);
            let named = |name: &str| match (data, find(&wire.names, &[parent, name]), wire.case) {
                (false, Some(other), _) => other.clone(),
                (false, None, LetterCase::Pascal) => raised(name),
                _ => name.to_string(),
            };
            let members = map.into_iter().map(|(name, value)| {
                let time =
                    holds(&wire.times, &[parent, &name]).then(|| value.as_f64().and_then(moment)).flatten();
                let inner = if data { "" } else { name.as_str() };
                (named(&name), time.map_or_else(|| json(value, inner, wire, depth - 1), Value::String))
            });
            Value::Object(members.collect())
        }
        Value::Array(list) => {
            Value::Array(list.into_iter().map(|v| json(v, parent, wire, depth - 1)).collect())
        }
        other => other,
    }
}

fn moment(seconds: f64) -> Option<String> {
    let at = DateTime::from_timestamp_millis((seconds * 1000.0).round() as i64)?;
    Some(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(api: &str, operation: &str, text: &str) -> Result<Value, String> {
        let api: Api = serde_json::from_str(api).expect("an api");
        let operation: Operation = serde_json::from_str(operation).expect("an operation");
        to_json(text.as_bytes(), "DescribeThings", &api, &operation)
    }

    const PLAIN: &str = r#"{ "scope": "region" }"#;

    #[test]
    fn ec2_answers_become_what_the_cli_prints() {
        let text = "<DescribeVolumesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
            <requestId>r</requestId><volumeSet><item>
            <volumeId>vol-1</volumeId><size>8</size><encrypted>true</encrypted><attachmentSet/>\
            <tagSet><item><key>a</key><value>1</value></item></tagSet>
            </item></volumeSet></DescribeVolumesResponse>";
        let api = r#"{ "protocol": "ec2", "wire": {
            "names": { "volumeSet": "Volumes", "attachmentSet": "Attachments", "tagSet": "Tags" },
            "lists": { "volumeSet": "item", "attachmentSet": "item", "tagSet": "item" },
            "booleans": ["encrypted"], "integers": ["size"] } }"#;
        let expected = serde_json::json!({ "Volumes": [{ "VolumeId": "vol-1", "Size": 8, "Encrypted": true,
            "Attachments": [], "Tags": [{ "Key": "a", "Value": "1" }] }] });
        assert_eq!(converted(api, PLAIN, text), Ok(expected));
    }

    #[test]
    fn query_answers_lose_their_wrapper_and_keep_lists_maps_and_documents() {
        let text = "<GetThingResponse><GetThingResult>\
            <SummaryMap><entry><key>Users</key><value>3</value></entry></SummaryMap>
            <Names><member>a</member></Names><Groups/><Doc>%7B%22a%22%3A1%7D</Doc></GetThingResult>\
            <ResponseMetadata/></GetThingResponse>";
        let api = r#"{ "protocol": "query", "wire": {
            "maps": { "SummaryMap": ["entry", "key", "value"] }, "lists": { "Groups": "Group" },
            "integers": ["SummaryMap/value"], "documents": ["Doc"] } }"#;
        let expected = serde_json::json!({
            "SummaryMap": { "Users": 3 }, "Names": ["a"], "Groups": [], "Doc": { "a": 1 }
        });
        assert_eq!(converted(api, PLAIN, text), Ok(expected));
    }

    #[test]
    fn rest_xml_has_flat_lists_payloads_and_text() {
        let api = r#"{ "protocol": "rest-xml",
            "wire": { "names": { "Rule": "Rules" }, "flat": ["Rule"], "integers": ["Days"] } }"#;
        let text = "<Configuration><Rule><Days>5</Days></Rule><Rule><Days>9</Days></Rule></Configuration>";
        let payload = r#"{ "scope": "region", "payload": "Lifecycle" }"#;
        assert_eq!(
            converted(api, payload, text),
            Ok(serde_json::json!({ "Lifecycle": { "Rules": [{ "Days": 5 }, { "Days": 9 }] } }))
        );
        let policy = r#"{ "scope": "region", "payload": "Policy", "payload_text": true }"#;
        assert_eq!(converted(api, policy, "{\"a\":1}"), Ok(serde_json::json!({ "Policy": "{\"a\":1}" })));
        assert!(converted(api, policy, "<html>try again later</html>").is_err());
    }

    #[test]
    fn an_empty_item_of_a_list_is_an_object_only_where_the_dictionary_says_so() {
        let api = r#"{ "protocol": "query", "wire": {
            "lists": { "Topics": "member", "Names": "member" }, "objects": ["Topics/member"] } }"#;
        let text = "<R><RResult><Topics><member/><member><A>1</A></member></Topics>\
                    <Names><member/></Names></RResult></R>";
        assert_eq!(
            converted(api, PLAIN, text),
            Ok(serde_json::json!({ "Topics": [{}, { "A": "1" }], "Names": [""] }))
        );
    }

    #[test]
    fn hostile_xml_is_refused() {
        let api = r#"{ "protocol": "rest-xml" }"#;
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x><y>&b;</y></x>"#;
        assert!(converted(api, PLAIN, bomb).is_err());
        let deep = format!("<r>{}{}</r>", "<a>".repeat(5000), "</a>".repeat(5000));
        assert!(converted(api, PLAIN, &deep).is_err());
        assert!(converted(api, PLAIN, "<r><a>").is_err());
    }

    #[test]
    fn json_services_read_like_the_cli() {
        let api = r#"{ "protocol": "json", "wire": { "times": ["LatestDeliveryTime"], "case": "pascal" } }"#;
        let value = converted(api, PLAIN, r#"{"latestX":1,"LatestDeliveryTime":1.7907552E9}"#);
        assert_eq!(
            value,
            Ok(serde_json::json!({ "LatestX": 1, "LatestDeliveryTime": "2026-09-30T08:00:00Z" }))
        );
    }
}
