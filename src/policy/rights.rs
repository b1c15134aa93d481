//! What a user, a role or a permission set may do by the policies that it holds, within its permissions
//! boundary and the service control policies that were read. Conditions are answered for the holder; what he
//! cannot be known to meet is unknown.

use super::condition::{Clause, KeyValue, Operator, Quantifier, filled, has_variable};
use super::document::{Effect, Listed, Policy, Statement};
use super::keys::{self, Caller, KeyMeaning, Membership, kind_of, outcome};
use super::{Answer, audience, pattern};

/// What caps a holder's rights.
#[derive(Debug, Clone, Copy)]
pub enum Boundary<'a> {
    None,
    /// There is one, and what it says is not in the evidence.
    Unread(&'a str),
    Read(&'a str, &'a Policy),
}

/// One holder with all that gives it rights and takes them away.
#[derive(Debug, Clone)]
pub struct Rights<'a> {
    pub arn: &'a str,
    pub account: &'a str,
    pub organization: Membership,
    /// Each policy with its name.
    pub policies: Vec<(&'a str, &'a Policy)>,
    pub boundary: Boundary<'a>,
    /// Policies of the organization whose refusals hold for the account.
    pub guards: Vec<&'a Policy>,
    pub as_of: &'a str,
}

/// Whether something is allowed, by which policy, and what makes it uncertain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant<'a> {
    pub answer: Answer,
    pub policy: Option<&'a str>,
    pub because: String,
}

#[cfg(test)]
impl<'a> Rights<'a> {
    /// Of a role of 111122223333 with one policy, and nothing around it.
    pub fn by_one(arn: &'a str, policy: &'a Policy) -> Rights<'a> {
        Rights {
            arn,
            account: "111122223333",
            organization: Membership::Unknown,
            policies: vec![("own", policy)],
            boundary: Boundary::None,
            guards: Vec::new(),
            as_of: "2026-09-30T12:00:00Z",
        }
    }
}

impl<'a> Rights<'a> {
    /// The partition that the holder stands in, as its own ARN names it.
    pub fn partition(&self) -> &'a str {
        self.arn.split(':').nth(1).filter(|name| !name.is_empty()).unwrap_or("aws")
    }

    /// Whether any policy names `action` (lower case) at all. Where none does, [`Rights::can`] says no of
    /// everything: asking this first spares a question for each of many stores or workloads.
    pub fn names(&self, action: &str) -> bool {
        let mut allows =
            self.policies.iter().flat_map(|(_, p)| &p.statements).filter(|s| s.effect == Effect::Allow);
        allows.any(|s| audience::acts(&s.action, action))
    }

    /// Whether `action` (lower case) is allowed on something in `space`, an ARN or a pattern of ARNs.
    pub fn can(&self, action: &str, space: &str) -> Grant<'a> {
        let mut best = Grant { answer: Answer::No, policy: None, because: String::new() };
        for (name, policy) in &self.policies {
            for statement in policy.statements.iter().filter(|s| s.effect == Effect::Allow) {
                let (answer, because) = self.granted(statement, action, space);
                if answer > best.answer {
                    best = Grant { answer, policy: Some(name), because };
                }
                if best.answer == Answer::Yes {
                    return best;
                }
            }
        }
        best
    }

    /// One Allow statement, less what refusals and the boundary take off.
    fn granted(&self, statement: &Statement, action: &str, space: &str) -> (Answer, String) {
        if !audience::acts(&statement.action, action) {
            return (Answer::No, String::new());
        }
        let resource = self.fill(&statement.resource);
        if !audience::reaches(&resource.listed, space) {
            return (Answer::No, String::new());
        }
        let mut answer = if resource.certain { Answer::Yes } else { Answer::Unknown };
        let mut because =
            if resource.certain { String::new() } else { "a policy variable that is not known".to_string() };
        let conditions = self.conditions(&statement.conditions);
        if conditions.0 < answer {
            (answer, because) = conditions;
        }
        for (what, policy) in self.refusing() {
            let taken = self.refused(policy, action, &resource.listed, space);
            if !taken < answer {
                (answer, because) = (!taken, what.to_string());
            }
        }
        match self.boundary {
            Boundary::None => {}
            Boundary::Unread(name) if answer > Answer::Unknown => {
                (answer, because) =
                    (Answer::Unknown, format!("its permissions boundary {name}, which was not read"));
            }
            Boundary::Unread(_) => {}
            Boundary::Read(name, policy) => {
                let within = self.within(policy, action, space);
                if within < answer {
                    (answer, because) = (within, format!("its permissions boundary {name}"));
                }
            }
        }
        (answer, because)
    }

    fn refusing(&self) -> impl Iterator<Item = (&str, &'a Policy)> {
        let own = self.policies.iter().map(|(_, p)| ("a refusal under conditions", *p));
        let boundary = match self.boundary {
            Boundary::Read(_, policy) => Some(("a refusal of its permissions boundary", policy)),
            Boundary::None | Boundary::Unread(_) => None,
        };
        own.chain(boundary).chain(self.guards.iter().map(|p| ("a policy of the organization", *p)))
    }

    /// Whether a Deny of `policy` takes away all that a statement gives of `space`.
    fn refused(&self, policy: &Policy, action: &str, given: &Listed, space: &str) -> Answer {
        let denies = policy
            .statements
            .iter()
            .filter(|s| s.effect == Effect::Deny && audience::acts(&s.action, action));
        denies
            .filter(|s| audience::takes_away(&self.fill(&s.resource).listed, given, space))
            .map(|s| s.conditions.iter().map(|c| self.must(c)).fold(Answer::Yes, Answer::and))
            .fold(Answer::No, Answer::or)
    }

    /// Whether the boundary allows the action on something in `space`.
    fn within(&self, policy: &Policy, action: &str, space: &str) -> Answer {
        let allows = policy
            .statements
            .iter()
            .filter(|s| s.effect == Effect::Allow && audience::acts(&s.action, action));
        allows
            .filter(|s| audience::reaches(&self.fill(&s.resource).listed, space))
            .map(|s| self.conditions(&s.conditions).0)
            .fold(Answer::No, Answer::or)
    }

    /// Whether the holder can meet every condition, and which of them is not known.
    pub fn conditions(&self, clauses: &[Clause]) -> (Answer, String) {
        let mut worst = (Answer::Yes, String::new());
        for clause in clauses {
            let answer = self.meets(clause);
            if answer < worst.0 {
                worst = (answer, format!("the condition {}", clause.words()));
            }
        }
        worst
    }

    fn caller(&self) -> Caller {
        Caller::Account { id: self.account.to_string(), organization: self.organization.clone() }
    }

    fn held(&self, key: &str) -> KeyValue {
        match key {
            "aws:principalarn" => KeyValue::Values(vec![self.arn.to_string()]),
            // what is asked about stands in the holder's own account
            "aws:principalaccount" | "kms:calleraccount" | "aws:resourceaccount" => {
                KeyValue::Values(vec![self.account.to_string()])
            }
            "aws:resourceorgid" => match &self.organization {
                Membership::Of(id) => KeyValue::Values(vec![id.clone()]),
                Membership::Alone => KeyValue::Absent,
                Membership::Outside(_) | Membership::Unknown => KeyValue::Unknown,
            },
            "aws:username" => match self.arn.split_once(":user/") {
                Some((_, path)) => {
                    KeyValue::Values(vec![path.rsplit('/').next().unwrap_or(path).to_string()])
                }
                None => KeyValue::Absent,
            },
            "aws:principalisawsservice" => KeyValue::Values(vec!["false".into()]),
            "aws:principaltype" => {
                let kind = if self.arn.contains(":user/") { "User" } else { "AssumedRole" };
                KeyValue::Values(vec![kind.into()])
            }
            _ => KeyValue::Unknown,
        }
    }

    fn is_known(key: &str) -> bool {
        matches!(
            key,
            "aws:principalarn"
                | "aws:principalaccount"
                | "kms:calleraccount"
                | "aws:resourceaccount"
                | "aws:resourceorgid"
                | "aws:username"
                | "aws:principalisawsservice"
                | "aws:principaltype"
        )
    }

    /// Whether the holder can make a request that meets the clause. A key of the request that is held to
    /// values of its own limits what he can do, in a way that nobody evaluates here: unknown.
    fn meets(&self, clause: &Clause) -> Answer {
        if Self::is_known(&clause.key) {
            return clause.answer(&|key| self.held(key));
        }
        let kind = kind_of(&clause.key);
        if clause.operator != Operator::Null
            && !clause.negated
            && (asks_nothing(clause) || keys::is_open(clause, kind) && kind != KeyMeaning::Free)
        {
            return Answer::Yes;
        }
        match kind {
            KeyMeaning::Free if clause.key == "aws:securetransport" => Answer::Yes,
            KeyMeaning::Free
            | KeyMeaning::Other
            | KeyMeaning::Mfa
            | KeyMeaning::Network
            | KeyMeaning::Endpoint
            | KeyMeaning::Token => Answer::Unknown,
            _ => outcome(clause, &self.caller(), self.as_of).can_hold(),
        }
    }

    /// Whether every request of the holder meets a clause of a Deny. What he can avoid, such as coming
    /// without MFA or from elsewhere, takes nothing away.
    fn must(&self, clause: &Clause) -> Answer {
        if Self::is_known(&clause.key) {
            return clause.answer(&|key| self.held(key));
        }
        match kind_of(&clause.key) {
            KeyMeaning::Mfa | KeyMeaning::Network | KeyMeaning::Endpoint => Answer::No,
            KeyMeaning::Free if avoidable(&clause.key) => Answer::No,
            KeyMeaning::Free | KeyMeaning::Other | KeyMeaning::Token => Answer::Unknown,
            _ => outcome(clause, &self.caller(), self.as_of).must_hold(),
        }
    }

    fn fill(&self, listed: &Listed) -> Filled {
        let mut certain = true;
        let mut each = |list: &[String]| -> Vec<String> {
            let texts = list.iter().filter_map(|value| {
                if !has_variable(value) {
                    return Some(value.clone());
                }
                match filled(value, &|key| self.held(key)) {
                    None => None,
                    Some(Ok(text)) => Some(text),
                    Some(Err(())) => {
                        certain = false;
                        Some(widened(value))
                    }
                }
            });
            texts.collect()
        };
        let listed = match listed {
            Listed::These(list) => Listed::These(each(list)),
            Listed::AllBut(list) => Listed::AllBut(each(list)),
            Listed::Unsaid => Listed::Unsaid,
        };
        Filled { listed, certain }
    }
}

struct Filled {
    listed: Listed,
    certain: bool,
}

/// A pattern whose unknown variables may be anything.
fn widened(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, more)| more);
    }
    out + rest
}

/// Keys of the request that its maker leaves out or sets at will, to get past a refusal.
fn avoidable(key: &str) -> bool {
    matches!(
        key,
        "aws:securetransport"
            | "aws:referer"
            | "aws:useragent"
            | "aws:requestedregion"
            | "aws:viaawsservice"
            | "aws:calledvia"
    )
}

/// A value that every text matches, where the key is always there or need not be.
fn asks_nothing(clause: &Clause) -> bool {
    let wild = matches!(clause.operator, Operator::StringLike | Operator::ArnLike);
    wild && clause.over != Quantifier::Any
        && clause.values.iter().any(|v| !v.is_empty() && v.chars().all(|c| c == '*'))
}

/// Whether what `statement` gives is all of `space`: nothing in it is left out.
pub fn gives_all(statement: &Statement, action: &str, space: &str) -> bool {
    audience::acts(&statement.action, action) && audience::spans(&statement.resource, space)
}

/// Whether a list of actions takes in every action of a service, or of all services where `service` is `*`.
pub fn acts_whole(listed: &Listed, service: &str) -> bool {
    // an action has a name of one letter at least, so that `sqs:?*` is all of them too
    let space = if service == "*" { "?*".to_string() } else { format!("{service}:?*") };
    match listed {
        Listed::These(list) => {
            list.iter().any(|p| pattern::covers(p, &space) || (service == "*" && p.as_str() == "*:*"))
        }
        Listed::AllBut(list) => !list.iter().any(|p| pattern::meets(p, &space)),
        Listed::Unsaid => false,
    }
}
