//! Assessment results: an observation and a finding for each check, an objective for each control and check,
//! and an inventory item for each resource that a row names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Handed, mapped, meaning, one_line, said, unlisted, uuid};
use super::{
    exhibit_resource, exhibit_uuid, inventory_uuid, metadata, name, origins, part_resource, part_uuid, props,
    tool, verdict,
};
use crate::model::dossier::{CheckReport, ControlReport, ResultRow};
use crate::model::verdict::Verdict;

/// The part of the package that says what was assessed and how.
const DOSSIER: &str = "data/dossier.json";

pub fn document(handed: &Handed<'_>) -> Value {
    let d = handed.dossier;
    let exhibits = d.evidence.iter().map(|exhibit| exhibit_resource(handed, exhibit));
    let resources: Vec<Value> =
        handed.parts.iter().map(|(path, sha256)| part_resource(path, sha256)).chain(exhibits).collect();
    json!({ "assessment-results": {
        "uuid": uuid("assessment-results", &format!("{}\0{}", d.package_id, handed.manifest)),
        "metadata": metadata(handed, "Assessment results"),
        "import-ap": {
            "href": format!("#{}", part_uuid(DOSSIER)),
            "remarks": "There is no assessment plan in OSCAL. The dossier names the catalog, the parameters, \
                        the scope and the method.",
        },
        "local-definitions": {
            "objectives-and-methods": d.controls.iter().map(objective).collect::<Vec<_>>()
        },
        "results": [result(handed)],
        "back-matter": { "resources": resources },
    } })
}

/// What a control demands, and each check of it, so that findings have a target.
fn objective(control: &ControlReport) -> Value {
    let part =
        |id: &str, prose: &str| json!({ "id": id, "name": "assessment-objective", "prose": name(prose) });
    let checks = control.checks.iter().map(|check| part(&check.id, &check.title));
    let citations = control
        .citations
        .iter()
        .map(|c| json!({ "name": "citation", "ns": super::OWN, "value": c.citation, "remarks": c.status }));
    json!({
        "control-id": control.id,
        "description": name(&control.demand),
        "props": citations.collect::<Vec<_>>(),
        "parts": std::iter::once(part(&control.id, &control.title)).chain(checks).collect::<Vec<_>>(),
    })
}

fn result(handed: &Handed<'_>) -> Value {
    let d = handed.dossier;
    let checks = || d.controls.iter().flat_map(|c| &c.checks);
    let mut findings: Vec<Value> =
        d.controls.iter().filter_map(|control| of_control(handed, control)).collect();
    findings.extend(checks().filter_map(|check| of_check(handed, check)));
    let included: Vec<Value> = d.controls.iter().map(|c| json!({ "control-id": c.id })).collect();
    let mut local = json!({ "components": [tool(handed)] });
    let inventory = inventory(handed);
    if !inventory.is_empty() {
        local["inventory-items"] = Value::Array(inventory);
    }
    let mut out = json!({
        "uuid": uuid("result", &d.package_id),
        "title": one_line(&format!("{}Run {}, as of {}", handed.warnings(), d.run.id, d.as_of)),
        "description": format!(
            "{} of {} sources were read; {} gaps. What was not read is not evidenced, and never a pass.",
            d.totals.sources_read, d.totals.sources_expected, d.totals.gaps
        ),
        "start": d.run.started, "end": d.run.ended,
        "props": props(&[
            ("run", &d.run.id), ("run-manifest-sha256", &d.run.manifest), ("clock", &d.run.clock)
        ]),
        "local-definitions": local,
        "reviewed-controls": { "control-selections": [{ "include-controls": included }] },
        "remarks": "OSCAL has two states. `satisfied` is written for what is met by evidence and for nothing \
                    else; the property `verdict` has each verdict's own word. A check or control that is not \
                    applicable has no finding.",
    });
    let observations: Vec<Value> = checks().map(|check| observation(handed, check)).collect();
    for (member, values) in [("observations", observations), ("findings", findings)] {
        if !values.is_empty() {
            out[member] = Value::Array(values);
        }
    }
    out
}

fn observation_uuid(handed: &Handed<'_>, check: &CheckReport) -> String {
    uuid("observation", &format!("{}\0{}", handed.dossier.package_id, check.id))
}

fn observation(handed: &Handed<'_>, check: &CheckReport) -> Value {
    let c = &check.counts;
    let counts = format!(
        "{} rows: {} not met, {} not evidenced, {} accepted, {} attested, {} met, {} not applicable.",
        c.total(),
        c.not_met,
        c.not_evidenced,
        c.accepted,
        c.attested,
        c.met,
        c.not_applicable
    );
    let mut out = json!({
        "uuid": observation_uuid(handed, check),
        "title": name(&check.title),
        "description": format!("{} {counts}", meaning(check.verdict)),
        "props": props(&[
            ("verdict", check.verdict.as_str()), ("check", &check.id), ("severity", check.severity.as_str())
        ]),
        "methods": [if check.verdict == Verdict::Attested { "INTERVIEW" } else { "EXAMINE" }],
        "types": ["finding"],
        "origins": origins(handed),
        "collected": handed.dossier.run.ended,
    });
    let subjects: Vec<Value> =
        check.rows.iter().filter(|row| !row.resource.is_empty()).map(subject).collect();
    let exhibits = evidence(handed, check);
    for (member, values) in [("subjects", subjects), ("relevant-evidence", exhibits)] {
        if !values.is_empty() {
            out[member] = Value::Array(values);
        }
    }
    let mut remarks = check.gaps.clone();
    if unlisted(check) > 0 {
        remarks.push(format!("{} more rows are in data/tables/result.csv and not here.", unlisted(check)));
    }
    if !remarks.is_empty() {
        out["remarks"] = json!(remarks.join("\n"));
    }
    out
}

fn subject(row: &ResultRow) -> Value {
    json!({
        "subject-uuid": inventory_uuid(&row.resource), "type": "inventory-item", "title": name(&row.name),
        "props": verdict(row.verdict), "remarks": name(&row.reason),
    })
}

/// Each exhibit that the check or one of its rows rests on, once.
fn evidence(handed: &Handed<'_>, check: &CheckReport) -> Vec<Value> {
    let mut ids: Vec<&String> =
        check.evidence.iter().chain(said(check).iter().flat_map(|said| said.evidence)).collect();
    ids.sort();
    ids.dedup();
    let exhibits = ids.into_iter().filter_map(|id| handed.exhibit(id));
    exhibits.map(|e| json!({
        "href": format!("#{}", exhibit_uuid(e)), "description": format!("{}, sha256 {}", e.id, e.sha256)
    })).collect()
}

fn of_check(handed: &Handed<'_>, check: &CheckReport) -> Option<Value> {
    let observed = json!([{ "observation-uuid": observation_uuid(handed, check) }]);
    finding(handed, &check.id, &check.title, check.verdict, observed)
}

fn of_control(handed: &Handed<'_>, control: &ControlReport) -> Option<Value> {
    let observed: Vec<Value> = control
        .checks
        .iter()
        .map(|check| json!({ "observation-uuid": observation_uuid(handed, check) }))
        .collect();
    finding(handed, &control.id, &control.title, control.verdict, Value::Array(observed))
}

fn finding(handed: &Handed<'_>, id: &str, title: &str, of: Verdict, observed: Value) -> Option<Value> {
    let (state, reason) = mapped(of).oscal?;
    let mut out = json!({
        "uuid": uuid("finding", &format!("{}\0{id}", handed.dossier.package_id)),
        "title": name(title),
        "description": meaning(of),
        "props": verdict(of),
        "origins": origins(handed),
        "target": {
            "type": "objective-id", "target-id": id,
            "status": { "state": state, "reason": reason, "remarks": format!("{of}. {}", meaning(of)) },
        },
    });
    if observed.as_array().is_some_and(|list| !list.is_empty()) {
        out["related-observations"] = observed;
    }
    Some(out)
}

fn inventory(handed: &Handed<'_>) -> Vec<Value> {
    let rows = handed
        .dossier
        .controls
        .iter()
        .flat_map(|c| &c.checks)
        .flat_map(|c| &c.rows)
        .filter(|row| !row.resource.is_empty());
    let mut items: BTreeMap<&str, &ResultRow> = BTreeMap::new();
    for row in rows {
        let known = items.entry(&row.resource).or_insert(row);
        if known.asset_class.is_empty() {
            *known = row;
        }
    }
    items.into_values().map(item).collect()
}

fn item(row: &ResultRow) -> Value {
    let mut own = vec![json!({ "name": "asset-id", "value": name(&row.resource) })];
    own.extend(props(&[("type", &row.asset_class), ("account", &row.account), ("region", &row.region)]));
    json!({ "uuid": inventory_uuid(&row.resource), "description": name(&row.name), "props": own })
}
