//! Who reaches what from outside: web ACLs before the balancers, shared copies of disks, API servers,
//! warehouses, notebooks, and the resource policies that AWS Config does not record.

use serde_json::{Value, json};

use crate::front;
use crate::item::{Item, Tags, pascal_tags, tags};
use crate::region::{ACCOUNT, LOG_ACCOUNT, Region};
use crate::story::Story;

/// A company that is not of the organization.
const VENDOR: &str = "444455556666";

pub fn build(region: &mut Region, story: &mut Story) {
    web_filters(region, story);
    copies(region, story);
    if region.primary {
        clusters(region, story);
        if story.plants("redshift.enhanced-vpc-routing") {
            warehouse(region, story);
        }
        notebooks(region, story);
        replication(region);
    }
    resource_policies(region, story);
}

/// The web ACL of the region's balancers and APIs.
pub fn regional_acl(region: &Region) -> String {
    let acl = region
        .items
        .iter()
        .find(|item| item.kind == "AWS::WAFv2::WebACL" && item.arn().contains("/webacl/twin-regional/"));
    acl.expect("the front is built before").arn().to_string()
}

/// Which balancers each web ACL protects, and which ACLs write a log. One balancer has no ACL, and one ACL
/// neither blocks nor logs.
fn web_filters(region: &mut Region, story: &mut Story) {
    let public: Vec<String> = region
        .items
        .iter()
        .filter(|item| {
            item.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer"
                && item.configuration["scheme"] == "internet-facing"
        })
        .map(|item| item.arn().to_string())
        .collect();
    let regional = regional_acl(region);
    let log = |region: &mut Region, acl: &str, name: &str| {
        let group = region.log_group(format!("aws-waf-logs-{name}"));
        let redacted = json!([{"SingleHeader": {"Name": "authorization"}}]);
        json!({"ResourceArn": acl,
            "LogDestinationConfigs": [region.arn("logs", &format!("log-group:{group}"))],
            "RedactedFields": redacted,
            "ManagedByFirewallManager": false, "LogType": "WAF_LOGS", "LogScope": "CUSTOMER"})
    };
    let written = log(region, &regional, "twin-regional");
    story.answer_of(
        region.name,
        "wafv2",
        "ListLoggingConfigurations",
        "REGIONAL",
        &json!({"LoggingConfigurations": [written]}),
    );
    let mut protected = public;
    if region.primary {
        let edge = region
            .items
            .iter()
            .find(|item| item.kind == "AWS::WAFv2::WebACL" && item.arn().contains(":global/"));
        let edge = edge.map_or_else(String::new, |item| item.arn().to_string());
        let written = log(region, &edge, "twin-edge");
        story.answer_of(
            region.name,
            "wafv2",
            "ListLoggingConfigurations",
            "CLOUDFRONT",
            &json!({"LoggingConfigurations": [written]}),
        );
        if story.plants("elb.web-acl-attached") {
            let bare = protected.pop().expect("there are partners");
            story.fault("elb.web-acl-attached", bare, "a partner's balancer has no web ACL");
        }
        if story.plants("wafv2.rate-limit") {
            let partner = protected.pop().expect("there are partners");
            partner_acl(region, story, &partner);
        }
    }
    story.answer_of(
        region.name,
        "wafv2",
        "ListResourcesForWebACL",
        &regional,
        &json!({"ResourceArns": protected}),
    );
}

fn partner_acl(region: &mut Region, story: &mut Story, balancer: &str) {
    let name = story.name("twin-partner");
    let acl = front::web_acl(region, &name, "regional");
    let item = region.items.last_mut().expect("the web ACL was just added");
    item.configuration["rules"][1]["action"] = json!({"count": {}});
    story.answer_of(
        region.name,
        "wafv2",
        "ListResourcesForWebACL",
        &acl,
        &json!({"ResourceArns": [balancer]}),
    );
    story.fault("wafv2.rate-limit", &acl, format!("the rate limit of {name} only counts"));
    story.fault("wafv2.logging", &acl, format!("{name} writes no log"));
}

/// Images, snapshots of disks, and the region's blocks on making either public.
fn copies(region: &mut Region, story: &mut Story) {
    let mut images = vec![image(region, "twin-worker-2026-08", false)];
    if region.primary && story.plants("ec2.image-not-public") {
        let name = story.name("twin-viewer");
        let open = image(region, &name, true);
        let arn =
            format!("arn:aws:ec2:{}::image/{}", region.name, open["ImageId"].as_str().unwrap_or_default());
        story.fault("ec2.image-not-public", arn, format!("{name} is public"));
        images.push(open);
    }
    for image in &images {
        let id = image["ImageId"].as_str().unwrap_or_default();
        let permissions = if image["Public"] == true { json!([{"Group": "all"}]) } else { json!([]) };
        story.answer_of(
            region.name,
            "ec2",
            "DescribeImageAttribute",
            id,
            &json!({"ImageId": id, "LaunchPermissions": permissions}),
        );
    }
    story.answer(region.name, "ec2", "DescribeImages", &json!({"Images": images}));
    let volumes: Vec<String> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::EC2::Volume")
        .map(|item| item.id.clone())
        .collect();
    for (number, volume) in volumes.iter().enumerate() {
        let id = volume.replace("vol-", "snap-");
        let shared = region.primary && number == 2;
        let permissions = if shared { json!([{"UserId": VENDOR}]) } else { json!([]) };
        let body = json!({"SnapshotId": id, "CreateVolumePermissions": permissions});
        story.answer_of(region.name, "ec2", "DescribeSnapshotAttribute", &id, &body);
        if shared {
            let arn = format!("arn:aws:ec2:{}::snapshot/{id}", region.name);
            story.fault(
                "ec2.snapshot-not-shared",
                arn,
                format!("a snapshot is shared with account {VENDOR}"),
            );
        }
    }
    let unblocked = !region.primary && story.plants("ec2.public-sharing-blocked");
    let state = if unblocked { "unblocked" } else { "block-all-sharing" };
    story.answer(
        region.name,
        "ec2",
        "GetSnapshotBlockPublicAccessState",
        &json!({"State": state, "ManagedBy": "account"}),
    );
    let state = json!({"ImageBlockPublicAccessState": "block-new-sharing", "ManagedBy": "account"});
    story.answer(region.name, "ec2", "GetImageBlockPublicAccessState", &state);
    if unblocked {
        let arn = format!("AWS::EC2::SnapshotBlockPublicAccess/{ACCOUNT}/{}", region.name);
        story.fault(
            "ec2.public-sharing-blocked",
            arn,
            format!("{} lets snapshots become public", region.name),
        );
    }
}

fn image(region: &mut Region, name: &str, public: bool) -> Value {
    let created = region.past(40, 300);
    json!({
        "ImageId": region.rng.ec2("ami"), "Name": name, "OwnerId": ACCOUNT, "Public": public,
        "State": "available", "ImageType": "machine",
        "Architecture": "x86_64", "RootDeviceType": "ebs", "VirtualizationType": "hvm",
        "CreationDate": created.iso()
    })
}

/// One cluster answers inside the VPC only, the other to everybody.
fn clusters(region: &mut Region, story: &mut Story) {
    cluster(region, "twin-models", false);
    if let Some(name) = story.spoiled("eks.endpoint-not-public", "twin-notebooks") {
        let arn = cluster(region, &name, true);
        story.fault("eks.endpoint-not-public", arn, format!("the API server of {name} answers to everybody"));
    }
}

fn cluster(region: &mut Region, name: &str, open: bool) -> String {
    let arn = region.arn("eks", &format!("cluster/{name}"));
    let tags = tags(name, "phi", "prod", "modeling");
    let group = region.log_group(format!("/aws/eks/{name}/cluster"));
    let kinds: Vec<Value> = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
        .iter()
        .map(|kind| json!({"Type": kind}))
        .collect();
    let configuration = json!({
        "Name": name, "Arn": arn, "Version": "1.33", "ClusterStatus": "ACTIVE", "LogGroup": group,
        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/eks.amazonaws.com/\
                            AWSServiceRoleForAmazonEKS"),
        "ResourcesVpcConfig": {
            "SubnetIds": Region::subnet_ids(&region.app), "SecurityGroupIds": [region.group("app")],
            "EndpointPrivateAccess": true, "EndpointPublicAccess": open,
            "PublicAccessCidrs": if open { json!(["0.0.0.0/0"]) } else { json!([]) }
        },
        "EncryptionConfig": [{"Provider": {"KeyArn": region.key("secrets")}, "Resources": ["secrets"]}],
        "EncryptionConfigKeyArn": region.key("secrets"),
        "Logging": {"ClusterLogging": {"EnabledTypes": kinds}},
        "KubernetesNetworkConfig": {"IpFamily": "ipv4", "ServiceIpv4Cidr": "172.20.0.0/16"},
        "Tags": pascal_tags(&tags)
    });
    place(region, "AWS::EKS::Cluster", name, &arn, configuration, &tags);
    arn
}

/// Private and encrypted, but its copies leave the VPC's routes.
fn warehouse(region: &mut Region, story: &mut Story) {
    let name = story.name("twin-warehouse");
    let arn = region.arn("redshift", &format!("cluster:{name}"));
    let tags = tags(&name, "phi", "prod", "data");
    let made = region.past(200, 700);
    let key = crate::keys::customer(region, "exports", true);
    let configuration = json!({
        "clusterIdentifier": name, "nodeType": "ra3.xlplus", "numberOfNodes": 2,
        "clusterStatus": "available", "dBName": "twin",
        "clusterAvailabilityStatus": "Available", "clusterCreateTime": made.iso(),
        "masterUsername": "warehouse",
        "automatedSnapshotRetentionPeriod": 35, "manualSnapshotRetentionPeriod": -1,
        "allowVersionUpgrade": true, "clusterVersion": "1.0",
        "clusterSubnetGroupName": "twin-data", "vpcId": region.vpc, "publiclyAccessible": false,
        "encrypted": true,
        "kmsKeyId": key, "enhancedVpcRouting": false, "preferredMaintenanceWindow": "sun:08:00-sun:08:30",
        "endpoint": {"address": format!("{name}.example.net"), "port": 5439, "vpcEndpoints": []},
        "vpcSecurityGroups": [{"vpcSecurityGroupId": region.group("database"), "status": "active"}],
        "clusterParameterGroups": [{"parameterGroupName": "twin-warehouse", "parameterApplyStatus": "in-sync",
            "clusterParameterStatusList": []}],
        "clusterNodes": [], "clusterSecurityGroups": [], "iamRoles": [], "pendingModifiedValues": {},
        "tags": crate::item::lower_tags(&tags)
    });
    let extra = json!({
        "LoggingStatus": {"loggingEnabled": true,
            "bucketName": format!("example-log-archive-redshift-{LOG_ACCOUNT}"), "s3KeyPrefix": name}
    });
    story.fault("redshift.enhanced-vpc-routing", &arn, format!("{name} copies past the routes of its VPC"));
    region.store(&arn, "Redshift", true);
    let item = Item::new("AWS::Redshift::Cluster", &name, arn, configuration)
        .named(&name)
        .created(made)
        .tagged(&tags);
    region.push(item.supplementary(extra));
}

fn notebooks(region: &mut Region, story: &mut Story) {
    let lax = story.spoiled("sagemaker.notebook-no-direct-internet", "twin-trial");
    for (name, internet) in
        std::iter::once(("twin-calibration".to_string(), "Disabled")).chain(lax.map(|name| (name, "Enabled")))
    {
        let arn = region.arn("sagemaker", &format!("notebook-instance/{name}"));
        let tags = tags(&name, "phi", "prod", "modeling");
        let configuration = json!({
            "Id": arn, "NotebookInstanceName": name, "InstanceType": "ml.m5.xlarge",
            "DirectInternetAccess": internet, "RootAccess": "Disabled",
            "SubnetId": region.app[0].id, "SecurityGroupIds": [region.group("app")],
            "KmsKeyId": region.key("ebs"), "VolumeSizeInGB": 50,
            "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-workflow"), "Tags": pascal_tags(&tags)
        });
        place(region, "AWS::SageMaker::NotebookInstance", &name, &arn, configuration, &tags);
        if internet == "Enabled" {
            story.fault(
                "sagemaker.notebook-no-direct-internet",
                arn,
                format!("{name} has direct internet access"),
            );
        }
    }
}

fn replication(region: &mut Region) {
    let name = "twin-registry-copy";
    let id = region.rng.upper(26);
    let arn = region.arn("dms", &format!("rep:{id}"));
    let tags = tags(name, "phi", "prod", "data");
    let configuration = json!({
        "Id": arn, "ReplicationInstanceIdentifier": name, "ReplicationInstanceClass": "dms.t3.medium",
        "PubliclyAccessible": false,
        "MultiAZ": false, "AllocatedStorage": 100, "EngineVersion": "3.6.1", "AutoMinorVersionUpgrade": true,
        "KmsKeyId": region.key("rds"),
        "ReplicationInstancePrivateIpAddresses": ["10.20.64.77"], "ReplicationInstancePublicIpAddresses": [],
        "Tags": pascal_tags(&tags)
    });
    place(region, "AWS::DMS::ReplicationInstance", name, &arn, configuration, &tags);
}

fn place(region: &mut Region, kind: &'static str, name: &str, arn: &str, configuration: Value, tags: &Tags) {
    let created = region.past(90, 600);
    let item = Item::new(kind, name, arn, configuration).named(name).created(created).tagged(tags);
    region.push(item);
}

/// What secrets and tables say about who may read them. In the primary region one secret names everybody.
fn resource_policies(region: &mut Region, story: &mut Story) {
    let secrets: Vec<(String, String)> = of_kind(region, "AWS::SecretsManager::Secret");
    for (arn, name) in secrets {
        let mut body = json!({"ARN": arn, "Name": name});
        let allow = |sid: &str, principal: Value| {
            json!({
                "Sid": sid, "Effect": "Allow", "Principal": principal,
                "Action": "secretsmanager:GetSecretValue", "Resource": "*"
            })
        };
        let statement = match name.as_str() {
            "twin/database/reports" if region.primary && story.plants("access.phi-store-not-public") => {
                story.fault(
                    "access.phi-store-not-public",
                    &arn,
                    format!("the policy of {name} names everyone"),
                );
                story.fault(
                    "access.phi-store-no-foreign-reader",
                    &arn,
                    format!("everyone reads {name}, other accounts too"),
                );
                Some(allow("Reports", json!("*")))
            }
            "twin/database/app" if region.primary => {
                let mut bounded = allow("Organization", json!({"AWS": "*"}));
                bounded["Condition"] =
                    json!({"StringEquals": {"aws:PrincipalOrgID": crate::authority::ORGANIZATION}});
                Some(bounded)
            }
            _ => None,
        };
        if let Some(statement) = statement {
            body["ResourcePolicy"] =
                json!(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string());
        }
        story.answer_of(region.name, "secretsmanager", "GetResourcePolicy", &name, &body);
    }
    for (arn, name) in of_kind(region, "AWS::DynamoDB::Table") {
        let none = json!({
            "Error": {"Code": "PolicyNotFoundException", "Message": "No policy found for the given resource."}
        });
        let reader = json!({"AWS": format!("arn:aws:iam::{LOG_ACCOUNT}:role/log-archive-reader")});
        let statement = json!({
            "Sid": "Ledger", "Effect": "Allow", "Principal": reader,
            "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": arn
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        let body = if name.contains("consent-ledger") {
            json!({"Policy": policy.to_string(), "RevisionId": "1735689600000"})
        } else {
            none
        };
        story.answer_of(region.name, "dynamodb", "GetResourcePolicy", &arn, &body);
    }
}

/// ARN and name of the region's resources of one type.
fn of_kind(region: &Region, kind: &str) -> Vec<(String, String)> {
    let found = region.items.iter().filter(|item| item.kind == kind);
    found.map(|item| (item.arn().to_string(), item.name.clone().unwrap_or_default())).collect()
}
