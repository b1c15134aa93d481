//! A second opinion: what AWS Config's own managed rules say of the resources that a check judged. Two
//! answers are compared only where they are to the same question: the same resource, the same parameters, and
//! an evaluation later than the item that the check read. What was not compared neither agrees nor disagrees.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde_json::Value;

use super::check_tally::Place;
use crate::assess::input::{Fault, Input};
use crate::model::assessment::{CheckResult, Disagreement, RuleAgreement, RuleState};
use crate::model::catalog::{Check, Corroborator};
use crate::model::run::GLOBAL;
use crate::model::verdict::Verdict;

const EVALUATIONS: &str = "GetComplianceDetailsByConfigRule";
const LISTING: &str = "DescribeConfigRules";

/// How many examples of a disagreement an assessment carries for a rule.
const EXAMPLES: usize = 10;

/// Everything that the run says of AWS Config's rules.
pub struct Rules<'a> {
    input: &'a Input<'a>,
    /// Where the rules were listed.
    listed: BTreeSet<Place>,
    deployed: Vec<Deployed>,
    /// Where the evaluations of a rule were collected, by the rule's deployed name, and which of `deployed`
    /// that is.
    collected: Vec<(Place, String, Option<usize>)>,
}

/// A rule as DescribeConfigRules lists it.
struct Deployed {
    place: Place,
    name: String,
    /// `rdsstorageencrypted`, from `RDS_STORAGE_ENCRYPTED`
    identifier: String,
    parameters: BTreeMap<String, String>,
}

impl<'a> Rules<'a> {
    /// Reads the listings, and puts the evaluations beside the resources they speak of in a temporary table.
    pub fn read(db: &Connection, input: &'a Input<'a>) -> Result<Self, Fault> {
        evaluations(db)?;
        let mut asked = db.prepare(
            "SELECT DISTINCT account, region, key FROM artifact WHERE service = 'config' AND operation = ?",
        )?;
        let mut places = |operation: &str| -> Result<BTreeSet<(Place, String)>, Fault> {
            let rows = asked.query_map([operation], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        };
        let evaluated = places(EVALUATIONS)?;
        let listed = places(LISTING)?.into_iter().map(|(place, _)| place).collect();
        let deployed = deployed(db)?;
        let known =
            |place: &Place, key: &str| deployed.iter().position(|d| d.place == *place && d.name == key);
        let collected = evaluated
            .into_iter()
            .map(|(place, key)| (known(&place, &key), place, key))
            .map(|(at, place, key)| (place, key, at));
        Ok(Rules { input, listed, collected: collected.collect(), deployed })
    }

    /// What each rule that a check names says of the check's rows, and each contradiction; `judged` is where
    /// there are any.
    pub fn of(
        &self,
        db: &Connection,
        result: &CheckResult,
        judged: &BTreeSet<Place>,
    ) -> Result<(Vec<RuleAgreement>, Vec<Disagreement>), Fault> {
        let check = &self.input.catalog.checks[&result.id];
        let (mut agreements, mut disagreements) = (Vec::new(), Vec::new());
        for rule in &check.corroborated_by {
            let (agreement, against) = self.one(db, check, rule, judged)?;
            agreements.push(agreement);
            disagreements.extend(against);
        }
        Ok((agreements, disagreements))
    }

    fn one(
        &self,
        db: &Connection,
        check: &Check,
        rule: &Corroborator,
        judged: &BTreeSet<Place>,
    ) -> Result<(RuleAgreement, Vec<Disagreement>), Fault> {
        let mut out = RuleAgreement::new(&rule.rule);
        let mut against = Vec::new();
        let mut differing = BTreeSet::new();
        let mut compared_any = false;
        let squashed = squashed(&rule.rule);
        for (place, key, known) in &self.collected {
            let known = known.map(|at| &self.deployed[at]);
            if !known.map_or_else(|| named(key, &rule.rule), |d| d.is(&rule.rule, &squashed)) {
                continue;
            }
            compared_any = true;
            match self.other_parameters(rule, known) {
                Some(what) => drop(differing.insert(what)),
                None => compare(db, check, &rule.rule, place, key, &mut out, &mut against)?,
            }
        }
        out.state = match (out.agree, out.disagree) {
            (0, 0) if !differing.is_empty() => RuleState::OtherParameters,
            (0, 0) if compared_any => RuleState::NothingCompared,
            (0, 0) => self.absent(rule, &squashed, judged),
            (_, 0) => RuleState::Agrees,
            _ => RuleState::Disagrees,
        };
        out.detail = differing.into_iter().collect::<Vec<_>>().join("; ");
        Ok((out, against))
    }

    /// Why the deployed rule asks something else, if its parameters say so.
    fn other_parameters(&self, rule: &Corroborator, known: Option<&Deployed>) -> Option<String> {
        let Some(known) = known else {
            return (!rule.parameters.is_empty()).then(|| "its parameters were not collected".to_string());
        };
        for (name, value) in &known.parameters {
            match rule.parameters.get(name) {
                None => {
                    return Some(format!("deployed with {name} = {value}, which this check does not ask"));
                }
                Some(ours) if !same(value, &self.value(ours)) => {
                    return Some(format!("deployed with {name} = {value}; here it is {}", self.value(ours)));
                }
                Some(_) => {}
            }
        }
        let unset = rule.parameters.keys().find(|name| !known.parameters.contains_key(*name));
        unset.map(|name| format!("deployed without {name}"))
    }

    /// The value of a parameter of ours, or the text itself.
    fn value(&self, ours: &str) -> String {
        let own = self.input.decisions.workspace.parameters.get(ours).copied();
        let default = || self.input.catalog.parameters().find(|p| p.name == ours).map(|p| p.default);
        own.or_else(default).map_or_else(|| ours.to_string(), crate::assess::database::tables::number)
    }

    /// No evaluation was collected: the rule is not deployed only if the rules were listed wherever the check
    /// judged something.
    fn absent(&self, rule: &Corroborator, squashed: &str, judged: &BTreeSet<Place>) -> RuleState {
        if self.listed.is_empty() || self.deployed.iter().any(|d| d.is(&rule.rule, squashed)) {
            return RuleState::NotCollected;
        }
        let listed = |account: &str, region: &str| {
            let wide = region.is_empty() || region == GLOBAL;
            self.listed.iter().any(|(a, r)| account.is_empty() || (a == account && (wide || r == region)))
        };
        if judged.iter().all(|(account, region)| listed(account, region)) {
            RuleState::NotDeployed
        } else {
            RuleState::NotCollected
        }
    }
}

impl Deployed {
    /// Whether it is the managed rule of this name, which comes squashed too.
    fn is(&self, rule: &str, squashed: &str) -> bool {
        self.identifier == squashed || (self.identifier.is_empty() && named(&self.name, rule))
    }
}

/// Managed rules differ in hyphens between name and identifier: `cloudtrail`, `CLOUD_TRAIL`.
fn squashed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a deployed name is the rule's own, or that of a conformance pack or of Security Hub made of it.
fn named(key: &str, rule: &str) -> bool {
    let inner = key.strip_prefix("securityhub-").unwrap_or(key);
    inner == rule
        || inner.strip_prefix(rule).is_some_and(|rest| {
            rest.starts_with("-conformance-pack-") || (inner != key && rest.starts_with('-'))
        })
}

/// Numbers by value, everything else by its letters.
fn same(theirs: &str, ours: &str) -> bool {
    match (theirs.trim().parse::<f64>(), ours.trim().parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => theirs.trim().eq_ignore_ascii_case(ours.trim()),
    }
}

fn deployed(db: &Connection) -> Result<Vec<Deployed>, Fault> {
    let mut listed =
        db.prepare("SELECT account, region, body FROM response WHERE service = 'config' AND operation = ?")?;
    let rows =
        listed.query_map([LISTING], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?)))?;
    let mut out = Vec::new();
    for row in rows {
        let (place, body) = row?;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        let Some(name) = body["ConfigRuleName"].as_str() else { continue };
        let parameters = body["InputParameters"].as_object().into_iter().flatten();
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
        out.push(Deployed {
            place,
            name: name.to_string(),
            identifier: squashed(body["Source"]["SourceIdentifier"].as_str().unwrap_or_default()),
            parameters: parameters
                .map(|(name, value)| (name.clone(), text(value)))
                .filter(|(_, v)| !v.is_empty())
                .collect(),
        });
    }
    Ok(out)
}

/// The newest evaluation of each resource by each rule, with the time of the item; and an index over the
/// results, so that the two can be compared check by check.
fn evaluations(db: &Connection) -> Result<(), Fault> {
    db.execute_batch(
        "CREATE TEMP TABLE judged AS
           SELECT key, account, region, body ->> '$.ComplianceType' AS compliance,
                  CASE WHEN json_type(body, '$.ResultRecordedTime') IN ('integer', 'real')
                       THEN strftime('%Y-%m-%dT%H:%M:%SZ', body ->> '$.ResultRecordedTime', 'unixepoch')
                       ELSE body ->> '$.ResultRecordedTime' END AS recorded,
                  body ->> '$.EvaluationResultIdentifier.EvaluationResultQualifier.ResourceType' AS type,
                  body ->> '$.EvaluationResultIdentifier.EvaluationResultQualifier.ResourceId' AS resource_id
           FROM response WHERE service = 'config' AND operation = 'GetComplianceDetailsByConfigRule';
         CREATE INDEX temp.judged_resource ON judged (type, resource_id);
         CREATE TEMP TABLE evaluation AS
           SELECT e.key, e.account, e.region, e.compliance, x.arn, x.captured_at,
                  max(coalesce(julianday(e.recorded), 0)) AS recorded
           FROM resource x CROSS JOIN judged e ON e.type = x.type AND e.resource_id = x.resource_id
           WHERE x.type IN (SELECT type FROM judged) AND e.account = x.account
             AND (e.region = x.region OR x.region = 'aws-global')
             AND e.compliance IN ('COMPLIANT', 'NON_COMPLIANT')
           GROUP BY e.key, e.account, e.region, x.arn;
         CREATE INDEX temp.evaluation_key ON evaluation (key, account, region);
         CREATE INDEX result_check ON result (check_id, resource);",
    )?;
    Ok(())
}

/// Puts the evaluations of one deployed rule beside the check's rows.
fn compare(
    db: &Connection,
    check: &Check,
    rule: &str,
    place: &Place,
    key: &str,
    out: &mut RuleAgreement,
    against: &mut Vec<Disagreement>,
) -> Result<(), Fault> {
    let mut compare = db.prepare_cached(
        "SELECT r.resource, r.account, r.region, r.verdict, e.compliance,
                e.captured_at <> '' AND e.recorded > 0
                  AND e.recorded >= coalesce(julianday(e.captured_at), 1e9) AS later
         FROM evaluation e CROSS JOIN result r ON r.check_id = ?4 AND r.resource = e.arn
         WHERE e.key = ?1 AND e.account = ?2 AND e.region = ?3
           AND r.verdict IN ('met', 'not met', 'accepted') AND NOT r.excluded
         ORDER BY 1",
    )?;
    let mut rows = compare.query(params![key, place.0, place.1, check.id])?;
    while let Some(row) = rows.next()? {
        let ours: Verdict = row
            .get::<_, String>(3)?
            .parse()
            .map_err(|what| Fault::Check { check: check.id.clone(), what })?;
        let theirs: String = row.get(4)?;
        let resource: String = row.get(0)?;
        match (row.get::<_, bool>(5)?, (ours == Verdict::Met) == (theirs == "COMPLIANT")) {
            (false, _) => out.older += 1,
            (true, true) => out.agree += 1,
            (true, false) => {
                out.disagree += 1;
                if out.examples.len() < EXAMPLES {
                    out.examples.push(resource.clone());
                    against.push(Disagreement {
                        check: check.id.clone(),
                        rule: rule.to_string(),
                        resource,
                        account: row.get(1)?,
                        region: row.get(2)?,
                        ours,
                        theirs,
                    });
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{named, same, squashed};

    #[test]
    fn a_rule_is_known_under_the_names_it_is_deployed_with() {
        for (key, rule, expected) in [
            ("encrypted-volumes", "encrypted-volumes", true),
            ("encrypted-volumes-conformance-pack-a1b2c3d4", "encrypted-volumes", true),
            ("securityhub-encrypted-volumes-5f6e7d8c", "encrypted-volumes", true),
            ("encrypted-volumes-of-another-kind", "encrypted-volumes", false),
            ("rds-storage-encrypted", "encrypted-volumes", false),
        ] {
            assert_eq!(named(key, rule), expected, "{key}");
        }
        assert_eq!(squashed("MULTI_REGION_CLOUD_TRAIL_ENABLED"), squashed("multi-region-cloudtrail-enabled"));
    }

    #[test]
    fn parameters_are_the_same_by_value() {
        assert!(same("90", "90.0") && same("True", "true") && !same("90", "60") && !same("", "0"));
    }
}
