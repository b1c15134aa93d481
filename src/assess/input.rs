//! What is judged, by what, as of when; and why it could not be.

use crate::evidence::config_files;
use crate::model::catalog::Catalog;
use crate::model::decisions::Decisions;
use crate::store::run::Reader;

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the evidence database: {0}")]
    Sql(#[from] rusqlite::Error),
    #[error("reading evidence: {0}")]
    Io(#[from] std::io::Error),
    #[error("reading items: {0}")]
    Items(#[from] config_files::ItemsFault),
    #[error("table `{table}`: {source}")]
    Table { table: String, source: rusqlite::Error },
    /// SQL of the catalog asked for more than it may.
    #[error("{what} was stopped: {words} [AFV-611]")]
    Bound { what: String, words: String },
    #[error("check `{check}`: {what}")]
    Check { check: String, what: String },
    #[error("parameter `{name}`: {what}")]
    Parameter { name: String, what: String },
}

/// What is judged, by what, as of when.
pub struct Input<'a> {
    pub run: &'a Reader,
    pub catalog: &'a Catalog,
    pub decisions: &'a Decisions,
    /// RFC 3339; the run's end unless said otherwise.
    pub as_of: &'a str,
}
