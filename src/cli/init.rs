//! `affiant init`: a workspace with commented starter files.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, data, wrong};
use crate::catalog;
use crate::pipeline::Error;
use crate::store::atomic::{self, Access, Existing};

/// Make a workspace with commented starter files
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where [default: here]
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// What git must not take from a workspace.
const IGNORED: &str = "# runs and packages are evidence, not source; the key is private\n/evidence/\n/packages/\n/.affiant/\n";

pub fn cmd_init(args: InitArgs, _: &Context) -> Result<Exit, Error> {
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
    let there: Vec<&str> =
        files.iter().map(|(name, _)| name.as_str()).filter(|n| *n != ".gitignore" && args.dir.join(n).exists()).collect();
    if !there.is_empty() {
        return Err(wrong(
            format!("`{}` is a workspace already: {}", args.dir.display(), there.join(", ")),
            "nothing was written; choose an empty folder",
        ));
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
        atomic::write(&target, bytes, Access::Shared, Existing::Refuse).map_err(Error::io("write", &target))?;
        data(&format!("{}\n", target.display()));
    }
    data("\nnext: fill in affiant.yaml, then `affiant collect --snapshot PATH` and `affiant assess`\n");
    Ok(Exit::Done)
}
