//! Citations of 45 CFR part 164, parsed and ordered: `164.312(a)(2)(iv)`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A section of 45 CFR part 164 with its paragraphs. Order is the regulation's: section number, then
/// paragraph by paragraph (letters, numbers, roman numerals, capital letters).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Citation {
    section: u32,
    paragraphs: Vec<String>,
}

impl Citation {
    pub fn section(&self) -> u32 {
        self.section
    }

    fn key(&self) -> Vec<u32> {
        self.paragraphs.iter().enumerate().map(|(depth, text)| rank(depth, text)).collect()
    }
}

fn rank(depth: usize, text: &str) -> u32 {
    match depth {
        1 => text.parse().unwrap_or(u32::MAX),
        2 => roman(text),
        _ => text.bytes().fold(0, |sum, b| sum * 32 + u32::from(b.to_ascii_lowercase() - b'a' + 1)),
    }
}

fn roman(text: &str) -> u32 {
    let value = |c| match c {
        'i' => 1,
        'v' => 5,
        'x' => 10,
        _ => 100,
    };
    let digits: Vec<u32> = text.chars().map(value).collect();
    digits.iter().enumerate().fold(0, |sum, (i, d)| {
        if digits.get(i + 1).is_some_and(|next| next > d) {
            sum.wrapping_sub(*d)
        } else {
            sum.wrapping_add(*d)
        }
    })
}

impl JsonSchema for Citation {
    fn schema_name() -> Cow<'static, str> {
        "Citation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A paragraph of 45 CFR part 164, such as 164.312(a)(2)(iv)",
            "type": "string",
            "pattern": r"^164\.[0-9]+(\([0-9A-Za-z]+\))*$",
            "x-what": "a citation",
            "x-write": "write it as `164.312(a)(2)(iv)`"
        })
    }
}

impl FromStr for Citation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a citation such as `164.312(a)(2)(iv)`");
        let (section, rest) = text.split_once('(').map_or((text, ""), |(s, r)| (s, r));
        let section = section.strip_prefix("164.").and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
        let mut paragraphs = Vec::new();
        let mut rest = rest;
        while !rest.is_empty() {
            let (paragraph, after) = rest.split_once(')').ok_or_else(wrong)?;
            if paragraph.is_empty() || !paragraph.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(wrong());
            }
            if paragraphs.len() != 1 && !paragraph.chars().all(|c| c.is_ascii_alphabetic()) {
                return Err(wrong());
            }
            paragraphs.push(paragraph.to_string());
            rest = match after {
                "" => "",
                _ => after.strip_prefix('(').ok_or_else(wrong)?,
            };
        }
        Ok(Citation { section, paragraphs })
    }
}

impl Ord for Citation {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.section, self.key(), &self.paragraphs).cmp(&(other.section, other.key(), &other.paragraphs))
    }
}

impl PartialOrd for Citation {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "164.{}", self.section)?;
        self.paragraphs.iter().try_for_each(|p| write!(f, "({p})"))
    }
}

impl Serialize for Citation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Citation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Citation;

    #[test]
    fn order_is_the_regulations() {
        let sorted = [
            "164.308(a)(1)(i)",
            "164.308(a)(1)(ii)(A)",
            "164.308(a)(1)(ii)(B)",
            "164.308(a)(5)(ii)(C)",
            "164.308(b)(1)",
            "164.312(a)(2)(iii)",
            "164.312(a)(2)(iv)",
            "164.312(b)",
        ];
        let mut parsed: Vec<Citation> =
            sorted.iter().rev().map(|t| t.parse().expect("well formed")).collect();
        parsed.sort();
        assert_eq!(parsed.iter().map(ToString::to_string).collect::<Vec<_>>(), sorted);
    }

    #[test]
    fn what_is_not_a_citation_is_refused() {
        for text in ["", "164", "45.312(a)", "164.312(a", "164.312()", "164.312(a)(b)x", "164.312(a)2"] {
            assert!(text.parse::<Citation>().is_err(), "{text}");
        }
    }
}
