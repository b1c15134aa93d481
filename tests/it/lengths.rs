//! What a reader can take in at once, held against the sources: the length of files, of
//! functions and of lines.

use std::fs;
use std::path::Path;

use crate::layers::{module_of, sources};

const FILE: usize = 400;
const FUNCTION: usize = 60;
const COLUMNS: usize = 110;

/// Where no line may be longer: the sources, and what is read beside them.
const FOLDERS: [&str; 4] = ["src", "tests/it", "examples", "fuzz/fuzz_targets"];

fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found.iter().map(|f| (module_of(f, &root), fs::read_to_string(f).expect("readable"))).collect()
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

/// Numbers of the lines with more than [`COLUMNS`] columns.
fn long_lines(text: &str) -> Vec<usize> {
    let long = |(at, line): (usize, &str)| (line.chars().count() > COLUMNS).then_some(at + 1);
    text.lines().enumerate().filter_map(long).collect()
}

/// Functions of a formatted file with the number of their lines: from the line that holds `fn` to the brace
/// at the same column.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let head = regex::Regex::new(r"^ *(?:pub(?:\([^)]*\))? )?(?:const |async )*fn (\w+)").expect("a pattern");
    let lines: Vec<&str> = text.lines().collect();
    let length = |at: usize| {
        let end = format!("{}}}", indentation(lines[at]));
        let whole = lines[at].ends_with(['}', ';']);
        if whole { 1 } else { lines[at..].iter().position(|line| *line == end).map_or(1, |n| n + 1) }
    };
    let heads =
        lines.iter().enumerate().filter_map(|(at, line)| Some((at, head.captures(line)?.get(1)?.as_str())));
    heads.map(|(at, name)| (name, length(at))).collect()
}

#[test]
fn files_and_functions_can_be_taken_in_at_once() {
    let mut long = Vec::new();
    for (module, text) in files() {
        let lines = text.lines().count();
        if lines >= FILE {
            long.push(format!("{module} has {lines} lines; a file has less than {FILE}"));
        }
        let functions = functions(&text).into_iter().filter(|(_, lines)| *lines > FUNCTION);
        long.extend(functions.map(|(name, lines)| {
            format!("`{name}` of {module} has {lines} lines; a function has {FUNCTION} at most")
        }));
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_line_can_be_seen_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("build.rs")];
    FOLDERS.iter().for_each(|folder| sources(&root.join(folder), &mut found));
    let mut long = Vec::new();
    for file in found {
        let text = fs::read_to_string(&file).expect("readable");
        let module = module_of(&file, root);
        long.extend(long_lines(&text).into_iter().map(|line| format!("line {line} of {module}")));
    }
    assert!(long.is_empty(), "more than {COLUMNS} columns: {}", long.join(", "));
}

/// The tests must be able to fail.
#[test]
fn a_long_line_is_seen() {
    let text = format!("{}\n{}\n", "ü".repeat(COLUMNS), "u".repeat(COLUMNS + 1));
    assert_eq!(long_lines(&text), [2]);
}

#[test]
fn a_long_function_is_seen() {
    let body = "        f();\n".repeat(61);
    let text = format!("impl A {{\n    pub fn long(&self) {{\n{body}    }}\n\n    fn short() {{}}\n}}\n");
    assert_eq!(functions(&text), [("long", 63), ("short", 1)]);
}
