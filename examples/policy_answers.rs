//! Answers requests against policies, one JSON line in and one word out: what `tests/judges/policies.mjs`
//! holds against an independent engine.
//!
//! `{"principal": ARN or null, "action", "resource", "owner", "context": {key: text or list}, "identity":
//! [policy], "boundary", "session", "resourcePolicy", "scp": [[policy]], "rcp":
//! [[policy]]}` gives `yes`, `no` or `unknown`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use affiant::policy::condition::KeyValue as Held;
use affiant::policy::document::Policy;
use affiant::policy::evaluate::{Layers, Request, decide};
use serde_json::Value;

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?).map_err(std::io::Error::other)?;
        writeln!(out, "{}", answer(&asked))?;
        out.flush()?;
    }
    Ok(())
}

fn answer(asked: &Value) -> &'static str {
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let list = |value: &Value| -> Vec<Policy> {
        value.as_array().into_iter().flatten().filter_map(Policy::read).collect()
    };
    let levels =
        |name: &str| -> Vec<Vec<Policy>> { asked[name].as_array().into_iter().flatten().map(list).collect() };
    let context: BTreeMap<String, Vec<String>> = asked["context"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let values = match value {
                Value::Array(many) => many.iter().filter_map(|v| v.as_str().map(str::to_string)).collect(),
                one => one.as_str().map(str::to_string).into_iter().collect(),
            };
            (key.to_ascii_lowercase(), values)
        })
        .collect();
    let held = |key: &str| context.get(key).map_or(Held::Absent, |values| Held::Values(values.clone()));
    let (identity, scp, rcp) = (list(&asked["identity"]), levels("scp"), levels("rcp"));
    let (boundary, session) = (Policy::read(&asked["boundary"]), Policy::read(&asked["session"]));
    let resource = Policy::read(&asked["resourcePolicy"]);
    let layers = Layers {
        identity: identity.iter().collect(),
        boundary: boundary.as_ref(),
        session: session.as_ref(),
        resource: resource.as_ref(),
        service_control: scp.iter().map(|level| level.iter().collect()).collect(),
        resource_control: rcp.iter().map(|level| level.iter().collect()).collect(),
    };
    let request = Request {
        principal: asked["principal"].as_str(),
        action: text("action"),
        resource: text("resource"),
        owner: text("owner"),
        bounded: boundary.is_some(),
        held: &held,
    };
    decide(&request, &layers).as_str()
}
