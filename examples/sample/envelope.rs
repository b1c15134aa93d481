//! The three forms in which AWS Config hands out an item: in a snapshot, from its API, as a row of
//! an advanced query.

use serde_json::{Map, Value, json};

use crate::item::Item;
use crate::region::ACCOUNT;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Snapshot,
    Api,
    Rows,
}

/// Recorded, but unknown to advanced queries.
const NOT_QUERYABLE: [&str; 1] = ["AWS::Cognito::UserPool"];

/// JSON text of the item; none where this form leaves it out.
pub fn encode(item: &Item, format: Format) -> Option<String> {
    match format {
        Format::Snapshot => Some(snapshot(item).to_string()),
        Format::Api => Some(api(item).to_string()),
        Format::Rows => {
            (live(item) && !NOT_QUERYABLE.contains(&item.kind)).then(|| Value::String(row(item)).to_string())
        }
    }
}

fn live(item: &Item) -> bool {
    matches!(item.status, "OK" | "ResourceDiscovered")
}

fn snapshot(item: &Item) -> Value {
    let links: Vec<Value> = item
        .links
        .iter()
        .map(|link| json!({
            "resourceId": link.id, "resourceName": link.name, "resourceType": link.kind, "name": link.label
        }))
        .collect();
    let mut body = json!({
        "relatedEvents": [], "relationships": links, "configuration": item.configuration,
        "supplementaryConfiguration": item.supplementary, "tags": item.tags,
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": item.captured.iso(),
        "configurationStateId": item.captured.0, "awsAccountId": ACCOUNT,
        "configurationItemStatus": item.status, "resourceType": item.kind, "resourceId": item.id,
        "resourceName": item.name, "awsRegion": item.region,
        "availabilityZone": item.zone, "configurationStateMd5Hash": "",
        "resourceCreationTime": item.created.map(|at| at.iso())
    });
    if let Some(arn) = &item.arn {
        body["ARN"] = json!(arn);
    }
    body
}

/// GetResourceConfigHistory's form: JSON inside strings, times as numbers.
fn api(item: &Item) -> Value {
    let extra: Map<String, Value> = members(&item.supplementary)
        .map(|(name, value)| (name.clone(), json!(escaped(value.to_string()))))
        .collect();
    let mut body = json!({
        "version": "1.3", "accountId": ACCOUNT, "configurationItemCaptureTime": item.captured.epoch(),
        "configurationItemStatus": item.status,
        "configurationStateId": item.captured.0.to_string(), "configurationItemMD5Hash": "",
        "resourceType": item.kind,
        "resourceId": item.id,
        "awsRegion": item.region, "availabilityZone": item.zone, "tags": item.tags,
        "relatedEvents": [], "relationships": links(item),
        "supplementaryConfiguration": extra, "recordingFrequency": "CONTINUOUS"
    });
    if live(item) {
        body["configuration"] = json!(escaped(item.configuration.to_string()));
    }
    optional(&mut body, item);
    if let Some(created) = item.created {
        body["resourceCreationTime"] = json!(created.epoch());
    }
    body
}

/// A query's row: integers as doubles, no nulls, tags as a list, some members wrapped.
fn row(item: &Item) -> String {
    let tags: Vec<Value> = item
        .tags
        .iter()
        .map(|(key, value)| json!({"tag": format!("{key}={value}"), "key": key, "value": value}))
        .collect();
    let mut body = json!({
        "accountId": ACCOUNT, "awsRegion": item.region, "availabilityZone": item.zone,
        "configurationItemCaptureTime": item.captured.iso(),
        "configurationItemStatus": item.status, "configurationStateId": item.captured.0.to_string(),
        "resourceId": item.id,
        "resourceType": item.kind,
        "version": "1.3", "relationships": links(item), "tags": tags,
        "configuration": doubled(&respelled(item)), "supplementaryConfiguration": doubled(&item.supplementary)
    });
    optional(&mut body, item);
    if let Some(created) = item.created {
        body["resourceCreationTime"] = json!(created.iso());
    }
    escaped(body.to_string()).replace("\"@J", "").replace("J@\"", "")
}

/// Name and ARN, which the API leaves out where a snapshot says null.
fn optional(body: &mut Value, item: &Item) {
    if let Some(name) = &item.name {
        body["resourceName"] = json!(name);
    }
    if let Some(arn) = &item.arn {
        body["arn"] = json!(arn);
    }
}

fn links(item: &Item) -> Vec<Value> {
    let link = |link: &crate::item::Link| {
        let mut body = json!({"resourceType": link.kind, "relationshipName": link.label});
        if let Some(id) = &link.id {
            body["resourceId"] = json!(id);
        }
        if let Some(name) = &link.name {
            body["resourceName"] = json!(name);
        }
        body
    };
    item.links.iter().map(link).collect()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// AWS Config escapes what HTML would read, inside strings; these characters occur nowhere else in JSON.
fn escaped(text: String) -> String {
    [("=", "\\u003d"), ("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("'", "\\u0027")]
        .iter()
        .fold(text, |text, (plain, code)| if text.contains(plain) { text.replace(plain, code) } else { text })
}

/// Members that a query spells differently: wrapped as `{"value":..}`, numbers instead of text, ISO times.
fn respelled(item: &Item) -> Value {
    let mut body = item.configuration.clone();
    match item.kind {
        "AWS::EC2::VPC"
        | "AWS::EC2::Volume"
        | "AWS::EC2::VPCEndpoint"
        | "AWS::EC2::NatGateway"
        | "AWS::Lambda::Function" => wrap(&mut body["state"]),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => wrap(&mut body["securityGroups"]),
        "AWS::AutoScaling::AutoScalingGroup" => wrap(&mut body["availabilityZones"]),
        "AWS::SQS::Queue" => {
            for member in [
                "ReceiveMessageWaitTimeSeconds",
                "DelaySeconds",
                "MessageRetentionPeriod",
                "MaximumMessageSize",
                "VisibilityTimeout",
            ] {
                body[member] = json!(body[member].as_str().and_then(|text| text.parse::<i64>().ok()));
            }
        }
        "AWS::KMS::Key" => body["creationDate"] = json!(item.created.map(|at| at.iso())),
        "AWS::ApiGateway::RestApi" | "AWS::ApiGateway::Stage" => {
            body["createdDate"] = json!(item.created.map(|at| at.short()))
        }
        _ => {}
    }
    body
}

fn wrap(member: &mut Value) {
    *member = match member.take() {
        Value::Array(elements) => elements.into_iter().map(|element| json!({"value": element})).collect(),
        other => json!({"value": other}),
    };
}

fn doubled(value: &Value) -> Value {
    match value {
        Value::Object(_) => members(value)
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), doubled(value)))
            .collect(),
        Value::Array(elements) => elements.iter().map(doubled).collect(),
        Value::Number(number) => number.as_i64().map_or_else(|| value.clone(), java_double),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Java prints doubles from ten million on with an exponent; the marks around it are taken off in the text.
fn java_double(number: i64) -> Value {
    if number.abs() < 10_000_000 {
        return json!(number as f64);
    }
    let digits = number.abs().to_string();
    let fraction = digits[1..].trim_end_matches('0');
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    json!(format!(
        "@J{}{}.{fraction}E{}J@",
        if number < 0 { "-" } else { "" },
        &digits[..1],
        digits.len() - 1
    ))
}
