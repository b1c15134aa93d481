//! The PDF of a package before anybody signs it, with what is attached to it.

#[cfg(feature = "pdf")]
use super::pretty;
use crate::model::assessment::Assessment;
use crate::model::dossier::Dossier;
use crate::pipeline::Error;
use crate::render::{Templates, figures};
use crate::store::run::Reader;

/// The PDF before any signature, with the assessment and the evidence attached as far as they fit.
#[cfg(feature = "pdf")]
pub fn unsigned_pdf(
    dossier: &Dossier,
    figures: &figures::Figures,
    assessment: &Assessment,
    run: &Reader,
    paper: &str,
    templates: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    use crate::render::pdf::{self, Attachment, MAX_ATTACHED};
    let mut attachments = vec![Attachment {
        name: "assessment.json".into(),
        mime: "application/json",
        description: "Every check's verdict and rows, as data".into(),
        bytes: pretty(assessment),
    }];
    let mut room = MAX_ATTACHED.saturating_sub(attachments[0].bytes.len() as u64);
    for (artifact, reference) in run.artifacts.iter().zip(&dossier.evidence) {
        if artifact.size > room {
            continue;
        }
        room -= artifact.size;
        let path = run.path(artifact);
        let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let leaf = artifact.path.rsplit('/').next().unwrap_or_default();
        let description = format!("Evidence {}: {}, sha256 {}", reference.id, artifact.path, artifact.sha256);
        attachments.push(Attachment {
            name: format!("{}-{leaf}", reference.id),
            mime: mime(leaf),
            description,
            bytes,
        });
    }
    Ok(Some(pdf::report(dossier, figures, &attachments, paper, templates)?))
}

#[cfg(not(feature = "pdf"))]
pub fn unsigned_pdf(
    _: &Dossier,
    _: &figures::Figures,
    _: &Assessment,
    _: &Reader,
    _: &str,
    _: &Templates,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(None)
}

#[cfg(feature = "pdf")]
fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "gz" => "application/gzip",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "txt" => "text/plain",
        "pdf" => "application/pdf",
        "yaml" => "application/yaml",
        _ => "application/octet-stream",
    }
}
