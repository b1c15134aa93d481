//! What the analysts and partners use beside the twin: Redshift, Kafka, Firehose, EKS, notebooks, desktops,
//! caches, shared folders, file transfer and database migration. Each kind has a sound one, and one that the
//! story spoils.

use serde_json::{Value, json};

use crate::gateways;
use crate::item::{Item, lower_tags, pascal_tags, tags};
use crate::keys;
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, Region, Subnet};
use crate::story::Story;

pub fn build(region: &mut Region, story: &mut Story) {
    if region.primary {
        for purpose in
            ["warehouse", "kafka", "folders", "kubernetes", "notebooks", "desktops", "caches", "ledger"]
        {
            let key = keys::customer(region, purpose, true);
            region.keys.insert(purpose, key);
        }
        // no plan of AWS Backup takes a warehouse or a shared folder, so the vendor does without
        if !story.vendor() {
            redshift(region, story);
        }
        kafka(region, story);
        firehose(region, story);
        kubernetes(region, story);
        notebooks(region, story);
        desktops(region, story);
        if story.plants("opensearch.encrypted-at-rest") {
            older_search(region, story);
        }
        transfer(region, story);
        migration(region, story);
    }
    caches(region, story);
    pools(region, story);
    serverless(region, story);
    folders(region, story);
}

/// An item of a type that carries its tags in Pascal case, tagged as holding PHI.
fn pascal(
    region: &mut Region,
    kind: &'static str,
    (id, arn, name): (&str, &str, &str),
    mut configuration: Value,
) {
    let tags = tags(name, "phi", "prod", "analytics");
    let created = region.past(100, 700);
    configuration["Tags"] = pascal_tags(&tags);
    region.push(Item::new(kind, id, arn, configuration).named(name).created(created).tagged(&tags));
}

fn redshift(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("redshift.encrypted", "reports");
    let (data, public) = (region.data.clone(), region.public.clone());
    subnet_group(region, "twin-data", &data);
    if lax.is_some() {
        subnet_group(region, "reports-edge", &public[..1]);
    }
    let spoiled = lax.as_deref().map(|lax| (lax, "reports-legacy", "false", false));
    for (name, group, require, encrypted) in
        std::iter::once(("twin-warehouse", "twin-warehouse", "true", true)).chain(spoiled)
    {
        let parameters = json!([{"parameterName": "require_ssl", "parameterValue": require,
            "source": "user", "isModifiable": true},
            {"parameterName": "enable_user_activity_logging", "parameterValue": require,
                "source": "user", "isModifiable": true}]);
        let arn = region.arn("redshift", &format!("parametergroup:{group}"));
        let configuration = json!({
            "parameterGroupName": group, "parameterGroupFamily": "redshift-2.0",
            "description": "Analysts", "tags": []
        });
        let item = Item::new("AWS::Redshift::ClusterParameterGroup", group, arn, configuration).named(group);
        region.push(item.supplementary(json!({"Parameters": parameters})));
        let arn = warehouse(region, name, group, encrypted);
        if !encrypted {
            story.fault("redshift.require-tls", &arn, format!("{name} takes plain connections"));
            story.fault("redshift.user-activity-logged", &arn, format!("{name} does not log statements"));
            story.fault("redshift.audit-logging", &arn, format!("{name} keeps its logs to itself"));
            story.fault("redshift.automated-snapshots", &arn, format!("{name} keeps snapshots for a day"));
            story.fault("redshift.no-internet-route", &arn, format!("{name} stands in a public subnet"));
            story.fault("redshift.encrypted", arn, format!("{name} is not encrypted"));
        }
    }
}

/// The subnets that a warehouse may stand in.
fn subnet_group(region: &mut Region, name: &str, subnets: &[Subnet]) {
    let subnets: Vec<Value> = subnets
        .iter()
        .map(|s| {
            json!({
                "subnetIdentifier": s.id, "subnetAvailabilityZone": {"name": s.zone}, "subnetStatus": "Active"
            })
        })
        .collect();
    let configuration = json!({"clusterSubnetGroupName": name, "description": "Analysts",
        "vpcId": region.vpc, "subnetGroupStatus": "Complete", "subnets": subnets, "tags": []});
    let arn = region.arn("redshift", &format!("subnetgroup:{name}"));
    let item = Item::new("AWS::Redshift::ClusterSubnetGroup", name, arn, configuration)
        .named(name)
        .zone("Multiple Availability Zones");
    region.push(item);
}

fn warehouse(region: &mut Region, name: &str, group: &str, encrypted: bool) -> String {
    let arn = region.arn("redshift", &format!("cluster:{name}"));
    let tags = tags(name, "phi", "prod", "analytics");
    let created = region.past(200, 800);
    let mut configuration = json!({
        "clusterIdentifier": name, "nodeType": "ra3.xlplus", "clusterStatus": "available",
        "masterUsername": "analyst", "dBName": "twin",
        "endpoint": {"address": format!("{name}.example.{}.redshift.amazonaws.com", region.name),
            "port": 5439},
        "clusterCreateTime": created.iso(),
        "automatedSnapshotRetentionPeriod": if encrypted { 35 } else { 1 },
        "manualSnapshotRetentionPeriod": -1,
        "vpcSecurityGroups": [{"vpcSecurityGroupId": region.group("database"), "status": "active"}],
        "numberOfNodes": 2,
        "clusterParameterGroups": [{"parameterGroupName": group, "parameterApplyStatus": "in-sync",
            "clusterParameterStatusList": []}],
        "clusterSubnetGroupName": if encrypted { "twin-data" } else { "reports-edge" }, "vpcId": region.vpc,
        "availabilityZone": region.data[0].zone, "clusterVersion": "1.0",
        "allowVersionUpgrade": true, "publiclyAccessible": false, "encrypted": encrypted,
        "enhancedVpcRouting": true,
        "pendingModifiedValues": {}, "multiAZ": "Enabled", "tags": lower_tags(&tags)
    });
    if encrypted {
        configuration["kmsKeyId"] = json!(region.key("warehouse"));
    }
    let extra = json!({"LoggingStatus": {"loggingEnabled": encrypted, "logDestinationType": "cloudwatch",
        "logExports": ["connectionlog", "useractivitylog", "userlog"]}});
    let zone = region.data[0].zone.clone();
    let item = Item::new("AWS::Redshift::Cluster", name, &arn, configuration)
        .named(name)
        .zone(zone)
        .created(created)
        .tagged(&tags);
    region.push(item.supplementary(extra));
    region.store(&arn, "Redshift", true);
    arn
}

fn kafka(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("msk.tls-only", "feeds");
    for (name, clients) in
        std::iter::once(("twin-events", "TLS")).chain(lax.as_deref().map(|lax| (lax, "TLS_PLAINTEXT")))
    {
        let id = region.rng.uuid();
        let arn = region.arn("kafka", &format!("cluster/{name}/{id}-8"));
        let configuration = json!({
            "Arn": arn, "ClusterName": name, "KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 3,
            "EnhancedMonitoring": "PER_BROKER", "BrokerNodeGroupInfo": {"InstanceType": "kafka.m7g.large",
                "ClientSubnets": Region::subnet_ids(&region.data),
                "SecurityGroups": [region.group("database")],
                "ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED"}}},
            "EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": region.key("kafka")},
                "EncryptionInTransit": {"ClientBroker": clients, "InCluster": true}},
            "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": true}},
                "Unauthenticated": {"Enabled": clients != "TLS"}}
        });
        pascal(region, "AWS::MSK::Cluster", (&arn, &arn, name), configuration);
        if clients != "TLS" {
            story.fault("msk.clients-authenticated", &arn, format!("{name} takes anybody"));
            story.fault("msk.tls-only", arn, format!("{name} also listens in plain text"));
        }
    }
}

fn firehose(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("firehose.stream-encrypted", "clickstream");
    for (name, sealed) in
        std::iter::once(("twin-audit-feed", true)).chain(lax.as_deref().map(|lax| (lax, false)))
    {
        let arn = region.arn("firehose", &format!("deliverystream/{name}"));
        let mut configuration = json!({"Arn": arn, "DeliveryStreamName": name,
            "DeliveryStreamType": "DirectPut",
            "ExtendedS3DestinationConfiguration": {"BucketARN": "arn:aws:s3:::example-log-archive-feeds",
                "CompressionFormat": "GZIP"}});
        if sealed {
            configuration["DeliveryStreamEncryptionConfigurationInput"] =
                json!({"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": region.key("kinesis")});
        } else {
            story.fault("firehose.stream-encrypted", &arn, format!("{name} buffers its records unencrypted"));
        }
        pascal(region, "AWS::KinesisFirehose::DeliveryStream", (name, &arn, name), configuration);
    }
}

fn kubernetes(region: &mut Region, story: &mut Story) {
    let keyless = story.spoiled("eks.secrets-customer-key", "models").map(|name| (name, "1.32", false));
    let old = story.spoiled("eks.secrets-encrypted", "pilot").map(|name| (name, "1.27", false));
    for (name, version, keyed) in
        std::iter::once(("twin-models".to_string(), "1.33", true)).chain(keyless).chain(old)
    {
        let name = name.as_str();
        let arn = region.arn("eks", &format!("cluster/{name}"));
        let kinds: Vec<Value> = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
            .iter()
            .map(|kind| json!({"Type": kind}))
            .collect();
        let mut configuration = json!({
            "Arn": arn, "Name": name, "Version": version,
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-eks"),
            "ResourcesVpcConfig": {"SubnetIds": Region::subnet_ids(&region.app),
                "SecurityGroupIds": [region.group("app")],
                "EndpointPublicAccess": false, "EndpointPrivateAccess": true, "PublicAccessCidrs": []},
            "Logging": {"ClusterLogging": {"EnabledTypes": kinds}}
        });
        match (keyed, version) {
            (true, _) => {
                configuration["EncryptionConfig"] =
                    json!([{"Provider": {"KeyArn": region.key("kubernetes")}, "Resources": ["secrets"]}]);
            }
            (false, "1.27") => story.fault(
                "eks.secrets-encrypted",
                &arn,
                format!("{name} keeps Kubernetes secrets unencrypted"),
            ),
            (false, _) => story.fault(
                "eks.secrets-customer-key",
                &arn,
                format!("{name} leaves its secrets to the key that EKS owns"),
            ),
        }
        pascal(region, "AWS::EKS::Cluster", (name, &arn, name), configuration);
    }
}

fn notebooks(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("sagemaker.disk-customer-key", "scratch");
    for (name, keyed) in
        std::iter::once(("twin-forecast", true)).chain(lax.as_deref().map(|lax| (lax, false)))
    {
        let arn = region.arn("sagemaker", &format!("notebook-instance/{name}"));
        let mut configuration = json!({
            "NotebookInstanceName": name, "NotebookInstanceArn": arn, "InstanceType": "ml.t3.large",
            "DirectInternetAccess": "Disabled",
            "RootAccess": "Disabled", "SubnetId": region.app[0].id, "SecurityGroupIds": [region.group("app")],
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-notebooks"), "VolumeSizeInGB": 50
        });
        if keyed {
            configuration["KmsKeyId"] = json!(region.key("notebooks"));
        } else {
            story.fault(
                "sagemaker.disk-customer-key",
                &arn,
                format!("the disk of {name} is under a key that AWS owns"),
            );
        }
        pascal(region, "AWS::SageMaker::NotebookInstance", (&arn, &arn, name), configuration);
    }
}

fn desktops(region: &mut Region, story: &mut Story) {
    for (user, sealed) in [("epi-01", true), ("epi-02", !story.plants("workspaces.volumes-encrypted"))] {
        let id = format!("ws-{}", region.rng.lower(9));
        let arn = region.arn("workspaces", &format!("workspace/{id}"));
        let mut configuration = json!({"BundleId": "wsb-example01", "DirectoryId": "d-9067example",
            "UserName": user, "RootVolumeEncryptionEnabled": true, "UserVolumeEncryptionEnabled": sealed,
            "WorkspaceProperties": {"RunningMode": "AUTO_STOP"}});
        configuration["VolumeEncryptionKey"] = json!(region.key("desktops"));
        if !sealed {
            story.fault(
                "workspaces.volumes-encrypted",
                &arn,
                format!("the user volume of {user} is not encrypted"),
            );
        }
        pascal(region, "AWS::WorkSpaces::Workspace", (&id, &arn, user), configuration);
    }
}

/// A domain of the older type that nobody has moved.
fn older_search(region: &mut Region, story: &mut Story) {
    let name = story.name("codes");
    let arn = region.arn("es", &format!("domain/{name}"));
    let tags = tags(&name, "phi", "prod", "analytics");
    let configuration = json!({
        "domainId": format!("{ACCOUNT}/{name}"), "domainName": name, "arn": arn,
        "elasticsearchVersion": "6.8", "created": true,
        "deleted": false, "encryptionAtRestOptions": {"enabled": false},
        "nodeToNodeEncryptionOptions": {"enabled": false},
        "domainEndpointOptions": {"enforceHTTPS": true, "tlssecurityPolicy": "Policy-Min-TLS-1-2-2019-07"},
        "vpcoptions": {"vPCId": region.vpc, "subnetIds": [region.data[0].id],
            "securityGroupIds": [region.group("search")]},
        "logPublishingOptions": {},
        "elasticsearchClusterConfig": {"instanceType": "m5.large.elasticsearch", "instanceCount": 1}
    });
    story.fault("opensearch.audit-logs", &arn, format!("{name} has no audit log"));
    story.fault("opensearch.encrypted-at-rest", &arn, format!("{name} keeps its index unencrypted"));
    story.fault("opensearch.node-to-node-encrypted", &arn, format!("the nodes of {name} talk in plain text"));
    let item = Item::new("AWS::Elasticsearch::Domain", &name, &arn, configuration).named(&name).tagged(&tags);
    region.push(item.supplementary(json!({"Tags": lower_tags(&tags)})));
}

fn transfer(region: &mut Region, story: &mut Story) {
    let lax = story.plants("transfer.protocols-encrypted").then(|| (json!(["FTP", "FTPS"]), true));
    for (protocols, lax) in std::iter::once((json!(["SFTP"]), false)).chain(lax) {
        let id = format!("s-{}", region.rng.hex(17));
        let arn = region.arn("transfer", &format!("server/{id}"));
        let configuration = json!({"Arn": arn, "ServerId": id, "Protocols": protocols,
            "EndpointType": "VPC", "Domain": "S3",
            "IdentityProviderType": "AWS_LAMBDA", "SecurityPolicyName": "TransferSecurityPolicy-2024-01",
            "State": "ONLINE",
            "EndpointDetails": {"VpcId": region.vpc, "SubnetIds": Region::subnet_ids(&region.app)},
            "LoggingRole": format!("arn:aws:iam::{ACCOUNT}:role/twin-transfer")});
        if lax {
            story.fault("transfer.protocols-encrypted", &arn, "the drop for water samples still speaks FTP");
        }
        pascal(
            region,
            "AWS::Transfer::Server",
            (&id, &arn, if lax { "water-drop" } else { "laboratory-drop" }),
            configuration,
        );
    }
}

fn migration(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("dms.endpoint-tls", "registry-source");
    let spoiled = lax.as_deref().map(|lax| (lax, "sqlserver", "none"));
    let first = std::iter::once(("registry-target", "postgres", "verify-full"));
    for (name, engine, mode) in first.chain(spoiled).chain([("lake-target", "s3", "none")]) {
        let id = region.rng.base32(26);
        let arn = region.arn("dms", &format!("endpoint:{id}"));
        let kind = if mode == "none" && engine != "s3" { "source" } else { "target" };
        let configuration = json!({
            "EndpointIdentifier": name, "EndpointArn": arn, "EngineName": engine, "SslMode": mode,
            "EndpointType": kind
        });
        if kind == "source" {
            story.fault("dms.endpoint-tls", &arn, format!("{name} is read without TLS"));
        }
        pascal(region, "AWS::DMS::Endpoint", (&arn, &arn, name), configuration);
    }
}

/// Caches, which AWS Config does not record. Of the group that only prefers TLS the story knows, and of the
/// one on plain disks.
fn caches(region: &mut Region, story: &mut Story) {
    let (mut groups, mut clusters) = (Vec::new(), Vec::new());
    if region.primary {
        let lax =
            story.spoiled("elasticache.tls-required", "twin-geocodes").map(|name| (name, "preferred", true));
        let bare = story
            .spoiled("elasticache.encrypted-at-rest", "twin-tiles")
            .map(|name| (name, "required", false));
        for (name, mode, sealed) in
            std::iter::once(("twin-sessions".to_string(), "required", true)).chain(lax).chain(bare)
        {
            let name = name.as_str();
            let arn = region.arn("elasticache", &format!("replicationgroup:{name}"));
            let mut group = json!({"ReplicationGroupId": name, "Description": "Digital twin",
                "Status": "available", "ARN": arn,
                "MemberClusters": [format!("{name}-001")], "AutomaticFailover": "enabled",
                "MultiAZ": "enabled", "Engine": "valkey",
                "SnapshotRetentionLimit": 35, "ClusterEnabled": false, "CacheNodeType": "cache.r7g.large",
                "AuthTokenEnabled": true, "TransitEncryptionEnabled": true, "TransitEncryptionMode": mode,
                "AtRestEncryptionEnabled": sealed});
            if sealed && mode == "required" {
                group["KmsKeyId"] = json!(region.key("caches"));
            }
            groups.push(group);
            if mode == "preferred" {
                story.fault(
                    "elasticache.customer-key",
                    &arn,
                    format!("{name} is encrypted with a key of ElastiCache's own"),
                );
                story.fault(
                    "elasticache.tls-required",
                    &arn,
                    format!("{name} takes plain connections beside TLS"),
                );
            }
            if !sealed {
                story.fault(
                    "elasticache.encrypted-at-rest",
                    &arn,
                    format!("{name} writes to unencrypted disks"),
                );
            }
            clusters.push(cluster(region, &format!("{name}-001"), Some(name), "valkey"));
        }
        clusters.push(cluster(region, "twin-pages", None, "memcached"));
    }
    story.answer(
        region.name,
        "elasticache",
        "DescribeReplicationGroups",
        &json!({"ReplicationGroups": groups}),
    );
    story.answer(region.name, "elasticache", "DescribeCacheClusters", &json!({"CacheClusters": clusters}));
    story.answer(region.name, "elasticache", "DescribeServerlessCaches", &json!({"ServerlessCaches": []}));
    story.answer(region.name, "rds", "DescribeGlobalClusters", &json!({"GlobalClusters": []}));
    gateways::prefix_lists(region, story);
    let subnets: Vec<Value> = region
        .data
        .iter()
        .map(|s| json!({"SubnetIdentifier": s.id, "SubnetAvailabilityZone": {"Name": s.zone}}))
        .collect();
    let placed = json!({"CacheSubnetGroupName": "twin-data", "CacheSubnetGroupDescription": "Data tier",
        "VpcId": region.vpc, "Subnets": subnets, "ARN": region.arn("elasticache", "subnetgroup:twin-data")});
    story.answer(
        region.name,
        "elasticache",
        "DescribeCacheSubnetGroups",
        &json!({"CacheSubnetGroups": [placed]}),
    );
}

/// A warehouse without servers, sound, and one for a trial that leaves everything as it came.
fn serverless(region: &Region, story: &mut Story) {
    let (mut namespaces, mut workgroups) = (Vec::new(), Vec::new());
    if region.primary {
        let mut rng = story.rng("serverless");
        let lax = story.spoiled("redshift.workgroup-requires-tls", "trial-adhoc");
        for (name, sound) in
            std::iter::once(("twin-adhoc".to_string(), true)).chain(lax.map(|name| (name, false)))
        {
            let (namespace, workgroup) = (rng.uuid(), rng.uuid());
            let holds = region.arn("redshift-serverless", &format!("namespace/{namespace}"));
            let answers = region.arn("redshift-serverless", &format!("workgroup/{workgroup}"));
            if !sound {
                story.fault(
                    "redshift.namespace-customer-key",
                    &holds,
                    format!("{name} is encrypted with a key of AWS's own"),
                );
                story.fault("redshift.namespace-logs", &holds, format!("{name} keeps its logs to itself"));
                story.fault(
                    "redshift.namespace-statements-logged",
                    &holds,
                    format!("{name} does not log statements"),
                );
                story.fault(
                    "redshift.workgroup-requires-tls",
                    &answers,
                    format!("{name} takes plain connections"),
                );
                story.fault(
                    "redshift.workgroup-vpc-routing",
                    &answers,
                    format!("{name} copies past the routes of its VPC"),
                );
            }
            let exports =
                if sound { json!(["connectionlog", "userlog", "useractivitylog"]) } else { json!([]) };
            namespaces.push(json!({"namespaceArn": holds, "namespaceId": namespace,
                "namespaceName": name, "dbName": "twin",
                "kmsKeyId": if sound { region.key("warehouse") } else { "AWS_OWNED_KMS_KEY".to_string() },
                "logExports": exports, "iamRoles": [], "status": "AVAILABLE"}));
            workgroups.push(json!({"workgroupArn": answers, "workgroupId": workgroup,
                "workgroupName": name, "namespaceName": name,
                "publiclyAccessible": false, "enhancedVpcRouting": sound, "baseCapacity": 8,
                "status": "AVAILABLE", "configParameters": [{"parameterKey": "require_ssl",
                    "parameterValue": if sound { "true" } else { "false" }}],
                "securityGroupIds": [region.group("database")],
                "subnetIds": Region::subnet_ids(&region.data)}));
        }
    }
    story.answer(region.name, "redshift-serverless", "ListNamespaces", &json!({"namespaces": namespaces}));
    story.answer(region.name, "redshift-serverless", "ListWorkgroups", &json!({"workgroups": workgroups}));
}

/// Proxies before the databases; one of them takes plain connections.
fn pools(region: &Region, story: &mut Story) {
    let mut proxies = Vec::new();
    if region.primary {
        let lax = story.spoiled("rds.proxy-requires-tls", "reports-pool");
        for (name, strict) in
            std::iter::once(("twin-pool".to_string(), true)).chain(lax.map(|name| (name, false)))
        {
            let arn = region.arn("rds", &format!("db-proxy:prx-{name}"));
            if !strict {
                story.fault("rds.proxy-requires-tls", &arn, format!("{name} takes plain connections"));
            }
            proxies.push(json!({"DBProxyName": name, "DBProxyArn": arn, "Status": "available",
                "EngineFamily": "POSTGRESQL",
                "VpcId": region.vpc, "VpcSecurityGroupIds": [region.group("database")],
                "VpcSubnetIds": Region::subnet_ids(&region.data),
                "Auth": [], "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-pool"),
                "RequireTLS": strict, "IdleClientTimeout": 1800, "DebugLogging": false}));
        }
    }
    story.answer(region.name, "rds", "DescribeDBProxies", &json!({"DBProxies": proxies}));
}

/// A member of a group, or a cluster of its own.
fn cluster(region: &Region, name: &str, group: Option<&str>, engine: &str) -> Value {
    let mut cluster = json!({"CacheClusterId": name,
        "ARN": region.arn("elasticache", &format!("cluster:{name}")), "Engine": engine,
        "CacheClusterStatus": "available", "NumCacheNodes": 1, "CacheSubnetGroupName": "twin-data",
        "AuthTokenEnabled": false,
        "TransitEncryptionEnabled": true, "AtRestEncryptionEnabled": engine != "memcached"});
    if let Some(group) = group {
        cluster["ReplicationGroupId"] = json!(group);
    }
    cluster
}

/// Shared folders; the scratch space of the modelers takes no key.
fn folders(region: &mut Region, story: &mut Story) {
    let mut list = Vec::new();
    if region.primary && !story.vendor() {
        let mut rng = story.rng("folders");
        let lax = story.plants("fsx.customer-key").then_some(("LUSTRE", true));
        for (kind, scratch) in std::iter::once(("WINDOWS", false)).chain(lax) {
            let id = rng.ec2("fs");
            let arn = region.arn("fsx", &format!("file-system/{id}"));
            let mut folder = json!({"OwnerId": ACCOUNT, "CreationTime": SNAPSHOT.minus_days(90).cli(),
                "FileSystemId": id, "FileSystemType": kind,
                "Lifecycle": "AVAILABLE", "StorageCapacity": 1200, "StorageType": "SSD",
                "VpcId": region.vpc, "ResourceARN": arn,
                "Tags": if scratch { json!([]) } else { json!([{"Key": "data-classification",
                    "Value": "phi"}]) }});
            if scratch {
                folder["LustreConfiguration"] = json!({"DeploymentType": "SCRATCH_2"});
                for (check, what) in crate::backup::TAKEN_BY_NO_PLAN {
                    story.fault(check, &arn, format!("the scratch space of the modelers {what}"));
                }
                story.fault(
                    "fsx.customer-key",
                    arn,
                    "the scratch space of the modelers takes no key of ours",
                );
            } else {
                folder["KmsKeyId"] = json!(region.key("folders"));
                folder["WindowsConfiguration"] = json!({"AutomaticBackupRetentionDays": 35});
                region.store(&arn, "FSx", true);
            }
            list.push(folder);
        }
    }
    story.answer(region.name, "fsx", "DescribeFileSystems", &json!({"FileSystems": list}));
}
