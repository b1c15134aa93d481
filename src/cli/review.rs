//! `affiant review`: a workbook of everybody who holds access, for people to decide on, and what they
//! decided, read back; samples for an auditor.

use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::{Args, Subcommand};

use super::attest::{MadeStatement, state};
use super::{Context, Exit, data, say, wrong};
use crate::clock;
use crate::diag::{near, printable};
use crate::model::access::{AccessReview, AccessVerdict};
use crate::model::catalog::Catalog;
use crate::pipeline::Error;
use crate::pipeline::review::{self, FilledReview};
use crate::pipeline::workpapers::{self, SampleRequest};
use crate::program::workpapers as draw;
use crate::render::{workpaper_sheets, xlsx};
use crate::store::atomic::{self, Access, Existing};

/// Reviews that people carry out with the evidence before them
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    Access(AccessArgs),
    Sample(SampleArgs),
}

/// Draw an auditor's sample by a printed seed: workpapers with the whole population, as workbook and CSV
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Checks by id, or all of a control by its id; `affiant controls list` shows them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// Rows to draw of each check
    #[arg(long, value_name = "N", default_value_t = 25)]
    size: u64,
    /// What the draw rests on [default: the digest of the run's manifest, which nobody chooses]
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
    /// A run: its folder, or its name in evidence/ [default: the newest]
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// The files without their ends [default: workpapers-DAY in the workspace]
    #[arg(long, value_name = "STEM")]
    output: Option<PathBuf>,
}

/// Write a workbook of every principal, what it can read and who left; or read it back, filled in
#[derive(Debug, Args)]
pub struct AccessArgs {
    /// The workbook to write [default: access-review-DAY.xlsx in the workspace]
    file: Option<PathBuf>,
    /// A run: its folder, or its name in evidence/ [default: the newest]
    #[arg(long, value_name = "RUN", conflicts_with = "read")]
    run: Option<String>,
    /// The list of leavers, CSV with the heads name, left and user [default: documents/leavers.csv, if it is
    /// there]
    #[arg(long, value_name = "CSV")]
    leavers: Option<PathBuf>,
    /// Read a workbook that reviewers filled in, sign it, and keep it in documents/
    #[arg(long, value_name = "FILE", requires = "by", conflicts_with = "file")]
    read: Option<PathBuf>,
    /// Who attests the review, by name
    #[arg(long, value_name = "NAME", requires = "read")]
    by: Option<String>,
    /// That person's role [default: as the control asks]
    #[arg(long, value_name = "ROLE", requires = "read")]
    role: Option<String>,
    /// The last day on which the statement holds [default: as long as the control lets it]
    #[arg(long, value_name = "DAY", requires = "read")]
    until: Option<String>,
    /// What else was compared, such as the application's own accounts; added to the statement
    #[arg(long, value_name = "TEXT", requires = "read")]
    also: Option<String>,
}

pub fn cmd_review(command: ReviewCommand, context: &Context) -> Result<Exit, Error> {
    match command {
        ReviewCommand::Access(args) => match &args.read {
            Some(file) => read(file, &args, context),
            None => write(&args, context),
        },
        ReviewCommand::Sample(args) => sample(&args, context),
    }
}

fn sample(args: &SampleArgs, context: &Context) -> Result<Exit, Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    let checks = checks(&catalog, &args.ids)?;
    if args.seed.as_ref().is_some_and(|seed| seed.trim().is_empty() || seed.contains('\n')) {
        return Err(wrong(
            "`--seed` says nothing, or more than a line",
            "give a line such as a date and the auditor's initials",
        ));
    }
    let run = context.run(&workspace, args.run.as_deref())?;
    let asked = SampleRequest { checks, size: args.size, seed: args.seed.clone() };
    let file = workpapers::workpapers(&workspace, &catalog, run, &asked)?;
    let day = file.as_of.get(..10).unwrap_or_default();
    let stem = args.output.clone().unwrap_or_else(|| workspace.root.join(format!("workpapers-{day}")));
    let made = clock::parse(&file.as_of).unwrap_or_default();
    let created = (made.year().clamp(1900, 9999) as u16, made.month() as u8, made.day() as u8);
    let book = xlsx::workbook(&workpaper_sheets::sheets(&file, draw::DRAW), created)?;
    for (end, bytes) in [("xlsx", book), ("csv", draw::record(&file))] {
        let path = PathBuf::from(format!("{}.{end}", stem.display()));
        atomic::write(&path, &bytes, Access::Private, Existing::Refuse).map_err(Error::io("write", &path))?;
        data(&format!("{}\n", path.display()));
    }
    say(&format!("seed {}", file.seed));
    for paper in &file.papers {
        let gaps = if paper.gaps.is_empty() { "" } else { "; evidence is missing, so it may be larger" };
        say(&format!(
            "{}: {} drawn of {} ({}){gaps}",
            paper.check,
            paper.drawn().len(),
            paper.rows.len(),
            paper.counts()
        ));
    }
    Ok(if file.papers.iter().all(|p| p.gaps.is_empty()) { Exit::Done } else { Exit::Incomplete })
}

/// The checks that ids name, in the catalog's order, each once.
fn checks<'a>(catalog: &'a Catalog, ids: &[String]) -> Result<Vec<&'a str>, Error> {
    let all = || {
        catalog
            .controls
            .iter()
            .flat_map(|c| c.checks.iter().map(move |check| (c.id.as_str(), check.as_str())))
    };
    for id in ids {
        if !all().any(|(control, check)| id == control || id == check) {
            let hint = near::hint(
                id,
                all().flat_map(|(control, check)| [control, check]),
                "`affiant controls list` shows controls and checks",
            );
            return Err(wrong(format!("no check and no control is called `{id}`"), hint));
        }
    }
    Ok(all()
        .filter(|(control, check)| ids.iter().any(|id| id == control || id == check))
        .map(|(_, check)| check)
        .collect())
}

fn write(args: &AccessArgs, context: &Context) -> Result<Exit, Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    let run = context.run(&workspace, args.run.as_deref())?;
    let review = review::gather(&workspace, &catalog, run, args.leavers.as_deref())?.review();
    let file = args
        .file
        .clone()
        .unwrap_or_else(|| workspace.root.join(format!("access-review-{}.xlsx", review.day)));
    atomic::write(&file, &review::workbook_of(&review)?, Access::Private, Existing::Refuse)
        .map_err(Error::io("write", &file))?;
    data(&format!("{}\n", file.display()));
    Ok(told(&review))
}

fn read(file: &Path, args: &AccessArgs, context: &Context) -> Result<Exit, Error> {
    let (workspace, catalog) = (context.workspace()?, context.catalog()?);
    let workbook = FilledReview::open(file)?;
    let run = context.run(&workspace, Some(&workbook.run()))?;
    let parts = review::gather(&workspace, &catalog, run, args.leavers.as_deref())?;
    let review = workbook.decided(&parts)?;
    let sealer = context.sealer(&workspace)?;
    let kept = review::keep(&workspace, &workbook, &review, &sealer, context.clock.now())?;
    let made = MadeStatement {
        id: STATEMENT.into(),
        by: args.by.clone().unwrap_or_default(),
        role: args.role.clone(),
        until: args.until.clone(),
        text: Some(statement(&review, args.also.as_deref())),
        files: kept.files(),
        decided: review::to_carry_out(&review),
        ..MadeStatement::default()
    };
    state(&made, &workspace, &catalog, Some(&sealer), context)?;
    kept.files().iter().for_each(|name| data(&format!("{name}\n")));
    say("note: `affiant collect` takes these documents into the next run, and the package with them");
    Ok(told(&review))
}

/// The statement that a review of access makes.
const STATEMENT: &str = "access-reviewed";

fn statement(review: &AccessReview, also: Option<&str>) -> String {
    let n = |verdict| review.count(verdict);
    let mut text = format!(
        "Access in AWS was reviewed principal by principal, as read on {}. Of {} principals: keep {}, change \
         {}, remove {}, unknown {}.",
        review.day,
        review.lines.len(),
        n(AccessVerdict::Keep),
        n(AccessVerdict::Change),
        n(AccessVerdict::Remove),
        n(AccessVerdict::Unknown)
    );
    match also {
        Some(also) => text.push_str(&format!(" {also}")),
        None => text.push_str(" This says nothing of accounts inside databases and the application."),
    }
    text
}

/// What a reviewer should know at once, and whether evidence was missing.
fn told(review: &AccessReview) -> Exit {
    let starting = |word: &str| review.lines.iter().filter(|l| l.leaver.starts_with(word)).count();
    let (left, perhaps, undone) = (starting("LEFT"), starting("perhaps"), review.undone().count());
    let new = review.lines.iter().filter(|l| l.since.starts_with("new since")).count();
    let changed = review.lines.iter().filter(|l| l.since.starts_with("changed since")).count();
    say(&format!(
        "{} principals; since the last review {new} new, {} gone, {changed} changed; {undone} decisions not \
         carried out; {left} left, {perhaps} perhaps",
        review.lines.len(),
        review.gone.len()
    ));
    for line in review.undone() {
        say(&printable(&format!("{}  {}", line.principal.id, line.since)));
    }
    for gap in &review.gaps {
        say(&printable(&format!("not read: {gap}; principals may be missing")));
    }
    if review.gaps.is_empty() { Exit::Done } else { Exit::Incomplete }
}
