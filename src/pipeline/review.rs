//! A review of access: the workbook of a run, and what reviewers filled in, taken back, signed and kept in
//! `documents/`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike, Utc};
use serde_json::json;

use super::Error;
use super::assess::{check_parameters, cleared, judge, redacted, scratch};
use super::keys::Sealer;
use super::statements::signers;
use crate::assess::principals;
use crate::diag::{Diagnostic, Problems};
use crate::evidence::workbook::{self, Grid};
use crate::model::access::{AccessPopulation, AccessReview, AccessVerdict, HolderKind, ReviewLine};
use crate::model::catalog::Catalog;
use crate::model::decisions::AccessDecision;
use crate::model::digest::Digest;
use crate::program::access_review::{self, PastReview, leavers};
use crate::render::review_sheets::{ABOUT, PRINCIPALS, sheets};
use crate::render::xlsx;
use crate::seal::bag::SealError;
use crate::seal::sign_detached;
use crate::store::atomic::{self, Access, Existing};
use crate::store::given;
use crate::store::run::Reader;
use crate::workspace::Workspace;

/// Where a workspace keeps its list of leavers, unless another file is named.
pub const LEAVERS: &str = "documents/leavers.csv";
const STEM: &str = "access-review-";

/// A review is made of a run, a list of leavers and the review before it.
pub struct ReviewParts {
    population: AccessPopulation,
    run: (String, Digest),
    catalog: Digest,
    day: String,
    /// Path, digest and lines of the list.
    leavers: Option<(String, Digest, Vec<access_review::Leaver>)>,
    before: Option<(String, PastReview)>,
}

/// Everybody who holds access by a run.
pub fn gather(
    workspace: &Workspace,
    catalog: &Catalog,
    run: Reader,
    list: Option<&Path>,
) -> Result<ReviewParts, Error> {
    check_parameters(workspace, catalog)?;
    let folder = scratch(workspace)?;
    let until = run.record.ended.clone();
    let facts = (run.record.id.clone(), run.manifest);
    let run = redacted(
        run,
        &cleared(&workspace.decisions, &until),
        folder.path(),
        |_| Ok(None),
        |closed| Ok(closed.finish(&[])?),
    )?;
    let database = folder.path().join("evidence.sqlite");
    judge(catalog, &workspace.decisions, &run, None, &database)?;
    let day = until.get(..10).unwrap_or_default().to_string();
    Ok(ReviewParts {
        population: principals::of_database(&database, &until)?,
        run: facts,
        catalog: catalog.digest,
        leavers: list_of(workspace, list)?,
        before: before(workspace, &day),
        day,
    })
}

fn list_of(
    workspace: &Workspace,
    named: Option<&Path>,
) -> Result<Option<(String, Digest, Vec<access_review::Leaver>)>, Error> {
    let own = workspace.root.join(LEAVERS);
    let path = match named {
        Some(path) => path,
        None if own.is_file() => &own,
        None => return Ok(None),
    };
    let bytes = given::read(path).map_err(Error::io("read the list of leavers", path))?;
    let shown = if named.is_some() { path.display().to_string() } else { LEAVERS.to_string() };
    let read = leavers(&bytes).map_err(|what| {
        let problem = Diagnostic::new("AFU-045", format!("the list of leavers: {what}")).file(shown.clone());
        problem.hint(
            "write CSV such as `name,left,user` and a line for each person, such as `Jordan \
                      Example,2026-08-01,jexample`",
        )
    })?;
    Ok(Some((shown, Digest::of(&bytes), read)))
}

/// The newest record of a review of an earlier day in `documents/`.
fn before(workspace: &Workspace, day: &str) -> Option<(String, PastReview)> {
    let names = std::fs::read_dir(workspace.root.join("documents")).ok()?.flatten();
    let mut names: Vec<String> = names.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let of_day = |name: &str| {
        let then = name.strip_prefix(STEM)?.strip_suffix(".csv")?.get(..10)?;
        (then.len() == 10 && then < day).then(|| then.to_string())
    };
    let read = |name: &String| {
        let bytes = std::fs::read(workspace.root.join("documents").join(name)).ok()?;
        Some((format!("documents/{name}"), access_review::past(&of_day(name)?, &bytes)?))
    };
    let mut found: Vec<_> = names.iter().filter_map(read).collect();
    // a second version of a day (`-2`) counts before the first
    found.sort_by(|a, b| (&a.1.day, a.0.len(), &a.0).cmp(&(&b.1.day, b.0.len(), &b.0)));
    found.pop()
}

impl ReviewParts {
    pub fn review(&self) -> AccessReview {
        let list = self.leavers.as_ref().map(|(_, _, list)| list.as_slice());
        let (lines, gone) =
            access_review::lines(&self.population, list, self.before.as_ref().map(|(_, past)| past));
        AccessReview {
            lines,
            gone,
            about: self.about(),
            gaps: self.population.gaps.clone(),
            day: self.day.clone(),
        }
    }

    fn about(&self) -> Vec<(String, String)> {
        let kinds = [
            HolderKind::RootUser,
            HolderKind::IamUser,
            HolderKind::IdentityCenterUser,
            HolderKind::IdentityCenterGroup,
            HolderKind::Role,
            HolderKind::ServiceRole,
        ];
        let all = &self.population.principals;
        let count = |kind: &HolderKind| {
            format!("{} {}", all.iter().filter(|p| p.kind == *kind).count(), kind.as_str())
        };
        let p = &self.population;
        let gaps =
            if p.gaps.is_empty() { "nothing that was asked for".to_string() } else { p.gaps.join("\n") };
        let text = |t: &str| t.to_string();
        [
            ("Run", self.run.0.clone()),
            ("Manifest of the run", self.run.1.to_string()),
            ("As of", self.day.clone()),
            ("Catalog", self.catalog.to_string()),
            (
                "Principals",
                format!("{}: {}", all.len(), kinds.iter().map(count).collect::<Vec<_>>().join(", ")),
            ),
            ("Not read", gaps),
            (
                "Stores holding PHI",
                format!("{}, of which {} are open to everyone by their own policy", p.stores, p.open_stores),
            ),
            (
                LIST,
                self.leavers.as_ref().map_or_else(
                    || text("none was supplied"),
                    |(path, digest, _)| format!("{path}, sha256 {digest}"),
                ),
            ),
            (
                BEFORE,
                self.before
                    .as_ref()
                    .map_or_else(|| text("none is in the workspace"), |(path, _)| path.clone()),
            ),
            (
                "How to fill it in",
                text(
                    "For every line of the sheet Principals choose a decision, and name the reviewer. \
                     Change, remove and unknown need a reason. Sort and filter as you like; add, remove or \
                     change nothing else. What a policy allows is not what was done: conditions that nobody \
                     can answer are named as not certain, databases decide inside themselves, and people who \
                     sign in to the application are not here.",
                ),
            ),
        ]
        .map(|(what, value)| (what.to_string(), value))
        .to_vec()
    }
}

const LIST: &str = "List of leavers";
const BEFORE: &str = "Compared with";

/// The workbook to be filled in.
pub fn workbook_of(review: &AccessReview) -> Result<Vec<u8>, Error> {
    let day = crate::clock::parse(&format!("{}T00:00:00Z", review.day)).unwrap_or_default();
    Ok(xlsx::workbook(
        &sheets(review),
        (day.year().clamp(1900, 9999) as u16, day.month() as u8, day.day() as u8),
    )?)
}

/// The sheets of a filled-in workbook, and the run that it names.
pub struct FilledReview {
    bytes: Vec<u8>,
    file: String,
    principals: Grid,
    about: Grid,
}

impl FilledReview {
    pub fn open(path: &Path) -> Result<FilledReview, Error> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let file = path.display().to_string();
        let problem = |what: String| Diagnostic::new("AFU-046", what).file(file.clone());
        let read = workbook::sheets(&bytes)
            .map_err(|e| problem(e.to_string()).hint("give the .xlsx that `affiant review access` wrote"))?;
        let sheet = |name: &str| {
            let lacks = || {
                problem(format!("it has no sheet `{name}`"))
                    .hint("give the .xlsx that `affiant review access` wrote")
            };
            read.iter().find(|g| g.name == name).cloned().ok_or_else(lacks)
        };
        let (principals, about) = (sheet(PRINCIPALS)?, sheet(ABOUT)?);
        Ok(FilledReview { principals, about, bytes, file })
    }

    /// The name of the run that it was written from.
    pub fn run(&self) -> String {
        self.value("Run")
    }

    fn value(&self, label: &str) -> String {
        let row = (1..self.about.rows()).find(|row| self.about.text(*row, 0) == label);
        row.map(|row| self.about.text(row, 1).trim().to_string()).unwrap_or_default()
    }

    /// What was decided, line by line; refuses whatever is about other people or is not decided.
    pub fn decided(&self, parts: &ReviewParts) -> Result<AccessReview, Error> {
        let review = parts.review();
        let of = |label: &str| {
            review.about.iter().find(|(what, _)| what == label).map(|(_, v)| v.clone()).unwrap_or_default()
        };
        let mut found = Vec::new();
        for label in ["Run", "Manifest of the run", "Catalog"] {
            if self.value(label) != of(label) {
                let words = format!(
                    "sheet `{ABOUT}`: `{label}` is `{}`, and the run has `{}`",
                    self.value(label),
                    of(label)
                );
                let hint = "the workbook was written by another catalog or from another run; \
                            write it anew and copy the decisions over";
                found.push(Diagnostic::new("AFU-047", words).file(self.file.clone()).hint(hint));
            }
        }
        let beside = [LIST, BEFORE].iter().all(|label| self.value(label) == of(label));
        let lines = match access_review::filled(&review.lines, &self.principals, beside) {
            Ok(lines) if found.is_empty() => lines,
            Ok(_) => return Err(Problems(found).into()),
            Err(faults) => {
                let diagnostic = |f: access_review::CellFault| {
                    let cell = if f.cell.is_empty() { String::new() } else { format!(", cell {}", f.cell) };
                    let words = format!("sheet `{PRINCIPALS}`{cell}: {}", f.words);
                    Diagnostic::new("AFU-048", words).file(self.file.clone()).hint(f.hint)
                };
                found.extend(faults.into_iter().map(diagnostic));
                return Err(Problems(found).into());
            }
        };
        Ok(AccessReview { lines, ..review })
    }
}

/// A review that was taken back: its files, in `documents/`.
pub struct KeptReview {
    pub workbook: String,
    pub table: String,
    pub record: String,
    pub signatures: Vec<String>,
}

impl KeptReview {
    pub fn files(&self) -> Vec<String> {
        [&self.workbook, &self.table, &self.record]
            .into_iter()
            .cloned()
            .chain(self.signatures.iter().cloned())
            .collect()
    }
}

/// Keeps the workbook as it was handed in, the record as CSV, and a signed note of both with their digests.
pub fn keep(
    workspace: &Workspace,
    workbook: &FilledReview,
    review: &AccessReview,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<KeptReview, Error> {
    let folder = workspace.root.join("documents");
    atomic::create_dir_all(&folder, Access::Shared).map_err(Error::io("create", &folder))?;
    let free = |stem: &String| {
        !["xlsx", "csv", "json"].iter().any(|end| folder.join(format!("{stem}.{end}")).exists())
    };
    let stems = (1u32..)
        .map(|n| if n == 1 { format!("{STEM}{}", review.day) } else { format!("{STEM}{}-{n}", review.day) });
    let stem = stems.into_iter().find(free).expect("numbers do not end");
    let table = access_review::record(&review.lines);
    let name = |end: &str| format!("documents/{stem}.{end}");
    let note = note(workbook, review, (&name("xlsx"), &name("csv")), &table, now);
    let mut files: Vec<(String, Vec<u8>)> =
        vec![(name("xlsx"), workbook.bytes.clone()), (name("csv"), table), (name("json"), note.clone())];
    for (i, (_, key)) in signers(sealer).into_iter().enumerate() {
        let cms = sign_detached(&note, key, now).map_err(SealError::from)?;
        files.push((if i == 0 { name("json.p7s") } else { name(&format!("json.{}.p7s", i + 1)) }, cms));
    }
    for (path, bytes) in &files {
        let path: PathBuf = workspace.root.join(path);
        atomic::write(&path, bytes, Access::Shared, Existing::Refuse).map_err(Error::io("write", &path))?;
    }
    let mut names = files.into_iter().map(|(name, _)| name);
    let mut next = || names.next().expect("three files and their signatures");
    let (workbook, table, record) = (next(), next(), next());
    Ok(KeptReview { workbook, table, record, signatures: names.collect() })
}

/// What is signed: the two files by their digests, what they rest on, and what they say in numbers.
fn note(
    workbook: &FilledReview,
    review: &AccessReview,
    (xlsx, csv): (&str, &str),
    table: &[u8],
    now: DateTime<Utc>,
) -> Vec<u8> {
    let verdicts =
        [AccessVerdict::Keep, AccessVerdict::Change, AccessVerdict::Remove, AccessVerdict::Unknown];
    let decided: serde_json::Map<String, serde_json::Value> =
        verdicts.iter().map(|v| (v.as_str().to_string(), review.count(*v).into())).collect();
    let about: Vec<_> = review.about.iter().filter(|(what, _)| what != "How to fill it in").collect();
    let mut reviewers: Vec<&str> = review.lines.iter().map(|l| l.reviewer.as_str()).collect();
    reviewers.sort_unstable();
    reviewers.dedup();
    let note = json!({
        "format": "affiant.access-review/1",
        "read_at": now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "about": about,
        "principals": review.lines.len(),
        "decided": decided,
        "not_carried_out": review.undone().map(|l| l.principal.id.as_str()).collect::<Vec<_>>(),
        "gone": review.gone.iter().map(|g| g.id.as_str()).collect::<Vec<_>>(),
        "reviewers": reviewers,
        "workbook": { "path": xlsx, "sha256": Digest::of(&workbook.bytes) },
        "record": { "path": csv, "sha256": Digest::of(table) },
    });
    format!("{note:#}\n").into_bytes()
}

/// Decisions that somebody has to carry out.
pub fn to_carry_out(review: &AccessReview) -> Vec<AccessDecision> {
    let open = |l: &&ReviewLine| matches!(l.decision, Some(AccessVerdict::Change | AccessVerdict::Remove));
    let decision = |l: &ReviewLine| AccessDecision {
        principal: l.principal.id.clone(),
        decision: l.decision.map_or("", AccessVerdict::as_str).into(),
        by: l.reviewer.clone(),
        access: principals::access_digest(&l.principal),
    };
    review.lines.iter().filter(open).map(decision).collect()
}
