//! One exchange as evidence: the bytes as received become an artifact with its custody, and are read for what they say.

use std::collections::BTreeMap;

use super::Asking;
use crate::aws::{Kind, Refusal, Reply};
use crate::clock::stamp;
use crate::collect::error::CollectError;
use crate::collect::seen::{tally_answer, tally_items};
use crate::evidence::never_store;
use crate::model::run::{Artifact, Source, State};
use crate::store::portable_name;

/// What was asked, of whom, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct What {
    pub account: String,
    pub caller: String,
    /// The region that the answer is about; `aws-global` for account-wide services.
    pub region: String,
    /// The region that was asked.
    pub asked_in: String,
    pub service: String,
    pub operation: String,
    pub key: String,
    /// Members that come from where the key came, as JSON; empty without any. Two calls may differ in these alone.
    pub with: String,
    pub page: u32,
    /// The request's members, as JSON.
    pub parameters: String,
    /// More of its custody.
    pub more: BTreeMap<String, String>,
}

impl What {
    #[expect(clippy::too_many_arguments)]
    pub fn operation(
        account: &str,
        caller: &str,
        region: &str,
        asked_in: &str,
        service: &str,
        operation: &str,
        key: &str,
        page: u32,
    ) -> What {
        What {
            account: account.into(),
            caller: caller.into(),
            region: region.into(),
            asked_in: asked_in.into(),
            service: service.into(),
            operation: operation.into(),
            key: key.into(),
            with: String::new(),
            page,
            parameters: String::new(),
            more: BTreeMap::new(),
        }
    }

    /// What tells this exchange from every other of the run, so that a resumed run knows it again.
    pub fn call(&self) -> String {
        let What { account, region, asked_in, service, operation, key, with, page, .. } = self;
        format!("{account}/{region}/{asked_in}/{service}/{operation}/{key}{with}/{page}")
    }
}

/// The exchange that an artifact records.
pub fn call_of(artifact: &Artifact) -> Option<&str> {
    recorded(artifact, "call")
}

/// Who asked for what an artifact records: an ARN.
pub fn caller_of(artifact: &Artifact) -> Option<&str> {
    recorded(artifact, "caller")
}

fn recorded<'a>(artifact: &'a Artifact, name: &str) -> Option<&'a str> {
    match &artifact.source {
        Source::Snapshot { custody, .. } | Source::Response { custody, .. } => custody.get(name).map(String::as_str),
        Source::Document { .. } => None,
    }
}

/// What a refusal means for coverage.
pub fn state(refusal: &Refusal) -> State {
    match refusal.kind {
        Kind::Denied | Kind::DeniedByOrganization => State::Denied,
        Kind::RegionOff | Kind::Expired | Kind::NotQueryable | Kind::Throttled | Kind::Transient | Kind::NotOffered | Kind::Service => {
            State::Failed
        }
    }
}

impl Asking<'_> {
    /// Everything known of an exchange but its bytes (RFC 3339 times; the offset is AWS's clock less ours, in seconds).
    fn custody(what: &What, reply: &Reply) -> BTreeMap<String, String> {
        let mut custody = BTreeMap::from([
            ("call".to_string(), what.call()),
            ("caller".to_string(), what.caller.clone()),
            ("endpoint".to_string(), reply.endpoint.clone()),
            ("asked-in".to_string(), what.asked_in.clone()),
            ("status".to_string(), reply.status.to_string()),
            ("started".to_string(), stamp(reply.started)),
            ("ended".to_string(), stamp(reply.ended)),
            ("attempts".to_string(), reply.attempts.max(1).to_string()),
        ]);
        let mut more = |name: &str, value: String| {
            if !value.is_empty() {
                custody.insert(name.to_string(), value);
            }
        };
        more("request-id", reply.request_id.clone().unwrap_or_default());
        more("parameters", what.parameters.clone());
        more("error-type", reply.error_type.clone());
        more("throttled", if reply.throttled == 0 { String::new() } else { reply.throttled.to_string() });
        what.more.iter().for_each(|(name, value)| more(name, value.clone()));
        more("clock-offset-seconds", reply.clock_offset.map(|s| s.to_string()).unwrap_or_default());
        custody
    }

    /// Stores an answer without the members that must never be stored, and notes its state. A refusal's own words go in too: they
    /// are the evidence that it was refused.
    pub(super) fn keep_answer(&mut self, what: &What, reply: &Reply, refusal: Option<&Refusal>) -> Result<Artifact, CollectError> {
        let full = format!("{}:{}", what.service, what.operation);
        let (api, operation) = (self.catalog.apis.get(&what.service), self.catalog.operations.get(&full));
        let never = operation.map(|o| o.never_store.as_slice()).unwrap_or_default();
        let mut custody = Self::custody(what, reply);
        let body = never_store::noted(&reply.body, never, &mut custody);
        let xml = body.first() == Some(&b'<') || (body.is_empty() && api.is_some_and(|a| a.protocol.is_xml()));
        let leaf = leaf(&what.operation, &what.key, what.page, if xml { "xml" } else { "json" });
        let wanted =
            format!("aws/{}/{}/{}/{leaf}", portable_name(&what.account), portable_name(&what.region), portable_name(&what.service));
        let source = Source::Response {
            account: what.account.clone(),
            region: what.region.clone(),
            service: what.service.clone(),
            operation: what.operation.clone(),
            key: what.key.clone(),
            custody,
        };
        let stored = self.writer.add(&wanted, &mut body.as_slice(), &stamp(reply.ended), source)?;
        tally_answer(self.writer, &stored, self.catalog, self.seen);
        if let Some(refusal) = refusal {
            self.reword(what, refusal);
        }
        Ok(stored)
    }

    /// The last state noted for a refused call, in words that say why.
    fn reword(&mut self, what: &What, refusal: &Refusal) {
        let key = (what.account.clone(), what.region.clone(), format!("{}:{}", what.service, what.operation));
        if let Some((known, words)) = self.seen.responses.get_mut(&key).and_then(|list| list.last_mut())
            && known.is_gap()
        {
            *known = state(refusal);
            *words = refusal.words();
        }
    }

    /// A refusal without any answer.
    pub(super) fn refused(&mut self, what: &What, refusal: &Refusal) {
        let key = (what.account.clone(), what.region.clone(), format!("{}:{}", what.service, what.operation));
        self.seen.responses.entry(key).or_default().push((state(refusal), refusal.words()));
    }

    /// Stores one page of items and counts them by type.
    pub(super) fn keep_items(&mut self, what: &What, reply: &Reply) -> Result<BTreeMap<String, u64>, CollectError> {
        let name = format!(
            "{}_Config_{}_{}_{}_{:05}.json",
            what.account,
            what.region,
            what.operation,
            what.key.replace("::", "-").replace(['/', ','], "_"),
            what.page
        );
        let wanted = format!("snapshots/{}", portable_name(&name));
        let source = Source::Snapshot { file: name.clone(), resource_type: None, history: false, custody: Self::custody(what, reply) };
        let stored = self.writer.add(&wanted, &mut reply.body.as_slice(), &stamp(reply.ended), source)?;
        Ok(self.tally_kept(what, &stored))
    }

    /// Counts a stored page's items by type, and takes from them what later calls need.
    pub(super) fn tally_kept(&mut self, what: &What, stored: &Artifact) -> BTreeMap<String, u64> {
        let Source::Snapshot { file, .. } = &stored.source else { return BTreeMap::new() };
        let mut counts = BTreeMap::new();
        let harvest = &mut self.harvest;
        tally_items(self.writer, &stored.path, file, None, self.seen, &mut |item, row| {
            *counts.entry(item.resource_type().to_string()).or_default() += 1;
            harvest.item(&what.account, item, row);
        });
        counts
    }
}

fn leaf(operation: &str, key: &str, page: u32, end: &str) -> String {
    let page = if page > 1 { format!("~{page:05}") } else { String::new() };
    match (key.is_empty(), page.is_empty()) {
        (true, true) => format!("{operation}.{end}"),
        (true, false) => format!("{operation}/{page}.{end}"),
        (false, _) => format!("{operation}/{}{page}.{end}", portable_name(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_artifacts_say_operation_key_and_page() {
        assert_eq!(leaf("ListUsers", "", 1, "xml"), "ListUsers.xml");
        assert_eq!(leaf("ListUsers", "", 2, "xml"), "ListUsers/~00002.xml");
        assert_eq!(leaf("GetPolicy", "a", 3, "json"), "GetPolicy/a~00003.json");
    }

    #[test]
    fn calls_for_one_account_of_two_permission_sets_are_two_exchanges() {
        let mut first =
            What::operation("111122223333", "", "aws-global", "us-east-1", "sso-admin", "ListAccountAssignments", "123456789012", 1);
        let mut second = first.clone();
        (first.with, second.with) = (r#"{"PermissionSetArn":"a"}"#.into(), r#"{"PermissionSetArn":"b"}"#.into());
        assert_ne!(first.call(), second.call());
    }
}
