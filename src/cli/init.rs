//! `affiant init`: a workspace with commented starter files.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;

use super::init_said::StarterOptions;
use super::{Context, Exit, data, init_files, say, streams, wrong};
use crate::catalog;
#[cfg(feature = "aws")]
use crate::collect::error::CollectError;
use crate::diag::{Diagnostic, Problems, printable};
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};

/// Make a workspace with commented starter files
///
/// Asks at a terminal for what no option says, and writes it into the files. What nobody said stays a
/// `<...>`, which `affiant lint` names; in the incident-response plan it is left empty, and the report says
/// that it is missing.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where [default: here]
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Ask AWS whose account this is, which accounts its organization has and which regions are switched on
    #[cfg(feature = "aws")]
    #[arg(long)]
    from_aws: bool,
    /// The credentials' profile
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "NAME", requires = "from_aws")]
    profile: Option<String>,
    /// The region to ask in [default: the profile's]
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "REGION", requires = "from_aws")]
    region: Option<String>,
    #[command(flatten)]
    said: StarterOptions,
}

/// What git must not take from a workspace.
const IGNORED: &str =
    "# runs and packages are evidence, not source; the key is private\n/evidence/\n/packages/\n/.affiant/\n";

/// A workspace is not begun within another one.
fn refuse_inner(dir: &Path) -> Result<(), Error> {
    let above = std::path::absolute(dir).ok().and_then(|dir| Some(dir.parent()?.to_path_buf()));
    match above.filter(|above| above.join(init_files::SETTINGS).is_file()) {
        Some(above) => Err(wrong(
            format!("`{}` is a folder of the workspace `{}`", dir.display(), above.display()),
            "nothing was written; name a folder outside of it, or work in the one that is there",
        )),
        None => Ok(()),
    }
}

pub fn cmd_init(args: InitArgs, context: &Context) -> Result<Exit, Error> {
    if args.dir.is_file() {
        return Err(wrong(
            format!("`{}` is a file", args.dir.display()),
            "nothing was written; name a folder, or one that is not there yet",
        ));
    }
    let mut said = args.said.read().map_err(|wrong| {
        let told = wrong.into_iter().map(|what| Diagnostic::new("AFU-002", what));
        Problems(told.map(|problem| problem.hint("see `affiant init --help`; nothing was written")).collect())
    })?;
    let mut files = starters();
    let there: Vec<&str> = files
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|n| *n != ".gitignore" && args.dir.join(n).exists())
        .collect();
    if !there.is_empty() {
        return Err(wrong(
            format!("`{}` is a workspace already: {}", args.dir.display(), there.join(", ")),
            "nothing was written; choose an empty folder",
        ));
    }
    refuse_inner(&args.dir)?;
    let filled = filled(&args, context)?;
    if let Some((text, _)) = &filled {
        init_files::put(&mut files, init_files::SETTINGS, text);
    }
    let today = context.clock.now().date_naive();
    if args.said.questions() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        say("Enter leaves a question for later; `affiant lint` names what is left.\n");
        said.ask(&mut streams::ask, filled.is_some(), today);
    }
    init_files::fill(&mut files, &said, today)
        .map_err(|error| Diagnostic::new("AFU-007", format!("a starter file: {error}")))?;
    for folder in ["program", "evidence", "packages"] {
        let folder = args.dir.join(folder);
        atomic::create_dir_all(&folder, Access::Shared).map_err(Error::io("create", &folder))?;
    }
    for (name, bytes) in files {
        let target = args.dir.join(&name);
        if target.exists() {
            continue;
        }
        atomic::write(&target, &bytes, Access::Shared, Existing::Refuse)
            .map_err(Error::io("write", &target))?;
        data(&format!("{}\n", target.display()));
    }
    data(match (&filled, said.is_empty()) {
        (None, true) => BOTH_WAYS,
        (Some(_), _) | (None, false) => {
            "\nnext: `affiant lint` names what only you can say, then `affiant collect --aws` and `affiant \
             assess`\n"
        }
    });
    let notes = filled.map(|(_, notes)| notes).unwrap_or_default();
    notes.iter().for_each(|note| say(&format!("note: {}", printable(note))));
    Ok(if notes.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// What comes after an empty workspace: evidence is gathered by the program, or by a script of the AWS CLI.
const BOTH_WAYS: &str = "
next: fill in affiant.yaml, then gather evidence, one way or the other
  from AWS itself      affiant policy > policy.json for whoever grants it, then
                       affiant collect --aws
  by the AWS CLI       affiant policy --script > collect.sh, run it, then
                       affiant collect --cli-json FOLDER
and judge it           affiant assess
";

/// The commented files of a new workspace, by their names in it.
fn starters() -> Vec<init_files::StarterFile> {
    let prefix = "program/";
    let mut files: Vec<init_files::StarterFile> = Vec::new();
    for (name, bytes) in catalog::templates().iter().filter(|(name, _)| name.starts_with(prefix)) {
        let inner = &name[prefix.len()..];
        let target = if inner == "affiant.yaml" { inner.to_string() } else { name.to_string() };
        files.push((target, bytes.to_vec()));
    }
    files.push((".gitignore".into(), IGNORED.as_bytes().to_vec()));
    files
}

/// `affiant.yaml` with what AWS says in it, and what AWS did not say.
#[cfg(feature = "aws")]
fn filled(args: &InitArgs, context: &Context) -> Result<Option<(String, Vec<String>)>, Error> {
    use crate::collect::live::survey::{Asker, survey};
    if !args.from_aws {
        return Ok(None);
    }
    let catalog = context.catalog()?;
    let asker = Asker {
        profile: args.profile.as_deref(),
        region: args.region.as_deref(),
        clock: context.clock,
        catalog: &catalog,
    };
    let said = survey(&asker).map_err(|error| match error {
        CollectError::Input(problem) | CollectError::Stopped(problem) => Error::from(*problem),
        other => Error::from(other),
    })?;
    super::init_from_aws::advice(&said).iter().for_each(|advice| say(&format!("note: {advice}")));
    let starter = catalog::templates()
        .iter()
        .find(|(name, _)| *name == "program/affiant.yaml")
        .map_or(&[][..], |(_, bytes)| bytes);
    Ok(Some(super::init_from_aws::settings(
        &String::from_utf8_lossy(starter),
        &said,
        context.clock.now().date_naive(),
    )))
}

#[cfg(not(feature = "aws"))]
fn filled(_: &InitArgs, _: &Context) -> Result<Option<(String, Vec<String>)>, Error> {
    Ok(None)
}
