//! Tests of the file above.

use super::is_placeholder;

#[test]
fn placeholders_are_told_from_what_people_write() {
    for text in ["<name, role>", "arn:aws:iam::<twelve digits>:role/x", "<2026-Q4>", "a <b> c"] {
        assert!(is_placeholder(text), "{text}");
    }
    for text in [
        "Casey Example <casey@example.com>",
        "<https://example.com/x>",
        "latency < 5 and size > 3",
        "a <> b",
        "x -> y",
        "",
    ] {
        assert!(!is_placeholder(text), "{text}");
    }
    let pattern = regex::Regex::new(super::PLACEHOLDER).expect("a pattern");
    for text in ["<name, role>", "<a>", "Casey <casey@example.com>", "5 < 6 > 3", "x", "<< a >>", "<b c"] {
        assert_eq!(pattern.is_match(text), is_placeholder(text), "{text}");
    }
}
