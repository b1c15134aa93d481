//! Plan of action and milestones: an item, a risk and an observation for each entry of the risk register.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Handed, one_line, uuid};
use super::{OWN, inventory_uuid, metadata, name, origins, part_uuid, props, rlink, tool};
use crate::model::dossier::RiskReport;

const RESULTS: &str = "assessment-results.json";

/// None where the register is empty: the format asks for at least one item.
pub fn document(handed: &Handed<'_>, results_sha256: &str) -> Option<Value> {
    let d = handed.dossier;
    let risks = &d.risks.rows;
    if risks.is_empty() {
        return None;
    }
    let mut local = json!({ "components": [tool(handed)] });
    let inventory = inventory(risks);
    if !inventory.is_empty() {
        local["inventory-items"] = Value::Array(inventory);
    }
    let resource = json!({
        "uuid": part_uuid(RESULTS), "title": RESULTS, "description": "The assessment results that these \
                                                                      entries follow from",
        "rlinks": [rlink(RESULTS, results_sha256)],
    });
    Some(json!({ "plan-of-action-and-milestones": {
        "uuid": uuid("poam", &format!("{}\0{}", d.package_id, handed.manifest)),
        "metadata": metadata(handed, "Plan of action and milestones"),
        "system-id": {
            "identifier-type": "http://ietf.org/rfc/rfc4122",
            "id": uuid("system", &format!("{}\0{}", d.organization.name, d.organization.system)),
        },
        "local-definitions": local,
        "observations": risks.iter().map(|r| observation(handed, r)).collect::<Vec<_>>(),
        "risks": risks.iter().map(|r| risk(handed, r)).collect::<Vec<_>>(),
        "poam-items": risks.iter().map(item).collect::<Vec<_>>(),
        "back-matter": { "resources": [resource] },
    } }))
}

/// The register's status in OSCAL's words; the property `status` has its own.
fn status(own: &str) -> &'static str {
    match own {
        "in treatment" => "remediating",
        "accepted" => "deviation-approved",
        // what a check no longer finds is closed by a person, and stays open until then
        "remediation observed" => "remediating",
        "closed" => "closed",
        _ => "open",
    }
}

fn risk_uuid(risk: &RiskReport) -> String {
    uuid("risk", &risk.id)
}

fn observation_uuid(handed: &Handed<'_>, risk: &RiskReport) -> String {
    uuid("risk-observation", &format!("{}\0{}", handed.dossier.package_id, risk.id))
}

fn observation(handed: &Handed<'_>, risk: &RiskReport) -> Value {
    let subject = |resource: &String| {
        json!({
            "subject-uuid": inventory_uuid(resource), "type": "inventory-item", "title": name(resource)
        })
    };
    let mut out = json!({
        "uuid": observation_uuid(handed, risk),
        "title": name(&risk.title),
        "description": name(&format!("{} {} resources.", risk.rationale, risk.resources)),
        "props": props(&[("origin", &risk.origin), ("account", &risk.account), ("type", &risk.asset_class)]),
        "methods": ["EXAMINE"],
        "types": ["finding"],
        "origins": origins(handed),
        "collected": handed.dossier.run.ended,
        "relevant-evidence": [{ "href": format!("#{}", part_uuid(RESULTS)),
            "description": "The assessment results" }],
    });
    if !risk.examples.is_empty() {
        out["subjects"] = risk.examples.iter().map(subject).collect();
    }
    out
}

fn risk(handed: &Handed<'_>, risk: &RiskReport) -> Value {
    let facet = |name: &str, value: &str| {
        let value = one_line(value);
        (!value.is_empty()).then(|| json!({ "name": name, "system": OWN, "value": value }))
    };
    let facets: Vec<Value> =
        [("likelihood", &risk.likelihood), ("impact", &risk.impact), ("level", &risk.level)]
            .into_iter()
            .filter_map(|(n, v)| facet(n, v))
            .collect();
    let citations = risk.citations.iter().map(|c| json!({ "name": "citation", "ns": OWN, "value": c }));
    let own = props(&[
        ("risk", &risk.id),
        ("status", &risk.status),
        ("owner", &risk.owner),
        ("control", risk.control.as_deref().unwrap_or_default()),
        ("scores", if risk.suggested { "suggested" } else { "confirmed" }),
        ("confirmed", &risk.confirmed),
    ]);
    let mut out = json!({
        "uuid": risk_uuid(risk),
        "title": name(&risk.title),
        "description": name(&risk.rationale),
        "statement": name(&risk.title),
        "props": own.into_iter().chain(citations).collect::<Vec<_>>(),
        "status": status(&risk.status),
        "origins": origins(handed),
        "related-observations": [{ "observation-uuid": observation_uuid(handed, risk) }],
    });
    if !facets.is_empty() {
        out["characterizations"] = json!([{ "origin": origins(handed)[0], "facets": facets }]);
    }
    if crate::clock::parse(&format!("{}T00:00:00Z", risk.due)).is_ok() {
        out["deadline"] = json!(format!("{}T00:00:00Z", risk.due));
    }
    if !risk.plan.is_empty() || !risk.treatment.is_empty() {
        out["remediations"] = json!([{
            "uuid": uuid("remediation", &risk.id), "lifecycle": "planned",
            "title": name(&format!("Treatment: {}", risk.treatment)), "description": name(&risk.plan),
        }]);
    }
    if let Some(accepted) = &risk.acceptance {
        let expired = if accepted.expired { "; EXPIRED" } else { "" };
        let words = format!(
            "Accepted by {} on {} until {}{expired}: {}",
            accepted.approver, accepted.accepted, accepted.expires, accepted.reason
        );
        out["props"].as_array_mut().expect("made above").extend(props(&[("acceptance", &words)]));
    }
    out
}

fn item(risk: &RiskReport) -> Value {
    json!({
        "uuid": uuid("poam-item", &risk.id),
        "title": name(&format!("{}: {}", risk.id, risk.title)),
        "description": name(if risk.plan.is_empty() { "No plan is on record." } else { &risk.plan }),
        "props": props(&[("status", &risk.status), ("owner", &risk.owner), ("due", &risk.due)]),
        "related-risks": [{ "risk-uuid": risk_uuid(risk) }],
    })
}

fn inventory(risks: &[RiskReport]) -> Vec<Value> {
    let resources: BTreeMap<&str, ()> =
        risks.iter().flat_map(|r| &r.examples).map(|resource| (resource.as_str(), ())).collect();
    let item = |resource: &str| {
        json!({
            "uuid": inventory_uuid(resource), "description": name(resource),
            "props": [{ "name": "asset-id", "value": name(resource) }]
        })
    };
    resources.into_keys().map(item).collect()
}
