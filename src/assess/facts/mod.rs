//! What an assessment says beside its verdicts: groups of findings, the inventory, agreements, sources.

pub(super) mod baa;
mod event_pattern;
pub(super) mod kinds;
mod log_filter;
mod log_pattern;
pub(super) mod policies;
pub(super) mod readers_and_network;
pub(super) mod response;
mod taken;
pub(super) mod usage;
pub(super) mod watched;

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::Value;

use super::database::place::class_of;
use super::input::Fault;
use crate::model::assessment::{AgreementFacts, FindingGroup, PhiAsked, ROWS};
use crate::model::catalog::Catalog;
use crate::model::decisions::{Decisions, Exclude, TagScope};
use crate::model::dossier::AssetClass;
use crate::model::run::Coverage;
use crate::model::verdict::{Severity, Verdict};
use crate::store::run::Reader;

/// Coverage, gaps first.
pub fn sources(run: &Reader) -> Vec<Coverage> {
    let mut lines = run.coverage.clone();
    lines.sort_by(|a, b| {
        let key = |c: &Coverage| (!c.state.is_gap(), c.account.clone(), c.region.clone(), c.source.clone());
        key(a).cmp(&key(b))
    });
    lines
}

pub fn inventory(db: &Connection) -> Result<Vec<AssetClass>, Fault> {
    let mut statement = db.prepare(
        "SELECT type, account, region, count(*), sum(phi_scope = 'in') FROM resource GROUP BY 1, \
                    2, 3 ORDER BY 1, 2, 3",
    )?;
    let rows = statement.query_map([], |row| {
        let resource_type: String = row.get(0)?;
        let service = resource_type.split("::").nth(1).unwrap_or_default().to_string();
        Ok(AssetClass {
            service,
            resource_type,
            account: row.get(1)?,
            region: row.get(2)?,
            count: row.get(3)?,
            phi: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn excluded(db: &Connection, decisions: &Decisions) -> Result<Vec<u64>, Fault> {
    let mut statement = db.prepare("SELECT arn FROM resource WHERE excluded")?;
    let arns = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let covered = |e: &Exclude| arns.iter().filter(|arn| e.covers(arn)).count() as u64;
    Ok(decisions.workspace.exclude.iter().map(covered).collect())
}

/// Resources whose PHI tag is near a value that means PHI.
pub fn phi_asked(db: &Connection, decisions: &Decisions) -> Result<Vec<PhiAsked>, Fault> {
    let rule = &decisions.workspace.phi;
    let mut statement = db.prepare(
        "SELECT arn, tags FROM resource WHERE phi_scope = 'in' AND NOT excluded AND tags <> '{}' \
                    ORDER BY arn",
    )?;
    let mut rows = statement.query([])?;
    let mut asked = Vec::new();
    while let Some(row) = rows.next()? {
        let tags = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if !tags.contains(rule.tag.as_str()) {
            continue;
        }
        let tags: serde_json::Value = serde_json::from_str(tags).unwrap_or_default();
        let value = tags.get(&rule.tag).and_then(serde_json::Value::as_str);
        if rule.scope(value) == TagScope::Near && asked.len() < 100 {
            asked.push(PhiAsked { resource: row.get(0)?, value: value.unwrap_or_default().to_string() });
        }
    }
    Ok(asked)
}

/// Rows that need someone, grouped so that one cause is one risk.
pub fn findings(db: &Connection, catalog: &Catalog) -> Result<Vec<FindingGroup>, Fault> {
    db.execute_batch(
        "CREATE TEMP TABLE finding AS
           SELECT r.check_id, r.resource, r.account, r.verdict,
                  (SELECT x.type FROM resource x WHERE x.arn = r.resource LIMIT 1) AS class,
                  coalesce((SELECT max(x.phi_scope = 'in') FROM resource x
                            WHERE x.arn = r.resource), 1) AS phi
           FROM result r WHERE NOT r.excluded AND r.verdict IN ('not met', 'accepted', 'not evidenced')",
    )?;
    let mut groups = BTreeMap::<Key, FindingGroup>::new();
    let mut last = BTreeMap::<Key, String>::new();
    let mut statement = db.prepare(
        "SELECT check_id, resource, account, verdict, class, phi FROM finding ORDER BY resource, check_id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (check, resource, account): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let verdict: Verdict =
            row.get::<_, String>(3)?.parse().map_err(|what| Fault::Check { check: check.clone(), what })?;
        let class = match verdict {
            Verdict::NotEvidenced => "evidence".to_string(),
            _ => row.get::<_, Option<String>>(4)?.unwrap_or_else(|| class_of(&resource)),
        };
        let Some(control) = catalog.control_of(&check) else { continue };
        let key = (control.number, account, class, row.get(5)?, verdict);
        let group = groups.entry(key.clone()).or_insert_with(|| group(&control.id, &key));
        group.severity = group.severity.max(catalog.checks[&check].severity);
        if !group.checks.contains(&check) {
            group.checks.push(check);
        }
        if last.get(&key) != Some(&resource) {
            group.resources += 1;
            if group.examples.len() < 5 {
                group.examples.push(resource.clone());
            }
            if (group.members.len() as u64) < ROWS {
                group.members.push(resource.clone());
            }
            last.insert(key, resource);
        }
    }
    drop(rows);
    drop(statement);
    db.execute_batch("DROP TABLE finding")?;
    Ok(groups.into_values().collect())
}

/// Control number, account, asset class, PHI scope, verdict.
type Key = (u32, String, String, bool, Verdict);

fn group(control: &str, key: &Key) -> FindingGroup {
    FindingGroup {
        control: control.to_string(),
        account: key.1.clone(),
        asset_class: key.2.clone(),
        phi: key.3,
        severity: Severity::Low,
        verdict: key.4,
        checks: Vec::new(),
        resources: 0,
        examples: Vec::new(),
        members: Vec::new(),
    }
}

/// Which artifacts hold items of which types, worked out once for [`artifacts`].
pub fn feeds(db: &Connection) -> Result<(), Fault> {
    db.execute_batch(
        "CREATE TEMP TABLE fed AS SELECT DISTINCT type, artifact FROM resource;
         CREATE INDEX temp.fed_type ON fed (type);",
    )?;
    Ok(())
}

/// Paths of the artifacts that fed these tables, at most forty.
pub fn artifacts(
    db: &Connection,
    catalog: &Catalog,
    tables: &BTreeSet<String>,
) -> Result<Vec<String>, Fault> {
    let mut paths = BTreeSet::new();
    let mut items = db.prepare_cached(
        "SELECT DISTINCT a.path FROM temp.fed f JOIN artifact a ON a.id = f.artifact WHERE f.type = ? ORDER \
         BY 1 LIMIT 40",
    )?;
    let mut answers = db.prepare_cached(
        "SELECT path FROM artifact WHERE service || ':' || operation = ? ORDER BY 1 LIMIT 40",
    )?;
    let sources = catalog.tables.iter().filter(|t| tables.contains(&t.name)).flat_map(|t| &t.sources);
    for source in sources.collect::<BTreeSet<_>>() {
        let statement = if source.starts_with("AWS::") { &mut items } else { &mut answers };
        for path in statement.query_map([source], |row| row.get::<_, String>(0))? {
            paths.insert(path?);
        }
    }
    if tables.iter().any(|t| t.starts_with("program_")) {
        let mut documents = db.prepare_cached(
            "SELECT path FROM artifact WHERE kind = 'document' AND path LIKE '%incident%' \
                               ORDER BY 1 LIMIT 10",
        )?;
        for path in documents.query_map([], |row| row.get::<_, String>(0))? {
            paths.insert(path?);
        }
    }
    Ok(paths.into_iter().take(40).collect())
}

/// Every agreement that AWS Artifact listed.
pub fn agreements(db: &Connection) -> Result<Vec<AgreementFacts>, Fault> {
    let mut statement = db.prepare(
        "SELECT r.body, r.account, a.path FROM response r JOIN artifact a ON a.id = r.artifact
         WHERE r.service = 'artifact' AND r.operation = 'ListCustomerAgreements'
         ORDER BY r.account, r.position",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (body, account, artifact): (String, String, String) = row?;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().map(str::to_string);
        let Some(name) = text("name") else { continue };
        out.push(AgreementFacts {
            name,
            id: text("id").unwrap_or_default(),
            account: text("awsAccountId").unwrap_or_else(|| account.clone()),
            seen_in: account,
            organization: body["organizationArn"].is_string(),
            organization_arn: text("organizationArn"),
            agreement_arn: text("agreementArn"),
            state: text("state").unwrap_or_default(),
            effective_start: day(&body["effectiveStart"]).unwrap_or_default(),
            effective_end: day(&body["effectiveEnd"]),
            artifact,
        });
    }
    Ok(out)
}

/// A date from ISO text or epoch seconds.
fn day(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.get(..10)?.to_string()),
        Value::Number(n) => {
            chrono::DateTime::from_timestamp(n.as_f64()? as i64, 0).map(|t| t.format("%Y-%m-%d").to_string())
        }
        _ => None,
    }
}
