//! Policies of whatever has one beside what checks of its own judge: backup vaults, event buses, search
//! domains, access points, streams, catalogs. They lie in items of AWS Config, or in answers that somebody
//! asked for.

use crate::model::partition::Partition;

/// What the rows of `policy_admission` call them all.
pub const KIND: &str = "other";

/// Each a SELECT of ARN, account, region and the document. An item has it in a member of its own; where a
/// policy is a resource of its own, what it belongs to is named beside it.
pub const DOCUMENTS: [&str; 5] = [
    "SELECT arn, account, region,
            coalesce(c -> '$.AccessPolicy', c -> '$.accessPolicy', c -> '$.AccessPolicies',
                     c -> '$.accessPolicies', c -> '$.Policy', c -> '$.policy', c -> '$.DestinationPolicy',
                     c -> '$.destinationPolicy', c -> '$.FileSystemPolicy',
                     c -> '$.PermissionsPolicyDocument')
     FROM (SELECT *, configuration AS c FROM resource
           WHERE type IN ('AWS::Backup::BackupVault', 'AWS::Backup::LogicallyAirGappedBackupVault',
                          'AWS::Events::EventBus', 'AWS::OpenSearch::Domain',
                          'AWS::OpenSearchService::Domain', 'AWS::Elasticsearch::Domain',
                          'AWS::Logs::Destination', 'AWS::S3::AccessPoint',
                          'AWS::S3ObjectLambda::AccessPoint', 'AWS::S3Express::AccessPoint',
                          'AWS::MediaStore::Container', 'AWS::EFS::FileSystem',
                          'AWS::CodeArtifact::Domain', 'AWS::CodeArtifact::Repository',
                          'AWS::VpcLattice::AuthPolicy', 'AWS::Glacier::Vault'))
     ORDER BY arn",
    "SELECT CASE WHEN owner LIKE 'arn:%' THEN owner ELSE arn END, account, region, document
     FROM (SELECT arn, account, region,
                  coalesce(c ->> '$.ResourceArn', c ->> '$.TableBucketARN', c ->> '$.TableARN',
                           c ->> '$.VectorBucketArn', c ->> '$.SecretId') AS owner,
                  coalesce(c -> '$.ResourcePolicy', c -> '$.PolicyDocument', c -> '$.Policy') AS document
           FROM (SELECT *, configuration AS c FROM resource
                 WHERE type IN ('AWS::Kinesis::ResourcePolicy', 'AWS::S3Tables::TableBucketPolicy',
                                'AWS::S3Tables::TablePolicy', 'AWS::S3Express::BucketPolicy',
                                'AWS::S3Vectors::VectorBucketPolicy', 'AWS::SecretsManager::ResourcePolicy',
                                'AWS::S3::MultiRegionAccessPointPolicy', 'AWS::S3Outposts::BucketPolicy',
                                'AWS::S3ObjectLambda::AccessPointPolicy', 'AWS::ECR::RegistryPolicy',
                                'AWS::EventSchemas::RegistryPolicy')))
     ORDER BY arn",
    // answers that hold one document
    "SELECT arn, account, region, document
     FROM (SELECT CASE WHEN key LIKE 'arn:%' THEN key
                       ELSE coalesce(body ->> '$.Arn', body ->> '$.BackupVaultArn', body ->> '$.ResourceArn',
                                     'arn:aws:' || service || ':' || region || ':' || account || ':'
                                     || coalesce(nullif(key, ''), operation)) END AS arn,
                  account, region,
                  coalesce(body -> '$.Policy.Established.Policy', body -> '$.Policy',
                           body -> '$.PolicyInJson', body -> '$.resourcePolicy', body -> '$.policyText',
                           body -> '$.policy') AS document
           FROM response
           WHERE (service = 'backup' AND operation = 'GetBackupVaultAccessPolicy')
              OR (service = 'events' AND operation = 'DescribeEventBus')
              OR (service IN ('kinesis', 'glue', 'vpc-lattice') AND operation = 'GetResourcePolicy')
              OR (service = 'mediastore' AND operation = 'GetContainerPolicy')
              OR (service = 's3control'
                  AND operation IN ('GetAccessPointPolicy', 'GetMultiRegionAccessPointPolicy',
                                    'GetAccessPointPolicyForObjectLambda'))
              OR (service = 's3tables' AND operation IN ('GetTableBucketPolicy', 'GetTablePolicy'))
              OR (service = 's3vectors' AND operation = 'GetVectorBucketPolicy')
              OR (service = 's3' AND operation = 'GetBucketPolicy' AND key LIKE '%--x-s3')
              OR (service = 'lambda' AND operation = 'GetPolicy'
                  AND (key LIKE 'arn:%:function:%:%' OR (key LIKE '%:%' AND key NOT LIKE 'arn:%')))
              OR (service = 'ecr' AND operation = 'GetRegistryPolicy')
              OR (service = 'acm-pca' AND operation = 'GetPolicy'))
     WHERE document IS NOT NULL ORDER BY arn",
    // answers that hold a list of things with a document each
    "SELECT coalesce(e.value ->> '$.Arn', e.value ->> '$.arn', e.value ->> '$.resourceArn',
                     'arn:aws:' || a.service || ':' || a.region || ':' || a.account || ':'
                     || coalesce(e.value ->> '$.policyName', a.operation)) AS arn,
            a.account, a.region,
            coalesce(e.value -> '$.Policy', e.value -> '$.accessPolicy', e.value -> '$.policyDocument',
                     e.value -> '$.PolicyInJson') AS document
     FROM response AS a,
          json_each(coalesce(a.body -> '$.EventBuses', a.body -> '$.destinations',
                             a.body -> '$.resourcePolicies', a.body -> '$.GetResourcePoliciesResponseList',
                             json_array(json(a.body)))) AS e
     WHERE ((a.service = 'events' AND a.operation = 'ListEventBuses')
         OR (a.service = 'glue' AND a.operation = 'GetResourcePolicies')
         OR (a.service = 'logs' AND a.operation IN ('DescribeDestinations', 'DescribeResourcePolicies')))
       AND document IS NOT NULL ORDER BY 1",
    // a sender's identity has policies by name
    "SELECT CASE WHEN a.key LIKE 'arn:%' THEN a.key
                 ELSE 'arn:aws:ses:' || a.region || ':' || a.account || ':identity/' || a.key END AS arn,
            a.account, a.region, e.value
     FROM response AS a, json_each(a.body, '$.Policies') AS e
     WHERE a.service IN ('ses', 'sesv2')
       AND a.operation IN ('GetEmailIdentityPolicies', 'GetIdentityPolicies') ORDER BY 1",
];

/// An ARN that was put together above, in the partition of its region.
pub fn in_partition(arn: &str, region: &str) -> String {
    match arn.strip_prefix("arn:aws:") {
        Some(rest) => format!("arn:{}:{rest}", Partition::of(region).name),
        None => arn.to_string(),
    }
}

/// The service of an ARN, as it stands before actions.
pub fn service(arn: &str) -> &str {
    arn.split(':').nth(2).filter(|s| !s.is_empty()).unwrap_or("aws")
}

/// Whether resource control policies hold for it (AWS Organizations User Guide, services that support them).
pub fn is_guarded(arn: &str) -> bool {
    matches!(service(arn), "s3" | "secretsmanager" | "ecr")
}
