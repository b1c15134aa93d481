//! What people call a kind of resource: `EBS snapshot`, `CloudWatch log group`. Words for readers; what
//! decisions match is the asset class, and that is not made here.

use crate::evidence::config_item::arn_part;

/// Service and kind of an identifier, where its words are not simply the name of the service before the kind.
const KINDS: [(&str, &str, &str); 17] = [
    ("apigateway", "domainnames", "API Gateway domain name"),
    ("ec2", "image", "EC2 image"),
    ("ec2", "snapshot", "EBS snapshot"),
    ("ec2", "volume", "EBS volume"),
    ("elasticache", "replicationgroup", "ElastiCache replication group"),
    ("elasticache", "serverlesscache", "ElastiCache serverless cache"),
    ("iam", "mfa", "MFA device"),
    ("iam", "root", "account"),
    ("rds", "cluster", "RDS DB cluster"),
    ("rds", "cluster-snapshot", "RDS DB cluster snapshot"),
    ("rds", "db", "RDS DB instance"),
    ("rds", "db-proxy", "RDS proxy"),
    ("rds", "snapshot", "RDS DB snapshot"),
    ("securityhub", "hub", "Security Hub"),
    ("ssm", "document", "Systems Manager document"),
    ("workspaces", "workspacespool", "WorkSpaces pool"),
    ("workspaces-web", "userSettings", "WorkSpaces Secure Browser user settings"),
];

/// The service of an identifier as AWS writes its name; any other is written as the identifier has it.
const SERVICES: [(&str, &str); 34] = [
    ("apigateway", "API Gateway"),
    ("backup", "Backup"),
    ("cloudfront", "CloudFront"),
    ("cloudtrail", "CloudTrail"),
    ("cloudwatch", "CloudWatch"),
    ("config", "Config"),
    ("connect", "Connect"),
    ("dynamodb", "DynamoDB"),
    ("elasticache", "ElastiCache"),
    ("elasticfilesystem", "EFS"),
    ("elasticloadbalancing", "Elastic Load Balancing"),
    ("es", "OpenSearch"),
    ("events", "EventBridge"),
    ("firehose", "Data Firehose"),
    ("fsx", "FSx"),
    ("glue", "Glue"),
    ("guardduty", "GuardDuty"),
    ("kafka", "MSK"),
    ("kinesis", "Kinesis"),
    ("lambda", "Lambda"),
    ("logs", "CloudWatch"),
    ("memorydb", "MemoryDB"),
    ("organizations", "Organizations"),
    ("redshift", "Redshift"),
    ("redshift-serverless", "Redshift Serverless"),
    ("secretsmanager", "Secrets Manager"),
    ("securityhub", "Security Hub"),
    ("sagemaker", "SageMaker"),
    ("ssm", "Systems Manager"),
    ("sso", "Identity Center"),
    ("states", "Step Functions"),
    ("transfer", "Transfer Family"),
    ("workspaces", "WorkSpaces"),
    ("workspaces-web", "WorkSpaces Secure Browser"),
];

/// What a resource is: by its type, or, where no item tells the type, by what its identifier says.
pub fn noun(class: &str, resource: &str) -> String {
    if class.starts_with("AWS::") {
        return typed(class);
    }
    // `AWS::EC2::EBSEncryptionByDefault/111122223333/us-east-1`: a setting that has no identifier of AWS's
    // own.
    if let Some((kind, _)) = resource.split_once('/').filter(|(kind, _)| kind.starts_with("AWS::")) {
        return typed(kind);
    }
    match (arn_part(resource, 2), resource.splitn(6, ':').nth(5)) {
        (Some(service), Some(rest)) => identified(service, rest),
        _ => plain(class),
    }
}

/// Of several resources of one class each kind once, in their order.
pub fn nouns<'a>(class: &str, resources: impl IntoIterator<Item = &'a String>) -> String {
    let mut said: Vec<String> = Vec::new();
    for resource in resources {
        let one = noun(class, resource);
        if !said.contains(&one) {
            said.push(one);
        }
    }
    if said.is_empty() { noun(class, "") } else { said.join(", ") }
}

/// `AWS::RDS::DBSnapshot` as people say it: `RDS DB snapshot`.
fn typed(class: &str) -> String {
    match class {
        "AWS::EC2::Volume" => return "EBS volume".into(),
        "AWS::EC2::Snapshot" => return "EBS snapshot".into(),
        _ => {}
    }
    let mut parts = class.split("::").skip(1);
    match (parts.next(), parts.next()) {
        (Some(service), Some(kind)) => format!("{service} {}", spaced(kind)),
        (Some(kind), None) => spaced(kind),
        (None, _) => class.to_string(),
    }
}

/// By an ARN: its service, and the first word of what comes after the account.
fn identified(service: &str, rest: &str) -> String {
    let rest = rest.trim_start_matches('/');
    let kind = match (service, rest.split_once([':', '/'])) {
        ("sns", Some(_)) => "subscription",
        ("sns", None) => "topic",
        ("sqs", None) => "queue",
        ("s3", _) => "bucket",
        ("iam", None) => rest,
        (_, Some((kind, _))) => kind,
        (_, None) => "resource",
    };
    if let Some((_, _, words)) = KINDS.iter().find(|(s, k, _)| (*s, *k) == (service, kind)) {
        return (*words).to_string();
    }
    format!("{} {}", brand(service), spaced(kind).replace('-', " "))
}

/// Where only the class is known: `ec2 setting`, `account`, or a word of the organization's own.
fn plain(class: &str) -> String {
    match class.strip_suffix(" setting") {
        Some(service) => format!("{} resource", brand(service)),
        None if class.is_empty() => "resource".into(),
        None => class.to_string(),
    }
}

fn brand(service: &str) -> String {
    match SERVICES.iter().find(|(s, _)| *s == service) {
        Some((_, words)) => (*words).to_string(),
        // EC2, RDS, SNS, IAM: short names are initials.
        None if service.len() <= 3 => service.to_uppercase(),
        None => service.to_string(),
    }
}

/// `DBInstance` as `DB instance`, `permissionSet` as `permission set`: initials stay, other words are small.
fn spaced(kind: &str) -> String {
    let chars: Vec<char> = kind.chars().collect();
    let mut words = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        let next_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        let before_lower = i > 0 && chars[i - 1].is_lowercase();
        if c.is_uppercase() && i > 0 && (before_lower || next_lower) {
            words.push(String::new());
        }
        words.last_mut().expect("there is one").push(*c);
    }
    let small = |w: &String| {
        if w.len() > 1 && w.chars().all(char::is_uppercase) { w.clone() } else { w.to_lowercase() }
    };
    words.iter().map(small).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_read_as_people_say_them() {
        for (class, words) in [
            ("AWS::RDS::DBSnapshot", "RDS DB snapshot"),
            ("AWS::S3::Bucket", "S3 bucket"),
            ("AWS::EC2::SecurityGroup", "EC2 security group"),
            ("AWS::EC2::Volume", "EBS volume"),
            ("AWS::ElasticLoadBalancingV2::Listener", "ElasticLoadBalancingV2 listener"),
            ("AWS::EC2::VPC", "EC2 VPC"),
            ("", "resource"),
            ("people", "people"),
            ("ec2 setting", "EC2 resource"),
        ] {
            assert_eq!(noun(class, ""), words);
        }
    }

    #[test]
    fn an_identifier_tells_what_no_item_told() {
        for (class, resource, words) in [
            ("ec2 setting", "arn:aws:ec2:us-east-1::snapshot/snap-09cc1fbd2c4a4b024", "EBS snapshot"),
            (
                "logs setting",
                "arn:aws:logs:us-east-1:111122223333:log-group:/aws/eks/example/cluster",
                "CloudWatch log group",
            ),
            ("sns setting", "arn:aws:sns:us-east-1:111122223333:alerts:c77b95d9", "SNS subscription"),
            ("sns setting", "arn:aws:sns:us-east-1:111122223333:alerts", "SNS topic"),
            ("iam setting", "arn:aws:iam::111122223333:root", "account"),
            ("sso setting", "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "Identity Center permission set"),
            (
                "apigateway setting",
                "arn:aws:apigateway:us-east-1::/domainnames/intake.example.org",
                "API Gateway domain name",
            ),
            (
                "account",
                "AWS::EC2::EBSEncryptionByDefault/111122223333/us-east-1",
                "EC2 EBS encryption by default",
            ),
            ("account", "AWS::Region/111122223333/us-east-1", "region"),
            ("account", "aws-baa/111122223333", "account"),
            (
                "quicksight setting",
                "arn:aws:quicksight:us-east-1:111122223333:dataSource/x",
                "quicksight data source",
            ),
        ] {
            assert_eq!(noun(class, resource), words);
        }
        let two = [
            "arn:aws:ec2:us-east-1::snapshot/snap-1".to_string(),
            "arn:aws:ec2:us-east-1::image/ami-1".to_string(),
        ];
        assert_eq!(nouns("ec2 setting", &two), "EBS snapshot, EC2 image");
    }
}
