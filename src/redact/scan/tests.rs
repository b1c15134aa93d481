//! What strikes and what does not, rule by rule.

use serde_json::json;

use super::*;

fn redact(document: &str) -> (Option<String>, Findings) {
    let mut findings = Findings::default();
    let new = json(document, &mut findings);
    (new, findings)
}

#[test]
fn secrets_by_name_only_where_names_are_free() {
    let (new, findings) = redact(concat!(
        r#"{"environment": {"variables":{"DB_PASSWORD":"hunter22","MODE":"fast"}}, "#,
        r#""PasswordLastUsed":"2026-01-01"}"#,
    ));
    let new = new.expect("found");
    assert!(
        !new.contains("hunter22")
            && new.contains("\"MODE\":\"fast\"")
            && new.contains("\"PasswordLastUsed\":\"2026-01-01\"")
    );
    assert_eq!(findings.rules.get("named-secret"), Some(&1));
}

#[test]
fn name_value_pairs_and_json_in_strings() {
    let (new, _) = redact(
        r#"{"configuration":"{\"Environment\":[{\"Name\":\"API_KEY\",\"Value\":\"abcdef123456\"}]}"}"#,
    );
    let new = new.expect("found");
    assert!(!new.contains("abcdef123456"));
    serde_json::from_str::<serde_json::Value>(&new).expect("still JSON");
}

#[test]
fn references_and_clean_documents_keep_their_bytes() {
    assert_eq!(
        redact(r#"{"environment":{"DB_SECRET":"arn:aws:secretsmanager:us-east-1:111122223333:secret:x"}}"#).0,
        None
    );
    assert_eq!(redact(r#"{ "a" : [1, 2.5e3, null, true, "x\"y"] }"#).0, None);
}

/// The quick look must not miss what a rule would find.
#[test]
fn the_quick_look_lets_every_rule_through() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----x",
        "eyJhbGciOiJI.eyJhbGciOiJI.abcdefghij",
        "amqps://user:secretword@host",
        "ghr_0123456789012345678901234567890123456789",
        "xoxb-0123456789-abc",
        "PASSWORD = swordfish",
        "passwd=swordfish",
        "pwd\t=\tswordfish",
        "token=swordfish",
        "smtpToken=swordfish",
        "httptoken=swordfish",
        "api_key=swordfish",
        "API-KEY = swordfish",
        "access-key=swordfish",
        "accesskey\n= swordfish",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "redis://:secretword@host",
        "github_pat_0123456789012345678901",
        "DOB 1970-01-02",
        "(202) 555-0199",
        "+12025550199",
        "\u{17f}ecret=swordfish",
        "to\u{212a}en=swordfish",
        "078-05-1120",
        "x 078-05-1120.",
        "mrn#12345",
    ] {
        assert!(patterns().set.is_match(text), "{text} is a finding");
        assert!(possible(text), "{text} is passed over");
    }
    for text in [
        "arn:aws:ec2:us-east-1:111122223333:volume/vol-1",
        "2026-09-30T12:00:00Z",
        "0123-45-6789x",
        "us-east-1",
    ] {
        assert!(!patterns().set.is_match(text), "{text}");
    }
    for common in [r#""httpTokens":"required""#, r#""attributeValues":["111122223333"]"#, r#""intranet":1"#] {
        assert!(!suspicious(common.as_bytes()), "{common}");
    }
}

proptest::proptest! {
    #[test]
    fn the_quick_look_is_never_stricter(
        text in "[ -~\\t\\n]{0,12}(password|(smtp|http|ttp|p)?token|api_?key|access-key|mrn\
                 |[0-9]{3}-[0-9]{2}-[0-9]{4}|gh[pousr]_[a-z]{36}|AKIA[A-Z]{16})\
                 [ =:#\\t-]{0,3}[ -~]{0,12}",
    ) {
        proptest::prop_assert!(!patterns().set.is_match(&text) || possible(&text), "{text}");
    }
}

#[test]
fn places_name_the_members() {
    let (_, findings) = redact(
        r#"{"tags":{"a\u0062":{"password":"swordfish"}},"x":"{\"environment\":{\"DB_PWD\":\"hunter22\"}}"}"#,
    );
    assert_eq!(findings.places, ["tags.ab.password", "x.environment.DB_PWD"]);
}

#[test]
fn patterns_strike_anywhere() {
    for text in [
        "AKIAIOSFODNN7EXAMPLE",
        "ssn 078-05-1120",
        "MRN 0012345",
        "postgres://u:pa55word@db/x",
        "password=swordfish1",
    ] {
        let (new, findings) = redact(&format!(r#"{{"d":"{text}"}}"#));
        assert!(new.is_some() && !findings.is_empty(), "{text}");
        assert!(suspicious(text.as_bytes()), "{text}");
    }
}

/// Commands of their own kind, code, templates that are no JSON, names that come apart, addresses that are
/// keys.
#[test]
fn secrets_of_a_place_of_their_own() {
    let document = |value: serde_json::Value| value.to_string();
    let text = |text: &str| document(json!({ "documentContent": text }));
    let words = |words: &[&str]| document(json!({ "command": words }));
    for (planted, document) in [
        ("Hk7-Lantern", words(&["mysql", "-uapp", "-pHk7-Lantern", "ehr"])),
        ("Hk7.Lantern", words(&["curl", "-u", "svc:Hk7.Lantern", "https://hooks.example/x"])),
        ("Hk7Lantern", document(json!({ "Fn::Join": ["", ["export API_TOKEN=", "Hk7Lantern", "\n"]] }))),
        ("Hk7Lantern", text("smbclient //fs.example/x -U 'svc%Hk7Lantern' -c ls")),
        ("Hk7-Lantern", text("ftp -in <<EOF\nopen ftp.example\nuser svc Hk7-Lantern\nput a.csv\nEOF\n")),
        ("Hk7-Lantern", text("ftp -n ftp.example <<'END'\nquote USER svc\nquote PASS Hk7-Lantern\nEND\n")),
        ("Hk7Lantern", text("net use Z: \\\\fs.example\\share Hk7Lantern /user:EXAMPLE\\svc")),
        ("Hk7Lantern", text("keytool -genkey -storepass Hk7Lantern -alias a")),
        ("Hk7Lantern", text("aws configure set aws_secret_access_key Hk7Lantern")),
        ("Hk7Lantern", text("define('DB_PASSWORD', 'Hk7Lantern');")),
        ("Hk7Lantern", text("if (request.headers['x-origin-verify'].value !== 'Hk7Lantern') return deny;")),
        (
            "Hk7Lantern",
            text("Parameters:\n  Db:\n    Type: String\n    NoEcho: true\n    Default: Hk7Lantern\n"),
        ),
        ("Hk7Lantern", text("<property><name>fs.s3a.secret.key</name><value>Hk7Lantern</value></property>")),
        ("Hk7Lantern", text("<add value=\"Hk7Lantern\" key=\"ApiSecret\"/>")),
        ("Hk7Lantern", text("network={\n  psk=\"Hk7Lantern\"\n}")),
        ("Hk7Lantern", document(json!({ "OutputKey": "AdminPassword", "OutputValue": "Hk7Lantern" }))),
        ("Hk7Lantern", document(json!({ "HttpHeaderName": "X-Origin-Verify", "Values": ["Hk7Lantern"] }))),
        ("Hk7Lantern9Copper4", text("https://x.example/hook?key=Hk7Lantern9Copper4")),
        ("Hk7Lantern", words(&["redis-server", "--requirepass", "Hk7Lantern"])),
        ("Hk7Lantern", words(&["az", "login", "--service-principal", "-u", "x", "-p", "Hk7Lantern"])),
        ("Hk7Lantern", text("schtasks -create -tn job -ru EXAMPLE\\svc -rp Hk7Lantern")),
        ("Hk7Lantern", text("install --license-key Hk7Lantern")),
        ("Hk7Lantern", text("twine upload -u __token__ -p Hk7Lantern dist/*")),
        ("Hk7Lantern", text("mysqladmin -u root password Hk7Lantern")),
        ("Hk7Lantern", text("realm join -U admin corp.example <<< \"Hk7Lantern\"")),
        ("Hk7Lantern", text("rclone config create s3 s3 access_key_id x secret_access_key Hk7Lantern")),
        ("Hk7Lantern", text("mc alias set store https://s.example admin Hk7Lantern")),
        ("Hk7Lantern", text("crypto isakmp key Hk7Lantern address 203.0.113.7")),
        ("Hk7Lantern", text("SET PASSWORD FOR 'app'@'%' = 'Hk7Lantern'")),
        ("Hk7Lantern", text("variable \"db_password\" {\n  default = \"Hk7Lantern\"\n}")),
        ("Hk7Lantern", text("env:\n- name: DB_PASSWORD\n  value: Hk7Lantern\n")),
        ("Hk7Lantern", document(json!({ "stageVariables": { "TOKEN": "Hk7Lantern" } }))),
        ("Hk7Lantern", document(json!({ "apnsChannel": { "tokenKey": "Hk7Lantern" } }))),
        (
            "dapi0123456789abcdef0123456789abcdef",
            text("deployed with dapi0123456789abcdef0123456789abcdef, rotate"),
        ),
        ("Hk7Lantern9Copper4Zq8X", text("https://discord.com/api/webhooks/11223344/Hk7Lantern9Copper4Zq8X")),
    ] {
        assert!(suspicious(document.as_bytes()), "{document} is passed over");
        let new = redact(&document).0.unwrap_or_default();
        assert!(!new.is_empty() && !new.contains(planted), "{document}: {new}");
    }
}

/// What looks like them and says nothing.
#[test]
fn commands_and_code_without_a_secret() {
    for text in [
        "aws ecr get-login-password | docker login --username AWS --password-stdin \
         111122223333.dkr.ecr.us-east-1.amazonaws.com",
        "password = json.loads(secret)['password']",
        "const token = event.headers['authorization'].split(' ')[1];",
        "if (request.headers['x-forwarded-proto'].value !== 'https') { return moved; }",
        "unzip -q release-1.4.2.zip -d /opt && 7z x archive2026.7z -o/opt",
        "net use Z: \\\\fs.example\\share",
        "ssh-keygen -t ed25519 -N '' -f /tmp/k",
        "https://example.com/list?key=reports/2026-09-30",
        "actions/checkout@v4",
    ] {
        let document = serde_json::json!({ "documentContent": text }).to_string();
        assert_eq!(redact(&document).0, None, "{text}");
    }
    let policy = serde_json::json!({ "Condition": { "StringLike": {
        "token.actions.githubusercontent.com:sub": "repo:example/ehr2:*" } } });
    let inside = serde_json::json!({ "environment": { "document": policy.to_string() } }).to_string();
    assert_eq!(redact(&inside).0, None);
}

/// Only a name that asks a question says nothing of its value: `USER_PASSWORD` begins like one and is none.
#[test]
fn names_that_begin_like_a_question_name_secrets_all_the_same() {
    let found = |name: &str, value: &str| {
        redact(&serde_json::json!({ "environment": { "variables": { name: value } } }).to_string())
            .0
            .is_some()
    };
    for name in [
        "USER_PASSWORD",
        "userPassword",
        "USERPASS",
        "HASH_SECRET",
        "ISSUER_TOKEN",
        "ALLOWLIST_TOKEN",
        "hashicorp_token",
        "requirepass",
        "ENABLE_SECRET",
        "USE_THIS_PASSWORD",
        "useThisPassword",
    ] {
        assert!(found(name, "Hk7Lantern9"), "{name}");
    }
    for (name, value) in [
        ("requirePassword", "always2"),
        ("USE_PASSWORD", "always2"),
        ("HAS_TOKEN", "yes1"),
        ("ENABLE_SECRET", "true"),
        ("ENABLE_SECRET", "from-the-vault"),
        ("useToken", "20260930120000"),
        ("router.token.rule", "Host(`x2`)"),
        ("DB_PASSWORD", "%DB_PASSWORD%"),
        ("DB_PASSWORD", "file:///run/secrets/db2"),
        ("DB_PASSWORD", "vault:secret/data/ehr2#password"),
    ] {
        assert!(!found(name, value), "{name}={value}");
    }
}

/// Base64 that is too short to be looked at for its length alone.
#[test]
fn short_base64_is_known_by_the_names_inside() {
    use base64::Engine;
    for text in ["password: Hk7Lantern9\n", "DB_PASSWORD=Hk7Lantern9", "API_TOKEN=Hk7Lantern9"] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        assert!(encoded.len() < 40, "{text} is long");
        let document = serde_json::json!({ "config": encoded }).to_string();
        assert!(crate::redact::quick::suspicious(document.as_bytes()), "{text} gets no look");
        let (done, _) = redact(&document);
        assert!(done.is_some_and(|done| !done.contains(&encoded)), "{text}");
    }
}

/// A header of a proxy's own is a setting; what a customer's header holds is one only if it is short and
/// plain.
#[test]
fn headers_that_are_settings_stay() {
    let header = |name: &str, value: &str| {
        let items = serde_json::json!([{ "headerName": name, "headerValue": value }]);
        let pair = serde_json::json!({ "customHeaders": { "items": items } });
        redact(&pair.to_string()).0.is_some()
    };
    for (name, value) in [
        ("X-Forwarded-Host", "app2.example.com"),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
        ("Content-Security-Policy", "default-src 'self'; img-src cdn2.example"),
        ("X-Region", "us-east-1"),
    ] {
        assert!(!header(name, value), "{name}: {value}");
    }
    for (name, value) in [("X-Origin-Verify", "Hk7Lantern"), ("X-Tenant", "Hk7Lantern9Copper4")] {
        assert!(header(name, value), "{name}: {value}");
    }
}
