//! `affiant init`: a workspace with commented starter files.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, data, say, wrong};
use crate::catalog;
#[cfg(feature = "aws")]
use crate::collect::error::CollectError;
use crate::diag::printable;
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};

/// Make a workspace with commented starter files
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
}

/// What git must not take from a workspace.
const IGNORED: &str =
    "# runs and packages are evidence, not source; the key is private\n/evidence/\n/packages/\n/.affiant/\n";

pub fn cmd_init(args: InitArgs, context: &Context) -> Result<Exit, Error> {
    if args.dir.is_file() {
        return Err(wrong(
            format!("`{}` is a file", args.dir.display()),
            "nothing was written; name a folder, or one that is not there yet",
        ));
    }
    let prefix = "program/";
    let mut files: Vec<(String, &[u8])> = Vec::new();
    for (name, bytes) in catalog::templates().iter().filter(|(name, _)| name.starts_with(prefix)) {
        let inner = &name[prefix.len()..];
        let target = if inner == "affiant.yaml" { inner.to_string() } else { name.to_string() };
        files.push((target, bytes));
    }
    files.push((".gitignore".into(), IGNORED.as_bytes()));
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
    let filled = filled(&args, context)?;
    if let Some((text, _)) = &filled {
        files
            .iter_mut()
            .filter(|(name, _)| name == "affiant.yaml")
            .for_each(|(_, bytes)| *bytes = text.as_bytes());
    }
    for folder in ["program", "evidence", "packages"] {
        let folder = args.dir.join(folder);
        atomic::create_dir_all(&folder, Access::Shared).map_err(Error::io("create", &folder))?;
    }
    for (name, bytes) in files {
        let target = args.dir.join(&name);
        if target.exists() {
            continue;
        }
        atomic::write(&target, bytes, Access::Shared, Existing::Refuse)
            .map_err(Error::io("write", &target))?;
        data(&format!("{}\n", target.display()));
    }
    match &filled {
        None => data(
            "\nnext: fill in affiant.yaml, then `affiant collect --snapshot PATH` and `affiant assess`\n",
        ),
        Some(_) => data(
            "\nnext: `affiant lint` names what only you can say, then `affiant collect --aws` and `affiant \
             assess`\n",
        ),
    }
    let notes = filled.map(|(_, notes)| notes).unwrap_or_default();
    notes.iter().for_each(|note| say(&format!("note: {}", printable(note))));
    Ok(if notes.is_empty() { Exit::Done } else { Exit::Incomplete })
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
