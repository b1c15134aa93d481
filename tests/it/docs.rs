//! Documents that cannot rot: pages made from the program are compared with it, and the README's
//! promises are kept.

use std::fs;

use crate::harness::repository;

/// Compares a generated page; `AFFIANT_BLESS=1` writes it.
pub fn pinned(name: &str, made: &str) {
    let path = repository().join(name);
    if std::env::var_os("AFFIANT_BLESS").is_some() {
        fs::write(&path, made).expect("written");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    if there != made {
        let (old, new): (Vec<&str>, Vec<&str>) = (there.lines().collect(), made.lines().collect());
        let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let lines = |sign: &str, all: &[&str]| {
            all.iter().skip(first).take(5).map(|line| format!("\n{sign} {line}")).collect::<String>()
        };
        let differ = format!("from line {}:{}{}", first + 1, lines("-", &old), lines("+", &new));
        panic!(
            "{name} is not what the program makes; `AFFIANT_BLESS=1 cargo test \
             --release --test it` writes it anew; {differ}"
        );
    }
}

#[test]
fn the_command_line_reference_is_current() {
    pinned("docs/src/cli.md", &affiant::cli::meta::reference());
}

#[test]
fn the_diagnostics_page_is_current() {
    pinned("docs/src/diagnostics.md", &diagnostics());
}

#[test]
fn the_permissions_page_is_current() {
    let catalog = affiant::catalog::load(None).expect("the catalog of the program");
    pinned("docs/src/permissions.md", &affiant::collect::permissions::page(&catalog));
}

/// Every code that the sources use, with the message beside it; verify's codes from their own table.
fn diagnostics() -> String {
    let mut found: std::collections::BTreeMap<String, (String, String)> = std::collections::BTreeMap::new();
    let mut of_workspace: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let pattern =
        regex::Regex::new(r#""(AF[A-Z]-\d{3})"\s*,\s*(?:format!\()?"((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let bare = regex::Regex::new(r#""(AF[CERUW]-\d{3})""#).expect("a pattern");
    // of errors that say their code at the end
    let behind = regex::Regex::new(r#""((?:[^"\\]|\\.)*) \[(AF[A-UW-Z]-\d{3})\]""#).expect("a pattern");
    for (name, bytes) in crate::harness::files(&repository().join("src")) {
        let text = String::from_utf8(bytes).expect("UTF-8");
        for c in pattern.captures_iter(&text) {
            found.entry(c[1].to_string()).or_insert((name.clone(), c[2].replace("\\\"", "\"")));
        }
        for c in behind.captures_iter(&text) {
            found.entry(c[2].to_string()).or_insert((name.clone(), c[1].to_string()));
        }
        for c in bare.captures_iter(&text) {
            // what a user looks up must mean one thing
            let first = of_workspace.entry(c[1].to_string()).or_insert_with(|| name.clone());
            assert!(*first == name || !c[1].starts_with("AFW"), "{} stands in {first} and in {name}", &c[1]);
            found.entry(c[1].to_string()).or_insert((name.clone(), "see the message".into()));
        }
    }
    let mut out = String::from(
        "# Diagnostics\n\nEvery problem carries a stable code. This page is generated from the sources.\n\n\
         | code | from | says |\n|---|---|---|\n",
    );
    for (code, (file, says)) in &found {
        out.push_str(&format!("| {code} | {file} | {} |\n", says.replace('|', "\\|").replace('<', "&lt;")));
    }
    out.push_str("\n## Codes of `affiant verify`\n\n| code | means |\n|---|---|\n");
    for code in affiant::seal::verify::Code::ALL {
        out.push_str(&format!("| {} | {} |\n", code.id(), code.meaning()));
    }
    out
}

#[test]
fn every_dependency_has_its_line() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).expect("a manifest");
    let page = fs::read_to_string(repository().join("docs/src/dependencies.md")).expect("a page");
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|s| s.split("\n[lints").next())
        .expect("dependencies");
    let names = section
        .lines()
        .filter_map(|l| l.split_once(" = ").map(|(n, _)| n.trim()))
        .filter(|n| !n.is_empty() && !n.starts_with('#'));
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/src/dependencies.md has no line on `{name}`");
    }
}

#[test]
fn the_repository_speaks_of_the_product_alone() {
    for folder in ["src", "controls", "templates", "docs", "program", "tests", "examples"] {
        for (name, bytes) in crate::harness::files(&repository().join(folder)) {
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if name == "it/docs.rs" {
                continue;
            }
            for word in
                ["/work/", "/root/", "/home/", "index.crates.io", "registry.npmjs.org", "pypi.org/simple"]
            {
                assert!(!text.contains(word), "{folder}/{name} mentions {word}");
            }
        }
    }
}
