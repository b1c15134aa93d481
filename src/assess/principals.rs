//! Everybody who holds access, from a judged database, for a review of access: IAM users and roles, root
//! users, and whom IAM Identity Center lets in. It judges nobody; what the evidence does not tell is said in
//! words.

mod credentials;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags};

use super::facts::policies::rows;
use super::identity_center::{self, Assigned, Directory};
use super::input::Fault;
use crate::model::access::{AccessPopulation, AccessPrincipal, HolderKind, UndoneDecision};
use crate::model::decisions::{AccessDecision, Attestations};
use crate::model::digest::Digest;
use credentials::{ReportLine, report};

/// Reads the population of a database that `assess` left.
pub fn of_database(database: &Path, as_of: &str) -> Result<AccessPopulation, Fault> {
    population(&Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?, as_of)
}

/// Decisions of earlier reviews that this evidence shows as not carried out: who was to be removed is still
/// there, whose access was to be changed has the same. Only reviews of days before this evidence are asked.
pub fn undone(db: &Connection, said: &Attestations, as_of: &str) -> Result<Vec<UndoneDecision>, Fault> {
    let today = as_of.get(..10).unwrap_or_default();
    let open: Vec<(&AccessDecision, &str)> = said
        .attestations
        .iter()
        .filter(|a| a.on.as_str() < today)
        .flat_map(|a| a.decided.iter().map(|d| (d, a.on.as_str())))
        .collect();
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let there: BTreeMap<String, AccessPrincipal> =
        population(db, as_of)?.principals.into_iter().map(|p| (p.id.clone(), p)).collect();
    let stands = |d: &AccessDecision| {
        let now = there.get(&d.principal)?;
        let same = access_digest(now) == d.access;
        (d.decision == "remove" || (d.decision == "change" && same)).then_some(now)
    };
    let of = open.iter().filter_map(|(d, on)| {
        let now = stands(d)?;
        let decision = crate::model::access::AccessVerdict::parse(&d.decision)?;
        let kind = now.kind.as_str().to_string();
        Some(UndoneDecision {
            principal: d.principal.clone(),
            kind,
            decision,
            by: d.by.clone(),
            on: (*on).to_string(),
        })
    });
    Ok(of.collect())
}

/// What tells whether somebody's access is still what it was: the way it comes by it, and what it may read.
pub fn access_digest(principal: &AccessPrincipal) -> String {
    Digest::of(format!("{}\0{}", principal.through, principal.stores).as_bytes()).short().to_string()
}

fn population(db: &Connection, as_of: &str) -> Result<AccessPopulation, Fault> {
    let day = as_of.get(..10).and_then(|d| NaiveDate::parse_from_str(d, "%Y-%m-%d").ok()).unwrap_or_default();
    let known = Known::read(db)?;
    let mut principals = users(db, &known, day)?;
    principals.extend(roots(db, day)?);
    principals.extend(roles(db, &known)?);
    principals.extend(assigned(db, &known)?);
    principals.sort_by(|a, b| (&a.account, a.kind, &a.id).cmp(&(&b.account, b.kind, &b.id)));
    principals.dedup_by(|a, b| a.id == b.id);
    let mut gaps = Vec::new();
    rows(
        db,
        "SELECT DISTINCT account, region, source, state FROM coverage
         WHERE gap AND \"table\" IN ('iam_principal', 'iam_credential_report', 'iam_role_last_use', \
                         'sso_assignment', 'sso_user', 'sso_group',
                                    'sso_member', 'phi_store', 'iam_reading')
         ORDER BY 1, 2, 3",
        &mut |r| gaps.push(format!("{} in account {}, {}: {}", r[2], r[0], r[1], r[3])),
    )?;
    let open = "SELECT count(DISTINCT arn) FROM phi_store_reader WHERE principal_kind = 'everyone' AND \
                bounded_by = ''";
    let open_stores = db.query_row(open, [], |row| row.get(0))?;
    Ok(AccessPopulation { principals, gaps, stores: known.stores, open_stores })
}

/// What holds for several principals, read once.
struct Known {
    /// Stores by reader; the flag says whether that is certain.
    reads: BTreeMap<String, BTreeMap<String, bool>>,
    stores: u64,
    /// Accounts of whose stores or policies something was not read.
    partly: BTreeSet<String>,
    /// Holders whose own policies could all be read.
    readable: BTreeMap<String, bool>,
    policies: BTreeMap<String, String>,
}

impl Known {
    fn read(db: &Connection) -> Result<Known, Fault> {
        let mut known = Known {
            reads: BTreeMap::new(),
            stores: db.query_row("SELECT count(*) FROM phi_store", [], |row| row.get(0))?,
            partly: BTreeSet::new(),
            readable: BTreeMap::new(),
            policies: BTreeMap::new(),
        };
        rows(
            db,
            "SELECT principal, store_kind || ' ' || store, CAST(max(certain) AS TEXT) FROM phi_store_reader
             WHERE principal_kind IN ('user', 'role') GROUP BY 1, arn ORDER BY 1, 2",
            &mut |r| {
                let certain = known.reads.entry(r[0].clone()).or_default().entry(r[1].clone()).or_default();
                *certain |= r[2] == "1";
            },
        )?;
        rows(
            db,
            "SELECT DISTINCT account FROM coverage WHERE gap AND \"table\" = 'phi_store_reader'",
            &mut |r| {
                known.partly.insert(r[0].clone());
            },
        )?;
        rows(
            db,
            "SELECT arn, policies, CAST(inline_count AS TEXT), CAST(readable AS TEXT) FROM iam_holder",
            &mut |r| {
                known.readable.insert(r[0].clone(), r[3] == "1");
                known.policies.insert(r[0].clone(), policy_names(&r[1], &r[2]));
            },
        )?;
        Ok(known)
    }

    fn stores(&self, reader: &str, account: &str) -> String {
        let none = BTreeMap::new();
        let found = self.reads.get(reader).unwrap_or(&none);
        let name = |(store, certain): (&String, &bool)| {
            if *certain { store.clone() } else { format!("{store} (not certain)") }
        };
        let all: Vec<String> = found.iter().map(name).collect();
        let list = match all.len() {
            n if n > NAMED => {
                let rest = Digest::of(all.join("\0").as_bytes()).short().to_string();
                format!("{}; and {} more (list {rest})", all[..NAMED].join("; "), n - NAMED)
            }
            _ => all.join("; "),
        };
        let told = match found.len() as u64 {
            0 => "none by the policies that were read".to_string(),
            n if n == self.stores && n > 1 => format!("all {n}: {list}"),
            n => format!("{n} of {}: {list}", self.stores),
        };
        match (self.readable.get(reader), self.partly.contains(account)) {
            (Some(true), false) => told,
            (Some(true), true) => {
                format!("{told}; unknown beyond that: something of this account was not read")
            }
            (Some(false), _) => format!("{told}; unknown beyond that: a policy that it holds was not read"),
            (None, _) => "unknown: its policies were not read".into(),
        }
    }
}

/// So many stores are named for one reader.
const NAMED: usize = 60;

fn policy_names(list: &str, inline: &str) -> String {
    let all: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    let mut names: Vec<String> =
        all.iter().map(|arn| arn.split(":policy/").nth(1).unwrap_or(arn).to_string()).collect();
    names.sort();
    match inline.parse::<u64>() {
        Ok(0) => {}
        Ok(1) => names.push("1 inline policy".into()),
        Ok(n) => names.push(format!("{n} inline policies")),
        Err(_) => names.push("inline policies unknown".into()),
    }
    if names.is_empty() { "no policy".into() } else { format!("policies: {}", names.join(", ")) }
}

const REPORT: &str = "
SELECT arn, account, user_name, mfa_active, password_enabled, password_last_changed, password_last_used,
       access_key_1_active, access_key_1_last_rotated, access_key_1_last_used,
       access_key_2_active, access_key_2_last_rotated, access_key_2_last_used, is_root
FROM iam_credential_report";

const UNREPORTED: &str = "unknown: the credential report has no line for it";

fn users(db: &Connection, known: &Known, day: NaiveDate) -> Result<Vec<AccessPrincipal>, Fault> {
    let lines: BTreeMap<String, ReportLine> =
        report(db)?.into_iter().filter(|l| !l.root).map(|l| (l.arn.clone(), l)).collect();
    let mut users: BTreeMap<String, (String, String, Option<String>)> =
        lines.values().map(|l| (l.arn.clone(), (l.name.clone(), l.account.clone(), None))).collect();
    rows(db, "SELECT arn, user_name, account, group_names FROM iam_user", &mut |r| {
        users.insert(r[0].clone(), (r[1].clone(), r[2].clone(), Some(r[3].clone())));
    })?;
    let one = |(arn, (name, account, groups)): (String, (String, String, Option<String>))| {
        let line = lines.get(&arn);
        let groups = groups.map(|list| match serde_json::from_str::<Vec<String>>(&list) {
            Ok(list) if list.is_empty() => "no group".to_string(),
            Ok(list) => format!("groups: {}", list.join(", ")),
            Err(_) => "groups unknown".into(),
        });
        let through = match groups {
            Some(groups) => {
                format!("{groups}; {}", known.policies.get(&arn).map_or("policies unknown", String::as_str))
            }
            None => "unknown: its groups and policies were not read".into(),
        };
        AccessPrincipal {
            stores: known.stores(&arn, &account),
            kind: HolderKind::IamUser,
            name,
            account,
            through,
            last_used: line.map_or_else(|| UNREPORTED.into(), ReportLine::last_used),
            mfa: line.map_or_else(|| UNREPORTED.into(), ReportLine::mfa),
            keys: line.map_or_else(|| UNREPORTED.into(), |l| l.keys(day)),
            id: arn,
        }
    };
    Ok(users.into_iter().map(one).collect())
}

fn roots(db: &Connection, day: NaiveDate) -> Result<Vec<AccessPrincipal>, Fault> {
    let of = report(db)?.into_iter().filter(|l| l.root).map(|l| AccessPrincipal {
        kind: HolderKind::RootUser,
        name: "root user".into(),
        through: "the account itself: no policy of the account bounds it".into(),
        last_used: l.last_used(),
        mfa: l.mfa(),
        keys: l.keys(day),
        stores: "all of its account".into(),
        account: l.account,
        id: l.arn,
    });
    Ok(of.collect())
}

fn roles(db: &Connection, known: &Known) -> Result<Vec<AccessPrincipal>, Fault> {
    let mut roles: BTreeMap<String, (String, String, String)> = BTreeMap::new();
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    rows(db, "SELECT arn, role_name, account, managed_by, last_used_at FROM iam_role_last_use", &mut |r| {
        let last = if r[4].is_empty() {
            "no use is known in 400 days".to_string()
        } else {
            r[4].get(..10).unwrap_or(&r[4]).to_string()
        };
        used.insert(r[0].clone(), last);
        roles.insert(r[0].clone(), (r[1].clone(), r[2].clone(), r[3].clone()));
    })?;
    rows(db, "SELECT arn, role_name, account, managed_by FROM iam_role", &mut |r| {
        roles.insert(r[0].clone(), (r[1].clone(), r[2].clone(), r[3].clone()));
    })?;
    let one = |(arn, (name, account, managed)): (String, (String, String, String))| {
        let by_aws = managed == "service-linked";
        let policies = known.policies.get(&arn).map_or("unknown: its policies were not read", String::as_str);
        AccessPrincipal {
            stores: if by_aws {
                "not judged: AWS writes its policies".into()
            } else {
                known.stores(&arn, &account)
            },
            kind: if by_aws { HolderKind::ServiceRole } else { HolderKind::Role },
            through: match managed.as_str() {
                "identity center" => format!("a permission set of Identity Center; {policies}"),
                _ => policies.to_string(),
            },
            last_used: used
                .get(&arn)
                .cloned()
                .unwrap_or_else(|| "unknown: IAM was not asked for its last use".into()),
            mfa: "a role has none; see who may take it on".into(),
            keys: "a role has none".into(),
            name,
            account,
            id: arn,
        }
    };
    Ok(roles.into_iter().map(one).collect())
}

/// Between what is read by one permission set and by the next.
const BETWEEN: &str = " | ";

/// Users and groups of Identity Center, an entry each with all that is assigned to it; a user also by the
/// groups that the user is in.
fn assigned(db: &Connection, known: &Known) -> Result<Vec<AccessPrincipal>, Fault> {
    let (directory, reserved) = (Directory::read(db)?, identity_center::reserved(db)?);
    let mut all: BTreeMap<String, AccessPrincipal> = BTreeMap::new();
    let mut add = |of: &Assigned, user: bool, id: &str, through: String| {
        let reads = match reserved.get(&(of.in_account.clone(), of.set.clone())) {
            Some(role) => known.stores(role, &of.in_account),
            None => "unknown: the role of the set was not read".into(),
        };
        let key = format!("identity-center/{}/{id}", if user { "USER" } else { "GROUP" });
        let entry = all.entry(key.clone()).or_insert_with(|| AccessPrincipal {
            id: key,
            kind: if user { HolderKind::IdentityCenterUser } else { HolderKind::IdentityCenterGroup },
            name: if user { directory.user(id) } else { directory.group(id) },
            account: of.account.clone(),
            through: match (user, directory.is_disabled(id)) {
                (true, true) => "DISABLED in Identity Center".into(),
                (true, false) => "a person".into(),
                (false, _) => directory.members_words(id),
            },
            last_used: "unknown: sign-ins of Identity Center are not read".into(),
            mfa: "unknown: set in Identity Center, which no API shows".into(),
            keys: "none: sessions only".into(),
            stores: String::new(),
        });
        entry.through.push_str(&format!("; {through} permission set {} in {}", of.set, of.in_account));
        let part = format!("in {} by {}: {reads}", of.in_account, of.set);
        // one line, so that a cell reads the same as CSV and as a workbook
        if !entry.stores.split(BETWEEN).any(|known| known == part) {
            entry.stores =
                if entry.stores.is_empty() { part } else { format!("{}{BETWEEN}{part}", entry.stores) };
        }
    };
    for of in identity_center::assignments(db)? {
        add(&of, of.to_user, &of.id, "assigned".into());
        for member in directory.members(&of.id).into_iter().flatten().filter(|_| !of.to_user) {
            add(&of, true, member, format!("in the group {} with", directory.group(&of.id)));
        }
    }
    Ok(all.into_values().collect())
}
