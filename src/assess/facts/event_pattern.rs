//! Event patterns of EventBridge, asked about an event of which only some members are known. Amazon's user
//! guide of EventBridge, "Comparison operators for use in event patterns", says what they mean. An operator
//! that this file does not know is unknown. It reads no evidence and judges nothing.

use serde_json::{Map, Value};

use super::taken::{EventTaken, Member, Taken, member, wild};

const MAX_DEPTH: usize = 64;

/// A pattern, read; `None` for a text that is no JSON object, of which nothing is known.
#[derive(Debug, Clone)]
pub struct EventPattern(Option<Map<String, Value>>);

impl EventPattern {
    pub fn read(text: &str) -> EventPattern {
        EventPattern(serde_json::from_str(text).ok())
    }

    /// Whether it takes in an event.
    pub fn takes(&self, event: &Value) -> EventTaken {
        let Some(map) = &self.0 else {
            return EventTaken::of(
                Taken::Unknown,
                Taken::Unknown,
                vec!["a pattern that cannot be read".into()],
            );
        };
        let mut open = Vec::new();
        let taken = all(map, event, &mut Vec::new(), &mut open);
        EventTaken::of(taken, taken, open)
    }
}

fn all(pattern: &Map<String, Value>, event: &Value, path: &mut Vec<String>, open: &mut Vec<String>) -> Taken {
    pattern.iter().fold(Taken::Yes, |so_far, (name, wanted)| so_far.and(one(name, wanted, event, path, open)))
}

fn one(name: &str, wanted: &Value, event: &Value, path: &mut Vec<String>, open: &mut Vec<String>) -> Taken {
    if name == "$or" {
        let choices = wanted.as_array().into_iter().flatten();
        return choices.fold(Taken::No, |so_far, choice| {
            so_far.or(choice.as_object().map_or(Taken::Unknown, |choice| all(choice, event, path, open)))
        });
    }
    path.push(name.to_string());
    let taken = match wanted {
        Value::Object(inner) if path.len() < MAX_DEPTH => all(inner, event, path, open),
        Value::Array(any) => {
            let found = reached(event, path);
            let taken = any.iter().fold(Taken::No, |so_far, matcher| {
                so_far.or(found.iter().fold(Taken::No, |so_far, here| so_far.or(fits(matcher, *here))))
            });
            if taken == Taken::Unknown {
                open.push(path.join("."));
            }
            taken
        }
        _ => Taken::Unknown,
    };
    path.pop();
    taken
}

/// What stands at a path, in every element of the lists on the way.
fn reached<'a>(event: &'a Value, path: &[String]) -> Vec<Member<'a>> {
    let (mut here, mut rest) = (event, path);
    while let Some((name, after)) = rest.split_first() {
        match member(here, std::slice::from_ref(name)) {
            Member::Value(Value::Array(list)) => {
                return list.iter().flat_map(|inner| reached(inner, after)).collect();
            }
            Member::Value(inner) => (here, rest) = (inner, after),
            other => return vec![other],
        }
    }
    match here {
        Value::Array(list) => list.iter().map(Member::Value).collect(),
        Value::Null => vec![Member::Absent],
        plain => vec![Member::Value(plain)],
    }
}

fn fits(matcher: &Value, here: Member<'_>) -> Taken {
    match (matcher, here) {
        (_, Member::Unknown) => Taken::Unknown,
        (Value::Object(map), here) => match map.iter().next() {
            Some((operator, operand)) if map.len() == 1 => operated(operator, operand, here),
            _ => Taken::Unknown,
        },
        (_, Member::Absent) => Taken::No,
        (plain, Member::Value(value)) => Taken::of(same(plain, value)),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn operated(operator: &str, operand: &Value, here: Member<'_>) -> Taken {
    if operator == "exists" {
        return operand
            .as_bool()
            .map_or(Taken::Unknown, |wanted| Taken::of((here != Member::Absent) == wanted));
    }
    let Member::Value(value) = here else { return Taken::No };
    match operator {
        "anything-but" => match operand {
            Value::Array(list) => {
                list.iter().fold(Taken::No, |so_far, item| so_far.or(Taken::of(same(item, value)))).not()
            }
            Value::Object(map) => match map.iter().next() {
                Some((inner, operand)) if map.len() == 1 => {
                    any_of(operand, |one| written(inner, one, value)).not()
                }
                _ => Taken::Unknown,
            },
            plain => Taken::of(!same(plain, value)),
        },
        "numeric" => operand.as_array().map_or(Taken::Unknown, |list| numeric(list, value)),
        _ => any_of(operand, |one| written(operator, one, value)),
    }
}

fn any_of(operand: &Value, fits: impl Fn(&Value) -> Taken) -> Taken {
    match operand {
        Value::Array(list) => list.iter().fold(Taken::No, |so_far, one| so_far.or(fits(one))),
        one => fits(one),
    }
}

/// The operators on text.
fn written(operator: &str, operand: &Value, value: &Value) -> Taken {
    let Some(text) = value.as_str() else { return Taken::No };
    // `{ "prefix": { "equals-ignore-case": "x" } }`
    let (wanted, fold) = match operand {
        Value::String(wanted) => (wanted.as_str(), false),
        Value::Object(map) => match map.get("equals-ignore-case").and_then(Value::as_str) {
            Some(wanted) => (wanted, true),
            None => return Taken::Unknown,
        },
        _ => return Taken::Unknown,
    };
    let fold = fold || operator == "equals-ignore-case";
    let (wanted, text) =
        if fold { (wanted.to_lowercase(), text.to_lowercase()) } else { (wanted.into(), text.into()) };
    match operator {
        "prefix" => Taken::of(text.starts_with(&wanted)),
        "suffix" => Taken::of(text.ends_with(&wanted)),
        "equals-ignore-case" => Taken::of(text == wanted),
        "wildcard" => Taken::of(wild(&wanted, &text)),
        _ => Taken::Unknown,
    }
}

/// `[">=", 4, "<", 7]`
fn numeric(list: &[Value], value: &Value) -> Taken {
    let Some(is) = value.as_f64() else { return Taken::No };
    list.chunks(2).fold(Taken::Yes, |so_far, pair| {
        so_far.and(match (pair.first().and_then(Value::as_str), pair.get(1).and_then(Value::as_f64)) {
            (Some("="), Some(n)) => Taken::of(is == n),
            (Some("<"), Some(n)) => Taken::of(is < n),
            (Some("<="), Some(n)) => Taken::of(is <= n),
            (Some(">"), Some(n)) => Taken::of(is > n),
            (Some(">="), Some(n)) => Taken::of(is >= n),
            _ => Taken::Unknown,
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_operator_says_what_the_guide_says() {
        let event = json!({
            "source": "aws.guardduty",
            "detail": { "severity": 8, "archived": false, "gone": null, "list": [{ "a": "x" }, { "a": "y" }] }
        });
        for (pattern, taken) in [
            (json!({}), Taken::Yes),
            (json!({ "source": ["aws.guardduty"] }), Taken::Yes),
            (json!({ "source": ["aws.ec2", "aws.guardduty"] }), Taken::Yes),
            (json!({ "source": [] }), Taken::No),
            (
                json!({ "source": ["aws.guardduty"], "detail": { "severity": [{ "numeric": [">=", 4] }] } }),
                Taken::Yes,
            ),
            (json!({ "detail": { "severity": [{ "numeric": [">=", 4, "<", 7] }] } }), Taken::No),
            (json!({ "detail": { "severity": [7, 7.5, 8.0] } }), Taken::Yes),
            (json!({ "detail": { "type": ["x"] } }), Taken::Unknown),
            (json!({ "detail": { "type": ["x"] }, "source": ["aws.s3"] }), Taken::No),
            (json!({ "source": [{ "prefix": "aws." }] }), Taken::Yes),
            (json!({ "source": [{ "suffix": ".s3" }] }), Taken::No),
            (json!({ "source": [{ "wildcard": "aws.*" }] }), Taken::Yes),
            (json!({ "source": [{ "equals-ignore-case": "AWS.GuardDuty" }] }), Taken::Yes),
            (json!({ "source": [{ "prefix": { "equals-ignore-case": "AWS." } }] }), Taken::Yes),
            (json!({ "source": [{ "anything-but": "aws.guardduty" }] }), Taken::No),
            (json!({ "source": [{ "anything-but": ["aws.s3"] }] }), Taken::Yes),
            (json!({ "source": [{ "anything-but": { "prefix": "aws." } }] }), Taken::No),
            (json!({ "detail": { "gone": [{ "exists": false }] } }), Taken::Yes),
            (json!({ "detail": { "gone": ["x"] } }), Taken::No),
            (json!({ "detail": { "archived": [false] } }), Taken::Yes),
            (json!({ "detail": { "list": { "a": ["y"] } } }), Taken::Yes),
            (json!({ "detail": { "list": { "a": ["z"] } } }), Taken::No),
            (json!({ "detail": { "list": { "b": ["z"] } } }), Taken::Unknown),
            (json!({ "$or": [{ "source": ["a"] }, { "detail": { "severity": [8] } }] }), Taken::Yes),
            (json!({ "source": [{ "new-operator": "x" }] }), Taken::Unknown),
            (json!({ "source": "aws.guardduty" }), Taken::Unknown),
        ] {
            assert_eq!(EventPattern::read(&pattern.to_string()).takes(&event).taken, taken, "{pattern}");
        }
    }

    #[test]
    fn an_unknown_names_the_members_that_it_rests_on() {
        let event = json!({ "source": "a", "detail": { "n": 1 } });
        assert_eq!(
            EventPattern::read(r#"{"source":["a"],"detail":{"type":["x"],"n":[1]}}"#).takes(&event).open,
            ["detail.type"]
        );
        assert_eq!(EventPattern::read("no JSON").takes(&event).taken, Taken::Unknown);
    }
}
