//! Embeds the catalog and the templates, so that the binary needs no files beside it; and the catalog's
//! values as JSON, since reading its YAML at each start would take longer than most commands.

#![allow(clippy::disallowed_methods)] // cargo speaks through the environment

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut out = String::new();
    for (name, folder) in [
        ("CONTROLS", "controls"),
        ("TEMPLATES", "templates"),
        ("QUESTIONS", "questions"),
        ("FOREIGN", "foreign"),
    ] {
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
    // sources without a history can be told theirs
    println!("cargo:rerun-if-env-changed=AFFIANT_COMMIT");
    let told = env::var("AFFIANT_COMMIT").ok().map(|commit| (commit, Vec::new()));
    let (commit, watched) = told.or_else(|| commit(&root)).unwrap_or_else(|| ("unknown".into(), Vec::new()));
    watched.iter().for_each(|path| println!("cargo:rerun-if-changed={}", path.display()));
    println!("cargo:rustc-env=AFFIANT_COMMIT={commit}");
}

/// Every file of the catalog as JSON, one after the other in `compact.json`, and where each begins and ends.
/// A file that is no YAML is left out: the program reads it itself, and says what is wrong.
fn compact(folder: &Path, made: &Path, out: &mut String) {
    let mut files = Vec::new();
    walk(folder, &mut files);
    files.sort();
    let (mut all, mut parts) = (String::new(), String::new());
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "yaml")) {
        let text = fs::read_to_string(file).unwrap_or_default();
        let Ok(value) = serde_saphyr::from_str::<serde_json::Value>(&text) else { continue };
        let inner = file
            .strip_prefix(folder)
            .expect("walked from there")
            .to_str()
            .expect("our own names are UTF-8")
            .replace('\\', "/");
        let from = all.len();
        all.push_str(&value.to_string());
        writeln!(parts, "    ({inner:?}, {from}, {}),", all.len()).expect("a string takes all");
    }
    fs::write(made.join("compact.json"), all).expect("OUT_DIR can be written");
    writeln!(out, "static COMPACT: &str = include_str!(concat!(env!(\"OUT_DIR\"), \"/compact.json\"));")
        .expect("a string takes all");
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

/// The commit that is checked out and the files that change with it, asked of git, so that worktrees and
/// packed references count; none outside a checkout of this package.
pub fn commit(root: &Path) -> Option<(String, Vec<PathBuf>)> {
    let git = |args: &[&str]| {
        // whoever owns the folder: nothing here runs what a repository could configure
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["-c", "safe.directory=*"])
            .args(args)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_string())
    };
    // sources unpacked somewhere inside of another repository are no commit of that one
    git(&["rev-parse", "--show-prefix"]).filter(String::is_empty)?;
    let commit = git(&["rev-parse", "--verify", "HEAD"])?;
    let file = |name: &str| git(&["rev-parse", "--git-path", name]).map(|path| root.join(path));
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).and_then(|name| file(&name));
    // a branch that is packed has no file yet: the folder changes when it gets one
    let branch = branch.and_then(|path| path.ancestors().find(|p| p.exists()).map(Path::to_path_buf));
    let others = ["HEAD", "packed-refs"].into_iter().filter_map(file).filter(|path| path.exists());
    Some((commit, others.chain(branch).collect()))
}
