//! What keeps and recovers: databases of other engines with their audit, the switches of AWS Backup, a bucket
//! that nobody tagged, the security contact, and what an investigation needs.

use serde_json::{Value, json};

use crate::buckets;
use crate::item::{Item, lower_tags, tags};
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, Region};
use crate::story::{GLOBAL, Story};

/// The databases of other engines, which come before their backups.
pub fn engines(region: &mut Region, story: &mut Story) {
    if region.primary {
        scheduling(region, story);
        notes(region, story);
    }
}

pub fn build(region: &mut Region, story: &mut Story) {
    switches(region, story);
    instances(region, story);
    queries(region, story);
    if region.primary {
        inbox(region, story);
        contacts(story);
    } else {
        silenced(region, story);
    }
}

/// The rule that sends findings of the recovery region: it may have been switched off during a
/// test, and stayed off.
fn silenced(region: &mut Region, story: &mut Story) {
    let off = story.plants("guardduty.findings-reach-person");
    let name = "twin-guardduty-findings";
    let arn = region.arn("events", &format!("rule/{name}"));
    let configuration = json!({"Id": name, "Name": name, "Arn": arn, "Description": "",
        "State": if off { "DISABLED" } else { "ENABLED" }, "EventBusName": "default",
        "EventPattern": {"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]},
        "Targets": [{"Id": "1", "Arn": region.topics["twin-security-alerts"]}]});
    region.push(Item::new("AWS::Events::Rule", name, arn, configuration).named(name));
    for detector in of(region, "AWS::GuardDuty::Detector").into_iter().filter(|_| off) {
        story.fault(
            "guardduty.findings-reach-person",
            detector.arn(),
            "the rule that sends the findings of this region is switched off",
        );
    }
}

/// Copies of the items of one type that the region holds so far.
fn of(region: &Region, kind: &str) -> Vec<Item> {
    let live = region
        .items
        .iter()
        .filter(|item| item.kind == kind && matches!(item.status, "OK" | "ResourceDiscovered"));
    live.map(|item| {
        let mut copy = Item::new(item.kind, &item.id, item.arn(), item.configuration.clone());
        (copy.name, copy.zone, copy.created) = (item.name.clone(), item.zone.clone(), item.created);
        (copy.tags, copy.supplementary) = (item.tags.clone(), item.supplementary.clone());
        copy
    })
    .collect()
}

/// Which kinds AWS Backup looks after; the recovery region forgot DynamoDB.
fn switches(region: &Region, story: &mut Story) {
    let kinds =
        ["Aurora", "DocumentDB", "DynamoDB", "EBS", "EC2", "EFS", "FSx", "Neptune", "RDS", "Redshift", "S3"];
    let forgot = !region.primary && story.plants("backup.kinds-switched-on");
    let mut switches = json!({});
    for kind in kinds {
        switches[kind] = json!(!forgot || kind != "DynamoDB");
    }
    let answer = json!({
        "ResourceTypeOptInPreference": switches,
        "ResourceTypeManagementPreference": {"DynamoDB": true, "EFS": true}
    });
    story.answer(region.name, "backup", "DescribeRegionSettings", &answer);
    if forgot {
        for store in region.stores.iter().filter(|store| store.kind == "DynamoDB" && store.phi) {
            story.fault(
                "backup.kinds-switched-on",
                &store.arn,
                "AWS Backup is switched off for DynamoDB in the recovery region",
            );
        }
    }
}

/// Systems Manager knows each instance but one.
fn instances(region: &mut Region, story: &mut Story) {
    let machines = of(region, "AWS::EC2::Instance");
    let running: Vec<&Item> =
        machines.iter().filter(|item| item.configuration["state"]["name"] == "running").collect();
    let lost = (region.primary && !running.is_empty() && story.plants("ssm.instance-managed"))
        .then(|| story.rng("unmanaged").below(running.len()));
    for (number, machine) in running.iter().enumerate() {
        if lost == Some(number) {
            story.fault(
                "ssm.instance-managed",
                machine.arn(),
                format!("Systems Manager has never seen {}", machine.id),
            );
            continue;
        }
        let id = &machine.id;
        let arn = region.arn("ssm", &format!("managed-instance-inventory/{id}"));
        let content = json!({"AgentType": "amazon-ssm-agent", "AgentVersion": "3.3.2299.0",
            "ComputerName": format!("{id}.example.org"),
            "InstanceId": id, "PlatformName": "Amazon Linux", "PlatformType": "Linux",
            "PlatformVersion": "2023", "ResourceType": "EC2Instance", "InstanceStatus": "Active"});
        let configuration =
            json!({"AWS:InstanceInformation": {"SchemaVersion": "1.0", "Content": {id.as_str(): content}}});
        let item = Item::new("AWS::SSM::ManagedInstanceInventory", id, arn, configuration).nowhere();
        region.push(item.link("AWS::EC2::Instance", id, "Is associated with "));
    }
}

/// DNS queries of each network go to one log group; one network was forgotten.
fn queries(region: &mut Region, story: &mut Story) {
    let inside = of(region, "AWS::EC2::NetworkInterface");
    let used = |vpc: &Item| inside.iter().any(|interface| interface.configuration["vpcId"] == json!(vpc.id));
    let networks: Vec<Item> = of(region, "AWS::EC2::VPC").into_iter().filter(used).collect();
    let forgets = region.primary && story.plants("route53resolver.query-logging");
    let forgotten =
        (forgets && networks.len() > 1).then(|| 1 + story.rng("queries").below(networks.len() - 1));
    let group = region.log_group("/aws/route53resolver/queries");
    let id = format!("rqlc-{}", region.rng.hex(16));
    let arn = region.arn("route53resolver", &format!("resolver-query-log-config/{id}"));
    let configuration = json!({"Id": id, "Arn": arn, "Name": "twin-queries", "OwnerId": ACCOUNT,
        "Status": "CREATED", "ShareStatus": "NOT_SHARED", "AssociationCount": networks.len(),
        "DestinationArn": region.arn("logs", &format!("log-group:{group}")),
        "CreatorRequestId": region.rng.uuid(), "CreationTime": SNAPSHOT.minus_days(300).iso()});
    region.push(
        Item::new("AWS::Route53Resolver::ResolverQueryLoggingConfig", &id, arn, configuration)
            .named("twin-queries"),
    );
    for (number, network) in networks.iter().enumerate() {
        if forgotten == Some(number) {
            story.fault(
                "route53resolver.query-logging",
                network.arn(),
                format!("nobody logs the DNS queries of {}", network.id),
            );
            continue;
        }
        let own = format!("rqlca-{}", region.rng.hex(16));
        let arn = region.arn("route53resolver", &format!("resolver-query-log-config-association/{own}"));
        let configuration = json!({"Id": own, "ResolverQueryLogConfigId": id, "ResourceId": network.id,
            "Status": "ACTIVE", "Error": "NONE",
            "ErrorMessage": "", "CreationTime": SNAPSHOT.minus_days(299).iso()});
        region.push(
            Item::new(
                "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
                &own,
                arn,
                configuration,
            )
            .named(&own),
        );
    }
}

/// Two MySQL databases of the appointment desk: one with the audit plugin, and the old one without.
fn scheduling(region: &mut Region, story: &mut Story) {
    let model = of(region, "AWS::RDS::DBInstance")
        .into_iter()
        .find(|item| item.name.as_deref() == Some("twin-primary"));
    let model = model.expect("the primary database");
    let old = story.spoiled("rds.audit-option", "desk");
    for (name, audited) in std::iter::once(("twin-desk", true)).chain(old.as_deref().map(|old| (old, false)))
    {
        let options = if audited {
            json!([{"OptionName": "MARIADB_AUDIT_PLUGIN", "OptionSettings": [{"Name": "SERVER_AUDIT_EVENTS",
            "Value": "CONNECT,QUERY"}]}])
        } else {
            json!([])
        };
        let group = format!("{name}-mysql8");
        let arn = region.arn("rds", &format!("og:{group}"));
        let configuration = json!({"OptionGroupName": group, "OptionGroupDescription": "Appointments",
            "EngineName": "mysql", "MajorEngineVersion": "8.0", "OptionConfigurations": options, "Tags": []});
        region.push(Item::new("AWS::RDS::OptionGroup", &group, arn, configuration).named(&group));
        parameters(
            region,
            story,
            "DescribeDBParameters",
            &group,
            &[("require_secure_transport", "1"), ("log_output", "FILE")],
        );
        let arn = desk(region, &model, name, &group, audited);
        if audited {
            region.log_group(format!("/aws/rds/instance/{name}/audit"));
            continue;
        }
        for (check, what) in [
            ("rds.audit-option", "has no audit plugin"),
            ("rds.exported-log-arrives", "exports an audit log that was never written"),
            ("rds.iam-authentication", "knows passwords only"),
            ("rds.multi-zone", "runs in one zone"),
            ("rds.automated-backups", "can be taken back one day"),
        ] {
            story.fault(check, &arn, format!("{name} {what}"));
        }
    }
}

/// A MySQL instance made after the model of the primary; its ARN.
fn desk(region: &mut Region, model: &Item, name: &str, group: &str, sound: bool) -> String {
    let id = format!("db-{}", region.rng.base32(26));
    let arn = region.arn("rds", &format!("db:{name}"));
    let tags = tags(name, "phi", "prod", "desk");
    let mut configuration = model.configuration.clone();
    for (member, value) in [
        ("dBInstanceIdentifier", json!(name)),
        ("dBInstanceArn", json!(arn)),
        ("dbiResourceId", json!(id)),
        ("dBInstanceClass", json!("db.m7g.large")),
        ("engine", json!("mysql")),
        ("engineVersion", json!("8.0.42")),
        ("licenseModel", json!("general-public-license")),
        ("masterUsername", json!("deskadmin")),
        ("dBName", json!("desk")),
        ("dBParameterGroups", json!([{"dBParameterGroupName": group, "parameterApplyStatus": "in-sync"}])),
        ("optionGroupMemberships", json!([{"optionGroupName": group, "status": "in-sync"}])),
        ("readReplicaDBInstanceIdentifiers", json!([])),
        ("enabledCloudwatchLogsExports", json!(["audit", "error"])),
        ("multiAZ", json!(sound)),
        ("iAMDatabaseAuthenticationEnabled", json!(sound)),
        ("backupRetentionPeriod", json!(if sound { 35 } else { 1 })),
    ] {
        configuration[member] = value;
    }
    configuration["endpoint"]["address"] = json!(format!("{name}.example.{}.rds.amazonaws.com", region.name));
    configuration["endpoint"]["port"] = json!(3306);
    let created = region.past(200, 600);
    let item = Item::new("AWS::RDS::DBInstance", &id, &arn, configuration)
        .named(name)
        .zone(&model.zone)
        .created(created)
        .tagged(&tags);
    region.push(item.supplementary(json!({"Tags": lower_tags(&tags)})));
    region.store(&arn, "RDS", true);
    arn
}

/// Two clusters with notes: a sound one of Aurora, and one of DocumentDB that audits nothing.
fn notes(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("rds.cluster-audit-parameters", "notes");
    let spoiled = lax.as_deref().map(|lax| (lax, "docdb", "5.0.0", "audit"));
    for (name, engine, version, log) in
        std::iter::once(("twin-notes", "aurora-postgresql", "17.4", "postgresql")).chain(spoiled)
    {
        let group = format!("{name}-cluster");
        let arn = region.arn("rds", &format!("cluster:{name}"));
        let tags = tags(name, "phi", "prod", "clinical");
        let member = |number: u8| {
            json!({"dbinstanceIdentifier": format!("{name}-{number}"), "isClusterWriter": number == 1,
            "dbclusterParameterGroupStatus": "in-sync", "promotionTier": number})
        };
        let created = region.past(200, 600);
        let configuration = json!({
            "dbclusterIdentifier": name, "dbclusterArn": arn, "engine": engine, "engineVersion": version,
            "engineMode": "provisioned",
            "status": "available", "storageEncrypted": true, "kmsKeyId": region.key("rds"),
            "dbsubnetGroup": "twin-data",
            "dbclusterParameterGroup": group, "dbclusterMembers": [member(1), member(2)],
            "enabledCloudwatchLogsExports": [log],
            "deletionProtection": true, "multiAZ": true, "backupRetentionPeriod": 35,
            "iamdatabaseAuthenticationEnabled": true,
            "activityStreamStatus": "stopped", "publiclyAccessible": false, "masterUsername": "notesadmin",
            "clusterCreateTime": created.iso(),
            "vpcSecurityGroups": [{"vpcSecurityGroupId": region.group("database"), "status": "active"}]
        });
        let item = Item::new(
            "AWS::RDS::DBCluster",
            format!("cluster-{}", region.rng.base32(26)),
            &arn,
            configuration,
        );
        region.push(item.named(name).zone("Multiple Availability Zones").created(created).tagged(&tags));
        if engine == "docdb" {
            parameters(
                region,
                story,
                "DescribeDBClusterParameters",
                &group,
                &[("tls", "enabled"), ("audit_logs", "disabled")],
            );
            story.fault("rds.cluster-audit-parameters", &arn, format!("{name} audits nothing"));
            region.log_group(format!("/aws/docdb/{name}/audit"));
        } else {
            let set = [
                ("rds.force_ssl", "1"),
                ("shared_preload_libraries", "pg_stat_statements,pgaudit"),
                ("pgaudit.log", "read,write"),
                ("pgaudit.log_parameter", "0"),
                ("log_connections", "1"),
                ("log_disconnections", "1"),
            ];
            parameters(region, story, "DescribeDBClusterParameters", &group, &set);
            region.log_group(format!("/aws/rds/cluster/{name}/postgresql"));
        }
        region.store(&arn, if engine == "docdb" { "DocumentDB" } else { "Aurora" }, true);
    }
}

/// A parameter group as the API tells it.
fn parameters(region: &Region, story: &mut Story, operation: &str, group: &str, set: &[(&str, &str)]) {
    let parameter = |(name, value): &(&str, &str)| {
        json!({"ParameterName": name, "ParameterValue": value, "Source": "user",
        "ApplyType": "dynamic", "ApplyMethod": "pending-reboot", "IsModifiable": true, "DataType": "string"})
    };
    let parameters: Vec<Value> = set.iter().map(parameter).collect();
    story.answer_of(region.name, "rds", operation, group, &json!({"Parameters": parameters}));
}

/// Files from partners land here. Nobody tagged the bucket, so it counts as holding PHI,
/// and no plan takes it.
fn inbox(region: &mut Region, story: &mut Story) {
    let name = format!("meridian-twin-partner-inbox-{}", story.suffix);
    let mut labels = tags(&name, "phi", "prod", "ingest");
    labels.remove("data-classification");
    let logs = format!("meridian-twin-access-logs-use1-{}", story.suffix);
    let created = region.past(90, 200);
    let mut item = buckets::item(region, &name, &labels, created, buckets::ALL, &logs);
    if story.plants("s3.lifecycle-not-too-early") {
        item.supplementary["BucketLifecycleConfiguration"]["rules"][0]["noncurrentVersionExpirationInDays"] =
            json!(30);
    }
    let arn = item.arn().to_string();
    region.push(item);
    let lost = [
        ("s3.write-once-copy", "has no copy that resists deletion"),
        ("s3.lifecycle-not-too-early", "loses deleted objects after a month"),
    ];
    for (check, what) in crate::backup::TAKEN_BY_NO_PLAN.into_iter().chain(lost) {
        if story.plants(check) {
            story.fault(check, &arn, format!("{name} {what}"));
        }
    }
}

fn contacts(story: &mut Story) {
    for (kind, title) in [("SECURITY", "Security duty"), ("OPERATIONS", "Operations duty")] {
        let address = format!("{}-duty@example.org", kind.to_lowercase());
        let contact = json!({
            "AlternateContact": {"AlternateContactType": kind, "EmailAddress": address,
                "Name": title, "Title": title}
        });
        story.answer_of(GLOBAL, "account", "GetAlternateContact", kind, &contact);
    }
    let error = json!({
        "Error": {"Code": "ResourceNotFoundException",
            "Message": "No contact of the inputted alternate contact type found."}
    });
    story.answer_of(GLOBAL, "account", "GetAlternateContact", "BILLING", &error);
}
