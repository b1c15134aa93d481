//! Saved answers that say themselves that they are of another account or region than their folder. They are
//! kept as they are, and nothing of that place is taken for read in full.

use std::collections::BTreeSet;

use serde_json::Value;

use super::seen::LostEvidence;
use crate::evidence::api_answer::Answer;
use crate::evidence::stand_in::{self, Call};
use crate::model::catalog::Catalog;
use crate::model::registry::{Fill, Operation};
use crate::model::run::{EVERYTHING, GLOBAL, State};

/// What the place of an answer of the operation `full` cannot be trusted for.
pub fn faults(
    catalog: &Catalog,
    full: &str,
    call: Call<'_>,
    answer: &Answer,
    file: &str,
) -> Vec<LostEvidence> {
    let Answer::Body(body) = answer else { return Vec::new() };
    let lost = |region: &str, source: &str, what: String| LostEvidence {
        account: call.account.into(),
        region: region.into(),
        source: source.into(),
        file: file.into(),
        what,
        state: State::Unreadable,
    };
    if full == "sts:GetCallerIdentity" {
        let other = body["Account"].as_str().filter(|named| *named != call.account);
        let what =
            |named: &str| format!("AWS was asked as account {named}, and this is kept as {}", call.account);
        return other.map(|named| lost(GLOBAL, EVERYTHING, what(named))).into_iter().collect();
    }
    let Some(operation) = catalog.operations.get(full).filter(|_| call.region != GLOBAL) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for fill in operation.fill.iter().filter(|fill| is_of_its_region(fill)) {
        if let Some(other) = other_region(body, operation, fill, call) {
            let what = format!("its resources are in {other}, and this is kept as {}", call.region);
            found.extend(
                [full, fill.resource_type.as_str()].map(|source| lost(call.region, source, what.clone())),
            );
        }
    }
    found
}

/// Whether an answer names its resources by ARN, and tells of none but those of the region that was asked.
fn is_of_its_region(fill: &Fill) -> bool {
    let whole = fill.into.is_none() && fill.tags_of.is_none();
    whole && fill.arn_at.is_some() && fill.region.is_none() && fill.region_at.is_none()
}

/// The region of the resources, where none of them is in the region of the call.
fn other_region(body: &Value, operation: &Operation, fill: &Fill, call: Call<'_>) -> Option<String> {
    let arns: Vec<String> =
        stand_in::resources(body, operation, fill, call).into_iter().map(|filled| filled.arn).collect();
    let regions: BTreeSet<&str> =
        arns.iter().filter_map(|arn| arn.split(':').nth(3)).filter(|region| !region.is_empty()).collect();
    let first = regions.first().filter(|_| !regions.contains(call.region))?;
    Some(first.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(full: &str, region: &str, body: Value) -> Vec<(String, String)> {
        let catalog = crate::catalog::load(None).expect("our own catalog");
        let call = Call { account: "111122223333", region, key: "" };
        let found = faults(&catalog, full, call, &Answer::Body(body), "a.json");
        found.into_iter().map(|fault| (fault.region, fault.source)).collect()
    }

    fn pair(region: &str, source: &str) -> (String, String) {
        (region.into(), source.into())
    }

    #[test]
    fn an_answer_to_another_account_or_of_another_region_makes_a_gap_of_its_place() {
        let caller = |account: &str| told("sts:GetCallerIdentity", GLOBAL, json!({ "Account": account }));
        assert!(caller("111122223333").is_empty());
        assert_eq!(caller("444455556666"), [pair(GLOBAL, EVERYTHING)]);
        let arn = |region: &str| format!("arn:aws:lambda:{region}:111122223333:function:intake");
        let functions = |regions: &[&str]| {
            let all: Vec<Value> =
                regions.iter().map(|region| json!({ "FunctionArn": arn(region) })).collect();
            told("lambda:ListFunctions", "us-west-2", json!({ "Functions": all }))
        };
        assert!(functions(&["us-west-2"]).is_empty() && functions(&["us-east-1", "us-west-2"]).is_empty());
        assert!(functions(&[]).is_empty());
        assert_eq!(
            functions(&["us-east-1"]),
            [pair("us-west-2", "lambda:ListFunctions"), pair("us-west-2", "AWS::Lambda::Function")]
        );
    }

    #[test]
    fn a_trail_may_be_at_home_elsewhere() {
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/all";
        let trail = json!({ "Name": "all", "TrailARN": arn, "HomeRegion": "us-east-1" });
        assert!(told("cloudtrail:DescribeTrails", "us-west-2", json!({ "trailList": [trail] })).is_empty());
    }
}
