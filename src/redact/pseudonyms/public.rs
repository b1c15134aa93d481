//! What everybody knows: AWS's own names, and the words of the program's own texts. None of it leads to
//! anybody.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use regex::Regex;

/// Addresses and ranges that say nothing of who has them: everything, nothing, one's own machine, private
/// ranges as a whole, and the metadata services of AWS.
const ADDRESSES: [&str; 18] = [
    "0.0.0.0/0",
    "0.0.0.0",
    "::/0",
    "::",
    "::1",
    "127.0.0.1",
    "127.0.0.0/8",
    "255.255.255.255",
    "255.255.255.0",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "169.254.169.254",
    "169.254.169.253",
    "fc00::/7",
    "fe80::/10",
];

/// Parts of ARNs that AWS gave.
const SEGMENTS: [&str; 21] = [
    "*",
    "root",
    "app",
    "net",
    "gwy",
    "aws",
    "aws-service-role",
    "aws-reserved",
    "service-role",
    "apis",
    "restapis",
    "stages",
    "global",
    "regional",
    "webacl",
    "default",
    "fhir",
    "domainnames",
    "routes",
    "integrations",
    "$default",
];

/// Types that begin the last part of an ARN.
const TYPES: &str = "access-point accesspoint account alarm alias analyzer api apis application assumed-role \
                     autoScalingGroup backup-plan backup-vault broker browserSettings bot build catalog \
                     certificate client-vpn-endpoint cluster cluster-endpoint cluster-pg cluster-snapshot \
                     compute-environment config-aggregator config-rule configuration-recorder \
                     conformance-pack connection container-instance crawler dashboard database datastore db \
                     db-proxy dbcluster dbinstance delivery-channel deliverystream detector dhcp-options \
                     directory distribution domain domainname eip-allocation elastic-ip endpoint environment \
                     es event-bus event-data-store eventdatastore federated-user file-system fleet flow-log \
                     framework function gateway globalcluster graph group hostedzone hub identity-provider \
                     identitystore image instance instance-profile internet-gateway job job-definition \
                     job-queue key launch-template launchConfiguration launchConfigurationName layer \
                     listener listener-rule loadbalancer log-destination log-group managed-instance \
                     managed-instance-inventory mfa model multicluster mountTarget natgateway network-acl \
                     network-interface nodegroup notebook-instance o og oidc-provider organization \
                     origin-access-control ou parameter parametergroup patchbaseline permissionSet pg \
                     pipeline policy portal prefix-list project proxy queue recovery-point registry rep \
                     replication-instance repository resolver-query-log-config \
                     resolver-query-log-config-association resolver-endpoint resolver-rule \
                     response-headers-policy rest-api restapis ri role root rule rulegroup saml-provider \
                     schema secgrp secret security-group security-group-rule server server-certificate \
                     service service-quota session snapshot snapshot-copy-grant sms-voice stack stackset \
                     state-machine stateMachine stream subgrp subnet subnetgroup subscription table \
                     targetgroup task task-definition task-set topic trail transit-gateway user userPool \
                     userpool usergroup vault virtual-mfa virtual-mfa-device volume vpc vpc-endpoint \
                     vpc-flow-log vpc-peering-connection vpn-connection vpn-gateway webacl workgroup \
                     workspace workspacespool workteam fhir report-plan replica inference-profile guardrail \
                     agent knowledge-base foundation-model component recipe";

pub(super) fn is_public_address(text: &str) -> bool {
    ADDRESSES.contains(&text)
}

pub(super) fn is_public_segment(text: &str) -> bool {
    SEGMENTS.contains(&text)
        || is_region(text)
        || is_service_principal(text)
        || text.starts_with("AWSServiceRoleFor")
}

pub(super) fn is_arn_type(text: &str) -> bool {
    TYPES.split_ascii_whitespace().any(|kind| kind == text)
}

/// `us-east-1`, `us-gov-west-1`, `us-east-1a`, `aws-global`.
pub(super) fn is_region(text: &str) -> bool {
    static REGION: OnceLock<Regex> = OnceLock::new();
    let region = REGION.get_or_init(|| {
        Regex::new(concat!(
            r"^(?:aws-global|(?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-gov|-iso[bef]?)?-",
            r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d[a-f]?)$",
        ))
        .expect("a sound expression")
    });
    region.is_match(text)
}

/// `s3.amazonaws.com`, `logs.us-east-1.amazonaws.com`, `delivery.logs.amazonaws.com`: not the host of
/// somebody's bucket or database.
pub(super) fn is_service_principal(text: &str) -> bool {
    const BELOW: [&str; 12] = [
        "logs",
        "rds",
        "apigateway",
        "lambda",
        "cloudwatch",
        "inspector2",
        "metrics.cloudwatch",
        "ecs",
        "es",
        "elasticloadbalancing",
        "organizations",
        "config",
    ];
    let Some(labels) = text.strip_suffix(".amazonaws.com").or_else(|| text.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    let plain = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    match labels.split_once('.') {
        None => plain(labels),
        Some((service, region)) if is_region(region) => plain(service) && !service.contains("s3-"),
        Some((front, service)) => {
            matches!(
                front,
                "delivery"
                    | "monitoring"
                    | "ops"
                    | "replicator"
                    | "streams"
                    | "agentless"
                    | "autoscaling"
                    | "member"
            ) && BELOW.contains(&service)
        }
    }
}

/// Values that AWS chose, whatever their member is called.
pub(super) fn is_aws_value(text: &str) -> bool {
    const STARTS: [&str; 16] = [
        "AWS::",
        "AWSManaged",
        "AWSServiceRoleFor",
        "ELBSecurityPolicy-",
        "TLSv",
        "TLS-",
        "Policy-Min-TLS",
        "default.",
        "default:",
        "alias/aws/",
        "aws/",
        "com.amazonaws.",
        "arn:aws:iam::aws:",
        "TransferSecurityPolicy-",
        "rds-ca-",
        "AmazonSSMManaged",
    ];
    let keys = ["aws/", "alias/aws/", "arn:aws:iam::aws:"].iter().any(|start| text.starts_with(start));
    // a type or a setting that goes on with somebody's number or name is no longer AWS's alone
    let plain = keys || !text.contains(['/', ' ', '@']);
    let endpoint = text.starts_with("com.amazonaws.vpce.");
    (STARTS.iter().any(|start| text.starts_with(start)) && plain && !endpoint)
        || is_region(text)
        || is_service_principal(text)
        || is_public_address(text)
        || ["default", "root", "Regional", "Not Applicable", "Multiple Availability Zones"].contains(&text)
}

/// An address or range that somebody has.
pub(super) fn is_address(text: &str) -> bool {
    let (host, bits) = text.split_once('/').map_or((text, None), |(host, bits)| (host, Some(bits)));
    let fits = |most: u8| bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most));
    (host.parse::<Ipv4Addr>().is_ok() && fits(32))
        || (host.contains(':') && host.parse::<Ipv6Addr>().is_ok() && fits(128))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_principals_are_told_from_hosts() {
        for public in [
            "s3.amazonaws.com",
            "logs.us-east-1.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "vpc-flow-logs.amazonaws.com",
        ] {
            assert!(is_service_principal(public), "{public}");
        }
        for host in [
            "records.s3.amazonaws.com",
            "db.abc123.us-east-1.rds.amazonaws.com",
            "x-1.us-east-1.elb.amazonaws.com",
            "delivery.s3.amazonaws.com",
        ] {
            assert!(!is_service_principal(host), "{host}");
        }
        assert!(is_region("us-gov-west-1") && is_region("eu-central-1a") && !is_region("us-east-bucket"));
    }
}
