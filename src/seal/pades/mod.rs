//! PDF signatures (ETSI EN 319 142-1, PAdES B-B): made as incremental updates, and verified with every later revision
//! compared. PDF/A-3a and PDF/UA-1 of the signed document are kept.

mod changes;
mod document;
mod sign;
mod verify;

pub use sign::{PadesError, Role, sign};
pub use verify::{PdfProblem, PdfReport, PdfSignature, verify};
