//! The validations of a sheet as they are written. A rule that is not read is told as such.

use roxmltree::Node;

use super::place::Area;
use super::xml::{attribute, child, named};

/// A validation of a sheet.
#[derive(Debug, Clone)]
pub struct CellRule {
    pub areas: Vec<Area>,
    pub kind: String,
    operator: String,
    pub first: String,
    second: String,
}

/// What a cell takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Takes {
    Anything,
    /// These words; what is a number in the list is one in the cell.
    Words(Vec<ListWord>),
    Number(NumberBounds),
    /// Text of so many characters.
    Length(NumberBounds),
    /// A rule that is not read, in words.
    Unread(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListWord {
    pub text: String,
    pub number: bool,
}

/// Both ends belong to it, unless it is the outside that is meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberBounds {
    pub low: f64,
    pub high: f64,
    pub outside: bool,
    pub whole: bool,
}

impl NumberBounds {
    pub fn hold(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value) != self.outside && (!self.whole || value.fract() == 0.0)
    }
}

/// The validations of a sheet, those of newer programs behind the others.
pub(super) fn rules(root: Node<'_, '_>) -> Vec<CellRule> {
    let all = root.descendants().filter(|node| named(*node, "dataValidation"));
    all.filter_map(rule).collect()
}

fn rule(node: Node<'_, '_>) -> Option<CellRule> {
    let below = |name: &str| {
        child(node, name)
            .map(|n| n.descendants().filter_map(|d| d.text().filter(|_| d.is_text())).collect::<String>())
    };
    let reference = attribute(node, "sqref").map(str::to_string).or_else(|| below("sqref"))?;
    let areas: Vec<Area> = reference.split_whitespace().filter_map(Area::parse).collect();
    let text = |name: &str| attribute(node, name).unwrap_or_default().to_string();
    let formula = |name: &str| below(name).unwrap_or_default().trim().to_string();
    (!areas.is_empty()).then(|| CellRule {
        areas,
        kind: text("type"),
        operator: text("operator"),
        first: formula("formula1"),
        second: formula("formula2"),
    })
}

/// `Yes,No,N/A`. A program that lets a person choose `3` from it writes a number.
pub(super) fn listed(literal: &str) -> Vec<ListWord> {
    let words = literal.split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| ListWord { text: word.into(), number: word.parse::<f64>().is_ok_and(f64::is_finite) })
        .collect()
}

pub(super) fn unread(rule: &CellRule) -> Takes {
    let shown: String = rule.first.chars().take(60).collect();
    Takes::Unread(format!("its rule is not read: {} {shown}", rule.kind))
}

pub(super) fn bounds(rule: &CellRule, whole: bool) -> Option<NumberBounds> {
    let first: f64 = rule.first.parse().ok()?;
    let of = |low, high, outside| Some(NumberBounds { low, high, outside, whole });
    match rule.operator.as_str() {
        "" | "between" => of(first, rule.second.parse().ok()?, false),
        "notBetween" => of(first, rule.second.parse().ok()?, true),
        "equal" => of(first, first, false),
        "notEqual" => of(first, first, true),
        "greaterThanOrEqual" => of(first, f64::INFINITY, false),
        "lessThanOrEqual" => of(f64::NEG_INFINITY, first, false),
        "greaterThan" => of(f64::NEG_INFINITY, first, true),
        "lessThan" => of(first, f64::INFINITY, true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_what_the_operator_says() {
        let rule = |operator: &str| CellRule {
            areas: Vec::new(),
            kind: "whole".into(),
            operator: operator.into(),
            first: "1".into(),
            second: "5".into(),
        };
        let held = |operator: &str| -> Vec<i32> {
            let bounds = bounds(&rule(operator), true).expect("bounds");
            (-1..=6).filter(|n| bounds.hold(f64::from(*n))).collect()
        };
        assert_eq!(held("between"), [1, 2, 3, 4, 5]);
        assert_eq!(held("notBetween"), [-1, 0, 6]);
        assert_eq!(held("greaterThan"), [2, 3, 4, 5, 6]);
        assert_eq!(held("lessThan"), [-1, 0]);
        assert_eq!(held("notEqual"), [-1, 0, 2, 3, 4, 5, 6]);
        assert!(bounds(&rule("near"), true).is_none());
        assert!(!bounds(&rule("between"), true).expect("bounds").hold(1.5));
    }

    #[test]
    fn a_list_of_numbers_holds_numbers() {
        let words = listed("Yes, 3 ,N/A,,1.5,nan");
        let read: Vec<(&str, bool)> = words.iter().map(|w| (w.text.as_str(), w.number)).collect();
        assert_eq!(read, [("Yes", false), ("3", true), ("N/A", false), ("1.5", true), ("nan", false)]);
    }
}
