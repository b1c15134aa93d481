//! A direct answer in the form of an AWS Config item, by the `fill` entries of the operations registry: for
//! accounts where AWS Config does not record a type. What a member is called, and how it is spelled, follows
//! Config, so that tables read both alike.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::evidence::encodings;
use crate::model::partition::Partition;
use crate::model::registry::{Fill, LetterCase, Operation, Pick, at};

/// The call that an answer belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub account: &'a str,
    pub region: &'a str,
    /// The value of the operation's `param`.
    pub key: &'a str,
}

/// A resource as a direct answer shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    pub resource_type: String,
    pub id: String,
    pub name: Option<String>,
    pub arn: String,
    pub region: String,
    pub zone: Option<String>,
    pub created: Option<String>,
    pub tags: Value,
    pub configuration: Value,
}

/// The elements of an answer: what stands at `list`, or the answer itself.
pub fn elements<'a>(body: &'a Value, list: Option<&str>) -> Vec<&'a Value> {
    match list {
        Some(list) => at(body, list),
        None => vec![body],
    }
}

/// Every resource that an answer shows, for one `fill` entry that is no partial one.
pub fn resources(body: &Value, operation: &Operation, fill: &Fill, call: Call<'_>) -> Vec<Filled> {
    let list = fill.list.as_ref().map_or(operation.list.as_deref(), |own| own.as_deref());
    elements(body, list)
        .into_iter()
        .filter_map(|whole| {
            let element = match &fill.member {
                Some(member) => *at(whole, member).first()?,
                None => whole,
            };
            element.is_object().then(|| resource(element, fill, call)).flatten()
        })
        .collect()
}

/// The ARN of what the call is about, whether it was answered or not.
pub fn listed(fill: &Fill, call: Call<'_>) -> Option<String> {
    fill.listed.as_ref().map(|template| expand(template, &Value::Null, call))
}

fn resource(element: &Value, fill: &Fill, call: Call<'_>) -> Option<Filled> {
    let path =
        |path: &Option<String>| path.as_ref().and_then(|p| at(element, p).first().and_then(|v| text(v)));
    let region =
        fill.region.clone().or_else(|| path(&fill.region_at)).unwrap_or_else(|| call.region.to_string());
    let call = Call { region: &region, ..call };
    let arn = match &fill.arn {
        Some(template) => expand(template, element, call),
        None => path(&fill.arn_at)?,
    };
    let id = fill.id.as_ref().and_then(|p| pick(p, element, call)).unwrap_or_else(|| arn.clone());
    let name = fill.name.as_ref().and_then(|p| pick(p, element, call)).unwrap_or_else(|| id.clone());
    let mut configuration = shaped(element, fill);
    for (path, template) in &fill.put {
        if let Some(text) = expand_whole(template, element, call) {
            put(&mut configuration, path, Value::String(text));
        }
    }
    Some(Filled {
        resource_type: fill.resource_type.clone(),
        name: Some(name),
        zone: path(&fill.zone),
        created: path(&fill.created),
        tags: fill
            .tags
            .as_ref()
            .and_then(|p| at_whole(element, p))
            .map(|t| encodings::tags(&t.to_string()))
            .unwrap_or_else(|| Value::Object(Map::new())),
        configuration: encodings::element(configuration),
        region: region.clone(),
        id,
        arn,
    })
}

/// What a partial entry puts into the resource of the call; `None` in the answer's place is an answer of
/// *absent*.
pub fn part(body: Option<&Value>, operation: &Operation, fill: &Fill) -> Value {
    let Some(body) = body else { return fill.none.clone().unwrap_or_default() };
    let found = elements(body, operation.list.as_deref());
    if fill.all {
        return Value::Array(found.into_iter().map(|v| encodings::element(shaped(v, fill))).collect());
    }
    let chosen = match &fill.member {
        Some(member) => found.iter().find_map(|v| at_whole(v, member)),
        None => found.first().copied(),
    };
    match chosen {
        Some(value) => encodings::element(shaped(value, fill)),
        None => fill.missing.clone().unwrap_or_default(),
    }
}

/// Puts a value at a dotted path, making objects on the way.
pub fn put(target: &mut Value, path: &str, value: Value) {
    let mut here = target;
    let mut parts = path.split('.').peekable();
    while let Some(name) = parts.next() {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(map) = here else { return };
        if parts.peek().is_none() {
            map.insert(name.to_string(), value);
            return;
        }
        here = map.entry(name.to_string()).or_insert(Value::Null);
    }
}

fn shaped(element: &Value, fill: &Fill) -> Value {
    let mut value = recased(element.clone(), fill.case, &fill.keep);
    for (path, from) in &fill.lift {
        each_parent(&mut value, path, &mut |map, name| {
            let whole = Value::Object(map.clone());
            if let Some(found) = at(&whole, from).first() {
                map.insert(name.to_string(), (*found).clone());
            }
        });
    }
    for (path, name) in &fill.rename {
        each_parent(&mut value, path, &mut |map, last| {
            if let Some(found) = map.remove(last) {
                map.insert(name.clone(), found);
            }
        });
    }
    for (path, changes) in &fill.values {
        each_parent(&mut value, path, &mut |map, last| {
            if let Some(found) = map.get(last).and_then(Value::as_str).and_then(|text| changes.get(text)) {
                map.insert(last.to_string(), found.clone());
            }
        });
    }
    for (path, default) in &fill.default {
        each_parent(&mut value, path, &mut |map, last| {
            if map.get(last).is_none_or(Value::is_null) {
                map.insert(last.to_string(), default.clone());
            }
        });
    }
    value
}

fn each_parent(value: &mut Value, path: &str, change: &mut dyn FnMut(&mut Map<String, Value>, &str)) {
    let (head, last) = path.rsplit_once('.').unwrap_or(("", path));
    each_object(value, head, &mut |map| change(map, last));
}

fn each_object(value: &mut Value, path: &str, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|v| each_object(v, path, change)),
        Value::Object(map) if path.is_empty() => change(map),
        Value::Object(map) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(inner) = map.get_mut(first) {
                each_object(inner, rest, change);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn recased(value: Value, case: LetterCase, keep: &BTreeSet<String>) -> Value {
    match (value, case) {
        (value, LetterCase::Asis) => value,
        (Value::Object(map), _) => Value::Object(
            map.into_iter()
                .map(|(name, value)| {
                    let new = renamed(&name, case);
                    let kept = keep.contains(&name) || keep.contains(&new);
                    (new, if kept { value } else { recased(value, case, keep) })
                })
                .collect(),
        ),
        (Value::Array(list), _) => Value::Array(list.into_iter().map(|v| recased(v, case, keep)).collect()),
        (other, _) => other,
    }
}

fn renamed(name: &str, case: LetterCase) -> String {
    let run = match case {
        LetterCase::Asis => 0,
        LetterCase::Camel | LetterCase::Pascal => name.chars().next().map_or(0, char::len_utf8),
        LetterCase::Bean => name.find(|c: char| !c.is_ascii_uppercase()).unwrap_or(name.len()),
    };
    let (head, tail) = name.split_at(run);
    let head = if case == LetterCase::Pascal { head.to_uppercase() } else { head.to_lowercase() };
    format!("{head}{tail}")
}

fn pick(pick: &Pick, element: &Value, call: Call<'_>) -> Option<String> {
    match pick {
        Pick::Path(template) if template.contains('{') => Some(expand(template, element, call)),
        Pick::Path(path) => at(element, path).first().and_then(|v| text(v)),
        Pick::After { at: path, after } => {
            let whole = at(element, path).first().and_then(|v| text(v))?;
            Some(whole.rsplit(after.as_str()).next().unwrap_or(&whole).to_string())
        }
    }
}

/// `{partition} {region} {account} {key}` and members of the element.
fn expand(template: &str, element: &Value, call: Call<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&match name {
            "partition" => Partition::of(call.region).name.to_string(),
            "region" => call.region.to_string(),
            "account" => call.account.to_string(),
            "key" => call.key.to_string(),
            path => at(element, path).first().and_then(|v| text(v)).unwrap_or_default(),
        });
        rest = tail;
    }
    out + rest
}

/// As [`expand`]; nothing where the template names what is missing.
fn expand_whole(template: &str, element: &Value, call: Call<'_>) -> Option<String> {
    let names = template.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
    let known = |name: &str| {
        matches!(name, "partition" | "region" | "account" | "key")
            || at(element, name).first().and_then(|v| text(v)).is_some()
    };
    names.into_iter().all(known).then(|| expand(template, element, call))
}

fn at_whole<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |v, part| v.get(part))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(json: &str) -> Operation {
        serde_json::from_str(json).expect("an operation")
    }

    const CALL: Call<'_> = Call { account: "111122223333", region: "us-gov-west-1", key: "b" };

    #[test]
    fn an_answer_becomes_items_as_config_spells_them() {
        let volumes = operation(
            r#"{ "scope": "region", "list": "Volumes",
                 "fill": [{ "type": "AWS::EC2::Volume", "id": "VolumeId", "tags": "Tags", "case": "camel",
                 "arn": "arn:{partition}:ec2:{region}:{account}:volume/{VolumeId}",
                 "rename": { "attachments.instanceId": "instance" } }] }"#,
        );
        let body = serde_json::json!({ "Volumes": [{ "VolumeId": "vol-1", "Encrypted": true,
            "Attachments": [{ "InstanceId": "i-1" }], "Tags": [{ "Key": "a", "Value": "1" }] }] });
        let made = resources(&body, &volumes, &volumes.fill[0], CALL);
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].arn, "arn:aws-us-gov:ec2:us-gov-west-1:111122223333:volume/vol-1");
        assert_eq!(made[0].configuration["attachments"][0]["instance"], "i-1");
        assert_eq!(
            (&made[0].tags["a"], &made[0].configuration["encrypted"]),
            (&Value::from("1"), &Value::from(true))
        );
    }

    #[test]
    fn a_part_says_absent_missing_or_what_it_found() {
        let lifecycle = operation(
            r#"{ "scope": "region",
                 "fill": [{ "type": "AWS::S3::Bucket", "into": "supplementaryConfiguration.L",
                 "case": "camel", "lift": { "rules.expirationInDays": "expiration.days" },
                 "default": { "rules.expirationInDays": -1 } }] }"#,
        );
        let body = serde_json::json!({ "Rules": [{ "Expiration": { "Days": 9 } }, { "ID": "x" }] });
        let made = part(Some(&body), &lifecycle, &lifecycle.fill[0]);
        assert_eq!(
            (&made["rules"][0]["expirationInDays"], &made["rules"][1]["expirationInDays"]),
            (&Value::from(9), &Value::from(-1))
        );
        assert_eq!(part(None, &lifecycle, &lifecycle.fill[0]), Value::Null);
        let mut target = Value::Null;
        put(&mut target, "a.b", Value::from(1));
        assert_eq!(target, serde_json::json!({ "a": { "b": 1 } }));
    }

    #[test]
    fn leading_capitals_fall_as_config_writes_old_names() {
        assert_eq!(renamed("DBClusterArn", LetterCase::Bean), "dbclusterArn");
        assert_eq!(renamed("DBInstanceArn", LetterCase::Camel), "dBInstanceArn");
        assert_eq!(renamed("", LetterCase::Camel), "");
    }
}
