//! Since when each resource of a risk is there: what earlier runs showed, and what this one shows. A risk
//! keeps its resources by its id, so that running again changes nothing. What a cut list did not name has no
//! first day.

use std::collections::{BTreeMap, BTreeSet};

use super::decided::risk_id;
use crate::diag::printable;
use crate::model::assessment::{Assessment, FindingGroup, ROWS};
use crate::model::changes::{Before, RiskSightings, Sighting, Sightings};
use crate::model::dossier::{Dossier, RiskMember, RiskReport};

/// What one run shows: of each risk its resources by name, and whether there are more than are named.
type Found = BTreeMap<String, (bool, Vec<String>)>;

/// What was known before, and what this assessment adds.
pub fn with(before: &Sightings, assessment: &Assessment) -> Sightings {
    let mut found = Found::new();
    for group in &assessment.findings {
        let (cut, names) = found.entry(risk_id(group)).or_default();
        *cut |= group.resources > group.members.len() as u64;
        names.extend(group.members.iter().map(|name| printable(name)));
    }
    added(before, &assessment.as_of, found)
}

/// An assessment of the same time as one before it, or of an earlier time, makes nothing younger.
fn added(before: &Sightings, as_of: &str, found: Found) -> Sightings {
    let mut all = before.clone();
    if all.from.is_empty() || as_of < all.from.as_str() {
        all.from = as_of.into();
    }
    for (id, (cut, names)) in found {
        let unsure = before.risks.get(&id).is_some_and(|risk| risk.cut);
        let risk = all.risks.entry(id).or_default();
        for name in names {
            let fresh = || Sighting { first: (!unsure).then(|| as_of.into()), last: as_of.into() };
            let seen = risk.resources.entry(name).or_insert_with(fresh);
            if seen.last.as_str() < as_of {
                seen.last = as_of.into();
            }
        }
        risk.cut |= cut;
        bounded(risk);
    }
    all
}

/// What was seen last is kept; of more than a list may name, those that went away first are dropped, and the
/// list says so.
fn bounded(risk: &mut RiskSightings) {
    let most = 2 * ROWS as usize;
    if risk.resources.len() <= most {
        return;
    }
    let mut last: Vec<(String, String)> =
        risk.resources.iter().map(|(name, seen)| (seen.last.clone(), name.clone())).collect();
    last.sort();
    let over = last.len() - most;
    last.into_iter().take(over).for_each(|(_, name)| drop(risk.resources.remove(&name)));
    risk.cut = true;
}

/// What the register of an earlier package says.
pub fn told(dossier: &Dossier) -> Sightings {
    let from = if dossier.risks.seen_from.is_empty() { &dossier.as_of } else { &dossier.risks.seen_from };
    of_rows(from, &dossier.risks.rows)
}

fn of_rows(from: &str, rows: &[RiskReport]) -> Sightings {
    let mut all = Sightings { from: from.into(), risks: BTreeMap::new() };
    for row in rows.iter().filter(|row| counted(row)) {
        let risk = all.risks.entry(row.id.clone()).or_default();
        risk.cut |= row.resources > row.members.iter().filter(|member| member.here).count() as u64;
        for member in &row.members {
            let first = (!member.first_seen.is_empty()).then(|| member.first_seen.clone());
            risk.resources
                .insert(member.resource.clone(), Sighting { first, last: member.last_seen.clone() });
        }
    }
    all
}

/// Risks whose resources are followed: those of findings and of what was not read.
fn counted(row: &RiskReport) -> bool {
    ["finding", "not assessed"].contains(&row.origin.as_str()) && row.control.is_some()
}

/// Gives each resource of a risk its days, and each risk what earlier runs showed and this one does not. Of
/// two risks of one id (a part is accepted) the first takes what went away.
pub fn fill(dossier: &mut Dossier, before: &Sightings) {
    let rows = &mut dossier.risks.rows;
    let mut found = Found::new();
    for row in rows.iter_mut().filter(|row| counted(row)) {
        row.members.retain(|member| member.here);
        let (cut, names) = found.entry(row.id.clone()).or_default();
        *cut |= row.unnamed() > 0;
        names.extend(row.members.iter().map(|member| member.resource.clone()));
    }
    let here: BTreeMap<String, BTreeSet<String>> =
        found.iter().map(|(id, (_, names))| (id.clone(), names.iter().cloned().collect())).collect();
    let mut all = added(before, &dossier.as_of, found);
    for row in rows.iter_mut().filter(|row| counted(row)) {
        let Some(risk) = all.risks.get_mut(&row.id) else { continue };
        for member in &mut row.members {
            if let Some(seen) = risk.resources.get(&member.resource) {
                member.first_seen = seen.first.clone().unwrap_or_default();
                member.last_seen.clone_from(&seen.last);
            }
        }
        let gone = |name: &&String| here.get(&row.id).is_none_or(|names| !names.contains(*name));
        let gone: Vec<String> = risk.resources.keys().filter(gone).cloned().collect();
        for resource in gone {
            if let Some(seen) = risk.resources.remove(&resource) {
                row.members.push(RiskMember {
                    resource,
                    first_seen: seen.first.unwrap_or_default(),
                    last_seen: seen.last,
                    here: false,
                });
            }
        }
    }
    dossier.risks.seen_from = all.from;
}

/// What is known of the time before this assessment.
pub fn known(before: Option<&Before>) -> Sightings {
    match before {
        Some(Before::Known { sightings, .. }) => sightings.clone(),
        Some(Before::Nothing(_)) | None => Sightings::default(),
    }
}

/// The resources of a group as its run shows them, before anybody asks since when.
pub fn members(group: &FindingGroup) -> Vec<RiskMember> {
    group
        .members
        .iter()
        .map(|name| RiskMember { resource: printable(name), here: true, ..RiskMember::default() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pairs: &[(&str, Option<&str>, &str)], cut: bool) -> Sightings {
        let resources = pairs.iter().map(|(name, first, last)| {
            (name.to_string(), Sighting { first: first.map(String::from), last: last.to_string() })
        });
        let risk = RiskSightings { cut, resources: resources.collect() };
        Sightings { from: "2026-06-30T00:00:00Z".into(), risks: [("R-000001".to_string(), risk)].into() }
    }

    #[test]
    fn what_went_away_first_is_dropped_first_and_said() {
        let names: Vec<String> = (0..1_200).map(|i| format!("arn:{i:04}")).collect();
        let mut risk = RiskSightings::default();
        for (i, name) in names.iter().enumerate() {
            let last = if i < 200 { "2026-06-30T00:00:00Z" } else { "2026-09-30T00:00:00Z" };
            risk.resources.insert(name.clone(), Sighting { first: None, last: last.into() });
        }
        bounded(&mut risk);
        assert_eq!((risk.resources.len(), risk.cut), (1_000, true));
        assert!(!risk.resources.contains_key("arn:0000") && risk.resources.contains_key("arn:0200"));
    }

    /// What one run shows of one risk.
    fn shown(names: &[&str], cut: bool) -> Found {
        [("R-000001".to_string(), (cut, names.iter().map(|name| name.to_string()).collect()))].into()
    }

    #[test]
    fn the_first_day_stays_and_a_cut_list_knows_none() {
        let (june, september, december) =
            ("2026-06-30T00:00:00Z", "2026-09-30T00:00:00Z", "2026-12-31T00:00:00Z");
        let one = added(&Sightings::default(), june, shown(&["arn:a", "arn:b"], false));
        let two = added(&one, september, shown(&["arn:b", "arn:c"], false));
        let of = |all: &Sightings, name: &str| {
            let seen = &all.risks["R-000001"].resources[name];
            (seen.first.clone().unwrap_or_default(), seen.last.clone())
        };
        assert_eq!((one.from.as_str(), two.from.as_str()), (june, june));
        assert_eq!(of(&two, "arn:a"), (june.into(), june.into()));
        assert_eq!(of(&two, "arn:b"), (june.into(), september.into()));
        assert_eq!(of(&two, "arn:c"), (september.into(), september.into()));
        assert_eq!(
            added(&two, september, shown(&["arn:c", "arn:b"], false)),
            two,
            "again, and in another order"
        );
        let back = added(&two, december, shown(&["arn:a"], false));
        assert_eq!(of(&back, "arn:a"), (june.into(), december.into()), "what comes back was known");
        let cut = added(&Sightings::default(), june, shown(&["arn:a"], true));
        let after = added(&cut, september, shown(&["arn:a", "arn:z"], false));
        assert_eq!(
            (of(&after, "arn:a").0, of(&after, "arn:z").0),
            (june.into(), String::new()),
            "it may have been among the rest"
        );
    }

    #[test]
    fn an_earlier_register_gives_back_what_it_was_told() {
        let known = seen(
            &[
                ("arn:a", Some("2026-06-30T00:00:00Z"), "2026-09-30T00:00:00Z"),
                ("arn:b", None, "2026-06-30T00:00:00Z"),
            ],
            true,
        );
        let risk = &known.risks["R-000001"];
        let member = |(name, seen): (&String, &Sighting)| RiskMember {
            resource: name.clone(),
            first_seen: seen.first.clone().unwrap_or_default(),
            last_seen: seen.last.clone(),
            here: seen.last.starts_with("2026-09"),
        };
        let row = RiskReport {
            id: "R-000001".into(),
            origin: "finding".into(),
            control: Some("encryption-at-rest".into()),
            resources: 2,
            members: risk.resources.iter().map(member).collect(),
            ..RiskReport::default()
        };
        assert_eq!(of_rows("2026-06-30T00:00:00Z", &[row]), known);
    }
}
