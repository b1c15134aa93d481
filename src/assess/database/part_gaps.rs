//! What a part that was not read costs: the columns that are made from it, of the resources that lack it, and
//! whatever is worked out over all of them. Other resources of the same type keep what was read of them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::guard::{self, Reads};
use super::tables::quoted;
use crate::assess::facts::policies::TABLES;
use crate::assess::input::Fault;
use crate::catalog::WORKED_OUT;
use crate::model::catalog::{Catalog, Table};
use crate::model::run::{GLOBAL, UnreadPart};
use crate::store::run::Reader;

/// What of a table a part bears on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unknown {
    /// Columns that are NULL in the rows of the resources that lack it.
    Columns(BTreeSet<String>),
    /// Which rows there are, and what is worked out in them.
    Rows,
}

/// By part, the tables that it bears on: its own, and those that are made from what is unknown in these.
#[derive(Debug, Default)]
pub struct PartReach<'a>(Vec<(&'a UnreadPart, BTreeMap<String, Unknown>)>);

impl<'a> PartReach<'a> {
    pub fn of(db: &mut Connection, run: &'a Reader, catalog: &Catalog) -> Result<PartReach<'a>, Fault> {
        let reached = run.unread_parts.iter().map(|part| Ok((part, reach(db, catalog, part)?)));
        Ok(PartReach(reached.collect::<Result<_, Fault>>()?))
    }

    /// The parts that bear on a check that reads these columns.
    pub fn on_columns(&'a self, reads: &Reads) -> PartGaps<'a> {
        self.bearing(|tables| {
            reads.iter().filter_map(|(table, column)| unknown(tables, table, column)).collect()
        })
    }

    /// The parts that bear on which rows these tables have.
    pub fn on_tables(&'a self, names: &BTreeSet<String>) -> PartGaps<'a> {
        self.bearing(|tables| names.iter().filter_map(|name| tables.get(name)).collect())
    }

    fn bearing(&'a self, of: impl Fn(&'a BTreeMap<String, Unknown>) -> Vec<&'a Unknown>) -> PartGaps<'a> {
        let all = self.0.iter().map(|(part, tables)| (*part, of(tables)));
        PartGaps(
            all.filter(|(_, found)| !found.is_empty())
                .map(|(part, found)| (part, found.contains(&&Unknown::Rows)))
                .collect(),
        )
    }
}

/// The parts that bear on a check, and whether its rows say nothing by being there.
#[derive(Debug, Default)]
pub struct PartGaps<'a>(Vec<(&'a UnreadPart, bool)>);

impl PartGaps<'_> {
    /// Why a row cannot be a pass, if it cannot. What a resource lacks is NULL in its own columns, which the
    /// check answers for; what is worked out of it is not known of it. Of a resource of the same type that
    /// lacks nothing, all is known.
    pub fn on(
        &self,
        db: &Connection,
        resource: &str,
        account: &str,
        region: &str,
    ) -> Result<Option<String>, Fault> {
        let wide = region.is_empty() || region == GLOBAL;
        for (part, worked_out) in
            self.0.iter().filter(|(part, _)| part.account == account && (wide || part.region == region))
        {
            let bears = match part.arns.contains(resource) {
                true => *worked_out,
                false => !is_of(db, resource, &part.resource_type)?,
            };
            if bears {
                return Ok(Some(words(part)));
            }
        }
        Ok(None)
    }

    /// The resources that lack a part, with that part: a check that says nothing of them may have passed them
    /// over for what it did not know.
    pub fn lacking(&self) -> impl Iterator<Item = (&str, &UnreadPart)> {
        self.0.iter().flat_map(|(part, _)| part.arns.iter().map(move |arn| (arn.as_str(), *part)))
    }

    /// Every account and region with such a gap, and the gap in words.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.0.iter().map(|(part, _)| (part.account.as_str(), part.region.as_str(), words(part)))
    }
}

pub fn words(part: &UnreadPart) -> String {
    match part.arns.len() {
        1 => format!("{} has no answer for one resource", part.operation),
        n => format!("{} has no answer for {n} resources", part.operation),
    }
}

/// Every table that a part bears on. Tables stand in the catalog after those that they are made from.
fn reach(
    db: &mut Connection,
    catalog: &Catalog,
    part: &UnreadPart,
) -> Result<BTreeMap<String, Unknown>, Fault> {
    let mut reached = BTreeMap::new();
    for table in &catalog.tables {
        for (name, from) in WORKED_OUT {
            if from.iter().any(|from| reached.contains_key(*from)) {
                reached.insert(name.to_string(), Unknown::Rows);
            }
        }
        if is_made_of(table, part) {
            reached.insert(table.name.clone(), own(db, table, part)?);
        } else if table.uses.iter().any(|used| reached.contains_key(used)) && reads_any(db, table, &reached)?
        {
            reached.insert(table.name.clone(), Unknown::Rows);
        }
    }
    Ok(reached)
}

fn unknown<'t>(tables: &'t BTreeMap<String, Unknown>, table: &str, column: &str) -> Option<&'t Unknown> {
    tables.get(table).filter(|found| match found {
        Unknown::Columns(columns) => columns.contains(column),
        Unknown::Rows => true,
    })
}

/// Whether a table's SELECT reads what is unknown in others.
fn reads_any(db: &mut Connection, table: &Table, reached: &BTreeMap<String, Unknown>) -> Result<bool, Fault> {
    if table.reckons.is_some() {
        return Ok(true);
    }
    let fault = |what| Fault::Table {
        table: table.name.clone(),
        source: rusqlite::Error::InvalidParameterName(what),
    };
    let reads = guard::compile(db, &table.sql, true).map_err(fault)?;
    Ok(reads.iter().any(|(name, column)| unknown(reached, name, column).is_some()))
}

/// Whether a table's SELECT reads a part itself: the answers of its operation, the member of the resource, or
/// what the program reads out of policies.
fn is_made_of(table: &Table, part: &UnreadPart) -> bool {
    if table.named().any(|source| *source == part.operation) {
        return true;
    }
    table.named().any(|source| *source == part.resource_type)
        && (part.is_whole() || is_of_policies(table, part) || names_member(table, part))
}

fn is_of_policies(table: &Table, part: &UnreadPart) -> bool {
    part.member.contains("olicy") && TABLES.iter().any(|name| table.sql.contains(name))
}

fn names_member(table: &Table, part: &UnreadPart) -> bool {
    names(&table.sql.to_lowercase(), &format!("$.{}", part.member.to_lowercase()))
}

fn names(sql: &str, path: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    sql.match_indices(path).any(|(at, _)| ends(&sql[at + path.len()..]))
}

/// What a table does not know of the resources that lack a part of which it is made: the columns that are
/// NULL there.
fn own(db: &Connection, table: &Table, part: &UnreadPart) -> Result<Unknown, Fault> {
    let Ok(mut statement) = db.prepare(&format!("SELECT * FROM \"{}\" WHERE arn = ?", quoted(&table.name)))
    else {
        return Ok(Unknown::Rows);
    };
    if is_of_policies(table, part) {
        return Ok(Unknown::Rows);
    }
    let columns: Vec<String> = statement.column_names().map(String::from).collect();
    let mut found = BTreeSet::new();
    for arn in &part.arns {
        let mut rows = statement.query([arn])?;
        let mut any = false;
        while let Some(row) = rows.next()? {
            any = true;
            for (at, column) in columns.iter().enumerate() {
                if row.get_ref(at)? == rusqlite::types::ValueRef::Null {
                    found.insert(column.clone());
                }
            }
        }
        if !any {
            return Ok(Unknown::Rows);
        }
    }
    Ok(if found.is_empty() { Unknown::Rows } else { Unknown::Columns(found) })
}

fn is_of(db: &Connection, arn: &str, resource_type: &str) -> Result<bool, Fault> {
    Ok(db
        .prepare_cached("SELECT 1 FROM resource WHERE arn = ? AND type = ?")?
        .exists(params![arn, resource_type])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_whole_and_in_any_case() {
        let sql = "select c -> '$.policytext.x', c ->> '$.targets' from resource";
        assert!(names(sql, "$.targets") && names(sql, "$.policytext"));
        assert!(!names(sql, "$.policy") && !names(sql, "$.target"));
    }
}
