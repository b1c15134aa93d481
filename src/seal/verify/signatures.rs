//! The signatures in a bag: both seals, the reports' own, and who made them.

use chrono::{DateTime, Duration, Utc};

use crate::seal::certificate::Certificate;
use crate::seal::cms::{self, Ess, Facts};
use crate::seal::pades::{self, PdfSignature};
use crate::seal::seal_bag::{MANIFEST_SIGNATURE, SIGNATURE_SUFFIX, TAG_MANIFEST_SIGNATURE};
use crate::seal::trust::{Standing, Trust};
use crate::seal::verify::bag::BagView;
use crate::seal::verify::codes::Code;
use crate::seal::verify::report::{Sealer, Steps};
use crate::store::manifest as tags;

/// Where signed reports lie in a package.
const REPORTS: &str = "data/report/";
const MAX_SIGNATURE: u64 = 4 << 20;
const MAX_SIGNED: u64 = 512 << 20;
/// How far a sealer's clock may run ahead of the verifier's.
const MAX_SKEW: Duration = Duration::minutes(5);

/// Trust, the verifier's clock, and (below the top) the certificate that sealed the whole.
pub(super) struct Judge<'a> {
    pub trust: &'a Trust,
    pub now: DateTime<Utc>,
    pub sealer: Option<Certificate>,
}

impl Judge<'_> {
    /// The outermost bag's seals. Their signer is the sealer whom the answers speak of.
    pub fn seals(&mut self, bag: &BagView<'_>, steps: &mut Steps) {
        let Some(facts) = both_seals(bag, steps) else { return };
        let signer = &facts.signer;
        let at = facts.signing_time.unwrap_or(self.now);
        let standing = self.trust.judge(signer, &facts.others, at);
        steps.sealer = Some(sealer(&facts));
        self.say_standing(&standing, signer, steps);
        self.say_time(&facts, steps);
        steps.standing = Some(standing);
        self.sealer = Some(facts.signer);
    }

    /// A bag inside: its seals must hold. Another key than the package's may have made them, as runs are sealed when they
    /// are collected; the package's seal covers it all the same.
    pub fn inner_seals(&self, bag: &BagView<'_>, steps: &mut Steps) {
        let Some(facts) = both_seals(bag, steps) else { return };
        let subject = bag.full(MANIFEST_SIGNATURE);
        if self.sealer.as_ref() == Some(&facts.signer) {
            return steps.ok(Code::OtherSigner, &subject, "the sealer's certificate");
        }
        let standing = self.trust.judge(&facts.signer, &facts.others, facts.signing_time.unwrap_or(self.now));
        steps.note(Code::OtherSigner, &subject, format!("sealed with the key of {}", described(&facts, &standing)));
    }

    /// Each HTML and PDF report.
    pub fn reports(&self, bag: &BagView<'_>, steps: &mut Steps) {
        let reports: Vec<String> = bag.files().map(|(path, _)| path.to_string()).filter(|path| path.starts_with(REPORTS)).collect();
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

    fn say_standing(&self, standing: &Standing, signer: &Certificate, steps: &mut Steps) {
        let fingerprint = signer.fingerprint();
        let what = if signer.is_workspace_key() { "a workspace key, which identifies no person" } else { "a certificate" };
        let words = format!("{}; fingerprint {fingerprint}", standing.words());
        match standing {
            Standing::Pinned | Standing::Issued(_) => steps.ok(Code::Sealer, &signer.name(), words),
            Standing::Stranger | Standing::Unfit(_) => steps.fail(Code::Sealer, &signer.name(), words),
            Standing::Unpinned => steps.unknown(
                Code::Sealer,
                &signer.name(),
                format!(
                    "the seal fits {what}; nothing pinned says whose it is. Compare its fingerprint {fingerprint} with what its owner \
                     tells you, then pin it with `--trust`"
                ),
            ),
        }
        if matches!(standing, Standing::Pinned | Standing::Issued(_)) && self.now > signer.not_after() {
            let words = format!("the certificate expired at {} and no timestamp shows that the seal is older", signer.not_after());
            steps.unknown(Code::SealerExpired, &signer.name(), words);
        }
    }

    fn say_time(&self, facts: &Facts, steps: &mut Steps) {
        match facts.signing_time {
            Some(at) if at > self.now + MAX_SKEW => {
                steps.fail(Code::ClaimedTime, "", format!("the sealer's clock said {at}, which is yet to come"))
            }
            Some(at) => {
                steps.ok(Code::ClaimedTime, "", format!("the sealer's clock said {at}"));
                steps.unknown(Code::IndependentTime, "", format!("time not independently attested; the sealer's own clock said {at}"));
            }
            None => steps.fail(Code::ClaimedTime, "", "the seal states no time"),
        }
    }

    fn detached_report(&self, bag: &BagView<'_>, signed: &str, signature: &str, steps: &mut Steps) {
        if let Some(facts) = detached(bag, signed, signature, Code::HtmlSignature, steps) {
            self.other_signer(&facts, facts.signing_time.unwrap_or(self.now), signature, steps);
        }
    }

    fn pdf(&self, bag: &BagView<'_>, path: &str, steps: &mut Steps) {
        let bytes = match bag.read(path, MAX_SIGNED) {
            Ok(bytes) => bytes,
            Err(e) => return steps.fail(Code::PdfStructure, path, e.to_string()),
        };
        let report = pades::verify(&bytes);
        for problem in &report.problems {
            steps.fail(Code::PdfStructure, path, problem.to_string());
        }
        let Some(first) = report.signatures.first() else { return steps.fail(Code::PdfSigned, path, "it is not signed") };
        if first.certifies.is_some_and(|p| (1..=2).contains(&p)) {
            steps.ok(Code::PdfCertified, path, "only signatures may follow the first one");
        } else {
            steps.fail(Code::PdfCertified, path, "its first signature does not certify it");
        }
        if report.problems.is_empty() {
            steps.ok(Code::PdfStructure, path, "nothing but signatures came after the first one");
        }
        for (i, signature) in report.signatures.iter().enumerate() {
            self.pdf_signature(signature, i == 0, path, steps);
        }
    }

    fn pdf_signature(&self, signature: &PdfSignature, first: bool, path: &str, steps: &mut Steps) {
        let subject = format!("{path}#{}", signature.field);
        let facts = match &signature.facts {
            Ok(facts) => facts,
            Err(problem) => return steps.fail(Code::PdfSignature, &subject, problem.to_string()),
        };
        steps.ok(Code::PdfSignature, &subject, format!("the signature of `{}` holds", facts.signer.name()));
        let at = signature.claimed_at.or(facts.signing_time).unwrap_or(self.now);
        if first {
            return self.other_signer(facts, at, &subject, steps);
        }
        let standing = self.trust.judge(&facts.signer, &facts.others, at);
        let block = if signature.visible { ", with a visible block on a page" } else { "" };
        steps.note(Code::Approver, &subject, format!("also signed by {}{block}", described(facts, &standing)));
    }

    /// For what the sealer should have signed too.
    fn other_signer(&self, facts: &Facts, at: DateTime<Utc>, subject: &str, steps: &mut Steps) {
        let Some(sealer) = &self.sealer else {
            return steps.note(Code::OtherSigner, subject, format!("signed by `{}`; the sealer is not known", facts.signer.name()));
        };
        if *sealer == facts.signer {
            return steps.ok(Code::OtherSigner, subject, "the sealer's certificate");
        }
        let standing = self.trust.judge(&facts.signer, &facts.others, at);
        let words = described(facts, &standing);
        match standing {
            Standing::Pinned | Standing::Issued(_) => steps.ok(Code::OtherSigner, subject, words),
            Standing::Unfit(_) => steps.fail(Code::OtherSigner, subject, words),
            Standing::Stranger | Standing::Unpinned => {
                steps.unknown(Code::OtherSigner, subject, format!("signed by another than the sealer: {words}"))
            }
        }
    }
}

/// Name, standing and fingerprint of who signed.
fn described(facts: &Facts, standing: &Standing) -> String {
    format!("`{}` ({}), fingerprint {}", facts.signer.name(), standing.words(), facts.signer.fingerprint())
}

/// Nothing lists the outer seal, so the certificates that it does not bind itself must be those of the inner one, which
/// the tag manifest lists: then no byte of either can be changed unnoticed.
fn both_seals(bag: &BagView<'_>, steps: &mut Steps) -> Option<Facts> {
    let inner = detached(bag, tags::MANIFEST, MANIFEST_SIGNATURE, Code::ManifestSeal, steps);
    let outer = detached(bag, tags::TAG_MANIFEST, TAG_MANIFEST_SIGNATURE, Code::TagManifestSeal, steps);
    let (inner, outer) = (inner?, outer?);
    if inner.signer == outer.signer && inner.others == outer.others {
        steps.ok(Code::SameSealer, bag.prefix, format!("`{}`", inner.signer.name()));
    } else {
        steps.fail(
            Code::SameSealer,
            bag.prefix,
            format!("not the same certificates: `{}`, `{}`", inner.signer.name(), outer.signer.name()),
        );
    }
    Some(inner)
}

fn detached(bag: &BagView<'_>, content: &str, signature: &str, code: Code, steps: &mut Steps) -> Option<Facts> {
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

fn sealer(facts: &Facts) -> Sealer {
    Sealer {
        name: facts.signer.name(),
        subject: facts.signer.subject(),
        issuer: facts.signer.issuer(),
        fingerprint: facts.signer.fingerprint(),
        workspace_key: facts.signer.is_workspace_key(),
        valid_until: facts.signer.not_after(),
        claimed_at: facts.signing_time,
    }
}
