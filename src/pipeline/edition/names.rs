//! The names that an edition must not hold: those of the evidence database, of the documents that people
//! wrote, and of the report.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::assess::database::sharing;
use crate::catalog;
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::model::dossier::Dossier;
use crate::pipeline::Error;
use crate::redact::pseudonyms::{AudienceKey, Original, OwnTexts, Pseudonyms, is_name, kind_of, parts};

/// Members of documents that name a person.
pub(super) const PEOPLE: [&str; 16] = [
    "owner",
    "by",
    "approver",
    "approved_by",
    "deputy",
    "contact",
    "out_of_band",
    "confirmed",
    "confirmed_by",
    "decided_by",
    "accepted_by",
    "reviewed_by",
    "reviewer",
    "closed_by",
    "requested_by",
    "signed_by",
];

/// Ends of tags whose values name people or their teams.
const TAGS_OF_PEOPLE: [&str; 9] =
    ["owner", "contact", "email", "team", "createdby", "created-by", "responsible", "manager", "user"];

/// Characters of names at which an ARN in a text ends for whoever does not know it.
const BEYOND: [char; 15] = [' ', ',', ';', '(', ')', '{', '}', '[', ']', '<', '>', '|', '"', '\'', '`'];

pub(super) fn pseudonyms(
    key: AudienceKey,
    dossier: &Dossier,
    decisions: &Decisions,
    database: &Path,
    recipient: &str,
) -> Result<Pseudonyms, Error> {
    let own = own_texts(dossier)?;
    let mut names: Vec<(Original, String)> = Vec::new();
    references(dossier, decisions, &mut names);
    parties(decisions, recipient, &mut names);
    names.extend(
        dossier
            .scope
            .accounts
            .iter()
            .flat_map(|a| [(Original::Account, a.id.clone()), (Original::Name, a.name.clone())]),
    );
    for document in [serde_json::to_value(dossier), serde_json::to_value(decisions)] {
        people(&document.expect("documents serialise"), "", &mut names);
    }
    evidence(&sharing::names(database)?, &dossier.organization.name, &mut names);
    let mut public = BTreeSet::from([dossier.services.list_digest.clone()]);
    if !dossier.catalog.custom {
        public.insert(dossier.catalog.digest.clone());
    }
    Ok(Pseudonyms::new(key, names, own, public))
}

/// The catalog's prose and queries without its cases, the words of the templates, and what the cover names on
/// purpose.
fn own_texts(dossier: &Dossier) -> Result<OwnTexts, Error> {
    let catalog = catalog::load(None)?;
    let mut texts: Vec<String> = Vec::new();
    for (path, bytes) in &catalog.files {
        let text = String::from_utf8_lossy(bytes);
        let prose = text.split("\ncases:").next().unwrap_or_default();
        // a list of operations is names of AWS, and has no prose with examples
        texts.push(format!("{path}\n{prose}"));
    }
    for (name, bytes) in catalog::templates() {
        if !name.starts_with("fonts/") && !name.starts_with("program/") {
            texts.push(String::from_utf8_lossy(bytes).into_owned());
        }
    }
    let o = &dossier.organization;
    texts.extend([&o.name, &o.role, &o.system, &dossier.period.label].map(String::clone));
    Ok(OwnTexts::new(texts.iter().map(String::as_str)))
}

/// Ids and digests that lead to the original: of the run, the package, risks, doubts, incidents and drills.
fn references(dossier: &Dossier, decisions: &Decisions, names: &mut Vec<(Original, String)>) {
    let run = &dossier.run;
    let mut ids = vec![run.id.clone(), dossier.package_id.clone(), dossier.short_id.clone()];
    ids.extend(run.id.rsplit('-').next().map(str::to_string));
    ids.extend(dossier.risks.rows.iter().map(|risk| risk.id.clone()));
    ids.extend(dossier.contradictions.iter().map(|doubt| doubt.id.clone()));
    ids.extend(dossier.incident.drills.iter().map(|drill| drill.id.clone()));
    let plan = decisions.incident.iter();
    ids.extend(plan.flat_map(|plan| &plan.incidents).map(|incident| incident.id.clone()));
    names.extend(ids.into_iter().filter(|id| id.len() > 4).map(|id| (Original::Reference, id)));
    let mut digests = vec![run.manifest.clone()];
    digests.extend(run.previous.clone());
    digests.extend(run.derived_from.clone());
    if dossier.catalog.custom {
        digests.push(dossier.catalog.digest.clone());
    }
    digests
        .extend(dossier.evidence.iter().flat_map(|e| [Some(e.sha256.clone()), e.original.clone()]).flatten());
    for digest in digests {
        if let Ok(parsed) = digest.parse::<Digest>() {
            names.push((Original::Digest, parsed.short()));
        }
        names.push((Original::Digest, digest));
    }
    names.extend(dossier.evidence.iter().map(|e| (Original::Name, e.path.clone())));
}

/// Who else has an agreement: other customers and subcontractors. The recipient knows its own name, which
/// stands on each page.
fn parties(decisions: &Decisions, recipient: &str, names: &mut Vec<(Original, String)>) {
    let recipient = recipient.to_lowercase();
    let all = decisions.agreements.agreements.iter().map(|agreement| agreement.party.trim());
    let others = all.filter(|party| is_name(party) && !recipient.contains(&party.to_lowercase()));
    names.extend(others.map(|party| (Original::Name, party.to_string())));
}

/// `Morgan Example, privacy official` names Morgan Example.
fn people(value: &Value, member: &str, names: &mut Vec<(Original, String)>) {
    match value {
        Value::String(text) if PEOPLE.contains(&member) => person(text, names),
        Value::Array(items) => items.iter().for_each(|item| people(item, member, names)),
        Value::Object(members) => {
            let role = members.contains_key("role") && members.contains_key("name");
            for (name, value) in members {
                let listed = role && name == "name";
                people(value, if listed { "owner" } else { name }, names);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn person(text: &str, names: &mut Vec<(Original, String)>) {
    let name = text.split([',', '(', '<', ';']).next().unwrap_or_default().trim();
    let words: Vec<&str> = name.split_whitespace().collect();
    let called = words.len() >= 2
        && words.len() <= 4
        && words.iter().all(|w| w.chars().next().is_some_and(char::is_uppercase));
    match kind_of(name) {
        Original::Name if called => {
            names.push((Original::Person, name.to_string()));
            // either name alone; one that is also a word of the program goes only where a name stands
            let alone = [words.first(), words.last()].into_iter().flatten();
            let alone = alone.filter(|w| w.chars().count() >= 4).map(|w| (*w).to_string());
            let initial = name.chars().next().map(|c| format!("{c}."));
            let titles = ["Mr.", "Mrs.", "Ms.", "Dr."].map(String::from).into_iter().chain(initial);
            let family = words.last().copied().unwrap_or_default();
            names.extend(alone.map(|word| (Original::Person, word)));
            names.extend(titles.map(|title| (Original::Person, format!("{title} {family}"))));
        }
        Original::Name => {}
        kind => names.push((kind, name.to_string())),
    }
}

fn evidence(found: &BTreeSet<(String, String)>, organization: &str, names: &mut Vec<(Original, String)>) {
    // names of AWS's own policies are everybody's
    let managed: BTreeSet<&str> = found
        .iter()
        .filter_map(|(_, v)| v.strip_prefix("arn:aws:iam::aws:policy/")?.rsplit('/').next())
        .collect();
    for (member, value) in found {
        // a path is known by what stands in it: a slash before a word is too many things
        let value = value.trim_matches('/');
        if managed.contains(value) || value == organization || value.starts_with("arn:aws:iam::aws:") {
            continue;
        }
        let tag = member.strip_prefix("tag ").map(str::to_ascii_lowercase);
        if tag.is_some_and(|tag| TAGS_OF_PEOPLE.iter().any(|end| tag.ends_with(end))) {
            person(value, names);
        }
        for part in parts(value) {
            names.push((kind_of(&part), part));
        }
        if is_name(value) && (!value.starts_with("arn:") || value.contains(BEYOND)) {
            names.push((kind_of(value), value.to_string()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_name_alone_leads_to_a_person() {
        let mut names = Vec::new();
        person("Jordan Quillfeather, privacy official", &mut names);
        for name in ["Jordan Quillfeather", "Jordan", "Quillfeather", "Dr. Quillfeather", "J. Quillfeather"] {
            assert!(names.contains(&(Original::Person, name.to_string())), "{name}: {names:?}");
        }
    }
}
