//! Tests of the file above.

use proptest::prelude::*;

use super::*;

const FILE: &str = "# the register\nformat: x/1 # stays\n\nentries:\n  # the first\n  - match: { control: a, \
                    account: \"1\" }\n    owner: A. Example\n    \
    plan: >-\n      Do this,\n      then that.\n    due: 2026-08-31 # overdue; the report says so\n\n  - \
    match: { control: b } # flow\n    owner: ''\n    \
    plan:\n\n# what no finding shows\nown: []\n";

fn entry(n: usize) -> Vec<PathStep> {
    vec![PathStep::Member("entries".into()), PathStep::Item(n)]
}

#[test]
fn a_value_is_replaced_and_its_comment_stays() {
    let made = set(FILE, &entry(0), "due", &Value::text("2027-01-31")).expect("it is set");
    assert_eq!(made, FILE.replace("2026-08-31 #", "2027-01-31 #"));
    let made = set(FILE, &entry(0), "plan", &Value::text("Nothing")).expect("it is set");
    assert_eq!(made, FILE.replace(">-\n      Do this,\n      then that.", "Nothing"));
    let made = set(FILE, &entry(1), "plan", &Value::text("Something")).expect("an empty value is filled");
    assert_eq!(made, FILE.replace("plan:\n\n", "plan: Something\n\n"));
}

#[test]
fn a_block_of_text_is_replaced_with_its_header_and_the_comment_there_stays() {
    for (header, behind) in
        [("|", ""), (">", ""), ("|2-", ""), (">- # as the board said | > x", " # as the board said | > x")]
    {
        let old = format!("a: {header}\n  One\n\n  > two\n# next\nb: 1\n");
        let made = set(&old, &[], "a", &Value::text("New")).expect("it is set");
        assert_eq!(made, format!("a: New{behind}\n# next\nb: 1\n"));
        let long = set(&old, &[], "a", &Value::text("word ".repeat(40).trim())).expect("it is set");
        assert_eq!(long.starts_with("a: >-\n  word"), behind.is_empty(), "{long}");
    }
    let made = set("a: >-\nb: 1\n", &[], "a", &Value::text("New")).expect("an empty block");
    assert_eq!(made, "a: New\nb: 1\n");
    let made = push("a:\n  - >-\n    x\n  - |\n    y\n", &[], "a", &Value::text("z")).expect("it is added");
    assert_eq!(made, "a:\n  - >-\n    x\n  - |\n    y\n  - z\n");
}

#[test]
fn a_change_that_would_lose_a_comment_is_refused() {
    let old = "a:\n  b: 1 # why\n  c: 2\n";
    assert_eq!(set(old, &[], "a", &Value::text("x")), Err(EditError::Unsure));
    let new = Value::Map(vec![("b".into(), Value::text("2"))]);
    assert_eq!(set(old, &[], "a", &new), Err(EditError::Unsure));
    assert_eq!(members(old, &[PathStep::Member("a".into())]), Ok(vec!["b".into(), "c".into()]));
}

#[test]
fn a_member_is_added_after_the_last_one_of_its_own_mapping() {
    let made = set(FILE, &entry(0), "confirmed_by", &Value::text("C. Example")).expect("it is set");
    assert_eq!(made, FILE.replace("says so\n", "says so\n    confirmed_by: C. Example\n"));
    let acceptance =
        Value::Map(vec![("approver".into(), Value::text("R")), ("reason".into(), Value::text("no: way"))]);
    let made = set(FILE, &entry(1), "acceptance", &acceptance).expect("it is set");
    assert_eq!(
        made,
        FILE.replace("plan:\n\n", "plan:\n    acceptance:\n      approver: R\n      reason: \"no: way\"\n\n")
    );
}

#[test]
fn items_go_to_the_end_of_their_list() {
    let item = Value::Map(vec![("id".into(), Value::text("R-P01")), ("title".into(), Value::text("x"))]);
    let made = push(FILE, &[], "own", &item).expect("it is added");
    assert_eq!(made, FILE.replace("own: []\n", "own:\n  - id: R-P01\n    title: x\n"));
    let made = push(FILE, &[], "entries", &item).expect("it is added");
    assert_eq!(made, FILE.replace("    plan:\n\n", "    plan:\n  - id: R-P01\n    title: x\n\n"));
    let history = push(FILE, &entry(1), "history", &item).expect("a list is made");
    assert_eq!(
        history,
        FILE.replace("    plan:\n\n", "    plan:\n    history:\n      - id: R-P01\n        title: x\n\n")
    );
}

#[test]
fn comments_stay_with_what_they_speak_of() {
    let x = Value::text("x");
    for (old, new) in [
        ("own: [] # none yet\n", "own: # none yet\n  - x\n"),
        ("own: # none yet\nb: 1\n", "own: # none yet\n  - x\nb: 1\n"),
        ("own:\n  - b\n    # of b\n  # below\n", "own:\n  - b\n    # of b\n  - x\n  # below\n"),
        ("own:\n- b\n\n  # of b\n# below", "own:\n- b\n\n  # of b\n- x\n# below"),
        ("own:\n  - b\n    # of b", "own:\n  - b\n    # of b\n  - x"),
    ] {
        assert_eq!(push(old, &[], "own", &x).expect("it is added"), new);
    }
    let first = [PathStep::Member("a".into()), PathStep::Item(0)];
    let old = "a:\n  - b: 1\n    c: 2\n      # of c\n    # below\nd: 1\n";
    let made = set(old, &first, "e", &x).expect("it is added");
    assert_eq!(made, old.replace("# of c\n", "# of c\n    e: x\n"));
    assert_eq!(set("a:\n  b: 1\n    # of b\n", &[], "c", &x), Ok("a:\n  b: 1\n    # of b\nc: x\n".into()));
}

/// Whoever changes an anchored value changes every place that names it.
#[test]
fn an_anchored_value_is_not_replaced_and_an_alias_is() {
    let file = "a: &x b\nc: *x\n";
    assert_eq!(set(file, &[], "a", &Value::text("y")), Err(EditError::Style("an anchor or a tag".into())));
    assert_eq!(set(file, &[], "c", &Value::text("y")), Ok("a: &x b\nc: \"y\"\n".into()));
    assert!(set("a: !!str b\n", &[], "a", &Value::text("y")).is_err());
}

#[test]
fn long_text_is_folded_and_lines_keep_their_ends() {
    let text = "word ".repeat(40).trim().to_string();
    let made = set(FILE, &entry(0), "plan", &Value::text(text.clone())).expect("it is set");
    assert!(made.contains("plan: >-\n      word"), "{made}");
    let behind = set(FILE, &entry(0), "due", &Value::text(text.clone())).expect("it is set");
    assert!(
        behind.contains(&format!("due: {text} # overdue")),
        "a comment behind it keeps it on one line: {behind}"
    );
    let crlf = FILE.replace('\n', "\r\n");
    let made = set(&crlf, &entry(0), "note", &Value::text(text)).expect("it is set");
    assert_eq!(made.matches('\n').count(), made.matches("\r\n").count());
}

#[test]
fn flow_mappings_and_files_without_a_list_are_edited_too() {
    let made = set("a: { b: 1 } # c\n", &[PathStep::Member("a".into())], "d", &Value::text("x, y"))
        .expect("it is set");
    assert_eq!(made, "a: { b: 1, d: \"x, y\" } # c\n");
    let made = push("format: x/1", &[], "entries", &Value::text("one")).expect("it is added");
    assert_eq!(made, "format: x/1\nentries:\n  - one");
    assert!(set("a: &x { b: 1 }\n", &[], "a", &Value::text("y")).is_err(), "an anchor is not edited");
}

proptest! {
    /// Whatever is written comes back, and every line that is not the value's own is the same, in the same
    /// order.
    #[test]
    fn nothing_but_the_value_changes(
        text in "[ -~\\n\u{e9}\u{2028}]{0,140}",
        member in prop::sample::select(vec!["owner", "plan", "due", "confirmed_by", "rationale"]),
        n in 0usize..2,
        crlf in any::<bool>(),
    ) {
        let file = if crlf { FILE.replace('\n', "\r\n") } else { FILE.to_string() };
        let made = set(&file, &entry(n), member, &Value::text(text.clone())).expect("it is set");
        let read = json(&made).expect("it parses");
        prop_assert_eq!(read["entries"][n][member].as_str(), Some(text.as_str()));
        let prefix = file.bytes().zip(made.bytes()).take_while(|(a, b)| a == b).count();
        let suffix = file.bytes().rev().zip(made.bytes().rev()).take_while(|(a, b)| a == b).count();
        let touched = &file[prefix.min(file.len() - suffix)..file.len() - suffix];
        prop_assert!(!touched.contains('#'), "a comment was touched: {touched:?}");
        for comment in [
            "# the register", "# stays", "# the first", "# overdue; the report says so", "# flow",
            "# what no finding shows",
        ] {
            prop_assert_eq!(made.matches(comment).count(), 1 + text.matches(comment).count());
        }
    }

    /// A value that is set twice is as if it had been set once; setting what is there already changes nothing
    /// that is read.
    #[test]
    fn editing_again_is_editing_once(text in "[ -~]{1,100}") {
        let once = set(FILE, &entry(0), "plan", &Value::text(text.clone())).expect("it is set");
        let twice = set(&once, &entry(0), "plan", &Value::text(text)).expect("it is set again");
        prop_assert_eq!(once, twice);
    }
}
