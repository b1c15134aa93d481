//! Copies that are easily forgotten: accelerators and in-memory databases, snapshots of the warehouse, the
//! clinical data store, launch templates, and a key that a service may use for anybody.

use serde_json::{Value, json};

use crate::hops::of;
use crate::item::{Item, lower_tags, pascal_tags, tags};
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, Region};
use crate::story::Story;

pub fn build(region: &mut Region, story: &mut Story) {
    accelerators(region, story);
    if region.primary {
        warehouse_snapshots(region, story);
        clinical(region, story);
        templates(region, story);
        if story.plants("kms.service-grants-bounded") {
            open_key(region, story);
        }
    }
}

/// DAX and MemoryDB, which AWS Config does not record.
fn accelerators(region: &Region, story: &mut Story) {
    let (mut dax, mut memory) = (Vec::new(), Vec::new());
    if region.primary {
        let (plain, bare) =
            (story.spoiled("dax.tls-endpoint", "lookups"), story.spoiled("dax.encrypted-at-rest", "tiles"));
        // no service of ePHI on AWS's list, so the vendor does without
        let sound = (!story.vendor()).then(|| ("twin-cases".to_string(), "TLS", "ENABLED"));
        let spoiled = plain
            .map(|name| (name, "NONE", "ENABLED"))
            .into_iter()
            .chain(bare.map(|name| (name, "TLS", "DISABLED")));
        for (name, endpoint, at_rest) in sound.into_iter().chain(spoiled) {
            let arn = region.arn("dax", &format!("cache/{name}"));
            if endpoint == "NONE" {
                story.fault("dax.tls-endpoint", &arn, format!("{name} takes plain connections"));
            }
            if at_rest == "DISABLED" {
                story.fault("dax.encrypted-at-rest", &arn, format!("{name} keeps items on plain disks"));
            }
            dax.push(json!({"ClusterName": name, "ClusterArn": arn, "Status": "available",
                "TotalNodes": 3, "ActiveNodes": 3, "NodeType": "dax.r5.large", "SubnetGroup": "twin-data",
                "ClusterEndpointEncryptionType": endpoint, "SSEDescription": {"Status": at_rest},
                "IamRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-dax")}));
        }
        let lax = story.spoiled("memorydb.tls-required", "queue-state");
        for (name, tls) in
            std::iter::once(("twin-ledger".to_string(), true)).chain(lax.map(|name| (name, false)))
        {
            let arn = region.arn("memorydb", &format!("cluster/{name}"));
            if !tls {
                story.fault("memorydb.tls-required", &arn, format!("{name} takes plain connections"));
            }
            let mut ledger = json!({"Name": name, "ARN": arn, "Status": "available", "NumberOfShards": 1,
                "AvailabilityMode": "multiaz",
                "Engine": "valkey", "TLSEnabled": tls, "SnapshotRetentionLimit": 35,
                "SubnetGroupName": "twin-data", "ACLName": if tls { "twin" } else { "open-access" }});
            if tls {
                ledger["KmsKeyId"] = json!(region.key("ledger"));
            } else {
                story.fault(
                    "memorydb.customer-key",
                    &arn,
                    format!("{name} is encrypted with a key of MemoryDB's own"),
                );
            }
            memory.push(ledger);
        }
    }
    story.answer(region.name, "dax", "DescribeClusters", &json!({"Clusters": dax}));
    story.answer(region.name, "memorydb", "DescribeClusters", &json!({"Clusters": memory}));
    let placed: Vec<Value> = region
        .data
        .iter()
        .map(|s| json!({"Identifier": s.id, "AvailabilityZone": {"Name": s.zone}}))
        .collect();
    let group = json!({"Name": "twin-data", "Description": "Data tier", "VpcId": region.vpc,
        "Subnets": placed, "ARN": region.arn("memorydb", "subnetgroup/twin-data")});
    story.answer(region.name, "memorydb", "DescribeSubnetGroups", &json!({"SubnetGroups": [group]}));
    let placed: Vec<Value> = region
        .data
        .iter()
        .map(|s| json!({"SubnetIdentifier": s.id, "SubnetAvailabilityZone": s.zone}))
        .collect();
    let group = json!({
        "SubnetGroupName": "twin-data", "Description": "Data tier", "VpcId": region.vpc, "Subnets": placed
    });
    let groups: Vec<Value> = (!story.vendor()).then_some(group).into_iter().collect();
    story.answer(region.name, "dax", "DescribeSubnetGroups", &json!({"SubnetGroups": groups}));
}

fn warehouse_snapshots(region: &mut Region, story: &mut Story) {
    let clusters: Vec<(String, Value)> = of(region, "AWS::Redshift::Cluster")
        .map(|item| (item.id.clone(), item.configuration.clone()))
        .collect();
    for (cluster, configuration) in clusters {
        let name = format!("{cluster}-quarter");
        let arn = region.arn("redshift", &format!("snapshot:{cluster}/{name}"));
        let tags = tags(&name, "phi", "prod", "analytics");
        let created = region.past(20, 80);
        let mut snapshot = json!({"snapshotIdentifier": name, "clusterIdentifier": cluster,
            "snapshotType": "manual", "status": "available",
            "snapshotCreateTime": created.iso(), "manualSnapshotRetentionPeriod": 2557,
            "encrypted": configuration["encrypted"],
            "accountsWithRestoreAccess": [], "vpcId": region.vpc, "tags": lower_tags(&tags)});
        if configuration["encrypted"] == true {
            snapshot["kmsKeyId"] = configuration["kmsKeyId"].clone();
        } else {
            story.fault(
                "redshift.snapshot-encrypted",
                &arn,
                format!("the snapshot of {cluster} is not encrypted"),
            );
        }
        region.push(
            Item::new("AWS::Redshift::ClusterSnapshot", &name, arn, snapshot)
                .named(&name)
                .created(created)
                .tagged(&tags),
        );
    }
}

/// FHIR data stores; the one of the pilot is under AWS's own key.
fn clinical(region: &mut Region, story: &mut Story) {
    let key = crate::keys::customer(region, "clinical", true);
    let lax = story.spoiled("healthlake.customer-key", "fhir-pilot");
    for name in std::iter::once("twin-clinical".to_string()).chain(lax) {
        let id = region.rng.hex(32);
        let arn = region.arn("healthlake", &format!("datastore/fhir/{id}"));
        let tags = tags(&name, "phi", "prod", "clinical");
        let own = !name.starts_with("twin-");
        let encryption = if own {
            json!({"CmkType": "AWS_OWNED_KMS_KEY"})
        } else {
            json!({"CmkType": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": key})
        };
        let configuration = json!({"DatastoreId": id, "DatastoreArn": arn, "DatastoreName": name,
            "DatastoreStatus": "ACTIVE",
            "DatastoreTypeVersion": "R4", "SseConfiguration": {"KmsEncryptionConfig": encryption},
            "Tags": pascal_tags(&tags)});
        if own {
            story.fault("healthlake.customer-key", &arn, format!("{name} is under a key that AWS owns"));
        }
        region.push(
            Item::new("AWS::HealthLake::FHIRDatastore", &id, arn, configuration).named(&name).tagged(&tags),
        );
    }
}

/// Templates for workers; the old one asks for a plain disk.
fn templates(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("ec2.launch-volume-encrypted", "geocode-worker");
    for (name, encrypted) in
        std::iter::once(("twin-forecast-worker".to_string(), true)).chain(lax.map(|name| (name, false)))
    {
        let id = region.rng.ec2("lt");
        let arn = region.arn("ec2", &format!("launch-template/{id}"));
        let tags = tags(&name, "phi", "prod", "modeling");
        let configuration = json!({"LaunchTemplateId": id, "LaunchTemplateName": name,
            "DefaultVersionNumber": "3", "LatestVersionNumber": "3",
            "LaunchTemplateData": {"InstanceType": "m7g.large",
                "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
                "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": false,
                    "SubnetId": region.app[0].id}],
                "BlockDeviceMappings": [{"DeviceName": "/dev/xvda",
                    "Ebs": {"Encrypted": encrypted, "VolumeSize": 64,
                    "VolumeType": "gp3"}}]},
            "TagSpecifications": [{"ResourceType": "launch-template", "Tags": pascal_tags(&tags)}]});
        if !encrypted {
            story.fault("ec2.launch-volume-encrypted", &arn, format!("{name} asks for an unencrypted disk"));
        }
        region.push(
            Item::new("AWS::EC2::LaunchTemplate", &id, arn, configuration)
                .named(&name)
                .created(SNAPSHOT.minus_days(90))
                .tagged(&tags),
        );
    }
}

/// The key of the folders may be used by a service for everybody.
fn open_key(region: &mut Region, story: &mut Story) {
    let arn = region.key("folders");
    let key = of(region, "AWS::KMS::Key").find(|item| item.arn() == arn).expect("the key of the folders");
    let mut policy: Value = key.supplementary["Policy"]
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .expect("a policy");
    let service = json!({"Sid": "BackupsUse", "Effect": "Allow",
        "Principal": {"Service": "fsx.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"], "Resource": "*"});
    if let Some(statements) = policy["Statement"].as_array_mut() {
        statements.push(service);
    }
    key.supplementary["Policy"] = json!(policy.to_string());
    story.fault("kms.service-grants-bounded", arn, "fsx.amazonaws.com may use the key for everybody");
}
