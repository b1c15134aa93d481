//! One signed request over the SDK's own HTTP client, for every operation of the registry: SigV4, retries
//! with backoff, and the answer's bytes as they came.

#![allow(clippy::disallowed_methods)] // requests are signed for the clock of the machine

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime::client::orchestrator::operation::Operation as Orchestrated;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep, sleep_until};

use super::host::host;
use super::identity::Identity;
use super::reply::{Kind, NO_HOST, NO_PARTITION, Refusal, Reply};
use super::request::{RequestParts, parts};
use super::{Ask, Settings};

/// Sends one ask until there is an answer, a refusal that is meant, or no attempt left.
pub async fn call(
    identity: &Identity,
    settings: &Settings,
    pace: &Pace,
    ask: &Ask<'_>,
) -> Result<Reply, Refusal> {
    let target = target(identity, settings, ask)?;
    let request = parts(ask.api, ask.name, ask.operation, &ask.members);
    let started = settings.clock.now();
    let (mut attempts, mut throttled, mut renewed) = (0, 0, false);
    loop {
        attempts += 1;
        pace.wait(ask).await;
        let outcome = attempt(identity, settings, ask, &target, &request, renewed).await;
        let stamped = |mut reply: Reply| {
            reply.attempts = attempts;
            reply.throttled = throttled;
            reply.started = started;
            reply.ended = settings.clock.now();
            reply.endpoint.clone_from(&target.url);
            reply
        };
        let refusal = match outcome {
            Ok(reply) if (200..300).contains(&reply.status) => {
                pace.eased(ask);
                return Ok(stamped(reply));
            }
            Ok(reply) => Refusal::of(stamped(reply)),
            Err(refusal) => refusal,
        };
        let again = match refusal.kind {
            Kind::Expired if !renewed => {
                renewed = true;
                true
            }
            Kind::Throttled => {
                throttled += 1;
                pace.throttled(ask);
                true
            }
            Kind::Transient => true,
            _ => false,
        };
        if !again || attempts >= settings.attempts {
            return Err(refusal);
        }
        sleep(backoff(attempts, settings.clock.now().timestamp_subsec_nanos())).await;
    }
}

/// 0.1 s, doubled each time to at most 10 s, of which a random part is waited (full jitter, as AWS advises).
fn backoff(attempt: u32, noise: u32) -> Duration {
    let most = 100u64.saturating_mul(1 << attempt.min(10)).min(10_000);
    Duration::from_millis(most / 4 + u64::from(noise / 1000) % (most * 3 / 4))
}

struct Target {
    url: String,
    region: String,
}

fn target(identity: &Identity, settings: &Settings, ask: &Ask<'_>) -> Result<Target, Refusal> {
    let fips = identity.config.use_fips().unwrap_or(false);
    let Some(named) = host(ask.service, ask.api, &ask.region, fips) else {
        return Err(Refusal::ours(
            Kind::NotOffered,
            NO_PARTITION,
            format!("{} has no endpoint here", ask.service),
        ));
    };
    if let Some(url) = identity.endpoint(ask.service) {
        return Ok(Target { url: url.trim_end_matches('/').into(), region: named.region });
    }
    let prefix = ask.members.iter().fold(ask.api.host_prefix.clone(), |prefix, (name, value)| {
        prefix.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
    });
    let safe = prefix.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let url = match (safe, prefix.is_empty()) {
        (true, false) => named.url.replacen("https://", &format!("https://{prefix}"), 1),
        _ => named.url,
    };
    let _ = settings;
    Ok(Target { url, region: named.region })
}

async fn attempt(
    identity: &Identity,
    settings: &Settings,
    ask: &Ask<'_>,
    target: &Target,
    parts: &RequestParts,
    renewed: bool,
) -> Result<Reply, Refusal> {
    let credentials = identity.credentials(renewed).await?;
    let request = signed(ask, target, parts, credentials)
        .map_err(|words| Refusal::ours(Kind::Service, "not signed", words))?;
    let client = identity
        .config
        .http_client()
        .ok_or_else(|| Refusal::ours(Kind::Transient, "no client", "no HTTP client"))?;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.call_timeout)
        .operation_attempt_timeout(settings.call_timeout)
        .build();
    let sent = exchange(client, (ask.service, ask.name), &target.url, timeouts, request).await;
    sent.map_err(|error| {
        let code = match &error {
            SdkError::TimeoutError(_) => "timeout",
            SdkError::DispatchFailure(f) if f.is_timeout() => "timeout",
            SdkError::DispatchFailure(_) if whole(&error).contains("dns error") => NO_HOST,
            SdkError::DispatchFailure(_) => "connection",
            SdkError::ResponseError(_) => "answer cut short",
            _ => "request",
        };
        Refusal::ours(Kind::Transient, code, short(&error))
    })
}

/// The bytes behind a presigned link: HTTPS, or the endpoint that the caller named. The link is a secret, so
/// no message holds it.
pub async fn fetch(identity: &Identity, settings: &Settings, link: &str) -> Result<Vec<u8>, Refusal> {
    let refuse = |words: &str| Refusal::ours(Kind::Transient, "document", words);
    let (scheme, rest) = link.split_once("://").ok_or_else(|| refuse("the link is none"))?;
    let (host, path) = rest.split_once('/').ok_or_else(|| refuse("the link is none"))?;
    let url = format!("{scheme}://{host}");
    let own = identity.endpoint("artifact").is_some_and(|named| named.trim_end_matches('/') == url);
    if scheme != "https" && !own {
        return Err(refuse("the link is not https"));
    }
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(format!("/{path}")).map_err(|_| refuse("the link is none"))?;
    request.headers_mut().insert("user-agent", super::USER_AGENT);
    let client = identity.config.http_client().ok_or_else(|| refuse("no HTTP client"))?;
    let limit = settings.call_timeout * 10;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .operation_attempt_timeout(limit)
        .build();
    let sent = exchange(client, ("document", "Fetch"), &url, timeouts, request).await;
    match sent {
        Ok(reply) if reply.status == 200 && !reply.body.is_empty() => Ok(reply.body),
        Ok(reply) => Err(refuse(&format!("the document was not given: status {}", reply.status))),
        Err(_) => Err(refuse("the document could not be fetched")),
    }
}

/// One HTTP exchange on the SDK's runtime, without its own signing and retries; the answer whatever its
/// status.
async fn exchange(
    client: SharedHttpClient,
    (service, name): (&str, &str),
    url: &str,
    timeouts: TimeoutConfig,
    request: HttpRequest,
) -> Result<Reply, SdkError<Infallible, HttpResponse>> {
    let operation = Orchestrated::builder()
        .service_name(service.to_string())
        .operation_name(name.to_string())
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(client)
        .endpoint_url(url)
        .no_auth()
        .no_retry()
        .timeout_config(timeouts)
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .serializer(|carrier: Carrier| Ok(carrier.into_request()))
        .deserializer(|response: &HttpResponse| Ok::<Reply, OrchestratorError<Infallible>>(read(response)))
        .build();
    operation.invoke(Carrier::new(request)).await
}

fn short(error: &SdkError<Infallible, HttpResponse>) -> String {
    let text = whole(error);
    text.split(" (").next().unwrap_or(&text).to_string()
}

/// An error with everything that led to it.
fn whole(error: &SdkError<Infallible, HttpResponse>) -> String {
    aws_smithy_types::error::display::DisplayErrorContext(error).to_string()
}

/// A request on its way through the orchestrator, which wants its input to be `Debug` and shareable.
struct Carrier(std::sync::Mutex<Option<HttpRequest>>);

impl Carrier {
    fn new(request: HttpRequest) -> Carrier {
        Carrier(std::sync::Mutex::new(Some(request)))
    }

    fn into_request(self) -> HttpRequest {
        let inner = self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        inner.expect("made with one, and consumed here")
    }
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a signed request")
    }
}

fn signed(
    ask: &Ask<'_>,
    target: &Target,
    parts: &RequestParts,
    credentials: aws_credential_types::Credentials,
) -> Result<HttpRequest, String> {
    let url = format!("{}{}", target.url, parts.path);
    let authority = target.url.split("://").nth(1).unwrap_or(&target.url);
    let is_s3 = ask.service == "s3" || ask.service == "s3control";
    let mut settings = SigningSettings::default();
    if is_s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let name = ask.api.signing.as_deref().or(ask.api.endpoint.as_deref()).unwrap_or(ask.service);
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&target.region)
        .name(name)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|e| e.to_string())?;
    let mut headers: Vec<(String, String)> = parts.headers.clone();
    if let Some(account) =
        ask.members.get("AccountId").and_then(|v| v.as_str()).filter(|_| ask.service == "s3control")
    {
        headers.push(("x-amz-account-id".into(), account.to_string()));
    }
    let to_sign = [("host".to_string(), authority.to_string())]
        .into_iter()
        .chain(headers.iter().cloned())
        .collect::<Vec<_>>();
    let signable = SignableRequest::new(
        &parts.method,
        &url,
        to_sign.iter().map(|(n, v)| (n.as_str(), v.as_str())),
        SignableBody::Bytes(&parts.body),
    )
    .map_err(|e| e.to_string())?;
    let (instructions, _) = sign(signable, &params.into()).map_err(|e| e.to_string())?.into_parts();
    let (made, _) = instructions.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(parts.body.clone()));
    request.set_method(&parts.method).map_err(|e| e.to_string())?;
    request.set_uri(parts.path.as_str()).map_err(|e| e.to_string())?;
    headers.into_iter().for_each(|(name, value)| {
        request.headers_mut().insert(name, value);
    });
    made.iter().for_each(|header| {
        request.headers_mut().insert(header.name(), header.value().to_string());
    });
    if !parts.body.is_empty() {
        request.headers_mut().insert("content-length", parts.body.len().to_string());
    }
    request.headers_mut().insert("user-agent", super::USER_AGENT);
    Ok(request)
}

fn read(response: &HttpResponse) -> Reply {
    let header = |name: &str| response.headers().get(name).unwrap_or_default().to_string();
    let id = ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]
        .iter()
        .map(|n| header(n))
        .find(|v| !v.is_empty());
    let date = DateTime::parse_from_rfc2822(&header("date")).ok();
    Reply {
        body: response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default(),
        status: response.status().as_u16(),
        content_type: header("content-type"),
        bucket_region: header("x-amz-bucket-region"),
        error_type: header("x-amzn-errortype"),
        request_id: id,
        clock_offset: date
            .map(|d| (d.with_timezone(&Utc) - DateTime::<Utc>::from(SystemTime::now())).num_seconds()),
        ..Reply::default()
    }
}

/// How fast each service of each account and region is asked: a gap between requests, doubled when AWS
/// throttles and slowly closed when it answers.
#[derive(Default)]
pub struct Pace(RefCell<BTreeMap<String, Lane>>);

struct Lane {
    next: Instant,
    gap: Duration,
    least: Duration,
}

impl Pace {
    fn lane(ask: &Ask<'_>) -> (String, Duration) {
        let least = match (ask.service, ask.name) {
            // eight queries and fifteen batches a second, well below where AWS Config begins to throttle
            ("config", name) if name.starts_with("Select") => Duration::from_millis(125),
            ("config", name) if name.starts_with("BatchGet") => Duration::from_millis(67),
            _ => Duration::ZERO,
        };
        let class = if least.is_zero() { "" } else { ask.name };
        (format!("{}/{}/{}/{class}", ask.account, ask.region, ask.service), least)
    }

    /// Waits for the ask's turn.
    pub async fn wait(&self, ask: &Ask<'_>) {
        let (name, least) = Pace::lane(ask);
        let turn = {
            let mut lanes = self.0.borrow_mut();
            let lane = lanes.entry(name).or_insert_with(|| Lane { next: Instant::now(), gap: least, least });
            let turn = lane.next.max(Instant::now());
            lane.next = turn + lane.gap;
            turn
        };
        sleep_until(turn).await;
    }

    pub fn throttled(&self, ask: &Ask<'_>) {
        if let Some(lane) = self.0.borrow_mut().get_mut(&Pace::lane(ask).0) {
            lane.gap = (lane.gap * 2).clamp(Duration::from_millis(50), Duration::from_secs(2));
        }
    }

    pub fn eased(&self, ask: &Ask<'_>) {
        if let Some(lane) = self.0.borrow_mut().get_mut(&Pace::lane(ask).0) {
            lane.gap = (lane.gap * 9 / 10).max(lane.least);
        }
    }
}
