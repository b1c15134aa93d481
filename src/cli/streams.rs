//! What goes to the terminal: words to standard error, data to standard output; output that cannot be written is remembered.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How much is said beside data and problems.
static QUIET: AtomicBool = AtomicBool::new(false);
/// Why data on stdout got lost.
static LOST: Mutex<Option<String>> = Mutex::new(None);

/// Whether nothing is said beside data and problems.
pub fn quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Why data on stdout got lost, after what is still in the buffer was written; None where nothing did.
pub fn lost() -> Option<String> {
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
    let _ = writeln!(std::io::stderr(), "{}", without_numbers(line));
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

/// Data on stdout. When the reader has gone, there is nothing left to say; what is lost otherwise ends the program with 5.
pub fn data(text: &str) {
    keep(std::io::stdout().write_all(text.as_bytes()));
}

fn keep(result: std::io::Result<()>) {
    if let Err(error) = result.and_then(|()| std::io::stdout().flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
    }
}
