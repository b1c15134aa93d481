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
    /// A path leads to a pinned one, and something on it that could forbid this signature is not worked out
    /// here: what. Nothing else speaks against it.
    Unsettled(String),
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
            ChainStanding::Unsettled(why) => format!("not settled: {why}"),
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
        if let Some(unfit) = unfit.iter().find(|unfit| !unfit.is_unsettled()) {
            return ChainStanding::Unfit(unfit.to_string());
        }
        let open = unfit.first().map(Unfit::to_string);
        let settled = |standing| match &open {
            Some(why) => ChainStanding::Unsettled(why.clone()),
            None => standing,
        };
        if self.0.is_empty() {
            return settled(ChainStanding::Unpinned);
        }
        if self.0.contains(signer) {
            return settled(ChainStanding::Pinned);
        }
        match self.climb(signer, &mut pool.to_vec(), at, 0) {
            Ok(anchor) => settled(ChainStanding::Issued(anchor.name())),
            Err(Some(unfit)) if unfit.is_unsettled() => {
                let why = open.unwrap_or_else(|| format!("an authority above it: {unfit}"));
                ChainStanding::Unsettled(why)
            }
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
            match worst(anchor.unfit_at(at)) {
                None => return Ok(anchor),
                Some(unfit) => reason = kinder(reason, Some(unfit)),
            }
        }
        let between: Vec<_> = pool.extract_if(.., |issuer| below < MAX_DEPTH && issues(issuer)).collect();
        for issuer in between {
            let own = worst(issuer.unfit_at(at));
            if own.as_ref().is_some_and(|unfit| !unfit.is_unsettled()) {
                reason = kinder(reason, own);
                continue;
            }
            match (self.climb(&issuer, pool, at, below + 1), own) {
                (Ok(anchor), None) => return Ok(anchor),
                (Ok(_), own) => reason = kinder(reason, own),
                (Err(deeper), _) => reason = kinder(reason, deeper),
            }
        }
        Err(reason)
    }
}

/// What weighs most of what forbids relying on a certificate.
fn worst(unfit: Vec<Unfit>) -> Option<Unfit> {
    let settled = unfit.iter().position(|unfit| !unfit.is_unsettled());
    unfit.into_iter().nth(settled.unwrap_or(0))
}

/// Of two ways that do not hold, the one on which nothing but what is not worked out speaks against it.
fn kinder(one: Option<Unfit>, other: Option<Unfit>) -> Option<Unfit> {
    match (&one, &other) {
        (Some(unfit), _) if unfit.is_unsettled() => one,
        (_, None) => one,
        (_, Some(_)) => other,
    }
}
