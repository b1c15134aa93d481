//! Secrets by where real evidence keeps them: a corpus in the shapes in which AWS answers, the same each
//! time, and look-alikes in the same shapes that hold none. Recall and false findings by kind stand in the
//! book; this test holds the page to what is measured.

use std::io::Write;

use affiant::redact::scan::{self, Findings};
use serde_json::{Value, json};

use crate::harness::{Sandbox, files, gzip, item, repository};
use crate::phi::letters;

const MIXED: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
const LOWER: &str = "abcdefghijkmnpqrstuvwxyz23456789";

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A password as people choose them and as machines do, by turns.
fn secret(n: usize) -> String {
    match n % 3 {
        0 => format!("{}{}", letters(n + 7, 12, MIXED), 10 + n),
        1 => format!("Winter{}!{}", 2020 + n % 7, letters(n + 7, 3, LOWER)),
        _ => format!("{}-{}9", letters(n + 7, 6, MIXED), letters(n + 17, 6, MIXED)),
    }
}

/// A document in AWS's shape with a secret at its place; the number chooses among the ways of writing it.
type Kind = (&'static str, fn(usize, &str) -> Value);

/// Each kind by the place in which evidence keeps it.
const KINDS: &[Kind] = &[
    ("flags of a command", |n, s| {
        let line = [
            format!("server --db-password {s} --port 5432"),
            format!("server --api-key={s}"),
            format!("java -Dspring.datasource.password={s} -jar app.jar"),
            format!("app --client-secret '{s}' --mode fast"),
        ];
        json!({ "containerDefinitions": [{ "command": ["sh", "-c", line[n % 4]] }] })
    }),
    ("words of a command", |n, s| {
        let flag = ["--password", "--token", "-password", "--secret-key"][n % 4];
        json!({
            "containerDefinitions": [{ "entryPoint": ["/app"],
                "command": ["serve", flag, s, "--port", "8080"] }]
        })
    }),
    ("short flags and curl", |n, s| {
        let line = [
            format!("mysql -h db.example -u root -p{s} ehr < dump.sql"),
            format!("curl -u admin:{s} https://api.example/v1"),
            format!("sshpass -p '{s}' ssh svc@host.example"),
            format!("redis-cli -h cache.example -a {s} ping"),
            format!("curl -H 'X-Api-Key: {s}' https://api.example/v1"),
        ];
        json!({ "documentContent": line[n % 5] })
    }),
    ("YAML in text", |n, s| {
        let text = [
            format!("database:\n  host: db.example\n  password: {s}\n"),
            format!("services:\n  app:\n    environment:\n      - API_TOKEN={s}\n"),
            format!("data:\n  client_secret: \"{s}\"\n"),
        ];
        json!({ "source": { "buildspec": text[n % 3] } })
    }),
    ("properties in text", |n, s| {
        let text = [
            format!("spring.datasource.url=jdbc:x\nspring.datasource.password={s}\n"),
            format!("requirepass {s}\nport 6379\n"),
            format!("db.example:5432:ehr:app:{s}\n"),
            format!("machine git.example login ci password {s}\n"),
        ];
        json!({ "serverProperties": text[n % 4] })
    }),
    ("parameterKey and parameterValue", |n, s| {
        let name = ["DbPassword", "AdminToken", "MasterUserPassword"][n % 3];
        match n % 2 {
            0 => json!({ "parameters": [{ "parameterKey": name, "parameterValue": s }] }),
            _ => json!({ "Parameters": [{ "ParameterValue": s, "ParameterKey": name }] }),
        }
    }),
    ("Name and Value, in either order", |n, s| match n % 3 {
        0 => json!({ "environment": [{ "Name": "DB_PASSWORD", "Value": s }] }),
        1 => json!({ "settings": [{ "value": s, "name": "smtp-password" }] }),
        _ => json!({ "Metadata": [{ "Value": s, "Type": "String", "Key": "api_key" }] }),
    }),
    ("option settings", |n, s| {
        let name = ["DB_PASSWORD", "SECRET_KEY_BASE", "RDS_PASSWORD"][n % 3];
        json!({
            "optionSettings": [{ "namespace": "aws:elasticbeanstalk:application:environment",
                "optionName": name, "value": s }]
        })
    }),
    ("SSM parameters", |n, s| match n % 2 {
        0 => json!({ "Parameter": { "Name": "/ehr/prod/db/password", "Type": "String", "Value": s } }),
        _ => json!({ "Parameter": { "Name": "/ehr/prod/x", "Type": "SecureString", "Value": s } }),
    }),
    ("defaults of a template", |n, s| {
        let template =
            json!({ "Parameters": { "DbPassword": { "Type": "String", "Default": s } }, "Resources": {} });
        if n % 2 == 0 {
            json!({ "TemplateBody": template.to_string() })
        } else {
            json!({ "TemplateBody": template })
        }
    }),
    ("user data", |n, s| {
        let script = [
            format!("#!/bin/bash\nexport DB_PASSWORD='{s}'\nsystemctl start app\n"),
            format!(
                "#cloud-config\nchpasswd:\n  list: |\n    root:x\nwrite_files:\n- content: |\n    \
                 password: {s}\n  path: /etc/app.yaml\n"
            ),
            format!("#!/bin/bash\necho 'svc:{s}' | chpasswd\n"),
        ];
        json!({ "userData": base64(script[n % 3].as_bytes()) })
    }),
    ("user data, compressed", |n, s| {
        let script = format!("#!/bin/bash\nexport DB_PASSWORD='{s}'\n");
        let member = ["userData", "UserData", "content"][n % 3];
        json!({ member: base64(&gzip(script.as_bytes())) })
    }),
    ("user data in UTF-16", |n, s| {
        let script =
            format!("<powershell>\n$p = ConvertTo-SecureString '{s}' -AsPlainText -Force\n</powershell>");
        match n % 2 {
            0 => json!({ "userData": base64(&utf16(&script)) }),
            _ => {
                json!({
                    "userData": base64(
                        format!("powershell -EncodedCommand {}", base64(&utf16(&script))).as_bytes()
                    )
                })
            }
        }
    }),
    ("base64 outside user data", |n, s| {
        let member = ["Content", "Data", "configurationData"][n % 3];
        json!({
            member: base64(format!("<broker><user username=\"app\" password=\"{s}\"/></broker>").as_bytes())
        })
    }),
    ("percent-encoded policies", |n, s| {
        let policy = json!({ "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": { "StringEquals": { "aws:UserAgent": format!("token={s}"),
                "aws:Referer": format!("https://x.example/?api_key={s}") } } }] });
        json!({
            "rolePolicyList": [
                { "policyName": format!("p{n}"), "policyDocument": percent(&policy.to_string()) }
            ]
        })
    }),
    ("XML of a VPN", |n, s| {
        let xml = format!(
            "<?xml version=\"1.0\"?><vpn_connection><ike>\
             <pre_shared_key>{s}</pre_shared_key></ike></vpn_connection>"
        );
        match n % 2 {
            0 => json!({ "customerGatewayConfiguration": xml }),
            _ => {
                json!({
                    "options": {
                        "tunnelOptions": [{ "outsideIpAddress": "203.0.113.9", "preSharedKey": s }]
                    },
                    "note": xml
                })
            }
        }
    }),
    ("connection strings", |n, s| {
        let text = [
            format!("jdbc:oracle:thin:ehr/{s}@db.example:1521:ORCL"),
            format!("ehr/{s}@db.example:1521/ORCL"),
            format!("Server=db.example;Database=ehr;User Id=sa;Password={s};"),
            format!("postgresql://app:{}/{}@db.example:5432/ehr", &s[..4], &s[4..]),
            format!("https://{}{}@git.example/ehr.git", letters(n + 3, 12, LOWER), s.replace(['!', '-'], "")),
        ];
        json!({ "connectionParameters": { "url": text[n % 5] } })
    }),
    ("headers of CloudFront", |n, s| {
        let name = ["X-Origin-Verify", "X-Shared-Secret", "Authorization"][n % 3];
        json!({ "distributionConfig": { "origins": { "items": [
            { "customHeaders": { "items": [{ "headerName": name, "headerValue": s }] } }] } } })
    }),
    ("Firehose and brokers", |n, s| match n % 3 {
        0 => {
            json!({ "HttpEndpointDestinationDescription": {
                "EndpointConfiguration": { "Url": "https://in.example/v1", "AccessKey": s } } })
        }
        1 => {
            json!({
                "RequestConfiguration": {
                    "CommonAttributes": [{ "AttributeName": "api-key", "AttributeValue": s }]
                }
            })
        }
        _ => {
            json!({
                "users": [{ "username": "app", "password": s }],
                "ldapServerMetadata": { "serviceAccountPassword": s }
            })
        }
    }),
    ("Step Functions", |n, s| {
        let parameters = match n % 2 {
            0 => {
                json!({
                    "ApiEndpoint": "x.example",
                    "Headers": { "Authorization": [
                        format!("Basic {}", base64(format!("app:{s}").as_bytes()))
                    ] }
                })
            }
            _ => json!({ "Payload": { "Password": s, "User": "app" } }),
        };
        json!({
            "definition": json!({ "StartAt": "A",
                "States": { "A": { "Type": "Task", "Parameters": parameters, "End": true } } }).to_string()
        })
    }),
    ("EventBridge", |n, s| match n % 3 {
        0 => {
            json!({
                "targets": [{ "Id": "1", "Input": json!({ "user": "app", "apiToken": s }).to_string() }]
            })
        }
        1 => {
            json!({
                "AuthParameters": { "InvocationHttpParameters": {
                    "HeaderParameters": [{ "Key": "x-tenant", "Value": s, "IsValueSecret": true }]
                } }
            })
        }
        _ => json!({ "AuthParameters": { "ApiKeyAuthParameters": { "ApiKeyName": "k", "ApiKeyValue": s } } }),
    }),
    ("Glue", |n, s| match n % 2 {
        0 => json!({ "DefaultArguments": { "--db_password": s, "--job-language": "python" } }),
        _ => {
            json!({
                "ConnectionProperties": { "USERNAME": "etl", "PASSWORD": s,
                    "JDBC_CONNECTION_URL": "jdbc:postgresql://db.example/ehr" }
            })
        }
    }),
    ("EMR", |n, s| match n % 2 {
        0 => {
            json!({
                "configurations": [{ "Classification": "hive-site",
                    "Properties": { "javax.jdo.option.ConnectionPassword": s } }]
            })
        }
        _ => {
            json!({
                "steps": [{ "Config": { "Jar": "command-runner.jar",
                    "Args": ["spark-submit", "--conf", format!("spark.app.password={s}")] } }]
            })
        }
    }),
    ("CodeBuild", |n, s| match n % 3 {
        0 => {
            json!({
                "environment": {
                    "environmentVariables": [{ "name": "NPM_TOKEN", "value": s, "type": "PLAINTEXT" }]
                }
            })
        }
        1 => {
            json!({ "source": { "buildspec": format!(
                "version: 0.2\nphases:\n  build:\n    commands:\n      \
                 - docker login -u ci -p {s} registry.example\n"
            ) } })
        }
        _ => json!({ "webhook": { "url": "https://api.github.example/hooks/1", "secret": s } }),
    }),
    ("Amplify", |n, s| match n % 3 {
        0 => json!({ "environmentVariables": { "STRIPE_SECRET": s } }),
        1 => json!({ "basicAuthCredentials": base64(format!("admin:{s}").as_bytes()) }),
        _ => {
            json!({ "webhookUrl": format!(
                "https://webhooks.amplify.us-east-1.amazonaws.com/prod/\
                 webhooks?id=1&token={s}&operation=startbuild"
            ) })
        }
    }),
    ("Cognito clients", |n, s| match n % 2 {
        0 => json!({ "UserPoolClient": { "ClientId": "abc", "ClientSecret": s } }),
        _ => json!({ "IdentityProvider": { "ProviderDetails": { "client_id": "abc", "client_secret": s } } }),
    }),
    ("credential files", |n, s| match n % 3 {
        0 => json!({ "secretish": json!({ "type": "service_account", "private_key_id": "k", "private_key":
            format!("-----BEGIN PRIVATE KEY-----\n{s}\n-----END PRIVATE KEY-----\n") }).to_string() }),
        1 => {
            json!({ "dockerConfig": json!({ "auths": {
                "registry.example": { "auth": base64(format!("ci:{s}").as_bytes()) } } }).to_string() })
        }
        _ => json!({ "npmrc": format!("//registry.example/:_authToken={s}") }),
    }),
    ("keys of further issuers", |n, _| {
        let x = |len, alphabet| letters(n + 5, len, alphabet);
        let hex = "0123456789abcdef";
        let token = [
            format!("dop_v1_{}", x(64, hex)),
            format!("shpat_{}", x(32, hex)),
            format!("DATADOG_API_KEY={}", x(40, hex)),
            format!("glagent-{}", x(50, LOWER)),
            format!("rubygems_{}", x(48, hex)),
        ];
        json!({ "description": format!("uses {} for now", token[n % 5]) })
    }),
    ("error messages", |n, s| {
        let text = [
            format!("could not log in with password={s}"),
            format!("GET https://x.example/v1?access_token={s} failed"),
        ];
        json!({ "stateReason": { "code": "Client.Error", "message": text[n % 2] } })
    }),
];

/// In the same shapes, and no secret.
const ALIKE: &[Kind] = &[
    ("references", |n, _| {
        let value = [
            "arn:aws:secretsmanager:us-east-1:111122223333:secret:ehr/db-AbC123",
            "{{resolve:secretsmanager:ehr/db:SecretString:password}}",
            "/ehr/prod/db-password",
            "$DB_PASSWORD",
        ][n % 4];
        json!({
            "environment": { "variables": { "DB_PASSWORD": value } },
            "parameters": [{ "parameterKey": "DbPassword", "parameterValue": "****" }]
        })
    }),
    ("secrets that are kept elsewhere", |n, _| {
        json!({ "environment": { "environmentVariables": [{ "name": "DB_PASSWORD",
            "value": format!("ehr/db{n}:password"), "type": "SECRETS_MANAGER" }] },
                "containerDefinitions": [{ "secrets": [{ "name": "API_TOKEN",
                    "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/t" }] }] })
    }),
    ("commands without one", |n, _| {
        let line = [
            "docker run -p 8080:80 -e MODE=fast nginx",
            "server --password-file /run/secrets/db --token-ttl 3600",
            "mysql -h db.example -u root -p$DB_PASSWORD ehr",
            "curl -u \"$USER:$TOKEN\" https://api.example/v1",
            "ssh -p 2222 svc@host.example",
        ][n % 5];
        json!({
            "command": ["sh", "-c", line],
            "userData": base64(format!("#!/bin/bash\n{line}\nyum -y update\n").as_bytes())
        })
    }),
    ("settings of databases", |n, _| {
        let (name, value) = [
            ("password_encryption", "scram-sha-256"),
            ("rds.force_ssl", "1"),
            ("secret_rotation_days", "30"),
            ("tokenizer", "standard"),
        ][n % 4];
        json!({
            "Parameters": [{ "ParameterName": name, "ParameterValue": value,
                "Description": "Determines the algorithm to encrypt the password." }]
        })
    }),
    ("policies", |n, _| {
        let actions =
            ["secretsmanager:GetSecretValue", "sts:GetSessionToken", "cognito-idp:AdminSetUserPassword"];
        let policy = json!({ "Statement": [{ "Effect": "Deny", "Action": actions[n % 3],
            "Resource": "arn:aws:secretsmanager:*:*:secret:ehr/*",
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2026-01-01T00:00:00Z" },
                "Bool": { "kms:GrantIsForAWSResource": "true" } } }] });
        json!({ "policyDocument": percent(&policy.to_string()), "policy": policy.to_string() })
    }),
    ("cursors and identifiers", |n, _| {
        let x = |len, alphabet| letters(n + 50, len, alphabet);
        json!({ "nextToken": base64(x(48, MIXED).as_bytes()), "clientRequestToken": x(32, LOWER),
                "lockToken": "6f1d0a32-5d1c-4c0e-9d7a-0a1b2c3d4e5f",
                "accessKeyId": "SMK1", "creationToken": format!("ehr-{n}"), "httpTokens": "required",
                "keyId": x(36, LOWER), "etag": format!("\"{}\"", x(32, "0123456789abcdef")),
                "codeSha256": base64(x(32, MIXED).as_bytes()) })
    }),
    ("certificates and public keys", |n, _| {
        let body = letters(n + 9, 256, MIXED);
        json!({ "certificateAuthority": { "data": base64(
                    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n").as_bytes()) },
                "publicKey": format!("ssh-rsa {body} ops@example"),
                "thumbprintList": [letters(n, 40, "0123456789abcdef")] })
    }),
    ("prose", |n, _| {
        let text = [
            "Password: required, rotated every 90 days; tokens expire after one hour.",
            "The secret of good backups: test them. Credentials live in the vault.",
            "Set a master key with care; see https://docs.example/secrets/token?page=2 for the key policy.",
        ][n % 3];
        json!({
            "description": text,
            "tags": { "purpose": "token service", "password-policy": "strict", "secret-store": "vault" }
        })
    }),
    ("identity settings", |n, _| {
        json!({ "UserPool": {
            "Policies": { "PasswordPolicy": { "MinimumLength": 14, "TemporaryPasswordValidityDays": n } },
            "TokenValidityUnits": { "AccessToken": "hours", "RefreshToken": "days" } },
                "PasswordLastUsed": "2026-09-01T10:00:00Z", "mfaTokens": n, "oauthFlows": ["code"],
                "tokenEndpoint": "https://idp.example/oauth2/token" })
    }),
    ("network and storage", |n, _| {
        json!({ "description": format!("ELB app/ehr/{}", letters(n + 4, 16, "0123456789abcdef")),
                "s3Uri": "s3://ehr-logs/prefix/x@y", "masterUserSecret": {
                "secretArn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!db-0a1b2c3d-AbC123",
                "secretStatus": "active" }, "connectionString": "x",
                "endpoint": "redis://cache.example:6379" })
    }),
];

fn found(document: &Value) -> (String, Findings) {
    let text = item("AWS::Lambda::Function", "x", document.clone()).to_string();
    let mut findings = Findings::default();
    let new = if scan::suspicious(text.as_bytes()) {
        scan::json(&text, &mut findings).unwrap_or_else(|| text.clone())
    } else {
        text.clone()
    };
    (new, findings)
}

/// Whether the secret is gone, and every text that hid it.
fn gone(document: &Value, secret: &str) -> bool {
    let (new, findings) = found(document);
    let parsed: Value = serde_json::from_str(&new).expect("still JSON");
    let mut clear = true;
    let mut open = vec![&parsed];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(map) => open.extend(map.values()),
            Value::String(text) => clear &= !reveals(text, secret, 0),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    clear && !findings.is_empty()
}

/// As an attacker would look: through base64, gzip, UTF-16 and percent codes.
fn reveals(text: &str, secret: &str, depth: u32) -> bool {
    use base64::Engine;
    if text.contains(secret) || depth > 4 {
        return text.contains(secret);
    }
    let plain = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let words = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)))
        .filter(|word| word.len() >= 12);
    let decoded = words.filter_map(|word| base64::engine::general_purpose::STANDARD.decode(word).ok());
    let inner = decoded.flat_map(|bytes| {
        let mut unpacked = Vec::new();
        let _ =
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut unpacked);
        let wide: Vec<u16> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        [
            String::from_utf8_lossy(&bytes).into_owned(),
            String::from_utf8_lossy(&unpacked).into_owned(),
            String::from_utf16_lossy(&wide),
        ]
    });
    (plain != text && reveals(&plain, secret, depth + 1))
        || inner.into_iter().any(|text| reveals(&text, secret, depth + 1))
}

const EACH: usize = 10;

fn measured() -> String {
    let mut out = String::from("| place | planted | found |\n|---|---|---|\n");
    let (mut planted, mut hit) = (0, 0);
    for (name, make) in KINDS {
        let count = (0..EACH).filter(|n| {
            let value = secret(*n);
            let document = make(*n, &value);
            // where the value is not ours, what must go is told by the finding alone
            if *name == "keys of further issuers" {
                !found(&document).1.is_empty()
            } else {
                gone(&document, &value)
            }
        });
        let count = count.count();
        out.push_str(&format!("| {name} | {EACH} | {count} |\n"));
        (planted, hit) = (planted + EACH, hit + count);
    }
    out.push_str("\n| look-alikes | documents | taken for a secret |\n|---|---|---|\n");
    let (mut documents, mut wrong) = (0, 0);
    for (name, make) in ALIKE {
        let count = (0..EACH).filter(|n| !found(&make(*n, "")).1.is_empty()).count();
        out.push_str(&format!("| {name} | {EACH} | {count} |\n"));
        (documents, wrong) = (documents + EACH, wrong + count);
    }
    out.push_str(&format!(
        "\nBy place: {hit} of {planted}. False findings: {wrong} of {documents} documents that look alike.\n"
    ));
    assert!(hit * 100 >= planted * 90, "recall fell:\n{out}");
    assert!(wrong * 100 <= documents, "look-alikes are taken for secrets:\n{out}");
    out
}

#[test]
fn recall_by_place_is_that_on_the_page() {
    let page = std::fs::read_to_string(repository().join("docs/src/redaction.md")).expect("a page");
    let table = measured();
    assert!(page.contains(&table), "docs/src/redaction.md must hold what was measured:\n{table}");
}

#[test]
fn look_alikes_say_which() {
    for (name, make) in ALIKE {
        for n in 0..EACH {
            let document = make(n, "");
            let (_, findings) = found(&document);
            assert!(findings.is_empty(), "{name} {n}: {findings:?}\n{document}");
        }
    }
}

/// Two names that hide different things stay two, and the same one stays one wherever it stands.
#[test]
fn markers_are_as_many_as_originals() {
    let document =
        json!({ "tags": { "a": "logs-219-09-1112", "b": "logs-219-09-1113", "c": "logs-219-09-1112" } })
            .to_string();
    let mut findings = Findings::default();
    let new: Value =
        serde_json::from_str(&scan::json(&document, &mut findings).expect("found")).expect("JSON");
    assert_eq!(new["tags"]["a"], new["tags"]["c"]);
    assert_ne!(new["tags"]["a"], new["tags"]["b"]);
    let forged = json!({ "tags": { "a": "x-219-09-1112", "b": "x-[redacted phi-ssn]" } }).to_string();
    let new: Value =
        serde_json::from_str(&scan::json(&forged, &mut Findings::default()).expect("found")).expect("JSON");
    assert_ne!(new["tags"]["a"], new["tags"]["b"], "what looks like a marker is not one");
}

/// Two buckets whose names differ in what is redacted are two rows, and the one that fails still fails.
#[test]
fn redaction_never_merges_two_resources() {
    let box_ = Sandbox::default().workspace();
    let volume = |id: &str, encrypted: bool| {
        let mut volume =
            item("AWS::EC2::Volume", id, json!({ "volumeId": id, "encrypted": encrypted, "size": 8 }));
        volume["ARN"] = json!(format!("arn:aws:ec2:us-east-1:111122223333:volume/{id}"));
        volume
    };
    box_.snapshot("in", &[volume("logs-219-09-1112", true), volume("logs-219-09-1113", false)]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let zip = box_.package();
    let root = zip.with_extension("");
    let csv = std::fs::read_to_string(root.join("data/tables/resource.csv")).expect("a table");
    assert_eq!(csv.lines().filter(|l| l.contains("AWS::EC2::Volume")).count(), 2, "{csv}");
    assert!(!csv.contains("219-09-111"), "{csv}");
    let results = std::fs::read_to_string(root.join("data/tables/result.csv")).expect("a table");
    assert!(
        results.lines().any(|l| l.contains("volume/logs-[redacted") && l.contains("not met")),
        "{results}"
    );
}

/// Everything that leaves: names of files, what services answered, what was typed, the workspace's own files,
/// frames of snapshots, documents in UTF-16.
#[test]
fn no_layer_of_a_package_holds_a_planted_secret() {
    let box_ = Sandbox::default().workspace();
    let planted = secret(0);
    let documents: Vec<Value> = KINDS
        .iter()
        .enumerate()
        .map(|(n, (_, make))| item("AWS::Lambda::Function", &format!("f{n}"), make(n, &planted)))
        .collect();
    box_.snapshot("in", &documents);
    let frame = json!({
        "fileVersion": "1.0", "note": format!("password={planted}"),
        "configurationItems": [item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]
    });
    box_.write(
        "in/snapshots/111122223333_Config_us-west-2_ConfigSnapshot_20260930T114000Z_\
         11111111-2222-4333-8444-555555555555.json",
        frame.to_string(),
    );
    let wide: Vec<u8> =
        [vec![0xff, 0xfe], utf16(&format!("Runbook\r\ndb password = {planted}\r\n"))].concat();
    box_.write("in/documents/runbook.txt", wide);
    let ran = box_.affiant(&["collect", "--snapshot", "in"]);
    assert!(ran.code == 0 || ran.code == 3, "{}", ran.err);
    let zip = box_.package();
    let mut bytes = Vec::new();
    for (name, content) in files(&zip.with_extension("")) {
        bytes.clear();
        match content.starts_with(&[0x1f, 0x8b]) {
            true => drop(std::io::Read::read_to_end(
                &mut flate2::read::MultiGzDecoder::new(content.as_slice()),
                &mut bytes,
            )),
            false => bytes.write_all(&content).expect("memory"),
        }
        let wide: Vec<u8> = utf16(&planted);
        assert!(
            !crate::spine::contains(&bytes, planted.as_bytes()) && !crate::spine::contains(&bytes, &wide),
            "{name} holds the planted secret"
        );
    }
    box_.affiant(&["verify", &zip.display().to_string(), "--recompute"]).exits(3);
}

#[test]
fn a_secret_in_a_name_or_in_the_workspace_stops_the_package() {
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    box_.write("in/documents/key AKIAIOSFODNN7EXAMPLE.md", "nothing");
    box_.affiant(&["collect", "--snapshot", "in"]);
    let refused = box_.affiant(&["package"]).exits(2);
    assert!(
        refused.err.contains("aws-access-key in the file's name") && !refused.err.contains("AKIAIOSFODNN7"),
        "{}",
        refused.err
    );
    let box_ = Sandbox::default().workspace();
    box_.snapshot("in", &[item("AWS::S3::Bucket", "b", json!({ "name": "b" }))]);
    box_.affiant(&["collect", "--snapshot", "in"]);
    let text = std::fs::read_to_string(box_.path().join("affiant.yaml")).expect("a file");
    box_.write("affiant.yaml", format!("# curl -u auditor:Sw0rdf1sh99 https://x.example\n{text}"));
    let refused = box_.affiant(&["package"]).exits(2);
    assert!(refused.err.contains("affiant.yaml") && !refused.err.contains("Sw0rdf1sh99"), "{}", refused.err);
}
