//! What of a seal ends when. A seal needs care before its newest timestamp's certificate ends, or, without
//! one, before the signer's does.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;

use crate::seal::keys::algorithm::KeyKind;
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::timestamp::Token;

/// Until when nothing needs to be done, and what should be done then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Care {
    pub until: DateTime<Utc>,
    pub words: String,
}

/// `newest` is the youngest timestamp over the seal or its renewals.
pub fn care_until(signer: &Certificate, newest: Option<&Token>) -> Care {
    let (certificate, what) = match newest {
        Some(token) => (
            &token.authority,
            "the timestamp authority's certificate ends; renew before with `affiant seal renew`",
        ),
        None => (
            signer,
            "the sealer's certificate ends and no timestamp shows that the seal is older; add one before \
             with `affiant seal renew`",
        ),
    };
    let (ends, aged) = (certificate.not_after(), strength_ends(certificate));
    match aged.filter(|aged| *aged < ends) {
        Some(aged) => Care {
            until: aged,
            words: "RSA keys below 3072 bits stop counting then (NIST SP 800-57); renew before".to_owned(),
        },
        None => Care { until: ends, words: what.to_owned() },
    }
}

/// 112-bit security is acceptable through 2030 (NIST SP 800-57 part 1, table 4).
fn strength_ends(certificate: &Certificate) -> Option<DateTime<Utc>> {
    match certificate.key_kind() {
        KeyKind::Rsa(..3072) => {
            Some(NaiveDate::from_ymd_opt(2030, 12, 31)?.and_time(NaiveTime::MIN).and_utc())
        }
        KeyKind::Rsa(_) | KeyKind::P256 | KeyKind::P384 | KeyKind::P521 | KeyKind::Other => None,
    }
}
