//! The sentences that the PDF and the HTML report share stand in one file: none in both folders of templates,
//! none written out where the file has it, no key that is missing and none that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use regex::Regex;

use crate::harness::{files, repository};

/// So many words in a row that two places hold are one sentence.
const RUN: usize = 6;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a literal pattern")
}

/// What a reader sees of an HTML template: no tags, no statements, a blank for each value.
fn html_passages(text: &str) -> Vec<String> {
    let text = pattern(r"(?s)\{#.*?#\}|\{%.*?%\}").replace_all(text, "\0");
    let text = pattern(r"(?s)\{\{.*?\}\}").replace_all(&text, " \u{1} ");
    let text = pattern(r"</?(?:code|b|cite|small|span|i|em)\b[^>]*>").replace_all(&text, "");
    pattern(r"<[^>]*>").replace_all(&text, "\0").split('\0').map(String::from).collect()
}

/// The strings and the content blocks of a typst template.
fn typst_passages(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let strings = pattern(r#""((?:[^"\\]|\\.)*)"|\[([^\[\]#"]{20,})\]"#);
    strings
        .captures_iter(&code)
        .filter_map(|c| c.get(1).or(c.get(2)))
        .map(|m| m.as_str().to_string())
        .collect()
}

fn word_passages(text: &str) -> Vec<String> {
    fn leaves(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => out.push(text.replace(['`', '*'], "")),
            serde_json::Value::Array(list) => list.iter().for_each(|v| leaves(v, out)),
            serde_json::Value::Object(map) => map.values().for_each(|v| leaves(v, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    leaves(&parsed(text), &mut out);
    out
}

fn parsed(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).expect("the words are YAML")
}

/// Every run of words of the passages, with the passage that holds it.
fn runs(passages: &[String]) -> BTreeMap<Vec<String>, &str> {
    let word = pattern(r"[A-Za-z0-9’'§“”\-./()]+|\x01");
    let mut all = BTreeMap::new();
    for passage in passages {
        let said = |m: regex::Match<'_>| m.as_str().trim_end_matches(['.', ',', ';', ':']).to_lowercase();
        let words: Vec<String> = word.find_iter(passage).map(said).collect();
        for run in words.windows(RUN).filter(|run| !run.iter().any(|w| w == "\u{1}")) {
            all.entry(run.to_vec()).or_insert(passage.as_str());
        }
    }
    all
}

/// The passages of `one` that share a run of words with `other`.
fn shared<'a>(one: &'a [String], other: &[String]) -> BTreeSet<&'a str> {
    let other = runs(other);
    runs(one)
        .into_iter()
        .filter(|(run, _)| other.contains_key(run))
        .map(|(_, passage)| passage.trim())
        .collect()
}

struct Texts {
    html: Vec<String>,
    pdf: Vec<String>,
    words: String,
    /// All templates, for the keys they ask for.
    sources: Vec<String>,
}

fn texts() -> Texts {
    let (mut html, mut pdf, mut sources) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in files(&repository().join("templates")) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        match name.split('/').next() {
            Some("html") if name.ends_with(".jinja") => html.extend(html_passages(&text)),
            Some("pdf") => pdf.extend(typst_passages(&text)),
            _ => continue,
        }
        sources.push(text);
    }
    let words = fs::read_to_string(repository().join("templates/words.yaml")).expect("the words");
    Texts { html, pdf, words, sources }
}

#[test]
fn no_sentence_stands_in_two_places() {
    let it = texts();
    let words = word_passages(&it.words);
    assert_eq!(
        shared(&it.html, &it.pdf),
        BTreeSet::new(),
        "in both folders of templates: move it to templates/words.yaml"
    );
    assert_eq!(shared(&it.html, &words), BTreeSet::new(), "written out in HTML: ask for it by its key");
    assert_eq!(shared(&it.pdf, &words), BTreeSet::new(), "written out in the PDF: ask for it by its key");

    // the search itself finds what is planted
    let planted =
        "<p>A gap turns <b>met</b> into not evidenced; {{ n }} of them are listed here in full.</p>";
    let other = "#let x = par(\"In full: a gap turns met into not evidenced; that is all\")";
    assert_eq!(shared(&html_passages(planted), &typst_passages(other)).len(), 1);
    assert_eq!(
        shared(&html_passages("<p>a gap turns {{ x }} met into not evidenced</p>"), &typst_passages(other))
            .len(),
        0
    );
}

#[test]
fn every_key_is_asked_for_and_there() {
    let it = texts();
    let words = parsed(&it.words);
    let asked =
        pattern(r#"\b(?:say|word|entries)\((?:if [^{]*\{ )?"([a-z_.]+)"(?: \} else \{ "([a-z_.]+)" \})?"#);
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for text in &it.sources {
        keys.extend(
            asked
                .captures_iter(text)
                .flat_map(|c| [c.get(1), c.get(2)])
                .flatten()
                .map(|m| m.as_str().to_string()),
        );
    }
    assert!(keys.len() > 90, "few keys are asked for: {keys:?}");
    for key in keys.iter().filter(|key| !key.ends_with('.')) {
        assert!(
            key.split('.').try_fold(&words, |at, part| at.get(part)).is_some(),
            "no `{key}` in words.yaml"
        );
    }
    let own: BTreeSet<String> =
        words.as_object().expect("parts").iter().flat_map(|(part, of)| of_part(part, of)).collect();
    let unasked: Vec<&String> = own.iter().filter(|key| !keys.contains(*key) && !whole(key, &keys)).collect();
    assert_eq!(unasked, Vec::<&String>::new(), "nobody asks for these");
}

fn of_part(part: &str, of: &serde_json::Value) -> Vec<String> {
    of.as_object().map(|map| map.keys().map(|name| format!("{part}.{name}")).collect()).unwrap_or_default()
}

/// Asked for as part of a whole, or, as the titles in the contents of the PDF are, by a key
/// that is put together.
fn whole(key: &str, keys: &BTreeSet<String>) -> bool {
    key.split_once('.').is_some_and(|(part, _)| keys.contains(part) || keys.contains(&format!("{part}.")))
}
