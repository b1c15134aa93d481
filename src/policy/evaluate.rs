//! One request against every policy that bears on it, in AWS's order: an explicit refusal wins, then each
//! layer must allow (IAM User Guide, "Policy evaluation logic"). Layers that were not read answer unknown.

use super::condition::{KeyValue, filled};
use super::document::{Effect, Listed, Policy, Principal, PrincipalKind, Principals, Statement};
use super::{Answer, pattern};

/// Who asks for what.
pub struct Request<'a> {
    /// ARN of the user or role; `None` for a request without a signature.
    pub principal: Option<&'a str>,
    /// `service:Action`, in any case.
    pub action: &'a str,
    pub resource: &'a str,
    /// The account that the resource is in.
    pub owner: &'a str,
    /// Whether the principal has a permissions boundary: a Deny with NotPrincipal refuses to every such
    /// principal (IAM User Guide, "AWS JSON policy elements: NotPrincipal").
    pub bounded: bool,
    /// What the request holds under a key in lower case.
    pub held: &'a dyn Fn(&str) -> KeyValue,
}

/// The policies that bear on a request. An organization's policies come by level: root, units, account.
#[derive(Default)]
pub struct Layers<'a> {
    pub identity: Vec<&'a Policy>,
    pub boundary: Option<&'a Policy>,
    pub session: Option<&'a Policy>,
    pub resource: Option<&'a Policy>,
    pub service_control: Vec<Vec<&'a Policy>>,
    pub resource_control: Vec<Vec<&'a Policy>>,
}

/// Whether the request is allowed.
pub fn decide(request: &Request<'_>, layers: &Layers<'_>) -> Answer {
    let refused = every(layers).map(|p| effect(p, request, Effect::Deny)).fold(Answer::No, Answer::or);
    if refused == Answer::Yes {
        return Answer::No;
    }
    (!refused).and(allowed(request, layers))
}

fn every<'a>(layers: &'a Layers<'a>) -> impl Iterator<Item = &'a Policy> {
    let levels = layers.service_control.iter().chain(&layers.resource_control).flatten();
    layers
        .identity
        .iter()
        .chain(levels)
        .copied()
        .chain(layers.boundary)
        .chain(layers.session)
        .chain(layers.resource)
}

fn allowed(request: &Request<'_>, layers: &Layers<'_>) -> Answer {
    let level = |policies: &Vec<&Policy>| {
        policies.iter().map(|p| effect(p, request, Effect::Allow)).fold(Answer::No, Answer::or)
    };
    let guarded = layers.resource_control.iter().map(level).fold(Answer::Yes, Answer::and);
    let Some(principal) = request.principal else {
        return guarded.and(layers.resource.map_or(Answer::No, |p| effect(p, request, Effect::Allow)));
    };
    let guarded = layers.service_control.iter().map(level).fold(guarded, Answer::and);
    let identity = level(&layers.identity);
    let boundary = layers.boundary.map_or(Answer::Yes, |p| effect(p, request, Effect::Allow));
    let session = layers.session.map_or(Answer::Yes, |p| effect(p, request, Effect::Allow));
    let by_identity = identity.and(boundary).and(session);
    let own = principal.split(':').nth(4) == Some(request.owner);
    let answer = match (layers.resource, own) {
        (None, true) => by_identity,
        (None, false) => Answer::No,
        (Some(policy), false) => by_identity.and(effect(policy, request, Effect::Allow)),
        (Some(policy), true) => {
            within_account(policy, request, principal, by_identity, boundary.and(session))
        }
    };
    guarded.and(answer)
}

/// In one account the resource's policy is enough where it names the caller or everyone; the account as a
/// whole only hands over to the identity policies. Keys and roles need their own policy in any case.
fn within_account(
    policy: &Policy,
    request: &Request<'_>,
    principal: &str,
    by_identity: Answer,
    capped: Answer,
) -> Answer {
    let direct = named(policy, request, &|p| p.kind == PrincipalKind::Everyone || p.value == principal);
    let handed = named(policy, request, &|p| p.is_whole_account() && p.account() == Some(request.owner));
    let direct = if principal.contains(":user/") { direct } else { direct.and(capped) };
    if needs_own_policy(request) { direct.or(handed.and(by_identity)) } else { direct.or(by_identity) }
}

fn needs_own_policy(request: &Request<'_>) -> bool {
    let service = request.action.split(':').next().unwrap_or_default();
    service.eq_ignore_ascii_case("kms")
        || (service.eq_ignore_ascii_case("sts") && request.resource.contains(":role/"))
}

fn named(policy: &Policy, request: &Request<'_>, whom: &dyn Fn(&Principal) -> bool) -> Answer {
    let allows = policy.statements.iter().filter(|s| s.effect == Effect::Allow);
    allows
        .filter(|s| match &s.principal {
            Principals::These(list) => list.iter().any(whom),
            Principals::AllBut(_) | Principals::Unsaid => false,
        })
        .map(|s| applies(s, request))
        .fold(Answer::No, Answer::or)
}

/// Whether some statement of this effect applies to the request.
pub fn effect(policy: &Policy, request: &Request<'_>, effect: Effect) -> Answer {
    policy
        .statements
        .iter()
        .filter(|s| s.effect == effect)
        .map(|s| applies(s, request))
        .fold(Answer::No, Answer::or)
}

fn applies(statement: &Statement, request: &Request<'_>) -> Answer {
    let action = request.action.to_ascii_lowercase();
    if !super::audience::acts(&statement.action, &action) {
        return Answer::No;
    }
    let about = Answer::from(about(statement, request)).and(on(&statement.resource, request));
    if about == Answer::No {
        return Answer::No;
    }
    statement.conditions.iter().map(|c| c.answer(request.held)).fold(about, Answer::and)
}

fn about(statement: &Statement, request: &Request<'_>) -> bool {
    let is = |p: &Principal| match (p.kind, request.principal) {
        (PrincipalKind::Everyone, _) => true,
        (PrincipalKind::Aws, Some(arn)) => {
            p.value == arn || (p.is_whole_account() && p.account() == arn.split(':').nth(4))
        }
        (_, _) => false,
    };
    match &statement.principal {
        Principals::Unsaid => true,
        Principals::These(list) => list.iter().any(is),
        Principals::AllBut(_) if request.bounded && statement.effect == Effect::Deny => true,
        Principals::AllBut(list) => !list.iter().any(is),
    }
}

fn on(listed: &Listed, request: &Request<'_>) -> Answer {
    let hit = |list: &[String]| {
        let each = list.iter().map(|value| match filled(value, request.held) {
            None => Answer::No,
            Some(Ok(text)) => pattern::matches(&text, request.resource).into(),
            Some(Err(())) => Answer::Unknown,
        });
        each.fold(Answer::No, Answer::or)
    };
    match listed {
        Listed::These(list) => hit(list),
        // what a variable without a value leaves out is not said anywhere
        Listed::AllBut(list) if list.iter().any(|v| filled(v, request.held).is_none()) => {
            (!hit(list)).and(Answer::Unknown)
        }
        Listed::AllBut(list) => !hit(list),
        Listed::Unsaid => Answer::Yes,
    }
}
