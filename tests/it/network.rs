//! The world in its spellings, subnets of other accounts, and what is not said of what was not read: from
//! items and answers as AWS writes them to the rows of the checks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item};
use crate::spine::{check, json as parse};

/// A workspace with these items of one account, all types recorded, and these answers
/// (`service/Operation`, or with a key).
fn judged(items: &[Value], answers: &[(&str, Value)]) -> Value {
    let box_ = Sandbox::default().workspace();
    box_.write("program/exceptions.yaml", "exceptions: []\n");
    box_.snapshot("in", items);
    for (name, body) in answers {
        box_.write(&format!("in/aws/111122223333/us-east-1/{name}.json"), body.to_string());
    }
    box_.affiant(&["collect", "--snapshot", "in"]);
    parse(&box_.affiant(&["assess", "--format", "json"]).out)
}

/// Verdict and reason of each row of a check, by the last part of its resource.
fn rows(assessment: &Value, id: &str) -> BTreeMap<String, String> {
    let rows = check(assessment, id)["rows"].as_array().cloned().unwrap_or_default();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_string();
    let last = |arn: String| arn.rsplit([':', '/']).next().unwrap_or_default().to_string();
    rows.iter()
        .map(|row| {
            (last(text(row, "resource")), format!("{}: {}", text(row, "verdict"), text(row, "reason")))
        })
        .collect()
}

fn group(id: &str, rules: &[Value]) -> Value {
    item(
        "AWS::EC2::SecurityGroup",
        id,
        json!({ "groupId": id, "groupName": id, "ipPermissions": rules, "ipPermissionsEgress": [] }),
    )
}

fn rule(port: u16, v4: &[&str], v6: &[&str], lists: &[&str]) -> Value {
    let ranges = v4.iter().map(|cidr| json!({ "cidrIp": cidr })).collect::<Vec<_>>();
    let six = v6.iter().map(|cidr| json!({ "cidrIpv6": cidr })).collect::<Vec<_>>();
    let lists = lists.iter().map(|id| json!({ "prefixListId": id })).collect::<Vec<_>>();
    json!({ "ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipv4Ranges": ranges,
            "ipv6Ranges": six, "prefixListIds": lists, "userIdGroupPairs": [], "ipRanges": v4 })
}

fn list(id: &str, name: &str, owner: &str, ranges: &[&str]) -> Value {
    let entries = ranges.iter().map(|cidr| json!({ "Cidr": cidr })).collect::<Vec<_>>();
    item(
        "AWS::EC2::PrefixList",
        id,
        json!({ "PrefixListId": id, "PrefixListName": name, "OwnerId": owner, "Entries": entries }),
    )
}

const ADMIN: &str = "ec2.security-group-no-world-open-admin";

#[test]
fn the_world_is_one_thing_in_every_spelling() {
    let items = [
        list("pl-world", "partners", "111122223333", &["0.0.0.0/1", "128.0.0.0/1"]),
        list("pl-office", "office", "111122223333", &["198.51.100.0/24"]),
        list("pl-aws", "com.amazonaws.us-east-1.s3", "AWS", &["3.5.0.0/16"]),
        group("halves", &[rule(22, &["0.0.0.0/1"], &[], &[]), rule(22, &["128.0.0.0/1"], &[], &[])]),
        group("one-rule", &[rule(5432, &["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"], &[], &[])]),
        group("six", &[rule(22, &[], &["::/1", "8000::/1"], &[])]),
        group("list", &[rule(22, &[], &[], &["pl-world"])]),
        group(
            "office",
            &[rule(22, &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], &["fc00::/7"], &["pl-office"])],
        ),
        group("aws", &[rule(22, &[], &[], &["pl-aws"])]),
        group("blur", &[rule(22, &[], &[], &["pl-nowhere"])]),
        group("web", &[rule(443, &["0.0.0.0/0"], &["::/0"], &["pl-nowhere"])]),
        group("pieces", &[rule(9092, &["8.0.0.0/8"], &[], &[]), rule(9092, &["9.0.0.0/8"], &[], &[])]),
    ];
    let told = rows(&judged(&items, &[]), ADMIN);
    let of = |id: &str| told.get(id).map(String::as_str).unwrap_or_else(|| panic!("{id}: {told:#?}"));
    assert!(of("halves").starts_with("not met: lets in tcp 22 (SSH) from 0.0.0.0/1"), "{}", of("halves"));
    assert!(of("one-rule").starts_with("not met"), "{}", of("one-rule"));
    assert!(of("six").starts_with("not met: lets in tcp 22 (SSH) from "), "{}", of("six"));
    assert!(of("list").contains("pl-world (partners: 0.0.0.0/1, 128.0.0.0/1)"), "{}", of("list"));
    assert!(of("pieces").contains("8.0.0.0/8 and 9.0.0.0/8 together"), "{}", of("pieces"));
    for known in ["office", "aws", "web"] {
        assert!(of(known).starts_with("met"), "{}", of(known));
    }
    assert!(of("blur").starts_with("not evidenced: lets in tcp 22 (SSH) from pl-nowhere"), "{}", of("blur"));
}

#[test]
fn a_list_is_read_by_its_entries_too() {
    let described = json!({ "PrefixLists": [
        { "PrefixListId": "pl-1", "PrefixListName": "mine", "OwnerId": "444455556666",
            "PrefixListArn": "arn:aws:ec2:us-east-1:444455556666:prefix-list/pl-1" },
        { "PrefixListId": "pl-2", "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing",
            "OwnerId": "AWS" }
    ] });
    let entries = json!({ "Entries": [{ "Cidr": "0.0.0.0/0" }] });
    let items =
        [group("one", &[rule(22, &[], &[], &["pl-1"])]), group("two", &[rule(22, &[], &[], &["pl-2"])])];
    let answers =
        [("ec2/DescribeManagedPrefixLists", described), ("ec2/GetManagedPrefixListEntries/pl-1", entries)];
    let told = rows(&judged(&items, &answers), ADMIN);
    assert!(
        told["one"].starts_with("not met: lets in tcp 22 (SSH) from pl-1 (mine: 0.0.0.0/0)"),
        "{told:#?}"
    );
    assert!(told["two"].starts_with("met"), "{told:#?}");
}

fn subnet(account: &str, id: &str, owner: &str) -> Value {
    let mut subnet = item(
        "AWS::EC2::Subnet",
        id,
        json!({ "subnetId": id, "vpcId": "vpc-1", "ownerId": owner, "mapPublicIpOnLaunch": false,
        "assignIpv6AddressOnCreation": false }),
    );
    (subnet["awsAccountId"], subnet["ARN"]) =
        (json!(account), json!(format!("arn:aws:ec2:us-east-1:{account}:subnet/{id}")));
    subnet
}

fn routes(account: &str, id: &str, subnet: Option<&str>, routes: Value) -> Value {
    let association = match subnet {
        Some(subnet) => json!({ "main": false, "subnetId": subnet }),
        None => json!({ "main": true }),
    };
    let mut table = item(
        "AWS::EC2::RouteTable",
        id,
        json!({ "routeTableId": id, "vpcId": "vpc-1", "associations": [association], "routes": routes }),
    );
    (table["awsAccountId"], table["ARN"]) =
        (json!(account), json!(format!("arn:aws:ec2:us-east-1:{account}:route-table/{id}")));
    table
}

fn instance(id: &str, subnet: &str, six: &[&str]) -> Value {
    let six = six.iter().map(|address| json!({ "ipv6Address": address })).collect::<Vec<_>>();
    item(
        "AWS::EC2::Instance",
        id,
        json!({ "instanceId": id, "state": { "name": "running" }, "vpcId": "vpc-1", "subnetId": subnet,
        "networkInterfaces": [{ "subnetId": subnet, "ipv6Addresses": six }] }),
    )
}

#[test]
fn a_shared_subnet_is_judged_by_its_owners_routes() {
    let owner = "444455556666";
    let gateway = json!([{ "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" }]);
    let local = json!([{ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" }]);
    let items = [
        instance("i-out", "subnet-out", &[]),
        instance("i-in", "subnet-in", &[]),
        instance("i-far", "subnet-far", &[]),
        subnet(owner, "subnet-out", owner),
        subnet("111122223333", "subnet-out", owner),
        subnet(owner, "subnet-in", owner),
        routes(owner, "rtb-1", Some("subnet-out"), gateway),
        routes(owner, "rtb-2", None, local),
    ];
    let told = rows(&judged(&items, &[]), "ec2.instance-not-in-public-subnet");
    assert!(told["i-out"].starts_with("not met: its subnet subnet-out (0.0.0.0/0 to igw-1)"), "{told:#?}");
    assert!(told["i-in"].starts_with("met"), "{told:#?}");
    assert!(told["i-far"].starts_with("not evidenced"), "{told:#?}");
}

#[test]
fn an_ipv6_address_is_public_by_its_route() {
    let way = |target: &str, value: &str| {
        json!([{
            "destinationIpv6CidrBlock": "::/0", target: value, "state": "active"
        }])
    };
    let items = [
        instance("i-igw", "subnet-igw", &["2600:1f18::10"]),
        instance("i-out", "subnet-out", &["2600:1f18::11"]),
        instance("i-private", "subnet-igw", &["fd00::1"]),
        subnet("111122223333", "subnet-igw", "111122223333"),
        subnet("111122223333", "subnet-out", "111122223333"),
        routes("111122223333", "rtb-1", Some("subnet-igw"), way("gatewayId", "igw-1")),
        routes("111122223333", "rtb-2", Some("subnet-out"), way("egressOnlyInternetGatewayId", "eigw-1")),
    ];
    let told = rows(&judged(&items, &[]), "ec2.instance-no-public-address");
    assert!(told["i-igw"].starts_with("not met: has the IPv6 address 2600:1f18::10"), "{told:#?}");
    assert!(told["i-out"].starts_with("met") && told["i-private"].starts_with("met"), "{told:#?}");
}

#[test]
fn a_block_that_was_not_read_blocks_nothing_and_leaves_nothing_open() {
    let bucket = |block: Value| {
        let mut bucket = item("AWS::S3::Bucket", "site", json!({ "name": "site" }));
        bucket["supplementaryConfiguration"] = json!({
            "BucketPolicy": { "policyText": json!({
                "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::site/*" }]
            }).to_string() },
            "AccessControlList": json!({ "grantList": [] }).to_string(),
            "PublicAccessBlockConfiguration": block
        });
        bucket
    };
    let flags = |on: bool| {
        json!({
            "blockPublicAcls": on, "ignorePublicAcls": on, "blockPublicPolicy": on,
            "restrictPublicBuckets": on
        })
    };
    let of = |items: &[Value], answers: &[(&str, Value)]| {
        rows(&judged(items, answers), "s3.bucket-not-public")["site"].clone()
    };
    let account = |on: bool| item("AWS::S3::AccountPublicAccessBlock", "111122223333", flags(on));
    assert!(of(&[bucket(flags(false))], &[]).starts_with("not evidenced"));
    assert!(of(&[bucket(flags(false)), account(true)], &[]).starts_with("met"));
    assert!(of(&[bucket(flags(false)), account(false)], &[]).starts_with("not met"));
    assert!(of(&[bucket(flags(true)), account(false)], &[]).starts_with("met"));
}

#[test]
fn a_copy_that_a_service_keeps_elsewhere_counts_and_so_do_the_backups_of_its_source() {
    let table = |region: &str, replicas: Value| {
        let mut table = item(
            "AWS::DynamoDB::Table",
            "visits",
            json!({ "tableName": "visits", "tableStatus": "ACTIVE", "replicas": replicas }),
        );
        (table["awsRegion"], table["ARN"]) =
            (json!(region), json!(format!("arn:aws:dynamodb:{region}:111122223333:table/visits")));
        table
    };
    let away = json!([{ "regionName": "us-west-2", "replicaStatus": "ACTIVE" }]);
    let beside = json!([{ "regionName": "us-east-1" }]);
    let of = |items: &[Value]| rows(&judged(items, &[]), "backup.copy-elsewhere")["visits"].clone();
    assert!(
        of(&[table("us-east-1", away)])
            .contains("global table (arn:aws:dynamodb:us-west-2:111122223333:table/visits)")
    );
    assert!(of(&[table("us-east-1", beside)]).starts_with("not met"));
    assert!(of(&[table("us-east-1", json!(null))]).starts_with("not met"));
}
