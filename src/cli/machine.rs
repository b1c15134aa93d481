//! `affiant export`: a verified package in the formats that other programs read.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Context, Exit, data, say, verify, wrong};
use crate::model::digest::Digest;
use crate::pipeline::Error;
use crate::pipeline::handed::{self, MachineFormat};
use crate::render::machine::MachineFile;
use crate::store::atomic::{self, Access, Existing};

/// Write a package as OSCAL, SARIF, OCSF, or as one CSV a request, for programs that read those
#[derive(Debug, Args)]
pub struct MachineArgs {
    /// A package: ZIP or folder
    package: PathBuf,
    /// Which formats; may be repeated [default: all]
    #[arg(long, value_enum)]
    format: Vec<FormatWanted>,
    /// Where; the folder must be empty or not there
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Pinned certificates, PEM: what none of them sealed is refused
    #[arg(long, value_name = "PEM")]
    trust: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatWanted {
    /// Assessment results, plan of action and milestones, component definition, mapping collection with its
    /// catalog (NIST OSCAL 1.2.1)
    Oscal,
    /// Static-analysis results with places in the evidence (OASIS SARIF 2.1.0)
    Sarif,
    /// Compliance findings, class 2003, one a line (OCSF 1.6.0)
    Ocsf,
    /// One CSV for each control and each check, with an index: for programs that take in evidence by request
    Requests,
}

pub fn cmd_machine(args: &MachineArgs, context: &Context) -> Result<Exit, Error> {
    verify::target(&args.package, false)?;
    vacant(&args.output)?;
    let pins = verify::pins(args.trust.as_deref(), None, &[], context)?;
    let progress = context.progress();
    progress.step("checking every digest and signature");
    let package = handed::open(&args.package, &pins, context.clock.now())?;
    progress.step("writing");
    let files = package.machine_files(&wanted(&args.format))?;
    drop(progress);
    for file in &files {
        write(&args.output, &file.path, &file.bytes)?;
    }
    write(&args.output, "index.csv", &index(&files, &package.dossier.package_id))?;
    files.iter().for_each(|file| data(&format!("{}\n", args.output.join(&file.path).display())));
    if package.dossier.risks.rows.is_empty() && files.iter().any(|file| file.path.starts_with("oscal/")) {
        say(
            "note: the register holds no risk, so there is no plan of action and milestones: the format asks \
             for one item at least",
        );
    }
    if !package.pinned {
        say("note: who sealed the package was not asked; pin the sealer with `--trust PEM`");
    }
    Ok(Exit::Done)
}

fn wanted(formats: &[FormatWanted]) -> Vec<MachineFormat> {
    let every = [FormatWanted::Oscal, FormatWanted::Sarif, FormatWanted::Ocsf, FormatWanted::Requests];
    let chosen = if formats.is_empty() { &every[..] } else { formats };
    let mut all: Vec<MachineFormat> = chosen
        .iter()
        .map(|format| match format {
            FormatWanted::Oscal => MachineFormat::Oscal,
            FormatWanted::Sarif => MachineFormat::Sarif,
            FormatWanted::Ocsf => MachineFormat::Ocsf,
            FormatWanted::Requests => MachineFormat::Requests,
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Refuses a folder that holds something: an export is never mixed with another.
pub fn vacant(folder: &Path) -> Result<(), Error> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || folder.is_file() {
        let message = format!("`{}` is not an empty folder", folder.display());
        return Err(wrong(message, "nothing was written; name a folder that is not there yet"));
    }
    Ok(())
}

/// A file below the output folder, which may be a folder deep.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let target = folder.join(name);
    let parent = target.parent().expect("it lies in a folder");
    atomic::create_dir_all(parent, Access::Private).map_err(Error::io("create", parent))?;
    atomic::write(&target, bytes, Access::Private, Existing::Refuse).map_err(Error::io("write", &target))
}

/// A row for each file: what it is, and its digest.
fn index(files: &[MachineFile], package: &str) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let memory = "memory takes all";
    writer.write_record(["file", "format", "sha256", "package"]).expect(memory);
    for file in files {
        writer
            .write_record([&file.path, file.format, &Digest::of(&file.bytes).to_string(), package])
            .expect(memory);
    }
    writer.into_inner().expect(memory)
}
