//! Amazon RDS: the twin's PostgreSQL instances, their subnet group and snapshots, and the faults
//! of the older ones.

use serde_json::{Value, json};

use crate::interfaces::{Interface, interface};
use crate::item::{Item, Tags, lower_tags, tags};
use crate::moment::{Moment, SNAPSHOT};
use crate::parameters::{self, Group};
use crate::region::{ACCOUNT, IN_VPC, Region, WITH_GROUP};
use crate::story::Story;

/// One instance before it is written down.
struct Database {
    name: String,
    version: &'static str,
    class: &'static str,
    size: u32,
    group: Group,
    source: Option<String>,
    encrypted: bool,
    public: bool,
    exports: bool,
    protected: bool,
}

/// The older instances beside the twin's own, and their PostgreSQL versions.
const OLDER: [(&str, &str, &str); 3] = [
    ("analytics", "16.9", "analytics-postgres16"),
    ("geocoder", "15.13", "geocoder-postgres15"),
    ("contacts", "14.18", "contacts-postgres14"),
];

pub fn build(region: &mut Region, story: &mut Story) {
    let subnets = subnet_group(region);
    let primary_arn = format!("arn:aws:rds:us-east-1:{ACCOUNT}:db:twin-primary");
    let mut databases = Vec::new();
    if region.primary {
        databases.push(database("twin-primary", "16.9", "twin-postgres16", None));
        databases.push(database("twin-replica", "16.9", "twin-postgres16", Some("twin-primary".into())));
        databases.extend(older(region, story));
    } else {
        databases.push(database("twin-recovery", "16.9", "twin-postgres16", Some(primary_arn)));
    }
    for database in &databases {
        push(region, database, &subnets);
        snapshots(region, story, database);
    }
    let mut groups: Vec<&Group> = databases.iter().map(|database| &database.group).collect();
    groups.dedup_by(|one, other| one.name == other.name);
    for group in groups {
        parameters::answer(region, story, group);
    }
}

fn database(name: &str, version: &'static str, group: &'static str, source: Option<String>) -> Database {
    Database {
        name: name.into(),
        version,
        class: "db.r7g.2xlarge",
        size: 800,
        group: Group::new(group, version),
        source,
        encrypted: true,
        public: false,
        exports: true,
        protected: true,
    }
}

/// Three older instances, over which the seed deals nine faults, or none.
fn older(region: &mut Region, story: &mut Story) -> Vec<Database> {
    let mut databases: Vec<Database> =
        OLDER.into_iter().map(|(name, version, group)| database(name, version, group, None)).collect();
    for database in &mut databases {
        database.class = "db.r7g.large";
        database.size = 200;
    }
    let (bare, open) = (region.rng.below(3), region.rng.below(3));
    if !story.plants("rds.storage-encrypted") {
        return databases;
    }
    databases[bare].name = story.name(&databases[bare].name);
    databases[bare].encrypted = false;
    databases[open].public = true;
    let (plain, silent) = (region.rng.below(3), region.rng.below(3));
    databases[plain].group.force_ssl = false;
    databases[silent].group.pgaudit = false;
    let (narrow, wordy) = ((silent + 1) % 3, (silent + 2) % 3);
    databases[narrow].group.reads = false;
    databases[wordy].group.values = true;
    let (mute, loose) = (region.rng.below(3), region.rng.below(3));
    databases[mute].exports = false;
    databases[loose].protected = false;
    let mut tell = |check, number: usize, what: &str| {
        let name = &databases[number].name;
        story.fault(check, region.arn("rds", &format!("db:{name}")), format!("{name} {what}"));
    };
    tell("rds.storage-encrypted", bare, "was created without storage encryption");
    tell("rds.not-public", open, "is publicly accessible");
    tell("rds.force-ssl", plain, "uses a parameter group with rds.force_ssl = 0");
    tell("rds.pgaudit-loaded", silent, "uses a parameter group that does not load pgaudit");
    tell("rds.pgaudit-classes", silent, "uses a parameter group whose pgaudit.log is none");
    tell("rds.pgaudit-classes", narrow, "uses a parameter group whose pgaudit leaves reads out");
    tell(
        "rds.pgaudit-values-left-out",
        wordy,
        "uses a parameter group whose pgaudit writes the values of statements",
    );
    tell("rds.log-exports", mute, "exports no log to CloudWatch");
    tell("rds.deletion-protection", loose, "can be deleted in one call");
    databases
}

fn subnet_group(region: &mut Region) -> Value {
    let name = "twin-data";
    let subnets: Vec<Value> = region
        .data
        .iter()
        .map(|subnet| {
            json!({
                "subnetIdentifier": subnet.id, "subnetAvailabilityZone": {"name": subnet.zone},
                "subnetStatus": "Active", "subnetOutpost": {}
            })
        })
        .collect();
    let configuration = json!({
        "dBSubnetGroupName": name, "dBSubnetGroupDescription": "Data subnets of the digital twin",
        "vpcId": region.vpc, "subnetGroupStatus": "Complete", "subnets": subnets
    });
    let mut item = Item::new(
        "AWS::RDS::DBSubnetGroup",
        name,
        region.arn("rds", &format!("subgrp:{name}")),
        configuration.clone(),
    );
    for subnet in &region.data {
        item = item.link("AWS::EC2::Subnet", &subnet.id, "Is associated with Subnet");
    }
    let item = item
        .link("AWS::EC2::VPC", &region.vpc, "Is associated with Vpc")
        .named(name)
        .zone("Multiple Availability Zones");
    region.push(item.supplementary(json!({"Tags": []})));
    configuration
}

fn push(region: &mut Region, database: &Database, subnets: &Value) {
    let resource = format!("db-{}", region.rng.base32(26));
    let arn = region.arn("rds", &format!("db:{}", database.name));
    let tags = tags(&database.name, "phi", "prod", "data");
    let created = region.past(150, 900);
    let subnet = region.data[0].clone();
    let group = region.group("database");
    let host = region.rng.between(20, 240);
    let wanted = Interface {
        subnet: &subnet,
        host,
        description: "RDSNetworkInterface",
        kind: "interface",
        groups: &[("twin-database", &group)],
        instance: None,
        public: None,
    };
    interface(region, wanted);
    let configuration = configuration(region, database, &resource, &arn, subnets, created);
    let item = Item::new("AWS::RDS::DBInstance", &resource, &arn, configuration)
        .named(&database.name)
        .zone(&subnet.zone)
        .created(created)
        .tagged(&tags);
    let item = item.link("AWS::RDS::DBSubnetGroup", "twin-data", "Is associated with DBSubnetGroup").link(
        "AWS::EC2::SecurityGroup",
        &group,
        WITH_GROUP,
    );
    region.push(item.supplementary(json!({"Tags": lower_tags(&tags)})));
    region.log_group(format!("/aws/rds/instance/{}/postgresql", database.name));
    region.store(&arn, "RDS", true);
}

fn configuration(
    region: &mut Region,
    database: &Database,
    resource: &str,
    arn: &str,
    subnets: &Value,
    created: Moment,
) -> Value {
    let host = format!("{}.c{}.{}.rds.amazonaws.com", database.name, region.rng.lower(12), region.name);
    let mut configuration = json!({
        "dBInstanceIdentifier": database.name, "dBInstanceClass": database.class, "engine": "postgres",
        "engineVersion": database.version,
        "dBInstanceStatus": "available", "masterUsername": "twinadmin", "dBName": "twin",
        "allocatedStorage": database.size, "storageType": "gp3", "endpoint": {"address": host, "port": 5432,
            "hostedZoneId": if region.primary { "Z2R2ITUGPM61AM" } else { "Z1PVIF0B656C1W" }},
        "instanceCreateTime": created.iso(), "latestRestorableTime": SNAPSHOT.minus_minutes(4).iso(),
        "dBInstanceArn": arn, "dbiResourceId": resource,
        "dBSecurityGroups": [], "availabilityZone": region.data[0].zone, "dBSubnetGroup": subnets,
        "pendingModifiedValues": {}, "licenseModel": "postgresql-license",
        "vpcSecurityGroups": [{"vpcSecurityGroupId": region.group("database"), "status": "active"}],
        "dBParameterGroups": [{"dBParameterGroupName": database.group.name,
            "parameterApplyStatus": "in-sync"}],
        "optionGroupMemberships": [{"optionGroupName": format!("default:postgres-{}", &database.version[..2]),
            "status": "in-sync"}],
        "readReplicaDBInstanceIdentifiers": [], "readReplicaDBClusterIdentifiers": [],
        "statusInfos": [], "domainMemberships": [], "dbInstancePort": 0,
        "characterSetName": null, "secondaryAvailabilityZone": null, "tdeCredentialArn": null,
        "dBClusterIdentifier": null, "promotionTier": null,
        "timezone": null, "iops": 12000, "preferredBackupWindow": "05:00-05:30",
        "preferredMaintenanceWindow": "sun:06:13-sun:06:43",
        "cACertificateIdentifier": "rds-ca-rsa2048-g1", "copyTagsToSnapshot": true, "monitoringInterval": 60,
        "monitoringRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-rds-monitoring"),
        "autoMinorVersionUpgrade": true
    });
    switches(region, database, &mut configuration);
    configuration
}

/// The members that checks read.
fn switches(region: &Region, database: &Database, configuration: &mut Value) {
    configuration["storageEncrypted"] = json!(database.encrypted);
    configuration["kmsKeyId"] = if database.encrypted { json!(region.key("rds")) } else { Value::Null };
    configuration["publiclyAccessible"] = json!(database.public);
    configuration["deletionProtection"] = json!(database.protected);
    configuration["multiAZ"] = json!(database.source.is_none());
    configuration["iAMDatabaseAuthenticationEnabled"] = json!(true);
    configuration["performanceInsightsEnabled"] = json!(true);
    configuration["backupRetentionPeriod"] = json!(if database.source.is_none() { 35 } else { 0 });
    configuration["readReplicaSourceDBInstanceIdentifier"] = json!(database.source);
    configuration["enabledCloudwatchLogsExports"] =
        if database.exports { json!(["postgresql", "upgrade"]) } else { json!([]) };
    if database.name == "twin-primary" {
        let abroad = format!("arn:aws:rds:us-west-2:{ACCOUNT}:db:twin-recovery");
        configuration["readReplicaDBInstanceIdentifiers"] = json!(["twin-replica", abroad]);
    }
}

/// Automated snapshots of the primary; one by hand of each older instance, and of the unencrypted
/// one a public copy.
fn snapshots(region: &mut Region, story: &mut Story, database: &Database) {
    if database.name == "twin-primary" {
        for days in 0..3 + region.rng.below(4) as i64 {
            let at = SNAPSHOT.minus_days(days).minus_minutes(390);
            let name = format!("rds:twin-primary-{}-05-10", at.date());
            snapshot(region, database, &name, "automated", at, &[]);
        }
    }
    if database.source.is_none() && database.encrypted {
        let at = region.past(30, 200);
        snapshot(region, database, &format!("{}-before-upgrade", database.name), "manual", at, &[]);
    }
    if !database.encrypted {
        let at = region.past(100, 300);
        let name = format!("{}-for-vendor", database.name);
        let arn = snapshot(region, database, &name, "manual", at, &["all"]);
        story.fault(
            "rds.snapshot-encrypted",
            &arn,
            format!("snapshot {name} of an unencrypted instance is not encrypted"),
        );
        story.fault(
            "rds.snapshot-not-shared",
            arn,
            format!("snapshot {name} can be restored by every AWS account"),
        );
    }
}

fn snapshot(
    region: &mut Region,
    database: &Database,
    name: &str,
    kind: &str,
    at: Moment,
    shared: &[&str],
) -> String {
    let item =
        snapshot_item(region, &database.name, name, (kind, database.version, database.encrypted), at, shared);
    let arn = item.arn().to_string();
    region.push(item);
    arn
}

/// A snapshot of `source` made `at` a moment; kind, engine version and whether it is encrypted.
pub fn snapshot_item(
    region: &Region,
    source: &str,
    name: &str,
    (kind, version, encrypted): (&str, &str, bool),
    at: Moment,
    shared: &[&str],
) -> Item {
    let arn = region.arn("rds", &format!("snapshot:{name}"));
    let zone = region.data[0].zone.clone();
    let tags: Tags = if kind == "manual" { tags(name, "phi", "prod", "data") } else { Tags::new() };
    let mut configuration = json!({
        "dBSnapshotIdentifier": name, "dBInstanceIdentifier": source, "snapshotCreateTime": at.iso(),
        "engine": "postgres", "allocatedStorage": 200,
        "status": "available", "port": 5432, "availabilityZone": zone, "vpcId": region.vpc,
        "instanceCreateTime": at.minus_days(200).iso(),
        "masterUsername": "twinadmin", "engineVersion": version, "licenseModel": "postgresql-license",
        "snapshotType": kind, "percentProgress": 100,
        "storageType": "gp3", "encrypted": encrypted, "dBSnapshotArn": arn,
        "iAMDatabaseAuthenticationEnabled": true, "processorFeatures": [],
        "optionGroupName": format!("default:postgres-{}", &version[..2]), "tagList": lower_tags(&tags)
    });
    if encrypted {
        configuration["kmsKeyId"] = json!(region.key("rds"));
    }
    let extra = json!({
        "DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": shared}],
        "Tags": lower_tags(&tags)
    });
    let item = Item::new("AWS::RDS::DBSnapshot", name, arn, configuration)
        .named(name)
        .zone(zone)
        .created(at)
        .tagged(&tags);
    item.link("AWS::EC2::VPC", &region.vpc, IN_VPC).supplementary(extra)
}
