//! Who asks: the credentials of one account, cached until shortly before they expire, and the settings that
//! go with them.

#![allow(clippy::disallowed_methods)] // credentials expire by the clock of the machine

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;

use super::reply::{Kind, Refusal};

/// Renewed this long before they end, since a call may wait for its turn.
const MARGIN: Duration = Duration::from_secs(300);

/// A role to take on in another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    pub arn: String,
    pub external_id: Option<String>,
    /// RoleSessionName: what the other account's trail shows.
    pub session_name: String,
}

/// The credentials of one account.
pub struct Identity {
    pub(super) config: SdkConfig,
    cached: RefCell<Option<Credentials>>,
}

impl Identity {
    pub(super) fn new(config: SdkConfig) -> Identity {
        Identity { config, cached: RefCell::new(None) }
    }

    /// These credentials' identity in another account. Chained sessions last an hour at most and are renewed.
    pub(super) async fn assume(&self, role: &AssumedRole) -> Identity {
        let mut builder =
            AssumeRoleProvider::builder(&role.arn).session_name(&role.session_name).configure(&self.config);
        if let Some(id) = &role.external_id {
            builder = builder.external_id(id);
        }
        let region = self.config.region().cloned().unwrap_or_else(|| Region::from_static("us-east-1"));
        let provider = builder.region(region).build().await;
        let shared = aws_credential_types::provider::SharedCredentialsProvider::new(provider);
        Identity::new(self.config.to_builder().credentials_provider(shared).build())
    }

    /// The credentials in force. `again` asks the provider anew, after AWS called them expired.
    pub(super) async fn credentials(&self, again: bool) -> Result<Credentials, Refusal> {
        if let Some(known) = self.cached.borrow().as_ref().filter(|c| !again && fresh(c)) {
            return Ok(known.clone());
        }
        let missing = |words: String| Refusal::ours(Kind::Expired, "no credentials", words);
        let provider =
            self.config.credentials_provider().ok_or_else(|| missing("no credential provider".into()))?;
        let found = provider.provide_credentials().await.map_err(|error| {
            let words = chain(&error);
            match words.contains("AccessDenied") {
                // a role that may not be taken on is a gap of its account, not an end of the run
                true => Refusal::ours(Kind::Denied, "role refused", words),
                false => missing(words),
            }
        })?;
        *self.cached.borrow_mut() = Some(found.clone());
        Ok(found)
    }

    /// The endpoint that the environment or profile sets for a service: `AWS_ENDPOINT_URL_<SERVICE>`, then
    /// `AWS_ENDPOINT_URL`.
    pub(super) fn endpoint(&self, service: &str) -> Option<String> {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build()
            .ok();
        let own = key.and_then(|key| self.config.service_config()?.load_config(key));
        own.or_else(|| self.config.endpoint_url().map(str::to_string))
    }
}

fn fresh(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|end| end > SystemTime::now() + MARGIN)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
