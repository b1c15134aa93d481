//! Whose credentials a run has, and those of every account in scope: the first stage.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::exchange::{self, Exchange, unregistered};
use super::organization;
use super::run_log::RunLog;
use super::scope::{AskedAccount, CollectScope, Inquiry};
use crate::aws::{AssumedRole, Identity, Kind, Refusal};
use crate::collect::error::CollectError;
use crate::collect::seen::LostEvidence;
use crate::diag::Diagnostic;
use crate::model::decisions::AccountFacts;
use crate::model::partition::Partition;
use crate::model::run::{GLOBAL, State};

/// Whose credentials these are, and those of every account in scope.
pub fn identify(scope: &mut CollectScope<'_>, log: &mut RunLog<'_>) -> Result<(), CollectError> {
    if let Some(named) = scope.session.wrong_endpoint() {
        let what = format!("`{named}` is named as the endpoint of AWS, and is no address");
        let hint = "write `https://HOST` as `AWS_ENDPOINT_URL` (`endpoint_url` of the profile), or unset it";
        return Err(CollectError::Stopped(Box::new(Diagnostic::new("AFE-004", what).hint(hint))));
    }
    let base = scope.session.identity();
    let named = scope.target.accounts.clone();
    let in_scope = |id: &str| named.is_empty() || named.iter().any(|facts| facts.id == id);
    let (own, caller) = caller_of(scope, log, &base, &in_scope).map_err(|refusal| {
        let (whose, named) = whose(scope.target.profile.as_deref(), &refusal);
        let what = match refusal.kind == Kind::Expired {
            true => format!("no credentials that AWS takes, {whose}"),
            false => format!("AWS does not say who we are, {whose}"),
        };
        let hint = format!(
            "try `aws sts get-caller-identity{named}`; `aws configure{named}` or `aws sso \
                            login{named}` makes credentials"
        );
        CollectError::Stopped(Box::new(Diagnostic::new("AFE-004", what).hint(hint)))
    })?;
    if named.is_empty() {
        scope.accounts.push(AskedAccount {
            id: own,
            caller,
            identity: Some(base),
            refusal: None,
            organization: false,
        });
        return Ok(());
    }
    for facts in named {
        enter(scope, log, facts, &own, &caller);
    }
    for facts in organization::members(scope, log)? {
        enter(scope, log, facts, &own, &caller);
    }
    Ok(())
}

/// Whose credentials were refused and why, as the end of a sentence; and the option that names their profile
/// to the AWS CLI.
pub fn whose(profile: Option<&str>, refusal: &Refusal) -> (String, String) {
    let by = profile.map_or("the default chain".to_string(), |name| format!("the profile `{name}`"));
    // the rest is a list of every way that the SDK tried
    let words = refusal.words();
    let words = words.split("Attempted:").next().unwrap_or_default().trim_end_matches([' ', '.', ':', '\n']);
    (format!("by {by}: {words}"), profile.map_or(String::new(), |name| format!(" --profile {name}")))
}

/// Takes an account into scope, by its role where it has one.
fn enter(scope: &mut CollectScope<'_>, log: &mut RunLog<'_>, facts: AccountFacts, own: &str, caller: &str) {
    let partition = Partition::of(&scope.home()).name;
    let role = facts
        .role
        .clone()
        .or_else(|| scope.target.aws.role_in(&facts.id, partition).filter(|_| facts.id != own));
    let identity = match &role {
        None if facts.id == own => {
            let identity = scope.session.identity();
            match scope.target.accounts.iter().any(|a| a.id == own) {
                true => Ok((identity, caller.to_string())),
                // only now is it in scope
                false => {
                    caller_of(scope, log, &identity, &|id| id == own).map(|(_, caller)| (identity, caller))
                }
            }
        }
        None => Err(Refusal::ours(
            Kind::Denied,
            "no role",
            format!("the credentials are of account {own}, and no `role` is named"),
        )),
        Some(arn) => {
            let external_id = facts.external_id.clone().or_else(|| scope.target.aws.external_id.clone());
            let role =
                AssumedRole { arn: arn.clone(), external_id, session_name: scope.session_name.clone() };
            let identity = scope.session.assume(&role);
            caller_of(scope, log, &identity, &|id| id == facts.id).and_then(|(id, caller)| {
                match id == facts.id {
                    true => Ok((identity, caller)),
                    false => Err(Refusal::ours(
                        Kind::Denied,
                        "wrong account",
                        format!("the role is of account {id}"),
                    )),
                }
            })
        }
    };
    log.seen.scope.insert(facts.id.clone());
    let organization = facts.organization;
    scope.accounts.push(match identity {
        Ok((identity, caller)) => {
            AskedAccount { id: facts.id, caller, identity: Some(identity), refusal: None, organization }
        }
        Err(refusal) => {
            let why = format!("the account could not be asked: {}", refusal.words());
            let words = role.map_or_else(|| why.clone(), |role| format!("{role}: {why}"));
            let refusal = Some((exchange::state(&refusal), words));
            AskedAccount { id: facts.id, caller: String::new(), identity: None, refusal, organization }
        }
    });
}

/// An account that could not be asked is missing throughout, not absent: its items too, unless another way
/// brought them.
pub fn unreached(scope: &CollectScope<'_>, log: &mut RunLog<'_>) {
    let unreached: Vec<(String, (State, String))> =
        scope.accounts.iter().filter_map(|a| Some((a.id.clone(), a.refusal.clone()?))).collect();
    for (id, (state, words)) in unreached {
        log.seen.unasked.insert(id.clone(), (state, words.clone()));
        let places: Vec<String> = scope.regions.iter().cloned().chain([GLOBAL.to_string()]).collect();
        let whole = |region: &String| log.seen.whole.contains(&(id.clone(), region.clone()));
        let any = places.iter().any(whole);
        let lost: Vec<String> =
            places.iter().filter(|r| if *r == GLOBAL { !any } else { !whole(r) }).cloned().collect();
        for region in lost {
            log.seen.faults.push(LostEvidence {
                account: id.clone(),
                region,
                source: "*".into(),
                file: "credentials".into(),
                what: words.clone(),
                state,
            });
        }
    }
}

/// Who an identity is. The answer is evidence where its account is in scope.
fn caller_of(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    identity: &Rc<Identity>,
    in_scope: &dyn Fn(&str) -> bool,
) -> Result<(String, String), Refusal> {
    let full = "sts:GetCallerIdentity";
    let mut of = Inquiry {
        identity: Rc::clone(identity),
        asked: String::new(),
        account: String::new(),
        region: GLOBAL.into(),
        asked_in: scope.home(),
        caller: String::new(),
    };
    let ask = scope.ask(&of, full, Map::new()).ok_or_else(|| unregistered(full))?;
    let reply = scope.session.call(&ask)?;
    let body = crate::evidence::protocols::to_json(&reply.body, ask.name, ask.api, ask.operation)
        .map_err(|why| Refusal::ours(Kind::Transient, "malformed answer", why))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_string();
    (of.account, of.caller) = (text("Account"), text("Arn"));
    log.seen.caller(&of.caller);
    if !in_scope(&of.account) {
        return Ok((of.account, of.caller));
    }
    let exchange = Exchange::of(&of, full, "", 1);
    // a resumed run asks again who it is; the answer is news only when it is another caller's
    if log
        .kept
        .get(&exchange.call())
        .is_some_and(|kept| exchange::caller_of(kept) == Some(of.caller.as_str()))
    {
        log.kept_answer(&exchange);
    } else if let Err(error) = log.keep_answer(&exchange, &reply, None) {
        return Err(Refusal::ours(Kind::Transient, "not stored", error.to_string()));
    }
    Ok((of.account, of.caller))
}
