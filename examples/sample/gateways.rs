//! The ways out of the main VPC: internet gateway, NAT gateways with their addresses, VPC endpoints, the
//! routes to them, and prefix lists.

use serde_json::{Value, json};

use crate::interfaces::{Interface, interface};
use crate::item::tags;
use crate::moment::Moment;
use crate::network::{Vpc, route_table, storage_route};
use crate::region::{ACCOUNT, IN_SUBNET, IN_VPC, Region, Subnet, WITH_GROUP, ec2};
use crate::story::Story;

/// Services that the application reaches without the internet.
const PRIVATE: [&str; 7] = ["ssm", "ssmmessages", "kms", "secretsmanager", "ecr.api", "ecr.dkr", "logs"];

pub fn build(region: &mut Region, vpc: &Vpc) {
    let internet = internet_gateway(region, vpc);
    let storage = region.rng.ec2("vpce");
    let tables = tables(region, vpc, &internet, &storage);
    gateway_endpoint(region, vpc, &storage, "s3", &tables);
    let wide = region.rng.ec2("vpce");
    gateway_endpoint(region, vpc, &wide, "dynamodb", &tables);
    for (number, service) in PRIVATE.into_iter().enumerate() {
        interface_endpoint(region, vpc, service, 20 + number as i64);
    }
}

pub fn internet_gateway(region: &mut Region, vpc: &Vpc) -> String {
    let id = region.rng.ec2("igw");
    let tags = tags(&vpc.name, vpc.class, "prod", "platform");
    let configuration = json!({
        "attachments": [{"state": "available", "vpcId": vpc.id}], "internetGatewayId": id, "ownerId": ACCOUNT
    });
    let item = ec2(region, "AWS::EC2::InternetGateway", "internet-gateway", &id, configuration, &tags)
        .zone("Multiple Availability Zones");
    region.push(item.link("AWS::EC2::VPC", &vpc.id, "Is attached to Vpc"));
    id
}

/// Public subnets route to the internet, application subnets to a NAT gateway of their zone, data subnets
/// nowhere. In the recovery region the data subnets have no table of their own and fall back to the main one.
fn tables(region: &mut Region, vpc: &Vpc, internet: &str, storage: &str) -> Vec<String> {
    let to_storage = storage_route(region, storage);
    let out = json!({
        "destinationCidrBlock": "0.0.0.0/0", "gatewayId": internet, "origin": "CreateRoute", "state": "active"
    });
    let (public, app, data) = (region.public.clone(), region.app.clone(), region.data.clone());
    let mut ids = vec![route_table(region, vpc, "main", std::slice::from_ref(&to_storage), &[])];
    ids.push(route_table(region, vpc, "public", &[out], &public));
    let gateways = if region.primary { public.len() } else { 1 };
    let nats: Vec<String> =
        public.iter().take(gateways).map(|subnet| nat_gateway(region, vpc, subnet)).collect();
    for (number, subnet) in app.iter().enumerate() {
        let nat = json!({
            "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": nats[number % gateways],
            "origin": "CreateRoute", "state": "active"
        });
        let tier = format!("app-{}", &subnet.zone[subnet.zone.len() - 1..]);
        ids.push(route_table(region, vpc, &tier, &[nat, to_storage.clone()], std::slice::from_ref(subnet)));
    }
    if region.primary {
        ids.push(route_table(region, vpc, "data", &[to_storage], &data));
    }
    ids
}

fn nat_gateway(region: &mut Region, vpc: &Vpc, subnet: &Subnet) -> String {
    let id = region.rng.ec2("nat");
    let allocation = region.rng.ec2("eipalloc");
    let (private, public) = (format!("{}.10", subnet.network), test_address(region));
    let eni = interface(
        region,
        Interface {
            subnet,
            host: 10,
            description: &format!("Interface for NAT Gateway {id}"),
            kind: "nat_gateway",
            groups: &[],
            instance: None,
            public: Some(&public),
        },
    );
    address(region, &allocation, &eni, &private, &public);
    let created = region.past(300, 900);
    nat_item(region, vpc, subnet, (&id, &eni, &allocation, &private, &public), created);
    id
}

fn nat_item(
    region: &mut Region,
    vpc: &Vpc,
    subnet: &Subnet,
    (id, eni, allocation, private, public): (&str, &str, &str, &str, &str),
    created: Moment,
) {
    let tags = tags(&format!("{}-{}", vpc.name, subnet.zone), vpc.class, "prod", "platform");
    let configuration = json!({
        "connectivityType": "public", "createTime": created.0, "natGatewayId": id,
        "state": "available", "subnetId": subnet.id, "vpcId": vpc.id,
        "natGatewayAddresses": [{"allocationId": allocation, "networkInterfaceId": eni,
            "privateIp": private, "publicIp": public}]
    });
    let item = ec2(region, "AWS::EC2::NatGateway", "natgateway", id, configuration, &tags).created(created);
    region.push(
        item.link("AWS::EC2::VPC", &vpc.id, "Is contained in ")
            .link("AWS::EC2::Subnet", &subnet.id, "Is contained in ")
            .discovered(),
    );
}

/// An address of TEST-NET-3 (RFC 5737), which belongs to nobody.
pub fn test_address(region: &mut Region) -> String {
    format!("203.0.113.{}", region.rng.between(2, 250))
}

fn address(region: &mut Region, allocation: &str, eni: &str, private: &str, public: &str) {
    let tags = tags("twin-nat", "internal", "prod", "platform");
    let configuration = json!({
        "allocationId": allocation, "associationId": region.rng.ec2("eipassoc"), "domain": "vpc",
        "networkBorderGroup": region.name,
        "networkInterfaceId": eni, "networkInterfaceOwnerId": ACCOUNT, "privateIpAddress": private,
        "publicIp": public, "publicIpv4Pool": "amazon"
    });
    let item = ec2(region, "AWS::EC2::EIP", "eip-allocation", allocation, configuration, &tags).named(public);
    region.push(item.link("AWS::EC2::NetworkInterface", eni, "Is attached to NetworkInterface"));
}

pub fn gateway_endpoint(region: &mut Region, vpc: &Vpc, id: &str, service: &str, tables: &[String]) {
    let mut configuration = endpoint(region, vpc, id, service, "Gateway");
    configuration["routeTableIds"] = json!(tables);
    push_endpoint(region, vpc, id, service, configuration, &[], None);
}

/// An endpoint with an interface in two zones, `host` the last number of its addresses.
fn interface_endpoint(region: &mut Region, vpc: &Vpc, service: &str, host: i64) {
    let id = region.rng.ec2("vpce");
    let (subnets, group) = (region.app.clone(), region.group("endpoints"));
    let enis: Vec<String> =
        subnets.iter().take(2).map(|subnet| endpoint_interface(region, subnet, host, &id, &group)).collect();
    let mut configuration = endpoint(region, vpc, &id, service, "Interface");
    configuration["subnetIds"] = json!(Region::subnet_ids(&subnets[..2]));
    configuration["networkInterfaceIds"] = json!(enis);
    configuration["groups"] = json!([{"groupId": group, "groupName": "twin-endpoints"}]);
    configuration["privateDnsEnabled"] = json!(true);
    push_endpoint(region, vpc, &id, service, configuration, &subnets[..2], Some(&group));
}

fn endpoint_interface(region: &mut Region, subnet: &Subnet, host: i64, id: &str, group: &str) -> String {
    interface(
        region,
        Interface {
            subnet,
            host,
            description: &format!("VPC Endpoint Interface {id}"),
            kind: "vpc_endpoint",
            groups: &[("twin-endpoints", group)],
            instance: None,
            public: None,
        },
    )
}

fn endpoint(region: &mut Region, vpc: &Vpc, id: &str, service: &str, kind: &str) -> Value {
    let created = region.past(200, 900);
    json!({
        "vpcEndpointId": id, "vpcEndpointType": kind, "vpcId": vpc.id,
        "serviceName": format!("com.amazonaws.{}.{service}", region.name),
        "state": "available", "routeTableIds": [], "subnetIds": [], "groups": [],
        "networkInterfaceIds": [], "dnsEntries": [],
        "privateDnsEnabled": false, "requesterManaged": false, "creationTimestamp": created.0,
        "ownerId": ACCOUNT, "policyDocument": json!({"Version": "2008-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}]}).to_string()
    })
}

fn push_endpoint(
    region: &mut Region,
    vpc: &Vpc,
    id: &str,
    service: &str,
    configuration: Value,
    subnets: &[Subnet],
    group: Option<&str>,
) {
    let tags = tags(&format!("{}-{service}", vpc.name), vpc.class, "prod", "platform");
    let created = Moment(configuration["creationTimestamp"].as_i64().unwrap_or_default());
    let mut item = ec2(region, "AWS::EC2::VPCEndpoint", "vpc-endpoint", id, configuration, &tags)
        .zone("Multiple Availability Zones")
        .created(created);
    for subnet in subnets {
        item = item.link("AWS::EC2::Subnet", &subnet.id, IN_SUBNET);
    }
    if let Some(group) = group {
        item = item.link("AWS::EC2::SecurityGroup", group, WITH_GROUP);
    }
    region.push(item.link("AWS::EC2::VPC", &vpc.id, IN_VPC));
}

/// AWS's prefix lists, and the vendor's own of its partners' addresses, whose entries are asked for.
pub fn prefix_lists(region: &Region, story: &mut Story) {
    let mut lists = own_lists_of_aws(region);
    if story.vendor() {
        let id = story.rng(&format!("prefix list {}", region.name)).ec2("pl");
        lists.push(json!({"PrefixListId": id, "AddressFamily": "IPv4", "State": "create-complete",
            "OwnerId": ACCOUNT, "MaxEntries": 10,
            "Version": 3, "PrefixListArn": region.arn("ec2", &format!("prefix-list/{id}")),
            "PrefixListName": "twin-partners", "Tags": []}));
        let entries = json!([
            {"Cidr": "198.51.100.16/28", "Description": "laboratories"},
            {"Cidr": "203.0.113.32/28", "Description": "county"}
        ]);
        story.answer_of(region.name, "ec2", "GetManagedPrefixListEntries", &id, &json!({"Entries": entries}));
    }
    story.answer(region.name, "ec2", "DescribeManagedPrefixLists", &json!({"PrefixLists": lists}));
}

/// The prefix lists that AWS keeps in each region.
fn own_lists_of_aws(region: &Region) -> Vec<Value> {
    let list = |(number, service): (usize, &str)| {
        let id = format!("pl-{:08x}", 0x63a5_4000 + number * 7 + usize::from(region.primary));
        json!({"PrefixListId": id, "AddressFamily": "IPv4", "State": "create-complete", "OwnerId": "AWS",
            "PrefixListArn": format!("arn:aws:ec2:{}:aws:prefix-list/{id}", region.name),
            "PrefixListName": format!("com.amazonaws.{}.{service}", region.name)})
    };
    ["s3", "dynamodb"].into_iter().enumerate().map(list).collect()
}
