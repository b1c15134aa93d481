//! Signatures inside a PDF: each against the trust given, with its times and its level.

use chrono::{DateTime, Utc};

use super::{Judge, MAX_SIGNED, described};
use crate::seal::pades::{self, Held, PdfChange, PdfProblem, PdfReport, PdfSignature};
use crate::seal::signature::cms::Facts;
use crate::seal::signature::revocation::Status;
use crate::seal::verify::bag::BagView;
use crate::seal::verify::chain::path_status;
use crate::seal::verify::codes::Code;
use crate::seal::verify::report::Steps;

/// Under which code a problem of a PDF as a whole is told.
pub(super) fn code_of(problem: &PdfProblem) -> Code {
    match problem {
        PdfProblem::Changed { kind: PdfChange::Field, .. } => Code::PdfField,
        PdfProblem::Changed { kind: PdfChange::Dangling, .. } => Code::PdfDangling,
        PdfProblem::Changed { kind: PdfChange::Content, .. }
        | PdfProblem::Unreadable(_)
        | PdfProblem::Coverage(_)
        | PdfProblem::Appended(_)
        | PdfProblem::Stray
        | PdfProblem::Kind(_)
        | PdfProblem::Cms(_)
        | PdfProblem::Token(_) => Code::PdfStructure,
    }
}

impl Judge<'_> {
    pub(super) fn pdf(&self, bag: &BagView<'_>, path: &str, steps: &mut Steps) {
        let bytes = match bag.read(path, MAX_SIGNED) {
            Ok(bytes) => bytes,
            Err(e) => return steps.fail(Code::PdfStructure, path, e.to_string()),
        };
        let report = pades::verify(&bytes);
        for problem in &report.problems {
            steps.fail(code_of(problem), path, problem.to_string());
        }
        let Some(first) = report.signatures.first() else {
            return steps.fail(Code::PdfSigned, path, "it is not signed");
        };
        if first.certifies.is_some_and(|p| (1..=2).contains(&p)) {
            steps.ok(Code::PdfCertified, path, "only signatures may follow the first one");
        } else {
            steps.fail(Code::PdfCertified, path, "its first signature does not certify it");
        }
        if report.problems.is_empty() {
            steps.ok(Code::PdfStructure, path, "nothing but signatures came after the first one");
        }
        let times = self.pdf_times(&report, steps.existed_by, path, steps);
        for (i, signature) in report.signatures.iter().enumerate() {
            self.pdf_signature(&report, signature, (i == 0, times[i]), path, steps);
        }
    }

    /// For each signature, by when it must have existed: what a trusted timestamp over it or over a later one
    /// says (a later signature covers the earlier ones), or the package's own.
    pub(super) fn pdf_times(
        &self,
        report: &PdfReport,
        seen: Option<DateTime<Utc>>,
        path: &str,
        steps: &mut Steps,
    ) -> Vec<Option<DateTime<Utc>>> {
        let mut until = seen;
        let mut times = Vec::new();
        for signature in report.signatures.iter().rev() {
            let token = match &signature.facts {
                Ok(Held::Timestamp(token)) => Some(token),
                Ok(Held::Signature(facts)) => facts.token.as_ref(),
                Err(_) => None,
            };
            if let Some(token) = token {
                let pool = [token.others.as_slice(), &report.certificates].concat();
                let at = until.unwrap_or(self.options.now);
                let standing = self.options.authorities.judge_authority(&token.authority, &pool, at);
                let words = format!("{}; this authority is {}", token.words(), standing.words());
                steps.note(Code::PdfLevel, &format!("{path}#{}", signature.field), words);
                let stamped = self.options.authorities.judge_authority(&token.authority, &pool, token.at);
                let mut known = report.revocation.clone();
                known.merge(self.options.revocation.clone());
                let chain = [pool.as_slice(), self.options.authorities.anchors()].concat();
                let above = path_status(&token.authority, &chain, &known, token.at);
                let doubted = above.iter().any(|step| step.doubt.is_some());
                let revoked = above.into_iter().find_map(|step| match step.status {
                    Status::Revoked(when) if when <= at => {
                        Some(format!("`{}` was revoked at {when}", step.certificate.name()))
                    }
                    Status::Revoked(_) | Status::Good(_) | Status::Unknown => None,
                });
                if let Some(words) = &revoked {
                    steps.fail(
                        Code::PdfRevoked,
                        &format!("{path}#{}", signature.field),
                        format!("the timestamp authority {words}"),
                    );
                }
                if standing.is_trusted() && stamped.is_trusted() && revoked.is_none() && !doubted {
                    until = Some(token.latest());
                }
            }
            times.push(until);
        }
        times.reverse();
        times
    }

    pub(super) fn pdf_signature(
        &self,
        report: &PdfReport,
        signature: &PdfSignature,
        (first, proven): (bool, Option<DateTime<Utc>>),
        path: &str,
        steps: &mut Steps,
    ) {
        let subject = format!("{path}#{}", signature.field);
        let facts = match &signature.facts {
            Ok(Held::Signature(facts)) => facts,
            Ok(Held::Timestamp(token)) => {
                return steps.ok(
                    Code::PdfSignature,
                    &subject,
                    format!("the timestamp of `{}` holds", token.authority.name()),
                );
            }
            Err(problem) => return steps.fail(Code::PdfSignature, &subject, problem.to_string()),
        };
        steps.ok(Code::PdfSignature, &subject, format!("the signature of `{}` holds", facts.signer.name()));
        let at = signature.claimed_at.or(facts.signing_time).unwrap_or(self.options.now);
        self.pdf_level(report, signature, facts, proven, (&subject, steps));
        let pool = [facts.others.as_slice(), &report.certificates].concat();
        let facts = &Facts { others: pool, ..facts.clone() };
        if first {
            return self.other_signer(facts, at, &subject, steps);
        }
        let standing = self.options.trust.judge(&facts.signer, &facts.others, at);
        let block = if signature.visible { ", with a visible block on a page" } else { "" };
        steps.note(
            Code::Approver,
            &subject,
            format!("also signed by {}{block}", described(facts, &standing)),
        );
    }

    /// The baseline level, and whether anybody in the signer's chain was revoked by then.
    pub(super) fn pdf_level(
        &self,
        report: &PdfReport,
        signature: &PdfSignature,
        facts: &Facts,
        proven: Option<DateTime<Utc>>,
        (subject, steps): (&str, &mut Steps),
    ) {
        let mut known = report.revocation.clone();
        known.merge(self.options.revocation.clone());
        let pool: Vec<_> =
            [facts.others.as_slice(), &report.certificates, self.options.trust.anchors()].concat();
        let at = proven.or(signature.claimed_at).unwrap_or(self.options.now);
        let path = path_status(&facts.signer, &pool, &known, at);
        for step in &path {
            if let Status::Revoked(when) = &step.status {
                let (name, late) = (step.certificate.name(), proven.is_some_and(|proven| proven < *when));
                match late {
                    true => steps.ok(
                        Code::PdfRevoked,
                        subject,
                        format!("`{name}` was revoked at {when}, after the signature"),
                    ),
                    false => steps.fail(Code::PdfRevoked, subject, format!("`{name}` was revoked at {when}")),
                }
            }
        }
        let complete = !report.certificates.is_empty()
            && path.iter().all(|step| step.status != Status::Unknown || step.certificate.is_self_signed());
        let later = report
            .signatures
            .iter()
            .any(|s| s.covers > signature.covers && matches!(s.facts, Ok(Held::Timestamp(_))));
        let level = match (&facts.token, complete, later) {
            (Some(_), true, true) => "B-LTA",
            (Some(_), true, false) => "B-LT",
            (Some(_), false, _) => "B-T",
            (None, _, _) => "B-B",
        };
        steps.note(Code::PdfLevel, subject, format!("PAdES baseline {level}"));
    }
}
