//! A bucket with Object Lock, as an archive needs it: objects that appear once, are locked in compliance
//! mode, and are read back. It deletes nothing, and there is no call here that could shorten a lock.

mod upload;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, DateTime as Moment};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ObjectLockEnabled, ObjectLockLegalHold,
    ObjectLockLegalHoldStatus, ObjectLockMode, ObjectLockRetention, ObjectLockRetentionMode,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::reply::{self, Kind, Refusal, Reply};
use super::{Session, Settings};
use crate::model::archived::{COMPLIANCE, HoldState, LockState};
use crate::model::digest::Digest;

/// Bytes that are read of an object at a time.
const PIECE: u64 = 16 << 20;
/// S3's codes for "nothing of the kind is set".
const UNSET: &str = "NoSuchObjectLockConfiguration";
/// S3's codes for an object that is there already, or is just being written (If-None-Match).
const THERE: [&str; 2] = ["PreconditionFailed", "ConditionalRequestConflict"];

/// One bucket, and who asks for it.
pub struct LockedBucket {
    session: Session,
    client: Client,
    bucket: String,
    /// The account that must own the bucket, if it was named: S3 refuses any other.
    owner: Option<String>,
}

/// Whose bucket it is, and with which credentials it is asked.
#[derive(Debug, Clone, Default)]
pub struct BucketAccess {
    pub profile: Option<String>,
    pub region: Option<String>,
    pub owner: Option<String>,
}

/// What S3 says of an object.
#[derive(Debug, Clone)]
pub struct ObjectFacts {
    pub size: u64,
    pub etag: String,
    /// The digest that was given when the object was written.
    pub noted: Option<Digest>,
    pub lock: LockState,
    pub hold: HoldState,
}

/// What an object is to be.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    pub key: &'a str,
    pub sha256: Digest,
    pub content_type: &'static str,
    /// The package's id.
    pub package: &'a str,
    pub until: DateTime<Utc>,
}

/// A part of an upload that S3 holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedPart {
    pub number: i32,
    pub etag: String,
    pub sha256: Option<Digest>,
}

impl LockedBucket {
    /// Finds the bucket, in whichever region it is, and refuses one without Object Lock.
    pub fn open(bucket: &str, access: &BucketAccess, settings: Settings) -> Result<LockedBucket, Refusal> {
        let session = Session::connect(access.profile.as_deref(), access.region.as_deref(), settings);
        let session = session.map_err(|e| Refusal::ours(Kind::Transient, "runtime", e.to_string()))?;
        let region = session.region().unwrap_or_else(|| "us-east-1".into());
        let client = client(&session, &region);
        let mut opened = LockedBucket { session, client, bucket: bucket.into(), owner: access.owner.clone() };
        let enabled = match opened.is_locking() {
            Err(refusal) => {
                let elsewhere = refusal
                    .reply
                    .as_ref()
                    .map(|reply| reply.bucket_region.clone())
                    .filter(|r| !r.is_empty() && *r != region);
                let Some(elsewhere) = elsewhere else { return Err(refusal) };
                opened.client = self::client(&opened.session, &elsewhere);
                opened.is_locking()?
            }
            Ok(enabled) => enabled,
        };
        match enabled {
            true => Ok(opened),
            false => Err(Refusal::ours(
                Kind::Service,
                NO_LOCK,
                "the bucket has no Object Lock; it is switched on when a bucket is made",
            )),
        }
    }

    fn is_locking(&self) -> Result<bool, Refusal> {
        let asked = self
            .client
            .get_object_lock_configuration()
            .bucket(&self.bucket)
            .set_expected_bucket_owner(self.owner.clone());
        match self.session.runtime.block_on(asked.send()) {
            Ok(found) => {
                let enabled = found.object_lock_configuration().and_then(|c| c.object_lock_enabled());
                Ok(enabled == Some(&ObjectLockEnabled::Enabled))
            }
            Err(error) => match refusal(&error) {
                refusal if refusal.code == "ObjectLockConfigurationNotFoundError" => Ok(false),
                refusal => Err(refusal),
            },
        }
    }

    /// The object of this key, if there is one.
    pub fn facts(&self, key: &str) -> Result<Option<ObjectFacts>, Refusal> {
        let asked = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .set_expected_bucket_owner(self.owner.clone());
        let found = match self.session.runtime.block_on(asked.send()) {
            Ok(found) => found,
            Err(error) => {
                return match refusal(&error) {
                    refusal if refusal.reply.as_ref().is_some_and(|reply| reply.status == 404) => Ok(None),
                    refusal => Err(refusal),
                };
            }
        };
        Ok(Some(ObjectFacts {
            size: u64::try_from(found.content_length().unwrap_or_default()).unwrap_or_default(),
            etag: found.e_tag().unwrap_or_default().to_string(),
            noted: found
                .metadata()
                .and_then(|all| all.get("affiant-sha256"))
                .and_then(|text| text.parse().ok()),
            lock: self.lock(key, &found),
            hold: self.hold_state(key, &found),
        }))
    }

    /// HeadObject leaves the lock out both where there is none and where the caller may not see it: then it
    /// is asked for by itself.
    fn lock(&self, key: &str, head: &HeadObjectOutput) -> LockState {
        if let (Some(mode), Some(until)) = (head.object_lock_mode(), head.object_lock_retain_until_date()) {
            return locked(mode.as_str(), until);
        }
        let asked = self
            .client
            .get_object_retention()
            .bucket(&self.bucket)
            .key(key)
            .set_expected_bucket_owner(self.owner.clone());
        match self.session.runtime.block_on(asked.send()) {
            Ok(answer) => match answer.retention().map(|r| (r.mode(), r.retain_until_date())) {
                Some((Some(mode), Some(until))) => locked(mode.as_str(), until),
                Some(_) | None => LockState::Absent,
            },
            Err(error) => match refusal(&error) {
                refusal if refusal.code == UNSET => LockState::Absent,
                refusal => LockState::Unknown { why: refusal.words() },
            },
        }
    }

    fn hold_state(&self, key: &str, head: &HeadObjectOutput) -> HoldState {
        let is = |status: &ObjectLockLegalHoldStatus| {
            if *status == ObjectLockLegalHoldStatus::On { HoldState::On } else { HoldState::Off }
        };
        if let Some(status) = head.object_lock_legal_hold_status() {
            return is(status);
        }
        let asked = self
            .client
            .get_object_legal_hold()
            .bucket(&self.bucket)
            .key(key)
            .set_expected_bucket_owner(self.owner.clone());
        match self.session.runtime.block_on(asked.send()) {
            Ok(answer) => answer.legal_hold().and_then(|hold| hold.status()).map_or(HoldState::Off, is),
            Err(error) => match refusal(&error) {
                refusal if refusal.code == UNSET => HoldState::Off,
                refusal => HoldState::Unknown { why: refusal.words() },
            },
        }
    }

    /// Every key below a prefix, with its size.
    pub fn keys(&self, prefix: &str) -> Result<BTreeMap<String, u64>, Refusal> {
        let asked = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_expected_bucket_owner(self.owner.clone());
        let mut pages = asked.into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = self.session.runtime.block_on(pages.next()) {
            let page = page.map_err(|error| refusal(&error))?;
            let of =
                |o: &aws_sdk_s3::types::Object| Some((o.key()?.to_string(), u64::try_from(o.size()?).ok()?));
            found.extend(page.contents().iter().filter_map(of));
        }
        Ok(found)
    }

    /// Streams an object, piece by piece; each piece is asked for again if it breaks off. Another object
    /// under the same key is noticed.
    pub fn read(&self, key: &str, facts: &ObjectFacts, sink: &mut dyn Write) -> Result<(), Refusal> {
        let mut at = 0;
        while at < facts.size {
            let end = (at + PIECE).min(facts.size);
            let piece = self.piece(key, &facts.etag, at, end)?;
            sink.write_all(&piece)
                .map_err(|e| Refusal::ours(Kind::Transient, "not written", e.to_string()))?;
            at = end;
        }
        Ok(())
    }

    fn piece(&self, key: &str, etag: &str, at: u64, end: u64) -> Result<Vec<u8>, Refusal> {
        let attempts = self.session.settings.attempts.max(1);
        let mut attempt = 1;
        loop {
            let asked = self
                .client
                .get_object()
                .bucket(&self.bucket)
                .key(key)
                .set_expected_bucket_owner(self.owner.clone());
            let asked = asked.if_match(etag).range(format!("bytes={at}-{}", end - 1));
            let outcome: Result<Vec<u8>, Refusal> = self.session.runtime.block_on(async {
                let answer = asked.send().await.map_err(|error| refusal(&error))?;
                let body = answer
                    .body
                    .collect()
                    .await
                    .map_err(|e| Refusal::ours(Kind::Transient, "cut short", e.to_string()))?;
                Ok(body.to_vec())
            });
            match outcome {
                Ok(bytes) if bytes.len() as u64 == end - at => return Ok(bytes),
                Err(refusal) if refusal.kind != Kind::Transient || attempt == attempts => {
                    return Err(refusal);
                }
                Ok(bytes) if attempt == attempts => {
                    let words = format!("{} of {} bytes came", bytes.len(), end - at);
                    return Err(Refusal::ours(Kind::Transient, "cut short", words));
                }
                Ok(_) | Err(_) => attempt += 1,
            }
        }
    }

    /// Locks an object, or locks it for longer. The caller has seen that no lock is shortened; S3 refuses it
    /// too.
    pub fn retain(&self, key: &str, until: DateTime<Utc>) -> Result<(), Refusal> {
        let retention = ObjectLockRetention::builder()
            .mode(ObjectLockRetentionMode::Compliance)
            .retain_until_date(moment(until))
            .build();
        let asked = self.client.put_object_retention().bucket(&self.bucket).key(key).retention(retention);
        let asked =
            asked.checksum_algorithm(ChecksumAlgorithm::Sha256).set_expected_bucket_owner(self.owner.clone());
        self.session.runtime.block_on(asked.send()).map(drop).map_err(|error| refusal(&error))
    }

    /// Lays a legal hold on an object, or takes it off.
    pub fn hold(&self, key: &str, on: bool) -> Result<(), Refusal> {
        let status = if on { ObjectLockLegalHoldStatus::On } else { ObjectLockLegalHoldStatus::Off };
        let asked = self.client.put_object_legal_hold().bucket(&self.bucket).key(key);
        let asked = asked.legal_hold(ObjectLockLegalHold::builder().status(status).build());
        let asked =
            asked.checksum_algorithm(ChecksumAlgorithm::Sha256).set_expected_bucket_owner(self.owner.clone());
        self.session.runtime.block_on(asked.send()).map(drop).map_err(|error| refusal(&error))
    }
}

/// The code of a refusal of ours: the bucket cannot lock.
pub const NO_LOCK: &str = "no Object Lock";

fn client(session: &Session, region: &str) -> Client {
    let settings = &session.settings;
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout)
        .operation_attempt_timeout(settings.call_timeout.max(Duration::from_secs(1)))
        .build();
    let config = aws_sdk_s3::config::Builder::from(&session.base.config)
        .retry_config(RetryConfig::standard().with_max_attempts(settings.attempts))
        .timeout_config(timeouts)
        .region(Region::new(region.to_string()))
        // another endpoint than AWS's own has no host for each bucket
        .force_path_style(session.base.endpoint("S3").is_some());
    Client::from_conf(config.build())
}

fn metadata(object: &NewObject<'_>) -> std::collections::HashMap<String, String> {
    // the SDK asks for a map without order; headers are signed in order
    [("affiant-sha256", object.sha256.to_string()), ("affiant-package", object.package.to_string())]
        .map(|(name, value)| (name.to_string(), value))
        .into()
}

fn moment(at: DateTime<Utc>) -> Moment {
    Moment::from_secs(at.timestamp())
}

fn locked(mode: &str, until: &Moment) -> LockState {
    match DateTime::from_timestamp(until.secs(), 0) {
        Some(until) if mode == "COMPLIANCE" => LockState::Locked { mode: COMPLIANCE.into(), until },
        Some(until) => LockState::Locked { mode: mode.into(), until },
        None => LockState::Unknown { why: "the date of the lock is out of range".into() },
    }
}

fn decoded(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).ok()?;
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().parse().ok()
}

fn created<E>(outcome: Result<(), SdkError<E, HttpResponse>>) -> Result<bool, Refusal>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match outcome {
        Ok(()) => Ok(true),
        Err(error) => match refusal(&error) {
            refusal if THERE.contains(&refusal.code.as_str()) => Ok(false),
            refusal => Err(refusal),
        },
    }
}

/// The SDK's error as a refusal: AWS's own code and message, and what the answer said of the bucket's region.
fn refusal<E>(error: &SdkError<E, HttpResponse>) -> Refusal
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Some(raw) = error.raw_response() else {
        let words = DisplayErrorContext(error).to_string();
        let words = words.split(" (").next().unwrap_or_default().to_string();
        let kind = if words.contains("credential") { Kind::Expired } else { Kind::Transient };
        return Refusal::ours(
            kind,
            if kind == Kind::Expired { "no credentials" } else { "connection" },
            words,
        );
    };
    let status = raw.status().as_u16();
    if (200..300).contains(&status) && error.code().is_none() {
        return Refusal::ours(Kind::Transient, "malformed answer", DisplayErrorContext(error).to_string());
    }
    let (code, message) =
        (error.code().unwrap_or_default().to_string(), error.message().unwrap_or_default().to_string());
    // an answer without a body, as to HEAD, has a status alone
    let code = if code.is_empty() { format!("HTTP {status}") } else { code };
    let bucket_region = raw.headers().get("x-amz-bucket-region").unwrap_or_default().to_string();
    let named = if code.starts_with("HTTP ") { "" } else { &code };
    let kind = reply::kind(status, named, &message, false);
    Refusal {
        kind,
        code,
        message,
        reply: Some(Box::new(Reply { status, bucket_region, ..Reply::default() })),
    }
}
