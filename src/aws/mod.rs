//! AWS as evidence needs it: credentials the usual way, and answers as the bytes that came over the wire. It asks only
//! operations that read; it knows nothing of runs, gaps or checks.

mod capture;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_config::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_config::types::ResourceKey;
use tokio::runtime::Runtime;

use capture::Capture;

/// One answer of AWS: the body as received, and AWS's own id of the request.
#[derive(Debug, Clone)]
pub struct Answer {
    pub body: Vec<u8>,
    pub request_id: Option<String>,
}

/// Why AWS gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The caller may not ask this.
    Denied(String),
    /// AWS Config cannot query this type by SQL.
    NotQueryable,
    Failed(String),
}

impl Refusal {
    pub fn words(&self) -> &str {
        match self {
            Refusal::Denied(words) | Refusal::Failed(words) => words,
            Refusal::NotQueryable => "advanced queries do not know this type",
        }
    }
}

/// Credentials, and the runtime that asks. Calls block.
pub struct Session {
    runtime: Runtime,
    shared: SdkConfig,
}

/// The caller's identity (sts:GetCallerIdentity).
#[derive(Debug, Clone)]
pub struct Caller {
    pub account: String,
    pub arn: String,
}

impl Session {
    /// Credentials by the default chain, or of a profile; `AWS_ENDPOINT_URL` and FIPS settings as the SDK reads them.
    pub fn connect(profile: Option<&str>, region: Option<&str>) -> std::io::Result<Session> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_string()));
        }
        let shared = runtime.block_on(loader.load());
        Ok(Session { runtime, shared })
    }

    /// The region that the environment or profile names.
    pub fn region(&self) -> Option<String> {
        self.shared.region().map(ToString::to_string)
    }

    pub fn caller(&self) -> Result<Caller, Refusal> {
        let client = aws_sdk_sts::Client::new(&self.shared);
        let answer = self.runtime.block_on(client.get_caller_identity().send()).map_err(|e| refusal(&e))?;
        Ok(Caller { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }

    /// AWS Config in one region.
    pub fn recorder(&self, region: &str) -> Recorder<'_> {
        let capture = Capture::default();
        let config =
            aws_sdk_config::config::Builder::from(&self.shared).region(Region::new(region.to_string())).interceptor(capture.clone());
        Recorder { runtime: &self.runtime, client: aws_sdk_config::Client::from_conf(config.build()), capture }
    }

    /// One page of artifact:ListCustomerAgreements. The SDK picks the partition's own region for it.
    pub fn agreements(&self, token: Option<String>) -> Result<(Answer, Option<String>), Refusal> {
        let capture = Capture::default();
        let config = aws_sdk_artifact::config::Builder::from(&self.shared).interceptor(capture.clone());
        let client = aws_sdk_artifact::Client::from_conf(config.build());
        let page = self.runtime.block_on(client.list_customer_agreements().set_next_token(token).send()).map_err(|e| refusal(&e))?;
        Ok((capture.take(), page.next_token))
    }
}

/// AWS Config of one region.
pub struct Recorder<'a> {
    runtime: &'a Runtime,
    client: aws_sdk_config::Client,
    capture: Capture,
}

impl Recorder<'_> {
    /// config:DescribeConfigurationRecorders
    pub fn settings(&self) -> Result<Answer, Refusal> {
        self.runtime.block_on(self.client.describe_configuration_recorders().send()).map_err(|e| refusal(&e))?;
        Ok(self.capture.take())
    }

    /// config:DescribeConfigurationRecorderStatus
    pub fn status(&self) -> Result<Answer, Refusal> {
        self.runtime.block_on(self.client.describe_configuration_recorder_status().send()).map_err(|e| refusal(&e))?;
        Ok(self.capture.take())
    }

    /// config:GetDiscoveredResourceCounts: what AWS Config says there is, by type.
    pub fn counts(&self) -> Result<Vec<(String, u64)>, Refusal> {
        let mut counts = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .runtime
                .block_on(self.client.get_discovered_resource_counts().set_next_token(token).send())
                .map_err(|e| refusal(&e))?;
            let named = page.resource_counts.unwrap_or_default().into_iter();
            counts.extend(named.filter_map(|c| Some((c.resource_type?.as_str().to_string(), c.count.max(0) as u64))));
            token = page.next_token;
            if token.is_none() {
                return Ok(counts);
            }
        }
    }

    /// One page of config:SelectResourceConfig over a type, whole items.
    pub fn select(&self, resource_type: &str, token: Option<String>) -> Result<(Answer, Option<String>), Refusal> {
        let name: String = resource_type.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ':').collect();
        let query = format!("SELECT *, configuration, supplementaryConfiguration, tags WHERE resourceType = '{name}'");
        let request = self.client.select_resource_config().expression(query).limit(100).set_next_token(token);
        let page = self.runtime.block_on(request.send()).map_err(|e| refusal(&e))?;
        Ok((self.capture.take(), page.next_token))
    }

    /// One page of config:ListDiscoveredResources: ids of a type that queries do not know.
    pub fn identifiers(&self, resource_type: &str, token: Option<String>) -> Result<(Vec<String>, Option<String>), Refusal> {
        let request = self.client.list_discovered_resources().resource_type(resource_type.into()).limit(100).set_next_token(token);
        let page = self.runtime.block_on(request.send()).map_err(|e| refusal(&e))?;
        let ids = page.resource_identifiers.unwrap_or_default().into_iter().filter_map(|r| r.resource_id);
        Ok((ids.collect(), page.next_token))
    }

    /// config:BatchGetResourceConfig for at most a hundred ids; also says how many came back unprocessed.
    pub fn batch(&self, resource_type: &str, ids: &[String]) -> Result<(Answer, usize), Refusal> {
        let keys = ids.iter().filter_map(|id| ResourceKey::builder().resource_type(resource_type.into()).resource_id(id).build().ok());
        let request = self.client.batch_get_resource_config().set_resource_keys(Some(keys.collect()));
        let page = self.runtime.block_on(request.send()).map_err(|e| refusal(&e))?;
        Ok((self.capture.take(), page.unprocessed_resource_keys.unwrap_or_default().len()))
    }
}

fn refusal<E>(error: &SdkError<E>) -> Refusal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code() {
        Some(code @ ("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation")) => Refusal::Denied(code.to_string()),
        Some("InvalidExpressionException") => Refusal::NotQueryable,
        Some(code) => Refusal::Failed(format!("{code}: {}", error.message().unwrap_or("no message"))),
        None => Refusal::Failed(DisplayErrorContext(error).to_string()),
    }
}
