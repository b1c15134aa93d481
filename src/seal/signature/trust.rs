//! Whether a signer is someone the verifier named. Trust is explicit: no operating system's store, no
//! network. A path is followed from the signer's certificate to a pinned one (RFC 5280 section 6, without
//! policies; revocation is not asked).

use chrono::{DateTime, Utc};

use crate::seal::keys::certificate::{Certificate, CertificateError, Unfit};

/// The certificates that the verifier pins: signers' own, or authorities'.
#[derive(Debug, Clone, Default)]
pub struct Trust(Vec<Certificate>);

/// What is known of a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainStanding {
    /// The certificate itself is pinned.
    Pinned,
    /// Issued, directly or not, by the pinned authority of this name.
    Issued(String),
    /// Certificates are pinned, and this one is neither among them nor below them.
    Stranger,
    /// It, or an authority above it, may not be relied on for this signature: why.
    Unfit(String),
    /// Nothing is pinned.
    Unpinned,
}

const MAX_DEPTH: u8 = 8;

impl ChainStanding {
    /// Whether someone whom the verifier named vouches for it.
    pub fn is_trusted(&self) -> bool {
        matches!(self, ChainStanding::Pinned | ChainStanding::Issued(_))
    }

    /// For people, after a name.
    pub fn words(&self) -> String {
        match self {
            ChainStanding::Pinned => "pinned".to_owned(),
            ChainStanding::Issued(by) => format!("issued by the pinned `{by}`"),
            ChainStanding::Stranger => "neither pinned nor issued by a pinned authority".to_owned(),
            ChainStanding::Unfit(why) => format!("not to be relied on: {why}"),
            ChainStanding::Unpinned => "not pinned".to_owned(),
        }
    }
}

impl Trust {
    pub fn from_pem(text: &str) -> Result<Trust, CertificateError> {
        Certificate::all_from_pem(text).map(Trust)
    }

    pub fn new(anchors: Vec<Certificate>) -> Trust {
        Trust(anchors)
    }

    pub fn anchors(&self) -> &[Certificate] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `pool` holds certificates that may stand between; `at` is when the signature was made, by the best
    /// knowledge there is.
    pub fn judge(&self, signer: &Certificate, pool: &[Certificate], at: DateTime<Utc>) -> ChainStanding {
        self.judged(signer, signer.unfit_to_sign(at), pool, at)
    }

    /// The same for a timestamp authority.
    pub fn judge_authority(
        &self,
        authority: &Certificate,
        pool: &[Certificate],
        at: DateTime<Utc>,
    ) -> ChainStanding {
        self.judged(authority, authority.unfit_to_stamp(at), pool, at)
    }

    fn judged(
        &self,
        signer: &Certificate,
        unfit: Vec<Unfit>,
        pool: &[Certificate],
        at: DateTime<Utc>,
    ) -> ChainStanding {
        if let Some(unfit) = unfit.first() {
            return ChainStanding::Unfit(unfit.to_string());
        }
        if self.0.is_empty() {
            return ChainStanding::Unpinned;
        }
        if self.0.contains(signer) {
            return ChainStanding::Pinned;
        }
        match self.climb(signer, &mut pool.to_vec(), at, 0) {
            Ok(anchor) => ChainStanding::Issued(anchor.name()),
            Err(Some(unfit)) => ChainStanding::Unfit(format!("an authority above it: {unfit}")),
            Err(None) => ChainStanding::Stranger,
        }
    }

    /// `below` is how many CA certificates already stand under the one that is looked for. Each certificate
    /// of the pool is tried once, so a hostile pool costs no more than its length.
    fn climb(
        &self,
        certificate: &Certificate,
        pool: &mut Vec<Certificate>,
        at: DateTime<Utc>,
        below: u8,
    ) -> Result<&Certificate, Option<Unfit>> {
        let mut reason = None;
        let issues = |issuer: &Certificate| {
            issuer.may_issue().is_some_and(|room| room >= below) && certificate.is_issued_by(issuer)
        };
        for anchor in self.0.iter().filter(|anchor| issues(anchor)) {
            match anchor.unfit_at(at).into_iter().next() {
                None => return Ok(anchor),
                Some(unfit) => reason = Some(unfit),
            }
        }
        let between: Vec<_> = pool.extract_if(.., |issuer| below < MAX_DEPTH && issues(issuer)).collect();
        for issuer in between {
            let unfit = issuer.unfit_at(at).into_iter().next();
            match unfit.map_or_else(|| self.climb(&issuer, pool, at, below + 1), |unfit| Err(Some(unfit))) {
                Ok(anchor) => return Ok(anchor),
                Err(deeper) => reason = deeper.or(reason),
            }
        }
        Err(reason)
    }
}
