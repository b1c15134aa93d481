//! From YAML to raw values, file by file; a file that does not parse is a problem and the rest goes on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diag::{Diagnostic, Problems};
use crate::model::catalog::{Check, Control, Inherited, LawClock, Proposal, SecurityRule, ServiceList, Table};
use crate::model::registry::{Api, Operation};
use crate::yaml::{place, yaml};

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
    pub clocks: Vec<LawClock>,
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
        if let Err(problem) = one(path, bytes, &mut parts) {
            problems.push(problem);
        }
    }
    parts
}

fn one(path: &str, bytes: &[u8], parts: &mut Parts) -> Result<(), Diagnostic> {
    let file = || path.to_string();
    match path.split('/').next().unwrap_or_default() {
        "technical" => parts.controls.push(From { file: file(), value: yaml(path, bytes)? }),
        "checks" => parts.checks.push(From { file: file(), value: yaml(path, bytes)? }),
        "tables" => parts.tables.push(From { file: file(), value: yaml(path, bytes)? }),
        "services" => parts.services.push(From { file: file(), value: yaml(path, bytes)? }),
        "hipaa" if path.ends_with("breach-clocks.yaml") => parts.clocks = yaml::<Clocks>(path, bytes)?.clocks,
        "hipaa" if path.ends_with("inherited.yaml") => parts.inherited = From { file: file(), value: yaml(path, bytes)? },
        "hipaa" if path.contains("/proposal-") => parts.proposals.push(From { file: file(), value: yaml(path, bytes)? }),
        "hipaa" => parts.rule = Some(yaml(path, bytes)?),
        "operations" => operations(path, bytes, parts)?,
        _ => {
            return Err(Diagnostic::new("AFC-002", "no such part of a catalog")
                .file(path)
                .hint("use technical/, checks/, tables/, hipaa/, services/ or operations/"));
        }
    }
    Ok(())
}

/// One file of operations; an operation stands in one file only.
fn operations(path: &str, bytes: &[u8], parts: &mut Parts) -> Result<(), Diagnostic> {
    let file = yaml::<Operations>(path, bytes)?;
    let service = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    let wire = file.wire.unwrap_or_default();
    parts.apis.extend(file.service.map(|api| (service.to_string(), Api { wire, ..api })));
    for (name, operation) in file.operations {
        if parts.operations.insert(name.clone(), operation).is_some() {
            let (line, column) = place(bytes, &name);
            return Err(Diagnostic::new("AFC-010", format!("a second operation is called `{name}`")).file(path).at(line, column));
        }
    }
    Ok(())
}
