//! Whom the policy of a resource lets in: ours, a stranger's account or organization, a service, everyone. Refusals of the same
//! policy are taken off; what depends on something that policies do not tell is said to be uncertain.

mod here;
mod whose;

use std::collections::BTreeSet;

use super::condition::{Clause, Operator};
use super::document::{Effect, Listed, Policy, Principal, PrincipalKind, Principals, Statement, is_account};
use super::keys::{Caller, KeyMeaning, Membership, account_of, is_open, kind_of, outcome};
use super::{Answer, pattern};
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

/// Everyone whom `policy` lets do one of the actions, by statement and principal; `guards` are further policies whose refusals
/// hold (resource control policies of the organization).
pub fn admissions(policy: &Policy, guards: &[&Policy], asked: &AudienceQuestion<'_>, ours: &Ours) -> Vec<Admission> {
    let (policy, guards) = (here::here(policy, asked, ours), guards.iter().map(|p| here::here(p, asked, ours)).collect::<Vec<_>>());
    let (policy, guards) = (policy.as_ref(), guards.iter().map(AsRef::as_ref).collect::<Vec<&Policy>>());
    let mut out = Vec::new();
    for statement in policy.statements.iter().filter(|s| s.effect == Effect::Allow) {
        let actions: Vec<&str> = asked.actions.iter().copied().filter(|a| acts(&statement.action, a)).collect();
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
    let admitted: BTreeSet<(usize, Principal)> =
        out.iter().filter(|a| a.admits != Admits::Nobody).map(|a| (a.position, a.principal.clone())).collect();
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

/// Whether a list of resources takes in something of `space`. No list takes in everything, as in trust policies.
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

type Candidate = (Caller, Admits, Option<String>, String);

fn callers(policy: &Policy, statement: &Statement, principal: &Principal, asked: &AudienceQuestion<'_>, ours: &Ours) -> Vec<Candidate> {
    match principal.kind {
        PrincipalKind::Everyone => everyone(policy, statement, asked, ours),
        PrincipalKind::Service => vec![service(statement, &principal.value, asked, ours)],
        PrincipalKind::Aws if principal.is_origin_identity() => {
            vec![(Caller::Service("cloudfront.amazonaws.com".into()), Admits::Service, Some("CloudFront".into()), String::new())]
        }
        PrincipalKind::Aws => match principal.account() {
            Some(account) => vec![of_account(account, asked, ours, String::new())],
            // the unique id of a principal that was deleted: nobody
            None if !principal.value.contains(':') => vec![(unplaced(), Admits::Nobody, None, String::new())],
            None => vec![(unplaced(), Admits::Unidentified, None, String::new())],
        },
        PrincipalKind::Federated => vec![(unplaced(), Admits::Federated, Some(principal.value.clone()), words(&statement.conditions))],
        PrincipalKind::Canonical if ours.canonical.contains(&principal.value) => {
            vec![of_account(asked.owner, asked, ours, String::new())]
        }
        PrincipalKind::Canonical => vec![(unplaced(), Admits::Unidentified, None, String::new())],
    }
}

fn unplaced() -> Caller {
    Caller::Account { id: String::new(), organization: Membership::Unknown }
}

fn of_account(account: &str, asked: &AudienceQuestion<'_>, ours: &Ours, rests_on: String) -> Candidate {
    let caller = Caller::Account { id: account.into(), organization: ours.membership(account, asked.owner) };
    (caller, placed(ours.whose_account(account, asked.owner)), Some(account.into()), rests_on)
}

fn placed(whose: Whose) -> Admits {
    match whose {
        Whose::Own => Admits::Own,
        Whose::Unknown => Admits::Unplaced,
        Whose::Foreign => Admits::Foreign,
    }
}

/// For `*`: the world where no condition keeps a stranger out, else those whom the deciding condition names.
fn everyone(policy: &Policy, statement: &Statement, asked: &AudienceQuestion<'_>, ours: &Ours) -> Vec<Candidate> {
    // a source that anybody can have binds nobody: any service acts for anybody's resource
    let any = |c: &Clause| !c.negated && is_source(kind_of(&c.key)) && (c.asks_presence() || is_open(c, kind_of(&c.key)));
    let any_source = statement.conditions.iter().any(any);
    let strangers = [Caller::Anonymous, Caller::Stranger].into_iter().chain(any_source.then(|| Caller::Service(String::new())));
    let open: Vec<Caller> = strangers.filter(|c| conditions(statement, c, asked.as_of) != Answer::No).collect();
    if !open.is_empty() {
        let world = open.into_iter().map(|c| (c, Admits::World, None, words(&statement.conditions)));
        return world.chain(spared(policy, asked, ours)).collect();
    }
    let says = |c: &&Clause| !c.negated && c.operator != Operator::Null;
    let binding = statement.conditions.iter().filter(says).filter(|c| !is_open(c, kind_of(&c.key)) && binds(kind_of(&c.key)));
    let deciding = binding.min_by_key(|c| rank(kind_of(&c.key)));
    match deciding {
        Some(clause) => clause.values.iter().map(|value| named(clause, value, asked, ours)).collect(),
        None => vec![(Caller::Stranger, Admits::World, None, words(&statement.conditions))],
    }
}

/// Those whom a Deny spares by name (`StringNotEquals`), and who come in where everyone else is refused.
fn spared<'a>(policy: &'a Policy, asked: &'a AudienceQuestion<'_>, ours: &'a Ours) -> impl Iterator<Item = Candidate> + 'a {
    let refusals = policy.statements.iter().filter(|s| s.effect == Effect::Deny).flat_map(|s| &s.conditions);
    refusals
        .filter(|c| c.negated && !is_open(c, kind_of(&c.key)) && rank(kind_of(&c.key)) < 9)
        .flat_map(move |c| c.values.iter().map(move |value| named(c, value, asked, ours)))
}

/// Conditions that name who calls come before those that name from where.
fn rank(kind: KeyMeaning) -> u32 {
    match kind {
        KeyMeaning::Account => 0,
        KeyMeaning::PrincipalArn => 1,
        KeyMeaning::SourceAccount => 2,
        KeyMeaning::Organization | KeyMeaning::SourceOrganization => 3,
        KeyMeaning::OrganizationPath | KeyMeaning::SourceOrganizationPath => 4,
        KeyMeaning::SourceArn => 5,
        KeyMeaning::AccessPointAccount | KeyMeaning::AccessPointArn => 6,
        KeyMeaning::Endpoint => 7,
        KeyMeaning::Network => 8,
        _ => 9,
    }
}

fn binds(kind: KeyMeaning) -> bool {
    rank(kind) < 9 || matches!(kind, KeyMeaning::UserId | KeyMeaning::Token | KeyMeaning::IsService | KeyMeaning::ServiceName)
}

/// Whom one value of a condition lets in.
fn named(clause: &Clause, value: &str, asked: &AudienceQuestion<'_>, ours: &Ours) -> Candidate {
    let rests_on = clause.words();
    let kind = kind_of(&clause.key);
    let account = |account: Option<&str>| match account {
        Some(account) => of_account(account, asked, ours, rests_on.clone()),
        None => (unplaced(), Admits::Unidentified, Some(value.to_string()), rests_on.clone()),
    };
    let organization = |id: &str| {
        let admits = placed(ours.whose_organization(id, asked.owner));
        (Caller::Organization(id.into()), admits, Some(id.to_string()), rests_on.clone())
    };
    match kind {
        KeyMeaning::Account | KeyMeaning::AccessPointAccount => account(is_account(value).then_some(value)),
        KeyMeaning::PrincipalArn | KeyMeaning::AccessPointArn => account(account_of(value)),
        KeyMeaning::Organization => organization(value),
        KeyMeaning::OrganizationPath => organization(value.split('/').next().unwrap_or_default()),
        KeyMeaning::SourceAccount | KeyMeaning::SourceArn | KeyMeaning::SourceOrganization | KeyMeaning::SourceOrganizationPath => {
            let whose = source(kind, value, asked, ours);
            let admits = if whose == Whose::Own { Admits::Service } else { placed(whose) };
            (Caller::ServiceFor(String::new()), admits, Some(value.to_string()), rests_on)
        }
        KeyMeaning::Endpoint if ours.networks.contains(value) => (unplaced(), Admits::Own, Some(value.to_string()), rests_on),
        KeyMeaning::Endpoint | KeyMeaning::Network => (unplaced(), Admits::Network, Some(value.to_string()), rests_on),
        KeyMeaning::IsService | KeyMeaning::ServiceName => {
            (Caller::Service(value.into()), Admits::Service, Some(value.to_string()), rests_on)
        }
        KeyMeaning::UserId | KeyMeaning::Token | KeyMeaning::Mfa | KeyMeaning::Time | KeyMeaning::Free | KeyMeaning::Other => {
            (unplaced(), Admits::Unidentified, Some(value.to_string()), rests_on)
        }
    }
}

/// Whose the source is that a service acts for. A bucket has no account in its ARN.
pub fn source(kind: KeyMeaning, value: &str, asked: &AudienceQuestion<'_>, ours: &Ours) -> Whose {
    match kind {
        KeyMeaning::SourceAccount if is_account(value) => ours.whose_account(value, asked.owner),
        KeyMeaning::SourceArn => match account_of(value) {
            Some(account) => ours.whose_account(account, asked.owner),
            None => match value.split(":s3:::").nth(1) {
                Some(bucket) if ours.buckets.contains(bucket.split('/').next().unwrap_or_default()) => Whose::Own,
                _ => Whose::Unknown,
            },
        },
        KeyMeaning::SourceOrganization | KeyMeaning::SourceOrganizationPath => {
            ours.whose_organization(value.split('/').next().unwrap_or_default(), asked.owner)
        }
        _ => Whose::Unknown,
    }
}

/// A service by name, and the source that it must act for: of several conditions each must hold, so the surest decides; of several
/// values of one any will do, so the worst does.
fn service(statement: &Statement, name: &str, asked: &AudienceQuestion<'_>, ours: &Ours) -> Candidate {
    let sources = statement.conditions.iter().filter(|c| is_source(kind_of(&c.key)) && is_asked(c) && !is_open(c, kind_of(&c.key)));
    let held = sources.map(|clause| {
        let kind = kind_of(&clause.key);
        let each = clause.values.iter().map(|value| match source(kind, value, asked, ours) {
            Whose::Own => Admits::Service,
            // a bucket has one name in the world, and no account in its ARN
            Whose::Unknown if kind == KeyMeaning::SourceArn && account_of(value).is_none() => Admits::Service,
            Whose::Unknown => Admits::Unplaced,
            Whose::Foreign => Admits::Foreign,
        });
        let own = clause.values.iter().all(|value| source(kind, value, asked, ours) == Whose::Own);
        (clause, each.max().unwrap_or(Admits::Unplaced), own)
    });
    // a source that is ours decides; else a stranger's does, before one of which nothing is known
    let surest = held.max_by_key(|(_, admits, own)| (*own, *admits));
    match surest {
        Some((clause, admits, _)) => (Caller::ServiceFor(name.into()), admits, Some(name.into()), clause.words()),
        None => (Caller::Service(name.into()), Admits::Service, Some(name.into()), String::new()),
    }
}

/// Whether a request that lacks the key of a clause, or holds another value, fails it.
pub fn is_asked(clause: &Clause) -> bool {
    !clause.negated && clause.operator != Operator::Null && !clause.is_loose()
}

/// Keys that a service sets to tell for whom it acts.
pub fn is_source(kind: KeyMeaning) -> bool {
    matches!(kind, KeyMeaning::SourceAccount | KeyMeaning::SourceArn | KeyMeaning::SourceOrganization | KeyMeaning::SourceOrganizationPath)
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
        let must = deny.conditions.iter().map(|c| outcome(c, caller, asked.as_of).must_hold()).fold(hits, Answer::and);
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
        Principals::These(list) if list.iter().any(|p| p.kind == PrincipalKind::Everyone || p == principal) => Answer::Yes,
        Principals::These(list) => match caller {
            Caller::Account { id, .. } if list.iter().any(|p| p.is_whole_account() && p.account() == Some(id)) => Answer::Yes,
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
