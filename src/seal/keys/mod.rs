//! Keys, certificates and algorithms: what can sign, and what a certificate says of it.

pub mod algorithm;
pub mod certificate;
pub mod key;
pub(super) mod pem;
pub mod signing_request;
pub mod workspace_key;
