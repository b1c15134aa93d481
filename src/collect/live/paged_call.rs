//! One operation of the registry, page after page, where the next step hangs on the answer: which aggregator,
//! which accounts, which bucket. What comes back is evidence like any other.

use serde_json::{Map, Value};

use super::exchange::{Exchange, expired, unregistered};
use super::run_log::RunLog;
use super::scope::{CollectScope, Inquiry};
use crate::aws::{Ask, Kind, Refusal};
use crate::collect::error::CollectError;
use crate::evidence::api_answer::Answer;
use crate::model::registry::{Operation, at};
use crate::model::run::{Artifact, Source};

/// Every page of an operation's answer, as the CLI prints it; or why there is none, which is noted as a gap.
/// `key` tells this call from others of its kind.
pub fn pages(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    of: &Inquiry,
    full: &str,
    key: &str,
    members: Map<String, Value>,
) -> Result<Result<Vec<Value>, Refusal>, CollectError> {
    let (mut bodies, mut members) = (Vec::new(), members);
    let Some(operation) = scope.catalog.operations.get(full) else { return Ok(Err(unregistered(full))) };
    for (name, value) in &operation.size {
        members.entry(name.clone()).or_insert_with(|| value.clone());
    }
    for page in 1.. {
        let mut asked = Exchange::of(of, full, key, page);
        asked.parameters = Value::Object(members.clone()).to_string();
        let Some(ask) = scope.ask(of, full, members.clone()) else { return Ok(Err(unregistered(full))) };
        let body = match exchange(scope, log, &asked, &ask)? {
            Ok(Answer::Body(body)) => body,
            Ok(Answer::Absent(code) | Answer::Error(code, _) | Answer::Unreadable(code)) => {
                return Ok(Err(Refusal::ours(Kind::Service, &code, "")));
            }
            Ok(Answer::Rows(_)) => break,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let next = next_page(operation, &body, &members);
        bodies.push(body);
        match next {
            Ok(Some(next)) => members = next,
            Ok(None) => break,
            Err(refusal) => {
                log.refused(&asked, &refusal);
                break;
            }
        }
    }
    Ok(Ok(bodies))
}

/// One exchange, kept; or what an earlier attempt kept of it.
fn exchange(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    exchange: &Exchange,
    ask: &Ask<'_>,
) -> Result<Result<Answer, Refusal>, CollectError> {
    log.progress.calls += 1;
    if let Some((artifact, answer)) = log.kept_answer(exchange) {
        let good = status_of(&artifact).is_none_or(|status| status < 300);
        return Ok(good.then_some(answer).ok_or_else(|| {
            Refusal::ours(Kind::Service, "refused before", "an earlier attempt was refused")
        }));
    }
    let outcome = scope.session.call(ask);
    log.show();
    match outcome {
        Ok(reply) => {
            log.progress.throttled += u64::from(reply.throttled);
            Ok(Ok(log.keep_answer(exchange, &reply, None)?.1))
        }
        Err(refusal) if refusal.kind == Kind::Expired => Err(expired(&refusal)),
        Err(refusal) => {
            log.keep_refusal(exchange, &refusal)?;
            Ok(Err(refusal))
        }
    }
}

/// The HTTP status that an artifact's custody records.
fn status_of(artifact: &Artifact) -> Option<u16> {
    let Source::Response { custody, .. } = &artifact.source else { return None };
    custody.get("status")?.parse().ok()
}

/// The members that ask for the page after an answer; None after the last. A token that comes back unchanged
/// would go round for ever, and is an error.
pub fn next_page(
    operation: &Operation,
    body: &Value,
    members: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, Refusal> {
    let Some(pages) = &operation.pages else { return Ok(None) };
    let Some(token) = pages.token(body) else {
        let more = pages
            .more
            .as_ref()
            .is_some_and(|more| at(body, more).first().is_some_and(|more| more.as_bool() == Some(true)));
        let nowhere =
            || Refusal::ours(Kind::Transient, "paging", "AWS says that more follow and not from where");
        return if more { Err(nowhere()) } else { Ok(None) };
    };
    if members.get(&pages.input) == Some(token) {
        return Err(Refusal::ours(Kind::Transient, "paging", "AWS gave the same page token twice"));
    }
    let mut members = members.clone();
    members.insert(pages.input.clone(), token.clone());
    Ok(Some(members))
}
