//! EC2: the simulation workers with their disks and interfaces, the template they start from,
//! their scaling group.

use serde_json::{Value, json};

use crate::interfaces::{Interface, interface, private_name};
use crate::item::{Item, Tags, lower_tags, pascal_tags, tags};
use crate::moment::Moment;
use crate::region::{ACCOUNT, IN_SUBNET, IN_VPC, Region, Subnet, WITH_GROUP, ec2};
use crate::story::Story;

/// A worker's parts by id.
pub struct Worker<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub subnet: &'a Subnet,
    pub host: i64,
    pub eni: &'a str,
    pub root: &'a str,
    pub data: &'a str,
    /// `required`, or `optional` where version 1 of the metadata service still answers.
    pub tokens: &'a str,
    pub launched: Moment,
}

pub fn build(region: &mut Region, story: &mut Story) {
    let count = if region.primary { 6 + region.rng.below(4) } else { 2 };
    let loose = (region.primary && story.plants("ec2.imdsv2-required")).then(|| region.rng.below(count));
    let mut ids = Vec::new();
    for number in 0..count {
        let careless = loose == Some(number);
        let name =
            if careless { story.name("twin-calibration") } else { format!("twin-worker-{}", number + 1) };
        let id = worker(region, &name, number, if careless { "optional" } else { "required" });
        if careless {
            let arn = region.arn("ec2", &format!("instance/{id}"));
            story.fault(
                "ec2.imdsv2-required",
                arn,
                format!("{name} still answers version 1 of the metadata service"),
            );
        }
        ids.push(id);
    }
    if region.primary {
        loose_disks(region, story);
        launch_template(region);
        scaling_group(region, &ids);
    }
}

fn worker(region: &mut Region, name: &str, number: usize, tokens: &str) -> String {
    let id = region.rng.ec2("i");
    let subnet = region.app[number % region.app.len()].clone();
    let group = region.group("app");
    let (root, data) = (region.rng.ec2("vol"), region.rng.ec2("vol"));
    let host = 60 + number as i64;
    let eni = interface(
        region,
        Interface {
            subnet: &subnet,
            host,
            description: "",
            kind: "interface",
            groups: &[("twin-app", &group)],
            instance: Some(&id),
            public: None,
        },
    );
    let launched = region.past(3, 60);
    let worker = Worker {
        id: &id,
        name,
        subnet: &subnet,
        host,
        eni: &eni,
        root: &root,
        data: &data,
        tokens,
        launched,
    };
    let tags = worker_tags(&worker);
    let item = instance(region, &worker, &tags);
    region.push(item);
    for (disk, device, size) in [(&root, "/dev/xvda", 64), (&data, "/dev/sdf", 512)] {
        let item = attached(region, &worker, disk, device, size);
        region.push(item);
    }
    id
}

fn worker_tags(worker: &Worker) -> Tags {
    tags(worker.name, "phi", "prod", "modeling")
}

pub fn instance(region: &mut Region, worker: &Worker, tags: &Tags) -> Item {
    let configuration = instance_configuration(region, worker);
    let (group, vpc) = (region.group("app"), region.vpc.clone());
    ec2(region, "AWS::EC2::Instance", "instance", worker.id, configuration, tags)
        .zone(&worker.subnet.zone)
        .created(worker.launched)
        .link("AWS::EC2::NetworkInterface", worker.eni, "Contains NetworkInterface")
        .link("AWS::EC2::SecurityGroup", &group, WITH_GROUP)
        .link("AWS::EC2::Subnet", &worker.subnet.id, IN_SUBNET)
        .link("AWS::EC2::Volume", worker.root, "Is attached to Volume")
        .link("AWS::EC2::Volume", worker.data, "Is attached to Volume")
        .link("AWS::EC2::VPC", &vpc, IN_VPC)
}

fn instance_configuration(region: &mut Region, worker: &Worker) -> Value {
    let address = format!("{}.{}", worker.subnet.network, worker.host);
    let name = private_name(region, &address);
    let mut configuration = json!({
        "amiLaunchIndex": 0, "imageId": "ami-0a1b2c3d4e5f60718", "instanceId": worker.id,
        "instanceType": "c7i.4xlarge", "kernelId": null,
        "keyName": null, "launchTime": worker.launched.iso(), "monitoring": {"state": "enabled"},
        "platform": null, "productCodes": [],
        "privateDnsName": name, "privateIpAddress": address, "publicDnsName": "",
        "publicIpAddress": null, "ramdiskId": null,
        "state": {"code": 16, "name": "running"}, "stateTransitionReason": "",
        "subnetId": worker.subnet.id, "vpcId": region.vpc,
        "architecture": "x86_64", "ebsOptimized": true, "enaSupport": true, "hypervisor": "xen",
        "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs", "sourceDestCheck": true, "virtualizationType": "hvm",
        "instanceLifecycle": null, "licenses": [],
        "elasticGpuAssociations": [], "elasticInferenceAcceleratorAssociations": [],
        "spotInstanceRequestId": null,
        "placement": {"availabilityZone": worker.subnet.zone, "groupName": "", "tenancy": "default"}
    });
    configuration["blockDeviceMappings"] =
        json!([mapping(worker, worker.root, "/dev/xvda"), mapping(worker, worker.data, "/dev/sdf")]);
    configuration["networkInterfaces"] = json!([own_interface(region, worker, &address, &name)]);
    configuration["securityGroups"] = json!([{"groupName": "twin-app", "groupId": region.group("app")}]);
    configuration["iamInstanceProfile"] = json!({
        "arn": format!("arn:aws:iam::{ACCOUNT}:instance-profile/twin-worker"), "id": "AIPA4EXAMPLE4TWINWORK"
    });
    configuration["cpuOptions"] = json!({"coreCount": 8, "threadsPerCore": 2});
    configuration["metadataOptions"] = json!({
        "state": "applied", "httpTokens": worker.tokens, "httpPutResponseHopLimit": 1,
        "httpEndpoint": "enabled", "httpProtocolIpv6": "disabled", "instanceMetadataTags": "disabled"
    });
    configuration
}

fn mapping(worker: &Worker, disk: &str, device: &str) -> Value {
    json!({"deviceName": device, "ebs": {
        "attachTime": worker.launched.iso(), "deleteOnTermination": true, "status": "attached",
        "volumeId": disk
    }})
}

fn own_interface(region: &Region, worker: &Worker, address: &str, name: &str) -> Value {
    json!({
        "networkInterfaceId": worker.eni, "subnetId": worker.subnet.id, "vpcId": region.vpc,
        "description": "", "ownerId": ACCOUNT,
        "status": "in-use", "privateIpAddress": address, "privateDnsName": name, "sourceDestCheck": true,
        "interfaceType": "interface",
        "groups": [{"groupName": "twin-app", "groupId": region.group("app")}], "ipv6Addresses": [],
        "privateIpAddresses": [{"primary": true, "privateDnsName": name, "privateIpAddress": address}]
    })
}

/// An encrypted disk of a worker.
pub fn attached(region: &mut Region, worker: &Worker, id: &str, device: &str, size: u32) -> Item {
    let mut configuration = disk(region, id, &worker.subnet.zone, size, worker.launched);
    configuration["state"] = json!("in-use");
    configuration["attachments"] = json!([{
        "attachTime": worker.launched.iso(), "device": device, "instanceId": worker.id,
        "state": "attached", "volumeId": id, "deleteOnTermination": true
    }]);
    disk_item(region, configuration, &tags(&format!("{}{device}", worker.name), "phi", "prod", "modeling"))
        .link("AWS::EC2::Instance", worker.id, "Is attached to Instance")
}

fn disk(region: &mut Region, id: &str, zone: &str, size: u32, created: Moment) -> Value {
    json!({
        "volumeId": id, "size": size, "snapshotId": "", "availabilityZone": zone, "state": "available",
        "createTime": created.iso(),
        "attachments": [], "encrypted": true, "kmsKeyId": region.key("ebs"), "iops": 3000,
        "throughput": 125, "volumeType": "gp3",
        "fastRestored": null, "multiAttachEnabled": false, "outpostArn": null, "sseType": null
    })
}

fn disk_item(region: &Region, configuration: Value, tags: &Tags) -> Item {
    let text = |member: &str| configuration[member].as_str().unwrap_or_default().to_string();
    let (id, zone) = (text("volumeId"), text("availabilityZone"));
    ec2(region, "AWS::EC2::Volume", "volume", &id, configuration, tags).zone(zone)
}

/// Disks that no instance holds: one that was never encrypted, one whose tag names a patient's record.
fn loose_disks(region: &mut Region, story: &mut Story) {
    let zone = if story.plants("ec2.volume-encrypted") { plain_disk(region, story) } else { region.zones[0] };
    let record = format!("MRN-{:08}", region.rng.between(10_000_000, 99_999_999));
    let mut noted = tags("twin-case-review", "phi", "prod", "epidemiology");
    noted.insert("ticket".into(), format!("restore chart of {record}"));
    let (id, created) = (region.rng.ec2("vol"), region.past(20, 90));
    let configuration = disk(region, &id, zone, 100, created);
    let item = disk_item(region, configuration, &noted).created(created);
    region.push(item);
    story.secret("medical-record-number", record, region.name);
}

/// The disk without encryption; its zone.
fn plain_disk(region: &mut Region, story: &mut Story) -> &'static str {
    let name = story.name("twin-scratch");
    let (id, created) = (region.rng.ec2("vol"), region.past(200, 500));
    let zone = region.zones[region.rng.below(region.zones.len())];
    let mut configuration = disk(region, &id, zone, 200, created);
    configuration["encrypted"] = json!(false);
    configuration["kmsKeyId"] = Value::Null;
    let item = disk_item(region, configuration, &tags(&name, "phi", "prod", "modeling")).created(created);
    story.fault(
        "ec2.volume-encrypted",
        item.arn(),
        format!("{name} was made before default encryption and is not encrypted"),
    );
    region.push(item);
    zone
}

pub fn launch_template(region: &mut Region) {
    let id = region.rng.ec2("lt");
    let key = region.key("ebs");
    let tags = tags("twin-worker", "phi", "prod", "modeling");
    let created = region.past(100, 400);
    let configuration = json!({
        "Id": id, "LaunchTemplateId": id, "LaunchTemplateName": "twin-worker", "DefaultVersionNumber": "7",
        "LatestVersionNumber": "7", "LaunchTemplateData": {
            "ImageId": "ami-0a1b2c3d4e5f60718", "InstanceType": "c7i.4xlarge", "EbsOptimized": true,
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda",
                "Ebs": {"Encrypted": true, "KmsKeyId": key, "VolumeSize": 64, "VolumeType": "gp3",
                    "DeleteOnTermination": true}}],
            "IamInstanceProfile": {"Arn": format!("arn:aws:iam::{ACCOUNT}:instance-profile/twin-worker")},
            "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled",
                "HttpPutResponseHopLimit": 1},
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": false,
                "Groups": [region.group("app")]}]
        },
        "TagSpecifications": [{"ResourceType": "launch-template", "Tags": pascal_tags(&tags)}]
    });
    let item = Item::new(
        "AWS::EC2::LaunchTemplate",
        &id,
        region.arn("ec2", &format!("launch-template/{id}")),
        configuration,
    );
    region.push(item.named("twin-worker").created(created).tagged(&tags));
}

fn scaling_group(region: &mut Region, instances: &[String]) {
    let tags = tags("twin-workers", "phi", "prod", "modeling");
    let id = region.rng.uuid();
    let arn = region.arn("autoscaling", &format!("autoScalingGroup:{id}:autoScalingGroupName/twin-workers"));
    let created = region.past(100, 400);
    let members: Vec<Value> = instances
        .iter()
        .map(|id| {
            json!({
                "instanceId": id, "instanceType": "c7i.4xlarge", "lifecycleState": "InService",
                "healthStatus": "Healthy", "protectedFromScaleIn": false
            })
        })
        .collect();
    let configuration = json!({
        "autoScalingGroupARN": arn, "autoScalingGroupName": "twin-workers", "availabilityZones": region.zones,
        "createdTime": created.iso(),
        "defaultCooldown": 300, "desiredCapacity": instances.len(), "minSize": 2, "maxSize": 24,
        "healthCheckType": "EC2",
        "healthCheckGracePeriod": 300, "instances": members, "loadBalancerNames": [],
        "targetGroupARNs": [], "suspendedProcesses": [],
        "launchTemplate": {"launchTemplateName": "twin-worker", "version": "$Latest"},
        "terminationPolicies": ["OldestInstance"],
        "newInstancesProtectedFromScaleIn": false, "tags": lower_tags(&tags),
        "vpczoneIdentifier": Region::subnet_ids(&region.app).join(","),
        "serviceLinkedRoleARN": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/\
                                         autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    });
    let mut item = Item::new("AWS::AutoScaling::AutoScalingGroup", &arn, &arn, configuration)
        .named("twin-workers")
        .zone("Multiple Availability Zones");
    for id in instances {
        item = item.link("AWS::EC2::Instance", id, "Contains Instance");
    }
    region.push(item.created(created).tagged(&tags));
}
