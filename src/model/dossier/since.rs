//! The chapter on what changed since the assessment before this one.

use serde::{Deserialize, Serialize};

use crate::model::changes::Changes;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SinceReport {
    /// What was compared with what, and what came of it; or why nothing was.
    pub words: String,
    pub changes: Option<Changes>,
}
