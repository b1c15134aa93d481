//! `affiant lint`: every problem of the workspace at once.

use clap::Args;

use super::{Context, Exit, data};
use crate::diag::{Diagnostic, Problems};
use crate::pipeline::{Error, assess};

/// Check affiant.yaml, program/ and the catalog; print every problem with file, line and column
#[derive(Debug, Args)]
pub struct LintArgs {}

pub fn cmd_lint(_: LintArgs, context: &Context) -> Result<Exit, Error> {
    let catalog = context.catalog();
    let workspace = context.workspace();
    let (catalog, workspace) = match (catalog, workspace) {
        (Ok(catalog), Ok(workspace)) => (catalog, workspace),
        (Err(Error::Problems(mut a)), Err(Error::Problems(b))) => {
            a.0.extend(b.0);
            return Err(a.into());
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    assess::check_parameters(&workspace, &catalog)?;
    let mut problems = Problems::default();
    for a in &workspace.decisions.attestations.attestations {
        if !catalog.controls.iter().any(|c| c.attest.iter().any(|i| i.id == a.id)) {
            problems.push(unknown("program/attestations.yaml", &workspace, &a.id, "no control asks for the statement"));
        }
    }
    for e in &workspace.decisions.exceptions.exceptions {
        if !catalog.checks.contains_key(&e.check) {
            problems.push(unknown("program/exceptions.yaml", &workspace, &e.check, "no check is called"));
        }
    }
    problems.or(())?;
    data("no problems\n");
    Ok(Exit::Done)
}

fn unknown(file: &str, workspace: &crate::workspace::Workspace, id: &str, what: &str) -> Diagnostic {
    let bytes = workspace.files.get(file).map(Vec::as_slice).unwrap_or_default();
    let (line, column) = crate::yaml::place(bytes, id);
    Diagnostic::new("AFW-011", format!("{what} `{id}`")).file(file).at(line, column).hint("see `affiant controls list`")
}
