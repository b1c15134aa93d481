//! What no output may say: claims that are not ours to make, and statements about the law that are not so.

use std::fs;

use crate::harness::{Sandbox, files, repository, unzip};

/// Words that we never use of a customer in our own words.
const NEVER: [&str; 6] = ["hipaa compliant", "is compliant", "fully compliant", "hipaa certified", "is certified", "hipaa-compliant"];

fn texts() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for folder in ["controls", "templates", "docs", "program"] {
        for (name, bytes) in files(&repository().join(folder)) {
            if let Ok(text) = String::from_utf8(bytes) {
                texts.push((format!("{folder}/{name}"), text));
            }
        }
    }
    texts.push(("README.md".into(), fs::read_to_string(repository().join("README.md")).expect("a README")));
    texts
}

#[test]
fn nothing_claims_compliance() {
    for (name, text) in texts() {
        let lower = text.to_lowercase();
        for words in NEVER {
            // A text may name the words in order to say that we do not use them.
            for (at, _) in lower.match_indices(words) {
                let mut start = at.saturating_sub(120);
                while !lower.is_char_boundary(start) {
                    start -= 1;
                }
                let before = &lower[start..at];
                assert!(
                    ["never", " not ", "no claim", "nobody", "neither"].iter().any(|n| before.contains(n)),
                    "{name} says `{words}`: …{before}{words}"
                );
            }
        }
    }
}

#[test]
fn the_rule_is_not_said_to_name_what_it_does_not_name() {
    let wrong = regex::Regex::new(
        r"(?i)(hipaa|security rule|164\.\d+[()a-z0-9ivx]*)\s+(requires|mandates|demands|names|prescribes)\s+(\w+\s+){0,3}(mfa|multi-factor|tls|aes|vpc|pgaudit|15 minutes|fifteen minutes|seven years|7 years|7-year)",
    )
    .expect("a pattern");
    for (name, text) in texts() {
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for found in wrong.find_iter(&joined) {
            assert!(found.as_str().to_lowercase().contains(" no "), "{name}: {}", found.as_str());
        }
    }
}

#[test]
fn reports_print_no_single_percentage_and_both_retention_numbers() {
    let box_ = Sandbox::default().workspace();
    let folder = unzip(&box_.package_sample(1), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let body = html.split("</style>").last().expect("a body");
    let percent = regex::Regex::new(r"\b\d{1,3}(\.\d+)?\s?%\s+(compliant|compliance|complete|covered|ready)").expect("a pattern");
    assert!(!percent.is_match(body), "{:?}", percent.find(body));
    assert!(body.contains("six years") && body.contains("164.316(b)(2)(i)"), "the law's six years are not named beside the policy's");
}
