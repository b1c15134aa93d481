//! The OSCAL files inside a package. They are made before the package's own list of digests is: they name its
//! parts with their digests, and not the list. `affiant export` makes them of a sealed package, with the
//! list.

use std::collections::BTreeMap;

use super::record::{ASSESSMENT, CATALOG, DATABASE, DOSSIER, HTML, RISKS};
use crate::model::dossier::Dossier;
use crate::render::machine::{Handed, oscal};

pub const FOLDER: &str = "data/oscal/";

/// The files by their path in the package. `parts` are its parts with their SHA-256; those that the files
/// point at are picked. The signed PDF is none of them: its bytes are others with each signature, and these
/// files are the same for the same evidence.
pub fn files(
    dossier: &Dossier,
    run: &str,
    parts: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, Vec<u8>> {
    let technical = format!("{CATALOG}technical/");
    let wanted = |path: &str| {
        [DOSSIER, ASSESSMENT, DATABASE, RISKS, HTML].contains(&path) || path.starts_with(&technical)
    };
    let parts = parts.filter(|(path, _)| wanted(path)).collect();
    let handed = Handed { dossier, run, manifest: String::new(), parts, places: BTreeMap::new() };
    oscal::files(&handed).into_iter().map(|file| (format!("data/{}", file.path), file.bytes)).collect()
}
