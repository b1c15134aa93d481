//! From a run on disk to an assessment: redacted first, then loaded and judged.

use std::path::{Path, PathBuf};

use super::Error;
use super::keys::private_folder;
use crate::assess::{self, Input};
use crate::diag::{Diagnostic, Problems};
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::store::bag::Closed;
use crate::store::redact;
use crate::store::run::Reader;
use crate::workspace::Workspace;
use crate::yaml::place;

/// A run that may be loaded: the original when nothing was found in it, else its redacted copy.
pub fn redacted(run: Reader, folder: &Path, finish: impl FnOnce(Closed) -> Result<PathBuf, Error>) -> Result<Reader, Error> {
    Ok(redact::derive(&run, folder, finish)?.unwrap_or(run))
}

/// Refuses parameters of `affiant.yaml` that the catalog does not know or that are looser than its own.
pub fn check_parameters(workspace: &Workspace, catalog: &Catalog) -> Result<(), Problems> {
    let bytes = workspace.files.get("affiant.yaml").map(Vec::as_slice).unwrap_or_default();
    let mut problems = Problems::default();
    for (name, what) in assess::parameter_problems(catalog, &workspace.decisions) {
        let (line, column) = place(bytes, &name);
        let problem = Diagnostic::new("AFW-010", format!("parameter `{name}`: {what}")).file("affiant.yaml").at(line, column);
        problems.push(problem.hint("`affiant controls show CONTROL` lists the parameters and which way they may move"));
    }
    for id in workspace.decisions.workspace.profiles.iter().filter(|id| !catalog.proposals.iter().any(|p| p.id == **id)) {
        let known: Vec<&str> = catalog.proposals.iter().map(|p| p.id.as_str()).collect();
        let (line, column) = place(bytes, id);
        let problem = Diagnostic::new("AFW-025", format!("the catalog has no profile `{id}`")).file("affiant.yaml").at(line, column);
        problems.push(problem.hint(format!("write one of: {}; or leave `profiles` empty", known.join(", "))));
    }
    problems.or(())
}

/// Assesses a run in a scratch folder; the database is gone afterwards.
pub fn assess(workspace: &Workspace, catalog: &Catalog, run: Reader, as_of: Option<&str>) -> Result<Assessment, Error> {
    check_parameters(workspace, catalog)?;
    let private = private_folder(workspace)?;
    let scratch = tempfile::Builder::new().prefix("assess-").tempdir_in(&private).map_err(Error::io("create a folder in", &private))?;
    let run = redacted(run, scratch.path(), |closed| Ok(closed.finish(&[])?))?;
    judge(catalog, &workspace.decisions, &run, as_of, &scratch.path().join("evidence.sqlite"))
}

pub fn judge(catalog: &Catalog, decisions: &Decisions, run: &Reader, as_of: Option<&str>, database: &Path) -> Result<Assessment, Error> {
    let as_of = as_of.unwrap_or(&run.record.ended);
    Ok(assess::assess(&Input { run, catalog, decisions, as_of }, database)?)
}
