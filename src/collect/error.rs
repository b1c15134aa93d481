//! Why a run could not be gathered.

use std::path::PathBuf;

use crate::diag::Diagnostic;
use crate::store::run::RunError;

#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("{0}")]
    Input(Box<Diagnostic>),
    /// The run could not go on; what was read is kept, to be resumed.
    #[error("{0}")]
    Stopped(Box<Diagnostic>),
    #[error("cannot read `{path}`: {source}")]
    Read { path: PathBuf, source: std::io::Error },
}
