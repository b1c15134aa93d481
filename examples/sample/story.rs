//! What was planted on purpose: faults, accidents with secrets, and the answers of other APIs.
//! Knows which faults the chosen story holds, so that a builder asks before it spoils. Owns nothing of the
//! network or the databases; every builder reports here what it did wrong deliberately.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::item::percent;
use crate::region::ACCOUNT;
use crate::rng::Rng;

/// The pair of check and resource that must read `not met`.
pub struct Fault {
    pub check: &'static str,
    pub resource: String,
    pub what: String,
}

/// A value that must never reach a report.
pub struct Secret {
    pub kind: &'static str,
    pub value: String,
    pub region: &'static str,
}

/// The lapses of a careful vendor: nearly everything is in order, and these few are not. All that is not
/// named here is sound, or was never made.
const LAPSES: [&str; 27] = [
    "acm.certificate-not-expiring",
    "backup.copy-elsewhere",
    "backup.phi-stores-selected",
    "backup.recent-recovery-point",
    "backup.recovery-point-kept",
    "backup.store-retention",
    "cloudwatch.sign-in-failure-alarm-chain",
    "cloudwatch.sign-in-without-mfa-alarm-chain",
    "ec2.ebs-encryption-by-default",
    "ec2.snapshot-not-shared",
    "ec2.volume-customer-key",
    "ec2.vpc-flow-logs",
    "guardduty.lambda-protection",
    "iam.access-key-age",
    "iam.console-user-mfa",
    "iam.no-full-service-access",
    "iam.unused-role",
    "kms.key-not-pending-deletion",
    "kms.key-rotation",
    "logs.log-group-encrypted",
    "logs.retention",
    "s3.bucket-key",
    "s3.write-once-copy",
    "sns.subscription-https",
    "sqs.policy-denies-plain-transport",
    "wafv2.logging",
    "wafv2.rate-limit",
];

pub struct Story {
    pub seed: u64,
    /// Whether most checks have a fault, in place of a few lapses.
    every: bool,
    /// Ends the names of resources that carry a fault, and of buckets.
    pub suffix: String,
    pub faults: Vec<Fault>,
    pub secrets: Vec<Secret>,
    /// Path below the output folder, and the bytes there.
    pub answers: BTreeMap<String, Vec<u8>>,
}

/// Where account-wide services answer.
pub const GLOBAL: &str = "aws-global";

impl Story {
    pub fn new(seed: u64, lapses: bool) -> Story {
        let suffix = Rng::labelled(seed, "suffix").hex(4);
        Story {
            seed,
            every: !lapses,
            suffix,
            faults: Vec::new(),
            secrets: Vec::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Whether this story spoils what the check looks at.
    pub fn plants(&self, check: &str) -> bool {
        self.every || LAPSES.contains(&check)
    }

    /// Whether this is the story of the well-run vendor.
    pub fn vendor(&self) -> bool {
        !self.every
    }

    /// The name of a resource that exists only to fail the check; none where the story leaves that out.
    pub fn spoiled(&self, check: &str, name: &str) -> Option<String> {
        self.plants(check).then(|| self.name(name))
    }

    /// All builders are done: what the story promises was planted.
    pub fn finish(&self) {
        let missing = LAPSES.iter().find(|check| self.faults.iter().all(|fault| fault.check != **check));
        assert_eq!(missing, None, "a lapse that no builder planted");
    }

    pub fn rng(&self, label: &str) -> Rng {
        Rng::labelled(self.seed, label)
    }

    /// `name` with the seed's suffix.
    pub fn name(&self, name: &str) -> String {
        format!("{name}-{}", self.suffix)
    }

    pub fn fault(&mut self, check: &'static str, resource: impl Into<String>, what: impl Into<String>) {
        assert!(self.plants(check), "`{check}` is no part of this story");
        self.faults.push(Fault { check, resource: resource.into(), what: what.into() });
    }

    pub fn secret(&mut self, kind: &'static str, value: impl Into<String>, region: &'static str) {
        self.secrets.push(Secret { kind, value: value.into(), region });
    }

    /// The whole answer of one operation.
    pub fn answer(&mut self, region: &str, service: &str, operation: &str, body: &Value) {
        self.keep(format!("aws/{ACCOUNT}/{region}/{service}/{operation}.json"), printed(body));
    }

    /// One answer of an operation that is asked once a resource.
    pub fn answer_of(&mut self, region: &str, service: &str, operation: &str, key: &str, body: &Value) {
        let key = percent(key);
        self.keep(format!("aws/{ACCOUNT}/{region}/{service}/{operation}/{key}.json"), printed(body));
    }

    pub fn keep(&mut self, path: String, bytes: Vec<u8>) {
        self.answers.insert(path, bytes);
    }
}

/// JSON as the AWS CLI prints it: four spaces to a level, and a line end.
pub fn printed(body: &Value) -> Vec<u8> {
    let two = format!("{body:#}\n");
    let wide = two.split_inclusive('\n').map(|line| {
        let level = line.len() - line.trim_start_matches(' ').len();
        format!("{}{line}", " ".repeat(level))
    });
    wide.collect::<String>().into_bytes()
}
