//! The command line: words, exit codes, progress. Every command is a file with its arguments and one
//! function; this file turns what they return into what the shell sees.

#![allow(clippy::disallowed_methods)] // the room of the environment

mod answer;
mod archive;
mod assess;
mod attest;
mod breach;
mod buyer;
mod calendar;
mod collect;
mod controls;
mod diff;
mod edition;
mod export;
mod import;
mod init;
mod init_files;
#[cfg(feature = "aws")]
mod init_from_aws;
mod init_said;
mod join;
mod key;
mod lint;
mod machine;
pub mod meta;
mod new;
mod package;
mod plan;
mod policy;
mod progress;
mod response;
mod review;
mod risk_edits;
mod risks;
mod runs;
mod schema;
mod schema_outputs;
mod seal;
mod services;
mod streams;
pub mod style;
mod values;
mod verify;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use self::streams::{complain, data, say};
use crate::catalog;
use crate::clock::Clock;
use crate::diag::{Diagnostic, Gravity, Problems, near, printable};
use crate::model::catalog::Catalog;
use crate::pipeline::keys::{self, Sealer};
use crate::pipeline::{Error, sealed};
use crate::store::run::{self, Reader, RunError};
use crate::workspace::{self, Workspace};

/// What the program ends with; `docs/src/exit-codes.md` says more.
const CODES: &str = "\
Exit codes:
  0  done
  1  findings at or above --fail-on (they win over 3 there)
  2  bad usage, configuration or catalog: file, line, column and what to write instead
  3  done, but evidence or authenticity is incomplete (--allow-gaps, --max-gaps)
  4  verification failed
  5  could not finish: AWS, disk, network, lost output; nothing half-written is left
Where several hold: 5, 2, 4, 3, 1.";

/// Audit evidence for HIPAA workloads on AWS that can be checked without trusting whoever made it.
#[derive(Debug, Parser)]
#[command(name = "affiant", version, max_term_width = 100, after_help = CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
pub struct Global {
    /// The workspace: the folder with affiant.yaml [default: the nearest one above]
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// A catalog folder laid over the built-in one
    #[arg(long, global = true, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Read passwords of PKCS#12 files from this file descriptor, a line each
    #[arg(long, global = true, value_name = "N", hide_short_help = true, value_parser = values::descriptor)]
    pub password_fd: Option<u32>,
    /// Print data and problems only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say each step and how long it took
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to use color; `NO_COLOR` is obeyed
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = style::Color::Auto)]
    pub color: style::Color,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::InitArgs),
    Collect(collect::CollectArgs),
    Assess(assess::AssessArgs),
    Package(package::PackageArgs),
    Export(machine::MachineArgs),
    Import(import::ImportArgs),
    Answer(answer::AnswerArgs),
    Archive(archive::ArchiveArgs),
    Verify(verify::VerifyArgs),
    Runs(runs::RunsArgs),
    Join(join::JoinArgs),
    Diff(diff::DiffArgs),
    Risks(risks::RisksArgs),
    Attest(attest::AttestArgs),
    #[command(subcommand)]
    Review(review::ReviewCommand),
    Calendar(calendar::CalendarArgs),
    Plan(plan::PlanArgs),
    #[command(subcommand)]
    Breach(breach::BreachCommand),
    #[command(subcommand)]
    Controls(controls::ControlsCommand),
    Services(services::ServicesArgs),
    #[command(subcommand)]
    Seal(seal::SealCommand),
    Policy(policy::PolicyArgs),
    Lint(lint::LintArgs),
    Schema(schema::SchemaArgs),
    Completions(meta::CompletionsArgs),
    Man(meta::ManArgs),
}

/// What a command ends with; the numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// Findings at or above `--fail-on`.
    Findings = 1,
    /// Bad usage, configuration or catalog.
    Usage = 2,
    /// Done, but evidence or authenticity is incomplete.
    Incomplete = 3,
    /// Verification failed.
    Refused = 4,
    /// Could not finish: disk, network, AWS.
    Failed = 5,
}

/// Everything a command needs from outside.
pub struct Context {
    pub global: Global,
    pub clock: Clock,
    pub command: Vec<String>,
}

impl Context {
    pub fn workspace(&self) -> Result<Workspace, Error> {
        let root = match &self.global.workspace {
            Some(root) => root.clone(),
            None => {
                workspace::find(&std::env::current_dir().map_err(Error::io("find", "the current folder"))?)
            }
        };
        workspace::require(&root)?;
        Ok(progress::timed(self.global.verbose, "reading the workspace", || workspace::open(&root))?)
    }

    /// The run that is named, or the newest; a name that is none of those here is told with those that are.
    pub fn run(&self, workspace: &Workspace, named: Option<&str>) -> Result<Reader, Error> {
        let evidence = workspace.evidence();
        let known = run::list(&evidence);
        let problem =
            |code, message: String, hint: String| Err(Diagnostic::new(code, message).hint(hint).into());
        let tell = |words: &str| say(&printable(words));
        match (run::find(&evidence, named), named) {
            (Ok(path), _) => sealed::told(workspace, &path, self.clock.now(), &tell),
            (Err(RunError::NotARun(_) | RunError::Nowhere(_)), Some(name))
                if verify::is_package(Path::new(name)) =>
            {
                problem(
                    "AFU-003",
                    format!("`{name}` is a package, and this takes a run"),
                    "name one of `affiant runs`, or leave it out for the newest".into(),
                )
            }
            (Err(RunError::NotARun(_) | RunError::Nowhere(_)), Some(name)) if known.is_empty() => problem(
                "AFU-003",
                format!("there is no run `{name}`, and no other"),
                "make one with `affiant collect`".into(),
            ),
            (Err(RunError::NotARun(_) | RunError::Nowhere(_)), Some(name)) => {
                let newest = format!(
                    "runs here: {}",
                    known.iter().rev().take(5).cloned().collect::<Vec<_>>().join(", ")
                );
                let hint = near::hint(
                    name,
                    known.iter().map(String::as_str),
                    &format!("{newest}; without a name the newest is taken"),
                );
                problem("AFU-003", format!("there is no run `{name}` in evidence/"), hint)
            }
            (Err(RunError::None(_)), _) => {
                let message = format!("`{}` has no run yet", workspace.root.display());
                let hint = "make one with `affiant collect --aws` or `affiant collect --snapshot PATH`";
                problem("AFU-003", message, hint.into())
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    pub fn catalog(&self) -> Result<Catalog, Error> {
        Ok(progress::timed(self.global.verbose, "reading the catalog", || {
            catalog::load(self.global.catalog.as_deref())
        })?)
    }

    pub fn progress(&self) -> progress::Ticker {
        progress::Ticker::new(self.global.quiet, self.global.verbose)
    }

    pub fn sealer(&self, workspace: &Workspace) -> Result<Sealer, Error> {
        self.sealer_by(workspace, &key::KeyFlags::default())
    }

    /// The sealer as configured, with what the command line says laid over it.
    pub fn sealer_by(&self, workspace: &Workspace, flags: &key::KeyFlags) -> Result<Sealer, Error> {
        let facts = flags.over(&workspace.decisions.workspace.seal)?;
        let sealer = self.reaching(|reach| keys::sealer(workspace, &facts, self.clock.now(), reach))?;
        for warning in &sealer.warnings {
            say(&format!("warning: {warning}"));
        }
        if sealer.made {
            say(&format!(
                "made a workspace key in {}; git ignores it, keep it private",
                keys::paths(workspace).0.display()
            ));
        }
        Ok(sealer)
    }

    /// With the ways to passwords and to keys that stay elsewhere.
    pub fn reaching<T>(
        &self,
        work: impl FnOnce(&keys::KeyReach<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let descriptor = self.global.password_fd;
        let password = |file: &Path, variable: Option<&str>| key::password(file, variable, descriptor);
        #[cfg(feature = "aws")]
        let kms = |name: &str| crate::pipeline::keys::kms(name, self.clock);
        #[cfg(feature = "aws")]
        let kms: Option<keys::FindKey<'_>> = Some(&kms);
        #[cfg(not(feature = "aws"))]
        let kms = None;
        work(&keys::KeyReach { password: &password, kms })
    }
}

/// Runs the program with `args`, the first being its own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return streams::ended(usage(&error, &args)),
    };
    streams::quiet(cli.global.quiet);
    style::choose(cli.global.color);
    let exit = match context(cli.global, &args) {
        Ok(context) => progress::timed(context.global.verbose, "in all", || dispatch(cli.command, &context)),
        Err(error) => Err(error),
    };
    streams::ended(exit.unwrap_or_else(|error| report(&error)))
}

/// Version, commit and catalog: what a verdict rests on.
fn version() -> String {
    let own = catalog::own_digest();
    let (version, commit) = (env!("CARGO_PKG_VERSION"), env!("AFFIANT_COMMIT"));
    format!("affiant {version}\ncommit  {commit}\ncatalog {} sha256 {own}\n", catalog::VERSION)
}

fn usage(error: &clap::Error, args: &[OsString]) -> Exit {
    if error.kind() == ErrorKind::DisplayVersion {
        data(&version());
        return Exit::Done;
    }
    let printed = error.print();
    if !error.use_stderr() {
        streams::keep(printed);
    }
    values::dashes(args).iter().for_each(|hint| complain(hint));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

/// The profile that the environment names; the SDK reads the same, and errors should name it.
#[cfg(feature = "aws")]
fn aws_profile() -> Option<String> {
    std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty())
}

fn context(global: Global, args: &[OsString]) -> Result<Context, Error> {
    let clock = match std::env::var("AFFIANT_PINNED_CLOCK") {
        Ok(text) => Clock::pinned(&text).map_err(|what| {
            let problem =
                Diagnostic::new("AFU-001", format!("the environment variable AFFIANT_PINNED_CLOCK: {what}"));
            problem
                .hint("unset it, or write a time such as 2026-09-30T12:00:00Z; it is for tests and samples")
        })?,
        Err(_) => Clock::System,
    };
    let command = args.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    Ok(Context { global, clock, command })
}

fn dispatch(command: Command, context: &Context) -> Result<Exit, Error> {
    match command {
        Command::Init(args) => init::cmd_init(args, context),
        Command::Collect(args) => collect::cmd_collect(args, context),
        Command::Assess(args) => assess::cmd_assess(args, context),
        Command::Package(args) => package::cmd_package(args, context),
        Command::Export(args) => machine::cmd_machine(&args, context),
        Command::Import(args) => import::cmd_import(&args, context),
        Command::Answer(args) => answer::cmd_answer(&args, context),
        Command::Archive(args) => archive::cmd_archive(args, context),
        Command::Verify(args) => verify::cmd_verify(args, context),
        Command::Runs(args) => runs::cmd_runs(args, context),
        Command::Join(args) => join::cmd_join(args, context),
        Command::Diff(args) => diff::cmd_diff(args, context),
        Command::Calendar(args) => calendar::cmd_calendar(args, context),
        Command::Risks(args) => risks::cmd_risks(args, context),
        Command::Attest(args) => attest::cmd_attest(args, context),
        Command::Review(command) => review::cmd_review(command, context),
        Command::Plan(args) => plan::cmd_plan(&args, context),
        Command::Breach(command) => breach::cmd_breach(command, context),
        Command::Controls(command) => controls::cmd_controls(command, context),
        Command::Services(args) => services::cmd_services(args, context),
        Command::Seal(command) => seal::cmd_seal(command, context),
        Command::Policy(args) => policy::cmd_policy(args, context),
        Command::Lint(args) => lint::cmd_lint(args, context),
        Command::Schema(args) => schema::cmd_schema(args),
        Command::Completions(args) => meta::cmd_completions(args),
        Command::Man(args) => meta::cmd_man(args),
    }
}

/// Prints an error with its causes and says how the program ends.
fn report(error: &Error) -> Exit {
    match error {
        Error::Problems(problems) => {
            let of =
                |level: Gravity| problems.0.iter().filter(|p| p.level == level).cloned().collect::<Vec<_>>();
            // placeholders are the matter of `lint`, and of a package that has nothing worse
            let stops = of(Gravity::Error);
            lint::print(if stops.is_empty() { of(Gravity::Unfinished) } else { stops }.as_slice(), &[]);
        }
        other => {
            let mut text = format!("error: {other}");
            let mut cause = std::error::Error::source(other);
            while let Some(inner) = cause {
                let words = inner.to_string();
                if !text.contains(&words) {
                    text.push_str(&format!("\n  because: {words}"));
                }
                cause = inner.source();
            }
            complain(&printable(&text));
        }
    }
    match (error.is_refused(), error.is_usage()) {
        (true, _) => Exit::Refused,
        (false, true) => Exit::Usage,
        (false, false) => Exit::Failed,
    }
}

/// Fails with one problem of usage.
pub fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::Problems(Problems(vec![Diagnostic::new("AFU-002", message).hint(hint)]))
}

/// The clap command, for help pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}
