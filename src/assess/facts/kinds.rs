//! What lies in the evidence and is read by no check. A check reads what feeds the tables that its SQL reads:
//! that is derived from the catalog, never written down. What a type is by nature, and on which controls that
//! bears, `kinds/` says.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde_json::Value;

use crate::assess::database::guard;
use crate::assess::input::Fault;
use crate::catalog::closure;
use crate::evidence::config_item::arn_part;
use crate::model::catalog::Catalog;
use crate::model::decisions::{Decisions, matches_pattern};
use crate::model::dossier::{AssetClass, UnreadKind};
use crate::model::kinds::{ResourceKind, ResourceKinds};

/// How deep an answer is searched for ARNs.
const DEPTH: usize = 6;

/// Fills `kind`, a row a type in the evidence and control that it bears on, and `kind_answer`, what answers
/// of unknown operations name. The tables that checks read are made already, but for those that are made of
/// these two.
pub fn fill(db: &mut Connection, catalog: &Catalog, decisions: &Decisions) -> Result<(), Fault> {
    if catalog.kinds.kinds.is_empty() {
        return Ok(());
    }
    let read = sources_of_checks(db, catalog);
    let mut types = strings(db, "SELECT DISTINCT type FROM resource ORDER BY 1")?;
    types.extend(named_in_answers(db, catalog, &read)?);
    let mut insert = db.prepare("INSERT INTO kind VALUES (?,?,?,?,?,?,?,?)")?;
    for resource_type in &types {
        match catalog.kinds.of(resource_type) {
            Some(kind) => {
                let list = |names: Vec<&String>| serde_json::to_string(&names).expect("a list serialises");
                let (except, answers) = (list(kind.except.iter().collect()), list(answers(&read, kind)));
                let seen = read.contains(resource_type);
                for control in catalog.kinds.controls(kind) {
                    let values = params![
                        resource_type,
                        control,
                        kind.nature,
                        kind.what,
                        seen,
                        answers,
                        None::<String>,
                        except
                    ];
                    insert.execute(values)?;
                }
            }
            None => {
                let (nature, tag) = (&catalog.kinds.tagged, &decisions.workspace.phi.tag);
                let what = catalog.kinds.natures.get(nature).map_or("", |n| &n.words);
                for control in catalog.kinds.of_nature(nature) {
                    insert.execute(params![
                        resource_type,
                        control,
                        nature,
                        what,
                        read.contains(resource_type),
                        "[]",
                        tag,
                        "[]"
                    ])?;
                }
            }
        }
    }
    Ok(())
}

/// The operations that tell of a kind and that a check reads.
fn answers<'a>(read: &BTreeSet<String>, kind: &'a ResourceKind) -> Vec<&'a String> {
    kind.answers.iter().filter(|operation| read.contains(*operation)).collect()
}

/// Every source of every table that a check reads, itself or through other tables, and those that it does not
/// wait for.
fn sources_of_checks(db: &mut Connection, catalog: &Catalog) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for id in catalog.controls.iter().flat_map(|control| &control.checks) {
        // one that does not compile yet reads what is made later, or is a fault that asking it reports
        let reads = guard::compile(db, &catalog.checks[id].sql, false).unwrap_or_default();
        tables.extend(reads.into_iter().map(|(table, _)| table));
    }
    let all = closure(catalog, &tables);
    catalog
        .tables
        .iter()
        .filter(|t| all.contains(&t.name))
        .flat_map(|t| t.sources.iter().chain(&t.if_read).cloned())
        .collect()
}

/// Finds, in answers of operations that the catalog does not know, the ARNs of things of kinds that no check
/// reads, and gives the types of these.
fn named_in_answers(
    db: &Connection,
    catalog: &Catalog,
    read: &BTreeSet<String>,
) -> Result<BTreeSet<String>, Fault> {
    let mut types = BTreeSet::new();
    let mut bodies = db.prepare(
        "SELECT account, region, body FROM response WHERE service = ?1 AND operation = ?2 ORDER BY id",
    )?;
    let mut insert = db.prepare("INSERT INTO kind_answer VALUES (?,?,?,?,?)")?;
    for (service, operation, _) in unknown_answers(db, catalog)? {
        let source = format!("{service}:{operation}");
        let mut rows = bodies.query([&service, &operation])?;
        let mut known = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (account, region, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let mut arns = BTreeSet::new();
            collect_arns(&body, "", 0, &mut arns);
            for arn in arns {
                let Some(resource_type) = type_of(&catalog.kinds, read, arn) else { continue };
                if !known.insert((account.clone(), region.clone(), arn.to_string())) {
                    continue;
                }
                let part =
                    |n, given: &str| arn_part(arn, n).filter(|p| !p.is_empty()).unwrap_or(given).to_string();
                insert.execute(params![arn, part(4, &account), part(3, &region), resource_type, source])?;
                types.insert(resource_type.to_string());
            }
        }
    }
    Ok(types)
}

/// The type of the unread kind that names its things so.
fn type_of<'a>(kinds: &'a ResourceKinds, read: &BTreeSet<String>, arn: &str) -> Option<&'a str> {
    let named = |kind: &&ResourceKind| kind.arns.iter().any(|pattern| matches_pattern(pattern, arn));
    let kind = kinds.kinds.iter().find(named)?;
    let own = kind.types.iter().find(|t| !t.contains('*'))?;
    (!read.contains(own) && answers(read, kind).is_empty()).then_some(own)
}

/// What stands in members whose name ends in `arn`.
fn collect_arns<'a>(value: &'a Value, member: &str, depth: usize, out: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) if text.starts_with("arn:") && member.to_ascii_lowercase().ends_with("arn") => {
            out.insert(text);
        }
        Value::Array(list) if depth < DEPTH => {
            list.iter().for_each(|item| collect_arns(item, member, depth + 1, out))
        }
        Value::Object(map) if depth < DEPTH => {
            map.iter().for_each(|(name, item)| collect_arns(item, name, depth + 1, out))
        }
        Value::String(_)
        | Value::Array(_)
        | Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_) => {}
    }
}

/// Service, operation and number of elements of answers that the catalog knows no operation for.
fn unknown_answers(db: &Connection, catalog: &Catalog) -> Result<Vec<(String, String, u64)>, Fault> {
    let mut statement =
        db.prepare("SELECT service, operation, count(*) FROM response GROUP BY 1, 2 ORDER BY 1, 2")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let all: Vec<(String, String, u64)> = rows.collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|(s, o, _)| !catalog.operations.contains_key(&format!("{s}:{o}"))).collect())
}

/// Stored items that no table reads, by type, and answers of operations that the catalog does not know.
pub fn unread(
    db: &Connection,
    catalog: &Catalog,
    inventory: &[AssetClass],
) -> Result<Vec<UnreadKind>, Fault> {
    let sources = catalog.sources();
    let mut unread: Vec<UnreadKind> = Vec::new();
    for class in inventory.iter().filter(|class| !sources.contains(class.resource_type.as_str())) {
        match unread.last_mut().filter(|last| last.source == class.resource_type) {
            Some(last) => {
                last.items += class.count;
                last.phi += class.phi;
            }
            None => {
                let nature = catalog.kinds.of(&class.resource_type).map_or("", |kind| &kind.nature);
                unread.push(UnreadKind {
                    source: class.resource_type.clone(),
                    nature: nature.into(),
                    items: class.count,
                    phi: class.phi,
                });
            }
        }
    }
    let answers = unknown_answers(db, catalog)?.into_iter();
    unread.extend(answers.map(|(service, operation, items)| UnreadKind {
        source: format!("{service}:{operation}"),
        nature: "answer".into(),
        items,
        phi: 0,
    }));
    Ok(unread)
}

/// What no check reads, by control and place: what keeps its siblings' checks from `not applicable`.
#[derive(Debug, Default)]
pub struct Silent(Vec<Group>);

#[derive(Debug)]
struct Group {
    control: String,
    resource_type: String,
    account: String,
    region: String,
    count: u64,
}

/// The table that names them; a catalog without it names none.
pub const TABLE: &str = "kinds_unread";

impl Silent {
    pub fn read(db: &Connection, catalog: &Catalog) -> Result<Silent, Fault> {
        if !catalog.tables.iter().any(|t| t.name == TABLE) {
            return Ok(Silent::default());
        }
        let mut statement = db.prepare(
            "SELECT control, type, account, region, count(*) FROM kinds_unread GROUP BY 1, 2, 3, \
                        4 ORDER BY 3, 4, 1, 2",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Group {
                control: row.get(0)?,
                resource_type: row.get(1)?,
                account: row.get(2)?,
                region: row.get(3)?,
                count: row.get(4)?,
            })
        })?;
        Ok(Silent(rows.collect::<Result<_, _>>()?))
    }

    /// Account, region and words of each unread kind that is a sibling of what a check of this control
    /// judges.
    pub fn beside<'a>(
        &'a self,
        catalog: &'a Catalog,
        control: &'a str,
        check: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str, String)> {
        self.0.iter().filter(move |group| group.control == control).filter_map(move |group| {
            let kind = catalog.kinds.of(&group.resource_type).filter(|kind| kind.is_beside(check))?;
            let words = format!(
                "no check reads this kind: {} x {} ({})",
                group.count, group.resource_type, kind.what
            );
            Some((group.account.as_str(), group.region.as_str(), words))
        })
    }
}

fn strings(db: &Connection, sql: &str) -> Result<BTreeSet<String>, Fault> {
    Ok(db.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
