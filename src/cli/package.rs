//! `affiant package`: PDF, HTML and data, signed and sealed, in one archive.

use std::path::PathBuf;

use clap::Args;

use super::assess::{as_of, table};
use super::key::KeyFlags;
use super::style::Style;
use super::{Context, Exit, data, say};
use crate::catalog;
use crate::diag::printable;
use crate::pipeline::{Error, package};
use crate::render::Templates;
use crate::store::run::{self, Reader};

/// Make the signed audit package of a run in packages/
#[derive(Debug, Args)]
pub struct PackageArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
    /// The time to judge at, RFC 3339 [default: the end of the run]
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Templates laid over the built-in ones, file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    key: KeyFlags,
    /// Exit with 3 if evidence is missing
    #[arg(long)]
    require_complete: bool,
}

pub fn cmd_package(args: PackageArgs, context: &Context) -> Result<Exit, Error> {
    let workspace = context.workspace()?;
    let catalog = context.catalog()?;
    let run = Reader::open_run(&run::find(&workspace.evidence(), args.run.as_deref())?)?;
    let as_of = as_of(args.as_of.as_deref())?;
    let mut templates = Templates::new(catalog::templates());
    if let Some(folder) = &args.templates {
        templates = templates.overlay(folder).map_err(Error::io("read templates in", folder))?;
    }
    let sealer = context.sealer_by(&workspace, &args.key)?;
    let made = package::package(package::PackageRequest {
        workspace: &workspace,
        catalog: &catalog,
        templates,
        run,
        as_of: as_of.as_deref(),
        sealer: &sealer,
        now: context.clock.now(),
    })?;
    say(&table(&made.assessment, Style { colour: false, ..Style::of_stdout() }, false));
    let redacted = made.dossier.run.redactions;
    if redacted > 0 {
        say(&format!(
            "{redacted} secrets or personal identifiers were redacted before loading; data/evidence/*/data/redactions.jsonl lists them"
        ));
    }
    say(&format!("{}\nfingerprint {}\n", made.dossier.seal.words, made.dossier.seal.fingerprint));
    for attempt in made.attempts.iter().filter(|attempt| !attempt.stamped) {
        say(&printable(&format!("no timestamp from {} for the {}: {}", attempt.authority, attempt.what, attempt.words)));
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
        "no care until {}: then {}\nkeep until    {}: {}",
        made.care.until.format("%Y-%m-%d"),
        made.care.words,
        made.dossier.retention.until,
        made.dossier.retention.words
    ));
    Ok(if args.require_complete && made.dossier.totals.gaps > 0 { Exit::Incomplete } else { Exit::Done })
}
