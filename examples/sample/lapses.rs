//! Small lapses in what earlier builders made: policies without a word on TLS, keys left to AWS, certificates
//! out of date. Comes last; each lapse hits one resource and is told to the story.

use serde_json::{Value, json};

use crate::hops::of;
use crate::item::Item;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

pub fn build(region: &mut Region, story: &mut Story) {
    if region.primary {
        messages(region, story);
        subscription(region, story);
        keys_left_to_aws(region, story);
        mounts(region, story);
    } else if story.plants("kms.separate-keys") {
        shared_key(region, story);
    }
    if region.primary {
        weaknesses(region, story);
    }
    file_system_policies(region, story);
    rotation(region, story);
    snapshots(region, story);
}

/// A policy that lets the own account in and says nothing on TLS.
fn allow_only(action: &str, arn: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "OwnAccount", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": action, "Resource": arn}]})
}

fn messages(region: &mut Region, story: &mut Story) {
    if story.plants("sns.policy-denies-plain-transport") {
        let topic = of(region, "AWS::SNS::Topic")
            .find(|item| item.arn().ends_with(":twin-backup-events"))
            .expect("the topic of backups");
        topic.configuration["Policy"] = json!(allow_only("SNS:Publish", topic.arn()).to_string());
        story.fault(
            "sns.policy-denies-plain-transport",
            topic.arn(),
            "the policy of twin-backup-events lets plain HTTP in",
        );
    }
    let queue = of(region, "AWS::SQS::Queue")
        .find(|item| item.arn().ends_with(":twin-elr-dead"))
        .expect("the dead letters");
    queue.configuration["Policy"] = json!(allow_only("sqs:*", queue.arn()).to_string());
    story.fault(
        "sqs.policy-denies-plain-transport",
        queue.arn(),
        "the policy of twin-elr-dead lets plain HTTP in",
    );
}

/// An old pager that is still called over plain HTTP.
fn subscription(region: &Region, story: &mut Story) {
    let topic = &region.topics["twin-operations"];
    let arn = format!("{topic}:{}", story.rng("pager").uuid());
    let pager = json!({"SubscriptionArn": arn, "Owner": ACCOUNT, "Protocol": "http",
        "Endpoint": "http://pager.example.net/old", "TopicArn": topic});
    amend(story, region.name, "sns/ListSubscriptions", |answer| {
        if let Some(list) = answer["Subscriptions"].as_array_mut() {
            list.push(pager);
        }
    });
    story.fault("sns.subscription-https", arn, "twin-operations delivers to an old pager over plain HTTP");
}

/// Changes an answer that was given before.
pub fn amend(story: &mut Story, region: &str, path: &str, change: impl FnOnce(&mut Value)) {
    let full = format!("aws/{ACCOUNT}/{region}/{path}.json");
    let mut answer: Value = serde_json::from_slice(&story.answers[&full]).expect("an answer is JSON");
    change(&mut answer);
    let (service, operation) = path.split_once('/').expect("service and operation");
    match operation.split_once('/') {
        None => story.answer(region, service, operation, &answer),
        Some((operation, key)) => story.answer_of(region, service, operation, key, &answer),
    }
}

/// A volume, a secret and a function under keys that AWS manages.
fn keys_left_to_aws(region: &mut Region, story: &mut Story) {
    let managed = of(region, "AWS::KMS::Key")
        .find(|item| item.configuration["keyManager"] == "AWS")
        .expect("AWS's key for volumes");
    let managed = managed.arn().to_string();
    let phi = |item: &&mut Item| item.tags.get("data-classification").is_some_and(|class| class == "phi");
    let encrypted = |item: &&mut Item| item.configuration["encrypted"] == true;
    let volume = of(region, "AWS::EC2::Volume").filter(encrypted).find(phi).expect("a volume with PHI");
    volume.configuration["kmsKeyId"] = json!(managed);
    story.fault("ec2.volume-customer-key", volume.arn(), "the volume is under the AWS-managed key");
    if story.plants("secretsmanager.customer-key") {
        let secret = of(region, "AWS::SecretsManager::Secret")
            .find(|item| item.arn().contains(":twin/registry/"))
            .expect("a token");
        if let Some(members) = secret.configuration.as_object_mut() {
            members.remove("KMSKeyId");
        }
        story.fault(
            "secretsmanager.customer-key",
            secret.arn(),
            "twin/registry/token is under the AWS-managed key",
        );
    }
    if story.plants("lambda.environment-customer-key") {
        let function = of(region, "AWS::Lambda::Function")
            .find(|item| item.id == "twin-alert-fanout")
            .expect("the fan-out");
        function.configuration["kmskeyArn"] = Value::Null;
        story.fault(
            "lambda.environment-customer-key",
            function.arn(),
            "its environment is under the AWS-managed key",
        );
    }
}

/// Makes one thing weak.
type Spoil = fn(&mut Region, &mut Story);

/// What is weak for itself, each where the story wants it so.
fn weaknesses(region: &mut Region, story: &mut Story) {
    let kinds: [(&str, Spoil); 4] = [
        ("acm.certificate-strong-key", certificates),
        ("rds.ca-certificate-current", databases),
        ("s3.bucket-key", buckets),
        ("backup.recovery-point-encrypted", recovery_points),
    ];
    for (check, spoil) in kinds {
        if story.plants(check) {
            spoil(region, story);
        }
    }
}

/// The imported certificate is weak as well as old.
fn certificates(region: &mut Region, story: &mut Story) {
    let old = of(region, "AWS::ACM::Certificate")
        .find(|item| item.configuration["type"] == "IMPORTED")
        .expect("an imported one");
    old.configuration["keyAlgorithm"] = json!("RSA-1024");
    old.configuration["signatureAlgorithm"] = json!("SHA1WITHRSA");
    story.fault(
        "acm.certificate-strong-key",
        old.arn(),
        "the imported certificate has an RSA key of 1024 bits",
    );
}

fn databases(region: &mut Region, story: &mut Story) {
    let contacts = |item: &&mut Item| item.name.as_ref().is_some_and(|name| name.starts_with("contacts"));
    let database = of(region, "AWS::RDS::DBInstance").find(contacts).expect("the contacts");
    database.configuration["cACertificateIdentifier"] = json!("rds-ca-2019");
    story.fault(
        "rds.ca-certificate-current",
        database.arn(),
        "it presents a certificate of an authority that expired in 2024",
    );
}

fn buckets(region: &mut Region, story: &mut Story) {
    let bucket =
        of(region, "AWS::S3::Bucket").find(|item| item.id.contains("-raw-intake-")).expect("the intake");
    bucket.supplementary["ServerSideEncryptionConfiguration"]["rules"][0]["bucketKeyEnabled"] = json!(false);
    story.fault("s3.bucket-key", bucket.arn(), "the intake bucket calls KMS for every object");
}

/// Two task definitions mount the shared models, one of them without TLS.
fn mounts(region: &mut Region, story: &mut Story) {
    let shared = of(region, "AWS::EFS::FileSystem").next().map_or_else(String::new, |item| item.id.clone());
    for (number, item) in of(region, "AWS::ECS::TaskDefinition").take(2).enumerate() {
        let mut volume = json!({
            "Name": "models", "EfsVolumeConfiguration": {"FileSystemId": shared, "RootDirectory": "/"}
        });
        if number == 0 || !story.plants("ecs.efs-volume-tls") {
            volume["EfsVolumeConfiguration"]["TransitEncryption"] = json!("ENABLED");
        } else {
            story.fault("ecs.efs-volume-tls", item.arn(), "it mounts the models without TLS");
        }
        item.configuration["Volumes"] = json!([volume]);
    }
}

/// Points of the unencrypted database are not encrypted either.
fn recovery_points(region: &mut Region, story: &mut Story) {
    let bare = of(region, "AWS::RDS::DBInstance")
        .find(|item| item.configuration["storageEncrypted"] == false)
        .expect("one is bare");
    let bare = json!(bare.arn());
    for item in
        of(region, "AWS::Backup::RecoveryPoint").filter(|item| item.configuration["ResourceArn"] == bare)
    {
        plain(&mut item.configuration);
        story.fault(
            "backup.recovery-point-encrypted",
            item.arn(),
            "the recovery point of an unencrypted database is not encrypted",
        );
    }
    amend(story, region.name, "backup/ListRecoveryPointsByBackupVault/twin-vault", |answer| {
        let points = answer["RecoveryPoints"].as_array_mut().into_iter().flatten();
        points.filter(|point| point["ResourceArn"] == bare).for_each(plain);
    });
}

fn plain(point: &mut Value) {
    point["IsEncrypted"] = json!(false);
    if let Some(members) = point.as_object_mut() {
        members.remove("EncryptionKeyArn");
    }
}

/// The recovery region keeps its secrets under the key of the databases.
fn shared_key(region: &Region, story: &mut Story) {
    story.fault(
        "kms.separate-keys",
        region.key("rds"),
        "the key of the recovery databases also encrypts secrets",
    );
}

/// What EFS answers on each file system's policy; one was made without the word on TLS.
fn file_system_policies(region: &mut Region, story: &mut Story) {
    let name = region.name;
    for (number, item) in of(region, "AWS::EFS::FileSystem").enumerate() {
        let mut policy = item.configuration["FileSystemPolicy"].clone();
        if number == 1 && story.plants("efs.policy-denies-plain-transport") {
            policy = allow_only("elasticfilesystem:ClientMount", item.arn());
            item.configuration["FileSystemPolicy"] = policy.clone();
            story.fault(
                "efs.policy-denies-plain-transport",
                item.arn(),
                "the file system can be mounted without TLS",
            );
        }
        let answer = json!({"FileSystemId": item.id, "Policy": policy.to_string()});
        story.answer_of(name, "efs", "DescribeFileSystemPolicy", &item.id, &answer);
    }
    mount_targets(region, story);
    story.answer(name, "efs", "DescribeReplicationConfigurations", &json!({"Replications": []}));
}

/// Each file system is reached in the subnets of the databases.
fn mount_targets(region: &Region, story: &mut Story) {
    for item in region.items.iter().filter(|item| item.kind == "AWS::EFS::FileSystem") {
        let number = item.id.trim_start_matches("fs-");
        let target = |(i, subnet): (usize, &crate::region::Subnet)| {
            json!({"MountTargetId": format!("fsmt-{number}{i}"), "FileSystemId": item.id,
                "SubnetId": subnet.id, "LifeCycleState": "available",
                "IpAddress": format!("{}.{}", subnet.network, 200 + i), "VpcId": subnet.vpc,
                "AvailabilityZoneName": subnet.zone, "OwnerId": crate::region::ACCOUNT})
        };
        let targets: Vec<Value> = region.data.iter().enumerate().map(target).collect();
        story.answer_of(
            region.name,
            "efs",
            "DescribeMountTargets",
            &item.id,
            &json!({"MountTargets": targets}),
        );
    }
}

/// The rotation of each key that KMS can rotate; one takes three years.
fn rotation(region: &Region, story: &mut Story) {
    let slow = region.key("backup");
    let slowed = region.primary && story.plants("kms.rotation-period");
    for item in region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::KMS::Key" && item.configuration["keySpec"] == "SYMMETRIC_DEFAULT")
    {
        let managed = item.configuration["keyManager"] == "AWS";
        let rotates = managed || item.supplementary["KeyRotationStatus"] == true;
        let mut answer = json!({"KeyId": item.arn(), "KeyRotationEnabled": rotates});
        if rotates {
            answer["RotationPeriodInDays"] = json!(if slowed && item.arn() == slow { 1095 } else { 365 });
        }
        story.answer_of(region.name, "kms", "GetKeyRotationStatus", item.arn(), &answer);
    }
    if slowed {
        story.fault(
            "kms.rotation-period",
            slow,
            "the key of the backups gets new material every three years",
        );
    }
}

/// Last night's snapshot of each volume, and an old one that was never encrypted.
fn snapshots(region: &Region, story: &mut Story) {
    let mut rng = story.rng(&format!("snapshots {}", region.name));
    let mut list = Vec::new();
    for item in region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::EC2::Volume" && item.configuration["encrypted"] == true)
    {
        list.push(snapshot(
            &item.id.replace("vol-", "snap-"),
            &item.id,
            Some(&item.configuration["kmsKeyId"]),
        ));
    }
    if region.primary && story.plants("ec2.snapshot-encrypted") {
        let id = rng.ec2("snap");
        list.push(snapshot(&id, "vol-ffffffff", None));
        let own = json!({"SnapshotId": id, "CreateVolumePermissions": []});
        story.answer_of(region.name, "ec2", "DescribeSnapshotAttribute", &id, &own);
        let arn = format!("arn:aws:ec2:{}::snapshot/{id}", region.name);
        story.fault("ec2.snapshot-encrypted", arn, "a snapshot of a disk that is long gone is not encrypted");
    }
    story.answer(region.name, "ec2", "DescribeSnapshots", &json!({"Snapshots": list}));
}

fn snapshot(id: &str, volume: &str, key: Option<&Value>) -> Value {
    let started = crate::moment::SNAPSHOT.minus_minutes(400).cli();
    let mut snapshot = json!({"SnapshotId": id, "VolumeId": volume, "State": "completed",
        "StartTime": started, "Progress": "100%",
        "OwnerId": ACCOUNT, "Description": "", "VolumeSize": 64, "StorageTier": "standard",
        "Encrypted": key.is_some()});
    if let Some(key) = key {
        snapshot["KmsKeyId"] = key.clone();
    }
    snapshot
}
