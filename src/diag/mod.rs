//! What went wrong, in words a person can act on: a stable code, a place, a message and a hint. It decides no
//! exit code.

pub mod near;

use std::fmt;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gravity {
    /// Nothing can be made of it.
    #[default]
    Error,
    /// A starter's placeholder is still there: nothing is sealed over it.
    Unfinished,
    /// Good to know; it stops nothing.
    Warning,
}

impl Gravity {
    pub fn as_str(self) -> &'static str {
        match self {
            Gravity::Error => "error",
            Gravity::Unfinished => "unfinished",
            Gravity::Warning => "warning",
        }
    }
}

/// The line that a problem is about, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    pub line: String,
    /// In characters: where the part begins, from 1, and how long it is.
    pub column: u64,
    pub width: u64,
}

/// One problem. `code` is stable across versions; `docs/src/diagnostics.md` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub level: Gravity,
    pub code: &'static str,
    pub file: Option<String>,
    /// 1-based line and column.
    pub place: Option<(u64, u64)>,
    pub message: String,
    pub hint: Option<Box<str>>,
    /// Boxed, so that an `Err` of one problem stays small.
    pub excerpt: Option<Box<Excerpt>>,
}

impl Diagnostic {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Diagnostic {
            level: Gravity::Error,
            code,
            file: None,
            place: None,
            message,
            hint: None,
            excerpt: None,
        }
    }

    pub fn level(mut self, level: Gravity) -> Self {
        self.level = level;
        self
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
        self.hint = Some(hint.into().into_boxed_str()).filter(|hint| !hint.is_empty());
        self
    }

    /// Shows the line that it is about, from the text in which it stands, with `width` characters marked.
    pub fn quoting(mut self, text: &str, width: u64) -> Self {
        let Some((line, column)) = self.place else { return self };
        let quoted = usize::try_from(line - 1).ok().and_then(|index| text.lines().nth(index));
        self.excerpt = quoted.map(|line| Box::new(Excerpt { line: line.to_string(), column, width }));
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
        if let (Some((line, _)), Some(excerpt)) = (self.place, &self.excerpt) {
            write!(f, "{}", excerpt.drawn(line))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", printable(hint))?;
        }
        Ok(())
    }
}

impl Excerpt {
    /// The line with its number, and carets below the part; a long line is cut around it.
    fn drawn(&self, number: u64) -> String {
        const BEFORE: usize = 60;
        const WHOLE: usize = 100;
        let chars: Vec<char> =
            self.line.trim_end().chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let at = usize::try_from(self.column.max(1) - 1).unwrap_or(0).min(chars.len());
        let from = if chars.len() > WHOLE { at.saturating_sub(BEFORE) } else { 0 };
        let to = chars.len().min(from + WHOLE);
        let safe = |part: &[char]| printable(&part.iter().collect::<String>());
        let (before, marked) =
            (safe(&chars[from..at]), usize::try_from(self.width).unwrap_or(1).clamp(1, (to - at).max(1)));
        let carets = safe(&chars[at..(at + marked).min(to)]).width().max(1);
        let number = number.to_string();
        let cut = |yes: bool| if yes { "..." } else { "" };
        format!(
            "\n  {number} | {}{}{}\n  {} | {}{}",
            cut(from > 0),
            safe(&chars[from..to]),
            cut(to < chars.len()),
            " ".repeat(number.len()),
            " ".repeat(before.width() + cut(from > 0).len()),
            "^".repeat(carets)
        )
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
            write!(f, "{}: {problem}", problem.level.as_str())?;
        }
        Ok(())
    }
}

impl FromIterator<Diagnostic> for Problems {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(problems: I) -> Self {
        Problems(problems.into_iter().collect())
    }
}

impl Extend<Diagnostic> for Problems {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, problems: I) {
        self.0.extend(problems);
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

/// JSON in which nothing is hidden: what is a hazard stands as an escape, and what it says stays the same.
pub fn visible_json(json: Vec<u8>) -> Vec<u8> {
    let hidden = |c: char| is_hazard(c) && !matches!(c, '\n' | '\r' | '\t');
    match std::str::from_utf8(&json) {
        Ok(text) if !json.is_ascii() && text.chars().any(hidden) => {
            let mut out = String::with_capacity(text.len() + 64);
            text.chars().for_each(|c| if hidden(c) { push_as_json(c, &mut out) } else { out.push(c) });
            out.into_bytes()
        }
        Ok(_) | Err(_) => json,
    }
}

/// A character as JSON escapes it, in one unit of UTF-16 or two.
pub fn push_as_json(c: char, out: &mut String) {
    c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
}

/// Characters that can move a cursor, break or reverse a line, or hide text: controls (C0 and C1), all of
/// Unicode's format characters (Cf), line and paragraph separators, variation selectors, tag characters, and
/// fillers that print as nothing. The one list of them; terminal, reports, CSV, bag-info.txt and `verify` ask
/// here.
pub fn is_hazard(c: char) -> bool {
    c.is_control() || c >= HIDDEN[0].0 && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// What [`is_hazard`] knows beyond the controls, from Unicode 16.
const HIDDEN: [(char, char); 27] = [
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
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
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

    #[test]
    fn a_problem_shows_its_line_with_carets() {
        let text = "a: 1\n\trolle: x\n";
        let shown =
            Diagnostic::new("AFX-001", "wrong").file("f").at(2, 2).quoting(text, 5).hint("h").to_string();
        assert_eq!(shown, "f:2:2: wrong [AFX-001]\n  2 |  rolle: x\n    |  ^^^^^\n  hint: h");
        let long = format!("{}X{}", "a".repeat(500), "b".repeat(500));
        let shown = Diagnostic::new("AFX-001", "wrong").file("f").at(1, 501).quoting(&long, 1).to_string();
        assert!(shown.lines().all(|line| line.len() < 120), "{shown}");
        let (line, carets) = (shown.lines().nth(1).expect("a line"), shown.lines().nth(2).expect("carets"));
        assert_eq!(line.find('X'), carets.find('^'));
    }

    /// The list against the regex crate's Unicode tables, and two characters that no table calls invisible
    /// and every font draws as a blank.
    #[test]
    fn everything_that_unicode_calls_invisible_is_a_hazard() {
        let hidden = regex::Regex::new(
            r"^[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}]$",
        )
        .expect("a pattern");
        let blank = |c: char| ['\u{2800}', '\u{1d159}'].contains(&c);
        let differs = |c: &char| (hidden.is_match(c.encode_utf8(&mut [0; 4])) || blank(*c)) != is_hazard(*c);
        assert_eq!(('\0'..=char::MAX).filter(differs).collect::<String>(), "");
    }

    #[test]
    fn json_hides_nothing_and_says_the_same() {
        let value = serde_json::json!({ "a\u{202e}": "é\u{e0041}\u{7f}\n" });
        let shown = visible_json(serde_json::to_vec_pretty(&value).expect("JSON"));
        assert!(
            !String::from_utf8_lossy(&shown).chars().any(|c| is_hazard(c) && c != '\n'),
            "{}",
            String::from_utf8_lossy(&shown)
        );
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&shown).expect("JSON"), value);
    }

    #[test]
    fn a_cell_holds_one_line_of_visible_text() {
        assert_eq!(safe_cell("a\u{2028}=1\u{ad}\n\u{e0041}"), "a\\u{2028}=1\\u{ad}\\n\\u{e0041}");
    }
}
