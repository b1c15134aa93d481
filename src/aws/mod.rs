//! AWS as evidence needs it: credentials the usual way, and answers as the bytes that came over the wire. It
//! asks only what the operations registry names; it knows nothing of runs, gaps or checks.

#![allow(clippy::disallowed_methods)] // the pace of requests

mod capture;
pub mod host;
pub mod identity;
mod kms;
mod locked_bucket;
mod raw;
pub mod reply;
mod request;
mod typed;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

pub use identity::{AssumedRole, Identity};
pub use kms::Kms;
pub use locked_bucket::{BucketAccess, LockedBucket, NO_LOCK, NewObject, ObjectFacts, UploadedPart};
pub use reply::{Kind, Refusal, Reply};

use crate::clock::Clock;
use crate::model::registry::{Api, Operation};

/// How every request names itself, so that a trail shows who asked.
pub const USER_AGENT: &str = concat!("affiant/", env!("CARGO_PKG_VERSION"));

/// Limits of every request.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub connect_timeout: Duration,
    /// Of one attempt.
    pub call_timeout: Duration,
    /// At most so many attempts a call.
    pub attempts: u32,
    /// Calls under way at once.
    pub width: usize,
    /// Nothing new is asked once the work has lasted so long.
    pub time_limit: Option<Duration>,
    pub clock: Clock,
}

/// One request to make.
#[derive(Clone)]
pub struct Ask<'a> {
    pub identity: Rc<Identity>,
    pub account: String,
    pub region: String,
    pub service: &'a str,
    pub name: &'a str,
    pub api: &'a Api,
    pub operation: &'a Operation,
    pub members: Map<String, Value>,
}

/// What came of an ask, with what the asker attached to it.
type Outcome<'a, T> = (T, Ask<'a>, Result<Reply, Refusal>);
/// A call under way.
type UnderWay<'s, 'a, T> = Pin<Box<dyn Future<Output = Outcome<'a, T>> + 's>>;

/// Credentials, and the runtime that asks. Calls block.
pub struct Session {
    runtime: Runtime,
    base: Rc<Identity>,
    settings: Settings,
    began: std::time::Instant,
}

impl Session {
    /// Credentials by the default chain, or of a profile; `AWS_ENDPOINT_URL` and FIPS settings as the SDK
    /// reads them.
    pub fn connect(
        profile: Option<&str>,
        region: Option<&str>,
        settings: Settings,
    ) -> std::io::Result<Session> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        let tls = aws_smithy_http_client::tls::Provider::Rustls(
            aws_smithy_http_client::tls::rustls_provider::CryptoMode::AwsLc,
        );
        loader = loader.http_client(aws_smithy_http_client::Builder::new().tls_provider(tls).build_https());
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_string()));
        }
        let shared = runtime.block_on(loader.load());
        Ok(Session {
            runtime,
            base: Rc::new(Identity::new(shared)),
            settings,
            began: std::time::Instant::now(),
        })
    }

    /// The region that the environment or profile names.
    pub fn region(&self) -> Option<String> {
        self.base.config.region().map(ToString::to_string)
    }

    /// An endpoint that the environment or profile sets and that is no address.
    pub fn wrong_endpoint(&self) -> Option<String> {
        let named = self.base.endpoint("STS")?;
        let host = ["https://", "http://"].iter().find_map(|scheme| named.strip_prefix(scheme));
        (!host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')))
            .then_some(named)
    }

    /// The caller's own identity.
    pub fn identity(&self) -> Rc<Identity> {
        Rc::clone(&self.base)
    }

    /// The caller's identity in another account; whether the role may be taken on shows at the first call.
    pub fn assume(&self, role: &AssumedRole) -> Rc<Identity> {
        Rc::new(self.runtime.block_on(self.base.assume(role)))
    }

    /// One call.
    pub fn call(&self, ask: &Ask<'_>) -> Result<Reply, Refusal> {
        self.runtime.block_on(one(&self.settings, &raw::Pace::default(), ask))
    }

    /// What lies behind a presigned link, without credentials.
    pub fn fetch(&self, link: &str) -> Result<Vec<u8>, Refusal> {
        self.runtime.block_on(raw::fetch(&self.base, &self.settings, link))
    }

    /// Makes every ask and those that `done` answers with, a bounded number at once, until none is left.
    /// `done` runs on this thread, once an ask; an error from it ends everything, and asks under way are
    /// dropped.
    pub fn work<'a, T: 'a, E>(
        &self,
        first: Vec<(T, Ask<'a>)>,
        mut done: impl FnMut(T, Ask<'a>, Result<Reply, Refusal>) -> Result<Vec<(T, Ask<'a>)>, E>,
    ) -> Result<(), E> {
        let pace = raw::Pace::default();
        let settings = &self.settings;
        self.runtime.block_on(async {
            let mut waiting: VecDeque<(T, Ask<'a>)> = first.into();
            let mut under_way: FuturesUnordered<UnderWay<'_, 'a, T>> = FuturesUnordered::new();
            loop {
                while under_way.len() < settings.width {
                    let Some((tag, ask)) = waiting.pop_front() else { break };
                    let pace = &pace;
                    let late = settings.time_limit.is_some_and(|limit| self.began.elapsed() > limit);
                    under_way.push(Box::pin(async move {
                        let outcome = match late {
                            true => Err(Refusal::ours(
                                Kind::Transient,
                                "time limit",
                                "the run's time limit had passed",
                            )),
                            false => one(settings, pace, &ask).await,
                        };
                        (tag, ask, outcome)
                    }));
                }
                match under_way.next().await {
                    Some((tag, ask, outcome)) => waiting.extend(done(tag, ask, outcome)?),
                    None => return Ok(()),
                }
            }
        })
    }
}

async fn one(settings: &Settings, pace: &raw::Pace, ask: &Ask<'_>) -> Result<Reply, Refusal> {
    match typed::call(&ask.identity, settings, pace, ask).await {
        Some(outcome) => outcome,
        None => raw::call(&ask.identity, settings, pace, ask).await,
    }
}
