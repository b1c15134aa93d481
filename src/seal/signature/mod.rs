//! Signatures and timestamps as bytes, whom to believe, and what says that a certificate was revoked.

pub mod attributes;
pub mod authorities;
pub(super) mod canonical;
pub mod cms;
#[cfg(feature = "http")]
pub(super) mod http;
mod list_scope;
pub mod revocation;
pub mod timestamp;
pub mod trust;
