//! A pilot that somebody built by hand in a VPC of its own: everything in a public subnet, no endpoints,
//! an open network ACL.

use serde_json::{Value, json};

use crate::compute::{self, Worker};
use crate::interfaces::{Interface, interface};
use crate::item::tags;
use crate::network::{self, Vpc};
use crate::region::{Region, Subnet};
use crate::story::Story;
use crate::{containers, functions, gateways, security};

pub fn build(region: &mut Region, story: &mut Story) {
    let name = story.name("imaging-pilot");
    let vpc = network::vpc(region, &name, "10.60", "phi");
    let arn = region.arn("ec2", &format!("vpc/{}", vpc.id));
    for (check, service) in [
        ("ec2.dynamodb-gateway-endpoint", "DynamoDB"),
        ("ec2.kms-interface-endpoint", "KMS"),
        ("ec2.secretsmanager-interface-endpoint", "Secrets Manager"),
    ] {
        story.fault(check, &arn, format!("{name} reaches {service} over the internet"));
    }
    let public = places(region, story, &vpc);
    network::flow_log(region, &vpc);
    security::group(region, &vpc, "default", "default VPC security group", vec![], vec![]);
    let group = security::group(region, &vpc, "pilot-viewer", "Takes no connection", vec![], vec![]);
    viewer(region, story, &vpc, &public, &group);
    service(region, story, &public, &group);
    function(region, story, &public, &group);
    template(region, story, &group);
}

/// A public subnet that hands out addresses, a private one, and the VPC's first ACL over both;
/// the public subnet.
fn places(region: &mut Region, story: &mut Story, vpc: &Vpc) -> Subnet {
    let internet = gateways::internet_gateway(region, vpc);
    let zone = region.zones[0];
    let public = network::subnet(region, vpc, "public", zone, "10.60.0", 24);
    let item = region.items.last_mut().expect("the subnet was just added");
    item.configuration["mapPublicIpOnLaunch"] = json!(true);
    story.fault(
        "ec2.subnet-no-automatic-public-address",
        item.arn().to_string(),
        "the pilot's public subnet hands out addresses",
    );
    let private = network::subnet(region, vpc, "private", zone, "10.60.1", 24);
    let endpoint = region.rng.ec2("vpce");
    let storage = network::storage_route(region, &endpoint);
    let out = json!({
        "destinationIpv6CidrBlock": "::/0", "gatewayId": internet, "origin": "CreateRoute", "state": "active"
    });
    let both = [
        network::route_table(region, vpc, "main", std::slice::from_ref(&storage), &[]),
        network::route_table(region, vpc, "public", &[out, storage], std::slice::from_ref(&public)),
    ];
    gateways::gateway_endpoint(region, vpc, &endpoint, "s3", &both);
    let open: Vec<Value> =
        [false, true].iter().map(|out| security::entry(100, "-1", "0.0.0.0/0", *out, "allow")).collect();
    security::acl(region, vpc, "default", true, open, &[public.id.clone(), private.id.clone()]);
    let acl = region.items.last().expect("the ACL was just added").arn().to_string();
    story.fault(
        "ec2.network-acl-no-world-open-admin",
        acl,
        "the pilot's ACL lets everything in to a private subnet",
    );
    public
}

/// An instance with a public address.
fn viewer(region: &mut Region, story: &mut Story, vpc: &Vpc, subnet: &Subnet, group: &str) {
    let address = gateways::test_address(region);
    let (id, root, data) = (region.rng.ec2("i"), region.rng.ec2("vol"), region.rng.ec2("vol"));
    let groups = [("pilot-viewer", group)];
    let wanted = Interface {
        subnet,
        host: 20,
        description: "",
        kind: "interface",
        groups: &groups,
        instance: Some(&id),
        public: Some(&address),
    };
    let eni = interface(region, wanted);
    let launched = region.past(3, 40);
    let worker = Worker {
        id: &id,
        name: "pilot-viewer",
        subnet,
        host: 20,
        eni: &eni,
        root: &root,
        data: &data,
        tokens: "required",
        launched,
    };
    let mut item = compute::instance(region, &worker, &tags("pilot-viewer", "phi", "prod", "epidemiology"));
    let named = json!([{"groupName": "pilot-viewer", "groupId": group}]);
    item.configuration["vpcId"] = json!(vpc.id);
    item.configuration["publicIpAddress"] = json!(address);
    item.configuration["securityGroups"] = named.clone();
    item.configuration["networkInterfaces"][0]["vpcId"] = json!(vpc.id);
    item.configuration["networkInterfaces"][0]["groups"] = named;
    let arn = item.arn().to_string();
    region.push(item);
    for (disk, device, size) in [(&root, "/dev/xvda", 64), (&data, "/dev/sdf", 128)] {
        let item = compute::attached(region, &worker, disk, device, size);
        region.push(item);
    }
    story.fault("ec2.instance-not-in-public-subnet", &arn, "the pilot's viewer stands in a public subnet");
    story.fault(
        "ec2.instance-no-public-address",
        arn,
        format!("the pilot's viewer has the address {address}"),
    );
}

fn service(region: &mut Region, story: &mut Story, subnet: &Subnet, group: &str) {
    let cluster = region.arn("ecs", "cluster/twin");
    let definition =
        region.items.iter().find(|item| item.kind == "AWS::ECS::TaskDefinition" && item.id == "twin-engine");
    let definition = definition.map_or_else(String::new, |item| item.arn().to_string());
    containers::service(region, "pilot-engine", &cluster, &definition, None);
    let item = region.items.last_mut().expect("the service was just added");
    item.configuration["NetworkConfiguration"] = json!({
        "AwsvpcConfiguration": {"AssignPublicIp": "ENABLED", "SecurityGroups": [group],
            "Subnets": [subnet.id]}
    });
    story.fault(
        "ecs.service-not-in-public-subnet",
        item.arn().to_string(),
        "the pilot's tasks have public addresses",
    );
}

fn function(region: &mut Region, story: &mut Story, subnet: &Subnet, group: &str) {
    let mut item = functions::function(region, "pilot-index", "events", &functions::role("pilot-index"));
    item.configuration["vpcConfig"] = json!({"subnetIds": [subnet.id], "securityGroupIds": [group]});
    story.fault(
        "lambda.function-not-in-public-subnet",
        item.arn().to_string(),
        "the pilot's function stands in a public subnet",
    );
    region.push(item);
}

/// The template from which the next viewer would start.
fn template(region: &mut Region, story: &mut Story, group: &str) {
    compute::launch_template(region);
    let item = region.items.last_mut().expect("the template was just added");
    item.name = Some("pilot-viewer".into());
    item.configuration["LaunchTemplateName"] = json!("pilot-viewer");
    item.configuration["LaunchTemplateData"]["NetworkInterfaces"] =
        json!([{"DeviceIndex": 0, "AssociatePublicIpAddress": true, "Groups": [group]}]);
    story.fault(
        "ec2.launch-setting-no-public-address",
        item.arn().to_string(),
        "the pilot's template asks for a public address",
    );
}
