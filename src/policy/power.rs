//! How wide the statements of one identity policy are: all of everything, all of IAM, all of a service, every
//! role to pass. A pattern is as wide as what it takes in, however it is spelled.

use super::audience::{acts, spans};
use super::document::{Effect, Listed, Policy, Statement};
use super::rights::acts_whole;
use super::{Answer, pattern};

/// What a policy gives that is too much to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breadth {
    /// Every action on every resource.
    Everything,
    /// All but what NotAction or NotResource names.
    EverythingBut,
    /// All of IAM, so that its holder can grant itself the rest.
    Identity,
    /// All of one service on every resource.
    Service,
    /// Every role may be passed to a service.
    PassRole,
}

impl Breadth {
    pub fn as_str(self) -> &'static str {
        match self {
            Breadth::Everything => "everything",
            Breadth::EverythingBut => "everything but",
            Breadth::Identity => "identity",
            Breadth::Service => "service",
            Breadth::PassRole => "pass role",
        }
    }
}

/// One finding about one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Power {
    pub breadth: Breadth,
    /// The service in lower case, else empty.
    pub what: String,
    /// Unknown where a condition holds it to something.
    pub answer: Answer,
    pub position: usize,
    pub why: String,
}

/// A name that no policy has.
pub const UNNAMED: &str = "\u{3}unnamed\u{3}";

/// Resources that hold what a service is for; whoever has all of them has all of the service.
const MAIN: [(&str, &[&str]); 25] = [
    ("s3", &["*"]),
    ("dynamodb", &["table/*"]),
    ("secretsmanager", &["secret:*"]),
    ("kms", &["key/*"]),
    ("lambda", &["function:*"]),
    ("rds", &["db:*", "cluster:*"]),
    ("sqs", &["*"]),
    ("sns", &["*"]),
    ("ssm", &["parameter/*"]),
    ("logs", &["log-group:*"]),
    ("ecr", &["repository/*"]),
    ("ecs", &["cluster/*", "service/*", "task/*", "task-definition/*"]),
    ("eks", &["cluster/*"]),
    ("kinesis", &["stream/*"]),
    ("firehose", &["deliverystream/*"]),
    ("es", &["domain/*"]),
    ("elasticfilesystem", &["file-system/*"]),
    ("ec2", &["instance/*", "volume/*", "snapshot/*"]),
    ("glue", &["table/*", "database/*"]),
    ("athena", &["workgroup/*"]),
    ("redshift", &["cluster:*"]),
    ("backup", &["backup-vault:*", "recovery-point:*"]),
    ("healthlake", &["datastore/*"]),
    ("medical-imaging", &["datastore/*"]),
    ("cloudtrail", &["trail/*"]),
];

/// What the statements of a policy that `account` wrote give in breadth. Conditions are answered by `meets`.
pub fn powers(policy: &Policy, account: &str, meets: &dyn Fn(&Statement) -> Answer) -> Vec<Power> {
    let mut out = Vec::new();
    // what the same document refuses without condition is taken off, where it refuses as much
    let refusals: Vec<&Statement> =
        policy.statements.iter().filter(|s| s.effect == Effect::Deny && s.conditions.is_empty()).collect();
    for statement in policy.statements.iter().filter(|s| s.effect == Effect::Allow) {
        let answer = meets(statement);
        if answer == Answer::No {
            continue;
        }
        let mut add = |breadth, what: &str, why: String| {
            out.push(Power { breadth, what: what.into(), answer, position: statement.position, why });
        };
        if let Some(breadth) = whole(statement, account) {
            if !refusals.iter().any(|r| {
                whole(r, account).is_some_and(|refused| refused == Breadth::Everything || refused == breadth)
            }) {
                add(breadth, "", written(statement));
            }
            continue;
        }
        for service in services(&statement.action) {
            let all = |s: &Statement| {
                acts_whole(&s.action, &service) && is_everywhere(&s.resource, &service, account)
            };
            if all(statement) && !refusals.iter().any(|r| all(r)) {
                add(Breadth::Service, &service, written(statement));
            }
        }
        if passes_every_role(statement, account) && !refusals.iter().any(|r| passes_every_role(r, account)) {
            add(Breadth::PassRole, "iam", written(statement));
        }
    }
    out
}

fn whole(statement: &Statement, account: &str) -> Option<Breadth> {
    let any_resource = spans_everything(&statement.resource);
    let but_resource = matches!(statement.resource, Listed::AllBut(_));
    match &statement.action {
        Listed::These(_) if acts_whole(&statement.action, "*") && any_resource => Some(Breadth::Everything),
        Listed::These(_) if acts_whole(&statement.action, "*") && but_resource => {
            Some(Breadth::EverythingBut)
        }
        Listed::AllBut(_) if any_resource || but_resource => Some(Breadth::EverythingBut),
        _ if acts_whole(&statement.action, "iam") && spans_identity(&statement.resource, account) => {
            Some(Breadth::Identity)
        }
        Listed::These(_) | Listed::AllBut(_) | Listed::Unsaid => None,
    }
}

/// Whether no resource of any service is left out: `*`, `arn:*`, `arn:aws:*`.
fn spans_everything(listed: &Listed) -> bool {
    let space = format!("arn:aws:{UNNAMED}:{UNNAMED}:{UNNAMED}:{UNNAMED}");
    match listed {
        Listed::These(list) => list.iter().any(|p| {
            pattern::matches(&pattern::same_partition(p, &space), &space) || pattern::covers(p, "arn:aws*:*")
        }),
        Listed::AllBut(list) => list.is_empty(),
        Listed::Unsaid => true,
    }
}

/// Every role, user, group and policy of the account.
fn spans_identity(listed: &Listed, account: &str) -> bool {
    let kinds = ["role/*", "user/*", "group/*", "policy/*"];
    spans(listed, "*")
        || kinds.iter().all(|kind| spans_or_but(listed, &format!("arn:aws:iam::{account}:{kind}")))
}

/// All of a space, or all but some named things in it.
fn spans_or_but(listed: &Listed, space: &str) -> bool {
    match listed {
        Listed::These(list) => {
            list.iter().any(|p| pattern::covers(&pattern::same_partition(p, space), space))
        }
        Listed::AllBut(list) => {
            !list.iter().any(|p| pattern::covers(&pattern::same_partition(p, space), space))
        }
        Listed::Unsaid => true,
    }
}

/// The services that a list of actions names whole, and those that NotAction leaves whole among the ones that
/// hold data.
fn services(listed: &Listed) -> Vec<String> {
    let mut names: Vec<String> = match listed {
        Listed::These(list) => {
            list.iter().filter_map(|a| a.split_once(':')).map(|(service, _)| service.to_string()).collect()
        }
        Listed::AllBut(_) => MAIN.iter().map(|(service, _)| (*service).to_string()).collect(),
        Listed::Unsaid => Vec::new(),
    };
    if names.iter().any(|n| pattern::is_wild(n)) {
        names.extend(MAIN.iter().map(|(service, _)| (*service).to_string()));
        names.retain(|n| !pattern::is_wild(n));
    }
    names.sort();
    names.dedup();
    names
}

/// Whether every resource that the service is for is taken in, in every region.
fn is_everywhere(listed: &Listed, service: &str, account: &str) -> bool {
    if spans_everything(listed) {
        return true;
    }
    let main = MAIN.iter().find(|(name, _)| *name == service).map_or(&["*"][..], |(_, kinds)| kinds);
    main.iter().all(|kind| {
        let place = match service {
            "s3" => String::new(),
            _ => UNNAMED.to_string(),
        };
        let owner = if service == "s3" { "" } else { account };
        spans_or_but(listed, &format!("arn:aws:{service}:{place}:{owner}:{kind}"))
    })
}

fn passes_every_role(statement: &Statement, account: &str) -> bool {
    acts(&statement.action, "iam:passrole")
        && reaches_every(&statement.resource, &format!("arn:aws:iam::{account}:role/"))
}

/// Whether a thing under `start` that no policy names is taken in: all of its kind, or all but some.
pub fn reaches_every(listed: &Listed, start: &str) -> bool {
    let unnamed = format!("{start}{UNNAMED}");
    match listed {
        Listed::These(list) => {
            list.iter().any(|p| pattern::matches(&pattern::same_partition(p, &unnamed), &unnamed))
        }
        Listed::AllBut(list) => {
            !list.iter().any(|p| pattern::matches(&pattern::same_partition(p, &unnamed), &unnamed))
        }
        Listed::Unsaid => true,
    }
}

/// The part of a statement that its breadth rests on.
fn written(statement: &Statement) -> String {
    let one = |name: &str, listed: &Listed| match listed {
        Listed::These(list) => format!("{name} {}", list.join(", ")),
        Listed::AllBut(list) => format!("Not{name} {}", list.join(", ")),
        Listed::Unsaid => String::new(),
    };
    format!("{} on {}", one("Action", &statement.action), one("Resource", &statement.resource))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::partition::Partition;

    fn found(json: serde_json::Value) -> Vec<(Breadth, String)> {
        let policy = Policy::read(&serde_json::json!({ "Statement": json })).expect("a policy");
        powers(&policy, "111122223333", &|_| Answer::Yes).into_iter().map(|p| (p.breadth, p.what)).collect()
    }

    #[test]
    fn breadth_is_what_a_pattern_takes_in() {
        use serde_json::json;
        let allow = |action: &str, resource: &str| {
            found(json!({"Effect": "Allow", "Action": action, "Resource": resource}))
        };
        assert_eq!(allow("*", "*"), [(Breadth::Everything, String::new())]);
        assert_eq!(allow("*:*", "arn:aws:*"), [(Breadth::Everything, String::new())]);
        assert_eq!(allow("IAM:*", "arn:aws:iam::111122223333:*"), [(Breadth::Identity, String::new())]);
        assert_eq!(allow("s3:*", "arn:aws:s3:::*"), [(Breadth::Service, "s3".to_string())]);
        assert_eq!(
            allow("dynamodb:*", "arn:aws:dynamodb:*:111122223333:table/*"),
            [(Breadth::Service, "dynamodb".to_string())]
        );
        assert_eq!(
            allow("secretsmanager:*", "arn:aws:secretsmanager:*:*:secret:*"),
            [(Breadth::Service, "secretsmanager".to_string())]
        );
        assert_eq!(allow("s3:*", "arn:aws:s3:::records/*"), []);
        assert_eq!(allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/records-*"), []);
        assert_eq!(
            allow("iam:Pass*", "arn:aws:iam::111122223333:role*"),
            [(Breadth::PassRole, "iam".to_string())]
        );
        assert_eq!(allow("iam:PassRole", "arn:aws:iam::111122223333:role/task-*"), []);
    }

    #[test]
    fn breadth_is_the_same_in_every_partition() {
        use serde_json::json;
        for partition in Partition::NAMES {
            let allow = |action: &str, rest: &str| {
                let resource = format!("arn:{partition}:{rest}");
                found(json!({"Effect": "Allow", "Action": action, "Resource": resource}))
            };
            assert_eq!(allow("*", "*:*:*:*"), [(Breadth::Everything, String::new())], "{partition}");
            assert_eq!(allow("s3:*", "s3:::*"), [(Breadth::Service, "s3".to_string())], "{partition}");
            assert_eq!(
                allow("iam:PassRole", "iam::111122223333:role/*"),
                [(Breadth::PassRole, "iam".to_string())],
                "{partition}"
            );
            assert_eq!(allow("iam:PassRole", "iam::111122223333:role/task"), [], "{partition}");
        }
    }

    #[test]
    fn what_is_not_named_is_given() {
        use serde_json::json;
        let all_but_one = json!({
            "Effect": "Allow", "Action": "iam:PassRole",
            "NotResource": "arn:aws:iam::111122223333:role/break-glass"
        });
        assert_eq!(found(all_but_one), [(Breadth::PassRole, "iam".to_string())]);
        let roles =
            json!({"Effect": "Allow", "NotAction": "s3:*", "Resource": "arn:aws:iam::111122223333:role/*"});
        assert_eq!(found(roles), [(Breadth::PassRole, "iam".to_string())]);
        let odd = json!({"Effect": "Allow", "NotAction": "nobody:has", "Resource": "*"});
        assert_eq!(found(odd), [(Breadth::EverythingBut, String::new())]);
    }

    #[test]
    fn what_the_same_document_refuses_is_taken_off() {
        use serde_json::json;
        let both = |allow: &str, deny: &str, extra: serde_json::Value| {
            let mut refusal = json!({"Effect": "Deny", "Action": deny, "Resource": "*"});
            refusal
                .as_object_mut()
                .expect("an object")
                .extend(extra.as_object().cloned().unwrap_or_default());
            found(json!([{"Effect": "Allow", "Action": allow, "Resource": "*"}, refusal]))
        };
        assert_eq!(both("iam:PassRole", "iam:PassRole", json!({})), []);
        assert_eq!(both("s3:*", "s3:*", json!({})), []);
        assert_eq!(both("s3:*", "s3:DeleteBucket", json!({})), [(Breadth::Service, "s3".to_string())]);
        let mfa = json!({"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}});
        assert_eq!(both("iam:PassRole", "iam:PassRole", mfa), [(Breadth::PassRole, "iam".to_string())]);
    }
}
