//! AWS's own audit reports, by id: metadata as evidence always; the document only where a named person accepted AWS's terms for
//! it. The document never enters a run, so no package can hold it: it lies in the workspace's private folder, and the run keeps its
//! digest. Neither the presigned links nor the term's token is written anywhere.

use std::path::Path;

use serde_json::{Map, Value};

use super::Asking;
use super::exchange::What;
use crate::aws::{Ask, Kind, Refusal, Reply};
use crate::collect::error::CollectError;
use crate::model::digest::Digest;
use crate::model::run::GLOBAL;
use crate::store::atomic::{self, Access, Existing};
use crate::store::portable_name;

const SERVICE: &str = "artifact";

impl Asking<'_> {
    /// Every report that `affiant.yaml` names, asked for once, in the first account in scope.
    pub(super) fn reports(&mut self) -> Result<(), CollectError> {
        if self.reporter().is_none() {
            return Ok(());
        }
        let target = self.target;
        for report in &target.reports {
            let mut what = self.about("GetReportMetadata", report);
            if self.kept.remove(&what.call()).is_none() {
                let metadata = self.artifact(&what, &[("reportId", report)]);
                let _ = self.note(&mut what, metadata)?;
            }
            if let Some(terms) = target.terms.iter().find(|t| t.report == *report) {
                self.document(report, &terms.by, &terms.on)?;
            }
        }
        Ok(())
    }

    /// The term, the report against its token, the document behind the link.
    fn document(&mut self, report: &str, by: &str, on: &str) -> Result<(), CollectError> {
        let Some(folder) = self.target.documents.clone() else { return Ok(()) };
        let mut term = self.about("GetTermForReport", report);
        let mut what = self.about("GetReport", report);
        if self.kept.remove(&what.call()).is_some() {
            self.kept.remove(&term.call());
            return Ok(());
        }
        let answer = self.artifact(&term, &[("reportId", report)]);
        term.more.insert("terms-accepted".into(), format!("{by}, {on}"));
        let Some(body) = self.note(&mut term, answer)? else { return Ok(()) };
        let Some(token) = text(&body, "termToken") else {
            self.refused(&what, &Refusal::ours(Kind::Service, "no term", "AWS gave no token for the terms"));
            return Ok(());
        };
        let reply = match self.artifact(&what, &[("reportId", report), ("termToken", &token)]) {
            Ok(reply) => reply,
            Err(refusal) => {
                let _ = self.note(&mut what, Err(refusal))?;
                return Ok(());
            }
        };
        let link = serde_json::from_slice::<Value>(&reply.body).ok().and_then(|body| text(&body, "documentPresignedUrl"));
        let fetched = match link {
            Some(link) => self.session.fetch(&link),
            None => Err(Refusal::ours(Kind::Service, "no document", "AWS named no place of the document")),
        };
        what.more.insert("terms-accepted".into(), format!("{by}, {on}"));
        let failed = fetched.as_ref().err().cloned();
        if let Ok(bytes) = fetched {
            let digest = Digest::of(&bytes);
            what.more.insert("document-sha256".into(), digest.to_string());
            what.more.insert("document-size".into(), bytes.len().to_string());
            keep(&folder, report, &digest, &bytes)?;
        }
        let _ = self.note(&mut what, Ok(reply))?;
        if let Some(refusal) = failed {
            self.refused(&what, &refusal);
        }
        Ok(())
    }

    /// The account that is asked for reports, which are the same in all: the first that can be asked.
    fn reporter(&self) -> Option<usize> {
        self.accounts.iter().position(|account| account.identity.is_some())
    }

    fn about(&self, operation: &str, report: &str) -> What {
        let account = &self.accounts[self.reporter().unwrap_or_default()];
        let mut what = What::operation(&account.id, &account.caller, GLOBAL, &self.home(), SERVICE, operation, report, 1);
        // the token is no part of what is recorded
        what.parameters = serde_json::json!({ "reportId": report }).to_string();
        what
    }

    fn artifact(&mut self, what: &What, members: &[(&str, &str)]) -> Result<Reply, Refusal> {
        self.progress.calls += 1;
        let full = format!("{SERVICE}:{}", what.operation);
        let known = self.catalog.operations.get_key_value(&full).zip(self.catalog.apis.get(SERVICE));
        let Some(((full, operation), api)) = known else {
            return Err(Refusal::ours(Kind::NotOffered, "no registry", format!("the catalog does not say how to ask {full}")));
        };
        let members: Map<String, Value> = members.iter().map(|(n, v)| (n.to_string(), Value::from(*v))).collect();
        let name = full.split_once(':').map_or(full.as_str(), |(_, name)| name);
        let Some(identity) = self.reporter().and_then(|index| self.accounts[index].identity.clone()) else {
            return Err(Refusal::ours(Kind::Denied, "no account", "none of the accounts can be asked"));
        };
        let ask = Ask { identity, account: what.account.clone(), region: self.home(), service: SERVICE, name, api, operation, members };
        self.session.call(&ask)
    }

    /// Keeps an answer as evidence, or a refusal as a gap; the answer's body, whole, for what follows.
    fn note(&mut self, what: &mut What, outcome: Result<Reply, Refusal>) -> Result<Option<Value>, CollectError> {
        match outcome {
            Ok(reply) => {
                self.keep_answer(what, &reply, None)?;
                Ok(serde_json::from_slice(&reply.body).ok())
            }
            Err(refusal) => {
                self.progress.refused += 1;
                match &refusal.reply {
                    Some(reply) => drop(self.keep_answer(what, reply, Some(&refusal))?),
                    None => self.refused(what, &refusal),
                }
                Ok(None)
            }
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
