//! Derives everything in a verified package again, from the packaged bytes up, and compares.

mod parts;

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::bag_files::{MAX_JSON, bytes, files_below, path};
use super::package::pretty;
use super::record::{self as own, ASSESSMENT, CATALOG, DECISIONS, DOSSIER, PDF, PackageRecord, RECORD};
use super::{Error, assess, compare, keys};
use crate::assess::input::Fault;
use crate::catalog;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::changes::ComparedSide;
use crate::model::decisions::Decisions;
use crate::model::digest::copy;
use crate::model::dossier::Dossier;
use crate::program::{self, Inputs};
use crate::seal::Certificate;
use crate::seal::bag::{CERTIFICATES, VERIFY_MD};
use crate::seal::verify::{Bag, Code, Verified};
use crate::store::run::Reader;
use crate::workspace;
use parts::{built_in, compare_database, reports, tables};

/// One thing that was made again.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub code: Code,
    pub what: &'static str,
    /// `same`, `differs`, `not compared`.
    pub outcome: &'static str,
    pub words: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Recomputed {
    pub agrees: bool,
    /// Whether everything was compared.
    pub complete: bool,
    pub comparisons: Vec<Comparison>,
}

impl Default for Recomputed {
    fn default() -> Recomputed {
        Recomputed { agrees: true, complete: true, comparisons: Vec::new() }
    }
}

impl Recomputed {
    /// What was not verified is not recomputed.
    pub fn refused() -> Recomputed {
        let mut out = Recomputed { agrees: false, ..Recomputed::default() };
        out.skip(Code::Rebuilt, "package", "the package did not verify, so nothing in it was used");
        out
    }

    fn push(&mut self, code: Code, what: &'static str, same: bool, words: impl Into<String>) {
        self.agrees &= same;
        self.comparisons.push(Comparison {
            code,
            what,
            outcome: if same { "same" } else { "differs" },
            words: words.into(),
        });
    }

    fn skip(&mut self, code: Code, what: &'static str, words: impl Into<String>) {
        self.complete = false;
        self.comparisons.push(Comparison { code, what, outcome: "not compared", words: words.into() });
    }
}

pub fn is_sample(bag: &Verified<Bag>) -> bool {
    ["data/package.json", "data/run.json"].iter().any(|file| {
        let json = path(file)
            .and_then(|p| bag.read(&p, MAX_JSON).ok())
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        json.is_some_and(|json| json["sample"] == Value::Bool(true))
    })
}

/// Why a package was not made again to its end.
enum Stop {
    /// This machine could not: disk, memory.
    Machine(Error),
    /// The package cannot be taken apart as one of ours.
    Package(String),
    /// Its SQL asks for more than it may.
    TooMuch(String),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        let error = error.into();
        let words = crate::diag::printable(&error.to_string()).replace('\n', " ");
        match error {
            Error::Assess(Fault::Bound { .. }) => Stop::TooMuch(words),
            _ => Stop::Package(words),
        }
    }
}

fn machine(what: &'static str, place: &Path) -> impl FnOnce(std::io::Error) -> Stop {
    move |error| Stop::Machine(Error::io(what, place)(error))
}

/// Runs the whole line again over a verified package that `signer` sealed. What cannot be read as a package
/// of ours, or asks for more than it may, is a difference; only this machine's own faults are errors.
pub fn recompute(bag: &Verified<Bag>, signer: &Certificate) -> Result<Recomputed, Error> {
    let mut out = Recomputed::default();
    if !bag.entries().any(|(path, _)| path.as_str() == RECORD) {
        out.skip(
            Code::Rebuilt,
            "verdicts",
            "this is a run, not a package: it holds no verdicts to derive again",
        );
        out.complete = true;
        return Ok(out);
    }
    if super::edition::parse(bag).is_some() {
        out.skip(
            Code::NotRecomputable,
            "verdicts",
            "not recomputable: shareable edition; its owner can join it to the original",
        );
        return Ok(out);
    }
    match again(bag, signer, &mut out) {
        Ok(()) => {}
        Err(Stop::Machine(error)) => return Err(error),
        Err(Stop::TooMuch(words)) => out.push(Code::TooMuch, "package", false, words),
        Err(Stop::Package(words)) => out.push(Code::Rebuilt, "package", false, words),
    }
    Ok(out)
}

fn again(bag: &Verified<Bag>, signer: &Certificate, out: &mut Recomputed) -> Result<(), Stop> {
    let record: PackageRecord =
        serde_json::from_slice(&bytes(bag, RECORD)?).map_err(|e| Stop::Package(format!("{RECORD}: {e}")))?;
    let scratch = super::temporary().map_err(Stop::Machine)?;
    let run = Reader::open_run(&unpack_run(bag, &record, scratch.path())?)?;
    let catalog = catalog_again(bag, &record, out)?;
    let decisions = workspace::decisions(&files_below(bag, DECISIONS)?)?;
    let database = scratch.path().join("evidence.sqlite");
    let assessment = assess::judge(&catalog, &decisions, &run, Some(&record.as_of), &database)?;
    let words = format!("digest {} over every result row", assessment.results.short());
    out.push(Code::ResultsAgain, "results", assessment.results == record.results, words);
    out.push(
        Code::ResultsAgain,
        "assessment",
        bytes(bag, ASSESSMENT)? == pretty(&assessment),
        "every verdict, count and gap",
    );
    compare_database(bag, &database, out)?;
    let seal = [true, false]
        .map(|asked| keys::seal_info(signer, asked))
        .into_iter()
        .find(|info| *info == record.seal);
    let terms = program::changes::terms(&catalog, &decisions, &run.record, &assessment);
    let mut judged = ComparedSide {
        source: "this package".into(),
        assessment: assessment.clone(),
        terms,
        items: Vec::new(),
    };
    let before = compare::stored(bag, &mut judged, &database)?;
    let standing = super::statements::standing(&decisions);
    let mut dossier = program::dossier(&Inputs {
        assessment: &assessment,
        decisions: &decisions,
        catalog: &catalog,
        catalog_version: &record.catalog_version,
        run: &run.record,
        artifacts: &run.artifacts,
        redactions: &run.redactions,
        before: before.as_ref().map(|before| (before, &judged)),
        standing: &standing,
        others: &super::kept_import::kept(&run),
        seal: seal.unwrap_or_else(|| keys::seal_info(signer, false)),
        package_id: &record.id,
        program_version: &record.program_version,
    });
    dossier.draft = record.draft;
    out.push(
        Code::DossierAgain,
        "dossier",
        bytes(bag, DOSSIER)? == pretty(&dossier),
        "every word and number of the reports",
    );
    let parts = Parts { bag, record: &record, signer, catalog: &catalog, decisions: &decisions, run: &run };
    tables(&parts, &database, &dossier, out)?;
    parts.compare_record(&dossier, &assessment, out)?;
    reports(&parts, &dossier, &assessment, out)
}

/// The catalog of the package, which is the one that the record names.
fn catalog_again(bag: &Verified<Bag>, record: &PackageRecord, out: &mut Recomputed) -> Result<Catalog, Stop> {
    let catalog = catalog::from_files(files_below(bag, CATALOG)?, record.custom_catalog)?;
    out.push(
        Code::CatalogAgain,
        "catalog",
        catalog.digest == record.catalog,
        format!("digest {}", catalog.digest.short()),
    );
    built_in(&catalog, record, out)?;
    Ok(catalog)
}

/// What several comparisons look at.
struct Parts<'a> {
    bag: &'a Verified<Bag>,
    record: &'a PackageRecord,
    signer: &'a Certificate,
    catalog: &'a Catalog,
    decisions: &'a Decisions,
    run: &'a Reader,
}

impl Parts<'_> {
    fn by_this_version(&self) -> bool {
        self.record.program_version == env!("CARGO_PKG_VERSION")
    }

    /// Every member of `package.json`, and `VERIFY.md`.
    fn compare_record(
        &self,
        dossier: &Dossier,
        assessment: &Assessment,
        out: &mut Recomputed,
    ) -> Result<(), Stop> {
        if !self.by_this_version() {
            let words = format!(
                "made by version {}; this is {}",
                self.record.program_version,
                env!("CARGO_PKG_VERSION")
            );
            out.skip(Code::RecordAgain, "record", words.clone());
            out.skip(Code::InstructionsAgain, "VERIFY.md", words);
            return Ok(());
        }
        let ours = own::record(&own::RecordFacts {
            id: &own::package_id(
                self.decisions,
                self.catalog,
                self.run,
                &self.record.as_of,
                self.record.draft,
            ),
            dossier,
            assessment,
            run: self.run,
            run_folder: &self.record.run,
            catalog: self.catalog,
            // whose templates these are is told with the reports
            templates: self.record.templates,
            paper: &self.decisions.workspace.report.paper,
            as_of: &self.record.as_of,
            pdf: self.bag.entries().any(|(path, _)| path.as_str() == PDF),
            certificate: self.signer,
        });
        let (same, words) = self.beside_own(&ours)?;
        out.push(Code::RecordAgain, "record", same, words);
        let text = own::instructions(&self.record.id, self.signer, &self.record.run, self.record.pdf);
        let said = self.bag.tag("VERIFY.md", MAX_JSON).unwrap_or_default();
        out.push(
            Code::InstructionsAgain,
            "VERIFY.md",
            said == text.as_bytes(),
            "how to check the package, word for word",
        );
        self.compare_instructions_of_run(out)
    }

    /// `VERIFY.md` of the run inside, for whoever sealed that.
    fn compare_instructions_of_run(&self, out: &mut Recomputed) -> Result<(), Stop> {
        let inside = |name: &str| bytes(self.bag, &format!("{}/{name}", self.record.run));
        let said = inside(VERIFY_MD)?;
        let run = &self.run.record;
        // a redacted copy is sealed with the package
        let (id, version) = match run.derived_from {
            Some(_) => (own::DERIVED, &self.record.program_version),
            None => (run.id.as_str(), &run.program.version),
        };
        if version != env!("CARGO_PKG_VERSION") {
            let words = format!("the run is by version {version}; this is {}", env!("CARGO_PKG_VERSION"));
            out.skip(Code::InstructionsAgain, "VERIFY.md of the run", words);
            return Ok(());
        }
        let chain = String::from_utf8(inside(CERTIFICATES)?).unwrap_or_default();
        let sealer = Certificate::all_from_pem(&chain).ok().and_then(|all| all.into_iter().next());
        let same = sealer.is_some_and(|sealer| said == own::instructions_of_run(id, &sealer).into_bytes());
        out.push(
            Code::InstructionsAgain,
            "VERIFY.md of the run",
            same,
            "how to check the run inside, word for word",
        );
        Ok(())
    }

    /// Whether `package.json` is the record that follows from the rest, member by member and as it is
    /// written.
    fn beside_own(&self, ours: &PackageRecord) -> Result<(bool, String), Stop> {
        let members = |record: &PackageRecord| serde_json::to_value(record).expect("a record serialises");
        let (said, follows) = (members(self.record), members(ours));
        let differs: Vec<&str> = follows
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(k, v)| said[k.as_str()] != **v)
            .map(|(k, _)| k.as_str())
            .collect();
        let as_written = bytes(self.bag, RECORD)? == pretty(self.record);
        let words = match (differs.is_empty(), as_written) {
            (true, true) => "every member of package.json".to_string(),
            (true, false) => "package.json is written otherwise than this program writes it".to_string(),
            (false, _) => format!("package.json says otherwise of: {}", differs.join(", ")),
        };
        Ok((differs.is_empty() && as_written, words))
    }
}

fn unpack_run(
    bag: &Verified<Bag>,
    record: &PackageRecord,
    scratch: &Path,
) -> Result<std::path::PathBuf, Stop> {
    let prefix = format!("{}/", record.run);
    let name = record.run.rsplit('/').next().unwrap_or("run");
    let root = scratch.join(crate::store::portable_name(name));
    for (path, _) in bag.entries() {
        let Some(inner) = path.strip(&prefix) else { continue };
        let target = inner.under(&root);
        let folder = target.parent().expect("it lies in a folder");
        std::fs::create_dir_all(folder).map_err(machine("create", folder))?;
        let mut file = std::fs::File::create(&target).map_err(machine("write", &target))?;
        let mut source = bag.open(path).map_err(Error::io("read", path.as_str()))?;
        copy(&mut source as &mut dyn Read, &mut file).map_err(machine("write", &target))?;
    }
    Ok(root)
}
