//! From YAML to raw values, file by file; a file that does not parse is a problem and the rest goes on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{PARTS, embedded, mark};
use crate::diag::{Diagnostic, Problems, near};
use crate::model::breach::StateClocks;
use crate::model::catalog::{
    Check, Control, Inherited, LawClock, Proposal, SecurityRule, ServiceList, Table,
};
use crate::model::homes::{Home, Homes};
use crate::model::kinds::ResourceKinds;
use crate::model::registry::{Api, Operation};
use crate::yaml::yaml;

/// A value and the file it came from.
#[derive(Default)]
pub struct From<T> {
    pub file: String,
    pub value: T,
}

#[derive(Default)]
pub struct Parts {
    pub controls: Vec<From<Control>>,
    pub checks: Vec<From<Check>>,
    pub tables: Vec<From<Table>>,
    pub rule: Option<SecurityRule>,
    pub services: Vec<From<ServiceList>>,
    pub operations: BTreeMap<String, Operation>,
    pub apis: BTreeMap<String, Api>,
    pub homes: Homes,
    pub clocks: Vec<LawClock>,
    pub states: StateClocks,
    pub kinds: From<ResourceKinds>,
    pub inherited: From<Inherited>,
    pub proposals: Vec<From<Proposal>>,
}

/// A file of `operations/`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    #[serde(rename = "format")]
    _format: String,
    #[serde(default)]
    service: Option<Api>,
    #[serde(default)]
    wire: Option<crate::model::registry::Wire>,
    #[serde(default)]
    operations: BTreeMap<String, Operation>,
    /// Where AWS Config records what belongs to no region.
    #[serde(default)]
    homes: Vec<Home>,
}

/// `hipaa/breach-clocks.yaml`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    #[serde(rename = "format")]
    _format: String,
    #[serde(default, rename = "source")]
    _source: String,
    #[serde(default, rename = "checked")]
    _checked: String,
    #[serde(default, rename = "note")]
    _note: String,
    clocks: Vec<LawClock>,
}

/// Parses every file by the folder it lies in.
pub fn all(files: &BTreeMap<String, Vec<u8>>, problems: &mut Problems) -> Parts {
    let mut parts = Parts::default();
    for (path, bytes) in files {
        if let Err(found) = one(path, bytes, &mut parts) {
            problems.extend(found);
        }
    }
    parts
}

/// A file's value: from the JSON that was made of it when the program was built, or from its YAML.
fn value<T: DeserializeOwned + JsonSchema>(path: &str, bytes: &[u8]) -> Result<T, Vec<Diagnostic>> {
    let made = embedded::compact(path, bytes).and_then(|json| serde_json::from_str(json).ok());
    made.map_or_else(|| yaml(path, bytes), Ok)
}

fn one(path: &str, bytes: &[u8], parts: &mut Parts) -> Result<(), Vec<Diagnostic>> {
    let file = || path.to_string();
    match path.split('/').next().unwrap_or_default() {
        "technical" => parts.controls.push(From { file: file(), value: value(path, bytes)? }),
        "checks" => parts.checks.push(From { file: file(), value: value(path, bytes)? }),
        "tables" => parts.tables.push(From { file: file(), value: value(path, bytes)? }),
        "kinds" => parts.kinds = From { file: file(), value: value(path, bytes)? },
        "services" => parts.services.push(From { file: file(), value: value(path, bytes)? }),
        "hipaa" if path.ends_with("breach-clocks.yaml") => {
            parts.clocks = value::<Clocks>(path, bytes)?.clocks
        }
        "hipaa" if path.ends_with("state-clocks.yaml") => parts.states = value(path, bytes)?,
        "hipaa" if path.ends_with("inherited.yaml") => {
            parts.inherited = From { file: file(), value: value(path, bytes)? }
        }
        "hipaa" if path.contains("/proposal-") => {
            parts.proposals.push(From { file: file(), value: value(path, bytes)? })
        }
        "hipaa" => parts.rule = Some(value(path, bytes)?),
        "operations" => operations(path, bytes, parts)?,
        other => {
            let hint = match near::nearest(other, PARTS).filter(|_| path.contains('/')) {
                Some(part) => format!("did you mean `{part}/`?"),
                None => format!("use {}", PARTS.map(|part| format!("{part}/")).join(", ")),
            };
            return Err(vec![Diagnostic::new("AFC-002", "a catalog has no such part").file(path).hint(hint)]);
        }
    }
    Ok(())
}

/// One file of operations; an operation stands in one file only.
fn operations(path: &str, bytes: &[u8], parts: &mut Parts) -> Result<(), Vec<Diagnostic>> {
    let file = value::<Operations>(path, bytes)?;
    let service = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    let wire = file.wire.unwrap_or_default();
    parts.homes.0.extend(file.homes);
    parts.apis.extend(file.service.map(|api| (service.to_string(), Api { wire, ..api })));
    for (name, operation) in file.operations {
        if parts.operations.insert(name.clone(), operation).is_some() {
            let files = BTreeMap::from([(path.to_string(), bytes.to_vec())]);
            let problem = Diagnostic::new("AFC-010", format!("a second operation is called `{name}`"))
                .hint("an operation stands in one file");
            return Err(vec![mark(&files, path, &format!("operations/{name}"), problem)]);
        }
    }
    Ok(())
}
