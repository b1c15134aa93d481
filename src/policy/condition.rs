//! Conditions: what each operator asks of a key, answered for a request whose keys are known, absent, or not
//! known to us (IAM User Guide, "IAM JSON policy elements: Condition operators").

use std::net::IpAddr;

use serde_json::Value;

use super::{Answer, pattern};

/// One operator over one key: `StringLike: { aws:PrincipalArn: [...] }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    pub operator: Operator,
    /// StringNotLike and its like: true where no value matches, and where the key is absent.
    pub negated: bool,
    pub over: Quantifier,
    /// True where the key is absent, whatever the operator.
    pub if_exists: bool,
    /// In lower case: keys are compared without regard to case.
    pub key: String,
    pub values: Vec<String>,
    /// Whether another clause of the statement (`Null: false`) asks that the key be there.
    pub present: bool,
    /// What it comes to whoever calls, where it asks about the resource and that is known.
    pub decided: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    /// ArnEquals too: both take wildcards, part by part.
    ArnLike,
    IpAddress,
    Bool,
    Null,
    Numeric(Order),
    Date(Order),
    BinaryEquals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How a key with several values is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    One,
    All,
    Any,
}

/// What a request holds under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValue {
    Absent,
    Values(Vec<String>),
    Unknown,
}

/// Every clause of a Condition; `None` where it cannot be read.
pub fn clauses(condition: Option<&Value>) -> Option<Vec<Clause>> {
    let Some(condition) = condition else { return Some(Vec::new()) };
    if condition.is_null() {
        return Some(Vec::new());
    }
    let mut out = Vec::new();
    for (operator, keys) in condition.as_object()? {
        let (operator, negated, over, if_exists) = operator_of(operator)?;
        for (key, values) in keys.as_object()? {
            let (key, values) = (key.to_ascii_lowercase(), strings(values)?);
            out.push(Clause {
                operator,
                negated,
                over,
                if_exists,
                key,
                values,
                present: false,
                decided: None,
            });
        }
    }
    let present: Vec<String> = out.iter().filter(|c| c.asks_presence()).map(|c| c.key.clone()).collect();
    out.iter_mut().for_each(|c| c.present = present.contains(&c.key));
    Some(out)
}

fn operator_of(name: &str) -> Option<(Operator, bool, Quantifier, bool)> {
    let lower = name.to_ascii_lowercase();
    let (over, rest) = match lower.split_once(':') {
        Some(("forallvalues", rest)) => (Quantifier::All, rest),
        Some(("foranyvalue", rest)) => (Quantifier::Any, rest),
        Some(_) => return None,
        None => (Quantifier::One, lower.as_str()),
    };
    let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
    let (operator, negated) = match rest {
        "stringequals" => (Operator::StringEquals, false),
        "stringnotequals" => (Operator::StringEquals, true),
        "stringequalsignorecase" => (Operator::StringEqualsIgnoreCase, false),
        "stringnotequalsignorecase" => (Operator::StringEqualsIgnoreCase, true),
        "stringlike" => (Operator::StringLike, false),
        "stringnotlike" => (Operator::StringLike, true),
        "arnequals" | "arnlike" => (Operator::ArnLike, false),
        "arnnotequals" | "arnnotlike" => (Operator::ArnLike, true),
        "ipaddress" => (Operator::IpAddress, false),
        "notipaddress" => (Operator::IpAddress, true),
        "bool" => (Operator::Bool, false),
        "null" => (Operator::Null, false),
        "binaryequals" => (Operator::BinaryEquals, false),
        "numericequals" => (Operator::Numeric(Order::Equal), false),
        "numericnotequals" => (Operator::Numeric(Order::Equal), true),
        "numericlessthan" => (Operator::Numeric(Order::Less), false),
        "numericlessthanequals" => (Operator::Numeric(Order::LessOrEqual), false),
        "numericgreaterthan" => (Operator::Numeric(Order::Greater), false),
        "numericgreaterthanequals" => (Operator::Numeric(Order::GreaterOrEqual), false),
        "dateequals" => (Operator::Date(Order::Equal), false),
        "datenotequals" => (Operator::Date(Order::Equal), true),
        "datelessthan" => (Operator::Date(Order::Less), false),
        "datelessthanequals" => (Operator::Date(Order::LessOrEqual), false),
        "dategreaterthan" => (Operator::Date(Order::Greater), false),
        "dategreaterthanequals" => (Operator::Date(Order::GreaterOrEqual), false),
        _ => return None,
    };
    Some((operator, negated, over, if_exists))
}

impl Clause {
    /// The operator as AWS writes it, for reasons that name what a verdict rests on.
    pub fn words(&self) -> String {
        format!("{} {}", self.key, self.values.join(" or "))
    }

    /// `Null: false`: the key must be there, with whatever value.
    pub fn asks_presence(&self) -> bool {
        self.operator == Operator::Null
            && !self.values.is_empty()
            && self.values.iter().all(|v| v.eq_ignore_ascii_case("false"))
    }

    /// Whether a request without the key meets the statement by this clause.
    pub fn is_loose(&self) -> bool {
        (self.if_exists || self.over == Quantifier::All) && !self.present
    }

    /// Whether a request meets the clause; `held` tells what it holds under a key (in lower case).
    pub fn answer(&self, held: &dyn Fn(&str) -> KeyValue) -> Answer {
        if let Some(decided) = self.decided {
            return decided.into();
        }
        let present = held(&self.key);
        if self.operator == Operator::Null {
            let wants_absent = self.values.iter().any(|v| v.eq_ignore_ascii_case("true"));
            return match present {
                KeyValue::Unknown => Answer::Unknown,
                KeyValue::Absent => wants_absent.into(),
                KeyValue::Values(_) => (!wants_absent).into(),
            };
        }
        let values = match present {
            KeyValue::Unknown => return Answer::Unknown,
            // the other clause fails, and with it the statement
            KeyValue::Absent if self.present => return Answer::No,
            KeyValue::Absent => {
                return match self.over {
                    Quantifier::All => Answer::Yes,
                    Quantifier::Any => self.if_exists.into(),
                    Quantifier::One => (self.if_exists || self.negated).into(),
                };
            }
            KeyValue::Values(values) => values,
        };
        let each = values.iter().map(|value| {
            let hit = self.matched(value, held);
            if self.negated { !hit } else { hit }
        });
        match self.over {
            Quantifier::All => each.fold(Answer::Yes, Answer::and),
            Quantifier::Any => each.fold(Answer::No, Answer::or),
            // one value as a rule; of several, any hit decides
            Quantifier::One if self.negated => each.fold(Answer::Yes, Answer::and),
            Quantifier::One => each.fold(Answer::No, Answer::or),
        }
    }

    fn matched(&self, value: &str, held: &dyn Fn(&str) -> KeyValue) -> Answer {
        self.values.iter().map(|wanted| self.compares(wanted, value, held)).fold(Answer::No, Answer::or)
    }

    fn compares(&self, wanted: &str, value: &str, held: &dyn Fn(&str) -> KeyValue) -> Answer {
        let texts = |compare: &dyn Fn(&str) -> bool| match substituted(wanted, held) {
            Substituted::Text(text) => compare(&text).into(),
            // what a variable without a value keeps out is not said anywhere
            Substituted::Absent if self.negated => Answer::Unknown,
            Substituted::Absent => Answer::No,
            Substituted::Unknown => Answer::Unknown,
        };
        match self.operator {
            Operator::StringEquals => texts(&|text| unescaped(text) == value),
            Operator::StringEqualsIgnoreCase => texts(&|text| unescaped(text).eq_ignore_ascii_case(value)),
            Operator::StringLike => texts(&|text| pattern::matches(text, value)),
            Operator::ArnLike => texts(&|text| pattern::matches_arn(text, value)),
            Operator::IpAddress => match value.parse::<IpAddr>() {
                Ok(address) => contains(wanted, address).into(),
                Err(_) => Answer::No,
            },
            Operator::Bool => wanted.eq_ignore_ascii_case(value).into(),
            Operator::BinaryEquals => (wanted == value).into(),
            Operator::Numeric(order) => match (wanted.trim().parse(), value.trim().parse()) {
                (Ok(wanted), Ok(value)) => ordered(order, value, wanted).into(),
                _ => Answer::No,
            },
            Operator::Date(order) => match (seconds(wanted), seconds(value)) {
                (Some(wanted), Some(value)) => ordered(order, value, wanted).into(),
                _ => Answer::No,
            },
            Operator::Null => Answer::Unknown,
        }
    }
}

fn ordered(order: Order, value: f64, wanted: f64) -> bool {
    match order {
        Order::Equal => value == wanted,
        Order::Less => value < wanted,
        Order::LessOrEqual => value <= wanted,
        Order::Greater => value > wanted,
        Order::GreaterOrEqual => value >= wanted,
    }
}

/// Seconds since 1970 of an ISO 8601 date or time, or of a number.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(number) = text.trim().parse::<f64>() {
        return Some(number);
    }
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_string() };
    chrono::DateTime::parse_from_rfc3339(&full).ok().map(|t| t.timestamp_millis() as f64 / 1000.0)
}

/// Whether an address lies in a range such as `198.51.100.0/24`; one without a length is one address.
pub fn contains(range: &str, address: IpAddr) -> bool {
    let (start, length) = match range.split_once('/') {
        Some((start, length)) => (start, length.parse::<u32>().ok()),
        None => (range, None),
    };
    match (start.trim().parse::<IpAddr>(), address) {
        (Ok(IpAddr::V4(start)), IpAddr::V4(address)) => {
            let shift = 32 - length.unwrap_or(32).min(32);
            u64::from(u32::from(start)) >> shift == u64::from(u32::from(address)) >> shift
        }
        (Ok(IpAddr::V6(start)), IpAddr::V6(address)) => {
            let shift = 128 - length.unwrap_or(128).min(128);
            shift == 128 || u128::from(start) >> shift == u128::from(address) >> shift
        }
        _ => false,
    }
}

enum Substituted {
    Text(String),
    /// A variable of the value has none in the request: nothing matches it.
    Absent,
    Unknown,
}

/// Whether a value holds a policy variable that stands for something of the request.
pub fn has_variable(value: &str) -> bool {
    variables(value).any(|name| !["*", "?", "$"].contains(&name))
}

/// Whether a value holds a variable that the caller fills. Those of the resource stand for one value, whoever
/// calls.
pub fn has_variable_of_caller(value: &str) -> bool {
    let of_resource =
        |name: &str| name.get(..RESOURCE.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESOURCE));
    variables(value).any(|name| !["*", "?", "$"].contains(&name) && !of_resource(name))
}

/// How the names of keys that tell of the resource begin.
const RESOURCE: &str = "aws:resource";

fn variables(value: &str) -> impl Iterator<Item = &str> {
    value.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// Marks of characters that `${*}`, `${?}` and `${$}` stand for, which no text of AWS holds.
const LITERALS: [(&str, char); 3] = [("*", '\u{1}'), ("?", '\u{2}'), ("$", '$')];

fn substituted(value: &str, held: &dyn Fn(&str) -> KeyValue) -> Substituted {
    if !value.contains("${") {
        return Substituted::Text(value.to_string());
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, more)) = after.split_once('}') else { return Substituted::Text(value.to_string()) };
        rest = more;
        if let Some((_, mark)) = LITERALS.iter().find(|(literal, _)| *literal == name) {
            out.push(*mark);
            continue;
        }
        let (name, default) =
            name.split_once(',').map_or((name, None), |(n, d)| (n, Some(d.trim().trim_matches('\''))));
        match (held(&name.trim().to_ascii_lowercase()), default) {
            (KeyValue::Values(values), _) if values.len() == 1 => out.push_str(&values[0]),
            (KeyValue::Absent, Some(default)) => out.push_str(default),
            (KeyValue::Absent | KeyValue::Values(_), _) => return Substituted::Absent,
            (KeyValue::Unknown, _) => return Substituted::Unknown,
        }
    }
    out.push_str(rest);
    Substituted::Text(out)
}

fn unescaped(text: &str) -> String {
    text.replace('\u{1}', "*").replace('\u{2}', "?")
}

/// A pattern of Resource with its variables filled in for one request: `None` where a value is absent.
pub fn filled(value: &str, held: &dyn Fn(&str) -> KeyValue) -> Option<Result<String, ()>> {
    match substituted(value, held) {
        Substituted::Text(text) => Some(Ok(text)),
        Substituted::Absent => None,
        Substituted::Unknown => Some(Err(())),
    }
}

/// The values of a member that holds one or several; `None` where it holds something else.
pub(super) fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) => Some(vec![value.to_string()]),
        Value::Array(list) => {
            let texts = list.iter().map(|v| match v {
                Value::String(text) => Some(text.clone()),
                Value::Bool(_) | Value::Number(_) => Some(v.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            });
            texts.collect()
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests;
