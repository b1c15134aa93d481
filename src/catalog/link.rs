//! Checks how the parts refer to one another and orders the tables. Every broken reference is a problem of
//! its own.

mod checks;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::mark;
use super::parse::{From, Parts};
use super::reads;
use crate::diag::{Diagnostic, Problems};
use crate::model::catalog::{Catalog, Check, Control, Table};
use crate::model::digest::{Digest, Hasher};
use checks::controls;

type Files = BTreeMap<String, Vec<u8>>;

/// Tables that the engine works out from others of the catalog, and those others.
pub const WORKED_OUT: [(&str, [&str; 2]); 2] = [
    ("metric_filter_event", ["cloudtrail_watched_event", "cloudwatch_metric_filter"]),
    ("events_rule_event", ["cloudtrail_watched_event", "events_rule"]),
];

/// Tables that the engine itself fills.
pub const BUILT_IN: [&str; 15] = [
    "resource",
    "response",
    "param",
    "program_plan",
    "program_role",
    "program_drill",
    "baa_state",
    "policy_admission",
    "policy_power",
    "policy_escalation",
    "policy_reading",
    "policy_refusal",
    "policy_transport",
    "kind",
    "kind_answer",
];

/// Of these, what is filled only when the tables that checks read are there: what reads them is made last.
pub const LATE: [&str; 2] = ["kind", "kind_answer"];

/// `broken` names the files that did not parse: what is missing because of them is not told again.
pub fn link(
    parts: Parts,
    files: Files,
    custom: bool,
    broken: &BTreeSet<String>,
    mut problems: Problems,
) -> Result<Catalog, Problems> {
    controls(&parts, &files, broken, &mut problems);
    citations(&parts, &files, &mut problems);
    kinds(&parts, &files, broken, &mut problems);
    let checks = unique(parts.checks, |c: &Check| &c.id, "check", &files, &mut problems);
    let tables = order(parts.tables, &files, broken, &mut problems);
    let lost = |folder: &str| broken.iter().any(|file| file.starts_with(folder));
    let rule = parts.rule.unwrap_or_else(|| {
        if !lost("hipaa/") {
            problems.push(
                Diagnostic::new("AFC-004", "no Security Rule table").hint("add `hipaa/security-rule.yaml`"),
            );
        }
        crate::model::catalog::SecurityRule {
            format: String::new(),
            source: String::new(),
            checked: String::new(),
            note: String::new(),
            rows: Vec::new(),
        }
    });
    let services = newest(parts.services, lost("services/"), &mut problems);
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
            homes: parts.homes,
            apis: parts.apis,
            clocks: parts.clocks,
            states: parts.states,
            kinds: parts.kinds.value,
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

/// Every citation of what stands beside the rule is a row of the rule; and a proposal says that it is not
/// law.
fn citations(parts: &Parts, files: &Files, problems: &mut Problems) {
    let known: BTreeSet<_> = parts.rule.iter().flat_map(|r| r.rows.iter().map(|row| &row.citation)).collect();
    let rows = |file: &String, citations: Vec<crate::model::citation::Citation>| {
        citations.into_iter().enumerate().map(|(i, citation)| (file.clone(), i, citation)).collect::<Vec<_>>()
    };
    let inherited = rows(
        &parts.inherited.file,
        parts.inherited.value.rows.iter().map(|row| row.citation.clone()).collect(),
    );
    let proposed = parts
        .proposals
        .iter()
        .flat_map(|p| rows(&p.file, p.value.rows.iter().map(|row| row.citation.clone()).collect()));
    for (file, i, citation) in inherited.into_iter().chain(proposed).filter(|(_, _, c)| !known.contains(c)) {
        let problem = Diagnostic::new("AFC-007", format!("the Security Rule table has no row `{citation}`"));
        let problem = problem.hint("cite a row of `hipaa/security-rule.yaml`");
        problems.push(mark(files, &file, &format!("rows/{i}/citation"), problem));
    }
    for p in parts.proposals.iter().filter(|p| p.value.status != "not law") {
        let problem = Diagnostic::new(
            "AFC-014",
            format!("the proposal `{}` does not say that it is not law", p.value.id),
        );
        problems.push(mark(files, &p.file, "status", problem.hint("write `status: not law`")));
    }
}

/// Every nature, control and check that the kinds name is there. What is missing because a file did not parse
/// is not told again.
fn kinds(parts: &Parts, files: &Files, broken: &BTreeSet<String>, problems: &mut Problems) {
    let From { file, value: kinds } = &parts.kinds;
    if kinds.format.is_empty() || !broken.is_empty() {
        return;
    }
    let mut complain = |path: &str, message: String, hint: &str| {
        problems.push(mark(files, file, path, Diagnostic::new("AFC-017", message).hint(hint)));
    };
    let known = |id: &String| parts.controls.iter().any(|c| c.value.id == *id);
    let judged =
        |b: &String| parts.checks.iter().any(|c| c.value.id == *b || c.value.id.split('.').next() == Some(b));
    if !kinds.natures.contains_key(&kinds.tagged) {
        complain("tagged", format!("no nature is called `{}`", kinds.tagged), "name one of `natures`");
    }
    for (name, nature) in &kinds.natures {
        for (i, id) in nature.controls.iter().enumerate().filter(|(_, id)| !known(id)) {
            complain(
                &format!("natures/{name}/controls/{i}"),
                format!("no control is called `{id}`"),
                "see `affiant controls list`",
            );
        }
    }
    for (k, kind) in kinds.kinds.iter().enumerate() {
        if !kinds.natures.contains_key(&kind.nature) {
            complain(
                &format!("kinds/{k}/nature"),
                format!("no nature is called `{}`", kind.nature),
                "name one of `natures`",
            );
        }
        for (i, id) in kind.controls.iter().enumerate().filter(|(_, id)| !known(id)) {
            complain(
                &format!("kinds/{k}/controls/{i}"),
                format!("no control is called `{id}`"),
                "see `affiant controls list`",
            );
        }
        for (i, beside) in kind.beside.iter().enumerate().filter(|(_, b)| !judged(b)) {
            let message = format!("no check is called `{beside}`, nor begins with it");
            complain(
                &format!("kinds/{k}/beside/{i}"),
                message,
                "name checks, or the word before their first dot",
            );
        }
    }
}

fn unique<T>(
    parts: Vec<From<T>>,
    id: impl Fn(&T) -> &String,
    what: &str,
    files: &Files,
    problems: &mut Problems,
) -> BTreeMap<String, T> {
    let mut seen = BTreeMap::new();
    for From { file, value } in parts {
        let id = id(&value).clone();
        if seen.insert(id.clone(), value).is_some() {
            let problem = Diagnostic::new("AFC-010", format!("a second {what} is called `{id}`"))
                .hint("give one of them another name");
            problems.push(mark(files, &file, what_member(what), problem));
        }
    }
    seen
}

/// The member that names a thing.
fn what_member(what: &str) -> &str {
    if what == "table" { "table" } else { "id" }
}

/// Tables so that each comes after those it uses; a circle is a problem.
fn order(
    mut parts: Vec<From<Table>>,
    files: &Files,
    broken: &BTreeSet<String>,
    problems: &mut Problems,
) -> Vec<Table> {
    let file_of: BTreeMap<String, String> =
        parts.iter().map(|p| (p.value.name.clone(), p.file.clone())).collect();
    let known: BTreeSet<&str> =
        file_of.keys().map(String::as_str).chain(BUILT_IN).chain(WORKED_OUT.map(|(name, _)| name)).collect();
    for From { file, value: table } in &mut parts {
        table.uses = reads::tables(&table.sql, &known);
        sources(file, table, files, problems);
        table.uses.retain(|name| LATE.contains(&name.as_str()) || !BUILT_IN.contains(&name.as_str()));
    }
    let mut waiting = unique(parts, |t: &Table| &t.name, "table", files, problems);
    let mut done: BTreeSet<String> = LATE.map(String::from).into();
    let mut ordered = Vec::new();
    loop {
        let ready: Vec<String> = waiting
            .values()
            .filter(|t| t.uses.iter().all(|u| done.contains(u)))
            .map(|t| t.name.clone())
            .collect();
        let made = WORKED_OUT
            .iter()
            .filter(|(name, from)| !done.contains(*name) && from.iter().all(|f| done.contains(*f)));
        let made: Vec<String> = made.map(|(name, _)| (*name).to_string()).collect();
        if ready.is_empty() && made.is_empty() {
            break;
        }
        done.extend(made);
        for name in ready {
            done.insert(name.clone());
            ordered.extend(waiting.remove(&name));
        }
    }
    let lost = broken.iter().any(|file| file.starts_with("tables/"));
    for table in waiting.values().filter(|_| !lost) {
        let missing = table.uses.iter().find(|u| !done.contains(*u)).cloned().unwrap_or_default();
        let file = file_of.get(&table.name).cloned().unwrap_or_default();
        let message = format!("table `{}` reads `{missing}`, which reads it in turn", table.name);
        let hint = "one of the two must do without the other";
        problems.push(mark(files, &file, "sql", Diagnostic::new("AFC-011", message).hint(hint)));
    }
    ordered
}

/// What a table reads of the evidence it must name in `sources`: a gap in a source that no table names would
/// be seen nowhere, and what was not read would pass.
fn sources(file: &str, table: &Table, files: &Files, problems: &mut Problems) {
    let mut complain = |message: String, hint: String| {
        problems.push(mark(files, file, "sources", Diagnostic::new("AFC-015", message).hint(hint)));
    };
    let evidence = ["resource", "response"].into_iter().find(|name| table.uses.contains(*name));
    if let Some(name) = evidence.filter(|_| table.named().next().is_none()) {
        let message = format!("table `{}` reads `{name}` and names no source", table.name);
        complain(
            message,
            "name each AWS Config type and `service:Operation` that feeds it in `sources`".into(),
        );
        return;
    }
    if table.uses.contains("resource") {
        let types = reads::compared(&table.sql, "type").into_iter().filter(|t| t.starts_with("AWS::"));
        for missing in types.filter(|t| !table.named().any(|named| named == t)) {
            let message =
                format!("table `{}` reads items of `{missing}`, which its `sources` do not name", table.name);
            complain(message, format!("add `{missing}` to `sources`"));
        }
    }
    if table.uses.contains("response") {
        let named = |operation: &String| {
            table.named().any(|s| s.split_once(':').is_some_and(|(_, name)| name == operation))
        };
        for missing in
            reads::compared(&table.sql, "operation").into_iter().filter(|operation| !named(operation))
        {
            let message = format!(
                "table `{}` reads answers of `{missing}`, which its `sources` do not name",
                table.name
            );
            complain(message, format!("add `service:{missing}` to `sources`"));
        }
    }
}

fn newest(
    mut lists: Vec<From<crate::model::catalog::ServiceList>>,
    lost: bool,
    problems: &mut Problems,
) -> Option<crate::model::catalog::ServiceList> {
    lists.sort_by(|a, b| a.value.list_date.cmp(&b.value.list_date));
    match lists.pop() {
        Some(list) => Some(list.value),
        None if lost => None,
        None => {
            problems.push(
                Diagnostic::new("AFC-012", "no list of eligible services").hint("add a file in `services/`"),
            );
            None
        }
    }
}
