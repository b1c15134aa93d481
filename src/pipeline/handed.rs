//! A package that somebody holds, read for handing on: verified first, and only then opened. What does not
//! verify is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use memchr::memmem;

use super::bag_files::{bytes, copy_out, read};
use super::record::{
    ASSESSMENT, CATALOG, DATABASE, DOSSIER, HTML, PDF, PackageRecord, RECORD, RISKS, csv_path,
};
use super::verify::Pins;
use super::{Error, contents};
use crate::diag::Diagnostic;
use crate::model::digest::Digest;
use crate::model::dossier::{Dossier, EvidenceRef};
use crate::redact;
use crate::render::machine::{Handed, MachineFile, TextPlace, ocsf, oscal, requests, sarif};
use crate::seal::Certificate;
use crate::seal::verify::{Bag, State, Verified};
use crate::store::BagPath;

/// The largest exhibit that is searched for where a resource stands in it.
const MAX_SEARCHED: u64 = 64 << 20;

/// A package whose integrity holds and whose seal nothing speaks against.
pub struct HeldPackage {
    pub record: PackageRecord,
    pub dossier: Dossier,
    /// Whether the sealer was among the pinned ones.
    pub pinned: bool,
    /// SHA-256 of the certificate that sealed.
    pub sealed_by: Option<Digest>,
    bag: Verified<Bag>,
    signer: Option<Certificate>,
}

/// Opens what verifies; `pins` with certificates refuse what none of them sealed.
pub fn open(path: &Path, pins: &Pins, now: DateTime<Utc>) -> Result<HeldPackage, Error> {
    let shown = path.display();
    let refused = |words: &str| {
        let problem = Diagnostic::new(
            "AFU-023",
            format!("`{shown}` does not verify, and nothing of it was read: {words}"),
        );
        Error::Changed(Box::new(problem.hint("see `affiant verify`")))
    };
    let mut checked = pins.check(path, now)?;
    if let Some(bag) = &checked.bag {
        contents::check(bag, &mut checked.report);
    }
    for answer in [&checked.report.integrity, &checked.report.authenticity] {
        if answer.state == State::Failed {
            return Err(refused(&answer.words));
        }
    }
    let pinned = checked.report.authenticity.state == State::Held;
    if !pins.trust.is_empty() && !pinned {
        return Err(refused(&checked.report.authenticity.words));
    }
    let sealed_by = checked.signer.as_ref().map(crate::seal::Certificate::fingerprint);
    let Some(bag) = checked.bag.filter(|_| checked.report.integrity.state == State::Held) else {
        return Err(refused(&checked.report.integrity.words));
    };
    let part = |what: &str| {
        Diagnostic::new("AFU-024", format!("`{shown}` holds no {what}"))
            .hint("name a package of Affiant, not a run")
    };
    let record: PackageRecord = read(&bag, RECORD)?.ok_or_else(|| part(RECORD))?;
    let dossier: Dossier = read(&bag, DOSSIER)?.ok_or_else(|| part(DOSSIER))?;
    Ok(HeldPackage { record, dossier, pinned, sealed_by, bag, signer: checked.signer })
}

impl HeldPackage {
    /// The package in machine formats, by the functions that make them.
    pub fn machine_files(&self, wanted: &[MachineFormat]) -> Result<Vec<MachineFile>, Error> {
        let handed = self.handed();
        let mut files = Vec::new();
        for format in wanted {
            match format {
                MachineFormat::Oscal => files.extend(oscal::files(&handed)),
                MachineFormat::Sarif => files.push(sarif::file(&handed)),
                MachineFormat::Ocsf => files.push(ocsf::file(&handed)),
                MachineFormat::Requests => {
                    let path = csv_path("result");
                    let rows = requests::rows(&bytes(&self.bag, &path)?)
                        .map_err(|error| Error::io("read", &path)(std::io::Error::other(error)))?;
                    files.extend(requests::files(&handed, &rows));
                }
            }
        }
        Ok(files)
    }

    fn handed(&self) -> Handed<'_> {
        let named = [RECORD, DOSSIER, ASSESSMENT, DATABASE, RISKS, HTML, PDF];
        let wanted = |path: &str| named.contains(&path) || path.starts_with(&format!("{CATALOG}technical/"));
        let entries = self.bag.entries().filter(|(path, _)| wanted(path.as_str()));
        Handed {
            dossier: &self.dossier,
            run: &self.record.run,
            manifest: self.bag.manifest_digest().to_string(),
            parts: entries.map(|(path, digest)| (path.to_string(), digest.to_string())).collect(),
            places: self.places(),
        }
    }

    /// Where each resource of a row stands in the exhibits behind the row. Exhibits that are packed have no
    /// lines.
    fn places(&self) -> BTreeMap<(String, String), TextPlace> {
        let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for check in self.dossier.controls.iter().flat_map(|c| &c.checks) {
            for row in check.rows.iter().filter(|row| !row.resource.is_empty()) {
                let exhibits = if row.evidence.is_empty() { &check.evidence } else { &row.evidence };
                for id in exhibits {
                    wanted.entry(id).or_default().insert(&row.resource);
                }
            }
        }
        let mut places = BTreeMap::new();
        for exhibit in self.dossier.evidence.iter().filter(|e| wanted.contains_key(e.id.as_str())) {
            let Some(text) = self.text(exhibit) else { continue };
            for resource in &wanted[exhibit.id.as_str()] {
                if let Some(place) = place(&text, resource) {
                    places.insert((exhibit.id.clone(), (*resource).to_string()), place);
                }
            }
        }
        places
    }

    fn text(&self, exhibit: &EvidenceRef) -> Option<String> {
        if exhibit.size > MAX_SEARCHED || exhibit.path.ends_with(".gz") {
            return None;
        }
        let path = BagPath::new(&format!("{}/data/{}", self.record.run, exhibit.path)).ok()?;
        String::from_utf8(self.bag.read(&path, MAX_SEARCHED).ok()?).ok()
    }

    /// Every part of the package beside the run, with its SHA-256.
    pub fn parts(&self) -> BTreeMap<String, String> {
        let beside = |path: &str| !path.starts_with(&format!("{}/", self.record.run));
        let entries = self.bag.entries().filter(|(path, _)| beside(path.as_str()));
        entries.map(|(path, digest)| (path.to_string(), digest.to_string())).collect()
    }

    pub fn bag(&self) -> &Verified<Bag> {
        &self.bag
    }

    /// Whose seal it is, whoever that is.
    pub fn signer(&self) -> Option<&Certificate> {
        self.signer.as_ref()
    }

    pub fn manifest(&self) -> String {
        self.bag.manifest_digest().to_string()
    }

    /// Copies one part to the disk; `false` if the package has none of that name.
    pub fn copy(&self, name: &str, target: &Path) -> Result<bool, Error> {
        if !self.bag.entries().any(|(path, _)| path.as_str() == name) {
            return Ok(false);
        }
        copy_out(&self.bag, name, target).map(|()| true)
    }

    /// Every part in which a sure rule finds a secret or PHI, as `package` looks before it seals; with the
    /// rule.
    pub fn search(&self) -> Result<Vec<(String, &'static str)>, Error> {
        let mut found = Vec::new();
        for (path, _) in self.bag.entries() {
            let own = path.as_str().starts_with(CATALOG) && !self.record.custom_catalog;
            if own || path.as_str() == PDF {
                continue;
            }
            let part = self.bag.open(path).map_err(Error::io("read", path.as_str()))?;
            // what cannot be unpacked to its end was searched as far as it goes
            if let Ok(Some(rule)) = redact::search_layer(part) {
                found.push((path.to_string(), rule));
            }
        }
        Ok(found)
    }
}

/// Which formats to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineFormat {
    Oscal,
    Sarif,
    Ocsf,
    Requests,
}

/// The first place where a whole resource is named: not as the beginning of a longer name.
fn place(text: &str, resource: &str) -> Option<TextPlace> {
    let longer = |at: usize| {
        let next = text[at + resource.len()..].chars().next();
        next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.' | ':'))
    };
    let start = memmem::find_iter(text.as_bytes(), resource.as_bytes()).find(|at| !longer(*at))?;
    let before = &text[..start];
    let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
    Some(TextPlace { line, column, end: column + resource.chars().count() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_of_the_whole_name() {
        let text = "{\n \"é\": \"arn:a:b-2\",\n \"ü\": \"arn:a:b\"\n}";
        assert_eq!(place(text, "arn:a:b"), Some(TextPlace { line: 3, column: 8, end: 15 }));
        assert_eq!(place(text, "arn:a:c"), None);
    }
}
