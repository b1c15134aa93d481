//! VPCs with their subnets, route tables and ACLs. The way out (gateways) and the doors (security
//! groups) are next door.

use serde_json::{Value, json};

use crate::gateways;
use crate::interfaces::{Interface, interface};
use crate::item::tags;
use crate::region::{ACCOUNT, IN_VPC, Region, Subnet, ec2};
use crate::security;
use crate::story::Story;

/// A VPC as it is laid out: who it is for and which addresses it has.
pub struct Vpc {
    pub id: String,
    pub name: String,
    /// The first two numbers of its addresses.
    pub network: &'static str,
    pub class: &'static str,
}

pub fn build(region: &mut Region, story: &mut Story) {
    let main = vpc(
        region,
        if region.primary { "twin-prod" } else { "twin-recovery" },
        if region.primary { "10.20" } else { "10.30" },
        "phi",
    );
    region.vpc = main.id.clone();
    subnets(region, &main);
    security::groups(region, &main);
    gateways::build(region, &main);
    security::acls(region, &main);
    let mut vpcs = vec![main];
    if region.primary {
        vpcs.push(side(region, &story.name("county-exchange"), "10.40"));
        vpcs.push(side(region, &story.name("build-tools"), "10.50"));
    }
    security::defaults(region, story, &vpcs);
    flow_logs(region, story, &vpcs);
}

pub fn vpc(region: &mut Region, name: &str, network: &'static str, class: &'static str) -> Vpc {
    let id = region.rng.ec2("vpc");
    let tags = tags(name, class, "prod", "platform");
    let cidr = format!("{network}.0.0/16");
    let configuration = json!({
        "cidrBlock": cidr, "dhcpOptionsId": region.rng.ec2("dopt"), "state": "available",
        "vpcId": id, "ownerId": ACCOUNT,
        "instanceTenancy": "default", "ipv6CidrBlockAssociationSet": [], "isDefault": false,
        "cidrBlockAssociationSet": [{"associationId": region.rng.ec2("vpc-cidr-assoc"), "cidrBlock": cidr,
            "cidrBlockState": {"state": "associated"}}]
    });
    let item =
        ec2(region, "AWS::EC2::VPC", "vpc", &id, configuration, &tags).zone("Multiple Availability Zones");
    region.push(item.discovered());
    Vpc { id, name: name.into(), network, class }
}

/// Public, application and data subnets, one of each in every zone.
fn subnets(region: &mut Region, vpc: &Vpc) {
    for (number, zone) in region.zones.iter().enumerate() {
        let public = subnet(region, vpc, "public", zone, &format!("{}.{number}", vpc.network), 24);
        let app = subnet(region, vpc, "app", zone, &format!("{}.{}", vpc.network, 16 + 16 * number), 20);
        let data = subnet(region, vpc, "data", zone, &format!("{}.{}", vpc.network, 64 + number), 24);
        region.public.push(public);
        region.app.push(app);
        region.data.push(data);
    }
}

pub fn subnet(region: &mut Region, vpc: &Vpc, tier: &str, zone: &str, network: &str, bits: u8) -> Subnet {
    let id = region.rng.ec2("subnet");
    let name = format!("{}-{tier}-{}", vpc.name, &zone[zone.len() - 1..]);
    let tags = tags(&name, vpc.class, "prod", "platform");
    let free = if bits == 20 { 4091 } else { 251 } - region.rng.between(4, 60);
    let configuration = json!({
        "assignIpv6AddressOnCreation": false, "availabilityZone": zone, "availabilityZoneId": zone_id(zone),
        "availableIpAddressCount": free, "cidrBlock": format!("{network}.0/{bits}"),
        "customerOwnedIpv4Pool": null,
        "defaultForAz": false, "enableDns64": false, "ipv6CidrBlockAssociationSet": [], "ipv6Native": false,
        "mapCustomerOwnedIpOnLaunch": false, "mapPublicIpOnLaunch": false, "outpostArn": null,
        "ownerId": ACCOUNT, "state": "available",
        "subnetArn": region.arn("ec2", &format!("subnet/{id}")), "subnetId": id, "vpcId": vpc.id
    });
    let item = ec2(region, "AWS::EC2::Subnet", "subnet", &id, configuration, &tags).zone(zone);
    region.push(item.link("AWS::EC2::VPC", &vpc.id, IN_VPC));
    Subnet { id, vpc: vpc.id.clone(), zone: zone.into(), network: network.into() }
}

fn zone_id(zone: &str) -> String {
    let number = zone.as_bytes()[zone.len() - 1] - b'a' + 1;
    format!("{}-az{number}", if zone.starts_with("us-east") { "use1" } else { "usw2" })
}

/// A private VPC beside the main one, joined to the county by a transit gateway: two subnets, no
/// way to the internet.
fn side(region: &mut Region, name: &str, network: &'static str) -> Vpc {
    let vpc = vpc(region, name, network, "internal");
    let zones = region.zones;
    let attachment = region.rng.ec2("tgw-attach");
    for (number, zone) in zones.iter().take(2).enumerate() {
        let subnet = subnet(region, &vpc, "private", zone, &format!("{network}.{number}"), 24);
        let description = format!("Network Interface for Transit Gateway Attachment {attachment}");
        let host = region.rng.between(20, 240);
        interface(
            region,
            Interface {
                subnet: &subnet,
                host,
                description: &description,
                kind: "transit_gateway",
                groups: &[],
                instance: None,
                public: None,
            },
        );
    }
    let endpoint = region.rng.ec2("vpce");
    let table = route_table(region, &vpc, "main", &[storage_route(region, &endpoint)], &[]);
    gateways::gateway_endpoint(region, &vpc, &endpoint, "s3", &[table]);
    security::acls(region, &vpc);
    vpc
}

/// The route to S3 that a gateway endpoint adds.
pub fn storage_route(region: &Region, endpoint: &str) -> Value {
    let list = if region.primary { "pl-63a5400a" } else { "pl-68a54001" };
    json!({
        "destinationPrefixListId": list, "gatewayId": endpoint, "origin": "CreateRoute", "state": "active"
    })
}

/// A route table; without subnets it is the VPC's main one.
pub fn route_table(
    region: &mut Region,
    vpc: &Vpc,
    tier: &str,
    routes: &[Value],
    subnets: &[Subnet],
) -> String {
    let id = region.rng.ec2("rtb");
    let tags = tags(&format!("{}-{tier}", vpc.name), vpc.class, "prod", "platform");
    let local = json!({
        "destinationCidrBlock": format!("{}.0.0/16", vpc.network), "gatewayId": "local",
        "origin": "CreateRouteTable", "state": "active"
    });
    let all: Vec<Value> = std::iter::once(local).chain(routes.iter().cloned()).collect();
    let associations: Vec<Value> = if subnets.is_empty() {
        vec![association(region, &id, None)]
    } else {
        subnets.iter().map(|subnet| association(region, &id, Some(&subnet.id))).collect()
    };
    let configuration = json!({
        "associations": associations, "ownerId": ACCOUNT, "propagatingVgws": [], "routeTableId": id,
        "routes": all, "vpcId": vpc.id
    });
    let mut item = ec2(region, "AWS::EC2::RouteTable", "route-table", &id, configuration, &tags).link(
        "AWS::EC2::VPC",
        &vpc.id,
        IN_VPC,
    );
    for subnet in subnets {
        item = item.link("AWS::EC2::Subnet", &subnet.id, "Contains Subnet");
    }
    region.push(item);
    id
}

fn association(region: &mut Region, table: &str, subnet: Option<&str>) -> Value {
    let mut association = json!({
        "main": subnet.is_none(), "routeTableAssociationId": region.rng.ec2("rtbassoc"),
        "routeTableId": table, "associationState": {"state": "associated"}
    });
    if let Some(subnet) = subnet {
        association["subnetId"] = json!(subnet);
    }
    association
}

/// Every VPC has a flow log, except the side VPC that the story picked.
fn flow_logs(region: &mut Region, story: &mut Story, vpcs: &[Vpc]) {
    let dark = 1 + region.rng.below(2);
    for (number, vpc) in vpcs.iter().enumerate() {
        if number == dark {
            let arn = region.arn("ec2", &format!("vpc/{}", vpc.id));
            story.fault("ec2.vpc-flow-logs", arn, format!("VPC {} has no flow log", vpc.name));
        } else {
            flow_log(region, vpc);
        }
    }
}

pub fn flow_log(region: &mut Region, vpc: &Vpc) {
    let id = region.rng.ec2("fl");
    let tags = tags(&format!("{}-flow", vpc.name), "internal", "prod", "security");
    let group = region.log_group(format!("/aws/vpc/{}", vpc.name));
    let created = region.past(120, 800);
    let configuration = json!({
        "creationTime": created.0,
        "deliverLogsPermissionArn": format!("arn:aws:iam::{ACCOUNT}:role/twin-flow-logs"),
        "deliverLogsStatus": "SUCCESS", "flowLogId": id, "flowLogStatus": "ACTIVE",
        "logGroupName": group, "resourceId": vpc.id,
        "trafficType": "ALL", "logDestinationType": "cloud-watch-logs",
        "logDestination": region.arn("logs", &format!("log-group:{group}")),
        "logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                      ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
        "maxAggregationInterval": 60
    });
    let item = ec2(region, "AWS::EC2::FlowLog", "vpc-flow-log", &id, configuration, &tags).created(created);
    region.push(item);
}
