//! What a person did where the parser only says which character it could not use: marks of a merge, spaces
//! that are none, indentation. It looks at the text around the place, and says nothing where it does not know
//! better.

/// A better account of a syntax error: line and column, what is wrong, what to write.
pub struct Culprit {
    pub line: u64,
    pub column: u64,
    pub message: String,
    pub hint: &'static str,
}

/// Looks for the cause of an error at `line`; `item` where the parser expected the `-` of a list.
pub fn culprit(text: &str, line: u64, item: bool) -> Option<Culprit> {
    merge(text)
        .or_else(|| odd_space(text, line))
        .or_else(|| control(text, line))
        .or_else(|| if item { indentation(text, line) } else { None })
}

fn numbered(text: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(text.lines())
}

/// Marks that a merge leaves where it could not decide.
fn merge(text: &str) -> Option<Culprit> {
    let (line, _) = numbered(text)
        .find(|(_, l)| l.starts_with("<<<<<<< ") || l.starts_with(">>>>>>> ") || *l == "=======")?;
    let message = "a merge left its marks here, and both versions".to_string();
    let hint = "keep one version, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`";
    Some(Culprit { line, column: 1, message, hint })
}

/// Characters that look like spaces at the start of a line, there or on the lines just before it.
fn odd_space(text: &str, line: u64) -> Option<Culprit> {
    let near = numbered(text).filter(|(n, _)| *n <= line && *n + 3 > line);
    let odd = |(n, l): (u64, &str)| {
        let (column, c) =
            (1..).zip(l.chars().take_while(|c| c.is_whitespace())).find(|(_, c)| !c.is_ascii())?;
        Some((n, column, c))
    };
    let (line, column, c) = near.filter_map(odd).next()?;
    let message = format!(
        "the indentation holds a character that looks like a space and is none (U+{:04X})",
        u32::from(c)
    );
    Some(Culprit {
        line,
        column,
        message,
        hint: "delete the indentation of this line, and type it again with spaces",
    })
}

/// A character that no editor shows, in the line.
fn control(text: &str, line: u64) -> Option<Culprit> {
    let (_, here) = numbered(text).find(|(n, _)| *n == line)?;
    let hidden = |c: char| c.is_control() && !['\t', '\r'].contains(&c);
    let (column, c) = (1..).zip(here.chars()).find(|(_, c)| hidden(*c))?;
    let message = format!("a control character stands here (U+{:04X})", u32::from(c));
    Some(Culprit { line, column, message, hint: "delete it; many editors do not show it" })
}

/// A line without `- ` where the parser looked for one, because it is indented otherwise than what it belongs
/// to.
fn indentation(text: &str, line: u64) -> Option<Culprit> {
    let (_, here) = numbered(text).find(|(n, _)| *n == line)?;
    let member = here.trim_start();
    if member.starts_with('-') || !member.contains(':') {
        return None;
    }
    let column = (here.len() - member.len()) as u64 + 1;
    let message = format!("this line begins at column {column}, where no member above it does");
    Some(Culprit { line, column, message, hint: "indent the members of one entry alike" })
}

#[cfg(test)]
mod tests {
    use super::culprit;

    #[test]
    fn the_cause_is_told_and_not_the_place_where_the_parser_gave_up() {
        let found = |text: &str, line, item| culprit(text, line, item).map(|c| (c.line, c.column));
        assert_eq!(found("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> main\n", 2, false), Some((2, 1)));
        assert_eq!(found("a:\n \u{a0}b: 1\n  c: 2\n", 3, false), Some((2, 2)));
        assert_eq!(found("a:\n  - b: 1\n   c: 2\n", 3, true), Some((3, 4)));
        assert_eq!(found("a:\n  - b: 1\n - c: 2\n", 3, true), None, "an item is one");
        assert_eq!(found("a: [1\nb: 2\n", 2, false), None);
        assert_eq!(found("a: 1\nb: x\u{7}y\n", 2, false), Some((2, 5)));
    }
}
