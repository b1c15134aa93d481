//! `affiant services`: AWS services in use against the dated HIPAA-eligible list.

use std::path::PathBuf;

use clap::Args;

use super::style::Style;
use super::{Context, Exit, data, say};
use crate::catalog;
use crate::diag::printable;
use crate::model::catalog::Catalog;
use crate::model::dossier::{Dossier, SealInfo};
use crate::pipeline::{Error, assess, package};
use crate::program::Inputs;

/// AWS services in use, and whether the dated list of HIPAA-eligible services names them
#[derive(Debug, Args)]
pub struct ServicesArgs {
    /// A run: its folder, or its name in evidence/ [default: the newest]
    run: Option<String>,
    /// A newer list of eligible services, laid out like ours in controls/services/
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = super::style::ListFormat::Text)]
    format: super::style::ListFormat,
}

pub fn cmd_services(args: ServicesArgs, context: &Context) -> Result<Exit, Error> {
    let mut catalog = context.catalog()?;
    if let Some(list) = &args.list {
        catalog = catalog::with_list(catalog, list)?;
    }
    let dossier = with_catalog(context, catalog, args.run.as_deref())?;
    let style = Style::of_stdout();
    let s = &dossier.services;
    if s.old {
        say(&format!(
            "warning: the list is dated {} and was {} days old at the time of this assessment",
            s.list_date, s.list_age_days
        ));
    }
    let mut out = format!(
        "{}\nsource  {}\nsha256  {}\nas of   {}\n{}\n\n",
        style.strong(&format!(
            "The list is dated {}, {} days before this assessment",
            s.list_date, s.list_age_days
        )),
        printable(&s.list_source),
        s.list_digest,
        dossier.as_of,
        printable(&s.note)
    );
    for row in &s.rows {
        let count = match row.resources {
            0 => "no resource read, PHI scope not known".to_string(),
            1 => format!("{:>6} resource, {} in PHI scope", 1, row.phi),
            n => format!("{n:>6} resources, {} in PHI scope", row.phi),
        };
        out.push_str(&format!(
            "{} {} {count}\n",
            style.column(&row.service, 44),
            style.column(&row.words, 46)
        ));
        if !row.seen.is_empty() {
            out.push_str(&format!("    {}\n", style.faint(&printable(&format!("seen by: {}", row.seen)))));
        }
        if !row.condition.is_empty() {
            out.push_str(&format!("    {}\n", style.faint(&printable(&row.condition))));
        }
    }
    out.push_str(&format!("\nAWS's own BAA: {}. {}\n", dossier.baa.state, printable(&dossier.baa.words)));
    data(&match args.format {
        super::style::ListFormat::Text => out,
        super::style::ListFormat::Json => {
            let baa = serde_json::json!({ "state": dossier.baa.state, "words": dossier.baa.words });
            format!(
                "{:#}\n",
                serde_json::json!({
                    "format": "affiant.services-list/1", "as_of": dossier.as_of, "services": s, "baa": baa
                })
            )
        }
    });
    let bad = s.rows.iter().any(|r| r.status == "not on the list" && r.phi > 0);
    Ok(if bad { Exit::Findings } else { Exit::Done })
}

/// The dossier of a run without a package: for commands that show a part of it.
pub fn dossier(context: &Context, run: Option<&str>) -> Result<Dossier, Error> {
    with_catalog(context, context.catalog()?, run)
}

fn with_catalog(context: &Context, catalog: Catalog, run: Option<&str>) -> Result<Dossier, Error> {
    let workspace = context.workspace()?;
    let run = context.run(&workspace, run)?;
    let (record, artifacts) = (run.record.clone(), run.artifacts.clone());
    let assessment = assess::assess(&workspace, &catalog, run, None)?;
    let none = || String::new();
    let standing = crate::pipeline::statements::standing(&workspace.decisions);
    let seal = SealInfo {
        kind: "none".into(),
        subject: none(),
        fingerprint: none(),
        words: none(),
        time_words: none(),
    };
    Ok(package::dossier(&Inputs {
        assessment: &assessment,
        decisions: &workspace.decisions,
        catalog: &catalog,
        catalog_version: catalog::VERSION,
        run: &record,
        artifacts: &artifacts,
        redactions: &[],
        before: None,
        standing: &standing,
        others: &[],
        seal,
        package_id: "none",
        program_version: env!("CARGO_PKG_VERSION"),
    }))
}
