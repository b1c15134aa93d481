//! Who stands above a certificate, and what is known of the revocation of each.

use chrono::{DateTime, Utc};

use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::revocation::{Revocation, Status};

const MAX_PATH: usize = 9;

/// The signer and the authorities above it as far as the pool leads, each with what is known of its revocation. A root
/// that is its own issuer stands last and is only named if it is the signer itself.
pub(super) fn path_status(signer: &Certificate, pool: &[Certificate], known: &Revocation, at: DateTime<Utc>) -> Vec<(Certificate, Status)> {
    let mut found: Vec<(Certificate, Status)> = Vec::new();
    let mut current = signer.clone();
    while found.len() < MAX_PATH {
        let issuer = pool.iter().find(|c| **c != current && c.may_issue().is_some() && current.is_issued_by(c));
        let Some(issuer) = issuer.filter(|_| !current.is_self_signed()) else {
            if found.is_empty() {
                found.push((current, Status::Unknown));
            }
            break;
        };
        found.push((current.clone(), known.status(&current, issuer, at)));
        current = issuer.clone();
    }
    found
}
