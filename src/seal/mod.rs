//! Signatures: keys, CMS, PDF signatures, and verifying all of it. Only this module knows ASN.1, X.509 and
//! PDF structure.

pub mod bag;
pub mod keys;
pub mod pades;
pub mod signature;
pub mod verify;

pub use bag::verify_md::{Contents, verify_md};
pub use bag::{seal_bag, sign_detached};
pub use keys::algorithm::{Algorithm, RsaPadding};
pub use keys::certificate::{Certificate, Chain};
pub use keys::key::{LocalKey, Remote, RemoteKey, RemoteSign, Signer};
pub use keys::workspace_key::{make_workspace_key, random_secret};
pub use signature::authorities::Authorities;
pub use signature::revocation::Revocation;
pub use signature::timestamp::Token;
pub use signature::trust::Trust;
pub use verify::{Verified, verify};
