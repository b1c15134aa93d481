//! The user's folder: `affiant.yaml` and `program/`. Reads what people decided and reports every problem at
//! once. It knows no evidence and no verdicts.

mod aws;
mod check;
pub mod register;
#[cfg(test)]
mod register_text;
pub mod statements;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::diag::{Diagnostic, Gravity, Problems, near};
use crate::model::decisions::{Decisions, Plan};
use crate::yaml::{self, Document, Strictness, schema_of};
use check::Checker;
pub use check::{named, same_person};

/// A workspace: its root, its decisions, and the bytes they came from (path below the root).
#[derive(Debug, Clone)]
pub struct Workspace {
    pub root: PathBuf,
    pub decisions: Decisions,
    pub files: BTreeMap<String, Vec<u8>>,
    /// The same files with the places of what stands in them.
    pub documents: BTreeMap<String, Document>,
    /// What stops no reading: placeholders that are left, files that nobody reads.
    pub notes: Vec<Diagnostic>,
}

/// The files that hold decisions, in the order they are read.
pub const FILES: [&str; 10] = [
    "affiant.yaml",
    "program/exceptions.yaml",
    "program/attestations.yaml",
    "program/alternatives.yaml",
    "program/risks.yaml",
    "program/incident-response.yaml",
    "program/clearances.yaml",
    "program/artifact-terms.yaml",
    "program/agreements.yaml",
    "program/records.yaml",
];

impl Workspace {
    pub fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    pub fn packages(&self) -> PathBuf {
        self.root.join("packages")
    }

    /// Private things of this machine: keys and derived runs. Git-ignored.
    pub fn private(&self) -> PathBuf {
        self.root.join(".affiant")
    }

    /// A problem at the value of a path (`exceptions/1/check`) of one of its files.
    pub fn mark(&self, file: &str, path: &str, problem: Diagnostic) -> Diagnostic {
        match self.documents.get(file) {
            Some(document) => document.mark(problem, path),
            None => problem.file(file),
        }
    }

    /// A problem at the key of a path.
    pub fn mark_key(&self, file: &str, path: &str, problem: Diagnostic) -> Diagnostic {
        match self.documents.get(file) {
            Some(document) => document.mark_key(problem, path),
            None => problem.file(file),
        }
    }
}

/// The nearest folder at or above `start` with an `affiant.yaml`, else `start` itself.
pub fn find(start: &Path) -> PathBuf {
    start.ancestors().find(|dir| dir.join(FILES[0]).is_file()).unwrap_or(start).to_path_buf()
}

/// Refuses a folder that is no workspace, and says what is there instead.
pub fn require(root: &Path) -> Result<(), Diagnostic> {
    // a link that leads nowhere is told when it is read
    if root.join(FILES[0]).exists() || root.join(FILES[0]).is_symlink() {
        return Ok(());
    }
    let problem = |code, message: String, hint: String| Err(Diagnostic::new(code, message).hint(hint));
    if !root.exists() {
        return problem(
            "AFW-060",
            format!("there is no folder `{}`", root.display()),
            "name the folder that holds affiant.yaml".into(),
        );
    }
    if root.is_file() {
        return problem(
            "AFW-060",
            format!("`{}` is a file, and a workspace is a folder", root.display()),
            "name the folder that holds affiant.yaml".into(),
        );
    }
    let names = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned());
    let near = names.filter(|name| name.to_lowercase().starts_with("affiant.") && name != FILES[0]).min();
    match near {
        Some(name) => problem(
            "AFW-061",
            format!("`{}` has a file `{name}`, and no `affiant.yaml`", root.display()),
            format!("rename it: `mv {name} affiant.yaml`"),
        ),
        None => problem(
            "AFW-060",
            format!(
                "`{}` is no workspace, and neither is a folder above it: there is no `affiant.yaml`",
                root.display()
            ),
            "go to your workspace, name it with `--workspace DIR`, or make one with `affiant init DIR`"
                .into(),
        ),
    }
}

/// Opens the workspace at `root`. Missing files are empty decisions; wrong ones are problems.
pub fn open(root: &Path) -> Result<Workspace, Problems> {
    let mut files = BTreeMap::new();
    let mut found = Vec::new();
    for name in FILES {
        let path = root.join(name);
        if let Some(what) = unfit(&path) {
            let problem = Diagnostic::new("AFW-001", format!("this is {what}, and should be a file of YAML"));
            found.push(
                problem.file(name).hint("move it away; `affiant init` in another folder writes a starter"),
            );
            continue;
        }
        match std::fs::read(&path) {
            Ok(bytes) => {
                files.insert(name.to_string(), bytes);
            }
            Err(_) if path.is_symlink() && !path.exists() => {
                let to = std::fs::read_link(&path).unwrap_or_default();
                let problem = Diagnostic::new(
                    "AFW-001",
                    format!("this link leads to `{}`, and nothing is there", to.display()),
                );
                found.push(problem.file(name).hint("put the file there, or remove the link"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => in_the_way(name, &mut found),
            Err(_) if path.is_dir() => {
                found.push(
                    Diagnostic::new("AFW-001", "this is a folder, and should be a file")
                        .file(name)
                        .hint("move the folder away"),
                );
            }
            Err(error) => {
                found.push(
                    Diagnostic::new("AFW-001", format!("cannot read: {error}"))
                        .file(name)
                        .hint("let your user read it"),
                );
            }
        }
    }
    found.extend(strangers(root));
    let mut documents = BTreeMap::new();
    let decisions = parse(&files, &mut documents, &mut found);
    match found.iter().any(|problem| problem.level == Gravity::Error) {
        true => Err(Problems(found)),
        false => Ok(Workspace { root: root.to_path_buf(), decisions, files, documents, notes: found }),
    }
}

/// What cannot be read to its end, or is no text of people: a pipe waits for a writer, a device never ends.
fn unfit(path: &Path) -> Option<&'static str> {
    let about = std::fs::metadata(path).ok()?;
    match (about.is_file(), about.is_dir()) {
        (true, _) if about.len() > MOST_BYTES => Some("a file of more than 16 MiB"),
        (true, _) | (_, true) => None,
        (false, false) => Some("a pipe, a socket or a device"),
    }
}

/// What people write by hand is far smaller.
const MOST_BYTES: u64 = 16 << 20;

/// A file where the folder of decisions should be: told once, not for each of its files.
fn in_the_way(name: &str, found: &mut Vec<Diagnostic>) {
    let folder = name.rsplit_once('/').map_or(name, |(folder, _)| folder);
    if !found.iter().any(|problem| problem.file.as_deref() == Some(folder)) {
        let problem =
            Diagnostic::new("AFW-001", "this is a file, and should be the folder of what people decided")
                .file(folder);
        found.push(
            problem
                .hint("move the file away; `affiant init` in another folder writes a starter of the folder"),
        );
    }
}

/// Reads decisions from files, as they were packaged: what they must say beyond their form was asked when
/// they were sealed.
pub fn decisions(files: &BTreeMap<String, Vec<u8>>) -> Result<Decisions, Problems> {
    let mut problems = Problems::default();
    let decisions = Decisions {
        workspace: packaged(files, FILES[0], &mut problems).unwrap_or_default(),
        exceptions: packaged(files, FILES[1], &mut problems).unwrap_or_default(),
        attestations: packaged(files, FILES[2], &mut problems).unwrap_or_default(),
        alternatives: packaged(files, FILES[3], &mut problems).unwrap_or_default(),
        risks: packaged(files, FILES[4], &mut problems).unwrap_or_default(),
        incident: packaged::<Plan>(files, FILES[5], &mut problems),
        clearances: packaged(files, FILES[6], &mut problems).unwrap_or_default(),
        terms: packaged(files, FILES[7], &mut problems).unwrap_or_default(),
        agreements: packaged(files, FILES[8], &mut problems).unwrap_or_default(),
        records: packaged(files, FILES[9], &mut problems).unwrap_or_default(),
    };
    problems.or(decisions)
}

fn packaged<T: DeserializeOwned + JsonSchema>(
    files: &BTreeMap<String, Vec<u8>>,
    name: &str,
    problems: &mut Problems,
) -> Option<T> {
    match yaml::yaml(name, files.get(name)?) {
        Ok(value) => Some(value),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

/// Files that nobody reads, because their names are not those of ours.
fn strangers(root: &Path) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if root.join("affiant.yml").exists() {
        let problem = Diagnostic::new("AFW-061", "this file is not read").file("affiant.yml");
        found
            .push(problem.hint(
                "what counts is `affiant.yaml`; move over what is missing there, and remove this file",
            ));
    }
    found.extend(FOLDERS.iter().filter_map(|folder| misnamed(root, folder)));
    let mut names: Vec<String> = std::fs::read_dir(root.join("program"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| format!("program/{}", entry.file_name().to_string_lossy()))
        .filter(|name| !FILES.contains(&name.as_str()) && !name.starts_with("program/."))
        .collect();
    names.sort();
    let known = || FILES[1..].iter().copied();
    for name in names {
        let data = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
        let level = if data { Gravity::Error } else { Gravity::Warning };
        let list = format!(
            "the files of program/ are: {}",
            known().map(|n| &n["program/".len()..]).collect::<Vec<_>>().join(", ")
        );
        let stem = |name: &'static str| name.trim_start_matches("program/").trim_end_matches(".yaml");
        let typed = name.trim_start_matches("program/").split('.').next().unwrap_or_default();
        let hint = match near::nearest(typed, known().map(stem)).filter(|_| data) {
            Some(near) => format!("did you mean `program/{near}.yaml`? Rename it"),
            None if data => format!("{list}; keep other files in documents/"),
            None => "nothing of it reaches a package; keep papers in documents/".to_string(),
        };
        found.push(
            Diagnostic::new("AFW-062", "nobody reads a file of this name").level(level).file(name).hint(hint),
        );
    }
    found
}

/// The folders that people fill.
const FOLDERS: [&str; 2] = ["program", "documents"];

/// A folder of nearly this name where the folder itself is missing: `Program`, `programme`, `document`.
fn misnamed(root: &Path, folder: &str) -> Option<Diagnostic> {
    if root.join(folder).exists() {
        return None;
    }
    let near = |name: &str| {
        let name = name.to_lowercase();
        name == folder || name.trim_end_matches('s') == folder.trim_end_matches('s')
    };
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten().filter(|e| e.path().is_dir());
    let name = entries.map(|e| e.file_name().to_string_lossy().into_owned()).filter(|n| near(n)).min()?;
    let level = if folder == "program" { Gravity::Error } else { Gravity::Warning };
    let problem =
        Diagnostic::new("AFW-062", "nobody reads a folder of this name").level(level).file(name.as_str());
    Some(problem.hint(format!("did you mean `{folder}`? Rename it: `mv {name} {folder}`")))
}

type Files = BTreeMap<String, Vec<u8>>;
type Documents = BTreeMap<String, Document>;

fn parse(files: &Files, documents: &mut Documents, found: &mut Vec<Diagnostic>) -> Decisions {
    let mut reader = Reader { files, documents, found, sound: Vec::new() };
    let decisions = Decisions {
        workspace: reader.section(FILES[0]).unwrap_or_default(),
        exceptions: reader.section(FILES[1]).unwrap_or_default(),
        attestations: reader.section(FILES[2]).unwrap_or_default(),
        alternatives: reader.section(FILES[3]).unwrap_or_default(),
        risks: reader.section(FILES[4]).unwrap_or_default(),
        incident: reader.section::<Plan>(FILES[5]),
        clearances: reader.section(FILES[6]).unwrap_or_default(),
        terms: reader.section(FILES[7]).unwrap_or_default(),
        agreements: reader.section(FILES[8]).unwrap_or_default(),
        records: reader.section(FILES[9]).unwrap_or_default(),
    };
    let sound = reader.sound;
    let mut beyond = Vec::new();
    Checker { documents, found: &mut beyond }.all(&decisions, &sound);
    // what the form already told is not told again in other words
    let formal: Vec<_> = found.iter().map(|problem| (problem.file.clone(), problem.place)).collect();
    beyond.retain(|problem| !formal.contains(&(problem.file.clone(), problem.place)));
    found.extend(beyond);
    found.sort_by_key(|p| (FILES.iter().position(|f| Some(*f) == p.file.as_deref()), p.place, p.code));
    decisions
}

struct Reader<'a> {
    files: &'a Files,
    documents: &'a mut Documents,
    found: &'a mut Vec<Diagnostic>,
    /// Files whose values can be asked further.
    sound: Vec<&'static str>,
}

impl Reader<'_> {
    fn section<T: DeserializeOwned + JsonSchema>(&mut self, name: &'static str) -> Option<T> {
        let bytes = self.files.get(name)?;
        let (document, twice) = match Document::read(name, bytes) {
            Ok(read) => read,
            Err(problem) => {
                self.found.push(problem);
                return None;
            }
        };
        if document.root.kind() == yaml::NodeKind::Null {
            let empty = Diagnostic::new("AFW-063", "the file is empty").file(name).at(1, 1);
            self.found.push(
                empty.hint("`affiant init` in another folder writes a starter of it; or remove the file"),
            );
            return None;
        }
        let before = self.found.len();
        self.found.extend(twice);
        self.found.extend(document.check(&schema_of::<T>(Strictness::Filled), Strictness::Filled));
        let told =
            self.found.len() > before && self.found[before..].iter().any(|p| p.level == Gravity::Error);
        let value = match yaml::value(&document) {
            Ok(value) => {
                self.sound.push(name);
                Some(value)
            }
            Err(_) if told => None,
            Err(problem) => {
                self.found.push(problem);
                None
            }
        };
        self.documents.insert(name.to_string(), document);
        value
    }
}
