//! Policy documents as statements: whatever AWS lets be one string or a list, one object or many, read once
//! and for all. A statement that cannot be read is kept as such, so that nobody takes its absence for an
//! answer.

use serde_json::Value;

use super::condition::{Clause, clauses, strings};

/// A policy of any kind.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub statements: Vec<Statement>,
    /// Positions of statements that could not be read.
    pub unread: Vec<usize>,
}

#[derive(Debug, Clone)]
pub struct Statement {
    /// Place in the document, from 0.
    pub position: usize,
    pub sid: Option<String>,
    pub effect: Effect,
    pub principal: Principals,
    /// Actions in lower case: they are compared without regard to case.
    pub action: Listed,
    pub resource: Listed,
    pub conditions: Vec<Clause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// What Action or NotAction, Resource or NotResource names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    These(Vec<String>),
    AllBut(Vec<String>),
    /// Neither is there: a trust policy names no resource.
    Unsaid,
}

/// What Principal or NotPrincipal names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    These(Vec<Principal>),
    AllBut(Vec<Principal>),
    /// An identity policy names none.
    Unsaid,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    pub kind: PrincipalKind,
    /// As written.
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    Everyone,
    Aws,
    Service,
    Federated,
    Canonical,
}

impl PrincipalKind {
    /// The member of Principal that names this kind; `everyone` for `*`.
    pub fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::Everyone => "everyone",
            PrincipalKind::Aws => "AWS",
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::Canonical => "CanonicalUser",
        }
    }
}

impl Principal {
    /// The account that an AWS principal belongs to.
    pub fn account(&self) -> Option<&str> {
        let account = match self.kind {
            PrincipalKind::Aws if is_account(&self.value) => &self.value,
            PrincipalKind::Aws => self.value.split(':').nth(4)?,
            _ => return None,
        };
        is_account(account).then_some(account)
    }

    /// The account as a whole, by its number or its root.
    pub fn is_whole_account(&self) -> bool {
        self.kind == PrincipalKind::Aws && (is_account(&self.value) || self.value.ends_with(":root"))
    }

    /// An origin access identity of CloudFront, which is a service and no account.
    pub fn is_origin_identity(&self) -> bool {
        self.kind == PrincipalKind::Aws && self.value.contains(":iam::cloudfront:user/")
    }
}

/// Twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

impl Policy {
    /// Reads a document: an object, a list of one (as some recordings have it), or JSON text.
    pub fn read(document: &Value) -> Option<Policy> {
        let body = match document {
            Value::Array(list) if list.len() == 1 => &list[0],
            Value::String(text) => return Policy::read(&serde_json::from_str(text).ok()?),
            other => other,
        };
        let statements = match body.as_object()?.get("Statement")? {
            Value::Array(list) => list.iter().collect(),
            one @ Value::Object(_) => vec![one],
            _ => return None,
        };
        let mut policy = Policy::default();
        for (position, body) in statements.into_iter().enumerate() {
            match statement(position, body) {
                Some(statement) => policy.statements.push(statement),
                None => policy.unread.push(position),
            }
        }
        Some(policy)
    }
}

fn statement(position: usize, body: &Value) -> Option<Statement> {
    let map = body.as_object()?;
    let effect = match map.get("Effect")?.as_str()? {
        "Allow" => Effect::Allow,
        "Deny" => Effect::Deny,
        _ => return None,
    };
    let lowered = |listed: Listed| match listed {
        Listed::These(list) => Listed::These(list.iter().map(|a| a.to_ascii_lowercase()).collect()),
        Listed::AllBut(list) => Listed::AllBut(list.iter().map(|a| a.to_ascii_lowercase()).collect()),
        Listed::Unsaid => Listed::Unsaid,
    };
    let action = lowered(listed(map.get("Action"), map.get("NotAction"))?);
    if action == Listed::Unsaid {
        return None;
    }
    Some(Statement {
        position,
        sid: map.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()).map(str::to_string),
        effect,
        principal: principals(map.get("Principal"), map.get("NotPrincipal"))?,
        action,
        resource: listed(map.get("Resource"), map.get("NotResource"))?,
        conditions: clauses(map.get("Condition"))?,
    })
}

/// `None` where a member is there and is neither a string nor a list of strings.
fn listed(plain: Option<&Value>, negated: Option<&Value>) -> Option<Listed> {
    match (plain, negated) {
        (Some(value), None) => Some(Listed::These(strings(value)?)),
        (None, Some(value)) => Some(Listed::AllBut(strings(value)?)),
        (None, None) => Some(Listed::Unsaid),
        (Some(_), Some(_)) => None,
    }
}

fn principals(plain: Option<&Value>, negated: Option<&Value>) -> Option<Principals> {
    match (plain, negated) {
        (Some(value), None) => Some(Principals::These(named(value)?)),
        (None, Some(value)) => Some(Principals::AllBut(named(value)?)),
        (None, None) => Some(Principals::Unsaid),
        (Some(_), Some(_)) => None,
    }
}

fn named(value: &Value) -> Option<Vec<Principal>> {
    let everyone = |value: &str| Principal { kind: PrincipalKind::Everyone, value: value.to_string() };
    match value {
        Value::String(text) if text == "*" => Some(vec![everyone("*")]),
        Value::Object(map) => {
            let mut out = Vec::new();
            for (kind, value) in map {
                let kind = match kind.as_str() {
                    "AWS" => PrincipalKind::Aws,
                    "Service" => PrincipalKind::Service,
                    "Federated" => PrincipalKind::Federated,
                    "CanonicalUser" => PrincipalKind::Canonical,
                    _ => return None,
                };
                out.extend(strings(value)?.into_iter().map(|value| match kind {
                    PrincipalKind::Aws if value == "*" => everyone("*"),
                    _ => Principal { kind, value },
                }));
            }
            Some(out)
        }
        _ => None,
    }
}
