//! Progress of something long: a line that is written over on a terminal, a line now and then elsewhere, each step and how long it
//! took with `--verbose`, nothing with `--quiet`. It knows no work.
#![allow(clippy::disallowed_methods)] // how long something takes is told to people and to nobody else

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::say;

/// How often a line is written: over the last one, or below it.
const ON_TERMINAL: Duration = Duration::from_millis(100);
const ELSEWHERE: Duration = Duration::from_secs(10);

pub struct Ticker {
    terminal: bool,
    quiet: bool,
    verbose: bool,
    last: Cell<Instant>,
    step: RefCell<Option<(String, Instant)>>,
}

impl Ticker {
    pub fn new(quiet: bool, verbose: bool) -> Ticker {
        let terminal = std::io::stderr().is_terminal() && !quiet && !verbose;
        Ticker { terminal, quiet, verbose, last: Cell::new(Instant::now()), step: RefCell::new(None) }
    }

    /// What begins now.
    pub fn step(&self, what: &str) {
        self.finish();
        *self.step.borrow_mut() = Some((what.to_string(), Instant::now()));
        if self.terminal {
            self.over(what);
        } else {
            self.show(what);
        }
    }

    /// How far it is.
    pub fn show(&self, text: &str) {
        let pause = if self.terminal { ON_TERMINAL } else { ELSEWHERE };
        if self.quiet || self.last.get().elapsed() < pause {
            return;
        }
        self.last.set(Instant::now());
        match self.terminal {
            true => self.over(text),
            false => say(text),
        }
    }

    fn over(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
    }

    fn finish(&self) {
        let before = self.step.borrow_mut().take();
        if let Some((what, began)) = before.filter(|_| self.verbose) {
            say(&format!("{:>7.1} s  {what}", began.elapsed().as_secs_f64()));
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.finish();
        if self.terminal {
            self.over("");
        }
    }
}
