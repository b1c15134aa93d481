//! Wrong inputs that people really give. Each gets a message that names the place, the cause and what to
//! write instead, and is about the true fault; nothing is accepted in silence. The test prints the grades.

mod catalog;
mod commands;
mod doors;
mod forms;
mod more;
mod program;
mod workspace;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::harness::{Ran, Sandbox, item};

/// What is changed in a good workspace before the program runs.
pub enum Do {
    /// In a file, one text for another.
    Edit(&'static str, &'static str, &'static str),
    Append(&'static str, &'static str),
    Write(&'static str, &'static str),
    Bytes(&'static str, fn(&str) -> Vec<u8>),
    Rename(&'static str, &'static str),
    Remove(&'static str),
    Folder(&'static str),
    /// A link of this name to somewhere.
    Link(&'static str, &'static str),
    /// A named pipe into which nobody writes.
    Pipe(&'static str),
}

pub struct Case {
    name: &'static str,
    does: Vec<Do>,
    args: Vec<&'static str>,
    env: Vec<(&'static str, &'static str)>,
    code: i32,
    /// The file, and the text in it at which the message must point.
    at: Option<(&'static str, &'static str)>,
    says: Vec<&'static str>,
    fix: Vec<&'static str>,
}

/// A case of `lint` with one edit.
pub fn edit(
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    at: &'static str,
) -> Case {
    Case {
        name,
        does: vec![Do::Edit(file, from, to)],
        args: vec!["lint"],
        env: Vec::new(),
        code: 2,
        at: Some((file, at)),
        says: Vec::new(),
        fix: Vec::new(),
    }
}

/// A case of the command line in a good workspace.
pub fn command(name: &'static str, args: &[&'static str]) -> Case {
    Case {
        name,
        does: Vec::new(),
        args: args.to_vec(),
        env: Vec::new(),
        code: 2,
        at: None,
        says: Vec::new(),
        fix: Vec::new(),
    }
}

impl Case {
    pub fn says(mut self, words: &[&'static str]) -> Case {
        self.says.extend(words);
        self
    }

    pub fn fix(mut self, words: &[&'static str]) -> Case {
        self.fix = words.to_vec();
        self
    }

    pub fn does(mut self, does: Vec<Do>) -> Case {
        self.does = does;
        self
    }

    pub fn args(mut self, args: &[&'static str]) -> Case {
        self.args = args.to_vec();
        self
    }

    pub fn env(mut self, env: &[(&'static str, &'static str)]) -> Case {
        self.env = env.to_vec();
        self
    }

    pub fn code(mut self, code: i32) -> Case {
        self.code = code;
        self
    }

    pub fn at(mut self, file: &'static str, text: &'static str) -> Case {
        self.at = Some((file, text));
        self
    }

    fn run(&self) -> (Ran, String) {
        let box_ = good();
        for step in &self.does {
            let path = |name: &str| box_.path().join(name);
            let read = |name: &str| fs::read_to_string(path(name)).expect("a file");
            match step {
                Do::Edit(file, from, to) => {
                    let text = read(file);
                    assert!(text.contains(from), "{}: `{from}` is not in {file}", self.name);
                    box_.write(file, text.replacen(from, to, 1));
                }
                Do::Append(file, text) => drop(box_.write(file, read(file) + text)),
                Do::Write(file, text) => drop(box_.write(file, text)),
                Do::Bytes(file, make) => drop(box_.write(file, make(&read(file)))),
                Do::Rename(from, to) => fs::rename(path(from), path(to)).expect("renamed"),
                Do::Remove(file) => fs::remove_file(path(file)).expect("removed"),
                Do::Folder(name) => fs::create_dir_all(path(name)).expect("a folder"),
                Do::Link(name, to) => std::os::unix::fs::symlink(to, path(name)).expect("a link"),
                Do::Pipe(name) => {
                    let made = std::process::Command::new("mkfifo").arg(path(name)).status();
                    assert!(made.is_ok_and(|made| made.success()), "mkfifo");
                }
            }
        }
        // the run's own name holds a digest
        let runs = fs::read_dir(box_.path().join("evidence")).into_iter().flatten().flatten();
        let run = runs
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .find(|name| name.starts_with("2026"));
        let args: Vec<String> =
            self.args.iter().map(|arg| arg.replace("RUN", run.as_deref().unwrap_or_default())).collect();
        let ran = box_.affiant_with(&args.iter().map(String::as_str).collect::<Vec<_>>(), &self.env);
        let place = self.at.map_or_else(String::new, |(file, needle)| {
            let bytes = fs::read(box_.path().join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let at =
                text.find(needle).unwrap_or_else(|| panic!("{}: `{needle}` is not in {file}", self.name));
            let line = text[..at].matches('\n').count() + 1;
            let column = text[..at].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!("{file}:{line}:{column}:")
        });
        (ran, place)
    }

    fn grade(&self) -> (Grade, String) {
        let (ran, place) = self.run();
        let all = format!("{}{}", ran.out, ran.err);
        let mut lacks: Vec<String> = Vec::new();
        lacks.extend(self.says.iter().filter(|w| !all.contains(**w)).map(|w| format!("does not say `{w}`")));
        let about = lacks.is_empty();
        lacks
            .extend(self.fix.iter().filter(|w| !all.contains(**w)).map(|w| format!("does not advise `{w}`")));
        if !place.is_empty() && !all.contains(&place) {
            lacks.push(format!("does not name {place}"));
        }
        if !place.is_empty()
            && !all.lines().any(|line| line.trim_start().starts_with('|') && line.contains('^'))
        {
            lacks.push("shows no line with a caret".into());
        }
        lacks.extend(
            INTERNALS
                .iter()
                .filter(|w| all.contains(**w))
                .map(|w| format!("holds a library's own words: `{w}`")),
        );
        if ran.code != self.code {
            lacks.push(format!("ends with {} instead of {}", ran.code, self.code));
        }
        let grade = match (lacks.is_empty(), ran.code, about) {
            (true, _, _) => Grade::Good,
            (false, 0, _) if self.code != 0 => Grade::Silent,
            (false, _, true) => Grade::Partial,
            (false, _, false) => Grade::Misleading,
        };
        (
            grade,
            format!(
                "{}: {}\n  $ affiant {}\n{}",
                self.name,
                lacks.join("; "),
                self.args.join(" "),
                ran.err.trim_end()
            ),
        )
    }
}

/// What only a developer understands.
const INTERNALS: [&str; 10] = [
    "DuplicateKeyPolicy",
    "serde",
    "untagged",
    "os error",
    "panicked",
    "expected struct",
    "saphyr",
    "rusqlite",
    "{ table_name",
    "SqlInputError",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Good,
    Partial,
    Misleading,
    Silent,
}

/// A workspace with nothing to object to: the sample's, over a small run of its own.
fn good() -> Sandbox {
    static RUN: OnceLock<tempfile::TempDir> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let box_ = base();
        let volumes = ["vol-0a1", "vol-0b2"]
            .map(|id| item("AWS::EC2::Volume", id, serde_json::json!({ "encrypted": false })));
        box_.snapshot("in", &volumes);
        let ran = box_.affiant(&["collect", "--snapshot", "in"]);
        assert!(ran.code == 3 || ran.code == 0, "{}", ran.err);
        box_.dir
    });
    let box_ = base();
    let from = run.path().join("evidence");
    for (name, bytes) in crate::harness::files(&from) {
        box_.write(&format!("evidence/{name}"), bytes);
    }
    box_
}

const EXCEPTION: &str = "format: affiant.exceptions/1
exceptions:
  - check: ec2.volume-encrypted
    resource: arn:aws:ec2:us-east-1:111122223333:vol-0a1
    approver: Rowan Example, chief executive
    owner: Riley Example, cloud platform lead
    reason: The volume is deleted with its instance in November.
    accepted: 2026-07-20
    expires: 2026-12-15
";

fn base() -> Sandbox {
    let box_ = Sandbox::default().workspace();
    let text = fs::read_to_string(box_.path().join("affiant.yaml")).expect("a file");
    box_.write("affiant.yaml", text.replace("regions: [us-east-1, us-west-2]", "regions: [us-east-1]"));
    box_.write("program/exceptions.yaml", EXCEPTION);
    box_
}

#[test]
fn a_good_workspace_is_not_objected_to() {
    let ran = good().affiant(&["lint"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("no problems"), "{}{}", ran.out, ran.err);
}

/// An editor with the schema refuses whatever form `lint` refuses.
#[test]
fn a_schema_refuses_what_lint_refuses() {
    let kind = |file: &str| match file {
        "affiant.yaml" => "affiant".to_string(),
        other => other.trim_start_matches("program/").trim_end_matches(".yaml").to_string(),
    };
    let mut tried = 0;
    for case in workspace::cases().into_iter().chain(forms::cases()).chain(program::cases()) {
        let [Do::Edit(file, from, to)] = case.does.as_slice() else { continue };
        let box_ = base();
        let text = fs::read_to_string(box_.path().join(file)).expect("a file").replacen(from, to, 1);
        // `yes` is true to some readers of YAML and text to others; `lint` takes neither
        // and a number in hexadecimal is a number to some
        if text.contains("sample: yes") || text.contains(": 0x1E") {
            continue;
        }
        let Ok(value) = serde_saphyr::from_str::<serde_json::Value>(&text) else { continue };
        box_.write(file, &text);
        let found = crate::spine::json(&box_.affiant(&["lint", "--format", "json"]).out);
        let form = |code: &str| {
            ["AFC-020", "AFC-022", "AFC-023", "AFC-024", "AFC-025", "AFC-026", "AFC-027"].contains(&code)
        };
        let problems = found["problems"].as_array().expect("problems");
        // days of the calendar are a `format`, which a validator may leave alone
        let told = problems.iter().find(|p| {
            p["code"].as_str().is_some_and(form)
                && !p["message"].as_str().unwrap_or_default().contains("calendar")
        });
        let Some(told) = told else { continue };
        let schema = crate::authors::schema(&kind(file));
        let faults = crate::authors::faults(&value, &schema, &schema, "");
        assert!(!faults.is_empty(), "{}: the schema accepts what lint refuses: {told}", case.name);
        tried += 1;
    }
    assert!(tried >= 50, "only {tried} were tried");
}

#[test]
fn every_wrong_input_gets_a_good_message() {
    let files = [
        workspace::cases(),
        forms::cases(),
        program::cases(),
        catalog::cases(),
        doors::cases(),
        more::cases(),
    ];
    let cases: Vec<Case> = files.into_iter().flatten().chain(commands::cases()).collect();
    let (next, graded) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let graded_case = case.grade();
                    graded.lock().expect("no panic").push(graded_case);
                }
            });
        }
    });
    let graded = graded.into_inner().expect("no panic");
    let count = |grade: Grade| graded.iter().filter(|(g, _)| *g == grade).count();
    println!(
        "{} wrong inputs: {} good, {} partial, {} misleading, {} accepted in silence",
        graded.len(),
        count(Grade::Good),
        count(Grade::Partial),
        count(Grade::Misleading),
        count(Grade::Silent)
    );
    assert_eq!(graded.len(), cases.len(), "every case was tried");
    assert!(graded.len() >= 282, "{}", graded.len());
    let bad: Vec<String> =
        graded.iter().filter(|(g, _)| *g != Grade::Good).map(|(g, words)| format!("{g:?} {words}")).collect();
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}
