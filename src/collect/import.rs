//! Reads input paths into a run: what each file is, its bytes as they are, and a tally of what was seen in
//! it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::elsewhere;
use super::error::CollectError;
use super::history_files::{history_path, is_history, tally_history};
use super::seen::{FOLLOWED, LostEvidence, Seen, tally_answer, tally_items};
use crate::clock::{Clock, stamp};
use crate::diag::Diagnostic;
use crate::evidence::api_answer::MAX_ANSWER;
use crate::evidence::config_item;
use crate::evidence::never_store;
use crate::evidence::stand_in::Call;
use crate::model::catalog::Catalog;
use crate::model::registry::Operation;
use crate::model::run::{Source, State};
use crate::store::run::Writer;
use crate::store::{given, portable_name};

/// What a file is, told from its place and name.
enum Kind {
    Items,
    Answer(SavedAnswer),
    Document(String),
    Other,
}

/// What the path of a saved answer says of it.
struct SavedAnswer {
    account: String,
    region: String,
    service: String,
    operation: String,
    key: String,
    page: u32,
}

/// What the script of `affiant policy --script` writes down beside the answers, for the person who runs it.
const SCRIPT_LOG: &str = "collect.log";

/// Imports a file or a folder with everything below it, in name order.
pub fn path(
    input: &Path,
    writer: &mut Writer,
    seen: &mut Seen,
    clock: &Clock,
    catalog: &Catalog,
) -> Result<(), CollectError> {
    let fault = |source| CollectError::Read { path: input.to_path_buf(), source };
    let kind = fs::metadata(input).map_err(|error| missing(input, error))?;
    if !kind.is_dir() {
        return file(input, &classify_alone(input), writer, seen, clock, catalog);
    }
    if input.join("data/run.json").is_file() {
        return Err(CollectError::Input(Box::new(
            Diagnostic::new("AFE-003", "this folder is a run already")
                .file(input.display().to_string())
                .hint("use `affiant assess RUN`"),
        )));
    }
    let mut files = Vec::new();
    walk(input, &mut Vec::new(), &mut files).map_err(fault)?;
    files.sort();
    for parts in files {
        let full = parts.iter().fold(input.to_path_buf(), |path, part| path.join(part));
        match classify(&parts) {
            Kind::Other if parts.last().is_some_and(|name| name == SCRIPT_LOG) => {}
            Kind::Other => seen.skipped.push(parts.join("/")),
            kind => file(&full, &kind, writer, seen, clock, catalog)?,
        }
    }
    Ok(())
}

/// Imports a document of the workspace under its own name.
pub fn document(
    input: &Path,
    name: &str,
    writer: &mut Writer,
    seen: &mut Seen,
    clock: &Clock,
    catalog: &Catalog,
) -> Result<(), CollectError> {
    file(input, &Kind::Document(name.to_string()), writer, seen, clock, catalog)
}

fn missing(input: &Path, error: std::io::Error) -> CollectError {
    CollectError::Input(Box::new(
        Diagnostic::new(
            "AFE-001",
            match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
                _ => format!("cannot read: {error}"),
            },
        )
        .file(input.display().to_string())
        .hint("name a snapshot file (.json, .json.gz) or a folder of them"),
    ))
}

fn walk(folder: &Path, parts: &mut Vec<String>, files: &mut Vec<Vec<String>>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        parts.push(entry.file_name().to_string_lossy().into_owned());
        if kind.is_dir() {
            walk(&entry.path(), parts, files)?;
        } else if kind.is_file() {
            files.push(parts.clone());
        }
        parts.pop();
    }
    Ok(())
}

fn classify_alone(input: &Path) -> Kind {
    match input.file_name().and_then(|n| n.to_str()) {
        Some(name) if is_document(name) => Kind::Document(name.to_string()),
        _ => Kind::Items,
    }
}

fn is_document(name: &str) -> bool {
    [".md", ".txt", ".pdf", ".docx", ".xlsx"].iter().any(|end| name.to_ascii_lowercase().ends_with(end))
}

fn classify(parts: &[String]) -> Kind {
    let name = parts.last().map(String::as_str).unwrap_or_default();
    if let Some(at) = parts.iter().position(|p| p == "documents") {
        return Kind::Document(parts[at + 1..].join("/"));
    }
    let below_aws = parts.iter().position(|p| p == "aws").and_then(|at| answer_kind(&parts[at + 1..]));
    if let Some(kind) = below_aws {
        return kind;
    }
    if [".json", ".json.gz", ".jsonl", ".ndjson", ".ndjson.gz"].iter().any(|end| name.ends_with(end)) {
        return Kind::Items;
    }
    Kind::Other
}

/// `<account>/<region>/<service>/<Operation>.json` or `…/<Operation>/<key>.json`; further pages are
/// `…/<Operation>/<key>~00002.json`.
fn answer_kind(parts: &[String]) -> Option<Kind> {
    let plain = |name: &str| {
        let stem = name.strip_suffix(".json").or_else(|| name.strip_suffix(".csv"))?;
        let (stem, page) = paged(stem);
        Some((percent_decode_str(stem).decode_utf8_lossy().into_owned(), page))
    };
    let (operation, key, page) = match parts {
        [_, _, _, file] => (plain(file)?.0, String::new(), 1),
        [_, _, _, operation, file] => plain(file).map(|(key, page)| (operation.clone(), key, page))?,
        _ => return None,
    };
    let [account, region, service, ..] = parts else { return None };
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let (account, region, service) = (account.clone(), region.clone(), service.clone());
    digits.then_some(Kind::Answer(SavedAnswer { account, region, service, operation, key, page }))
}

/// The key and the number of the page in a file's name.
fn paged(stem: &str) -> (&str, u32) {
    let number = |digits: &str| {
        Some(digits).filter(|d| d.len() == 5).and_then(|d| d.parse().ok()).filter(|page| *page > 1)
    };
    stem.rsplit_once('~').and_then(|(key, digits)| Some((key, number(digits)?))).unwrap_or((stem, 1))
}

/// Where the page after this one would lie.
fn next_page(full: &Path, key: &str, page: u32) -> Option<std::path::PathBuf> {
    let name = full.file_name()?.to_str()?;
    let stem = name.strip_suffix(".json")?;
    let next = format!("~{:05}.json", page + 1);
    Some(match (key.is_empty(), page) {
        (true, 1) => full.with_extension("").join(next),
        _ => full.with_file_name(format!("{}{next}", paged(stem).0)),
    })
}

fn file(
    full: &Path,
    kind: &Kind,
    writer: &mut Writer,
    seen: &mut Seen,
    clock: &Clock,
    catalog: &Catalog,
) -> Result<(), CollectError> {
    let name = full.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut input = match given::open(full) {
        Ok(input) => input,
        Err(error) => {
            seen.faults.push(LostEvidence {
                account: String::new(),
                region: String::new(),
                source: "*".into(),
                file: name,
                what: error.to_string(),
                state: State::Unreadable,
            });
            return Ok(());
        }
    };
    let at = stamp(clock.now());
    match kind {
        Kind::Items => items(full, name, &mut input, &at, writer, seen),
        Kind::Answer(saved) => answer(full, saved, input, &at, writer, seen, catalog),
        Kind::Document(inner) => {
            let wanted: Vec<String> = inner.split('/').map(portable_name).collect();
            writer.add(
                &format!("documents/{}", wanted.join("/")),
                &mut input,
                &at,
                Source::Document { file: inner.clone() },
            )?;
            Ok(())
        }
        Kind::Other => Ok(()),
    }
}

/// A file of configuration items, or of their history.
fn items(
    full: &Path,
    name: String,
    input: &mut File,
    at: &str,
    writer: &mut Writer,
    seen: &mut Seen,
) -> Result<(), CollectError> {
    let history = is_history(&name);
    let wanted = if history { history_path(&name) } else { format!("snapshots/{}", portable_name(&name)) };
    let resource_type = config_item::type_in_path(&full.to_string_lossy());
    let source = Source::Snapshot {
        file: name.clone(),
        resource_type: resource_type.clone(),
        history,
        custody: BTreeMap::new(),
    };
    let stored = writer.add(&wanted, input, at, source)?.path;
    match history {
        true => tally_history(writer, &stored, &name, seen),
        false => tally_items(writer, &stored, &name, resource_type.as_deref(), seen, &mut |_, _| {}),
    }
    Ok(())
}

/// A saved answer of an API, without the members that must never be stored.
fn answer(
    full: &Path,
    saved: &SavedAnswer,
    mut input: File,
    at: &str,
    writer: &mut Writer,
    seen: &mut Seen,
    catalog: &Catalog,
) -> Result<(), CollectError> {
    let SavedAnswer { account, region, service, operation, key, page } = saved;
    let end = if full.extension().is_some_and(|end| end == "csv") { "csv" } else { "json" };
    let nth = if *page > 1 { format!("~{page:05}") } else { String::new() };
    let leaf = match key.is_empty() && *page == 1 {
        true => format!("{operation}.{end}"),
        false => format!(
            "{operation}/{}{nth}.{end}",
            if key.is_empty() { String::new() } else { portable_name(key) }
        ),
    };
    let wanted =
        format!("aws/{}/{}/{}/{leaf}", portable_name(account), portable_name(region), portable_name(service));
    let mut custody = BTreeMap::from([(
        "imported-from".to_string(),
        "a saved answer; the request was not made by this program".to_string(),
    )]);
    if let Some(next) = next_page(full, key, *page).filter(|next| next.is_file()) {
        custody
            .extend(next.file_name().map(|name| (FOLLOWED.to_string(), name.to_string_lossy().into_owned())));
    }
    let known = catalog.operations.get(&format!("{service}:{operation}"));
    let bytes = without(&mut input, known, &mut custody)
        .map_err(|source| CollectError::Read { path: full.to_path_buf(), source })?;
    let source = Source::Response {
        account: account.clone(),
        region: region.clone(),
        service: service.clone(),
        operation: operation.clone(),
        key: key.clone(),
        custody,
    };
    let stored = writer.add(&wanted, &mut bytes.as_slice().chain(input), at, source)?;
    let read = tally_answer(writer, &stored, catalog, seen);
    let call = Call { account, region, key };
    seen.faults.extend(elsewhere::faults(
        catalog,
        &format!("{service}:{operation}"),
        call,
        &read,
        &stored.path,
    ));
    Ok(())
}

/// The start of a saved answer, up to the longest that is looked into, without the members that must never be
/// stored; where some were dropped, the digest of what was there goes into the custody record.
fn without(
    input: &mut File,
    operation: Option<&Operation>,
    custody: &mut BTreeMap<String, String>,
) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if operation.is_none_or(|o| o.never_store.is_empty()) {
        return Ok(bytes);
    }
    input.take(MAX_ANSWER).read_to_end(&mut bytes)?;
    Ok(never_store::noted(&bytes, operation, custody))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_an_answer_follow_one_another_by_their_names() {
        assert_eq!((paged("a~00002"), paged("~00003")), (("a", 2), ("", 3)));
        assert_eq!((paged("a~1"), paged("a%7E00002")), (("a~1", 1), ("a%7E00002", 1)));
        let next = |path: &str, key: &str, page| next_page(Path::new(path), key, page);
        assert_eq!(next("x/List.json", "", 1), Some("x/List/~00002.json".into()));
        assert_eq!(next("x/List/~00002.json", "", 2), Some("x/List/~00003.json".into()));
        assert_eq!(next("x/Get/a%2Fb.json", "a/b", 1), Some("x/Get/a%2Fb~00002.json".into()));
        assert_eq!(next("x/Get.csv", "", 1), None);
    }
}
