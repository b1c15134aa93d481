//! What `affiant archive` must be permitted: a policy of its own, for another caller than the one who reads.
//! It writes, locks and reads, and it refuses every deletion by name.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Of the bucket.
const BUCKET: [&str; 3] =
    ["s3:GetBucketObjectLockConfiguration", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
/// Of what lies below the prefix.
const OBJECTS: [&str; 7] = [
    "s3:GetObject",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
];
/// What nobody who archives has to do.
const REFUSED: [&str; 4] = [
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
];

/// The policy for one bucket and prefix (empty for the whole bucket).
pub fn archive_policy(partition: &str, bucket: &str, prefix: &str) -> Value {
    let whole = format!("arn:{partition}:s3:::{bucket}");
    let below = if prefix.is_empty() { format!("{whole}/*") } else { format!("{whole}/{prefix}/*") };
    let statement = |sid: &str, effect: &str, actions: &[&str], resources: &[&str]| {
        json!({
            "Sid": sid, "Effect": effect, "Action": actions, "Resource": resources
        })
    };
    json!({
        "Version": "2012-10-17",
        "Statement": [
            statement("ArchiveBucket", "Allow", &BUCKET, &[&whole]),
            statement("ArchiveObjects", "Allow", &OBJECTS, &[&below]),
            statement("ArchiveNeverDeletes", "Deny", &REFUSED, &[&whole, &format!("{whole}/*")]),
        ]
    })
}

/// The section of the permissions page.
pub fn section() -> String {
    let mut out = String::from(
        "\n## The archive\n\n`affiant archive` writes, and so it has a policy of its own, for another caller \
         than the one who reads: `affiant policy --archive BUCKET/PREFIX` prints it. `hold` and `release` \
         alone need `s3:PutObjectLegalHold`; `verify` and `list` need what reads and lists. A bucket with a \
         KMS key needs `kms:GenerateDataKey` and `kms:Decrypt` for it besides.\n",
    );
    let _ = write!(out, "\n```json\n{:#}\n```\n", archive_policy("aws", "example-archive", "clinic"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_deletes_nothing_and_reaches_below_its_prefix_alone() {
        let policy = archive_policy("aws-us-gov", "example-archive", "clinic");
        assert_eq!(policy["Statement"][1]["Resource"][0], "arn:aws-us-gov:s3:::example-archive/clinic/*");
        assert!(
            BUCKET
                .iter()
                .chain(&OBJECTS)
                .all(|action| !action.contains("Delete") && !action.contains("Bypass"))
        );
    }
}
