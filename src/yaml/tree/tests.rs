//! Tests of the file above.

use super::*;

#[test]
fn the_second_of_two_bad_entries_has_its_own_place() {
    let text = "list:\n  - { check: a, on: x }\n  - check: a\n    on: x\n";
    let (root, _) = read(text).expect("YAML");
    assert_eq!(root.at("list/0/on"), At { line: 2, column: 21, width: 1 });
    assert_eq!(root.at("list/1/on"), At { line: 4, column: 9, width: 1 });
    assert_eq!(root.at_key("list/1/on"), At { line: 4, column: 5, width: 2 });
    assert_eq!(root.at("list/1/missing").line, 3, "what is missing is told where it would stand");
}

#[test]
fn plain_values_have_the_kinds_of_yaml_1_2() {
    let kinds = [
        ("12", NodeKind::Integer),
        ("-1.5e3", NodeKind::Number),
        ("2026-09-30", NodeKind::Text),
        ("yes", NodeKind::Text),
        ("", NodeKind::Null),
    ];
    for (text, kind) in kinds {
        assert_eq!(plain(text), kind, "{text}");
    }
    assert_eq!(plain("0x1f"), NodeKind::Integer);
    assert_eq!(plain("1.2.3"), NodeKind::Text);
}

#[test]
fn a_key_that_stands_twice_is_told_and_aliases_cannot_explode() {
    let (_, twice) = read("a: 1\nb: 2\na: 3\n").expect("YAML");
    assert_eq!(twice.len(), 1);
    assert_eq!(twice[0].place, Some((3, 1)));
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    (1..12).for_each(|i| {
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(",")))
    });
    assert!(read(&bomb).is_err());
}
