//! Joins an edition to its original, for whoever holds the link file, the key of the audience and the
//! package: each commitment is opened, and everything that was replaced is replaced again and compared.

use std::path::Path;

use serde::Serialize;

use super::commitments::{self, COMMITMENTS, Committed};
use super::link::{self, EditionLink, linked};
use super::record::EditionRecord;
use super::{Says, derive, secret};
use crate::diag::Diagnostic;
use crate::model::digest::Digest;
use crate::pipeline::bag_files::{bytes, read};
use crate::pipeline::record::DOSSIER;
use crate::pipeline::{Error, temporary};
use crate::seal::Certificate;
use crate::seal::verify::{Bag, Code, Verified, detached_signer};
use crate::store::Tree;
use crate::store::atomic::Access;
use crate::store::bag::Payload;
use crate::store::given;

/// One thing that was compared.
#[derive(Debug, Clone, Serialize)]
pub struct JoinStep {
    pub code: Code,
    pub what: &'static str,
    pub holds: bool,
    pub words: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Joined {
    pub steps: Vec<JoinStep>,
}

impl Joined {
    pub fn holds(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.holds)
    }

    pub fn refused(words: &str) -> Joined {
        let mut joined = Joined::default();
        joined.push(Code::Joined, "original", false, words);
        joined
    }

    fn push(&mut self, code: Code, what: &'static str, holds: bool, words: impl Into<String>) {
        self.steps.push(JoinStep { code, what, holds, words: words.into() });
    }
}

/// A package that verified, and who sealed it.
pub struct JoinSide<'a> {
    pub bag: &'a Verified<Bag>,
    pub signer: &'a Certificate,
}

/// Holds `edition` against `original` by the link file and the key of the audience.
pub fn join(
    edition: &JoinSide<'_>,
    record: &EditionRecord,
    original: &JoinSide<'_>,
    link: &Path,
    key: &Path,
) -> Result<Joined, Error> {
    let mut joined = Joined::default();
    let key = secret::read(key)?;
    let text = given::read(link).map_err(Error::io("read", link))?;
    let file: EditionLink = serde_json::from_slice(&text).map_err(|error| {
        let problem = Diagnostic::new("AFV-902", format!("this is no link file: {error}"))
            .file(link.display().to_string());
        Error::from(problem.hint("name the `.link.json` that was written beside the audience's key"))
    })?;
    let beside = link::signature_of(link);
    let signature = std::fs::read(&beside).map_err(Error::io("read", &beside))?;
    let signer = detached_signer(&signature, &text);
    let ours = signer.as_ref() == Some(original.signer);
    joined.push(Code::LinkSigned, "link file", ours, "signed with the key that sealed the original");
    let named =
        file.edition == record.id && file.audience == record.shared.audience && file.format == link::FORMAT;
    joined.push(Code::LinkSigned, "link file", named, "speaks of this edition and this audience");
    let edition_fits = file.edition_manifest == edition.bag.manifest_digest();
    joined.push(
        Code::Joined,
        "edition",
        edition_fits,
        format!("manifest {}", edition.bag.manifest_digest().short()),
    );
    let original_fits = file.original_manifest == original.bag.manifest_digest();
    joined.push(
        Code::Joined,
        "original",
        original_fits,
        format!("manifest {}", original.bag.manifest_digest().short()),
    );
    if !(edition_fits && original_fits) {
        return Ok(joined);
    }
    opened(edition, record, original, &file, key.bytes(), &mut joined)?;
    again(edition, record, original, key, &mut joined)?;
    Ok(joined)
}

/// Each commitment by its salt, and each salt by the key.
fn opened(
    edition: &JoinSide<'_>,
    record: &EditionRecord,
    original: &JoinSide<'_>,
    file: &EditionLink,
    key: &[u8; 32],
    joined: &mut Joined,
) -> Result<(), Error> {
    let made = commitments::of(original.bag, key, &record.id)?;
    let listed: Option<Committed> = read(edition.bag, COMMITMENTS)?;
    let fits = listed == Some(Committed::new(&record.id, &made));
    joined.push(
        Code::Opened,
        "commitments",
        fits,
        format!("{} files of the original, no more and no fewer", made.len()),
    );
    joined.push(
        Code::Opened,
        "salts",
        file.files == linked(&made),
        "those of the link file are those of the key",
    );
    Ok(())
}

/// Tables and dossier, made again from the original.
fn again(
    edition: &JoinSide<'_>,
    record: &EditionRecord,
    original: &JoinSide<'_>,
    key: crate::redact::pseudonyms::AudienceKey,
    joined: &mut Joined,
) -> Result<(), Error> {
    let scratch = temporary()?;
    let mut bag = Payload::create(scratch.path(), "again", Access::Private)?;
    let stamped =
        record.seal.time_words != crate::pipeline::keys::seal_info(edition.signer, false).time_words;
    let says = Says {
        id: &record.id,
        audience: &record.shared.audience,
        recipient: &record.shared.recipient,
        date: &record.shared.date,
        seal: edition.signer,
        stamped,
    };
    derive(original.bag, key, &says, &mut bag)?;
    let tree = Tree::open_folder(bag.folder())?;
    let mut differs = Vec::new();
    for (path, _) in tree.entries() {
        let mut file = tree.open(path).map_err(Error::io("read", path.as_str()))?;
        let ours = Digest::of_reader(&mut *file).map_err(Error::io("read", path.as_str()))?.digest;
        let theirs = edition.bag.entries().find(|(p, _)| *p == path).map(|(_, digest)| digest);
        if theirs != Some(ours) {
            differs.push(path.to_string());
        }
    }
    let words = match differs.is_empty() {
        true if bytes(edition.bag, DOSSIER)?.is_empty() => "there is no dossier".to_string(),
        true => "dossier and tables follow from the original, byte for byte".to_string(),
        false => format!("other than follows from the original: {}", differs.join(", ")),
    };
    joined.push(Code::EditionAgain, "content", differs.is_empty(), words);
    Ok(())
}
