//! The command line.

use std::path::PathBuf;

use crate::envelope::Format;

pub const USAGE: &str =
    "usage: sample OUT [--seed N] [--story] [--earlier] [--items N] [--format snapshot|api|rows]";

pub struct Options {
    pub out: PathBuf,
    pub seed: u64,
    /// The well-run vendor with a few lapses; otherwise most checks have a fault.
    pub story: bool,
    /// The account as it was a quarter before.
    pub earlier: bool,
    /// How many items us-east-1 shall have; none: those of the environment itself.
    pub items: Option<usize>,
    pub format: Format,
}

impl Options {
    /// Reads the arguments after the program's name.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut arguments = arguments.peekable();
        let mut options = Options {
            out: PathBuf::new(),
            seed: 1,
            story: false,
            earlier: false,
            items: None,
            format: Format::Snapshot,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--seed" => options.seed = number(&argument, arguments.next())?,
                "--story" => options.story = true,
                "--earlier" => options.earlier = true,
                "--items" => options.items = Some(number(&argument, arguments.next())?),
                "--format" => options.format = format(arguments.next())?,
                _ if argument.starts_with('-') => return Err(format!("unknown option `{argument}`")),
                _ => options.out = PathBuf::from(argument),
            }
        }
        if options.out.as_os_str().is_empty() {
            return Err("the output folder is missing".into());
        }
        Ok(options)
    }
}

fn number<N: std::str::FromStr>(option: &str, value: Option<String>) -> Result<N, String> {
    let value = value.ok_or_else(|| format!("`{option}` needs a number"))?;
    value.parse().map_err(|_| format!("`{option}` needs a number, not `{value}`"))
}

fn format(value: Option<String>) -> Result<Format, String> {
    match value.as_deref() {
        Some("snapshot") => Ok(Format::Snapshot),
        Some("api") => Ok(Format::Api),
        Some("rows") => Ok(Format::Rows),
        _ => Err("`--format` is one of `snapshot`, `api`, `rows`".into()),
    }
}
