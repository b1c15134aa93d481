//! A document of its own beside the package, such as the answers to a buyer: facts, sections, answers and
//! tables, as one page of HTML and as PDF with the report's faces, colors and marks. Both show the same
//! blocks.

use minijinja::context;
use serde::Serialize;

use super::{RenderError, Templates, html};

/// What both renderings show.
#[derive(Debug, Clone, Serialize)]
pub struct HandedDocument {
    /// Fixes what a PDF writer would otherwise choose.
    pub ident: String,
    pub title: String,
    /// One sentence on what the reader holds.
    pub lead: String,
    pub organization: String,
    /// The label of the package's period.
    pub period: String,
    pub short_id: String,
    /// RFC 3339.
    pub as_of: String,
    pub draft: bool,
    pub sample: bool,
    /// What a reader must know before reading on; at the foot of every page.
    pub warnings: Vec<String>,
    pub facts: Vec<HandedFact>,
    pub blocks: Vec<HandedBlock>,
}

#[derive(Debug, Clone, Serialize)]
pub struct HandedFact {
    pub name: String,
    pub text: String,
    /// A digest or an id: set in the mono face.
    pub mono: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum HandedBlock {
    Section { title: String },
    Text { text: String },
    Points { items: Vec<String> },
    Answer(HandedAnswer),
    Table { heads: Vec<String>, widths: Vec<HandedWidth>, rows: Vec<HandedRow> },
}

/// A question with its answer; `mark` is the verdict whose shape and color stand beside the word.
#[derive(Debug, Clone, Serialize)]
pub struct HandedAnswer {
    pub anchor: String,
    pub number: String,
    pub question: String,
    pub mark: String,
    pub word: String,
    pub text: String,
    pub points: Vec<String>,
    pub meta: String,
    /// Anchors of rows.
    pub refs: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct HandedRow {
    /// Empty where nothing refers to the row.
    pub anchor: String,
    pub cells: Vec<HandedCell>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct HandedCell {
    pub text: String,
    /// Below the text, in the mono face.
    pub code: String,
    /// A verdict whose mark stands before the text; empty for none.
    pub mark: String,
    /// The anchor of a row that the text leads to; empty for none.
    pub to: String,
}

/// A column's share of what the fixed ones leave, or points.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct HandedWidth {
    pub points: u32,
    pub share: u32,
}

impl HandedWidth {
    pub fn points(points: u32) -> HandedWidth {
        HandedWidth { points, share: 0 }
    }

    pub fn share(share: u32) -> HandedWidth {
        HandedWidth { points: 0, share }
    }
}

impl HandedFact {
    pub fn text(name: &str, text: impl Into<String>) -> HandedFact {
        HandedFact { name: name.into(), text: text.into(), mono: false }
    }

    pub fn code(name: &str, text: impl Into<String>) -> HandedFact {
        HandedFact { name: name.into(), text: text.into(), mono: true }
    }
}

impl HandedCell {
    pub fn text(text: impl Into<String>) -> HandedCell {
        HandedCell { text: text.into(), ..HandedCell::default() }
    }

    pub fn code(code: impl Into<String>) -> HandedCell {
        HandedCell { code: code.into(), ..HandedCell::default() }
    }

    pub fn marked(mark: &str, text: impl Into<String>) -> HandedCell {
        HandedCell { mark: mark.into(), text: text.into(), ..HandedCell::default() }
    }
}

impl HandedBlock {
    pub fn section(title: impl Into<String>) -> HandedBlock {
        HandedBlock::Section { title: title.into() }
    }

    pub fn text(text: impl Into<String>) -> HandedBlock {
        HandedBlock::Text { text: text.into() }
    }

    /// A table whose rows nothing refers to.
    pub fn table(heads: &[&str], widths: &[HandedWidth], rows: Vec<Vec<HandedCell>>) -> HandedBlock {
        HandedBlock::Table {
            heads: heads.iter().map(|head| (*head).to_string()).collect(),
            widths: widths.to_vec(),
            rows: rows.into_iter().map(|cells| HandedRow { anchor: String::new(), cells }).collect(),
        }
    }
}

/// One page that asks the network for nothing, under a content security policy made of digests.
pub fn page(document: &HandedDocument, templates: &Templates) -> Result<String, RenderError> {
    html::alone(
        "html/handed.html.jinja",
        &["html/report.css", "html/handed.css"],
        context! { d => super::engine::value(document) },
        templates,
    )
}

/// PDF/A-3a and PDF/UA-1, the same bytes every time. `paper` is `us-letter` or `a4`.
#[cfg(feature = "pdf")]
pub fn pdf(document: &HandedDocument, paper: &str, templates: &Templates) -> Result<Vec<u8>, RenderError> {
    let value = serde_json::to_value(document).expect("a document serialises");
    super::pdf::handed(value, paper, &document.ident, &document.as_of, templates)
}
