//! The command line: words, exit codes, progress. Every command is a file with its arguments and one function; this file turns
//! what they return into what the shell sees.

#![allow(clippy::disallowed_methods)] // the room of the environment

mod assess;
mod collect;
mod controls;
mod init;
mod key;
mod lint;
pub mod meta;
mod new;
mod package;
mod policy;
mod risks;
mod schema;
mod seal;
mod services;
pub mod style;
mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::catalog;
use crate::clock::Clock;
use crate::diag::{Diagnostic, Problems, printable};
use crate::model::catalog::Catalog;
use crate::pipeline::Error;
use crate::pipeline::keys::{self, Sealer};
use crate::workspace::{self, Workspace};

/// Audit evidence for HIPAA workloads on AWS that can be checked without trusting whoever made it.
#[derive(Debug, Parser)]
#[command(name = "affiant", version, max_term_width = 100, disable_help_subcommand = true)]
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
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub password_fd: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(init::InitArgs),
    Collect(collect::CollectArgs),
    Assess(assess::AssessArgs),
    Package(package::PackageArgs),
    Verify(verify::VerifyArgs),
    Risks(risks::RisksArgs),
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
            None => workspace::find(&std::env::current_dir().map_err(Error::io("find", "the current folder"))?),
        };
        Ok(workspace::open(&root)?)
    }

    pub fn catalog(&self) -> Result<Catalog, Error> {
        Ok(catalog::load(self.global.catalog.as_deref())?)
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
            say(&format!("made a workspace key in {}; git ignores it, keep it private", keys::paths(workspace).0.display()));
        }
        Ok(sealer)
    }

    /// With the ways to passwords and to keys that stay elsewhere.
    pub fn reaching<T>(&self, work: impl FnOnce(&keys::KeyReach<'_>) -> Result<T, Error>) -> Result<T, Error> {
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

/// A line for people on stderr. A closed pipe is nobody's fault.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Data on stdout. When the reader has gone, there is nothing left to say.
pub fn data(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Runs the program with `args`, the first being its own name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage(&error) as u8),
    };
    let exit = match context(cli.global, &args) {
        Ok(context) => dispatch(cli.command, &context),
        Err(error) => Err(error),
    };
    ExitCode::from(exit.unwrap_or_else(|error| report(&error)) as u8)
}

fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ => Exit::Usage,
    }
}

fn context(global: Global, args: &[OsString]) -> Result<Context, Error> {
    let clock = match std::env::var("AFFIANT_PINNED_CLOCK") {
        Ok(text) => Clock::pinned(&text).map_err(|what| Diagnostic::new("AFU-001", format!("AFFIANT_PINNED_CLOCK: {what}")))?,
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
        Command::Verify(args) => verify::cmd_verify(args, context),
        Command::Risks(args) => risks::cmd_risks(args, context),
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
        Error::Problems(problems) => say(&problems.to_string()),
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
            say(&printable(&text));
        }
    }
    if error.is_usage() { Exit::Usage } else { Exit::Failed }
}

/// Fails with one problem of usage.
pub fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::Problems(Problems(vec![Diagnostic::new("AFU-002", message).hint(hint)]))
}

/// The clap command, for help pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}
