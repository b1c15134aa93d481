//! The AWS Security Finding Format, as Security Hub, and Prowler too, give it.

use serde_json::Value;

use super::{Told, config_rule, each, first, product, state, text, time};
use crate::model::corroboration::ForeignFinding;

pub fn told(entry: &Value, file: u32) -> Told {
    let fields = &entry["ProductFields"];
    let arn = text(&entry["ProductArn"]);
    let name = first([
        text(&fields["ProviderName"]),
        text(&entry["ProductName"]),
        text(&fields["aws/securityhub/ProductName"]),
        arn,
    ]);
    let product = product(&name, &text(&fields["ProviderVersion"]));
    // what was archived says nothing about today
    let archived = entry["RecordState"].as_str() == Some("ARCHIVED");
    let said = state(&text(&entry["Compliance"]["Status"])).filter(|_| !archived);
    let generator = text(&entry["GeneratorId"]);
    let control = text(&entry["Compliance"]["SecurityControlId"]);
    let rule = match (generator.strip_prefix("prowler-"), control.is_empty()) {
        (Some(rule), _) => rule.to_string(),
        (None, false) => control,
        (None, true) => generator.rsplit('/').next().unwrap_or_default().to_string(),
    };
    let of = |state, resource: &Value| ForeignFinding {
        file,
        product: name.clone(),
        config_rule: config_rule(&text(&fields["RelatedAWSResources:0/name"])),
        rule: rule.clone(),
        resource: text(&resource["Id"]),
        resource_type: text(&resource["Type"]),
        account: text(&entry["AwsAccountId"]),
        region: first([text(&resource["Region"]), text(&entry["Region"])]),
        state,
        at: time(&entry["UpdatedAt"]),
        words: text(&entry["Title"]),
    };
    let findings =
        said.into_iter().flat_map(|state| each(&entry["Resources"]).map(move |resource| (state, resource)));
    Told { findings: findings.map(|(state, resource)| of(state, resource)).collect(), product }
}
