//! Who may call by one statement: the principals that it names, narrowed by the condition that decides.

use super::{Admits, AudienceQuestion, Ours, Whose, conditions, words};
use crate::policy::Answer;
use crate::policy::condition::{Clause, Operator};
use crate::policy::document::{Effect, Policy, Principal, PrincipalKind, Statement, is_account};
use crate::policy::keys::{Caller, KeyMeaning, Membership, account_of, is_open, kind_of};

/// A caller, what kind of admission that is, who it is in words, and the condition that it rests on.
pub(super) type Candidate = (Caller, Admits, Option<String>, String);

/// Those whom one principal of a statement names, each as a caller that a condition can be asked about.
pub(super) fn callers(
    policy: &Policy,
    statement: &Statement,
    principal: &Principal,
    asked: &AudienceQuestion<'_>,
    ours: &Ours,
) -> Vec<Candidate> {
    match principal.kind {
        PrincipalKind::Everyone => everyone(policy, statement, asked, ours),
        PrincipalKind::Service => vec![service(statement, &principal.value, asked, ours)],
        PrincipalKind::Aws if principal.is_origin_identity() => {
            vec![(
                Caller::Service("cloudfront.amazonaws.com".into()),
                Admits::Service,
                Some("CloudFront".into()),
                String::new(),
            )]
        }
        PrincipalKind::Aws => match principal.account() {
            Some(account) => vec![of_account(account, asked, ours, String::new())],
            // the unique id of a principal that was deleted: nobody
            None if !principal.value.contains(':') => vec![(unplaced(), Admits::Nobody, None, String::new())],
            None => vec![(unplaced(), Admits::Unidentified, None, String::new())],
        },
        PrincipalKind::Federated => {
            vec![(unplaced(), Admits::Federated, Some(principal.value.clone()), words(&statement.conditions))]
        }
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
fn everyone(
    policy: &Policy,
    statement: &Statement,
    asked: &AudienceQuestion<'_>,
    ours: &Ours,
) -> Vec<Candidate> {
    // a source that anybody can have binds nobody: any service acts for anybody's resource
    let any = |c: &Clause| {
        !c.negated && is_source(kind_of(&c.key)) && (c.asks_presence() || is_open(c, kind_of(&c.key)))
    };
    let any_source = statement.conditions.iter().any(any);
    let strangers = [Caller::Anonymous, Caller::Stranger]
        .into_iter()
        .chain(any_source.then(|| Caller::Service(String::new())));
    let open: Vec<Caller> =
        strangers.filter(|c| conditions(statement, c, asked.as_of) != Answer::No).collect();
    if !open.is_empty() {
        let world = open.into_iter().map(|c| (c, Admits::World, None, words(&statement.conditions)));
        return world.chain(spared(policy, asked, ours)).collect();
    }
    let says = |c: &&Clause| !c.negated && c.operator != Operator::Null;
    let binding = statement
        .conditions
        .iter()
        .filter(says)
        .filter(|c| !is_open(c, kind_of(&c.key)) && binds(kind_of(&c.key)));
    let deciding = binding.min_by_key(|c| rank(kind_of(&c.key)));
    match deciding {
        Some(clause) => clause.values.iter().map(|value| named(clause, value, asked, ours)).collect(),
        None => vec![(Caller::Stranger, Admits::World, None, words(&statement.conditions))],
    }
}

/// Those whom a Deny spares by name (`StringNotEquals`), and who come in where everyone else is refused.
fn spared<'a>(
    policy: &'a Policy,
    asked: &'a AudienceQuestion<'_>,
    ours: &'a Ours,
) -> impl Iterator<Item = Candidate> + 'a {
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
    rank(kind) < 9
        || matches!(
            kind,
            KeyMeaning::UserId | KeyMeaning::Token | KeyMeaning::IsService | KeyMeaning::ServiceName
        )
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
        // ids of organizations are small letters
        let folds = clause.operator == Operator::StringEqualsIgnoreCase;
        let id = if folds { id.to_ascii_lowercase() } else { id.to_string() };
        let id = id.as_str();
        let admits = placed(ours.whose_organization(id, asked.owner));
        (Caller::Organization(id.into()), admits, Some(id.to_string()), rests_on.clone())
    };
    match kind {
        KeyMeaning::Account | KeyMeaning::AccessPointAccount => account(is_account(value).then_some(value)),
        KeyMeaning::PrincipalArn | KeyMeaning::AccessPointArn => account(account_of(value)),
        KeyMeaning::Organization => organization(value),
        KeyMeaning::OrganizationPath => organization(value.split('/').next().unwrap_or_default()),
        KeyMeaning::SourceAccount
        | KeyMeaning::SourceArn
        | KeyMeaning::SourceOrganization
        | KeyMeaning::SourceOrganizationPath => {
            let whose = source(kind, value, asked, ours);
            let admits = if whose == Whose::Own { Admits::Service } else { placed(whose) };
            (Caller::ServiceFor(String::new()), admits, Some(value.to_string()), rests_on)
        }
        KeyMeaning::Endpoint if ours.networks.contains(value) => {
            (unplaced(), Admits::Own, Some(value.to_string()), rests_on)
        }
        KeyMeaning::Endpoint | KeyMeaning::Network => {
            (unplaced(), Admits::Network, Some(value.to_string()), rests_on)
        }
        KeyMeaning::IsService | KeyMeaning::ServiceName => {
            (Caller::Service(value.into()), Admits::Service, Some(value.to_string()), rests_on)
        }
        KeyMeaning::UserId
        | KeyMeaning::Token
        | KeyMeaning::Mfa
        | KeyMeaning::Time
        | KeyMeaning::Free
        | KeyMeaning::Other => (unplaced(), Admits::Unidentified, Some(value.to_string()), rests_on),
    }
}

/// Whose the source is that a service acts for. A bucket has no account in its ARN.
pub fn source(kind: KeyMeaning, value: &str, asked: &AudienceQuestion<'_>, ours: &Ours) -> Whose {
    match kind {
        KeyMeaning::SourceAccount if is_account(value) => ours.whose_account(value, asked.owner),
        KeyMeaning::SourceArn => match account_of(value) {
            Some(account) => ours.whose_account(account, asked.owner),
            None => match value.split(":s3:::").nth(1) {
                Some(bucket) if ours.buckets.contains(bucket.split('/').next().unwrap_or_default()) => {
                    Whose::Own
                }
                _ => Whose::Unknown,
            },
        },
        KeyMeaning::SourceOrganization | KeyMeaning::SourceOrganizationPath => {
            ours.whose_organization(value.split('/').next().unwrap_or_default(), asked.owner)
        }
        _ => Whose::Unknown,
    }
}

/// A service by name, and the source that it must act for: of several conditions each must hold, so the
/// surest decides; of several values of one any will do, so the worst does.
fn service(statement: &Statement, name: &str, asked: &AudienceQuestion<'_>, ours: &Ours) -> Candidate {
    let sources = statement
        .conditions
        .iter()
        .filter(|c| is_source(kind_of(&c.key)) && is_asked(c) && !is_open(c, kind_of(&c.key)));
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
        Some((clause, admits, _)) => {
            (Caller::ServiceFor(name.into()), admits, Some(name.into()), clause.words())
        }
        None => (Caller::Service(name.into()), Admits::Service, Some(name.into()), String::new()),
    }
}

/// Whether a request that lacks the key of a clause, or holds another value, fails it.
pub fn is_asked(clause: &Clause) -> bool {
    !clause.negated && clause.operator != Operator::Null && !clause.is_loose()
}

/// Keys that a service sets to tell for whom it acts.
pub fn is_source(kind: KeyMeaning) -> bool {
    matches!(
        kind,
        KeyMeaning::SourceAccount
            | KeyMeaning::SourceArn
            | KeyMeaning::SourceOrganization
            | KeyMeaning::SourceOrganizationPath
    )
}
