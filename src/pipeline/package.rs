//! A package: assessed, rendered, signed and sealed, as one bag in one ZIP. Everything is made under a temporary name and
//! appears whole, or not at all.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Error;
use super::assess::{check_parameters, check_phi, cleared, judge, redacted, seen};
use super::keys::{Sealer, private_folder};
use super::lint;
use super::signing;
use crate::assess::database::export;
use crate::catalog;
use crate::diag::Diagnostic;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, SealInfo};
use crate::program::{self, Inputs};
use crate::render::{Templates, csv, figures, html};
use crate::seal::bag::care::{Care, care_until};
use crate::seal::bag::verify_md::{Contents, verify_md};
use crate::seal::bag::{Extras, seal_bag_with};
use crate::seal::signature::authorities::Attempt;
use crate::seal::{seal_bag, sign_detached};
use crate::store::archive;
use crate::store::atomic::{Access, Existing};
use crate::store::bag::{BagError, Payload};
use crate::store::manifest::BagInfo;
use crate::store::run::Reader;
use crate::workspace::Workspace;

pub const FORMAT: &str = "affiant.package/1";
pub const RECORD: &str = "data/package.json";
pub const ASSESSMENT: &str = "data/assessment.json";
pub const DOSSIER: &str = "data/dossier.json";
pub const HTML: &str = "data/report/index.html";
pub const PDF: &str = "data/report/audit-package.pdf";
pub const DATABASE: &str = "data/tables/evidence.sqlite";
pub const RISKS: &str = "data/tables/risk.csv";
pub const CROSSWALK: &str = "data/tables/crosswalk.csv";
pub const CATALOG: &str = "data/catalog/";
pub const DECISIONS: &str = "data/decisions/";

/// `data/package.json`: what this package is and what it was made from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PackageRecord {
    pub format: String,
    pub id: String,
    pub edition: String,
    pub sample: bool,
    /// Made with `--draft`, over problems that are still open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    pub organization: String,
    pub period: String,
    pub as_of: String,
    /// The folder of the run inside.
    pub run: String,
    pub run_manifest: Digest,
    pub catalog: Digest,
    pub catalog_version: String,
    pub custom_catalog: bool,
    pub results: Digest,
    /// SHA-256 over the templates used.
    pub templates: Digest,
    pub program_version: String,
    pub paper: String,
    /// Whether a PDF is inside.
    pub pdf: bool,
    pub retain_until: String,
    /// The day on which the sealer's certificate ends. With a timestamp the seal lasts longer: `affiant seal status` says how long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub certificate_until: String,
    pub seal: SealInfo,
}

/// What to package and how.
pub struct PackageRequest<'a> {
    pub workspace: &'a Workspace,
    pub catalog: &'a Catalog,
    pub templates: Templates,
    pub run: Reader,
    pub as_of: Option<&'a str>,
    pub sealer: &'a Sealer,
    /// When the seal is made.
    pub now: DateTime<Utc>,
    /// Whatever `lint` refuses is packaged all the same, and every page says DRAFT.
    pub draft: bool,
}

/// What was made.
pub struct Made {
    pub id: String,
    pub folder: PathBuf,
    pub pdf: Option<PathBuf>,
    pub html: PathBuf,
    pub zip: PathBuf,
    pub zip_digest: Digest,
    pub dossier: Dossier,
    pub assessment: Assessment,
    /// What happened when the PDF was signed.
    pub notes: Vec<String>,
    /// What the timestamp authorities said.
    pub attempts: Vec<Attempt>,
    /// Until when the seal needs no care.
    pub care: Care,
    /// What `lint` says: warnings, and in a draft also what would have stopped the package.
    pub problems: Vec<Diagnostic>,
}

/// Makes the package in `packages/<period>/`.
pub fn package(request: PackageRequest<'_>) -> Result<Made, Error> {
    check_parameters(request.workspace, request.catalog)?;
    let found = lint::references(request.workspace, request.catalog, Some(&request.run), request.as_of);
    let problems = lint::refuse(found, request.draft)?;
    let derived = private_folder(request.workspace)?.join("derived");
    let sealer = request.sealer;
    let as_of = request.as_of.unwrap_or(&request.run.record.ended).to_string();
    let cleared = cleared(&request.workspace.decisions, &as_of);
    check_phi(request.workspace, &request.run, &cleared)?;
    let run = redacted(request.run, &cleared, &derived, |closed| {
        let text = verify_md(&Contents {
            id: "the derived run",
            certificate: sealer.certificate(),
            pdf: None,
            html: None,
            database: None,
            runs: &[],
        });
        Ok(seal_bag(closed, &*sealer.key, request.now, &[("VERIFY.md", text.as_bytes())])?)
    })?;
    let id = package_id(request.workspace, request.catalog, &run, &as_of, request.draft);
    let parent = request.workspace.packages().join(period(&request.workspace.decisions, &as_of));
    crate::store::atomic::create_dir_all(&parent, Access::Shared).map_err(Error::io("create", &parent))?;
    let name = unoccupied(&parent, &if request.draft { format!("{id}-draft") } else { id.clone() });
    Maker {
        workspace: request.workspace,
        catalog: request.catalog,
        templates: request.templates,
        run,
        as_of,
        sealer,
        now: request.now,
        id,
        parent,
        name,
        draft: request.draft,
        problems,
    }
    .make()
}

struct Maker<'a> {
    workspace: &'a Workspace,
    catalog: &'a Catalog,
    templates: Templates,
    run: Reader,
    as_of: String,
    sealer: &'a Sealer,
    now: DateTime<Utc>,
    id: String,
    parent: PathBuf,
    name: String,
    draft: bool,
    problems: Vec<Diagnostic>,
}

impl Maker<'_> {
    fn make(mut self) -> Result<Made, Error> {
        clear_partial(&self.parent, &self.name)?;
        let mut bag = Payload::create(&self.parent, &self.name, Access::Shared)?;
        let assessment = self.tables(&mut bag)?;
        let seen = seen(self.workspace, &assessment, &bag.folder().join(DATABASE))?;
        self.problems.extend(lint::refuse(lint::after(self.workspace, self.catalog, &self.run, &seen), self.draft)?);
        let run_folder = format!("data/evidence/{}", self.run.root.file_name().unwrap_or_default().to_string_lossy());
        copy_tree(&mut bag, &self.run.root, &run_folder)?;
        self.inputs(&mut bag)?;
        let mut dossier = dossier(&self.dossier_inputs(&assessment, self.sealer.info()));
        dossier.draft = self.draft;
        let signed = self.reports(&mut bag, &dossier, &assessment)?;
        let (pdf, notes) = (signed.is_some(), signed.unwrap_or_default());
        add(&mut bag, ASSESSMENT, &pretty(&assessment))?;
        add(&mut bag, DOSSIER, &pretty(&dossier))?;
        add(&mut bag, RISKS, &csv::risks(&dossier))?;
        add(&mut bag, CROSSWALK, &csv::crosswalk(&dossier))?;
        let record = self.record(&dossier, &assessment, &run_folder, pdf);
        add(&mut bag, RECORD, &pretty(&record))?;
        let text = self.instructions(&run_folder, pdf);
        let revocation = signing::revocation_of(self.sealer);
        let extras = Extras {
            tags: &[("VERIFY.md", text.as_bytes())],
            authorities: Some(&self.sealer.authorities),
            revocation: Some(&revocation),
            previous: None,
        };
        let sealed = seal_bag_with(bag.close(info(&record))?, &*self.sealer.key, self.now, &extras)?;
        let folder = sealed.path;
        let zip = self.parent.join(format!("{}.zip", self.name));
        let fixity = archive::write(&folder, &self.id, &zip, Existing::Refuse)?;
        Ok(Made {
            pdf: pdf.then(|| folder.join(PDF)),
            html: folder.join(HTML),
            id: self.id,
            folder,
            zip,
            zip_digest: fixity.digest,
            dossier,
            assessment,
            notes,
            attempts: self.sealer.authorities.attempts(),
            care: care_until(self.sealer.certificate(), sealed.token.as_ref()),
            problems: self.problems,
        })
    }

    fn tables(&self, bag: &mut Payload) -> Result<Assessment, Error> {
        let database = bag.folder().join(DATABASE);
        let folder = database.parent().expect("it lies in a folder");
        crate::store::atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
        let assessment = judge(self.catalog, &self.workspace.decisions, &self.run, Some(&self.as_of), &database)?;
        bag.adopt(DATABASE)?;
        for (table, columns) in export::CSV {
            let path = format!("data/tables/{table}.csv");
            let mut file = bag.file(&path)?;
            export::csv(&database, table, columns, &mut file)?;
            file.finish()?;
        }
        Ok(assessment)
    }

    /// The catalog and the decisions, as they were read.
    fn inputs(&self, bag: &mut Payload) -> Result<(), Error> {
        for (path, bytes) in &self.catalog.files {
            add(bag, &format!("{CATALOG}{path}"), bytes)?;
        }
        for (path, bytes) in &self.workspace.files {
            add(bag, &format!("{DECISIONS}{path}"), bytes)?;
        }
        Ok(())
    }

    fn dossier_inputs<'b>(&'b self, assessment: &'b Assessment, seal: SealInfo) -> Inputs<'b> {
        Inputs {
            assessment,
            decisions: &self.workspace.decisions,
            catalog: self.catalog,
            catalog_version: catalog::VERSION,
            run: &self.run.record,
            artifacts: &self.run.artifacts,
            redactions: &self.run.redactions,
            seal,
            package_id: &self.id,
            program_version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// HTML with its detached signature, and the signed PDF where this build can render one.
    fn reports(&self, bag: &mut Payload, dossier: &Dossier, assessment: &Assessment) -> Result<Option<Vec<String>>, Error> {
        let figures = figures::draw(dossier, &self.templates)?;
        let page = html::report(dossier, &figures, &self.templates)?;
        add(bag, HTML, page.as_bytes())?;
        let signature = sign_detached(page.as_bytes(), &*self.sealer.key, self.now).map_err(crate::seal::bag::SealError::from)?;
        add(bag, &format!("{HTML}.p7s"), &signature)?;
        match unsigned_pdf(dossier, &figures, assessment, &self.run, &self.workspace.decisions.workspace.report.paper, &self.templates)? {
            Some(pdf) => {
                let signed = signing::sign(&pdf, self.sealer, self.now, &self.id, &self.templates)?;
                add(bag, PDF, &signed.bytes)?;
                Ok(Some(signed.notes))
            }
            None => Ok(None),
        }
    }

    fn record(&self, dossier: &Dossier, assessment: &Assessment, run_folder: &str, pdf: bool) -> PackageRecord {
        PackageRecord {
            format: FORMAT.into(),
            id: self.id.clone(),
            edition: dossier.edition.clone(),
            sample: dossier.sample,
            draft: dossier.draft,
            organization: dossier.organization.name.clone(),
            period: dossier.period.label.clone(),
            as_of: self.as_of.clone(),
            run: run_folder.to_string(),
            run_manifest: self.run.manifest,
            catalog: self.catalog.digest,
            catalog_version: catalog::VERSION.into(),
            custom_catalog: self.catalog.custom,
            results: assessment.results,
            templates: self.templates.digest(),
            program_version: env!("CARGO_PKG_VERSION").into(),
            paper: self.workspace.decisions.workspace.report.paper.clone(),
            pdf,
            retain_until: dossier.retention.until.clone(),
            certificate_until: self.sealer.certificate().not_after().format("%Y-%m-%d").to_string(),
            seal: dossier.seal.clone(),
        }
    }

    fn instructions(&self, run_folder: &str, pdf: bool) -> String {
        verify_md(&Contents {
            id: &self.id,
            certificate: self.sealer.certificate(),
            pdf: pdf.then_some(PDF),
            html: Some(HTML),
            database: Some((DATABASE, "SELECT check_id, verdict, count(*) FROM result GROUP BY 1, 2")),
            runs: &[run_folder],
        })
    }
}

/// The dossier of a package; `verify --recompute` makes it again from the packaged inputs.
pub fn dossier(inputs: &Inputs<'_>) -> Dossier {
    program::dossier(inputs)
}

/// The PDF before any signature, with the assessment and the evidence attached as far as they fit.
#[cfg(feature = "pdf")]
pub fn unsigned_pdf(
    dossier: &Dossier,
    figures: &figures::Figures,
    assessment: &Assessment,
    run: &Reader,
    paper: &str,
    templates: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    use crate::render::pdf::{self, Attachment, MAX_ATTACHED};
    let mut attachments = vec![Attachment {
        name: "assessment.json".into(),
        mime: "application/json",
        description: "Every check's verdict and rows, as data".into(),
        bytes: pretty(assessment),
    }];
    let mut room = MAX_ATTACHED.saturating_sub(attachments[0].bytes.len() as u64);
    for (artifact, reference) in run.artifacts.iter().zip(&dossier.evidence) {
        if artifact.size > room {
            continue;
        }
        room -= artifact.size;
        let path = run.path(artifact);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let leaf = artifact.path.rsplit('/').next().unwrap_or_default();
        let description = format!("Evidence {}: {}, sha256 {}", reference.id, artifact.path, artifact.sha256);
        attachments.push(Attachment { name: format!("{}-{leaf}", reference.id), mime: mime(leaf), description, bytes });
    }
    Ok(Some(pdf::report(dossier, figures, &attachments, paper, templates)?))
}

#[cfg(not(feature = "pdf"))]
pub fn unsigned_pdf(
    _: &Dossier,
    _: &figures::Figures,
    _: &Assessment,
    _: &Reader,
    _: &str,
    _: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(None)
}

#[cfg(feature = "pdf")]
fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "gz" => "application/gzip",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "txt" => "text/plain",
        "pdf" => "application/pdf",
        "yaml" => "application/yaml",
        _ => "application/octet-stream",
    }
}

/// `<period>-<12 hexadecimal digits>` of a digest over all inputs: the same inputs, the same id.
fn package_id(workspace: &Workspace, catalog: &Catalog, run: &Reader, as_of: &str, draft: bool) -> String {
    let decisions = serde_json::to_string(&workspace.decisions).expect("decisions serialise");
    let all = format!("{}\0{}\0{as_of}\0{}\0{decisions}", run.manifest_of_content(), catalog.digest, env!("CARGO_PKG_VERSION"));
    let all = if draft { all + "\0draft" } else { all };
    format!("{}-{}", period(&workspace.decisions, as_of), Digest::of(all.as_bytes()).short())
}

fn period(decisions: &Decisions, as_of: &str) -> String {
    let label = decisions.workspace.period.label.trim();
    crate::store::portable_name(if label.is_empty() { as_of.get(..10).unwrap_or("undated") } else { label })
}

/// A name that neither a folder nor a ZIP has yet: a package is never replaced.
fn unoccupied(parent: &Path, id: &str) -> String {
    let taken = |name: &str| parent.join(name).exists() || parent.join(format!("{name}.zip")).exists();
    let numbered = (2..).map(|n| format!("{id}-{n}"));
    std::iter::once(id.to_string()).chain(numbered).find(|name| !taken(name)).expect("numbers do not end")
}

/// Removes what packages that were cut short left behind: the unfinished folder of this name, and unfinished archives.
fn clear_partial(parent: &Path, name: &str) -> Result<(), Error> {
    let partial = parent.join(format!(".{name}.partial"));
    match std::fs::remove_dir_all(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", &partial)(error)),
        Ok(()) | Err(_) => {}
    }
    for entry in std::fs::read_dir(parent).map_err(Error::io("read", parent))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let unfinished = name.starts_with('.') && name.ends_with(".partial") && entry.file_type().is_ok_and(|kind| kind.is_file());
        if unfinished {
            std::fs::remove_file(entry.path()).map_err(Error::io("remove", entry.path()))?;
        }
    }
    Ok(())
}

fn add(bag: &mut Payload, path: &str, bytes: &[u8]) -> Result<(), BagError> {
    bag.add(path, &mut &*bytes).map(drop)
}

fn copy_tree(bag: &mut Payload, folder: &Path, inner: &str) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut names = BTreeMap::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read", folder))?;
        names.insert(entry.file_name(), entry.path());
    }
    for (name, path) in names {
        let inner = format!("{inner}/{}", name.to_string_lossy());
        if path.is_dir() {
            copy_tree(bag, &path, &inner)?;
        } else {
            let mut file = File::open(&path).map_err(Error::io("read", &path))?;
            bag.add(&inner, &mut file)?;
        }
    }
    Ok(())
}

/// JSON with two-space indents and a final newline.
pub fn pretty<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("our own types serialise");
    bytes.push(b'\n');
    bytes
}

/// `bag-info.txt`: what `verify` compares with `package.json`.
fn info(record: &PackageRecord) -> BagInfo {
    let pairs = [
        ("Source-Organization", record.organization.clone()),
        ("Bag-Software-Agent", format!("affiant {}", record.program_version)),
        ("Bagging-Date", record.as_of.get(..10).unwrap_or_default().to_string()),
        ("External-Identifier", record.id.clone()),
        ("External-Description", format!("HIPAA audit package, period {}", record.period)),
        ("Affiant-Format", record.format.clone()),
        ("Affiant-As-Of", record.as_of.clone()),
        ("Affiant-Sample", record.sample.to_string()),
        ("Affiant-Catalog", record.catalog.to_string()),
        ("Affiant-Run", record.run_manifest.to_string()),
        ("Affiant-Results", record.results.to_string()),
    ];
    let draft = record.draft.then(|| ("Affiant-Draft", "true".to_string()));
    BagInfo::new(pairs.into_iter().chain(draft))
}
