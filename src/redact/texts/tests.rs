//! Tests of the file above.

use super::*;

#[test]
fn each_place_gives_its_value() {
    for (text, secret) in [
        ("app --db-password Xy7kLm92qa start", "Xy7kLm92qa"),
        ("app --db-password=Xy7kLm92qa", "Xy7kLm92qa"),
        ("mysql -h db -u root -pXy7kLm92 ehr", "Xy7kLm92"),
        ("curl -u admin:Xy7kLm92qa https://x.example", "Xy7kLm92qa"),
        ("curl -H 'X-Api-Key: Xy7kLm92qa' https://x.example", "Xy7kLm92qa"),
        ("echo 'root:Xy7kLm92qa' | chpasswd", "Xy7kLm92qa"),
        ("db:\n  password: Xy7kLm92qa\n  port: 5432", "Xy7kLm92qa"),
        ("<pre_shared_key>Xy7kLm92qa</pre_shared_key>", "Xy7kLm92qa"),
        ("<add key=\"DbPassword\" value=\"Xy7kLm92qa\"/>", "Xy7kLm92qa"),
        ("jdbc:oracle:thin:ehr/Xy7kLm92qa@db.example:1521:ORCL", "Xy7kLm92qa"),
        ("ehr/Xy7kLm92qa@db.example:1521/ORCL", "Xy7kLm92qa"),
        ("postgres://app:Xy7/kLm92qa@db.example/ehr", "Xy7/kLm92qa"),
        ("https://0123456789abcdef0123@sentry.example/4", "0123456789abcdef0123"),
        ("CREATE USER ehr IDENTIFIED BY 'Xy7kLm92qa'", "Xy7kLm92qa"),
        ("net user svc Xy7kLm92qa /add", "Xy7kLm92qa"),
        ("docker login -u ci -p Xy7kLm92qa registry.example", "Xy7kLm92qa"),
    ] {
        let found = find(text);
        assert!(
            found.iter().any(|(_, r)| &text[r.clone()] == secret),
            "{text}: {:?}",
            found.iter().map(|(_, r)| &text[r.clone()]).collect::<Vec<_>>()
        );
    }
}

#[test]
fn what_points_elsewhere_or_is_prose_stays() {
    for text in [
        "app --password-file /run/secrets/db --token-ttl 3600",
        "app --password $DB_PASSWORD",
        "docker run -p 8080:80 nginx",
        "ssh -p 2222 host",
        "Password: required, rotated every 90 days",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:ehr/db-AbC123",
        "secretsmanager:GetSecretValue",
        "https://idp.example:443/oauth/token@x",
        "{{resolve:secretsmanager:ehr/db:SecretString:password}}",
        "tokens: required\nhttpTokens: optional",
    ] {
        assert!(
            find(text).is_empty(),
            "{text}: {:?}",
            find(text).iter().map(|(r, at)| (*r, &text[at.clone()])).collect::<Vec<_>>()
        );
    }
}
