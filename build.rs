//! Embeds the catalog and the templates, so that the binary needs no files beside it.

#![allow(clippy::disallowed_methods)] // cargo speaks through the environment

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut out = String::new();
    for (name, folder) in [("CONTROLS", "controls"), ("TEMPLATES", "templates")] {
        println!("cargo:rerun-if-changed={folder}");
        let mut files = Vec::new();
        walk(&root.join(folder), &mut files);
        files.sort();
        writeln!(out, "pub static {name}: &[(&str, &[u8])] = &[").expect("a string takes all");
        for file in files {
            let inner = file.strip_prefix(root.join(folder)).expect("walked from there");
            let inner = inner.to_str().expect("our own names are UTF-8").replace('\\', "/");
            writeln!(out, "    ({inner:?}, include_bytes!({file:?})),").expect("a string takes all");
        }
        writeln!(out, "];").expect("a string takes all");
    }
    let target = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("embedded.rs");
    fs::write(target, out).expect("OUT_DIR can be written");
    println!("cargo:rustc-env=AFFIANT_COMMIT={}", commit(&root));
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// The commit in `.git/HEAD`, or `unknown` outside a checkout.
fn commit(root: &Path) -> String {
    let git = root.join(".git");
    let head = fs::read_to_string(git.join("HEAD")).unwrap_or_default();
    let head = head.trim();
    match head.strip_prefix("ref: ") {
        Some(name) => {
            println!("cargo:rerun-if-changed=.git/{name}");
            fs::read_to_string(git.join(name)).map_or_else(|_| "unknown".into(), |id| id.trim().into())
        }
        None if head.is_empty() => "unknown".into(),
        None => head.into(),
    }
}
