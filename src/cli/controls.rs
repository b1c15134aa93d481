//! `affiant controls`: the catalog, and the checks' own fixtures.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::export::{self, ExportArgs, TablesArgs};
use super::new::{self, NewArgs};
use super::style::{ListFormat, Style};
use super::{Context, Exit, data, wrong};
use crate::assess::verdicts::{cases, table_cases};
use crate::diag::{near, printable};
use crate::model::catalog::{Catalog, Check, Control};
use crate::pipeline::{Error, faults};

/// The catalog: controls, checks and their fixtures
#[derive(Debug, Subcommand)]
pub enum ControlsCommand {
    /// List the ten controls and their checks
    List(ListArgs),
    /// Explain a control or a check, with example rows
    Show(ShowArgs),
    /// Make the file of a new check: a skeleton to fill in
    New(NewArgs),
    /// Compile every table and check and run its cases
    Test(TestArgs),
    Tables(TablesArgs),
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// How to print
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The id of a control (encryption-at-rest, or its number) or of a check (rds.storage-encrypted)
    id: String,
}

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Only this check, or this table
    check: Option<String>,
}

pub fn cmd_controls(command: ControlsCommand, context: &Context) -> Result<Exit, Error> {
    let catalog = context.catalog()?;
    match command {
        ControlsCommand::List(ListArgs { format: ListFormat::Text }) => {
            data(&list(&catalog, Style::of_stdout()))
        }
        ControlsCommand::List(ListArgs { format: ListFormat::Json }) => {
            data(&format!("{:#}\n", as_json(&catalog)))
        }
        ControlsCommand::Tables(args) => return export::cmd_tables(&args, &catalog, Style::of_stdout()),
        ControlsCommand::Export(args) => return export::cmd_export(&args, &catalog),
        ControlsCommand::Show(args) => data(&show(&catalog, &args.id, Style::of_stdout())?),
        ControlsCommand::New(args) => return new::cmd_new(args, &catalog),
        ControlsCommand::Test(args) => return test(&catalog, args.check.as_deref(), context),
    }
    Ok(Exit::Done)
}

fn list(catalog: &Catalog, style: Style) -> String {
    let mut out = String::new();
    for control in &catalog.controls {
        let cites: Vec<String> = control.citations.iter().map(ToString::to_string).collect();
        out.push_str(&format!(
            "{:>2} {}  {}\n",
            control.number,
            style.strong(&control.id),
            style.faint(&cites.join(" "))
        ));
        for id in &control.checks {
            let check = &catalog.checks[id];
            out.push_str(&format!(
                "     {} {} {}\n",
                style.column(id, 40),
                style.column(check.severity.as_str(), 8),
                check.title
            ));
        }
    }
    out
}

/// The controls with what they ask people, their parameters and their checks.
fn as_json(catalog: &Catalog) -> Value {
    let check = |id: &String| {
        let check = &catalog.checks[id];
        json!({
            "id": id, "title": check.title, "severity": check.severity, "why": check.why.trim(),
            "fix": check.fix.trim()
        })
    };
    let control = |control: &Control| {
        json!({
            "id": control.id,
            "number": control.number,
            "title": control.title,
            "citations": control.citations,
            "parameters": control.parameters,
            "attest": control.attest,
            "checks": control.checks.iter().map(check).collect::<Vec<_>>(),
        })
    };
    json!({
        "format": "affiant.controls/1",
        "catalog": catalog.digest,
        "custom": catalog.custom,
        "controls": catalog.controls.iter().map(control).collect::<Vec<_>>(),
    })
}

fn show(catalog: &Catalog, id: &str, style: Style) -> Result<String, Error> {
    if let Some(control) = catalog.controls.iter().find(|c| c.id == id || c.number.to_string() == id) {
        return Ok(show_control(catalog, control, style));
    }
    match catalog.checks.get(id) {
        Some(check) => Ok(show_check(catalog, check, style)),
        None => {
            let known = catalog
                .controls
                .iter()
                .map(|c| c.id.as_str())
                .chain(catalog.checks.keys().map(String::as_str));
            let hint = near::hint(id, known, "`affiant controls list` names them all");
            Err(wrong(format!("no control or check is called `{id}`"), hint))
        }
    }
}

/// What a person is asked to say for a control, and the lines to write.
fn statements(control: &Control, style: Style, out: &mut String) {
    if !control.attest.is_empty() {
        out.push_str(&format!("\n{}\n", style.strong("what only a person can say")));
    }
    for a in &control.attest {
        out.push_str(&format!(
            "  {} ({}, holds {} days)\n    {}\n",
            a.id,
            a.role,
            a.valid_days,
            a.statement.trim()
        ));
    }
    if let Some(a) = control.attest.first() {
        let entry = format!(
            "  - id: {}\n    statement: <what the person says, in their own words>\n    by: \
             <name>\n    role: {}\n    on: <YYYY-MM-DD>\n    \
             valid_until: <YYYY-MM-DD>\n    evidence: [documents/<file>]\n",
            a.id, a.role
        );
        out.push_str(&format!(
            "  to make one, under `attestations` in program/attestations.yaml:\n{}",
            style.faint(&entry)
        ));
    }
}

fn show_control(catalog: &Catalog, control: &Control, style: Style) -> String {
    let mut out = format!("{} {}\n{}\n", control.number, style.strong(&control.title), control.demand.trim());
    for (name, text) in
        [("law", &control.law), ("policy", &control.policy), ("mechanism", &control.mechanism)]
    {
        out.push_str(&format!("\n{}\n{}\n", style.strong(name), text.trim()));
    }
    out.push_str(&format!("\n{}\n", style.strong("citations")));
    for row in control.citations.iter().filter_map(|c| catalog.rule.rows.iter().find(|r| r.citation == *c)) {
        out.push_str(&format!("  {:<24} {:<12} {}\n", row.citation.to_string(), row.status, row.title));
    }
    if !control.parameters.is_empty() {
        out.push_str(&format!("\n{}\n", style.strong("parameters")));
    }
    for p in &control.parameters {
        let way = format!("may only go {:?}", p.tighten).to_lowercase();
        out.push_str(&format!("  {} = {} {} ({way}): {}\n", p.name, p.default, p.unit, p.why.trim()));
    }
    if let Some(p) = control.parameters.first() {
        out.push_str(&format!(
            "  to tighten one, in affiant.yaml: {}\n",
            style.faint(&format!("parameters: {{ {}: {} }}", p.name, p.default))
        ));
    }
    statements(control, style, &mut out);
    for tally in &control.tallies {
        out.push_str(&format!(
            "\n{}\n{}: {}\n",
            style.strong(&tally.name),
            tally.about.trim(),
            tally.checks.join(", ")
        ));
    }
    out.push_str(&format!("\n{}\n", style.strong("checks")));
    for id in &control.checks {
        out.push_str(&format!("  {} {}\n", style.column(id, 40), catalog.checks[id].title));
    }
    out
}

fn show_check(catalog: &Catalog, check: &Check, style: Style) -> String {
    let control = catalog.control_of(&check.id).map_or("", |c| c.title.as_str());
    let mut out =
        format!("{}\n{}\n{} severity, in {control}\n", style.strong(&check.id), check.title, check.severity);
    out.push_str(&format!(
        "\n{}\n{}\n\n{}\n{}\n",
        style.strong("why"),
        check.why.trim(),
        style.strong("fix"),
        check.fix.trim()
    ));
    if !check.corroborated_by.is_empty() {
        out.push_str(&format!(
            "\n{}\n{}\n",
            style.strong("compared with AWS Config rules"),
            check.corroborated_by.iter().map(|c| c.rule.as_str()).collect::<Vec<_>>().join(", ")
        ));
    }
    out.push_str(&format!("\n{}\n{}\n", style.strong("sql"), check.sql.trim_end()));
    out.push_str(&examples(check, style));
    out
}

/// The check's own cases: the rows it is given, and what it says of them.
fn examples(check: &Check, style: Style) -> String {
    let mut out = format!("\n{}\n", style.strong("examples"));
    for case in &check.cases {
        out.push_str(&format!("  {}\n", style.strong(&case.name)));
        for (table, rows) in &case.given {
            if rows.is_empty() {
                out.push_str(&format!("    {table}: no rows\n"));
            }
            for row in rows.iter().take(EXAMPLE_ROWS) {
                out.push_str(&format!("    {table}: {}\n", style.faint(&cells(row))));
            }
            if rows.len() > EXAMPLE_ROWS {
                out.push_str(&format!("    {table}: {} more\n", rows.len() - EXAMPLE_ROWS));
            }
        }
        for e in &case.expect {
            let reason = e.reason_has.as_ref().map(|r| format!(" (… {r} …)")).unwrap_or_default();
            let mark = style.paint(e.verdict, style.mark(e.verdict));
            out.push_str(&format!(
                "    {mark} {} {}{reason}\n",
                style.paint(e.verdict, e.verdict.as_str()),
                e.resource
            ));
        }
        if case.expect.is_empty() {
            out.push_str("    no row\n");
        }
    }
    out
}

/// How many rows of a table an example shows.
const EXAMPLE_ROWS: usize = 4;

/// A row without account and region, which only repeat the ARN.
fn cells(row: &BTreeMap<String, Value>) -> String {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
    let cells = row.iter().filter(|(name, _)| !["account", "region"].contains(&name.as_str()));
    printable(&cells.map(|(name, value)| format!("{name} = {}", text(value))).collect::<Vec<_>>().join(", "))
}

fn test(catalog: &Catalog, only: Option<&str>, context: &Context) -> Result<Exit, Error> {
    let is_table = |id: &str| catalog.tables.iter().any(|table| table.name == id);
    if let Some(id) = only.filter(|id| !catalog.checks.contains_key(*id) && !is_table(id)) {
        let known = catalog
            .checks
            .keys()
            .map(String::as_str)
            .chain(catalog.tables.iter().map(|table| table.name.as_str()));
        let hint =
            near::hint(id, known, "`affiant controls list` and `affiant controls tables` name them all");
        return Err(wrong(format!("no check or table is called `{id}`"), hint));
    }
    let folder = context.global.catalog.as_deref();
    let tables = table_cases::run(catalog, only).map_err(|fault| faults::located(catalog, fault))?;
    for (table, what) in &tables.failures {
        let place = faults::of_table(catalog, folder, table, what);
        data(&format!(
            "{}\n",
            place.map_or_else(|| format!("{table}: {what}"), |problem| problem.to_string())
        ));
    }
    let report = cases::run(catalog, only).map_err(|fault| faults::located(catalog, fault))?;
    for (check, what) in &report.failures {
        let place = faults::of_check(catalog, folder, check, what);
        data(&format!(
            "{}\n",
            place.map_or_else(|| format!("{check}: {what}"), |problem| problem.to_string())
        ));
    }
    let failures = report.failures.len() + tables.failures.len();
    let tail = format!(
        "{} checks, {} cases, {} columns set to NULL, {} tables emptied ({} declared); {} cases of {} tables",
        report.checks, report.cases, report.nulls, report.drops, report.declared, tables.cases, tables.tables
    );
    data(&format!(
        "{tail}: {}\n",
        if failures == 0 { "all as expected".to_string() } else { format!("{failures} failures") }
    ));
    Ok(if failures == 0 { Exit::Done } else { Exit::Usage })
}
