//! People and groups of IAM Identity Center by name: who is behind an assignment, as far as the identity
//! store was read. An id whose name was not read stays an id and says so.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::facts::policies::rows;
use super::input::Fault;

/// A permission set that is assigned to a user or a group in one account.
pub struct Assigned {
    pub to_user: bool,
    /// Of the user or group, in the identity store.
    pub id: String,
    /// The account that was asked.
    pub account: String,
    pub in_account: String,
    pub set: String,
}

/// What the identity store told.
#[derive(Default)]
pub struct Directory {
    users: BTreeMap<String, DirectoryUser>,
    groups: BTreeMap<String, String>,
    members: BTreeMap<String, BTreeSet<String>>,
}

struct DirectoryUser {
    /// `jordan.example (Jordan Example)`.
    name: String,
    disabled: bool,
}

/// How many people a group is told by name; each is a line of the review anyway.
const NAMED: usize = 20;

impl Directory {
    /// A catalog of before these tables knows nobody by name.
    pub fn read(db: &Connection) -> Result<Directory, Fault> {
        let mut directory = Directory::default();
        let tables =
            "SELECT count(*) FROM sqlite_master WHERE name IN ('sso_user', 'sso_group', 'sso_member')";
        if db.query_row(tables, [], |row| row.get::<_, i64>(0))? < 3 {
            return Ok(directory);
        }
        rows(db, "SELECT arn, user_name, display_name, status FROM sso_user ORDER BY arn", &mut |r| {
            let name = match (r[1].as_str(), r[2].as_str()) {
                ("", "") => format!("{} (it has no name)", r[0]),
                ("", one) | (one, "") => one.to_string(),
                (user, display) if user == display => user.to_string(),
                (user, display) => format!("{user} ({display})"),
            };
            directory.users.insert(r[0].clone(), DirectoryUser { name, disabled: r[3] == "DISABLED" });
        })?;
        rows(
            db,
            "SELECT arn, coalesce(display_name, arn || ' (it has no name)') FROM sso_group ORDER BY arn",
            &mut |r| {
                directory.groups.insert(r[0].clone(), r[1].clone());
            },
        )?;
        rows(db, "SELECT arn, user_id FROM sso_member ORDER BY arn, user_id", &mut |r| {
            let members = directory.members.entry(r[0].clone()).or_default();
            members.extend(Some(&r[1]).filter(|id| !id.is_empty()).cloned());
        })?;
        Ok(directory)
    }

    pub fn user(&self, id: &str) -> String {
        self.users.get(id).map_or_else(|| unnamed(id, self.users.is_empty()), |user| user.name.clone())
    }

    /// Whether the identity store says that the user may not sign in.
    pub fn is_disabled(&self, id: &str) -> bool {
        self.users.get(id).is_some_and(|user| user.disabled)
    }

    pub fn group(&self, id: &str) -> String {
        self.groups.get(id).cloned().unwrap_or_else(|| unnamed(id, self.groups.is_empty()))
    }

    /// Who is in a group; none where that was not read.
    pub fn members(&self, group: &str) -> Option<&BTreeSet<String>> {
        self.members.get(group)
    }

    /// Who is in a group, in words.
    pub fn members_words(&self, group: &str) -> String {
        let Some(members) = self.members(group) else { return "who is in the group was not read".into() };
        let names: Vec<String> = members.iter().take(NAMED).map(|id| self.user(id)).collect();
        match members.len() {
            0 => "nobody is in the group".into(),
            1 => format!("1 person is in the group: {}", names.join(", ")),
            n if n > NAMED => {
                format!("{n} people are in the group: {} and {} more", names.join(", "), n - NAMED)
            }
            n => format!("{n} people are in the group: {}", names.join(", ")),
        }
    }
}

fn unnamed(id: &str, nothing_read: bool) -> String {
    let why = if nothing_read { "its name was not read" } else { "not in the identity store that was read" };
    format!("{id} ({why})")
}

/// Every assignment, by user or group, account and permission set.
pub fn assignments(db: &Connection) -> Result<Vec<Assigned>, Fault> {
    let mut all = Vec::new();
    rows(
        db,
        "SELECT a.principal_type, a.principal_id, a.account, a.account_id, coalesce(s.name, a.arn)
         FROM sso_assignment AS a LEFT JOIN sso_permission_set AS s ON s.arn = a.arn ORDER BY 1, 2, 4, 5",
        &mut |r| {
            let [to_user, id, account, in_account, set] =
                [&r[0], &r[1], &r[2], &r[3], &r[4]].map(String::clone);
            all.push(Assigned { to_user: to_user == "USER", id, account, in_account, set });
        },
    )?;
    Ok(all)
}

/// The role that Identity Center made of a permission set in an account.
pub fn reserved(db: &Connection) -> Result<BTreeMap<(String, String), String>, Fault> {
    let mut reserved = BTreeMap::new();
    rows(
        db,
        "SELECT account, role_name, arn FROM iam_role WHERE managed_by = 'identity center'",
        &mut |r| {
            let set = r[1]
                .strip_prefix("AWSReservedSSO_")
                .and_then(|n| n.rsplit_once('_'))
                .map_or(r[1].as_str(), |(set, _)| set);
            reserved.insert((r[0].clone(), set.to_string()), r[2].clone());
        },
    )?;
    Ok(reserved)
}

/// Of these roles those of Identity Center, each with whom it is assigned to: `ClinicianRead in 111122223333:
/// group clinicians …`.
pub fn behind(db: &Connection, roles: &BTreeSet<&str>) -> Result<Vec<String>, Fault> {
    let (directory, reserved) = (Directory::read(db)?, reserved(db)?);
    let mut by: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for one in assignments(db)? {
        let key = (one.in_account.clone(), one.set.clone());
        if reserved.get(&key).is_none_or(|role| !roles.contains(role.as_str())) {
            continue;
        }
        by.entry(key).or_default().push(match one.to_user {
            true => format!("user {}", directory.user(&one.id)),
            false => format!("group {}, {}", directory.group(&one.id), directory.members_words(&one.id)),
        });
    }
    Ok(by
        .into_iter()
        .map(|((account, set), who)| format!("{set} in {account}: {}", who.join("; ")))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(rows: &str) -> Connection {
        let db = Connection::open_in_memory().expect("memory");
        db.execute_batch(
            "CREATE TABLE sso_user (arn, user_name, display_name, status);
             CREATE TABLE sso_group (arn, display_name);
             CREATE TABLE sso_member (arn, user_id);
             CREATE TABLE sso_assignment (arn, account, region, account_id, principal_type, principal_id);
             CREATE TABLE sso_permission_set (arn, name);
             CREATE TABLE iam_role (account, role_name, arn, managed_by);",
        )
        .and_then(|()| db.execute_batch(rows))
        .expect("tables");
        db
    }

    #[test]
    fn who_is_behind_a_role_is_told_by_name_and_what_was_not_read_by_id() {
        let assigned = "INSERT INTO sso_permission_set VALUES ('ps', 'Clinician');
            INSERT INTO sso_assignment VALUES ('ps', '1', 'r', '2', 'GROUP', 'g-1'),
              ('ps', '1', 'r', '2', 'USER', 'u-2');
            INSERT INTO iam_role VALUES ('2', 'AWSReservedSSO_Clinician_0a', 'role', 'identity center');";
        let named = "INSERT INTO sso_user VALUES ('u-1', 'jordan.example', 'Jordan Example', 'ENABLED'), \
                     ('u-2', 'riley', 'riley', 'DISABLED');
            INSERT INTO sso_group VALUES ('g-1', 'clinicians');
            INSERT INTO sso_member VALUES ('g-1', 'u-1'), ('g-1', 'u-9'), ('g-2', NULL);";
        let roles = BTreeSet::from(["role"]);
        assert_eq!(
            behind(&database(&format!("{assigned}{named}")), &roles).expect("rows"),
            ["Clinician in 2: group clinicians, 2 people are in the group: jordan.example (Jordan \
                 Example), u-9 (not in the identity store that was read); user riley"]
        );
        assert_eq!(
            behind(&database(assigned), &roles).expect("rows"),
            ["Clinician in 2: group g-1 (its name was not read), who is in the group was not read; user \
                 u-2 (its name was not read)"]
        );
        let directory = Directory::read(&database(named)).expect("rows");
        assert_eq!(directory.members_words("g-2"), "nobody is in the group");
        assert!(
            directory.is_disabled("u-2") && !directory.is_disabled("u-1") && !directory.is_disabled("u-9")
        );
        let bare = Connection::open_in_memory().expect("memory");
        assert_eq!(
            Directory::read(&bare).expect("a catalog without such tables").user("u-1"),
            "u-1 (its name was not read)"
        );
    }
}
