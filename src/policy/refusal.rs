//! What the policies of an organization refuse to its member accounts: each account by the policies on it, on
//! its organizational units and on the root. A refusal under a condition that narrows it is no refusal of
//! all.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Clause, Operator, has_variable};
use super::document::{Effect, Listed, Policy, Statement};
use super::keys::{KeyMeaning, is_open, kind_of};
use super::pattern::{self, is_wild};
use super::{Answer, audience, rights};

/// One service control policy with what it is attached to.
#[derive(Debug, Clone)]
pub struct Attached<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub policy: &'a Policy,
    /// Ids of roots, organizational units and accounts.
    pub targets: BTreeSet<String>,
}

/// The organization's accounts and what is above each.
#[derive(Debug, Clone, Default)]
pub struct OrganizationTree {
    pub management: String,
    pub members: BTreeSet<String>,
    pub roots: BTreeSet<String>,
    /// The parent of an account or organizational unit; what is not in it has a parent that was not read.
    pub parents: BTreeMap<String, String>,
}

impl OrganizationTree {
    /// Whether a policy attached to `targets` holds for an account.
    pub fn holds(&self, account: &str, targets: &BTreeSet<String>) -> Answer {
        if targets.contains(account) || targets.iter().any(|t| self.roots.contains(t) || t.starts_with("r-"))
        {
            return Answer::Yes;
        }
        let mut at = account;
        for _ in 0..8 {
            match self.parents.get(at) {
                Some(parent) if targets.contains(parent) => return Answer::Yes,
                Some(parent) if self.roots.contains(parent) || parent.starts_with("r-") => return Answer::No,
                Some(parent) => at = parent,
                None => {
                    return if targets.iter().any(|t| t.starts_with("ou-")) {
                        Answer::Unknown
                    } else {
                        Answer::No
                    };
                }
            }
        }
        Answer::Unknown
    }
}

/// How one action is refused to the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Yes: to every member. Unknown: to some, under conditions, or where the tree was not read. No: by no
    /// policy.
    pub answer: Answer,
    pub why: String,
}

/// Whether `action` (lower case) is refused to every member account.
pub fn refusal(action: &str, policies: &[Attached<'_>], tree: &OrganizationTree) -> Refusal {
    let mut part: Option<String> = None;
    let mut by: BTreeSet<&str> = BTreeSet::new();
    let mut exempt: BTreeSet<String> = BTreeSet::new();
    let mut missing: Vec<&String> = Vec::new();
    for account in &tree.members {
        let mut best = Answer::No;
        for attached in policies {
            let (statement, words, spared) = strongest(attached.policy, action);
            // who is spared as a whole is not held
            let statement = if spared.contains(account) { Answer::No } else { statement };
            let answer = statement.and(tree.holds(account, &attached.targets));
            if answer == Answer::Yes {
                by.insert(attached.name);
                exempt.extend(spared.clone());
            }
            if answer != Answer::No && answer < Answer::Yes {
                let words =
                    if words.is_empty() { "attached where the tree was not read".to_string() } else { words };
                part.get_or_insert(format!("{}: {words}", attached.name));
            }
            best = best.or(answer);
        }
        if best != Answer::Yes {
            missing.push(account);
        }
    }
    let by: Vec<&str> = by.into_iter().collect();
    if tree.members.is_empty() {
        // nobody is known to be held, so the root is asked
        let whole = policies.iter().find(|p| {
            strongest(p.policy, action).0 == Answer::Yes
                && p.targets.iter().any(|t| tree.roots.contains(t) || t.starts_with("r-"))
        });
        return match whole {
            Some(p) => Refusal { answer: Answer::Yes, why: format!("{} at the root", p.name) },
            None => partly(policies, action, part),
        };
    }
    if missing.is_empty() {
        let spared = if exempt.is_empty() {
            String::new()
        } else {
            format!(", sparing {}", exempt.into_iter().collect::<Vec<_>>().join(", "))
        };
        return Refusal { answer: Answer::Yes, why: format!("{}{spared}", by.join(", ")) };
    }
    match (by.is_empty(), part) {
        (false, _) => Refusal {
            answer: Answer::Unknown,
            why: format!(
                "{} holds {} of {} member accounts",
                by.join(", "),
                tree.members.len() - missing.len(),
                tree.members.len()
            ),
        },
        (true, part) => partly(policies, action, part),
    }
}

fn partly(policies: &[Attached<'_>], action: &str, part: Option<String>) -> Refusal {
    let unattached =
        policies.iter().find(|p| p.targets.is_empty() && strongest(p.policy, action).0 != Answer::No);
    match (part, unattached) {
        (Some(why), _) => Refusal { answer: Answer::Unknown, why },
        (None, Some(p)) => Refusal { answer: Answer::No, why: format!("{} is attached to nothing", p.name) },
        (None, None) => Refusal { answer: Answer::No, why: String::new() },
    }
}

/// The surest Deny of an action in a policy, what narrows it, and whom it spares.
fn strongest(policy: &Policy, action: &str) -> (Answer, String, Vec<String>) {
    let mut best = (Answer::No, String::new(), Vec::new());
    for statement in
        policy.statements.iter().filter(|s| s.effect == Effect::Deny && audience::acts(&s.action, action))
    {
        let found = weighed(statement);
        let fewer = found.0 == best.0 && found.2.len() < best.2.len();
        if found.0 > best.0 || fewer {
            best = found;
        }
    }
    // an allow list: what no Allow names is refused
    let allows: Vec<&Statement> = policy.statements.iter().filter(|s| s.effect == Effect::Allow).collect();
    if best.0 == Answer::No && !allows.is_empty() && !allows.iter().any(|s| audience::acts(&s.action, action))
    {
        return (
            Answer::Unknown,
            "allows other actions only; whether another policy of the same place allows it is not asked"
                .into(),
            Vec::new(),
        );
    }
    best
}

fn weighed(statement: &Statement) -> (Answer, String, Vec<String>) {
    if !everywhere(&statement.resource) {
        return (Answer::Unknown, "for named resources".into(), Vec::new());
    }
    let mut spared = Vec::new();
    for clause in &statement.conditions {
        match exemption(clause) {
            Some(names) => spared.extend(names),
            None => return (Answer::Unknown, format!("only where {}", said(clause)), Vec::new()),
        }
    }
    (Answer::Yes, String::new(), spared)
}

fn said(clause: &Clause) -> String {
    format!("{}{}", if clause.negated { "not " } else { "" }, clause.words())
}

fn everywhere(listed: &Listed) -> bool {
    match listed {
        Listed::These(list) => list.iter().any(|p| {
            let p = &pattern::same_partition(p, "arn:aws:*");
            pattern::covers(p, "*") || pattern::covers(p, "arn:aws:*") || pattern::covers(p, "arn:aws*:*")
        }),
        Listed::AllBut(_) => false,
        Listed::Unsaid => true,
    }
}

/// Whom a condition spares, where it spares named callers only: a negated operator over who calls, with
/// values that are not everybody. A positive condition refuses to those whom it names, which is less than
/// all.
fn exemption(clause: &Clause) -> Option<Vec<String>> {
    let about = match kind_of(&clause.key) {
        KeyMeaning::PrincipalArn | KeyMeaning::Account | KeyMeaning::UserId | KeyMeaning::ServiceName => true,
        KeyMeaning::IsService => return is_not_service(clause).then(Vec::new),
        KeyMeaning::Free => clause.key.starts_with("aws:principaltag/") && clause.operator != Operator::Null,
        _ => false,
    };
    let narrow = clause.values.iter().all(|v| !has_variable(v) && narrow_value(v, clause));
    (about && clause.negated && narrow && !clause.values.is_empty()).then(|| clause.values.clone())
}

/// `Bool aws:PrincipalIsAWSService false`: refused to all who are no service of AWS.
fn is_not_service(clause: &Clause) -> bool {
    clause.operator == Operator::Bool && clause.values.iter().all(|v| v.eq_ignore_ascii_case("false"))
}

/// Whether a value names a few: the name of a role before any wildcard, one account, one tag.
fn narrow_value(value: &str, clause: &Clause) -> bool {
    match kind_of(&clause.key) {
        KeyMeaning::PrincipalArn => {
            let name = value.splitn(6, ':').nth(5).unwrap_or_default();
            let last = name.split_once('/').map_or(name, |(_, rest)| rest);
            // the account may be any: such roles are made in each account by the same hand
            !last.is_empty() && !last.starts_with(['*', '?']) && last != "root" || name == "root"
        }
        KeyMeaning::Free => !is_wild(value),
        kind => !is_open(clause, kind),
    }
}

/// Whether the refusals of resource control policies keep every request without TLS from a resource of the
/// account.
pub fn refuses_plain(policy: &Policy, actions: &[&str], space: &str) -> Answer {
    let denies = policy.statements.iter().filter(|s| s.effect == Effect::Deny);
    let refused: Vec<(&str, Answer)> = actions
        .iter()
        .map(|action| {
            let each = denies
                .clone()
                .filter(|s| audience::acts(&s.action, action) && spans_here(&s.resource, space));
            (*action, each.map(plain).fold(Answer::No, Answer::or))
        })
        .collect();
    refused.iter().map(|(_, answer)| *answer).fold(Answer::Yes, Answer::and)
}

/// Like [`audience::spans`], in whichever partition the organization is.
fn spans_here(listed: &Listed, space: &str) -> bool {
    let here = |list: &[String]| list.iter().map(|p| pattern::same_partition(p, space)).collect();
    match listed {
        Listed::These(list) => audience::spans(&Listed::These(here(list)), space),
        Listed::AllBut(list) => audience::spans(&Listed::AllBut(here(list)), space),
        Listed::Unsaid => audience::spans(listed, space),
    }
}

/// Whether a Deny holds for every caller who comes without TLS.
pub fn plain(statement: &Statement) -> Answer {
    let everyone = match &statement.principal {
        super::document::Principals::These(list) => {
            list.iter().any(|p| p.kind == super::document::PrincipalKind::Everyone)
        }
        super::document::Principals::AllBut(list) => list.is_empty(),
        super::document::Principals::Unsaid => true,
    };
    let only = !statement.conditions.is_empty() && statement.conditions.iter().all(is_plain);
    (everyone && (only || statement.conditions.is_empty())).into()
}

fn is_plain(clause: &Clause) -> bool {
    let without = clause.operator == Operator::Bool
        && clause.key == "aws:securetransport"
        && clause.values.iter().all(|v| v == "false");
    without || is_not_service_if_there(clause)
}

/// Services of AWS come over TLS by themselves; AWS's own example spares them.
fn is_not_service_if_there(clause: &Clause) -> bool {
    kind_of(&clause.key) == KeyMeaning::IsService && is_not_service(clause)
}

/// Whether a policy gives every action of every service, and so refuses nothing.
pub fn allows_all(policy: &Policy) -> bool {
    policy
        .statements
        .iter()
        .any(|s| s.effect == Effect::Allow && rights::acts_whole(&s.action, "*") && everywhere(&s.resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether leaving is refused to two members by one policy at the root.
    fn leaving(statements: &serde_json::Value) -> (Answer, String) {
        let policy = Policy::read(&serde_json::json!({ "Statement": statements })).expect("a policy");
        let tree = OrganizationTree {
            management: "111122223333".into(),
            members: ["444455556666".to_string(), "123456789012".to_string()].into(),
            roots: ["r-ab12".to_string()].into(),
            ..OrganizationTree::default()
        };
        let attached =
            Attached { id: "p-1", name: "Stay", policy: &policy, targets: ["r-ab12".to_string()].into() };
        let found = refusal("organizations:leaveorganization", &[attached], &tree);
        (found.answer, found.why)
    }

    #[test]
    fn a_member_that_is_spared_as_a_whole_may_leave() {
        let deny = |account: &str| {
            serde_json::json!({"Effect": "Deny", "Action": "organizations:*", "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalAccount": account}}})
        };
        let spared = leaving(&deny("444455556666"));
        assert_eq!(spared, (Answer::Unknown, "Stay holds 1 of 2 member accounts".into()));
        // the management account is held by no policy anyway
        assert_eq!(leaving(&deny("111122223333")).0, Answer::Yes);
        // another statement of the policy that spares nobody
        let whole = serde_json::json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        assert_eq!(leaving(&serde_json::json!([deny("444455556666"), whole])), (Answer::Yes, "Stay".into()));
    }

    #[test]
    fn a_refusal_holds_in_the_partition_of_its_organization() {
        for partition in crate::model::partition::Partition::NAMES {
            let everything = format!("arn:{partition}:*");
            let statement = serde_json::json!({"Effect": "Deny", "Action": "*", "Resource": everything});
            assert_eq!(leaving(&statement).0, Answer::Yes, "{partition}");
            let plain = serde_json::json!({"Statement": [{"Effect": "Deny", "Principal": "*",
                "Action": "sqs:*",
                "Resource": format!("arn:{partition}:sqs:*"),
                "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]});
            let policy = Policy::read(&plain).expect("a policy");
            let refuses = |space: &str| refuses_plain(&policy, &["sqs:sendmessage"], space);
            assert_eq!(refuses("arn:aws:sqs:*"), Answer::Yes, "{partition}");
            assert_eq!(refuses("arn:aws:kms:*"), Answer::No, "{partition}");
        }
    }
}
