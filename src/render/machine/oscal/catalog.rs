//! OSCAL catalog: the rows of the Security Rule and the ten controls with their checks, so that what a
//! mapping names can be looked up. The paraphrases of the law are ours; the regulation is what counts.

use serde_json::{Value, json};

use super::super::{Handed, uuid};
use super::{metadata, name, props};
use crate::model::dossier::{ControlReport, CrosswalkRow};

/// What the mapping names as its own part: the file's name beside it.
pub const FILE: &str = "catalog.json";

pub fn document(handed: &Handed<'_>) -> Value {
    let d = handed.dossier;
    json!({ "catalog": {
        "uuid": uuid("oscal-catalog", &format!("{}\0{}", d.package_id, handed.manifest)),
        "metadata": metadata(handed, "Security Rule and controls"),
        "groups": [
            { "id": "security-rule", "title": "45 CFR 164.308 to 164.316",
                "controls": d.crosswalk.iter().map(row).collect::<Vec<_>>() },
            { "id": "controls", "title": "The ten controls and their checks",
                "controls": d.controls.iter().map(control).collect::<Vec<_>>() },
        ],
    } })
}

/// `164.312(a)(2)(iv)` as an id: `hipaa-164.312.a.2.iv`.
pub fn row_id(citation: &str) -> String {
    format!("hipaa-{}", citation.replace('(', ".").replace(')', ""))
}

fn row(row: &CrosswalkRow) -> Value {
    let id = row_id(&row.citation);
    json!({
        "id": id, "class": row.family, "title": name(&row.title),
        "props": props(&[
            ("citation", &row.citation), ("status", &row.status), ("evidence", &row.modes.join(", "))
        ]),
        "parts": [{ "id": format!("{id}_smt"), "name": "statement", "prose": name(&row.paraphrase) }],
    })
}

fn control(control: &ControlReport) -> Value {
    let check = |id: &str, title: &str| json!({ "id": id, "class": "check", "title": name(title) });
    let mut out = json!({
        "id": control.id, "class": "control", "title": name(&control.title),
        "parts": [{ "id": format!("{}_smt", control.id), "name": "statement",
            "prose": name(&control.mechanism) }],
    });
    let checks: Vec<Value> = control.checks.iter().map(|c| check(&c.id, &c.title)).collect();
    if !checks.is_empty() {
        out["controls"] = Value::Array(checks);
    }
    out
}
