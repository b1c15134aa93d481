//! Keeps the bytes of the last answer, as they were before the SDK made types of them: those bytes are the evidence.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_config::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_config::config::{ConfigBag, Intercept, RuntimeComponents};

use super::Answer;

#[derive(Debug, Clone, Default)]
pub struct Capture(Arc<Mutex<Option<Answer>>>);

impl Capture {
    /// The last answer, once.
    pub fn take(&self) -> Answer {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        last.unwrap_or(Answer { body: Vec::new(), request_id: None })
    }
}

impl Intercept for Capture {
    fn name(&self) -> &'static str {
        "affiant answer capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let response = context.response();
        let body = response.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let request_id = response.headers().get("x-amzn-requestid").map(str::to_string);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Answer { body, request_id });
        Ok(())
    }
}
