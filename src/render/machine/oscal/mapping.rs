//! Mapping collection: which checks bear on which rows of the Security Rule, and which controls of SP 800-53
//! r5 stand beside a row, by NIST's own mapping or by the catalog. A check never carries a whole row: the
//! relation is that both overlap, and what no check bears on is listed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Handed, uuid};
use super::catalog::{FILE, row_id};
use super::component::SP_800_53;
use super::{OWN, metadata, nist_id, props, rlink};
use crate::model::dossier::CrosswalkRow;

const WORDS: &str = "Checks are queries over evidence of AWS. A check bears on a part of a row and never on \
                     the whole of it; documents and people answer for the rest. The crosswalk of the catalog \
                     is the source.";

/// `digest` is that of the catalog that lies beside.
pub fn document(handed: &Handed<'_>, digest: &str) -> Value {
    let d = handed.dossier;
    let catalog = json!({
        "uuid": uuid("oscal-catalog-file", &d.package_id), "title": "Security Rule and controls",
        "description": "The OSCAL catalog that lies beside this file", "rlinks": [rlink(FILE, digest)],
    });
    let ours =
        json!({ "type": "catalog", "href": format!("#{}", uuid("oscal-catalog-file", &d.package_id)) });
    let nist = json!({ "type": "catalog", "href": SP_800_53 });
    let mappings = [checks(handed, &ours), rows(handed, &ours, &nist)];
    json!({ "mapping-collection": {
        "uuid": uuid("mapping-collection", &format!("{}\0{}", d.package_id, handed.manifest)),
        "metadata": metadata(handed, "Mapping of checks, Security Rule and SP 800-53"),
        "provenance": { "method": "human", "matching-rationale": "functional", "status": "complete",
            "mapping-description": WORDS },
        "mappings": mappings.into_iter().flatten().collect::<Vec<_>>(),
        "back-matter": { "resources": [catalog] },
    } })
}

fn item(id: &str) -> Value {
    json!({ "type": "control", "id-ref": id })
}

/// One map for each row of the law on which a control bears.
fn checks(handed: &Handed<'_>, ours: &Value) -> Option<Value> {
    let d = handed.dossier;
    let of: BTreeMap<&str, Vec<Value>> = d
        .controls
        .iter()
        .map(|control| (control.id.as_str(), control.checks.iter().map(|c| item(&c.id)).collect()))
        .collect();
    let sources = |row: &CrosswalkRow| -> Vec<Value> {
        row.controls.iter().filter_map(|control| of.get(control.id.as_str())).flatten().cloned().collect()
    };
    let (mapped, left): (Vec<&CrosswalkRow>, Vec<&CrosswalkRow>) =
        d.crosswalk.iter().partition(|row| !sources(row).is_empty());
    let map = |row: &&CrosswalkRow| {
        json!({
            "uuid": uuid("map", &format!("{}\0check\0{}", d.catalog.digest, row.citation)),
            "relationship": "intersects-with", "sources": sources(row),
            "targets": [item(&row_id(&row.citation))], "props": props(&[
                ("citation", &row.citation), ("status", &row.status), ("evidence", &row.modes.join(", "))
            ]),
        })
    };
    let mut out = whole("check", &d.catalog.digest, (ours, ours), mapped.iter().map(map).collect())?;
    if !left.is_empty() {
        let ids: Vec<String> = left.iter().map(|row| row_id(&row.citation)).collect();
        out["target-gap-summary"] = json!({
            "uuid": uuid("gap", &format!("{}\0check", d.catalog.digest)),
            "unmapped-controls": [{ "with-ids": ids }]
        });
    }
    Some(out)
}

/// Two maps for a row at most: controls that NIST's SP 800-66 r2 names, and those that the catalog adds.
fn rows(handed: &Handed<'_>, ours: &Value, nist: &Value) -> Option<Value> {
    let d = handed.dossier;
    let map = |row: &CrosswalkRow, ids: &[String], by: &str| {
        (!ids.is_empty()).then(|| {
            json!({
                "uuid": uuid("map", &format!("{}\0{by}\0{}", d.catalog.digest, row.citation)),
                "relationship": "intersects-with", "sources": [item(&row_id(&row.citation))],
                "targets": ids.iter().map(|id| item(&nist_id(id))).collect::<Vec<_>>(),
                "props": [{ "name": "mapped-by", "ns": OWN, "value": by }],
            })
        })
    };
    let both = |row: &CrosswalkRow| {
        [map(row, &row.nist, "NIST SP 800-66 Rev. 2"), map(row, &row.nist_added, "the catalog")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    whole("sp-800-53", &d.catalog.digest, (ours, nist), d.crosswalk.iter().flat_map(both).collect())
}

/// A mapping, where it has a map: the format asks for one at least.
fn whole(kind: &str, catalog: &str, (source, target): (&Value, &Value), maps: Vec<Value>) -> Option<Value> {
    (!maps.is_empty()).then(|| {
        json!({
            "uuid": uuid("mapping", &format!("{catalog}\0{kind}")), "source-resource": source,
            "target-resource": target, "maps": maps,
        })
    })
}
