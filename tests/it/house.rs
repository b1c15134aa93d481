//! How the sources hang together, held against the sources: no circle of files, and no public
//! type name used twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::Visit;

use crate::harness::repository;
use crate::layers::{LAYERS, flatten, module_of, sources};

/// Public type names that two modules share, and why each may. Shrink this list; do not extend it.
const TWICE: [(&str, &str); 4] = [
    ("Answer", "of an AWS API, as evidence; and of a policy: yes, no or unknown"),
    ("Refusal", "of AWS to answer a call; and of a policy of the organization to permit one"),
    ("Request", "to gather a run; and of a caller to AWS, as IAM weighs it"),
    ("State", "of what a run could read; and of what `verify` could show: both are named in formats"),
];

type Name = Vec<String>;

/// What one file names outside its tests: paths, public names for them, and the public types that it defines.
#[derive(Default)]
struct Named {
    paths: Vec<Name>,
    exported: BTreeMap<String, Name>,
    types: Vec<String>,
}

impl<'ast> Visit<'ast> for Named {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let test = item.attrs.iter().any(|a| {
            a.path().is_ident("cfg") && a.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test"))
        });
        if !test {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut paths);
        for mut path in paths {
            if path.last().is_some_and(|last| last == "self") {
                path.pop();
            }
            if let (syn::Visibility::Public(_) | syn::Visibility::Restricted(_), Some(last)) =
                (&item.vis, path.last())
            {
                self.exported.insert(last.clone(), path.clone());
            }
            self.paths.push(path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    /// Inside a macro there are only tokens.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let text = item.tokens.to_string().replace(' ', "");
        let pattern = regex::Regex::new(r"(?:^|[^\w:])([a-z_]\w*(?:::\w+)+)").expect("a pattern");
        self.paths
            .extend(pattern.captures_iter(&text).map(|c| c[1].split("::").map(str::to_string).collect()));
    }

    /// `pub(in crate::seal)` leans on nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.defined(&item.vis, &item.ident);
        syn::visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.defined(&item.vis, &item.ident);
        syn::visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.defined(&item.vis, &item.ident);
        syn::visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.defined(&item.vis, &item.ident);
        syn::visit::visit_item_type(self, item);
    }
}

impl Named {
    fn defined(&mut self, visibility: &syn::Visibility, name: &syn::Ident) {
        if !matches!(visibility, syn::Visibility::Inherited) {
            self.types.push(name.to_string());
        }
    }
}

struct House(BTreeMap<Name, Named>);

impl House {
    fn built() -> House {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        House::of(files.iter().map(|f| (module_of(f, &root), fs::read_to_string(f).expect("readable"))))
    }

    fn of(files: impl Iterator<Item = (String, String)>) -> House {
        let parsed = files.filter(|(module, _)| module != "main").map(|(module, text)| {
            let mut named = Named::default();
            named.visit_file(&syn::parse_file(&text).unwrap_or_else(|e| panic!("{module}: {e}")));
            let name =
                if module == "lib" { Vec::new() } else { module.split('/').map(str::to_string).collect() };
            (name, named)
        });
        House(parsed.collect())
    }

    /// A path as seen from `module`, from the root on; `None` for other crates, local names and the like.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Name> {
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => {
                let ups = path.iter().take_while(|p| *p == "super").count();
                Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat())
            }
            _ => {
                let child = [module, &path[..1]].concat();
                self.0.contains_key(&child).then(|| [module, path].concat())
            }
        }
    }

    /// The file that defines what an absolute path names, re-exports followed.
    fn definer(&self, mut path: Name) -> Name {
        for _ in 0..8 {
            let depth = (0..=path.len()).rev().find(|n| self.0.contains_key(&path[..*n])).unwrap_or(0);
            let module = path[..depth].to_vec();
            let Some(next) = path.get(depth) else { return module };
            let exported = self.0.get(&module).and_then(|named| named.exported.get(next));
            match exported.and_then(|to| self.absolute(&module, to)) {
                Some(to) if to[..] != path[..=depth] => path = [to, path[depth + 1..].to_vec()].concat(),
                _ => return module,
            }
        }
        path
    }

    /// Who leans on whom. A file may lean on the `mod.rs` of a folder that it is in: that is the
    /// door of its own room.
    fn arrows(&self) -> BTreeMap<Name, BTreeSet<Name>> {
        let leans = |(module, named): (&Name, &Named)| {
            let targets =
                named.paths.iter().filter_map(|p| self.absolute(module, p)).map(|p| self.definer(p));
            (module.clone(), targets.filter(|t| !module.starts_with(t)).collect())
        };
        self.0.iter().map(leans).collect()
    }

    /// Every circle, as the files that reach one another.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let reach = |from: &Name| {
            let mut seen = BTreeSet::new();
            let mut next: Vec<&Name> = arrows[from].iter().collect();
            while let Some(at) = next.pop() {
                if seen.insert(at.clone()) {
                    next.extend(arrows.get(at).into_iter().flatten());
                }
            }
            seen
        };
        let reached: BTreeMap<&Name, BTreeSet<Name>> =
            arrows.keys().map(|name| (name, reach(name))).collect();
        let circle = |name: &&Name| {
            let others = reached[*name]
                .iter()
                .filter(|other| reached.get(other).is_some_and(|back| back.contains(*name)));
            others.map(|n| n.join("/")).collect::<Vec<_>>()
        };
        let found: BTreeSet<Vec<String>> =
            reached.keys().map(circle).filter(|circle| circle.len() > 1).collect();
        found.into_iter().map(|circle| circle.join(", ")).collect()
    }

    /// Public type names with the modules that define them, where there are several.
    fn twice(&self) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (module, named) in &self.0 {
            for name in &named.types {
                found.entry(name.clone()).or_default().push(module.join("/"));
            }
        }
        found.retain(|_, modules| modules.len() > 1);
        found
    }
}

#[test]
fn no_files_lean_on_one_another_in_a_circle() {
    let circles = House::built().circles();
    assert!(circles.is_empty(), "these files reach one another:\n{}", circles.join("\n"));
}

#[test]
fn a_public_type_name_is_used_once() {
    let found = House::built().twice();
    let allowed: BTreeMap<&str, &str> = TWICE.into_iter().collect();
    for (name, modules) in &found {
        assert!(allowed.contains_key(name.as_str()), "`{name}` is defined in {}", modules.join(" and "));
    }
    for name in allowed.keys() {
        assert!(found.contains_key(*name), "`{name}` is used once now: strike it from the list");
    }
}

/// The architecture page draws the layers that the test holds, and names every room and every folder in it,
/// but for folders that hold the parts of the file beside them.
#[test]
fn the_drawing_shows_the_rooms() {
    let page = fs::read_to_string(repository().join("docs/src/architecture.md")).expect("the page");
    let mut drawn: BTreeMap<String, u32> = BTreeMap::new();
    for line in page.lines().filter_map(|line| line.strip_prefix('L')) {
        let (layer, rest) = line.split_at(1);
        let layer = layer.parse().expect("the number of a layer");
        let rooms = rest.trim_start().split("    ").next().unwrap_or_default();
        drawn.extend(rooms.split_whitespace().map(|room| (room.to_string(), layer)));
    }
    let held = LAYERS.into_iter().filter(|(room, _)| !["main", "lib", "build"].contains(room));
    assert_eq!(
        drawn,
        held.map(|(room, layer)| (room.to_string(), layer)).collect(),
        "the drawing is not the table of tests/it/layers.rs"
    );
    let folders = House::built()
        .0
        .into_keys()
        .filter(|name| name.len() > 1)
        .map(|name| name[..name.len() - 1].join("/"));
    let is_of_a_file = |folder: &String| repository().join("src").join(format!("{folder}.rs")).is_file();
    for folder in
        folders.filter(|folder| !is_of_a_file(folder)).chain(drawn.into_keys()).collect::<BTreeSet<_>>()
    {
        assert!(
            page.contains(&format!("| `{folder}` |")),
            "docs/src/architecture.md has no row for `{folder}`"
        );
    }
}

/// The tests must be able to fail.
#[test]
fn a_circle_and_a_second_name_are_seen() {
    let files = [
        ("lib", "pub mod a; pub mod b; pub mod room;"),
        ("a", "use crate::room::Thing; pub struct Twin;"),
        ("b", "pub struct Twin; fn f() { matches!(1, crate::a::X) }"),
        ("room", "mod inner; pub use inner::Thing; pub struct Door;"),
        ("room/inner", "use super::Door; use crate::b; pub struct Thing;"),
    ];
    let house = House::of(files.iter().map(|(m, t)| (m.to_string(), t.to_string())));
    assert_eq!(house.circles(), ["a, b, room/inner"]);
    assert_eq!(house.twice().into_keys().collect::<Vec<_>>(), ["Twin"]);
    let whole =
        House::of(files.iter().filter(|(m, _)| *m != "b").map(|(m, t)| (m.to_string(), t.to_string())));
    assert!(whole.circles().is_empty() && whole.twice().is_empty());
}
