//! PDF signatures (ETSI EN 319 142-1, PAdES B-B to B-LTA): made as incremental updates, and verified with
//! every later revision compared. PDF/A-3a and PDF/UA-1 of the signed document are kept.

mod appearance;
mod changes;
mod document;
mod dss;
mod sign;
mod update;
mod verify;

pub use appearance::prepare_fields;
pub use changes::PdfChange;
pub use dss::add_validation;
pub use sign::{Role, Signing, add_timestamp, is_only_certified, sign, sign_with};
pub use update::PadesError;
pub use verify::{Held, PdfProblem, PdfReport, PdfSignature, empty_fields, verify};
