//! Signatures: keys, CMS, PDF signatures, and verifying all of it. Only this module knows ASN.1, X.509 and PDF structure.

pub mod algorithm;
pub mod certificate;
pub mod cms;
#[cfg(feature = "http")]
mod http;
pub mod key;
pub mod pades;
mod pem;
pub mod renewal;
pub mod request;
pub mod revocation;
pub mod seal_bag;
pub mod stamp;
pub mod status;
pub mod token;
pub mod trust;
pub mod verify;
pub mod verify_md;
pub mod workspace_key;

pub use algorithm::Algorithm;
pub use certificate::{Certificate, Chain};
pub use key::{LocalKey, Remote, RemoteKey, RemoteSign, RsaPadding, Signer};
pub use revocation::Revocation;
pub use seal_bag::{seal_bag, sign_detached};
pub use stamp::Authorities;
pub use token::Token;
pub use trust::Trust;
pub use verify::{Verified, verify};
pub use verify_md::{Contents, verify_md};
pub use workspace_key::make_workspace_key;
