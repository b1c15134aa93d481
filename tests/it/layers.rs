//! The layer table of the architecture as data, and the sources against it: imports go down, never sideways,
//! and each dependency stays behind its fence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::Visit;

/// Layer of each module at the top of `src/`.
pub const LAYERS: [(&str, u32); 21] = [
    ("cli", 5),
    ("pipeline", 4),
    ("collect", 3),
    ("assess", 3),
    ("program", 3),
    ("render", 3),
    ("seal", 3),
    ("redact", 3),
    ("catalog", 2),
    ("workspace", 2),
    ("aws", 2),
    ("store", 2),
    ("policy", 2),
    ("evidence", 1),
    ("yaml", 1),
    ("model", 0),
    ("diag", 0),
    ("clock", 0),
    ("main", 6),
    ("lib", 6),
    ("build", 6),
];

/// Which modules may name a crate. Prefixes of module paths.
const FENCES: [(&str, &[&str]); 32] = [
    ("chrono_tz", &["program/breach"]),
    ("rust_xlsxwriter", &["render"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("rpassword", &["cli"]),
    ("rusqlite", &["assess", "program/answer"]),
    ("typst", &["render/pdf"]),
    ("typst_pdf", &["render/pdf"]),
    ("typst_layout", &["render/pdf"]),
    ("minijinja", &["render"]),
    ("cms", &["seal"]),
    ("der", &["seal"]),
    ("spki", &["seal"]),
    ("x509_cert", &["seal"]),
    ("lopdf", &["seal"]),
    ("aws_lc_rs", &["seal", "model/digest"]),
    ("serde_saphyr", &["yaml"]),
    ("granit_parser", &["yaml"]),
    ("strsim", &["diag"]),
    ("schemars", &["model", "catalog", "workspace", "yaml"]),
    ("tokio", &["aws", "collect"]),
    ("aws_config", &["aws", "collect"]),
    ("aws_sdk_config", &["aws"]),
    ("aws_sdk_artifact", &["aws"]),
    ("aws_sdk_s3", &["aws"]),
    ("aws_sdk_sts", &["aws"]),
    ("aws_sigv4", &["aws"]),
    ("aws_smithy_runtime", &["aws"]),
    ("aws_smithy_runtime_api", &["aws"]),
    ("futures_util", &["aws"]),
    ("roxmltree", &["evidence", "store/workbook"]),
];

struct Uses(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Uses {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        flatten(&item.tree, &mut Vec::new(), &mut self.0);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }
}

pub fn flatten(tree: &syn::UseTree, before: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, out);
            before.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, out)),
        syn::UseTree::Name(name) => {
            out.push(before.iter().cloned().chain([name.ident.to_string()]).collect())
        }
        syn::UseTree::Rename(name) => {
            out.push(before.iter().cloned().chain([name.ident.to_string()]).collect())
        }
        syn::UseTree::Glob(_) => out.push(before.clone()),
    }
}

pub fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// `render/pdf/world.rs` as `render/pdf/world`; `mod.rs` as its folder.
pub fn module_of(path: &Path, root: &Path) -> String {
    let inner = path.strip_prefix(root).expect("below the root").with_extension("");
    let text = inner.to_string_lossy().replace('\\', "/");
    text.strip_suffix("/mod").unwrap_or(&text).to_string()
}

fn violations(module: &str, source: &str) -> Vec<String> {
    let layers: BTreeMap<&str, u32> = LAYERS.into_iter().collect();
    let file = syn::parse_file(source).unwrap_or_else(|e| panic!("{module}: {e}"));
    let mut uses = Uses(Vec::new());
    uses.visit_file(&file);
    let top = module.split('/').next().unwrap_or_default();
    let own = *layers.get(top).unwrap_or_else(|| panic!("module `{top}` is not in the layer table"));
    let mut bad = Vec::new();
    for path in uses.0 {
        let first = path[0].as_str();
        let within =
            |inside: &[&str]| inside.iter().any(|m| module == *m || module.starts_with(&format!("{m}/")));
        if let Some((_, inside)) = FENCES.iter().find(|(name, inside)| *name == first && !within(inside)) {
            bad.push(format!("src/{module}.rs names `{first}`, which belongs in {}", inside.join(" or ")));
        }
        let Some(target) = path.get(1).filter(|_| first == "crate") else { continue };
        let Some(layer) = layers.get(target.as_str()) else { continue };
        if *layer >= own && target != top && own < 6 {
            bad.push(format!(
                "src/{module}.rs imports `crate::{}`: layer {own} may not reach {layer}",
                path[1..].join("::")
            ));
        }
    }
    bad
}

#[test]
fn imports_go_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 40, "found only {} sources", files.len());
    let bad: Vec<String> = files
        .iter()
        .flat_map(|f| violations(&module_of(f, &root), &fs::read_to_string(f).expect("readable")))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The test must be able to fail.
#[test]
fn a_broken_layer_is_seen() {
    assert_eq!(violations("store/run", "use crate::assess::Fault;").len(), 1);
    assert_eq!(violations("render/html", "use crate::{model::Digest, seal::Trust};").len(), 1);
    assert_eq!(violations("program/risks", "fn f() { rusqlite::Connection::open_in_memory(); }").len(), 1);
    assert_eq!(violations("redact/scan", "use crate::render::Templates;").len(), 1);
    assert_eq!(violations("evidence/config_item", "use crate::yaml::yaml;").len(), 1);
    assert_eq!(
        violations("assess/database/load", "use crate::evidence::config_item; use rusqlite::Connection;")
            .len(),
        0
    );
}

#[test]
fn every_source_says_what_it_owns_and_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("//!"), "{} has no header", file.display());
        let lines = text.lines().count();
        assert!(lines <= 520, "{} has {lines} lines", file.display());
    }
}
