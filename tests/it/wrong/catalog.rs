//! Wrong files of a catalog that is laid over the built-in one.

use super::{Case, Do, command};

const CHECK: &str = include_str!("../../../controls/checks/rds/storage-encrypted.yaml");
const AT: &str = "mine/checks/rds/storage-encrypted.yaml";

/// The check with one text for another, tried by `controls test`.
fn check(name: &'static str, from: &str, to: &str) -> Case {
    assert!(CHECK.contains(from), "{name}: `{from}` is not in the check");
    let text: &'static str = Box::leak(CHECK.replacen(from, to, 1).into_boxed_str());
    let args = ["--catalog", "mine", "controls", "test", "rds.storage-encrypted"];
    command(name, &args).does(vec![Do::Write(AT, text)])
}

fn with(name: &'static str, does: Vec<Do>) -> Case {
    command(name, &["--catalog", "mine", "controls", "test", "rds.storage-encrypted"]).does(does)
}

fn line(of: &str) -> &'static str {
    let line = CHECK.lines().find(|line| line.trim_start().starts_with(of)).expect("a line");
    Box::leak(line.to_string().into_boxed_str())
}

pub fn cases() -> Vec<Case> {
    let severity = line("severity:");
    vec![
        check("check: SQL syntax error", "SELECT", "SELEKT").at(AT, "SELEKT").says(&["SELEKT"]),
        check("check: unknown column", "FROM rds_database", "FROM rds_database WHERE no_such_col = 1 --")
            .at(AT, "no_such_col")
            .says(&["no such column", "no_such_col"]),
        check("check: unknown table", "FROM rds_database", "FROM rds_databases")
            .says(&["no such table", "rds_databases"])
            .fix(&["did you mean `rds_database`"]),
        check("check: unknown function", "SELECT", "SELECT nowish(),").says(&["nowish"]),
        check("check: severity typo", severity, "severity: hihg")
            .at(AT, "hihg")
            .says(&["`hihg` is not"])
            .fix(&["did you mean `high`"]),
        check("check: verdict typo in a case", "verdict: not met", "verdict: notmet")
            .at(AT, "notmet")
            .says(&["`notmet` is not"])
            .fix(&["did you mean `not met`"]),
        check("check: member typo", "title:", "titel:")
            .at(AT, "titel:")
            .says(&["`titel` is not a member"])
            .fix(&["did you mean `title`"]),
        check("check: a member is missing", "why:", "# why:").says(&["`why`", "missing"]).fix(&["add `why"]),
        check("check: tab indentation", "  SELECT", "\tSELECT").says(&["tab"]).fix(&["spaces"]),
        check("check: a case expects the wrong verdict", "verdict: met", "verdict: not met")
            .says(&["rds.storage-encrypted"]),
        check("check: given column not in the table", "storage_encrypted: 1", "storage_encrypted_: 1")
            .says(&["storage_encrypted_"]),
        check("check: asks the clock", "SELECT", "SELECT datetime('now'),")
            .says(&["datetime"])
            .fix(&["param.as_of"]),
        check("check: reads resource directly", "FROM rds_database", "FROM resource")
            .says(&["no such column", "storage_encrypted"]),
        check("check: writes", "SELECT", "DELETE FROM rds_database; SELECT").says(&["may only read"]),
        with(
            "check: not in a control",
            vec![Do::Write(
                "mine/checks/rds/mine.yaml",
                Box::leak(CHECK.replace("rds.storage-encrypted", "rds.mine").into_boxed_str()),
            )],
        )
        .at("mine/checks/rds/mine.yaml", "rds.mine")
        .says(&["no control lists the check `rds.mine`"])
        .fix(&["add `  - rds.mine` to the `checks` of a control"]),
        with("check: id does not fit the file", vec![Do::Write("mine/checks/rds/stored.yaml", CHECK)])
            .at("mine/checks/rds/stored.yaml", "rds.storage-encrypted")
            .says(&["does not fit"])
            .fix(&["rds.stored"]),
        with(
            "check in a folder with a typo",
            vec![Do::Write("mine/check/rds/storage-encrypted.yaml", CHECK)],
        )
        .says(&["no part of a catalog"])
        .fix(&["`check` `checks`"]),
        with(
            "check beside good ones in a wrong folder",
            vec![Do::Write("mine/check/rds/storage-encrypted.yaml", CHECK), Do::Write(AT, CHECK)],
        )
        .says(&["no such part"])
        .fix(&["did you mean `checks/`"]),
        with(
            "README in the catalog folder is fine",
            vec![Do::Write("mine/README.md", "my catalog"), Do::Write(AT, CHECK)],
        )
        .code(0)
        .says(&["all as expected"]),
        with("check that ends in .yml", vec![Do::Write("mine/checks/rds/storage-encrypted.yml", CHECK)])
            .says(&["end in `.yaml`"])
            .fix(&["storage-encrypted.yaml"]),
        with("empty catalog folder", vec![Do::Folder("mine")])
            .says(&["no part of a catalog"])
            .fix(&["checks/"]),
        with(
            "the folder above the catalog",
            vec![Do::Write("mine/controls/checks/rds/storage-encrypted.yaml", CHECK)],
        )
        .says(&["no part of a catalog"])
        .fix(&["did you mean `mine/controls`"]),
        with("catalog folder missing", vec![]).says(&["`mine` does not exist"]).fix(&["controls/"]),
        with("catalog is a file", vec![Do::Write("mine", "x")]).says(&["is a file"]).fix(&["controls/"]),
        with(
            "control lists a check that is none",
            vec![Do::Write(
                "mine/technical/02-encryption-at-rest.yaml",
                Box::leak(
                    include_str!("../../../controls/technical/02-encryption-at-rest.yaml")
                        .replacen("- rds.storage-encrypted", "- rds.storage-encryptd", 1)
                        .into_boxed_str(),
                ),
            )],
        )
        .at("mine/technical/02-encryption-at-rest.yaml", "rds.storage-encryptd")
        .says(&["no check is called `rds.storage-encryptd`"])
        .fix(&["did you mean `rds.storage-encrypted`"]),
    ]
}
