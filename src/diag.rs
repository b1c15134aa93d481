//! What went wrong, in words a person can act on: a stable code, a place, a message and a hint. It decides no exit code.

use std::fmt;

use serde::Serialize;

/// One problem. `code` is stable across versions; `docs/src/diagnostics.md` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub code: &'static str,
    pub file: Option<String>,
    /// 1-based line and column.
    pub place: Option<(u64, u64)>,
    pub message: String,
    pub hint: Option<String>,
}

impl Diagnostic {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { code, file: None, place: None, message: message.into(), hint: None }
    }

    pub fn file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    pub fn at(mut self, line: u64, column: u64) -> Self {
        self.place = (line > 0).then_some((line, column));
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", printable(file))?;
            if let Some((line, column)) = self.place {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{} [{}]", printable(&self.message), self.code)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", printable(hint))?;
        }
        Ok(())
    }
}

/// Several problems, all reported at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems(pub Vec<Diagnostic>);

impl Problems {
    pub fn push(&mut self, problem: Diagnostic) {
        self.0.push(problem);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok(value)` if nothing was found, else the problems.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "error: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Text from evidence made safe for a terminal: control and bidirectional characters become visible escapes.
/// New lines stay; everything else below U+0020, U+007F to U+009F and the bidi controls do not.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            c if is_hazard(c) => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

/// Neutralises spreadsheet formulas (OWASP, CSV injection) and makes control characters visible.
pub fn safe_cell(text: &str) -> String {
    let text = printable(text).replace('\n', "\\n");
    match text.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text,
    }
}

/// Characters that can move a cursor, break or reverse a line, or hide text: controls (C0 and C1), all of Unicode's format
/// characters (Cf), line and paragraph separators, variation selectors, tag characters, and fillers that print as nothing. The one
/// list of them; terminal, reports, CSV, bag-info.txt and `verify` ask here.
pub fn is_hazard(c: char) -> bool {
    c.is_control() || c >= HIDDEN[0].0 && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// What [`is_hazard`] knows beyond the controls, from Unicode 16.
const HIDDEN: [(char, char); 25] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_escapes_become_visible() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\n");
    }

    /// The list against the regex crate's Unicode tables.
    #[test]
    fn everything_that_unicode_calls_invisible_is_a_hazard() {
        let hidden =
            regex::Regex::new(r"^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}]$").expect("a pattern");
        let differs = |c: &char| hidden.is_match(c.encode_utf8(&mut [0; 4])) != is_hazard(*c);
        assert_eq!(('\0'..=char::MAX).filter(differs).collect::<String>(), "");
    }

    #[test]
    fn a_cell_holds_one_line_of_visible_text() {
        assert_eq!(safe_cell("a\u{2028}=1\u{ad}\n\u{e0041}"), "a\\u{2028}=1\\u{ad}\\n\\u{e0041}");
    }
}
