//! Who stands above a certificate, and what is known of the revocation of each.

use chrono::{DateTime, Utc};

use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::revocation::{Revocation, Status};

const MAX_PATH: usize = 9;

/// A certificate of the path, and what is known of its revocation.
pub(super) struct LinkStatus {
    pub certificate: Certificate,
    pub status: Status,
    /// Where that is unknown though somebody speaks of it: why nothing follows from that.
    pub doubt: Option<String>,
}

/// The signer and the authorities above it as far as the pool leads. A root that is its own issuer stands
/// last and is only named if it is the signer itself.
pub(super) fn path_status(
    signer: &Certificate,
    pool: &[Certificate],
    known: &Revocation,
    at: DateTime<Utc>,
) -> Vec<LinkStatus> {
    let mut found: Vec<LinkStatus> = Vec::new();
    let mut current = signer.clone();
    while found.len() < MAX_PATH {
        let issuer =
            pool.iter().find(|c| **c != current && c.may_issue().is_some() && current.is_issued_by(c));
        let Some(issuer) = issuer.filter(|_| !current.is_self_signed()) else {
            if found.is_empty() {
                found.push(step(current, Status::Unknown, None, known));
            }
            break;
        };
        let why = known.unsettled(&current, issuer, at);
        found.push(step(current.clone(), known.status(&current, issuer, at), why, known));
        current = issuer.clone();
    }
    found
}

fn step(
    certificate: Certificate,
    status: Status,
    why: Option<&'static str>,
    known: &Revocation,
) -> LinkStatus {
    let unread = || match known.claims(&certificate) {
        true => Some(
            "a list or answer names it as revoked, and whether its issuer signed that cannot be checked"
                .to_owned(),
        ),
        false => {
            why.map(|why| format!("what is here of its issuer does not settle whether it was revoked: {why}"))
        }
    };
    let doubt = if status == Status::Unknown { unread() } else { None };
    LinkStatus { certificate, status, doubt }
}
