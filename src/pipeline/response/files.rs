//! Writes the files of each item into the bag: documents as the packages hold them, populations and
//! registers, the item's page, and the statement of absence. Every file is noted with its digest and where it
//! comes from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};

use super::super::Error;
use super::super::answer_pages::pdf;
use super::super::bag_files;
use super::super::handed::HeldPackage;
use super::super::keys::Sealer;
use super::super::record::DECISIONS;
use super::super::signing;
use crate::diag::Diagnostic;
use crate::model::request::{
    GivenState, PopulationKind, RegisterKind, ResponseFile, ResponseItem, ResponsePart,
};
use crate::program::response::{DocumentVersion, PlannedItem, PlannedPart, PopulationList};
use crate::render::handed::HandedDocument;
use crate::render::population_sheets::{PopulationTable, book, csv};
use crate::render::response_pages::{self, ResponseFacts, ShownPart};
use crate::render::{Templates, csv as tables, risk_sheets, xlsx};
use crate::store::bag::Payload;
use crate::store::{BagPath, portable_name};

pub const ITEMS: &str = "data/items/";

/// Everything that is written from.
pub struct ItemFiles<'a> {
    pub packages: &'a [HeldPackage],
    pub facts: &'a ResponseFacts<'a>,
    pub populations: &'a BTreeMap<PopulationKind, PopulationList>,
    pub templates: &'a Templates,
    pub sealer: &'a Sealer,
    pub now: DateTime<Utc>,
}

impl ItemFiles<'_> {
    fn effective(&self) -> &HeldPackage {
        self.packages.last().expect("without a package nothing is written")
    }

    /// One item with all of its files.
    pub fn item(
        &self,
        bag: &mut Payload,
        planned: &PlannedItem,
        notes: &mut Vec<String>,
    ) -> Result<ResponseItem, Error> {
        let citation = planned.item.citation.to_string().replace(['(', ')'], "-").replace("--", "-");
        let folder = format!(
            "{ITEMS}{}/{}/",
            portable_name(citation.trim_end_matches('-')),
            portable_name(&planned.item.id)
        );
        let mut written = Written { folder: folder.clone(), files: Vec::new(), seen: BTreeSet::new() };
        for part in &planned.parts {
            for version in &part.documents {
                self.document(bag, version, &mut written)?;
            }
            if let Some(kind) = part.population {
                self.population(bag, kind, &mut written)?;
            }
            if let Some(kind) = part.register {
                self.register(bag, kind, &mut written)?;
            }
        }
        let mut item = ResponseItem {
            id: planned.item.id.clone(),
            citation: planned.item.citation.to_string(),
            ask: planned.item.ask.clone(),
            state: planned.state,
            folder: folder.clone(),
            parts: planned.parts.iter().map(noted).collect(),
            files: written.files,
        };
        let mut pages = Vec::new();
        if item.parts.iter().any(|part| part.state == GivenState::Absent) {
            let page = response_pages::absence(self.facts, &item);
            pages.push(self.page(
                bag,
                &format!("{folder}statement-of-absence"),
                "statement of absence",
                &page,
                notes,
            )?);
        }
        item.files.extend(pages);
        let shown: Vec<ShownPart<'_>> = planned.parts.iter().map(shown).collect();
        let page = response_pages::item(self.facts, &item, (&planned.title, &planned.status), &shown);
        let page = self.page(bag, &format!("{folder}response"), "item", &page, notes)?;
        item.files.insert(0, page);
        Ok(item)
    }

    /// A page as a certified PDF, or in builds that render none as HTML, which the bag's seal covers.
    pub fn page(
        &self,
        bag: &mut Payload,
        stem: &str,
        kind: &str,
        page: &HandedDocument,
        notes: &mut Vec<String>,
    ) -> Result<ResponseFile, Error> {
        let (path, bytes) = if cfg!(feature = "pdf") {
            let plain = pdf(page, &self.effective().record.paper, self.templates)?;
            let reason = format!("Certifies {kind} of the response {}", self.facts.id);
            let signed = signing::certify(&plain, self.sealer, self.now, &reason)?;
            notes.extend(signed.notes);
            (format!("{stem}.pdf"), signed.bytes)
        } else {
            (format!("{stem}.html"), crate::render::handed::page(page, self.templates)?.into_bytes())
        };
        put(bag, &path, &bytes, kind, "made for this response", self.facts.day)
    }

    fn document(
        &self,
        bag: &mut Payload,
        version: &DocumentVersion,
        written: &mut Written,
    ) -> Result<(), Error> {
        if !written.seen.insert(format!("{} {}", version.path, version.sha256)) {
            return Ok(());
        }
        let held = self.packages.iter().find(|held| held.record.id == version.package);
        let from = held.map(|held| (held, format!("{}/data/{}", held.record.run, version.path)));
        let Some((held, from)) = from else { return Ok(()) };
        let place = BagPath::new(&from).ok();
        let found = place.as_ref().and_then(|path| held.bag().open(path).ok());
        let Some(mut source) = found else {
            let problem = Diagnostic::new(
                "AFU-081",
                format!("the package `{}` lists `{from}` and does not hold it", held.record.id),
            );
            return Err(problem.hint("see `affiant verify --recompute`").into());
        };
        let name = portable_name(version.name());
        let folder = &written.folder;
        let path = match version.in_effect {
            true => format!("{folder}documents/{name}"),
            false => format!("{folder}documents/earlier/{}-{name}", version.last),
        };
        // two folders of a workspace may hold files of one name
        let path = if written.files.iter().any(|f| f.path == path) {
            format!("{path}-{}", &version.sha256[..12])
        } else {
            path
        };
        let fixity = bag.add(&path, &mut source)?;
        let kind = if version.in_effect { "document" } else { "earlier version" };
        let source = format!("package {}, {}", version.package, version.path);
        written.files.push(ResponseFile {
            path,
            sha256: fixity.digest.to_string(),
            kind: kind.into(),
            source,
            as_of: version.since.clone(),
        });
        Ok(())
    }

    fn population(
        &self,
        bag: &mut Payload,
        kind: PopulationKind,
        written: &mut Written,
    ) -> Result<(), Error> {
        let Some(list) = self.populations.get(&kind) else { return Ok(()) };
        let held = self.effective();
        let gaps = if list.gaps.is_empty() {
            "nothing that was asked for".to_string()
        } else {
            list.gaps.join("\n")
        };
        let about = [
            ("Population", kind.as_str().to_string()),
            ("Who or what", list.about.clone()),
            ("Rows", list.rows.len().to_string()),
            ("Not read", gaps),
            ("Package", held.record.id.clone()),
            ("Its list of digests", held.manifest()),
            ("Speaks for", held.record.as_of.clone()),
            (
                "Sample",
                if self.facts.sample { "SAMPLE: synthetic or replayed evidence" } else { "no" }.to_string(),
            ),
            ("The record", format!("population-{}.csv; this workbook has the same rows", kind.as_str())),
        ];
        let about = about.map(|(what, value)| (what.to_string(), value));
        let table =
            PopulationTable { name: kind.as_str(), heads: &list.heads, rows: &list.rows, about: &about };
        let source = format!("package {}, data/tables/evidence.sqlite", held.record.id);
        let stem = format!("{}population-{}", written.folder, kind.as_str());
        let day = self.day();
        written.files.push(put(
            bag,
            &format!("{stem}.csv"),
            &csv(&table),
            "population, the record",
            &source,
            self.facts.day,
        )?);
        written.files.push(put(
            bag,
            &format!("{stem}.xlsx"),
            &book(&table, day)?,
            "population, to work with",
            &source,
            self.facts.day,
        )?);
        Ok(())
    }

    fn register(&self, bag: &mut Payload, kind: RegisterKind, written: &mut Written) -> Result<(), Error> {
        let held = self.effective();
        let folder = &written.folder;
        let source = format!("package {}", held.record.id);
        let day = self.facts.day;
        match kind {
            RegisterKind::Risks => {
                let book = xlsx::workbook(&risk_sheets::sheets(&held.dossier), self.day())?;
                let record = tables::risks(&held.dossier);
                written.files.push(put(
                    bag,
                    &format!("{folder}risk-register.csv"),
                    &record,
                    "register, the record",
                    &source,
                    day,
                )?);
                written.files.push(put(
                    bag,
                    &format!("{folder}risk-register.xlsx"),
                    &book,
                    "register, to work with",
                    &source,
                    day,
                )?);
            }
            RegisterKind::IncidentPlan => {
                let plan =
                    bag_files::bytes(held.bag(), &format!("{DECISIONS}program/incident-response.yaml"))?;
                if !plan.is_empty() {
                    written.files.push(put(
                        bag,
                        &format!("{folder}incident-response.yaml"),
                        &plan,
                        "register",
                        &source,
                        day,
                    )?);
                }
            }
            // the item's page has all that the package knows of them
            RegisterKind::Agreements | RegisterKind::AlternativeMeasures => {}
        }
        Ok(())
    }

    fn day(&self) -> (u16, u8, u8) {
        let day = crate::clock::parse(&self.effective().dossier.as_of).unwrap_or_default();
        (day.year().clamp(1900, 9999) as u16, day.month() as u8, day.day() as u8)
    }
}

/// What an item has so far.
struct Written {
    folder: String,
    files: Vec<ResponseFile>,
    seen: BTreeSet<String>,
}

/// Puts bytes into the bag, and notes them.
pub fn put(
    bag: &mut Payload,
    path: &str,
    bytes: &[u8],
    kind: &str,
    source: &str,
    as_of: &str,
) -> Result<ResponseFile, Error> {
    let fixity = bag.add(path, &mut &bytes[..])?;
    Ok(ResponseFile {
        path: path.into(),
        sha256: fixity.digest.to_string(),
        kind: kind.into(),
        source: source.into(),
        as_of: as_of.into(),
    })
}

fn noted(part: &PlannedPart) -> ResponsePart {
    ResponsePart {
        part: part.part.clone(),
        state: part.state,
        words: part.words.clone(),
        gaps: part.gaps.clone(),
        absent: part.absent.clone(),
    }
}

fn shown(part: &PlannedPart) -> ShownPart<'_> {
    ShownPart {
        title: &part.title,
        state: part.state,
        words: &part.words,
        facts: &part.facts,
        gaps: &part.gaps,
    }
}
