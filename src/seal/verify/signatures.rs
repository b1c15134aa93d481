//! The signatures in a bag: both seals, the reports' own, and who made them.

mod pdf;

use chrono::{DateTime, Duration, Utc};

use crate::seal::bag::{
    CERTIFICATES, MANIFEST_SIGNATURE, REVOCATION, SIGNATURE_SUFFIX, TAG_MANIFEST_SIGNATURE,
};
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::attributes::Ess;
use crate::seal::signature::cms::{self, Facts};
use crate::seal::signature::revocation::{Revocation, Status};
use crate::seal::signature::timestamp::Token;
use crate::seal::signature::trust::ChainStanding;
use crate::seal::verify::Options;
use crate::seal::verify::bag::BagView;
use crate::seal::verify::chain::path_status;
use crate::seal::verify::codes::Code;
use crate::seal::verify::report::{SealedBy, Steps};
use crate::seal::verify::times::{self, Times};
use crate::store::manifest as tags;

/// Where signed reports lie in a package.
const REPORTS: &str = "data/report/";
const MAX_SIGNATURE: u64 = 4 << 20;
const MAX_REVOCATION: u64 = 32 << 20;
const MAX_SIGNED: u64 = 512 << 20;
const MAX_PEM: usize = 256 << 10;
/// How far a sealer's clock may run ahead of the verifier's.
const MAX_SKEW: Duration = Duration::minutes(5);

/// What the verifier brings, and (below the top) the certificate that sealed the whole.
pub(super) struct Judge<'a> {
    pub options: &'a Options<'a>,
    pub sealer: Option<Certificate>,
}

impl Judge<'_> {
    /// The outermost bag's seals. Their signer is the sealer whom the answers speak of.
    pub fn seals(&mut self, bag: &BagView<'_>, steps: &mut Steps) {
        let Some(facts) = both_seals(bag, steps) else { return };
        let signer = &facts.signer;
        let at = facts.signing_time.unwrap_or(self.options.now);
        let standing = self.options.trust.judge(signer, &facts.others, at);
        let known = self.known(bag, steps);
        let times = times::check(bag, self.options.authorities, &known, self.options.now, steps);
        let seen = times.seen.as_ref().map(Token::latest);
        steps.sealer = Some(sealer(&facts));
        steps.existed_by = seen;
        steps.sealed_after = times::previous(bag, self.options.authorities, steps);
        self.say_standing(&standing, signer, seen, steps);
        let used = seen.or(facts.signing_time).unwrap_or(self.options.now);
        self.say_revocation(&known, (signer, &facts.others), used, seen, steps);
        self.say_time(&facts, &times, steps);
        steps.standing = Some(standing);
        self.sealer = Some(facts.signer);
    }

    /// What would be said of a seal by `signer`, for a certificate alone: no seal, no timestamp, used at the
    /// verifier's own time.
    pub fn signer_alone(&self, signer: &Certificate, others: &[Certificate], steps: &mut Steps) {
        let at = self.options.now;
        let standing = self.options.trust.judge(signer, others, at);
        self.say_standing(&standing, signer, None, steps);
        self.say_revocation(self.options.revocation, (signer, others), at, None, steps);
        steps.standing = Some(standing);
    }

    /// A bag inside: its seals must hold. Another key than the package's may have made them, as runs are
    /// sealed when they are collected; the package's seal covers it all the same.
    pub fn inner_seals(&self, bag: &BagView<'_>, steps: &mut Steps) {
        let Some(facts) = both_seals(bag, steps) else { return };
        let subject = bag.full(MANIFEST_SIGNATURE);
        if self.sealer.as_ref() == Some(&facts.signer) {
            return steps.ok(Code::OtherSigner, &subject, "the sealer's certificate");
        }
        let standing = self.options.trust.judge(
            &facts.signer,
            &facts.others,
            facts.signing_time.unwrap_or(self.options.now),
        );
        steps.note(
            Code::OtherSigner,
            &subject,
            format!("sealed with the key of {}", described(&facts, &standing)),
        );
    }

    /// Each HTML and PDF report.
    pub fn reports(&self, bag: &BagView<'_>, steps: &mut Steps) {
        let reports: Vec<String> =
            bag.files().map(|(path, _)| path.to_string()).filter(|path| path.starts_with(REPORTS)).collect();
        for path in &reports {
            if let Some(signed) = path.strip_suffix(SIGNATURE_SUFFIX) {
                self.detached_report(bag, signed, path, steps);
            } else if path.ends_with(".pdf") {
                self.pdf(bag, path, steps);
            } else if path.ends_with(".html") && !reports.contains(&format!("{path}{SIGNATURE_SUFFIX}")) {
                steps.note(Code::HtmlSignature, path, "it has no signature of its own; the seal covers it");
            }
        }
    }

    fn say_standing(
        &self,
        standing: &ChainStanding,
        signer: &Certificate,
        seen: Option<DateTime<Utc>>,
        steps: &mut Steps,
    ) {
        let fingerprint = signer.fingerprint();
        let what = if signer.is_workspace_key() {
            "a workspace key, which identifies no person"
        } else {
            "a certificate"
        };
        let words = format!("{}; fingerprint {fingerprint}", standing.words());
        match standing {
            ChainStanding::Pinned | ChainStanding::Issued(_) => steps.ok(Code::Sealer, &signer.name(), words),
            ChainStanding::Stranger | ChainStanding::Unfit(_) => {
                steps.fail(Code::Sealer, &signer.name(), words)
            }
            ChainStanding::Unsettled(_) => steps.unknown(Code::Sealer, &signer.name(), words),
            ChainStanding::Unpinned => steps.unknown(
                Code::Sealer,
                &signer.name(),
                format!(
                    "the seal fits {what}; nothing pinned says whose it is. Compare its fingerprint \
                     {fingerprint} with what its owner tells you, then pin it with `--trust`"
                ),
            ),
        }
        if !standing.is_trusted() {
            return;
        }
        let (proven, ended) = (seen.unwrap_or(self.options.now), signer.not_after());
        if proven > ended {
            let words = format!(
                "the certificate expired at {ended} and no pinned timestamp shows that the seal is older"
            );
            steps.unknown(Code::SealerExpired, &signer.name(), words);
        } else if self.options.now > ended {
            let words =
                format!("the certificate expired at {ended}; the seal is older, as it existed by {proven}");
            steps.ok(Code::SealerExpired, &signer.name(), words);
        }
    }

    /// Lists and answers inside the seal, and those that the verifier has.
    fn known(&self, bag: &BagView<'_>, steps: &mut Steps) -> Revocation {
        let mut known = self.options.revocation.clone();
        let inside: Vec<String> = bag
            .files()
            .map(|(path, _)| path.to_string())
            .filter(|path| path.starts_with(REVOCATION))
            .collect();
        for path in inside {
            if !bag.read(&path, MAX_REVOCATION).is_ok_and(|bytes| known.add(&bytes)) {
                steps.fail(
                    Code::Revocation,
                    &bag.full(&path),
                    "it is neither a revocation list nor an OCSP answer",
                );
            }
        }
        known
    }

    /// What they say of the signer and the authorities above, for a signature made at `at`.
    fn say_revocation(
        &self,
        known: &Revocation,
        (signer, others): (&Certificate, &[Certificate]),
        at: DateTime<Utc>,
        seen: Option<DateTime<Utc>>,
        steps: &mut Steps,
    ) {
        let pool: Vec<Certificate> = others.iter().chain(self.options.trust.anchors()).cloned().collect();
        for step in path_status(signer, &pool, known, at) {
            let name = step.certificate.name();
            match step.status {
                Status::Good(issued) => steps.ok(
                    Code::Revocation,
                    &name,
                    format!("not revoked, by what its issuer signed at {issued}"),
                ),
                Status::Revoked(when) if seen.is_some_and(|seen| seen < when) => {
                    steps.ok(
                        Code::Revocation,
                        &name,
                        format!("revoked at {when}, after a pinned authority had seen the seal"),
                    );
                }
                Status::Revoked(when) => steps.fail(Code::Revocation, &name, format!("revoked at {when}")),
                Status::Unknown => match step.doubt {
                    Some(words) => steps.unknown(Code::Revocation, &name, words),
                    None if step.certificate.is_self_signed() => {
                        steps.note(
                            Code::Revocation,
                            &name,
                            "not checked: nobody could revoke a self-signed certificate",
                        );
                    }
                    None => steps.note(
                        Code::Revocation,
                        &name,
                        "not checked: no list or answer inside speaks of it",
                    ),
                },
            }
        }
    }

    fn say_time(&self, facts: &Facts, times: &Times, steps: &mut Steps) {
        let Some(claimed) = facts.signing_time else {
            return steps.fail(Code::ClaimedTime, "", "the seal states no time");
        };
        if claimed > self.options.now + MAX_SKEW {
            return steps.fail(
                Code::ClaimedTime,
                "",
                format!("the sealer's clock said {claimed}, which is yet to come"),
            );
        }
        if let Some(token) = times.seen.as_ref().filter(|token| claimed > token.latest() + MAX_SKEW) {
            let words = format!(
                "the sealer's clock said {claimed}, but an authority had seen the seal at {}",
                token.at
            );
            return steps.fail(Code::ClaimedTime, "", words);
        }
        steps.ok(Code::ClaimedTime, "", format!("the sealer's clock said {claimed}"));
        match (&times.seen, &times.stated) {
            (Some(token), _) => {
                let lag = token.at - claimed;
                let lag = if lag > Duration::days(1) {
                    format!(", {} days before", lag.num_days())
                } else {
                    String::new()
                };
                let words = format!("{}; the sealer's own clock said {claimed}{lag}", token.words());
                steps.ok(Code::IndependentTime, "", words);
            }
            (None, Some(token)) => {
                let words = format!(
                    "{}, and nothing pinned vouches for it; the sealer's own clock said {claimed}",
                    token.words()
                );
                steps.unknown(Code::IndependentTime, "", words);
            }
            (None, None) => {
                let words = format!("time not independently attested; the sealer's own clock said {claimed}");
                steps.unknown(Code::IndependentTime, "", words);
            }
        }
    }

    fn detached_report(&self, bag: &BagView<'_>, signed: &str, signature: &str, steps: &mut Steps) {
        if let Some(facts) = detached(bag, signed, signature, Code::HtmlSignature, steps) {
            self.other_signer(&facts, facts.signing_time.unwrap_or(self.options.now), signature, steps);
        }
    }

    /// For what the sealer should have signed too.
    fn other_signer(&self, facts: &Facts, at: DateTime<Utc>, subject: &str, steps: &mut Steps) {
        let Some(sealer) = &self.sealer else {
            return steps.note(
                Code::OtherSigner,
                subject,
                format!("signed by `{}`; the sealer is not known", facts.signer.name()),
            );
        };
        if *sealer == facts.signer {
            return steps.ok(Code::OtherSigner, subject, "the sealer's certificate");
        }
        let standing = self.options.trust.judge(&facts.signer, &facts.others, at);
        let words = described(facts, &standing);
        match standing {
            ChainStanding::Pinned | ChainStanding::Issued(_) => steps.ok(Code::OtherSigner, subject, words),
            ChainStanding::Unfit(_) => steps.fail(Code::OtherSigner, subject, words),
            ChainStanding::Stranger | ChainStanding::Unsettled(_) | ChainStanding::Unpinned => steps.unknown(
                Code::OtherSigner,
                subject,
                format!("signed by another than the sealer: {words}"),
            ),
        }
    }
}

/// Name, standing and fingerprint of who signed.
fn described(facts: &Facts, standing: &ChainStanding) -> String {
    format!("`{}` ({}), fingerprint {}", facts.signer.name(), standing.words(), facts.signer.fingerprint())
}

/// Nothing lists the outer seal, so the certificates that it does not bind itself must be those of the inner
/// one, which the tag manifest lists: then no byte of either can be changed unnoticed.
fn both_seals(bag: &BagView<'_>, steps: &mut Steps) -> Option<Facts> {
    let inner = detached(bag, tags::MANIFEST, MANIFEST_SIGNATURE, Code::ManifestSeal, steps);
    let outer = detached(bag, tags::TAG_MANIFEST, TAG_MANIFEST_SIGNATURE, Code::TagManifestSeal, steps);
    let (inner, outer) = (inner?, outer?);
    if inner.signer == outer.signer && inner.others == outer.others {
        steps.ok(Code::SameSealer, bag.prefix, format!("`{}`", inner.signer.name()));
        check_chain(bag, &inner, steps);
        for (subject, facts) in [(MANIFEST_SIGNATURE, &inner), (TAG_MANIFEST_SIGNATURE, &outer)] {
            if let Some(what) = facts.unusual {
                steps.note(Code::SealForm, &bag.full(subject), what);
            }
        }
    } else {
        steps.fail(
            Code::SameSealer,
            bag.prefix,
            format!("not the same certificates: `{}`, `{}`", inner.signer.name(), outer.signer.name()),
        );
    }
    Some(inner)
}

/// People and stock tools take the sealer's certificate from `certificates.pem`: it must hold those of the
/// seal, the signer's first, and nothing else, or a stranger's could be shown beside it.
fn check_chain(bag: &BagView<'_>, facts: &Facts, steps: &mut Steps) {
    let subject = bag.full(CERTIFICATES);
    let text = bag
        .read(CERTIFICATES, MAX_SIGNATURE)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let found =
        if text.len() > MAX_PEM { Vec::new() } else { Certificate::all_from_pem(&text).unwrap_or_default() };
    let written: String = found.iter().map(Certificate::to_pem).collect();
    let others: Vec<&Certificate> = found.iter().skip(1).collect();
    let same = others.len() == facts.others.len() && facts.others.iter().all(|c| others.contains(&c));
    if found.first() == Some(&facts.signer) && same && written == text {
        steps.ok(
            Code::SealChain,
            &subject,
            format!("the certificates of the seal, `{}` first", facts.signer.name()),
        );
    } else {
        steps.fail(
            Code::SealChain,
            &subject,
            "it does not hold exactly the certificates of the seal, the sealer's first",
        );
    }
}

fn detached(
    bag: &BagView<'_>,
    content: &str,
    signature: &str,
    code: Code,
    steps: &mut Steps,
) -> Option<Facts> {
    let subject = bag.full(signature);
    if !bag.contains(signature) {
        steps.fail(code, &subject, "the signature is missing");
        return None;
    }
    let checked = || -> Result<Facts, String> {
        let der = bag.read(signature, MAX_SIGNATURE).map_err(|e| e.to_string())?;
        let content = bag.read(content, MAX_SIGNED).map_err(|e| e.to_string())?;
        cms::verify(&der, &mut content.as_slice(), Ess::Required).map_err(|e| e.to_string())
    };
    match checked() {
        Ok(facts) => {
            steps.ok(code, &subject, format!("the signature of `{}` holds", facts.signer.name()));
            Some(facts)
        }
        Err(why) => {
            steps.fail(code, &subject, why);
            None
        }
    }
}

fn sealer(facts: &Facts) -> SealedBy {
    SealedBy {
        name: facts.signer.name(),
        subject: facts.signer.subject(),
        issuer: facts.signer.issuer(),
        fingerprint: facts.signer.fingerprint(),
        workspace_key: facts.signer.is_workspace_key(),
        valid_until: facts.signer.not_after(),
        claimed_at: facts.signing_time,
    }
}
