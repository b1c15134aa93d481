//! Evaluations of AWS Config rules: `GetComplianceDetailsByConfigRule`, its aggregate, and that of a
//! conformance pack.

use serde_json::Value;

use super::{Told, config_rule, state, text, time};
use crate::model::corroboration::ForeignFinding;

pub fn told(entry: &Value, file: u32) -> Told {
    let named = &entry["EvaluationResultIdentifier"]["EvaluationResultQualifier"];
    let rule = text(&named["ConfigRuleName"]);
    let finding = state(&text(&entry["ComplianceType"])).map(|state| ForeignFinding {
        file,
        product: "AWS Config".into(),
        config_rule: config_rule(&rule),
        rule,
        resource: text(&named["ResourceId"]),
        resource_type: text(&named["ResourceType"]),
        account: text(&entry["AccountId"]),
        region: text(&entry["AwsRegion"]),
        state,
        at: time(&entry["ResultRecordedTime"]),
        words: text(&entry["Annotation"]),
    });
    Told { findings: finding.into_iter().collect(), product: "AWS Config".into() }
}
