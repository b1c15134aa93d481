//! Permission sets of IAM Identity Center: their own inline policy, and the customer managed policies that
//! they name, as those stand in each account where the set is provisioned.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::documents::{Evidence, rows};
use super::holders::{Owner, breadth, by_aws};
use super::written_by_aws::{UNKNOWN_OF_AWS, is_of_aws, written};
use crate::assess::input::Fault;
use crate::policy::document::{Effect, Policy, Statement};
use crate::policy::escalation::{Surroundings, ways};
use crate::policy::power::{Breadth, Power, powers};
use crate::policy::rights::{Boundary, Rights};
use crate::policy::{Answer, aws_managed};

#[derive(Default)]
struct Set {
    account: String,
    region: String,
    inline: Option<Policy>,
    accounts: BTreeSet<String>,
    /// Path and name of customer managed policies.
    named: BTreeSet<String>,
    /// ARNs of policies that AWS wrote.
    of_aws: BTreeSet<String>,
    boundary: Option<String>,
}

pub fn fill(db: &Connection, evidence: &Evidence) -> Result<(), Fault> {
    for (arn, set) in sets(db)? {
        let owner = Owner { arn: &arn, account: &set.account, region: &set.region };
        if let Some(policy) = &set.inline {
            breadth(db, &owner, "its inline policy", policy, None, evidence)?;
        }
        for policy in set.of_aws.iter().filter(|arn| is_of_aws(arn)) {
            by_aws(db, &owner, policy, None, evidence)?;
        }
        let found = raised(&arn, &set, evidence);
        let mut insert = db.prepare_cached("INSERT INTO policy_escalation VALUES (?,?,?,?,?,?,?)")?;
        insert.execute(params![arn, set.account, set.region, None::<&str>, "read", "", ""])?;
        for (way, (answer, policy, why)) in found {
            insert.execute(params![arn, set.account, set.region, way, answer.as_str(), policy, why])?;
        }
        let unknown = |arn: &&String| {
            is_of_aws(arn) && !evidence.managed.contains_key(*arn) && aws_managed::known(arn).is_none()
        };
        for policy in set.of_aws.iter().filter(unknown) {
            let (way, name) =
                ("raise its rights by a policy of AWS", policy.rsplit('/').next().unwrap_or_default());
            insert.execute(params![arn, set.account, set.region, way, "unknown", name, UNKNOWN_OF_AWS])?;
        }
    }
    Ok(())
}

type Found = BTreeMap<String, (Answer, String, String)>;

/// Ways that are open in some account where the set is provisioned.
fn raised(arn: &str, set: &Set, evidence: &Evidence) -> Found {
    let mut out = Found::new();
    let prefix = arn.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
    for account in &set.accounts {
        let mut policies: Vec<(String, &Policy)> =
            set.inline.iter().map(|p| ("its inline policy".to_string(), p)).collect();
        for name in &set.named {
            let managed = evidence.managed.get(&format!("{prefix}:iam::{account}:policy{name}"));
            policies.extend(
                managed.and_then(|m| m.policy.as_ref().map(|p| (format!("{} in {account}", m.name), p))),
            );
        }
        // what gives every right is judged as such, unless a boundary caps it
        policies.retain(|(_, p)| {
            let outright =
                |s: &Statement| if s.conditions.is_empty() { Answer::Yes } else { Answer::Unknown };
            let wide = |p: &Power| {
                p.answer == Answer::Yes && matches!(p.breadth, Breadth::Everything | Breadth::EverythingBut)
            };
            set.boundary.is_some() || !powers(p, account, &outright).iter().any(wide)
        });
        if set.boundary.is_some() {
            let wide = |arn: &String| {
                let name = arn.rsplit('/').next().unwrap_or_default();
                Some((name.to_string(), written(&aws_managed::known(arn)?)?))
            };
            policies.extend(set.of_aws.iter().filter_map(wide));
        }
        let role = format!(
            "{prefix}:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{}",
            arn.rsplit('/').next().unwrap_or_default()
        );
        let boundary = set.boundary.as_ref().map(|b| {
            if b.starts_with("arn:") { b.clone() } else { format!("{prefix}:iam::{account}:policy{b}") }
        });
        let rights = Rights {
            arn: &role,
            account,
            organization: evidence.membership(account),
            policies: policies.iter().map(|(n, p)| (n.as_str(), *p)).collect(),
            boundary: capped(boundary.as_deref(), evidence),
            guards: evidence.guards(account, "SERVICE_CONTROL_POLICY"),
            as_of: &evidence.as_of,
        };
        let around = Surroundings { assigns: *account == set.account, ..Surroundings::default() };
        for way in ways(&rights, &around) {
            let better = out.get(&way.way).is_none_or(|(known, _, _)| *known < way.answer);
            if better {
                out.insert(way.way, (way.answer, way.policy, way.because));
            }
        }
    }
    out
}

fn capped<'a>(boundary: Option<&'a str>, evidence: &'a Evidence) -> Boundary<'a> {
    let Some(arn) = boundary else { return Boundary::None };
    match evidence.managed.get(arn).and_then(|m| m.policy.as_ref()) {
        Some(policy)
            if crate::policy::refusal::allows_all(policy)
                && policy.statements.iter().all(|s| s.effect == Effect::Allow) =>
        {
            Boundary::None
        }
        Some(policy) => Boundary::Read(arn, policy),
        None if crate::policy::aws_managed::known(arn).is_some_and(|k| k.everything) => Boundary::None,
        None => Boundary::Unread(arn),
    }
}

fn sets(db: &Connection) -> Result<BTreeMap<String, Set>, Fault> {
    let mut out = BTreeMap::<String, Set>::new();
    rows(
        db,
        "SELECT key, account, region, operation, body FROM response WHERE service = 'sso-admin' AND key LIKE \
         'arn:%:permissionSet/%' ORDER BY key",
        &mut |row| {
            let set = out.entry(row[0].clone()).or_default();
            (set.account, set.region) = (row[1].clone(), row[2].clone());
            let body: Value = serde_json::from_str(&row[4]).unwrap_or_default();
            let list = |name: &str| match &body[name] {
                Value::Array(list) => list.clone(),
                Value::Null => vec![body.clone()],
                other => vec![other.clone()],
            };
            match row[3].as_str() {
                "GetInlinePolicyForPermissionSet" => set.inline = Policy::read(&body["InlinePolicy"]),
                "ListAccountsForProvisionedPermissionSet" => {
                    set.accounts
                        .extend(list("AccountIds").iter().filter_map(|a| a.as_str().map(str::to_string)));
                }
                "ListManagedPoliciesInPermissionSet" => {
                    let held = list("AttachedManagedPolicies");
                    set.of_aws.extend(held.iter().filter_map(|p| p["Arn"].as_str().map(str::to_string)));
                }
                "ListCustomerManagedPolicyReferencesInPermissionSet" => {
                    let named = list("CustomerManagedPolicyReferences");
                    set.named.extend(named.iter().filter_map(named_policy));
                }
                "GetPermissionsBoundaryForPermissionSet" => {
                    let boundary = &body["PermissionsBoundary"];
                    set.boundary = boundary["ManagedPolicyArn"]
                        .as_str()
                        .map(str::to_string)
                        .or_else(|| named_policy(&boundary["CustomerManagedPolicyReference"]));
                }
                _ => {}
            }
        },
    )?;
    Ok(out)
}

fn named_policy(reference: &Value) -> Option<String> {
    let name = reference["Name"].as_str()?;
    Some(format!("{}{name}", reference["Path"].as_str().unwrap_or("/")))
}
