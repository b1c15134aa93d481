//! Populations of the package in effect, from its own evidence database and its documents: those that
//! regulators draw samples from.

use std::collections::BTreeMap;

use super::super::handed::HeldPackage;
use super::super::record::DATABASE;
use super::super::{Error, temporary};
use crate::assess::{population, principals};
use crate::model::access::{AccessPopulation, AccessPrincipal, HolderKind};
use crate::model::request::{PopulationKind, RegulatorRequest};
use crate::program::access_review::leavers;
use crate::program::response::PopulationList;
use crate::store::BagPath;

/// Where a workspace keeps its list of leavers, in a run.
const LEAVERS: &str = "documents/leavers.csv";
const MAX_LIST: u64 = 64 << 20;

const PRINCIPAL: [&str; 9] = [
    "Principal",
    "Kind",
    "Name",
    "Account",
    "Access through",
    "Last used",
    "MFA",
    "Access keys",
    "Stores holding PHI that it can read",
];

/// The checks that tell who may do everything, or raise himself to that.
const POWER: [&str; 4] = [
    "iam.no-administrator-policy",
    "iam.no-privilege-escalation",
    "sso.no-administrator-set",
    "sso.no-privilege-escalation",
];

/// Every population that an item asks for.
pub fn lists(
    held: &HeldPackage,
    request: &RegulatorRequest,
) -> Result<BTreeMap<PopulationKind, PopulationList>, Error> {
    let wanted: std::collections::BTreeSet<PopulationKind> =
        request.items.iter().flat_map(|item| item.populations.clone()).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let scratch = temporary()?;
    let database = scratch.path().join("evidence.sqlite");
    let there = held.copy(DATABASE, &database)?;
    let mut lists = BTreeMap::new();
    for kind in wanted {
        let holding = || principals::of_database(&database, &held.dossier.as_of);
        let list = match kind {
            PopulationKind::Leavers => left(held)?,
            PopulationKind::Incidents => incidents(held),
            PopulationKind::PhiStores if there => stores(&database)?,
            PopulationKind::Access | PopulationKind::Users | PopulationKind::ServiceAccounts if there => {
                holders(kind, holding()?)
            }
            PopulationKind::Privileged if there => privileged(holding()?, &database)?,
            // a package without its database shows no population
            PopulationKind::PhiStores
            | PopulationKind::Access
            | PopulationKind::Users
            | PopulationKind::ServiceAccounts
            | PopulationKind::Privileged => continue,
        };
        lists.insert(kind, list);
    }
    Ok(lists)
}

/// What the review of access says of a user that has none.
const NO_PASSWORD: &str = "no, and no password";

fn holders(kind: PopulationKind, all: AccessPopulation) -> PopulationList {
    let (about, wanted): (&str, fn(&AccessPrincipal) -> bool) = match kind {
        PopulationKind::Users => (
            "Root users, IAM users that have a password or of which that is unknown, and users of IAM \
             Identity Center. Accounts inside databases and the application are not in AWS's answers, and \
             not in this list.",
            |p| (p.kind.is_person() && p.mfa != NO_PASSWORD) || p.kind == HolderKind::RootUser,
        ),
        PopulationKind::ServiceAccounts => (
            "IAM roles, service-linked roles, and IAM users without a password. Whether people share one of \
             them is not in AWS's answers.",
            |p| matches!(p.kind, HolderKind::Role | HolderKind::ServiceRole) || p.mfa == NO_PASSWORD,
        ),
        PopulationKind::Access
        | PopulationKind::Privileged
        | PopulationKind::PhiStores
        | PopulationKind::Leavers
        | PopulationKind::Incidents => {
            ("Every principal that holds access in AWS, as its answers tell.", |_| true)
        }
    };
    let row = |p: &AccessPrincipal| {
        [&p.id, p.kind.as_str(), &p.name, &p.account, &p.through, &p.last_used, &p.mfa, &p.keys, &p.stores]
            .map(String::from)
            .to_vec()
    };
    PopulationList {
        heads: PRINCIPAL.to_vec(),
        rows: all.principals.iter().filter(|p| wanted(p)).map(row).collect(),
        gaps: all.gaps,
        about: about.into(),
        read: true,
    }
}

fn privileged(all: AccessPopulation, database: &std::path::Path) -> Result<PopulationList, Error> {
    let roots = all.principals.iter().filter(|p| p.kind == HolderKind::RootUser);
    let mut rows: Vec<Vec<String>> = roots
        .map(|p| [&p.id, &p.account, "root user", "everything", ""].map(String::from).to_vec())
        .collect();
    let mut gaps = all.gaps;
    for (check, judged) in POWER.iter().zip(population::populations(database, &POWER)?) {
        for row in judged {
            match row.verdict.as_str() {
                "not met" | "accepted" => {
                    let scope = if row.excluded { "taken out of scope by a named person" } else { "" };
                    rows.push(
                        [&row.resource, &row.account, *check, &row.reason, scope].map(String::from).to_vec(),
                    );
                }
                "not evidenced" => gaps.push(format!("{}: {} ({check})", row.resource, row.reason)),
                _ => {}
            }
        }
    }
    Ok(PopulationList {
        heads: vec!["Principal or policy", "Account", "Told by", "Why", "Scope"],
        rows,
        gaps,
        about: format!(
            "Root users, and whoever the checks {} show to hold every right or a way to it. An approved \
             exception is in the list too.",
            POWER.join(", ")
        ),
        read: true,
    })
}

fn stores(database: &std::path::Path) -> Result<PopulationList, Error> {
    let (rows, gaps) = population::phi_stores(database)?;
    Ok(PopulationList {
        heads: vec!["Store", "Account", "Region", "Kind", "Name", "Why it counts as holding PHI"],
        rows,
        gaps,
        about: "Stores that tags, an agreement of scope or what is kept in them put in PHI scope.".into(),
        read: true,
    })
}

/// The list of leavers that the run holds, line by line. Without one nobody can say that nobody left.
fn left(held: &HeldPackage) -> Result<PopulationList, Error> {
    let mut list = PopulationList {
        heads: vec!["Name", "Left on", "Users"],
        about: format!("Who left, as `{LEAVERS}` of the run says; a person keeps that list."),
        ..PopulationList::default()
    };
    let path = format!("{}/data/{LEAVERS}", held.record.run);
    if !held.bag().entries().any(|(known, _)| known.as_str() == path) {
        return Ok(list);
    }
    let name =
        BagPath::new(&path).map_err(|e| Error::io("read", &path)(std::io::Error::other(e.to_string())))?;
    let bytes = held.bag().read(&name, MAX_LIST).map_err(Error::io("read", &path))?;
    match leavers(&bytes) {
        Ok(lines) => {
            list.rows =
                lines.iter().map(|l| vec![l.name.clone(), l.left.clone(), l.users.join(", ")]).collect();
            list.read = true;
        }
        Err(what) => list.gaps.push(format!("{LEAVERS}: {what}")),
    }
    Ok(list)
}

/// Incidents of `program/records.yaml`. An empty file shows nothing: it may be that nobody wrote.
fn incidents(held: &HeldPackage) -> PopulationList {
    let found =
        held.dossier.records.iter().filter(|r| r.kind == "incident" || r.kind == "breaches under 500");
    PopulationList {
        heads: vec!["On", "What", "Kind", "By", "Over", "Result", "Evidence"],
        rows: found
            .map(|r| {
                let all = [&r.on, &r.title, &r.kind, &r.by, &r.population, &r.result, &r.evidence.join(", ")];
                all.map(String::clone).to_vec()
            })
            .collect(),
        gaps: Vec::new(),
        about:
            "Incidents that `program/records.yaml` of the package names. What is privileged is in the log \
                of the index."
                .into(),
        read: false,
    }
}
