//! The parts of a package that are made again and compared: catalog, tables, reports, database.

use std::path::Path;

use super::{Parts, Recomputed, Stop, machine};
use crate::assess::database::export;
use crate::catalog;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::digest::Digest;
use crate::model::dossier::Dossier;
use crate::pipeline::bag_files::{bytes, json_below, path};
use crate::pipeline::package::unsigned_pdf;
use crate::pipeline::record::{
    self as own, CROSSWALK, DATABASE, HTML, PDF, PackageRecord, RISK_RESOURCES, RISKS,
};
use crate::pipeline::{Error, packed_oscal, signing};
use crate::render::{Templates, csv, figures, html};
use crate::seal::pades;
use crate::seal::verify::{Bag, Code, Verified};

/// A catalog that is called the program's own must be that.
pub(super) fn built_in(catalog: &Catalog, record: &PackageRecord, out: &mut Recomputed) -> Result<(), Stop> {
    if record.custom_catalog {
        return Ok(());
    }
    let ours = catalog::load(None)?.digest;
    if ours == catalog.digest {
        out.push(Code::BuiltIn, "catalog's origin", true, "it is the one of this program");
    } else if record.program_version == env!("CARGO_PKG_VERSION")
        && record.catalog_version == catalog::VERSION
    {
        out.push(Code::BuiltIn, "catalog's origin", false, "it is called this version's own and is another");
    } else {
        let words = format!(
            "it is called that of version {}; this program has {} and cannot tell",
            record.program_version,
            ours.short()
        );
        out.skip(Code::BuiltIn, "catalog's origin", words);
    }
    Ok(())
}

/// Each CSV file, from the database and dossier made again.
pub(super) fn tables(
    parts: &Parts<'_>,
    database: &Path,
    dossier: &Dossier,
    out: &mut Recomputed,
) -> Result<(), Stop> {
    let mut differs = Vec::new();
    for (table, columns) in export::CSV {
        let mut ours = Vec::new();
        export::csv(database, table, columns, &mut ours).map_err(Error::from)?;
        let path = own::csv_path(table);
        if bytes(parts.bag, &path)? != ours {
            differs.push(path);
        }
    }
    let registers = [
        (RISKS, csv::risks(dossier)),
        (RISK_RESOURCES, csv::risk_resources(dossier)),
        (CROSSWALK, csv::crosswalk(dossier)),
    ];
    for (path, ours) in registers {
        if bytes(parts.bag, path)? != ours {
            differs.push(path.to_string());
        }
    }
    let words = if differs.is_empty() {
        "every CSV file, byte for byte".to_string()
    } else {
        format!("other than follows: {}", differs.join(", "))
    };
    out.push(Code::TablesAgain, "tables", differs.is_empty(), words);
    let inside = json_below(parts.bag, packed_oscal::FOLDER)?;
    if !inside.is_empty() {
        let listed = parts.bag.entries().map(|(path, digest)| (path.to_string(), digest.to_string()));
        let ours = packed_oscal::files(dossier, &parts.record.run, listed).into_iter();
        let ours = ours
            .filter_map(|(path, bytes)| Some((path.strip_prefix(packed_oscal::FOLDER)?.to_string(), bytes)))
            .collect();
        out.push(
            Code::TablesAgain,
            "OSCAL files",
            inside == ours,
            "made again from the dossier, byte for byte",
        );
    }
    Ok(())
}

pub(super) fn reports(
    parts: &Parts<'_>,
    dossier: &Dossier,
    assessment: &Assessment,
    out: &mut Recomputed,
) -> Result<(), Stop> {
    let (bag, record) = (parts.bag, parts.record);
    let templates = Templates::new(catalog::templates());
    if templates.digest() != record.templates {
        out.skip(
            Code::HtmlAgain,
            "reports",
            "they were rendered with other templates than this program's; the dossier was compared",
        );
        return Ok(());
    }
    let figures = figures::draw(dossier, &templates).map_err(Error::from)?;
    let page = html::report(dossier, &figures, &templates).map_err(Error::from)?;
    out.push(
        Code::HtmlAgain,
        "HTML report",
        bytes(bag, HTML)? == page.as_bytes(),
        "rendered again, byte for byte",
    );
    if !record.pdf {
        return Ok(());
    }
    match unsigned_pdf(dossier, &figures, assessment, parts.run, &record.paper, &templates)? {
        Some(pdf) => {
            let prepared = pades::prepare_fields(&pdf).map_err(Error::from)?;
            let reason = signing::certification_reason(&record.id);
            match pades::is_only_certified(&bytes(bag, PDF)?, &prepared, parts.signer, &reason) {
                Ok(()) => out.push(
                    Code::PdfAgain,
                    "PDF report",
                    true,
                    "rendered again; what was certified is that and the certification",
                ),
                Err(why) => out.push(Code::PdfAgain, "PDF report", false, why),
            }
        }
        None => {
            out.skip(Code::PdfAgain, "PDF report", "this build renders no PDF; its signature was checked")
        }
    }
    Ok(())
}

/// Bytes where SQLite wrote them alike; otherwise the results, which were compared above, decide.
pub(super) fn compare_database(
    bag: &Verified<Bag>,
    database: &Path,
    out: &mut Recomputed,
) -> Result<(), Stop> {
    let mut ours = std::fs::File::open(database).map_err(machine("read", database))?;
    let ours = Digest::of_reader(&mut ours).map_err(machine("read", database))?.digest;
    let path = path(DATABASE);
    let theirs = bag.entries().find(|(p, _)| Some(*p) == path.as_ref()).map(|(_, digest)| digest);
    match theirs == Some(ours) {
        true => out.push(Code::DatabaseAgain, "evidence database", true, "built again, byte for byte"),
        false => out.push(
            Code::DatabaseAgain,
            "evidence database",
            false,
            "built again from the artifacts, it has other bytes",
        ),
    }
    Ok(())
}
