//! How wide the policies of users, groups and roles are, what they read, and how they can raise themselves.

mod running;
mod surroundings;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::documents::{Evidence, Managed, PrincipalRow, rows};
use super::written_by_aws::{UNKNOWN_OF_AWS, is_of_aws, written};
use crate::assess::input::Fault;
use crate::policy::Answer;
use crate::policy::aws_managed::{self, Known};
use crate::policy::document::{Effect, Policy, Statement};
use crate::policy::escalation::{Surroundings, ways};
use crate::policy::power::{Breadth, Power, powers};
use crate::policy::reading::{StoreKind, Stores, readings};
use crate::policy::rights::{Boundary, Rights};
use surroundings::{aws_written_for_services, names_all, surroundings};

const POWER: &str = "INSERT INTO policy_power VALUES (?,?,?,?,?,?,?,?)";
const READING: &str = "INSERT INTO policy_reading VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)";
const ESCALATION: &str = "INSERT INTO policy_escalation VALUES (?,?,?,?,?,?,?)";

pub fn fill(db: &Connection, evidence: &Evidence) -> Result<(), Fault> {
    documents(db, evidence)?;
    let stores = stores(db)?;
    let holdings: Vec<Holding<'_>> = {
        let groups: BTreeMap<(&str, &str), &PrincipalRow> = evidence
            .principals
            .iter()
            .filter(|p| p.kind == "group")
            .map(|g| ((g.account.as_str(), g.arn.rsplit('/').next().unwrap_or_default()), g))
            .collect();
        evidence
            .principals
            .iter()
            .filter(|p| p.kind != "group")
            .map(|p| Holding::of(p, &groups, evidence))
            .collect()
    };
    let around = surroundings(db, evidence, &holdings)?;
    let empty = Stores::new();
    for holding in &holdings {
        let rights = holding.rights(evidence);
        let account = &holding.holder.account;
        let own = around.get(account.as_str());
        if !holding.holder.service_linked {
            read(db, holding, &rights, stores.get(account).unwrap_or(&empty))?;
            escalate(db, holding, &rights, own)?;
        }
    }
    Ok(())
}

/// One holder with the policies that it has, through groups too.
struct Holding<'a> {
    holder: &'a PrincipalRow,
    policies: Vec<(String, &'a Policy)>,
    /// Policies of AWS whose documents are not in the evidence, as far as they are known.
    known: Vec<(&'a str, Known)>,
    /// Policies of AWS that are neither in the evidence nor known.
    strange: Vec<&'a str>,
    /// Customer managed policies that it has.
    customer: BTreeSet<String>,
    groups: BTreeSet<String>,
}

impl<'a> Holding<'a> {
    fn of(
        holder: &'a PrincipalRow,
        groups: &BTreeMap<(&str, &str), &'a PrincipalRow>,
        evidence: &'a Evidence,
    ) -> Holding<'a> {
        let mut out = Holding {
            holder,
            policies: Vec::new(),
            known: Vec::new(),
            strange: Vec::new(),
            customer: BTreeSet::new(),
            groups: BTreeSet::new(),
        };
        out.add(holder, "", evidence);
        for name in &holder.groups {
            if let Some(group) = groups.get(&(holder.account.as_str(), name.as_str())) {
                out.groups.insert(group.arn.clone());
                out.add(group, &format!(" of group {name}"), evidence);
            }
        }
        out
    }

    fn add(&mut self, from: &'a PrincipalRow, via: &str, evidence: &'a Evidence) {
        for (name, policy) in &from.inline {
            self.policies.extend(policy.as_ref().map(|p| (format!("{name}{via}"), p)));
        }
        for arn in &from.attached {
            let by_aws = is_of_aws(arn);
            match evidence.managed.get(arn).and_then(|m| m.policy.as_ref().map(|p| (m, p))) {
                Some((managed, policy)) => self.policies.push((format!("{}{via}", managed.name), policy)),
                None => match aws_managed::known(arn) {
                    Some(known) => self.known.push((arn, known)),
                    None if by_aws => self.strange.push(arn),
                    None => {}
                },
            }
            if !by_aws {
                self.customer.insert(arn.clone());
            }
        }
    }

    fn rights<'r>(&'r self, evidence: &'r Evidence) -> Rights<'r> {
        Rights {
            arn: &self.holder.arn,
            account: &self.holder.account,
            organization: evidence.membership(&self.holder.account),
            policies: self.policies.iter().map(|(n, p)| (n.as_str(), *p)).collect(),
            boundary: boundary(self.holder, evidence),
            guards: evidence.guards(&self.holder.account, "SERVICE_CONTROL_POLICY"),
            as_of: &evidence.as_of,
        }
    }

    /// Whether it holds every right: by a policy that gives everything, uncapped.
    fn is_strong(&self, evidence: &Evidence) -> bool {
        let wide =
            |p: &Power| matches!(p.breadth, Breadth::Everything | Breadth::EverythingBut | Breadth::Identity);
        let own = self
            .policies
            .iter()
            .any(|(_, p)| powers(p, &self.holder.account, &|_| Answer::Yes).iter().any(wide));
        let aws = self.known.iter().any(|(_, k)| k.everything || k.identity);
        let capped = !matches!(boundary(self.holder, evidence), Boundary::None);
        (own || aws) && !capped
    }
}

/// The boundary of a holder; one that is known to allow everything caps nothing.
fn boundary<'a>(holder: &'a PrincipalRow, evidence: &'a Evidence) -> Boundary<'a> {
    let Some(arn) = &holder.boundary else { return Boundary::None };
    if let Some(Managed { policy: Some(policy), .. }) = evidence.managed.get(arn) {
        return if crate::policy::refusal::allows_all(policy)
            && policy.statements.iter().all(|s| s.effect == Effect::Allow)
        {
            Boundary::None
        } else {
            Boundary::Read(arn, policy)
        };
    }
    match aws_managed::known(arn) {
        Some(known) if known.everything => Boundary::None,
        Some(_) | None => Boundary::Unread(arn),
    }
}

/// The breadth of every customer managed policy and of the inline policies of each principal.
fn documents(db: &Connection, evidence: &Evidence) -> Result<(), Fault> {
    for (arn, managed) in evidence.managed.iter().filter(|(arn, _)| !is_of_aws(arn)) {
        if let Some(policy) = &managed.policy {
            let owner = Owner { arn, account: &managed.account, region: &managed.region };
            breadth(db, &owner, &managed.name, policy, None, evidence)?;
        }
    }
    for principal in &evidence.principals {
        let owner = Owner { arn: &principal.arn, account: &principal.account, region: &principal.region };
        if let Some(set) = evidence.set_of(&principal.arn) {
            power_row(db, &owner, "", "permission set", set, Answer::Yes, "")?;
        }
        for (name, policy) in &principal.inline {
            if let Some(policy) = policy {
                breadth(db, &owner, name, policy, Some(&principal.arn), evidence)?;
            }
        }
        for arn in principal.attached.iter().filter(|a| is_of_aws(a)) {
            by_aws(db, &owner, arn, Some(&principal.arn), evidence)?;
        }
    }
    Ok(())
}

/// Rows of a policy of AWS that `owner` holds: of its document where that is in the evidence, else of what is
/// known of its name.
pub fn by_aws(
    db: &Connection,
    owner: &Owner<'_>,
    arn: &str,
    holder: Option<&str>,
    evidence: &Evidence,
) -> Result<(), Fault> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    match (evidence.managed.get(arn), aws_managed::known(arn)) {
        (Some(Managed { policy: Some(policy), name, .. }), _) => {
            breadth(db, owner, name, policy, holder, evidence)
        }
        (Some(_), _) => Ok(()),
        (None, Some(known)) if known.everything || known.identity => {
            let question = if known.everything { "everything" } else { "identity" };
            power_row(db, owner, name, question, "", Answer::Yes, "policy of AWS")
        }
        (None, Some(_)) => Ok(()),
        (None, None) => power_row(db, owner, name, "unread", "", Answer::Unknown, UNKNOWN_OF_AWS),
    }
}

pub struct Owner<'a> {
    pub arn: &'a str,
    pub account: &'a str,
    pub region: &'a str,
}

/// Rows of one document; `holder` is who its conditions are answered for.
pub fn breadth(
    db: &Connection,
    owner: &Owner<'_>,
    name: &str,
    policy: &Policy,
    holder: Option<&str>,
    evidence: &Evidence,
) -> Result<(), Fault> {
    if !policy.unread.is_empty() {
        power_row(db, owner, name, "unread", "", Answer::Unknown, "a statement could not be read")?;
    }
    power_row(db, owner, name, "read", "", Answer::Yes, "")?;
    let rights = Rights {
        arn: holder.unwrap_or_default(),
        account: owner.account,
        organization: evidence.membership(owner.account),
        policies: Vec::new(),
        boundary: Boundary::None,
        guards: Vec::new(),
        as_of: &evidence.as_of,
    };
    for power in powers(policy, owner.account, &|s| rights.conditions(&s.conditions).0) {
        power_row(db, owner, name, power.breadth.as_str(), &power.what, power.answer, &power.why)?;
    }
    Ok(())
}

fn power_row(
    db: &Connection,
    owner: &Owner<'_>,
    name: &str,
    question: &str,
    what: &str,
    answer: Answer,
    why: &str,
) -> Result<(), Fault> {
    db.prepare_cached(POWER)?.execute(params![
        owner.arn,
        owner.account,
        owner.region,
        name,
        question,
        what,
        answer.as_str(),
        why
    ])?;
    Ok(())
}

/// Stores of every account that IAM policies open.
fn stores(db: &Connection) -> Result<BTreeMap<String, Stores>, Fault> {
    let mut out = BTreeMap::<String, Stores>::new();
    rows(
        db,
        "SELECT type, account, arn FROM resource
         WHERE type IN ('AWS::S3::Bucket', 'AWS::DynamoDB::Table',
                        'AWS::SecretsManager::Secret', 'AWS::KMS::Key')
           AND (phi_scope = 'in' OR type = 'AWS::KMS::Key') ORDER BY arn",
        &mut |row| {
            let kind = match row[0].as_str() {
                "AWS::S3::Bucket" => StoreKind::Bucket,
                "AWS::DynamoDB::Table" => StoreKind::Table,
                "AWS::SecretsManager::Secret" => StoreKind::Secret,
                _ => StoreKind::Key,
            };
            out.entry(row[1].clone()).or_default().entry(kind).or_default().push(row[2].clone());
        },
    )?;
    Ok(out)
}

fn read(db: &Connection, holding: &Holding<'_>, rights: &Rights<'_>, stores: &Stores) -> Result<(), Fault> {
    let holder = holding.holder;
    let mut insert = db.prepare_cached(READING)?;
    let everything = |policy: &str| {
        let named = holding.policies.iter().find(|(n, _)| n == policy);
        let wide = |p: &Power| matches!(p.breadth, Breadth::Everything | Breadth::EverythingBut);
        named.is_some_and(|(_, p)| powers(p, &holder.account, &|_| Answer::Yes).iter().any(wide))
    };
    for found in readings(rights, stores) {
        insert.execute(params![
            holder.arn,
            holder.account,
            holder.region,
            holder.kind,
            found.kind.as_str(),
            found.store,
            found.answer.as_str(),
            found.policy,
            "identity policy",
            found.action,
            everything(&found.policy),
            found.because,
            serde_json::to_string(&found.but).expect("a list of texts serialises")
        ])?;
    }
    for (arn, known) in &holding.known {
        let name = arn.split(":policy/").nth(1).unwrap_or(arn);
        for kind in StoreKind::ALL.into_iter().filter(|k| known.reads.contains(k)) {
            let uncapped = matches!(rights.boundary, Boundary::None);
            let answer = if uncapped { Answer::Yes } else { Answer::Unknown };
            let why = if uncapped { "" } else { "its permissions boundary" };
            insert.execute(params![
                holder.arn,
                holder.account,
                holder.region,
                holder.kind,
                kind.as_str(),
                None::<&str>,
                answer.as_str(),
                name,
                "policy of AWS",
                None::<&str>,
                known.everything,
                why,
                "[]"
            ])?;
        }
    }
    Ok(())
}

fn escalate(
    db: &Connection,
    holding: &Holding<'_>,
    rights: &Rights<'_>,
    around: Option<&Surroundings>,
) -> Result<(), Fault> {
    let holder = holding.holder;
    let mut insert = db.prepare_cached(ESCALATION)?;
    let mut row = |way: Option<&str>, answer: &str, policy: &str, why: &str| {
        insert.execute(params![holder.arn, holder.account, holder.region, way, answer, policy, why])
    };
    row(None, "read", "", "")?;
    // administrators are judged as such; for them there is nothing to raise, unless a boundary caps them
    let capped = holder.boundary.is_some();
    let outright = |s: &Statement| if s.conditions.is_empty() { Answer::Yes } else { Answer::Unknown };
    let admin = |p: &Policy| {
        powers(p, &holder.account, &outright).iter().any(|p| p.answer == Answer::Yes && names_all(p))
    };
    let own = rights.policies.iter().filter(|(_, p)| capped || !admin(p)).copied();
    let aws = holding.known.iter().filter(|_| capped);
    let aws = aws.filter_map(|(arn, known)| Some((name_below(arn), written(known)?)));
    let narrow = Rights { policies: own.chain(aws).collect(), ..rights.clone() };
    let empty = Surroundings { assigns: true, ..Surroundings::default() };
    for way in ways(&narrow, around.unwrap_or(&empty)) {
        row(Some(&way.way), way.answer.as_str(), &way.policy, &way.because)?;
    }
    for arn in &holding.strange {
        row(
            Some("raise its rights by a policy of AWS"),
            "unknown",
            arn.split(":policy/").nth(1).unwrap_or(arn),
            UNKNOWN_OF_AWS,
        )?;
    }
    for (arn, known) in &holding.known {
        let name = name_below(arn);
        if !known.everything && !known.identity && known.escalates && !aws_written_for_services(name) {
            row(
                Some("raise its rights by a policy of AWS"),
                "unknown",
                name,
                "a policy of AWS, whose document was not read",
            )?;
        }
    }
    Ok(())
}

/// The path and name of a policy, as its ARN has them.
fn name_below(arn: &str) -> &str {
    arn.split(":policy/").nth(1).unwrap_or(arn)
}
