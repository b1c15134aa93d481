//! Sign-in of the twin's own users, and how long a session lasts: Amazon Cognito, AppStream, Session Manager.

use serde_json::{Value, json};

use crate::item::{Item, pascal_tags, tags};
use crate::moment::Moment;
use crate::region::Region;
use crate::story::Story;

/// A client with the lives of its tokens: access and id in minutes, refresh in hours.
struct Client {
    name: String,
    minutes: u32,
    refresh_hours: u32,
}

pub fn build(region: &mut Region, story: &mut Story) {
    session_manager(region, story);
    if !region.primary {
        return;
    }
    let staff = pool(region, "county-staff", "SOFTWARE_TOKEN_MFA");
    let partners = pool(region, "partner-laboratories", "SOFTWARE_TOKEN_MFA");
    let names = region.rng.shuffled(vec!["field-tablet", "kiosk", "legacy-reports"]);
    let mut clients = vec![
        Client { name: "portal".into(), minutes: 30, refresh_hours: 8 },
        Client { name: "analyst".into(), minutes: 15, refresh_hours: 4 },
    ];
    clients.extend(names[1..].iter().map(|name| Client {
        name: name.to_string(),
        minutes: 60,
        refresh_hours: 12,
    }));
    clients.iter().for_each(|own| {
        client(region, &staff, own);
    });
    client(region, &partners, &Client { name: "upload".into(), minutes: 20, refresh_hours: 2 });
    if let Some(name) = story.spoiled("cognito.client-token-lifetime", names[0]) {
        let endless = Client { name, minutes: 24 * 60, refresh_hours: 24 * 365 };
        let arn = client(region, &staff, &endless);
        story.fault(
            "cognito.client-token-lifetime",
            arn,
            format!("tokens of {} live a day, its refresh tokens a year", endless.name),
        );
    }
    fleet(region);
}

/// A user pool that demands a second factor; its id.
fn pool(region: &mut Region, name: &str, factor: &str) -> String {
    let id = format!("{}_{}", region.name, region.rng.upper(9));
    let arn = region.arn("cognito-idp", &format!("userpool/{id}"));
    let tags = tags(name, "phi", "prod", "identity");
    let created = region.past(300, 900);
    let provider = format!("cognito-idp.{}.amazonaws.com/{id}", region.name);
    let configuration = json!({
        "UserPoolId": id, "UserPoolName": name, "Arn": arn, "ProviderName": provider,
        "ProviderURL": format!("https://{provider}"),
        "MfaConfiguration": "ON", "EnabledMfas": [factor], "DeletionProtection": "ACTIVE",
        "AutoVerifiedAttributes": ["email"], "LambdaConfig": {},
        "Policies": {"PasswordPolicy": {"MinimumLength": 14, "RequireUppercase": true,
            "RequireLowercase": true, "RequireNumbers": true,
            "RequireSymbols": true, "TemporaryPasswordValidityDays": 1}},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true},
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        "UserPoolTags": tags
    });
    let item = Item::new("AWS::Cognito::UserPool", &id, arn, configuration)
        .named(&id)
        .created(created)
        .tagged(&tags);
    region.push(item);
    id
}

fn client(region: &mut Region, pool: &str, client: &Client) -> String {
    let id = region.rng.lower(26);
    let arn = region.arn("cognito-idp", &format!("userpool/{pool}/client/{id}"));
    let created = region.past(100, 300);
    let configuration = json!({
        "ClientId": id, "ClientName": client.name, "Name": id, "UserPoolId": pool,
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
        "AccessTokenValidity": client.minutes, "IdTokenValidity": client.minutes,
        "RefreshTokenValidity": client.refresh_hours,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
        "AllowedOAuthFlows": ["code"], "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthScopes": ["openid"], "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": ["https://portal.twin.example.org/callback"],
        "LogoutURLs": ["https://portal.twin.example.org/"], "EnableTokenRevocation": true,
        "PreventUserExistenceErrors": "ENABLED", "AuthSessionValidity": 3
    });
    let item =
        Item::new("AWS::Cognito::UserPoolClient", &id, &arn, configuration).named(&id).created(created);
    region.push(item.link("AWS::Cognito::UserPool", pool, "Is contained in "));
    arn
}

/// The epidemiologists' desktops; an idle session ends after ten minutes.
fn fleet(region: &mut Region) {
    let name = "epidemiology-desktop";
    let arn = region.arn("appstream", &format!("fleet/{name}"));
    let tags = tags(name, "phi", "prod", "epidemiology");
    let configuration = json!({
        "Id": name, "Name": name, "DisplayName": "Epidemiology desktop", "Description": "",
        "FleetType": "ON_DEMAND", "InstanceType": "stream.standard.large",
        "ComputeCapacity": {"DesiredInstances": 4}, "IdleDisconnectTimeoutInSeconds": 600,
        "DisconnectTimeoutInSeconds": 300, "MaxUserDurationInSeconds": 28800,
        "EnableDefaultInternetAccess": false, "ImageName": "twin-desktop-2026-08", "StreamView": "APP",
        "VpcConfig": {"SubnetIds": Region::subnet_ids(&region.app[..2]),
            "SecurityGroupIds": [region.group("functions")]},
        "Tags": pascal_tags(&tags)
    });
    let item = Item::new("AWS::AppStream::Fleet", name, arn, configuration).named(name).tagged(&tags);
    region.push(item);
}

/// Session Manager's preferences: fifteen minutes idle, sessions logged under a key; the recovery region
/// lacks an absolute limit.
fn session_manager(region: &mut Region, story: &mut Story) {
    let group = region.log_group("/aws/ssm/sessions");
    let endless = !region.primary && story.plants("ssm.session-maximum");
    let content = json!({
        "schemaVersion": "1.0", "description": "Document to hold regional settings for Session Manager",
        "sessionType": "Standard_Stream",
        "inputs": {"s3BucketName": "", "s3KeyPrefix": "", "s3EncryptionEnabled": true,
            "cloudWatchLogGroupName": group, "cloudWatchEncryptionEnabled": true,
            "cloudWatchStreamingEnabled": true, "kmsKeyId": region.key("logs"), "runAsEnabled": false,
            "runAsDefaultUser": "", "idleSessionTimeout": "15",
            "maxSessionDuration": if endless { "" } else { "60" },
            "shellProfile": {"windows": "", "linux": ""}}
    });
    let created = region.past(200, 500);
    if endless {
        let own = region.arn("ssm", "document/SSM-SessionManagerRunShell");
        story.fault(
            "ssm.session-maximum",
            own,
            format!("shell sessions in {} have no absolute limit", region.name),
        );
    }
    let body = document(&content, created);
    story.answer_of(region.name, "ssm", "GetDocument", "SSM-SessionManagerRunShell", &body);
}

fn document(content: &Value, created: Moment) -> Value {
    json!({
        "Name": "SSM-SessionManagerRunShell", "CreatedDate": created.cli(), "DocumentVersion": "3",
        "Status": "Active", "Content": content.to_string(),
        "DocumentType": "Session", "DocumentFormat": "JSON"
    })
}
