//! On what terms an assessment was made, and where those of two differ.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use crate::model::assessment::{Assessment, CheckResult};
use crate::model::catalog::Catalog;
use crate::model::changes::{CheckTerms, ExceptionTerm, TERMS, Terms};
use crate::model::decisions::Decisions;
use crate::model::digest::Hasher;
use crate::model::run::RunRecord;

/// The terms of an assessment of a run by a catalog and decisions.
pub fn terms(catalog: &Catalog, decisions: &Decisions, run: &RunRecord, assessment: &Assessment) -> Terms {
    let checks = assessment.controls.iter().flat_map(|c| &c.checks);
    Terms {
        format: TERMS.into(),
        accounts: run.accounts.clone(),
        regions: run.regions.clone(),
        excluded: decisions.workspace.exclude.iter().map(|e| e.pattern.clone()).collect(),
        exceptions: decisions
            .exceptions
            .exceptions
            .iter()
            .map(|e| ExceptionTerm {
                check: e.check.clone(),
                resource: e.resource.clone(),
                expires: e.expires.clone(),
            })
            .collect(),
        catalog: assessment.catalog,
        list: catalog.services.list_date.clone(),
        checks: checks.map(|check| (check.id.clone(), of_check(catalog, decisions, check))).collect(),
    }
}

/// The SQL that a check rests on: its own, and that of every table below it.
pub fn texts<'a>(catalog: &'a Catalog, check: &CheckResult) -> Vec<&'a str> {
    let mut below: BTreeSet<&str> = check.tables.iter().map(String::as_str).collect();
    let mut texts = Vec::new();
    for table in catalog.tables.iter().rev() {
        if below.contains(table.name.as_str()) {
            below.extend(table.uses.iter().map(String::as_str));
            texts.push(table.sql.as_str());
        }
    }
    texts
}

fn of_check(catalog: &Catalog, decisions: &Decisions, check: &CheckResult) -> CheckTerms {
    let own = catalog.checks.get(&check.id).map_or("", |c| c.sql.as_str());
    let texts: Vec<&str> = std::iter::once(own).chain(texts(catalog, check)).collect();
    let mut hasher = Hasher::default();
    for text in &texts {
        hasher.write_all(format!("{}\0", text.trim()).as_bytes()).expect("hashing cannot fail");
    }
    let words: BTreeSet<String> = texts.iter().flat_map(|text| words(text)).collect();
    let value =
        |name: &str, default: f64| decisions.workspace.parameters.get(name).copied().unwrap_or(default);
    let rule = &decisions.workspace.phi;
    CheckTerms {
        question: hasher.finish().digest,
        parameters: catalog
            .parameters()
            .filter(|p| words.contains(&p.name.to_lowercase()))
            .map(|p| (p.name.clone(), value(&p.name, p.default)))
            .collect(),
        phi: self::words(own)
            .any(|w| w == "phi_scope")
            .then(|| format!("{} = {}", rule.tag, rule.values.join(", "))),
    }
}

/// The names in a text, in small letters.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
}

/// Why a check's two answers cannot be set against each other; empty if they can.
pub fn check_difference(id: &str, old: &Terms, new: &Terms) -> String {
    let (before, now) = match (old.checks.get(id), new.checks.get(id)) {
        (Some(before), Some(now)) => (before, now),
        (None, Some(_)) => return "the check is new in the catalog".into(),
        (Some(_), None) => return "the check is no longer in the catalog".into(),
        (None, None) => return "the check is in neither catalog".into(),
    };
    if before.question != now.question {
        return "the catalog changed: the check or a table that it reads asks another question".into();
    }
    if before.phi != now.phi {
        return "PHI scope is told by another tag".into();
    }
    let name = |values: &BTreeMap<String, f64>, name: &str| {
        values.get(name).map_or("none".to_string(), f64::to_string)
    };
    let changed = now.parameters.keys().filter(|p| before.parameters.get(*p) != now.parameters.get(*p));
    let changed: Vec<String> = changed
        .map(|p| {
            format!(
                "the parameter {p} was {} and is {}",
                name(&before.parameters, p),
                name(&now.parameters, p)
            )
        })
        .collect();
    changed.join("; ")
}

/// What differs in scope, catalog, list and parameters, as sentences.
pub fn differences(old: &Terms, new: &Terms) -> Vec<String> {
    let mut out = Vec::new();
    let mut set = |what: &str, before: &[String], now: &[String]| {
        let added: Vec<&str> = now.iter().filter(|x| !before.contains(x)).map(String::as_str).collect();
        let removed: Vec<&str> = before.iter().filter(|x| !now.contains(x)).map(String::as_str).collect();
        if !added.is_empty() {
            out.push(format!("{what} added: {}.", added.join(", ")));
        }
        if !removed.is_empty() {
            out.push(format!("{what} no longer read: {}.", removed.join(", ")));
        }
    };
    set("Account", &old.accounts, &new.accounts);
    set("Region", &old.regions, &new.regions);
    set("Exclusion", &old.excluded, &new.excluded);
    if old.list != new.list {
        out.push(format!(
            "The list of HIPAA-eligible services was dated {} and is dated {}.",
            old.list, new.list
        ));
    }
    let mut parameters: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (id, now) in &new.checks {
        let Some(before) = old.checks.get(id) else { continue };
        for (name, value) in &now.parameters {
            if let Some(then) = before.parameters.get(name).filter(|then| *then != value) {
                parameters.insert(name, (*then, *value));
            }
        }
    }
    out.extend(
        parameters
            .into_iter()
            .map(|(name, (then, now))| format!("The parameter {name} was {then} and is {now}.")),
    );
    if old.catalog != new.catalog {
        let other = |id: &&String| {
            old.checks.get(*id).is_some_and(|before| before.question != new.checks[*id].question)
        };
        let changed = new.checks.keys().filter(other).count();
        let added = new.checks.keys().filter(|id| !old.checks.contains_key(*id)).count();
        let removed = old.checks.keys().filter(|id| !new.checks.contains_key(*id)).count();
        out.push(format!(
            "The catalog changed from {} to {}: {changed} of the checks ask another question, {added} are \
             new, {removed} are gone.",
            old.catalog.short(),
            new.catalog.short()
        ));
    }
    out
}
