//! The certification of a qualified person for US federal courts: records of an electronic process (FRE
//! 902(13)) and copies authenticated by hash (FRE 902(14)), under 28 U.S.C. 1746. Facts are filled in from a
//! package that verified; what only the person can say is left blank.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Error;
use super::package::{PackageRecord, RECORD};
use super::verify::Pins;
use crate::model::run::{Artifact, RunRecord, Source};
use crate::seal::verify::{Bag, Report, State, Verified};
use crate::store::BagPath;

const MAX_RECORD: u64 = 256 << 20;
/// So many artifacts are listed in full; all are in the manifest, whose digest stands above the list.
const LISTED: usize = 2_000;

/// The text, or `None` if the package does not verify.
pub fn text(path: &Path, pins: &Pins, now: DateTime<Utc>) -> Result<Option<String>, Error> {
    let checked = pins.check(path, now)?;
    let Some(bag) = checked.bag.filter(|_| checked.report.time.state != State::Failed) else {
        return Ok(None);
    };
    let Some(package) = json::<PackageRecord>(&bag, RECORD) else { return Ok(None) };
    let Some(run) = json::<RunRecord>(&bag, &format!("{}/data/run.json", package.run)) else {
        return Ok(None);
    };
    let custody = read(&bag, &format!("{}/data/custody.jsonl", package.run)).unwrap_or_default();
    let artifacts: Vec<Artifact> =
        String::from_utf8_lossy(&custody).lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    Ok(Some(write(&package, &run, &artifacts, &bag, &checked.report)))
}

fn write(
    package: &PackageRecord,
    run: &RunRecord,
    artifacts: &[Artifact],
    bag: &Verified<Bag>,
    report: &Report,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "CERTIFICATION OF A QUALIFIED PERSON\n\
         Federal Rules of Evidence 902(13) and 902(14); 28 U.S.C. 1746\n\n\
         This is a draft, filled in by a program from the package {}. Lines marked ____ are for the person \
         who certifies. Strike \
         what is not so. It addresses authenticity alone; whether the records are hearsay or relevant is \
         another question, and notice \
         to the other party is due under Rule 902(11).\n\n",
        package.id
    );
    if package.sample {
        out.push_str("SAMPLE: the evidence in this package is synthetic or replayed. Do not sign this.\n\n");
    }
    person(&mut out, package);
    system(&mut out, package, run);
    collection(&mut out, run, artifacts);
    hashes(&mut out, package, run, artifacts, bag, report);
    out.push_str(
        "6. REGULAR PRACTICE\n\n\
         The records were made at or near the times stated, by the process described, as a regular practice \
         of the organization: \
         ____ (yes / no; describe how often and by whom the process is run).\n\n\
         7. DECLARATION\n\n\
         I declare under penalty of perjury under the laws of the United States of America that the \
         foregoing is true and correct.\n\n\
         Executed on ____ (date) at ____ (place)\n\nSignature ____\n\nName in print ____\n",
    );
    out
}

fn person(out: &mut String, package: &PackageRecord) {
    let _ = write!(
        out,
        "1. THE PERSON\n\n\
         I am ____ (name), ____ (position) at {}. I am qualified to make this certification because ____ \
         (training, experience, \
         and acquaintance with the system described below).\n\n",
        plain(&package.organization)
    );
}

fn system(out: &mut String, package: &PackageRecord, run: &RunRecord) {
    let absent = || "not recorded".to_string();
    let _ = write!(
        out,
        "2. THE PROCESS\n\n\
         The records were produced by an electronic process. A program asked the interfaces of Amazon Web \
         Services, or read files that \
         those interfaces had delivered, stored each answer byte for byte, and computed the SHA-256 digest \
         of each as it was written. \
         Verdicts were computed from these answers by SQL queries that travel in the package. Anyone can \
         repeat both from the package.\n\n\
         Program          {} {}, commit {}\n\
         Its binary       SHA-256 {}\n\
         Command line     {}\n\
         Configuration    SHA-256 {}\n\
         Checks           catalog SHA-256 {}\n\
         Packaged by      version {}\n\n\
         The process produces an accurate result because ____ (how it was tested in this organization; \
         `affiant verify --recompute` \
         derives every verdict again and compares).\n\n",
        plain(&run.program.name),
        plain(&run.program.version),
        plain(&run.program.commit),
        run.program.binary.map_or_else(absent, |d| d.to_string()),
        plain(&run.command.join(" ")),
        run.configuration.map_or_else(absent, |d| d.to_string()),
        run.catalog,
        plain(&package.program_version),
    );
}

fn collection(out: &mut String, run: &RunRecord, artifacts: &[Artifact]) {
    let list = |values: &[String]| {
        if values.is_empty() { "not recorded".to_string() } else { plain(&values.join(", ")) }
    };
    let mut operations = std::collections::BTreeMap::<String, usize>::new();
    for artifact in artifacts {
        let name = match &artifact.source {
            Source::Response { service, operation, .. } => format!("{service}:{operation}"),
            source @ (Source::Snapshot { .. } | Source::Document { .. }) => source.words(),
        };
        *operations.entry(name).or_default() += 1;
    }
    let requests = artifacts
        .iter()
        .filter(|a| matches!(&a.source, Source::Response { custody, .. } if !custody.is_empty()))
        .count();
    let _ = write!(
        out,
        "3. THE COLLECTION\n\n\
         Accounts         {}\nRegions          {}\nCaller           {}\nStarted          {}\n\
         Ended            {}\n\
         Clock            {}; its deviation from UTC was ____ (how the machine's clock is kept, such as \
         NTP)\n\
         Files            {}, of which {requests} with the request's own record (identifier, caller)\n\
         Errors and gaps  in data/coverage.jsonl of the run; each is printed in the report\n\nOperations:\n",
        list(&run.accounts),
        list(&run.regions),
        list(&run.callers),
        run.started,
        run.ended,
        plain(&run.clock),
        artifacts.len(),
    );
    for (operation, count) in operations {
        let _ = writeln!(out, "  {count:>6}  {}", plain(&operation));
    }
    out.push_str("\n4. CUSTODY\n\n");
    let _ = write!(
        out,
        "The run {} was closed and sealed when it ended; {}. The package was copied from it by the same \
         program{}. Since then it was kept ____ (where, by whom, and how it was copied for this \
         proceeding).\n\n",
        run.id,
        run.previous.map_or_else(
            || "it names no run before it".to_string(),
            |d| format!("it names the run before it by manifest SHA-256 {d}")
        ),
        if run.derived_from.is_some() {
            ", after secrets had been replaced; data/redactions.jsonl lists each file with both digests"
        } else {
            ""
        },
    );
}

fn hashes(
    out: &mut String,
    package: &PackageRecord,
    run: &RunRecord,
    artifacts: &[Artifact],
    bag: &Verified<Bag>,
    report: &Report,
) {
    let sealer = report.sealer.as_ref();
    let _ = write!(
        out,
        "5. DIGITAL IDENTIFICATION (902(14))\n\n\
         Each file of the package is identified by its SHA-256 digest (FIPS 180-4) in manifest-sha256.txt. I \
         compared the digests of \
         the files with that list on ____ (date) with ____ (tool), and they agreed.\n\n\
         Package          {}\nManifest         SHA-256 {}\nEvidence         manifest SHA-256 {}{}\n\
         Sealed by        {}\nCertificate      SHA-256 {}\nSeal's own time  {}\nIndependent time {}\n\n\
         Integrity        {}\nAuthenticity     {}\n\nFiles of evidence, as collected:\n",
        package.id,
        bag.manifest_digest(),
        package.run_manifest,
        run.derived_from.map_or_else(String::new, |d| format!("\nAs collected     manifest SHA-256 {d}")),
        sealer.map_or_else(String::new, |s| plain(&s.subject)),
        sealer.map_or_else(String::new, |s| s.fingerprint.to_string()),
        sealer.and_then(|s| s.claimed_at).map_or_else(String::new, |at| at.to_rfc3339()),
        plain(&report.time.words),
        plain(&report.integrity.words),
        plain(&report.authenticity.words),
    );
    for artifact in artifacts.iter().take(LISTED) {
        let _ = writeln!(
            out,
            "{}  {:>10}  {}  {}",
            artifact.sha256,
            artifact.size,
            artifact.collected_at,
            plain(&artifact.path)
        );
    }
    if artifacts.len() > LISTED {
        let _ = writeln!(out, "and {} more, in {}/data/custody.jsonl", artifacts.len() - LISTED, package.run);
    }
    out.push('\n');
}

fn plain(text: &str) -> String {
    crate::diag::printable(text).replace('\n', " ")
}

fn read(bag: &Verified<Bag>, name: &str) -> Option<Vec<u8>> {
    bag.read(&BagPath::new(name).ok()?, MAX_RECORD).ok()
}

fn json<T: serde::de::DeserializeOwned>(bag: &Verified<Bag>, name: &str) -> Option<T> {
    let value: Value = serde_json::from_slice(&read(bag, name)?).ok()?;
    serde_json::from_value(value).ok()
}
