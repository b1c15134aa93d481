//! SQLite's text functions whose time grows with the product of their arguments, made anew so that one call
//! ends: SQLite looks at its bounds only between calls, and `instr` over twenty million characters took
//! hours. What they answer is what SQLite answers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ffi};

/// What one comparison with a pattern may cost, in characters looked at.
const MOST_WORK: u64 = 50_000_000;
/// What `replace` may make, in bytes.
const LONGEST: usize = 16 << 20;

/// Puts them in the place of SQLite's own.
pub(super) fn functions(db: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    db.create_scalar_function("instr", 2, flags, |context| {
        let (Some(text), Some(part)) = (text(context, 0), text(context, 1)) else { return Ok(None) };
        Ok(Some(text.find(&*part).map_or(0, |at| text[..at].chars().count() as i64 + 1)))
    })?;
    db.create_scalar_function("replace", 3, flags, replace)?;
    db.create_scalar_function("like", 2, flags, |context| kept(context, |text| Pattern::like(text, None)))?;
    db.create_scalar_function("like", 3, flags, |context| {
        let Some(escape) = text(context, 2) else { return Ok(None) };
        let mut escape = escape.chars();
        let (Some(escape), None) = (escape.next(), escape.next()) else {
            return Err(Error::UserFunctionError("ESCAPE expression must be a single character".into()));
        };
        matches(context, |pattern| Ok(Pattern::like(pattern, Some(escape)).into()))
    })?;
    db.create_scalar_function("glob", 2, flags, |context| kept(context, Pattern::glob))?;
    db.create_scalar_function("trim", 2, flags, |context| trimmed(context, true, true))?;
    db.create_scalar_function("ltrim", 2, flags, |context| trimmed(context, true, false))?;
    db.create_scalar_function("rtrim", 2, flags, |context| trimmed(context, false, true))
}

/// An argument as text; nothing for NULL.
fn text<'a>(context: &'a Context<'_>, at: usize) -> Option<Cow<'a, str>> {
    match context.get_raw(at) {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(format!("{number:?}").into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

/// SQLite's own error; with words it would become another one.
fn failed(code: std::ffi::c_int) -> Error {
    Error::SqliteFailure(ffi::Error::new(code), None)
}

fn replace(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let (Some(whole), Some(from), Some(to)) = (text(context, 0), text(context, 1), text(context, 2)) else {
        return Ok(None);
    };
    if from.is_empty() {
        return Ok(Some(whole.into_owned()));
    }
    let grown = if to.len() > from.len() {
        whole.matches(&*from).count().saturating_mul(to.len() - from.len())
    } else {
        0
    };
    if whole.len().saturating_add(grown) > LONGEST {
        return Err(failed(ffi::SQLITE_TOOBIG));
    }
    Ok(Some(whole.replace(&*from, &to)))
}

fn trimmed(context: &Context<'_>, front: bool, back: bool) -> rusqlite::Result<Option<String>> {
    let (Some(whole), Some(set)) = (text(context, 0), text(context, 1)) else { return Ok(None) };
    let set: BTreeSet<char> = set.chars().collect();
    let mut left = &*whole;
    if front {
        left = left.trim_start_matches(|c| set.contains(&c));
    }
    if back {
        left = left.trim_end_matches(|c| set.contains(&c));
    }
    Ok(Some(left.to_owned()))
}

/// A pattern that is a constant is taken apart once.
fn kept(context: &Context<'_>, read: impl Fn(&str) -> Pattern) -> rusqlite::Result<Option<bool>> {
    matches(context, |pattern| context.get_or_create_aux(0, |_| Ok::<_, Error>(read(pattern))))
}

/// `X LIKE Y` is `like(Y, X)`: the pattern comes first.
fn matches(
    context: &Context<'_>,
    read: impl Fn(&str) -> rusqlite::Result<Arc<Pattern>>,
) -> rusqlite::Result<Option<bool>> {
    let (Some(pattern), Some(subject)) = (text(context, 0), text(context, 1)) else { return Ok(None) };
    match read(&pattern)?.holds(to_zero(&subject)) {
        Some(holds) => Ok(Some(holds)),
        None => Err(failed(ffi::SQLITE_INTERRUPT)),
    }
}

/// SQLite's patterns end at a zero character, and so does what they are compared with.
fn to_zero(text: &str) -> &str {
    text.split('\0').next().unwrap_or_default()
}

/// A pattern of LIKE or GLOB, taken apart.
struct Pattern(Vec<Token>);

enum Token {
    Any,
    One,
    Just(char),
    /// LIKE: the same whatever the case, of ASCII letters alone.
    Letter(char),
    Set {
        inverted: bool,
        ranges: Vec<(char, char)>,
    },
    /// What is cut short matches nothing.
    Never,
}

impl Pattern {
    fn like(pattern: &str, escape: Option<char>) -> Pattern {
        let mut rest = to_zero(pattern).chars();
        let literal = |c: char| {
            if c.is_ascii_alphabetic() { Token::Letter(c.to_ascii_lowercase()) } else { Token::Just(c) }
        };
        let mut tokens = Vec::new();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                c if Some(c) == escape => rest.next().map_or(Token::Never, literal),
                '%' => Token::Any,
                '_' => Token::One,
                c => literal(c),
            });
        }
        Pattern(tokens)
    }

    fn glob(pattern: &str) -> Pattern {
        let mut rest = to_zero(pattern).chars();
        let mut tokens = Vec::new();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' => Token::Any,
                '?' => Token::One,
                '[' => set(&mut rest),
                c => Token::Just(c),
            });
        }
        Pattern(tokens)
    }

    /// Whether all of `text` fits; nothing if that costs too much. Only the last `Any` is ever tried again:
    /// what an earlier one could take, that one takes.
    fn holds(&self, text: &str) -> Option<bool> {
        let (mut token, mut at, mut work) = (0, 0, 0u64);
        let mut again: Option<(usize, usize)> = None;
        while let Some(c) = text[at..].chars().next() {
            work += 1;
            if work > MOST_WORK {
                return None;
            }
            match self.0.get(token) {
                Some(Token::Any) => {
                    token += 1;
                    again = Some((token, at));
                }
                Some(one) if one.takes(c) => (token, at) = (token + 1, at + c.len_utf8()),
                Some(_) | None => {
                    let Some((after, from)) = again else { return Some(false) };
                    let from = from + text[from..].chars().next().map_or(0, char::len_utf8);
                    (token, at, again) = (after, from, Some((after, from)));
                }
            }
        }
        Some(self.0[token..].iter().all(|token| matches!(token, Token::Any)))
    }
}

impl Token {
    fn takes(&self, c: char) -> bool {
        match self {
            Token::Any | Token::Never => false,
            Token::One => true,
            Token::Just(own) => *own == c,
            Token::Letter(own) => *own == c.to_ascii_lowercase(),
            Token::Set { inverted, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *inverted
            }
        }
    }
}

/// What follows a `[`: a `^` turns the set round, a `]` in the first place is itself, and a `-` between two
/// makes a range. After a range another `-` is itself.
fn set(rest: &mut std::str::Chars<'_>) -> Token {
    let mut next = rest.next();
    let inverted = next == Some('^');
    if inverted {
        next = rest.next();
    }
    let (mut ranges, mut before) = (Vec::new(), None);
    if next == Some(']') {
        ranges.push((']', ']'));
        next = rest.next();
    }
    loop {
        let Some(c) = next else { return Token::Never };
        let following = rest.as_str().chars().next();
        match (c, before, following) {
            (']', _, _) => return Token::Set { inverted, ranges },
            ('-', Some(first), Some(last)) if last != ']' => {
                rest.next();
                ranges.push((first, last));
                before = None;
            }
            (c, _, _) => {
                ranges.push((c, c));
                before = Some(c);
            }
        }
        next = rest.next();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair() -> (Connection, Connection) {
        let (stock, ours) =
            (Connection::open_in_memory().expect("memory"), Connection::open_in_memory().expect("memory"));
        functions(&ours).expect("registered");
        (stock, ours)
    }

    const ASKED: [&str; 9] = [
        "SELECT ?1 LIKE ?2 || '' || substr(?3, 1, 0)",
        "SELECT ?1 LIKE ?2 ESCAPE '\\' || substr(?3, 1, 0)",
        "SELECT ?1 GLOB ?2 || substr(?3, 1, 0)",
        "SELECT instr(?1, ?2) || substr(?3, 1, 0)",
        "SELECT replace(?1, ?2, ?3)",
        "SELECT trim(?1, ?2) || substr(?3, 1, 0)",
        "SELECT ltrim(?1, ?2) || substr(?3, 1, 0)",
        "SELECT rtrim(?1, ?2) || substr(?3, 1, 0)",
        "SELECT (?1 NOT LIKE ?2) || (?3 NOT GLOB ?2)",
    ];

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 3_000,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        #[test]
        fn the_answers_are_those_of_sqlite(
            one in r"[abAB%_*?\[\]^\\é😀\-]{0,9}",
            two in r"[abAB%_*?\[\]^\\é😀\-]{0,7}",
            three in r"[aB%*é]{0,3}",
        ) {
            let (stock, ours) = pair();
            for sql in ASKED {
                let ask = |db: &Connection| {
                    db.query_row(sql, [&one, &two, &three], |row| row.get::<_, rusqlite::types::Value>(0))
                        .ok()
                };
                prop_assert_eq!(ask(&stock), ask(&ours), "{} with {:?}, {:?}, {:?}", sql, one, two, three);
            }
        }
    }

    #[test]
    fn null_and_numbers_are_as_in_sqlite() {
        let (stock, ours) = pair();
        for sql in [
            "SELECT instr(NULL, 'a')",
            "SELECT instr(12345, 34)",
            "SELECT replace(1.5, '.', ',')",
            "SELECT 10 LIKE '1%'",
            "SELECT NULL GLOB '*'",
            "SELECT trim(NULL, 'x')",
            "SELECT 'a' LIKE NULL",
            "SELECT replace('a', '', 'b')",
            "SELECT 'aé' LIKE 'AÉ'",
            "SELECT typeof(replace(1, 2, 3))",
            "SELECT 'a' LIKE 'a' ESCAPE NULL",
        ] {
            let ask = |db: &Connection| {
                db.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).expect(sql)
            };
            assert_eq!(ask(&stock), ask(&ours), "{sql}");
        }
    }

    #[test]
    fn one_call_ends() {
        let (_, ours) = pair();
        let long = "a".repeat(4_000_000);
        let part = format!("{}b", &long[..2_000_000]);
        for sql in
            ["SELECT instr(?1, ?2)", "SELECT length(replace(?1, ?2, ''))", "SELECT length(trim(?1, ?2))"]
        {
            ours.query_row(sql, [&long, &part], |row| row.get::<_, i64>(0)).expect(sql);
        }
        let stopped = ours
            .query_row("SELECT ?1 LIKE '%' || ?2", [&long, &part], |row| row.get::<_, i64>(0))
            .expect_err("too long");
        assert_eq!(super::super::bounds::exceeded(&stopped), Some("it needs too many steps or too long"));
        let grown = ours
            .query_row("SELECT replace(?1, 'a', ?2)", [&long, &part], |row| row.get::<_, String>(0))
            .expect_err("too big");
        assert_eq!(super::super::bounds::exceeded(&grown), Some("a value in it grows too long"));
    }
}
