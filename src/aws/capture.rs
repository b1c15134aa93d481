//! Keeps the bytes of the last answer, as they were before the SDK made types of them: those bytes are the
//! evidence.

#![allow(clippy::disallowed_methods)] // the offset of the machine's clock from AWS's is evidence

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sdk_config::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_config::config::{ConfigBag, Intercept, RuntimeComponents};
use chrono::{DateTime, Utc};

use super::reply::Reply;
use crate::clock::Clock;

#[derive(Debug, Clone)]
pub struct Capture {
    last: Arc<Mutex<Reply>>,
    clock: Clock,
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Capture {
    pub fn new(clock: Clock) -> Capture {
        let started = clock.now();
        Capture { last: Arc::new(Mutex::new(Reply { started, ended: started, ..Reply::default() })), clock }
    }

    /// The last answer, once. Its status is 0 if there was none.
    pub fn take(&self) -> Reply {
        std::mem::take(&mut *self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "affiant answer capture"
    }

    fn read_before_attempt(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Fault> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.attempts += 1;
        last.status = 0;
        let uri = context.request().uri().to_string();
        last.endpoint = uri.split('/').take(3).collect::<Vec<_>>().join("/");
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Fault> {
        let response = context.response();
        let header = |name: &str| response.headers().get(name).unwrap_or_default().to_string();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.body = response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
        last.status = response.status().as_u16();
        last.content_type = header("content-type");
        last.error_type = header("x-amzn-errortype");
        last.request_id = Some(header("x-amzn-requestid")).filter(|id| !id.is_empty());
        let date = DateTime::parse_from_rfc2822(&header("date")).ok();
        last.clock_offset =
            date.map(|d| (d.with_timezone(&Utc) - DateTime::<Utc>::from(SystemTime::now())).num_seconds());
        last.ended = self.clock.now();
        let throttled =
            last.status == 429 || memchr::memmem::find(&last.body, b"hrottl").is_some() && last.status >= 400;
        last.throttled += u32::from(throttled);
        Ok(())
    }
}
