//! Checks how the parts refer to one another and orders the tables. Every broken reference is a problem of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::parse::{From, Parts};
use super::reads;
use crate::diag::{Diagnostic, Problems};
use crate::model::catalog::{Catalog, Check, Control, Table};
use crate::model::digest::{Digest, Hasher};
use crate::yaml;

type Files = BTreeMap<String, Vec<u8>>;

fn place(files: &Files, path: &str, needle: &str) -> (u64, u64) {
    files.get(path).map_or((1, 1), |bytes| yaml::place(bytes, needle))
}

/// Tables that the engine itself fills.
pub const BUILT_IN: [&str; 7] = ["resource", "response", "param", "program_plan", "program_role", "program_drill", "baa_state"];

pub fn link(parts: Parts, files: Files, custom: bool, mut problems: Problems) -> Result<Catalog, Problems> {
    controls(&parts, &files, &mut problems);
    citations(&parts, &files, &mut problems);
    let checks = unique(parts.checks, |c: &Check| &c.id, "check", &files, &mut problems);
    let tables = order(parts.tables, &files, &mut problems);
    let rule = parts.rule.unwrap_or_else(|| {
        problems.push(Diagnostic::new("AFC-004", "no Security Rule table").hint("add `hipaa/security-rule.yaml`"));
        crate::model::catalog::SecurityRule {
            format: String::new(),
            source: String::new(),
            checked: String::new(),
            note: String::new(),
            rows: Vec::new(),
        }
    });
    let services = newest(parts.services, &mut problems);
    let mut controls: Vec<Control> = parts.controls.into_iter().map(|c| c.value).collect();
    controls.sort_by_key(|c| c.number);
    let digest = digest(&files);
    match services {
        Some(services) => problems.or(Catalog {
            digest,
            custom,
            controls,
            checks,
            tables,
            rule,
            services,
            operations: parts.operations,
            apis: parts.apis,
            clocks: parts.clocks,
            inherited: parts.inherited.value,
            proposals: parts.proposals.into_iter().map(|p| p.value).collect(),
            files,
        }),
        None => Err(problems),
    }
}

/// Digest over path, length and content of every file, in path order.
pub fn digest(files: &Files) -> Digest {
    let mut hasher = Hasher::default();
    for (path, bytes) in files {
        hasher.write_all(format!("{path}\0{}\0", bytes.len()).as_bytes()).expect("hashing cannot fail");
        hasher.write_all(bytes).expect("hashing cannot fail");
    }
    hasher.finish().digest
}

fn controls(parts: &Parts, files: &Files, problems: &mut Problems) {
    let known: BTreeSet<&str> = parts.checks.iter().map(|c| c.value.id.as_str()).collect();
    let cited: BTreeSet<_> = parts.rule.iter().flat_map(|r| r.rows.iter().map(|row| &row.citation)).collect();
    let mut listed: BTreeMap<&str, &str> = BTreeMap::new();
    let mut complain = |file: &str, needle: &str, code, message: String, hint: &str| {
        let (line, column) = place(files, file, needle);
        problems.push(Diagnostic::new(code, message).file(file).at(line, column).hint(hint));
    };
    for From { file, value: control } in &parts.controls {
        for id in &control.checks {
            if !known.contains(id.as_str()) {
                complain(file, id, "AFC-005", format!("no check is called `{id}`"), "see `affiant controls list`");
            }
            if let Some(other) = listed.insert(id, &control.id) {
                complain(file, id, "AFC-006", format!("`{id}` already belongs to control `{other}`"), "list a check once");
            }
        }
        for citation in control.citations.iter().filter(|c| !cited.contains(c)) {
            let text = citation.to_string();
            let message = format!("the Security Rule table has no row `{text}`");
            complain(file, &text, "AFC-007", message, "cite a row of `hipaa/security-rule.yaml`");
        }
    }
    for From { file, value: check } in &parts.checks {
        if !listed.contains_key(check.id.as_str()) {
            let message = format!("no control lists the check `{}`", check.id);
            complain(file, &check.id, "AFC-008", message, "add its id to a file in `technical/`");
        }
        for name in check.rests_on_absence.iter().filter(|name| !parts.tables.iter().any(|t| t.value.name == **name)) {
            complain(file, name, "AFC-013", format!("no table is called `{name}`"), "name a table that the check reads");
        }
        let expected = file.trim_start_matches("checks/").trim_end_matches(".yaml").replace('/', ".");
        if expected != check.id {
            let message = format!("the id `{}` does not fit the file's name", check.id);
            complain(file, &check.id, "AFC-009", message, &format!("call it `{expected}`"));
        }
    }
}

/// Every citation of what stands beside the rule is a row of the rule; and a proposal says that it is not law.
fn citations(parts: &Parts, files: &Files, problems: &mut Problems) {
    let known: BTreeSet<_> = parts.rule.iter().flat_map(|r| r.rows.iter().map(|row| &row.citation)).collect();
    let inherited = parts.inherited.value.rows.iter().map(|row| (&parts.inherited.file, &row.citation));
    let proposed = parts.proposals.iter().flat_map(|p| p.value.rows.iter().map(|row| (&p.file, &row.citation)));
    for (file, citation) in inherited.chain(proposed).filter(|(_, c)| !known.contains(c)) {
        let text = citation.to_string();
        let (line, column) = place(files, file, &text);
        let problem = Diagnostic::new("AFC-007", format!("the Security Rule table has no row `{text}`")).file(file.clone());
        problems.push(problem.at(line, column).hint("cite a row of `hipaa/security-rule.yaml`"));
    }
    for p in parts.proposals.iter().filter(|p| p.value.status != "not law") {
        let (line, column) = place(files, &p.file, "status");
        let problem =
            Diagnostic::new("AFC-014", format!("the proposal `{}` does not say that it is not law", p.value.id)).file(p.file.clone());
        problems.push(problem.at(line, column).hint("write `status: not law`"));
    }
}

fn unique<T>(parts: Vec<From<T>>, id: impl Fn(&T) -> &String, what: &str, files: &Files, problems: &mut Problems) -> BTreeMap<String, T> {
    let mut seen = BTreeMap::new();
    for From { file, value } in parts {
        let id = id(&value).clone();
        if seen.insert(id.clone(), value).is_some() {
            let (line, column) = place(files, &file, &id);
            problems.push(Diagnostic::new("AFC-010", format!("a second {what} is called `{id}`")).file(file).at(line, column));
        }
    }
    seen
}

/// Tables so that each comes after those it uses; a circle is a problem.
fn order(mut parts: Vec<From<Table>>, files: &Files, problems: &mut Problems) -> Vec<Table> {
    let file_of: BTreeMap<String, String> = parts.iter().map(|p| (p.value.name.clone(), p.file.clone())).collect();
    let known: BTreeSet<&str> = file_of.keys().map(String::as_str).chain(BUILT_IN).collect();
    for From { file, value: table } in &mut parts {
        table.uses = reads::tables(&table.sql, &known);
        sources(file, table, files, problems);
        table.uses.retain(|name| !BUILT_IN.contains(&name.as_str()));
    }
    let mut waiting = unique(parts, |t: &Table| &t.name, "table", files, problems);
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut ordered = Vec::new();
    loop {
        let ready: Vec<String> = waiting.values().filter(|t| t.uses.iter().all(|u| done.contains(u))).map(|t| t.name.clone()).collect();
        if ready.is_empty() {
            break;
        }
        for name in ready {
            done.insert(name.clone());
            ordered.extend(waiting.remove(&name));
        }
    }
    for table in waiting.values() {
        let missing = table.uses.iter().find(|u| !done.contains(*u)).cloned().unwrap_or_default();
        let file = file_of.get(&table.name).cloned().unwrap_or_default();
        let (line, column) = place(files, &file, &missing);
        let message = format!("table `{}` reads `{missing}`, which reads it in turn", table.name);
        problems.push(Diagnostic::new("AFC-011", message).file(file).at(line, column));
    }
    ordered
}

/// What a table reads of the evidence it must name in `sources`: a gap in a source that no table names would be seen nowhere, and
/// what was not read would pass.
fn sources(file: &str, table: &Table, files: &Files, problems: &mut Problems) {
    let mut complain = |needle: &str, message: String, hint: String| {
        let (line, column) = place(files, file, needle);
        problems.push(Diagnostic::new("AFC-015", message).file(file).at(line, column).hint(hint));
    };
    let evidence = ["resource", "response"].into_iter().find(|name| table.uses.contains(*name));
    if let Some(name) = evidence.filter(|_| table.sources.is_empty()) {
        let message = format!("table `{}` reads `{name}` and names no source", table.name);
        complain("sources", message, "name each AWS Config type and `service:Operation` that feeds it in `sources`".into());
        return;
    }
    if table.uses.contains("resource") {
        let types = reads::compared(&table.sql, "type").into_iter().filter(|t| t.starts_with("AWS::"));
        for missing in types.filter(|t| !table.sources.contains(t)) {
            let message = format!("table `{}` reads items of `{missing}`, which its `sources` do not name", table.name);
            complain(&missing, message, format!("add `{missing}` to `sources`"));
        }
    }
    if table.uses.contains("response") {
        let named = |operation: &String| table.sources.iter().any(|s| s.split_once(':').is_some_and(|(_, name)| name == operation));
        for missing in reads::compared(&table.sql, "operation").into_iter().filter(|operation| !named(operation)) {
            let message = format!("table `{}` reads answers of `{missing}`, which its `sources` do not name", table.name);
            complain(&missing, message, format!("add `service:{missing}` to `sources`"));
        }
    }
}

fn newest(mut lists: Vec<From<crate::model::catalog::ServiceList>>, problems: &mut Problems) -> Option<crate::model::catalog::ServiceList> {
    lists.sort_by(|a, b| a.value.list_date.cmp(&b.value.list_date));
    match lists.pop() {
        Some(list) => Some(list.value),
        None => {
            problems.push(Diagnostic::new("AFC-012", "no list of eligible services").hint("add a file in `services/`"));
            None
        }
    }
}
