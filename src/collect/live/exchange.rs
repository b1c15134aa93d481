//! One exchange with AWS: what tells it from every other of the run, and where its answer is stored.

use std::collections::BTreeMap;

use super::scope::Inquiry;
use crate::aws::{Kind, Refusal};
use crate::collect::error::CollectError;
use crate::diag::Diagnostic;
use crate::model::run::{Artifact, Source, State};
use crate::store::portable_name;

/// What was asked, of whom, where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub account: String,
    pub caller: String,
    /// The region that the answer is about; `aws-global` for account-wide services.
    pub region: String,
    /// The region that was asked.
    pub asked_in: String,
    pub service: String,
    pub operation: String,
    pub key: String,
    /// Members that come from where the key came, as JSON; empty without any. Two calls may differ in these
    /// alone.
    pub with: String,
    pub page: u32,
    /// The request's members, as JSON.
    pub parameters: String,
    /// More of its custody.
    pub more: BTreeMap<String, String>,
}

impl Exchange {
    /// A page of an operation's answer; `full` is `service:Operation`.
    pub fn of(of: &Inquiry, full: &str, key: &str, page: u32) -> Exchange {
        let (service, operation) = full.split_once(':').unwrap_or((full, ""));
        Exchange {
            account: of.account.clone(),
            caller: of.caller.clone(),
            region: of.region.clone(),
            asked_in: of.asked_in.clone(),
            service: service.into(),
            operation: operation.into(),
            key: key.into(),
            with: String::new(),
            page,
            parameters: String::new(),
            more: BTreeMap::new(),
        }
    }

    /// The operation's name in the registry.
    pub fn full(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// What tells this exchange from every other of the run, so that a resumed run knows it again.
    pub fn call(&self) -> String {
        let Exchange { account, region, asked_in, service, operation, key, with, page, .. } = self;
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
        Source::Snapshot { custody, .. } | Source::Response { custody, .. } => {
            custody.get(name).map(String::as_str)
        }
        Source::Document { .. } => None,
    }
}

/// What a refusal means for coverage.
pub fn state(refusal: &Refusal) -> State {
    match refusal.kind {
        Kind::Denied | Kind::DeniedByOrganization => State::Denied,
        Kind::RegionOff
        | Kind::Expired
        | Kind::NotQueryable
        | Kind::Throttled
        | Kind::Transient
        | Kind::NotOffered
        | Kind::Service => State::Failed,
    }
}

/// Credentials that end in the middle of a run leave it to be resumed.
pub fn expired(refusal: &Refusal) -> CollectError {
    let what = format!("the run stopped: {}", refusal.words());
    CollectError::Stopped(Box::new(
        Diagnostic::new("AFE-005", what)
            .hint("renew the credentials, then `affiant collect --resume`: what was read is kept"),
    ))
}

/// That the catalog does not know an operation.
pub fn unregistered(full: &str) -> Refusal {
    Refusal::ours(Kind::NotOffered, "no registry", format!("the catalog does not say how to ask {full}"))
}

/// The path of an answer within its service's folder.
pub fn leaf(operation: &str, key: &str, page: u32, end: &str) -> String {
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
        let exchange = |with: &str| Exchange {
            account: "111122223333".into(),
            caller: String::new(),
            region: "aws-global".into(),
            asked_in: "us-east-1".into(),
            service: "sso-admin".into(),
            operation: "ListAccountAssignments".into(),
            key: "123456789012".into(),
            with: with.into(),
            page: 1,
            parameters: String::new(),
            more: BTreeMap::new(),
        };
        assert_ne!(
            exchange(r#"{"PermissionSetArn":"a"}"#).call(),
            exchange(r#"{"PermissionSetArn":"b"}"#).call()
        );
    }
}
