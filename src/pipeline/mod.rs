//! Composes the verbs: gather and seal a run, assess it, make a package, verify one. It prints nothing and
//! knows no exit code.

pub mod answer;
pub mod answer_pages;
pub mod answer_workbook;
pub mod archive;
pub mod assess;
mod bag_files;
pub mod chain;
pub mod collect;
pub mod compare;
pub mod contents;
pub mod declaration;
pub mod earlier;
pub mod edition;
pub mod faults;
pub mod handed;
pub mod import;
pub mod join;
pub mod kept_import;
pub mod key_files;
pub mod keys;
pub mod lint;
pub mod lock;
mod not_yet;
pub mod package;
mod packed_oscal;
pub mod recompute;
pub mod record;
pub mod response;
pub mod review;
pub mod sealed;
pub mod signing;
pub mod statements;
pub mod timestamps;
pub mod verify;
pub mod workpapers;

use crate::assess::input::Fault;
use crate::collect::error::CollectError;
use crate::diag::{Diagnostic, Problems};
use crate::redact::RedactError;
use crate::render::RenderError;
use crate::seal::bag::SealError;
use crate::seal::keys::key::KeyError;
use crate::seal::pades::PadesError;
use crate::store::archive::ArchiveError;
use crate::store::bag::BagError;
use crate::store::run::RunError;
use crate::store::tree::TreeError;

/// Why a verb could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user's files or arguments are wrong.
    #[error(transparent)]
    Problems(#[from] Problems),
    #[error(transparent)]
    Collect(#[from] CollectError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Redact(#[from] RedactError),
    #[error(transparent)]
    Assess(#[from] Fault),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Bag(#[from] BagError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Pades(#[from] PadesError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(
        "no timestamp authority gave a timestamp: {0}; hint: name one with `--authority`, or use `affiant \
         seal request` and `affiant seal apply`"
    )]
    NoTimestamp(String),
    #[error("the key `{key}` of AWS KMS cannot be used: {words}")]
    Kms { key: String, words: String },
    /// A store elsewhere did not do what it was asked.
    #[error("`{place}`: {words}")]
    Remote { place: String, words: String },
    #[error(
        "another `affiant` collects or packages in this workspace (lock `{0}`); wait for it to end [AFW-047]"
    )]
    Busy(String),
    /// A run is not as it was sealed.
    #[error("{0}")]
    Changed(Box<Diagnostic>),
    #[error("could not {what} `{path}`: {source}")]
    Io { what: &'static str, path: String, source: std::io::Error },
}

/// A folder of this machine's for temporary files, gone when it is dropped.
fn temporary() -> Result<tempfile::TempDir, Error> {
    tempfile::tempdir().map_err(no_temporary)
}

/// That there is no room for temporary files, and what names another place for them.
fn no_temporary(error: std::io::Error) -> Error {
    let source = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such folder".to_string(),
        std::io::ErrorKind::NotADirectory => "it is no folder".to_string(),
        std::io::ErrorKind::PermissionDenied => "your user may not write there".to_string(),
        _ => error.to_string(),
    };
    let source = format!("{source}; name a folder that you can write as `TMPDIR`");
    let source = std::io::Error::new(error.kind(), source);
    Error::io("make temporary files in", std::env::temp_dir())(source)
}

impl Error {
    pub fn io(what: &'static str, path: impl AsRef<std::path::Path>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.as_ref().display().to_string();
        move |source| Error::Io { what, path, source }
    }

    /// Whether something was not as it was sealed, so that nothing was done with it.
    pub fn is_refused(&self) -> bool {
        matches!(self, Error::Changed(_) | Error::Run(RunError::Custody { .. }))
    }

    /// Whether the fault lies in what the user gave, not in the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            Error::Key(KeyError::Remote(_)) => false,
            Error::Problems(_) | Error::Key(_) => true,
            Error::Collect(CollectError::Input(_)) => true,
            Error::Run(error) => {
                use RunError as R;
                matches!(
                    error,
                    R::NotARun(_) | R::Nowhere(_) | R::None(_) | R::Format { .. } | R::Shape { .. }
                )
            }
            Error::Assess(fault) => {
                matches!(
                    fault,
                    Fault::Table { .. } | Fault::Bound { .. } | Fault::Check { .. } | Fault::Parameter { .. }
                )
            }
            Error::Render(error) => matches!(error, RenderError::Template { .. }),
            Error::Collect(_)
            | Error::Redact(_)
            | Error::Bag(_)
            | Error::Seal(_)
            | Error::Pades(_)
            | Error::Archive(_)
            | Error::Tree(_)
            | Error::NoTimestamp(_)
            | Error::Kms { .. }
            | Error::Remote { .. }
            | Error::Changed(_)
            | Error::Busy(_)
            | Error::Io { .. } => false,
        }
    }
}

impl From<Diagnostic> for Error {
    fn from(problem: Diagnostic) -> Self {
        Error::Problems(Problems(vec![problem]))
    }
}
