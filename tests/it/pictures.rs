//! The two figures that are drawn from the evidence: who can read each store of ePHI, and the network in
//! tiers. Both stand in PDF and HTML with the same words, stay bounded however large the account is, and hold
//! names as text.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Sandbox, item, unzip};

/// A bucket in PHI scope, and a role that a policy of its own lets read it.
fn bucket(name: &str) -> Value {
    let mut bucket = item("AWS::S3::Bucket", name, json!({ "name": name }));
    bucket["ARN"] = json!(format!("arn:aws:s3:::{name}"));
    bucket["supplementaryConfiguration"] = json!({ "BucketPolicy": { "policyText": null } });
    bucket
}

fn role(name: &str, resource: &str) -> Value {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": resource }]
    });
    let mut role = item(
        "AWS::IAM::Role",
        name,
        json!({ "path": "/", "roleName": name, "roleId": name,
            "rolePolicyList": [{ "policyName": "own", "policyDocument": document.to_string() }],
            "attachedManagedPolicies": [], "instanceProfileList": [], "assumeRolePolicyDocument": "{}" }),
    );
    role["ARN"] = json!(format!("arn:aws:iam::111122223333:role/{name}"));
    role["awsRegion"] = json!("global");
    role
}

fn subnet(id: &str) -> Value {
    item("AWS::EC2::Subnet", id, json!({ "subnetId": id, "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24" }))
}

/// A route table of one subnet, with these routes beside the local one.
fn routes(subnet: &str, targets: &[(&str, &str)]) -> Value {
    let mut routes =
        vec![json!({ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active" })];
    routes.extend(targets.iter().map(
        |(member, target)| json!({ "destinationCidrBlock": "0.0.0.0/0", *member: target, "state": "active" }),
    ));
    let associations =
        json!([{ "subnetId": subnet, "main": false, "routeTableAssociationId": "rtbassoc-1" }]);
    item(
        "AWS::EC2::RouteTable",
        &format!("rtb-{subnet}"),
        json!({ "vpcId": "vpc-1", "routes": routes, "associations": associations }),
    )
}

fn instance(id: &str, subnet: &str) -> Value {
    item(
        "AWS::EC2::Instance",
        id,
        json!({
            "state": { "name": "running" }, "vpcId": "vpc-1", "subnetId": subnet,
            "networkInterfaces": [{ "subnetId": subnet }]
        }),
    )
}

fn dossier(box_: &Sandbox) -> (Value, String, String) {
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let html = fs::read_to_string(folder.join("data/report/index.html")).expect("HTML");
    let text = std::process::Command::new("pdftotext")
        .arg("-layout")
        .arg(folder.join("data/report/audit-package.pdf"))
        .arg("-")
        .output();
    let text = String::from_utf8_lossy(&text.expect("pdftotext is installed").stdout).into_owned();
    (
        crate::spine::json(&fs::read_to_string(folder.join("data/dossier.json")).expect("a dossier")),
        html,
        text,
    )
}

fn figure<'a>(html: &'a str, name: &str) -> &'a str {
    let svg = html.split("<svg").find(|s| s.contains(&format!("fig-{name}-t"))).expect("the figure");
    svg.split("</svg>").next().expect("its end")
}

#[test]
fn the_sample_shows_who_reads_and_what_stands_where() {
    let box_ = Sandbox::default().workspace();
    box_.collect_sample(1);
    let (dossier, html, pdf) = dossier(&box_);
    let (readers, network) = (&dossier["readers"], &dossier["network"]);
    let open = &readers["stores"][0];
    assert!(
        open["everyone"].as_u64() == Some(1) && open["name"] == "twin/database/reports",
        "the open store comes first: {open}"
    );
    let words = readers["words"].as_str().expect("words");
    assert!(
        words.contains("secret twin/database/reports: 1 statement for everyone")
            && words.contains("(everything)"),
        "{words}"
    );
    let drawn = figure(&html, "readers");
    assert!(
        drawn.contains(">open</text>")
            && drawn.contains(">E</text>")
            && drawn.contains(">K</text>")
            && drawn.contains(">S</text>"),
        "{drawn}"
    );
    assert!(drawn.contains("1 statement for everyone"), "the figure has no words: {drawn}");
    let vpc = &network["vpcs"][0];
    assert_eq!((&vpc["name"], &vpc["internet_gateway"]), (&json!("twin-prod"), &json!(true)), "{network}");
    let tiers: Vec<&str> =
        vpc["tiers"].as_array().expect("tiers").iter().map(|t| t["tier"].as_str().expect("a name")).collect();
    assert_eq!(tiers[..3], ["public", "private", "isolated"]);
    let databases = vpc["tiers"][2]["places"]
        .as_array()
        .expect("places")
        .iter()
        .find(|p| p["kind"] == "RDS database")
        .expect("databases");
    assert!(databases["phi"].as_u64().expect("a count") > 0 && databases["class"] == "data", "{databases}");
    assert!(figure(&html, "network").contains("twin-prod"));
    for words in [
        "Who can read each store of ePHI",
        "every action on everything",
        "Network map and asset inventory",
        "internet gateway",
    ] {
        assert!(pdf.contains(words), "the PDF lacks `{words}`");
    }
}

/// Forty buckets, thirty roles and six networks: the figures stay as large as they are and say
/// what they leave out.
#[test]
fn a_large_account_is_counted_and_not_drawn_in_full() {
    let box_ = Sandbox::default().workspace();
    let mut items: Vec<Value> = (0..40)
        .map(|i| bucket(&format!("a-very-long-bucket-name-that-goes-on-and-on-{i:02}-in-us-east-1")))
        .collect();
    items.extend((0..30).map(|i| {
        role(
            &format!("role-with-a-very-long-name-{i:02}-for-a-workload"),
            "arn:aws:s3:::a-very-long-bucket-name-*",
        )
    }));
    items.push(role("<b onclick=x>&\u{202e}evil", "*"));
    for i in 0..6 {
        let id = format!("vpc-{i}");
        items.push(item("AWS::EC2::VPC", &id, json!({ "vpcId": id, "cidrBlock": "10.0.0.0/16" })));
        items.push(item(
            "AWS::EC2::Instance",
            &format!("i-{i}"),
            json!({ "state": { "name": "running" }, "vpcId": id, "subnetId": "subnet-x" }),
        ));
    }
    box_.snapshot("in", &items);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let (dossier, html, pdf) = dossier(&box_);
    let readers = &dossier["readers"];
    assert_eq!(
        (readers["stores"].as_array().map(Vec::len), readers["stores_total"].as_u64()),
        (Some(14), Some(40)),
        "{readers}"
    );
    assert_eq!(
        (readers["readers"].as_array().map(Vec::len), readers["readers_total"].as_u64()),
        (Some(12), Some(31)),
        "{readers}"
    );
    assert_eq!(readers["stores"][0]["own_more"].as_u64(), Some(19));
    let drawn = figure(&html, "readers");
    assert!(
        drawn.contains("…") && drawn.contains(">19</text>") && drawn.contains("19 more users, roles"),
        "{drawn}"
    );
    assert!(!drawn.contains("<b onclick") && !html.contains('\u{202e}'), "a name became markup");
    assert!(
        html.contains("14 of 40 stores") && pdf.contains("14 of 40 stores"),
        "what is left out is not said"
    );
    let network = &dossier["network"];
    assert_eq!(
        (network["vpcs"].as_array().map(Vec::len), network["vpcs_total"].as_u64()),
        (Some(3), Some(6))
    );
    assert!(html.contains("3 VPCs of 6 in use") && pdf.contains("3 VPCs of 6 in use"));
}

/// Sixty contracts: the ruler shows the soonest and says how many more there are; the table leaves no
/// deadline out, the law's least.
#[test]
fn many_contracts_leave_no_deadline_out() {
    let box_ = Sandbox::default().workspace();
    let clock = |i: usize| {
        let who = format!("County of Example {i:02}");
        format!("  - {{ who: {who}, by: business associate, hours: {}, source: Agreement {i:02} }}\n", 1 + i)
    };
    let head = "format: affiant.incident-response/1\ntitle: Plan\nversion: \"1\"\nowner: Casey Example\n\
                contract_clocks:\n";
    let clocks: String = (0..60).map(clock).collect();
    box_.write("program/incident-response.yaml", format!("{head}{clocks}"));
    box_.snapshot("in", &[bucket("b")]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let (_, html, pdf) = dossier(&box_);
    let drawn = figure(&html, "clocks");
    assert!(drawn.contains("50 more deadlines of contracts, none of them sooner"), "{drawn}");
    assert!(drawn.contains("County of Example 09") && !drawn.contains("County of Example 10"), "{drawn}");
    assert!(drawn.contains("164.410(b)"), "the law's deadlines stay: {drawn}");
    for part in ["County of Example 00", "County of Example 59", "within 1 hour of", "164.410(b)", "164.412"]
    {
        assert!(html.contains(part) && pdf.contains(part), "`{part}` is left out");
    }
}

/// A tier comes from routes alone: an internet gateway makes a subnet public, whatever it is called; a route
/// that leads nowhere any more does not; and where a route table was not read, nothing is guessed.
#[test]
fn tiers_come_from_routes() {
    let box_ = Sandbox::default().workspace();
    let mut unrouted = subnet("subnet-lost");
    unrouted["configuration"]["vpcId"] = json!("vpc-1");
    let mut dead = routes("subnet-dead", &[("gatewayId", "igw-1")]);
    dead["configuration"]["routes"][1]["state"] = json!("blackhole");
    let mut both = instance("i-both", "subnet-nat");
    both["configuration"]["networkInterfaces"] =
        json!([{ "subnetId": "subnet-nat" }, { "subnetId": "subnet-private-by-name" }]);
    box_.snapshot(
        "in",
        &[
            item("AWS::EC2::VPC", "vpc-1", json!({ "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16" })),
            subnet("subnet-private-by-name"),
            routes("subnet-private-by-name", &[("gatewayId", "igw-1")]),
            subnet("subnet-nat"),
            routes("subnet-nat", &[("natGatewayId", "nat-1")]),
            subnet("subnet-dead"),
            dead,
            unrouted,
            instance("i-public", "subnet-private-by-name"),
            instance("i-private", "subnet-nat"),
            instance("i-isolated", "subnet-dead"),
            instance("i-lost", "subnet-lost"),
            both,
        ],
    );
    box_.affiant(&["collect", "--snapshot", "in"]);
    let folder = unzip(&box_.package(), &box_.path().join("x"));
    let table = fs::read_to_string(folder.join("data/tables/network_place.csv")).expect("a table");
    for (id, tier) in [
        ("i-public", "public"),
        ("i-private", "private"),
        ("i-isolated", "isolated"),
        ("i-lost", "unknown"),
        ("i-both", "public"),
    ] {
        let line = table
            .lines()
            .find(|l| l.contains(&format!(":{id},")))
            .unwrap_or_else(|| panic!("{id}:\n{table}"));
        assert!(line.contains(&format!(",{tier},")), "{id} is not {tier}: {line}");
    }
}
