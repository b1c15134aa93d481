//! `data/package.json` of an edition, and whether an edition is in order as far as it can be told without its
//! original.

use serde::{Deserialize, Serialize};

use super::commitments::{COMMITMENTS, COMMITMENTS_CSV, Committed, FORMAT as COMMITTED, SCHEME, csv_of};
use super::tables::EDITION_DATABASE;
use super::{Derived, Sharing};
use crate::assess::database::sharing::SHARED;
use crate::model::digest::Digest;
use crate::model::dossier::SealInfo;
use crate::pipeline::record::{
    CROSSWALK, DOSSIER, HTML, PDF, PackageRecord, RECORD, RISK_RESOURCES, RISKS, csv_path,
};
use crate::seal::verify::{Bag, Code, Verified};
use crate::store::BagPath;
use crate::store::manifest::BagInfo;

pub const FORMAT: &str = "affiant.edition/1";
const MAX_PART: u64 = 1 << 30;

/// What an edition says of itself. It names neither the run nor any digest of the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditionRecord {
    pub format: String,
    pub id: String,
    /// `shareable`.
    pub edition: String,
    /// Always false: the evidence is not inside.
    pub recomputable: bool,
    pub sample: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    pub organization: String,
    pub period: String,
    pub as_of: String,
    /// Of the program's own catalog; none of a changed one, which would lead to its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Digest>,
    pub catalog_version: String,
    pub custom_catalog: bool,
    pub program_version: String,
    pub paper: String,
    pub pdf: bool,
    pub retain_until: String,
    /// How many files of the original are committed to.
    pub commitments: u64,
    pub scheme: String,
    pub shared: Sharing,
    pub seal: SealInfo,
}

pub(super) fn record(original: &PackageRecord, derived: &Derived, pdf: bool) -> EditionRecord {
    let dossier = &derived.dossier;
    EditionRecord {
        format: FORMAT.into(),
        id: dossier.package_id.clone(),
        edition: dossier.edition.clone(),
        recomputable: false,
        sample: dossier.sample,
        draft: dossier.draft,
        organization: dossier.organization.name.clone(),
        period: dossier.period.label.clone(),
        as_of: dossier.as_of.clone(),
        catalog: (!original.custom_catalog).then_some(original.catalog),
        catalog_version: original.catalog_version.clone(),
        custom_catalog: original.custom_catalog,
        program_version: original.program_version.clone(),
        paper: original.paper.clone(),
        pdf,
        retain_until: dossier.retention.until.clone(),
        commitments: derived.commitments.len() as u64,
        scheme: SCHEME.into(),
        shared: dossier.shared.clone().expect("an edition says for whom it is"),
        seal: dossier.seal.clone(),
    }
}

/// `bag-info.txt`.
pub(super) fn info(record: &EditionRecord) -> BagInfo {
    let pairs = [
        ("Source-Organization", record.organization.clone()),
        ("Bag-Software-Agent", format!("affiant {}", record.program_version)),
        ("Bagging-Date", record.as_of.get(..10).unwrap_or_default().to_string()),
        ("External-Identifier", record.id.clone()),
        ("External-Description", format!("HIPAA audit package, shareable edition, period {}", record.period)),
        ("Affiant-Format", record.format.clone()),
        ("Affiant-As-Of", record.as_of.clone()),
        ("Affiant-Sample", record.sample.to_string()),
    ];
    let catalog = record.catalog.map(|digest| ("Affiant-Catalog", digest.to_string()));
    let draft = record.draft.then(|| ("Affiant-Draft", "true".to_string()));
    BagInfo::new(pairs.into_iter().chain(catalog).chain(draft))
}

/// The record of a verified bag that is an edition; none of any other bag.
pub fn parse(bag: &Verified<Bag>) -> Option<EditionRecord> {
    serde_json::from_slice::<EditionRecord>(&part(bag, RECORD)?).ok().filter(|record| record.format == FORMAT)
}

type Found = (Code, String, String);

/// What of an edition does not fit together: the record, the list of commitments, and files that no edition
/// has.
pub fn check(bag: &Verified<Bag>, value: serde_json::Value) -> Vec<Found> {
    let one = |code, subject: &str, words: String| (code, subject.to_string(), words);
    let record: EditionRecord = match serde_json::from_value(value) {
        Ok(record) => record,
        Err(error) => return vec![one(Code::Record, RECORD, error.to_string())],
    };
    let mut found = Vec::new();
    if record.edition != "shareable" || record.recomputable {
        found.push(one(Code::Record, RECORD, "an edition is shareable and cannot be recomputed".into()));
    }
    let has = |name: &str| bag.entries().any(|(path, _)| path.as_str() == name);
    if record.pdf != has(PDF) {
        found.push(one(Code::RecordPdf, RECORD, "it does not say rightly whether a PDF is inside".into()));
    }
    found.extend(listed(bag, &record).map(|words| one(Code::Commitments, COMMITMENTS, words)));
    let signature = format!("{HTML}.p7s");
    for (path, _) in bag.entries() {
        let tables = [RISKS, RISK_RESOURCES, CROSSWALK, COMMITMENTS_CSV, EDITION_DATABASE];
        let fixed = [RECORD, DOSSIER, HTML, PDF, COMMITMENTS, signature.as_str()];
        let ours = fixed.contains(&path.as_str())
            || tables.contains(&path.as_str())
            || SHARED.iter().any(|(table, _)| csv_path(table) == path.as_str());
        if !ours {
            found.push(one(
                Code::Foreign,
                path.as_str(),
                "this program puts no such file into an edition".into(),
            ));
        }
    }
    let written =
        bag.tag(crate::store::manifest::INFO, MAX_PART).ok().and_then(|bytes| BagInfo::parse(&bytes).ok());
    if written.as_ref().map(BagInfo::stated) != Some(info(&record).stated()) {
        found.push(one(
            Code::RecordInfo,
            crate::store::manifest::INFO,
            "it says something else than the record".into(),
        ));
    }
    found
}

/// What is wrong with the list of commitments.
fn listed(bag: &Verified<Bag>, record: &EditionRecord) -> Option<String> {
    let list: Committed = match part(bag, COMMITMENTS).map(|bytes| serde_json::from_slice(&bytes)) {
        Some(Ok(list)) => list,
        Some(Err(error)) => return Some(error.to_string()),
        None => return Some("it is missing".into()),
    };
    if list.format != COMMITTED || list.scheme != SCHEME || list.edition != record.id {
        return Some("it is of another format, scheme or edition".into());
    }
    let token = |token: &str| {
        let digits = token.strip_prefix("file-").unwrap_or_default();
        digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let in_order = list.files.windows(2).all(|pair| pair[0].token < pair[1].token);
    if !in_order || !list.files.iter().all(|file| token(&file.token)) {
        return Some("its tokens are not what they should be, or not in order".into());
    }
    if list.files.len() as u64 != record.commitments {
        return Some(format!(
            "it has {} lines, and the record counts {}",
            list.files.len(),
            record.commitments
        ));
    }
    (part(bag, COMMITMENTS_CSV).as_deref() != Some(&csv_of(&list.files)[..]))
        .then(|| format!("{COMMITMENTS_CSV} says something else"))
}

fn part(bag: &Verified<Bag>, name: &str) -> Option<Vec<u8>> {
    bag.read(&BagPath::new(name).ok()?, MAX_PART).ok()
}
