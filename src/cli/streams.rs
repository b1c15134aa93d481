//! What goes to the terminal: words to standard error, data to standard output; output that cannot be written
//! is remembered. Here is the last door, too, at which characters that nobody sees become visible, whoever
//! forgot to before.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Exit;
use super::style::sentences;
use crate::diag::{is_hazard, push_as_json};

/// How much is said beside data and problems.
static QUIET: AtomicBool = AtomicBool::new(false);
/// Why data on stdout got lost.
static LOST: Mutex<Option<String>> = Mutex::new(None);

/// Whether nothing is said beside data and problems.
pub fn quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// The code to end with: what got lost on the way out counts before all else.
pub fn ended(exit: Exit) -> ExitCode {
    match lost() {
        Some(why) => {
            complain(&format!("error: standard output could not be written: {why}"));
            ExitCode::from(Exit::Failed as u8)
        }
        None => ExitCode::from(exit as u8),
    }
}

/// Why data on stdout got lost, after what is still in the buffer was written; None where nothing did.
fn lost() -> Option<String> {
    keep(Ok(()));
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A line for people on stderr; nothing with `--quiet`. A closed pipe is nobody's fault.
pub fn say(line: &str) {
    if !QUIET.load(Ordering::Relaxed) {
        complain(line);
    }
}

/// A line on stderr that nothing silences.
pub fn complain(line: &str) {
    let line = without_numbers(line);
    let text = visible(&line);
    let _ = match std::io::stderr().is_terminal() {
        true => writeln!(std::io::stderr(), "{}", sentences(&text)),
        false => writeln!(std::io::stderr(), "{text}"),
    };
}

/// Asks a person on stderr and waits for a line; none where nobody answers any more.
pub fn ask(question: &str) -> Option<String> {
    let mut err = std::io::stderr();
    let _ = write!(err, "{}", visible(question));
    let _ = err.flush();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).unwrap_or(0);
    (read > 0).then_some(line)
}

/// Hidden and commanding characters as JSON writes them, so that JSON stays the same JSON and a person sees
/// them. New lines, tabs and our own colors stay.
fn visible(text: &str) -> Cow<'_, str> {
    let plain = |c: char| matches!(c, '\n' | '\r' | '\t') || !is_hazard(c);
    if text.chars().all(plain) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match plain(c) || c == '\u{1b}' && is_color(&text[at + 1..]) {
            true => out.push(c),
            false => push_as_json(c, &mut out),
        }
    }
    out.into()
}

/// What follows an escape character where only a color, weight or their end is chosen.
fn is_color(rest: &str) -> bool {
    let codes = rest.strip_prefix('[').and_then(|rest| rest.split_once('m')).map(|(codes, _)| codes);
    codes.is_some_and(|codes| {
        codes
            .split(';')
            .all(|code| matches!(code.parse(), Ok(0..=4u8 | 22 | 30..=39 | 90..=97)) || codes.is_empty())
    })
}

/// Without ` (os error 2)`, which tells nobody anything that the words before it do not.
fn without_numbers(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(" (os error ") {
        let after = &rest[at + " (os error ".len()..];
        let end = after.find(|c: char| !c.is_ascii_digit()).filter(|end| after[*end..].starts_with(')'));
        let Some(end) = end else { break };
        out.push_str(&rest[..at]);
        rest = &after[end + 1..];
    }
    out + rest
}

/// Data on stdout. When the reader has gone, there is nothing left to say; what is lost otherwise ends the
/// program with 5.
pub fn data(text: &str) {
    keep(std::io::stdout().write_all(visible(text).as_bytes()));
}

/// Remembers why something was not written.
pub fn keep(result: std::io::Result<()>) {
    if let Err(error) = result.and_then(|()| std::io::stdout().flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_nobody_sees_becomes_visible_and_json_stays_json() {
        let value = serde_json::json!({ "a\u{202e}b": "x\u{ad}\u{200b}\u{e0041}\u{85}\u{fe0f}\n" });
        let shown = visible(&format!("{value:#}\n")).into_owned();
        assert!(
            shown.contains("a\\u202eb") && shown.contains("x\\u00ad\\u200b\\udb40\\udc41\\u0085\\ufe0f\\n"),
            "{shown}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
        assert_eq!(
            visible("\u{1b}[1;31mX\u{1b}[0m\tplain é 数\r\n"),
            "\u{1b}[1;31mX\u{1b}[0m\tplain é 数\r\n"
        );
        assert_eq!(visible("\u{1b}[2J\u{1b}[8mX\u{1b}]0;t\u{7}"), "\\u001b[2J\\u001b[8mX\\u001b]0;t\\u0007");
    }
}
