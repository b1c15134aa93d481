//! A package: assessed, rendered, signed and sealed, as one bag in one ZIP. Everything is made under a
//! temporary name and appears whole, or not at all.

mod files;
mod unsigned_pdf;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

pub use self::unsigned_pdf::unsigned_pdf;
use super::Error;
use super::assess::{check_parameters, check_phi, cleared, judge, redacted, seen};
use super::compare::{self, Side};
use super::keys::{Sealer, private_folder};
pub use super::record::{
    ASSESSMENT, CATALOG, CROSSWALK, DATABASE, DECISIONS, DOSSIER, FORMAT, HTML, PDF, PackageRecord, RECORD,
    RISK_RESOURCES, RISKS, pretty,
};
use super::record::{
    DERIVED, RecordFacts, csv_path, info, instructions, instructions_of_run, package_id, period, record,
};
use super::{bag_files, kept_import, lint, lock, packed_oscal, sealed, signing, statements};
use crate::assess::database::export;
use crate::catalog;
use crate::diag::Diagnostic;
use crate::model::assessment::Assessment;
use crate::model::catalog::Catalog;
use crate::model::changes::ComparedSide;
use crate::model::corroboration::Corroborated;
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, SealInfo, StatementStanding};
use crate::program::{self, Inputs, changes};
use crate::render::{Templates, csv, figures, html};
use crate::seal::bag::care::{Care, care_until};
use crate::seal::bag::{Extras, Sealed, seal_bag_with};
use crate::seal::signature::authorities::Attempt;
use crate::seal::{seal_bag, sign_detached};
use crate::store::archive;
use crate::store::atomic::{Access, Existing};
use crate::store::bag::Payload;
use crate::store::run::Reader;
use crate::workspace::Workspace;
use files::{add, clear_partial, copy_run, unoccupied};

/// The most that a list of a run may hold.
const MAX_LIST: u64 = 1 << 30;

/// What to package and how.
pub struct PackageRequest<'a> {
    pub workspace: &'a Workspace,
    pub catalog: &'a Catalog,
    pub templates: Templates,
    pub run: Reader,
    pub as_of: Option<&'a str>,
    pub sealer: &'a Sealer,
    /// A package or a run to compare with, instead of the run before.
    pub against: Option<&'a str>,
    /// When the seal is made.
    pub now: DateTime<Utc>,
    /// Whatever `lint` refuses is packaged all the same, and every page says DRAFT.
    pub draft: bool,
    /// Told what begins.
    pub step: &'a dyn Fn(&str),
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
    let _lock = lock::take(request.workspace)?;
    let derived = private_folder(request.workspace)?.join("derived");
    let sealer = request.sealer;
    let as_of = request.as_of.unwrap_or(&request.run.record.ended).to_string();
    let cleared = cleared(&request.workspace.decisions, &as_of);
    (request.step)("looking for PHI and secrets");
    check_phi(request.workspace, &request.run, &cleared)?;
    let before = compare::before(
        request.workspace,
        request.catalog,
        &request.run.record,
        request.against,
        request.now,
    )?;
    let original = request.run.manifest;
    let again = |copy: &Path| sealed::open_copy(copy, original, sealer.certificate(), request.now);
    let run = redacted(request.run, &cleared, &derived, again, |closed| {
        let text = instructions_of_run(DERIVED, sealer.certificate());
        Ok(seal_bag(closed, &*sealer.key, request.now, &[("VERIFY.md", text.as_bytes())])?)
    })?;
    let id = package_id(&request.workspace.decisions, request.catalog, &run, &as_of, request.draft);
    let parent = request.workspace.packages().join(period(&request.workspace.decisions, &as_of));
    crate::store::atomic::create_dir_all(&parent, Access::Shared).map_err(Error::io("create", &parent))?;
    let name = unoccupied(&parent, &if request.draft { format!("{id}-draft") } else { id.clone() });
    let others = kept_import::kept(&run);
    Maker {
        workspace: request.workspace,
        catalog: request.catalog,
        templates: request.templates,
        run,
        as_of,
        sealer,
        now: request.now,
        before,
        id,
        parent,
        name,
        draft: request.draft,
        problems,
        standing: statements::standing(&request.workspace.decisions),
        others,
        step: request.step,
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
    /// The assessment before this one, or why there is none.
    before: Result<Side, String>,
    id: String,
    parent: PathBuf,
    name: String,
    draft: bool,
    problems: Vec<Diagnostic>,
    standing: BTreeMap<String, StatementStanding>,
    others: Vec<(String, Corroborated)>,
    step: &'a dyn Fn(&str),
}

impl Maker<'_> {
    fn make(mut self) -> Result<Made, Error> {
        clear_partial(&self.parent, &self.name)?;
        let mut bag = Payload::create(&self.parent, &self.name, Access::Shared)?;
        (self.step)("judging the evidence");
        let assessment = self.tables(&mut bag)?;
        let seen = seen(self.workspace, &assessment, &bag.folder().join(DATABASE))?;
        self.problems
            .extend(lint::refuse(lint::after(self.workspace, self.catalog, &self.run, &seen), self.draft)?);
        let run_folder =
            format!("data/evidence/{}", self.run.root.file_name().unwrap_or_default().to_string_lossy());
        copy_run(&mut bag, &self.run, &run_folder)?;
        self.inputs(&mut bag)?;
        let mut judged = self.judged(&assessment);
        let side = std::mem::replace(&mut self.before, Err(String::new()));
        let before = compare::store(side, &mut judged, &bag.folder().join(DATABASE), &mut bag)?;
        let mut dossier = dossier(&Inputs {
            before: Some((&before, &judged)),
            ..self.dossier_inputs(&assessment, self.sealer.info())
        });
        dossier.draft = self.draft;
        (self.step)("rendering and signing the reports");
        let signed = self.reports(&mut bag, &dossier, &assessment)?;
        let (pdf, notes) = (signed.is_some(), signed.unwrap_or_default());
        add(&mut bag, ASSESSMENT, &pretty(&assessment))?;
        add(&mut bag, DOSSIER, &pretty(&dossier))?;
        add(&mut bag, RISKS, &csv::risks(&dossier))?;
        add(&mut bag, RISK_RESOURCES, &csv::risk_resources(&dossier))?;
        add(&mut bag, CROSSWALK, &csv::crosswalk(&dossier))?;
        let parts: Vec<_> =
            bag.entries().map(|(path, digest)| (path.to_string(), digest.to_string())).collect();
        for (path, bytes) in packed_oscal::files(&dossier, &run_folder, parts.into_iter()) {
            add(&mut bag, &path, &bytes)?;
        }
        self.search(&bag)?;
        let record = self.record(&dossier, &assessment, &run_folder, pdf);
        add(&mut bag, RECORD, &pretty(&record))?;
        let sealed = self.seal(bag, &record, &run_folder, pdf)?;
        let folder = sealed.path;
        let zip = self.parent.join(format!("{}.zip", self.name));
        (self.step)("writing the archive");
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

    fn record(
        &self,
        dossier: &Dossier,
        assessment: &Assessment,
        run_folder: &str,
        pdf: bool,
    ) -> PackageRecord {
        record(&RecordFacts {
            id: &self.id,
            dossier,
            assessment,
            run: &self.run,
            run_folder,
            catalog: self.catalog,
            templates: self.templates.digest(),
            paper: &self.workspace.decisions.workspace.report.paper,
            as_of: &self.as_of,
            pdf,
            certificate: self.sealer.certificate(),
        })
    }

    /// Closes the bag and seals it, with what tells a stranger how to check it.
    fn seal(
        &self,
        bag: Payload,
        record: &PackageRecord,
        run_folder: &str,
        pdf: bool,
    ) -> Result<Sealed, Error> {
        (self.step)("sealing");
        let text = instructions(&self.id, self.sealer.certificate(), run_folder, pdf);
        let revocation = signing::revocation_of(self.sealer);
        let extras = Extras {
            tags: &[("VERIFY.md", text.as_bytes())],
            authorities: Some(&self.sealer.authorities),
            revocation: Some(&revocation),
            previous: None,
        };
        Ok(seal_bag_with(bag.close(info(record))?, &*self.sealer.key, self.now, &extras)?)
    }

    /// A last look at every layer that is made of the evidence: what redaction overlooked stops the package.
    fn search(&self, bag: &Payload) -> Result<(), Error> {
        let skipped = |path: &str| (path.starts_with(CATALOG) && !self.catalog.custom) || path == PDF;
        bag_files::search(bag, skipped, |rule| {
            let problem = Diagnostic::new(
                "AFW-046",
                format!("{rule} is in this part of the package; nothing was packaged"),
            );
            problem.hint("find it in the run or the workspace, take it out, and change it where it is used")
        })
    }

    fn tables(&self, bag: &mut Payload) -> Result<Assessment, Error> {
        let database = bag.folder().join(DATABASE);
        let folder = database.parent().expect("it lies in a folder");
        crate::store::atomic::create_dir_all(folder, Access::Shared).map_err(Error::io("create", folder))?;
        let assessment =
            judge(self.catalog, &self.workspace.decisions, &self.run, Some(&self.as_of), &database)?;
        bag.adopt(DATABASE)?;
        for (table, columns) in export::CSV {
            let mut file = bag.file(&csv_path(table))?;
            export::csv(&database, table, columns, &mut file)?;
            file.finish()?;
        }
        Ok(assessment)
    }

    fn judged(&self, assessment: &Assessment) -> ComparedSide {
        let terms = changes::terms(self.catalog, &self.workspace.decisions, &self.run.record, assessment);
        ComparedSide {
            source: "this package".into(),
            assessment: assessment.clone(),
            terms,
            items: Vec::new(),
        }
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
            before: None,
            standing: &self.standing,
            others: &self.others,
            seal,
            package_id: &self.id,
            program_version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// HTML with its detached signature, and the signed PDF where this build can render one.
    fn reports(
        &self,
        bag: &mut Payload,
        dossier: &Dossier,
        assessment: &Assessment,
    ) -> Result<Option<Vec<String>>, Error> {
        let figures = figures::draw(dossier, &self.templates)?;
        let page = html::report(dossier, &figures, &self.templates)?;
        add(bag, HTML, page.as_bytes())?;
        let signature = sign_detached(page.as_bytes(), &*self.sealer.key, self.now)
            .map_err(crate::seal::bag::SealError::from)?;
        add(bag, &format!("{HTML}.p7s"), &signature)?;
        match unsigned_pdf(
            dossier,
            &figures,
            assessment,
            &self.run,
            &self.workspace.decisions.workspace.report.paper,
            &self.templates,
        )? {
            Some(pdf) => {
                let signed = signing::sign(&pdf, self.sealer, self.now, &self.id, &self.templates)?;
                add(bag, PDF, &signed.bytes)?;
                Ok(Some(signed.notes))
            }
            None => Ok(None),
        }
    }
}

/// The dossier of a package; `verify --recompute` makes it again from the packaged inputs.
pub fn dossier(inputs: &Inputs<'_>) -> Dossier {
    program::dossier(inputs)
}
