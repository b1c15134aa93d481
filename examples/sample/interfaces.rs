//! Elastic network interfaces, whoever asks for one.

use serde_json::{Value, json};

use crate::item::{Item, tags};
use crate::region::{ACCOUNT, IN_SUBNET, IN_VPC, Region, Subnet, WITH_GROUP, ec2};

pub struct Interface<'a> {
    pub subnet: &'a Subnet,
    /// The last number of its address.
    pub host: i64,
    pub description: &'a str,
    /// `interface`, `nat_gateway`, `vpc_endpoint` ...
    pub kind: &'a str,
    /// Names and ids.
    pub groups: &'a [(&'a str, &'a str)],
    pub instance: Option<&'a str>,
    pub public: Option<&'a str>,
}

/// Adds an interface to the region; its id.
pub fn interface(region: &mut Region, wanted: Interface) -> String {
    let id = region.rng.ec2("eni");
    let item = item(region, &id, &wanted);
    region.push(item);
    id
}

/// The item of an interface with a given id.
pub fn item(region: &mut Region, id: &str, wanted: &Interface) -> Item {
    let tags = tags(wanted.kind, "internal", "prod", "platform");
    let configuration = configuration(region, id, wanted);
    let mut item = ec2(region, "AWS::EC2::NetworkInterface", "network-interface", id, configuration, &tags)
        .zone(&wanted.subnet.zone);
    if let Some(instance) = wanted.instance {
        item = item.link("AWS::EC2::Instance", instance, "Is attached to Instance");
    }
    for (_, group) in wanted.groups {
        item = item.link("AWS::EC2::SecurityGroup", group, WITH_GROUP);
    }
    item.link("AWS::EC2::Subnet", &wanted.subnet.id, IN_SUBNET).link(
        "AWS::EC2::VPC",
        &wanted.subnet.vpc,
        IN_VPC,
    )
}

fn configuration(region: &mut Region, id: &str, wanted: &Interface) -> Value {
    let address = format!("{}.{}", wanted.subnet.network, wanted.host);
    let name = private_name(region, &address);
    let groups: Vec<Value> =
        wanted.groups.iter().map(|(name, id)| json!({"groupName": name, "groupId": id})).collect();
    let mut configuration = json!({
        "networkInterfaceId": id, "subnetId": wanted.subnet.id, "vpcId": wanted.subnet.vpc,
        "availabilityZone": wanted.subnet.zone,
        "description": wanted.description, "ownerId": ACCOUNT, "requesterManaged": wanted.instance.is_none(),
        "status": "in-use", "macAddress": mac(region), "privateIpAddress": address, "privateDnsName": name,
        "sourceDestCheck": wanted.kind != "nat_gateway",
        "groups": groups, "attachment": attachment(region, wanted), "interfaceType": wanted.kind,
        "ipv6Addresses": [], "outpostArn": null,
        "privateIpAddresses": [{"primary": true, "privateDnsName": name, "privateIpAddress": address}]
    });
    if let Some(public) = wanted.public {
        configuration["association"] = json!({"publicIp": public, "ipOwnerId": ACCOUNT, "publicDnsName": ""});
    }
    configuration
}

fn attachment(region: &mut Region, wanted: &Interface) -> Value {
    let mut attachment = json!({
        "attachmentId": region.rng.ec2("eni-attach"), "deviceIndex": 0, "status": "attached",
        "deleteOnTermination": true, "attachTime": region.past(20, 300).iso(),
        "instanceOwnerId": if wanted.instance.is_some() { ACCOUNT } else { "amazon-aws" }
    });
    if let Some(instance) = wanted.instance {
        attachment["instanceId"] = json!(instance);
    }
    attachment
}

pub fn mac(region: &mut Region) -> String {
    let hex = region.rng.hex(8);
    format!("02:{}:{}:{}:{}:7b", &hex[..2], &hex[2..4], &hex[4..6], &hex[6..8])
}

/// `ip-10-20-16-31.ec2.internal`, with the region's name where it is not us-east-1.
pub fn private_name(region: &Region, address: &str) -> String {
    let zone = if region.primary { "ec2".to_string() } else { format!("{}.compute", region.name) };
    format!("ip-{}.{zone}.internal", address.replace('.', "-"))
}
