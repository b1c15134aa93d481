//! Whether a role's trust in an identity provider is held to identities of one's own. Issuers that sign for
//! many customers are data.

use super::Answer;
use super::condition::{Clause, Operator, has_variable};
use super::document::Statement;
use super::pattern::is_wild;

/// An issuer that signs for many customers, with the beginnings of a subject after which the customer is
/// named, and the mark that ends the customer's name.
struct Shared {
    host: &'static str,
    subjects: &'static [(&'static str, char)],
    /// Claims beside the subject that name the customer when their value is fixed.
    claims: &'static [&'static str],
}

const SHARED: [Shared; 7] = [
    Shared {
        host: "token.actions.githubusercontent.com",
        subjects: &[
            ("repo:", '/'),
            ("repository:", '/'),
            ("repository_owner:", ':'),
            ("repository_owner_id:", ':'),
            ("repository_id:", ':'),
            ("job_workflow_ref:", '/'),
            ("enterprise:", ':'),
        ],
        claims: &[
            "repository",
            "repository_id",
            "repository_owner",
            "repository_owner_id",
            "enterprise",
            "enterprise_id",
        ],
    },
    Shared {
        host: "gitlab.com",
        subjects: &[("project_path:", '/'), ("namespace_path:", ':')],
        claims: &["project_path", "project_id", "namespace_path", "namespace_id"],
    },
    Shared {
        host: "app.terraform.io",
        subjects: &[("organization:", ':')],
        claims: &["terraform_organization_id"],
    },
    Shared {
        host: "agent.buildkite.com",
        subjects: &[("organization:", ':')],
        claims: &["organization_slug", "organization_id"],
    },
    Shared { host: "oidc.vercel.com", subjects: &[("owner:", ':')], claims: &["owner", "owner_id"] },
    Shared { host: "accounts.google.com", subjects: &[], claims: &["oaud", "aud"] },
    Shared {
        host: "oidc.pulumi.com",
        subjects: &[("pulumi:deploy:org:", ':'), ("pulumi:environments:org:", ':')],
        claims: &[],
    },
];

/// Whether only identities of one's own come in by a statement for a federated provider, and what that rests
/// on.
pub fn federated(statement: &Statement, provider: &str) -> (Answer, String) {
    let host = provider.split(":oidc-provider/").nth(1).unwrap_or(provider).to_ascii_lowercase();
    if provider.contains(":saml-provider/") {
        return (Answer::Yes, format!("assertions of {provider}"));
    }
    if host == "cognito-identity.amazonaws.com" {
        return cognito(statement);
    }
    match SHARED.iter().find(|s| s.host == host) {
        Some(shared) => shared_issuer(statement, shared, provider),
        None => own_issuer(statement, provider),
    }
}

fn claim<'a>(statement: &'a Statement, name: &str) -> impl Iterator<Item = &'a Clause> {
    let suffix = format!(":{name}");
    statement
        .conditions
        .iter()
        .filter(move |c| !c.negated && c.operator != Operator::Null && c.key.ends_with(&suffix))
}

/// How sure a clause is to be asked: not when it holds for tokens without the claim.
fn weight(clause: &Clause) -> Answer {
    if clause.is_loose() { Answer::Unknown } else { Answer::Yes }
}

fn takes_wildcards(clause: &Clause) -> bool {
    matches!(clause.operator, Operator::StringLike | Operator::ArnLike)
}

fn is_fixed(clause: &Clause) -> bool {
    let wild = takes_wildcards(clause);
    !clause.values.is_empty() && clause.values.iter().all(|v| !(has_variable(v) || wild && is_wild(v)))
}

fn shared_issuer(statement: &Statement, shared: &Shared, provider: &str) -> (Answer, String) {
    let mut best = (Answer::No, String::new());
    for clause in claim(statement, "sub") {
        let wild = takes_wildcards(clause);
        let bound =
            !clause.values.is_empty() && clause.values.iter().all(|v| names_customer(v, shared, wild));
        let answer = if bound { weight(clause) } else { Answer::No };
        best = better(best, answer, clause);
    }
    for name in shared.claims {
        for clause in claim(statement, name).filter(|c| is_fixed(c)) {
            best = better(best, weight(clause), clause);
        }
    }
    match best.0 {
        Answer::No => {
            let asked = claim(statement, "sub").next();
            let what = asked.map_or("no condition on the :sub claim".to_string(), |c| {
                format!("{} names no customer of the issuer", c.words())
            });
            (Answer::No, format!("every subject of {provider} may assume it: {what}"))
        }
        Answer::Unknown | Answer::Yes => best,
    }
}

fn better(best: (Answer, String), answer: Answer, clause: &Clause) -> (Answer, String) {
    if answer > best.0 { (answer, clause.words()) } else { best }
}

/// Whether a subject names the customer of a shared issuer before its first wildcard.
fn names_customer(subject: &str, shared: &Shared, wild: bool) -> bool {
    if has_variable(subject) {
        return false;
    }
    if !(wild && is_wild(subject)) {
        return !subject.is_empty();
    }
    let fixed = subject.split(['*', '?']).next().unwrap_or_default();
    shared.subjects.iter().any(|(start, end)| {
        fixed
            .strip_prefix(start)
            .and_then(|rest| rest.split_once(*end))
            .is_some_and(|(customer, _)| !customer.is_empty())
    })
}

/// An issuer of one's own, a cluster for instance: its subjects are one's own, but which of them must be
/// said.
fn own_issuer(statement: &Statement, provider: &str) -> (Answer, String) {
    let mut best = (Answer::No, String::new());
    for clause in claim(statement, "sub") {
        let wild = takes_wildcards(clause);
        let bound = !clause.values.is_empty()
            && clause.values.iter().all(|v| !has_variable(v) && (!wild || narrows(v)));
        best = better(best, if bound { weight(clause) } else { Answer::No }, clause);
    }
    if best.0 != Answer::No {
        return best;
    }
    if !provider.contains(":oidc-provider/") {
        // Login with Amazon, Facebook and Google by their built-in names: the application is the claim that
        // binds
        for name in ["aud", "app_id", "oaud"] {
            for clause in claim(statement, name).filter(|c| is_fixed(c)) {
                best = better(best, weight(clause), clause);
            }
        }
        return match best.0 {
            Answer::No => (
                Answer::No,
                format!("every user of {provider} may assume it: no condition on the :aud claim"),
            ),
            Answer::Unknown | Answer::Yes => best,
        };
    }
    let asked = claim(statement, "sub").next();
    let what = asked
        .map_or("no condition on the :sub claim".to_string(), |c| format!("{} holds nobody off", c.words()));
    (Answer::No, format!("every subject of {provider} may assume it: {what}"))
}

/// Whether a subject with wildcards names something before the first of them, beyond the words that all
/// subjects share.
fn narrows(subject: &str) -> bool {
    if !is_wild(subject) {
        return true;
    }
    let fixed = subject.split(['*', '?']).next().unwrap_or_default();
    let rest = fixed.strip_prefix("system:serviceaccount:").unwrap_or(fixed);
    let Some(end) = rest.rfind([':', '/']) else { return false };
    rest[..end].chars().any(char::is_alphanumeric)
}

/// Users of an identity pool: the pool must be named, and guests are anybody.
fn cognito(statement: &Statement) -> (Answer, String) {
    let pool = claim(statement, "aud").find(|c| is_fixed(c) && weight(c) == Answer::Yes);
    let Some(pool) = pool else {
        return (
            Answer::No,
            "users of every identity pool may assume it: no condition on the :aud claim".into(),
        );
    };
    let amr: Vec<&Clause> = claim(statement, "amr").collect();
    let guests =
        amr.iter().any(|c| c.values.iter().any(|v| super::pattern::matches(&like(c, v), "unauthenticated")));
    match (amr.is_empty(), guests) {
        (_, true) => (Answer::No, format!("guests of the identity pool may assume it: {}", amr[0].words())),
        (true, false) => (
            Answer::Unknown,
            format!("{}; whether the pool takes guests is not asked (no condition on :amr)", pool.words()),
        ),
        (false, false) => (
            amr.iter().map(|c| weight(c)).fold(Answer::Yes, Answer::and),
            format!("{}, {}", pool.words(), amr[0].words()),
        ),
    }
}

fn like(clause: &Clause, value: &str) -> String {
    if takes_wildcards(clause) { value.to_string() } else { value.replace(['*', '?'], "\u{1}") }
}
