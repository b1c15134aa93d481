//! Writes what the PDF's templates read, so that pages can be worked on without a build: edit
//! `templates/pdf`, compile with stock typst 0.15, look.
//!
//! ```text
//! cargo run --release --example pages -- packages/2026-Q3/<id>/data/dossier.json /tmp/pages
//! typst compile --root /tmp/pages --font-path templates/fonts /tmp/pages/main.typ
//! ```

#![allow(clippy::disallowed_methods)] // a program of its own
use std::path::Path;

use affiant::catalog;
use affiant::model::dossier::Dossier;
use affiant::render::{Templates, figures, html, pdf};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dossier, folder] = &args[..] else { panic!("usage: pages DOSSIER.json FOLDER") };
    let bytes = std::fs::read(dossier).expect("a dossier");
    let dossier: Dossier = serde_json::from_slice(&bytes).expect("a dossier of this version");
    let own = Templates::new(catalog::templates()).overlay(Path::new("templates")).expect("templates");
    let figures = figures::draw(&dossier, &own).expect("figures");
    let folder = Path::new(folder);
    for (path, bytes) in pdf::inputs(&dossier, &figures, &[], "us-letter", &own).expect("templates") {
        let path = folder.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
    }
    std::fs::write(folder.join("index.html"), html::report(&dossier, &figures, &own).expect("HTML"))
        .expect("a file");
}
