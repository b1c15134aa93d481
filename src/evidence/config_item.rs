//! The head of an AWS Config item in any of its envelopes (snapshot, API, query row), with configuration left
//! as raw JSON. It says what an item is about; the meaning of its configuration is the loader's.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::partition::Partition;
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
    resource_type: Option<Cow<'a, str>>,
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

/// Parses an item's head. `hint` is the type of items that do not name their own: rows of a query for one
/// type.
pub fn parse<'a>(bytes: &'a [u8], hint: Option<&'a str>) -> Result<Item<'a>, String> {
    let mut item: Item = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if item.resource_type.is_none() {
        let hint = hint.ok_or(
            "an item without resourceType; name its file or folder after the type, as AWS--S3--Bucket",
        )?;
        item.resource_type = Some(Cow::Borrowed(hint));
    }
    if item.key().is_none() {
        item.resource_id = item
            .configuration
            .and_then(|raw| serde_json::from_str::<Named>(raw.get()).ok())
            .and_then(|named| named.name);
    }
    match item.key() {
        Some(_) => Ok(item),
        None => Err(format!("an item of {} with neither resourceId nor ARN", item.resource_type())),
    }
}

/// What a configuration calls itself; all there is in a row of a query that did not select the id.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

/// The type that a path names: `AWS--S3--Bucket`, `AWS::S3::Bucket` or `AWS__S3__Bucket` anywhere in it.
pub fn type_in_path(path: &str) -> Option<String> {
    for separator in ["--", "::", "__"] {
        let Some(at) = path.find(&format!("AWS{separator}")) else { continue };
        let mut parts = path[at..].split(separator);
        let word = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
        let (Some(_), Some(service), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let kind = word(kind);
        if !service.is_empty() && service == word(service) && !kind.is_empty() {
            return Some(format!("AWS::{service}::{kind}"));
        }
    }
    None
}

impl Item<'_> {
    pub fn resource_type(&self) -> &str {
        self.resource_type.as_deref().unwrap_or_default()
    }

    /// The account that the item names, else that of its ARN, else that of an ARN in its configuration.
    pub fn account(&self) -> &str {
        let given = self.aws_account_id.as_deref().or(self.account_id.as_deref());
        let by_arn = || arn_part(self.given_arn()?, 4);
        let inside = || account_in(self.configuration?.get());
        given.or_else(by_arn).or_else(inside).unwrap_or_default()
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
            None if self.resource_type() == "AWS::S3::Bucket" => {
                Cow::Owned(format!("arn:{}:s3:::{}", Partition::of(self.region()).name, self.resource_id()))
            }
            None => Cow::Owned(format!("{}/{}", self.resource_type(), self.resource_id())),
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

/// The account of the first ARN in a text.
fn account_in(text: &str) -> Option<&str> {
    let arns = text.match_indices("arn:aws").map(|(at, _)| &text[at..]);
    arns.filter_map(|arn| arn_part(arn, 4))
        .find(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_query_for_one_type_takes_the_type_of_its_path() {
        let row = br#"{"resourceId":"AROA1","configuration":{"arn":"arn:aws:iam::111122223333:role/a"}}"#;
        assert!(parse(row, None).is_err());
        let hint = type_in_path("rows/AWS--IAM--Role/1.json");
        let item = parse(row, hint.as_deref()).expect("an item");
        assert_eq!((item.resource_type(), item.account()), ("AWS::IAM::Role", "111122223333"));
        let bucket =
            parse(br#"{"awsRegion":"us-gov-west-1","configuration":{"name":"b"}}"#, Some("AWS::S3::Bucket"))
                .expect("an item");
        assert_eq!(bucket.arn(), "arn:aws-us-gov:s3:::b");
        for (path, expected) in [
            ("x/AWS--S3--Bucket-1.json", Some("AWS::S3::Bucket")),
            ("AWS::EC2::Volume_2.json", Some("AWS::EC2::Volume")),
            ("AWSLogs/a--b", None),
        ] {
            assert_eq!(type_in_path(path).as_deref(), expected, "{path}");
        }
    }
}
