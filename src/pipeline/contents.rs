//! What a package says of itself, held against what is in it: each member of `data/package.json` that can be
//! told without deriving anything again, every file below `data/` and beside it, and the custody records of
//! the run.

use std::collections::BTreeSet;

use super::edition::{FORMAT as EDITION, check as check_edition};
use super::record::{self, FORMAT, HTML, PDF, PackageRecord, RECORD};
use super::response::check as check_response;
use crate::model::digest::Digest;
use crate::model::request::RESPONSE;
use crate::model::run::RunRecord;
use crate::seal::bag::{SIGNATURE_SUFFIX, is_own_tag};
use crate::seal::verify::{Bag, Code, Report, Verified};
use crate::store::BagPath;
use crate::store::manifest::{BagInfo, INFO, MANIFEST, clean};
use crate::store::run::{self, custody_problem};

const MAX_RECORD: u64 = 64 << 20;
const MAX_LIST: u64 = 1 << 30;
/// What is said of so many files at most; the rest is only counted.
const MAX_NAMED: usize = 20;

/// Adds to the report what does not fit.
pub fn check(bag: &Verified<Bag>, report: &mut Report) {
    for (code, subject, words) in problems(bag) {
        report.fail(code, &subject, &words);
    }
}

type Found = (Code, String, String);

fn problems(bag: &Verified<Bag>) -> Vec<Found> {
    let one = |code, subject: &str, words: String| vec![(code, subject.to_string(), words)];
    let Some(bytes) = payload(bag, RECORD) else { return runs_own(bag) };
    let value: serde_json::Value = match serde_json::from_slice(&bytes) {
        Ok(value) => value,
        Err(error) => return one(Code::Record, RECORD, error.to_string()),
    };
    match &value["format"] {
        serde_json::Value::String(format) if format == FORMAT => {}
        serde_json::Value::String(format) if format == EDITION => return check_edition(bag, value),
        serde_json::Value::String(format) if format == RESPONSE => return check_response(bag, value),
        serde_json::Value::Number(number) if number.as_u64() == Some(1) => {
            return before_names(bag, &value);
        }
        other => {
            let words = format!("its format is {other}; this version knows `{FORMAT}`");
            return one(Code::RecordFormat, RECORD, words);
        }
    }
    let record: PackageRecord = match serde_json::from_value(value) {
        Ok(record) => record,
        Err(error) => return one(Code::Record, RECORD, error.to_string()),
    };
    let mut found = the_run(bag, &record);
    if record.pdf != bag.entries().any(|(path, _)| path.as_str() == PDF) {
        let words = if record.pdf {
            "it says that a PDF is inside, and none is"
        } else {
            "it says that no PDF is inside, and one is"
        };
        found.push((Code::RecordPdf, RECORD.to_string(), words.to_string()));
    }
    if !bag.entries().any(|(path, _)| path.as_str() == format!("{HTML}{SIGNATURE_SUFFIX}")) {
        found.push((
            Code::HtmlSignature,
            HTML.to_string(),
            "its own signature, which this program makes, is not there".to_string(),
        ));
    }
    found.extend(foreign(bag, &record.run));
    found.extend(info(bag, &record));
    found
}

/// What was sealed before formats had names: its record has three members, and nothing can be derived from
/// it. Files of other kinds are as foreign in it as in any package.
fn before_names(bag: &Verified<Bag>, record: &serde_json::Value) -> Vec<Found> {
    let mut members = record.as_object().into_iter().flat_map(|members| members.keys());
    if let Some(other) = members.find(|name| !["format", "id", "organization"].contains(&name.as_str())) {
        let words = format!("a record of the format 1 has no member `{}`", clean(other));
        return vec![(Code::Record, RECORD.to_string(), words)];
    }
    let of_run = |path: &BagPath| {
        let name = path.as_str().strip_prefix("data/evidence/")?.split('/').next()?;
        Some(format!("data/evidence/{name}"))
    };
    let run = bag.entries().find_map(|(path, _)| of_run(path)).unwrap_or_default();
    foreign(bag, &run)
}

/// The run that the record names: its place, and its manifest.
fn the_run(bag: &Verified<Bag>, record: &PackageRecord) -> Vec<Found> {
    let fail = |words: String| vec![(Code::RecordRun, RECORD.to_string(), words)];
    let name =
        record.run.strip_prefix("data/evidence/").filter(|name| !name.is_empty() && !name.contains('/'));
    if name.is_none() {
        return fail(format!("`{}` is no folder of a run", record.run));
    }
    let Some(manifest) = payload(bag, &format!("{}/{MANIFEST}", record.run)) else {
        return fail(format!("the run `{}` is not inside", record.run));
    };
    let mut found = Vec::new();
    if Digest::of(&manifest) != record.run_manifest {
        let words = format!(
            "it names a run with the manifest {}, and the one inside has {}",
            record.run_manifest,
            Digest::of(&manifest)
        );
        found.extend(fail(words));
    }
    found.extend(custody(bag, &format!("{}/", record.run), &manifest));
    let of_run = |name: &str| payload(bag, &format!("{}/{name}", record.run));
    found.extend(info_of_run(of_run("data/run.json"), of_run(INFO), &format!("{}/{INFO}", record.run)));
    found
}

/// `bag-info.txt` of a run, word for word.
fn info_of_run(record: Option<Vec<u8>>, info: Option<Vec<u8>>, subject: &str) -> Vec<Found> {
    let record = record.and_then(|bytes| serde_json::from_slice::<RunRecord>(&bytes).ok());
    let written = info.and_then(|bytes| BagInfo::parse(&bytes).ok());
    match (record, written) {
        (Some(record), Some(written)) if written.stated() != run::info(&record).stated() => {
            let words = "it is not what the run's record says".to_string();
            vec![(Code::RecordInfo, subject.to_string(), words)]
        }
        // what cannot be read is told already
        (Some(_) | None, Some(_) | None) => Vec::new(),
    }
}

/// A run that is a bag by itself.
fn runs_own(bag: &Verified<Bag>) -> Vec<Found> {
    if payload(bag, "data/run.json").is_none() || payload(bag, run::CUSTODY).is_none() {
        return Vec::new();
    }
    match bag.tag(MANIFEST, MAX_LIST) {
        Ok(manifest) => {
            let mut found = custody(bag, "", &manifest);
            let info = bag.tag(INFO, MAX_RECORD).ok();
            found.extend(info_of_run(payload(bag, "data/run.json"), info, INFO));
            found
        }
        Err(_) => Vec::new(),
    }
}

/// Custody records against the run's own list.
fn custody(bag: &Verified<Bag>, prefix: &str, manifest: &[u8]) -> Vec<Found> {
    let subject = format!("{prefix}{}", run::CUSTODY);
    let Some(lines) = payload(bag, &subject) else {
        return vec![(Code::Custody, subject, "it is missing".to_string())];
    };
    match custody_problem(&lines, manifest) {
        None => Vec::new(),
        Some(words) => vec![(Code::Custody, subject, words)],
    }
}

/// Files that no part of the program puts there, below `data/` and beside it.
fn foreign(bag: &Verified<Bag>, run: &str) -> Vec<Found> {
    let mut strange: Vec<Found> = Vec::new();
    let mut more = 0;
    let payload = bag.entries().map(|(path, _)| path).filter(|path| !record::is_ours(path.as_str(), run));
    let beside = bag.tags().filter(|path| !is_own_tag(path.as_str()));
    for path in payload.chain(beside) {
        if strange.len() < MAX_NAMED {
            strange.push((
                Code::Foreign,
                path.to_string(),
                "this program puts no such file into a package".to_string(),
            ));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        strange.push((Code::Foreign, String::new(), format!("and {more} more such files")));
    }
    strange
}

/// `bag-info.txt` word for word.
fn info(bag: &Verified<Bag>, record: &PackageRecord) -> Vec<Found> {
    let written = bag.tag(INFO, MAX_RECORD).ok().and_then(|bytes| BagInfo::parse(&bytes).ok());
    let expected = record::info(record).stated();
    let found = written.as_ref().map(BagInfo::stated).unwrap_or_default();
    if found == expected {
        return Vec::new();
    }
    let (said, should): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), expected.iter().collect());
    let differs = said.symmetric_difference(&should).next().map_or("its order", |(label, _)| label.as_str());
    vec![(Code::RecordInfo, INFO.to_string(), format!("{differs} is not as the record says"))]
}

fn payload(bag: &Verified<Bag>, name: &str) -> Option<Vec<u8>> {
    bag.read(&BagPath::new(name).ok()?, MAX_LIST).ok()
}
