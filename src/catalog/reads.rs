//! Which tables a SELECT names, read off its text: enough to order the catalog's tables and to know what each
//! is made from. The engine compares it with what SQLite's authorizer saw, so a name that is missed here is
//! an error and never a pass.

use std::collections::BTreeSet;

/// A piece of SQL that matters here.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    /// A bare or quoted name, or a keyword.
    Word(String),
    Text(String),
    Sign(char),
}

/// Words that end the list of tables after `FROM`.
const AFTER_FROM: [&str; 11] = [
    "where",
    "group",
    "having",
    "order",
    "limit",
    "union",
    "except",
    "intersect",
    "window",
    "select",
    "values",
];

/// The names of `known` tables that `sql` reads from: after `FROM`, `JOIN` and `IN`, and after a comma
/// between tables.
pub fn tables(sql: &str, known: &BTreeSet<&str>) -> BTreeSet<String> {
    let pieces = pieces(sql);
    let mut found = BTreeSet::new();
    // for each open parenthesis: whether tables are listed here
    let mut listing = vec![false];
    for (at, piece) in pieces.iter().enumerate() {
        let inside = listing.last().copied().unwrap_or_default();
        match piece {
            Piece::Sign('(') => listing.push(inside && opens_tables(&pieces[..at])),
            Piece::Sign(')') => {
                listing.pop();
            }
            Piece::Word(word) => {
                let lower = word.to_ascii_lowercase();
                if expects_table(&pieces[..at], inside) && known.contains(lower.as_str()) {
                    found.insert(lower.clone());
                }
                let now =
                    listing.last_mut().filter(|_| lower == "from" || AFTER_FROM.contains(&lower.as_str()));
                now.into_iter().for_each(|listing| *listing = lower == "from");
            }
            Piece::Text(_) | Piece::Sign(_) => {}
        }
    }
    found
}

/// Whether what follows `before` is where a table is named.
fn expects_table(before: &[Piece], listing: bool) -> bool {
    match before {
        [.., Piece::Word(schema), Piece::Sign('.')] => {
            matches!(schema.to_ascii_lowercase().as_str(), "main" | "temp")
        }
        [.., Piece::Word(word)] => matches!(word.to_ascii_lowercase().as_str(), "from" | "join" | "in"),
        [.., Piece::Sign(',' | '(')] => listing,
        _ => false,
    }
}

/// Whether a parenthesis that follows `before`, where tables are listed, holds tables too.
fn opens_tables(before: &[Piece]) -> bool {
    match before {
        [.., Piece::Word(word)] => matches!(word.to_ascii_lowercase().as_str(), "from" | "join"),
        [.., Piece::Sign(sign)] => matches!(sign, ',' | '('),
        _ => false,
    }
}

/// Every text literal compared with a column: `column = 'x'`, `column == 'x'`, `column IS 'x'`, `column IN
/// ('x', 'y')`.
pub fn compared(sql: &str, column: &str) -> BTreeSet<String> {
    let pieces = pieces(sql);
    let mut found = BTreeSet::new();
    for (at, piece) in pieces.iter().enumerate() {
        if !matches!(piece, Piece::Word(word) if word.eq_ignore_ascii_case(column)) {
            continue;
        }
        let rest = &pieces[at + 1..];
        let is_in =
            matches!(rest, [Piece::Word(word), Piece::Sign('('), ..] if word.eq_ignore_ascii_case("in"));
        let list: &[Piece] = match rest {
            [Piece::Sign('='), Piece::Sign('='), more @ ..] | [Piece::Sign('='), more @ ..] => {
                &more[..more.len().min(1)]
            }
            [Piece::Word(word), more @ ..] if word.eq_ignore_ascii_case("is") => &more[..more.len().min(1)],
            _ if is_in => &rest[2..],
            _ => &[],
        };
        let texts = list.iter().take_while(|piece| !matches!(piece, Piece::Sign(')')));
        found.extend(texts.filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Word(_) | Piece::Sign(_) => None,
        }));
    }
    found
}

fn pieces(sql: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (piece, length) = match first {
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '\'' => quoted(rest, '\'')
                .map_or((None, rest.len()), |(text, length)| (Some(Piece::Text(text)), length)),
            '"' | '`' => quoted(rest, first)
                .map_or((None, rest.len()), |(text, length)| (Some(Piece::Word(text)), length)),
            '[' => rest
                .find(']')
                .map_or((None, rest.len()), |end| (Some(Piece::Word(rest[1..end].to_string())), end + 1)),
            c if c.is_whitespace() => (None, c.len_utf8()),
            c if is_name(c) => {
                let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                (Some(Piece::Word(rest[..length].to_string())), length)
            }
            c => (Some(Piece::Sign(c)), c.len_utf8()),
        };
        out.extend(piece);
        rest = &rest[length..];
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The text between two `mark`s, where two together stand for one, and the length of it all.
fn quoted(rest: &str, mark: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != mark {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == mark).is_some() {
            text.push(mark);
        } else {
            return Some((text, at + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(sql: &str) -> Vec<String> {
        tables(sql, &BTreeSet::from(["a", "b", "c", "resource", "response"])).into_iter().collect()
    }

    #[test]
    fn names_of_tables_are_found_wherever_they_may_stand() {
        assert_eq!(named("SELECT x FROM a"), ["a"]);
        assert_eq!(named("SELECT x FROM A AS b, \"c\""), ["a", "c"]);
        assert_eq!(
            named("WITH w AS (SELECT 1 FROM main.a) SELECT * FROM w JOIN (b JOIN c ON b.x IN (1, 2)) ON 1"),
            ["a", "b", "c"]
        );
        assert_eq!(
            named("SELECT (SELECT max(x) FROM a WHERE a.y = b.y) FROM b WHERE x IN c"),
            ["a", "b", "c"]
        );
        assert_eq!(named("SELECT 1 FROM json_each('[]') AS e LEFT JOIN[a]USING (x), `b`"), ["a", "b"]);
        assert_eq!(
            named("SELECT 1 FROM a ON a.x = 1, b UNION ALL SELECT c, resource FROM response"),
            ["a", "b", "response"]
        );
    }

    #[test]
    fn columns_literals_and_comments_are_no_tables() {
        assert_eq!(
            named(
                "SELECT x, a, b AS c, w.resource FROM t -- FROM a\n/* FROM b */ WHERE z = 'it''s FROM c' \
                 ORDER BY x, a"
            ),
            [""; 0]
        );
        assert_eq!(named("SELECT coalesce(x, a) FROM t WHERE y IN (a, b) GROUP BY z, c"), [""; 0]);
    }

    #[test]
    fn literals_that_a_column_is_compared_with() {
        let sql = "SELECT 1 FROM resource WHERE r.type = 'A' OR type IN ('B', 'C''') AND kind = 'D' OR type \
                   == 'E' OR type IS 'F'";
        assert_eq!(compared(sql, "type").into_iter().collect::<Vec<_>>(), ["A", "B", "C'", "E", "F"]);
        assert!(compared("json_type(x) = 'object'", "type").is_empty());
    }
}
