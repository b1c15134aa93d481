//! `affiant attest`: a named person's statement, written into `program/attestations.yaml` in place and
//! signed.

use std::path::{Component, Path, PathBuf};

use chrono::{Days, NaiveDate};
use clap::Args;

use super::{Context, Exit, data, say, wrong};
use crate::diag::near;
use crate::model::catalog::{AttestItem, Catalog};
use crate::model::decisions::{AccessDecision, Attestation, StatedFile};
use crate::model::digest::Digest;
use crate::pipeline::keys::Sealer;
use crate::pipeline::{Error, statements};
use crate::workspace::{FILES, Workspace, named};

/// Make a statement that no API can make, as a named person; signed by the seal's signers
#[derive(Debug, Args)]
pub struct AttestArgs {
    /// Its id, such as access-reviewed; `affiant controls show CONTROL` lists them
    statement: String,
    /// Who says it, by name
    #[arg(long, value_name = "NAME")]
    by: String,
    /// That person's role [default: as the control asks]
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// What is said [default: the control's own words]
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// What it holds for, where that is less than the whole
    #[arg(long, value_name = "TEXT")]
    scope: Option<String>,
    /// The day it was said [default: today]
    #[arg(long, value_name = "DAY")]
    on: Option<String>,
    /// The last day on which it holds [default: as long as the control lets it]
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// The day on which it is to be looked at again
    #[arg(long, value_name = "DAY")]
    next_review: Option<String>,
    /// A file in documents/ that it rests on; its digest is written down; may be repeated
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// Write it without a signature
    #[arg(long)]
    unsigned: bool,
}

/// What is to be stated; what is left open is as the control has it.
#[derive(Debug, Clone, Default)]
pub struct MadeStatement {
    pub id: String,
    pub by: String,
    pub role: Option<String>,
    pub text: Option<String>,
    pub scope: Option<String>,
    pub on: Option<String>,
    pub until: Option<String>,
    pub next_review: Option<String>,
    /// Paths below the workspace.
    pub files: Vec<String>,
    pub decided: Vec<AccessDecision>,
}

pub fn cmd_attest(args: AttestArgs, context: &Context) -> Result<Exit, Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    let made = MadeStatement {
        files: args.file.iter().map(|file| inside(&workspace, file)).collect::<Result<_, _>>()?,
        id: args.statement,
        by: args.by,
        role: args.role,
        text: args.text,
        scope: args.scope,
        on: args.on,
        until: args.until,
        next_review: args.next_review,
        decided: Vec::new(),
    };
    asked(&catalog, &made.id)?;
    let sealer = if args.unsigned { None } else { Some(context.sealer(&workspace)?) };
    state(&made, &workspace, &catalog, sealer.as_ref(), context)?;
    Ok(Exit::Done)
}

/// The statement that a control asks for.
fn asked<'a>(catalog: &'a Catalog, id: &str) -> Result<&'a AttestItem, Error> {
    let all = || catalog.controls.iter().flat_map(|c| &c.attest);
    all().find(|a| a.id == id).ok_or_else(|| {
        let list = "`affiant controls show CONTROL` lists the statements that a control asks for";
        wrong(
            format!("no control asks for a statement `{id}`"),
            near::hint(id, all().map(|a| a.id.as_str()), list),
        )
    })
}

/// Writes the statement and says so.
pub fn state(
    made: &MadeStatement,
    workspace: &Workspace,
    catalog: &Catalog,
    sealer: Option<&Sealer>,
    context: &Context,
) -> Result<(), Error> {
    let asked = asked(catalog, &made.id)?;
    if !named(&made.by) {
        return Err(wrong("--by names nobody", "write a person's name"));
    }
    let on = day(made.on.as_deref().unwrap_or(&context.clock.now().format("%Y-%m-%d").to_string()))?;
    let longest = on.checked_add_days(Days::new(u64::from(asked.valid_days))).unwrap_or(on);
    let until = made.until.as_deref().map(day).transpose()?.unwrap_or(longest);
    if until < on {
        return Err(wrong(
            format!("it would end on {until}, before the day on which it is said, {on}"),
            "give a later --until",
        ));
    }
    if until > longest {
        say(&format!(
            "note: the control lets it hold until {longest}; it counts no longer, whatever it says"
        ));
    }
    let next_review =
        made.next_review.as_deref().map(day).transpose()?.map(|d| d.to_string()).unwrap_or_default();
    let digest = |path: &String| -> Result<StatedFile, Error> {
        let whole = workspace.root.join(path);
        let bytes = std::fs::read(&whole).map_err(Error::io("read", &whole))?;
        Ok(StatedFile { path: path.clone(), sha256: Digest::of(&bytes) })
    };
    let text =
        made.text.clone().unwrap_or_else(|| asked.statement.split_whitespace().collect::<Vec<_>>().join(" "));
    let said = Attestation {
        id: made.id.clone(),
        statement: text,
        by: made.by.clone(),
        role: made.role.clone().unwrap_or_else(|| asked.role.clone()),
        on: on.to_string(),
        valid_until: until.to_string(),
        evidence: made.files.clone(),
        scope: made.scope.clone().unwrap_or_default(),
        next_review,
        files: made.files.iter().map(digest).collect::<Result<_, _>>()?,
        supersedes: Vec::new(),
        decided: made.decided.clone(),
        signatures: Vec::new(),
    };
    let said = statements::put(workspace, said, sealer, context.clock.now())?;
    let signed: Vec<&str> = said.signatures.iter().map(|s| s.role.as_str()).collect();
    let words =
        if signed.is_empty() { "not signed".to_string() } else { format!("signed by {}", signed.join(", ")) };
    data(&format!("{}  {}: by {}, holds until {}, {words}\n", FILES[2], said.id, said.by, said.valid_until));
    Ok(())
}

/// The path of a file below the workspace's `documents/`, as statements name it.
fn inside(workspace: &Workspace, file: &Path) -> Result<String, Error> {
    let plain = |path: &Path| -> Option<String> {
        let parts: Option<Vec<&str>> = path
            .components()
            .map(|c| if let Component::Normal(name) = c { name.to_str() } else { None })
            .collect();
        parts.map(|parts| parts.join("/")).filter(|p| p.starts_with("documents/"))
    };
    let root = std::fs::canonicalize(&workspace.root).unwrap_or_else(|_| workspace.root.clone());
    let real =
        std::fs::canonicalize(file).ok().and_then(|whole| whole.strip_prefix(&root).ok().and_then(plain));
    let below = plain(file).filter(|path| workspace.root.join(path).is_file());
    real.or(below).ok_or_else(|| {
        let hint = "put it there, so that `affiant collect` takes it into the run";
        wrong(format!("`{}` is no file in documents/ of the workspace", file.display()), hint)
    })
}

fn day(text: &str) -> Result<NaiveDate, Error> {
    crate::program::breach::dates::day(text).map_err(|what| wrong(what, "write dates as 2026-09-30"))
}
