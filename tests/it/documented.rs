//! What README and book tell people to type exists: each command, each of its options, each link.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness::repository;

/// README and its neighbors, and the pages of the book, by their path.
fn pages() -> BTreeMap<String, String> {
    let mut names: Vec<String> =
        ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"].map(String::from).to_vec();
    let book = crate::harness::files(&repository().join("docs/src"));
    names.extend(book.into_keys().map(|name| format!("docs/src/{name}")));
    names.retain(|name| name.ends_with(".md"));
    let read = |name: String| {
        let text = fs::read_to_string(repository().join(&name)).expect("a page");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// The help of each command, from the page that another test holds to the program.
fn helps(page: &str) -> BTreeMap<String, String> {
    let sections = page.split("\n## `affiant").skip(1).filter_map(|section| section.split_once('`'));
    sections.map(|(name, help)| (name.trim().to_string(), help.to_string())).collect()
}

/// What stands behind `affiant` in code: in a line of a block, or between backticks.
fn commands(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    let inline = regex::Regex::new(r"`affiant ([^`\n]+)`").expect("a pattern");
    let line = regex::Regex::new(r"^\s*(?:- run: )?(?:affiant|cargo run --release --) ([a-z-].*)$")
        .expect("a pattern");
    let mut found: Vec<String> = inline.captures_iter(&text).map(|c| c[1].to_string()).collect();
    for block in text.split("```").skip(1).step_by(2) {
        found.extend(block.lines().filter_map(|l| line.captures(l)).map(|c| c[1].to_string()));
    }
    let end = regex::Regex::new(r"\s#|\|\||\s>|\s\|").expect("a pattern");
    found.iter().map(|typed| end.split(typed).next().unwrap_or_default().trim().to_string()).collect()
}

#[test]
fn every_command_of_the_docs_exists_with_its_options() {
    let pages = pages();
    let helps = helps(&pages["docs/src/cli.md"]);
    let option = regex::Regex::new(r"(?:^|\s)(--[a-z][a-z-]*|-[a-zA-Z])\b").expect("a pattern");
    let (mut tried, mut wrong) = (0, Vec::new());
    for (page, text) in &pages {
        // the recipes add a command that is not there yet
        if ["docs/src/cli.md", "docs/src/recipes.md"].contains(&page.as_str()) {
            continue;
        }
        for typed in commands(text) {
            let words: Vec<&str> = typed.split_whitespace().collect();
            if ["--version", "--help"].contains(&typed.as_str()) {
                continue;
            }
            // what comes before the command takes a value, as in `--catalog controls`
            let first = words.iter().position(|word| helps.contains_key(*word));
            let Some(first) = first.filter(|first| *first == 0 || words[0].starts_with("--")) else {
                wrong.push(format!("{page}: there is no command: affiant {typed}"));
                continue;
            };
            let two = words.get(first + 1).map(|second| format!("{} {second}", words[first]));
            let name = two.filter(|two| helps.contains_key(two)).unwrap_or_else(|| words[first].to_string());
            let help = format!("{}{}", helps[&name], helps[""]);
            tried += 1;
            wrong.extend(option.captures_iter(&typed).filter_map(|c| {
                let known = help.split(|x: char| x.is_whitespace() || x == ',').any(|word| word == &c[1]);
                (!known).then(|| format!("{page}: `affiant {name}` has no {}: {typed}", &c[1]))
            }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried >= 150, "only {tried} were tried");
}

#[test]
fn every_link_of_the_docs_leads_to_a_file() {
    let link = regex::Regex::new(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)").expect("a pattern");
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        let folder = Path::new(&page).parent().map(Path::to_path_buf).unwrap_or_default();
        for target in link.captures_iter(&text).map(|c| c[1].to_string()) {
            let elsewhere = target.starts_with("http") || target.starts_with("mailto:");
            if !elsewhere && !repository().join(&folder).join(&target).exists() {
                wrong.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
