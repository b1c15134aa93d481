//! Patterns of policies: `*` stands for any characters, `?` for one. Whether a text matches, whether two
//! patterns have a text in common, and whether one takes in all that another does.
//!
//! A `*` goes on over slashes and colons, as it does at the end of a segment of an ARN (IAM User Guide,
//! "Resource").

use crate::model::partition::Partition;

/// One character of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `*`
    Any,
    /// `?`
    One,
    This(char),
}

/// A text as tokens; every run of wildcards has its `?` first, so that equal languages look alike.
fn tokens(pattern: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '*' if out.last() == Some(&Token::Any) => {}
            '*' => out.push(Token::Any),
            '?' if out.last() == Some(&Token::Any) => {
                out.pop();
                out.extend([Token::One, Token::Any]);
            }
            '?' => out.push(Token::One),
            other => out.push(Token::This(other)),
        }
    }
    out
}

/// Whether the pattern holds a wildcard.
pub fn is_wild(pattern: &str) -> bool {
    pattern.contains(['*', '?'])
}

/// Whether `text`, taken letter by letter, matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    if !is_wild(pattern) {
        return pattern == text;
    }
    let text: Vec<char> = text.chars().collect();
    let pattern = tokens(pattern);
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::Any) => {
                back = Some((p, t));
                p += 1;
            }
            Some(Token::One) => (p, t) = (p + 1, t + 1),
            Some(Token::This(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            Some(Token::This(_)) | None => match back {
                Some((star, taken)) => {
                    back = Some((star, taken + 1));
                    (p, t) = (star + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|token| *token == Token::Any)
}

/// Whether some text matches both patterns.
pub fn meets(a: &str, b: &str) -> bool {
    match (is_wild(a), is_wild(b)) {
        (false, false) => a == b,
        (true, false) => matches(a, b),
        (false, true) => matches(b, a),
        (true, true) => both(&tokens(a), &tokens(b)),
    }
}

/// One row of the table of common texts at a time: `row[j]` says whether the ends of both patterns, from here
/// on, have one.
fn both(a: &[Token], b: &[Token]) -> bool {
    let mut after = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (None, Some(Token::Any)) => row[j + 1],
                (None, Some(_)) => false,
                (Some(Token::Any), None) => after[j],
                (Some(_), None) => false,
                (Some(Token::Any), Some(Token::Any)) => after[j] || row[j + 1],
                (Some(Token::Any), Some(_)) => after[j] || row[j + 1],
                (Some(_), Some(Token::Any)) => row[j + 1] || after[j],
                (Some(Token::This(x)), Some(Token::This(y))) => x == y && after[j + 1],
                (Some(_), Some(_)) => after[j + 1],
            };
        }
        after = row;
    }
    after[0]
}

/// Whether every text that matches `narrow` matches `wide`.
pub fn covers(wide: &str, narrow: &str) -> bool {
    if !is_wild(narrow) {
        return matches(wide, narrow);
    }
    // what comes before the first wildcard of `narrow` is all that its texts are sure to begin with
    let start = |pattern: &str| pattern.find(['*', '?']).unwrap_or(pattern.len());
    if !narrow[..start(narrow)].starts_with(&wide[..start(wide)]) {
        return false;
    }
    let (wide, narrow) = (tokens(wide), tokens(narrow));
    let mut after = vec![false; narrow.len() + 1];
    for i in (0..=wide.len()).rev() {
        let mut row = vec![false; narrow.len() + 1];
        for j in (0..=narrow.len()).rev() {
            row[j] = match (wide.get(i), narrow.get(j)) {
                (None, None) => true,
                (None, Some(_)) => false,
                (Some(Token::Any), None) => after[j],
                (Some(Token::Any), Some(_)) => after[j] || row[j + 1],
                (Some(_), None) | (Some(_), Some(Token::Any)) => false,
                (Some(Token::One), Some(_)) => after[j + 1],
                (Some(Token::This(x)), Some(Token::This(y))) => x == y && after[j + 1],
                (Some(Token::This(_)), Some(Token::One)) => false,
            };
        }
        after = row;
    }
    after[0]
}

/// A pattern as it reads in the partition of commercial regions, which all spaces here are written in.
pub fn same_partition(pattern: &str, space: &str) -> String {
    if !space.starts_with("arn:aws:") {
        return pattern.to_string();
    }
    match pattern.strip_prefix("arn:").and_then(|rest| rest.split_once(':')) {
        Some((partition, rest)) if Partition::NAMES.contains(&partition) => format!("arn:aws:{rest}"),
        Some(_) | None => pattern.to_string(),
    }
}

/// Like [`matches`], but each of the six parts of an ARN by itself, as `ArnLike` compares. What is no ARN
/// matches nothing.
pub fn matches_arn(pattern: &str, arn: &str) -> bool {
    let (pattern, arn): (Vec<&str>, Vec<&str>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern.len() == 6 && arn.len() == 6 && pattern.iter().zip(&arn).all(|(p, a)| matches(p, a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_slashes_and_colons() {
        assert!(matches("arn:aws:iam::111122223333:*", "arn:aws:iam::111122223333:role/a/b"));
        assert!(matches("arn:aws:s3:::*/*.csv", "arn:aws:s3:::records/2026/a.csv"));
        assert!(!matches("arn:aws:s3:::*/*.csv", "arn:aws:s3:::records/2026/a.pdf"));
        assert!(matches("s3:GetObjec?", "s3:GetObject") && !matches("s3:GetObject?", "s3:GetObject"));
        assert!(matches("a*b*c", "a-b-b-c") && !matches("a*b*c", "a-b-b"));
    }

    #[test]
    fn patterns_meet_and_cover() {
        assert!(meets("arn:aws:s3:::*/*.csv", "arn:aws:s3:::records/*"));
        assert!(!meets("arn:aws:s3:::logs-*", "arn:aws:s3:::records/*"));
        assert!(meets("a?c*", "*b*d") && !meets("a?", "b*"));
        assert!(covers("arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/*"));
        assert!(!covers("arn:aws:iam::*:role/x*", "arn:aws:iam::*:role/*"));
        assert!(covers("*?", "?*") && covers("*", "*/*.csv") && !covers("*.csv", "*"));
    }

    #[test]
    fn arns_are_compared_part_by_part() {
        assert!(matches_arn("arn:aws:iam::*:role/x", "arn:aws:iam::111122223333:role/x"));
        assert!(!matches_arn("arn:aws:*:role/x", "arn:aws:iam::111122223333:role/x"));
    }
}
