//! `affiant import`: what other programs found, beside a package.

use std::path::PathBuf;

use clap::Args;

use super::machine::{vacant, write};
use super::{Context, Exit, data, say, verify};
use crate::catalog;
use crate::diag::printable;
use crate::model::corroboration::ForeignAgreement;
use crate::model::numbers::plural;
use crate::pipeline::Error;
use crate::pipeline::{handed, import, kept_import};
use crate::render::Templates;

/// Set findings of Prowler, Security Hub or AWS Config beside a package, as corroboration
///
/// Reads JSON in OCSF (classes 2003 and 2004), in ASFF, and AWS Config's compliance details. Writes
/// corroboration.json, .csv and .html: each finding with our verdict on the same resource, and whether they
/// agree. The package stays as it was sealed, and no verdict changes.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Files of findings
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The package that they are set beside: ZIP or folder
    #[arg(long, value_name = "PACKAGE")]
    beside: PathBuf,
    /// Where; the folder must be empty or not there
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Keep it in documents/ of the workspace, too: the next run takes it along, and packages of that run
    /// tell what it found
    #[arg(long)]
    keep: bool,
    /// Pinned certificates, PEM: what none of them sealed is refused
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
}

pub fn cmd_import(args: &ImportArgs, context: &Context) -> Result<Exit, Error> {
    verify::target(&args.beside, false)?;
    vacant(&args.output)?;
    let pins = verify::pins(args.trust.as_deref(), None, &[], context)?;
    let package = handed::open(&args.beside, &pins, context.clock.now())?;
    let files: Vec<&std::path::Path> = args.files.iter().map(PathBuf::as_path).collect();
    let made = import::import(&package, &files, &Templates::new(catalog::templates()))?;
    for (name, bytes) in &made.files {
        write(&args.output, name, bytes)?;
        data(&format!("{}\n", args.output.join(name).display()));
    }
    if args.keep {
        let kept = kept_import::keep(&context.workspace()?.root, &made.corroborated)?;
        say(&format!("kept as {}: the next `affiant collect` takes it into its run", kept.display()));
    }
    for file in &made.corroborated.files {
        let products = file.products.join(", ");
        say(&printable(&format!(
            "{}: {} of {products}, {} not read",
            file.name,
            plural(file.findings, "finding"),
            plural(file.unread, "record")
        )));
    }
    let count = |agreement| made.corroborated.compared.iter().filter(|c| c.agreement == agreement).count();
    let told: Vec<String> =
        ForeignAgreement::ALL.iter().map(|a| format!("{} {}", count(*a), a.as_str())).collect();
    say(&format!("beside {}: {}; no verdict changes", made.corroborated.package, told.join(", ")));
    Ok(Exit::Done)
}
