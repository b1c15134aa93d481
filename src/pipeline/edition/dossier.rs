//! The dossier of an edition: every text of the original read for what leads to somebody. A member that is
//! not known as the program's own word is read as prose, so that a new one is replaced until somebody says
//! otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::commitments::Commitment;
use super::names::PEOPLE;
use crate::diag::Diagnostic;
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, ReaderMatrix, VpcMap};
use crate::pipeline::Error;
use crate::redact::pseudonyms::{Original, Pseudonyms};

/// Members that hold words of the program, times, numbers in words, and what templates compare.
const OWN: [&str; 66] = [
    "first_seen",
    "last_seen",
    "seen_from",
    "format",
    "edition",
    "verdict",
    "worst",
    "severity",
    "state",
    "status",
    "kind",
    "means",
    "class",
    "tier",
    "reach",
    "origin",
    "likelihood",
    "impact",
    "level",
    "scale",
    "family",
    "modes",
    "citation",
    "citations",
    "citation_status",
    "region",
    "regions",
    "resource_type",
    "asset_class",
    "nature",
    "version",
    "as_of",
    "started",
    "ended",
    "clock",
    "list_date",
    "list_digest",
    "date",
    "due",
    "on",
    "start",
    "end",
    "until",
    "valid_until",
    "collected_at",
    "broken_at",
    "ended_at",
    "stopped_at",
    "started_at",
    "lasted",
    "event",
    "effective_start",
    "effective_end",
    "approved_at",
    "next_review",
    "tested",
    "accepted",
    "expires",
    "tables",
    "rule",
    "nist",
    "nist_added",
    "basis",
    "treatment",
    "answer",
    "fingerprint",
];

/// Members whose values name a thing as a whole.
const NAMES: [&str; 11] = [
    "resource",
    "arn",
    "account",
    "vpc_id",
    "cidr",
    "examples",
    "callers",
    "pattern",
    "store",
    "principal",
    "detector",
];

/// Lists whose entries have a `name` that is a thing of the evidence.
const NAMED: [&str; 9] =
    ["rows", "episodes", "clock_starts", "stores", "readers", "vpcs", "accounts", "changes", "things"];

/// Texts of the catalog, in the lists and objects that come from it.
const CATALOG: [&str; 17] = [
    "title",
    "why",
    "fix",
    "demand",
    "law",
    "policy",
    "mechanism",
    "paraphrase",
    "question",
    "sql",
    "responsibility",
    "reports",
    "unattested",
    "list_source",
    "note",
    "condition",
    "statement",
];
const FROM_CATALOG: [&str; 9] =
    ["controls", "checks", "crosswalk", "citations", "proposals", "board", "buyer", "services", "tallies"];

/// The words of each check's query, in lower case.
pub(super) fn own_words(dossier: &Dossier) -> BTreeMap<String, BTreeSet<String>> {
    let checks = dossier.controls.iter().flat_map(|control| &control.checks);
    checks.map(|check| (check.id.clone(), words(&check.sql))).collect()
}

fn words(sql: &str) -> BTreeSet<String> {
    sql.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// The dossier with pseudonyms; exhibits stand behind their commitments.
pub(super) fn shared(
    original: &Dossier,
    names: &Pseudonyms,
    commitments: &[Commitment],
) -> Result<Dossier, Error> {
    let mut value = serde_json::to_value(original).expect("a dossier serialises");
    let reader = DossierReader { names, queries: own_words(original), custom: original.catalog.custom };
    reader.members(&mut value, &Place { parent: "", query: None });
    let mut dossier: Dossier = serde_json::from_value(value).map_err(|error| {
        let what = format!("a pseudonym stands where the dossier has a word of its own: {error}");
        Diagnostic::new("AFW-105", what).hint("nothing was written; tell the program's owner of this package")
    })?;
    dossier.edition = "shareable".into();
    dossier.organization.clone_from(&original.organization);
    dossier.organization.description = names.text(&original.organization.description);
    dossier.organization.contact = names.person(&original.organization.contact);
    dossier.program.clone_from(&original.program);
    dossier.period.clone_from(&original.period);
    ordered(&mut dossier);
    // commands are of use with the names alone
    dossier.incident.environment.commands.clear();
    dossier.incident.environment.preamble.clear();
    // names of people in the middle of sentences
    dossier.readers.people.clear();
    // they name an earlier package and what other programs call things
    dossier.others.clear();
    dossier.run.previous = None;
    dossier.run.derived_from = None;
    for (exhibit, before) in dossier.evidence.iter_mut().zip(&original.evidence) {
        let ending = format!("/data/{}", before.path);
        let commitment = commitments.iter().find(|c| c.path.ends_with(&ending));
        exhibit.id.clone_from(&before.id);
        exhibit.path =
            commitment.map_or_else(|| names.token(Original::Name, &before.path), |c| c.token.clone());
        exhibit.sha256 = commitment
            .map_or_else(|| names.token(Original::Digest, &before.sha256), |c| c.commitment.to_string());
        exhibit.original = None;
    }
    Ok(dossier)
}

/// Rows and resources in the order of what is shown: that of the originals tells which name comes before
/// which.
fn ordered(dossier: &mut Dossier) {
    for check in dossier.controls.iter_mut().flat_map(|control| &mut control.checks) {
        check
            .rows
            .sort_by(|a, b| (a.verdict, &a.resource, &a.reason).cmp(&(b.verdict, &b.resource, &b.reason)));
    }
    let changes = dossier.since.iter_mut().filter_map(|since| since.changes.as_mut());
    for check in changes.flat_map(|changes| &mut changes.checks) {
        check.rows.sort_by(|a, b| (&a.class, &a.resource).cmp(&(&b.class, &b.resource)));
    }
    for risk in &mut dossier.risks.rows {
        risk.members.sort_by(|a, b| (b.here, &a.resource).cmp(&(a.here, &b.resource)));
        risk.examples.sort();
    }
    readers(&mut dossier.readers);
    let phi = |vpc: &VpcMap| vpc.tiers.iter().flat_map(|tier| &tier.places).map(|p| p.phi).sum::<u64>();
    dossier.network.vpcs.sort_by(|a, b| (phi(b), &a.vpc_id).cmp(&(phi(a), &b.vpc_id)));
}

/// Of stores with as many readers, and readers of as many stores, the pseudonyms say which comes first; each
/// store has a cell for each reader, in their order.
fn readers(matrix: &mut ReaderMatrix) {
    let before = std::mem::take(&mut matrix.readers);
    let mut order: Vec<usize> = (0..before.len()).collect();
    order.sort_by(|a, b| (before[*b].stores, &before[*a].arn).cmp(&(before[*a].stores, &before[*b].arn)));
    matrix.readers = order.iter().map(|at| before[*at].clone()).collect();
    for store in &mut matrix.stores {
        store.cells = order.iter().filter_map(|at| store.cells.get(*at).copied()).collect();
    }
    matrix.stores.sort_by(|a, b| (b.total, &a.arn).cmp(&(a.total, &b.arn)));
}

struct DossierReader<'a> {
    names: &'a Pseudonyms,
    queries: BTreeMap<String, BTreeSet<String>>,
    custom: bool,
}

/// Where a value stands: the list or object that its members belong to, and the query of the check that it is
/// under.
struct Place<'a> {
    parent: &'a str,
    query: Option<&'a BTreeSet<String>>,
}

impl DossierReader<'_> {
    fn members(&self, value: &mut Value, place: &Place<'_>) {
        let Value::Object(members) = value else { return };
        let check = members
            .get("check")
            .or_else(|| members.get("id"))
            .and_then(Value::as_str)
            .and_then(|id| self.queries.get(id));
        let query = check.or(place.query);
        for (name, value) in members.iter_mut() {
            match value {
                Value::Object(_) => self.members(value, &Place { parent: name, query }),
                Value::Array(items) => {
                    for item in items.iter_mut() {
                        match item {
                            Value::String(text) => {
                                *text = self.text(name, text, &Place { parent: place.parent, query }, true)
                            }
                            Value::Object(_) | Value::Array(_) => {
                                self.members(item, &Place { parent: name, query })
                            }
                            Value::Null | Value::Bool(_) | Value::Number(_) => {}
                        }
                    }
                }
                Value::String(text) => {
                    *text = self.text(name, text, &Place { parent: place.parent, query }, false)
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }

    fn text(&self, member: &str, text: &str, place: &Place<'_>, listed: bool) -> String {
        let names = self.names;
        let exhibits = listed && ["evidence", "policy", "implementation", "review"].contains(&member);
        if exhibits {
            return if is_exhibit(text) { text.to_string() } else { names.token(Original::Name, text) };
        }
        // read as digests again: digests of their pseudonyms, which are alike where the originals are
        if ["manifest", "catalog"].contains(&member) && ["old", "new", "trend"].contains(&place.parent) {
            return Digest::of(names.token(Original::Digest, text).as_bytes()).to_string();
        }
        let person = PEOPLE.contains(&member) && place.parent != "clocks";
        let named = member == "name" && ["roles", "sign_off"].contains(&place.parent);
        if person || named {
            return names.person(text);
        }
        if NAMES.contains(&member) || (member == "name" && NAMED.contains(&place.parent)) {
            return names.name(text);
        }
        if member == "id" && ["accounts", "agreements"].contains(&place.parent) {
            return names.name(text);
        }
        if OWN.contains(&member) {
            return text.to_string();
        }
        if !self.custom && CATALOG.contains(&member) && FROM_CATALOG.contains(&place.parent) {
            return names.own_text(text);
        }
        match place.query {
            Some(query) if ["reason", "gaps", "shown", "words"].contains(&member) => {
                names.sentence(text, query)
            }
            Some(_) | None => names.text(text),
        }
    }
}

fn is_exhibit(text: &str) -> bool {
    text.strip_prefix('E')
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
