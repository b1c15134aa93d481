//! A sealed run, verified before anything in it is used. Whoever assesses, packages or compares a run opens
//! it here: a run that is not as it was sealed is refused with the name of the file, and links are never
//! followed.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::record::{DERIVED, instructions_of_run};
use super::{Error, keys};
use crate::diag::Diagnostic;
use crate::model::digest::Digest;
use crate::seal::bag::VERIFY_MD;
use crate::seal::verify::{self, Bag, DESCRIPTIONS, Options, State, Verified};
use crate::seal::{Certificate, Trust};
use crate::store::run::{self, Reader};
use crate::workspace::Workspace;

/// A run whose seal holds: every file is as listed, and the list is as sealed.
pub struct SealedRun {
    pub reader: Reader,
    /// Whose seal it is, whoever that is.
    pub signer: Option<Certificate>,
}

/// The run that `wanted` names (a path, or a name in the evidence folder), or the newest; verified.
pub fn find(workspace: &Workspace, wanted: Option<&str>, now: DateTime<Utc>) -> Result<Reader, Error> {
    open(&run::find(&workspace.evidence(), wanted)?, now).map(|run| run.reader)
}

/// Opens the run at `path`, or says which of its files is not as it was sealed. Whose key sealed it is not
/// asked here.
pub fn open(path: &Path, now: DateTime<Utc>) -> Result<SealedRun, Error> {
    let nobody = Trust::default();
    let checked = verify::verify(path, &Options::new(&nobody, now, DESCRIPTIONS))?;
    let held = checked.report.integrity.state == State::Held;
    if !held {
        let step = checked.report.first_failure();
        let (file, words) =
            step.map_or(("", checked.report.integrity.words.as_str()), |step| (&step.subject, &step.words));
        return Err(changed(path, file, words));
    }
    let reader = Reader::open_run(path)?;
    if let Some(bag) = &checked.bag {
        agrees(path, &reader, bag)?;
    }
    Ok(SealedRun { reader, signer: checked.signer })
}

/// The same, and `tell` is told where another key than this workspace's made the seal: nobody here may have
/// made it.
pub fn told(
    workspace: &Workspace,
    path: &Path,
    now: DateTime<Utc>,
    tell: &dyn Fn(&str),
) -> Result<Reader, Error> {
    let run = open(path, now)?;
    let own = own_certificate(workspace);
    if let Some(signer) = run.signer.filter(|signer| own.is_some_and(|own| own != *signer)) {
        tell(&format!(
            "note: the run {} was sealed with the key of `{}` (sha256 {}), not with this workspace's: make \
             sure that you know whose it is",
            run.reader.record.id,
            signer.name(),
            signer.fingerprint()
        ));
    }
    Ok(run.reader)
}

/// With which the workspace seals, as far as it can be read without a password; nothing before there is one.
fn own_certificate(workspace: &Workspace) -> Option<Certificate> {
    let facts = &workspace.decisions.workspace.seal;
    let file = match (&facts.certificate, &facts.pkcs12) {
        (Some(file), _) => workspace.root.join(file),
        (None, Some(_)) => return None,
        (None, None) => keys::paths(workspace).1,
    };
    let text = std::fs::read_to_string(file).ok()?;
    Certificate::all_from_pem(&text).ok()?.into_iter().next()
}

/// That a run was changed after its seal, with the file.
pub fn changed(run: &Path, file: &str, words: &str) -> Error {
    let place = if file.is_empty() { run.to_path_buf() } else { run.join(file) };
    let problem = Diagnostic::new("AFR-001", format!("the run is not as it was sealed: {words}"))
        .file(place.display().to_string());
    Error::Changed(Box::new(
        problem.hint("collect again, or take the run from a copy; `affiant verify` tells what else differs"),
    ))
}

/// What was read a moment ago is what was verified.
fn agrees(path: &Path, reader: &Reader, bag: &Verified<Bag>) -> Result<(), Error> {
    if reader.manifest != bag.manifest_digest() {
        return Err(changed(path, "manifest-sha256.txt", "it changed while it was being read"));
    }
    Ok(())
}

/// Opens a redacted copy that was made earlier; `None` if somebody else than `signer` sealed it or it is of
/// another original, or another version wrote its instructions, so that it is made anew.
pub fn open_copy(
    path: &Path,
    original: Digest,
    signer: &Certificate,
    now: DateTime<Utc>,
) -> Result<Option<Reader>, Error> {
    let copy = open(path, now)?;
    let instructions = std::fs::read(copy.reader.root.join(VERIFY_MD)).unwrap_or_default();
    let ours = copy.signer.as_ref() == Some(signer)
        && copy.reader.record.derived_from == Some(original)
        && instructions == instructions_of_run(DERIVED, signer).into_bytes();
    Ok(ours.then_some(copy.reader))
}
