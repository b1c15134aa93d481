//! The technology asset inventory.

use serde::{Deserialize, Serialize};

/// One line of the technology asset inventory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetClass {
    pub service: String,
    pub resource_type: String,
    pub account: String,
    pub region: String,
    pub count: u64,
    pub phi: u64,
}
