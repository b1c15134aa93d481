//! Elastic Load Balancing: the portal, the inside, the partners' ways in; their listeners, and two
//! that the story spoils.

use serde_json::{Value, json};

use crate::interfaces::{Interface, interface};
use crate::item::{Item, Tags, lower_tags, tags};
use crate::region::{IN_VPC, LOG_ACCOUNT, Region, Subnet, WITH_GROUP};
use crate::story::Story;

const STRONG: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";
const STRICT: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";
/// Policies that still speak TLS 1.0 or 1.1.
const WEAK: [&str; 3] =
    ["ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-TLS13-1-0-2021-06"];
/// Balancers of partners, which the story may spoil.
const PARTNERS: [&str; 4] = ["partner-exchange", "public-maps", "school-reports", "water-samples"];

struct Balancer {
    arn: String,
    name: String,
    target: String,
}

pub fn build(region: &mut Region, story: &mut Story) {
    let portal = balancer(region, "twin-portal", "application", true);
    listen_https(region, &portal, STRONG, Some(sign_in(region)));
    listen_http(region, &portal, redirect());
    let inside = balancer(region, "twin-internal", "application", false);
    listen_https(region, &inside, STRICT, None);
    if region.primary {
        let intake = balancer(region, "twin-hl7-intake", "network", false);
        listen(region, &intake, 2575, "TLS", Some(STRONG), vec![forward(&intake)]);
        partners(region, story);
    }
}

/// Of four balancers for partners one keeps an old TLS policy, another forwards plain HTTP.
fn partners(region: &mut Region, story: &mut Story) {
    let names = region.rng.shuffled(PARTNERS.to_vec());
    for (number, name) in names.into_iter().enumerate() {
        let weak = number == 0 && story.plants("elb.listener-tls-policy");
        let open = number == 1 && story.plants("elb.http-redirects-to-https");
        let name = if weak || open { story.name(name) } else { name.to_string() };
        let balancer = balancer(region, &name, "application", true);
        let policy = if weak { *region.rng.pick(&WEAK) } else { STRONG };
        let arn = listen_https(region, &balancer, policy, None);
        if weak {
            story.fault(
                "elb.listener-tls-policy",
                arn,
                format!("the HTTPS listener of {name} uses {policy}"),
            );
        }
        let plain = listen_http(region, &balancer, if open { forward(&balancer) } else { redirect() });
        if open {
            story.fault(
                "elb.http-redirects-to-https",
                plain,
                format!("the HTTP listener of {name} forwards instead of redirecting"),
            );
        }
    }
}

fn balancer(region: &mut Region, name: &str, kind: &str, public: bool) -> Balancer {
    let path = if kind == "network" { "net" } else { "app" };
    let tail = region.rng.hex(16);
    let arn = region.arn("elasticloadbalancing", &format!("loadbalancer/{path}/{name}/{tail}"));
    let group_tail = region.rng.hex(16);
    let target = region.arn("elasticloadbalancing", &format!("targetgroup/{name}/{group_tail}"));
    region.targets.insert(name.to_string(), target.clone());
    let subnets = if public { region.public.clone() } else { region.app.clone() };
    let (role, group) = if public {
        ("twin-edge", region.group("edge"))
    } else {
        ("twin-internal", region.group("internal"))
    };
    for subnet in subnets.iter().take(2) {
        let description = format!("ELB {path}/{name}/{tail}");
        balancer_interface(region, subnet, &description, (role, &group));
    }
    let tags = tags(name, "phi", "prod", "platform");
    let item = item(region, &arn, (name, kind, public), &subnets, &group, &tags);
    region.push(item);
    Balancer { arn, name: name.into(), target }
}

fn balancer_interface(region: &mut Region, subnet: &Subnet, description: &str, group: (&str, &str)) {
    let host = region.rng.between(120, 250);
    let wanted = Interface {
        subnet,
        host,
        description,
        kind: "interface",
        groups: &[group],
        instance: None,
        public: None,
    };
    interface(region, wanted);
}

fn item(
    region: &mut Region,
    arn: &str,
    (name, kind, public): (&str, &str, bool),
    subnets: &[Subnet],
    group: &str,
    tags: &Tags,
) -> Item {
    let created = region.past(90, 900);
    let zones: Vec<Value> = subnets
        .iter()
        .map(|subnet| json!({"zoneName": subnet.zone, "subnetId": subnet.id, "loadBalancerAddresses": []}))
        .collect();
    let prefix = if public { "" } else { "internal-" };
    let configuration = json!({
        "loadBalancerArn": arn, "loadBalancerName": name,
        "scheme": if public { "internet-facing" } else { "internal" }, "type": kind,
        "dNSName": format!("{prefix}{name}-{}.{}.elb.amazonaws.com",
            region.rng.between(100_000_000, 1_999_999_999), region.name),
        "canonicalHostedZoneId": if region.primary { "Z35SXDOTRQ7X7K" } else { "Z1H1FL5HABSF5" },
        "createdTime": created.iso(),
        "vpcId": region.vpc, "state": {"code": "active", "reason": null}, "availabilityZones": zones,
        "securityGroups": [group], "ipAddressType": "ipv4"
    });
    let mut item = Item::new("AWS::ElasticLoadBalancingV2::LoadBalancer", arn, arn, configuration)
        .named(name)
        .zone("Multiple Availability Zones");
    item = item.link("AWS::EC2::SecurityGroup", group, WITH_GROUP);
    for subnet in subnets {
        item = item.link("AWS::EC2::Subnet", &subnet.id, "Is attached to Subnet");
    }
    let extra = json!({"LoadBalancerAttributes": attributes(region, name), "Tags": lower_tags(tags)});
    item.link("AWS::EC2::VPC", &region.vpc, IN_VPC).created(created).tagged(tags).supplementary(extra)
}

/// Access logs go to the log archive's account.
fn attributes(region: &Region, name: &str) -> Value {
    let bucket = format!("example-log-archive-elb-{}-{LOG_ACCOUNT}", region.name);
    let pairs = [
        ("access_logs.s3.enabled", "true"),
        ("access_logs.s3.bucket", bucket.as_str()),
        ("access_logs.s3.prefix", name),
        ("deletion_protection.enabled", "true"),
        ("idle_timeout.timeout_seconds", "60"),
        ("routing.http.drop_invalid_header_fields.enabled", "true"),
        ("routing.http2.enabled", "true"),
    ];
    pairs.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn listen_https(region: &mut Region, balancer: &Balancer, policy: &str, first: Option<Value>) -> String {
    let actions = first.into_iter().chain([forward(balancer)]).collect();
    listen(region, balancer, 443, "HTTPS", Some(policy), actions)
}

fn listen_http(region: &mut Region, balancer: &Balancer, action: Value) -> String {
    listen(region, balancer, 80, "HTTP", None, vec![action])
}

fn listen(
    region: &mut Region,
    balancer: &Balancer,
    port: u16,
    protocol: &str,
    policy: Option<&str>,
    mut actions: Vec<Value>,
) -> String {
    let arn = format!("{}/{}", balancer.arn.replace(":loadbalancer/", ":listener/"), region.rng.hex(16));
    if actions.len() > 1 {
        for (number, action) in actions.iter_mut().enumerate() {
            action["Order"] = json!(number + 1);
        }
    }
    let mut configuration = json!({
        "ListenerArn": arn, "LoadBalancerArn": balancer.arn, "Port": port, "Protocol": protocol,
        "DefaultActions": actions, "Certificates": [], "AlpnPolicy": []
    });
    if let Some(policy) = policy {
        let certificate =
            &region.certificates[if balancer.name == "twin-internal" { "internal" } else { "portal" }];
        configuration["SslPolicy"] = json!(policy);
        configuration["Certificates"] = json!([{"CertificateArn": certificate, "IsDefault": true}]);
    }
    let item = Item::new("AWS::ElasticLoadBalancingV2::Listener", &arn, &arn, configuration).discovered();
    region.push(item.link("AWS::ElasticLoadBalancingV2::LoadBalancer", &balancer.arn, "Is contained in "));
    arn
}

fn forward(balancer: &Balancer) -> Value {
    json!({"Type": "forward", "TargetGroupArn": balancer.target, "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": balancer.target, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": false}
    }})
}

fn redirect() -> Value {
    json!({"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}",
        "Query": "#{query}", "StatusCode": "HTTP_301"
    }})
}

/// The portal's visitors sign in with the county's identity provider; the cookie ends after fifteen minutes.
fn sign_in(region: &Region) -> Value {
    json!({"Type": "authenticate-oidc", "AuthenticateOidcConfig": {
        "Issuer": "https://login.county.example.org",
        "AuthorizationEndpoint": "https://login.county.example.org/authorize",
        "TokenEndpoint": "https://login.county.example.org/token",
        "UserInfoEndpoint": "https://login.county.example.org/userinfo",
        "ClientId": format!("twin-portal-{}", region.name), "Scope": "openid",
        "SessionCookieName": "TwinSession", "SessionTimeout": 900,
        "OnUnauthenticatedRequest": "authenticate", "UseExistingClientSecret": true
    }})
}
