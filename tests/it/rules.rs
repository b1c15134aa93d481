//! What real accounts look like, and what must not be said of them. Each sentence has items as AWS writes
//! them, which go the whole way: read, loaded, made into the catalog's tables, judged. The cases of the
//! checks begin at the tables; these begin at the bytes.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item, unzip};

fn at(arn: &str, resource_type: &str, configuration: Value) -> Value {
    let id = arn.rsplit([':', '/']).next().unwrap_or(arn);
    let mut item = item(resource_type, id, configuration);
    item["ARN"] = json!(arn);
    item
}

fn with(mut item: Value, supplementary: Value) -> Value {
    item["supplementaryConfiguration"] = supplementary;
    item
}

const ELB: &str = "arn:aws:elasticloadbalancing:us-east-1:111122223333";

fn listener(name: &str, kind: &str, protocol: &str, action: Value) -> Value {
    let balancer = format!("{ELB}:loadbalancer/{kind}/twin/1");
    let configuration = json!({
        "LoadBalancerArn": balancer, "Port": 443, "Protocol": protocol, "Certificates": [],
        "DefaultActions": [action]
    });
    at(
        &format!("{ELB}:listener/{kind}/twin/1/{name}"),
        "AWS::ElasticLoadBalancingV2::Listener",
        configuration,
    )
}

fn group(name: &str, protocol: &str) -> Value {
    let configuration = json!({ "TargetGroupName": name, "TargetType": "ip", "Protocol": protocol,
        "Port": 443, "HealthCheckProtocol": "HTTP", "HealthCheckPort": "80", "HealthCheckPath": "/",
        "LoadBalancerArns": [format!("{ELB}:loadbalancer/app/twin/1")] });
    at(&format!("{ELB}:targetgroup/{name}/1"), "AWS::ElasticLoadBalancingV2::TargetGroup", configuration)
}

fn balancers() -> Vec<Value> {
    let forward = json!({ "Type": "forward", "TargetGroupArn": format!("{ELB}:targetgroup/over-tls/1") });
    let redirect = json!({
        "Type": "redirect", "RedirectConfig": { "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301" }
    });
    let fixed = json!({ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } });
    let classic = at(
        &format!("{ELB}:loadbalancer/classic"),
        "AWS::ElasticLoadBalancing::LoadBalancer",
        json!({ "loadBalancerName": "classic", "scheme": "internal", "listenerDescriptions": [
            { "listener": { "protocol": "TCP", "loadBalancerPort": 443, "instanceProtocol": "TCP",
                "instancePort": 443 }, "policyNames": [] } ],
            "healthCheck": { "target": "HTTP:80/" } }),
    );
    vec![
        listener("through", "net", "TCP", forward.clone()),
        classic,
        listener("by-default", "app", "HTTP", redirect),
        listener("by-rules", "app", "HTTP", fixed),
        listener("in-clear", "app", "HTTP", forward),
        group("over-tls", "HTTPS"),
        group("in-the-clear", "HTTP"),
    ]
}

fn distribution(id: &str, certificate: Value, origins: Value) -> Value {
    let behavior = json!({ "viewerProtocolPolicy": "https-only", "targetOriginId": "o" });
    let configuration = json!({ "id": id, "status": "Deployed",
        "distributionConfig": { "enabled": true, "viewerCertificate": certificate,
        "origins": { "quantity": 1, "items": origins }, "defaultCacheBehavior": behavior,
        "cacheBehaviors": { "quantity": 0, "items": [] } } });
    let mut item = at(
        &format!("arn:aws:cloudfront::111122223333:distribution/{id}"),
        "AWS::CloudFront::Distribution",
        configuration,
    );
    item["awsRegion"] = json!("us-east-1");
    item
}

fn distributions() -> Vec<Value> {
    let s3 = json!([{
        "id": "o", "domainName": "files.s3.us-east-1.amazonaws.com",
        "s3OriginConfig": { "originAccessIdentity": "" }
    }]);
    vec![distribution(
        "EDEFAULT",
        json!({ "cloudFrontDefaultCertificate": true, "minimumProtocolVersion": "TLSv1" }),
        s3,
    )]
}

fn bucket(name: &str, supplementary: Value) -> Value {
    with(
        at(
            &format!("arn:aws:s3:::{name}"),
            "AWS::S3::Bucket",
            json!({ "name": name, "creationDate": "2019-02-12T07:21:45.000Z" }),
        ),
        supplementary,
    )
}

fn policy(statements: Value) -> Value {
    json!({
        "BucketPolicy": {
            "policyText": json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
        },
        "AccessControlList":
            json!({ "grantSet": null, "grantList": [], "owner": { "id": "x" } }).to_string()
    })
}

fn stores() -> Vec<Value> {
    let read = |condition: Value| {
        let mut statement =
            json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*" });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        json!([statement])
    };
    let aes = json!({
        "rules": [{ "applyServerSideEncryptionByDefault": { "sseAlgorithm": "AES256",
            "kmsMasterKeyID": null }, "bucketKeyEnabled": false }]
    });
    vec![
        bucket("before-2023", json!({ "BucketPolicy": { "policyText": null } })),
        bucket(
            "takes-logs",
            json!({ "BucketPolicy": { "policyText": null }, "ServerSideEncryptionConfiguration": aes }),
        ),
        bucket(
            "sends-logs",
            json!({ "BucketPolicy": { "policyText": null }, "ServerSideEncryptionConfiguration": aes,
            "BucketLoggingConfiguration": { "destinationBucketName": "takes-logs", "logFilePrefix": "" } }),
        ),
        bucket(
            "denies-all",
            policy(json!([{ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" }])),
        ),
        bucket(
            "of-the-organization",
            policy(read(json!({ "StringEquals": { "aws:PrincipalOrgID": "o-example1234" } }))),
        ),
        bucket(
            "of-a-source",
            policy(read(json!({
                "ArnLike": { "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:111122223333:trail/all" }
            }))),
        ),
        bucket("of-an-endpoint", policy(read(json!({ "StringEquals": { "aws:SourceVpce": "vpce-1" } })))),
        bucket("of-everybody", policy(read(Value::Null))),
        at(
            "arn:aws:dynamodb:us-east-1:111122223333:table/owned",
            "AWS::DynamoDB::Table",
            json!({ "tableName": "owned", "tableStatus": "ACTIVE" }),
        ),
        at(
            "arn:aws:eks:us-east-1:111122223333:cluster/new",
            "AWS::EKS::Cluster",
            json!({ "Name": "new", "Version": "1.28" }),
        ),
        at(
            "arn:aws:eks:us-east-1:111122223333:cluster/old",
            "AWS::EKS::Cluster",
            json!({ "Name": "old", "Version": "1.27" }),
        ),
        at(
            "arn:aws:sqs:us-east-1:111122223333:silent",
            "AWS::SQS::Queue",
            json!({ "QueueName": "silent", "CreatedTimestamp": "1618263401" }),
        ),
        at(
            "arn:aws:kinesis:us-east-1:111122223333:stream/silent",
            "AWS::Kinesis::Stream",
            json!({ "Name": "silent" }),
        ),
    ]
}

fn database(id: &str, engine: &str, version: &str, more: Value) -> Value {
    let mut configuration = json!({ "dBInstanceIdentifier": id, "engine": engine, "engineVersion": version,
        "dBInstanceStatus": "available", "storageEncrypted": true, "publiclyAccessible": false,
        "dBParameterGroups": [{ "dBParameterGroupName": "twin", "parameterApplyStatus": "in-sync" }] });
    for (name, value) in more.as_object().expect("members") {
        configuration[name] = value.clone();
    }
    at(&format!("arn:aws:rds:us-east-1:111122223333:db:{id}"), "AWS::RDS::DBInstance", configuration)
}

fn cluster(id: &str, engine: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members
        .iter()
        .map(|m| {
            json!({
                "dbinstanceIdentifier": m, "isClusterWriter": true, "dbclusterParameterGroupStatus": "in-sync"
            })
        })
        .collect();
    let configuration = json!({ "dbclusterIdentifier": id, "engine": engine, "engineVersion": "15.4",
        "storageEncrypted": true, "backupRetentionPeriod": 14,
        "deletionProtection": true, "dbclusterParameterGroup": "twin-cluster", "dbclusterMembers": members });
    at(&format!("arn:aws:rds:us-east-1:111122223333:cluster:{id}"), "AWS::RDS::DBCluster", configuration)
}

fn databases() -> Vec<Value> {
    let group = |name: &str, status: &str| {
        json!({
            "dBParameterGroups": [{ "dBParameterGroupName": name, "parameterApplyStatus": status }]
        })
    };
    // A member says false of what its cluster holds.
    let member = |of: &str| {
        json!({
            "dBClusterIdentifier": of, "storageEncrypted": false, "backupRetentionPeriod": 0,
            "deletionProtection": false
        })
    };
    vec![
        database("pg14-unsaid", "postgres", "14.9", group("unsaid", "in-sync")),
        database("pg15-default", "postgres", "15.4", group("unsaid", "in-sync")),
        database("pg14-forced", "postgres", "14.9", group("forced", "in-sync")),
        database("pg14-waiting", "postgres", "14.9", group("forced", "pending-reboot")),
        cluster("aurora", "aurora-postgresql", &["aurora-1"]),
        database("aurora-1", "aurora-postgresql", "15.4", member("aurora")),
        cluster("papers", "docdb", &["papers-1"]),
        database("papers-1", "docdb", "5.0.0", member("papers")),
        cluster("graph", "neptune", &["graph-1"]),
        database("graph-1", "neptune", "1.3.0.0", member("graph")),
        database(
            "replica",
            "postgres",
            "15.4",
            json!({
                "readReplicaSourceDBInstanceIdentifier": "pg15-default", "backupRetentionPeriod": 0,
                "multiAZ": false
            }),
        ),
    ]
}

fn key(id: &str, more: Value, rotation: Value, statements: Value) -> Value {
    let mut configuration = json!({
        "keyId": id, "keyManager": "CUSTOMER", "keyState": "Enabled", "keySpec": "SYMMETRIC_DEFAULT",
        "keyUsage": "ENCRYPT_DECRYPT", "origin": "AWS_KMS"
    });
    for (name, value) in more.as_object().expect("members") {
        configuration[name] = value.clone();
    }
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    with(
        at(&format!("arn:aws:kms:us-east-1:111122223333:key/{id}"), "AWS::KMS::Key", configuration),
        json!({ "KeyRotationStatus": rotation, "Policy": policy }),
    )
}

fn keys() -> Vec<Value> {
    let root = json!([{
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
        "Action": "kms:*", "Resource": "*"
    }]);
    let one = |id: &str, more: Value| key(id, more, json!(false), root.clone());
    vec![
        one("rotates-not", json!({})),
        one("of-aws", json!({ "keyManager": "AWS" })),
        one("asymmetric", json!({ "keySpec": "RSA_4096" })),
        one("hmac", json!({ "keySpec": "HMAC_256", "keyUsage": "GENERATE_VERIFY_MAC" })),
        one("imported", json!({ "origin": "EXTERNAL" })),
        one("in-a-custom-store", json!({ "origin": "AWS_CLOUDHSM" })),
    ]
}

fn role(path: &str, name: &str, trust: Value, statements: Value) -> Value {
    let trusted = json!({ "Version": "2012-10-17", "Statement": trust }).to_string();
    let inline = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let configuration = json!({ "path": path, "roleName": name, "roleId": name,
        "assumeRolePolicyDocument": trusted,
        "rolePolicyList": [{ "policyName": "own", "policyDocument": inline }], "attachedManagedPolicies": [],
        "instanceProfileList": [] });
    at(&format!("arn:aws:iam::111122223333:role{path}{name}"), "AWS::IAM::Role", configuration)
}

fn roles() -> Vec<Value> {
    let wide = json!([{ "Effect": "Allow", "Action": "*", "Resource": "*" }]);
    let narrow = json!([{ "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" }]);
    let service = json!([{
        "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole"
    }]);
    let foreign = |condition: Value| {
        json!([{
            "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::444455556666:root" },
            "Action": "sts:AssumeRole", "Condition": condition
        }])
    };
    vec![
        role("/aws-service-role/x.amazonaws.com/", "AWSServiceRoleForX", service.clone(), wide.clone()),
        role("/aws-reserved/sso.amazonaws.com/", "AWSReservedSSO_Admin_1", service.clone(), wide.clone()),
        role("/", "wide", service, wide),
        role(
            "/",
            "sister",
            foreign(json!({ "StringEquals": { "aws:PrincipalOrgID": "o-example1234" } })),
            narrow.clone(),
        ),
        role("/", "stranger", foreign(json!({})), narrow),
    ]
}

fn machines() -> Vec<Value> {
    let off = json!({
        "state": { "name": "running" },
        "metadataOptions": { "httpEndpoint": "disabled", "httpTokens": "optional" }
    });
    let loose = json!({
        "state": { "name": "running" },
        "metadataOptions": { "httpEndpoint": "enabled", "httpTokens": "optional" }
    });
    vec![
        at(
            "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-empty",
            "AWS::EC2::VPC",
            json!({ "vpcId": "vpc-empty", "isDefault": true }),
        ),
        at("arn:aws:ec2:us-east-1:111122223333:instance/i-off", "AWS::EC2::Instance", off),
        at("arn:aws:ec2:us-east-1:111122223333:instance/i-loose", "AWS::EC2::Instance", loose),
    ]
}

fn plan(name: &str, days: &[u64]) -> Value {
    let rules: Vec<Value> = days
        .iter()
        .map(|d| json!({
            "RuleName": format!("{d}"), "TargetBackupVault": "v", "ScheduleExpression": "cron(0 5 ? * * *)",
            "Lifecycle": { "DeleteAfterDays": d }
        }))
        .collect();
    at(
        &format!("arn:aws:backup:us-east-1:111122223333:backup-plan:{name}"),
        "AWS::Backup::BackupPlan",
        json!({ "BackupPlanId": name, "BackupPlan": { "BackupPlanName": name, "BackupPlanRule": rules } }),
    )
}

/// An answer's file, called after what was asked: other characters than these are percent-encoded.
fn named(key: &str) -> String {
    key.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"._-".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// What each check itself says of each resource, and why. What was not collected here takes a verdict away
/// later, which is the engine's part and has tests of its own.
fn own_words(box_: &Sandbox) -> Vec<[String; 4]> {
    box_.affiant(&["collect", "--snapshot", "in"]);
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let mut reader = csv::Reader::from_path(folder.join("data/tables/result.csv")).expect("a table");
    let head = reader.headers().expect("a head").clone();
    let places = ["check_id", "resource", "sql_verdict", "reason"]
        .map(|name| head.iter().position(|h| h == name).expect("a column"));
    reader
        .records()
        .map(|record| record.expect("a row"))
        .map(|record| places.map(|place| record[place].to_string()))
        .collect()
}

/// One run of all of them, judged once.
fn judged() -> &'static [[String; 4]] {
    static JUDGED: OnceLock<Vec<[String; 4]>> = OnceLock::new();
    JUDGED.get_or_init(|| {
        let box_ = Sandbox::default().workspace();
        box_.write("program/exceptions.yaml", "exceptions: []\n");
        let mut items =
            [balancers(), distributions(), stores(), databases(), keys(), roles(), machines()].concat();
        items.extend([
            plan("one-long-rule", &[35, 2557]),
            plan("short", &[35]),
            plan("a-calendar-short", &[2555]),
        ]);
        box_.snapshot("in", &items);
        let here = "in/aws/111122223333/us-east-1";
        let redirect = json!({
            "Type": "redirect", "RedirectConfig": { "Protocol": "HTTPS", "StatusCode": "HTTP_301" }
        });
        let fixed = json!({ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } });
        let rule = |name: &str, default: bool, action: &Value| {
            json!({ "RuleArn": format!("{ELB}:listener-rule/app/twin/1/{name}"),
                "Priority": if default { "default" } else { "1" },
            "IsDefault": default, "Conditions": [], "Actions": [action] })
        };
        for (listener, rules) in [
            ("by-default", json!([rule("d1", true, &redirect)])),
            ("by-rules", json!([rule("r1", false, &redirect), rule("d2", true, &fixed)])),
        ] {
            let key = named(&format!("{ELB}:listener/app/twin/1/{listener}"));
            box_.write(
                &format!("{here}/elbv2/DescribeRules/{key}.json"),
                json!({ "Rules": rules }).to_string(),
            );
        }
        let forced = json!({ "ParameterName": "rds.force_ssl", "ParameterValue": "1", "Source": "user" });
        let other = json!({ "ParameterName": "log_statement", "ParameterValue": "all", "Source": "user" });
        for (group, parameter) in [("unsaid", other), ("forced", forced)] {
            box_.write(
                &format!("{here}/rds/DescribeDBParameters/{group}.json"),
                json!({ "Parameters": [parameter] }).to_string(),
            );
        }
        own_words(&box_)
    })
}

/// Verdict and reason of the one row of a check whose resource ends so; `none` where the
/// check has no such row.
fn said(check: &str, resource: &str) -> (String, String) {
    let found: Vec<&[String; 4]> =
        judged().iter().filter(|row| row[0] == check && row[1].ends_with(resource)).collect();
    assert!(found.len() <= 1, "{check} says {} things of {resource}", found.len());
    found.first().map_or(("none".into(), String::new()), |row| (row[2].clone(), row[3].clone()))
}

#[track_caller]
fn holds(expected: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = expected
        .iter()
        .filter_map(|(id, resource, verdict)| {
            let (got, reason) = said(id, resource);
            (got != *verdict).then(|| format!("{id} of {resource}: expected {verdict}, got {got}: {reason}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_passes_through_is_not_evidenced_and_health_checks_do_not_count() {
    holds(&[
        ("elb.listener-tls-policy", "/through", "not evidenced"),
        ("elb.listener-tls-policy", "/classic#443", "not evidenced"),
        ("elb.targets-use-tls", "/classic#443", "not evidenced"),
        ("elb.targets-use-tls", "/over-tls/1", "met"),
        ("elb.targets-use-tls", "/in-the-clear/1", "not met"),
    ]);
}

#[test]
fn a_redirect_is_met_by_default_and_in_rules() {
    holds(&[
        ("elb.http-redirects-to-https", "/by-default", "met"),
        ("elb.http-redirects-to-https", "/by-rules", "met"),
        ("elb.http-redirects-to-https", "/in-clear", "not met"),
    ]);
}

#[test]
fn the_default_certificate_is_not_met_and_s3_origins_have_no_protocol() {
    holds(&[
        ("cloudfront.viewer-https", "EDEFAULT", "not met"),
        ("cloudfront.origin-https", "EDEFAULT", "not applicable"),
        ("cloudfront.origin-tls-version", "EDEFAULT", "not applicable"),
    ]);
}

#[test]
fn what_aws_encrypts_itself_is_never_called_unencrypted() {
    holds(&[
        ("dynamodb.customer-key", "table/owned", "not met"),
        ("s3.default-encryption-kms", ":before-2023", "not evidenced"),
        ("s3.default-encryption-kms", ":sends-logs", "not met"),
        ("s3.default-encryption-kms", ":takes-logs", "not applicable"),
        ("eks.secrets-encrypted", "cluster/new", "met"),
        ("eks.secrets-encrypted", "cluster/old", "not met"),
        ("eks.secrets-customer-key", "cluster/new", "not met"),
        ("sqs.queue-encrypted", ":silent", "not evidenced"),
        ("kinesis.stream-encrypted", "stream/silent", "not evidenced"),
    ]);
    for (id, resource) in [
        ("dynamodb.customer-key", "table/owned"),
        ("s3.default-encryption-kms", ":before-2023"),
        ("s3.default-encryption-kms", ":sends-logs"),
        ("eks.secrets-customer-key", "cluster/new"),
        ("sqs.queue-encrypted", ":silent"),
    ] {
        let (_, reason) = said(id, resource);
        assert!(
            !reason.contains("unencrypted") && !reason.contains("not encrypted"),
            "{id} of {resource}: {reason}"
        );
    }
}

#[test]
fn an_absent_parameter_is_not_off_and_one_that_waits_is_not_on() {
    holds(&[
        ("rds.force-ssl", "db:pg14-unsaid", "not evidenced"),
        ("rds.force-ssl", "db:pg15-default", "met"),
        ("rds.force-ssl", "db:pg14-forced", "met"),
        ("rds.force-ssl", "db:pg14-waiting", "not met"),
    ]);
}

#[test]
fn members_are_judged_at_their_cluster() {
    for id in ["rds.storage-encrypted", "rds.deletion-protection"] {
        for (cluster, member) in [
            ("cluster:aurora", "db:aurora-1"),
            ("cluster:papers", "db:papers-1"),
            ("cluster:graph", "db:graph-1"),
        ] {
            holds(&[(id, cluster, "met"), (id, member, "none")]);
        }
    }
    holds(&[
        ("rds.automated-backups", "cluster:aurora", "met"),
        ("rds.automated-backups", "db:aurora-1", "none"),
    ]);
    let (verdict, reason) = said("rds.automated-backups", "db:replica");
    assert!(verdict == "not applicable" && reason.contains("replica of pg15-default"), "{verdict}: {reason}");
}

#[test]
fn rotation_is_asked_only_of_keys_that_can_rotate() {
    holds(&[
        ("kms.key-rotation", "key/rotates-not", "not met"),
        ("kms.key-rotation", "key/of-aws", "not applicable"),
        ("kms.key-rotation", "key/asymmetric", "not applicable"),
        ("kms.key-rotation", "key/hmac", "not applicable"),
        ("kms.key-rotation", "key/imported", "not applicable"),
        ("kms.key-rotation", "key/in-a-custom-store", "not applicable"),
        ("kms.key-policy-no-wildcard", "key/rotates-not", "met"),
    ]);
}

#[test]
fn a_bound_principal_is_not_the_public() {
    for bucket in [":denies-all", ":of-the-organization", ":of-a-source", ":of-an-endpoint"] {
        holds(&[("access.phi-store-not-public", bucket, "met"), ("s3.bucket-not-public", bucket, "met")]);
    }
    // whether a block of the account stands before it was not asked
    holds(&[
        ("access.phi-store-not-public", ":of-everybody", "not met"),
        ("s3.bucket-not-public", ":of-everybody", "not evidenced"),
    ]);
}

#[test]
fn roles_that_aws_writes_are_counted_and_not_judged() {
    // of Identity Center's role no permission set is in the evidence, so the role itself is judged; and
    // without the list of an organization nobody knows whose `o-example1234` is
    holds(&[
        ("iam.no-administrator-policy", "AWSServiceRoleForX", "not applicable"),
        ("iam.no-administrator-policy", "AWSReservedSSO_Admin_1", "not met"),
        ("iam.no-administrator-policy", "role/wide", "not met"),
        ("iam.role-trust-not-open", "role/sister", "not evidenced"),
        ("iam.role-trust-not-open", "role/stranger", "not evidenced"),
    ]);
}

#[test]
fn an_unused_network_is_counted_and_metadata_switched_off_is_met() {
    holds(&[
        ("ec2.vpc-flow-logs", "vpc/vpc-empty", "not applicable"),
        ("ec2.imdsv2-required", "instance/i-off", "met"),
        ("ec2.imdsv2-required", "instance/i-loose", "not met"),
    ]);
}

#[test]
fn one_long_rule_is_enough_and_2555_days_are_not_seven_years() {
    holds(&[
        ("backup.plan-retention", ":one-long-rule", "met"),
        ("backup.plan-retention", ":short", "not met"),
        ("backup.plan-retention", ":a-calendar-short", "not met"),
    ]);
}

/// A member account whose root has no credentials, and a GovCloud account, have no MFA to show; a root
/// with a password has.
#[test]
fn a_root_without_credentials_has_no_mfa_to_show() {
    for (account, region, password, verdict) in [
        ("111122223333", "us-east-1", 0, "not applicable"),
        ("111122223333", "us-gov-west-1", 1, "not applicable"),
        ("111122223333", "us-east-1", 1, "not met"),
    ] {
        let box_ = Sandbox::default().workspace();
        let mut volume = item("AWS::EC2::Volume", "vol-1", json!({ "encrypted": true }));
        let partition = if region.starts_with("us-gov") { "aws-us-gov" } else { "aws" };
        volume["ARN"] = json!(format!("arn:{partition}:ec2:{region}:{account}:volume/vol-1"));
        volume["awsRegion"] = json!(region);
        box_.snapshot("in", &[volume]);
        let summary = json!({
            "SummaryMap": { "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0,
                "AccountPasswordPresent": password, "AccountSigningCertificatesPresent": 0 }
        });
        box_.write(&format!("in/aws/{account}/aws-global/iam/GetAccountSummary.json"), summary.to_string());
        let rows = own_words(&box_);
        let row = rows
            .iter()
            .find(|row| row[0] == "iam.root-mfa" && row[1].ends_with(":root"))
            .expect("a row of the root user");
        assert_eq!(row[2], verdict, "{region} {password}: {}", row[3]);
    }
}
