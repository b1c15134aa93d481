//! Verifying a bag, in a folder or packed in a ZIP: integrity, authenticity and time as three answers that
//! fail closed. Offline, streaming, and without a judgement on what the evidence says.

mod bag;
mod chain;
pub mod codes;
mod report;
mod signatures;
mod times;

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};

pub use bag::Description;
pub use codes::{Aspect, Code};
pub use report::{AspectAnswer, Outcome, Report, SealedBy, State, Step, Verified};

use crate::model::digest::{Digest, Hasher};
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::attributes::Ess;
use crate::seal::signature::cms;
use crate::seal::signature::revocation::Revocation;
use crate::seal::signature::trust::Trust;
use crate::store::manifest::{Manifest, TAG_MANIFEST};
use crate::store::path::BagPath;
use crate::store::tree::{Tree, TreeError};
use bag::{BagView, Lists};
use report::Steps;
use signatures::Judge;

/// Where runs lie inside a package: `data/evidence/<run id>/`.
const RUNS: &str = "data/evidence/";

/// What `bag-info.txt` repeats of a package and of a run.
pub const DESCRIPTIONS: &[Description<'static>] = &[
    Description {
        file: "data/package.json",
        pairs: &[
            ("External-Identifier", "/id"),
            ("Source-Organization", "/organization"),
            ("Affiant-Format", "/format"),
            ("Affiant-As-Of", "/as_of"),
            ("Affiant-Sample", "/sample"),
            ("Affiant-Catalog", "/catalog"),
            ("Affiant-Run", "/run_manifest"),
            ("Affiant-Results", "/results"),
        ],
    },
    Description {
        file: "data/run.json",
        pairs: &[
            ("External-Identifier", "/id"),
            ("Affiant-Format", "/format"),
            ("Affiant-Clock", "/clock"),
            ("Affiant-Sample", "/sample"),
            ("Affiant-Catalog", "/catalog"),
        ],
    },
];

/// What the verifier brings along.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub trust: &'a Trust,
    /// Pinned timestamp authorities or their roots.
    pub authorities: &'a Trust,
    /// Revocation lists and answers that the verifier has, beside those inside.
    pub revocation: &'a Revocation,
    pub now: DateTime<Utc>,
    /// What bag-info.txt must repeat; the same list serves packages and the runs inside.
    pub descriptions: &'a [Description<'a>],
}

static NOBODY: LazyLock<Trust> = LazyLock::new(Trust::default);
static NOTHING: LazyLock<Revocation> = LazyLock::new(Revocation::default);

impl<'a> Options<'a> {
    /// Without pinned authorities and revocation data of one's own.
    pub fn new(trust: &'a Trust, now: DateTime<Utc>, descriptions: &'a [Description<'a>]) -> Options<'a> {
        Options { trust, authorities: &NOBODY, revocation: &NOTHING, now, descriptions }
    }
}

/// The report, and the bag to read from if integrity holds and authenticity did not fail.
#[derive(Debug)]
pub struct Verification {
    pub report: Report,
    pub bag: Option<Verified<Bag>>,
    /// Whose seal it is, whoever that is.
    pub signer: Option<Certificate>,
}

/// A bag's payload. Reading hashes again, so that a file swapped after verification is noticed.
#[derive(Debug)]
pub struct Bag {
    tree: Tree,
    manifest: Manifest,
    tags: Manifest,
}

/// Whose detached signature over `content` it is, if it holds.
pub fn detached_signer(signature: &[u8], content: &[u8]) -> Option<Certificate> {
    cms::verify(signature, &mut { content }, Ess::Required).ok().map(|facts| facts.signer)
}

/// What verification would say of who sealed, were it the owner of `signer`; `others` are certificates that
/// came along.
pub fn judge_signer(signer: &Certificate, others: &[Certificate], options: &Options<'_>) -> Report {
    let mut steps = Steps::default();
    Judge { options, sealer: None }.signer_alone(signer, others, &mut steps);
    steps.report()
}

/// Verifies the bag at `path`. An error means that the path itself cannot be read; all else is in the report.
pub fn verify(path: &Path, options: &Options<'_>) -> Result<Verification, TreeError> {
    let tree = Tree::open_any(path)?;
    let mut steps = Steps::default();
    let (lists, signer) = check_all(&tree, options, &mut steps).unwrap_or_default();
    let report = steps.report();
    let sound = report.integrity.state == State::Held && report.authenticity.state != State::Failed;
    let bag = lists
        .filter(|_| sound)
        .map(|Lists { payload: manifest, tags }| Verified::new(Bag { tree, manifest, tags }));
    Ok(Verification { report, bag, signer })
}

fn check_all(
    tree: &Tree,
    options: &Options<'_>,
    steps: &mut Steps,
) -> Option<(Option<Lists>, Option<Certificate>)> {
    for problem in tree.problems() {
        steps.fail(problem.kind.into(), &problem.subject, problem.kind.words());
    }
    if steps.failed() {
        return None;
    }
    if bag::outgrows(tree) {
        steps.fail(
            Code::Bomb,
            "",
            "its files are far longer than its Payload-Oxum says; nothing was unpacked",
        );
        return None;
    }
    steps.ok(Code::Container, "", "only plain files with portable names");
    let hashed = bag::hash_all(tree);
    (steps.files, steps.bytes) = (hashed.len(), hashed.values().flatten().map(|fixity| fixity.len).sum());
    let top = BagView { tree, hashed: &hashed, prefix: "" };
    let lists = bag::check(&top, options.descriptions, steps);
    let mut judge = Judge { options, sealer: None };
    judge.seals(&top, steps);
    judge.reports(&top, steps);
    for prefix in runs(tree) {
        let inner = BagView { tree, hashed: &hashed, prefix: &prefix };
        let listed = bag::check(&inner, options.descriptions, steps).map_or(0, |lists| lists.payload.len());
        steps.note(Code::NestedRun, &prefix, format!("a bag of its own with {listed} payload files"));
        judge.inner_seals(&inner, steps);
        times::inside(&inner, steps);
    }
    Some((lists, judge.sealer))
}

/// The folders below `data/evidence/`. Each must be a bag: if one lost its declaration, its check fails.
fn runs(tree: &Tree) -> BTreeSet<String> {
    let below = tree.entries().filter_map(|(path, _)| path.as_str().strip_prefix(RUNS)?.split_once('/'));
    below.map(|(id, _)| format!("{RUNS}{id}/")).collect()
}

impl Bag {
    /// Payload paths with their digests.
    pub fn entries(&self) -> impl Iterator<Item = (&BagPath, Digest)> {
        self.manifest.entries()
    }

    /// The payload manifest's own digest: what a later run names as its predecessor's.
    pub fn manifest_digest(&self) -> Digest {
        Digest::of(self.manifest.to_text().as_bytes())
    }

    /// The files beside the payload that are listed.
    pub fn tags(&self) -> impl Iterator<Item = &BagPath> {
        self.tags.entries().map(|(path, _)| path)
    }

    /// A file that stands beside the payload and is listed, such as `VERIFY.md`.
    pub fn tag(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        let path = BagPath::new(name).map_err(io::Error::other)?;
        let bytes = self.tree.read(&path, limit)?;
        let own = path.as_str() == TAG_MANIFEST && bytes == self.tags.to_text().into_bytes();
        if own || self.tags.digest(&path) == Some(Digest::of(&bytes)) { Ok(bytes) } else { Err(swapped()) }
    }

    /// A payload file as a stream that ends in an error unless its bytes are those verified.
    pub fn open(&self, path: &BagPath) -> io::Result<impl Read + '_> {
        let expected = self
            .manifest
            .digest(path)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not in the bag's manifest"))?;
        Ok(Rehashed { inner: self.tree.open(path)?, hasher: Some(Hasher::default()), expected })
    }

    /// A whole payload file of at most `limit` bytes.
    pub fn read(&self, path: &BagPath, limit: u64) -> io::Result<Vec<u8>> {
        let bytes = self.tree.read(path, limit)?;
        if self.manifest.digest(path) == Some(Digest::of(&bytes)) { Ok(bytes) } else { Err(swapped()) }
    }
}

struct Rehashed<'a> {
    inner: Box<dyn Read + 'a>,
    hasher: Option<Hasher>,
    expected: Digest,
}

impl Read for Rehashed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match &mut self.hasher {
            Some(hasher) if n > 0 || buffer.is_empty() => hasher.write_all(&buffer[..n])?,
            Some(_) => {
                let whole = self.hasher.take().is_some_and(|hasher| hasher.finish().digest == self.expected);
                return if whole { Ok(0) } else { Err(swapped()) };
            }
            None => {}
        }
        Ok(n)
    }
}

fn swapped() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file is not the one that was verified")
}
