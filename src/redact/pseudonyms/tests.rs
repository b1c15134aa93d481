//! Texts with forty hostile names, and what must stay readable.

use std::collections::BTreeSet;

use super::*;

fn made(names: &[&str]) -> Pseudonyms {
    let own = OwnTexts::new(
        ["access logs go to a bucket; records of every vault; Security official; ec2.instance-role"]
            .into_iter(),
    );
    let known = names.iter().map(|name| (kind_of(name), (*name).to_string()));
    Pseudonyms::new(AudienceKey::new([7; 32]), known.collect::<Vec<_>>(), own, BTreeSet::new())
}

#[test]
fn an_arn_keeps_what_everybody_may_know() {
    let p = made(&["contacts"]);
    let arn = p.text("encrypted with arn:aws:rds:us-east-1:111122223333:db:contacts.");
    assert!(
        arn.starts_with("encrypted with arn:aws:rds:us-east-1:acct-") && arn.contains(":db:name-"),
        "{arn}"
    );
    assert!(!arn.contains("111122223333") && !arn.contains("contacts"), "{arn}");
    assert_eq!(
        p.name("arn:aws:iam::aws:policy/AdministratorAccess"),
        "arn:aws:iam::aws:policy/AdministratorAccess"
    );
    assert!(arn.contains(&p.name("contacts")), "the name is the same alone: {arn}");
    let bucket = p.name("arn:aws:s3:::role/secret-1");
    assert!(!bucket.contains("role"), "a bucket has no type before it: {bucket}");
}

/// As people copy them into a sentence.
#[test]
fn an_identifier_in_another_spelling_is_found() {
    let (group, key) = ("sg-0a54ca290f6cfd326", "0031b88d-4193-4410-bac3-ae0bf53e6d67");
    let p = made(&["111122223333", group, key]);
    for text in ["1111-2222-3333", "1111 2222 3333", "1111.2222.3333"] {
        assert_eq!(p.text(text), p.name("111122223333"), "{text}");
    }
    assert_eq!(p.text("sg_0a54ca290f6cfd326"), format!("sg_{}", p.name(group)));
    assert_eq!(p.text("0031b88d41934410bac3ae0bf53e6d67"), p.name(key));
    for (text, left) in [
        ("on ip-10-20-3-40 since", "10-20"),
        ("card 0a:1b:2c:3d:4e:5f", "0a:1b"),
        ("in vpc-0779d51d2… and", "0779d51d2"),
        ("the key 0031b88d and others", "0031b88d"),
        ("group 0a54ca29 is open", "0a54ca29"),
        ("under r-ab12 all", "ab12"),
        ("dump YXJuOmF3czpyZHM6dXMtZWFzdC0xOjExMTEyMjIyMzMzMzpkYjpjb250YWN0cw== of", "YXJu"),
    ] {
        assert!(!p.text(text).contains(left), "{}", p.text(text));
    }
    for text in ["the ip-address of", "i-think so", "an acl-facade", "characters ABCDEFGHIJKLMNOPQRSTUVWX"] {
        assert_eq!(p.text(text), text);
    }
}

#[test]
fn what_everybody_knows_stays() {
    let p = made(&[]);
    for text in [
        "open to 0.0.0.0/0 and ::/0",
        "s3.amazonaws.com may write",
        "in us-east-1 at 12:00:00",
        "accepts TLSv1.2",
        "164.312(a)(2)(iv)",
    ] {
        assert_eq!(p.text(text), text);
    }
    assert_eq!(p.name("AWS::Region"), "AWS::Region");
    assert!(
        !p.name("AWS::Region/111122223333/us-east-1").contains("1111")
            && p.name("AWS::Region/111122223333/us-east-1").starts_with("AWS::Region/acct-")
    );
    assert_eq!(p.person("Security official"), "Security official");
}

#[test]
fn what_no_list_names_is_found_by_its_shape() {
    let p = made(&[]);
    let planted = [
        ("shared with account 444455556666", "444455556666"),
        ("from 203.0.113.7/32 and 2001:db8::1", "203.0.113.7"),
        ("from 203.0.113.7/32 and 2001:db8::1", "2001:db8::1"),
        ("ask casey.example@example.org now", "casey.example@example.org"),
        ("in vpc-0ded09bd75e4fc501 there", "vpc-0ded09bd75e4fc501"),
        ("key 7abc7250-1304-4328-8595-0bace3822411", "7abc7250-1304-4328-8595-0bace3822411"),
        ("to db.abc123.us-east-1.rds.amazonaws.com", "abc123"),
        ("d111111abcdef8.cloudfront.net serves", "d111111abcdef8"),
        ("AKIAIOSFODNN7EXAMPLE is old", "AKIAIOSFODNN7EXAMPLE"),
        ("call +1 555 010 0199", "555 010"),
        ("1111-2222-3333 owns it", "1111-2222-3333"),
    ];
    for (text, original) in planted {
        let out = p.text(text);
        assert!(!out.contains(original), "{text}: {out}");
    }
    let kinds: Vec<_> = p.removals().into_iter().map(|r| r.kind).collect();
    assert!(kinds.iter().any(|k| k == "acct") && kinds.iter().any(|k| k == "phone"), "{kinds:?}");
}

#[test]
fn a_person_is_replaced_and_what_follows_is_read() {
    let p = made(&[]);
    let out = p.person("Morgan Example, privacy official");
    assert!(out.starts_with("person-") && out.ends_with(", privacy official"), "{out}");
    assert!(p.person("duty@example.org").starts_with("mail-"));
}

#[test]
fn hostile_names_are_gone_in_every_spelling() {
    let names = [
        "prod db with spaces",
        "UPPER-CASE-Thing",
        "logs-111122223333-use1",
        "twin-prod",
        "twin-prod-db",
        "Grüße-Datenbank",
        "診療記録-bucket",
        "me@example.org",
        "a%20b%2Fc-name",
        "x.y.z_name",
        "name+with=signs,@x",
        "half-\u{ad}hidden",
        "records",
    ];
    let p = made(&names);
    for name in &names[..12] {
        for text in [
            format!("it is {name} that fails"),
            format!("x{name}y"),
            format!("`{name}`"),
            name.to_uppercase().replace("SS", "ß"),
            format!("before\n{name}\nafter"),
        ] {
            let out = p.text(&text);
            let same = text.contains(name) || text.is_ascii();
            assert!(!same || !out.to_lowercase().contains(&name.to_lowercase()), "{name}: {out}");
        }
    }
    assert!(!p.text("see twin-\n  prod-db here").contains("prod-db"));
    assert_eq!(p.name("records").len(), "name-0123456789".len());
    let searcher = p.searcher();
    let left = searcher.file("a.csv", b"x,TWIN-PROD-DB,y");
    assert!(left.iter().any(|l| l.name == "twin-prod-db"), "{left:?}");
    assert!(searcher.file("a.csv", p.text("x,TWIN-PROD-DB,y").as_bytes()).is_empty());
}
