//! Checks and controls against one another.

use std::collections::{BTreeMap, BTreeSet};

use super::Files;
use crate::catalog::mark;
use crate::catalog::parse::{From, Parts};
use crate::diag::{Diagnostic, Problems, near};
use crate::model::catalog::{Check, Control};

/// What one file says of another, as a problem at its place.
struct Complaints<'a> {
    files: &'a Files,
    problems: &'a mut Problems,
}

impl Complaints<'_> {
    fn add(&mut self, file: &str, path: &str, code: &'static str, message: String, hint: impl Into<String>) {
        self.problems.push(mark(self.files, file, path, Diagnostic::new(code, message).hint(hint)));
    }
}

/// Controls name checks and rows of the rule that exist; each check is listed by one control, and called as
/// its file is.
pub(super) fn controls(parts: &Parts, files: &Files, broken: &BTreeSet<String>, problems: &mut Problems) {
    let mut complaints = Complaints { files, problems };
    let listed = listed(parts, broken, &mut complaints);
    for check in &parts.checks {
        if !listed.contains_key(check.value.id.as_str())
            && !broken.iter().any(|file| file.starts_with("technical/"))
        {
            unlisted(parts, check, &mut complaints);
        }
        named_tables(parts, check, &mut complaints);
        let expected = check.file.trim_start_matches("checks/").trim_end_matches(".yaml").replace('/', ".");
        if expected != check.value.id {
            let message = format!("the id `{}` does not fit the file's name", check.value.id);
            complaints.add(
                &check.file,
                "id",
                "AFC-009",
                message,
                format!("call it `{expected}`, or rename the file"),
            );
        }
    }
}

/// Checks by id, with the control that lists each.
fn listed<'a>(
    parts: &'a Parts,
    broken: &BTreeSet<String>,
    complaints: &mut Complaints<'_>,
) -> BTreeMap<&'a str, &'a str> {
    let known: BTreeSet<&str> = parts.checks.iter().map(|c| c.value.id.as_str()).collect();
    let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
    for From { file, value: control } in &parts.controls {
        for (i, id) in control.checks.iter().enumerate() {
            let read = || broken.contains(&format!("checks/{}.yaml", id.replacen('.', "/", 1)));
            if !known.contains(id.as_str()) && !read() {
                let hint = near::hint(id, known.iter().copied(), "`affiant controls list` names them");
                complaints.add(
                    file,
                    &format!("checks/{i}"),
                    "AFC-005",
                    format!("no check is called `{id}`"),
                    hint,
                );
            }
            if let Some(other) = listed.insert(id, &control.id) {
                let message = format!("`{id}` already belongs to control `{other}`");
                complaints.add(file, &format!("checks/{i}"), "AFC-006", message, "list a check once");
            }
        }
        for (t, tally) in control.tallies.iter().enumerate() {
            for (i, id) in tally.checks.iter().enumerate().filter(|(_, id)| !control.checks.contains(id)) {
                let message = format!("a tally counts `{id}`, which the control does not list");
                complaints.add(
                    file,
                    &format!("tallies/{t}/checks/{i}"),
                    "AFC-005",
                    message,
                    "add it to `checks`",
                );
            }
        }
        cited(parts, file, control, broken, complaints);
    }
    listed
}

fn cited(
    parts: &Parts,
    file: &str,
    control: &Control,
    broken: &BTreeSet<String>,
    complaints: &mut Complaints<'_>,
) {
    if broken.iter().any(|file| file.starts_with("hipaa/")) {
        return;
    }
    let rows: BTreeSet<_> = parts.rule.iter().flat_map(|r| r.rows.iter().map(|row| &row.citation)).collect();
    for (i, citation) in control.citations.iter().enumerate().filter(|(_, c)| !rows.contains(c)) {
        let message = format!("the Security Rule table has no row `{citation}`");
        complaints.add(
            file,
            &format!("citations/{i}"),
            "AFC-007",
            message,
            "cite a row of `hipaa/security-rule.yaml`",
        );
    }
}

fn unlisted(parts: &Parts, check: &From<Check>, complaints: &mut Complaints<'_>) {
    let id = &check.value.id;
    let of_service = |control: &&From<Control>| {
        let service = id.split('.').next().unwrap_or_default();
        control.value.checks.iter().filter(|other| other.split('.').next() == Some(service)).count()
    };
    let likely =
        parts.controls.iter().max_by_key(of_service).map_or("technical/…", |control| control.file.as_str());
    let hint =
        format!("add `  - {id}` to the `checks` of a control, such as a copy of `{likely}` in this catalog");
    let message = format!("no control lists the check `{id}`, so nobody would ask it");
    complaints.add(&check.file, "id", "AFC-008", message, hint);
}

/// Tables that a check names outside its query exist.
fn named_tables(parts: &Parts, From { file, value: check }: &From<Check>, complaints: &mut Complaints<'_>) {
    let known = |name: &str| parts.tables.iter().any(|t| t.value.name == name);
    let absence =
        check.rests_on_absence.iter().enumerate().map(|(i, name)| (format!("rests_on_absence/{i}"), name));
    let favor = check.in_favor.keys().map(|name| (format!("in_favor/{name}"), name));
    for (path, name) in absence.chain(favor).filter(|(_, name)| !known(name)) {
        let names = parts.tables.iter().map(|t| t.value.name.as_str());
        let hint = near::hint(name, names, "name a table that the check reads");
        complaints.add(file, &path, "AFC-013", format!("no table is called `{name}`"), hint);
    }
}
