//! How the terminal looks: colour and symbols where they can be shown, plain words always.

#![allow(clippy::disallowed_methods)] // what the terminal can show

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU8, Ordering};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diag::printable;
use crate::model::verdict::{Counts, Verdict};

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    Text,
    Json,
}

/// When color is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// What the command line says of color; for the whole program.
pub fn choose(color: Color) {
    CHOSEN.store(color as u8, Ordering::Relaxed);
}

/// What a terminal shows of a line at least.
pub const COLUMNS: usize = 80;

/// What is longer is no word, but an ARN or a path, and is cut where the line ends.
const LONGEST_WORD: usize = 24;

/// `text` in lines of at most `width` columns, broken between words; lines that go on are indented further
/// than they begin. What has no space stays whole.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        if !out.is_empty() {
            out.push('\n');
        }
        let margin = line.len() - line.trim_start().len();
        out.push_str(&line[..margin]);
        out.push_str(&filled(line.split_whitespace(), margin, margin + 4, width));
    }
    out
}

/// Words in lines of at most `width` columns, begun at column `at`; those that follow begin at `below`.
fn filled<'a>(words: impl Iterator<Item = &'a str>, at: usize, below: usize, width: usize) -> String {
    let mut out = String::new();
    let mut used = at;
    for (n, word) in words.enumerate() {
        if n > 0 && used + 1 + word.width() > width {
            used = below;
            out.push_str(&format!("\n{}", " ".repeat(below)));
        } else if n > 0 {
            used += 1;
            out.push(' ');
        }
        used += word.width();
        out.push_str(word);
    }
    out
}

/// Sentences on a terminal: lines that are longer than it break between words. The lines of a file that are
/// quoted, with what points into them, stay as they are.
pub fn sentences(text: &str) -> String {
    let one = |line: &str| match line.width() > COLUMNS && !line.contains(" | ") {
        true => wrapped(line, COLUMNS),
        false => line.to_string(),
    };
    text.split('\n').map(one).collect::<Vec<_>>().join("\n")
}

/// Where standard output is a terminal: `text` broken so that, begun at column `at`, every line of it ends
/// within [`COLUMNS`], and those that follow begin at the same column. Whole for whatever reads it elsewhere.
pub fn hanging(text: &str, at: usize) -> String {
    if std::io::stdout().is_terminal() { broken(text, at, COLUMNS) } else { text.to_string() }
}

fn broken(text: &str, at: usize, width: usize) -> String {
    filled(text.split(' '), at, at, width)
}

/// What the terminal can show.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub colour: bool,
    pub unicode: bool,
}

impl Style {
    /// Colour only on a terminal and without `NO_COLOR`; symbols where the locale says UTF-8, or nothing says
    /// otherwise.
    pub fn of_stdout() -> Style {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let terminal = std::io::stdout().is_terminal();
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
        let utf8 = locale.is_none_or(|l| {
            let l = l.to_ascii_lowercase();
            l.contains("utf-8") || l.contains("utf8")
        });
        let fitting = terminal && !set("NO_COLOR") && std::env::var("TERM").as_deref() != Ok("dumb");
        let chosen = CHOSEN.load(Ordering::Relaxed);
        let colour = chosen == Color::Always as u8 || (fitting && chosen != Color::Never as u8);
        Style { colour, unicode: utf8 }
    }

    pub fn mark(self, verdict: Verdict) -> &'static str {
        match (verdict, self.unicode) {
            (Verdict::Met, true) => "●",
            (Verdict::NotMet, true) => "■",
            (Verdict::NotEvidenced, true) => "◌",
            (Verdict::Accepted, true) => "◆",
            (Verdict::Attested, true) => "▲",
            (Verdict::NotApplicable, true) => "–",
            (Verdict::Met, false) => "o",
            (Verdict::NotMet, false) => "X",
            (Verdict::NotEvidenced, false) => "?",
            (Verdict::Accepted, false) => "a",
            (Verdict::Attested, false) => "t",
            (Verdict::NotApplicable, false) => "-",
        }
    }

    pub fn paint(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Met => "32",
            Verdict::NotMet => "1;31",
            Verdict::NotEvidenced => "90",
            Verdict::Accepted => "33",
            Verdict::Attested => "34",
            Verdict::NotApplicable => "90",
        };
        self.with(code, text)
    }

    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.with("90", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    /// A bar of `width` cells, shared among verdicts by count; whatever occurs gets at least one cell.
    pub fn bar(self, counts: &Counts, width: usize) -> String {
        let order = [
            Verdict::NotMet,
            Verdict::NotEvidenced,
            Verdict::Accepted,
            Verdict::Attested,
            Verdict::Met,
            Verdict::NotApplicable,
        ];
        let total = counts.total();
        if total == 0 {
            return " ".repeat(width);
        }
        let mut cells: Vec<(Verdict, usize)> = order
            .into_iter()
            .filter(|v| counts.of(*v) > 0)
            .map(|v| (v, ((counts.of(v) as f64 / total as f64 * width as f64).round() as usize).max(1)))
            .collect();
        while cells.iter().map(|(_, n)| n).sum::<usize>() > width {
            if let Some((_, n)) = cells.iter_mut().max_by_key(|(_, n)| *n) {
                *n -= 1;
            }
        }
        while cells.iter().map(|(_, n)| n).sum::<usize>() < width {
            if let Some((_, n)) = cells.iter_mut().max_by_key(|(_, n)| *n) {
                *n += 1;
            }
        }
        cells.iter().map(|(v, n)| self.paint(*v, &self.cell(*v).repeat(*n))).collect()
    }

    fn cell(self, verdict: Verdict) -> &'static str {
        match (verdict, self.unicode) {
            (Verdict::NotMet, true) => "█",
            (Verdict::NotEvidenced, true) => "░",
            (Verdict::Accepted, true) => "▚",
            (Verdict::Attested, true) => "▒",
            (Verdict::Met, true) => "▇",
            (Verdict::NotApplicable, true) => "·",
            (Verdict::NotMet, false) => "X",
            (Verdict::NotEvidenced, false) => "?",
            (Verdict::Accepted, false) => "a",
            (Verdict::Attested, false) => "t",
            (Verdict::Met, false) => "=",
            (Verdict::NotApplicable, false) => ".",
        }
    }

    /// `text` made safe and cut to `width` columns, between words where these are short.
    pub fn fit(self, text: &str, width: usize) -> String {
        let text = printable(text).replace('\n', " ");
        if text.width() <= width {
            return text;
        }
        let dots = if self.unicode { "…" } else { "..." };
        let mut out = String::new();
        let mut used = 0;
        for c in text.chars() {
            let w = c.width().unwrap_or(0);
            if used + w + dots.width() > width {
                break;
            }
            used += w;
            out.push(c);
        }
        if !text[out.len()..].starts_with(' ')
            && let Some(at) = out.rfind(' ').filter(|at| out.len() - at <= LONGEST_WORD)
        {
            out.truncate(at);
        }
        out.trim_end_matches([' ', ',', ';', ':']).to_string() + dots
    }

    /// `text` fitted and padded to exactly `width` columns.
    pub fn column(self, text: &str, width: usize) -> String {
        let text = self.fit(text, width);
        let pad = width.saturating_sub(text.width());
        text + &" ".repeat(pad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_their_width_and_show_the_smallest_share() {
        let style = Style { colour: false, unicode: false };
        let counts = Counts { not_met: 1, met: 100_000, ..Counts::default() };
        assert_eq!(style.bar(&counts, 10), "X=========");
        let counts =
            Counts { not_met: 1, not_evidenced: 1, accepted: 1, attested: 1, met: 1, not_applicable: 1 };
        assert_eq!(style.bar(&counts, 8).len(), 8);
    }

    #[test]
    fn lines_break_and_end_between_words() {
        let line = "  36 checks: sts:GetCallerIdentity not collected, 111122223333 aws-global (no answer)";
        let lines = wrapped(&format!("gaps: 2\n{line}"), 40);
        assert_eq!(
            lines,
            concat!(
                "gaps: 2\n  36 checks: sts:GetCallerIdentity not\n",
                "      collected, 111122223333 aws-global\n      (no answer)"
            )
        );
        assert_eq!(wrapped("a-path/that/is/longer", 8), "a-path/that/is/longer");
        let style = Style { colour: false, unicode: true };
        let words = "a plan copies each store to another region";
        assert_eq!(style.fit(words, 30), "a plan copies each store to…");
        assert_eq!(style.fit("arn:aws:s3:::a-bucket-of-records", 20), "arn:aws:s3:::a-buck…");
    }

    #[test]
    fn quoted_lines_are_not_broken() {
        let quoted = format!("  18 |   label: {}", "x ".repeat(60));
        assert_eq!(sentences(&format!("short\n{quoted}")), format!("short\n{quoted}"));
        assert!(sentences(&"word ".repeat(40)).lines().all(|line| line.len() <= COLUMNS));
    }

    #[test]
    fn what_goes_on_begins_below_where_it_began() {
        assert_eq!(broken("one two three", 4, 12), "one two\n    three");
        assert_eq!(broken("a-path/that/is/longer than", 2, 10), "a-path/that/is/longer\n  than");
        assert_eq!(broken("short", 4, 12), "short");
    }

    #[test]
    fn columns_are_exact_also_for_wide_and_hostile_text() {
        let style = Style { colour: false, unicode: true };
        for text in ["short", "漢字漢字漢字漢字", "\u{1b}[31mred", "a\nb"] {
            assert_eq!(style.column(text, 9).width(), 9, "{text:?}");
        }
    }
}
