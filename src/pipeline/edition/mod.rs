//! A shareable edition: made from a package that verifies, with pseudonyms in place of what leads to
//! somebody, commitments in place of the evidence, and a seal by a key that leads nowhere. What it is made of
//! is the package's own documents, so no raw evidence can slip in; a last look at every layer of it stops it
//! if anything is left.

mod commitments;
mod dossier;
mod join;
mod link;
mod names;
mod record;
mod secret;
mod tables;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::bag_files::{copy_out, files_below, read};
use super::keys::{Level, Sealer, seal_info};
use super::record::{
    CROSSWALK, DATABASE, DECISIONS, DOSSIER, HTML, PDF, RECORD, RISK_RESOURCES, RISKS, pretty,
};
use super::verify::Pins;
use super::{Error, handed, lock, signing, temporary};
use crate::diag::{Diagnostic, Problems};
use crate::model::digest::{Digest, keyed};
use crate::model::dossier::{Dossier, Sharing};
use crate::redact::pseudonyms::Pseudonyms;
use crate::render::{Templates, csv, figures, html};
use crate::seal::bag::verify_md::{Contents, verify_md};
use crate::seal::bag::{Extras, seal_bag_with};
use crate::seal::verify::{Bag, Verified};
use crate::seal::{Certificate, Revocation, Signer, sign_detached};
use crate::store::archive;
use crate::store::atomic::{self, Access, Existing};
use crate::store::bag::Payload;
use crate::store::{Tree, portable_name};
use crate::workspace::{self, Workspace};

pub use commitments::{COMMITMENTS, COMMITMENTS_CSV, Commitment, Committed};
pub use join::{JoinSide, Joined, join};
pub use link::EditionLink;
pub use record::{EditionRecord, FORMAT, check, parse};
pub use secret::folder;

/// What to make an edition of, and for whom.
pub struct EditionRequest<'a> {
    pub workspace: &'a Workspace,
    pub templates: Templates,
    /// The package that it is made from.
    pub package: &'a Path,
    /// Whose pseudonyms: one key for each audience.
    pub audience: &'a str,
    /// Whose copy; printed on every page.
    pub recipient: Option<&'a str>,
    /// The workspace's own sealer: it signs the link file and asks for timestamps, and is nowhere in the
    /// edition.
    pub holder: &'a Sealer,
    pub pins: &'a Pins,
    pub now: DateTime<Utc>,
    pub step: &'a dyn Fn(&str),
}

/// What was made.
pub struct EditionMade {
    pub id: String,
    pub zip: PathBuf,
    pub zip_digest: Digest,
    pub link: PathBuf,
    /// Where the key of the audience lies.
    pub key: PathBuf,
    pub sharing: Sharing,
    pub fingerprint: String,
    /// The audience had no key before.
    pub first: bool,
}

/// What is derived from a package under a key: the same package, key and words give the same.
struct Derived {
    dossier: Dossier,
    commitments: Vec<Commitment>,
    names: Pseudonyms,
}

/// What an edition says of itself that does not follow from the package.
struct Says<'a> {
    id: &'a str,
    audience: &'a str,
    recipient: &'a str,
    date: &'a str,
    seal: &'a Certificate,
    stamped: bool,
}

const WORDS: &str = "This edition cannot be recomputed from raw evidence: names are replaced, and the \
                     evidence itself stays with its owner behind salted commitments. It shows what was \
                     reported; `affiant verify` checks its seal and its lists, and only the owner can join \
                     it to the package that it was made from.";

/// What is in a package and in no edition.
const LEFT_OUT: [&str; 7] = [
    "the evidence as collected, and its list of digests: `data/commitments.csv` has a commitment for each \
     file",
    "`evidence.sqlite`, which holds configuration as AWS returned it: `edition.sqlite` holds the tables of \
     this edition",
    "the assessment as data and the comparison with the time before, as files: the reports show both",
    "`affiant.yaml`, `program/` and the catalog's files: queries are in the HTML report",
    "tags, times of creation and the texts of policies",
    "the attachments of the PDF",
    "signatures of people: the edition is sealed by a key of its own that names nobody",
];

/// The id of an edition: the period, and a keyed digest of the package, the recipient and the day.
fn edition_id(key: &[u8; 32], period: &str, original: Digest, recipient: &str, date: &str) -> String {
    let parts = ["affiant/edition/v1", &original.to_string(), recipient, date].join("\0");
    format!("{}-{}", portable_name(period), keyed(key, &[parts.as_bytes()]).short())
}

/// Makes the edition beside its package, in `packages/<period>/`, and the link file in the audience's own
/// folder.
pub fn make(request: &EditionRequest<'_>) -> Result<EditionMade, Error> {
    let _lock = lock::take(request.workspace)?;
    (request.step)("checking the package");
    let held = original(request)?;
    let own = secret::open(request.workspace, request.audience, request.now)?;
    let date = request.now.format("%Y-%m-%d").to_string();
    let recipient = request.recipient.unwrap_or_default();
    let period = &held.dossier.period.label;
    let id = edition_id(own.key.bytes(), period, held.bag().manifest_digest(), recipient, &date);
    let sealer = edition_sealer(request, own.signer, own.first)?;
    let says = Says {
        id: &id,
        audience: request.audience,
        recipient,
        date: &date,
        seal: sealer.certificate(),
        stamped: !sealer.authorities.is_empty(),
    };
    let (parent, zip) = place(request.workspace, period, &id)?;
    let building = tempfile::tempdir_in(&parent).map_err(Error::io("create a folder in", &parent))?;
    let mut bag = Payload::create(building.path(), &id, Access::Shared)?;
    (request.step)("replacing names");
    let derived = derive(held.bag(), own.key.again(), &says, &mut bag)?;
    (request.step)("rendering and signing the reports");
    let pdf = reports(&mut bag, &derived.dossier, &held.record.paper, &sealer, request)?;
    let record = record::record(&held.record, &derived, pdf);
    add(&mut bag, RECORD, &pretty(&record))?;
    search(&bag, &derived.names)?;
    (request.step)("sealing");
    let (zip_digest, manifest) = sealed(bag, &record, &sealer, &zip, request.now)?;
    let manifests = link::Manifests { edition: manifest, original: held.bag().manifest_digest() };
    let link =
        link::write(&own.folder, &record, manifests, &derived.commitments, request.holder, request.now)?;
    Ok(EditionMade {
        id,
        zip,
        zip_digest,
        link,
        key: own.folder.join(secret::KEY),
        fingerprint: record.seal.fingerprint.clone(),
        sharing: derived.dossier.shared.expect("an edition says so"),
        first: own.first,
    })
}

/// The package, verified, and sealed by whoever will sign the link file.
fn original(request: &EditionRequest<'_>) -> Result<handed::HeldPackage, Error> {
    let held = handed::open(request.package, request.pins, request.now)?;
    if held.signer() == Some(request.holder.certificate()) {
        return Ok(held);
    }
    let problem = Diagnostic::new(
        "AFW-093",
        "the package was sealed with another key than the one that would sign the link file",
    );
    Err(problem.hint("name the key that sealed it with `--key`, or make the package anew").into())
}

/// The audience's own key seals; whoever stamps packages stamps editions.
fn edition_sealer(request: &EditionRequest<'_>, key: Box<dyn Signer>, made: bool) -> Result<Sealer, Error> {
    let authorities = super::keys::authorities(request.workspace)?;
    let level = if authorities.is_empty() { Level::Basic } else { Level::Stamped };
    let limit = Duration::from_secs(10);
    Ok(Sealer {
        key,
        people: Vec::new(),
        authorities,
        level,
        revocation: Revocation::default(),
        limit,
        made,
        warnings: Vec::new(),
    })
}

/// The folder of the period, and the archive, which must not be there.
fn place(workspace: &Workspace, period: &str, id: &str) -> Result<(PathBuf, PathBuf), Error> {
    let parent = workspace.packages().join(portable_name(period));
    atomic::create_dir_all(&parent, Access::Shared).map_err(Error::io("create", &parent))?;
    let zip = parent.join(format!("{id}-shareable.zip"));
    if zip.exists() {
        let problem = Diagnostic::new(
            "AFW-090",
            "this edition was made already, for this audience and recipient, today",
        );
        return Err(problem
            .file(zip.display().to_string())
            .hint("hand that one over, or move it away")
            .into());
    }
    Ok((parent, zip))
}

/// Seals the bag and writes the archive; returns its digest and that of the bag's list.
fn sealed(
    bag: Payload,
    record: &EditionRecord,
    sealer: &Sealer,
    zip: &Path,
    now: DateTime<Utc>,
) -> Result<(Digest, Digest), Error> {
    let text = instructions(&record.id, sealer.certificate(), record.pdf);
    let extras = Extras {
        tags: &[("VERIFY.md", text.as_bytes())],
        authorities: Some(&sealer.authorities),
        revocation: None,
        previous: None,
    };
    let sealed = seal_bag_with(bag.close(record::info(record))?, &*sealer.key, now, &extras)?;
    let fixity = archive::write(&sealed.path, &record.id, zip, Existing::Refuse)?;
    let manifest = sealed.path.join(crate::store::manifest::MANIFEST);
    let bytes = std::fs::read(&manifest).map_err(Error::io("read", &manifest))?;
    Ok((fixity.digest, Digest::of(&bytes)))
}

/// Everything of the edition that follows from the package and the key, into the bag: tables, commitments,
/// dossier.
fn derive(
    bag: &Verified<Bag>,
    key: crate::redact::pseudonyms::AudienceKey,
    says: &Says<'_>,
    out: &mut Payload,
) -> Result<Derived, Error> {
    let missing = |what: &str| {
        Diagnostic::new("AFU-024", format!("the package holds no {what}"))
            .hint("name a full package of Affiant")
    };
    let original: Dossier = read(bag, DOSSIER)?.ok_or_else(|| missing(DOSSIER))?;
    let scratch = temporary()?;
    let database = scratch.path().join("evidence.sqlite");
    copy_out(bag, DATABASE, &database)?;
    let decisions = workspace::decisions(&files_below(bag, DECISIONS)?)?;
    let committed = commitments::of(bag, key.bytes(), says.id)?;
    let names = names::pseudonyms(key, &original, &decisions, &database, says.recipient)?;
    let mut dossier = dossier::shared(&original, &names, &committed)?;
    dossier.package_id = says.id.to_string();
    dossier.short_id = says.id.rsplit('-').next().unwrap_or_default().to_string();
    dossier.seal = seal_info(says.seal, says.stamped);
    tables::write(&database, &names, &original, out, scratch.path())?;
    add(out, COMMITMENTS, &pretty(&Committed::new(says.id, &committed)))?;
    add(out, COMMITMENTS_CSV, &commitments::csv(&committed))?;
    dossier.shared = Some(Sharing {
        audience: says.audience.to_string(),
        recipient: says.recipient.to_string(),
        date: says.date.to_string(),
        words: WORDS.to_string(),
        removals: names.removals(),
        left_out: LEFT_OUT.iter().map(|words| (*words).to_string()).collect(),
    });
    add(out, DOSSIER, &pretty(&dossier))?;
    add(out, RISKS, &csv::risks(&dossier))?;
    add(out, RISK_RESOURCES, &csv::risk_resources(&dossier))?;
    add(out, CROSSWALK, &csv::crosswalk(&dossier))?;
    Ok(Derived { dossier, commitments: committed, names })
}

/// HTML with its signature, and the PDF where this build renders one: without attachments.
fn reports(
    bag: &mut Payload,
    dossier: &Dossier,
    paper: &str,
    sealer: &Sealer,
    request: &EditionRequest<'_>,
) -> Result<bool, Error> {
    let drawn = figures::draw(dossier, &request.templates)?;
    let page = html::report(dossier, &drawn, &request.templates)?;
    add(bag, HTML, page.as_bytes())?;
    let signature = sign_detached(page.as_bytes(), &*sealer.key, request.now)
        .map_err(crate::seal::bag::SealError::from)?;
    add(bag, &format!("{HTML}.p7s"), &signature)?;
    let Some(pdf) = unsigned_pdf(dossier, &drawn, paper, &request.templates)? else { return Ok(false) };
    let signed = signing::sign(&pdf, sealer, request.now, &dossier.package_id, &request.templates)?;
    add(bag, PDF, &signed.bytes)?;
    Ok(true)
}

#[cfg(feature = "pdf")]
fn unsigned_pdf(
    dossier: &Dossier,
    drawn: &figures::Figures,
    paper: &str,
    templates: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(Some(crate::render::pdf::report(dossier, drawn, &[], paper, templates)?))
}

#[cfg(not(feature = "pdf"))]
fn unsigned_pdf(_: &Dossier, _: &figures::Figures, _: &str, _: &Templates) -> Result<Option<Vec<u8>>, Error> {
    Ok(None)
}

/// So many names that are left are told for a file.
const MOST_TOLD: usize = 5;

/// The last look. What is left stops the edition, and nothing of it stays.
fn search(bag: &Payload, names: &Pseudonyms) -> Result<(), Error> {
    let tree = Tree::open_folder(bag.folder())?;
    let searcher = names.searcher();
    let mut problems = Problems::default();
    for (path, _) in tree.entries() {
        let bytes = tree.read(path, super::bag_files::MAX_JSON).map_err(Error::io("read", path.as_str()))?;
        for left in searcher.file(path.as_str(), &bytes).into_iter().take(MOST_TOLD) {
            let (name, kind) = (&left.name, left.kind.words());
            let words = format!(
                "`{name}`, of the {kind} of the original, is still in this part of the edition; nothing was \
                 written"
            );
            let hint = "report it with the kind and the file; until it is mended, hand over the reports by \
                        themselves after reading them";
            problems.push(Diagnostic::new("AFW-091", words).file(path.as_str()).hint(hint));
        }
    }
    Ok(problems.or(())?)
}

/// `VERIFY.md`, with how to open a commitment.
fn instructions(id: &str, certificate: &Certificate, pdf: bool) -> String {
    let text = verify_md(&Contents {
        id,
        certificate,
        pdf: pdf.then_some(PDF),
        html: Some(HTML),
        database: None,
        runs: &[],
    });
    let limits = "## What a seal does not prove";
    text.replacen(limits, &format!("{OPENING}{limits}"), 1)
}

const OPENING: &str = "\
## 4. What stands behind the commitments?

This is a shareable edition: it cannot be recomputed, and the evidence is not in it. \
`data/commitments.csv` has a line for each file of the package that it was made from: a token in place of \
the path, and a commitment, which is SHA-256 over a secret salt and the SHA-256 of the file. It tells \
nothing of the file, and whoever made the edition cannot exchange the file later. To have one opened, ask \
for the file and its salt (64 hexadecimal digits), and run

```text
FILE=the-file; SALT=the-salt
(printf %s \"$SALT\"; sha256sum < \"$FILE\" | cut -c1-64) | tr -d '\\n' | xxd -r -p | sha256sum
grep THE-RESULT data/commitments.csv
```

The line that `grep` prints is the one whose file you were shown; no line means that it is another file. \
`affiant verify EDITION --link LINK.json --original PACKAGE.zip --edition-key KEY` opens all of them at \
once, for the owner.

";

fn add(bag: &mut Payload, path: &str, bytes: &[u8]) -> Result<(), Error> {
    Ok(bag.add(path, &mut &*bytes).map(drop)?)
}
