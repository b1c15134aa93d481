//! Component definition: the catalog as a validation component, whose checks give evidence for the ten
//! controls and, by the crosswalk, for controls of SP 800-53 r5. It claims no implementation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::{Handed, uuid};
use super::{metadata, name, nist_id, part_resource, part_uuid, props};
use crate::model::dossier::ControlReport;

/// NIST's own catalog of SP 800-53 r5 in OSCAL.
pub const SP_800_53: &str = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/\
                             SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json";
const DOSSIER: &str = "data/dossier.json";

pub fn document(handed: &Handed<'_>) -> Value {
    let d = handed.dossier;
    let mut implementations = vec![json!({
        "uuid": uuid("implementation", &format!("{}\0own", d.catalog.digest)),
        "source": format!("#{}", part_uuid(DOSSIER)),
        "description": "The ten controls of the catalog; the dossier has their demands, citations and \
                        checks.",
        "implemented-requirements": d.controls.iter().map(|control| own(handed, control)).collect::<Vec<_>>(),
    })];
    let nist = nist(handed);
    if !nist.is_empty() {
        implementations.push(json!({
            "uuid": uuid("implementation", &format!("{}\0sp-800-53", d.catalog.digest)),
            "source": SP_800_53,
            "description": "Controls of SP 800-53 r5 that the crosswalk of the Security Rule names, by \
                            NIST's mapping in SP 800-66 r2 or the catalog's own.",
            "implemented-requirements": nist,
        }));
    }
    json!({ "component-definition": {
        "uuid": uuid("component-definition", &format!("{}\0{}", d.package_id, handed.manifest)),
        "metadata": metadata(handed, "Component definition"),
        "components": [{
            "uuid": uuid("catalog", &d.catalog.digest),
            "type": "validation",
            "title": format!("Checks of catalog {}", d.catalog.version),
            "description": "SQL queries over evidence of AWS. They give evidence for the controls below; \
                            whether a control is implemented is what the assessment results say.",
            "props": props(&[
                ("catalog-sha256", &d.catalog.digest), ("custom", &d.catalog.custom.to_string()),
                ("checks", &d.catalog.checks.to_string())
            ]),
            "control-implementations": implementations,
        }],
        "back-matter": {
            "resources": handed
                .parts
                .iter()
                .map(|(path, sha256)| part_resource(path, sha256))
                .collect::<Vec<_>>()
        },
    } })
}

fn own(handed: &Handed<'_>, control: &ControlReport) -> Value {
    let check = |id: &str, title: &str| {
        json!({
            "name": "check", "ns": super::OWN, "value": id, "remarks": name(title)
        })
    };
    let citation = |text: &str, status: &str| {
        json!({
            "name": "citation", "ns": super::OWN, "value": text, "remarks": name(status)
        })
    };
    let mut all: Vec<Value> = control.citations.iter().map(|c| citation(&c.citation, &c.status)).collect();
    all.extend(control.checks.iter().map(|c| check(&c.id, &c.title)));
    let mut out = json!({
        "uuid": uuid("requirement", &format!("{}\0{}", handed.dossier.catalog.digest, control.id)),
        "control-id": control.id,
        "description": name(&control.mechanism),
    });
    if !all.is_empty() {
        out["props"] = Value::Array(all);
    }
    out
}

/// Each control of SP 800-53 with the citations and our controls that lead to it.
fn nist(handed: &Handed<'_>) -> Vec<Value> {
    let mut by: BTreeMap<String, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for row in &handed.dossier.crosswalk {
        for id in row.nist.iter().chain(&row.nist_added) {
            let (citations, controls) = by.entry(nist_id(id)).or_default();
            citations.insert(&row.citation);
            controls.extend(row.controls.iter().map(|c| c.id.as_str()));
        }
    }
    let requirement = |(id, (citations, controls)): (String, (BTreeSet<&str>, BTreeSet<&str>))| {
        let cited = citations.iter().map(|c| json!({ "name": "citation", "ns": super::OWN, "value": c }));
        let ours = controls.iter().map(|c| json!({ "name": "control", "ns": super::OWN, "value": c }));
        let words = match controls.is_empty() {
            true => "Documents and people answer for it; no check does.".to_string(),
            false => format!(
                "Checks of {} give evidence.",
                controls.iter().copied().collect::<Vec<_>>().join(", ")
            ),
        };
        json!({
            "uuid": uuid("requirement", &format!("{}\0{id}", handed.dossier.catalog.digest)),
            "control-id": id, "description": words, "props": cited.chain(ours).collect::<Vec<_>>(),
        })
    };
    by.into_iter().map(requirement).collect()
}
