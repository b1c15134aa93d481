//! Where AWS Config delivers: the channel of a region, and the region of its bucket.

use serde_json::{Map, Value};

use super::{BucketCache, LIST};
use crate::aws::AssumedRole;
use crate::collect::error::CollectError;
use crate::collect::live::config::counts::Spot;
use crate::collect::live::exchange::unregistered;
use crate::collect::live::paged_call::pages;
use crate::collect::live::run_log::RunLog;
use crate::collect::live::scope::{CollectScope, Inquiry};
use crate::model::run::State;

/// The delivery channel of a place, or the gap that there is none.
pub(super) fn channel(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
    spot: &Spot,
) -> Result<Option<Channel>, CollectError> {
    let found = delivers_to(scope, log, buckets, spot)?;
    if found.is_none() && scope.accounts[spot.0].identity.is_some() {
        let account = scope.accounts[spot.0].id.clone();
        log.report(
            scope,
            "none",
            "AWS Config has no delivery channel here, and no bucket is named",
            std::slice::from_ref(spot),
        );
        let words = "there is no delivery channel, and `aws.delivered.bucket` names none";
        log.lost(&account, &spot.1, "*", words, State::NotCollected);
    }
    Ok(found)
}

/// The delivery channel of a place, over which `aws.delivered` goes.
pub fn delivers_to(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
    spot: &Spot,
) -> Result<Option<Channel>, CollectError> {
    let Some(own) = scope.inquiry(spot.0, &spot.1, &spot.1) else { return Ok(None) };
    let facts = scope.target.aws.delivered.clone().unwrap_or_default();
    let answer = match buckets.channels.get(spot) {
        Some(known) => known.clone(),
        None => {
            let full = "config:DescribeDeliveryChannels";
            let found = pages(scope, log, &own, full, "", Map::new())?
                .ok()
                .and_then(|pages| Some(pages.first()?["DeliveryChannels"][0].clone()));
            log.settled_in.insert((spot.clone(), full.to_string()));
            let found = found.unwrap_or_default();
            buckets.channels.insert(spot.clone(), found.clone());
            found
        }
    };
    let text = |name: &str| answer[name].as_str().map(str::to_string);
    let Some(bucket) = facts.bucket.clone().or_else(|| text("s3BucketName")) else { return Ok(None) };
    let prefix = facts.prefix.clone().or_else(|| text("s3KeyPrefix")).unwrap_or_default();
    let frequency =
        answer["configSnapshotDeliveryProperties"]["deliveryFrequency"].as_str().map(str::to_string);
    let mut of = own;
    if let Some(arn) = facts.role.clone() {
        let role = AssumedRole {
            arn: arn.clone(),
            external_id: facts.external_id.clone(),
            session_name: scope.session_name.clone(),
        };
        of.identity = scope.session.assume(&role);
        of.asked = arn.clone();
        of.caller = arn;
    }
    of.asked_in = bucket_region(scope, log, buckets, &of, &bucket, facts.region.as_deref());
    Ok(Some(Channel {
        of,
        bucket,
        prefix,
        name: text("name").unwrap_or_else(|| "default".into()),
        frequency,
    }))
}

/// The region that the bucket answers in: S3 names it when it is asked elsewhere.
fn bucket_region(
    scope: &CollectScope<'_>,
    log: &mut RunLog<'_>,
    buckets: &mut BucketCache,
    of: &Inquiry,
    bucket: &str,
    named: Option<&str>,
) -> String {
    if let Some(region) = named.or_else(|| buckets.bucket_regions.get(bucket).map(String::as_str)) {
        return region.to_string();
    }
    let members =
        Map::from_iter([("Bucket".to_string(), Value::from(bucket)), ("max-keys".into(), Value::from(1))]);
    log.progress.calls += 1;
    let told = match scope
        .ask(of, LIST, members)
        .ok_or_else(|| unregistered(LIST))
        .and_then(|ask| scope.session.call(&ask))
    {
        Err(refusal) => {
            refusal.reply.and_then(|reply| is_region(&reply.bucket_region).or_else(|| region_in(&reply.body)))
        }
        Ok(_) => None,
    };
    let region = told.unwrap_or_else(|| of.asked_in.clone());
    buckets.bucket_regions.insert(bucket.to_string(), region.clone());
    region
}

/// `<Region>` of S3's answer to a request that was signed for another region.
fn region_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    is_region(text.split("<Region>").nth(1)?.split('<').next()?)
}

fn is_region(text: &str) -> Option<String> {
    (!text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        .then(|| text.to_string())
}

/// Where AWS Config of one account and region delivers, and who may read there.
#[derive(Clone)]
pub struct Channel {
    pub of: Inquiry,
    pub bucket: String,
    pub prefix: String,
    pub(super) name: String,
    pub(super) frequency: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::region_in;

    #[test]
    fn a_bucket_in_another_region_names_it() {
        let body = b"<Error><Code>AuthorizationHeaderMalformed</Code><Region>us-west-2</Region></Error>";
        assert_eq!(region_in(body).as_deref(), Some("us-west-2"));
        assert_eq!(region_in(b"<Error><Code>AccessDenied</Code></Error>"), None);
        assert_eq!(region_in(b"<Region>x y</Region>"), None);
    }
}
