//! Whom the policy of a resource lets in: ours, a stranger's account or organization, a service, everyone.
//! Refusals of the same policy are taken off; what depends on something that policies do not tell is said to
//! be uncertain.

mod callers;
mod here;
mod whose;

use std::collections::BTreeSet;

use super::condition::Clause;
use super::document::{Effect, Listed, Policy, Principal, PrincipalKind, Principals, Statement};
use super::keys::{Caller, outcome};
use super::{Answer, pattern};
use callers::callers;
pub use callers::{is_asked, is_source, source};
pub use whose::{Ours, Whose};

/// Who comes in by one statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admits {
    /// A refusal or an impossible condition lets in nobody.
    Nobody,
    /// Principals of our accounts, or of our organization.
    Own,
    /// A service, held to resources or accounts of ours, or named outright.
    Service,
    /// Callers from a network or endpoint that is named.
    Network,
    /// An identity provider's users.
    Federated,
    /// Somebody who is named in a way that tells no account.
    Unidentified,
    /// An account or organization of which we do not know whether it is ours.
    Unplaced,
    /// An account or organization that is not ours.
    Foreign,
    World,
}

impl Admits {
    pub fn as_str(self) -> &'static str {
        match self {
            Admits::Nobody => "nobody",
            Admits::Own => "own",
            Admits::Service => "service",
            Admits::Network => "network",
            Admits::Federated => "federated",
            Admits::Unidentified => "unidentified",
            Admits::Unplaced => "unplaced",
            Admits::Foreign => "foreign",
            Admits::World => "world",
        }
    }
}

/// One principal of one Allow statement, with one kind of caller who comes in by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    pub position: usize,
    pub sid: Option<String>,
    pub principal: Principal,
    pub admits: Admits,
    /// The account, organization, network or service that comes in, where one is named.
    pub who: Option<String>,
    /// False where a condition or a refusal that cannot be answered may keep him out.
    pub certain: bool,
    /// The condition, with its values, that decides who comes in, or the refusal; empty where nothing does.
    pub rests_on: String,
    pub conditional: bool,
}

/// What is asked: some of `actions` (lower case) on something in `space` (an ARN or a pattern of ARNs).
#[derive(Debug, Clone, Copy)]
pub struct AudienceQuestion<'a> {
    pub actions: &'a [&'a str],
    pub space: &'a str,
    pub owner: &'a str,
    pub as_of: &'a str,
}

/// Everyone whom `policy` lets do one of the actions, by statement and principal; `guards` are further
/// policies whose refusals hold (resource control policies of the organization).
pub fn admissions(
    policy: &Policy,
    guards: &[&Policy],
    asked: &AudienceQuestion<'_>,
    ours: &Ours,
) -> Vec<Admission> {
    let (policy, guards) = (
        here::here(policy, asked, ours),
        guards.iter().map(|p| here::here(p, asked, ours)).collect::<Vec<_>>(),
    );
    let (policy, guards) = (policy.as_ref(), guards.iter().map(AsRef::as_ref).collect::<Vec<&Policy>>());
    let mut out = Vec::new();
    for statement in policy.statements.iter().filter(|s| s.effect == Effect::Allow) {
        let actions: Vec<&str> =
            asked.actions.iter().copied().filter(|a| acts(&statement.action, a)).collect();
        if actions.is_empty() || !reaches(&statement.resource, asked.space) {
            continue;
        }
        for principal in principals(statement) {
            for (caller, admits, who, rests_on) in callers(policy, statement, &principal, asked, ours) {
                let holds = conditions(statement, &caller, asked.as_of);
                let refusal = actions
                    .iter()
                    .map(|action| refused(policy, &guards, action, &caller, &principal, statement, asked))
                    .min_by_key(|(answer, _)| *answer)
                    .unwrap_or((Answer::No, String::new()));
                let (admits, rests_on) = match (holds, refusal.0) {
                    (Answer::No, _) => (Admits::Nobody, words(&statement.conditions)),
                    (_, Answer::Yes) => (Admits::Nobody, refusal.1),
                    (_, Answer::No | Answer::Unknown) => (admits, rests_on),
                };
                out.push(Admission {
                    position: statement.position,
                    sid: statement.sid.clone(),
                    principal: principal.clone(),
                    admits,
                    who,
                    certain: admits == Admits::Nobody || (holds == Answer::Yes && refusal.0 == Answer::No),
                    rests_on,
                    conditional: !statement.conditions.is_empty(),
                });
            }
        }
    }
    // a statement that lets somebody in says nothing by those whom it does not
    let admitted: BTreeSet<(usize, Principal)> = out
        .iter()
        .filter(|a| a.admits != Admits::Nobody)
        .map(|a| (a.position, a.principal.clone()))
        .collect();
    out.retain(|a| a.admits != Admits::Nobody || !admitted.contains(&(a.position, a.principal.clone())));
    let mut seen = BTreeSet::new();
    out.retain(|a| seen.insert((a.position, a.principal.clone(), a.admits, a.who.clone())));
    out
}

/// Whether a list of actions takes in one (in lower case, without wildcards).
pub fn acts(listed: &Listed, action: &str) -> bool {
    match listed {
        Listed::These(list) => list.iter().any(|p| pattern::matches(p, action)),
        Listed::AllBut(list) => !list.iter().any(|p| pattern::matches(p, action)),
        Listed::Unsaid => false,
    }
}

/// Whether a list of resources takes in something of `space`. No list takes in everything, as in trust
/// policies.
pub fn reaches(listed: &Listed, space: &str) -> bool {
    match listed {
        Listed::These(list) => list.iter().any(|p| pattern::meets(p, space)),
        Listed::AllBut(list) => !list.iter().any(|p| pattern::covers(p, space)),
        Listed::Unsaid => true,
    }
}

/// Whether a list of resources takes in all of `space`.
pub fn spans(listed: &Listed, space: &str) -> bool {
    match listed {
        Listed::These(list) => list.iter().any(|p| pattern::covers(p, space)),
        Listed::AllBut(list) => !list.iter().any(|p| pattern::meets(p, space)),
        Listed::Unsaid => true,
    }
}

/// The principals of a statement; a NotPrincipal stands for everyone.
fn principals(statement: &Statement) -> Vec<Principal> {
    match &statement.principal {
        Principals::These(list) => list.clone(),
        Principals::AllBut(_) => vec![Principal { kind: PrincipalKind::Everyone, value: "*".into() }],
        Principals::Unsaid => Vec::new(),
    }
}

/// Whether the caller can meet every condition of a statement.
fn conditions(statement: &Statement, caller: &Caller, as_of: &str) -> Answer {
    statement.conditions.iter().map(|c| outcome(c, caller, as_of).can_hold()).fold(Answer::Yes, Answer::and)
}

/// Whether a Deny keeps the caller from the action on all that the statement gives, and which.
fn refused(
    policy: &Policy,
    guards: &[&Policy],
    action: &str,
    caller: &Caller,
    principal: &Principal,
    statement: &Statement,
    asked: &AudienceQuestion<'_>,
) -> (Answer, String) {
    let mut found = (Answer::No, String::new());
    let all = std::iter::once(policy).chain(guards.iter().copied()).flat_map(|p| &p.statements);
    for deny in all.filter(|s| s.effect == Effect::Deny && acts(&s.action, action)) {
        if !takes_away(&deny.resource, &statement.resource, asked.space) {
            continue;
        }
        let hits = names(&deny.principal, caller, principal);
        let must = deny
            .conditions
            .iter()
            .map(|c| outcome(c, caller, asked.as_of).must_hold())
            .fold(hits, Answer::and);
        if must > found.0 {
            let sid = deny.sid.clone().unwrap_or_else(|| format!("statement {}", deny.position));
            found = (must, format!("refused by {sid}: {}", words(&deny.conditions)));
        }
    }
    found
}

/// Whether nothing is left of what `given` gives of `space` when `taken` is refused.
pub(super) fn takes_away(taken: &Listed, given: &Listed, space: &str) -> bool {
    spans(taken, space)
        || match given {
            Listed::These(list) => list.iter().filter(|p| pattern::meets(p, space)).all(|p| spans(taken, p)),
            Listed::AllBut(_) | Listed::Unsaid => false,
        }
}

/// Whether the principals of a Deny take in the caller.
fn names(listed: &Principals, caller: &Caller, principal: &Principal) -> Answer {
    match listed {
        Principals::Unsaid => Answer::Yes,
        Principals::These(list)
            if list.iter().any(|p| p.kind == PrincipalKind::Everyone || p == principal) =>
        {
            Answer::Yes
        }
        Principals::These(list) => match caller {
            Caller::Account { id, .. }
                if list.iter().any(|p| p.is_whole_account() && p.account() == Some(id)) =>
            {
                Answer::Yes
            }
            Caller::Account { id, .. } if list.iter().any(|p| p.account() == Some(id)) => Answer::Unknown,
            Caller::Organization(_) if !list.is_empty() => Answer::Unknown,
            _ => Answer::No,
        },
        Principals::AllBut(list) if list.contains(principal) => Answer::No,
        Principals::AllBut(list) => match caller {
            Caller::Account { id, .. } if list.iter().any(|p| p.account() == Some(id)) => Answer::Unknown,
            Caller::Organization(_) => Answer::Unknown,
            _ => Answer::Yes,
        },
    }
}

fn words(conditions: &[Clause]) -> String {
    let words: Vec<String> = conditions.iter().map(Clause::words).collect();
    words.join(", ")
}
