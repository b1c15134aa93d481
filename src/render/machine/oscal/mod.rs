//! OSCAL 1.2.1 (NIST): assessment results, plan of action and milestones, component definition, mapping
//! collection and its catalog. Every UUID is made from what it names, every `#uuid` resolves in its own
//! document, and every exhibit stands in the back matter with its SHA-256.

mod catalog;
mod component;
mod mapping;
mod poam;
mod results;

use serde_json::{Value, json};

use super::{Handed, MachineFile, json as bytes, one_line, uri, uuid};
use crate::model::digest::Digest;
use crate::model::dossier::EvidenceRef;
use crate::model::verdict::Verdict;

/// The version that compliance-trestle 5.2 knows; the models written here are alike in 1.2.0 to 1.2.3.
pub const VERSION: &str = "1.2.1";
/// What is written, below the folder of an export or of a package's data.
pub const FILES: [&str; 5] = [
    "oscal/assessment-results.json",
    "oscal/poam.json",
    "oscal/component-definition.json",
    "oscal/catalog.json",
    "oscal/mapping-collection.json",
];
/// The namespace of our own properties.
const OWN: &str = "urn:x-affiant:oscal:1";

pub fn files(handed: &Handed<'_>) -> Vec<MachineFile> {
    let results = bytes(&results::document(handed));
    let digest = Digest::of(&results).to_string();
    let file = |path: &str, format, bytes| MachineFile { path: path.into(), format, bytes };
    let mut out = vec![file("oscal/assessment-results.json", "OSCAL 1.2.1 assessment results", results)];
    if let Some(plan) = poam::document(handed, &digest) {
        out.push(file("oscal/poam.json", "OSCAL 1.2.1 plan of action and milestones", bytes(&plan)));
    }
    out.push(file(
        "oscal/component-definition.json",
        "OSCAL 1.2.1 component definition",
        bytes(&component::document(handed)),
    ));
    let catalog = bytes(&catalog::document(handed));
    let digest = Digest::of(&catalog).to_string();
    out.push(file("oscal/catalog.json", "OSCAL 1.2.1 catalog", catalog));
    if !handed.dossier.crosswalk.is_empty() {
        out.push(file(
            "oscal/mapping-collection.json",
            "OSCAL 1.2.1 mapping collection",
            bytes(&mapping::document(handed, &digest)),
        ));
    }
    out
}

/// `metadata`, with the organization as its one party.
fn metadata(handed: &Handed<'_>, title: &str) -> Value {
    let d = handed.dossier;
    json!({
        "title": one_line(&format!("{}{title}, {}", handed.warnings(), d.period.label)),
        "last-modified": d.as_of,
        "version": d.package_id,
        "oscal-version": VERSION,
        "props": props(&[
            ("package", &d.package_id), ("package-manifest-sha256", &handed.manifest),
            ("sample", &d.sample.to_string()),
            ("draft", &d.draft.to_string()), ("catalog-sha256", &d.catalog.digest),
        ]),
        "parties": [{ "uuid": party(handed), "type": "organization", "name": name(&d.organization.name) }],
    })
}

fn party(handed: &Handed<'_>) -> String {
    uuid("party", &handed.dossier.organization.name)
}

fn name(text: &str) -> String {
    let text = one_line(text);
    if text.is_empty() { "not named".into() } else { text }
}

/// The program as a component, which origins name.
fn tool(handed: &Handed<'_>) -> Value {
    let p = &handed.dossier.program;
    json!({
        "uuid": tool_uuid(handed), "type": "software", "title": format!("{} {}", p.name, p.version),
        "description": "The program that read the evidence and ran the checks.",
        "status": { "state": "operational" },
    })
}

fn tool_uuid(handed: &Handed<'_>) -> String {
    let p = &handed.dossier.program;
    uuid("tool", &format!("{}\0{}", p.name, p.version))
}

fn origins(handed: &Handed<'_>) -> Value {
    json!([{ "actors": [{ "type": "tool", "actor-uuid": tool_uuid(handed) }] }])
}

/// Properties of our own; what is empty is left out, since a value must not be.
fn props(pairs: &[(&str, &str)]) -> Vec<Value> {
    let pairs =
        pairs.iter().map(|(name, value)| (name, one_line(value))).filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| json!({ "name": name, "ns": OWN, "value": value })).collect()
}

/// The verdict's own word, wherever OSCAL has a coarser one.
fn verdict(verdict: Verdict) -> Vec<Value> {
    props(&[("verdict", verdict.as_str())])
}

fn inventory_uuid(resource: &str) -> String {
    uuid("inventory-item", resource)
}

fn exhibit_uuid(exhibit: &EvidenceRef) -> String {
    uuid("exhibit", &format!("{}\0{}", exhibit.path, exhibit.sha256))
}

fn exhibit_resource(handed: &Handed<'_>, exhibit: &EvidenceRef) -> Value {
    json!({
        "uuid": exhibit_uuid(exhibit),
        "title": one_line(&format!("{} {}", exhibit.id, exhibit.path)),
        "description": one_line(&exhibit.source),
        "props": props(&[
            ("collected-at", &exhibit.collected_at), ("account", &exhibit.account),
            ("region", &exhibit.region)
        ]),
        "rlinks": [rlink(&handed.path(exhibit), &exhibit.sha256)],
    })
}

fn part_uuid(path: &str) -> String {
    uuid("part", path)
}

/// A part of the package, such as its dossier.
fn part_resource(path: &str, sha256: &str) -> Value {
    json!({
        "uuid": part_uuid(path), "title": path, "description": "A part of the package",
        "rlinks": [rlink(path, sha256)]
    })
}

fn rlink(path: &str, sha256: &str) -> Value {
    json!({
        "href": uri(path), "media-type": media_type(path),
        "hashes": [{ "algorithm": "SHA-256", "value": sha256 }]
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "gz" => "application/gzip",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "txt" => "text/plain",
        "html" => "text/html",
        "pdf" => "application/pdf",
        "yaml" => "application/yaml",
        "sqlite" => "application/vnd.sqlite3",
        _ => "application/octet-stream",
    }
}

/// An id of a control as OSCAL's catalogs of SP 800-53 spell it: `AC-2(1)` is `ac-2.1`.
fn nist_id(id: &str) -> String {
    id.trim().to_lowercase().replace('(', ".").replace(')', "")
}
