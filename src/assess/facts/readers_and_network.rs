//! The two pictures: who can read each store of ePHI, and the network in tiers. It counts what the tables
//! `phi_store_reader` and `network_place` hold and judges nothing; a catalog without such a table has no
//! picture.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use crate::assess::identity_center;
use crate::assess::input::Fault;
use crate::model::catalog::Catalog;
use crate::model::dossier::{
    Cell, NetworkMap, Places, READERS, Reach, ReaderMatrix, ReadingPrincipal, STORES, StoreReaders, Tier,
    VPCS, VpcMap,
};

fn has(catalog: &Catalog, tables: &[&str]) -> bool {
    tables.iter().all(|name| catalog.tables.iter().any(|t| t.name == *name))
}

/// One row a store and principal. The store's own account as a principal hands over to IAM, whose users and
/// roles have rows of their own, and is no reader itself.
const READER: &str = "
CREATE TEMP TABLE reader AS
  SELECT r.arn, r.principal,
         CASE WHEN r.principal_kind = 'everyone' THEN 'everyone'
              WHEN r.principal_kind = 'service' THEN 'service'
              WHEN r.principal_kind IN ('user', 'role')
                AND r.principal_account = r.account THEN 'own' ELSE 'foreign' END AS who,
         max(r.principal_kind) AS kind,
         max(CASE WHEN r.everything = 1 THEN 3 WHEN r.all_of_kind = 1 THEN 2 ELSE 1 END) AS reach,
         min(coalesce(r.has_condition, 0)) AS conditional, min(r.bounded_by <> '') AS bounded
  FROM phi_store_reader AS r
  WHERE NOT (r.principal_kind = 'account' AND r.principal_account IS r.account)
  GROUP BY r.arn, r.principal;
CREATE INDEX temp.reader_arn ON reader (arn);";

pub fn readers(db: &Connection, catalog: &Catalog) -> Result<ReaderMatrix, Fault> {
    if !has(catalog, &["phi_store", "phi_store_reader"]) {
        return Ok(ReaderMatrix::default());
    }
    db.execute_batch(READER)?;
    let mut matrix = ReaderMatrix {
        stores_total: db.query_row("SELECT count(*) FROM phi_store", [], |row| row.get(0))?,
        readers_total: db.query_row(
            "SELECT count(DISTINCT principal) FROM reader WHERE who = 'own'",
            [],
            |row| row.get(0),
        )?,
        readers: widest(db)?,
        stores: most_read(db)?,
        people: Vec::new(),
        words: String::new(),
    };
    if has(catalog, &["sso_assignment", "sso_permission_set", "iam_role"]) {
        matrix.people =
            identity_center::behind(db, &matrix.readers.iter().map(|r| r.arn.as_str()).collect())?;
    }
    let columns: BTreeMap<String, usize> =
        matrix.readers.iter().enumerate().map(|(i, r)| (r.arn.clone(), i)).collect();
    let mut cells =
        db.prepare("SELECT principal, reach, conditional FROM reader WHERE arn = ? AND who = 'own'")?;
    for store in &mut matrix.stores {
        store.cells = vec![Cell::default(); columns.len()];
        let mut rows = cells.query([&store.arn])?;
        while let Some(row) = rows.next()? {
            match columns.get(&row.get::<_, String>(0)?) {
                Some(column) => {
                    store.cells[*column] = Cell { reach: reach(row.get(1)?), conditional: row.get(2)? }
                }
                None => store.own_more += 1,
            }
        }
    }
    drop(cells);
    db.execute_batch("DROP TABLE temp.reader")?;
    Ok(matrix)
}

fn reach(rank: i64) -> Reach {
    match rank {
        3 => Reach::Everything,
        2 => Reach::Kind,
        _ => Reach::Store,
    }
}

fn widest(db: &Connection) -> Result<Vec<ReadingPrincipal>, Fault> {
    let mut statement = db.prepare(
        "SELECT principal, max(kind), count(*) FROM reader WHERE who = 'own' GROUP BY principal ORDER BY 3 \
         DESC, max(reach) DESC, 1 LIMIT ?",
    )?;
    let rows = statement.query_map([READERS as i64], |row| {
        Ok(ReadingPrincipal { arn: row.get(0)?, name: String::new(), kind: row.get(1)?, stores: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn most_read(db: &Connection) -> Result<Vec<StoreReaders>, Fault> {
    let mut statement = db.prepare(
        "SELECT s.arn, s.name, s.kind, s.account, s.region, s.why, s.policy_read,
                coalesce(sum(r.who = 'everyone' AND NOT r.bounded), 0),
                coalesce(sum(r.who = 'everyone' AND r.bounded), 0),
                coalesce(sum(r.who = 'foreign'), 0), coalesce(sum(r.who = 'service'), 0),
                coalesce(sum(r.who = 'own'), 0), count(r.arn)
         FROM phi_store AS s LEFT JOIN temp.reader AS r ON r.arn = s.arn
         GROUP BY s.arn ORDER BY 8 DESC, 13 DESC, s.arn LIMIT ?",
    )?;
    let rows = statement.query_map([STORES as i64], store)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn store(row: &Row<'_>) -> rusqlite::Result<StoreReaders> {
    Ok(StoreReaders {
        arn: row.get(0)?,
        name: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
        kind: row.get(2)?,
        account: row.get(3)?,
        region: row.get(4)?,
        why: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
        policy_read: row.get::<_, Option<bool>>(6)?.unwrap_or(false),
        everyone: row.get(7)?,
        everyone_bounded: row.get(8)?,
        foreign: row.get(9)?,
        services: row.get(10)?,
        own: row.get(11)?,
        own_more: 0,
        total: row.get(12)?,
        cells: Vec::new(),
    })
}

/// One row a VPC, as its owner shows it where the evidence holds that: an id is unique across accounts, and
/// others may stand in it. One of which only subnets are in the evidence has neither name nor range.
const VPC: &str = "
CREATE TEMP TABLE vpc AS
  WITH shown AS (
    SELECT arn, account, region, vpc_id, name, cidr_block, coalesce(owner_id, account) <> account AS guest
    FROM ec2_vpc
    UNION ALL
    SELECT DISTINCT vpc_id, account, region, vpc_id, NULL, NULL, 2
    FROM ec2_subnet_tier WHERE vpc_id IS NOT NULL)
  SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY vpc_id ORDER BY guest, account, arn) AS nth
                 FROM shown) WHERE nth = 1;";

pub fn network(db: &Connection, catalog: &Catalog) -> Result<NetworkMap, Fault> {
    if !has(
        catalog,
        &[
            "network_place",
            "ec2_vpc",
            "ec2_subnet_tier",
            "ec2_vpc_endpoint",
            "ec2_internet_gateway",
            "ec2_vpc_exit",
        ],
    ) {
        return Ok(NetworkMap::default());
    }
    db.execute_batch(VPC)?;
    let vpcs_used: u64 = db.query_row(
        "SELECT count(*) FROM temp.vpc WHERE vpc_id IN (SELECT vpc_id FROM network_place)",
        [],
        |row| row.get(0),
    )?;
    let vpcs_total: u64 = db.query_row("SELECT count(*) FROM temp.vpc", [], |row| row.get(0))?;
    let mut vpcs = fullest(db)?;
    for vpc in &mut vpcs {
        furnish(db, vpc)?;
    }
    db.execute_batch("DROP TABLE temp.vpc")?;
    Ok(NetworkMap {
        edge: places(db, "tier = 'edge'", &[])?,
        vpcs,
        vpcs_total,
        vpcs_empty: vpcs_total - vpcs_used,
        regional: places(db, "tier = 'regional'", &[])?,
        unplaced: places(db, "tier NOT IN ('edge', 'regional') AND vpc_id IS NULL", &[])?,
        words: String::new(),
    })
}

/// Things by class and kind, most first. An untagged thing that no item describes counts as in scope.
fn places(db: &Connection, filter: &str, of: &[&str]) -> Result<Vec<Places>, Fault> {
    let mut statement = db.prepare(&format!(
        "SELECT kind, class, count(*), sum(coalesce(phi_scope, 'in') = 'in') FROM network_place WHERE {filter}
         GROUP BY 1, 2 ORDER BY CASE class WHEN 'entry' THEN 0 WHEN 'compute' THEN 1 ELSE 2 END, 3 DESC, 1"
    ))?;
    let rows = statement.query_map(rusqlite::params_from_iter(of), |row| {
        Ok(Places { kind: row.get(0)?, class: row.get(1)?, count: row.get(2)?, phi: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn fullest(db: &Connection) -> Result<Vec<VpcMap>, Fault> {
    let mut statement = db.prepare(
        "SELECT v.vpc_id, v.name, v.account, v.region, v.cidr_block,
                EXISTS (SELECT 1 FROM ec2_internet_gateway AS g WHERE g.vpc_id = v.vpc_id),
                EXISTS (SELECT 1 FROM ec2_vpc_exit AS x WHERE x.vpc_id = v.vpc_id AND x.to_network = 1)
         FROM temp.vpc AS v JOIN network_place AS p ON p.vpc_id = v.vpc_id
         GROUP BY v.arn
         ORDER BY sum(p.class = 'data' AND coalesce(p.phi_scope, 'in') = 'in') DESC,
           count(*) DESC, v.account, v.region, v.vpc_id LIMIT ?",
    )?;
    let rows = statement.query_map([VPCS as i64], |row| {
        let text = |i: usize| row.get::<_, Option<String>>(i).map(Option::unwrap_or_default);
        Ok(VpcMap {
            vpc_id: text(0)?,
            name: text(1)?,
            account: text(2)?,
            region: text(3)?,
            cidr: text(4)?,
            internet_gateway: row.get(5)?,
            other_networks: row.get(6)?,
            endpoints: Vec::new(),
            tiers: Vec::new(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Its tiers with what stands in them, and its endpoints.
fn furnish(db: &Connection, vpc: &mut VpcMap) -> Result<(), Fault> {
    let id = vpc.vpc_id.clone();
    let mut subnets = db.prepare_cached(
        "SELECT count(*) FROM ec2_subnet_tier WHERE vpc_id = ?1 AND coalesce(tier, 'unknown') = ?2",
    )?;
    for tier in ["public", "private", "isolated", "unknown"] {
        let count: u64 = subnets.query_row(params![id, tier], |row| row.get(0))?;
        let places = places(db, "vpc_id = ?1 AND tier = ?2", &[id.as_str(), tier])?;
        if tier != "unknown" || count > 0 || !places.is_empty() {
            vpc.tiers.push(Tier { tier: tier.to_string(), subnets: count, places });
        }
    }
    let mut endpoints = db.prepare_cached(
        "SELECT DISTINCT service_name FROM ec2_vpc_endpoint WHERE vpc_id = ?1 AND state = \
                           'available' ORDER BY 1",
    )?;
    let names = endpoints.query_map([&id], |row| row.get::<_, Option<String>>(0))?;
    for name in names {
        let name = name?.unwrap_or_default();
        // com.amazonaws.us-east-1.s3
        let short = name.splitn(4, '.').nth(3).unwrap_or(&name).to_string();
        if !short.is_empty() && !vpc.endpoints.contains(&short) {
            vpc.endpoints.push(short);
        }
    }
    Ok(())
}
