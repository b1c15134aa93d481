//! The head of an AWS Config item in any of its envelopes (snapshot, API, query row), with configuration left as raw JSON.
//! It says what an item is about; the meaning of its configuration is the loader's.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::run::GLOBAL;

/// One item's head. Names differ by envelope: `awsAccountId`/`accountId`, `ARN`/`arn`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item<'a> {
    #[serde(borrow, rename = "ARN")]
    arn_upper: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "arn")]
    arn_lower: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub resource_type: Cow<'a, str>,
    #[serde(borrow)]
    resource_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub resource_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    aws_account_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    account_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    aws_region: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub availability_zone: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub configuration_item_status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    configuration_item_capture_time: Option<&'a RawValue>,
    #[serde(borrow)]
    resource_creation_time: Option<&'a RawValue>,
    #[serde(borrow)]
    pub tags: Option<&'a RawValue>,
    #[serde(borrow)]
    pub configuration: Option<&'a RawValue>,
    #[serde(borrow)]
    pub supplementary_configuration: Option<&'a RawValue>,
}

/// What the item says of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The resource existed at capture time.
    Live,
    Deleted,
    /// AWS Config does not record it; the item carries no configuration.
    NotRecorded,
}

/// Parses an item's head.
pub fn parse(bytes: &[u8]) -> Result<Item<'_>, String> {
    let item: Item = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match item.key() {
        Some(_) => Ok(item),
        None => Err(format!("an item of {} with neither resourceId nor ARN", item.resource_type)),
    }
}

impl Item<'_> {
    pub fn account(&self) -> &str {
        let given = self.aws_account_id.as_deref().or(self.account_id.as_deref());
        given.or_else(|| arn_part(self.given_arn()?, 4)).unwrap_or_default()
    }

    /// A region name; `global` and nothing at all become [`GLOBAL`].
    pub fn region(&self) -> &str {
        match self.aws_region.as_deref().or_else(|| arn_part(self.given_arn()?, 3)) {
            None | Some("" | "global") => GLOBAL,
            Some(region) => region,
        }
    }

    /// The ARN; where AWS gave none, the type and the id.
    pub fn arn(&self) -> Cow<'_, str> {
        match self.given_arn() {
            Some(arn) => Cow::Borrowed(arn),
            None => Cow::Owned(format!("{}/{}", self.resource_type, self.resource_id())),
        }
    }

    pub fn resource_id(&self) -> &str {
        self.key().unwrap_or_default()
    }

    pub fn standing(&self) -> Standing {
        match self.configuration_item_status.as_deref() {
            Some("ResourceDeleted") => Standing::Deleted,
            Some("ResourceDeletedNotRecorded") => Standing::Deleted,
            Some("ResourceNotRecorded") => Standing::NotRecorded,
            _ => Standing::Live,
        }
    }

    /// RFC 3339, or empty.
    pub fn captured_at(&self) -> String {
        self.configuration_item_capture_time.map(time).unwrap_or_default()
    }

    /// RFC 3339, or empty.
    pub fn created_at(&self) -> String {
        self.resource_creation_time.map(time).unwrap_or_default()
    }

    fn given_arn(&self) -> Option<&str> {
        self.arn_upper.as_deref().or(self.arn_lower.as_deref()).filter(|arn| !arn.is_empty())
    }

    fn key(&self) -> Option<&str> {
        self.resource_id.as_deref().filter(|id| !id.is_empty()).or_else(|| self.given_arn())
    }
}

/// The n-th part of an ARN (`arn:partition:service:region:account:resource`), if it is not empty.
pub fn arn_part(arn: &str, n: usize) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.splitn(6, ':').nth(n))?.filter(|part| !part.is_empty())
}

/// ISO 8601 text, or epoch seconds or milliseconds, as RFC 3339 in UTC.
fn time(raw: &RawValue) -> String {
    match serde_json::from_str(raw.get()) {
        Ok(serde_json::Value::String(text)) => match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => stamp(time.with_timezone(&Utc)),
            Err(_) => text,
        },
        Ok(serde_json::Value::Number(number)) => number.as_f64().and_then(epoch).unwrap_or_default(),
        _ => String::new(),
    }
}

fn epoch(number: f64) -> Option<String> {
    let millis = if number.abs() > 1e11 { number } else { number * 1000.0 };
    DateTime::from_timestamp_millis(millis as i64).map(stamp)
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
