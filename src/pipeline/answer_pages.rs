//! The answers as PDF and HTML: certified and signed once a named person has approved them; a draft says so
//! across every page, and nobody signs it.

use chrono::{DateTime, Utc};

use super::Error;
use super::handed::HeldPackage;
use super::keys::Sealer;
use crate::model::answers::AnswerSheet;
use crate::render::answer_report::{self, AnswerFacts, AskedQuestion};
use crate::render::handed::{self, HandedDocument};
use crate::render::{RenderError, Templates};
use crate::seal::sign_detached;

/// Which pages, and by whom.
pub struct PagesWanted<'a> {
    pub pdf: bool,
    pub html: bool,
    pub templates: &'a Templates,
    /// None for a draft.
    pub sealer: Option<&'a Sealer>,
    pub asked: &'a [AskedQuestion],
    pub max_age: i64,
    pub now: DateTime<Utc>,
}

/// Files by name, and what happened when they were signed.
pub struct AnswerPages {
    pub files: Vec<(String, Vec<u8>)>,
    pub notes: Vec<String>,
}

pub fn pages(
    package: &HeldPackage,
    sheet: &AnswerSheet,
    wanted: &PagesWanted<'_>,
) -> Result<AnswerPages, Error> {
    let sealer = wanted.sealer.filter(|_| !sheet.draft);
    let facts = AnswerFacts {
        period: &package.dossier.period.label,
        short_id: &package.dossier.short_id,
        asked: wanted.asked,
        seal: &sealer.map(|s| s.info().words).unwrap_or_default(),
        unpinned: sealer.is_some_and(|s| s.certificate().is_workspace_key()),
        max_age: wanted.max_age,
    };
    let document = answer_report::document(sheet, &facts);
    let mark = if sheet.draft { "-draft" } else { "" };
    let mut made = AnswerPages { files: Vec::new(), notes: Vec::new() };
    if wanted.html {
        let page = handed::page(&document, wanted.templates)?;
        let signature = sealer.map(|s| sign_detached(page.as_bytes(), &*s.key, wanted.now)).transpose();
        let signature = signature.map_err(crate::seal::bag::SealError::from)?;
        made.files.push((format!("answers{mark}.html"), page.into_bytes()));
        made.files.extend(signature.map(|bytes| (format!("answers{mark}.html.p7s"), bytes)));
    }
    if wanted.pdf {
        let mut bytes = pdf(&document, &package.record.paper, wanted.templates)?;
        if let Some(sealer) = sealer {
            let reason =
                format!("Certifies the answers {} from the audit package {}", sheet.digest, sheet.package);
            let signed = super::signing::certify(&bytes, sealer, wanted.now, &reason)?;
            bytes = signed.bytes;
            made.notes = signed.notes;
        }
        made.files.push((format!("answers{mark}.pdf"), bytes));
    }
    Ok(made)
}

#[cfg(feature = "pdf")]
pub(super) fn pdf(
    document: &HandedDocument,
    paper: &str,
    templates: &Templates,
) -> Result<Vec<u8>, RenderError> {
    handed::pdf(document, paper, templates)
}

#[cfg(not(feature = "pdf"))]
pub(super) fn pdf(_: &HandedDocument, _: &str, _: &Templates) -> Result<Vec<u8>, RenderError> {
    Err(RenderError::Pdf("this build renders none; use a build with the feature `pdf`".into()))
}
