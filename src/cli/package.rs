//! `affiant package`: PDF, HTML and data, signed and sealed, in one archive.

use std::path::{Path, PathBuf};

use clap::Args;

use super::assess::{as_of, table};
use super::edition::EditionFlags;
use super::key::KeyFlags;
use super::response::RequestFlags;
use super::style::Style;
use super::{Context, Exit, data, lint, say};
use crate::catalog;
use crate::diag::{Diagnostic, Gravity, printable};
use crate::model::catalog::Catalog;
use crate::model::numbers::plural;
use crate::pipeline::{self, Error, package};
use crate::render::Templates;
use crate::store::run::Reader;
use crate::workspace::Workspace;

/// Make the signed audit package of a run in packages/
#[derive(Debug, Args)]
pub struct PackageArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
    /// The time to judge at, RFC 3339 [default: the end of the run]; with --request the day that is asked
    /// about
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// A package or a run to compare with [default: the run before, as its newest package said]
    #[arg(long, value_name = "PATH")]
    against: Option<String>,
    /// Templates laid over the built-in ones, file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    edition: EditionFlags,
    #[command(flatten)]
    request: RequestFlags,
    #[command(flatten)]
    key: KeyFlags,
    /// Package all the same what `lint` refuses, with DRAFT on every page
    #[arg(long)]
    draft: bool,
    /// Exit with 3 if evidence is missing
    #[arg(long)]
    require_complete: bool,
}

fn lint_first(
    workspace: &Workspace,
    catalog: &Catalog,
    run: &Reader,
    as_of: Option<&str>,
    draft: bool,
) -> Result<(), Error> {
    let found = pipeline::lint::references(workspace, catalog, Some(run), as_of);
    pipeline::lint::refuse(found, draft).map(drop)
}

/// What was packaged over, and what is good to know.
fn told(problems: &[Diagnostic], draft: bool) {
    let (warnings, open): (Vec<_>, Vec<_>) =
        problems.iter().cloned().partition(|problem| problem.level == Gravity::Warning);
    if draft {
        say(&format!(
            "DRAFT: every page says so. {} that `affiant lint` names would have stopped a package",
            plural(open.len(), "problem")
        ));
    }
    lint::print(&[], &warnings);
}

/// Our templates, with those of a folder laid over them.
pub fn templates(folder: Option<&Path>) -> Result<Templates, Error> {
    let own = Templates::new(catalog::templates());
    match folder {
        Some(folder) if own.in_folder(folder) == 0 => {
            let what = if folder.is_dir() { "holds no template of ours" } else { "is no folder" };
            let hint = format!(
                "lay it out like ours, with a file such as `{}`; what it leaves out is taken from ours",
                own.example()
            );
            Err(super::wrong(format!("--templates: `{}` {what}", folder.display()), hint))
        }
        Some(folder) => own.overlay(folder).map_err(Error::io("read templates in", folder)),
        None => Ok(own),
    }
}

pub fn cmd_package(args: PackageArgs, context: &Context) -> Result<Exit, Error> {
    args.edition.refuse()?;
    let templates = templates(args.templates.as_deref())?;
    if let Some(exit) = args.request.make(args.as_of.as_deref(), &args.key, &templates, context)? {
        return Ok(exit);
    }
    let workspace = context.workspace()?;
    // a key that is none is told before anything is judged
    args.key.over(&workspace.decisions.workspace.seal)?;
    if let Some(package) = &args.edition.of {
        let sealer = context.sealer_by(&workspace, &args.key)?;
        args.edition.make(package, &workspace, &sealer, context)?;
        return Ok(Exit::Done);
    }
    let catalog = context.catalog()?;
    let run = context.run(&workspace, args.run.as_deref())?;
    let as_of = as_of(args.as_of.as_deref(), &run, context)?;
    pipeline::assess::beside(&workspace, &run).iter().for_each(|words| say(&printable(words)));
    // before a key is asked for: a wrong name of its file is told as that
    lint_first(&workspace, &catalog, &run, as_of.as_deref(), args.draft)?;
    let sealer = context.sealer_by(&workspace, &args.key)?;
    let progress = context.progress();
    let made = package::package(package::PackageRequest {
        workspace: &workspace,
        catalog: &catalog,
        templates,
        run,
        as_of: as_of.as_deref(),
        sealer: &sealer,
        against: args.against.as_deref(),
        now: context.clock.now(),
        draft: args.draft,
        step: &|what| progress.step(what),
    })?;
    drop(progress);
    told(&made.problems, args.draft);
    tell(&made);
    args.edition.make(&made.zip, &workspace, &sealer, context)?;
    Ok(if args.require_complete && made.dossier.totals.gaps > 0 { Exit::Incomplete } else { Exit::Done })
}

/// What was made, where it is, and how long it keeps.
fn tell(made: &package::Made) {
    say(&table(&made.assessment, Style { colour: false, ..Style::of_stdout() }, false));
    let redacted = made.dossier.run.redactions;
    if redacted > 0 {
        say(&format!(
            "{redacted} secrets or personal identifiers were redacted before loading; \
             data/evidence/*/data/redactions.jsonl lists them"
        ));
    }
    say(&format!("{}\nfingerprint {}\n", made.dossier.seal.words, made.dossier.seal.fingerprint));
    for attempt in made.attempts.iter().filter(|attempt| !attempt.stamped) {
        say(&printable(&format!(
            "no timestamp from {} for the {}: {}",
            attempt.authority, attempt.what, attempt.words
        )));
    }
    made.notes.iter().for_each(|note| say(&printable(note)));
    let mut paths = String::new();
    if let Some(pdf) = &made.pdf {
        paths.push_str(&format!("PDF   {}\n", pdf.display()));
    }
    paths.push_str(&format!("HTML  {}\nZIP   {}\n", made.html.display(), made.zip.display()));
    data(&paths);
    say(&format!("      sha256 {}\ncheck it: affiant verify {}", made.zip_digest, made.zip.display()));
    say(&format!(
        "no care until {}: then {}\nkeep at least until {}: {}",
        made.care.until.format("%Y-%m-%d"),
        made.care.words,
        made.dossier.retention.until,
        made.dossier.retention.words
    ));
}
