//! Every policy document in the evidence, parsed once, with who is whose: accounts, organizations, networks.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::Value;

use crate::assess::input::Fault;
use crate::policy::audience::Ours;
use crate::policy::document::Policy;
use crate::policy::keys::Membership;
use crate::policy::refusal::OrganizationTree;

/// A policy of an organization.
pub struct OrganizationPolicy {
    pub id: String,
    pub name: String,
    /// SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY.
    pub kind: String,
    /// The account that it was read in.
    pub account: String,
    pub policy: Policy,
    pub targets: BTreeSet<String>,
}

/// A managed policy as an item shows it.
pub struct Managed {
    pub account: String,
    pub region: String,
    pub name: String,
    /// `None` where the default version's document could not be read.
    pub policy: Option<Policy>,
}

/// A user, group or role.
pub struct PrincipalRow {
    pub arn: String,
    pub account: String,
    pub region: String,
    /// user, group or role.
    pub kind: &'static str,
    pub inline: Vec<(String, Option<Policy>)>,
    pub attached: Vec<String>,
    pub groups: Vec<String>,
    pub boundary: Option<String>,
    pub trust: Option<Policy>,
    pub profiles: Vec<String>,
    /// AWS writes the policies of service-linked roles.
    pub service_linked: bool,
}

pub struct Evidence {
    pub ours: Ours,
    /// One tree for each account that listed an organization.
    pub trees: BTreeMap<String, OrganizationTree>,
    pub organization: Vec<OrganizationPolicy>,
    pub managed: BTreeMap<String, Managed>,
    pub principals: Vec<PrincipalRow>,
    /// Names of permission sets that are in the evidence, and judged by checks of their own.
    pub sets: BTreeSet<String>,
    pub as_of: String,
}

impl Evidence {
    pub fn read(db: &Connection, as_of: &str) -> Result<Evidence, Fault> {
        let (ours, trees) = who_is_ours(db)?;
        Ok(Evidence {
            organization: organization_policies(db)?,
            managed: managed(db)?,
            principals: principals(db)?,
            sets: sets(db)?,
            ours,
            trees,
            as_of: as_of.to_string(),
        })
    }

    /// What is known of the organization of an account.
    pub fn membership(&self, account: &str) -> Membership {
        match self.ours.organizations.get(account) {
            Some(id) if !id.is_empty() => Membership::Of(id.clone()),
            Some(_) => Membership::Alone,
            None => Membership::Unknown,
        }
    }

    /// The permission set whose role this is, where it is in the evidence: `AWSReservedSSO_` name `_` sixteen
    /// digits.
    pub fn set_of(&self, role: &str) -> Option<&str> {
        let name = role.rsplit('/').next()?.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?.0;
        self.sets.get(name).map(String::as_str)
    }

    /// Policies of the organization that hold for an account: those on it, on the root, or on a unit above
    /// it.
    pub fn guards(&self, account: &str, kind: &str) -> Vec<&Policy> {
        let holding = self.organization.iter().filter(|p| p.kind == kind).filter(|p| {
            let Some(tree) = self.trees.get(&p.account) else { return false };
            tree.members.contains(account) && tree.holds(account, &p.targets) == crate::policy::Answer::Yes
        });
        holding.map(|p| &p.policy).collect()
    }
}

/// Calls `each` with the text columns of every row.
pub fn rows(db: &Connection, sql: &str, each: &mut dyn FnMut(&[String])) -> Result<(), Fault> {
    let mut statement = db.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let texts = (0..width).map(|i| Ok(row.get::<_, Option<String>>(i)?.unwrap_or_default()));
        each(&texts.collect::<Result<Vec<String>, rusqlite::Error>>()?);
    }
    Ok(())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// The member in any of its spellings: AWS Config writes `configuration` in camel case, query rows and APIs
/// in Pascal case.
pub fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    let found = &value[name];
    if !found.is_null() {
        return found;
    }
    let mut letters = name.chars();
    let pascal: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    &value[pascal]
}

pub fn text(value: &Value, name: &str) -> Option<String> {
    member(value, name).as_str().map(str::to_string)
}

fn who_is_ours(db: &Connection) -> Result<(Ours, BTreeMap<String, OrganizationTree>), Fault> {
    let mut ours = Ours::default();
    let mut trees = BTreeMap::<String, OrganizationTree>::new();
    rows(
        db,
        "SELECT DISTINCT account FROM resource UNION SELECT DISTINCT account FROM response",
        &mut |row| {
            if crate::policy::document::is_account(&row[0]) {
                ours.accounts.insert(row[0].clone());
            }
        },
    )?;
    rows(
        db,
        "SELECT account, body FROM response WHERE service = 'organizations' AND operation = \
         'DescribeOrganization'",
        &mut |row| {
            let body = json(&row[1]);
            let organization = &body["Organization"];
            let absent = body.get("_absent").is_some();
            if let Some(id) = organization["Id"].as_str() {
                ours.organizations.insert(row[0].clone(), id.to_string());
                if let Some(management) = organization["MasterAccountId"].as_str() {
                    ours.organizations.insert(management.to_string(), id.to_string());
                    trees.entry(row[0].clone()).or_default().management = management.to_string();
                }
            } else if absent {
                ours.organizations.insert(row[0].clone(), String::new());
                ours.complete.insert(row[0].clone());
            }
        },
    )?;
    members(db, &mut ours, &mut trees)?;
    branches(db, &mut trees)?;
    rows(
        db,
        "SELECT type, resource_id, configuration ->> '$.owner.id' FROM resource
         WHERE type IN ('AWS::EC2::VPC', 'AWS::EC2::VPCEndpoint', 'AWS::S3::Bucket')",
        &mut |row| {
            if row[0] == "AWS::S3::Bucket" {
                ours.buckets.insert(row[1].clone());
                ours.canonical.extend(Some(row[2].clone()).filter(|id| !id.is_empty()));
            } else {
                ours.networks.insert(row[1].clone());
            }
        },
    )?;
    Ok((ours, trees))
}

/// The accounts that each organization lists. One whose list came in part, a page of it refused or lost,
/// knows its members and no strangers.
fn members(
    db: &Connection,
    ours: &mut Ours,
    trees: &mut BTreeMap<String, OrganizationTree>,
) -> Result<(), Fault> {
    let mut listed = BTreeMap::<String, BTreeSet<String>>::new();
    rows(
        db,
        "SELECT account, body ->> '$.Id' FROM response
         WHERE service = 'organizations' AND operation = 'ListAccounts' AND body ->> '$.Id' IS NOT NULL",
        &mut |row| {
            listed.entry(row[0].clone()).or_default().insert(row[1].clone());
        },
    )?;
    let mut in_part = BTreeSet::new();
    rows(
        db,
        "SELECT DISTINCT account FROM coverage WHERE source = 'organizations:ListAccounts' AND gap",
        &mut |row| {
            in_part.insert(row[0].clone());
        },
    )?;
    for (account, members) in listed {
        let id = ours.organizations.get(&account).cloned();
        let tree = trees.entry(account.clone()).or_default();
        for member in &members {
            ours.accounts.insert(member.clone());
            if let Some(id) = &id {
                ours.organizations.entry(member.clone()).or_insert_with(|| id.clone());
            }
        }
        if !in_part.contains(&account) {
            ours.complete.extend(members.iter().cloned());
        }
        tree.members = members.into_iter().filter(|m| *m != tree.management).collect();
    }
    Ok(())
}

/// The roots of each organization, and what hangs below what.
fn branches(db: &Connection, trees: &mut BTreeMap<String, OrganizationTree>) -> Result<(), Fault> {
    rows(
        db,
        "SELECT account, operation, key, body ->> '$.Id' FROM response WHERE service = 'organizations'
           AND operation IN ('ListRoots', 'ListParents', 'ListOrganizationalUnitsForParent',
                             'ListAccountsForParent')",
        &mut |row| {
            if row[3].is_empty() {
                return;
            }
            let tree = trees.entry(row[0].clone()).or_default();
            if row[1] == "ListRoots" {
                tree.roots.insert(row[3].clone());
            } else {
                let up = row[1] == "ListParents";
                let (below, above) = if up { (&row[2], &row[3]) } else { (&row[3], &row[2]) };
                tree.parents.insert(below.clone(), above.clone());
            }
        },
    )
}

fn organization_policies(db: &Connection) -> Result<Vec<OrganizationPolicy>, Fault> {
    let mut targets = BTreeMap::<(String, String), BTreeSet<String>>::new();
    rows(
        db,
        "SELECT account, key, body ->> '$.TargetId' FROM response
         WHERE service = 'organizations' AND operation = 'ListTargetsForPolicy'
           AND body ->> '$.TargetId' IS NOT NULL",
        &mut |row| {
            targets.entry((row[0].clone(), row[1].clone())).or_default().insert(row[2].clone());
        },
    )?;
    let mut out = Vec::new();
    rows(
        db,
        "SELECT account, body FROM response WHERE service = 'organizations' AND operation = 'DescribePolicy' \
         ORDER BY account, key",
        &mut |row| {
            let body = json(&row[1]);
            let summary = &body["Policy"]["PolicySummary"];
            let Some(id) = summary["Id"].as_str() else { return };
            let Some(policy) = Policy::read(&body["Policy"]["Content"]) else { return };
            out.push(OrganizationPolicy {
                id: id.to_string(),
                name: summary["Name"].as_str().unwrap_or(id).to_string(),
                kind: summary["Type"].as_str().unwrap_or("SERVICE_CONTROL_POLICY").to_string(),
                targets: targets.get(&(row[0].clone(), id.to_string())).cloned().unwrap_or_default(),
                account: row[0].clone(),
                policy,
            });
        },
    )?;
    Ok(out)
}

fn sets(db: &Connection) -> Result<BTreeSet<String>, Fault> {
    let mut out = BTreeSet::new();
    rows(
        db,
        "SELECT body ->> '$.PermissionSet.Name' FROM response WHERE service = 'sso-admin' AND operation = \
         'DescribePermissionSet'",
        &mut |row| {
            out.insert(row[0].clone());
        },
    )?;
    Ok(out)
}

fn managed(db: &Connection) -> Result<BTreeMap<String, Managed>, Fault> {
    let mut out = BTreeMap::new();
    rows(
        db,
        "SELECT arn, account, region, configuration FROM resource WHERE type = 'AWS::IAM::Policy' ORDER BY \
         arn",
        &mut |row| {
            let configuration = json(&row[3]);
            let versions =
                member(&configuration, "policyVersionList").as_array().cloned().unwrap_or_default();
            let default = versions.iter().find(|v| member(v, "isDefaultVersion").as_bool() == Some(true));
            out.insert(
                row[0].clone(),
                Managed {
                    account: row[1].clone(),
                    region: row[2].clone(),
                    name: text(&configuration, "policyName")
                        .unwrap_or_else(|| row[0].rsplit('/').next().unwrap_or_default().to_string()),
                    policy: default.and_then(|v| Policy::read(member(v, "document"))),
                },
            );
        },
    )?;
    Ok(out)
}

fn principals(db: &Connection) -> Result<Vec<PrincipalRow>, Fault> {
    let mut out = Vec::new();
    rows(
        db,
        "SELECT arn, account, region, type, configuration FROM resource
         WHERE type IN ('AWS::IAM::User', 'AWS::IAM::Group', 'AWS::IAM::Role') ORDER BY arn",
        &mut |row| {
            let configuration = json(&row[4]);
            let (kind, inline) = match row[3].as_str() {
                "AWS::IAM::User" => ("user", "userPolicyList"),
                "AWS::IAM::Group" => ("group", "groupPolicyList"),
                _ => ("role", "rolePolicyList"),
            };
            let list = |name: &str| member(&configuration, name).as_array().cloned().unwrap_or_default();
            out.push(PrincipalRow {
                service_linked: row[0].contains(":role/aws-service-role/"),
                kind,
                inline: list(inline)
                    .iter()
                    .map(|p| {
                        (text(p, "policyName").unwrap_or_default(), Policy::read(member(p, "policyDocument")))
                    })
                    .collect(),
                attached: list("attachedManagedPolicies")
                    .iter()
                    .filter_map(|p| text(p, "policyArn"))
                    .collect(),
                groups: list("groupList").iter().filter_map(|g| g.as_str().map(str::to_string)).collect(),
                boundary: text(member(&configuration, "permissionsBoundary"), "permissionsBoundaryArn"),
                trust: Policy::read(member(&configuration, "assumeRolePolicyDocument")),
                profiles: list("instanceProfileList")
                    .iter()
                    .filter_map(|p| text(p, "arn").or_else(|| text(p, "instanceProfileArn")))
                    .collect(),
                arn: row[0].clone(),
                account: row[1].clone(),
                region: row[2].clone(),
            });
        },
    )?;
    Ok(out)
}
