//! Filter patterns of CloudWatch Logs, asked about an event of which only some members are known. AWS's user
//! guide, "Filter pattern syntax for metric filters", says what they mean; names and values keep their letter
//! case. What it does not say is unknown. It reads no evidence and judges nothing.

use serde_json::Value;

use super::log_pattern::{LogFilter, PatternNode, PatternOrder, Term, Test, Word};
use super::taken::{EventTaken, Member, Taken, member, wild};

impl LogFilter {
    /// Whether it takes in an event.
    pub fn takes(&self, event: &Value) -> EventTaken {
        let unread = |taken, why: Vec<String>| EventTaken::of(taken, taken, why);
        match self {
            LogFilter::All => unread(Taken::Yes, Vec::new()),
            LogFilter::Unread(why) => unread(Taken::Unknown, vec![(*why).to_string()]),
            LogFilter::Words(words) => {
                let (taken, open) = said(words, event);
                unread(taken, open)
            }
            LogFilter::Json(node) => {
                let mut open = Vec::new();
                let taken = node.takes(event, false, &mut open);
                EventTaken::of(taken, node.takes(event, true, &mut Vec::new()), open)
            }
        }
    }
}

impl PatternNode {
    fn takes(&self, event: &Value, strict: bool, open: &mut Vec<String>) -> Taken {
        match self {
            PatternNode::And(all) => {
                all.iter().map(|n| n.takes(event, strict, open)).fold(Taken::Yes, Taken::and)
            }
            PatternNode::Or(any) => {
                any.iter().map(|n| n.takes(event, strict, open)).fold(Taken::No, Taken::or)
            }
            PatternNode::Term(term) => {
                let taken = term.takes(event);
                if taken == Taken::Unknown {
                    open.push(term.text.clone());
                    if strict && term.selects() {
                        return Taken::No;
                    }
                }
                taken
            }
        }
    }
}

impl Term {
    /// Whether it asks for one value, of a member that differs from event to event. In which region an event
    /// is written does not.
    fn selects(&self) -> bool {
        let Some(path) = &self.path else { return false };
        let one = match &self.test {
            Test::Equals { wanted, text } => *wanted && text != "*",
            Test::Fits { wanted, regex } => *wanted && regex.is_some(),
            Test::Compare { .. } | Test::Is(_) | Test::Null => true,
            Test::Exists | Test::NotExists | Test::Unread => false,
        };
        one && path != &["awsRegion"]
    }

    fn takes(&self, event: &Value) -> Taken {
        let Some(path) = &self.path else { return Taken::Unknown };
        let found = member(event, path);
        match (&self.test, found) {
            (Test::Unread, _) | (_, Member::Unknown) => Taken::Unknown,
            (Test::Exists, here) => Taken::of(here != Member::Absent),
            (Test::NotExists, here) => Taken::of(here == Member::Absent),
            // the guide does not say what `!=` means for a member that is not there
            (Test::Equals { wanted: false, .. } | Test::Fits { wanted: false, .. }, Member::Absent) => {
                Taken::Unknown
            }
            (_, Member::Absent) => Taken::No,
            (Test::Null, Member::Value(_)) => Taken::No,
            (Test::Is(wanted), Member::Value(value)) => {
                value.as_bool().map_or(Taken::No, |is| Taken::of(is == *wanted))
            }
            (Test::Equals { wanted, text }, Member::Value(value)) => agree(equal(text, value), *wanted),
            (Test::Fits { wanted, regex }, Member::Value(value)) => match (regex, value.as_str()) {
                (Some(regex), Some(text)) => agree(Taken::of(regex.is_match(text)), *wanted),
                (None, _) | (_, None) => Taken::Unknown,
            },
            (Test::Compare { op, number }, Member::Value(value)) => {
                value.as_f64().map_or(Taken::No, |is| Taken::of(op.holds(is, *number)))
            }
        }
    }
}

impl PatternOrder {
    fn holds(self, is: f64, wanted: f64) -> bool {
        match self {
            PatternOrder::Less => is < wanted,
            PatternOrder::LessOrEqual => is <= wanted,
            PatternOrder::More => is > wanted,
            PatternOrder::MoreOrEqual => is >= wanted,
        }
    }
}

fn agree(same: Taken, wanted: bool) -> Taken {
    if wanted { same } else { same.not() }
}

fn equal(pattern: &str, value: &Value) -> Taken {
    match value {
        Value::String(text) => Taken::of(wild(pattern, text)),
        Value::Number(number) => match (pattern.parse::<f64>(), number.as_f64()) {
            (Ok(wanted), Some(is)) => Taken::of(wanted == is),
            (Ok(_), None) | (Err(_), _) => Taken::of(wild(pattern, &number.to_string())),
        },
        // booleans are asked with IS, and lists by an index
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Taken::Unknown,
    }
}

/// A pattern of words: all that have no sign, none of those with `-`, or one of those with `?`.
fn said(words: &[Word], event: &Value) -> (Taken, Vec<String>) {
    let mut leaves = Vec::new();
    gather(event, &mut leaves);
    let holds = |word: &Word| {
        let here = leaves.iter().any(|leaf| match &word.regex {
            Some(regex) => regex.is_match(leaf),
            None => leaf.contains(word.text.as_str()),
        });
        // what is not known of the event may hold the word too
        if here { Taken::Yes } else { Taken::Unknown }
    };
    let optional = words.iter().any(|w| w.optional);
    if optional && words.iter().any(|w| !w.optional) {
        return (Taken::Unknown, vec!["words with and without ? in one pattern".into()]);
    }
    let each = |word: &Word| if word.without { holds(word).not() } else { holds(word) };
    let taken = match optional {
        true => words.iter().map(holds).fold(Taken::No, Taken::or),
        false => words.iter().map(each).fold(Taken::Yes, Taken::and),
    };
    let open =
        words.iter().filter(|w| each(w) == Taken::Unknown).map(|w| format!("the word {}", w.text)).collect();
    (taken, if taken == Taken::Unknown { open } else { Vec::new() })
}

fn gather(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Number(number) => into.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|v| gather(v, into)),
        Value::Object(map) => map.values().for_each(|v| gather(v, into)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes(pattern: &str, event: &Value) -> Taken {
        LogFilter::read(pattern).takes(event).taken
    }

    fn stop() -> Value {
        json!({
            "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": false,
            "errorCode": null, "n": 5
        })
    }

    #[test]
    fn and_binds_closer_than_or_and_brackets_closest() {
        for (pattern, taken) in [
            ("{ $.eventName = StopLogging || $.eventName = X && $.eventSource = y }", Taken::Yes),
            ("{ ($.eventName = StopLogging || $.eventName = X) && $.eventSource = y }", Taken::No),
            ("{ $.eventSource = y && $.eventName = X || $.eventName = StopLogging }", Taken::Yes),
            ("{($.eventName=\"StopLogging\")}", Taken::Yes),
            (
                "{ $.eventName = X || ($.eventSource = cloudtrail.amazonaws.com && ($.eventName = Stop*)) }",
                Taken::Yes,
            ),
        ] {
            assert_eq!(takes(pattern, &stop()), taken, "{pattern}");
        }
    }

    #[test]
    fn each_test_says_what_the_guide_says() {
        for (test, taken) in [
            ("$.eventName = stoplogging", Taken::No),
            ("$.eventname = StopLogging", Taken::Unknown),
            ("$.eventName = \"*Logging\"", Taken::Yes),
            ("$.eventName = *", Taken::Yes),
            ("$.eventName != StopLogging", Taken::No),
            ("$.eventName = %^Stop[A-Z]%", Taken::Yes),
            ("$.eventName = %Start%", Taken::No),
            ("$.eventName != %Start%", Taken::Yes),
            ("$.eventName = %(%", Taken::Unknown),
            ("$.errorCode NOT EXISTS", Taken::Yes),
            ("$.errorCode EXISTS", Taken::No),
            ("$.errorCode = \"*\"", Taken::No),
            ("$.errorCode != AccessDenied", Taken::Unknown),
            ("$.errorCode IS NULL", Taken::No),
            ("$.eventName NOT EXISTS", Taken::No),
            ("$.readOnly IS FALSE", Taken::Yes),
            ("$.readOnly IS TRUE", Taken::No),
            ("$.n > 4", Taken::Yes),
            ("$.n >= 5.5", Taken::No),
            ("$.n < 5", Taken::No),
            ("$.n <= 5", Taken::Yes),
            ("$.n = 5.0", Taken::Yes),
            ("$.n < x", Taken::Unknown),
            ("$.userIdentity.userName = nobody", Taken::Unknown),
            ("$.userIdentity.userName NOT EXISTS", Taken::Unknown),
            ("$.resources[*].type = x", Taken::Unknown),
            ("$.[\"eventName\"] = StopLogging", Taken::Yes),
            ("$.eventName.more = x", Taken::No),
            ("$.eventName = 'StopLogging'", Taken::Unknown),
        ] {
            assert_eq!(takes(&format!("{{ {test} }}"), &stop()), taken, "{test}");
        }
    }

    #[test]
    fn an_unknown_names_the_tests_that_it_rests_on() {
        let asked = LogFilter::read("{ $.eventName = StopLogging  &&  $.userIdentity.userName = \"b c\" }")
            .takes(&stop());
        assert_eq!(
            (asked.as_str(), asked.open),
            ("part", vec!["$.userIdentity.userName = \"b c\"".to_string()])
        );
    }

    #[test]
    fn a_value_that_is_asked_for_leaves_events_out_and_one_that_is_excluded_may() {
        for (test, said) in [
            ("$.userIdentity.type = Root", "part"),
            ("$.userIdentity.type != Root", "unknown"),
            ("$.userIdentity.invokedBy NOT EXISTS", "unknown"),
            ("$.userIdentity.type = *", "unknown"),
            ("$.userIdentity.type = %Root%", "part"),
            ("$.awsRegion = us-east-1", "unknown"),
            ("$.size > 5", "part"),
            ("($.userIdentity.type = Root || $.sourceIPAddress != x)", "unknown"),
            ("($.userIdentity.type = Root || $.n = 5)", "yes"),
        ] {
            assert_eq!(
                LogFilter::read(&format!("{{ $.eventName = StopLogging && {test} }}"))
                    .takes(&stop())
                    .as_str(),
                said,
                "{test}"
            );
        }
    }

    #[test]
    fn words_are_looked_for_in_what_is_known() {
        for (pattern, taken) in [
            ("", Taken::Yes),
            ("StopLogging", Taken::Yes),
            ("\"cloudtrail.amazonaws.com\" StopLogging", Taken::Yes),
            ("?DeleteTrail ?StopLogging", Taken::Yes),
            ("?DeleteTrail ?UpdateTrail", Taken::Unknown),
            ("StopLogging -cloudtrail", Taken::No),
            ("StopLogging ?x", Taken::Unknown),
            ("%Stop[A-Z]%", Taken::Yes),
            ("[a, b, c]", Taken::Unknown),
            ("{ $.a }", Taken::Unknown),
            ("{ $.a = b", Taken::Unknown),
            ("{ $.a = b } c", Taken::Unknown),
        ] {
            assert_eq!(takes(pattern, &stop()), taken, "{pattern}");
        }
    }

    /// A plain generator: the same text for the same seed.
    fn random(seed: &mut u64, below: usize) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize % below
    }

    #[test]
    fn no_text_makes_it_panic() {
        let parts = [
            "{",
            "}",
            "(",
            ")",
            "&&",
            "||",
            "$.",
            "$",
            "a",
            "\"",
            "\\",
            "%",
            "=",
            "!=",
            "<",
            " ",
            "NOT EXISTS",
            "IS",
            "[",
            "]",
            "*",
            "é",
            "?",
            "-",
            "'",
        ];
        let mut seed = 7;
        for _ in 0..20_000 {
            let length = random(&mut seed, 14);
            let text: String = (0..length).map(|_| parts[random(&mut seed, parts.len())]).collect();
            for text in [text.clone(), format!("{{ {text} }}")] {
                LogFilter::read(&text).takes(&stop());
            }
        }
        LogFilter::read(&"{".repeat(5000)).takes(&stop());
        LogFilter::read(&format!("{{{}", "(".repeat(4000))).takes(&stop());
    }

    /// Random formulas over members whose truth is known: what is read and asked agrees with what was
    /// written.
    #[test]
    fn a_random_formula_means_what_it_says() {
        let event = json!({ "t": "1", "f": "0", "x": { "y": "1" } });
        let mut seed = 11;
        for _ in 0..5_000 {
            let (text, meant) = formula(&mut seed, 4);
            assert_eq!(takes(&format!("{{ {text} }}"), &event), meant, "{text}");
        }
    }

    fn formula(seed: &mut u64, depth: usize) -> (String, Taken) {
        let leaves = [
            ("$.t = 1", Taken::Yes),
            ("$.f = \"1\"", Taken::No),
            ("$.x.y != 1", Taken::No),
            ("$.t NOT EXISTS", Taken::No),
            ("$.u = 1", Taken::Unknown),
        ];
        if depth == 0 || random(seed, 4) == 0 {
            let (text, meant) = leaves[random(seed, leaves.len())];
            return (text.to_string(), meant);
        }
        // without brackets: an or of ands, so that precedence is what joins them
        let both = |seed: &mut u64| {
            let ((a, x), (b, y)) = (formula(seed, depth - 1), formula(seed, depth - 1));
            (format!("({a}) && ({b})"), x.and(y))
        };
        let ((a, x), (b, y)) = (both(seed), both(seed));
        (format!("{a} || {b}"), x.or(y))
    }
}
