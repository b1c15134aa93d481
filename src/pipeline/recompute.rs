//! Derives everything in a verified package again, from the packaged bytes up, and compares.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::package::{ASSESSMENT, CATALOG, DATABASE, DECISIONS, DOSSIER, HTML, PDF, PackageRecord, RECORD, pretty, unsigned_pdf};
use crate::catalog;
use crate::model::digest::{Digest, copy};
use crate::pipeline::{Error, assess};
use crate::program::{self, Inputs};
use crate::render::{Templates, figures, html};
use crate::seal::verify::{Bag, Verified};
use crate::store::BagPath;
use crate::store::run::Reader;
use crate::workspace;

/// The most that a JSON file of a package may hold.
const MAX_JSON: u64 = 1 << 30;

/// One thing that was made again.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub what: &'static str,
    /// `same`, `differs`, `not compared`.
    pub outcome: &'static str,
    pub words: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Recomputed {
    pub agrees: bool,
    pub comparisons: Vec<Comparison>,
}

impl Recomputed {
    /// What was not verified is not recomputed.
    pub fn refused() -> Recomputed {
        let words = "the package did not verify, so nothing in it was used".to_string();
        Recomputed { agrees: false, comparisons: vec![Comparison { what: "package", outcome: "not compared", words }] }
    }

    fn push(&mut self, what: &'static str, same: bool, words: impl Into<String>) {
        self.agrees &= same;
        self.comparisons.push(Comparison { what, outcome: if same { "same" } else { "differs" }, words: words.into() });
    }

    fn skip(&mut self, what: &'static str, words: impl Into<String>) {
        self.comparisons.push(Comparison { what, outcome: "not compared", words: words.into() });
    }
}

pub fn is_sample(bag: &Verified<Bag>) -> bool {
    ["data/package.json", "data/run.json"].iter().any(|file| {
        let json = path(file).and_then(|p| bag.read(&p, MAX_JSON).ok()).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        json.is_some_and(|json| json["sample"] == Value::Bool(true))
    })
}

/// Runs the whole line again over a verified package.
pub fn recompute(bag: &Verified<Bag>) -> Result<Recomputed, Error> {
    let mut out = Recomputed { agrees: true, comparisons: Vec::new() };
    let Some(record) = read::<PackageRecord>(bag, RECORD)? else {
        out.skip("verdicts", "this is a run, not a package: it holds no verdicts to derive again");
        return Ok(out);
    };
    let scratch = tempfile::tempdir().map_err(Error::io("create", "a scratch folder"))?;
    let root = unpack_run(bag, &record, scratch.path())?;
    let run = Reader::open_run(&root)?;
    let catalog = catalog::from_files(files_below(bag, CATALOG)?, record.custom_catalog)?;
    out.push("catalog", catalog.digest == record.catalog, format!("digest {}", catalog.digest.short()));
    let decisions = workspace::decisions(&files_below(bag, DECISIONS)?)?;
    let database = scratch.path().join("evidence.sqlite");
    let assessment = assess::judge(&catalog, &decisions, &run, Some(&record.as_of), &database)?;
    out.push("results", assessment.results == record.results, format!("digest {} over every result row", assessment.results.short()));
    out.push("assessment", bytes(bag, ASSESSMENT)? == pretty(&assessment), "every verdict, count and gap");
    compare_database(bag, &database, &mut out)?;
    let mut dossier = program::dossier(&Inputs {
        assessment: &assessment,
        decisions: &decisions,
        catalog: &catalog,
        catalog_version: &record.catalog_version,
        run: &run.record,
        artifacts: &run.artifacts,
        redactions: &run.redactions,
        seal: record.seal.clone(),
        package_id: &record.id,
        program_version: &record.program_version,
    });
    dossier.draft = record.draft;
    out.push("dossier", bytes(bag, DOSSIER)? == pretty(&dossier), "every word and number of the reports");
    reports(bag, &record, &dossier, &assessment, &run, &mut out)?;
    Ok(out)
}

fn reports(
    bag: &Verified<Bag>,
    record: &PackageRecord,
    dossier: &crate::model::dossier::Dossier,
    assessment: &crate::model::assessment::Assessment,
    run: &Reader,
    out: &mut Recomputed,
) -> Result<(), Error> {
    let templates = Templates::new(catalog::templates());
    if templates.digest() != record.templates {
        out.skip("reports", "they were rendered with other templates than this program's; the dossier was compared");
        return Ok(());
    }
    let figures = figures::draw(dossier, &templates)?;
    let page = html::report(dossier, &figures, &templates)?;
    out.push("HTML report", bytes(bag, HTML)? == page.as_bytes(), "rendered again, byte for byte");
    if !record.pdf {
        return Ok(());
    }
    match unsigned_pdf(dossier, &figures, assessment, run, &record.paper, &templates)? {
        Some(pdf) => {
            out.push("PDF report", bytes(bag, PDF)?.starts_with(&pdf), "rendered again; the signed file begins with the same bytes")
        }
        None => out.skip("PDF report", "this build renders no PDF; its signature was checked"),
    }
    Ok(())
}

/// Bytes where SQLite wrote them alike; otherwise the results, which were compared above, decide.
fn compare_database(bag: &Verified<Bag>, database: &Path, out: &mut Recomputed) -> Result<(), Error> {
    let mut ours = std::fs::File::open(database).map_err(Error::io("read", database))?;
    let ours = Digest::of_reader(&mut ours).map_err(Error::io("read", database))?.digest;
    let path = path(DATABASE);
    let theirs = bag.entries().find(|(p, _)| Some(*p) == path.as_ref()).map(|(_, digest)| digest);
    match theirs == Some(ours) {
        true => out.push("evidence database", true, "built again, byte for byte"),
        false => out.push("evidence database", false, "built again from the artifacts, it has other bytes"),
    }
    Ok(())
}

fn path(text: &str) -> Option<BagPath> {
    BagPath::new(text).ok()
}

fn bytes(bag: &Verified<Bag>, name: &str) -> Result<Vec<u8>, Error> {
    let found = path(name).map(|p| bag.read(&p, MAX_JSON));
    match found {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Some(Err(error)) => Err(Error::io("read", name)(error)),
        None => Ok(Vec::new()),
    }
}

fn read<T: serde::de::DeserializeOwned>(bag: &Verified<Bag>, name: &str) -> Result<Option<T>, Error> {
    let bytes = bytes(bag, name)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::io("read", name)(e.into()))
}

fn files_below(bag: &Verified<Bag>, folder: &str) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files = BTreeMap::new();
    for (path, _) in bag.entries() {
        if let Some(inner) = path.as_str().strip_prefix(folder) {
            files.insert(inner.to_string(), bag.read(path, MAX_JSON).map_err(Error::io("read", path.as_str()))?);
        }
    }
    Ok(files)
}

fn unpack_run(bag: &Verified<Bag>, record: &PackageRecord, scratch: &Path) -> Result<std::path::PathBuf, Error> {
    let prefix = format!("{}/", record.run);
    let name = record.run.rsplit('/').next().unwrap_or("run");
    let root = scratch.join(crate::store::portable_name(name));
    for (path, _) in bag.entries() {
        let Some(inner) = path.strip(&prefix) else { continue };
        let target = inner.under(&root);
        let folder = target.parent().expect("it lies in a folder");
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        let mut file = std::fs::File::create(&target).map_err(Error::io("write", &target))?;
        let mut source = bag.open(path).map_err(Error::io("read", path.as_str()))?;
        copy(&mut source as &mut dyn Read, &mut file).map_err(Error::io("write", &target))?;
    }
    Ok(root)
}
