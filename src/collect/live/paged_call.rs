//! One operation of the registry, page after page, where the next step hangs on the answer: which aggregator, which accounts,
//! which bucket. What comes back is evidence like any other.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::Asking;
use super::exchange::What;
use super::operations::expired;
use crate::aws::{Ask, Identity, Kind, Refusal};
use crate::collect::error::CollectError;
use crate::collect::seen::tally_answer;
use crate::evidence::api_answer::{self, Answer};
use crate::model::registry::at;
use crate::model::run::{Artifact, Source};

/// Whom to ask, and about whom.
#[derive(Clone)]
pub(super) struct Inquiry {
    pub identity: Rc<Identity>,
    /// The account that is asked; calls to it share a pace.
    pub asked: String,
    /// The account and region that the answer is about.
    pub account: String,
    pub region: String,
    pub asked_in: String,
    pub caller: String,
}

impl<'a> Asking<'a> {
    /// An account of the run, asked about itself.
    pub(super) fn inquiry(&self, account: usize, region: &str, asked_in: &str) -> Option<Inquiry> {
        let account = &self.accounts[account];
        Some(Inquiry {
            identity: Rc::clone(account.identity.as_ref()?),
            asked: account.id.clone(),
            account: account.id.clone(),
            region: region.into(),
            asked_in: asked_in.into(),
            caller: account.caller.clone(),
        })
    }

    /// Every page of an operation's answer, as the CLI prints it; or why there is none, which is noted as a gap. `key` tells this
    /// call from others of its kind.
    pub(super) fn pages(
        &mut self,
        of: &Inquiry,
        full: &str,
        key: &str,
        members: Map<String, Value>,
    ) -> Result<Result<Vec<Value>, Refusal>, CollectError> {
        let (mut bodies, mut members) = (Vec::new(), members);
        let (service, name) = full.split_once(':').unwrap_or((full, ""));
        let Some(operation) = self.catalog.operations.get(full).cloned() else {
            return Ok(Err(Refusal::ours(Kind::NotOffered, "no registry", format!("the catalog does not say how to ask {full}"))));
        };
        for (name, value) in &operation.size {
            members.entry(name.clone()).or_insert_with(|| value.clone());
        }
        for page in 1.. {
            let mut what = What::operation(&of.account, &of.caller, &of.region, &of.asked_in, service, name, key, page);
            what.parameters = Value::Object(members.clone()).to_string();
            let artifact = match self.exchange(of, &what, full, members.clone())? {
                Ok(artifact) => artifact,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let body = match self.read_back(&artifact)? {
                Answer::Body(body) => body,
                Answer::Absent(code) | Answer::Error(code, _) | Answer::Unreadable(code) => {
                    return Ok(Err(Refusal::ours(Kind::Service, &code, "")));
                }
                Answer::Rows(_) => return Ok(Ok(bodies)),
            };
            let token = operation.pages.as_ref().and_then(|pages| {
                let token = at(&body, &pages.output).first().map(|v| (*v).clone()).filter(|v| !v.is_null() && v.as_str() != Some(""));
                token.filter(|t| members.get(&pages.input) != Some(t)).map(|t| (pages.input.clone(), t))
            });
            bodies.push(body);
            match token {
                Some((input, token)) => drop(members.insert(input, token)),
                None => break,
            }
        }
        Ok(Ok(bodies))
    }

    /// One exchange, kept; or what an earlier attempt kept of it.
    fn exchange(
        &mut self,
        of: &Inquiry,
        what: &What,
        full: &str,
        members: Map<String, Value>,
    ) -> Result<Result<Artifact, Refusal>, CollectError> {
        self.progress.calls += 1;
        if let Some(artifact) = self.kept.remove(&what.call()) {
            tally_answer(self.writer, &artifact, self.catalog, self.seen);
            let status = if let Source::Response { custody, .. } = &artifact.source { custody.get("status").cloned() } else { None };
            let good = status.and_then(|s| s.parse::<u16>().ok()).is_none_or(|s| s < 300);
            return Ok(if good {
                Ok(artifact)
            } else {
                Err(Refusal::ours(Kind::Service, "refused before", "an earlier attempt was refused"))
            });
        }
        let outcome = self.session.call(&self.ask(of, full, members));
        (self.watch)(self.progress);
        match outcome {
            Ok(reply) => {
                self.progress.throttled += u64::from(reply.throttled);
                Ok(Ok(self.keep_answer(what, &reply, None)?))
            }
            Err(refusal) if refusal.kind == Kind::Expired => Err(expired(&refusal)),
            Err(refusal) => {
                self.progress.refused += 1;
                match &refusal.reply {
                    Some(reply) if refusal.kind != Kind::NotOffered => drop(self.keep_answer(what, reply, Some(&refusal))?),
                    _ => self.refused(what, &refusal),
                }
                Ok(Err(refusal))
            }
        }
    }

    /// The request itself; `full` is in the catalog.
    pub(super) fn ask(&self, of: &Inquiry, full: &str, members: Map<String, Value>) -> Ask<'a> {
        let catalog: &'a crate::model::catalog::Catalog = self.catalog;
        let (service, _) = full.split_once(':').unwrap_or((full, ""));
        let (name, operation) = catalog.operations.get_key_value(full).expect("its caller looked");
        let (service, api) = catalog.apis.get_key_value(service).expect("an operation's service is in the catalog");
        Ask {
            identity: Rc::clone(&of.identity),
            account: of.asked.clone(),
            region: of.asked_in.clone(),
            service,
            name: name.split_once(':').map_or("", |(_, n)| n),
            api,
            operation,
            members,
        }
    }

    fn read_back(&self, artifact: &Artifact) -> Result<Answer, CollectError> {
        let Source::Response { service, operation, custody, .. } = &artifact.source else {
            return Ok(Answer::Unreadable("not an answer".into()));
        };
        let mut bytes = Vec::new();
        let read = self.writer.open(&artifact.path).and_then(|mut input| std::io::Read::read_to_end(&mut input, &mut bytes));
        read.map_err(|source| CollectError::Read { path: artifact.path.clone().into(), source })?;
        Ok(api_answer::read(&bytes, service, operation, custody, false, self.catalog))
    }
}
