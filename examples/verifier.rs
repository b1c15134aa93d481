//! A verifier and nothing else: integrity, authenticity and time of a package as `affiant verify` judges
//! them, without AWS, typst or SQL. It prints JSON.
//!
//! `cargo build --profile verifier --no-default-features --example verifier`; usage: `verifier PACKAGE
//! [TRUST.pem [TSA.pem]]`. Exit codes are those of `affiant verify`.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::path::Path;
use std::process::ExitCode;

use affiant::seal::Trust;
use affiant::seal::verify::{DESCRIPTIONS, Options, State, verify};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else {
        eprintln!("usage: verifier PACKAGE [TRUST.pem [TSA.pem]]");
        return ExitCode::from(2);
    };
    let pinned = |i: usize| match arguments.get(i) {
        None => Ok(Trust::default()),
        Some(file) => std::fs::read_to_string(file)
            .map_err(|e| e.to_string())
            .and_then(|pem| Trust::from_pem(&pem).map_err(|e| e.to_string())),
    };
    let (trust, authorities) = match (pinned(1), pinned(2)) {
        (Ok(trust), Ok(authorities)) => (trust, authorities),
        (Err(why), _) | (_, Err(why)) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    let options =
        Options { authorities: &authorities, ..Options::new(&trust, chrono::Utc::now(), DESCRIPTIONS) };
    let report = match verify(Path::new(path), &options) {
        Ok(verification) => verification.report,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(5);
        }
    };
    println!("{}", serde_json::to_string_pretty(&report).expect("a report serialises"));
    let states = [report.integrity.state, report.authenticity.state, report.time.state];
    ExitCode::from(match (states.contains(&State::Failed), report.authenticity.state) {
        (true, _) => 4,
        (false, State::Held) => 0,
        (false, State::Unknown | State::Failed) => 3,
    })
}
