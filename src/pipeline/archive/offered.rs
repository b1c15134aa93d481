//! A package as it is offered to an archive: verified, final, searched once more, and taken apart into the
//! files that are kept.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use tempfile::TempDir;

use super::terms::KeptFile;
use crate::diag::{Diagnostic, Problems};
use crate::model::archived::{RECEIPT_FORMAT, Receipt, ReceiptFile};
use crate::model::digest::{Digest, Fixity};
use crate::pipeline::handed::{self, HeldPackage};
use crate::pipeline::record::{HTML, PDF};
use crate::pipeline::timestamps;
use crate::pipeline::verify::Pins;
use crate::pipeline::{Error, temporary};
use crate::store::tree::open_plain;

/// What may be archived, with its receipt but for the day that a person types.
pub struct OfferedPackage {
    pub receipt: Receipt,
    /// Whether the sealer was among the pinned ones.
    pub pinned: bool,
    /// The package's own ZIP, then the reports out of it.
    pub files: Vec<KeptFile>,
    /// What its folder and its files are called.
    pub(super) stem: String,
    pub(super) as_of: NaiveDate,
    /// The package's own ZIP.
    zip: PathBuf,
    scratch: TempDir,
}

impl OfferedPackage {
    /// Opens a package (its ZIP, or the folder beside which the ZIP lies) and refuses what no archive takes.
    pub fn open(path: &Path, pins: &Pins, now: DateTime<Utc>) -> Result<OfferedPackage, Error> {
        let zip = zip_of(path)?;
        let before = fixity(&zip)?;
        let held = handed::open(&zip, pins, now)?;
        refuse(&zip, &held)?;
        let status = timestamps::status(&zip)?;
        if fixity(&zip)? != before {
            return Err(changed(&zip, "it changed while it was being read"));
        }
        let record = &held.record;
        let day = |text: &str, what: &str| -> Result<NaiveDate, Error> {
            let date = text.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
            date.ok_or_else(|| changed(&zip, &format!("its {what} `{text}` is no date")))
        };
        let renewals = status.parts.iter().filter(|part| part.what.starts_with("renewal")).count();
        let renewals = u32::try_from(renewals).unwrap_or(u32::MAX);
        let stem = stem(&record.id, renewals);
        let (as_of, computed) = (day(&record.as_of, "as-of time")?, day(&record.retain_until, "retention")?);
        let scratch = temporary()?;
        let files = files(&held, &zip, before, &stem, scratch.path())?;
        let listed = files.iter().map(|f| ReceiptFile {
            name: f.name.clone(),
            size: f.fixity.len,
            sha256: f.fixity.digest,
        });
        let receipt = Receipt {
            format: RECEIPT_FORMAT.into(),
            package: record.id.clone(),
            renewals,
            organization: record.organization.clone(),
            edition: record.edition.clone(),
            period: record.period.clone(),
            as_of: record.as_of.clone(),
            manifest: held.manifest().parse().expect("a digest in words is one"),
            sealed_by: held.sealed_by.ok_or_else(|| changed(&zip, "nobody sealed it"))?,
            computed,
            retain_until: computed,
            care_until: status.care.until,
            care: status.care.words,
            files: listed.collect(),
        };
        Ok(OfferedPackage { receipt, pinned: held.pinned, files, stem, as_of, zip, scratch })
    }

    pub fn zip(&self) -> &Path {
        &self.zip
    }

    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }
}

/// The package's id in plain characters; a renewed package is another object, beside the older one.
fn stem(id: &str, renewals: u32) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let id: String = id.chars().map(plain).collect();
    let id = id.trim_start_matches(['-', '_', '.']);
    if renewals == 0 { id.to_string() } else { format!("{id}-renewed-{renewals:04}") }
}

/// The ZIP itself, or the one that `affiant package` wrote beside the folder.
fn zip_of(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() {
        return Ok(path.into());
    }
    let name =
        path.canonicalize().ok().and_then(|p| p.file_name().map(|name| name.to_string_lossy().into_owned()));
    let beside = path.canonicalize().ok().and_then(|p| Some(p.parent()?.join(format!("{}.zip", name?))));
    beside.filter(|zip| zip.is_file()).ok_or_else(|| {
        let problem =
            Diagnostic::new("AFU-059", format!("no ZIP lies beside the folder `{}`", path.display()));
        problem.hint("name the ZIP that `affiant package` wrote: that is what is archived").into()
    })
}

fn refuse(zip: &Path, held: &HeldPackage) -> Result<(), Error> {
    let shown = zip.display().to_string();
    let mut problems = Problems::default();
    let mut push = |code, message: String, hint: &str| {
        problems.push(Diagnostic::new(code, message).file(shown.clone()).hint(hint))
    };
    if held.record.sample || held.dossier.sample {
        push(
            "AFU-060",
            "this is a SAMPLE: synthetic or replayed evidence is not archived".into(),
            "archive a package of your own runs",
        );
    }
    if held.record.draft || held.dossier.draft {
        let hint = "finish what `affiant lint` names, and package without `--draft`";
        push("AFU-061", "this is a DRAFT: what is still open is not archived for years".into(), hint);
    }
    for (path, rule) in held.search()? {
        let hint = "nothing can be taken out of an archive: take it out of the run or the workspace, and \
                    package again";
        push("AFU-062", format!("{rule} is in `{path}`"), hint);
    }
    Ok(problems.or(())?)
}

fn changed(zip: &Path, words: &str) -> Error {
    let problem = Diagnostic::new("AFU-063", format!("`{}`: {words}; nothing was archived", zip.display()));
    Error::Changed(Box::new(problem.hint("see `affiant verify`")))
}

fn fixity(path: &Path) -> Result<Fixity, Error> {
    open_plain(path).and_then(|mut file| Digest::of_reader(&mut file)).map_err(Error::io("read", path))
}

/// The ZIP, and the reports that people open, each by itself.
fn files(
    held: &HeldPackage,
    zip: &Path,
    of_zip: Fixity,
    stem: &str,
    scratch: &Path,
) -> Result<Vec<KeptFile>, Error> {
    let mut all = vec![KeptFile {
        name: format!("{stem}.zip"),
        content_type: "application/zip",
        path: zip.into(),
        fixity: of_zip,
    }];
    let signature = format!("{HTML}.p7s");
    for (inside, ending, content_type) in [
        (PDF, "pdf", "application/pdf"),
        (HTML, "html", "text/html; charset=utf-8"),
        (signature.as_str(), "html.p7s", "application/pkcs7-signature"),
    ] {
        let path = scratch.join(ending);
        if held.copy(inside, &path)? {
            let fixity = fixity(&path)?;
            all.push(KeptFile { name: format!("{stem}.{ending}"), content_type, path, fixity });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_renewals_lie_beside() {
        assert_eq!(stem("2026-Q3-0123456789ab", 0), "2026-Q3-0123456789ab");
        assert_eq!(stem("Q3 / 2026-0123456789ab", 2), "Q3---2026-0123456789ab-renewed-0002");
        assert_eq!(stem("../x-0123456789ab", 0), "x-0123456789ab");
    }
}
