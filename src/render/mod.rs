//! Renders the dossier. A renderer sees the dossier and nothing else, so that all outputs hold the same
//! numbers; the same dossier gives the same bytes on every machine.

pub mod answer_report;
pub mod answers;
pub mod corroboration_pages;
pub mod csv;
mod engine;
mod escape;
pub mod figures;
pub mod handed;
pub mod html;
pub mod ics;
pub mod machine;
#[cfg(feature = "pdf")]
pub mod pdf;
pub mod population_sheets;
pub mod response_pages;
pub mod review_sheets;
pub mod risk_sheets;
mod words;
pub mod workpaper_sheets;
pub mod xlsx;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::model::digest::{Digest, Hasher};

/// Templates by path below `templates/`: ours, or a user's laid over them one by one.
#[derive(Debug, Clone)]
pub struct Templates(BTreeMap<String, Vec<u8>>);

#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("template `{name}`: {what}")]
    Template { name: String, what: String },
    #[error("the workbook: {0}")]
    Workbook(String),
    #[error("the PDF: {0}")]
    Pdf(String),
    #[error("reading templates: {0}")]
    Io(#[from] std::io::Error),
}

impl Templates {
    pub fn new(own: &[(&str, &[u8])]) -> Templates {
        Templates(own.iter().map(|(path, bytes)| ((*path).to_string(), bytes.to_vec())).collect())
    }

    /// How many of ours a user's folder replaces.
    pub fn in_folder(&self, folder: &Path) -> usize {
        self.0.keys().filter(|name| folder.join(name).is_file()).count()
    }

    /// The name of one of ours, below its folder.
    pub fn example(&self) -> &str {
        self.0.keys().find(|name| name.ends_with(".html.jinja")).map_or("", String::as_str)
    }

    /// Lays the files of a user's folder over ours; only names that we have count, so a stray file cannot
    /// slip in.
    pub fn overlay(mut self, folder: &Path) -> std::io::Result<Templates> {
        for (name, bytes) in &mut self.0 {
            let path = name.split('/').fold(folder.to_path_buf(), |p, part| p.join(part));
            if path.is_file() {
                *bytes = std::fs::read(path)?;
            }
        }
        Ok(self)
    }

    /// SHA-256 over name, length and content of every template, in name order.
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        for (name, bytes) in &self.0 {
            hasher.write_all(format!("{name}\0{}\0", bytes.len()).as_bytes()).expect("hashing cannot fail");
            hasher.write_all(bytes).expect("hashing cannot fail");
        }
        hasher.finish().digest
    }

    fn bytes(&self, name: &str) -> Result<&[u8], RenderError> {
        self.0.get(name).map(Vec::as_slice).ok_or_else(|| RenderError::Template {
            name: name.into(),
            what: "there is no such template".into(),
        })
    }

    fn text(&self, name: &str) -> Result<&str, RenderError> {
        std::str::from_utf8(self.bytes(name)?)
            .map_err(|e| RenderError::Template { name: name.into(), what: e.to_string() })
    }

    fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(folder))
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }
}
