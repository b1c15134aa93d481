//! Security groups and network ACLs, and the three doors that the story leaves open.

use serde_json::{Value, json};

use crate::item::{Item, Tags, tags};
use crate::network::Vpc;
use crate::region::{ACCOUNT, IN_VPC, Region, ec2};
use crate::story::Story;

/// Where a rule lets traffic come from.
enum From<'a> {
    V4(&'a str),
    V6(&'a str),
    Group(&'a str),
}

/// The groups of the main VPC, from the internet inward.
pub fn groups(region: &mut Region, vpc: &Vpc) {
    let own = format!("{}.0.0/16", vpc.network);
    let web = vec![rule("tcp", 443, 443, From::V4("0.0.0.0/0")), rule("tcp", 80, 80, From::V4("0.0.0.0/0"))];
    let edge = door(region, vpc, "twin-edge", "HTTPS from everywhere", web);
    let internal = door(
        region,
        vpc,
        "twin-internal",
        "HTTPS inside the VPC",
        vec![rule("tcp", 443, 443, From::V4(&own))],
    );
    let from_both =
        vec![rule("tcp", 8080, 8080, From::Group(&edge)), rule("tcp", 8080, 8080, From::Group(&internal))];
    let app = door(region, vpc, "twin-app", "Application containers and workers", from_both);
    let database = door(
        region,
        vpc,
        "twin-database",
        "PostgreSQL from the application",
        vec![rule("tcp", 5432, 5432, From::Group(&app))],
    );
    let files = door(
        region,
        vpc,
        "twin-files",
        "NFS from the application",
        vec![rule("tcp", 2049, 2049, From::Group(&app))],
    );
    let search = door(
        region,
        vpc,
        "twin-search",
        "HTTPS from the application",
        vec![rule("tcp", 443, 443, From::Group(&app))],
    );
    let functions = door(region, vpc, "twin-functions", "Functions take no connection", vec![]);
    let endpoints = door(
        region,
        vpc,
        "twin-endpoints",
        "HTTPS to AWS services",
        vec![rule("tcp", 443, 443, From::V4(&own))],
    );
    let roles = ["edge", "internal", "app", "database", "files", "search", "functions", "endpoints"];
    region
        .groups
        .extend(roles.into_iter().zip([edge, internal, app, database, files, search, functions, endpoints]));
}

/// A group whose way out is open, as AWS makes it.
fn door(region: &mut Region, vpc: &Vpc, name: &str, description: &str, ingress: Vec<Value>) -> String {
    group(region, vpc, name, description, ingress, vec![rule("-1", 0, 0, From::V4("0.0.0.0/0"))])
}

pub fn group(
    region: &mut Region,
    vpc: &Vpc,
    name: &str,
    description: &str,
    ingress: Vec<Value>,
    egress: Vec<Value>,
) -> String {
    let id = region.rng.ec2("sg");
    let tags = tags(name, vpc.class, "prod", "platform");
    let item = group_item(region, &vpc.id, (&id, name, description), (ingress, egress), &tags);
    region.push(item);
    id
}

/// A group's item from its id, name and description, and its rules inward and outward.
fn group_item(
    region: &Region,
    vpc: &str,
    (id, name, description): (&str, &str, &str),
    rules: (Vec<Value>, Vec<Value>),
    tags: &Tags,
) -> Item {
    let configuration = json!({
        "description": description, "groupName": name, "groupId": id, "ipPermissions": rules.0,
        "ipPermissionsEgress": rules.1, "ownerId": ACCOUNT, "vpcId": vpc
    });
    ec2(region, "AWS::EC2::SecurityGroup", "security-group", id, configuration, tags).named(name).link(
        "AWS::EC2::VPC",
        vpc,
        IN_VPC,
    )
}

/// A group of the main VPC that takes HTTPS from the application.
pub fn service_group(region: &Region, id: &str, name: &str) -> Item {
    let (inward, outward) =
        (rule("tcp", 443, 443, From::Group(&region.group("app"))), rule("-1", 0, 0, From::V4("0.0.0.0/0")));
    let tags = tags(name, "internal", "prod", "platform");
    group_item(
        region,
        &region.vpc,
        (id, name, "HTTPS from the application"),
        (vec![inward], vec![outward]),
        &tags,
    )
}

/// One permission in the form that holds both the older and the newer list of ranges;
/// protocol -1 has no ports.
fn rule(protocol: &str, low: u16, high: u16, from: From) -> Value {
    let mut rule = json!({
        "ipProtocol": protocol, "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": [],
        "ipv4Ranges": [], "ipRanges": []
    });
    if protocol != "-1" {
        rule["fromPort"] = json!(low);
        rule["toPort"] = json!(high);
    }
    match from {
        From::V4(range) => {
            rule["ipv4Ranges"] = json!([{"cidrIp": range}]);
            rule["ipRanges"] = json!([range]);
        }
        From::V6(range) => rule["ipv6Ranges"] = json!([{"cidrIpv6": range}]),
        From::Group(id) => rule["userIdGroupPairs"] = json!([{"groupId": id, "userId": ACCOUNT}]),
    }
    rule
}

/// Each VPC's default group, empty but for one; and two groups open to the world.
pub fn defaults(region: &mut Region, story: &mut Story, vpcs: &[Vpc]) {
    let loose = (region.primary && story.plants("ec2.default-security-group-closed"))
        .then(|| region.rng.below(vpcs.len()));
    for (number, vpc) in vpcs.iter().enumerate() {
        let open = loose == Some(number);
        let egress = if open { vec![rule("-1", 0, 0, From::V4("0.0.0.0/0"))] } else { vec![] };
        let id = group(region, vpc, "default", "default VPC security group", vec![], egress);
        if open {
            let arn = admit_itself(region, &id);
            story.fault(
                "ec2.default-security-group-closed",
                arn,
                format!("the default group of {} still has rules", vpc.name),
            );
        }
    }
    if region.primary && story.plants("ec2.security-group-no-world-open-admin") {
        jump(region, story, vpcs);
        vendor(region, story, vpcs);
    }
}

/// The rule that AWS puts into a new VPC's default group.
fn admit_itself(region: &mut Region, id: &str) -> String {
    let own = rule("-1", 0, 0, From::Group(id));
    let item = region.items.last_mut().expect("the group was just added");
    item.configuration["ipPermissions"] = json!([own]);
    item.arn().to_string()
}

fn jump(region: &mut Region, story: &mut Story, vpcs: &[Vpc]) {
    let name = story.name("jump-host");
    let vpc = &vpcs[region.rng.below(vpcs.len())];
    let rules = vec![rule("tcp", 22, 22, From::V4("0.0.0.0/0")), rule("icmp", 8, 0, From::V4("10.0.0.0/8"))];
    let id = door(region, vpc, &name, "Administrators from anywhere", rules);
    let arn = region.arn("ec2", &format!("security-group/{id}"));
    story.fault("ec2.security-group-no-world-open-admin", arn, format!("{name} admits SSH from 0.0.0.0/0"));
    let arn = region.arn("ec2", &format!("security-group/{id}"));
    story.fault(
        "ec2.security-group-world-open-only-on-balancer",
        arn,
        format!("{name} takes connections from the world"),
    );
}

fn vendor(region: &mut Region, story: &mut Story, vpcs: &[Vpc]) {
    let name = story.name("vendor-database");
    let vpc = &vpcs[region.rng.below(vpcs.len())];
    let rules =
        vec![rule("tcp", 5432, 5432, From::V6("::/0")), rule("tcp", 5432, 5432, From::V4("10.20.0.0/16"))];
    let id = door(region, vpc, &name, "Vendor's PostgreSQL tools", rules);
    let arn = region.arn("ec2", &format!("security-group/{id}"));
    story.fault("ec2.security-group-no-world-open-admin", arn, format!("{name} admits PostgreSQL from ::/0"));
    let arn = region.arn("ec2", &format!("security-group/{id}"));
    story.fault(
        "ec2.security-group-world-open-only-on-balancer",
        arn,
        format!("{name} takes connections from the world"),
    );
}

/// The VPC's default ACL, and for the main VPC one that keeps the data subnets to the VPC's own addresses and
/// one that lets the application subnets take answers to their own calls, but no Remote Desktop.
pub fn acls(region: &mut Region, vpc: &Vpc) {
    let everything =
        vec![entry(100, "-1", "0.0.0.0/0", false, "allow"), entry(100, "-1", "0.0.0.0/0", true, "allow")];
    let main = vpc.id == region.vpc;
    let open: Vec<String> = if main { Region::subnet_ids(&region.public) } else { vec![] };
    acl(region, vpc, "default", true, everything, &open);
    if main {
        let own = format!("{}.0.0/16", vpc.network);
        let inside = vec![entry(100, "6", &own, false, "allow"), entry(100, "6", &own, true, "allow")];
        let data = Region::subnet_ids(&region.data);
        acl(region, vpc, "data", false, inside, &data);
        let app = Region::subnet_ids(&region.app);
        acl(region, vpc, "app", false, answers(&own), &app);
    }
}

/// Own addresses in, answers to outgoing connections in except at the port of Remote Desktop, everything out.
fn answers(own: &str) -> Vec<Value> {
    let mut refuse = entry(110, "6", "0.0.0.0/0", false, "deny");
    refuse["portRange"] = json!({"from": 3389, "to": 3389});
    let mut answers = entry(120, "6", "0.0.0.0/0", false, "allow");
    answers["portRange"] = json!({"from": 1024, "to": 65535});
    vec![entry(100, "6", own, false, "allow"), refuse, answers, entry(100, "-1", "0.0.0.0/0", true, "allow")]
}

pub fn entry(number: u16, protocol: &str, cidr: &str, egress: bool, action: &str) -> Value {
    let mut entry = json!({
        "cidrBlock": cidr, "egress": egress, "protocol": protocol, "ruleAction": action, "ruleNumber": number
    });
    if protocol == "6" {
        entry["portRange"] = json!({"from": 1, "to": 65535});
    }
    entry
}

pub fn acl(
    region: &mut Region,
    vpc: &Vpc,
    tier: &str,
    default: bool,
    mut entries: Vec<Value>,
    subnets: &[String],
) {
    let id = region.rng.ec2("acl");
    let tags = tags(&format!("{}-{tier}", vpc.name), vpc.class, "prod", "platform");
    entries.extend([
        entry(32767, "-1", "0.0.0.0/0", false, "deny"),
        entry(32767, "-1", "0.0.0.0/0", true, "deny"),
    ]);
    let associations: Vec<Value> = subnets
        .iter()
        .map(|subnet| {
            json!({
                "networkAclAssociationId": region.rng.ec2("aclassoc"), "networkAclId": id, "subnetId": subnet
            })
        })
        .collect();
    let configuration = json!({
        "associations": associations, "entries": entries, "isDefault": default, "networkAclId": id,
        "ownerId": ACCOUNT, "vpcId": vpc.id
    });
    let mut item = ec2(region, "AWS::EC2::NetworkAcl", "network-acl", &id, configuration, &tags)
        .zone("Multiple Availability Zones");
    for subnet in subnets {
        item = item.link("AWS::EC2::Subnet", subnet, "Is attached to Subnet");
    }
    region.push(item.link("AWS::EC2::VPC", &vpc.id, IN_VPC));
}
