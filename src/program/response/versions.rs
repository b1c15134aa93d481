//! Documents over time: which bytes stood under a name in which package, and so which version was in effect
//! on a day.

use std::collections::BTreeMap;

use crate::model::dossier::Dossier;

/// The bytes of a document, from the first package that has them to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentVersion {
    /// Below the run: `documents/risk-analysis-2026.md`.
    pub path: String,
    pub sha256: String,
    /// The exhibit in the package that it is taken from.
    pub exhibit: String,
    /// The newest package that has these bytes.
    pub package: String,
    /// The days for which the first and the last package with these bytes speak.
    pub since: String,
    pub last: String,
    /// Whether the package in effect has it.
    pub in_effect: bool,
}

/// Versions by path, the oldest first.
pub type DocumentHistory = BTreeMap<String, Vec<DocumentVersion>>;

/// `packages` are ids with dossiers, the oldest first; the last is the one in effect.
pub fn history(packages: &[(&str, &Dossier)]) -> DocumentHistory {
    let mut all = DocumentHistory::new();
    for (at, (id, dossier)) in packages.iter().enumerate() {
        let day = dossier.as_of.get(..10).unwrap_or_default().to_string();
        for exhibit in dossier.evidence.iter().filter(|e| e.path.starts_with("documents/")) {
            let versions = all.entry(exhibit.path.clone()).or_default();
            let in_effect = at + 1 == packages.len();
            match versions.last_mut().filter(|last| last.sha256 == exhibit.sha256) {
                Some(last) => {
                    last.package = (*id).to_string();
                    last.exhibit.clone_from(&exhibit.id);
                    last.last.clone_from(&day);
                    last.in_effect = in_effect;
                }
                None => versions.push(DocumentVersion {
                    path: exhibit.path.clone(),
                    sha256: exhibit.sha256.clone(),
                    exhibit: exhibit.id.clone(),
                    package: (*id).to_string(),
                    since: day.clone(),
                    last: day.clone(),
                    in_effect,
                }),
            }
        }
    }
    all
}

impl DocumentVersion {
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn words(&self) -> String {
        let state = if self.in_effect { "in effect" } else { "an earlier version" };
        let span = if self.since == self.last {
            format!("in the package of {}", self.since)
        } else {
            format!("in packages from {} to {}", self.since, self.last)
        };
        format!("{}: {state}, {span}; sha256 {}", self.name(), self.sha256)
    }
}
