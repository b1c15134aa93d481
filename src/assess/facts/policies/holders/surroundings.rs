//! What stands around a holder: who may become it, its boundary, and the policies that AWS wrote.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Holding, running};
use crate::assess::facts::policies::documents::{Evidence, rows};
use crate::assess::input::Fault;
use crate::policy::Answer;
use crate::policy::document::{Effect, Policy, Principals};
use crate::policy::escalation::{Surroundings, Trusted, Workload};
use crate::policy::power::{Breadth, Power};

pub(super) fn surroundings<'a>(
    db: &Connection,
    evidence: &'a Evidence,
    holdings: &[Holding<'a>],
) -> Result<BTreeMap<String, Surroundings>, Fault> {
    let mut out = BTreeMap::<String, Surroundings>::new();
    for holding in holdings {
        let holder = holding.holder;
        let around = out.entry(holder.account.clone()).or_insert_with(|| Surroundings {
            assigns: evidence
                .trees
                .get(&holder.account)
                .is_none_or(|t| t.management.is_empty() || t.management == holder.account),
            ..Surroundings::default()
        });
        around.held.insert(holder.arn.clone(), holding.customer.clone());
        around.groups.insert(holder.arn.clone(), holding.groups.clone());
        if holder.service_linked || !holding.is_strong(evidence) {
            continue;
        }
        around.strong.insert(holder.arn.clone());
        if let Some(trust) = &holder.trust {
            around.trusting.insert(holder.arn.clone(), trusted(trust));
        }
    }
    rows(
        db,
        "SELECT DISTINCT account FROM resource WHERE type = 'AWS::CloudFormation::Stack'",
        &mut |row| {
            out.entry(row[0].clone()).or_default().stacks = true;
        },
    )?;
    for (account, workload) in running::workloads(db, evidence)? {
        let around = out.entry(account).or_default();
        let strong = around.strong.contains(&workload.role);
        let read = around.held.contains_key(&workload.role);
        let strong = if strong {
            Answer::Yes
        } else if read {
            workload.strong.and(Answer::No)
        } else {
            Answer::Unknown
        };
        around.workloads.push(Workload { strong, ..workload });
    }
    Ok(out)
}

/// Whom each statement of a trust policy names, and under which conditions.
fn trusted(policy: &Policy) -> Vec<Trusted> {
    let allows = policy.statements.iter().filter(|s| s.effect == Effect::Allow);
    let named = allows.filter_map(|statement| match &statement.principal {
        Principals::These(list) => Some((statement, list)),
        Principals::AllBut(_) | Principals::Unsaid => None,
    });
    let each = named.map(|(statement, list)| Trusted {
        who: list
            .iter()
            .map(|p| match p.account() {
                Some(account) if p.is_whole_account() => account.to_string(),
                _ => p.value.clone(),
            })
            .collect(),
        conditions: statement.conditions.clone(),
    });
    each.collect()
}

/// Policies that AWS wrote for the roles of its own services.
pub(super) fn aws_written_for_services(name: &str) -> bool {
    name.starts_with("service-role/") || name.starts_with("aws-service-role/")
}

/// Whether a policy says outright that its holder is an administrator. All of IAM by what NotAction leaves is
/// no such word.
pub(super) fn names_all(power: &Power) -> bool {
    match power.breadth {
        Breadth::Everything | Breadth::EverythingBut => true,
        Breadth::Identity => !power.why.starts_with("Not"),
        Breadth::Service | Breadth::PassRole => false,
    }
}
