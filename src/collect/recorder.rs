//! What the settings and the state of an AWS Config recorder say of a resource type: whether its items are
//! held here, and whether they may be old.

use serde_json::Value;

use crate::model::homes::Homes;

/// Whether the recorder of a region holds a type's items.
pub fn holds(recorder: &Value, homes: &Homes, source: &str, region: &str) -> bool {
    homes.of(source).is_none_or(|home| home.recorded_in(region)) && records(recorder, homes, source)
}

/// Whether a recorder's group names a type, wherever it is (AWS Config `RecordingGroup`): some types only
/// where `includeGlobalResourceTypes` says so, or where they are listed.
pub fn records(recorder: &Value, homes: &Homes, source: &str) -> bool {
    let group = &recorder["recordingGroup"];
    let lists = |list: &Value| list.as_array().is_some_and(|l| l.iter().any(|t| t.as_str() == Some(source)));
    let whole = group["includeGlobalResourceTypes"].as_bool() == Some(true)
        || !homes.of(source).is_some_and(|home| home.on_request);
    match group["recordingStrategy"]["useOnly"].as_str() {
        Some("INCLUSION_BY_RESOURCE_TYPES") => lists(&group["resourceTypes"]),
        Some("EXCLUSION_BY_RESOURCE_TYPES") => !lists(&group["exclusionByResourceTypes"]["resourceTypes"]),
        Some(_) => whole,
        None => (group["allSupported"].as_bool() == Some(true) && whole) || lists(&group["resourceTypes"]),
    }
}

/// Of the recorders that a region has, the customer's; one that a service runs for itself where there is no
/// other.
pub fn chosen(list: &Value, service: impl Fn(&Value) -> bool) -> Option<&Value> {
    let all = || list.as_array().into_iter().flatten();
    all().find(|recorder| !service(recorder)).or_else(|| all().next())
}

/// Whether a type is recorded once a day only; an override for the type goes before the recorder's own
/// frequency.
pub fn daily(recorder: &Value, source: &str) -> bool {
    let mode = &recorder["recordingMode"];
    let names = |o: &&Value| {
        o["resourceTypes"].as_array().is_some_and(|types| types.iter().any(|t| t.as_str() == Some(source)))
    };
    let own = mode["recordingModeOverrides"].as_array().into_iter().flatten().find(names);
    own.unwrap_or(mode)["recordingFrequency"].as_str() == Some("DAILY")
}

/// Why a recorder's items may be old: it is stopped, or its last delivery failed.
pub fn stale(status: &Value) -> Option<String> {
    if status["recording"].as_bool() == Some(false) {
        return Some("the recorder is stopped".into());
    }
    (status["lastStatus"].as_str() == Some("FAILURE")).then(|| {
        let code = status["lastErrorCode"].as_str().unwrap_or("no code");
        format!("the recorder's last status is FAILURE ({code})")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::homes::Home;

    fn homes() -> Homes {
        let types = ["AWS::IAM::Role".to_string()].into();
        let front = ["AWS::CloudFront::".to_string()].into();
        Homes(vec![
            Home { types, on_request: true, never_in: ["eu-south-2".to_string()].into(), ..Home::default() },
            Home {
                types: front,
                by_partition: [("aws".to_string(), "us-east-1".to_string())].into(),
                ..Home::default()
            },
        ])
    }

    #[test]
    fn a_recorder_of_all_types_holds_global_ones_at_home_and_on_request() {
        let homes = homes();
        let all = json!({
            "recordingGroup": { "allSupported": true,
                "recordingStrategy": { "useOnly": "ALL_SUPPORTED_RESOURCE_TYPES" } }
        });
        let asked = json!({ "recordingGroup": { "allSupported": true, "includeGlobalResourceTypes": true } });
        let few = json!({
            "recordingGroup": { "allSupported": false, "includeGlobalResourceTypes": false,
                "resourceTypes": ["AWS::IAM::Role"] }
        });
        assert!(!holds(&all, &homes, "AWS::IAM::Role", "us-east-1"));
        assert!(holds(&asked, &homes, "AWS::IAM::Role", "us-west-2"));
        assert!(
            !holds(&asked, &homes, "AWS::IAM::Role", "eu-south-2"),
            "a region that AWS Config reached late"
        );
        assert!(
            holds(&few, &homes, "AWS::IAM::Role", "us-west-2"),
            "a type that is listed is recorded all the same"
        );
        assert!(holds(&all, &homes, "AWS::CloudFront::Distribution", "us-east-1"));
        assert!(!holds(&asked, &homes, "AWS::CloudFront::Distribution", "us-west-2"));
        assert!(holds(&all, &homes, "AWS::S3::Bucket", "us-west-2"));
    }

    #[test]
    fn the_customers_recorder_goes_before_that_of_a_service() {
        let list = json!([
            { "name": "AWSConfigurationRecorderFor", "servicePrincipal": "example.amazonaws.com" },
            { "name": "default" }
        ]);
        let service = |recorder: &Value| recorder["servicePrincipal"].is_string();
        assert_eq!(chosen(&list, service).map(|r| &r["name"]), Some(&json!("default")));
        assert_eq!(chosen(&json!([]), service), None);
    }
}
