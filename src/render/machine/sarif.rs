//! SARIF 2.1.0 (OASIS): a rule for each check, a result for each row, located in the evidence. What was not
//! read is `open`; what an approved exception covers is a suppressed failure; a level is given to failures
//! alone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Handed, MachineFile, Said, json as bytes, mapped, meaning, one_line, said, unlisted, uuid};
use crate::model::digest::Digest;
use crate::model::dossier::{CheckReport, ControlReport, EvidenceRef};
use crate::model::verdict::{Severity, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The folder of the package, which whoever reads the file knows.
const BASE: &str = "PACKAGE";

pub fn file(handed: &Handed<'_>) -> MachineFile {
    MachineFile { path: "sarif/affiant.sarif".into(), format: "SARIF 2.1.0", bytes: bytes(&log(handed)) }
}

fn log(handed: &Handed<'_>) -> Value {
    let d = handed.dossier;
    let index: BTreeMap<&str, usize> =
        d.evidence.iter().enumerate().map(|(i, e)| (e.id.as_str(), i)).collect();
    let checks =
        || d.controls.iter().flat_map(|control| control.checks.iter().map(move |check| (control, check)));
    let rules: Vec<Value> = checks().map(|(control, check)| rule(control, check)).collect();
    let mut results = Vec::new();
    for (at, (_, check)) in checks().enumerate() {
        results.extend(said(check).iter().map(|said| result(handed, &index, at, check, said)));
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": d.program.name,
                "version": d.program.version,
                "semanticVersion": d.program.version,
                "rules": rules,
                "properties": { "catalog": d.catalog.version, "catalogSha256": d.catalog.digest,
                    "customCatalog": d.catalog.custom },
            } },
            "automationDetails": {
                "id": format!("affiant/{}", d.package_id),
                "guid": uuid("sarif", &d.package_id),
                "description": { "text": format!(
                    "{}Package {} of {}, as of {}",
                    handed.warnings(), d.package_id, d.organization.name, d.as_of
                ) },
            },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                BASE: { "description": { "text": "the folder of the package, unpacked" } }
            },
            "invocations": [{ "executionSuccessful": true, "endTimeUtc": d.as_of,
                "toolExecutionNotifications": notifications(handed) }],
            "artifacts": d.evidence.iter().map(|e| artifact(handed, e)).collect::<Vec<_>>(),
            "results": results,
            "properties": { "package": d.package_id, "packageManifestSha256": handed.manifest,
                "sample": d.sample, "draft": d.draft },
        }],
    })
}

fn rule(control: &ControlReport, check: &CheckReport) -> Value {
    let citations: Vec<&str> = control.citations.iter().map(|c| c.citation.as_str()).collect();
    json!({
        "id": check.id,
        "shortDescription": { "text": one_line(&check.title) },
        "fullDescription": { "text": one_line(&check.why) },
        "help": { "text": one_line(&check.fix) },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": { "control": control.id, "citations": citations, "severity": check.severity.as_str(),
            "verdict": check.verdict },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn artifact(handed: &Handed<'_>, exhibit: &EvidenceRef) -> Value {
    json!({
        "location": { "uri": handed.uri(exhibit), "uriBaseId": BASE },
        "length": exhibit.size,
        "hashes": { "sha-256": exhibit.sha256 },
        "description": { "text": format!(
            "{}: {}, collected {}", exhibit.id, one_line(&exhibit.source), exhibit.collected_at
        ) },
    })
}

fn result(
    handed: &Handed<'_>,
    index: &BTreeMap<&str, usize>,
    at: usize,
    check: &CheckReport,
    said: &Said<'_>,
) -> Value {
    let kind = mapped(said.verdict).sarif;
    let subject = said.row.map_or(check.id.as_str(), |row| row.resource.as_str());
    let fingerprint = Digest::of(format!("{}\0{subject}", check.id).as_bytes()).to_string();
    let mut out = json!({
        "ruleId": check.id,
        "ruleIndex": at,
        "kind": kind,
        "level": if kind == "fail" { level(check.severity) } else { "none" },
        "message": { "text": format!("{}: {}. {}", said.verdict, said.reason, meaning(said.verdict)) },
        "guid": uuid(
            "sarif-result",
            &format!("{}\0{}\0{subject}\0{}", handed.dossier.package_id, check.id, said.reason)
        ),
        "partialFingerprints": { "affiantRow/v1": fingerprint },
        "properties": { "verdict": said.verdict, "asOf": handed.dossier.as_of },
    });
    let locations = locations(handed, index, said);
    if !locations.is_empty() {
        out["locations"] = Value::Array(locations);
    }
    if said.verdict == Verdict::Accepted {
        out["suppressions"] =
            json!([{ "kind": "external", "status": "accepted", "justification": said.reason }]);
    }
    out
}

/// One a exhibit, with the stretch that names the resource where it was found; the resource alone where no
/// exhibit stands behind it.
fn locations(handed: &Handed<'_>, index: &BTreeMap<&str, usize>, said: &Said<'_>) -> Vec<Value> {
    let logical = said.row.filter(|row| !row.resource.is_empty()).map(|row| {
        json!([{ "fullyQualifiedName": row.resource, "name": row.name, "kind": "resource",
                 "properties": { "account": row.account, "region": row.region, "type": row.asset_class } }])
    });
    let mut out = Vec::new();
    for exhibit in said.evidence.iter().filter_map(|id| handed.exhibit(id)) {
        let artifact =
            json!({ "uri": handed.uri(exhibit), "uriBaseId": BASE, "index": index[exhibit.id.as_str()] });
        let mut physical = json!({ "artifactLocation": artifact });
        let place = said.row.and_then(|row| handed.places.get(&(exhibit.id.clone(), row.resource.clone())));
        if let Some(place) = place {
            physical["region"] =
                json!({ "startLine": place.line, "startColumn": place.column, "endColumn": place.end });
        }
        out.push(json!({ "physicalLocation": physical }));
    }
    match (logical, out.first_mut()) {
        (Some(logical), Some(first)) => first["logicalLocations"] = logical,
        (Some(logical), None) => out.push(json!({ "logicalLocations": logical })),
        (None, _) => {}
    }
    out
}

/// What a reader of the results must know: rows that are only counted, and sources that were not read.
fn notifications(handed: &Handed<'_>) -> Vec<Value> {
    let d = handed.dossier;
    let note = |level: &str, text: String| json!({ "level": level, "message": { "text": text } });
    let read = format!(
        "{} of {} sources were read; {} gaps",
        d.totals.sources_read, d.totals.sources_expected, d.totals.gaps
    );
    let mut out = vec![note(if d.totals.gaps > 0 { "warning" } else { "note" }, read)];
    for check in d.controls.iter().flat_map(|c| &c.checks).filter(|check| unlisted(check) > 0) {
        let text =
            format!("{}: {} more rows are in data/tables/result.csv and not here", check.id, unlisted(check));
        out.push(note("warning", text));
    }
    out
}
