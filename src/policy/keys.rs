//! What a kind of caller can make of a condition: sure to hold, sure to fail, his to choose, or not known.
//!
//! A value that AWS would not call fixed (a wildcard in the part that decides, a variable of the caller's
//! own, half the internet) binds nobody (S3 User Guide, "The meaning of public"). A condition on another
//! organization or account binds to a stranger.

mod meaning;

use super::condition::{Clause, KeyValue, Operator, Quantifier, has_variable, has_variable_of_caller};
use super::pattern::{is_wild, meets};
use super::{Answer, document};
use crate::model::address::{self, AddressReach};
pub use meaning::{KeyMeaning, kind_of};

/// Whom a statement may let in, as far as policies can tell callers apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A request without a signature.
    Anonymous,
    /// Some customer of AWS whom no policy names, with any organization of his own, or none.
    Stranger,
    /// A principal of this account, of the organization that is known of it.
    Account { id: String, organization: Membership },
    /// Whoever belongs to this organization.
    Organization(String),
    /// A service of AWS, on behalf of a resource or account that the conditions name.
    Service(String),
    /// The same, on behalf of the very source that the statement names.
    ServiceFor(String),
}

/// What is known of the organization of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Membership {
    /// Of this organization.
    Of(String),
    /// Of none.
    Alone,
    /// Of another than this one, or of none.
    Outside(String),
    Unknown,
}

/// What a clause comes to for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerOutcome {
    Always,
    Never,
    /// Holds or fails as the caller likes.
    Chosen,
    Unknown,
}

impl CallerOutcome {
    /// Whether a request can be made that meets the clause.
    pub fn can_hold(self) -> Answer {
        match self {
            CallerOutcome::Always | CallerOutcome::Chosen => Answer::Yes,
            CallerOutcome::Never => Answer::No,
            CallerOutcome::Unknown => Answer::Unknown,
        }
    }

    /// Whether every request meets the clause.
    pub fn must_hold(self) -> Answer {
        match self {
            CallerOutcome::Always => Answer::Yes,
            CallerOutcome::Never | CallerOutcome::Chosen => Answer::No,
            CallerOutcome::Unknown => Answer::Unknown,
        }
    }
}

/// An account number that no policy can name: only wildcards match it.
const NOBODY: &str = "\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}\u{3}";

/// Whether some value of the clause is one that anybody can have: it holds a wildcard in the part that
/// decides, or a variable of the caller's own.
pub fn is_open(clause: &Clause, kind: KeyMeaning) -> bool {
    let wild = clause.operator == Operator::StringLike || clause.operator == Operator::ArnLike;
    clause.values.iter().any(|value| {
        if has_variable(value) {
            return has_variable_of_caller(value);
        }
        match kind {
            KeyMeaning::Network => false,
            KeyMeaning::PrincipalArn | KeyMeaning::AccessPointArn => wild && reaches_any_account(value),
            KeyMeaning::SourceArn => {
                wild && !names_bucket(value) && (reaches_any_account(value) || value.contains(":s3:::"))
            }
            KeyMeaning::OrganizationPath | KeyMeaning::SourceOrganizationPath => {
                wild && is_wild(value.split('/').next().unwrap_or_default())
            }
            KeyMeaning::UserId => wild && is_wild(value.split(':').next().unwrap_or_default()),
            _ => wild && is_wild(value),
        }
    }) || (kind == KeyMeaning::Network && address::reach(&clause.values) == AddressReach::World)
}

/// Whether a principal of an account that is not named can have this ARN.
fn reaches_any_account(pattern: &str) -> bool {
    match pattern.split(':').nth(4) {
        Some(account) => is_wild(account),
        None => meets(pattern, &format!("arn:aws:iam::{NOBODY}:*")),
    }
}

/// An ARN of S3 names a bucket, which is one in the world, and no account.
fn names_bucket(pattern: &str) -> bool {
    let name = pattern.splitn(6, ':').nth(5).unwrap_or_default();
    pattern.contains(":s3:::") && !name.is_empty() && !name.starts_with(['*', '?'])
}

/// What the clause comes to for a caller. `as_of` is the time that conditions on time are asked at.
pub fn outcome(clause: &Clause, caller: &Caller, as_of: &str) -> CallerOutcome {
    if let Some(decided) = clause.decided {
        return if decided { CallerOutcome::Always } else { CallerOutcome::Never };
    }
    let kind = kind_of(&clause.key);
    match kind {
        KeyMeaning::Time => time(clause, as_of),
        KeyMeaning::Free => free(clause, caller),
        KeyMeaning::Other => CallerOutcome::Unknown,
        KeyMeaning::IsService | KeyMeaning::ServiceName => service(clause, caller, kind),
        KeyMeaning::Mfa => mfa(clause, caller),
        _ => known(clause, caller, kind),
    }
}

fn time(clause: &Clause, as_of: &str) -> CallerOutcome {
    match clause.answer(&|_| KeyValue::Values(vec![as_of.to_string()])) {
        Answer::Yes => CallerOutcome::Always,
        Answer::No => CallerOutcome::Never,
        Answer::Unknown => CallerOutcome::Unknown,
    }
}

/// A key of the request: the caller sends what the clause asks for, or leaves it.
fn free(clause: &Clause, caller: &Caller) -> CallerOutcome {
    let about_caller = clause.key == "aws:username" || clause.key.starts_with("aws:principaltag/");
    if *caller == Caller::Anonymous && about_caller {
        return absent(clause);
    }
    if clause.values.is_empty() && !clause.negated && clause.over != Quantifier::All {
        CallerOutcome::Never
    } else {
        CallerOutcome::Chosen
    }
}

fn absent(clause: &Clause) -> CallerOutcome {
    match clause.answer(&|_| KeyValue::Absent) {
        Answer::Yes => CallerOutcome::Always,
        Answer::No => CallerOutcome::Never,
        Answer::Unknown => CallerOutcome::Unknown,
    }
}

fn held(clause: &Clause, value: &str) -> CallerOutcome {
    match clause.answer(&|_| KeyValue::Values(vec![value.to_string()])) {
        Answer::Yes => CallerOutcome::Always,
        Answer::No => CallerOutcome::Never,
        Answer::Unknown => CallerOutcome::Unknown,
    }
}

fn service(clause: &Clause, caller: &Caller, kind: KeyMeaning) -> CallerOutcome {
    match (caller, kind) {
        (Caller::Service(name) | Caller::ServiceFor(name), KeyMeaning::ServiceName) => held(clause, name),
        (_, KeyMeaning::ServiceName) => absent(clause),
        (Caller::Service(_) | Caller::ServiceFor(_), _) => held(clause, "true"),
        (Caller::Anonymous, _) => held(clause, "false"),
        (_, _) => held(clause, "false"),
    }
}

fn mfa(clause: &Clause, caller: &Caller) -> CallerOutcome {
    match caller {
        Caller::Anonymous | Caller::Service(_) | Caller::ServiceFor(_) => absent(clause),
        Caller::Stranger | Caller::Account { .. } | Caller::Organization(_) => CallerOutcome::Chosen,
    }
}

/// Keys that tell who calls, from where, or on whose behalf.
fn known(clause: &Clause, caller: &Caller, kind: KeyMeaning) -> CallerOutcome {
    if clause.operator == Operator::Null {
        return null(clause, caller, kind);
    }
    if let (
        Caller::Account { organization: Membership::Outside(id), .. },
        KeyMeaning::Organization | KeyMeaning::OrganizationPath,
    ) = (caller, kind)
    {
        return outside(clause, id);
    }
    match presence(caller, kind) {
        Presence::Absent => absent(clause),
        Presence::Value(value) => held_or_open(clause, &value, kind),
        Presence::Any => any_value(clause, kind),
        Presence::AnyOrNone => either(any_value(clause, kind), absent(clause)),
        Presence::Granted => CallerOutcome::Chosen,
        Presence::Unknown => unknown_value(clause, kind),
    }
}

/// For a caller of another organization than `id`, or of none: what both come to, where they come to the
/// same. Which other one it is nobody knows, so a value that names another decides nothing.
fn outside(clause: &Clause, id: &str) -> CallerOutcome {
    let own = |value: &str| !id.is_empty() && value.split('/').next() == Some(id);
    let named = clause.values.iter().filter(|v| !own(v)).any(|v| !super::pattern::covers(v, "o-*"));
    let with = clause.answer(&|_| KeyValue::Values(vec![format!("o-{NOBODY}/")]));
    let with = if clause.key.ends_with("paths") {
        with
    } else {
        clause.answer(&|_| KeyValue::Values(vec![format!("o-{NOBODY}")]))
    };
    match (with, absent(clause)) {
        (_, _) if is_open(clause, kind_of(&clause.key)) => CallerOutcome::Chosen,
        (_, _) if named => CallerOutcome::Unknown,
        (Answer::Yes, CallerOutcome::Always) => CallerOutcome::Always,
        (Answer::No, CallerOutcome::Never) => CallerOutcome::Never,
        (_, _) => CallerOutcome::Unknown,
    }
}

enum Presence {
    Absent,
    Value(String),
    /// A value that no policy names, of the caller's choice.
    Any,
    /// As `Any`, and the caller may come without one.
    AnyOrNone,
    /// Whatever the policy asks for.
    Granted,
    Unknown,
}

fn presence(caller: &Caller, kind: KeyMeaning) -> Presence {
    use KeyMeaning as K;
    match (caller, kind) {
        // who is named comes from where the policy wants him
        (Caller::Account { .. } | Caller::Organization(_), K::Network | K::Token | K::Endpoint) => {
            Presence::Granted
        }
        (_, K::AccessPointAccount | K::AccessPointArn) if matches!(caller, Caller::Account { .. }) => {
            Presence::Granted
        }
        (_, K::Network | K::Token) => Presence::Any,
        (_, K::Endpoint | K::AccessPointAccount | K::AccessPointArn) => Presence::AnyOrNone,
        (
            Caller::Service(_),
            K::SourceAccount | K::SourceArn | K::SourceOrganization | K::SourceOrganizationPath,
        ) => Presence::AnyOrNone,
        (
            Caller::ServiceFor(_),
            K::SourceAccount | K::SourceArn | K::SourceOrganization | K::SourceOrganizationPath,
        ) => Presence::Granted,
        (Caller::Service(_) | Caller::ServiceFor(_), _) => Presence::Absent,
        (_, K::SourceAccount | K::SourceArn | K::SourceOrganization | K::SourceOrganizationPath) => {
            Presence::Absent
        }
        (Caller::Anonymous, _) => Presence::Absent,
        (Caller::Stranger, K::Organization | K::OrganizationPath) => Presence::AnyOrNone,
        (Caller::Stranger, _) => Presence::Any,
        (Caller::Account { id, .. }, K::Account) => Presence::Value(id.clone()),
        (Caller::Account { organization: Membership::Of(id), .. }, K::Organization) => {
            Presence::Value(id.clone())
        }
        (Caller::Account { organization: Membership::Of(id), .. }, K::OrganizationPath) => {
            Presence::Value(format!("{id}/{NOBODY}/"))
        }
        (Caller::Account { .. } | Caller::Organization(_), K::UserId) => Presence::Unknown,
        (Caller::Account { organization: Membership::Alone, .. }, K::Organization | K::OrganizationPath) => {
            Presence::Absent
        }
        (Caller::Account { id, .. }, K::PrincipalArn) if !id.is_empty() => {
            Presence::Value(format!("arn:aws:iam::{id}:{NOBODY}"))
        }
        (Caller::Account { .. }, _) => Presence::Unknown,
        (Caller::Organization(id), K::Organization) => Presence::Value(id.clone()),
        (Caller::Organization(id), K::OrganizationPath) => Presence::Value(format!("{id}/{NOBODY}/")),
        (Caller::Organization(_), _) => Presence::Unknown,
    }
}

fn held_or_open(clause: &Clause, value: &str, kind: KeyMeaning) -> CallerOutcome {
    if clause.values.iter().any(|v| has_variable(v)) {
        let of_caller = clause.values.iter().any(|v| has_variable_of_caller(v));
        return if of_caller { CallerOutcome::Chosen } else { CallerOutcome::Unknown };
    }
    // which principal of the account calls is not known: the account alone is compared
    if kind == KeyMeaning::PrincipalArn {
        let account = account_of(value).unwrap_or_default();
        let own = clause
            .values
            .iter()
            .any(|v| v.split(':').nth(4).is_none_or(|a| super::pattern::matches(a, account)));
        return match (own, clause.negated) {
            (true, _) => CallerOutcome::Chosen,
            (false, false) => CallerOutcome::Never,
            (false, true) => CallerOutcome::Always,
        };
    }
    // A path below the organization is narrower than it; whether the caller is there is his organization's
    // affair.
    if kind == KeyMeaning::OrganizationPath || kind == KeyMeaning::SourceOrganizationPath {
        let organization = value.split('/').next().unwrap_or_default();
        let hit = clause
            .values
            .iter()
            .any(|v| super::pattern::matches(v.split('/').next().unwrap_or_default(), organization));
        return match (hit, clause.negated) {
            (true, false) => CallerOutcome::Chosen,
            (false, false) => CallerOutcome::Never,
            (true, true) => CallerOutcome::Chosen,
            (false, true) => CallerOutcome::Always,
        };
    }
    held(clause, value)
}

/// For a caller with a value that no policy names: an open value lets him in, a fixed one does not.
fn any_value(clause: &Clause, kind: KeyMeaning) -> CallerOutcome {
    match (is_open(clause, kind), clause.negated) {
        (true, _) => CallerOutcome::Chosen,
        (false, false) => CallerOutcome::Never,
        (false, true) => CallerOutcome::Always,
    }
}

/// For a caller who comes in one way or the other, as he likes.
fn either(one: CallerOutcome, other: CallerOutcome) -> CallerOutcome {
    match (one, other) {
        (same, other) if same == other => same,
        (CallerOutcome::Unknown, CallerOutcome::Never) | (CallerOutcome::Never, CallerOutcome::Unknown) => {
            CallerOutcome::Unknown
        }
        (_, _) => CallerOutcome::Chosen,
    }
}

/// For a caller who has some value that we do not know.
fn unknown_value(clause: &Clause, kind: KeyMeaning) -> CallerOutcome {
    if is_open(clause, kind) { CallerOutcome::Chosen } else { CallerOutcome::Unknown }
}

fn null(clause: &Clause, caller: &Caller, kind: KeyMeaning) -> CallerOutcome {
    let wants_absent = clause.values.iter().any(|v| v.eq_ignore_ascii_case("true"));
    match presence(caller, kind) {
        Presence::Absent if wants_absent => CallerOutcome::Always,
        Presence::Absent => CallerOutcome::Never,
        Presence::Value(_) | Presence::Any if wants_absent => CallerOutcome::Never,
        Presence::Value(_) | Presence::Any => CallerOutcome::Always,
        Presence::AnyOrNone | Presence::Granted => CallerOutcome::Chosen,
        Presence::Unknown => CallerOutcome::Unknown,
    }
}

/// The account in an ARN, where it names one.
pub fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| document::is_account(account))
}
