//! When: the timestamps over a seal and its renewals, the newest first. Each is judged as of the moment that
//! the next one attests, so an old authority's certificate may have ended if the seal was renewed before.

use chrono::{DateTime, Utc};

use crate::seal::bag::renewal::{self, ListHash};
use crate::seal::bag::{PREVIOUS_TIMESTAMP, RENEWALS, TAG_MANIFEST_SIGNATURE, TIMESTAMP, TIMESTAMP_RECORD};
use crate::seal::keys::certificate::Certificate;
use crate::seal::signature::revocation::{Revocation, Status};
use crate::seal::signature::timestamp::{self, Token, TokenProblem};
use crate::seal::signature::trust::{ChainStanding, Trust};
use crate::seal::verify::bag::BagView;
use crate::seal::verify::chain::path_status;
use crate::seal::verify::codes::Code;
use crate::seal::verify::report::Steps;

const MAX_TOKEN: u64 = 1 << 20;
const MAX_LIST: u64 = 512 << 20;
const MAX_RECORD: u64 = 1 << 20;

/// What is known of the time of a seal.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The earliest moment at which a trusted authority saw the seal.
    pub seen: Option<Token>,
    /// The earliest of those that hold, trusted or not.
    pub stated: Option<Token>,
}

/// Checks every timestamp of a bag and says of each what it is worth.
pub(super) fn check(
    bag: &BagView<'_>,
    authorities: &Trust,
    known: &Revocation,
    now: DateTime<Utc>,
    steps: &mut Steps,
) -> Times {
    let tokens = tokens(bag, steps);
    if tokens.is_empty() && !authorities.is_empty() {
        missing(bag, steps);
    }
    let (mut until, mut seen) = (now, None);
    for (path, token) in tokens.iter().rev() {
        let subject = bag.full(path);
        if say(authorities, token, until, &subject, steps)
            && unrevoked(authorities, known, token, until, &subject, steps)
        {
            until = token.at;
            seen = Some(token.clone());
        }
    }
    Times { seen, stated: tokens.into_iter().next().map(|(_, token)| token) }
}

/// The timestamps of a run inside: each must hold. Whose word they are is for whoever verifies that run alone.
pub(super) fn inside(bag: &BagView<'_>, steps: &mut Steps) {
    tokens(bag, steps);
    previous(bag, &Trust::default(), steps);
}

/// Every timestamp that is there and holds over what it should be over, the oldest first; the maker's record
/// of them is read, too.
fn tokens(bag: &BagView<'_>, steps: &mut Steps) -> Vec<(String, Token)> {
    let mut tokens = Vec::new();
    if bag.contains(TIMESTAMP) {
        tokens.extend(one(bag, TIMESTAMP, TAG_MANIFEST_SIGNATURE, steps));
    }
    renewals(bag, &mut tokens, steps);
    for pair in tokens.windows(2) {
        if let [(_, before), (path, after)] = pair
            && before.at > after.latest()
        {
            steps.fail(Code::Renewal, &bag.full(path), "it is older than what it renews");
        }
    }
    record(bag, steps);
    tokens
}

/// The timestamp of the run before, if it is inside: this seal was made after it. Returns its time if it is
/// to be believed.
pub(super) fn previous(bag: &BagView<'_>, authorities: &Trust, steps: &mut Steps) -> Option<DateTime<Utc>> {
    if !bag.contains(PREVIOUS_TIMESTAMP) {
        return None;
    }
    let subject = bag.full(PREVIOUS_TIMESTAMP);
    let token = bag.read(PREVIOUS_TIMESTAMP, MAX_TOKEN).map_err(|e| e.to_string());
    match token.and_then(|der| timestamp::verify_alone(&der).map_err(|e| e.to_string())) {
        Ok(token) => {
            let standing = authorities.judge_authority(&token.authority, &token.others, token.at);
            steps.note(
                Code::After,
                &subject,
                format!("the seal was made after {}: {} ({})", token.at, token.words(), standing.words()),
            );
            standing.is_trusted().then_some(token.at)
        }
        Err(why) => {
            steps.fail(Code::Token, &subject, why);
            None
        }
    }
}

fn one(bag: &BagView<'_>, path: &str, over: &str, steps: &mut Steps) -> Option<(String, Token)> {
    let subject = bag.full(path);
    let checked = || -> Result<Token, TokenProblem> {
        let unread = |e: std::io::Error| TokenProblem::Syntax(e.to_string());
        let content = bag.read(over, MAX_LIST).map_err(unread)?;
        timestamp::verify(&bag.read(path, MAX_TOKEN).map_err(unread)?, &content)
    };
    match checked() {
        Ok(token) => {
            steps.ok(Code::Token, &subject, token.words());
            Some((path.to_owned(), token))
        }
        Err(why) => {
            steps.fail(Code::Token, &subject, why.to_string());
            None
        }
    }
}

/// Numbered from 1 without gaps, each with one list of exactly what was there before and one timestamp over
/// it.
fn renewals(bag: &BagView<'_>, tokens: &mut Vec<(String, Token)>, steps: &mut Steps) {
    let paths: Vec<String> =
        bag.files().map(|(path, _)| path.to_string()).filter(|path| path.starts_with(RENEWALS)).collect();
    let mut known = 0;
    for number in 1.. {
        let present: Vec<_> =
            ListHash::ALL.into_iter().filter(|hash| bag.contains(&hash.list_path(number))).collect();
        let [hash] = present[..] else { break };
        let list_path = hash.list_path(number);
        let token_path = format!("{list_path}.tsr");
        known += 1 + usize::from(bag.contains(&token_path));
        let expected = renewal::list(bag.tree, bag.prefix, number, hash).ok();
        if bag.read(&list_path, MAX_LIST).ok() == expected && expected.is_some() {
            steps.ok(Code::Renewal, &bag.full(&list_path), "it lists what was there before it");
        } else {
            steps.fail(
                Code::Renewal,
                &bag.full(&list_path),
                "its list is not that of the files which it renews",
            );
        }
        tokens.extend(one(bag, &token_path, &list_path, steps));
    }
    if known != paths.len() {
        steps.fail(
            Code::Renewal,
            &bag.full(RENEWALS),
            "it holds something else than numbered lists, each with its timestamp",
        );
    }
}

/// A verifier who pins authorities asks for a timestamp: that there is none is told, and whether the maker
/// had got one.
fn missing(bag: &BagView<'_>, steps: &mut Steps) {
    let text = bag
        .read(TIMESTAMP_RECORD, MAX_RECORD)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let stamped = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .any(|a| a["stamped"] == true);
    let words = match stamped {
        true => {
            "no timestamp is inside, though the maker's own record says that an authority gave one: it was \
             taken away since"
        }
        false => "no timestamp is inside, though authorities are pinned",
    };
    steps.unknown(Code::Token, &bag.full(TIMESTAMP), words);
}

/// Whether nobody in the authority's chain was revoked before `until`, by which time the token is known to
/// have been there.
fn unrevoked(
    authorities: &Trust,
    known: &Revocation,
    token: &Token,
    until: DateTime<Utc>,
    subject: &str,
    steps: &mut Steps,
) -> bool {
    let pool: Vec<Certificate> = token.others.iter().chain(authorities.anchors()).cloned().collect();
    for step in path_status(&token.authority, &pool, known, token.at) {
        let name = step.certificate.name();
        match (step.status, step.doubt) {
            (Status::Revoked(when), _) if when <= until => {
                steps.fail(
                    Code::Authority,
                    subject,
                    format!("the authority's certificate `{name}` was revoked at {when}"),
                );
                return false;
            }
            (Status::Unknown, Some(words)) => {
                steps.unknown(Code::Authority, subject, format!("of `{name}`: {words}"));
                return false;
            }
            (Status::Revoked(_) | Status::Good(_) | Status::Unknown, _) => {}
        }
    }
    true
}

/// Whether the authority is to be believed about a token, as of `until`.
fn say(authorities: &Trust, token: &Token, until: DateTime<Utc>, subject: &str, steps: &mut Steps) -> bool {
    let judged = |at| authorities.judge_authority(&token.authority, &token.others, at);
    // a clock that is behind the token says nothing of what came after it
    let standing = judged(until.max(token.at));
    let words = format!("the authority `{}` is {}", token.authority.name(), standing.words());
    match &standing {
        ChainStanding::Pinned | ChainStanding::Issued(_) if !judged(token.at).is_trusted() => {
            let words =
                format!("its certificate was {} when it stamped, at {}", judged(token.at).words(), token.at);
            steps.fail(Code::Authority, subject, words);
        }
        ChainStanding::Pinned | ChainStanding::Issued(_) => {
            steps.ok(Code::Authority, subject, words);
            return true;
        }
        ChainStanding::Unfit(_) if judged(token.at).is_trusted() => {
            let ended = token.authority.not_after();
            let words = format!(
                "it was good when it stamped, but its certificates ended ({ended}) before \
                                 the seal was renewed"
            );
            steps.unknown(Code::Authority, subject, words);
        }
        ChainStanding::Unpinned => steps.unknown(
            Code::Authority,
            subject,
            format!(
                "{}; nothing pinned says that this authority is to be believed. Pin its root with \
                     `--tsa-trust`",
                token.words()
            ),
        ),
        ChainStanding::Unsettled(_) => steps.unknown(Code::Authority, subject, words),
        ChainStanding::Stranger | ChainStanding::Unfit(_) => steps.fail(Code::Authority, subject, words),
    }
    false
}

fn record(bag: &BagView<'_>, steps: &mut Steps) {
    if !bag.contains(TIMESTAMP_RECORD) {
        return;
    }
    let subject = bag.full(TIMESTAMP_RECORD);
    let text = bag
        .read(TIMESTAMP_RECORD, MAX_RECORD)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    for line in text.lines().take(50) {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(attempt) => {
                let said = |member: &str| attempt[member].as_str().unwrap_or_default().to_owned();
                let words = format!(
                    "the maker's own record: {} asked about the {}: {}",
                    said("authority"),
                    said("what"),
                    said("words")
                );
                steps.note(Code::TokenRecord, &subject, words);
            }
            Err(_) => steps.note(Code::TokenRecord, &subject, "a line that cannot be read"),
        }
    }
}
