//! The catalog: its own fixtures pass, what is wrong in it is reported all at once, and a check cannot reach
//! beyond the evidence.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::json;

use crate::harness::{Ran, Sandbox, example, item, ran, repository};

#[test]
fn every_check_passes_its_own_cases() {
    let ran = Sandbox::default().affiant(&["controls", "test"]).exits(0);
    assert!(ran.out.contains("all as expected"), "{}", ran.out);
    let checks: usize = ran.out.split(' ').next().and_then(|n| n.parse().ok()).expect("a count");
    assert!(checks >= 45, "{checks} checks");
}

#[test]
fn a_check_that_forgets_null_is_caught() {
    let box_ = Sandbox::default();
    let check =
        fs::read_to_string(repository().join("controls/checks/rds/storage-encrypted.yaml")).expect("a check");
    let start = check.find("sql: |").expect("SQL");
    let end = check.find("cases:").expect("cases");
    let careless = "sql: |\n  SELECT arn AS resource, account, region, \
                    CASE WHEN coalesce(storage_encrypted, 1) THEN 'met' ELSE 'not met' END AS verdict, \
                    'x' AS reason FROM rds_database\n";
    box_.write(
        "own/checks/rds/storage-encrypted.yaml",
        format!("{}{careless}{}", &check[..start], &check[end..]),
    );
    let ran = box_.affiant(&["--catalog", "own", "controls", "test", "rds.storage-encrypted"]).exits(2);
    assert!(ran.out.contains("unknown still reads met"), "{}", ran.out);
}

fn mutate(args: &[&str]) -> Ran {
    ran(Command::new(example("mutate")).args(args).output().expect("it starts"))
}

/// What is not there may not have been read: a check that accuses for it must say so, and a table that speaks
/// in favor of a row alone must do no more.
#[test]
fn a_check_that_accuses_of_what_was_not_read_is_caught() {
    let tried = |members: &str, verdict: &str| {
        let box_ = Sandbox::default();
        let check = format!(
            "id: ec2.volume-encrypted\ntitle: t\nseverity: low\nwhy: w\nfix: f\n\
             {members}sql: SELECT v.arn AS resource, v.account, v.region, {verdict} AS verdict, \
             'x' AS reason FROM ec2_volume AS v LEFT JOIN kms_key AS k ON k.arn = v.kms_key_id\ncases:\n  \
             - {{ name: a, given: {{ ec2_volume: [ {{ arn: a, account: \"1\", region: r, kms_key_id: k }} ], \
             kms_key: [ {{ arn: k, account: \"1\", region: r }} ] }}, expect: [ {{ resource: a, \
             verdict: met }} ] }}\n  - {{ name: n, expect: [] }}\nnull_ok: {{ kms_key_id: x }}\n"
        );
        box_.write("own/checks/ec2/volume-encrypted.yaml", check);
        box_.affiant(&["--catalog", "own", "controls", "test", "ec2.volume-encrypted"]).out
    };
    let absent = "CASE WHEN k.arn IS NULL THEN 'not met' ELSE 'met' END";
    let accused = tried("", absent);
    assert!(accused.contains("without `kms_key`, `a` turns not met"), "{accused}");
    assert!(
        tried("rests_on_absence: [kms_key]\n", absent)
            .contains("(1 declared); 0 cases of 0 tables: all as expected")
    );
    assert!(
        tried("in_favor: { kms_key: it is }\n", absent)
            .contains("(1 declared); 0 cases of 0 tables: all as expected")
    );
    let open = "CASE WHEN k.arn IS NULL THEN 'not evidenced' ELSE 'met' END";
    assert!(tried("", open).contains("(0 declared); 0 cases of 0 tables: all as expected"));
    let unknown = tried("in_favor: { nobody: it is }\n", open);
    assert!(!unknown.contains("all as expected"), "{unknown}");
}

#[test]
fn the_cases_notice_faults_in_checks_and_tables() {
    let all = mutate(&["--quiet"]).exits(0);
    let total = |words: &str| {
        let line = all.out.lines().find(|line| line.contains(words)).expect("a line of totals");
        line.split(" of ")
            .nth(1)
            .and_then(|t| t.split(' ').next())
            .and_then(|n| n.parse::<usize>().ok())
            .expect("a total")
    };
    assert!(total("NULLs that turn into met") > 2000, "{}", all.out);
    assert!(total("tables with cases noticed") > 0, "{}", all.out);
}

/// A table's cases must be able to fail: on a value, on a row that is missing and on one too many; and a
/// fault in its SELECT that no case sees is named.
#[test]
fn what_a_table_makes_of_an_answer_is_held_by_its_cases() {
    let tried = |expect: &str| {
        let box_ = Sandbox::default();
        let table = format!(
            "table: own_volume\nabout: x\nsources: [AWS::EC2::Volume]\n\
             sql: \"SELECT arn, account, region, coalesce(configuration ->> '$.encrypted', 0) AS encrypted \
             FROM resource WHERE type = 'AWS::EC2::Volume' AND status = 'OK'\"\ncases:\n  - name: c\n    \
             given: {{ resource: [ {{ arn: a, type: 'AWS::EC2::Volume', configuration: {{ encrypted: \
             true }} }}, {{ arn: b, type: 'AWS::EC2::Instance' }} ] }}\n    expect: {expect}\n"
        );
        box_.write("own/tables/ec2/own_volume.yaml", table);
        let own = box_.path().join("own").display().to_string();
        let ran = box_.affiant(&["--catalog", &own, "controls", "test", "own_volume"]);
        let mutants = mutate(&["--catalog", &own, "--table", "own_volume"]);
        (ran.out, mutants.out)
    };
    let (right, mutants) = tried("[ { arn: a, encrypted: 1, region: us-east-1 } ]");
    assert!(right.contains("1 cases of 1 tables: all as expected"), "{right}");
    assert!(mutants.contains("alive") && mutants.contains("status = 'OK'"), "{mutants}");
    for (wrong, words) in [
        ("[ { arn: a, encrypted: 0 } ]", "no row is arn = \"a\", encrypted = 0"),
        ("[]", "a row is not expected"),
        ("[ { arn: a }, { arn: b } ]", "no row is arn = \"b\""),
        ("[ { arn: a, color: 1 } ]", "no row is arn = \"a\", color = 1"),
    ] {
        let (told, _) = tried(wrong);
        assert!(told.contains(words) && told.contains("tables/ec2/own_volume.yaml:6:"), "{words}: {told}");
    }
}

/// The test above must be able to fail: cases that look at one side only let faults pass, and so does a check
/// that forgets NULL in a table beside its own.
#[test]
fn cases_that_notice_nothing_are_seen() {
    let box_ = Sandbox::default();
    let head = "id: rds.storage-encrypted\ntitle: t\nseverity: low\nwhy: w\nfix: f\n";
    let cases = "cases:\n  - { name: a, given: { rds_database: [ { arn: a, account: \"1\", region: r, \
                 storage_encrypted: 0, kms_key_id: k } ], kms_key: [ { arn: k, account: \"1\", region: r, \
                 key_state: PendingDeletion } ] }, expect: [ { resource: a, verdict: not met } ] }\n  \
                 - { name: n, expect: [] }\n";
    let lax = "sql: SELECT d.arn AS resource, d.account, d.region, \
               CASE WHEN d.storage_encrypted > 0 AND d.kms_key_id <> '' THEN 'met' \
               ELSE 'not met' END AS verdict, 'x' AS reason FROM rds_database AS d\n";
    box_.write("own/checks/rds/storage-encrypted.yaml", format!("{head}{lax}{cases}"));
    let own = box_.path().join("own").display().to_string();
    let seen = mutate(&["--catalog", &own, "--check", "rds.storage-encrypted"]).exits(1);
    for what in
        ["alive dropped (as 1): d.kms_key_id <> ''", "alive unread: rds_database.kms_key_id", "0 NULLs"]
    {
        assert!(seen.out.contains(what), "{what}:\n{}", seen.out);
    }
    let joined = "sql: SELECT d.arn AS resource, d.account, d.region, \
                  CASE WHEN k.key_state = 'PendingDeletion' THEN 'not met' ELSE 'met' END AS verdict, \
                  'x' AS reason FROM rds_database AS d JOIN kms_key AS k ON k.arn = d.kms_key_id \
                  WHERE d.storage_encrypted IS NOT NULL\n";
    box_.write("own/checks/rds/storage-encrypted.yaml", format!("{head}{joined}{cases}"));
    let seen = mutate(&["--catalog", &own, "--check", "rds.storage-encrypted"]).exits(1);
    assert!(seen.out.contains("`kms_key.key_state` unknown turns into met"), "{}", seen.out);
}

#[test]
fn all_problems_are_reported_at_once_with_their_places() {
    let box_ = Sandbox::default();
    box_.write("own/technical/02-encryption-at-rest.yaml", "control: encryption-at-rest\nnumber: two\n");
    box_.write("own/checks/rds/storage-encrypted.yaml", "id: rds.storage-encrypted\ntitle: [unclosed\n");
    box_.write(
        "own/tables/rds/extra.yaml",
        "table: extra\nabout: x\nsources: []\nsql: SELECT arn FROM resource\n",
    );
    box_.write("own/stray/file.yaml", "x: 1\n");
    let ran = box_.affiant(&["--catalog", "own", "controls", "list"]).exits(2);
    for place in [
        "technical/02-encryption-at-rest.yaml:2:",
        "checks/rds/storage-encrypted.yaml:",
        "tables/rds/extra.yaml:3:1",
        "stray/file.yaml",
    ] {
        assert!(ran.err.contains(place), "{place} is not named:\n{}", ran.err);
    }
    assert!(ran.err.matches("[AFC-").count() >= 4, "{}", ran.err);
}

/// What a table reads is read off its SQL, and the evidence among it must have a source: else a gap in it
/// would be seen nowhere.
#[test]
fn a_table_names_the_evidence_that_it_reads() {
    let wrong = [
        (
            "sources: []\nsql: SELECT arn FROM main.resource\n",
            "AFC-015",
            "reads `resource` and names no source",
        ),
        (
            "sources: []\nsql: SELECT body FROM (ec2_volume JOIN \"response\")\n",
            "AFC-015",
            "reads `response` and names no source",
        ),
        (
            "sources: [AWS::EC2::Volume]\n\
             sql: SELECT arn FROM resource WHERE type IN ('AWS::EC2::Volume', 'AWS::EC2::Instance')\n",
            "AFC-015",
            "reads items of `AWS::EC2::Instance`",
        ),
        (
            "sources: [ec2:DescribeVolumes]\n\
             sql: SELECT body FROM response WHERE operation = 'DescribeSnapshots'\n",
            "AFC-015",
            "reads answers of `DescribeSnapshots`",
        ),
        ("sources: []\nsql: SELECT arn FROM other\n", "AFC-011", "reads `other`, which reads it in turn"),
        ("sources: []\nuses: [ec2_volume]\nsql: SELECT arn FROM ec2_volume\n", "AFC-020", "uses"),
    ];
    for (rest, code, words) in wrong {
        let box_ = Sandbox::default();
        box_.write("own/tables/ec2/mine.yaml", format!("table: mine\nabout: x\n{rest}"));
        box_.write(
            "own/tables/ec2/other.yaml",
            "table: other\nabout: x\nsources: []\nsql: SELECT arn FROM mine\n",
        );
        let ran = box_.affiant(&["--catalog", "own", "controls", "test", "ec2.volume-encrypted"]).exits(2);
        assert!(
            ran.err.contains(code) && ran.err.contains(words) && ran.err.contains("tables/ec2/mine.yaml:"),
            "{rest}:\n{}",
            ran.err
        );
    }
}

/// A table made from tables has no source of its own, and the gaps of what it is made from all the same.
#[test]
fn a_gap_bears_on_tables_made_from_tables() {
    let verdict = |recorded: &[&str]| {
        let box_ = Sandbox::default();
        box_.write("affiant.yaml", include_str!("../fixtures/small/affiant.yaml"));
        box_.write(
            "own/tables/ec2/again.yaml",
            "table: again\nabout: x\nsources: []\nsql: SELECT * FROM ec2_volume\n",
        );
        box_.write(
            "own/tables/ec2/more.yaml",
            "table: more\nabout: x\nsources: []\nsql: SELECT v.* FROM ec2_instance AS i, again AS v\n",
        );
        let check = "id: ec2.volume-encrypted\ntitle: t\nseverity: low\nwhy: w\nfix: f\n\
                     cases: [{ name: n, expect: [] }]\nsql: SELECT arn AS resource, account, region, \
                     'met' AS verdict, 'r' AS reason FROM more\n";
        box_.write("own/checks/ec2/volume-encrypted.yaml", check);
        let volume = item("AWS::EC2::Volume", "vol-1", json!({ "encrypted": true }));
        box_.snapshot("in", &[volume, item("AWS::EC2::Instance", "i-1", json!({}))]);
        let group = json!({
            "allSupported": false, "recordingStrategy": { "useOnly": "INCLUSION_BY_RESOURCE_TYPES" },
            "resourceTypes": recorded
        });
        let recorders = json!({ "ConfigurationRecorders": [{ "name": "default", "recordingGroup": group }] });
        box_.write(
            "in/aws/111122223333/us-east-1/config/DescribeConfigurationRecorders.json",
            recorders.to_string(),
        );
        box_.affiant(&["--catalog", "own", "collect", "--snapshot", "in"]).exits(3);
        let out = box_.affiant(&["--catalog", "own", "assess", "--format", "json"]).out;
        let row = crate::spine::check(&crate::spine::json(&out), "ec2.volume-encrypted")["rows"][0].clone();
        format!(
            "{}: {}",
            row["verdict"].as_str().unwrap_or_default(),
            row["reason"].as_str().unwrap_or_default()
        )
    };
    assert_eq!(verdict(&["AWS::EC2::Volume", "AWS::EC2::Instance"]), "met: r");
    for lost in ["AWS::EC2::Volume", "AWS::EC2::Instance"] {
        let other =
            ["AWS::EC2::Volume", "AWS::EC2::Instance"].into_iter().filter(|t| *t != lost).collect::<Vec<_>>();
        let said = verdict(&other);
        assert!(
            said.starts_with("not evidenced: ") && said.contains(&format!("{lost} not recorded")),
            "{said}"
        );
    }
}

#[test]
fn a_check_cannot_reach_beyond_the_evidence() {
    for (sql, why) in [
        (
            "SELECT name AS resource, '' AS account, '' AS region, 'met' AS verdict, sql AS reason \
             FROM sqlite_master",
            "sqlite_master",
        ),
        ("DELETE FROM rds_instance", "DELETE"),
        (
            "SELECT load_extension('x') AS resource, '' AS account, '' AS region, \
             'met' AS verdict, '' AS reason",
            "load_extension",
        ),
        (
            "SELECT arn AS resource, account, region, 'met' AS verdict, datetime('now') AS reason \
             FROM rds_instance",
            "now",
        ),
        (
            "SELECT readfile('/etc/passwd') AS resource, '' AS account, '' AS region, \
             'met' AS verdict, '' AS reason",
            "readfile",
        ),
        ("ATTACH 'x' AS y", "ATTACH"),
        ("PRAGMA writable_schema = 1", "PRAGMA"),
    ] {
        let box_ = Sandbox::default();
        let body = serde_json::to_string(sql).expect("JSON");
        let text = format!(
            "id: rds.storage-encrypted\ntitle: t\nseverity: low\nwhy: w\nfix: f\nsql: {body}\n\
             cases: [{{name: n, expect: []}}]\n"
        );
        box_.write("own/checks/rds/storage-encrypted.yaml", text);
        let ran = box_.affiant(&["--catalog", "own", "controls", "test", "rds.storage-encrypted"]).exits(2);
        assert!(ran.out.contains(why) || ran.err.contains(why), "{sql}:\n{}{}", ran.out, ran.err);
    }
}

#[test]
fn the_security_rule_has_its_rows() {
    let text = fs::read_to_string(repository().join("controls/hipaa/security-rule.yaml")).expect("the table");
    assert_eq!(text.matches("citation:").count(), 71);
    assert_eq!(text.matches("status: addressable").count(), 22);
}

#[test]
fn a_looser_parameter_is_refused() {
    let box_ = Sandbox::default().workspace();
    let text = fs::read_to_string(box_.path().join("affiant.yaml"))
        .expect("a workspace")
        .replace("parameters: {}", "parameters: { backup_retention_days: 30 }");
    box_.write("affiant.yaml", text);
    let ran = box_.affiant(&["lint"]).exits(2);
    assert!(ran.err.contains("AFW-010") && ran.err.contains("affiant.yaml:"), "{}", ran.err);
}

#[test]
fn the_workspace_of_the_repository_has_no_problems() {
    let ran = Sandbox::default().workspace().affiant(&["lint"]).exits(0);
    assert!(ran.out.contains("no problems"), "{}", ran.out);
}

/// A service that only its own API shows in use is named as the dated list names it, not `unknown`, whatever
/// the API is called.
#[test]
fn every_service_that_collect_asks_is_known_to_the_dated_list() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let asked: BTreeSet<&str> = catalog.operations.keys().filter_map(|name| name.split(':').next()).collect();
    let nameless = |service: &&str| affiant::program::services::by_name(&catalog.services, service).is_none();
    let unknown: Vec<&str> = asked.iter().copied().filter(nameless).collect();
    assert_eq!(unknown, ["account"], "AWS Account Management is not on the list under any name");
    assert!(asked.len() > 50, "{asked:?}");
}

/// Asking costs the account's owner permissions and calls: each operation is read by a table, by the program,
/// or for another that is.
#[test]
fn no_operation_is_asked_that_nobody_reads() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let read = catalog.read();
    // how AWS Config is read, who asks, and what the program takes from AWS Artifact by the
    // names in `affiant.yaml`
    let own = [
        "artifact:GetReport",
        "artifact:GetReportMetadata",
        "artifact:GetTermForReport",
        "config:BatchGetAggregateResourceConfig",
        "config:BatchGetResourceConfig",
        "config:DeliverConfigSnapshot",
        "config:DescribeConfigurationAggregatorSourcesStatus",
        "config:DescribeConfigurationAggregators",
        "config:DescribeDeliveryChannels",
        "config:GetAggregateDiscoveredResourceCounts",
        "config:GetDiscoveredResourceCounts",
        "config:ListAggregateDiscoveredResources",
        "config:ListDiscoveredResources",
        "config:SelectAggregateResourceConfig",
        "config:SelectResourceConfig",
        "s3:GetObject",
        "s3:ListObjectsV2",
        "sts:GetCallerIdentity",
    ];
    let mut used: BTreeSet<&str> = own.into();
    loop {
        let drawn: BTreeSet<&str> = used
            .iter()
            .filter_map(|name| catalog.operations.get(*name))
            .flat_map(|o| o.each.iter().map(|e| e.from.as_str()).chain(o.before.as_deref()))
            .collect();
        let wanted = |name: &str| read.contains(name) || drawn.contains(name);
        let more: Vec<&str> = catalog
            .operations
            .iter()
            .filter(|(name, o)| {
                wanted(name)
                    || o.facts.is_some()
                    || o.fill.iter().any(|f| f.tags_of.is_some() || wanted(&f.resource_type))
            })
            .map(|(name, _)| name.as_str())
            .filter(|name| !used.contains(name))
            .collect();
        if more.is_empty() {
            break;
        }
        used.extend(more);
    }
    let nobody: Vec<&str> =
        catalog.operations.keys().map(String::as_str).filter(|name| !used.contains(name)).collect();
    assert_eq!(nobody, [""; 0], "in the registry, and read by nobody");
}

/// An absolute limit ends a session whether or not it is used; it must never be counted as an idle timer.
#[test]
fn idle_timers_and_absolute_limits_are_counted_apart() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let control = catalog.controls.iter().find(|c| c.id == "session-timeout").expect("the control");
    let names: Vec<&str> = control.tallies.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["idle timers", "absolute limits"]);
    for id in control.checks.iter().filter(|id| !id.starts_with("kinds.")) {
        let in_tallies = control.tallies.iter().filter(|t| t.checks.contains(id)).count();
        assert_eq!(in_tallies, 1, "{id} must be counted once");
    }
    let idle = &control.tallies[0].checks;
    let sure = ["ssm.session-idle-timeout", "appstream.fleet-idle-timeout", "workspaces.pool-idle-timeout"];
    assert!(sure.iter().all(|id| idle.iter().any(|known| known == id)), "{idle:?}");
    let absolute = [
        "ssm.session-maximum",
        "iam.role-session-limit",
        "cognito.client-token-lifetime",
        "sso.permission-set-session",
    ];
    assert!(absolute.iter().all(|id| !idle.iter().any(|known| known == id)), "{idle:?}");
}

/// Verdicts and ranks have columns of their own: no text begins with one, and none is read off the
/// beginning of a text.
#[test]
fn no_rank_is_the_first_character_of_a_text() {
    let catalog = affiant::catalog::load(None).expect("our own catalog");
    let checks = catalog.checks.values().map(|check| (&check.id, &check.sql));
    let tables = catalog.tables.iter().map(|table| (&table.name, &table.sql));
    for (name, sql) in checks.chain(tables) {
        let hidden = hidden_rank(sql);
        assert!(
            hidden.is_none(),
            "{name}: {hidden:?} hides a rank in a text; write `json_array('not met', 'why')`, \
             as in docs/src/catalog.md"
        );
    }
    for planted in [
        "CASE WHEN acl IS NULL THEN '3has no web ACL' END",
        "CASE WHEN topic IS NULL THEN '1hrule ' || name END",
        "CASE WHEN fault IS NOT NULL THEN '3' || fault END",
        "CASE substr(finding, 1, 1) WHEN '3' THEN 'not met' END",
        "CASE substr(coalesce(l.words, '1'), 1, 1) WHEN '4' THEN 'met' END",
        "CASE WHEN finding < '2' THEN finding END",
        "CASE WHEN finding LIKE '3%' THEN 'met' END",
        "CASE WHEN best GLOB '[34]*' THEN 'not evidenced' END",
    ] {
        assert!(hidden_rank(planted).is_some(), "{planted}");
    }
    let plain =
        "CASE WHEN size > 3 THEN json_array('not met', '3 ports are open, of ' || substr(arn, 5, 1)) END";
    assert_eq!(hidden_rank(plain), None);
}

fn hidden_rank(sql: &str) -> Option<String> {
    const FORMS: [&str; 4] = [
        r"'[0-9][A-Za-z]{2}",
        r"'[0-9]'\s*\|\|",
        r"(?i)substr(?:ing)?\s*\((?:[^(),]|\([^()]*\))+,\s*1,\s*[12]\s*\)",
        r"(?i)[<>]=?\s*'[0-9]'|LIKE\s+'[0-9]%'|GLOB\s+'(?:\[[0-9]+\]|[0-9])\*'",
    ];
    let found =
        |form: &str| regex::Regex::new(form).expect("a pattern").find(sql).map(|m| m.as_str().to_string());
    FORMS.iter().find_map(|form| found(form))
}
