//! Hands the arguments in and the exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    affiant::cli::run(std::env::args_os())
}
