//! Tables that SQL cannot say well: how far address ranges reach, in lists, in the rules of a security group
//! and in the entries of a network ACL. It reads the rows of a table's SELECT and knows nothing of where
//! these come from.

mod openings;
mod source_row;

use rusqlite::{Connection, params_from_iter, types::Value};

use self::source_row::{Line, SourceRow, union, words};
use crate::assess::input::Fault;
use crate::model::address::AddressReach;
use crate::model::catalog::{Reckoning, Table};

/// The columns that a reckoned table has.
pub fn columns(reckoning: Reckoning) -> &'static [&'static str] {
    match reckoning {
        Reckoning::AddressReach => &["arn", "account", "region", "list", "ipv4", "ipv6", "sources"],
        Reckoning::SecurityGroupReach => &[
            "arn",
            "account",
            "region",
            "group_id",
            "direction",
            "protocol",
            "from_port",
            "to_port",
            "reach",
            "sources",
        ],
        Reckoning::NetworkAclReach => {
            &["arn", "account", "region", "protocol", "from_port", "to_port", "reach", "sources"]
        }
    }
}

/// Makes the table of a `kind` that SQLite knows, `TABLE` or `TEMP TABLE`, from the rows of its SELECT, which
/// come in order.
pub fn create(db: &Connection, table: &Table, reckoning: Reckoning, kind: &str) -> Result<(), Fault> {
    let fault = |source| Fault::Table { table: table.name.clone(), source };
    let columns = columns(reckoning);
    db.execute_batch(&format!("CREATE {kind} \"{}\" ({})", table.name, columns.join(", "))).map_err(fault)?;
    let marks = vec!["?"; columns.len()].join(", ");
    let mut insert =
        db.prepare(&format!("INSERT INTO \"{}\" VALUES ({marks})", table.name)).map_err(fault)?;
    let mut select = db.prepare(&table.sql).map_err(fault)?;
    let mut rows = select.query([]).map_err(fault)?;
    let mut group: Vec<SourceRow> = Vec::new();
    let mut put = |group: &[SourceRow]| -> rusqlite::Result<()> {
        for line in reckon(reckoning, group) {
            insert.execute(params_from_iter(line))?;
        }
        Ok(())
    };
    while let Some(row) = rows.next().map_err(fault)? {
        let given = SourceRow::read(row, reckoning).map_err(fault)?;
        if group.last().is_some_and(|last| last.key != given.key) {
            put(&group).map_err(fault)?;
            group.clear();
        }
        group.push(given);
    }
    put(&group).map_err(fault)
}

fn reckon(reckoning: Reckoning, group: &[SourceRow]) -> Vec<Line> {
    let Some(first) = group.first() else { return Vec::new() };
    let openings = match reckoning {
        Reckoning::AddressReach => return vec![first.line(list(group))],
        Reckoning::SecurityGroupReach => openings::security_group(group),
        Reckoning::NetworkAclReach => openings::network_acl(group),
    };
    openings.into_iter().map(|opening| first.line(opening.values())).collect()
}

fn list(group: &[SourceRow]) -> Line {
    let families = union(group.iter().map(|given| &given.set)).families().map(|set| set.reach());
    let told = families.iter().copied().max().unwrap_or(AddressReach::Bounded);
    let alone: Vec<&SourceRow> = group.iter().filter(|given| given.set.reach() == told).collect();
    let sources = match alone.as_slice() {
        [] => format!("{} together", words(group.iter(), "nobody")),
        some => words(some.iter().copied(), "nobody"),
    };
    let [v4, v6] = families.map(|reach| Value::Text(reach.as_str().into()));
    vec![v4, v6, Value::Text(sources)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The table that the rows of a SELECT give, each row as text without its key.
    fn made(reckoning: Reckoning, select: &str) -> Vec<String> {
        let db = Connection::open_in_memory().unwrap();
        let (name, about, sql) = ("made".to_string(), String::new(), select.to_string());
        let table = Table {
            name,
            about,
            if_read: Vec::new(),
            sources: vec![],
            uses: std::collections::BTreeSet::new(),
            looks_up: vec![],
            either: false,
            columns: BTreeMap::new(),
            reckons: Some(reckoning),
            sql,
            cases: vec![],
        };
        create(&db, &table, reckoning, "TABLE").unwrap();
        let told = columns(reckoning).iter().skip_while(|c| !matches!(**c, "ipv4" | "protocol"));
        let told = told.map(|c| format!("coalesce({c}, '-')")).collect::<Vec<_>>().join(" || ' ' || ");
        let mut statement = db.prepare(&format!("SELECT {told} FROM made ORDER BY rowid")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Rows of (protocol, from, to, source, ranges).
    fn rules(rows: &[(&str, &str, &str, &str)]) -> Vec<String> {
        let one = |(protocol, ports, source, ranges): &(&str, &str, &str, &str)| {
            format!(
                "SELECT 'sg' AS arn, '1' AS account, 'r' AS region, 'sg-1' AS group_id, 'ingress' AS \
                 direction, NULL AS action, {protocol} AS protocol, {ports}, '{source}' AS source, {ranges} \
                 AS ranges"
            )
        };
        made(Reckoning::SecurityGroupReach, &rows.iter().map(one).collect::<Vec<_>>().join(" UNION ALL "))
    }

    const SSH: &str = "22 AS from_port, 22 AS to_port";
    const NONE: &str = "NULL AS from_port, NULL AS to_port";

    #[test]
    fn each_rule_for_the_world_stands_alone_and_what_is_known_has_no_row() {
        let told = rules(&[
            ("'tcp'", SSH, "0.0.0.0/0", "'[\"0.0.0.0/0\"]'"),
            ("'tcp'", SSH, "::/0", "'[\"::/0\"]'"),
            ("'tcp'", SSH, "10.0.0.0/8", "'[\"10.0.0.0/8\"]'"),
            ("'-1'", NONE, "sg-2", "'[]'"),
            ("'47'", NONE, "0.0.0.0/0", "'[\"0.0.0.0/0\"]'"),
        ]);
        assert_eq!(told, ["tcp 22 22 world 0.0.0.0/0", "tcp 22 22 world ::/0", "47 - - world 0.0.0.0/0"]);
    }

    #[test]
    fn halves_are_the_world_where_their_ports_meet() {
        let halves = |low: &str, high: &str| {
            rules(&[
                ("'tcp'", low, "8.0.0.0/8", "'[\"8.0.0.0/8\"]'"),
                ("'tcp'", high, "9.0.0.0/8", "'[\"9.0.0.0/8\"]'"),
            ])
        };
        assert_eq!(
            halves("20 AS from_port, 25 AS to_port", "22 AS from_port, 3389 AS to_port"),
            ["tcp 22 25 world 8.0.0.0/8 and 9.0.0.0/8 together"]
        );
        assert_eq!(
            halves("20 AS from_port, 21 AS to_port", "22 AS from_port, 3389 AS to_port"),
            Vec::<String>::new()
        );
        let with_all = rules(&[
            ("'tcp'", SSH, "8.0.0.0/8", "'[\"8.0.0.0/8\"]'"),
            ("'-1'", NONE, "9.0.0.0/8", "'[\"9.0.0.0/8\"]'"),
        ]);
        assert_eq!(with_all, ["tcp 22 22 world 8.0.0.0/8 and 9.0.0.0/8 together"]);
        let all = rules(&[
            ("'-1'", NONE, "8.0.0.0/8", "'[\"8.0.0.0/8\"]'"),
            ("'-1'", NONE, "9.0.0.0/8", "'[\"9.0.0.0/8\"]'"),
        ]);
        assert_eq!(all, ["-1 - - world 8.0.0.0/8 and 9.0.0.0/8 together"]);
        let apart = rules(&[
            ("'tcp'", SSH, "8.0.0.0/8", "'[\"8.0.0.0/8\"]'"),
            ("'udp'", SSH, "9.0.0.0/8", "'[\"9.0.0.0/8\"]'"),
        ]);
        assert_eq!(apart, Vec::<String>::new());
    }

    #[test]
    fn a_list_tells_by_its_entries_and_is_unknown_without_them() {
        let told = rules(&[
            ("'tcp'", SSH, "pl-1 (partners: 0.0.0.0/1, 128.0.0.0/1)", "'[\"0.0.0.0/1\",\"128.0.0.0/1\"]'"),
            ("'tcp'", SSH, "pl-2 (its entries are not in the evidence)", "NULL"),
            ("'tcp'", SSH, "pl-3 (office: 203.0.113.0/24)", "'[\"203.0.113.0/24\"]'"),
            ("NULL", SSH, "10.0.0.0/8", "'[\"10.0.0.0/8\"]'"),
            ("'udp'", NONE, "0.0.0.0/0", "'[\"0.0.0.0/0\"]'"),
        ]);
        assert_eq!(
            told,
            [
                "tcp 22 22 world pl-1 (partners: 0.0.0.0/1, 128.0.0.0/1)",
                "tcp 22 22 unknown pl-2 (its entries are not in the evidence)",
                "- 22 22 unknown 10.0.0.0/8",
                "udp - - unknown 0.0.0.0/0",
            ]
        );
    }

    /// Rows of (action, protocol, from and to, range), numbered.
    fn entries(rows: &[(&str, &str, &str, &str)]) -> Vec<String> {
        let one = |(n, (action, protocol, ports, range)): (usize, &(&str, &str, &str, &str))| {
            format!(
                "SELECT 'acl' AS arn, '1' AS account, 'r' AS region, '{action}' AS action, '{protocol}' AS \
                 protocol, {ports}, '{range} (rule {n})' AS source, '[\"{range}\"]' AS ranges"
            )
        };
        made(
            Reckoning::NetworkAclReach,
            &rows.iter().enumerate().map(one).collect::<Vec<_>>().join(" UNION ALL "),
        )
    }

    const WEB: &str = "80 AS from_port, 443 AS to_port";

    #[test]
    fn the_first_entry_that_names_an_address_decides() {
        let halves = entries(&[
            ("allow", "tcp", SSH, "0.0.0.0/1"),
            ("allow", "tcp", SSH, "128.0.0.0/1"),
            ("deny", "-1", NONE, "0.0.0.0/0"),
        ]);
        assert_eq!(halves, ["tcp 22 22 world 0.0.0.0/1 (rule 0) and 128.0.0.0/1 (rule 1)"]);
        let refused = entries(&[
            ("deny", "tcp", SSH, "0.0.0.0/0"),
            ("allow", "-1", NONE, "0.0.0.0/0"),
            ("allow", "-1", NONE, "::/0"),
        ]);
        assert_eq!(
            refused,
            [
                "tcp 0 21 world 0.0.0.0/0 (rule 1)",
                "tcp 23 65535 world 0.0.0.0/0 (rule 1)",
                "tcp 0 65535 world ::/0 (rule 2)",
                "udp 0 65535 world 0.0.0.0/0 (rule 1)",
                "udp 0 65535 world ::/0 (rule 2)",
            ]
        );
        let half_refused = entries(&[("deny", "tcp", WEB, "0.0.0.0/1"), ("allow", "tcp", WEB, "0.0.0.0/0")]);
        assert_eq!(half_refused, ["tcp 80 443 world 0.0.0.0/0 (rule 1)"]);
        let both_halves = entries(&[
            ("deny", "tcp", WEB, "0.0.0.0/1"),
            ("deny", "tcp", WEB, "128.0.0.0/1"),
            ("allow", "tcp", WEB, "0.0.0.0/0"),
        ]);
        assert_eq!(both_halves, Vec::<String>::new());
        let known = entries(&[
            ("allow", "tcp", WEB, "10.0.0.0/8"),
            ("deny", "-1", NONE, "0.0.0.0/0"),
            ("allow", "tcp", WEB, "0.0.0.0/0"),
        ]);
        assert_eq!(known, Vec::<String>::new());
    }

    #[test]
    fn what_was_not_read_of_an_entry_makes_the_rest_unknown() {
        let told = entries(&[("odd", "tcp", WEB, "0.0.0.0/0"), ("allow", "tcp", WEB, "0.0.0.0/0")]);
        assert_eq!(told[0], "tcp 80 443 unknown 0.0.0.0/0 (rule 0)");
        assert!(told.iter().all(|row| !row.contains("world")), "{told:?}");
        let told = entries(&[("deny", "tcp", WEB, "somewhere"), ("allow", "tcp", WEB, "0.0.0.0/0")]);
        assert!(told.iter().all(|row| row.contains("unknown")), "{told:?}");
    }

    #[test]
    fn a_list_of_ranges_is_one_row() {
        let lists = |rows: &[(&str, &str)]| {
            let one = |(list, range): &(&str, &str)| {
                format!(
                    "SELECT 'a' AS arn, '1' AS account, 'r' AS region, '{list}' AS list, '{range}' AS \
                     source, '[\"{range}\"]' AS ranges"
                )
            };
            made(Reckoning::AddressReach, &rows.iter().map(one).collect::<Vec<_>>().join(" UNION ALL "))
        };
        assert_eq!(
            lists(&[
                ("any", "0.0.0.0/1"),
                ("any", "128.0.0.0/1"),
                ("net", "10.0.0.0/8"),
                ("net", "2001:db8::/48")
            ]),
            ["world bounded 0.0.0.0/1 and 128.0.0.0/1", "bounded bounded 10.0.0.0/8 and 2001:db8::/48"]
        );
        assert_eq!(
            lists(&[("any", "8.0.0.0/8"), ("any", "9.0.0.0/8")]),
            ["world bounded 8.0.0.0/8 and 9.0.0.0/8 together"]
        );
        assert_eq!(lists(&[("any", "pl-1"), ("any", "10.0.0.0/8")]), ["unknown unknown pl-1"]);
    }
}
