//! `affiant services`: AWS services in use against the dated HIPAA-eligible list.

use clap::Args;

use super::style::Style;
use super::{Context, Exit, data};
use crate::catalog;
use crate::diag::printable;
use crate::model::dossier::{Dossier, SealInfo};
use crate::pipeline::{Error, package, prepare};
use crate::program::Inputs;
use crate::store::run::{self, Reader};

/// AWS services in use, and whether the dated list of HIPAA-eligible services names them
#[derive(Debug, Args)]
pub struct ServicesArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
}

pub fn cmd_services(args: ServicesArgs, context: &Context) -> Result<Exit, Error> {
    let dossier = dossier(context, args.run.as_deref())?;
    let style = Style::of_stdout();
    let s = &dossier.services;
    let mut out = format!(
        "{}\n{}\n\n",
        style.strong(&format!("The list is dated {}, {} days before this assessment", s.list_date, s.list_age_days)),
        printable(&s.note)
    );
    for row in &s.rows {
        out.push_str(&format!(
            "{} {} {:>6} resources, {} in PHI scope\n",
            style.column(&row.service, 44),
            style.column(&row.status, 28),
            row.resources,
            row.phi
        ));
        if !row.condition.is_empty() {
            out.push_str(&format!("    {}\n", style.faint(&printable(&row.condition))));
        }
    }
    out.push_str(&format!("\nBAA: {}. {}\n", dossier.baa.state, printable(&dossier.baa.words)));
    data(&out);
    let bad = s.rows.iter().any(|r| r.status == "not on the list" && r.phi > 0);
    Ok(if bad { Exit::Findings } else { Exit::Done })
}

/// The dossier of a run without a package: for commands that show a part of it.
pub fn dossier(context: &Context, run: Option<&str>) -> Result<Dossier, Error> {
    let workspace = context.workspace()?;
    let catalog = context.catalog()?;
    let run = Reader::open_run(&run::find(&workspace.evidence(), run)?)?;
    let (record, artifacts) = (run.record.clone(), run.artifacts.clone());
    let assessment = prepare::assess(&workspace, &catalog, run, None)?;
    let none = || String::new();
    let seal = SealInfo { kind: "none".into(), subject: none(), fingerprint: none(), words: none(), time_words: none() };
    Ok(package::dossier(&Inputs {
        assessment: &assessment,
        decisions: &workspace.decisions,
        catalog: &catalog,
        catalog_version: catalog::VERSION,
        run: &record,
        artifacts: &artifacts,
        redactions: &[],
        seal,
        package_id: "none",
        program_version: env!("CARGO_PKG_VERSION"),
    }))
}
