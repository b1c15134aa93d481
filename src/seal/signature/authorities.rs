//! Asking timestamp authorities, one after the other, each for a short time; every outcome is recorded. A
//! failure to get a timestamp never stops a seal: the seal then says that its time is not independently
//! attested.

#![allow(clippy::disallowed_methods)] // how long an authority took

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::seal::signature::timestamp::{Question, Token};
use crate::seal::signature::trust::{ChainStanding, Trust};

/// Authorities in the order in which they are asked.
#[derive(Debug, Default)]
pub struct Authorities {
    urls: Vec<String>,
    /// For each of them.
    limit: Duration,
    /// If not empty, a token of an authority that it does not vouch for is not taken.
    trust: Trust,
    /// Those that did not answer are not asked again in this process.
    silent: RefCell<BTreeSet<String>>,
    attempts: RefCell<Vec<Attempt>>,
}

/// What became of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    pub authority: String,
    /// What was to be stamped.
    pub what: String,
    pub milliseconds: u64,
    /// Whether there is a token now.
    pub stamped: bool,
    pub words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

impl Authorities {
    pub fn new(urls: Vec<String>, limit: Duration, trust: Trust) -> Authorities {
        Authorities { urls, limit, trust, ..Authorities::default() }
    }

    pub fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    /// What is pinned for checking answers.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// A token over `content` from the first authority that gives a good one. `what` names the content for
    /// the record.
    pub fn stamp(&self, content: &[u8], what: &str) -> Option<Token> {
        self.urls.iter().find_map(|url| {
            if self.silent.borrow().contains(url) {
                return None;
            }
            let began = Instant::now();
            let outcome = self.ask(url, &Question::about(content));
            let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let (words, at) = match &outcome {
                Ok(token) => (token.words(), Some(token.at)),
                Err(why) => (why.clone(), None),
            };
            if outcome.is_err() {
                self.silent.borrow_mut().insert(url.clone());
            }
            let attempt = Attempt {
                authority: url.clone(),
                what: what.to_owned(),
                milliseconds,
                stamped: outcome.is_ok(),
                words,
                at,
            };
            self.attempts.borrow_mut().push(attempt);
            outcome.ok()
        })
    }

    /// Every question so far, in order.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.attempts.borrow().clone()
    }

    fn ask(&self, url: &str, question: &Question) -> Result<Token, String> {
        let answer = post(url, question.der(), self.limit)?;
        let token = question.answered(&answer).map_err(|e| e.to_string())?;
        match self.trust.judge_authority(&token.authority, &token.others, token.at) {
            ChainStanding::Pinned | ChainStanding::Issued(_) | ChainStanding::Unpinned => Ok(token),
            standing @ (ChainStanding::Stranger | ChainStanding::Unfit(_) | ChainStanding::Unsettled(_)) => {
                Err(format!("the authority `{}` is {}", token.authority.name(), standing.words()))
            }
        }
    }
}

#[cfg(feature = "http")]
fn post(url: &str, question: &[u8], limit: Duration) -> Result<Vec<u8>, String> {
    super::http::post(url, "application/timestamp-query", question, limit)
}

#[cfg(not(feature = "http"))]
fn post(_: &str, _: &[u8], _: Duration) -> Result<Vec<u8>, String> {
    Err("this build asks nobody over the network; use `affiant seal request` and `affiant seal apply`"
        .to_owned())
}
