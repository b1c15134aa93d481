//! Signs that a service is in use beside its resources: roles linked to it, answers of its own API, when an
//! identity last used it, events that CloudTrail keeps, the bill, and the engine that tells services apart
//! which share a resource type.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::assess::input::Fault;
use crate::model::assessment::{EngineCount, ServiceTrace, ServiceUsage};
use crate::model::catalog::ServiceList;

/// Services that answer for every account, whether it uses them or not.
const ALWAYS: [&str; 14] = [
    "account",
    "artifact",
    "ce",
    "cloudshell-console",
    "config",
    "health",
    "iam",
    "organizations",
    "s3control",
    "signin",
    "sts",
    "support",
    "tag",
    "tax",
];

type Traces = BTreeMap<String, BTreeSet<String>>;

/// Every sign, by the service as principals and APIs spell it.
pub fn traces(db: &Connection, list: &ServiceList) -> Result<Vec<ServiceTrace>, Fault> {
    let mut traces = Traces::new();
    linked_roles(db, list, &mut traces)?;
    own_answers(db, &mut traces)?;
    last_used(db, &mut traces)?;
    events(db, &mut traces)?;
    let joined = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>().join("; ");
    Ok(traces.into_iter().map(|(service, words)| ServiceTrace { service, words: joined(words) }).collect())
}

/// A principal without the domain: `dynamodb.application-autoscaling`.
fn short(principal: &str) -> &str {
    principal.trim_end_matches(".cn").trim_end_matches(".amazonaws.com")
}

/// Service-linked roles, but for those that AWS makes in every account.
fn linked_roles(db: &Connection, list: &ServiceList, traces: &mut Traces) -> Result<(), Fault> {
    let mut roles = db.prepare(
        "SELECT arn FROM resource WHERE type = 'AWS::IAM::Role' AND arn LIKE \
                    '%:role/aws-service-role/%' ORDER BY arn",
    )?;
    for arn in roles.query_map([], |row| row.get::<_, String>(0))? {
        let arn = arn?;
        let mut parts = arn.split('/').skip(2);
        let (Some(principal), Some(role)) = (parts.next(), parts.next()) else { continue };
        let service = short(principal);
        if !list.every_account.iter().any(|known| known == service) {
            traces.entry(service.to_string()).or_default().insert(format!("the service-linked role {role}"));
        }
    }
    Ok(())
}

/// Answers with elements of a service's own API.
fn own_answers(db: &Connection, traces: &mut Traces) -> Result<(), Fault> {
    let mut answers = db.prepare(
        "SELECT service, operation, count(*) FROM response WHERE body <> '{}' AND body NOT LIKE \
         '{\"_absent\"%' GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let rows = answers.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u64>(2)?))
    })?;
    for row in rows {
        let (service, operation, n) = row?;
        if !ALWAYS.contains(&service.as_str()) {
            let elements = if n == 1 { "1 element".to_string() } else { format!("{n} elements") };
            traces
                .entry(service.clone())
                .or_default()
                .insert(format!("{service}:{operation} answered {elements}"));
        }
    }
    Ok(())
}

/// When an identity last used a service, as IAM tells (GetServiceLastAccessedDetails): also of services that
/// leave no resource.
fn last_used(db: &Connection, traces: &mut Traces) -> Result<(), Fault> {
    let mut statement = db.prepare(
        "SELECT s.value ->> '$.ServiceNamespace', max(s.value ->> '$.LastAuthenticated')
         FROM response AS r, json_each(r.body, '$.ServicesLastAccessed') AS s
         WHERE r.service = 'iam' AND r.operation LIKE 'GetServiceLastAccessedDetails%'
           AND s.value ->> '$.ServiceNamespace' IS NOT NULL AND s.value ->> '$.LastAuthenticated' IS NOT NULL
         GROUP BY 1 ORDER BY 1",
    )?;
    for row in statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
        let (service, at) = row?;
        if !ALWAYS.contains(&service.as_str()) {
            let day = at.get(..10).unwrap_or(&at).to_string();
            traces
                .entry(service)
                .or_default()
                .insert(format!("last used on {day}, as IAM tells of an identity"));
        }
    }
    Ok(())
}

/// Sources of events that CloudTrail keeps (LookupEvents).
fn events(db: &Connection, traces: &mut Traces) -> Result<(), Fault> {
    let mut statement = db.prepare(
        "SELECT body ->> '$.EventSource', max(body ->> '$.EventTime') FROM response
         WHERE service = 'cloudtrail' AND operation LIKE 'LookupEvents%'
           AND body ->> '$.EventSource' IS NOT NULL GROUP BY 1 ORDER BY 1",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
    for row in rows {
        let (source, at) = row?;
        let service = short(&source);
        if !ALWAYS.contains(&service) && service != "cloudtrail" {
            let day = at
                .as_deref()
                .and_then(|at| at.get(..10))
                .map_or_else(String::new, |day| format!(" of {day}"));
            traces
                .entry(service.to_string())
                .or_default()
                .insert(format!("an event{day} in CloudTrail's history"));
        }
    }
    Ok(())
}

/// Engines of what lies under a type that several services share.
pub fn engines(db: &Connection) -> Result<Vec<EngineCount>, Fault> {
    let mut statement = db.prepare(
        "SELECT type, coalesce(configuration ->> '$.engine', configuration ->> '$.Engine'), count(*), \
         sum(phi_scope = 'in') FROM resource
         WHERE type >= 'AWS::RDS::' AND type < 'AWS::RDS:;'
           AND coalesce(configuration ->> '$.engine', configuration ->> '$.Engine') IS NOT NULL
         GROUP BY 1, 2 ORDER BY 1, 2",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(EngineCount {
            resource_type: row.get(0)?,
            engine: row.get(1)?,
            count: row.get(2)?,
            phi: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Services and regions with usage, from Cost Explorer's groups.
pub fn billed(db: &Connection) -> Result<Vec<ServiceUsage>, Fault> {
    let mut statement = db.prepare(
        "SELECT DISTINCT r.account, g.value ->> '$.Keys[0]', coalesce(g.value ->> '$.Keys[1]', '')
         FROM response r, json_each(r.body, '$.Groups') g
         WHERE r.service = 'ce' AND r.operation = 'GetCostAndUsage' AND g.value ->> '$.Keys[0]' IS NOT NULL
         ORDER BY 1, 2, 3",
    )?;
    let mut usage: Vec<ServiceUsage> = Vec::new();
    for row in statement.query_map([], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })? {
        let (account, service, region) = row?;
        match usage.last_mut().filter(|u| u.account == account && u.service == service) {
            Some(known) => known.regions.push(region),
            None => usage.push(ServiceUsage { account, service, regions: vec![region] }),
        }
    }
    Ok(usage)
}
