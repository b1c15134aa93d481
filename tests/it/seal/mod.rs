//! Sealing and verifying: round trips, attacks, hostile archives, PDF updates, keys, times,
//! the chain of runs.

mod archives;
mod attacks;
pub mod authority;
mod chain;
mod commands;
mod distant;
pub mod fixture;
mod forged;
mod keys;
mod levels;
mod ocsp;
mod paths;
mod pdf;
mod pkits;
mod times;
mod trust;
mod tsa;
