//! What a regulator asked for, as one sealed bag: drawn from packages that were sealed at the time and verify
//! now, so that what people write today cannot reach into a past day. Everything is made under a temporary
//! name and appears whole, or not at all.

mod asked;
mod check;
mod files;
mod populations;
mod sources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};

use super::bag_files;
use super::handed::HeldPackage;
use super::keys::Sealer;
use super::record::{RECORD, pretty};
use super::verify::Pins;
use super::{Error, lock};
use crate::diag::{Diagnostic, safe_cell};
use crate::model::digest::Digest;
use crate::model::dossier::Dossier;
use crate::model::request::{
    PopulationKind, RESPONSE, RegulatorRequest, ResponseFile, ResponseItem, ResponseRecord, ResponseSource,
};
use crate::program::response::{PlannedItem, PopulationList, ResponseInputs, history, plan, practices};
use crate::render::Templates;
use crate::render::response_pages::{self, PracticesShown, ResponseFacts};
use crate::seal::bag::verify_md::{Contents, verify_md};
use crate::seal::bag::{Extras, seal_bag_with};
use crate::store::atomic::{self, Access, Existing};
use crate::store::bag::Payload;
use crate::store::{archive, given, portable_name};
use crate::workspace::Workspace;
pub use asked::request;
use asked::told;
pub use check::check;
use check::{REQUEST_FILE, info};
use files::{ItemFiles, put};

/// What to answer, for which day, and from what.
pub struct ResponseWanted<'a> {
    pub workspace: &'a Workspace,
    pub templates: &'a Templates,
    /// The request, YAML.
    pub file: &'a Path,
    pub day: NaiveDate,
    /// Packages to draw from; all of the workspace where none is named.
    pub from: &'a [PathBuf],
    pub sealer: &'a Sealer,
    pub pins: &'a Pins,
    /// A pinned clock: what is made says SAMPLE.
    pub pinned_clock: bool,
    pub now: DateTime<Utc>,
    pub step: &'a dyn Fn(&str),
}

/// What was made.
pub struct ResponseMade {
    pub zip: PathBuf,
    pub zip_digest: Digest,
    pub record: ResponseRecord,
    /// What happened when pages were signed.
    pub notes: Vec<String>,
}

/// So many characters of their reference are in the name of the archive.
const MOST_OF_NAME: usize = 60;

/// Makes the response, or says everything that is wrong with the request.
pub fn make(wanted: &ResponseWanted<'_>) -> Result<ResponseMade, Error> {
    let name = wanted.file.display().to_string();
    let bytes = given::read(wanted.file).map_err(|_| unreadable(wanted.file, &name))?;
    let request = request(&name, &bytes, wanted.now)?;
    let _lock = lock::take(wanted.workspace)?;
    (wanted.step)("checking the packages");
    let packages = sources::open(wanted.workspace, wanted.from, wanted.day, wanted.pins, wanted.now)?;
    let effective = packages.last().expect("an empty list is refused");
    (wanted.step)("looking for what was asked");
    let populations = populations::lists(effective, &request)?;
    let dossiers: Vec<(&str, &Dossier)> =
        packages.iter().map(|p| (p.record.id.as_str(), &p.dossier)).collect();
    let documents = history(&dossiers);
    let inputs = ResponseInputs {
        request: &request,
        dossier: &effective.dossier,
        documents: &documents,
        populations: &populations,
    };
    let planned = plan(&inputs).map_err(|problems| told(&name, &bytes, problems))?;
    let day = wanted.day.to_string();
    let manifests: String = packages.iter().map(|p| format!("\0{}", p.manifest())).collect();
    let digest =
        Digest::of(format!("affiant/response/v1\0{}\0{day}{manifests}", Digest::of(&bytes)).as_bytes());
    let reference: String = request
        .reference
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("-")
        .chars()
        .take(MOST_OF_NAME)
        .collect();
    let id = format!("{}-{day}-{}", portable_name(&reference), digest.short());
    let (parent, zip) = place(wanted.workspace, &id)?;
    let building = tempfile::tempdir_in(&parent).map_err(Error::io("create a folder in", &parent))?;
    let mut bag = Payload::create(building.path(), &id, Access::Shared)?;
    let record = Maker {
        wanted,
        request: &request,
        bytes: &bytes,
        packages: &packages,
        populations: &populations,
        id: &id,
        day: &day,
    };
    let mut notes = Vec::new();
    let record = record.fill(&mut bag, &planned, &mut notes)?;
    search(&bag)?;
    (wanted.step)("sealing");
    let zip_digest = sealed(bag, &record, wanted, &zip)?;
    notes.sort();
    notes.dedup();
    Ok(ResponseMade { zip, zip_digest, record, notes })
}

/// Why the request could not be read.
fn unreadable(file: &Path, name: &str) -> Diagnostic {
    let what = match (file.is_dir(), file.exists()) {
        (true, _) => "this is a folder",
        (false, true) => "this is no file that can be read",
        (false, false) => "there is no such file to read",
    };
    Diagnostic::new("AFU-076", what).file(name).hint("name the request, a YAML file")
}

/// `packages/responses/`, and the archive, which must not be there.
fn place(workspace: &Workspace, id: &str) -> Result<(PathBuf, PathBuf), Error> {
    let parent = workspace.packages().join("responses");
    atomic::create_dir_all(&parent, Access::Shared).map_err(Error::io("create", &parent))?;
    let zip = parent.join(format!("{id}.zip"));
    if zip.exists() {
        let problem = Diagnostic::new(
            "AFU-082",
            "this request was answered already, for this day and from these packages",
        );
        return Err(problem
            .file(zip.display().to_string())
            .hint("hand that one over, or move it away")
            .into());
    }
    Ok((parent, zip))
}

struct Maker<'a> {
    wanted: &'a ResponseWanted<'a>,
    request: &'a RegulatorRequest,
    bytes: &'a [u8],
    packages: &'a [HeldPackage],
    populations: &'a BTreeMap<PopulationKind, PopulationList>,
    id: &'a str,
    day: &'a str,
}

impl Maker<'_> {
    fn fill(
        &self,
        bag: &mut Payload,
        planned: &[PlannedItem],
        notes: &mut Vec<String>,
    ) -> Result<ResponseRecord, Error> {
        let effective = self.packages.last().expect("an empty list is refused");
        let sample = self.wanted.pinned_clock || self.packages.iter().any(|p| p.record.sample);
        let sources = self.sources();
        let seal = self.wanted.sealer.info();
        let made = self.wanted.now.format("%Y-%m-%d").to_string();
        let facts = ResponseFacts {
            id: self.id,
            request: self.request,
            dossier: &effective.dossier,
            source: sources.last().expect("an empty list is refused"),
            day: self.day,
            made: &made,
            sample,
            seal: &seal.words,
            unpinned: self.wanted.sealer.certificate().is_workspace_key(),
        };
        let files = ItemFiles {
            packages: self.packages,
            facts: &facts,
            populations: self.populations,
            templates: self.wanted.templates,
            sealer: self.wanted.sealer,
            now: self.wanted.now,
        };
        (self.wanted.step)("writing and signing the items");
        let items = planned.iter().map(|item| files.item(bag, item, notes)).collect::<Result<Vec<_>, _>>()?;
        bag.add(REQUEST_FILE, &mut &*self.bytes)?;
        let mut record = ResponseRecord { items, ..self.record(&made, sample, &sources) };
        let page = self.practices(&facts, &sources);
        record.files.push(files.page(
            bag,
            "data/recognized-security-practices",
            "recognized security practices",
            &page,
            notes,
        )?);
        record.files.push(put(
            bag,
            "data/index.csv",
            &index(&record),
            "index",
            "made for this response",
            self.day,
        )?);
        let page = response_pages::index(&facts, &record, &effective.dossier.withheld);
        record.files.push(files.page(bag, "data/index", "index", &page, notes)?);
        bag.add(RECORD, &mut pretty(&record).as_slice())?;
        Ok(record)
    }

    /// The record of the response before anything is in it.
    fn record(&self, made: &str, sample: bool, sources: &[ResponseSource]) -> ResponseRecord {
        let effective = self.packages.last().expect("an empty list is refused");
        ResponseRecord {
            format: RESPONSE.into(),
            id: self.id.into(),
            organization: effective.record.organization.clone(),
            reference: self.request.reference.clone(),
            from: self.request.from.clone(),
            received: self.request.received.clone(),
            as_of: format!("{}T23:59:59Z", self.day),
            made: made.into(),
            sample,
            program_version: env!("CARGO_PKG_VERSION").into(),
            request: Digest::of(self.bytes).to_string(),
            sealed_by: self.wanted.sealer.certificate().fingerprint().to_string(),
            packages: sources.to_vec(),
            items: Vec::new(),
            files: Vec::new(),
        }
    }

    fn sources(&self) -> Vec<ResponseSource> {
        let one = |held: &HeldPackage| ResponseSource {
            id: held.record.id.clone(),
            as_of: held.record.as_of.clone(),
            manifest: held.manifest(),
            sealed_by: held.sealed_by.map(|digest| digest.to_string()).unwrap_or_default(),
            sample: held.record.sample,
        };
        self.packages.iter().map(one).collect()
    }

    fn practices(
        &self,
        facts: &ResponseFacts<'_>,
        sources: &[ResponseSource],
    ) -> crate::render::handed::HandedDocument {
        let dossiers: Vec<&Dossier> = self.packages.iter().map(|p| &p.dossier).collect();
        let report = practices(&dossiers, self.wanted.day);
        let shown = PracticesShown {
            from: &report.from,
            to: &report.to,
            whole: report.whole,
            gaps: &report.gaps,
            controls: report.controls.iter().map(|c| [c.title.as_str(), &c.nist, &c.over_time]).collect(),
            records: &report.records,
            documents: &report.documents,
            sources: sources.get(report.first..).unwrap_or_default(),
        };
        response_pages::practices(facts, &shown, self.request.recognized_practices.as_ref())
    }
}

/// A row for each file, in the order of the regulation.
fn index(record: &ResponseRecord) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer
        .write_record(["citation", "item", "asked", "state", "kind", "file", "sha256", "as_of", "source"])
        .expect(memory);
    let mut row = |item: Option<&ResponseItem>, file: &ResponseFile| {
        let (citation, id, ask, state) = item.map_or(("", "", "", ""), |i| {
            (i.citation.as_str(), i.id.as_str(), i.ask.as_str(), i.state.as_str())
        });
        let cells =
            [citation, id, ask, state, &file.kind, &file.path, &file.sha256, &file.as_of, &file.source];
        writer.write_record(cells.map(safe_cell)).expect(memory);
    };
    for item in &record.items {
        item.files.iter().for_each(|file| row(Some(item), file));
    }
    record.files.iter().for_each(|file| row(None, file));
    writer.into_inner().expect(memory)
}

/// A last look at every file: what redaction overlooked stops the response.
fn search(bag: &Payload) -> Result<(), Error> {
    bag_files::search(
        bag,
        |path| path.ends_with(".pdf"),
        |rule| {
            let problem = Diagnostic::new(
                "AFU-083",
                format!("{rule} is in this file of the response; nothing was handed over"),
            );
            problem.hint("find it in the request or in the package, and take it out where it comes from")
        },
    )
}

fn sealed(
    bag: Payload,
    record: &ResponseRecord,
    wanted: &ResponseWanted<'_>,
    zip: &Path,
) -> Result<Digest, Error> {
    let certificate = wanted.sealer.certificate();
    let pdf = record.files.iter().map(|f| f.path.as_str()).find(|path| path.ends_with("index.pdf"));
    let text =
        verify_md(&Contents { id: &record.id, certificate, pdf, html: None, database: None, runs: &[] });
    let extras = Extras {
        tags: &[("VERIFY.md", text.as_bytes())],
        authorities: Some(&wanted.sealer.authorities),
        revocation: None,
        previous: None,
    };
    let sealed = seal_bag_with(bag.close(info(record))?, &*wanted.sealer.key, wanted.now, &extras)?;
    Ok(archive::write(&sealed.path, &record.id, zip, Existing::Refuse)?.digest)
}
