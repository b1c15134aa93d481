//! The other places where data rests: DynamoDB, EFS, Kinesis and OpenSearch.

use serde_json::{Value, json};

use crate::item::{Item, Tags, lower_tags, pascal_tags, tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

const TABLES: [(&str, &str); 7] = [
    ("case-events", "phi"),
    ("consent-ledger", "phi"),
    ("contact-index", "phi"),
    ("visit-summaries", "phi"),
    ("alert-rules", "internal"),
    ("device-registry", "internal"),
    ("session-state", "internal"),
];
/// Tables that the story may spoil.
const LAX: [&str; 3] = ["consent-ledger", "contact-index", "visit-summaries"];

pub fn build(region: &mut Region, story: &mut Story) {
    tables(region, story);
    file_system(region, "twin-models", true);
    if region.primary {
        file_system(region, "twin-shared", true);
        stream(region, "twin-elr-ingest", 4);
        stream(region, "twin-syndromic-ingest", 8);
        domain(region);
    }
}

fn tables(region: &mut Region, story: &mut Story) {
    let forgets = region.primary && story.plants("dynamodb.point-in-time-recovery");
    let forgotten = forgets.then(|| *region.rng.pick(&LAX));
    let names = if region.primary { &TABLES[..] } else { &TABLES[..1] };
    for (role, class) in names {
        let careless = forgotten == Some(*role);
        let name = if careless { story.name(&format!("twin-{role}")) } else { format!("twin-{role}") };
        let tags = tags(&name, class, "prod", "data");
        let created = region.past(100, 900);
        let mut item = table(region, &name, &tags, created, !careless);
        if careless {
            item.configuration["deletionProtectionEnabled"] = json!(false);
            story.fault(
                "dynamodb.deletion-protection",
                item.arn(),
                format!("{name} can be deleted in one call"),
            );
            story.fault(
                "dynamodb.point-in-time-recovery",
                item.arn(),
                format!("{name} has no point-in-time recovery"),
            );
        }
        region.store(item.arn(), "DynamoDB", *class == "phi");
        region.push(item);
    }
}

/// A table under the region's DynamoDB key.
pub fn table(region: &mut Region, name: &str, tags: &Tags, created: Moment, recoverable: bool) -> Item {
    let arn = region.arn("dynamodb", &format!("table/{name}"));
    let configuration = json!({
        "tableName": name, "tableArn": arn, "tableId": region.rng.uuid(), "tableStatus": "ACTIVE",
        "creationDateTime": created.0, "attributeDefinitions": [{"attributeName": "pk", "attributeType": "S"},
            {"attributeName": "sk", "attributeType": "S"}],
        "keySchema": [{"attributeName": "pk", "keyType": "HASH"},
            {"attributeName": "sk", "keyType": "RANGE"}],
        "billingModeSummary": {"billingMode": "PAY_PER_REQUEST",
            "lastUpdateToPayPerRequestDateTime": created.0},
        "provisionedThroughput": {"numberOfDecreasesToday": 0, "readCapacityUnits": 0,
            "writeCapacityUnits": 0},
        "deletionProtectionEnabled": true,
        "ssedescription": {"status": "ENABLED", "ssetype": "KMS", "kmsmasterKeyArn": region.key("dynamodb")}
    });
    let mut recovery = json!({"pointInTimeRecoveryStatus": "DISABLED"});
    if recoverable {
        recovery = json!({
            "pointInTimeRecoveryStatus": "ENABLED", "earliestRestorableDateTime": SNAPSHOT.minus_days(35).0,
            "latestRestorableDateTime": SNAPSHOT.minus_minutes(6).0
        });
    }
    let extra = json!({
        "ContinuousBackupsDescription": {"continuousBackupsStatus": "ENABLED",
            "pointInTimeRecoveryDescription": recovery},
        "Tags": lower_tags(tags)
    });
    Item::new("AWS::DynamoDB::Table", name, arn, configuration)
        .named(name)
        .nowhere()
        .created(created)
        .tagged(tags)
        .supplementary(extra)
}

fn file_system(region: &mut Region, name: &str, phi: bool) {
    let id = region.rng.ec2("fs");
    let arn = region.arn("elasticfilesystem", &format!("file-system/{id}"));
    let tags = tags(name, if phi { "phi" } else { "internal" }, "prod", "modeling");
    let created = region.past(200, 900);
    let refuse = json!({"Sid": "RefusePlainTransport", "Effect": "Deny", "Principal": {"AWS": "*"},
        "Action": "*", "Resource": arn, "Condition": {"Bool": {"aws:SecureTransport": "false"}}});
    let configuration = json!({
        "Arn": arn, "FileSystemId": id, "Encrypted": true, "KmsKeyId": region.key("efs"),
        "PerformanceMode": "generalPurpose",
        "ThroughputMode": "elastic", "LifecyclePolicies": [{"TransitionToIA": "AFTER_30_DAYS"}],
        "BackupPolicy": {"Status": "ENABLED"},
        "FileSystemPolicy": {"Version": "2012-10-17", "Statement": [refuse]},
        "FileSystemTags": pascal_tags(&tags)
    });
    region.store(&arn, "EFS", phi);
    let item =
        Item::new("AWS::EFS::FileSystem", &id, arn, configuration).named(&id).created(created).tagged(&tags);
    region.push(item);
}

fn stream(region: &mut Region, name: &str, shards: u32) {
    let arn = region.arn("kinesis", &format!("stream/{name}"));
    let tags = tags(name, "phi", "prod", "ingest");
    let configuration = json!({
        "Arn": arn, "Name": name, "RetentionPeriodHours": 168, "ShardCount": shards,
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "StreamEncryption": {"EncryptionType": "KMS", "KeyId": region.key("kinesis")},
        "Tags": pascal_tags(&tags)
    });
    let item = Item::new("AWS::Kinesis::Stream", name, arn, configuration).named(name).tagged(&tags);
    region.push(item);
}

fn domain(region: &mut Region) {
    let name = "twin-search";
    let arn = region.arn("es", &format!("domain/{name}"));
    let tags = tags(name, "phi", "prod", "data");
    let configuration = domain_configuration(region, name, &arn, &tags);
    let item = Item::new("AWS::OpenSearch::Domain", name, arn, configuration).named(name).tagged(&tags);
    region.push(item);
}

fn domain_configuration(region: &mut Region, name: &str, arn: &str, tags: &Tags) -> Value {
    let group = region.log_group(format!("/aws/opensearch/{name}/audit"));
    let logs = json!({
        "CloudWatchLogsLogGroupArn": region.arn("logs", &format!("log-group:{group}")), "Enabled": true
    });
    let caller = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:role/twin-task-portal-api")});
    json!({
        "Id": format!("{ACCOUNT}/{name}"), "DomainName": name, "Arn": arn, "DomainArn": arn,
        "EngineVersion": "OpenSearch_2.19",
        "ClusterConfig": {"InstanceType": "r7g.large.search", "InstanceCount": 3,
            "DedicatedMasterEnabled": true, "DedicatedMasterCount": 3,
            "DedicatedMasterType": "m7g.large.search", "ZoneAwarenessEnabled": true,
            "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3}, "WarmEnabled": false},
        "EBSOptions": {"EBSEnabled": true, "VolumeType": "gp3", "VolumeSize": 200, "Iops": 3000,
            "Throughput": 125},
        "VPCOptions": {"SubnetIds": Region::subnet_ids(&region.data),
            "SecurityGroupIds": [region.group("search")]},
        "EncryptionAtRestOptions": {"Enabled": true, "KmsKeyId": region.key("search")},
        "NodeToNodeEncryptionOptions": {"Enabled": true},
        "DomainEndpointOptions": {"EnforceHTTPS": true, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
            "CustomEndpointEnabled": false},
        "AdvancedSecurityOptions": {"Enabled": true, "InternalUserDatabaseEnabled": false,
            "AnonymousAuthEnabled": false,
            "SAMLOptions": {"Enabled": true, "RolesKey": "groups", "SubjectKey": "",
                "SessionTimeoutMinutes": 15}},
        "LogPublishingOptions": {"AUDIT_LOGS": logs}, "SnapshotOptions": {"AutomatedSnapshotStartHour": 0},
        "CognitoOptions": {"Enabled": false},
        "AccessPolicies": {"Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": caller, "Action": "es:ESHttp*",
                "Resource": format!("{arn}/*")}]},
        "AdvancedOptions": {"rest.action.multi.allow_explicit_index": "true"}, "Tags": pascal_tags(tags)
    })
}
