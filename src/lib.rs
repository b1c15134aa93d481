//! Affiant turns the configuration of a healthcare workload on AWS into an audit package that anyone can
//! check.
//!
//! Evidence flows one way: gather, seal, redact, load, ask, explain, render, seal. Each module is one part of
//! that line; the layers between them are a test (`tests/it/layers.rs`).

pub mod assess;
#[cfg(feature = "aws")]
pub mod aws;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod diag;
pub mod evidence;
pub mod model;
pub mod pipeline;
pub mod policy;
pub mod program;
pub mod redact;
pub mod render;
pub mod seal;
pub mod store;
pub mod workspace;
mod yaml;
