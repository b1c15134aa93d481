//! Hands the arguments in and the exit code out.

#![allow(clippy::disallowed_methods)] // hands the arguments in

use std::process::ExitCode;

fn main() -> ExitCode {
    affiant::cli::run(std::env::args_os())
}
