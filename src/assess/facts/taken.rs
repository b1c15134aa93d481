//! Whether a pattern takes in an event of which only some members are known: yes, no, or unknown. It knows no
//! language of patterns and nothing of AWS.

use serde_json::Value;

/// Yes, no or unknown, with the logic of three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    No,
    Unknown,
}

impl Taken {
    pub fn of(yes: bool) -> Taken {
        if yes { Taken::Yes } else { Taken::No }
    }

    pub fn and(self, other: Taken) -> Taken {
        match (self, other) {
            (Taken::No, _) | (_, Taken::No) => Taken::No,
            (Taken::Yes, Taken::Yes) => Taken::Yes,
            (Taken::Unknown, _) | (_, Taken::Unknown) => Taken::Unknown,
        }
    }

    pub fn or(self, other: Taken) -> Taken {
        self.not().and(other.not()).not()
    }

    pub fn not(self) -> Taken {
        match self {
            Taken::Yes => Taken::No,
            Taken::No => Taken::Yes,
            Taken::Unknown => Taken::Unknown,
        }
    }
}

/// What came of asking a pattern about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTaken {
    pub taken: Taken,
    /// With an unknown: the pattern asks for a value of something that differs from event to event, so it
    /// leaves some of them out.
    pub part: bool,
    /// With an unknown: the tests that it rests on.
    pub open: Vec<String>,
}

impl EventTaken {
    /// `strict` is what is taken where no value that is asked for is the one that an event has.
    pub fn of(taken: Taken, strict: Taken, mut open: Vec<String>) -> EventTaken {
        open.sort();
        open.dedup();
        let unknown = taken == Taken::Unknown;
        EventTaken {
            taken,
            part: unknown && strict == Taken::No,
            open: if unknown { open } else { Vec::new() },
        }
    }

    pub fn as_str(&self) -> &'static str {
        match self.taken {
            Taken::Yes => "yes",
            Taken::No => "no",
            Taken::Unknown if self.part => "part",
            Taken::Unknown => "unknown",
        }
    }
}

/// What is known of one member of an event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Member<'a> {
    /// It may be there or not, with any value.
    Unknown,
    /// It is known not to be there: the event says `null`.
    Absent,
    Value(&'a Value),
}

/// The member at a path of names. What the event does not name is unknown; below a plain value there is
/// nothing.
pub fn member<'a>(event: &'a Value, path: &[String]) -> Member<'a> {
    let mut here = event;
    for name in path {
        match here {
            Value::Object(map) => match map.get(name) {
                Some(inner) => here = inner,
                None => return Member::Unknown,
            },
            Value::Array(list) => match name.parse::<usize>().ok().and_then(|n| list.get(n)) {
                Some(inner) => here = inner,
                None => return Member::Unknown,
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Member::Absent,
        }
    }
    if here.is_null() { Member::Absent } else { Member::Value(here) }
}

/// Whether `text` is what `pattern` says, in which `*` stands for any characters, or none.
pub fn wild(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_decides_nothing_and_is_never_a_yes() {
        assert_eq!(Taken::Unknown.and(Taken::No), Taken::No);
        assert_eq!(Taken::Unknown.and(Taken::Yes), Taken::Unknown);
        assert_eq!(Taken::Unknown.or(Taken::Yes), Taken::Yes);
        assert_eq!(Taken::Unknown.or(Taken::No), Taken::Unknown);
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abb", false),
            ("*:root", "arn:x:root", true),
            ("", "a", false),
        ] {
            assert_eq!(wild(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_named_is_unknown_and_null_is_absent() {
        let event = serde_json::json!({ "a": { "b": 1 }, "n": null, "l": [{ "c": 2 }] });
        let path = |text: &str| text.split('.').map(str::to_string).collect::<Vec<_>>();
        assert_eq!(member(&event, &path("a.x")), Member::Unknown);
        assert_eq!(member(&event, &path("n")), Member::Absent);
        assert_eq!(member(&event, &path("a.b.c")), Member::Absent);
        assert_eq!(member(&event, &path("l.0.c")), Member::Value(&Value::from(2)));
    }
}
