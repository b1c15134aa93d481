//! Reads the catalog: ours from the binary, a user's folder laid over it. Reports every problem at once, each
//! with file, line and column. It knows the files' shapes and how they refer to one another; it runs no SQL.

mod below;
mod link;
mod parse;
mod reads;

pub use below::{checks_by_source, closure};
pub use link::{LATE, WORKED_OUT};
pub use parse::{Clocks, Operations};

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::diag::{Diagnostic, Problems, near};
use crate::model::catalog::{Catalog, ServiceList};
use crate::model::digest::Digest;
use crate::yaml::{Document, yaml};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

    /// A file of our own catalog as JSON, if these are its bytes.
    pub fn compact(path: &str, bytes: &[u8]) -> Option<&'static str> {
        static KNOWN: std::sync::LazyLock<std::collections::BTreeMap<&str, (&[u8], &str)>> =
            std::sync::LazyLock::new(|| {
                let files: std::collections::BTreeMap<&str, &[u8]> = CONTROLS.iter().copied().collect();
                let of = |(path, from, to): &(&'static str, usize, usize)| {
                    Some((*path, (*files.get(path)?, COMPACT.get(*from..*to)?)))
                };
                PARTS.iter().filter_map(of).collect()
            });
        KNOWN.get(path).filter(|(own, _)| *own == bytes).map(|(_, json)| *json)
    }
}

/// The version of our own catalog; part of every package.
pub const VERSION: &str = "2026.11";

/// Templates and fonts, for the renderers: path below `templates/` and bytes.
pub fn templates() -> &'static [(&'static str, &'static [u8])] {
    embedded::TEMPLATES
}

/// Our own questions of a buyer: path below `questions/` and bytes.
pub fn questions() -> &'static [(&'static str, &'static [u8])] {
    embedded::QUESTIONS
}

/// Which rules of other programs ask what a check of ours asks, a file for each program.
pub fn foreign() -> &'static [(&'static str, &'static [u8])] {
    embedded::FOREIGN
}

/// The folders of a catalog.
const PARTS: [&str; 7] = ["technical", "checks", "tables", "kinds", "hipaa", "services", "operations"];

/// The files of our own catalog: path below `controls/` and bytes.
pub fn own_files() -> &'static [(&'static str, &'static [u8])] {
    embedded::CONTROLS
}

/// The digest of our own catalog.
pub fn own_digest() -> Digest {
    link::digest(
        &embedded::CONTROLS.iter().map(|(path, bytes)| ((*path).to_string(), bytes.to_vec())).collect(),
    )
}

/// Loads our catalog, with the files of `folder` laid over it.
pub fn load(folder: Option<&Path>) -> Result<Catalog, Problems> {
    let mut files: BTreeMap<String, Vec<u8>> =
        embedded::CONTROLS.iter().map(|(path, bytes)| ((*path).to_string(), bytes.to_vec())).collect();
    let Some(folder) = folder else { return from_files(files, false) };
    is_catalog(folder).map_err(|problem| Problems(vec![problem]))?;
    let (mut own, mut problems) = (BTreeMap::new(), Problems::default());
    read_folder(folder, "", &mut own, &mut problems).map_err(|problem| Problems(vec![problem]))?;
    let custom = own.iter().any(|(path, bytes)| files.get(path) != Some(bytes));
    let names: Vec<String> = own.keys().cloned().collect();
    files.extend(own);
    let loaded = from_files(files, custom);
    let (catalog, found) = match loaded {
        Ok(catalog) => (Some(catalog), Problems::default()),
        Err(found) => (None, found),
    };
    // a file of the folder is told by the name under which people find it
    problems.extend(found.0.into_iter().map(|problem| {
        match problem.file.clone().filter(|file| names.contains(file)) {
            Some(file) => problem.file(folder.join(file).display().to_string()),
            None => problem,
        }
    }));
    match catalog {
        Some(catalog) if problems.is_empty() => Ok(catalog),
        _ => Err(problems),
    }
}

/// Builds a catalog from files (path below `controls/`, content); `verify --recompute` uses the packaged
/// ones.
pub fn from_files(files: BTreeMap<String, Vec<u8>>, custom: bool) -> Result<Catalog, Problems> {
    let mut problems = Problems::default();
    let parts = parse::all(&files, &mut problems);
    let broken: BTreeSet<String> = problems.0.iter().filter_map(|problem| problem.file.clone()).collect();
    link::link(parts, files, custom, &broken, problems)
}

/// The catalog with another list of eligible services in place of its own.
pub fn with_list(catalog: Catalog, list: &Path) -> Result<Catalog, Problems> {
    let name = list.display().to_string();
    let problem = |what: String| {
        let problem = Diagnostic::new("AFC-001", what).file(name.clone());
        Problems(vec![problem.hint("lay it out like the file in `controls/services/`")])
    };
    if std::fs::metadata(list).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        return Err(problem("this is a pipe, a socket or a device, and should be a file".to_string()));
    }
    let bytes = std::fs::read(list).map_err(|error| problem(format!("cannot read the list: {error}")))?;
    let parsed: ServiceList = yaml(&name, &bytes).map_err(Problems)?;
    let mut files = catalog.files;
    files.retain(|path, _| !path.starts_with("services/"));
    files.insert(format!("services/{}.yaml", parsed.list_date), bytes);
    from_files(files, true)
}

/// Refuses what is no catalog, and says what it is.
fn is_catalog(folder: &Path) -> Result<(), Diagnostic> {
    let problem = |message: String| Diagnostic::new("AFC-001", message);
    let layout = format!(
        "name a folder laid out like `controls/`, with one or more of {}",
        PARTS.map(|p| format!("{p}/")).join(", ")
    );
    if !folder.is_dir() {
        let what = if folder.exists() { "is a file, and a catalog is a folder" } else { "does not exist" };
        return Err(problem(format!("the catalog `{}` {what}", folder.display())).hint(layout));
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|error| problem(format!("cannot read `{}`: {error}", folder.display())))?;
    let names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    if names.iter().any(|name| PARTS.contains(&name.as_str())) {
        return Ok(());
    }
    let inner = names.iter().find(|name| PARTS.iter().any(|part| folder.join(name).join(part).is_dir()));
    let near = names.iter().find_map(|name| {
        Some((name, near::nearest(name, PARTS)?)).filter(|(name, _)| folder.join(name).is_dir())
    });
    let hint = match (inner, near) {
        (Some(inner), _) => format!("did you mean `{}`?", folder.join(inner).display()),
        (None, Some((name, part))) => format!("did you mean to call its folder `{name}` `{part}`?"),
        (None, None) => layout,
    };
    Err(problem(format!("`{}` holds no part of a catalog", folder.display())).hint(hint))
}

fn read_folder(
    folder: &Path,
    inner: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
    problems: &mut Problems,
) -> Result<(), Diagnostic> {
    let fault = |error: std::io::Error| {
        Diagnostic::new("AFC-001", format!("cannot read the catalog: {error}"))
            .file(folder.display().to_string())
            .hint("let your user read it")
    };
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let Some(name) = entry.file_name().to_str().map(str::to_string) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inner = if inner.is_empty() { name.clone() } else { format!("{inner}/{name}") };
        let kind = entry.file_type().map_err(fault)?;
        if kind.is_dir() {
            read_folder(&entry.path(), &inner, files, problems)?;
        } else if inner.ends_with(".yaml") {
            files.insert(inner, std::fs::read(entry.path()).map_err(fault)?);
        } else if inner.ends_with(".yml") {
            let problem =
                Diagnostic::new("AFC-016", "this file is not read: a catalog's files end in `.yaml`");
            let hint = format!("rename it to `{}yaml`", inner.trim_end_matches("yml"));
            problems.push(problem.file(entry.path().display().to_string()).hint(hint));
        }
    }
    Ok(())
}

/// A problem at the value of a path (`checks/3`) of a file of the catalog.
fn mark(files: &BTreeMap<String, Vec<u8>>, file: &str, path: &str, problem: Diagnostic) -> Diagnostic {
    match files.get(file).map(|bytes| Document::read(file, bytes)) {
        Some(Ok((document, _))) => document.mark(problem, path),
        Some(Err(_)) | None => problem.file(file),
    }
}
