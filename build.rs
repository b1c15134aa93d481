//! Embeds the catalog and the templates, so that the binary needs no files beside it; and the catalog's values as JSON, since
//! reading its YAML at each start would take longer than most commands.

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
    let made = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    compact(&root.join("controls"), &made, &mut out);
    let target = made.join("embedded.rs");
    fs::write(target, out).expect("OUT_DIR can be written");
    println!("cargo:rustc-env=AFFIANT_COMMIT={}", commit(&root));
}

/// Every file of the catalog as JSON, one after the other in `compact.json`, and where each begins and ends. A file that is no
/// YAML is left out: the program reads it itself, and says what is wrong.
fn compact(folder: &Path, made: &Path, out: &mut String) {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files.sort();
    let (mut all, mut parts) = (String::new(), String::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "yaml")) {
        let text = fs::read_to_string(file).unwrap_or_default();
        let Ok(value) = serde_saphyr::from_str::<serde_json::Value>(&text) else { continue };
        let inner = file.strip_prefix(folder).expect("walked from there").to_str().expect("our own names are UTF-8").replace('\\', "/");
        let from = all.len();
        all.push_str(&value.to_string());
        writeln!(parts, "    ({inner:?}, {from}, {}),", all.len()).expect("a string takes all");
    }
    fs::write(made.join("compact.json"), all).expect("OUT_DIR can be written");
    writeln!(out, "static COMPACT: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/compact.json\"));").expect("a string takes all");
    writeln!(out, "static PARTS: &[(&str, usize, usize)] = &[\n{parts}];").expect("a string takes all");
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

/// The commit that is checked out: of the environment (`AFFIANT_COMMIT`, for sources without a history), of `.git`, or of the folder
/// that a `.git` file of a worktree names; else `unknown`.
fn commit(root: &Path) -> String {
    println!("cargo:rerun-if-env-changed=AFFIANT_COMMIT");
    if let Ok(named) = env::var("AFFIANT_COMMIT") {
        return named;
    }
    let git = root.join(".git");
    let elsewhere = fs::read_to_string(&git).ok().and_then(|text| Some(PathBuf::from(text.strip_prefix("gitdir: ")?.trim())));
    let own = elsewhere.unwrap_or(git);
    let shared = fs::read_to_string(own.join("commondir")).map_or_else(|_| own.clone(), |inner| own.join(inner.trim()));
    let head = fs::read_to_string(own.join("HEAD")).unwrap_or_default();
    let head = head.trim();
    let Some(name) = head.strip_prefix("ref: ") else { return if head.is_empty() { "unknown".into() } else { head.into() } };
    let file = shared.join(name);
    if file.exists() {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let packed = || {
        let refs = fs::read_to_string(shared.join("packed-refs")).unwrap_or_default();
        refs.lines().find_map(|line| line.strip_suffix(name)?.strip_suffix(' ').map(str::to_string))
    };
    fs::read_to_string(&file).map(|id| id.trim().to_string()).ok().or_else(packed).unwrap_or_else(|| "unknown".into())
}
