//! What a new workspace can be told by AWS: whose credentials these are, which accounts the organization has,
//! and which regions are switched on. Nothing of it is evidence and nothing is stored: a run asks again.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::accounts::whose;
use super::organization::divided;
use super::paged_call::next_page;
use crate::aws::{Ask, Kind, Refusal, Session, Settings};
use crate::clock::Clock;
use crate::collect::error::CollectError;
use crate::diag::Diagnostic;
use crate::evidence::protocols;
use crate::model::catalog::Catalog;
use crate::model::partition::Partition;
use crate::model::regions::partition_of;
use crate::model::registry::{Api, Operation};

/// What AWS said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surveyed {
    pub account: String,
    pub caller: String,
    /// The organization's id and its management account; none where the account is in no organization, or
    /// nobody may say.
    pub organization: Option<(String, String)>,
    /// Ids and names of its active accounts, as far as they were listed.
    pub accounts: Vec<(String, String)>,
    /// Accounts that are not active, each with its state.
    pub inactive: Vec<(String, String)>,
    pub regions: Vec<String>,
    /// What was not read, and why.
    pub notes: Vec<String>,
}

/// Whose word it is, and how long to wait for it.
pub struct Asker<'a> {
    pub profile: Option<&'a str>,
    /// Where to ask; by default the region of the environment or profile, then us-east-1.
    pub region: Option<&'a str>,
    pub clock: Clock,
    pub catalog: &'a Catalog,
}

pub fn survey(asker: &Asker<'_>) -> Result<Surveyed, CollectError> {
    let settings = Settings {
        connect_timeout: Duration::from_secs(5),
        call_timeout: Duration::from_secs(30),
        attempts: 3,
        width: 1,
        time_limit: None,
        clock: asker.clock,
    };
    let session = Session::connect(asker.profile, asker.region, settings).map_err(|e| {
        CollectError::Input(Box::new(
            Diagnostic::new("AFE-008", format!("cannot start: {e}")).hint("try again"),
        ))
    })?;
    let region = asker
        .region
        .map(str::to_string)
        .or_else(|| session.region())
        .unwrap_or_else(|| Partition::of("").home.to_string());
    let survey = Survey { session: &session, catalog: asker.catalog, region };
    let identity =
        survey.ask("sts", "GetCallerIdentity", &survey.registered("sts:GetCallerIdentity")?, Map::new());
    let identity =
        identity.map_err(|refusal| CollectError::Input(Box::new(nobody(asker.profile, &refusal))))?;
    let text = |body: &Value, name: &str| body[name].as_str().unwrap_or_default().to_string();
    let mut found = Surveyed {
        account: text(&identity, "Account"),
        caller: text(&identity, "Arn"),
        ..Surveyed::default()
    };
    survey.organization(&mut found)?;
    survey.regions(&mut found)?;
    Ok(found)
}

/// Names the profile: whoever has several must know whose credentials were refused.
fn nobody(profile: Option<&str>, refusal: &Refusal) -> Diagnostic {
    let (whose, named) = whose(profile, refusal);
    Diagnostic::new("AFE-009", format!("AWS does not say whose account this is, {whose}")).hint(format!(
        "nothing was written; try `aws sts get-caller-identity{named}`, or leave `--from-aws` \
                       out and fill in affiant.yaml"
    ))
}

struct Survey<'a> {
    session: &'a Session,
    catalog: &'a Catalog,
    region: String,
}

impl Survey<'_> {
    fn registered(&self, name: &str) -> Result<Operation, CollectError> {
        self.catalog.operations.get(name).cloned().ok_or_else(|| unknown(name))
    }

    fn ask(
        &self,
        service: &str,
        name: &str,
        operation: &Operation,
        members: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let missing = || {
            Refusal::ours(
                Kind::NotOffered,
                "no registry",
                format!("the catalog does not say how to ask {service}"),
            )
        };
        self.ask_by(self.catalog.apis.get(service).ok_or_else(missing)?, service, name, operation, members)
    }

    fn ask_by(
        &self,
        api: &Api,
        service: &str,
        name: &str,
        operation: &Operation,
        members: Map<String, Value>,
    ) -> Result<Value, Refusal> {
        let identity = Rc::clone(&self.session.identity());
        let ask = Ask {
            identity,
            account: String::new(),
            region: self.region.clone(),
            service,
            name,
            api,
            operation,
            members,
        };
        let reply = self.session.call(&ask)?;
        protocols::to_json(&reply.body, name, api, operation)
            .map_err(|why| Refusal::ours(Kind::Transient, "malformed answer", why))
    }

    fn organization(&self, found: &mut Surveyed) -> Result<(), CollectError> {
        let describe = self.registered("organizations:DescribeOrganization")?;
        match self.ask("organizations", "DescribeOrganization", &describe, Map::new()) {
            Ok(body) => {
                let text = |name: &str| body["Organization"][name].as_str().unwrap_or_default().to_string();
                found.organization = Some((text("Id"), text("MasterAccountId")));
            }
            Err(refusal) if describe.means_absent(&refusal.code, &refusal.message) => return Ok(()),
            Err(refusal) => {
                found.notes.push(format!(
                    "organizations:DescribeOrganization: {}; whether there are more accounts is not known",
                    refusal.words()
                ));
                return Ok(());
            }
        }
        let list = self.registered("organizations:ListAccounts")?;
        match self.listed(&list) {
            Ok(pages) => (found.accounts, found.inactive) = divided(&pages),
            Err(refusal) => found.notes.push(format!(
                "organizations:ListAccounts: {}; only the management account and its delegates may list the \
                 others, so write them into `accounts`",
                refusal.words()
            )),
        }
        Ok(())
    }

    fn listed(&self, list: &Operation) -> Result<Vec<Value>, Refusal> {
        let (mut pages, mut members) = (Vec::new(), Map::new());
        loop {
            let body = self.ask("organizations", "ListAccounts", list, members.clone())?;
            let next = next_page(list, &body, &members);
            pages.push(body);
            match next {
                Ok(Some(next)) => members = next,
                Ok(None) | Err(_) => return Ok(pages),
            }
        }
    }

    /// EC2 lists those that are switched on for the account; a run does not ask it, so the registry does not
    /// hold it.
    fn regions(&self, found: &mut Surveyed) -> Result<(), CollectError> {
        let operation: Operation = serde_json::from_value(json!({ "scope": "account" }))
            .map_err(|_| unknown("ec2:DescribeRegions"))?;
        let mut api = self.catalog.apis.get("ec2").cloned().ok_or_else(|| unknown("ec2:DescribeRegions"))?;
        api.wire.lists.insert("regionInfo".into(), "item".into());
        match self.ask_by(&api, "ec2", "DescribeRegions", &operation, Map::new()) {
            Ok(body) => {
                named_regions(&body, &mut found.regions);
                // credentials end at the partition's border, whatever is listed
                found.regions.retain(|region| partition_of(region) == partition_of(&self.region));
                if found.regions.is_empty() {
                    found.notes.push(
                        "ec2:DescribeRegions names no region; write the regions in use into `regions`".into(),
                    );
                }
                found.regions.sort();
            }
            Err(refusal) => found.notes.push(format!(
                "ec2:DescribeRegions: {}; write the regions in use into `regions`",
                refusal.words()
            )),
        }
        Ok(())
    }
}

/// Every `RegionName` of an answer: the list around them has another name on the wire than in the CLI.
fn named_regions(body: &Value, out: &mut Vec<String>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(region) if name.eq_ignore_ascii_case("RegionName") => out.push(region.to_string()),
                    Some(_) | None => named_regions(value, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| named_regions(value, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn unknown(name: &str) -> CollectError {
    let problem = Diagnostic::new("AFE-010", format!("the catalog does not say how to ask {name}"));
    CollectError::Input(Box::new(
        problem.hint("leave `--catalog` out, or take the operations of the built-in catalog into it"),
    ))
}
