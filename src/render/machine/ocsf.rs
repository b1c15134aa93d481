//! OCSF 1.6.0, class 2003 (Compliance Finding), an event a line. `compliance.status_code` holds the verdict's
//! own word in every event; what was not read has the status Unknown.

use serde_json::{Value, json};

use super::{Handed, MachineFile, Said, mapped, meaning, one_line, said, unlisted, uuid};
use crate::model::dossier::{CheckReport, ControlReport};
use crate::model::verdict::{Severity, Verdict};

pub const VERSION: &str = "1.6.0";

pub fn file(handed: &Handed<'_>) -> MachineFile {
    let mut bytes = Vec::new();
    for control in &handed.dossier.controls {
        for check in &control.checks {
            for said in said(check) {
                serde_json::to_writer(&mut bytes, &event(handed, control, check, &said))
                    .expect("memory takes all");
                bytes.push(b'\n');
            }
        }
    }
    MachineFile { path: "ocsf/compliance-findings.jsonl".into(), format: "OCSF 1.6.0, class 2003", bytes }
}

fn event(handed: &Handed<'_>, control: &ControlReport, check: &CheckReport, said: &Said<'_>) -> Value {
    let d = handed.dossier;
    let (severity_id, severity) = severity(check.severity, said.verdict);
    let (status_id, status) = mapped(said.verdict).ocsf;
    let subject = said.row.map_or("", |row| row.resource.as_str());
    let uid = uuid("ocsf", &format!("{}\0{}\0{subject}\0{}", d.package_id, check.id, said.reason));
    let citations: Vec<String> = control.citations.iter().map(|c| format!("45 CFR {}", c.citation)).collect();
    let mut out = json!({
        "activity_id": 1, "activity_name": "Create",
        "category_uid": 2, "category_name": "Findings",
        "class_uid": 2003, "class_name": "Compliance Finding",
        "type_uid": 200_301, "type_name": "Compliance Finding: Create",
        "severity_id": severity_id, "severity": severity,
        "time": crate::clock::parse(&d.as_of).map_or(0, |time| time.timestamp_millis()),
        "message": format!("{}{}: {}", handed.warnings(), said.verdict, said.reason),
        "metadata": {
            "version": VERSION,
            "uid": uid,
            "product": { "name": d.program.name, "vendor_name": d.program.name,
                "version": d.program.version },
        },
        "finding_info": {
            "uid": uuid("finding", &format!("{}\0{subject}", check.id)),
            "title": one_line(&check.title),
            "desc": one_line(&check.why),
            "types": [control.id],
        },
        "compliance": {
            "control": check.id,
            "standards": ["HIPAA Security Rule, 45 CFR Part 164 Subpart C"],
            "requirements": citations,
            "status_id": status_id, "status": status,
            "status_code": said.verdict,
            "status_details": [said.reason, meaning(said.verdict)],
        },
        "remediation": { "desc": one_line(&check.fix) },
        "unmapped": unmapped(handed, check, said),
    });
    if let Some(row) = said.row.filter(|row| !row.resource.is_empty()) {
        let mut resource = json!({ "uid": row.resource, "name": row.name });
        for (member, value) in [("type", &row.asset_class), ("region", &row.region)] {
            if !value.is_empty() {
                resource[member] = json!(value);
            }
        }
        out["resources"] = json!([resource]);
        if !row.account.is_empty() {
            out["metadata"]["profiles"] = json!(["cloud"]);
            out["cloud"] = json!({ "provider": "AWS", "account": { "uid": row.account } });
            if !row.region.is_empty() {
                out["cloud"]["region"] = json!(row.region);
            }
        }
    }
    out
}

/// What the class has no member for: the exhibits with their digests, and the package.
fn unmapped(handed: &Handed<'_>, check: &CheckReport, said: &Said<'_>) -> Value {
    let d = handed.dossier;
    let exhibits = said.evidence.iter().filter_map(|id| handed.exhibit(id));
    let evidence: Vec<Value> = exhibits
        .map(|e| {
            json!({
                "exhibit": e.id, "path": handed.path(e), "sha256": e.sha256, "collected_at": e.collected_at
            })
        })
        .collect();
    json!({ "affiant": {
        "verdict": said.verdict, "package": d.package_id, "package_manifest_sha256": handed.manifest,
        "sample": d.sample, "draft": d.draft, "evidence": evidence, "rows_not_listed": unlisted(check),
    } })
}

/// What is met informs; the rest has the severity of its check.
fn severity(severity: Severity, verdict: Verdict) -> (u64, &'static str) {
    match (verdict, severity) {
        (Verdict::Met | Verdict::NotApplicable, _) => (1, "Informational"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    }
}
