//! From a run on disk to an assessment: redacted first, then loaded and judged.

use std::path::{Path, PathBuf};

use super::Error;
use super::keys::private_folder;
use crate::assess;
use crate::assess::input::Input;
use crate::diag::{Diagnostic, Problems};
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::decisions::{Clearance, Decisions};
use crate::model::digest::Digest;
use crate::redact::rules::PHONE;
use crate::redact::scan::{self, Findings};
use crate::redact::{self, Cleared};
use crate::store::bag::Closed;
use crate::store::run::Reader;
use crate::workspace::Workspace;
use crate::yaml::place;

/// A run that may be loaded: the original when nothing was found in it, else its redacted copy.
pub fn redacted(
    run: Reader,
    cleared: &Cleared<'_>,
    folder: &Path,
    finish: impl FnOnce(Closed) -> Result<PathBuf, Error>,
) -> Result<Reader, Error> {
    Ok(redact::derive(&run, cleared, folder, finish)?.unwrap_or(run))
}

/// What was cleared as of a time: the one given, or the end of the run.
pub fn cleared<'a>(decisions: &'a Decisions, as_of: &'a str) -> Cleared<'a> {
    Cleared { clearances: &decisions.clearances.clearances, day: as_of.get(..10).unwrap_or_default() }
}

/// Refuses what would leave with PHI in it that no redaction reaches: names of files, documents that are no text, and what
/// people wrote in the workspace (where telephones are those of the plan's own people).
pub fn check_phi(workspace: &Workspace, run: &Reader, cleared: &Cleared<'_>) -> Result<(), Error> {
    let mut problems = Problems::default();
    let mut push = |path: &str, shown: &str, rule: &str, what: &str, sha256: &str| {
        let of_file = |c: &&Clearance| c.path.strip_prefix("data/").unwrap_or(&c.path) == path && c.rules.iter().any(|r| r == rule);
        let lapsed = cleared.clearances.iter().find(of_file);
        let why = lapsed.map(|c| if c.sha256 == sha256 { "does not hold on this day" } else { "is of another content" });
        let entry = why.map(|why| format!("; the clearance of this file {why}")).unwrap_or_default();
        let message = format!("{rule} {what}: `{shown}` (sha256 {sha256}){entry}");
        let hint = "take it out, or have a named person clear this content in program/clearances.yaml (docs: Redaction and PHI)";
        problems.push(Diagnostic::new("AFW-036", message).file(shown).hint(hint));
    };
    for left in redact::remaining(run, cleared)? {
        push(&left.path, &left.shown, left.rule, left.what, &left.sha256);
    }
    for (path, bytes) in &workspace.files {
        let sha256 = Digest::of(bytes).to_string();
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // a clearance must name its file
        cleared.clearances.iter().for_each(|c| text = text.replace(&c.path, ""));
        let mut found = Findings::clearing(&cleared.for_file(path, &sha256));
        scan::text(&text, String::new, &mut found);
        for rule in found.rules.keys().filter(|rule| rule.starts_with("phi-") && **rule != PHONE) {
            push(path, path, rule, "in what was written in the workspace", &sha256);
        }
    }
    Ok(problems.or(())?)
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
    let until = as_of.unwrap_or(&run.record.ended).to_string();
    let run = redacted(run, &cleared(&workspace.decisions, &until), scratch.path(), |closed| Ok(closed.finish(&[])?))?;
    judge(catalog, &workspace.decisions, &run, as_of, &scratch.path().join("evidence.sqlite"))
}

pub fn judge(catalog: &Catalog, decisions: &Decisions, run: &Reader, as_of: Option<&str>, database: &Path) -> Result<Assessment, Error> {
    let as_of = as_of.unwrap_or(&run.record.ended);
    Ok(assess::assess(&Input { run, catalog, decisions, as_of }, database)?)
}
