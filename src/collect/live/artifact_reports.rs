//! AWS's own audit reports, by id: metadata as evidence always; the document only where a named person
//! accepted AWS's terms for it. The document never enters a run, so no package can hold it: it lies in the
//! workspace's private folder, and the run keeps its digest. Neither the presigned links nor the term's token
//! is written anywhere.

use std::path::Path;

use serde_json::Value;

use super::exchange::{Exchange, unregistered};
use super::run_log::RunLog;
use super::scope::{CollectScope, Inquiry};
use crate::aws::{Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::model::digest::Digest;
use crate::model::run::GLOBAL;
use crate::store::atomic::{self, Access, Existing};
use crate::store::portable_name;

/// Every report that `affiant.yaml` names, asked for once, in the first account that can be asked: reports
/// are the same in all.
pub fn reports(scope: &CollectScope<'_>, log: &mut RunLog<'_>) -> Result<(), CollectError> {
    let home = scope.home();
    let Some(of) = (0..scope.accounts.len()).find_map(|account| scope.inquiry(account, GLOBAL, &home)) else {
        return Ok(());
    };
    for report in &scope.target.reports {
        let exchange = about(&of, "artifact:GetReportMetadata", report);
        if log.kept_answer(&exchange).is_none() {
            let metadata = artifact(scope, log, &of, &exchange, &[("reportId", report)]);
            note(log, &exchange, metadata)?;
        }
        if let Some(terms) = scope.target.terms.iter().find(|t| t.report == *report) {
            document(scope, log, &of, report, &format!("{}, {}", terms.by, terms.on))?;
        }
    }
    Ok(())
}

/// The term, the report against its token, the document behind the link. `accepted` is who accepted the
/// terms, and when.
fn document(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    of: &Inquiry,
    report: &str,
    accepted: &str,
) -> Result<(), CollectError> {
    let Some(folder) = &scope.target.documents else { return Ok(()) };
    let mut term = about(of, "artifact:GetTermForReport", report);
    let mut exchange = about(of, "artifact:GetReport", report);
    if log.kept_answer(&exchange).is_some() {
        log.kept_answer(&term);
        return Ok(());
    }
    let answer = artifact(scope, log, of, &term, &[("reportId", report)]);
    term.more.insert("terms-accepted".into(), accepted.into());
    let Some(body) = note(log, &term, answer)? else { return Ok(()) };
    let Some(token) = text(&body, "termToken") else {
        log.refused(&exchange, &Refusal::ours(Kind::Service, "no term", "AWS gave no token for the terms"));
        return Ok(());
    };
    let reply = match artifact(scope, log, of, &exchange, &[("reportId", report), ("termToken", &token)]) {
        Ok(reply) => reply,
        Err(refusal) => return log.keep_refusal(&exchange, &refusal),
    };
    let link = serde_json::from_slice::<Value>(&reply.body)
        .ok()
        .and_then(|body| text(&body, "documentPresignedUrl"));
    let fetched = match link {
        Some(link) => scope.session.fetch(&link),
        None => Err(Refusal::ours(Kind::Service, "no document", "AWS named no place of the document")),
    };
    exchange.more.insert("terms-accepted".into(), accepted.into());
    if let Ok(bytes) = &fetched {
        let digest = Digest::of(bytes);
        exchange.more.insert("document-sha256".into(), digest.to_string());
        exchange.more.insert("document-size".into(), bytes.len().to_string());
        keep(folder, report, &digest, bytes)?;
    }
    note(log, &exchange, Ok(reply))?;
    if let Err(refusal) = &fetched {
        log.refused(&exchange, refusal);
    }
    Ok(())
}

/// A call about a report. The term's token is no part of what is recorded.
fn about(of: &Inquiry, full: &str, report: &str) -> Exchange {
    let mut exchange = Exchange::of(of, full, report, 1);
    exchange.parameters = serde_json::json!({ "reportId": report }).to_string();
    exchange
}

fn artifact(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    of: &Inquiry,
    exchange: &Exchange,
    members: &[(&str, &str)],
) -> Result<Reply, Refusal> {
    log.progress.calls += 1;
    let full = exchange.full();
    let members = members.iter().map(|(n, v)| (n.to_string(), Value::from(*v))).collect();
    scope.session.call(&scope.ask(of, &full, members).ok_or_else(|| unregistered(&full))?)
}

/// Keeps an answer as evidence, or a refusal as a gap; the answer's body, whole, for what follows.
fn note(
    log: &mut RunLog<'_>,
    exchange: &Exchange,
    outcome: Result<Reply, Refusal>,
) -> Result<Option<Value>, CollectError> {
    match outcome {
        Ok(reply) => {
            log.keep_answer(exchange, &reply, None)?;
            Ok(serde_json::from_slice(&reply.body).ok())
        }
        Err(refusal) => {
            log.keep_refusal(exchange, &refusal)?;
            Ok(None)
        }
    }
}

fn text(body: &Value, name: &str) -> Option<String> {
    body.get(name)?.as_str().map(str::to_string)
}

/// `<report>-<12 digits of its digest>.pdf`, private.
fn keep(folder: &Path, report: &str, digest: &Digest, bytes: &[u8]) -> Result<(), CollectError> {
    let path = folder.join(format!("{}-{}.pdf", portable_name(report), digest.short()));
    let fail = |source| CollectError::Read { path: path.clone(), source };
    atomic::create_dir_all(folder, Access::Private).map_err(fail)?;
    atomic::write(&path, bytes, Access::Private, Existing::Replace).map_err(fail)
}
