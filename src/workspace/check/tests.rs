//! Tests of the file above.

use super::same_person;

#[test]
fn people_are_known_by_their_names() {
    for (a, b, expected) in [
        ("Rowan Example, chief executive", "rowan  example", true),
        ("Rowan Example", "Rowan Example (acting)", true),
        ("Example, Rowan", "Rowan Example, chief executive", true),
        ("Rowan Example", "Riley Example", false),
        ("Rowan, chief executive", "Chief, executive Rowan", false),
        ("<name, role>", "<name, role>", false),
    ] {
        assert_eq!(same_person(a, b), expected, "{a} / {b}");
    }
}
