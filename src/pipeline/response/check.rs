//! Whether a response is in order as far as it can be told without the packages behind it: its record, its
//! files, its description.

use crate::model::request::{RESPONSE, ResponseFile, ResponseRecord};
use crate::pipeline::record::RECORD;
use crate::seal::verify::{Bag, Code, Verified};
use crate::store::manifest::{BagInfo, INFO};

pub const REQUEST_FILE: &str = "data/request.yaml";
const MAX_PART: u64 = 1 << 30;

type Found = (Code, String, String);

/// `bag-info.txt`.
pub fn info(record: &ResponseRecord) -> BagInfo {
    let pairs = [
        ("Source-Organization", record.organization.clone()),
        ("Bag-Software-Agent", format!("affiant {}", record.program_version)),
        ("Bagging-Date", record.made.clone()),
        ("External-Identifier", record.id.clone()),
        ("External-Description", "Response to a request, drawn from HIPAA audit packages".to_string()),
        ("Affiant-Format", record.format.clone()),
        ("Affiant-As-Of", record.as_of.clone()),
        ("Affiant-Sample", record.sample.to_string()),
    ];
    BagInfo::new(pairs)
}

/// What does not fit together.
pub fn check(bag: &Verified<Bag>, value: serde_json::Value) -> Vec<Found> {
    let one = |code, subject: &str, words: String| (code, subject.to_string(), words);
    let record: ResponseRecord = match serde_json::from_value(value) {
        Ok(record) => record,
        Err(error) => return vec![one(Code::Record, RECORD, error.to_string())],
    };
    let mut found = Vec::new();
    if record.format != RESPONSE {
        found.push(one(Code::RecordFormat, RECORD, format!("its format is `{}`", record.format)));
    }
    let entries: std::collections::BTreeMap<String, String> =
        bag.entries().map(|(path, digest)| (path.to_string(), digest.to_string())).collect();
    let mut listed = std::collections::BTreeSet::from([RECORD.to_string(), REQUEST_FILE.to_string()]);
    if entries.get(REQUEST_FILE) != Some(&record.request) {
        found.push(one(Code::Record, REQUEST_FILE, "it is not the request that the record names".into()));
    }
    let all: Vec<&ResponseFile> =
        record.items.iter().flat_map(|item| &item.files).chain(&record.files).collect();
    for file in all {
        listed.insert(file.path.clone());
        if entries.get(&file.path) != Some(&file.sha256) {
            let words = format!(
                "the record lists `{}` with the digest {}, and the file is another or not here",
                file.path, file.sha256
            );
            found.push(one(Code::Record, RECORD, words));
        }
    }
    for path in entries.keys().filter(|path| !listed.contains(*path)) {
        found.push(one(Code::Foreign, path, "the record of this response does not list it".into()));
    }
    let written = bag.tag(INFO, MAX_PART).ok().and_then(|bytes| BagInfo::parse(&bytes).ok());
    if written.as_ref().map(BagInfo::stated) != Some(info(&record).stated()) {
        found.push(one(Code::RecordInfo, INFO, "it says something else than the record".into()));
    }
    found
}
