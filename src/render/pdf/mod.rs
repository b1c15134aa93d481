//! The PDF report: typst over the dossier, as PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1), the same
//! bytes every time.

mod breaks;
mod data;
mod fields;
mod members;
mod world;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::figures::Figures;
use super::{RenderError, Templates};
use crate::model::dossier::Dossier;
use world::ClosedWorld;

/// A file that travels inside the PDF (PDF/A-3).
#[derive(Debug, Clone)]
pub struct Attachment {
    pub name: String,
    pub mime: &'static str,
    pub description: String,
    pub bytes: Vec<u8>,
}

/// All attachments together; what does not fit is named with its digest in the evidence manifest alone.
pub const MAX_ATTACHED: u64 = 10 << 20;

/// Renders the report. `paper` is `us-letter` or `a4`.
pub fn report(
    dossier: &Dossier,
    figures: &Figures,
    attachments: &[Attachment],
    paper: &str,
    templates: &Templates,
) -> Result<Vec<u8>, RenderError> {
    let files = inputs(dossier, figures, attachments, paper, templates)?;
    document("/main.typ", files, &dossier.package_id, &dossier.as_of, templates)
}

/// The incident-response plan alone.
pub fn plan(
    dossier: &Dossier,
    figures: &Figures,
    paper: &str,
    templates: &Templates,
) -> Result<Vec<u8>, RenderError> {
    let files = inputs(dossier, figures, &[], paper, templates)?;
    document("/plan.typ", files, &dossier.run.id, &dossier.as_of, templates)
}

/// The incident card: two sheets as wide as a telephone.
pub fn card(dossier: &Dossier, templates: &Templates) -> Result<Vec<u8>, RenderError> {
    let files = inputs(dossier, &Figures::new(), &[], "us-letter", templates)?;
    document("/card.typ", files, &dossier.run.id, &dossier.as_of, templates)
}

/// Everything that the templates of the report read, by path: with these files on disk, stock typst makes the
/// same pages.
pub fn inputs(
    dossier: &Dossier,
    figures: &Figures,
    attachments: &[Attachment],
    paper: &str,
    templates: &Templates,
) -> Result<Vec<(String, Vec<u8>)>, RenderError> {
    let listed: Vec<_> = attachments
        .iter()
        .map(|a| {
            serde_json::json!({
                "path": format!("/attachments/{}", a.name), "name": a.name, "mime": a.mime,
                "description": a.description
            })
        })
        .collect();
    let options = serde_json::json!({ "paper": paper, "attachments": listed });
    let mut files = given(data::data(dossier), &options, templates)?;
    files.extend(
        templates.under("pdf/").map(|(name, bytes)| (format!("/{}", &name["pdf/".len()..]), bytes.to_vec())),
    );
    // A population bar for each check is for the HTML report: the PDF says the same in counts.
    let drawn = figures.iter().filter(|(name, _)| !name.starts_with("population-"));
    files.extend(drawn.map(|(name, svg)| (format!("/figures/{name}.svg"), data::dotted(svg))));
    files.extend(attachments.iter().map(|a| (format!("/attachments/{}", a.name), a.bytes.clone())));
    Ok(files)
}

/// What every template reads: the data, the options, and the sentences that the HTML report shares.
fn given(
    data: Vec<u8>,
    options: &serde_json::Value,
    templates: &Templates,
) -> Result<Vec<(String, Vec<u8>)>, RenderError> {
    let words = templates.words()?.to_string().into_bytes();
    let options = options.to_string().into_bytes();
    Ok(vec![
        ("/data.json".to_string(), data),
        ("/options.json".to_string(), options),
        ("/words.json".to_string(), words),
    ])
}

/// Compiles `main` over `files` with our fonts. `ident` and `as_of` fix what would otherwise vary from run to
/// run.
pub fn document(
    main: &str,
    files: Vec<(String, Vec<u8>)>,
    ident: &str,
    as_of: &str,
    templates: &Templates,
) -> Result<Vec<u8>, RenderError> {
    let fonts = templates
        .under("fonts/")
        .filter(|(name, _)| name.ends_with(".ttf"))
        .map(|(_, bytes)| bytes.to_vec())
        .collect();
    let world = ClosedWorld::new(main, files, fonts).map_err(RenderError::Pdf)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    // what typst remembers of this layout would otherwise stay for as long as the program runs
    typst::comemo::evict(0);
    let pages = compiled.output.map_err(|errors| fault(&world, &errors))?;
    let standards = PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1])
        .map_err(|e| RenderError::Pdf(format!("{e:?}")))?;
    let options = PdfOptions {
        ident: Smart::Custom(ident.to_string()),
        creator: Smart::Custom(Some(format!("Affiant {}", env!("CARGO_PKG_VERSION")))),
        timestamp: datetime(as_of).map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|errors| fault(&world, &errors))
}

/// A document of its own, of `data` alone: `handed-data.typ` stands where the report has `data.typ`, so the
/// faces, tables and marks are the report's.
pub(super) fn handed(
    mut data: serde_json::Value,
    paper: &str,
    ident: &str,
    as_of: &str,
    templates: &Templates,
) -> Result<Vec<u8>, RenderError> {
    data["organization"] = serde_json::json!({ "name": data["organization"] });
    data["period"] = serde_json::json!({ "label": data["period"] });
    data::prepare(&mut data);
    let options = serde_json::json!({ "paper": paper });
    let mut files = given(data.to_string().into_bytes(), &options, templates)?;
    for (name, bytes) in templates.under("pdf/") {
        let name = match &name["pdf/".len()..] {
            "data.typ" => continue,
            "handed-data.typ" => "data.typ",
            name => name,
        };
        files.push((format!("/{name}"), bytes.to_vec()));
    }
    document("/handed.typ", files, ident, as_of, templates)
}

/// What a signature field on the sign-off page shows: one untagged page without margin, its fonts inside, so
/// that the signed file stays PDF/A. The whole field is one form element with its own words, which is why
/// nothing here is tagged.
pub fn signature_block(lines: &serde_json::Value, templates: &Templates) -> Result<Vec<u8>, RenderError> {
    let fonts = templates
        .under("fonts/")
        .filter(|(name, _)| name.ends_with(".ttf"))
        .map(|(_, bytes)| bytes.to_vec())
        .collect();
    let mut files = vec![("/data.json".to_string(), lines.to_string().into_bytes())];
    files.extend(
        templates.under("pdf/").map(|(name, bytes)| (format!("/{}", &name["pdf/".len()..]), bytes.to_vec())),
    );
    let world = ClosedWorld::new("/signature.typ", files, fonts).map_err(RenderError::Pdf)?;
    let compiled = typst::compile::<PagedDocument>(&world);
    let pages = compiled.output.map_err(|errors| fault(&world, &errors))?;
    let standards =
        PdfStandards::new(&[PdfStandard::A_3b]).map_err(|e| RenderError::Pdf(format!("{e:?}")))?;
    let options = PdfOptions {
        ident: Smart::Custom("signature".to_string()),
        timestamp: datetime("2000-01-01T00:00:00Z").map(Timestamp::new_utc),
        standards,
        tagged: false,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|errors| fault(&world, &errors))
}

fn datetime(as_of: &str) -> Option<Datetime> {
    use chrono::{Datelike, Timelike};
    let t = crate::clock::parse(as_of).ok()?;
    Datetime::from_ymd_hms(
        t.year(),
        t.month() as u8,
        t.day() as u8,
        t.hour() as u8,
        t.minute() as u8,
        t.second() as u8,
    )
}

fn fault(world: &ClosedWorld, errors: &[SourceDiagnostic]) -> RenderError {
    let words = errors.iter().take(5).map(|error| {
        let place = error.span.id().map(|id| {
            let line =
                world.range(error.span).and_then(|r| world.source(id).ok()?.lines().byte_to_line(r.start));
            format!("{}:{}: ", id.vpath().get_without_slash(), line.map_or(0, |l| l + 1))
        });
        let hints: String = error.hints.iter().map(|h| format!(" (hint: {})", h.v)).collect();
        format!("{}{}{hints}", place.unwrap_or_default(), error.message)
    });
    RenderError::Pdf(words.collect::<Vec<_>>().join("; "))
}
