//! The recipes of the book: each diff applies to the sources, does what the page says, and is taken
//! back without a trace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Ran, Sandbox, files, ran, repository};

/// The diff of each section, by its heading.
fn recipes() -> BTreeMap<String, String> {
    let page = fs::read_to_string(repository().join("docs/src/recipes.md")).expect("a page");
    let sections = page.split("\n## ").skip(1);
    let diff = |section: &str| {
        let (heading, rest) = section.split_once('\n').expect("a heading");
        let block =
            rest.split_once("```diff\n").and_then(|(_, rest)| rest.split_once("\n```")).expect("a diff");
        (heading.to_string(), format!("{}\n", block.0))
    };
    sections.map(diff).collect()
}

/// A copy of folders of the repository, in which diffs are applied.
struct Clone(TempDir);

impl Clone {
    fn of(folders: &[&str]) -> Clone {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in folders {
            for (name, bytes) in files(&repository().join(folder)) {
                let path = dir.path().join(folder).join(name);
                fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                fs::write(path, bytes).expect("a file");
            }
        }
        Clone(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, diff: &str, more: &[&str]) {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), diff).expect("written");
        let mut git = Command::new("git");
        // a repository above the temporary folder is none of ours
        git.env("GIT_CEILING_DIRECTORIES", self.path().parent().expect("a parent")).env_remove("GIT_DIR");
        git.arg("apply").args(more).arg(file.path()).current_dir(self.path());
        let ran = ran(git.output().expect("git starts"));
        assert_eq!(ran.code, 0, "git apply {more:?}: {}\n{diff}", ran.err);
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path().join(file)).expect("a file");
        assert!(text.contains(from), "`{from}` is not in {file}");
        fs::write(self.path().join(file), text.replacen(from, to, 1)).expect("written");
    }

    /// The program over the catalog of the copy.
    fn affiant(&self, args: &[&str]) -> Ran {
        let catalog = self.path().join("controls").display().to_string();
        Sandbox::default().affiant(&[&["--catalog", catalog.as_str()], args].concat())
    }

    /// That cases pass, and that one with a wrong answer does not.
    fn tested(&self, name: &str, file: &str, right: &str, wrong: &str) {
        let ran = self.affiant(&["controls", "test", name]).exits(0);
        assert!(ran.out.contains("all as expected"), "{}", ran.out);
        self.edit(file, right, wrong);
        let ran = self.affiant(&["controls", "test", name]).exits(2);
        assert!(format!("{}{}", ran.out, ran.err).contains(name), "{}{}", ran.out, ran.err);
        self.edit(file, wrong, right);
    }
}

#[test]
fn every_recipe_applies_and_is_taken_back_byte_for_byte() {
    let all = recipes();
    let kinds = ["A check", "A command", "A table", "An operation", "An output"];
    assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), kinds);
    let clone = Clone::of(&["controls", "src"]);
    let before = files(clone.path());
    for (kind, diff) in &all {
        clone.git(diff, &[]);
        assert_ne!(files(clone.path()), before, "{kind} changes something");
        clone.git(diff, &["-R"]);
        assert!(files(clone.path()) == before, "{kind} leaves something behind");
    }
    // and all of them together, as somebody who keeps them does
    all.values().for_each(|diff| clone.git(diff, &[]));
    all.values().rev().for_each(|diff| clone.git(diff, &["-R"]));
    assert!(files(clone.path()) == before);
}

#[test]
fn a_check_a_table_and_an_operation_need_no_rebuild() {
    let (all, clone) = (recipes(), Clone::of(&["controls"]));
    let before = clone.affiant(&["policy"]).exits(0).out;
    for kind in ["A check", "A table", "An operation"] {
        clone.git(&all[kind], &[]);
    }
    let check = "controls/checks/ecr/tag-immutable.yaml";
    clone.tested(
        "ecr.tag-immutable",
        check,
        "{ resource: a, verdict: met }",
        "{ resource: a, verdict: not met }",
    );
    assert!(clone.affiant(&["controls", "list"]).exits(0).out.contains("ecr.tag-immutable"));
    let table = "controls/tables/backup/restore_testing_plan.yaml";
    clone.tested("backup_restore_testing_plan", table, "plan: monthly", "plan: yearly");
    assert!(clone.affiant(&["controls", "tables", "backup"]).exits(0).out.contains("start_window_hours"));
    clone.tested(
        "efs_access_point",
        "controls/tables/efs/access_point.yaml",
        "user_id: 1000",
        "user_id: 1001",
    );
    let permission = "elasticfilesystem:DescribeAccessPoints";
    assert!(!before.contains(permission) && clone.affiant(&["policy"]).exits(0).out.contains(permission));
    // what the recipe says of a check without its control
    let list = "  - ecr.tag-immutable\n";
    clone.edit("controls/technical/04-least-privilege.yaml", list, "");
    assert!(
        clone.affiant(&["controls", "test", "ecr.tag-immutable"]).exits(2).err.contains("no control lists")
    );
}

/// Rust is compiled by `./test --long` alone, in a copy, over what is compiled of the dependencies.
#[test]
fn an_output_and_a_command_compile_and_work() {
    if std::env::var_os("AFFIANT_LONG").is_none() {
        return;
    }
    let all = recipes();
    let clone = Clone::of(&["controls", "examples", "foreign", "questions", "src", "templates"]);
    for name in ["Cargo.toml", "Cargo.lock", "build.rs", "LICENSE", "README.md"] {
        fs::copy(repository().join(name), clone.path().join(name)).expect("copied");
    }
    clone.git(&all["An output"], &[]);
    clone.git(&all["A command"], &[]);
    let built = build(clone.path());
    let run = |box_: &Sandbox, args: &[&str]| {
        let mut affiant = Command::new(&built);
        affiant
            .args(args)
            .current_dir(box_.path())
            .env_clear()
            .env("AFFIANT_PINNED_CLOCK", crate::harness::NOW);
        ran(affiant.output().expect("the program starts"))
    };
    let box_ = Sandbox::default();
    let small = include_str!("../fixtures/small/affiant.yaml");
    box_.write("affiant.yaml", format!("{small}parameters: {{ access_key_days: 60 }}\n"));
    let set = run(&box_, &["parameters", "--set"]).exits(0).out;
    let words: Vec<&str> = set.split_whitespace().collect();
    assert_eq!(words, ["access_key_days", "60", "days", "affiant.yaml"], "{set}");
    assert!(run(&box_, &["parameters"]).exits(0).out.lines().count() > 10);
    box_.snapshot(
        "in",
        &[crate::harness::item("AWS::EC2::Volume", "vol-1", serde_json::json!({ "encrypted": false }))],
    );
    assert!([0, 3].contains(&run(&box_, &["collect", "--snapshot", "in"]).code));
    let made = run(&box_, &["package"]).exits(0).out;
    let zip = made.lines().find_map(|l| l.strip_prefix("ZIP")).expect("a ZIP is named").trim().to_string();
    let table = fs::read_to_string(box_.path().join(&zip).with_extension("").join("data/tables/control.csv"))
        .expect("the table");
    assert!(table.lines().count() == 11 && table.contains("2,encryption-at-rest,"), "{table}");
    let again = run(&box_, &["verify", &zip, "--recompute"]);
    assert!(
        [0, 3].contains(&again.code) && again.out.contains("every CSV file, byte for byte"),
        "{}{}",
        again.out,
        again.err
    );
}

/// The program of a copy of the sources; what is compiled of other crates is linked in, not compiled again.
fn build(root: &Path) -> std::path::PathBuf {
    let target = root.join("target");
    let release = target.join("release");
    fs::create_dir_all(&release).expect("a folder");
    let ours = Path::new(env!("CARGO_BIN_EXE_affiant")).parent().expect("a folder");
    for folder in ["build", "deps", ".fingerprint"] {
        let linked =
            Command::new("cp").arg("-al").arg(ours.join(folder)).arg(&release).status().expect("cp starts");
        if !linked.success() {
            let copied = Command::new("cp")
                .arg("-a")
                .arg(ours.join(folder))
                .arg(&release)
                .status()
                .expect("cp starts");
            assert!(copied.success(), "{folder} is copied");
        }
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--offline", "--bin", "affiant"]).current_dir(root);
    cargo.env("CARGO_TARGET_DIR", &target).env("AFFIANT_COMMIT", "unknown");
    let ran = ran(cargo.output().expect("cargo starts"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    release.join("affiant")
}
