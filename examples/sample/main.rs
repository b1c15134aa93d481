//! Writes a synthetic AWS account of a county's surveillance digital twin, in the import folder that
//! `affiant collect --snapshot` reads. Everything in it is invented; the same seed and arguments give the
//! same bytes.

#![allow(clippy::disallowed_methods)] // a program of its own

use std::process::ExitCode;

mod access;
mod authority;
mod backup;
mod balancers;
mod buckets;
mod certificates;
mod clones;
mod compute;
mod containers;
mod databases;
mod documents;
mod earlier;
mod envelope;
mod estate;
mod front;
mod functions;
mod gateways;
mod hops;
mod identity;
mod interfaces;
mod item;
mod keys;
mod lapses;
mod ledger;
mod logs;
mod messages;
mod moment;
mod network;
mod options;
mod oversight;
mod parameters;
mod past;
mod people;
mod pilot;
mod preserve;
mod reach;
mod region;
mod replicas;
mod rng;
mod roles;
mod rules;
mod security;
mod sessions;
mod stores;
mod story;
mod tls;
mod warehouse;
mod watch;
mod writer;

fn main() -> ExitCode {
    let options = match options::Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("error: {problem}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match writer::write(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: could not write the sample: {error}");
            ExitCode::from(5)
        }
    }
}
