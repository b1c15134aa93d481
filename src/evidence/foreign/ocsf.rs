//! OCSF: compliance findings (class 2003) and detection findings (class 2004), which Prowler writes its
//! results as.

use serde_json::Value;

use super::{Told, each, first, product, state, text, time};
use crate::model::corroboration::ForeignFinding;

pub fn told(entry: &Value, file: u32) -> Told {
    let metadata = &entry["metadata"];
    let name = text(&metadata["product"]["name"]);
    let product = product(&name, &text(&metadata["product"]["version"]));
    // Prowler says PASS or FAIL in `status_code`; class 2003 has `compliance.status`, 1 for pass and 3 for
    // fail
    let compliance = &entry["compliance"];
    let by_id = match compliance["status_id"].as_u64() {
        Some(1) => Some("PASS"),
        Some(3) => Some("FAIL"),
        Some(_) | None => None,
    };
    let told = [text(&entry["status_code"]), text(&compliance["status"])];
    let said = told.iter().find_map(|word| state(word)).or_else(|| by_id.and_then(state));
    let rule = first([text(&metadata["event_code"]), text(&compliance["control"])]);
    let words = first([text(&entry["status_detail"]), text(&entry["message"])]);
    let of = |state, resource: &Value| ForeignFinding {
        file,
        product: name.clone(),
        config_rule: String::new(),
        rule: rule.clone(),
        resource: text(&resource["uid"]),
        resource_type: text(&resource["type"]),
        account: text(&entry["cloud"]["account"]["uid"]),
        region: first([text(&resource["region"]), text(&entry["cloud"]["region"])]),
        state,
        at: first([time(&entry["time_dt"]), time(&entry["time"])]),
        words: words.clone(),
    };
    let findings =
        said.into_iter().flat_map(|state| each(&entry["resources"]).map(move |resource| (state, resource)));
    Told { findings: findings.map(|(state, resource)| of(state, resource)).collect(), product }
}
