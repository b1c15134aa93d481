//! The typed clients of AWS Config, AWS Artifact and STS: the SDK builds the request, finds the endpoint and
//! checks the answer; the bytes are captured beside it.

use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_sdk_config::error::{DisplayErrorContext, SdkError};
use aws_sdk_config::types::{AggregateResourceIdentifier, ResourceKey};
use serde_json::Value;

use super::capture::Capture;
use super::identity::Identity;
use super::raw::Pace;
use super::reply::{Kind, Refusal, Reply};
use super::{Ask, Settings};

macro_rules! client {
    ($sdk:ident, $identity:expr, $credentials:expr, $settings:expr, $ask:expr, $capture:expr) => {{
        let timeouts = TimeoutConfig::builder()
            .connect_timeout($settings.connect_timeout)
            .operation_attempt_timeout($settings.call_timeout)
            .build();
        let mut config = $sdk::config::Builder::from(&$identity.config)
            .credentials_provider($credentials)
            .retry_config(RetryConfig::standard().with_max_attempts($settings.attempts))
            .timeout_config(timeouts)
            .interceptor($capture.clone());
        if $ask.region.contains('-') && !$ask.region.starts_with("aws-") {
            config = config.region(Region::new($ask.region.clone()));
        }
        $sdk::Client::from_conf(config.build())
    }};
}

/// Asks by a typed client, where there is one for the operation. The credentials are the identity's own, as
/// for every other call: a client that looked for them itself would take on the role once more. What AWS
/// calls expired is renewed once.
pub async fn call(
    identity: &Identity,
    settings: &Settings,
    pace: &Pace,
    ask: &Ask<'_>,
) -> Option<Result<Reply, Refusal>> {
    if !is_typed(ask) {
        return None;
    }
    for renewed in [false, true] {
        let credentials = match identity.credentials(renewed).await {
            Ok(credentials) => credentials,
            Err(refusal) => return Some(Err(refusal)),
        };
        match send(identity, credentials, settings, pace, ask).await {
            Some(Err(refusal)) if refusal.kind == Kind::Expired && !renewed => {}
            outcome => return outcome,
        }
    }
    None
}

fn is_typed(ask: &Ask<'_>) -> bool {
    match ask.service {
        "config" => CONFIG.contains(&ask.name),
        "artifact" => ARTIFACT.contains(&ask.name),
        "sts" => ask.name == "GetCallerIdentity",
        _ => false,
    }
}

/// The operations of AWS Artifact that the typed client asks.
const ARTIFACT: [&str; 4] = ["GetReport", "GetReportMetadata", "GetTermForReport", "ListCustomerAgreements"];

/// The operations of AWS Config that the typed client asks.
const CONFIG: [&str; 8] = [
    "BatchGetResourceConfig",
    "ListDiscoveredResources",
    "SelectAggregateResourceConfig",
    "SelectResourceConfig",
    "BatchGetAggregateResourceConfig",
    "DescribeConfigurationRecorderStatus",
    "DescribeConfigurationRecorders",
    "GetDiscoveredResourceCounts",
];

fn resource_key(value: &Value) -> Option<ResourceKey> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    ResourceKey::builder()
        .resource_type(text("resourceType")?.into())
        .resource_id(text("resourceId")?)
        .build()
        .ok()
}

fn aggregate_key(value: &Value) -> Option<AggregateResourceIdentifier> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    AggregateResourceIdentifier::builder()
        .source_account_id(text("SourceAccountId")?)
        .source_region(text("SourceRegion")?)
        .resource_type(text("ResourceType")?.into())
        .resource_id(text("ResourceId")?)
        .build()
        .ok()
}

/// Why a call failed, in words, or nothing.
fn failure<T, E>(outcome: Result<T, SdkError<E>>) -> Option<String>
where
    E: std::error::Error + 'static,
{
    outcome.err().map(|error| match &error {
        SdkError::ServiceError(_) => String::new(),
        SdkError::TimeoutError(_) => "timeout".into(),
        SdkError::ResponseError(_) => "the answer could not be read".into(),
        other => DisplayErrorContext(other).to_string().split(" (").next().unwrap_or_default().to_string(),
    })
}

/// The captured exchange and the SDK's judgement of it, as one outcome.
fn settle(failed: Option<String>, capture: &Capture, pace: &Pace, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    let reply = capture.take();
    if reply.throttled > 0 {
        pace.throttled(ask);
    }
    match (failed, reply.status) {
        (None, _) => {
            pace.eased(ask);
            Ok(reply)
        }
        (Some(words), 0) if words.contains("credential") => {
            Err(Refusal::ours(Kind::Expired, "no credentials", words))
        }
        (Some(words), 0) => Err(Refusal::ours(Kind::Transient, "connection", words)),
        (Some(words), 200..=299) => Err(Refusal {
            reply: Some(Box::new(reply)),
            ..Refusal::ours(Kind::Transient, "malformed answer", words)
        }),
        (Some(_), _) => Err(Refusal::of(reply)),
    }
}

async fn send(
    identity: &Identity,
    credentials: Credentials,
    settings: &Settings,
    pace: &Pace,
    ask: &Ask<'_>,
) -> Option<Result<Reply, Refusal>> {
    let capture = Capture::new(settings.clock);
    if ask.service == "config" {
        pace.wait(ask).await;
        let client = client!(aws_sdk_config, identity, credentials, settings, ask, capture);
        let outcome = config(&client, ask).await;
        return Some(settle(outcome, &capture, pace, ask));
    }
    if ask.service == "artifact" {
        let client = client!(aws_sdk_artifact, identity, credentials, settings, ask, capture);
        let outcome = artifact(&client, ask).await;
        return Some(settle(outcome, &capture, pace, ask));
    }
    if ask.service == "sts" {
        let client = client!(aws_sdk_sts, identity, credentials, settings, ask, capture);
        return Some(settle(failure(client.get_caller_identity().send().await), &capture, pace, ask));
    }
    None
}

/// A member of the request that is text.
fn text(ask: &Ask<'_>, name: &str) -> Option<String> {
    ask.members.get(name).and_then(Value::as_str).map(str::to_string)
}

/// A member of the request that is a number; zero, which AWS takes for its own choice, where it says none.
fn number(ask: &Ask<'_>, name: &str) -> i32 {
    ask.members.get(name).and_then(Value::as_i64).and_then(|n| i32::try_from(n).ok()).unwrap_or_default()
}

/// A member of the request that lists resources.
fn keys<T>(ask: &Ask<'_>, name: &str, key: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    Some(ask.members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(key).collect())
}

async fn config(client: &aws_sdk_config::Client, ask: &Ask<'_>) -> Option<String> {
    match ask.name {
        "SelectResourceConfig" => {
            let request = client
                .select_resource_config()
                .set_expression(text(ask, "Expression"))
                .limit(number(ask, "Limit"));
            failure(request.set_next_token(text(ask, "NextToken")).send().await)
        }
        "SelectAggregateResourceConfig" => {
            let request = client
                .select_aggregate_resource_config()
                .set_expression(text(ask, "Expression"))
                .limit(number(ask, "Limit"));
            let request = request.set_configuration_aggregator_name(text(ask, "ConfigurationAggregatorName"));
            failure(request.set_next_token(text(ask, "NextToken")).send().await)
        }
        "ListDiscoveredResources" => {
            let request = client
                .list_discovered_resources()
                .resource_type(text(ask, "resourceType").unwrap_or_default().as_str().into());
            failure(request.limit(number(ask, "limit")).set_next_token(text(ask, "nextToken")).send().await)
        }
        "BatchGetResourceConfig" => {
            let request =
                client.batch_get_resource_config().set_resource_keys(keys(ask, "resourceKeys", resource_key));
            failure(request.send().await)
        }
        "BatchGetAggregateResourceConfig" => {
            let keys = keys(ask, "ResourceIdentifiers", aggregate_key);
            let request = client.batch_get_aggregate_resource_config().set_resource_identifiers(keys);
            failure(
                request
                    .set_configuration_aggregator_name(text(ask, "ConfigurationAggregatorName"))
                    .send()
                    .await,
            )
        }
        "GetDiscoveredResourceCounts" => failure(
            client
                .get_discovered_resource_counts()
                .limit(100)
                .set_next_token(text(ask, "nextToken"))
                .send()
                .await,
        ),
        "DescribeConfigurationRecorders" => failure(client.describe_configuration_recorders().send().await),
        _ => failure(client.describe_configuration_recorder_status().send().await),
    }
}

async fn artifact(client: &aws_sdk_artifact::Client, ask: &Ask<'_>) -> Option<String> {
    let report = text(ask, "reportId");
    match ask.name {
        "GetReportMetadata" => failure(client.get_report_metadata().set_report_id(report).send().await),
        "GetTermForReport" => failure(client.get_term_for_report().set_report_id(report).send().await),
        "GetReport" => failure(
            client.get_report().set_report_id(report).set_term_token(text(ask, "termToken")).send().await,
        ),
        _ => failure(client.list_customer_agreements().set_next_token(text(ask, "nextToken")).send().await),
    }
}
