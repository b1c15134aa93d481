//! `affiant archive`: a package put away for years, and what lies there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::json;

use super::style::Style;
use super::{Context, Exit, data, say, verify};
use crate::diag::{Diagnostic, printable};
use crate::model::archived::{HoldState, LockState};
use crate::model::verdict::Verdict;
use crate::pipeline::Error;
use crate::pipeline::archive::deposit::{self, SignedDeposit};
use crate::pipeline::archive::kept::{
    self, ArchiveList, CheckedPackage, Destruction, ListedPackage, RenewalDue,
};
use crate::pipeline::archive::place::{ArchivePlace, NamedPlace};
use crate::pipeline::archive::terms::{Added, BucketReach};
use crate::pipeline::archive::{self, Archived, ArchivedPackage, OfferedPackage};

/// Put a package away for years: in a bucket with Object Lock, or in a folder; verify and list what lies
/// there
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ArchiveArgs {
    #[command(subcommand)]
    command: Option<ArchiveCommand>,
    /// A package: its ZIP, or the folder beside which the ZIP lies
    #[arg(required = true)]
    package: Option<PathBuf>,
    /// Where: s3://BUCKET/PREFIX, or a folder
    #[arg(required = true, value_name = "DEST")]
    destination: Option<String>,
    /// Until when it is to be locked: the day that the command prints without this option, or a later one
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = super::values::day)]
    retain_until: Option<NaiveDate>,
    /// Pinned certificates, PEM: what none of them sealed is refused
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
    /// MiB above which a file goes up in parts, and the size of a part
    #[arg(long, value_name = "MIB", default_value_t = 64,
        value_parser = clap::value_parser!(u64).range(5..=4096))]
    part_size: u64,
    #[command(flatten)]
    reach: ReachArgs,
}

/// How a bucket is asked
#[derive(Debug, Args)]
pub struct ReachArgs {
    /// The credentials' profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The bucket's region [default: the profile's; the bucket's own is found]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The account that must own the bucket
    #[arg(long, value_name = "ID")]
    bucket_owner: Option<String>,
}

#[derive(Debug, Subcommand)]
enum ArchiveCommand {
    /// Read everything again: digests, lock, date and legal hold, against the receipts
    Verify {
        /// s3://BUCKET/PREFIX or a folder: a whole archive, or one package in it
        #[arg(required = true, value_name = "DEST")]
        destinations: Vec<String>,
        /// A signed receipt that `affiant archive` wrote: what it says was stored must lie there; may be
        /// repeated
        #[arg(long, value_name = "FILE")]
        receipt: Vec<PathBuf>,
        /// Pinned certificates, PEM: a receipt that none of them signed is refused
        #[arg(long, value_name = "PEM")]
        trust: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Walk the years: until when each package is kept, what is due for renewal, what may be destroyed and
    /// when
    List {
        /// s3://BUCKET/PREFIX or a folder
        #[arg(value_name = "DEST")]
        destination: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Lay a legal hold on a package, beside its retention
    Hold(HoldArgs),
    /// Take a legal hold off; the retention stays
    Release(HoldArgs),
}

/// Which package
#[derive(Debug, Args)]
pub struct HoldArgs {
    /// s3://BUCKET/PREFIX
    #[arg(value_name = "DEST")]
    destination: String,
    /// The package's id, as `affiant archive list` shows it
    package: String,
    #[command(flatten)]
    reach: ReachArgs,
}

pub fn cmd_archive(args: ArchiveArgs, context: &Context) -> Result<Exit, Error> {
    match args.command {
        Some(ArchiveCommand::Verify { destinations, receipt, trust, json, reach }) => {
            let pins = verify::pins(trust.as_deref(), None, &[], context)?;
            let now = context.clock.now();
            let receipts =
                receipt.iter().map(|file| deposit::read(file, &pins, now)).collect::<Result<Vec<_>, _>>()?;
            check(&destinations, json, &receipts, &reach, context)
        }
        Some(ArchiveCommand::List { destination, json, reach }) => list(&destination, json, &reach, context),
        Some(ArchiveCommand::Hold(args)) => hold(&args, true, context),
        Some(ArchiveCommand::Release(args)) => hold(&args, false, context),
        None => put(&args, context),
    }
}

impl ReachArgs {
    fn reach(&self, part_size: u64, context: &Context) -> BucketReach {
        BucketReach {
            profile: self.profile.clone(),
            region: self.region.clone(),
            owner: self.bucket_owner.clone(),
            part: part_size << 20,
            clock: context.clock,
        }
    }

    fn open(&self, destination: &str, context: &Context) -> Result<ArchivePlace, Error> {
        NamedPlace::parse(destination)?.open(&self.reach(64, context), false)
    }
}

fn put(args: &ArchiveArgs, context: &Context) -> Result<Exit, Error> {
    let (Some(package), Some(named)) = (&args.package, &args.destination) else {
        return Err(super::wrong("no package and no destination", "`affiant archive PACKAGE DEST`"));
    };
    verify::target(package, false)?;
    let destination = NamedPlace::parse(named)?;
    let pins = verify::pins(args.trust.as_deref(), None, &[], context)?;
    let progress = context.progress();
    progress.step("checking every digest and signature, and searching for secrets");
    let offered = OfferedPackage::open(package, &pins, context.clock.now())?;
    let Some(typed) = args.retain_until else {
        drop(progress);
        let day = offered.receipt.computed;
        let message = format!(
            "the package is to be kept until {day}; nothing was archived, since a lock cannot be taken back"
        );
        let line = offered.line(package, named);
        return Err(Diagnostic::new("AFU-065", message)
            .hint(format!("read the date, then type it: `{line}`"))
            .into());
    };
    let day = archive::typed_day(&offered, typed, context.clock.now())?;
    let place = destination.open(&args.reach.reach(args.part_size, context), true)?;
    let archived = archive::archive(&offered, &place, day, &|what| progress.step(what))?;
    drop(progress);
    for file in &archived.files {
        data(&printable(&line(file)));
    }
    conclusion(&archived, &place, offered.pinned);
    signed(&archived, offered.zip(), context);
    Ok(Exit::Done)
}

/// The receipt that stays here, signed with the workspace's key; a folder that is no workspace has none to
/// sign with.
fn signed(archived: &ArchivedPackage, zip: &Path, context: &Context) {
    let written = context.workspace().and_then(|workspace| {
        let sealer = context.sealer(&workspace)?;
        deposit::write(zip, archived, &sealer, context.clock.now())
    });
    match written {
        Ok(path) => say(&format!(
            "signed receipt: {}; keep it apart from the archive, for `affiant archive verify --receipt`",
            path.display()
        )),
        Err(error) => say(&printable(&format!("note: no signed receipt was written: {error}"))),
    }
}

fn line(file: &Archived) -> String {
    let how = match file.added {
        Added::There => "there".to_string(),
        Added::Whole => "new".to_string(),
        Added::Parts { there: 0, sent } => format!("new, in {sent} parts"),
        Added::Parts { there, sent } => format!("resumed, {sent} parts beside {there} that were there"),
    };
    let locked = file
        .locked
        .map_or_else(String::new, |until| format!("  locked until {}", until.format("%Y-%m-%dT%H:%M:%SZ")));
    format!("{}  sha256 {}{locked}  {how}\n", file.address, file.fixity.digest)
}

fn conclusion(archived: &ArchivedPackage, place: &ArchivePlace, pinned: bool) {
    let id = &archived.receipt.package;
    let what = if archived.was_there() { "was archived already" } else { "is archived" };
    let how = match place.locks() {
        true => "each file was read back whole, and its lock in compliance mode was read back",
        false => "each file was read back whole; a folder locks nothing, and no lock is claimed",
    };
    say(&printable(&format!("{id} {what}: {how}")));
    if let Some(receipt) = archived.files.last() {
        say(&format!("note the receipt's digest elsewhere: sha256 {}", receipt.fixity.digest));
    }
    if !pinned {
        say("note: who sealed the package was not asked; pin the sealer with `--trust PEM`");
    }
}

fn check(
    destinations: &[String],
    json: bool,
    receipts: &[SignedDeposit],
    reach: &ReachArgs,
    context: &Context,
) -> Result<Exit, Error> {
    let progress = context.progress();
    let mut all = Vec::new();
    for destination in destinations {
        let place = reach.open(destination, context)?;
        let found = kept::check(&place, &|what| progress.step(what))?;
        if found.is_empty() {
            return Err(nothing(destination));
        }
        all.extend(found);
    }
    drop(progress);
    let missing: Vec<String> =
        receipts.iter().flat_map(|receipt| deposit::compare(&receipt.deposit, &mut all)).collect();
    match json {
        true => data(&format!(
            "{:#}\n",
            json!({ "format": "affiant.archive-check/1", "packages": all, "missing": missing })
        )),
        false => {
            all.iter().for_each(|checked| data(&printable(&checked_text(checked, Style::of_stdout()))));
            missing.iter().for_each(|line| data(&printable(&format!("  wrong    {line}\n"))));
        }
    }
    for receipt in receipts {
        let by = receipt
            .pinned
            .as_ref()
            .map_or("by a key that was not pinned; pin it with `--trust PEM`".into(), |name| {
                format!("by {name}")
            });
        say(&printable(&format!("the receipt of {} was signed {by}", receipt.deposit.package)));
    }
    let wrong = !missing.is_empty() || all.iter().any(|c| !c.wrong.is_empty());
    Ok(match (wrong, all.iter().any(|c| !c.unknown.is_empty())) {
        (true, _) => Exit::Refused,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    })
}

fn nothing(destination: &str) -> Error {
    let problem = Diagnostic::new("AFU-066", format!("no package is archived in `{destination}`"));
    problem.hint("name the destination that `affiant archive PACKAGE DEST` was given").into()
}

fn checked_text(checked: &CheckedPackage, style: Style) -> String {
    let (verdict, word) = match (checked.wrong.is_empty(), checked.unknown.is_empty()) {
        (false, _) => (Verdict::NotMet, "WRONG"),
        (true, false) => (Verdict::NotEvidenced, "open"),
        (true, true) => (Verdict::Met, "holds"),
    };
    let mut out = format!("{} {word:<6} {}\n", style.mark(verdict), checked.at);
    if let Some(day) = checked.retain_until {
        let _ = writeln!(out, "           to be kept until {day}");
    }
    for file in &checked.files {
        let _ = writeln!(
            out,
            "           {}  sha256 {}  {}{}",
            file.name,
            file.sha256,
            locked(&file.lock),
            held(&file.hold)
        );
    }
    for (word, lines) in [("wrong", &checked.wrong), ("open", &checked.unknown), ("note", &checked.notes)] {
        for line in lines {
            let _ = writeln!(out, "  {word:<6}   {line}");
        }
    }
    out
}

fn locked(lock: &LockState) -> String {
    match lock {
        LockState::Locked { mode, until } => format!("{mode} until {}", until.format("%Y-%m-%dT%H:%M:%SZ")),
        LockState::Absent => "not locked".into(),
        LockState::Unknown { .. } => "lock not known".into(),
        LockState::NotClaimed => "no lock is claimed".into(),
    }
}

fn held(hold: &HoldState) -> &'static str {
    match hold {
        HoldState::On => ", legal hold",
        HoldState::Unknown { .. } => ", hold not known",
        HoldState::Off | HoldState::NotClaimed => "",
    }
}

fn list(destination: &str, json: bool, reach: &ReachArgs, context: &Context) -> Result<Exit, Error> {
    let place = reach.open(destination, context)?;
    let found = kept::list(&place, context.clock.now())?;
    if found.packages.is_empty() && found.unreadable.is_empty() {
        return Err(nothing(destination));
    }
    match json {
        true => {
            let value = json!({
                "format": "affiant.archive-list/1", "packages": found.packages, "unreadable": found.unreadable
            });
            data(&format!("{value:#}\n"));
        }
        false => data(&printable(&years(&found))),
    }
    Ok(if found.unreadable.is_empty() { Exit::Done } else { Exit::Incomplete })
}

fn years(found: &ArchiveList) -> String {
    let (mut out, mut year) = (String::new(), "");
    for package in &found.packages {
        if package.year != year {
            year = &package.year;
            let _ = writeln!(out, "{year}");
        }
        out.push_str(&entry(package));
    }
    for line in &found.unreadable {
        let _ = writeln!(out, "not readable: {line}");
    }
    out
}

fn entry(package: &ListedPackage) -> String {
    let renewed =
        if package.renewals == 0 { String::new() } else { format!(", renewal {}", package.renewals) };
    let renewal = match &package.renewal {
        RenewalDue::Later { on, .. } => format!("no care until {on}"),
        RenewalDue::Soon { on, words } => format!("DUE: before {on}, {words}"),
        RenewalDue::Overdue { on, words } => format!("OVERDUE since {on}: {words}"),
        RenewalDue::Renewed => "renewed: a younger state of the seal is archived".into(),
    };
    let destruction = match &package.destruction {
        Destruction::NotBefore { on } => {
            format!("may be destroyed after {on}, unless something of it is still in effect")
        }
        Destruction::PossibleSince { on } => {
            format!("MAY BE DESTROYED since {on}, unless something of it was in effect within six years")
        }
        Destruction::Held => "on legal hold: not to be destroyed".into(),
        Destruction::Unknown { why } => format!("whether it may be destroyed is not known: {why}"),
    };
    format!(
        "  {}  {}{renewed}\n      {}\n      kept until {}, {}{}\n      seal: \
         {renewal}\n      {destruction}\n",
        package.package,
        package.period,
        package.at,
        package.retain_until,
        locked(&package.lock),
        held(&package.hold),
    )
}

fn hold(args: &HoldArgs, on: bool, context: &Context) -> Result<Exit, Error> {
    let place = args.reach.open(&args.destination, context)?;
    let done = kept::hold(&place, &args.package, on)?;
    done.iter().for_each(|address| data(&printable(&format!("{address}\n"))));
    say(match on {
        true => "a legal hold lies on each of them, beside the retention, until `affiant archive release`",
        false => "the legal hold is off; the retention stays",
    });
    Ok(Exit::Done)
}
