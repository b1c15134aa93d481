//! Genuine recordings of AWS Config (items and rows of its SQL), read from `../shared/reference/aws` where
//! that folder lies beside the repository; none of them is committed. Every one loads without a gap and fills
//! the tables that name its type.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::harness::{Sandbox, repository, unzip};

/// The folder, or `None` with a word on the terminal: a test cannot say that it was skipped.
fn recordings() -> Option<PathBuf> {
    let folder = repository().join("../shared/reference/aws");
    if !folder.join("config-items").is_dir() {
        eprintln!("not tried: there are no genuine recordings in {}", folder.display());
        return None;
    }
    Some(folder)
}

/// Files of recordings below a folder, by resource type; a folder is called after it (`AWS--S3--Bucket`).
fn by_type(folder: &Path) -> BTreeMap<String, usize> {
    let files = crate::harness::files(folder);
    let names = files
        .keys()
        .filter_map(|name| Some((name.split_once('/')?.0.replace("--", "::"), name)))
        .filter(|(_, name)| name.ends_with(".json"));
    names.fold(BTreeMap::new(), |mut all, (kind, _)| {
        *all.entry(kind).or_default() += 1;
        all
    })
}

fn count(db: &Connection, sql: &str) -> u64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// Tables whose own SELECT names the type: those that must hold something of every item of it.
fn fed_by<'a>(catalog: &'a affiant::model::catalog::Catalog, kind: &str) -> Vec<&'a str> {
    let named = format!("'{kind}'");
    catalog.tables.iter().filter(|t| t.sql.contains(&named)).map(|t| t.name.as_str()).collect()
}

#[test]
fn genuine_recordings_load_whole_and_fill_their_tables() {
    let Some(folder) = recordings() else { return };
    for part in ["config-items", "select-rows"] {
        let box_ = Sandbox::default().workspace();
        let recorded = by_type(&folder.join(part));
        assert!(!recorded.is_empty(), "{part} holds nothing");
        let ran =
            box_.affiant(&["collect", "--snapshot", folder.join(part).to_str().expect("UTF-8")]).exits(3);
        for gap in ["unreadable", "failed", "denied"] {
            assert!(!ran.err.contains(gap), "{part}: {gap}: {}", ran.err);
        }
        let zip = box_.package();
        let root = unzip(&zip, &box_.path().join("x"));
        let db = Connection::open_with_flags(
            root.join("data/tables/evidence.sqlite"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .expect("a database");
        let catalog = affiant::catalog::load(None).expect("our own catalog");
        let mut unfilled = BTreeSet::new();
        for kind in recorded.keys() {
            assert!(
                count(&db, &format!("SELECT count(*) FROM resource WHERE type = '{kind}'")) > 0,
                "{part}: no {kind} was loaded"
            );
            let tables = fed_by(&catalog, kind);
            // A row of a listener begins with its load balancer's ARN, hence the prefix.
            let filled = tables.iter().filter(|table| {
                let joined = format!(
                    "SELECT count(*) FROM resource AS r, \"{table}\" AS t WHERE r.type = '{kind}' \
                     AND substr(t.arn, 1, length(r.arn)) = r.arn"
                );
                count(&db, &joined) > 0
            });
            if !tables.is_empty() && filled.count() == 0 {
                unfilled.insert(format!("{kind}: none of {tables:?} holds it"));
            }
        }
        assert!(unfilled.is_empty(), "{part}: {unfilled:#?}");
    }
}
