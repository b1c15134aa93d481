//! Progress of something long: a line that is written over on a terminal, a line now and then elsewhere, each
//! step and how long it took with `--verbose`, nothing with `--quiet`. It knows no work.
#![allow(clippy::disallowed_methods)] // how long something takes is told to people and to nobody else

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::say;
use super::style::{COLUMNS, Style};

/// How often a line is written where there is no terminal.
const ELSEWHERE: Duration = Duration::from_secs(10);
/// How often the line on a terminal is written over, in hertz.
const ON_TERMINAL: u8 = 10;

pub struct Ticker {
    /// The line on a terminal, cut between words, and to the terminal's width.
    line: Option<ProgressBar>,
    quiet: bool,
    verbose: bool,
    last: Cell<Instant>,
    step: RefCell<Option<(String, Instant)>>,
}

impl Ticker {
    pub fn new(quiet: bool, verbose: bool) -> Ticker {
        let terminal = std::io::stderr().is_terminal() && !quiet && !verbose;
        Ticker {
            line: terminal.then(line),
            quiet,
            verbose,
            last: Cell::new(Instant::now()),
            step: RefCell::new(None),
        }
    }

    /// What begins now.
    pub fn step(&self, what: &str) {
        self.finish();
        *self.step.borrow_mut() = Some((what.to_string(), Instant::now()));
        self.show(what);
    }

    /// How far it is.
    pub fn show(&self, text: &str) {
        if let Some(line) = &self.line {
            line.set_message(Style::of_stdout().fit(text, COLUMNS));
        } else if !self.quiet && self.last.get().elapsed() >= ELSEWHERE {
            self.last.set(Instant::now());
            say(text);
        }
    }

    fn finish(&self) {
        let before = self.step.borrow_mut().take();
        if let Some((what, began)) = before.filter(|_| self.verbose) {
            say(&format!("{:>7.1} s  {what}", began.elapsed().as_secs_f64()));
        }
    }
}

/// Work whose time `--verbose` tells.
pub fn timed<T>(verbose: bool, what: &str, work: impl FnOnce() -> T) -> T {
    let ticker = verbose.then(|| Ticker::new(false, true));
    ticker.iter().for_each(|ticker| ticker.step(what));
    work()
}

/// An empty line that is shown from its first message on.
fn line() -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(ON_TERMINAL);
    let style = ProgressStyle::with_template("{wide_msg}").expect("the template is a constant");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.finish();
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}
