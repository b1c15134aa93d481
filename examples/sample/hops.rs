//! The hops that a request takes behind the front door: rules of listeners, target groups, origins of
//! CloudFront, the gateway's names, certificates in IAM; and what the story spoils of them. Comes last, when
//! every listener stands.

use serde_json::{Value, json};

use crate::item::{Item, pascal_tags, tags};
use crate::moment::SNAPSHOT;
use crate::region::{ACCOUNT, Region};
use crate::story::{GLOBAL, Story};

const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";

pub fn build(region: &mut Region, story: &mut Story) {
    if region.primary {
        uploaded(region, story);
        origins(region, story);
    }
    targets(region, story);
    rules(region, story);
    gateway(region, story);
}

/// The items of one type, to be changed in place.
pub fn of<'a>(region: &'a mut Region, kind: &'a str) -> impl Iterator<Item = &'a mut Item> {
    region.items.iter_mut().filter(move |item| item.kind == kind)
}

/// Balancers of partners have no `twin` in their names.
fn partner(arn: &str) -> bool {
    !arn.contains("/twin-")
}

/// Two certificates that nobody renews: one serves a partner's listener, the other ends soon.
fn uploaded(region: &mut Region, story: &mut Story) {
    let mut rng = story.rng("server certificates");
    let days = [rng.between(120, 300), rng.between(5, 25)];
    let partner_takes = story.plants("elb.listener-certificate-acm");
    if !partner_takes && !story.plants("iam.server-certificate-not-expiring") {
        story.answer(GLOBAL, "iam", "ListServerCertificates", &json!({"ServerCertificateMetadataList": []}));
        return;
    }
    let names = ["county-partner-2025".to_string(), story.name("county-vpn")];
    let arns: Vec<String> =
        names.iter().map(|name| format!("arn:aws:iam::{ACCOUNT}:server-certificate/{name}")).collect();
    let certificates: Vec<Value> = (0..2)
        .map(|n| {
            let id = format!("ASCA{}", rng.upper(17));
            json!({"Path": "/", "ServerCertificateName": names[n], "ServerCertificateId": id, "Arn": arns[n],
                "UploadDate": SNAPSHOT.minus_days(340).cli(),
                "Expiration": SNAPSHOT.plus_days(days[n]).cli()})
        })
        .collect();
    story.answer(
        GLOBAL,
        "iam",
        "ListServerCertificates",
        &json!({"ServerCertificateMetadataList": certificates}),
    );
    story.fault(
        "iam.server-certificate-not-expiring",
        &arns[1],
        format!("the certificate {} in IAM ends in {} days", names[1], days[1]),
    );
    let secure =
        of(region, LISTENER).find(|item| partner(item.arn()) && item.configuration["Protocol"] == "HTTPS");
    let listener = secure.expect("partners listen on 443");
    listener.configuration["Certificates"] = json!([{"CertificateArn": arns[0], "IsDefault": true}]);
    story.fault(
        "elb.listener-certificate-acm",
        listener.arn(),
        format!("the listener uses the IAM server certificate {}", names[0]),
    );
}

/// One distribution fetches over plain HTTP, the other offers old TLS; each has a bucket beside its origin.
fn origins(region: &mut Region, story: &mut Story) {
    let first = story.rng("origins").below(2);
    let bucket = region
        .items
        .iter()
        .find(|item| item.kind == "AWS::S3::Bucket")
        .map_or_else(String::new, |item| item.id.clone());
    for (number, item) in of(region, "AWS::CloudFront::Distribution").enumerate() {
        let arn = item.arn().to_string();
        let origins = &mut item.configuration["distributionConfig"]["origins"];
        let custom = &mut origins["items"][0]["customOriginConfig"];
        if number == first && story.plants("cloudfront.origin-https") {
            custom["originProtocolPolicy"] = json!("http-only");
            story.fault("cloudfront.origin-https", arn, "its origin is fetched over plain HTTP");
        } else if number != first && story.plants("cloudfront.origin-tls-version") {
            custom["originSslProtocols"] = json!({"quantity": 2, "items": ["TLSv1", "TLSv1.2"]});
            story.fault("cloudfront.origin-tls-version", arn, "it still offers TLS 1.0 to its origin");
        }
        let pages = json!({"id": "error-pages", "domainName": format!("{bucket}.s3.amazonaws.com"),
            "originPath": "/pages",
            "customHeaders": {"quantity": 0}, "s3OriginConfig": {"originAccessIdentity": ""},
            "originAccessControlId": "E2EXAMPLEOAC01"});
        if let Some(list) = origins["items"].as_array_mut() {
            list.push(pages);
        }
        origins["quantity"] = json!(2);
    }
}

/// A target group for each balancer; one partner's service still speaks HTTP.
fn targets(region: &mut Region, story: &mut Story) {
    let mut rng = story.rng(&format!("targets {}", region.name));
    let balancers: Vec<(String, String)> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .map(|item| (item.name.clone().unwrap_or_default(), item.arn().to_string()))
        .collect();
    let open: Vec<&String> = balancers.iter().filter(|(_, arn)| partner(arn)).map(|(name, _)| name).collect();
    let plain = (!open.is_empty() && story.plants("elb.targets-use-tls")).then(|| (*rng.pick(&open)).clone());
    for (name, balancer) in &balancers {
        let protocol = match name {
            _ if balancer.contains("/net/") => "TLS",
            _ if plain.as_ref() == Some(name) => "HTTP",
            _ => "HTTPS",
        };
        let arn = region.targets[name].clone();
        if protocol == "HTTP" {
            story.fault("elb.targets-use-tls", &arn, format!("{name} speaks plain HTTP to its targets"));
        }
        let item = target(region, &arn, name, protocol, balancer);
        region.push(item);
    }
}

fn target(region: &Region, arn: &str, name: &str, protocol: &str, balancer: &str) -> Item {
    let tags = tags(name, "phi", "prod", "platform");
    let port = if protocol == "HTTP" { 8080 } else { 8443 };
    let configuration = json!({
        "TargetGroupArn": arn, "Name": name, "TargetGroupName": name, "Protocol": protocol,
        "Port": port, "VpcId": region.vpc,
        "TargetType": "ip", "IpAddressType": "ipv4", "LoadBalancerArns": [balancer],
        "HealthCheckEnabled": true,
        "HealthCheckProtocol": "HTTP", "HealthCheckPath": "/healthz", "HealthCheckPort": "8081",
        "HealthCheckIntervalSeconds": 30, "Tags": pascal_tags(&tags)
    });
    let item = Item::new("AWS::ElasticLoadBalancingV2::TargetGroup", arn, arn, configuration)
        .named(name)
        .tagged(&tags);
    item.link("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer, "Is associated with ")
}

/// The rules of every web listener. One that redirects by default has a rule which forwards all the same.
fn rules(region: &mut Region, story: &mut Story) {
    let mut rng = story.rng(&format!("rules {}", region.name));
    let listeners: Vec<(String, Value)> = region
        .items
        .iter()
        .filter(|item| item.kind == LISTENER && item.arn().contains("/app/"))
        .map(|item| (item.arn().to_string(), item.configuration.clone()))
        .collect();
    let redirects = |c: &Value| c["Protocol"] == "HTTP" && c["DefaultActions"][0]["Type"] == "redirect";
    let lax: Vec<&String> =
        listeners.iter().filter(|(arn, c)| partner(arn) && redirects(c)).map(|(arn, _)| arn).collect();
    let leak =
        (!lax.is_empty() && story.plants("elb.http-redirects-to-https")).then(|| (*rng.pick(&lax)).clone());
    for (arn, configuration) in &listeners {
        let base = arn.replace(":listener/", ":listener-rule/");
        let mut list =
            vec![rule(&format!("{base}/{}", rng.hex(16)), "default", &configuration["DefaultActions"])];
        if leak.as_ref() == Some(arn) {
            let target = json!([{"Type": "forward", "TargetGroupArn": region.targets["twin-portal"]}]);
            list.insert(0, rule(&format!("{base}/{}", rng.hex(16)), "10", &target));
            story.fault(
                "elb.http-redirects-to-https",
                arn,
                "a rule for /legacy/* forwards plain HTTP beside the redirect",
            );
        } else if redirects(configuration) {
            list.insert(0, rule(&format!("{base}/{}", rng.hex(16)), "10", &configuration["DefaultActions"]));
        }
        story.answer_of(region.name, "elbv2", "DescribeRules", arn, &json!({"Rules": list}));
    }
}

fn rule(arn: &str, priority: &str, actions: &Value) -> Value {
    let default = priority == "default";
    let conditions =
        if default { json!([]) } else { json!([{"Field": "path-pattern", "Values": ["/legacy/*"]}]) };
    json!({
        "RuleArn": arn, "Priority": priority, "Conditions": conditions, "Actions": actions,
        "IsDefault": default
    })
}

/// Names and default addresses of the gateway; the API's own address was forgotten, and so was an old name.
fn gateway(region: &mut Region, story: &mut Story) {
    let mut names = Vec::new();
    let mut apis = Vec::new();
    if region.primary {
        let old = story.spoiled("apigateway.domain-tls", "reports").map(|name| format!("{name}.example.org"));
        for (name, policy) in std::iter::once(("intake.twin.example.org", "TLS_1_2"))
            .chain(old.as_deref().map(|old| (old, "TLS_1_0")))
        {
            let arn = format!("arn:aws:apigateway:{}::/domainnames/{name}", region.name);
            names.push(json!({"domainName": name, "domainNameArn": arn, "domainNameStatus": "AVAILABLE",
                "securityPolicy": policy, "regionalCertificateArn": region.certificates["portal"],
                "endpointConfiguration": {"types": ["REGIONAL"]},
                "regionalDomainName": format!("d-{}.execute-api.{}.amazonaws.com",
                    story.rng(name).lower(10), region.name)}));
        }
        if let Some(old) = old {
            let arn = names[1]["domainNameArn"].as_str().unwrap_or_default().to_string();
            story.fault("apigateway.domain-tls", arn, format!("{old} accepts TLS 1.0"));
        }
    }
    for item in of(region, "AWS::ApiGateway::RestApi") {
        let (id, name) = (item.configuration["id"].clone(), item.name.clone().unwrap_or_default());
        let lax = name == "twin-intake" && story.plants("apigateway.default-endpoint-tls");
        if lax {
            story.fault(
                "apigateway.default-endpoint-tls",
                item.arn(),
                format!("{name} answers at its AWS address over TLS 1.0"),
            );
        }
        apis.push(json!({"id": id, "name": name, "apiKeySource": "HEADER",
            "endpointConfiguration": {"types": ["REGIONAL"]}, "disableExecuteApiEndpoint": false,
            "securityPolicy": if lax { "TLS_1_0" } else { "SecurityPolicy_TLS13_1_2_2021_06" },
            "createdDate": SNAPSHOT.minus_days(700).cli()}));
    }
    let cached = usize::from(story.plants("apigateway.cache-encrypted"));
    for item in of(region, "AWS::ApiGateway::Stage").take(cached) {
        item.configuration["cacheClusterEnabled"] = json!(true);
        item.configuration["cacheClusterStatus"] = json!("AVAILABLE");
        item.configuration["cacheClusterSize"] = json!("0.5");
        let codes = json!({"metricsEnabled": true, "loggingLevel": "INFO", "cachingEnabled": true,
            "cacheTtlInSeconds": 300, "cacheDataEncrypted": false});
        item.configuration["methodSettings"]["~1codes/GET"] = codes;
        item.configuration["methodSettings"]["*/*"]["cachingEnabled"] = json!(false);
        story.fault("apigateway.cache-encrypted", item.arn(), "GET /codes is cached unencrypted");
    }
    story.answer(region.name, "apigateway", "GetDomainNames", &json!({"items": names}));
    story.answer(region.name, "apigateway", "GetRestApis", &json!({"items": apis}));
}
