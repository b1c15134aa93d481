//! Ways in that AWS Config does not show, or not wholly: pooled desktops, the remote browser, the hotline's
//! agents, the VPN, newer APIs, and how long sessions of roles and permission sets last.

use serde_json::{Value, json};

use crate::item::{Item, pascal_tags, percent, tags};
use crate::moment::ANSWERS;
use crate::region::{ACCOUNT, Region};
use crate::rng::Rng;
use crate::story::{GLOBAL, Story};

pub fn build(region: &mut Region, story: &mut Story) {
    pools(region, story);
    browser(region, story);
    if region.primary {
        hotline(region, story);
        vpn(region, story);
        apis(region, story);
    }
}

/// Shared desktops of the epidemiologists, and of the trainers, whose sessions never end.
fn pools(region: &Region, story: &mut Story) {
    let mut rng = story.rng("pools");
    let lax = if story.plants("workspaces.pool-idle-timeout") { 0 } else { 600 };
    let all = [("epidemiology", 600), ("training", lax)];
    let names: &[(&str, i64)] = if region.primary { &all } else { &[] };
    let mut pools = Vec::new();
    for (name, idle) in names {
        let id = format!("wspool-{}", rng.lower(9));
        let arn = region.arn("workspaces", &format!("workspacespool/{id}"));
        pools.push(json!({
            "PoolId": id, "PoolArn": arn, "PoolName": format!("twin-{name}"), "State": "RUNNING",
            "CreatedAt": ANSWERS.minus_days(300).cli(),
            "BundleId": format!("wsb-{}", rng.lower(9)), "DirectoryId": format!("wsd-{}", rng.lower(10)),
            "RunningMode": "AUTO_STOP",
            "CapacityStatus": {"AvailableUserSessions": 8, "DesiredUserSessions": 10,
                "ActualUserSessions": 10, "ActiveUserSessions": 2},
            "TimeoutSettings": {"DisconnectTimeoutInSeconds": 300, "IdleDisconnectTimeoutInSeconds": idle,
                "MaxUserDurationInSeconds": 28800}
        }));
        if *idle == 0 {
            story.fault(
                "workspaces.pool-idle-timeout",
                arn,
                format!("idle sessions of the pool twin-{name} never end"),
            );
        }
    }
    story.answer(region.name, "workspaces", "DescribeWorkspacesPools", &json!({"WorkspacesPools": pools}));
}

fn browser(region: &Region, story: &mut Story) {
    let mut settings = Vec::new();
    if region.primary {
        let arn = region.arn("workspaces-web", &format!("userSettings/{}", story.rng("browser").uuid()));
        settings.push(json!({
            "userSettingsArn": arn, "copyAllowed": "Disabled", "pasteAllowed": "Enabled",
            "downloadAllowed": "Disabled",
            "uploadAllowed": "Disabled", "printAllowed": "Disabled", "disconnectTimeoutInMinutes": 5,
            "idleDisconnectTimeoutInMinutes": 15, "deepLinkAllowed": "Disabled"
        }));
    }
    story.answer(region.name, "workspaces-web", "ListUserSettings", &json!({"userSettings": settings}));
}

/// The county's hotline: its agents are signed out when idle, its supervisors are not.
fn hotline(region: &mut Region, story: &mut Story) {
    let mut rng = story.rng("hotline");
    let id = rng.uuid();
    let arn = region.arn("connect", &format!("instance/{id}"));
    let tags = tags("twin-hotline", "phi", "prod", "hotline");
    let created = region.past(200, 600);
    let configuration = json!({
        "Id": id, "Arn": arn, "InstanceAlias": "twin-hotline", "IdentityManagementType": "SAML",
        "InstanceStatus": "ACTIVE", "CreatedTime": created.iso(),
        "ServiceRole": format!("arn:aws:iam::{ACCOUNT}:role/aws-service-role/connect.amazonaws.com/\
                                AWSServiceRoleForAmazonConnect"),
        "Attributes": {"InboundCalls": true, "OutboundCalls": false, "ContactflowLogs": true,
            "ContactLens": false, "AutoResolveBestVoices": true,
            "UseCustomTTSVoices": false, "EarlyMedia": true},
        "Tags": pascal_tags(&tags)
    });
    let item = Item::new("AWS::Connect::Instance", &arn, &arn, configuration)
        .named("twin-hotline")
        .created(created)
        .tagged(&tags);
    region.push(item);
    for (name, handled) in [("agents", true), ("supervisors", !story.plants("connect.agent-idle-timeout"))] {
        let profile = rng.uuid();
        let own = format!("{arn}/authentication-profile/{profile}");
        let body = json!({"AuthenticationProfile": {
            "Id": profile, "Arn": own, "Name": name, "IsDefault": name == "agents",
            "CreatedTime": created.cli(), "LastModifiedTime": created.cli(),
            "LastModifiedRegion": region.name, "AllowedIps": [], "BlockedIps": [],
            "PeriodicSessionDuration": 20, "MaxSessionDuration": 720,
            "SessionInactivityDuration": 15, "SessionInactivityHandlingEnabled": handled
        }});
        story.answer_of(region.name, "connect", "DescribeAuthenticationProfile", &profile, &body);
        if !handled {
            story.fault(
                "connect.agent-idle-timeout",
                own,
                format!("{name} of the hotline stay signed in when idle"),
            );
        }
    }
}

/// The way in for on-call staff, with AWS's own limit of a day.
fn vpn(region: &mut Region, story: &mut Story) {
    let id = region.rng.ec2("cvpn-endpoint");
    let arn = region.arn("ec2", &format!("client-vpn-endpoint/{id}"));
    let tags = tags("twin-on-call", "internal", "prod", "platform");
    let group = region.log_group("/aws/client-vpn/twin-on-call");
    let endless = story.plants("ec2.client-vpn-session-limit");
    let configuration = json!({
        "Id": id, "Description": "On-call access", "VpcId": region.vpc, "ClientCidrBlock": "10.250.0.0/22",
        "TransportProtocol": "udp", "VpnPort": 443, "SplitTunnel": true, "SelfServicePortal": "disabled",
        "SessionTimeoutHours": if endless { 24 } else { 8 },
        "ServerCertificateArn": region.certificates.values().next(), "DnsServers": [],
        "SecurityGroupIds": [region.group("functions")],
        "AuthenticationOptions": [{"Type": "federated-authentication",
            "FederatedAuthentication": {"SAMLProviderArn": format!("arn:aws:iam::{ACCOUNT}:saml-provider/\
                                                                    county-directory")}}],
        "ConnectionLogOptions": {"Enabled": true, "CloudwatchLogGroup": group},
        "ClientConnectOptions": {"Enabled": false},
        "TagSpecifications": [{"ResourceType": "client-vpn-endpoint", "Tags": pascal_tags(&tags)}]
    });
    region.push(Item::new("AWS::EC2::ClientVpnEndpoint", &id, &arn, configuration).named(&id).tagged(&tags));
    if endless {
        story.fault("ec2.client-vpn-session-limit", arn, "a VPN connection may last 24 hours");
    }
}

/// The field staff's API, whose test stage logs nothing, and the live map, whose stage logs far too much.
fn apis(region: &mut Region, story: &mut Story) {
    for (name, protocol, stages) in
        [("twin-field", "HTTP", &["$default", "trial"][..]), ("twin-live-map", "WEBSOCKET", &["prod"][..])]
    {
        let id = region.rng.lower(10);
        let api = format!("arn:aws:apigateway:{}::/apis/{id}", region.name);
        let tags = tags(name, "phi", "prod", "portal");
        let scheme = if protocol == "HTTP" { "https" } else { "wss" };
        let configuration = json!({
            "apiId": id, "name": name, "protocolType": protocol,
            "apiEndpoint": format!("{scheme}://{id}.execute-api.{}.amazonaws.com", region.name),
            "disableExecuteApiEndpoint": true, "createdDate": region.past(100, 400).iso(), "tags": tags
        });
        region.push(Item::new("AWS::ApiGatewayV2::Api", &api, &api, configuration).named(name).tagged(&tags));
        for stage in stages {
            let arn = format!("{api}/stages/{stage}");
            let socket = protocol == "WEBSOCKET";
            let traced = socket && story.plants("apigateway.no-request-bodies-in-logs");
            let mut body = json!({
                "stageName": stage, "deploymentId": region.rng.lower(6), "autoDeploy": protocol == "HTTP",
                "stageVariables": {}, "tags": tags, "createdDate": region.past(60, 100).iso(),
                "defaultRouteSettings": {"detailedMetricsEnabled": true}
            });
            if socket {
                body["defaultRouteSettings"] = json!({
                    "detailedMetricsEnabled": true, "loggingLevel": "INFO", "dataTraceEnabled": traced
                });
            }
            if traced {
                story.fault(
                    "apigateway.no-request-bodies-in-logs",
                    &arn,
                    format!("stage {stage} of {name} writes whole messages to its log"),
                );
            }
            if *stage == "trial" && story.plants("apigatewayv2.access-logs") {
                story.fault(
                    "apigatewayv2.access-logs",
                    &arn,
                    format!("stage {stage} of {name} writes no access log"),
                );
            } else {
                let group = region.log_group(format!("/aws/apigateway/{name}"));
                let target = region.arn("logs", &format!("log-group:{group}"));
                body["accessLogSettings"] =
                    json!({"destinationArn": target, "format": "$context.requestId $context.status"});
            }
            region.push(Item::new("AWS::ApiGatewayV2::Stage", &arn, &arn, body).named(*stage).tagged(&tags));
        }
    }
}

/// The rules of every web listener that has no answer yet. Behind the portal's sign-in lies a rule with one
/// of its own, whose cookie nobody shortened.
pub fn sign_in_rules(region: &Region, story: &mut Story) {
    let mut rng = story.rng(&format!("sign-in rules {}", region.name));
    let mut planted = !region.primary || !story.plants("elb.rule-session-timeout");
    for item in region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::ElasticLoadBalancingV2::Listener" && item.arn().contains("/app/"))
    {
        let path = format!("aws/{ACCOUNT}/{}/elbv2/DescribeRules/{}.json", region.name, percent(item.arn()));
        let base = item.arn().replace(":listener/", ":listener-rule/");
        let actions = &item.configuration["DefaultActions"];
        let told = story.answers.get(&path).and_then(|bytes| serde_json::from_slice(bytes).ok());
        let mut answer: Value = told.unwrap_or_else(|| {
            json!({
                "Rules": [{"RuleArn": format!("{base}/{}", rng.hex(16)), "Priority": "default",
                    "Conditions": [], "Actions": actions, "IsDefault": true}]
            })
        });
        let signs_in = actions[0]["Type"].as_str().is_some_and(|kind| kind.starts_with("authenticate-"));
        if signs_in && !planted {
            planted = true;
            let arn = format!("{base}/{}", rng.hex(16));
            let mut own = actions.clone();
            own[0]["AuthenticateOidcConfig"]["SessionTimeout"] = json!(604_800);
            let rule = json!({
                "RuleArn": arn, "Priority": "20",
                "Conditions": [{"Field": "path-pattern", "Values": ["/admin/*"]}], "Actions": own,
                "IsDefault": false
            });
            answer["Rules"].as_array_mut().expect("a list").insert(0, rule);
            story.fault(
                "elb.rule-session-timeout",
                arn,
                "the rule for /admin/* keeps a sign-in for seven days",
            );
        }
        story.answer_of(region.name, "elbv2", "DescribeRules", item.arn(), &answer);
    }
}

/// How long sessions may last, as IAM and Identity Center tell it.
pub fn lengths(region: &Region, story: &mut Story) {
    let roles: Vec<Value> = region
        .items
        .iter()
        .filter(|item| item.kind == "AWS::IAM::Role")
        .map(|item| role(item, story))
        .collect();
    story.answer(GLOBAL, "iam", "ListRoles", &json!({"Roles": roles}));
    let mut rng = story.rng("permission sets");
    let instance = format!("ssoins-{}", rng.hex(16));
    let mut sets = vec![("AuditReader", Some("PT8H")), ("DataSteward", Some("PT4H30M")), ("Support", None)];
    if story.plants("sso.no-administrator-set") {
        sets.push(("AdministratorAccess", Some("PT12H")));
    }
    let mut holders = Vec::new();
    for (name, length) in sets {
        let arn = format!("arn:aws:sso:::permissionSet/{instance}/ps-{}", rng.hex(16));
        let mut set =
            json!({"Name": name, "PermissionSetArn": arn, "CreatedDate": ANSWERS.minus_days(800).cli()});
        if let Some(length) = length {
            set["SessionDuration"] = json!(length);
        }
        story.answer_of(GLOBAL, "sso-admin", "DescribePermissionSet", &arn, &json!({"PermissionSet": set}));
        holders.push((name, rights(name, &arn, &mut rng, story)));
        if length == Some("PT12H") {
            story.fault(
                "sso.permission-set-session",
                arn,
                format!("sessions of permission set {name} last twelve hours"),
            );
        }
    }
    directory(&holders, story);
}

/// People of the identity store, and the permission sets whose group each is in.
const PEOPLE: [(&str, &str, &[&str]); 5] = [
    ("avery.example", "Avery Example", &["DataSteward"]),
    ("casey.example", "Casey Example", &["DataSteward"]),
    ("jordan.example", "Jordan Example", &["AuditReader"]),
    ("morgan.example", "Morgan Example", &["Support", "AdministratorAccess"]),
    ("riley.example", "Riley Example", &["Support"]),
];

/// Who is behind the ids of assignments: `holders` are the permission sets, each with what
/// holds it and its id.
fn directory(holders: &[(&str, Holder)], story: &mut Story) {
    let mut rng = story.rng("identity store");
    let store = format!("d-{}", rng.hex(10));
    let own = |set: &str| holders.iter().find(|(name, holder)| *name == set && !holder.is_group);
    let people: Vec<(String, &[&str], Value)> = PEOPLE
        .iter()
        .map(|(user, shown, sets)| {
            let fresh = rng.uuid();
            let id = sets.first().and_then(|set| own(set)).filter(|_| *user == "morgan.example");
            let id = id.map_or(fresh, |(_, holder)| holder.id.clone());
            let body = json!({
                "UserName": user, "UserId": id, "DisplayName": shown, "UserStatus": "ENABLED",
                "IdentityStoreId": store
            });
            (id, *sets, body)
        })
        .collect();
    let users: Vec<&Value> = people.iter().map(|(_, _, body)| body).collect();
    story.answer_of(GLOBAL, "identitystore", "ListUsers", &store, &json!({"Users": users}));
    let groups: Vec<(&str, &Holder)> =
        holders.iter().filter(|(_, h)| h.is_group).map(|(name, h)| (*name, h)).collect();
    let listed: Vec<Value> = groups
        .iter()
        .map(|(set, group)| {
            let name = match *set {
                "AuditReader" => "auditors",
                "DataSteward" => "data-stewards",
                "Support" => "platform-support",
                _ => "administrators",
            };
            json!({"GroupId": group.id, "DisplayName": name, "IdentityStoreId": store})
        })
        .collect();
    story.answer_of(GLOBAL, "identitystore", "ListGroups", &store, &json!({"Groups": listed}));
    for (set, group) in groups {
        let members: Vec<Value> = people
            .iter()
            .filter(|(_, sets, _)| sets.contains(&set))
            .map(|(user, ..)| {
                json!({
                    "IdentityStoreId": store, "MembershipId": rng.uuid(), "GroupId": group.id,
                    "MemberId": {"UserId": user}
                })
            })
            .collect();
        let body = json!({"GroupMemberships": members});
        story.answer_of(GLOBAL, "identitystore", "ListGroupMemberships", &group.id, &body);
    }
}

/// Who holds a permission set.
struct Holder {
    is_group: bool,
    id: String,
}

/// What a permission set grants, where it is a role, and who holds it there.
fn rights(name: &str, set: &str, rng: &mut Rng, story: &mut Story) -> Holder {
    let (by_aws, allowed, kind) = match name {
        "AdministratorAccess" => (Some("AdministratorAccess"), None, "GROUP"),
        "AuditReader" => (Some("SecurityAudit"), None, "GROUP"),
        "DataSteward" if story.plants("sso.no-full-service-access") => {
            (None, Some(json!(["dynamodb:*"])), "GROUP")
        }
        "DataSteward" => (None, Some(json!(["dynamodb:ListTables"])), "GROUP"),
        _ if story.plants("sso.assigned-to-groups") => {
            (None, Some(json!(["iam:PassRole", "ec2:RunInstances", "ec2:Describe*"])), "USER")
        }
        _ => (None, Some(json!(["ec2:Describe*"])), "GROUP"),
    };
    let attached: Vec<Value> = by_aws
        .iter()
        .map(|policy| json!({"Name": policy, "Arn": format!("arn:aws:iam::aws:policy/{policy}")}))
        .collect();
    let inline = allowed.map_or_else(String::new, |actions| {
        json!({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        })
        .to_string()
    });
    let answers = [
        ("ListManagedPoliciesInPermissionSet", json!({"AttachedManagedPolicies": attached})),
        (
            "ListCustomerManagedPolicyReferencesInPermissionSet",
            json!({"CustomerManagedPolicyReferences": []}),
        ),
        ("GetInlinePolicyForPermissionSet", json!({"InlinePolicy": inline})),
        ("ListAccountsForProvisionedPermissionSet", json!({"AccountIds": [ACCOUNT]})),
        (
            "GetPermissionsBoundaryForPermissionSet",
            json!({"Error": {"Code": "ResourceNotFoundException", "Message": "No boundary."}}),
        ),
    ];
    for (operation, body) in answers {
        story.answer_of(GLOBAL, "sso-admin", operation, set, &body);
    }
    let id = rng.uuid();
    let holder =
        json!({"AccountId": ACCOUNT, "PermissionSetArn": set, "PrincipalType": kind, "PrincipalId": id});
    let place = format!("{ACCOUNT}-{}", set.rsplit('/').next().unwrap_or_default());
    story.answer_of(
        GLOBAL,
        "sso-admin",
        "ListAccountAssignments",
        &place,
        &json!({"AccountAssignments": [holder]}),
    );
    for (check, of, what) in [
        ("sso.no-administrator-set", "AdministratorAccess", "grants administrator access"),
        (
            "sso.administrator-session",
            "AdministratorAccess",
            "keeps an administrator signed in for twelve hours",
        ),
        ("sso.no-full-service-access", "DataSteward", "allows all of DynamoDB"),
        ("sso.no-full-service-access", "AdministratorAccess", "allows all of every service"),
        ("sso.no-unrestricted-pass-role", "Support", "passes every role"),
        ("sso.no-privilege-escalation", "Support", "starts an instance with any role"),
        ("sso.assigned-to-groups", "Support", "is assigned to a person"),
    ] {
        if of == name && story.plants(check) {
            story.fault(check, set, format!("permission set {name} {what}"));
        }
    }
    Holder { is_group: kind == "GROUP", id }
}

/// One role of the list; deployments asked for a whole day's half once, and kept it.
fn role(item: &Item, story: &mut Story) -> Value {
    let name = item.name.clone().unwrap_or_default();
    let reserved = item.arn().contains(":role/aws-reserved/");
    let long = name == "twin-deploy" && story.plants("iam.role-session-limit");
    if long {
        story.fault(
            "iam.role-session-limit",
            item.arn(),
            format!("sessions of {name} may last twelve hours"),
        );
    }
    json!({
        "Path": item.configuration["path"], "RoleName": name, "RoleId": item.id, "Arn": item.arn(),
        "CreateDate": item.created.unwrap_or(ANSWERS).cli(), "AssumeRolePolicyDocument": {},
        "MaxSessionDuration": if long || reserved { 43200 } else { 3600 }
    })
}
