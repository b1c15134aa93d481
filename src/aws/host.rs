//! The hosts of services, as far as a name follows from a rule. What does not is data of the
//! operations registry.

use crate::model::partition::Partition;
use crate::model::registry::Api;

/// Where a service answers, and the region to sign for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub url: String,
    pub region: String,
}

/// The host of a service in a region; none where the partition lacks the service. `region` is any region of
/// the partition for services that have one endpoint in it.
pub fn host(service: &str, api: &Api, region: &str, fips: bool) -> Option<Host> {
    let partition = Partition::of(region);
    let prefix = api.endpoint.as_deref().unwrap_or(service);
    if !api.global.is_empty() {
        let global = api.global.get(partition.name)?;
        let host = if fips { global.fips.as_ref()? } else { &global.host };
        return Some(Host { url: format!("https://{host}"), region: global.region.clone() });
    }
    if !api.partitions.is_empty() && !api.partitions.iter().any(|p| p == partition.name) {
        return None;
    }
    let named = match (fips, api.fips.get(partition.name)) {
        (false, _) => prefix.to_string(),
        (true, Some(other)) => other.clone(),
        (true, None) => format!("{prefix}-fips"),
    };
    Some(Host { url: format!("https://{named}.{region}.{}", partition.suffix), region: region.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(json: &str) -> Api {
        serde_json::from_str(json).expect("an api")
    }

    #[test]
    fn hosts_follow_partition_region_and_fips() {
        let logs = api(r#"{ "protocol": "json" }"#);
        let url = |region, fips| host("logs", &logs, region, fips).expect("a host").url;
        assert_eq!(url("us-west-2", false), "https://logs.us-west-2.amazonaws.com");
        assert_eq!(url("us-gov-west-1", true), "https://logs-fips.us-gov-west-1.amazonaws.com");
        assert_eq!(url("cn-north-1", false), "https://logs.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn an_account_wide_service_has_one_host_a_partition_or_none() {
        let iam = api(r#"{ "protocol": "query", "global": {
            "aws": { "host": "iam.amazonaws.com", "region": "us-east-1" },
            "aws-us-gov": { "host": "iam.us-gov.amazonaws.com", "region": "us-gov-west-1" } } }"#);
        let gov = host("iam", &iam, "us-gov-east-1", false).expect("a host");
        assert_eq!(
            (gov.url.as_str(), gov.region.as_str()),
            ("https://iam.us-gov.amazonaws.com", "us-gov-west-1")
        );
        assert_eq!(host("iam", &iam, "cn-north-1", false), None);
    }
}
