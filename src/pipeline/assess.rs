//! From a run on disk to an assessment: redacted first, then loaded and judged.

use std::path::{Path, PathBuf};

use super::faults::located;
use super::keys::private_folder;
use super::{Error, no_temporary};
use crate::assess;
use crate::assess::database::scope::added;
use crate::assess::input::Input;
use crate::assess::verdicts::exceptions::ExceptionUse;
use crate::diag::{Diagnostic, Problems, near};
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::decisions::{Clearance, Decisions};
use crate::model::digest::Digest;
use crate::redact::rules::PHONE;
use crate::redact::scan::{self, Findings};
use crate::redact::{self, Cleared};
use crate::store::atomic::{self, Access, Existing};
use crate::store::bag::Closed;
use crate::store::run::Reader;
use crate::workspace::{FILES, Workspace};
use crate::yaml::is_placeholder;

/// What the assessment of a run shows of the decisions.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct DecisionsSeen {
    pub exceptions: Vec<ExceptionUse>,
    /// Resources that each exclusion takes out.
    pub excluded: Vec<u64>,
}

/// A run that may be loaded: the original when nothing was found in it, else its redacted copy. `again`
/// verifies a copy that was made earlier.
pub fn redacted(
    run: Reader,
    cleared: &Cleared<'_>,
    folder: &Path,
    again: impl FnOnce(&Path) -> Result<Option<Reader>, Error>,
    finish: impl FnOnce(Closed) -> Result<PathBuf, Error>,
) -> Result<Reader, Error> {
    Ok(redact::derive(&run, cleared, folder, again, finish)?.unwrap_or(run))
}

/// What was cleared as of a time: the one given, or the end of the run.
pub fn cleared<'a>(decisions: &'a Decisions, as_of: &'a str) -> Cleared<'a> {
    Cleared { clearances: &decisions.clearances.clearances, day: as_of.get(..10).unwrap_or_default() }
}

/// Refuses what would leave with a secret or PHI in it that no redaction reaches: names of files, documents
/// that are no text, and what people wrote in the workspace (where telephones are those of the plan's own
/// people).
pub fn check_phi(workspace: &Workspace, run: &Reader, cleared: &Cleared<'_>) -> Result<(), Error> {
    let mut problems = Problems::default();
    let mut push = |path: &str, shown: &str, rule: &str, what: &str, sha256: &str| {
        let of_file = |c: &&Clearance| {
            c.path.strip_prefix("data/").unwrap_or(&c.path) == path && c.rules.iter().any(|r| r == rule)
        };
        let lapsed = cleared.clearances.iter().find(of_file);
        let why = lapsed
            .map(|c| if c.sha256 == sha256 { "does not hold on this day" } else { "is of another content" });
        let entry = why.map(|why| format!("; the clearance of this file {why}")).unwrap_or_default();
        let message = format!("{rule} {what}: `{shown}` (sha256 {sha256}){entry}");
        let hint = match rule.starts_with("phi-") {
            true => {
                "take it out, or have a named person clear this content in program/clearances.yaml (docs: \
                 Redaction and PHI)"
            }
            false => {
                "take it out, and change it where it is used: it has been written down (docs: Redaction and \
                 PHI)"
            }
        };
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
        for rule in found.rules.keys().filter(|rule| **rule != PHONE) {
            push(path, path, rule, "in what was written in the workspace", &sha256);
        }
    }
    Ok(problems.or(())?)
}

/// Refuses parameters of `affiant.yaml` that the catalog does not know or that are looser than its own.
pub fn check_parameters(workspace: &Workspace, catalog: &Catalog) -> Result<(), Problems> {
    Problems(parameter_problems(workspace, catalog)).or(())
}

/// What is wrong with parameters and profiles.
pub fn parameter_problems(workspace: &Workspace, catalog: &Catalog) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, what) in assess::parameter_problems(catalog, &workspace.decisions) {
        let all = "`affiant controls show CONTROL` lists the parameters and which way they may move";
        let known = catalog.parameters().any(|p| p.name == name);
        let hint = if known {
            all.to_string()
        } else {
            near::hint(&name, catalog.parameters().map(|p| p.name.as_str()), all)
        };
        let problem = Diagnostic::new("AFW-010", format!("parameter `{name}`: {what}")).hint(hint);
        let path = format!("parameters/{name}");
        found.push(match known {
            true => workspace.mark(FILES[0], &path, problem),
            false => workspace.mark_key(FILES[0], &path, problem),
        });
    }
    for (i, id) in workspace.decisions.workspace.profiles.iter().enumerate() {
        if catalog.proposals.iter().any(|p| p.id == *id) || is_placeholder(id) {
            continue;
        }
        let known: Vec<&str> = catalog.proposals.iter().map(|p| p.id.as_str()).collect();
        let all = format!("write one of: {}; or leave `profiles` empty", known.join(", "));
        let problem = Diagnostic::new("AFW-025", format!("the catalog has no profile `{id}`"))
            .hint(near::hint(id, known.iter().copied(), &all));
        found.push(workspace.mark(FILES[0], &format!("profiles/{i}"), problem));
    }
    found
}

/// What the run covered beside what the workspace asks for, where that is more.
pub fn beside(workspace: &Workspace, run: &Reader) -> Option<String> {
    let (accounts, regions) = added(&run.record, &workspace.decisions);
    if accounts.is_empty() && regions.is_empty() {
        return None;
    }
    let list = |names: &[String]| if names.is_empty() { "none".to_string() } else { names.join(", ") };
    let also = [("account", &accounts), ("region", &regions)];
    let also = also
        .iter()
        .flat_map(|(what, names)| names.iter().map(move |name| format!("{what} {name}")))
        .collect::<Vec<_>>()
        .join(", ");
    Some(format!(
        "the run covers accounts {}; regions {}\naffiant.yaml asks for {also} too: a gap of everything \
         there, until `affiant collect` reads it",
        list(&run.record.accounts),
        list(&run.record.regions)
    ))
}

/// Assesses a run in a scratch folder; the database is gone afterwards.
pub fn assess(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    as_of: Option<&str>,
) -> Result<Assessment, Error> {
    Ok(assess_and_see(workspace, catalog, run, as_of)?.0)
}

/// A run as it may be loaded for one look: a copy that is redacted lies in `folder`, and goes with it.
pub fn redacted_for_now(
    workspace: &Workspace,
    run: Reader,
    until: &str,
    folder: &Path,
) -> Result<Reader, Error> {
    let cleared = cleared(&workspace.decisions, until);
    redacted(run, &cleared, folder, |_| Ok(None), |closed| Ok(closed.finish(&[])?))
}

/// The assessment, and what it shows of the decisions.
pub fn assess_and_see(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    as_of: Option<&str>,
) -> Result<(Assessment, DecisionsSeen), Error> {
    check_parameters(workspace, catalog)?;
    let scratch = scratch(workspace)?;
    let until = as_of.unwrap_or(&run.record.ended).to_string();
    let key = seen_key(workspace, catalog, &run, &until);
    let run = redacted_for_now(workspace, run, &until, scratch.path())?;
    let database = scratch.path().join("evidence.sqlite");
    let assessment = judge(catalog, &workspace.decisions, &run, as_of, &database)?;
    let seen = seen(workspace, &assessment, &database)?;
    remember(workspace, &key, &seen);
    Ok((assessment, seen))
}

/// A scratch folder: in the workspace's private one, or, where that cannot be written, the system's.
pub(super) fn scratch(workspace: &Workspace) -> Result<tempfile::TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("assess-");
    let inside = private_folder(workspace).ok().and_then(|private| builder.tempdir_in(private).ok());
    inside.map_or_else(|| builder.tempdir().map_err(no_temporary), Ok)
}

/// What an assessment shows of exceptions and exclusions.
pub fn seen(workspace: &Workspace, assessment: &Assessment, database: &Path) -> Result<DecisionsSeen, Error> {
    let exceptions =
        assess::verdicts::exceptions::exception_uses(database, &workspace.decisions.exceptions.exceptions)?;
    Ok(DecisionsSeen { exceptions, excluded: assessment.excluded.clone() })
}

/// What is known of the decisions in a run: remembered from an assessment of the same inputs, or made by one
/// now.
pub fn seen_in(workspace: &Workspace, catalog: &Catalog, run: &Reader) -> Result<DecisionsSeen, Error> {
    let decisions = &workspace.decisions;
    if decisions.exceptions.exceptions.is_empty() && decisions.workspace.exclude.is_empty() {
        return Ok(DecisionsSeen::default());
    }
    let path = remembered(workspace, &seen_key(workspace, catalog, run, &run.record.ended));
    if let Some(seen) = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
        return Ok(seen);
    }
    Ok(assess_and_see(workspace, catalog, run.clone(), None)?.1)
}

fn seen_key(workspace: &Workspace, catalog: &Catalog, run: &Reader, as_of: &str) -> String {
    let decisions = serde_json::to_string(&workspace.decisions).expect("decisions serialise");
    Digest::of(format!("{}\0{}\0{as_of}\0{decisions}", run.manifest, catalog.digest).as_bytes())
        .short()
        .to_string()
}

fn remembered(workspace: &Workspace, key: &str) -> PathBuf {
    workspace.private().join("seen").join(format!("{key}.json"))
}

/// Keeps it for `lint`, which would otherwise judge the run again; where nothing can be written, nothing is
/// kept.
pub fn remember(workspace: &Workspace, key: &str, seen: &DecisionsSeen) {
    let path = remembered(workspace, key);
    let folder = path.parent().expect("it lies in a folder");
    let _ = std::fs::remove_dir_all(folder);
    let bytes = serde_json::to_vec(seen).expect("it serialises");
    let kept = atomic::create_dir_all(folder, Access::Private)
        .and_then(|()| atomic::write(&path, &bytes, Access::Private, Existing::Replace));
    drop(kept);
}

pub fn judge(
    catalog: &Catalog,
    decisions: &Decisions,
    run: &Reader,
    as_of: Option<&str>,
    database: &Path,
) -> Result<Assessment, Error> {
    let as_of = as_of.unwrap_or(&run.record.ended);
    assess::assess(&Input { run, catalog, decisions, as_of }, database)
        .map_err(|fault| located(catalog, fault))
}
