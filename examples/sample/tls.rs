//! What each predefined TLS policy of Elastic Load Balancing allows: the answer of DescribeSSLPolicies.

use serde_json::{Value, json};

use crate::region::Region;
use crate::story::Story;

/// Name, and the lowest and highest minor version of TLS 1.
const POLICIES: [(&str, u8, u8); 26] = [
    ("ELBSecurityPolicy-2016-08", 0, 2),
    ("ELBSecurityPolicy-2015-05", 0, 2),
    ("ELBSecurityPolicy-TLS-1-0-2015-04", 0, 2),
    ("ELBSecurityPolicy-TLS-1-1-2017-01", 1, 2),
    ("ELBSecurityPolicy-TLS-1-2-2017-01", 2, 2),
    ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", 2, 2),
    ("ELBSecurityPolicy-FS-2018-06", 0, 2),
    ("ELBSecurityPolicy-FS-1-1-2019-08", 1, 2),
    ("ELBSecurityPolicy-FS-1-2-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2019-08", 2, 2),
    ("ELBSecurityPolicy-FS-1-2-Res-2020-10", 2, 2),
    ("ELBSecurityPolicy-TLS13-1-0-2021-06", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-1-2021-06", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-3-2021-06", 3, 3),
    ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", 0, 3),
    ("ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04", 1, 3),
    ("ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", 2, 3),
    ("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", 3, 3),
];

const TLS_1_3: [&str; 3] =
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const TLS_1_2: [&str; 4] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
];
const OLDER: [&str; 4] = ["ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "AES128-SHA", "AES256-SHA"];

pub fn build(region: &Region, story: &mut Story) {
    let policies: Vec<Value> = POLICIES.iter().map(|(name, low, high)| policy(name, *low, *high)).collect();
    story.answer(region.name, "elbv2", "DescribeSSLPolicies", &json!({"SslPolicies": policies}));
}

fn policy(name: &str, low: u8, high: u8) -> Value {
    let protocols: Vec<String> = (low..=high).map(protocol).collect();
    let mut ciphers: Vec<&str> = Vec::new();
    if high >= 3 {
        ciphers.extend(&TLS_1_3[..if name.contains("FIPS") { 2 } else { 3 }]);
    }
    if low <= 2 {
        ciphers.extend(TLS_1_2);
    }
    if low <= 1 {
        ciphers.extend(OLDER);
    }
    let ranked: Vec<Value> =
        ciphers.iter().enumerate().map(|(rank, name)| json!({"Name": name, "Priority": rank + 1})).collect();
    json!({
        "SslProtocols": protocols, "Ciphers": ranked, "Name": name,
        "SupportedLoadBalancerTypes": ["application", "network"]
    })
}

fn protocol(minor: u8) -> String {
    if minor == 0 { "TLSv1".into() } else { format!("TLSv1.{minor}") }
}
