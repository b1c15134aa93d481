//! Reads the catalog: ours from the binary, a user's folder laid over it. Reports every problem at once, each with file, line
//! and column. It knows the files' shapes and how they refer to one another; it runs no SQL.

mod link;
mod parse;
mod reads;

pub use parse::{Clocks, Operations};

use std::collections::BTreeMap;
use std::path::Path;

use crate::diag::{Diagnostic, Problems};
use crate::model::catalog::{Catalog, ServiceList};
use crate::yaml::yaml;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// The version of our own catalog; part of every package.
pub const VERSION: &str = "2026.11";

/// Templates and fonts, for the renderers: path below `templates/` and bytes.
pub fn templates() -> &'static [(&'static str, &'static [u8])] {
    embedded::TEMPLATES
}

/// Loads our catalog, with the files of `folder` laid over it.
pub fn load(folder: Option<&Path>) -> Result<Catalog, Problems> {
    let mut files: BTreeMap<String, Vec<u8>> =
        embedded::CONTROLS.iter().map(|(path, bytes)| ((*path).to_string(), bytes.to_vec())).collect();
    let mut custom = false;
    if let Some(folder) = folder {
        let mut own = BTreeMap::new();
        read_folder(folder, "", &mut own).map_err(|problem| Problems(vec![problem]))?;
        custom = own.iter().any(|(path, bytes)| files.get(path) != Some(bytes));
        files.extend(own);
    }
    from_files(files, custom)
}

/// Builds a catalog from files (path below `controls/`, content); `verify --recompute` uses the packaged ones.
pub fn from_files(files: BTreeMap<String, Vec<u8>>, custom: bool) -> Result<Catalog, Problems> {
    let mut problems = Problems::default();
    let parts = parse::all(&files, &mut problems);
    link::link(parts, files, custom, problems)
}

/// The catalog with another list of eligible services in place of its own.
pub fn with_list(catalog: Catalog, list: &Path) -> Result<Catalog, Problems> {
    let name = list.display().to_string();
    let bytes = std::fs::read(list).map_err(|error| {
        let problem = Diagnostic::new("AFC-001", format!("cannot read the list: {error}")).file(name.clone());
        Problems(vec![problem.hint("lay it out like the file in `controls/services/`")])
    })?;
    let parsed: ServiceList = yaml(&name, &bytes).map_err(|problem| Problems(vec![problem]))?;
    let mut files = catalog.files;
    files.retain(|path, _| !path.starts_with("services/"));
    files.insert(format!("services/{}.yaml", parsed.list_date), bytes);
    from_files(files, true)
}

fn read_folder(folder: &Path, inner: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Diagnostic> {
    let fault = |error: std::io::Error| {
        Diagnostic::new("AFC-001", format!("cannot read the catalog: {error}"))
            .file(folder.display().to_string())
            .hint("name a folder laid out like `controls/`")
    };
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let Some(name) = entry.file_name().to_str().map(str::to_string) else { continue };
        let inner = if inner.is_empty() { name } else { format!("{inner}/{name}") };
        let kind = entry.file_type().map_err(fault)?;
        if kind.is_dir() {
            read_folder(&entry.path(), &inner, files)?;
        } else if inner.ends_with(".yaml") {
            files.insert(inner, std::fs::read(entry.path()).map_err(fault)?);
        }
    }
    Ok(())
}
